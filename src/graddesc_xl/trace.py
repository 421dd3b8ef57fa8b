"""A trace: every number of a run, by column, epoch, sample and (in a batch) run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .data import Dataset
from .errors import SettingError, did_you_mean
from .evaluate import Array
from .plan import Plan
from .verdict import Verdict, verdict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Trace:
    """The result of `run`.

    Error cells are the floats `inf` (#NUM!) and `nan` (#DIV/0!). Shapes, with `runs` only in a batch:
    rows[column]: (blocks, samples, runs); starts, states, footers: (blocks, runs); inputs: () or (runs,).
    Blocks 0 .. epochs-1 are the epochs; the discarded warm-up passes follow them.
    """

    plan: Plan
    data: Dataset
    inputs: Mapping[str, Array]
    cells: Mapping[str, Array]
    rows: Mapping[str, Array]
    starts: Mapping[str, Array]
    states: Mapping[str, Array]
    footers: Mapping[str, Array]

    def __getitem__(self, column: str) -> Array:
        """One column of all epochs: shape (epochs, samples), or (epochs, samples, runs) in a batch."""
        if column not in self.rows:
            raise SettingError(f"The trace has no column {column!r}.{did_you_mean(column, self.rows)}")
        return self.rows[column][: self.plan.epochs]

    @property
    def runs(self) -> int:
        """How many runs the trace holds."""
        return int(self.errors[0].size)

    @property
    def errors(self) -> Array:
        """√Σe² of every epoch: shape (epochs,), or (epochs, runs) in a batch."""
        return self.footers["error"][: self.plan.epochs]

    @property
    def verdict(self) -> Verdict:
        """What became of a single run: still learning, settled, or exploded at a step."""
        return self.verdicts[0]

    @property
    def verdicts(self) -> list[Verdict]:
        """What became of every run."""
        errors = self.errors.reshape(self.plan.epochs, -1)
        squared = self["err"].reshape(-1, errors.shape[1])
        return [verdict(errors[:, r], squared[:, r], self.data.ys) for r in range(errors.shape[1])]

    def frame(self, run: int = 0) -> pd.DataFrame:
        """One row per step: epoch, step, x, y and every column of the plan."""
        import pandas as pd

        epochs, n = self.plan.epochs, len(self.data)
        table: dict[str, Any] = {
            "epoch": np.repeat(np.arange(1, epochs + 1), n),
            "step": np.arange(1, epochs * n + 1),
            "x": np.tile(self.data.xs, epochs),
            "y": np.tile(self.data.ys, epochs),
        }
        return pd.DataFrame(table | {name: self[name].reshape(epochs * n, -1)[:, run] for name in self.rows})

    def epoch_frame(self, run: int = 0) -> pd.DataFrame:
        """One row per epoch: √Σe², RMSE and the weights after it."""
        import pandas as pd

        epochs = self.plan.epochs
        table: dict[str, Any] = {"epoch": np.arange(1, epochs + 1)}
        for name in ("error", "rmse"):
            table[name] = self.footers[name][:epochs].reshape(epochs, -1)[:, run]
        for weight in self.plan.weights:
            table[f"new_{weight}"] = self[f"new_{weight}"][:, -1].reshape(epochs, -1)[:, run]
        return pd.DataFrame(table)
