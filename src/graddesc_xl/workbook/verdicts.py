"""The definitions of `graddesc_xl.verdict` as formulas: flags by step, and the verdict of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..evaluate import evaluate
from ..expr import Data, Expr
from ..plan import Plan
from ..verdict import EXACT, EXPLODED, NOISE, SETTLED, STILL, STUCK, noise_limit
from .cells import Area
from .formula import number, render
from .layout import FIRST_DATA, MISSING
from .live import NONE, Live, Range, address, call, constant, live, live_range, missing, text
from .sheet import Sheet
from .style import FAINT, LABEL, Style

#: begins the verdict of a run that lacks a number, which it then names
NO_NUMBER = "no number in "


@dataclass(frozen=True)
class Samples:
    """What formulas of other sheets say of the samples."""

    sheet: Sheet
    count: int

    def column(self, name: str) -> Range:
        """The x or the y."""
        place = 2 if name == "x" else 3
        return live_range(self.sheet, Area(self.sheet.name, FIRST_DATA, place, FIRST_DATA + self.count - 1, place))

    def cell(self, name: str, sample: int) -> Live:
        """The x or the y of a sample, counted from 0."""
        return live(self.sheet, (FIRST_DATA + sample, 2 if name == "x" else 3))

    @property
    def missing(self) -> Live:
        """The first cell that holds no number, or –."""
        return live(self.sheet, MISSING)

    @property
    def scale(self) -> Live:
        """Σy², the squared error of predicting 0; 1 where that is 0."""
        energy = call("SUMSQ", self.column("y"))
        return call("IF", energy.equals(0), 1, energy)

    @property
    def constant_error(self) -> Live:
        """√Σ(y−ȳ)², the error of the best constant."""
        return call("SQRT", call("DEVSQ", self.column("y")))


def limit(sheet: Sheet, row: int, samples: Samples) -> Live:
    """Put into the row the squared error from which a step counts as exploded; a reference to it."""
    sheet.put(row, 1, "limit", LABEL)
    at = sheet.put(row, 2, (Live("10^12", EXPLODED**2, 4) * samples.scale).formula, Style(number="amount"))
    sheet.put(row, 3, "a squared error above this counts as exploded: (10⁶)² times Σy²", Style(color=FAINT))
    return live(sheet, at, home=sheet.name, fixed=True)


def noise_bound(h: Live) -> Live:
    """The squared error above which estimated derivatives are rounding noise."""
    share = Live(f"2*{number(NOISE)}/2^(-52)", 2 * NOISE / 2.0**-52, 4)
    product = share * h
    return Live(f"({product.text})^2", noise_limit(h.number))


def lacking(inputs: Sequence[Live], samples: Samples) -> Live:
    """The first cell of the samples or inputs that holds no number, or –."""
    named = [(cell, address(cell)) for cell in inputs]
    return call("IF", samples.missing.equals(NONE), missing(named), samples.missing)


def above(error: Live, bound: Live) -> Live:
    """1 where an error is above the bound, or no number."""
    return call("IF", call("ISNUMBER", error), call("IF", error > bound, 1, 0), 1)


def alive(step: Live | float, gate: Live, weights: Sequence[tuple[Live, Live]]) -> Live:
    """The step's number where its pre-activation is positive or a weight behind it moves, else 0.

    weights: each weight before and after the step.
    """
    moves = [call("ABS", new - old) > constant(STILL) * call("ABS", old) for old, new in weights]
    return call("IFERROR", call("IF", gate > 0, step, call("IF", call("OR", *moves), step, 0)), step)


def opened(plan: Plan, gate: str, cell: Callable[[Expr], Live], samples: Samples) -> list[Live]:
    """For each sample 1 where the weights after the last step open a ReLU for it, or make no number, else 0.

    cell: gives the cell of a new weight of the last step, and that of an input.
    """

    expr, found = plan.after(gate), []
    for k in range(samples.count):

        def at(leaf: Expr, k: int = k) -> Live:
            return samples.cell(leaf.name, k) if isinstance(leaf, Data) else cell(leaf)

        reached = Live(render(expr, lambda leaf: at(leaf).text), float(evaluate(expr, lambda leaf: at(leaf).number)), 1)
        found.append(call("IFERROR", call("IF", reached > 0, 1, 0), 1))
    return found


def dead(steps: Range, opens: Range) -> Live:
    """The step since which a ReLU is dead, or – where it is not.

    steps: the cells of `alive`. opens: those of `opened`.
    """
    since = call("MAX", steps) + 1
    known = call("IF", since <= float(len(steps.values)), since, NONE)
    return call("IF", call("SUM", opens).equals(0), known, NONE)


def verdict(errors: Sequence[Live], exploded: Range, dead: Sequence[Live], samples: Samples, lacks: Live) -> Live:
    """The verdict of a run.

    errors: √Σe² by epoch. exploded: the flags of its steps. dead: for each ReLU the cell of `dead`. lacks: that of
    `lacking`.
    """
    first, last = errors[0], errors[-1]
    words = call("IF", last > call("MAX", first, errors[-2] if errors[1:] else first), "getting worse", "learning")
    if len(errors) > 1:
        before = errors[-2]
        change = call("ABS", last - before)
        words = call("IF", change <= constant(SETTLED) * before, "settled", words)
        hardly = change <= constant(STUCK) * before
        words = call("IF", hardly, call("IF", last < samples.constant_error, words, "stuck"), words)
    words = call("IF", last <= constant(EXACT) * call("SQRT", samples.scale), "settled", words)
    if dead:
        since = call("MIN", *dead)  # without the text in cells
        words = call("IF", since > 0, text("dead ReLU since step ") & since, words)
    at = text("exploded at step ") & call("MATCH", 1, exploded, 0)
    words = call("IF", call("SUM", exploded) > 0, at, words)
    return call("IF", lacks.equals(NONE), words, text(NO_NUMBER) & lacks)
