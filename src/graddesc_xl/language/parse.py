"""Expressions as a person types them: Python-like maths, read with Python's own grammar and never evaluated."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from ..errors import PlanError, cut, did_you_mean, shown
from .expr import REDUCTIONS, Apply, Const, Data, Expr, Foot, Here, Opening, Over, Param, Prev, State, Text
from .operators import OPERATORS

#: a name in a formula -> the leaf it stands for, or None where there is none
Names = Callable[[str], Expr | None]

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Gt: "gt",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}
_COMPARED = {"gt": ">", "lt": "<", "le": "<=", "ge": ">=", "eq": "==", "ne": "!="}
_WRITTEN = {"add": " + ", "sub": " - ", "mul": "*", "div": "/", "pow": "**", "power": "**"} | {
    op: f" {sign} " for op, sign in _COMPARED.items()
}
_BINDS = {"add": 2, "sub": 2, "mul": 3, "div": 3, "neg": 4, "pow": 5, "power": 5} | dict.fromkeys(_COMPARED, 1)
#: of an epoch, what a column starts from
START = "start"
#: a formula as an error shows one
EXAMPLE = "c*max(a*x + b, 0) + d"
#: where maths leaves the sign of a product out: between two names or brackets, and behind a number
_APART = re.compile(r"(?<=[\w)])[ \t]+(?=[A-Za-z_(])")
_BEHIND = re.compile(r"(?<![\w.])(\d+\.?\d*)(?=[A-Za-z_(])(?![eE][-+]?\d)")
#: nested deeper than this, a formula is no formula
DEEPEST = 100
LONGEST = 2000


def parse(text: str, names: Names, known: Iterable[str] = (), *, reports: bool = False, rows: bool = False) -> Expr:
    """The tree of a formula.

    names: gives the leaf of a name; known: the names there are, for a hint. reports: whether the formula may use the
    operators of sheets that report on others. rows: whether `sum`, `sumsq`, `count` and `last` of a name are over
    the rows of an epoch, and `start` is what it starts from. `prev(name)` is the row above.
    Raises PlanError, in a sentence, for what is no formula.

    >>> str(parse("c*max(a*x + b, 0) + d", Here)) == str(Here("c") * parse("max(a*x + b, 0)", Here) + Here("d"))
    True
    >>> parse("a^2", Here)
    Traceback (most recent call last):
    graddesc_xl.errors.PlanError: 'a^2' has a ^: a power is written a**2.
    """
    if len(text) > LONGEST:
        raise PlanError(f"A formula of {len(text):,} characters is too long: write it as several lines with names.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise PlanError(f"{shown(text)} is no formula: {_instead(text.strip())}") from None
    return _Reader(text, names, known, reports, rows).read(tree, 0)


def _instead(text: str) -> str:
    """What to write in place of what is no formula."""
    starred = _BEHIND.sub(r"\1*", _APART.sub("*", text))
    try:
        ast.parse(starred, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"write it like {EXAMPLE}."
    return f"is a * missing, as in {cut(starred)}?"


class _Reader:
    """Reads one formula's syntax tree."""

    def __init__(self, text: str, names: Names, known: Iterable[str], reports: bool, rows: bool) -> None:
        self.text, self.names, self.known = text, names, known
        self.functions = [n for n, row in OPERATORS.items() if n not in _BINDS and (reports or not row.reports)]
        self.reports = reports
        self.reductions = (*REDUCTIONS, START) if rows else ()

    def wrong(self, why: str) -> PlanError:
        return PlanError(f"{shown(self.text)} {why}")

    def read(self, node: ast.AST, depth: int) -> Expr:
        """The tree of a part of the formula."""
        if depth > DEEPEST:
            raise self.wrong("is nested too deeply: write it as several lines with names.")

        def arg(part: ast.AST) -> Expr:
            return self.read(part, depth + 1)

        match node:
            case ast.Constant(value=bool() | None | complex() | bytes() | str()) if not (
                self.reports and isinstance(node.value, str)
            ):
                raise self.wrong(f"holds {node.value!r}: a formula is made of numbers, names and functions.")
            case ast.Constant(value=int() | float() as value):
                return Const(self.number(value))
            case ast.Constant(value=str() as value) if self.reports:
                return Text(value)
            case ast.Name(id=name):
                return self.leaf(name)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return Const(-self.number(value))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -arg(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return arg(operand)
            case ast.BinOp(op=ast.BitXor()):
                raise self.wrong(f"has a ^: a power is written {cut(self.text.strip().replace('^', '**'), 40)}.")
            case ast.BinOp(op=ast.Pow(), left=left, right=right):
                exponent = arg(right)
                return arg(left) ** (exponent.value if isinstance(exponent, Const) else exponent)
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _SIGNS:
                return Apply(_SIGNS[type(op)], (arg(left), arg(right)))
            case ast.Compare(ops=[op], left=left, comparators=[right]) if type(op) in _SIGNS:
                return Apply(_SIGNS[type(op)], (arg(left), arg(right)))
            case ast.BoolOp(op=op, values=values):
                return self.function("and" if isinstance(op, ast.And) else "or", [arg(value) for value in values])
            case ast.Call(func=ast.Name(id="prev"), args=[ast.Name(id=name)], keywords=[]):
                return Prev(name)
            case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=column)]) if name in self.reductions:
                self.leaf(column)
                return Opening(column) if name == START else Over(name, column)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self.function(name, [arg(part) for part in args])
        part = shown(ast.get_source_segment(self.text.strip(), node))
        raise self.wrong(f"holds {part}, which is no part of a formula: use + - * / ** and functions.")

    def number(self, value: float) -> float:
        """A number that a cell can hold."""
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if abs(number) > 1e300:
            raise self.wrong("holds a number that no cell can hold: use one below 1e300.")
        return float(f"{number:.15g}")

    def leaf(self, name: str) -> Expr:
        """What a name stands for."""
        found = self.names(name)
        if found is None:
            raise self.wrong(f"uses {shown(name)}, which does not exist.{did_you_mean(name, self.known)}")
        return found

    def function(self, name: str, args: list[Expr]) -> Expr:
        """A function of one of the operators that plans know."""
        if name not in self.functions:
            hint = did_you_mean(name, self.functions)
            product = "" if "Did you" in hint else f" A product needs its sign: {cut(name)}*(...)."
            raise self.wrong(f"uses the function {shown(name)}, which does not exist.{hint}{product}")
        row = OPERATORS[name]
        if row.arity is not None and row.arity != len(args):
            raise self.wrong(f"gives {name} {len(args)} arguments: it takes {row.arity}.")
        return Apply(name, tuple(args))


