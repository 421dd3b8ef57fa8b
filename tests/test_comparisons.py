"""Comparisons: cells of a run's own, titles and lists that follow what is typed, a later epoch; a model's settings."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from graddesc_xl import (
    COMPARISONS,
    Comparison,
    Experiment,
    Lesson,
    Model,
    Question,
    Row,
    build,
    cli,
    compare,
    dataset,
    run,
    verify,
)
from graddesc_xl.errors import PlanError, SettingError
from graddesc_xl.lessons import recipe
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.plan import Input
from graddesc_xl.sheets import LongRun, Of
from graddesc_xl.verification import reading
from spreadsheet import Spreadsheet

XS = [1.0, 4.0, 2.0]
DATA = dataset(XS, [3.0, 9.5, 5.0], name="small")
LATER = 40
#: a switch, and a factor that is set and not learned
GAINED = Model(
    "gained",
    "a neuron times a gain",
    ("a", "b"),
    {"pred": "where(on, gain, 1)*(a*x + b)"},
    settings=(
        Input("gain", 2.0, "the gain", "what the neuron is multiplied by", low=-10, high=10),
        Input("on", 1.0, "gain on", "whether it is", low=0, high=1, choices={1.0: "yes", 0.0: "no"}),
    ),
)


def experiment(name: str = "run", **fields: Any) -> Experiment:
    """A small experiment."""
    return Experiment(name, **{"data": DATA, "epochs": 3, **fields})


def of(*rows: Row, **fields: Any) -> Comparison:
    """A comparison of two groups, whose runs have rates of their own."""
    groups = ("plain", "other")
    starts = {"at one": 1.0, "at zero": 0.0}
    made = tuple(
        Row(title, tuple(experiment(values={"a": start, "lr": lr}) for lr in (0.01, 0.02)), named=("a",))
        for title, start in starts.items()
    )
    given = {"typed": ("a",), "own": ("lr",), "yardstick": "plain", "later": LATER, **fields}
    return Comparison("sides", "Which?", "Some.", groups, rows or made, **given)


SAID = "best {best # text}; good {good # list}; bad {bad # list}; fine {fine # list}; {n # 0} learn; {lowest # 4}."
FIGURES = {
    "best": "sides: best | plain",
    "good": "sides: as good | other",
    "bad": "sides: worse | other",
    "fine": "sides: rows | plain | learning | settled",
    "n": "sides: count | plain | learning | settled",
    "lowest": "sides: lowest | plain",
}
LESSON = Lesson("Sides", [of()], questions=[Question("So?", "sides", SAID, FIGURES)])


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its workbook."""
    return build(LESSON, tmp_path_factory.mktemp("sides")).path


@pytest.fixture
def model(sides: Path) -> Spreadsheet:
    """The workbook, open in IronCalc."""
    return Spreadsheet(reading.load(sides))


def cell(model: Spreadsheet, title: str, *, row: int = 1, nth: int = 0) -> tuple[str, int, int]:
    """Of the table's row, counted from 1, the cell under the nth such title."""
    heads = [at for at, value in sorted(model.held.cells["sides"].items()) if value == title]
    line, column = heads[nth]
    return "sides", line + row, column


def answer(model: Spreadsheet) -> str:
    """The answer on the overview."""
    (found,) = (
        value
        for (row, column), content in model.held.cells["overview"].items()
        if isinstance(content, str) and content.startswith("best ") and content.endswith(".")
        if isinstance(value := model.value("overview", row, column), str)
    )
    return found


def test_a_run_has_cells_of_its_own(sides: Path, model: Spreadsheet) -> None:
    """Each run has its rate, beside its error; another rate typed gives that run, and no other, another error."""
    report = verify(sides)
    assert report.ok, report.problems
    errors = [cell(model, "√Σe², last epoch", row=row, nth=nth) for row in (1, 2) for nth in (0, 1)]
    before = [model.value(*at) for at in errors]
    assert before == pytest.approx([run(e).errors[-1] for row in of().rows for e in row.experiments], rel=1e-12)
    model.type_number(*cell(model, "lr", row=2, nth=1), 0.05)
    model.recalculate()
    after = [model.value(*at) for at in errors]
    assert after[:3] == pytest.approx(before[:3], rel=1e-12)
    assert after[3] == pytest.approx(run(experiment(values={"a": 0.0, "lr": 0.05})).errors[-1], rel=1e-12)


