"""Numerical against analytic derivatives: as the nudge h shrinks, and as the weights outgrow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..language.calculus import gradient, inlined, nudged
from ..language.expr import Data, Expr, Here, Param, call, maximum, substitute, where
from ..language.reports import NONE, floor, log10
from ..parts.losses import squared_error
from ..parts.models import TWO_NEURONS
from ..plan import Input
from ..workbook.cells import Area
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Chart, Series, Sheet
from ..workbook.style import FAINT, HEADER, HEADER_RIGHT, LABEL, LINES, SECTION, SUBTITLE, TITLE, Style
from .making import Making
from .steps_list import StepsList

SHEET = "derivatives"
CHOSEN, WEIGHTS, HEAD = 4, 5, 10
POWERS = range(0, -13, -1)
#: relative errors below this are drawn as this: 0 has no logarithm
SMALLEST = 1e-16
VANISHING, SHOWN = 18, 14


def compose(making: Making, collapse: StepsList) -> Sheet:
    """The estimates at a chosen step of the collapse sheet for h from 1 to 1e-12, and its vanishing ones."""
    sheet = Sheet(SHEET, frozen=(3, 0))
    sheet.put(1, 1, "How good is a numerical derivative?", TITLE)
    about = (
        "(e(w + h) − e(w)) / h: a large h misses the bend of the curve; a tiny one subtracts two nearly equal errors "
        "and keeps only their last digits."
    )
    sheet.put(2, 1, about, SUBTITLE)
    cells = _chosen(sheet, making, collapse)
    _table(sheet, cells)
    _vanishing(sheet, making, collapse, HEAD + len(POWERS) + 4)
    sheet.widths.update({1: 14.0, **dict.fromkeys(range(2, 10), 12.0), 10: 2.5})
    return sheet


def _pick(steps: StepsList, column: str, step: Expr) -> Expr:
    return call("index", Block(steps.sheet, steps.live(column)), step)


def _chosen(sheet: Sheet, making: Making, steps: StepsList) -> Mapping[str, Cell]:
    """The weights and the sample of the chosen step by name."""
    about = f"a step of the sheet {steps.of.sheet.name}, whose weights and sample are taken"
    given = Input("step", 1.0, "step", about, low=1.0, high=float(steps.kept))
    step = making.put(sheet, CHOSEN, 2, given, labelled=True)
    samples = making.of(steps.of.experiment.data)
    n = samples.count
    sample = call("mod", step - 1, n) + 1
    cells: dict[str, Cell] = {}
    sources = {w: _pick(steps, w, step) for w in "abcd"}
    sources |= {s: call("index", samples.column(s), sample) for s in "xy"}
    for i, (name, source) in enumerate(sources.items()):
        sheet.put(WEIGHTS, 2 + i, name, HEADER_RIGHT)
        look = Style("data" if name in "xy" else "weight", "weight")
        cells[name] = sheet.put(WEIGHTS + 1, 2 + i, source, look).absolute
    sheet.put(WEIGHTS + 1, 1, "at that step", LABEL)
    return cells


def _forward() -> Mapping[str, Expr]:
    return {**TWO_NEURONS.forward, "err": squared_error("y")}


def _table(sheet: Sheet, cells: Mapping[str, Cell]) -> None:
    """Per h the four estimates, their relative errors and the logarithms; the best h."""
    weights = ("a", "b", "c", "d")
    forward = _forward()
    error = inlined(forward, "err")
    slopes = gradient(forward, "err", weights)
    analytic: dict[str, Cell] = {}

    def cell(leaf: Expr) -> Expr:
        match leaf:
            case Param():  # the nudge, in the first column
                return Down(sheet, 1)
            case Here(column):
                return cells[column]
            case Data(name):
                return cells[name]
        raise AssertionError(leaf)

    sheet.put(HEAD - 2, 1, "analytic", LABEL)
    for i, w in enumerate(weights):
        derivative = substitute(inlined({**forward, **slopes.columns}, slopes.of[w]), cell)
        sheet.put(HEAD - 3, 2 + i, f"de/d{w}", Style("analytic", header=True, bold=True, align="right"))
        analytic[w] = sheet.put(HEAD - 2, 2 + i, derivative, Style("analytic", "amount")).absolute
    right = 22
    look = Style("numerical", header=True, bold=True, align="right")
    sheet.put(HEAD, 1, "h", HEADER_RIGHT)
    sheet.put(HEAD, right, "log10 h", HEADER_RIGHT)
    sheet.put(HEAD - 1, right, "for the chart", Style(color=FAINT, italic=True))
    for i, w in enumerate(weights):
        sheet.put(HEAD, 2 + i, f"est de/d{w}", look)
        sheet.put(HEAD, 6 + i, f"rel. error, {w}", Style("error", header=True, bold=True, align="right"))
        sheet.notes[HEAD, 2 + i] = f"est de/d{w}\n(e({w} + h) − e({w})) / h with the h at the left, in one formula."
        sheet.notes[HEAD, 6 + i] = f"rel. error, {w}\n|est / analytic − 1|: the share by which the estimate is off."
        sheet.put(HEAD, right + 1 + i, f"log10 error, {w}", HEADER_RIGHT)
        sheet.widths[right + 1 + i] = 12.0
    top, n = HEAD + 1, len(POWERS)
    steps = sheet.fill(top, 1, None, [10.0**power for power in POWERS], Style(number="0E+00"))
    sheet.repeat(top, right, log10(Down(sheet, 1)), n, Style("watch", "integer", color=FAINT))
    for i, w in enumerate(weights):
        estimate = (nudged(error, w, Param("h")) - error) / Param("h")
        sheet.repeat(top, 2 + i, substitute(estimate, cell), n, Style("numerical", "amount"))
        off = call("abs", Down(sheet, 2 + i) / analytic[w] - 1)
        sheet.repeat(top, 6 + i, off, n, Style("error", "0.0E+00"))
        drawn = log10(maximum(Down(sheet, 6 + i), SMALLEST))
        sheet.repeat(top, right + 1 + i, drawn, n, Style("watch", "amount", color=FAINT))
    last = HEAD + len(POWERS)
    sheet.put(last + 1, 1, "best h", LABEL)
    for i in range(4):
        errors = sheet.block(top, 6 + i, n)
        best = call("if_error", call("index", steps, call("match", call("smallest", errors), errors, 0)), NONE)
        sheet.put(last + 1, 6 + i, best, Style(number="0E+00", bold=True, align="right"))
    x = Area(SHEET, HEAD + 1, right, last, right)
    series = [
        Series(f"de/d{w}", x, Area(SHEET, HEAD + 1, right + 1 + i, last, right + 1 + i), LINES[i], markers=True)
        for i, w in enumerate(weights)
    ]
    title = "Relative error of the estimate"
    sheet.charts.append(Chart(title, "log10 h", "log10 error", series, 4, 11, 620, 400, x_min=-12, x_max=0))


def _vanishing(sheet: Sheet, making: Making, steps: StepsList, top: int) -> None:
    """Steps of the collapse sheet around its explosion, and how many of their estimates are 0."""
    sheet.put(top, 1, "Where the estimates vanish", SECTION)
    about = (
        "Steps of the collapse sheet. A double has 52 binary digits after its first: once a weight is so large that "
        "the next number is more than 2·h away, w + h is w again, the estimate is 0, and the weight never moves."
    )
    sheet.text(top + 1, 1, about, Style(wrap=True, valign="top"), across=8)
    sheet.heights[top + 1] = 32
    about = "the first step of the table below"
    highest = float(steps.kept - SHOWN + 1)
    start = making.put(
        sheet, top + 2, 2, Input("from", VANISHING, "from step", about, low=1.0, high=highest), labelled=True
    )
    heads = ("step", "a", "spacing of doubles at a", "h", "est de/da", "analytic de/da", "what becomes of a + h")
    for i, head in enumerate(heads):
        sheet.put(top + 4, 1 + i, head, replace(HEADER, indent=1, wrap=False) if i == len(heads) - 1 else HEADER_RIGHT)
    sheet.heights[top + 4] = 30
    sheet.notes[top + 4, 3] = f"{heads[2]}\nThe distance from a to the next number that a double can hold."
    h = Cell(steps.of.sheet, *steps.of.layout.cell("h"))
    for k in range(SHOWN):
        row = top + 5 + k
        step = sheet.put(row, 1, start + k, Style("data", "integer"))
        a = sheet.put(row, 2, _pick(steps, "a", step), Style("weight", "weight"))
        spacing = sheet.put(row, 3, _spacing(a), Style("watch", "0.0E+00"))
        nudge = sheet.put(row, 4, h, Style("watch", "0E+00"))
        sheet.put(row, 5, _pick(steps, "est_a", step), Style("numerical", "amount"))
        sheet.put(row, 6, _pick(steps, "d_a", step), Style("analytic", "amount"))
        said = where(spacing > nudge * 2, "a + h = a: the estimate is 0", "a + h is not a")
        sheet.put(row, 7, call("if_error", said, "a is no number"), Style(indent=1))
    last = top + 4 + SHOWN
    vanished = call("count_if", sheet.block(top + 5, 5, SHOWN), 0)
    sheet.put(last + 1, 4, "estimates that are 0", LABEL)
    sheet.put(last + 1, 5, vanished, Style(number="integer", bold=True))


def _spacing(value: Expr) -> Expr:
    """The distance from a number to the next one: 2 to the power of its binary exponent - 52."""
    size = maximum(call("abs", value), 1e-300)
    return call("power", 2, floor(call("log", size) / call("log", 2)) - 52)
