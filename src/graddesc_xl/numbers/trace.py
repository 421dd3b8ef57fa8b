"""A trace: every number of a run, by column, epoch, sample and (in a batch) run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError, did_you_mean, shown
from ..language.evaluate import evaluate, magnitude, reduce
from ..language.expr import Data, Expr, Foot, Here, Opening, Over, Param, Prev, State
from ..language.values import Array
from ..parts.data import Dataset
from ..plan import Plan
from .verdict import STILL, Verdict, dead_since, noise_limit, verdict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Trace:
    """The result of `run`.

    Error cells are the floats `inf` (#NUM!) and `nan` (#DIV/0!). Shapes, with `runs` only in a batch:
    rows[column]: (blocks, samples, runs); starts, states, footers: (blocks, runs); inputs: () or (runs,).
    Blocks 0 .. epochs-1 are the epochs; the discarded passes follow them.
    """

    plan: Plan
    data: Dataset
    inputs: Mapping[str, Array]
    cells: Mapping[str, Array]
    rows: Mapping[str, Array]
    starts: Mapping[str, Array]
    states: Mapping[str, Array]
    footers: Mapping[str, Array]
    _sizes: dict[str, Array] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getitem__(self, column: str) -> Array:
        """One column of all epochs: shape (epochs, samples), or (epochs, samples, runs) in a batch."""
        if column not in self.rows:
            raise SettingError(f"The trace has no column {shown(column)}.{did_you_mean(column, self.rows)}")
        return self.rows[column][: self.plan.epochs]

    @property
    def runs(self) -> int:
        """How many runs the trace holds."""
        return int(self.errors[0].size)

    @property
    def errors(self) -> Array:
        """√Σe² of every epoch, or the mean of a loss that is no squared error.

        Shape (epochs,), or (epochs, runs) in a batch.
        """
        return self.footers["error"][: self.plan.epochs]

    @property
    def roots(self) -> Array:
        """√Σe² of every epoch, whatever its loss is: shape as that of `errors`."""
        return self.footers.get("root", self.footers["error"])[: self.plan.epochs]

    @property
    def verdict(self) -> Verdict:
        """What became of a single run; a batch has `verdicts`."""
        self._single("verdict")
        return self.verdicts[0]

    @property
    def verdicts(self) -> list[Verdict]:
        """What became of every run."""
        errors = self.errors.reshape(self.plan.epochs, -1)
        roots = self.roots.reshape(errors.shape)
        squared = self["err"].reshape(-1, errors.shape[1])
        dead = self._dead(errors.shape[1])
        return [
            verdict(errors[:, r], squared[:, r], self.data.ys, dead[r], roots[:, r]) for r in range(errors.shape[1])
        ]

    def _dead(self, runs: int) -> list[int | None]:
        """For each run the first step since which a ReLU of it is dead."""
        since: list[int | None] = [None] * runs

        def last(leaf: Expr) -> Any:
            match leaf:
                case Data(name):
                    return self.data.column(name)[:, None]
                case Param(name):
                    return self.cells[name]
                case Here(name):
                    return self[name][-1, -1].reshape(1, runs)
            raise AssertionError(leaf)

        for gate, weights in self.plan.gates.items():
            alive = self[gate].reshape(-1, runs) > 0
            for w in weights:
                after = self.plan.new(w)
                new = self[after].reshape(-1, runs)
                before = np.vstack([self.starts[after][0].reshape(1, runs), new[:-1]])
                with np.errstate(invalid="ignore"):
                    alive |= ~(np.abs(new - before) <= STILL * np.abs(before))

            reached: Array = np.broadcast_to(evaluate(self.plan.after(gate), last), (len(self.data), runs))
            for r in range(runs):
                found = dead_since(alive[:, r], shut=bool(np.all(reached[:, r] <= 0)))
                since[r] = min(filter(None, (since[r], found)), default=None)
        return since

    def _single(self, what: str) -> None:
        """Refuse what has a meaning for a single run only."""
        if self.errors.ndim > 1:
            raise SettingError(f"{what} is of a single run, not of a batch of {self.runs}: run one at a time.")

    @property
    def noise(self) -> int | None:
        """The first step of a single run whose numerical derivatives are rounding noise, counted from 1.

        From there on the plan's `numerical` columns are noise: all of them, where these drive the update.
        """
        if not self.plan.numerical:
            return None
        self._single("noise")
        with np.errstate(invalid="ignore"):
            bad = ~(self[self.plan.loss].ravel() <= noise_limit(float(self.inputs["h"])))
        return int(np.argmax(bad)) + 1 if bad.any() else None

    @property
    def calm(self) -> int:
        """How many steps of a single run come before it explodes or its numerical derivatives become noise."""
        said = self.verdict
        ends = [self.noise, said.step if said.kind == "exploded" else None]
        return min([self.plan.epochs * len(self.data) + 1, *(end for end in ends if end)]) - 1

    def sizes(self, column: str) -> Array:
        """The size of what was added and multiplied on the way to each number of a single run's column.

        Rounding is relative to it. Shape (blocks, samples), as in `rows`.
        """
        self._single("sizes")
        if column not in self._sizes:
            size = magnitude(self.plan.column(column).expr, self._leaf, self._leaf_size)
            self._sizes[column] = np.broadcast_to(size, self.rows[column].shape)
        return self._sizes[column]

    def footer_sizes(self, footer: str) -> Array:
        """The same for a footer: shape (blocks,)."""
        self._single("sizes")
        expr = next(f.expr for f in self.plan.footers if f.name == footer)
        sizes: Array = magnitude(expr, self._leaf, self._leaf_size)[:, 0]
        return sizes

    def _leaf(self, expr: Expr) -> Any:
        """The values of a leaf in all blocks of a single run: shape (blocks, samples), (blocks, 1) or ()."""
        match expr:
            case Data(name):
                return self.plan.seen(self.data, name)
            case Here(name):
                return self.rows[name]
            case Prev(name):
                return np.column_stack([self.starts[name], self.rows[name][:, :-1]])
            case State(name):
                return self.states[name][:, None]
            case Param(name):
                return self.cells[name]
            case Over(reduction, name):
                return reduce(reduction, self.rows[name].T)[:, None]
            case Foot(name):
                return self.footers[name][:, None]
            case Opening(name):
                return self.starts[name][:, None]
        raise AssertionError(expr)

    def _leaf_size(self, expr: Expr) -> Any:
        """The sizes of a leaf: those of the column it stands for, unless that is what a step starts from."""
        match expr:
            case Here(name) if self.plan.column(name).role in ("forward", "error", "numerical", "analytic"):
                return self.sizes(name)
            case Over("sum", name):
                return self.sizes(name).sum(axis=1, keepdims=True)
            case Foot(name):
                return self.footer_sizes(name)[:, None]
        return np.abs(self._leaf(expr))

    def _each(self, run: int | None, frame: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
        """The frame of one run, or of a batch those of all runs one below the other, with a column `run`."""
        import pandas as pd

        if run is not None and not 0 <= run < self.runs:
            raise SettingError(f"There is no run {run}: a batch of {self.runs} has runs 0 to {self.runs - 1}.")
        if run is not None or self.errors.ndim == 1:
            return frame(run or 0)
        return (
            pd.concat({i: frame(i) for i in range(self.runs)}, names=["run"])
            .reset_index(level="run")
            .reset_index(drop=True)
        )

    def _seen(self, name: str) -> Array:
        """What each row sees of its sample: shape (blocks, samples)."""
        seen: Array = np.broadcast_to(self.plan.seen(self.data, name), (self.plan.blocks, len(self.data)))
        return seen

    def frame(self, run: int | None = None, *, epochs: range | None = None) -> pd.DataFrame:
        """One row per step: epoch, step, the sample and every column of the plan.

        run: of a batch only this one, counted from 0; if left out all, told apart by a column `run`. epochs: only
        these, counted from 0.
        """
        return self._each(run, lambda number: self._frame(number, epochs))

    def _frame(self, run: int, epochs: range | None) -> pd.DataFrame:
        """The rows of one run."""
        import pandas as pd

        chosen, n = epochs or range(self.plan.epochs), len(self.data)
        first, last, rows = chosen.start, chosen.stop, len(chosen) * n
        table: dict[str, Any] = {
            "epoch": np.repeat(np.arange(first + 1, last + 1), n),
            "step": np.arange(first * n + 1, last * n + 1),
            **{name: self._seen(name)[first:last].ravel() for name in self.plan.samples},
        }
        return pd.DataFrame(table | {name: self[name][first:last].reshape(rows, -1)[:, run] for name in self.rows})

    def epoch_frame(self, run: int | None = None) -> pd.DataFrame:
        """One row per epoch: √Σe², RMSE and the weights after it. run: as in `frame`."""
        return self._each(run, self._epoch_frame)

    def plot(self, *what: str) -> Figure:
        """The run as a picture: `error`, `weights`, `derivative` and `fit`, or only those named. Needs Matplotlib."""
        from .plot import plot

        return plot(self, what)

    def _epoch_frame(self, run: int) -> pd.DataFrame:
        """The rows of one run."""
        import pandas as pd

        epochs = self.plan.epochs
        table: dict[str, Any] = {"epoch": np.arange(1, epochs + 1)}
        for name in ("error", *(["root"] if self.plan.other else []), "rmse"):
            table[name] = self.footers[name][:epochs].reshape(epochs, -1)[:, run]
        for name in map(self.plan.new, self.plan.weights):
            table[name] = self[name][:, -1].reshape(epochs, -1)[:, run]
        return pd.DataFrame(table)
