"""The landscape: the error over two weights, and the path of a run on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import SettingError, did_you_mean
from ..language.expr import Const
from ..surface import plain, squared_error
from . import landscape_sheet
from .kind import Composed, Figure, Kind
from .landscape_map import FEWEST, LARGEST
from .making import Making
from .steps_list import StepsList


@dataclass(frozen=True)
class Landscape(Kind):
    """√Σe² of all samples over two weights, with the path of a run.

    headline, subtitle: above the sheet. about: for the overview. of: the sheets of runs to choose from, which have one
    model and the same samples. over: the weight across, then the weight up. cells: of the grid, across and up. window:
    weight -> the lowest and the highest drawn, as built; else what the runs pass through while they are no noise, but
    for those that explode, unless all do, and the least-squares value. held: the other weights -> where they may be
    held instead of where the run has them.
    """

    kind = "landscape"

    name: str
    headline: str
    of: tuple[str, ...]
    over: tuple[str, str]
    subtitle: str = ""
    about: str = ""
    cells: int = 31
    window: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    held: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.of:
            raise SettingError(f"{self.name}: of must name at least one sheet of steps, whose path is drawn.")
        if not isinstance(self.cells, int) or not FEWEST <= self.cells <= LARGEST:
            raise SettingError(
                f"{self.name}: cells must be a whole number from {FEWEST} to {LARGEST}, not {self.cells!r}."
            )
        if len(self.over) != 2 or self.over[0] == self.over[1]:
            raise SettingError(f"{self.name}: over must be two different weights, not {self.over!r}.")
        for weight, (low, high) in self.window.items():
            if not low < high:
                raise SettingError(f"{self.name}: the window of {weight} goes from {low:g} to {high:g}: swap them.")

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The grid, the path and what is said of both."""
        runs = [self._run(name, before) for name in self.of]
        self._one_surface(runs)
        made = landscape_sheet.compose(
            self.name, self.headline, self.subtitle, making, runs, self.over, self.cells, self.window, self.held
        )
        figures: dict[str, Figure] = {
            "lowest error": lambda: made.cells["lowest"],
            "end error": lambda: made.cells["end"],
            "lowest": lambda weight: made.cells[f"lowest {weight}"],
            "end": lambda weight: made.cells[f"end {weight}"],
            "bends": lambda weight: made.cells[f"bends {weight}"],
        }
        if any(plain(run.of.experiment.plan) for run in runs):
            figures["samples beyond"] = made.samples_beyond
            figures["cells"] = lambda: Const(made.count**2)
        if made.walled:
            figures["cells beyond"] = lambda: made.cells_beyond
        return Composed(made.sheet, self.about or self.headline, figures=figures)

    def _run(self, name: str, before: Mapping[str, Composed]) -> StepsList:
        steps = before[name].steps if name in before else None
        if steps is None:
            known = [sheet for sheet, made in before.items() if made.steps]
            raise SettingError(
                f"{self.name}: there is no sheet of steps {name!r} before it.{did_you_mean(name, known)}"
            )
        return steps

    def _one_surface(self, runs: list[StepsList]) -> None:
        """Refuse runs whose error is not the same function of the same weights."""
        first = runs[0].of.experiment
        for weight in (*self.over, *self.window, *self.held):
            if weight not in first.plan.weights:
                hint = did_you_mean(weight, first.plan.weights)
                raise SettingError(f"{self.name}: {first.name} has no weight {weight!r}.{hint}")
        for other in (run.of.experiment for run in runs[1:]):
            if squared_error(other.plan) != squared_error(first.plan) or other.data != first.data:
                raise SettingError(
                    f"{self.name}: {other.name} has another model or other samples than {first.name}, so its error is "
                    "another one: give it a landscape of its own."
                )
