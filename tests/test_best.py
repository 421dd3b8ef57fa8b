"""The best of many runs: what a search finds, held against brute force, closed forms and single runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import graddesc_xl as gx
from graddesc_xl import building, cli
from graddesc_xl.cli import show, telling
from graddesc_xl.errors import SettingError
from graddesc_xl.language.values import Array
from graddesc_xl.lessons.recipe import spell
from graddesc_xl.numbers import held_still
from graddesc_xl.sweeps import search, sweep_plan
from test_validation import by_hand, samples

__all__ = ["samples"]


@pytest.mark.parametrize("scale", ["", "z-score"])
@pytest.mark.parametrize("model", ["c*tanh(a*size + b) + d", "a*size + b", "c*relu(a*size + b) + d"])
def test_a_sweep_validates_each_run_as_the_run_itself(model: str, scale: str, samples: gx.Dataset) -> None:
    """The error of samples that are held out is that of the single run, to the last bit, be it a number or none."""
    e = gx.experiment(model, replace(samples, scale=scale), epochs=3)
    swept = e.sweep(lr=np.geomspace(1e-3, 1e3, 40), a=[-1.0, 0.3, 2.0])
    assert swept.validation is not None
    assert samples.held_out
    for place in np.ndindex(swept.shape):
        single = held_still.error(swept.run(*place), samples.held_out)
        np.testing.assert_equal(float(swept.validation[place]), single)
    assert not np.isfinite(swept.validation).all()
    assert swept.frame()["validation"].tolist()[:3] == swept.validation[0].tolist()


def test_a_sweep_validates_as_a_loop_by_hand(samples: gx.Dataset) -> None:
    """The same of a network, by plain NumPy apart from the package; in pieces as at once."""
    rates = [0.001, 0.01, 0.05]
    swept = gx.experiment("c*tanh(a*size + b) + d", samples, epochs=4).sweep(lr=rates)
    assert swept.validation is not None
    np.testing.assert_allclose(swept.validation, [by_hand(samples, 4, lr)[-1] for lr in rates], rtol=1e-12)


def test_many_runs_are_validated_in_pieces(samples: gx.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few are predicted at a time, the numbers are those of single runs: each with inputs of its own."""
    e = replace(gx.experiment("a*size + b", samples, epochs=2), scaled=("size",))
    monkeypatch.setattr(held_still, "AT_ONCE", 20)
    swept = e.sweep(lr=[1e-3, 1e-2], scale_size=[0.5, 1.0, 2.0, 3.0])
    assert swept.validation is not None
    assert samples.held_out
    single = [held_still.error(swept.run(*place), samples.held_out) for place in np.ndindex(swept.shape)]
    assert swept.validation.ravel().tolist() == single


XS = np.array(gx.GRADDESC.inputs["x"])
YS = 2 * XS + 30


def errors_by_hand(rates: Array, starts: Array, epochs: int, *, relu: bool) -> Array:
    """√Σe² of the last epoch of plain SGD, for each rate and start of `a` at once: NumPy, written apart.

    The models are a*x + b, and c*max(a*x + b, 0) + d; every other weight starts at 1.
    """
    a, b, c, d = starts.copy(), *(np.ones(len(rates)) for _ in range(3))
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            total = np.zeros(len(rates))
            for x, y in zip(XS, YS, strict=True):
                z = a * x + b
                off = c * np.maximum(z, 0) + d - y if relu else z - y
                total += off**2
                d_z = 2 * off * np.where(z > 0, c, 0) if relu else 2 * off
                if relu:
                    c, d = c - rates * 2 * off * np.maximum(z, 0), d - rates * 2 * off
                a, b = a - rates * d_z * x, b - rates * d_z
        return np.sqrt(total)


def test_it_finds_the_best_rate_that_brute_force_finds() -> None:
    """Of one neuron: among 20,000 rates, tried one by one, none is better, and the lowest of them is where it says."""
    rates = np.geomspace(1e-8, 1e-2, 20_000)
    errors = errors_by_hand(rates, np.ones(20_000), 10, relu=False)
    lowest = int(np.nanargmin(errors))
    found = gx.experiment("a*x + b", gx.GRADDESC).best(lr="1e-8..1e-2:log")
    assert found.error <= errors[lowest] * (1 + 1e-9)
    assert abs(np.log(found.inputs["lr"] / rates[lowest])) < 2 * np.log(1e6) / 20_000


