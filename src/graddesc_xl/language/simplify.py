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
    if isinstance(right, Apply) and right.op == "neg":
        return Apply("sub", (left, right.args[0]))
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
    if isinstance(left, Const) and isinstance(right, Apply) and right.op == "mul" and isinstance(right.args[0], Const):
        return times(Const(left.value * right.args[0].value), right.args[1])
    return negate(right) if left == Const(-1) else Apply("mul", (left, right))


def folded(expr: Expr) -> Expr:
    """The expression without what a 0 or a 1 in it makes needless.

    >>> from graddesc_xl.language.expr import Here
    >>> folded(Here("c") * Const(0) + Here("d"))
    Here(column='d')
    """
    if not isinstance(expr, Apply):
        return expr
    args = tuple(map(folded, expr.args))
    match expr.op:
        case "add":
            return plus(*args)
        case "mul":
            return times(*args)
        case "sub" if args[1] == ZERO:
            return args[0]
        case "sub" if args[0] == ZERO:
            return negate(args[1])
        case "neg":
            return negate(args[0])
        case "div" if args[0] == ZERO:
            return ZERO
    return Apply(expr.op, args)
