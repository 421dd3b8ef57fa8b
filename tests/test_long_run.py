"""A long run: live or constants, against loops apart from the package and in other spreadsheet programs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graddesc_xl import Experiment, Lesson, Question, build, dataset, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.experiments import CARRIES
from graddesc_xl.lessons import LESSONS, recipe
from graddesc_xl.parts.data import GRADDESC
from graddesc_xl.parts.models import TWO_NEURONS_RELU
from graddesc_xl.sheets import long_run
from graddesc_xl.sheets.long_run import LongRun
from graddesc_xl.sheets.picked import Of
from graddesc_xl.verification import reading
from parts import Parts
from spreadsheet import Spreadsheet
from test_kinds import rewritten

X, Y = [4.0, 90.0, 33.0, 61.0], [31.0, 188.0, 29.5, 75.0]
DATA = dataset(X, Y, name="bend")
RELU = Experiment("relu", model=TWO_NEURONS_RELU, data=DATA, epochs=3, values={"lr": 1e-5}, discarded=0)
LESSON = Lesson(
    "Long",
    [
        Experiment("line", data=DATA, epochs=3, values={"lr": 3e-5}),
        RELU,
        replace(RELU, name="far", values={"lr": 0.01}),
        Experiment("kept", data=DATA, epochs=12, carry=CARRIES[1], values={"lr": 3e-5}),
        LongRun("live", (Of("line"), Of("relu", title="with a ReLU")), epochs=45),
        LongRun("fixed", (Of("line"), Of("relu"), Of("far"), Of("kept")), epochs=1500, every=100),
    ],
    questions=[
        Question(
            "Who wins?",
            "live",
            "{who # text} at {error # 4} after 45, {other} after 10.",
            {"who": "live: lowest | 45", "error": "live: error | 45 | line", "other": "live: error | 10 | with a ReLU"},
        )
    ],
)
HEAD, TOP = 6, 7


def line(lr: float, b: float, a: float, xs: Any, ys: Any, epochs: int, *, kept: bool = False) -> Iterator[float]:
    """√Σe² by epoch of one neuron; kept: an epoch starts from the weights before the last step."""
    for _ in range(epochs):
        total = 0.0
        for x, y in zip(xs, ys, strict=True):
            before, gap = (b, a), b + a * x - y
            total += gap * gap
            b, a = b - 2 * lr * gap, a - 2 * lr * gap * x
        b, a = before if kept else (b, a)
        yield math.sqrt(total)


def two(lr: float, xs: Any, ys: Any, epochs: int, ramp: Callable[[float], float]) -> Iterator[float]:
    """The same of two neurons, all weights 1. ramp: what the first hands on."""
    a = b = c = d = 1.0
    for _ in range(epochs):
        total = 0.0
        for x, y in zip(xs, ys, strict=True):
            hid = ramp(a * x + b)
            gap = c * hid + d - y
            total += gap * gap
            back = 2 * gap * c if hid else 0.0
            a, b, c, d = a - lr * back * x, b - lr * back, c - lr * 2 * gap * hid, d - lr * 2 * gap
        yield math.sqrt(total)


def relu(z: float) -> float:
    """What is positive."""
    return max(z, 0.0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with a live long run and one of constants."""
    return build(LESSON, tmp_path_factory.mktemp("long")).path


@pytest.fixture
def book(path: Path) -> Spreadsheet:
    """It, open in IronCalc."""
    return Spreadsheet(reading.load(path))


def errors(book: Any, sheet: str, column: int) -> dict[int, Any]:
    """Epoch -> what a column of the table holds."""
    found, row = {}, TOP
    while isinstance(epoch := book.value(sheet, row, 1), float):
        found[int(epoch)] = book.value(sheet, row, column)
        row += 1
    return found


def wanted(values: Iterator[float], epochs: Any, rel: float = 1e-9) -> dict[int, Any]:
    """Those of the epochs shown."""
    every = [*values]
    return {epoch: pytest.approx(every[epoch - 1], rel=rel, abs=1e-9) for epoch in epochs}


def typed(book: Spreadsheet, sheet: str, label: str, value: float) -> None:
    """Type a number into the cell at the right of, or below, a label."""
    row, column = next(at for at in book.file.used(sheet) if book.file.value(sheet, *at) == label)
    book.type_number(sheet, row, column + 1, value)
    book.recalculate()


def test_few_steps_are_live(book: Spreadsheet) -> None:
    """Every step is a formula: another rate typed, and all epochs follow; who is lowest in each line."""
    assert book.value("live", 4, 1) == "Live: every step stands on the sheet live steps."
    for lr in (3e-5, 2e-5):
        typed(book, "line", "lr", lr)
        mine, theirs = errors(book, "live", 2), errors(book, "live", 3)
        assert [*mine] == [*range(1, 11), 20, 30, 40, 45]
        assert mine == wanted(line(lr, 1.0, 1.0, X, Y, 45), mine)
        assert theirs == wanted(two(1e-5, X, Y, 45, relu), theirs)
        lowest = errors(book, "live", 4)
        assert lowest == {e: "line" if mine[e] <= theirs[e] else "with a ReLU" for e in mine}


