"""What a workbook has no room for is a sentence before anything is computed; what fits is what Excel takes."""

from __future__ import annotations

import html
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from graddesc_xl import Comparison, Experiment, Lesson, Row, cli, data, dataset, experiment
from graddesc_xl.cli import commands
from graddesc_xl.errors import GraddescWarning, SettingError
from graddesc_xl.lessons import building, limits
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.verification import reading
from graddesc_xl.workbook.cells import a1
from graddesc_xl.workbook.write import write
from spreadsheet import Spreadsheet

SAMPLES = dataset([0.1 * i for i in range(500)], [0.2 * i for i in range(500)], "many")
FEW = dataset([0.5, 0.8, 1.2, 0.9], [1.1, 1.5, 2.6, 1.9], "few")
#: what Excel takes: characters of a formula and of a text in it, levels of functions in one another
LONGEST, TEXT, DEEPEST = 8_192, 255, 64


def network(units: int) -> Experiment:
    """A hidden layer of so many units, with an optimizer that has many columns."""
    lines = [f"h{i} = tanh(a{i}*x + b{i})" for i in range(units)]
    text = "; ".join([*lines, " + ".join(f"c{i}*h{i}" for i in range(units)) + " + d"])
    return experiment(text, FEW, optimizer="torch_adam", epochs=2, start="xavier")


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever computes fails: a sentence must come before."""

    def computing(*_: object, **__: object) -> None:
        raise AssertionError("it was computed")

    monkeypatch.setattr(building, "compose", computing)


@pytest.mark.usefixtures("unbuilt")
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            lambda: [experiment("a*x + b", SAMPLES, epochs=2100)],
            r"2,100 epochs of 500 samples need 1,060,500 rows, and a sheet has 1,048,576: at most 2,076 epochs fit; or "
            r"take every 2nd sample, or run it without a sheet: graddesc-xl run, with --csv",
        ),
        (
            lambda: [network(20)],
            r"61 weights with the optimizer torch_adam make 369 columns a step, and a sheet of steps takes 300: take "
            r"about 49 weights, or run it without",
        ),
        (
            lambda: [Experiment("e", data=dataset({f"x{i}": [1.0] for i in range(17_000)} | {"x": [1.0]}, [2.0]))],
            r"1 samples of 17,002 columns are more than a sheet has room for, with its 1,048,576 rows and 16,384",
        ),
        (
            lambda: [
                Comparison(
                    "c", "c", "c", ("g",), tuple(Row(str(i), (Experiment(f"e{i}"),)) for i in range(2500)), ("lr",)
                )
            ],
            r"2500 runs have [\d,]+ columns side by side, and a sheet has 16,384: at most \d+ such runs fit",
        ),
    ],
    ids=["rows", "columns of a step", "columns of samples", "runs"],
)
def test_what_has_no_room_is_refused_at_once(parts, said: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # of every kind
    """Which limit, by how much, and what to choose instead."""
    with pytest.raises(SettingError, match=said):
        Lesson("Large", parts()).build(tmp_path / "large.xlsx")


def test_what_cannot_be_verified_is_built_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is computed where that is foreseen, else before it is written; as verify then says."""
    lesson = Lesson("Many", [experiment("a*x + b", FEW, epochs=3)])
    monkeypatch.setattr(limits, "MOST_CELLS", 200)
    about = r"many is built, but with about [\d,]+ cells it cannot be verified, as verify reads up to 200: "
    with pytest.warns(GraddescWarning, match=about):
        assert limits.foresee(lesson)
    with pytest.warns(GraddescWarning, match=r"take a 3rd of the epochs or every 3rd sample, or") as told:
        lesson.build(tmp_path / "many.xlsx")
    assert len(told) == 1
    monkeypatch.setattr(limits, "SURELY", 1e9)
    with pytest.warns(GraddescWarning, match=r"with [\d,]+ cells it cannot be verified"):
        lesson.build(tmp_path / "many.xlsx")
    monkeypatch.undo()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lesson.build(tmp_path / "many.xlsx")


@pytest.mark.parametrize("samples", [29, 500])
def test_what_is_foreseen_is_near_what_comes(samples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate of cells is within a tenth of those that are read."""
    few = dataset([0.1 * i for i in range(samples)], [0.2 * i for i in range(samples)], "some")
    lesson = Lesson("Some", [experiment("c*relu(a*x + b) + d", few, optimizer="momentum", epochs=5)])
    built = lesson.build(tmp_path / "some.xlsx")
    (kind,) = lesson.kinds
    cells = sum(len(reading.load(built.path).held.cells[sheet]) for sheet in (kind.sheet, kind.behind))
    assert kind.size() == pytest.approx(cells, rel=0.1)


def depth(formula: str) -> int:
    """How many brackets stand in one another, outside texts."""
    deepest = now = 0
    for sign in re.sub(r'"[^"]*"', "", formula):
        now += (sign == "(") - (sign == ")")
        deepest = max(deepest, now)
    return deepest


def test_a_wide_sheet_is_what_excel_takes(tmp_path: Path) -> None:
    """More columns than conditions may stand in one another, or names in a text: no formula is beyond the limits."""
    e = network(16)
    assert 250 < len(e.plan.columns) <= 300
    path = Lesson("Wide", [e]).build(tmp_path / "wide.xlsx").path
    with zipfile.ZipFile(path) as file:
        pages = [file.read(name).decode() for name in file.namelist() if name.startswith("xl/worksheets/sheet")]
    formulas = {html.unescape(text) for page in pages for text in re.findall(r"<f[^>]*>([^<]+)</f>", page)}
    assert max(map(len, formulas)) < LONGEST - 300  # where rows have seven digits
    assert max(map(depth, formulas)) <= DEEPEST
    assert max(len(text) for formula in formulas for text in re.findall(r'"([^"]*)"', formula)) <= TEXT


@pytest.mark.parametrize("column", [3, 60, 76])
def test_any_of_many_columns_is_found_where_it_is_off(column: int, tmp_path: Path) -> None:
    """The first column that differs, whichever part of the formula it stands in."""
    e = network(4)
    made = compose(Lesson("Wide", [e]), run_plan)
    (steps,) = made.lists
    write(made.sheets, tmp_path / "wide.xlsx", title="Wide", manifest={})
    opened = Spreadsheet(reading.load(tmp_path / "wide.xlsx"))
    first = steps.first.sheet.name, steps.first.row, steps.first.column
    assert opened.value(*first) == "–"
    at = steps.of.layout.row(0, 1), steps.of.layout.columns[e.plan.columns[column].name]
    opened.type_number("torch_adam", *at, 12345.0)
    opened.recalculate()
    assert opened.value(*first) == f"torch_adam!{a1(*at)}"


def test_a_long_run_says_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its first steps, before it begins; a short one says nothing."""
    words = ["run", "--model", "a*x + b", "--lr", "1e-5", "--epochs", "40"]
    assert "Note" not in CliRunner().invoke(cli.app, words).stderr
    monkeypatch.setattr(commands, "LONG", 1000)
    monkeypatch.setattr(commands, "PATIENCE", 0)
    said = CliRunner().invoke(cli.app, words).stderr
    assert re.search(
        r"Note: 1,160 steps take about \d+ seconds here: Ctrl-C stops them, fewer --epochs need less\.", said
    )


def test_the_names_of_many_columns_are_found_at_once() -> None:
    """Thousands of columns take no longer than they must."""
    titles = {f"x{i % 5000} {i // 5000}": np.array([1.0, 2.0]) for i in range(10_000)}
    assert len(data({**titles, "y": np.array([1.0, 2.0])}).names) == 10_001
