"""How good a numerical derivative is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import derivatives_sheet
from .kind import Composed, Kind
from .making import Making


@dataclass(frozen=True)
class Derivatives(Kind):
    """Numerical against analytic derivatives at a step of the sheet `of`."""

    kind = "derivatives"

    about: str
    of: str

    @property
    def sheet(self) -> str:
        """Its name."""
        return derivatives_sheet.SHEET

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The sheet."""
        steps = before[self.of].steps
        assert steps is not None, f"{self.of} is no sheet of steps"
        return Composed(derivatives_sheet.compose(making, steps), self.about)
