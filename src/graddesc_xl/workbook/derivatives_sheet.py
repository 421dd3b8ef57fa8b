"""Numerical against exact derivatives: as the nudge h shrinks, and as the weights outgrow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..calculus import gradient, inlined, nudged
from ..evaluate import evaluate
from ..expr import Data, Expr, Here, Param
from ..losses import SQUARED_ERROR
from ..models import TWO_NEURONS
from ..plan import Input
from .cells import Area, Formula
from .formula import render
from .live import Live, call, constant, floor, live, live_range, log10
from .making import Making
from .sheet import Chart, Series, Sheet
from .steps_list import StepsList
from .style import FAINT, HEADER, HEADER_RIGHT, LABEL, LINES, SECTION, SUBTITLE, TITLE, Style

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


def _pick(steps: StepsList, column: str, step: Live) -> Live:
    return call("INDEX", live_range(steps.sheet, steps.live(column)), step)


def _chosen(sheet: Sheet, making: Making, steps: StepsList) -> Mapping[str, Live]:
    """The weights and the sample of the chosen step by name."""
    about = f"a step of the sheet {steps.of.sheet.name}, whose weights and sample are taken"
    given = Input("step", 1.0, "step", about, low=1.0, high=float(steps.kept))
    step = making.put(sheet, CHOSEN, 2, given, labelled=True)
    n = making.samples.count
    sample = call("MOD", step - 1, n) + 1
    cells: dict[str, Live] = {}
    sources = {w: _pick(steps, w, step) for w in "abcd"}
    sources |= {s: call("INDEX", making.samples.column(s), sample) for s in "xy"}
    for i, (name, source) in enumerate(sources.items()):
        sheet.put(WEIGHTS, 2 + i, name, HEADER_RIGHT)
        at = sheet.put(WEIGHTS + 1, 2 + i, source.formula, Style("data" if name in "xy" else "weight", "weight"))
        cells[name] = live(sheet, at, home=SHEET, fixed=True)
    sheet.put(WEIGHTS + 1, 1, "at that step", LABEL)
    return cells


def _forward() -> Mapping[str, Expr]:
    return {**TWO_NEURONS.forward, "err": SQUARED_ERROR}


def _rendered(expr: Expr, cell: Callable[[Expr], Live]) -> Formula:
    """The formula of an expression of single cells with its value."""
    value = float(evaluate(expr, lambda leaf: cell(leaf).number))
    return Formula(render(expr, lambda leaf: cell(leaf).text), value)


def _table(sheet: Sheet, cells: Mapping[str, Live]) -> None:
    """Per h the four estimates, their relative errors and the logarithms; the best h."""
    weights = ("a", "b", "c", "d")
    forward = _forward()
    error = inlined(forward, "err")
    slopes = gradient(forward, "err", weights)
    exact: dict[str, Live] = {}

    def cell(leaf: Expr) -> Live:
        assert isinstance(leaf, (Here, Data, Param)), leaf
        return cells[leaf.column if isinstance(leaf, Here) else leaf.name]

    sheet.put(HEAD - 2, 1, "exact", LABEL)
    for i, w in enumerate(weights):
        formula = _rendered(inlined({**forward, **slopes.columns}, slopes.of[w]), cell)
        sheet.put(HEAD - 3, 2 + i, f"de/d{w}", Style("analytic", header=True, bold=True, align="right"))
        at = sheet.put(HEAD - 2, 2 + i, formula, Style("analytic", "amount"))
        exact[w] = live(sheet, at, home=SHEET, fixed=True)
    right = 22
    look = Style("numerical", header=True, bold=True, align="right")
    sheet.put(HEAD, 1, "h", HEADER_RIGHT)
    sheet.put(HEAD, right, "log10 h", HEADER_RIGHT)
    sheet.put(HEAD - 1, right, "for the chart", Style(color=FAINT, italic=True))
    for i, w in enumerate(weights):
        sheet.put(HEAD, 2 + i, f"est de/d{w}", look)
        sheet.put(HEAD, 6 + i, f"rel. error, {w}", Style("error", header=True, bold=True, align="right"))
        sheet.notes[HEAD, 2 + i] = f"est de/d{w}\n(e({w} + h) − e({w})) / h with the h at the left, in one formula."
        sheet.notes[HEAD, 6 + i] = f"rel. error, {w}\n|est / exact − 1|: the share by which the estimate is off."
        sheet.put(HEAD, right + 1 + i, f"log10 error, {w}", HEADER_RIGHT)
        sheet.widths[right + 1 + i] = 12.0
    for k, power in enumerate(POWERS):
        row = HEAD + 1 + k
        h = sheet.put(row, 1, 10.0**power, Style(number="0E+00"))
        here = {**cells, "h": live(sheet, h, home=SHEET)}
        sheet.put(row, right, log10(here["h"]).formula, Style("watch", "integer", color=FAINT))

        def at_h(leaf: Expr, here: Mapping[str, Live] = here) -> Live:
            return here["h"] if isinstance(leaf, Param) else cell(leaf)

        for i, w in enumerate(weights):
            estimate = (nudged(error, w, Param("h")) - error) / Param("h")
            formula = _rendered(estimate, at_h)
            est = sheet.put(row, 2 + i, formula, Style("numerical", "amount"))
            off = call("ABS", live(sheet, est, home=SHEET) / exact[w] - 1)
            shown = sheet.put(row, 6 + i, off.formula, Style("error", "0.0E+00"))
            drawn = log10(call("MAX", live(sheet, shown, home=SHEET), SMALLEST))
            sheet.put(row, right + 1 + i, drawn.formula, Style("watch", "amount", color=FAINT))
    last = HEAD + len(POWERS)
    sheet.put(last + 1, 1, "best h", LABEL)
    for i in range(4):
        errors = live_range(sheet, Area(SHEET, HEAD + 1, 6 + i, last, 6 + i), home=SHEET)
        steps = live_range(sheet, Area(SHEET, HEAD + 1, 1, last, 1), home=SHEET)
        best = call("IFERROR", call("INDEX", steps, call("MATCH", call("MIN", errors), errors, 0)), "–")
        sheet.put(last + 1, 6 + i, best.formula, Style(number="0E+00", bold=True, align="right"))
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
    heads = ("step", "a", "spacing of doubles at a", "h", "est de/da", "exact de/da", "what becomes of a + h")
    for i, head in enumerate(heads):
        sheet.put(top + 4, 1 + i, head, replace(HEADER, indent=1, wrap=False) if i == len(heads) - 1 else HEADER_RIGHT)
    sheet.heights[top + 4] = 30
    sheet.notes[top + 4, 3] = f"{heads[2]}\nThe distance from a to the next number that a double can hold."
    h = live(steps.of.sheet, steps.of.layout.cell("h"))
    for k in range(SHOWN):
        row = top + 5 + k
        number = sheet.put(row, 1, (start + float(k)).formula, Style("data", "integer"))
        step = live(sheet, number, home=SHEET)
        a = live(sheet, sheet.put(row, 2, _pick(steps, "a", step).formula, Style("weight", "weight")), home=SHEET)
        gap = _spacing(a)
        spacing = live(sheet, sheet.put(row, 3, gap.formula, Style("watch", "0.0E+00")), home=SHEET)
        nudge = live(sheet, sheet.put(row, 4, h.formula, Style("watch", "0E+00")), home=SHEET)
        sheet.put(row, 5, _pick(steps, "est_a", step).formula, Style("numerical", "amount"))
        sheet.put(row, 6, _pick(steps, "d_a", step).formula, Style("analytic", "amount"))
        said = call("IF", spacing > nudge * 2, "a + h = a: the estimate is 0", "a + h is not a")
        sheet.put(row, 7, call("IFERROR", said, "a is no number").formula, Style(indent=1))
    last = top + 4 + SHOWN
    estimates = live_range(sheet, Area(SHEET, top + 5, 5, last, 5), home=SHEET)
    sheet.put(last + 1, 4, "estimates that are 0", LABEL)
    sheet.put(last + 1, 5, call("COUNTIF", estimates, 0).formula, Style(number="integer", bold=True))


def _spacing(value: Live) -> Live:
    """The distance from a number to the next one: 2 to the power of its binary exponent - 52."""
    size = call("MAX", call("ABS", value), 1e-300)
    return constant(2.0) ** (floor(call("LN", size) / call("LN", 2.0)) - 52)
