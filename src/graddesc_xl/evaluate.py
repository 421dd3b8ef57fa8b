"""What an expression is worth: a table of NumPy functions, and a spreadsheet's rules for errors.

Everywhere in this package a cell's value is a float64 and an error cell is one of two floats:
`inf` is #NUM! (an overflow, the root of a negative number), `nan` is #DIV/0!. As in a spreadsheet an error
sticks to everything computed from it, `MAX` and `IF` included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .expr import Apply, Const, Expr

Array = NDArray[np.float64]
Leaf = Callable[[Expr], Any]


def _power(base: Any, exponent: Any) -> Any:
    result = base
    for _ in range(int(exponent) - 1):
        result = result * base
    return result


#: operator -> its NumPy function; whole powers are products, as in the generated code
NUMPY: Mapping[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "pow": _power,
    "sqrt": np.sqrt,
    "max": np.maximum,
    "min": np.minimum,
    "gt": lambda u, v: np.where(np.greater(u, v), 1.0, 0.0),
    "where": lambda c, u, v: np.where(np.not_equal(c, 0), u, v),
}


def _sticky(op: str, args: tuple[Any, ...]) -> Any:
    result = NUMPY[op](*args)
    result = np.where(np.isfinite(result), result, np.inf)
    if op == "div":
        result = np.where(np.equal(args[1], 0), np.nan, result)
    if op == "where":  # the branch that is not taken is skipped, errors and all
        condition, then, otherwise = args
        taken = np.where(np.not_equal(condition, 0), then, otherwise)
        return np.where(np.isfinite(condition), taken, condition)
    for arg in reversed(args):
        result = np.where(np.isfinite(arg), result, arg)
    return result


def evaluate(expr: Expr, leaf: Leaf) -> Any:
    """The value of an expression, elementwise, errors as a spreadsheet has them.

    leaf: gives the value (a float or an array) of every leaf but `Const`.

    >>> from graddesc_xl.expr import Data, maximum
    >>> float(evaluate(maximum(Data("x") * 2, 0), lambda leaf: -3.0))
    0.0
    >>> float(evaluate(maximum(Data("x") * 2, 0), lambda leaf: -np.inf))
    -inf
    """
    if isinstance(expr, Const):
        return np.float64(expr.value)
    if not isinstance(expr, Apply):
        return leaf(expr)
    with np.errstate(all="ignore"):
        return _sticky(expr.op, tuple(evaluate(arg, leaf) for arg in expr.args))


def _largest(*magnitudes: Any) -> Any:
    result = magnitudes[0]
    for magnitude in magnitudes[1:]:
        result = np.maximum(result, magnitude)
    return result


#: what rounding does to a number at most, as a share of what was added and multiplied on the way to it: some
#: spreadsheets take a difference that is below the last five bits of its terms for 0
ROUNDING = 2.0**-46

#: operator -> an upper bound of the result's rounding scale, from (value, magnitude) pairs of its arguments
MAGNITUDE: Mapping[str, Callable[..., Any]] = {
    "add": lambda u, v: u[1] + v[1],
    "sub": lambda u, v: u[1] + v[1],
    "mul": lambda u, v: u[1] * v[1],
    "div": lambda u, v: u[1] * v[1] / v[0] ** 2,
    "neg": lambda u: u[1],
    "pow": lambda u, n: n[0] * u[1] * np.maximum(np.abs(u[0]), ROUNDING * u[1]) ** (n[0] - 1),
    "sqrt": lambda u: np.where(np.equal(u[0], 0), np.sqrt(u[1]), u[1] / np.sqrt(u[0])),
    "max": lambda u, v: _largest(u[1], v[1]),
    "min": lambda u, v: _largest(u[1], v[1]),
    "gt": lambda u, v: 1.0,
    "where": lambda c, u, v: np.where(np.not_equal(c[0], 0), u[1], v[1]),
}


def magnitude(expr: Expr, leaf: Leaf, size: Leaf | None = None) -> Any:
    """The size of what was added and multiplied on the way to a value: what rounding is measured against.

    A difference of two large, nearly equal numbers is small, but its rounding error is theirs.
    leaf: as in `evaluate`. size: gives the magnitude of a leaf, where that is not the size of its value.

    >>> from graddesc_xl.expr import Data
    >>> float(magnitude(Data("x") - Data("y"), lambda leaf: 1e6))
    2000000.0
    """
    if isinstance(expr, Const):
        return abs(expr.value)
    if not isinstance(expr, Apply):
        return np.abs(leaf(expr)) if size is None else size(expr)
    with np.errstate(all="ignore"):
        return MAGNITUDE[expr.op](*((evaluate(arg, leaf), magnitude(arg, leaf, size)) for arg in expr.args))


def reduce(reduction: str, values: Array) -> Any:
    """A reduction of a column over its rows (the first axis), summed from top to bottom as a sheet does."""
    if reduction == "last":
        return values[-1]
    finite = np.isfinite(values)
    if reduction == "count":
        return finite.sum(axis=0).astype(float)
    with np.errstate(all="ignore"):
        total = np.add.accumulate(values * values if reduction == "sumsq" else values, axis=0)[-1]
    first_error = np.take_along_axis(values, np.argmin(finite, axis=0)[None], axis=0)[0]
    return np.where(finite.all(axis=0), np.where(np.isfinite(total), total, np.inf), first_error)
