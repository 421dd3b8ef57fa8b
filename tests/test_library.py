"""The package from a script or a notebook: what type checkers refuse, what things show of themselves, whole batches."""

from __future__ import annotations

import doctest
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import graddesc_xl as gx
from graddesc_xl.errors import GraddescError, SettingError
from graddesc_xl.parts.losses import LOSSES
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.parts.schedules import SCHEDULES
from graddesc_xl.running import Changes
from scripts import BAD, GOOD, SCRIPT
from spreadsheet import Spreadsheet

ROOT = Path(__file__).parent.parent

# What a type checker refuses


def test_a_type_checker_takes_arrays_and_refuses_a_misspelt_keyword(tmp_path: Path) -> None:
    """Strict mypy: nothing in the good script, nor in the one of the README's kind; each call of the bad one."""
    pytest.importorskip("mypy")
    for name, text in (("good", GOOD), ("bad", BAD), ("script", SCRIPT)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    home = Path(gx.__file__).parent.parent
    env = os.environ if home.name == "site-packages" else {**os.environ, "MYPYPATH": str(home)}
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", "--cache-dir"]
    scripts = [str(tmp_path / f"{name}.py") for name in ("good", "bad", "script")]
    command += [str(ROOT / ".mypy_cache"), *scripts]
    done = subprocess.run(command, check=False, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert not done.stderr
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    places = [line.split(": error:")[0].removeprefix(str(tmp_path)).lstrip("/\\") for line in errors]
    wrong = [number for number, line in enumerate(BAD.splitlines(), 1) if number > 5]
    assert places == [f"bad.py:{number}" for number in wrong], done.stdout


def test_the_keywords_of_run_are_those_of_experiments_and_shipped_inputs() -> None:
    """All fields of an experiment, and every input that a shipped optimizer, loss or schedule has."""
    parts = [*(o.inputs for o in OPTIMIZERS.values()), *(of.inputs for of in LOSSES.values())]
    parts += [schedule.inputs for schedule in SCHEDULES.values()]
    inputs = {i.name for part in parts for i in part} | {"lr", "h", "driver", "limit", "decay"}
    known = {field.name for field in fields(gx.Experiment)} | inputs
    assert {*Changes.__annotations__} == known - {"over"}  # a landscape is over weights


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gx.experiment(gx.model("a*x + b", nmae=1), gx.GRADDESC), "no weight 'nmae' to start"),
        (lambda: gx.optimizer("new = w - lr*g", titel=1), "does not use 'titel'"),
        (lambda: gx.loss("(pred - y)**2", titel=1), "does not use 'titel'"),
        (lambda: gx.run("basic", epohcs=3), "Did you mean epochs"),  # type: ignore[call-arg]
    ],
)
def test_where_any_keyword_may_be_meant_a_misspelt_one_is_a_sentence(call: Callable[[], object], said: str) -> None:
    """Weights and inputs are keywords of models, optimizers, losses and runs."""
    with pytest.raises(GraddescError, match=said):
        call()


# What things show of themselves

HOSTILE = "<script>alert('x')</script>"


def hostile() -> list[object]:
    """Things of which each bears a hostile name or text."""
    d = gx.Dataset(HOSTILE, {"x": (1.0, 2.0)}, (1.0, 3.0))
    model = gx.model("a*x + b", name=HOSTILE)
    optimizer = gx.optimizer("new = w - lr*g", name=HOSTILE, source=HOSTILE)
    e = gx.experiment(model, d, optimizer=optimizer, name=HOSTILE, epochs=2)
    comparison = gx.Comparison("c", HOSTILE, "", (HOSTILE,), (gx.Row(HOSTILE, (e,)),), ("lr",))
    loss = gx.loss("(pred - y)**2", name=HOSTILE)
    return [d, model, optimizer, loss, e, e.run(), e.run({"lr": [0.1, 0.2]}), comparison, gx.compare(comparison)]


