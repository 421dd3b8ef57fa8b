"""A report's formula, computed from the cells it reads as they stand.

Its text is read as an expression of the operators that formulas are written in. A value goes with its size: that to
which its rounding is relative, which after a subtraction is larger than the value itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..language.evaluate import evaluate, magnitude
from ..language.expr import Apply, Const, Expr, Text, leaves
from ..language.operators import FUNCTION, OPERATORS, Cells
from ..language.values import NOTHING, Array, MixedError, Value, cell_value, coded
from ..workbook.cells import column_number
from ..workbook.fill import Template
from ..workbook.reference import TESTS
from .formulas import tokens
from .grid import EMPTY_BITS, OTHER_BITS, Grid

Rows = NDArray[np.int64]
#: gives the cells of a sheet, if there is one of that name
Book = Callable[[str], Grid | None]

#: a sign between two operands, or a function's name and how many arguments it has -> the operator
_SIGNS = {row.excel: row for row in OPERATORS.values() if row.binds not in (0, FUNCTION)}
_FUNCTIONS = {(row.excel, row.arity): row for row in OPERATORS.values() if row.binds == FUNCTION}
#: operators that are worth a text
_TEXTS = {"join", "left", "mid", "trim"}


class NotUnderstoodError(Exception):
    """A formula beyond what reports are written in."""


@dataclass(frozen=True, slots=True)
class Range(Expr):
    """Cells that a formula reads; on its own sheet where none is named.

    moves: whether they move with its row. single: whether it is one cell, spelled without a colon.
    """

    sheet: str
    top: int
    left: int
    bottom: int
    right: int
    moves: bool
    single: bool


@dataclass(frozen=True, slots=True)
class Row(Expr):
    """The number of the row of a cell."""

    of: Range


def computed(text: str, home: str, book: Book) -> tuple[Value, float]:
    """What a formula of the sheet `home` is worth, and the size to which that is exact."""
    expr = parsed(text)
    cells = _Cells(home, book)
    value = evaluate(expr, cells.worth)
    if isinstance(value, str):
        return value, 0.0
    number = cell_value(float(value))
    size = float(_finite(magnitude(expr, cells.worth, cells.size), np.asarray(value, float)))
    tested = isinstance(expr, Apply) and expr.op in TESTS and isinstance(number, float)
    return bool(number) if tested else number, size


def computed_down(template: Template, home: str, rows: Rows, book: Book) -> tuple[Array, Array] | None:
    """What a formula that repeats is worth in each of those rows, errors coded, and its sizes.

    None where it computes with texts, or with a range that moves: these are computed one by one.
    """
    expr = parsed(template.at(int(rows[0])))
    if not _elementwise(expr):
        return None
    cells = _Cells(home, book, rows - rows[0])
    try:
        value = np.broadcast_to(np.asarray(evaluate(expr, cells.worth), dtype=float), rows.shape)
        return value, _finite(np.broadcast_to(magnitude(expr, cells.worth, cells.size), rows.shape), value)
    except MixedError:
        return None


def _finite(size: Array, value: Array) -> Array:
    """A size beyond all numbers would excuse any value, so it is that of the value."""
    return np.where(np.isfinite(size), np.maximum(size, np.abs(value)), np.abs(value))


def _elementwise(expr: Expr) -> bool:
    """Whether an expression makes a number of each row of what moves."""
    if not isinstance(expr, Apply):
        return not isinstance(expr, Text)
    takes, moving = OPERATORS[expr.op].takes, [leaf for leaf in leaves(expr) if _moves(leaf)]
    if expr.op in _TEXTS or (takes == "ranges" and moving) or (takes == "arrays" and not all(map(_single, moving))):
        return False
    return all(map(_elementwise, expr.args))


def _moves(leaf: Expr) -> bool:
    return (isinstance(leaf, Range) and leaf.moves) or (isinstance(leaf, Row) and leaf.of.moves)


def _single(leaf: Expr) -> bool:
    return isinstance(leaf, Row) or (isinstance(leaf, Range) and leaf.single)


@dataclass(frozen=True)
class _Cells:
    """The leaves of one formula. down: by how many rows what moves is moved, for each row that it is computed in."""

    home: str
    book: Book
    down: Rows | None = None
    seen: dict[Expr, Any] = field(default_factory=dict)

    def worth(self, leaf: Expr) -> Any:
        """What a leaf is worth."""
        if leaf not in self.seen:
            self.seen[leaf] = self._read(leaf)
        return self.seen[leaf]

    def size(self, leaf: Expr) -> Any:
        """The size of a leaf's number."""
        value = self.worth(leaf)
        return 0.0 if isinstance(value, (str, Cells)) else np.abs(value)

    def _read(self, leaf: Expr) -> Any:
        if isinstance(leaf, Row):
            return leaf.of.top + (self.down if self.down is not None and leaf.of.moves else 0.0)
        assert isinstance(leaf, Range), leaf
        grid = self.book(leaf.sheet or self.home)
        if grid is None:
            raise NotUnderstoodError(leaf.sheet)
        if self.down is not None and leaf.moves:
            if not leaf.single:
                raise MixedError
            found = grid.down(leaf.top + self.down, leaf.left)
            bits = found.view(np.int64)
            if (bits == OTHER_BITS).any():
                raise MixedError
            return np.where(bits == EMPTY_BITS, 0.0, found)
        if leaf.single:
            value = grid.value(leaf.top, leaf.left)
            return NOTHING if value is None else coded(value)
        return Cells(grid.block(leaf.top, leaf.left, leaf.bottom, leaf.right))


