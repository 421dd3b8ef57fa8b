"""Numerical against analytic derivatives: as the nudge h shrinks, and as a weight outgrows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import cycle

from ..errors import SettingError, did_you_mean, shown
from ..language.expr import Data, Expr, Here, Param, call, maximum, substitute, where
from ..language.reports import NONE, floor, positive
from ..plan import Derived, Input, Plan
from ..workbook.reference import Cell, Down
from ..workbook.sheet import Chart, Series, Sheet
from ..workbook.style import (
    FAINT,
    HEADER,
    HEADER_RIGHT,
    LABEL,
    LINES,
    SECTION,
    SPECTRUM,
    SUBTITLE,
    TITLE,
    Style,
    number_format,
)
from .at_step import at, sample_at, steps_of, written_out
from .kind import Composed, Kind
from .making import Making
from .steps_list import StepsList

CHOSEN, WEIGHTS, HEAD = 4, 5, 10
POWERS = range(0, -13, -1)
#: shares below this are drawn as this: 0 has no logarithm
SMALLEST = 1e-16
#: lines of the table of vanishing derivatives
SHOWN = 14
#: columns between the table and the helpers of its chart
CHART_COLUMNS = 11
#: of lines that may hide one another
DASHES, MARKERS = ("", "dash", "round_dot", "long_dash"), ("circle", "diamond", "square", "triangle")
LAW = (
    "(e(w + h) − e(w)) / h: a large h misses the bend of the curve; a tiny one subtracts two nearly equal errors "
    "and keeps only their last digits."
)
VANISHING = (
    "Steps of the sheet {sheet}. A double has 52 binary digits after its first: once a weight is so large that the "
    "next number is more than 2·h away, w + h is w again, and the numerical derivative is 0."
)


@dataclass(frozen=True)
class Derivatives(Kind):
    """Numerical against analytic derivatives at a step of another sheet, for smaller and smaller nudges.

    headline: above the sheet. of: the sheet whose step it looks at. about: one sentence for the overview. vanishing:
    the weight whose numerical derivatives are shown to become 0 as it grows, "" for none; from_step: the first step
    of which they are.
    """

    kind = "derivatives"

    name: str
    headline: str
    of: str
    about: str = ""
    vanishing: str = ""
    from_step: float = 1.0

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The sheet. Raises SettingError where `of` is no sheet of steps, or `vanishing` no weight nudged there."""
        steps = steps_of(self.name, self.of, before)
        plan, sheet = steps.of.trace.plan, Sheet(self.name, frozen=(3, 0))
        sheet.put(1, 1, self.headline, TITLE)
        sheet.put(2, 1, LAW, SUBTITLE)
        width = max(2 * len(plan.weights), len(plan.weights) + len(plan.samples), 8)
        sheet.widths |= {1: 14.0, **dict.fromkeys(range(2, 2 + width), 11.0), 2 + width: 2.5}
        cells = _chosen(sheet, making, steps)
        _Table(sheet, steps, cells, 3 + width).compose()
        if self.vanishing:
            self.vanish(sheet, making, steps, HEAD + len(POWERS) + 4)
        return Composed(sheet, self.about)

    def vanish(self, sheet: Sheet, making: Making, steps: StepsList, top: int) -> None:
        """Some steps, and how many of a weight's numerical derivatives are 0 there."""
        plan, w = steps.of.trace.plan, self.vanishing
        numerical, analytic = plan.of(w, "estimate"), plan.of(w, "analytic")
        if numerical is None or analytic is None:
            nudged = [weight for weight in plan.weights if plan.of(weight, "estimate")]
            raise SettingError(
                f"{self.name}: {self.of} has no numerical derivative by {shown(w)}.{did_you_mean(w, nudged)}"
            )
        count = min(SHOWN, steps.kept)
        sheet.put(top, 1, "Where numerical derivatives vanish", SECTION)
        sheet.text(top + 1, 1, VANISHING.format(sheet=self.of), Style(wrap=True, valign="top"), across=8)
        sheet.heights[top + 1] = 32
        about, highest = "the first step of the table below", float(steps.kept - count + 1)
        given = Input("from", min(self.from_step, highest), "from step", about, low=1.0, high=highest)
        start = making.put(sheet, top + 2, 2, given, labelled=True)
        titles = [plan.column(name).title for name in (w, numerical, analytic)]
        becomes = f"what becomes of {w} + h"
        heads = ("step", titles[0], f"spacing of doubles at {w}", "h", *titles[1:], becomes)
        for i, head in enumerate(heads, 1):
            look = replace(HEADER, indent=1, wrap=False) if head == becomes else HEADER_RIGHT
            sheet.put(top + 4, i, head, look)
        sheet.heights[top + 4] = 30
        sheet.notes[top + 4, 3] = f"{heads[2]}\nThe distance from {w} to the next number that a double can hold."
        h = Cell(steps.of.sheet, *steps.of.layout.cell("h"))
        for row in range(top + 5, top + 5 + count):
            step = sheet.put(row, 1, start + (row - top - 5), Style("data", "integer"))
            weight = sheet.put(row, 2, at(steps, w, step), Style("weight", "weight"))
            spacing = sheet.put(row, 3, _spacing(weight), Style("watch", "0.0E+00"))
            nudge = sheet.put(row, 4, h, Style("watch", "0E+00"))
            sheet.put(row, 5, at(steps, numerical, step), Style("numerical", "amount"))
            sheet.put(row, 6, at(steps, analytic, step), Style("analytic", "amount"))
            said = where(spacing > nudge * 2, f"{w} + h is {w}: the derivative is 0", f"{w} + h is not {w}")
            sheet.put(row, 7, call("if_error", said, f"{w} is no number"), Style(indent=1))
        below = top + 5 + count
        vanished = call("count_if", sheet.block(top + 5, 5, count), 0)
        sheet.put(below, 4, "derivatives that are 0", LABEL)
        sheet.put(below, 5, vanished, Style(number="integer", bold=True))