def spell(expr: Expr) -> str:
    """The formula as `parse` reads it.

    >>> spell(parse("w - lr*(g + mu*prev(buf))", Here))
    'w - lr*(g + mu*prev(buf))'
    """
    match expr:
        case Const(value):
            return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else repr(float(value))
        case Text(value):
            return repr(value)
        case Data(name) | Here(name) | Param(name) | State(name) | Foot(name):
            return name
        case Prev(name):
            return f"prev({name})"
        case Over(reduction, column):
            return f"{reduction}({column})"
        case Opening(column):
            return f"{START}({column})"
        case Apply(op, args):
            return _spelled(op, args)
    raise AssertionError(expr)


def _spelled(op: str, args: tuple[Expr, ...]) -> str:
    texts = [spell(arg) for arg in args]
    if op in ("and", "or"):
        return f"({f' {op} '.join(texts)})"
    if op not in _BINDS:
        return f"{op}({', '.join(texts)})"
    outer = _BINDS[op]
    alone = outer in (_BINDS["pow"], _BINDS["gt"])  # of several in a row, the first is not the innermost, or none is
    for position, arg in enumerate(args):
        inner = _tightness(arg)
        if inner < outer or (inner == outer and (position > 0 or alone)):
            texts[position] = f"({texts[position]})"
    return f"-{texts[0]}" if op == "neg" else _WRITTEN[op].join(texts)


def _tightness(arg: Expr) -> int:
    if isinstance(arg, Apply):
        return _BINDS.get(arg.op, 9)
    return _BINDS["neg"] if isinstance(arg, Const) and arg.value < 0 else 9
