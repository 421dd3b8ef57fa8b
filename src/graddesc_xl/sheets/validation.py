"""The validation: the error of samples that no step saw, by epoch, beside that of those it learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from ..errors import SettingError
from ..language.evaluate import evaluate, magnitude
from ..language.expr import Expr, Here, Over, call, leaves, sqrt
from ..language.reports import NONE, positive
from ..language.values import Array
from ..numbers.trace import Trace
from ..parts.data import Dataset
from ..workbook.reference import Block, Cell
from ..workbook.sheet import Chart, Series, Sheet
from ..workbook.style import FAINT, HEADER, HEADER_RIGHT, LINES, SUBTITLE, TITLE, Style
from . import singles
from .check import Compared, Part
from .data_sheet import Samples
from .differences import Wanted, wanted
from .kind import Composed, Figure, Kind
from .making import Making
from .picked import Of, Picked, Still, pick_all, typed

#: the rows of the groups' titles and of the table's head, and the first of its lines
TITLES, HEAD, TOP = 4, 5, 6
#: so many epochs have a line at most
MOST = 50
WIDTH, HEIGHT, CHART_COLUMNS = 620, 380, 11
SQUARED = "err"


@dataclass(frozen=True)
class Validation(Kind):
    """Runs of the same samples, and how well they predict others.

    of: the runs. held_out: the other samples, with the same columns. headline, subtitle: above the sheet.
    """

    kind = "validation"

    name: str
    of: tuple[Of, ...]
    held_out: Dataset
    headline: str = "Does it predict what it has not seen?"
    subtitle: str = (
        "Training: measured while the weights move. Validation: the weights after the epoch, held still, on samples "
        "that no step saw."
    )
    about: str = "The error of samples that no step saw, beside that of those it learned from."

    def __post_init__(self) -> None:
        if not self.of:
            raise SettingError(f"The sheet {self.name} validates nothing: name the runs that it is of.")

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    @property
    def data(self) -> Dataset:
        """The samples held out."""
        return self.held_out

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """A line per epoch, a chart, and behind it, folded away, what each sample is predicted."""
        runs = pick_all(self.of, making, before, self.name)
        held = making.of(self.held_out)
        if held.data.names != runs[0].samples.data.names:
            raise SettingError(f"The sheet {self.name} validates on samples with other columns than its runs have.")
        sheet = Sheet(self.name, frozen=(HEAD, 1))
        sheet.put(1, 1, self.headline, TITLE)
        sheet.put(2, 1, self.subtitle, SUBTITLE)
        epochs = shown(max(run.plan.epochs for run in runs))
        sheet.put(HEAD, 1, "epoch", HEADER_RIGHT)
        sheet.heights[HEAD] = 45.0
        sheet.widths[1] = 8.0
        sheet.fill(TOP, 1, None, [float(epoch) for epoch in epochs], Style(number="integer"))
        left = 2 + 2 * len(runs) + CHART_COLUMNS
        sheet.printed = left - 1
        panels: list[_Panel] = []
        for number, run in enumerate(runs):
            panels.append(_Panel(sheet, run, held, epochs, 2 + 2 * number, left))
            left = panels[-1].put(LINES[number % len(LINES)])
        sheet.charts.append(_chart(sheet, panels, epochs, 3 + 2 * len(runs)))
        compared = self._compared(sheet, panels, left + 1, making, before)
        sheet.aside |= {*range(2 + 2 * len(runs) + CHART_COLUMNS, sheet.extent[1] + 1)}
        figures: dict[str, Figure] = {
            "validation": lambda epoch, title=runs[0].title: _of(panels, title).shown(int(epoch), 1),
            "training": lambda epoch, title=runs[0].title: _of(panels, title).shown(int(epoch), 0),
            "best epoch": lambda title=runs[0].title: _of(panels, title).best,
        }
        return Composed(sheet, self.about, compared=compared, figures=figures)

    def _compared(
        self, sheet: Sheet, panels: Sequence[_Panel], left: int, making: Making, before: Mapping[str, Composed]
    ) -> Compared:
        """The errors of each epoch against NumPy's."""
        cells = [(sheet, single) for panel in panels for single in panel.singles()]
        found = singles.put(sheet, HEAD, left, cells)
        parts = [Part("validation", found.differences, found.where)]
        return Compared(self.name, parts, None, typed(self.of, before), self.held_out.name)


