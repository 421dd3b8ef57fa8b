"""Two tiers of comparison.

Local: each formula cell of a sheet with one row per step, recomputed from its own neighbours as they stand, the
error scaled by what was added and multiplied on the way. It names the guilty column and does not care how
chaotic a run is. Global: the values against a fresh run of the engine; it names the first step that drifts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluate import Array, evaluate, magnitude, reduce
from ..expr import Data, Expr, Foot, Here, Opening, Over, Param, Prev, State
from ..plan import Start
from ..trace import Trace
from ..workbook.cells import a1, cell_value, engine_value
from ..workbook.differences import difference, floor_of
from ..workbook.layout import Places, X, Y
from ..workbook.runs_sheet import RunsSheet
from ..workbook.sheet import Sheet
from ..workbook.step_sheet import StepSheet
from ..workbook.steps_list import StepsList
from .contents import shown
from .known import Known
from .report import SheetResult

LOCAL, GLOBAL, LOOSE = 1e-12, 1e-9, 1e-6

Values = Mapping[tuple[int, int], Any]


@dataclass
class Worst:
    """The worst cell so far; once one fails, the first that does, in the order of computation.

    What is computed from a wrong cell may be further off than the cell itself, but it comes after it.
    note: what it shows and what belongs there, where that is no matter of size.
    """

    error: float = 0.0
    at: tuple[int, int] = (0, 0)
    column: str = ""
    cells: int = 0
    failed: tuple[int, ...] | None = None
    note: str = ""

    def see(self, error: float, at: tuple[int, int], column: str, when: tuple[int, ...], note: str = "") -> None:
        """Take in a cell; `when` orders cells as they are computed."""
        fails = error > LOCAL
        if fails and (self.failed is None or when < self.failed):
            self.error, self.at, self.column, self.failed, self.note = error, at, column, when, note
        elif not fails and self.failed is None and error > self.error:
            self.error, self.at, self.column = error, at, column


def scaled(found: Array, wanted: Array, scale: Array) -> Array:
    """Errors relative to a scale; infinite where one is an error cell and the other is not, or another one."""
    found, wanted, scale = np.broadcast_arrays(found, wanted, scale)
    with np.errstate(all="ignore"):
        errors = np.abs(found - wanted) / scale
    numbers = np.isfinite(found) & np.isfinite(wanted)
    errors = np.where(numbers, np.where(np.isnan(errors), 0.0, errors), np.inf)
    return np.where((found == wanted) | (np.isnan(found) & np.isnan(wanted)), 0.0, errors)


def grid_of(values: Values) -> Array:
    """The cells of a sheet by row and column, counted from 1; errors as the engine has them."""
    grid = np.full((max(row for row, _ in values) + 1, max(column for _, column in values) + 1), np.nan)
    for at, value in values.items():
        grid[at] = engine_value(value)
    return grid


class Local:
    """The local tier for one run in one set of values: the cells of its sheet, and the same as a grid.

    known: of the program that computed them.
    """

    def __init__(self, layout: Places, values: Values, grid: Array, known: Known | None = None) -> None:
        self.layout, self.plan, self.values, self.grid, self.known = layout, layout.plan, values, grid, known
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
            case Opening(column):
                return self.grid[self.layout.held(column, block)]
            case Foot(name):
                at = self.layout.footer(name, block)
                assert at is not None
                return self.grid[at]
            case Over(reduction, column):
                return reduce(reduction, self.grid[self.rows[block], self.layout.columns[column]])
        raise AssertionError(leaf)

    def errors(self, rows: Array, place: int, wanted: Array, scale: Array, expr: Expr | None = None) -> Array:
        """The errors of cells of a column, but for what is known of the program."""
        errors = scaled(self.grid[rows, place], wanted, scale)
        if self.known is not None:
            wanted = np.broadcast_to(wanted, errors.shape)
            for index in np.argwhere(np.isinf(errors)):
                i = tuple(index)
                if self.known.explains(self.values.get((int(rows[i]), place)), cell_value(float(wanted[i])), expr):
                    errors[i] = 0.0
        return errors

    def check(self) -> Worst:
        """Every formula cell of the sheet's blocks, recomputed from its neighbours."""
        worst, plan, layout = Worst(), self.plan, self.layout
        for i, column in enumerate(plan.columns):
            place = layout.columns[column.name]
            wanted, scale = evaluate(column.expr, self.in_row), magnitude(column.expr, self.in_row)
            errors = self.errors(self.rows, place, wanted, scale, column.expr)[self.times]
            worst.cells += errors.size
            failing = np.flatnonzero(errors > LOCAL)
            position = int(failing[0]) if failing.size else int(np.argmax(errors))
            time, sample = divmod(position, layout.samples)
            at = (int(self.rows[self.times[time], sample]), place)
            error = float(errors[time, sample])
            right = np.broadcast_to(wanted, self.rows.shape)[self.times[time], sample]
            worst.see(error, at, column.title, (time, 1, sample, i), self._kinds(error, at, right))
        inputs, steps = {layout.cell(i.name) for i in plan.inputs}, {*self.rows.ravel().tolist()}
        for time, block in enumerate(self.times):
            for i, footer in enumerate(plan.footers):
                below = layout.footer(footer.name, block)
                if below is not None:
                    self._single(worst, below, footer.expr, block, footer.title, (time, 2, i))
            for item in plan.openings:
                expr, previous = plan.opening(item, block)
                at = layout.opening(item, block)
                if at not in inputs and at[0] not in steps:  # a block may start from the row above it
                    title = f"start of {plan.column(item.column).title}" if isinstance(item, Start) else item.title
                    self._single(worst, at, expr, block if previous is None else previous, title, (time, 0))
                    if isinstance(item, Start) and (shown := layout.start(item.column, block)) != at:
                        self._single(worst, shown, Opening(item.column), block, title, (time, 0, 1))
        for derived in plan.derived:
            self._single(worst, layout.cell(derived.name), derived.expr, 0, derived.label, (-1,))
        return worst

    def _single(
        self, worst: Worst, at: tuple[int, int], expr: Expr, block: int, title: str, when: tuple[int, ...]
    ) -> None:
        def leaf(e: Expr) -> Any:
            return self.outside(e, block)

        worst.cells += 1
        wanted, rows = np.asarray(evaluate(expr, leaf)), np.array(at[0])
        error = float(self.errors(rows, at[1], wanted, magnitude(expr, leaf), expr))
        worst.see(error, at, title, when, self._kinds(error, at, wanted))

    def _kinds(self, error: float, at: tuple[int, int], wanted: Array) -> str:
        """What a cell shows and what belongs there, where only one of them is a number, or neither."""
        return shows(self.values.get(at), cell_value(float(wanted))) if math.isinf(error) else ""

    def drift(self, trace: Trace) -> tuple[float, str]:
        """The global tier: the worst relative distance from a fresh run, and the first step that drifts.

        From the first step on whose estimated derivatives are rounding noise, nothing is compared; nor, where a
        program computes with longer numbers, from the step on at which the run explodes and magnifies any rounding.
        """
        plan, n = self.plan, self.layout.samples
        first, worst, title = plan.epochs * n, 0.0, ""
        noise = trace.noise or plan.epochs * n + 1
        for column in plan.columns:
            wanted = trace.rows[column.name][: plan.epochs]
            rows = self.rows[: plan.epochs]
            floor = floor_of(trace.sizes(column.name).ravel()[: trace.calm])
            scale = np.maximum(np.abs(wanted), floor)
            errors = self.errors(rows, self.layout.columns[column.name], wanted, scale).ravel()
            errors = errors[: noise - 1] if column.name in plan.estimated else errors
            errors = errors[: trace.calm] if self.known is not None and self.known.longer else errors
            drifting = np.flatnonzero(errors > GLOBAL)
            if drifting.size and drifting[0] < first:
                first, title = int(drifting[0]), column.title
            worst = max(worst, float(errors.max(initial=0.0)))
        note = f"within {worst:.0e} of a fresh run" if worst else "equal to a fresh run"
        if title:
            note = f"drifts from a fresh run from step {first + 1} on, first in {title}"
        if trace.noise and plan.driven_by_estimates:
            note += (
                f"; noise from step {trace.noise} on, where a nudge of h changes err² by no more than its last digits"
            )
        return worst, note


