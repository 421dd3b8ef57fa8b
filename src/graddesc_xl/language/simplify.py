"""Expressions put together without zeros, ones and needless signs, as one would write them by hand."""

from __future__ import annotations

from .expr import Apply, Const, Expr

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
