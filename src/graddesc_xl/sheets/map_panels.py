"""The panels of a map of runs: a number or a word for each run, constants that NumPy computed, and their colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError, did_you_mean
from ..language.reports import NONE
from ..language.values import Array, Value
from ..numbers.verdict import MEANINGS
from ..plan import Plan
from ..sweeps import Axis, Sweep
from ..sweeps.colours import BEYOND, COLOURS, LETTERS, error_bands, shades, step_bands, weight_bands
from ..workbook.cells import column_letters, plain
from ..workbook.sheet import Mark
from ..workbook.style import FAINT, INK, Style
from .map_places import (
    BLANK,
    HEAD,
    KEY,
    LABEL_HIGH,
    LABEL_WIDE,
    LABELS,
    LEFT,
    LEGEND,
    TOP,
    UP,
    VALUES,
    Places,
    labels,
    width,
)

#: what a panel may show, beside the weights by their names
ERROR, VERDICT, STEP = QUANTITIES = ("error", "verdict", "step")
#: how many colours numbers have
BANDS = 7
#: colours of steps, the first is the earliest; of weights, the middle one is halfway
STEP_RAMP = ("#9C3B1F", "#E9A66B", "#FBEBD3")
WEIGHT_RAMP = ("#3A6EA5", "#F3F1E7", "#B4632A")
WHITE = "#FFFFFF"
#: digits from which on the values of a column are told with a power of ten
LONG = 7
#: of the picked run
PICKED, PICKED_SIGN = "#111827", "+"
#: pixels from which on a cell shows a letter, across and down, and a number; their size in points
LETTERED, NUMBERED, SIZE = (11, 13), 50, 8.0
#: the columns of a map over one input
WIDE = 13.0
#: of what is far from 1, and which limits are
FAR, FAR_FROM = "0.00E+00", (0.01, 1e5)


@dataclass(frozen=True)
class Panel:
    """A quantity of every run.

    name: the quantity. title: above it. about: its note. values: its cells, a row per value of the axis that goes up,
    from the top. bands: for numbers, from the lowest on the last of each colour, and the colours. number: their format.
    """

    name: str
    title: str
    about: str
    values: Sequence[Sequence[Value]]
    bands: Sequence[tuple[float, str]] = ()
    number: str = FAR


def quantities(plan: Plan, shows: Sequence[str], name: str) -> None:
    """Raise SettingError for what no panel shows."""
    known = (*QUANTITIES, *plan.weights)
    for each in shows:
        if each not in known:
            hint = did_you_mean(each, known)
            raise SettingError(f"{name}: a map shows {', '.join(known)}, not {each!r}.{hint}")
    if ERROR not in shows or VERDICT not in shows:
        raise SettingError(f"{name}: a map shows {ERROR} and {VERDICT}, and what else you name: put both into shows.")


def panels(swept: Sweep, shows: Sequence[str]) -> list[Panel]:
    """Those that are wanted. The sweep's axes rise: its first is the one across, its last the one that goes up."""
    plan = swept.plan
    made = []
    for name in shows:
        if name == ERROR:
            title = f"{plan.error.title} of epoch {plan.epochs}"
            about = "of the last epoch. Grey: no number, or above the last colour."
            bands = _banded(error_bands(swept, BANDS), shades(BANDS))
            made.append(Panel(name, title, about, _numbers(swept.error), bands))
        elif name == VERDICT:
            about = " ".join(f"{LETTERS[kind]}: {kind}, {MEANINGS[kind]}." for kind in COLOURS)
            made.append(Panel(name, "what became of each run", about, _turned(swept.verdicts)))
        elif name == STEP:
            wanted = swept.step.astype(float)
            limits = step_bands(swept, BANDS)
            title = "since which step it is lost"
            about = "the step at which a run explodes, or since which a ReLU is dead. Grey: neither."
            bands = _banded(limits, shades(len(limits), STEP_RAMP))
            made.append(Panel(name, title, about, _numbers(np.where(wanted > 0, wanted, np.nan)), bands, "integer"))
        else:
            values = swept.weights[name]
            bands = _banded(weight_bands(values, swept, BANDS), shades(BANDS, WEIGHT_RAMP))
            about = "after the last step. Grey: no number, or above the last colour; below the first: as that."
            made.append(Panel(name, f"new {name} after the last step", about, _numbers(values), bands))
    return made


def _banded(limits: Sequence[float], colors: Sequence[str]) -> list[tuple[float, str]]:
    return [*zip(limits, colors, strict=True)]


