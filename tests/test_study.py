"""Two neurons under study: what a run is said to have become, its speed limit, its noise, and runs side by side."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bits import same_bits
from graddesc_xl.comparison import Row
from graddesc_xl.errors import PlanError, SettingError
from graddesc_xl.experiments import CARRIES, GRADIENTS, Experiment
from graddesc_xl.language.values import Array
from graddesc_xl.lessons import COMPARISONS, EXPERIMENTS
from graddesc_xl.lessons.two_neurons import FIXES, INITIAL_WEIGHTS, TRIED
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.numbers.trace import Trace
from graddesc_xl.numbers.verdict import Verdict, dead_since, verdict
from graddesc_xl.parts.data import GRADDESC, dataset
from graddesc_xl.parts.models import MODELS, ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.plan import Plan, compact
from graddesc_xl.running import compare, comparison, run
from graddesc_xl.settings import resolve
from graddesc_xl.speed_limit import with_speed_limit

XS = GRADDESC.inputs["x"]
SAMPLES = len(GRADDESC)
COLLAPSE, RELU = "basic SGD 2 neuron collapse", "basic SGD 2 neuron ReLU"
#: y = 2x + 30 as two neurons that are exactly this line
THE_LINE = {"a": 2, "b": 0, "c": 1, "d": 30}
DEAD = {"a": -1, "b": -1, "c": 1, "d": 1}


def plain(model: Model = TWO_NEURONS, optimizer: str = "sgd", **fields: Any) -> Experiment:
    """An experiment of that model and optimizer, no pass discarded."""
    return Experiment("test", "a test", "a test", OPTIMIZERS[optimizer], model, **{"discarded": 0, **fields})


def fix(optimizer: str, **values: float) -> Row:
    """The row of fixes with that optimizer and those values on unscaled samples."""
    (found,) = (
        row
        for row in FIXES.rows
        if {(e.optimizer.name, e.scaled) for e in row.experiments} == {(optimizer, ())}
        and all(e.values == values for e in row.experiments)
    )
    return found


def random_weights(seed: int, runs: int) -> dict[str, Array]:
    """Weights for a batch, three decimals each."""
    drawn = np.random.default_rng(seed).normal(scale=2, size=(4, runs)).round(3)
    return dict(zip("abcd", drawn, strict=True))


# The forms of the published spreadsheet on two neurons, written out by hand


def slopes_by_hand(w: Mapping[str, float], x: float, y: float, *, relu: bool) -> tuple[float, dict[str, float]]:
    """Squared error and gradient of c*h + d, h = a*x + b or its positive part."""
    z = w["a"] * x + w["b"]
    on = 1.0 if z > 0 or not relu else 0.0
    r = w["c"] * z * on + w["d"] - y
    return r * r, {"a": 2 * r * w["c"] * on * x, "b": 2 * r * w["c"] * on, "c": 2 * r * z * on, "d": 2 * r}


def momentum_by_hand(lr: float, beta: float, *, relu: bool, discarded: int) -> list[dict[str, float]]:
    """The weights after, and the error before, every step of two epochs that follow the discarded passes."""
    average, steps = dict.fromkeys("abcd", 0.0), []
    for passes in (1,) * discarded + (2,):
        weights = dict.fromkeys("abcd", 1.0)
        for x in GRADDESC.inputs["x"] * passes:
            error, slopes = slopes_by_hand(weights, x, 2 * x + 30, relu=relu)
            for w, slope in slopes.items():
                average[w] = beta * average[w] + (1 - beta) * slope
                weights[w] -= lr * average[w]
            steps.append({"err": error} | {f"new_{w}": value for w, value in weights.items()})
    return steps[discarded * SAMPLES :]


def adam_by_hand(lr: float, beta1: float, beta2: float, *, relu: bool, discarded: int) -> list[dict[str, float]]:
    """The same for Adam without correction and epsilon, whose squares start at 10000.

    Discarded passes hand on the squares alone, then the averages alone, in turn.
    """
    average, square, steps = dict.fromkeys("abcd", 0.0), dict.fromkeys("abcd", 10000.0), []
    for number, passes in enumerate((1,) * discarded + (2,)):
        found = {**average}, {**square}
        weights = dict.fromkeys("abcd", 1.0)
        for x in GRADDESC.inputs["x"] * passes:
            error, slopes = slopes_by_hand(weights, x, 2 * x + 30, relu=relu)
            for w, slope in slopes.items():
                average[w] = beta1 * average[w] + (1 - beta1) * slope
                square[w] = beta2 * square[w] + (1 - beta2) * slope * slope
                weights[w] -= lr * average[w] / math.sqrt(square[w])
            steps.append({"err": error} | {f"new_{w}": value for w, value in weights.items()})
        average, square = (average, found[1]) if number % 2 else (found[0], square)
    return steps[discarded * SAMPLES :]


def assert_steps(trace: Trace, steps: Sequence[Mapping[str, float]]) -> None:
    """A trace's errors and new weights are those steps'."""
    for column in steps[0]:
        expected = [step[column] for step in steps]
        np.testing.assert_allclose(trace[column].ravel(), expected, rtol=1e-11, atol=0, err_msg=column)


@pytest.mark.parametrize("discarded", [0, 1])
@pytest.mark.parametrize("relu", [False, True])
def test_momentum_of_two_neurons_is_the_loop_written_by_hand(relu: bool, discarded: int) -> None:
    """Momentum in the spreadsheet's form steps like ten lines of plain Python, a discarded pass or none."""
    name, switch = "momentum 2 neuron", {"relu": float(relu)}
    expected = momentum_by_hand(1e-5, 0.9, relu=relu, discarded=discarded)
    assert_steps(run(name, switch, epochs=2, discarded=discarded), expected)
    other = momentum_by_hand(3e-5, 0.5, relu=relu, discarded=discarded)
    assert_steps(run(name, switch, epochs=2, discarded=discarded, lr=3e-5, beta=0.5), other)


