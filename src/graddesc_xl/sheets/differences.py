"""Differences of live cells from the values NumPy had.

A difference is relative to NumPy's value. Where a cell is what large numbers leave of each other, rounding can do
more to it than the tolerance allows: there it is relative to a larger number, of which the tolerance is just that.
Cells that follow each other share a formula as far as one such number, up to three times that of each, does for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..language.evaluate import evaluate
from ..language.expr import Const, Expr, Here, Param, call, maximum, substitute, where, wrap
from ..language.operators import ROUNDING
from ..language.reports import GAP, NONE
from ..language.values import Array, CellError, cell_value, engine_value
from ..plan import Input
from ..workbook.cells import column_letters
from ..workbook.reference import Block, Cell, template
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, Style

#: the difference above which a cell counts as off, as built
TOLERANCE = Input("tolerance", 1e-7, "tolerance", "the difference above which a cell is counted as off", 1e-12, 1.0)
#: what the column says that names the first column of each step that is off
COLUMN_OFF = "column off"
COLUMN_OFF_NOTE = f"""{COLUMN_OFF}
0, or the number of the first column of this step, in the order of computation, that is off: that differs from \
NumPy's value by more than the tolerance."""
#: spreadsheets take smaller numbers for 0, and not all of them can hold larger ones
SMALLEST, LARGEST = 1e-300, 1e300
#: as many conditions stand in one another, of the 64 that Excel allows; names of columns in a text of 255 characters
NESTED, IN_A_TEXT = 50, 80
#: the square of a larger number is an error cell, unless a spreadsheet computes with more digits than others
HUGE = 1e150

MINE, THEIRS, SCALE = Here("mine"), Here("theirs"), Param("scale")
_GAP = call("abs", MINE - THEIRS)
#: how a live cell is compared where that is not by a scale of its own: with NumPy's value, with a value that can only
#: be 0, and with an error, with which a huge number agrees too
OWN, ZERO, ERROR = -1.0, -2.0, -3.0
#: the difference of a live cell from NumPy's
FORMS: Mapping[float, Expr] = {
    OWN: call("if_error", _GAP / call("abs", THEIRS), 1),
    ZERO: call("if_error", where(MINE.equals(0), 0, 1), 1),
    ERROR: call("if_error", where(call("abs", MINE) < HUGE, 1, 0), 0),
}
SCALED = call("if_error", _GAP / maximum(call("abs", THEIRS), SCALE), 1)
#: how much larger than its own the number may be to which a difference is relative
SHARED = 3
#: which rows something is true of
Rows = NDArray[np.bool_]
#: the first cell of those that share a formula, and how many there are
Stretch = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Wanted:
    """The values NumPy had for some cells, and how each is compared.

    forms: those of `FORMS`, or the number to which a difference is relative.
    """

    values: Array
    forms: Array
    _spelled: dict[tuple[float, Expr, Expr], Expr] = field(default_factory=dict, init=False, repr=False)

    def __getitem__(self, which: slice) -> Wanted:
        return Wanted(self.values[which], self.forms[which])

    @property
    def constants(self) -> Array | list[float | str]:
        """The values as cells hold them: an error by its name."""
        if np.isfinite(self.values).all():
            return self.values
        return [str(shown) if isinstance(shown := cell_value(v), CellError) else v for v in self.values.tolist()]

    def differences(self, mine: Array) -> Array:
        """How far live values are from NumPy's."""
        known = {MINE: mine, THEIRS: self.values, SCALE: self.forms}
        found: Array = evaluate(SCALED, known.__getitem__)
        for form, expr in FORMS.items():
            if (self.forms == form).any():
                found = np.where(self.forms == form, evaluate(expr, known.__getitem__), found)
        return found

    def spelled(self, at: int, mine: Expr, theirs: Expr) -> Expr:
        """The difference of one of them as an expression of the live cell and that which holds NumPy's value."""
        key = (float(self.forms[at]), mine, theirs)
        if key not in self._spelled:
            known = {MINE: mine, THEIRS: theirs, SCALE: Const(key[0])}
            self._spelled[key] = substitute(FORMS.get(key[0], SCALED), known.__getitem__)
        return self._spelled[key]