def test_many_steps_are_constants_of_numpy(book: Spreadsheet) -> None:
    """Each epoch's error is that of a loop apart; what is no number is a dash and never lowest."""
    mine, theirs, far, kept = (errors(book, "fixed", column) for column in (2, 3, 4, 5))
    assert [*mine] == [*range(1, 11), *range(100, 1501, 100)]
    assert mine == wanted(line(3e-5, 1.0, 1.0, X, Y, 1500), mine)
    assert theirs == wanted(two(1e-5, X, Y, 1500, relu), theirs)
    assert kept == wanted(line(3e-5, 1.0, 1.0, X, Y, 1500, kept=True), kept)
    assert {*far.values()} == {"–"} or not any(isinstance(value, float) and value < 1 for value in far.values())
    assert not [at for at in book.file.used("fixed") if at[1] < 6 and book.file.formula("fixed", *at) and at[0] > HEAD]
    book.recalculate()
    lowest = errors(book, "fixed", 6)
    named = {"line": mine, "relu": theirs, "kept": kept}
    assert lowest == {e: min(named, key=lambda name: named[name][e]) for e in mine}


def test_constants_say_when_inputs_are_others(book: Spreadsheet) -> None:
    """An input or a sample typed over is named, in red; typed back, all is well."""
    book.recalculate()
    good = "Constants: NumPy computed these errors, with the inputs and samples as they are now."
    assert book.value("fixed", 4, 1) == good
    typed(book, "relu", "lr", 2e-5)
    other = "Constants that NumPy computed with other inputs and samples than now; what differs: "
    assert book.value("fixed", 4, 1) == f"{other}lr of relu."
    book.type_number("data", 6, 2, 91.0)
    book.recalculate()
    assert book.value("fixed", 4, 1) == f"{other}lr of relu, x of the samples."
    assert errors(book, "fixed", 3) == errors(book.file, "fixed", 3)
    typed(book, "relu", "lr", 1e-5)
    book.type_number("data", 6, 2, X[1])
    book.recalculate()
    assert book.value("fixed", 4, 1) == good


def test_the_mark_of_other_inputs_is_red(path: Path) -> None:
    """The sentence stands out once it is not the good one."""
    (condition,) = [c for c in Parts(path).page("fixed").conditions if (4, 1) in c.cells]
    assert condition.formula == 'LEFT(A4,10)<>"Constants:"' and condition.look.color == "B8403A"


