"""Formulas of the sheets that report on the others, each built together with its value.

A `Live` is a formula's text and what it is worth; combining two of them combines both. The table says once
what each spreadsheet function means, so a reporting formula and its cached value cannot come apart. Errors stick,
each with its kind, except in the functions made to catch them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from ..data import least_squares
from ..evaluate import Array
from .cells import Area, CellError, Formula, Value, a1, cell_value, engine_value, quoted
from .formula import number
from .sheet import Reference, Sheet


@dataclass(frozen=True)
class Live:
    """A formula's text and its value."""

    text: str
    value: Value
    binds: int = 9

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", cell_value(self.value))

    @property
    def number(self) -> float:
        """Its value as the engine has it."""
        return engine_value(self.value)

    @property
    def formula(self) -> Formula:
        """As the content of a cell."""
        return Formula(self.text, self.value)

    def __add__(self, other: Operand) -> Live:
        return _binary("+", 3, self, other, lambda u, v: u + v)

    def __sub__(self, other: Operand) -> Live:
        return _binary("-", 3, self, other, lambda u, v: u - v)

    def __mul__(self, other: Operand) -> Live:
        return _binary("*", 4, self, other, lambda u, v: u * v)

    def __truediv__(self, other: Operand) -> Live:
        return _binary("/", 4, self, other, lambda u, v: u / v if v else math.nan)

    def __pow__(self, other: Operand) -> Live:
        return _binary("^", 5, self, other, lambda u, v: u**v)

    def __gt__(self, other: Operand) -> Live:
        return _binary(">", 1, self, other, lambda u, v: _rank(u) > _rank(v))

    def __lt__(self, other: Operand) -> Live:
        return _binary("<", 1, self, other, lambda u, v: _rank(u) < _rank(v))

    def __le__(self, other: Operand) -> Live:
        return _binary("<=", 1, self, other, lambda u, v: _rank(u) <= _rank(v))

    def equals(self, other: Operand) -> Live:
        """u = v."""
        return _binary("=", 1, self, other, lambda u, v: u == v)

    def differs(self, other: Operand) -> Live:
        """u <> v."""
        return _binary("<>", 1, self, other, lambda u, v: u != v)

    def __and__(self, other: Operand) -> Live:
        return _binary("&", 2, self, other, lambda u, v: _as_text(u) + _as_text(v))


@dataclass(frozen=True)
class Range:
    """A range's address and what its cells hold; an empty one holds None."""

    text: str
    cells: tuple[Value | None, ...]

    @property
    def values(self) -> Array:
        """The numbers among the cells, as functions that add up or compare see them."""
        return np.array([v for v in self.cells if isinstance(v, float)])

    @property
    def error(self) -> CellError | None:
        """The first error among the cells, which functions that compute with all of them are worth."""
        return next((v for v in self.cells if isinstance(v, CellError)), None)


Operand = Live | float | str


def _as_text(value: Value) -> str:
    return value if isinstance(value, str) else f"{engine_value(value):.15g}"


def _live(operand: Operand | Range) -> Live | Range:
    if isinstance(operand, (Live, Range)):
        return operand
    return text(operand) if isinstance(operand, str) else constant(operand)


def text(words: str) -> Live:
    """Text as a formula spells it."""
    return Live('"' + words.replace('"', '""') + '"', words)


def constant(value: float) -> Live:
    """A number as a formula spells it."""
    return Live(number(value), float(value))


def _binary(sign: str, binds: int, left: Live, right: Operand, meaning: Callable[[Any, Any], Any]) -> Live:
    other = _live(right)
    assert isinstance(other, Live)
    first = left.text if left.binds >= binds else f"({left.text})"
    second = other.text if other.binds > binds else f"({other.text})"
    for operand in (left, other):
        if isinstance(operand.value, CellError):
            return Live(f"{first}{sign}{second}", operand.value, binds)
    return Live(f"{first}{sign}{second}", _worth(meaning, left.value, other.value), binds)


#: what Python raises -> the error that the cell is
_RAISED = {
    TypeError: CellError.VALUE,  # text where a number belongs
    IndexError: CellError.REF,
    ZeroDivisionError: CellError.DIV0,
    OverflowError: CellError.NUM,
}


def _worth(meaning: Callable[..., Any], *values: Any) -> Any:
    """What a function or sign makes of values."""
    try:
        return meaning(*values)
    except tuple(_RAISED) as raised:
        return _RAISED[type(raised)]


def _rank(value: Value) -> tuple[bool, Value]:
    """For comparisons: in a spreadsheet every text is larger than every number."""
    return isinstance(value, str), value


def _largest(values: Array) -> float:
    return float(np.max(values)) if values.size else 0.0


def _numbers(operands: Sequence[Any]) -> Array:
    """The numbers among cells and ranges; text in a cell is left out."""
    return np.concatenate([np.ravel(v) for v in operands if not isinstance(v, str)] or [np.array([])])


def _match(wanted: Any, cells: Sequence[Any], _: Any) -> Value:
    return next((float(i) for i, cell in enumerate(cells, 1) if cell == wanted), CellError.NA)


def _count_if(cells: Sequence[Any], wanted: Value) -> float:
    """How many cells are equal to a value or, for ">1", above it."""
    if isinstance(wanted, str) and wanted.startswith(">"):
        return float(sum(isinstance(cell, float) and cell > float(wanted[1:]) for cell in cells))
    return float(sum(cell == wanted for cell in cells))


