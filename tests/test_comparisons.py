"""Comparisons: cells of a run's own, titles and lists that follow what is typed, a later epoch; a model's settings."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
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
    dataset,
    run,
    verify,
)
from graddesc_xl.errors import PlanError, SettingError
from graddesc_xl.lessons import recipe
from graddesc_xl.plan import Input
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
