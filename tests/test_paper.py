"""Every sheet as it prints: nothing too small to read, few pages, hidden lists not at all."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graddesc_xl.verification import libreoffice
from graddesc_xl.workbook.cells import Area, column_number
from graddesc_xl.workbook.paper import paper, pixels, smallest
from graddesc_xl.workbook.paper import printed as printed_cells
from graddesc_xl.workbook.sheet import Chart, Series, Sheet
from graddesc_xl.workbook.style import Style

#: points; pages of one sheet; A4 in inches
SMALLEST, MOST, LONG, SHORT = 7.0, 3, 11.69, 8.27


#: the first row and column of a chart, and the last ones
Corners = tuple[int, int, int, int]


@dataclass(frozen=True)
class Printed:
    """What a file says of a sheet's print.

    torn: the corners of charts that begin in what is printed and are not on one page.
    """

    name: str
    hidden: bool
    scale: float
    font: float
    pages: int
    area: str
    torn: list[Corners]


def ones(text: str, name: str) -> str:
    """An element's attribute."""
    found = re.search(rf' {name}="([^"]*)"', text)
    return found[1] if found else ""


def sizes(styles: str) -> list[float]:
    """The size of the font of each format."""
    fonts = [float(size) for size in re.findall(r'<sz val="([\d.]+)"/>', styles.partition("<fills")[0])]
    formats = re.search(r"<cellXfs.*?</cellXfs>", styles, re.DOTALL)
    assert formats
    return [fonts[int(font)] for font in re.findall(r'<xf [^>]*?fontId="(\d+)"', formats[0])]


def charts(file: zipfile.ZipFile, part: str) -> Iterator[Corners]:
    """Where each chart of a sheet stands."""
    links = part.replace("worksheets/", "worksheets/_rels/") + ".rels"
    if links not in file.namelist():
        return
    drawing = re.search(r'Target="\.\./(drawings/[^"]*\.xml)"', file.read(links).decode())
    if drawing:
        content = file.read(f"xl/{drawing[1]}").decode()
        corner = r"<xdr:{}><xdr:col>(\d+)<.*?Off>(\d+)<.*?<xdr:row>(\d+)<.*?Off>(\d+)<.*?"
        for found in re.findall(corner.format("from") + corner.format("to"), content):
            left, _, top, _, right, further, bottom, lower = map(int, found)
            yield top + 1, left + 1, bottom + bool(lower), right + bool(further)


def printed(path: Path) -> Iterator[Printed]:
    """How each sheet of a file prints, by its XML alone."""
    with zipfile.ZipFile(path) as file:
        book, fonts = file.read("xl/workbook.xml").decode(), sizes(file.read("xl/styles.xml").decode())
        named = re.findall(r'Print_Area" localSheetId="(\d+)"[^>]*>[^<]*?!([^<]*)<', book)
        areas = {int(number): area.replace("$", "") for number, area in named}
        for i, sheet in enumerate(re.findall(r"<sheet [^>]*/>", book)):
            part = f"xl/worksheets/sheet{i + 1}.xml"
            yield of_page(file, part, sheet, areas.get(i, ""), fonts)


