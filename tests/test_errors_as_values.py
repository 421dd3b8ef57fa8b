"""The kind of an error is part of a value: in formulas that report, in comparisons, in what charts hold."""

from __future__ import annotations

import math
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl.utils.cell import coordinate_to_tuple

from graddesc_xl import verify
from graddesc_xl.language.expr import Const, Expr, Text, call, where
from graddesc_xl.language.reports import log10
from graddesc_xl.language.values import CODES, CellError, cell_value, engine_value
from graddesc_xl.verification import reading, tiers
from graddesc_xl.verification.grid import EMPTY, OTHER
from graddesc_xl.verification.held import Model, plain
from graddesc_xl.verification.known import KNOWN, of_writer
from graddesc_xl.workbook.cells import Formula, a1
from graddesc_xl.workbook.reference import formula
from graddesc_xl.workbook.sheet import Sheet
from spreadsheet import Spreadsheet

IRONCALC = KNOWN["IronCalc"]


HOME = Sheet("s")
#: cells to compute with: 3, 1E200, some words and an error
HELD: tuple[float | str | Formula, ...] = (3.0, 1e200, "words", Formula("1/0", math.nan))
A = [HOME.put(row, 1, content) for row, content in enumerate(HELD, 1)]
CELLS, NUMBERS = HOME.block(1, 1, 4), HOME.block(1, 1, 2)
FORMULAS: dict[str, Expr] = {
    "a number": A[0] * 2,
    "overflow": A[1] * A[1],
    "overflow of the other sign": (Const(0) - A[1]) * A[1],
    "division by zero": A[0] / 0,
    "an error stays what it is": A[3] + A[1] * A[1],
    "text where a number belongs": A[2] * 2,
    "text in a function": call("abs", A[2]),
    "the logarithm of 0": call("log10", Const(0)),
    "no logarithm": log10(Const(-1)),
    "a logarithm": log10(A[1]),
    "the root of a negative number": call("sqrt", Const(-1)),
    "no match": call("match", 5, CELLS, 0),
    "a match behind an error": call("match", "words", CELLS, 0),
    "an index beyond the range": call("index", CELLS, 9),
    "an index of an error": call("index", CELLS, 4),
    "a remainder by 0": call("mod", A[0], 0),
    "a sum with an error": call("sum", CELLS),
    "a sum that overflows": call("sumsq", NUMBERS),
    "the largest of an error": call("largest", CELLS),
    "a count of numbers only": call("count", CELLS),
    "an error caught": call("if_error", A[3], "caught"),
    "a condition on an error": where(A[3] > 1, 1, 2),
    "a branch not taken": where(A[0] > 1, A[0], A[3]),
    "an error in a sentence": Text("sum ") & A[3],
    "no error is a number": call("is_number", A[3]),
    "not available": call("na"),
}


def _ironcalc(formula: str) -> Any:
    import ironcalc

    model = ironcalc.create("m")
    for row, content in enumerate(("3", "1E200", "words", "=1/0"), 1):
        model.set_user_input(0, row, 1, content)
    model.set_user_input(0, 1, 2, f"={formula}")
    model.evaluate()
    return plain(model.get_cell_value(0, 1, 2))


@pytest.mark.parametrize("case", FORMULAS)
def test_a_report_formula_is_worth_what_a_spreadsheet_computes(case: str) -> None:
    """IronCalc computes from the formula's text its value, and an error of the same kind."""
    made = formula(FORMULAS[case], "s")
    wanted = _ironcalc(made.text)
    assert made.value == (pytest.approx(wanted, rel=1e-15) if isinstance(wanted, float) else wanted), made.text


def test_an_engines_float_becomes_a_cell_and_back() -> None:
    """#NUM! and #DIV/0! are the engine's two errors; every other kind is one that it never gives."""
    for error in (CellError.NUM, CellError.DIV0):
        assert cell_value(engine_value(error)) is error
    assert cell_value(-math.inf) is CellError.NUM
    strangers = (CellError.REF, CellError.NA, CellError.VALUE, CellError.NAME, CellError.NULL, "words", None)
    assert all(math.isnan(engine_value(value)) for value in strangers)
    assert [cell_value(engine_value(value)) for value in strangers] == [*strangers[:5], *[CellError.VALUE] * 2]
    assert math.copysign(1, cell_value(-0.0)) == 1  # type: ignore[arg-type]  # a number stays one
    assert Formula("A1", math.inf).value is CellError.NUM


