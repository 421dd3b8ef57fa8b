"""Settings: the numbers that a caller gives for a plan's inputs, checked and rounded to what a file keeps of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from .errors import SettingError, cut, did_you_mean, shown
from .language.values import Array
from .plan import Input, Plan


class Arrayed(Protocol):
    """What NumPy makes an array of: an array, a Series, a column of a frame, a tensor."""

    def __array__(self) -> Any:
        """The array."""


#: numbers as given by a caller
Numbers = Sequence[float] | Arrayed
#: Settings as given by a caller: a number, or a sequence of numbers for a batch of runs.
Settings = Mapping[str, float | Numbers]

#: how many runs a search may take, if nobody says
BUDGET = 2_000


def rounded(value: float | Sequence[float] | Array) -> Array:
    """Inputs at 15 significant digits, the precision that a spreadsheet file keeps of a number.

    Raises SettingError for what is no number or no double can hold.
    """
    try:
        given = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise SettingError(f"{shown(value)} is not a number, or too large for one.") from None
    return np.array([float(f"{v:.15g}") for v in given.ravel().tolist()]).reshape(given.shape)


def resolve(plan: Plan, settings: Settings) -> dict[str, Array]:
    """All inputs of a plan with the given ones replaced; checked, at 15 digits.

    settings: input name or label -> number (or a sequence of them, one per run).
    Raises SettingError for a name that is unknown and a value that is out of range.
    """
    known = {i.label: i for i in plan.inputs} | {i.name: i for i in plan.inputs}
    wanted: dict[str, Any] = {i.name: i.value for i in plan.inputs}
    for given, value in settings.items():
        if given not in known:
            raise SettingError(f"{plan.name} has no setting {shown(given)}.{did_you_mean(given, known, wanted)}")
        wanted[known[given].name] = value
    return {name: checked(known[name], value) for name, value in wanted.items()}


def checked(given: Input, value: Any) -> Array:
    """A number for an input, or a batch of them, at 15 digits; SettingError for what it does not allow."""
    try:
        number = rounded(value)
    except SettingError:
        raise SettingError(f"{given.name} must be a number, as in {given.name}={1e-4:g}, not {shown(value)}.") from None
    if not number.size:
        raise SettingError(f"{given.name} is an empty sequence: a batch needs at least one number.")
    if given.choices and not np.all(np.isin(number, list(given.choices))):
        meanings = " or ".join(f"{choice:g} ({meaning})" for choice, meaning in given.choices.items())
        raise SettingError(f"{given.name}={cut(str(value))} is no choice: it must be {meanings}.")
    outside = next((each for each in number.ravel().tolist() if not given.low <= each <= given.high), None)
    if outside is not None:
        wanted = f"it must be from {given.low:g} to {given.high:g}"
        said = f"{outside:.15g}" if isinstance(value, np.ndarray) else cut(str(value))
        raise SettingError(f"{given.name}={said} is out of range: {wanted}.")
    return number
