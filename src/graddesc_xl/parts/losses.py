"""Losses: what one sample's derivatives are of, and how an epoch's errors are summed up.

A loss is lines of maths like a model: of `pred`, the target `y`, and whatever the model calls its lines and weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..errors import PlanError, shown
from ..language.expr import Apply, Data, Expr, Here, Over, Param, sqrt
from ..language.operators import numeric
from ..language.parse import parse
from ..notebook import line
from ..plan import Footer, Input
from .data import Dataset
from .models import PREDICTION, Model

#: the line of a loss that is the loss; the column of the squared error
LOSS, SQUARED_ERROR = "loss", "err"
#: in a loss, the target, whatever the data call it; what the prediction is the sigmoid of
TARGET, LOGIT = "y", "logit"


@dataclass(frozen=True)
class Loss:
    """What one sample's derivatives are of.

    lines: column -> formula; the last is `loss`. inputs: the input cells that it needs. title: what it is, in words.
    symbol: what stands for it in de/da. labels: whether every target must be 0 or 1. source: where it comes from.
    """

    name: str
    title: str
    lines: Mapping[str, str]
    inputs: tuple[Input, ...] = ()
    symbol: str = "L"
    labels: bool = False
    source: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.lines or [*self.lines][-1] != LOSS:
            raise PlanError(f"The last line of {self.name} must be the loss, as in {LOSS} = (pred - y)**2.")

    def __repr__(self) -> str:
        return line(self, self.name, "; ".join(f"{name} = {formula}" for name, formula in self.lines.items()))

    def by(self, weight: str) -> str:
        """What its derivative by a weight, or a column, is called.

        >>> SQUARED.by("a")
        'de/da'
        """
        return f"d{self.symbol}/d{weight}"

    def on(self, model: Model, data: Dataset) -> dict[str, Expr]:
        """Its columns for a model and data, in their order.

        Raises PlanError where it does not fit them.
        """
        if self.labels and not {*data.ys} <= {0.0, 1.0}:
            odd = next(value for value in data.ys if value not in (0.0, 1.0))
            raise PlanError(f"The {self.title} is of targets that are 0 or 1, and {data.name} has {odd:g} among them.")
        names: dict[str, Expr] = {title: Here(line) for line, title in model.titles.items() if line in model.lines}
        names |= {i.name: Param(i.name) for i in self.inputs} | {i: Data(i) for i in model.inputs}
        names |= {name: Here(name) for name in (*model.weights, *model.lines)}
        names |= {data.target: Data(data.target), TARGET: Data(data.target)}  # whatever else is called so
        if isinstance(last := model.forward[PREDICTION], Apply) and last.op == "sigmoid":
            names[LOGIT] = last.args[0]
        found: dict[str, Expr] = {}
        for name, formula in self.lines.items():
            if name in {*model.weights, *model.lines, *model.inputs}:
                raise PlanError(f"{self.name} calls something {name!r}, as {model.name} does: rename it in the model.")
            if LOGIT not in names and LOGIT in formula:
                raise PlanError(
                    f"The {self.title} is of a probability: let the last line of {model.name} be a sigmoid, as in "
                    f"sigmoid({shown(model.lines[PREDICTION])[1:-1]})."
                )
            found[name] = numeric(parse(formula, names.get, names))
            names[name] = Here(name)
        return found


def squared_error(target: str) -> Expr:
    """The squared error of one sample."""
    return (Data(target) - Here(PREDICTION)) ** 2


SQUARED = Loss("squared", "squared error", {LOSS: "(y - pred)**2"}, symbol="e")
ABSOLUTE = Loss("absolute", "absolute error", {LOSS: "abs(pred - y)"}, source="torch.nn.L1Loss")
HUBER = Loss(
    "huber",
    "Huber loss",
    {
        "residual": "pred - y",
        LOSS: "where(abs(residual) <= delta, 0.5*residual**2, delta*(abs(residual) - 0.5*delta))",
    },
    (
        Input(
            "delta",
            1.0,
            "delta",
            "how far the prediction may be off before the loss grows along a line, no longer as a square",
            low=1e-9,
            high=1e9,
        ),
    ),
    source="torch.nn.HuberLoss",
)
LOGISTIC = Loss(
    "logistic",
    "logistic loss",
    {LOSS: f"softplus({LOGIT}) - y*{LOGIT}"},
    labels=True,
    source="torch.nn.BCEWithLogitsLoss",
)

LOSSES: Mapping[str, Loss] = {of.name: of for of in (SQUARED, ABSOLUTE, HUBER, LOGISTIC)}

#: what others call them -> their names
CALLED: Mapping[str, str] = {
    "mse": SQUARED.name,
    "l2": SQUARED.name,
    "mae": ABSOLUTE.name,
    "l1": ABSOLUTE.name,
    "smooth_l1": HUBER.name,
    "bce": LOGISTIC.name,
    "log_loss": LOGISTIC.name,
    "cross_entropy": LOGISTIC.name,
}

ROOT = Footer("error", sqrt(Over("sum", "err")), "√Σe²", "the root of the sum of this epoch's squared errors")
RMSE = Footer(
    "rmse",
    sqrt(Over("sum", "err") / Over("count", "err")),
    "RMSE",
    "the root of the mean of this epoch's squared errors, in the units of y",
)
#: the sum of the squared errors where an epoch's error is that of another loss
ROOT_BESIDE = "root"


def totals(loss: Loss) -> tuple[Footer, ...]:
    """What an epoch's errors come to: its error is √Σe², or the mean of another loss with √Σe² beside it."""
    if loss == SQUARED:
        return ROOT, RMSE
    mean = Over("sum", LOSS) / Over("count", LOSS)
    error = Footer("error", mean, f"mean {loss.title}", f"the mean of this epoch's losses: the {loss.title}")
    return error, replace(ROOT, name=ROOT_BESIDE), RMSE


def derivative(symbol: str, by: str) -> str:
    """What a derivative is called: de/da, say."""
    return "d{}/d{}".format(symbol, by)  # noqa: UP032  # as one text, so that no name of a weight seems to be meant


def norm(name: str, column: str, title: str) -> Footer:
    """The root of the sum of a column's squares, as a footer below it."""
    about = f"the root of the sum of the squares of {title} in this epoch"
    return Footer(name, sqrt(Over("sumsq", column)), f"√Σ({title})²", about)
