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
from typing import Any

import numpy as np

from .expr import ARITIES, Apply, Const, Expr, maximum, minimum, where
from .simplify import ONE, ZERO, negate, times
from .values import CODES, Array, CellError, MixedError, Nothing, Value, coded

NA, NUM, VALUE = (CODES[kind] for kind in (CellError.NA, CellError.NUM, CellError.VALUE))
#: what rounding does to a number at most, as a share of what was added and multiplied on the way to it: some
#: spreadsheets take a difference that is below the last five bits of its terms for 0
ROUNDING = 2.0**-46
#: the same of what is squared once a run of hundreds of steps, each of which passed it on, has left nothing else
PASSED_ON = 4 * ROUNDING
#: of a leaky ReLU, the slope where it is not on: that of PyTorch
LEAK = 0.01
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
    one in place of a value; `arrays`, an expression of ranges for each of their cells; `errors`, which it may catch.
    cells: its value where that is more than `arrays` of numbers. hides: whether its result may be finite where an
    argument is not. whole: where it is put together from other operators, the expression that it stands for: cells and
    the engine compute that.
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
    whole: Callable[..., Expr] | None = None

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

    @property
    def each(self) -> Array:
        """All of them as arithmetic sees them, one by one: an empty one is 0, a text no number."""
        if isinstance(self.values, np.ndarray):
            return self.values
        return np.array([0.0 if v is None else VALUE if isinstance(v, str) else coded(v) for v in self.values], float)

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


def _each(of: Callable[..., float], arguments: int = 1) -> Callable[..., Any]:
    """A function of arrays that is the one of single floats, to the last bit; #NUM! where that has no value."""

    def single(*values: float) -> float:
        try:
            return of(*values)
        except (ValueError, OverflowError):
            return NUM

    elements = np.frompyfunc(single, arguments, 1)
    return lambda *values: np.asarray(elements(*values), dtype=float)


def _raised(base: float, exponent: float) -> float:
    """A power as spreadsheets have it: of 0 there is none but to a positive exponent."""
    if base == 0 and exponent <= 0:
        raise ValueError
    return math.pow(base, exponent)


def _raised_rule(base: Expr, exponent: Expr) -> tuple[Expr, ...]:
    less = Const(exponent.value - 1) if isinstance(exponent, Const) else exponent - 1
    down = base if less == ONE else Apply("power", (base, less))
    return times(exponent, down), times(Apply("power", (base, exponent)), Apply("log", (base,)))


def _raised_size(base: tuple[Any, Any], exponent: tuple[Any, Any]) -> Any:
    (u, size), (v, also) = base, exponent
    value = np.abs(np.power(np.abs(np.asarray(u, dtype=float)), v))
    grown = np.abs(v) * size / np.abs(u) + also * np.abs(np.log(np.abs(u)))
    return np.where(np.equal(u, 0), 0.0, value * np.maximum(1.0, grown))


def _flag(test: Any) -> Any:
    return np.where(test, 1.0, 0.0)


def _flat(test: Callable[[Any, Any], bool]) -> Callable[[float, float], float]:
    """A comparison of single floats."""
    return lambda u, v: 1.0 if test(u, v) else 0.0


def _called(name: str) -> Notation:
    """The notation of a function of one argument."""
    return Notation(lambda u: f"{name}({u})", WORD, (CHOICE,))


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
    return 0.0 if isinstance(value, (str, Nothing)) else _flag(np.isfinite(value))


