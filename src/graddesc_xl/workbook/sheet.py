"""A sheet in memory: cells, notes, charts and how it is shown, before any file is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..language.expr import Expr, call, where
from ..language.reports import NONE
from ..language.values import Array, Value, cell_value, coded
from .cells import Area, Formula, a1
from .fill import Fill, Template
from .reference import Block, Cell, Down, formula, template, worth_at, worth_down
from .style import TEXT, Style

#: what a cell holds; True, False and error cells only as constants of a fill
Content = Formula | Value


@dataclass(frozen=True)
class Series:
    """A curve: its name (or the cell that holds it), its x and y cells and its look.

    second: whether it is on the right-hand axis. line: whether its points are joined. dash: of the line, as
    XlsxWriter names it (`dash`, `round_dot`, `long_dash`, ...), so that no curve hides another. marker: its points'
    shape (`circle`, `diamond`, `square`, `triangle`, ...). width: of the line, in points. size: of the points. faint: a
    grey line that the legend leaves out.
    """

    name: str | Cell
    x: Area
    y: Area
    color: str
    dashed: bool = False
    markers: bool = False
    second: bool = False
    line: bool = True
    dash: str = ""
    marker: str = "circle"
    width: float = 1.75
    faint: bool = False
    size: int = 5


@dataclass(frozen=True)
class Chart:
    """A chart of straight lines between points.

    categories: the x are the labels of a line chart, evenly spaced in their own order. x_log, y_log: whether an axis
    is logarithmic: its numbers are powers of ten times its minimum, and cells must hold no number that is not
    positive (`reports.positive`). about: what it shows, for who cannot see it; the titles if left out. offset: how many
    pixels it stands to the right of where its column begins.
    """

    title: str
    x_title: str
    y_title: str
    series: Sequence[Series]
    row: int
    column: int
    width: int = 460
    height: int = 300
    y2_title: str = ""
    x_format: str = "General"
    y_format: str = "General"
    x_min: float | None = 0
    x_max: float | None = None
    categories: bool = False
    y_min: float | None = None
    y_max: float | None = None
    legend: str = "bottom"
    x_log: bool = False
    y_log: bool = False
    about: str = ""
    offset: int = 0


@dataclass(frozen=True)
class Rule:
    """What may be typed into an input cell, or a block of so many rows and columns, and the message about it.

    choices: the only numbers allowed, offered as a list.
    """

    low: float
    high: float
    title: str
    message: str
    rows: int = 1
    columns: int = 1
    choices: tuple[float, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A rule by which the cells of a block stand out.

    condition: a formula for the block's first cell, relative where it should follow. rows, columns: its size.
    number: a number format, where the cells' own would no longer apply: of two rules only the first may win.
    """

    condition: str
    rows: int
    columns: int
    color: str
    fill: str = ""
    number: str = ""


@dataclass(frozen=True)
class Running:
    """A column of cells that follow from each other from row to row: its formula, and that of its first row."""

    column: int
    expr: Expr
    style: Style = TEXT
    start: Expr | None = None


@dataclass(frozen=True)
class Scale:
    """Colours of the cells of a block by their numbers, from one colour to the next.

    rows, columns: its size. stops: the cells of the same sheet that hold the numbers of the three colours.
    """

    rows: int
    columns: int
    stops: tuple[Cell, Cell, Cell]
    colors: tuple[str, str, str]


@dataclass(frozen=True)
class Link:
    """A link to a cell of another sheet of the workbook, which must not be hidden: no program follows it there."""

    sheet: str
    at: tuple[int, int] = (1, 1)


