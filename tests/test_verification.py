"""`verify`: it finds what is wrong, names it, and is not fooled by files that are no workbooks."""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from graddesc_xl import LESSONS, verify
from graddesc_xl.errors import GraddescError, RecalculationError, WorkbookError
from graddesc_xl.verification import libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.held import Model
from graddesc_xl.verification.report import Report
from graddesc_xl.workbook.cells import a1
from once import Everywhere
from shared import rewritten
from spreadsheet import Spreadsheet

Poisoned = Callable[..., Path]


def _value(new: str) -> Callable[[str], str]:
    return lambda cell: re.sub(r"<v>.*?</v>", f"<v>{new}</v>", cell)


def test_a_built_workbook_passes(workbook: Path) -> None:
    """Both tiers hold on the file's values and on IronCalc's."""
    report = verify(workbook)
    assert report.ok and report.book == "graddesc" and not report.inputs
    assert [values.name for values in report.sets] == ["held by the file", "IronCalc"]
    for values in report.sets:
        assert {sheet.sheet for sheet in values.sheets} >= {"overview", "data", "basic", "adam_ann", "check"}
        assert all(sheet.worst <= 1e-12 for sheet in values.sheets)


@pytest.mark.parametrize("name", LESSONS)
def test_every_program_agrees(name: str, verified: Callable[[str], Everywhere], soffice: str, ssconvert: str) -> None:
    """On every workbook as built both tiers hold: on LibreOffice's and Gnumeric's recalculation as well."""
    report = verified(name).report
    assert report.ok, report.to_dict()
    assert report.book == name and not report.inputs and not report.problems
    assert [values.name for values in report.sets] == ["held by the file", "IronCalc", "LibreOffice", "Gnumeric"]


def test_libreoffice_does_recalculate(tiny: Path, tmp_path: Path, soffice: str) -> None:
    """LibreOffice does not just hand back what the file holds: a poisoned cache is gone from its values."""
    held = reading.load(tiny)
    at = next((row, 6) for row, column in held.used("sgd") if column == 6 and held.formula("sgd", row, 6))
    right = held.value("sgd", *at)
    assert isinstance(right, float) and right != 1.5
    path = rewritten(tiny, tmp_path / "poisoned.xlsx", held, [("sgd", a1(*at), _value("1.5"))])
    assert reading.load(path).value("sgd", *at) == 1.5
    with libreoffice.recalculated(path, soffice, Limits(180)) as copy:
        assert reading.load(copy).value("sgd", *at) == pytest.approx(right, rel=1e-14)


POISONS: dict[str, tuple[str, str, Callable[[str], str], str]] = {
    "a wrong cached value": ("basic", "K12", _value("5"), "de/db"),
    "a wrong value in the ninth digit": ("adam", "L30", lambda c: re.sub(r"(\.\d{4})\d", r"\g<1>9", c), "avg (de/db)²"),
    "a wrong start": ("momentum", "J3", _value("1"), "start of avg de/db"),
    "a wrong start below the rows": ("adam", "L33", _value("1"), "start of avg (de/db)²"),
    "a wrong start of a later epoch": ("rmsprop", "K37", _value("1"), "start of avg (de/da)²"),
    "a number where 0 belongs": ("adam", "J373", _value("1"), "start of avg de/db"),
    "a wrong footer": ("basic", "L33", _value("1"), "√Σ"),
    "an error where a number belongs": (
        "basic",
        "E9",
        lambda c: _value("#NUM!")(c).replace(" s=", ' t="e" s='),
        "y_pred",
    ),
}


@pytest.fixture(scope="module")
def wrong(workbook: Path, held: Model, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Report]:
    """What `verify` says of a case of wrong values: those on different sheets are in one file."""
    files: list[dict[str, str]] = []
    for case, (sheet, *_) in POISONS.items():
        free = next((file for file in files if sheet not in file), None)
        if free is None:
            files.append(free := {})
        free[sheet] = case

    @cache
    def report(number: int) -> Report:
        cells = [POISONS[case][:3] for case in files[number].values()]
        return verify(rewritten(workbook, tmp_path_factory.mktemp("wrong") / "poisoned.xlsx", held, cells))

    return lambda case: report(next(i for i, file in enumerate(files) if case in file.values()))


