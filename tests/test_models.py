"""Any model, loss, optimizer, batch and schedule: against PyTorch, finite differences and recalculated workbooks.

One table drives the tests: the configurations of figures/torch_models.json, which hold every pair of parts.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from graddesc_xl import Comparison, Row, build, verify
from graddesc_xl.errors import PlanError, SettingError
from graddesc_xl.experiments import Experiment
from graddesc_xl.language.calculus import gradient, inlined
from graddesc_xl.language.evaluate import evaluate
from graddesc_xl.language.expr import Data, Expr, Here, Param
from graddesc_xl.language.maths import names, relu, tanh
from graddesc_xl.lessons import Lesson, recipe
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.numbers.trace import Trace
from graddesc_xl.parts.batches import STEPS
from graddesc_xl.parts.data import dataset
from graddesc_xl.parts.equations import Optimizer, with_clipping, with_decay
from graddesc_xl.parts.losses import LOSSES, SQUARED
from graddesc_xl.parts.models import ONE_NEURON, TWO_NEURONS_RELU
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.parts.schedules import RATE, SCHEDULES
from graddesc_xl.parts.starting import DRAWN, starts
from graddesc_xl.parts.writing import loss, model, optimizer
from graddesc_xl.plan import compact
from graddesc_xl.verification import tiers
from graddesc_xl.verification.grid import Grid
from graddesc_xl.verification.report import Report
from graddesc_xl.words import words
from once import Everywhere, Once, everywhere

FIGURES: dict[str, Any] = json.loads((Path(__file__).parent / "figures" / "torch_models.json").read_text("utf-8"))
TABLE: list[dict[str, Any]] = FIGURES["training"]
EPOCHS = 3
PARTS = ("loss", "activation", "optimizer", "batch", "schedule")
every_one = pytest.mark.parametrize("made", TABLE, ids=["-".join(str(made[part]) for part in PARTS) for made in TABLE])
#: with the activation in the place of {}
NETWORK = "h1 = {0}(w1*x + b1); h2 = {0}(w2*x + b2); out = v1*h1 + v2*h2 + b"


def of_torch(name: str) -> Optimizer:
    """The optimizer of a configuration."""
    if name == "torch_momentum_decay":
        return with_decay(OPTIMIZERS["torch_momentum"])
    return with_clipping(OPTIMIZERS["torch_adam"]) if name == "torch_adam_clipped" else OPTIMIZERS[name]


def configured(made: dict[str, Any], name: str = "e", **more: Any) -> Experiment:
    """The experiment of a configuration."""
    text = NETWORK.format(made["activation"])
    if made["loss"] == "logistic":
        text = text.replace("out = ", "p = sigmoid(") + ")"
    used = of_torch(made["optimizer"])
    values = {"lr": made["lr"]} | ({"limit": FIGURES["limit"]} if "clipped" in used.name else {})
    of = model(text, name=f"{made['activation']} {'p' if made['loss'] == 'logistic' else 'out'}", **FIGURES["starts"])
    data = dataset(FIGURES["xs"], FIGURES["labels" if made["loss"] == "logistic" else "ys"], name="labels")
    return Experiment(
        name,
        model=of,
        data=data if made["loss"] == "logistic" else dataset(FIGURES["xs"], FIGURES["ys"], name="numbers"),
        optimizer=used,
        loss=LOSSES[made["loss"]],
        batch=made["batch"],
        schedule=SCHEDULES[made["schedule"]],
        epochs=EPOCHS,
        values=values,
        **more,
    )


def run_of(e: Experiment, **settings: Any) -> Trace:
    """Its run."""
    return run_plan(e.plan, e.data, settings)


def made_of(text: str, **more: Any) -> Experiment:
    """An experiment with a model from text, on a few samples of two inputs."""
    data = dataset({"sqft": [1.0, 4.0, 2.0, 7.0, 3.0], "c": [0.5, 1.0, 0.2, 0.1, 0.9]}, [3.0, 9.5, 5.0, 15.0, 7.5])
    return Experiment(
        more.pop("name", "e"), model=model(text), data=more.pop("data", data), epochs=more.pop("epochs", 2), **more
    )


def test_the_table_has_every_part_there_is() -> None:
    """Every loss, textbook optimizer and schedule, among other things, and each pair of parts somewhere."""
    assert {made["loss"] for made in TABLE} == {*LOSSES}
    assert {made["schedule"] for made in TABLE} == {*SCHEDULES} - {"annealed"}
    assert {o for o in OPTIMIZERS if o.startswith("torch_")} <= {made["optimizer"] for made in TABLE}
    for one in PARTS:
        for other in PARTS:
            pairs = {(made[one], made[other]) for made in TABLE}
            assert one == other or len(pairs) == len({a for a, _ in pairs}) * len({b for _, b in pairs})


def apart(found: Any, expected: Any, least: float) -> float:
    """The worst difference, relative to what is expected, or to the least size where that is smaller."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    return float((abs(found - expected) / np.maximum(abs(expected), least)).max())


