"""Sweeps: a grid of runs, of each of which only what became of it is kept."""

from .grid import Axis, Grid, Over, axes_of, axis
from .ranges import Range, Ranges, looked_for
from .search import Best, best_plan
from .sweeping import sweep_plan
from .swept import Sweep

__all__ = [
    "Axis",
    "Best",
    "Grid",
    "Over",
    "Range",
    "Ranges",
    "Sweep",
    "axes_of",
    "axis",
    "best_plan",
    "looked_for",
    "sweep_plan",
]
