"""A sweep as a picture: what is left of the error, and what became of each run. Needs Matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError
from ..language.values import Array
from ..numbers.plot import pyplot
from ..numbers.verdict import KINDS
from .colours import BEYOND, COLOURS, RAMP, error_span
from .grid import Axis
from .swept import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: inches of a panel of two axes, and of the curve of one
PANEL, CURVE = (5.2, 4.2), (7.2, 4.2)
BEST: dict[str, Any] = {"marker": "o", "markersize": 8, "color": "none", "markeredgecolor": "black"}


def plot(swept: Sweep) -> Figure:
    """The errors of the last epoch and the verdicts: two maps over two inputs, or over one a curve and its bands.

    Raises SettingError where more inputs are swept over.
    """
    if len(swept.shape) > 2:
        names = swept.grid.names
        raise SettingError(
            f"A picture has two axes, and this sweep is over {len(names)} inputs, {', '.join(names)}: give all but two "
            "of them one number, as in settings={" + f"{names[-1]!r}: {float(swept.grid.axes[-1].values[0]):g}" + "}."
        )
    maps = len(swept.shape) == 2
    size = (2 * PANEL[0], PANEL[1]) if maps else CURVE
    made: Figure = pyplot().figure(figsize=size, layout="constrained")
    if maps:
        for place, draw in enumerate((_errors, _verdicts), 1):
            axes = made.add_subplot(1, 2, place)
            draw(swept, axes)
            _best(swept, axes)
    else:
        _curve(swept, made.add_subplot())
    return made


def _edges(axis: Axis) -> Array:
    """The borders between the values of an axis, and the outer ones."""
    values = np.sort(axis.values)
    at = np.log(values) if axis.log else values
    if at.size == 1:
        found = at[0] + np.array([-0.5, 0.5])
    else:
        middles = (at[1:] + at[:-1]) / 2
        found = np.concatenate([[2 * at[0] - middles[0]], middles, [2 * at[-1] - middles[-1]]])
    return np.asarray(np.exp(found) if axis.log else found)


def _mesh(swept: Sweep, axes: Axes, values: Array, **look: Any) -> Any:
    """A map: the first input across, the second up."""
    across, up = swept.grid.axes
    order = np.ix_(np.argsort(across.values, kind="stable"), np.argsort(up.values, kind="stable"))
    drawn = axes.pcolormesh(_edges(across), _edges(up), values[order].T, **look)
    for axis, scale, label in ((across, axes.set_xscale, axes.set_xlabel), (up, axes.set_yscale, axes.set_ylabel)):
        scale("log" if axis.log else "linear")
        label(axis.name)
    axes.set_facecolor(BEYOND)
    return drawn


def _errors(swept: Sweep, axes: Axes) -> None:
    """The error of the last epoch; what is no number, or far above the others, is grey."""
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    low, high = error_span(swept)
    shown = np.ma.masked_where(~(np.isfinite(swept.error) & (swept.error <= 10 * high)), swept.error)
    colours = LinearSegmentedColormap.from_list("errors", RAMP)
    drawn = _mesh(swept, axes, np.ma.maximum(shown, low), cmap=colours, norm=LogNorm(low, high))
    title = swept.plan.error.title
    axes.figure.colorbar(drawn, ax=axes, extend="both", label=f"{title}; grey: none, or far above")
    axes.set_title(f"{title} of epoch {swept.plan.epochs}")


def _verdicts(swept: Sweep, axes: Axes) -> None:
    """What became of each run, with a legend of what there is."""
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.patches import Patch

    colours = ListedColormap([COLOURS[kind] for kind in KINDS])
    edges = np.arange(len(KINDS) + 1) - 0.5
    _mesh(swept, axes, swept.kind.astype(float), cmap=colours, norm=BoundaryNorm(edges.tolist(), len(KINDS)))
    found = [kind for kind in COLOURS if (swept.kind == KINDS.index(kind)).any()]
    handles = [Patch(facecolor=COLOURS[kind], label=kind) for kind in found]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize="small")
    axes.set_title("What became of each run")


def _best(swept: Sweep, axes: Axes) -> None:
    """A ring around the run with the lowest error, where one has a number."""
    if np.isfinite(swept.error).any():
        across, up = swept.grid.at(swept.best).values()
        axes.plot([across], [up], **BEST)


def _curve(swept: Sweep, axes: Axes) -> None:
    """The error of the last epoch over one input, before the colours of what became of the runs."""
    from matplotlib.patches import Patch

    (axis,) = swept.grid.axes
    order, edges = np.argsort(axis.values, kind="stable"), _edges(axis)
    values, errors, kinds = axis.values[order], swept.error[order], swept.kind[order]
    _, high = error_span(swept)
    shown = np.where((errors > 0) & (errors <= 10 * high), errors, np.nan)
    for left, right, kind in zip(edges[:-1], edges[1:], kinds.tolist(), strict=True):
        axes.axvspan(left, right, color=COLOURS[KINDS[kind]], alpha=0.55, linewidth=0)
    axes.plot(values, shown, color="black", marker="o", markersize=3, linewidth=1.2)
    axes.set_xscale("log" if axis.log else "linear")
    if np.isfinite(shown).any():
        axes.set_yscale("log")
    axes.set_xlim(edges[0], edges[-1])
    title = swept.plan.error.title
    axes.set(title=f"{title} of epoch {swept.plan.epochs}", xlabel=axis.name, ylabel=title)
    found = [kind for kind in COLOURS if (kinds == KINDS.index(kind)).any()]
    handles = [Patch(facecolor=COLOURS[kind], alpha=0.55, label=kind) for kind in found]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize="small")
