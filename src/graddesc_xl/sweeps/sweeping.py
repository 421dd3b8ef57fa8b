"""Run all runs of a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..errors import SettingError
from ..language.values import Array
from ..numbers import held_still
from ..numbers.engine import all_cells
from ..numbers.outcomes import outcomes
from ..parts.data import Dataset
from ..plan import Plan
from ..settings import Numbers, Settings, resolve
from .grid import Axis, Grid, grid
from .swept import Sweep

#: runs of a chunk: what is computed, sent and kept at a time
CHUNK = 16_384


def sweep_plan(
    plan: Plan,
    data: Dataset,
    over: Mapping[str, Numbers] | Iterable[Axis],
    settings: Settings | None = None,
    *,
    by_epoch: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Sweep:
    """Run a plan at every point of a grid, and keep of each run what became of it; `sweep` is the convenient form."""
    of = grid(plan, over)
    fixed = resolve(plan, settings or {})
    for name, value in fixed.items():
        if value.ndim:
            raise SettingError(f"{name} is a sequence: sweep over it, or give one number.")
    parts = []
    for start in range(0, len(of), CHUNK):
        progress(f"run {start + 1:,} of {len(of):,}")
        parts.append(chunk(plan, data, of, fixed, start, min(start + CHUNK, len(of)), by_epoch=by_epoch))
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return swept(plan, data, of, fixed, found)


def chunk(
    plan: Plan, data: Dataset, of: Grid, fixed: Mapping[str, Array], start: int, stop: int, *, by_epoch: bool
) -> dict[str, Any]:
    """What became of the runs from one number up to another: it depends on nothing else.

    As `outcomes` says; where the data hold samples out, also `validation`: the RMSE of those, with the last weights.
    """
    inputs = {**fixed, **of.settings(start, stop)}
    found = outcomes(plan, data, inputs, by_epoch=by_epoch)
    if data.held_out:
        cells = all_cells(plan, data, inputs)
        found["validation"] = held_still.errors(plan, data.held_out, cells, found["weights"])
    return found


def swept(plan: Plan, data: Dataset, of: Grid, fixed: Mapping[str, Array], found: Mapping[str, Any]) -> Sweep:
    """The sweep, from what became of all its runs in their order."""
    shape = of.shape
    return Sweep(
        plan=plan,
        data=data,
        grid=of,
        settings={name: float(value) for name, value in fixed.items() if name not in of.names},
        error=found["error"].reshape(shape),
        kind=found["kind"].reshape(shape),
        step=found["step"].reshape(shape),
        times=found["times"].reshape(shape),
        weights={w: found["weights"][:, i].reshape(shape) for i, w in enumerate(plan.weights)},
        errors=found["errors"].reshape(*shape, -1) if "errors" in found else None,
        validation=found["validation"].reshape(shape) if "validation" in found else None,
    )
