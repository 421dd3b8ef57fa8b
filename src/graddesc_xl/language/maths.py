"""Formulas written in Python, with ordinary operators and these functions.

>>> a, b, x = names("a b x")
>>> from graddesc_xl.language.parse import spell
>>> spell(tanh(a * x + b) ** 2)
'tanh(a*x + b)**2'
"""

from __future__ import annotations

from collections.abc import Callable

from . import expr
from .expr import Apply, Expr, Here, wrap

maximum, minimum, sqrt, where = expr.maximum, expr.minimum, expr.sqrt, expr.where


def names(text: str) -> tuple[Here, ...]:
    """The names in a text, parted by spaces or commas, as parts of formulas."""
    return tuple(Here(name) for name in text.replace(",", " ").split())


def _function(op: str) -> Callable[[Expr | float], Expr]:
    def applied(value: Expr | float) -> Expr:
        return Apply(op, (wrap(value),))

    applied.__name__, applied.__doc__ = op, f"`{op}` of a formula or a number."
    return applied


absolute = _function("abs")
cos = _function("cos")
exp = _function("exp")
leaky_relu = _function("leaky_relu")
log = _function("log")
relu = _function("relu")
sigmoid = _function("sigmoid")
sin = _function("sin")
softplus = _function("softplus")
tanh = _function("tanh")