@pytest.mark.parametrize("discarded", [0, 1, 4])
@pytest.mark.parametrize("relu", [False, True])
def test_adam_of_two_neurons_is_the_loop_written_by_hand(relu: bool, discarded: int) -> None:
    """Adam in the spreadsheet's form steps like some lines of plain Python, after discarded passes or none."""
    name, switch = "adam 2 neuron", {"relu": float(relu)}
    expected = adam_by_hand(0.1, 0.9, 0.9, relu=relu, discarded=discarded)
    assert_steps(run(name, switch, epochs=2, discarded=discarded), expected)
    other = adam_by_hand(0.03, 0.8, 0.95, relu=relu, discarded=discarded)
    assert_steps(run(name, switch, epochs=2, discarded=discarded, lr=0.03, beta1=0.8, beta2=0.95), other)


# The same run with fewer columns


@pytest.mark.parametrize("rate", [1e-5, 1e-4, 0.01, 30.0])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam", "adam_ann", "clipped", "torch_adam"])
@pytest.mark.parametrize("model", MODELS)
def test_a_compact_plan_keeps_every_bit(model: str, optimizer: str, rate: float) -> None:
    """Columns, starts, states, errors and the verdict of the compact plan are the full plan's, exploding or not."""
    e = plain(MODELS[model], optimizer, epochs=3, discarded=None)
    small = compact(e.plan)
    whole, less = run_plan(e.plan, e.data, {"lr": rate}), run_plan(small, e.data, {"lr": rate})
    for name in less.rows:
        assert same_bits(less.rows[name], whole.rows[name]), name
    for name in less.starts:
        assert same_bits(less.starts[name], whole.starts[name]), name
    for name in less.states:
        assert same_bits(less.states[name], whole.states[name]), name
    assert same_bits(less.errors, whole.errors)
    assert less.verdict == whole.verdict


#: what may be scaled
SCALED: tuple[tuple[str, ...], ...] = ((), ("x",), ("x", "y"))


@pytest.mark.parametrize("scaled", SCALED)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_compact_plan_leaves_out_what_can_be_written_in(optimizer: str, scaled: tuple[str, ...]) -> None:
    """Weights, derivatives and what only watches are gone; every other column and the error are still there.

    The scale of the annealed form does more than watch: the next epoch's rate follows from it.
    """
    e = plain(TWO_NEURONS, optimizer, scaled=scaled)
    small = compact(e.plan)
    gone = {"weight", "analytic", "numerical", "watch"}
    kept = [c.name for c in e.plan.columns if c.role not in gone or c.name == "scale"]
    assert [c.name for c in small.columns] == kept
    assert "error" in [f.name for f in small.footers]
    trace, less = (
        run(e, epochs=2),
        run_plan(compact(plain(TWO_NEURONS, optimizer, scaled=scaled, epochs=2).plan), e.data, {}),
    )
    assert all(same_bits(less[name], trace[name]) for name in less.rows)


def test_a_plan_that_loses_an_update_cannot_be_compact() -> None:
    """Without the weight columns an epoch cannot start from the last row's weights, which a sentence says."""
    with pytest.raises(PlanError, match="test cannot be made compact: an epoch starts new_b from b"):
        compact(plain(carry=CARRIES[1]).plan)


@pytest.mark.parametrize("kind", ["numerical", "switch"])
def test_a_plan_driven_by_numerical_cannot_be_compact(kind: str) -> None:
    """Without the columns of estimates nothing would drive the update, which is a plan error."""
    with pytest.raises(PlanError, match="cannot be made compact: numerical derivatives drive it"):
        compact(plain(gradient=kind).plan)


# What became of a run


def is_dead_from(trace: Trace, step: int, *, still: float = 0.0, r: int = 0) -> bool:
    """From the weights themselves: from that step on a, b and c stay, and no sample makes a*x + b positive."""
    ahead = {}
    for w in "abc":
        before, after = (trace[c].reshape(trace["err"].shape[0] * SAMPLES, -1)[:, r] for c in (w, f"new_{w}"))
        ahead[w] = np.append(before, after[-1])[step - 1 :]
    moved = any((np.abs(np.diff(w)) > still * np.abs(w[:-1])).any() for w in ahead.values())
    xs = trace["x_scaled"][0] if "x_scaled" in trace.rows else GRADDESC.column("x")
    xs = xs.reshape(SAMPLES, -1)[:, 0]
    reached = (np.outer(ahead["a"], xs) + ahead["b"][:, None] > 0).any()
    return not moved and not reached


@pytest.mark.parametrize("epochs", [1, 2, 10])
@pytest.mark.parametrize(("kind", "step"), [("numerical", 26), ("analytic", 27)])
def test_the_threads_relu_dies(kind: str, step: int, epochs: int) -> None:
    """At lr 1e-4 from weights 1 the ReLU is dead since step 26 or 27, however few epochs are looked at."""
    trace = run(plain(TWO_NEURONS_RELU, gradient=kind, epochs=epochs), lr=1e-4)
    assert trace.verdict == Verdict("dead ReLU", step)
    assert str(trace.verdict) == f"dead ReLU since step {step}"
    assert is_dead_from(trace, step)
    assert not is_dead_from(trace, step - 1)


def test_momentum_lets_the_relu_die_later() -> None:
    """With momentum the weights go on a while after the last derivative, so the ReLU is dead only when they stop."""
    trace = run(plain(TWO_NEURONS_RELU, "momentum"), lr=1e-4)
    found = trace.verdict
    assert found.kind == "dead ReLU"
    assert found.step is not None
    assert found.step > 27
    assert (trace["z"].ravel()[found.step - 2 - 200 :] < 0).all(), "no sample has reached it for long"
    assert is_dead_from(trace, found.step, still=1e-12)
    assert not is_dead_from(trace, found.step - 1, still=1e-12)


