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
    """

    sheet: str
    cells: int
    worst: float
    where: str
    column: str
    ok: bool
    note: str = ""


@dataclass(frozen=True)
class ValueSet:
    """One set of values: those the file holds, or those of an engine that recalculated it."""

    name: str
    sheets: tuple[SheetResult, ...]

    @property
    def ok(self) -> bool:
        """Whether every sheet passed."""
        return all(sheet.ok for sheet in self.sheets)


@dataclass(frozen=True)
class Report:
    """The result of `verify`.

    book: which workbook the file is, None for one that is not ours. inputs: sheet -> input -> value, for the
    inputs a person changed; the workbook was verified against these. problems: sentences that name cells.
    """

    path: Path
    book: str | None
    sets: tuple[ValueSet, ...]
    inputs: Mapping[str, Mapping[str, float]]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the workbook passed."""
        return not self.problems and all(values.ok for values in self.sets)

    def to_dict(self) -> dict[str, Any]:
        """The report for a machine: only what JSON knows."""
        return {
            "file": str(self.path),
            "ok": self.ok,
            "book": self.book,
            "inputs": {sheet: dict(changed) for sheet, changed in self.inputs.items()},
            "problems": list(self.problems),
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
