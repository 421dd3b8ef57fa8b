"""Two tiers of comparison.

Local: each formula cell of a sheet with one row per step, recomputed from its own neighbours as they stand, the
error scaled by what was added and multiplied on the way. It names the guilty column and does not care how
chaotic a run is. Global: the values against a fresh run of the engine; it names the first step that drifts.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..evaluate import Array, evaluate, magnitude, reduce
from ..expr import Data, Expr, Foot, Here, Opening, Over, Param, Prev, State
from ..plan import Start
from ..trace import Trace
from ..workbook.cells import a1, cell_value, engine_value
from ..workbook.layout import Places, X, Y
from ..workbook.runs_sheet import RunsSheet
from ..workbook.sheet import Sheet
from ..workbook.step_sheet import StepSheet
from .contents import shown
from .known import Known
from .neighbours import computed
from .report import SheetResult

#: orders the cells that report on steps behind those of the steps
LAST = (sys.maxsize,)
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
    wrong: list[tuple[tuple[int, ...], tuple[int, int]]] = field(default_factory=list)

    def see(self, error: float, at: tuple[int, int], column: str, when: tuple[int, ...], note: str = "") -> None:
        """Take in a cell; `when` orders cells as they are computed."""
        fails = error > LOCAL
        if fails:
            self.wrong.append((when, at))
        if fails and (self.failed is None or when < self.failed):
            self.error, self.at, self.column, self.failed, self.note = error, at, column, when, note
        elif not fails and self.failed is None and error > self.error:
            self.error, self.at, self.column = error, at, column

    def take(self, lane: Worst, title: str) -> None:
        """Take in what was found in one run of many; the first run that fails stays the one that is told."""
        self.cells += lane.cells
        self.wrong += lane.wrong
        if self.failed is None and (lane.failed is not None or lane.error > self.error):
            self.error, self.at, self.failed, self.note = lane.error, lane.at, lane.failed, lane.note
            self.column = f"{title}, {lane.column}"


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

    known: of the program that computed them. cells: those that were checked.
    """

    def __init__(self, layout: Places, values: Values, grid: Array, known: Known | None = None) -> None:
        self.layout, self.plan, self.values, self.grid, self.known = layout, layout.plan, values, grid, known
        blocks = range(self.plan.blocks)
        self.times = list(self.plan.in_time())
        self.cells: set[tuple[int, int]] = set()
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
            right = np.broadcast_to(wanted, self.rows.shape)[self.times]
            for position in failing if failing.size else [np.argmax(errors)]:
                time, sample = divmod(int(position), layout.samples)
                at, error = (int(self.rows[self.times[time], sample]), place), float(errors[time, sample])
                note = self._kinds(error, at, right[time, sample])
                worst.see(error, at, column.title, (time, 1, sample, i), note)
            self.cells.update((int(row), place) for row in self.rows.flat)
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
        self.cells.add(at)
        wanted, rows = np.asarray(evaluate(expr, leaf)), np.array(at[0])
        error = float(self.errors(rows, at[1], wanted, magnitude(expr, leaf), expr))
        worst.see(error, at, title, when, self._kinds(error, at, wanted))

    def _kinds(self, error: float, at: tuple[int, int], wanted: Array) -> str:
        """What a cell shows and what belongs there, where only one of them is a number, or neither."""
        return shows(self.values.get(at), cell_value(float(wanted))) if math.isinf(error) else ""

    def drift(self, trace: Trace) -> tuple[float, str]:
        """The global tier: the worst distance from a fresh run, and the first step that drifts.

        Each is relative to what was added and multiplied on the way to that cell: how far it is from its neighbours'
        sum is the local tier's business, to their last digits.
        From the first step on whose estimated derivatives are rounding noise, nothing is compared; nor, where a
        program computes with longer numbers, from the step on at which the run explodes and magnifies any rounding.
        """
        plan, n = self.plan, self.layout.samples
        first, worst, title = plan.epochs * n, 0.0, ""
        noise = trace.noise or plan.epochs * n + 1
        for column in plan.columns:
            wanted = trace.rows[column.name][: plan.epochs]
            rows = self.rows[: plan.epochs]
            sizes = trace.sizes(column.name)[: plan.epochs]
            errors = self.errors(rows, self.layout.columns[column.name], wanted, sizes).ravel()
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


