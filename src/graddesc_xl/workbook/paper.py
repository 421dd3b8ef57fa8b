"""How sheets are printed: nothing smaller than can be read, on as few pages as that takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from .sheet import Chart, Sheet
from .style import CHART_SIZE

#: the smallest print in points
SMALLEST = 7.0
#: inches between the paper's edge and what is printed: left and right, top and bottom
SIDE, END = 0.3, 0.6
#: A4 in inches, pixels per inch, and the share of them that is left where a program has other fonts
LONG, SHORT, PIXELS, SURE = 11.69, 8.27, 96, 0.92
#: the same share of a page's height: rows have heights of their own
SAFE = 0.98
#: a page ends where a section does, if that leaves no more than this share of it empty
EMPTY = 0.5
#: a program may end a page so many rows elsewhere
NEAR = 3
#: a sheet of more pages below one another is not shrunk to have fewer
FEW = 6
#: pixels of a column and points of a row that nobody gave a size
COLUMN, ROW = 64, 15.0


@dataclass(frozen=True)
class Paper:
    """The pages of a sheet.

    scale: percent. ends: the last columns of the pages across but the last. down: how many pages there are below one
    another. rows: the last rows of these but the last, none where programs may end them. one: whether all of it fits.
    tight: whether its columns fit only just, so that a program with other widths must find the scale itself.
    """

    scale: int
    ends: tuple[int, ...] = ()
    down: int = 1
    rows: tuple[int, ...] = ()
    one: bool = False
    tight: bool = False

    @property
    def across(self) -> int:
        """How many pages there are beside one another."""
        return len(self.ends) + 1

    @property
    def fits(self) -> bool:
        """Whether programs may find the scale themselves, so that all columns, or all of it, fit one page."""
        return not self.ends and not self.rows


def pixels(sheet: Sheet, column: int) -> int:
    """How wide a column is."""
    if column in sheet.aside:
        return 0
    width = sheet.widths.get(column)
    if width is None:
        return COLUMN
    return int(width * 7 + 5) if width >= 1 else int(width * 12 + 0.5)


def printed(sheet: Sheet) -> tuple[int, int]:
    """The last row and the last column that are printed: of a hidden sheet, once it is shown, all.

    A chart that begins in what is printed is printed whole.
    """
    last, right = sheet.extent
    if not sheet.hidden:
        last, right = sheet.printed_rows or last, sheet.printed or right
    down = sheet.hidden or not sheet.printed_rows  # below the last cell, too
    across = sheet.hidden or not sheet.printed
    begun = [c for c in sheet.charts if (down or c.row <= last) and (across or c.column <= right)]
    lasts, rights = ([end(sheet, chart) for chart in begun] for end in (_below, _right))
    return max([last, *lasts]), max([right, *rights])


def smallest(sheet: Sheet) -> float:
    """The smallest font among what is printed, in points."""
    rows, columns = printed(sheet)
    sizes = [style.size for (row, column), (_, style) in sheet.cells.items() if row <= rows and column <= columns]
    sizes += [fill.style.size for fill in sheet.fills if fill.top <= rows and fill.column <= columns]
    return min([*sizes, *([CHART_SIZE] if sheet.charts else [])])


def paper(sheet: Sheet) -> Paper:
    """Its pages: one, where that can be read, or as many as all columns take, else broken where no chart is."""
    across, down = ((LONG, SHORT), (SHORT, LONG))[sheet.portrait]
    room, high = (across - 2 * SIDE) * PIXELS, (down - 2 * END) * PIXELS
    least = int(-(-100 * SMALLEST // smallest(sheet)))
    rows, last = printed(sheet)
    tall = _tall(sheet, rows)
    wide = _wide(sheet, last)
    fit, sure = (min(100, int(100 * share * room / wide[-1])) for share in (1.0, SURE))
    if sheet.whole:
        return Paper(min(fit, int(100 * high / tall[-1])), one=True)
    if fit >= least:
        both = min(fit, int(100 * high / tall[-1]))
        if both >= least:
            return Paper(both, one=True)
        scale, breaks = _fewest(sheet, tall, last, high, range(least, max(least, sure) + 1))
        return Paper(scale, (), _pages(tall[-1], high, scale, breaks), breaks, tight=scale > sure)
    ends = _ends(sheet, wide, SURE * room * 100 / least)
    widest = max(_page(sheet, wide, start, end) for start, end in pairwise((0, *ends, last)))
    sure = max(least, min(100, int(100 * SURE * room / widest)))
    scale, breaks = _fewest(sheet, tall, last, high, range(least, sure + 1))
    return Paper(scale, ends, _pages(tall[-1], high, scale, breaks), breaks)


def _fewest(
    sheet: Sheet, tall: list[float], last: int, high: float, scales: Sequence[int]
) -> tuple[int, tuple[int, ...]]:
    """Of these scales the largest that takes the fewest pages, and the last rows of these but the last."""
    if _pages(tall[-1], high, scales[-1], ()) > FEW:
        scales = scales[-1:]
    ends = {scale: _row_ends(sheet, tall, last, SAFE * high * 100 / scale) for scale in scales}
    return min(ends.items(), key=lambda each: (_pages(tall[-1], SAFE * high, *each), -each[0]))


def _pages(tall: float, high: float, scale: int, breaks: tuple[int, ...]) -> int:
    """How many pages there are below one another."""
    return len(breaks) + 1 if breaks else int(-(-tall * scale // (100 * high)))


def _tall(sheet: Sheet, rows: int) -> list[float]:
    """How many pixels high the first rows are together: none, one, two, ..."""
    return [*accumulate((_height(sheet, row) for row in range(1, rows + 1)), initial=0.0)]


def _height(sheet: Sheet, row: int) -> float:
    """How many pixels high a row is."""
    return 0.0 if row in sheet.folded else sheet.heights.get(row, ROW) * 4 / 3


def _wide(sheet: Sheet, columns: int) -> list[float]:
    """How many pixels wide the first columns are together: none, one, two, ..."""
    return [*accumulate((float(pixels(sheet, column)) for column in range(1, columns + 1)), initial=0.0)]


def _page(sheet: Sheet, wide: list[float], after: int, last: int) -> float:
    """How many pixels a page takes, with the columns that it repeats."""
    return wide[last] - wide[after] + (wide[sheet.repeat_columns] if after else 0.0)


def _right(sheet: Sheet, chart: Chart) -> int:
    """The last column that a chart covers."""
    column, wide = chart.column, chart.offset + chart.width
    while wide > pixels(sheet, column):
        wide -= pixels(sheet, column)
        column += 1
    return column


def _below(sheet: Sheet, chart: Chart) -> int:
    """The last row that a chart covers."""
    row, high = chart.row, float(chart.height)
    while high > _height(sheet, row):
        high -= _height(sheet, row)
        row += 1
    return row


def _ends(sheet: Sheet, wide: list[float], most: float) -> tuple[int, ...]:
    """The last columns of all pages but the last: those of its parts, where these fit, else where no chart is cut.

    wide: see `_wide`. most: how many pixels fit a page.
    """
    cut = {c for chart in sheet.charts for c in range(chart.column, _right(sheet, chart))}
    last = len(wide) - 1
    parts = {*sheet.page_ends, last}
    ends = [0]
    while ends[-1] < last:
        start = ends[-1]
        fitting = [end for end in range(start + 1, last + 1) if _page(sheet, wide, start, end) <= most]
        whole, uncut = [end for end in fitting if end in parts], [end for end in fitting if end not in cut]
        ends.append(max(whole or uncut or fitting or [start + 1]))
    return tuple(ends[1:-1])


def _row_ends(sheet: Sheet, tall: list[float], last: int, most: float) -> tuple[int, ...]:
    """The last rows of all pages but the last, where a program could cut what belongs together; else none.

    A page ends where no chart is cut and, if that takes no more pages, at an empty row.
    tall: see `_tall`. last: the last column that is printed. most: how many pixels fit a page.
    """
    if sheet.hidden:
        return ()
    top, bottom = sheet.repeat_rows or (1, 0)
    repeated = tall[bottom] - tall[top - 1]
    cut = {row for chart in sheet.charts for row in range(chart.row, _below(sheet, chart))}
    filled = {row for row, column in sheet.cells if column <= last}
    filled |= {row for fill in sheet.fills if fill.column <= last for row in range(fill.top, fill.bottom + 1)}

    def ends(good: Callable[[int, float], int]) -> tuple[int, ...]:
        """The best ends, of equals the furthest. good: of a page's last row and how full the page then is."""
        found = [0]
        while True:
            start = found[-1]
            room = most - (repeated if start >= bottom else 0.0)
            if tall[-1] <= tall[start] + room:
                return tuple(found[1:])
            furthest = max(start + 1, bisect_right(tall, tall[start] + room) - 1)
            full = {end: (tall[end] - tall[start]) / room for end in range(start + 1, furthest + 1)}
            found.append(max(full, key=lambda end: (good(end, full[end]), end)))

    furthest, uncut = ends(lambda *_: 0), ends(lambda end, _: end not in cut)
    apart = ends(lambda end, full: (end not in cut) * (2 if end not in filled and full >= 1 - EMPTY else 1))
    best = apart if len(apart) == len(uncut) else uncut
    near = {row + by for row in cut for by in range(-NEAR, NEAR + 1)}
    return () if best == furthest and not near & {*best} else best
