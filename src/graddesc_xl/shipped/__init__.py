"""The experiments that come with the package, by name: what the shipped lessons show, without their sheets.

Those that a lesson makes for itself, as from what a search finds, are in that lesson alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..experiments import Experiment

#: the experiments of each module here; only that of one that is wanted is imported
SHIPPED: Mapping[str, tuple[str, ...]] = {
    "published": ("basic", "momentum", "rmsprop", "adam", "adam_ann"),
    "thread": (
        "basic SGD 1 neuron",
        "basic SGD 2 neuron collapse",
        "basic SGD 2 neuron ReLU",
        "momentum 2 neuron",
        "adam 2 neuron",
    ),
    "bent": ("one neuron", "two neurons with ReLU", "three neurons with ReLU"),
}
#: the module of each experiment
HOMES: Mapping[str, str] = {name: home for home, names in SHIPPED.items() for name in names}


def shipped(name: str) -> Experiment:
    """The experiment of that name, which is one of `HOMES`.

    >>> shipped("adam").epochs
    10
    """
    found: tuple[Experiment, ...] = import_module(f".{HOMES[name]}", __name__).EXPERIMENTS
    return next(e for e in found if e.name == name)
