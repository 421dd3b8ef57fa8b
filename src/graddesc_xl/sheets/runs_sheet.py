"""A sheet of many runs side by side, a row per step: what the tables of a comparison are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..language.expr import Expr, Text, where
from ..language.reports import NONE
from ..language.values import engine_value
from ..parts import losses
from ..plan import Derived, Input, Plan
from ..settings import rounded
from ..workbook.cells import Area
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, LABEL, SECTION, Style
from . import verdicts
from .data_sheet import Samples
from .differences import COLUMN_OFF, COLUMN_OFF_NOTE, first_off, joined, put_column_off, put_down
from .judging import Judging
from .layout import Lane
from .making import Making, Twin, put_input
from .rendering import Rendering
from .step_sheet import SHUFFLED, put_samples

#: the row of the limit above which a step counts as exploded
LIMIT = 2
#: of the columns of a run, in characters
WIDTH = 10.6
#: the last column that may be printed: more would be too small to read
MOST_PRINTED = 26


@dataclass(frozen=True)
class Run:
    """One run: its title, its plan, and the cells of other sheets that hold some of its inputs."""

    title: str
    plan: Plan
    links: Mapping[str, Cell]


@dataclass(frozen=True)
class RunLane:
    """A composed run: its columns, its numbers, and where its verdict, the kind of that and its errors by epoch stand.

    lacks: the cell that names the first of its samples and inputs that holds no number.
    off: for each step the number of its first column that is not what NumPy had, or 0. first: the address of the first
    cell that is not.
    """

    title: str
    lane: Lane
    twin: Twin
    verdict: Cell
    kind: Cell
    errors: Area
    lacks: Cell
    off: Block
    first: Cell

    @property
    def roots(self) -> Area:
        """√Σe² by epoch: the errors, unless these are of another loss."""
        e, plan = self.errors, self.lane.plan
        left = self.lane.footer(losses.ROOT_BESIDE, 0)[1] if plan.other else e.left
        return Area(e.sheet, e.top, left, e.bottom, left)

    @property
    def difference(self) -> Block:
        """The differences of the errors by epoch from those NumPy had."""
        e = self.errors
        return self.off.sheet.block(e.top, e.left + 2, e.bottom - e.top + 1)


@dataclass(frozen=True)
class RunsSheet:
    """A composed sheet of runs."""

    sheet: Sheet
    lanes: Sequence[RunLane]


def compose(name: str, title: str, runs: Sequence[Run], making: Making, samples: Samples) -> RunsSheet:
    """A lane per run, all on the same samples: verdict, inputs, steps, errors by epoch beside those NumPy had."""
    weights = dict.fromkeys(w for run in runs for c in run.plan.columns if c.role == "update" for w in c.of)
    named = dict.fromkeys(c.name for run in runs for c in _cells(run.plan))
    names = tuple(sorted(named, key=lambda name: name not in weights))
    sheet = Sheet(name, tab="#C9D1D9")
    sheet.put(1, 1, title, SECTION)
    bound = verdicts.limit(sheet, LIMIT, samples)
    lanes = _placed(runs, samples, names)
    first = lanes[0]
    beside = first.left + 7
    before = f"{', '.join(weights)} in the maths are the weights before the step: new {next(iter(weights))} and so on"
    sheet.put(1, beside, f"{before} in the row above.", Style(color=FAINT))
    sheet.put(LIMIT, beside, "tolerance", LABEL)
    limit = making.copied_tolerance(sheet, LIMIT, beside + 1)
    _shared(sheet, lanes, names, samples)
    made = [
        _Maker(sheet, run, lane, making, samples, bound, limit).make() for run, lane in zip(runs, lanes, strict=True)
    ]
    sheet.printed = max(lane.right for lane in lanes if lane.right <= MOST_PRINTED)
    sheet.frozen = (first.row(0) - 1, first.step)
    sheet.repeat_rows = (first.head, first.head)
    return RunsSheet(sheet, made)


def _placed(runs: Sequence[Run], samples: Samples, names: tuple[str, ...]) -> list[Lane]:
    """The lanes from left to right, and behind them, in the same order, NumPy's values."""
    lanes: list[Lane] = []
    left = len(runs[0].plan.samples) + 3
    for run in runs:
        lanes.append(Lane(run.plan, samples.count, left, names))
        left = lanes[-1].next
    placed = []
    for lane in lanes:
        placed.append(replace(lane, numpys=left))
        left += len(lane.plan.columns)
    return placed


