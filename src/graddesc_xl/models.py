"""Models: what one sample's prediction is made of, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .expr import Data, Expr, Here, maximum

A, B, C, D, X = Here("a"), Here("b"), Here("c"), Here("d"), Data("x")


@dataclass(frozen=True)
class Model:
    """A model of one input.

    weights: in the order of the sheet's columns. forward: column -> expression, the prediction `pred` last.
    about: column -> one sentence. targets: column -> `slope` or `intercept` where least squares gives it.
    watch: columns that only show something of the weights. gates: the pre-activation of a ReLU -> the weights
    that get no derivative where it is not positive. charted: the weight whose derivative charts show, "" for the
    last.
    """

    name: str
    title: str
    weights: tuple[str, ...]
    forward: Mapping[str, Expr]
    about: Mapping[str, str]
    targets: Mapping[str, str]
    watch: Mapping[str, Expr] = field(default_factory=dict)
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    charted: str = ""


ONE_NEURON = Model(
    name="one_neuron",
    title="one neuron, a*x + b",
    weights=("b", "a"),
    forward={"pred": B + A * X},
    about={
        "a": "slope: the weight of the neuron before this step",
        "b": "intercept: the bias of the neuron before this step",
        "pred": "what the neuron predicts for this x",
    },
    targets={"a": "slope", "b": "intercept"},
)

_STACKED_ABOUT = {
    "a": "weight of the first neuron before this step",
    "b": "bias of the first neuron before this step",
    "c": "weight of the second neuron before this step",
    "d": "bias of the second neuron before this step",
    "z": "what the first neuron adds up, before its activation",
    "h": "what the first neuron hands to the second",
    "pred": "what the second neuron predicts for this x",
    "slope": "slope of the one straight line that the two neurons are",
    "intercept": "intercept of the one straight line that the two neurons are",
}

TWO_NEURONS = Model(
    name="two_neurons",
    title="two neurons stacked, c*(a*x + b) + d",
    weights=("b", "a", "d", "c"),
    forward={"h": A * X + B, "pred": C * Here("h") + D},
    about=_STACKED_ABOUT,
    targets={"slope": "slope", "intercept": "intercept"},
    watch={"slope": A * C, "intercept": C * B + D},
    charted="a",
)

TWO_NEURONS_RELU = Model(
    name="two_neurons_relu",
    title="two neurons with ReLU, c*max(a*x + b, 0) + d",
    weights=("b", "a", "d", "c"),
    forward={"z": A * X + B, "h": maximum(Here("z"), 0), "pred": C * Here("h") + D},
    about=_STACKED_ABOUT,
    targets={},
    gates={"z": ("b", "a", "c")},
    charted="a",
)

MODELS: Mapping[str, Model] = {m.name: m for m in (ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU)}