@pytest.mark.parametrize(("epochs", "live"), [(110, True), (140, False)])
def test_the_number_of_formula_cells_decides(
    epochs: int, live: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Live below the named number of cells, with about as many as it counts; the sheets that there are."""
    monkeypatch.setattr(long_run, "LIVE", 10_000)
    of = LongRun("long", (Of("line"), Of("relu")), epochs=epochs)
    made = build(Lesson("Long", [*LESSON.parts[:2], of], name=f"long{epochs}"), tmp_path)
    assert ("long steps" in made.sheets) == live
    held = reading.load(made.path)
    steps = [at for at in held.used("long steps") if held.formula("long steps", *at)] if live else []
    assert not live or 0.8 * 10_000 < len(steps) < 1.1 * 10_000
    assert verify(made.path).ok


def test_a_run_that_is_dead_or_exploded_is_no_lowest(book: Spreadsheet) -> None:
    """A column of dashes leaves a dash only where no run has a number."""
    typed(book, "line", "lr", 1000.0)
    typed(book, "relu", "lr", 1000.0)
    mine, theirs, lowest = (errors(book, "live", column) for column in (2, 3, 4))
    assert mine[45] == theirs[45] == lowest[45] == "–" or isinstance(theirs[45], float)
    assert lowest[45] == ("with a ReLU" if isinstance(theirs[45], float) else "–")


def test_its_figures_stand_in_sentences(book: Spreadsheet) -> None:
    """Errors by epoch and run, and which run is lowest."""
    book.recalculate()
    mine, theirs = [*line(3e-5, 1.0, 1.0, X, Y, 45)], [*two(1e-5, X, Y, 45, relu)]
    who = "line" if mine[-1] < theirs[-1] else "with a ReLU"
    said = {book.value("overview", *at) for at in book.file.used("overview")}
    assert f"{who} at {mine[-1]:.4f} after 45, {theirs[9]:.2f} after 10." in said


def test_the_check_compares_both(book: Spreadsheet) -> None:
    """Each step of the live one, the first epochs of the other; an input typed over is named."""

    def said(sheet: str) -> str:
        row = next(row for row in range(8, 30) if book.value("check", row, 1) == sheet)
        return str(book.value("check", row, 6))

    book.recalculate()
    assert re.fullmatch(r"agrees with NumPy in \d+ steps and totals", said("live"))
    assert said("fixed") == "agrees with NumPy in 19 cells"
    typed(book, "line", "lr", 1e-5)
    for sheet in ("live", "fixed"):
        assert said(sheet) == "inputs differ from the ones NumPy ran with: lr of line"


def test_other_programs_compute_the_same(path: Path, soffice: str, ssconvert: str, tmp_path: Path) -> None:
    """As built, and once other inputs were typed."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok, [sheet for values in report.sets for sheet in values.sheets if not sheet.ok]
    book = Spreadsheet(reading.load(path))
    typed(book, "line", "lr", 1e-5)
    typed(book, "relu", "lr", 1e-6)
    again = verify(book.save(tmp_path / "typed.xlsx"), libreoffice=soffice, gnumeric=ssconvert)
    assert again.ok, [sheet for values in again.sets for sheet in values.sheets if not sheet.ok]


@pytest.mark.parametrize(
    ("sheet", "old", "new", "said"),
    [
        ("fixed", r'(<c r="B12"[^>]*><v>)[^<]*<', r"\g<1>2.5<", "fixed!B12 holds 2.5, not"),
        ("fixed", r'(<c r="F12"[^>]*>)<f>[^<]*</f>', r'\1<f>"line"</f>', "fixed!F12 holds"),
        ("fixed", r'(<c r="A4"[^>]*><f>.*?</f><v>)[^<]*<', r"\1Constants: fine.<", "fixed A4"),
        ("live", r'(<c r="B12"[^>]*>)<f>[^<]*</f>', r"\1<f>2.5</f>", "live!B12 holds =2.5, not"),
        ("live", r'(<c r="B20"[^>]*><f>.*?</f><v>)[^<]*<', r"\g<1>2.5<", "live B20"),
        ("live steps", r'(<c r="H30"[^>]*><f[^>]*/?>(?:[^<]*</f>)?<v>)[^<]*<', r"\g<1>2.5<", "live steps"),
    ],
)
def test_verify_finds_what_is_wrong_in_it(
    sheet: str, old: str, new: str, said: str, path: Path, tmp_path: Path
) -> None:
    """A constant, who is lowest, what is said, an error, a step: each is named."""
    report = verify(rewritten(path, tmp_path / "wrong.xlsx", sheet, old, new))
    wrong = [f"{s.sheet} {s.where}" for values in report.sets for s in values.sheets if not s.ok]
    assert not report.ok
    assert re.search(said, "\n".join([*report.problems, *wrong])), (report.problems, wrong)


def test_its_recipe_makes_it_again() -> None:
    """Its fields stand in the recipe."""
    text = recipe.spell(LESSON)
    assert 'kind = "long run"\nname = "live"' in text
    assert recipe.read(text).kinds == LESSON.kinds


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LongRun("l", ()), "runs nothing: name the runs"),
        (lambda: LongRun("l", (Of("line"),), epochs=1), "at least 2"),
        (lambda: LongRun("l", (Of("line"),), every=0), "show every 1st or fewer"),
        (lambda: Lesson("L", [LESSON.parts[0], LongRun("f", (Of("lime"),))]), "Did you mean line"),
    ],
)
def test_what_it_cannot_run_is_a_sentence(make: Callable[[], Any], said: str, tmp_path: Path) -> None:
    """No run, no epochs, one that is not there."""
    with pytest.raises(SettingError, match=said):
        build(make(), tmp_path)


def test_the_shipped_constants_are_those_of_a_loop(held: Any, two_neurons: Path) -> None:
    """A thousand epochs of the published plain SGD, and of three models at their rates."""
    xs, ys = GRADDESC.inputs["x"], GRADDESC.ys.tolist()
    mine = errors(held, "a thousand epochs", 2)
    assert [*mine] == [*range(1, 11), *range(20, 1001, 10)]
    assert mine == wanted(line(1e-4, 1.0, 1.0, xs, ys, 1000, kept=True), mine)
    theirs = reading.load(two_neurons)
    one, stacked, ramped = (errors(theirs, "a thousand epochs", column) for column in (2, 3, 4))
    assert one == wanted(line(3e-4, 1.0, 1.0, xs, ys, 1000), one, 1e-6)
    assert stacked == wanted(two(3e-5, xs, ys, 1000, lambda z: z), stacked, 1e-6)
    assert ramped == wanted(two(3e-5, xs, ys, 1000, relu), ramped, 1e-6)


def test_the_shipped_charts_have_axes_of_powers_of_ten(workbook: Path, two_neurons: Path) -> None:
    """Every run and the best line, at most six curves, from the first epoch to the last; no point at 0."""
    for file, runs in ((workbook, 5), (two_neurons, 3)):
        parts = Parts(file)
        (chart,) = parts.page("a thousand epochs").charts
        assert len(chart.curves) == runs + 1 <= 6
        for curve in chart.curves[:runs]:
            xs, ys = parts.values(curve.x), parts.values(curve.y)
            assert xs[0] == 1.0 and xs[-1] == 1000.0
            assert all(y is None or (isinstance(y, float) and y > 0) for y in ys)


def test_the_kind_is_in_every_lesson_that_ships_runs() -> None:
    """Both workbooks about runs have one, with every run that it names."""
    for name in ("graddesc", "two-neurons"):
        assert any(isinstance(kind, LongRun) for kind in LESSONS[name].kinds)
