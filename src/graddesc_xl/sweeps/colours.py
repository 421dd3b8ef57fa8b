"""Colours of a map of runs, the same on a sheet and in a picture: they differ in brightness, not only in hue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ..language.values import Array
from ..numbers.verdict import BOUNCING, DEAD, EXPLODED_AT, KINDS, LEARNING, SETTLED_AT, STUCK_AT, WORSE
from .swept import Sweep

#: what became of a run: its colour, and the letter that stands for it
COLOURS: Mapping[str, str] = {
    LEARNING: "#A9CCE8",
    SETTLED_AT: "#3F7FB8",
    BOUNCING: "#C9B3E0",
    WORSE: "#F3D08C",
    STUCK_AT: "#D6D3C4",
    DEAD: "#7C828A",
    EXPLODED_AT: "#D2694A",
}
LETTERS: Mapping[str, str] = dict(zip(KINDS, "EDKWBLS", strict=True))
#: of the lowest numbers, those between, and the highest; and where there is none, or one far above them
RAMP = ("#FFF4C7", "#79B6B8", "#2F4B7C")
BEYOND = "#D9DBDE"
#: errors below this share of that of predicting 0 everywhere have one colour, and those above this many times that
LEAST, MOST = 1e-6, 10.0


def shades(count: int, ramp: Sequence[str] = RAMP) -> list[str]:
    """So many colours from the first of a ramp through those between to the last, evenly spaced.

    >>> shades(3, ("#000000", "#404040", "#808080"))
    ['#000000', '#404040', '#808080']
    """
    stops = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in ramp], dtype=float)
    at = np.linspace(0, len(ramp) - 1, count)
    mixed = [np.interp(at, range(len(ramp)), channel) for channel in stops.T]
    return ["#" + "".join(f"{round(value):02X}" for value in color) for color in zip(*mixed, strict=True)]


def error_span(swept: Sweep) -> tuple[float, float]:
    """The errors between which colours differ: those of the runs that did not explode, the lowest above 0.

    √Σe² counts within `LEAST` and `MOST` of that of predicting 0 everywhere.
    """
    calm = swept.error[(swept.kind != KINDS.index(EXPLODED_AT)) & (swept.error > 0) & np.isfinite(swept.error)]
    scale = math.sqrt(float(swept.data.ys @ swept.data.ys)) or 1.0
    low, high = (float(calm.min()), float(calm.max())) if calm.size else (scale * LEAST, scale)
    if not swept.plan.other:
        low, high = (min(max(end, scale * LEAST), scale * MOST) for end in (low, high))
    return min(low, high / 1.1), high


def error_bands(swept: Sweep, count: int) -> list[float]:
    """The highest error of each of so many colours, evenly spaced in their logarithm, at as few digits as it takes."""
    low, high = error_span(swept)
    return _told(np.geomspace(low, high, count + 1)[1:])


def step_bands(swept: Sweep, count: int) -> list[float]:
    """The last step of each of at most so many colours, about evenly spaced in their logarithm."""
    limits = np.ceil(np.geomspace(1, max(int(swept.step.max()), count), count + 1)[1:])
    return sorted({float(limit) for limit in limits})


def weight_bands(values: Array, swept: Sweep, count: int) -> list[float]:
    """The highest value of a weight of each of so many colours, evenly spaced over the runs that learn or settle."""
    good = np.isin(swept.kind, [KINDS.index(kind) for kind in (LEARNING, SETTLED_AT)])
    calm = values[np.isfinite(values) & good]
    low, high = (float(calm.min()), float(calm.max())) if calm.size else (-1.0, 1.0)
    if high - low < 1e-6 * max(abs(low), abs(high), 1e-300):
        low, high = low - 1, high + 1
    return _told(np.linspace(low, high, count + 1)[1:])


def _told(limits: Array) -> list[float]:
    """Rising limits at two digits, or at as many as it takes to tell them apart; the last is rounded up."""
    for digits in range(2, 15):
        found = [float(f"{limit:.{digits}g}") for limit in limits]
        if len({*found}) == len(found):
            break
    if found[-1] < limits[-1]:
        unit = 10.0 ** (math.floor(math.log10(abs(limits[-1]))) + 1 - digits)
        found[-1] = float(f"{found[-1] + unit:.{digits}g}")
    return found
