"""The long run: errors of many more epochs than the sheets of steps have, on axes of powers of ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

from ..errors import SettingError
from ..language.expr import Const, Expr, Text, call, maximum, where
from ..language.reports import GAP, NONE
from ..language.values import Value, cell_value
from ..numbers.verdict import EXACT
from ..plan import Plan, compact
from ..settings import rounded
from ..workbook.reference import Cell, Down
from ..workbook.sheet import Chart, Mark, Series, Sheet
from ..workbook.style import FAINT, FIFTH, HEADER, HEADER_RIGHT, LINES, SUBTITLE, TITLE, Style
from . import as_built, check, runs_sheet
from .check import Compared, Part
from .kind import Composed, Figure, Kind, behind
from .making import Making
from .picked import Of, Picked, pick_all, typed
from .runs_sheet import Run

#: so many formula cells may the steps of all runs have to be live: each takes some 25 bytes of the file
LIVE = 100_000
#: up to this epoch each has a line
EACH = 10
#: the rows of what the chart leaves out, of what the numbers are and of the table's head, and the first of its lines
EDGE, SAID, HEAD, TOP = 3, 4, 6, 7
#: errors above this many times that of predicting 0 are not drawn, and those below this share of it are drawn as that
MOST, LEAST = 10.0, 1e-6
EDGES = (
    "The chart leaves out errors above ten times that of predicting 0; those below a millionth of it are drawn as that."
)
#: so many pixels fit the width of an upright page
UPRIGHT = 1040
DASHES = ("solid", "dash", "round_dot", "dash_dot", "long_dash")
WIDTH, HEIGHT, CHART_COLUMNS = 448, 380, 7
STEPS_STAND = "Live: every step stands on the sheet {}."
CONSTANT = "Constants: NumPy computed these errors, with the inputs and samples as they are now."
OTHERS = "Constants that NumPy computed with other inputs and samples than now; what differs: "
LEADS = "The run with the lowest error of this line, of equals the first; – where none has a number."


@dataclass(frozen=True)
class LongRun(Kind):
    """Runs of other sheets, all on the same samples, for more epochs.

    every: after the tenth epoch only those that it divides have a line, and the last. headline, subtitle: above the
    sheet. about: for the overview. live: whether the steps should be formulas, on a sheet behind it: they are where
    there are few enough and each epoch starts from the new weights of the one before. Else the errors are NumPy's, as
    constants.
    """

    kind = "long run"

    name: str
    of: tuple[Of, ...]
    epochs: int = 1000
    every: int = 10
    headline: str = "Who wins in the long run?"
    subtitle: str = "The error of each epoch, measured while the weights move; the axes of the chart are powers of ten."
    about: str = "The same runs for many more epochs."
    live: bool = True

    def __post_init__(self) -> None:
        if not self.of:
            raise SettingError(f"The sheet {self.name} runs nothing: name the runs that it is of.")
        if self.epochs < 2 or self.every < 1:
            raise SettingError(
                f"The sheet {self.name} has {self.epochs} epochs, of which it shows every {self.every}th: give it at "
                "least 2, and show every 1st or fewer."
            )

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    @property
    def behind(self) -> str:
        """The name of the sheet with its steps, where these should be formulas."""
        return behind(self.name) if self.live else ""

    @property
    def lines(self) -> list[int]:
        """The epochs that have a line."""
        return [e for e in range(1, self.epochs + 1) if e <= EACH or e % self.every == 0 or e == self.epochs]

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The errors, live or as constants, who leads, and a chart."""
        runs = pick_all(self.of, making, before, self.name)
        sheet = Sheet(self.name, frozen=(HEAD, 1), repeat_rows=(HEAD, HEAD))
        sheet.put(1, 1, self.headline, TITLE)
        sheet.put(2, 1, self.subtitle, SUBTITLE)
        table = _Table(sheet, runs, self.lines)
        table.head()
        plans = _live(runs, self.epochs) if self.live else []
        made = self._formulas(table, plans, making) if plans else self._constants(table, making)
        table.leads()
        table.draw()
        assert made.compared is not None
        compared = replace(made.compared, typed=typed(self.of, before))
        return replace(made, compared=compared, figures=table.figures())

    def _formulas(self, table: _Table, plans: Sequence[Plan], making: Making) -> Composed:
        """Errors that are cells of a sheet with every step."""
        sheet, samples = table.sheet, table.runs[0].samples
        runs = [
            Run(run.title, plan, {given.name: run.input(given.name) for given in plan.inputs})
            for run, plan in zip(table.runs, plans, strict=True)
        ]
        made = runs_sheet.compose(self.behind, f"{self.headline} Every step of its runs.", runs, making, samples)
        sheet.put(SAID, 1, STEPS_STAND.format(self.behind), SUBTITLE)
        for position, lane in enumerate(made.lanes):
            for row, epoch in enumerate(table.lines, TOP):
                table.show(row, position, Cell(made.sheet, lane.roots.top + epoch - 1, lane.roots.left))
        compared = check.of_runs(sheet, made, making, samples.data.name)
        return Composed(sheet, self.about, made.sheet, compared, runs=made)

    def _constants(self, table: _Table, making: Making) -> Composed:
        """Errors that NumPy computed with the inputs as built: the first of them are compared with the live ones."""
        sheet, left = table.sheet, table.aside + len(table.runs) + 5
        row = TOP
        for column, title in enumerate(("error of", "live", "NumPy had", "difference"), left):
            sheet.put(HEAD, column, title, HEADER_RIGHT if column > left else HEADER)
        for position, run in enumerate(table.runs):
            samples = replace(run.samples, data=run.samples.built)
            built = {given.name: float(rounded(given.value)) for given in run.plan.inputs}
            errors = making.run(run.plan.lasting(self.epochs), samples.data, built).errors
            for line, epoch in enumerate(table.lines, TOP):
                value = cell_value(float(errors[epoch - 1]))
                table.put(line, position, value if isinstance(value, float) else NONE)
            first = min(run.plan.epochs, EACH, self.epochs)
            had = making.twin(run.plan.lasting(first), samples, built, built).wanted_footer("error")
            for k in range(first):
                there = Cell(run.errors.sheet, run.errors.area.top + k, run.errors.area.left)
                sheet.put(row, left, there.address, Style(color=FAINT))
                mine = sheet.put(row, left + 1, there, Style(number="amount"))
                numpys = sheet.put(row, left + 2, had.constants[k], Style(number="amount"))
                sheet.put(row, left + 3, had.spelled(k, mine, numpys), Style(number="relative", color=FAINT))
                row += 1
        addresses, differences = (sheet.block(TOP, column, row - TOP) for column in (left, left + 3))
        part = Part("first epochs", differences, lambda position: call("index", addresses, position))
        _flag(table, left + 5)
        return Composed(sheet, self.about, compared=Compared(self.name, [part], None, (), samples.data.name))


