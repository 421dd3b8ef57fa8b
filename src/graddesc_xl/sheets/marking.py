"""How a cell that a learner fills in is marked: what is right there for its own inputs, and what a wrong number tells.

Everything is found by comparing numbers: any formula that gives the number is right. The right number itself stands
nowhere: of a derivative it follows from nudging the loss, and what cells hold is how far off a number is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..language.calculus import gradient
from ..language.expr import Const, Data, Expr, Here, Param, Prev, State, call, leaves, maximum, replaced, total, where
from ..language.nudging import by_nudging, central, downstream, polynomial
from ..language.reports import GAP
from ..language.simplify import ZERO
from ..plan import Column, Plan

#: a number is right if it is off by less than this share of it; of what rounding does to the largest number that it
#: is made of, and to a loss by whose nudges it is found, less than these
SHARE, OPERANDS, NOISE = 1e-9, 1e-12, 1e-14
#: by how much a value is nudged, as a share of it or of 1: where the loss is a polynomial, and elsewhere
WIDE, NARROW = 1e-2, 1e-3
#: a number that is off by less than this share of it was rounded, or a new weight by less than this of its step
NEARLY, OF_STEP = 2e-3, 5e-2
#: how many hints a column has at most: spreadsheets nest no more than 64 functions
MOST_HINTS = 48
#: what is said of a number
WAITING = "what it uses is missing or not right yet"
NO_NUMBER = "this is no number"
NOT_RIGHT = "not right"


@dataclass(frozen=True)
class Stand(Expr):
    """Stands for a number that cells hold: which one."""

    number: str


#: the number that is marked, by how much a value is nudged, and the right number: in this row, the one above, the first
TYPED, NUDGE, RIGHT, ABOVE, FIRST = map(Stand, ("typed", "nudge", "right", "right above", "right in the first row"))
#: how far off the number in the first row is, as a share of what it may be
FIRST_OFF = Stand("off in the first row")


@dataclass(frozen=True)
class Hint:
    """What a wrong number may be, and what is said then.

    like: what it would be, of `RIGHT` and columns. times: by what it is multiplied first, where a factor is missing.
    within: by how much it may be off, if not by as much as a right number. slid: the one input that may have slid.
    """

    said: str
    like: Expr
    times: Expr | None = None
    within: Expr | None = None
    slid: Expr | None = None


@dataclass(frozen=True)
class Other(Expr):
    """Stands for the right number of another column in the same row."""

    column: str


@dataclass(frozen=True)
class InFirst(Expr):
    """Stands for what a cell of a row is in the first row: what a reference with a `$` too many keeps to."""

    leaf: Expr


@dataclass(frozen=True)
class Slid(Expr):
    """Stands for the cell as far below that of an input as this row is below the first: what a `$` too few leads to."""

    leaf: Expr


@dataclass(frozen=True)
class Marking:
    """How the columns of a plan that a learner fills in are marked. blank: their names."""

    plan: Plan
    blank: Sequence[str]

    @cached_property
    def lines(self) -> Mapping[str, Expr]:
        """The forward pass up to the loss, by column."""
        found: dict[str, Expr] = {}
        for column in self.plan.columns:
            if column.role in ("forward", "error"):
                found[column.name] = column.expr
            if column.name == self.plan.loss:
                break
        return found

    @cached_property
    def by(self) -> Mapping[str, Expr]:
        """The column of a derivative -> what it is the derivative by."""
        return {
            name: Here(target) for name, target in gradient(self.lines, self.plan.loss, self.plan.weights).by.items()
        }

    def loss(self, name: str) -> Expr | None:
        """The loss as a function of what a column is the derivative by; None for a column that is none."""
        return downstream(self.lines, self.plan.loss, self.by[name]) if name in self.by else None

    def nudge(self, name: str) -> Expr:
        """How far that is nudged: it must be small beside what bends the loss, and large beside rounding."""
        at, loss = self.by[name], self.loss(name)
        assert loss is not None
        size = 1 + call("abs", at)
        if polynomial(loss, at):  # exact, however far: of a loss that is large so far that it changes
            change = call("abs", central(loss, at, WIDE * size))
            return WIDE * size * call("if_error", 1 + WIDE * call("abs", loss) / change, 1)
        data = [call("abs", leaf) for leaf in dict.fromkeys(leaves(loss)) if isinstance(leaf, Data)]
        return NARROW * size / (1 + _largest(data))

    def value(self, name: str) -> Expr:
        """What is right in a column, of `NUDGE` and the cells that it uses."""
        loss = self.loss(name)
        return self.plan.column(name).expr if loss is None else by_nudging(loss, self.by[name], NUDGE)

    def unit(self, name: str) -> Expr:
        """How far a number may be off, of `TYPED` and `NUDGE`."""
        loss = self.loss(name)
        used = dict.fromkeys(leaves(loss or self.plan.column(name).expr))
        sizes = [call("abs", leaf) for leaf in used if isinstance(leaf, (Here, Prev, Data, Param))]
        parts = [SHARE * call("abs", TYPED), OPERANDS * _largest(sizes)]
        if loss is not None:
            parts.append(NOISE * call("abs", loss) / NUDGE)
        return total(parts)

    def uses(self, name: str) -> list[Expr]:
        """The cells of its row, and of the row above, that what is right in a column follows from."""
        return cells(self.loss(name) or self.plan.column(name).expr)

    def through(self, name: str) -> list[str]:
        """Of a derivative, the columns to fill in that its formula uses: what is right does not follow from these."""
        found = cells(self.plan.column(name).expr) if name in self.by else []
        return [leaf.column for leaf in found if isinstance(leaf, Here) and leaf.column in self.blank]

    def inputs(self, name: str) -> list[Expr]:
        """The leaves of a column that are the same in all rows, which a formula that is copied down must lock."""
        return [leaf for leaf in dict.fromkeys(leaves(self.plan.column(name).expr)) if isinstance(leaf, (Param, State))]

    def hints(self, name: str) -> Iterator[Hint]:
        """What a wrong number may be, the likeliest first."""
        column = self.plan.column(name)
        if name not in self.by:  # the formula of a derivative stands nowhere
            yield from self._sliding(column)
        yield from self._changed(column)
        yield from self._lacking(column)
        for other in self.blank:
            if other != name and self.plan.column(other).role == column.role:
                yield Hint(f"this is {self.plan.column(other).title}", Other(other))
        yield Hint("this is right in the row above", ABOVE)
        yield Hint("this is right in the first row: is a $ in the formula?", FIRST)
        yield from self._locked(column)
        within = NEARLY * call("abs", RIGHT)
        if column.role == "update":
            within = OF_STEP * call("abs", RIGHT - self._before(column))
        yield Hint("nearly right: type more of its digits, or a formula", RIGHT, within=within)

    def _sliding(self, column: Column) -> Iterator[Hint]:
        """An input that is not locked: right in the first row, and in another one the cell so far below it is taken."""
        found = self.inputs(column.name)
        for slid in [*([leaf] for leaf in found), *([found] if found[1:] else [])]:
            like = column.expr
            for leaf in slid:
                like = replaced(like, leaf, Slid(leaf))
            titles, only = ", ".join(map(self.title, slid)), slid[0] if not slid[1:] else None
            said = (
                f"does {titles} slide? lock its cell with $" if only else f"do {titles} slide? lock their cells with $"
            )
            yield Hint(said, where(call("abs", FIRST_OFF) <= 1, like, GAP), slid=only)

    def _locked(self, column: Column) -> Iterator[Hint]:
        """A cell of a row that stays that of the first."""
        for leaf in cells(column.expr):
            said = f"{self.title(leaf)} of the first row: a $ too many?"
            if column.name in self.by:
                yield Hint(said, RIGHT * InFirst(leaf), leaf)
            else:
                yield Hint(said, replaced(column.expr, leaf, InFirst(leaf)))

    def _changed(self, column: Column) -> Iterator[Hint]:
        """The sign, or half and twice as much."""
        if column.role == "update":
            before = self._before(column)
            yield Hint(f"no step is taken: this is {self.title(before)}{self._aside(column)}", before)
            yield Hint("it goes uphill: the step must be taken off", 2 * before - RIGHT)
            yield Hint(f"this is the step alone: {self.title(before)} is missing", RIGHT - before)
            yield Hint(f"this is the step alone: {self.title(before)} is missing", before - RIGHT)
            return
        yield Hint("the sign is the other way round", 0 - RIGHT)
        yield Hint("half of what is right: is a factor 2 missing?", RIGHT / 2)
        yield Hint("twice what is right: is there a factor 2 too many?", 2 * RIGHT)
        if column.role == "error":
            yield Hint("not squared", RIGHT, TYPED)

    def _aside(self, column: Column) -> str:
        """What is asked of a step that is none, right of a column of steps: its formula copied reads empty cells."""
        before = self.blank[: self.blank.index(column.name)]
        titles = ", ".join(map(self.title, self.inputs(column.name)))
        copied = titles and any(self.plan.column(name).role == column.role for name in before)
        return f"; does {titles} slide?" if copied else ""

    def _lacking(self, column: Column) -> Iterator[Hint]:
        """A factor or a term that is not there."""
        for leaf in dict.fromkeys(leaves(column.expr)):
            if not isinstance(leaf, (Here, Prev, Data, Param)):
                continue
            said = f"{self.title(leaf)} is missing"
            if column.name in self.by:
                yield Hint(f"the factor {said}", RIGHT, leaf)
                continue
            for neutral in (1.0, 0.0):  # of a product, and of a sum
                yield Hint(said, replaced(column.expr, leaf, Const(neutral)))
        if column.role == "update":
            yield from self._by_another(column)

    def _by_another(self, column: Column) -> Iterator[Hint]:
        """A step by the derivative of another weight."""
        own = [leaf for leaf in dict.fromkeys(leaves(column.expr)) if isinstance(leaf, Here) and leaf.column in self.by]
        for other in self.by:
            if other not in {leaf.column for leaf in own} and self.plan.column(other).of:
                taken = column.expr
                for leaf in own:
                    taken = replaced(taken, leaf, Here(other))
                yield Hint(f"it takes a step by {self.plan.column(other).title}", taken)

    def _before(self, column: Column) -> Expr:
        """The weight before the step."""
        return Here(next(c.name for c in self.plan.columns if c.role == "weight" and c.of == column.of))

    def title(self, leaf: Expr) -> str:
        """What a leaf is called on the sheet."""
        match leaf:
            case Here(name) | Prev(name):
                return self.plan.column(name).title
            case Param(name):
                labels = {i.name: i.label for i in self.plan.inputs} | {d.name: d.label for d in self.plan.derived}
                return labels[name]
            case State(name):
                return next(state.title for state in self.plan.states if state.name == name)
        assert isinstance(leaf, Data)
        return leaf.name


def _largest(sizes: Sequence[Expr]) -> Expr:
    """The largest of some sizes in each row, by pairs; MAX of them all would be one number for all rows."""
    if not sizes[1:]:
        return sizes[0] if sizes else ZERO
    half = len(sizes) // 2
    return maximum(_largest(sizes[:half]), _largest(sizes[half:]))


def cells(expr: Expr) -> list[Expr]:
    """The leaves of an expression that stand in rows."""
    return [leaf for leaf in dict.fromkeys(leaves(expr)) if isinstance(leaf, (Here, Prev, Data))]