def test_errors_of_different_kinds_are_infinitely_far_apart() -> None:
    """In both comparisons, of single values and of arrays; only what is known of a program is let through."""
    kinds = list(CellError)
    for found in kinds:
        for wanted in kinds:
            assert tiers.distance(found, wanted) == (0.0 if found is wanted else math.inf)
        assert tiers.distance(found, 1.0) == tiers.distance(1.0, found) == math.inf
    passed = [(f, w) for f in kinds for w in kinds if f is not w and not tiers.distance(f, w, known=IRONCALC)]
    assert passed == [(CellError.DIV0, CellError.NUM)]
    assert tiers.scaled(np.array([0.0, 1e-300]), np.zeros(2), np.zeros(2)).tolist() == [0.0, math.inf]
    grid = np.array([*CODES.values(), OTHER, EMPTY, 1.0])
    differ = np.isinf(tiers.scaled(grid[:, None], grid, np.ones(1)))
    assert differ[:, : len(CODES)].tolist() == (~np.eye(grid.size, dtype=bool))[:, : len(CODES)].tolist()
    assert differ[:-1, -1].all() and not differ[-1, -1]


def _charts(path: Path) -> list[tuple[str, list[str | None]]]:
    """Every range that a chart draws, with the points that the file holds of it: None where it holds none."""
    found = []
    with zipfile.ZipFile(path) as file:
        for part in file.namelist():
            if part.startswith("xl/charts/chart"):
                for area, cache in re.findall(
                    r"<c:f>([^<]*)</c:f><c:numCache>(.*?)</c:numCache>", file.read(part).decode()
                ):
                    count = int(re.findall(r'<c:ptCount val="(\d+)"', cache)[0])
                    points = dict(re.findall(r'<c:pt idx="(\d+)"><c:v>([^<]*)</c:v>', cache))
                    found.append((area, [points.get(str(i)) for i in range(count)]))
    return found


@pytest.mark.parametrize("book", ["workbook", "two_neurons"])
def test_charts_have_gaps_before_anything_is_computed(book: str, request: pytest.FixtureRequest) -> None:
    """The points that a file holds for its charts are its cells: a number each, and none for an error cell."""
    path = request.getfixturevalue(book)
    held, _ = reading.read_file(path)
    gaps = 0
    for area, points in _charts(path):
        sheet, _, corners = area.rpartition("!")
        ends = [coordinate_to_tuple(corner.replace("$", "")) for corner in corners.split(":")]
        first, last = ends[0], ends[-1]
        cells = [(row, column) for row in range(first[0], last[0] + 1) for column in range(first[1], last[1] + 1)]
        values = held.values(sheet.strip("'").replace("''", "'"), cells).values()
        for point, value in zip(points, values, strict=True):
            assert (point is None) == isinstance(value, CellError), area
            assert point is None or float(point) == pytest.approx(value)
            gaps += point is None
    assert (gaps > 100) == (book == "two_neurons")


def _poisoned(path: Path, target: Path, poisons: dict[str, dict[str, CellError]]) -> Path:
    """A copy in which single formula cells hold other errors."""
    parts = {f"xl/worksheets/sheet{i}.xml": name for i, name in enumerate(reading.load(path).sheets, 1)}
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for part in source.namelist():
            content = source.read(part)
            for cell, error in poisons.get(parts.get(part, ""), {}).items():
                old = re.search(rf'<c r="{cell}"[^>]*t="e"><f.*?</c>'.encode(), content)
                assert old, f"{cell} is no error cell"
                new = re.sub(rb"<v>.*</v>", f"<v>{error}</v>".encode(), old[0])
                content = content.replace(old[0], new)
            out.writestr(part, content)
    return target


def _errors(model: Model, sheet: str, error: CellError) -> list[str]:
    formulas = [at for at in model.used(sheet) if model.formula(sheet, *at)]
    return [a1(*at) for at, value in model.values(sheet, formulas).items() if value is error]


def test_an_error_of_another_kind_is_found_and_named(few_neurons: Path, tmp_path: Path) -> None:
    """A #NUM! for an #N/A, a #REF! or #DIV/0! for a #NUM!: each fails, with its cell, what it shows and what it should.

    Of values that the file holds as it was written, nothing is forgiven.
    """
    model = reading.load(few_neurons)
    assert of_writer(few_neurons) is None
    cases = {
        "learning rates": (CellError.NA, CellError.NUM),
        "learning rates steps": (CellError.NUM, CellError.REF),
        "fixes steps": (CellError.NUM, CellError.DIV0),
    }
    cells = {sheet: _errors(model, sheet, right)[3] for sheet, (right, _) in cases.items()}
    poisons = {sheet: {cells[sheet]: wrong} for sheet, (_, wrong) in cases.items()}
    report = verify(_poisoned(few_neurons, tmp_path / "poisoned.xlsx", poisons))
    failed = {result.sheet: result for result in report.sets[0].sheets if not result.ok}
    assert {sheet: result.where for sheet, result in failed.items()} == cells
    for sheet, (right, wrong) in cases.items():
        assert failed[sheet].note == f"shows {wrong}, not {right}"
    assert report.sets[1].ok


def test_what_is_known_of_a_program_counts_in_the_files_it_saves(workbook: Path, tmp_path: Path) -> None:
    """A file says who saved it; only for IronCalc and LibreOffice something is known."""
    copy = Spreadsheet(reading.load(workbook)).save(tmp_path / "saved.xlsx")
    assert of_writer(copy) is IRONCALC and of_writer(workbook) is None
