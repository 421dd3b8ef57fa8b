"""All steps of a sheet in one unbroken list: live, as NumPy had them, and the difference.

Charts draw from the live part, `check` counts in the differences, and a reader can filter it. The epochs come
first, the discarded passes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..expr import Expr, Here, Param
from . import verdicts
from .cells import Area, Formula, a1, column_letters, quoted
from .differences import COLUMN_OFF, COLUMN_OFF_NOTE, NOWHERE, first_of_row, first_off, tolerance
from .layout import BEST_FIT
from .live import Live, Range, call, constant, live, live_range, log10, text
from .making import Making
from .sheet import Reference, Sheet
from .step_sheet import StepSheet
from .style import FAINT, LABEL, SECTION, Style, number_format
from .verdicts import Samples

HEADER, FIRST_ROW = 5, 6
FIRST_COLUMN = 3
RELATIVE = (
    "differences are relative to NumPy's value; where that is what large numbers leave of each other, to the number in "
    "the formula: rounding alone may be a ten millionth of it"
)
#: the columns of errors by epoch that charts draw, and the factor above the error of predicting 0 left out
CHARTED = {"error": "√Σe²", "rmse": "RMSE", "compared": "compared", "log": "log10 √Σe²"}
PLOTTED = 10
#: the largest weight that charts of an exploding run draw
LARGEST = 100.0


@dataclass(frozen=True)
class StepsList:
    """The composed list of one experiment."""

    of: StepSheet
    sheet: Sheet
    names: tuple[str, ...]
    verdict: Reference
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
    def first(self) -> Live:
        """The address of the first cell of the sheet that is off, in the order of computation."""
        return live(self.sheet, (3, self.extras["first"]))

    @property
    def noise(self) -> Live | None:
        """How many steps are rounding noise: a reference, or None where no derivative is estimated."""
        if "noise" not in self.extras:
            return None
        return call("SUM", live_range(self.sheet, self.steps_of("noise")))

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
        """The errors by epoch as charts draw them: `error`, `rmse`, `compared` with other sheets, or `log`."""
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


def compose(of: StepSheet, making: Making, *, log: bool = False) -> StepsList:
    """The list for a sheet. log: with the helper columns for charts of runs that may explode."""
    name, samples = of.trace.plan.name, making.samples
    sheet = Sheet(_title(name), frozen=(HEADER, 2), repeat_rows=(HEADER, HEADER), tab="#C9D1D9")
    sheet.printed = FIRST_COLUMN + len(of.layout.mirror.order) - 1
    sheet.put(1, 1, f"{name}: every step in one list", SECTION)
    steps = StepsList(of, sheet, of.layout.mirror.order, Reference(name, 2, of.epoch_table[1] + 1))
    _headers(steps)
    bound = verdicts.limit(sheet, 2, samples)
    exploded = _flags(steps, bound)
    _noise(steps)
    _rows(steps)
    _targets(steps, samples.sheet)
    dead = _dead(steps, samples)
    _plotted(steps, samples, log=log)
    if log:
        _explosion(steps)
    _first(steps, making)
    of.sheet.put(2, of.epoch_table[1], "verdict", Style(color=FAINT, valign="bottom"))
    errors = of.by_epoch("error")
    lives = [live(of.sheet, (row, errors.left), home=name) for row in range(errors.top, errors.bottom + 1)]
    sheet.put(3, 1, verdicts.NO_NUMBER, LABEL)
    inputs = [live(of.sheet, of.layout.cell(given.name)) for given in of.trace.plan.inputs]
    lacks = live(sheet, sheet.put(3, 2, verdicts.lacking(inputs, samples).formula, Style(color=FAINT)))
    found = verdicts.verdict(lives, exploded, dead, samples, lacks)
    of.sheet.put(steps.verdict.row, steps.verdict.column, found.formula, Style(bold=True, valign="bottom"))
    return steps


def _title(name: str) -> str:
    """The list's own name; a sheet's may have 31 characters, so long ones are shortened."""
    title = f"{name} steps"
    for long, short in ((" neuron", "n"), ("collapse", "coll.")):
        title = title if len(title) <= 31 else title.replace(long, short)
    return title[-31:].strip()


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


def _rows(steps: StepsList) -> None:
    """Step numbers and the three parts, a row per step."""
    plan, layout, cells = steps.of.trace.plan, steps.of.layout, steps.sheet.cells
    whole, gap_style = Style("data", "integer"), Style(number="relative", color=FAINT)
    sources = [layout.row(*divmod(k, layout.samples)) for k in range(steps.rows)]
    noise = column_letters(steps.extras["noise"]) if "noise" in steps.extras else ""
    noisy = live_range(steps.sheet, steps.steps_of("noise")).values.tolist() if noise else []
    for k, row in enumerate(steps.lines):
        block = k // layout.samples
        cells[row, 1] = (float(block + 1) if block < plan.epochs else f"reset {block - plan.epochs + 1}", whole)
        cells[row, 2] = (float(k + 1) if k < steps.kept else "", whole)
    for name in steps.names:
        column = plan.column(name)
        number = number_format(column.role, small=column.small)
        style, plain = Style(column.role, number), Style(number=number)
        places = [steps.place(part, name) for part in range(3)]
        mine, theirs = map(column_letters, places[:2])
        source = f"{quoted(plan.name)}!{column_letters(layout.columns[name])}"
        now = steps.of.trace.rows[name].ravel().tolist()
        wanted = steps.of.twin.wanted(name)
        for k, row in enumerate(steps.lines):
            spelled, value = wanted[k].spelled(f"{mine}{row}", f"{theirs}{row}"), wanted[k].difference(now[k])
            if (
                noise and name in plan.estimated and k < steps.kept
            ):  # what is left of the last bits of noise is not worth counting
                spelled, value = f"IF({noise}{row}=1,0,{spelled})", 0.0 if noisy[k] else value
            cells[row, places[0]] = (Formula(f"{source}{sources[k]}", now[k]), style)
            cells[row, places[1]] = (wanted[k].value, plain)
            cells[row, places[2]] = (Formula(spelled, value), gap_style)


def _first(steps: StepsList, making: Making) -> None:
    """Beside each step the number of its first column that is off; above them the address of the first cell."""
    sheet, plan, layout = steps.sheet, steps.of.trace.plan, steps.of.layout
    steps.extras["texts"] = max(steps.extras.values()) + 3  # room for what stands above the columns before
    column = steps.extra("first", COLUMN_OFF, _HELPER)
    sheet.notes[HEADER, column] = COLUMN_OFF_NOTE
    sheet.put(1, column + 1, "tolerance", Style(color=FAINT))
    limit = tolerance(sheet, 1, column, making.tolerance)
    numbers = {name: i for i, name in enumerate(steps.names, 1)}
    for line in steps.lines:
        differences = {c.name: live(sheet, (line, steps.place(2, c.name)), home=sheet.name) for c in plan.columns}
        cells = [(numbers[name], cell.text, cell.number) for name, cell in differences.items()]
        sheet.put(line, column, first_of_row(cells, limit), Style("data", "integer", color=FAINT))
    passes = steps.rows - steps.kept
    gaps = [steps.place(2, name) for name in steps.names]
    places = [layout.columns[name] for name in steps.names]
    step, letters = first_off(sheet, steps.area(column, 0, steps.rows), 3, gaps, places, before=passes)
    sheet.put(2, column + 1, "the first step that is off", Style(color=FAINT))
    at = live(sheet, sheet.put(2, column, step.formula, Style("data", "integer")), home=sheet.name)
    position = call("IF", at < 0, at + float(steps.rows), at - 1) if passes else at - 1
    sample = call("MOD", position, layout.samples)
    row = constant(layout.row(0)) + (position - sample) / layout.samples * layout.height + sample
    address = text(f"{plan.name}!") & letters & row
    sheet.put(3, column, call("IF", at.equals(0), NOWHERE, address).formula, Style("data", bold=True, align="right"))
    sheet.put(3, column + 1, "its first cell that is off", Style(color=FAINT))


def _flags(steps: StepsList, bound: Live) -> Range:
    """A 1 in each step of the epochs whose error has exploded."""
    column = steps.extra("exploded", "exploded", _HELPER)
    for row, error in _errors(steps, "err"):
        steps.sheet.put(row, column, verdicts.above(error, bound).formula, Style("data", "integer"))
    return live_range(steps.sheet, steps.steps_of("exploded"))


def _errors(steps: StepsList, column: str) -> Iterator[tuple[int, Live]]:
    """Each row of the epochs with a reference to its error in that column, which may still be empty."""
    place = steps.place(0, column)
    values = steps.of.trace[column].ravel().tolist()
    for row, value in zip(steps.lines, values, strict=False):
        yield row, Live(a1(row, place), value)


def _noise(steps: StepsList) -> None:
    """A 1 in each step from the first on whose estimated derivatives are rounding noise."""
    if not steps.of.trace.plan.estimated:
        return
    sheet, column = steps.sheet, steps.extra("noise", "noise", _HELPER)
    h = live(steps.of.sheet, steps.of.layout.cell("h"))
    sheet.put(1, column - 1, "limit", LABEL)
    at = sheet.put(1, column, verdicts.noise_bound(h).formula, Style(number="amount"))
    sheet.put(1, column + 1, "above this h is below the last digits of err²: differences count 0", Style(color=FAINT))
    bound = live(sheet, at, home=sheet.name, fixed=True)
    before: Live | None = None
    for row, error in _errors(steps, steps.of.trace.plan.loss):
        flag = verdicts.above(error, bound)
        flag = flag if before is None else call("IF", before.equals(1), 1, flag)
        sheet.put(row, column, flag.formula, Style("data", "integer"))
        before = live(sheet, (row, column), home=sheet.name)


def _dead(steps: StepsList, samples: Samples) -> list[Live]:
    """For each ReLU since when it is dead: put above a column of the steps that still reach its weights."""
    plan, sheet, found = steps.of.trace.plan, steps.sheet, []

    def at(row: int, name: str) -> Live:
        return live(sheet, (row, steps.place(0, name)), home=sheet.name)

    def last(leaf: Expr) -> Live:
        if isinstance(leaf, Param):
            return live(steps.of.sheet, steps.of.layout.cell(leaf.name))
        assert isinstance(leaf, Here), leaf
        return at(steps.lines[steps.kept - 1], leaf.column)

    for gate, weights in plan.gates.items():
        title, flags, after = plan.column(gate).title, f"alive {gate}", f"open {gate}"
        column = steps.extra(flags, f"{title} alive", _HELPER)
        for row in steps.lines[: steps.kept]:
            moves = [(at(row, w), at(row, f"new_{w}")) for w in weights]
            flag = verdicts.alive(live(sheet, (row, 2), home=sheet.name), at(row, gate), moves)
            sheet.put(row, column, flag.formula, Style("data", "integer"))

        place = steps.extra(after, f"{title} open", _HELPER)
        first = steps.kept - samples.count
        for row, flag in zip(steps.lines[first:], verdicts.opened(plan, gate, last, samples), strict=False):
            sheet.put(row, place, flag.formula, Style("data", "integer"))
        alive, opens = (live_range(sheet, steps.steps_of(name), home=sheet.name) for name in (flags, after))
        sheet.put(3, column - 1, "dead since", LABEL)
        look = Style("data", "integer", bold=True, align="right")
        found.append(live(sheet, sheet.put(3, column, verdicts.dead(alive, opens).formula, look)))
    return found


def _targets(steps: StepsList, data: Sheet) -> None:
    """Two points per weight that least squares determines: a level line for the charts."""
    sheet, left = steps.sheet, steps.place(1, steps.names[0])
    if not steps.of.trace.plan.targets:
        return
    sheet.put(1, left, "targets, for the charts", Style(color=FAINT, italic=True))
    for row, step in ((2, 1), (3, steps.kept)):
        sheet.put(row, left, float(step), Style("data", "integer"))
        for i, fit in enumerate(steps.of.trace.plan.targets.values(), 1):
            sheet.put(row, left + i, live(data, BEST_FIT[fit]).formula, Style("data", "weight"))


def _plotted(steps: StepsList, samples: Samples, *, log: bool) -> None:
    """The errors by epoch as charts draw them: #N/A leaves a gap, in Excel too, where another error may not.

    Where sheets are compared, an error that has exploded is left out as well: it would flatten all others.
    """
    of, sheet = steps.of, steps.sheet
    gap = max(steps.extras.values()) + 1
    sheet.widths[gap] = 2.0
    steps.extras["gap"] = gap
    left = gap + 1
    sheet.put(HEADER - 1, left, "errors for the charts", Style(color=FAINT, italic=True))
    sheet.put(2, left, "at most", LABEL)
    limit = sheet.put(2, left + 1, (call("SQRT", samples.scale) * PLOTTED).formula, Style(number="amount"))
    sheet.put(2, left + 2, "in comparisons: ten times the error of predicting 0", Style(color=FAINT))
    bound = live(sheet, limit, home=sheet.name, fixed=True)
    for what, title in CHARTED.items():
        if what == "log" and not log:
            continue
        column = steps.extra(what, title, Style("error", header=True, bold=True, align="right"))
        area = of.by_epoch("rmse" if what == "rmse" else "error")
        for k, row in enumerate(range(area.top, area.bottom + 1)):
            error = live(of.sheet, (row, area.left))
            if what == "log":
                shown = log10(error)
            else:
                near = call("IF", error <= bound, error, call("NA")) if what == "compared" else error
                shown = call("IF", call("ISNUMBER", error), near, call("NA"))
            sheet.put(FIRST_ROW + k, column, shown.formula, Style("error", "amount"))


def _explosion(steps: StepsList) -> None:
    """By step, for charts that an explosion does not flatten: logarithms, and weights while they are small."""
    sheet, plan = steps.sheet, steps.of.trace.plan
    derivatives = [plan.of(plan.charted, kind) for kind in ("estimate", "analytic")]
    logged = ["err", *(name for name in derivatives if name)]
    for name in (*logged, *plan.weights, *(t for t in plan.targets if t not in plan.weights)):
        title = plan.column(name).title
        column = steps.extra(
            f"charted {name}", f"log10 {title}" if name in logged else title, Style("watch", header=True, align="right")
        )
        for row in steps.lines[: steps.kept]:
            value = live(sheet, (row, steps.place(0, name)), home=sheet.name)
            if name in logged:
                shown = log10(call("ABS", value))
            else:
                small = call("IF", call("ABS", value) <= LARGEST, value, call("NA"))
                shown = call("IF", call("ISNUMBER", value), small, call("NA"))
            sheet.put(row, column, shown.formula, Style("watch", "amount"))


_HELPER = Style("data", header=True, bold=True, align="right")
