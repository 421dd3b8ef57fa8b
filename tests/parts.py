"""A workbook's file as its XML has it, read by nothing of ours."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import coordinate_to_tuple

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
    """A chart: title, titles of its axes, series."""

    title: str
    axes: Sequence[str]
    curves: Sequence[Curve]


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
    return ChartPart(title, axes, curves)


@dataclass(frozen=True)
class Page:
    """A sheet's XML and what it says."""

    name: str
    xml: str
    strings: Sequence[str]
    comments: str
    charts: Sequence[ChartPart]

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
    def styles(self) -> dict[At, int]:
        """The number of each cell's format."""
        return {at: int(style) for at, (style, *_) in self._cells.items()}

    @cached_property
    def formulas(self) -> dict[At, str]:
        """The formula of each cell that has one, which is empty where it shares another's."""
        return {at: html.unescape(formula) for at, (*_, formula) in self._cells.items() if formula is not None}

    @cached_property
    def notes(self) -> dict[At, str]:
        """The note of each cell that has one."""
        found = re.findall(r'<comment ref="([A-Z]+\d+)".*?<text>(.*?)</text>', self.comments, re.DOTALL)
        return {coordinate_to_tuple(address): _texts(text) for address, text in found}

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
        return Page(sheet, self._part(part), self.strings, comments, charts)

    def values(self, area: Area) -> list[Value]:
        """What the cells of an area hold."""
        held = self.page(area.sheet).values
        return [held[at] for at in area.cells]
