"""What the weights that a run ends with are worth, held still: for its own samples, or for others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..language.evaluate import evaluate
from ..language.expr import Data, Expr, Here, Param
from ..language.values import Array
from ..parts.data import Dataset
from ..plan import Plan
from .trace import Trace

#: predictions that are made at a time
AT_ONCE = 2**20


def predicted(trace: Trace, data: Dataset) -> Array:
    """What a single run predicts for samples with the weights after its last step, in the target's units.

    Raises SettingError for a batch of runs.
    """
    trace._single("predicted")
    last = np.array([[trace[trace.plan.new(w)].ravel()[-1] for w in trace.plan.weights]])
    predictions: Array = _predicted(trace.plan, data, trace.cells, last)[0]
    return predictions


def error(trace: Trace, data: Dataset) -> float:
    """The RMSE of these predictions."""
    return float(_rmse(predicted(trace, data), data))


def errors(plan: Plan, data: Dataset, cells: Mapping[str, Array], weights: Array) -> Array:
    """The same for each of many runs, to the last bit: shape (runs,), `inf` and `nan` where it is an error cell.

    cells: inputs and derived cells, each of shape () or (runs,). weights: after the last step, (runs, weights), in the
    order of the plan's.
    """
    found, some = np.empty(len(weights)), max(1, AT_ONCE // len(data))
    for start in range(0, len(weights), some):
        part = slice(start, start + some)
        own = {name: value[part] if np.ndim(value) else value for name, value in cells.items()}
        found[part] = _rmse(_predicted(plan, data, own, weights[part]), data)
    return found


def right(trace: Trace, data: Dataset) -> int:
    """For how many samples with a label, 0 or 1, the prediction is on the label's side of 0.5."""
    return int(np.count_nonzero((predicted(trace, data) > 0.5) == (data.ys > 0.5)))


def _predicted(plan: Plan, data: Dataset, cells: Mapping[str, Any], weights: Array) -> Array:
    """What each of many runs predicts for each sample: shape (runs, samples)."""
    new = {plan.new(w): weights[:, i, None] for i, w in enumerate(plan.weights)}

    def leaf(of: Expr) -> Any:
        match of:
            case Data(name):
                return data.column(name)
            case Param(name):
                return cells[name][:, None] if np.ndim(cells[name]) else cells[name]
            case Here(name):
                return new[name]
        raise AssertionError(of)

    return np.broadcast_to(evaluate(plan.predicted, leaf), (len(weights), len(data)))


def _rmse(predictions: Array, data: Dataset) -> Array:
    """Of predictions whose last axis is the samples; of each run alike, however many there are."""
    with np.errstate(all="ignore"):
        off = np.ascontiguousarray(predictions - data.ys)
        rmse: Array = np.sqrt(np.mean(off * off, axis=-1))
    return rmse