def from_torch(made: dict[str, Any]) -> dict[str, float]:
    """How far its rates, the means of its losses and its weights after each epoch are from PyTorch's."""
    e = configured(made)
    trace = run_of(e)
    off = {w: apart(trace[f"new_{w}"][:, -1], [after[w] for after in made["weights"]], 0.1) for w in FIGURES["starts"]}
    off["mean"] = apart(trace[trace.plan.loss].mean(axis=1), made["means"], 0.01)
    if e.loss != SQUARED:
        off["error"] = apart(trace.errors, made["means"], 0.01)
    if RATE in trace.rows:
        steps = trace[STEPS] > 0 if STEPS in trace.rows else np.ones_like(trace[RATE], bool)
        off["rate"] = apart(trace[RATE][steps], made["rates"], 1e-4)
    else:
        assert {*made["rates"]} == {made["lr"]}
    return off


@every_one
def test_it_trains_as_torch_does(made: dict[str, Any]) -> None:
    """Its rates, the means of its losses and its weights after each epoch are PyTorch's to 1e-12."""
    off = from_torch(made)
    assert max(off.values()) <= 1e-12, off


def slope(of: Expr, weight: str, leaf: Callable[[Expr], Any]) -> Any:
    """Its derivative by a weight, by central differences of two widths, extrapolated."""

    def moved(h: float) -> Any:
        return evaluate(of, lambda e: leaf(e) + h if e == Here(weight) else leaf(e))

    wide, narrow = ((moved(h) - moved(-h)) / (2 * h) for h in (1e-4, 5e-5))
    return (4 * narrow - wide) / 3


def from_differences(made: dict[str, Any]) -> dict[str, float]:
    """How far the derivatives by each weight are from finite differences of the loss that is meant, in five rows."""
    e = configured(made)
    trace = run_of(e)
    lines = {**e.model.forward, **e.loss.on(e.model, e.data)}
    whole, of = inlined(lines, "loss"), gradient(lines, "loss", e.model.weights).of
    x, corners = e.data.column("x")[:5], [np.ones(5)]  # how far each row is from where there is no derivative
    if made["activation"].endswith("relu"):
        corners += [trace[f"w{i}"][0, :5] * x + trace[f"b{i}"][0, :5] for i in (1, 2)]
    if made["loss"] == "absolute":
        corners.append(trace["pred"][0, :5] - e.data.ys[:5])
    rows = np.flatnonzero(np.abs(corners).min(axis=0) > 1e-3)

    def leaf(expr: Expr) -> Any:
        match expr:
            case Here(name):
                return trace[name][0, rows]
            case Data(name):
                return e.data.column(name)[rows]
            case Param(name):
                return float(trace.cells[name])
        raise AssertionError(expr)

    assert rows.size >= 3
    return {w: apart(trace[of[w]][0, rows], slope(whole, w, leaf), 0.01) for w in e.model.weights}


