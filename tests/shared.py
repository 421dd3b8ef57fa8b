"""Shared formulas in a sheet's XML, written out so that a test can change one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from xml.sax.saxutils import escape

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
