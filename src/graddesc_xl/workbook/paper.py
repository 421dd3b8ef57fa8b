"""How sheets are printed: nothing smaller than can be read, on as few pages as that takes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from .sheet import Sheet
from .style import CHART_SIZE

#: the smallest print in points
SMALLEST = 7.0
#: inches between the paper's edge and what is printed: left and right, top and bottom
SIDE, END = 0.3, 0.6
#: A4 in inches, pixels per inch, and the share of them that is left where a program has other fonts
LONG, SHORT, PIXELS, SURE = 11.69, 8.27, 96, 0.92
#: pixels of a column and points of a row that nobody gave a size
COLUMN, ROW = 64, 15.0


@dataclass(frozen=True)
class Paper:
    """The pages of a sheet.

    scale: percent. ends: the last columns of the pages across but the last. across, down: how many pages there are.
    fits: whether programs may find the scale themselves, so that all columns (`across`) or all of it (`one`) fit.
    """

    scale: int
    ends: tuple[int, ...]
    across: int
    down: int
    one: bool = False

    @property
    def fits(self) -> bool:
        """Whether its columns fit one page."""
        return not self.ends


def pixels(sheet: Sheet, column: int) -> int:
    """How wide a column is."""
    if column in sheet.aside:
        return 0
    return int(sheet.widths[column] * 7 + 5) if column in sheet.widths else COLUMN


def printed(sheet: Sheet) -> tuple[int, int]:
    """The last row and the last column that are printed: of a hidden sheet, once it is shown, all."""
    rows, columns = sheet.extent
    for chart in sheet.charts:
        columns = max(columns, _right(sheet, chart.column, chart.width))
        rows = max(rows, chart.row + int(chart.height / ROW * 3 / 4))
    return (rows, columns) if sheet.hidden else (sheet.printed_rows or rows, sheet.printed or columns)


def smallest(sheet: Sheet) -> float:
    """The smallest font among what is printed, in points."""
    rows, columns = printed(sheet)
    sizes = [style.size for (row, column), (_, style) in sheet.cells.items() if row <= rows and column <= columns]
    sizes += [fill.style.size for fill in sheet.fills if fill.top <= rows and fill.column <= columns]
    return min([*sizes, *([CHART_SIZE] if sheet.charts else [])])


def paper(sheet: Sheet) -> Paper:
    """Its pages: all columns on one, where that can be read, else broken where no chart is."""
    across, down = ((LONG, SHORT), (SHORT, LONG))[sheet.portrait]
    wide, high = (across - 2 * SIDE) * PIXELS, (down - 2 * END) * PIXELS
    least = int(-(-100 * SMALLEST // smallest(sheet)))
    rows, last = printed(sheet)
    tall = sum(_height(sheet, row) for row in range(1, rows + 1))
    whole = _width(sheet, 0, last)
    fit = min(100, int(100 * wide / whole))
    if fit >= least and not sheet.page_ends:
        both = min(fit, int(100 * high / tall))
        one = sheet.one_page and both >= least
        scale = both if one else fit
        return Paper(scale, (), 1, 1 if one else int(-(-tall * scale // (100 * high))), one)
    ends = _ends(sheet, last, SURE * wide * 100 / least)
    widest = max(_page(sheet, start, end) for start, end in pairwise((0, *ends, last)))
    scale = max(least, min(100, int(100 * SURE * wide / widest), max(least, int(100 * SURE * high / tall))))
    return Paper(scale, ends, len(ends) + 1, int(-(-tall * scale // (100 * high))))


def _height(sheet: Sheet, row: int) -> float:
    """How many pixels high a row is."""
    return 0.0 if row in sheet.folded else sheet.heights.get(row, ROW) * 4 / 3


def _width(sheet: Sheet, after: int, last: int) -> int:
    return sum(pixels(sheet, column) for column in range(after + 1, last + 1))


def _page(sheet: Sheet, after: int, last: int) -> int:
    """How many pixels a page takes, with the columns that it repeats."""
    return _width(sheet, after, last) + (_width(sheet, 0, sheet.repeat_columns) if after else 0)


def _right(sheet: Sheet, column: int, wide: int) -> int:
    """The last column that something so wide covers."""
    while wide > pixels(sheet, column):
        wide -= pixels(sheet, column)
        column += 1
    return column


def _ends(sheet: Sheet, last: int, most: float) -> tuple[int, ...]:
    """The last columns of all pages but the last: those that the sheet asks for, and further ones where it must be."""
    cut = {c for chart in sheet.charts for c in range(chart.column, _right(sheet, chart.column, chart.width))}
    ends: list[int] = []
    start = 0
    for wanted in (*(end for end in sheet.page_ends if end < last), last):
        while _page(sheet, start, wanted) > most:
            fitting = [end for end in range(start + 1, wanted) if _page(sheet, start, end) <= most]
            start = max([end for end in fitting if end not in cut] or fitting or [start + 1])
            ends.append(start)
        if wanted < last:
            ends.append(wanted)
            start = wanted
    return tuple(ends)
