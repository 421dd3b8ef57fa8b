"""The boundary between two classes: where the model is undecided, checked with plain NumPy."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

import graddesc_xl as gx
from graddesc_xl.errors import SettingError
from graddesc_xl.sheets import Boundary, Of
from graddesc_xl.verification.reading import load
from spreadsheet import Spreadsheet

RNG = np.random.default_rng(1)
X = np.round(RNG.normal(size=(30, 2)), 2)
Y = ((X[:, 0] + 2 * X[:, 1]) > 0.2).astype(float)
SAMPLES = gx.data({"age": X[:, 0], "dose": X[:, 1], "cured": Y}, target="cured")
LOGISTIC = gx.experiment(
    "sigmoid(a*age + b*dose + c)", SAMPLES, loss="logistic", lr=0.3, epochs=6, name="logistic", start=0
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A logistic regression and its boundary."""
    lesson = gx.Lesson("Two classes", [LOGISTIC, Boundary("boundary", Of("logistic"), epoch=6)])
    return lesson.build(tmp_path_factory.mktemp("boundary") / "classes.xlsx").path


def line(book: Spreadsheet) -> tuple[list[float], list[float]]:
    """The x and the lowest crossings that the sheet draws."""
    cells = book.held.cells["boundary"]
    (top, place) = next(at for at, value in cells.items() if value == "lowest")
    (_, first) = next(at for at, value in cells.items() if value == "age" and at[0] == top)
    rows = range(top + 1, top + 32)
    xs = [book.value("boundary", row, first) for row in rows]
    return xs, [book.value("boundary", row, place) for row in rows]


@pytest.mark.parametrize("epoch", [6, 2])
def test_the_line_is_where_the_prediction_is_a_half(built: Path, epoch: int) -> None:
    """Of a logistic regression it is straight: dose = -(a*age + c)/b, with the trace's own weights."""
    book, trace = Spreadsheet(load(built)), LOGISTIC.run()
    book.type_number("boundary", 4, 2, epoch)
    book.recalculate()
    a, b, c = (float(trace[f"new_{w}"][epoch - 1, -1]) for w in "abc")
    drawn = [(x, y) for x, y in zip(*line(book), strict=True) if isinstance(y, float)]
    assert len(drawn) > 20
    for x, y in drawn:
        assert abs(y + (a * x + c) / b) < 0.01
    right = ((a * X[:, 0] + b * X[:, 1] + c > 0) == (Y > 0.5)).sum()
    assert book.value("boundary", 5, 2) == right


def test_it_is_checked_like_every_sheet(built: Path, tmp_path: Path, soffice: str, ssconvert: str) -> None:
    """In three programs; a weight that is not the run's is named."""
    assert gx.verify(built, libreoffice=soffice, gnumeric=ssconvert).ok
    poisoned = tmp_path / "poisoned.xlsx"
    with zipfile.ZipFile(built) as source, zipfile.ZipFile(poisoned, "w") as out:
        for name in source.namelist():
            part = source.read(name)
            if name == "xl/worksheets/sheet4.xml":
                before = part
                at = part.index(b'<c r="A7"')
                value = part.index(b"<v>", at)
                part = part[: value + 3] + b"9" + part[value + 3 :]
                assert part != before
            out.writestr(name, part)
    report = gx.verify(poisoned)
    assert not report.ok
    assert any(result.sheet == "boundary" and not result.ok for result in report.sets[0].sheets)


def test_it_is_of_two_inputs(tmp_path: Path) -> None:
    """A model of one input has a fit."""
    e = gx.experiment("a*x + b", gx.GRADDESC, lr=1e-5, epochs=2, name="line")
    with pytest.raises(SettingError, match=r"of two inputs, and line has 1 \(x\): take the sheet of a fit"):
        gx.Lesson("One", [e, Boundary("boundary", Of("line"))]).build(tmp_path / "one.xlsx")


def test_models_of_one_name_live_side_by_side(tmp_path: Path) -> None:
    """Written as text, none has a name of its own: the recipe tells them apart."""
    two = [gx.experiment(text, gx.GRADDESC, lr=1e-5, epochs=2, name=text[0]) for text in ("a*x + b", "b*x + a")]
    assert gx.verify(gx.Lesson("Two", two).build(tmp_path / "two.xlsx").path).ok
