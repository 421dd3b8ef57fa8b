"""What a verification found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingError, did_you_mean, shown
from ..notebook import MOST, counted, line, table
from ..numbers.trace import Trace, summaries

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SheetResult:
    """One sheet in one set of values.

    cells: how many were compared. worst: the largest relative error (inf: an error or text where a number
    belongs), at `where`, in `column`. note: what else there is to say, such as the step from which a run drifts.
    wrong: the addresses of all cells that are wrong, those of steps in the order in which they are computed.
    left_out: the addresses of cells that are volatile, or follow from such, and cannot be compared.
    """

    sheet: str
    cells: int
    worst: float
    where: str
    column: str
    ok: bool
    note: str = ""
    wrong: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class ValueSet:
    """One set of values: those the file holds, or those of an engine that recalculated it."""

    name: str
    sheets: tuple[SheetResult, ...]

    @property
    def ok(self) -> bool:
        """Whether there are sheets, and every one passed."""
        return bool(self.sheets) and all(sheet.ok for sheet in self.sheets)


@dataclass(frozen=True)
class Change:
    """A number that a person typed: the cell's address, what it is called, and what was there before."""

    sheet: str
    cell: str
    name: str
    value: float
    built: float | str

    def __str__(self) -> str:
        built = self.built if isinstance(self.built, str) else f"{self.built:.15g}"
        return f"{self.sheet}!{self.cell} ({self.name}): {self.value:.15g} instead of {built}"


@dataclass(frozen=True)
class Verified:
    """A run that was verified. sheet, run: where it is shown, and its title where others are shown there too.

    steps: the sheet with its steps. trace: its numbers, from the inputs and samples that the file holds.
    """

    sheet: str
    run: str
    steps: str
    trace: Trace


@dataclass(frozen=True)
class Report:
    """The result of `verify`.

    book: which workbook the file is, None for one that is not ours. changes: the inputs and samples that a person
    changed; the workbook was verified against these. problems: sentences that name cells. additions: sentences
    about what was added to the workbook and changes nothing in it, or what cannot be judged. runs: those it shows,
    with the numbers that it was compared with; `trace` and `frame` give them.
    """

    path: Path
    book: str | None
    sets: tuple[ValueSet, ...]
    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()
    additions: tuple[str, ...] = ()
    runs: tuple[Verified, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        said = ["verified" if self.ok else "not verified"]
        if self.sets:
            cells = counted(sum(sheet.cells for sheet in self.sets[0].sheets), "cell")
            said.append(f"{cells}: {' and '.join(values.name for values in self.sets)}")
        for things, what in ((self.runs, "run"), (self.changes, "change"), (self.problems, "problem")):
            said += [counted(len(things), what)] * bool(things)
        return line(self, self.path.name, *said)

    def _repr_html_(self) -> str:
        told = [*self.problems, *map(str, self.changes)]
        more = [f"and {len(told) - MOST} more"] * (len(told) > MOST)
        return table(self, self.frame(), said=(*told[:MOST], *more), most=None)

    def trace(self, sheet: str = "", run: str = "") -> Trace:
        """A run that was verified, as NumPy computed it from the numbers in the file's cells.

        sheet: which shows it, in small or capital letters; of a workbook with one run it may be left out. run: its
        title, where a sheet shows several. Raises SettingError, with a hint, where there is no such run.
        """
        if not self.runs:
            raise SettingError(f"The report on {self.path.name} has no runs: none was composed again from its recipe.")
        there = [of for of in self.runs if not sheet or of.sheet.lower() == sheet.lower()]
        if not there:
            hint = did_you_mean(sheet, dict.fromkeys(of.sheet for of in self.runs))
            raise SettingError(f"{self.path.name} has no run on a sheet {shown(sheet)}.{hint}")
        named = run or (sheet and len(there) > 1)
        found = [of for of in there if of.run == run] if named else there
        if len(found) != 1:
            known = dict.fromkeys(filter(None, (of.run if sheet else of.sheet for of in there)))
            said = f"has no run {shown(run)}" if run else f"has {len(there)} runs: name one"
            hint = did_you_mean(run, known) or " It shows one run: leave the title out."
            raise SettingError(f"{sheet or self.path.name} {said}.{hint}")
        return found[0].trace

    def frame(self) -> pd.DataFrame:
        """One row per run: its sheet and title, its inputs, how it ended, and what was compared of its steps.

        cells: how many formulas of the sheet with its steps were compared, in each set of values. worst: their largest
        relative error in any set. ok: whether that sheet passed in all.
        """
        found = summaries({(of.sheet, of.run): of.trace for of in self.runs}, ("sheet", "run"))
        told = [[s for values in self.sets for s in values.sheets if s.sheet == of.steps] for of in self.runs]
        return found.assign(
            cells=[max((s.cells for s in of), default=0) for of in told],
            worst=[max((s.worst for s in of), default=math.nan) for of in told],
            ok=[bool(of) and all(s.ok for s in of) for of in told],
        )

    @property
    def inputs(self) -> Mapping[str, Mapping[str, float]]:
        """Sheet -> input -> value, for what was changed; with its cell, where another of that name was too."""
        inputs: dict[str, dict[str, float]] = {}
        for change in self.changes:
            of = inputs.setdefault(change.sheet, {})
            of[f"{change.name} in {change.cell}" if change.name in of else change.name] = change.value
        return inputs

    @property
    def ok(self) -> bool:
        """Whether the workbook passed."""
        return bool(self.sets) and not self.problems and all(values.ok for values in self.sets)

    def to_dict(self) -> dict[str, Any]:
        """The report for a machine: only what JSON knows."""
        return {
            "file": str(self.path),
            "ok": self.ok,
            "book": self.book,
            "inputs": {sheet: dict(changed) for sheet, changed in self.inputs.items()},
            "changes": [vars(change) for change in self.changes],
            "problems": list(self.problems),
            "additions": list(self.additions),
            "sets": [
                {
                    "name": values.name,
                    "ok": values.ok,
                    "sheets": [
                        {**vars(sheet), "worst": sheet.worst if math.isfinite(sheet.worst) else None}
                        for sheet in values.sheets
                    ],
                }
                for values in self.sets
            ],
        }
