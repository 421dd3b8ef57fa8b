"""The lesson for who has never seen a derivative: its figures, and that every sentence is true whatever is typed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from graddesc_xl import build, verify
from graddesc_xl.lessons import LESSONS
from graddesc_xl.lessons.composing import Composition, compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.sheets.idea import Idea
from graddesc_xl.verification import reading
from graddesc_xl.workbook.paper import paper
from graddesc_xl.workbook.reference import Cell
from graddesc_xl.workbook.sheet import Sheet
from spreadsheet import Spreadsheet

LESSON = LESSONS["first-steps"]
GUESS, NUDGE, STEP, MANY = (kind for kind in LESSON.kinds if isinstance(kind, Idea))
KG, PRICE = np.array([1.0, 2, 3, 4, 5]), np.array([4.0, 5, 8, 13, 15])
#: pixels across and down a screen of 1366 x 768 between the menus of a spreadsheet, its tabs and its bars
SCREEN = (1310, 500)


def loss(a: float, kg: np.ndarray = KG, price: np.ndarray = PRICE) -> float:
    """The mean of the squared misses."""
    return float(np.mean((a * kg - price) ** 2))


def slope(a: float) -> float:
    """The derivative of the loss."""
    return float(np.mean(2 * (a * KG - PRICE) * KG))


def test_the_slope_is_one() -> None:
    """Central differences, which are exact for a parabola but for rounding."""
    for a in (-3.0, 1.0, 4.5):
        assert slope(a) == pytest.approx((loss(a + 1) - loss(a - 1)) / 2)


BEST = float(KG @ PRICE / (KG @ KG))
#: the lr from which on a step ends no lower
LIMIT = 1 / float(np.mean(KG**2))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook."""
    return build(LESSON, tmp_path_factory.mktemp("first-steps")).path


@pytest.fixture(scope="module")
def composition() -> Composition:
    """Its composed sheets, which know where what is."""
    return compose(LESSON, run_plan)


class Student:
    """Somebody who types into one of the sheets and reads it."""

    def __init__(self, path: Path, composition: Composition, idea: Idea) -> None:
        self.sheet, self.idea, self.made = idea.sheet, idea, composition.composed[idea.sheet]
        self.open = Spreadsheet(reading.load(path))

    def types(self, **numbers: float) -> Student:
        """Type numbers, as the sheet labels them."""
        labels = {given.label: given.name for given in self.idea.numbers}
        for label, number in numbers.items():
            at = self.place(labels[label])
            self.open.type_number(self.sheet, *at, number)
        self.open.recalculate()
        return self

    def place(self, name: str) -> tuple[int, int]:
        """Where a named number is."""
        cell = self.made.figure(f"number | {name}")
        assert isinstance(cell, Cell)
        return cell.row, cell.column

    def reads(self, name: str) -> float:
        """A named number."""
        return float(self.open.value(self.sheet, *self.place(name)))

    def told(self) -> str:
        """All sentences."""
        merged = sorted(self.made.sheet.merged)
        return " ".join(str(self.open.value(self.sheet, *at)) for at in merged)


def said(student: Student, sayings: dict[str, bool]) -> set[str]:
    """Those of the sayings that the sheet says; each must be true."""
    told = student.told()
    found = {text for text in sayings if text in told}
    assert found, told
    for text in found:
        assert sayings[text], (text, told)
    return found


def near(told: str, pattern: str, *numbers: float) -> bool:
    """Whether the numbers in a sentence are these, to the digits told."""
    match = re.search(pattern.replace("#", r"(-?\d+\.?\d*(?:E[+-]\d+)?)"), told)
    assert match, (told, pattern)
    return np.allclose([float(group) for group in match.groups()], numbers, rtol=5e-3, atol=5.1e-3)


def test_it_opens_on_the_first_idea(path: Path) -> None:
    """Who opens the file sees a number to type, not a table of contents."""
    with zipfile.ZipFile(path) as book:
        active = re.search(r'activeTab="(\d+)"', book.read("xl/workbook.xml").decode())
        assert active and [*reading.load(path).sheets][int(active[1])] == GUESS.sheet
        sheets = len([*reading.load(path).sheets])
        pages = [book.read(f"xl/worksheets/sheet{i}.xml").decode() for i in range(1, sheets + 1)]
    assert [i for i, page in enumerate(pages) if 'tabSelected="1"' in page] == [int(active[1])]


