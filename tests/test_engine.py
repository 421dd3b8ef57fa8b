"""The engine: published figures, batches and their single runs, error cells as in a spreadsheet."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from bits import same_bits
from graddesc_xl.errors import SettingError
from graddesc_xl.experiments import CARRIES, GRADIENTS, Experiment
from graddesc_xl.language.evaluate import evaluate
from graddesc_xl.language.expr import (
    Apply,
    Const,
    Data,
    Expr,
    Foot,
    Here,
    Opening,
    Over,
    Param,
    Prev,
    State,
    greater,
    maximum,
    minimum,
    sqrt,
    where,
)
from graddesc_xl.language.operators import OPERATORS
from graddesc_xl.language.values import Array
from graddesc_xl.lessons import EXPERIMENTS
from graddesc_xl.numbers import engine
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.numbers.trace import Trace
from graddesc_xl.parts.data import GRADDESC, dataset
from graddesc_xl.parts.models import MODELS, ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.plan import Column, EpochState, Footer, Input, Plan, Start
from graddesc_xl.running import experiment, run

NUM, DIV0 = np.inf, np.nan


def exact(expected: Any, rel: float = 1e-14) -> Any:
    """A published figure, to the last digits of a double."""
    return pytest.approx(expected, rel=rel, abs=0)


def plain(model: Model = ONE_NEURON, optimizer: str = "sgd", **fields: Any) -> Experiment:
    """An experiment of that model and optimizer."""
    return Experiment("test", "a test", "a test", OPTIMIZERS[optimizer], model, **fields)


def last(trace: Trace, *columns: str) -> list[float]:
    """The last row of the first epoch."""
    return [float(trace[column][0, -1]) for column in columns]


def opening(trace: Trace, *columns: str) -> list[float]:
    """The start cells of the first epoch."""
    return [float(trace.starts[column][0]) for column in columns]


# Published figures


def test_basic_by_epoch_as_the_run_button_did() -> None:
    """Plain SGD that starts each epoch from the last row's weights has the published √Σe² of six epochs."""
    trace = run("basic", epochs=6)
    assert trace.plan.starts[0].carry == "b"
    assert trace.errors == exact(
        [
            150.75521153771854,
            104.74921026693299,
            104.55969980561993,
            104.37053295106034,
            104.18170833255277,
            103.99322533093216,
        ]
    )


def test_basic_by_epoch_from_the_new_weights() -> None:
    """Plain SGD that loses no update has the published √Σe² of five epochs."""
    assert run("basic", epochs=5, carry="new weights").errors == exact(
        [150.75521153771854, 105.66326549236393, 105.45563895824881, 105.2484212521313, 105.04161072364933]
    )


def test_basic_weights_after_the_first_epoch() -> None:
    """Epoch 1 ends with the published weights, before and after its last step, and the true RMSE."""
    trace = run("basic", epochs=1)
    assert last(trace, "new_a", "new_b") == exact([2.613084491952597, 1.0715160204418617])
    assert last(trace, "a", "b") == exact([2.5741401222765083, 1.0666479742323505])
    assert trace.footers["rmse"][0] == pytest.approx(27.9945, abs=5e-5)


@pytest.mark.parametrize("carry", CARRIES)
def test_basic_driven_by_numerical_derivatives(carry: str) -> None:
    """Finite differences with h = 0.01 in the place of the derivatives give the published √Σe²."""
    assert run("basic", epochs=1, gradient="numerical", carry=carry).errors == exact([150.70215194390218])


def test_the_carry_decides_the_second_epochs_start() -> None:
    """An epoch starts from the last row's new weights, or, as in the original, from that row's weights."""
    for carry, column in (("new weights", "new_{}"), ("last row's weights", "{}")):
        trace = run("basic", epochs=2, carry=carry)
        for w in "ab":
            assert trace[w][1, 0] == trace[column.format(w)][0, -1]