@pytest.mark.parametrize("epochs", [1, 10])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam", "clipped", "torch_adam"])
def test_a_relu_that_starts_dead_is_dead_since_step_1(optimizer: str, epochs: int) -> None:
    """From a = b = -1 no sample ever reaches the first neuron, whatever the optimizer."""
    trace = run(plain(TWO_NEURONS_RELU, optimizer, epochs=epochs), DEAD)
    assert trace.verdict == Verdict("dead ReLU", 1)
    assert is_dead_from(trace, 1)


def test_all_weights_0_are_a_dead_relu() -> None:
    """At its corner a ReLU passes no derivative, so from weights 0 it is dead since step 1."""
    assert run(plain(TWO_NEURONS_RELU), dict.fromkeys("abcd", 0), lr=1e-5).verdict == Verdict("dead ReLU", 1)


def test_a_relu_that_is_closed_for_some_samples_is_not_dead() -> None:
    """From a = 1, b = -40 the ReLU is closed for small x, the last sample among them, and still learns."""
    trace = run(plain(TWO_NEURONS_RELU), {"a": 1, "b": -40}, lr=1e-5)
    closed = trace["z"] <= 0
    assert closed.any(axis=1).all(), "some sample is closed in every epoch"
    assert closed[-1, -1]
    assert not closed.all(axis=1).any()
    assert trace.verdict == Verdict("learning")
    few = dataset([99, 20, 8, 8], [228, 70, 46, 46])
    one = run(plain(TWO_NEURONS_RELU, data=few, epochs=1), {"a": 1, "b": -40}, lr=1e-5)
    assert (one["z"][0, 1:] <= 0).all()
    assert (one["new_a"][0, 1:] == one["new_a"][0, 0]).all(), "its weights are still at the end"
    assert one.verdict.kind != "dead ReLU"


def test_a_relu_that_opens_for_the_nudge_alone_is_not_dead() -> None:
    """Where z is just below 0 an estimate looks across the corner, and moves the weights behind the ReLU."""
    e = plain(TWO_NEURONS_RELU, epochs=1, data=dataset([1.0, 1.0], [9.0, 9.0]))
    start = {"a": 0, "b": -0.001, "c": 1, "d": 1, "lr": 1e-4, "h": 0.01}
    assert run(e, {k: v for k, v in start.items() if k != "h"}).verdict == Verdict("dead ReLU", 1)
    moved = run(plain(TWO_NEURONS_RELU, epochs=1, data=e.data, gradient="numerical"), start)
    assert moved["z"][0, 0] < 0
    assert moved["new_b"][0, 0] != -0.001
    assert moved.verdict.kind != "dead ReLU"


def test_exploded_wins_over_dead() -> None:
    """At lr 1.5 the ReLU is dead since step 3 and the last bias explodes: the run is said to have exploded."""
    trace = run(plain(TWO_NEURONS_RELU, epochs=2), lr=1.5)
    assert is_dead_from(trace, 3)
    assert trace.verdict == Verdict("exploded", 3)
    ys = GRADDESC.ys
    errors, squared = np.array([1.0, 1.0]), np.array([1.0, 1e30, 1.0])
    assert verdict(errors, squared, ys, dead=1) == Verdict("exploded", 2)
    assert verdict(errors, np.ones(3), ys, dead=1) == Verdict("dead ReLU", 1)


@pytest.mark.parametrize(
    ("alive", "shut", "step"),
    [
        ([True, True, False, False], True, 3),
        ([True, True, False, False], False, None),
        ([False, True, False, False], True, 3),
        ([False, False], True, 1),
        ([False, True], True, None),
        ([True], True, None),
        ([False], True, 1),
    ],
)
def test_a_relu_is_dead_after_its_last_sign_of_life(alive: list[bool], shut: bool, step: int | None) -> None:
    """The step after the last one that was alive, where there is one and no sample reaches the ReLU in the end."""
    assert dead_since(np.array(alive), shut=shut) == step


@pytest.mark.parametrize("kind", ["analytic", "numerical"])
@pytest.mark.parametrize(("optimizer", "scaled"), [("sgd", ()), ("clipped", ()), ("sgd", ("x", "y")), ("momentum", ())])
def test_a_batch_has_the_verdicts_of_its_runs(optimizer: str, scaled: tuple[str, ...], kind: str) -> None:
    """Forty random runs, dead and exploded ones among them, are judged alike alone, together, and by hand."""
    e = plain(TWO_NEURONS_RELU, optimizer, gradient=kind, scaled=scaled, epochs=2)
    rates = np.resize([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1.5], 40)
    settings = {**random_weights(7, 40), "lr": rates}
    batch = run(e, settings)
    found = batch.verdicts
    still = 1e-12 if optimizer == "momentum" else 0.0
    for r in range(40):
        assert run(e, {name: float(values[r]) for name, values in settings.items()}).verdict == found[r]
        if found[r].kind == "dead ReLU":
            step = found[r].step
            assert step is not None
            assert is_dead_from(batch, step, still=still, r=r)
            assert step == 1 or not is_dead_from(batch, step - 1, still=still, r=r)
        elif found[r].kind != "exploded":
            assert not is_dead_from(batch, 2 * SAMPLES, still=still, r=r)
    kinds = {v.kind for v in found}
    assert "dead ReLU" in kinds
    assert "exploded" in kinds or optimizer != "sgd"
    assert kinds & {"learning", "getting worse", "settled", "stuck"}