@pytest.mark.parametrize("epochs", [1, 3, 10])
def test_it_finds_the_best_rate_and_start_that_brute_force_finds(epochs: int) -> None:
    """Two inputs of a model with a ReLU, whose error has cliffs: no run of a fine grid of 90,000 is better."""
    rates, starts = np.meshgrid(np.geomspace(1e-7, 1e-3, 300), np.linspace(-3, 3, 300), indexing="ij")
    errors = errors_by_hand(rates.ravel(), starts.ravel(), epochs, relu=True)
    e = gx.experiment("c*relu(a*x + b) + d", gx.GRADDESC, epochs=epochs)
    found = e.best({"lr": "1e-7..1e-3:log", "a": "-3..3"})
    assert found.error <= np.nanmin(errors)
    own = errors_by_hand(np.array([found.inputs["lr"]]), np.array([found.inputs["a"]]), epochs, relu=True)
    assert found.error == pytest.approx(float(own[0]), rel=1e-12)
    assert found.runs <= 2000


def one_weight(x: Array, slope: float, epochs: int) -> gx.Experiment:
    """A model of one weight that starts at 1, on samples on a line through 0, all of them in each step."""
    return gx.experiment("a*x", gx.dataset(x, slope * x), batch="all", epochs=epochs)


def test_one_weight_learns_best_at_one_over_its_curvature() -> None:
    """A step of full batch multiplies what is missing by 1 - lr*λ: at 1/λ nothing is left, at 2/λ all of it."""
    x = np.array([0.5, 1.0, 2.5, 3.0])
    curvature = 2 * float(np.mean(x * x))
    found = one_weight(x, 3.0, 2).best(lr="1e-4..10:log")
    assert found.inputs["lr"] == pytest.approx(1 / curvature, rel=2e-5)
    assert found.error < 1e-4
    e = one_weight(x, 3.0, 30)
    below, above = (e.run(lr=2 / curvature * by).errors for by in (0.999, 1.001))
    assert below[-1] < below[0]
    assert above[-1] > above[0]


@pytest.mark.parametrize(
    ("x", "y", "epochs", "near"),
    [
        (np.array([0.5, 1.0, 2.5, 3.0]), np.array([1.0, 2.5, 4.0, 8.0]), 20, 0.9),
        (XS, YS, 100, 0.96),  # the slow direction wants a rate as high as the fast one bears
    ],
)
def test_two_weights_learn_best_where_the_closed_form_is_least(x: Array, y: Array, epochs: int, near: float) -> None:
    """Full batch: what is missing after N - 1 steps is (I - lr*H)^(N-1) of it; the best is close to the limit 2/λ."""
    design = np.column_stack([x, np.ones(len(x))])
    sizes, vectors = np.linalg.eigh(2 * design.T @ design / len(x))
    best_fit = np.linalg.lstsq(design, y, rcond=None)[0]
    limit = 2 / sizes[1]
    rates = np.geomspace(limit / 10, limit, 100_001)
    missing = (1 - rates[:, None] * sizes) ** (epochs - 1) * (vectors.T @ (np.ones(2) - best_fit))
    errors = np.linalg.norm(missing @ vectors.T @ design.T + design @ best_fit - y, axis=1)
    e = gx.experiment("a*x + b", gx.dataset(x, y), batch="all", epochs=epochs)
    found = e.best([gx.Range("lr", limit / 1000, limit * 1000, log=True)], budget=600)
    assert found.error == pytest.approx(errors.min(), rel=1e-8)
    assert found.inputs["lr"] == pytest.approx(rates[errors.argmin()], rel=1e-3)
    assert near < found.inputs["lr"] / limit < 1


def test_the_wall_is_where_the_closed_form_has_it() -> None:
    """The step's factor to the power of the steps is a million where the run counts as exploded; runs agree."""
    x = np.array([0.5, 1.0, 2.5, 3.0])
    curvature, epochs = 2 * float(np.mean(x * x)), 40
    e = one_weight(x, 3.0, epochs)
    found = e.best(lr="1e-4..10:log")
    grown = 1e6 * float(np.sqrt(np.sum((3 * x) ** 2))) / (2 * x.max())
    limit = (1 + grown ** (1 / (epochs - 1))) / curvature
    wall = found.walls["lr"][1]
    assert wall is not None
    assert found.walls["lr"][0] is None
    assert limit <= wall.value <= limit * 1.005
    assert e.run(lr=wall.value).verdict.kind == wall.kind == "exploded"
    assert e.run(lr=limit * 0.999).verdict.kind != "exploded"
    assert any(f"{wall.value:.6g} up" in said and "exploded" in said for said in found.said)


