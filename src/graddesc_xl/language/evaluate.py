"""What an expression is worth, and to what its rounding is relative: errors as a spreadsheet has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .expr import Apply, Const, Expr, Text
from .operators import NUM, OPERATORS, VALUE, Cells, Operator, is_error
from .values import Array, MixedError

Leaf = Callable[[Expr], Any]


def _sticky(row: Operator, args: tuple[Any, ...]) -> Any:
    """An operator's value, an error cell where it is none, or where an argument is one."""
    meaning = row.cells or row.arrays
    if row.takes in ("errors", "arrays"):
        return meaning(*args)
    texts = any(isinstance(arg, str) for arg in args)
    if texts or row.takes == "ranges":
        bad = next((arg for arg in args if is_error(arg)), None)
        if bad is not None:
            return float(bad)
        if texts and row.takes == "numbers":
            return VALUE
    result = meaning(*args)
    if isinstance(result, str):  # an error in what is joined remains
        return next(filter(is_error, args), result)
    if texts:
        return result
    if row.takes != "ranges":
        if not (row.hides or row.reports or row.name == "div") and np.isfinite(result).all():
            return result  # as all that it is made of must be
        result = np.where(np.isfinite(result), result, NUM)
        if row.name in ("div", "mod"):
            result = np.where(np.equal(args[1], 0), np.nan, result)
        if row.name == "power":
            result = np.where(np.equal(args[0], 0) & np.less(args[1], 0), np.nan, result)
        for arg in reversed(args):
            result = np.where(np.isfinite(arg), result, arg)
    return result


def evaluate(expr: Expr, leaf: Leaf) -> Any:
    """The value of an expression, elementwise, errors as a spreadsheet has them.

    leaf: gives the value (a float or an array) of every leaf but `Const`.

    >>> from graddesc_xl.language.expr import Data, maximum
    >>> float(evaluate(maximum(Data("x") * 2, 0), lambda leaf: -3.0))
    0.0
    >>> float(evaluate(maximum(Data("x") * 2, 0), lambda leaf: -np.inf))
    -inf
    """
    if isinstance(expr, Const):
        return np.float64(expr.value)
    if isinstance(expr, Text):
        return expr.value
    if not isinstance(expr, Apply):
        return leaf(expr)
    with np.errstate(all="ignore"):
        if expr.op == "where":
            return _branch(expr, leaf)
        row = OPERATORS[expr.op]
        if row.whole:
            return evaluate(row.whole(*expr.args), leaf)
        if row.takes == "arrays":
            leaf = _along(leaf)
        args = tuple(evaluate(arg, leaf) for arg in expr.args)
        if expr.op == "if_error" and isinstance(args[1], str) and np.ndim(args[0]) and not np.isfinite(args[0]).all():
            raise MixedError
        return _sticky(row, args)


def _along(leaf: Leaf) -> Leaf:
    """The leaves of what is added up over the cells of ranges: these along an axis of their own, the last."""

    def along(of: Expr) -> Any:
        value = leaf(of)
        if isinstance(value, Cells):
            return value.each
        return value[:, None] if np.ndim(value) else value

    return along


def _along_size(leaf: Leaf, size: Leaf | None) -> Leaf | None:
    """Their sizes."""
    if size is None:
        return None
    given, worth = size, _along(leaf)

    def along(of: Expr) -> Any:
        if isinstance(leaf(of), Cells):
            return np.abs(worth(of))
        found = given(of)
        return found[:, None] if np.ndim(found) else found

    return along


def _branch(expr: Apply, leaf: Leaf) -> Any:
    """The value of a choice: a branch that nothing takes is not computed."""
    condition, then, otherwise = expr.args
    chosen = evaluate(condition, leaf)
    if isinstance(chosen, str):
        return VALUE
    if np.isfinite(chosen).all():
        if np.all(chosen):
            return evaluate(then, leaf)
        if not np.any(chosen):
            return evaluate(otherwise, leaf)
    elif np.ndim(chosen) == 0:
        return float(chosen)
    branches = evaluate(then, leaf), evaluate(otherwise, leaf)
    if np.ndim(chosen) and any(isinstance(branch, str) for branch in branches):
        raise MixedError
    return _sticky(OPERATORS["where"], (chosen, *branches))


def magnitude(expr: Expr, leaf: Leaf, size: Leaf | None = None) -> Any:
    """The size of what was added and multiplied on the way to a value: what rounding is measured against.

    A difference of two large, nearly equal numbers is small, but its rounding error is theirs.
    leaf: as in `evaluate`. size: gives the magnitude of a leaf, where that is not the size of its value.

    >>> from graddesc_xl.language.expr import Data
    >>> float(magnitude(Data("x") - Data("y"), lambda leaf: 1e6))
    2000000.0
    """
    if isinstance(expr, Const):
        return abs(expr.value)
    if isinstance(expr, Text):
        return 0.0
    if not isinstance(expr, Apply):
        return _size(leaf(expr)) if size is None else size(expr)
    with np.errstate(all="ignore"):
        row, outside = OPERATORS[expr.op], leaf
        if row.whole:
            return magnitude(row.whole(*expr.args), leaf, size)
        if row.takes == "arrays":
            leaf, size = _along(leaf), _along_size(leaf, size)
        parts = [(evaluate(arg, leaf), magnitude(arg, leaf, size)) for arg in expr.args]
        if row.takes == "numbers" and any(isinstance(value, str) for value, _ in parts):
            return 0.0  # of an error
        return _as_its_arguments(evaluate(expr, outside), parts) if row.magnitude is None else row.magnitude(*parts)


def _size(value: Any) -> Any:
    """The size of a leaf's value; a range has none of its own."""
    return 0.0 if isinstance(value, Cells) else np.abs(value)


def _as_its_arguments(value: Any, parts: list[tuple[Any, Any]]) -> Any:
    """The size of a value that keeps as many digits as the worst of the numbers it is made of."""
    if isinstance(value, str):
        return 0.0
    numbers = [part for part in parts if not isinstance(part[0], (str, Cells))]
    grown: Any = 1.0
    for number, size in numbers:
        grown = np.maximum(grown, np.where(np.equal(number, 0), 1.0, size / np.abs(number)))
    return np.abs(value) * grown


def reduce(reduction: str, values: Array) -> Any:
    """A reduction of a column over its rows (the first axis), summed from top to bottom as a sheet does."""
    if reduction == "last":
        return values[-1]
    if reduction == "count":
        return np.isfinite(values).sum(axis=0).astype(float)
    with np.errstate(all="ignore"):
        total = np.add.accumulate(values * values if reduction == "sumsq" else values, axis=0)[-1]
    if np.isfinite(total).all():
        return total
    finite = np.isfinite(values)
    first_error = np.take_along_axis(values, np.argmin(finite, axis=0)[None], axis=0)[0]
    return np.where(finite.all(axis=0), np.where(np.isfinite(total), total, np.inf), first_error)