def _live(runs: Sequence[Picked], epochs: int) -> list[Plan]:
    """The plans of so many epochs whose steps may be formulas; none where these would be too many."""
    plans = []
    for run in runs:
        plan = run.plan
        if plan.discarded or plan.driven_by_numerical or any(s.carry != s.column for s in plan.starts):
            return []
        if plan.orders != runs[0].plan.orders:
            return []  # steps side by side share the samples that they see
        plans.append(compact(plan).lasting(epochs))
    # beside its columns a run has flags, two for each ReLU, and shares the samples with all others
    across = len(runs[0].plan.samples) + sum(len(plan.columns) + 2 + 2 * len(plan.gates) for plan in plans)
    return plans if across * epochs * runs[0].samples.count <= LIVE else []


def _flag(table: _Table, left: int) -> None:
    """Say that constants are NumPy's, and which inputs are no longer those that it had."""
    sheet, samples = table.sheet, table.runs[0].samples
    inputs = [
        (f"{given.label} of {run.title}", run.input(given.name), float(rounded(given.value)))
        for run in table.runs
        for given in run.plan.inputs
    ]
    names, table.end = as_built.names(sheet, TOP, left, inputs, samples)
    said = where(names.equals(NONE), CONSTANT, Text(OTHERS) & call("mid", names, 4, 200) & ".")
    sheet.put(SAID, 1, said, SUBTITLE)
    sheet.marks.append(((SAID, 1), Mark(f'LEFT(A{SAID},{len("Constants:")})<>"Constants:"', 1, 1, FIFTH)))


