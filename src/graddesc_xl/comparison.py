"""Comparisons: runs side by side that differ in one thing, and what the difference shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .errors import SettingError, did_you_mean, shown
from .experiments import Experiment
from .notebook import line, table
from .parts.data import Dataset


@dataclass(frozen=True)
class Row:
    """What one line of a comparison tries: its title, and an experiment per group.

    named: the inputs whose numbers the title speaks of: a sheet says where one of them is typed over.
    """

    title: str
    experiments: tuple[Experiment, ...]
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    groups: what the columns are, models mostly. rows: what is tried on each of them. typed: the inputs that a
    row has a cell for; own: those that each run has a cell for; shared: those that all rows share. Every other input
    keeps the experiment's own value.
    ordered: the rows are steps along the first typed input, not kinds. charted: the powers of ten between which
    charts show errors; an exploding one leaves them at the top. note: what else to know before reading it.
    yardstick: the group that the others are measured by, row by row. summary: what an overview says of it.
    later: after so many epochs the errors are told as well, as NumPy computes them from the inputs as built; 0 for no
    such column.
    """

    name: str
    title: str
    about: str
    groups: tuple[str, ...]
    rows: tuple[Row, ...]
    typed: tuple[str, ...]
    shared: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    ordered: bool = False
    charted: tuple[float, float] = (1.0, 3.0)
    yardstick: str = ""
    note: str = ""
    summary: str = ""
    later: int = 0

    def __post_init__(self) -> None:
        if not self.rows or not self.groups:
            raise SettingError(f"{self.name} compares nothing: give it groups and rows.")
        for row in self.rows:
            if len(row.experiments) != len(self.groups):
                raise SettingError(
                    f"{self.name}: the row {row.title!r} has {len(row.experiments)} experiments for "
                    f"{len(self.groups)} groups: give one for each."
                )
            if any(e.data != self.data for e in row.experiments):
                raise SettingError(f"{self.name} compares runs on different data: make a comparison for each data set.")
        for what, names in (("rows", [row.title for row in self.rows]), ("groups", self.groups)):
            for name, times in Counter(names).items():
                if times > 1:
                    raise SettingError(f"{self.name} has {times} {what} called {shown(name)}: rename all but one.")
        if self.yardstick and self.yardstick not in self.groups:
            hint = did_you_mean(self.yardstick, self.groups)
            raise SettingError(f"{self.name} has no group {shown(self.yardstick)} as a yardstick.{hint}")
        if self.ordered and not self.typed:
            raise SettingError(f"{self.name} is ordered by nothing: name the input in typed, as in ('lr',).")
        for name in self.shared:
            if name in self.typed:
                raise SettingError(f"{self.name}: {name} is typed for each row and shared by all: leave one out.")
            self._one_number(name, "", [e for _, _, e in self.runs()])
        for name in self.own:
            if name in (*self.typed, *self.shared):
                raise SettingError(f"{self.name}: {name} is typed for each run, and for more than one: leave one out.")
        if not isinstance(self.later, int) or not 0 <= self.later <= 100_000:
            raise SettingError(f"{self.name}: later is a whole number of epochs to 100000, not {shown(self.later)}.")
        known = dict.fromkeys(i.name for _, _, e in self.runs() for i in e.inputs)
        for name in (*self.typed, *self.shared, *self.own):
            if name not in known:
                raise SettingError(f"{self.name}: no run has an input {shown(name)}.{did_you_mean(name, known)}")
        for row in self.rows:
            for name in row.named:
                if name not in (*self.typed, *self.own):
                    hint = did_you_mean(name, (*self.typed, *self.own))
                    raise SettingError(f"{self.name}: {row.title!r} is named after {name}, which is not typed.{hint}")
        for name in self.typed:
            for row in self.rows:
                self._one_number(name, f" of the row {row.title!r}", row.experiments)

    def __repr__(self) -> str:
        return line(self, self.name, f"{len(self.rows)} × {len(self.groups)} runs", self.data.name)

    def _repr_html_(self) -> str:
        import pandas as pd

        names = [*self.typed, *self.own]

        def tried(e: Experiment) -> str:
            return ", ".join(f"{i.label} {i.value:g}" for i in e.inputs if i.name in names) or e.name

        cells = [[row.title, *map(tried, row.experiments)] for row in self.rows]
        return table(self, pd.DataFrame(cells, columns=["run", *self.groups]))

    def _one_number(self, name: str, of: str, runs: Sequence[Experiment]) -> None:
        """Refuse runs that share a cell and want different numbers in it."""
        wanted = {i.value for e in runs for i in e.inputs if i.name == name}
        if len(wanted) > 1:
            numbers = " and ".join(f"{value:g}" for value in sorted(wanted))
            raise SettingError(f"{self.name}: the runs{of} have one cell for {name}, but want {numbers} in it.")

    @property
    def data(self) -> Dataset:
        """The samples of all its runs."""
        return self.rows[0].experiments[0].data

    def runs(self) -> Iterator[tuple[Row, str, Experiment]]:
        """Every run, group by group."""
        for g, group in enumerate(self.groups):
            for row in self.rows:
                yield row, group, row.experiments[g]