def step_sheet(of: StepSheet, values: Mapping[str, Values], known: Known | None = None) -> SheetResult:
    """Both tiers for a sheet with one row per step, and every other formula on it. values: sheet -> its cells."""
    local = Local(of.layout, values[of.sheet.name], grid_of(values[of.sheet.name]), known)
    worst = local.check()
    drift, note = local.drift(of.trace)
    _reports(of.sheet, local.cells, values, worst, known)
    return _result(of.sheet, worst, worst.note or note, drift)


def runs_sheet(of: RunsSheet, values: Mapping[str, Values], known: Known | None = None) -> SheetResult:
    """Both tiers for a sheet of many runs: every lane, then every other formula. values: sheet -> its cells."""
    mine = values[of.sheet.name]
    grid = grid_of(mine)
    worst, drifted, drift, seen = Worst(), "", 0.0, set[tuple[int, int]]()
    for made in of.lanes:
        local = Local(made.lane, mine, grid, known)
        worst.take(local.check(), made.title)
        far, note = local.drift(made.twin.now)
        if far > drift or not drifted:
            drift, drifted = far, note if far <= GLOBAL else f"{made.title} {note}"
        seen |= local.cells
    _reports(of.sheet, seen, values, worst, known)
    return _result(of.sheet, worst, worst.note or drifted, drift)


def other_sheet(sheet: Sheet, values: Mapping[str, Values], known: Known | None = None) -> SheetResult:
    """A sheet that reports on others: every formula. values: sheet -> its cells."""
    worst = Worst()
    _reports(sheet, set(), values, worst, known)
    return _result(sheet, worst, worst.note, 0.0)


def _result(sheet: Sheet, worst: Worst, note: str, drift: float) -> SheetResult:
    where = a1(*worst.at) if worst.error else ""
    wrong = tuple(a1(*at) for _, at in sorted(worst.wrong))
    ok = not wrong and drift <= LOOSE
    return SheetResult(sheet.name, worst.cells, worst.error, where, worst.column, ok, note, wrong)


def _reports(
    sheet: Sheet, seen: Set[tuple[int, int]], values: Mapping[str, Values], worst: Worst, known: Known | None
) -> None:
    """Take in the formulas of a sheet that were not seen.

    A value is right if it is that of a fresh run, or what its formula makes of the cells it reads, as they stand.
    known: of the program that computed the values.
    """

    def read(of: str, row: int, column: int) -> Any:
        return values[of].get((row, column)) if of in values else None

    mine = values[sheet.name]
    for at, formula in sheet.formulas().items():
        if at in seen:
            continue
        worst.cells += 1
        found, wanted = mine[at], formula.value
        if found == wanted:
            continue
        error = distance(found, wanted, 0.0, known)
        if error > LOCAL:
            wanted, size = computed(formula.text, sheet.name, read)
            error = distance(found, wanted, size, known)
        worst.see(error, at, "", LAST, shows(found, wanted))


def shows(found: Any, wanted: Any) -> str:
    """What a cell shows and what belongs there."""
    return f"shows {'no value' if found is None else shown(found)}, not {shown(wanted)}"


def distance(found: Any, wanted: Any, scale: float = 1.0, known: Known | None = None) -> float:
    """How far two values of any kind are apart: relative for numbers above `scale`, infinite for unequal text.

    known: of the program that found the value.
    """
    if isinstance(found, float) and isinstance(wanted, float):
        return 0.0 if found == wanted else abs(found - wanted) / (max(abs(wanted), scale) or 1.0)
    if known is not None and known.explains(found, wanted):
        return 0.0
    return 0.0 if found == wanted else math.inf
