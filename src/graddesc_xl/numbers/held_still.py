"""What the weights that a run ends with are worth, held still: for its own samples, or for others."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..language.evaluate import evaluate
from ..language.expr import Data, Expr, Here, Param
from ..language.values import Array
from ..parts.data import Dataset
from .trace import Trace


def predicted(trace: Trace, data: Dataset) -> Array:
    """What a single run predicts for samples with the weights after its last step, in the target's units.

    Raises SettingError for a batch of runs.
    """
    trace._single("predicted")

    def leaf(of: Expr) -> Any:
        match of:
            case Data(name):
                return data.column(name)
            case Param(name):
                return trace.cells[name]
            case Here(name):
                return trace[name].ravel()[-1]
        raise AssertionError(of)

    return np.broadcast_to(evaluate(trace.plan.predicted, leaf), len(data))


def error(trace: Trace, data: Dataset) -> float:
    """The RMSE of these predictions."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean((predicted(trace, data) - data.ys) ** 2)))


def right(trace: Trace, data: Dataset) -> int:
    """For how many samples with a label, 0 or 1, the prediction is on the label's side of 0.5."""
    return int(np.count_nonzero((predicted(trace, data) > 0.5) == (data.ys > 0.5)))
