"""The experiments that come with the package, by name: what the shipped lessons show, without their sheets."""

from __future__ import annotations

from importlib import import_module

from ..experiments import Experiment

#: where they are; the first are those that are run most
_HOMES = ("published", "thread", "bent")


def shipped(name: str) -> Experiment | None:
    """The experiment of that name, if there is one; only what comes before it is imported, not all of them.

    >>> shipped("adam").epochs, shipped("nadam")
    (10, None)
    """
    for home in _HOMES:
        for experiment in import_module(f".{home}", __name__).EXPERIMENTS:
            if experiment.name == name:
                return experiment  # type: ignore[no-any-return]
    return None
