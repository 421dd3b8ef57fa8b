"""What sheets are made with: the numbers in their input cells, the samples, and an engine to run plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..data import Dataset
from ..experiment import rounded
from ..expr import Param, leaves
from ..plan import Input, Plan
from ..trace import Trace
from .cells import plain
from .differences import TOLERANCE, TOLERANCE_AT, Wanted, all_wanted
from .live import Live, live
from .sheet import Reference, Rule, Sheet
from .style import LABEL, Style
from .verdicts import Samples

#: the share by which what a run starts from is nudged, to see what becomes of last digits: inputs have 15
NUDGE = 1e-14
#: runs a plan on data with some of its inputs changed
Runner = Callable[[Plan, Dataset, Mapping[str, float]], Trace]


class Inputs:
    """The numbers that a workbook's input cells hold: here those it is built with."""

    def number(self, sheet: str, at: tuple[int, int], given: Input) -> float:
        """The number in the cell of an input."""
        return float(rounded(given.value))

    def data(self, built: Dataset) -> Dataset:
        """The samples on the data sheet."""
        return built


@dataclass(frozen=True)
class Typed:
    """An input cell: its label, where it is, and the number it was built with."""

    label: str
    at: Reference
    built: float


@dataclass(frozen=True)
class Twin:
    """One run with the inputs as they are now, and with those the workbook was built with.

    nudged: the latter from starts whose last digits are others: in what a run makes of these, no two spreadsheets
    need to agree.
    """

    now: Trace
    built: Trace
    nudged: Trace

    def wanted(self, column: str) -> list[Wanted]:
        """What the cells of a column, in all blocks, are compared with."""
        return all_wanted(self.built.rows[column], self.nudged.rows[column], self.built.sizes(column))

    def wanted_start(self, column: str) -> list[Wanted]:
        """The same of the cell from which each block starts a column."""
        return all_wanted(self.built.starts[column], self.nudged.starts[column], np.abs(self.built.starts[column]))

    def wanted_state(self, state: str) -> list[Wanted]:
        """The same of an epoch state."""
        return all_wanted(self.built.states[state], self.nudged.states[state], np.abs(self.built.states[state]))

    def wanted_footer(self, footer: str) -> list[Wanted]:
        """The same of a footer."""
        return all_wanted(self.built.footers[footer], self.nudged.footers[footer], self.built.footer_sizes(footer))


@dataclass(frozen=True)
class Making:
    """What a book's sheets are made with.

    built: the samples it was built with; data: those it holds now, as `samples` refers to them.
    typed: sheet -> its input cells, in the order in which they were made.
    """

    run: Runner
    inputs: Inputs
    built: Dataset
    data: Dataset
    samples: Samples
    typed: dict[str, list[Typed]] = field(default_factory=dict)

    @cached_property
    def tolerance(self) -> float:
        """The difference from which a cell counts as off."""
        return self.inputs.number(TOLERANCE_AT.sheet, (TOLERANCE_AT.row, TOLERANCE_AT.column), TOLERANCE)

    def number(self, sheet: Sheet, at: tuple[int, int], given: Input) -> float:
        """What an input cell holds; `check` will compare it with what it was built with."""
        typed = Typed(given.label, Reference(sheet.name, *at), float(rounded(given.value)))
        self.typed.setdefault(sheet.name, []).append(typed)
        return self.inputs.number(sheet.name, at, given)

    def put(self, sheet: Sheet, row: int, column: int, given: Input, *, labelled: bool = False) -> Live:
        """Put an input cell, its rule and (labelled) its label at the left; a reference to it."""
        value = self.number(sheet, (row, column), given)
        put_input(sheet, (row, column), given, value)
        if labelled:
            sheet.put(row, column - 1, given.label, LABEL)
        return live(sheet, (row, column), home=sheet.name, fixed=True)

    def twin(self, plan: Plan, now: Mapping[str, float], built: Mapping[str, float]) -> Twin:
        """Run a plan with two sets of inputs, or one, where they are the same, and from nudged starts."""
        same = dict(now) == dict(built) and self.data == self.built
        first = self.run(plan, self.data, now)
        second = first if same else self.run(plan, self.built, built)
        starts = {leaf.name for start in plan.starts for leaf in leaves(start.initial) if isinstance(leaf, Param)}
        nudged = {name: built[name] * (1 + NUDGE) for name in starts}
        return Twin(first, second, self.run(plan, self.built, {**built, **nudged}))


def put_input(sheet: Sheet, at: tuple[int, int], given: Input, value: float, *, prefix: str = "") -> None:
    """Put an input cell with its rule and message. prefix: a label shown in the cell itself."""
    if given.choices:
        number = "".join(f'[={choice:g}]"{meaning}";' for choice, meaning in given.choices.items()) + "General"
        limits = ", ".join(f"{choice:g} for {meaning}" for choice, meaning in given.choices.items())
    else:
        number, limits = "general", f"A number from {plain(given.low)} to {plain(given.high)}"
    sheet.put(*at, value, Style("input", number, box=True, prefix=prefix, align="right" if given.choices else ""))
    message = f"{sentence(given.about)} {limits}."
    sheet.rules[at] = Rule(given.low, given.high, given.label, message, choices=tuple(given.choices))


def sentence(text: str) -> str:
    """The text as a sentence; a symbol that it begins with keeps its case."""
    first = text.split(maxsplit=1)[0]
    symbol = len(first.rstrip(":,")) == 1 or "/" in first
    return (text if symbol else text[0].upper() + text[1:]) + ("" if text.endswith(".") else ".")
