"""All steps of a sheet in one unbroken list: live, as NumPy had them, and the difference.

Charts draw from the live part, `check` counts in the differences, and a reader can filter it. The epochs come
first, the discarded passes last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..evaluate import Array
from ..verdict import EXACT, EXPLODED, SETTLED
from .cells import Area, Formula, cached, column_letters, quoted
from .layout import BEST_FIT, FIRST_DATA
from .live import Live, Range, call, constant, live, live_range, text
from .sheet import Reference, Sheet
from .step_sheet import StepSheet
from .style import FAINT, LABEL, SECTION, Style, number_format

HEADER, FIRST_ROW = 5, 6
FIRST_COLUMN = 3
#: differences are relative, but never to less than this
FLOOR = 1e-6
#: and rounded to so many decimals: what is left of a last bit is not worth an address
DIGITS = 10
#: the columns of errors that charts draw, and the factor above the error of predicting 0 that is left out
CHARTED = {"error": "√Σe²", "rmse": "RMSE", "compared": "compared"}
PLOTTED = 10


@dataclass(frozen=True)
class StepsList:
    """The composed list of one experiment."""

    of: StepSheet
    sheet: Sheet
    names: tuple[str, ...]
    verdict: Reference

    @property
    def rows(self) -> int:
        """Rows of the list, discarded passes included."""
        return self.of.trace.plan.blocks * self.of.layout.samples

    @property
    def kept(self) -> int:
        """Rows of the epochs."""
        return self.of.trace.plan.epochs * self.of.layout.samples

    @property
    def flags(self) -> int:
        """The sheet's column that marks exploded steps."""
        return self.place(3, self.names[0])

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
        """The errors by epoch as charts draw them: `error`, `rmse`, or `compared` with other sheets."""
        return self.area(self.flags + 2 + list(CHARTED).index(what), 0, self.of.trace.plan.epochs)

    def target(self, weight: str) -> tuple[Area, Area]:
        """The two points of a weight's target: steps and values."""
        column = self.place(2, self.names[0])
        at = column + 1 + list(self.of.trace.plan.targets).index(weight)
        return Area(self.sheet.name, 2, column, 3, column), Area(self.sheet.name, 2, at, 3, at)

    def area(self, column: int, first: int, count: int) -> Area:
        """So many rows of one column of the list, from the given one on."""
        top = FIRST_ROW + first
        return Area(self.sheet.name, top, column, top + count - 1, column)


def difference(mine: float, theirs: float | str) -> float:
    """What a cell of the third part shows; an error cell agrees with an error's name."""
    if isinstance(theirs, str):
        return float(math.isfinite(mine))
    return round(abs(mine - theirs) / max(abs(theirs), FLOOR), DIGITS) if math.isfinite(mine) else 1.0


def compose(of: StepSheet, engine: Mapping[str, Array], data: Sheet) -> StepsList:
    """The list for a sheet; engine: column -> the values NumPy had, shape (blocks, samples)."""
    name = of.trace.plan.name
    sheet = Sheet(_title(name), frozen=(HEADER, 2), repeat_rows=(HEADER, HEADER), tab="#C9D1D9")
    sheet.printed = FIRST_COLUMN + len(of.layout.mirror.order) - 1
    sheet.put(1, 1, f"{name}: every step in one list", SECTION)
    steps = StepsList(of, sheet, of.layout.mirror.order, Reference(name, 2, of.epoch_table[1] + 1))
    _headers(steps)
    _rows(steps, engine)
    _targets(steps, data)
    n = of.layout.samples
    ys = live_range(data, Area(data.name, FIRST_DATA, 3, FIRST_DATA + n - 1, 3))
    scale = _limits(steps, ys)
    flagged = _flags(steps)
    _plotted(steps, scale)
    of.sheet.put(2, of.epoch_table[1], "verdict", Style(color=FAINT, valign="bottom"))
    verdict = _verdict(of, flagged, scale, ys)
    of.sheet.put(steps.verdict.row, steps.verdict.column, verdict.formula, Style(bold=True, valign="bottom"))
    return steps


