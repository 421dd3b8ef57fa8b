"""A PyTorch network as a sheet: the numbers of PyTorch's own training, step by step.

The figures are PyTorch's, kept in figures/torch_networks.json. Where PyTorch is installed the networks are its own and
the figures are made again; elsewhere modules stand in for them that have what the reader of networks asks for.
"""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import graddesc_xl as gx
from graddesc_xl.errors import PlanError, SettingError
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.models import Model
from graddesc_xl.verification import reading

FIGURES: dict[str, Any] = json.loads((Path(__file__).parent / "figures" / "torch_networks.json").read_text("utf-8"))
NETWORKS: list[dict[str, Any]] = FIGURES["networks"]
SAMPLES = gx.data(np.array(FIGURES["xs"]), np.array(FIGURES["ys"]))
TORCH = find_spec("torch") is not None
OURS = {"SGD": "sgd", "Adam": "torch_adam"}
each_network = pytest.mark.parametrize(
    "figures", NETWORKS, ids=["-".join(kind for kind, _ in made["layers"]) for made in NETWORKS]
)


class Numbers:
    """In the place of a tensor."""

    def __init__(self, *shape: int) -> None:
        self.values = np.zeros(shape)

    def tolist(self) -> list[Any]:
        return [*self.values.tolist()]

    def numel(self) -> int:
        return self.values.size


class Module:
    """In the place of a module without weights."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def parameters(self) -> list[Numbers]:
        return []


class Linear(Module):
    """In the place of a layer that weighs and adds."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.in_features, self.out_features = in_features, out_features
        self.weight, self.bias = Numbers(out_features, in_features), Numbers(out_features) if bias else None

    def parameters(self) -> list[Numbers]:
        return [self.weight, *([self.bias] if self.bias else [])]


class Sequential(Module):
    """In the place of layers in a row."""

    def __init__(self, *layers: Any) -> None:
        named = len(layers) == 1 and isinstance(layers[0], dict)
        self.layers = dict(layers[0]) if named else {str(i): layer for i, layer in enumerate(layers)}

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers.values())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        return iter(self.layers.items())

    def parameters(self) -> list[Numbers]:
        return [numbers for layer in self for numbers in layer.parameters()]


@pytest.fixture
def nn(monkeypatch: pytest.MonkeyPatch) -> Any:
    """PyTorch's modules, or what stands in for them."""
    if TORCH:
        from torch import nn

        return nn
    standing_in = ModuleType("torch.nn")
    others = ("Tanh", "ReLU", "Sigmoid", "LeakyReLU", "Softplus", "Identity", "Conv1d", "BatchNorm1d", "Bilinear")
    kinds = {name: type(name, (Module,), {"__init__": lambda self, *sizes: None}) for name in others}
    kinds["LeakyReLU"] = type("LeakyReLU", (Module,), {})
    vars(standing_in).update(kinds, Linear=Linear, Sequential=Sequential, Module=Module)
    torch_itself = ModuleType("torch")
    torch_itself.nn = standing_in  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "torch", torch_itself)
    monkeypatch.setitem(sys.modules, "torch.nn", standing_in)
    return standing_in


def network(nn: Any, figures: dict[str, Any]) -> Any:
    """A network with the weights from which it was trained."""
    made = nn.Sequential(*(getattr(nn, kind)(*sizes) for kind, sizes in figures["layers"]))
    made = made.double() if TORCH else made
    for name, values in figures["starts"].items():
        layer, _, of = name.partition(".")
        numbers = getattr(dict(made.named_children())[layer], of)
        if isinstance(numbers, Numbers):
            numbers.values = np.array(values)
        else:
            import torch

            numbers.data = torch.tensor(values, dtype=torch.float64)
    return made


def in_order(model: Model, weights: dict[str, Any]) -> dict[str, float]:
    """Weights as PyTorch keeps them, layer by layer, by the names of the model's: unit by unit, each then its bias."""
    flat: list[float] = []
    for name, values in weights.items():
        if name.endswith("weight"):
            biases = weights.get(name.replace("weight", "bias"), [None] * len(values))
            for row, bias in zip(values, biases, strict=True):
                flat += [*row, *([] if bias is None else [bias])]
    return dict(zip(model.weights, flat, strict=True))


