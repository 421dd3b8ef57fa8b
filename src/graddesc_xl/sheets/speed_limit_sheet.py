"""Why a rate that one neuron bears makes two explode: the factor of every step, and the rate it would bear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..experiment import LEARN, Experiment
from ..language.expr import Data, Expr, Here, Text, call, substitute, where
from ..language.reports import GAP, NONE, log10
from ..parts.models import ONE_NEURON, TWO_NEURONS, Model
from ..parts.optimizers import OPTIMIZERS
from ..plan import Input
from ..speed_limit import gradient_squared, with_speed_limit
from ..words import words
from ..workbook.cells import Area, column_letters
from ..workbook.reference import Block, Cell, Down, template
from ..workbook.sheet import Chart, Mark, Series, Sheet
from ..workbook.style import (
    FAINT,
    FIFTH,
    HEADER_RIGHT,
    LINES,
    SCIENTIFIC,
    SUBTITLE,
    TITLE,
    TOO_LONG,
    Style,
    number_format,
)
from . import runs_sheet
from .data_sheet import Samples
from .making import Making, sentence
from .runs_sheet import Run, RunLane, RunsSheet
from .verdicts import NO_NUMBER

SHEET, STEPS = "speed limit", "speed limit steps"
INPUTS, SAID, MATHS = 5, 6, 10
HEAD, FIRST = MATHS + 1, MATHS + 2
SHOWN = ("residual", "grad2", "factor", "predicted", "real", "bearable")
MODELS = {"1 neuron": ONE_NEURON, "2 neurons, collapse": TWO_NEURONS}
#: factors farther from 0 are left out of the chart
LARGEST = 10
#: the lowest power of ten of a rate that the chart shows
LOWEST = -8
#: the first of the helper columns with |grad pred|² of each sample
SQUARES = 7
FAINTLY = Style(color=FAINT, italic=True)


@dataclass(frozen=True)
class SpeedLimit:
    """The composed sheet.

    first, most: per model the first step that overshoots, or text, and the largest rate that its start weights bear.
    rate: the cell of the learning rate.
    """

    sheet: Sheet
    runs: RunsSheet
    first: Mapping[str, Cell]
    most: Mapping[str, Cell]
    rate: Cell


def compose(making: Making, samples: Samples) -> SpeedLimit:
    """Both models side by side, one epoch, a row per step."""
    sheet = Sheet(SHEET, frozen=(HEAD, 2))
    sheet.put(1, 1, "Why do two neurons explode where one does not?", TITLE)
    moves = "Each weight moves by −lr·2·residual·(its derivative of pred), so a step multiplies its residual"
    sheet.put(2, 1, moves, SUBTITLE)
    factor = "by 1 − 2·lr·|grad pred|²: exactly for one neuron, to first order for two. Below −1 it overshoots."
    sheet.put(3, 1, factor, SUBTITLE)
    typed: dict[str, Cell] = {}
    weights = (Input(w, 1.0, w, f"where {w} starts") for w in "abcd")
    for column, given in zip((4, 6, 8, 12, 14), (LEARN, *weights), strict=True):
        typed[given.name] = making.put(sheet, INPUTS, column, given, labelled=True)
    plans = {name: with_speed_limit(_plain(model)) for name, model in MODELS.items()}
    runs = [Run(name, plan, {i.name: typed[i.name] for i in plan.inputs}) for name, plan in plans.items()]
    steps = runs_sheet.compose(STEPS, "Speed limit: every step of its two runs.", runs, making, samples)
    for column, title in ((1, "step"), (2, "x")):
        sheet.put(HEAD, column, title, Style("data", header=True, bold=True, align="right"))
        sheet.widths[column] = 6.0
    n = samples.count
    sheet.fill(FIRST, 1, None, [float(k + 1) for k in range(n)], Style("data", "integer"))
    sheet.repeat(FIRST, 2, Down(steps.sheet, 1, steps.lanes[0].lane.row(0) - FIRST), n, Style("data"))
    first, most = {}, {}
    for group, (name, made) in enumerate(zip(plans, steps.lanes, strict=True)):
        first[name], most[name] = _group(sheet, steps.sheet, made, group, samples, typed)
    sheet.heights[MATHS] = 40.0
    _charts(sheet, n, typed["lr"])
    return SpeedLimit(sheet, steps, first, most, typed["lr"])


def _plain(model: Model) -> Experiment:
    return Experiment(model.name, model.title, "", OPTIMIZERS["sgd"], model=model, epochs=1)


def _place(group: int, column: str) -> int:
    """The sheet's column for one of a model's; a gap stands before each model."""
    return 4 + group * (len(SHOWN) + 1) + SHOWN.index(column)


def _beside(helper: int) -> int:
    """The sheet's column for a helper, counted from 0: they begin at the right of the charts."""
    return _place(len(MODELS), SHOWN[0]) + 17 + helper


def _bears(sheet: Sheet, group: int, name: str, samples: Samples, typed: Mapping[str, Cell]) -> Expr:
    """The largest rate at which no sample makes the first step overshoot: 1 over the largest |grad pred|².

    That of each sample stands in a column at the right, behind those for the charts.
    """
    square, n = gradient_squared(MODELS[name]), samples.count
    place = _beside(SQUARES + group)
    sheet.put(MATHS - 1, _beside(SQUARES), "|grad pred|² of each sample, with the start weights", FAINTLY)
    sheet.put(HEAD, place, name, HEADER_RIGHT)
    sheet.widths[place] = 19.0

    def at(leaf: Expr) -> Expr:
        if isinstance(leaf, Data):
            return samples.down(leaf.name, FIRST)
        assert isinstance(leaf, Here), leaf
        return typed[leaf.column]

    look = Style("watch", "amount", color=FAINT)
    return 1 / call("largest", sheet.repeat(FIRST, place, substitute(square, at), n, look))


