"""All steps of a sheet in one unbroken list: live, as NumPy had them, and the difference.

Charts draw from the live part, `check` counts in the differences, and a reader can filter it. The epochs come
first, the discarded passes last.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..language.expr import Const, Expr, Text, call, where
from ..language.reports import GAP, NONE, positive
from ..language.values import Array, Value
from ..parts import losses
from ..workbook.cells import Area
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, LABEL, SECTION, Style, number_format
from . import verdicts
from .data_sheet import Samples
from .differences import COLUMN_OFF, COLUMN_OFF_NOTE, first_off, joined, put_column_off, put_down
from .judging import Judging
from .making import Making
from .step_sheet import StepSheet

HEADER, FIRST_ROW = 5, 6
FIRST_COLUMN = 3
RELATIVE = (
    "differences are relative to NumPy's value; where that is what large numbers leave of each other, to the number in "
    "the formula: rounding alone may be a ten millionth of it"
)
#: the columns of errors by epoch that charts draw, and the factor above the error of predicting 0 left out
CHARTED = {"error": "{}", "compared": "compared", "positive": "{} above 0"}
PLOTTED = 10
#: the largest weight that charts of an exploding run draw
LARGEST = 100.0


@dataclass(frozen=True)
class StepsList:
    """The composed list of one experiment."""

    of: StepSheet
    sheet: Sheet
    names: tuple[str, ...]
    verdict: Cell
    extras: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the list, discarded passes included."""
        return self.of.trace.plan.blocks * self.of.layout.samples

    @property
    def kept(self) -> int:
        """Rows of the epochs."""
        return self.of.trace.plan.epochs * self.of.layout.samples

    def extra(self, name: str, title: str, style: Style) -> int:
        """A further column at the right with its header; a gap before the first."""
        column = max(self.place(3, self.names[0]) - 1, *self.extras.values(), 0) + 1
        self.extras[name] = column
        self.sheet.put(HEADER, column, title, style)
        self.sheet.widths[column] = 10.0
        return column

    @property
    def first(self) -> Cell:
        """The address of the first cell of the sheet that is off, in the order of computation."""
        return Cell(self.sheet, 3, self.extras["first"])

    @property
    def kind(self) -> Cell:
        """The kind of the verdict."""
        return Cell(self.sheet, HEADER - 1, 1)

    @property
    def step(self) -> Cell:
        """The step that the verdict names, or –."""
        return Cell(self.sheet, HEADER - 1, 2)

    @property
    def noise(self) -> Expr | None:
        """How many steps are rounding noise, or None where no derivative is estimated."""
        return call("sum", Block(self.sheet, self.steps_of("noise"))) if "noise" in self.extras else None

    def steps_of(self, extra: str, first: int = 0, count: int | None = None) -> Area:
        """The cells of a further column for the given steps of the epochs."""
        return self.area(self.extras[extra], first, self.kept if count is None else count)

    @property
    def lines(self) -> range:
        """The rows of the list on its sheet."""
        return range(FIRST_ROW, FIRST_ROW + self.rows)

    def place(self, part: int, column: str) -> int:
        """The sheet's column of a plan's column: live (part 0), NumPy's (1) or the difference (2)."""
        return FIRST_COLUMN + part * (len(self.names) + 1) + self.names.index(column)

    def live(self, column: str, first: int = 0, count: int | None = None) -> Area:
        """The live cells of a column for the given steps of the epochs."""
        return self.area(self.place(0, column), first, self.kept if count is None else count)

    def steps(self, first: int = 0, count: int | None = None) -> Area:
        """The numbers of the steps."""
        return self.area(2, first, self.kept if count is None else count)

    def differences(self, column: str) -> Area:
        """The differences of a column in all rows."""
        return self.area(self.place(2, column), 0, self.rows)

    def plotted(self, what: str) -> Area:
        """The errors by epoch as charts draw them: `error`, `compared` with other sheets, `positive` ones."""
        return self.area(self.extras[what], 0, self.of.trace.plan.epochs)

    def target(self, weight: str) -> tuple[Area, Area]:
        """The two points of a weight's target: steps and values."""
        column = self.place(1, self.names[0])
        at = column + 1 + list(self.of.trace.plan.targets).index(weight)
        return Area(self.sheet.name, 2, column, 3, column), Area(self.sheet.name, 2, at, 3, at)

    def area(self, column: int, first: int, count: int) -> Area:
        """So many rows of one column of the list, from the given one on."""
        top = FIRST_ROW + first
        return Area(self.sheet.name, top, column, top + count - 1, column)


