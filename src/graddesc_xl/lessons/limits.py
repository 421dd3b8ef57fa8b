"""What a workbook has no room for, said before anything is computed; and what can be built but not verified."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import GraddescWarning, SettingError
from ..sheets.kind import WITHOUT, ordinal
from ..workbook.cells import COLUMNS, MOST_CELLS, ROWS

if TYPE_CHECKING:
    from ..workbook.sheet import Sheet
    from .lesson import Lesson

#: how much larger than allowed an estimate must be to count
SURELY = 1.1


def foresee(of: Lesson) -> bool:
    """Warn of a lesson whose workbook will be larger than what is read to be verified; whether it was.

    Raises SettingError where its sheets will not have room.
    """
    for sheet, data in of.data.items():
        if len(data.names) >= COLUMNS or len(data) >= ROWS:
            raise SettingError(
                f"{sheet}: {len(data):,} samples of {len(data.names):,} columns are more than a sheet has room for, "
                f"with its {ROWS:,} rows and {COLUMNS:,} columns: choose some of them."
            )
    cells = sum(kind.size() for kind in of.kinds)
    return cells > SURELY * MOST_CELLS and _warn(of, round(cells, 2 - len(str(cells))), "about ")


def check(of: Lesson, sheets: Sequence[Sheet], *, warned: bool) -> None:
    """The same of its composed sheets: all that was not foreseen."""
    for sheet in sheets:
        rows, columns = sheet.extent
        if rows > ROWS or columns > COLUMNS:
            raise SettingError(
                f"{sheet.name} would have {rows:,} rows and {columns:,} columns, and a sheet has {ROWS:,} and "
                f"{COLUMNS:,}: take fewer samples, epochs or runs."
            )
    cells = sum(len(sheet.cells) + sum(len(fill.values) for fill in sheet.fills) for sheet in sheets)
    if cells > MOST_CELLS and not warned:
        _warn(of, cells)


def _warn(of: Lesson, cells: int, about: str = "") -> bool:
    part = -(-cells // MOST_CELLS)
    share = "half" if part == 2 else f"a {ordinal(part)} of"
    warnings.warn(
        f"{of.name} is built, but with {about}{cells:,} cells it cannot be verified, as verify reads up to "
        f"{MOST_CELLS:,}: take {share} the epochs or every {ordinal(part)} sample, {WITHOUT}.",
        GraddescWarning,
        stacklevel=2,
    )
    return True
