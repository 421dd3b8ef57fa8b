"""Numbers as they are shown: by the rules of the file, read apart from what wrote them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from graddesc_xl import Experiment, Lesson, build, dataset
from graddesc_xl.sheets.one_step import OneStep
from graddesc_xl.workbook.cells import column_number
from graddesc_xl.workbook.paper import pixels
from graddesc_xl.workbook.sheet import Sheet
from graddesc_xl.workbook.style import FORMATS, INSTEAD, SCIENTIFIC, Style
from graddesc_xl.workbook.write import write

NUMBERS = [0.0, 1e-12, -1e-7, 3.5e-4, 0.0123, 0.5, -1.0, 14.0, 86.123456, -999.5, 1849.0, -1204.0, 1836.9796]
NUMBERS += [-12345.678, 99999.0, 123456.789, -999999.0, 999999.4, 1e6, -2.5e7, 4.57e75, -1e-300, 1e308]
#: what every format shows of some numbers
SHOWN = {
    "weight": {1849.0: "1,849.0", -12345.678: "-12,345.7", 86.123456: "86.1235", -2.5e7: "-2.50E+07", 0.0: "0.0000"},
    "amount": {1849.0: "1,849.00", 123456.789: "123,457", -999999.0: "-999,999", 1e6: "1.00E+06", 0.5: "0.50"},
    "small": {-1e-7: "-1.00E-07", 3.5e-4: "3.50E-04", 0.0123: "0.0123", 1849.0: "1,849.0", 4.57e75: "4.57E+75"},
    "followed": {
        1836.9796: "1,836.9796",
        1849.0: "1,849.0000",
        -1204.0: "-1,204.0000",
        -1e-7: "-1.0E-07",
        0.0123: "0.012300",
        3.5e-4: "0.00035000",
        1e6: "1,000,000",
        -2.5e7: "-2.5E+07",
        4.57e75: "4.57E+75",
        -999999.0: "-999,999.0000",
        0.0: "0.0000",
    },
    "told": {1849.0: "1,849.00", 123456.789: "123,457", -2.5e7: "-2.50E+07", 4.57e75: "–", 1e308: "–", 0.5: "0.50"},
    "typed": {1e-12: "1.0E-12", -1e-7: "-1.0E-07", 0.0123: "0.0123", 14.0: "14.0", -2.5e7: "-25000000.0"},
}


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    """A column per format, a row per number; a column that has two formats, a text between them."""
    made = Sheet("numbers")
    for column, number in enumerate(INSTEAD, 1):
        made.fill(1, column, None, NUMBERS, Style(number=number))
    mixed = len(INSTEAD) + 1
    for row, number in enumerate(("weight", "weight", "weight", "amount", "general", "weight"), 1):
        made.put(row, mixed, "–" if row == 2 else 1849.0, Style(number=number))
    return made


@pytest.fixture(scope="module")
def file(sheet: Sheet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It, written."""
    path = tmp_path_factory.mktemp("numbers") / "numbers.xlsx"
    write([sheet], path, title="numbers", manifest={})
    return path


def rules(path: Path, part: str = "xl/worksheets/sheet1.xml") -> Iterator[tuple[set[tuple[int, int]], str, str]]:
    """The conditional number formats of a sheet: the cells of each, its condition for the first, its code."""
    with zipfile.ZipFile(path) as book:
        page, styles = book.read(part).decode(), book.read("xl/styles.xml").decode()
    dxfs = re.findall(r"<dxf>.*?</dxf>", styles.partition("<dxfs")[2])
    for areas, content in re.findall(r'<conditionalFormatting sqref="([^"]*)">(.*?)</conditionalFormatting>', page):
        cells = {cell for area in areas.split() for cell in cells_of(area)}
        for look, condition in re.findall(r'dxfId="(\d+)"[^>]*><formula>(.*?)</formula>', content):
            code = re.search(r'formatCode="([^"]*)"', dxfs[int(look)])
            if code:
                yield cells, condition.replace("&gt;", ">").replace("&lt;", "<"), code[1]


def cells_of(area: str) -> Iterator[tuple[int, int]]:
    """The rows and columns of `A1` or `A1:A9`."""
    letters, top, bottom = re.fullmatch(r"([A-Z]+)(\d+)(?::[A-Z]+(\d+))?", area).groups()  # type: ignore[union-attr]  # always
    column = column_number(letters)
    yield from ((row, column) for row in range(int(top), int(bottom or top) + 1))


def holds(condition: str, number: float) -> bool:
    """Whether a condition holds for a number, computed by Python."""
    spelled = re.sub(r"(?<![A-Z])[A-Z]+\d+\b", "x", condition).replace("<>", "!=").replace("^", "**")
    known = {"ABS": abs, "AND": lambda *all_of: all(all_of), "OR": lambda *any_of: any(any_of), "x": number}
    return bool(eval(spelled, {"__builtins__": {}}, known))  # our own text


