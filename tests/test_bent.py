"""Bent data: the story is honest, its figures are those of NumPy apart from the package, its answers stay true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graddesc_xl import LESSONS, verify
from graddesc_xl.verification import reading
from graddesc_xl.verification.report import Report
from once import Everywhere
from spreadsheet import Spreadsheet

LESSON = LESSONS["bent"]
DATA = LESSON.data["data"]
X, Y = np.array(DATA.inputs["x"]), DATA.ys
EPOCHS, LR = 20, 0.03
ONE, TWO, THREE = "one neuron", "two neurons with ReLU", "three neurons with ReLU"
#: a hidden neuron's weight and bias, and what the output takes of it; then the output's bias
Net = tuple[list[tuple[float, float, float]], float]


def trained(net: Net, epochs: int = EPOCHS) -> Net:
    """Plain SGD on the scaled samples, by hand, of any number of hidden ReLU neurons."""
    hidden, bias = [list(neuron) for neuron in net[0]], net[1]
    for _ in range(epochs):
        for x, y in zip(X / 50, Y / 100, strict=True):
            sums = [a * x + b for a, b, _ in hidden]
            gap = 2 * (sum(c * max(z, 0.0) for (*_, c), z in zip(hidden, sums, strict=True)) + bias - y)
            for neuron, z in zip(hidden, sums, strict=True):
                back = gap * neuron[2] if z > 0 else 0.0
                neuron[2] -= LR * gap * max(z, 0.0)
                neuron[0] -= LR * back * x
                neuron[1] -= LR * back
            bias -= LR * gap
    return [(a, b, c) for a, b, c in hidden], bias


def error(net: Net) -> float:
    """√Σe² with the weights held still, in the units of y."""
    predicted = sum(c * np.maximum(a * X / 50 + b, 0) for a, b, c in net[0]) + net[1]
    return float(np.linalg.norm(100 * predicted - Y))


def live(net: Net) -> list[int]:
    """For how many samples each ReLU is open."""
    return [int((a * X / 50 + b > 0).sum()) for a, b, _ in net[0]]


TWO_START: Net = [(1.0, -0.5, 1.0)], 1.0
THREE_START: Net = [(1.0, -0.5, 1.0), (1.0, -1.5, 1.0)], 1.0
BEST = float(np.linalg.lstsq(np.column_stack([X, np.ones(29)]), Y, rcond=None)[1][0]) ** 0.5


def one(epochs: int = EPOCHS) -> float:
    """√Σe² of one neuron, its weights held still after so many epochs."""
    a = b = 1.0
    for _ in range(epochs):
        for x, y in zip(X / 50, Y / 100, strict=True):
            gap = 2 * (a * x + b - y)
            a, b = a - LR * gap * x, b - LR * gap
    return float(np.linalg.norm(100 * (a * X / 50 + b) - Y))


@pytest.fixture(scope="module")
def opened(bent: Path) -> Spreadsheet:
    """It, open in IronCalc."""
    return Spreadsheet(reading.load(bent))


@pytest.fixture
def book(opened: Spreadsheet) -> Spreadsheet:
    """A copy to type into."""
    return opened.copy()


def typed(book: Spreadsheet, sheet: str, label: str, value: float) -> None:
    """Type a number into the cell below a label, or at its right where that is none to type into."""
    row, column = next(at for at in sorted(book.file.used(sheet)) if book.file.value(sheet, *at) == label)
    below, right = (row + 1, column), (row, column + 1)
    number = book.file.formula(sheet, *below) is None and isinstance(book.file.value(sheet, *below), float)
    book.type_number(sheet, *(below if number else right), value)
    book.recalculate()


def answer(book: Spreadsheet, ask: str) -> str:
    """The answer to a question on the overview: the next text in its row."""
    at = next(at for at in book.file.used("overview") if book.file.value("overview", *at) == ask)
    found = (book.value("overview", at[0], column) for column in range(at[1] + 1, at[1] + 5))
    return str(next(value for value in found if isinstance(value, str) and value))


def told(value: float) -> str:
    """As sentences tell it."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def test_the_samples_are_what_is_said_of_them() -> None:
    """29 samples of 30 + 4·max(0, x − 50), seeded noise, one decimal, in no order."""
    random = np.random.default_rng(1)
    xs = random.permutation(2 + 3.5 * np.arange(29))
    bent = 30 + 4 * np.maximum(0, xs - 50)
    assert X.tolist() == xs.tolist() != sorted(xs.tolist())
    assert Y.tolist() == np.round(bent + random.normal(0, 5, 29), 1).tolist()
    said = LESSON.reading["the samples as built"]
    assert f"√Σe² is {np.linalg.norm(Y - bent):.2f}" in said and "seed 1" in said


def test_as_built_the_story_is_true(book: Spreadsheet) -> None:
    """One neuron is above the best line; two and three with ReLU are near the noise; one start dies at once."""
    noise = float(np.linalg.norm(Y - (30 + 4 * np.maximum(0, X - 50))))
    two, three = trained(TWO_START), trained(THREE_START)
    assert one() > BEST > 5 * noise
    assert error(two) < 1.2 * noise and error(three) < 1.0 * noise
    assert live(two) == [15] and live(trained(([(-1.0, -1.0, 1.0)], 1.0))) == [0]
    row = [book.value("the fit", 8, column) for column in range(1, 40)]
    for value in (one(), error(two), error(three)):
        assert any(isinstance(found, float) and found == pytest.approx(value, rel=1e-9) for found in row)


