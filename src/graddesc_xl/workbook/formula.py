"""An expression as the text of a cell's formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..expr import Apply, Const, Expr

#: operator -> (how tightly it binds, its text from the texts of its arguments). Excel's unary minus binds
#: tighter than its power, so a minus always wraps what it negates and is wrapped itself.
EXCEL: Mapping[str, tuple[int, Callable[..., str]]] = {
    "gt": (1, lambda u, v: f"{u}>{v}"),
    "add": (2, lambda u, v: f"{u}+{v}"),
    "sub": (2, lambda u, v: f"{u}-{v}"),
    "mul": (3, lambda u, v: f"{u}*{v}"),
    "div": (3, lambda u, v: f"{u}/{v}"),
    "neg": (0, lambda u: f"-{u}"),
    "pow": (4, lambda u, v: f"{u}^{v}"),
    "sqrt": (9, lambda u: f"SQRT({u})"),
    "max": (9, lambda u, v: f"MAX({u},{v})"),
    "min": (9, lambda u, v: f"MIN({u},{v})"),
    "where": (9, lambda c, u, v: f"IF({c},{u},{v})"),
}
_FUNCTIONS = {op for op, (binds, _) in EXCEL.items() if binds == 9}


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

    >>> from graddesc_xl.expr import Data
    >>> render(-(Data("x") - Data("y")) ** 2 * 3, lambda leaf: leaf.name.upper())
    '(-((X-Y)^2))*3'
    """
    if isinstance(expr, Const):
        return number(expr.value)
    if not isinstance(expr, Apply):
        return leaf(expr)
    binds, spell = EXCEL[expr.op]
    texts = []
    for position, arg in enumerate(expr.args):
        text = render(arg, leaf)
        if isinstance(arg, Apply) and expr.op not in _FUNCTIONS:
            inner = EXCEL[arg.op][0]
            if inner < binds or (inner == binds and (position > 0 or expr.op == "pow")) or (binds == 0 and inner < 9):
                text = f"({text})"
        texts.append(text)
    return spell(*texts)
