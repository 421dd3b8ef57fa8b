"""Read a workbook that may be anything: refuse what is no workbook, what explodes, what reaches outside.

Each part is read once, with bounds on everything that a file can make large; nothing is computed.
"""

from __future__ import annotations

import gc
import json
import math
import os
import posixpath
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from pyexpat import ExpatError, ParserCreate
from struct import error as StructError  # noqa: N812  # a class in all but its name
from typing import IO, Any

from ..errors import WorkbookError
from ..language.values import CellError
from ..workbook import PROPERTY
from ..workbook.cells import a1
from .bounded import Limits, quoted
from .formulas import COLUMNS, LONGEST, ROWS, Shared, column_numbers, normal, outside, suspect

#: the most that a workbook may unpack to, in bytes, and how many times its packed size
LARGEST, RATIO = 400_000_000, 200
#: the most parts, cells (empty ones too) and other elements that it may have, and how deep they may nest
MOST_PARTS, MOST_CELLS, MOST_ELEMENTS, DEEPEST = 10_000, 2_000_000, 20_000_000, 64
#: of a part, read at a time; one tag may have so many bytes, one text so many times the size of a read
CHUNK, LONGEST_TAG, LONGEST_TEXT = 1 << 16, 1 << 20, 16
_NO_WORKBOOK = "is not a workbook in the .xlsx format"

#: where relationships of any kind are named, and the kinds that are followed
_MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
_DATA = {
    "externalLink": "another workbook",
    "connections": "a database",
    "queryTable": "a database",
    "oleObject": "an object of another program",
    "package": "an object of another program",
    "xlMacrosheet": "a sheet of macros",
    "xlIntlMacrosheet": "a sheet of macros",
}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|\\\\|//")
_VML_LINK = re.compile(rb"(?:src|href)\s*=\s*[\"']?\s*(?:[a-z][a-z0-9+.-]*:|\\\\|//)", re.IGNORECASE)
_HOLD_FORMULAS = {"f", "formula", "formula1", "formula2", "definedName"}
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?\s*")

#: a format's code by its number, where it has no code of its own in the file
BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    48: "##0.0E+0",
    49: "@",
}

At = tuple[int, int]
Cells = Mapping[At, Any]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Held:
    """What a file holds, by sheet: the values of its cells, their formulas and number formats.

    formats: the number of a cell's format among `codes`.
    """

    cells: Mapping[str, Cells]
    formulas: Mapping[str, Mapping[At, str | Shared]] = field(default_factory=dict)
    formats: Mapping[str, Mapping[At, int]] = field(default_factory=dict)
    codes: tuple[str, ...] = ()

    @property
    def sheets(self) -> Iterable[str]:
        """The names of its sheets."""
        return self.cells

    def values(self, sheet: str, cells: Iterable[At]) -> dict[At, Any]:
        """The values of cells of a sheet; an empty one is None."""
        held = self.cells.get(sheet, {})
        return {at: held.get(at) for at in cells}

    def formula(self, sheet: str, row: int, column: int) -> str | None:
        """A cell's formula without `=`, in {} if it is an array's, or None."""
        found = self.formulas.get(sheet, {}).get((row, column))
        return found.at(row, column) if isinstance(found, Shared) else found

    def used(self, sheet: str) -> list[At]:
        """Every cell of a sheet that is not empty."""
        cells = self.cells.get(sheet, {})
        return [*cells, *(at for at in self.formulas.get(sheet, {}) if at not in cells)]

    def number_format(self, sheet: str, row: int, column: int) -> str:
        """The code of the number format of a cell that is not empty."""
        return self.codes[self.formats.get(sheet, {}).get((row, column), 0)] if self.codes else BUILT_IN[0]