def _chosen(sheet: Sheet, making: Making, steps: StepsList) -> Mapping[Expr, Cell]:
    """The weights and the sample of the chosen step, and the inputs of its sheet."""
    plan, layout = steps.of.trace.plan, steps.of.layout
    about = f"a step of the sheet {plan.name}, whose weights and sample are taken"
    given = Input("step", 1.0, "step", about, low=1.0, high=float(steps.kept))
    step = making.put(sheet, CHOSEN, 2, given, labelled=True)
    samples = making.of(steps.of.experiment.data)
    turn = call("mod", step - 1, samples.count) + 1
    sample = sample_at(steps, turn, (step - turn) / samples.count + 1)
    sources: dict[Expr, Expr] = {Here(w): at(steps, w, step) for w in plan.weights}
    sources |= {Data(s): call("index", samples.column(s), sample) for s in samples.data.names}
    titles = [*(plan.column(w).title for w in plan.weights), *samples.data.names]
    singles: list[Input | Derived] = [*plan.inputs, *plan.derived]
    cells: dict[Expr, Cell] = {
        Param(single.name): Cell(steps.of.sheet, *layout.cell(single.name), fixed=True) for single in singles
    }
    for i, ((leaf, source), title) in enumerate(zip(sources.items(), titles, strict=True)):
        sheet.put(WEIGHTS, 2 + i, title, HEADER_RIGHT)
        look = Style("data" if isinstance(leaf, Data) else "weight", "weight")
        cells[leaf] = sheet.put(WEIGHTS + 1, 2 + i, source, look).absolute
    sheet.put(WEIGHTS + 1, 1, "at that step", LABEL)
    return cells


