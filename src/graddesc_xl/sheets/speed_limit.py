"""The speed limit: why a rate that one model bears makes another explode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any

from ..errors import SettingError
from ..experiments import Experiment
from ..language.expr import Data, Expr, Here, Param, Text, call, substitute, where
from ..language.reports import GAP, NONE, floor, positive
from ..parts.data import GRADDESC, Dataset
from ..parts.models import Model
from ..parts.optimizers import OPTIMIZERS
from ..speed_limit import gradient_squared, with_speed_limit
from ..words import words
from ..workbook.cells import column_letters
from ..workbook.reference import Block, Cell, Down, template
from ..workbook.sheet import Chart, Mark, Series, Sheet
from ..workbook.style import (
    CONTRAST,
    FAINT,
    FIFTH,
    HEADER_RIGHT,
    INSTEAD,
    LABEL,
    LINES,
    SUBTITLE,
    TITLE,
    Style,
    number_format,
)
from . import check, runs_sheet
from .kind import Composed, Figure, Kind, behind
from .making import Making, sentence
from .runs_sheet import Run, RunLane
from .verdicts import NO_NUMBER

#: above the sheet: what holds for every model
LAW = (
    "A step moves each weight by −lr·2·residual·(its derivative of pred), and so multiplies its residual by the "
    "factor 1 − 2·lr·|grad pred|²:",
    "exactly where pred is linear in the weights, to first order elsewhere. Below 0 the step overshoots; below −1 it "
    "ends further off than it began.",
    "Neither is an explosion yet: a factor says what a step does to its own sample, not what a run makes of all.",
)
SHOWN = ("residual", "grad2", "factor", "predicted", "real", "bearable")
#: what is said of each group above its table: label, the step column it speaks of, "" for the rate
SAID = (
    ("overshoots first at step", "crosses"),
    ("steps that overshoot", "crosses"),
    ("further off first at step", "further"),
    ("steps that end further off", "further"),
    ("start weights bear lr up to", ""),
)
BEARS_NOTE = """start weights bear lr up to
The largest rate at which no sample, were it the first, would end further off: 1 over the largest |grad pred|² that \
the start weights give. From half of it on the first step may overshoot."""
#: pairs of cells for inputs above the columns of a group
ABREAST = len(SHOWN) // 2
#: factors farther from 0 are left out of the chart, as are rates that are lower
LARGEST, LOWEST = 10, 1e-12
#: how a rate is shown
RATE = "0.00E-0"
#: the level lines of the charts: title -> their height, None for the learning rate
LEVELS: Mapping[str, float | None] = {"lr": None, "0": 0.0, "−1": -1.0}
FAINTLY = Style(color=FAINT, italic=True)
HELPER = Style("watch", "general", color=FAINT)


@dataclass(frozen=True)
class SpeedLimit(Kind):
    """Models side by side for one epoch of plain SGD: the factor of every step, and the rate it would bear.

    headline: above the sheet; subtitle: a further line there. groups: what the columns are -> its model. values: where
    inputs start, if not at their own values. about: one sentence for the overview. steps: the name of the sheet with
    every step, if not the sheet's with that word.
    """

    kind = "speed limit"

    name: str
    headline: str
    groups: Mapping[str, Model]
    data: Dataset = GRADDESC
    subtitle: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    about: str = ""
    steps: str = ""

    def __post_init__(self) -> None:
        if not self.groups:
            raise SettingError(f"{self.name} shows no model: give it groups, each a title and its model.")

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    @property
    def behind(self) -> str:
        """The name of the sheet with its steps."""
        return self.steps or behind(self.name)

    @property
    def experiments(self) -> Mapping[str, Experiment]:
        """The run of each group."""
        own = {
            title: {"lr", *model.weights, *(setting.name for setting in model.settings)}
            for title, model in self.groups.items()
        }
        return {
            title: Experiment(
                title,
                optimizer=OPTIMIZERS["sgd"],
                model=model,
                data=self.data,
                epochs=1,
                values={name: value for name, value in self.values.items() if name in own[title]},
            )
            for title, model in self.groups.items()
        }

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The sheet, and the runs behind it."""
        made = _Maker(self, making)
        made.compose()
        firsts, counts = ("first overshoot", "first further off"), ("overshoots", "further off")
        figures: dict[str, Figure] = {
            name: made.said[row].__getitem__
            for name, row in zip((*firsts, *counts, "start weights bear"), (0, 2, 1, 3, 4), strict=True)
        }
        figures["rate"] = lambda: made.typed["lr"]
        compared = check.of_runs(made.sheet, made.runs, making, self.data.name)
        return Composed(made.sheet, self.about, made.runs.sheet, compared, figures=figures, runs=made.runs)


