"""Cells that repeat are compared as arrays and by one formula: whichever of them is wrong, it is named."""

from __future__ import annotations

import random
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graddesc_xl.errors import WorkbookError
from graddesc_xl.language.expr import call, where
from graddesc_xl.language.values import CellError
from graddesc_xl.lessons import LESSONS
from graddesc_xl.verification import contents, libreoffice, reading, sheet_reader, tiers
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.formulas import Shared
from graddesc_xl.verification.grid import Grid
from graddesc_xl.verification.held import Cells, Held
from graddesc_xl.verification.neighbours import computed, computed_down
from graddesc_xl.workbook.reference import Down
from graddesc_xl.workbook.sheet import Sheet
from graddesc_xl.workbook.style import Style
from graddesc_xl.workbook.write import write
from once import composed
from spreadsheet import Spreadsheet

TOP, ROWS = 3, 6
TEXT = "A{}*$B$1+SQRT(C{})"


def formula(row: int) -> str:
    """That of a row of the fill."""
    return TEXT.format(row, row - 1)


@pytest.fixture
def sheet() -> Sheet:
    """One fill of formulas beside two of numbers, and a number that all of them read."""
    made = Sheet("s")
    made.put(1, 2, 0.1)
    numbers, roots = np.arange(1.0, ROWS + 1), np.arange(2.0, ROWS + 2)
    made.fill(TOP, 1, None, numbers)
    made.fill(TOP - 1, 3, None, roots)
    made.fill(TOP, 4, TEXT.format("{r}", "{r-1}"), numbers * 0.1 + np.sqrt(roots))
    return made


SAME: Mapping[str, Callable[[int], str]] = {
    "shared by all": lambda row: "A:" + formula(TOP),
    "shared by two halves": lambda row: "AB"[row > 5] + ":" + formula(TOP if row <= 5 else 6),
    "shared by every other row": lambda row: "AB"[row % 2] + ":" + formula(TOP + 1 if row % 2 == 0 else TOP),
    "shared by none": formula,
    "shared by some": lambda row: formula(row) if row in (4, 7) else "A:" + formula(TOP),
    "respelled": lambda row: "A: a3 * $b$1 + sqrt( C2 )",
    "respelled one by one": lambda row: formula(row).lower().replace("+", " + "),
}


def held(sheet: Sheet, formulas: Callable[[int], str], own: Mapping[int, str | None] | None = None) -> Held:
    """A file with such formulas in the fill ("A:": the group's first), and others, or none, in some rows."""
    values = {at: content.value if hasattr(content, "value") else content for at, content, _ in sheet.every()}
    cells = Cells.of(values)
    found = sheet_reader._Found()
    groups: dict[str, int] = {}
    for at in cells.places:
        text = (own or {}).get(at[0], formulas(at[0])) if at[1] == 4 else None
        group = 0
        if text is not None and ":" in text:
            name, _, first = text.partition(":")
            groups[name] = groups.get(name) or found.share(first.lstrip("="), at)
            group = groups[name]
        elif text is not None:
            found.own[at], group = text, -1
        found.add(at, values[at], group, 0)
    return Held({sheet.name: found.cells()}, ("General",))


def problems(sheet: Sheet, file: Held) -> list[str]:
    """What is said of the formulas of a file."""
    return [*contents.formulas(sheet, file.cells["s"].table(sheet.extent), {})]


@pytest.mark.parametrize("case", SAME)
def test_however_a_fill_is_shared_it_is_the_same(sheet: Sheet, case: str) -> None:
    """A group that covers a fill, several, some or none; and however their formulas are spelled."""
    assert problems(sheet, held(sheet, SAME[case])) == []