def step_sheet(of: StepSheet, values: Values, known: Known | None = None) -> SheetResult:
    """Both tiers for a sheet with one row per step."""
    trace = of.trace
    local = Local(of.layout, values, grid_of(values), known)
    worst = local.check()
    drift, note = local.drift(trace)
    ok = worst.error <= LOCAL and drift <= LOOSE
    summaries = [at for at in of.sheet.formulas() if at[1] > of.layout.width or at[0] in of.layout.tops]
    noisy = trace.noise is not None and trace.plan.driven_by_estimates
    far = _farthest(of.sheet, summaries, values, known, noisy=noisy)
    worst.cells += len(summaries)
    note = worst.note or note
    if far.error > GLOBAL and ok:
        ok, worst, note = False, far, _shows(of.sheet, far, values)
    where = a1(*worst.at) if worst.error else ""
    return SheetResult(of.sheet.name, worst.cells, worst.error, where, worst.column, ok, note)


def runs_sheet(of: RunsSheet, values: Values, known: Known | None = None) -> SheetResult:
    """Both tiers for a sheet of many runs: every lane, then what lies beside and below the lanes' own cells."""
    grid = grid_of(values)
    worst, drifted, drift, seen = Worst(), "", 0.0, set[int]()
    for made in of.lanes:
        local = Local(made.lane, values, grid, known)
        found = local.check()
        far, note = local.drift(made.twin.now)
        worst.cells += found.cells
        if found.error and (found.failed is not None or found.error > worst.error) and worst.failed is None:
            worst.error, worst.at, worst.failed, worst.note = found.error, found.at, found.failed, found.note
            worst.column = f"{made.title}, {found.column}"
        if far > drift or not drifted:
            drift, drifted = far, note if far <= GLOBAL else f"{made.title} {note}"
        seen.update(local.rows.ravel().tolist())
    ok = worst.failed is None and drift <= LOOSE
    lanes = {place for made in of.lanes for place in made.lane.columns.values()}
    rest = [at for at in of.sheet.formulas() if at[0] not in seen or at[1] not in lanes]
    far_off = _farthest(of.sheet, rest, values, known)
    worst.cells = len(of.sheet.formulas())
    drifted = worst.note or drifted
    if far_off.error > GLOBAL and ok:
        ok, worst, drifted = False, far_off, _shows(of.sheet, far_off, values)
    where = a1(*worst.at) if worst.error else ""
    return SheetResult(of.sheet.name, worst.cells, worst.error, where, worst.column, ok, drifted)


