"""Two tiers of comparison.

Local: each formula cell of a sheet with one row per step, recomputed from its own neighbours as they stand, the
error scaled by what was added and multiplied on the way. It names the guilty column and does not care how
chaotic a run is. Global: the values against a fresh run of the engine; it names the first step that drifts.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..language.evaluate import evaluate, magnitude, reduce
from ..language.expr import Data, Expr, Foot, Here, Opening, Over, Param, Prev, State, Whole
from ..language.operators import Cells
from ..language.values import Array, cell_value, same
from ..numbers.trace import Trace
from ..plan import Start
from ..sheets.layout import Places
from ..sheets.runs_sheet import RunsSheet
from ..sheets.step_sheet import StepSheet
from ..workbook.cells import Formula, a1
from ..workbook.fill import Fill
from ..workbook.sheet import Sheet
from .contents import shown
from .grid import Grid, canonical, equal
from .known import Known
from .neighbours import NotUnderstoodError, computed, computed_down
from .report import SheetResult

#: orders the cells that report on steps behind those of the steps
LAST = (sys.maxsize,)
LOCAL, GLOBAL, LOOSE = 1e-12, 1e-9, 1e-6

#: sheet -> what its cells are worth
Values = Mapping[str, Grid]
#: which cells of a sheet were compared
Seen = NDArray[np.bool_]


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
    found, wanted, scale = np.broadcast_arrays(found, canonical(wanted), scale)
    with np.errstate(all="ignore"):
        errors = np.abs(found - wanted) / scale
    numbers = np.isfinite(found) & np.isfinite(wanted)
    errors = np.where(numbers, np.where(np.isnan(errors), 0.0, errors), np.inf)
    return np.where(same(found, wanted), 0.0, errors)


class Local:
    """The local tier for one run in one set of values.

    known: of the program that computed them. seen: takes in the cells that were compared.
    """

    def __init__(self, layout: Places, cells: Grid, seen: Seen, known: Known | None = None) -> None:
        self.layout, self.plan, self.cells, self.seen, self.known = layout, layout.plan, cells, seen, known
        self.grid = cells.operands
        blocks = range(self.plan.blocks)
        self.times = list(self.plan.in_time())
        self.rows = np.array([[self.layout.row(b, s) for s in range(self.layout.samples)] for b in blocks])

    def in_row(self, leaf: Expr) -> Any:
        """A leaf's values in all rows: shape (blocks, samples), or (blocks, 1), or ()."""
        match leaf:
            case Data(name):
                return self.grid[self.rows, self.layout.sample(name)]
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
            case Whole(name):
                return Cells(self.grid[self.rows[0], self.layout.sample(name)])
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
        errors = scaled(self.cells.numbers[rows, place], wanted, scale)
        if self.known is not None:
            wanted = np.broadcast_to(wanted, errors.shape)
            for index in np.argwhere(np.isinf(errors)):
                i = tuple(index)
                if self.known.explains(self.cells.value(int(rows[i]), place), cell_value(float(wanted[i])), expr):
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
            self.seen[self.rows, place] = True
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
        self.seen[at] = True
        wanted, rows = np.asarray(evaluate(expr, leaf)), np.array(at[0])
        error = float(self.errors(rows, at[1], wanted, magnitude(expr, leaf), expr))
        worst.see(error, at, title, when, self._kinds(error, at, wanted))

    def _kinds(self, error: float, at: tuple[int, int], wanted: Array) -> str:
        """What a cell shows and what belongs there, where only one of them is a number, or neither."""
        return shows(self.cells.value(*at), cell_value(float(wanted))) if math.isinf(error) else ""

    def drift(self, trace: Trace) -> tuple[float, str]:
        """The global tier: the worst distance from a fresh run, and the first step that drifts.

        Each is relative to what was added and multiplied on the way to that cell: how far it is from its neighbours'
        sum is the local tier's business, to their last digits. What was larger before has left its rounding in the
        run: where a batch's derivatives leave nothing of each other, that is all there is.
        From the first step on whose numerical derivatives are rounding noise, nothing is compared; nor, where a
        program computes with longer numbers, from the step on at which the run explodes and magnifies any rounding.
        """
        plan, n = self.plan, self.layout.samples
        first, worst, title = plan.epochs * n, 0.0, ""
        noise = trace.noise or plan.epochs * n + 1
        for column in plan.columns:
            wanted = trace.rows[column.name][: plan.epochs]
            rows = self.rows[: plan.epochs]
            sizes = _so_far(trace.sizes(column.name)[: plan.epochs])
            errors = self.errors(rows, self.layout.columns[column.name], wanted, sizes).ravel()
            errors = errors[: noise - 1] if column.name in plan.numerical else errors
            errors = errors[: trace.calm] if self.known is not None and self.known.longer else errors
            drifting = np.flatnonzero(errors > GLOBAL)
            if drifting.size and drifting[0] < first:
                first, title = int(drifting[0]), column.title
            worst = max(worst, float(errors.max(initial=0.0)))
        note = f"within {worst:.0e} of a fresh run" if worst else "equal to a fresh run"
        if title:
            note = f"drifts from a fresh run from step {first + 1} on, first in {title}"
        if trace.noise and plan.driven_by_numerical:
            note += (
                f"; noise from step {trace.noise} on, where a nudge of h changes {plan.column(plan.loss).title} by no "
                "more than its last digits"
            )
        return worst, note


