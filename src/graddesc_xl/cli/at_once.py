"""What is typed most, `run NAME`, answered at once: Typer alone takes longer to import than such a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..shipped import HOMES

#: the options that are known here: all others, and whatever is wrong, are Typer's
EPOCHS, SET, ALL = "--epochs", "--set", "--all"
#: how many digits a number of epochs has of which nobody need be told how long they take
DIGITS = 4
#: what asks for a completion in place of a run
COMPLETING = "_GRADDESC_XL_COMPLETE"


def at_once(words: Sequence[str]) -> Callable[[], int] | None:
    """The run of a shipped experiment that a command line asks for and nothing else; None for any other."""
    if words[:1] != ["run"] or COMPLETING in os.environ:
        return None
    names: list[str] = []
    typed: dict[str, list[str]] = {EPOCHS: [], SET: [], ALL: []}
    rest = iter(words[1:])
    for word in rest:
        if not word.startswith("-"):
            names.append(word)
        elif word in typed:
            typed[word].append("" if word == ALL else next(rest, "-"))
        else:
            return None
    name = " ".join(names)
    few = all(value.isascii() and value.isdecimal() and len(value) <= DIGITS for value in typed[EPOCHS])
    if name not in HOMES or not few or any(value.startswith("-") for value in typed[SET]):
        return None
    changes = {"epochs": int(typed[EPOCHS][-1])} if typed[EPOCHS] else {}
    return partial(_run, name, changes, typed[SET], every=bool(typed[ALL]))


def _run(name: str, changes: Mapping[str, Any], typed: Sequence[str], *, every: bool) -> int:
    """Run an experiment and show what each epoch does: as `graddesc-xl run`."""
    from ..running import experiment
    from .numbers_typed import parse_settings
    from .telling import show_run

    e = experiment(name, **changes)
    settings = parse_settings(typed, e.name, e.plan.inputs)
    show_run(e, e.run(settings), every=every)
    return 0