def size(sheet: Sheet) -> tuple[float, float]:
    """How many pixels across and down what is to be seen of a sheet takes."""

    def across(column: int) -> float:
        return sum(sheet.widths.get(c, 8.43) * 7 + 5 for c in range(1, column))

    def down(row: int) -> float:
        return sum(sheet.heights.get(r, 15.0) * 4 / 3 for r in range(1, row))

    (chart,) = sheet.charts
    seen = [(row, column) for (row, column), _, _ in sheet.every() if column not in sheet.aside]
    right = max(across(max(column for _, column in seen) + 1), across(chart.column) + chart.width)
    assert paper(sheet).one and across(sheet.printed + 1) >= right
    return right, max(down(max(row for row, _ in seen) + 1), down(chart.row) + chart.height)


def test_each_sheet_leads_to_the_next(path: Path) -> None:
    """One click goes on, and the last sheet leads to the samples."""
    assert [idea.leads for idea in (GUESS, NUDGE, STEP, MANY)] == [NUDGE.sheet, STEP.sheet, MANY.sheet, "data"]
    with zipfile.ZipFile(path) as book:
        place = [*reading.load(path).sheets].index(GUESS.sheet) + 1
        assert "'nudge and slope'!A1" in book.read(f"xl/worksheets/sheet{place}.xml").decode()


def test_each_sheet_fits_a_screen_and_a_page(composition: Composition) -> None:
    """Words, table and chart stand in sight at 1366 x 768; print is one page."""
    for idea in (GUESS, NUDGE, STEP, MANY):
        right, bottom = size(composition.composed[idea.sheet].sheet)
        assert right <= SCREEN[0] and bottom <= SCREEN[1], (idea.sheet, right, bottom)


def test_the_figures_are_those_of_numpy(path: Path, composition: Composition) -> None:
    """Loss, slope, nudged slope and new a, computed apart from the package."""
    a, h, lr = 1.7, 0.3, 0.02
    guess = Student(path, composition, GUESS).types(a=a)
    assert [guess.reads(name) for name in ("loss", "best", "least")] == pytest.approx([loss(a), BEST, loss(BEST)])
    nudge = Student(path, composition, NUDGE).types(a=a, h=h)
    assert nudge.reads("slope") == pytest.approx((loss(a + h) - loss(a)) / h)
    assert nudge.reads("exact") == pytest.approx(slope(a))
    step = Student(path, composition, STEP).types(a=a, lr=lr)
    assert step.reads("new_a") == pytest.approx(a - lr * slope(a))
    many = Student(path, composition, MANY).types(a=a, lr=lr)
    for _ in range(20):
        a -= lr * slope(a)
    assert many.reads("last") == pytest.approx(a)


def test_guess_tells_the_truth(path: Path, composition: Composition) -> None:
    """The worst miss, and on which side of the best a one is."""
    student, seen = Student(path, composition, GUESS), set()
    for a in (-50.0, 0.0, 1.0, 2.0, 2.9, 2.99, 2.996, 3.0, 3.01, 3.1, 5.0, 99.0):
        student.types(a=a)
        miss = a * KG - PRICE
        worst = float(miss[np.abs(miss).argmax()])
        told = student.told()
        seen |= said(
            student,
            {
                "You found it, to within 0.005": abs(a - BEST) < 0.005,
                "A larger a": loss(a + 1e-3) < loss(a),
                "A smaller a": loss(a - 1e-3) < loss(a),
                "too high": worst > 0,
                "too low": worst < 0,
            },
        )
        if "worst" in told:
            size, kg = re.findall(r"-?\d+\.?\d*", told)[:2]
            assert float(size) == pytest.approx(abs(worst), abs=0.005)
            assert abs(a * float(kg) - PRICE[float(kg) == KG][0]) == pytest.approx(abs(worst))
    assert len(seen) == 5


