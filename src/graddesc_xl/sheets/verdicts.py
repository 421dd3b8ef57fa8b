"""The definitions of `graddesc_xl.numbers.verdict` as formulas: flags by step, and the verdict of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..language.expr import Const, Data, Expr, Text, call, substitute, where
from ..language.reports import NONE, missing
from ..numbers.verdict import EXACT, EXPLODED, NOISE, SETTLED, STILL, STUCK
from ..plan import Plan
from ..workbook.reference import Block, Cell
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, LABEL, Style
from .data_sheet import Samples

#: begins the verdict of a run that lacks a number, which it then names
NO_NUMBER = "no number in "


def limit(sheet: Sheet, row: int, samples: Samples) -> Cell:
    """Put into the row the squared error from which a step counts as exploded; a reference to it."""
    sheet.put(row, 1, "limit", LABEL)
    at = sheet.put(row, 2, call("power", EXPLODED, 2) * samples.scale, Style(number="amount"))
    sheet.put(row, 3, "a squared error above this counts as exploded: (10⁶)² times Σy²", Style(color=FAINT))
    return at.absolute


def noise_bound(h: Expr) -> Expr:
    """The squared error above which numerical derivatives are rounding noise."""
    return (Const(2) * NOISE / call("power", 2, -52) * h) ** 2


def lacking(inputs: Sequence[Cell], samples: Samples) -> Expr:
    """The first cell of the samples or inputs that holds no number, or –."""
    return where(samples.missing.equals(NONE), missing([(cell, cell.address) for cell in inputs]), samples.missing)


def above(error: Expr, bound: Expr) -> Expr:
    """1 where an error is above the bound, or no number."""
    return where(call("is_number", error), where(error > bound, 1, 0), 1)


def alive(step: Expr, gate: Expr, weights: Sequence[tuple[Expr, Expr]]) -> Expr:
    """The step's number where its pre-activation is positive or a weight behind it moves, else 0.

    weights: each weight before and after the step.
    """
    moves = [call("abs", new - old) > STILL * call("abs", old) for old, new in weights]
    return call("if_error", where(gate > 0, step, where(call("or", *moves), step, 0)), step)


def opened(plan: Plan, gate: str, cell: Callable[[Expr], Cell], samples: Samples, top: int) -> Expr:
    """For each sample, from the row `top` on, 1 where the weights after the last step open a ReLU for it, else 0.

    It is 1 where they make no number as well. cell: gives the cell of a new weight of the last step, and that of an
    input.
    """

    def at(leaf: Expr) -> Expr:
        return samples.down(leaf.name, top) if isinstance(leaf, Data) else cell(leaf)

    return call("if_error", where(substitute(plan.after(gate), at) > 0, 1, 0), 1)


def dead(steps: Block, opens: Block) -> Expr:
    """The step since which a ReLU is dead, or – where it is not.

    steps: the cells of `alive`. opens: those of `opened`.
    """
    since = call("largest", steps) + 1
    known = where(since <= len(steps.values), since, NONE)
    return where(call("sum", opens).equals(0), known, NONE)


def verdict(errors: Sequence[Expr], exploded: Block, dead: Sequence[Expr], samples: Samples, lacks: Expr) -> Expr:
    """The verdict of a run.

    errors: √Σe² by epoch. exploded: the flags of its steps. dead: for each ReLU the cell of `dead`. lacks: that of
    `lacking`.
    """
    first, last = errors[0], errors[-1]
    words = where(last > call("largest", first, errors[-2] if errors[1:] else first), "getting worse", "learning")
    if len(errors) > 1:
        before = errors[-2]
        change = call("abs", last - before)
        words = where(change <= SETTLED * before, "settled", words)
        hardly = change <= STUCK * before
        words = where(hardly, where(last < samples.constant_error, words, "stuck"), words)
    words = where(last <= EXACT * call("sqrt", samples.scale), "settled", words)
    if dead:
        since = call("smallest", *dead)  # without the text in cells
        words = where(since > 0, Text("dead ReLU since step ") & since, words)
    at = Text("exploded at step ") & call("match", 1, exploded, 0)
    words = where(call("sum", exploded) > 0, at, words)
    return where(lacks.equals(NONE), words, Text(NO_NUMBER) & lacks)
