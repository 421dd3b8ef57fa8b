"""The speed limit: the factor of every step, and the rate it would bear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..parts.data import GRADDESC, Dataset
from . import check, speed_limit_sheet
from .kind import Composed, Figure, Kind
from .making import Making


@dataclass(frozen=True)
class SpeedLimit(Kind):
    """Models side by side for one epoch of plain SGD. about: one sentence for the overview."""

    kind = "speed limit"

    about: str
    data: Dataset = GRADDESC
    name: str = speed_limit_sheet.SHEET

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    @property
    def behind(self) -> str:
        """The name of the sheet with its steps."""
        return speed_limit_sheet.STEPS

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The sheet, and the runs behind it."""
        made = speed_limit_sheet.compose(making, making.of(self.data))
        figures: dict[str, Figure] = {
            "first overshoot": made.first.__getitem__,
            "start weights bear": made.most.__getitem__,
            "rate": lambda: made.rate,
        }
        compared = check.of_runs(made.sheet, made.runs, making, self.data.name)
        return Composed(made.sheet, self.about, made.runs.sheet, compared, figures=figures, runs=made.runs)
