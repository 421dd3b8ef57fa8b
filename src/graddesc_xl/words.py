"""An expression in the notation of a maths book, for the rows above the columns and for the notes."""

from __future__ import annotations

from collections.abc import Callable

from .language.expr import Apply, Const, Data, Expr, Foot, Here, Opening, Over, Param, Prev, State, substitute
from .language.operators import MINUS, OPERATORS, PHRASE, WORD
from .plan import Plan

_REDUCED = {"sum": "Σ {}", "sumsq": "Σ ({})²", "count": "n", "last": "last {}"}


def words(expr: Expr, plan: Plan) -> str:
    """The expression with the titles that the sheet's headers show.

    >>> from graddesc_xl.running import experiment
    >>> plan = experiment("basic").plan
    >>> words(plan.column("d_b").expr, plan)
    '2·(y_pred − y)'
    """
    titles = {c.name: c.title for c in plan.columns}
    labels = {i.name: f"{i.label} {i.choices[1.0]}" if i.choices else i.label for i in plan.inputs}
    labels |= {d.name: f"({d.label})" for d in plan.derived}
    states = {s.name: s.title for s in plan.states}
    footers = {f.name: f.title for f in plan.footers}

    weights = {w for c in plan.columns if c.role == "weight" for w in c.of}
    before = {c.name: w for c in plan.columns if c.role == "update" for w in c.of if w not in weights}

    def leaf(e: Expr) -> str:
        match e:
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
            case Opening(column):
                return f"start of {titles[column]}"
            case State(name):
                return states[name]
            case Foot(name):
                return footers[name]
            case Over(reduction, column):
                return _REDUCED[reduction].format(titles[column])
        raise AssertionError(e)

    return spelled(expr, leaf)


def spelled(expr: Expr, leaf: Callable[[Expr], str]) -> str:
    """The expression with texts of one's own for its leaves.

    >>> from graddesc_xl.language.expr import Here
    >>> spelled(2 * (Here("u") - Here("v")), lambda of: of.column.upper())
    '2·(U − V)'
    """

    def spell(e: Expr) -> str:
        match e:
            case Const(value):
                return f"{value:.15g}".replace("-", "−", value < 0)
            case Apply(op, args):
                notation = OPERATORS[op].words
                assert notation is not None, f"{op} has no notation"
                return notation.text(*(within(arg, wanted) for arg, wanted in zip(args, notation.wants, strict=True)))
        return leaf(e)

    def within(arg: Expr, wanted: int) -> str:
        text = spell(arg)
        return text if _holds(arg, text) >= wanted else f"({text})"

    return spell(expr)


def _holds(expr: Expr, text: str) -> int:
    """How tightly the text of an expression holds together."""
    match expr:
        case Apply(op):
            notation = OPERATORS[op].words
            assert notation is not None, f"{op} has no notation"
            return notation.holds
        case Const(value):
            return MINUS if value < 0 else WORD
    bracketed = (text[0], text[-1]) in (("(", ")"), ("[", "]"))
    return WORD if bracketed or text.isidentifier() else PHRASE


def written_out(expr: Expr, plan: Plan) -> Expr:
    """The expression with this row's columns replaced by what they are, down to weights, samples and states."""
    visible = {c.name: c for c in plan.columns}

    def expand(leaf: Expr) -> Expr:
        if isinstance(leaf, Here) and visible[leaf.column].role in ("forward", "analytic"):
            return written_out(visible[leaf.column].expr, plan)
        return leaf

    return substitute(expr, expand)
