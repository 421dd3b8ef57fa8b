"""Many runs at once, in blocks that fit the processor's cache; of each run little more than its weights is kept.

The engine keeps every number of every step. Here a row of all runs of a block is computed in place, and what an epoch
leaves behind are the columns that the next one starts from and a few totals. What only some runs ask for, the step at
which one explodes or since which a ReLU is dead, a second pass over just these finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..language.evaluate import evaluate
from ..language.expr import Apply, Const, Data, Expr, Foot, Here, Opening, Over, Param, State, leaves
from ..language.operators import taken_apart
from ..language.values import Array
from ..parts.data import Dataset
from ..plan import EpochState, Plan, Start
from .rows import Row, Totals, deciding, needed, row
from .verdict import STILL, too_large

#: runs of a block: what is computed of a row stays in the cache of a processor
BLOCK = 16_384
#: the errors that an epoch's end may have beside that of its own loss
ERRORS = ("error", "root")


@dataclass(frozen=True, eq=False)
class Left:
    """What an epoch leaves behind, each of shape (runs,): totals and last rows, starts and states of its block."""

    totals: Mapping[Over, Array]
    openings: Mapping[str, Array]


@dataclass(eq=False)
class Block:
    """Some runs of a plan at the same place of their way.

    cells: inputs and derived cells, each a number or an array of shape (runs,). tapped: columns whose row that was
    computed last is wanted in `tapped_rows`. lost: the runs that met a value that is not finite.
    """

    plan: Plan
    data: Dataset
    cells: Mapping[str, Any]
    runs: int
    tapped: tuple[str, ...] = ()
    left: dict[int, Left] = field(default_factory=dict, init=False)
    lost: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        plan = self.plan
        arrays = frozenset(name for name, value in self.cells.items() if np.ndim(value))
        self.sums, self.lasts = totals(plan)
        kept = (*(over.column for over in self.lasts if over.column not in _carried(plan)), *self.tapped)
        kept_once = tuple(dict.fromkeys(kept))
        self.row: Row = row(plan, Totals(self.sums, kept_once), arrays, deciding(plan, self.cells))
        self.carried = {name: np.empty(self.runs) for name in self.row.carried}
        self.states = {state.name: np.empty(self.runs) for state in plan.states}
        self.summed = {over: np.empty(self.runs) for over in self.sums}
        self.tapped_rows = {name: np.empty(self.runs) for name in self.row.totals.tapped}
        self.lost = np.zeros(self.runs, dtype=bool)
        fixed = [self.cells[n] if np.ndim(self.cells[n]) else np.float64(self.cells[n]) for n in self.row.inputs]
        self._arguments = [
            *(*fixed, *self.states.values(), *self.carried.values(), *self.summed.values()),
            *self.tapped_rows.values(),
            *(np.empty(self.runs) for _ in range(self.row.buffers)),
            *(np.empty(self.runs, dtype=bool) for _ in range(self.row.flags)),
        ]
        seen = [plan.seen(self.data, name) for name in plan.samples]
        self._seen = [np.atleast_2d(values) for values in seen]

    def epochs(self, each: Callable[[int, int], None] = lambda block, sample: None) -> Iterator[int]:
        """Go through the plan's blocks in time. each: is called after every row, with its block and its sample."""
        for block in self.plan.in_time():
            self.opening(block, self.opened(block))
            self.rows(block, each)
            self._close(block)
            yield block

    def opened(self, block: int) -> dict[str, Array]:
        """What a block starts from."""
        found = {}
        for item in self.plan.openings:
            expr, previous = self.plan.opening(item, block)
            found[item.name] = np.broadcast_to(evaluate(expr, self._outside(previous)), (self.runs,))
        return found

    def opening(self, block: int, values: Mapping[str, Array]) -> None:
        """Begin a block from its starts and states."""
        for name, cells in (self.carried | self.states).items():
            np.copyto(cells, values[name])
        self.start = values
        for total in self.summed.values():
            total.fill(0.0)

    def rows(self, block: int, each: Callable[[int, int], None] = lambda block, sample: None) -> None:
        """Compute all rows of a block."""
        seen = [values[block if self.plan.orders else 0] for values in self._seen]
        with np.errstate(all="ignore"):
            for sample, values in enumerate(zip(*seen, strict=True)):
                self.row.call(*values, *self._arguments)
                each(block, sample)

    def total(self, over: Over) -> Array:
        """A reduction over the rows of the block that was computed last."""
        if over.reduction == "count":
            return np.float64(len(self.data))  # type: ignore[return-value]  # of finite rows; others are mended
        if over.reduction == "last":
            return self.carried.get(over.column, self.tapped_rows.get(over.column))  # type: ignore[return-value]
        return self.summed[over]

    def footer(self, name: str) -> Array:
        """A footer of the block that was computed last."""
        found = next(f for f in self.plan.footers if f.name == name)
        return np.broadcast_to(evaluate(found.expr, self._outside(None, now=True)), (self.runs,))

    def _close(self, block: int) -> None:
        """Keep what later blocks may start from, and note the runs whose values are not finite."""
        for values in (*self.summed.values(), *self.carried.values()):
            finite = np.isfinite(values)
            if not finite.all():
                self.lost |= ~finite
                values[~finite] = np.inf
        totals = {over: self.total(over).copy() for over in (*self.sums, *self.lasts)}
        self.left[block] = Left(totals, self.start)
        old = [*self.left][: -len(self.plan.hands_on) - 2]
        for number in old:
            del self.left[number]

    def _outside(self, block: int | None, *, now: bool = False) -> Callable[[Expr], Any]:
        """The values of leaves outside the rows, as seen from a block that has been left, or from the one computed."""

        def leaf(expr: Expr) -> Any:
            match expr:
                case Param(name):
                    return self.cells[name]
                case Over() if expr.reduction == "count":
                    return self.total(expr)
                case Over():
                    return self.total(expr) if now else self.left[block].totals[expr]  # type: ignore[index]
                case State(name) | Opening(name):
                    return self.start[name] if now else self.left[block].openings[name]  # type: ignore[index]
                case Foot(name):
                    return evaluate(next(f for f in self.plan.footers if f.name == name).expr, leaf)
            raise AssertionError(expr)

        return leaf

    def some(self, chosen: NDArray[np.intp], tapped: tuple[str, ...]) -> Block:
        """Some of its runs, from the beginning, with columns that are wanted in every row."""
        cells = {name: value[chosen] if np.ndim(value) else value for name, value in self.cells.items()}
        return Block(self.plan, self.data, cells, len(chosen), tapped)