@pytest.mark.parametrize("case", POISONS)
def test_a_wrong_value_is_found_and_its_cell_named(wrong: Callable[[str], Report], case: str) -> None:
    """The local tier names the guilty cell and column, not the cells computed from it."""
    sheet, cell, _, column = POISONS[case]
    report = wrong(case)
    failed = [s for s in report.sets[0].sheets if not s.ok and s.sheet == sheet]
    assert not report.ok
    assert [s.where for s in failed] == [cell]
    assert column in failed[0].column


FORMULA_POISONS: dict[str, tuple[str, str, Callable[[str], str], str]] = {
    "a wrong formula": (
        "basic",
        "K12",
        lambda c: c.replace("2*", "3*"),
        "holds =3*(E12-B12), not =2*(E12-B12)",
    ),
    "a swapped column": ("momentum", "H40", lambda c: c.replace("J40", "K40"), "holds =C40-K40*$D$2, not"),
    "a constant where a formula was": (
        "rmsprop",
        "L20",
        lambda c: re.sub(r"<f>.*?</f>", "", c),
        "holds the constant 3613",
    ),
    "a wrong formula in the overview": (
        "overview",
        "C13",
        lambda c: c.replace("O14", "O15"),
        "overview!C13",
    ),
}


def test_a_wrong_formula_is_found_and_its_cell_named(poisoned: Poisoned) -> None:
    """Formulas that are not the plan's are named, and no others, even where the cached value is right."""
    problems = verify(poisoned(*(poison[:3] for poison in FORMULA_POISONS.values()))).problems
    assert len(problems) == len(FORMULA_POISONS)
    for case, (sheet, cell, _, sentence) in FORMULA_POISONS.items():
        assert [f"{sheet}!{cell}" in said and sentence in said for said in problems].count(True) == 1, case


def test_a_wrong_value_on_a_report_sheet_is_found(poisoned: Poisoned) -> None:
    """Cells that report on other sheets are checked too: overview, check, the table by epoch, the list of steps."""
    cells = {("overview", "C12"), ("check", "B8"), ("basic", "Q15"), ("basic steps", "E20")}
    report = verify(poisoned(*((sheet, cell, _value("5.5")) for sheet, cell in cells)))
    assert {(s.sheet, s.where) for s in report.sets[0].sheets if not s.ok} == cells


def test_a_changed_input_is_verified_against_itself(model: Spreadsheet, tmp_path: Path, soffice: str) -> None:
    """A workbook whose inputs a person changed passes, and the report says which.

    With a rate that explodes, IronCalc, LibreOffice and the engine agree on which cells are errors.
    """
    model.type_number("basic", 1, 6, 1e-2)
    model.type_number("momentum", 1, 3, 5.0)
    model.recalculate()
    path = tmp_path / "edited.xlsx"
    model.save(path)
    report = verify(path, libreoffice=soffice)
    assert report.ok, report.to_dict()
    assert report.inputs == {"basic": {"lr": 0.01}, "momentum": {"b": 5.0}}
    assert "exploded" in str(report.trace("basic").verdict)


def test_replaced_samples_are_verified_against_themselves(model: Spreadsheet, tmp_path: Path) -> None:
    """A workbook whose x and y a person replaced by numbers passes against a run on those."""
    for row in range(5, 34):
        model.type_number("data", row, 2, float(row))
        model.type_number("data", row, 3, 100.0 - row)
    model.recalculate()
    path = tmp_path / "replaced.xlsx"
    model.save(path)
    report = verify(path)
    assert report.ok, report.to_dict()
    assert "data" in report.inputs


def test_a_workbook_of_somebody_else_is_recalculated(tmp_path: Path) -> None:
    """A workbook that is not ours is said to be none; its formulas are checked against their own values."""
    import xlsxwriter

    path = tmp_path / "other.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("mine")
    sheet.write_number("A1", 2)
    sheet.write_formula("A2", "=A1*3", None, 6)
    sheet.write_formula("A3", "=A1*4", None, 6)
    book.close()
    report = verify(path)
    assert report.book is None and not report.ok
    assert report.sets[0].sheets[0].where == "A3"


