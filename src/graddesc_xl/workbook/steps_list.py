"""All steps of a sheet in one unbroken list: live, as NumPy had them, and the difference.

Charts draw from the live part, `check` counts in the differences, and a reader can filter it. The epochs come
first, the discarded passes last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..evaluate import Array
from ..verdict import EXACT, EXPLODED, SETTLED
from .cells import Area, Formula, a1, cached, column_letters, quoted
from .layout import BEST_FIT, FIRST_DATA
from .live import Live, Range, call, constant, live, live_range, text
from .sheet import Reference, Sheet
from .step_sheet import StepSheet
from .style import FAINT, LABEL, SECTION, Style, number_format

HEADER, FIRST_ROW = 5, 6
FIRST_COLUMN = 3
#: differences are relative, but never to less than this
FLOOR = 1e-6
#: and rounded to so many decimals: what is left of a last bit is not worth an address
DIGITS = 10


@dataclass(frozen=True)
class StepsList:
    """The composed list of one experiment."""

    of: StepSheet
    sheet: Sheet
    names: tuple[str, ...]
    verdict: Reference

    @property
    def rows(self) -> int:
        """Rows of the list, discarded passes included."""
        return self.of.trace.plan.blocks * self.of.layout.samples

    @property
    def kept(self) -> int:
        """Rows of the epochs."""
        return self.of.trace.plan.epochs * self.of.layout.samples

    @property
    def lines(self) -> range:
        """The rows of the list on its sheet."""
        return range(FIRST_ROW, FIRST_ROW + self.rows)

    def place(self, part: int, column: str) -> int:
        """The sheet's column of a plan's column: live (part 0), NumPy's (1) or the difference (2)."""
        return FIRST_COLUMN + part * (len(self.names) + 1) + self.names.index(column)

    def live(self, column: str, first: int = 0, count: int | None = None) -> Area:
        """The live cells of a column for the given steps of the epochs."""
        return self._area(self.place(0, column), first, self.kept if count is None else count)

    def steps(self, first: int = 0, count: int | None = None) -> Area:
        """The numbers of the steps."""
        return self._area(2, first, self.kept if count is None else count)

    def differences(self, column: str) -> Area:
        """The differences of a column in all rows."""
        return self._area(self.place(2, column), 0, self.rows)

    def target(self, weight: str) -> tuple[Area, Area]:
        """The two points of a weight's target: steps and values."""
        column = FIRST_COLUMN + 2 * (len(self.names) + 1)
        at = column + 1 + list(self.of.trace.plan.targets).index(weight)
        return Area(self.sheet.name, 2, column, 3, column), Area(self.sheet.name, 2, at, 3, at)

    def _area(self, column: int, first: int, count: int) -> Area:
        top = FIRST_ROW + first
        return Area(self.sheet.name, top, column, top + count - 1, column)


def difference(mine: float, theirs: float | str) -> float:
    """What a cell of the third part shows; an error cell agrees with an error's name."""
    if isinstance(theirs, str):
        return float(math.isfinite(mine))
    return round(abs(mine - theirs) / max(abs(theirs), FLOOR), DIGITS) if math.isfinite(mine) else 1.0


