"""What `verify` does not believe: every cell that was composed is compared, and what differs is named."""

from __future__ import annotations

import random
import re
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, unescape

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils import coordinate_to_tuple

from graddesc_xl import build, run, verify
from graddesc_xl.errors import RecalculationError
from graddesc_xl.lessons import LESSONS
from graddesc_xl.verification import libreoffice, reading, tiers
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.grid import Grid
from graddesc_xl.verification.held import Model
from graddesc_xl.verification.neighbours import computed
from graddesc_xl.workbook.cells import a1
from once import composed
from shared import written_out
from spreadsheet import Spreadsheet

#: small sheets with formulas of many kinds
REPORTS = ("overview", "data", "check", "derivatives", "speed limit")

Rewrite = Callable[[str], str]

#: a program that converts every workbook into one without our sheets
STAND_IN = """
import pathlib, shutil, sys
out = pathlib.Path(sys.argv[sys.argv.index("--outdir") + 1])
out.mkdir(exist_ok=True)
shutil.copyfile(pathlib.Path(__file__).with_name("other.xlsx"), out / "workbook.xlsx")
"""


def poisoned(
    workbook: Path,
    target: Path,
    cells: Mapping[str, Mapping[str, Rewrite]] | None = None,
    parts: Mapping[str, Rewrite] | None = None,
    new: Mapping[str, str] | None = None,
) -> Path:
    """A copy of a workbook with the XML of some cells (sheet -> cell) and of some parts rewritten, and new parts."""
    held = reading.load(workbook)
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        names = re.findall(r'<sheet name="([^"]*)"', source.read("xl/workbook.xml").decode())
        of = {f"xl/worksheets/sheet{i}.xml": unescape(name) for i, name in enumerate(names, 1)}
        sheets = {part: (cells or {}).get(name, {}) for part, name in of.items()}
        for name in source.namelist():
            part = source.read(name)
            poisons = dict(sheets.get(name, {}))
            if poisons:

                def rewritten(found: re.Match[str], poisons: dict[str, Rewrite] = poisons) -> str:
                    return poisons.pop(found[1])(found[0]) if found[1] in poisons else found[0]

                xml = written_out(part.decode(), poisons, partial(formula_at, held, of[name]))
                xml = re.sub(r'<c r="([A-Z]+\d+)"[^>]*?(?:/>|>.*?</c>)', rewritten, xml)
                for at, rewrite in poisons.items():
                    xml = inserted(xml, at, rewrite(f'<c r="{at}"></c>'))
                part = xml.encode()
            for pattern, rewrite in (parts or {}).items():
                if re.fullmatch(pattern, name):
                    changed = rewrite(part.decode()).encode()
                    assert changed != part, "the poison changed nothing"
                    part = changed
            out.writestr(name, part)
        for name, text in (new or {}).items():
            out.writestr(name, text)
    return target


def formula_at(held: Model, sheet: str, at: str) -> str | None:
    """The formula of a cell by its address."""
    return held.formula(sheet, *coordinate_to_tuple(at))


def inserted(xml: str, at: str, cell: str) -> str:
    """A sheet's XML with a cell where there was none, in a row that there is."""
    column, row = re.findall(r"[A-Z]+|\d+", at)
    line = re.search(rf'<row r="{row}".*?</row>', xml)
    assert line, f"there is no row {row}"
    right = (c.start() for c in re.finditer(r'<c r="([A-Z]+)', line[0]) if (len(c[1]), c[1]) > (len(column), column))
    place = line.start() + next(right, len(line[0]) - len("</row>"))
    return xml[:place] + cell + xml[place:]


def _cell(xml: str, inside: str, kind: str = "") -> str:
    """A cell with other contents, at its place and in its style."""
    place, style = re.findall(r'r="([A-Z]+\d+)"', xml)[0], re.findall(r' s="\d+"', xml)
    return f'<c r="{place}"{"".join(style[:1])}{kind}>{inside}</c>'


def number(value: str) -> Rewrite:
    """Write a number in place of what there was."""
    return lambda xml: _cell(xml, f"<v>{value}</v>")


def value(held: str) -> Rewrite:
    """Change what a formula is worth."""
    return lambda xml: re.sub(r"<v>.*?</v>", f"<v>{held}</v>", xml)


def words(said: str) -> Rewrite:
    """Write a text in place of what there was."""
    return lambda xml: _cell(xml, f"<is><t>{escape(said)}</t></is>", ' t="inlineStr"')


