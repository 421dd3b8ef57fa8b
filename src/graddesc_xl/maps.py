"""The landscape of the error over two weights, with the path of a run on it: as arrays, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from .errors import SettingError, did_you_mean, shown
from .experiments import Experiment
from .language.evaluate import evaluate
from .language.expr import Data, Expr, Here, Param
from .language.values import Array
from .notebook import line
from .numbers.plot import pyplot
from .numbers.trace import Trace
from .running import Changes, run
from .surface import around, gradient_squared, passed, plain, squared_error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: points of the grid along each weight, the fewest and the most of them
POINTS, FEWEST, MOST = 121, 2, 2001
#: level curves of a picture, and the powers of ten that they span at most, from the highest error down
LEVELS, SPAN = 15, 3.0
SMALLEST = 1e-300


@dataclass(frozen=True, eq=False)
class Landscape:
    """√Σe² of all samples over two weights, all others held still.

    over: the weight across and the weight up. across: shape (columns,), up: (rows,), both rising. errors: (rows,
    columns), `inf` where they overflow. further: (rows, columns), of how many samples a step of plain SGD would end
    further off than it began (lr·|grad pred|² above 1, exact where the model is linear in its weights, to first order
    elsewhere); None where the run is not plain SGD. path: (steps + 1, 2), both weights before each step and after the
    last. epochs: the rows of it at which an epoch starts, and the last. held: the other weights. title: of a picture.
    """

    over: tuple[str, str]
    across: Array
    up: Array
    errors: Array
    further: NDArray[np.int64] | None
    path: Array
    epochs: NDArray[np.int64]
    held: Mapping[str, float]
    title: str

    def __repr__(self) -> str:
        (across, up), (x, y, error) = self.over, self.lowest
        points = f"{self.errors.shape[1]} × {self.errors.shape[0]} points"
        return line(
            self, self.title, f"{up} over {across}", points, f"lowest {error:.6g} at {across} {x:.6g}, {up} {y:.6g}"
        )

    @property
    def lowest(self) -> tuple[float, float, float]:
        """The point of the grid with the lowest error: the weight across, the weight up, √Σe²."""
        errors = np.where(np.isnan(self.errors), np.inf, self.errors)
        row, column = np.unravel_index(int(np.argmin(errors)), errors.shape)
        return float(self.across[column]), float(self.up[row]), float(self.errors[row, column])

    def plot(self) -> Figure:
        """Level curves of the error with the path, its start and its end. Needs Matplotlib.

        Raises SettingError, with what to install, where that is missing, and where no point of the grid is a number.
        """
        logs = np.log10(np.maximum(np.where(np.isfinite(self.errors), self.errors, np.nan), SMALLEST))
        if np.isnan(logs).all():
            raise SettingError("No point of this landscape is a number: choose another window.")
        high = float(np.nanmax(logs))
        levels = np.linspace(max(float(np.nanmin(logs)), high - SPAN), high, LEVELS + 1)
        if not levels[0] < levels[-1]:
            levels = levels[0] + np.linspace(-0.1, 0.1, LEVELS + 1)
        figure: Figure = pyplot().figure(figsize=(7.2, 5.4), layout="constrained")
        axes = figure.add_subplot()
        drawn = axes.contourf(self.across, self.up, logs, levels, cmap="YlGnBu", extend="min")
        axes.contour(self.across, self.up, logs, levels, colors="white", linewidths=0.4)
        bar = figure.colorbar(drawn, ax=axes, label="√Σe²")
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{10**value:,.4g}")
        self._walls(axes)
        self._path(axes)
        x, y, error = self.lowest
        axes.plot(x, y, "v", color="#B8403A", label=f"lowest here, {error:,.4g}")
        axes.set(xlim=self.across[[0, -1]], ylim=self.up[[0, -1]], xlabel=self.over[0], ylabel=self.over[1])
        axes.set_title(self.title)
        figure.legend(fontsize="small", loc="outside lower center", ncols=3)
        return figure

    def _path(self, axes: Any) -> None:
        """The path, where it is a number, its epochs and both of its ends."""
        from matplotlib import patheffects as effects

        path = np.where(np.isfinite(self.path), self.path, np.nan)
        halo = [effects.withStroke(linewidth=2.4, foreground="#FFFFFFB0")]
        axes.plot(*path.T, color="#1F2933", linewidth=0.8, label="path", path_effects=halo)
        axes.plot(*path[self.epochs].T, ".", color="#1F2933", markersize=5, label="where epochs start")
        for which, name, marker, color in ((0, "start", "s", "#3A8F5C"), (-1, "end", "D", "#D9822B")):
            axes.plot(*path[which], marker, color=color, markeredgecolor="white", markersize=8, label=name)

    def _walls(self, axes: Any) -> None:
        """The wall of the speed limit, and hatching beyond it."""
        if self.further is None or not 0 < np.count_nonzero(self.further) < self.further.size:
            return
        beyond = (self.further > 0).astype(float)
        hatched = axes.contourf(self.across, self.up, beyond, [0.5, 1.5], colors="none", hatches=["//"])
        hatched.set(edgecolor="#B8403A70", linewidth=0)
        axes.contour(self.across, self.up, beyond, [0.5], colors="#B8403A", linewidths=1.2)
        axes.plot([], [], color="#B8403A", linewidth=1.2, label="wall of the speed limit")


def landscape(
    what: str | Experiment | Trace,
    over: tuple[str, str] | None = None,
    *,
    window: Mapping[str, tuple[float, float]] | None = None,
    points: int = POINTS,
    held: Mapping[str, float] | None = None,
    **changes: Unpack[Changes],
) -> Landscape:
    """The error over two weights, and the path of a run on it.

    what: an experiment, its name, or the trace of a single run. over: the weight across and the weight up; the first
    two if left out. window: weight -> its lowest and highest value; else what the run passes through while it does not
    explode, and the least-squares value. points: along each weight. held: other weights -> where they are held; else
    where the run has them at the last step before it explodes, or at its end. changes: as `run` takes them.
    Raises SettingError for weights that the run does not have, a window that is none, and a batch.

    >>> made = landscape("basic", ("b", "a"), window={"b": (0, 40), "a": (0, 4)}, points=41)
    >>> made.errors.shape, made.lowest
    ((41, 41), (30.0, 2.0, 0.0))
    """
    trace = what if isinstance(what, Trace) else run(what, **changes)
    if isinstance(what, Trace) and changes:
        raise SettingError(f"A trace is as it is: give {', '.join(changes)} to the run that makes it.")
    plan = trace.plan
    if trace.errors.ndim > 1:
        raise SettingError(f"A landscape is of a single run, not of a batch of {trace.runs}: run one at a time.")
    chosen = plan.weights[:2] if over is None else tuple(over)
    _weights(plan.name, plan.weights, [*chosen, *(window or {}), *(held or {})])
    if len({*chosen}) != 2:
        raise SettingError(f"over must be two different weights of {', '.join(plan.weights)}, not {shown(over)}.")
    if not isinstance(points, int) or not FEWEST <= points <= MOST:
        raise SettingError(f"points must be a whole number from {FEWEST} to {MOST}, not {shown(points)}.")
    sides = [_side(trace, weight, (window or {}).get(weight), points) for weight in chosen]
    at = max(trace.calm - 1, 0) if trace.calm < trace["err"].size else -1
    last = {w: float((trace[w] if at >= 0 else trace[plan.new(w)]).ravel()[at]) for w in plan.weights}
    others = {w: float((held or {}).get(w, last[w])) for w in plan.weights if w not in chosen}
    grid = dict(zip(chosen, np.meshgrid(*sides), strict=True))
    steps = trace["err"].size
    path = np.array([[*trace[w].ravel(), trace[plan.new(w)].ravel()[-1]] for w in chosen]).T
    return Landscape(
        (chosen[0], chosen[1]),
        sides[0],
        sides[1],
        _over_samples(trace, squared_error(plan), grid, others, root=True),
        _further(trace, grid, others),
        path,
        np.arange(0, steps + 1, len(trace.data)),
        others,
        f"{plan.name}: {trace.verdict}",
    )


def _weights(name: str, known: tuple[str, ...], given: list[str]) -> None:
    for weight in given:
        if weight not in known:
            raise SettingError(f"{name} has no weight {shown(weight)}.{did_you_mean(str(weight), known, known)}")


def _side(trace: Trace, weight: str, window: tuple[float, float] | None, points: int) -> Array:
    """The values of a weight along a side of the grid."""
    if window is None:
        seen = passed(trace, weight)
        low, high = around(min(seen), max(seen))
    else:
        low, high = window
    if not (np.isfinite([low, high]).all() and low < high):
        raise SettingError(f"The window of {weight} must go from a number to a larger one, not from {low} to {high}.")
    return np.linspace(low, high, points)


def _over_samples(
    trace: Trace, expr: Expr, grid: Mapping[str, Array], held: Mapping[str, float], *, root: bool = False
) -> Array:
    """An expression of one sample, added up over all, at every point of the grid; root: its square root."""
    total: Array = np.zeros(next(iter(grid.values())).shape)
    for sample in range(len(trace.data)):
        total = total + _worth(trace, expr, sample, grid, held)
    return np.sqrt(total) if root else total


def _worth(trace: Trace, expr: Expr, sample: int, grid: Mapping[str, Array], held: Mapping[str, float]) -> Any:
    """An expression at every point of the grid, for one sample."""

    def leaf(of: Expr) -> Any:
        match of:
            case Data(name):
                return trace.data.column(name)[sample]
            case Param(name):
                return trace.cells[name]
            case Here(name):
                return grid[name] if name in grid else held[name]
        raise AssertionError(of)

    return evaluate(expr, leaf)


def _further(trace: Trace, grid: Mapping[str, Array], held: Mapping[str, float]) -> NDArray[np.int64] | None:
    """Of how many samples a step ends further off, where the run is plain SGD."""
    if not plain(trace.plan):
        return None
    beyond = _over_samples(trace, (gradient_squared(trace.plan) * Param("lr") > 1) * 1, grid, held)
    return beyond.astype(np.int64)
