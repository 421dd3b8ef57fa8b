"""Read the cells of one sheet: values, formulas and formats, into arrays.

A program writes nearly all rows in one plain way; these are taken apart a row at a time by regular expressions that
allow nothing else. A row that differs from one before it in numbers alone is not even that: the rest is compared as
text. From the first row that is not plain on, a part is parsed as XML, and judged cell by cell.
"""

from __future__ import annotations

import math
import operator
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import WorkbookError
from ..workbook.cells import a1
from .bounded import quoted
from .bounds import DEEPEST, Bounds
from .formulas import COLUMNS, LONGEST, ROWS, column_numbers
from .grid import EMPTY, At, as_number, is_other
from .held import NONE, OWN, Cells, Group, plain
from .parts import Package

_MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?\s*")

#: plain XML: the beginning of a row, as XlsxWriter and LibreOffice write it or as IronCalc does; its cells, each as
#: column, row, attributes, formula and value, one that is an empty text, one that stands in the cell itself; and what
#: is no cell
_FLAG = r'"(?:[01]|true|false)"'
_ROW = re.compile(
    r'<row r="([1-9][0-9]{0,6})"(?: spans="[0-9:]+")?(?: s="[0-9]+")?'
    rf'(?:(?: customFormat={_FLAG})?(?: ht="[0-9.]+")?(?: hidden={_FLAG})?(?: customHeight={_FLAG})?'
    rf'(?: outlineLevel="[0-7]")?(?: collapsed={_FLAG})?'
    r'| ht="[0-9.]+" customHeight="[01]"(?: customFormat="[01]")?(?: hidden="1")?)(/?)>'
)
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})([0-9]+)"([^<>/]*)'
    r"(?:/>|>(<f[^<>]*/>|<f[^<>]*>[^<>]*</f>)?"
    r'(?:<v>([^<>]+)</v>|(<v></v>)|<is><t(?: xml:space="preserve")?>([^<>]+)</t></is>)?</c>)|(.+)'
)
_STYLE, _KIND = r' s="([0-9]{1,9})"', r' t="(n|s|str|b|e|inlineStr)"'
_ATTRIBUTES = re.compile(f"(?:{_STYLE})?(?:{_KIND})?|{_KIND}(?:{_STYLE})?")
_FORMULA = re.compile(
    r'<f(?: aca="(?:true|false)")?(?: t="(shared)"(?: ref="[A-Z0-9:]+")? si="([0-9]{1,9})")?(?:/>|>([^<>]*)</f>)'
)
#: of a plain row, the values that are numbers, and where its own number stands; what no plain row holds is in
#: their places in what it has in common with others
_VALUE = re.compile(rb"<v>([0-9.eE+-]+)</v>")
_ROW_NUMBER = re.compile(rb'(<row r="|<c r="[A-Z]+)[0-9]+')
_ROW_BEGIN, _ANY_ROW, _ANY_VALUE = b'<row r="', b"\x00", b"\x01"
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_ROWS_BEGIN, _ROWS_END, _ROW_END = b"<sheetData>", b"</sheetData>", b"</row>"
#: bytes before the rows of a sheet, or in one row, that are looked through for plain ones
_MOST = 1 << 22


class _NotPlainError(Exception):
    """A row is to be parsed as XML."""


