"""A sheet in memory: cells, notes, charts and how it is shown, before any file is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .cells import Area, Formula, a1
from .style import TEXT, Style

Content = float | str | Formula


@dataclass(frozen=True, slots=True)
class Reference:
    """A cell on a sheet, counted from 1."""

    sheet: str
    row: int
    column: int


@dataclass(frozen=True)
class Series:
    """A curve: its name (or the cell that holds it), its x and y cells and its look.

    second: whether it is on the right-hand axis. line: whether its points are joined.
    """

    name: str | Reference
    x: Area
    y: Area
    color: str
    dashed: bool = False
    markers: bool = False
    second: bool = False
    line: bool = True


@dataclass(frozen=True)
class Chart:
    """A chart of straight lines between points.

    categories: the x are the labels of a line chart, evenly spaced in their own order.
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
    y_format: str = "General"
    x_min: float | None = 0
    x_max: float | None = None
    categories: bool = False
    y_min: float | None = None
    y_max: float | None = None
    legend: str = "bottom"


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
class Link:
    """A link to another sheet of the workbook."""

    sheet: str


@dataclass
class Sheet:
    """Cells by (row, column), counted from 1, and everything around them.

    replaceable: cells whose formula, given here, a person may replace by a number.
    printed: the last column that is printed, 0 for all. page_ends: the last columns of all printed pages but
    the last, none for one page across; the others repeat the first `repeat_columns`. folded: row -> outline level.
    """

    name: str
    cells: dict[tuple[int, int], tuple[Content, Style]] = field(default_factory=dict)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    rules: dict[tuple[int, int], Rule] = field(default_factory=dict)
    links: dict[tuple[int, int], Link] = field(default_factory=dict)
    marks: list[tuple[tuple[int, int], Mark]] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    widths: dict[int, float] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    folded: dict[int, int] = field(default_factory=dict)
    merged: dict[tuple[int, int], int] = field(default_factory=dict)
    replaceable: dict[tuple[int, int], str] = field(default_factory=dict)
    frozen: tuple[int, int] = (0, 0)
    repeat_rows: tuple[int, int] | None = None
    tab: str = ""
    printed: int = 0
    page_ends: tuple[int, ...] = ()
    repeat_columns: int = 0
    portrait: bool = False
    one_page: bool = False

    def put(self, row: int, column: int, content: Content, style: Style = TEXT) -> Reference:
        """Fill a cell and say where it is."""
        self.cells[row, column] = (content, style)
        return Reference(self.name, row, column)

    def text(self, row: int, column: int, content: str, style: Style = TEXT, across: int = 1) -> None:
        """Write text, merged across so many columns."""
        self.cells[row, column] = (content, style)
        if across > 1:
            self.merged[row, column] = across

    def formulas(self) -> dict[tuple[int, int], Formula]:
        """Every formula cell."""
        return {at: content for at, (content, _) in self.cells.items() if isinstance(content, Formula)}

    def address(self, row: int, column: int) -> str:
        """The cell's address with its sheet, for people."""
        return f"{self.name}!{a1(row, column)}"
