"""What formulas that report on others often say."""

from __future__ import annotations

from collections.abc import Sequence

from .expr import Expr, Text, call, where, wrap

#: what a cell shows that has nothing to name
NONE = "–"
#: a cell that charts leave out
GAP = call("na")


def log10(value: Expr) -> Expr:
    """The logarithm of a value, #N/A where it has none."""
    return call("if_error", call("log10", value), GAP)


def positive(value: Expr, most: float = 1e300) -> Expr:
    """The value where a logarithmic axis can show it, #N/A where it is not positive, above `most` or no number."""
    return call("if_error", where(call("and", value > 0, value <= most), value, GAP), GAP)


def floor(value: Expr) -> Expr:
    """The largest whole number that is not above a value between -2000 and 2000.

    Of negative numbers spreadsheets have different ideas what INT is; all know how to cut off decimals.
    """
    return call("round_down", value + 2000, 0) - 2000


def missing(cells: Sequence[tuple[Expr, Expr | str]], otherwise: Expr | str = NONE) -> Expr:
    """The name of the first cell that holds no number, or else. cells: each with its name."""
    found = wrap(otherwise)
    for cell, name in reversed(cells):
        found = where(call("is_number", cell), found, name)
    return found


def joined(parts: Sequence[Expr | str]) -> Expr:
    """Texts and values one after the other; neighbouring texts become one."""
    found: list[Expr] = []
    for part in map(wrap, parts):
        if isinstance(part, Text) and found and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].value + part.value)
        elif part != Text(""):
            found.append(part)
    said = found[0] if found else Text("")
    for part in found[1:]:
        said = said & part
    return said


def listed(items: Sequence[tuple[Expr, Expr | str]]) -> Expr:
    """The names whose condition holds, as –, one, another; – where none does. items: each a condition and a name."""
    said: Expr = Text(NONE)
    for condition, name in items:
        said = said & where(condition, Text(", ") & name, "")
    return said
