"""What becomes of many runs, held against the same runs one by one: every number, verdict and step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graddesc_xl import EXPERIMENTS, experiment
from graddesc_xl.experiments import Experiment
from graddesc_xl.language.expr import Over
from graddesc_xl.language.values import same
from graddesc_xl.numbers import blocks
from graddesc_xl.numbers import outcomes as of_many
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.numbers.outcomes import outcomes
from graddesc_xl.numbers.rows import Totals, row
from graddesc_xl.numbers.trace import Trace
from graddesc_xl.numbers.verdict import KINDS
from graddesc_xl.parts.data import dataset
from graddesc_xl.settings import resolve, rounded
from test_models import TABLE, configured

RUNS = 24


def spread(e: Experiment, seed: int) -> dict[str, Any]:
    """Inputs of many runs: rates from far too low to far too high, start weights, whatever drives the steps."""
    plan, rng = e.plan, np.random.default_rng(seed)
    inputs: dict[str, Any] = resolve(plan, {})
    rate = float(inputs["lr"])
    inputs["lr"] = resolve(plan, {"lr": np.geomspace(rate / 10, min(1000.0, rate * 1e6), RUNS)})["lr"]
    inputs[plan.weights[0]] = resolve(plan, {plan.weights[0]: rng.uniform(-3, 3, RUNS)})[plan.weights[0]]
    if "driver" in inputs:
        inputs["driver"] = rng.integers(0, 2, RUNS).astype(float)
    return inputs


def alone(e: Experiment, inputs: dict[str, Any], number: int) -> Trace:
    """One of them, by itself."""
    return run_plan(e.plan, e.data, {n: float(v[number] if v.ndim else v) for n, v in inputs.items()})


def agrees(e: Experiment, inputs: dict[str, Any], found: dict[str, Any], numbers: range) -> set[str]:
    """Hold what became of some runs against each of them alone; returns the kinds of verdicts among them."""
    for i in numbers:
        trace = alone(e, inputs, i)
        said = trace.verdict
        assert same(found["errors"][i], trace.errors).all(), i
        assert same(found["error"][i : i + 1], trace.errors[-1:]).all()
        assert (KINDS[found["kind"][i]], int(found["step"][i])) == (said.kind, said.step or 0), i
        np.testing.assert_equal(float(found["times"][i]), np.nan if said.times is None else said.times)
        weights = np.array([float(trace[e.plan.new(w)][-1, -1]) for w in e.plan.weights])
        assert same(found["weights"][i], weights).all(), (i, found["weights"][i], weights)
    return {KINDS[k] for k in found["kind"][[*numbers]].tolist()}


MORE: tuple[dict[str, Any], ...] = (
    {},
    {"shuffled": True},
    {"gradient": "switch"},
    {"gradient": "numerical", "discarded": 2},
    {"carry": "last row's weights", "discarded": 1},
)


@pytest.mark.parametrize("number", range(len(TABLE)))
def test_many_runs_are_what_each_is_alone(number: int) -> None:
    """Every pair of loss, activation, optimizer, batch and schedule, each with another way to train."""
    e = configured(TABLE[number], **MORE[number % len(MORE)])
    inputs = spread(e, number)
    agrees(e, inputs, outcomes(e.plan, e.data, inputs, by_epoch=True), range(number % 3, RUNS, 3))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_shipped_experiments(name: str) -> None:
    """Those of the shipped lessons, whose runs come to every verdict."""
    e = EXPERIMENTS[name]
    inputs = spread(e, 3)
    agrees(e, inputs, outcomes(e.plan, e.data, inputs, by_epoch=True), range(RUNS))


def test_every_verdict_is_among_them() -> None:
    """The shipped experiments over rates and starts come to all that may become of a run."""
    kinds = set()
    for name in ("basic", "adam", "one neuron", "two neurons with ReLU"):
        e = EXPERIMENTS[name]
        kinds |= {KINDS[k] for k in outcomes(e.plan, e.data, spread(e, 3))["kind"].tolist()}
    assert kinds == {*KINDS}


def test_however_many_are_computed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of any size give the same bits, a last one of a single run, too."""
    e = EXPERIMENTS["basic"]
    inputs = spread(e, 5)
    whole = outcomes(e.plan, e.data, inputs, by_epoch=True)
    for size in (1, 5, 23):
        monkeypatch.setattr(of_many, "BLOCK", size)
        again = outcomes(e.plan, e.data, inputs, by_epoch=True)
        assert {n: v.tobytes() for n, v in again.items()} == {n: v.tobytes() for n, v in whole.items()}


