"""Which inputs and samples are no longer those that constants of NumPy's were made with."""

from __future__ import annotations

from collections.abc import Sequence

from ..language.expr import Expr, call, where
from ..language.reports import NONE, joined
from ..workbook.reference import Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, HEADER, HEADER_RIGHT, Style
from .check import SAME
from .data_sheet import Samples

FAINTLY = Style(color=FAINT)


def names(
    sheet: Sheet, top: int, left: int, inputs: Sequence[tuple[str, Cell, float]], samples: Samples
) -> tuple[Cell, int]:
    """The cell that names what differs, as –, one, another; and the last column of what it is computed from.

    That stands from the row `top` and the column `left` on, its titles above it, and the names above these.
    inputs: the label of each, its cell, and the number that NumPy had.
    """
    for column, title in enumerate(("input", "now", "NumPy had", "same?"), left):
        sheet.put(top - 1, column, title, HEADER if column == left else HEADER_RIGHT)
    named: list[Expr] = []
    for row, (label, cell, built) in enumerate(inputs, top):
        sheet.put(row, left, label, FAINTLY)
        now = sheet.put(row, left + 1, cell, Style(number="typed", color=FAINT))
        had = sheet.put(row, left + 2, built, Style(number="typed", color=FAINT))
        flag = sheet.put(row, left + 3, _differs(now, had), Style(number="integer", color=FAINT))
        named.append(where(flag.equals(1), f", {label}", ""))
    for place, name in enumerate(samples.data.names):
        there = left + 5 + 2 * place
        sheet.put(top - 1, there, name, HEADER_RIGHT)
        sheet.put(top - 1, there + 1, "other", HEADER_RIGHT)
        sheet.fill(top, there, None, samples.built.column(name), FAINTLY)
        flags = _differs(samples.down(name, top), Down(sheet, there))
        other = sheet.repeat(top, there + 1, flags, samples.count, FAINTLY)
        named.append(where(call("sum", other) > 0, f", {name} of the samples", ""))
    found = sheet.put(top - 3, left, joined([NONE, *named]), FAINTLY)
    return found, left + 4 + 2 * len(samples.data.names)


def _differs(mine: Expr, theirs: Expr) -> Expr:
    gap = call("abs", mine - theirs) > SAME * call("abs", theirs)
    return where(call("is_number", mine), where(gap, 1, 0), 1)
