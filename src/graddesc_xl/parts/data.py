"""Data sets: samples with named columns, in the order in which SGD sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SettingError, did_you_mean, shown
from ..language.values import Array
from ..notebook import counted, line, table
from ..settings import Numbers
from .scaling import SCALES

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Line:
    """A straight line of one input: const + input*slope."""

    slope: float
    const: float


@dataclass(frozen=True)
class Dataset:
    """Samples of any number of inputs and one target.

    inputs: name -> values, in the order of a sheet's columns. y: the values of the target, or the line of the only
    input on which they lie, which the sheet shows as that formula. target: the target's name. held_out: samples
    that no step sees, to validate with; their columns are the same. scale: `z-score` or `min-max`: what models see in
    place of each column, and of the target unless it is a class; "" for the columns themselves.
    """

    name: str
    inputs: Mapping[str, tuple[float, ...]]
    y: tuple[float, ...] | Line
    target: str = "y"
    held_out: Dataset | None = None
    scale: str = ""

    def __post_init__(self) -> None:
        counts = {name: len(values) for name, values in self.inputs.items()}
        if not isinstance(self.y, Line):
            counts[self.target] = len(self.y)
        elif len(self.inputs) != 1:
            raise SettingError("The targets lie on a line of one input: give them as numbers where there are more.")
        if not self.inputs or not min(counts.values()):
            raise SettingError("A data set needs at least one input and one sample.")
        if self.target in self.inputs:
            raise SettingError(f"{self.target} is both an input and the target: give them different names.")
        for name, count in counts.items():
            if not name.isidentifier():
                raise SettingError(f"{name!r} is no name for a column: use letters, digits and underscores.")
            if count != len(self):
                first = next(iter(self.inputs))
                raise SettingError(f"{len(self)} values of {first} but {count} of {name}: give one for each sample.")
        if self.scale not in ("", *SCALES):
            hint = did_you_mean(str(self.scale), SCALES)
            raise SettingError(f"{self.name} cannot be scaled by {shown(self.scale)}.{hint}")
        for name in self.names if self.scale else ():
            if len({*self.column(name).tolist()}) == 1:
                raise SettingError(
                    f"Every {name} of {self.name} is {self.column(name)[0]:g}, so it cannot be scaled by {self.scale}: "
                    "leave the column out."
                )
        if self.held_out and self.held_out.names != self.names:
            raise SettingError(
                f"The samples held out of {self.name} have the columns {', '.join(self.held_out.names)}, not "
                f"{', '.join(self.names)}: give both the same."
            )
        if not all(np.all(np.isfinite(self.column(name))) for name in self.names):
            raise SettingError(f"Every {', '.join(self.inputs)} and {self.target} must be a finite number.")

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def __repr__(self) -> str:
        held = f"{len(self.held_out)} held out" if self.held_out else ""
        columns = f"{', '.join(self.inputs)} → {self.target}"
        return line(self, self.name, counted(len(self), "sample"), columns, self.scale, held)

    def _repr_html_(self) -> str:
        return table(self, self.frame())

    def frame(self) -> pd.DataFrame:
        """One row per sample: its inputs, then the target."""
        import pandas as pd

        return pd.DataFrame({name: self.column(name) for name in self.names})

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns: the inputs, then the target."""
        return (*self.inputs, self.target)

    @cached_property
    def ys(self) -> Array:
        """The targets, shape (samples,)."""
        if isinstance(self.y, Line):
            return self.y.const + self.column(next(iter(self.inputs))) * self.y.slope
        return np.array(self.y, dtype=float)

    def column(self, name: str) -> Array:
        """The values of an input or of the target, shape (samples,)."""
        return self.ys if name == self.target else np.array(self.inputs[name], dtype=float)

    @property
    def least_squares(self) -> Line | None:
        """The straight line that fits best; None for several inputs, one that never changes, or numbers too large."""
        if len(self.inputs) > 1:
            return None
        xs = self.column(next(iter(self.inputs)))
        with np.errstate(over="ignore", invalid="ignore"):
            centred = xs - xs.mean()
            spread = float(centred @ centred)
            if not spread:
                return None
            slope = float(centred @ (self.ys - self.ys.mean())) / spread
            line = Line(slope, float(self.ys.mean() - slope * xs.mean()))
        return line if np.isfinite((line.slope, line.const)).all() else None


def dataset(x: Numbers | Mapping[str, Numbers], y: Numbers, name: str = "yours", target: str = "y") -> Dataset:
    """A data set from sequences of equal length, shape (samples,): one input, called x, or several by name."""
    inputs = x if isinstance(x, Mapping) else {"x": x}

    def floats(numbers: Numbers) -> tuple[float, ...]:
        return tuple(map(float, np.asarray(numbers).tolist()))

    return Dataset(name, {column: floats(values) for column, values in inputs.items()}, floats(y), target)


#: The 29 samples of the published graddesc.xlsx: y = 2x + 30 without noise, x in its order.
# fmt: off
GRADDESC = Dataset(
    "graddesc",
    {"x": (14.0, 86.0, 28.0, 51.0, 28.0, 29.0, 72.0, 62.0, 84.0, 15.0, 42.0, 62.0, 47.0, 35.0, 9.0, 38.0, 44.0, 99.0,
           13.0, 21.0, 28.0, 20.0, 8.0, 64.0, 99.0, 70.0, 27.0, 17.0, 8.0)},
    Line(slope=2.0, const=30.0),
)
# fmt: on
