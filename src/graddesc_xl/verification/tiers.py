"""Two tiers of comparison.

Local: each formula cell of a sheet with one row per step, recomputed from its own neighbours as they stand, the
error scaled by what was added and multiplied on the way. It names the guilty column and does not care how
chaotic a run is. Global: the values against a fresh run of the engine; it names the first step that drifts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluate import Array, evaluate, magnitude, reduce
from ..expr import Data, Expr, Foot, Here, Over, Param, Prev, State
from ..plan import Start
from ..workbook.cells import a1, cached
from ..workbook.layout import Layout, X, Y
from ..workbook.sheet import Sheet
from ..workbook.step_sheet import StepSheet
from ..workbook.steps_list import StepsList, difference
from .report import SheetResult

LOCAL, GLOBAL, LOOSE = 1e-12, 1e-9, 1e-6

Values = Mapping[tuple[int, int], Any]


def as_number(value: Any) -> float:
    """A cell's value as a float; text or nothing where a number belongs counts as an error cell."""
    return float(value) if isinstance(value, (int, float)) else math.nan


@dataclass
class Worst:
    """The worst cell so far; once one fails, the first that does, in the order of computation.

    What is computed from a wrong cell may be further off than the cell itself, but it comes after it.
    """

    error: float = 0.0
    at: tuple[int, int] = (0, 0)
    column: str = ""
    cells: int = 0
    failed: tuple[int, ...] | None = None

    def see(self, error: float, at: tuple[int, int], column: str, when: tuple[int, ...]) -> None:
        """Take in a cell; `when` orders cells as they are computed."""
        fails = error > LOCAL
        if fails and (self.failed is None or when < self.failed):
            self.error, self.at, self.column, self.failed = error, at, column, when
        elif not fails and self.failed is None and error > self.error:
            self.error, self.at, self.column = error, at, column


def scaled(found: Array, wanted: Array, scale: Array) -> Array:
    """Errors relative to a scale; infinite where one is an error cell and the other is not."""
    found, wanted, scale = np.broadcast_arrays(found, wanted, scale)
    with np.errstate(all="ignore"):
        errors = np.abs(found - wanted) / scale
    errors = np.where(found == wanted, 0.0, errors)
    both = ~np.isfinite(found) & ~np.isfinite(wanted)
    one = np.isfinite(found) != np.isfinite(wanted)
    return np.where(both, 0.0, np.where(one, np.inf, np.where(np.isfinite(errors), errors, 0.0)))


class Local:
    """The local tier for one sheet in one set of values."""

    def __init__(self, of: StepSheet, values: Values) -> None:
        self.layout: Layout = of.layout
        self.plan = of.trace.plan
        rows, width = self.layout.end, self.layout.right
        self.grid = np.full((rows + 1, width + 1), np.nan)
        for (row, column), value in values.items():
            if row <= rows and column <= width:
                self.grid[row, column] = as_number(value)
        blocks = range(self.plan.blocks)
        self.times = list(self.plan.in_time())
        self.rows = np.array([[self.layout.row(b, s) for s in range(self.layout.samples)] for b in blocks])

    def in_row(self, leaf: Expr) -> Any:
        """A leaf's values in all rows: shape (blocks, samples), or (blocks, 1), or ()."""
        match leaf:
            case Data(name):
                return self.grid[self.rows, X if name == "x" else Y]
            case Here(column):
                return self.grid[self.rows, self.layout.columns[column]]
            case Prev(column):
                above = self.grid[self.rows - 1, self.layout.columns[column]]
                above[:, 0] = [self.grid[self.layout.start(column, b)] for b in range(self.plan.blocks)]
                return above
            case State(name):
                return np.array([[self.grid[self.layout.state(name, b)]] for b in range(self.plan.blocks)])
        return self.outside(leaf, 0)

    def outside(self, leaf: Expr, block: int) -> Any:
        """The value of a leaf that stands outside the rows of a block."""
        match leaf:
            case Param(name):
                return self.grid[self.layout.cell(name)]
            case State(name):
                return self.grid[self.layout.state(name, block)]
            case Foot(name):
                at = self.layout.footer(name, block)
                assert at is not None
                return self.grid[at]
            case Over(reduction, column):
                return reduce(reduction, self.grid[self.rows[block], self.layout.columns[column]])
        raise AssertionError(leaf)

    def check(self) -> Worst:
        """Every formula cell of the sheet's blocks, recomputed from its neighbours."""
        worst, plan, layout = Worst(), self.plan, self.layout
        for i, column in enumerate(plan.columns):
            place = layout.columns[column.name]
            wanted, scale = evaluate(column.expr, self.in_row), magnitude(column.expr, self.in_row)
            errors = scaled(self.grid[self.rows, place], wanted, scale)[self.times]
            worst.cells += errors.size
            failing = np.flatnonzero(errors > LOCAL)
            position = int(failing[0]) if failing.size else int(np.argmax(errors))
            time, sample = divmod(position, layout.samples)
            at = (int(self.rows[self.times[time], sample]), place)
            worst.see(float(errors[time, sample]), at, column.title, (time, 1, sample, i))
        inputs = {layout.cell(i.name) for i in plan.inputs}
        for time, block in enumerate(self.times):
            for i, footer in enumerate(plan.footers):
                below = layout.footer(footer.name, block)
                if below is not None:
                    self._single(worst, below, footer.expr, block, footer.title, (time, 2, i))
            for item in plan.openings:
                expr, previous = plan.opening(item, block)
                at = layout.opening(item, block)
                if at not in inputs:
                    title = f"start of {plan.column(item.column).title}" if isinstance(item, Start) else item.title
                    self._single(worst, at, expr, block if previous is None else previous, title, (time, 0))
        for derived in plan.derived:
            self._single(worst, layout.cell(derived.name), derived.expr, 0, derived.label, (-1,))
        return worst

    def _single(
        self, worst: Worst, at: tuple[int, int], expr: Expr, block: int, title: str, when: tuple[int, ...]
    ) -> None:
        def leaf(e: Expr) -> Any:
            return self.outside(e, block)

        worst.cells += 1
        error = scaled(self.grid[at], evaluate(expr, leaf), magnitude(expr, leaf))
        worst.see(float(error), at, title, when)

    def drift(self, of: StepSheet) -> tuple[float, str]:
        """The global tier: the worst relative distance from a fresh run, and the first step that drifts."""
        plan, n = self.plan, self.layout.samples
        first, worst, title = plan.epochs * n, 0.0, ""
        for column in plan.columns:
            wanted = of.trace.rows[column.name][: plan.epochs]
            found = self.grid[self.rows, self.layout.columns[column.name]][: plan.epochs]
            usual = float(np.median(np.abs(wanted[np.isfinite(wanted)]))) if np.isfinite(wanted).any() else 1.0
            errors = scaled(found, wanted, np.maximum(np.abs(wanted), 1e-3 * usual)).ravel()
            drifting = np.flatnonzero(errors > GLOBAL)
            if drifting.size and drifting[0] < first:
                first, title = int(drifting[0]), column.title
            worst = max(worst, float(errors.max()))
        if not title:
            return worst, f"within {worst:.0e} of a fresh run" if worst else "equal to a fresh run"
        return worst, f"drifts from a fresh run from step {first + 1} on, first in {title}"