def shown(epochs: int) -> list[int]:
    """The epochs that have a line: all of them, or about so many, evenly spread, with the first and the last.

    >>> shown(3), shown(1000)[:3], shown(1000)[-1], len(shown(1000))
    ([1, 2, 3], [1, 21, 42], 1000, 50)
    """
    count = min(epochs, MOST)
    return sorted({round(e) for e in np.linspace(1, epochs, count).tolist()})


def _of(panels: Sequence[_Panel], title: str) -> _Panel:
    return next(panel for panel in panels if panel.run.title == title)


@dataclass
class _Panel:
    """One run: two columns of the table from `place` on, and from `left` on a column of helpers for each epoch."""

    sheet: Sheet
    run: Picked
    held: Samples
    epochs: Sequence[int]
    place: int
    left: int

    @property
    def own(self) -> list[int]:
        """The epochs that the run has."""
        return [epoch for epoch in self.epochs if epoch <= self.run.plan.epochs]

    @property
    def column(self) -> str:
        """What an epoch's error adds up: squared errors, or another loss."""
        return next(leaf.column for leaf in leaves(self.run.plan.footer("error").expr) if isinstance(leaf, Over))

    @property
    def rows(self) -> int:
        """The row of an epoch's error in its helpers; the weights stand above, the samples below."""
        return TOP + len(self.run.weights)

    @property
    def title(self) -> str:
        """What the errors are."""
        return "RMSE" if self.column == SQUARED else self.run.plan.footer("error").title

    @property
    def best(self) -> Expr:
        """The epoch whose validation error is lowest."""
        return Cell(self.sheet, TOP + len(self.epochs), self.place + 1)

    def shown(self, epoch: int, which: int) -> Cell:
        """The cell of an epoch: of the training (0) or the validation (1)."""
        return Cell(self.sheet, TOP + self.epochs.index(epoch), self.place + which)

    def put(self, color: str) -> int:
        """Put it; returns the column after its last."""
        sheet, n = self.sheet, self.run.samples.count
        sheet.put(TITLES, self.place, self.run.title, Style(bold=True, color=color))
        for column, title in enumerate((f"training {self.title}", f"validation {self.title}"), self.place):
            sheet.put(HEAD, column, title, HEADER_RIGHT)
            sheet.widths[column] = 12.0
        sheet.put(HEAD, self.left, "weights, error, samples", HEADER)
        sheet.widths[self.left] = 14.0
        for row, weight in enumerate(self.run.weights, TOP):
            sheet.put(row, self.left, weight, Style(color=FAINT, align="right"))
        sheet.put(self.rows, self.left, self.title, Style(color=FAINT, align="right"))
        errors: Block = self.run.errors
        for line, epoch in enumerate(self.own, TOP):
            trained: Expr = Cell(errors.sheet, errors.area.top + epoch - 1, errors.area.left)
            if self.column == SQUARED:
                trained = trained / call("sqrt", n)
            sheet.put(line, self.place, call("if_error", trained, NONE), Style("error", "small", align="right"))
            found = self._epoch(line, epoch)
            sheet.put(line, self.place + 1, call("if_error", found, NONE), Style("error", "small", align="right"))
        below = sheet.block(TOP, self.place + 1, len(self.own))
        lowest = call(
            "if_error", call("index", self._numbers(), call("match", call("smallest", below), below, 0)), NONE
        )
        last = TOP + len(self.epochs)
        sheet.put(last, self.place, "lowest in epoch", Style(color=FAINT, align="right"))
        sheet.put(last, self.place + 1, lowest, Style(number="integer", bold=True, align="right"))
        return self.left + len(self.own) + 3

    def _numbers(self) -> Block:
        return self.sheet.block(TOP, 1, len(self.own))

    def _at(self, line: int) -> int:
        """The column of an epoch's helpers."""
        return self.left + 1 + line - TOP

    def _epoch(self, line: int, epoch: int) -> Cell:
        """The helpers of an epoch: its weights, the error of each held sample, and what they come to."""
        sheet, run, place = self.sheet, self.run, self._at(line)
        number = sheet.put(HEAD, place, Cell(sheet, line, 1), Style("data", "integer", bold=True))
        weights = {
            w: sheet.put(row, place, run.after(w, number), Style("weight", "weight")).absolute
            for row, w in enumerate(run.weights, TOP)
        }
        first = self.rows + 1
        expr = run.live(run.plan.after(self.column), weights, lambda name: self.held.down(name, first))
        each = sheet.repeat(first, place, expr, self.held.count, Style("error", "amount"))
        mean = call("sum", each) / self.held.count
        total = call("sqrt", mean) if self.column == SQUARED else mean
        return sheet.put(self.rows, place, total, Style("error", "amount", bold=True))

    def drawn(self) -> tuple[Block, Block]:
        """What charts draw of the training and of the validation, in two further columns."""
        right, made = self.left + len(self.own) + 1, []
        for which in range(2):
            self.sheet.put(HEAD, right + which, "charted", Style(color=FAINT, align="right"))
            for line in range(TOP, TOP + len(self.own)):
                value = positive(Cell(self.sheet, line, self.place + which))
                self.sheet.put(line, right + which, value, Style(number="amount", color=FAINT))
            made.append(self.sheet.block(TOP, right + which, len(self.own)))
        return made[0], made[1]

    def singles(self) -> list[singles.Single]:
        """The validation errors and what NumPy had there."""
        had, other = (self._errors(trace) for trace in (self.run.twin.built, self.run.twin.nudged))
        numpys: Wanted = wanted(had[0], other[0], had[1])
        return [((self.rows, self._at(TOP + k)), (numpys, k)) for k in range(len(self.own))]

    def _errors(self, trace: Trace) -> tuple[Array, Array]:
        """The validation error of each epoch, and what was added and multiplied on the way to it."""
        still = Still(self.run, trace, self.held.built, tuple(self.own))
        values, sizes = still.samples(self.run.plan.after(self.column))
        with np.errstate(all="ignore"):
            mean, size = values.sum(axis=1) / self.held.count, sizes.sum(axis=1) / self.held.count
        total = sqrt(Here("mean")) if self.column == SQUARED else Here("mean")
        return evaluate(total, lambda _: mean), magnitude(total, lambda _: mean, lambda _: size)


def _chart(sheet: Sheet, panels: Sequence[_Panel], epochs: Sequence[int], column: int) -> Chart:
    """Training and validation error by epoch: the validation dashed."""
    series = []
    for panel, color in zip(panels, cycle(LINES), strict=False):
        x = sheet.block(TOP, 1, len(panel.own)).area
        training, validation = panel.drawn()
        name = f"{panel.run.title}, " if panels[1:] else ""
        series.append(Series(f"{name}training", x, training.area, color, markers=True))
        series.append(
            Series(f"{name}validation", x, validation.area, color, dashed=True, markers=True, marker="diamond")
        )
    titles, last = {panel.title for panel in panels}, float(epochs[-1])
    title = titles.pop() if len(titles) == 1 else "error"
    about = "The error by epoch of the samples that it learned from, and of those that no step saw."
    return Chart(
        "Error by epoch, seen and unseen samples", "epoch", title, series, HEAD, column, WIDTH, HEIGHT,
        x_min=1, x_max=last, y_log=True, y_format="#,##0.###", about=about,
    )  # fmt: skip