def of_page(file: zipfile.ZipFile, part: str, sheet: str, area: str, fonts: list[float]) -> Printed:
    """One of them."""
    page, drawn = file.read(part).decode(), [*charts(file, part)]
    used = area or ones(page, "ref")
    letters, row = re.fullmatch(r"(?:[A-Z]+\d+:)?([A-Z]+)(\d+)", used).groups()  # type: ignore[union-attr]  # always
    last, column = int(row), column_number(letters)
    if not area:
        last, column = max([last, *(r for _, _, r, _ in drawn)]), max([column, *(c for *_, c in drawn)])
    widths = dict.fromkeys(range(1, column + 1), 64)
    for low, high, wide, rest in re.findall(r'<col min="(\d+)" max="(\d+)" width="([\d.]+)"([^>]*)/>', page):
        for c in range(int(low), min(int(high), column) + 1):
            widths[c] = 0 if 'hidden="1"' in rest else int(float(wide) * 7 + 0.5)
    heights = {
        int(r): 0.0 if 'hidden="1"' in rest else float(ones(rest, "ht") or 15) * 4 / 3
        for r, rest in re.findall(r'<row r="(\d+)"([^>]*)>', page)
    }
    tall = sum(heights.get(r, 20.0) for r in range(1, last + 1))
    setup, landscape = re.search(r"<pageSetup[^>]*>", page), "landscape" in page
    assert setup
    margins = [float(ones(page, side)) for side in ("left", "top")]
    across, down = (LONG, SHORT) if landscape else (SHORT, LONG)
    wide, high = (across - 2 * margins[0]) * 96, (down - 2 * margins[1]) * 96
    breaks, ends = (
        [int(b) for b in re.findall(r'<brk id="(\d+)"', "".join(re.findall(f"<{way}Breaks.*?</{way}Breaks>", page)))]
        for way in ("col", "row")
    )
    if "fitToPage" in page:
        assert not breaks, "columns that fit have no breaks"
        assert not ends or ones(setup[0], "fitToHeight") == "0", "rows that fit have no breaks"
        scale = min(100, 100 * wide / sum(widths.values()))
        if ones(setup[0], "fitToHeight") != "0":
            scale = min(scale, 100 * high * int(ones(setup[0], "fitToHeight") or 1) / tall)
    else:
        scale = float(ones(setup[0], "scale") or 100)
        for start, end in zip([0, *breaks], [*breaks, column], strict=True):
            assert sum(widths[c] for c in range(start + 1, end + 1)) * scale / 100 <= wide, (sheet, start)
    cells = re.findall(r'<c r="([A-Z]+)(\d+)"(?: s="(\d+)")?[^>]*>', page)
    shown = [fonts[int(s or 0)] for c, r, s in cells if int(r) <= last and column_number(c) <= column]
    font = min([*shown, *([10.0] if drawn else [])])
    pages = (len(breaks) + 1) * (len(ends) + 1 if ends else int(-(-tall * scale // (100 * high) - 0.02)))
    for start, end in zip([0, *ends], [*ends, last], strict=True):
        assert not ends or sum(heights.get(r, 20.0) for r in range(start + 1, end + 1)) * scale / 100 <= high, sheet

    def torn(corners: Corners) -> bool:
        top, left, bottom, right = corners
        inside = top <= last and left <= column
        across = any(left <= end < right for end in breaks) or right > column
        return inside and (across or any(top <= end < bottom for end in ends) or bottom > last)

    name = ones(sheet, "name")
    return Printed(name, "hidden" in sheet, scale, font, max(1, pages), area, [*filter(torn, drawn)])


@pytest.mark.parametrize("name", ["workbook", "two_neurons", "bent", "first_steps"])
def test_print_can_be_read(name: str, request: pytest.FixtureRequest) -> None:
    """No sheet prints smaller than 7 pt, few on more than one page; no chart is torn; hidden lists have no area."""
    sheets = [*printed(request.getfixturevalue(name))]
    seen = [sheet for sheet in sheets if not sheet.hidden]
    assert not [sheet for sheet in seen if sheet.scale * sheet.font / 100 < SMALLEST - 0.05]
    assert not [sheet for sheet in seen if sheet.pages > MOST]
    assert not [sheet for sheet in seen if sheet.torn]
    assert not [sheet for sheet in sheets if sheet.hidden and sheet.area]
    assert sum(sheet.pages for sheet in seen) <= 1.5 * len(seen)


def test_charts_are_written_in_a_size_that_prints(workbook: Path) -> None:
    """The text of a chart is no smaller than that of cells."""
    with zipfile.ZipFile(workbook) as file:
        found = [file.read(part).decode() for part in file.namelist() if part.startswith("xl/charts/chart")]
    assert found and min(int(size) for chart in found for size in re.findall(r' sz="(\d+)"', chart)) >= 1000


def test_libreoffice_prints_what_is_shown(workbook: Path, soffice: str, tmp_path: Path) -> None:
    """A PDF of the whole workbook has a few pages, none of a hidden list."""
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    assert libreoffice.find(soffice)
    subprocess.run(
        [soffice, "--headless", profile, "--convert-to", "pdf", "--outdir", tmp_path, workbook],
        check=True,
        capture_output=True,
        timeout=240,
    )
    pages = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / f"{workbook.stem}.pdf").read_bytes()))
    shown = [sheet for sheet in printed(workbook) if not sheet.hidden]
    assert len(shown) <= pages <= 2 * len(shown)


def wide(count: int, *, size: float = 10, **more: object) -> Sheet:
    """A sheet of so many columns of 100 pixels."""
    sheet = Sheet("wide", **more)  # type: ignore[arg-type]  # its fields
    for column in range(1, count + 1):
        sheet.put(1, column, 1.0, Style(size=size))
        sheet.widths[column] = 95 / 7
    return sheet


def test_what_fits_is_on_one_page_and_larger_print_may_shrink_further() -> None:
    """Ten columns fit as they are, fifteen at 70 %; sixteen do not, unless their print is large."""
    assert pixels(wide(10), 1) == 100
    assert (paper(wide(10)).scale, paper(wide(10)).ends) == (100, ())
    assert (paper(wide(15)).scale, paper(wide(15)).ends) == (70, ())
    assert paper(wide(16)).ends and paper(wide(16)).scale * smallest(wide(16)) >= 700
    assert not paper(wide(16, size=12)).ends