@dataclass(eq=False)
class Sheet:
    """Cells by (row, column), counted from 1, single ones and fills, and everything around them.

    replaceable: cells whose formula, given here, a person may replace by a number. blanks: cells that a person fills
    in, each with what it holds now.
    printed, printed_rows: the last column and row that are printed, 0 for all. page_ends: the last columns of its
    parts but the last, where printed pages end if not all of it fits one; the others repeat the first `repeat_columns`.
    portrait: whether it is printed upright. folded: row ->
    outline level. aside: columns that are folded away. hidden: whether its tab is; secret: so that
    Excel does not offer to show it. opens: whether the workbook opens
    on it. merged, merged_down: how many columns and rows a cell takes. whole: whether it is
    a picture, printed on one page however small. zoom: percent at which it opens.
    """

    name: str
    cells: dict[tuple[int, int], tuple[Content, Style]] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    rules: dict[tuple[int, int], Rule] = field(default_factory=dict)
    links: dict[tuple[int, int], Link] = field(default_factory=dict)
    marks: list[tuple[tuple[int, int], Mark]] = field(default_factory=list)
    scales: list[tuple[tuple[int, int], Scale]] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    widths: dict[int, float] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    folded: dict[int, int] = field(default_factory=dict)
    aside: set[int] = field(default_factory=set)
    merged: dict[tuple[int, int], int] = field(default_factory=dict)
    merged_down: dict[tuple[int, int], int] = field(default_factory=dict)
    replaceable: dict[tuple[int, int], str] = field(default_factory=dict)
    blanks: dict[tuple[int, int], tuple[Value | None, Style]] = field(default_factory=dict)
    frozen: tuple[int, int] = (0, 0)
    repeat_rows: tuple[int, int] | None = None
    tab: str = ""
    printed: int = 0
    printed_rows: int = 0
    page_ends: tuple[int, ...] = ()
    repeat_columns: int = 0
    portrait: bool = False
    whole: bool = False
    zoom: int = 100
    hidden: bool = False
    secret: bool = False
    opens: bool = False
    _down: dict[int, list[Fill]] = field(default_factory=dict, init=False, repr=False)
    _shown: list[tuple[int, int, int, Cell | Down]] = field(default_factory=list, init=False, repr=False)

    def put(self, row: int, column: int, content: Content | Expr, style: Style = TEXT) -> Cell:
        """Fill a cell, with what an expression of cells that are already composed is worth; a reference to it."""
        if isinstance(content, Cell):
            self._shown.append((row, column, 1, content))
        self.cells[row, column] = (formula(content, self.name) if isinstance(content, Expr) else content, style)
        return Cell(self, row, column)

    def show(self, row: int, column: int, other: Cell, style: Style = TEXT) -> Cell:
        """Put the number of another cell, or – where it holds none; a reference to it."""
        self._shown.append((row, column, 1, other))
        return self.put(row, column, where(call("is_number", other), other, NONE), style)

    def shown(self) -> Iterator[tuple[tuple[int, int], Cell]]:
        """The cells that only show the number of another, each with that."""
        for top, column, count, other in self._shown:
            for row in range(top, top + count):
                there = Cell(other.sheet, row + other.offset, other.column) if isinstance(other, Down) else other
                yield (row, column), replace(there, fixed=False)

    def text(self, row: int, column: int, content: str, style: Style = TEXT, across: int = 1) -> None:
        """Write text, merged across so many columns."""
        self.cells[row, column] = (content, style)
        if across > 1:
            self.merged[row, column] = across

    def fill(
        self, top: int, column: int, spelled: str | None, values: Sequence[Value] | Array, style: Style = TEXT
    ) -> Block:
        """Fill cells downwards with one formula (None: with constants), one per value; a reference to them."""
        if len(values):
            made = Fill(top, column, None if spelled is None else Template(spelled), values, style)
            self.fills.append(made)
            self._down.setdefault(column, []).append(made)
        return self.block(top, column, len(values))

    def repeat(self, top: int, column: int, expr: Expr, count: int, style: Style = TEXT) -> Block:
        """Fill `count` cells downwards with what an expression is worth in each row; a reference to them."""
        if isinstance(expr, Down):
            self._shown.append((top, column, count, expr))
        spelled = template(expr, self.name, repeats=True)
        return self.fill(top, column, spelled, worth_down(expr, top, count), style)

    def run(self, top: int, columns: Sequence[Running], count: int) -> list[Block]:
        """Fill columns downwards whose formulas look at each other, in their row and in the one above."""
        values: dict[int, list[Value]] = {each.column: [] for each in columns}
        for row in range(top, top + count):
            for each in columns:
                value = worth_at(each.start if each.start and row == top else each.expr, row)
                values[each.column].append(value)
                self.cells[row, each.column] = value, each.style
        for each in columns:
            for row in range(top, top + count):
                del self.cells[row, each.column]
            first, held = int(each.start is not None), values[each.column]
            if each.start is not None:
                self.repeat(top, each.column, each.start, 1, each.style)
            self.fill(top + first, each.column, template(each.expr, self.name, repeats=True), held[first:], each.style)
        return [self.block(top, each.column, count) for each in columns]

    def stay(self, top: int, column: int, expr: Expr, blank: float | str, count: int, style: Style = TEXT) -> Block:
        """Fill cells downwards with what an expression is worth; once that is not `blank`, it stays as it is."""
        self.repeat(top, column, expr, 1, style)
        above = Down(self, column, -1)
        spelled = template(where(above.equals(blank), expr, above), self.name, repeats=True)
        values = worth_down(expr, top, count)
        held: list[Value] = values.tolist() if isinstance(values, np.ndarray) else [*values]
        since = next((i for i, value in enumerate(held) if value != blank), count)
        held[since:] = held[since : since + 1] * (count - since)
        self.fill(top + 1, column, spelled, held[1:], style)
        return self.block(top, column, count)

    def block(self, top: int, left: int, rows: int, columns: int = 1) -> Block:
        """A reference to cells that are already composed."""
        return Block(self, Area(self.name, top, left, top + rows - 1, left + columns - 1))

    def content(self, row: int, column: int) -> Content | None:
        """What a cell holds; None where it is empty."""
        if (row, column) in self.cells:
            return self.cells[row, column][0]
        fill = next((f for f in self._down.get(column, ()) if f.top <= row <= f.bottom), None)
        return None if fill is None else fill.content(row)

    def value(self, row: int, column: int) -> Value | None:
        """What a cell is worth; None where it is empty."""
        if (row, column) in self.cells:
            content = self.cells[row, column][0]
            return content.value if isinstance(content, Formula) else content
        if (row, column) in self.blanks:
            return self.blanks[row, column][0]
        fill = next((f for f in self._down.get(column, ()) if f.top <= row <= f.bottom), None)
        return None if fill is None else fill.value(row)

    def values(self, area: Area) -> Sequence[Value | None] | Array:
        """What the cells of an area are worth, from left to right and top to bottom."""
        if area.left == area.right:
            return self._column(area.left, area.top, area.bottom)
        rows, columns = range(area.top, area.bottom + 1), range(area.left, area.right + 1)
        return [self.value(row, column) for row in rows for column in columns]

    def _column(self, column: int, top: int, bottom: int) -> Sequence[Value | None] | Array:
        """What the cells of a column are worth: those of its fills, and the single ones between them."""
        parts: list[Sequence[Value | None] | Array] = []
        row = top
        for fill in sorted(self._down.get(column, ()), key=lambda fill: fill.top):
            if fill.bottom >= row and fill.top <= bottom:
                if fill.top > row:
                    parts.append([self.value(between, column) for between in range(row, fill.top)])
                    row = fill.top
                parts.append(fill.values[row - fill.top : bottom + 1 - fill.top])
                row = min(bottom, fill.bottom) + 1
        if row <= bottom:
            parts.append([self.value(below, column) for below in range(row, bottom + 1)])
        if len(parts) == 1:
            return parts[0]
        arrays = [part for part in parts if isinstance(part, np.ndarray)]
        if len(arrays) == len(parts):
            return np.concatenate(arrays)
        return [value for part in parts for value in (map(cell_value, part) if isinstance(part, np.ndarray) else part)]

    def down(self, column: int, top: int, count: int) -> Array:
        """The numbers and error cells of a column from a row on; an empty cell is 0."""
        values = self.values(Area(self.name, top, column, top + count - 1, column))
        if isinstance(values, np.ndarray):
            return values
        return np.array([0.0 if value is None else coded(value) for value in values], dtype=float)

    def look(self, row: int, column: int) -> Style | None:
        """How a cell looks; None where it is empty."""
        if (row, column) in self.cells:
            return self.cells[row, column][1]
        if (row, column) in self.blanks:
            return self.blanks[row, column][1]
        return next((f.style for f in self._down.get(column, ()) if f.top <= row <= f.bottom), None)

    def every(self) -> Iterator[tuple[tuple[int, int], Content, Style]]:
        """Every cell that is not empty: its place, what it holds, its look."""
        for at, (content, style) in self.cells.items():
            yield at, content, style
        for fill in self.fills:
            for row in range(fill.top, fill.bottom + 1):
                yield (row, fill.column), fill.content(row), fill.style

    def formulas(self) -> dict[tuple[int, int], Formula]:
        """Every formula cell."""
        return {at: content for at, content, _ in self.every() if isinstance(content, Formula)}

    @property
    def formula_cells(self) -> int:
        """How many cells hold formulas."""
        single = sum(isinstance(content, Formula) for content, _ in self.cells.values())
        return single + sum(len(fill.values) for fill in self.fills if fill.template)

    @property
    def extent(self) -> tuple[int, int]:
        """The last row and the last column that hold anything."""
        ends = [*self.cells, *self.blanks, *((fill.bottom, fill.column) for fill in self.fills)]
        return max(row for row, _ in ends), max(column for _, column in ends)

    def address(self, row: int, column: int) -> str:
        """The cell's address with its sheet, for people."""
        return f"{self.name}!{a1(row, column)}"
