"""A worksheet of XlsxWriter that streams fills into its XML: each of their rows is spelled from one template.

XlsxWriter keeps an object per cell and looks at each formula with some forty regular expressions. What repeats
down its rows needs neither: its cells are written when the sheet is, as one shared formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from xlsxwriter.worksheet import Worksheet

from ..language.values import CellError, Value, cell_value
from .cells import column_letters
from .fill import Fill

#: rows that are spelled at once
BAND = 4096


class Page(Worksheet):  # type: ignore[misc]  # XlsxWriter ships no types
    """A worksheet whose repeated cells are fills, and which takes formulas as they are.

    XlsxWriter looks in each formula for functions newer than Excel 2007, of which we use none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fills: list[tuple[Fill, Any]] = []
        self.progress: Callable[[int], None] = lambda _: None

    def add_fill(self, fill: Fill, look: Any) -> None:
        """Take a fill and its format; it is spelled when the workbook is closed."""
        self._check_dimensions(fill.top - 1, fill.column - 1)
        self._check_dimensions(fill.bottom - 1, fill.column - 1)
        self.fills.append((fill, look))

    def _prepare_formula(self, formula: str, *_: object) -> str:
        return formula.removeprefix("=")

    def _xml_number_element(self, number: float, attributes: Sequence[tuple[str, object]] = ()) -> None:
        """With every bit of the number: XlsxWriter writes 16 digits, one too few."""
        named = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{named}><v>{number}</v></c>")

    def _xml_inline_string(self, string: str, _: bool, attributes: Sequence[tuple[str, object]]) -> None:
        """A text of `constant_memory` is one that all cells share: Excel would move it there."""
        self._xml_string_element(self.str_table._get_shared_string_index(string), attributes)

    def _write_rows(self) -> None:
        if self.dim_rowmin is None:
            return
        self.fills.sort(key=lambda item: (item[0].column, item[0].top))
        repeated = [fill for fill, _ in self.fills if fill.template and fill.bottom > fill.top]
        shared = {id(fill): number for number, fill in enumerate(repeated)}
        for top in range(self.dim_rowmin + 1, self.dim_rowmax + 2, BAND):
            bottom = min(top + BAND - 1, self.dim_rowmax + 1)
            lines: list[list[tuple[int, str]]] = [[] for _ in range(top, bottom + 1)]
            for fill, look in self.fills:
                first, last = max(fill.top, top), min(fill.bottom, bottom)
                if first > last:
                    continue
                spelled = _spelled(fill, look._get_xf_index(), shared.get(id(fill), 0), first, last)
                for line, cell in zip(lines[first - top :], spelled, strict=False):
                    line.append((fill.column - 1, cell))
            for row, line in enumerate(lines, top - 1):
                self._write_line(row, line)
            if bottom <= self.dim_rowmax:
                self.progress(bottom)

    def _write_line(self, row: int, line: list[tuple[int, str]]) -> None:
        """One row: its own cells and those of fills, in the order of the columns."""
        single, info = self.table.get(row), self.row_info.get(row)
        if not single and not line:
            if info is not None or row in self.comments:
                self._write_empty_row(row, None, info)
            return
        if info is None:
            self.fh.write(f'<row r="{row + 1}">')
        else:
            self._write_row(row, None, info)
        if not single:
            self.fh.write("".join([cell for _, cell in line]))
        else:
            spelled = dict(line)
            for column in sorted({*single, *spelled}):
                if column in spelled:
                    self.fh.write(spelled[column])
                else:
                    self._write_cell(row, column, single[column])
        self.fh.write("</row>")

    def _get_range_data(self, row_start: int, col_start: int, row_end: int, col_end: int) -> Sequence[Any]:
        """The cached points of a chart's range, which is one row or one column: none for an error cell."""
        data: list[Any] = super()._get_range_data(row_start, col_start, row_end, col_end)
        across = col_end - col_start + 1
        for fill, _ in self.fills:
            if not col_start <= fill.column - 1 <= col_end:
                continue
            for row in range(max(fill.top - 1, row_start), min(fill.bottom - 1, row_end) + 1):
                value = cell_value(fill.values[row + 1 - fill.top])
                data[(row - row_start) * across + fill.column - 1 - col_start] = value
        errors = {error.value for error in CellError}
        return [None if isinstance(value, CellError) or value in errors else value for value in data]


def _spelled(fill: Fill, look: int, number: int, first: int, last: int) -> list[str]:
    """The XML of a fill's cells from one row to another."""
    head = f'<c r="{column_letters(fill.column)}'
    tail = f'" s="{look}"' if look else '"'
    values = fill.values[first - fill.top : last - fill.top + 1]
    formulas = _formulas(fill, number, first, last)
    if isinstance(values, np.ndarray) and np.isfinite(values).all():
        plain = (values + 0.0).tolist()
        cells = zip(range(first, last + 1), formulas, plain, strict=True)
        return [f"{head}{row}{tail}>{formula}<v>{value!r}</v></c>" for row, formula, value in cells]
    return [
        f"{head}{row}{tail}{_typed(formula, cell_value(value))}"
        for row, formula, value in zip(range(first, last + 1), formulas, values, strict=True)
    ]


def _formulas(fill: Fill, number: int, first: int, last: int) -> Iterator[str]:
    """The formula elements: the shared one where it begins, then references to it; nothing for constants."""
    if fill.template is None:
        yield from [""] * (last - first + 1)
        return
    if fill.top == fill.bottom:
        yield f"<f>{escape(fill.template.at(first))}</f>"
        return
    if first == fill.top:
        yield f'<f t="shared" ref="{fill.address}" si="{number}">{escape(fill.template.at(first))}</f>'
        first += 1
    yield from [f'<f t="shared" si="{number}"/>'] * (last - first + 1)


def _typed(formula: str, value: Value) -> str:
    """The end of a cell's XML: its type, formula and value."""
    if isinstance(value, bool):
        return f' t="b">{formula}<v>{int(value)}</v></c>'
    if isinstance(value, float):
        return f">{formula}<v>{value!r}</v></c>"
    if isinstance(value, CellError):
        return f' t="e">{formula}<v>{value}</v></c>'
    if formula:
        return f' t="str">{formula}<v>{escape(value)}</v></c>'
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
