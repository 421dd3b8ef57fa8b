"""What a class hands in: each mistake counts once, is told as a teacher would, and one bad file spoils no other."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest

from graddesc_xl import LESSONS
from graddesc_xl.cli.grading import read_names, workbooks
from graddesc_xl.errors import SettingError, WorkbookError
from graddesc_xl.grading import Grade, Grades, grade
from graddesc_xl.grading.feedback import NOTES, told, write
from graddesc_xl.grading.grades import spreadsheet, text
from graddesc_xl.grading.references import Reference, references
from graddesc_xl.lessons.exercises import exercise
from graddesc_xl.verification import libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from learner import GOOD, ROWS, filled
from spreadsheet import Spreadsheet

#: what was handed in: the columns that are not as they should be; how many of the 20 cells are right for their own
#: inputs, or would be if these were there; the first that is wrong (in row 12 if none is said), and the hint there
Variant = tuple[Mapping[str, str], int, str, str]
SIGN, HALF = "the sign is the other way round", "half of what is right: is a factor 2 missing?"
WAITS, UPHILL = "what it uses is missing or not right yet", "it goes uphill: the step must be taken off"
SLIDES = "the reference to learn slides where it is copied: write $E$6"
LOCKED = "de/da is locked in row 12: take out the $ before its row"
VARIANTS: dict[str, Variant] = {
    # right, in another spelling, by another algebra, as numbers
    "right": ({}, 20, "", ""),
    "two terms": ({"G": "=2*E{r}-2*B{r}"}, 20, "", ""),
    "twice": ({"G": "=(E{r}-B{r})+(E{r}-B{r})"}, 20, "", ""),
    "minus": ({"G": "=-2*(B{r}-E{r})"}, 20, "", ""),
    "power": ({"G": "=2*(E{r}-B{r})^1"}, 20, "", ""),
    "root": ({"G": "=IF(E{r}>B{r},2,-2)*SQRT(F{r})"}, 20, "", ""),
    "written out": ({"G": "=2*(C{r}+D{r}*A{r}-B{r})"}, 20, "", ""),
    "not by the other": ({"H": "=2*A{r}*(E{r}-B{r})"}, 20, "", ""),
    "product": ({"H": "=PRODUCT(2,A{r},E{r}-B{r})"}, 20, "", ""),
    "nudged by a student": ({"G": "=((B{r}-E{r}-0.5)^2-(B{r}-E{r}+0.5)^2)"}, 20, "", ""),
    "a rate of its own": ({"I": "=C{r}-0.0001*G{r}"}, 20, "", ""),
    "divided": ({"I": "=C{r}-G{r}/10000"}, 20, "", ""),
    "turned round": ({"J": "=-H{r}*$E$6+D{r}"}, 20, "", ""),
    "mixed $": ({"J": "=D{r}-E$6*$H{r}"}, 20, "", ""),
    "sum": ({"J": "=SUM(D{r},-$E$6*H{r})"}, 20, "", ""),
    "if": ({"I": "=IF(1,C{r}-$E$6*G{r},0)"}, 20, "", ""),
    # a mistake in one column
    "sign of the first": ({"G": "=2*(B{r}-E{r})"}, 15, "G", SIGN),
    "half": ({"G": "=E{r}-B{r}"}, 15, "G", HALF),
    "twice as much": ({"G": "=4*(E{r}-B{r})"}, 15, "G", "twice what is right: is there a factor 2 too many?"),
    "times x too early": ({"G": "=2*(E{r}-B{r})*A{r}"}, 15, "G", "this is de/da"),
    "the error": ({"G": "=F{r}"}, 15, "G", "not right"),
    "the prediction": ({"G": "=2*E{r}"}, 15, "G", "not right"),
    "no x": ({"H": "=G{r}"}, 15, "H", "the factor x is missing"),
    "no x, no 2": ({"H": "=E{r}-B{r}"}, 15, "H", "not right"),
    "only x": ({"H": "=A{r}"}, 15, "H", "the factor de/db is missing"),
    "sign of the second": ({"H": "=-A{r}*G{r}"}, 15, "H", SIGN),
    "half of the second": ({"H": "=G{r}*A{r}/2"}, 15, "H", HALF),
    "times y": ({"H": "=G{r}*B{r}"}, 15, "H", "not right"),
    "no rate": ({"I": "=C{r}-G{r}"}, 15, "I", "learn is missing"),
    "uphill": ({"I": "=C{r}+$E$6*G{r}"}, 15, "I", UPHILL),
    "uphill in a": ({"J": "=D{r}+$E$6*H{r}"}, 15, "J", UPHILL),
    "the step alone": ({"I": "=$E$6*G{r}"}, 15, "I", "this is the step alone: b is missing"),
    "minus the step": ({"J": "=-$E$6*H{r}"}, 15, "J", "this is the step alone: a is missing"),
    "another weight's": ({"J": "=D{r}-$E$6*G{r}"}, 15, "J", "it takes a step by de/db"),
    "from another weight": ({"J": "=I{r}"}, 15, "J", "this is new b"),
    "no step": ({"I": "=C{r}"}, 15, "I", "no step is taken: this is b"),
    "only the rate": ({"J": "=D{r}-$E$6"}, 15, "J", "de/da is missing"),
    "rounded": ({"G": "=ROUND(2*(E{r}-B{r}),1)"}, 15, "G", "nearly right: type more of its digits, or a formula"),
    "first row's": ({"G": "=2*($E$11-$B$11)"}, 15, "G", "y_pred is locked in row 11: take out the $ before its row"),
    "row above": ({"G": "=2*(E{p}-B{p})"}, 15, "G", "this is right in the row above"),
    "a $ too many": ({"I": "=C{r}-$E6*G{r}"}, 20, "", ""),
    "rate slides": ({"J": "=D{r}-E{p}*H{r}"}, 15, "J", "not right"),
    "learn slides sideways": ({"J": "=D{r}-F$6*H{r}"}, 15, "J", SLIDES),
    "learn slides sideways and down": ({"J": "=D{r}-F{s}*H{r}"}, 15, "J", SLIDES),
    "learn is not what slides": ({"J": "=D{r}-$F{s}*H{r}"}, 15, "J", "no step is taken: this is a; does learn slide?"),
    "learn slides": ({"J": "=D{r}-E{s}*H{r}"}, 16, "J13", SLIDES),
    "learn slides, column locked": ({"J": "=D{r}-$E{s}*H{r}"}, 16, "J13", SLIDES),
    "the prediction is locked": ({"G": "=2*(E$12-B{r})"}, 16, "G13", LOCKED.replace("de/da", "y_pred")),
    "a derivative is locked": ({"J": "=D{r}-$E$6*H$12"}, 16, "J13", LOCKED),
    "text": ({"J": "three"}, 15, "J", "this is no number"),
    "error": ({"J": "=1/0"}, 15, "J", "this is no number"),
    "zeros": ({"G": "0"}, 15, "G", "not right"),
    # two mistakes at once: each counts once
    "half and uphill": ({"G": "=E{r}-B{r}", "I": "=C{r}+$E$6*G{r}"}, 10, "G", HALF),
    "sign and no x": ({"G": "=2*(B{r}-E{r})", "H": "=2*(E{r}-B{r})"}, 10, "G", SIGN),
    "no rate, twice": ({"I": "=C{r}-G{r}", "J": "=D{r}-H{r}"}, 10, "I", "learn is missing"),
    "both derivatives": ({"G": "=E{r}-B{r}", "H": "=G{r}"}, 10, "G", HALF),
    "all of it": (dict.fromkeys("GHIJ", "=1/3"), 0, "G", "not right"),
    # half empty
    "nothing": (dict.fromkeys("GHIJ", ""), 0, "", ""),
    "only derivatives": ({"I": "", "J": ""}, 10, "", ""),
    "only new weights": ({"G": "", "H": ""}, 10, "", ""),
}  # fmt: skip


def numbers(path: Path) -> None:
    """Rewrite a file that was handed in: numbers in the place of formulas, in the cells to fill in."""
    book, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)["basic"]
    for row in ROWS:
        for letters in "GHIJ":
            book["basic"][f"{letters}{row}"] = values[f"{letters}{row}"].value
    book.save(path)


def by_openpyxl(change: Callable[[openpyxl.Workbook], None]) -> Callable[[Path], None]:
    """Change a file that was handed in with openpyxl, which keeps no values."""

    def rewrite(path: Path) -> None:
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)

    return rewrite


def changed(cell: str, value: float | str | None, sheet: str = "basic") -> Callable[[openpyxl.Workbook], None]:
    """Type into one cell."""

    def change(book: openpyxl.Workbook) -> None:
        book[sheet][cell] = value

    return change


def _written(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def renamed(book: openpyxl.Workbook) -> None:
    """Rename the exercise."""
    book["basic"].title = "mine"


#: what else is done to a right file
OTHERWISE: dict[str, Callable[[Path], None]] = {
    "as numbers": numbers,
    "by openpyxl": by_openpyxl(lambda book: None),
    "another rate": by_openpyxl(changed("E6", 0.0002)),
    "another sample": by_openpyxl(changed("B7", 50.0, "data")),
    "one row short": by_openpyxl(changed("J16", None)),
    "an answer typed over the prediction": by_openpyxl(changed("E13", 1.0)),
    "a row deleted": by_openpyxl(lambda book: book["basic"].delete_rows(14)),
    "renamed": by_openpyxl(renamed),
    "a sheet of notes": by_openpyxl(lambda book: book.create_sheet("my notes").append(["2*(pred-y)"])),
    "no workbook": lambda path: _written(path, b"hello"),
    "cut off": lambda path: _written(path, path.read_bytes()[:2000]),
    "another workbook": lambda path: openpyxl.Workbook().save(path),
}


@pytest.fixture(scope="module")
def handed_in(to_fill_in: Path, tmp_path_factory: pytest.TempPathFactory, soffice: str) -> Grades:
    """What the class handed in, marked."""
    folder = tmp_path_factory.mktemp("handed-in")
    empty = Spreadsheet(reading.load(to_fill_in))
    for name, (columns, *_) in VARIANTS.items():
        filled(empty.copy(), GOOD | dict(columns)).save(folder / f"{name}.xlsx")
    for name, rewrite in OTHERWISE.items():
        filled(empty.copy(), GOOD).save(folder / f"{name}.xlsx")
        rewrite(folder / f"{name}.xlsx")
    with libreoffice.recalculated(folder / "half.xlsx", soffice, Limits()) as copy:
        shutil.copy(copy, folder / "half by LibreOffice.xlsx")
    return grade(sorted(folder.glob("*.xlsx")))


def of(grades: Grades, student: str) -> Grade:
    """The grade of one."""
    return next(each for each in grades if each.student == student)


@pytest.mark.parametrize("name", VARIANTS)
def test_hand_ins(handed_in: Grades, name: str) -> None:
    """How many cells are right, the first that is not, and what is said there."""
    _, right, column, hint = VARIANTS[name]
    found = of(handed_in, name)
    assert found.handed.problem == ""
    assert found.handed.altered == []
    assert (found.right, found.cells) == (right, 20), found.row()
    assert found.first_wrong == (f"basic!{column if column[1:] else column + '12'}" if column else ""), found.row()
    assert found.hint == hint
    assert found.score == pytest.approx(5 * right)


def test_references() -> None:
    """Cells of the own sheet, corners of ranges too, each with what is locked; none of other sheets, names or texts."""
    found = [*references('SUM(E$6:$F9)+LOG10($C2)*data!B5-"G$7"+ABC1234567')]
    assert found == [Reference(6, 5, True, False), Reference(9, 6, False, True), Reference(2, 3, False, True)]


def test_one_mistake_counts_once_and_outright_is_told(handed_in: Grades) -> None:
    """A wrong derivative leaves the new weights right for their own inputs, and wrong outright."""
    found = of(handed_in, "half")
    assert found.right == 15
    assert found.outright < 10
    assert of(handed_in, "right").outright == 20


@pytest.mark.parametrize(
    ("name", "right", "said"),
    [
        ("as numbers", 20, ""),
        ("by openpyxl", 20, ""),
        ("another rate", 20, "basic!E6 (lr): 0.0002 instead of 0.0001"),
        ("another sample", 20, "data!B7 (x): 50 instead of 28"),
        ("one row short", 19, ""),
        ("a sheet of notes", 20, ""),
        ("half by LibreOffice", 15, ""),
    ],
)
def test_what_else_was_done(handed_in: Grades, name: str, right: int, said: str) -> None:
    """Numbers, other programs, changed inputs, a sheet more: judged by what stands there, and told."""
    found = of(handed_in, name)
    assert found.handed.problem == ""
    assert found.right == right, found.row()
    assert "; ".join(found.handed.inputs) == said
    assert (found.formulas == 0) == (name == "as numbers")


def test_cells_that_were_to_stay(handed_in: Grades) -> None:
    """A number over a given formula is told."""
    found = of(handed_in, "an answer typed over the prediction")
    assert "basic!E13 holds the constant 1.0" in found.handed.altered[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("renamed", "its sheet basic is gone"),
        ("no workbook", "is not a workbook"),
        ("cut off", "is not a workbook"),
        ("another workbook", "is no exercise of ours"),
    ],
)
def test_what_cannot_be_marked(handed_in: Grades, name: str, said: str) -> None:
    """A bad file is named, scores nothing and spoils no other."""
    found = of(handed_in, name)
    assert said in found.handed.problem
    assert found.score == 0
    assert found.said == found.handed.problem


def test_a_deleted_row_is_told(handed_in: Grades) -> None:
    """Rows that moved: the cells that were to stay say so."""
    found = of(handed_in, "a row deleted")
    assert found.handed.problem or found.handed.altered


def test_equal_files_are_told(handed_in: Grades) -> None:
    """Files with the same formulas in every cell, whoever saved them; not those that only have the same numbers."""
    assert "by openpyxl" in of(handed_in, "right").same_as
    assert "as numbers" not in of(handed_in, "right").same_as
    assert of(handed_in, "half").same_as == ("half by LibreOffice",)
    assert of(handed_in, "nothing").same_as == ()


def test_what_waits_is_judged_as_if_all_else_were_right(to_fill_in: Path, tmp_path: Path) -> None:
    """A column that is empty, or an error, takes no other down; a mistake in one that waits is found and told."""
    book = filled(Spreadsheet(reading.load(to_fill_in)), GOOD | {"G": "", "H": "=G{r}", "I": "=C{r}+$E$6*G{r}"})
    (found,) = grade([book.save(tmp_path / "ada.xlsx")])
    assert {column: sum(rights) for (_, column), rights in found.by_column.items()} == {
        "de/db": 0,
        "de/da": 0,
        "new b": 0,
        "new a": 5,
    }
    hints = {answer.column.title: answer.hint for _, answer in found.handed.answers[:4]}
    assert hints == {"de/db": "", "de/da": "the factor x is missing", "new b": UPHILL, "new a": ""}


def test_what_was_left_empty_and_whose_it_is_is_told(to_fill_in: Path, tmp_path: Path) -> None:
    """The first empty cell; and where a file has the numbers of somebody else."""
    half = filled(Spreadsheet(reading.load(to_fill_in)), GOOD, ROWS[:2]).save(tmp_path / "half.xlsx")
    (found,) = grade([half])
    assert found.said == "8 of 20 cells right, 0 of 4 columns. Left empty: 12, the first basic!G14."
    slid = filled(Spreadsheet(reading.load(to_fill_in)), GOOD | {"I": "=C{r}-E{s}*G{r}"}).save(tmp_path / "slid.xlsx")
    (found,) = grade([slid])
    assert found.said.endswith(f"First not right: basic!I13, {SLIDES}. Waiting for what is missing or not right: 2.")
    assert "<td>basic!I13:I16<td>new b<td>" in told(found), "what waits slides too"
    own = exercise(LESSONS["graddesc"], sheets=["basic"], steps=6, whose="Ada").build(tmp_path / "grace.xlsx").path
    (found,) = grade([own])
    assert found.row()["made for"] == "Ada"
    assert found.said.endswith("Its numbers are those of Ada.")


def test_other_numbers_are_no_equal_file(tmp_path: Path) -> None:
    """The same formulas for two students with starts of their own."""
    paths = []
    for who in ("Ada", "Grace"):
        of = exercise(LESSONS["graddesc"], sheets=["basic"], steps=6, worked=1, whose=who)
        path = of.build(tmp_path / f"{who} blank.xlsx").path
        paths.append(filled(Spreadsheet(reading.load(path)), GOOD).save(tmp_path / f"{who}.xlsx"))
    assert [(each.right, each.same_as) for each in grade(paths)] == [(20, ())] * 2


def test_common_mistakes(handed_in: Grades) -> None:
    """Column, hint, and how many students have it."""
    common = {(column, hint): many for column, hint, many in handed_in.mistakes}
    assert common["de/db", HALF] == 4  # half, half by LibreOffice, half and uphill, both derivatives
    assert common["new b", UPHILL] == 2
    assert handed_in.mistakes[0][2] == max(common.values())


def test_a_key(to_fill_in: Path, tmp_path: Path) -> None:
    """Columns count as the key says."""
    path = filled(Spreadsheet(reading.load(to_fill_in)), GOOD | {"H": "=G{r}"}).save(tmp_path / "ada.xlsx")
    assert [each.score for each in grade([path])] == [75]
    assert [each.score for each in grade([path], key={"de/da": 0})] == [100]
    assert [each.score for each in grade([path], key={"de/da": 3, "new_a": 2})] == [pytest.approx(100 * 4 / 7)]
    with pytest.raises(SettingError, match="Did you mean de/db or de/da"):
        grade([path], key={"de/dx": 1})


def test_tables(handed_in: Grades, tmp_path: Path) -> None:
    """CSV for people and learning platforms, and a workbook; no text in them is a formula."""
    assert len(handed_in.frame()) == len(handed_in) == len(VARIANTS) + len(OTHERWISE) + 1
    canvas = list(csv.DictReader(io.StringIO(text(handed_in.platform("canvas")))))
    assert canvas[0].keys() == {"Student", "ID", "SIS Login ID", "Section", "Exercise"}
    assert next(row for row in canvas if row["Student"] == "half")["Exercise"] == "75.0"
    with pytest.raises(SettingError, match="Did you mean moodle"):
        handed_in.platform("moodel")
    spreadsheet(handed_in, tmp_path / "grades.xlsx")
    book = openpyxl.load_workbook(tmp_path / "grades.xlsx")
    assert book.sheetnames == ["grades", "mistakes"]
    assert book["grades"].max_row == len(handed_in) + 1
    assert max(each.width for each in book["grades"].column_dimensions.values()) < 52
    frame = handed_in.frame().assign(student="=1+1")
    assert "\n'=1+1," in text(frame)


def test_feedback(to_fill_in: Path, tmp_path: Path) -> None:
    """A marked copy whose notes say what may be wrong, with no formula of the student's, and a page."""
    book = filled(Spreadsheet(reading.load(to_fill_in)), GOOD | {"H": "=G{r}"})
    path = book.save(tmp_path / "<b>Ada_7_assignsubmission_file_x.xlsx")
    written = write(grade([path, tmp_path / "none.xlsx"]), tmp_path / "feedback")
    assert [each.name for each in written] == ["-b-Ada-marked.xlsx", "-b-Ada.html", "none.html"]
    sheet = openpyxl.load_workbook(written[0])["basic"]
    assert sheet["H12"].value == pytest.approx(book.value("basic", 12, 8))
    assert sheet["H12"].comment.text == "de/da\nthe factor x is missing.\nHanded in: =G12"
    assert sheet["G12"].comment is None
    page = written[1].read_text(encoding="utf-8")
    assert "&lt;b&gt;Ada" in page and "<b>Ada" not in page
    assert "<tr><td>basic!H12:H16<td>de/da<td>the factor x is missing\n" in page
    assert NOTES in page
    assert "There is no file" in written[2].read_text(encoding="utf-8")


