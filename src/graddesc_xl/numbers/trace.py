"""A trace: every number of a run, by column, epoch, sample and (in a batch) run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError, did_you_mean, shown
from ..language.evaluate import evaluate, magnitude, reduce
from ..language.expr import Data, Expr, Foot, Here, Opening, Over, Param, Prev, State
from ..language.values import Array
from ..notebook import counted, line, table
from ..parts.data import Dataset
from ..plan import Plan
from .verdict import STILL, Verdict, dead_since, noise_limit, noise_times, verdict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


#: how a summary of runs ends
ENDS = ("epochs", "first error", "last error", "verdict")


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

    def __repr__(self) -> str:
        plan = self.plan
        length = f"{counted(plan.epochs, 'epoch')} of {counted(len(self.data), 'row')}"
        if self.errors.ndim > 1:
            kinds = Counter(v.kind for v in self.verdicts)
            return line(
                self, plan.name, counted(self.runs, "run"), length, *(f"{n} {kind}" for kind, n in kinds.items())
            )
        return line(self, plan.name, length, f"{plan.error.title} {self.errors[-1]:.6g}", self.verdict)

    def _repr_html_(self) -> str:
        return table(self, self.epoch_frame() if self.errors.ndim == 1 else self.summary())

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
        loss, h = self[self.plan.loss].ravel(), float(self.inputs["h"])
        with np.errstate(invalid="ignore"):
            limit: Any = noise_limit(h)
            if self.plan.other:
                limit = noise_times(h) * np.max([abs(self[name].ravel()) for name in self.plan.steepness], axis=0)
            bad = ~(np.isfinite(loss) & (abs(loss) <= limit))
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

    def summary(self) -> pd.DataFrame:
        """One row per run: of a batch its number, counted from 0; its inputs, how it began and ended, its verdict."""
        import pandas as pd

        errors = self.errors.reshape(self.plan.epochs, -1)
        table: dict[str, Any] = {} if self.errors.ndim == 1 else {"run": np.arange(self.runs)}
        table |= {name: np.broadcast_to(value, self.runs) for name, value in self.inputs.items()}
        ends = (self.plan.epochs, errors[0], errors[-1], [str(said) for said in self.verdicts])
        return pd.DataFrame({**table, **dict(zip(ENDS, ends, strict=True))})

    def plot(self, *what: str) -> Figure:
        """The run as a picture: `error`, `weights`, `derivative` and `fit`, or only those named. Needs Matplotlib."""
        from .plot import plot

        return plot(self, what)

    def by_epoch(self) -> dict[str, Any]:
        """The columns of `epoch_frame` of a single run: name -> values, shape (epochs,)."""
        self._single("by_epoch")
        return self._by_epoch(0)

    def _by_epoch(self, run: int) -> dict[str, Any]:
        """The same of one run, also of a batch."""
        epochs = self.plan.epochs
        table: dict[str, Any] = {"epoch": np.arange(1, epochs + 1)}
        for name in ("error", *(["root"] if self.plan.other else []), "rmse"):
            table[name] = self.footers[name][:epochs].reshape(epochs, -1)[:, run]
        for name in map(self.plan.new, self.plan.weights):
            table[name] = self[name][:, -1].reshape(epochs, -1)[:, run]
        return table

    def _epoch_frame(self, run: int) -> pd.DataFrame:
        """The rows of one run."""
        import pandas as pd

        return pd.DataFrame(self._by_epoch(run))


class Traces(dict[tuple[str, str], Trace]):
    """The traces of a comparison: (row title, group) -> trace."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([counted(len(self), 'run'), *_kinds(self.verdicts.values())])})"

    def _repr_html_(self) -> str:
        return table(self, self.summary(), most=None)

    def __missing__(self, key: object) -> Trace:
        known = {str(place): place for place in self}
        raise SettingError(f"There is no run {shown(key)}.{did_you_mean(str(key), known)}")

    def frame(self) -> pd.DataFrame:
        """One row per step of every run, as `Trace.frame` has it, with its `row` and its `group`."""
        return one_below_the_other({key: trace.frame() for key, trace in self.items()}, PLACE)

    def epoch_frame(self) -> pd.DataFrame:
        """One row per epoch of every run, as `Trace.epoch_frame` has it, with its `row` and its `group`."""
        return one_below_the_other({key: trace.epoch_frame() for key, trace in self.items()}, PLACE)

    def summary(self) -> pd.DataFrame:
        """One row per run: its `row` and `group`, its inputs, first and last error, what became of it."""
        return summaries(self, PLACE)

    @property
    def verdict(self) -> Verdict:
        """There is none of several runs."""
        raise SettingError(
            f"verdict is of a single run, not of {len(self)}: take one by its row and group, or `verdicts`."
        )

    @property
    def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """What became of every run."""
        return {key: trace.verdict for key, trace in self.items()}


def _kinds(verdicts: Iterable[Verdict]) -> list[str]:
    """How many runs came to what."""
    return [f"{number} {kind}" for kind, number in Counter(said.kind for said in verdicts).items()]


#: what names a run of a comparison
PLACE = ("row", "group")


def one_below_the_other(frames: Mapping[tuple[str, str], pd.DataFrame], names: tuple[str, str]) -> pd.DataFrame:
    """Frames in one, with columns in front that tell them apart; what only some have is NaN in the others."""
    import pandas as pd

    if not frames:
        return pd.DataFrame(columns=[*names])
    told = [frame.assign(**dict(zip(names, key, strict=True))) for key, frame in frames.items()]
    found = pd.concat(told, ignore_index=True)
    return found[[*names, *(column for column in found if column not in names)]]


def summaries(traces: Mapping[tuple[str, str], Trace], names: tuple[str, str]) -> pd.DataFrame:
    """The summaries of several runs: what names them, all inputs that any has, how they end."""
    found = one_below_the_other({key: trace.summary() for key, trace in traces.items()}, names)
    return found[[*(column for column in found if column not in ENDS), *(column for column in found if column in ENDS)]]