class _Maker:
    """Composes the sheet of a speed limit.

    typed: the cells of its inputs by name. said: for each line of `SAID` the cell of each group.
    """

    def __init__(self, of: SpeedLimit, making: Making) -> None:
        self.of, self.making, self.samples = of, making, making.of(of.data)
        self.lines = (*LAW, *([of.subtitle] if of.subtitle else []))
        self.inputs = [*{i.name: i for e in of.experiments.values() for i in e.inputs}.values()]
        self.inputs.sort(key=lambda given: given.name != "lr")
        self.top = len(self.lines) + 3
        rows = -(-len(self.inputs) // (ABREAST * len(of.groups)))
        self.above = self.top + rows
        self.maths = self.above + len(SAID) + 2
        self.head, self.first = self.maths + 1, self.maths + 2
        self.sheet = Sheet(of.name, frozen=(self.head, 1 + len(of.data.inputs)))
        self.typed: dict[str, Cell] = {}
        self.said: list[dict[str, Cell]] = [{} for _ in SAID]

    def compose(self) -> None:
        """Every cell, and the sheet of the steps."""
        sheet, of, n = self.sheet, self.of, self.samples.count
        sheet.put(1, 1, of.headline, TITLE)
        for row, line in enumerate(self.lines, 2):
            sheet.put(row, 1, line, SUBTITLE)
        for i, given in enumerate(self.inputs):
            row, at = divmod(i, ABREAST * len(of.groups))
            group, slot = divmod(at, ABREAST)
            place = self.place(group, SHOWN[2 * slot + 1])
            self.typed[given.name] = self.making.put(sheet, self.top + row, place, given, labelled=True)
        plans = {title: with_speed_limit(e) for title, e in of.experiments.items()}
        runs = [Run(title, plan, {i.name: self.typed[i.name] for i in plan.inputs}) for title, plan in plans.items()]
        self.runs = runs_sheet.compose(of.behind, f"{of.name}: every step of its runs", runs, self.making, self.samples)
        for column, title in enumerate(("step", *of.data.inputs), 1):
            sheet.put(self.head, column, title, Style("data", header=True, bold=True, align="right"))
            sheet.widths[column] = 6.0
        sheet.fill(self.first, 1, None, [float(k + 1) for k in range(n)], Style("data", "integer"))
        lane = self.runs.lanes[0].lane
        for column, name in enumerate(of.data.inputs, 2):
            there = Down(self.runs.sheet, lane.sample(name), lane.row(0) - self.first)
            sheet.repeat(self.first, column, there, n, Style("data"))
        for group, made in enumerate(self.runs.lanes):
            self.group(group, made)
        sheet.heights[self.maths] = 40.0
        self.charts()

    def place(self, group: int, column: str) -> int:
        """The sheet's column for one of a group's; a narrow one stands before each group."""
        return 3 + len(self.of.data.inputs) + group * (len(SHOWN) + 1) + SHOWN.index(column)

    @property
    def right(self) -> int:
        """The first column right of all groups."""
        return self.place(len(self.of.groups), SHOWN[0])

    def helper(self, number: int) -> int:
        """The sheet's column for a helper, counted from 0: they begin at the right of the charts."""
        return self.right + 17 + number

    def group(self, group: int, made: RunLane) -> None:
        """The columns of one group, and what is said of it above them."""
        sheet, lane, n = self.sheet, made.lane, self.samples.count
        plan, left = lane.plan, self.place(group, SHOWN[0])
        color = LINES[group % len(LINES)]
        sheet.put(self.maths - 1, left, made.title, Style(bold=True, size=12, color=color))
        sheet.widths[left - 1] = 2.5
        for column in SHOWN:
            place, of = self.place(group, column), plan.column(column)
            sheet.widths[place] = 13.5 if column == "grad2" else 11.5
            look = Style(of.role, wrap=True, italic=True, valign="bottom")
            target = self.of.data.target
            maths = f"prediction with the new weights − {target}" if column == "real" else words(of.expr, plan)
            sheet.put(self.maths, place, f"= {maths}", look)
            sheet.put(self.head, place, of.title, Style(of.role, header=True, bold=True, align="right"))
            sheet.notes[self.head, place] = f"{of.title}\n{sentence(of.about)}"
            number = RATE if column == "bearable" else number_format(of.role, small=of.small, given=of.format)
            style = Style(of.role, number)
            there = Down(self.runs.sheet, lane.columns[column], lane.row(0) - self.first)
            sheet.repeat(self.first, place, there, n, style)
        flags = {flag: self.runs.sheet.block(lane.row(0), lane.columns[flag], n) for flag in ("crosses", "further")}
        bears = self.bears(group, made.title)
        for i, (label, flag) in enumerate(SAID):
            row, number = self.above + i, "integer" if flag else RATE
            value = bears if not flag else _told(made.lacks, flags[flag], count=bool(i % 2))
            sheet.put(row, left + 2, label, LABEL)
            self.said[i][made.title] = sheet.put(row, left + 3, value, Style(number=number, bold=True, align="right"))
        sheet.notes[self.above + len(SAID) - 1, left + 2] = BEARS_NOTE
        self.mark(group, self.said[0][made.title], self.said[2][made.title])

    def bears(self, group: int, title: str) -> Expr:
        """The largest rate at which no sample makes the first step end further off.

        |grad pred|² of each sample stands in a column at the right, behind those for the charts.
        """
        square, samples = gradient_squared(self.of.groups[title]), self.samples
        place, sheet = self.helper(2 * len(self.of.groups) + len(LEVELS) + 3 + group), self.sheet
        if not group:
            sheet.put(self.maths - 1, place, "|grad pred|² of each sample, with the start weights", FAINTLY)
        sheet.put(self.head, place, title, HEADER_RIGHT)
        sheet.widths[place] = 19.0

        def at(leaf: Expr) -> Expr:
            if isinstance(leaf, Data):
                return samples.down(leaf.name, self.first)
            assert isinstance(leaf, (Here, Param)), leaf
            return self.typed[leaf.column if isinstance(leaf, Here) else leaf.name]

        look = Style("watch", "amount", color=FAINT)
        squares = sheet.repeat(self.first, place, substitute(square, at), samples.count, look)
        return _rounded_down(1 / call("largest", squares))

    def mark(self, group: int, overshoots: Cell, further: Cell) -> None:
        """Factors that overshoot, and those that end further off, in colours of their own, the first of each on it."""
        place, n = self.place(group, "factor"), self.samples.count
        factor = f"${column_letters(place)}{self.first}"
        sizes = [(f",{size.format(cell=factor)}", number) for size, number in INSTEAD["small"]]
        step = f"$A{self.first}"
        first, last = (template(cell.absolute, self.of.name) for cell in (overshoots, further))
        for condition, color, fill in (
            (f"{step}={last}", "#FFFFFF", FIFTH),
            (f"{factor}<-1", FIFTH, ""),
            (f"{step}={first}", "#FFFFFF", CONTRAST),
            (f"{factor}<0", CONTRAST, ""),
        ):
            for size, number in (*sizes, ("", "")):
                rule = f"AND({condition}{size})"
                self.sheet.marks.append(((self.first, place), Mark(rule, n, 1, color, fill, number)))

    def charts(self) -> None:
        """Two charts: the rate each step bears, and its factor; helper columns leave out what they cannot show."""
        sheet, n, count = self.sheet, self.samples.count, len(self.of.groups)
        sheet.page_ends, sheet.printed = (self.right - 1,), self.right + 10
        sheet.put(self.maths - 1, self.helper(0), "for the charts", FAINTLY)
        ends = self.level(2 * count, "step", 1.0, float(n))
        lr = positive(self.typed["lr"].absolute)
        levels = {
            title: self.level(2 * count + 1 + i, title, *[lr if height is None else height] * 2)
            for i, (title, height) in enumerate(LEVELS.items())
        }

        def put(column: str, first: int, shown: Callable[[Expr], Expr], marks: Mapping[str, str], chart: Chart) -> None:
            """A chart of a column, from helper columns from the given one on, with level lines: title -> what it is."""
            drawn = []
            for group, (title, color) in enumerate(zip(self.of.groups, cycle(LINES), strict=False)):
                place = self.helper(first + group)
                sheet.put(self.head, place, f"{chart.y_title}, {title}", HEADER_RIGHT)
                sheet.widths[place] = 12.0
                values = shown(Down(sheet, self.place(group, column)))
                cells = sheet.repeat(self.first, place, call("if_error", values, GAP), n, HELPER)
                drawn.append(Series(title, sheet.block(self.first, 1, n).area, cells.area, color, markers=True))
            drawn += [
                Series(said, ends.area, levels[title].area, FIFTH if title != "0" else FAINT, dashed=True)
                for title, said in marks.items()
            ]
            sheet.charts.append(replace(chart, series=drawn))

        axes: dict[str, Any] = {"series": (), "column": self.right, "width": 620, "height": 330, "x_min": 0, "x_max": n}
        bears = f"The largest lr each step bears (below {LOWEST:.0E} left out)"
        rates = Chart(bears, "step", "largest lr", row=3, y_log=True, y_format="0E+0", **axes)
        put("bearable", 0, lambda rate: where(rate < LOWEST, GAP, positive(rate)), {"lr": "lr"}, rates)
        said = f"The factor of each step (beyond ±{LARGEST} left out)"
        factors = Chart(said, "step", "factor", row=21, y_min=-LARGEST, y_max=2, **axes)
        marks = {"0": "overshoots below", "−1": "further off below"}
        put("factor", count, lambda factor: where(call("abs", factor) <= LARGEST, factor, GAP), marks, factors)

    def level(self, helper: int, title: str, first: Expr | float, last: Expr | float) -> Block:
        """The two ends of a level line, in a helper column."""
        place = self.helper(helper)
        self.sheet.put(self.head, place, title, HEADER_RIGHT)
        for row, content in enumerate((first, last), self.first):
            self.sheet.put(row, place, content, HELPER)
        return self.sheet.block(self.first, place, 2)


def _told(lacks: Expr, flags: Block, *, count: bool) -> Expr:
    """The first step with a flag, or how many there are; or what keeps one from telling."""
    found = call("count_if", flags, 1) if count else call("if_error", call("match", 1, flags, 0), "none")
    return where(lacks.equals(NONE), found, Text(NO_NUMBER) & lacks)


def _rounded_down(rate: Expr) -> Expr:
    """A rate cut off after three digits, as it is shown: what it is a limit for must stay below it."""
    unit = call("power", 10, floor(call("log10", rate)))
    return call("round_down", call("round", rate / unit, 9), 2) * unit
