"""The expression tree: leaves and operators. What an operator means is its row in `operators`.

>>> a, x, b = Here("a"), Data("x"), Here("b")
>>> b + a * x
Apply(op='add', args=(Here(column='b'), Apply(op='mul', args=(Here(column='a'), Data(name='x')))))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

#: operator -> how many arguments it takes, None for any number; `operators` says what each means
ARITIES: dict[str, int | None] = {}
#: What a footer may do with the column above it.
REDUCTIONS = ("sum", "sumsq", "count", "last")


class Expr:
    """Anything that has a value in one cell."""

    __slots__ = ()

    def __add__(self, other: Expr | float) -> Expr:
        return Apply("add", (self, wrap(other)))

    def __radd__(self, other: float) -> Expr:
        return Apply("add", (wrap(other), self))

    def __sub__(self, other: Expr | float) -> Expr:
        return Apply("sub", (self, wrap(other)))

    def __rsub__(self, other: float) -> Expr:
        return Apply("sub", (wrap(other), self))

    def __mul__(self, other: Expr | float) -> Expr:
        return Apply("mul", (self, wrap(other)))

    def __rmul__(self, other: float) -> Expr:
        return Apply("mul", (wrap(other), self))

    def __truediv__(self, other: Expr | float) -> Expr:
        return Apply("div", (self, wrap(other)))

    def __rtruediv__(self, other: float) -> Expr:
        return Apply("div", (wrap(other), self))

    def __neg__(self) -> Expr:
        return Apply("neg", (self,))

    def __gt__(self, other: Expr | float | str) -> Expr:
        return Apply("gt", (self, wrap(other)))

    def __lt__(self, other: Expr | float | str) -> Expr:
        return Apply("lt", (self, wrap(other)))

    def __le__(self, other: Expr | float | str) -> Expr:
        return Apply("le", (self, wrap(other)))

    def __ge__(self, other: Expr | float | str) -> Expr:
        return Apply("ge", (self, wrap(other)))

    def __and__(self, other: Expr | float | str) -> Expr:
        return Apply("join", (self, wrap(other)))

    def equals(self, other: Expr | float | str) -> Expr:
        """1 where both are the same, else 0; `==` compares trees."""
        return Apply("eq", (self, wrap(other)))

    def differs(self, other: Expr | float | str) -> Expr:
        """1 where both are not the same, else 0."""
        return Apply("ne", (self, wrap(other)))

    def __pow__(self, exponent: Expr | float) -> Expr:
        if isinstance(exponent, (int, float)) and exponent in range(2, 9):  # products, to the last bit
            return Apply("pow", (self, Const(int(exponent))))
        return Apply("power", (self, wrap(exponent)))

    def __rpow__(self, base: float) -> Expr:
        return Apply("power", (wrap(base), self))


@dataclass(frozen=True, slots=True)
class Const(Expr):
    """A number written into the formula."""

    value: float


@dataclass(frozen=True, slots=True)
class Text(Expr):
    """A text written into the formula."""

    value: str


@dataclass(frozen=True, slots=True)
class Named(Expr):
    """A leaf that is known by its own name; leaves of two classes are never equal."""

    name: str


@dataclass(frozen=True, slots=True)
class OfColumn(Expr):
    """A leaf that is known by the name of a column."""

    column: str


class Param(Named):
    """An input cell of the sheet, the same for every row."""

    __slots__ = ()


class Data(Named):
    """This row's sample: `x` or `y`."""

    __slots__ = ()


class Whole(Named):
    """A column of the samples, all of them: for functions of ranges, in single cells."""

    __slots__ = ()


class Here(OfColumn):
    """Another column in this row."""

    __slots__ = ()


class Prev(OfColumn):
    """A column in the row above; on an epoch's first row its start cell."""

    __slots__ = ()


class Opening(OfColumn):
    """What an epoch's block starts a column from, seen from outside its rows."""

    __slots__ = ()


class State(Named):
    """A value that holds for a whole epoch, such as an annealed learning rate."""

    __slots__ = ()


class Foot(Named):
    """A footer of the epoch's block."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Over(Expr):
    """A reduction of a column over the epoch's rows: `sum`, `sumsq`, `count` or `last`."""

    reduction: str
    column: str


@dataclass(frozen=True, slots=True)
class Apply(Expr):
    """An operator applied to its arguments."""

    op: str
    args: tuple[Expr, ...]

    def __post_init__(self) -> None:
        if ARITIES.get(self.op, -1) not in (None, len(self.args)):
            raise ValueError(f"no operator {self.op!r} with {len(self.args)} arguments")


def wrap(value: Expr | float | str) -> Expr:
    """The expression itself, or a number or text as a `Const`."""
    if isinstance(value, Expr):
        return value
    return Text(value) if isinstance(value, str) else Const(value)


def sqrt(value: Expr) -> Expr:
    """The square root."""
    return Apply("sqrt", (value,))


def call(op: str, *args: Expr | float | str) -> Expr:
    """An operator applied to expressions, numbers and texts.

    >>> call("if_error", Here("a"), "none").args[1]
    Text(value='none')
    """
    return Apply(op, tuple(wrap(arg) for arg in args))


def maximum(left: Expr | float, right: Expr | float) -> Expr:
    """The larger of two values."""
    return Apply("max", (wrap(left), wrap(right)))


def minimum(left: Expr | float, right: Expr | float) -> Expr:
    """The smaller of two values."""
    return Apply("min", (wrap(left), wrap(right)))


def greater(left: Expr | float, right: Expr | float) -> Expr:
    """1 where left > right, else 0."""
    return Apply("gt", (wrap(left), wrap(right)))


def where(condition: Expr, then: Expr | float | str, otherwise: Expr | float | str) -> Expr:
    """`then` where the condition is not 0, else `otherwise`."""
    return Apply("where", (condition, wrap(then), wrap(otherwise)))


def total(terms: Sequence[Expr]) -> Expr:
    """The sum of at least one term, from left to right."""
    added = terms[0]
    for term in terms[1:]:
        added = added + term
    return added


def leaves(expr: Expr) -> Iterator[Expr]:
    """Every leaf, left to right, repeated as often as it stands there."""
    if isinstance(expr, Apply):
        for arg in expr.args:
            yield from leaves(arg)
    else:
        yield expr


def parts(expr: Expr) -> Iterator[Expr]:
    """The expression, and every part of it down to its leaves, from the outside inwards."""
    yield expr
    if isinstance(expr, Apply):
        for arg in expr.args:
            yield from parts(arg)


def replaced(expr: Expr, part: Expr, by: Expr) -> Expr:
    """The same tree with another one in every place where it has a part."""
    if expr == part:
        return by
    return Apply(expr.op, tuple(replaced(arg, part, by) for arg in expr.args)) if isinstance(expr, Apply) else expr


def substitute(expr: Expr, replace: Callable[[Expr], Expr]) -> Expr:
    """The same tree with each leaf but numbers and texts replaced by `replace(leaf)`."""
    if isinstance(expr, Apply):
        return Apply(expr.op, tuple(substitute(arg, replace) for arg in expr.args))
    return expr if isinstance(expr, (Const, Text)) else replace(expr)
