"""Differences of live cells from the values NumPy had: as a number, as a formula, and what they are relative to.

A difference is relative to NumPy's value. Where a cell is what large numbers leave of each other, rounding can do
more to it than the tolerance allows: there it is relative to a larger number, of which the tolerance is just that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..evaluate import ROUNDING, Array
from ..plan import Input
from .cells import Area, CellError, Formula, a1, cell_value, column_letters, quoted
from .formula import number
from .live import Live, call, live, live_range
from .sheet import Reference, Sheet
from .style import FAINT, Style

#: the difference above which a cell counts as off, as built, and the cell that holds it
TOLERANCE = Input("tolerance", 1e-7, "tolerance", "the difference above which a cell is counted as off", 1e-12, 1.0)
TOLERANCE_AT = Reference("check", 4, 2)
#: what the column says that names the first column of each step that is off
COLUMN_OFF = "column off"
COLUMN_OFF_NOTE = f"""{COLUMN_OFF}
0, or the number of the first column of this step, in the order of computation, that is off: that differs from \
NumPy's value by more than the tolerance."""
#: what a sheet says where nothing is off
NOWHERE = "–"
#: spreadsheets take smaller numbers for 0, and not all of them can hold larger ones
SMALLEST, LARGEST = 1e-300, 1e300
#: the square of a larger number is an error cell, unless a spreadsheet computes with more digits than others
HUGE = 1e150


@dataclass(frozen=True, slots=True)
class Wanted:
    """The value NumPy had for a cell, as a typed cell holds it, and the number to which differences are relative.

    scale: 0 for a value that can only be 0.
    """

    value: float | str
    scale: float

    def difference(self, mine: float) -> float:
        """How far a live value is from NumPy's; an error cell, or a huge number, agrees with an error's name."""
        if isinstance(self.value, str):
            return float(math.isfinite(mine) and abs(mine) < HUGE)
        if not self.scale:
            return float(mine != 0)
        found = abs(mine - self.value) / self.scale
        return found if math.isfinite(found) else 1.0

    def spelled(self, mine: str, theirs: str = "") -> str:
        """The same as a formula. theirs: the cell that holds NumPy's value, unless the formula is to hold it."""
        if isinstance(self.value, str):
            return f"IFERROR(IF(ABS({mine})<{number(HUGE)},1,0),0)"
        if not self.scale:
            return f"IFERROR(IF({mine}=0,0,1),1)"
        if self.scale != abs(self.value):
            return f"IFERROR(ABS({mine}-{theirs or number(self.value)})/{number(self.scale)},1)"
        if theirs:
            return f"IFERROR(ABS({mine}-{theirs})/ABS({theirs}),1)"
        return f"IFERROR(ABS({mine}/{number(self.value)}-1),1)"


def wanted(value: float, reach: float) -> Wanted:
    """An engine's value as a typed cell: a file keeps 16 digits of a number that is typed.

    reach: how far rounding can move the cell.
    """
    shown = cell_value(value)
    if isinstance(shown, CellError):
        return Wanted(shown.value, 1.0)
    typed = float(f"{shown:.16G}")
    least = min(max(reach / TOLERANCE.value, SMALLEST if reach else 0.0), LARGEST)
    own = abs(typed)
    return Wanted(typed, float(f"{least:.3g}") if own < least else own)


def all_wanted(values: Array, nudged: Array, sizes: Array) -> list[Wanted]:
    """`wanted` for many values.

    nudged: those of the same run from other last digits. sizes: what was added and multiplied on the way to each.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        reach = np.where(np.isfinite(nudged), np.abs(nudged - values), np.inf) + ROUNDING * sizes
    return [wanted(value, far) for value, far in zip(values.ravel().tolist(), reach.ravel().tolist(), strict=True)]


def tolerance(sheet: Sheet, row: int, column: int, value: float) -> Live:
    """Put a copy of the tolerance into a cell; a reference to it for formulas of the same sheet."""
    there = f"{quoted(TOLERANCE_AT.sheet)}!{a1(TOLERANCE_AT.row, TOLERANCE_AT.column, fixed=True)}"
    sheet.put(row, column, Formula(there, value), Style(number="relative", color=FAINT))
    return live(sheet, (row, column), home=sheet.name, fixed=True)


def first_of_row(cells: Sequence[tuple[int, str, float]], limit: Live) -> Formula:
    """The number of the first cell of a row whose difference is above the limit, 0 where none is.

    cells: number, difference as a formula and as a value, in the order in which they are computed.
    """
    spelled = "".join(f"IF({difference}>{limit.text},{i}," for i, difference, _ in cells)
    found = next((i for i, _, value in cells if value > limit.number), 0)
    return Formula(f"{spelled}0{')' * len(cells)}", float(found))


def first_off(
    sheet: Sheet, flags: Area, row: int, columns: Sequence[int], of: Sequence[int], *, before: int = 0
) -> tuple[Live, Live]:
    """Put into a row below or above some columns the first step in which each of them is the first that is off.

    flags: for each step the number of that column, from 1, or 0. of: the columns of the sheet that they compare.
    before: how many of the steps, the last, come before the others in time; they are numbered up to -1.
    Returns the first of the steps, 0 where nothing is off, and the letters of its column.
    """
    split = flags.bottom - before
    after = live_range(sheet, replace(flags, bottom=split), home=sheet.name)
    for i, column in enumerate(columns, 1):
        found = call("IFERROR", call("MATCH", float(i), after, 0), NOWHERE)
        if before:
            passes = live_range(sheet, replace(flags, top=split + 1), home=sheet.name)
            found = call("IFERROR", call("MATCH", float(i), passes, 0) - float(before + 1), found)
        sheet.put(row, column, found.formula, Style("data", "integer", color=FAINT, align="right"))
    firsts = live_range(sheet, Area(sheet.name, row, columns[0], row, columns[-1]), home=sheet.name)
    step = call("MIN", firsts)
    letters = "".join(f"{column_letters(column):3}" for column in of)
    return step, call("TRIM", call("MID", letters, call("MATCH", step, firsts, 0) * 3 - 2, 3.0))
