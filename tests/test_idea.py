"""A sheet with one idea: what a teacher writes becomes live cells, and what cannot be is said in a sentence."""

from __future__ import annotations

import re
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from graddesc_xl import Input, Lesson, build, dataset, verify
from graddesc_xl.errors import GraddescError, SettingError
from graddesc_xl.lessons import recipe
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.sheets import idea
from graddesc_xl.sheets.answers import Question
from graddesc_xl.sheets.idea import Case, Column, Drawn, Idea, Picture, Result, Sentence, Table
from graddesc_xl.verification import reading
from spreadsheet import Spreadsheet

RABBITS = Idea(
    "rabbits",
    "How soon is the meadow full?",
    (Input("rate", 2.0, "rate", "how many young each has", 0.0, 10.0),),
    Table(
        (Column("count", "prev(count)*rate", start="2"), Column("room", "100 - count")),
        {"year": tuple(float(year) for year in range(1, 13))},
    ),
    Picture("Rabbits", "year", "rabbits", (Drawn("rabbits", ("year",), ("count",)),)),
    says=("Every year each rabbit has young.",),
    look={"rate": "Type 1. Then?"},
    sentences=(
        Sentence(
            (
                Case("It is never full.", "last <= 100"),
                Case('It is full after {count_if(room, ">0") # text} years, with {last} rabbits in the end.'),
            )
        ),
    ),
    results=(Result("last", "index(count, 12)", "last", "rabbits in the last year"),),
)
SAMPLES = dataset([1.0, 2.0, 4.0], [1.0, 3.0, 5.0])
SQUARES = Idea(
    "squares",
    "Squares",
    (Input("w", 1.0, "w", "the weight"),),
    Table((Column("e", "(w*x - y)**2"),)),
    Picture("Squares", "x", "y", (Drawn("points", ("0", "w"), ("1", "total"), faint=True),)),
    results=(
        Result("total", "sum(e)", "total"),
        Result("again", "sum((w*x - y)**2)"),
        Result("most", "largest(abs(w*x - y), 0.5)"),
        Result("mixed", "sum(e*x)/sum(x)"),
    ),
    samples=SAMPLES,
)
LESSON = Lesson("Ideas", [RABBITS, SQUARES], opens="squares")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of two ideas."""
    return build(LESSON, tmp_path_factory.mktemp("ideas")).path


def test_rows_follow_from_the_row_above(path: Path) -> None:
    """A column of powers of two, its sum and sentence; typing another rate changes all."""
    book = Spreadsheet(reading.load(path))
    made = compose(LESSON, run_plan).composed["rabbits"]
    ((row, column),) = made.sheet.merged
    assert book.value("rabbits", row, column) == "It is full after 6 years, with 4096 rabbits in the end."
    cell = made.figure("number | rate")
    book.type_number("rabbits", cell.row, cell.column, 1.0)  # type: ignore[attr-defined]  # a cell
    book.recalculate()
    assert book.value("rabbits", row, column) == "It is never full."


def test_an_expression_runs_over_the_samples(path: Path) -> None:
    """Inside `sum` and the like it is written out for each sample; a bare column is a range."""
    made = compose(LESSON, run_plan).composed["squares"]
    found = {name: made.figure(f"number | {name}") for name in ("total", "again", "most", "mixed")}
    values = {name: made.sheet.value(cell.row, cell.column) for name, cell in found.items()}  # type: ignore[attr-defined]
    assert values == {"total": 2.0, "again": 2.0, "most": 1.0, "mixed": (0 + 2 + 4) / 7}
    assert "SUM($D" in made.sheet.formulas()[found["total"].row, found["total"].column].text  # type: ignore[attr-defined]
    again = made.sheet.formulas()[found["again"].row, found["again"].column].text  # type: ignore[attr-defined]
    assert again.count("^2") == 3


def test_its_recipe_makes_it_again() -> None:
    """All of it is content, and stands in the recipe."""
    text = recipe.spell(LESSON)
    assert 'opens = "squares"' in text and 'formula = "prev(count)*rate"' in text
    assert recipe.read(text).kinds == LESSON.kinds and recipe.read(text).opens == "squares"


def test_other_programs_compute_the_same(path: Path, soffice: str, ssconvert: str) -> None:
    """IronCalc, LibreOffice and Gnumeric agree."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok and len(report.sets) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (r"\*\$C\$3", "+$C$3", r"rabbits!K4 holds =K3\+\$C\$3"),  # a formula
        (r"(<c r=\"K5\"[^>]*>.*?<v>)8\.0<", r"\g<1>9.0<", r"rabbits K"),  # a value
        (r"(<c r=\"J5\"[^>]*><v>)3\.0<", r"\g<1>7.0<", r"rabbits!J5"),  # a constant
        (r"It is never full", "It is always full", r"rabbits!B6"),  # a sentence
    ],
)
def test_verify_finds_what_is_wrong_in_it(old: str, new: str, said: str, path: Path, tmp_path: Path) -> None:
    """What was put in place of a formula, a value, a number or a sentence is named by its cell."""
    part = f"xl/worksheets/sheet{[*reading.load(path).sheets].index('rabbits') + 1}.xml"
    wrong = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(wrong, "w") as out:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                assert re.search(old, content.decode()), old
                content = re.sub(old, new, content.decode(), count=1).encode()
            out.writestr(name, content)
    report = verify(wrong)
    found = [f"{s.sheet} {s.where}" for values in report.sets for s in values.sheets if not s.ok]
    assert not report.ok and re.search(said, "\n".join([*report.problems, *found])), (report.problems, found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"results": (Result("w", "1"),)}, r"squares calls two things 'w': rename one"),
        ({"results": (Result("e", "1"),)}, r"squares calls two things 'e': rename one"),
        ({"results": (Result("r", "e + 1"),)}, r"uses the column 'e' outside its rows: give mean\(e\), sum\(e\) or"),
        ({"results": (Result("r", "match(1, e*x, 0)"),)}, r"has match\(...\) of an expression of e, x: give that"),
        ({"results": (Result("r", "sum(ee)"),)}, r"uses 'ee', which does not exist. Did you mean e"),
        ({"leads": "square"}, r"squares leads to the sheet 'square': there is none. Did you mean squares"),
        ({"samples": None}, r"squares has a table without rows: give it samples, or numbers"),
        ({"sentences": (Sentence((Case("{w # rounded}"),)),)}, r"has no form 'rounded'"),
    ],
)
def test_what_cannot_be_is_said(change: dict[str, object], said: str) -> None:
    """What a teacher may write wrong is one clear sentence."""
    with pytest.raises(GraddescError, match=said):
        compose(Lesson("Wrong", [replace(SQUARES, **change)]), run_plan)  # type: ignore[arg-type]


