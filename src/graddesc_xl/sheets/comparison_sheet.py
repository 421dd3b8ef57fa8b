"""The sheet of a comparison: what to type, what became of each run, charts, errors by epoch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, isfinite

from ..comparison import Comparison, Row
from ..experiments import Experiment
from ..language.expr import Const, Expr, Text, call, where
from ..language.reports import NONE, listed, positive
from ..numbers.verdict import BOUNCING, DEAD, EXACT, EXPLODED_AT, LEARNING, SETTLED_AT, STUCK_AT, WORSE
from ..plan import Input, compact
from ..settings import rounded
from ..workbook.apart import LEAVES, MOST, apart
from ..workbook.cells import Area, column_letters
from ..workbook.figures import Figures
from ..workbook.paper import paper, pixels
from ..workbook.reference import Block, Cell
from ..workbook.sheet import Chart, Mark, Series, Sheet
from ..workbook.style import (
    CONTRAST,
    FAINT,
    FIFTH,
    HEADER,
    HEADER_RIGHT,
    HUGE,
    LABEL,
    LINES,
    SECTION,
    SUBTITLE,
    TITLE,
    Style,
)
from . import runs_sheet, verdicts
from .charts import LOG
from .data_sheet import Samples
from .making import Making, sentence
from .runs_sheet import Run, RunLane, RunsSheet

#: the row of the first shared input
SHARED = 5
CHART_ROWS, CHART_WIDTH, CHART_NARROW, CHART_HEIGHT, BETWEEN = 19, 500, 335, 360, 15
#: so many pixels of a table can be read on one page across
ACROSS = 1480
LATER = (
    "Constants: so many epochs as formulas would be too large a file. They belong to the inputs and samples that the "
    "workbook was built with; the last column says whether a run of the row now differs from that."
)
#: points of a line of the sentences above a sheet, and at most so many pixels of one of their letters
LINE, LETTER = 15.0, 6.8
BEST, AS_GOOD = "lowest", "as good"
LAST = f"The root of the sum of the last epoch's squared errors; – where it is no number any more, or above {HUGE:.0E}."
WARNINGS = {EXPLODED_AT: FIFTH, DEAD: CONTRAST, STUCK_AT: CONTRAST, WORSE: CONTRAST, BOUNCING: CONTRAST}


#: (row, input, group) -> its cell; the row of one that all share is empty, the group of one that is typed once as well
Inputs = Mapping[tuple[str, str, str], Cell]


@dataclass(frozen=True)
class _Widths:
    """How wide the columns of a table are; wraps: whether a verdict takes two lines."""

    run: float
    typed: float = 9.5
    error: float = 11.0
    mark: float = 9.0
    verdict: float = 23.0
    wraps: bool = False

    def table(self, of: Comparison) -> float:
        """How many pixels wide a table of such columns is."""
        typed, groups = len(of.typed) + len(of.own) * len(of.groups), len(of.groups)
        chars = self.run + self.typed * typed + (self.error + self.mark + self.verdict) * groups
        return 7 * chars + 5 * (1 + typed + 3 * groups)


def _widths(of: Comparison) -> _Widths:
    """The usual widths, or narrower ones, where all columns would not fit a page."""
    run = 12.0 if of.ordered else 24.0
    usual = _Widths(run)
    return usual if usual.table(of) <= ACROSS else _Widths(min(run, 20.0), 8.0, 9.5, 8.0, 14.5, wraps=True)


@dataclass(frozen=True)
class ComparisonSheet:
    """A composed comparison.

    inputs: its input cells, as this sheet refers to them. after: (row, group) -> the error of the later epoch.
    """

    of: Comparison
    sheet: Sheet
    runs: RunsSheet
    inputs: Inputs
    samples: Samples
    after: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def lines(self) -> range:
        """The rows of the table."""
        head = _head(self.of)
        return range(head + 1, head + 1 + len(self.of.rows))

    def error(self, row: str, group: str) -> Cell:
        """The last epoch's error of a run, which is text where it is no number."""
        return Cell(self.sheet, self.lines[self._position(row)], _error(self.of, self.of.groups.index(group)))

    def title(self, row: str) -> Cell:
        """What a row is called now."""
        return Cell(self.sheet, self.lines[self._position(row)], 1)

    def first(self, row: str, group: str) -> Cell:
        """The first epoch's error of a run, which is an error cell where it is no number."""
        lane = self.lane(row, group)
        return Cell(self.runs.sheet, lane.roots.top, lane.roots.left)

    def lane(self, row: str, group: str) -> RunLane:
        """A run."""
        return self.runs.lanes[self.of.groups.index(group) * len(self.of.rows) + self._position(row)]

    def end(self, row: str, group: str, column: str) -> Cell:
        """A column of a run after its last step, such as a weight's `new_a`."""
        of = self.lane(row, group).lane
        return Cell(self.runs.sheet, of.row(of.plan.epochs - 1, of.samples - 1), of.columns[column])

    def listed(self, group: str, *kinds: str) -> Expr:
        """The rows of a group whose verdict is of one of these kinds, each after a comma."""
        return self._listed(lambda row: call("or", *(self.kind(row, group).equals(kind) for kind in kinds)))

    def as_good(self, group: str) -> Expr:
        """The rows in which a group is as good as the yardstick, each after a comma."""
        return self._listed(lambda row: self.is_as_good(row, group))

    def worse(self, group: str) -> Expr:
        """The others."""
        return self._listed(lambda row: where(self.is_as_good(row, group), 0, 1))

    def is_as_good(self, row: str, group: str) -> Expr:
        """Whether a run learns or has settled with no higher an error than the yardstick's, or none left."""
        error = self.error(row, group)
        exact = call("abs", error) <= EXACT * call("sqrt", self.samples.scale)
        low = call("or", exact, error <= self.error(row, self.of.yardstick))
        return call("if_error", where(self.learns(row, group), low, 0), 0)

    def learns(self, row: str, group: str) -> Expr:
        """Whether a run learns or has settled."""
        return call("or", *(self.kind(row, group).equals(kind) for kind in (LEARNING, SETTLED_AT)))

    def _listed(self, condition: Callable[[str], Expr]) -> Expr:
        return listed([(condition(row.title), self.title(row.title)) for row in self.of.rows])

    def count(self, group: str, *kinds: str) -> Expr:
        """How many rows of a group have a verdict of one of these kinds."""
        of_kind = self.column(_kinds(self.of, self.of.groups.index(group)))
        return call("sum", *(call("count_if", of_kind, kind) for kind in kinds))

    def lowest(self, group: str) -> Expr:
        """The lowest last error of a group, – where none is a number."""
        errors = self.errors(group)
        return where(call("count", errors) > 0, call("smallest", errors), NONE)

    def best(self, group: str) -> Expr:
        """The row with it."""
        errors = self.errors(group)
        found = call("index", self.column(1), call("match", call("smallest", errors), errors, 0))
        return where(call("count", errors) > 0, call("if_error", found, NONE), NONE)

    def largest_learning(self, group: str) -> Expr:
        """The largest first input of an ordered comparison whose run still learns or has settled, 0 if none does."""
        column = _chart_along(self.of) + len(self.of.groups) + 1 + self.of.groups.index(group)
        return call("largest", self.column(column))

    def best_later(self, group: str) -> Expr:
        """The row with the lowest error of the later epoch, with the inputs as built: its first input, or its title."""
        rows = [row for row in self.of.rows if isfinite(self.after[row.title, group])]
        if not rows:
            return Text(NONE)
        best = min(rows, key=lambda row: self.after[row.title, group])
        first = _input(best, self.of.typed[0]) if self.of.ordered else None
        return Const(float(rounded(first.value))) if first else Text(best.title)

    def _position(self, row: str) -> int:
        return [r.title for r in self.of.rows].index(row)

    def verdict(self, row: str, group: str) -> Cell:
        """The verdict of a run."""
        error = self.error(row, group)
        return replace(error, column=error.column + 2)

    def kind(self, row: str, group: str) -> Cell:
        """The kind of the verdict of a run."""
        return Cell(self.sheet, self.lines[self._position(row)], _kinds(self.of, self.of.groups.index(group)))

    def input(self, row: str, name: str, group: str = "") -> Cell:
        """An input cell: of a row, of all rows where that is empty, or of a single run."""
        return self.inputs[row, name, group]

    def column(self, place: int) -> Block:
        """A column of the table."""
        return self.sheet.block(self.lines[0], place, len(self.of.rows))

    def errors(self, group: str) -> Block:
        """The last errors of a group."""
        return self.column(_error(self.of, self.of.groups.index(group)))


