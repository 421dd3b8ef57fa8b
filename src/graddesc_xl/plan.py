"""A plan: the ordered columns of a sheet with one row per SGD step, and what happens between epochs.

Columns are in the order of evaluation and single-assignment: a column may use what was computed before it in
its row (`Here`) and the row above (`Prev`). Where a sheet shows them is the layout's business.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from .errors import PlanError, did_you_mean, shown
from .language.expr import (
    REDUCTIONS,
    Data,
    Expr,
    Foot,
    Here,
    Opening,
    Over,
    Param,
    Prev,
    State,
    Whole,
    leaves,
    substitute,
)
from .language.values import Array
from .mirror import Mirror
from .notebook import counted, line


class _Data(Protocol):
    """Samples by the names of their columns."""

    def column(self, name: str) -> Array:
        """The values of one, shape (samples,)."""


#: of a sample that is not seen in its turn, the column with its number on its own sheet, the first of a row
ORDER = "sample"
#: the kind of the column with the prediction in the target's units, where the model predicts the scaled target
PREDICTED = "predicted"
#: how many characters the name of a plan's sheet may have
LONGEST = 31
#: What a column is for; each role has a colour of its own.
ROLES = ("data", "weight", "forward", "error", "numerical", "analytic", "state", "update", "watch")


def width(name: str) -> int:
    """How many characters a sheet's name has, as spreadsheet programs count them: one beyond 65,535 is two."""
    return len(name.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Input:
    """A single cell that a person may change: a weight's start, a learning rate, the h of a derivative.

    low, high: the values allowed, both inclusive. label: what the sheet calls it. about: one sentence.
    choices: for a switch, what each of its values means; no other value is allowed then.
    """

    name: str
    value: float
    label: str
    about: str
    low: float = -1e6
    high: float = 1e6
    choices: Mapping[float, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Derived:
    """A single cell computed from inputs, such as 1 - beta."""

    name: str
    expr: Expr
    label: str
    about: str


@dataclass(frozen=True)
class Column:
    """One column of the sheet: a name, its expression, what it is for.

    title: the header. about: one sentence on what it is and where it comes from. small: its numbers are so
    small that they need digits where the role's others need none. of: the weights it belongs to, more than one
    where they share a derivative. kind: what it is to them, where the role does not say: `estimate`, `average`, ...
    format: how its numbers are shown, if not as its role's are.
    """

    name: str
    expr: Expr
    role: str
    title: str
    about: str
    small: bool = False
    of: tuple[str, ...] = ()
    kind: str = ""
    format: str = ""


@dataclass(frozen=True)
class Start:
    """The start cell of a column that is read from the row above.

    initial: its value in the first epoch (and in each discarded pass, unless `unprepared` is given).
    carry: the column whose last row starts the next epoch.
    unprepared: for a value that the discarded passes prepare: what it is before the first of them; the passes hand
    it on among themselves and to the first epoch.
    """

    column: str
    initial: Expr
    carry: str
    unprepared: Expr | None = None

    @property
    def name(self) -> str:
        """It goes by the name of its column."""
        return self.column

    @property
    def next(self) -> Expr:
        """What the following block starts from."""
        return Over("last", self.carry)


@dataclass(frozen=True)
class EpochState:
    """A value that holds for an epoch: `initial` (or `unprepared`, as in `Start`), then `next` of the block before."""

    name: str
    initial: Expr
    next: Expr
    title: str
    about: str
    unprepared: Expr | None = None
    small: bool = False


@dataclass(frozen=True)
class Footer:
    """A reduction over an epoch's rows. small: its number needs digits where its column's need none."""

    name: str
    expr: Expr
    title: str
    about: str
    small: bool = False


def shuffled(rows: int, epochs: int, passes: int, seed: int) -> tuple[tuple[int, ...], ...]:
    """An order of the rows for each epoch, then for each discarded pass; an epoch's is the same in longer runs."""
    turns = [(0, epoch) for epoch in range(epochs)] + [(1, number) for number in range(passes)]
    return tuple(tuple(np.random.default_rng([seed, *turn]).permutation(rows).tolist()) for turn in turns)


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that a sheet computes. Checked when it is made; two plans are equal only if they are one.

    samples: the columns of a sample, the target last. orders: for each block the numbers of its rows' samples,
    counted from 0, where they are not seen in their turn; `samples` then begins with `ORDER`. drawn: by which seed;
    started: how start weights were drawn, and by which, if they were.
    epochs: blocks of rows that are kept. discarded: passes over the data before them, whose weights are thrown
    away. hands_on: the columns and epoch states that these passes hand on, pass by pass, over and over: what a pass
    does not hand on, the next block starts from where that pass did; if empty each hands on all. targets: column ->
    its least-squares value on the data, where one exists (`slope` or `intercept`). gates: the pre-activation column
    of a ReLU -> the weights that stop when it is never positive. charted: the weight whose derivative charts show.
    mirror: the addresses of a published sheet, where it has one.
    """

    name: str
    inputs: tuple[Input, ...]
    columns: tuple[Column, ...]
    starts: tuple[Start, ...]
    footers: tuple[Footer, ...]
    weights: tuple[str, ...]
    epochs: int
    samples: tuple[str, ...] = ("x", "y")
    orders: tuple[tuple[int, ...], ...] = ()
    seed: int | None = None
    started: str = ""
    derived: tuple[Derived, ...] = ()
    states: tuple[EpochState, ...] = ()
    discarded: int = 0
    hands_on: tuple[frozenset[str], ...] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    charted: str = ""
    mirror: Mirror | None = None

    def __post_init__(self) -> None:
        check(self)

    def __repr__(self) -> str:
        return line(self, self.name, counted(self.epochs, "epoch"), ", ".join(c.name for c in self.columns))

    @property
    def drawn(self) -> str:
        """How the orders were drawn, in words."""
        return "" if self.seed is None else f"order: seed {self.seed}"

    def lasting(self, epochs: int) -> Plan:
        """The same run with another number of epochs; those that both have see their samples in the same order."""
        if self.seed is None:
            return replace(self, epochs=epochs)
        return replace(self, epochs=epochs, orders=shuffled(len(self.orders[0]), epochs, self.discarded, self.seed))

    @property
    def blocks(self) -> int:
        """All passes over the data: epochs first, then the discarded ones."""
        return self.epochs + self.discarded

    @property
    def openings(self) -> tuple[Start | EpochState, ...]:
        """Everything that is set when a block begins: start cells, then epoch states."""
        return (*self.starts, *self.states)

    @cached_property
    def numerical(self) -> frozenset[str]:
        """The columns that are numerical derivatives or follow from one."""
        found = {c.name for c in self.columns if c.role == "numerical"}
        size = -1
        while len(found) > size:
            size = len(found)
            found |= {
                c.name
                for c in self.columns
                if any(isinstance(leaf, (Here, Prev)) and leaf.column in found for leaf in leaves(c.expr))
            }
        return frozenset(found)

    @property
    def loss(self) -> str:
        """The column whose derivatives drive the update: the squared error, if it is no other loss."""
        return "loss" if any(c.name == "loss" for c in self.columns) else "err"

    @property
    def steepness(self) -> tuple[str, ...]:
        """The columns of the first derivative of the loss: the analytic one, and its estimate where it is a weight's.

        The first is that by the prediction, or what the loss makes of it: by the last bias, where there is one.
        """
        first = next(c for c in self.columns if c.role == "analytic")
        estimates = [self.of(w, "estimate") for w in first.of[:1]]
        return (first.name, *(name for name in estimates if name))

    @property
    def error(self) -> Footer:
        """What an epoch's error is."""
        return next(f for f in self.footers if f.name == "error")

    @property
    def other(self) -> bool:
        """Whether an epoch's error is not √Σe², which then stands beside it."""
        return any(f.name == "root" for f in self.footers)

    @property
    def driven_by_numerical(self) -> bool:
        """Whether the weights follow from numerical derivatives."""
        return not self.numerical.isdisjoint(start.column for start in self.starts)

    def previous(self, block: int) -> int | None:
        """The block whose end this block starts from; None where it starts afresh.

        Blocks 0 .. epochs-1 are the epochs, the rest the discarded passes that come before block 0 in time.
        """
        if block == 0:
            return self.blocks - 1 if self.discarded else None
        return None if block == self.epochs else block - 1

    def in_time(self) -> Iterator[int]:
        """The blocks in the order in which they happen."""
        yield from range(self.epochs, self.blocks)
        yield from range(self.epochs)

    def seen(self, data: _Data, name: str) -> Array:
        """What each row sees of its sample: shape (samples,), or (blocks, samples) where orders differ."""
        if not self.orders:
            return data.column(name)
        orders = np.array(self.orders)
        return orders + 1.0 if name == ORDER else data.column(name)[orders]

    def column(self, name: str) -> Column:
        """The column of that name."""
        return _by_name(self.columns, name)

    def footer(self, name: str) -> Footer:
        """The footer of that name."""
        return next(f for f in self.footers if f.name == name)

    def of(self, weight: str, kind: str) -> str | None:
        """The name of a weight's column of that kind or role, such as `average` or `update`; None without one."""
        return next((c.name for c in self.columns if weight in c.of and kind in (c.kind, c.role)), None)

    def new(self, weight: str) -> str:
        """The name of the column that holds a weight after the step."""
        return next(c.name for c in self.columns if c.role == "update" and weight in c.of)

    def after(self, column: str) -> Expr:
        """A column as the weights after the step make it: of samples, inputs and the columns of new weights."""

        def expand(leaf: Expr) -> Expr:
            if not isinstance(leaf, (Here, Prev)):
                return leaf
            found = self.column(leaf.column)
            if found.role in ("weight", "update"):
                return Here(self.new(found.of[0]))
            return self.after(found.name)

        return substitute(self.column(column).expr, expand)

    @property
    def predicted(self) -> Expr:
        """What the weights after a step predict for a sample, in the units of the target."""
        return self.after(next((c.name for c in self.columns if c.kind == PREDICTED), "pred"))

    def handed_on(self, block: int) -> tuple[list[Start | EpochState], list[Start | EpochState]]:
        """Of what the discarded passes prepare: what this one hands on, and what stays as it was before it."""
        prepared = [item for item in self.openings if item.unprepared is not None]
        if not self.hands_on:
            return prepared, []
        names = self.hands_on[(block - self.epochs) % len(self.hands_on)]
        return [i for i in prepared if i.name in names], [i for i in prepared if i.name not in names]

    def opening(self, item: Start | EpochState, block: int) -> tuple[Expr, int | None]:
        """What stands in a start or epoch-state cell: an expression, and the block it reads (None: inputs)."""
        previous = self.previous(block)
        if item.unprepared is not None and self.discarded:
            if previous is None:
                return item.unprepared, None
            if previous >= self.epochs and item in self.handed_on(previous)[1]:
                return self.opening(item, previous)
            return item.next, previous
        if block == 0 or block >= self.epochs:
            return item.initial, None
        return item.next, previous


def _by_name(columns: Sequence[Column], name: str) -> Column:
    for column in columns:
        if column.name == name:
            return column
    raise PlanError(f"There is no column {shown(name)}.{did_you_mean(name, [c.name for c in columns])}")


def _unique(kind: str, names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise PlanError(f"{shown(name)} is no name for {kind}s: use letters, digits and underscores, as in new_b.")
        if name in seen:
            raise PlanError(f"Two {kind}s are called {name!r}: each needs a name of its own.")
        seen.add(name)
    return seen


def check(plan: Plan) -> None:
    """Raise `PlanError`, in a sentence, where a plan does not hold together."""
    columns = _unique("column", [c.name for c in plan.columns])
    starts = _unique("start", [s.column for s in plan.starts])
    footers = _unique("footer", [f.name for f in plan.footers])
    states = _unique("epoch state", [s.name for s in plan.states])
    samples = _unique("sample column", plan.samples)
    cells = _unique("input", [i.name for i in plan.inputs] + [d.name for d in plan.derived])
    if plan.epochs < 1 or plan.discarded < 0:
        raise PlanError(f"A plan needs at least one epoch, not {plan.epochs}.")

    def known(where: str, name: str, names: set[str], kind: str) -> None:
        if name not in names:
            raise PlanError(
                f"{where} uses the {kind} {name!r}, which does not exist.{did_you_mean(name, sorted(names))}"
            )

    def leaf_ok(where: str, leaf: Expr, left: set[str]) -> None:
        if isinstance(leaf, Here):
            known(where, leaf.column, columns, "column")
            if leaf.column not in left:
                raise PlanError(
                    f"{where} uses {leaf.column!r} of its own row, which is computed after it: "
                    "move it to the left, or use Prev."
                )
        elif isinstance(leaf, Prev):
            known(where, leaf.column, columns, "column")
            if leaf.column not in starts:
                raise PlanError(f"{where} uses {leaf.column!r} of the row above, which has no start: add a Start.")
        elif isinstance(leaf, Param):
            known(where, leaf.name, cells, "input")
        elif isinstance(leaf, Opening):
            known(where, leaf.column, starts, "start")
        elif isinstance(leaf, State):
            known(where, leaf.name, states, "epoch state")
        elif isinstance(leaf, Foot):
            known(where, leaf.name, footers, "footer")
        elif isinstance(leaf, Over):
            known(where, leaf.column, columns, "column")
            if leaf.reduction not in REDUCTIONS:
                raise PlanError(f"{where}: there is no reduction {leaf.reduction!r}; use one of {REDUCTIONS}.")
        elif isinstance(leaf, (Data, Whole)):
            known(where, leaf.name, samples, "sample column")

    left: set[str] = set()
    for column in plan.columns:
        if column.role not in ROLES:
            raise PlanError(f"Column {column.name!r} has the unknown role {column.role!r}; roles are {ROLES}.")
        for leaf in leaves(column.expr):
            leaf_ok(f"Column {column.name!r}", leaf, left)
        left.add(column.name)
    for start in plan.starts:
        for name in (start.column, start.carry):
            known(f"The start of {start.column!r}", name, columns, "column")
    updated = {w: c.name for c in plan.columns if c.role == "update" for w in c.of}
    for what, names in (
        ("The list of weights", plan.weights),
        ("The list of targets", plan.targets),
        ("The list of gates", [*plan.gates, *(updated.get(w, w) for gated in plan.gates.values() for w in gated)]),
    ):
        for name in names:
            known(what, name, columns, "column")
    for handed_on in plan.hands_on:
        for name in sorted(handed_on):
            known("A discarded pass", name, starts | states, "start")
    for what, expr in _epoch_expressions(plan):
        for leaf in leaves(expr):
            if isinstance(leaf, (Here, Prev, Data)):
                raise PlanError(f"{what} stands outside the rows: it may use reductions, not {leaf}.")
            leaf_ok(what, leaf, left)


def compact(plan: Plan) -> Plan:
    """The same run with fewer columns: weights and derivatives are written into the formulas that use them.

    What only watches is left out, unless an epoch state reads it. The numbers that stay are equal to the last bit.
    An epoch must start from the new weights, and analytic derivatives must drive the update.
    """
    written_in = {c.name: c.expr for c in plan.columns if c.role in ("weight", "analytic")}
    read = {leaf.column for s in plan.states for leaf in leaves(s.next) if isinstance(leaf, Over)}
    dropped = ("weight", "analytic", "numerical", "watch")
    kept = [c for c in plan.columns if c.role not in dropped or (c.role == "watch" and c.name in read)]
    if plan.driven_by_numerical:
        raise PlanError(f"{plan.name} cannot be made compact: numerical derivatives drive it, use analytic ones.")
    for start in plan.starts:
        if start.carry != start.column:
            raise PlanError(f"{plan.name} cannot be made compact: an epoch starts {start.column} from {start.carry}.")

    def write_in(leaf: Expr) -> Expr:
        found = written_in.get(leaf.column) if isinstance(leaf, Here) else None
        return leaf if found is None else substitute(found, write_in)

    wanted = {"error", "root", *(leaf.name for s in plan.states for leaf in leaves(s.next) if isinstance(leaf, Foot))}
    footers: list[Footer] = []
    for footer in reversed(plan.footers):
        if footer.name in wanted:
            footers.insert(0, footer)
            wanted |= {leaf.name for leaf in leaves(footer.expr) if isinstance(leaf, Foot)}
    names = {c.name for c in kept}
    return replace(
        plan,
        columns=tuple(replace(c, expr=substitute(c.expr, write_in)) for c in kept),
        footers=tuple(footers),
        weights=(),
        targets={name: fit for name, fit in plan.targets.items() if name in names},
    )


def _epoch_expressions(plan: Plan) -> Iterator[tuple[str, Expr]]:
    for footer in plan.footers:
        yield f"The footer {footer.name!r}", footer.expr
    for derived in plan.derived:
        yield f"The derived cell {derived.name!r}", derived.expr
    for item in plan.openings:
        name = item.column if isinstance(item, Start) else item.name
        for expr in (item.initial, item.next, item.unprepared):
            if expr is not None:
                yield f"The start of {name!r}", expr
