"""What sheets are made with: the numbers in their input cells, the samples, and an engine to run plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..errors import SettingError
from ..language.expr import Param, leaves
from ..language.values import Value
from ..numbers.trace import Trace
from ..parts.data import Dataset
from ..plan import Input, Plan
from ..settings import checked, rounded
from ..workbook.cells import plain
from ..workbook.reference import Cell
from ..workbook.sheet import Rule, Sheet
from ..workbook.style import FAINT, LABEL, Style
from .data_sheet import Samples
from .differences import TOLERANCE, Wanted, wanted

#: the share by which what a run starts from is nudged, to see what becomes of last digits: inputs have 15
NUDGE = 1e-14
#: where the sheet `check` holds the tolerance
TOLERANCE_AT = (4, 2)
#: runs a plan on data with some of its inputs changed
Runner = Callable[[Plan, Dataset, Mapping[str, float]], Trace]


class Inputs:
    """The numbers that a workbook's input cells hold: here those it is built with."""

    def number(self, sheet: str, at: tuple[int, int], given: Input) -> float:
        """The number in the cell of an input."""
        return float(rounded(given.value))

    def data(self, sheet: str, built: Dataset) -> Dataset:
        """The samples on a data sheet."""
        return built

    def filled(self, sheet: str, at: tuple[int, int]) -> Value | None:
        """What a person filled into a cell that was built empty."""
        return None


@dataclass(frozen=True)
class Typed:
    """An input cell: its label, where it is, and the number it was built with."""

    label: str
    at: Cell
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

    def wanted(self, column: str) -> Wanted:
        """What the cells of a column, in all blocks, are compared with."""
        return wanted(self.built.rows[column], self.nudged.rows[column], self.built.sizes(column))

    def wanted_start(self, column: str) -> Wanted:
        """The same of the cell from which each block starts a column."""
        return wanted(self.built.starts[column], self.nudged.starts[column], np.abs(self.built.starts[column]))

    def wanted_state(self, state: str) -> Wanted:
        """The same of an epoch state."""
        return wanted(self.built.states[state], self.nudged.states[state], np.abs(self.built.states[state]))

    def wanted_footer(self, footer: str) -> Wanted:
        """The same of a footer."""
        return wanted(self.built.footers[footer], self.nudged.footers[footer], self.built.footer_sizes(footer))


@dataclass(frozen=True)
class Making:
    """What a lesson's sheets are made with.

    check: the sheet that will compare all others with NumPy; it holds the tolerance. samples: the name of a data set
    -> its samples and their sheet. typed: sheet -> its input cells, in the order in which they were made.
    """

    run: Runner
    inputs: Inputs
    check: Sheet
    samples: dict[str, Samples] = field(default_factory=dict)
    typed: dict[str, list[Typed]] = field(default_factory=dict)

    @cached_property
    def tolerance(self) -> Cell:
        """The difference from which a cell counts as off, as the sheet `check` holds it."""
        row, column = TOLERANCE_AT
        value = self.inputs.number(self.check.name, TOLERANCE_AT, TOLERANCE)
        limits = f"a number from {plain(TOLERANCE.low)} to {plain(TOLERANCE.high)}"
        message = f"{sentence(TOLERANCE.about)}: {limits}."
        self.check.rules[TOLERANCE_AT] = Rule(TOLERANCE.low, TOLERANCE.high, TOLERANCE.label, message)
        return self.check.put(row, column, value, Style("input", "relative", box=True)).absolute

    def copied_tolerance(self, sheet: Sheet, row: int, column: int) -> Cell:
        """Put a copy of the tolerance into a cell; a reference to it for formulas of the same sheet."""
        return sheet.put(row, column, self.tolerance, Style(number="relative", color=FAINT)).absolute

    def number(self, sheet: Sheet, at: tuple[int, int], given: Input) -> float:
        """What an input cell holds; `check` will compare it with what it was built with."""
        try:
            built = float(checked(given, given.value))
        except SettingError as wrong:
            raise SettingError(f"The sheet {sheet.name}: {wrong}") from None
        typed = Typed(given.label, Cell(sheet, *at), built)
        self.typed.setdefault(sheet.name, []).append(typed)
        return self.inputs.number(sheet.name, at, given)

    def put(self, sheet: Sheet, row: int, column: int, given: Input, *, labelled: bool = False) -> Cell:
        """Put an input cell, its rule and (labelled) its label at the left; a reference to it."""
        value = self.number(sheet, (row, column), given)
        put_input(sheet, (row, column), given, value)
        if labelled:
            sheet.put(row, column - 1, given.label, LABEL)
        return Cell(sheet, row, column, fixed=True)

    def of(self, data: Dataset) -> Samples:
        """The samples of a data set."""
        return self.samples[data.name]

    def twin(self, plan: Plan, samples: Samples, now: Mapping[str, float], built: Mapping[str, float]) -> Twin:
        """Run a plan with two sets of inputs, or one, where they are the same, and from nudged starts."""
        same = dict(now) == dict(built) and samples.data == samples.built
        first = self.run(plan, samples.data, now)
        second = first if same else self.run(plan, samples.built, built)
        starts = {leaf.name for start in plan.starts for leaf in leaves(start.initial) if isinstance(leaf, Param)}
        nudged = {name: built[name] * (1 + NUDGE) for name in starts}
        return Twin(first, second, self.run(plan, samples.built, {**built, **nudged}))


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