def test_a_page_lists_a_mistake_once(to_fill_in: Path, tmp_path: Path) -> None:
    """Neighbouring cells with one hint are one line, in the order of their first cells; a gap begins another."""
    book = filled(Spreadsheet(reading.load(to_fill_in)), GOOD | {"H": "=-G{r}*A{r}"})
    filled(book, {"G": "=E{r}-B{r}"}, ROWS[4:])
    filled(book, {"H": GOOD["H"]}, ROWS[2:3])
    page = told(grade([book.save(tmp_path / "ada.xlsx")]).grades[0])
    lines = re.findall("<tr><td>basic!(.*)<td>.*<td>(.*)", page)
    assert lines == [("H12:H13", SIGN), ("H15", SIGN), ("G16", HALF), ("H16", WAITS)]
    right = filled(Spreadsheet(reading.load(to_fill_in)), GOOD).save(tmp_path / "grace.xlsx")
    assert NOTES not in told(grade([right]).grades[0])


def test_what_is_not_there_is_an_error(tmp_path: Path, to_fill_in: Path) -> None:
    """A folder or file that is mistyped is nobody's: one sentence, and no table with a row for it."""
    with pytest.raises(WorkbookError, match=r"There is no file or folder .*handed-out: name"):
        workbooks([to_fill_in, tmp_path / "handed-out"])
    with pytest.raises(WorkbookError, match="has no workbooks"):
        workbooks([tmp_path])
    assert workbooks([to_fill_in]) == [to_fill_in]