def _shared(sheet: Sheet, lanes: Sequence[Lane], names: Sequence[str], samples: Samples) -> None:
    """The columns that all lanes share: labels, samples, the numbers of steps and epochs."""
    lane = max(lanes, key=lambda lane: lane.plan.epochs)
    labels: dict[str, str] = {}
    for each in lanes:
        labels |= {i.name: i.label for i in each.plan.inputs} | {d.name: d.label for d in each.plan.derived}
        sheet.widths[each.next - 1] = 2.0
    sheet.put(lane.VERDICT, lane.step, "verdict", LABEL)
    for i, name in enumerate(names):
        sheet.put(lane.FIRST_CELL + i, lane.step, labels[name], LABEL)
    for column, head in enumerate((*lane.plan.samples, "step"), 1):
        sheet.put(lane.head, column, head, Style("data", header=True, bold=True, align="right"))
    sheet.put(lane.head + 1, lane.step, "start", Style(color=FAINT, italic=True, align="right"))
    for block in range(lane.plan.epochs):
        put_samples(sheet, lane, samples, block)
        sheet.put(lane.line(block), lane.step, float(block + 1), Style("data", "integer"))
    sheet.put(lane.line(0) - 2, lane.step, "first off", Style(color=FAINT, italic=True, align="right"))
    sheet.put(lane.line(0) - 1, lane.step, "epoch", Style("data", header=True, bold=True, align="right"))
    if lane.plan.orders:
        sheet.put(lane.head - 1, 1, lane.plan.drawn, Style(color=FAINT, italic=True, valign="bottom"))
        sheet.notes[lane.head, 1] = f"{lane.plan.samples[0]}, {lane.plan.drawn}\n{SHUFFLED}"
    steps = np.arange(1.0, lane.plan.epochs * lane.samples + 1)
    sheet.fill(lane.row(0), lane.step, None, steps, Style("data", "integer"))
    sheet.widths.update({**dict.fromkeys(range(1, lane.step), 8.0), 1: 6.0, lane.step: 9.0, lane.step + 1: 2.0})
    sheet.put(
        lane.head - 1, lanes[0].numpys, "as NumPy computed them", Style(color=FAINT, italic=True, valign="bottom")
    )


def _cells(plan: Plan) -> list[Input | Derived]:
    return [*plan.inputs, *plan.derived]


