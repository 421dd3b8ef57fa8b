"""Derivatives: one rule per operator, and the gradient of an error as columns.

Each column is differentiated by itself and the results are chained across columns, so that a sheet shows the
chain rule the way it is done by hand: `d_pred = 2*(pred-y)`, `d_h = d_pred*c`, `d_a = d_h*x`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .expr import Apply, Const, Expr, Here, Param, leaves, substitute, where

ZERO, ONE = Const(0), Const(1)


def _is_sub(expr: Expr) -> bool:
    return isinstance(expr, Apply) and expr.op == "sub"


def negate(expr: Expr) -> Expr:
    """-expr, as one would write it: -(u-v) is v-u, -(u*(v-w)) is u*(w-v)."""
    if isinstance(expr, Const):
        return Const(-expr.value)
    if isinstance(expr, Apply):
        if expr.op == "neg":
            return expr.args[0]
        if expr.op == "sub":
            return Apply("sub", (expr.args[1], expr.args[0]))
        if expr.op == "mul" and any(_is_sub(arg) or isinstance(arg, Const) for arg in expr.args):
            left, right = expr.args
            return Apply("mul", (left, negate(right)) if _is_sub(right) else (negate(left), right))
    return Apply("neg", (expr,))


def plus(left: Expr, right: Expr) -> Expr:
    """left + right without the zeros."""
    if left == ZERO:
        return right
    return left if right == ZERO else Apply("add", (left, right))


def times(left: Expr, right: Expr) -> Expr:
    """left * right without zeros, ones and minus ones."""
    if ZERO in (left, right):
        return ZERO
    if left == ONE:
        return right
    if right == ONE:
        return left
    if right == Const(-1):
        return negate(left)
    return negate(right) if left == Const(-1) else Apply("mul", (left, right))


def _power_rule(base: Expr, exponent: Expr) -> tuple[Expr, ...]:
    assert isinstance(exponent, Const)
    n = int(exponent.value)
    return times(Const(n), base if n == 2 else Apply("pow", (base, Const(n - 1)))), ZERO


#: operator -> the partial derivatives with respect to its arguments
PARTIALS: Mapping[str, Callable[..., tuple[Expr, ...]]] = {
    "add": lambda u, v: (ONE, ONE),
    "sub": lambda u, v: (ONE, Const(-1)),
    "mul": lambda u, v: (v, u),
    "div": lambda u, v: (ONE / v, negate(u / v**2)),
    "neg": lambda u: (Const(-1),),
    "pow": _power_rule,
    "sqrt": lambda u: (Const(0.5) / Apply("sqrt", (u,)),),
    "max": lambda u, v: (where(Apply("gt", (u, v)), 1, 0), where(Apply("gt", (u, v)), 0, 1)),
    "min": lambda u, v: (where(Apply("gt", (u, v)), 0, 1), where(Apply("gt", (u, v)), 1, 0)),
    "gt": lambda u, v: (ZERO, ZERO),
    "where": lambda c, u, v: (ZERO, where(c, 1, 0), where(c, 0, 1)),
}


def derivative(expr: Expr, leaf: Expr) -> Expr:
    """d expr / d leaf, every other leaf held still.

    >>> from graddesc_xl.expr import Data, Here
    >>> derivative((Data("y") - Here("pred")) ** 2, Here("pred")) == 2 * (Here("pred") - Data("y"))
    True
    """
    if expr == leaf:
        return ONE
    if not isinstance(expr, Apply):
        return ZERO
    total: Expr = ZERO
    for arg, partial in zip(expr.args, PARTIALS[expr.op](*expr.args), strict=True):
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
                total = plus(total, times(adjoint[user], derivative(forward[user], Here(target))))
        shared = isinstance(total, Here) and total.column in columns
        if isinstance(total, Apply) or (target in weights and not shared):
            same = next((name for name, expr in columns.items() if expr == total), f"d_{target}")
            columns[same] = total
            by.setdefault(same, target)
            total = Here(same)
        adjoint[target] = total
    return _named_after_weights(columns, by, {w: adjoint[w] for w in weights})


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


def same(left: Expr, right: Expr) -> bool:
    """Whether two expressions are one but for the order of what is added or multiplied: to the last bit, in pairs."""
    if not (isinstance(left, Apply) and isinstance(right, Apply)):
        return left == right
    orders = [right.args, right.args[::-1]] if right.op in ("add", "mul") else [right.args]
    return left.op == right.op and any(all(map(same, left.args, order)) for order in orders)


def nudged(expr: Expr, weight: str, step: Param) -> Expr:
    """The expression with `weight + h` in the place of the weight: the upper end of a finite difference."""
    return substitute(expr, lambda leaf: leaf + step if leaf == Here(weight) else leaf)