@pytest.mark.parametrize(
    ("model", "settings", "kind"),
    [
        (TWO_NEURONS, {"a": 0, "b": 0, "c": 0, "d": 0, "lr": 1e-5}, "stuck"),
        (TWO_NEURONS, {"lr": 1e-5}, "learning"),
        (TWO_NEURONS_RELU, {"lr": 1e-5}, "learning"),
        (TWO_NEURONS, {**THE_LINE, "lr": 1e-5}, "settled"),
        (TWO_NEURONS, {**THE_LINE, "lr": 1e-4}, "settled"),
        (TWO_NEURONS_RELU, {**THE_LINE, "lr": 1e-4}, "settled"),
        (ONE_NEURON, {"a": 2, "b": 30, "lr": 1e-4}, "settled"),
        (ONE_NEURON, {"lr": 3e-4}, "learning"),
    ],
)
def test_what_became_of_a_run(model: Model, settings: dict[str, float], kind: str) -> None:
    """From weights 0 two neurons are stuck, from the exact line settled, at lr 1e-5 learning."""
    assert run(plain(model), settings).verdict == Verdict(kind)


def test_a_run_without_error_has_settled_in_one_epoch() -> None:
    """On the exact line there is nothing to wait for: one epoch, and no second one to compare it with, is enough."""
    assert run(plain(epochs=1), THE_LINE).verdict == Verdict("settled")
    assert run(plain(epochs=1), {**THE_LINE, "d": 30.1}, lr=1e-6).verdict == Verdict("learning")


@pytest.mark.parametrize(("gradient", "step"), [("analytic", 29), ("numerical", 28)])
def test_stacked_neurons_explode_where_the_definition_says(gradient: str, step: int) -> None:
    """Two stacked neurons explode at the first step whose error is 1e6 times that of predicting 0 everywhere."""
    trace = run(plain(gradient=gradient, epochs=2), lr=1e-4)
    assert trace.verdict == Verdict("exploded", step)
    limit = 1e12 * sum((2 * x + 30) ** 2 for x in GRADDESC.inputs["x"])
    assert (trace["err"].ravel()[: step - 1] < limit).all()
    assert trace["err"].ravel()[step - 1] > limit


# Where estimates are noise


def exact_estimates(trace: Trace, weight: str, steps: int) -> list[Fraction]:
    """The finite differences of the stacked neurons' error at the trace's weights, without any rounding."""
    h, found = Fraction(float(trace.inputs["h"])), []
    for k in range(steps):
        w = {name: Fraction(float(trace[name].ravel()[k])) for name in "abcd"}
        x = Fraction(GRADDESC.inputs["x"][k % SAMPLES])

        def error(w: Mapping[str, Fraction], x: Fraction = x) -> Fraction:
            return (2 * x + 30 - w["c"] * (w["a"] * x + w["b"]) - w["d"]) ** 2

        found.append((error({**w, weight: w[weight] + h}) - error(w)) / h)
    return found


def rounding_shares(trace: Trace, weight: str, steps: int) -> Array:
    """By what share of it each estimate is rounded off from the exact finite difference."""
    estimates = trace[f"est_{weight}"].ravel()
    exact = exact_estimates(trace, weight, steps)
    return np.array([abs(float(Fraction(float(e)) / q - 1)) for e, q in zip(estimates, exact, strict=False)])


@pytest.mark.parametrize(("h", "noise"), [(1.0, 28), (0.1, 56), (0.01, 26), (0.001, 2), (0.0001, 1), (1e-6, 1)])
def test_estimates_are_noise_from_the_step_where_rounding_shows(h: float, noise: int) -> None:
    """Before that step exact arithmetic finds each estimate right to 11 digits, soon after it does not.

    At lr 1e-4, where the stacked neurons explode; with h = 0.01 the estimates are noise since step 26.
    """
    trace = run(plain(gradient="numerical", epochs=2), lr=1e-4, h=h)
    assert trace.noise == noise
    steps = min(noise + 3, 2 * SAMPLES)
    shares = rounding_shares(trace, "d", steps)
    assert (shares[: noise - 1] < 1e-11).all()
    assert (shares[noise - 1 :] > 1e-11).any()


def test_noise_ends_in_estimates_of_nothing() -> None:
    """With h = 0.01 the last bias's estimate is 1 % off two steps after noise begins, and 0 at the third."""
    trace = run(plain(gradient="numerical", epochs=1), lr=1e-4)
    assert trace.noise == 26
    shares = rounding_shares(trace, "d", 29)
    assert 1e-3 < shares[27] < 1
    assert shares[28] == 1
    assert [trace[f"est_{w}"][0, 28] for w in "abcd"] == [0, 0, 0, 0]


