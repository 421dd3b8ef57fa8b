"""Numbers in sentences, spelled by functions that every spreadsheet program understands alike.

Programs and languages differ in what TEXT makes of a format, and in how a number becomes text: Gnumeric, which
computes with more digits than others, may show them all. So a figure has a row of helper cells: its value, its
power of ten, its digits as a whole number, and from these its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..language.expr import Const, Expr, Text, call, maximum, minimum, where
from ..language.reports import NONE, floor
from .reference import Cell
from .sheet import Sheet
from .style import FAINT, HEADER_RIGHT, Style

TITLES = ("value", "power of ten", "digits", "as told")
#: to so many decimals first: what is a whole number, or halfway between two, but for its last bits, is that
LAST_BITS = 7
#: from which size on numbers are told with a power of ten, and from which rates: all but 0
LARGE, LEAST = 1e6, 1e-300
#: down to this power of ten a rate is told without it
SMALLEST_PLAIN = -4


@dataclass
class Figures:
    """The figures of a sheet's sentences: their helper cells, from a row and column on, faintly, below a title."""

    sheet: Sheet
    at: tuple[int, int]
    about: str
    count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        row, left = self.at
        self.sheet.put(row, left, self.about, Style(color=FAINT, italic=True))
        for column, title in enumerate(TITLES, left):
            self.sheet.put(row + 1, column, title, replace(HEADER_RIGHT, color=FAINT))
            self.sheet.widths[column] = 12.0

    def rate(self, value: Expr, *, below: bool = False) -> Cell:
        """A rate as it is told, to three digits: 0.01, 4.5E-5. below: rounded down, for what others must stay below."""
        return self._told(value, 2, LEAST, below=below)

    def number(self, value: Expr, places: int = 2) -> Cell:
        """A number as it is told; text is told as it is."""
        return self._told(value, places, LARGE)

    def names(self, value: Expr) -> Cell:
        """The names of a list (`reports.listed`), or none."""
        self.count += 1
        row, left = self.at[0] + 1 + self.count, self.at[1]
        found = self.sheet.put(row, left, value, Style(color=FAINT))
        told = where(found.equals(NONE), "none", call("mid", found, len(NONE) + 3, 1000))
        return self.sheet.put(row, left + len(TITLES) - 1, told, Style(color=FAINT))

    def _told(self, value: Expr, places: int, least: float, *, below: bool = False) -> Cell:
        """Put the helper cells of a figure; a reference to its text. least: what gets a power of ten, in size."""
        self.count += 1
        row, most = self.at[0] + 1 + self.count, 1.0 if below else 0.9995  # from 9.995 on three digits are 10.0

        def put(column: int, content: Expr) -> Cell:
            # LibreOffice gives what only repeats a cell the format of that cell, unless it has one of its own
            look = Style(number="general" if column else "typed", color=FAINT, align="right")
            return self.sheet.put(row, self.at[1] + column, content, look)

        one = 10.0**places
        number = put(0, call("if_error", value, "no number"))
        size = call("abs", number)
        power = put(1, call("if_error", where(size < least, 0, floor(call("log10", size / most))), 0))
        exact = size / call("power", 10, power) * one
        whole = call("round_down" if below else "round", call("round", exact, LAST_BITS), 0)
        digits = put(2, call("if_error", whole, 0))
        behind = call("mod", digits, one)
        count: Expr = Const(places)
        for zeros in range(1, places):  # at the end, which are left out
            count = where(call("mod", behind, 10.0**zeros).equals(0), places - zeros, count)
        decimals = where(behind.equals(0), "", Text(".") & call("mid", behind + one, 2, count))
        exponent = where(power.equals(0), "", where(power < 0, "E", "E+") & power)
        sign = where(number * digits < 0, "-", "")
        told = sign & (digits - behind) / one & decimals & exponent
        if least < 1:  # what is typed as 0.01 is told so, not as 1E-2
            rest = where(behind.equals(0), "", call("mid", behind + one, 2, count))
            zeros_first: Expr = Text("")
            for power_of in range(SMALLEST_PLAIN, -1):
                zeros_first = where((power + -power_of).equals(0), "0" * (-1 - power_of), zeros_first)
            plain = sign & "0." & zeros_first & (digits - behind) / one & rest
            told = where(call("and", power < 0, power + (1 - SMALLEST_PLAIN) > 0), plain, told)
        return put(3, where(call("is_number", number), told, number))


#: the helper cells of a number to so many digits, and the powers of ten that are not told
SIGNIFICANT_TITLES = ("power of ten", "of them told", "decimals", "digits", "as told")
PLAIN = range(-4, 7)
MINUS = "−"


def significant(sheet: Sheet, row: int, left: int, number: Expr, digits: int = 5) -> Cell:
    """Put the helper cells of a number told to so many digits, zeros at its end left out; a reference to its text.

    Numbers from 0.0001 up to 10 million have no power of ten; what is no number is told as –.
    """
    look = Style(number="general", color=FAINT, align="right")

    def put(column: int, content: Expr) -> Cell:
        return sheet.put(row, left + column, content, look)

    size = call("abs", number)
    nearly = 1 - 0.5 * 10.0**-digits  # from here on so many digits are a power of ten more
    power = put(0, call("if_error", where(size.equals(0), 0, floor(call("log10", size / nearly))), 0))
    shift = put(1, where(call("and", power + (1 - PLAIN.start) > 0, power < PLAIN.stop), 0, power))
    least = digits - 1 - PLAIN.start
    places = put(2, maximum(minimum(Const(digits - 1) - power + shift, least), 0))
    one = call("power", 10, places)
    exact = call("round", size / call("power", 10, shift) * one, LAST_BITS)
    whole = put(3, call("if_error", call("round", exact, 0), 0))
    behind = call("mod", whole, one)
    count: Expr = places
    for zeros in range(1, digits):
        count = where(call("mod", behind, 10.0**zeros).equals(0), places - zeros, count)
    decimals = where(behind.equals(0), "", Text(".") & call("mid", behind + one, 2, count))
    exponent = where(shift.equals(0), "", where(shift < 0, f"E{MINUS}", "E+") & call("abs", shift))
    sign = where(number * whole < 0, MINUS, "")
    return put(4, where(call("is_number", number), sign & (whole - behind) / one & decimals & exponent, NONE))
