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
    """A curve: its name, its x and y cells and its look; `second` puts it on the right-hand axis.

    line: whether its points are joined.
    """

    name: str
    x: Area
    y: Area
    color: str
    dashed: bool = False
    markers: bool = False
    second: bool = False
    line: bool = True


@dataclass(frozen=True)
class Chart:
    """A chart of straight lines between points; categories: x are the labels of a line chart."""

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


@dataclass(frozen=True)
class Rule:
    """What may be typed into an input cell, or a block of so many rows and columns, and the message about it."""

    low: float
    high: float
    title: str
    message: str
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True)
class Link:
    """A link to another sheet of the workbook."""

    sheet: str


@dataclass
class Sheet:
    """Cells by (row, column), counted from 1, and everything around them.

    replaceable: formulas a person may replace by numbers.
    printed: the last column that is printed, 0 for all. page_ends: the last column of a first printed page,
    0 for one page across. folded: row -> outline level.
    """

    name: str
    cells: dict[tuple[int, int], tuple[Content, Style]] = field(default_factory=dict)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    rules: dict[tuple[int, int], Rule] = field(default_factory=dict)
    links: dict[tuple[int, int], Link] = field(default_factory=dict)
    charts: list[Chart] = field(default_factory=list)
    widths: dict[int, float] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    folded: dict[int, int] = field(default_factory=dict)
    merged: dict[tuple[int, int], int] = field(default_factory=dict)
    replaceable: set[tuple[int, int]] = field(default_factory=set)
    frozen: tuple[int, int] = (0, 0)
    repeat_rows: tuple[int, int] | None = None
    tab: str = ""
    printed: int = 0
    page_ends: int = 0
    portrait: bool = False

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
