"""The texts of formulas: the freedom of their spelling, formulas that are shared, and what reaches outside a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from ..workbook.cells import column_letters

#: a sheet's limits, and a formula's in characters
ROWS, COLUMNS, LONGEST = 1_048_576, 16_384, 8_192

_TOKEN = re.compile(
    r"""
    (?P<text> "(?:[^"]|"")*" )
  | (?P<sheet> (?: '(?:[^']|'')*' | [\w.]+ ) ! )
  | (?P<bracket> \[ (?: [^\[\]] | \[[^\[\]]*\] )* \] )
  | (?P<cell> \$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6} (?![\w.(]) )
  | (?P<columns> \$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3} (?![\w.(]) )
  | (?P<rows> \$?[1-9][0-9]{0,6}:\$?[1-9][0-9]{0,6} (?![\w.(]) )
  | (?P<number> (?: [0-9]+\.?[0-9]* | \.[0-9]+ ) (?: [Ee][+-]?[0-9]+ )? )
  | (?P<name> [\w\\][\w.\\?]* )
  | (?P<space> [\s@]+ )
  | (?P<sign> <> | <= | >= | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_CORNER = re.compile(r"(\$?)([A-Za-z]*)(\$?)([0-9]*)")
_NEWER = re.compile(r"^(?:_XLFN\.|_XLWS\.|_XLL\.)+")

#: functions that fetch something, or run something, when they are computed
FETCHING = {
    *("WEBSERVICE", "IMAGE", "RTD", "DDE", "CALL", "REGISTER", "REGISTER.ID", "EXEC"),
    *("SQL.REQUEST", "EXECSQL", "READDBTABLE", "STOCKHISTORY"),
}
#: what a formula that reaches outside has in it, digits left out
_SUSPECT = re.compile(rf"[\[|#]|{'|'.join(map(re.escape, sorted(FETCHING)))}", re.IGNORECASE)


def tokens(formula: str) -> Iterator[tuple[str, str]]:
    """Kinds and texts of a formula's tokens; nothing in it is nested here, however deep its brackets."""
    for match in _TOKEN.finditer(formula):
        yield match.lastgroup or "sign", match.group()


def normal(formula: str) -> str:
    """A formula without the freedom of its spelling: case, spaces, quotes around sheets, numbers, newer functions.

    >>> normal("if( 'data'!b5>1e-3, _xlfn.IFNA(A1,TRUE()))") == normal("IF(data!B5>0.001,IFNA(A1,TRUE))")
    True
    >>> normal("'a b'!A1") == normal("ab!A1"), normal('"a b"') == normal('"ab"')
    (False, False)
    """
    words: list[str] = []
    for kind, token in tokens(formula):
        match kind:
            case "space":
                continue
            case "text":
                words.append(token)
            case "sheet":
                name = token[1:-2].replace("''", "'") if token[0] == "'" else token[:-1]
                words.append(f"'{name.upper()}'!")
            case "number":
                words.append(repr(float(token)))
            case "name":
                words.append(_NEWER.sub("", token.upper()))
            case _:
                words.append(token.upper())
    # between tokens stands what no file can hold, so that two are never taken for one
    return re.sub("\x1f(TRUE|FALSE)\x1f\\(\x1f\\)", "\x1f\\1", "\x1f" + "\x1f".join(words))


_DIGITS = dict.fromkeys(map(ord, "0123456789"))


def suspect(formula: str, innocent: set[str]) -> bool:
    """Whether a formula may reach outside; `innocent` keeps the shapes of those that do not, as most are alike."""
    shape = formula.translate(_DIGITS)
    if shape in innocent:
        return False
    if _SUSPECT.search(shape):
        return True
    innocent.add(shape)
    return False


def outside(formula: str) -> str | None:
    """What in a formula reaches outside the file, or None.

    >>> outside('WEBSERVICE("http://a.b/c")'), outside("'[1]Sheet 1'!A1"), outside("cmd|'/c calc'!A1")
    ('WEBSERVICE', "'[1]Sheet 1'!", 'DDE')
    >>> outside('IF(T[a]>2,"[1]Sheet!A1 | WEBSERVICE",Image)'), outside("")
    (None, None)
    """
    before = ""
    found = [token for token in tokens(formula) if token[0] != "space"]
    for (kind, token), (_, after) in pairwise([*found, ("", "")]):
        if kind == "sheet" and ("[" in token or before.endswith("]")):
            return token
        if token == "!" and before.endswith("]"):
            return before
        if kind == "sign" and token == "|":
            return "DDE"
        if kind == "sign" and token in ("'", "#") and "file:" in formula.lower():
            return "a file"
        if kind == "name" and after == "(" and _NEWER.sub("", token.upper()) in FETCHING:
            return token
        before = token
    return None


class _Corner(NamedTuple):
    """One end of a reference; a whole column has no row, a whole row no column."""

    column: int
    row: int
    fixed_column: bool
    fixed_row: bool

    def moved(self, rows: int, columns: int) -> str:
        """As it is spelled so many rows and columns further on; empty where it leaves the sheet."""
        text = ""
        for place, fixed, step, most in (
            (self.column, self.fixed_column, columns, COLUMNS),
            (self.row, self.fixed_row, rows, ROWS),
        ):
            if place:
                there = place if fixed else place + step
                if not 0 < there <= most:
                    return ""
                text += "$" * fixed + (str(there) if most == ROWS else _letters(there))
        return text


_letters = cache(column_letters)


@cache
def column_numbers() -> dict[str, int]:
    """The columns of a sheet by their letters."""
    return {column_letters(column): column for column in range(1, COLUMNS + 1)}


@dataclass(frozen=True, slots=True)
class Shared:
    """A formula that several cells share: relative references move with the cell that holds it."""

    pieces: tuple[str | tuple[_Corner, ...], ...]
    row: int
    column: int

    @classmethod
    def of(cls, formula: str, row: int, column: int) -> Shared:
        """The formula as the cell at this row and column spells it."""
        pieces: list[str | tuple[_Corner, ...]] = []
        for kind, token in tokens(formula):
            corners = _corners(token) if kind in ("cell", "columns", "rows") else None
            if corners is None and pieces and isinstance(pieces[-1], str):
                pieces[-1] += token
            else:
                pieces.append(token if corners is None else corners)
        return cls(tuple(pieces), row, column)

    def at(self, row: int, column: int) -> str:
        """The formula of the cell at this row and column.

        >>> Shared.of('A$1*LOG10(B2)&"A1"', 2, 3).at(4, 4)
        'B$1*LOG10(C4)&"A1"'
        """
        rows, columns = row - self.row, column - self.column
        words = []
        for piece in self.pieces:
            if isinstance(piece, str):
                words.append(piece)
            else:
                ends = [corner.moved(rows, columns) for corner in piece]
                words.append(":".join(ends) if all(ends) else "#REF!")
        return "".join(words)


def _corners(token: str) -> tuple[_Corner, ...] | None:
    """The ends of a reference; None for what only looks like one, such as a name ABC1234567."""
    ends = []
    for text in token.split(":"):
        match = _CORNER.fullmatch(text)
        if match is None:
            return None
        first, letters, second, digits = match.groups()
        column, row = column_numbers().get(letters.upper(), 0) if letters else 0, int(digits or 0)
        if (letters and not column) or row > ROWS:
            return None
        ends.append(_Corner(column, row, bool(first and letters), bool(second or (first and not letters))))
    return tuple(ends)