def test_where_a_relu_dies_before_anything_explodes_that_is_the_wall() -> None:
    """At the wall the single run is dead, at rates up to nine tenths of it none is."""
    e = gx.experiment("c*relu(a*x + b) + d", gx.GRADDESC)
    found = e.best(lr="1e-7..1e-3:log", budget=600)
    wall = found.walls["lr"][1]
    assert wall is not None
    assert wall.kind == e.run(lr=wall.value).verdict.kind == "dead ReLU"
    nearer = e.run(lr=np.linspace(found.inputs["lr"], wall.value * 0.9, 100).tolist())
    assert {said.kind for said in nearer.verdicts} <= {"learning", "settled", "bouncing", "getting worse"}


def test_what_it_finds_is_the_single_run_and_the_lowest_of_all() -> None:
    """Its error and verdict are those of the run itself, to the last bit; each round is at least as good."""
    found = gx.best("adam", ["lr=0.001..10:log", "beta1=0..0.99"], budget=500, epochs=4)
    trace = found.run()
    assert float(trace.errors[-1]) == found.error == found.measured
    assert trace.verdict == found.verdict
    assert trace.plan.epochs == 4
    assert found.measure == "√Σe² of epoch 4"
    path = found.path
    assert (path["measure"].diff()[1:] <= 0).all()
    assert path["runs"].is_monotonic_increasing
    assert path.iloc[-1][["lr", "beta1"]].to_dict() == found.inputs
    assert found.runs <= 500


def test_samples_held_out_decide_where_there_are_some(samples: gx.Dataset) -> None:
    """The rate that is best for them, by a loop apart from the package, and not the one that fits the others best."""
    found = gx.experiment("c*tanh(a*size + b) + d", samples, epochs=4).best(lr="1e-3..1:log")
    rates = np.geomspace(1e-3, 1, 2000)
    with np.errstate(all="ignore"):
        errors = [by_hand(samples, 4, lr)[-1] for lr in rates]
    assert found.measure == "RMSE after epoch 4 of the 9 samples held out"
    assert any("Its √Σe² of epoch 4 is " in said for said in found.said)
    assert found.told.startswith("Found by search: with lr")
    assert found.measured <= min(errors) * (1 + 1e-9)
    assert samples.held_out
    assert found.measured == held_still.error(found.run(), samples.held_out)
    assert found.error == float(found.run().errors[-1]) != found.measured


def test_no_run_that_explodes_is_the_best() -> None:
    """Not even where it comes back to an error that is a number, and no other run is left."""
    e = gx.experiment("c*tanh(a*x + b) + d", gx.GRADDESC, epochs=2)
    back = {"lr": 7.49894209332456, "a": 2.2}
    assert e.run(back).verdict.kind == "exploded"
    assert np.isfinite(e.run(back).errors[-1])
    with pytest.raises(SettingError, match=r"Each of 1 run .* explodes"):
        e.best({name: [value] for name, value in back.items()})
    found = e.best({"lr": [1e-3, back["lr"]], "a": [back["a"]]})
    assert found.inputs["lr"] == 1e-3
    with pytest.raises(SettingError, match=r"Each of .* runs over lr from 1 to 100 explodes.* lower rates"):
        gx.best("basic", lr="1..100:log")


def test_no_run_that_noise_drives_is_the_best() -> None:
    """Numerical derivatives by too small a nudge are noise: another nudge is taken, or none is best."""
    e = gx.experiment("a*x + b", gx.GRADDESC, gradient="numerical", epochs=2, lr=1e-5)
    found = e.best(h="1e-15..1e-1:log", budget=300)
    assert e.run({"h": 1e-9}).noise is not None
    assert found.run().noise is None
    with pytest.raises(SettingError, match="noise"):
        e.best(h="1e-15..1e-10:log", budget=300)


@pytest.mark.parametrize(
    ("over", "end", "said"),
    [("1e-8..1e-6:log", "highest", "widen the range"), ("1e-5..1e-4", "lowest", "widen the range")],
)
def test_the_end_of_a_range_is_told(over: str, end: str, said: str) -> None:
    """The best rate lies beyond: it says at which end, and what to do."""
    found = gx.best("basic", lr=over, budget=200)
    assert found.ends == {"lr": end}
    assert found.inputs["lr"] == {"lowest": 1e-5, "highest": 1e-6}[end]
    assert any(said in sentence for sentence in found.said)
    assert not gx.best("basic", lr="1e-7..1e-4:log", budget=200).ends