def test_nudge_tells_the_truth(path: Path, composition: Composition) -> None:
    """Which way is down, or that the nudge is too large to say."""
    student, seen = Student(path, composition, NUDGE), set()
    for a in (-20.0, 1.0, 2.5, 2.8, 2.9966, 2.99999, 3.0, 3.2, 5.0, 60.0):
        for h in (0.0, 1e-6, 1e-4, 0.01, 0.1, 1.0, 10.0):
            student.types(a=a, h=h)
            seen |= said(
                student,
                {
                    "no nudge": h == 0,
                    "where a is larger": a < BEST,
                    "where a is smaller": a > BEST,
                    "leaps over": a < BEST < a + h and loss(a + h) > loss(a) - 1e-9,
                    "at the lowest point: whichever way you go, the loss rises": a == BEST,
                    "hardly changes": abs(loss(a + h) - loss(a)) < 1e-6 * max(1, loss(a)),
                },
            )
            told = student.told()
            assert near(told, r"come to #: that is the derivative", slope(a))
            if "The nudge takes" in told:
                before, after = re.findall(r"from (\S+) to (\S+):", told)[0]
                assert before != after, told
                assert [float(before), float(after)] == pytest.approx([loss(a), loss(a + h)], rel=1e-6, abs=6e-7)
    assert len(seen) == 6


def test_slopes_come_to_the_derivative(path: Path, composition: Composition) -> None:
    """The slope of each nudge is told, one after the other, and so why the next sheet begins at -44, not at -33."""
    student = Student(path, composition, NUDGE)
    assert "Slopes for h = 1, 0.1, 0.01, 0.001: -33, -42.9, -43.89, -43.989." in student.told()
    assert student.reads("slope") == -33 and Student(path, composition, STEP).reads("slope") == -44
    for a in (-7.0, 3.0, 8.5):
        found = re.search(r"0\.001: (\S+), (\S+), (\S+), (\S+)\. The smaller", student.types(a=a).told())
        assert found
        wanted = [(loss(a + h) - loss(a)) / h for h in (1, 0.1, 0.01, 0.001)]
        assert [float(told) for told in found.groups()] == pytest.approx(wanted, abs=6e-4)
        off = [abs(each - slope(a)) for each in wanted]
        assert off == sorted(off, reverse=True)


def test_step_tells_the_truth(path: Path, composition: Composition) -> None:
    """Whether the step goes down, leaps over, or is too long."""
    student, seen = Student(path, composition, STEP), set()
    for a in (-30.0, 1.0, 2.9, 2.9966, 2.99999, 3.0, 3.5, 80.0):
        for lr in (-0.1, 0.0, 1e-6, 0.01, 0.04, 0.05, 0.08, 0.0909, 0.09090909, 0.091, 0.1, 1.0):
            student.types(a=a, lr=lr)
            new = a - lr * slope(a)
            seen |= said(
                student,
                {
                    "does not lead downhill": lr <= 0,
                    "the slope is 0, and a step leads nowhere": a == BEST,
                    "ends hardly lower": LIMIT / 2 < lr < LIMIT and abs(loss(a) - loss(new)) < 1e-6 * max(1, loss(a)),
                    "hardly falls": lr <= LIMIT / 2 and 0 < loss(a) - loss(new) < 1e-6 * max(1, loss(a)),
                    "ends no lower": loss(new) >= loss(a) and (new - BEST) * (a - BEST) < 0,
                    "still ends lower": loss(new) < loss(a) and (new - BEST) * (a - BEST) < 0,
                    "Downhill": loss(new) < loss(a) and (new - BEST) * (a - BEST) >= 0,
                },
            )
            told = student.told()
            assert near(told, r"slope = # - # · \(#\) = #", a, lr, slope(a), new)
            if "falls from" in told:
                before, after = re.findall(r"falls from (\S+) to ([\d.]+\d)", told)[0]
                assert float(after) < float(before), told
    assert len(seen) == 7


def test_the_slope_needs_no_nudge() -> None:
    """What is said of it: by so much a nudge makes miss² larger, and 2 · miss · kg is left as it shrinks."""
    assert "A nudge h makes a miss larger by h · kg, and so miss² by" in STEP.says[2]
    miss = KG - PRICE
    for h in (1.0, 1e-3, 1e-6):
        larger = (miss + h * KG) ** 2 - miss**2
        assert larger == pytest.approx(2 * miss * h * KG + (h * KG) ** 2, rel=1e-8)
        assert larger / h == pytest.approx(2 * miss * KG, abs=30 * h)


