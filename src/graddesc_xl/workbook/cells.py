"""The one place where a float becomes a cell, and a cell a float."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..language.values import Value, cell_value

#: the most rows and columns of a sheet, and the most cells of a workbook that is read to be verified
ROWS, COLUMNS, MOST_CELLS = 1_048_576, 16_384, 2_000_000


class _Formula(NamedTuple):
    text: str
    value: Value


class Formula(_Formula):
    """A formula (without `=`) and the value that its cell has.

    >>> Formula("1/A1", float("nan"))
    Formula(text='1/A1', value=<CellError.DIV0: '#DIV/0!'>)
    """

    __slots__ = ()

    def __new__(cls, text: str, value: Value) -> Formula:
        """A float of the engine is made a cell's value."""
        return super().__new__(cls, text, cell_value(value))


def plain(value: float) -> str:
    """A number in a sentence.

    >>> plain(-1e6), plain(0.02), plain(1e-9)
    ('-1,000,000', '0.02', '1e-9')
    """
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:g}".replace("e-0", "e-")


def column_letters(column: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """A -> 1, AA -> 27."""
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - 64
    return column


def a1(row: int, column: int, *, fixed: bool = False) -> str:
    """The address of a cell, both counted from 1.

    >>> a1(4, 3), a1(1, 6, fixed=True)
    ('C4', '$F$1')
    """
    letters = column_letters(column)
    return f"${letters}${row}" if fixed else f"{letters}{row}"


def quoted(sheet: str) -> str:
    """A sheet's name as a formula spells it."""
    return sheet if sheet.isidentifier() and not sheet[-1].isdigit() else "'" + sheet.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells on a sheet, corners included, counted from 1."""

    sheet: str
    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        corners = f"{a1(self.top, self.left, fixed=True)}:{a1(self.bottom, self.right, fixed=True)}"
        return f"{quoted(self.sheet)}!{corners}"