@every_one
def test_its_derivatives_are_finite_differences(made: dict[str, Any]) -> None:
    """Every weight's, in the first rows, of the loss that is meant."""
    off = from_differences(made)
    assert max(off.values()) <= 1e-6, off


SAMPLE = TABLE[::5]


@pytest.fixture(scope="module")
def sampled(once: Once, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What is said of a workbook of every fifth configuration, a sheet each, some with numerical columns."""

    def verified() -> Everywhere:
        sheets = [configured(made, f"run {i}", numerical=i % 4 == 0) for i, made in enumerate(SAMPLE)]
        return everywhere(build(Lesson("Sampled", sheets), tmp_path_factory.mktemp("sampled")).path)

    return once.thing("sampled", verified).report


def test_a_sample_is_a_workbook_that_ironcalc_computes_alike(sampled: Report) -> None:
    """Each cell what its neighbours make it, and equal to a fresh run but for last digits."""
    assert not sampled.problems and [values.name for values in sampled.sets][:2] == ["held by the file", "IronCalc"]
    assert all(values.ok for values in sampled.sets[:2]), sampled


def test_a_sample_comes_back_from_its_recipe() -> None:
    """What is written into a file is read as the same lesson."""
    lesson = Lesson("Sampled", [configured(made, f"run {i}") for i, made in enumerate(SAMPLE)])
    again = recipe.read(recipe.spell(lesson))
    for was, now in zip(lesson.experiments, again.experiments, strict=True):
        for field in dataclasses.fields(was):
            assert getattr(now, field.name) == getattr(was, field.name), field.name


def test_a_sample_is_the_same_when_compact() -> None:
    """Fewer columns hold the same numbers to the last bit."""
    for made in SAMPLE:
        e = configured(made)
        full, small = run_of(e), run_plan(compact(e.plan), e.data, {})
        for name, values in small.rows.items():
            np.testing.assert_array_equal(values, full.rows[name], err_msg=name)


def test_a_batch_of_runs_is_its_single_runs() -> None:
    """To the last bit, with every function there is."""
    for made in SAMPLE:
        e = configured(made)
        together = run_of(e, w1=[0.3, -0.8])
        for i, w1 in enumerate((0.3, -0.8)):
            alone = run_of(e, w1=w1)
            for name, values in alone.rows.items():
                np.testing.assert_array_equal(values, together.rows[name][..., i], err_msg=name)


def test_a_model_is_its_text() -> None:
    """Named lines, the last the prediction; inputs are the data's, all else weights in the order of the text."""
    e = made_of("h = tanh(a*sqft + b)\nprice = A1*h + r", values={"a": 0.1})
    assert e.model.weights == ("a", "b", "A1", "r") and e.model.inputs == ("sqft",)
    assert e.model.lines == {"z": "a*sqft + b", "h": "tanh(z)", "pred": "A1*h + r"}
    assert e.plan.column("pred").title == "price"
    assert [words(e.plan.column(name).expr, e.plan) for name in ("d_h", "d_b", "d_a")] == [
        "de/dr·A1",
        "de/dh·(1 − h²)",
        "de/db·sqft",
    ]
    other = dataset({"b": [1.0, 2.0], "a": [0.0, 1.0]}, [1.0, 2.0])
    assert made_of("a*b + sqft", data=other).model.weights == ("sqft",)


def test_a_model_from_python_is_the_one_from_text() -> None:
    """Ordinary operators make the same tree."""
    a, b, c, d, x = names("a b c d x")
    assert model({"h": tanh(a * x + b), "pred": c * names("h")[0] + d}) == model(
        "h = tanh(a*x + b); pred = c*h + d", title="h = tanh(a*x + b); pred = c*h + d"
    )
    assert model(c * relu(a * x + b) + d).lines == model("c*relu(a*x + b) + d").lines


def test_activations_get_lines_of_their_own() -> None:
    """So each derivative is a short column; what is there already is not made again."""
    assert model("c*relu(a*x + b) + d").lines == {"z": "a*x + b", "hid": "relu(z)", "pred": "c*hid + d"}
    assert model("u*tanh(a*x) + v*tanh(b*x)").lines == {
        "z1": "a*x",
        "hid1": "tanh(z1)",
        "z2": "b*x",
        "hid2": "tanh(z2)",
        "pred": "u*hid1 + v*hid2",
    }
    assert model("max(a*x, 0)*z + relu(a*x)*hid").lines == {
        "z1": "a*x",
        "hid1": "max(z1, 0)",
        "hid2": "relu(z1)",
        "pred": "hid1*z + hid2*hid",
    }


def test_gates_are_found() -> None:
    """Of a ReLU however it is written, with the weights that count only where it is on: those of the shipped model."""
    for text in ("z = a*x + b; hid = relu(z); c*hid + d", "c*max(a*x + b, 0) + d", "c*max(0, a*x + b) + d"):
        e = Experiment("e", model=model(text))
        assert {gate: {*gone} for gate, gone in e.plan.gates.items()} == {"z": {"a", "b", "c"}}
    assert {gate: {*gone} for gate, gone in TWO_NEURONS_RELU.gates.items()} == {"z": {"a", "b", "c"}}
    e = Experiment("e", model=model("c*relu(a*x + b) + d"), values={"lr": 1e-4})
    assert str(run_of(e).verdict) == str(run_of(Experiment("e", model=TWO_NEURONS_RELU, values={"lr": 1e-4})).verdict)
    deep = model(layers=[(2, "relu"), (2, "relu"), 1])
    assert {*deep.on(dataset([1.0], [1.0])).gated["z21"]} == {"w21_h11", "w21_h12", "b21", "v21"}


def test_a_straight_line_has_its_targets() -> None:
    """Slope and intercept of least squares, for a line however it is written; for nothing else."""
    assert Experiment("e", model=model("u + x*v")).plan.targets == {"u": "intercept", "v": "slope"}
    for text in ("u*x*v", "u*x + v*x", "u*x**2 + v", "tanh(u*x) + v"):
        assert not Experiment("e", model=model(text)).plan.targets


def test_layers_are_readable_lines() -> None:
    """A network is written as one would write it."""
    assert model(layers=[(2, "tanh"), 1]).lines == {
        "z1": "w1*x + b1",
        "h1": "tanh(z1)",
        "z2": "w2*x + b2",
        "h2": "tanh(z2)",
        "pred": "v1*h1 + v2*h2 + b",
    }
    assert model(layers=[1], inputs=("sqft", "age")).lines == {"pred": "vsqft*sqft + vage*age + b"}
    deep = model(layers=[(2, "relu"), (1, "tanh"), (1, "sigmoid")], inputs=("u", "v")).lines
    assert deep["z11"] == "w11_u*u + w11_v*v + b11" and deep["z21"] == "w21_h11*h11 + w21_h12*h12 + b21"
    assert deep["pred"] == "sigmoid(z)" and deep["z"] == "v*h21 + b"


WRONG_MODELS = {
    "": "has no line",
    "a*x^2": "a power is written a*x**2",
    "a*x; b*x": "'a*x' has no name: write it as in z = a*x.",
    "h = a*x; h = b*x": "has 2 lines called 'h'",
    "p = c*h; h = a*x": "the line p uses h, which no line before it gives",
    "h = h*x": "the line h uses h",
    "a*b": "uses none of the inputs of graddesc: put x into its lines",
    "a*x + y": "uses 'y', which is what it should predict",
    "pred = a*x; q = pred*b": "'pred' is what the last line of a*x; q = pred*b predicts",
    "x*2": "has no weights",
    "err = a*x; b*err": "calls something 'err', as the sheet e does",
    "new_a = a*x; b*new_a": "calls something 'new_a'",
    "lr*x": "calls something 'lr'",
    "a*exec(x)": "the function 'exec'",
    "a = 1; a*x": "has no weights",
    "[a = 1": "is no formula",
}


@pytest.mark.parametrize("text", WRONG_MODELS)
def test_what_is_no_model_is_a_sentence(text: str) -> None:
    """What was given, why it cannot work, what to write instead."""
    with pytest.raises((PlanError, SettingError)) as refused:
        Experiment("e", model=model(text)).plan.columns  # noqa: B018
    assert WRONG_MODELS[text] in str(refused.value)


def test_starts_are_given_by_name() -> None:
    """Of weights alone, with a hint where there is none."""
    assert Experiment("e", model=model("a*x + b", a=0.1, b=0)).plan.inputs[0].value == 0.1
    with pytest.raises(PlanError, match=r"has no weight 'slop' to start. Did you mean slope"):
        model("slope*x", slop=1)
    with pytest.raises(PlanError, match=r"'x' is an input of graddesc, no weight of a\*x"):
        Experiment("e", model=model("a*x", x=1))


def test_a_loss_of_ones_own_is_what_is_meant() -> None:
    """Its column, its footer and its words say it, and its derivatives are of it."""
    own = loss("e = pred - y; e**2 + strength*slope**2", strength=0.1, title="ridge loss")
    e = Experiment("e", model=model("slope*x + b"), loss=own, epochs=2, values={"lr": 1e-5})
    plan, trace = e.plan, run_of(e)
    assert plan.error.title == "mean ridge loss" and plan.column("d_slope").title == "dL/dslope"
    assert words(plan.column("d_slope").expr, plan) == "dL/db·x + strength·2·slope"
    expected = ((trace["pred"] - trace.data.ys) ** 2 + 0.1 * trace["slope"] ** 2).mean(axis=1)
    np.testing.assert_allclose(trace.errors, expected, rtol=1e-14)


def test_the_squared_error_is_as_it_was() -> None:
    """Its columns, titles and footers are those of the published sheets."""
    plan = Experiment("e").plan
    assert [c.name for c in plan.columns] == ["b", "a", "pred", "err", "d_b", "d_a", "new_b", "new_a"]
    assert [f.title for f in plan.footers][:2] == ["√Σe²", "RMSE"] and plan.column("d_b").title == "de/db"


def test_the_logistic_loss_wants_labels_and_a_probability() -> None:
    """Else it says what to write; its derivative by what the sigmoid acts on is p - y."""
    labels = dataset([0.0, 1.0, 2.0], [0, 1, 1])
    e = Experiment("e", model=model("p = sigmoid(a*x + b)"), data=labels, loss=LOSSES["logistic"])
    assert words(e.plan.column("d_b").expr, e.plan) == "p − y"
    with pytest.raises(PlanError, match=r"targets that are 0 or 1, and graddesc has 58 among them"):
        Experiment("e", model=model("sigmoid(a*x)"), loss=LOSSES["logistic"]).plan.columns  # noqa: B018
    with pytest.raises(PlanError, match=r"let the last line of a\*x be a sigmoid, as in sigmoid\(a\*x\)"):
        Experiment("e", model=model("a*x"), data=labels, loss=LOSSES["logistic"]).plan.columns  # noqa: B018
    far = run_of(Experiment("e", model=model("sigmoid(a*x)", a=1000), data=labels, loss=LOSSES["logistic"], epochs=1))
    assert np.isfinite(far["loss"]).all() and far["loss"][0, 0] == pytest.approx(np.log(2))


def test_an_optimizer_is_its_text() -> None:
    """Nesterov's momentum typed in is the shipped one to the last bit."""
    typed = optimizer("buf = mu*prev(buf) + g; new = w - lr*(g + mu*buf)", mu=0.9)
    shipped = OPTIMIZERS["torch_nesterov"]
    left, right = (run_of(Experiment("e", optimizer=of, values={"lr": 1e-5})) for of in (typed, shipped))
    np.testing.assert_array_equal(left["new_a"], right["new_a"])
    started = optimizer("buf = mu*prev(buf) + g; new = w - lr*buf", mu=0.9, buf=2.5)
    assert run_of(Experiment("e", optimizer=started, values={"lr": 1e-5})).starts["buf_a"][0] == 2.5


WRONG_OPTIMIZERS: dict[str, tuple[dict[str, Any], str]] = {
    "new = w - mu*g": ({}, "uses 'mu': give it a number, as in mu=0.9."),
    "new = w - lr*g": ({"mu": 0.9}, "does not use 'mu'."),
    "buf = g; w - lr*prev(bug)": ({}, "uses prev(bug), but has no line bug"),
    "buf = g; new2 = w": ({}, "never says what a step does"),
    "new = w - lr*g^2": ({}, "a power is written w - lr*g**2"),
}


@pytest.mark.parametrize("text", WRONG_OPTIMIZERS)
def test_what_is_no_optimizer_is_a_sentence(text: str) -> None:
    """What was given, why it cannot work, what to write instead."""
    values, said = WRONG_OPTIMIZERS[text]
    with pytest.raises(PlanError) as refused:
        optimizer(text, **values)
    assert said in str(refused.value)


def test_the_weights_move_in_the_last_row_of_a_batch() -> None:
    """They stay in the others, what the optimizer remembers too; an epoch's last batch may be smaller."""
    e = made_of("a*sqft + b", batch=2, optimizer="torch_momentum", values={"lr": 0.01})
    trace = run_of(e)
    moved = trace["new_a"] != trace["a"]
    assert moved.tolist() == [[False, True, False, True, True]] * 2
    np.testing.assert_array_equal(trace["steps"], moved)
    assert trace["buf_a"][0, 0] == 0 and trace["buf_a"][0, 1] == trace["buf_a"][0, 2] == trace["mean_d_a"][0, 1]
    np.testing.assert_array_equal(trace["mean_d_a"][0, 1], (trace["d_a"][0, 0] + trace["d_a"][0, 1]) / 2)
    every = run_of(made_of("a*sqft + b", batch="all", values={"lr": 0.01}))
    assert (every["new_a"] != every["a"]).sum() == 2


def test_a_typed_batch_is_another_batch(sampled: Path) -> None:
    """The size is a cell: of one row it is plain SGD."""
    ones = run_of(made_of("a*sqft + b", batch=2, values={"lr": 0.01}), batch=1)
    plain = run_of(made_of("a*sqft + b", values={"lr": 0.01}))
    np.testing.assert_array_equal(ones["new_a"], plain["new_a"])


def test_start_weights_are_drawn_by_a_seed() -> None:
    """The same seed gives the same numbers, another others; biases of He and Xavier are 0; input cells hold them."""
    of = model(layers=[(3, "tanh"), 1]).on(dataset([1.0], [1.0]))
    for way in DRAWN:
        found = starts(of, way, 1)
        assert found == starts(of, way, 1) != starts(of, way, 2)
        assert all(float(f"{value:.15g}") == value for value in found.values())
        if way in ("he", "xavier"):
            assert not any(found[name] for name in ("b1", "b2", "b3", "b")) and all(found[f"v{i}"] for i in (1, 2, 3))
    e = Experiment("e", model=model("a*x + b"), start="normal", seed=3)
    assert "drawn by the seed 3 (normal)" in e.plan.inputs[0].about
    assert starts(ONE_NEURON, 0.25, 1) == {"b": 0.25, "a": 0.25}
    wide = [starts(of, "xavier", seed)["v1"] for seed in range(300)]
    assert max(map(abs, wide)) <= (6 / (3 + 1)) ** 0.5 < 1.3 * max(map(abs, wide))
    assert np.std([starts(of, "he", seed)["v1"] for seed in range(300)]) == pytest.approx((2 / 3) ** 0.5, rel=0.15)


def test_settings_that_cannot_work_are_sentences() -> None:
    """Of batches, starts, schedules and losses."""
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"batch": 0}, "batch must be a whole number from 1 to the 29 samples, or 'all', not 0"),
        ({"batch": "al"}, "or 'all', not 'al'"),
        ({"batch": 30}, "from 1 to the 29 samples"),
        ({"start": "hee"}, "Weights cannot start 'hee'. Did you mean he?"),
        ({"schedule": "cosin"}, "There is no schedule 'cosin'. Did you mean cosine?"),
        ({"loss": "hubert"}, "There is no loss 'hubert'. Did you mean huber?"),
        ({"schedule": "step", "optimizer": "adam_ann"}, "changes the learning rate by itself"),
    )
    for settings, said in wrong:
        with pytest.raises(SettingError) as refused:
            Experiment("e", **settings)
        assert said in str(refused.value)


