"""What stands around the cells of a workbook: merged cells, links, input rules, marks, notes, charts, formats.

Everything is brought into one spelling, whichever program wrote it, so that it can be compared with what was
composed, written by the same writer and read in the same way. The file was looked through by `reading` before.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from ..errors import WorkbookError
from ..workbook.cells import a1
from .bounded import quoted
from .contents import same_format, shown
from .formulas import normal
from .points import thinned

_CELLS = re.compile(rb"<(\w+:)?sheetData\b.*</(\w+:)?sheetData>", re.DOTALL)


_SIDES = {"b": "bottom", "l": "left", "r": "right", "t": "top"}
_FRAME = ("from", "to", "pos", "ext", "clientData")
#: what makes cells look other than they are
HIDING = ("merging of cells", "mark")


class Thing(NamedTuple):
    """Something on a sheet: what it is, where, and which of its sides."""

    kind: str
    place: str
    side: str


@dataclass(frozen=True)
class Around:
    """What stands around the cells of one sheet. hidden: whether the sheet is."""

    hidden: bool
    things: Mapping[Thing, str]


@dataclass(frozen=True)
class Package:
    """What stands around the cells of all sheets, in their order; the names that are defined, and as what."""

    sheets: Mapping[str, Around]
    names: Mapping[str, str]


def read(path: Path) -> Package:
    """Read what stands around the cells of a workbook that `reading` found to be one."""
    with zipfile.ZipFile(path) as file:
        parts = _Parts(file)
        main = parts.main()
        links = parts.links(main)
        book = parts.tree(main)
        looks = _looks(parts, [target for kind, target in links.values() if kind == "styles"])
        sheets = {}
        for sheet in _all(book, "sheet"):
            _, target = links.get(_linked(sheet), ("", ""))
            hidden = sheet.get("state", "visible") != "visible"
            sheets[sheet.get("name", "")] = Around(hidden, dict(_things(parts, target, looks)))
        names: dict[str, str] = {}
        for name in _all(book, "definedName"):  # one may be defined for a sheet, another for all
            said = name.get("name", "")
            names[said] = f"{names[said]},{name.text}" if said in names else name.text or ""
    return Package(sheets, {name: text for name, text in names.items() if not name.startswith("_xlnm.")})


class _Parts:
    """The parts of a file by their names, whatever case these are in."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.file, self.names = file, {name.lower(): name for name in file.namelist()}

    def tree(self, name: str) -> Element:
        """A part's XML without the cells of a sheet; an empty element where there is no such part."""
        if name.lower() not in self.names:
            return Element("nothing")
        [whole] = thinned([self.file.read(self.names[name.lower()])])
        try:
            return fromstring(_CELLS.sub(b"", whole))  # no entities in it
        except ParseError:  # what looks like cells were none
            try:
                return fromstring(whole)
            except ParseError as problem:
                raise WorkbookError(f"{self.file.filename}: its part {quoted(name)} is damaged: {problem}.") from None

    def main(self) -> str:
        """The part that lists the sheets."""
        return next((target for kind, target in self.links("").values() if kind == "officeDocument"), "xl/workbook.xml")

    def links(self, part: str) -> dict[str, tuple[str, str]]:
        """The relationships of a part: id -> kind and target."""
        folder, name = posixpath.split(part)
        found = {}
        for link in _all(self.tree(posixpath.join(folder, "_rels", f"{name}.rels")), "Relationship"):
            target = link.get("Target", "")
            if link.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[link.get("Id", "")] = posixpath.basename(link.get("Type", "")), target
        return found


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(tree: Element, name: str) -> Iterator[Element]:
    return (element for element in tree.iter() if _local(element) == name)


def _first(tree: Element | None, *names: str) -> Element | None:
    """The first element of a name below the first of another, and so on."""
    for name in names:
        tree = None if tree is None else next((e for e in tree.iter() if e is not tree and _local(e) == name), None)
    return tree


