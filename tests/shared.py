"""A sheet's XML in which a test changes cells: shared formulas are written out first, so that one can be changed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl.utils import coordinate_to_tuple

from graddesc_xl.verification.held import Model

#: a cell's sheet, its address, and how its XML is rewritten
Poison = tuple[str, str, Callable[[str], str]]

_CELL = re.compile(r'<c r="([A-Z]+\d+)"[^>]*?(?:/>|>.*?</c>)')
_SHARED = re.compile(r'<f t="shared"(?: ref="[^"]*")? si="(\d+)"(?:/>|>.*?</f>)')


def written_out(xml: str, cells: Collection[str], formula: Callable[[str], str | None]) -> str:
    """A sheet's XML in which no formula of the given cells is shared with another cell.

    formula: gives that of a cell. Of a group that one of the cells begins, every formula is written out.
    """
    groups: dict[str, bool] = {}
    for cell in _CELL.finditer(xml):
        if cell[1] in cells and (shared := _SHARED.search(cell[0])):
            groups[shared[1]] = groups.get(shared[1], False) or " ref=" in shared[0]

    def plain(cell: re.Match[str]) -> str:
        shared = _SHARED.search(cell[0])
        if shared is None or not (groups.get(shared[1]) or cell[1] in cells):
            return cell[0]
        return cell[0].replace(shared[0], f"<f>{escape(formula(cell[1]) or '')}</f>")

    return _CELL.sub(plain, xml) if groups else xml


def rewritten(path: Path, to: Path, held: Model, cells: Iterable[Poison]) -> Path:
    """A copy of a workbook with the XML of cells rewritten. held: what it holds."""
    parts: dict[str, list[Poison]] = {}
    for poison in cells:
        parts.setdefault(f"xl/worksheets/sheet{list(held.sheets).index(poison[0]) + 1}.xml", []).append(poison)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            text = None
            for sheet, cell, rewrite in parts.pop(name, ()):
                text = text or source.read(name).decode()
                text = written_out(text, [cell], lambda at, of=sheet: held.formula(of, *coordinate_to_tuple(at)))  # type: ignore[misc]
                found = re.search(rf'<c r="{cell}"[^>]*>.*?</c>', text)
                assert found, f"{sheet} has no cell {cell}"
                changed = rewrite(found.group(0))
                assert changed != found.group(0), "the poison changed nothing"
                text = text.replace(found.group(0), changed)
            out.writestr(name, source.read(name) if text is None else text.encode())
    assert not parts
    return to