def compose(behind: str, of: StepSheet, making: Making, *, log: bool = False) -> StepsList:
    """The list for a sheet. behind: its own name; log: with the helper columns for charts of runs that may explode."""
    name, samples = of.trace.plan.name, making.of(of.experiment.data)
    sheet = Sheet(behind, frozen=(HEADER, 2), repeat_rows=(HEADER, HEADER), tab="#C9D1D9")
    sheet.printed = FIRST_COLUMN + len(of.layout.mirror.order) - 1
    sheet.put(1, 1, f"{name}: every step in one list", SECTION)
    steps = StepsList(of, sheet, of.layout.mirror.order, Cell(of.sheet, *of.verdict))
    _headers(steps)
    bound = verdicts.limit(sheet, 2, samples)
    _live(steps)
    _noise(steps)
    differences = _numpys(steps)
    _targets(steps, samples)
    _plotted(steps, samples, log=log)
    if log:
        _explosion(steps)
    said = _judge(steps, bound, samples)
    _first(steps, making, differences)
    of.sheet.put(steps.verdict.row, steps.verdict.column, said, Style(bold=True))
    return steps


def _judge(steps: StepsList, bound: Cell, samples: Samples) -> Expr:
    """Flags beside the steps, and the run's verdict."""
    of, plan = steps.of, steps.of.trace.plan

    def input_cell(name: str) -> Cell:
        return Cell(of.sheet, *of.layout.cell(name))

    judging = Judging(
        sheet=steps.sheet,
        plan=plan,
        samples=samples,
        titles=HEADER,
        top=FIRST_ROW,
        left=max(steps.extras.values()) + 1,
        number=2,
        column=lambda name: steps.place(0, name),
        before=lambda weight: Down(steps.sheet, steps.place(0, weight)),
        typed=[input_cell(given.name) for given in plan.inputs],
        input=input_cell,
    )
    steps.extras["flags"] = judging.right
    kind, errors = (steps.kind.row, steps.kind.column), Block(steps.sheet, steps.plotted("error"))
    return judging.judge(bound, kind, errors, of.layout, of.sheet)[0]


def _headers(steps: StepsList) -> None:
    sheet, plan = steps.sheet, steps.of.trace.plan
    captions = (f"live, from the sheet {plan.name}", "as NumPy computed them", "difference")
    for part, caption in enumerate(captions):
        sheet.put(HEADER - 1, steps.place(part, steps.names[0]), caption, Style(color=FAINT, italic=True))
        for name in steps.names:
            column, at = plan.column(name), steps.place(part, name)
            sheet.put(HEADER, at, column.title, Style(column.role, header=True, bold=True, align="right"))
            sheet.widths[at] = 10.0
        sheet.widths[steps.place(part, steps.names[-1]) + 1] = 2.0
    sheet.put(3, 3, RELATIVE, Style(color=FAINT))
    sheet.put(3, steps.place(2, steps.names[0]) - 1, "first off in step", LABEL)
    for at, title in ((1, "epoch"), (2, "step")):
        sheet.put(HEADER, at, title, Style("data", header=True, bold=True, align="right"))
        sheet.widths[at] = 8.0


def _live(steps: StepsList) -> None:
    """The numbers of the steps, and each column as the sheet has it."""
    plan, layout, sheet = steps.of.trace.plan, steps.of.layout, steps.sheet
    epochs: list[Value] = []
    for block in range(plan.blocks):
        epochs += [float(block + 1) if block < plan.epochs else f"pass {block - plan.epochs + 1}"] * layout.samples
    numbers: list[Value] = [float(k + 1) if k < steps.kept else "" for k in range(steps.rows)]
    for column, values in ((1, epochs), (2, numbers)):
        sheet.fill(FIRST_ROW, column, None, values, Style("data", "integer"))
    for name in steps.names:
        of = plan.column(name)
        style, place = Style(of.role, number_format(of.role, small=of.small, given=of.format)), steps.place(0, name)
        for block in range(plan.blocks):
            top = FIRST_ROW + block * layout.samples
            there = Down(steps.of.sheet, layout.columns[name], layout.row(block) - top)
            sheet.repeat(top, place, there, layout.samples, style)


