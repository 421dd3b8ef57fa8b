"""What to type first: an input of a sheet, a number for it, and what then becomes of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import SettingError, did_you_mean
from ..numbers.trace import Trace
from ..workbook.cells import plain
from ..workbook.reference import Cell
from .kind import Composed

#: from which size on an error is told as a power of ten
LARGE = 1e6


@dataclass(frozen=True)
class Try:
    """A number to type.

    sheet: where. input: which of its inputs, as its figure `input` takes it: `lr`, or `row | lr` of many runs.
    value: what to type. see: what to look at, told without a claim of what will be seen: that the engine says.
    """

    sheet: str
    input: str
    value: float
    see: str = ""


@dataclass(frozen=True)
class Tried:
    """What is said of one: the input's cell and label, what to type, and what to see."""

    at: Cell
    label: str
    value: float
    see: str

    @property
    def said(self) -> str:
        """As a sentence."""
        return f"Type {decimal(self.value)} into {self.at.address}, and watch."


def tried(of: Try, sheets: Mapping[str, Composed]) -> Tried:
    """Look up what is to be typed, and run it where its sheet shows a run.

    Raises SettingError for a sheet, an input or a number that is not possible.
    """
    if of.sheet not in sheets:
        raise SettingError(f"Nothing can be typed into {of.sheet!r}: no sheet is.{did_you_mean(of.sheet, sheets)}")
    made = sheets[of.sheet]
    at = made.figure(f"input | {of.input}")
    rule = made.sheet.rules.get((at.row, at.column)) if isinstance(at, Cell) and at.sheet is made.sheet else None
    if rule is None or not isinstance(at, Cell):
        raise SettingError(f"{of.input!r} of the sheet {of.sheet} is no cell to type into.")
    if not (of.value in rule.choices if rule.choices else rule.low <= of.value <= rule.high):
        raise SettingError(f"{at.address} takes no {of.value:g}: it is {plain(rule.low)} to {plain(rule.high)}.")
    told = made.told
    becomes = _becomes(told.again(of.input, of.value)) if told and told.again else ""
    return Tried(at, rule.title, of.value, " ".join(filter(None, (becomes, of.see))))


def decimal(value: float) -> str:
    """A number as one types it.

    >>> decimal(1e-5), decimal(3.0), decimal(1e-12)
    ('0.00001', '3', '1e-12')
    """
    digits = f"{value:.10f}".rstrip("0").rstrip(".")
    return digits if float(digits) == value else f"{value:g}"


def _becomes(trace: Trace) -> str:
    """What became of a run: its verdict, and its errors where they can be told."""
    first, last = float(trace.roots[0]), float(trace.roots[-1])
    said = str(trace.verdict)
    if not max(first, last) < LARGE:
        return f"{said[0].upper()}{said[1:]}."
    return f"{said[0].upper()}{said[1:]}, √Σe² from {first:,.2f} to {last:,.2f}."