def compose(of: StepSheet, engine: Mapping[str, Array], data: Sheet) -> StepsList:
    """The list for a sheet; engine: column -> the values NumPy had, shape (blocks, samples)."""
    plan, layout = of.trace.plan, of.layout
    names = layout.mirror.order
    sheet = Sheet(f"{plan.name} steps", frozen=(HEADER, 2), repeat_rows=(HEADER, HEADER), tab="#C9D1D9")
    width = len(names)
    starts = [FIRST_COLUMN + part * (width + 1) for part in range(3)]
    flags = starts[2] + width + 1
    n, total, kept = layout.samples, plan.blocks * layout.samples, plan.epochs * layout.samples
    sheet.put(1, 1, f"{plan.name}: every step in one list", SECTION)
    captions = (f"live, from the sheet {plan.name}", "as NumPy computed them", "relative difference")
    for start, caption in zip(starts, captions, strict=True):
        sheet.put(HEADER - 1, start, caption, Style(color=FAINT, italic=True))
        for i, name in enumerate(names):
            column = plan.column(name)
            sheet.put(
                HEADER, start + i, column.title, Style(column.role, header=True, bold=True, align="right")
            )
            sheet.widths[start + i] = 10.0
    for column, title in ((1, "epoch"), (2, "step"), (flags, "exploded")):
        sheet.put(HEADER, column, title, Style("data", header=True, bold=True, align="right"))
        sheet.widths[column] = 8.0
    for gap in (starts[1] - 1, starts[2] - 1, flags - 1):
        sheet.widths[gap] = 2.0

    target = quoted(plan.name)
    styles = [Style(plan.column(name).role, number_format(plan.column(name).role)) for name in names]
    plain = [Style(number=number_format(plan.column(name).role)) for name in names]
    gap_style, whole = Style(number="relative", color=FAINT), Style("data", "integer")
    place = [layout.columns[name] for name in names]
    letters = [[column_letters(start + i) for i in range(width)] for start in starts]
    mine = np.array([of.trace.rows[name].reshape(total) for name in names])
    theirs = np.array([engine[name].reshape(total) for name in names])
    cells = sheet.cells
    for k in range(total):
        row, source = FIRST_ROW + k, layout.row(k // n, k % n)
        block = k // n
        cells[row, 1] = (
            float(block + 1) if block < plan.epochs else f"reset {block - plan.epochs + 1}",
            whole,
        )
        cells[row, 2] = (float(k + 1) if k < kept else "", whole)
        for i in range(width):
            value, wanted = float(mine[i, k]), _constant(float(theirs[i, k]))
            cells[row, starts[0] + i] = (
                Formula(f"{target}!{column_letters(place[i])}{source}", value),
                styles[i],
            )
            cells[row, starts[1] + i] = (wanted, plain[i])
            left, right = f"{letters[0][i]}{row}", f"{letters[1][i]}{row}"
            spelled = (
                f"IF(ISNUMBER({left}),IF(ISNUMBER({right}),ROUND(ABS({left}-{right})/MAX(ABS({right}),$B$3),{DIGITS}),1),"
                f"IF(ISNUMBER({right}),1,0))"
            )
            cells[row, starts[2] + i] = (Formula(spelled, difference(value, wanted)), gap_style)
    sheet.put(2, 1, "limit", LABEL)
    sheet.put(3, 1, "floor", LABEL)
    sheet.put(3, 2, FLOOR, Style(number="relative"))
    ys = live_range(data, Area(data.name, FIRST_DATA, 3, FIRST_DATA + n - 1, 3))
    energy = call("SUMSQ", ys)
    scale = call("IF", energy.equals(0), 1, energy)
    limit = sheet.put(2, 2, (Live("10^12", EXPLODED**2, 4) * scale).formula, Style(number="amount"))
    sheet.put(2, 3, "a squared error above this counts as exploded: (10⁶)² times Σy²", Style(color=FAINT))
    sheet.put(
        3, 3, "differences are relative to NumPy's value, but never to less than this", Style(color=FAINT)
    )
    _targets(sheet, of, data, starts[2], kept)
    err = starts[0] + names.index("err")
    for k in range(kept):
        row = FIRST_ROW + k
        value = live(sheet, (row, err), home=sheet.name)
        bound = live(sheet, limit, home=sheet.name, fixed=True)
        cells[row, flags] = (
            call("IF", call("ISNUMBER", value), call("IF", value > bound, 1, 0), 1).formula,
            whole,
        )
    flagged = live_range(sheet, Area(sheet.name, FIRST_ROW, flags, FIRST_ROW + kept - 1, flags))
    verdict = _verdict(of, flagged.text, flagged.values, scale)
    _, left_of_table = of.epoch_table
    of.sheet.put(2, left_of_table, "verdict", Style(color=FAINT, valign="bottom"))
    at = of.sheet.put(2, left_of_table + 1, verdict.formula, Style(bold=True, valign="bottom"))
    return StepsList(of, sheet, names, at)


def _targets(sheet: Sheet, of: StepSheet, data: Sheet, column: int, kept: int) -> None:
    """Two points per weight that least squares determines: a level line for the charts."""
    sheet.put(1, column, "targets, for the charts", Style(color=FAINT, italic=True))
    for row, step in ((2, 1), (3, kept)):
        sheet.put(row, column, float(step), Style("data", "integer"))
        for i, fit in enumerate(of.trace.plan.targets.values()):
            value = live(data, BEST_FIT[fit])
            sheet.put(row, column + 1 + i, value.formula, Style("data", "weight"))


def _constant(value: float) -> float | str:
    """An engine's value as a typed cell: a file keeps 16 digits of a number that is typed."""
    shown = cached(value)
    return shown if isinstance(shown, str) else float(f"{shown:.16G}")


def _verdict(of: StepSheet, flags: str, flagged: Array, scale: Live) -> Live:
    """The definition of `graddesc_xl.verdict` as a formula."""
    errors = of.by_epoch("error")
    home = of.sheet.name
    last = live(of.sheet, (errors.bottom, errors.left), home=home)
    marks = Range(flags, flagged)
    small = last <= constant(EXACT) * call("SQRT", scale)
    settled = small
    if errors.bottom > errors.top:
        before = live(of.sheet, (errors.bottom - 1, errors.left), home=home)
        settled = call("OR", small, call("ABS", last - before) <= constant(SETTLED) * before)
    return call(
        "IF",
        call("SUM", marks) > 0,
        text("exploded at step ") & call("MATCH", 1, marks, 0),
        call("IF", settled, "settled", "still learning"),
    )
