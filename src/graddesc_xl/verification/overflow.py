"""What a program that computes with longer numbers does where a double overflows: it goes on.

Where a double's result, or what it is computed from, is beyond 1.8e308, a cell is #NUM!. A program with longer
numbers shows a number there, and whatever is computed from it differs as well. These cells, and no others, are left
out of a comparison.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..language.values import CellError, same
from ..workbook.cells import Formula
from ..workbook.sheet import Sheet
from .grid import Grid, canonical, equal
from .references import following, references

#: a number from here on came from, or goes to, numbers that no double holds
HUGE = 1e300
#: how far apart two numbers may be that agree
CLOSE = 1e-9

Values = Mapping[str, Grid]


def left_out(sheets: list[Sheet], values: Values) -> tuple[Values, Counter[str]]:
    """The values with those that overflowed replaced by the ones composed, and how many these are by sheet.

    values: by sheet what a program with longer numbers computed.
    """
    differing = {
        (sheet.name, *at): formula
        for sheet in sheets
        if sheet.name in values
        for at, formula in _differing(sheet, values[sheet.name])
    }
    beyond = {
        (sheet, row, column)
        for (sheet, row, column), formula in differing.items()
        if _overflowed(values[sheet].value(row, column), formula.value)
    }
    if not beyond:
        return values, Counter()
    beyond = following({cell: references(f.text, cell[0]) for cell, f in differing.items()}, beyond)
    instead: dict[str, dict[tuple[int, int], Any]] = {}
    for sheet, row, column in beyond:
        instead.setdefault(sheet, {})[row, column] = differing[sheet, row, column].value
    kept = {name: grid.replaced(instead.get(name, {})) for name, grid in values.items()}
    return kept, Counter(sheet for sheet, *_ in beyond)


def _differing(sheet: Sheet, found: Grid) -> Iterator[tuple[tuple[int, int], Formula]]:
    """The formulas of a sheet whose values are not those composed."""
    for at, (content, _) in sheet.cells.items():
        if isinstance(content, Formula) and not _close(found.value(*at), content.value):
            yield at, content
    for fill in sheet.fills:
        if fill.template is None:
            continue
        rows: Iterable[int] = range(fill.top, fill.bottom + 1)
        if isinstance(fill.values, np.ndarray):
            numbers, wanted = found.numbers[fill.top : fill.bottom + 1, fill.column], canonical(fill.values)
            with np.errstate(all="ignore"):
                near = np.isfinite(wanted) & (np.abs(numbers - wanted) <= CLOSE * np.abs(wanted))
            close = same(numbers, wanted) | near
            rows = (np.flatnonzero(~close) + fill.top).tolist()
        for row in rows:
            content = fill.content(row)
            assert isinstance(content, Formula)
            if not _close(found.value(row, fill.column), content.value):
                yield (row, fill.column), content


def _close(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isfinite(found) and abs(found - wanted) <= CLOSE * abs(wanted)
    return equal(found, wanted)


def _overflowed(found: Any, wanted: Any) -> bool:
    """Whether a cell has a number that no double holds, or one computed from such where a double has none."""
    if not isinstance(found, float):
        return False
    return not math.isfinite(found) or (wanted is CellError.NUM and abs(found) > HUGE)
