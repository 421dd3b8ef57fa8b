"""The boundary: samples of two inputs in two classes, and where a model is undecided, for an epoch to type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SettingError
from ..language.expr import Expr, call, maximum, minimum, where
from ..language.reports import GAP, NONE
from ..plan import Input
from ..workbook.cells import Area
from ..workbook.reference import Cell, Down
from ..workbook.sheet import Chart, Series, Sheet
from ..workbook.style import ACCENT, CONTRAST, FAINT, HEADER_RIGHT, INK, LABEL, SUBTITLE, TITLE, Style
from . import singles
from .check import Compared, Part
from .differences import wanted
from .kind import Composed, Figure, Kind
from .making import Making
from .picked import Of, Picked, Still, pick, typed

#: the rows of the epoch, of the weights' names and values, and the first of what is drawn
EPOCH, NAMES, WEIGHTS, HEAD, TOP = 4, 6, 7, 10, 11
#: the parts into which each input's range is divided, and the share of it that the picture goes beyond
PARTS, MARGIN = 30, 0.1
WIDTH, HEIGHT, CHART_COLUMNS = 620, 430, 9


@dataclass(frozen=True)
class Boundary(Kind):
    """A run of a model of two inputs whose targets are two classes.

    of: the run. level: the prediction at which the model is undecided. epoch: the one that is typed as built.
    headline, subtitle: above the sheet. about: for the overview.
    """

    kind = "boundary"

    name: str
    of: Of
    level: float = 0.5
    epoch: int = 3
    headline: str = "Where is it undecided?"
    subtitle: str = "On one side of the line the model says one class, on the other side the other."
    about: str = "The samples by class, and the line between them after an epoch of your choice."

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The epoch, its weights, a chart, and behind it, folded away, a grid of predictions."""
        run = pick(self.of, making, before, self.name)
        inputs = [*run.samples.data.inputs]
        if len(inputs) != 2:
            raise SettingError(
                f"The sheet {self.name} draws samples of two inputs, and {self.of.sheet} has {len(inputs)} "
                f"({', '.join(inputs)}): take the sheet of a fit."
            )
        sheet = Sheet(self.name, frozen=(EPOCH, 0))
        sheet.put(1, 1, self.headline, TITLE)
        sheet.put(2, 1, self.subtitle, SUBTITLE)
        last, built = run.plan.epochs, min(self.epoch, run.plan.epochs)
        about = f"after how many epochs the weights are taken: 0 for the start weights, {last} for the last ones"
        given = Input("epoch", float(built), "epoch", about, low=0.0, high=float(last))
        asked = making.put(sheet, EPOCH, 2, given, labelled=True)
        said = f"type 0 for the start weights, or any epoch up to {last}, and watch the line move"
        sheet.put(EPOCH, 3, said, Style(color=FAINT, indent=1))
        epoch = call("round_down", minimum(maximum(asked, 0), last), 0)
        weights = {}
        for column, weight in enumerate(run.weights, 1):
            sheet.put(NAMES, column, weight, HEADER_RIGHT)
            at = sheet.put(WEIGHTS, column, run.after(weight, epoch), Style("weight", "weight"))
            weights[weight] = at.absolute
        made = _Drawn(sheet, run, weights, self.level, max(CHART_COLUMNS, len(weights)) + 2)
        right, total = made.put(), run.samples.count
        sheet.put(NAMES - 1, 1, "right", LABEL)
        correct = sheet.put(NAMES - 1, 2, made.right, Style(number=f'0" of {total}"', bold=True, align="right"))
        sheet.charts.append(made.chart())
        sheet.printed = made.left - 2
        had, other = (Still(run, trace, run.samples.built, (built,)) for trace in (run.twin.built, run.twin.nudged))
        cells = [
            (sheet, ((WEIGHTS, column), (wanted(values, nudged, sizes), 0)))
            for column, weight in enumerate(run.weights, 1)
            for (values, sizes), (nudged, _) in [(had.weight(weight), other.weight(weight))]
        ]
        found = singles.put(sheet, HEAD, right + 1, cells)
        sheet.aside |= {*range(made.left, sheet.extent[1] + 1)}
        inputs_typed = [*making.typed[self.name], *typed([self.of], before)]
        parts = [Part("weights", found.differences, found.where)]
        compared = Compared(self.name, parts, None, inputs_typed, run.samples.data.name)
        figures: dict[str, Figure] = {"right": lambda: correct}
        return Composed(sheet, self.about, compared=compared, figures=figures)


