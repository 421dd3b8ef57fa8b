"""The runs of the forum thread: one neuron, two stacked, two with a ReLU; and two with averages, a ReLU or none."""

from __future__ import annotations

from dataclasses import replace

from ..experiments import Experiment
from ..parts.models import ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model
from ..parts.optimizers import OPTIMIZERS
from ..plan import Input

#: two neurons, with a ReLU or without, as a cell says
SWITCHED = replace(
    TWO_NEURONS_RELU,
    name="two_neurons_switched",
    title="two neurons, with or without ReLU",
    lines={
        "z": "a*x + b",
        "gate": "where(relu, z, 1)",
        "hid": "where(gate > 0, z, 0)",
        "pred": "c*hid + d",
    },
    about={
        **TWO_NEURONS_RELU.about,
        "gate": "lets z through where it is positive: everywhere while the ReLU is switched off",
    },
    gates={"gate": ("b", "a", "c")},
    settings=(
        Input(
            "relu",
            1.0,
            "ReLU",
            "whether what the first neuron adds up passes a ReLU: 1 for one, 0 for none",
            low=0.0,
            high=1.0,
            choices={1.0: "on", 0.0: "off"},
        ),
    ),
)


def _thread(name: str, model: Model, about: str) -> Experiment:
    """An experiment of the forum thread: plain SGD, numerical and analytic derivatives, a switch between them."""
    return Experiment(name, model.title, about, OPTIMIZERS["sgd"], model=model, gradient="switch")


def _averaged(optimizer: str, lr: float, about: str) -> Experiment:
    """An optimizer with averages on two neurons, these starting at their cells: no pass is discarded."""
    title = f"{OPTIMIZERS[optimizer].title}, {SWITCHED.title}"
    return Experiment(
        f"{optimizer} 2 neuron", title, about, OPTIMIZERS[optimizer], SWITCHED, discarded=0, values={"lr": lr}
    )


THREAD = (
    _thread("basic SGD 1 neuron", ONE_NEURON, "One neuron: what the sheets of two are compared with."),
    _thread(
        "basic SGD 2 neuron collapse", TWO_NEURONS, "Two stacked neurons are one line: do they bear the same rate?"
    ),
    _thread(
        "basic SGD 2 neuron ReLU", TWO_NEURONS_RELU, "A ReLU between the two: which of the four weights still learn?"
    ),
)
AVERAGED = (
    _averaged("momentum", 1e-5, "Momentum on two neurons; a cell switches the ReLU on and off."),
    _averaged("adam", 0.1, "Adam on two neurons, a step size for each weight; a cell switches the ReLU."),
)
EXPERIMENTS = (*THREAD, *AVERAGED)