def test_its_overview_says_nothing_of_runs() -> None:
    """Where nothing runs, nothing is said of the errors of epochs."""
    front = compose(LESSON, run_plan).sheets[0]
    assert not [text for text, _ in front.cells.values() if isinstance(text, str) and "√Σe²" in text]


def test_a_lesson_opens_on_a_sheet_of_its_own() -> None:
    """The name of no sheet is refused, with a hint."""
    with pytest.raises(SettingError, match=r"Wrong opens on the sheet 'square': there is none. Did you mean squares"):
        Lesson("Wrong", [SQUARES], opens="square")


def test_no_line_holds_one_last_word() -> None:
    """A paragraph takes as few lines as it can; the last one is about as long as the others, where words allow it."""
    for words in range(1, 60):
        text = " ".join("word" * (1 + k % 3) for k in range(words))
        lines = idea._lines(text)
        assert " ".join(lines) == text and max(map(len, lines)) <= idea.LETTERS
        assert len(lines) == len(textwrap.wrap(text, idea.LETTERS))
        assert len(lines) == 1 or len(lines[-1].split()) > 1
    assert idea._lines("") == []


def test_a_page_ends_below_its_chart() -> None:
    """What is printed is the whole chart."""
    for name, made in compose(LESSON, run_plan).composed.items():
        for chart in made.sheet.charts if name in (RABBITS.name, SQUARES.name) else ():
            rows = range(chart.row, made.sheet.printed_rows + 1)
            assert sum(made.sheet.heights.get(row, 15.0) * 4 / 3 for row in rows) >= chart.height


def test_a_question_of_a_lesson_without_runs() -> None:
    """Its answer has room where no run is told of."""
    question = Question("How many?", "rabbits", "{last} rabbits.", {"last": "rabbits: number | last"})
    front = compose(Lesson("Ideas", [RABBITS], questions=[question], reading={"more": "Read " * 60}), run_plan).sheets[
        0
    ]
    held = {front.value(*at): at for at in front.cells}
    (_, column), head = held["4096 rabbits."], held["answer, from the cells of that sheet"]
    assert head[1] == column and front.widths[column] > 60
    assert front.heights[held["Read " * 60][0]] > 30
