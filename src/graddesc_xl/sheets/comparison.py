"""Runs side by side: the table of a comparison, and behind it every step of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..comparison import Comparison
from ..errors import SettingError
from ..experiments import CARRIES, GRADIENTS
from ..language.expr import Const
from ..parts.data import Dataset
from ..workbook.cells import COLUMNS
from . import check, comparison_sheet
from .kind import Composed, Figure, Kind, behind, fits_sheet
from .making import Making


@dataclass(frozen=True)
class Compared(Kind):
    """The sheet of a comparison."""

    kind = "comparison"

    comparison: Comparison

    def __post_init__(self) -> None:
        of = self.comparison
        first = of.rows[0].experiments[0]
        for row, group, e in of.runs():
            run = f"{of.name}: the run {row.title!r}, {group}"
            if e.epochs != first.epochs:
                raise SettingError(f"{run} has {e.epochs} epochs, and others have not: give all as many.")
            if (e.shuffled, e.shuffled and e.seed) != (first.shuffled, first.shuffled and first.seed):
                raise SettingError(
                    f"{run} sees its samples in another order than the first run, and on a sheet both stand beside the "
                    "same samples: shuffle all runs by one seed, or none. `compare` runs them as they are."
                )
            if e.passes:
                raise SettingError(
                    f"{run} discards {e.passes} passes, which a comparison does not show: give its experiment "
                    "discarded=0."
                )
            if e.carry != CARRIES[0] or e.gradient != GRADIENTS[0]:
                field, found = ("carry", e.carry) if e.carry != CARRIES[0] else ("gradient", e.gradient)
                raise SettingError(f"{run} has {field}={found!r}, which only a sheet of its own shows: leave it out.")
        fits_sheet(of.name, first.epochs, len(of.data), 0)

    @property
    def sheet(self) -> str:
        """The comparison's name."""
        return self.comparison.name

    @property
    def behind(self) -> str:
        """The name of the sheet with its steps."""
        return behind(self.sheet)

    @property
    def data(self) -> Dataset:
        """The samples of its runs."""
        return self.comparison.data

    def size(self) -> int:
        """About how many cells the sheet with its steps will have; SettingError where that has too few columns."""
        of = self.comparison
        columns = sum(len(e.plan.columns) for _, _, e in of.runs())
        if columns > COLUMNS:
            runs = len(of.rows) * len(of.groups)
            raise SettingError(
                f"{of.name}: {runs} runs have {columns:,} columns side by side, and a sheet has {COLUMNS:,}: at most "
                f"{runs * COLUMNS // columns} such runs fit."
            )
        return columns * of.rows[0].experiments[0].epochs * len(of.data)

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The table, and the runs behind it."""
        made = comparison_sheet.compose(self.comparison, self.behind, making)
        figures: dict[str, Figure] = {
            "error": made.error,
            "first error": made.first,
            "verdict": made.verdict,
            "kind": made.kind,
            "input": made.input,
            "largest that learns": made.largest_learning,
            "title": made.title,
            "end": made.end,
            "rows": made.listed,
            "count": made.count,
            "as good": made.as_good,
            "worse": made.worse,
            "lowest": made.lowest,
            "best": made.best,
            "epochs": lambda: Const(self.comparison.rows[0].experiments[0].epochs),
            "later": lambda: Const(self.comparison.later),
            "runs": lambda: Const(len(self.comparison.rows)),
            "best later": made.best_later,
        }
        return Composed(
            made.sheet,
            self.comparison.summary,
            made.runs.sheet,
            check.of_runs(made.sheet, made.runs, making, self.data.name),
            figures=figures,
            runs=made.runs,
        )
