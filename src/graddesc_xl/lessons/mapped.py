"""A workbook of a sweep: its map, and its best run with every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..errors import SettingError
from ..experiments import Experiment
from ..sheets.kind import Kind
from ..sheets.map_panels import ERROR, STEP, VERDICT
from ..sheets.run_map import RunMap
from ..sweeps import Axis, Grid, Sweep, axis
from .lesson import Lesson

MAP, BEST = "map", "best run"


def map_of(experiment: Experiment, swept: Sweep, *, title: str = "", name: str = "") -> Lesson:
    """The lesson of a sweep over one input or two: a map, on which any run can be picked, and the best run.

    experiment: that was swept; the sweep says with which settings and for how many epochs.
    Raises SettingError, before anything is computed, where a sheet cannot show it.
    """
    shown = map_over(experiment, swept.grid, swept.settings, swept.plan.epochs)
    shown.know(swept)
    parts: list[Kind | Experiment] = [shown]
    if np.isfinite(swept.error).any():
        of, about = shown.experiment, "The best run of the map, every step of it live."
        parts.append(
            replace(of, name=BEST, about=about, mirror=None, values={**of.values, **swept.grid.at(swept.best)})
        )
    return Lesson(title or f"{experiment.name}: a map of runs", parts, name=name)


def map_over(experiment: Experiment, grid: Grid, settings: Mapping[str, float], epochs: int) -> RunMap:
    """The map of a sweep, which need not be computed yet.

    Raises SettingError where a sheet cannot show it.
    """
    if len(grid.shape) > 2:
        names = ", ".join(grid.names)
        raise SettingError(
            f"A map has two axes, and this sweep is over {len(grid.shape)} inputs, {names}: give all but two of them "
            "one number."
        )
    of = replace(experiment, epochs=epochs, values={**experiment.values, **settings})
    across, *up = map(spelled, grid.axes)
    weight = next((name for name in grid.names if name in of.plan.weights), of.plan.charted)
    return RunMap(
        MAP,
        of,
        across,
        up[0] if up else "",
        (ERROR, VERDICT, STEP, weight),
        f"{experiment.title or experiment.name}: which runs learn?",
        about="What became of every run, and any of them live.",
    )


def spelled(of: Axis) -> str:
    """An axis as it is typed, its values in rising order."""
    values = np.unique(of.values)
    low, high, points = float(values[0]), float(values[-1]), values.size
    if points > 2:
        for text in (
            f"{of.name}={low!r}..{high!r}:log:{points}" if low > 0 else "",
            f"{of.name}={low!r}..{high!r}:{points}",
        ):
            if text and np.array_equal(axis(text).values, values):
                return text
    return f"{of.name}={','.join(map(repr, values.tolist()))}"