@dataclass
class Model:
    """A workbook: what its file holds, and the values of the program that last recalculated it."""

    path: Path
    held: Held
    manifest: Mapping[str, Any]
    now: Held | None = None

    @property
    def sheets(self) -> Iterable[str]:
        """The names of its sheets."""
        return self.held.sheets

    def value(self, sheet: str, row: int, column: int) -> Any:
        """A cell's value: float, str, bool, CellError or None."""
        return self.values(sheet, [(row, column)])[row, column]

    def values(self, sheet: str, cells: Iterable[At]) -> dict[At, Any]:
        """The values of cells of a sheet: those of the file until they are recalculated."""
        return (self.now or self.held).values(sheet, cells)

    def formula(self, sheet: str, row: int, column: int) -> str | None:
        """A cell's formula without `=`, in {} if it is an array's, or None."""
        return self.held.formula(sheet, row, column)

    def same_formula(self, sheet: str, row: int, column: int, expected: str) -> bool:
        """Whether the cell holds the expected formula, however it is spelled."""
        found = self.formula(sheet, row, column)
        return found is not None and (found == expected or normal(found) == normal(expected))

    def used(self, sheet: str) -> list[At]:
        """Every cell of a sheet that is not empty."""
        return self.held.used(sheet)

    def recalculate(self, limits: Limits | None = None) -> None:
        """Compute every formula anew, whatever the file held."""
        from . import ironcalc

        self.now = ironcalc.recalculated(self.path, limits or Limits())


def check_file(path: Path) -> None:
    """Raise `WorkbookError` for a file that is missing, no workbook, or larger than any."""
    with _Package(path):
        pass


def load(path: Path, progress: Progress = lambda _: None) -> Model:
    """Read a workbook; nothing is computed before `recalculate`."""
    held, manifest = read_file(path, progress)
    return Model(path, held, manifest)


def read_file(path: Path, progress: Progress = lambda _: None) -> tuple[Held, dict[str, Any]]:
    """What a file holds, by sheet, and what it says of itself (empty where it is not one of ours).

    Raises WorkbookError for a file that is no workbook, is damaged, has no bounds or reaches outside itself.
    """
    collecting = gc.isenabled()
    gc.disable()  # a million small objects and not a cycle among them
    try:
        with _Package(path) as package:
            return _Reader(package, progress).read()
    finally:
        if collecting:
            gc.enable()


_ERRORS = {error.value: error for error in CellError}


