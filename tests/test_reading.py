"""The reader of cells: values with their types, formulas with their sharing, formats; openpyxl as the other opinion."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.formula.translate import Translator

from graddesc_xl.errors import WorkbookError
from graddesc_xl.verification import libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.formulas import Shared, normal
from graddesc_xl.verification.held import Model, plain
from graddesc_xl.workbook.cells import a1


def sheet(path: Path, rows: str, *, strings: str = "", space: str = "", prefix: str = "") -> Model:
    """A workbook whose one sheet `s` has these rows."""
    main = space or "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    mark = f"xmlns{':' + prefix[:-1] if prefix else ''}"
    links = "".join(
        f'<Relationship Id="r{i}" Type="{office}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate([("worksheet", "worksheets/s.xml"), ("sharedStrings", "/xl/strings.xml")])
    )
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="s" r:id="r0"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{links}</Relationships>",
        "xl/strings.xml": f'<sst xmlns="{main}">{strings}</sst>',
        "xl/worksheets/s.xml": f'<{prefix}worksheet {mark}="{main}"><{prefix}sheetData>{rows}</{prefix}sheetData>'
        f"</{prefix}worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return reading.load(path)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("<c r='A1'><v>0.1</v></c>", 0.1),
        ("<c r='A1'><v>0.30000000000000004</v></c>", 0.1 + 0.2),
        ("<c r='A1' t='n'><v> -4.9E-324 </v></c>", -5e-324),
        ("<c r='A1'><v>1.5e+364</v></c>", float("inf")),
        ("<c r='A1' t='s'><v>1</v></c>", "two parts & more"),
        ("<c r='A1' t='s'><v>2</v></c>", "漢字"),
        ("<c r='A1' t='s'><v>3</v></c>", "a\tb"),
        ("<c r='A1' t='inlineStr'><is><t>a</t><r><t>b</t></r><rPh><t>c</t></rPh></is></c>", "ab"),
        ("<c r='A1' t='str'><f>B1</f><v>#NUM!</v></c>", "#NUM!"),
        ("<c r='A1' t='str'><f>B1</f><v></v></c>", ""),
        ("<c r='A1' t='b'><v>1</v></c>", True),
        ("<c r='A1' t='b'><v>0</v></c>", False),
        ("<c r='A1'><f>B1</f></c>", None),
        ("<c r='A1'><f>B1</f><v/></c>", None),
        ("<c r='A1' s='0'/>", None),
        ("<c><v>7</v></c>", 7.0),
        ("<c r='A1'><v>7</v><extLst><ext><v>8</v></ext></extLst></c>", 7.0),
    ],
)
def test_a_value_is_what_the_file_says(tmp_path: Path, cell: str, value: object) -> None:
    """Doubles to the last bit; texts shared, rich, inline or a formula's; an error's name in a text is text."""
    strings = (
        "<si><t>zero</t></si><si><r><t>two </t></r><r><t>parts &amp; more</t></r></si>"
        "<si><t>漢字</t><rPh sb='0' eb='1'><t>かんじ</t></rPh></si><si><t>a_x0009_b</t></si>"
    )
    found = sheet(tmp_path / "a.xlsx", f"<row r='1'>{cell}</row>", strings=strings).value("s", 1, 1)
    assert found == value and type(found) is type(value)


def test_an_error_is_an_error(tmp_path: Path) -> None:
    """An error cell's value is the error, not its name."""
    model = sheet(tmp_path / "a.xlsx", "<row><c t='e'><f>1/0</f><v>#DIV/0!</v></c><c t='e'><v>#N/A</v></c></row>")
    for column, error in ((1, "#DIV/0!"), (2, "#N/A")):
        assert model.value("s", 1, column) != error
        assert repr(model.value("s", 1, column)) == repr(plain(error))


@pytest.mark.parametrize("space", ["http://purl.oclc.org/ooxml/spreadsheetml/main", ""])
def test_other_spellings_of_the_same_elements(tmp_path: Path, space: str) -> None:
    """Elements with a prefix, and those of the strict format, are read alike; foreign ones of the same name are not."""
    rows = "<x:row r='3'><x:c r='B3'><x:f>A1+1</x:f><x:v>2</x:v></x:c><x:c><x:v>5</x:v></x:c></x:row>"
    model = sheet(tmp_path / "a.xlsx", rows, space=space, prefix="x:")
    assert model.values("s", [(3, 2), (3, 3)]) == {(3, 2): 2.0, (3, 3): 5.0}
    assert model.formula("s", 3, 2) == "A1+1" and model.formula("s", 3, 3) is None
    with pytest.raises(WorkbookError, match="has row among its rows"):
        sheet(tmp_path / "b.xlsx", "<row xmlns='http://x'/>")