def test_titles_lists_and_a_later_epoch_follow_what_is_typed(model: Spreadsheet) -> None:
    """A start typed over is said in the row's title and in the answer; the constants are then of other inputs."""
    model.recalculate()
    later = [run(e, epochs=LATER).errors[-1] for e in of().rows[0].experiments]
    _, line, column = cell(model, "whose inputs")
    held = model.held
    assert [held.cells["sides"][line, column - 2 + g] for g in (0, 1)] == pytest.approx(later, rel=1e-12)
    assert all(held.formula("sides", line, column - 2 + g) is None for g in (0, 1)), "constants"
    assert model.value("sides", line, column) == "these"
    lasts = {
        title: run(row.experiments[0]).errors[-1] for title, row in zip(("at one", "at zero"), of().rows, strict=True)
    }
    best = min(lasts, key=lambda title: lasts[title])
    assert answer(model).startswith(f"best {best}; good at one, at zero; bad none; fine at one, at zero; 2 learn; ")
    model.type_number(*cell(model, "a", row=1), 0.5)
    model.type_number(*cell(model, "lr", row=1, nth=0), 900.0)  # explodes
    model.type_number(*cell(model, "lr", row=1, nth=1), 900.0)
    model.type_number(*cell(model, "lr", row=2, nth=1), 0.0001)
    model.recalculate()
    assert model.value(*cell(model, "run")) == "typed over (was at one)"
    assert [model.value("sides", line + k, column) for k in (0, 1)] == ["others, as built", "others, as built"]
    exploded = model.value(*cell(model, "√Σe², last epoch"))
    assert answer(model).startswith(
        "best at zero; good none; bad typed over (was at one), at zero; fine at zero; 1 learn"
    )
    assert exploded == "–" or exploded > 1e6


