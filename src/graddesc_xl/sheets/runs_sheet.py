"""A sheet of many runs side by side, a row per step: what the tables of a comparison are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..language.expr import Expr, Here, Param, Text, where
from ..language.reports import NONE
from ..language.values import engine_value
from ..parts import losses
from ..plan import Derived, Input, Plan
from ..settings import rounded
from ..words import words
from ..workbook.cells import Area, Formula
from ..workbook.fill import Template
from ..workbook.formula import render
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, LABEL, SECTION, Style, number_format
from . import verdicts
from .data_sheet import Samples
from .differences import COLUMN_OFF, COLUMN_OFF_NOTE, first_off, put_column_off
from .layout import Lane
from .making import Making, Twin, put_input, sentence

#: the row of the limit above which a step counts as exploded
LIMIT = 2
MATHS_HEIGHT = 76.0
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
    left = len(samples.data.names) + 3
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
    lane, data = max(lanes, key=lambda lane: lane.plan.epochs), samples.data
    labels: dict[str, str] = {}
    for each in lanes:
        labels |= {i.name: i.label for i in each.plan.inputs} | {d.name: d.label for d in each.plan.derived}
        sheet.widths[each.next - 1] = 2.0
    sheet.put(lane.VERDICT, lane.step, "verdict", LABEL)
    for i, name in enumerate(names):
        sheet.put(lane.FIRST_CELL + i, lane.step, labels[name], LABEL)
    sheet.heights[lane.maths] = MATHS_HEIGHT
    for column, head in enumerate((*data.names, "step"), 1):
        sheet.put(lane.head, column, head, Style("data", header=True, bold=True, align="right"))
    sheet.put(lane.head + 1, lane.step, "start", Style(color=FAINT, italic=True, align="right"))
    for block in range(lane.plan.epochs):
        top = lane.row(block)
        for column, name in enumerate(data.names, 1):
            sheet.repeat(top, column, samples.down(name, top), samples.count, Style("data"))
        sheet.put(lane.line(block), lane.step, float(block + 1), Style("data", "integer"))
    sheet.put(lane.line(0) - 2, lane.step, "first off", Style(color=FAINT, italic=True, align="right"))
    sheet.put(lane.line(0) - 1, lane.step, "epoch", Style("data", header=True, bold=True, align="right"))
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
        twin = self.inputs()
        self.trace = twin.now
        self.head()
        self.rows()
        after = self.lane.exploded
        exploded = self.flags(after)
        dead = self.dead(after + 1)
        off, first = self.off(twin)
        errors = self.by_epoch(twin)
        self.sheet.put(self.lane.maths - 1, after, verdicts.NO_NUMBER, LABEL)
        lacking = verdicts.lacking(self.typed, self.samples)
        lacks = self.sheet.put(self.lane.maths, after, lacking, Style(color=FAINT, valign="bottom"))
        place, by_epoch = (self.sheet, self.lane.VERDICT, after), Block(self.sheet, errors)
        plan = self.run.plan
        root = self.lane.footer(losses.ROOT_BESIDE, plan.epochs - 1) if plan.other else None
        beside = Cell(self.sheet, *root) if root else None
        said = verdicts.said(place, by_epoch, exploded, dead, self.samples, lacks, beside)
        at = self.sheet.put(self.lane.VERDICT, self.lane.left, said, Style(bold=True))
        return RunLane(self.run.title, self.lane, twin, at, Cell(*place), errors, lacks, off, first)

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
        twin = self.making.twin(plan, self.samples, now, built)
        for derived in plan.derived:
            spelled = render(derived.expr, lambda leaf: self.lane.outside(leaf, 0))
            at = self.lane.cell(derived.name)
            sheet.put(
                *at, Formula(spelled, float(twin.now.cells[derived.name])), Style("watch", "typed", align="right")
            )
        return twin

    def head(self) -> None:
        """Maths, titles with notes, start cells."""
        plan, lane, sheet = self.run.plan, self.lane, self.sheet
        for column in plan.columns:
            place = lane.columns[column.name]
            maths = words(column.expr, plan)
            look = Style(column.role, wrap=True, italic=True, valign="bottom")
            sheet.put(lane.maths, place, f"{column.title} = {maths}", look)
            sheet.put(lane.head, place, column.title, Style(column.role, header=True, bold=True, align="right"))
            first = Template(render(column.expr, lane.inside)).at(lane.row(0))
            lines = (column.title, sentence(column.about), f"= {maths}", f"First row: ={first}")
            sheet.notes[lane.head, place] = "\n".join(lines)
            sheet.widths[place] = 10.6
        for start in plan.starts:
            role = plan.column(start.column).role
            spelled = render(start.initial, lambda leaf: lane.outside(leaf, 0))
            value = float(self.trace.starts[start.column][0])
            sheet.put(
                *lane.start(start.column, 0), Formula(spelled, value), Style(role, number_format(role), header=True)
            )

    def rows(self) -> None:
        """A row per step, the same formula down each column."""
        plan, lane = self.run.plan, self.lane
        for c in plan.columns:
            place, style = lane.columns[c.name], Style(c.role, number_format(c.role, small=c.small, given=c.format))
            for block in range(plan.epochs):
                template = render(c.expr, lambda leaf, b=block: lane.inside(leaf, b))  # type: ignore[misc]
                self.sheet.fill(lane.row(block), place, template, self.trace.rows[c.name][block], style)

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

    def helper(self, column: int, title: str, top: int, expr: Expr, count: int) -> None:
        """A narrow column of helper formulas, from the row `top` on."""
        self.sheet.put(self.lane.head, column, title, Style("data", header=True, align="right"))
        self.sheet.widths[column] = 8.0
        self.sheet.repeat(top, column, expr, count, Style("data", "integer", color=FAINT))

    def flags(self, column: int) -> Block:
        """A 1 in each step whose error has exploded."""
        self.helper(column, "exploded", self.top, verdicts.above(self.here("err"), self.bound), self.steps)
        return self.sheet.block(self.top, column, self.steps)

    def dead(self, column: int) -> list[Cell]:
        """For each ReLU since when it is dead, from two helper columns."""
        plan, sheet, samples, found = self.run.plan, self.sheet, self.samples, []
        end = self.top + self.steps

        def last(leaf: Expr) -> Cell:
            if isinstance(leaf, Param):
                return Cell(sheet, *self.lane.cell(leaf.name))
            assert isinstance(leaf, Here), leaf
            return Cell(sheet, end - 1, self.lane.columns[leaf.column])

        for gate, weights in plan.gates.items():
            title = plan.column(gate).title
            moves = [(self.here(plan.new(w), -1), self.here(plan.new(w))) for w in weights]
            alive = verdicts.alive(Down(sheet, self.lane.step), self.here(gate), moves)
            self.helper(column, f"{title} alive", self.top, alive, self.steps)
            first = end - samples.count
            opens = verdicts.opened(plan, gate, last, samples, first)
            self.helper(column + 1, f"{title} open", first, opens, samples.count)
            since = verdicts.dead(
                sheet.block(self.top, column, self.steps), sheet.block(first, column + 1, samples.count)
            )
            look = Style("data", "integer", valign="bottom", align="right")
            found.append(sheet.put(self.lane.maths, column, since, look))
            sheet.put(self.lane.maths - 1, column, "dead since", LABEL)
            column += 2
        return found

    def off(self, twin: Twin) -> tuple[Block, Cell]:
        """A column with the number of each step's first column that is off; below the steps the first such cell.

        NumPy's values are folded away behind all lanes.
        """
        plan, lane, sheet, column = self.run.plan, self.lane, self.sheet, self.lane.off
        sheet.put(lane.head, column, COLUMN_OFF, Style("data", header=True, align="right"))
        sheet.notes[lane.head, column] = f"{COLUMN_OFF_NOTE} These values are folded away behind all runs."
        sheet.widths[column] = 9.0
        wanted = [twin.wanted(c.name) for c in plan.columns]
        numpys = [*range(lane.numpys, lane.numpys + len(plan.columns))]
        for place, of, had in zip(numpys, plan.columns, wanted, strict=True):
            sheet.put(lane.head, place, of.title, Style(header=True, color=FAINT, align="right"))
            sheet.fill(self.top, place, None, had.constants, Style(number="general", color=FAINT))
            sheet.widths[place] = 10.6
        sheet.aside |= {*numpys}

        def gaps(step: int) -> list[Expr]:
            return [
                had.spelled(step, self.here(of.name), Down(sheet, place))
                for place, of, had in zip(numpys, plan.columns, wanted, strict=True)
            ]

        differences = [
            had.differences(self.trace[of.name].ravel()) for of, had in zip(plan.columns, wanted, strict=True)
        ]
        keys = np.column_stack([had.forms for had in wanted])
        numbers = range(1, len(plan.columns) + 1)
        flags = put_column_off(sheet, self.top, column, keys, numbers, gaps, differences, self.limit)
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
        wanted = twin.wanted_footer("error")
        for block in range(plan.epochs):
            row = lane.line(block)
            for footer in plan.footers:
                spelled = render(footer.expr, lambda leaf, b=block: lane.outside(leaf, b))  # type: ignore[misc]
                value = float(self.trace.footers[footer.name][block])
                sheet.put(*lane.footer(footer.name, block), Formula(spelled, value), Style("error", "amount"))
            for state in plan.states:
                expr, previous = plan.opening(state, block)
                source = block if previous is None else previous
                spelled = render(expr, lambda leaf, b=source: lane.outside(leaf, b))  # type: ignore[misc]
                value = float(self.trace.states[state.name][block])
                look = Style("state", "small" if state.small else "amount")
                sheet.put(*lane.state(state.name, block), Formula(spelled, value), look)
            there = sheet.put(row, left + 1, wanted.constants[block], Style(number="amount"))
            gap = wanted.spelled(block, Cell(sheet, row, left), there)
            sheet.put(row, left + 2, gap, Style(number="relative", color=FAINT))
        return Area(sheet.name, top, left, lane.line(plan.epochs - 1), left)
