"""Gnumeric as a third opinion, and what is left out of it: numbers that no double holds, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graddesc_xl import verify
from graddesc_xl.errors import RecalculationError
from graddesc_xl.language.values import CellError
from graddesc_xl.verification import gnumeric, overflow, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.grid import Grid
from graddesc_xl.verification.held import Model
from graddesc_xl.workbook.cells import Formula, a1
from graddesc_xl.workbook.sheet import Sheet
from once import Everywhere
from shared import rewritten

LEFT_OUT = re.compile(r"left out, as they come from numbers beyond 1.8e308: (\d+) cells?\b")


def test_gnumeric_agrees(verified: Callable[[str], Everywhere], ssconvert: str) -> None:
    """Gnumeric computes what the workbook holds, in every cell."""
    report = verified("graddesc").report
    assert report.ok, report.to_dict()
    assert report.sets[-1].name == "Gnumeric"
    assert not [sheet for sheet in report.sets[-1].sheets if "left out" in sheet.note]


def test_gnumeric_agrees_on_runs_that_explode(verified: Callable[[str], Everywhere], ssconvert: str) -> None:
    """Of runs that explode only what comes from numbers beyond a double's range is left out: one cell in 950."""
    report = verified("two-neurons").report
    assert report.ok, report.to_dict()
    (values,) = [values for values in report.sets if values.name == "Gnumeric"]
    found = {sheet.sheet: LEFT_OUT.search(sheet.note) for sheet in values.sheets}
    left_out = {name: int(match[1]) for name, match in found.items() if match}
    assert 0 < sum(left_out.values()) < 2e-3 * sum(sheet.cells for sheet in values.sheets)
    stepped = {name for name in left_out if name.endswith(" steps")}
    assert stepped and left_out.keys() - stepped <= {"overview", "check", *(s.removesuffix(" steps") for s in stepped)}


def first(held: Model, column: int) -> tuple[int, int]:
    """The first formula of a column of a small sheet."""
    return next((row, column) for row, at in held.used("sgd") if at == column and held.formula("sgd", row, column))


def test_gnumeric_does_recalculate(tiny: Path, tmp_path: Path, ssconvert: str) -> None:
    """Gnumeric does not just hand back what the file holds, and what it hands back is a whole double."""
    held = reading.load(tiny)
    at = first(held, 6)
    wrong = ("sgd", a1(*at), lambda cell: re.sub(r"<v>.*?</v>", "<v>1.5</v>", cell))
    path = rewritten(tiny, tmp_path / "poisoned.xlsx", held, [wrong])
    assert reading.load(path).value("sgd", *at) == 1.5 != held.value("sgd", *at)
    with gnumeric.recalculated(path, ssconvert, Limits(180)) as copy:
        assert reading.load(copy).value("sgd", *at) == held.value("sgd", *at)


def test_gnumeric_finds_a_wrong_formula(tiny: Path, tmp_path: Path, ssconvert: str) -> None:
    """A formula that is not the one that belongs there makes Gnumeric's values differ too."""
    held = reading.load(tiny)
    at = first(held, 7)
    wrong = ("sgd", a1(*at), lambda cell: re.sub(r"<f>(.*?)</f>", r"<f>(\1)*1.5</f>", cell))
    report = verify(rewritten(tiny, tmp_path / "poisoned.xlsx", held, [wrong]), gnumeric=ssconvert)
    (sheet,) = [sheet for sheet in report.sets[-1].sheets if sheet.sheet == "sgd"]
    assert report.sets[-1].name == "Gnumeric"
    title = next(
        str(held.value("sgd", row, 7)) for row in range(at[0], 0, -1) if isinstance(held.value("sgd", row, 7), str)
    )
    assert (sheet.ok, sheet.where, sheet.column) == (False, a1(*at), title)


def test_no_gnumeric(workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Gnumeric a sentence says how to get it, before anything is computed."""
    with pytest.raises(RecalculationError, match=r"There is no program .*nowhere. Install it \(Debian"):
        verify(workbook, gnumeric=tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RecalculationError, match=r"Gnumeric was not found on PATH. Install it .*apt install gnumeric"):
        verify(workbook, gnumeric=True)


def sheet(name: str, formulas: dict[tuple[int, int], Formula]) -> Sheet:
    """A sheet with formulas."""
    made = Sheet(name)
    for at, formula in formulas.items():
        made.put(*at, formula)
    return made


def test_what_is_left_out() -> None:
    """Cells that a double cannot hold and those that differ because they read one; no other that differs."""
    num = CellError.NUM
    steps = sheet(
        "my steps",
        {
            (1, 1): Formula("B1^2", num),
            (2, 1): Formula("A1*2", num),
            (3, 1): Formula("SQRT(A2)", num),
            (4, 1): Formula("SQRT(B1)", num),
            (5, 1): Formula("B1+1", 7.0),
            (6, 1): Formula("A5+1", 8.0),
            (7, 1): Formula("LN(-B1)", num),
        },
    )
    front = sheet(
        "front",
        {
            (1, 1): Formula("IF(ISNUMBER('my steps'!$A$1),1,0)", 0.0),
            (2, 1): Formula("MAX('my steps'!A3:A4)&\" my steps!A1\"", "–"),
            (3, 1): Formula("'my steps'!A6", 8.0),
            (4, 1): Formula('"A1"&B1', "A1"),
        },
    )
    found: dict[str, dict[tuple[int, int], Any]] = {
        "my steps": {
            **{(1, 1): float("inf"), (2, 1): 3e307, (3, 1): 5e153, (4, 1): 2.0},
            **{(5, 1): 9.0, (6, 1): 10.0, (7, 1): 0.5},
        },
        "front": {(1, 1): 1.0, (2, 1): "5e153", (3, 1): 10.0, (4, 1): "other"},
    }
    grids = {name: Grid.of(cells) for name, cells in found.items()}
    kept, left = overflow.left_out([steps, front], grids)
    assert left == {"my steps": 3, "front": 2}
    found["my steps"] |= {(1, 1): num, (2, 1): num, (3, 1): num}
    found["front"] |= {(1, 1): 0.0, (2, 1): "–"}
    assert {name: {at: kept[name].value(*at) for at in cells} for name, cells in found.items()} == found
    agreeing = {"my steps": Grid.of({at: formula.value for at, formula in steps.formulas().items()})}
    assert overflow.left_out([steps], agreeing) == (agreeing, {})