def _if_error(value: Any, otherwise: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(otherwise, str):
        return otherwise if is_error(value) else value
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
    if isinstance(value, Nothing):
        return ""
    if np.ndim(value):
        raise MixedError
    return value if isinstance(value, str) else f"{float(value) + 0.0:.15g}".upper()


def _rounded(value: Any, places: Any, halves: str = "ROUND_HALF_UP") -> Any:
    """As a spreadsheet rounds: halves away from 0, counted in the decimals that it shows."""
    if np.ndim(value):
        return np.array([_rounded(v, places, halves) for v in value.tolist()])
    if not math.isfinite(value) or abs(value) >= 1e15:
        return value
    from decimal import Decimal

    step = Decimal(1).scaleb(-int(places))
    return float(Decimal(f"{value:.15g}").quantize(step, halves))


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


def _mean(numbers: Array) -> float:
    """Their mean; of none there is none."""
    return _added(numbers) / numbers.size if numbers.size else math.nan


def _spread(numbers: Array) -> float:
    """The sum of the squares of how far each is from their mean."""
    mean = _mean(numbers)
    return _added((numbers - mean) ** 2) if math.isfinite(mean) else mean


def _summed(terms: Any) -> Any:
    """The sum along the last axis; the first error cell on it is its value."""
    if not np.ndim(terms):
        return terms
    finite, total = np.isfinite(terms), np.add.accumulate(terms, axis=-1)[..., -1]
    first = np.take_along_axis(terms, np.argmin(finite, axis=-1)[..., None], axis=-1)[..., 0]
    return np.where(finite.all(axis=-1), np.where(np.isfinite(total), total, NUM), first)


def _match(wanted: Any, cells: Cells, _: Any) -> float:
    key = wanted if isinstance(wanted, str) else float(wanted)
    found = (float(i) for i, cell in enumerate(cells.values, 1) if not isinstance(cell, CellError) and cell == key)
    return next(found, NA)


def _index(cells: Cells, positions: Any) -> Any:
    """One of the cells, or one for each of several positions."""
    if np.ndim(positions):
        return np.array([cells.at(int(position)) for position in positions], dtype=float)
    return cells.at(int(positions))


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
    bad = [v for column in (1, 0) for pair in pairs if isinstance(v := pair[column], float) and is_error(v)]
    if bad:
        return float(bad[0])
    x, y = np.array([pair for pair in pairs if all(isinstance(v, float) for v in pair)]).reshape(-1, 2).T
    if not x.size:
        return math.nan
    centred = x - x.mean()
    spread = float(centred @ centred)
    return float(centred @ (y - y.mean())) / spread if spread else math.nan


def _put_together(
    name: str, words: Notation, whole: Callable[[Expr], Expr], partial: Callable[[Expr], Expr]
) -> Operator:
    """An operator of one argument that is put together from others."""

    def nothing(_: Any) -> Any:
        raise AssertionError(f"{name} is computed as what it is put together from")

    return Operator(name, 1, "", FUNCTION, nothing, words=words, partials=lambda u: (partial(u),), whole=whole)


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
        _power_rule, lambda u, n: n[0] * u[1] * np.maximum(np.abs(u[0]), PASSED_ON * u[1]) ** (n[0] - 1),
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
    *(
        Operator(
            name, 2, excel, 1, _compared(test), _flat(test),
            Notation(lambda u, v, sign=sign: f"{u} {sign} {v}", COMPARISON, (MINUS, MINUS)),
            lambda u, v: (ZERO, ZERO), _whole, takes="texts", hides=True,
        )
        for name, excel, sign, test in (
            ("gt", ">", ">", python.gt), ("lt", "<", "<", python.lt), ("le", "<=", "≤", python.le),
            ("ge", ">=", "≥", python.ge), ("eq", "=", "=", python.eq), ("ne", "<>", "≠", python.ne),
        )
    ),
    Operator(
        "where", 3, "IF", FUNCTION, lambda c, u, v: np.where(c != 0, u, v), lambda c, u, v: u if c != 0 else v,
        Notation(lambda c, u, v: f"{u} if {c}, else {v}", CHOICE, (COMPARISON, COMPARISON, CHOICE)),
        lambda c, u, v: (ZERO, where(c, 1, 0), where(c, 0, 1)),
        lambda c, u, v: np.where(np.not_equal(c[0], 0), u[1], v[1]),
        takes="errors", cells=_if, hides=True,
    ),
    Operator(
        "power", 2, "^", 5, _each(_raised, 2), _raised, Notation(lambda u, v: f"{u}^{v}", PHRASE, (WORD, WORD)),
        _raised_rule, _raised_size, hides=True,
    ),
    Operator(
        "exp", 1, "EXP", FUNCTION, _each(math.exp), math.exp, _called("exp"),
        lambda u: (Apply("exp", (u,)),), lambda u: np.exp(u[0]) * (1.0 + u[1]), hides=True,
    ),
    Operator(
        "log", 1, "LN", FUNCTION, _each(math.log), math.log, _called("ln"),
        lambda u: (ONE / u,), lambda u: np.abs(np.log(np.abs(u[0]))) + u[1] / np.abs(u[0]),
    ),
    Operator(
        "abs", 1, "ABS", FUNCTION, np.abs, abs, Notation(lambda u: f"|{u}|", WORD, (CHOICE,)),
        lambda u: (Apply("sign", (u,)),), lambda u: u[1],
    ),
    Operator(
        "sign", 1, "SIGN", FUNCTION, np.sign, lambda u: (u > 0.0) - (u < 0.0) + 0.0, _called("sign"),
        lambda u: (ZERO,), _whole, hides=True,
    ),
    Operator(
        "floor", 1, "INT", FUNCTION, np.floor, lambda u: float(math.floor(u)),
        Notation(lambda u: f"⌊{u}⌋", WORD, (CHOICE,)), lambda u: (ZERO,), lambda u: u[1] + 1.0,
    ),
    Operator(
        "sin", 1, "SIN", FUNCTION, _each(math.sin), math.sin, _called("sin"),
        lambda u: (Apply("cos", (u,)),), lambda u: u[1],
    ),
    Operator(
        "cos", 1, "COS", FUNCTION, _each(math.cos), math.cos, _called("cos"),
        lambda u: (negate(Apply("sin", (u,))),), lambda u: u[1] + 1.0,
    ),
    Operator(
        "tanh", 1, "TANH", FUNCTION, _each(math.tanh), math.tanh, _called("tanh"),
        lambda u: (ONE - Apply("tanh", (u,)) ** 2,),
        lambda u: np.abs(np.tanh(u[0])) + (1.0 - np.tanh(u[0]) ** 2) * u[1], hides=True,
    ),
    Operator("pi", 0, "PI", FUNCTION, lambda: math.pi, lambda: math.pi, Notation(lambda: "π", WORD, ()),
             lambda: (), lambda: math.pi),
    _put_together(
        "relu", Notation(lambda u: f"max({u}, 0)", WORD, (COMPARISON,)),
        lambda u: maximum(u, 0), lambda u: where(u > 0, 1, 0),
    ),
    _put_together("leaky_relu", _called("leaky relu"), lambda u: maximum(u, LEAK * u), lambda u: where(u > 0, 1, LEAK)),
    _put_together(
        "sigmoid", _called("sigmoid"),
        lambda u: Apply("exp", (minimum(u, 0),)) / (1 + Apply("exp", (-Apply("abs", (u,)),))),
        lambda u: times(Apply("sigmoid", (u,)), ONE - Apply("sigmoid", (u,))),
    ),
    _put_together(
        "softplus", _called("softplus"),
        lambda u: maximum(u, 0) + Apply("log", (1 + Apply("exp", (-Apply("abs", (u,)),)),)),
        lambda u: Apply("sigmoid", (u,)),
    ),
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
    Operator("log10", 1, "LOG10", FUNCTION, _each(math.log10), magnitude=_logged),
    Operator("round", 2, "ROUND", FUNCTION, _rounded, magnitude=lambda u, places: u[1]),
    Operator(
        "round_down", 2, "ROUNDDOWN", FUNCTION, lambda u, places: _rounded(u, places, "ROUND_DOWN"),
        magnitude=lambda u, places: u[1],
    ),
    Operator("mod", 2, "MOD", FUNCTION, lambda u, v: u - v * np.floor(np.divide(u, v))),
    Operator("left", 2, "LEFT", FUNCTION, lambda u, n: text_of(u)[: int(n)], takes="texts"),
    Operator("mid", 3, "MID", FUNCTION, lambda u, i, n: text_of(u)[int(i) - 1 : int(i) - 1 + int(n)], takes="texts"),
    Operator("trim", 1, "TRIM", FUNCTION, lambda u: " ".join(text_of(u).split()), takes="texts"),
    Operator("sum", None, "SUM", FUNCTION, _reduced(_added), takes="ranges"),
    Operator("sumsq", None, "SUMSQ", FUNCTION, _reduced(lambda u: _added(u * u)), takes="ranges"),
    Operator("largest", None, "MAX", FUNCTION, _reduced(lambda u: u.max() if u.size else 0.0), takes="ranges"),
    Operator("smallest", None, "MIN", FUNCTION, _reduced(lambda u: u.min() if u.size else 0.0), takes="ranges"),
    Operator("mean", None, "AVERAGE", FUNCTION, _reduced(_mean), takes="ranges"),
    Operator("devsq", 1, "DEVSQ", FUNCTION, _reduced(_spread), takes="ranges"),
    Operator(
        "sum_product", 1, "SUMPRODUCT", FUNCTION, _summed,
        magnitude=lambda u: np.sum(np.broadcast_to(u[1], np.shape(u[0])), axis=-1) if np.ndim(u[0]) else u[1],
        takes="arrays",
    ),
    Operator("count", 1, "COUNT", FUNCTION, lambda u: float(np.isfinite(_numbers([u])).sum()), takes="ranges"),
    Operator("count_filled", 1, "COUNTA", FUNCTION, _count_filled, takes="ranges"),
    Operator("count_if", 2, "COUNTIF", FUNCTION, _count_if, takes="ranges"),
    Operator("slope", 2, "SLOPE", FUNCTION, _slope, takes="ranges"),
    Operator("match", 3, "MATCH", FUNCTION, _match, takes="ranges"),
    Operator("index", 2, "INDEX", FUNCTION, _index, takes="ranges"),
)
# fmt: on

