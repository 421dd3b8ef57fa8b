"""One idea on one screen: a few words, numbers to type, a sentence that answers, a small table and a chart.

All of it is content that a lesson gives, formulas as a person types them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

from ..errors import SettingError, shown
from ..language.expr import Apply, Expr, Here, Prev, Text, call, where
from ..language.operators import OPERATORS
from ..language.parse import parse
from ..language.reports import NONE
from ..parts.data import Dataset
from ..plan import Input
from ..workbook.figures import Figures
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Chart, Link, Running, Series, Sheet
from ..workbook.style import ACCENT, FAINT, HEADER_RIGHT, LINES, LINK, Style
from . import answers
from .kind import Composed, Figure, Kind
from .making import Making

#: the first column and how many of them the words take, and how many characters fit beside each other there
LEFT, ACROSS, LETTERS = 2, 7, 84
#: of the same, a sentence's, which is larger and bold
LARGE_LETTERS = 82
#: a table with more rows stands beside the words, not below them
FEW = 8
#: the height of a screen below the menus of a spreadsheet, and the chart's width, in pixels
SCREEN, CHART = 480, 600
#: so many rows an expression within `sum` or `mean` may run over: it is written out for each
WRITTEN_OUT = 40
#: said where a number lacks that a sentence needs
NO_NUMBER = "A number is missing here, is 0 where it divides, or is too large to compute with: type another."
LOOK, NAMED = Style(size=11, color=FAINT, italic=True), Style(size=12, bold=True, align="right")


@dataclass(frozen=True)
class Column:
    """A column of a table: one formula for all its rows. start: that of the first, where others use `prev(...)`.

    about: the note at its title. role, number: how it looks.
    """

    name: str
    formula: str
    title: str = ""
    about: str = ""
    start: str = ""
    role: str = "forward"
    number: str = "amount"


@dataclass(frozen=True)
class Table:
    """Columns of the same rows: those of the samples, or those of given numbers. given: name -> numbers."""

    columns: tuple[Column, ...]
    given: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """A single number with a name. label: beside it; without one it is folded away, for sentences and charts."""

    name: str
    formula: str
    label: str = ""
    about: str = ""
    number: str = "amount"


@dataclass(frozen=True)
class Case:
    """What a sentence says, with figures in braces as in an answer. when: a formula; "" for whenever no other holds."""

    text: str
    when: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence that answers: of its cases the first whose condition holds."""

    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Drawn:
    """A curve of the chart. x, y: each the name of a column, or one formula for each of a few points.

    faint: thin and grey, for what only helps to see the others.
    """

    name: str
    x: tuple[str, ...]
    y: tuple[str, ...]
    line: bool = True
    markers: bool = False
    dashed: bool = False
    faint: bool = False


@dataclass(frozen=True)
class Picture:
    """The chart: its title, those of its axes, its curves, and what it shows for who cannot see it.

    legend: at which side of it, `bottom` or `right`.
    """

    title: str
    x: str
    y: str
    curves: tuple[Drawn, ...]
    about: str = ""
    x_min: float | None = None
    x_max: float | None = None
    legend: str = "bottom"