def test_each_epoch_sees_the_samples_in_another_order() -> None:
    """Every sample once in each; the orders are the seed's, whatever the number of epochs; the run follows them."""
    e = made_of("a*sqft + b", shuffled=True, seed=4, epochs=3, values={"lr": 0.01})
    orders = e.plan.orders
    assert [sorted(order) for order in orders] == [[0, 1, 2, 3, 4]] * 3 and len({*orders}) == 3
    assert orders[:2] == made_of("a*sqft + b", shuffled=True, seed=4, epochs=2).plan.orders
    assert orders != made_of("a*sqft + b", shuffled=True, seed=5, epochs=3).plan.orders
    trace = run_of(e)
    xs, ys = e.data.column("sqft"), e.data.ys
    a = b = 1.0
    for epoch, order in enumerate(orders):
        for step, sample in enumerate(order):
            slope = 2 * (a * xs[sample] + b - ys[sample])
            a, b = a - 0.01 * slope * xs[sample], b - 0.01 * slope
            assert trace["new_a"][epoch, step] == pytest.approx(a, rel=1e-12)
    table = trace.frame()
    assert table["sample"].tolist() == [number + 1.0 for order in orders for number in order]
    assert table["sqft"].tolist() == [xs[number] for order in orders for number in order]


def test_an_order_stands_in_cells(tmp_path: Path) -> None:
    """The numbers of the samples, and what they are, looked up; an error in a sample spreads as the order has it."""
    e = made_of("a*sqft + b", shuffled=True, seed=4, batch=2, optimizer="adam", values={"lr": 0.01}, numerical=True)
    path = build(Lesson("Shuffled", [e]), tmp_path).path
    assert verify(path).ok
    sheet = openpyxl.load_workbook(path)["e"]
    assert sheet["A2"].value == "order: seed 4"
    assert [sheet.cell(row, 1).value for row in range(4, 9)] == [number + 1 for number in e.plan.orders[0]]
    assert sheet["B4"].value.startswith("=INDEX(data!") and sheet["B4"].value.endswith(",A4)")