#: every operator by name
OPERATORS: Mapping[str, Operator] = {row.name: row for row in _ROWS}
ARITIES.update((row.name, row.arity) for row in _ROWS)
#: the operators whose value is 1 or 0, which a cell shows as TRUE or FALSE
COMPARISONS = ("gt", "lt", "le", "ge", "eq", "ne")


def taken_apart(expr: Expr) -> Expr:
    """The expression with what is put together replaced by what it is put together from.

    >>> from graddesc_xl.language.expr import Here
    >>> taken_apart(Apply("relu", (Here("z"),))) == maximum(Here("z"), 0)
    True
    """
    if not isinstance(expr, Apply):
        return expr
    args = tuple(map(taken_apart, expr.args))
    whole = OPERATORS[expr.op].whole
    return Apply(expr.op, args) if whole is None else taken_apart(whole(*args))


def outermost(expr: Expr) -> Expr:
    """The expression with its outermost operator taken apart, where that is put together from others."""
    whole = OPERATORS[expr.op].whole if isinstance(expr, Apply) else None
    return outermost(whole(*expr.args)) if whole and isinstance(expr, Apply) else expr


def numeric(expr: Expr, *, condition: bool = False) -> Expr:
    """The expression with each comparison that is no condition as a number, 1 or 0, as every cell has it.

    >>> from graddesc_xl.language.expr import Here
    >>> numeric(Here("a") * (Here("z") > 0)) == Here("a") * where(Here("z") > 0, 1, 0)
    True
    """
    if not isinstance(expr, Apply):
        return expr
    args = (numeric(arg, condition=expr.op == "where" and not i) for i, arg in enumerate(expr.args))
    found = Apply(expr.op, tuple(args))
    return where(found, 1, 0) if expr.op in COMPARISONS and not condition else found
