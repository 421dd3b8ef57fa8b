"""What a program that computes with longer numbers does where a double overflows: it goes on.

Where a double's result, or what it is computed from, is beyond 1.8e308, a cell is #NUM!. A program with longer
numbers shows a number there, and whatever is computed from it differs as well. These cells, and no others, are left
out of a comparison.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..workbook.cells import Area, CellError, Formula, column_number
from ..workbook.sheet import Sheet

#: a number from here on came from, or goes to, numbers that no double holds
HUGE = 1e300
#: how far apart two numbers may be that agree
CLOSE = 1e-9

_REFERENCE = re.compile(
    r"""(?:'((?:[^']|'')+)'!|([A-Za-z_]\w*)!)?\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?(?![\w(])"""
)
_TEXT = re.compile(r'"(?:[^"]|"")*"')

Values = Mapping[str, Mapping[tuple[int, int], Any]]


def left_out(sheets: list[Sheet], values: Values) -> tuple[Values, Counter[str]]:
    """The values with those that overflowed replaced by the ones composed, and how many these are by sheet.

    values: sheet -> cell -> what a program with longer numbers computed.
    """
    differing = {
        (sheet.name, at): formula
        for sheet in sheets
        if sheet.name in values
        for at, formula in sheet.formulas().items()
        if not _close(values[sheet.name].get(at), formula.value)
    }
    beyond = {
        (sheet, at) for (sheet, at), formula in differing.items() if _overflowed(values[sheet].get(at), formula.value)
    }
    if beyond:
        _follow(differing, beyond)
    kept = {name: dict(cells) for name, cells in values.items()} if beyond else values
    for sheet, at in beyond:
        kept[sheet][at] = differing[sheet, at].value  # type: ignore[index]  # a copy
    return kept, Counter(sheet for sheet, _ in beyond)


def _close(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isfinite(found) and abs(found - wanted) <= CLOSE * abs(wanted)
    return bool(found == wanted)


def _overflowed(found: Any, wanted: Any) -> bool:
    """Whether a cell has a number that no double holds, or one computed from such where a double has none."""
    if not isinstance(found, float):
        return False
    return not math.isfinite(found) or (wanted is CellError.NUM and abs(found) > HUGE)


def _follow(differing: Mapping[tuple[str, tuple[int, int]], Formula], beyond: set[tuple[str, tuple[int, int]]]) -> None:
    """Add to the cells beyond what a double holds those that differ because they read one of them."""
    reads = {cell: [*_references(formula.text, cell[0])] for cell, formula in differing.items()}
    growing = True
    while growing:
        by_sheet: dict[str, list[tuple[int, int]]] = {}
        for sheet, at in beyond:
            by_sheet.setdefault(sheet, []).append(at)
        more = {
            cell
            for cell, areas in reads.items()
            if cell not in beyond
            and any(_holds(area, row, column) for area in areas for row, column in by_sheet.get(area.sheet, ()))
        }
        beyond |= more
        growing = bool(more)


def _holds(area: Area, row: int, column: int) -> bool:
    return area.top <= row <= area.bottom and area.left <= column <= area.right


def _references(formula: str, home: str) -> Iterator[Area]:
    """The cells that a formula of the sheet `home` reads."""
    for match in _REFERENCE.finditer(_TEXT.sub('""', formula)):
        quoted, name, left, top, right, bottom = match.groups()
        sheet = quoted.replace("''", "'") if quoted else name or home
        first, last = column_number(left), column_number(right or left)
        yield Area(sheet, int(top), first, int(bottom or top), last)
