"""Optimizers as equations: text for one weight, or once a step, that becomes columns for every weight.

In an equation `w` is the weight before the step, `g` its derivative, `prev(name)` the value in the row above;
every other name is another equation, an input, or an epoch state. `sum(...)` adds up over the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..errors import PlanError, cut
from ..language.expr import (
    Apply,
    Expr,
    Foot,
    Here,
    Opening,
    Over,
    Param,
    Prev,
    State,
    Text,
    parts,
    replaced,
    total,
    where,
)
from ..language.operators import OPERATORS, numeric
from ..language.parse import parse, spell
from ..notebook import line, settings
from ..plan import Column, Derived, EpochState, Footer, Input, Start

#: (weight, the column that holds its derivative), in the order of the sheet's columns
Gradients = Sequence[tuple[str, str]]
#: the equation that gives the weight after the step
NEW = "new"


@dataclass(frozen=True)
class Equation:
    """One equation.

    title, about: for the header and its note; `{w}` stands for the weight, `{e}` for the loss. kind: what it is
    to its weight, as charts look for it (`average`, `step`, ...). start: what `prev` of it reads in the first row: a
    formula of inputs. prepared: that this is what the discarded passes begin with, and the first epoch gets what they
    left.
    """

    name: str
    formula: str
    title: str = ""
    about: str = ""
    role: str = "state"
    kind: str = ""
    start: str = ""
    prepared: bool = False
    small: bool = False


@dataclass(frozen=True)
class Summary:
    """What an epoch leaves: a formula of reductions (`sum`, `sumsq`, `count`, `last`), of what columns start from
    (`start`), of other summaries and of states.

    only: `first` or `last`, where one that stands once per weight is wanted of that weight alone.
    """

    name: str
    formula: str
    title: str
    about: str
    only: str = ""
    small: bool = False


@dataclass(frozen=True)
class Derivation:
    """A single cell computed from inputs, such as 1 - beta."""

    name: str
    formula: str
    label: str
    about: str


@dataclass(frozen=True)
class Memory:
    """A value that holds for an epoch: `start` of inputs, then `formula` of the last epoch's summaries and states."""

    name: str
    start: str
    formula: str
    title: str
    about: str
    prepared: bool = False
    small: bool = False


@dataclass(frozen=True)
class Parts:
    """What an optimizer adds to a plan for given weights. hands_on: what its discarded passes hand on, as in `Plan`."""

    columns: tuple[Column, ...]
    starts: tuple[Start, ...] = ()
    states: tuple[EpochState, ...] = ()
    footers: tuple[Footer, ...] = ()
    hands_on: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True)
