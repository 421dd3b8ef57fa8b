"""The fit: samples and what a model makes of them, for an epoch to type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import SettingError
from ..language.expr import Expr, Text, call, maximum, minimum, where
from ..language.reports import GAP, NONE, joined
from ..numbers.verdict import EXPLODED
from ..plan import Input
from ..workbook.cells import Area
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Chart, Series, Sheet
from ..workbook.style import ACCENT, CONTRAST, FAINT, HEADER_RIGHT, INK, SECTION, SUBTITLE, TITLE, Style
from . import singles
from .check import Compared, Part
from .data_sheet import Samples
from .differences import wanted
from .kind import Composed, Figure, Kind
from .making import Making
from .picked import Of, Picked, Still, pick_all, typed

#: the rows of the input, and of a panel: title, header, the line of the typed epoch, what to say of it, the chart
INPUT, RUN, HEAD, TYPED, SAID, CHART = 4, 6, 7, 8, 9, 10
CHART_ROWS, CHART_HEIGHT = 18, 340
#: pixels across a chart, of one run or of each of several; those of a column's edge, and of each of its characters
ALONE, BESIDE, EDGE, CHARACTER = 620, 440, 5, 7
#: characters that a column has at least
NARROWEST = 8.0
#: the first row of what charts draw
TOP = HEAD + 1
#: the points of a curve, and the share of the inputs' range that it goes on beyond them
POINTS, MARGIN = 60, 0.05
#: how many ranges of the targets above and below them a curve may be drawn
REACH = 1.0
#: the epochs that are drawn faintly, beside the last, and how
FIRST = (1, 2)
DASHES = ("round_dot", "dash_dot", "solid")
#: what the legend says of the typed epoch's curve, which may be one of the others
TYPED_TOO = ", typed"
#: what a figure calls the epoch that is typed
TYPED_EPOCH = "typed"
EPOCH = "epoch"
HELD = (
    "Each line has the weights after a whole epoch, held still for all samples; a sheet of steps measures √Σe² while "
    "they move."
)
EXPLODES = "exploded: there is no curve left to draw"
GONE = "no numbers: there is no curve to draw"
OUTSIDE = "outside the picture: too far from the samples to draw"
PARTLY = "the thick line is the model with these weights, in part outside the picture"
WHOLE = "the thick line is the model with these weights"
WHOLE_POINTS = "each sample as the model predicts it with these weights, over what it is"
PARTLY_POINTS = "samples that the model predicts with these weights, not all of them near enough to draw"
_POINTS: Mapping[str, Any] = {"markers": True, "line": False}


@dataclass(frozen=True)
class Fit(Kind):
    """Samples and curves of runs of the same samples, side by side.

    of: the runs. epoch: the one that is typed as built. headline, subtitle: above the sheet. about: for the overview.
    """

    kind = "fit"

    name: str
    of: tuple[Of, ...]
    headline: str = "What has it learned?"
    subtitle: str = HELD
    about: str = "The samples and what the model makes of them after an epoch of your choice."
    epoch: int = 3

    def __post_init__(self) -> None:
        if not self.of:
            raise SettingError(f"The sheet {self.name} shows no fit: name the runs that it is of.")

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """A panel per run, and at their right, folded away, what their charts draw."""
        runs = pick_all(self.of, making, before, self.name)
        samples = runs[0].samples
        sheet = Sheet(self.name, frozen=(INPUT, 0))
        sheet.put(1, 1, self.headline, TITLE)
        sheet.put(2, 1, self.subtitle, SUBTITLE)
        last = max(run.plan.epochs for run in runs)
        about = f"after how many epochs the weights are taken: 0 for the start weights, {last} for the last ones"
        built = min(self.epoch, last)
        given = Input(EPOCH, float(built), EPOCH, about, low=0.0, high=float(last))
        epoch = making.put(sheet, INPUT, 2, given, labelled=True)
        said = f"type 0 for the start weights, or any epoch up to {last}, and watch what is drawn"
        sheet.put(INPUT, 3, said, Style(color=FAINT, indent=1))
        left, panels = 1, []
        for run in runs:
            panels.append(_Panel(sheet, run, left, epoch, ALONE if len(runs) == 1 else BESIDE))
            left += panels[-1].width + 1
        sheet.printed, sheet.printed_rows = left - 2, max(panel.lines[-1] for panel in panels) + 1
        drawn = _Drawn(sheet, samples, left + 1)
        right = drawn.put()
        for panel in panels:
            right = panel.put(drawn, right)
        compared = self._compared(sheet, panels, right, making, before, built)
        sheet.aside |= {*range(left + 1, sheet.extent[1] + 1)}
        return Composed(sheet, self.about, compared=compared, figures=_figures(panels))

    def _compared(
        self,
        sheet: Sheet,
        panels: Sequence[_Panel],
        left: int,
        making: Making,
        before: Mapping[str, Composed],
        built: int,
    ) -> Compared:
        """Weights, errors and live samples of each line against NumPy's."""
        cells = [(sheet, single) for panel in panels for single in panel.singles(built)]
        found = singles.put(sheet, HEAD, left, cells)
        shown = [*making.typed[self.name], *typed(self.of, before)]
        data = panels[0].run.samples.data.name
        return Compared(self.name, [Part("weights, errors", found.differences, found.where)], None, shown, data)