@cache
def parsed(text: str) -> Expr:
    """The expression of a formula.

    >>> parsed("IF(B$5>=2,-C4^2,1)").args[0]
    Apply(op='ge', args=(Range(sheet='', top=5, left=2, bottom=5, right=2, moves=False, single=True), Const(value=2.0)))
    """
    reader = _Parser([token for token in tokens(text) if token[0] != "space"])
    expr = reader.expression(0)
    if reader.at < len(reader.tokens):
        raise NotUnderstoodError(text)
    return expr


@dataclass
class _Parser:
    """Reads tokens from left to right."""

    tokens: list[tuple[str, str]]
    at: int = 0

    def next(self) -> tuple[str, str]:
        """The kind and the text of what comes next."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def take(self, *kinds: str) -> str:
        """Go on behind a token that must be of one of these kinds, or a sign."""
        kind, text = self.next()
        if kind not in kinds and text not in kinds:
            raise NotUnderstoodError(text)
        self.at += 1
        return text

    def expression(self, binds: int) -> Expr:
        """Operands and the signs between them that bind more tightly."""
        left = self.operand()
        while (kind := self.next())[0] == "sign":
            sign = kind[1]
            row = _SIGNS.get(sign)
            if row is None or row.binds <= binds:
                break
            self.at += 1
            right = self.expression(row.binds)
            left = Apply(_power(row.name, right), (left, right))
        return left

    def operand(self) -> Expr:
        """A number, text, reference, call or bracket."""
        kind, text = self.next()
        if kind == "cell" or kind == "sheet":
            return self.range()
        self.take("number", "text", "name", "-", "(")
        if kind == "number":
            return Const(float(text))
        if kind == "text":
            return Text(text[1:-1].replace('""', '"'))
        if kind == "name":
            return self.call(text)
        if text == "-":
            inside = self.operand()
            return Const(-inside.value) if isinstance(inside, Const) else -inside
        inside = self.expression(0)
        self.take(")")
        return inside

    def call(self, name: str) -> Expr:
        """A function and what stands in its brackets."""
        self.take("(")
        args = [] if self.next()[1] == ")" else [self.expression(0)]
        while self.next()[1] == ",":
            self.at += 1
            args.append(self.expression(0))
        self.take(")")
        if name == "ROW" and len(args) == 1 and isinstance(args[0], Range):
            return Row(args[0])
        ranges = any(isinstance(arg, Range) and not arg.single for arg in args)
        row = (None if ranges else _FUNCTIONS.get((name, len(args)))) or _FUNCTIONS.get((name, None))
        if row is None:
            row = _FUNCTIONS.get((name, len(args)))
        if row is None:
            raise NotUnderstoodError(name)
        return Apply(row.name, tuple(args))

    def range(self) -> Expr:
        """A reference."""
        sheet = self.take("sheet") if self.next()[0] == "sheet" else ""
        if sheet.startswith("'"):
            sheet = sheet[1:-2].replace("''", "'")
        first = last = self.take("cell")
        single = self.next()[1] != ":"
        if not single:
            self.at += 1
            last = self.take("cell")
        (top, left, moves), (bottom, right, also) = _corner(first), _corner(last)
        if moves is not also:
            raise NotUnderstoodError(f"{first}:{last}")
        return Range(sheet.removesuffix("!"), top, left, bottom, right, moves, single)


def _power(name: str, exponent: Expr) -> str:
    """Of the two operators of one sign, the one for such an exponent."""
    if name not in ("pow", "power"):
        return name
    return "pow" if isinstance(exponent, Const) and exponent.value in range(2, 9) else "power"


def _corner(text: str) -> tuple[int, int, bool]:
    """Row and column of a cell, and whether its row moves."""
    letters = text.replace("$", "").upper().rstrip("0123456789")
    digits = text[len(text.rstrip("0123456789")) :]
    return int(digits), column_number(letters), not text.removesuffix(digits).endswith("$")