@dataclass
class _Found:
    """The cells of a sheet that were read so far. places: where they are, once they do not come in order."""

    rows: array[int] = field(default_factory=lambda: array("i"))
    columns: array[int] = field(default_factory=lambda: array("i"))
    numbers: array[float] = field(default_factory=lambda: array("d"))
    groups: array[int] = field(default_factory=lambda: array("i"))
    styles: array[int] = field(default_factory=lambda: array("i"))
    others: dict[At, Any] = field(default_factory=dict)
    own: dict[At, str] = field(default_factory=dict)
    shares: list[Group] = field(default_factory=list)
    last: At = (0, 0)
    places: set[At] | None = None

    def taken(self, at: At) -> bool:
        """Whether a cell is there already."""
        if at <= self.last and self.places is None:
            self.places = {*zip(self.rows, self.columns, strict=True)}
        self.last = at
        return self.places is not None and at in self.places

    def add(self, at: At, value: Any, group: int, style: int) -> None:
        """One cell more."""
        self.rows.append(at[0])
        self.columns.append(at[1])
        self.numbers.append(as_number(value))
        self.groups.append(group)
        self.styles.append(style)
        if is_other(value):
            self.others[at] = value
        if self.places is not None:
            self.places.add(at)

    def share(self, formula: str, at: At) -> int:
        """The number of a new group of cells that share a formula."""
        self.shares.append(Group(formula, *at))
        return len(self.shares)

    def cells(self) -> Cells:
        """All of them, in order."""
        rows, columns, groups, styles = (
            np.array(found, dtype=np.int32) for found in (self.rows, self.columns, self.groups, self.styles)
        )
        numbers = np.array(self.numbers, dtype=float)
        if self.places is not None:
            order = np.lexsort((columns, rows))
            rows, columns, groups, styles = (found[order] for found in (rows, columns, groups, styles))
            numbers = numbers[order]
        return Cells(rows, columns, numbers, self.others, groups, styles, self.shares, self.own)


@dataclass(frozen=True)
class SheetReader:
    """Reads the sheets of one workbook. strings: the texts that cells refer to. formats: how many there are."""

    package: Package
    bounds: Bounds
    strings: Sequence[str]
    formats: int

    def read(self, sheet: str, part: str) -> Cells:
        """The cells of a sheet."""
        parsed = _Parsed(self, sheet, part)
        plain_rows = _PlainRows(self, parsed)
        self.package.parse(part, parsed.start, parsed.end, parsed.text, plain_rows.rest)
        return parsed.found.cells()

    def value(self, kind: str, spelled: str | None) -> Any:
        """The value of a cell of a kind; ValueError: what is wrong with it."""
        if kind == "n":
            return self._number(spelled)
        if spelled is None:
            return None
        match kind:
            case "s":
                index = index_of(spelled.strip(), len(self.strings))
                if index < 0:
                    raise ValueError(f"refers to the text number {quoted(spelled)}, which the file lacks")
                return self.strings[index]
            case "str" | "d":
                return unescaped(spelled)
            case "b":
                if spelled.strip() not in ("0", "1"):
                    raise ValueError(f"holds {quoted(spelled)}, which is neither TRUE nor FALSE")
                return spelled.strip() == "1"
            case "e":
                return plain(spelled)
        raise ValueError(f"holds a value of the kind {quoted(kind)}, which there is not")

    def _number(self, spelled: str | None) -> float | None:
        """A number; it may be larger than any double, as another program may compute with more."""
        if not spelled:
            return None
        try:
            found = float(spelled)
        except ValueError:
            found = math.nan
        if found - found == 0 and spelled.isascii() and "_" not in spelled:
            return found
        if spelled.isspace():
            return None
        if not _NUMBER.fullmatch(spelled):
            raise ValueError(f"holds {quoted(spelled)}, which is no number")
        return found

    def style(self, spelled: str) -> int:
        """The number of a cell's format; ValueError: what is wrong with it."""
        index = index_of(spelled, self.formats) if spelled != "0" else 0
        if index < 0:
            raise ValueError(f"has a style with the number {quoted(spelled)}, which the file lacks")
        return index

    def check_formula(self, formula: str) -> None:
        """ValueError: what is wrong with a formula."""
        if len(formula) > LONGEST:
            raise ValueError(f"holds a formula of {len(formula):,} characters; a spreadsheet takes {LONGEST:,}")
        if reached := self.bounds.reached(formula):
            raise ValueError(
                f"holds a formula that reaches outside the file ({quoted(reached)}); no program was given it. Remove it"
            )