@pytest.mark.parametrize("case", SAME)
def test_any_one_cell_with_another_formula_is_named(sheet: Sheet, case: str) -> None:
    """Another formula, its neighbour's, another group's, or a constant: that cell is named, and no other."""
    named: set[str] = set()
    for row in range(TOP, TOP + ROWS):
        group, shared, _ = SAME[case](row).partition(":")
        if shared and group not in named:
            named.add(group)
            continue  # its formula is that of the group
        wrong = (formula(row) + "+1", formula(row + 1), f"Z:{formula(row + 1)}", f"Z:B{row}", formula(row)[:-1], None)
        for text in wrong:
            (said,) = problems(sheet, held(sheet, SAME[case], {row: text}))
            assert said.startswith(f"s!D{row} holds ") and said.endswith(f", not ={formula(row)}."), text


@pytest.mark.parametrize(
    "first",
    ["A3*$B$1+SQRT(C3)", "A3*$B1+SQRT(C2)", "A$3*$B$1+SQRT(C2)", "A3*$B$1+SQRT(C2)+0", "$A3*$B$1+SQRT(C2)"],
)
def test_a_group_with_another_formula_is_wrong_in_every_cell(sheet: Sheet, first: str) -> None:
    """A reference that is another, or moves otherwise, is found in the group and named in its cells."""
    said = problems(sheet, held(sheet, lambda row: f"A:{first}"))
    assert [line.split()[0] for line in said] == [f"s!D{row}" for row in range(TOP, TOP + ROWS)]


def test_a_template_that_does_not_move_as_shared_formulas_do_is_not_compared_as_one() -> None:
    """A reference without a $ stays in a template only by mistake: a group that begins alike is then another."""
    made = Sheet("s")
    made.fill(2, 4, "B5*C{r}", np.ones(3))
    cells = {(row, 4): 1.0 for row in (2, 3, 4)}
    found = sheet_reader._Found()
    group = found.share("B5*C2", (2, 4))
    for at, value in cells.items():
        found.add(at, value, group, 0)
    assert Shared.of("B5*C2", 2, 4).at(3, 4) == "B6*C3"
    said = problems(made, Held({"s": found.cells()}))
    assert [line.split()[0] for line in said] == ["s!D3", "s!D4"]


STRANGE: tuple[Any, ...] = (777.0, 0.0, "text", "", True, None, CellError.NA, CellError.DIV0, float("inf"))


def test_any_one_wrong_value_of_a_fill_is_named(sheet: Sheet) -> None:
    """A number, text, TRUE, an error, a number beyond all doubles or nothing: that cell is named, and no other."""
    right = {at: sheet.value(*at) for at, _, _ in sheet.every()}
    assert tiers.other_sheet(sheet, {"s": Grid.of(right)}).ok
    for row in range(TOP, TOP + ROWS):
        for value in (*STRANGE, right[row, 4] * (1 + 1e-11)):  # type: ignore[operator]  # a number
            result = tiers.other_sheet(sheet, {"s": Grid.of({**right, (row, 4): value})})
            assert result.wrong == (f"D{row}",) and not result.ok, value
            assert result.cells == ROWS


def test_values_that_follow_from_what_stands_there_are_right(sheet: Sheet) -> None:
    """Where a cell that is read has another value, its reader is what it makes of it, or what a fresh run has."""
    cells = {at: sheet.value(*at) for at, _, _ in sheet.every()} | {(5, 3): 1e6}
    for value, right in ((sheet.value(6, 4), True), (0.1 * 4.0 + 1e3, True), (0.1 * 4.0 + 1e3 + 1e-6, False)):
        assert tiers.other_sheet(sheet, {"s": Grid.of(cells | {(6, 4): value})}).wrong == (() if right else ("D6",))
    for value, right in ((CellError.VALUE, True), (CellError.NUM, False)):
        result = tiers.other_sheet(sheet, {"s": Grid.of(cells | {(5, 3): "text", (6, 4): value})})
        assert result.wrong == (() if right else ("D6",))


