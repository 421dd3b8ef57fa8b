"""What a cell may be worth, and error cells among arrays of numbers.

In arrays of float64 an error cell is a number that is not finite: `inf` is #NUM! and `nan` #DIV/0!, the two that
arithmetic makes; the others are further NaNs, told apart by their last bits. As in a spreadsheet an error sticks
to everything computed from it.
"""

from __future__ import annotations

import math
import struct
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class MixedError(Exception):
    """Texts in some rows of an array and other values in others, or other texts: evaluate row by row."""


class CellError(Enum):
    """An error cell; its kind is its value, as a spreadsheet shows it."""

    NUM = "#NUM!"
    DIV0 = "#DIV/0!"
    VALUE = "#VALUE!"
    REF = "#REF!"
    NAME = "#NAME?"
    NA = "#N/A"
    NULL = "#NULL!"

    def __str__(self) -> str:
        return self.value


class Nothing(float):
    """An empty cell: 0 where a number is wanted, but no number itself, and no text where one is."""


NOTHING = Nothing(0.0)
#: what a cell may be worth
Value = float | str | bool | CellError

_NAN = struct.unpack("<Q", struct.pack("<d", math.nan))[0]


def _number(bits: int) -> float:
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


#: kind of error -> the number that stands for it
CODES = {CellError.NUM: math.inf} | {
    kind: _number(_NAN + i) for i, kind in enumerate(kind for kind in CellError if kind is not CellError.NUM)
}
_KINDS = {struct.pack("<d", code): kind for kind, code in CODES.items()}


def coded(value: Any) -> Any:
    """A value as arrays and generated code have it: an error cell is a number that is not finite."""
    return CODES[value] if isinstance(value, CellError) else value


def cell_value(value: Value) -> Value:
    """A value as a cell has it: a number that is not finite is an error cell, -0 is 0.

    >>> cell_value(math.inf), cell_value(CODES[CellError.NA]), cell_value(-0.0)
    (<CellError.NUM: '#NUM!'>, <CellError.NA: '#N/A'>, 0.0)
    """
    if isinstance(value, (str, bool, CellError)):
        return value
    if math.isfinite(value):
        return float(value) + 0.0
    return _KINDS.get(struct.pack("<d", value), CellError.NUM if math.isinf(value) else CellError.DIV0)


def engine_value(value: object) -> float:
    """A cell's value among numbers: text and nothing are #VALUE!, as where a number is wanted."""
    if isinstance(value, (float, int)):
        return float(value)
    return CODES[value if isinstance(value, CellError) else CellError.VALUE]


def same(left: Array, right: Array) -> NDArray[np.bool_]:
    """Where two arrays hold the same: equal numbers, or errors of one kind."""
    equal: NDArray[np.bool_] = (left == right) | (left.view(np.int64) == right.view(np.int64))
    return equal