def _head(of: Comparison) -> int:
    """The row of the table's header."""
    return SHARED + len(of.shared) + 2


def _helpers(of: Comparison) -> int:
    """The first column at the right of the errors by epoch and what charts draw: a group's kind of verdict each."""
    epochs = max(e.epochs for _, _, e in of.runs())
    return _right(of) + 2 * epochs + 4


def _kinds(of: Comparison, group: int) -> int:
    """The column of the kinds of a group's verdicts."""
    return _helpers(of) + group


def _chart_along(of: Comparison) -> int:
    """The first column for a chart along the first input."""
    return _helpers(of) + len(of.groups) + 1


def _left(of: Comparison, group: int) -> int:
    """The first column of a group: the inputs of its runs, last error, mark, verdict."""
    return 2 + len(of.typed) + (len(of.own) + 3) * group


def _error(of: Comparison, group: int) -> int:
    """The column of a group's last errors."""
    return _left(of, group) + len(of.own)


def _right(of: Comparison) -> int:
    """The first column behind the table: all groups, and what is told of a later epoch."""
    return _left(of, len(of.groups)) + (len(of.groups) + 2 if of.later else 0)


def compose(of: Comparison, behind: str, making: Making) -> ComparisonSheet:
    """The table of a comparison and, on the sheet called `behind`, every step of its runs."""
    ends = tuple(_left(of, g) - 1 for g in range(1, len(of.groups) + 1))
    sheet = Sheet(of.name, frozen=(_head(of), 1), page_ends=ends, repeat_columns=1)
    sheet.put(1, 1, of.title, TITLE)
    sheet.put(2, 1, of.about, SUBTITLE)
    sheet.put(3, 1, of.note, SUBTITLE)
    inputs = _inputs(of, sheet, making)
    runs = [Run(_name(of, row, group), compact(e.plan), _links(e, row, group, inputs)) for row, group, e in of.runs()]
    steps = runs_sheet.compose(behind, f"{of.title} Every step of its runs.", runs, making, making.of(of.data))
    lanes = {(row.title, group): lane for (row, group, _), lane in zip(of.runs(), steps.lanes, strict=True)}
    made = ComparisonSheet(of, sheet, steps, inputs, making.of(of.data))
    _table(made, lanes)
    if of.later:
        _later(made, lanes, making)
    _charts(made, _by_epoch(made, lanes))
    _headed(sheet)
    return made


