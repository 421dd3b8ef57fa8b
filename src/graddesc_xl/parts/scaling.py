"""Scaling: what a model sees in place of a column of the samples, as live cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..language.expr import Data, Expr, Param, Whole, call, sqrt
from ..plan import Derived

#: the ways in which all columns are scaled, and what each does
SCALES: Mapping[str, str] = {
    "z-score": "minus its mean, over its standard deviation",
    "min-max": "minus its smallest value, over its range",
}


@dataclass(frozen=True)
class Scaling:
    """How a column is scaled: by what it is divided, after something was taken off; the cells that say so.

    about: what is done to the column, in words.
    """

    by: Param
    off: Param | None = None
    cells: tuple[Derived, ...] = ()
    about: str = "scaled"

    def scaled(self, name: str) -> Expr:
        """The column as the model sees it."""
        return (Data(name) if self.off is None else Data(name) - self.off) / self.by

    def back(self, value: Expr) -> Expr:
        """What was scaled in the units that it had."""
        return value * self.by if self.off is None else value * self.by + self.off


def divided(name: str) -> Scaling:
    """By an input cell."""
    return Scaling(Param(f"scale_{name}"))


def standard(way: str, name: str) -> Scaling:
    """By what the samples themselves say: one of `SCALES`."""
    whole = Whole(name)
    if way == "z-score":
        cells = (
            Derived(f"mean_{name}", call("mean", whole), f"mean {name}", f"the mean of {name} over all samples"),
            Derived(
                f"sd_{name}",
                sqrt(call("devsq", whole) / call("count", whole)),
                f"sd {name}",
                f"the standard deviation of {name} over all samples",
            ),
        )
    else:
        least = call("smallest", whole)
        cells = (
            Derived(f"min_{name}", least, f"min {name}", f"the smallest {name} of all samples"),
            Derived(
                f"range_{name}",
                call("largest", whole) - least,
                f"range {name}",
                f"the largest {name} of all samples less the smallest",
            ),
        )
    off, by = (Param(cell.name) for cell in cells)
    return Scaling(by, off, cells, SCALES[way])