def start_moves(h: float) -> Array:
    """By what share est_a changes, at most, when a starts one to three last digits of an input away from 1."""
    e = plain(gradient="numerical", epochs=2)
    middle = run(e, lr=1e-4, h=h)["est_a"].ravel()
    near = {"a": [1 - 1e-14, 1 + 1e-14, 1 + 2e-14, 1 + 3e-14]}
    moved = run(e, near, lr=1e-4, h=h)["est_a"].reshape(2 * SAMPLES, -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.abs(moved / middle[:, None] - 1)
    return np.asarray(shares.max(axis=1))


@pytest.mark.parametrize("h", [1.0, 0.1, 0.01, 0.001])
def test_before_the_noise_a_last_digit_changes_nothing(h: float) -> None:
    """A start weight whose last digit is another changes est_a by less than 1e-6 of it until noise begins."""
    noise = run(plain(gradient="numerical", epochs=2), lr=1e-4, h=h).noise
    assert noise is not None
    assert (start_moves(h)[: noise - 1] < 1e-6).all()


@pytest.mark.parametrize(("h", "within"), [(1.0, 3), (1e-4, 28), (1e-6, 13)])
def test_after_the_noise_a_last_digit_decides(h: float, within: int) -> None:
    """Once noise begins the same change of a start weight grows to more than 1e-6 of est_a."""
    noise = run(plain(gradient="numerical", epochs=2), lr=1e-4, h=h).noise
    assert noise is not None
    assert (start_moves(h)[noise - 1 : noise - 1 + within] > 1e-6).any()


@pytest.mark.parametrize(
    ("e", "settings"),
    [
        (plain(gradient="numerical"), {"lr": 1e-5}),
        (plain(TWO_NEURONS_RELU, gradient="numerical"), {"lr": 1e-5}),
        (plain(TWO_NEURONS_RELU, gradient="numerical"), {"lr": 1e-4}),
        (plain(ONE_NEURON, gradient="numerical"), {"lr": 1e-4}),
        (EXPERIMENTS["basic"], {}),
        (plain(), {"lr": 1e-4}),
        (plain(), {"lr": 0.01}),
    ],
)
def test_a_run_without_noise(e: Experiment, settings: dict[str, float]) -> None:
    """A sane run has none, nor has a run without estimates, exploding or not."""
    assert run(e, settings).noise is None


def test_noise_may_be_in_columns_that_only_watch() -> None:
    """Where analytic derivatives drive an exploding run, the estimates beside them are noise all the same."""
    trace = run("basic", lr=1e-3)
    residual = np.sqrt(trace["err"].ravel())
    with np.errstate(invalid="ignore"):
        first = int(np.argmax(residual > 2e-11 * 0.01 * 2.0**52)) + 1
    assert 1 < first < 100
    assert trace.noise == first


def names(plan: Plan) -> set[str]:
    """The names of a plan's columns."""
    return {column.name for column in plan.columns}


@pytest.mark.parametrize("model", MODELS)
def test_what_follows_from_an_estimate(model: str) -> None:
    """Nothing does without estimates; only they where analytic ones drive; every column that is not data where not."""
    weights = MODELS[model].weights
    columns = {f"{kind}_{w}" for kind in ("err", "est") for w in weights}
    without = plain(MODELS[model]).plan
    assert (set(without.numerical), without.driven_by_numerical) == (set(), False)
    beside = plain(MODELS[model], numerical=True).plan
    assert (set(beside.numerical), beside.driven_by_numerical) == (columns, False)
    for kind in ("numerical", "switch"):
        driven = plain(MODELS[model], gradient=kind).plan
        assert (set(driven.numerical), driven.driven_by_numerical) == (names(driven), True)
        scaled = plain(MODELS[model], gradient=kind, scaled=("x", "y")).plan
        assert names(scaled) - scaled.numerical == {"x_scaled", "y_scaled"}
    powers = plain(MODELS[model], "torch_adam", gradient="numerical").plan
    assert names(powers) - powers.numerical == {"beta1_t", "beta2_t"}


# The switch between estimates and analytic derivatives


@pytest.mark.parametrize("name", ["basic SGD 1 neuron", COLLAPSE, RELU])
@pytest.mark.parametrize(("switch", "kind"), [(0, "analytic"), (1, "numerical"), (None, "numerical")])
def test_the_switch_chooses_the_derivatives(name: str, switch: int | None, kind: str) -> None:
    """0 is the run driven by analytic derivatives, 1 or nothing the one driven by estimates, to the last bit."""
    switched = run(name, {} if switch is None else {"driver": switch}, epochs=3)
    chosen = run(name, gradient=kind, epochs=3)
    model = EXPERIMENTS[name].model
    for column in ("pred", "err", *model.weights, *(f"new_{w}" for w in model.weights)):
        assert same_bits(switched[column], chosen[column]), column
    assert same_bits(switched.errors, chosen.errors)
    assert switched.verdict == chosen.verdict


@pytest.mark.parametrize("value", [0.5, -1, 2, math.nan, math.inf, [0, 0.5]])
def test_the_switch_has_no_position_between(value: Any) -> None:
    """Anything but 0 and 1 is refused with a sentence that says what they mean."""
    with pytest.raises(SettingError, match=r"driver=.* is no choice: it must be 1 \(numerical\) or 0 \(analytic\)\."):
        run(RELU, driver=value)


def test_a_batch_may_switch() -> None:
    """A batch has one run of each position, and the ReLU of each dies at its own step."""
    batch = run(RELU, driver=[0, 1])
    assert batch.verdicts == [Verdict("dead ReLU", 27), Verdict("dead ReLU", 26)]


def test_the_gap_is_the_estimate_minus_the_exact_derivative() -> None:
    """Each gap column, and the derivative it starts from, is what the weights of the row give by hand."""
    trace = run(RELU, epochs=2, driver=0, lr=1e-5)
    h = 0.01
    for k, x in enumerate(GRADDESC.inputs["x"] * 2):
        weights = {w: float(trace[w].ravel()[k]) for w in "abcd"}
        error, slopes = slopes_by_hand(weights, x, 2 * x + 30, relu=True)
        for w, slope in slopes.items():
            nudged, _ = slopes_by_hand({**weights, w: weights[w] + h}, x, 2 * x + 30, relu=True)
            rounding = 1e-14 * (error + nudged + 1e4) / h
            assert trace[f"est_{w}"].ravel()[k] == pytest.approx((nudged - error) / h, rel=0, abs=rounding)
            assert trace[f"used_{w}"].ravel()[k] == pytest.approx(slope, rel=1e-11)
            gap = trace[f"est_{w}"].ravel()[k] - trace[f"used_{w}"].ravel()[k]
            assert trace[f"gap_{w}"].ravel()[k] == gap
            assert trace[f"gap_{w}"].ravel()[k] == pytest.approx((nudged - error) / h - slope, rel=0, abs=2 * rounding)


def test_stacked_neurons_are_one_line_at_every_step() -> None:
    """Slope a*c and intercept c*b + d give the prediction of two neurons without activation."""
    trace = run(COLLAPSE, lr=1e-5)
    a, b, c, d = (trace[w] for w in "abcd")
    np.testing.assert_allclose(trace["slope"], a * c, rtol=1e-15)
    np.testing.assert_allclose(trace["intercept"], c * b + d, rtol=1e-15)
    np.testing.assert_allclose(trace["slope"] * GRADDESC.column("x") + trace["intercept"], trace["pred"], rtol=1e-13)
    assert trace["slope"][0, 0] == 1
    assert trace["slope"][-1, -1] == pytest.approx(2, abs=0.5), "it has learnt something of y = 2x + 30"


# The speed limit


def speed(
    model: Model, settings: Mapping[str, Any], xs: Sequence[float] = GRADDESC.inputs["x"], epochs: int = 1
) -> Trace:
    """A run with the columns of the speed limit."""
    e = plain(model, data=dataset(xs, [2 * x + 30 for x in xs]), epochs=epochs)
    return run_plan(with_speed_limit(e), e.data, settings)


def predict(model: Model, w: Mapping[str, Any], x: float) -> Any:
    """What a model predicts, written by hand."""
    z = w["a"] * x + w["b"]
    if model is ONE_NEURON:
        return z
    return w["c"] * (np.maximum(z, 0) if model is TWO_NEURONS_RELU else z) + w["d"]


@pytest.mark.parametrize("model", MODELS)
def test_the_speed_limits_columns_change_no_bit(model: str) -> None:
    """A run with the columns of the speed limit is the same run."""
    rates = [1e-6, 1e-5, 1e-4, 1e-2]
    less, whole = speed(MODELS[model], {"lr": rates}, epochs=3), run(plain(MODELS[model], epochs=3), lr=rates)
    for column in ("pred", "err", *(f"new_{w}" for w in MODELS[model].weights)):
        assert same_bits(less[column], whole[column]), column
    assert less.verdicts == whole.verdicts


@pytest.mark.parametrize("seed", range(20))
def test_one_neurons_factor_is_exact_at_every_step(seed: int) -> None:
    """For one neuron factor times residual is the residual after the step, at any rate and from any weights."""
    rng = np.random.default_rng(seed)
    settings = {"lr": 10 ** rng.uniform(-7, -2), "a": rng.normal(), "b": 10 * rng.normal()}
    trace = speed(ONE_NEURON, settings)
    xs, ys = GRADDESC.column("x"), GRADDESC.ys
    whole = run(plain(ONE_NEURON, epochs=1), settings)
    before, after = whole["pred"][0] - ys, whole["new_a"][0] * xs + whole["new_b"][0] - ys
    tolerance = 1e-9 * np.abs(before) + 1e-12 * ys
    assert (np.abs(trace["factor"][0] * before - after) <= tolerance).all()
    assert (np.abs(trace["residual"][0] - before) <= 1e-12 * ys).all()
    assert (np.abs(trace["real"][0] - after) <= tolerance).all()
    assert (np.abs(trace["predicted"][0] - after) <= tolerance).all()


def test_two_neurons_factor_is_right_to_first_order() -> None:
    """For two neurons what the factor misses shrinks by four when the rate is halved."""
    weights = random_weights(3, 50)
    misses = []
    for rate in (2e-6, 1e-6, 5e-7):
        trace = speed(TWO_NEURONS, {**weights, "lr": np.full(50, rate)}, xs=[14.0])
        misses.append((trace["real"] - trace["predicted"]).ravel())
        after = predict(TWO_NEURONS, {w: trace[f"new_{w}"].ravel() for w in "abcd"}, 14.0) - 58
        np.testing.assert_allclose(trace["real"].ravel(), after, rtol=1e-12, atol=1e-12)
    assert (misses[0] != 0).all()
    for coarse, fine in itertools.pairwise(misses):
        assert np.median(coarse / fine) == pytest.approx(4, rel=1e-6)
        large = np.abs(fine) > 1e-7  # of the others only rounding is left
        np.testing.assert_allclose((coarse / fine)[large], 4, rtol=1e-4)
        assert large.sum() > 25


@pytest.mark.parametrize("model", MODELS)
def test_the_speed_limits_square_is_a_finite_difference(model: str) -> None:
    """|grad pred|² is the sum of the squares of what the prediction changes per change of each weight."""
    weights, h = random_weights(11, 60), 1e-4
    of = MODELS[model]
    for x in (14.0, 0.5, -3.0):
        trace = speed(of, {w: weights[w] for w in of.weights}, xs=[x])
        rises = [
            (predict(of, {**weights, w: weights[w] + h}, x) - predict(of, {**weights, w: weights[w] - h}, x)) / (2 * h)
            for w in of.weights
        ]
        clear = np.abs(weights["a"] * x + weights["b"]) > 0.1  # of the ReLU's corner
        assert clear.sum() > 40
        square = np.sum(np.square(rises), axis=0)
        np.testing.assert_allclose(trace["grad2"].ravel()[clear], square[clear], rtol=1e-7)


@pytest.mark.parametrize("model", MODELS)
def test_the_bearable_rate_turns_the_residual_round(model: str) -> None:
    """At 1/|grad pred|² the factor is -1, at half of it 0; a little above either a flag is set, a little below not."""
    weights = random_weights(12, 60)
    of = MODELS[model]
    start = {w: weights[w] for w in of.weights}
    bearable = 1 / speed(of, start, xs=[14.0])["grad2"].ravel()
    for rate, factor, flag in ((bearable, -1, "further"), (bearable / 2, 0, "crosses")):
        trace = speed(of, {**start, "lr": rate}, xs=[14.0])
        np.testing.assert_allclose(trace["factor"].ravel(), factor, rtol=1e-13, atol=1e-14)
        if of is ONE_NEURON:
            np.testing.assert_allclose(trace["real"], factor * trace["residual"], rtol=1e-9, atol=1e-9)
        for share, over in ((1 - 1e-9, 0), (1 + 1e-9, 1)):
            trace = speed(of, {**start, "lr": rate * share}, xs=[14.0])
            np.testing.assert_allclose(trace["factor"].ravel(), factor, rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(trace["bearable"].ravel(), bearable, rtol=1e-14)
            assert (trace[flag] == over).all()


def test_an_overshoot_is_no_explosion() -> None:
    """One neuron crosses the target in five steps of an epoch; at 3e-5 two end further off in 39 of 290, and learn."""
    assert np.flatnonzero(speed(ONE_NEURON, {"lr": 1e-4})["crosses"]).tolist() == [1, 6, 8, 17, 24]
    assert not speed(ONE_NEURON, {"lr": 1e-4})["further"].any()
    two = speed(TWO_NEURONS, {"lr": 3e-5}, epochs=10)
    assert two["further"].size == 290 and two["further"].sum() == 39 and two["crosses"].sum() == 89
    assert str(two.verdict) in ("learning", "settled")


def test_ending_further_off_is_none_either() -> None:
    """The limit is sufficient, not necessary: one neuron reaches the line at a rate that some of its steps exceed."""
    trace = speed(ONE_NEURON, {"lr": 3e-4}, epochs=1000)
    assert trace["further"].sum() > 1000
    assert trace.errors[-1] < 0.01 and str(trace.verdict) in ("learning", "settled")


def test_a_relu_that_is_off_bears_any_rate_below_1() -> None:
    """Where the ReLU is off only the last bias moves the prediction: |grad pred|² is 1."""
    trace = speed(TWO_NEURONS_RELU, {**DEAD, "lr": 0.1})
    assert (trace["grad2"] == 1).all()
    assert trace["factor"] == pytest.approx(0.8)
    assert (trace["crosses"] == 0).all() and (trace["further"] == 0).all()


# Runs side by side


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_is_its_single_runs(name: str) -> None:
    """There are as many runs as rows times groups, each the single run of its experiment to the last bit."""
    of = comparison(name)
    traces = compare(name, epochs=2)
    assert len(traces) == len(of.rows) * len(of.groups)
    for g, group in enumerate(of.groups):
        for row in of.rows:
            alone, together = run(row.experiments[g], epochs=2), traces[row.title, group]
            assert list(alone.rows) == list(together.rows)
            assert all(same_bits(alone[column], together[column]) for column in alone.rows), (row.title, group)
            assert alone.verdict == together.verdict
            assert together.plan.discarded == 0, "runs side by side start from their own cells"


def test_comparisons_hold_the_published_figures() -> None:
    """The thread's first errors are among the compared runs: three rates, the baseline, one neuron as it was."""
    traces = compare("learning rates", epochs=1)
    one, two = {1e-6: "384.71", 3e-6: "341.87", 1e-5: "249.03"}, {1e-6: "351.39", 3e-6: "265.23", 1e-5: "172.77"}
    seen = 0
    for row, group, e in comparison("learning rates").runs():
        published = one if e.model is ONE_NEURON else two
        if e.values["lr"] in published:
            assert f"{traces[row.title, group].errors[0]:.5g}" == published[e.values["lr"]]
            seen += 1
    assert seen == 9
    fixes, baseline = compare(FIXES, epochs=1), fix("sgd", lr=1e-4)
    assert fixes[baseline.title, FIXES.groups[1]].errors[0] == pytest.approx(3.729290502210017e19, rel=1e-9)
    assert fixes[baseline.title, FIXES.groups[2]].errors[0] == pytest.approx(767.5053769972709, rel=1e-14)
    assert fixes[baseline.title, FIXES.groups[0]].errors[0] == pytest.approx(150.75521153771854, rel=1e-14)


def test_every_fix_trains_two_neurons() -> None:
    """Two neurons explode or die in the baseline; with a fix, at the rates as built, every run learns or settles."""
    for (title, group), trace in compare(FIXES).items():
        failing = title == fix("sgd", lr=1e-4).title and group != "1 neuron"
        expected = {"exploded" if "collapse" in group else "dead ReLU"} if failing else {"learning", "settled"}
        assert trace.verdict.kind in expected, (title, group)


FIXED = [(row, group, e) for row, group, e in FIXES.runs() if row.title != "baseline"]


@pytest.mark.parametrize(("row", "group", "e"), FIXED, ids=[f"{row.title}, {group}" for row, group, _ in FIXED])
def test_the_rates_of_the_fixes_are_the_best_found(row: Row, group: str, e: Experiment) -> None:
    """Of all rates that were tried the engine still finds that one: the lowest last error of what learns or settles."""
    assert TRIED[0] == 1e-7 and TRIED[-1] == 50 and len(TRIED) == 27
    ends = {rate: run(e, lr=rate) for rate in TRIED}
    fine = {rate: float(t.errors[-1]) for rate, t in ends.items() if t.verdict.kind in ("learning", "settled")}
    wanted, lowest = e.values["lr"], min(fine.values())
    exact = 1e-9 * float(np.sqrt(e.data.ys @ e.data.ys))
    assert fine[wanted] <= max(lowest * (1 + 1e-9), exact)
    assert all(error > fine[wanted] * 0.999 or error <= exact for error in fine.values())


def test_the_drawn_starts_are_numpys() -> None:
    """The drawn start weights are those of default_rng(1), normal, at three decimals, the same on both groups."""
    expected = np.random.default_rng(1).normal(size=(4, 4)).round(3)
    drawn = INITIAL_WEIGHTS.rows[-4:]
    for row, weights in zip(drawn, expected, strict=True):
        for e in row.experiments:
            assert [e.values[w] for w in "abcd"] == weights.tolist()
    assert [drawn[0].experiments[0].values[w] for w in "abcd"] == [0.346, 0.822, 0.33, -1.303]


def test_a_comparisons_setting_reaches_the_runs_that_have_it() -> None:
    """A limit changes the clipped runs and no other; a rate for all changes all."""
    before, after = compare(FIXES, epochs=1), compare(FIXES, {"limit": 3}, epochs=1)
    changed = {title for (title, group), trace in after.items() if trace.errors != before[title, group].errors}
    assert changed == {"gradient clipped"}
    same_rate = compare("learning rates", {"lr": 1e-5}, epochs=1)
    assert {f"{trace.errors[0]:.5g}" for trace in same_rate.values()} == {"249.03", "172.77"}


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("lerning rates", {}, "There is no comparison 'lerning rates'. Did you mean learning rates?"),
        ("zzz", {}, f"There is no comparison 'zzz'. Known: {', '.join(COMPARISONS)}."),
        ("fixes", {"limt": 3}, "fixes has no setting 'limt'. Did you mean limit?"),
        ("initial weights", {"limit": 3}, "initial weights has no setting 'limit'. Known: b, a, d, c, lr."),
        ("fixes", {"limit": -1}, "limit=-1 is out of range: it must be from 1e-06 to 1e+12."),
        ("fixes", {"lr": "fast"}, "lr must be a number, as in lr=0.0001, not 'fast'."),
    ],
)
def test_what_a_comparison_refuses(name: str, settings: dict[str, Any], said: str) -> None:
    """An unknown comparison or setting, and a bad value, is a sentence with what was meant."""
    with pytest.raises(SettingError) as caught:
        compare(name, settings)
    assert str(caught.value) == said


