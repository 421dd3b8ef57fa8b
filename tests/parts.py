"""A workbook's file as its XML has it, read by nothing of ours."""

from __future__ import annotations

import html
import math
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import coordinate_to_tuple

#: what conditions are computed with
_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "AND": lambda *conditions: all(conditions),
    "OR": lambda *conditions: any(conditions),
    "ABS": abs,
    "LEFT": lambda text, count: str(text)[:count],
}
#: row, column
At = tuple[int, int]
Value = float | str | None


@dataclass(frozen=True)
class Area:
    """Cells of one row or column of a sheet."""

    sheet: str
    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def read(cls, reference: str) -> Area:
        """A reference as a chart has it."""
        sheet, _, address = reference.rpartition("!")
        left, top, right, bottom = range_boundaries(address.replace("$", ""))
        assert left and top and right and bottom and (left == right or top == bottom), reference
        return cls(sheet.strip("'").replace("''", "'"), top, left, bottom, right)

    @property
    def cells(self) -> list[At]:
        """Its cells, from the first to the last."""
        return [(r, c) for r in range(self.top, self.bottom + 1) for c in range(self.left, self.right + 1)]


@dataclass(frozen=True)
class Curve:
    """A series of a chart; name: its text, or the cell that holds it."""

    name: str | Area
    x: Area
    y: Area


@dataclass(frozen=True)
class ChartPart:
    """A chart: title, titles of its axes, series, whether an axis is logarithmic."""

    title: str
    axes: Sequence[str]
    curves: Sequence[Curve]
    log: bool = False


@dataclass(frozen=True)
class InputRule:
    """What may be typed into cells, and the title of the message about them."""

    title: str
    cells: frozenset[At]


@dataclass(frozen=True)
class Condition:
    """A formula for the first of some cells, and how those look where it holds; the lower priority goes first."""

    priority: int
    formula: str
    first: At
    cells: frozenset[At]
    look: Look


@dataclass(frozen=True)
class Look:
    """The number format and the colours that a format or a condition asks for; "" where it asks for none."""

    number: str
    color: str
    fill: str


def _cells(references: str) -> list[At]:
    """The cells of ranges, the first one first."""
    found = []
    for reference in references.split():
        left, top, right, bottom = range_boundaries(reference)
        assert left and top and right and bottom
        found += [(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)]
    return found


def _look(xml: str) -> Look:
    """The look that a format describes itself."""
    number, color, fill = (
        re.search(pattern, xml)
        for pattern in (r'formatCode="([^"]*)"', r'<font>.*?<color rgb="FF(\w{6})"', r'<fill>.*?Color rgb="FF(\w{6})"')
    )
    return Look(*(html.unescape(found[1]) if found else "" for found in (number, color, fill)))


def _texts(xml: str) -> str:
    return html.unescape("".join(re.findall(r"<(?:a:)?t(?: [^>]*)?>(.*?)</(?:a:)?t>", xml, re.DOTALL)))


def _chart(xml: str) -> ChartPart:
    title, *axes = (_texts(found) for found in re.findall(r"<c:title>.*?</c:title>", xml, re.DOTALL))
    curves = []
    for series in re.findall(r"<c:ser>.*?</c:ser>", xml, re.DOTALL):
        name, x, y = (
            re.search(rf"<c:(?:{part})>(.*?)</c:(?:{part})>", series, re.DOTALL)
            for part in ("tx", "xVal|cat", "yVal|val")
        )
        assert name and x and y
        found = [re.search(r"<c:f>(.*?)</c:f>", part[1]) for part in (name, x, y)]
        areas = [Area.read(html.unescape(reference[1])) if reference else None for reference in found]
        text = re.search(r"<c:v>(.*?)</c:v>", name[1])
        assert areas[1] and areas[2] and text
        curves.append(Curve(areas[0] or html.unescape(text[1]), areas[1], areas[2]))
    return ChartPart(title, axes, curves, "<c:logBase" in xml)