def wanted(values: Array, nudged: Array, sizes: Array) -> Wanted:
    """An engine's values and how cells are compared with them.

    nudged: those of the same run from other last digits. sizes: what was added and multiplied on the way to each.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        reach = np.where(np.isfinite(nudged), np.abs(nudged - values), np.inf) + ROUNDING * sizes
        least = np.minimum(np.maximum(reach / TOLERANCE.value, np.where(reach > 0, SMALLEST, 0.0)), LARGEST).ravel()
        values = values.ravel()
        own = (np.abs(values) >= least) & (values != 0) & np.isfinite(values)
    if own.all():
        return Wanted(values, np.broadcast_to(OWN, values.shape))
    forms = np.where(own, OWN, np.where(least > 0, least, ZERO))
    forms[~np.isfinite(values)] = ERROR
    scaled = np.flatnonzero(forms > 0)
    forms[scaled] = [float(f"{scale:.3g}") for scale in forms[scaled].tolist()]
    return Wanted(values, forms)


def joined(wanted: Sequence[Wanted], apart: Rows, free: Rows) -> tuple[list[Wanted], list[Stretch]]:
    """The same values compared by as few formulas as may be, and the cells that have one in common.

    wanted: what is compared in the same rows. apart: rows that differ in it share none. free: those that are not
    compared as built.
    """
    limits = [_limits(each.forms, each.values) for each in wanted]
    low, high = (np.column_stack(limits) for limits in zip(*limits, strict=True))
    errors = np.column_stack([each.forms == ERROR for each in wanted]) & ~free[:, None]
    low[free], high[free] = 0.0, np.inf
    kinds = np.column_stack([errors, apart])
    forms, found, first = np.empty(low.shape), [], 0
    while first < len(low):
        least, most = np.maximum.accumulate(low[first:]), np.minimum.accumulate(high[first:])
        fits = (least <= most).all(axis=1) & (kinds[first:] == kinds[first]).all(axis=1)
        count = len(fits) if fits.all() else int(fits.argmin())
        here = slice(first, first + count)
        for column, each in enumerate(wanted):
            own = each.forms[here][~free[here]]
            forms[here, column] = _form(own, float(least[count - 1, column]), float(most[count - 1, column]))
        found.append((first, count))
        first += count
    return [Wanted(each.values, forms[:, column]) for column, each in enumerate(wanted)], found


def _limits(forms: Array, values: Array) -> tuple[Array, Array]:
    """The least and the largest number to which a difference may be relative, so that cells are compared as before."""
    most = np.where(forms == ZERO, SMALLEST, np.where(forms == ERROR, np.inf, np.abs(values)))
    return np.where(forms > 0, forms, 0.0), np.where(forms > 0, SHARED * forms, most)


def _form(forms: Array, low: float, high: float) -> float:
    """How cells are compared together, from how each is alone, and from the limits of their scale."""
    for alike in (OWN, ERROR, ZERO):
        if (forms == alike).all():
            return alike
    least = max(low, SMALLEST)
    for digits in range(3):
        unit = 10.0 ** (math.floor(math.log10(least)) - digits)
        short = float(f"{math.ceil(least / unit) * unit:.2e}")
        if least <= short <= high:
            return short
    return least


def put_down(
    sheet: Sheet,
    top: int,
    column: int,
    stretches: Sequence[Stretch],
    spell: Callable[[int], Expr],
    values: Array,
    style: Style,
) -> Block:
    """Fill cells downwards, one formula for each stretch; `spell` gives it by its first row."""
    for first, count in stretches:
        spelled = template(spell(first), sheet.name, repeats=True)
        sheet.fill(top + first, column, spelled, values[first : first + count], style)
    return sheet.block(top, column, len(values))


def put_column_off(
    sheet: Sheet,
    top: int,
    column: int,
    stretches: Sequence[Stretch],
    numbers: Sequence[int],
    gaps: Callable[[int], Sequence[Expr]],
    differences: Sequence[Array],
    limit: Cell,
) -> Block:
    """Beside each step the number of the first column whose difference is above the limit, 0 where none is.

    numbers: those of the columns, in the order in which they are computed. gaps: the differences of a step, as
    expressions that are the same in each of `stretches`; differences: of all steps by columns.
    """

    def spell(row: int) -> Expr:
        each = [*zip(numbers, gaps(row), strict=True)]
        parts = [each[first : first + NESTED] for first in range(0, len(each), NESTED)]
        found = nested(parts[-1], Const(0))
        for part in reversed(parts[:-1]):
            found = call("if_error", nested(part, GAP), found)
        return found

    def nested(part: Sequence[tuple[int, Expr]], otherwise: Expr) -> Expr:
        found = otherwise
        for number, gap in reversed(part):
            found = where(gap > limit, number, found)
        return found

    tolerance = engine_value(limit.value)
    off = np.column_stack([difference > tolerance for difference in differences])
    first = np.where(off.any(axis=1), np.array(numbers, float)[off.argmax(axis=1)], 0.0)
    return put_down(sheet, top, column, stretches, spell, first, Style("data", "integer", color=FAINT))


def first_off(
    sheet: Sheet, flags: Block, row: int, columns: Sequence[int], of: Sequence[int], *, before: int = 0
) -> tuple[Expr, Expr]:
    """Put into a row below or above some columns the first step in which each of them is the first that is off.

    flags: for each step the number of that column, from 1, or 0. of: the columns of the sheet that they compare.
    before: how many of the steps, the last, come before the others in time; they are numbered up to -1.
    Returns the first of the steps, 0 where nothing is off, and the letters of its column.
    """
    top, place, steps = flags.area.top, flags.area.left, flags.area.bottom - flags.area.top + 1 - before
    after, passes = sheet.block(top, place, steps), sheet.block(top + steps, place, before)
    for i, column in enumerate(columns, 1):
        found = call("if_error", call("match", i, after, 0), NONE)
        if before:
            found = call("if_error", call("match", i, passes, 0) - (before + 1), found)
        sheet.put(row, column, found, Style("data", "integer", color=FAINT, align="right"))
    firsts = sheet.block(row, columns[0], 1, columns[-1] - columns[0] + 1)
    step = call("smallest", firsts)
    texts = ["".join(f"{column_letters(c):3}" for c in of[i : i + IN_A_TEXT]) for i in range(0, len(of), IN_A_TEXT)]
    letters = wrap(texts[0])
    for text in texts[1:]:
        letters = letters & text
    return step, call("trim", call("mid", letters, call("match", step, firsts, 0) * 3 - 2, 3))