def plain(value: Any) -> Any:
    """A reader's value as this package has it: numbers are floats, an error is a `CellError`."""
    if isinstance(value, str) and value in _ERRORS:
        return _ERRORS[value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


class _Package:
    """The parts of a workbook's zip file, each read within bounds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _sentences(path):
            stream = _regular(path)
            try:
                self.zip = zipfile.ZipFile(stream)
                self._check()
            except BaseException:
                stream.close()
                raise
        self.stream = stream

    def __enter__(self) -> _Package:
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()
        self.stream.close()

    def _check(self) -> None:
        """Refuse what the zip's directory alone shows to be none."""
        path, parts = self.path, self.zip.infolist()
        unpacked = sum(part.file_size for part in parts)
        if unpacked > LARGEST or unpacked > RATIO * max(path.stat().st_size, 10_000):
            size = f"{unpacked / 1e6:,.0f} MB"
            raise WorkbookError(f"{path} would unpack to {size}, far more than a workbook needs; it was not opened.")
        if len(parts) > MOST_PARTS:
            raise WorkbookError(f"{path} has {len(parts):,} parts, far more than a workbook needs; it was not opened.")
        self.parts: dict[str, zipfile.ZipInfo] = {}
        for part in parts:
            if part.filename.lower() in self.parts:
                raise WorkbookError(f"{path} has two parts of the name {quoted(part.filename)}; it was not opened.")
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise WorkbookError(f"{path}: its part {quoted(part.filename)} is packed in a way no workbook is.")
            self.parts[part.filename.lower()] = part
        if "xl/workbook.xml" not in self.parts:
            raise WorkbookError(f"{path} {_NO_WORKBOOK}: it is a zip file without xl/workbook.xml.")

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of a part, a piece at a time."""
        part = self.parts.get(name.lower())
        if part is None:
            raise WorkbookError(f"{self.path}: its part {quoted(name)} is missing.")
        with _sentences(self.path, name), self.zip.open(part) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk

    def parse(self, name: str, start: Callable[..., None], end: Callable[[str], None], text: list[str]) -> None:
        """Parse a part: names are "namespace local"; `text` collects the characters since it was cleared."""
        path, what = self.path, quoted(name)
        parser = ParserCreate(namespace_separator=" ")
        parser.buffer_text, parser.buffer_size = True, CHUNK

        def refuse(*_: object) -> None:
            raise WorkbookError(f"{path}: its part {what} declares XML entities, which no workbook needs.")

        def declared(version: str, encoding: str | None, standalone: int) -> None:
            if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
                raise WorkbookError(f"{path}: its part {what} is not written in UTF-8, as a workbook's parts are.")

        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
        parser.XmlDeclHandler = declared
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text.append
        fed = 0
        try:
            for chunk in self.chunks(name):
                if not fed and (chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in chunk[:64]):
                    raise WorkbookError(f"{path}: its part {what} is not written in UTF-8, as a workbook's parts are.")
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > LONGEST_TAG:
                    raise WorkbookError(f"{path}: its part {what} has a tag that is far too long.")
                if len(text) > LONGEST_TEXT:
                    raise WorkbookError(f"{path}: its part {what} holds a text that is far too long for a cell.")
            parser.Parse(b"", True)
        except ExpatError as problem:
            raise WorkbookError(f"{path} {_NO_WORKBOOK} that can be read: its part {what}: {problem}.") from None


def _regular(path: Path) -> IO[bytes]:
    """Open a file, if it is one: a FIFO would wait, a device never end."""
    if path.is_dir():
        raise WorkbookError(f"{path} is a folder; name the workbook in it.")
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise WorkbookError(f"There is no file {path}.") from None
    stream = os.fdopen(number, "rb")
    if not stat.S_ISREG(os.fstat(number).st_mode):
        stream.close()
        raise WorkbookError(f"{path} is no file but a device or a pipe; name a workbook.")
    return stream


@contextmanager
def _sentences(path: Path, part: str = "") -> Iterator[None]:
    """Whatever a damaged zip file makes its reader throw, as a sentence."""
    of = f": its part {quoted(part)}" if part else ""
    try:
        yield
    except zipfile.BadZipFile as problem:
        if part:
            raise WorkbookError(f"{path}{of} is damaged: {quoted(str(problem))}.") from None
        raise WorkbookError(f"{path} {_NO_WORKBOOK}, or it was cut off while it was copied.") from None
    except (zlib.error, StructError, EOFError) as problem:
        raise WorkbookError(f"{path}{of} is damaged: {quoted(str(problem))}.") from None
    except OSError as problem:
        raise WorkbookError(f"{path}{of} cannot be read: {problem.strerror or quoted(str(problem))}.") from None
    except (RuntimeError, ValueError, LookupError, OverflowError, MemoryError) as problem:
        raise WorkbookError(f"{path}{of} cannot be unpacked: {quoted(str(problem))}.") from None


def _local(name: str) -> str:
    """An element's name without its namespace."""
    return name.rpartition(" ")[2]


@dataclass
class _Reader:
    """One reading of one workbook."""

    package: _Package
    progress: Progress
    strings: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    seen: int = 0
    elements: int = 0
    innocent: set[str] = field(default_factory=set)

    def read(self) -> tuple[Held, dict[str, Any]]:
        """Every part, once: those that are not sheets first, for what reaches outside and for what sheets refer to."""
        main, links = self._links()
        sheets = self._sheets(main, links)
        special = {}
        for name, (kind, target) in links.items():
            if name.startswith(f"{main}#") and kind in ("sharedStrings", "styles"):
                special[target.lower()] = kind
        custom: dict[str, str] = {}
        of_sheets = {part.lower() for part in sheets.values()}
        for key, part in self.package.parts.items():
            if key in of_sheets or key.endswith(".rels"):
                continue
            if special.get(key) == "sharedStrings":
                self._shared_strings(part.filename)
            elif special.get(key) == "styles":
                self._styles(part.filename)
            elif key == "docprops/custom.xml":
                self._custom(part.filename, custom)
            elif key != main.lower():
                self._other(part.filename)
        values: dict[str, Cells] = {}
        formulas: dict[str, Mapping[At, str | Shared]] = {}
        formats: dict[str, Mapping[At, int]] = {}
        for sheet, target in sheets.items():
            self.progress(f"reading {quoted(sheet)}")
            values[sheet], formulas[sheet], formats[sheet] = self._sheet(sheet, target)
        return Held(values, formulas, formats, tuple(self.codes)), _manifest(custom.get(PROPERTY, ""))

    def _refused(self, sentence: str) -> WorkbookError:
        return WorkbookError(f"{self.package.path}: {sentence}")

    def _links(self) -> tuple[str, dict[str, tuple[str, str]]]:
        """The main part, and every relationship inside the file by "part#id": its kind and the part it names.

        Raises WorkbookError for one that leads outside the file, unless it is a hyperlink to click on.
        """
        links: dict[str, tuple[str, str]] = {}
        main = "xl/workbook.xml"
        for key, part in self.package.parts.items():
            if not key.endswith(".rels"):
                continue
            folder, _, name = part.filename.rpartition("_rels/")
            source = folder + name[: -len(".rels")]
            for attributes in self._elements(part.filename, "Relationship"):
                kind, target = attributes.get("Type", "").rpartition("/")[2], attributes.get("Target", "")
                external = attributes.get("TargetMode", "").lower() == "external" or _SCHEME.match(target)
                if external and kind != "hyperlink":
                    raise self._refused(
                        f"{quoted(part.filename)} links to {quoted(target)}, which is outside the file; "
                        "no program was given it. Remove the link."
                    )
                if kind in _DATA:
                    raise self._refused(
                        f"{quoted(source)} refers to {_DATA[kind]} ({quoted(target)}); no program was given it. "
                        "Remove what refers to it."
                    )
                place = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                links[f"{source}#{attributes.get('Id', '')}"] = kind, place
                if not source and kind == "officeDocument":
                    main = place
        return main, links

    def _elements(self, part: str, wanted: str) -> list[dict[str, str]]:
        """The attributes of the elements of a name."""
        found: list[dict[str, str]] = []
        depth = 0
        text: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth = self._deeper(part, depth)
            text.clear()
            if _local(name) == wanted:
                found.append(attributes)

        def end(name: str) -> None:
            nonlocal depth
            depth -= 1
            self._check_formula(part, _local(name), text)
            text.clear()

        self.package.parse(part, start, end, text)
        return found

    def _deeper(self, part: str, depth: int) -> int:
        """One element more, one level down."""
        self._count(part)
        if depth >= DEEPEST:
            raise self._refused(f"its part {quoted(part)} nests its elements deeper than any workbook.")
        return depth + 1

    def _count(self, part: str) -> None:
        """One element more."""
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise self._refused(f"its part {quoted(part)} and those before have more elements than any workbook.")

    def _check_formula(self, part: str, name: str, text: list[str]) -> None:
        """Refuse a formula outside the cells that reaches outside the file."""
        if name in _HOLD_FORMULAS and (reached := outside("".join(text))):
            raise self._refused(
                f"a formula of its part {quoted(part)} reaches outside the file ({quoted(reached)}); "
                "no program was given it. Remove it."
            )

    def _sheets(self, main: str, links: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """The part of each sheet."""
        sheets: dict[str, str] = {}
        for attributes in self._elements(main, "sheet"):
            name = attributes.get("name", "")
            link = next((value for key, value in attributes.items() if key.endswith("relationships id")), "")
            kind, target = links.get(f"{main}#{link}", ("", ""))
            if kind in ("chartsheet", "dialogsheet"):
                continue
            if not name or name.lower() in map(str.lower, sheets) or target in sheets.values():
                raise self._refused(f"two of its sheets are one ({quoted(name)}).")
            if target.lower() not in self.package.parts:
                raise self._refused(f"the cells of its sheet {quoted(name)} are missing.")
            sheets[name] = target
        if not sheets:
            raise WorkbookError(f"{self.package.path} {_NO_WORKBOOK}: it has no sheets.")
        return sheets

    def _other(self, part: str) -> None:
        """A part that holds nothing to be compared: it is read whole, so that damage is noticed, and looked through."""
        chunks = self.package.chunks(part)
        first = next(chunks, b"")
        if part.lower().endswith(".vml"):
            before = b""
            while first:
                if _VML_LINK.search(before + first):
                    raise self._refused(f"a drawing of its part {quoted(part)} links to what is outside the file.")
                before, first = first[-200:], next(chunks, b"")
        elif first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or part.lower().endswith(".xml"):
            chunks.close()  # type: ignore[attr-defined]  # a generator is one of these iterators
            self._elements(part, "")
        else:
            for _ in chunks:
                pass

    def _custom(self, part: str, custom: dict[str, str]) -> None:
        """The custom properties of the file by their names."""
        name, text, depth = "", list[str](), 0

        def start(element: str, attributes: dict[str, str]) -> None:
            nonlocal name, depth
            depth = self._deeper(part, depth)
            text.clear()
            if _local(element) == "property":
                name = attributes.get("name", "")

        def end(element: str) -> None:
            nonlocal depth
            depth -= 1
            if _local(element) == "lpwstr":
                custom[name] = "".join(text)

        self.package.parse(part, start, end, text)

    def _shared_strings(self, part: str) -> None:
        """The texts that cells refer to by their number."""
        text, pieces, depth, phonetic = list[str](), list[str](), 0, False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth, phonetic
            depth = self._deeper(part, depth)
            text.clear()
            kind = _local(name)
            if kind == "si":
                pieces.clear()
            elif kind == "rPh":
                phonetic = True

        def end(name: str) -> None:
            nonlocal depth, phonetic
            depth -= 1
            kind = _local(name)
            if kind == "t" and not phonetic:
                pieces.extend(text)
            elif kind == "rPh":
                phonetic = False
            elif kind == "si":
                self.strings.append(_unescaped("".join(pieces)))

        self.package.parse(part, start, end, text)

    def _styles(self, part: str) -> None:
        """The code of the number format of each style of cells."""
        own: dict[str, str] = {}
        text, inside, depth = list[str](), "", 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal inside, depth
            depth = self._deeper(part, depth)
            text.clear()
            kind = _local(name)
            if depth == 2:
                inside = kind
            elif depth == 3 and kind == "numFmt":
                own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif depth == 3 and inside == "cellXfs":
                number = attributes.get("numFmtId", "0")
                known = _index(number, 1000)
                self.codes.append(own.get(number) or BUILT_IN.get(known, f"format {known}"))

        def end(name: str) -> None:
            nonlocal depth
            depth -= 1

        self.package.parse(part, start, end, text)

    def _sheet(self, sheet: str, part: str) -> tuple[Cells, Mapping[At, str | Shared], Mapping[At, int]]:
        """The cells of a sheet: values, formulas, formats."""
        values: dict[At, Any] = {}
        formulas: dict[At, str | Shared] = {}
        formats: dict[At, int] = {}
        shared: dict[str, Shared] = {}
        columns, strings, named = column_numbers(), self.strings, quoted(sheet)
        text: list[str] = []
        depth = row = column = 0
        row_text, in_data, done, kind, style, phonetic = "", False, False, "", "", False
        formula: str | None = None
        value: str | None = None
        inline: list[str] | None = None
        about: dict[str, str] = {}
        last = 0, 0
        main_row = main_cell = main_f = main_v = main_is = main_t = main_data = ""

        def refused(what: str) -> WorkbookError:
            place = f"{named}!{a1(row, column)}" if row and column else named
            return self._refused(f"{place} {what}.")

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth, row, column, row_text, in_data, done, kind, style, phonetic
            nonlocal formula, value, inline, about
            nonlocal main_row, main_cell, main_f, main_v, main_is, main_t, main_data
            text.clear()
            depth += 1
            if depth == 4 and name == main_cell and in_data:
                self.seen += 1
                if self.seen > MOST_CELLS:
                    raise self._refused(f"it has more than {MOST_CELLS:,} cells, which is more than is read.")
                address = attributes.get("r")
                if address is None:
                    column += 1
                else:
                    column = columns.get(address[: -len(row_text)], 0) if address.endswith(row_text) else 0
                if not 0 < column <= COLUMNS:
                    column = 0
                    raise refused(f"has a cell in row {row} that says it is at {quoted(str(address))}")
                kind, style = attributes.get("t", "n"), attributes.get("s", "0")
                formula = value = inline = None
            elif depth == 4 and in_data:
                raise refused(f"has {quoted(_local(name))} among its cells")
            elif depth == 5 and in_data and name in (main_f, main_v, main_is):
                if name == main_f:
                    about = attributes
                elif name == main_is:
                    inline, phonetic = [], False
            elif depth == 3 and in_data:
                if name != main_row:
                    raise refused(f"has {quoted(_local(name))} among its rows")
                column = 0
                row_text = attributes.get("r", str(row + 1))
                if not (
                    row_text.isdecimal() and row_text.isascii() and len(row_text) < 8 and 0 < int(row_text) <= ROWS
                ):
                    row = 0
                    raise refused(f"has a row with the number {quoted(row_text)}; rows go from 1 to {ROWS:,}")
                row = int(row_text)
                row_text = str(row)
                self._count(part)
            elif depth == 2:
                in_data = name == main_data
                if in_data and done:
                    raise refused("has its cells twice")
                done = done or in_data
            elif depth == 1:
                space, _, root = name.rpartition(" ")
                if space not in _MAIN or root not in ("worksheet", "dialogsheet"):
                    raise self._refused(f"the part of its sheet {named} is no sheet but {quoted(_local(name))}.")
                main_row, main_cell, main_f, main_v, main_is, main_t, main_data = (
                    f"{space} {local}" for local in ("row", "c", "f", "v", "is", "t", "sheetData")
                )
            elif depth == 5 and in_data and _local(name) != "extLst":
                raise refused(f"holds {quoted(_local(name))}, which is no part of a cell")
            elif in_data and name.endswith(" rPh"):
                phonetic = True
            if depth > DEEPEST:
                raise self._refused(f"its part {quoted(part)} nests its elements deeper than any workbook.")

        def end(name: str) -> None:
            nonlocal depth, in_data, formula, value, inline, phonetic
            if in_data:
                if depth == 5:
                    if name == main_v:
                        if value is not None:
                            raise refused("holds two values")
                        value = "".join(text)
                    elif name == main_f:
                        if formula is not None:
                            raise refused("holds two formulas")
                        formula = "".join(text)
                elif depth == 4:
                    finish()
                elif depth > 5 and inline is not None:
                    if name == main_t and not phonetic:
                        inline.extend(text)
                    elif name.endswith(" rPh"):
                        phonetic = False
                elif depth == 2:
                    in_data = False
            else:
                self._check_formula(part, _local(name), text)
                self._count(part)
                text.clear()
            depth -= 1

        def finish() -> None:
            """The cell that ends here."""
            nonlocal last
            at = row, column
            if at <= last and (at in formulas or at in values):
                raise refused("is there twice")
            last = at
            if formula is not None:
                if len(formula) > LONGEST:
                    raise refused(f"holds a formula of {len(formula):,} characters; a spreadsheet takes {LONGEST:,}")
                if suspect(formula, self.innocent) and (reached := outside(formula)):
                    raise refused(
                        f"holds a formula that reaches outside the file ({quoted(reached)}); no program was given it. "
                        "Remove it"
                    )
                formulas[at] = special(formula, at) if about else formula
            found = number(value) if kind == "n" else other()
            if found is not None:
                values[at] = found
            elif formula is None:
                return
            if style != "0":
                index = _index(style, len(self.codes))
                if index < 0:
                    raise refused(f"has a style with the number {quoted(style)}, which the file lacks")
                formats[at] = index

        def special(spelled: str, at: At) -> str | Shared:
            """The formula of a cell that shares it, or has it for an array."""
            match about.get("t", "normal"):
                case "normal":
                    return spelled
                case "array":
                    return f"{{{spelled}}}"
                case "dataTable":
                    return f"{{TABLE({about.get('r1', '')},{about.get('r2', '')})}}"
                case "shared":
                    name = about.get("si", "")
                    if spelled:
                        shared[name] = Shared.of(spelled, *at)
                        return spelled
                    if name not in shared:
                        raise refused(f"shares the formula {quoted(name)}, which no cell before it has")
                    return shared[name]
            raise refused(f"holds a formula of the kind {quoted(about['t'])}, which there is not")

        def number(spelled: str | None) -> float | None:
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
                raise refused(f"holds {quoted(spelled)}, which is no number")
            return found

        def other() -> Any:
            """A value that is no number."""
            if kind == "inlineStr":
                return _unescaped("".join(inline or ()))
            if value is None:
                return None
            match kind:
                case "s":
                    index = _index(value.strip(), len(strings))
                    if index < 0:
                        raise refused(f"refers to the text number {quoted(value)}, which the file lacks")
                    return strings[index]
                case "str" | "d":
                    return _unescaped(value)
                case "b":
                    if value.strip() not in ("0", "1"):
                        raise refused(f"holds {quoted(value)}, which is neither TRUE nor FALSE")
                    return value.strip() == "1"
                case "e":
                    return plain(value)
            raise refused(f"holds a value of the kind {quoted(kind)}, which there is not")

        self.package.parse(part, start, end, text)
        return values, formulas, formats


def _index(text: str, end: int) -> int:
    """The whole number from 0 to below the end that a text spells, or -1."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
    return number if number < end else -1


def _unescaped(text: str) -> str:
    """A text with the signs that XML cannot hold."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text) if "_x" in text else text


def _manifest(text: str) -> dict[str, Any]:
    """What a file says of itself; nothing where that cannot be read."""
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