def _turned(values: NDArray[Any]) -> list[list[Value]]:
    """Rows from the top: of two axes the second goes up, one goes down."""
    return values.T[::-1].tolist() if values.ndim > 1 else values[:, None].tolist()  # type: ignore[no-any-return]


def _numbers(values: Array) -> list[list[Value]]:
    """Numbers, and – for what is none: a colour must not meet an error cell."""
    return [[v if isinstance(v, float) and math.isfinite(v) else NONE for v in row] for row in _turned(values)]


def axes(of: Places) -> None:
    """The values of the axes, and how wide and high cells are."""
    _sizes(of)
    _axis_up(of)
    if of.across:
        _axis_across(of, of.across)


def put(of: Places, made: Sequence[Panel]) -> None:
    """All panels, once the cells of the picked run are known."""
    sheet = of.sheet
    for number, panel in enumerate(made):
        top, left = of.corner(number)
        head = top - (TOP - HEAD)
        row = head if of.across else head + LABELS
        sheet.put(row, left, panel.title, Style(bold=True, align="" if of.across else "right", wrap=not of.across))
        sheet.notes[row, left] = f"{panel.title}\n{panel.about}"
        if of.across:
            _legend(of, panel, head + LEGEND, left)
            if number % 2 == 0 and number:
                _labels_across(of, of.across, head + LABELS, left)
                sheet.put(head + LABELS, UP, _corner(of), Style(color=FAINT, align="right"))
            elif number:
                _labels_across(of, of.across, head + LABELS, left)
        columns = [*zip(*panel.values, strict=True)]
        for i, values in enumerate(columns):
            sheet.fill(top, left + i, None, [*values], _look(of, panel))
        _marks(of, panel, number)


def _corner(of: Places) -> str:
    """What the axes are."""
    return f"{of.up.name} ↑  {of.across.name} →" if of.across else of.up.name


def _look(of: Places, panel: Panel) -> Style:
    if not of.across:
        return Style(number=panel.number, align="right")
    if not _lettered(of):
        return Style(number=BLANK)
    return Style(number=panel.number if _numbered(of) and panel.bands else BLANK, align="center", size=SIZE)


def _numbered(of: Places) -> bool:
    """Whether cells show their numbers."""
    return not of.across or (of.cell[0] >= NUMBERED and of.cell[1] >= LETTERED[1])


def _lettered(of: Places) -> bool:
    """Whether they show the letters of verdicts, instead of these."""
    return of.across is not None and all(has >= wants for has, wants in zip(of.cell, LETTERED, strict=True))


def _sizes(of: Places) -> None:
    """Widths and heights: small cells over two inputs, a table over one."""
    sheet = of.sheet
    sheet.widths |= {UP: 10.0, KEY: width(6) if of.across else 0.0}
    if not of.across:
        sheet.widths |= dict.fromkeys(range(LEFT, of.beside - 1), WIDE) | {of.beside - 1: 2.0, KEY: WIDE, UP: 2.0}
        sheet.heights[HEAD + LABELS] = 30.0
        return
    for number in range(of.panels):
        top, left = of.corner(number)
        sheet.widths |= dict.fromkeys(range(left, left + of.wide), width(of.cell[0])) | {left + of.wide: width(14)}
        sheet.heights |= dict.fromkeys(range(top, top + of.rows), of.cell[1] * 0.75)
        sheet.heights |= {top - 1: 3.0, top + of.rows: 6.0}