def _so_far(sizes: Array) -> Array:
    """The largest of the sizes up to each step; error cells have none."""
    known = np.where(np.isfinite(sizes), sizes, 0.0)
    return np.maximum(sizes, np.maximum.accumulate(known.ravel()).reshape(sizes.shape))


def step_sheet(of: StepSheet, values: Values, known: Known | None = None) -> SheetResult:
    """Both tiers for a sheet with one row per step, and every other formula on it."""
    cells, seen = _cells(of.sheet, values)
    local = Local(of.layout, cells, seen, known)
    worst = local.check()
    drift, note = local.drift(of.trace)
    _reports(of.sheet, seen, values, worst, known)
    return _result(of.sheet, worst, worst.note or note, drift)


def runs_sheet(of: RunsSheet, values: Values, known: Known | None = None) -> SheetResult:
    """Both tiers for a sheet of many runs: every lane, then every other formula."""
    cells, seen = _cells(of.sheet, values)
    worst, drifted, drift = Worst(), "", 0.0
    for made in of.lanes:
        local = Local(made.lane, cells, seen, known)
        worst.take(local.check(), made.title)
        far, note = local.drift(made.twin.now)
        if far > drift or not drifted:
            drift, drifted = far, note if far <= GLOBAL else f"{made.title} {note}"
    _reports(of.sheet, seen, values, worst, known)
    return _result(of.sheet, worst, worst.note or drifted, drift)


def other_sheet(sheet: Sheet, values: Values, known: Known | None = None) -> SheetResult:
    """A sheet that reports on others: every formula."""
    worst = Worst()
    _reports(sheet, _cells(sheet, values)[1], values, worst, known)
    return _result(sheet, worst, worst.note, 0.0)


def has_formulas(sheet: Sheet) -> bool:
    """Whether there is anything to compare."""
    single = any(isinstance(content, Formula) for content, _ in sheet.cells.values())
    return single or any(fill.template is not None for fill in sheet.fills)


def _cells(sheet: Sheet, values: Values) -> tuple[Grid, Seen]:
    """The cells of a sheet, and which of them were compared: none so far."""
    cells = values[sheet.name]
    return cells, np.zeros(cells.numbers.shape, dtype=bool)


def _result(sheet: Sheet, worst: Worst, note: str, drift: float) -> SheetResult:
    where = a1(*worst.at) if worst.error else ""
    wrong = tuple(a1(*at) for _, at in sorted(worst.wrong))
    ok = not wrong and drift <= LOOSE
    return SheetResult(sheet.name, worst.cells, worst.error, where, worst.column, ok, note, wrong)


def _reports(sheet: Sheet, seen: Seen, values: Values, worst: Worst, known: Known | None) -> None:
    """Take in the formulas of a sheet that were not seen.

    A value is right if it is that of a fresh run, or what its formula makes of the cells it reads, as they stand.
    known: of the program that computed the values.
    """

    def single(at: tuple[int, int], formula: Formula) -> None:
        found, wanted = mine.value(*at), formula.value
        if equal(found, wanted):
            return
        error = distance(found, wanted, 0.0, known)
        if error > LOCAL:
            try:
                wanted, size = computed(formula.text, sheet.name, values.get)
                error = distance(found, wanted, size, known)
            except NotUnderstoodError:  # then only the fresh run says what is right
                pass
        worst.see(error, at, "", LAST, shows(found, wanted))

    mine = values[sheet.name]
    for at, (content, _) in sheet.cells.items():
        if isinstance(content, Formula) and not seen[at]:
            worst.cells += 1
            single(at, content)
    for fill in sheet.fills:
        if fill.template is None:
            continue
        rows = np.flatnonzero(~seen[fill.top : fill.bottom + 1, fill.column])
        worst.cells += rows.size
        if rows.size:
            for row in _unlike(fill, rows, sheet.name, values, worst):
                content = fill.content(row)
                assert isinstance(content, Formula)
                single((row, fill.column), content)


def _unlike(fill: Fill, rows: NDArray[np.int64], sheet: str, values: Values, worst: Worst) -> list[int]:
    """Those rows of a fill in which arrays do not show that the value is right.

    rows: counted from its top. worst: takes in the largest difference of the others.
    """
    assert fill.template is not None
    if not isinstance(fill.values, np.ndarray):
        return [int(row) for row in rows + fill.top]
    found, wanted = values[sheet].numbers[rows + fill.top, fill.column], canonical(fill.values[rows])
    open_ = ~same(found, wanted)
    if not open_.any():
        return []
    rows, found, wanted = rows[open_] + fill.top, found[open_], wanted[open_]
    errors = scaled(found, wanted, np.abs(wanted))
    far = np.flatnonzero(errors > LOCAL)
    if far.size:
        try:
            made = computed_down(fill.template, sheet, rows[far], values.get)
        except NotUnderstoodError:
            made = None
        if made is not None:
            errors[far] = scaled(found[far], *made)
    right = errors <= LOCAL
    if right.any():
        place = int(np.argmax(np.where(right, errors, -1.0)))
        worst.see(float(errors[place]), (int(rows[place]), fill.column), "", LAST)
    return [int(row) for row in rows[~right]]


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
    return 0.0 if equal(found, wanted) else math.inf