class Optimizer:
    """An optimizer: its equations in order, and the inputs they need beside the learning rate.

    discarded: how many passes over the data, whose weights are thrown away, fill its averages first. passes: the
    equations and memories that these hand on, pass by pass, over and over; if empty each hands on all. source: where
    the equations come from. rate: what the learning rate is to it, if not the share of the derivative that a step
    takes off.
    """

    name: str
    title: str
    source: str
    equations: tuple[Equation, ...]
    inputs: tuple[Input, ...] = ()
    derived: tuple[Derivation, ...] = ()
    summaries: tuple[Summary, ...] = ()
    memories: tuple[Memory, ...] = ()
    discarded: int = 0
    passes: tuple[tuple[str, ...], ...] = ()
    rate: str = ""
    _trees: Mapping[str, Expr] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if NEW not in {e.name for e in self.equations}:
            raise PlanError(f"{self.name} never says what a step does: add an equation new = w - lr*g or the like.")
        object.__setattr__(self, "_trees", {e.name: self._parsed(e) for e in self.equations})

    def __repr__(self) -> str:
        return line(self, self.name, "; ".join(f"{e.name} = {e.formula}" for e in self.equations))

    def _repr_html_(self) -> str:
        inputs = {i.name: f"{i.value:g}" for i in self.inputs}
        return settings(self, {**{e.name: e.formula for e in self.equations}, **inputs, "source": self.source})

    def _parsed(self, equation: Equation) -> Expr:
        known = {"w", "g", "lr", *(e.name for e in self.equations), *self._cells, *self._states}
        tree = parse(equation.formula, lambda name: Here(name) if name in known else None, known, reports=True)
        for part in parts(tree):
            reports = isinstance(part, Apply) and part.op != "sum" and OPERATORS[part.op].reports
            if reports or isinstance(part, Text):
                odd = part.op if isinstance(part, Apply) else spell(part)
                raise PlanError(
                    f"{self.name} uses {cut(odd)} in {equation.name}, which no step can compute: leave it out."
                )
        return numeric(tree)

    @property
    def _cells(self) -> set[str]:
        return {"lr", *(i.name for i in self.inputs), *(d.name for d in self.derived)}

    @property
    def anneals(self) -> bool:
        """Whether it changes the learning rate by itself."""
        return "lr" in self._states

    @property
    def _states(self) -> set[str]:
        return {m.name for m in self.memories}

    @cached_property
    def each(self) -> frozenset[str]:
        """The names of the equations that stand once per weight, not once per step."""
        found = {"w", "g"}
        size = 0
        while len(found) > size:
            size = len(found)
            found |= {name for name, tree in self._trees.items() if not found.isdisjoint(_names(tree))}
        return frozenset(found - {"w", "g"})

    def build(
        self, gradients: Gradients, *, rate: Expr | None = None, steps: Expr | None = None, symbol: str = "e"
    ) -> Parts:
        """Its columns for these weights, equation by equation.

        rate: the learning rate in a row, if not the input. steps: 1 in rows that take a step, where not all do: in
        the others weights and what is remembered stay. symbol: what stands for the loss in titles.
        """
        columns: list[Column] = []
        starts: list[Start] = []
        for equation in self.equations:
            tree = self._trees[equation.name]
            for weight, gradient in gradients if equation.name in self.each else [("", "")]:
                made = self._column(equation, tree, weight, gradient, gradients, symbol)
                expr = made.expr if rate is None else replaced(made.expr, Param("lr"), rate)
                if steps is not None and (equation.start or equation.name == NEW):
                    expr = where(steps > 0, expr, Prev(made.name) if equation.start else Here(weight))
                columns.append(replace(made, expr=expr))
                if equation.start:
                    given = self._given(equation.start)
                    name = columns[-1].name
                    starts.append(Start(name, given, carry=name, unprepared=given if equation.prepared else None))
        weights = [w for w, _ in gradients]
        hands_on = tuple(
            frozenset(self._of(name, w) for name in handed for w in (weights if name in self.each else [""]))
            for handed in self.passes
        )
        return Parts(tuple(columns), tuple(starts), self._epoch_states(), self._footers(gradients), hands_on)

    @property
    def cells(self) -> tuple[Derived, ...]:
        """Its single cells that are computed from inputs."""
        return tuple(Derived(d.name, self._given(d.formula), d.label, d.about) for d in self.derived)

    def _column(
        self, equation: Equation, tree: Expr, weight: str, gradient: str, gradients: Gradients, symbol: str
    ) -> Column:
        title = equation.title.format(w=weight, e=symbol) or " ".join(filter(None, (equation.name, weight)))
        return Column(
            self._of(equation.name, weight),
            self._for(tree, weight, gradient, gradients),
            "update" if equation.name == NEW else equation.role,
            title,
            equation.about.format(w=weight, e=symbol) or title,
            small=equation.small,
            of=(weight,) if weight else (),
            kind=equation.kind,
        )

    def _of(self, name: str, weight: str) -> str:
        """The column of an equation for a weight."""
        return f"{name}_{weight}" if name in self.each else name

    def _for(self, tree: Expr, weight: str, gradient: str, gradients: Gradients) -> Expr:
        """An equation's tree for one weight: its names become columns, inputs and states."""
        if isinstance(tree, Apply) and tree.op == "sum":
            (term,) = tree.args
            return total([self._for(term, w, g, gradients) for w, g in gradients])
        if isinstance(tree, Apply):
            return Apply(tree.op, tuple(self._for(arg, weight, gradient, gradients) for arg in tree.args))
        match tree:
            case Here("w"):
                return Here(weight)
            case Here("g"):
                return Here(gradient)
            case Here(name) if name in self._states:
                return State(name)
            case Here(name) if name in self._cells:
                return Param(name)
            case Here(name):
                return Here(self._of(name, weight))
            case Prev(name):
                return Prev(self._of(name, weight))
        return tree

    def _epoch_states(self) -> tuple[EpochState, ...]:
        made = []
        known = self._states | {s.name for s in self.summaries}
        for m in self.memories:
            given = self._given(m.start)
            following = parse(m.formula, self._between_or_column, known, rows=True)
            unprepared = given if m.prepared else None
            made.append(EpochState(m.name, given, following, m.title, m.about, unprepared=unprepared, small=m.small))
        return tuple(made)

    def _given(self, formula: str) -> Expr:
        """A formula of inputs."""
        return parse(formula, lambda name: Param(name) if name in self._cells else None, self._cells)

    def _between(self, name: str) -> Expr | None:
        """What a name stands for between epochs."""
        if name in self._states:
            return State(name)
        if name in {s.name for s in self.summaries}:
            return Foot(name)
        return Param(name) if name in self._cells else None

    def _between_or_column(self, name: str) -> Expr | None:
        return self._between(name) or (Here(name) if name in self._trees else None)

    def _footers(self, gradients: Gradients) -> tuple[Footer, ...]:
        """A footer per summary, or per weight where it reduces a column of each weight."""
        made: list[Footer] = []
        known = {"g", *self._trees, *self._states, *(s.name for s in self.summaries)}
        for s in self.summaries:
            tree = parse(s.formula, self._column_or_between, known, reports=True, rows=True)
            each = not {"g", *self.each}.isdisjoint(_names(tree))
            wanted = {"first": gradients[:1], "last": gradients[-1:]}.get(s.only, gradients) if each else [("", "")]
            for weight, gradient in wanted:
                expr = self._reduced(tree, weight, gradient, gradients)
                name = f"{s.name}_{weight}" if each else s.name
                made.append(Footer(name, expr, s.title, s.about, small=s.small))
        return tuple(made)

    def _column_or_between(self, name: str) -> Expr | None:
        return Here(name) if name == "g" else self._between_or_column(name)

    def _reduced(self, tree: Expr, weight: str, gradient: str, gradients: Gradients) -> Expr:
        """A summary's tree for one weight: its reductions are of that weight's columns."""
        match tree:
            case Apply("sum", (term,)):
                return total([self._reduced(term, w, g, gradients) for w, g in gradients])
            case Apply(op, args):
                return Apply(op, tuple(self._reduced(arg, weight, gradient, gradients) for arg in args))
            case Over(reduction, "g"):
                return Over(reduction, gradient)
            case Over(reduction, name):
                return Over(reduction, self._of(name, weight))
            case Opening(name):
                return Opening(self._of(name, weight))
        return tree