@dataclass(frozen=True)
class Idea(Kind):
    """A sheet with one idea.

    says: paragraphs. numbers: to type over, and look: for each, what to look for. sentences: that answer.
    table: of the samples where no numbers are given. folded: further tables, for the chart.
    """

    kind = "idea"
    lined = False

    name: str
    headline: str
    numbers: tuple[Input, ...]
    table: Table
    picture: Picture
    about: str = ""
    says: tuple[str, ...] = ()
    look: Mapping[str, str] = field(default_factory=dict)
    sentences: tuple[Sentence, ...] = ()
    results: tuple[Result, ...] = ()
    folded: tuple[Table, ...] = ()
    samples: Dataset | None = None
    leads: str = ""

    def __post_init__(self) -> None:
        for case in (case for said in self.sentences for case in said.cases):
            answers.check_forms(case.text)

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    @property
    def data(self) -> Dataset | None:
        """Its samples, if it has any."""
        return self.samples

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The words and numbers, the table below or beside them, the chart in what is left of a screen."""
        return _Page(self, making).composed()


class _Page:
    """A sheet of this kind while it is composed."""

    def __init__(self, of: Idea, making: Making) -> None:
        self.of, self.making = of, making
        self.sheet = Sheet(of.name)
        self.samples = making.of(of.samples) if of.samples else None
        #: single cells, and columns, by name; those of the columns that have a row for each sample
        self.single: dict[str, Cell] = {}
        self.column: dict[str, Block] = {}
        self.by_sample: set[str] = set()
        if self.samples:
            self.column |= {name: self.samples.column(name) for name in self.samples.data.names}
            self.by_sample |= {*self.column}
        given = next(iter(of.table.given.values()), ())
        self.rows = len(given) or (self.samples.count if self.samples else 0)
        if not self.rows:
            raise SettingError(f"The sheet {of.name} has a table without rows: give it samples, or numbers.")
        self.beside = self.rows > FEW
        shown_columns = len(of.table.given or (self.samples.data.names if self.samples else ())) + len(of.table.columns)
        self.right = LEFT + (ACROSS if self.beside else max(ACROSS, shown_columns)) + 1
        #: the first column of what is folded away
        self.aside = self.right + (shown_columns if self.beside else 1 + CHART // 64) + 1

    def composed(self) -> Composed:
        """The sheet from top to bottom; what is folded away, then what is said of it all."""
        sheet, of = self.sheet, self.of
        sheet.widths |= {1: 2.0, **dict.fromkeys(range(LEFT, self.right - 1), 11.0), self.right - 1: 3.0}
        sheet.put(1, LEFT, of.headline, Style(bold=True, size=18))
        sheet.heights[1] = 27
        if of.leads:
            sheet.put(1, self.right, f"next: {of.leads}", replace(LINK, size=12))
            sheet.links[1, self.right] = Link(of.leads)
        row = 2
        for said in of.says:
            for line in _lines(said):
                sheet.put(row, LEFT, line, Style(size=11))
                row += 1
        row = self.numbers(row)
        talking = row
        row += len(of.sentences)
        row = row if self.beside else self.gap(row)
        shown_results = [result for result in of.results if result.label]
        if self.beside:
            self.table(of.table, 2, self.right, self.rows)
            sheet.printed_rows = 2 + self.rows
            below = row + len(shown_results)
        else:
            below = self.gap(row + len(shown_results)) if shown_results else row
            self.table(of.table, below, LEFT, self.rows)
            sheet.printed_rows = below + self.rows
        self.results(row)
        at = self.aside + 3
        for folded in of.folded:
            count = len(next(iter(folded.given.values()), ())) or self.rows
            at = self.table(folded, 2, at, count)
        self.chart(below if self.beside else 2, LEFT if self.beside else self.right, at)
        sheet.printed_rows = max(sheet.printed_rows, self.end_of_chart())
        self.sentences(talking)
        sheet.printed = self.aside - 1
        sheet.aside |= {*range(self.aside, sheet.extent[1] + 1)}
        figures: dict[str, Figure] = {"number": self.single.__getitem__}
        return Composed(sheet, of.about, figures=figures)

    def numbers(self, row: int) -> int:
        """The cells to type into, each with what to look for; returns the row below."""
        row = row if self.beside else self.gap(row)
        for given in self.of.numbers:
            cell = self.making.put(self.sheet, row, LEFT + 1, given)
            content, style = self.sheet.cells[row, LEFT + 1]
            size = 12 if self.beside else 14
            self.sheet.cells[row, LEFT + 1] = content, replace(style, size=size, bold=True, align="center")
            self.named(given.name, cell)
            self.sheet.put(row, LEFT, f"{given.label} =", NAMED)
            self.sheet.put(row, LEFT + 2, given.about, Style(size=11, indent=1))
            if not self.beside:
                self.sheet.heights[row] = 20
            row += 1
            for line in _lines(self.of.look.get(given.name, "")):
                self.sheet.put(row, LEFT, line, LOOK)
                row += 1
        return self.gap(row)

    def gap(self, row: int) -> int:
        """Leave room above a row; rows of a table beside it are all of one height. Returns the row below."""
        if not self.beside:
            self.sheet.heights[row] = 6
        return row + 1

    def results(self, row: int) -> None:
        """Named numbers, one a row; those without a label are folded away."""
        hidden = 2
        for result in self.of.results:
            worth = self.read(result.formula, {})
            if result.label:
                self.sheet.put(row, LEFT, f"{result.label} =", NAMED)
                cell = self.sheet.put(row, LEFT + 1, worth, Style("watch", result.number, size=12, bold=True))
                self.sheet.put(row, LEFT + 2, result.about, Style(size=11, indent=1))
                row += 1
            else:
                self.sheet.put(hidden, self.aside, result.name, Style(color=FAINT))
                cell = self.sheet.put(hidden, self.aside + 1, worth, Style(color=FAINT))
                hidden += 1
            self.named(result.name, cell.absolute)

    def table(self, of: Table, top: int, left: int, count: int) -> int:
        """A table, its titles first; returns the first column right of it."""
        own: dict[str, Down] = {}
        column = left
        if of.given:
            for name, values in of.given.items():
                self.head(top, column, name)
                self.put_column(name, self.sheet.fill(top + 1, column, None, [*map(float, values)], Style("data")), own)
                column += 1
        else:
            assert self.samples, "a table without given numbers is of samples"
            for name in self.samples.data.names:
                self.head(top, column, name)
                block = self.sheet.repeat(top + 1, column, self.samples.down(name, top + 1), count, Style("data"))
                del self.column[name]
                self.put_column(name, block, own)
                column += 1
        titled = {each.name: column + i for i, each in enumerate(of.columns)}
        own |= {name: Down(self.sheet, at) for name, at in titled.items()}
        runs = []
        for each in of.columns:
            self.head(top, titled[each.name], each.title or each.name, each.role, each.about)
            style = Style(each.role, each.number)
            start = self.read(each.start, own) if each.start else None
            runs.append(Running(titled[each.name], self.read(each.formula, own), style, start))
        for each, block in zip(of.columns, self.sheet.run(top + 1, runs, count), strict=True):
            self.named(each.name)
            self.column[each.name] = block
            if not of.given:
                self.by_sample.add(each.name)
        return column + len(of.columns)

    def head(self, row: int, column: int, title: str, role: str = "data", about: str = "") -> None:
        """A title."""
        self.sheet.put(row, column, title, replace(HEADER_RIGHT, role=role, header=True, wrap=False))
        self.sheet.widths[column] = max(11.0, 0.95 * len(title) + 1)
        if about:
            self.sheet.notes[row, column] = f"{title}\n{about}"

    def put_column(self, name: str, block: Block, own: dict[str, Down]) -> None:
        """A column of given numbers or of samples."""
        self.named(name)
        self.column[name] = block
        own[name] = Down(self.sheet, block.area.left)

    def named(self, name: str, cell: Cell | None = None) -> None:
        """Take a name; refuse one that is taken."""
        if name in self.single or name in self.column:
            raise SettingError(f"The sheet {self.of.name} calls two things {shown(name)}: rename one.")
        if cell:
            self.single[name] = cell

    def read(self, formula: str, own: Mapping[str, Down]) -> Expr:
        """A formula. own: the columns whose cells in the same row it means by their names."""
        known = {**self.single, **self.column, **own}
        return self.real(parse(formula, lambda n: Here(n) if n in known else None, known, reports=True), own)

    def real(self, expr: Expr, own: Mapping[str, Expr]) -> Expr:
        """An expression of names as one of cells."""
        match expr:
            case Apply(op, args) if OPERATORS[op].takes == "ranges":
                return call(op, *(each for arg in args for each in self.over(op, arg, own)))
            case Apply(op, args):
                return Apply(op, tuple(self.real(arg, own) for arg in args))
            case Here(name) if name in own or name in self.single:
                return own[name] if name in own else self.single[name]
            case Prev(name) if name in own:
                return replace(own[name], offset=-1)  # type: ignore[type-var]  # a `Down`
            case Here(name) | Prev(name):
                raise SettingError(
                    f"The sheet {self.of.name} uses the column {name!r} outside its rows: give mean({name}), "
                    f"sum({name}) or index({name}, 1)."
                )
        return expr

    def over(self, op: str, arg: Expr, own: Mapping[str, Expr]) -> Iterator[Expr]:
        """An argument of a function of ranges: a column's cells, or an expression once for each sample."""
        if isinstance(arg, Here) and arg.column in self.column:
            yield self.column[arg.column]
            return
        running = [name for name in _beside(arg) if name in self.by_sample]
        if not running:
            yield self.real(arg, own)
            return
        assert self.samples
        count = self.samples.count
        if OPERATORS[op].arity is not None or count > WRITTEN_OUT:
            raise SettingError(
                f"The sheet {self.of.name} has {op}(...) of an expression of {', '.join(running)}: give that "
                f"expression a column, and {op} its name. Only sum, mean, sumsq, largest and smallest run over one, "
                f"of at most {WRITTEN_OUT} samples."
            )
        for i in range(count):
            blocks = {name: self.column[name] for name in running}
            cells = {name: Cell(b.sheet, b.area.top + i, b.area.left, fixed=True) for name, b in blocks.items()}
            yield self.real(arg, {**own, **cells})

    def chart(self, row: int, column: int, aside: int) -> None:
        """The chart, and beside what is folded away the points that are given as formulas."""
        picture, series, at = self.of.picture, [], aside + 1
        colors = cycle(LINES)
        for drawn in picture.curves:
            x, at = self.points(drawn.x, at)
            y, at = self.points(drawn.y, at)
            color, width = (FAINT, 0.75) if drawn.faint else (next(colors), 2.25)
            series.append(
                Series(drawn.name, x.area, y.area, color, drawn.dashed, drawn.markers, line=drawn.line, width=width)
            )
        heights = (self.sheet.heights.get(above, 15.0) * 4 / 3 for above in range(1, row))
        height = int(max(SCREEN - sum(heights), 220))
        width = CHART if not self.beside else 575
        self.sheet.charts.append(
            Chart(
                picture.title,
                picture.x,
                picture.y,
                series,
                row,
                column,
                width,
                height,
                x_min=picture.x_min,
                x_max=picture.x_max,
                legend=picture.legend,
                about=picture.about,
            )
        )

    def end_of_chart(self) -> int:
        """The last row that the chart covers."""
        (chart,) = self.sheet.charts
        left, row = float(chart.height), chart.row
        while (left := left - self.sheet.heights.get(row, 15.0) * 4 / 3) > 0:
            row += 1
        return row

    def points(self, given: Sequence[str], column: int) -> tuple[Block, int]:
        """The cells of a column, or of points; and the next column that is free."""
        if len(given) == 1 and given[0] in self.column:
            return self.column[given[0]], column
        for row, formula in enumerate(given, 2):
            self.sheet.put(row, column, self.read(formula, {}), Style(color=FAINT))
        return self.sheet.block(2, column, len(given)), column + 1

    def sentences(self, row: int) -> None:
        """The sentences that answer; their figures are folded away with the rest."""
        tell = Figures(self.sheet, (1, self.sheet.extent[1] + 2), "the figures of the sentences")
        for row_, said in enumerate(self.of.sentences, row):
            found: Expr = call("na")
            for case in reversed(said.cases):
                told = answers.sentence(case.text, lambda formula: self.read(formula, {}), tell)
                found = where(self.read(case.when, {}), told, found) if case.when else told
            found = call("if_error", found, NO_NUMBER)
            if self.samples:
                lacks = Text("There is no number in ") & self.samples.missing & ": every sample needs its numbers."
                found = where(self.samples.missing.equals(NONE), found, lacks)
            size = 11 if self.beside else 12
            self.sheet.put(row_, LEFT, found, Style(size=size, bold=True, color=ACCENT, wrap=True))
            self.sheet.merged[row_, LEFT] = self.right - LEFT - 1
            lines = -(-max(_length(case.text) for case in said.cases) // LARGE_LETTERS)
            if lines > 1 or not self.beside:
                self.sheet.heights[row_] = 3 + 16 * lines


def _beside(expr: Expr) -> Iterator[str]:
    """The names in an expression that mean one row each: those that no function of ranges in it takes as a whole."""
    if isinstance(expr, Here):
        yield expr.column
    elif isinstance(expr, Apply) and OPERATORS[expr.op].takes != "ranges":
        for arg in expr.args:
            yield from _beside(arg)


def _lines(text: str) -> list[str]:
    """A text in as few lines as fit, of which the last is not much shorter than the others."""
    fitting = [textwrap.wrap(text, letters) for letters in range(LETTERS, LETTERS // 2, -1)]
    fewest = [lines for lines in fitting if len(lines) == len(fitting[0])]
    return next((lines for lines in fewest if lines and 2 * len(lines[-1]) > len(lines[0])), fewest[0])


def _length(text: str) -> int:
    """About how many characters a sentence has."""

    def told(figure: re.Match[str]) -> str:
        places = figure[2] or "2"
        return "12." + "3" * (int(places) if places.isdecimal() else 2)

    return len(answers.FIGURE.sub(told, text))