def test_hostile_files(tmp_path: Path, to_fill_in: Path) -> None:
    """What `verify` refuses is refused here: a formula that reaches outside, a bomb, a name that is no file's."""
    outside = tmp_path / "outside.xlsx"
    shutil.copy(to_fill_in, outside)
    by_openpyxl(changed("G12", '=WEBSERVICE("http://localhost/")'))(outside)
    (found,) = grade([outside])
    assert found.handed.problem
    assert found.score == 0


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ada\nGrace\n", ["Ada", "Grace"]),
        ("name\nAda\n", ["Ada"]),
        ("id;Student\n7;Müller, Ada\n8;Hopper, Grace\n", ["Müller, Ada", "Hopper, Grace"]),
        ('"Müller, Ada"\n', ["Müller, Ada"]),
        ("id,who\n7,Ada\n", "title that of the names 'name'"),
        ("Ada\nAda\n", "names 'Ada' twice"),
        ("", "has 0 names"),
    ],
)
def test_a_list_of_names(text: str, names: list[str] | str, tmp_path: Path) -> None:
    """A name a line, or the column that is titled so; nothing is guessed."""
    path = tmp_path / "names.csv"
    path.write_text(text, encoding="utf-8")
    if isinstance(names, list):
        assert read_names(path) == names
        return
    with pytest.raises(SettingError, match=names):
        read_names(path)