class _Parsed:
    """The cells of a sheet, parsed as XML."""

    def __init__(self, reader: SheetReader, sheet: str, part: str) -> None:
        self.reader, self.bounds, self.named, self.part = reader, reader.bounds, quoted(sheet), part
        self.found = _Found()
        self.text: list[str] = []
        self.letters = column_numbers()
        self.depth = self.row = self.column = 0
        self.in_rows = self.done = self.phonetic = False
        self.row_text = self.kind = self.style = ""
        self.formula: str | None = None
        self.value: str | None = None
        self.inline: list[str] | None = None
        self.about: dict[str, str] = {}
        self.shared: dict[str, int] = {}
        self.main_row = self.main_cell = self.main_f = self.main_v = self.main_is = self.main_t = self.main_data = ""

    def refused(self, what: str) -> WorkbookError:
        """What is wrong with the cell that is read."""
        place = f"{self.named}!{a1(self.row, self.column)}" if self.row and self.column else self.named
        return self.bounds.refused(f"{place} {what}.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.text.clear()
        self.depth += 1
        depth = self.depth
        if not self.in_rows or depth <= 2:
            self._around(name, depth)
        elif depth == 4 and name == self.main_cell:
            self._cell(attributes)
        elif depth == 4:
            raise self.refused(f"has {quoted(local(name))} among its cells")
        elif depth == 5 and name in (self.main_f, self.main_v, self.main_is):
            if name == self.main_f:
                self.about = attributes
            elif name == self.main_is:
                self.inline, self.phonetic = [], False
        elif depth == 3:
            self._row(name, attributes)
        elif depth == 5 and local(name) != "extLst":
            raise self.refused(f"holds {quoted(local(name))}, which is no part of a cell")
        elif name.endswith(" rPh"):
            self.phonetic = True
        if depth > DEEPEST:
            raise self.bounds.refused(f"its part {quoted(self.part)} nests its elements deeper than any workbook.")

    def _around(self, name: str, depth: int) -> None:
        """An element around the rows."""
        if depth == 2:
            self.in_rows = name == self.main_data
            if self.in_rows and self.done:
                raise self.bounds.refused(f"{self.named} has its cells twice.")
            self.done = self.done or self.in_rows
        elif depth == 1:
            space, _, root = name.rpartition(" ")
            if space not in _MAIN or root not in ("worksheet", "dialogsheet"):
                raise self.bounds.refused(f"the part of its sheet {self.named} is no sheet but {quoted(local(name))}.")
            self.main_row, self.main_cell, self.main_f, self.main_v, self.main_is, self.main_t, self.main_data = (
                f"{space} {each}" for each in ("row", "c", "f", "v", "is", "t", "sheetData")
            )

    def _row(self, name: str, attributes: dict[str, str]) -> None:
        self.column = 0
        if name != self.main_row:
            raise self.refused(f"has {quoted(local(name))} among its rows")
        number = attributes.get("r", str(self.row + 1))
        if not (number.isdecimal() and number.isascii() and len(number) < 8 and 0 < int(number) <= ROWS):
            self.row = 0
            raise self.refused(f"has a row with the number {quoted(number)}; rows go from 1 to {ROWS:,}")
        self.row = int(number)
        self.row_text = str(self.row)
        self.bounds.take(self.part)

    def _cell(self, attributes: dict[str, str]) -> None:
        self.bounds.take_cells(1)
        address = attributes.get("r")
        if address is None:
            self.column += 1
        else:
            text = self.row_text
            self.column = self.letters.get(address[: -len(text)], 0) if address.endswith(text) else 0
        if not 0 < self.column <= COLUMNS:
            self.column = 0
            raise self.refused(f"has a cell in row {self.row} that says it is at {quoted(str(address))}")
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "0")
        self.formula = self.value = self.inline = None

    def end(self, name: str) -> None:
        """An element ends."""
        depth = self.depth
        if self.in_rows:
            if depth == 5:
                if name == self.main_v:
                    if self.value is not None:
                        raise self.refused("holds two values")
                    self.value = "".join(self.text)
                elif name == self.main_f:
                    if self.formula is not None:
                        raise self.refused("holds two formulas")
                    self.formula = "".join(self.text)
            elif depth == 4:
                self._finish()
            elif depth > 5 and self.inline is not None:
                if name == self.main_t and not self.phonetic:
                    self.inline.extend(self.text)
                elif name.endswith(" rPh"):
                    self.phonetic = False
            elif depth == 2:
                self.in_rows = False
        else:
            self.bounds.check_formula(self.part, local(name), self.text)
            self.bounds.take(self.part)
            self.text.clear()
        self.depth = depth - 1

    def _finish(self) -> None:
        """The cell that ends here."""
        at = self.row, self.column
        if self.found.taken(at):
            raise self.refused("is there twice")
        try:
            group = NONE if self.formula is None else self._group(self.formula, at)
            if self.kind == "inlineStr":
                value: Any = unescaped("".join(self.inline or ()))
            else:
                value = self.reader.value(self.kind, self.value)
            if value is not None or self.formula is not None:
                self.found.add(at, value, group, self.reader.style(self.style))
        except ValueError as problem:
            raise self.refused(str(problem)) from None

    def _group(self, spelled: str, at: At) -> int:
        """The group of a cell's formula; ValueError: what is wrong with it."""
        self.reader.check_formula(spelled)
        about = self.about
        match about.get("t", "normal"):
            case "normal":
                self.found.own[at] = spelled
            case "array":
                self.found.own[at] = f"{{{spelled}}}"
            case "dataTable":
                self.found.own[at] = f"{{TABLE({about.get('r1', '')},{about.get('r2', '')})}}"
            case "shared":
                name = about.get("si", "")
                if spelled:
                    self.shared[name] = self.found.share(spelled, at)
                if name not in self.shared:
                    raise ValueError(f"shares the formula {quoted(name)}, which no cell before it has")
                return self.shared[name]
            case other:
                raise ValueError(f"holds a formula of the kind {quoted(other)}, which there is not")
        return OWN


