"""The core is not shaped around one neuron: any model with any optimizer becomes a workbook that agrees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from graddesc_xl import EXPERIMENTS, Experiment, build, cli, dataset, experiment, run, verify
from graddesc_xl.lessons import Lesson
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.models import MODELS
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.parts.starting import DRAWN, starts
from graddesc_xl.verification import reading, tiers
from graddesc_xl.verification.grid import Grid
from graddesc_xl.workbook.write import write
from spreadsheet import Spreadsheet

DATA = dataset([1.0, 4.0, 2.0, 7.0, 3.0], [3.0, 9.5, 5.0, 15.0, 7.5])


@pytest.mark.parametrize("model", MODELS)
def test_any_model_with_any_optimizer_becomes_a_workbook(model: str, tmp_path: Path) -> None:
    """Both tiers hold for every recipe on every model, in the values held and in IronCalc's."""
    experiments = tuple(
        Experiment(
            f"{name} on {model}"[:24],
            name,
            "About it.",
            optimizer,
            model=MODELS[model],
            data=DATA,
            epochs=3,
            numerical=True,
            values={"lr": 1e-3, "a": 0.5, "b": 0.25},
        )
        for name, optimizer in OPTIMIZERS.items()
    )
    book = Lesson("Any", experiments)
    made = compose(book, run_plan)
    path = tmp_path / "any.xlsx"
    write(made.sheets, path, title=book.title, manifest={})
    workbook = reading.load(path)
    for _ in range(2):
        values = {s.name: Grid.of(workbook.values(s.name, [at for at, _, _ in s.every()])) for s in made.sheets}
        for steps in made.lists:
            result = tiers.step_sheet(steps.of, values)
            assert result.ok, result
            assert result.cells >= len(steps.of.trace.plan.columns) * 15
        for sheet in made.sheets[:2]:
            result = tiers.other_sheet(sheet, values)
            assert result.ok, result
        workbook.recalculate()


def test_an_exploding_run_holds_cell_by_cell(tmp_path: Path) -> None:
    """Where last bits decide what comes next, each cell still is what its own neighbours make it."""
    experiments = tuple(e for e in EXPERIMENTS.values() if e.model.name != "one_neuron")
    made = compose(Lesson("Two", experiments), run_plan)
    path = tmp_path / "two.xlsx"
    write(made.sheets, path, title="Two", manifest={})
    workbook = reading.load(path)
    workbook.recalculate()
    values = {s.name: Grid.of(workbook.values(s.name, [at for at, _, _ in s.every()])) for s in made.sheets}
    for steps in made.lists:
        result = tiers.step_sheet(steps.of, values)
        assert result.ok and result.worst <= 1e-12, result


@pytest.mark.parametrize(
    ("name", "error", "verdict"),
    [
        ("basic SGD 1 neuron", 150.70215194390218, "learning"),
        ("basic SGD 2 neuron collapse", 4.513087186827854e32, "exploded at step 28"),
        ("basic SGD 2 neuron ReLU", 419.21630268369785, "dead ReLU since step 26"),
    ],
)
def test_the_experiments_with_a_second_neuron_run_by_name(name: str, error: float, verdict: str) -> None:
    """The thread's three runs, weights 1, lr 1e-4, h 0.01, with their published first errors and their ends."""
    trace = run(name)
    assert trace.errors[0] == pytest.approx(error, rel=1e-9)
    assert str(trace.verdict) == verdict


def test_no_cell_of_an_automatic_layout_is_written_twice(tmp_path: Path) -> None:
    """Inputs, states, footers and labels of a plan without a published sheet have places of their own."""
    for name, optimizer in OPTIMIZERS.items():
        e = Experiment("free", name, "About it.", optimizer, model=MODELS["two_neurons_relu"], data=DATA, epochs=2)
        layout = compose(Lesson("B", [e]), run_plan).lists[0].of.layout
        plan = e.plan
        places = [layout.cell(name) for name in layout.mirror.cells]
        assert {*layout.mirror.cells} == {i.name for i in plan.inputs} | {d.name for d in plan.derived}
        places += [layout.state(s.name, 0) for s in plan.states]
        places += [at for f in plan.footers if (at := layout.footer(f.name, 0))]
        assert len(places) == len(set(places)), name