@dataclass(frozen=True)
class Page:
    """A sheet's XML and what it says."""

    name: str
    xml: str
    strings: Sequence[str]
    comments: str
    charts: Sequence[ChartPart]
    looks: Sequence[Look]
    conditional: Sequence[Look]

    @cached_property
    def _cells(self) -> dict[At, tuple[str, str, str, str | None]]:
        """Cell -> style, type, value, formula."""
        found = {}
        pattern = r'<c r="([A-Z]+\d+)"([^>]*)>(?:<f(?: [^>]*)?(?:/|>([^<]*)</f)>)?(?:<v>([^<]*)</v>)?(?:</c>)'
        for cell in re.finditer(pattern, self.xml):
            attributes = dict(re.findall(r' ([a-z]+)="([^"]*)"', cell[2]))
            formula = (cell[3] or "") if "<f" in cell[0] else None
            found[coordinate_to_tuple(cell[1])] = (attributes["s"], attributes.get("t", "n"), cell[4], formula)
        return found

    @cached_property
    def values(self) -> dict[At, Value]:
        """Every cell that is not empty; an error cell is None."""
        read: dict[At, Value] = {}
        for at, (_, kind, value, _) in self._cells.items():
            if kind == "s":
                read[at] = self.strings[int(value)]
            elif kind == "str":
                read[at] = html.unescape(value)
            else:
                read[at] = None if kind == "e" else float(value)
        return read

    @cached_property
    def styles(self) -> dict[At, Look]:
        """The look of each cell that is not empty, conditions aside."""
        return {at: self.looks[int(style)] for at, (style, *_) in self._cells.items()}

    @cached_property
    def rules(self) -> list[InputRule]:
        """The rules for what is typed."""
        found = re.findall(r'<dataValidation [^>]*promptTitle="([^"]*)"[^>]*sqref="([^"]*)"', self.xml)
        return [InputRule(html.unescape(title), frozenset(_cells(ranges))) for title, ranges in found]

    @cached_property
    def conditions(self) -> list[Condition]:
        """The conditions on how cells look, the first to apply first."""
        found = []
        for ranges, rules in re.findall(
            r'<conditionalFormatting sqref="([^"]*)">(.*?)</conditionalFormatting>', self.xml, re.DOTALL
        ):
            cells = _cells(ranges)
            for look, priority, formula in re.findall(
                r'<cfRule type="expression" dxfId="(\d+)" priority="(\d+)"[^>]*><formula>(.*?)</formula>', rules
            ):
                conditional = self.conditional[int(look)]
                found.append(Condition(int(priority), html.unescape(formula), cells[0], frozenset(cells), conditional))
        return sorted(found, key=lambda condition: condition.priority)

    @cached_property
    def formulas(self) -> dict[At, str]:
        """The formula of each cell that has one, which is empty where it shares another's."""
        return {at: html.unescape(formula) for at, (*_, formula) in self._cells.items() if formula is not None}

    @cached_property
    def notes(self) -> dict[At, str]:
        """The note of each cell that has one."""
        found = re.findall(r'<comment ref="([A-Z]+\d+)".*?<text>(.*?)</text>', self.comments, re.DOTALL)
        return {coordinate_to_tuple(address): _texts(text) for address, text in found}

    def shown(self, at: At) -> Look:
        """How a cell looks where every condition is computed, of several the first that asks for something."""
        number, color, fill = "", "", ""
        for condition in self.conditions:
            if at in condition.cells and self.holds(condition, at):
                look = condition.look
                number, color, fill = number or look.number, color or look.color, fill or look.fill
        look = self.styles[at]
        return Look(number or look.number, color or look.color, fill or look.fill)

    def holds(self, condition: Condition, at: At) -> bool:
        """Whether a condition is true of a cell, computed with what the cells hold."""

        def value(reference: re.Match[str]) -> str:
            fixed_column, letters, fixed_row, digits = reference.groups()
            row, column = coordinate_to_tuple(letters + digits)
            row += 0 if fixed_row else at[0] - condition.first[0]
            column += 0 if fixed_column else at[1] - condition.first[1]
            return repr(self.values.get((row, column), 0.0))

        parts = condition.formula.split('"')
        for i in range(0, len(parts), 2):
            spelled = re.sub(r"(?<![<>])=", "==", parts[i]).replace("<>", "!=")
            parts[i] = re.sub(r"(\$?)\b([A-Z]+)(\$?)(\d+)", value, spelled)
        try:
            return bool(eval('"'.join(parts), dict(_FUNCTIONS)))
        except TypeError:  # of a text or an error cell, which no condition is about
            return False

    def find(self, text: str, *, row: int = 0, column: int = 0, above: int = 0, left: int = 0) -> At:
        """The first cell with a text, in a row or column, or below and right of others."""
        for (r, c), value in sorted(self.values.items()):
            if value == text and row in (0, r) and column in (0, c) and r > above and c >= left:
                return r, c
        raise AssertionError(f"{self.name} has no {text!r}")

    def beside(self, label: str) -> Value:
        """What the cell at the right of a label holds."""
        row, column = self.find(label)
        return self.values[row, column + 1]

    def heading(self, at: At) -> tuple[str, At]:
        """The nearest text above a cell, and where it stands."""
        row, column = at
        for r in range(row - 1, 0, -1):
            value = self.values.get((r, column))
            if isinstance(value, str) and value:
                return value, (r, column)
        raise AssertionError(f"{self.name}: nothing stands above {at}")