def test_what_the_second_neuron_is_for(book: Spreadsheet) -> None:
    """Its figures; and where a start keeps two neurons above the best line, it says so."""
    ask = "What is the second neuron for?"
    good = (
        f"No straight line is below √Σe² {told(BEST)} on these samples. After 20 epochs, weights held still: one "
        f"neuron {told(one())}, two with a ReLU {told(error(trained(TWO_START)))}, three "
        f"{told(error(trained(THREE_START)))}. Two can bend, and here that takes them below every straight line."
    )
    assert answer(book, ask) == good
    for b in (1.0, -3.0):
        typed(book, TWO, "b", b)
        start: Net = [(1.0, b, 1.0)], 1.0
        assert f"two with a ReLU {told(error(trained(start)))}," in answer(book, ask)
        assert answer(book, ask).endswith("they have not got below the best line: try other start weights.")


def test_without_a_relu_two_are_one(book: Spreadsheet) -> None:
    """Stacked neurons end no lower than the best line, whatever the rate."""
    said = answer(book, "And without a ReLU?")
    found = [float(word.strip(",.;")) for word in said.split() if word.strip(",.;").replace(".", "", 1).isdigit()]
    stacked, alone, relu = found[-3:]
    assert stacked > BEST and alone > BEST and relu < BEST / 4


@pytest.mark.parametrize("b", [-0.5, -0.2, 0.0])
def test_where_it_bends(book: Spreadsheet, b: float) -> None:
    """The x at which the last weights bend the line, and how many samples are live: for any start."""
    typed(book, TWO, "b", b)
    net = trained(([(1.0, b, 1.0)], 1.0))
    ((a, bias, _),) = net[0]
    said = answer(book, "What does the ReLU do?")
    assert f"at x = {told(-bias / a * 50)}." in said
    assert said.endswith(f"{live(net)[0]} of these 29 samples are live.")


def test_which_starts_die(book: Spreadsheet) -> None:
    """Live samples of the start weights, verdicts and errors are those of the rows, typed over as well."""
    said = answer(book, "Which starts die?")
    assert "start 1 22, learning," in said and "start 2 29, " in said and "start 3 0, dead ReLU since step 1," in said
    row = next(row for row in range(6, 20) if book.file.value("which start", row, 1) == "start 3")
    for column, weight in enumerate((1.0, -0.5, 1.0, 1.0), 2):
        book.type_number("which start", row, column, weight)
    book.recalculate()
    again = answer(book, "Which starts die?")
    assert "start 3 22, learning," in again and "dead" not in again


def test_other_samples_turn_every_answer(book: Spreadsheet) -> None:
    """On a straight line nothing is below it; a cell without a number says so."""
    for i, x in enumerate(X, 5):
        book.type_number("data", i, 3, 30 + 2 * x)
    book.recalculate()
    assert "they have not got below the best line" in answer(book, "What is the second neuron for?")
    assert answer(book, "What is the second neuron for?").startswith("No straight line is below √Σe² 0 ")
    for i in range(5, 5 + len(X)):
        book.type_number("data", i, 2, 5.0)
    book.recalculate()
    assert "every straight line" not in answer(book, "What is the second neuron for?"), "there is no best line"


def test_a_thousand_epochs_do_not_help_one_neuron(book: Spreadsheet) -> None:
    """The constants of the long run, from loops apart: moving weights, so the errors are above those held still."""
    said = answer(book, "Does one neuron only need more time?")
    a = b = 1.0
    moving: list[float] = []
    for _ in range(1000):
        total = 0.0
        for x, y in zip(X / 50, Y / 100, strict=True):
            gap = a * x + b - y
            total += (100 * gap) ** 2
            a, b = a - 2 * LR * gap * x, b - 2 * LR * gap
        moving.append(total**0.5)
    assert f"as built it is after 20 epochs at √Σe² {told(moving[19])}, after 1000 at {told(moving[-1])}; two" in said
    assert f"Below {told(BEST)} no straight line gets" in said


def test_every_program_agrees(verified: Callable[[str], Everywhere], soffice: str, ssconvert: str) -> None:
    """IronCalc, LibreOffice and Gnumeric, as built."""
    agree(verified("bent").report, 0)


def test_every_program_agrees_on_what_is_typed(soffice: str, ssconvert: str, tmp_path: Path) -> None:
    """And once inputs are typed over: in all sheets but those of compared runs, which read none of these inputs."""
    others = {"which rate", "which start", "wins or dies"}
    questions = [q for q in LESSON.questions if not others & {path.split(":")[0] for path in q.figures.values()}]
    kinds = [kind for kind in LESSON.kinds if kind.sheet not in others]
    assert len(questions) == 3
    of = replace(LESSON, name="", parts=kinds, questions=questions, tries=())
    book = Spreadsheet(reading.load(of.build(tmp_path / "single.xlsx").path))
    changes = ((TWO, "b", 1.0), (ONE, "lr", 0.1), ("the fit", "epoch", 4.0))
    for change in changes:
        typed(book, *change)
    agree(verify(book.save(tmp_path / "typed.xlsx"), libreoffice=soffice, gnumeric=ssconvert), len(changes))


def agree(report: Report, changed: int) -> None:
    """The report has four sets of values, all right, of a workbook with so many sheets typed into."""
    assert report.ok, [(s.sheet, s.where, s.note) for values in report.sets for s in values.sheets if not s.ok]
    assert len(report.sets) == 4 and len(report.inputs) == changed