@pytest.mark.parametrize("thing", hostile(), ids=lambda thing: type(thing).__name__)
def test_one_line_and_a_table_in_which_text_is_text(thing: object) -> None:
    """One short line; in a notebook no markup but the table's own."""
    assert repr(thing).startswith(type(thing).__name__)
    assert len(repr(thing)) < 400
    assert "\n" not in repr(thing)
    html = getattr(thing, "_repr_html_", lambda: "")()
    assert "<script" not in html
    assert html.count("<table") == (type(thing) is not gx.Loss)
    assert html == "" or "&lt;script&gt;" in html


def test_lines_name_what_matters() -> None:
    """Columns, equations, settings that are not usual, what became of runs."""
    d = gx.data({"size": [1, 2, 3, 4], "price": [2, 4, 5, 9]}, target="price", name="houses", validation=1)
    assert repr(d) == "Dataset('houses': 3 samples, size → price, 1 held out)"
    e = gx.experiment("a*size + b", d, lr=0.01, batch=2, schedule="cosine", loss="huber", epochs=3)
    said = "a*size + b on houses, Plain SGD, lr 0.01, Huber loss, batch 2, cosine, 3 epochs"
    assert repr(e).lower() == f"Experiment('sgd': {said})".lower()
    assert repr(gx.MODELS["two_neurons"]) == "Model('two_neurons': hid = a*x + b; pred = c*hid + d)"
    assert repr(gx.run("basic", epochs=2)) == "Trace('basic': 2 epochs of 29 rows, √Σe² 104.749, learning)"
    batch = gx.run("basic", lr=[1e-5, 1e-2], epochs=2)
    assert repr(batch) == "Trace('basic': 2 runs, 2 epochs of 29 rows, 1 learning, 1 exploded)"
    assert repr(gx.COMPARISONS["learning rates"]) == "Comparison('learning rates': 8 × 3 runs, graddesc)"
    assert repr(gx.Lesson("Mine", [e])) == "Lesson('Mine': sgd, validation)"


def test_what_holds_arrays_is_a_line_too() -> None:
    """A plan, and a landscape of thousands of numbers."""
    assert repr(gx.EXPERIMENTS["basic"].plan).startswith("Plan('basic': 10 epochs, b, a, pred, err, ")
    found = gx.landscape("basic", ("b", "a"), window={"b": (0, 40), "a": (0, 4)}, points=41, epochs=2)
    assert repr(found) == "Landscape('basic: learning': a over b, 41 × 41 points, lowest 0 at b 30, a 2)"


def test_a_long_run_is_a_short_table() -> None:
    """Of many epochs the first and the last are shown; of an experiment every setting."""
    assert gx.run("basic", epochs=300)._repr_html_().count("<tr>") < 15
    e = gx.experiment("a*x + b", gx.GRADDESC, optimizer="torch_adam", schedule="one_cycle")
    assert all(f"<td>{i.name}</td>" in e._repr_html_() for i in e.inputs)


# Reports


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> gx.Report:
    """The report on a workbook of one run alone, and of a comparison."""
    lesson = gx.Lesson("Some", [gx.EXPERIMENTS["basic SGD 2 neuron ReLU"], gx.COMPARISONS["learning rates"]])
    return gx.verify(lesson.build(tmp_path_factory.mktemp("some") / "some.xlsx").path)


def test_a_report_gives_the_runs_it_verified(report: gx.Report) -> None:
    """Those of the engine, by their sheet, and where it shows several by their title."""
    name = "basic SGD 2 neuron ReLU"
    assert np.array_equal(report.trace(name.upper()).errors, gx.run(name).errors)
    of = gx.COMPARISONS["learning rates"]
    lanes = [each.run for each in report.runs if each.sheet == of.name]
    assert lanes[0] == "1 neuron: run 1"
    for run, (_, _, e) in zip(lanes, of.runs(), strict=True):
        assert np.array_equal(report.trace(of.name, run).errors, e.run().errors, equal_nan=True)


