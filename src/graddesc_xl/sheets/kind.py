"""What every kind of sheet is to the others: it composes, and says what may be said of it.

A lesson lists kinds with their parameters. The overview, the check, the answers and verification are loops over what
they composed; none of them knows a kind by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from ..errors import SettingError, did_you_mean
from ..language.expr import Expr
from ..numbers.trace import Trace
from ..parts.data import Dataset
from ..plan import LONGEST, width
from ..workbook.cells import ROWS
from ..workbook.sheet import Series, Sheet
from .check import Compared
from .filled import Filled
from .making import Making
from .runs_sheet import RunsSheet
from .steps_list import StepsList

#: what leaves out the sheets
WITHOUT = "or run it without a sheet: graddesc-xl run, with --csv for every number"
#: gives a figure from what it is of
Figure = Callable[..., Expr]


def behind(name: str) -> str:
    """The name of the sheet with the steps of one: of a long name its end."""
    found = f"{name} steps"
    while width(found) > LONGEST:
        found = found[1:].lstrip()
    return found


def ordinal(number: int) -> str:
    """Which of several.

    >>> [ordinal(number) for number in (2, 3, 11, 22)]
    ['2nd', '3rd', '11th', '22nd']
    """
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"


def fits_sheet(sheet: str, epochs: int, samples: int, between: int) -> None:
    """Raise SettingError, before anything is computed, where a sheet has no room for a row per step.

    between: rows of each epoch that are no steps.
    """
    rows = epochs * (samples + between)
    if rows > ROWS:
        most = ROWS // (samples + between)
        fewer = f"take every {ordinal(-(-rows // ROWS))} sample"
        advice = f"at most {most:,} epochs fit; or {fewer}" if most else fewer
        raise SettingError(
            f"{sheet}: {epochs:,} epochs of {samples:,} samples need {rows:,} rows, and a sheet has {ROWS:,}: "
            f"{advice}, {WITHOUT}."
        )


@dataclass(frozen=True)
class Told:
    """What the overview tells of a run: errors of the first and the last epoch, its verdict, its curve.

    inputs: label -> the input that stands beside its result: its cell, or text of what cannot be typed, told where
    another run has a cell for it. again: gives what becomes of it with one input, by name, at another number and all
    others as built. loss, losses, losses_by_epoch: where an epoch's error is not √Σe², its title, those of the first
    and the last epoch, and their curve.
    """

    errors: Sequence[Expr]
    verdict: Expr
    curve: Series
    epochs: int
    inputs: Mapping[str, Expr] = field(default_factory=dict)
    again: Callable[[str, float], Trace] | None = None
    loss: str = ""
    losses: Sequence[Expr] = ()
    losses_by_epoch: Series | None = None


@dataclass(frozen=True)
class Composed:
    """The sheets of one kind, and what others may say of them.

    sheet: the one in front; behind: one with every step. about: one sentence on what it shows. compared: what the
    check compares with NumPy. told: what the overview tells of its run. figures: values that live in its cells and
    that any sentence may quote: each by its name and what it is of, such as a row and a group.
    reading: title -> how to read it, for the
    overview.
    """

    sheet: Sheet
    about: str
    behind: Sheet | None = None
    compared: Compared | None = None
    told: Told | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)
    reading: Mapping[str, str] = field(default_factory=dict)
    steps: StepsList | None = None
    runs: RunsSheet | None = None
    filled: Filled | None = None

    def figure(self, path: str) -> Expr:
        """A figure by its name and what it is of, as in `verdict | all 1 | 1 neuron`.

        Raises SettingError, with a hint, where there is none.
        """
        name, *of = (part.strip() for part in path.split("|"))
        if name not in self.figures:
            raise SettingError(f"The sheet {self.sheet.name} has no figure {name!r}.{did_you_mean(name, self.figures)}")
        try:
            return self.figures[name](*of)
        except (TypeError, ValueError, KeyError):
            raise SettingError(f"The sheet {self.sheet.name} has no figure {path!r}: of what is it?") from None


class Kind(ABC):
    """A sheet that a lesson wants: its parameters are the fields of a frozen dataclass.

    kind: its name in a recipe; a class that gives one is known by it. lined: whether the best straight line through
    its samples says something of what it shows.
    """

    kind: ClassVar[str]
    lined: ClassVar[bool] = True
    known: ClassVar[dict[str, type[Kind]]] = {}

    def __init_subclass__(cls) -> None:
        if "kind" in cls.__dict__:
            other = Kind.known.setdefault(cls.kind, cls)
            if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
                raise SettingError(
                    f"Two kinds of sheets are called {cls.kind!r}: give {cls.__qualname__} another name."
                )
            Kind.known[cls.kind] = cls

    @property
    @abstractmethod
    def sheet(self) -> str:
        """The name of its sheet."""

    @property
    def behind(self) -> str:
        """The name of the sheet behind it, "" where there is none."""
        return ""

    @property
    def data(self) -> Dataset | None:
        """The data set that it needs, if any."""
        return None

    def size(self) -> int:
        """About how many cells its sheets will have, as far as that is known before they are composed.

        Raises SettingError where a sheet will not have room.
        """
        return 0

    @abstractmethod
    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """Its sheets. before: those of the kinds that stand before it in the lesson, by sheet name."""
