"""A sheet of many runs side by side, a row per step: what the tables of a comparison are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..experiment import rounded
from ..expr import Expr, Here, Param
from ..plan import Derived, Input, Plan
from ..words import words
from . import verdicts
from .cells import Area, Formula, column_letters
from .differences import COLUMN_OFF, COLUMN_OFF_NOTE, NOWHERE, first_of_row, first_off, tolerance
from .formula import render
from .layout import FIRST_DATA, Lane, X, Y
from .live import Live, Range, call, live, live_range, text
from .making import Making, Twin, put_input, sentence
from .sheet import Reference, Sheet
from .style import FAINT, LABEL, SECTION, Style, number_format

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
    links: Mapping[str, Live]


@dataclass(frozen=True)
class RunLane:
    """A composed run: its columns, its numbers, and where its verdict and its errors by epoch stand.

    lacks: the cell that names the first of its samples and inputs that holds no number.
    off: for each step the number of its first column that is not what NumPy had, or 0. first: the address of the first
    cell that is not.
    """

    title: str
    lane: Lane
    twin: Twin
    verdict: Reference
    errors: Area
    lacks: Reference
    off: Area
    first: Reference

    def difference(self, sheet: Sheet) -> Area:
        """The differences of the errors by epoch from those NumPy had."""
        e = self.errors
        return Area(sheet.name, e.top, e.left + 2, e.bottom, e.left + 2)


@dataclass(frozen=True)
class RunsSheet:
    """A composed sheet of runs."""

    sheet: Sheet
    lanes: Sequence[RunLane]


def compose(name: str, title: str, runs: Sequence[Run], making: Making) -> RunsSheet:
    """A lane per run: verdict, inputs, a row per step, errors by epoch beside those NumPy had."""
    weights = dict.fromkeys(w for run in runs for c in run.plan.columns if c.role == "update" for w in c.of)
    named = dict.fromkeys(c.name for run in runs for c in _cells(run.plan))
    names = tuple(sorted(named, key=lambda name: name not in weights))
    sheet = Sheet(name, tab="#C9D1D9")
    sheet.put(1, 1, title, SECTION)
    samples = making.samples
    bound = verdicts.limit(sheet, LIMIT, samples)
    sheet.put(LIMIT, Lane.FIRST_LANE + 7, "tolerance", LABEL)
    limit = tolerance(sheet, LIMIT, Lane.FIRST_LANE + 8, making.tolerance)
    lanes: list[RunLane] = []
    left = Lane.FIRST_LANE
    for run in runs:
        lane = Lane(run.plan, samples.count, left, names)
        made = _Maker(sheet, run, lane, making, bound, limit).make()
        lanes.append(made)
        left = max(lane.right, lane.left + len(run.plan.columns) + 2 * len(run.plan.gates) + 1) + 2
        sheet.widths[left - 1] = 2.0
    before = f"{', '.join(weights)} in the maths are the weights before the step: new {next(iter(weights))} and so on"
    sheet.put(1, Lane.FIRST_LANE + 7, f"{before} in the row above.", Style(color=FAINT))
    sheet.printed = max(made.lane.right for made in lanes if made.lane.right <= MOST_PRINTED)
    first = lanes[0].lane
    _left(sheet, lanes, names)
    sheet.frozen = (first.row(0) - 1, Lane.STEP)
    sheet.repeat_rows = (first.head, first.head)
    return RunsSheet(sheet, lanes)


def _left(sheet: Sheet, lanes: Sequence[RunLane], names: Sequence[str]) -> None:
    """The columns that all lanes share: labels, samples, the numbers of steps and epochs."""
    longest = max(lanes, key=lambda made: made.lane.plan.epochs)
    lane, data = longest.lane, longest.twin.now.data
    labels: dict[str, str] = {}
    for made in lanes:
        plan = made.lane.plan
        labels |= {i.name: i.label for i in plan.inputs} | {d.name: d.label for d in plan.derived}
    sheet.put(lane.VERDICT, Lane.STEP, "verdict", LABEL)
    for i, name in enumerate(names):
        sheet.put(lane.FIRST_CELL + i, Lane.STEP, labels[name], LABEL)
    sheet.heights[lane.maths] = MATHS_HEIGHT
    for column, head in ((X, "x"), (Y, "y"), (Lane.STEP, "step")):
        sheet.put(lane.head, column, head, Style("data", header=True, bold=True, align="right"))
    sheet.put(lane.head + 1, Lane.STEP, "start", Style(color=FAINT, italic=True, align="right"))
    for block in range(lane.plan.epochs):
        for s in range(lane.samples):
            row = lane.row(block, s)
            sheet.put(row, X, Formula(f"data!B{FIRST_DATA + s}", float(data.xs[s])), Style("data"))
            sheet.put(row, Y, Formula(f"data!C{FIRST_DATA + s}", float(data.ys[s])), Style("data"))
            sheet.put(row, Lane.STEP, float(block * lane.samples + s + 1), Style("data", "integer"))
        sheet.put(lane.line(block), Lane.STEP, float(block + 1), Style("data", "integer"))
    sheet.put(lane.line(0) - 2, Lane.STEP, "first off", Style(color=FAINT, italic=True, align="right"))
    sheet.put(lane.line(0) - 1, Lane.STEP, "epoch", Style("data", header=True, bold=True, align="right"))
    sheet.widths.update({X: 6.0, Y: 8.0, Lane.STEP: 9.0, Lane.STEP + 1: 2.0})


def _cells(plan: Plan) -> list[Input | Derived]:
    return [*plan.inputs, *plan.derived]


@dataclass
class _Maker:
    """Composes one run into its lane."""

    sheet: Sheet
    run: Run
    lane: Lane
    making: Making
    bound: Live
    limit: Live
    typed: list[Live] = field(default_factory=list)

    def make(self) -> RunLane:
        """Everything of the run."""
        twin = self.inputs()
        self.trace = twin.now
        self.head()
        self.rows()
        after = self.lane.left + len(self.run.plan.columns)
        exploded = self.flags(after)
        dead = self.dead(after + 1)
        off, first = self.off(after + 1 + 2 * len(self.run.plan.gates), twin)
        errors = self.by_epoch(twin)
        rows = range(errors.top, errors.bottom + 1)
        lives = [live(self.sheet, (row, errors.left), home=self.sheet.name) for row in rows]
        self.sheet.put(self.lane.maths - 1, after, verdicts.NO_NUMBER, LABEL)
        lacking = verdicts.lacking(self.typed, self.making.samples)
        lacks = self.sheet.put(self.lane.maths, after, lacking.formula, Style(color=FAINT, valign="bottom"))
        said = verdicts.verdict(
            lives, exploded, dead, self.making.samples, live(self.sheet, lacks, home=self.sheet.name)
        )
        at = self.sheet.put(self.lane.VERDICT, self.lane.left, said.formula, Style(bold=True))
        return RunLane(self.run.title, self.lane, twin, at, errors, lacks, off, first)

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
                self.typed.append(live(sheet, at))
            else:
                self.typed.append(link)
                now[given.name] = link.number
                sheet.put(*at, link.formula, Style("input", "typed", align="right"))
        twin = self.making.twin(plan, now, built)
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
            look = Style(column.role, wrap=True, size=9, italic=True, valign="bottom", color=FAINT)
            sheet.put(lane.maths, place, f"{column.title} = {maths}", look)
            sheet.put(lane.head, place, column.title, Style(column.role, header=True, bold=True, align="right"))
            first = render(column.expr, lane.inside).format(r=lane.row(0), p=lane.row(0) - 1)
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
        plan, lane, cells = self.run.plan, self.lane, self.sheet.cells
        for c in plan.columns:
            place, style = lane.columns[c.name], Style(c.role, number_format(c.role, small=c.small))
            for block in range(plan.epochs):
                template = render(c.expr, lambda leaf, b=block: lane.inside(leaf, b))  # type: ignore[misc]
                values = self.trace.rows[c.name][block].tolist()
                for s, row in enumerate(range(lane.row(block), lane.last_row(block) + 1)):
                    cells[row, place] = (Formula(template.format(r=row, p=row - 1), values[s]), style)

    def lines(self) -> range:
        """The rows of all steps."""
        return range(self.lane.row(0), self.lane.last_row(self.run.plan.epochs - 1) + 1)

    def here(self, row: int, column: str) -> Live:
        """A reference to a cell of the lane."""
        return live(self.sheet, (row, self.lane.columns[column]), home=self.sheet.name)

    def helper(self, column: int, title: str, cells: Sequence[Live]) -> Area:
        """A narrow column of helper formulas, one beside each of the last steps."""
        self.sheet.put(self.lane.head, column, title, Style("data", header=True, align="right"))
        self.sheet.widths[column] = 8.0
        lines = self.lines()[-len(cells) :]
        for row, cell in zip(lines, cells, strict=True):
            self.sheet.put(row, column, cell.formula, Style("data", "integer", color=FAINT))
        return Area(self.sheet.name, lines[0], column, lines[-1], column)

    def flags(self, column: int) -> Range:
        """A 1 in each step whose error has exploded."""
        cells = [verdicts.above(self.here(row, "err"), self.bound) for row in self.lines()]
        return live_range(self.sheet, self.helper(column, "exploded", cells), home=self.sheet.name)

    def dead(self, column: int) -> list[Live]:
        """For each ReLU since when it is dead, from two helper columns."""
        plan, sheet, found = self.run.plan, self.sheet, []

        def last(leaf: Expr) -> Live:
            if isinstance(leaf, Param):
                return live(sheet, self.lane.cell(leaf.name), home=sheet.name)
            assert isinstance(leaf, Here), leaf
            return self.here(self.lines()[-1], leaf.column)

        for gate, weights in plan.gates.items():
            title, cells = plan.column(gate).title, []
            for row in self.lines():
                moves = [(self.here(row - 1, f"new_{w}"), self.here(row, f"new_{w}")) for w in weights]
                step = Live(f"$C{row}", float(row - self.lines()[0] + 1))
                cells.append(verdicts.alive(step, self.here(row, gate), moves))
            alive = live_range(sheet, self.helper(column, f"{title} alive", cells), home=sheet.name)
            cells = verdicts.opened(plan, gate, last, self.making.samples)
            opens = live_range(sheet, self.helper(column + 1, f"{title} open", cells), home=sheet.name)
            since = verdicts.dead(alive, opens)
            look = Style("data", "integer", valign="bottom", align="right")
            found.append(live(sheet, sheet.put(self.lane.maths, column, since.formula, look), home=sheet.name))
            sheet.put(self.lane.maths - 1, column, "dead since", LABEL)
            column += 2
        return found

    def off(self, column: int, twin: Twin) -> tuple[Area, Reference]:
        """A column with the number of each step's first column that is off; below the steps the first such cell."""
        plan, lane, sheet = self.run.plan, self.lane, self.sheet
        sheet.put(lane.head, column, COLUMN_OFF, Style("data", header=True, align="right"))
        sheet.notes[lane.head, column] = COLUMN_OFF_NOTE + " That value stands in the formula."
        sheet.widths[column] = 9.0
        letters = [column_letters(lane.columns[c.name]) for c in plan.columns]
        values = zip(*(self.trace[c.name].ravel().tolist() for c in plan.columns), strict=True)
        wanted = zip(*(twin.wanted(c.name) for c in plan.columns), strict=True)
        look = Style("data", "integer", color=FAINT)
        for row, now, had in zip(self.lines(), values, wanted, strict=True):
            cells = [
                (i, numpys.spelled(f"{letter}{row}"), numpys.difference(value))
                for i, (letter, value, numpys) in enumerate(zip(letters, now, had, strict=True), 1)
            ]
            sheet.put(row, column, first_of_row(cells, self.limit), look)
        flags = Area(sheet.name, self.lines()[0], column, self.lines()[-1], column)
        below = flags.bottom + 1
        places = [*lane.columns.values()]
        step, letter = first_off(sheet, flags, below, places, places)
        address = text(f"{sheet.name}!") & letter & step + float(flags.top - 1)
        shown = call("IF", step.equals(0), NOWHERE, address)
        return flags, sheet.put(below, column, shown.formula, Style("data", bold=True))

    def by_epoch(self, twin: Twin) -> Area:
        """Below the steps a line per epoch: its error, the one NumPy had, the difference; footers, states."""
        plan, lane, sheet = self.run.plan, self.lane, self.sheet
        left, top = lane.left, lane.line(0)
        look = Style("error", header=True, bold=True, align="right")
        for place, title in ((left, "√Σe²"), (left + 1, "NumPy had"), (left + 2, "difference")):
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
            mine = live(sheet, (row, left), home=sheet.name)
            there = sheet.put(row, left + 1, wanted[block].value, Style(number="amount"))
            spelled = wanted[block].spelled(mine.text, live(sheet, there, home=sheet.name).text)
            gap = wanted[block].difference(mine.number)
            sheet.put(row, left + 2, Formula(spelled, gap), Style(number="relative", color=FAINT))
        return Area(sheet.name, top, left, lane.line(plan.epochs - 1), left)