def _figures(panels: Sequence[_Panel]) -> dict[str, Figure]:
    """Weights, errors and live samples: of which epoch (or `typed`) and, of several runs, of which; what is typed."""

    def of(place: Callable[[_Panel], int]) -> Figure:
        def figure(epoch: str, run: str = panels[0].run.title) -> Cell:
            panel = next(panel for panel in panels if panel.run.title == run)
            return Cell(panel.sheet, panel.line(epoch), place(panel))

        return figure

    def live(epoch: str, run: str = panels[0].run.title, gate: str = "") -> Cell:
        gates = [*next(panel for panel in panels if panel.run.title == run).run.plan.gates]
        position = gates.index(gate or gates[0])
        return of(lambda panel: panel.errors + 2 + position)(epoch, run)  # type: ignore[return-value]  # a cell

    def best() -> Cell:
        return Cell(panels[0].sheet, panels[0].lines[-1] + 1, panels[0].errors)

    return {
        "error at epoch": of(lambda panel: panel.errors),
        "rmse at epoch": of(lambda panel: panel.errors + 1),
        "live samples": live,
        "weight": lambda name, epoch, run=panels[0].run.title: of(lambda p: p.place(name))(epoch, run),
        "best line": best,
        "input": lambda name: {EPOCH: panels[0].typed}[name],
    }


@dataclass(frozen=True)
class _Drawn:
    """What all charts share: the x of curves, the best line, the bounds of what is drawn."""

    sheet: Sheet
    samples: Samples
    left: int

    @property
    def over(self) -> str:
        """The only input; "" where there are several."""
        inputs = [*self.samples.data.inputs]
        return inputs[0] if len(inputs) == 1 else ""

    @property
    def count(self) -> int:
        """The points of a curve."""
        return POINTS + 1 if self.over else self.samples.count

    @property
    def x(self) -> Area:
        """Across the chart: the input, or the target itself."""
        if self.over:
            return Area(self.sheet.name, TOP, self.left + 1, TOP + POINTS, self.left + 1)
        return self.samples.area(self.samples.data.target)

    @property
    def low(self) -> Cell:
        """What lies below it is not drawn."""
        return Cell(self.sheet, TOP, self.left)

    @property
    def high(self) -> Cell:
        """What lies above it is not drawn."""
        return Cell(self.sheet, TOP + 1, self.left)

    def beside(self, column: int, rows: int = 0) -> Area:
        """So many rows, or all points, of one of its columns."""
        return self.sheet.block(TOP, self.left + column, rows or self.count).area

    def put(self) -> int:
        """Put it; returns the column after its last."""
        sheet, samples, left = self.sheet, self.samples, self.left
        sheet.put(RUN, left, "what the charts draw", Style(color=FAINT, italic=True))
        ys = samples.column(samples.data.target)
        sheet.put(HEAD, left, "bounds", HEADER_RIGHT)
        least, most = call("smallest", ys), call("largest", ys)
        reach = where(most.equals(least), maximum(call("abs", most), 1), (most - least) * REACH)
        sheet.put(TOP, left, least - reach, Style(number="amount"))
        sheet.put(TOP + 1, left, most + reach, Style(number="amount"))
        if self.over:
            self._line(samples.column(self.over))
        else:
            sheet.put(HEAD, left + 1, "diagonal", HEADER_RIGHT)
            for row, end in ((TOP, least), (TOP + 1, most)):
                sheet.put(row, left + 1, end, Style(number="amount"))
        return left + 5

    def _line(self, xs: Block) -> None:
        """The x of curves, the best line over them, its squared error for each sample."""
        sheet, samples, left = self.sheet, self.samples, self.left
        for column, title in enumerate((self.over, "best line", "its e²"), left + 1):
            sheet.put(HEAD, column, title, HEADER_RIGHT)
        first, last = call("smallest", xs), call("largest", xs)
        sheet.put(TOP + 2, left, first - (last - first) * MARGIN, Style(number="amount"))
        sheet.put(TOP + 3, left, (last - first) * (1 + 2 * MARGIN) / POINTS, Style(number="amount"))
        begins, step = Cell(sheet, TOP + 2, left), Cell(sheet, TOP + 3, left)
        sheet.fill(TOP, left + 4, None, [float(i) for i in range(self.count)], Style(color=FAINT))
        sheet.repeat(TOP, left + 1, begins + Down(sheet, left + 4) * step, self.count, Style("data", "amount"))
        slope, intercept = samples.best("slope"), samples.best("intercept")
        line = call("if_error", slope * Down(sheet, left + 1) + intercept, GAP)
        sheet.repeat(TOP, left + 2, line, self.count, Style(number="amount"))
        x, y = (samples.down(name, TOP) for name in (self.over, samples.data.target))
        sheet.repeat(TOP, left + 3, (y - (slope * x + intercept)) ** 2, samples.count, Style(number="amount"))

    @property
    def best_error(self) -> Expr:
        """√Σe² of the best line."""
        return call("sqrt", call("sum", self.sheet.block(TOP, self.left + 3, self.samples.count)))


