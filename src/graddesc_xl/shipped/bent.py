"""Runs on data that bend: one neuron, two with a ReLU, three."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ..experiments import Experiment
from ..parts.data import dataset
from ..parts.models import ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model

#: the seed of the noise and of the order, the standard deviation of the noise, and where the samples bend
SEED, NOISE, BEND = 1, 5.0, 50.0
SAMPLES, EPOCHS, LR = 29, 20, 0.03


def _bent(x: np.ndarray) -> np.ndarray:
    """What the samples are without their noise."""
    return 30 + 4 * np.maximum(0, x - BEND)


_random = np.random.default_rng(SEED)
_X = _random.permutation(2 + 3.5 * np.arange(SAMPLES))
_Y = (_bent(_X) + _random.normal(0, NOISE, SAMPLES)).round(1)
DATA = dataset(_X.tolist(), _Y.tolist(), "bent")
#: √Σe² of the bent line from which they were made
LEFT = float(np.sqrt(((_Y - _bent(_X)) ** 2).sum()))

THREE_NEURONS_RELU = Model(
    name="three_neurons_relu",
    title="two neurons with ReLU side by side, and one that adds them up",
    weights=("b", "a", "q", "p", "d", "c", "u"),
    lines={
        "z1": "a*x + b",
        "hid1": "max(z1, 0)",
        "z2": "p*x + q",
        "hid2": "max(z2, 0)",
        "pred": "c*hid1 + u*hid2 + d",
    },
    about={
        "a": "weight of the first hidden neuron before this step",
        "b": "bias of the first hidden neuron before this step",
        "p": "weight of the second hidden neuron before this step",
        "q": "bias of the second hidden neuron before this step",
        "c": "how much of the first hidden neuron the output takes, before this step",
        "u": "how much of the second hidden neuron the output takes, before this step",
        "d": "bias of the output before this step",
        "z1": "what the first hidden neuron adds up, before its ReLU",
        "z2": "what the second hidden neuron adds up, before its ReLU",
        "hid1": "what the first hidden neuron hands on",
        "hid2": "what the second hidden neuron hands on",
        "pred": "what the output predicts for this x",
    },
    gates={"z1": ("b", "a", "c"), "z2": ("q", "p", "u")},
    charted="a",
)

ONE, STACKED, TWO, THREE = "1 neuron", "2 neurons, no ReLU", "2 neurons, ReLU", "3 neurons, ReLU"
MODELS = {ONE: ONE_NEURON, STACKED: TWO_NEURONS, TWO: TWO_NEURONS_RELU, THREE: THREE_NEURONS_RELU}
#: start weights that are not 1: the first bend at a quarter of the way, that of a second neuron at three quarters
STARTS: Mapping[str, Mapping[str, float]] = {
    ONE: {},
    STACKED: {"b": -0.5},
    TWO: {"b": -0.5},
    THREE: {"b": -0.5, "q": -1.5},
}
_SCALED = ("x", "y")
_SCALES = {"scale_x": 50.0, "scale_y": 100.0}


def run(
    group: str, lr: float = LR, name: str = "", about: str = "", weights: Mapping[str, float] = MappingProxyType({})
) -> Experiment:
    model = MODELS[group]
    values = {"lr": lr, **_SCALES, **STARTS[group], **{w: v for w, v in weights.items() if w in model.weights}}
    return Experiment(
        name or model.name,
        model.title,
        about,
        model=model,
        data=DATA,
        epochs=EPOCHS,
        scaled=_SCALED,
        values=values,
    )


SHEETS = {ONE: "one neuron", TWO: "two neurons with ReLU", THREE: "three neurons with ReLU"}
EXPERIMENTS = (
    run(ONE, name=SHEETS[ONE], about="One neuron: a straight line, whatever its weights are."),
    run(TWO, name=SHEETS[TWO], about="A second neuron with a ReLU before it: a line that may bend once."),
    run(THREE, name=SHEETS[THREE], about="Two neurons with ReLU side by side and one that adds them up: two bends."),
)