def _title(name: str) -> str:
    """The list's own name: a sheet's may have 31 characters, so a long one loses its first words."""
    words = f"{name} steps".split()
    while len(" ".join(words)) > 31:
        del words[0]
    return " ".join(words)


def _headers(steps: StepsList) -> None:
    sheet, plan = steps.sheet, steps.of.trace.plan
    captions = (f"live, from the sheet {plan.name}", "as NumPy computed them", "relative difference")
    for part, caption in enumerate(captions):
        sheet.put(HEADER - 1, steps.place(part, steps.names[0]), caption, Style(color=FAINT, italic=True))
        for name in steps.names:
            column, at = plan.column(name), steps.place(part, name)
            sheet.put(HEADER, at, column.title, Style(column.role, header=True, bold=True, align="right"))
            sheet.widths[at] = 10.0
        sheet.widths[steps.place(part, steps.names[-1]) + 1] = 2.0
    for at, title in ((1, "epoch"), (2, "step"), (steps.flags, "exploded")):
        sheet.put(HEADER, at, title, Style("data", header=True, bold=True, align="right"))
        sheet.widths[at] = 8.0


def _rows(steps: StepsList, engine: Mapping[str, Array]) -> None:
    """Step numbers and the three parts, a row per step."""
    plan, layout, cells = steps.of.trace.plan, steps.of.layout, steps.sheet.cells
    whole, gap_style = Style("data", "integer"), Style(number="relative", color=FAINT)
    sources = [layout.row(*divmod(k, layout.samples)) for k in range(steps.rows)]
    for k, row in enumerate(steps.lines):
        block = k // layout.samples
        cells[row, 1] = (float(block + 1) if block < plan.epochs else f"reset {block - plan.epochs + 1}", whole)
        cells[row, 2] = (float(k + 1) if k < steps.kept else "", whole)
    for name in steps.names:
        column = plan.column(name)
        number = number_format(column.role, small=column.small)
        style, plain = Style(column.role, number), Style(number=number)
        places = [steps.place(part, name) for part in range(3)]
        mine, theirs, _ = map(column_letters, places)
        source = f"{quoted(plan.name)}!{column_letters(layout.columns[name])}"
        now, then = steps.of.trace.rows[name].ravel().tolist(), engine[name].ravel().tolist()
        for k, row in enumerate(steps.lines):
            wanted = _constant(then[k])
            spelled = (
                f"IF(ISNUMBER({mine}{row}),IF(ISNUMBER({theirs}{row}),"
                f"ROUND(ABS({mine}{row}-{theirs}{row})/MAX(ABS({theirs}{row}),$B$3),{DIGITS}),1),"
                f"IF(ISNUMBER({theirs}{row}),1,0))"
            )
            cells[row, places[0]] = (Formula(f"{source}{sources[k]}", now[k]), style)
            cells[row, places[1]] = (wanted, plain)
            cells[row, places[2]] = (Formula(spelled, difference(now[k], wanted)), gap_style)


def _limits(steps: StepsList, ys: Range) -> Live:
    """The cells that say what counts as exploded and as different; returns Σy²."""
    sheet = steps.sheet
    energy = call("SUMSQ", ys)
    scale = call("IF", energy.equals(0), 1, energy)
    sheet.put(2, 1, "limit", LABEL)
    sheet.put(2, 2, (Live("10^12", EXPLODED**2, 4) * scale).formula, Style(number="amount"))
    sheet.put(2, 3, "a squared error above this counts as exploded: (10⁶)² times Σy²", Style(color=FAINT))
    sheet.put(3, 1, "floor", LABEL)
    sheet.put(3, 2, FLOOR, Style(number="relative"))
    sheet.put(3, 3, "differences are relative to NumPy's value, but never to less than this", Style(color=FAINT))
    return scale