def test_a_comparison_needs_an_epoch() -> None:
    """The number of epochs is checked as for a single run."""
    with pytest.raises(SettingError, match="epochs must be a whole number"):
        compare("fixes", epochs=0)


# What rounding is measured against


SIZED = [
    *EXPERIMENTS.values(),
    *(
        plain(model, optimizer, gradient=kind, scaled=scaled, epochs=2, values={"lr": 1e-5}, numerical=True)
        for model in MODELS.values()
        for optimizer in OPTIMIZERS
        for kind, scaled in zip(GRADIENTS, SCALED, strict=True)
    ),
]


@pytest.mark.parametrize("e", SIZED, ids=lambda e: f"{e.name}-{e.model.name}-{e.optimizer.name}-{e.gradient}")
def test_sizes_are_at_least_the_values(e: Experiment) -> None:
    """No number of a run is larger than the size of what was added and multiplied on the way to it."""
    trace = run(e)
    for column in e.plan.columns:
        values, sizes = trace.rows[column.name], trace.sizes(column.name)
        assert sizes.shape == values.shape
        finite = np.isfinite(values)
        assert (sizes[finite] >= 0.999 * np.abs(values[finite])).all(), column.name


def test_sizes_by_hand() -> None:
    """Sizes add up what a sum cancels: worked out on paper for the first step of one neuron, a = -1, b = 1, x = 14."""
    trace = run("basic SGD 1 neuron", {"a": -1, "b": 1}, epochs=1)
    estimate = 2 * (70.99 * 73.01 + 71 * 73) / 0.01
    paper = {
        "a": (-1, 1),
        "pred": (-13, 15),  # 1 + 14
        "err": (71**2, 2 * 71 * 73),  # a base of 71 known to the last digits of 58 + 15
        "d_b": (2 * -71, 2 * 73),
        "d_a": (2 * -71 * 14, 2 * 73 * 14),
        "err_b": (70.99**2, 2 * 70.99 * 73.01),  # 58 + 15.01
        "err_a": (70.86**2, 2 * 70.86 * 73.14),  # a + h counts 1.01
        "est_b": (-141.99, estimate),
        "gap_b": (0.01, estimate + 2 * 73),
        "used_b": (-141.99, estimate),
        "new_b": (1 + 141.99e-4, 1 + 141.99e-4),
    }
    for column, (value, size) in paper.items():
        assert trace[column][0, 0] == pytest.approx(value, rel=1e-9, abs=1e-9), column
        assert trace.sizes(column)[0, 0] == pytest.approx(size, rel=1e-12), column