@dataclass(frozen=True)
class _Table:
    """Per h the numerical derivatives, by which share each is off, and the h that is best.

    cells: the numbers of the chosen step. chart: the column of the chart; behind it stand its helper columns.
    """

    sheet: Sheet
    steps: StepsList
    cells: Mapping[Expr, Cell]
    chart: int

    @property
    def plan(self) -> Plan:
        """The plan of the sheet that it looks at."""
        return self.steps.of.trace.plan

    def compose(self) -> None:
        """The table and its chart."""
        sheet, plan, count = self.sheet, self.plan, len(POWERS)
        top, k, right = HEAD + 1, len(plan.weights), self.chart + CHART_COLUMNS
        sheet.put(HEAD - 2, 1, "analytic", LABEL)
        sheet.put(HEAD, 1, "h", HEADER_RIGHT)
        sheet.printed = right - 1
        sheet.put(HEAD - 1, right, "for the chart", Style(color=FAINT, italic=True))
        hs = sheet.fill(top, 1, None, [10.0**power for power in POWERS], Style(number="0E+00"))
        sheet.put(top + count, 1, "best h", LABEL)
        error, series = written_out(plan, plan.loss), []
        for i, w in enumerate(plan.weights):
            analytic = self.analytic(w, 2 + i)
            nudged = substitute(error, lambda leaf, w=w: self.at(leaf, w))  # type: ignore[misc]
            estimate = (nudged - substitute(error, self.at)) / Down(sheet, 1)
            sheet.repeat(top, 2 + i, estimate, count, Style("numerical", "amount"))
            off = call("abs", Down(sheet, 2 + i) / analytic - 1)
            errors = sheet.repeat(top, 2 + k + i, off, count, Style("error", "0.0E+00"))
            least = call("match", call("smallest", errors), errors, 0)
            best = call("if_error", call("index", hs, least), NONE)
            sheet.put(top + count, 2 + k + i, best, Style(number="0E+00", bold=True, align="right"))
            drawn = positive(maximum(Down(sheet, 2 + k + i), SMALLEST))
            shares = sheet.repeat(top, right + i, drawn, count, Style("watch", "general", color=FAINT))
            series.append(Series(self.by(w), hs.area, shares.area, "", markers=True))
            self.heads(w, 2 + i, 2 + k + i, right + i)
        looks = zip(cycle(SPECTRUM if k > len(LINES) else LINES), cycle(DASHES), cycle(MARKERS), strict=True)
        lines = [
            replace(line, color=color, dash=dash, marker=marker)
            for line, (color, dash, marker) in zip(series, looks, strict=False)
        ]
        low, high = 10.0 ** POWERS[-1], 10.0 ** POWERS[0]
        drawn_chart = Chart(
            "By which share numerical derivatives are off",
            "h",
            "share",
            lines,
            CHOSEN,
            self.chart,
            620,
            400,
            x_min=low,
            x_max=high,
            x_log=True,
            y_log=True,
            x_format="0E+0",
            y_format="0E+0",
        )
        sheet.charts.append(drawn_chart)

    def at(self, leaf: Expr, nudged: str = "") -> Expr:
        """A leaf at the chosen step, one weight nudged by the h at the left."""
        return self.cells[leaf] + Down(self.sheet, 1) if leaf == Here(nudged) else self.cells[leaf]

    def by(self, weight: str) -> str:
        """What the derivative by a weight is called."""
        return f"de/d{weight}"

    def analytic(self, weight: str, place: int) -> Cell:
        """The analytic derivative above the table."""
        column = self.plan.of(weight, "analytic")
        assert column is not None, f"every weight has an analytic derivative, {weight} too"
        worth = substitute(written_out(self.plan, column), self.at)
        self.sheet.put(HEAD - 3, place, self.by(weight), Style("analytic", header=True, bold=True, align="right"))
        return self.sheet.put(HEAD - 2, place, worth, Style("analytic", number_format("analytic"))).absolute

    def heads(self, w: str, numerical: int, off: int, helper: int) -> None:
        """The titles of a weight's columns, with notes."""
        sheet, by = self.sheet, self.by(w)
        titles = f"numerical {by}", f"off by, {w}"
        sheet.put(HEAD, numerical, titles[0], Style("numerical", header=True, bold=True, align="right", wrap=True))
        sheet.put(HEAD, off, titles[1], Style("error", header=True, bold=True, align="right"))
        sheet.put(HEAD, helper, titles[1], HEADER_RIGHT)
        sheet.widths[helper] = 12.0
        sheet.heights[HEAD] = 30.0
        sheet.notes[HEAD, numerical] = f"{titles[0]}\n(e({w} + h) − e({w})) / h with the h at the left, in one formula."
        sheet.notes[HEAD, off] = f"{titles[1]}\n|numerical / analytic − 1|: the share by which it is off."


def _spacing(value: Expr) -> Expr:
    """The distance from a number to the next one: 2 to the power of its binary exponent - 52."""
    size = maximum(call("abs", value), 1e-300)
    return call("power", 2, floor(call("log", size) / call("log", 2)) - 52)
