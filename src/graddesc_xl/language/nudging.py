"""A derivative by nudging alone, to some ten digits: of its formula it gives nothing away.

Six points, equally spaced around the value, are exact for polynomials up to the sixth degree. None of them crosses a
kink: which side of it is taken, and which branch, is decided where nothing is nudged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .expr import Apply, Expr, Here, call, leaves, substitute, where
from .operators import COMPARISONS, taken_apart

#: operators that keep a polynomial one, on each side of a kink
_POLYNOMIAL = {"add", "sub", "mul", "neg", "pow", "where", "max", "min", "abs", *COMPARISONS, "sign", "floor"}


def by_nudging(expr: Expr, leaf: Expr, h: Expr) -> Expr:
    """d expr / d leaf from values of the expression with the leaf up to 3h larger and smaller.

    >>> from graddesc_xl.language.evaluate import evaluate
    >>> from graddesc_xl.language.expr import Const
    >>> slope = by_nudging(Here("a") ** 3, Here("a"), Const(0.01))
    >>> round(float(evaluate(slope, lambda _: 2.0)), 9)
    12.0
    """
    first, second, third = (central(expr, leaf, h if times == 1 else times * h) for times in (1, 2, 3))
    return (third - 9 * second + 45 * first) / (60 * h)  # in this order no program drops a bracket


def central(expr: Expr, leaf: Expr, h: Expr) -> Expr:
    """By how much the expression is larger with the leaf h larger than with it h smaller."""
    whole = taken_apart(expr)
    up, down = (one_sided(whole, lambda e, end=end: end if e == leaf else e) for end in (leaf + h, leaf - h))  # type: ignore[misc]
    return up - down


def one_sided(expr: Expr, move: Callable[[Expr], Expr]) -> Expr:
    """The expression with its leaves moved, on the side of each kink where they are not."""
    if not isinstance(expr, Apply):
        return move(expr)
    moved = tuple(one_sided(arg, move) for arg in expr.args)
    if moved == expr.args:
        return expr
    match expr.op, expr.args:
        case "where", (condition, _, _):
            return where(condition, moved[1], moved[2])
        case "max", (left, right):
            return where(left > right, *moved)
        case "min", (left, right):
            return where(left > right, *reversed(moved))
        case "abs", (inner,):
            return call("sign", inner) * moved[0]
        case (("sign" | "floor"), _):
            return expr
    return expr if expr.op in COMPARISONS else Apply(expr.op, moved)


def polynomial(expr: Expr, leaf: Expr) -> bool:
    """Whether the expression is a polynomial in a leaf, on each side of a kink."""
    if not isinstance(expr, Apply) or leaf not in leaves(expr):
        return True
    inside = all(polynomial(arg, leaf) for arg in taken_apart(expr).args)  # type: ignore[attr-defined]  # still one
    by_number = expr.op == "div" and leaf not in leaves(expr.args[1])
    return inside and (taken_apart(expr).op in _POLYNOMIAL or by_number)  # type: ignore[attr-defined]


def downstream(lines: Mapping[str, Expr], last: str, leaf: Expr) -> Expr:
    """The last of some lines, with those that follow from a leaf written out and all others left as they are."""
    follows: set[str] = set()
    for name, expr in lines.items():
        if any(e == leaf or (isinstance(e, Here) and e.column in follows) for e in leaves(expr)):
            follows.add(name)

    def expand(e: Expr) -> Expr:
        if e == leaf or not isinstance(e, Here) or e.column not in follows:
            return e
        return substitute(lines[e.column], expand)

    return substitute(lines[last], expand)