@pytest.mark.parametrize("schedule", [name for name in SCHEDULES if name != "constant"])
def test_a_schedule_is_a_column_with_a_chart(schedule: str, tmp_path: Path) -> None:
    """The rate of each step, in the sheet and drawn."""
    e = made_of("a*sqft + b", schedule=schedule, epochs=3, values={"lr": 0.01})
    made = compose(Lesson("Rates", [e]), run_plan)
    (sheet,) = [sheet for sheet in made.sheets if sheet.name == "e"]
    assert "Learning rate by step" in [chart.title for chart in sheet.charts]


def test_losses_side_by_side(tmp_path: Path) -> None:
    """A comparison has √Σe² of each, whatever it learns by, and each run the verdict that it has alone."""
    rows = []
    for name in ("squared", "absolute", "huber"):
        e = made_of("a*sqft + b", loss=name, batch=2, schedule="cosine", values={"lr": 0.01}, epochs=3)
        rows.append(Row(name, (replace(e, name=name),)))
    lesson = Lesson(
        "Losses", [Comparison("losses", "Losses", "", ("line",), tuple(rows), ("lr",)), rows[2].experiments[0]]
    )
    path = build(lesson, tmp_path).path
    report = verify(path)
    assert report.ok, report
    sheets = openpyxl.load_workbook(path, data_only=True)
    held = [cell.value for line in sheets["losses"] for cell in line]
    for row in rows:
        trace = run_of(row.experiments[0])
        assert any(isinstance(v, float) and v == pytest.approx(trace.roots[-1], rel=1e-12) for v in held), row.title
        assert str(trace.verdict) in held
    assert "mean Huber loss" in {cell.value for line in sheets["huber"] for cell in line}


