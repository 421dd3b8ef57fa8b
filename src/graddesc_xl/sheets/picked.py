"""A run that another sheet of the lesson shows: its plan, its numbers, and the cells in which they live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import SettingError, did_you_mean, shown
from ..language.evaluate import evaluate, magnitude
from ..language.expr import Data, Expr, Here, Param, call, sqrt, substitute, where
from ..language.values import Array
from ..numbers.trace import Trace
from ..parts.data import Dataset
from ..plan import Plan
from ..workbook.reference import Block, Cell
from ..workbook.sheet import Sheet
from .data_sheet import Samples
from .kind import Composed
from .making import Making, Twin, Typed


@dataclass(frozen=True)
class Of:
    """Names a run. sheet: that shows it. run: its title, on a sheet of several. title: what it is called here."""

    sheet: str
    run: str = ""
    title: str = ""


@dataclass(frozen=True)
class Picked:
    """A run as others may use it.

    sheet, top: where its steps stand, a row each from `top` on. columns: column -> its place there. errors: √Σe² by
    epoch. start: gives the cell in which a column of new weights starts. input: that of an input or derived cell.
    experiment: whose plan it is, where a sheet of its own shows it.
    """

    title: str
    plan: Plan
    twin: Twin
    samples: Samples
    sheet: Sheet
    top: int
    columns: Mapping[str, int]
    errors: Block
    start: Callable[[str], Cell]
    input: Callable[[str], Cell]

    @property
    def weights(self) -> list[str]:
        """Its weights, in the order of their updates."""
        updated = dict.fromkeys(w for c in self.plan.columns if c.role == "update" for w in c.of)
        return sorted(updated, key=lambda w: self.plan.weights.index(w) if w in self.plan.weights else 0)

    @property
    def predicted(self) -> Expr:
        """What the weights after a step predict for a sample, in the units of the target."""
        return self.plan.predicted

    def after(self, weight: str, epoch: Expr) -> Expr:
        """A weight after so many epochs, 0 for its start, picked live from the steps."""
        name, n = self.plan.new(weight), self.samples.count
        steps = self.sheet.block(self.top, self.columns[name], self.plan.epochs * n)
        return where(epoch.equals(0), self.start(name), call("index", steps, epoch * n))

    def live(self, expr: Expr, weights: Mapping[str, Expr], sample: Callable[[str], Expr]) -> Expr:
        """An expression of the weights after a step, with cells for them, for inputs and for a sample's columns."""

        def leaf(of: Expr) -> Expr:
            if isinstance(of, Data):
                return sample(of.name)
            if isinstance(of, Param):
                return self.input(of.name).absolute
            assert isinstance(of, Here), of
            return weights[self.plan.column(of.column).of[0]]

        return substitute(expr, leaf)


def pick(of: Of, making: Making, before: Mapping[str, Composed], asks: str) -> Picked:
    """The run that is meant. asks: the sheet that wants it.

    Raises SettingError, with a hint, where no sheet before that one shows it.
    """
    runs = [name for name, made in before.items() if made.steps or made.runs]
    if of.sheet not in runs:
        hint = did_you_mean(of.sheet, runs)
        raise SettingError(
            f"The sheet {asks} is of {shown(of.sheet)}, and no sheet of runs before it is called so.{hint}"
        )
    made = before[of.sheet]
    assert made.compared is not None, of.sheet
    samples = making.samples[made.compared.data]
    if made.steps:
        steps = made.steps
        sheet, layout = steps.of.sheet, steps.of.layout
        columns = {name: steps.place(0, name) for name in steps.names}
        return Picked(
            of.title or of.sheet,
            steps.of.trace.plan,
            steps.of.twin,
            samples,
            steps.sheet,
            steps.lines[0],
            columns,
            Block(sheet, steps.of.by_epoch("error")),
            lambda name: Cell(sheet, *layout.start(name, 0)),
            lambda name: Cell(sheet, *layout.cell(name)),
        )
    assert made.runs is not None, of.sheet
    lanes = {each.title: each for each in made.runs.lanes}
    if of.run not in lanes:
        raise SettingError(f"The sheet {of.sheet} has no run {shown(of.run)}.{did_you_mean(of.run, lanes)}")
    found, behind = lanes[of.run], made.runs.sheet
    lane = found.lane
    return Picked(
        of.title or of.run,
        lane.plan,
        found.twin,
        samples,
        behind,
        lane.row(0),
        lane.columns,
        Block(behind, found.errors),
        lambda name: Cell(behind, *lane.start(name, 0)),
        lambda name: Cell(behind, *lane.cell(name)),
    )


