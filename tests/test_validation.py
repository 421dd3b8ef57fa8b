"""Samples held out: what no step saw, predicted with the weights after each epoch."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import graddesc_xl as gx
from graddesc_xl.errors import SettingError
from graddesc_xl.language.values import Array
from graddesc_xl.lessons.recipe import read, spell
from graddesc_xl.verification.reading import load
from spreadsheet import Spreadsheet
from test_kinds import rewritten

SHEET, FIRST = "validation", 6


@pytest.fixture(scope="module")
def samples() -> gx.Dataset:
    """Thirty samples near a line, nine of them held out."""
    rng = np.random.default_rng(3)
    x = np.round(rng.uniform(0, 2, 30), 2)
    return gx.data({"size": x, "price": np.round(1 + 2 * x + 0.3 * rng.normal(size=30), 2)}, validation=0.3)


@pytest.fixture(scope="module")
def lesson(samples: gx.Dataset) -> gx.Lesson:
    """Two runs on them, one of another loss."""
    e = gx.experiment("c*tanh(a*size + b) + d", samples, lr=0.05, epochs=5, name="one")
    return gx.Lesson("Held out", [e, e.with_(name="other", lr=0.02, optimizer="torch_adam", loss="huber")])


@pytest.fixture(scope="module")
def built(lesson: gx.Lesson, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their workbook."""
    return lesson.build(tmp_path_factory.mktemp("held") / "held.xlsx").path


def by_hand(samples: gx.Dataset, epochs: int, lr: float) -> list[float]:
    """The RMSE of the held out samples by epoch: plain NumPy, written apart."""
    assert samples.held_out
    a = b = c = d = 1.0
    found = []
    for _ in range(epochs):
        for x, y in zip(samples.column("size"), samples.ys, strict=True):
            h = np.tanh(a * x + b)
            d_pred = 2 * (c * h + d - y)
            d_z = d_pred * c * (1 - h * h)
            a, b, c, d = a - lr * d_z * x, b - lr * d_z, c - lr * d_pred * h, d - lr * d_pred
        x, y = samples.held_out.column("size"), samples.held_out.ys
        found.append(float(np.sqrt(np.mean((c * np.tanh(a * x + b) + d - y) ** 2))))
    return found


def column(book: Spreadsheet, place: int, epochs: int = 5) -> Array:
    """A column of the table by epoch."""
    return np.array([book.value(SHEET, FIRST + k, place) for k in range(epochs)])


def test_samples_are_held_out_by_a_seed() -> None:
    """Each sample is in one of the two, in its order; another seed holds out others; a number is a number."""
    x = list(range(10))
    split = gx.data({"x": x, "y": x}, validation=0.3, seed=1)
    assert split.held_out
    seen, held = (of.column("x").tolist() for of in (split, split.held_out))
    assert (len(seen), len(held)) == (7, 3)
    assert sorted(seen + held) == x
    assert (seen, held) == (sorted(seen), sorted(held))
    other = gx.data({"x": x, "y": x}, validation=3, seed=2).held_out
    assert other
    assert other.column("x").tolist() != held
    for wrong in (-0.1, 10, 0.99):
        with pytest.raises(SettingError, match="validation"):
            gx.data({"x": x, "y": x}, validation=wrong)


def test_the_held_out_error_is_that_of_a_loop_by_hand(built: Path, samples: gx.Dataset) -> None:
    """What the file holds, what IronCalc computes, and after another rate was typed."""
    book = Spreadsheet(load(built))
    assert np.allclose(column(book, 3), by_hand(samples, 5, 0.05), rtol=1e-12)
    rate = next(at for at, value in book.held.cells["one"].items() if value == 0.05 and at[0] < 4)
    book.type_number("one", *rate, 0.01)
    book.recalculate()
    assert np.allclose(column(book, 3), by_hand(samples, 5, 0.01), rtol=1e-12)
    lowest = int(np.argmin(column(book, 3))) + 1
    assert book.value(SHEET, FIRST + 5, 3) == lowest


def test_other_losses_are_meant(built: Path, samples: gx.Dataset) -> None:
    """The mean Huber loss of the held out samples, with the trace's own weights."""
    assert samples.held_out
    e = gx.experiment("c*tanh(a*size + b) + d", samples, lr=0.02, epochs=5, optimizer="torch_adam", loss="huber")
    trace, found = e.run(), []
    for k in range(5):
        a, b, c, d = (float(trace[f"new_{w}"][k, -1]) for w in "abcd")
        off = np.abs(c * np.tanh(a * samples.held_out.column("size") + b) + d - samples.held_out.ys)
        found.append(float(np.mean(np.where(off <= 1, off**2 / 2, off - 0.5))))
    assert np.allclose(column(Spreadsheet(load(built)), 5), found, rtol=1e-12)


def test_it_verifies_and_its_recipe_holds_the_samples(built: Path, lesson: gx.Lesson, soffice: str) -> None:
    """In IronCalc and LibreOffice, from the file alone; the recipe has both sets."""
    assert gx.verify(built, libreoffice=soffice).ok
    again = read(spell(lesson))
    assert spell(again) == spell(lesson)
    assert again.experiments[0].data.held_out == lesson.experiments[0].data.held_out


def test_a_changed_held_out_sample_is_told(built: Path, tmp_path: Path) -> None:
    """Typed over it is an input that differs, and every validation error follows."""
    book = Spreadsheet(load(built))
    held = next(name for name in book.sheets if name.endswith("held out"))
    book.type_number(held, 5, 2, 1.25)
    book.recalculate()
    report = gx.verify(book.save(tmp_path / "typed.xlsx"))
    assert report.ok
    assert [change.value for change in report.changes] == [1.25]


def cell(at: str) -> str:
    """The beginning of a cell's XML, up to its content."""
    return rf'(<c r="{at}"[^>]*>)'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (cell("C6") + r"<f>[^<]*</f>", r"\1<f>IFERROR(S10,&quot;–&quot;)</f>", r"validation!C6 holds =IFERROR\(S10"),
        (cell("B6") + r"<f>IFERROR\(one!V14/SQRT\(21\)", r"\1<f>IFERROR(one!V14/SQRT(9)", r"validation!B6 .*SQRT\(9\)"),
        (cell("R6") + r"<f>IF\(R5=0", r"\1<f>IF(R5=1", "validation!R6 .*holds =IF\\(R5=1"),
        (cell("R10") + r"(<f>.*?</f><v>)[^<]*<", r"\1\g<2>0.5<", "validation R10"),
        (cell("T15") + r"(<f[^>]*/?>.*?<v>)[^<]*<", r"\1\g<2>0.5<", "validation T15"),
        (cell("C11") + r"(<f>.*?</f><v>)[^<]*<", r"\1\g<2>3<", "validation C11"),
        (cell("AJ8") + r"<v>[^<]*<", r"\1<v>0.5<", "validation!AJ8 holds 0.5"),
        (cell("A8") + r"<v>3\.0<", r"\1<v>4.0<", "validation!A8 holds 4"),
    ],
)
def test_verify_finds_what_is_wrong_in_it(old: str, new: str, said: str, built: Path, tmp_path: Path) -> None:
    """Another epoch's error, another count, other weights, wrong values of samples and totals, NumPy's, an epoch."""
    report = gx.verify(rewritten(built, tmp_path / "wrong.xlsx", SHEET, old, new))
    wrong = [f"{s.sheet} {s.where}" for values in report.sets for s in values.sheets if not s.ok]
    assert not report.ok
    assert re.search(said, "\n".join([*report.problems, *wrong])), (report.problems, wrong)
