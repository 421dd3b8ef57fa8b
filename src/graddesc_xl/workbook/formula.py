"""An expression as the text of a cell's formula."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..language.expr import Apply, Const, Expr, Text
from ..language.operators import FUNCTION, OPERATORS, outermost


def number(value: float) -> str:
    """A constant as spreadsheets read it: not all of them read a capital E.

    >>> number(1e-9), number(-2.5e20)
    ('1e-9', '(-2.5e+20)')
    """
    text = re.sub(r"(?<=e[+-])0+", "", f"{value:.15g}")
    return f"({text})" if value < 0 else text


def render(expr: Expr, leaf: Callable[[Expr], str]) -> str:
    """The formula without its leading `=`.

    leaf: gives the reference of every leaf but `Const`.

    >>> from graddesc_xl.language.expr import Data
    >>> render(-(Data("x") - Data("y")) ** 2 * 3, lambda leaf: leaf.name.upper())
    '(-((X-Y)^2))*3'
    """
    if isinstance(expr, Const):
        return number(expr.value)
    if isinstance(expr, Text):
        return quoted_text(expr.value)
    if not isinstance(expr, Apply):
        return leaf(expr)
    row = OPERATORS[expr.op]
    if row.whole:
        return render(row.whole(*expr.args), leaf)
    texts = [render(arg, leaf) for arg in expr.args]
    if row.binds == FUNCTION:
        return f"{row.excel}({','.join(texts)})"
    for position, arg in enumerate(map(outermost, expr.args)):
        if isinstance(arg, Apply) and _loose(row.binds, OPERATORS[arg.op].binds, position, power=row.excel == "^"):
            texts[position] = f"({texts[position]})"
    return row.excel + texts[0] if len(texts) == 1 else row.excel.join(texts)


def _loose(outer: int, inner: int, position: int, *, power: bool) -> bool:
    """Whether an argument needs brackets. Excel's unary minus (0) binds tighter than its power: it wraps what it

    negates and is wrapped itself.
    """
    return inner < outer or (inner == outer and (position > 0 or power)) or (outer == 0 and inner < FUNCTION)


def quoted_text(words: str) -> str:
    """Text as a formula spells it."""
    return '"' + words.replace('"', '""') + '"'