def test_a_frame_has_a_row_for_each_run(report: gx.Report) -> None:
    """Where it stands, what was typed, how it ended, how much was compared; NaN for an input that it has not."""
    frame = report.frame()
    assert len(frame) == len(report.runs) == 25
    rows = {(row["sheet"], row["run"]): row for row in frame.to_dict("records")}
    alone, lane = rows["basic SGD 2 neuron ReLU", ""], rows["learning rates", "1 neuron: run 2"]
    assert (alone["lr"], alone["h"], alone["epochs"], lane["lr"]) == (1e-4, 0.01, 10, 3e-6)
    assert np.isnan(lane["c"])
    assert alone["last error"] == gx.run("basic SGD 2 neuron ReLU").errors[-1]
    assert alone["verdict"] == "dead ReLU since step 26"
    cells = {sheet.sheet: sheet.cells for sheet in report.sets[0].sheets}
    assert alone["cells"] == cells["basic SGD 2 neuron ReLU"]
    assert lane["cells"] == cells["learning rates steps"]
    assert frame["ok"].all()
    assert 0 <= frame["worst"].max() < 1e-12
    assert f"{len(frame)} runs" in repr(report)
    assert report._repr_html_().count("<tr>") == len(frame)


def test_a_run_that_is_none_is_a_sentence(report: gx.Report, tmp_path: Path) -> None:
    """Near names, or all; of a workbook of others why there is none."""
    for asked, said in (
        (("basic SGD 2 neuron RELU", "x"), "It shows one run: leave the title out"),
        (("learning rate",), "Did you mean learning rates"),
        (("learning rates",), "has 24 runs: name one. Known: 1 neuron: run 1"),
        (("learning rates", "1 neuron: row 1"), r"has no run '1 neuron: row 1'. Did you mean 1 neuron: run 1"),
        ((), "runs: name one"),
    ):
        with pytest.raises(SettingError, match=said):
            report.trace(*asked)
    import openpyxl

    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "=1+1"
    book.save(tmp_path / "other.xlsx")
    other = gx.verify(tmp_path / "other.xlsx")
    with pytest.raises(SettingError, match=r"other\.xlsx has no runs"):
        other.trace("basic")
    assert other.frame().empty


def test_a_report_has_the_numbers_that_a_person_left(opened: Spreadsheet, tmp_path: Path) -> None:
    """A rate typed into a cell, a sample typed into the data: the trace is of these."""
    model = opened.copy()
    model.model.set_user_input(model.sheets["basic"], 1, 6, "0.00005")
    model.model.set_user_input(model.sheets["data"], 5, 2, "15")
    model.recalculate()
    found = gx.verify(model.save(tmp_path / "left.xlsx"))
    trace = found.trace("basic")
    assert trace.inputs["lr"] == 5e-5
    assert trace.data.column("x")[0] == 15
    data = replace(gx.GRADDESC, inputs={"x": (15.0, *gx.GRADDESC.inputs["x"][1:])})
    assert np.array_equal(trace.errors, gx.run("basic", lr=5e-5, data=data).errors)
    assert [row["lr"] for row in found.frame().to_dict("records") if row["sheet"] == "basic"] == [5e-5]
    assert "2 changes" in repr(found)


# Batches and comparisons: no accessor means run 0


