"""What becomes of many runs: their last errors, verdicts and weights, and nothing else is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..language.expr import Over
from ..language.values import Array
from ..parts.data import Dataset
from ..plan import Plan
from .blocks import BLOCK, Block, dead, divides, exploded
from .engine import all_cells, hot, run_inputs
from .verdict import KINDS, Ends, judged, too_large

#: steps of many runs that NumPy takes in the time of one in plain Python
MANY = 400
#: runs whose whole traces are kept at a time
TRACED = 256


def outcomes(
    plan: Plan, data: Dataset, inputs: Mapping[str, Array], *, by_epoch: bool = False, backend: str | None = None
) -> dict[str, Any]:
    """What became of a batch of runs.

    inputs: all inputs of the plan, checked and rounded, each of shape () or (runs,). by_epoch: keep errors by epoch.
    backend: `numpy` or `numba`; if left out, numba where it is installed and the runs are long or many enough.
    Returns, each with a leading axis of runs: `error` of the last epoch; `kind`, the index of the verdict in `KINDS`
    (uint8); `step` of the verdict, 0 without one (int64); `times` of a run that bounces, else nan; `weights` after the
    last step, (runs, weights); and, if wanted, `errors`, (runs, epochs). Error cells are the floats `inf` and `nan`.
    All of it is what single runs give, to the last bit.
    """
    runs = max(value.size for value in inputs.values())
    found = _compiled(plan, data, inputs, runs, by_epoch=by_epoch, backend=backend)
    if found is not None:
        return found
    parts = [
        _block(plan, data, _some(inputs, slice(start, start + BLOCK)), min(BLOCK, runs - start), by_epoch=by_epoch)
        for start in range(0, runs, BLOCK)
    ]
    return parts[0] if len(parts) == 1 else {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _compiled(
    plan: Plan, data: Dataset, inputs: Mapping[str, Array], runs: int, *, by_epoch: bool, backend: str | None
) -> dict[str, Any] | None:
    """The same by machine code; None where there is none, or not yet."""
    if backend == "numpy" or not any(value.ndim for value in inputs.values()):
        return None
    if backend is None and not hot(plan, runs * plan.blocks * len(data) / MANY):
        return None
    from .lanes import outcomes as by_lanes

    found = by_lanes(plan, data, inputs, by_epoch=by_epoch)
    if found is not None:
        _mend(plan, data, inputs, found, found.pop("lost"), by_epoch=by_epoch)
    return found


def _mend(
    plan: Plan,
    data: Dataset,
    inputs: Mapping[str, Array],
    found: dict[str, Any],
    lost: NDArray[np.bool_],
    *,
    by_epoch: bool,
) -> None:
    """Do again the runs that met what is no number, where it may be another error cell than #NUM!."""
    if lost.any() and divides(plan, data, all_cells(plan, data, inputs)):
        chosen = np.flatnonzero(lost)
        again = _traced(plan, data, _some(inputs, chosen), by_epoch=by_epoch)
        for name, values in again.items():
            found[name][chosen] = values


def _some(inputs: Mapping[str, Array], chosen: slice | NDArray[np.intp]) -> dict[str, Array]:
    return {name: value[chosen] if value.ndim else value for name, value in inputs.items()}


def _block(plan: Plan, data: Dataset, inputs: Mapping[str, Array], runs: int, *, by_epoch: bool) -> dict[str, Any]:
    """What became of as many runs as are computed at a time."""
    cells = all_cells(plan, data, inputs)
    block = Block(plan, data, cells, runs)
    last = before = first = lowest = root = np.empty(0)
    steps = np.zeros(runs, dtype=np.int64)
    errors = []
    for number in block.epochs():
        if number >= plan.epochs:
            continue
        before, last = last, block.footer("error")
        root = block.footer("root") if plan.other else last
        first, lowest = (last, last) if number == 0 else (first, np.minimum(lowest, last))
        if by_epoch:
            errors.append(last)
        new = np.flatnonzero(too_large(block.summed[Over("sum", "err")], data.ys) & (steps == 0))
        if new.size:
            row = exploded(block, number, block.start, new)
            steps[new] = np.where(row > 0, number * len(data) + row, 0)
    since = dead(block, steps > 0)
    before = before if plan.epochs > 1 else last
    kind, step, times = judged(Ends(first, before, last, lowest, root, steps, since, plan.epochs), data.ys)
    weights = np.stack([block.total(Over("last", plan.new(w))) for w in plan.weights], axis=1)
    found: dict[str, Any] = {"error": np.array(last), "kind": kind, "step": step, "times": times, "weights": weights}
    if by_epoch:
        found["errors"] = np.stack(errors, axis=1)
    _mend(plan, data, inputs, found, block.lost, by_epoch=by_epoch)
    return found


def _traced(plan: Plan, data: Dataset, inputs: Mapping[str, Array], *, by_epoch: bool) -> dict[str, Any]:
    """The same from whole traces, which know the kinds of error cells."""
    runs = max(value.size for value in inputs.values())
    parts = []
    for start in range(0, runs, TRACED):
        some = {name: value[start : start + TRACED] if value.ndim else value for name, value in inputs.items()}
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