def _numpys(steps: StepsList) -> list[Array]:
    """NumPy's values, and the differences of the live ones from them; returns the differences of each column."""
    kept = np.arange(steps.rows) < steps.kept
    noisy = kept.copy()
    if "noise" in steps.extras:
        noisy &= steps.sheet.down(steps.extras["noise"], FIRST_ROW, steps.rows) == 1
    estimated = steps.of.trace.plan.numerical if "noise" in steps.extras else ()
    nowhere = np.zeros(steps.rows, bool)
    return [_numpy(steps, n, *((kept, noisy) if n in estimated else (nowhere, nowhere))) for n in steps.names]


def _numpy(steps: StepsList, name: str, guarded: NDArray[np.bool_], noisy: NDArray[np.bool_]) -> Array:
    """One column of them; what is left of the last bits of noise is not worth counting.

    guarded: where it may be noise. noisy: where it is.
    """
    sheet, column = steps.sheet, steps.of.trace.plan.column(name)
    (wanted,), stretches = joined([steps.of.twin.wanted(name)], guarded, noisy)
    mine, theirs, gap = (steps.place(part, name) for part in range(3))
    look = Style(number=number_format(column.role, small=column.small, given=column.format))
    sheet.fill(FIRST_ROW, theirs, None, wanted.constants, look)
    values = np.where(noisy, 0.0, wanted.differences(steps.of.trace.rows[name].ravel()))

    def spell(k: int) -> Expr:
        spelled = wanted.spelled(k, Down(sheet, mine), Down(sheet, theirs))
        return where(Down(sheet, steps.extras["noise"]).equals(1), 0, spelled) if guarded[k] else spelled

    put_down(sheet, FIRST_ROW, gap, stretches, spell, values, Style(number="relative", color=FAINT))
    return values


def _first(steps: StepsList, making: Making, differences: list[Array]) -> None:
    """Beside each step the number of its first column that is off; above them the address of the first cell."""
    sheet, plan, layout = steps.sheet, steps.of.trace.plan, steps.of.layout
    steps.extras["texts"] = max(steps.extras.values()) + 3  # room for what stands above the columns before
    column = steps.extra("first", COLUMN_OFF, _HELPER)
    sheet.notes[HEADER, column] = COLUMN_OFF_NOTE
    sheet.put(1, column + 1, "tolerance", Style(color=FAINT))
    limit = making.copied_tolerance(sheet, 1, column)
    order = [steps.names.index(c.name) for c in plan.columns]
    gaps = [Down(sheet, steps.place(2, c.name)) for c in plan.columns]
    ordered = [differences[i] for i in order]
    numbers = [i + 1 for i in order]
    flags = put_column_off(sheet, FIRST_ROW, column, [(0, steps.rows)], numbers, lambda _: gaps, ordered, limit)
    passes = steps.rows - steps.kept
    above = [steps.place(2, name) for name in steps.names]
    places = [layout.columns[name] for name in steps.names]
    step, letters = first_off(sheet, flags, 3, above, places, before=passes)
    sheet.put(2, column + 1, "the first step that is off", Style(color=FAINT))
    at = sheet.put(2, column, step, Style("data", "integer"))
    position = where(at < 0, at + steps.rows, at - 1) if passes else at - 1
    sample = call("mod", position, layout.samples)
    row = Const(layout.row(0)) + (position - sample) / layout.samples * layout.height + sample
    address = Text(f"{plan.name}!") & letters & row
    sheet.put(3, column, where(at.equals(0), NONE, address), Style("data", bold=True, align="right"))
    sheet.put(3, column + 1, "its first cell that is off", Style(color=FAINT))


