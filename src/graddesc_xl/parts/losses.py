"""Losses: what one sample's error is, and how an epoch's errors are summed up."""

from __future__ import annotations

from ..language.expr import Data, Expr, Here, Over, sqrt
from ..plan import Footer


def squared_error(target: str) -> Expr:
    """The squared error of one sample."""
    return (Data(target) - Here("pred")) ** 2


ERROR = Footer("error", sqrt(Over("sum", "err")), "√Σe²", "the root of the sum of this epoch's squared errors")
RMSE = Footer(
    "rmse",
    sqrt(Over("sum", "err") / Over("count", "err")),
    "RMSE",
    "the root of the mean of this epoch's squared errors, in the units of y",
)


def norm(name: str, column: str, title: str) -> Footer:
    """The root of the sum of a column's squares, as a footer below it."""
    about = f"the root of the sum of the squares of {title} in this epoch"
    return Footer(name, sqrt(Over("sumsq", column)), f"√Σ({title})²", about)