def test_momentum_from_given_averages() -> None:
    """Momentum from the published averages ends epoch 1 with the published error, weights and averages."""
    trace = run(
        "momentum",
        {"a": 1, "b": 1},
        epochs=1,
        discarded=0,
        starts={"avg_b": -18.33392669020789, "avg_a": 98.24583039212854},
    )
    assert trace.errors == exact([200.9651846012761])
    assert last(trace, "new_b", "new_a") == exact([1.065115994374686, 2.121333184761536])
    assert last(trace, "avg_b", "avg_a") == exact([-18.8826696627493, 125.06850548616737])


def test_momentum_from_averages_of_zero() -> None:
    """Without the discarded pass the averages start at 0."""
    trace = run("momentum", epochs=1, discarded=0)
    assert opening(trace, "avg_b", "avg_a") == [0, 0]
    assert trace.errors == exact([199.13465036568488])


def test_rmsprop_from_given_squares() -> None:
    """RMSProp divides by the average before the step: published weights and squares after an epoch."""
    trace = run(
        "rmsprop",
        {"b": 3.1890676512613103, "a": 2.4036203537069443},
        epochs=1,
        discarded=0,
        starts={"sq_b": 1134.4241521916742, "sq_a": 1679911.3688917186},
        lr=0.02,
    )
    assert last(trace, "new_b", "new_a") == exact([3.5258600758209218, 2.4061067168576575])
    assert last(trace, "sq_b", "sq_a") == exact([1102.0876517024533, 1682266.0289862712])


def test_adam_from_given_averages_and_squares() -> None:
    """Adam without correction or epsilon: published weights, averages and squares after an epoch.

    The squares hold to 2e-14: the given starts have 17 digits, of which an input keeps 15.
    """
    trace = run(
        "adam",
        {"b": 29.713174380227404, "a": 1.9455616332946517},
        epochs=1,
        discarded=0,
        starts={
            "avg_b": 1.8871073544462662,
            "avg_a": 167.3681217326772,
            "sq_b": 40.892736082118006,
            "sq_a": 275756.3249788667,
        },
        lr=0.1,
    )
    assert last(trace, "new_b", "new_a") == exact([29.9944192265624, 2.0862403324170447])
    assert last(trace, "avg_b", "avg_a") == exact([-2.3190047654731245, -178.30780790595097])
    assert last(trace, "sq_b", "sq_a") == exact([44.73540830915748, 304217.19061516115], rel=2e-14)


AFTER_RESET: Mapping[str, tuple[dict[str, float], float, float]] = {
    "momentum": (
        {"avg_b": -18.33392669020789, "avg_a": 98.24583039212854},
        1.065115994374686,
        2.121333184761536,
    ),
    "rmsprop": (
        {"sq_b": 9309.63147497951, "sq_a": 38847505.04948409},
        1.5789105635894394,
        1.4726310635401902,
    ),
    "adam": (
        {
            "avg_b": -11.530434582454225,
            "avg_a": 568.2632536601642,
            "sq_b": 2222.044423391362,
            "sq_a": 8436962.873860387,
        },
        9.736408385070392,
        3.2508197885034793,
    ),
    "adam_ann": (
        {
            "avg_b": -29.14129355150132,
            "avg_a": -919.4085359523834,
            "sq_b": 7481.715874165458,
            "sq_a": 40148488.714414425,
        },
        7.813366131394433,
        2.5685179767452984,
    ),
}


@pytest.mark.parametrize("name", AFTER_RESET)
def test_reset_warms_the_states_and_keeps_the_weights(name: str) -> None:
    """The discarded passes leave the published averages and a = b = 1; epoch 1 the published weights."""
    states, new_b, new_a = AFTER_RESET[name]
    trace = run(name, epochs=1)
    assert opening(trace, *states) == exact(list(states.values()))
    assert opening(trace, "new_b", "new_a") == [1, 1]
    assert last(trace, "new_b", "new_a") == exact([new_b, new_a])