def _carried(plan: Plan) -> set[str]:
    return {start.column for start in plan.starts}


def totals(plan: Plan) -> tuple[tuple[Over, ...], tuple[Over, ...]]:
    """The reductions that errors and the next epoch need: sums, then last rows."""
    footers = {footer.name: footer.expr for footer in plan.footers}

    def overs(expr: Expr) -> Iterator[Over]:
        for leaf in leaves(expr):
            if isinstance(leaf, Over):
                yield leaf
            elif isinstance(leaf, Foot):
                yield from overs(footers[leaf.name])

    wanted: list[Expr] = [expr for name, expr in footers.items() if name in ERRORS]
    openings: tuple[Start | EpochState, ...] = plan.openings
    found = dict.fromkeys(over for expr in (*wanted, *(item.next for item in openings)) for over in overs(expr))
    found[Over("sum", "err")] = None
    sums = tuple(over for over in found if over.reduction in ("sum", "sumsq"))
    return sums, tuple(over for over in found if over.reduction == "last")


def exploded(block: Block, number: int, start: Mapping[str, Array], chosen: NDArray[np.intp]) -> NDArray[np.int64]:
    """For some runs the row, counted from 1, at which they explode in a block that they start so; 0 without one."""
    again = block.some(chosen, ("err",))
    found = np.zeros(len(chosen), dtype=np.int64)

    def each(_: int, sample: int) -> None:
        bad = too_large(again.tapped_rows["err"], block.data.ys) & (found == 0)
        found[bad] = sample + 1

    again.opening(number, {name: values[chosen] for name, values in start.items()})
    again.rows(number, each)
    return found