@each_network
def test_its_training_is_torchs_own_step_by_step(figures: dict[str, Any], nn: Any) -> None:
    """Predictions and squared errors of every step, and each weight at the end."""
    model = gx.from_torch(network(nn, figures), SAMPLES)
    assert model.starts == in_order(model, figures["starts"])
    e = gx.experiment(model, SAMPLES, optimizer=OURS[figures["optimizer"]], lr=FIGURES["lr"], epochs=FIGURES["epochs"])
    trace = e.run()
    np.testing.assert_allclose(trace["pred"].ravel(), figures["preds"], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(trace["err"].ravel(), figures["errs"], rtol=1e-11, atol=1e-13)
    for w, expected in in_order(model, figures["ends"]).items():
        assert trace[f"new_{w}"][-1, -1] == pytest.approx(expected, rel=1e-12, abs=1e-13), w


def test_its_sheet_is_torchs_training(nn: Any, tmp_path: Path) -> None:
    """Recalculated by IronCalc, the cells of predictions, errors and last weights hold PyTorch's numbers."""
    sheets = []
    for i, figures in enumerate(NETWORKS):
        model = gx.from_torch(network(nn, figures), SAMPLES, name=f"net {i}")
        e = gx.experiment(model, SAMPLES, optimizer=OURS[figures["optimizer"]], lr=FIGURES["lr"], name=f"run {i}")
        sheets.append(e.with_(epochs=FIGURES["epochs"]))
    lesson = gx.Lesson("Networks", sheets)
    path = lesson.build(tmp_path / "networks.xlsx").path
    assert gx.verify(path).ok
    book = reading.load(path)
    book.recalculate()
    for steps, e, figures in zip(compose(lesson, run_plan).lists, sheets, NETWORKS, strict=True):
        layout, name = steps.of.layout, e.name
        rows = [layout.row(epoch, k) for epoch in range(FIGURES["epochs"]) for k in range(len(SAMPLES))]

        def cells(column: str, name: str = name, layout: Any = layout, rows: list[int] = rows) -> list[float]:
            return [book.value(name, row, layout.columns[column]) for row in rows]

        np.testing.assert_allclose(cells("pred"), figures["preds"], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(cells("err"), figures["errs"], rtol=1e-11, atol=1e-13)
        for w, expected in in_order(e.model, figures["ends"]).items():
            assert cells(f"new_{w}")[-1] == pytest.approx(expected, rel=1e-12, abs=1e-13), w


def test_figures_are_torchs() -> None:
    """Made again by the PyTorch that is installed, they are those that are kept."""
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'graddesc-xl[torch]'")
    import torch_networks

    for again, kept in zip(torch_networks.figures()["networks"], NETWORKS, strict=True):
        assert again["starts"] == kept["starts"]
        np.testing.assert_allclose(again["preds"], kept["preds"], rtol=1e-12, atol=1e-13)


def test_layers_keep_their_names(nn: Any, tmp_path: Path) -> None:
    """A named layer names its weights and lines; the workbook verifies."""
    layers = OrderedDict(hidden=nn.Linear(2, 2), bend=nn.Tanh(), out=nn.Linear(2, 1))
    model = gx.from_torch(nn.Sequential(layers), SAMPLES)
    assert model.weights[:3] == ("hidden_w11", "hidden_w12", "hidden_b1")
    assert model.lines["bend_2"] == "tanh(hidden_2)"
    assert [*model.lines][-1] == "pred"
    e = gx.experiment(model, SAMPLES, lr=0.05, epochs=2)
    assert gx.verify(gx.Lesson("A network", [e]).build(tmp_path / "network.xlsx").path).ok


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([("Linear", 2, 2)], "gives 2 numbers for a sample"),
        ([("Linear", 3, 1)], "takes 3 numbers, and there are 2 before it"),
        ([("Linear", 2, 2), ("BatchNorm1d", 2), ("Linear", 2, 1)], "l1 is a BatchNorm1d, which a row per sample"),
        ([("Conv1d", 1, 1, 2)], "l0 is a Conv1d, which a row per sample cannot show: use Linear, Tanh, "),
        ([("Linear", 2, 40), ("Linear", 40, 1)], "161 weights, each of which takes several columns"),
        ([], "gives 2 numbers for a sample"),
    ],
)
def test_what_no_sheet_can_show_is_a_sentence(layers: list[tuple[Any, ...]], said: str, nn: Any) -> None:
    """Other layers, sizes that do not fit, more weights than one can read."""
    made = nn.Sequential(*(getattr(nn, kind)(*sizes) for kind, *sizes in layers))
    with pytest.raises(PlanError, match=said):
        gx.from_torch(made, SAMPLES)


def test_a_module_of_another_kind_is_refused(nn: Any) -> None:
    """Its forward pass could be anything."""
    with pytest.raises(PlanError, match="Sequential of layers is wanted, not a Bilinear"):
        gx.from_torch(nn.Bilinear(1, 1, 1), SAMPLES)


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, with the command."""
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SettingError, match=r"PyTorch is not installed: pip install 'graddesc-xl\[torch\]'"):
        gx.from_torch(object(), SAMPLES)
