"""The check sheet: live cells against the values NumPy had, counted live, and what the inputs say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..language.expr import Const, Expr, Text, call, where
from ..language.operators import ROUNDING
from ..language.reports import NONE, joined
from ..parts.data import Line
from ..workbook.cells import column_letters
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, HEADER, HEADER_RIGHT, SECTION, SUBTITLE, TITLE, Style
from . import singles, steps_list
from .data_sheet import CONST, SLOPE, Samples
from .making import Making, Typed
from .runs_sheet import RunLane, RunsSheet
from .steps_list import StepsList

SHEET = "check"
HEAD = 7
#: an input is the same if it differs by less than this share
SAME = 1e-12
#: the first of the two columns with the samples that NumPy had
NUMPY_SAMPLES = 14
DIFFERS = "differs"
COVERED = (
    "What the sheets named here compute, against NumPy's numbers. "
    "graddesc-xl verify computes every cell of every sheet anew."
)
#: what the cells beside the steps are called
BESIDE = "starts, totals"
#: what the tolerance is, in the lines beside it
EXPLAINED = (
    "A cell is off if it differs from NumPy's value by more than this share of it; what large numbers leave of each",
    f"other, if by more than rounding can do to it: {ROUNDING * 2**52:.0f} last digits of those numbers, and what the "
    "run makes of them.",
    "Noise: from that step on rounding decides what numerical derivatives are; what follows from them is not compared.",
)
NOTES = {
    "compared": "How many cells, without those that are noise. Of a run among others: its steps, each with all its "
    "columns, and its errors by epoch.",
    "cells off": "How many of these differ by more than the tolerance. A step of a run among others counts once.",
    "worst difference": "The largest difference, as the lists of steps hold it: relative to NumPy's value, or to a "
    "number of which rounding is the built tolerance. Of a run among others: that of its errors by epoch.",
    "first off": "The first cell that differs, in the order of computation: what follows from it may be further off. "
    "Among many runs: that of the run with the most.",
    "at": "Where the worst difference is. Of a run among others: the first cell that differs.",
}


@dataclass(frozen=True)
class Part:
    """Cells whose differences from NumPy stand in one column: their title, the differences, and where they are.

    where: gives the address of a cell from its position, counted from 1. noise: how many are rounding noise.
    run: for the errors by epoch of a run, its steps.
    """

    title: str
    differences: Block
    where: Callable[[Expr], Expr]
    noise: Expr | None = None
    run: RunSteps | None = None


@dataclass(frozen=True)
class RunSteps:
    """The steps of a run: for each the number of its first cell that is off, or 0; the address of the first of all."""

    off: Block
    first: Expr


@dataclass(frozen=True)
class Compared:
    """A sheet that is compared with NumPy.

    first: the address of the first cell that is off, in the order of computation; None for that of the run that is
    off most. typed: its input cells. data: the name of its data set, if it has one. noise, steps: how many of its
    steps are rounding noise, where numerical derivatives drive it, and how many there are.
    """

    sheet: str
    parts: Sequence[Part]
    first: Expr | None
    typed: Sequence[Typed]
    data: str = ""
    noise: Expr | None = None
    steps: int = 0


@dataclass(frozen=True)
class Check:
    """The composed sheet, and where it says what of each sheet."""

    sheet: Sheet
    messages: Mapping[str, Cell]


def of_steps(steps: StepsList, making: Making) -> Compared:
    """A sheet with a row per step, cell by cell."""
    layout, plan = steps.of.layout, steps.of.trace.plan

    def place(name: str) -> Callable[[Expr], Expr]:
        def address(position: Expr) -> Expr:
            index = position - 1
            sample = call("mod", index, layout.samples)
            block = (index - sample) / layout.samples
            row = Const(layout.row(0)) + block * layout.height + sample
            return Text(f"{plan.name}!{column_letters(layout.columns[name])}") & row

        return address

    parts = [
        Part(
            plan.column(n).title,
            Block(steps.sheet, steps.differences(n)),
            place(n),
            steps.noise if n in plan.numerical else None,
        )
        for n in steps.names
    ]
    beside = singles.put(steps.sheet, steps_list.HEADER, max(steps.extras.values()) + 2, singles.of_steps(steps.of))
    parts.append(Part(BESIDE, beside.differences, beside.where))
    noise = steps.noise if plan.driven_by_numerical else None
    data = steps.of.experiment.data.name
    return Compared(plan.name, parts, steps.first, making.typed[plan.name], data, noise, steps.kept)


def of_runs(front: Sheet, runs: RunsSheet, making: Making, data: str) -> Compared:
    """A sheet that shows runs: every step of each, and the error of each epoch."""
    sheet = runs.sheet

    def place(lane: RunLane) -> Callable[[Expr], Expr]:
        prefix = Text(f"{sheet.name}!{column_letters(lane.errors.left)}")
        return lambda position: prefix & position + (lane.errors.top - 1)

    parts = [Part(lane.title, lane.difference, place(lane), run=RunSteps(lane.off, lane.first)) for lane in runs.lanes]
    right = sheet.extent[1]
    beside = singles.put(sheet, runs.lanes[0].lane.head, right + 2, singles.of_runs(front, runs))
    parts.append(Part(BESIDE, beside.differences, beside.where))
    typed = [*making.typed.get(front.name, ()), *making.typed.get(sheet.name, ())]
    return Compared(front.name, parts, None, typed, data)


def compose(compared: Sequence[Compared], making: Making) -> Check:
    """Counts by sheet and column, the inputs NumPy ran with, and one sentence per sheet."""
    sheet, tolerance = making.check, making.tolerance
    sheet.frozen, sheet.tab = (HEAD, 0), "#3A8F5C"
    sheet.put(1, 1, "Does the spreadsheet agree with NumPy?", TITLE)
    sheet.put(2, 1, COVERED, SUBTITLE)
    sheet.put(4, 1, "tolerance", Style(color=FAINT))
    for row, said in enumerate(EXPLAINED, 3):
        sheet.put(row, 3, said, Style(color=FAINT, indent=1))
    sheet.put(HEAD - 1, 1, "by sheet", SECTION)
    for column, (title, right) in enumerate(
        (
            ("sheet", 0),
            ("compared", 1),
            ("cells off", 1),
            ("worst difference", 1),
            ("first off", 1),
            ("what it says", 0),
        ),
        1,
    ):
        style = HEADER_RIGHT if right else HEADER
        sheet.put(HEAD, column, title, replace(style, indent=1) if column == 6 else style)
        if title in NOTES:
            sheet.notes[HEAD, column] = f"{title}\n{NOTES[title]}"
    longest = max((len(c.sheet) for c in compared), default=0)
    titles = max((len(part.title) for c in compared for part in c.parts), default=0)
    sheet.widths.update({1: max(15, longest), 2: max(12, 0.85 * titles), 3: 11, 4: 17, 5: 12 + 0.9 * longest, 6: 50})
    sheet.widths.update({7: 2.5, 8: max(13, longest), 9: 13, 10: 13, 11: 13, 12: 10, 13: 2.5})
    detail = HEAD + len(compared) + 3
    sheet.printed, sheet.printed_rows = 6, detail - 2
    changed = _inputs(sheet, compared, making)
    sheet.put(detail - 1, 1, "by column or run", SECTION)
    for column, title in enumerate(("sheet", "column", "compared", "cells off", "worst difference", "at"), 1):
        sheet.put(detail, column, title, HEADER if column < 3 else HEADER_RIGHT)
        if title in NOTES:
            sheet.notes[detail, column] = f"{title}\n{NOTES[title]}"
    row = detail + 1
    messages = {}
    for i, of in enumerate(compared):
        first = row
        for part in of.parts:
            _part(sheet, row, of, part, tolerance)
            row += 1
        messages[of.sheet] = _summary(sheet, HEAD + 1 + i, of, (first, row - 1), changed[of.sheet])
    return Check(sheet, messages)


def _part(sheet: Sheet, row: int, of: Compared, part: Part, tolerance: Cell) -> None:
    sheet.put(row, 1, of.sheet, Style(color=FAINT))
    sheet.put(row, 2, part.title)
    count, off = call("count", part.differences), call("count_if", part.differences, Text(">") & tolerance)
    worst = sheet.put(row, 5, call("largest", part.differences), Style(number="relative"))
    at = where(worst > tolerance, part.where(call("match", worst, part.differences, 0)), NONE)
    if part.noise is not None:
        count = count - part.noise
    if part.run:
        count = call("count", part.run.off) + count
        off = call("count_if", part.run.off, ">0") + off
        at = where(part.run.first.equals(NONE), at, part.run.first)
    sheet.put(row, 3, count, Style(number="integer"))
    sheet.put(row, 4, off, Style(number="integer"))
    sheet.put(row, 6, at, Style(align="right"))


def _summary(sheet: Sheet, row: int, of: Compared, rows: tuple[int, int], changed: Expr) -> Cell:
    counts, offs, worsts, firsts = (sheet.block(rows[0], c, rows[1] - rows[0] + 1) for c in (3, 4, 5, 6))
    sheet.put(row, 1, of.sheet)
    compared = sheet.put(row, 2, call("sum", counts), Style(number="integer"))
    off = sheet.put(row, 3, call("sum", offs), Style(number="integer"))
    sheet.put(row, 4, call("largest", worsts), Style(number="relative"))
    most: Expr = Cell(sheet, rows[0], 6)
    if rows[1] > rows[0]:  # Gnumeric finds nothing in a range of one cell
        most = call("index", firsts, call("match", call("largest", offs), offs, 0))
    earliest = most if of.first is None else where(of.first.equals(NONE), most, of.first)
    first = sheet.put(row, 5, earliest, Style(align="right"))
    by_step = any(part.run for part in of.parts)
    one, many = ("step or total", "steps and totals") if by_step else ("cell", "cells")
    good = Text("agrees with NumPy in ") & compared & f" {many}"
    if of.noise is not None:
        begins = Const(of.steps + 1) - of.noise
        good = where(of.noise > 0, good & ", rounding noise from step " & begins, good)
    several = off & f" {many} differ from NumPy, first at "
    bad = where(off.equals(1), f"1 {one} differs from NumPy: ", several) & first
    warned = Text("inputs differ from the ones NumPy ran with: ") & changed
    message = where(changed.equals(""), where(off.equals(0), good, bad), warned)
    return sheet.put(row, 6, message, Style(bold=True, indent=1))


def _changed(sheet: Sheet, samples: Samples, name: str, at: int, flags: int) -> Expr:
    """How many samples are not those NumPy had, which stand at the right of the table of inputs."""
    top = HEAD + 1
    sheet.put(HEAD, at, name, HEADER_RIGHT)
    sheet.put(HEAD, flags, f"other {name}", replace(HEADER_RIGHT, color=FAINT))
    sheet.fill(top, at, None, samples.built.column(name))
    differs = _differs(samples.down(name, top), Down(sheet, at), 1, 0)
    return call("sum", sheet.repeat(top, flags, differs, samples.count, Style(number="integer", color=FAINT)))


def _differs(mine: Expr, theirs: Expr, yes: float | str, no: float | str) -> Expr:
    """One of two answers: whether a cell is not the number that NumPy had."""
    gap = call("abs", mine - theirs) > SAME * call("abs", theirs)
    return where(call("is_number", mine), where(gap, yes, no), yes)


def _inputs(sheet: Sheet, compared: Sequence[Compared], making: Making) -> dict[str, Expr]:
    """The table of inputs; returns, per sheet, what its sentence says of those that differ, or "".

    It names them, or, where several bear the same name, says how many differ.
    """
    left = 8
    sheet.put(HEAD - 1, left, "inputs", SECTION)
    for i, title in enumerate(("sheet", "input", "now", "NumPy had", "same?")):
        sheet.put(HEAD, left + i, title, HEADER if i < 2 else HEADER_RIGHT)
    row = HEAD + 1

    def line(name: str, label: str, now: Expr, had: float) -> Cell:
        """A line of the table; returns its answer."""
        nonlocal row
        sheet.put(row, left, name, Style(color=FAINT))
        sheet.put(row, left + 1, label)
        here = sheet.put(row, left + 2, now, Style(number="typed", align="right"))
        numpys = sheet.put(row, left + 3, had, Style(number="typed", align="right"))
        row += 1
        return sheet.put(row - 1, left + 4, _differs(here, numpys, DIFFERS, "same"), Style(align="right"))

    shared: dict[str, list[tuple[str, Cell]]] = {}
    place = NUMPY_SAMPLES
    for name, samples in making.samples.items():
        data, had = samples.sheet, samples.built
        shared[name] = []
        if isinstance(had.y, Line):
            for label, at, value in (("const", CONST, had.y.const), ("slope", SLOPE, had.y.slope)):
                shared[name].append((label, line(data.name, label, Cell(data, at, 3), value)))
        sheet.put(HEAD - 1, place, "samples NumPy had", SECTION)
        for i, label in enumerate(had.names):
            changed = _changed(sheet, samples, label, place + i, place + len(had.names) + i)
            shared[name].append((label, line(data.name, label, changed, 0.0)))
        place += 2 * len(had.names) + 1
    texts = {}
    for of in compared:
        top = row
        lines = [(typed.label, line(typed.at.sheet.name, typed.label, typed.at, typed.built)) for typed in of.typed]
        one_each = len({label for label, _ in lines}) == len(lines)
        of_data = shared.get(of.data, [])
        named = _names([*of_data, *lines] if one_each else of_data)
        if not one_each:
            count = call("count_if", sheet.block(top, left + 4, row - top), DIFFERS)
            named = named & where(count > 0, Text(", ") & count & " in its cells", "")
        texts[of.sheet] = call("mid", named, 3, 200)
    return texts


def _names(answers: Sequence[tuple[str, Cell]]) -> Expr:
    """The names of the inputs that differ, each after a comma."""
    return joined([where(answer.equals(DIFFERS), f", {label}", "") for label, answer in answers])
