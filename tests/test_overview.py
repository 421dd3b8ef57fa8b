"""The first screen: what to type, what it becomes, each run beside its inputs, the chart that compares them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from graddesc_xl import GRADDESC, LESSONS, Experiment, Lesson, build, run, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.lessons import recipe
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.sheets.answers import Question
from graddesc_xl.sheets.trying import Try, decimal
from graddesc_xl.verification import package, reading
from graddesc_xl.workbook.cells import Formula
from graddesc_xl.workbook.sheet import Sheet
from graddesc_xl.workbook.style import ROLES
from once import composed
from parts import Parts
from spreadsheet import Spreadsheet, below

#: the pixels that a screen of 1366 x 768 leaves for cells, and what there are in a point and in a column's width
ACROSS, DOWN = 1316, 560


@pytest.fixture
def books(workbook: Path, two_neurons: Path, bent: Path, shipped: Callable[[str], Path]) -> Mapping[str, Path]:
    """The built workbooks by the names of their lessons."""
    return {"graddesc": workbook, "two-neurons": two_neurons, "bent": bent, "maps": shipped("maps")}


def link(page: str, cell: str) -> str:
    """Where a cell's link leads."""
    found = re.search(rf'<hyperlink ref="{cell}" location="([^"]*)"', page)
    assert found, cell
    return found[1].replace("'", "")


@pytest.mark.parametrize("name", [name for name, lesson in LESSONS.items() if lesson.tries])
def test_what_a_number_becomes_is_what_the_sheet_then_says(books: Mapping[str, Path], name: str) -> None:
    """Each number to try, typed into the cell that its link leads to: the verdict and errors are those promised."""
    path = books[name]
    page = Parts(path).page("overview").xml
    opened = reading.load(path)
    model = Spreadsheet(opened)
    tries = LESSONS[name].tries
    rows = below(opened, "overview", "type into")
    assert len(rows) == len(tries) >= 3
    heads = min(below(opened, "overview", "sheet")) - 1
    judged = next(c for c in range(1, 12) if opened.value("overview", heads, c) == "verdict")
    for each, (row, said) in zip(tries, rows.items(), strict=True):
        sheet, cell = link(page, f"A{row}").split("!")
        assert said.endswith(f" in {sheet}!{cell}") and sheet == each.sheet
        at = int(cell[1:]), ord(cell[0]) - 64
        assert opened.value("overview", row, 3) == each.value
        assert opened.value("overview", row, 2) == opened.value(sheet, *at)
        model.type_number(sheet, *at, each.value)
        model.recalculate()
        runs = below(model, "overview", "sheet")
        line = next(line for line, found in runs.items() if found == sheet)
        promised = opened.value("overview", row, 4)
        verdict = model.value("overview", line, judged)
        assert each.input != "lr" or model.value("overview", line, 2) == each.value
        assert promised.lower().startswith(verdict.lower())
        errors = re.findall(r"[\d,]+\.\d\d", promised)
        for error, column in zip(errors, (judged - 2, judged - 1), strict=False):
            assert model.value("overview", line, column) == pytest.approx(float(error.replace(",", "")), abs=0.006)
        model.type_number(sheet, *at, opened.value(sheet, *at))


@pytest.mark.parametrize("name", LESSONS)
def test_the_first_screen(books: Mapping[str, Path], name: str) -> None:
    """What to type, every run and the whole chart are in sight on a small screen."""
    if name not in books:
        pytest.skip("no fixture builds it")
    page = Parts(books[name]).page("overview").xml
    rows = {int(r): float(h) for r, h in re.findall(r'<row r="(\d+)"[^>]*? ht="([\d.]+)"', page)}
    ends = re.findall(r'<col min="(\d+)" max="(\d+)" width="([\d.]+)"', page)
    columns = {c: int(float(w) * 7 + 0.5) for low, high, w in ends for c in range(int(low), int(high) + 1)}
    with zipfile.ZipFile(books[name]) as file:
        drawing = file.read("xl/drawings/drawing1.xml").decode()
    anchor = re.search(r"<xdr:to><xdr:col>(\d+)</xdr:col>.*?<xdr:row>(\d+)</xdr:row><xdr:rowOff>(\d+)<", drawing)
    assert anchor
    right, bottom = int(anchor[1]), int(anchor[2])
    assert sum(columns.get(c, 64) for c in range(1, right + 1)) <= ACROSS
    high = sum(rows.get(r, 15.0) * 4 / 3 for r in range(1, bottom + 1)) + int(anchor[3]) / 9525
    assert high <= DOWN
    book = reading.load(books[name])
    last = max(below(book, "overview", "verdict"))
    assert sum(rows.get(r, 15.0) * 4 / 3 for r in range(1, last + 1)) <= DOWN


