"""Recipes, gradients, scaled samples and speed limits against PyTorch's figures (figures/torch_figures.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graddesc_xl.experiments import Experiment
from graddesc_xl.language.calculus import gradient
from graddesc_xl.language.values import Array
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.data import GRADDESC, dataset
from graddesc_xl.parts.losses import squared_error
from graddesc_xl.parts.models import MODELS, TWO_NEURONS
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.running import run
from graddesc_xl.speed_limit import with_speed_limit

FIGURES: dict[str, Any] = json.loads((Path(__file__).parent / "figures" / "torch_figures.json").read_text("utf-8"))
TRAINING: dict[str, Any] = {t["optimizer"]: t for t in FIGURES["training"]}
GRADIENTS: list[dict[str, Any]] = FIGURES["gradients"]
CLIPPED: list[dict[str, Any]] = FIGURES["clipped"]
SCALED: list[dict[str, Any]] = FIGURES["scaled"]
SLOPES: list[dict[str, Any]] = FIGURES["prediction_gradients"]
#: what torch adds to the length of a gradient before it divides the limit by it
TORCH_CLIP_EPS = 1e-6


def test_every_textbook_recipe_has_figures() -> None:
    """There are figures for each recipe whose equations are PyTorch's, over two passes of the data."""
    assert set(TRAINING) == {name for name in OPTIMIZERS if name.startswith("torch_")}
    assert {len(t["steps"]) for t in TRAINING.values()} == {2 * len(GRADDESC)}


@pytest.mark.parametrize("name", TRAINING)
def test_recipe_steps_like_torch(name: str) -> None:
    """Weights, predictions, errors, gradients and states are torch's after every step of two epochs."""
    figures = TRAINING[name]
    trace = run(Experiment(name, name, name, OPTIMIZERS[name], epochs=2), lr=figures["lr"])
    for column in figures["steps"][0]:
        expected = np.array([step[column] for step in figures["steps"]])
        np.testing.assert_allclose(trace[column].ravel(), expected, rtol=1e-12, atol=0, err_msg=column)


@pytest.mark.parametrize("name", TRAINING)
def test_figures_hold_every_state_column(name: str) -> None:
    """No column of a textbook recipe goes without a figure, the powers of beta apart."""
    plan = Experiment(name, name, name, OPTIMIZERS[name]).plan
    assert {c.name for c in plan.columns} - {"beta1_t", "beta2_t"} == set(TRAINING[name]["steps"][0])


@pytest.mark.parametrize("figures", GRADIENTS, ids=[f"{g['model']}-z={g['z']:g}" for g in GRADIENTS])
def test_gradient_columns_are_autograds(figures: dict[str, Any]) -> None:
    """A model's gradient columns hold what autograd gives for the same weights and sample."""
    model = MODELS[figures["model"]]
    of = gradient({**model.forward, "err": squared_error("y")}, "err", model.weights).of
    one_sample = dataset([figures["x"]], [figures["y"]])
    trace = run(Experiment("e", "", "", OPTIMIZERS["sgd"], model, one_sample, epochs=1), figures["weights"])
    assert set(of) == set(figures["gradient"])
    for weight, expected in figures["gradient"].items():
        assert trace[of[weight]].item() == pytest.approx(expected, rel=1e-13, abs=0), weight


def test_gradient_figures_cover_every_model_and_the_dead_relu() -> None:
    """Each model has points, and the ReLU's are on, off and exactly at its corner."""
    assert {g["model"] for g in GRADIENTS} == set(MODELS)
    signs = {np.sign(g["z"]) for g in GRADIENTS if g["model"] == "two_neurons_relu"}
    assert signs == {-1, 0, 1}


def trajectory(figures: dict[str, Any], column: str) -> Array:
    """One column of a trajectory, step by step."""
    return np.array([step[column] for step in figures["steps"]])