# Settings


def test_settings_are_resolved() -> None:
    """Every input has its default or what was given for it, by name or label, at 15 digits."""
    plan = EXPERIMENTS[RELU].plan
    plainly = {"a": 1, "b": 1, "c": 1, "d": 1, "lr": 1e-4, "h": 0.01, "driver": 1}
    assert {name: value.item() for name, value in resolve(plan, {}).items()} == plainly
    given = resolve(plan, {"lr": 1 / 3, "driven by": 0, "a": [1, 2]})
    assert given["lr"].item() == 0.333333333333333
    assert given["driver"].item() == 0
    assert given["a"].tolist() == [1, 2]
    assert given["h"].item() == 0.01


@pytest.mark.parametrize("value", [0, 1, 0.0, True, "1", np.float32(0), [1, 0, 1]])
def test_a_choice_that_is_one(value: Any) -> None:
    """A switch takes each of its values, however a caller writes the number, also many for a batch."""
    resolved = resolve(EXPERIMENTS[RELU].plan, {"driver": value})["driver"]
    assert resolved.tolist() == np.asarray(value, dtype=float).tolist()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.5, "driver=0.5 is no choice: it must be 1 (numerical) or 0 (analytic)."),
        (2, "driver=2 is no choice: it must be 1 (numerical) or 0 (analytic)."),
        ([0, 3], "driver=[0, 3] is no choice: it must be 1 (numerical) or 0 (analytic)."),
        (1 + 1e-9, "driver=1.000000001 is no choice: it must be 1 (numerical) or 0 (analytic)."),
        ([], "driver is an empty sequence: a batch needs at least one number."),
    ],
)
def test_a_choice_that_is_none(value: Any, said: str) -> None:
    """A value between or beyond the choices is refused with what each of them means."""
    with pytest.raises(SettingError) as caught:
        resolve(EXPERIMENTS[RELU].plan, {"driver": value})
    assert str(caught.value) == said


@pytest.mark.parametrize("scaled", [("z",), "x", ("x", "x")])
def test_what_may_be_scaled(scaled: Any) -> None:
    """Any column of the samples may be scaled, once; anything else is a sentence."""
    with pytest.raises(SettingError, match=r"scaled must be names of columns \(x, y\), each once, as in \('x',\), not"):
        plain(scaled=scaled)