@dataclass
class _Maker:
    """Composes one run into its lane."""

    sheet: Sheet
    run: Run
    lane: Lane
    making: Making
    samples: Samples
    bound: Cell
    limit: Cell
    typed: list[Cell] = field(default_factory=list)

    def make(self) -> RunLane:
        """Everything of the run."""
        twin, sheet, lane = self.inputs(), self.sheet, self.lane
        made = Rendering(sheet, lane, twin.now)
        made.derived(lambda _: Style("watch", "typed", align="right"))
        made.rows()
        sheet.widths |= dict.fromkeys(lane.columns.values(), WIDTH)
        made.head(0)
        made.notes()
        made.openings()
        for block in range(self.run.plan.epochs):
            made.footers(block)
        errors = self.by_epoch(twin)
        judging = Judging(
            sheet=sheet,
            plan=self.run.plan,
            samples=self.samples,
            titles=lane.head,
            top=self.top,
            left=lane.exploded,
            number=lane.step,
            column=lane.columns.__getitem__,
            before=lambda weight: self.here(self.run.plan.new(weight), -1),
            typed=self.typed,
            input=lambda name: Cell(sheet, *lane.cell(name)),
        )
        kind = lane.VERDICT, lane.exploded
        said, lacks = judging.judge(self.bound, kind, Block(sheet, errors), lane, sheet)
        off, first = self.off(twin)
        at = sheet.put(lane.VERDICT, lane.left, said, Style(bold=True))
        return RunLane(self.run.title, lane, twin, at, Cell(sheet, *kind), errors, lacks, off, first)

    def inputs(self) -> Twin:
        """The cells of the inputs: links to another sheet, or numbers to type over."""
        plan, sheet = self.run.plan, self.sheet
        sheet.put(Lane.TITLE, self.lane.left, self.run.title, Style(bold=True))
        now, built = {}, {}
        for given in plan.inputs:
            at = self.lane.cell(given.name)
            link, built[given.name] = self.run.links.get(given.name), float(rounded(given.value))
            if link is None:
                now[given.name] = self.making.number(sheet, at, given)
                put_input(sheet, at, given, now[given.name])
                self.typed.append(Cell(sheet, *at))
            else:
                self.typed.append(link)
                now[given.name] = engine_value(link.value)
                sheet.put(*at, link, Style(number="typed", align="right"))
        return self.making.twin(plan, self.samples, now, built)

    @property
    def top(self) -> int:
        """The row of the first step."""
        return self.lane.row(0)

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.run.plan.epochs * self.lane.samples

    def here(self, column: str, offset: int = 0) -> Down:
        """A column of the lane, for formulas that repeat."""
        return Down(self.sheet, self.lane.columns[column], offset)

    def off(self, twin: Twin) -> tuple[Block, Cell]:
        """A column with the number of each step's first column that is off; below the steps the first such cell.

        NumPy's values are folded away behind all lanes.
        """
        plan, lane, sheet, column = self.run.plan, self.lane, self.sheet, self.lane.off
        sheet.put(lane.head, column, COLUMN_OFF, Style("data", header=True, align="right"))
        sheet.notes[lane.head, column] = f"{COLUMN_OFF_NOTE} These values are folded away behind all runs."
        sheet.widths[column] = 9.0
        rows = np.zeros(self.steps, bool)
        wanted, stretches = joined([twin.wanted(c.name) for c in plan.columns], rows, rows)
        numpys = [*range(lane.numpys, lane.numpys + len(plan.columns))]
        for place, of, had in zip(numpys, plan.columns, wanted, strict=True):
            sheet.put(lane.head, place, of.title, Style(header=True, color=FAINT, align="right"))
            sheet.fill(self.top, place, None, had.constants, Style(number="general", color=FAINT))
            sheet.widths[place] = WIDTH
        sheet.aside |= {*numpys}
        compared = [*zip(numpys, plan.columns, wanted, strict=True)]

        def gaps(step: int) -> list[Expr]:
            return [had.spelled(step, self.here(of.name), Down(sheet, place)) for place, of, had in compared]

        differences = [had.differences(twin.now[of.name].ravel()) for _, of, had in compared]
        numbers = range(1, len(plan.columns) + 1)
        flags = put_column_off(sheet, self.top, column, stretches, numbers, gaps, differences, self.limit)
        below = self.top + self.steps
        places = [*lane.columns.values()]
        step, letter = first_off(sheet, flags, below, places, places)
        address = Text(f"{sheet.name}!") & letter & step + (self.top - 1)
        return flags, sheet.put(below, column, where(step.equals(0), NONE, address), Style("data", bold=True))

    def by_epoch(self, twin: Twin) -> Area:
        """Below the steps a line per epoch: its error, the one NumPy had, the difference; footers, states."""
        plan, lane, sheet = self.run.plan, self.lane, self.sheet
        left, top = lane.left, lane.line(0)
        look = Style("error", header=True, bold=True, align="right")
        for place, title in ((left, plan.error.title), (left + 1, "NumPy had"), (left + 2, "difference")):
            sheet.put(top - 1, place, title, look)
        titles = [(lane.footer(f.name, 0), f.title) for f in plan.footers[1:]]
        titles += [(lane.state(s.name, 0), s.title) for s in plan.states]
        for (_, place), title in titles:
            sheet.put(top - 1, place, title, Style("state", header=True, bold=True, align="right"))
        rows = np.zeros(plan.epochs, bool)
        (wanted,), stretches = joined([twin.wanted_footer("error")], rows, rows)
        sheet.fill(top, left + 1, None, wanted.constants, Style(number="amount"))
        mine, theirs = Down(sheet, left), Down(sheet, left + 1)
        found = wanted.differences(twin.now.footers["error"].ravel())
        look = Style(number="relative", color=FAINT)
        put_down(sheet, top, left + 2, stretches, lambda k: wanted.spelled(k, mine, theirs), found, look)
        return Area(sheet.name, top, left, lane.line(plan.epochs - 1), left)