@pytest.mark.parametrize("figures", CLIPPED, ids=[f"limit {c['limit']:g}" for c in CLIPPED])
def test_clipped_trains_like_torch(figures: dict[str, Any]) -> None:
    """Two neurons with a clipped gradient have torch's weights and errors over two epochs, to 1e-8.

    The tolerance is torch's: it divides by the gradient's length plus 1e-6, which makes each of its clipped
    steps shorter by 1e-6 over that length, here at most 1.2e-9 of the step.
    """
    e = Experiment("e", "", "", OPTIMIZERS["clipped"], TWO_NEURONS, epochs=2)
    trace = run(e, lr=figures["lr"], limit=figures["limit"])
    assert len(figures["steps"]) == 2 * len(GRADDESC)
    for column in ("a", "b", "c", "d", "err", "norm", "new_a", "new_b", "new_c", "new_d"):
        np.testing.assert_allclose(
            trace[column].ravel(), trajectory(figures, column), rtol=1e-8, atol=0, err_msg=column
        )


@pytest.mark.parametrize("figures", CLIPPED, ids=[f"limit {c['limit']:g}" for c in CLIPPED])
def test_each_clipped_gradient_is_torchs(figures: dict[str, Any]) -> None:
    """From torch's weights, at the 15 digits of an input, our clipped gradient is torch's without its added 1e-6."""
    of = gradient({**TWO_NEURONS.forward, "err": squared_error("y")}, "err", TWO_NEURONS.weights).of
    for x, step in zip(GRADDESC.inputs["x"] * 2, figures["steps"], strict=True):
        one_sample = Experiment("e", "", "", OPTIMIZERS["clipped"], TWO_NEURONS, dataset([x], [2 * x + 30]))
        trace = run(one_sample, {w: step[w] for w in "abcd"}, limit=figures["limit"], epochs=1)
        norm = step["norm"]
        added = (norm + TORCH_CLIP_EPS) / norm if norm > figures["limit"] else 1.0
        for w in "abcd":
            ours = trace[of[w]].item() * trace["clip"].item()
            assert ours == pytest.approx(step[f"clipped_{w}"] * added, rel=1e-10, abs=0)


def test_clipped_figures_are_clipped_and_not() -> None:
    """One limit clips every gradient, the other clips some and leaves the others as they are."""
    shares = [np.mean(trajectory(figures, "norm") > figures["limit"]) for figures in CLIPPED]
    assert shares[0] == 1
    assert 0 < shares[1] < 1


@pytest.mark.parametrize("figures", SCALED, ids=[f"{s['scale_x']}, {s['scale_y']}, {s['lr']}" for s in SCALED])
def test_scaled_samples_train_like_torch(figures: dict[str, Any]) -> None:
    """Two neurons on x, or x and y, over a constant have torch's weights, and its errors in the units of y."""
    scales = {f"scale_{s}": figures[f"scale_{s}"] for s in "xy" if figures[f"scale_{s}"] is not None}
    scaled = tuple(name.removeprefix("scale_") for name in scales)
    e = Experiment("e", "", "", OPTIMIZERS["sgd"], TWO_NEURONS, epochs=1, scaled=scaled)
    trace = run(e, scales, lr=figures["lr"])
    for column in ("err", "new_a", "new_b", "new_c", "new_d"):
        np.testing.assert_allclose(
            trace[column].ravel(), trajectory(figures, column), rtol=1e-11, atol=0, err_msg=column
        )
    assert trace.errors[0] == pytest.approx(np.sqrt(trajectory(figures, "err").sum()), rel=1e-12)


@pytest.mark.parametrize("figures", SLOPES, ids=[f"{s['model']}-x={s['x']:g}-{s['grad2']:g}" for s in SLOPES])
def test_the_speed_limit_is_autograds(figures: dict[str, Any]) -> None:
    """|grad pred|² of a step is the squared length of the gradient that autograd gives for the prediction."""
    one_sample = dataset([figures["x"]], [figures["y"]])
    e = Experiment("e", "", "", OPTIMIZERS["sgd"], MODELS[figures["model"]], one_sample, epochs=1)
    trace = run_plan(with_speed_limit(e), e.data, figures["weights"])
    assert trace["grad2"].item() == pytest.approx(figures["grad2"], rel=1e-13, abs=0)
    assert trace["bearable"].item() == pytest.approx(1 / figures["grad2"], rel=1e-13, abs=0)


def test_speed_limit_figures_cover_every_model_and_the_dead_relu() -> None:
    """Each model has points; where the ReLU is off or at its corner, only the last bias moves the prediction."""
    assert {s["model"] for s in SLOPES} == set(MODELS)
    assert [s["grad2"] for s in SLOPES if s["model"] == "two_neurons_relu"].count(1.0) == 4
