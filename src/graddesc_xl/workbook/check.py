"""The check sheet: live cells against the values NumPy had, counted live, and what the inputs say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..evaluate import Array
from ..trace import Trace
from .cells import Area, column_letters
from .layout import FIRST_DATA
from .live import Live, call, constant, count_above, count_different, live, live_range, text
from .sheet import Reference, Rule, Sheet
from .steps_list import StepsList
from .style import FAINT, HEADER, HEADER_RIGHT, SECTION, SUBTITLE, TITLE, Style

SHEET = "check"
HEAD = 7
TOLERANCE = 1e-9
#: an input is the same if it differs by less than this share
SAME = 1e-12
#: the first of the two columns with the samples that NumPy had
NUMPY_SAMPLES = 14


@dataclass(frozen=True)
class Check:
    """The composed sheet, and where it says what of each sheet."""

    sheet: Sheet
    messages: Mapping[str, Reference]


def _changed(sheet: Sheet, data: Sheet, column: int, numpy: Array) -> Live:
    """How many samples are not those NumPy had, which stand at the right of the table of inputs."""
    at, n = NUMPY_SAMPLES + column - 2, len(numpy)
    sheet.put(HEAD - 1, NUMPY_SAMPLES, "samples NumPy had", SECTION)
    sheet.put(HEAD, at, "x" if column == 2 else "y", HEADER_RIGHT)
    for k, value in enumerate(numpy.tolist()):
        sheet.put(HEAD + 1 + k, at, value)
    theirs = live_range(sheet, Area(SHEET, HEAD + 1, at, HEAD + n, at), home=SHEET)
    mine = live_range(data, Area(data.name, FIRST_DATA, column, FIRST_DATA + n - 1, column))
    return count_different(mine, theirs, SAME)


def compose(lists: Sequence[StepsList], numpy: Mapping[str, Trace], data: Sheet) -> Check:
    """Counts by sheet and column, the inputs NumPy ran with, and one sentence per sheet.

    numpy: experiment -> the run whose values the sheets hold as constants.
    """
    sheet = Sheet(SHEET, frozen=(HEAD, 0), tab="#3A8F5C")
    sheet.put(1, 1, "Does the spreadsheet agree with NumPy?", TITLE)
    sheet.put(2, 1, "Every live cell is compared with the value the NumPy engine computed for it.", SUBTITLE)
    sheet.put(4, 1, "tolerance", Style(color=FAINT))
    tolerance = sheet.put(4, 2, TOLERANCE, Style("input", "relative", box=True))
    sheet.rules[4, 2] = Rule(1e-15, 1.0, "tolerance", "A relative difference: a number from 1e-15 to 1.")
    sheet.put(4, 3, "relative: cells further off than this are counted", Style(color=FAINT))
    sheet.put(HEAD - 1, 1, "by sheet", SECTION)
    for column, (title, right) in enumerate(
        (
            ("sheet", 0),
            ("compared", 1),
            ("cells off", 1),
            ("worst difference", 1),
            ("where", 1),
            ("what it says", 0),
        ),
        1,
    ):
        style = HEADER_RIGHT if right else HEADER
        sheet.put(HEAD, column, title, replace(style, indent=1) if column == 6 else style)
    sheet.widths.update(
        {1: 15, 2: 12, 3: 11, 4: 17, 5: 16, 6: 46, 7: 2.5, 8: 13, 9: 13, 10: 13, 11: 13, 12: 10, 13: 2.5}
    )
    detail = HEAD + len(lists) + 3
    changed = _inputs(sheet, lists, numpy, data)
    sheet.put(detail - 1, 1, "by column", SECTION)
    for column, title in enumerate(("sheet", "column", "compared", "cells off", "worst difference", "where"), 1):
        sheet.put(detail, column, title, HEADER if column < 3 else HEADER_RIGHT)
    row = detail + 1
    messages = {}
    for i, steps in enumerate(lists):
        first = row
        for name in steps.names:
            _column(sheet, row, steps, name, live(sheet, tolerance, home=SHEET, fixed=True))
            row += 1
        messages[steps.of.sheet.name] = _summary(
            sheet, HEAD + 1 + i, steps, (first, row - 1), changed[steps.of.sheet.name]
        )
    return Check(sheet, messages)


def _column(sheet: Sheet, row: int, steps: StepsList, name: str, tolerance: Live) -> None:
    layout, plan = steps.of.layout, steps.of.trace.plan
    differences = live_range(steps.sheet, steps.differences(name))
    sheet.put(row, 1, plan.name, Style(color=FAINT))
    sheet.put(row, 2, plan.column(name).title)
    sheet.put(row, 3, call("COUNT", differences).formula, Style(number="integer"))
    sheet.put(row, 4, count_above(differences, tolerance).formula, Style(number="integer"))
    worst = sheet.put(row, 5, call("MAX", differences).formula, Style(number="relative"))
    position = call("MATCH", live(sheet, worst, home=SHEET), differences, 0) - 1
    block = call("INT", position / layout.samples)
    at = constant(layout.row(0)) + block * layout.height + call("MOD", position, layout.samples)
    letters = column_letters(layout.columns[name])
    where = text(f"{plan.name}!{letters}") & call("TEXT", at, "0")
    any_off = live(sheet, worst, home=SHEET) > 0
    sheet.put(row, 6, call("IF", any_off, where, "–").formula, Style(align="right"))


def _summary(sheet: Sheet, row: int, steps: StepsList, rows: tuple[int, int], changed: Live) -> Reference:
    name = steps.of.sheet.name
    columns = {c: live_range(sheet, Area(SHEET, rows[0], c, rows[1], c), home=SHEET) for c in (3, 4, 5)}
    sheet.put(row, 1, name)
    compared = sheet.put(row, 2, call("SUM", columns[3]).formula, Style(number="integer"))
    off = sheet.put(row, 3, call("SUM", columns[4]).formula, Style(number="integer"))
    worst = sheet.put(row, 4, call("MAX", columns[5]).formula, Style(number="relative"))
    best_row = call("MATCH", live(sheet, worst, home=SHEET), columns[5], 0)
    addresses = Area(SHEET, rows[0], 6, rows[1], 6)
    index = rows[0] + int(float(best_row.value)) - 1
    found = Live(f"INDEX({str(addresses).split('!')[1]},{best_row.text})", live(sheet, (index, 6)).value)
    where = sheet.put(row, 5, found.formula, Style(align="right"))
    here = {k: live(sheet, at, home=SHEET) for k, at in (("n", compared), ("off", off), ("where", where))}
    good = text("agrees with NumPy in ") & here["n"] & " cells"
    bad = here["off"] & " cells differ from NumPy, worst at " & here["where"]
    warned = text("inputs differ from the ones NumPy ran with: ") & call("MID", changed, 3, 200)
    message = call("IF", changed.equals(""), call("IF", here["off"].equals(0), good, bad), warned)
    return sheet.put(row, 6, message.formula, Style(bold=True, indent=1))


def _inputs(sheet: Sheet, lists: Sequence[StepsList], numpy: Mapping[str, Trace], data: Sheet) -> dict[str, Live]:
    """The table of inputs; returns, per sheet, the text `, a, learn` of those that differ."""
    left = 8
    sheet.put(HEAD - 1, left, "inputs", SECTION)
    for i, title in enumerate(("sheet", "input", "now", "NumPy had", "same?")):
        sheet.put(HEAD, left + i, title, HEADER if i < 2 else HEADER_RIGHT)
    row = HEAD + 1

    def line(name: str, label: str, now: Live, had: float) -> Live:
        nonlocal row
        sheet.put(row, left, name, Style(color=FAINT))
        sheet.put(row, left + 1, label)
        sheet.put(row, left + 2, now.formula, Style(number="typed", align="right"))
        sheet.put(row, left + 3, had, Style(number="typed", align="right"))
        here, numpys = (live(sheet, (row, left + i), home=SHEET) for i in (2, 3))
        gap = call("ABS", here - numpys) > constant(SAME) * call("ABS", numpys)
        differs = call("IF", call("ISNUMBER", here), call("IF", gap, "differs", "same"), "differs")
        at = sheet.put(row, left + 4, differs.formula, Style(align="right"))
        row += 1
        return call("IF", live(sheet, at, home=SHEET).equals("differs"), f", {label}", "")

    had = next(iter(numpy.values())).data
    shared = text("")
    for label, at, value in (("const", (1, 3), had.const), ("slope", (2, 3), had.slope)):
        shared = shared & line(data.name, label, live(data, at), value)
    for label, column, values in (("x", 2, had.xs), ("y", 3, had.ys)):
        shared = shared & line(data.name, label, _changed(sheet, data, column, values), 0.0)
    texts = {}
    for steps in lists:
        of = steps.of
        changed = shared
        for given in of.trace.plan.inputs:
            now = live(of.sheet, of.input(given.name))
            changed = changed & line(of.sheet.name, given.label, now, float(numpy[of.sheet.name].inputs[given.name]))
        texts[of.sheet.name] = changed
    return texts
