"""Files that mean harm, or were damaged: each ends in one sentence, soon, and nothing outside is asked."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from graddesc_xl import verify
from graddesc_xl.errors import GraddescError, RecalculationError, WorkbookError
from graddesc_xl.verification import bounds, reading

posix = pytest.mark.skipif(sys.platform == "win32", reason="limits on memory, pipes and devices are POSIX's")
SHEET = "xl/worksheets/sheet1.xml"
#: what does not shrink when it is packed
NOISE = random.Random(0).randbytes(3 << 20).hex().encode()

Change = Callable[[bytes], bytes]


def made(path: Path, formulas: dict[str, str]) -> Path:
    """A workbook with formulas on its sheet `mine`, each said to be worth 1."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("mine")
    for at, formula in formulas.items():
        sheet.write_formula(at, formula, None, 1)
    book.close()
    return path


def rewritten(source: Path, target: Path, part: str, change: Change) -> Path:
    """A copy of a workbook with a part changed, or added if it has none of that name."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
        if part not in old.namelist():
            new.writestr(part, change(b""))
    return target


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small workbook of somebody else."""
    return made(tmp_path / "small.xlsx", {"A1": "=1", "A2": "=A1"})


def replaced(old: bytes, new: bytes) -> Change:
    """A change of a part that must have the old bytes."""

    def change(part: bytes) -> bytes:
        assert old in part
        return part.replace(old, new)

    return change


def cells(xml: bytes) -> Change:
    """The rows of a sheet, all anew."""
    return lambda part: re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData>" + xml + b"</sheetData>", part)


