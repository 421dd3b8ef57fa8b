"""The operators: each is one row with all that it means.

A row says what an operator is worth (on floats in generated code, on arrays elsewhere), how Excel and a maths book
spell it, its derivative, the size its rounding is relative to, and how it treats error cells. Rows without a
derivative are for sheets that report on others: no column of a plan uses them.
"""

from __future__ import annotations

import math
import operator as python
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from .expr import ARITIES, Apply, Const, Expr, where
from .simplify import ONE, ZERO, negate, times
from .values import CODES, Array, CellError, Value, coded

NA, NUM, VALUE = (CODES[kind] for kind in (CellError.NA, CellError.NUM, CellError.VALUE))
#: what rounding does to a number at most, as a share of what was added and multiplied on the way to it: some
#: spreadsheets take a difference that is below the last five bits of its terms for 0
ROUNDING = 2.0**-46
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
#: how tightly a function binds in a formula: its arguments need no brackets
FUNCTION = 9
#: how tightly a maths text holds together; what holds less than its place wants stands in brackets
CHOICE, COMPARISON, MINUS, SUM, QUOTIENT, PRODUCT, PHRASE, WORD = range(8)


@dataclass(frozen=True, slots=True)
class Notation:
    """How an operator is written: its text from that of its arguments, and how tightly it and they must hold."""

    text: Callable[..., str]
    holds: int
    wants: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Operator:
    """What an operator means.

    arity: how many arguments it takes; None for any number. excel: a sign between its arguments, or (binds is
    `FUNCTION`) a function's name. arrays, floats: its value, of arrays elementwise and of single floats. words: its
    notation, from that of its arguments. partials: its derivatives by each argument. magnitude: the size of its
    result's rounding, from (value, magnitude) pairs. takes: `numbers`; `texts` as well; `ranges`, the `Cells` of
    one in place of a value; `errors`, which it may catch. cells: its value where that is more than `arrays` of
    numbers. hides: whether its result may be finite where an argument is not.
    """

    name: str
    arity: int | None
    excel: str
    binds: int
    arrays: Callable[..., Any]
    floats: Callable[..., Any] | None = None
    words: Notation | None = None
    partials: Callable[..., tuple[Expr, ...]] | None = None
    magnitude: Callable[..., Any] | None = None
    takes: str = "numbers"
    cells: Callable[..., Any] | None = None
    hides: bool = False

    @property
    def reports(self) -> bool:
        """Whether only sheets that report on others may use it."""
        return self.partials is None


class Cells:
    """What the cells of a range hold, from left to right and top to bottom; an empty one holds None."""

    def __init__(self, values: Sequence[Value | None] | Array) -> None:
        self.values = values

    @property
    def numbers(self) -> Array:
        """The numbers and error cells among them, as functions that add up or compare see them."""
        if isinstance(self.values, np.ndarray):
            return self.values
        return np.array([coded(v) for v in self.values if not isinstance(v, (str, bool, type(None)))], dtype=float)

    def at(self, position: int) -> Any:
        """One of them, counted from 1; an empty one is 0."""
        if not 1 <= position <= len(self.values):
            return CODES[CellError.REF]
        value = self.values[position - 1]
        return 0.0 if value is None else coded(value)


def is_error(value: Any) -> bool:
    """Whether a single value stands for an error cell."""
    return not isinstance(value, (str, Cells)) and np.ndim(value) == 0 and not math.isfinite(value)


def _power(base: Any, exponent: Any) -> Any:
    result = base
    for _ in range(int(exponent) - 1):
        result = result * base
    return result


def _power_rule(base: Expr, exponent: Expr) -> tuple[Expr, ...]:
    assert isinstance(exponent, Const)
    n = int(exponent.value)
    return times(Const(n), base if n == 2 else Apply("pow", (base, Const(n - 1)))), ZERO


def _flag(test: Any) -> Any:
    return np.where(test, 1.0, 0.0)


