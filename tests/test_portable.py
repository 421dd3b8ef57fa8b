"""What the workbooks may hold so that every spreadsheet program reads them alike."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from graddesc_xl.verification import gnumeric, libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.workbook.figures import Figures
from graddesc_xl.workbook.sheet import Sheet

#: functions that Excel 2007, LibreOffice, Gnumeric, IronCalc and HyperFormula 3.5 know and agree on
SHARED = {
    "ABS", "AND", "AVERAGE", "COUNT", "COUNTA", "COUNTIF", "DEVSQ", "IF", "IFERROR", "INDEX", "ISNUMBER", "LEFT", "LN",
    "LOG10", "MATCH", "MAX", "MID", "MIN", "MOD", "NA", "OR", "ROUND", "ROUNDDOWN", "ROW", "SLOPE", "SQRT", "SUM",
    "ISERROR", "SUMPRODUCT", "SUMSQ", "TRIM",
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
    assert len(found) > 1_000
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
    """No formula computes with a range cell by cell: Gnumeric took SUMPRODUCT(MAX(1+x^2)) for that of its first x.

    In a SUMPRODUCT of plain arithmetic, without any function, all programs do.
    """
    for text in map(without_products, formulas):
        for found in RANGE.finditer(text):
            assert text[found.start() - 1] in "(," and text[found.end()] in "),", text


def without_products(text: str) -> str:
    """A formula with what it adds up in a SUMPRODUCT left out, which must be plain arithmetic."""
    while (start := text.find("SUMPRODUCT(")) >= 0:
        inside = start + len("SUMPRODUCT(")
        depth, end = 1, inside
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        assert not re.search(r"[A-Z]+\(", text[inside : end - 1]), text
        text = text[:start] + "0" + text[end:]
    return text


#: a rate, how it is told, and how where others must stay below it
RATES: list[tuple[float, str, str]] = [
    (1e-4, "0.0001", "0.0001"),
    (1.02e-4, "0.000102", "0.000102"),
    (4.5e-5, "4.5E-5", "4.5E-5"),
    (5.0497e-5, "5.05E-5", "5.04E-5"),
    (9.994e-5, "9.99E-5", "9.99E-5"),
    (9.996e-5, "0.0001", "9.99E-5"),
    (-4.5e-5, "-4.5E-5", "-4.5E-5"),
    (1e-12, "1E-12", "1E-12"),
    (3e-6, "3E-6", "3E-6"),
    (0.008, "0.008", "0.008"),
    (-0.01, "-0.01", "-0.01"),
    (0.0255, "0.0255", "0.0255"),
    (0.5, "0.5", "0.5"),
    (0.9996, "1", "0.999"),
    (1.0, "1", "1"),
    (12345.0, "1.23E+4", "1.23E+4"),
    (0.0, "0", "0"),
]
#: a number, to how many places, and how it is told
NUMBERS: list[tuple[float | str, int, str]] = [
    (548.956, 2, "548.96"),
    (87.30499, 2, "87.3"),
    (-3.14159, 4, "-3.1416"),
    (-0.001, 2, "0"),
    (410.0, 2, "410"),
    (0.05, 2, "0.05"),
    (999999.0, 2, "999999"),
    (4.513e32, 2, "4.51E+32"),
    (-1e6, 2, "-1E+6"),
    ("–", 2, "–"),
]


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[tuple[int, int], str]]:
    """A workbook with the helper cells of figures, each worth nothing yet, and how the figures are to be told."""
    path = tmp_path_factory.mktemp("figures") / "figures.xlsx"
    sheet = Sheet("figures")
    figures = Figures(sheet, (1, 3), "")
    given = [value for value, _, _ in RATES] * 2 + [value for value, _, _ in NUMBERS]
    values = [sheet.put(row, 1, value) for row, value in enumerate(given, 1)]
    told = [figures.rate(value, below=below) for below in (False, True) for value in values[: len(RATES)]]
    told += [figures.number(v, places) for v, (_, places, _) in zip(values[-len(NUMBERS) :], NUMBERS, strict=True)]
    wanted = [(plain, lower)[below] for below in (False, True) for _, plain, lower in RATES] + [
        text for _, _, text in NUMBERS
    ]
    assert [figure.value for figure in told] == wanted
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(sheet.name)
        for row, value in enumerate(given):
            page.write(row, 0, value)
        for (row, column), formula in sheet.formulas().items():
            page.write_formula(row - 1, column - 1, f"={formula.text}", None, "?")
    return path, {(figure.row, figure.column): text for figure, text in zip(told, wanted, strict=True)}


Sentences = tuple[Path, dict[tuple[int, int], str]]


def test_figures_in_sentences(sentences: Sentences) -> None:
    """Rates are told to three digits, rounded down where they are limits, numbers to some places; so by IronCalc."""
    path, wanted = sentences
    model = reading.load(path)
    model.recalculate()
    assert model.values("figures", wanted) == wanted


def test_figures_in_sentences_of_gnumeric(sentences: Sentences, ssconvert: str) -> None:
    """So does Gnumeric, which has more digits than others to show."""
    path, wanted = sentences
    with gnumeric.recalculated(path, ssconvert, Limits(180)) as copy:
        assert reading.read_file(copy)[0].values("figures", wanted) == wanted


def test_figures_in_sentences_of_libreoffice(sentences: Sentences, soffice: str) -> None:
    """LibreOffice tells the same."""
    path, wanted = sentences
    with libreoffice.recalculated(path, soffice, Limits(180)) as copy:
        assert reading.read_file(copy)[0].values("figures", wanted) == wanted