def test_what_is_asked_of_a_batch_is_of_all_its_runs_or_refused() -> None:
    """Every public name of a trace: it has all runs, tells them apart, or says that it is of a single one."""
    rates = [1e-5, 1e-4, 1e-3]
    batch = gx.run("basic SGD 2 neuron ReLU", lr=rates, epochs=3)
    singles = [gx.run("basic SGD 2 neuron ReLU", lr=rate, epochs=3) for rate in rates]
    arrays = {"errors": None, "roots": None}
    for name in arrays:
        assert np.array_equal(getattr(batch, name), np.stack([getattr(t, name) for t in singles], -1), equal_nan=True)
    assert np.array_equal(batch["a"], np.stack([t["a"] for t in singles], -1), equal_nan=True)
    assert batch.verdicts == [t.verdict for t in singles]
    assert batch.runs == 3
    for name in ("frame", "epoch_frame"):
        found = getattr(batch, name)()
        wanted = pd.concat([getattr(t, name)().assign(run=i) for i, t in enumerate(singles)], ignore_index=True)
        pd.testing.assert_frame_equal(found[[*wanted]], wanted, check_dtype=False)
    wanted = pd.concat([t.summary() for t in singles], ignore_index=True)
    pd.testing.assert_frame_equal(batch.summary().drop(columns="run"), wanted)
    refused = {"verdict": (), "noise": (), "calm": (), "sizes": ("a",), "footer_sizes": ("error",), "by_epoch": ()}
    for name, given in refused.items():
        with pytest.raises(SettingError, match="is of a single run, not of a batch of 3"):
            found = getattr(batch, name)
            found(*given)
    told = {"plan", "data", "inputs", "cells", "rows", "starts", "states", "footers"}  # of all runs: their last axis
    whole = {*arrays, "verdicts", "runs", "frame", "epoch_frame", "summary", "plot"}
    assert {name for name in dir(batch) if not name.startswith("_")} == told | whole | {*refused}


def test_a_batch_of_one_run_is_a_batch() -> None:
    """It has an axis of runs, and is drawn like one."""
    one = gx.run("basic", lr=[1e-4], epochs=2)
    assert one.errors.shape == (2, 1)
    assert one.summary()["run"].tolist() == [0]
    with pytest.raises(SettingError, match="not of a batch of 1"):
        _ = one.verdict


def test_a_comparison_gives_its_runs_or_refuses() -> None:
    """Frames tell the runs apart by row and group; there is no verdict of them all."""
    traces = gx.compare("learning rates", epochs=2)
    for name, each in (("frame", 58), ("epoch_frame", 2), ("summary", 1)):
        found = getattr(traces, name)()
        assert found.groupby(["row", "group"], sort=False).size().to_dict() == dict.fromkeys(traces, each)
    rows = {(row["row"], row["group"]): row for row in traces.summary().to_dict("records")}
    row = rows["1e-5", "1 neuron"]
    assert row["last error"] == traces["1e-5", "1 neuron"].errors[-1]
    assert row["verdict"] == str(traces.verdicts["1e-5", "1 neuron"])
    with pytest.raises(SettingError, match="verdict is of a single run, not of 24"):
        _ = traces.verdict
    with pytest.raises(SettingError, match=r"There is no run \('1e-5', '1 neurons'\)\. Did you mean"):
        traces["1e-5", "1 neurons"]
    assert gx.Traces().summary().empty


# Names and help


def test_every_public_name_says_what_it_is() -> None:
    """Help on the package, on each name, and on each method of what people hold."""
    assert set(dir(gx)) == set(gx.__all__)
    for name in gx.__all__:
        thing = getattr(gx, name)
        if callable(thing):
            assert inspect.getdoc(thing), name
    for cls in (gx.Trace, gx.Traces, gx.Report, gx.Experiment, gx.Lesson, gx.Dataset, gx.Model, gx.Comparison):
        for name, member in vars(cls).items():
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{cls.__name__}.{name}"


@pytest.mark.parametrize(
    "name", ["experiment", "data", "model", "optimizer", "loss", "run", "compare", "build", "verify"]
)
def test_help_has_an_example_that_runs(name: str) -> None:
    """What help shows below >>> gives what stands there."""
    thing = getattr(gx, name)
    examples = doctest.DocTestFinder().find(thing, name, globs={**vars(inspect.getmodule(thing))})
    assert sum(len(test.examples) for test in examples) > 0
    for test in examples:
        assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
