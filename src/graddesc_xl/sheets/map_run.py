"""The run that is picked on a map: its cells to type into, its steps as live formulas, and what both say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..language.expr import Expr, Text, call, maximum, where
from ..language.reports import GAP, NONE
from ..language.values import Array, cell_value, engine_value
from ..numbers.verdict import EXACT, EXPLODED_AT
from ..plan import Input, Plan
from ..settings import rounded
from ..sweeps import Axis
from ..workbook.reference import Cell, Down
from ..workbook.sheet import Chart, Mark, Series
from ..workbook.style import ACCENT, CONTRAST, FAINT, FIFTH, HEADER_RIGHT, INK, LABEL, THIRD, Style
from . import as_built, runs_sheet
from .data_sheet import Samples
from .making import Making
from .map_panels import ERROR, STEP, VERDICT
from .map_places import BESIDE, CONSTANT, HELPER, SAID, TOP, UP, Places, positioned, taken
from .runs_sheet import Run, RunLane, RunsSheet

#: errors of the map and of the live run are the same if they differ by less than this share: a run passes on what
#: rounding does to it, in each program in another way
ALIKE = 1e-6
#: so many inputs stand beside the map, a column of them below one another; others are typed where the steps are
GROUPS, EACH = 3, 7
#: how high the charts are, in pixels
LOW, HIGH = 250, 400
LARGEST = 1e300
CONSTANTS = "The map is constants that NumPy computed; they stay as they are, whatever is typed here. "
OTHERS = f"{CONSTANTS}The live run now has others than the map: "
OTHER_SAMPLES = f"{CONSTANTS}The samples are now others than those of the map: "


def pick(of: Places, plan: Plan, making: Making) -> None:
    """The cells to type into, and the value of the grid that is nearest to each."""
    sheet, left = of.sheet, of.beside
    sheet.widths |= dict(zip(range(left, left + len(BESIDE)), BESIDE, strict=True))
    sheet.put(SAID - 1, left, "pick a run", Style(bold=True, align="right"))
    sheet.put(SAID - 1, left + 1, "type here", Style(color=FAINT, align="right"))
    sheet.put(SAID - 1, left + 2, "in the map", Style(color=FAINT, align="right"))
    for row, axis in enumerate(of.axes, SAID):
        given = next(each for each in plan.inputs if each.name == axis.name)
        low, high = float(axis.values.min()), float(axis.values.max())
        own = Input(
            axis.name,
            _typable(axis, given.value),
            given.label,
            f"{given.about}: the nearest of the map is picked",
            low,
            high,
        )
        of.cells[f"typed {axis.name}"] = making.put(sheet, row, left + 1, own, labelled=True)


def _typable(axis: Axis, value: float) -> float:
    """A value of an axis at as few digits as a person would type to pick it."""
    at = np.log(axis.values) if axis.log else axis.values
    for digits in range(2, 15):
        short = min(max(float(f"{value:.{digits}g}"), float(axis.values[0])), float(axis.values[-1]))
        away = np.abs(at - (np.log(short) if axis.log else short))
        if axis.values[away.argmin()] == value and np.sort(away)[:2].sum() > 4 * away.min():
            return short
    return value


def nearest(of: Places, left: int) -> None:
    """Which values of the axes are nearest to what is typed: the first of two that are as near."""
    sheet = of.sheet
    for row, axis in enumerate(of.axes, SAID):
        upwards = axis is of.up
        column, count = (left, of.rows) if upwards else (left + 2, of.columns)
        of.note(TOP - 2, column, f"how far each {axis.name} is")
        if upwards:
            values: Expr = of.each
        else:
            for i in range(count):
                sheet.put(TOP + i, column, of.value(i), HELPER)
            values = Down(sheet, column)
        away = sheet.repeat(
            TOP, column + 1, _away(axis, of.cells[f"typed {axis.name}"].absolute, values), count, HELPER
        )
        least = call("smallest", away)
        position = sheet.put(TOP - 1, column + 1, positioned(least, away, count), HELPER)
        of.cells[f"position {axis.name}"] = position
        block = of.upwards if upwards else sheet.block(TOP, column, count)
        picked = sheet.put(row, of.beside + 2, taken(block, position, count), Style(number="typed", align="right"))
        of.cells[f"picked {axis.name}"] = picked.absolute


def _away(axis: Axis, typed: Expr, value: Expr) -> Expr:
    """How far a value is from what is typed, in steps of the axis; programs agree on so many decimals."""
    values = axis.values
    if axis.log:
        step = float(np.log(values[-1] / values[0])) / (values.size - 1)
        apart = call("log", typed / value)
    else:
        step = float(values[-1] - values[0]) / max(values.size - 1, 1) or 1.0
        apart = typed - value
    return call("round", call("abs", apart) / float(f"{step:.3g}"), 6)


def others(of: Places, plan: Plan, making: Making) -> dict[str, Cell]:
    """The inputs that the map is not over, as far as there is room for them: name -> its cell."""
    names = [axis.name for axis in of.axes]
    found = {}
    left = of.typed
    rest = [given for given in plan.inputs if given.name not in names][: GROUPS * EACH]
    if rest:
        of.sheet.put(SAID - 1, left + 1, "of the live run", Style(color=FAINT, align="right"))
    for i, given in enumerate(rest):
        row, column = SAID + i % EACH, left + 2 * (i // EACH)
        of.sheet.widths |= {column: 13.0, column + 1: 10.0}
        found[given.name] = making.put(of.sheet, row, column + 1, given, labelled=True)
    return found


def run(of: Places, name: str, plan: Plan, links: Mapping[str, Cell], making: Making, samples: Samples) -> RunsSheet:
    """The steps of the picked run on a sheet of their own."""
    picked = {axis.name: of.cells[f"picked {axis.name}"] for axis in of.axes}
    title = f"The run that is picked on the sheet {of.sheet.name}: every step."
    return runs_sheet.compose(name, title, [Run("the picked run", plan, {**picked, **links})], making, samples)


def says(of: Places, title: str, lane: RunLane | None, differs: Cell, left: int) -> None:
    """What the map says of the picked run, what the live run says, and whether that is the same."""
    sheet, column, row = of.sheet, of.beside, SAID + len(of.axes)
    sheet.put(row, column + 1, "the map says", HEADER_RIGHT)
    sheet.put(row, column + 2, "the live run" if lane else "", HEADER_RIGHT)
    live = _live(lane) if lane else {}
    said = {}
    for line, (name, label) in enumerate(((ERROR, title), (VERDICT, VERDICT), (STEP, "at step"))):
        look = Style(number="small" if name == ERROR else "general", bold=True, align="right")
        if name in of.shows or lane:
            sheet.put(row + 1 + line, column, label, LABEL)
        if lane:
            of.cells[f"live {name}"] = sheet.put(row + 1 + line, column + 2, live[name], look)
        if name in of.shows:
            there = _picked(of, of.shows.index(name), left + line)
            of.cells[f"map {name}"] = sheet.put(row + 1 + line, column + 1, there, look)
            said[name] = of.cells[f"map {name}"], of.cells.get(f"live {name}", of.cells[f"map {name}"])
    if lane:
        sheet.put(row + 4, column, _agree(of, said, differs), Style(bold=True, color=THIRD))
        condition = f'LEFT({_corner(of, row + 4)},{len("Both")})<>"Both"'
        sheet.marks.append(((row + 4, column), Mark(condition, 1, 1, FIFTH)))


def _live(lane: RunLane) -> dict[str, Expr]:
    """What the live run says of itself."""
    error = Cell(lane.off.sheet, lane.errors.bottom, lane.errors.left)
    step = Cell(lane.kind.sheet, lane.kind.row, lane.kind.column + 1)
    return {ERROR: where(call("is_number", error), error, NONE), VERDICT: lane.kind, STEP: step}


def _corner(of: Places, row: int) -> str:
    return Cell(of.sheet, row, of.beside).address.rpartition("!")[2]


def _picked(of: Places, panel: int, left: int) -> Expr:
    """What a panel holds of the picked run: of the picked row first, then of that."""
    up = of.cells[f"position {of.up.name}"].absolute
    if not of.across:
        return taken(of.column(panel, 0), up, of.rows)
    of.note(TOP - 1, left, of.shows[panel])
    for i in range(of.columns):
        of.sheet.put(TOP + i, left, taken(of.column(panel, i), up, of.rows), HELPER)
    row = of.sheet.block(TOP, left, of.columns)
    return taken(row, of.cells[f"position {of.across.name}"], of.columns)


def _agree(of: Places, said: Mapping[str, tuple[Cell, Cell]], differs: Cell) -> Expr:
    """Whether the live run is what the map says, as a sentence."""
    mine, theirs = said[ERROR]
    gap = call("abs", mine - theirs)
    near = gap <= ALIKE * call("abs", mine) + EXACT * of.cells["scale"]
    both = call("and", call("is_number", mine), call("is_number", theirs))
    same = where(both, where(near, 1, 0), where(mine.equals(theirs), 1, 0))
    same = where(said[VERDICT][0].equals(EXPLODED_AT), 1, same)
    alike = [same.equals(1), *(said[name][0].equals(said[name][1]) for name in said if name != ERROR)]
    agree = where(call("and", *alike), "Both say the same.", "They differ: is a cell changed?")
    return where(differs.equals(NONE), agree, "The live run has other inputs or samples.")


def constants(
    of: Places, links: Mapping[str, Cell], lane: RunLane | None, samples: Samples, left: int
) -> tuple[Cell, int]:
    """Say that the map is NumPy's, and which inputs and samples are now others than those it was made with.

    Returns the cell that names these, and the last column of what that is computed from.
    """
    inputs = []
    if lane:
        plan, over = lane.lane.plan, [axis.name for axis in of.axes]
        for given in plan.inputs:
            if given.name not in over:
                typed = links.get(given.name, Cell(lane.off.sheet, *lane.lane.cell(given.name)))
                inputs.append((given.label, typed, float(rounded(given.value))))
    names, end = as_built.names(of.sheet, TOP, left, inputs, samples)
    others = OTHERS if lane else OTHER_SAMPLES
    said = where(names.equals(NONE), CONSTANTS, Text(others) & call("mid", names, 4, 200) & ".")
    of.sheet.put(CONSTANT, UP, said, Style(color=FAINT))
    corner = Cell(of.sheet, CONSTANT, UP).address.rpartition("!")[2]
    of.sheet.marks.append(((CONSTANT, UP), Mark(f'MID({corner},{len(CONSTANTS) + 1},3)="The"', 1, 1, FIFTH)))
    return names, end


def charts(of: Places, title: str, lane: RunLane | None, best: Array, errors: int, left: int) -> int:
    """Error by epoch of the picked run beside the map's best, and the map's errors along an axis; the last column.

    title: of the errors. errors: the column of the errors of the picked row.
    """
    of.note(TOP - 2, left, "what the charts draw")
    wide = sum(round(of.sheet.widths[column] * 7 + 5) for column in range(of.beside, of.beside + len(BESIDE)))
    tall = min(max(_pixels(of, TOP, of.bottom + 1) // 2 - 10, LOW), HIGH)
    row = TOP
    if lane:
        of.sheet.charts.append(replace(_by_epoch(of, title, lane, best, left), width=wide, height=tall))
        while _pixels(of, TOP, row) < tall + 10:
            row += 1
    of.sheet.charts.append(_along(of, title, errors, left + 4, (row, wide, tall)))
    return left + 9


def _by_epoch(of: Places, title: str, lane: RunLane, best: Array, left: int) -> Chart:
    """The error by epoch of the picked run, live, and of the best of the map."""
    sheet, look, n = of.sheet, Style(number="small", color=FAINT), best.size
    for column, head in enumerate(("epoch", "the picked run", "the map's best"), left):
        sheet.put(TOP - 1, column, head, HEADER_RIGHT)
    epochs = sheet.fill(TOP, left, None, [float(i + 1) for i in range(n)], Style(number="integer", color=FAINT))
    there = Down(lane.off.sheet, lane.errors.left, lane.errors.top - TOP)
    low = float(engine_value(of.cells["near"].value))
    live = sheet.repeat(TOP, left + 1, _drawn(of, there), n, look)
    numpys = [max(value, low) if isinstance(value := cell_value(float(e)), float) else NONE for e in best]
    lowest = sheet.fill(TOP, left + 2, None, numpys, look)
    series = [
        Series("the picked run", epochs.area, live.area, ACCENT, markers=True),
        Series("the best of the map", epochs.area, lowest.area, FAINT, dashed=True),
    ]
    return Chart("error by epoch", "epoch", title, series, TOP, of.beside, x_min=1, y_log=True, y_format="0E+00")


def _drawn(of: Places, error: Expr) -> Expr:
    """An error as charts draw it: at least that of the first colour, as 0 has no logarithm."""
    return call("if_error", where(error <= LARGEST, maximum(error, of.cells["near"]), GAP), GAP)


def _pixels(of: Places, first: int, end: int) -> int:
    """How high the rows from one up to another are."""
    return round(sum(of.sheet.heights.get(row, 15.0) * 4 / 3 for row in range(first, end)))


def _along(of: Places, title: str, errors: int, left: int, place: tuple[int, int, int]) -> Chart:
    """The map's errors along the axis across, through the picked run. errors: see `charts`."""
    sheet, axis = of.sheet, of.across or of.up
    count = of.columns if of.across else of.rows
    look = Style(number="small", color=FAINT)
    for column, head in enumerate((axis.name, title, axis.name, "picked"), left):
        sheet.put(TOP - 1, column, head, HEADER_RIGHT)
    for i in range(count):
        value = of.value(i) if of.across else Cell(sheet, TOP + i, of.upwards.area.left)
        sheet.put(TOP + i, left, value, HELPER)
        error = Cell(sheet, TOP + i, errors)
        near = call("if_error", where(error > of.cells["far"], GAP, error), GAP)
        sheet.put(TOP + i, left + 1, _drawn(of, near), look)
    sheet.put(TOP, left + 2, of.cells[f"picked {axis.name}"], HELPER)
    sheet.put(TOP, left + 3, _drawn(of, of.cells[f"map {ERROR}"]), look)
    xs, ys, x, y = (sheet.block(TOP, left + i, count if i < 2 else 1).area for i in range(4))
    series = [
        Series("the map", xs, ys, CONTRAST, markers=count <= 30, size=4),
        Series("the picked run", x, y, INK, markers=True, line=False, marker="diamond", size=9),
    ]
    row, wide, tall = place
    name = f"{title} over {axis.name}, at the picked {of.up.name}" if of.across else f"{title} over {axis.name}"
    low, high = float(axis.values.min()), float(axis.values.max())
    chart = Chart(name, axis.name, title, series, row, of.beside, wide, tall, x_min=low, x_max=high)
    return replace(chart, x_log=axis.log, y_log=True, y_format="0E+00")
