"""What people type into a workbook, and what they make one of, works or is one clear sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graddesc_xl import Dataset, Experiment, dataset, run, verify
from graddesc_xl.engine import run_plan
from graddesc_xl.expr import Data, Expr, Here, maximum
from graddesc_xl.models import ONE_NEURON, Model
from graddesc_xl.optimizers import OPTIMIZERS
from graddesc_xl.verification import reading
from graddesc_xl.workbook.book import BOOKS, Book, compose
from graddesc_xl.workbook.sheet import Chart
from graddesc_xl.workbook.write import write

DATA = dataset([1.0, 4.0, 2.0, 7.0, 3.0], [3.0, 9.5, 5.0, 15.0, 7.5])
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A function that writes a workbook of the given experiments, which `verify` then knows."""

    def make(*experiments: Experiment, explodes: bool = False) -> Path:
        book = Book("own", "Own", "A workbook of one's own.", experiments, explodes=explodes)
        monkeypatch.setitem(BOOKS, book.name, book)
        path = tmp_path / "own.xlsx"
        write(compose(book, run_plan).sheets, path, title=book.title, manifest={"book": book.name})
        return path

    return make


def line(bias: str, slope: str, *, slope_first: bool = False, **more: object) -> Model:
    """One neuron whose weights have the given names."""
    weights = (slope, bias) if slope_first else (bias, slope)
    about = {bias: "the bias", slope: "the slope", "pred": "the prediction"}
    forward = {"pred": Here(bias) + Here(slope) * Data("x")}
    return Model("line", "a line", weights, forward, about, {slope: "slope", bias: "intercept"}, charted=slope)


def charts(model: Model, optimizer: str, data: Dataset = DATA, *, explodes: bool = False) -> Mapping[str, Chart]:
    """The charts of the sheet of an experiment, by their titles without the weight's name."""
    e = Experiment("own", "own", "About it.", OPTIMIZERS[optimizer], model=model, data=data, epochs=2, numerical=True)
    made = compose(Book("own", "Own", "own", (e,), explodes=explodes), run_plan)
    return {chart.title: chart for chart in made.lists[0].of.sheet.charts}


@pytest.mark.parametrize("explodes", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "model",
    [line("u", "v"), line("b", "a", slope_first=True), line("avg_sq", "new"), line("w_1", "w_1_1")],
    ids=lambda m: " ".join(m.weights),
)
def test_a_weights_name_and_order_change_no_chart(model: Model, optimizer: str, explodes: bool) -> None:
    """As many charts with as many curves as with b and a, and the weights' own names in their titles."""
    found, usual = charts(model, optimizer, explodes=explodes), charts(ONE_NEURON, optimizer, explodes=explodes)
    slope = model.charted
    assert [*found] == [title.replace("by a", f"by {slope}").replace("de/da", f"de/d{slope}") for title in usual]
    for one, other in zip(found.values(), usual.values(), strict=True):
        assert sorted((s.y.bottom - s.y.top, s.second) for s in one.series) == sorted(
            (s.y.bottom - s.y.top, s.second) for s in other.series
        )


@pytest.mark.parametrize("names", [("u", "v"), ("avg_sq", "new"), ("w_1", "w_1_1")])
def test_a_workbook_whose_weights_have_other_names_is_verified(names: tuple[str, str], written: Written) -> None:
    """Every optimizer, whatever the weights are called: the numbers are those of b and a, and verify agrees."""
    model = line(*names)
    experiments = [
        Experiment(o, o, "About it.", OPTIMIZERS[o], model=model, data=DATA, epochs=2, values={"lr": 1e-3})
        for o in OPTIMIZERS
    ]
    for e in experiments:
        assert np.array_equal(run(e).errors, run(replace(e, model=ONE_NEURON)).errors), e.name
    report = verify(written(*experiments))
    assert report.ok, report


def two_gates(dead: int) -> Model:
    """c·max(a·x + b, 0) + f·max(d·x + e, 0): two neurons side by side, each with a ReLU."""
    a, b, c, d, e, f = (Here(w) for w in "abcdef")
    forward: dict[str, Expr] = {"z": a * Data("x") + b, "g": maximum(Here("z"), 0)}
    forward |= {"q": d * Data("x") + e, "k": maximum(Here("q"), 0), "pred": c * Here("g") + f * Here("k")}
    gates = {"z": ("b", "a", "c"), "q": ("e", "d", "f")}
    about = dict.fromkeys([*"abcdef", *forward], "a quantity")
    return Model("two_gates", f"gate {dead} is dead", tuple("abcdef"), forward, about, {}, gates=gates)


@pytest.mark.parametrize("dead", [1, 2])
def test_any_gate_that_is_dead_is_told_by_library_and_sheet(dead: int, written: Written) -> None:
    """A closed first or second ReLU: the verdict of the library, the cell, IronCalc and verify are one."""
    shut = {"a": -1.0, "b": -1.0} if dead == 1 else {"d": -1.0, "e": -1.0}
    values = {"lr": 1e-3, **dict.fromkeys("abcdef", 0.5), **shut}
    e = Experiment("gates", "Gates", "About.", OPTIMIZERS["sgd"], two_gates(dead), DATA, epochs=3, values=values)
    assert str(run(e).verdict) == "dead ReLU since step 1"
    path = written(e)
    assert verdicts(path) == ["dead ReLU since step 1"]
    assert verify(path).ok
    lively = replace(e, values={"lr": 1e-3, **dict.fromkeys("abcdef", 0.5)})
    assert str(run(lively).verdict) == "learning"
    assert verdicts(written(lively)) == ["learning"]


def test_a_gate_behind_another_is_judged_by_all_that_leads_to_it(written: Written) -> None:
    """A second ReLU over the first one's output: its pre-activation is written out down to weights and samples."""
    a, b, c, d = (Here(w) for w in "abcd")
    forward: dict[str, Expr] = {"z": a * Data("x") + b, "g": maximum(Here("z"), 0)}
    forward |= {"q": c * Here("g") + d, "pred": maximum(Here("q"), 0)}
    about = dict.fromkeys([*"abcd", *forward], "a quantity")
    gates = {"z": ("b", "a"), "q": ("b", "a", "c", "d")}
    model = Model("deep", "a gate behind a gate", tuple("abcd"), forward, about, {}, gates=gates)
    values = {"lr": 1e-3, "a": 0.5, "b": 0.5, "c": -1.0, "d": -1.0}
    e = Experiment("deep", "Deep", "About.", OPTIMIZERS["sgd"], model, DATA, epochs=3, values=values)
    assert str(run(e).verdict) == "dead ReLU since step 1"
    path = written(e)
    assert verdicts(path) == ["dead ReLU since step 1"]
    assert verify(path).ok


def verdicts(path: Path) -> list[object]:
    """The verdicts on the overview after IronCalc computed it."""
    model = reading.load(path)
    model.recalculate()
    cells = [model.value("overview", row, 7) for row in range(1, 60)]
    start = cells.index("verdict") + 1
    return cells[start : cells.index(None, start)]