def _whole(text: str) -> int | None:
    """The whole number that a text spells, if it does and a sheet has room for so many."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None


def _linked(element: Element) -> str:
    """The relationship that an element names."""
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")


def _text(tree: Element | None, *names: str) -> str:
    """All text below an element, run after run."""
    found = _first(tree, *names) if names else tree
    return "" if found is None else "".join(e.text or "" for e in found.iter() if _local(e) in ("t", "v", "f"))


def _looks(parts: _Parts, styles: Sequence[str]) -> list[str]:
    """What each mark changes: colours and number format."""
    looks = []
    for part in styles:
        for look in _all(parts.tree(part), "dxf"):
            colors = [_color(_first(look, *names)) for names in (("font", "color"), ("fill", "bgColor"))]
            number = _first(look, "numFmt")
            code = "" if number is None else same_format(number.get("formatCode", ""))
            looks.append(" ".join(filter(None, (*colors, code))))
    return looks


def _color(element: Element | None) -> str:
    return "" if element is None else element.get("rgb", element.get("theme", ""))[-6:].upper()


def _things(parts: _Parts, part: str, looks: Sequence[str]) -> Iterator[tuple[Thing, str]]:
    """Everything on a sheet."""
    tree, links = parts.tree(part), parts.links(part)
    for merged in _all(tree, "mergeCell"):
        yield Thing("merging of cells", merged.get("ref", ""), ""), ""
    for link in _all(tree, "hyperlink"):
        target = links.get(_linked(link), ("", ""))[1] if _linked(link) else ""
        yield (
            Thing("link", link.get("ref", ""), "target"),
            target or _shown(normal(link.get("location", "").lstrip("#"))),
        )
    for rule in _all(tree, "dataValidation"):
        for area in rule.get("sqref", "").split():
            yield from _rule(rule, area)
    for block in _all(tree, "conditionalFormatting"):
        for mark in _all(block, "cfRule"):
            number = _whole(mark.get("dxfId", ""))
            look = looks[number] if number is not None and number < len(looks) else ""
            said = mark.get("type", "") if mark.get("type") != "expression" else ""
            condition = normal("".join(formula.text or "" for formula in _all(mark, "formula")))
            if mark.get("type") == "colorScale":
                look = ", ".join(f"{_color(color)} at {stop}" for stop, color in _stops(mark))
            yield Thing("mark", block.get("sqref", ""), f"{said}{_shown(condition)}"), look
    for kind, target in links.values():
        if kind == "comments":
            for note in _all(parts.tree(target), "comment"):
                yield Thing("note", note.get("ref", ""), "text"), _text(note).replace("\r\n", "\n").strip()
        elif kind == "drawing":
            yield from _drawn(parts, target)


def _stops(scale: Element) -> Iterator[tuple[str, Element]]:
    """The stops of a scale of colours: where each is, and its colour."""
    for stop, color in zip(_all(scale, "cfvo"), _all(scale, "color"), strict=False):
        at = _shown(normal(stop.get("val", "").lstrip("=")))
        yield at if stop.get("type") == "formula" else f"{stop.get('type')} {at}", color


def _shown(text: str) -> str:
    """A formula in its one spelling, for people."""
    return text.replace("\x1f", "")


def _rule(rule: Element, area: str) -> Iterator[tuple[Thing, str]]:
    kind = rule.get("type", "none")
    two = () if kind == "list" else ("formula2",)
    limits = [_shown(normal(_first_text(rule, name))) for name in ("formula1", *two)]
    operator = rule.get("operator", "between") if two else ""
    strict = rule.get("showErrorMessage", "0") in ("1", "true") and rule.get("errorStyle", "stop") == "stop"
    allowed = " ".join(filter(None, (kind, operator, " and ".join(filter(None, limits)))))
    yield Thing("input rule", area, "limits"), allowed if strict else f"{allowed}, not enforced"
    yield Thing("input rule", area, "message"), f"{rule.get('promptTitle', '')}: {rule.get('prompt', '')}"


def _first_text(tree: Element, name: str) -> str:
    found = _first(tree, name)
    return "" if found is None else found.text or ""


def _drawn(parts: _Parts, part: str) -> Iterator[tuple[Thing, str]]:
    """The charts of a drawing, and what else there is in it."""
    links = parts.links(part)
    for anchor in parts.tree(part):
        corner = _first(anchor, "from")
        row, column = (None if corner is None else _whole(_first_text(corner, name)) for name in ("row", "col"))
        place = "no cell" if row is None or column is None else a1(row + 1, column + 1)
        chart = _first(anchor, "graphicData", "chart")
        if chart is None:
            yield Thing("drawing", place, "kind"), " ".join(_local(e) for e in anchor if _local(e) not in _FRAME)
            continue
        about = _first(anchor, "cNvPr")
        if about is not None and about.get("descr"):
            yield Thing("alternative text", place, "of a chart"), about.get("descr", "")
        yield from _chart(parts.tree(links.get(_linked(chart), ("", ""))[1]), place)


def _chart(tree: Element, place: str) -> Iterator[tuple[Thing, str]]:
    """Title, axes and series of a chart."""
    chart = _first(tree, "chart")
    title = next((e for e in chart if _local(e) == "title"), None) if chart is not None else None
    yield Thing("chart", place, "title"), _text(title)
    plot = _first(tree, "plotArea")
    axes: dict[str, str] = {}
    for axis in plot if plot is not None else ():
        if _local(axis) in ("valAx", "catAx", "dateAx"):
            position = _SIDES.get(_value(axis, "axPos"), "unknown")
            axes[_value(axis, "axId")] = position
            heading = next((e for e in axis if _local(e) == "title"), None)
            named = {"min": "min", "max": "max", "log": "logBase"}
            limits = [f"{n} {_shown(normal(limit))}" for n, of in named.items() if (limit := _value(axis, of))]
            if _value(axis, "delete") not in ("1", "true"):
                yield Thing("chart", place, f"{position} axis"), ", ".join(filter(None, (_text(heading), *limits)))
    for group in plot if plot is not None else ():
        series = [e for e in group if _local(e) == "ser"]
        own = {axes.get(e.get("val", ""), "") for e in group if _local(e) == "axId"}
        for curve in series:
            number = (_whole(_value(curve, "order")) or 0) + 1
            yield from _series(curve, place, f"series {number}", _local(group), "right" if "right" in own else "left")


def _value(tree: Element, name: str) -> str:
    found = _first(tree, name)
    return "" if found is None else found.get("val", "")


def _series(curve: Element, place: str, which: str, kind: str, side: str) -> Iterator[tuple[Thing, str]]:
    inside = {_local(e): e for e in curve}
    name = inside.get("tx")
    formula = _first_text(name, "f") if name is not None else ""
    said = formula.strip('"') if formula.startswith('"') else _shown(normal(formula)) if formula else _text(name)
    yield Thing("chart", place, f"{which}, name"), said
    for title, names in (("x", ("xVal", "cat")), ("y", ("yVal", "val"))):
        found = next((inside[n] for n in names if n in inside), None)
        text = "" if found is None else _first_text(found, "f")
        yield Thing("chart", place, f"{which}, {title}"), _shown(normal(text))
    line = _first(inside.get("spPr"), "ln", "srgbClr")
    color = "" if line is None else line.get("val", "").upper()
    yield Thing("chart", place, f"{which}, look"), f"{kind} {side} {color}".strip()


def differences(expected: Package, found: Package, lost: frozenset[str]) -> tuple[list[str], list[str]]:
    """Sentences about what is not as it was composed, and about what was added or left out.

    lost: the kinds of things that the program which saved the file leaves out altogether.
    """
    problems: list[str] = []
    told: list[str] = []
    there = {thing.kind for around in found.sheets.values() for thing in around.things}
    left_out = lost - there
    for name, wanted in expected.sheets.items():
        if name in found.sheets:
            now = found.sheets[name]
            problems += _changed(name, wanted, now, left_out)
            wrong, harmless = _added(name, wanted, now)
            problems += wrong
            told += harmless
            if wanted.hidden and not now.hidden:
                told.append(f"The sheet {name} is shown; it was hidden.")
    if left_out:
        told.append(f"The program that saved the file left out all of these: {', '.join(sorted(left_out))}.")
    for name, around in found.sheets.items():
        if name not in expected.sheets:
            told.append(f"The sheet {name} was added{'; it is hidden' if around.hidden else ''}.")
    return problems, [*told, *(f"The name {name} was defined." for name in found.names)]


def _changed(sheet: str, wanted: Around, now: Around, lost: frozenset[str]) -> Iterator[str]:
    """Sentences about what is gone from a sheet or is not what it was."""
    if now.hidden and not wanted.hidden:
        yield f"The sheet {sheet} is hidden."
    there = {(thing.kind, thing.place) for thing in now.things}
    gone = set()
    for thing, said in wanted.things.items():
        if thing.kind in lost:
            continue
        where, which = f"{sheet}!{thing.place}", f"{thing.kind}{f' ({thing.side})' if thing.side else ''}"
        if (thing.kind, thing.place) not in there:
            if (thing.kind, thing.place) not in gone:
                yield f"{where}: the {thing.kind} is gone."
            gone.add((thing.kind, thing.place))
        elif thing not in now.things:
            yield f"{where}: the {which} is gone."
        elif now.things[thing] != said:
            yield f"{where}: the {which} is {shown(now.things[thing])}, not {shown(said)}."


def _added(sheet: str, wanted: Around, now: Around) -> tuple[list[str], list[str]]:
    """Sentences about what was added to a sheet: what hides what was composed, and what does not."""
    problems: list[str] = []
    harmless: list[str] = []
    for thing, said in now.things.items():
        if thing not in wanted.things:
            which = f"{thing.kind}{f' ({thing.side})' if thing.side else ''}"
            told = f"{sheet}!{thing.place}: a {which} was added{f': {shown(said)}' if said else ''}."
            (problems if thing.kind in HIDING else harmless).append(told)
    return problems, harmless