DECAY = Input("decay", 0.01, "decay", "weight decay: the share of a weight added to its derivative", low=0.0, high=1e3)
LIMIT = Input("limit", 1000.0, "grad limit", "the greatest length of a gradient", low=1e-6, high=1e12)
#: the length of a gradient, and by what one that is too long is multiplied
CLIPPING = (
    Equation("norm", "sqrt(sum(g**2))", "|grad|", "length of the gradient: the root of the sum of its squares"),
    Equation(
        "clip",
        "where(norm > limit, limit/norm, 1)",
        "clip",
        "what a gradient longer than the limit is multiplied by, so that it is as long as the limit",
        small=True,
    ),
)


def with_decay(of: Optimizer) -> Optimizer:
    """The optimizer with weight decay: a share of each weight is added to its derivative first.

    This is PyTorch's `weight_decay` of all but AdamW, which has one of its own.
    """
    pulled = Equation(
        "pulled", "g + decay*w", "d{e}/d{w} + decay", "the derivative, and a share of {w} that pulls it to 0"
    )
    return _through(of, "decay", "weight decay", (pulled,), DECAY)


def with_clipping(of: Optimizer) -> Optimizer:
    """The optimizer with its gradient clipped: one that is longer than a limit is shortened to it first."""
    cut = Equation("cut", "g*clip", "d{e}/d{w}, clipped", "the derivative, shortened where the gradient is too long")
    return _through(of, "clipped", "gradient clipped", (*CLIPPING, cut), LIMIT)


def _through(of: Optimizer, name: str, title: str, first: tuple[Equation, ...], given: Input) -> Optimizer:
    """An optimizer that takes in the last of other equations instead of the derivative."""
    known = {i.name for i in of.inputs} | {e.name for e in of.equations}
    for made in (*(e.name for e in first), given.name):
        if made in known:
            raise PlanError(f"{of.title} has {made!r} already: it cannot be given it twice.")

    def through(formula: str) -> str:
        tree = parse(formula, Here, reports=True)
        return spell(replaced(tree, Here("g"), Here(first[-1].name)))

    rest = tuple(replace(e, formula=through(e.formula)) for e in of.equations)
    return replace(
        of,
        name=f"{of.name}_{name}",
        title=f"{of.title}, {title}",
        equations=(*first, *rest),
        inputs=(*of.inputs, given),
    )


def _names(tree: Expr) -> Iterable[str]:
    """The names an equation uses outside its sums over the weights."""
    if isinstance(tree, Apply):
        return [] if tree.op == "sum" else [name for arg in tree.args for name in _names(arg)]
    match tree:
        case Here(name) | Prev(name) | Over(_, name) | Opening(name):
            return [name]
    return []