def _headed(sheet: Sheet) -> None:
    """The sentences above the table end where it does, or where the first page does."""
    last = next(iter(paper(sheet).ends), sheet.printed)
    wide = sum(pixels(sheet, column) for column in range(1, last + 1))
    for row in (2, 3):
        text = str(sheet.value(row, 1))
        sheet.text(row, 1, text, replace(SUBTITLE, wrap=True, valign="top"), across=last)
        sheet.heights[row] = LINE * max(1, ceil(len(text) * LETTER / wide))


def _name(of: Comparison, row: Row, group: str) -> str:
    """What a run is called: after its row, or by number where its row is called after what may be typed over."""
    return f"{group}: {f'run {of.rows.index(row) + 1}' if of.ordered else row.title}"


def _input(row: Row, name: str) -> Input | None:
    """The input of that name of the first of a row's experiments that has it."""
    return next(filter(None, (_own(e, name) for e in row.experiments)), None)


def _own(e: Experiment, name: str) -> Input | None:
    """The input of that name of an experiment, if it has it."""
    return next((i for i in e.inputs if i.name == name), None)


def _inputs(of: Comparison, sheet: Sheet, making: Making) -> Inputs:
    """The input cells, each with its head."""
    inputs: dict[tuple[str, str, str], Cell] = {}
    for i, name in enumerate(of.shared):
        given = next(filter(None, (_input(row, name) for row in of.rows)))
        inputs["", name, ""] = making.put(sheet, SHARED + i, 2, given)
        sheet.put(SHARED + i, 1, f"{given.label}, for all", LABEL)
    head, widths = _head(of), _widths(of)
    sheet.put(head, 1, "run", HEADER)
    sheet.widths[1] = widths.run

    def put(column: int, found: Sequence[tuple[int, str, str, Input | None]]) -> None:
        sheet.widths[column] = widths.typed
        abouts: dict[str, None] = {}
        for line, row, group, given in found:
            if given:
                sheet.put(head, column, given.label, HEADER_RIGHT)
                abouts[sentence(given.about)] = None
                said = " Or: ".join(abouts)
                sheet.notes[head, column] = f"{given.label}\n{said} Type over the numbers below."
                inputs[row, given.name, group] = making.put(sheet, line, column, given)

    lines = [*enumerate(of.rows, head + 1)]
    for column, name in enumerate(of.typed, 2):
        put(column, [(line, row.title, "", _input(row, name)) for line, row in lines])
    for g, group in enumerate(of.groups):
        for column, name in enumerate(of.own, _left(of, g)):
            put(column, [(line, row.title, group, _own(row.experiments[g], name)) for line, row in lines])
    return inputs


