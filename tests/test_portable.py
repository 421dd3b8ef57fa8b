"""What the workbooks may hold so that every spreadsheet program reads them alike."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from graddesc_xl.verification import libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.workbook.live import Live
from graddesc_xl.workbook.thread import rate

#: functions that Excel 2007, LibreOffice, Gnumeric, IronCalc and HyperFormula 3.5 know and agree on
SHARED = {
    "ABS", "AND", "AVERAGE", "COUNT", "COUNTIF", "DEVSQ", "IF", "IFERROR", "INDEX", "ISNUMBER", "LEFT", "LN", "LOG10",
    "MATCH", "MAX", "MID", "MIN", "MOD", "NA", "OR", "ROUND", "ROUNDDOWN", "SLOPE", "SQRT", "SUM", "SUMSQ",
}  # fmt: skip
RANGE = re.compile(r"\$?[A-Z]{1,3}\$?\d+:\$?[A-Z]{1,3}\$?\d+")


@pytest.fixture(scope="module", params=["workbook", "two_neurons"])
def formulas(request: pytest.FixtureRequest) -> list[str]:
    """Every formula of a workbook, those of its rules and conditions included, without the texts in them."""
    found: set[str] = set()
    with zipfile.ZipFile(request.getfixturevalue(request.param)) as file:
        for name in file.namelist():
            if name.startswith("xl/worksheets/sheet"):
                page = file.read(name).decode()
                found |= {*re.findall(r"<(?:f|formula\d?)(?: [^>]*)?>(.*?)</(?:f|formula\d?)>", page)}
    assert len(found) > 10_000
    return [re.sub(r'"[^"]*"|\'[^\']*\'!|\w+!', "", html.unescape(text)) for text in found]


def test_only_functions_that_all_programs_share(formulas: list[str]) -> None:
    """No formula uses a function that some program lacks (INTERCEPT) or computes otherwise (INT, TEXT)."""
    used = {name for text in formulas for name in re.findall(r"([A-Za-z_][\w.]*)\(", text)}
    assert used and not used - SHARED


def test_a_capital_e_is_a_column(formulas: list[str]) -> None:
    """Numbers are written with a small e: HyperFormula takes the E of 1E-9 for a name."""
    numbers = [text for text in formulas if re.search(r"(?<![A-Za-z$\d.])[\d.]+E", text)]
    assert not numbers, numbers[0]
    assert any(re.search(r"\de-\d", text) for text in formulas)


def test_a_range_is_a_whole_argument(formulas: list[str]) -> None:
    """No formula computes with a range cell by cell: Gnumeric took SUMPRODUCT(MAX(1+x^2)) for that of its first x."""
    for text in formulas:
        for found in RANGE.finditer(text):
            assert text[found.start() - 1] in "(," and text[found.end()] in "),", text


#: a rate, how it is told, and how where others must stay below it
RATES = [
    (1e-4, "1E-4", "1E-4"),
    (1.02e-4, "1.02E-4", "1.02E-4"),
    (4.5e-5, "4.5E-5", "4.5E-5"),
    (5.0497e-5, "5.05E-5", "5.04E-5"),
    (9.994e-5, "9.99E-5", "9.99E-5"),
    (9.996e-5, "1E-4", "9.99E-5"),
    (-4.5e-5, "-4.5E-5", "-4.5E-5"),
    (1e-12, "1E-12", "1E-12"),
    (3e-6, "3E-6", "3E-6"),
    (0.008, "8E-3", "8E-3"),
    (0.5, "5E-1", "5E-1"),
    (0.9996, "1E+0", "9.99E-1"),
    (1.0, "1E+0", "1E+0"),
    (12345.0, "1.23E+4", "1.23E+4"),
    (4.513e32, "4.51E+32", "4.51E+32"),
    (0.0, 0.0, 0.0),
]


@pytest.fixture(scope="module")
def rates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with a rate in a row, beside it how it is told."""
    path = tmp_path_factory.mktemp("rates") / "rates.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("rates")
        for row, (value, _, _) in enumerate(RATES):
            sheet.write(row, 0, value)
            for column, below in ((1, False), (2, True)):
                sheet.write_formula(row, column, f"={rate(Live(f'A{row + 1}', value), below=below).text}", None, "?")
    return path


def told(values: reading.Held | reading.Model) -> list[tuple[object, ...]]:
    """What a program makes of the rates."""
    rows = range(1, len(RATES) + 1)
    found = values.values("rates", [(row, column) for row in rows for column in (1, 2, 3)])
    return [tuple(found[row, column] for column in (1, 2, 3)) for row in rows]


def test_a_rate_in_a_sentence(rates: Path) -> None:
    """A rate is told to three digits, rounded down where it is a limit; IronCalc tells the same."""
    for value, plain, below in RATES:
        assert (rate(Live("A1", value)).value, rate(Live("A1", value), below=True).value) == (plain, below)
    model = reading.load(rates)
    model.recalculate()
    assert told(model) == RATES


def test_a_rate_in_a_sentence_of_libreoffice(rates: Path, soffice: str) -> None:
    """LibreOffice tells the same."""
    with libreoffice.recalculated(rates, soffice, Limits(180)) as copy:
        assert told(reading.read_file(copy)[0]) == RATES