def test_each_run_stands_beside_its_rate(workbook: Path) -> None:
    """The learning rate of each run is its sheet's own cell, and the verdict follows it."""
    model = Spreadsheet(reading.load(workbook))
    rates = below(model, "overview", "learn")
    assert [*rates.values()] == [1e-4, 1e-4, 0.02, 1.0, 1.0]
    model.type_number("momentum", 2, 4, 0.5)
    model.recalculate()
    row = [*rates][1]
    assert model.value("overview", row, 2) == 0.5
    assert model.value("overview", row, 5) == str(run("momentum", lr=0.5).verdict)


def test_an_error_that_is_no_number_is_a_dash(workbook: Path) -> None:
    """No error cell stands in the tables of the overview, and the legend says which curve leaves the chart."""
    model = Spreadsheet(reading.load(workbook))
    model.type_number("basic", 1, 6, 1.0)
    model.recalculate()
    row = min(below(model, "overview", "verdict"))
    assert model.value("overview", row, 4) == "–"
    assert below(model, "overview", "the chart's legend")[5] == "basic (leaves the chart)"
    assert below(model, "overview", "the chart's legend")[6] == "momentum"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Try("plane", "lr", 1.0), "no sheet is. Did you mean plain?"),
        (Try("plain", "learn", 1.0), "has no figure 'input | learn'"),
        (Try("plain", "lr", -1.0), "plain!F1 takes no -1: it is 0 to 1,000"),
    ],
)
def test_a_try_that_cannot_be_typed_is_refused(tmp_path: Path, wrong: Try, said: str) -> None:
    """A sheet, an input or a number that is not possible is a sentence, and no workbook is written."""
    lesson = Lesson("Tries", [Experiment("plain", "plain", "About it.")], tries=[wrong])
    with pytest.raises(SettingError, match=re.escape(said)):
        build(lesson, tmp_path)
    assert not [*tmp_path.iterdir()]


def test_tries_are_in_the_recipe() -> None:
    """A recipe says what to try, and reads it back."""
    lesson = LESSONS["graddesc"]
    assert recipe.read(recipe.spell(lesson)).tries == lesson.tries


@pytest.mark.parametrize(("value", "said"), [(1e-5, "0.00001"), (0.1, "0.1"), (20.0, "20"), (1e-12, "1e-12")])
def test_a_number_is_told_as_one_types_it(value: float, said: str) -> None:
    """No power of ten where a decimal does."""
    assert decimal(value) == said


def states(path: Path) -> Mapping[str, str]:
    """Each sheet's state in the file."""
    with zipfile.ZipFile(path) as file:
        book = file.read("xl/workbook.xml").decode()
    return {
        name: (re.search(r'state="(\w+)"', rest) or ["", "visible"])[1]
        for name, rest in re.findall(r'<sheet name="([^"]*)"([^>]*)/>', book)
    }


def test_lists_of_steps_are_out_of_the_way(workbook: Path, two_neurons: Path) -> None:
    """They are hidden, nothing else is; no link leads to one, and the overview says where they are."""
    for path, name in ((workbook, "graddesc"), (two_neurons, "two-neurons")):
        hidden = {sheet for sheet, state in states(path).items() if state == "hidden"}
        assert hidden == {*LESSONS[name].hidden} and hidden
        parts = Parts(path)
        for sheet in parts.sheets:
            targets = {
                t.replace("'", "").split("!")[0] for t in re.findall(r'location="([^"]*)"', parts.page(sheet).xml)
            }
            assert not targets & hidden
        book = reading.load(path)
        assert {*below(book, "overview", "all its steps").values()} <= hidden
        texts = [book.value("overview", *at) for at in book.used("overview")]
        assert any("hidden" in text and "Unhide" in text for text in texts if isinstance(text, str))


