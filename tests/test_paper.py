"""Every sheet as it prints: nothing too small to read, few pages, hidden lists not at all."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graddesc_xl import build
from graddesc_xl.verification import libreoffice
from graddesc_xl.workbook.cells import Area, column_number
from graddesc_xl.workbook.paper import paper, pixels, smallest
from graddesc_xl.workbook.sheet import Chart, Series, Sheet
from graddesc_xl.workbook.style import Style

#: points; pages of one sheet; A4 in inches
SMALLEST, MOST, LONG, SHORT = 7.0, 4, 11.69, 8.27


@dataclass(frozen=True)
class Printed:
    """What a file says of a sheet's print."""

    name: str
    hidden: bool
    scale: float
    font: float
    pages: int
    area: str


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


def charts(file: zipfile.ZipFile, part: str) -> Iterator[tuple[int, int]]:
    """The last row and column of each chart of a sheet, and that its text has a size."""
    links = part.replace("worksheets/", "worksheets/_rels/") + ".rels"
    if links not in file.namelist():
        return
    drawing = re.search(r'Target="\.\./(drawings/[^"]*\.xml)"', file.read(links).decode())
    if drawing:
        content = file.read(f"xl/{drawing[1]}").decode()
        for column, row in re.findall(r"<xdr:to><xdr:col>(\d+)<.*?<xdr:row>(\d+)<", content):
            yield int(row) + 1, int(column) + 1


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
        last, column = max([last, *(r for r, _ in drawn)]), max([column, *(c for _, c in drawn)])
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
    breaks = [int(b) for b in re.findall(r'<brk id="(\d+)"', "".join(re.findall(r"<colBreaks.*?</colBreaks>", page)))]
    if "fitToPage" in page:
        scale = min(100, 100 * wide / sum(widths.values()))
        if ones(setup[0], "fitToHeight") != "0":
            scale = min(scale, 100 * high / tall)
    else:
        scale = float(ones(setup[0], "scale") or 100)
        for start, end in zip([0, *breaks], [*breaks, column], strict=True):
            assert sum(widths[c] for c in range(start + 1, end + 1)) * scale / 100 <= wide, (sheet, start)
    cells = re.findall(r'<c r="([A-Z]+)(\d+)"(?: s="(\d+)")?[^>]*>', page)
    shown = [fonts[int(s or 0)] for c, r, s in cells if int(r) <= last and column_number(c) <= column]
    font = min([*shown, *([10.0] if drawn else [])])
    pages = (len(breaks) + 1) * int(-(-tall * scale // (100 * high) - 0.02))
    return Printed(ones(sheet, "name"), "hidden" in sheet, scale, font, max(1, pages), area)


@pytest.fixture(scope="module")
def first_steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest workbook."""
    return build("first-steps", tmp_path_factory.mktemp("paper")).path


@pytest.mark.parametrize("name", ["workbook", "two_neurons", "first_steps"])
def test_print_can_be_read(name: str, request: pytest.FixtureRequest) -> None:
    """No sheet prints smaller than 7 pt, none on more than four pages; hidden lists have no area to print."""
    sheets = [*printed(request.getfixturevalue(name))]
    seen = [sheet for sheet in sheets if not sheet.hidden]
    assert not [sheet for sheet in seen if sheet.scale * sheet.font / 100 < SMALLEST - 0.05]
    assert not [sheet for sheet in seen if sheet.pages > MOST]
    assert not [sheet for sheet in sheets if sheet.hidden and sheet.area]
    assert sum(sheet.pages for sheet in seen) <= 2 * len(seen)


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