def shown(number: float, code: str) -> str:
    """A number in a format of the house, as Excel's documentation says."""
    if code.startswith("&quot;"):
        return code.removeprefix("&quot;").removesuffix("&quot;")
    if "E" in code:
        least, most = (len(part) for part in (re.sub("#", "", code.partition("E")[0])[2:], code.partition("E")[0][2:]))
        digits, _, power = f"{number:.{most}E}".partition("E")
        while len(digits.partition(".")[2]) > least and digits.endswith("0"):
            digits = digits[:-1]
        return f"{digits}E{power}"
    least, most = code.partition(".")[2].count("0"), len(code.partition(".")[2])
    told = f"{number:,.{most}f}" if "," in code else f"{number:.{most}f}"
    while len(told.partition(".")[2]) > least and told.endswith("0"):
        told = told[:-1]
    return told


def code_of(
    path: Path, cell: tuple[int, int], number: float, given: str, part: str = "xl/worksheets/sheet1.xml"
) -> str:
    """The format in which a cell shows a number: that of the first rule that holds, else its own."""
    found = (code for cells, condition, code in rules(path, part) if cell in cells and holds(condition, number))
    return next(found, FORMATS[given])


@pytest.mark.parametrize("given", INSTEAD)
def test_numbers_are_shown_as_they_are_read(file: Path, given: str) -> None:
    """Whole numbers up to a million, larger ones as powers of ten; where it matters small ones too."""
    column = [*INSTEAD].index(given) + 1
    told = {n: shown(n, code_of(file, (row, column), n, given)) for row, n in enumerate(NUMBERS, 1)}
    assert {n: told[n] for n in SHOWN[given]} == SHOWN[given]
    assert not [text for n, text in told.items() if abs(n) < 999_999 and "E+" in text and given != "typed"]
    assert not [text for text in told.values() if len(text) > 14]


def test_what_is_followed_has_six_digits(file: Path) -> None:
    """What a step by hand shows of a number is the number to six digits, or to four behind the point."""
    column = [*INSTEAD].index("followed") + 1
    for row, n in enumerate(NUMBERS, 1):
        read = float(shown(n, code_of(file, (row, column), n, "followed")).replace(",", ""))
        assert read == pytest.approx(n, rel=6e-6, abs=6e-5 if 1 <= abs(n) < 1e6 else 6e-7 if abs(n) >= 0.01 else 0), n


def test_a_rule_is_for_cells_of_its_format_alone(sheet: Sheet, file: Path) -> None:
    """A column of several formats: each has its own rules, and a number without one has none."""
    mixed = len(INSTEAD) + 1
    codes = [code_of(file, (row, mixed), 1849.0, "general") for row in range(1, 7)]
    assert codes == ["#,##0.0", "#,##0.0", "#,##0.0", "General", "General", "#,##0.0"]


def test_numbers_fit_their_columns() -> None:
    """The widest number of a format fits the narrowest column that sheets give it, in the widths of Calibri 10."""
    narrowest = {"weight": 8.6, "amount": 9.1, "small": 9.1, "followed": 13.0}
    made = Sheet("widths")
    for given, wide in narrowest.items():
        made.widths[1] = wide
        codes = [FORMATS[given], *(code for _, code in INSTEAD[given])]
        worst = {FORMATS[given]: -999.99996, "#,##0.00": -99999.99, "#,##0": -999999.0, "#,##0.0": -999999.4}
        worst |= {
            SCIENTIFIC: -1.23e-100,
            "0.0####E+00": -1.23456e-100,
            "#,##0.0000": -999999.4,
            "0.000000": -0.999999,
            "0.00000000": -0.00999999,
        }
        for code in codes:
            text = shown(worst[code], code)
            taken = sum(
                6.76 if sign.isdigit() else 6.6 if sign in "E+" else 4.1 if sign == "-" else 3.4 for sign in text
            )
            assert taken <= pixels(made, 1) - 3, (given, code, text)


def test_a_nudge_can_be_seen(tmp_path: Path) -> None:
    """By hand: the squared error, the nudged one and the derivative stand there with the digits that differ."""
    run = Experiment("plain", data=dataset([14.0, 28.0], [58.0, 86.0]), epochs=2)
    path = build(Lesson("By hand", [run, OneStep("by hand", "A step", "plain")]), tmp_path).path
    with zipfile.ZipFile(path) as book:
        names = re.findall(r'<sheet name="([^"]*)"', book.read("xl/workbook.xml").decode())
        part = f"xl/worksheets/sheet{names.index('by hand') + 1}.xml"
        page = book.read(part).decode()
    told = []
    for letter, row, value in re.findall(r'<c r="([DEIJ])(\d+)"[^>]*>(?:<f>[^<]*</f>)?<v>([^<]*)</v>', page):
        if re.fullmatch(r"-?[\d.e+-]+", value) and int(row) > 9:
            (cell,) = cells_of(f"{letter}{row}")
            told.append(shown(float(value), code_of(path, cell, float(value), "followed", part)))
    assert {"1,849.0000", "1,848.1401", "1,836.9796", "-86.0000", "-1,204.0000", "-85.9900"} <= {*told}