@pytest.mark.parametrize("start", DRAWN)
def test_the_seed_stands_beside_the_weights_it_drew(start: str, tmp_path: Path) -> None:
    """At their left, number and way; below the first epoch a sentence on both, and that they are numbers now."""
    e = experiment("a*x + b*x**2 + k", DATA, start=start, seed=1234, epochs=2, values={"k": 2}, shuffled=True)
    path = build(Lesson("Drawn", [e]), tmp_path / "drawn.xlsx").path
    assert verify(path).ok
    sheet = reading.load(path).held.cells["sgd"]
    assert sheet[2, 1] == f"start: {start}, seed 1234\norder: seed 1234"
    drawn = starts(e.model, start, 1234)
    assert [sheet[2, column] for column in (4, 5, 6)] == [drawn["a"], drawn["b"], 2]
    (said,) = [text for text in sheet.values() if str(text).startswith("When this was built")]
    assert "the seed 1234 drew the start weights a, b: " in str(said)
    assert DRAWN[start] in str(said)
    block = next(row for (row, column), text in sheet.items() if text == "epoch 2" and column == 1)
    assert sheet[block + 1, 1] == "order: seed 1234"
    given = replace(e, values={"a": 1, "b": 1, "k": 1}, shuffled=False)
    assert not given.plan.started


def test_the_command_line_says_what_was_drawn() -> None:
    """The seed, and of what."""
    words = ["run", "--model", "a*x + b", "--start", "he", "--seed", "12", "--shuffled", "--epochs", "1"]
    assert "; start: he, seed 12; order: seed 12; analytic" in CliRunner().invoke(cli.app, words).stdout


@pytest.mark.parametrize(("typed", "together"), [(2.5, 3), (0.0, 1), (-3.0, 1), (3.0, 3), (99.0, 5), (1e-9, 1)])
def test_any_number_typed_as_a_batch_counts(typed: float, together: int, tmp_path: Path) -> None:
    """A fraction as the next whole number, what is below 1 as 1, what is more than all as all."""
    e = experiment("a*x + b", DATA, batch=2, epochs=2, lr=0.001)
    made = compose(Lesson("Batches", [e]), run_plan)
    write(made.sheets, tmp_path / "batches.xlsx", title="Batches", manifest={})
    opened = Spreadsheet(reading.load(tmp_path / "batches.xlsx"))
    layout = made.lists[0].of.layout
    opened.type_number("sgd", *layout.cell("batch"), typed)
    opened.recalculate()
    steps = [opened.value("sgd", layout.row(0, row), layout.columns["steps"]) for row in range(len(DATA))]
    assert steps == [1.0 if row % together == together - 1 or row == 4 else 0.0 for row in range(5)]
    other = e.with_(batch=together).run()["b"].ravel()
    found = [opened.value("sgd", layout.row(block, row), layout.columns["b"]) for block in (0, 1) for row in range(5)]
    assert found == pytest.approx(list(other), rel=1e-12)


@pytest.mark.parametrize(
    ("typed", "said"), [(0, "holds 0, not a number from 1 to 5"), ("two", "must hold a number, not 'two'")]
)
def test_what_is_no_batch_is_said(typed: float | str, said: str, tmp_path: Path) -> None:
    """Whatever was typed past the rule of the cell, verify names it."""
    path = Lesson("Batches", [experiment("a*x + b", DATA, batch=2, epochs=2)]).build(tmp_path / "batches.xlsx").path
    book = openpyxl.load_workbook(path)
    row = next(cell for cell in book["sgd"][1] if cell.value == "batch")
    book["sgd"].cell(1, row.column + 1).value = typed
    book.save(path)
    result = CliRunner().invoke(cli.app, ["verify", str(path)])
    assert result.exit_code in (1, 2)
    assert said in result.output + result.stderr
