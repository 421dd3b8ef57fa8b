"""What the cells of a workbook hold beside its formulas: numbers and texts, what may be typed, what was added."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..language.values import CellError, Value
from ..lessons.composing import Composition
from ..workbook.cells import Area, Formula, column_number, plain
from ..workbook.sheet import Rule, Sheet
from ..workbook.style import Style
from .bounded import quoted
from .reading import BUILT_IN, Cells, Held, Model

#: of a cell's text that a sentence quotes
LONGEST = 60
_ESCAPED = re.compile(r"\\(.)")
_RANGE = re.compile(r"(?:'((?:[^']|'')+)'!|([A-Za-z_]\w*)!)?\$?([A-Z]+)\$?(\d+):\$?([A-Z]+)\$?(\d+)")


def shown(value: Any) -> str:
    """A value in a sentence; of a long text only its beginning."""
    if value is None:
        return "nothing"
    if isinstance(value, CellError):
        return str(value)
    if isinstance(value, float):
        return repr(float(value))
    return repr(value if not isinstance(value, str) or len(value) <= LONGEST else f"{value[:LONGEST]}...")


def same_constant(found: Any, wanted: Value) -> bool:
    """Whether a cell holds a number or text, "" as nothing: a number perhaps with the digits that a program keeps."""
    if isinstance(wanted, str):
        return bool((found or "") == wanted)
    if not isinstance(found, float) or isinstance(wanted, CellError):
        return bool(found == wanted)
    if found == wanted or not wanted:
        return found == wanted
    size = math.floor(math.log10(abs(wanted)))
    for digits in (15, 16):
        near = abs(found - wanted) <= 10.0 ** (size + 1 - digits) / 2 + math.ulp(wanted)
        if near and found == float(f"{found:.{digits}g}"):
            return True
    return False


def constants(sheet: Sheet, held: Cells, model: Model) -> Iterator[str]:
    """Sentences about numbers and texts that are not what was composed, formulas in their place included."""
    for (row, column), content, _ in sheet.every():
        if isinstance(content, Formula):
            continue
        formula = model.formula(sheet.name, row, column)
        if formula is not None:
            instead = sheet.replaceable.get((row, column))
            if instead is None:
                yield f"{sheet.address(row, column)} holds the formula ={quoted(formula)}, not {shown(content)}."
            elif not model.same_formula(sheet.name, row, column, instead):
                yield f"{sheet.address(row, column)} holds ={quoted(formula)}, not ={instead} or a number."
        elif not same_constant(held.get((row, column)), content):
            found = shown(held.get((row, column)))
            yield f"{sheet.address(row, column)} holds {found}, not {shown(content)}."


def formats(sheet: Sheet, held: Held) -> Iterator[str]:
    """Sentences about numbers that are shown in another format; of each column only the first."""
    indices, filled = held.formats.get(sheet.name, {}), held.cells[sheet.name]
    wrong: dict[tuple[Style, int, int], int] = {}
    for (row, column), _, style in sheet.every():
        index = indices.get((row, column), 0)
        if (row, column) in filled:
            wrong.setdefault((style, index, column), row)
    codes: dict[tuple[Style, int], bool] = {}
    for (style, index, column), row in wrong.items():
        found, wanted = held.codes[index] if held.codes else BUILT_IN[0], style.number_format
        if (style, index) not in codes:
            codes[style, index] = same_format(found) == same_format(wanted)
        if not codes[style, index]:
            yield f"{sheet.address(row, column)} has the number format {shown(found)}, not {shown(wanted)}."


def same_format(code: str) -> str:
    r"""A number format in one spelling: LibreOffice writes a sign that stands for itself in its own way.

    >>> same_format(r'[=0]\0;0.0E+00')
    '[=0]"0";0.0E+00'
    """
    return _ESCAPED.sub(r'"\1"', code)


def impossible(sheet: Sheet) -> Iterator[str]:
    """Sentences about numbers that nobody could have typed: outside what their cells allow."""
    for (top, left), rule in sheet.rules.items():
        for row in range(top, top + rule.rows):
            for column in range(left, left + rule.columns):
                content = sheet.content(row, column)
                if isinstance(content, float) and not _allowed(content, rule):
                    choices = " or ".join(plain(choice) for choice in rule.choices)
                    limits = choices or f"a number from {plain(rule.low)} to {plain(rule.high)}"
                    yield f"{sheet.address(row, column)} ({rule.title}) holds {content:g}, not {limits}."


def _allowed(value: float, rule: Rule) -> bool:
    return value in rule.choices if rule.choices else rule.low <= value <= rule.high


def added(sheet: Sheet, held: Cells, model: Model) -> dict[tuple[int, int], str]:
    """What cells hold where nothing was composed."""
    found = {}
    for at in model.used(sheet.name):
        if sheet.content(*at) is None:
            formula = model.formula(sheet.name, *at)
            found[at] = shown(held.get(at)) if formula is None else f"={quoted(formula)}"
    return found


def additions(expected: Composition, model: Model, held: Mapping[str, Cells]) -> tuple[list[str], list[str]]:
    """Sentences about cells that were added: those that formulas read, and those that change nothing."""
    problems, harmless = [], []
    areas: list[Area] | None = None
    for sheet in expected.sheets:
        if sheet.name not in model.sheets:
            continue
        for (row, column), content in added(sheet, held[sheet.name], model).items():
            areas = _read(expected) if areas is None else areas
            area = next((a for a in areas if _inside(a, sheet.name, row, column)), None)
            said = f"{sheet.address(row, column)} holds {content}, where nothing was composed"
            if area:
                problems.append(f"{said}, and formulas read {area}.")
            else:
                harmless.append(f"{said}.")
    return problems, harmless


def _read(expected: Composition) -> list[Area]:
    """Every range that a composed formula reads; single references are to composed cells."""
    areas = set()
    for sheet in expected.sheets:
        for formula in sheet.formulas().values():
            if ":" in formula.text:
                areas |= {_area(match, sheet.name) for match in _RANGE.finditer(formula.text)}
    return sorted(areas, key=str)


def _area(match: re.Match[str], home: str) -> Area:
    quoted, name, left, top, right, bottom = match.groups()
    sheet = quoted.replace("''", "'") if quoted else name or home
    return Area(sheet, int(top), column_number(left), int(bottom), column_number(right))


def _inside(area: Area, sheet: str, row: int, column: int) -> bool:
    return area.sheet == sheet and area.top <= row <= area.bottom and area.left <= column <= area.right


def order(expected: Composition, sheets: Iterable[str]) -> Iterator[str]:
    """A sentence where the sheets stand in another order than they were composed in."""
    names = [sheet.name for sheet in expected.sheets]
    found = [name for name in sheets if name in names]
    if found != [name for name in names if name in found]:
        first = next(a for a, b in zip(found, (n for n in names if n in found), strict=True) if a != b)
        yield f"The sheets stand in another order than they were built in, from {first} on."