def _links(e: Experiment, row: Row, group: str, inputs: Inputs) -> dict[str, Cell]:
    """For each input that has a cell on the comparison's sheet: that cell."""
    links = {}
    for given in e.plan.inputs:
        places = ((row.title, given.name, group), (row.title, given.name, ""), ("", given.name, ""))
        found = next((inputs[place] for place in places if place in inputs), None)
        if found:
            links[given.name] = found
    return links


def _title(of: Comparison, row: Row, inputs: Inputs) -> Expr | str:
    """What a row is called: where an input that its title speaks of is typed over, this is said."""
    built = [
        cell.equals(float(rounded(given.value)))
        for (title, name, group), cell in inputs.items()
        if title == row.title and name in row.named
        for g, e in enumerate(row.experiments)
        if (given := _own(e, name)) and group in ("", of.groups[g])
    ]
    if not built:
        return row.title
    typed = f"typed over (was {row.title})"
    return call("if_error", where(call("and", *built), row.title, typed), typed)


def _table(made: ComparisonSheet, lanes: Mapping[tuple[str, str], RunLane]) -> None:
    """Per run the last epoch's error, whether it is the lowest, and the verdict."""
    of, sheet, steps = made.of, made.sheet, made.runs.sheet
    head, n, first, widths = _head(of), len(of.rows), made.lines[0], _widths(of)
    sheet.heights[head] = 30
    for line, row in zip(made.lines, of.rows, strict=True):
        if of.ordered:
            sheet.put(line, 1, Cell(sheet, line, 2), Style(number="0.0E+00", align="left"))
        else:
            sheet.put(line, 1, _title(of, row, made.inputs))
    sheet.put(head - 1, _helpers(of), "kinds of the verdicts", Style(color=FAINT, italic=True))
    for g, group in enumerate(of.groups):
        left = _error(of, g)
        sheet.put(head, _kinds(of, g), group, HEADER)
        sheet.widths[_kinds(of, g)] = 12.0
        sheet.put(head - 1, _left(of, g), group, Style(bold=True, color=LINES[g % len(LINES)]))
        for i, (title, width, note) in enumerate(
            (
                ("√Σe², last epoch", widths.error, LAST),
                ("", widths.mark, ""),
                ("verdict", widths.verdict, verdicts.NOTE),
            )
        ):
            sheet.put(head, left + i, title, HEADER if i else HEADER_RIGHT)
            sheet.widths[left + i] = width
            if note:
                sheet.notes[head, left + i] = f"{title}\n{note}"
        for line, row in zip(made.lines, of.rows, strict=True):
            lane = lanes[row.title, group]
            error = Cell(steps, lane.roots.bottom, lane.roots.left)
            sheet.show(line, left, error, Style(number="told", align="right"))
            sheet.put(line, left + 2, lane.verdict, Style(wrap=widths.wraps))
            if widths.wraps:
                sheet.heights[line] = 2 * LINE - 2
            sheet.put(line, _kinds(of, g), lane.kind, Style(color=FAINT))
    for g, group in enumerate(of.groups):
        left = _error(of, g)
        lowest = call("smallest", made.errors(group))
        for line, row in zip(made.lines, of.rows, strict=True):
            error = Cell(sheet, line, left)
            measured = of.yardstick not in ("", group)
            other: Expr | str = where(made.is_as_good(row.title, group), AS_GOOD, NONE) if measured else NONE
            found = where(error.equals(lowest), BEST, other)
            sheet.put(line, left + 1, found, Style(color=FAINT, indent=1))
        marked, of_kind = (f"${column_letters(place)}{first}" for place in (left + 1, _kinds(of, g)))
        sheet.marks.append(((first, left), Mark(f'{marked}="{BEST}"', n, 2, "#1F6B3F", "#E3F3E6")))
        for kind, color in WARNINGS.items():
            sheet.marks.append(((first, left + 2), Mark(f'{of_kind}="{kind}"', n, 1, color)))