@dataclass
class _Table:
    """A line per epoch, a column per run; at its right what the chart draws, folded away.

    end: the last of the columns that are folded away.
    """

    sheet: Sheet
    runs: Sequence[Picked]
    lines: Sequence[int]
    end: int = 0

    @property
    def aside(self) -> int:
        """The first of the columns that are folded away: behind the chart."""
        return len(self.runs) + 14

    def head(self) -> None:
        """Titles and epochs."""
        sheet = self.sheet
        sheet.put(HEAD, 1, "epoch", HEADER_RIGHT)
        for position, run in enumerate(self.runs):
            sheet.put(HEAD, self.place(position), run.title, HEADER_RIGHT)
        sheet.heights[HEAD] = 44.0
        sheet.widths |= {1: 8.0, **dict.fromkeys(range(2, 2 + len(self.runs)), 10.5)}
        sheet.fill(TOP, 1, None, [float(epoch) for epoch in self.lines], Style("data", "integer"))

    def place(self, position: int) -> int:
        """The column of a run."""
        return 2 + position

    def put(self, row: int, position: int, content: Value | Expr) -> None:
        """Put an error."""
        self.sheet.put(row, self.place(position), content, Style("error", "small", align="right"))

    def show(self, row: int, position: int, error: Cell) -> None:
        """Put an error that another cell holds."""
        self.sheet.show(row, self.place(position), error, Style("error", "small", align="right"))

    def leads(self) -> None:
        """In each line the run whose error is lowest."""
        sheet, count = self.sheet, len(self.runs)
        column = self.place(count)
        sheet.put(HEAD, column, "lowest", replace(HEADER, indent=1))
        sheet.notes[HEAD, column] = f"lowest\n{LEADS}"
        sheet.widths[column] = 3 + 0.95 * max(len(run.title) for run in self.runs)
        for row, _ in enumerate(self.lines, TOP):
            least = call("smallest", sheet.block(row, self.place(0), 1, count))
            said: Expr = Text(NONE)
            for place in range(self.place(count) - 1, self.place(0) - 1, -1):
                said = where(Cell(sheet, row, place).equals(least), Cell(sheet, HEAD, place, fixed=True), said)
            sheet.put(row, column, said, Style(color=FAINT, indent=1))

    def draw(self) -> None:
        """The chart, and what it draws: an axis of powers of ten has no room for 0 and for what exploded."""
        sheet, samples, left, n = self.sheet, self.runs[0].samples, self.aside, len(self.lines)
        sheet.put(HEAD - 2, left, "what the chart draws", Style(color=FAINT, italic=True))
        sheet.put(EDGE, 1, EDGES, Style(color=FAINT))
        least, most = (
            sheet.put(HEAD - 1, left + i, call("sqrt", samples.scale) * edge, Style(number="small")).absolute
            for i, edge in enumerate((LEAST, MOST))
        )
        epochs = sheet.block(TOP, 1, n).area
        series = []
        for position, (run, color, dash) in enumerate(zip(self.runs, cycle(LINES), cycle(DASHES))):
            sheet.put(HEAD, left + position, run.title, HEADER_RIGHT)
            error = Down(sheet, self.place(position))
            near = where(call("is_number", error), where(error <= most, maximum(error, least), GAP), GAP)
            drawn = sheet.repeat(TOP, left + position, near, n, Style(number="small", color=FAINT))
            series.append(Series(run.title, epochs, drawn.area, color, dash=dash, width=2.0))
        if len(samples.data.inputs) == 1:
            series.append(self._best(samples.data.names[0], left + len(self.runs)))
        column = self.place(len(self.runs)) + 2
        sheet.widths[column - 1] = 2.0
        title = f"{self.lines[-1]:,} epochs"
        errors = ", ".join(dict.fromkeys(run.plan.error.title for run in self.runs))
        wide = sum(sheet.widths[place] * 7 + 5 for place in range(1, column)) + WIDTH
        sheet.printed, sheet.portrait = column + CHART_COLUMNS - 1, wide <= UPRIGHT
        chart = Chart(title, "epoch", errors, series, TOP + 1, column, WIDTH, HEIGHT, x_min=1, x_max=self.lines[-1])
        sheet.charts.append(replace(chart, x_log=True, y_log=True))
        sheet.aside |= {*range(left, max(self.end, left + len(self.runs) + 2) + 1)}

    def _best(self, x: str, left: int) -> Series:
        """The error of the straight line that fits best, where it has one; its squared errors, two points."""
        sheet, samples, n = self.sheet, self.runs[0].samples, self.runs[0].samples.count
        slope, intercept = samples.best("slope"), samples.best("intercept")
        xs, ys = (samples.down(name, TOP) for name in (x, samples.data.target))
        sheet.put(HEAD, left, "best line, e²", HEADER_RIGHT)
        squares = sheet.repeat(TOP, left, (ys - (slope * xs + intercept)) ** 2, n, Style(number="small", color=FAINT))
        error = call("sqrt", call("sum", squares))
        least = call("sqrt", samples.scale) * EXACT
        for row, epoch in enumerate((1, self.lines[-1]), TOP):
            sheet.put(row, left + 1, float(epoch), Style(number="integer", color=FAINT))
            shown = call("if_error", where(error > least, error, GAP), GAP)
            sheet.put(row, left + 2, shown, Style(number="small", color=FAINT))
        x_area, y_area = (sheet.block(TOP, left + i, 2).area for i in (1, 2))
        return Series("best line, held still", x_area, y_area, FAINT, dashed=True)

    def figures(self) -> dict[str, Figure]:
        """The error of a run after so many epochs, and which run is then lowest."""

        def row(epoch: str) -> int:
            return TOP + self.lines.index(int(epoch))

        def error(epoch: str, run: str = self.runs[0].title) -> Cell:
            position = [each.title for each in self.runs].index(run)
            return Cell(self.sheet, row(epoch), self.place(position))

        return {
            "error": error,
            "lowest": lambda epoch: Cell(self.sheet, row(epoch), self.place(len(self.runs))),
            "epochs": lambda: Const(self.lines[-1]),
        }
