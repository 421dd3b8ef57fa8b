"""One run: its sheet with a row per step, and behind it the list of all steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import SettingError
from ..experiments import CARRIES, LEARN, SWITCH, Experiment
from ..language.expr import Const, Expr, Text, call, where
from ..language.reports import NONE
from ..numbers.trace import Trace
from ..parts.data import Dataset
from ..parts.losses import ROOT_BESIDE
from ..settings import rounded
from ..workbook.reference import Cell
from ..workbook.sheet import Series
from . import charts, check, step_sheet, steps_list
from .kind import WITHOUT, Composed, Figure, Kind, Told, behind, fits_sheet
from .layout import HEAD
from .making import Making

UNFOLD = (
    "A sheet opens on its first epoch. Where there are + signs at its left, they unfold the later ones, each the same "
    "picture further down."
)
DISCARDED = (
    "Below the epochs stand passes over the samples whose weights are thrown away: they only fill the optimizer's "
    "averages. Each says what it hands on."
)
LAST_ROW = (
    "An epoch starts from the weights in the last row of the one before, not from that row's new weights: "
    "the last update of each epoch is lost."
)
NEW_WEIGHTS = "An epoch starts from the new weights in the last row of the one before."
#: rows of an epoch that are no steps: its head, what sums it up, an empty one
BETWEEN = HEAD + 2
#: columns of a step: a formula that looks at them all is as long as Excel takes. Cells of its sheets by each of them
MOST_COLUMNS, TIMES = 300, 4


@dataclass(frozen=True)
class Steps(Kind):
    """The sheet of an experiment.

    explodes: it may, so charts of errors show logarithms. steps: the name of the list of its steps, if not the
    sheet's with that word.
    """

    kind = "steps"

    experiment: Experiment
    explodes: bool = False
    steps: str = ""

    def __post_init__(self) -> None:
        e = self.experiment
        fits_sheet(self.sheet, e.epochs + e.passes, len(e.data), BETWEEN)

    @property
    def sheet(self) -> str:
        """The experiment's name."""
        return self.experiment.name

    @property
    def behind(self) -> str:
        """The name of the list of its steps."""
        return self.steps or behind(self.sheet)

    @property
    def data(self) -> Dataset:
        """The samples of its runs."""
        return self.experiment.data

    def size(self) -> int:
        """About how many cells its sheet and the list will have; SettingError where a step has too many columns."""
        e = self.experiment
        columns = len(e.plan.columns)
        if columns > MOST_COLUMNS:
            weights = len(e.model.weights)
            raise SettingError(
                f"{self.sheet}: {weights} weights with the optimizer {e.optimizer.name} make {columns:,} columns a "
                f"step, and a sheet of steps takes {MOST_COLUMNS}: take about {weights * MOST_COLUMNS // columns} "
                f"weights, {WITHOUT}."
            )
        return TIMES * (columns + len(e.plan.samples)) * (e.epochs + e.passes) * len(e.data)

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The sheet, its charts, and the list behind it."""
        sheet = step_sheet.compose(self.experiment, making)
        made = steps_list.compose(self.behind, sheet, making, log=self.explodes)
        charts.add(made, log=self.explodes)
        of = made.of

        def by_epoch(what: str, *, last: bool) -> Cell:
            area = of.by_epoch(what)
            return Cell(of.sheet, area.bottom if last else area.top, area.left)

        def error(which: str) -> Cell:
            return by_epoch("error", last={"first": False, "last": True}[which])

        def column(name: str, step: str) -> Cell:
            return Cell(made.sheet, made.lines[int(step) - 1], made.place(0, name))

        def again(name: str, value: float) -> Trace:
            built = {i.name: float(rounded(i.value)) for i in of.trace.plan.inputs}
            return making.run(of.trace.plan, making.of(self.data).built, {**built, name: value})

        rates = [given for given in of.trace.plan.inputs if given.name == LEARN.name]
        plan = of.trace.plan
        root = ROOT_BESIDE if plan.other else "error"
        epochs = of.by_epoch("epoch")
        told = Told(
            [by_epoch(what, last=last) for what in (root, "rmse") for last in (False, True)],
            made.verdict,
            Series(self.sheet, epochs, made.plotted("compared"), "", markers=True),
            plan.epochs,
            {given.label: Cell(of.sheet, *of.layout.cell(given.name)) for given in rates} | _driven(of),
            again,
            plan.error.title if plan.other else "",
            [by_epoch("error", last=last) for last in (False, True)],
            Series(self.sheet, epochs, made.plotted("positive"), "", markers=True) if plan.other else None,
        )
        figures: dict[str, Figure] = {
            "verdict": lambda: made.verdict,
            "kind": lambda: made.kind,
            "step": lambda: made.step,
            "error": error,
            "input": lambda name: Cell(of.sheet, *of.layout.cell(name)),
            "column": column,
            "epochs": lambda: Const(of.trace.plan.epochs),
        }
        reading = {"folded rows": UNFOLD} | ({"discarded passes": DISCARDED} if of.trace.plan.discarded else {})
        reading["from epoch to epoch"] = LAST_ROW if self.experiment.carry == CARRIES[1] else NEW_WEIGHTS
        return Composed(
            of.sheet,
            self.experiment.about or self.experiment.title,
            made.sheet,
            check.of_steps(made, making),
            told,
            figures,
            reading,
            steps=made,
        )


def _driven(of: step_sheet.StepSheet) -> dict[str, Expr]:
    """Which derivatives move the weights: what the switch says now, or what the run is made of."""
    if of.experiment.gradient in SWITCH.choices.values():
        return {SWITCH.label: Text(of.experiment.gradient)}
    switch = Cell(of.sheet, *of.layout.cell(SWITCH.name))
    return {SWITCH.label: call("if_error", where(switch, *SWITCH.choices.values()), NONE)}
