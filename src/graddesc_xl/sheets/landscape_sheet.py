"""The sheet of a landscape: a grid of errors over two weights, coloured, with the path of a chosen run.

Each cell adds up all samples in one formula. Spreadsheet programs agree on that where it is arithmetic
(`surface.arithmetic`), and a grid of samples by cells would be as many cells as the rest of the workbook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..language.expr import Const, Expr, Here, Param, Text, call, leaves, sqrt, where
from ..language.reports import GAP, NONE
from ..numbers.verdict import EXPLODED_AT
from ..plan import Input
from ..surface import around, passed, plain, slope
from ..workbook.cells import Area, column_letters
from ..workbook.reference import Cell, Down
from ..workbook.sheet import Chart, Mark, Rule, Scale, Series, Sheet
from ..workbook.style import ACCENT, CONTRAST, FAINT, FIFTH, INK, LABEL, SUBTITLE, THIRD, TITLE, Style
from . import landscape_said
from .landscape_map import (
    AXIS,
    EPOCHS,
    FLOOR,
    FURTHER,
    HELPER,
    LABELS,
    LEFT,
    NAMES,
    NUMBER,
    TOP,
    TYPED,
    UP,
    USED,
    WALLS,
    Map,
    Of,
)
from .making import Making, sentence
from .steps_list import StepsList

#: how wide a cell of the grid is, and how high, in characters and points
WIDE, HIGH = 2.0, 12.5
#: of the lowest cell, halfway, of the highest; behind the signs of a run's start and end
COLORS = ("#FFF6D6", "#AECDE2", "#5585B5")
FIRST_FILL, LAST_FILL = "#A5E0B4", "#FFB366"
#: nothing of a cell's number is shown
BLANK = ";;;"
START, END, BOTH, VISITED, WALL = "S", "E", "SE", "•", "×"
#: rows of the path and of its epochs at most
MOST, MOST_EPOCHS = 300, 40
#: a cell's row and column in one number: the row times this, and the column
KEY = 1000
#: colours that the legend shows, and the powers of ten that they span as built
LEVELS, SPAN = 7, 2.0
#: as far from 0 a window may go
FARTHEST = 1e12
#: an error below this counts as this: 0 has no logarithm
SMALLEST = 1e-9


def compose(
    name: str,
    headline: str,
    subtitle: str,
    making: Making,
    runs: Sequence[StepsList],
    over: tuple[str, str],
    count: int,
    window: Mapping[str, tuple[float, float]],
    held: Mapping[str, float],
) -> Map:
    """The whole sheet."""
    of = Map(Sheet(name), making, runs, over, count)
    sheet = of.sheet
    sheet.put(1, 1, headline, TITLE)
    sheet.put(2, 1, subtitle, SUBTITLE)
    sheet.widths.update({LABELS: 17.0, TYPED: 10.0, USED: 9.0 if of.others else 2.0, NUMBER: 1.0, UP: 7.5})
    sheet.widths.update(dict.fromkeys(range(LEFT, LEFT + count), WIDE))
    sheet.widths[LEFT + count] = 2.0
    sheet.heights.update(dict.fromkeys(range(TOP, TOP + count), HIGH))
    sheet.printed, sheet.printed_rows = of.beside + 8, of.bottom + 1
    row = _inputs(of, window, held)
    _axes(of)
    _grid(of)
    _path(of)
    _floor(of)
    _walls(of)
    _legend(of, row)
    _marks(of)
    landscape_said.put(of)
    sheet.charts.append(_chart(of))
    return of


def _inputs(of: Map, window: Mapping[str, tuple[float, float]], held: Mapping[str, float]) -> int:
    """What is typed at the left of the grid; the row below."""
    sheet, row = of.sheet, TOP
    names = [run.of.sheet.name for run in of.runs]
    if names[1:]:
        _choice(of, names)
        row += 1
    title = of.chosen(lambda run: Text(run.of.sheet.name)) if names[1:] else names[0]
    of.cells["name"] = sheet.put(row, LABELS, title, Style(bold=True, color=ACCENT))
    for weight in of.over:
        for end, value, which in zip(("from", "to"), _window(of, weight, window), ("lowest", "highest"), strict=True):
            row += 1
            about = f"the {which} {weight} of the grid"
            given = Input(f"{weight}_{end}", value, f"{weight} {end}", about, -FARTHEST, FARTHEST)
            of.cells[f"{end} {weight}"] = of.making.put(sheet, row, TYPED, given, labelled=True)
    row = _held(of, row + 1, held) if of.others else row + 1
    plans = [run.of.experiment.plan for run in of.runs]
    singles = {i.name: i.name for i in of.plan.inputs} | {d.name: d.label for d in of.plan.derived}
    needed = {name: label for name, label in singles.items() if Param(name) in {*leaves(of.error)}}
    rated = all(any(i.name == "lr" for i in plan.inputs) for plan in plans)
    for name, label in (needed | ({"lr": "lr"} if rated else {})).items():
        sheet.put(row, LABELS, label, LABEL)
        of.known[Param(name)] = sheet.put(row, TYPED, of.chosen(_input(name)), HELPER).absolute
        row += 1
    return row + 1


def _choice(of: Map, names: Sequence[str]) -> None:
    """The number of the run that is drawn; above it the names of all."""
    sheet, at = of.sheet, (TOP, TYPED)
    named = ", ".join(f"{i} {name}" for i, name in enumerate(names, 1))
    choices = {float(i): name for i, name in enumerate(names, 1)}
    given = Input("run", 1.0, "run", f"whose path is drawn: {named}", 1.0, float(len(names)), choices)
    sheet.put(NAMES, 1, f"run: {named}", HELPER)
    sheet.put(TOP, LABELS, given.label, LABEL)
    of.cells["run"] = sheet.put(*at, of.making.number(sheet, at, given), Style("input", box=True)).absolute
    sheet.rules[at] = Rule(given.low, given.high, given.label, sentence(given.about), choices=tuple(choices))


def _input(name: str) -> Of:
    """An input or derived cell of a run."""
    return lambda run: Cell(run.of.sheet, *run.of.layout.cell(name))


def _window(of: Map, weight: str, window: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """The lowest and the highest of a weight as built: given, or around what the runs pass through."""
    if weight in window:
        return window[weight]
    traces = [run.of.twin.built for run in of.runs]
    calm = [trace for trace in traces if trace.verdict.kind != EXPLODED_AT]
    seen = [value for trace in calm or traces for value in passed(trace, weight) if abs(value) < FARTHEST / 10]
    return around(min(seen), max(seen))


def _held(of: Map, row: int, held: Mapping[str, float]) -> int:
    """Where the other weights are held: as at a step of the run, or as typed; the row below."""
    sheet, starts = of.sheet, {i.name: i.value for i in of.plan.inputs}
    about = "the step of the run whose other weights are taken; 0 takes those that are typed below"
    given = Input("step", 1.0, "others at step", about, 0.0, float(of.kept))
    step = of.making.put(sheet, row, TYPED, given, labelled=True)
    sheet.put(row, USED, "held at", LABEL)
    for line, weight in enumerate(of.others, row + 1):
        given = Input(
            weight, held.get(weight, starts[weight]), f"or {weight} typed", f"where {weight} is held at step 0"
        )
        own = of.making.put(sheet, line, TYPED, given, labelled=True)
        taken = where(step.equals(0), own, of.at_step(weight, call("round", step, 0)))
        of.known[Here(weight)] = sheet.put(line, USED, taken, Style("weight", "weight")).absolute
    return row + 1 + len(of.others)


def _axes(of: Map) -> None:
    """The weights of the grid's rows and columns, and their numbers, by which its cells know where they are."""
    sheet, n, (across, up) = of.sheet, of.count, of.over
    faint = Style(number="0.00", color=FAINT, align="right")
    for row, (way, weight) in enumerate((("across", across), ("up", up)), 3):
        of.note(row, of.right, f"from cell to cell, {weight}")
        wide = (of.cells[f"to {weight}"] - of.cells[f"from {weight}"]) / (n - 1)
        of.cells[f"step {way}"] = sheet.put(row, of.right + 3, wide, HELPER).absolute
    sheet.fill(TOP, NUMBER, None, [float(i + 1) for i in range(n)], Style(number=BLANK))
    high, low = of.cells[f"to {up}"].absolute, of.cells[f"from {across}"].absolute
    sheet.repeat(TOP, UP, high - (Down(sheet, NUMBER) - 1) * of.cells["step up"], n, faint)
    sheet.put(AXIS, UP, f"{up} ↓   {across} →", Style(bold=True, align="right"))
    for j in range(n):
        number = sheet.put(of.bottom, LEFT + j, float(j + 1), Style(number=BLANK))
        sheet.put(of.bottom + 1, LEFT + j, low + (number - 1) * of.cells["step across"], Style(number=BLANK))
    for j in range(0, n - 4, 5):
        shown = Cell(sheet, of.bottom + 1, LEFT + j)
        sheet.put(AXIS, LEFT + j, shown, Style(number="0.00", color=FAINT, align="left"))
        sheet.merged[AXIS, LEFT + j] = 5
    sheet.heights.update({of.bottom: 3.0, of.bottom + 1: 3.0})