def _later(made: ComparisonSheet, lanes: Mapping[tuple[str, str], RunLane], making: Making) -> None:
    """Per run the error of a later epoch, as NumPy has it of the inputs as built, and whether these still stand."""
    of, sheet, head, left = made.of, made.sheet, _head(made.of), _left(made.of, len(made.of.groups))
    flag, data = left + len(of.groups), making.of(of.data).built
    sheet.put(head - 1, left, f"√Σe² of epoch {of.later:,}: NumPy's numbers", Style(bold=True, color=FAINT))
    sheet.put(head, flag, "whose inputs", replace(HEADER, indent=1))
    sheet.widths[flag], sheet.widths[flag + 1] = 15.0, 2.5
    sheet.notes[head, flag] = LATER
    for g, group in enumerate(of.groups):
        sheet.put(head, left + g, group, HEADER_RIGHT)
        sheet.notes[head, left + g] = f"{group}\n{LATER}"
        sheet.widths[left + g] = 11.0
        for line, row in zip(made.lines, of.rows, strict=True):
            e = row.experiments[g]
            built = {given.name: float(rounded(given.value)) for given in e.plan.inputs}
            error = float(making.run(compact(e.plan).lasting(of.later), data, built).roots[-1])
            made.after[row.title, group] = error
            sheet.put(line, left + g, error if isfinite(error) else NONE, Style(number="told", align="right"))
    for line, row in zip(made.lines, of.rows, strict=True):
        same = [lanes[row.title, group].first.equals(NONE) for group in of.groups]
        sheet.put(line, flag, where(call("and", *same), "these", "others, as built"), Style(color=FAINT, indent=1))


@dataclass(frozen=True)
class _Drawn:
    """One group's errors where a logarithmic axis can show them: the numbers of the epochs, and a row per run.

    names: what the legend calls each run.
    """

    epochs: Area
    rows: tuple[Area, ...]
    names: tuple[Cell, ...]