def test_an_end_that_cannot_be_passed_is_told_otherwise() -> None:
    """Nobody can widen a range beyond what the setting allows."""
    found = gx.best("momentum", {"beta": "0..0.5"}, settings={"lr": 1e-6}, budget=200)
    assert found.ends
    assert any("and none beyond it can be set" in said for said in found.said)


def test_a_little_beside_the_best_is_the_single_run_there() -> None:
    """How sharp the best is: 1% of a rate, a hundredth of another range; and nothing outside of the range."""
    e = gx.experiment("c*relu(a*x + b) + d", gx.GRADDESC)
    found = e.best(["lr=1e-7..1e-4:log", "a=-3..3"], budget=500)
    lr, a = found.inputs["lr"], found.inputs["a"]
    for name, way, inputs in (
        ("lr", "lower", {"lr": lr * np.exp(-0.01), "a": a}),
        ("lr", "higher", {"lr": lr * np.exp(0.01), "a": a}),
        ("a", "lower", {"lr": lr, "a": a - 0.06}),
        ("a", "higher", {"lr": lr, "a": a + 0.06}),
    ):
        assert found.beside[name][way] == pytest.approx(float(e.run(inputs).errors[-1]), rel=1e-5)
        assert found.beside[name][way] >= found.error
    assert any(said.startswith("With lr 1% lower or higher it is ") for said in found.said)
    assert any(said.startswith("With a 0.06 lower or higher it is ") for said in found.said)
    ended = e.best(lr="1e-8..5e-7:log", budget=100)
    assert {*ended.beside["lr"]} == {"lower"}


def test_of_a_flat_region_the_middle_is_taken() -> None:
    """Where the ReLU is dead from the start, the start of its weight does not matter."""
    e = gx.experiment("c*relu(a*x + b) + d", gx.GRADDESC, values={"b": 0.0})
    found = e.best(a="-3..-1", budget=100)
    assert found.inputs["a"] == pytest.approx(-2, abs=0.05)
    assert found.rounds[0].flat
    assert "in its middle" in found.said[1]
    assert found.verdict.kind == "dead ReLU"


def test_the_innermost_place() -> None:
    """Of a region the place furthest from its edge; along the axes that have a middle."""
    region = np.zeros((7, 9), dtype=bool)
    region[1:4, 2:8] = region[6, 0] = True
    assert search._inmost(region, [0, 1]) in {(2, 4), (2, 5)}
    assert search._inmost(np.array([[True, True, False], [True, True, True]]), [1]) == (1, 1)
    assert search._inmost(np.array([True, False]), []) == (0,)


def test_whole_numbers_and_choices() -> None:
    """A size of batches is a whole number, as brute force finds it; a switch is one of its choices, a list too."""
    e = gx.experiment("a*x + b", gx.GRADDESC, batch=3, lr=1e-4, epochs=5)
    found = e.best(batch="1..29:whole")
    errors = {n: float(e.run({"batch": n}).errors[-1]) for n in range(1, 30)}
    assert found.inputs["batch"] == min(errors, key=lambda n: errors[n])
    switched = gx.best("basic SGD 2 neuron ReLU", driver="0..1", lr=[1e-6, 1e-5, 1e-2], budget=6)
    assert switched.runs == 6
    assert switched.inputs["driver"] in (0.0, 1.0)
    assert switched.inputs["lr"] in (1e-6, 1e-5)


