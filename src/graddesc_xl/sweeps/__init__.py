"""Sweeps: a grid of runs, of each of which only what became of it is kept."""

from .grid import Axis, Grid, Over, axes_of, axis
from .sweeping import sweep_plan
from .swept import Sweep

__all__ = ["Axis", "Grid", "Over", "Sweep", "axes_of", "axis", "sweep_plan"]
