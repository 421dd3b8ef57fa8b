"""What a run is told in: numbers as a person reads them, a table of its epochs, sentences.

Where output is not read on a terminal it is plain text, for which nothing need be imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..notebook import counted

if TYPE_CHECKING:
    from ..experiments import Experiment
    from ..numbers.trace import Trace
    from ..numbers.verdict import Verdict
    from ..plan import Input
    from .show import Terminal

#: rows of a long table that are shown at its beginning and end
FIRST, LAST = 10, 3
#: stands for the rows that are left out
MORE = "⋮"
#: what a legacy console shows in place of a sign that its encoding lacks
PLAINER = {"√Σe²": "error", "⋮": ":", "≤": "<=", "→": "->"}
#: the colours of verdicts, by kind; every other is red
VERDICTS = {"settled": "green", "learning": "yellow"}
#: what makes Rich take anything for a terminal
FORCED = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
#: a text, or a text in a style of Rich
Said = str | tuple[str, str]


class Piped:
    """Output that is not read on a terminal: plain text, never cut or wrapped."""

    def say(self, *said: Said) -> None:
        """Print a line."""
        print(self._spelled("".join(each if isinstance(each, str) else each[0] for each in said)))

    def numbers(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table of numbers."""
        lines = [[self._spelled(cell) for cell in line] for line in (heads, *rows)]
        widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            print("  ".join(" " * (wide - width(cell)) + cell for cell, wide in zip(line, widths, strict=True)))

    def _spelled(self, text: str) -> str:
        return spelled(sys.stdout.encoding, text)


def out() -> Piped | Terminal:
    """Where to tell things: a terminal, or what is none."""
    if not sys.stdout or sys.stdout.isatty() or any(map(os.environ.get, FORCED)):
        from .show import Terminal

        return Terminal()
    return Piped()


def width(text: str) -> int:
    """How many columns a text is wide."""
    if all(sign.isascii() or sign in "√Σ²⋮" for sign in text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def spelled(encoding: str, text: str) -> str:
    """The text with plainer words for the signs that an encoding lacks."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        for sign, plain in PLAINER.items():
            text = text.replace(sign, plain)
    return text


def digits(value: float) -> str:
    """Six digits of a number, or the error cell that it is in a sheet.

    >>> digits(104.56), digits(1.5e38), digits(float("inf"))
    ('104.560', '1.50000e38', '#NUM!')
    """
    from ..language.values import CellError, cell_value

    cell = cell_value(value)
    return cell.value if isinstance(cell, CellError) else short_exponent(f"{cell:#.6g}").rstrip(".")


def short(value: float) -> str:
    """A setting as a person would type it.

    >>> short(1e-4), short(-1e6), short(10000)
    ('0.0001', '-1e6', '10000')
    """
    plain = short_exponent(f"{value:.15g}")
    mantissa, _, exponent = f"{value:.14e}".partition("e")
    scientific = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return plain if len(plain) <= len(scientific) + 2 else scientific


def short_exponent(number: str) -> str:
    """1e+06 and 1e-09 as 1e6 and 1e-9."""
    mantissa, e, exponent = number.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def told(verdict: Verdict) -> Said:
    """A verdict in its colour."""
    return str(verdict), VERDICTS.get(verdict.kind, "red")


def show_run(e: Experiment, trace: Trace, *, every: bool) -> None:
    """The settings, a row per epoch, and the verdict."""
    from ..experiments import GRADIENTS

    shows, plan = out(), trace.plan
    settings = ", ".join(f"{i.label} {setting(i, float(trace.inputs[i.name]))}" for i in plan.inputs)
    driven = e.gradient if "driver" not in trace.inputs else GRADIENTS[int(trace.inputs["driver"])]
    beside = ["√Σe²"] if plan.other else []
    heads = ("Epoch", plan.error.title, *beside, "RMSE", *(f"new {w}" for w in plan.weights))
    epochs = list(zip(*(column.tolist() for column in trace.by_epoch().values()), strict=True))
    shown = elided(plan.epochs, every=every)
    rows = [[MORE] * len(heads) if at is None else [str(at + 1), *map(digits, epochs[at][1:])] for at in shown]
    drawn = "".join(f"; {said}" for said in (plan.started, plan.drawn) if said)
    shows.say((plan.name, "bold"), f": {e.title}")
    shows.say((f"{settings}{drawn}; {driven} derivatives; an epoch starts from the {e.carry}", "dim"))
    shows.say()
    shows.numbers(heads, rows)
    shows.say()
    steps = plan.epochs * len(trace.data)
    shows.say(f"After {counted(plan.epochs, 'epoch')} ({counted(steps, 'step')}): ", told(trace.verdict))
    if trace.noise and driven == "numerical":
        said = f"From step {trace.noise} on the numerical derivatives are rounding noise: h is too small for "
        shows.say((said + f"{plan.column(plan.loss).title}.", "dim"))
    for said in after(trace):
        shows.say((said, "dim"))
    if plan.targets:
        shows.say((f"The best there is, by least squares: {best(trace)}", "dim"))
    if None in shown:
        shows.say((f"{plan.epochs - FIRST - LAST:,} epochs are not shown; --all shows them.", "dim"))


def after(trace: Trace) -> Iterator[str]:
    """What the weights after the last epoch are worth for samples that no step saw, and for labels."""
    unseen, labels = trace.data.held_out, {*trace.data.ys.tolist()} <= {0.0, 1.0}
    if unseen or labels:
        from ..numbers.held_still import error, right
    if unseen:
        said = f"{counted(len(unseen), 'sample')} that no step saw, with the weights at the end: "
        yield f"{said}RMSE {digits(error(trace, unseen))}"
    if labels:
        for which, data in (("", trace.data), (" that no step saw", unseen)):
            if data:
                share = f"{right(trace, data)} of {len(data)} samples{which}"
                yield f"On the side of 0.5 that their label is on, with the weights at the end: {share}"


def setting(of: Input, value: float) -> str:
    """A setting's value, or what its choice means."""
    return of.choices.get(value) or short(value)


def best(trace: Trace) -> str:
    """The weights that fit the data best, where least squares gives them."""
    line = trace.data.least_squares
    fit = {"slope": line.slope, "intercept": line.const} if line else {}
    return ", ".join(f"{w} {fit[target]:.6g}" for w, target in sorted(trace.plan.targets.items()) if fit)


def elided(count: int, *, every: bool) -> list[int | None]:
    """The rows of a table to show; None where some are left out.

    >>> elided(15, every=False)
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, None, 12, 13, 14]
    """
    rows: list[int | None] = list(range(count))
    if every or count <= FIRST + LAST + 1:
        return rows
    return [*rows[:FIRST], None, *rows[-LAST:]]
