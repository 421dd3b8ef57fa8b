"""What the cells that a wrong formula refers to tell: a `$` too few or too many, however its numbers came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..sheets.filled import WAITS, Answer, Filled
from ..verification.formulas import Shared
from ..workbook.cells import a1


@dataclass(frozen=True)
class Reference:
    """A cell that a formula refers to on its own sheet, and what of it is locked by `$`."""

    row: int
    column: int
    row_locked: bool
    column_locked: bool


def references(formula: str) -> Iterator[Reference]:
    """The cells of a formula and the corners of its ranges, in its order; not those of other sheets.

    >>> [a1(r.row, r.column) for r in references('C12-$E7*G12&"H1"+data!B5')]
    ['C12', 'E7', 'G12']
    """
    before: object = ""
    for piece in Shared.of(formula, 1, 1).pieces:
        elsewhere = isinstance(before, str) and before.endswith("!")
        if not isinstance(piece, str) and not piece[1:] and not elsewhere:
            (corner,) = piece
            yield Reference(corner.row, corner.column, corner.fixed_row, corner.fixed_column)
        before = piece


def told(of: Filled, formulas: Mapping[tuple[int, int], str]) -> Filled:
    """The exercise with hints that follow from references. formulas: those of its cells."""
    return replace(of, answers=[_told(of, answer, formulas.get(answer.at)) for answer in of.answers])


def _told(of: Filled, answer: Answer, formula: str | None) -> Answer:
    if formula is None or answer.mark < WAITS or answer.consistent:
        return answer
    found = [*references(formula)]
    hint = _slid(of, answer, found) or _locked(of, answer, found)
    return replace(answer, hint=hint) if hint else answer


def _slid(of: Filled, answer: Answer, found: list[Reference]) -> str:
    """An input whose cell is not locked, so that a copy of the formula refers to another."""
    inputs = of.inputs[answer.column.name]
    row, column = answer.at
    down = row - min(a.at[0] for a in of.answers)
    right = {column - a.at[1] for a in of.answers if a.at[1] <= column}
    taken = {(each.row, each.column) for each in found}
    for (at_row, at_column), title in inputs.items():
        for each in found:
            rows, columns = each.row - at_row, each.column - at_column
            moved = (
                (rows == 0 or (0 < rows <= down and not each.row_locked))
                and (columns == 0 or (columns in right and not each.column_locked))
                and (each.row, each.column) not in inputs
            )
            if moved and (at_row, at_column) not in taken:
                return f"the reference to {title} slides where it is copied: write {a1(at_row, at_column, fixed=True)}"
    return ""


def _locked(of: Filled, answer: Answer, found: list[Reference]) -> str:
    """A cell of another row's, which `$` keeps there."""
    top = answer.at[0] - answer.step + 1
    rows = range(top, max(a.at[0] for a in of.answers) + 1)
    titles = dict(enumerate([*of.plan.samples, *(column.title for column in of.plan.columns)], 1))
    for each in found:
        if each.row_locked and each.row in rows and each.row != answer.at[0] and each.column in titles:
            return f"{titles[each.column]} is locked in row {each.row}: take out the $ before its row"
    return ""