def pick_all(of: Sequence[Of], making: Making, before: Mapping[str, Composed], asks: str) -> list[Picked]:
    """The runs that are meant, all on the same samples.

    Raises SettingError as `pick` does, and where their samples differ.
    """
    runs = [pick(each, making, before, asks) for each in of]
    for run in runs:
        if run.samples is not runs[0].samples:
            raise SettingError(
                f"The sheet {asks} shows runs on different samples, {shown(runs[0].title)} and {shown(run.title)}: "
                "give each data set a sheet of its own."
            )
    return runs


def typed(of: Sequence[Of], before: Mapping[str, Composed]) -> list[Typed]:
    """The input cells on which runs depend; those of several sheets say which one they are of."""
    sheets = list(dict.fromkeys(each.sheet for each in of))
    found = []
    for name in sheets:
        compared = before[name].compared
        assert compared is not None, name
        named = f" of {name}" if len(sheets) > 1 else ""
        found += [replace(each, label=f"{each.label}{named}") for each in compared.typed]
    return found


@dataclass(frozen=True)
class Still:
    """NumPy's numbers with the weights of some epochs held still. sizes: what was added and multiplied on the way.

    epochs: 0 for the start weights. Each array has a number per epoch.
    """

    run: Picked
    trace: Trace
    data: Dataset
    epochs: tuple[int, ...]

    def weight(self, weight: str) -> tuple[Array, Array]:
        """A weight and its sizes."""
        name = self.run.plan.new(weight)
        start, rows = float(self.trace.starts[name][0]), self.trace.rows[name]
        values = np.array([float(rows[e - 1][-1]) if e else start for e in self.epochs])
        sizes = [float(self.trace.sizes(name)[e - 1, -1]) if e else abs(start) for e in self.epochs]
        return values, np.array(sizes)

    def samples(self, expr: Expr) -> tuple[Array, Array]:
        """What an expression of the weights after a step is worth for each sample: shape (epochs, samples)."""
        weights = {w: self.weight(w)[0][:, None] for w in self.run.weights}

        def leaf(of: Expr) -> Any:
            if isinstance(of, Data):
                return self.data.column(of.name)[None, :]
            if isinstance(of, Param):
                return self.trace.cells[of.name]
            assert isinstance(of, Here), of
            return weights[self.run.plan.column(of.column).of[0]]

        shape = len(self.epochs), len(self.data)
        return np.broadcast_to(evaluate(expr, leaf), shape), np.broadcast_to(magnitude(expr, leaf), shape)

    def error(self) -> tuple[Array, Array]:
        """√Σe² and its sizes."""
        values, sizes = self.samples(self.run.plan.after("err"))
        with np.errstate(all="ignore"):
            sums, weight = values.sum(axis=1), sizes.sum(axis=1)
        total = Here("total")
        return evaluate(sqrt(total), lambda _: sums), magnitude(sqrt(total), lambda _: sums, lambda _: weight)

    def live(self, gate: str) -> tuple[Array, Array]:
        """For how many samples a pre-activation is positive."""
        values, _ = self.samples(self.run.plan.after(gate))
        counts = np.where(np.isfinite(values).all(axis=1), (values > 0).sum(axis=1), np.nan).astype(float)
        return counts, np.zeros(len(self.epochs))
