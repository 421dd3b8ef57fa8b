"""The code of a row for many runs at once: the engine's lines, each operation into a buffer that is ready.

Fresh arrays cost more than the arithmetic, so each value gets the buffer of one that is no longer needed, and a column
that the next row starts from is written where that row reads it. What nothing kept depends on is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..language.expr import Apply, Expr, Here, Over, Param, Prev, leaves, parts
from ..language.operators import OPERATORS
from ..plan import Plan
from .engine import lines

#: how the buffers of generated code are called
BUFFER = "buffer"
_SIGNS: Mapping[type, str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
_TESTS = {"gt": "greater", "lt": "less", "le": "less_equal", "ge": "greater_equal", "eq": "equal", "ne": "not_equal"}


class Totals(NamedTuple):
    """What is kept of an epoch beside the columns that the next one starts from.

    sums: reductions of a column, `sum` or `sumsq`. tapped: columns of which the row that was computed last is kept.
    """

    sums: tuple[Over, ...]
    tapped: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Row:
    """Generated code that computes one row of many runs.

    source: of a function `row`, whose arguments are a sample, `inputs` (with derived cells), the states of the plan,
    and arrays that it writes to: `carried` columns, sums and tapped columns of `totals`, then as many `buffers` of
    numbers and `flags` of truth values as it needs.
    """

    source: str
    call: Callable[..., None]
    inputs: tuple[str, ...]
    carried: tuple[str, ...]
    totals: Totals
    buffers: int
    flags: int


def needed(plan: Plan, wanted: Iterable[str], chosen: Mapping[str, float]) -> dict[str, Expr]:
    """The columns that some depend on, and these, in the order of the plan.

    chosen: inputs that are the same for all runs: a choice that they decide is made.
    """
    exprs = {column.name: _decided(column.expr, chosen) for column in plan.columns}
    found: set[str] = set()
    open_ = [*wanted]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += [leaf.column for leaf in leaves(exprs[name]) if isinstance(leaf, (Here, Prev))]
    return {name: expr for name, expr in exprs.items() if name in found}


def _decided(expr: Expr, chosen: Mapping[str, float]) -> Expr:
    """The expression without the choices that inputs decide."""
    if not isinstance(expr, Apply):
        return expr
    if expr.op == "where" and isinstance(expr.args[0], Param) and expr.args[0].name in chosen:
        return _decided(expr.args[1 if chosen[expr.args[0].name] else 2], chosen)
    return Apply(expr.op, tuple(_decided(arg, chosen) for arg in expr.args))


def deciding(plan: Plan, cells: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """The cells that decide choices, where all runs share them."""
    every = (part for column in plan.columns for part in parts(column.expr))
    names = {
        of.args[0].name for of in every if isinstance(of, Apply) and of.op == "where" and isinstance(of.args[0], Param)
    }
    return tuple((name, float(cells[name])) for name in sorted(names) if not np.ndim(cells[name]))


@lru_cache(maxsize=64)
def row(plan: Plan, totals: Totals, arrays: frozenset[str], chosen: tuple[tuple[str, float], ...]) -> Row:
    """The code of a row. arrays: the cells that differ from run to run. chosen: others, which decide choices."""
    carried = tuple(start.column for start in plan.starts)
    columns = needed(plan, [*carried, *totals.tapped, *(over.column for over in totals.sums)], dict(chosen))
    cells = (*(i.name for i in plan.inputs), *(d.name for d in plan.derived))
    states = tuple(s.name for s in plan.states)
    known = {f"p_{name}" for name in arrays} | {f"s_{name}" for name in states} | {f"q_{name}" for name in carried}
    made = _Made({name: f"c_{name}" for name in carried}, known)
    for text in lines(columns):
        target, value = text.split(" = ", 1)
        made.assign(target, value)
        for i, over in enumerate(totals.sums):
            if target == f"c_{over.column}":
                made.add(f"a_{i}", target, squared=over.reduction == "sumsq")
        for i, name in enumerate(totals.tapped):
            if target == f"c_{name}":
                made.tap(f"l_{i}", target)
    body, buffers, flags = made.placed()
    arguments = [*(f"d_{name}" for name in plan.samples), *(f"p_{name}" for name in cells)]
    arguments += [*(f"s_{name}" for name in states), *(f"q_{name}" for name in carried)]
    arguments += [*(f"a_{i}" for i in range(len(totals.sums))), *(f"l_{i}" for i in range(len(totals.tapped)))]
    arguments += [*(f"{BUFFER}{i}" for i in range(buffers)), *(f"m{i}" for i in range(flags))]
    source = f"def row({', '.join(arguments)}):\n    " + "\n    ".join(body or ["pass"]) + "\n"
    scope: dict[str, Any] = {name: of.arrays for name, of in OPERATORS.items() if of.floats}
    scope |= {name: getattr(np, name) for name in (*_TESTS.values(), "where", "copyto", "float64")}
    exec(source, scope)  # generated from a checked plan, never from a user's text
    return Row(source, scope["row"], cells, carried, totals, buffers, flags)


@dataclass
class _Step:
    """One operation: what it writes to ("" where nothing new), its name, what it reads."""

    to: str
    op: str
    args: tuple[str, ...]


@dataclass
class _Made:
    """A row in the making: single operations, then their buffers.

    carried: column -> the value that the next row starts it from. arrays: the names of what is an array.
    """

    carried: Mapping[str, str]
    arrays: set[str]
    values: dict[str, str] = field(default_factory=dict)
    steps: list[_Step] = field(default_factory=list)
    known: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def assign(self, target: str, text: str) -> None:
        """A line of the engine's source."""
        value = self.value(ast.parse(text, mode="eval").body)
        if target[2:] in self.carried and value.startswith("q_") and value != f"q_{target[2:]}":
            value = self.step("copy", value)  # another column's start, which this row may overwrite
        self.values[target] = value

    def add(self, total: str, target: str, *, squared: bool) -> None:
        """A column added to a total."""
        value = self.values[target]
        self.steps.append(_Step("", "total", (total, self.step("mul", value, value) if squared else value)))

    def tap(self, to: str, target: str) -> None:
        """A column that is kept."""
        self.steps.append(_Step("", "tap", (to, self.values[target])))

    def value(self, node: ast.expr) -> str:
        """The name of a value, or the text of a number; what it needs is computed before."""
        match node:
            case ast.Constant(value=number):
                return repr(number)
            case ast.Name(id=name):
                return self.values.get(name, name)
            case ast.UnaryOp(operand=operand):
                return self.step("neg", self.value(operand))
            case ast.BinOp(left=left, op=sign, right=right):
                return self.step(_SIGNS[type(sign)], self.value(left), self.value(right))
            case ast.Call(func=ast.Name(id="where"), args=[ast.Call(func=ast.Name(id=test), args=terms), *chosen]):
                return self.step(test, *map(self.value, (*terms, *chosen)))
            case ast.Call(func=ast.Name(id="where"), args=[condition, *chosen]):
                return self.step("ne", self.value(condition), "0.0", *map(self.value, chosen))
            case ast.Call(func=ast.Name(id=test), args=terms) if test in _TESTS:
                return self.step(test, *map(self.value, terms), "1.0", "0.0")
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.step(name, *map(self.value, args))
        raise AssertionError(ast.dump(node))

    def step(self, op: str, *args: str) -> str:
        """The name of an operation's value; that of two written numbers is written, too."""
        if op in ("neg", "mul") and all(arg[0] in "-.0123456789" for arg in args):
            return repr(float(OPERATORS[op].arrays(*map(float, args))))
        if (op, args) in self.known:
            return self.known[op, args]
        to = self.known[op, args] = f"v{len(self.steps)}"
        self.steps.append(_Step(to, op, args))
        if any(arg in self.arrays for arg in args):
            self.arrays.add(to)
        return to

    def placed(self) -> tuple[list[str], int, int]:
        """The source of all operations, and how many buffers of numbers and of truth values it needs."""
        ends = {column: self.values.get(target, f"q_{column}") for column, target in self.carried.items()}
        used = {arg: i for i, step in enumerate(self.steps) for arg in step.args}
        last = used | dict.fromkeys(ends.values(), len(self.steps))
        homes = {value: f"q_{column}" for column, value in ends.items()}
        place: dict[str, str] = {}
        free: list[str] = []
        count, flags, body = 0, 0, []
        for i, step in enumerate(self.steps):
            args = tuple(place.get(arg, arg) for arg in step.args)
            if step.to and step.to not in self.arrays:
                body.append(f"{step.to} = float64({_scalar(step.op, args)})")
                continue
            dying = {place[arg] for arg in step.args if last[arg] == i and place.get(arg, "").startswith(BUFFER)}
            into = ""
            if step.to:
                home = homes.get(step.to, "")
                if home and last.get(home, -1) <= i:
                    into = home
                elif dying:
                    into = min(dying)
                elif free:
                    into = free.pop()
                else:
                    into, count = f"{BUFFER}{count}", count + 1
                place[step.to] = into
            body += _spelled(step.op, args, into)
            flags = max(flags, step.op in _TESTS)
            free += [at for at in dying if at != into]
        for column, value in ends.items():
            if place.get(value, value) != f"q_{column}":
                body.append(f"copyto(q_{column}, {place.get(value, value)})")
        return body, count, int(flags)