def _axis_up(of: Places) -> None:
    """The values beside the rows; over two inputs some of them are told, in cells that take several rows."""
    sheet, values = of.sheet, of.up.values.tolist()
    if not of.across:
        sheet.put(HEAD + LABELS, KEY, of.up.name, Style("data", header=True, bold=True, align="right"))
        long = max(len(f"{value:.15g}") for value in values) > LONG
        sheet.fill(TOP, KEY, None, values, Style("data", "0.000E+00" if long else "typed", align="right"))
        return
    turned = values[::-1]
    half = -(-LABEL_HIGH // of.cell[1]) // 2
    every, number_format = labels(replace(of.up, values=of.up.values[::-1]), 2 * half + 1)
    for number in range(0, of.panels, 2):
        top, _ = of.corner(number)
        sheet.fill(top, KEY, None, turned, Style(number=BLANK))
        for i in range(0, of.rows, every):
            first, last = max(i - half, 0), min(i + half, of.rows - 1)
            if last < first + half and first:
                first = last - half
            at = {i == 0: "top", i == of.rows - 1: "bottom"}.get(True, "vcenter")
            look = Style(number=number_format, color=FAINT, align="right", valign=at)
            sheet.put(top + first, UP, turned[i], look)
            if last > first:
                sheet.merged_down[top + first, UP] = last - first + 1


def _axis_across(of: Places, across: Axis) -> None:
    """The values above the columns, where nobody sees them, and some of them told."""
    for number in range(min(2, of.panels)):
        _, left = of.corner(number)
        for i, value in enumerate(across.values.tolist()):
            of.sheet.put(HEAD + VALUES, left + i, value, Style(number=BLANK))
        _labels_across(of, across, HEAD + LABELS, left)
    of.sheet.put(HEAD + LABELS, UP, _corner(of), Style(color=FAINT, align="right"))


def _labels_across(of: Places, across: Axis, row: int, left: int) -> None:
    """Some of the values, in cells that take several columns."""
    half = -(-LABEL_WIDE // of.cell[0]) // 2
    every, number = labels(across, 3 * half + 1)
    for i in range(0, of.columns, every):
        first = max(min(i - half, of.columns - 1 - 2 * half), 0)
        last = min(first + 2 * half, of.columns - 1)
        side = "left" if i == 0 else "right" if i == of.columns - 1 else "center"
        look = Style(number=number, color=FAINT, align=side, valign="bottom")
        of.sheet.put(row, left + first, float(across.values[i]), look)
        if last > first:
            of.sheet.merged[row, left + first] = last - first + 1


def _legend(of: Places, panel: Panel, row: int, left: int) -> None:
    """The colours, each in a few columns, and what they mean."""
    entries: list[tuple[str, str]] = []
    if panel.bands:
        entries = [(f"≤ {_told(limit)}", color) for limit, color in panel.bands]
        entries.append(("none" if panel.name == STEP else "above", BEYOND))
    else:
        there = {value for values in panel.values for value in values}
        entries = [(kind, color) for kind, color in COLOURS.items() if kind in there]
    each = of.wide // max(len(entries), BANDS + 1 if panel.bands else 1)
    each = min(each, -(-110 // of.cell[0]))
    for i, (text, color) in enumerate(entries):
        at = left + i * each
        of.sheet.put(row, at, text, Style(align="center"))
        if each > 1:
            of.sheet.merged[row, at] = each
        of.sheet.marks.append(((row, at), Mark("1=1", 1, each, _ink(color), color)))


def _told(limit: float) -> str:
    """A limit as a legend has it, without needless zeros."""
    return plain(limit) if 1e-3 <= abs(limit) < 1e5 or not limit else f"{limit:.0e}".replace("e-0", "e-")


def _ink(color: str) -> str:
    """What can be read on a colour."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 130 else WHITE


def _marks(of: Places, panel: Panel, number: int) -> None:
    """The rules that colour the cells: the picked run, then by what they hold."""
    top, left = of.corner(number)
    cell = f"{column_letters(left)}{top}"
    sheet = of.sheet

    def mark(condition: str, fill: str, shown: str = "") -> None:
        sheet.marks.append(((top, left), Mark(condition, of.rows, of.columns, _ink(fill), fill, shown)))

    signed = _lettered(of) and not (panel.bands and _numbered(of))
    mark(_picked(of, number), PICKED, _signed(PICKED_SIGN) if signed else "")
    for i, (limit, color) in enumerate(panel.bands):  # a text is larger than every number
        far = i == 0 and panel.name != ERROR  # a weight may be as far below the lowest limit as it likes
        near = panel.number == FAR and _numbered(of) and not far and FAR_FROM[0] <= abs(limit) <= FAR_FROM[1]
        mark(f"{cell}<={limit!r}", color, "0.000" if near else "")
    if panel.bands:
        mark("1=1", BEYOND)
        return
    for kind, color in COLOURS.items():
        mark(f'{cell}="{kind}"', color, _signed(LETTERS[kind]) if _lettered(of) else "")


def _signed(sign: str) -> str:
    """The number format that shows a sign in the place of what a cell holds."""
    return ";".join([f'"{sign}"'] * 4)


def _picked(of: Places, number: int) -> str:
    """Whether a cell is that of the picked run, as the condition of a rule."""
    top, left = of.corner(number)
    up = of.cells[f"picked {of.up.name}"]
    condition = f"${column_letters(KEY)}{top}=${column_letters(up.column)}${up.row}"
    if not of.across:
        return condition
    across = of.cells[f"picked {of.across.name}"]
    here = f"{column_letters(left)}${HEAD + VALUES}=${column_letters(across.column)}${across.row}"
    return f"AND({condition},{here})"