@dataclass
class _Panel:
    """One run: a line of the typed epoch, a chart, lines of the epochs that it draws faintly.

    Its columns: the epoch, the weights, √Σe², RMSE, the live samples of each ReLU. least: pixels across it. raws: of
    each line, the cells of which it shows what is a number.
    """

    sheet: Sheet
    run: Picked
    left: int
    typed: Cell
    least: int
    raws: list[_Raw] = field(default_factory=list, init=False)

    @cached_property
    def epochs(self) -> list[int]:
        """Those of its lines but the first."""
        return sorted({e for e in (0, *FIRST, self.run.plan.epochs) if e <= self.run.plan.epochs})

    @property
    def errors(self) -> int:
        """The column of √Σe²."""
        return self.left + 1 + len(self.run.weights)

    @property
    def width(self) -> int:
        """How many columns it has."""
        return 3 + len(self.run.weights) + len(self.run.plan.gates)

    @property
    def characters(self) -> float:
        """Across each of them."""
        return max(NARROWEST, round((self.least / self.width - EDGE) / CHARACTER, 1))

    @property
    def lines(self) -> list[int]:
        """The rows of its lines: that of the typed epoch, then the others below the chart."""
        below = CHART + CHART_ROWS + 1
        return [TYPED, *range(below, below + len(self.epochs))]

    def line(self, epoch: str) -> int:
        """The row of an epoch, or of the typed one."""
        return TYPED if epoch == TYPED_EPOCH else self.lines[1 + self.epochs.index(int(epoch))]

    def place(self, weight: str) -> int:
        """The column of a weight."""
        return self.left + 1 + self.run.weights.index(weight)

    def put(self, drawn: _Drawn, left: int) -> int:
        """Put it; what its chart draws from the column `left` on. Returns the last column."""
        sheet, plan = self.sheet, self.run.plan
        sheet.put(RUN, self.left, self.run.title, SECTION)
        gates = [f"live {plan.column(gate).title}" for gate in plan.gates]
        for row in (HEAD, self.lines[1] - 1):
            for column, head in enumerate(("epoch", *self.run.weights, "√Σe²", "RMSE", *gates), self.left):
                sheet.put(row, column, head, HEADER_RIGHT)
        sheet.widths.update(dict.fromkeys(range(self.left, self.left + self.width), self.characters))
        sheet.widths[self.left + self.width] = 2.0
        for number, row in enumerate(self.lines):
            self.raws.append(_Raw(self.run, drawn, self._epoch(number), left, TYPED_TOO if row == TYPED else ""))
            left = self.raws[-1].put()
            self._line(self.raws[-1], row)
        self._said(drawn.over)
        if drawn.over:
            self._best(drawn)
        sheet.charts.append(self._chart(drawn))
        return left

    def _epoch(self, number: int) -> Cell:
        """Put the epoch of a line: what is typed, as far as the run goes, or one that is always drawn."""
        last = self.run.plan.epochs
        look = Style(number="integer", bold=number == 0)
        if number:
            return self.sheet.put(self.lines[number], self.left, float(self.epochs[number - 1]), look)
        whole = call("round_down", minimum(maximum(self.typed, 0), last), 0)
        return self.sheet.put(TYPED, self.left, whole, look)

    def _line(self, raw: _Raw, row: int) -> None:
        """What a person reads of a line: a dash where there is no number."""
        bold, n = row == TYPED, self.run.samples.count
        weight = Style("weight", "weight", bold=bold, align="right")
        amount = Style("error", "amount", bold=bold, align="right")
        live = Style("forward", f'0" of {n}"', bold=bold, align="right")
        looks = [*[weight] * len(self.run.weights), amount, amount, *[live] * len(self.run.plan.gates)]
        rmse = raw.error / call("sqrt", n)
        shown = [*raw.weights.values(), raw.error, rmse, *raw.live.values()]
        for column, (look, value) in enumerate(zip(looks, shown, strict=True), self.left + 1):
            self.sheet.put(row, column, call("if_error", value, NONE), look)

    def _said(self, over: str) -> None:
        """What keeps the typed epoch's curve from being seen, and which ReLU no sample opens."""
        raw, plan, n = self.raws[0], self.run.plan, self.run.samples.count
        seen = call("count", raw.drawn)
        whole, partly = (WHOLE, PARTLY) if over else (WHOLE_POINTS, PARTLY_POINTS)
        said = where(seen < len(raw.drawn.values), where(seen.equals(0), OUTSIDE, partly), whole)
        for gate in reversed([*plan.gates]):
            shut = f"closed: {plan.column(gate).title} is 0 or less for all {n} samples"
            said = where(call("if_error", raw.live[gate], 1).equals(0), shut, said)
        bound = call("sqrt", self.run.samples.scale) * EXPLODED
        said = where(call("is_number", raw.error), where(raw.error > bound, EXPLODES, said), GONE)
        self.sheet.put(SAID, self.left, said, Style(color=FAINT, italic=True))

    def _best(self, drawn: _Drawn) -> None:
        """The line of the straight line that fits best: weights that should become its slope or intercept."""
        sheet, row, samples = self.sheet, self.lines[-1] + 1, self.run.samples
        sheet.put(row, self.left, "best line", Style(color=FAINT, align="right"))
        for weight, fit in self.run.plan.targets.items():
            if weight in self.run.weights:
                best = call("if_error", samples.best(fit), NONE)
                sheet.put(row, self.place(weight), best, Style("data", "weight", align="right"))
        error = drawn.best_error
        for column, value in ((self.errors, error), (self.errors + 1, error / call("sqrt", samples.count))):
            sheet.put(row, column, call("if_error", value, NONE), Style("data", "amount", align="right"))

    def _chart(self, drawn: _Drawn) -> Chart:
        """Samples, the curve of the typed epoch, faintly those of others, the best line or the diagonal."""
        samples = self.run.samples
        target = samples.data.target
        series = []
        faint = [raw for raw, epoch in zip(self.raws[1:], self.epochs, strict=True) if epoch]
        dashes = [*DASHES[: len(faint) - 1], DASHES[-1]]
        markers = not drawn.over
        for raw, dash in zip(faint, dashes, strict=True):
            look: dict[str, Any] = {"dash": dash, "width": 1.0, "line": not markers, "markers": markers}
            series.append(Series(raw.name, drawn.x, raw.drawn.area, FAINT, marker="diamond", **look))
        typed, wide = self.raws[0], int(self.width * (self.characters * CHARACTER + EDGE))
        if drawn.over:
            series.append(Series("best line", drawn.x, drawn.beside(2), CONTRAST, dashed=True))
            series.append(Series("samples", samples.area(drawn.over), samples.area(target), INK, **_POINTS))
            series.append(Series(typed.name, drawn.x, typed.drawn.area, ACCENT, width=2.75))
            across, up = drawn.over, target
        else:
            diagonal = drawn.beside(1, 2)
            series.append(Series("as they are", diagonal, diagonal, CONTRAST, dashed=True))
            series.append(Series(typed.name, drawn.x, typed.drawn.area, ACCENT, **_POINTS))
            across, up = target, f"{target}, predicted"
        about = f"{self.run.title}: the samples, and what the model predicts after the epoch typed above and others."
        return Chart(self.run.title, across, up, series, CHART, self.left, wide, CHART_HEIGHT, x_min=None, about=about)

    def singles(self, built: int) -> Iterator[singles.Single]:
        """The cells of its lines and what NumPy had there. built: the typed epoch as built."""
        epochs = (min(built, self.run.plan.epochs), *self.epochs)
        twin, samples = self.run.twin, self.run.samples
        had, other = (Still(self.run, trace, samples.built, epochs) for trace in (twin.built, twin.nudged))
        found = [(had.weight(w), other.weight(w)) for w in self.run.weights]
        found += [(had.error(), other.error())]
        found += [(had.live(gate), other.live(gate)) for gate in self.run.plan.gates]
        for position, ((values, sizes), (nudged, _)) in enumerate(found):
            numpys = wanted(values, nudged, sizes)
            for number, raw in enumerate(self.raws):
                yield (TOP + position, raw.left), (numpys, number)


