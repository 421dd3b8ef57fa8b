"""What the cells of a sheet are worth, as one array."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..language.values import CODES, Array, CellError, cell_value

#: the bits of two more NaNs: an empty cell, and one whose value is neither a number nor an error
EMPTY_BITS, OTHER_BITS = 0x7FF8_0000_0000_0100, 0x7FF8_0000_0000_0101
EMPTY, OTHER = (float(struct.unpack("<d", struct.pack("<q", bits))[0]) for bits in (EMPTY_BITS, OTHER_BITS))

At = tuple[int, int]


def as_number(value: Any) -> float:
    """A cell's value among numbers: an error is its code, nothing is EMPTY, what is neither is OTHER."""
    if value is None:
        return EMPTY
    if isinstance(value, CellError):
        return CODES[value]
    return OTHER if is_other(value) else value


def is_other(value: Any) -> bool:
    """Whether a value is neither a number nor an error: text, TRUE, FALSE, a number beyond all doubles."""
    return isinstance(value, (str, bool)) or (isinstance(value, float) and not math.isfinite(value))


def equal(left: Any, right: Any) -> bool:
    """Whether two cells have one value; TRUE is not 1."""
    return bool(left == right) and isinstance(left, bool) is isinstance(right, bool)


def cell_values(numbers: Array) -> list[Any]:
    """Numbers and errors as cells have them; None for what is neither."""
    finite, listed = np.isfinite(numbers), numbers.tolist()
    if finite.all():
        return [*listed]
    special = is_special(numbers)
    for i in np.flatnonzero(~finite):
        listed[i] = None if special[i] else cell_value(listed[i])
    return [*listed]


@dataclass(frozen=True, eq=False)
class Grid:
    """Numbers and errors by row and column, counted from 1; what is neither stands beside the array."""

    numbers: Array
    others: Mapping[At, Any]

    @classmethod
    def of(cls, values: Mapping[At, Any], extent: At = (0, 0)) -> Grid:
        """The grid of single values; at least so many rows and columns."""
        rows, columns = (max([most, *(at[i] for at in values)]) for i, most in enumerate(extent))
        numbers = np.full((rows + 1, columns + 1), EMPTY)
        for at, value in values.items():
            numbers[at] = as_number(value)
        return cls(numbers, {at: value for at, value in values.items() if is_other(value)})

    def value(self, row: int, column: int) -> Any:
        """What a cell is worth; None where it is empty."""
        if row >= self.numbers.shape[0] or column >= self.numbers.shape[1]:
            return None
        number = float(self.numbers[row, column])
        if number == number:
            return cell_value(number)
        if (bits := int(self.bits[row, column])) == EMPTY_BITS:
            return None
        return self.others[row, column] if bits == OTHER_BITS else cell_value(number)

    def down(self, rows: NDArray[np.int64], column: int) -> Array:
        """The cells of a column in those rows."""
        height, width = self.numbers.shape
        if column >= width:
            return np.full(rows.shape, EMPTY)
        found: Array = self.numbers[np.minimum(rows, height - 1), column]
        return np.where(rows < height, found, EMPTY)

    def block(self, top: int, left: int, bottom: int, right: int) -> Sequence[Any] | Array:
        """What the cells of an area are worth, from left to right and top to bottom."""
        height, width = self.numbers.shape
        if bottom < height and right < width:
            numbers: Array = self.numbers[top : bottom + 1, left : right + 1].ravel()
            if not is_special(numbers).any():
                return numbers
        return [self.value(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]

    def replaced(self, values: Mapping[At, Any]) -> Grid:
        """The same with other values in some of its cells."""
        numbers = self.numbers.copy()
        for at, value in values.items():
            numbers[at] = as_number(value)
        return Grid(numbers, {**self.others, **{at: value for at, value in values.items() if is_other(value)}})

    @cached_property
    def bits(self) -> NDArray[np.int64]:
        """The bits of the numbers, which tell errors apart."""
        return self.numbers.view(np.int64)

    @cached_property
    def operands(self) -> Array:
        """The cells as a formula computes with them: what is no number, and nothing, are #VALUE!."""
        return np.where(is_special(self.numbers), CODES[CellError.VALUE], self.numbers)


def is_empty(numbers: Array) -> NDArray[np.bool_]:
    """Where a cell is empty."""
    empty: NDArray[np.bool_] = np.ascontiguousarray(numbers).view(np.int64) == EMPTY_BITS
    return empty


def is_special(numbers: Array) -> NDArray[np.bool_]:
    """Where a cell is empty, or its value neither a number nor an error."""
    bits = np.ascontiguousarray(numbers).view(np.int64)
    special: NDArray[np.bool_] = (bits == EMPTY_BITS) | (bits == OTHER_BITS)
    return special


_CODES = np.array([*CODES.values()]).view(np.int64)


def canonical(values: Array) -> Array:
    """Errors that arithmetic made as cells have them: any infinity is #NUM!, any other NaN #DIV/0!."""
    values = np.asarray(values, dtype=float)
    if np.isfinite(values).all():
        return values
    strange = np.isnan(values) & ~np.isin(values.view(np.int64), _CODES)
    return np.where(np.isinf(values), np.inf, np.where(strange, np.nan, values))