def test_many_steps_tell_the_truth(path: Path, composition: Composition) -> None:
    """The words of its question: it creeps, is quick, zigzags, flies off; or is on its way, or need not move."""
    student, seen = Student(path, composition, MANY), set()
    for start in (-40.0, 1.0, 2.999, 3.0, 50.0):
        for lr in (-0.1, 0.0, 1e-6, 0.001, 0.01, 0.03, 0.045, 0.05, 0.08, 0.0909, 0.091, 0.1, 0.5, 1.0):
            student.types(a=start, lr=lr)
            path_ = [start]
            for _ in range(20):
                path_.append(path_[-1] - lr * slope(path_[-1]))
            off = np.array(path_) - BEST
            leaps, nearer = bool((off[1:] * off[:-1] < 0).all()), bool((abs(off[1:]) < abs(off[:-1])).all())
            nowhere = bool((abs(off[1:]) >= abs(off[:-1])).all())
            seen |= said(
                student,
                {
                    "does not lead downhill": lr <= 0,
                    "starts at the best a": not off.any(),
                    "is quick:": abs(off[-1]) < 0.005 and abs(off[-1]) < abs(off[0]) / 2,
                    "creeps": abs(off[0]) / 2 < abs(off[-1]) < abs(off[0]),
                    "flies off": leaps and nowhere,
                    "zigzags": leaps and nearer,
                    "more than half way there": abs(off[-1]) <= abs(off[0]) / 2 and not leaps,
                },
            )
            told = student.told()
            assert near(told, r"After 20 steps a is #. The best a is #\.", path_[-1], BEST)
            if "somewhat larger" in told:
                assert (1 - 2.002 * lr / LIMIT) ** 20 < (1 - 2 * lr / LIMIT) ** 20
    assert len(seen) == 7
    for rate, word in zip((0.001, 0.03, 0.08, 0.1), ("creeps", "is quick", "zigzags", "flies off"), strict=True):
        assert word in MANY.look["lr"] and str(rate) in MANY.look["lr"]
        assert word in student.types(a=1.0, lr=rate).told()


def test_a_step_across_as_long_as_it_was(path: Path, composition: Composition) -> None:
    """At the limit itself it neither comes nearer nor flies off."""
    student = Student(path, composition, MANY)
    for i in range(5):
        student.open.type_number("data", 5 + i, 2, 1.0)
        student.open.type_number("data", 5 + i, 3, 7.0)
    assert "zigzags for ever" in student.types(a=2.0, lr=1.0).told()
    assert [student.reads(name) for name in ("last", "best")] == [2, 7]


def test_the_chart_shows_a_after_each_step(path: Path, composition: Composition) -> None:
    """From the start to where the last step ends, which the sentence tells."""
    sheet = composition.composed[MANY.sheet].sheet
    curve = sheet.charts[0].series[0]
    student = Student(path, composition, MANY)
    x, y = ([(row, area.left) for row in range(area.top, area.bottom + 1)] for area in (curve.x, curve.y))
    assert [student.open.value(MANY.sheet, *at) for at in x] == [*range(21)]
    shown = [float(student.open.value(MANY.sheet, *at)) for at in y]
    assert shown[0] == 1 and shown[1] == pytest.approx(1.44) and shown[-1] == student.reads("last")


def test_other_samples(path: Path, composition: Composition) -> None:
    """Samples of one's own: all that is said follows; without any number it says which one lacks."""
    price = 7 * KG + np.array([1.0, 0, -2, 0, 1])
    for idea in (GUESS, MANY):
        student = Student(path, composition, idea)
        for i, value in enumerate(price.tolist()):
            student.open.type_number("data", 5 + i, 3, value)
        student.types(a=2.0)
        best = float(KG @ price / (KG @ KG))
        assert student.reads("best") == pytest.approx(best)
        assert "A larger a" in student.told() or near(student.told(), r"The best a is #\.", best)
    student.open.model.set_user_input(student.open.sheets["data"], 7, 3, "eight")
    student.open.recalculate()
    assert "There is no number in data!C7" in student.told()


def test_nothing_at_all(path: Path, composition: Composition) -> None:
    """Bags of 0 kg have no best a: a sentence says so instead of an error."""
    student = Student(path, composition, GUESS)
    for row in range(5, 10):
        student.open.type_number("data", row, 2, 0.0)
    student.open.recalculate()
    assert "too large to compute with" in student.told()


def test_other_programs_compute_the_same(path: Path, soffice: str, ssconvert: str) -> None:
    """IronCalc, LibreOffice and Gnumeric agree in every cell."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok and len(report.sets) == 4