def _group(
    sheet: Sheet, steps: Sheet, made: RunLane, group: int, samples: Samples, typed: Mapping[str, Cell]
) -> tuple[Cell, Cell]:
    """The columns of one model, the first step that overshoots, and the largest rate that its start weights bear."""
    lane, n = made.lane, made.lane.samples
    plan, left = lane.plan, _place(group, SHOWN[0])
    sheet.put(MATHS - 1, left, made.title, Style(bold=True, size=12, color=LINES[group]))
    sheet.widths[left - 1] = 2.5
    for column in SHOWN:
        place, of = _place(group, column), plan.column(column)
        sheet.widths[place] = 13.5 if column == "grad2" else 11.5
        look = Style(of.role, wrap=True, size=9, italic=True, valign="bottom", color=FAINT)
        maths = "prediction with the new weights − y" if column == "real" else words(of.expr, plan)
        sheet.put(MATHS, place, f"= {maths}", look)
        sheet.put(HEAD, place, of.title, Style(of.role, header=True, bold=True, align="right"))
        sheet.notes[HEAD, place] = f"{of.title}\n{sentence(of.about)}"
        style = Style(of.role, number_format(of.role, small=of.small))
        sheet.repeat(FIRST, place, Down(steps, lane.columns[column], lane.row(0) - FIRST), n, style)
    over = steps.block(lane.row(0), lane.columns["over"], n)
    said = (
        ("first overshoot at step", _first(made.lacks, over), "integer"),
        ("start weights bear lr up to", _bears(sheet, group, made.title, samples, typed), "0.0000E+00"),
    )
    for row, (label, value, number) in enumerate(said, SAID):
        sheet.put(row, left + 2, label, Style(color=FAINT, align="right"))
        sheet.put(row, left + 3, value, Style(number=number, bold=True, align="right"))
    first, most = (Cell(sheet, row, left + 3) for row in (SAID, SAID + 1))
    _mark(sheet, group, n, first.absolute)
    return first, most


def _first(lacks: Expr, over: Block) -> Expr:
    """The first step that overshoots, or what keeps one from telling."""
    found = call("if_error", call("match", 1, over, 0), "none")
    return where(lacks.equals(NONE), found, Text(NO_NUMBER) & lacks)


def _mark(sheet: Sheet, group: int, n: int, first: Cell) -> None:
    """The factors that overshoot in red, the first of them on red."""
    place = _place(group, "factor")
    factor = f"${column_letters(place)}{FIRST}"
    large = TOO_LONG["small"].format(cell=factor)
    is_first = f"$A{FIRST}={template(first, SHEET)}"
    for condition, color, fill in ((is_first, "#FFFFFF", FIFTH), (f"{factor}<-1", FIFTH, "")):
        for rule, number in ((f"AND({condition},{large})", SCIENTIFIC), (condition, "")):
            sheet.marks.append(((FIRST, place), Mark(rule, n, 1, color, fill, number)))


def _charts(sheet: Sheet, n: int, lr: Cell) -> None:
    """Helper columns and two charts: the rate each step bears, and its factor."""
    place = _place(len(MODELS), SHOWN[0])
    left = _beside(0)
    titles = (*(f"log10 bearable, {name}" for name in MODELS), "log10 lr", *(f"factor, {m}" for m in MODELS), "−1")
    sheet.put(MATHS - 1, left, "for the charts", FAINTLY)
    sheet.page_ends = (place - 1,)
    columns = []
    for i, title in enumerate(titles):
        sheet.put(HEAD, left + i, title, HEADER_RIGHT)
        sheet.widths[left + i] = 12.0
        columns.append(Area(SHEET, FIRST, left + i, FIRST + n - 1, left + i))
    look = Style("watch", "amount", color=FAINT)
    for g in range(len(MODELS)):
        bearable, factor = (Down(sheet, _place(g, column)) for column in ("bearable", "factor"))
        shown = call("if_error", where(call("abs", factor) <= LARGEST, factor, GAP), GAP)
        sheet.repeat(FIRST, left + g, log10(bearable), n, look)
        sheet.repeat(FIRST, left + 3 + g, shown, n, look)
    sheet.repeat(FIRST, left + 2, log10(lr), n, look)
    sheet.fill(FIRST, left + 5, None, [-1.0] * n, look)
    steps = Area(SHEET, FIRST, 1, FIRST + n - 1, 1)
    row = 3
    for title, y, first, level, said in (
        ("The largest rate each step bears", ("log10 lr", LOWEST, 0), 0, 2, "lr"),
        (f"The factor of each step (beyond ±{LARGEST} left out)", ("factor", -LARGEST, 2), 3, 5, "overshoots below"),
    ):
        series = [Series(m, steps, columns[first + g], LINES[g], markers=True) for g, m in enumerate(MODELS)]
        series.append(Series(said, steps, columns[level], FIFTH, dashed=True))
        title_y, low, high = y
        chart = Chart(title, "step", title_y, series, row, place, 620, 330, x_min=0, x_max=n, y_min=low, y_max=high)
        sheet.charts.append(chart)
        row += 18
