"""Derivatives: one rule per operator, and the gradient of an error as columns.

Each column is differentiated by itself and the results are chained across columns, so that a sheet shows the
chain rule the way it is done by hand: `d_pred = 2*(pred-y)`, `d_h = d_pred*c`, `d_a = d_h*x`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import PlanError
from .expr import Apply, Expr, Here, Param, leaves, substitute, where
from .operators import OPERATORS
from .simplify import ONE, ZERO, plus, times

#: of a line with those that it uses written out: how many parts it may have, and how deep they may nest
MOST_PARTS, DEEPEST = 20_000, 120


def derivative(expr: Expr, leaf: Expr) -> Expr:
    """d expr / d leaf, every other leaf held still.

    >>> from graddesc_xl.language.expr import Data, Here
    >>> derivative((Data("y") - Here("pred")) ** 2, Here("pred")) == 2 * (Here("pred") - Data("y"))
    True
    """
    if expr == leaf:
        return ONE
    if not isinstance(expr, Apply):
        return ZERO
    if expr.op == "where":
        condition, then, otherwise = expr.args
        slopes = derivative(then, leaf), derivative(otherwise, leaf)
        return slopes[0] if slopes[0] == slopes[1] else where(condition, *slopes)
    total: Expr = ZERO
    rule = OPERATORS[expr.op].partials
    assert rule is not None, f"{expr.op} has no derivative"
    for arg, partial in zip(expr.args, rule(*expr.args), strict=True):
        total = plus(total, times(partial, derivative(arg, leaf)))
    return total


@dataclass(frozen=True)
class Gradient:
    """The gradient of one sample's error as columns.

    columns: adjoint column name -> expression, in the order of evaluation.
    of: weight -> the name of the column that holds d error / d weight.
    by: adjoint column name -> the column or weight by which it is the derivative, the first of several.
    """

    columns: Mapping[str, Expr]
    of: Mapping[str, str]
    by: Mapping[str, str]


def gradient(forward: Mapping[str, Expr], error: str, weights: Sequence[str]) -> Gradient:
    """Reverse-mode differentiation over the columns of a model.

    forward: column -> expression in the order of evaluation; the last one is `error`.
    Adjoints that are equal to one already there share its column; a shared column bears a weight's name.
    """
    adjoint: dict[str, Expr] = {error: ONE}
    columns: dict[str, Expr] = {}
    by: dict[str, str] = {}
    users = list(forward)[::-1]
    for target in (*users[1:], *weights):
        total: Expr = ZERO
        for user in reversed(users):
            if user in adjoint and Here(target) in leaves(forward[user]):
                slope = _shared(derivative(forward[user], Here(target)), forward)
                total = plus(total, _chained(adjoint[user], slope))
        shared = isinstance(total, Here) and total.column in columns
        if isinstance(total, Apply) or (target in weights and not shared):
            same = next((name for name, expr in columns.items() if expr == total), f"d_{target}")
            columns[same] = total
            by.setdefault(same, target)
            total = Here(same)
        adjoint[target] = total
    return _named_after_weights(columns, by, {w: adjoint[w] for w in weights})


def _shared(slope: Expr, forward: Mapping[str, Expr]) -> Expr:
    """A derivative with the value of a column where it computes that again: of h = sigmoid(z) it is h*(1 - h)."""
    if not isinstance(slope, Apply):
        return slope
    found = next((name for name, expr in forward.items() if expr == slope), None)
    return Here(found) if found else Apply(slope.op, tuple(_shared(arg, forward) for arg in slope.args))


def _chained(outer: Expr, slope: Expr) -> Expr:
    """The product of the derivatives of two steps, its factors in a row without brackets."""
    if isinstance(slope, Apply) and slope.op == "mul" and outer != ONE:
        return times(_chained(outer, slope.args[0]), slope.args[1])
    return times(outer, slope)


def _named_after_weights(columns: dict[str, Expr], by: dict[str, str], adjoint: dict[str, Expr]) -> Gradient:
    names: dict[str, str] = {}
    for weight, leaf in adjoint.items():
        assert isinstance(leaf, Here), f"the error does not depend on {weight}"
        if leaf.column not in names:
            names[leaf.column], by[leaf.column] = f"d_{weight}", weight

    def rename(leaf: Expr) -> Expr:
        return Here(names.get(leaf.column, leaf.column)) if isinstance(leaf, Here) else leaf

    renamed = {names.get(name, name): substitute(expr, rename) for name, expr in columns.items()}
    of = {w: names[leaf.column] for w, leaf in adjoint.items() if isinstance(leaf, Here)}
    return Gradient(renamed, of, {names.get(name, name): target for name, target in by.items()})


def inlined(forward: Mapping[str, Expr], column: str) -> Expr:
    """A forward column as one expression of weights and data, the columns between written out."""

    def expand(leaf: Expr) -> Expr:
        return inlined(forward, leaf.column) if isinstance(leaf, Here) and leaf.column in forward else leaf

    return substitute(forward[column], expand)


def bound(forward: Mapping[str, Expr], what: str) -> None:
    """Raise PlanError for columns that `inlined` would write out as one expression without end.

    A line that uses another one twice doubles it: forty such lines in a row are a formula of a million million parts.
    """
    sizes: dict[str, tuple[int, int]] = {}

    def measured(expr: Expr) -> tuple[int, int]:
        """How many parts an expression has, and how deep they nest."""
        if isinstance(expr, Here) and expr.column in sizes:
            return sizes[expr.column]
        inner = [measured(arg) for arg in expr.args] if isinstance(expr, Apply) else []
        return 1 + sum(parts for parts, _ in inner), 1 + max((depth for _, depth in inner), default=0)

    for name, expr in forward.items():
        parts, depth = sizes[name] = measured(expr)
        if parts > MOST_PARTS or depth > DEEPEST:
            said = f"{parts:,} parts" if parts > MOST_PARTS else f"parts nested {depth} deep"
            raise PlanError(
                f"The line {name} of {what}, with the lines that it uses written out, has {said}: take fewer lines, or "
                "lines that use those before them less often."
            )


def same(left: Expr, right: Expr) -> bool:
    """Whether two expressions are one but for the order of what is added or multiplied: to the last bit, in pairs."""
    if not (isinstance(left, Apply) and isinstance(right, Apply)):
        return left == right
    orders = [right.args, right.args[::-1]] if right.op in ("add", "mul") else [right.args]
    return left.op == right.op and any(all(map(same, left.args, order)) for order in orders)


def nudged(expr: Expr, weight: str, step: Param) -> Expr:
    """The expression with `weight + h` in the place of the weight: the upper end of a finite difference."""
    return substitute(expr, lambda leaf: leaf + step if leaf == Here(weight) else leaf)
