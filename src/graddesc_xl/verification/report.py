"""What a verification found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
class Report:
    """The result of `verify`.

    book: which workbook the file is, None for one that is not ours. changes: the inputs and samples that a person
    changed; the workbook was verified against these. problems: sentences that name cells. additions: sentences
    about what was added to the workbook and changes nothing in it, or what cannot be judged.
    """

    path: Path
    book: str | None
    sets: tuple[ValueSet, ...]
    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()
    additions: tuple[str, ...] = ()

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