def _compared(test: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A comparison of numbers or texts; every text is larger than every number, and case does not count."""

    def compare(left: Any, right: Any) -> Any:
        if isinstance(left, str) or isinstance(right, str):
            ranked = [(isinstance(v, str), v.upper() if isinstance(v, str) else float(v)) for v in (left, right)]
            return 1.0 if test(*ranked) else 0.0
        return _flag(test(np.asarray(left, dtype=float), np.asarray(right, dtype=float)))

    return compare


def _if(condition: Any, then: Any, otherwise: Any) -> Any:
    """The branch that is not taken is skipped, errors and all; a condition that is an error remains."""
    if isinstance(then, str) or isinstance(otherwise, str):
        if is_error(float(condition)):
            return float(condition)
        return then if condition else otherwise
    taken = np.where(np.not_equal(condition, 0), then, otherwise)
    return np.where(np.isfinite(condition), taken, condition)


def _is_number(value: Any) -> Any:
    return 0.0 if isinstance(value, str) else _flag(np.isfinite(value))


def _if_error(value: Any, otherwise: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(otherwise, str):
        return otherwise if is_error(float(value)) else value
    return np.where(np.isfinite(value), value, otherwise)


def _if_error_size(value: tuple[Any, Any], otherwise: tuple[Any, Any]) -> Any:
    return value[1] if isinstance(value[0], str) else np.where(np.isfinite(value[0]), value[1], otherwise[1])


def _whole(*_: tuple[Any, Any]) -> float:
    """The size of what is either 0 or 1."""
    return 1.0


def _logged(value: tuple[Any, Any]) -> Any:
    """The size of a logarithm: the last digits of a number far from 1 count little."""
    return 1.0 + np.abs(np.log(np.abs(value[0])))


def text_of(value: Any) -> str:
    """A value as it is joined to a text."""
    return value if isinstance(value, str) else f"{float(value) + 0.0:.15g}"


def _rounded(value: Any, places: Any, halves: str = ROUND_HALF_UP) -> Any:
    """As a spreadsheet rounds: halves away from 0, counted in the decimals that it shows."""
    if np.ndim(value):
        return np.array([_rounded(v, places, halves) for v in value.tolist()])
    if not math.isfinite(value) or abs(value) >= 1e15:
        return value
    step = Decimal(1).scaleb(-int(places))
    return float(Decimal(f"{value:.15g}").quantize(step, halves))


def _logarithm(of: Callable[[float], float]) -> Callable[[Any], Any]:
    """A logarithm to its last digit: NumPy's own differ from those of spreadsheets in the last one."""

    def logarithm(values: Any) -> Any:
        flat = np.ravel(values).tolist()
        found = np.array([of(value) if 0 < value < math.inf else NUM for value in flat])
        return found.reshape(np.shape(values))

    return logarithm


def _numbers(operands: Sequence[Any]) -> Array:
    parts = [v.numbers if isinstance(v, Cells) else np.ravel(v) for v in operands if not isinstance(v, str)]
    return np.concatenate(parts) if parts else np.array([])


def _reduced(reduce: Callable[[Array], float]) -> Callable[..., float]:
    """A function of all numbers of its arguments: the first error cell among them is its value."""

    def reduction(*operands: Any) -> float:
        numbers = _numbers(operands)
        bad = numbers[~np.isfinite(numbers)]
        return float(bad[0]) if bad.size else float(reduce(numbers))

    return reduction


def _added(numbers: Array) -> float:
    return float(np.add.accumulate(numbers)[-1]) if numbers.size else 0.0


def _match(wanted: Any, cells: Cells, _: Any) -> float:
    key = wanted if isinstance(wanted, str) else float(wanted)
    found = (float(i) for i, cell in enumerate(cells.values, 1) if not isinstance(cell, CellError) and cell == key)
    return next(found, NA)


def _count_if(cells: Cells, wanted: Any) -> float:
    """How many cells are equal to a value or, for ">1", above it."""
    if isinstance(wanted, str) and wanted.startswith(">"):
        numbers = cells.numbers
        return float((numbers[np.isfinite(numbers)] > float(wanted[1:])).sum())
    return float(sum(not isinstance(cell, CellError) and cell == wanted for cell in cells.values))


def _count_filled(cells: Cells) -> float:
    return float(sum(value is not None for value in cells.values))


def _slope(ys: Cells, xs: Cells) -> float:
    """The slope of the straight line that fits best; #DIV/0! where x never changes."""
    pairs = [(coded(x), coded(y)) for x, y in zip(xs.values, ys.values, strict=True)]
    bad = [v for column in (1, 0) for pair in pairs if is_error(v := pair[column])]
    if bad:
        return float(bad[0])
    x, y = np.array([pair for pair in pairs if all(isinstance(v, float) for v in pair)]).reshape(-1, 2).T
    if not x.size:
        return math.nan
    centred = x - x.mean()
    spread = float(centred @ centred)
    return float(centred @ (y - y.mean())) / spread if spread else math.nan


# A row is easier to read as a few long lines than as one argument a line.
# fmt: off
_ROWS = (
    Operator(
        "add", 2, "+", 3, np.add, python.add, Notation(lambda u, v: f"{u} + {v}", SUM, (SUM, SUM)),
        lambda u, v: (ONE, ONE), lambda u, v: u[1] + v[1],
    ),
    Operator(
        "sub", 2, "-", 3, np.subtract, python.sub, Notation(lambda u, v: f"{u} − {v}", SUM, (SUM, QUOTIENT)),
        lambda u, v: (ONE, Const(-1)), lambda u, v: u[1] + v[1],
    ),
    Operator(
        "mul", 2, "*", 4, np.multiply, python.mul, Notation(lambda u, v: f"{u}·{v}", PRODUCT, (PRODUCT, PRODUCT)),
        lambda u, v: (v, u), lambda u, v: u[1] * v[1],
    ),
    Operator(
        "div", 2, "/", 4, np.divide, python.truediv, Notation(lambda u, v: f"{u} / {v}", QUOTIENT, (PRODUCT, PHRASE)),
        lambda u, v: (ONE / v, negate(u / v**2)), lambda u, v: u[1] * v[1] / v[0] ** 2,
    ),
    Operator(
        "neg", 1, "-", 0, np.negative, python.neg, Notation(lambda u: f"−{u}", MINUS, (QUOTIENT,)),
        lambda u: (Const(-1),), lambda u: u[1],
    ),
    Operator(
        "pow", 2, "^", 5, _power, _power,
        Notation(lambda u, n: f"{u}{n.translate(_SUPERSCRIPT)}", PHRASE, (WORD, WORD)),
        _power_rule, lambda u, n: n[0] * u[1] * np.maximum(np.abs(u[0]), ROUNDING * u[1]) ** (n[0] - 1),
    ),
    Operator(
        "sqrt", 1, "SQRT", FUNCTION, np.sqrt, math.sqrt, Notation(lambda u: f"√({u})", PHRASE, (CHOICE,)),
        lambda u: (Const(0.5) / Apply("sqrt", (u,)),),
        lambda u: np.where(np.equal(u[0], 0), np.sqrt(u[1]), u[1] / np.sqrt(u[0])),
    ),
    Operator(
        "max", 2, "MAX", FUNCTION, np.maximum, max,
        Notation(lambda u, v: f"max({u}, {v})", WORD, (COMPARISON, COMPARISON)),
        lambda u, v: (where(Apply("gt", (u, v)), 1, 0), where(Apply("gt", (u, v)), 0, 1)),
        lambda u, v: np.maximum(u[1], v[1]), hides=True,
    ),
    Operator(
        "min", 2, "MIN", FUNCTION, np.minimum, min,
        Notation(lambda u, v: f"min({u}, {v})", WORD, (COMPARISON, COMPARISON)),
        lambda u, v: (where(Apply("gt", (u, v)), 0, 1), where(Apply("gt", (u, v)), 1, 0)),
        lambda u, v: np.maximum(u[1], v[1]), hides=True,
    ),
    Operator(
        "gt", 2, ">", 1, lambda u, v: _flag(u > v), lambda u, v: 1.0 if u > v else 0.0,
        Notation(lambda u, v: f"{u} > {v}", COMPARISON, (MINUS, MINUS)),
        lambda u, v: (ZERO, ZERO), lambda u, v: 1.0, takes="texts", cells=_compared(python.gt), hides=True,
    ),
    Operator(
        "where", 3, "IF", FUNCTION, lambda c, u, v: np.where(c != 0, u, v), lambda c, u, v: u if c != 0 else v,
        Notation(lambda c, u, v: f"{u} if {c}, else {v}", CHOICE, (COMPARISON, COMPARISON, CHOICE)),
        lambda c, u, v: (ZERO, where(c, 1, 0), where(c, 0, 1)),
        lambda c, u, v: np.where(np.not_equal(c[0], 0), u[1], v[1]),
        takes="errors", cells=_if, hides=True,
    ),
    Operator("lt", 2, "<", 1, _compared(python.lt), magnitude=_whole, takes="texts"),
    Operator("le", 2, "<=", 1, _compared(python.le), magnitude=_whole, takes="texts"),
    Operator("eq", 2, "=", 1, _compared(python.eq), magnitude=_whole, takes="texts"),
    Operator("ne", 2, "<>", 1, _compared(python.ne), magnitude=_whole, takes="texts"),
    Operator("join", 2, "&", 2, lambda u, v: text_of(u) + text_of(v), takes="texts"),
    Operator(
        "and", None, "AND", FUNCTION, lambda *u: _flag(np.all([np.not_equal(v, 0) for v in u], axis=0)),
        magnitude=_whole,
    ),
    Operator(
        "or", None, "OR", FUNCTION, lambda *u: _flag(np.any([np.not_equal(v, 0) for v in u], axis=0)),
        magnitude=_whole,
    ),
    Operator("is_number", 1, "ISNUMBER", FUNCTION, _is_number, magnitude=_whole, takes="errors"),
    Operator("if_error", 2, "IFERROR", FUNCTION, _if_error, magnitude=_if_error_size, takes="errors"),
    Operator("na", 0, "NA", FUNCTION, lambda: NA, takes="errors"),
    Operator("abs", 1, "ABS", FUNCTION, np.abs, magnitude=lambda u: u[1]),
    Operator("log10", 1, "LOG10", FUNCTION, _logarithm(math.log10), magnitude=_logged),
    Operator("ln", 1, "LN", FUNCTION, _logarithm(math.log), magnitude=_logged),
    Operator("round", 2, "ROUND", FUNCTION, _rounded, magnitude=lambda u, places: u[1]),
    Operator(
        "round_down", 2, "ROUNDDOWN", FUNCTION, lambda u, places: _rounded(u, places, ROUND_DOWN),
        magnitude=lambda u, places: u[1],
    ),
    Operator(
        "power", 2, "^", 5, lambda u, v: np.power(np.asarray(u, dtype=float), v),
        magnitude=lambda u, v: np.where(np.equal(u[0], 0), 0.0, np.abs(u[0]) ** v[0] * u[1] / np.abs(u[0])),
    ),
    Operator("mod", 2, "MOD", FUNCTION, lambda u, v: u - v * np.floor(u / v)),
    Operator("left", 2, "LEFT", FUNCTION, lambda u, n: text_of(u)[: int(n)], takes="texts"),
    Operator("mid", 3, "MID", FUNCTION, lambda u, i, n: text_of(u)[int(i) - 1 : int(i) - 1 + int(n)], takes="texts"),
    Operator("trim", 1, "TRIM", FUNCTION, lambda u: " ".join(text_of(u).split()), takes="texts"),
    Operator("sum", None, "SUM", FUNCTION, _reduced(_added), takes="ranges"),
    Operator("sumsq", None, "SUMSQ", FUNCTION, _reduced(lambda u: _added(u * u)), takes="ranges"),
    Operator("largest", None, "MAX", FUNCTION, _reduced(lambda u: u.max() if u.size else 0.0), takes="ranges"),
    Operator("smallest", None, "MIN", FUNCTION, _reduced(lambda u: u.min() if u.size else 0.0), takes="ranges"),
    Operator("mean", None, "AVERAGE", FUNCTION, _reduced(lambda u: _added(u) / u.size), takes="ranges"),
    Operator("devsq", 1, "DEVSQ", FUNCTION, _reduced(lambda u: _added((u - u.mean()) ** 2)), takes="ranges"),
    Operator("count", 1, "COUNT", FUNCTION, lambda u: float(np.isfinite(_numbers([u])).sum()), takes="ranges"),
    Operator("count_filled", 1, "COUNTA", FUNCTION, _count_filled, takes="ranges"),
    Operator("count_if", 2, "COUNTIF", FUNCTION, _count_if, takes="ranges"),
    Operator("slope", 2, "SLOPE", FUNCTION, _slope, takes="ranges"),
    Operator("match", 3, "MATCH", FUNCTION, _match, takes="ranges"),
    Operator("index", 2, "INDEX", FUNCTION, lambda cells, position: cells.at(int(position)), takes="ranges"),
)
# fmt: on

#: every operator by name
OPERATORS: Mapping[str, Operator] = {row.name: row for row in _ROWS}
ARITIES.update((row.name, row.arity) for row in _ROWS)