def _scalar(op: str, args: Sequence[str]) -> str:
    """The source of an operation on numbers that all runs share."""
    if op in _TESTS:
        return f"where({_TESTS[op]}({', '.join(args[:2])}), {', '.join(args[2:])})"
    return args[0] if op == "copy" else f"{op}({', '.join(args)})"


def _spelled(op: str, args: Sequence[str], into: str) -> list[str]:
    """The source of an operation on arrays; a comparison chooses between its third and its fourth operand."""
    if op == "total":
        return [f"add({args[0]}, {args[1]}, out={args[0]})"]
    if op == "tap":
        return [f"copyto({args[0]}, {args[1]})"]
    if op == "copy":
        return [f"copyto({into}, {args[0]})"]
    if op in _TESTS:
        first, second, then, otherwise = args
        test = f"{_TESTS[op]}({first}, {second}, out=m0)"
        if (then, otherwise) == ("1.0", "0.0"):
            return [test, f"copyto({into}, m0)"]
        chosen = f"where(m0, {then}, {otherwise})"  # a fresh array takes less time than a copy of what a mask says
        return [test, f"{into} = {chosen}" if into.startswith(BUFFER) else f"copyto({into}, {chosen})"]
    value = f"{op}({', '.join(args)}"
    if isinstance(OPERATORS[op].arrays, np.ufunc):
        return [f"{value}, out={into})"]
    return [f"{into} = {value})" if into.startswith(BUFFER) else f"copyto({into}, {value}))"]