def formula(text: str, value: str) -> Rewrite:
    """Write a formula, worth a number, in place of what there was."""
    return lambda xml: _cell(xml, f"<f>{escape(text)}</f><v>{value}</v>")


def before(mark: str, *xml: str) -> Rewrite:
    """Put XML before some of a part's own."""
    return lambda part: part.replace(mark, "".join((*xml, mark)), 1)


#: sheet -> cell -> (what it is, what it becomes, a word of the sentence that names it)
CONSTANTS: Mapping[str, Mapping[str, tuple[str, Rewrite, str]]] = {
    "basic steps": {
        "P9": ("NumPy's constant, the live cell beside it", formula("C9", "1.0107"), "the formula =C9"),
        "Q9": ("NumPy's constant, changed in its 12th digit", lambda xml: re.sub(r"(<v>.{12})\d", r"\g<1>0", xml), ""),
        "A40": ("the number of an epoch", number("7"), "7.0, not 2.0"),
        "B40": ("the number of a step", number("36"), "36.0, not 35.0"),
        "C5": ("the title of a column", words("a"), "'a', not 'b'"),
        "AC3": ("the floor of the differences", number("1e9"), "1000000000.0"),
    },
    "basic": {
        "A1": ("the name of an epoch", words("epoch 2"), "not 'epoch 1'"),
        "K3": ("a header", words("de/da"), "not 'de/db'"),
        "L3": ("and the other, swapped", words("de/db"), "not 'de/da'"),
        "M2": ("the maths line", words("new b = b"), "'new b = b'"),
        "P15": ("the number of an epoch in the table", number("3"), "3.0, not 2.0"),
    },
    "data": {"A7": ("the number of a sample", number("4"), "4.0, not 3.0")},
    "check": {
        "B4": ("a tolerance that lets everything pass", number("1e30"), "a number from 1e-12 to 1"),
        "K12": ("an input that NumPy is said to have had", number("5"), "5.0, not"),
        "N20": ("a sample that NumPy is said to have had", number("63"), "63.0, not 47.0"),
        "B7": ("a header", words("cells off"), "not 'compared'"),
    },
    "overview": {
        "D7": ("a sentence", words("It diverges."), "'It diverges.', not "),
        "A13": ("a link", words("data"), ""),
    },
}


def test_whatever_is_no_formula_is_compared_too(workbook: Path, tmp_path: Path) -> None:
    """Numbers and texts that were composed: each that differs is a sentence that names its cell."""
    cells = {sheet: {at: rewrite for at, (_, rewrite, _) in of.items()} for sheet, of in CONSTANTS.items()}
    report = verify(poisoned(workbook, tmp_path / "poisoned.xlsx", cells))
    for sheet, of in CONSTANTS.items():
        for at, (what, _, said) in of.items():
            named = [p for p in report.problems if p.startswith((f"{sheet}!{at} holds", f"{sheet}!{at} ("))]
            assert len(named) == 1 and said in named[0], (what, named)
    assert not report.ok


def test_an_input_must_hold_a_number_not_a_formula(workbook: Path, tmp_path: Path) -> None:
    """An input that a formula computes may become another number behind the reader's back."""
    trick = formula("IF(NOW()>99999,1,0.0001)", "0.0001")
    report = verify(
        poisoned(workbook, tmp_path / "trick.xlsx", {"basic": {"F1": trick}, "data": {"B9": formula("A9", "28")}})
    )
    assert [p.split(" holds")[0] for p in report.problems] == ["data!B9", "basic!F1"]


def test_changed_samples_are_named(workbook: Path, tmp_path: Path) -> None:
    """Each sample that is not the built one, and each y that is no longer its formula; the workbook still verifies."""
    model = Spreadsheet(reading.load(workbook))
    model.type_number("data", 17, 2, 62)
    model.type_number("data", 5, 3, 58)
    model.recalculate()
    path = tmp_path / "samples.xlsx"
    model.save(path)
    report = verify(path)
    assert report.ok, report.problems
    assert [str(change) for change in report.changes] == [
        "data!B17 (x): 62 instead of 47",
        "data!C5 (y): 58 instead of its formula",
    ]


def test_a_y_is_its_formula_or_a_number(workbook: Path, tmp_path: Path) -> None:
    """That one y was replaced by a number does not excuse another formula in the next."""
    cells = {"data": {"C5": number("58"), "C6": formula("$C$1+B6*$C$2+A1", "202")}}
    report = verify(poisoned(workbook, tmp_path / "y.xlsx", cells))
    assert report.problems == ("data!C6 holds =$C$1+B6*$C$2+A1, not =$C$1+B6*$C$2 or a number.",)