def test_any_one_constant_of_a_fill_is_named(sheet: Sheet) -> None:
    """Another number, text, an error, nothing or a formula with the same value."""
    for row in range(TOP, TOP + ROWS):
        right = {at: sheet.value(*at) for at, _, _ in sheet.every()}
        for value in STRANGE:
            table = Cells.of({**right, (row, 1): value}).table(sheet.extent)
            (said,) = contents.constants(sheet, table)
            assert said.startswith(f"s!A{row} holds "), value
        table = Cells.of(right).table(sheet.extent)
        table.groups[row, 1] = -1
        table.cells.own[row, 1] = "1"  # type: ignore[index]  # an ordinary dictionary
        assert [*contents.constants(sheet, table)] == [f"s!A{row} holds the formula =1, not {right[row, 1]!r}."]


def test_any_one_number_format_of_a_fill_is_named(sheet: Sheet) -> None:
    """One cell with another format is enough; what is empty has none."""
    file = Held(held(sheet, formula).cells, ("General", "0.00%"))
    wanted = [*contents.formats(sheet, file.cells["s"].table(sheet.extent), file)]
    for row in range(TOP, TOP + ROWS):
        table = file.cells["s"].table(sheet.extent)
        table.styles[row, 4] = 1
        (said,) = {*contents.formats(sheet, table, file)} - {*wanted}
        assert said.startswith(f"s!D{row} has the number format '0.00%', not ")


def test_a_format_that_a_formula_takes_over_is_none_of_its_own(tmp_path: Path, soffice: str) -> None:
    """LibreOffice gives a cell without a format that of a cell it reads; another format is another one."""
    made = Sheet("s")
    shown = made.put(1, 1, 1.5, Style(number="amount"))
    made.put(1, 2, shown)
    made.put(2, 2, shown * 2, Style(number="integer"))
    write([made], tmp_path / "s.xlsx", title="", manifest={})
    with libreoffice.recalculated(tmp_path / "s.xlsx", soffice, Limits(60)) as copy:
        file = reading.read_file(copy)[0]
    table = file.cells["s"].table(made.extent)
    assert file.number_format("s", 1, 2) == made.cells[1, 1][1].number_format != "General"
    assert not [*contents.formats(made, table, file)]
    table.styles[1, 2] = file.cells["s"].style(2, 2)
    assert [*contents.formats(made, table, file)] == ["s!B1 has the number format '0', not 'General'."]


@pytest.mark.parametrize("book", LESSONS)
def test_rows_at_once_are_worth_what_each_is(book: str) -> None:
    """Of a fill, values and sizes computed as arrays are those that its formulas have one by one."""
    made = composed(book)
    values = {s.name: Grid.of({at: s.value(*at) for at, _, _ in s.every()}) for s in made.sheets}
    fills = [(sheet.name, fill) for sheet in made.sheets for fill in sheet.fills if fill.template and len(fill.values)]
    chosen = random.Random(1).sample(fills, min(150, len(fills)))
    arrays = 0
    for name, fill in chosen:
        assert fill.template is not None
        rows = np.array(sorted(random.Random(2).sample(range(fill.top, fill.bottom + 1), min(3, len(fill.values)))))
        found = computed_down(fill.template, name, rows, values.get)
        if found is None:
            continue
        arrays += 1
        for row, *worth in zip(rows.tolist(), *found, strict=True):
            value, size = computed(fill.template.at(row), name, values.get)
            assert Grid.of({(1, 1): value}).numbers[1, 1:].tobytes() == np.array(worth[0] + 0.0).tobytes(), (name, row)
            assert worth[1] == pytest.approx(size, nan_ok=True), (name, row)
    assert arrays > 2 * len(chosen) // 3


