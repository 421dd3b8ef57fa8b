"""A report's formula, computed from the cells it reads as they stand.

What `live` says of each function and sign is applied to the text of a formula. A value goes with its size: that to
which its rounding is relative, which after a subtraction is larger than the value itself.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..evaluate import Array
from ..workbook.cells import CellError, column_number
from ..workbook.live import Live, Range, call

#: gives the value of a cell: sheet, row, column
Read = Callable[[str, int, int], Any]

_TOKEN = re.compile(
    r"""(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?)
    |"(?P<text>(?:[^"]|"")*)"
    |(?:'(?P<quoted>(?:[^']|'')+)'!|(?P<sheet>[A-Za-z_]\w*)!)?
      \$?(?P<left>[A-Z]{1,3})\$?(?P<top>\d+)(?::\$?(?P<right>[A-Z]{1,3})\$?(?P<bottom>\d+))?(?![\w(])
    |(?P<name>[A-Z][A-Z0-9.]*)(?=\()
    |(?P<sign><=|>=|<>|[-+*/^&=<>(),])""",
    re.VERBOSE,
)
_BINDS = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}
_ARRAYS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}


class NotUnderstoodError(Exception):
    """A formula beyond what reports are written in."""


@dataclass(frozen=True)
class Known:
    """A value, and the size to which its rounding is relative; an array inside functions that take one."""

    value: Live | Range | Array
    size: float = 0.0

    @staticmethod
    def of(value: Any, size: float = 0.0) -> Known:
        """A cell's value; a size beyond all numbers would excuse any value, so it is none."""
        number = abs(value) if isinstance(value, float) else 0.0
        return Known(Live("", 0.0 if value is None else value), max(number, size) if size < math.inf else number)


Node = Callable[[Read, str], Known]


def computed(text: str, home: str, read: Read) -> tuple[Any, float]:
    """What a formula of the sheet `home` is worth, and the size to which that is exact."""
    found = _parsed(text)(read, home)
    if not isinstance(found.value, Live):
        raise NotUnderstoodError(text)
    return found.value.value, found.size


@cache
def _parsed(text: str) -> Node:
    tokens, at = [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise NotUnderstoodError(text)
        tokens.append(token)
        at = token.end()
    reader = _Parser(tokens)
    node = reader.expression(0)
    if reader.sign():
        raise NotUnderstoodError(text)
    return node


@dataclass
class _Parser:
    """Reads tokens from left to right."""

    tokens: Sequence[re.Match[str]]
    at: int = 0

    def sign(self) -> str:
        """The sign that comes next, or nothing."""
        return (self.tokens[self.at]["sign"] or "?") if self.at < len(self.tokens) else ""

    def take(self, sign: str) -> None:
        """Go on behind a sign that must come next."""
        if self.sign() != sign:
            raise NotUnderstoodError(sign)
        self.at += 1

    def expression(self, binds: int) -> Node:
        """Operands and the signs between them that bind more tightly."""
        left = self.operand()
        while _BINDS.get(self.sign(), 0) > binds:
            sign = self.sign()
            self.at += 1
            left = _binary(sign, left, self.expression(_BINDS[sign]))
        return left

    def operand(self) -> Node:
        """A number, text, reference, call or bracket."""
        if self.sign() == "-":
            self.at += 1
            return _binary("*", lambda read, home: Known.of(-1.0), self.operand())
        if self.sign() == "(":
            self.at += 1
            inside = self.expression(0)
            self.take(")")
            return inside
        if self.at >= len(self.tokens) or self.sign() != "?":
            raise NotUnderstoodError(self.sign())
        token = self.tokens[self.at]
        self.at += 1
        if token["name"] == "ROW":
            return self.row()
        if token["name"]:
            return _call(token["name"], self.arguments())
        if token["left"]:
            return _reference(token)
        number, text = token["number"], token["text"]
        known = Known.of(text.replace('""', '"') if number is None else float(number))
        return lambda read, home: known

    def row(self) -> Node:
        """The number of the row of a reference."""
        self.take("(")
        known = Known.of(float(self.tokens[self.at]["top"]))
        self.at += 1
        self.take(")")
        return lambda read, home: known

    def arguments(self) -> list[Node]:
        """What stands in the brackets of a call."""
        self.take("(")
        found = [] if self.sign() == ")" else [self.expression(0)]
        while self.sign() == ",":
            self.at += 1
            found.append(self.expression(0))
        self.take(")")
        return found


def _reference(token: re.Match[str]) -> Node:
    sheet = token["quoted"].replace("''", "'") if token["quoted"] else token["sheet"]
    top, left = int(token["top"]), column_number(token["left"])
    if not token["right"]:
        return lambda read, home: Known.of(read(sheet or home, top, left))
    rows = range(top, int(token["bottom"]) + 1)
    columns = range(left, column_number(token["right"]) + 1)

    def cells(read: Read, home: str) -> Known:
        found = tuple(read(sheet or home, row, column) for row in rows for column in columns)
        return Known(Range("", found))

    return cells


def _binary(sign: str, first: Node, second: Node) -> Node:
    def node(read: Read, home: str) -> Known:
        left, right = first(read, home), second(read, home)
        if not (isinstance(left.value, Live) and isinstance(right.value, Live)):
            with np.errstate(all="ignore"):
                return Known(np.asarray(_ARRAYS[sign](_array(left), _array(right)), float))
        made = _applied(sign, left.value, right.value)
        return Known.of(made.value, _grown(sign, left, right))

    return node


def _applied(sign: str, left: Live, right: Live) -> Live:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "^":
            return _power(left, right)
        case "&":
            return left & right
        case "=":
            return left.equals(right)
        case "<>":
            return left.differs(right)
        case "<=":
            return left <= right
        case ">=":
            return right <= left
        case "<":
            return left < right
    return left > right


def _power(left: Live, right: Live) -> Live:
    for operand in (left, right):
        if isinstance(operand.value, CellError):
            return operand
    try:
        return Live("", left.number**right.number)
    except (ZeroDivisionError, OverflowError) as raised:
        return Live("", math.nan if isinstance(raised, ZeroDivisionError) else math.inf)


def _grown(sign: str, left: Known, right: Known) -> float:
    """The size of what a sign makes of two values."""
    with np.errstate(all="ignore"):
        match sign:
            case "+" | "-":
                return left.size + right.size
            case "*":
                return left.size * right.size
            case "/":
                by = abs(_number(right))
                return left.size / by * (right.size / by) if by else 0.0
            case "^":
                base = abs(_number(left))
                return float(np.float64(base) ** _number(right) * left.size / base) if base else 0.0
    return 0.0


def _number(known: Known) -> float:
    value = known.value.value if isinstance(known.value, Live) else None
    return float(value) if isinstance(value, (int, float)) else 0.0


def _array(known: Known) -> Any:
    """The cells of a range, or a value, for signs that work cell by cell."""
    if isinstance(known.value, Range):
        cells = known.value.cells
        if any(isinstance(cell, str) for cell in cells):
            return np.array(cells, dtype=object)
        return np.array([cell if isinstance(cell, (int, float)) else np.nan for cell in cells], float)
    return known.value.value if isinstance(known.value, Live) else known.value


def _call(name: str, arguments: Sequence[Node]) -> Node:
    def node(read: Read, home: str) -> Known:
        found = [argument(read, home) for argument in arguments]
        if name == "SUMPRODUCT" or any(isinstance(known.value, np.ndarray) for known in found):
            return _of_arrays(name, found)
        values: list[Any] = [known.value for known in found]
        made = call(name, *values)
        return Known.of(made.value, _size(name, found, made))

    return node


def _size(name: str, found: Sequence[Known], made: Live) -> float:
    """The size of what a function makes of its operands: its own value grown as theirs are."""
    if name in ("LOG10", "LN"):
        return 1.0 + abs(_number(Known(made)))
    if name == "IF":
        return max((known.size for known in found[1:]), default=0.0)
    if name in ("ABS", "MAX", "MIN", "ROUND", "IFERROR"):
        return max((known.size for known in found), default=0.0)
    grown = max((known.size / abs(_number(known)) for known in found if _number(known)), default=1.0)
    return abs(_number(Known(made))) * grown


def _of_arrays(name: str, found: Sequence[Known]) -> Known:
    """Functions that take arrays which are no ranges."""
    arrays = [_array(known) for known in found]
    if name == "ABS":
        return Known(np.abs(arrays[0]))
    if name in ("SUMPRODUCT", "SUM", "MAX"):
        return Known.of(float((np.max if name == "MAX" else np.sum)(arrays[0])))
    raise NotUnderstoodError(name)
