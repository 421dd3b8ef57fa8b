"""The check sheet: live cells against the values NumPy had, counted live, and what the inputs say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..evaluate import Array
from . import singles, steps_list
from .cells import Area, column_letters, plain
from .differences import NOWHERE, TOLERANCE, TOLERANCE_AT
from .layout import FIRST_DATA
from .live import Live, Range, call, constant, live, live_range, text
from .making import Making, Typed, sentence
from .runs_sheet import RunLane, RunsSheet
from .sheet import Reference, Rule, Sheet
from .steps_list import StepsList
from .style import FAINT, HEADER, HEADER_RIGHT, SECTION, SUBTITLE, TITLE, Style

SHEET = TOLERANCE_AT.sheet
HEAD = 7
#: an input is the same if it differs by less than this share
SAME = 1e-12
#: the first of the two columns with the samples that NumPy had
NUMPY_SAMPLES = 14
DIFFERS = "differs"
#: what the cells beside the steps are called
BESIDE = "starts, totals"
#: what the tolerance is, in the lines beside it
EXPLAINED = (
    "A cell is off if it differs from NumPy's value by more than this share of it; what large numbers leave of each",
    "other, if by more than rounding can do to it: 64 last digits of those numbers, and what the run makes of them.",
    "Noise: from that step on rounding decides what the estimates are, and nothing that follows from them is compared.",
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
    differences: Range
    where: Callable[[Live], Live]
    noise: Live | None = None
    run: RunSteps | None = None


@dataclass(frozen=True)
class RunSteps:
    """The steps of a run: for each the number of its first cell that is off, or 0; the address of the first of all."""

    off: Range
    first: Live


@dataclass(frozen=True)
class Compared:
    """A sheet that is compared with NumPy.

    first: the address of the first cell that is off, in the order of computation; None for that of the run that is
    off most. typed: its input cells. noise, steps: how many of its steps are rounding noise, where estimates drive
    it, and how many there are.
    """

    sheet: str
    parts: Sequence[Part]
    first: Live | None
    typed: Sequence[Typed]
    noise: Live | None = None
    steps: int = 0


@dataclass(frozen=True)
class Check:
    """The composed sheet, and where it says what of each sheet."""

    sheet: Sheet
    messages: Mapping[str, Reference]


def of_steps(steps: StepsList, making: Making) -> Compared:
    """A sheet with a row per step, cell by cell."""
    layout, plan = steps.of.layout, steps.of.trace.plan

    def place(name: str) -> Callable[[Live], Live]:
        prefix = text(f"{plan.name}!{column_letters(layout.columns[name])}")

        def where(position: Live) -> Live:
            index = position - 1
            sample = call("MOD", index, layout.samples)
            block = (index - sample) / layout.samples
            return prefix & constant(layout.row(0)) + block * layout.height + sample

        return where

    parts = [
        Part(
            plan.column(n).title,
            live_range(steps.sheet, steps.differences(n)),
            place(n),
            steps.noise if n in plan.estimated else None,
        )
        for n in steps.names
    ]
    beside = singles.put(steps.sheet, steps_list.HEADER, max(steps.extras.values()) + 2, singles.of_steps(steps.of))
    parts.append(Part(BESIDE, beside.differences, beside.where))
    noise = steps.noise if plan.driven_by_estimates else None
    return Compared(plan.name, parts, steps.first, making.typed[plan.name], noise, steps.kept)


def of_runs(front: Sheet, runs: RunsSheet, making: Making) -> Compared:
    """A sheet that shows runs: every step of each, and the error of each epoch."""
    sheet = runs.sheet

    def place(lane: RunLane) -> Callable[[Live], Live]:
        prefix = text(f"{sheet.name}!{column_letters(lane.errors.left)}")
        return lambda position: prefix & position + (lane.errors.top - 1)

    def steps(lane: RunLane) -> RunSteps:
        return RunSteps(live_range(sheet, lane.off), live(sheet, lane.first))

    parts = [
        Part(lane.title, live_range(sheet, lane.difference(sheet)), place(lane), run=steps(lane)) for lane in runs.lanes
    ]
    right = max(column for _, column in sheet.cells)
    beside = singles.put(sheet, runs.lanes[0].lane.head, right + 2, singles.of_runs(front, runs))
    parts.append(Part(BESIDE, beside.differences, beside.where))
    typed = [*making.typed[front.name], *making.typed.get(sheet.name, ())]
    return Compared(front.name, parts, None, typed)


def compose(compared: Sequence[Compared], making: Making, sheets: Mapping[str, Sheet]) -> Check:
    """Counts by sheet and column, the inputs NumPy ran with, and one sentence per sheet.

    sheets: the composed sheets that hold inputs, by name.
    """
    sheet = Sheet(SHEET, frozen=(HEAD, 0), tab="#3A8F5C")
    sheet.put(1, 1, "Does the spreadsheet agree with NumPy?", TITLE)
    sheet.put(2, 1, "Every number that is computed step by step, and what sums it up, against NumPy's.", SUBTITLE)
    sheet.put(4, 1, "tolerance", Style(color=FAINT))
    at, allowed = TOLERANCE_AT, TOLERANCE
    tolerance = sheet.put(at.row, at.column, making.tolerance, Style("input", "relative", box=True))
    limits = f"a number from {plain(allowed.low)} to {plain(allowed.high)}"
    sheet.rules[at.row, at.column] = Rule(
        allowed.low, allowed.high, allowed.label, f"{sentence(allowed.about)}: {limits}."
    )
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
    longest = max(len(c.sheet) for c in compared)
    titles = max(len(part.title) for c in compared for part in c.parts)
    sheet.widths.update({1: max(15, longest), 2: max(12, 0.85 * titles), 3: 11, 4: 17, 5: 12 + 0.9 * longest, 6: 50})
    sheet.widths.update({7: 2.5, 8: max(13, longest), 9: 13, 10: 13, 11: 13, 12: 10, 13: 2.5})
    detail = HEAD + len(compared) + 3
    sheet.repeat_rows = (detail, detail)
    changed = _inputs(sheet, compared, making, sheets)
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
            _part(sheet, row, of, part, live(sheet, tolerance, home=SHEET, fixed=True))
            row += 1
        messages[of.sheet] = _summary(sheet, HEAD + 1 + i, of, (first, row - 1), changed[of.sheet])
    return Check(sheet, messages)


def _part(sheet: Sheet, row: int, of: Compared, part: Part, tolerance: Live) -> None:
    sheet.put(row, 1, of.sheet, Style(color=FAINT))
    sheet.put(row, 2, part.title)
    count, off = call("COUNT", part.differences), call("COUNTIF", part.differences, text(">") & tolerance)
    worst = live(sheet, sheet.put(row, 5, call("MAX", part.differences).formula, Style(number="relative")), home=SHEET)
    where = part.where(call("MATCH", worst, part.differences, 0))
    at = call("IF", worst > tolerance, where, NOWHERE)
    if part.noise is not None:
        count = count - part.noise
    if part.run:
        steps = call("COUNTIF", part.run.off, ">0")
        count, off = call("COUNT", part.run.off) + count, steps + off
        at = call("IF", part.run.first.equals(NOWHERE), at, part.run.first)
    sheet.put(row, 3, count.formula, Style(number="integer"))
    sheet.put(row, 4, off.formula, Style(number="integer"))
    sheet.put(row, 6, at.formula, Style(align="right"))


def _summary(sheet: Sheet, row: int, of: Compared, rows: tuple[int, int], changed: Live) -> Reference:
    columns = {c: live_range(sheet, Area(SHEET, rows[0], c, rows[1], c), home=SHEET) for c in (3, 4, 5, 6)}
    sheet.put(row, 1, of.sheet)
    compared = sheet.put(row, 2, call("SUM", columns[3]).formula, Style(number="integer"))
    off = sheet.put(row, 3, call("SUM", columns[4]).formula, Style(number="integer"))
    sheet.put(row, 4, call("MAX", columns[5]).formula, Style(number="relative"))
    most = call("INDEX", columns[6], call("MATCH", call("MAX", columns[4]), columns[4], 0))
    earliest = most if of.first is None else call("IF", of.first.equals(NOWHERE), most, of.first)
    first = sheet.put(row, 5, earliest.formula, Style(align="right"))
    here = {k: live(sheet, at, home=SHEET) for k, at in (("n", compared), ("off", off), ("first", first))}
    one, many = ("cell", "cells") if of.first else ("step or total", "steps and totals")
    good = text("agrees with NumPy in ") & here["n"] & f" {many}"
    if of.noise is not None:
        begins = constant(of.steps + 1) - of.noise
        good = call("IF", of.noise > 0, good & ", rounding noise from step " & begins, good)
    several = here["off"] & f" {many} differ from NumPy, first at "
    bad = call("IF", here["off"].equals(1), f"1 {one} differs from NumPy: ", several) & here["first"]
    warned = text("inputs differ from the ones NumPy ran with: ") & changed
    message = call("IF", changed.equals(""), call("IF", here["off"].equals(0), good, bad), warned)
    return sheet.put(row, 6, message.formula, Style(bold=True, indent=1))


def _changed(sheet: Sheet, data: Sheet, column: int, numpy: Array) -> Live:
    """How many samples are not those NumPy had, which stand at the right of the table of inputs."""
    at, flags, name = NUMPY_SAMPLES + column - 2, NUMPY_SAMPLES + column, "x" if column == 2 else "y"
    sheet.put(HEAD - 1, NUMPY_SAMPLES, "samples NumPy had", SECTION)
    sheet.put(HEAD, at, name, HEADER_RIGHT)
    sheet.put(HEAD, flags, f"other {name}", replace(HEADER_RIGHT, color=FAINT))
    for k, value in enumerate(numpy.tolist()):
        row = HEAD + 1 + k
        sheet.put(row, at, value)
        mine, theirs = live(data, (FIRST_DATA + k, column)), live(sheet, (row, at), home=SHEET)
        sheet.put(row, flags, _differs(mine, theirs, 1, 0).formula, Style(number="integer", color=FAINT))
    return call("SUM", live_range(sheet, Area(SHEET, HEAD + 1, flags, HEAD + len(numpy), flags), home=SHEET))


def _differs(mine: Live, theirs: Live, yes: float | str, no: float | str) -> Live:
    """One of two answers: whether a cell is not the number that NumPy had."""
    gap = call("ABS", mine - theirs) > constant(SAME) * call("ABS", theirs)
    return call("IF", call("ISNUMBER", mine), call("IF", gap, yes, no), yes)


def _inputs(sheet: Sheet, compared: Sequence[Compared], making: Making, sheets: Mapping[str, Sheet]) -> dict[str, Live]:
    """The table of inputs; returns, per sheet, what its sentence says of those that differ, or "".

    It names them, or, where several bear the same name, says how many differ.
    """
    left = 8
    sheet.put(HEAD - 1, left, "inputs", SECTION)
    for i, title in enumerate(("sheet", "input", "now", "NumPy had", "same?")):
        sheet.put(HEAD, left + i, title, HEADER if i < 2 else HEADER_RIGHT)
    row = HEAD + 1

    def line(name: str, label: str, now: Live, had: float) -> Live:
        """A line of the table; returns its answer."""
        nonlocal row
        sheet.put(row, left, name, Style(color=FAINT))
        sheet.put(row, left + 1, label)
        sheet.put(row, left + 2, now.formula, Style(number="typed", align="right"))
        sheet.put(row, left + 3, had, Style(number="typed", align="right"))
        here, numpys = (live(sheet, (row, left + i), home=SHEET) for i in (2, 3))
        at = sheet.put(row, left + 4, _differs(here, numpys, DIFFERS, "same").formula, Style(align="right"))
        row += 1
        return live(sheet, at, home=SHEET)

    had, data = making.built, making.samples.sheet
    shared = [
        ("const", line(data.name, "const", live(data, (1, 3)), had.const)),
        ("slope", line(data.name, "slope", live(data, (2, 3)), had.slope)),
    ]
    for label, column, values in (("x", 2, had.xs), ("y", 3, had.ys)):
        shared.append((label, line(data.name, label, _changed(sheet, data, column, values), 0.0)))
    texts = {}
    for of in compared:
        top = row
        lines = [
            (typed.label, line(typed.at.sheet, typed.label, live(sheets[typed.at.sheet], typed.at), typed.built))
            for typed in of.typed
        ]
        one_each = len({label for label, _ in lines}) == len(lines)
        named = _names([*shared, *lines] if one_each else shared)
        if not one_each:
            answers = live_range(sheet, Area(SHEET, top, left + 4, row - 1, left + 4), home=SHEET)
            count = call("COUNTIF", answers, DIFFERS)
            named = named & call("IF", count > 0, text(", ") & count & " in its cells", "")
        texts[of.sheet] = call("MID", named, 3, 200)
    return texts


def _names(answers: Sequence[tuple[str, Live]]) -> Live:
    """The names of the inputs that differ, each after a comma."""
    named: Live | None = None
    for label, answer in answers:
        each = call("IF", answer.equals(DIFFERS), f", {label}", "")
        named = each if named is None else named & each
    assert named is not None
    return named