ADAM_BY_EPOCH = {
    "adam": [
        201.91120346258373,
        125.07938511297803,
        59.77783960765605,
        164.50431023346565,
        189.58894822639795,
        186.75127059718292,
        175.26245968511188,
        184.43927174185262,
        180.34892452402937,
        182.74395052148768,
    ],
    "adam_ann": [
        183.36263046942992,
        71.26137283398413,
        80.07563927569204,
        166.306060427552,
        83.57672250657026,
        66.03581617587643,
        172.05560017980392,
        153.48862522311947,
        23.148232463178747,
        8.497109530011771,
    ],
}


@pytest.mark.parametrize("name", ADAM_BY_EPOCH)
def test_adam_by_epoch(name: str) -> None:
    """Adam from a reset has the published √Σe² of ten epochs, with and without an annealed rate."""
    assert run(name, epochs=10).errors == exact(ADAM_BY_EPOCH[name])


def test_annealed_adam_compares_with_the_scale_after_the_first_discarded_pass() -> None:
    """The Reset sets the best scale between its two passes, not at its end."""
    assert run("adam_ann", epochs=1).states["best"][0] == exact(7002.565171676693)


def test_a_discarded_pass_hands_on_what_it_says() -> None:
    """Adam's passes hand on squares and averages in turn; what a pass does not hand on stays what it found."""
    trace = run("adam", epochs=1)
    first, *passes = trace.plan.in_time()
    for name, other in (("sq_b", "avg_b"), ("sq_a", "avg_a")):
        assert trace.starts[name][first] == 10000 and trace.starts[other][first] == 0
    before = first
    for i, block in enumerate(passes):
        handed_on, kept = (("sq", "avg"), ("avg", "sq"))[i % 2]
        for w in "ab":
            assert trace.starts[f"{handed_on}_{w}"][block] == trace.rows[f"{handed_on}_{w}"][before, -1]
            assert trace.starts[f"{kept}_{w}"][block] == trace.starts[f"{kept}_{w}"][before]
        before = block


def test_annealed_adam_quarters_its_rate_when_the_scale_has_doubled() -> None:
    """An epoch whose scale is over twice the best before it quarters the rate; the best never grows."""
    trace = run("adam_ann", epochs=40)
    lr, best = trace.states["lr"][:40], trace.states["best"][:40]
    scale = trace["scale"][:, -1]
    assert trace.footers["start_scale"][1:40] == exact(list(scale[:-1]), rel=1e-15)
    assert lr[0] == 1
    for k in range(39):
        assert lr[k + 1] == (lr[k] / 4 if scale[k] / best[k] > 2 else lr[k])
        assert best[k + 1] == min(best[k], scale[k])
    assert lr[-1] < 1, "the rate was never quartered: the run shows nothing"


# Two neurons


def test_two_neurons_explode_with_numerical_derivatives() -> None:
    """The error climbs to 2e65 at the last sample; then h is lost in the weights and they stand still."""
    trace = run(plain(TWO_NEURONS, gradient="numerical", epochs=2))
    assert trace.errors[0] == exact(4.513087186827854e32, rel=1e-9)
    assert trace["err"][0, 28] == pytest.approx(2e65, rel=0.05)
    for w in "abcd":
        weights = np.append(trace[w][0, 28], trace[f"new_{w}"][:, 28:])
        assert (weights == weights[0]).all()


def test_two_neurons_explode_with_exact_derivatives() -> None:
    """Exact derivatives explode too: the published √Σe² of epoch 1, and the second overflows to #NUM!."""
    trace = run(plain(TWO_NEURONS, epochs=2))
    assert trace.errors[0] == exact(3.729290502210017e19, rel=1e-9)
    assert trace.errors[1] == NUM
    assert trace.verdict.kind == "exploded"


@pytest.mark.parametrize(
    ("kind", "error", "dead"), [("numerical", 419.21630268369785, 26), ("analytic", 767.5053769972709, 27)]
)
def test_dead_relu_stops_three_of_four_weights(kind: str, error: float, dead: int) -> None:
    """With ReLU the error stays finite because from that sample on the neuron is off: only d still learns."""
    trace = run(plain(TWO_NEURONS_RELU, gradient=kind, epochs=2))
    z, first = trace["z"].ravel(), dead - 1
    assert trace.errors[0] == exact(error)
    assert z[first - 1] > 0
    assert (z[first:] < 0).all()
    for w in "abc":
        weights = trace[w].ravel()
        assert (weights[first:] == weights[first]).all()
        assert weights[first - 1] != weights[first]
    assert (np.diff(trace["d"].ravel()[first:]) > 0).all()


