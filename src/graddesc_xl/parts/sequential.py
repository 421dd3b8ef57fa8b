"""A PyTorch network as a model: its layers as named lines, its present weights as start weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import PlanError, SettingError
from .data import Dataset
from .models import PREDICTION, Model

if TYPE_CHECKING:
    from torch import nn

#: with more weights a sheet can hardly be read
MOST_WEIGHTS = 60
#: layers that act on each unit -> the function of one
_ACTIVATIONS: dict[str, Callable[[Any, str], str]] = {
    "Tanh": lambda _, unit: f"tanh({unit})",
    "ReLU": lambda _, unit: f"relu({unit})",
    "Sigmoid": lambda _, unit: f"sigmoid({unit})",
    "LeakyReLU": lambda layer, unit: f"max({unit}, {layer.negative_slope!r}*{unit})",
    "Softplus": lambda _, unit: f"softplus({unit})",
    "Identity": lambda _, unit: unit,
}


def from_torch(network: nn.Module, data: Dataset, *, name: str = "torch", title: str = "") -> Model:
    """A `torch.nn.Sequential` of `Linear` layers and activations as a model, its present weights as start weights.

    data: its inputs, in their order, are those of the network. Layers keep their names: a weight of a layer `hidden`
    is `hidden_w12` (unit 1, input 2), its bias `hidden_b1`; an unnamed layer is called l0, l1 and so on.
    Raises SettingError where PyTorch is missing, and PlanError for a layer that no sheet can show.
    """
    try:
        from torch import nn
    except ImportError:
        raise SettingError("PyTorch is not installed: pip install 'graddesc-xl[torch]'.") from None
    if isinstance(network, nn.Linear):
        network = nn.Sequential(network)
    if not isinstance(network, nn.Sequential):
        raise PlanError(f"A torch.nn.Sequential of layers is wanted, not a {type(network).__name__}.")
    weights = sum(parameter.numel() for parameter in network.parameters())
    if weights > MOST_WEIGHTS:
        raise PlanError(
            f"The network has {weights:,} weights, each of which takes several columns, and a sheet with more than "
            f"{MOST_WEIGHTS} can hardly be read: take fewer units or layers."
        )
    lines: dict[str, str] = {}
    starts: dict[str, float] = {}
    units: list[str] = [*data.inputs]
    for key, layer in network.named_children():
        called = f"l{key}" if key.isdecimal() else key
        kind = type(layer).__name__
        if isinstance(layer, nn.Linear):
            units = _linear(layer, called, units, lines, starts)
        elif kind in _ACTIVATIONS:
            units = [_line(lines, called, i, len(units), _ACTIVATIONS[kind](layer, u)) for i, u in enumerate(units, 1)]
        else:
            known = ", ".join(("Linear", *_ACTIVATIONS))
            raise PlanError(f"The layer {called} is a {kind}, which a row per sample cannot show: use {known}.")
    if len(units) != 1 or not lines:
        raise PlanError(f"The network gives {len(units)} numbers for a sample: let its last layer give one.")
    if [*lines][-1] != units[0]:  # an identity at the end
        lines[PREDICTION] = units[0]
    final = [*lines][-1]
    lines = {PREDICTION if line == final else line: formula for line, formula in lines.items()}
    return Model(name, title or _said(network), tuple(starts), lines, inputs=tuple(data.inputs), starts=starts)


def _linear(
    layer: nn.Linear, called: str, units: Sequence[str], lines: dict[str, str], starts: dict[str, float]
) -> list[str]:
    """The lines of a layer that weighs and adds; returns their names."""
    if layer.in_features != len(units):
        raise PlanError(f"The layer {called} takes {layer.in_features} numbers, and there are {len(units)} before it.")
    made = []
    for i, row in enumerate(layer.weight.tolist(), 1):
        terms = []
        for j, (unit, weight) in enumerate(zip(units, row, strict=True), 1):
            of = f"{called}_w{_number(i, layer.out_features)}{_number(j, layer.in_features)}"
            starts[of] = float(weight)
            terms.append(f"{of}*{unit}")
        if layer.bias is not None:
            of = f"{called}_b{_number(i, layer.out_features)}"
            starts[of] = float(layer.bias.tolist()[i - 1])
            terms.append(of)
        made.append(_line(lines, called, i, layer.out_features, " + ".join(terms)))
    return made


def _line(lines: dict[str, str], called: str, unit: int, units: int, formula: str) -> str:
    """Add a line; returns its name."""
    name = f"{called}_{unit}" if units > 1 else called
    if formula.isidentifier():
        return formula
    lines[name] = formula
    return name


def _number(of: int, count: int) -> str:
    """The number of a unit, of as many digits as the last of them; none where there is one alone."""
    return f"{of:0{len(str(count))}d}" if count > 1 else ""


def _said(network: nn.Sequential) -> str:
    """What a network is, in a few words."""
    from torch import nn

    said = [
        f"{layer.in_features} to {layer.out_features}" if isinstance(layer, nn.Linear) else type(layer).__name__
        for layer in network
    ]
    return f"PyTorch: {', '.join(said)}"