def dead(block: Block, settled: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each run the step, counted from 1, since which a ReLU of it is dead; 0 without one.

    block: after its last epoch. settled: the runs that are not asked.
    """
    since = np.zeros(block.runs, dtype=np.int64)
    shut = {gate: _shut(block, gate) & ~settled for gate in block.plan.gates}
    asked = np.flatnonzero(np.any([*shut.values()], axis=0)) if shut else np.array([], dtype=np.intp)
    if not asked.size:
        return since
    plan, n = block.plan, len(block.data)
    news = {w: plan.new(w) for weights in plan.gates.values() for w in weights}
    again = block.some(asked, (*plan.gates, *dict.fromkeys(news.values())))
    alive = {gate: np.zeros(len(asked), dtype=np.int64) for gate in plan.gates}
    before: dict[str, Array] = {}
    still = {w: np.empty(len(asked), dtype=bool) for w in news}
    move, share = np.empty(len(asked)), np.empty(len(asked))

    def each(number: int, sample: int) -> None:
        if number >= plan.epochs:
            return
        if not before:
            before.update({w: again.start[new].copy() for w, new in news.items()})
        for w, new in news.items():
            row = again.tapped_rows[new]
            np.abs(np.subtract(row, before[w], out=move), out=move)
            np.multiply(STILL, np.abs(before[w], out=share), out=share)
            np.less_equal(move, share, out=still[w])
            np.copyto(before[w], row)
        for gate, weights in plan.gates.items():
            awake = again.tapped_rows[gate] > 0
            for w in weights:
                awake |= ~still[w]
            np.copyto(alive[gate], number * n + sample + 1, where=awake)

    for _ in again.epochs(each):
        pass
    for gate, last in alive.items():
        found = np.where(shut[gate][asked] & (last < plan.epochs * n), last + 1, 0)
        earlier = (since[asked] == 0) | ((found > 0) & (found < since[asked]))
        since[asked] = np.where(earlier, found, since[asked])
    return since


def _shut(block: Block, gate: str) -> NDArray[np.bool_]:
    """Whether the last weights make a pre-activation not positive for every sample."""
    found, expr = np.ones(block.runs, dtype=bool), block.plan.after(gate)
    for sample in range(len(block.data)):

        def leaf(of: Expr, sample: int = sample) -> Any:
            match of:
                case Data(name):
                    return float(block.data.column(name)[sample])
                case Param(name):
                    return block.cells[name]
                case Here(name):
                    return block.total(Over("last", name))
            raise AssertionError(of)

        with np.errstate(invalid="ignore"):
            found &= evaluate(expr, leaf) <= 0
        if not found.any():
            break
    return found


def divides(plan: Plan, data: Dataset, cells: Mapping[str, Any]) -> bool:
    """Whether a division by 0 is possible: an error cell is #DIV/0! then, and not always #NUM!."""
    wanted = [*_carried(plan), *(over.column for overs in totals(plan) for over in overs)]
    exprs = [taken_apart(expr) for expr in needed(plan, wanted, {}).values()]
    exprs += [item.next for item in plan.openings]
    exprs += [footer.expr for footer in plan.footers if footer.name in ERRORS]
    return any(_may_divide(expr, data, cells) for expr in exprs) or not all(
        np.isfinite(value).all() for value in cells.values()
    )


def _may_divide(expr: Expr, data: Dataset, cells: Mapping[str, Any]) -> bool:
    if not isinstance(expr, Apply):
        return False
    if expr.op in ("mod", "power") or (expr.op == "div" and _may_be_zero(expr.args[1], data, cells)):
        return True
    return any(_may_divide(arg, data, cells) for arg in expr.args)


def _may_be_zero(expr: Expr, data: Dataset, cells: Mapping[str, Any]) -> bool:
    if isinstance(expr, Over) and expr.reduction == "count":
        return False
    if any(not isinstance(leaf, (Const, Data, Param)) for leaf in leaves(expr)):
        return True

    def leaf(of: Expr) -> Any:
        return data.column(of.name)[:, None] if isinstance(of, Data) else cells[of.name]  # type: ignore[attr-defined]

    return bool(np.any(np.equal(evaluate(expr, leaf), 0)))