@pytest.mark.parametrize("over", [["lr=1e-7..1:log"], ["lr=1e-7..1:log", "a=-3..3", "b=-3..3"], ["lr=1e-6,1e-5"]])
@pytest.mark.parametrize("budget", [80, 300])
def test_the_budget_is_kept(over: list[str], budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many runs are made as it says, and never more than it may."""
    made = []

    def counting(plan: Any, data: Any, axes: Any, *rest: Any) -> Any:
        swept = sweep_plan(plan, data, axes, *rest)
        made.append(swept.error.size)
        return swept

    monkeypatch.setattr(search, "sweep_plan", counting)
    found = gx.best("basic", over, budget=budget, epochs=1)
    assert sum(made) == found.runs <= budget


@pytest.mark.parametrize(
    ("over", "budget", "said"),
    [
        ({"larning": "0..1"}, 100, "has no setting 'larning'"),
        ({"lr": "1..0.1"}, 100, "reversed"),
        ({"lr": "0..1:log"}, 100, "no logarithm"),
        ({"lr": "1e-3..1e9"}, 100, "out of range"),
        ({"lr": "1e-6..1:log"}, 5, "A budget of 5 runs is too small for lr: .* Give more"),
        ({"lr": "1e-6..1:log:99"}, 50, "too small"),
        ({"lr": "1e-6..1:log"}, 2.5, "whole number"),
        ({"lr": []}, 100, "empty"),
        (["lr=0..1", "lr=0..1"], 100, "twice"),
        ("lr", 100, "no range"),
        (3, 100, "inputs and their ranges"),
        ([0.5], 100, "0.5 is no range"),
    ],
)
def test_what_cannot_be_searched_is_told(over: Any, budget: Any, said: str) -> None:
    """A sentence before anything is computed."""
    with pytest.raises(SettingError, match=said):
        gx.best("basic", over, budget=budget)


def test_what_changes_the_measure_is_not_searched(samples: gx.Dataset) -> None:
    """Half the loss by half its size is no better run; samples held out are measured alike, whatever the loss is."""
    e = gx.experiment("a*size + b", replace(samples, held_out=None), loss="huber", lr=0.01)
    with pytest.raises(SettingError, match="delta is part of the mean Huber loss"):
        e.best(delta="0.1..10")
    assert e.best(lr="1e-3..0.1:log", budget=60).measure == "mean Huber loss of epoch 10"
    assert e.with_(data=samples).best(delta="0.1..10", budget=60).measure.startswith("RMSE after epoch 10 of the 9")


def test_a_range_says_what_is_wrong_with_it() -> None:
    """Also where it is made in Python."""
    with pytest.raises(SettingError, match=r"begins and ends with one, as in 1\.\.60:whole"):
        gx.best("basic", a="0.2..0.8:whole")
    for wrong in ({"low": 1, "high": 1}, {"low": 0, "high": 1, "log": True}, {"low": 0, "high": 1, "points": 1}):
        with pytest.raises(SettingError, match="lr from"):
            gx.Range("lr", **wrong)  # type: ignore[arg-type]


def test_the_best_shows_itself() -> None:
    """In one line, and as a table in a notebook."""
    found = gx.best("basic", lr="1e-7..1e-4:log", budget=100)
    assert repr(found).startswith("Best('basic': lr 3.")
    assert "<table" in found._repr_html_()
    assert "the lowest √Σe² of epoch 10." in found._repr_html_()


# What a sweep finds


def alive_by_hand(rates: Array, starts: Array, epochs: int) -> Any:
    """Whether some sample is positive before the ReLU in the end, for each rate and start of `a` at once: by NumPy."""
    a, (b, c, d) = starts.copy(), np.ones((3, len(starts)))
    for _ in range(epochs):
        for x, y in zip(XS, YS, strict=True):
            z = a * x + b
            hid = np.maximum(z, 0)
            off = 2 * (c * hid + d - y)
            d_z = off * np.where(z > 0, c, 0)
            a, b, c, d = a - rates * d_z * x, b - rates * d_z, c - rates * off * hid, d - rates * off
    return np.max(np.outer(XS, a) + b, axis=0) > 0


def test_the_highest_rate_at_which_no_relu_dies() -> None:
    """From starts in [-3, 3] that are not dead before they begin; true of single runs at both sides of the border."""
    e = gx.experiment("c*relu(a*x + b) + d", gx.GRADDESC)
    starts = np.linspace(-3, 3, 121)

    def border(low: float, high: float) -> tuple[float, float]:
        """The last rate at which none of them dies, and the next."""
        swept = e.sweep(lr=np.geomspace(low, high, 41), a=starts)
        dead = swept.verdicts == "dead ReLU"
        at_once = (dead & (swept.step == 1)).all(axis=0)
        np.testing.assert_array_equal(at_once, starts * XS.min() + 1 <= 0)
        first = int(np.argmax(dead[:, ~at_once].any(axis=1)))
        assert first > 0
        return swept.grid.axes[0].values[first - 1], swept.grid.axes[0].values[first]

    safe, deadly = border(*border(1e-5, 1e-3))
    assert deadly / safe < 1.005
    assert safe == pytest.approx(4.71e-5, rel=5e-3)
    begin = starts[starts * XS.min() + 1 > 0]
    for rate in (safe, deadly):
        alive = alive_by_hand(np.full(begin.size, rate), begin, e.epochs)
        verdicts = [e.run({"lr": rate, "a": float(a)}).verdict.kind for a in begin]
        assert [kind != "dead ReLU" for kind in verdicts] == alive.tolist()
        assert alive.all() == (rate == safe)


# The command


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command line in an empty folder."""
    for name in ("FORCE_COLOR", "COLUMNS", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(show, "SILENCE", float("inf"))
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(cli.app, ["best", *args])


def test_the_command_shows_what_is_best(call: Callable[..., Result]) -> None:
    """A row per input, the error and the verdict, what best means; as the library finds it."""
    result = call("basic", "--over", "lr=1e-7..1e-4:log", "--budget", "200", "--epochs", "4")
    found = gx.best("basic", lr="1e-7..1e-4:log", budget=200, epochs=4)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert lines[2] == ["lr", telling.short(found.inputs["lr"]), "1e-7", "0.0001"]
    assert f"√Σe² of epoch 4: {telling.digits(found.error)}, {found.verdict}" in result.stdout
    assert f"Best of {found.runs} runs over lr from 1e-7 to 0.0001: the lowest √Σe² of epoch 4." in result.stdout


def test_the_command_writes_the_workbook(call: Callable[..., Result]) -> None:
    """The best inputs are its values and it says how they were found; IronCalc finds the same error; it verifies."""
    text = "c*relu(a*x + b) + d"
    result = call("--model", text, "--over", "lr=1e-7..1e-4:log", "--over", "a=0..2", "--budget", "300", "-o", "b.xlsx")
    assert result.exit_code == 0, result.output
    found = gx.experiment(text, gx.GRADDESC).best(["lr=1e-7..1e-4:log", "a=0..2"], budget=300)
    (e,) = building.described("b.xlsx").experiments
    assert {name: e.values[name] for name in ("lr", "a")} == found.inputs
    assert e.about == found.told
    report = gx.verify("b.xlsx")
    assert report.ok
    assert float(e.run().errors[-1]) == found.error


def test_the_command_writes_a_recipe(call: Callable[..., Result]) -> None:
    """Of a workbook or a recipe one experiment is searched, the others stay; a recipe is not overwritten unasked."""
    one, two = gx.experiment("a*x + b", gx.GRADDESC, name="one"), gx.experiment("a*x", gx.GRADDESC, name="two")
    lesson = gx.Lesson("Both", [one, two])
    Path("both.toml").write_text(spell(lesson), encoding="utf-8")
    more = ("--sheet", "two", "--budget", "100", "--set", "a=0.5", "--epochs", "3", "-o", "found.toml")
    assert call("both.toml", *more).exit_code == 0
    first, second = building.described("found.toml").experiments
    assert first == building.described("both.toml").experiments[0]
    assert (second.name, second.epochs, second.values["a"]) == ("two", 3, 0.5)
    assert second.values["lr"] == two.best(budget=100, epochs=3, settings={"a": 0.5}).inputs["lr"]
    assert "Found by search: with lr" in second.about
    assert "exists already" in call("both.toml", *more).stderr
    assert call("both.toml", *more, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "Name an experiment"),
        (("basci",), "Did you mean basic?"),
        (("learning", "rates"), "is a comparison"),
        (("graddesc",), "choose one with --sheet"),
        (("basic", "--over", "lrr=0..1"), "has no setting 'lrr'"),
        (("basic", "--over", "lr=1..0"), "reversed"),
        (("basic", "--set", "lr=1"), "lr is swept over and set, too"),
        (("basic", "--budget", "3"), "too small"),
        (("basic", "--model", "a*x"), "comes with its model"),
        (("basic", "-o", "b.csv"), "must end in .xlsx"),
        (("basic", "-o", "none/b.xlsx"), "no folder none"),
        (("two.toml",), "2 runs: choose one with --sheet: one, two"),
        (("two.toml", "--sheet", "tow"), "has no run 'tow'. Did you mean two?"),
    ],
)
def test_the_command_refuses_in_a_sentence(call: Callable[..., Result], args: tuple[str, ...], said: str) -> None:
    """What is wrong, and what to write; before anything is written."""
    runs = [gx.experiment("a*x + b", gx.GRADDESC, name=name) for name in ("one", "two")]
    Path("two.toml").write_text(spell(gx.Lesson("Two", runs)), encoding="utf-8")
    result = call(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert said in line
    assert {path.name for path in Path().iterdir()} == {"two.toml"}


def test_of_a_single_run_nothing_is_compared() -> None:
    """Neither a grid that is as good everywhere nor several values are spoken of."""
    assert gx.best("basic", a=[5.0]).said == ["Best of 1 run over 1 value of a: the lowest √Σe² of epoch 10."]