@dataclass(frozen=True)
class _Shape:
    """What a row has in common with others that differ from it in their numbers alone.

    text: the XML without these numbers. cells: how many it has, empty ones too; columns, groups, styles, numbers: of
    the others. varying: which of the numbers are a row's own; others: the values that are none, by their columns.
    """

    text: bytes
    cells: int
    columns: array[int]
    groups: array[int]
    styles: array[int]
    numbers: array[float]
    varying: Sequence[int]
    others: Sequence[tuple[int, Any]]

    def filled(self, values: list[float]) -> array[float]:
        """The numbers of a row with these of its own."""
        if len(values) == len(self.numbers):
            return array("d", values)
        numbers = self.numbers[:]
        for i, value in zip(self.varying, values, strict=True):
            numbers[i] = value
        return numbers


class _PlainRows:
    """The rows of a sheet that are written in the plain way, taken out of what is parsed.

    shapes: of the latest row of each number of values.
    """

    def __init__(self, reader: SheetReader, parsed: _Parsed) -> None:
        self.reader, self.parsed, self.found = reader, parsed, parsed.found
        self.looks: dict[str, tuple[str, int]] = {}
        self.groups = {"": NONE}
        self.shapes: dict[int, _Shape] = {}

    def rest(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """What is left to be parsed: all that is around the plain rows, and everything from another one on."""
        head = b""
        for chunk in chunks:
            head += chunk
            if _ROWS_BEGIN in head or len(head) > _MOST:
                break
        before, begin, rows = head.partition(_ROWS_BEGIN)
        yield before + begin
        if self.parsed.in_rows and self.parsed.depth == 2:  # it was no comment that held the tag
            rows = self._taken(rows, chunks)
        if rows:
            yield rows
        yield from chunks

    def _taken(self, rows: bytes, chunks: Iterator[bytes]) -> bytes:
        """Take rows as long as they are plain; what is left of the chunks that were read."""
        while True:
            end = rows.find(_ROWS_END)
            whole = end if end >= 0 else rows.rfind(_ROW_END) + len(_ROW_END)
            left = self._take(rows[:whole]) if whole >= len(_ROW_END) else b""
            rows = left + rows[whole:] if whole >= len(_ROW_END) else rows
            if left or end >= 0 or len(rows) > _MOST:
                return rows
            chunk = next(chunks, b"")
            if not chunk:
                return rows
            rows += chunk

    def _take(self, rows: bytes) -> bytes:
        """Take plain rows; those from the first other one on."""
        pieces = rows.split(_ROW_END)
        for i, piece in enumerate(pieces):
            last = i == len(pieces) - 1
            try:
                parts = _VALUE.split(piece)
                if last or not self._alike(piece, parts):
                    self._other(piece, parts, last=last)
            except (_NotPlainError, ValueError):
                return _ROW_END.join(pieces[i:])
        return b""

    def _alike(self, piece: bytes, parts: list[bytes]) -> bool:
        """Take a row that differs from one before it in numbers alone, if it does. parts: text and numbers in turn."""
        shape, parsed, found = self.shapes.get(len(parts)), self.parsed, self.found
        if shape is None or not piece.startswith(_ROW_BEGIN):
            return False
        try:
            row = int(piece[len(_ROW_BEGIN) : piece.index(b'"', len(_ROW_BEGIN))])
            numbers = [*map(float, parts[1::2])]
        except ValueError:
            return False
        row_text = str(row)
        if _ANY_VALUE.join(parts[::2]) != shape.text.replace(_ANY_ROW, row_text.encode()):
            return False
        if not parsed.row < row <= ROWS or math.inf in numbers or -math.inf in numbers:
            return False
        parsed.row, parsed.row_text = row, row_text
        parsed.bounds.take(parsed.part)
        parsed.bounds.take_cells(shape.cells)
        found.rows.extend(array("i", [row]) * len(shape.columns))
        found.columns.extend(shape.columns)
        found.groups.extend(shape.groups)
        found.styles.extend(shape.styles)
        found.numbers.extend(shape.filled(numbers))
        for column, value in shape.others:
            found.others[row, column] = value
        if shape.columns:
            found.last = row, shape.columns[-1]
        return True

    def _other(self, piece: bytes, parts: list[bytes], *, last: bool) -> None:
        """Take one row, and remember its shape if there may be more like it."""
        text, found = piece.decode(), self.found
        if not text.isprintable():
            raise _NotPlainError
        first, formulas = len(found.rows), (len(found.own), len(found.shares))
        cells = self._row(text, last=last)
        numbers = found.numbers[first:]
        varying = [i for i, number in enumerate(numbers) if math.isfinite(number)]
        if last or formulas != (len(found.own), len(found.shares)):
            return  # there is no other row with these formulas
        if len(varying) == len(parts) // 2 and text.count("<row") == 1:
            row, columns = self.parsed.row, found.columns[first:]
            others = [(column, found.others[row, column]) for column in columns if (row, column) in found.others]
            shape = _ROW_NUMBER.sub(rb"\1" + _ANY_ROW, _ANY_VALUE.join(parts[::2]))
            groups, styles = found.groups[first:], found.styles[first:]
            self.shapes[len(parts)] = _Shape(shape, cells, columns, groups, styles, numbers, varying, others)

    def _row(self, piece: str, *, last: bool) -> int:
        """Take one row, and empty ones before it; how many cells it has. last: there is none, but empty ones."""
        at, cells = 0, 0
        parsed = self.parsed
        row, begun = parsed.row, False
        while at < len(piece):
            head = _ROW.match(piece, at)
            if head is None or not row < int(head[1]) <= ROWS:
                raise _NotPlainError
            row, at = int(head[1]), head.end()
            if not head[2]:
                begun = True
                break
        if begun is last:
            raise _NotPlainError
        if begun:
            found = _CELL.findall(piece, at)
            cells = len(found)
            self._cells(found, row, str(row))
        parsed.row, parsed.row_text = row, str(row)
        parsed.bounds.take(parsed.part)
        return cells

    def _cells(self, cells: list[tuple[str, ...]], row: int, row_text: str) -> None:
        """Take the cells of a row: all of them or none."""
        for attributes in {cell[2] for cell in cells} - self.looks.keys():
            self.looks[attributes] = self._look(attributes)
        filled = [cell for cell in cells if any(cell[3:])]
        if len(filled) < len(cells):
            self._places(cells, row_text)  # what is wrong with empty ones is found too
        if filled:
            self._filled(filled, row, row_text)
        self.parsed.bounds.take_cells(len(cells))

    def _places(self, cells: list[tuple[str, ...]], row_text: str) -> list[int]:
        """The columns of cells."""
        numbers = self.parsed.letters
        columns = [numbers.get(cell[0], 0) for cell in cells if cell[1] == row_text]
        if len(columns) < len(cells) or not all(map(operator.lt, [0, *columns], columns)):
            raise _NotPlainError
        return columns

    def _filled(self, cells: list[tuple[str, ...]], row: int, row_text: str) -> None:
        """Take the cells of a row that are not empty."""
        found, columns = self.found, self._places(cells, row_text)
        _, _, attributes, formulas, values, empty, inline, strange = zip(*cells, strict=True)
        if any(strange):
            raise _NotPlainError
        looks = [self.looks[each] for each in attributes]
        numbers = self._numbers(looks, values)
        others = {}
        for i, (kind, _) in enumerate(looks):
            if kind != "n" or not values[i]:
                value = self._value(kind, values[i], bool(empty[i]), inline[i])
                if value is None and not formulas[i]:
                    raise _NotPlainError
                numbers[i] = as_number(value)
                if is_other(value):
                    others[row, columns[i]] = value
        groups = [self.groups.get(formula, OWN) for formula in formulas]
        new = {i: self._formula(formulas[i]) for i, group in enumerate(groups) if group == OWN}
        names = [name for name, _ in new.values() if name]
        if len({*names} - self.parsed.shared.keys()) < len(names):
            raise _NotPlainError  # of two formulas of one name it depends on the place which one is shared
        for i, (name, text) in new.items():
            if name:
                groups[i] = self.parsed.shared[name] = found.share(text, (row, columns[i]))
                self.groups[f'<f t="shared" si="{name}"/>'] = groups[i]
            else:
                found.own[row, columns[i]] = text
        found.rows.extend([row] * len(cells))
        found.columns.extend(columns)
        found.numbers.extend(numbers)
        found.groups.extend(groups)
        found.styles.extend([style for _, style in looks])
        found.others |= others
        found.last = row, columns[-1]

    def _look(self, attributes: str) -> tuple[str, int]:
        """The kind of a cell and the number of its format."""
        match = _ATTRIBUTES.fullmatch(attributes)
        if match is None:
            raise _NotPlainError
        return match[2] or match[3] or "n", self.reader.style(match[1] or match[4] or "0")

    def _numbers(self, looks: list[tuple[str, int]], values: tuple[str, ...]) -> list[float]:
        """The values of a row that are numbers, and nothing in the place of others."""
        spelled = [value if kind == "n" else "" for (kind, _), value in zip(looks, values, strict=True)]
        if "".join(spelled).encode().translate(None, b"0123456789.+-eE"):
            raise _NotPlainError
        numbers = [float(number) if number else EMPTY for number in spelled]
        if math.inf in numbers or -math.inf in numbers:
            raise _NotPlainError
        return numbers

    def _value(self, kind: str, spelled: str, empty: bool, inline: str) -> Any:
        """The value of a cell. empty: whether it is an empty text, not none. inline: a text in the cell itself."""
        if (kind == "inlineStr") is not bool(inline):
            raise _NotPlainError
        if inline:
            return unescaped(_text(inline))
        return self.reader.value(kind, _text(spelled) if spelled or empty else None)

    def _formula(self, element: str) -> tuple[str, str]:
        """The name of the group that a formula begins, if it does, and its text."""
        match = _FORMULA.fullmatch(element)
        if match is None or not match[3]:
            raise _NotPlainError
        text = _text(match[3])
        self.reader.check_formula(text)
        return match[2] or "", text


def _text(plain_text: str) -> str:
    """The text of plain XML."""
    if "&" not in plain_text:
        return plain_text
    if _ENTITY.search(plain_text):
        raise _NotPlainError
    for entity, sign in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
        plain_text = plain_text.replace(f"&{entity};", sign)
    return plain_text


def index_of(text: str, end: int) -> int:
    """The whole number from 0 to below the end that a text spells, or -1."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
    return number if number < end else -1


def unescaped(text: str) -> str:
    """A text with the signs that XML cannot hold."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text) if "_x" in text else text


def local(name: str) -> str:
    """An element's name without its namespace."""
    return name.rpartition(" ")[2]