def test_the_command_line_tells_the_cells_of_a_runs_own() -> None:
    """Beside each error stands the rate of that run; a rate for all of them is refused."""
    lines = CliRunner().invoke(cli.app, ["run", "fixes", "--epochs", "1"]).output.splitlines()
    (head,) = (line for line in lines if line.startswith("Run "))
    assert head.split("  ")[0] == "Run" and all(f"lr, {group}" in head for group in COMPARISONS["fixes"].groups)
    (scaled,) = (line.split() for line in lines if line.startswith("x scaled"))
    assert scaled[2] == "0.2" and scaled.count("0.002") == 2
    refused = CliRunner().invoke(cli.app, ["run", "fixes", "--set", "lr=1e-5"])
    assert refused.exit_code == 2 and "compares runs by lr" in refused.stderr


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"own": ("a",)}, "a is typed for each run, and for more than one"),
        ({"own": ("rate",)}, "no run has an input 'rate'"),
        ({"later": -1}, "later is a whole number of epochs to 100000, not -1"),
        ({"typed": ()}, "'at one' is named after a, which is not typed"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(fields: dict[str, Any], said: str) -> None:
    """An input typed twice over, one that there is not, no number of epochs, a title of nothing."""
    with pytest.raises(SettingError, match=said):
        of(**fields)


def test_settings_of_a_model(tmp_path: Path) -> None:
    """They are inputs of its experiments, not learned: derivatives are right at each of their values, in a file too."""
    e = experiment("gained", model=GAINED, numerical=True, values={"lr": 1e-3})
    assert [i.name for i in e.inputs if i.name in ("gain", "on")] == ["gain", "on"]
    for settings, factor in (({}, 2.0), ({"gain": -3.0}, -3.0), ({"on": 0.0}, 1.0)):
        trace, a, b = run(e, settings, epochs=1), 1.0, 1.0
        for s, (x, y) in enumerate(zip(XS, DATA.ys, strict=True)):
            off = factor * (a * x + b) - y
            assert trace["d_a"][0, s] == pytest.approx(2 * off * factor * x, rel=1e-12)
            assert trace["est_a"][0, s] == pytest.approx(trace["d_a"][0, s], abs=1.01e-2 * (factor * x) ** 2)
            a, b = a - 1e-3 * 2 * off * factor * x, b - 1e-3 * 2 * off * factor
        assert float(trace.errors[0]) > 0 and math.isfinite(a)
    batch = run(e, {"gain": [1.0, 2.0]})
    assert batch.errors[:, 1].tolist() == run(e).errors.tolist()
    lesson = Lesson("Gained", [e])
    assert recipe.read(recipe.spell(lesson)).experiments == [e]
    assert verify(build(lesson, tmp_path).path).ok


@pytest.mark.parametrize(
    ("name", "said"),
    [("a", "two things called 'a'"), ("pred", "two things called 'pred'"), ("no name", "no name in a formula")],
)
def test_a_setting_needs_a_name_of_its_own(name: str, said: str) -> None:
    """It is no weight, no line, and a name in a formula."""
    with pytest.raises(PlanError, match=said):
        replace(GAINED, settings=(*GAINED.settings, Input(name, 1.0, "it", "it")))


@pytest.mark.parametrize("name", ["lr", "err"])
def test_a_setting_is_called_as_nothing_else_on_its_sheet(name: str) -> None:
    """The names of the sheet's own inputs and columns are taken."""
    model = replace(GAINED, settings=(*GAINED.settings, Input(name, 1.0, "it", "it")))
    with pytest.raises((PlanError, SettingError), match=name):
        run(experiment(model=model))


# Shuffled


def shuffled(**changes: Any) -> Comparison:
    """Two rates on two optimizers, every run shuffled by one seed."""
    data = dataset([1.0, 4.0, 2.0, 7.0, 3.0], [3.0, 9.5, 5.0, 15.0, 7.5])
    e = Experiment("e", data=data, epochs=3, shuffled=True, seed=7)
    rates = (1e-3, 1e-2)
    rows = tuple(
        Row(f"{rate:g}", tuple(replace(e, optimizer=OPTIMIZERS[o], values={"lr": rate}) for o in ("sgd", "torch_adam")))
        for rate in rates
    )
    made = Comparison("rates", "Rates", "Side by side.", ("sgd", "adam"), rows, ("lr",), ordered=True)
    return replace(made, **changes)


def test_shuffled_runs_side_by_side_share_their_order(tmp_path: Path) -> None:
    """The order in cells, the samples looked up; every number is that of a loop by hand, and of a run alone."""
    of = shuffled(later=20)
    assert of.note == ""
    path = Lesson("Shuffled", [of]).build(tmp_path / "shuffled.xlsx").path
    report = verify(path)
    assert report.ok, report
    held = load_workbook(path)["rates steps"]
    head = next(row for row in range(1, 30) if held.cell(row, 1).value == "sample")
    order = [int(float(str(held.cell(head + 2 + k, 1).value))) for k in range(15)]
    assert order == [k + 1 for block in of.rows[0].experiments[0].plan.orders for k in block]
    assert sorted(order[:5]) == [1, 2, 3, 4, 5] != order[:5]
    assert held.cell(head - 1, 1).value == "order: seed 7"
    assert str(held.cell(head + 2, 2).value).startswith("=INDEX(data!")
    b = a = 1.0
    errors = []
    for epoch in range(3):
        squares = 0.0
        for k in order[5 * epoch : 5 * epoch + 5]:
            x, y = of.data.column("x")[k - 1], of.data.ys[k - 1]
            e = a * x + b - y
            squares += e * e
            b, a = b - 1e-3 * 2 * e, a - 1e-3 * 2 * e * x
        errors.append(squares**0.5)
    assert np.allclose(report.trace("rates", "sgd: run 1").errors, errors, rtol=1e-13)
    table = load_workbook(path, data_only=True)["rates"]
    long = run(replace(of.rows[0].experiments[0], epochs=20)).errors[-1]
    assert any(cell.value == pytest.approx(float(long), rel=1e-12) for line in table.iter_rows() for cell in line)


def test_a_rate_typed_beside_shuffled_runs_is_theirs(tmp_path: Path) -> None:
    """IronCalc computes the runs anew in their order; verify agrees."""
    model = Spreadsheet(reading.load(Lesson("Shuffled", [shuffled()]).build(tmp_path / "shuffled.xlsx").path))
    row = next(row for row in range(1, 30) if model.value("rates", row, 2) == 1e-3)
    model.model.set_user_input(model.sheets["rates"], row, 2, "0.005")
    model.recalculate()
    report = verify(model.save(tmp_path / "typed.xlsx"))
    assert report.ok, report
    alone = replace(shuffled().rows[0].experiments[1], values={"lr": 0.005})
    assert np.array_equal(report.trace("rates", "adam: run 1").errors, run(alone).errors)


def test_a_long_run_of_shuffled_runs(tmp_path: Path) -> None:
    """Live where all see their samples in one order, as constants where they do not: its first epochs are theirs."""
    one = Experiment("one", data=shuffled().data, epochs=3, shuffled=True, seed=7, values={"lr": 1e-3})
    for other, live in ((replace(one, name="two", seed=7), True), (replace(one, name="two", seed=8), False)):
        long = LongRun("long", (Of("one"), Of("two")), epochs=12)
        path = Lesson("Long", [one, other, long]).build(tmp_path / "long.xlsx", force=True).path
        report = verify(path)
        assert report.ok, report
        assert ("long steps" in load_workbook(path).sheetnames) == live
        table = load_workbook(path, data_only=True)["long"]
        wanted = [float(run(replace(e, epochs=12)).errors[-1]) for e in (one, other)]
        assert [table.cell(17, column).value for column in (2, 3)] == pytest.approx(wanted, rel=1e-12)


def test_runs_in_different_orders_have_no_sheet_in_common() -> None:
    """They are compared as numbers; on a sheet a sentence says why not, and what to do."""
    of = shuffled()
    mixed = replace(of, rows=(of.rows[0], replace(of.rows[1], experiments=tuple(
        replace(e, seed=8) for e in of.rows[1].experiments
    ))))  # fmt: skip
    traces = compare(mixed)
    assert np.array_equal(traces["0.01", "sgd"].errors, run(mixed.rows[1].experiments[0]).errors)
    with pytest.raises(SettingError, match=r"'0\.01', sgd sees its samples in another order .* one seed, or none"):
        Lesson("Mixed", [mixed])
    alike = replace(mixed, rows=tuple(
        replace(row, experiments=tuple(replace(e, shuffled=False) for e in row.experiments)) for row in mixed.rows
    ))  # fmt: skip
    assert Lesson("Seeds that draw nothing", [alike]).sheets