@dataclass(frozen=True)
class _Raw:
    """What is computed with the weights of an epoch, error cells and all. said: of it in the legend.

    Its first column: the weights, √Σe², the live samples of each ReLU. Then by sample e² and whether it opens a
    ReLU, and by point the prediction, and what is drawn of it.
    """

    run: Picked
    shared: _Drawn
    epoch: Cell
    left: int
    said: str = ""

    @property
    def weights(self) -> dict[str, Cell]:
        """Weight -> its cell."""
        return {w: self._single(i) for i, w in enumerate(self.run.weights)}

    @property
    def error(self) -> Cell:
        """The cell of √Σe²."""
        return self._single(len(self.run.weights))

    @property
    def live(self) -> dict[str, Cell]:
        """Pre-activation -> the cell that says for how many samples it is positive."""
        return {gate: self._single(len(self.run.weights) + 1 + i) for i, gate in enumerate(self.run.plan.gates)}

    @property
    def name(self) -> Cell:
        """The cell that says which epoch it is."""
        return Cell(self.shared.sheet, RUN, self.left)

    @property
    def drawn(self) -> Block:
        """What is drawn."""
        return self.shared.sheet.block(TOP, self.left + 3 + len(self.run.plan.gates), self.shared.count)

    def _single(self, position: int) -> Cell:
        return Cell(self.shared.sheet, TOP + position, self.left, fixed=True)

    def put(self) -> int:
        """Put it; returns the column after its last."""
        run, sheet, n = self.run, self.shared.sheet, self.run.samples.count
        name = where(self.epoch.equals(0), "start weights", Text("epoch ") & self.epoch)
        sheet.put(RUN, self.left, joined([name, self.said]), Style(color=FAINT, italic=True))
        sheet.put(HEAD, self.left, "weights, error", HEADER_RIGHT)
        for weight, cell in self.weights.items():
            sheet.put(cell.row, cell.column, run.after(weight, self.epoch), Style("weight", "weight"))
        squared = self._down(1, "e²", run.live(run.plan.after("err"), self.weights, self._sample), n)
        sheet.put(self.error.row, self.left, call("sqrt", call("sum", squared)), Style("error", "amount"))
        for i, (gate, cell) in enumerate(self.live.items(), 2):
            opens = where(run.live(run.plan.after(gate), self.weights, self._sample) > 0, 1, 0)
            flags = self._down(i, f"{run.plan.column(gate).title} > 0", opens, n)
            sheet.put(cell.row, cell.column, call("sum", flags), Style("forward", "integer"))
        place = 2 + len(run.plan.gates)
        across = self._across if self.shared.over else self._sample
        self._down(place, "prediction", run.live(run.predicted, self.weights, across), self.shared.count)
        made = Down(sheet, self.left + place)
        near = where(call("and", made > self.shared.low.absolute, made < self.shared.high.absolute), made, GAP)
        self._down(place + 1, "drawn", call("if_error", near, GAP), self.shared.count)
        return self.left + place + 2

    def _sample(self, name: str) -> Expr:
        return self.run.samples.down(name, TOP)

    def _across(self, name: str) -> Expr:
        return Down(self.shared.sheet, self.shared.left + 1)

    def _down(self, place: int, title: str, expr: Expr, count: int) -> Block:
        sheet = self.shared.sheet
        sheet.put(HEAD, self.left + place, title, HEADER_RIGHT)
        return sheet.repeat(TOP, self.left + place, expr, count, Style(number="amount"))
