"""An expression in the notation of a maths book, for the rows above the columns and for the notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .expr import Apply, Const, Data, Expr, Foot, Here, Over, Param, Prev, State, substitute
from .plan import Plan

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TIGHTNESS = {"where": -1, "add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 3, "pow": 4, "gt": 0}


def _whole(text: str) -> str:
    """A base in brackets where its power could be read as that of its last sign alone."""
    compound = ("/" in text or " " in text) and not (text.startswith("(") and text.endswith(")"))
    return f"({text})" if compound else text


#: operator -> its notation, from the notation of its arguments
WORDS: Mapping[str, Callable[..., str]] = {
    "add": lambda u, v: f"{u} + {v}",
    "sub": lambda u, v: f"{u} − {v}",
    "mul": lambda u, v: f"{u}·{v}",
    "div": lambda u, v: f"{u} / {v}",
    "neg": lambda u: f"−{u}",
    "pow": lambda u, n: f"{_whole(u)}{n.translate(_SUPERSCRIPT)}",
    "sqrt": lambda u: f"√({u})",
    "max": lambda u, v: f"max({u}, {v})",
    "min": lambda u, v: f"min({u}, {v})",
    "gt": lambda u, v: f"{u} > {v}",
    "where": lambda c, u, v: f"{u} if {c}, else {v}",
}
_REDUCED = {"sum": "Σ {}", "sumsq": "Σ ({})²", "count": "n", "last": "last {}"}


def words(expr: Expr, plan: Plan) -> str:
    """The expression with the titles that the sheet's headers show.

    >>> from graddesc_xl.experiment import experiment
    >>> plan = experiment("basic").plan
    >>> words(plan.column("d_b").expr, plan)
    '2·(y_pred − y)'
    """
    titles = {c.name: c.title for c in plan.columns}
    labels = {i.name: f"{i.label} {i.choices[1.0]}" if i.choices else i.label for i in plan.inputs}
    labels |= {d.name: f"({d.label})" for d in plan.derived}
    named = {f.name: f.title for f in plan.footers} | {s.name: s.title for s in plan.states}

    weights = {w for c in plan.columns if c.role == "weight" for w in c.of}
    before = {c.name: w for c in plan.columns if c.role == "update" for w in c.of if w not in weights}

    def spell(e: Expr) -> str:
        match e:
            case Const(value):
                return f"{value:.15g}"
            case Data(name):
                return name
            case Param(name):
                return labels[name]
            case Here(column):
                return titles[column]
            case Prev(column) if column in before:
                return before[column]  # a compact plan has no column for the weight itself
            case Prev(column):
                return f"previous {titles[column]}"
            case State(name) | Foot(name):
                return named[name]
            case Over(reduction, column):
                return _REDUCED[reduction].format(titles[column])
            case Apply(op, args):
                return WORDS[op](*(_bracketed(op, i, arg, spell(arg)) for i, arg in enumerate(args)))
        raise AssertionError(e)

    return spell(expr)


def _bracketed(op: str, position: int, arg: Expr, text: str) -> str:
    """The argument in brackets where the notation needs them."""
    if not isinstance(arg, Apply) or op not in _TIGHTNESS or arg.op not in _TIGHTNESS or op in ("gt", "where"):
        return text
    inner, outer = _TIGHTNESS[arg.op], _TIGHTNESS[op]
    loose = inner < outer or (inner == outer and position > 0 and op in ("sub", "div")) or op == "neg"
    return f"({text})" if loose else text


def written_out(expr: Expr, plan: Plan) -> Expr:
    """The expression with this row's columns replaced by what they are, down to weights, samples and states."""
    visible = {c.name: c for c in plan.columns}

    def expand(leaf: Expr) -> Expr:
        if isinstance(leaf, Here) and visible[leaf.column].role in ("forward", "analytic"):
            return written_out(visible[leaf.column].expr, plan)
        return leaf

    return substitute(expr, expand)