class Parts:
    """The sheets of a workbook's file."""

    def __init__(self, path: Path) -> None:
        self._file = zipfile.ZipFile(path)
        book = self._part("xl/workbook.xml")
        self.sheets = [html.unescape(name) for name in re.findall(r'<sheet name="([^"]*)"', book)]
        items = re.findall(r"<si>.*?</si>", self._part("xl/sharedStrings.xml"), re.DOTALL)
        self.strings = [_texts(item) for item in items]
        self.page = cache(self._page)
        styles = self._part("xl/styles.xml")
        numbers = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]*)"', styles)) | {
            "0": "General",
            "1": "0",
        }
        fonts, fills = ([_look(f) for f in re.findall(rf"<{kind}>.*?</{kind}>", styles)] for kind in ("font", "fill"))
        (formats,) = re.findall(r"<cellXfs.*?</cellXfs>", styles)
        cells = re.findall(r'<xf numFmtId="(\d+)" fontId="(\d+)" fillId="(\d+)"', formats)
        self.looks = [
            Look(html.unescape(numbers[number]), fonts[int(font)].color, fills[int(fill)].fill)
            for number, font, fill in cells
        ]
        self.conditional = [_look(found) for found in re.findall(r"<dxf>.*?</dxf>", styles)]

    def _part(self, name: str) -> str:
        return self._file.read(name).decode()

    def _links(self, part: str, kind: str) -> list[str]:
        """The parts of a kind that a part refers to."""
        folder, _, name = part.rpartition("/")
        links = f"{folder}/_rels/{name}.rels"
        if links not in self._file.namelist():
            return []
        found = re.findall(rf'/{kind}" Target="\.\./([^"]*)"', self._part(links))
        return [f"xl/{target}" for target in found]

    def _page(self, sheet: str) -> Page:
        part = f"xl/worksheets/sheet{self.sheets.index(sheet) + 1}.xml"
        drawings = self._links(part, "drawing")
        charts = [_chart(self._part(chart)) for drawing in drawings for chart in self._links(drawing, "chart")]
        comments = "".join(map(self._part, self._links(part, "comments")))
        return Page(sheet, self._part(part), self.strings, comments, charts, self.looks, self.conditional)

    def values(self, area: Area) -> list[Value]:
        """What the cells of an area hold."""
        held = self.page(area.sheet).values
        return [held[at] for at in area.cells]


class Steps:
    """A sheet with a row per step as a reader finds the way in it: blocks by name, columns by the notes of headers."""

    SAMPLES, EPOCHS = 29, 10

    def __init__(self, page: Page) -> None:
        tops = [page.find(f"epoch {epoch}", column=1)[0] for epoch in range(1, self.EPOCHS + 1)]
        self.rows = [row for top in tops for row in range(top + 3, top + 3 + self.SAMPLES)]
        notes = {at: note for at, note in page.notes.items() if at[0] == tops[0] + 2}
        self.titles = {note.splitlines()[0]: column for (_, column), note in notes.items()}
        self.values = page.values

    def column(self, title: str, *epochs: int) -> list[Value]:
        """All steps of some epochs, counted from 1, or of all."""
        found = [self.values[row, self.titles[title]] for row in self.rows]
        chosen = epochs or range(1, self.EPOCHS + 1)
        return [value for epoch in chosen for value in found[(epoch - 1) * self.SAMPLES : epoch * self.SAMPLES]]

    def squares(self) -> list[float | None]:
        """The sum of the squared errors of each epoch; None where one is an error cell."""
        epochs = [self.column("err²", epoch) for epoch in range(1, self.EPOCHS + 1)]
        return [None if None in errors else math.fsum(map(number, errors)) for errors in epochs]


def number(value: Value) -> float:
    """A cell that must hold a number."""
    assert isinstance(value, float), value
    return value