def test_a_page_ends_where_no_chart_is() -> None:
    """A chart is on one page; columns that repeat take their room on each further one."""
    sheet = wide(20)
    area = Area("wide", 1, 1, 1, 1)
    sheet.charts.append(Chart("chart", "x", "y", [Series("a", area, area, "#000000")], 1, 11, 600, 300))
    assert paper(sheet).ends == (10,)
    assert paper(wide(20)).ends == (13,)
    assert paper(wide(26)).ends == (13,)
    assert paper(wide(26, repeat_columns=2)).ends == (13, 24)


def test_folded_columns_take_no_room() -> None:
    """What is folded away is not printed."""
    sheet = wide(16)
    sheet.aside |= {3, 4}
    assert not paper(sheet).ends


def tall(count: int, *, every: int = 0, **more: object) -> Sheet:
    """A narrow sheet of so many rows of 20 pixels, all of them filled but every so many."""
    sheet = Sheet("tall", **more)  # type: ignore[arg-type]  # its fields
    for row in range(1, count + 1):
        if not every or row % every:
            sheet.put(row, 1, 1.0)
    return sheet


def with_chart(sheet: Sheet, row: int, column: int = 1, **more: int) -> Sheet:
    """A sheet with a chart of twenty rows and six columns of 100 pixels, or of 64 nearly ten."""
    area = Area(sheet.name, 1, 1, 1, 1)
    series = [Series("a", area, area, "#000000")]
    sheet.charts.append(Chart("chart", "x", "y", series, row, column, 600, 400, **more))  # type: ignore[arg-type]
    return sheet


def test_one_page_where_that_can_be_read() -> None:
    """33 rows fit as they are, 48 at 70 %, 49 do not."""
    assert (paper(tall(33)).scale, paper(tall(33)).one) == (100, True)
    assert (paper(tall(48)).scale, paper(tall(48)).one) == (70, True)
    assert (paper(tall(49)).one, paper(tall(49)).down) == (False, 2)
    assert paper(tall(49, portrait=True)).one


def test_a_page_ends_where_it_cuts_no_chart() -> None:
    """A chart that would stand on two pages begins the second; one that would not leaves breaks to programs."""
    assert not paper(tall(60)).rows and paper(tall(60)).fits
    (end,) = paper(with_chart(tall(60), 30)).rows
    assert end == 29 and not paper(with_chart(tall(60), 30)).fits
    assert not paper(with_chart(tall(60), 5)).rows


def test_a_page_ends_between_sections_if_that_takes_no_more() -> None:
    """The empty row nearest to the end of a page ends it; two pages do not become three for that."""
    sheet = tall(60, every=28)
    assert paper(sheet).rows == (28,) and paper(sheet).down == 2
    assert paper(tall(90, every=20)).down == 2 and not paper(tall(90, every=20)).rows


def test_as_few_pages_as_can_be_read() -> None:
    """A sheet is shrunk to have fewer pages, no further than that takes; a list of hundreds of rows is not."""
    assert [paper(tall(count)).down for count in (60, 90, 120)] == [2, 2, 3]
    assert paper(tall(60)).scale > paper(tall(90)).scale >= 70
    assert paper(tall(2000)).scale == 100 and paper(tall(2000)).down > 50


def test_a_chart_is_printed_whole() -> None:
    """A chart that begins in what is printed and ends below or beside it is printed whole; another one is not."""
    sheet = with_chart(tall(60, printed=2, printed_rows=10), 4)
    assert printed_cells(sheet) == (23, 10)
    assert printed_cells(with_chart(tall(60, printed=2, printed_rows=10), 11)) == (10, 2)
    sheet.heights |= dict.fromkeys(range(4, 12), 7.5)
    assert printed_cells(sheet) == (27, 10)
    assert printed_cells(with_chart(tall(60, printed=2, printed_rows=10), 4, offset=64)) == (23, 11)


def test_a_chart_below_the_last_cell_is_printed() -> None:
    """Where all rows are printed, charts below them are too; a program may end a page a little earlier than we do."""
    assert printed_cells(with_chart(tall(10, printed=10), 30)) == (49, 10)
    assert printed_cells(with_chart(tall(10, printed=2), 30, 3)) == (10, 2)
    assert paper(with_chart(with_chart(tall(10), 14), 34)).rows == (33,), "though it is where programs would end it"


def test_columns_that_fit_only_just_leave_the_scale_to_programs() -> None:
    """Other widths by a little must not tear a column off; the pages end at rows all the same."""
    sheet = with_chart(with_chart(wide(15), 2), 30)
    assert (paper(sheet).tight, paper(sheet).ends, paper(sheet).rows) == (True, (), (29,))
    assert not paper(with_chart(with_chart(wide(10), 2), 30)).tight


def test_pages_end_where_parts_do() -> None:
    """Parts of a sheet that is too wide have pages of their own, as many of them on one as fit."""
    assert paper(wide(20, page_ends=(6, 12))).ends == (12,)
    assert paper(wide(20, page_ends=(6,))).ends == (6, 19)
    assert paper(wide(14, page_ends=(6,))).one