SPEED = [
    (
        1e-6,
        {1: "384.71", 2: "334.94", 3: "292.37", 10: "131.34"},
        {1: "351.39", 2: "238.93", 3: "153.94", 10: "80.994"},
    ),
    (3e-6, {1: "341.87", 2: "228.48", 3: "160.28"}, {1: "265.23", 2: "93.001", 3: "82.487"}),
    (1e-5, {1: "249.03", 2: "99.327", 3: "86.947"}, {1: "172.77", 2: "87.829", 3: "87.765"}),
]


@pytest.mark.parametrize(("lr", "one", "two"), SPEED)
def test_at_the_same_small_rate_two_neurons_learn_faster(lr: float, one: dict[int, str], two: dict[int, str]) -> None:
    """√Σe² by epoch has the published digits, and a ReLU that never switches off changes no bit."""
    for model, figures in ((ONE_NEURON, one), (TWO_NEURONS, two), (TWO_NEURONS_RELU, two)):
        errors = run(plain(model), lr=lr).errors
        assert {k: f"{errors[k - 1]:.5g}" for k in figures} == figures
    stacked, relu = (run(plain(m), lr=lr).errors for m in (TWO_NEURONS, TWO_NEURONS_RELU))
    assert same_bits(stacked, relu)


def test_a_step_multiplies_the_residual_by_its_speed_limit_factor() -> None:
    """For one neuron the residual shrinks by exactly 1 - 2*lr*(x²+1), so x = 99 bounds the learning rate."""
    trace = run("basic", epochs=1)
    xs, ys = GRADDESC.column("x"), GRADDESC.ys
    before = ys - trace["pred"][0]
    after = ys - (trace["new_a"][0] * xs + trace["new_b"][0])
    factor = 1 - 2 * 1e-4 * (xs**2 + 1)
    np.testing.assert_allclose(after, factor * before, rtol=1e-9)
    assert factor[xs == 99] == pytest.approx(-0.9604)


def test_two_neurons_overshoot_from_the_second_sample_on() -> None:
    """For two neurons the residual's first-order factor is -2.762 at sample 2 and -236 at sample 27."""
    trace = run(plain(TWO_NEURONS, epochs=1))
    x, c, h = GRADDESC.column("x"), trace["c"][0], trace["hid"][0]
    factor = 1 - 2 * 1e-4 * (c**2 * x**2 + c**2 + h**2 + 1)
    assert x[1] == 86
    assert factor[1] == pytest.approx(-2.762, abs=5e-4)
    assert factor[26] == pytest.approx(-236, abs=0.5)


# A batch and its single runs


BATCHED = [
    *(plain(model, name, epochs=3) for model in MODELS.values() for name in OPTIMIZERS),
    *(plain(model, epochs=2, gradient="numerical") for model in MODELS.values()),
]


def assert_batch_is_its_runs(e: Experiment, settings: Mapping[str, Any], starts: Mapping[str, float]) -> Trace:
    """Run a batch and each of its runs alone, and compare every number."""
    size = max(np.size(v) for v in settings.values())
    batch = run(e, settings, starts=starts)
    for r in range(size):
        single = run(e, {k: np.broadcast_to(v, size)[r].item() for k, v in settings.items()}, starts=starts)
        for part in ("rows", "starts", "states", "footers"):
            mine, alone = getattr(batch, part), getattr(single, part)
            assert list(mine) == list(alone)
            for name in alone:
                assert same_bits(mine[name][..., r], alone[name]), (part, name, r)
        assert batch.verdicts[r] == single.verdict
    return batch


