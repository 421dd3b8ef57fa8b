"""Which cells a formula reads, and which cells follow from others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..workbook.cells import Area
from .formulas import COLUMNS, ROWS, column_numbers, tokens

#: sheet, row, column
Cell = tuple[str, int, int]
#: functions whose value another calculation changes, or that read cells which their text does not name
VOLATILE = frozenset({"RAND", "RANDBETWEEN", "RANDARRAY", "NOW", "TODAY", "OFFSET", "INDIRECT", "INFO", "CELL"})

#: columns of a range that are looked at one by one
MOST = 64


def volatile(formula: str, names: Mapping[str, str]) -> str | None:
    """The volatile function in a formula, or in a name that it uses. names: what the file defines, in capitals."""
    words = [word.upper() for kind, word in tokens(formula) if kind == "name"]
    found = next((word for word in words if word in VOLATILE), None)
    return found or next((v for word in words if word in names and (v := volatile(names[word], {}))), None)


def references(formula: str, home: str, names: Mapping[str, str] | None = None) -> Iterator[Area]:
    """The cells that a formula of the sheet `home` reads. names: what the file defines, in capitals.

    >>> [str(area) for area in references("SUM('a b'!$A$1:B3)+C4*D:D", "here")]
    ["'a b'!$A$1:$B$3", 'here!$C$4:$C$4', 'here!$D$1:$D$1048576']
    """
    sheet, last, before = home, None, ""
    for kind, token in tokens(formula):
        if kind == "space":
            continue
        corners = _corners(kind, token)
        if kind == "sheet":
            sheet = token[1:-2].replace("''", "'") if token[0] == "'" else token[:-1]
        elif corners is not None and before == ":" and last is not None:
            last = both(last, Area(last.sheet, *corners))
        elif corners is not None:
            if last is not None:
                yield last
            last, sheet = Area(sheet, *corners), home
        elif kind == "name" and names and token.upper() in names:
            yield from references(names[token.upper()], home)
        before = token
    if last is not None:
        yield last


def both(one: Area, other: Area) -> Area:
    """The smallest area around two of a sheet."""
    top, left = min(one.top, other.top), min(one.left, other.left)
    return Area(one.sheet, top, left, max(one.bottom, other.bottom), max(one.right, other.right))


def _corners(kind: str, token: str) -> tuple[int, int, int, int] | None:
    """Top, left, bottom and right of a reference without its sheet."""
    plain = token.replace("$", "").upper()
    if kind == "cell":
        letters = plain.rstrip("0123456789")
        row, column = int(plain[len(letters) :]), column_numbers().get(letters, 0)
        return (row, column, row, column) if column else None
    if kind in ("columns", "rows"):
        first, last = plain.split(":")
        if kind == "rows":
            return int(first), 1, int(last), COLUMNS
        ends = column_numbers().get(first, 0), column_numbers().get(last, 0)
        return (1, min(ends), ROWS, max(ends)) if all(ends) else None
    return None


def following(reads: Mapping[Cell, Iterable[Area]], first: Iterable[Cell]) -> set[Cell]:
    """The given cells and all that follow from them. reads: what each cell reads."""
    single: dict[Cell, list[Cell]] = {}
    ranges: dict[tuple[str, int], dict[Area, list[Cell]]] = {}
    for cell, areas in reads.items():
        for area in areas:
            if (area.top, area.left) == (area.bottom, area.right):
                single.setdefault((area.sheet, area.top, area.left), []).append(cell)
            else:
                wide = area.right - area.left > MOST
                for column in (0,) if wide else range(area.left, area.right + 1):
                    ranges.setdefault((area.sheet, column), {}).setdefault(area, []).append(cell)
    found, waiting = {*first}, [*first]
    while waiting:
        sheet, row, column = at = waiting.pop()
        readers = single.pop(at, [])
        for there in (ranges.get((sheet, column), {}), ranges.get((sheet, 0), {})):
            for area in [a for a in there if a.top <= row <= a.bottom and a.left <= column <= a.right]:
                readers += there.pop(area)
        for cell in readers:
            if cell not in found:
                found.add(cell)
                waiting.append(cell)
    return found