def _noise(steps: StepsList) -> None:
    """A 1 in each step from the first on whose numerical derivatives are rounding noise."""
    plan = steps.of.trace.plan
    if not plan.numerical:
        return
    sheet, column = steps.sheet, steps.extra("noise", "noise", _HELPER)
    sheet.put(1, column - 1, "limit", LABEL)
    h, loss = Cell(steps.of.sheet, *steps.of.layout.cell("h")), Down(sheet, steps.place(0, plan.loss))
    limit = verdicts.noise_times(h) if plan.other else verdicts.noise_bound(h)
    bound = sheet.put(1, column, limit, Style(number="amount")).absolute
    above = "above this times its derivative h is" if plan.other else "above this h is"
    said = f"{above} below the last digits of {plan.column(plan.loss).title}: differences count 0"
    sheet.put(1, column + 1, said, Style(color=FAINT))
    noise = verdicts.above(loss, bound)
    if plan.other:
        steep = [call("abs", Down(sheet, steps.place(0, name))) for name in plan.steepness]
        noise = call("if_error", verdicts.above(call("abs", loss), bound * call("largest", *steep)), 1)
    sheet.stay(FIRST_ROW, column, noise, 0, steps.kept, Style("data", "integer"))


def _targets(steps: StepsList, samples: Samples) -> None:
    """Two points per weight that least squares determines: a level line for the charts."""
    sheet, left = steps.sheet, steps.place(1, steps.names[0])
    if not steps.of.trace.plan.targets:
        return
    sheet.put(1, left, "targets, for the charts", Style(color=FAINT, italic=True))
    for row, step in ((2, 1), (3, steps.kept)):
        sheet.put(row, left, float(step), Style("data", "integer"))
        for i, fit in enumerate(steps.of.trace.plan.targets.values(), 1):
            sheet.put(row, left + i, samples.best(fit), Style("data", "weight"))


def _plotted(steps: StepsList, samples: Samples, *, log: bool) -> None:
    """The errors by epoch as charts draw them: #N/A leaves a gap, in Excel too, where another error may not.

    Where sheets are compared, an error that has exploded is left out as well: it would flatten all others.
    """
    of, sheet = steps.of, steps.sheet
    gap = max(steps.place(3, steps.names[0]) - 1, *steps.extras.values(), 0) + 1
    sheet.widths[gap] = 2.0
    steps.extras["gap"] = gap
    left = gap + 1
    sheet.put(HEADER - 1, left, "errors for the charts", Style(color=FAINT, italic=True))
    sheet.put(2, left, "at most", LABEL)
    bound = sheet.put(2, left + 1, call("sqrt", samples.scale) * PLOTTED, Style(number="amount")).absolute
    sheet.put(2, left + 2, "in comparisons: ten times the error of predicting 0", Style(color=FAINT))
    area = of.by_epoch("error")
    error = Down(of.sheet, area.left, area.top - FIRST_ROW)
    root = Down(of.sheet, of.by_epoch(losses.ROOT_BESIDE).left, error.offset) if of.trace.plan.other else error
    shown = {
        "error": where(call("is_number", error), error, GAP),
        "compared": where(call("is_number", root), where(call("and", root > 0, root <= bound), root, GAP), GAP),
    }
    if log or of.trace.plan.other:
        shown["positive"] = positive(error)
    for what, spelled in shown.items():
        column = steps.extra(
            what, CHARTED[what].format(of.trace.plan.error.title), Style("error", header=True, bold=True, align="right")
        )
        sheet.repeat(FIRST_ROW, column, spelled, area.bottom - area.top + 1, Style("error", "amount"))


def _explosion(steps: StepsList) -> None:
    """By step, for charts that an explosion does not flatten: what a logarithmic axis shows, small weights."""
    sheet, plan = steps.sheet, steps.of.trace.plan
    derivatives = [plan.of(plan.charted, kind) for kind in ("estimate", "analytic")]
    logged = ["err", *(name for name in derivatives if name)]
    for name in (*logged, *plan.weights, *(t for t in plan.targets if t not in plan.weights)):
        title, value = plan.column(name).title, Down(sheet, steps.place(0, name))
        head = Style("watch", header=True, align="right")
        column = steps.extra(f"charted {name}", f"|{title}|" if name in logged else title, head)
        if name in logged:
            shown = positive(call("abs", value))
        else:
            shown = where(call("is_number", value), where(call("abs", value) <= LARGEST, value, GAP), GAP)
        sheet.repeat(FIRST_ROW, column, shown, steps.kept, Style("watch", "amount"))


_HELPER = Style("data", header=True, bold=True, align="right")
