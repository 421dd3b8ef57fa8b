"""A run as a picture: error by epoch, weights and a derivative by step, the fit. Needs Matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError, did_you_mean, shown
from ..language.evaluate import evaluate
from ..language.expr import Data, Expr, Here, Param
from ..language.values import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .trace import Trace

#: inches of one panel
SIZE = (4.6, 3.2)
#: how many points a curve over an input has
POINTS = 201
WHERE_FROM = "Pictures are drawn by Matplotlib, which is not installed: pip install 'graddesc-xl[plot]'."


def pyplot() -> Any:
    """Matplotlib's pyplot.

    Raises SettingError, with what to install, where it is missing.
    """
    try:
        from matplotlib import pyplot as plt
    except ImportError:
        raise SettingError(WHERE_FROM) from None
    return plt


def plot(trace: Trace, what: Sequence[str] = ()) -> Figure:
    """The panels of a trace side by side: all that it has, or the named ones of `PANELS`.

    Raises SettingError for a panel that does not exist or that this trace does not have.
    """
    names = [what] if isinstance(what, str) else [*what]
    for name in names:
        if name not in PANELS:
            raise SettingError(f"There is no panel {shown(name)}.{did_you_mean(name, PANELS)}")
        if not _has(trace, name):
            raise SettingError(f"This trace has no panel {name}: a fit is of one run of a model of one input.")
    chosen = names or [name for name in PANELS if _has(trace, name)]
    columns = min(2, len(chosen))
    rows = -(-len(chosen) // columns)
    made: Figure = pyplot().figure(figsize=(SIZE[0] * columns, SIZE[1] * rows), layout="constrained")
    for place, name in enumerate(chosen, 1):
        axes = made.add_subplot(rows, columns, place)
        PANELS[name](trace, axes)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    return made


def _has(trace: Trace, name: str) -> bool:
    if name == "fit":
        return trace.runs == 1 and trace.errors.ndim == 1 and len(trace.data.inputs) == 1
    return name != "derivative" or bool(trace.plan.of(trace.plan.charted, "analytic"))


def _curves(axes: Axes, x: Array, values: Array, label: str, **look: Any) -> None:
    """A curve, or one for each run of a batch; what is no number leaves a gap."""
    runs = np.where(np.isfinite(values), values, np.nan).reshape(len(values), -1)
    for run in range(runs.shape[1]):
        axes.plot(x, runs[:, run], label=label if runs.shape[1] == 1 else f"{label}, run {run}", **look)


def _error(trace: Trace, axes: Axes) -> None:
    """√Σe² of every epoch."""
    errors = np.where(trace.errors > 0, trace.errors, np.nan)
    _curves(axes, np.arange(1.0, len(errors) + 1), errors, trace.plan.footer("error").title, marker="o", markersize=3)
    if np.isfinite(errors).any():
        axes.set_yscale("log")
        for axis in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            axis(lambda value, _: f"{value:,.4g}")
    axes.xaxis.set_major_locator(pyplot().MaxNLocator(integer=True))
    title = str(trace.verdicts[0]) if trace.runs == 1 else f"{trace.runs} runs"
    axes.set(title=f"Error by epoch: {title}", xlabel="epoch", ylabel=trace.plan.footer("error").title)
    if 1 < trace.runs <= 10:
        axes.legend(fontsize="small")


def _steps(trace: Trace, column: str) -> tuple[Array, Array]:
    """The numbers of the steps, and a column by step."""
    values = trace[column]
    flat = values.reshape(values.shape[0] * values.shape[1], -1)
    return np.arange(1.0, len(flat) + 1), flat


def _weights(trace: Trace, axes: Axes) -> None:
    """Every weight by step, with its least-squares value where there is one."""
    best = trace.data.least_squares
    for color, weight in enumerate(trace.plan.weights):
        look: dict[str, Any] = {"color": f"C{color % 10}", "linewidth": 1.2}
        _curves(axes, *_steps(trace, weight), weight, **look)
        if best and weight in trace.plan.targets:
            known = {"slope": best.slope, "intercept": best.const}
            axes.axhline(known[trace.plan.targets[weight]], color=look["color"], linestyle="--", linewidth=1)
    axes.set(title="Weights by step", xlabel="step", ylabel="weight")
    if trace.runs == 1:
        axes.legend(fontsize="small")


def _derivative(trace: Trace, axes: Axes) -> None:
    """The derivative that charts show, by step, and its moving average where the optimizer has one."""
    plan, weight = trace.plan, trace.plan.charted
    for kind in ("analytic", "average"):
        column = plan.of(weight, kind)
        if column:
            _curves(axes, *_steps(trace, column), plan.column(column).title, linewidth=1)
    axes.set(title=f"Derivative by {weight}", xlabel="step", ylabel=f"de/d{weight}")
    if trace.runs == 1:
        axes.legend(fontsize="small")


def _fit(trace: Trace, axes: Axes) -> None:
    """The samples and what the model predicts with the last weights."""
    (name,) = trace.data.inputs
    xs = trace.data.column(name)
    grid = np.linspace(xs.min(), xs.max(), POINTS)

    def leaf(of: Expr) -> Any:
        match of:
            case Data(column):
                return grid if column == name else 0.0
            case Param(cell):
                return trace.cells[cell]
            case Here(column):
                found = trace.plan.column(column)
                return trace[column][-1, -1] if found.role == "update" else evaluate(trace.plan.after(column), leaf)
        raise AssertionError(of)

    axes.plot(xs, trace.data.ys, "o", markersize=4, label="samples")
    curve = np.broadcast_to(evaluate(trace.plan.predicted, leaf), grid.shape)
    axes.plot(grid, np.where(np.isfinite(curve), curve, np.nan), label="prediction, last weights")
    best = trace.data.least_squares
    if best:
        axes.plot(grid, best.const + best.slope * grid, "--", linewidth=1, label="best line")
    axes.set(title=f"The fit after {trace.plan.epochs} epochs", xlabel=name, ylabel=trace.data.target)
    axes.legend(fontsize="small")


#: what a picture may show
PANELS: dict[str, Callable[[Trace, Axes], None]] = {
    "error": _error,
    "weights": _weights,
    "derivative": _derivative,
    "fit": _fit,
}