def test_verdicts_are_of_the_loss_that_is_meant() -> None:
    """What gets better by its own loss is learning, where the squared error alone grows."""
    data = dataset([0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0, 3.0, 40.0])
    line = model("a*x + b", a=5, b=0)
    trace = run_of(Experiment("e", model=line, data=data, loss=LOSSES["absolute"], epochs=9, values={"lr": 0.1}))
    assert trace.errors[-1] < trace.errors[0] and trace.roots[-1] > trace.roots[0]
    assert trace.verdict.kind == "learning"


def test_the_sample_in_libreoffice_and_gnumeric(sampled: Report, soffice: str, ssconvert: str) -> None:
    """Every configuration of the sample, recalculated by both."""
    assert sampled.ok and [values.name for values in sampled.sets][2:] == ["LibreOffice", "Gnumeric"], sampled


def test_the_rate_is_quartered_where_gradients_grow(tmp_path: Path) -> None:
    """After an epoch whose gradients are more than twice the shortest before; it is a column, and a workbook agrees."""
    e = made_of("a*sqft + b", schedule="annealed", epochs=8, values={"lr": 0.08, "a": -3.0})
    trace = run_of(e)
    lengths = np.sqrt((trace["d_a"] ** 2 + trace["d_b"] ** 2).sum(axis=1))
    rate, shortest, expected = 0.08, 1e6, []
    for length in lengths:
        expected.append(rate)
        rate, shortest = (rate / 4 if length > 2 * shortest else rate), min(shortest, length)
    np.testing.assert_array_equal(trace[RATE][:, 0], expected)
    assert expected[-1] < expected[0]
    for name in ("sgd", "torch_adam"):
        sheet = e.with_(name=name, optimizer=name, batch=2)
        assert verify(build(Lesson(name, [sheet]), tmp_path).path).ok