def _rounded(value: float, places: float, halves: str = ROUND_HALF_UP) -> float:
    """As a spreadsheet rounds: halves away from 0, counted in the decimals that it shows."""
    step = Decimal(1).scaleb(-int(places))
    return float(Decimal(f"{value:.15g}").quantize(step, halves)) if abs(value) < 1e15 else value


#: what a cell shows that has nothing to name
NONE = "–"
#: functions that look at each cell of a range, whatever it holds
_BY_POSITION = {"MATCH", "INDEX", "COUNTIF", "COUNTA"}
_CATCHES = {"IF", "ISNUMBER", "IFERROR", "COUNT", "COUNTA"}

#: Excel function -> what it means for values (ranges come as arrays)
MEANING: Mapping[str, Callable[..., Any]] = {
    "IF": lambda c, u, v: c if isinstance(c, CellError) else (u if c else v),
    "ISNUMBER": lambda u: isinstance(u, float),
    "OR": lambda *u: any(u),
    "IFERROR": lambda u, v: v if isinstance(u, CellError) else u,
    "LOG10": lambda u: math.log10(u) if u > 0 else CellError.NUM,
    "LN": lambda u: math.log(u) if u > 0 else CellError.NUM,
    "ABS": abs,
    "ROUND": _rounded,
    "ROUNDDOWN": lambda u, places: _rounded(u, places, ROUND_DOWN),
    "SQRT": lambda u: math.sqrt(u) if u >= 0 else CellError.NUM,
    "MOD": lambda u, v: float(u - v * math.floor(u / v)),
    "LEFT": lambda u, count: _as_text(u)[: int(count)],
    "MID": lambda u, start, count: _as_text(u)[int(start) - 1 : int(start) - 1 + int(count)],
    "SUM": lambda u: float(np.sum(u)),
    "SUMSQ": lambda u: float(np.sum(u * u)),
    "MAX": lambda *u: _largest(_numbers(u)),
    "NA": lambda: CellError.NA,
    "MIN": lambda *u: -_largest(-_numbers(u)),
    "DEVSQ": lambda u: float(np.sum((u - np.mean(u)) ** 2)),
    "COUNT": lambda u: float(u.size),
    "COUNTIF": _count_if,
    "COUNTA": lambda cells: float(sum(cell is not None for cell in cells)),
    "MATCH": _match,
    "TRIM": lambda text: " ".join(text.split()),
    "INDEX": lambda cells, position: cells[int(position) - 1],
    "SLOPE": lambda ys, xs: least_squares(xs, ys)[0],
    "AVERAGE": lambda u: float(np.mean(u)),
}


def call(name: str, *operands: Operand | Range) -> Live:
    """A spreadsheet function of cells, ranges, numbers and text.

    >>> call("IF", Live("F4", 3.0) > 2, "large", "small")
    Live(text='IF(F4>2,"large","small")', value='large', binds=9)
    """
    args = [_live(operand) for operand in operands]
    text = f"{name}({','.join(arg.text for arg in args)})"
    by_position = name in _BY_POSITION
    if name not in _CATCHES:
        for arg in args:
            error = arg.value if isinstance(arg, Live) else None if by_position else arg.error
            if isinstance(error, CellError):
                return Live(text, error)
    values: list[Any] = [
        arg.value if isinstance(arg, Live) else arg.cells if by_position else arg.values for arg in args
    ]
    with np.errstate(over="ignore"):
        return Live(text, _worth(MEANING[name], *values))


def log10(value: Live) -> Live:
    """The logarithm of a value, #N/A where it has none."""
    return call("IFERROR", call("LOG10", value), call("NA"))


def floor(value: Live) -> Live:
    """The largest whole number that is not above a value between -2000 and 2000.

    Of negative numbers spreadsheets have different ideas what INT is; all know how to cut off decimals.
    """
    return call("ROUNDDOWN", value + 2000.0, 0) - 2000.0


def address(reference: Live) -> str:
    """The address in a reference to another sheet, as a sentence has it: learning rates!B5."""
    return reference.text.replace("$", "").replace("'", "")


def row_of(reference: Live, row: int) -> Live:
    """The row of a cell, which changes where rows are inserted above it."""
    return Live(f"ROW({reference.text})", float(row))


def missing(cells: Sequence[tuple[Live, Operand]], otherwise: Operand = NONE) -> Live:
    """The name of the first cell that holds no number, or else. cells: each with its name."""
    found = _live(otherwise)
    for cell, name in reversed(cells):
        found = call("IF", call("ISNUMBER", cell), found, name)
    assert isinstance(found, Live)
    return found


def value_at(sheet: Sheet, row: int, column: int) -> Value:
    """What a cell of a composed sheet is worth."""
    content = sheet.cells[row, column][0]
    return content.value if isinstance(content, Formula) else cell_value(content)


def live(sheet: Sheet, at: Reference | tuple[int, int], *, home: str = "", fixed: bool = False) -> Live:
    """A reference to a cell that is already composed; `home` is the sheet whose formula will hold it."""
    row, column = (at.row, at.column) if isinstance(at, Reference) else at
    where = "" if home == sheet.name else f"{quoted(sheet.name)}!"
    return Live(where + a1(row, column, fixed=fixed), value_at(sheet, row, column))


def live_range(sheet: Sheet, area: Area, *, home: str = "") -> Range:
    """A reference to composed cells."""
    found = [
        value_at(sheet, row, column) if (row, column) in sheet.cells else None
        for row in range(area.top, area.bottom + 1)
        for column in range(area.left, area.right + 1)
    ]
    return Range(str(area) if home != sheet.name else str(area).split("!")[1], tuple(found))
