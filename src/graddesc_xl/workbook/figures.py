"""Numbers in sentences, spelled by functions that every spreadsheet program understands alike.

Programs and languages differ in what TEXT makes of a format, and in how a number becomes text: Gnumeric, which
computes with more digits than others, may show them all. So a figure has a row of helper cells: its value, its
power of ten, its digits as a whole number, and from these its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .cells import a1
from .live import Live, call, constant, floor, text
from .sheet import Sheet
from .style import FAINT, HEADER_RIGHT, Style

TITLES = ("value", "power of ten", "digits", "as told")
#: from which size on numbers are told with a power of ten, and from which rates: all but 0
LARGE, LEAST = 1e6, 1e-300


@dataclass
class Figures:
    """The figures of a sheet's sentences: their helper cells, from a row and column on."""

    at: tuple[int, int]
    cells: dict[tuple[int, int], Live] = field(default_factory=dict)

    def rate(self, value: Live, *, below: bool = False) -> Live:
        """A rate as it is told, to three digits: 1.02E-4. below: rounded down, for what others must stay below."""
        return self._told(value, 2, LEAST, below=below)

    def number(self, value: Live, places: int = 2) -> Live:
        """A number as it is told; text is told as it is."""
        return self._told(value, places, LARGE)

    @property
    def _row(self) -> int:
        return self.at[0] + 2 + len(self.cells) // len(TITLES)

    def _told(self, value: Live, places: int, least: float, *, below: bool = False) -> Live:
        """Put the helper cells of a figure; a reference to its text. least: what gets a power of ten, in size."""
        row, most = self._row, 1.0 if below else 0.9995  # of a power of ten: from 9.995 on three digits are 10.0

        def put(column: int, content: Live) -> Live:
            at = row, self.at[1] + column
            self.cells[at] = content
            return Live(a1(*at), content.value)

        one = 10.0**places
        number = put(0, call("IFERROR", value, "no number"))
        size = call("ABS", number)
        power = put(1, call("IFERROR", call("IF", size < least, 0, floor(call("LOG10", size / most))), 0))
        exact = size / constant(10.0) ** power * one
        # what is a whole number but for its last bits is one
        whole = call("ROUNDDOWN", call("ROUND", exact, 7.0), 0) if below else call("ROUND", exact, 0)
        digits = put(2, call("IFERROR", whole, 0))
        behind = call("MOD", digits, one)
        count = call("IF", call("MOD", behind, 10).equals(0), places - 1.0, float(places))
        decimals = call("IF", behind.equals(0), "", text(".") & call("MID", behind + one, 2, count))
        exponent = call("IF", power.equals(0), "", call("IF", power < 0, "E", "E+") & power)
        sign = call("IF", number * digits < 0, "-", "")
        told = sign & (digits - behind) / one & decimals & exponent
        return put(3, call("IF", call("ISNUMBER", number), told, number))

    def compose(self, sheet: Sheet, about: str) -> None:
        """Put the helper cells, faintly, below a title."""
        row, left = self.at
        sheet.put(row, left, about, Style(color=FAINT, italic=True))
        for column, title in enumerate(TITLES, left):
            sheet.put(row + 1, column, title, replace(HEADER_RIGHT, color=FAINT))
            sheet.widths[column] = 12.0
        for at, content in self.cells.items():
            sheet.put(*at, content.formula, Style(number="general", color=FAINT, align="right"))
