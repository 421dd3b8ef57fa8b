"""The textbook recipes and every gradient against PyTorch's figures (figures/torch_figures.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graddesc_xl.calculus import gradient
from graddesc_xl.data import GRADDESC, dataset
from graddesc_xl.engine import run
from graddesc_xl.experiment import Experiment
from graddesc_xl.losses import SQUARED_ERROR
from graddesc_xl.models import MODELS
from graddesc_xl.optimizers import OPTIMIZERS

FIGURES: dict[str, Any] = json.loads((Path(__file__).parent / "figures" / "torch_figures.json").read_text("utf-8"))
TRAINING: dict[str, Any] = {t["optimizer"]: t for t in FIGURES["training"]}
GRADIENTS: list[dict[str, Any]] = FIGURES["gradients"]


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
    of = gradient({**model.forward, "err": SQUARED_ERROR}, "err", model.weights).of
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
