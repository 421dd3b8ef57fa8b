"""What the cells of a workbook hold beside its formulas: numbers and texts, what may be typed, what was added."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from ..language.values import CellError, Value, same
from ..lessons.composing import Composition
from ..workbook.cells import Area, Formula, column_number, plain
from ..workbook.fill import Template
from ..workbook.sheet import Rule, Sheet
from ..workbook.style import FORMATS, Style
from .bounded import quoted
from .grid import At, canonical, equal, is_empty
from .held import NONE, Cells, Group, Held, Table, same_formula
from .references import both, references

#: of a cell's text that a sentence quotes
LONGEST = 60
GENERAL = FORMATS["general"]
_DIGITS = re.compile("[0-9]+")
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
        return bool(("" if found is None else found) == wanted)
    if not isinstance(found, float) or isinstance(wanted, CellError):
        return equal(found, wanted)
    if found == wanted or not wanted:
        return found == wanted
    size = math.floor(math.log10(abs(wanted)))
    for digits in (15, 16):
        near = abs(found - wanted) <= 10.0 ** (size + 1 - digits) / 2 + math.ulp(wanted)
        if near and found == float(f"{found:.{digits}g}"):
            return True
    return False


def formulas(sheet: Sheet, table: Table, titles: Mapping[int, str]) -> Iterator[str]:
    """Sentences about cells whose formula is not the one that belongs there. titles: of columns."""
    for (row, column), wanted in sorted(_other_formulas(sheet, table), key=operator.itemgetter(0)):
        found = table.formula(row, column)
        if found is None and (row, column) in sheet.replaceable:
            continue
        title = f" ({titles[column]})" if column in titles else ""
        holds = f"={quoted(found)}" if found else f"the constant {shown(table.grid.value(row, column))}"
        yield f"{sheet.address(row, column)}{title} holds {holds}, not ={wanted}."


def _other_formulas(sheet: Sheet, table: Table) -> Iterator[tuple[At, str]]:
    """Cells with another formula than was composed, and the composed one."""
    for at, (content, _) in sheet.cells.items():
        if isinstance(content, Formula) and not same_formula(table.formula(*at), content.text):
            yield at, content.text
    for fill in sheet.fills:
        if fill.template is not None:
            groups = table.groups[fill.top : fill.bottom + 1, fill.column]
            for group in (groups[0],) if (groups == groups[0]).all() else np.unique(groups):
                if group > 0 and _shares(fill.template, fill.column, table.cells.shares[group - 1]):
                    continue
                for row in (np.flatnonzero(groups == group) + fill.top).tolist():
                    wanted = fill.template.at(row)
                    if not same_formula(table.formula(row, fill.column), wanted):
                        yield (row, fill.column), wanted


def _shares(template: Template, column: int, group: Group) -> bool:
    """Whether every cell of a group in a column has the formula of a template."""
    moves = _moves_as_shared(_DIGITS.sub("9", template.text))
    return moves and group.column == column and same_formula(group.text, template.at(group.row))


@cache
def _moves_as_shared(template: str) -> bool:
    """Whether what moves in a template is what moves in a formula that is shared: the references without a $."""
    row = 1_000
    return Group(Template(template).at(row), row, 1).at(row + 1, 1) == Template(template).at(row + 1)


def constants(sheet: Sheet, table: Table) -> Iterator[str]:
    """Sentences about numbers and texts that are not what was composed, formulas in their place included."""
    for at, content in _open_constants(sheet, table):
        formula, value = table.formula(*at), table.grid.value(*at)
        if formula is not None:
            instead = sheet.replaceable.get(at)
            if instead is None:
                yield f"{sheet.address(*at)} holds the formula ={quoted(formula)}, not {shown(content)}."
            elif not same_formula(formula, instead):
                yield f"{sheet.address(*at)} holds ={quoted(formula)}, not ={instead} or a number."
        elif not same_constant(value, content):
            yield f"{sheet.address(*at)} holds {shown(value)}, not {shown(content)}."


def _open_constants(sheet: Sheet, table: Table) -> Iterator[tuple[At, Value]]:
    """The numbers and texts that were composed, but for those that arrays show to be there."""
    for at, (content, _) in sheet.cells.items():
        if not isinstance(content, Formula):
            yield at, content
    for fill in sheet.fills:
        if fill.template is None:
            rows: Iterable[int] = range(fill.top, fill.bottom + 1)
            if isinstance(fill.values, np.ndarray):
                span = slice(fill.top, fill.bottom + 1), fill.column
                there = same(table.grid.numbers[span], canonical(fill.values)) & (table.groups[span] == NONE)
                rows = (np.flatnonzero(~there) + fill.top).tolist()
            for row in rows:
                yield (row, fill.column), fill.value(row)


def formats(sheet: Sheet, table: Table, held: Held) -> Iterator[str]:
    """Sentences about numbers that are shown in another format; of each column only the first."""
    wrong: dict[tuple[Style, int, int], int] = {}
    filled = ~is_empty(table.grid.numbers)
    for (row, column), (_, style) in sheet.cells.items():
        if filled[row, column]:
            wrong.setdefault((style, int(table.styles[row, column]), column), row)
    for fill in sheet.fills:
        styles = table.styles[fill.top : fill.bottom + 1, fill.column]
        there = filled[fill.top : fill.bottom + 1, fill.column]
        for style in (styles[0],) if (styles == styles[0]).all() else np.unique(styles):
            rows = there & (styles == style)
            if rows.any():
                wrong.setdefault((fill.style, int(style), fill.column), fill.top + int(rows.argmax()))
    codes: dict[tuple[Style, int], bool] = {}
    for (style, index, column), row in wrong.items():
        found, wanted = held.code(index), style.number_format
        if (style, index) not in codes:
            codes[style, index] = same_format(found) == same_format(wanted)
        if not codes[style, index] and not (
            wanted == GENERAL and _taken_over(sheet, table.formula(row, column), found, held)
        ):
            yield f"{sheet.address(row, column)} has the number format {shown(found)}, not {shown(wanted)}."


def _taken_over(sheet: Sheet, formula: str | None, code: str, held: Held) -> bool:
    """Whether a cell without a format of its own has that of a cell that it reads: so LibreOffice saves it."""
    read = [] if formula is None else references(formula, sheet.name)
    return any(same_format(held.number_format(a.sheet, a.top, a.left)) == same_format(code) for a in read)


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


def _added(sheet: Sheet, cells: Cells) -> Iterator[At]:
    """Cells that are not empty where nothing was composed."""
    rows, columns = sheet.extent
    composed = np.zeros((rows + 1, columns + 1), dtype=bool)
    for at in (*sheet.cells, *sheet.blanks):
        composed[at] = True
    for fill in sheet.fills:
        composed[fill.top : fill.bottom + 1, fill.column] = True
    outside = (cells.rows > rows) | (cells.columns > columns)
    outside[~outside] = ~composed[cells.rows[~outside], cells.columns[~outside]]
    return zip(cells.rows[outside].tolist(), cells.columns[outside].tolist(), strict=True)


def additions(expected: Composition, held: Held) -> tuple[list[str], list[str]]:
    """Sentences about cells that were added: those that formulas read, and those that change nothing."""
    problems, harmless = [], []
    areas: list[Area] | None = None
    for sheet in expected.sheets:
        if sheet.name not in held.cells:
            continue
        cells = held.cells[sheet.name]
        for row, column in _added(sheet, cells):
            areas = _read(expected) if areas is None else areas
            area = next((a for a in areas if _inside(a, sheet.name, row, column)), None)
            formula = cells.formula(row, column)
            content = shown(cells.get((row, column))) if formula is None else f"={quoted(formula)}"
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
        for content, _ in sheet.cells.values():
            if isinstance(content, Formula) and ":" in content.text:
                areas |= {_area(match, sheet.name) for match in _RANGE.finditer(content.text)}
        for fill in sheet.fills:
            if fill.template is not None and ":" in fill.template.text:
                ends = [_RANGE.finditer(fill.template.at(row)) for row in (fill.top, fill.bottom)]
                for first, last in zip(*ends, strict=True):  # all that it reads on its way down
                    areas.add(both(_area(first, sheet.name), _area(last, sheet.name)))
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
