"""A grid of runs: the values that each of some inputs takes, in all combinations."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import SettingError, cut, did_you_mean, shown
from ..language.values import Array
from ..numbers.room import room
from ..plan import Plan
from ..settings import Numbers, checked, rounded

#: how many values an axis has whose range says nothing of it
POINTS = 50
#: bytes that a value of an axis needs while it is checked
EACH = 100
#: digits of a number that is larger than any
DIGITS = 18
_RANGE = re.compile(r"(?P<low>[^.:]*(?:\.\d[^.:]*)?)\.\.(?P<high>[^:]*)(?P<log>:log)?(?::(?P<points>[^:]*))?")
EXAMPLE = "lr=0.00001..0.1:log:200, lr=0.1..0.5:50 or lr=0.1,0.2,0.5"


@dataclass(frozen=True, eq=False)
class Axis:
    """One input and the values that it takes, shape (points,). log: whether their logarithms are evenly spaced."""

    name: str
    values: Array
    log: bool = False


@dataclass(frozen=True, eq=False)
class Grid:
    """All combinations of the values of its axes; runs are numbered as NumPy numbers an array: the last axis first.

    >>> grid = Grid((Axis("lr", np.array([0.1, 0.2])), Axis("a", np.array([1.0, 2.0, 3.0]))))
    >>> grid.shape, len(grid), {name: v.tolist() for name, v in grid.settings(2, 4).items()}
    ((2, 3), 6, {'lr': [0.1, 0.2], 'a': [3.0, 1.0]})
    """

    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(axis.values.size for axis in self.axes)

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs of its axes."""
        return tuple(axis.name for axis in self.axes)

    def __len__(self) -> int:
        return math.prod(self.shape)

    def settings(self, start: int, stop: int) -> dict[str, Array]:
        """The inputs of the runs from one number up to another: each of shape (stop - start,)."""
        places = np.unravel_index(np.arange(start, stop), self.shape)
        return {axis.name: axis.values[place] for axis, place in zip(self.axes, places, strict=True)}

    def at(self, place: tuple[int, ...]) -> dict[str, float]:
        """The inputs of one run, by its place on each axis."""
        return {axis.name: float(axis.values[i]) for axis, i in zip(self.axes, place, strict=True)}


#: what is swept over: input -> its values, or axes
Over = Mapping[str, Numbers] | Iterable[Axis]


def axes_of(over: Over, **named: Numbers) -> list[Axis]:
    """The axes of inputs and the values that they take, given one way or another; checked by `grid`."""
    if not isinstance(over, (Mapping, Iterable)) or isinstance(over, str):
        raise SettingError(f"A sweep is over inputs and their values, as in {{'lr': [0.1, 0.2]}}, not {shown(over)}.")
    said = over.items() if isinstance(over, Mapping) else [(each, None) for each in over]
    found = [each if isinstance(each, Axis) else Axis(each, values) for each, values in (*said, *named.items())]
    for each in found:
        if not isinstance(each.name, str):
            raise SettingError(f"{shown(each.name)} is no axis: give inputs and their values, as in {{'lr': [0.1]}}.")
    return found


def grid(plan: Plan, over: Over) -> Grid:
    """The grid over some inputs of a plan, with values at 15 digits, as a file keeps them.

    over: input, by its name or label -> its values, or axes.
    Raises SettingError for an unknown name, one that stands twice, and values that the input does not allow.
    """
    given = axes_of(over)
    if not given:
        raise SettingError(f"A sweep needs at least one input to sweep over, as in {EXAMPLE}.")
    known = {i.label: i for i in plan.inputs} | {i.name: i for i in plan.inputs}
    found: dict[str, Axis] = {}
    for each in given:
        if each.name not in known:
            names = [i.name for i in plan.inputs]
            raise SettingError(f"{plan.name} has no setting {shown(each.name)}.{did_you_mean(each.name, known, names)}")
        of = known[each.name]
        values = checked(of, each.values)
        if values.ndim != 1:
            instead = "give one number in settings" if not values.ndim else "give its values in one row"
            raise SettingError(f"{of.name} is swept over a sequence of numbers, not {shown(each.values)}: {instead}.")
        if of.name in found:
            raise SettingError(f"{of.name} is swept over twice: give all its values at once.")
        found[of.name] = Axis(of.name, values, each.log or _even_logs(values))
    return Grid(tuple(found.values()))


def axis(text: str) -> Axis:
    """An axis as typed: `lr=1e-6..1e-1:log:200`, `a=-3..3:61`, `a=-3..3`, or its values: `a=0,1,2`.

    >>> axis("a=-1..1:5").values.tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    >>> axis("lr=1e-3..1e-1:log:3").values.tolist()
    [0.001, 0.01, 0.1]
    """
    name, equals, said = (part.strip() for part in text.partition("="))
    if not (name and equals and said):
        raise SettingError(f"{shown(text)} says no range: write it as {EXAMPLE}.")
    if ".." not in said:
        return Axis(name, np.array([_number(part, text) for part in said.split(",")]))
    found = _RANGE.fullmatch(said)
    if not found:
        raise SettingError(f"{shown(text)} is no range: write it as {EXAMPLE}.")
    low, high, log = _number(found["low"], text), _number(found["high"], text), bool(found["log"])
    points = POINTS if found["points"] is None else _points(found["points"], text)
    if not low < high:
        why = "reversed" if low > high else "empty"
        raise SettingError(f"{text}: the range is {why}: write its lower end first, as in {EXAMPLE}.")
    if log and low <= 0:
        raise SettingError(f"{text}: {low:g} has no logarithm: begin above 0, or leave out :log.")
    values = np.geomspace(low, high, points) if log else np.linspace(low, high, points)
    return Axis(name, rounded(values), log)


def _number(part: str, text: str) -> float:
    try:
        number = float(part)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SettingError(f"{text}: {shown(part.strip())} is no number: write it as {EXAMPLE}.")
    return number


def _points(part: str, text: str) -> int:
    said, most = part.strip(), room() // EACH
    if not said.isdecimal() or (len(said) < DIGITS and int(said) < 2):
        raise SettingError(f"{text}: {shown(part)} is no number of values, of which a range has at least 2: {EXAMPLE}.")
    if len(said) >= DIGITS or int(said) > most:
        raise SettingError(f"{cut(text)}: there is no room for {cut(said, 20)} values, only for {most:,}.")
    return int(said)


def _even_logs(values: Array) -> bool:
    """Whether values are evenly spaced in their logarithm, and not anyway."""
    if values.size < 3 or values[0] <= 0 or values[-1] <= 2 * values[0]:
        return False
    return bool(np.allclose(values, np.geomspace(values[0], values[-1], values.size), rtol=1e-9))
