"""Data sets: samples in the order in which SGD sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .errors import SettingError
from .evaluate import Array


@dataclass(frozen=True)
class Dataset:
    """Samples of one x and one y.

    y: None means slope*x + const, and the sheet shows it as that formula.
    """

    name: str
    x: tuple[float, ...]
    slope: float = 2.0
    const: float = 30.0
    y: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not self.x:
            raise SettingError("A data set needs at least one sample.")
        if self.y is not None and len(self.y) != len(self.x):
            raise SettingError(f"{len(self.x)} values of x but {len(self.y)} of y: give one y for each x.")
        if not np.all(np.isfinite([*self.x, *(self.y or ()), self.slope, self.const])):
            raise SettingError("Every x and y must be a finite number.")

    def __len__(self) -> int:
        return len(self.x)

    @property
    def xs(self) -> Array:
        """x, shape (samples,)."""
        return np.array(self.x, dtype=float)

    @property
    def ys(self) -> Array:
        """y, shape (samples,)."""
        return self.const + self.xs * self.slope if self.y is None else np.array(self.y, dtype=float)

    @property
    def least_squares(self) -> tuple[float, float]:
        """Slope and intercept of the straight line that fits best."""
        return least_squares(self.xs, self.ys)


def least_squares(xs: Array, ys: Array) -> tuple[float, float]:
    """Slope and intercept of the straight line that fits best; nan where x never changes."""
    centred = xs - xs.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (ys - ys.mean())) / spread if spread else float("nan")
    return slope, float(ys.mean() - slope * xs.mean())


def dataset(x: Sequence[float], y: Sequence[float], name: str = "yours") -> Dataset:
    """A data set from two sequences of equal length."""
    return Dataset(name, tuple(map(float, x)), y=tuple(map(float, y)))


#: The 29 samples of the published graddesc.xlsx: y = 2x + 30 without noise, x in its order.
# fmt: off
GRADDESC = Dataset(
    "graddesc",
    (14.0, 86.0, 28.0, 51.0, 28.0, 29.0, 72.0, 62.0, 84.0, 15.0, 42.0, 62.0, 47.0, 35.0, 9.0, 38.0, 44.0, 99.0, 13.0,
     21.0, 28.0, 20.0, 8.0, 64.0, 99.0, 70.0, 27.0, 17.0, 8.0),
)
# fmt: on
