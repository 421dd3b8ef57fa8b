"""What a program that computes with longer numbers does where a double overflows: it goes on.

Where a double's result, or what it is computed from, is beyond 1.8e308, a cell is #NUM!. A program with longer
numbers shows a number there, and whatever is computed from it differs as well. These cells, and no others, are left
out of a comparison.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..language.values import CellError
from ..workbook.sheet import Sheet
from .references import following, references

#: a number from here on came from, or goes to, numbers that no double holds
HUGE = 1e300
#: how far apart two numbers may be that agree
CLOSE = 1e-9

Values = Mapping[str, Mapping[tuple[int, int], Any]]


def left_out(sheets: list[Sheet], values: Values) -> tuple[Values, Counter[str]]:
    """The values with those that overflowed replaced by the ones composed, and how many these are by sheet.

    values: sheet -> cell -> what a program with longer numbers computed.
    """
    differing = {
        (sheet.name, *at): formula
        for sheet in sheets
        if sheet.name in values
        for at, formula in sheet.formulas().items()
        if not _close(values[sheet.name].get(at), formula.value)
    }
    beyond = {
        (sheet, row, column)
        for (sheet, row, column), formula in differing.items()
        if _overflowed(values[sheet].get((row, column)), formula.value)
    }
    if beyond:
        beyond = following({cell: references(f.text, cell[0]) for cell, f in differing.items()}, beyond)
    kept = {name: dict(cells) for name, cells in values.items()} if beyond else values
    for sheet, row, column in beyond:
        kept[sheet][row, column] = differing[sheet, row, column].value  # type: ignore[index]  # a copy
    return kept, Counter(sheet for sheet, *_ in beyond)


def _close(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isfinite(found) and abs(found - wanted) <= CLOSE * abs(wanted)
    return bool(found == wanted)


def _overflowed(found: Any, wanted: Any) -> bool:
    """Whether a cell has a number that no double holds, or one computed from such where a double has none."""
    if not isinstance(found, float):
        return False
    return not math.isfinite(found) or (wanted is CellError.NUM and abs(found) > HUGE)
