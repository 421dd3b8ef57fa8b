"""What a workbook may have of anything, counted while it is read, and what none of its formulas may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import WorkbookError
from ..workbook.cells import MOST_CELLS
from .bounded import quoted
from .formulas import outside, suspect

#: the most elements that a workbook may have beside its cells (empty ones too), and how deep these may nest
MOST_ELEMENTS, DEEPEST = 20_000_000, 64
_HOLD_FORMULAS = {"f", "formula", "formula1", "formula2", "definedName"}


@dataclass
class Bounds:
    """The bounds of one reading of one workbook, and how much there was of each."""

    path: Path
    cells: int = 0
    elements: int = 0
    innocent: set[str] = field(default_factory=set)

    def refused(self, sentence: str) -> WorkbookError:
        """What is wrong with the workbook."""
        return WorkbookError(f"{self.path}: {sentence}")

    def take_cells(self, count: int) -> None:
        """So many cells more."""
        self.cells += count
        if self.cells > MOST_CELLS:
            raise self.refused(f"it has more than {MOST_CELLS:,} cells, which is more than is read.")

    def take(self, part: str, count: int = 1) -> None:
        """So many elements more."""
        self.elements += count
        if self.elements > MOST_ELEMENTS:
            raise self.refused(f"its part {quoted(part)} and those before have more elements than any workbook.")

    def deeper(self, part: str, depth: int) -> int:
        """One element more, one level down."""
        self.take(part)
        if depth >= DEEPEST:
            raise self.refused(f"its part {quoted(part)} nests its elements deeper than any workbook.")
        return depth + 1

    def check_formula(self, part: str, name: str, text: Sequence[str]) -> None:
        """Refuse a formula outside the cells that reaches outside the file."""
        if name in _HOLD_FORMULAS and (reached := outside("".join(text))):
            raise self.refused(
                f"a formula of its part {quoted(part)} reaches outside the file ({quoted(reached)}); "
                "no program was given it. Remove it."
            )

    def reached(self, formula: str) -> str | None:
        """What in a cell's formula reaches outside the file, or None."""
        return outside(formula) if suspect(formula, self.innocent) else None