@pytest.mark.parametrize(
    ("text", "optimizer", "y"),
    [
        ("a*x + b", "rate = lr/sqrt(g**2); new = w - rate*g", 0),
        ("a*x + b/(a - 1)", "sgd", 1),
        ("a*x + b", "step = g/(g - 1); new = w - lr*step", -0.5),
    ],
)
def test_kinds_of_error_cells_are_told_apart(text: str, optimizer: str, y: float) -> None:
    """A division by 0 and an overflow are two errors, wherever they meet."""
    e = experiment(text, dataset([0, 1, 2, -3], [y, 4, 0, 1.5]), optimizer=optimizer, lr=0.1, epochs=4)
    inputs = spread(e, 2)
    inputs["a"], inputs["b"] = rounded(np.linspace(-1, 1, RUNS) * (np.arange(RUNS) % 2)), np.zeros(())
    inputs["a"][3] = 1.0
    found = outcomes(e.plan, e.data, inputs, by_epoch=True)
    agrees(e, inputs, found, range(RUNS))
    assert np.isnan(found["error"]).any()


def test_what_is_handed_from_row_to_row_is_not_overwritten() -> None:
    """A state that is another one's value of the row above, which this row replaces."""
    shifting = "now = g; old = prev(now); older = prev(old); new = w - lr*(2*now - old + 0.5*older)"
    e = experiment("a*x + b", dataset([0, 1, 2, -3], [1, 4, 0, 1.5]), optimizer=shifting, lr=0.01, epochs=4)
    inputs = spread(e, 2)
    agrees(e, inputs, outcomes(e.plan, e.data, inputs, by_epoch=True), range(RUNS))


def test_discarded_passes_do_not_keep_a_relu_alive() -> None:
    """Steps are counted from the first epoch, whatever came before it."""
    e = replace(EXPERIMENTS["momentum 2 neuron"], epochs=3, discarded=2)
    inputs = spread(e, 2) | {"relu": np.ones(()), "a": rounded(np.linspace(-3, 3, RUNS))}
    found = outcomes(e.plan, e.data, inputs, by_epoch=True)
    assert "dead ReLU" in agrees(e, inputs, found, range(RUNS))


def test_what_is_divided_by_an_error_cell_is_one() -> None:
    """The logarithm of 0 is no number, and 1 over it no 0, in a batch as alone."""
    e = experiment("a*x + b/log(x)", dataset([2, 3, 0, 5], [1, 4, 0, 1.5]), lr=0.001, epochs=2)
    inputs = spread(e, 2)
    found = outcomes(e.plan, e.data, inputs, by_epoch=True)
    agrees(e, inputs, found, range(RUNS))
    assert np.isinf(found["error"]).all()


def test_a_row_leaves_out_what_nothing_kept_depends_on() -> None:
    """Choices that an input decides for all runs are made; what shows something only is not computed."""
    e = EXPERIMENTS["basic SGD 2 neuron collapse"]
    totals = Totals((Over("sum", "err"),), ())
    analytic = row(e.plan, totals, frozenset({"lr"}), (("driver", 0.0),))
    either = row(e.plan, totals, frozenset({"lr", "driver"}), ())
    assert analytic.source.count("\n") < either.source.count("\n") / 2
    assert "where" not in analytic.source and "where" in either.source


def test_a_dead_relu_is_found_among_those_that_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the runs that end shut are gone through again."""
    e = EXPERIMENTS["two neurons with ReLU"]
    inputs = spread(e, 4)
    asked: list[int] = []
    some = blocks.Block.some

    def counted(self: blocks.Block, chosen: Any, tapped: tuple[str, ...]) -> blocks.Block:
        asked.append(len(chosen))
        return some(self, chosen, tapped)

    monkeypatch.setattr(blocks.Block, "some", counted)
    found = outcomes(e.plan, e.data, inputs)
    dead = int(np.count_nonzero(found["kind"] == KINDS.index("dead ReLU")))
    assert 0 < dead < RUNS and dead in asked and RUNS not in asked
