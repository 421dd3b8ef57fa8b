"""References to cells: the leaves of formulas that stand in a sheet, and what such formulas are worth."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..language.evaluate import evaluate
from ..language.expr import Apply, Expr
from ..language.operators import COMPARISONS, Cells
from ..language.values import NOTHING, Array, MixedError, Value, cell_value, coded
from .cells import Area, Formula, a1, column_letters, quoted
from .formula import render

if TYPE_CHECKING:
    from .sheet import Sheet

#: operators whose value a cell shows as TRUE or FALSE
TESTS = {*COMPARISONS, "and", "or", "is_number"}


@dataclass(frozen=True, slots=True)
class Cell(Expr):
    """One cell of a composed sheet. fixed: it stays the same where the formula is copied."""

    sheet: Sheet
    row: int
    column: int
    fixed: bool = False

    @property
    def absolute(self) -> Cell:
        """The same, fixed."""
        return replace(self, fixed=True)

    @property
    def address(self) -> str:
        """With its sheet, for people."""
        return self.sheet.address(self.row, self.column)

    @property
    def value(self) -> Value:
        """What it is worth."""
        return worth(self)

    def __repr__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class Down(Expr):
    """For formulas that repeat down their rows: the cell of a column in the same row, or `offset` rows below."""

    sheet: Sheet
    column: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Row(Expr):
    """The number of a cell's row, which changes where rows are inserted above it."""

    of: Cell | Down


@dataclass(frozen=True, slots=True)
class Block(Expr):
    """A range of cells of a composed sheet."""

    sheet: Sheet
    area: Area

    @property
    def values(self) -> Sequence[Value | None] | Array:
        """What they are worth."""
        return self.sheet.values(self.area)


#: around the offset of a row, as no formula can hold it
_OFFSET = re.compile("\x1e([+-]\\d+)\x1e")


def template(expr: Expr, home: str, *, repeats: bool = False) -> str:
    """The formula of an expression on the sheet `home`; repeats: as the text of a `Template`."""

    def spell(leaf: Expr) -> str:
        match leaf:
            case Cell(sheet, row, column, fixed):
                text = a1(row, column, fixed=fixed or repeats)
            case Down(sheet, column, offset):
                text = f"{column_letters(column)}\x1e{offset:+d}\x1e"
            case Block(sheet, area):
                text = str(area).rpartition("!")[2]
            case Row(of):
                return f"ROW({spell(of)})"
            case _:
                raise AssertionError(leaf)
        return text if sheet.name == home else f"{quoted(sheet.name)}!{text}"

    text = render(expr, spell)
    if not repeats:
        return text
    return _OFFSET.sub(lambda offset: f"{{r{offset[1]}}}" if int(offset[1]) else "{r}", text.replace("{", "{{"))


def _outside(leaf: Expr) -> Any:
    """What a leaf that does not repeat is worth."""
    match leaf:
        case Cell(sheet, row, column):
            value = sheet.value(row, column)
            return NOTHING if value is None else coded(value)
        case Block(sheet, area):
            return Cells(sheet.values(area))
        case Row(Cell(_, row)):
            return float(row)
    raise AssertionError(leaf)


def worth(expr: Expr) -> Value:
    """What a formula of single cells and ranges is worth."""
    return _worth(expr, _outside)


def _worth(expr: Expr, leaf: Callable[[Expr], Any]) -> Value:
    value = evaluate(expr, leaf)
    if isinstance(value, str):
        return value
    number = cell_value(float(value))
    return bool(number) if isinstance(expr, Apply) and expr.op in TESTS and isinstance(number, float) else number


def worth_down(expr: Expr, top: int, count: int) -> Sequence[Value] | Array:
    """What a formula that repeats down `count` rows from `top` on is worth in each of them."""

    def leaf(e: Expr) -> Any:
        match e:
            case Down(sheet, column, offset):
                first = top + offset
                cells = sheet.values(Area(sheet.name, first, column, first + count - 1, column))
                if not isinstance(cells, np.ndarray) and any(isinstance(cell, str | None) for cell in cells):
                    raise MixedError
                return sheet.down(column, first, count)
            case Row(Down(_, _, offset)):
                return np.arange(top + offset, top + offset + count, dtype=float)
        return _outside(e)

    try:
        value = evaluate(expr, leaf)
    except MixedError:
        return [worth_at(expr, row) for row in range(top, top + count)]
    if isinstance(value, str):
        return [value] * count
    return np.broadcast_to(np.asarray(value, dtype=float), (count,))


def worth_at(expr: Expr, row: int) -> Value:
    """What a formula that repeats down its rows is worth in one of them."""
    return _worth(expr, lambda leaf: _outside(_in_row(row, leaf)))


def _in_row(row: int, leaf: Expr) -> Expr:
    """A leaf of a formula that repeats as it is in one row."""
    match leaf:
        case Down(sheet, column, offset):
            return Cell(sheet, row + offset, column)
        case Row(Down() as of):
            return Row(_in_row(row, of))  # type: ignore[arg-type]  # a cell
    return leaf


def formula(expr: Expr, home: str) -> Formula:
    """A formula of single cells and ranges, as the content of a cell of the sheet `home`."""
    return Formula(template(expr, home), worth(expr))