def step_sheet(of: StepSheet, values: Values) -> SheetResult:
    """Both tiers for a sheet with one row per step."""
    local = Local(of, values)
    worst = local.check()
    drift, note = local.drift(of)
    exploded = of.trace.verdict.kind == "exploded"
    ok = worst.error <= LOCAL and (exploded or drift <= LOOSE)
    summaries = [at for at in of.sheet.formulas() if at[1] > of.layout.width or at[0] in of.layout.tops]
    far = _farthest(of.sheet, summaries, values, noisy=exploded)
    worst.cells += len(summaries)
    if far.error > GLOBAL and ok:
        ok, worst, note = False, far, _shows(of.sheet, far, values)
    where = a1(*worst.at) if worst.error else ""
    return SheetResult(of.sheet.name, worst.cells, worst.error, where, worst.column, ok, note)


def steps_list(steps: StepsList, values: Values, of: Values) -> SheetResult:
    """The list of steps against the sheet it repeats, and its differences against its own two parts.

    values: the list's cells; of: those of the sheet it lists.
    """
    worst = Worst(cells=len(steps.sheet.formulas()))
    sources = [steps.of.layout.row(*divmod(k, steps.of.layout.samples)) for k in range(steps.rows)]
    for name, place in steps.of.layout.columns.items():
        title = steps.of.trace.plan.column(name).title
        listed, constant, gap = (steps.place(part, name) for part in range(3))
        for k, row in enumerate(steps.lines):
            mine = values[row, listed]
            repeated = distance(mine, as_number(of[sources[k], place]))
            # the differences are rounded decimals: the last one may fall either way
            error = distance(values[row, gap], difference(as_number(mine), values[row, constant]))
            if repeated or error > GLOBAL:
                at = (row, listed) if repeated else (row, gap)
                worst.see(repeated or error, at, title, (k, int(not repeated)))
    where = a1(*worst.at) if worst.error else ""
    ok = worst.failed is None
    note = "" if ok else "does not repeat the sheet it lists"
    return SheetResult(steps.sheet.name, worst.cells, worst.error, where, worst.column, ok, note)


def other_sheet(sheet: Sheet, values: Values, *, noisy: bool) -> SheetResult:
    """A sheet that reports on others: every formula cell against what it should be worth.

    noisy: a run exploded, so that last bits decide what its later numbers are; only the kinds of values are
    compared then.
    """
    cells = list(sheet.formulas())
    worst = _farthest(sheet, cells, values, noisy=noisy)
    ok = worst.error <= GLOBAL
    note = "" if ok else _shows(sheet, worst, values)
    return SheetResult(sheet.name, len(cells), worst.error, a1(*worst.at) if worst.error else "", "", ok, note)


def _farthest(sheet: Sheet, cells: Sequence[tuple[int, int]], values: Values, *, noisy: bool = False) -> Worst:
    """The cell whose value is farthest from what it should be."""
    formulas = sheet.formulas()
    worst = Worst(cells=len(cells))
    for at in cells:
        error = distance(values[at], formulas[at].value)
        if noisy and type(values[at]) is type(cached(formulas[at].value)):
            error = 0.0
        if error > worst.error:
            worst.error, worst.at = error, at
    return worst


def _shows(sheet: Sheet, worst: Worst, values: Values) -> str:
    shown = "no value" if values[worst.at] is None else repr(values[worst.at])
    return f"shows {shown}, not {sheet.formulas()[worst.at].value!r}"


def distance(found: Any, wanted: Any) -> float:
    """How far two values of any kind are apart: relative for numbers above 1, infinite for unequal text."""
    if isinstance(found, float) and isinstance(wanted, float):
        if math.isfinite(found) and math.isfinite(wanted):
            return abs(found - wanted) / max(abs(wanted), 1.0)
        return 0.0 if math.isfinite(found) == math.isfinite(wanted) else math.inf
    return 0.0 if found == wanted else math.inf