ROW = '<row r="3"><c r="A3"><v>1.5</v></c><c r="B3" t="str"><f>A3&amp;"x"</f><v>1.5x</v></c></row>'
#: part of a plain row -> what else may stand there
ODD: Mapping[str, tuple[str, ...]] = {
    "<v>1.5</v></c>": (
        *("<v>1_5</v></c>", "<v>nan</v></c>", "<v>1e999</v></c>", "<v>-1e999</v></c>", "<v> 1.5 </v></c>", "</c>"),
        *("<v></v></c>", "<v/></c>", "<v>1.5</v><v>2</v></c>", "<v>١</v></c>", "<v>1.5e</v></c>", "<v>&#49;</v></c>"),
        *("<v>1.5</v><x/></c>", "<v>1.5</v></c><c r='A3'><v>2</v></c>", "<v><!-- --></v></c>", "<v>1.5</v></c>x"),
        *("<v>1.5</v></c><!-- </row> -->", "<v>1.5</v></c><c/>", "<v>1.5</v></c><d/>", "<f>1</f><v>1.5</v></c>"),
        *('<f aca="false">B3</f><v>1.5</v></c>', '<f aca="1" aca="1">B3</f><v>1.5</v></c>'),
        *("<f/><v>1.5</v></c>", "<f></f><v>1.5</v></c>", '<f t="array" ref="A3">1</f><v>1.5</v></c>'),
        *('<f t="shared" si="9"/><v>1.5</v></c>', '<f t="shared" ref="A3:A4" si="9">$B3</f><v>1.5</v></c>'),
        *('<f t="shared" si="9">B3</f></c><c r="AA3"><f t="shared" si="9"/><v>2</v></c>', "<v>&lt;</v></c>"),
        *('<f>WEBSERVICE("http://a.b/")</f></c>', "<f>[1]a!A1</f><v>1</v></c>", "<f>cmd|'/c'!A1</f></c>"),
        *(
            "<f>&lt;</f><v>1.5</v></c>",
            "<f>&nothing;</f><v>1.5</v></c>",
            "<f>a\tb</f><v>1.5</v></c>",
            "<v>\x01</v></c>",
        ),
        "<f>" + "1+" * 5000 + "1</f><v>1</v></c>",
    ),
    '<c r="A3">': (
        *('<c r="A4">', '<c r="C3">', '<c r="B3">', '<c r="a3">', '<c r="A03">', '<c r="XFE3">', '<c r="ABCD3">'),
        *('<c r="A3" s="1">', '<c r="A3" s="999">', '<c r="A3" s="-1">', '<c r="A3" t="s">', '<c r="A3" t="b">'),
        *('<c r="A3" t="n" s="1">', '<c r="A3" t="s" s="0">', '<c r="A3" s="1" t="n" s="1">', '<c r="A3" t="n" t="n">'),
        *('<c r="A3" t="e">', '<c r="A3" t="z">', '<c t="n" r="A3">', '<c r="A3" r="A3">', "<c>", '<c r="A3" x="/">'),
        *('<c r="A3" t="inlineStr"><is><t>in</t></is></c><c r="AA3">', '<c r="A3" t="inlineStr">', '<c r="A3"><is/>'),
        *('<c r="A3" t="inlineStr"><is><t></t></is></c><c r="AA3">', '<c r="A3"/><c r="AA3">', '<c r="A3" s="9"/><c>'),
    ),
    '<row r="3">': (
        *('<row r="1">', '<row r="0">', '<row r="1048577">', '<row r="03">', "<row>", '<row r="4">', '<row x="3">'),
        *(
            '<row r="2" ht="20"/><row r="3">',
            '<row r="3"/><row r="3">',
            '<row r="3" spans="1:2" ht="20">',
            "<row r='3'>",
        ),
        *('<row r="3" customFormat="false" ht="15" hidden="false" customHeight="false" outlineLevel="0">',),
        *(
            '<row r="3" s="0" ht="67.5" customHeight="1" customFormat="0">',
            '<row r="3" ht="9" customHeight="1" ht="9">',
        ),
        *('<row r="3" customFormat="1" ht="9" customHeight="1" customFormat="0">', '<row r="3" hidden="yes">'),
        *('<!-- <sheetData> --><row r="3">', '</sheetData><sheetData><row r="3">', '<r r="3">', '\n<row r="3">'),
    ),
    "1.5x": ("", "a&amp;b", "a &lt; b &gt;", "&quot;&apos;", "_x0041_", "a\nb", "–", "\u200b", "#NUM!", "1"),
}