def steps_list(steps: StepsList, values: Values, of: Values) -> SheetResult:
    """The list of steps against the sheet it repeats, and its differences against its own two parts.

    values: the list's cells; of: those of the sheet it lists.
    """
    worst = Worst(cells=len(steps.sheet.formulas()))
    sources = [steps.of.layout.row(*divmod(k, steps.of.layout.samples)) for k in range(steps.rows)]
    estimated = steps.of.trace.plan.estimated
    first_noise, kept = steps.of.trace.noise, steps.kept
    noise = range(first_noise - 1, kept) if first_noise else range(0)
    for name, place in steps.of.layout.columns.items():
        title = steps.of.trace.plan.column(name).title
        listed, constant, gap = (steps.place(part, name) for part in range(3))
        floor = engine_value(values[3, gap])
        for k, row in enumerate(steps.lines):
            mine = values[row, listed]
            repeated = distance(mine, of[sources[k], place])
            # the differences are rounded decimals: the last one may fall either way
            wanted = (
                0.0
                if k in noise and name in estimated
                else difference(engine_value(mine), values[row, constant], floor)
            )
            error = distance(values[row, gap], wanted)
            if repeated or error > GLOBAL:
                at = (row, listed) if repeated else (row, gap)
                worst.see(repeated or error, at, title, (k, int(not repeated)))
    where = a1(*worst.at) if worst.error else ""
    ok = worst.failed is None
    note = "" if ok else "does not repeat the sheet it lists"
    return SheetResult(steps.sheet.name, worst.cells, worst.error, where, worst.column, ok, note)


def other_sheet(sheet: Sheet, values: Values, known: Known | None = None) -> SheetResult:
    """A sheet that reports on others: every formula cell against what it should be worth."""
    cells = list(sheet.formulas())
    worst = _farthest(sheet, cells, values, known)
    ok = worst.error <= GLOBAL
    note = "" if ok else _shows(sheet, worst, values)
    return SheetResult(sheet.name, len(cells), worst.error, a1(*worst.at) if worst.error else "", "", ok, note)


def _farthest(
    sheet: Sheet, cells: Sequence[tuple[int, int]], values: Values, known: Known | None, *, noisy: bool = False
) -> Worst:
    """The cell whose value is farthest from what it should be.

    noisy: last bits decide what the numbers are; only the kinds of values are compared.
    """
    formulas = sheet.formulas()
    worst = Worst(cells=len(cells))
    for at in cells:
        scale = math.inf if noisy else sheet.scales.get(at, 1.0)
        error = distance(values[at], formulas[at].value, scale, known)
        if error > worst.error:
            worst.error, worst.at = error, at
    return worst


def _shows(sheet: Sheet, worst: Worst, values: Values) -> str:
    return shows(values[worst.at], sheet.formulas()[worst.at].value)


def shows(found: Any, wanted: Any) -> str:
    """What a cell shows and what belongs there."""
    return f"shows {'no value' if found is None else shown(found)}, not {shown(wanted)}"


def distance(found: Any, wanted: Any, scale: float = 1.0, known: Known | None = None) -> float:
    """How far two values of any kind are apart: relative for numbers above `scale`, infinite for unequal text.

    scale: infinite where rounding decides what a value is: numbers are not compared then, nor those in texts. Not a
    number: only the kinds are compared. known: of the program that found the value.
    """
    if isinstance(found, float) and isinstance(wanted, float):
        size = max(abs(wanted), scale)
        return 0.0 if found == wanted or math.isnan(scale) else abs(found - wanted) / (size or 1.0)
    if known is not None and known.explains(found, wanted):
        return 0.0
    if isinstance(found, str) and isinstance(wanted, str) and not math.isfinite(scale):
        found, wanted = (re.sub(r"[\d.]+", "", text) if math.isinf(scale) else "" for text in (found, wanted))
    return 0.0 if found == wanted else math.inf