@dataclass
class _Drawn:
    """What the chart draws: the samples by class, and for each value of the first input where the model is undecided.

    Along the second input of a grid of predictions a crossing is where two neighbours lie on both sides of the level;
    between them it is taken for straight.
    """

    sheet: Sheet
    run: Picked
    weights: Mapping[str, Cell]
    level: float
    left: int

    @property
    def names(self) -> tuple[str, str]:
        """The two inputs."""
        first, second = self.run.samples.data.inputs
        return first, second

    def put(self) -> int:
        """Put it; returns the last column."""
        self._samples()
        self.grid = self.left + 4
        self.crossings = self.grid + 2 + PARTS + 1
        self._axes()
        for j in range(PARTS + 1):
            made = self._predicted(Down(self.sheet, self.grid), Cell(self.sheet, HEAD, self.grid + 1 + j, fixed=True))
            self.sheet.repeat(TOP, self.grid + 1 + j, made - self.level, PARTS + 1, Style("forward", "amount"))
        for j in range(PARTS):
            low, high = (Down(self.sheet, self.grid + 1 + j + k) for k in range(2))
            at = Cell(self.sheet, HEAD, self.grid + 1 + j, fixed=True)
            between = at + Cell(self.sheet, HEAD - 1, self.grid + 1, fixed=True) * low / (low - high)
            crossed = call("or", call("and", low <= 0, high > 0), call("and", low > 0, high <= 0))
            found = call("if_error", where(crossed, between, NONE), NONE)
            self.sheet.repeat(TOP, self.crossings + j, found, PARTS + 1, Style(number="amount", align="right"))
        return self._ends()

    def _samples(self) -> None:
        """The second input of the samples of each class, and whether the model is right."""
        sheet, samples, run = self.sheet, self.run.samples, self.run
        second, y = (samples.down(name, TOP) for name in (self.names[1], samples.data.target))
        for column, title in enumerate(("above", "below", "right"), self.left):
            sheet.put(HEAD, column, title, HEADER_RIGHT)
        count, look = samples.count, Style(number="amount")
        sheet.repeat(TOP, self.left, where(y > self.level, second, GAP), count, look)
        sheet.repeat(TOP, self.left + 1, where(y > self.level, GAP, second), count, look)
        made = run.live(run.predicted, self.weights, lambda name: samples.down(name, TOP))
        sides = [where(side > self.level, 1, 0) for side in (made, y)]
        right = where(call("is_number", made), where(sides[0].equals(sides[1]), 1, 0), 0)
        sheet.repeat(TOP, self.left + 2, right, count, Style(number="integer"))

    @property
    def right(self) -> Expr:
        """For how many samples the model says the class they have."""
        return call("sum", self.sheet.block(TOP, self.left + 2, self.run.samples.count))

    def _axes(self) -> None:
        """The values of both inputs along the grid: their ranges, and a margin."""
        sheet, samples = self.sheet, self.run.samples
        sheet.put(HEAD - 2, self.grid, "from, step", Style(color=FAINT, italic=True))
        for k, name in enumerate(self.names):
            values = samples.column(name)
            low, high = call("smallest", values), call("largest", values)
            span = high - low
            sheet.put(HEAD - 2, self.grid + 1 + k, low - span * MARGIN, Style(number="amount"))
            sheet.put(HEAD - 1, self.grid + k, span * (1 + 2 * MARGIN) / PARTS, Style(number="amount"))
        number = self.grid + 2 + 2 * PARTS + 4
        sheet.fill(TOP, number, None, [float(i) for i in range(PARTS + 1)], Style(color=FAINT))
        begins, step = (Cell(sheet, row, column, fixed=True) for row, column in ((HEAD - 2, self.grid + 1),
                                                                                 (HEAD - 1, self.grid)))  # fmt: skip
        sheet.put(HEAD, self.grid, self.names[0], HEADER_RIGHT)
        sheet.repeat(TOP, self.grid, begins + Down(sheet, number) * step, PARTS + 1, Style("data", "amount"))
        begins, step = Cell(sheet, HEAD - 2, self.grid + 2), Cell(sheet, HEAD - 1, self.grid + 1)
        for j in range(PARTS + 1):
            sheet.put(HEAD, self.grid + 1 + j, begins + step * j, Style("data", "amount", bold=True))

    def _predicted(self, first: Expr, second: Expr) -> Expr:
        """The prediction at a point of the grid."""
        at = dict(zip(self.names, (first, second), strict=True))
        return self.run.live(self.run.predicted, self.weights, at.__getitem__)

    def _ends(self) -> int:
        """The lowest and the highest crossing for each value of the first input; the latter where it is another."""
        sheet, place = self.sheet, self.crossings + PARTS
        for column, title in enumerate(("lowest", "highest"), place):
            sheet.put(HEAD, column, title, HEADER_RIGHT)
        for row in range(TOP, TOP + PARTS + 1):
            found = sheet.block(row, self.crossings, 1, PARTS)
            count = call("count", found)
            sheet.put(row, place, where(count > 0, call("smallest", found), GAP), Style(number="amount"))
            sheet.put(row, place + 1, where(count > 1, call("largest", found), GAP), Style(number="amount"))
        return place + 3

    def chart(self) -> Chart:
        """The samples of each class, and the boundary."""
        sheet, samples, n = self.sheet, self.run.samples, self.run.samples.count
        x = samples.area(self.names[0])

        def down(column: int, count: int) -> Area:
            return sheet.block(TOP, column, count).area

        target, place = samples.data.target, self.crossings + PARTS
        look: Mapping[str, Any] = {"markers": True, "line": False}
        grid = down(self.grid, PARTS + 1)
        twice = call("count", sheet.block(TOP, place + 1, PARTS + 1)) > 0
        said = where(twice, "undecided again", "undecided again: nowhere")
        again = sheet.put(HEAD - 1, place + 1, said, Style(color=FAINT))
        curves = [
            Series(f"{target} above {self.level:g}", x, down(self.left, n), ACCENT, **look),
            Series(f"{target} not above", x, down(self.left + 1, n), CONTRAST, marker="diamond", **look),
            Series("undecided", grid, down(place, PARTS + 1), INK),
            Series(again, grid, down(place + 1, PARTS + 1), INK, dashed=True),
        ]
        about = f"The samples by {target}, and the line on which the model of {self.run.title} is undecided."
        first, second = self.names
        return Chart(
            f"{self.run.title}: the boundary",
            first,
            second,
            curves,
            HEAD - 1,
            1,
            WIDTH,
            HEIGHT,
            x_min=None,
            about=about,
        )