@pytest.mark.parametrize("e", BATCHED, ids=[f"{e.model.name}-{e.optimizer.name}-{e.gradient}" for e in BATCHED])
def test_a_batch_is_its_single_runs_bit_for_bit(e: Experiment) -> None:
    """Rows, starts, states and footers of a batch are those of its runs, from timid to exploding rates."""
    rates = [1e-6, 1e-4, 1e-3, 0.01, 30.0]
    assert_batch_is_its_runs(e, {"lr": rates, "a": [1, 0.5, -2, 1, 3.7], "b": [1, 1, 0, -61.3, 2]}, {})


@pytest.mark.parametrize("name", ["basic", "adam", "adam_ann", "two neurons with ReLU"])
@pytest.mark.parametrize("more", [{}, {"shuffled": True, "carry": "new weights"}])
@pytest.mark.parametrize("lr", [1e-5, 1e-2])
def test_a_run_is_the_same_however_many_rows_are_computed_at_once(
    name: str, more: dict[str, Any], lr: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each row starts from is found row by row, all else in pieces; where these end changes no bit."""
    e = experiment(name, epochs=7, mirror=None, **more)
    whole = e.run(lr=lr)
    monkeypatch.setattr(engine, "AT_ONCE", 3 * len(e.data))
    pieces = e.run(lr=lr)
    for part in ("rows", "starts", "states", "footers"):
        mine, theirs = getattr(pieces, part), getattr(whole, part)
        assert [*mine] == [*theirs]
        assert all(same_bits(mine[column], theirs[column]) for column in mine)


def test_only_what_a_row_waits_for_is_computed_row_by_row() -> None:
    """Plain SGD goes from row to row by its weights and their derivatives: errors and estimates can wait."""
    code = engine.recurrence(EXPERIMENTS["basic"].plan)
    assert {*re.findall(r"c_\w+", code)} == {"c_b", "c_a", "c_pred", "c_d_b", "c_d_a", "c_new_b", "c_new_a"}


def test_a_batch_keeps_each_exploded_runs_overflow() -> None:
    """A run that overflows is #NUM! from there to its end, alone and in a batch; the others stay finite."""
    batch = assert_batch_is_its_runs(plain(TWO_NEURONS, epochs=4), {"lr": [1e-6, 1e-4, 1.0, 1e-5]}, {})
    for r, exploded in enumerate((False, True, True, False)):
        errors = batch["err"][..., r].ravel()
        assert (errors[-1] == NUM) == exploded
        first = int(np.argmin(np.isfinite(errors))) if exploded else errors.size
        assert (errors[first:] == NUM).all()
        assert np.isfinite(errors[:first]).all()


def test_a_batch_keeps_each_runs_division_by_zero() -> None:
    """A run that starts in the optimum with eps = 0 is #DIV/0! to its end, alone and in a batch."""
    e = plain(optimizer="torch_rmsprop", epochs=2)
    batch = assert_batch_is_its_runs(e, {"a": [1, 2, 2], "b": [1, 30, 31], "eps": 0, "lr": [0.01, 0.01, 1000]}, {})
    assert np.isnan(batch["new_a"][..., 1]).all()
    assert np.isfinite(batch["new_a"][..., [0, 2]]).all()


def test_a_start_of_zero_divides_the_first_row_by_zero() -> None:
    """Squares that start at 0 make the first new weight #DIV/0!, and with it all that follows, in any run."""
    e = plain(optimizer="rmsprop", epochs=2, discarded=0)
    batch = assert_batch_is_its_runs(e, {"lr": [0.02, 0.1]}, {"sq_b": 0.0})
    assert np.isnan(batch["new_b"]).all()
    assert np.isfinite(batch["pred"][0, 0]).all()
    assert np.isnan(batch["pred"][0, 1:]).all()
    assert np.isnan(batch.footers["error"]).all()


def test_a_batch_of_different_lengths_is_refused_in_a_sentence() -> None:
    """Two settings with different numbers of runs are a setting error, not a traceback."""
    with pytest.raises(SettingError, match="equally long"):
        run("basic", {"a": [1, 2, 3]}, lr=[1e-4, 1e-5])


# Error cells


P = Param("p")  # 1e200 where these are evaluated
OVERFLOW, DIVIDED, ROOT = P * P, 1 / (P - P), sqrt(-P)
CELLS: Mapping[str, tuple[Expr, float]] = {
    "overflow": (OVERFLOW, NUM),
    "negative overflow": (-P * P, NUM),
    "power overflow": (P**2, NUM),
    "sum overflow": (P * 1.5e108 + P * 1.5e108, NUM),
    "overflow - overflow": (OVERFLOW - OVERFLOW, NUM),
    "overflow * 0": (OVERFLOW * 0, NUM),
    "overflow / overflow": (OVERFLOW / OVERFLOW, NUM),
    "1 / overflow": (1 / OVERFLOW, NUM),
    "1 / 0": (DIVIDED, DIV0),
    "0 / 0": ((P - P) / (P - P), DIV0),
    "(1/0) * 0": (DIVIDED * 0, DIV0),
    "1 / (1/0)": (1 / DIVIDED, DIV0),
    "root of -1": (ROOT, NUM),
    "root of 1/0": (sqrt(DIVIDED), DIV0),
    "power of 1/0": (DIVIDED**3, DIV0),
    "minus overflow": (-OVERFLOW, NUM),
    "first error wins: overflow": (OVERFLOW + DIVIDED, NUM),
    "first error wins: division": (DIVIDED + OVERFLOW, DIV0),
    "overflow / 0": (OVERFLOW / (P - P), NUM),
    "max(overflow, 0)": (maximum(OVERFLOW, 0), NUM),
    "max(0, -overflow)": (maximum(0, -OVERFLOW), NUM),
    "max(0, 1/0)": (maximum(0, DIVIDED), DIV0),
    "min(overflow, 0)": (minimum(OVERFLOW, 0), NUM),
    "min(1/0, 0)": (minimum(DIVIDED, 0), DIV0),
    "min(0, root)": (minimum(0, ROOT), NUM),
    "overflow > 0": (greater(OVERFLOW, 0), NUM),
    "0 > 1/0": (greater(0, DIVIDED), DIV0),
    "if overflow": (where(OVERFLOW, 1, 2), NUM),
    "if 1/0": (where(DIVIDED, 1, 2), DIV0),
    "if 1/0 > 0": (where(greater(DIVIDED, 0), 1, 2), DIV0),
    "if true then overflow": (where(P, OVERFLOW, 2), NUM),
    "if false else 1/0": (where(P - P, 2, DIVIDED), DIV0),
    "if true else 1/0": (where(P, 3, DIVIDED), 3),
    "if false then overflow": (where(P - P, OVERFLOW, 4), 4),
    "no error": (maximum(P / P, 0) + where(greater(P, 1), sqrt(P * 0 + 9), 0), 4),
}


def cell_plan(expr: Expr) -> Plan:
    """A sheet of that column and a neighbour."""
    return Plan(
        name="cell",
        inputs=(Input("p", 1.0, "p", "a number", low=-1e300, high=1e300),),
        columns=(
            Column("cell", expr, "watch", "cell", "a cell"),
            Column("more", Const(1), "watch", "more", "a neighbour"),
        ),
        starts=(),
        footers=(Footer("error", Over("sum", "cell"), "sum", "the sum"),),
        weights=(),
        epochs=1,
    )


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_has_the_error_that_a_spreadsheet_shows(name: str) -> None:
    """Overflow and bad roots are #NUM!, x/0 is #DIV/0!; both stick; the branch not taken is skipped."""
    expr, expected = CELLS[name]
    for p in (1e200, np.full(3, 1e200)):
        value = np.asarray(evaluate(expr, lambda leaf, p=p: p))  # type: ignore[misc]
        np.testing.assert_array_equal(value, np.full(np.shape(p), expected))


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_the_engine_has_the_same_error_cells(name: str, batch: bool) -> None:
    """Single runs and batches end with the cell, and the footer, that a spreadsheet shows."""
    expr, expected = CELLS[name]
    p = [1e200, 1.5, 1e200] if batch else 1e200
    trace = run_plan(cell_plan(expr), dataset([1.0], [1.0]), {"p": p})
    for value in (trace["cell"][0, 0], trace.errors[0]):
        np.testing.assert_array_equal(np.ravel(value)[:: 2 if batch else 1], expected)


def test_a_plan_of_one_column_runs() -> None:
    """The smallest plan there is runs like any other."""
    column = Column("cell", Data("x") * 2, "watch", "cell", "a cell")
    footer = Footer("error", Over("sum", "cell"), "sum", "the sum")
    trace = run_plan(Plan("one", (), (column,), (), (footer,), (), epochs=1), dataset([1, 2], [3, 4]), {})
    assert trace["cell"].tolist() == [[2, 4]]


def test_an_error_in_one_element_of_an_array_leaves_the_others_alone() -> None:
    """Each element of an array has its own error or value."""
    values = np.array([-1.0, 0.0, 4.0])
    np.testing.assert_array_equal(evaluate(1 / sqrt(P), lambda leaf: values), [NUM, DIV0, 0.5])
    np.testing.assert_array_equal(evaluate(maximum(1 / P, 0), lambda leaf: values), [0, DIV0, 0.25])


# Generated code and the table of functions


def interpreted(trace: Trace) -> dict[str, Array]:
    """Every column again by `evaluate`, each row from its own neighbours in the trace."""
    xs, ys = trace.data.column("x"), trace.data.ys

    def leaf(expr: Expr) -> Any:
        match expr:
            case Data(name):
                return np.broadcast_to(xs if name == "x" else ys, (trace.plan.blocks, len(xs)))
            case Here(column):
                return trace.rows[column]
            case Prev(column):
                return np.column_stack([trace.starts[column], trace.rows[column][:, :-1]])
            case State(name):
                return trace.states[name][:, None]
            case Param(name):
                return trace.cells[name]
        raise AssertionError(expr)

    return {column.name: np.asarray(evaluate(column.expr, leaf)) for column in trace.plan.columns}


def assert_trace_follows_its_plan(trace: Trace) -> None:
    """Every row, start, state and footer is its expression's value, to the last bit."""
    for name, values in interpreted(trace).items():
        assert same_bits(trace.rows[name], np.broadcast_to(values, trace.rows[name].shape)), name

    def outside(block: int) -> Any:
        def leaf(expr: Expr) -> Any:
            match expr:
                case Param(name):
                    return trace.cells[name]
                case State(name):
                    return trace.states[name][block]
                case Foot(name):
                    return trace.footers[name][block]
                case Opening(column):
                    return trace.starts[column][block]
                case Over("last", column):
                    return trace.rows[column][block, -1]
                case Over("count", column):
                    return float(np.isfinite(trace.rows[column][block]).sum())
                case Over(reduction, column):
                    total = 0.0
                    for value in trace.rows[column][block].tolist():
                        total += value * value if reduction == "sumsq" else value
                    return total
            raise AssertionError(expr)

        return leaf

    plan = trace.plan
    for block in range(plan.blocks):
        items: list[Start | EpochState] = [*plan.starts, *plan.states]
        for item in items:
            cells = trace.starts[item.column] if isinstance(item, Start) else trace.states[item.name]
            expr, previous = plan.opening(item, block)
            value = evaluate(expr, outside(block if previous is None else previous))
            assert same_bits(cells[block], np.asarray(value, dtype=float)), (item, block)
        for footer in plan.footers:
            value = float(evaluate(footer.expr, outside(block)))
            if np.isfinite(value):
                assert trace.footers[footer.name][block] == exact(value), footer.name
            else:
                assert same_bits(trace.footers[footer.name][block], np.asarray(value)), footer.name


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_follows_its_plan(name: str) -> None:
    """The generated code and the table of functions agree on every cell of every named experiment."""
    assert_trace_follows_its_plan(run(name, epochs=4, numerical=True))


@pytest.mark.parametrize(
    ("model", "optimizer", "kind", "carry"), list(itertools.product(MODELS, OPTIMIZERS, GRADIENTS, CARRIES))
)
def test_every_combination_follows_its_plan(model: str, optimizer: str, kind: str, carry: str) -> None:
    """The same for each model with each optimizer, derivative and carry, exploding or not."""
    e = plain(MODELS[model], optimizer, gradient=kind, carry=carry, epochs=2)
    for lr in (1e-5, 0.01):
        assert_trace_follows_its_plan(run(e, lr=lr))


def random_expr(rng: random.Random, left: list[str], depth: int, nested: bool) -> Expr:
    """A random cell, with numbers that provoke overflows, roots of negatives and divisions by zero.

    nested: let divisors and conditions be formulas too, not only cells.
    """
    if depth == 0 or rng.random() < 0.15:
        columns = [Here(name) for name in left]
        constant = Const(rng.choice([0, 1, -1, 2.5, 1e200, -3]))
        return rng.choice([Data("x"), Data("y"), Param("p"), constant, Prev("s"), *columns, *columns])
    op = rng.choice([name for name, row in OPERATORS.items() if not row.reports])
    if op == "pow":
        return random_expr(rng, left, depth - 1, nested) ** rng.randint(2, 8)
    depths = [depth - 1] * (OPERATORS[op].arity or 0)
    if op in ("div", "where") and not nested:
        depths[1 if op == "div" else 0] = 0
    return Apply(op, tuple(random_expr(rng, left, d, nested) for d in depths))


def random_plan(rng: random.Random, nested: bool) -> Plan:
    """Three random columns, the last of which is carried on from row to row."""
    columns: list[Column] = []
    for name in ("u", "v", "s"):
        expr = random_expr(rng, [c.name for c in columns], rng.randint(1, 3), nested)
        columns.append(Column(name, expr, "watch", name, name))
    return Plan(
        name="random",
        inputs=(Input("p", 1.0, "p", "a number"),),
        columns=tuple(columns),
        starts=(Start("s", Param("p"), "s"),),
        footers=(Footer("error", sqrt(Over("sumsq", "s")), "norm", "a norm"),),
        weights=("s",),
        epochs=2,
    )


def interpreted_rows(plan: Plan, samples: list[tuple[float, float]], p: float) -> dict[str, list[float]]:
    """A random plan, row by row, by the table of functions alone."""
    table: dict[str, list[float]] = {c.name: [] for c in plan.columns}
    for x, y in samples * plan.epochs:
        row: dict[str, float] = {}
        before = table["s"][-1] if table["s"] else p

        def leaf(expr: Expr, x: float = x, y: float = y, row: dict[str, float] = row, before: float = before) -> float:
            match expr:
                case Data(name):
                    return x if name == "x" else y
                case Here(name):
                    return row[name]
                case Prev():
                    return before
            return p

        for column in plan.columns:
            row[column.name] = float(evaluate(column.expr, leaf))
            table[column.name].append(row[column.name])
    return table


@pytest.mark.parametrize("nested", [False, True])
def test_random_plans_run_as_they_are_read(nested: bool) -> None:
    """Single runs and batches hold what the table of functions gives for any plan, errors included."""
    samples = [(1.0, 3.0), (-2.0, 0.0), (0.0, 0.5)]
    data, ps = dataset([x for x, _ in samples], [y for _, y in samples]), [1.0, 0.0, -1.5]
    for seed in range(500):
        plan = random_plan(random.Random(seed), nested)
        batch = run_plan(plan, data, {"p": ps})
        for r, p in enumerate(ps):
            single = run_plan(plan, data, {"p": p})
            for name, expected in interpreted_rows(plan, samples, p).items():
                where_it_is = f"seed {seed}, {name}, p={p}"
                np.testing.assert_array_equal(single[name].ravel(), expected, err_msg=where_it_is)
                np.testing.assert_array_equal(batch[name][..., r].ravel(), expected, err_msg=where_it_is)