def _zip(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def _rewritten(workbook: Path, path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(workbook) as source:
        return _zip(path, {n: change(source.read(n)) if n == part else source.read(n) for n in source.namelist()})


def test_files_that_are_no_workbooks(workbook: Path, tmp_path: Path) -> None:
    """Each kind of bad file is refused with a sentence that says what it is."""
    text = tmp_path / "text.xlsx"
    text.write_text("not a zip")
    truncated = tmp_path / "truncated.xlsx"
    truncated.write_bytes(workbook.read_bytes()[:50_000])
    external = b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///a"><a/>'
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>'
    cases = {
        tmp_path / "missing.xlsx": "There is no file",
        tmp_path: "is a folder",
        text: "is not a workbook",
        truncated: "is not a workbook in the .xlsx format, or it was cut off",
        _zip(tmp_path / "zip.xlsx", {"a.txt": b"a"}): "without xl/workbook.xml",
        _zip(tmp_path / "bomb.xlsx", {"xl/workbook.xml": b"0" * 500_000_000}): "would unpack to",
        _zip(tmp_path / "entity.xlsx", {"xl/workbook.xml": entity}): "declares XML entities",
        _zip(tmp_path / "external.xlsx", {"xl/workbook.xml": external}): "declares XML entities",
        _zip(tmp_path / "utf16.xlsx", {"xl/workbook.xml": "<a/>".encode("utf-16")}): "is not written in UTF-8",
        _zip(tmp_path / "empty.xlsx", {"xl/workbook.xml": b"<a/>"}): "is not a workbook",
        _rewritten(
            workbook,
            tmp_path / "cut.xlsx",
            "xl/worksheets/sheet3.xml",
            lambda b: b[: b.rindex(b">", 0, 999) + 1] + b"<",
        ): "unclosed token",
    }
    for path, sentence in cases.items():
        with pytest.raises(WorkbookError, match=re.escape(sentence)):
            verify(path)


def test_a_workbook_without_one_of_its_sheets(workbook: Path, tmp_path: Path) -> None:
    """A sheet that a person deleted or renamed is missed by name."""
    path = _rewritten(
        workbook,
        tmp_path / "renamed.xlsx",
        "xl/workbook.xml",
        lambda b: b.replace(b'name="rmsprop"', b'name="mine"'),
    )
    report = verify(path)
    assert not report.ok
    said = "The sheet rmsprop is gone; the sheet mine holds what belongs there: rename it rmsprop."
    assert report.problems == (said,)


def test_text_in_an_input_cell(model: Spreadsheet, tmp_path: Path) -> None:
    """An input that holds no number is named with its address."""
    model.model.update_cell_with_text(model.sheets["basic"], 1, 6, "fast")
    path = tmp_path / "text.xlsx"
    model.save(path)
    with pytest.raises(WorkbookError, match=r"basic!F1 \(learn\) must hold a number, not 'fast'"):
        verify(path)


def _program(path: Path, body: str) -> str:
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-ins for a failing LibreOffice are scripts with a #! line"
)
def test_a_libreoffice_that_fails(workbook: Path, tmp_path: Path) -> None:
    """Missing, hanging, crashing or silent: each is a sentence, and nothing is left running."""
    with pytest.raises(RecalculationError, match="There is no program"):
        verify(workbook, libreoffice=tmp_path / "nowhere")
    cases = {
        _program(tmp_path / "hang", "import time; time.sleep(60)"): "within 3 seconds and was stopped",
        _program(tmp_path / "crash", "import sys; sys.exit('out of luck')"): "out of luck",
        _program(tmp_path / "silent", "pass"): "it gave no reason",
    }
    for program, sentence in cases.items():
        with (
            pytest.raises(RecalculationError, match=re.escape(sentence)),
            libreoffice.recalculated(workbook, libreoffice.find(program), Limits(3)),
        ):
            pass


def test_every_error_is_one_of_ours() -> None:
    """A script can catch a single class."""
    assert issubclass(WorkbookError, GraddescError) and issubclass(RecalculationError, GraddescError)
