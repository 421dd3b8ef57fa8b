"""What came out of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError, shown
from ..language.values import Array
from ..notebook import counted, line
from ..numbers.engine import run_plan
from ..numbers.trace import Trace
from ..numbers.verdict import EXPLODED_AT, KINDS, Verdict
from ..parts.data import Dataset
from ..plan import Plan
from .grid import Grid

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Sweep:
    """What became of every run of a grid.

    grid: the inputs swept over, and their values. settings: those that all runs share. Each array has the grid's
    shape: error: that of the last epoch, `inf` (#NUM!) or `nan` (#DIV/0!) where it is an error cell. kind: what became
    of the run, as an index of `KINDS`. step: of the verdict, 0 without one. times: of a run that bounces, else nan.
    weights: name -> after the last step. errors: by epoch, (*shape, epochs), where these were wanted, else None.
    validation: the RMSE of the samples held out, with the weights after the last step; None where there are none.
    """

    plan: Plan
    data: Dataset
    grid: Grid
    settings: Mapping[str, float]
    error: Array
    kind: NDArray[np.uint8]
    step: NDArray[np.int64]
    times: Array
    weights: Mapping[str, Array]
    errors: Array | None = None
    validation: Array | None = None

    def __repr__(self) -> str:
        kinds = Counter(KINDS[i] for i in self.kind.ravel().tolist())
        over = " × ".join(f"{axis.name} ({axis.values.size})" for axis in self.grid.axes)
        told = (f"{n:,} {kind}" for kind, n in kinds.most_common())
        return line(self, self.plan.name, over, counted(len(self.grid), "run"), *told)

    @property
    def shape(self) -> tuple[int, ...]:
        """The grid's."""
        return self.grid.shape

    @property
    def verdicts(self) -> NDArray[np.object_]:
        """What became of every run, in words: of the grid's shape."""
        return np.array(KINDS, dtype=object)[self.kind]

    def verdict(self, *place: int) -> Verdict:
        """What became of one run, by its place on each axis."""
        at = self._place(place)
        step, times = int(self.step[at]), float(self.times[at])
        return Verdict(KINDS[self.kind[at]], step or None, None if np.isnan(times) else times)

    def run(self, *place: int) -> Trace:
        """One run of the grid with every number of every step, by its place on each axis."""
        return run_plan(self.plan, self.data, {**self.settings, **self.grid.at(self._place(place))})

    @property
    def best(self) -> tuple[int, ...]:
        """The place of the run with the lowest error of its last epoch; the first of several.

        A run that explodes on its way is none, unless all do. Raises SettingError where none ends with a number.
        """
        errors = np.where(np.isnan(self.error), np.inf, self.error)
        whole = np.where(self.kind == KINDS.index(EXPLODED_AT), np.inf, errors)
        errors = whole if np.isfinite(whole).any() else errors
        if not np.isfinite(errors).any():
            raise SettingError("Every run of this sweep ends with an error cell: begin at a lower learning rate.")
        return tuple(int(i) for i in np.unravel_index(int(np.argmin(errors)), self.shape))

    def frame(self, start: int = 0, stop: int | None = None) -> pd.DataFrame:
        """One row per run: the inputs swept over, the error, the verdict with its step, the weights after the last.

        start, stop: of some runs only, as numbered by the grid.
        """
        import pandas as pd

        runs = len(self.grid)
        rows = slice(start, runs if stop is None else min(stop, runs))
        kinds = pd.Categorical.from_codes(self.kind.ravel()[rows], dtype=pd.CategoricalDtype(list(KINDS)))
        table = {**self.grid.settings(rows.start, rows.stop), "error": self.error.ravel()[rows], "verdict": kinds}
        table["step"] = self.step.ravel()[rows]
        table |= {f"new_{w}": values.ravel()[rows] for w, values in self.weights.items()}
        if self.validation is not None:
            table["validation"] = self.validation.ravel()[rows]
        if self.errors is not None:
            by_epoch = self.errors.reshape(runs, -1)[rows]
            table |= {f"error {epoch}": by_epoch[:, epoch - 1] for epoch in range(1, by_epoch.shape[1] + 1)}
        return pd.DataFrame(table)

    def plot(self) -> Figure:
        """Its errors and verdicts as a picture: two maps over two inputs, or a curve over one. Needs Matplotlib.

        Raises SettingError where more inputs are swept over, and where Matplotlib is not installed.
        """
        from .plot import plot

        return plot(self)

    def save(self, path: str | Path) -> None:
        """Write it, whole or not at all, as the suffix says: a table (.csv, .parquet), arrays (.npz), a picture (.png).

        Raises WorkbookError for another suffix and for what cannot be written, and SettingError, with what to install,
        where something is missing.
        """
        from .saving import save

        save(self, Path(path))

    def _place(self, place: tuple[int, ...]) -> tuple[int, ...]:
        if len(place) != len(self.shape) or not all(-n <= i < n for i, n in zip(place, self.shape, strict=False)):
            raise SettingError(f"There is no run {shown(place)}: the grid has the shape {self.shape}, counted from 0.")
        return place