def _grid(of: Map) -> None:
    """The logarithm of √Σe² in each cell, which shows nothing but its colour and the signs of the path."""
    look = Style(number=BLANK, align="center", bold=True)
    for j in range(of.count):
        shown = call("log10", call("max", of.root(of.in_column(j)), SMALLEST))
        of.sheet.repeat(TOP, LEFT + j, call("if_error", shown, NONE), of.count, look)


def _path(of: Map) -> None:
    """A row per step of the chosen run, or every few: the weights, the cell of the grid, how far the step led."""
    sheet, left = of.sheet, of.right
    stride = -(-of.kept // MOST)
    steps = [float(k) for k in range(1, of.kept + 1, stride)]
    n = len(steps) + 1
    of.note(NAMES, left, "the run's path")
    of.titles(left, "step", *of.over, "cell", "cells on", *(f"{weight} drawn" for weight in of.over))
    sheet.fill(TOP, left, None, steps, Style("data", "integer"))
    sheet.put(TOP + n - 1, left, "end", Style("data", align="right"))
    look = Style("weight", "weight")
    for i, weight in enumerate(of.over, 1):
        sheet.repeat(TOP, left + i, call("if_error", of.at_step(weight, Down(sheet, left)), GAP), n - 1, look)
        last = sheet.put(TOP + n - 1, left + i, call("if_error", of.chosen(_last(weight)), GAP), look)
        of.cells |= {f"start {weight}": Cell(sheet, TOP, left + i), f"end {weight}": last}
    weights = [Down(sheet, left + i) for i in (1, 2)]
    sheet.repeat(TOP, left + 3, _key(of, *weights), n, HELPER)
    of.cells |= {"first key": Cell(sheet, TOP, left + 3), "last key": Cell(sheet, TOP + n - 1, left + 3)}
    gone = [
        ((at - Down(sheet, at.column, -1)) / of.cells[f"step {way}"]) ** 2
        for at, way in zip(weights, ("across", "up"), strict=True)
    ]
    sheet.repeat(TOP + 1, left + 4, sqrt(gone[0] + gone[1]), n - 1, HELPER)
    of.cells |= {"first on": Cell(sheet, TOP + 1, left + 4), "last on": Cell(sheet, TOP + n - 1, left + 4)}
    for at in weights:
        inside = where(call("is_number", Down(sheet, left + 3)), at, GAP)
        sheet.repeat(TOP, at.column + 4, inside, n, HELPER)
    _epochs(of, left + EPOCHS)


def _last(weight: str) -> Of:
    """A run's weight after its last step."""

    def last(run: StepsList) -> Expr:
        return Cell(run.sheet, run.lines[run.kept - 1], run.place(0, run.of.trace.plan.new(weight)))

    return last


def _key(of: Map, across: Expr, up: Expr) -> Expr:
    """The cell of the grid that is nearest to two weights: its row and column in one number, #N/A outside."""
    column = _nearest((across - of.cells[f"from {of.over[0]}"]) / of.cells["step across"]) + 1
    row = _nearest((of.cells[f"to {of.over[1]}"] - up) / of.cells["step up"]) + 1
    inside = call("and", column > 0, column <= of.count, row > 0, row <= of.count)
    return call("if_error", where(inside, column + row * KEY, GAP), GAP)


def _nearest(value: Expr) -> Expr:
    """The nearest whole number, of a half the next one, whatever its last digits."""
    return call("round", call("round", value, 6), 0)


def _epochs(of: Map, left: int) -> None:
    """The weights that each epoch, or of many every few, starts from."""
    sheet, n = of.sheet, len(of.runs[0].of.experiment.data)
    stride = n * -(-of.kept // (n * MOST_EPOCHS))
    steps = [float(k) for k in range(1, of.kept + 1, stride)]
    of.note(NAMES, left, "where epochs start")
    of.titles(left, "step", *of.over)
    sheet.fill(TOP, left, None, steps, Style("data", "integer"))
    for i, weight in enumerate(of.over, 1):
        value, low, high = of.at_step(weight, Down(sheet, left)), of.cells[f"from {weight}"], of.cells[f"to {weight}"]
        inside = where(call("and", low.absolute <= value, value <= high.absolute), value, GAP)
        sheet.repeat(TOP, left + i, call("if_error", inside, GAP), len(steps), HELPER)
    of.cells["last epoch"] = Cell(sheet, TOP + len(steps) - 1, left)


def _floor(of: Map) -> None:
    """For each column of the grid its lowest cell, and the lowest and the highest of all."""
    sheet, left, n, (across, up) = of.sheet, of.right + FLOOR, of.count, of.over
    of.note(NAMES, left, "the lowest cell of each column, of all, and how Σe² bends there")
    of.titles(left, across, up, "log10 √Σe²")
    for j in range(n):
        column = sheet.block(TOP, LEFT + j, n)
        sheet.put(TOP + j, left, Cell(sheet, of.bottom + 1, LEFT + j), HELPER)
        low = sheet.put(TOP + j, left + 2, where(call("count", column) > 0, call("smallest", column), GAP), HELPER)
        found = call("index", sheet.block(TOP, UP, n), call("match", low, column, 0))
        sheet.put(TOP + j, left + 1, call("if_error", found, GAP), HELPER)
    some, row = call("count", of.grid) > 0, of.bottom + 2
    low = sheet.put(row, left + 2, where(some, call("smallest", of.grid), GAP), HELPER).absolute
    of.cells["low"] = low
    of.cells["high"] = sheet.put(row + 1, left + 2, where(some, call("largest", of.grid), GAP), HELPER).absolute
    place = call("match", low, sheet.block(TOP, left + 2, n), 0)
    for i, weight in enumerate(of.over):
        of.cells[f"lowest {weight}"] = sheet.put(
            row, left + i, call("index", sheet.block(TOP, left + i, n), place), HELPER
        )
    of.cells["lowest"] = sheet.put(row, left + 3, call("power", 10, low), HELPER)
    at = {weight: of.cells[f"lowest {weight}"] for weight in of.over}
    for i, weight in enumerate(of.over):
        bends = call("if_error", of.added(slope(of.plan, weight) * slope(of.plan, weight), at), GAP)
        of.cells[f"bends {weight}"] = sheet.put(row + 2, left + i, bends, HELPER)


def _walls(of: Map) -> None:
    """Where they depend on the weights: of how many samples a step of plain SGD ends further off, in each cell."""
    sheet, left = of.sheet, of.right + WALLS
    of.note(5, of.right, "whether it is plain SGD")
    flag = of.chosen(lambda run: Const(float(plain(run.of.experiment.plan))))
    of.cells["plain"] = sheet.put(5, of.right + 3, flag if of.runs[1:] else float(plain(of.plan)), HELPER).absolute
    if of.walled:
        of.note(NAMES, left, "in each cell: of how many samples a step ends further off than before")
        for j in range(of.count):
            counted = where(of.cells["plain"].equals(1), of.beyond(of.in_column(j), FURTHER), 0)
            sheet.repeat(TOP, left + j, counted, of.count, Style(number="integer", color=FAINT, size=8))
            sheet.widths[left + j] = 3.0


def _legend(of: Map, row: int) -> None:
    """The colours and their errors, and the signs on the grid."""
    sheet, high = of.sheet, of.cells["high"]
    sheet.put(row, LABELS, "√Σe²", Style(bold=True, align="right"))
    about = "how many powers of ten the colours span below the highest cell, at most"
    span = of.making.put(
        sheet, row + LEVELS + 1, TYPED, Input("span", SPAN, "powers of ten", about, 0.1, 20.0), labelled=True
    )
    least = high - span
    top = sheet.put(row + 1, TYPED, high, Style(number=BLANK)).absolute
    low = sheet.put(row + LEVELS, TYPED, where(of.cells["low"] > least, of.cells["low"], least), Style(number=BLANK))
    stops = [top]
    for level in range(1, LEVELS - 1):
        shade = top + (low - top) * level / (LEVELS - 1)
        stops.append(sheet.put(row + 1 + level, TYPED, shade, Style(number=BLANK)).absolute)
    for at in range(row + 1, row + 1 + LEVELS):
        sheet.put(at, LABELS, call("power", 10, Cell(sheet, at, TYPED)), Style(number="amount", color=FAINT))
    ends = (low.absolute, stops[LEVELS // 2], top)
    sheet.scales.append(((TOP, LEFT), Scale(of.count, of.count, ends, COLORS)))
    sheet.scales.append(((row + 1, TYPED), Scale(LEVELS, 1, ends, COLORS)))
    signs = [(START, "start of the run", INK), (END, "its end", INK), (VISITED, "on its way", INK)]
    for i, (sign, said, color) in enumerate([*signs, (WALL, "beyond the wall", FIFTH)][: 4 if of.walled else 3]):
        at = row + LEVELS + 3 + i
        sheet.put(at, TYPED, sign, Style(bold=True, align="center", color=color))
        sheet.put(at, LABELS, said, LABEL)
        if sign in (START, END):
            fill = FIRST_FILL if sign == START else LAST_FILL
            sheet.marks.append(((at, TYPED), Mark(f'{column_letters(TYPED)}{at}="{sign}"', 1, 1, INK, fill)))


def _marks(of: Map) -> None:
    """The signs on the grid: where the run starts and ends, what it passes through, what is beyond the wall."""
    first, last = of.cells["first key"], of.cells["last key"]
    keys = str(Area(of.sheet.name, first.row, first.column, last.row, last.column)).rpartition("!")[2]
    here = f"${column_letters(NUMBER)}{TOP}*{KEY}+{column_letters(LEFT)}${of.bottom}"
    start, end = (f"{here}=${column_letters(at.column)}${at.row}" for at in (first, last))
    signs = [
        (f"AND({start},{end})", BOTH, INK, LAST_FILL),
        (start, START, INK, FIRST_FILL),
        (end, END, INK, LAST_FILL),
        (f"COUNTIF({keys},{here})>0", VISITED, INK, ""),
    ]
    if of.walled:
        signs.append((f"{column_letters(of.right + WALLS)}{TOP}>0", WALL, FIFTH, ""))
    for condition, sign, color, fill in signs:
        shown = ";".join([f'"{sign}"'] * 4)  # of positive and negative numbers, 0 and texts
        of.sheet.marks.append(((TOP, LEFT), Mark(condition, of.count, of.count, color, fill, shown)))


def _chart(of: Map) -> Chart:
    """The path from its start to its end, over the floor of the landscape."""
    name, (across, up) = of.sheet.name, of.over
    left, end, floor = of.right, of.cells["last key"].row, of.right + FLOOR
    epochs, low = of.cells["last epoch"], of.cells[f"lowest {across}"]

    def pair(column: int, top: int, bottom: int) -> tuple[Area, Area]:
        one, two = (Area(name, top, place, bottom, place) for place in (column, column + 1))
        return one, two

    floor_at, path = pair(floor, TOP, TOP + of.count - 1), pair(left + 5, TOP, end)
    starts = pair(epochs.column + 1, TOP, epochs.row)
    first, last = pair(left + 5, TOP, TOP), pair(left + 5, end, end)
    lowest = pair(floor, low.row, low.row)
    series = [
        Series(f"lowest {up} for each {across}", *floor_at, FAINT, dash="dash", width=1.25),
        Series("path", *path, ACCENT, width=0.75),
        Series("where epochs start", *starts, ACCENT, markers=True, line=False, marker="x", size=4),
        Series(
            "lowest cell",
            *lowest,
            FIFTH,
            markers=True,
            line=False,
            marker="triangle",
            size=7,
        ),
        Series("start", *first, THIRD, markers=True, line=False, marker="square", size=7),
        Series("end", *last, CONTRAST, markers=True, line=False, marker="diamond", size=9),
    ]
    title, about = f"The path over {across} and {up}", f"The path of a run over {across} and {up}, step by step."
    tall = 17 * of.count + 25
    return Chart(title, across, up, series, AXIS, of.beside, 560, tall, x_min=None, about=about)
