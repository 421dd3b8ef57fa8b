"""What becomes of many runs: their last errors, verdicts and weights, and nothing else is kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..language.values import Array
from ..parts.data import Dataset
from ..plan import Plan
from .engine import run_inputs
from .verdict import KINDS

#: runs whose whole traces are kept at a time
AT_ONCE = 256


def outcomes(plan: Plan, data: Dataset, inputs: Mapping[str, Array], *, by_epoch: bool = False) -> dict[str, Array]:
    """What became of a batch of runs.

    inputs: all inputs of the plan, checked and rounded, each of shape () or (runs,). by_epoch: keep errors by epoch.
    Returns, each with a leading axis of runs: `error` of the last epoch; `kind`, the index of the verdict in `KINDS`
    (uint8); `step` of the verdict, 0 without one (int64); `times` of a run that bounces, else nan; `weights` after the
    last step, (runs, weights); and, if wanted, `errors`, (runs, epochs). Error cells are the floats `inf` and `nan`.
    """
    runs = max(value.size for value in inputs.values())
    parts = []
    for start in range(0, runs, AT_ONCE):
        some = {name: value[start : start + AT_ONCE] if value.ndim else value for name, value in inputs.items()}
        trace = run_inputs(plan, data, some)
        verdicts = trace.verdicts
        part = {
            "error": trace.errors[-1],
            "kind": np.array([KINDS.index(v.kind) for v in verdicts], dtype=np.uint8),
            "step": np.array([v.step or 0 for v in verdicts], dtype=np.int64),
            "times": np.array([np.nan if v.times is None else v.times for v in verdicts]),
            "weights": np.stack([trace[plan.new(w)][-1, -1] for w in plan.weights], axis=1),
        }
        if by_epoch:
            part["errors"] = trace.errors.T
        parts.append(part)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