def _by_epoch(made: ComparisonSheet, lanes: Mapping[tuple[str, str], RunLane]) -> list[_Drawn]:
    """At the right of the table errors by epoch, and of them what charts draw, a block per group."""
    of, sheet = made.of, made.sheet
    epochs = max(lane.lane.plan.epochs for lane in lanes.values())
    left = _right(of) + 1
    right = left + epochs + 2
    sheet.printed = left - 2
    sheet.widths |= {left - 1: 2.5, left: 27.0, right - 1: 2.5}
    top, blocks = _head(of) - 1, []
    titles = _titles(made)
    for g, group in enumerate(of.groups):
        sheet.put(top, left, f"{group}: √Σe² by epoch", replace(SECTION, color=LINES[g % len(LINES)]))
        sheet.put(top, right, "of these, what charts draw", Style(color=FAINT, italic=True))
        sheet.put(top + 1, left, "epoch", HEADER)
        for b in range(epochs):
            sheet.put(top + 1, left + 1 + b, float(b + 1), HEADER_RIGHT)
            sheet.put(top + 1, right + b, float(b + 1), replace(HEADER_RIGHT, color=FAINT))
            sheet.widths |= {left + 1 + b: 9.5, right + b: 6.5}
        names = []
        for line, row in enumerate(of.rows, top + 2):
            errors = lanes[row.title, group].roots
            sheet.put(line, left, Cell(sheet, made.lines[0] + line - top - 2, 1), Style(number="0.0E+00", align="left"))
            for b in range(epochs):
                error = Cell(made.runs.sheet, errors.top + b, errors.left)
                shown = sheet.show(line, left + 1 + b, error, Style(number="told", align="right"))
                sheet.put(line, right + b, positive(shown), Style("watch", "amount", color=FAINT))
            drawn = [sheet.block(line, place, 1, epochs) for place in (left + 1, right)]
            name = _legend(of, titles[line - top - 2], *drawn)
            names.append(sheet.put(line, right + epochs, name, Style(color=FAINT)))
        rows = (top + 1, *range(top + 2, top + 2 + len(of.rows)))
        header, *areas = (Area(sheet.name, row, right, row, right + epochs - 1) for row in rows)
        blocks.append(_Drawn(header, tuple(areas), tuple(names)))
        top += len(of.rows) + 4
    return blocks


def _titles(made: ComparisonSheet) -> list[Cell]:
    """What each row is called in a legend: as in the table, or as a rate is told."""
    of, sheet = made.of, made.sheet
    titles = [Cell(sheet, line, 1) for line in made.lines]
    if not of.ordered:
        return titles
    tell = Figures(sheet, (_head(of) - 1, _chart_along(of) + 2 * len(of.groups) + 2), "the charts' legends")
    return [tell.rate(title) for title in titles]


def _legend(of: Comparison, title: Cell, errors: Block, drawn: Block) -> Expr:
    """What the legend says of a run: its title, and whether its curve is not in the chart as a whole."""
    low, high = (10.0**power for power in of.charted)
    epochs = len(errors.values)
    inside = call("and", call("smallest", errors) >= low, call("largest", errors) <= high)
    whole = call("if_error", where(call("count", drawn).equals(epochs), inside, 0), 0)
    return where(whole, title, title & LEAVES)