def _flags(steps: StepsList) -> Range:
    """A 1 in each step of the epochs whose error has exploded."""
    sheet, err = steps.sheet, steps.place(0, "err")
    bound = live(sheet, (2, 2), home=sheet.name, fixed=True)
    for row in steps.lines[: steps.kept]:
        value = live(sheet, (row, err), home=sheet.name)
        flag = call("IF", call("ISNUMBER", value), call("IF", value > bound, 1, 0), 1)
        sheet.put(row, steps.flags, flag.formula, Style("data", "integer"))
    return live_range(sheet, steps.area(steps.flags, 0, steps.kept))


def _targets(steps: StepsList, data: Sheet) -> None:
    """Two points per weight that least squares determines: a level line for the charts."""
    sheet, left = steps.sheet, steps.place(2, steps.names[0])
    if not steps.of.trace.plan.targets:
        return
    sheet.put(1, left, "targets, for the charts", Style(color=FAINT, italic=True))
    for row, step in ((2, 1), (3, steps.kept)):
        sheet.put(row, left, float(step), Style("data", "integer"))
        for i, fit in enumerate(steps.of.trace.plan.targets.values(), 1):
            sheet.put(row, left + i, live(data, BEST_FIT[fit]).formula, Style("data", "weight"))


def _constant(value: float) -> float | str:
    """An engine's value as a typed cell: a file keeps 16 digits of a number that is typed."""
    shown = cached(value)
    return shown if isinstance(shown, str) else float(f"{shown:.16G}")


def _plotted(steps: StepsList, scale: Live) -> None:
    """The errors by epoch as charts draw them: #N/A leaves a gap, in Excel too, where another error may not.

    Where sheets are compared, an error that has exploded is left out as well: it would flatten all others.
    """
    of, sheet, left = steps.of, steps.sheet, steps.flags + 2
    sheet.put(HEADER - 1, left, "errors for the charts", Style(color=FAINT, italic=True))
    sheet.put(2, left, "at most", LABEL)
    limit = sheet.put(2, left + 1, (call("SQRT", scale) * PLOTTED).formula, Style(number="amount"))
    sheet.put(2, left + 2, "in comparisons: ten times the error of predicting 0", Style(color=FAINT))
    bound = live(sheet, limit, home=sheet.name, fixed=True)
    for i, (what, title) in enumerate(CHARTED.items()):
        sheet.put(HEADER, left + i, title, Style("error", header=True, bold=True, align="right"))
        sheet.widths[left + i] = 10.0
        area = of.by_epoch("rmse" if what == "rmse" else "error")
        for k, row in enumerate(range(area.top, area.bottom + 1)):
            error = live(of.sheet, (row, area.left))
            near = call("IF", error <= bound, error, call("NA")) if what == "compared" else error
            shown = call("IF", call("ISNUMBER", error), near, call("NA"))
            sheet.put(FIRST_ROW + k, left + i, shown.formula, Style("error", "amount"))


def _verdict(of: StepSheet, flagged: Range, scale: Live, ys: Range) -> Live:
    """The definition of `graddesc_xl.verdict` as a formula."""
    errors = of.by_epoch("error")
    first, last = (live(of.sheet, (row, errors.left), home=of.sheet.name) for row in (errors.top, errors.bottom))
    moving = call("IF", last > first, "getting worse", "still learning")
    if errors.bottom > errors.top:
        before = live(of.sheet, (errors.bottom - 1, errors.left), home=of.sheet.name)
        still = call("ABS", last - before) <= constant(SETTLED) * before
        constant_error = call("SQRT", call("DEVSQ", ys))
        moving = call("IF", still, call("IF", last < constant_error, "settled", "stuck"), moving)
    return call(
        "IF",
        call("SUM", flagged) > 0,
        text("exploded at step ") & call("MATCH", 1, flagged, 0),
        call("IF", last <= constant(EXACT) * call("SQRT", scale), "settled", moving),
    )