def test_an_added_cell_is_reported(workbook: Path, tmp_path: Path) -> None:
    """A scratch note in an empty cell is told with its address, and fails nothing."""
    cells = {"basic": {"U36": number("5"), "ZZ36": formula("1+1", "2")}}
    report = verify(poisoned(workbook, tmp_path / "added.xlsx", cells))
    assert report.ok, report.problems
    assert report.additions == (
        "basic!U36 holds 5.0, where nothing was composed.",
        "basic!ZZ36 holds =1+1, where nothing was composed.",
    )


def test_nothing_compared_is_never_ok(workbook: Path, tmp_path: Path) -> None:
    """A recalculation without our sheets, no program, no formulas, no mark: a sentence each."""
    with pytest.raises(RecalculationError, match="No program is named"):
        verify(workbook, libreoffice="")
    stand_in = tmp_path / "soffice"
    stand_in.write_text(f"#!{sys.executable}\n{STAND_IN}\n")
    stand_in.chmod(0o755)
    other = xlsxwriter.Workbook(tmp_path / "other.xlsx")
    other.add_worksheet("mine").write_number("A1", 1)
    other.close()
    assert "nothing to verify" in verify(tmp_path / "other.xlsx").problems[0]
    report = verify(workbook, libreoffice=stand_in)
    assert not report.ok and not report.sets[-1].ok and not report.problems
    assert {s.note for s in report.sets[-1].sheets} == {"is not among these values"}


def test_a_workbook_stripped_of_formulas_or_of_its_mark(workbook: Path, tmp_path: Path) -> None:
    """It is still ours by its sheets, even if one of them was renamed as well."""
    parts = {
        "docProps/custom.xml": lambda xml: xml.replace('name="graddesc-xl"', 'name="mine"'),
        r"xl/worksheets/sheet\d+.xml": lambda xml: re.sub(r"<f[ >].*?(?:</f>|/>)", "", xml) + "\n",
    }
    report = verify(poisoned(workbook, tmp_path / "stripped.xlsx", None, parts))
    assert report.book == "graddesc" and not report.ok
    assert len(report.problems) > 60_000


def test_an_added_cell_that_formulas_read_is_a_problem(few_neurons: Path, tmp_path: Path) -> None:
    """A number among those that a count takes in."""
    cells = {"ReLU by hand": {"F10": number("1")}}
    report = verify(poisoned(few_neurons, tmp_path / "read.xlsx", cells))
    assert report.problems == (
        "ReLU by hand!F10 holds 1.0, where nothing was composed, and formulas read 'ReLU by hand'!$F$10:$F$52.",
    )


def changed(worth: Any, draw: random.Random) -> str:
    """Another value of the same kind, as a file holds it; a number for an error. No two cells change alike."""
    if isinstance(worth, str):
        return escape(f"{worth} {draw.random()}")
    change = (1 + draw.random()) * 1e-4
    return (
        repr(worth + change * max(abs(worth), 1.0)) if isinstance(worth, float) and abs(worth) < 1e290 else f"{change}"
    )


def drawn(book: str, seeds: range) -> dict[str, dict[str, str]]:
    """For each seed a formula cell of every sheet, and what its value becomes; none where all digits are rounding."""
    made = composed(book)
    noisy = {steps.of.sheet.name for steps in made.lists if steps.of.trace.noise}
    poisons = {}
    for sheet in made.sheets:
        rounding = range(29, 999) if sheet.name in noisy else range(17, 24) if sheet.name == "derivatives" else ()
        formulas = {at: formula.value for at, formula in sheet.formulas().items() if at[0] not in rounding}
        if not formulas:
            continue  # the recipe
        cells = {(draw := random.Random(f"{seed} {sheet.name}")).choice([*formulas]): draw for seed in seeds}
        poisons[sheet.name] = {a1(*at): changed(formulas[at], draw) for at, draw in cells.items()}
    return poisons