def test_models_without_names_stand_in_one_lesson(tmp_path: Path) -> None:
    """Each goes by its text, in the recipe too."""
    sheets = [made_of(text, name=f"run {i}") for i, text in enumerate(("a*sqft + b", "h = relu(a*c)\nb*h + d"))]
    path = build(Lesson("Unnamed", sheets), tmp_path).path
    assert verify(path).ok
    assert [e.model.name for e in sheets] == ["a*sqft + b", "h = relu(a*c); pred = b*h + d"]


def test_what_cancels_to_nothing_is_no_drift() -> None:
    """Derivatives of a batch that leave only last bits of each other may add up to 0: the run is the same."""
    parts = {"loss": "absolute", "activation": "leaky_relu", "optimizer": "torch_adagrad", "batch": 4, "lr": 0.1}
    e = configured({**parts, "schedule": "constant"}, "cancels")
    of = compose(Lesson("Cancels", [e]), run_plan).lists[0].of
    held = {(row, column): of.sheet.value(row, column) for (row, column), _, _ in of.sheet.every()}
    summed = [of.layout.columns[c.name] for c in of.trace.plan.columns if c.title in ("Σ dL/db1", "mean dL/db1")]
    nothing = [
        (of.layout.row(block, step), column)
        for column in summed
        for block in range(of.trace.plan.epochs)
        for step in range(len(e.data))
        if 0 < abs(float(held[of.layout.row(block, step), column])) < 1e-15  # type: ignore[arg-type]  # numbers
    ]
    assert len(nothing) >= 2
    values = {of.sheet.name: Grid.of(held | dict.fromkeys(nothing, 0.0))}
    assert tiers.step_sheet(of, values).note.startswith("within")
