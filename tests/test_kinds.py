"""A kind of sheet that the package does not know: written here, it stands beside the others as one of them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from graddesc_xl import Experiment, Input, Lesson, Question, build, dataset, verify
from graddesc_xl.errors import SettingError, WorkbookError
from graddesc_xl.language.expr import Text, call
from graddesc_xl.lessons import recipe
from graddesc_xl.sheets.check import Compared, Part
from graddesc_xl.sheets.kind import Composed, Kind, Told
from graddesc_xl.sheets.making import Making
from graddesc_xl.verification import reading
from graddesc_xl.workbook.reference import Cell, Down
from graddesc_xl.workbook.sheet import Series, Sheet
from graddesc_xl.workbook.style import HEADER_RIGHT, LINES, TITLE, Style
from spreadsheet import Spreadsheet

FIRST = Input("first", 1.0, "first", "the number with which the table begins")
#: the first row and the columns of the table
TOP, NUMBER, SQUARE, NUMPY, DIFFERENCE = 4, 1, 2, 3, 4


@dataclass(frozen=True)
class Squares(Kind):
    """A table of squares from a number to type over."""

    kind = "squares"

    name: str = "squares"
    count: int = 5
    curved: bool = False

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The numbers, their squares, those that NumPy had, the differences."""
        sheet = Sheet(self.name)
        sheet.put(1, 1, "Squares", TITLE)
        first = making.put(sheet, 2, 2, FIRST, labelled=True)
        for column, title in enumerate(("n", "n²", "NumPy had", "difference"), 1):
            sheet.put(TOP - 1, column, title, HEADER_RIGHT)
        for i in range(self.count):
            sheet.put(TOP + i, NUMBER, first + i)
        number, square, numpys = (Down(sheet, column) for column in (NUMBER, SQUARE, NUMPY))
        sheet.repeat(TOP, SQUARE, number * number, self.count)
        sheet.fill(TOP, NUMPY, None, [(FIRST.value + i) ** 2 for i in range(self.count)])
        gap = call("abs", square - numpys) / numpys
        differences = sheet.repeat(TOP, DIFFERENCE, gap, self.count, Style(number="relative"))
        part = Part("squares", differences, lambda position: Text(f"{self.name}!B") & position + (TOP - 1))
        compared = Compared(self.name, [part], None, making.typed[self.name])
        last = Cell(sheet, TOP + self.count - 1, SQUARE)
        about = f"The squares of {self.count} numbers."
        curve = Series(
            "", sheet.block(TOP, NUMBER, self.count).area, sheet.block(TOP, SQUARE, self.count).area, LINES[0]
        )
        ends = [Cell(sheet, TOP, SQUARE), last]
        told = Told([*ends, *ends], Text("squared"), curve, self.count) if self.curved else None
        return Composed(sheet, about, compared=compared, told=told, figures={"last": lambda: last})


