"""A PyTorch network as a sheet: the same numbers, step by step. Needs PyTorch; skipped where it is missing."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

import graddesc_xl as gx
from graddesc_xl.errors import PlanError

torch = pytest.importorskip("torch")

X = np.round(np.random.default_rng(5).normal(size=(6, 2)), 2)
Y = np.round(X[:, 0] * 1.5 - X[:, 1] + 0.5, 2)


def network(*layers: object) -> object:
    """A network in doubles, its weights drawn by a seed and rounded to what a cell holds."""
    made = torch.nn.Sequential(*layers).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.tensor(np.round(parameter.numpy(), 6)))
    return made


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


SAMPLES = gx.data(X, Y)


@pytest.mark.parametrize(
    ("layers", "optimizer", "ours"),
    [
        ((torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)), "SGD", "sgd"),
        ((torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1, bias=False)), "SGD", "sgd"),
        ((torch.nn.Linear(2, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 1)), "Adam", "torch_adam"),
        ((torch.nn.Linear(2, 2), torch.nn.LeakyReLU(0.1), torch.nn.Linear(2, 1), torch.nn.Identity()), "SGD", "sgd"),
        ((torch.nn.Linear(2, 2), torch.nn.Softplus(), torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1)),
         "Adam", "torch_adam"),
    ],
)  # fmt: skip
def test_its_training_is_torchs_own_step_by_step(layers: tuple[object, ...], optimizer: str, ours: str) -> None:
    """Predictions, squared errors and the weights after every step of three epochs."""
    theirs = network(*layers)
    model = gx.from_torch(theirs, SAMPLES)
    trace = gx.experiment(model, SAMPLES, optimizer=ours, lr=0.02, epochs=3).run()
    step = getattr(torch.optim, optimizer)(theirs.parameters(), lr=0.02)  # type: ignore[attr-defined]  # a module
    for epoch in range(3):
        for k, (x, y) in enumerate(zip(torch.tensor(X), torch.tensor(Y), strict=True)):
            step.zero_grad()
            pred = theirs(x)[0]  # type: ignore[operator]  # a module
            loss = (pred - y) ** 2
            loss.backward()
            step.step()
            assert np.isclose(trace["pred"][epoch, k], pred.item(), rtol=1e-12, atol=1e-13)
            assert np.isclose(trace["err"][epoch, k], loss.item(), rtol=1e-11, atol=1e-13)
    flat = np.concatenate([p.detach().numpy().ravel() for p in theirs.parameters()])  # type: ignore[attr-defined]
    ordered = sorted(trace[f"new_{w}"][-1, -1] for w in model.weights)
    assert np.allclose(ordered, sorted(flat), rtol=1e-11, atol=1e-13)


def test_layers_keep_their_names(tmp_path: Path) -> None:
    """A named layer names its weights and lines; the workbook verifies."""
    layers = OrderedDict(hidden=torch.nn.Linear(2, 2), bend=torch.nn.Tanh(), out=torch.nn.Linear(2, 1))
    model = gx.from_torch(network(layers), SAMPLES)
    assert model.weights[:3] == ("hidden_w11", "hidden_w12", "hidden_b1")
    assert model.lines["bend_2"] == "tanh(hidden_2)"
    assert [*model.lines][-1] == "pred"
    e = gx.experiment(model, SAMPLES, lr=0.05, epochs=2)
    assert gx.verify(gx.Lesson("A network", [e]).build(tmp_path / "network.xlsx").path).ok


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((torch.nn.Linear(2, 2),), "gives 2 numbers for a sample"),
        ((torch.nn.Linear(3, 1),), "takes 3 numbers, and there are 2 before it"),
        ((torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 1)), "l1 is a BatchNorm1d"),
        ((torch.nn.Linear(2, 40), torch.nn.Linear(40, 1)), "161 weights"),
        ((), "gives 2 numbers for a sample"),
    ],
)
def test_what_no_sheet_can_show_is_a_sentence(layers: tuple[object, ...], said: str) -> None:
    """Other layers, sizes that do not fit, more weights than one can read."""
    with pytest.raises(PlanError, match=said):
        gx.from_torch(network(*layers), SAMPLES)


def test_a_module_of_another_kind_is_refused() -> None:
    """Its forward pass could be anything."""
    with pytest.raises(PlanError, match="Sequential of layers is wanted, not a Bilinear"):
        gx.from_torch(torch.nn.Bilinear(1, 1, 1), SAMPLES)
