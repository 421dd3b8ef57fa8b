"""Differences of live cells from the values NumPy had: as a number, as a formula, and what they are relative to."""

from __future__ import annotations

import math

import numpy as np

from ..evaluate import Array
from .cells import CellError, cell_value

#: the smallest number to which a difference is relative
FLOOR = 1e-6
#: and rounded to so many decimals: what is left of a last bit is not worth an address
DIGITS = 10


def difference(mine: float, theirs: object, floor: float = FLOOR) -> float:
    """How far a live value is from NumPy's; an error cell agrees with an error's name."""
    if not isinstance(theirs, float):
        return float(math.isfinite(mine))
    return round(abs(mine - theirs) / max(abs(theirs), floor), DIGITS) if math.isfinite(mine) else 1.0


def spelled_difference(mine: str, theirs: str, floor: str) -> str:
    """The same as a formula."""
    return (
        f"IF(ISNUMBER({mine}),IF(ISNUMBER({theirs}),"
        f"ROUND(ABS({mine}-{theirs})/MAX(ABS({theirs}),{floor}),{DIGITS}),1),IF(ISNUMBER({theirs}),1,0))"
    )


def floor_of(sizes: Array) -> float:
    """To what a column's differences are relative at least: the usual size of what was added up for it."""
    finite = sizes[np.isfinite(sizes)]
    usual = float(np.median(finite)) if finite.size else 0.0
    return float(f"{max(usual, FLOOR):.3g}")


def numpy_constant(value: float) -> float | str:
    """An engine's value as a typed cell: a file keeps 16 digits of a number that is typed."""
    shown = cell_value(value)
    return shown.value if isinstance(shown, CellError) else float(f"{shown:.16G}")