@pytest.mark.parametrize("old", ODD)
def test_plain_rows_are_read_as_what_they_are_as_xml(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str
) -> None:
    """What is not plain is refused, or read, as it is where every row is parsed as XML."""
    parts = {}
    with zipfile.ZipFile(tiny) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    sheet = next(name for name in parts if name.startswith("xl/worksheets/sheet"))
    path = tmp_path / "changed.xlsx"

    def told(rows: str) -> object:
        before = '<row r="2"><c r="A2"><v>2</v></c></row>'
        with zipfile.ZipFile(path, "w") as file:
            for name, part in parts.items():
                new = f"<sheetData>{before}{rows}<row r='9'><c r='A9'><v>9</v></c></row></sheetData>"
                whole = re.sub(rb"<sheetData>.*</sheetData>", lambda _, new=new: new.encode(), part, flags=re.DOTALL)  # type: ignore[misc]
                file.writestr(name, whole if name == sheet else part)
        try:
            held = reading.load(path).held
        except WorkbookError as problem:
            return re.sub("line [0-9]+, column [0-9]+", "", str(problem))
        cells = held.cells[next(iter(held.cells))]
        return {at: (repr(cells.get(at)), cells.formula(*at), held.number_format("", *at)) for at in cells.places}

    cases = [ROW, *(ROW.replace(old, new, 1) for new in ODD[old])]
    plain = [told(rows) for rows in cases]
    monkeypatch.setattr(sheet_reader, "_ROWS_BEGIN", b"<nothing>")
    for rows, found in zip(cases, plain, strict=True):
        assert found == told(rows), rows


def test_every_sheet_is_read_alike_as_xml(two_neurons: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, formulas and formats of a whole workbook: those of its plain rows are those of its XML."""
    plain = reading.load(two_neurons).held
    monkeypatch.setattr(sheet_reader, "_ROWS_BEGIN", b"<nothing>")
    parsed = reading.load(two_neurons).held
    for name, cells in plain.cells.items():
        other = parsed.cells[name]
        for kind in ("rows", "columns", "numbers", "groups", "styles"):
            assert getattr(cells, kind).tobytes() == getattr(other, kind).tobytes(), (name, kind)
        assert (cells.others, cells.own, cells.shares) == (other.others, other.own, other.shares)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sheets of the cells that are parsed one by one."""
    found: list[str] = []
    cell = sheet_reader._Parsed._cell

    def count(self: Any, attributes: dict[str, str]) -> None:
        found.append(self.named)
        cell(self, attributes)

    monkeypatch.setattr(sheet_reader._Parsed, "_cell", count)
    return found


def test_most_rows_are_plain(two_neurons: Path, parsed: list[str]) -> None:
    """What is built is read in the fast way: no sheet is parsed cell by cell."""
    held = reading.load(two_neurons).held
    assert len(parsed) < 0.01 * sum(len(cells.rows) for cells in held.cells.values())


def test_rows_of_copies_are_plain(tiny: Path, tmp_path: Path, parsed: list[str], soffice: str) -> None:
    """So is what IronCalc and LibreOffice save."""
    saved = Spreadsheet(reading.load(tiny)).save(tmp_path / "saved.xlsx")
    parsed.clear()
    reading.load(saved)
    with libreoffice.recalculated(tiny, soffice, Limits(60)) as copy:
        reading.load(copy)
    assert not parsed


def test_a_fill_beside_texts_is_worth_row_by_row() -> None:
    """A column with a text among its numbers, as a table shows what is none: each row is worth its own."""
    sheet = Sheet("mixed")
    held: tuple[float | str, ...] = (2.0, "–", 3.0)
    for row, content in enumerate(held, 1):
        sheet.put(row, 1, content)
    cell = Down(sheet, 1)
    sheet.repeat(1, 2, where(call("is_number", cell), cell * 2, "none"), 3)
    assert [sheet.value(row, 2) for row in (1, 2, 3)] == [4.0, "none", 6.0]
