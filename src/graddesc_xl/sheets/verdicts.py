"""The definitions of `graddesc_xl.numbers.verdict` as formulas: flags by step, and the verdict of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..language.expr import Const, Data, Expr, Text, call, substitute, where
from ..language.reports import NONE, missing
from ..numbers.verdict import (
    BOUNCING,
    COUNTED,
    DEAD,
    EXACT,
    EXPLODED,
    EXPLODED_AT,
    LEAP,
    LEARNING,
    MEANINGS,
    NOISE,
    SETTLED,
    SETTLED_AT,
    STILL,
    STUCK,
    STUCK_AT,
    WORSE,
)
from ..plan import Plan
from ..workbook.reference import Block, Cell
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, LABEL, Style
from .data_sheet import Samples

#: begins the verdict of a run that lacks a number, which it then names
NO_NUMBER = "no number in "
#: the kind of the verdict of such a run
LACKS = "no number"
NOTE = ". ".join(f"{kind}: {meaning}" for kind, meaning in MEANINGS.items()) + "."


def limit(sheet: Sheet, row: int, samples: Samples) -> Cell:
    """Put into the row the squared error from which a step counts as exploded; a reference to it."""
    sheet.put(row, 1, "limit", LABEL)
    at = sheet.put(row, 2, call("power", EXPLODED, 2) * samples.scale, Style(number="amount"))
    sheet.put(row, 3, "a squared error above this counts as exploded: (10⁶)² times Σy²", Style(color=FAINT))
    return at.absolute


def noise_bound(h: Expr) -> Expr:
    """The squared error above which numerical derivatives are rounding noise."""
    return (Const(2) * NOISE / call("power", 2, -52) * h) ** 2


def noise_times(h: Expr) -> Expr:
    """How many times its derivative a loss may be, until numerical derivatives are rounding noise."""
    return Const(NOISE) / call("power", 2, -52) * h


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


def kind(
    errors: Block, exploded: Block, since: Expr | None, samples: Samples, lacks: Expr, root: Expr | None = None
) -> Expr:
    """The kind of a run's verdict.

    errors: √Σe² by epoch, downwards. exploded: the flags of its steps. since: the step since which a ReLU is dead, 0
    if none is; None without one. lacks: the cell of `lacking`. root: the last epoch's √Σe², where errors are others.
    """
    first, last, before = _first(errors), _last(errors), _last(errors, -1)
    root = last if root is None else root
    found = where(last > LEAP * call("smallest", errors), BOUNCING, LEARNING)
    found = where(last > call("largest", first, before), WORSE, found)
    if before != last:
        change = call("abs", last - before)
        found = where(change <= SETTLED * before, SETTLED_AT, found)
        hardly = change <= STUCK * before
        found = where(hardly, where(root < samples.constant_error, found, STUCK_AT), found)
    found = where(root <= EXACT * call("sqrt", samples.scale), SETTLED_AT, found)
    if since is not None:
        found = where(since > 0, DEAD, found)
    found = where(call("sum", exploded) > 0, EXPLODED_AT, found)
    return where(lacks.equals(NONE), found, LACKS)


def said(
    at: tuple[Sheet, int, int],
    errors: Block,
    exploded: Block,
    dead: Sequence[Expr],
    samples: Samples,
    lacks: Cell,
    root: Expr | None = None,
) -> Expr:
    """The verdict of a run. Its kind gets the cell `at`, and the step that it names, or –, the cell beside that.

    dead: for each ReLU the cell of `dead`. The rest is as in `kind`.
    """
    sheet, row, column = at
    since = call("smallest", *dead) if dead else None  # without the text in cells
    look = Style(color=FAINT)
    of = sheet.put(row, column, kind(errors, exploded, since, samples, lacks, root), look)
    named = where(of.equals(EXPLODED_AT), call("match", 1, exploded, 0), NONE)
    step = sheet.put(row, column + 1, named if since is None else where(of.equals(DEAD), since, named), look)
    text = where(of.equals(BOUNCING), of & ": " & _times(errors) & " times its best epoch", of)
    if since is not None:
        text = where(of.equals(DEAD), of & " since step " & step, text)
    text = where(of.equals(EXPLODED_AT), of & " at step " & step, text)
    return where(of.equals(LACKS), Text(NO_NUMBER) & lacks, text)


def _times(errors: Block) -> Expr:
    """How many times the lowest error the last is, to one decimal: digits of whole numbers are the same everywhere."""
    last, lowest = _last(errors), call("smallest", errors)
    tenths = call("round", last / lowest * 10, 0)
    behind = call("mod", tenths, 10)
    return where(last > COUNTED * lowest, f"over {COUNTED}", (tenths - behind) / 10 & Text(".") & behind)


def _first(errors: Block) -> Cell:
    return Cell(errors.sheet, errors.area.top, errors.area.left)


def _last(errors: Block, offset: int = 0) -> Cell:
    """The last error, or one before it, where there is one."""
    return Cell(errors.sheet, max(errors.area.top, errors.area.bottom + offset), errors.area.left)
