"""Sheets that are gone, renamed or moved: where rows or columns were inserted or deleted, instead of every difference.

A composed cell is found again where a number or text is the one that was composed, or where a formula has a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..lessons.composing import Composition
from ..workbook.cells import Formula, column_letters
from ..workbook.sheet import Sheet
from .contents import same_constant
from .grid import At

#: a sheet is another one renamed where at least this share of its cells is found there
SAME = 0.8
#: at most so many rows or columns inserted or deleted at once are recognised
FARTHEST = 10
#: a row is out of place where no more than this share of its cells is found
LOST = 0.5

Lines = Mapping[int, Mapping[int, Any]]


def displaced(expected: Composition, held: Mapping[str, Mapping[At, Any]]) -> Iterator[str]:
    """A sentence for each composed sheet that is gone, and for each in which rows or columns moved."""
    further = {name: cells for name, cells in held.items() if name not in {s.name for s in expected.sheets}}
    for sheet in expected.sheets:
        if sheet.name in held:
            yield from _moved(sheet, held[sheet.name])
            continue
        there = {name: _share(_lines(sheet), _by_line(cells)) for name, cells in further.items()}
        name = max(there, key=there.__getitem__, default="")
        if name and there[name] >= SAME:
            yield f"The sheet {sheet.name} is gone; the sheet {name} holds what belongs there: rename it {sheet.name}."
        else:
            yield f"The sheet {sheet.name} is gone."


def _moved(sheet: Sheet, held: Mapping[At, Any]) -> Iterator[str]:
    """Where rows were inserted or deleted; where none were, columns."""
    rows = [*_shifts(_lines(sheet), _by_line(held))]
    for at, count in rows:
        yield _said(sheet.name, "row", str(at), "above", count)
    if not rows:
        for at, count in _shifts(_lines(sheet, across=True), _by_line(held, across=True)):
            yield _said(sheet.name, "column", column_letters(at), "before", count)


def _said(sheet: str, what: str, at: str, side: str, count: int) -> str:
    many = abs(count)
    if count < 0:
        gone = f"a {what} is" if many == 1 else f"{many} {what}s are"
        return f"{sheet}: {gone} gone, at {what} {at} or before. Undo that: every cell must stand where it was."
    new = f"a {what} was" if many == 1 else f"{many} {what}s were"
    return f"{sheet}: {new} inserted {side} {what} {at}. Delete what was inserted: every cell must stand where it was."


def _lines(sheet: Sheet, *, across: bool = False) -> Lines:
    """What was composed by row (across: by column), without the cells that may hold anything."""
    typed = {
        (row, column)
        for (top, left), rule in sheet.rules.items()
        for row in range(top, top + rule.rows)
        for column in range(left, left + rule.columns)
    }
    return _by_line(
        {at: content for at, content, _ in sheet.every() if at not in typed and content != ""}, across=across
    )


def _by_line(cells: Mapping[At, Any], *, across: bool = False) -> Lines:
    lines: dict[int, dict[int, Any]] = {}
    for (row, column), content in cells.items():
        line, place = (column, row) if across else (row, column)
        lines.setdefault(line, {})[place] = content
    return lines


def _found(wanted: Mapping[int, Any], line: Mapping[int, Any]) -> int:
    """How many composed cells of a row are found in one of the file."""
    return sum(
        content.value == "" or line.get(place) is not None
        if isinstance(content, Formula)
        else same_constant(line.get(place), content)
        for place, content in wanted.items()
    )


def _share(wanted: Lines, lines: Lines) -> float:
    return sum(_found(cells, lines.get(at, {})) for at, cells in wanted.items()) / sum(map(len, wanted.values()))


def _shifts(wanted: Lines, lines: Lines) -> Iterator[tuple[int, int]]:
    """Where rows of the file were inserted, and how many; deleted ones are counted below 0."""
    offset = 0
    for at in sorted(wanted):
        if _found(wanted[at], lines.get(at + offset, {})) > LOST * len(wanted[at]):
            continue

        def found(shift: int, at: int = at, offset: int = offset) -> int:
            """How much of all that follows is found so many rows further down."""
            rest = (k for k in wanted if k >= at and (k >= at - shift or shift > 0))
            return sum(_found(wanted[k], lines.get(k + offset + shift, {})) for k in rest)

        best = max(range(-FARTHEST, FARTHEST + 1), key=lambda shift: (found(shift), -abs(shift)))
        if best == 0:
            return
        yield at + offset, best
        offset += best