BOUNDS: dict[str, tuple[str, Change, str]] = {
    "a row far below": (SHEET, cells(b'<row r="99999999999"/>'), "mine has a row with the number 99999999999; rows go"),
    "a row that is no number": (SHEET, cells(b'<row r="1e300"/>'), "a row with the number 1e300"),
    "row 0": (SHEET, cells(b'<row r="0"/>'), "a row with the number 0"),
    "a column far away": (
        SHEET,
        cells(b'<row r="1"><c r="ZZZ1"/></row>'),
        "a cell in row 1 that says it is at ZZZ1",
    ),
    "a cell of another row": (
        SHEET,
        cells(b'<row r="1"><c r="A2"/></row>'),
        "a cell in row 1 that says it is at A2",
    ),
    "a cell twice": (
        SHEET,
        cells(b'<row r="1"><c r="A1"><v>1</v></c><c r="A1"/></row>'),
        "A1 is there twice",
    ),
    "two values": (SHEET, cells(b'<row r="1"><c r="A1"><v>1</v><v>2</v></c></row>'), "mine!A1 holds two values"),
    "a cell in a cell": (SHEET, cells(b'<row r="1"><c r="A1"><c r="B1"/></c></row>'), "holds c, which is no part of"),
    "a row in a row": (SHEET, cells(b'<row r="1"><row r="2"/></row>'), "has row among its cells"),
    "a number that is none": (SHEET, cells(b'<row r="1"><c r="A1"><v>1_0</v></c></row>'), "holds 1_0, which is no num"),
    "not a number": (SHEET, cells(b'<row r="1"><c r="A1"><v>nan</v></c></row>'), "holds nan, which is no number"),
    "a text that is missing": (
        SHEET,
        cells(b'<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
        "mine!A1 refers to the text number 7, which the file lacks",
    ),
    "a style that is missing": (
        SHEET,
        cells(b'<row r="1"><c r="A1" s="77"><v>7</v></c></row>'),
        "has a style with the number 77",
    ),
    "a long formula": (
        SHEET,
        replaced(b"<f>1</f>", b"<f>" + b"1+" * 60_000 + b"1</f>"),
        "mine!A1 holds a formula of 120,001 characters; a spreadsheet takes 8,192",
    ),
    "deep XML in a sheet": (
        SHEET,
        replaced(b"</worksheet>", b"<a>" * 100_000 + b"</a>" * 100_000 + b"</worksheet>"),
        "nests its elements deeper than any workbook",
    ),
    "deep XML elsewhere": ("xl/theme/theme1.xml", lambda _: b"<a>" * 100_000, "nests its elements deeper"),
    "a long tag": (
        SHEET,
        replaced(b"<sheetData>", b'<a b="' + NOISE + b'"/>'),
        "a tag that",
    ),
    "a long text": (
        "xl/sharedStrings.xml",
        lambda _: b"<sst><si><t>" + NOISE + b"</t></si></sst>",
        "a text that is far too long",
    ),
    "entities after a long comment": (
        SHEET,
        lambda part: b"<!--" + b" " * 20_000 + b'--><!DOCTYPE a [<!ENTITY b "c">]>' + part.split(b"?>", 1)[1],
        "declares XML entities",
    ),
    "a part twice": ("XL/workbook.xml", lambda _: b"<a/>", "has two parts of the name"),
    "a manifest without end": (
        "docProps/custom.xml",
        lambda _: b"<a><property name='graddesc-xl'><lpwstr>" + b"[" * 100_000 + b"</lpwstr></property></a>",
        "",
    ),
}


@pytest.mark.parametrize("case", BOUNDS)
def test_what_has_no_bounds_is_refused(small: Path, tmp_path: Path, case: str) -> None:
    """Sizes, places and depths outside a sheet's limits are a sentence that names part or cell, before they cost."""
    part, change, sentence = BOUNDS[case]
    path = rewritten(small, tmp_path / "changed.xlsx", part, change)
    if not sentence:
        assert reading.load(path).manifest == {}
        return
    with pytest.raises(WorkbookError, match=re.escape(sentence)) as caught:
        reading.load(path)
    assert len(str(caught.value)) < 1000


def test_too_many_cells_are_refused(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are counted while they are read, empty ones too."""
    rows = b"".join(b'<row r="%d"><c r="A%d"/><c r="XFD%d"/></row>' % (r, r, r) for r in range(1, 501))
    path = rewritten(small, tmp_path / "many.xlsx", SHEET, cells(rows))
    assert reading.load(path).used("mine") == []
    monkeypatch.setattr(bounds, "MOST_CELLS", 999)
    with pytest.raises(WorkbookError, match="more than 999 cells"):
        reading.load(path)


OUTSIDE: dict[str, tuple[str, Change, str]] = {
    "a web service": (
        SHEET,
        replaced(b"<f>1</f>", b'<f>WEBSERVICE("http://a.b/")</f>'),
        "mine!A1 holds a formula",
    ),
    "spelled otherwise": (SHEET, replaced(b"<f>1</f>", b"<f>_xlfn.web&#83;ervice (A1)</f>"), "mine!A1 holds a formula"),
    "DDE": (SHEET, replaced(b"<f>1</f>", b"<f>cmd|'/c calc'!A0</f>"), "reaches outside the file (DDE)"),
    "another workbook": (SHEET, replaced(b"<f>1</f>", b"<f>[1]Sheet1!A1</f>"), "reaches outside"),
    "a name of another workbook": (SHEET, replaced(b"<f>1</f>", b"<f>[1]!rate</f>"), "reaches outside"),
    "another workbook by its path": (SHEET, replaced(b"<f>1</f>", b"<f>'C:\\[a.xlsx]b c'!A1</f>"), "reaches outside"),
    "a rule for typing": (
        SHEET,
        replaced(
            b"</sheetData>",
            b"</sheetData><dataValidations><dataValidation><formula1>RTD(1)</formula1>"
            b"</dataValidation></dataValidations>",
        ),
        "a formula of its part xl/worksheets/sheet1.xml reaches outside the file (RTD)",
    ),
    "a name": (
        "xl/workbook.xml",
        replaced(
            b"</sheets>", b"</sheets><definedNames><definedName name='x'>'[1]a'!$A$1</definedName></definedNames>"
        ),
        "a formula of its part xl/workbook.xml reaches outside",
    ),
    "a linked picture": (
        "xl/drawings/_rels/drawing1.xml.rels",
        lambda _: (
            b'<Relationships><Relationship Id="a" Type="http://x/image" Target="http://127.0.0.1/a.png" '
            b'TargetMode="External"/></Relationships>'
        ),
        "links to http://127.0.0.1/a.png, which is outside the file",
    ),
    "a file": (
        "xl/drawings/_rels/drawing1.xml.rels",
        lambda _: (
            b'<Relationships><Relationship Id="a" Type="http://x/image" Target="file:///etc/passwd"/></Relationships>'
        ),
        "links to file:///etc/passwd",
    ),
    "an external link": (
        "xl/worksheets/_rels/sheet1.xml.rels",
        lambda _: b'<Relationships><Relationship Id="a" Type="http://x/externalLink" Target="a.xml"/></Relationships>',
        "refers to another workbook",
    ),
    "an embedded object": (
        "xl/worksheets/_rels/sheet1.xml.rels",
        lambda _: b'<Relationships><Relationship Id="a" Type="http://x/oleObject" Target="a.bin"/></Relationships>',
        "refers to an object of another program",
    ),
    "connections": (
        "xl/_rels/workbook.xml.rels",
        replaced(
            b"</Relationships>", b'<Relationship Id="z" Type="http://x/connections" Target="c.xml"/></Relationships>'
        ),
        "refers to a database",
    ),
    "a picture in a note": (
        "xl/drawings/vmlDrawing1.vml",
        lambda _: b'<xml><v:imagedata src = "https://127.0.0.1/a.png"></xml>',
        "links to what is outside",
    ),
}


@posix
@pytest.mark.parametrize("case", OUTSIDE)
def test_what_reaches_outside_is_refused(small: Path, tmp_path: Path, case: str) -> None:
    """No program is given a file whose formulas or links reach outside it."""
    part, change, sentence = OUTSIDE[case]
    path = rewritten(small, tmp_path / "changed.xlsx", part, change)
    program, called = tmp_path / "soffice", tmp_path / "called"
    program.write_text(f"#!/bin/sh\ntouch {called}\n")
    program.chmod(0o755)
    with pytest.raises(WorkbookError, match=re.escape(sentence)):
        verify(path, libreoffice=program)
    assert not called.exists()


def test_hyperlinks_and_tables_are_no_harm(small: Path, tmp_path: Path) -> None:
    """A hyperlink waits for a click; brackets may be a table's; words in texts are words."""
    links = (
        b'<Relationships><Relationship Id="a" Type="http://x/hyperlink" Target="http://a.b/" TargetMode="External"/>'
    )
    path = rewritten(
        small, tmp_path / "a.xlsx", "xl/worksheets/_rels/sheet1.xml.rels", lambda _: links + b"</Relationships>"
    )
    formula = b'<f>IF(T[[#This Row],[a b]]&gt;2,"[1]a!A1|WEBSERVICE(1)",image+HYPERLINK("http://a.b"))</f>'
    path = rewritten(path, tmp_path / "b.xlsx", SHEET, replaced(b"<f>1</f>", formula))
    assert reading.load(path).formula("mine", 1, 1) == formula[3:-4].decode().replace("&gt;", ">")


ENGINES: dict[str, tuple[dict[str, str], float]] = {
    "4,000 nested parentheses": ({"A1": "=" + "(" * 4000 + "1" + ")" * 4000}, 4096),
    "a chain that doubles a text": ({"A1": '="xy"', **{f"A{i}": f"=A{i - 1}&A{i - 1}" for i in range(2, 60)}}, 400),
    "a sum over a whole sheet": ({"A1": "=SUMPRODUCT(B1:XFD1048576*B1:XFD1048576)"}, 400),
}


@posix
@pytest.mark.parametrize("case", ENGINES)
def test_an_engine_that_dies_is_a_sentence(tmp_path: Path, case: str) -> None:
    """A spreadsheet engine that runs out of stack or memory ends alone."""
    formulas, memory = ENGINES[case]
    with pytest.raises(RecalculationError, match=r"IronCalc failed on .*it crashed|IronCalc did not finish"):
        verify(made(tmp_path / "a.xlsx", formulas), memory=memory, timeout=30)


@posix
def test_an_engine_that_dies_leaves_the_screen_clean(tmp_path: Path) -> None:
    """One sentence and one JSON document, whatever an engine prints or throws."""
    path = made(tmp_path / "a.xlsx", ENGINES["4,000 nested parentheses"][0])
    command = [sys.executable, "-m", "graddesc_xl", "verify", str(path), "--json"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: IronCalc failed on") and done.stderr.count("\n") == 1
    assert done.stdout.startswith("{") and done.stdout.endswith("}\n")


@posix
def test_only_files_are_read(small: Path, tmp_path: Path) -> None:
    """A pipe would wait and a device never end; a link is as good as what it leads to."""
    pipe, link = tmp_path / "pipe.xlsx", tmp_path / "link.xlsx"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    for path in (pipe, link, Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(WorkbookError, match="no file but a device or a pipe"):
            verify(path)
    link.unlink()
    link.symlink_to(small)
    assert verify(link).sets
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(WorkbookError, match=r"link\.xlsx"):
        verify(link)


def damaged(source: Path, target: Path, seed: int) -> Path:
    """A copy of a workbook, damaged: bits of the file or of a part turned, cut off, parts exchanged or emptied."""
    choose = random.Random(seed)
    kind = choose.choice(
        ["file", "bits", "bits", "bytes", "cut", "exchanged", "empty", "gone", "value", "value", "value"]
    )
    raw = bytearray(source.read_bytes())
    if kind == "file":
        raw[choose.randrange(len(raw))] ^= 1 << choose.randrange(8)
        target.write_bytes(raw)
        return target
    with zipfile.ZipFile(source) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    names = sorted(parts)
    name = choose.choice([n for n in names if parts[n]])
    part = bytearray(parts[name])
    place = choose.randrange(len(part))
    if kind == "bits":
        part[place] ^= 1 << choose.randrange(8)
    elif kind == "bytes":
        part[place : place + choose.randrange(1, 9)] = choose.randbytes(choose.randrange(9))
    elif kind == "cut":
        target.write_bytes(raw[: choose.randrange(len(raw))])
        return target
    elif kind == "empty":
        part = bytearray()
    elif kind == "exchanged":
        other = choose.choice(names)
        parts[other], part = parts[name], bytearray(parts[other])
    elif kind == "gone":
        del parts[name]
    else:
        name = choose.choice([n for n in names if n.startswith("xl/worksheets/sheet")])
        found = [*re.finditer(rb"<c [^>]*?(?:/>|>.*?</c>)", parts[name])]
        cell = choose.choice(found)
        values = [b"", b"0", b"1e308", b"-1", b"#NUM!", b"x", b"1e400", b"TRUE"]
        kinds = [b"", b't="s"', b't="str"', b't="b"', b't="e"', b't="inlineStr"']
        address = re.search(rb'r="[A-Z]+\d+"', cell.group())
        assert address
        new = b"<c %s %s><v>%s</v></c>" % (address.group(), choose.choice(kinds), choose.choice(values))
        part = bytearray(parts[name][: cell.start()] + choose.choice([b"", new, new]) + parts[name][cell.end() :])
    if kind != "gone":
        parts[name] = bytes(part)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for each, content in parts.items():
            out.writestr(each, content)
    return target


@pytest.mark.fuzz(60, 500)
def test_a_damaged_file_is_a_report_or_a_sentence(tiny: Path, tmp_path: Path, seeds: range) -> None:
    """Whatever happened to a file, verification ends with a report or one of our errors, in a short sentence."""
    for seed in seeds:
        path = damaged(tiny, tmp_path / "damaged.xlsx", seed)
        try:
            verify(path, timeout=60).to_dict()
        except GraddescError as problem:
            assert len(str(problem)) < 2000, seed
        except Exception as problem:
            raise AssertionError(f"seed {seed}: {problem!r}") from problem