@pytest.mark.fuzz(5, 60)
@pytest.mark.parametrize("book", LESSONS)
def test_every_value_of_every_formula_is_compared(
    book: str, seeds: range, workbook: Path, two_neurons: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Samples, thresholds, flags, targets, curves, counts, sentences: each wrong value is among the wrong cells."""
    if book != "graddesc" and not request.config.getoption("--long"):
        pytest.skip(f"{book} is poisoned in long runs")
    poisons = drawn(book, seeds)
    paths = {"graddesc": workbook, "two-neurons": two_neurons}
    path = paths[book] if book in paths else build(book, tmp_path).path
    cells = {of: {at: value(held) for at, held in found.items()} for of, found in poisons.items()}
    report = verify(poisoned(path, tmp_path / "values.xlsx", cells))
    for sheet in report.sets[0].sheets:
        missed = {*poisons.get(sheet.sheet, ())} - {*sheet.wrong}
        assert not missed, (sheet.sheet, missed)
    assert not report.ok and report.sets[1].ok


def test_cells_beside_the_steps_are_compared(workbook: Path, tmp_path: Path) -> None:
    """A column of flags that holds 777 throughout, and nothing else, is found: every cell of it is named."""
    sheet = next(s for s in composed("graddesc").sheets if s.name == "basic steps")
    (place,) = (at[1] for at, (content, _) in sheet.cells.items() if content == "exploded")
    flags = [at for at in sheet.formulas() if at[1] == place and at[0] > 5]
    cells = {"basic steps": {a1(*at): value("777") for at in flags}}
    report = verify(poisoned(workbook, tmp_path / "flags.xlsx", cells))
    failed = [s for s in report.sets[0].sheets if not s.ok]
    assert [(s.sheet, len(s.wrong), s.where) for s in failed] == [("basic steps", 290, a1(6, place))]


def test_cells_beside_the_lanes_are_compared(few_neurons: Path, tmp_path: Path) -> None:
    """Flags and differences of runs side by side, and text where a formula of cancelling numbers belongs."""
    held = reading.load(few_neurons).held.cells
    lanes = held["learning rates steps"].formulas()
    beside = [at for at, formula in lanes.items() if formula.startswith("IF(ISNUMBER")][::97]
    vanish = [at for at in held["derivatives"].formulas() if at[1] == 7]
    said = [lambda xml: _cell(xml, re.findall("<f>.*</f>", xml)[0] + "<v>nonsense</v>", ' t="str"')]
    cells = {
        "learning rates steps": {a1(*at): value("777") for at in beside},
        "derivatives": {a1(*at): said[0] for at in vanish},
    }
    report = verify(poisoned(few_neurons, tmp_path / "lanes.xlsx", cells))
    wrong = {s.sheet: {*s.wrong} for s in report.sets[0].sheets if not s.ok}
    assert wrong == {of: {*found} for of, found in cells.items()}


def test_a_run_that_drifts_fails(workbook: Path) -> None:
    """Each cell may follow from its neighbours: the values of another run are not this one's."""
    made = composed("graddesc")
    held = reading.load(workbook)
    values = {s.name: Grid.of(held.values(s.name, [at for at, _, _ in s.every()])) for s in made.sheets}
    of = made.lists[0].of
    assert tiers.step_sheet(of, values).ok
    other = replace(of, twin=replace(of.twin, now=run("basic", lr=1.0001e-4, epochs=of.trace.plan.epochs)))
    result = tiers.step_sheet(other, values)
    assert not result.ok and not result.wrong and "drifts" in result.note


@pytest.mark.parametrize("book", LESSONS)
def test_what_formulas_make_of_their_cells(book: str) -> None:
    """Every formula that is composed is understood, and worth what it was composed with."""
    made = composed(book)
    values = {s.name: Grid.of({at: s.value(*at) for at, _, _ in s.every()}) for s in made.sheets}
    for sheet in made.sheets:
        for at, formula in [*sheet.formulas().items()][:: 1 if sheet.name in REPORTS else 173]:
            worth, size = computed(formula.text, sheet.name, values.get)
            assert tiers.distance(worth, formula.value, size) <= tiers.LOCAL, sheet.address(*at)


def instead(old: str, new: str) -> Rewrite:
    """Replace some XML of a part, the first time it occurs."""
    return lambda part: part.replace(old, new, 1)


def all_of(*rewrites: Rewrite) -> Rewrite:
    """One rewrite after the other; each must change something."""

    def rewrite(part: str) -> str:
        for one in rewrites:
            before, part = part, one(part)
            assert part != before, "a poison changed nothing"
        return part

    return rewrite


#: part -> (what becomes of it, what verify says)
AROUND: Mapping[str, Sequence[tuple[Rewrite, str]]] = {
    "xl/worksheets/sheet1.xml": [
        (instead('location="momentum!A1"', 'location="adam!A1"'), "overview!A13: the link (target) is \"'ADAM'!A1\""),
        (instead('<mergeCell ref="D7:E7"/>', ""), "overview!D7:E7: the merging of cells is gone."),
    ],
    "xl/worksheets/sheet3.xml": [
        (instead("<formula2>1000.0<", "<formula2>1e9<"), "basic!F1: the input rule (limits) is 'decimal between 0.0"),
        (instead("ABS(E4)&gt;=100000", "ABS(E4)&gt;=1"), "basic!E4:E338: a mark (ABS(E4)>=1.0) was added"),
        (instead('sqref="C1"', 'sqref="Z9"'), "basic!C1: the input rule is gone."),
    ],
    "xl/charts/chart3.xml": [
        (instead("$6:$AR$15", "$6:$AR$14"), "basic!P4: the chart (series 1, y) is \"'BASIC STEPS'!$AR$6:$AR$14\""),
        (instead("<a:t>√Σe² by epoch<", "<a:t>Error by step<"), "basic!P4: the chart (title) is 'Error by step'"),
        (instead('<c:max val="10"/>', '<c:max val="2"/>'), "(bottom axis) is 'min 0.0, max 2.0', not"),
    ],
    "xl/charts/chart4.xml": [
        (instead("<c:v>last epoch<", "<c:v>first<"), "the chart (series 2, name) is 'first', not 'last epoch'."),
    ],
    "xl/comments1.xml": [(instead("Squared error of this sample", "Nothing"), "basic!F3: the note (text) is")],
}


def test_what_stands_around_the_cells_is_compared(workbook: Path, tmp_path: Path) -> None:
    """Links, merged cells, input rules, marks, charts and notes: each change is a sentence that says where."""
    parts = {part: all_of(*(rewrite for rewrite, _ in found)) for part, found in AROUND.items()}
    report = verify(poisoned(workbook, tmp_path / "around.xlsx", None, parts))
    for said in (said for found in AROUND.values() for _, said in found):
        assert [p for p in report.problems if said in p], (said, report.problems)
    assert len(report.problems) == sum(map(len, AROUND.values())) + 1  # a changed mark is gone, and another added


def test_number_formats_are_compared(workbook: Path, tmp_path: Path) -> None:
    """A step column shown without its decimals, or as nothing, is told once, with its first cell."""
    dull = {f"F{row}": lambda xml: re.sub(r' s="\d+"', "", xml) for row in range(4, 33)}
    path = poisoned(workbook, tmp_path / "format.xlsx", {"basic": dull})
    assert verify(path).problems == ("basic!F4 has the number format 'General', not '#,##0.00'.",)
    hidden = {"xl/styles.xml": instead('formatCode="0.0000"', 'formatCode=";;;"')}
    report = verify(poisoned(workbook, tmp_path / "hidden.xlsx", None, hidden))
    assert "basic!C4 has the number format ';;;', not '0.0000'." in report.problems


def test_added_sheets_and_names_are_reported(workbook: Path, tmp_path: Path) -> None:
    """Hidden ones too, whatever their names; that a sheet of ours is hidden is a problem."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = '<sheet name="it\'s &quot;mine&quot;" state="veryHidden" sheetId="99" r:id="rId99"/>'
    names = '<definedNames><definedName name="lr">basic!$F$1</definedName>'
    parts = {
        "xl/workbook.xml": all_of(before("</sheets>", sheet), instead("<definedNames>", names)),
        r"xl/_rels/workbook\.xml\.rels": before(
            "</Relationships>", f'<Relationship Id="rId99" Type="{kind}" Target="worksheets/sheet99.xml"/>'
        ),
        r"\[Content_Types\]\.xml": before(
            "</Types>",
            '<Override PartName="/xl/worksheets/sheet99.xml" ContentType="application/vnd.openxmlformats-officedocument'
            '.spreadsheetml.worksheet+xml"/>',
        ),
    }
    new = {"xl/worksheets/sheet99.xml": f'<worksheet xmlns="{main}"><sheetData/></worksheet>'}
    report = verify(poisoned(workbook, tmp_path / "sheets.xlsx", None, parts, new))
    assert report.ok, report.problems
    assert report.additions == ('The sheet it\'s "mine" was added; it is hidden.', "The name lr was defined.")
    parts = {"xl/workbook.xml": instead('name="check"', 'name="check" state="hidden"')}
    assert verify(poisoned(workbook, tmp_path / "check.xlsx", None, parts)).problems == ("The sheet check is hidden.",)


def test_copies_by_other_programs_lose_nothing_unsaid(workbook: Path, tmp_path: Path, soffice: str) -> None:
    """openpyxl keeps all but alternative texts and values; what LibreOffice and IronCalc leave out is told.

    LibreOffice's spelling of the formulas and its 15 digits are no difference.
    """
    with libreoffice.recalculated(workbook, soffice, Limits(180)) as copy:
        report = verify(copy)
    told = ("The program that saved the file left out all of these: alternative text.",)
    assert report.ok and report.additions == told, (report.problems, report.additions)
    openpyxl.load_workbook(workbook).save(tmp_path / "openpyxl.xlsx")
    report = verify(tmp_path / "openpyxl.xlsx")
    others = [p for p in report.problems if "alternative text" not in p]
    assert [p.split(":")[0] for p in others] == ["The file holds no values"] and not report.additions
    assert report.problems[-1] == others[0] and not report.ok
    assert [(values.name, values.ok) for values in report.sets] == [("IronCalc", True)], "its formulas still check"
    Spreadsheet(reading.load(workbook)).save(tmp_path / "ironcalc.xlsx")
    report = verify(tmp_path / "ironcalc.xlsx")
    assert report.ok
    assert report.additions == (
        "The program that saved the file left out all of these: alternative text, chart, input rule, note.",
    )


def test_charts_stripped_from_a_file_of_ours(workbook: Path, tmp_path: Path) -> None:
    """Only a program that is known to leave them out may: each missing chart is told otherwise."""
    parts = {r"xl/drawings/drawing\d+\.xml": lambda xml: re.sub(r"<xdr:twoCellAnchor.*</xdr:twoCellAnchor>", "", xml)}
    report = verify(poisoned(workbook, tmp_path / "stripped.xlsx", None, parts))
    with zipfile.ZipFile(workbook) as file:
        charts = [name for name in file.namelist() if name.startswith("xl/charts/chart")]
    assert len([p for p in report.problems if p.endswith("the chart is gone.")]) == len(charts) > 20


def chance(path: Path, last: str = "6") -> Path:
    """Somebody's workbook: numbers drawn by chance, what follows from them, also by a name, and what does not."""
    book = xlsxwriter.Workbook(path)
    data, model = book.add_worksheet("its data"), book.add_worksheet("model")
    book.define_name("drawn", "='its data'!$A$1:$A$3")
    book.define_name("rate", "=model!$D$1")
    for row, value in enumerate((4, 8, 6)):
        data.write_formula(row, 0, "=RANDBETWEEN(1,99)", None, value)
        data.write_formula(row, 1, f"=2*A{row + 1}+30", None, 2 * value + 30)
    model.write_number("D1", 0.5)
    model.write_formula("A1", "=SUM('its data'!A1:A3)", None, 18)
    model.write_formula("A2", "=MAX(drawn)", None, 8)
    model.write_formula("A3", "=rate*12", None, int(last))
    model.write_formula("A4", "=A1*rate", None, 9)
    model.write_formula("A5", '=INDIRECT("D1")', None, 7)
    model.write_formula("A6", '=IF(D1>0,"RAND() is no call here","")', None, "RAND() is no call here")
    book.close()
    return path


def test_what_follows_from_chance_is_left_out(tmp_path: Path) -> None:
    """Volatile cells are named, what follows from them is left out, the rest is judged."""
    report = verify(chance(tmp_path / "chance.xlsm"))
    assert report.ok, report
    data, model = report.sets[0].sheets
    assert (data.cells, data.left_out) == (0, ("A1", "B1", "A2", "B2", "A3", "B3"))
    assert (model.cells, model.left_out) == (2, ("A1", "A2", "A4", "A5"))
    assert report.additions[0] == "its data!A1 is volatile (RANDBETWEEN)." and len(report.additions) == 4
    report = verify(chance(tmp_path / "wrong.xlsx", "7"))
    assert not report.ok and [s.wrong for s in report.sets[0].sheets] == [(), ("A3",)]


def test_a_workbook_of_nothing_but_chance(tmp_path: Path) -> None:
    """Where all is left out there is nothing to verify, and that is not ok."""
    book = xlsxwriter.Workbook(tmp_path / "all.xlsx")
    book.add_worksheet("mine").write_formula("A1", "=RAND()", None, 0.5)
    book.close()
    report = verify(tmp_path / "all.xlsx")
    assert not report.ok and "there is nothing to verify" in report.problems[0]