LESSON = Lesson(
    "Squares",
    [Experiment("plain", data=dataset([1.0, 2.0], [3.0, 5.0]), epochs=2), Squares(), Squares("more", 7)],
    questions=[Question("How large?", "squares", "Up to {last # text}.", {"last": "squares: last"})],
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with two sheets of that kind."""
    return build(LESSON, tmp_path_factory.mktemp("squares")).path


def rewritten(path: Path, target: Path, sheet: str, old: str, new: str) -> Path:
    """A copy of a workbook with a part of a sheet's XML replaced."""
    part = f"xl/worksheets/sheet{[*reading.load(path).sheets].index(sheet) + 1}.xml"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                assert re.search(old, content.decode()), old
                content = re.sub(old, new, content.decode(), count=1).encode()
            out.writestr(name, content)
    return target


def test_it_stands_in_the_workbook(path: Path) -> None:
    """Its sheet with its values, and a row of the overview and of the check for each."""
    book = reading.load(path)
    assert [*book.sheets] == ["overview", "data", "plain", "squares", "more", "check", "plain steps", "recipe"]
    assert [book.value("squares", TOP + i, SQUARE) for i in range(5)] == [1.0, 4.0, 9.0, 16.0, 25.0]
    rows = {book.value("overview", row, 2): row for row, column in book.used("overview") if column == 2}
    for name, count in (("squares", 5), ("more", 7)):
        row = rows[f"The squares of {count} numbers."]
        assert book.value("overview", row, 1) == name
        assert book.value("overview", row, 9) == f"agrees with NumPy in {count} cells"
    assert "Up to 25." in {book.value("overview", *at) for at in book.used("overview")}


def test_it_is_live(path: Path, tmp_path: Path) -> None:
    """Another number in its input: the check says which input differs, a stranger's value in a row which one is off."""
    sheet = Spreadsheet(reading.load(path))
    sheet.type_number("squares", 2, 2, 3.0)
    sheet.recalculate()
    rows = {sheet.value("check", row, 1): row for row in range(8, 11)}
    said = sheet.value("check", rows["squares"], 6)
    assert said == "inputs differ from the ones NumPy ran with: first"
    assert sheet.value("check", rows["more"], 6) == "agrees with NumPy in 7 cells"
    assert verify(path).ok
    assert verify(sheet.save(tmp_path / "typed.xlsx")).inputs == {"squares": {"first": 3.0}}


def test_other_programs_compute_the_same(path: Path, soffice: str, ssconvert: str) -> None:
    """LibreOffice and Gnumeric agree with it, in the check as in its own cells."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok, [sheet for values in report.sets for sheet in values.sheets if not sheet.ok]
    assert len(report.sets) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (r"(<c r=\"B4\"[^>]*>.*?<v>)1\.0<", r"\g<1>2.0<", r"squares.*B4"),
        (r"A4\*A4", "A4+A4", r"squares!B4 holds =A4\+A4, not =A4\*A4"),
        (r"(<c r=\"C5\"[^>]*><v>)4\.0<", r"\g<1>5.0<", r"squares!C5"),
    ],
)
def test_verify_finds_what_is_wrong_in_it(old: str, new: str, said: str, path: Path, tmp_path: Path) -> None:
    """A value, a formula, a constant: each is named by its cell."""
    report = verify(rewritten(path, tmp_path / "wrong.xlsx", "squares", old, new))
    assert not report.ok
    wrong = [f"{s.sheet} {s.where}" for values in report.sets for s in values.sheets if not s.ok]
    assert re.search(said, "\n".join([*report.problems, *wrong])), (report.problems, wrong)


def test_its_recipe_makes_it_again() -> None:
    """Its fields stand in the recipe like those of any kind."""
    text_ = recipe.spell(LESSON)
    assert '[[sheets]]\nkind = "squares"\nname = "more"\ncount = 7\n' in text_
    assert recipe.read(text_).kinds == LESSON.kinds


def test_who_does_not_know_it_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the module that defines it a workbook cannot be composed again, which is said."""
    monkeypatch.delitem(Kind.known, "squares")
    with pytest.raises(WorkbookError, match=r"no kind of sheet 'squares'.*known once the module"):
        verify(path)


def test_two_kinds_of_one_name_are_refused() -> None:
    """A recipe that names a kind must mean one: none silently takes the place of another."""
    with pytest.raises(SettingError, match=r"Two kinds of sheets are called 'squares': give .*Others another name"):

        class Others(Squares):
            """A second one."""

            kind = "squares"

    assert Kind.known["squares"] is Squares


def test_a_lesson_of_nothing_else(tmp_path: Path) -> None:
    """No data, no run: an overview, the table, the check."""
    alone = build(Lesson("Alone", [Squares()]), tmp_path).path
    assert verify(alone).ok
    assert [*reading.load(alone).sheets] == ["overview", "squares", "check", "recipe"]


def test_the_overview_tells_its_curve(tmp_path: Path, soffice: str) -> None:
    """A kind that tells errors, a verdict and a curve stands among the runs, and a question quotes its figure."""
    quoted = Question("How large?", "more", "{last # text} at the end.", {"last": "more: last"})
    path = build(Lesson("Told", [Squares(curved=True), Squares("more", 4)], questions=[quoted]), tmp_path).path
    book = reading.load(path)
    cells = {book.value("overview", *at): at for at in book.used("overview")}
    row = cells["squared"][0]
    assert {1.0, 25.0, "squares"} <= {book.value("overview", *at) for at in book.used("overview") if at[0] == row}
    assert "16 at the end." in cells
    with zipfile.ZipFile(path) as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/charts/")]
    assert any("squares!$A$4:$A$8" in chart and "squares!$B$4:$B$8" in chart for chart in charts)
    assert verify(path, libreoffice=soffice).ok


def test_a_workbook_without_its_recipe_says_so(path: Path, tmp_path: Path) -> None:
    """The sheet that says what it is made of was deleted: one sentence, and what to do."""
    book = openpyxl.load_workbook(path)
    del book["recipe"]
    book.save(tmp_path / "without.xlsx")
    with pytest.raises(WorkbookError, match=r"has no sheet recipe, .* it was deleted or renamed, .* Build it anew\.$"):
        verify(tmp_path / "without.xlsx")