@pytest.fixture
def shown(workbook: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """A function that changes the list of sheets in a copy of the workbook."""

    def change(old: str, new: str) -> Path:
        target = tmp_path / "shown.xlsx"
        with zipfile.ZipFile(workbook) as file, zipfile.ZipFile(target, "w") as out:
            for part in file.namelist():
                content = file.read(part)
                if part == "xl/workbook.xml":
                    assert old in content.decode()
                    content = content.decode().replace(old, new, 1).encode()
                out.writestr(part, content)
        return target

    return change


def test_a_hidden_sheet_may_be_shown(shown: Callable[[str, str], Path]) -> None:
    """Who unhides a list of steps gets a note, no problem; who hides a sheet of the story does not pass."""
    report = verify(shown(' state="hidden"', ""))
    assert report.ok and report.additions == ("The sheet basic steps is shown; it was hidden.",)
    report = verify(shown('<sheet name="momentum" ', '<sheet name="momentum" state="hidden" '))
    assert not report.ok and report.problems == ("The sheet momentum is hidden.",)


def test_a_hidden_sheet_is_no_answer() -> None:
    """A question cannot lead to a sheet that nobody sees."""
    lesson = LESSONS["two-neurons"]
    question = replace(lesson.questions[0], see=lesson.hidden[0])
    with pytest.raises(SettingError, match="which is hidden"):
        replace(lesson, questions=[question])


def test_every_chart_is_told_to_who_cannot_see_it(workbook: Path, two_neurons: Path) -> None:
    """Each has an alternative text of its own sheet's words, which `verify` compares."""
    for path in (workbook, two_neurons):
        for around in package.read(path).sheets.values():
            charts = {thing.place for thing in around.things if thing.kind == "chart"}
            told = {thing.place: said for thing, said in around.things.items() if thing.kind == "alternative text"}
            assert charts == {*told} and all(len(said) > 20 for said in told.values())


def test_another_alternative_text_is_found(workbook: Path, tmp_path: Path) -> None:
    """One that was changed, and one that is gone while others are there."""
    target = tmp_path / "told.xlsx"
    with zipfile.ZipFile(workbook) as file, zipfile.ZipFile(target, "w") as out:
        for part in file.namelist():
            content = file.read(part)
            if part == "xl/drawings/drawing1.xml":
                content = re.sub(rb'descr="[^"]*"', b'descr="A chart."', content)
            if part == "xl/drawings/drawing2.xml":
                content = re.sub(rb' descr="[^"]*"', b"", content)
            out.writestr(part, content)
    report = verify(target)
    assert len(report.problems) == 2
    assert report.problems[0].startswith("overview!G5: the alternative text (of a chart) is 'A chart.', not '")
    assert report.problems[1] == "data!E7: the alternative text is gone."


def legend(sheet: Sheet) -> Mapping[str, tuple[object, object]]:
    """Its colours: role -> what stands in the field and beside it."""
    (row,) = (row for (row, column), (content, _) in sheet.cells.items() if (column, content) == (1, "colours"))
    found = {}
    while (row := row + 1, 2) in sheet.cells and (style := sheet.cells[row, 2][1]).role:
        found[style.role] = (sheet.content(row, 1), sheet.content(row, 2))
    return found


def test_the_legend_shows_the_colours_that_occur() -> None:
    """No optimizer that remembers, no colour of what it remembers."""
    plain = compose(Lesson("Plain", [Experiment("plain", "plain", "About it.")]), run_plan)
    assert "forward" in legend(plain.sheets[0]) and "state" not in legend(plain.sheets[0])
    adam = compose(Lesson("Adam", [Experiment("adam", "adam", "About it.", OPTIMIZERS["adam"])]), run_plan)
    assert legend(adam.sheets[0])["state"] == ("state", ROLES["state"].legend)


def test_the_legend_speaks_the_words_of_the_lesson() -> None:
    """A lesson may say what a colour is; of one that there is not it is told so."""
    lesson = LESSONS["first-steps"]
    shown = legend(compose(lesson, run_plan).sheets[0])
    assert shown == {role: ("", lesson.colours[role]) for role in shown} and {*shown} == {*lesson.colours}
    assert recipe.read(recipe.spell(lesson)).colours == lesson.colours
    with pytest.raises(SettingError, match=r"has no colour 'wait': they are input, .*Did you mean watch or weight\?"):
        replace(lesson, colours={"wait": "what one waits for"})


def test_where_nothing_is_compared_nothing_is_said_of_it(tmp_path: Path) -> None:
    """No sheet of runs: no check, no word of NumPy, and no room kept for either; the recipe is hidden all the same."""
    path = build(LESSONS["first-steps"], tmp_path).path
    assert "check" not in states(path) and [s for s, state in states(path).items() if state == "hidden"] == ["recipe"]
    book = reading.load(path)
    said = [book.value("overview", *at) for at in book.used("overview")]
    assert not [text for text in said if "NumPy" in str(text)]
    assert [text for text in said if str(text).startswith("The sheet recipe") and "Unhide" in str(text)]
    assert max(column for _, column in book.used("overview")) <= 5
    with pytest.raises(SettingError, match=r"opens on the sheet 'check': nothing is compared on one\."):
        compose(replace(LESSONS["first-steps"], opens="check"), run_plan)
    with pytest.raises(SettingError, match=r"opens on the sheet 'recipe', which is hidden\."):
        replace(LESSONS["first-steps"], opens="recipe")


def test_helper_columns_are_folded_away() -> None:
    """The legend's names and the figures of answers are not in view."""
    question = Question("How far?", "plain", "To {error}.", {"error": "plain: error | last"})
    lesson = Lesson("Plain", [Experiment("plain", "plain", "About it.")], questions=[question])
    front = compose(lesson, run_plan).sheets[0]
    beyond = {column for (_, column) in front.cells if column > front.printed}
    assert len(beyond) >= 4 and beyond <= front.aside


def test_why_b_creeps(workbook: Path) -> None:
    """From the landscape's bends, the mean of x² by hand, and where both runs end at the rates that are typed."""
    model = Spreadsheet(reading.load(workbook))
    model.type_number("basic", 1, 6, 1e-5)
    model.recalculate()
    (said,) = below(model, "overview", "answer, from the cells of that sheet").values()
    xs = GRADDESC.column("x")
    assert f"Σe² bends {float((xs**2).mean()):.1f} times as much along a as along b" in said
    end = run("basic", lr=1e-5)["new_b"][-1, -1]
    assert f"10 epochs of plain SGD with learn 1E-5 end at b = {float(end):.4g}, of Adam" in said


def test_where_an_epoch_begins_is_said_below_the_one_before(workbook: Path) -> None:
    """A mirrored sheet's second epoch starts from the last row's weights, not from its new ones: both are in sight."""
    model = Spreadsheet(reading.load(workbook))
    start, last, new = (model.value("basic", row, column) for row, column in ((35, 3), (32, 3), (32, 14)))
    assert start == last != new
    said = model.value("basic", 34, 1)
    assert said.startswith("Epoch 2 starts from b and a of the last row, not from its new b and new a: the last")


@pytest.mark.parametrize("name", [name for name, of in LESSONS.items() if of.tries])
def test_what_to_type_first_can_be_read(name: str) -> None:
    """No number there is wider than its column, so that none becomes ###, and no link is cut off by the next cell."""
    sheet = next(s for s in composed(name).sheets if s.name == "overview")
    rows = [row for (row, column), (text, _) in sheet.cells.items() if column == 1 and text == "type into"]
    for row in range(rows[0] + 1, rows[0] + 1 + len(LESSONS[name].tries)):
        (text, _), (held, style) = sheet.cells[row, 1], sheet.cells[row, 2]
        assert isinstance(text, str) and isinstance(held, Formula) and isinstance(held.value, float)
        shown = f"{held.value:.4f}" if style.number == "small" else f"{held.value:.10g}"
        assert len(shown) < sheet.widths[2], (text, shown)
        assert 0.7 * len(text) <= sheet.widths[1], text
