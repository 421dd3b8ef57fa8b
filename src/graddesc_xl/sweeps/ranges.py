"""What a search looks among: ranges that it looks into ever more closely, and values to choose from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from ..errors import SettingError, shown
from ..language.values import Array
from ..plan import Plan
from ..settings import Numbers
from .grid import EXAMPLE, Axis, axis, grid

#: significant digits of what is found, and the share of a range or of a value below which nothing finer is tried
DIGITS, FINE = 6, 1e-5
#: a little apart: as a share of a value, or of a range that is no range of logarithms
BIT = 0.01
#: how a range of whole numbers is marked
WHOLE = ":whole"
AS_IN = "{'lr': '0.00001..0.1:log'}"


def number(value: float) -> str:
    """A number in a sentence, or that there is none.

    >>> number(1e-6), number(0.25), number(float("inf"))
    ('1e-6', '0.25', 'no number')
    """
    mantissa, e, exponent = f"{value:.{DIGITS}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa if math.isfinite(value) else "no number"


@dataclass(frozen=True)
class Range:
    """Where a search looks for an input: from low to high, both inclusive.

    log: whether it looks evenly among logarithms. whole: among whole numbers alone. points: how many values of it the
    coarse grid has; None as many as the budget allows. A *place* is a value, or its logarithm.
    """

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    points: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise SettingError(f"{self}: a range goes from a number to a larger one, as in {EXAMPLE}.")
        if self.log and self.low <= 0:
            raise SettingError(f"{self}: {self.low:g} has no logarithm: begin above 0, or leave out log.")
        if self.whole and not (self.low.is_integer() and self.high.is_integer()):
            raise SettingError(f"{self}: a range of whole numbers begins and ends with one, as in 1..60{WHOLE}.")
        if self.points is not None and self.points < 2:
            raise SettingError(f"{self}: a range has at least 2 values, not {shown(self.points)}.")

    def __str__(self) -> str:
        return f"{self.name} from {number(self.low)} to {number(self.high)}"

    def place(self, value: float) -> float:
        """Where a value stands."""
        return math.log(value) if self.log else value

    @property
    def ends(self) -> tuple[float, float]:
        """The places of its ends."""
        return self.place(self.low), self.place(self.high)

    def values(self, places: Array) -> Array:
        """The values at some places: rising, each once, within the range, and of few digits."""
        first, last = self.ends
        found = np.exp(places) if self.log else places
        if self.whole:
            found = np.rint(found)
        elif self.log:
            found = np.array([float(f"{v:.{DIGITS}g}") for v in found.tolist()])
        else:
            found = np.round(found, DIGITS - math.floor(math.log10(self.high - self.low)))
        found = np.where(places <= first, self.low, np.where(places >= last, self.high, found))
        return np.unique(np.clip(found, self.low, self.high))

    @property
    def limits(self) -> tuple[float, float]:
        """Its lowest and its highest value."""
        return self.low, self.high

    @property
    def step(self) -> float:
        """The distance of places that are a little apart."""
        return BIT if self.log else BIT * (self.high - self.low)

    @property
    def bit(self) -> str:
        """How far values are a little apart, in words."""
        return f"{BIT:.0%}" if self.log else number(self.step)

    def value(self, place: float) -> float:
        """The value at a place."""
        return float(self.values(np.array([place]))[0])

    def coarse(self, points: int) -> Array:
        """So many values of it, evenly spread from end to end; fewer where there are not so many."""
        return self.values(np.linspace(*self.ends, points))

    def finest(self, value: float) -> float:
        """The distance of places, at a value, below which there is nothing to find."""
        if self.whole:
            return 0.5 / value if self.log else 0.5
        return FINE if self.log else FINE * (self.high - self.low)


#: what to search: an input's name -> its range as typed, or values to choose from; or ranges and axes, or all as typed
Ranges: TypeAlias = str | Mapping[str, str | Numbers] | Iterable[str | Range | Axis]


def typed(text: str) -> Range | Axis:
    """What to search, as typed: `lr=1e-6..1:log`, `a=-3..3`, `every=1..60:whole`, or values to choose from: `a=0,1,2`.

    >>> str(typed("lr=1e-6..1:log")), typed("a=0,1,2").values.tolist()
    ('lr from 1e-6 to 1', [0.0, 1.0, 2.0])
    """
    bare = text.replace(WHOLE, "")
    found = axis(bare)
    if ".." not in bare:
        return found
    last = bare.rpartition(":")[2].strip()
    low, high = float(found.values[0]), float(found.values[-1])
    return Range(found.name, low, high, found.log, WHOLE in text, int(last) if last.isdecimal() else None)


def looked_for(plan: Plan, over: Ranges) -> list[Range | Axis]:
    """What is searched, by the names of a plan's inputs; of an input that has choices, those in its range.

    Raises SettingError for an unknown name, one that stands twice, and values that the input does not allow.
    """
    if not isinstance(over, Iterable):
        raise SettingError(f"A search is over inputs and their ranges, as in {AS_IN}, not {shown(over)}.")
    if isinstance(over, Mapping):
        given = [typed(f"{n}={v}") if isinstance(v, str) else Axis(n, v) for n, v in over.items()]  # type: ignore[arg-type]  # checked by the grid
    else:
        given = [typed(v) if isinstance(v, str) else v for v in ([over] if isinstance(over, str) else over)]
    for of in given:
        if not isinstance(of, (Range, Axis)):
            raise SettingError(f"{shown(of)} is no range: give inputs and their ranges, as in {AS_IN}.")
    ends = [Axis(of.name, np.array([of.low, of.high])) if isinstance(of, Range) else of for of in given]
    found: list[Range | Axis] = []
    for of, known in zip(given, grid(plan, ends).axes, strict=True):
        choices = next(i for i in plan.inputs if i.name == known.name).choices
        if isinstance(of, Range) and choices:
            found.append(Axis(known.name, np.array(sorted(c for c in choices if of.low <= c <= of.high))))
        else:
            found.append(replace(of, name=known.name) if isinstance(of, Range) else known)
    return found