def test_shared_and_array_formulas(tmp_path: Path) -> None:
    """A shared formula moves with its cell; an array's stands in braces and equals no plain one."""
    rows = (
        "<row r='1'><c r='A1'><f t='shared' ref='A1:B2' si='0'>$C1+C$1*SUM(D1:$E$2)</f></c>"
        "<c r='B1'><f t='shared' si='0'/></c></row>"
        "<row r='2'><c r='A2'><f t='shared' si='0'></f></c><c r='B2'><f>A1</f></c>"
        "<c r='C2'><f t='array' ref='C2:C3'>A1:A2*2</f></c></row>"
    )
    model = sheet(tmp_path / "a.xlsx", rows)
    assert [model.formula("s", *at) for at in ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3))] == [
        "$C1+C$1*SUM(D1:$E$2)",
        "$C1+D$1*SUM(E1:$E$2)",
        "$C2+C$1*SUM(D2:$E$2)",
        "A1",
        "{A1:A2*2}",
    ]
    assert not model.same_formula("s", 2, 3, "A1:A2*2")
    with pytest.raises(WorkbookError, match="shares the formula 4, which no cell before it has"):
        sheet(tmp_path / "b.xlsx", "<row><c><f t='shared' si='4'/></c></row>")


REFERENCES = [
    *("A1", "$A1", "A$1", "$A$1", "B2:C3", "$B2:C$3", "A:C", "$A:C", "2:3", "$2:3", "data!B5"),
    *("'basic steps'!C7", "'it''s A1'!B2", "LOG10(B4)", '"A1 is ""A1"""', "rate1x", "A1B", "ABCD1", "1E5", "A1.b"),
]


@given(
    st.lists(st.sampled_from(REFERENCES), min_size=1, max_size=5),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
)
def test_a_shared_formula_moves_as_openpyxl_moves_it(
    parts: list[str], home: tuple[int, int], steps: tuple[int, int]
) -> None:
    """References move, fixed ones, names, functions and texts do not."""
    to = home[0] + steps[0], home[1] + steps[1]
    for part in parts:
        theirs = Translator(f"={part}", a1(*home)).translate_formula(a1(*to))
        assert f"={Shared.of(part, *home).at(*to)}" == theirs
    whole = "+".join(parts)
    assert Shared.of(whole, *home).at(*to) == "+".join(Shared.of(part, *home).at(*to) for part in parts)
    assert Shared.of(whole, *home).at(*home) == whole


def test_what_leaves_the_sheet_is_no_reference() -> None:
    """Above, left, below and right of the sheet there is nothing to refer to."""
    shared = Shared.of("A1+$A$1+XFD2+B1048576", 2, 2)
    assert shared.at(1, 1) == "#REF!+$A$1+XFC1+A1048575"
    assert shared.at(3, 2) == "A2+$A$1+XFD3+#REF!"
    assert shared.at(2, 3) == "B1+$A$1+#REF!+C1048576"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SUM(A1,B2)", "sum( a1 , b2 )", True),
        ("1E-9*A1", "0.000000001*A1", True),
        ("data!A1", "'DATA'!A1", True),
        ("_xlfn.IFNA(A1,TRUE)", "IFNA(A1,TRUE())", True),
        ("@A1", "A1", True),
        ('"a b"', '"ab"', False),
        ('"A"', '"a"', False),
        ("'basic steps'!A1", "'basicsteps'!A1", False),
        ("'it''s'!A1", "'its'!A1", False),
        ("A1 B1", "A1B1", False),
        ("A1", "$A1", False),
        ("a-(b-c)", "a-b-c", False),
        ("TRUE", "FALSE()", False),
        ("SUM(A1:B2)", "SUM(A1,B2)", False),
        ("12", "1 2", False),
    ],
)
def test_only_the_spelling_of_a_formula_is_free(one: str, other: str, same: bool) -> None:
    """Case, spaces between tokens and quotes that a name does not need make no difference; all else does."""
    assert (normal(one) == normal(other)) is same


def test_every_cell_is_as_openpyxl_reads_it(workbook: Path, held: Model) -> None:
    """Values, formulas and number formats of a whole workbook, in another reader's opinion."""
    values, formulas = openpyxl.load_workbook(workbook, data_only=True), openpyxl.load_workbook(workbook)
    compared = 0
    for name in held.sheets:
        seen = set()
        for line, same_line in zip(values[name].iter_rows(), formulas[name].iter_rows(), strict=True):
            for cell, same in zip(line, same_line, strict=True):
                at = int(cell.row or 0), int(cell.column or 0)
                formula = str(same.value)[1:] if same.data_type == "f" else None
                found = held.value(name, *at)
                error = cell.data_type == "e"
                assert held.formula(name, *at) == formula, (name, at)
                assert repr(found) == repr(plain(cell.value)) if error else found == cell.value, (name, at)
                if cell.value is not None or formula is not None:
                    seen.add(at)
                    assert held.held.number_format(name, *at) == cell.number_format, (name, at)
        assert seen == {*held.used(name)}
        compared += len(seen)
    assert compared > 60_000


def test_formulas_that_libreoffice_saved_are_the_same(
    workbook: Path, held: Model, soffice: str, tmp_path: Path
) -> None:
    """LibreOffice's spelling is another, its formulas are not."""
    with libreoffice.recalculated(workbook, soffice, Limits(180)) as copy:
        model = reading.load(copy)
    for name in held.sheets:
        for at in held.used(name):
            formula = held.formula(name, *at)
            assert formula is None or model.same_formula(name, *at, formula), (name, at, model.formula(name, *at))


def test_a_sheet_named_otherwise_than_its_part_is_found_by_its_link(tmp_path: Path) -> None:
    """Which part a sheet is, its relationship says, not its number."""
    assert [*sheet(tmp_path / "a.xlsx", "").sheets] == ["s"]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        assert not any(re.search(r"sheet\d", name) for name in file.namelist())