def _charts(made: ComparisonSheet, blocks: list[_Drawn]) -> None:
    """Below the table, two to a row or three in one, charts along the first typed input and of each group.

    Too many curves for one chart are split evenly: rows that are steps along an input in turn, so that each chart
    spans all of it, others one after the other.
    """
    of, sheet, number = made.of, made.sheet, len(made.of.rows)
    count = -(-number // MOST)
    shares = [list(range(number))[i::count] for i in range(count)]
    if not of.ordered:
        ends = [-(-i * number // count) for i in range(count + 1)]
        shares = [list(range(*ends[i : i + 2])) for i in range(count)]
    along = [_along(made)] if of.ordered else []
    by_group = [[_by_group(made, g, drawn, share, shares) for share in shares] for g, drawn in enumerate(blocks)]
    if count == 1:
        lines = [[*along, *itertools.chain.from_iterable(by_group)]]
    else:
        lines = [*([[each] for each in along]), *(zip(*by_group, strict=True) if len(blocks) == 2 else by_group)]
    top, across, wide = made.lines[-1] + 2, *((3, CHART_NARROW) if [*map(len, lines)] == [3] else (2, CHART_WIDTH))
    whole = across * (wide + BETWEEN) - BETWEEN
    for line in lines:
        for i, chart in enumerate(line):
            row, left = top + CHART_ROWS * (i // across), i % across * (wide + BETWEEN)
            width = whole if count > 1 and line == along else wide
            sheet.charts.append(replace(chart, row=row, column=1, offset=left, width=width, height=CHART_HEIGHT))
        top += CHART_ROWS * -(-len(line) // across)
    gap, taken = _right(of), max(chart.offset + chart.width for chart in sheet.charts) + BETWEEN
    left_over = taken - sum(pixels(sheet, column) for column in range(1, gap))
    sheet.widths[gap] = max(sheet.widths[gap], left_over / 7)


def _by_group(made: ComparisonSheet, g: int, drawn: _Drawn, share: Sequence[int], shares: Sequence[object]) -> Chart:
    """The chart of some rows of a group. shares: those of all its charts."""
    of, epochs = made.of, drawn.epochs.right - drawn.epochs.left + 1
    title = f"{of.groups[g]}: error by epoch"
    if shares[1:]:
        title += f", {shares.index(share) + 1} of {len(shares)}"
    series = [Series(drawn.names[k], drawn.epochs, drawn.rows[k], "") for k in share]
    about = f"{title}: √Σe² on a logarithmic axis, a curve per run; the legend says which leave the chart."
    return replace(_chart(of, title, "epoch", apart(series), x_min=1, x_max=epochs), about=about)


def _chart(
    of: Comparison, title: str, x: str, series: list[Series], *, x_min: float | None, x_max: float | None = None
) -> Chart:
    """A chart with a logarithmic axis of errors, which an explosion leaves at the top: it flattens no other."""
    low, high = (10.0**power for power in of.charted)
    legend = "right" if of.ordered else "bottom"
    made = Chart(title, x, "√Σe²", series, 0, 0, y_format=LOG, y_log=True, legend=legend)
    return replace(made, x_min=x_min, x_max=x_max, y_min=low, y_max=high)


def _along(made: ComparisonSheet) -> Chart:
    """The last error of each model against the first typed input; that input where a run learns."""
    of, sheet, head, left = made.of, made.sheet, _head(made.of), _chart_along(made.of)
    look = Style("watch", "amount", color=FAINT)
    sheet.put(head - 1, left, "for the chart", Style(color=FAINT, italic=True))
    label = str(sheet.value(head, 2))
    for i, title in enumerate((label, *of.groups, *(f"learns, {group}" for group in of.groups))):
        sheet.put(head, left + i, title, HEADER_RIGHT)
        sheet.widths[left + i] = 10.0
    for line, row in zip(made.lines, of.rows, strict=True):
        typed = made.inputs[row.title, of.typed[0], ""]
        sheet.put(line, left, positive(typed), look)
        for g, group in enumerate(of.groups, 1):
            sheet.put(line, left + g, positive(made.error(row.title, group)), look)
            learns = where(made.learns(row.title, group), typed, 0)
            sheet.put(line, left + len(of.groups) + g, learns, Style("watch", "general", color=FAINT))
    first, last = made.lines[0], made.lines[-1]
    x, *ys = (Area(sheet.name, first, left + i, last, left + i) for i in range(len(of.groups) + 1))
    series = [
        Series(group, x, y, LINES[g], markers=True) for g, (group, y) in enumerate(zip(of.groups, ys, strict=True))
    ]
    made_of = _chart(of, f"Error of the last epoch by {label}", label, apart(series), x_min=None)
    return replace(made_of, x_log=True, x_format="0E+0")
