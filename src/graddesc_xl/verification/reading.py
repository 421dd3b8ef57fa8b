"""Read a workbook that may be anything: refuse what is no workbook, what explodes, what reaches outside.

Each part is read once, with bounds on everything that a file can make large; nothing is computed.
"""

from __future__ import annotations

import gc
import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import WorkbookError
from ..workbook import PROPERTY
from .bounded import quoted
from .bounds import Bounds
from .held import BUILT_IN, Held, Model
from .parts import NO_WORKBOOK, Package
from .points import thinned
from .sheet_reader import SheetReader, index_of, local, unescaped

#: where relationships of any kind are named, and the kinds that are followed
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

Progress = Callable[[str], None]


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
        with Package(path) as package:
            return _Reader(package, progress).read()
    finally:
        if collecting:
            gc.enable()


@dataclass
class _Reader:
    """One reading of one workbook."""

    package: Package
    progress: Progress
    strings: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bounds = Bounds(self.package.path)

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
        reader = SheetReader(self.package, self.bounds, self.strings, len(self.codes))
        cells = {}
        for sheet, target in sheets.items():
            self.progress(f"reading {quoted(sheet)}")
            cells[sheet] = reader.read(sheet, target)
        return Held(cells, tuple(self.codes)), _manifest(custom.get(PROPERTY, ""))

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
                    raise self.bounds.refused(
                        f"{quoted(part.filename)} links to {quoted(target)}, which is outside the file; "
                        "no program was given it. Remove the link."
                    )
                if kind in _DATA:
                    raise self.bounds.refused(
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
            depth = self.bounds.deeper(part, depth)
            text.clear()
            if local(name) == wanted:
                found.append(attributes)

        def end(name: str) -> None:
            nonlocal depth
            depth -= 1
            self.bounds.check_formula(part, local(name), text)
            text.clear()

        self.package.parse(part, start, end, text, partial(thinned, left_out=partial(self.bounds.take, part)))
        return found

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
                raise self.bounds.refused(f"two of its sheets are one ({quoted(name)}).")
            if target.lower() not in self.package.parts:
                raise self.bounds.refused(f"the cells of its sheet {quoted(name)} are missing.")
            sheets[name] = target
        if not sheets:
            raise WorkbookError(f"{self.package.path} {NO_WORKBOOK}: it has no sheets.")
        return sheets

    def _other(self, part: str) -> None:
        """A part that holds nothing to be compared: it is read whole, so that damage is noticed, and looked through."""
        chunks = self.package.chunks(part)
        first = next(chunks, b"")
        if part.lower().endswith(".vml"):
            before = b""
            while first:
                if _VML_LINK.search(before + first):
                    raise self.bounds.refused(
                        f"a drawing of its part {quoted(part)} links to what is outside the file."
                    )
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
            depth = self.bounds.deeper(part, depth)
            text.clear()
            if local(element) == "property":
                name = attributes.get("name", "")

        def end(element: str) -> None:
            nonlocal depth
            depth -= 1
            if local(element) == "lpwstr":
                custom[name] = "".join(text)

        self.package.parse(part, start, end, text)

    def _shared_strings(self, part: str) -> None:
        """The texts that cells refer to by their number."""
        text, pieces, depth, phonetic = list[str](), list[str](), 0, False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth, phonetic
            depth = self.bounds.deeper(part, depth)
            text.clear()
            kind = local(name)
            if kind == "si":
                pieces.clear()
            elif kind == "rPh":
                phonetic = True

        def end(name: str) -> None:
            nonlocal depth, phonetic
            depth -= 1
            kind = local(name)
            if kind == "t" and not phonetic:
                pieces.extend(text)
            elif kind == "rPh":
                phonetic = False
            elif kind == "si":
                self.strings.append(unescaped("".join(pieces)))

        self.package.parse(part, start, end, text)

    def _styles(self, part: str) -> None:
        """The code of the number format of each style of cells."""
        own: dict[str, str] = {}
        text, inside, depth = list[str](), "", 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal inside, depth
            depth = self.bounds.deeper(part, depth)
            text.clear()
            kind = local(name)
            if depth == 2:
                inside = kind
            elif depth == 3 and kind == "numFmt":
                own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif depth == 3 and inside == "cellXfs":
                number = attributes.get("numFmtId", "0")
                known = index_of(number, 1000)
                self.codes.append(own.get(number) or BUILT_IN.get(known, f"format {known}"))

        def end(name: str) -> None:
            nonlocal depth
            depth -= 1

        self.package.parse(part, start, end, text)


def _manifest(text: str) -> dict[str, Any]:
    """What a file says of itself; nothing where that cannot be read."""
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
