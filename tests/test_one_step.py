"""One step by hand: any step of any plan, line by line, as NumPy has it and as one would write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graddesc_xl import Experiment, Lesson, build, dataset, run, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.experiments import CARRIES, SWITCH
from graddesc_xl.language.values import CellError
from graddesc_xl.lessons import recipe
from graddesc_xl.parts.models import TWO_NEURONS_RELU, Model
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.sheets.one_step import OneStep
from graddesc_xl.verification import gnumeric, libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.workbook.cells import a1
from graddesc_xl.workbook.figures import significant
from graddesc_xl.workbook.sheet import Sheet
from spreadsheet import Spreadsheet
from test_kinds import rewritten

XS, YS = [1.0, -4.0, 2.5], [3.0, 9.5, -5.0]
DATA = dataset(XS, YS)
SHARED = Model("shared", "a shift in two parts", ("p", "q"), {"pred": "p + q + x*0.5"})
RUNS = {
    "plain": Experiment("plain", data=DATA, epochs=3, numerical=True, values={"lr": 0.02, "a": 0.5}),
    "moving": Experiment("moving", optimizer=OPTIMIZERS["adam"], data=DATA, epochs=3, carry=CARRIES[1]),
    "annealed": Experiment("annealed", optimizer=OPTIMIZERS["adam_ann"], data=DATA, epochs=4, values={"lr": 0.5}),
    "bent": Experiment(
        "bent", model=TWO_NEURONS_RELU, data=DATA, epochs=3, gradient="switch", values={"lr": 0.02, "driver": 0.0}
    ),
    "scaled": Experiment("scaled", data=DATA, epochs=3, scaled=("x", "y"), values={"lr": 0.1, "scale_y": 4.0}),
    "twice": Experiment("twice", model=SHARED, data=DATA, epochs=3, values={"lr": 0.1}),
    "batches": Experiment("batches", data=DATA, epochs=3, batch=2, values={"lr": 0.02}),
    "far": Experiment("far", model=TWO_NEURONS_RELU, data=DATA, epochs=20, values={"lr": 900.0}),
}
LESSON = Lesson(
    "By hand",
    [
        part
        for name, e in RUNS.items()
        for part in (e, OneStep(f"{name} by hand", "A step", name, "By hand.", step=2.0))
    ],
)
#: the columns of a line
TITLED, WORDS, NUMBERS, VALUE, THERE, SAME, _, NUDGE, NUDGED, NUMERICAL, OFF = range(1, 12)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with a step by hand of each run."""
    return build(LESSON, tmp_path_factory.mktemp("by-hand")).path


@pytest.fixture(scope="module")
def opened(path: Path) -> Spreadsheet:
    """It, open in IronCalc."""
    return Spreadsheet(reading.load(path))


class ByHand:
    """One of these sheets, with a step typed into it."""

    def __init__(self, opened: Spreadsheet, name: str) -> None:
        self.opened, self.name = opened, f"{name} by hand"
        self.built = sorted(opened.held.cells[self.name].items())
        self.head = next(row for (row, column), value in self.built if value == "line")

    def cell(self, label: str) -> tuple[int, int]:
        """The cell at the right of a label above the lines."""
        return next((r, c + 1) for (r, c), value in self.built if value == label and r < self.head and c < OFF)

    def type(self, label: str, number: float) -> ByHand:
        """Type a number into an input."""
        self.opened.type_number(self.name, *self.cell(label), number)
        self.opened.recalculate()
        return self

    def lines(self) -> Iterator[dict[int, Any]]:
        """The lines: their cells by column."""
        for (row, column), _ in self.built:
            if row > self.head and column == VALUE:
                yield {c: self.opened.value(self.name, row, c) for c in range(TITLED, OFF + 1)}

    def line(self, title: str) -> dict[int, Any]:
        """The first line of a title."""
        return next(line for line in self.lines() if line[TITLED] == title)

    @property
    def says(self) -> str:
        """What is said of the step and of its lines."""
        return " ".join(self.opened.value(self.name, row, 1) for row in (self.head - 3, self.head - 2))


@pytest.mark.parametrize("name", [name for name in RUNS if name != "far"])
def test_every_step_is_that_of_the_sheet(opened: Spreadsheet, name: str) -> None:
    """Each line of each step is what the engine has, computed from the lines above it, and the sheet says the same."""
    trace, sheet = run(RUNS[name]), ByHand(opened, name)
    titles = [column.title for column in trace.plan.columns]
    for step in range(1, RUNS[name].epochs * len(XS) + 1):
        lines = [*sheet.type("step", step).lines()]
        epoch, sample = divmod(step - 1, len(XS))
        assert sheet.says == (
            f"Step {step}: sample {sample + 1} of {len(XS)}, epoch {epoch + 1}. "
            f"Every line is what the sheet {name} has in this step."
        )
        assert [line[VALUE] for line in lines[:2]] == [XS[sample], YS[sample]]
        found = [line for line in lines if line[SAME]]
        assert [line[TITLED] for line in found] == titles
        for line, column in zip(found, trace.plan.columns, strict=True):
            wanted = pytest.approx(trace[column.name][epoch, sample], rel=1e-9, abs=1e-12)
            assert line[VALUE] == wanted and line[THERE] == wanted and line[SAME] == "yes", (step, line)


def descend(steps: int, rate: float = 0.02, a: float = 0.5, b: float = 1.0) -> tuple[float, float]:
    """The weights of one neuron after so many steps of plain SGD, apart from the package."""
    for x, y in (list(zip(XS, YS, strict=True)) * 3)[:steps]:
        off = 2 * (b + a * x - y)
        a, b = a - rate * off * x, b - rate * off
    return a, b


@pytest.mark.parametrize("step", range(1, 10))
def test_plain_sgd_by_numpy(opened: Spreadsheet, step: int) -> None:
    """Weights before and after, error and derivatives are those computed apart from the package; nudges confirm."""
    sheet, (a, b) = ByHand(opened, "plain").type("step", step), descend(step - 1)
    x, y = np.float64(XS[(step - 1) % 3]), np.float64(YS[(step - 1) % 3])
    new_a, new_b = descend(step)
    off = b + a * x - y
    wanted = {"a": a, "b": b, "y_pred": b + a * x, "err²": off**2, "de/db": 2 * off, "de/da": 2 * off * x}
    wanted |= {"new a": new_a, "new b": new_b}
    for title, number in wanted.items():
        assert sheet.line(title)[VALUE] == pytest.approx(float(number), rel=1e-10), title
    for h in (0.01, 1e-4):
        sheet.type("h", h)
        for title, change in (("de/db", h), ("de/da", h * x)):
            line = sheet.line(title)
            nudged = (off + change) ** 2
            slope = (nudged - off**2) / h
            assert line[NUDGED] == pytest.approx(float(nudged), rel=1e-12)
            assert line[NUMERICAL] == pytest.approx(float(slope), rel=1e-7)
            assert line[OFF] == pytest.approx(abs(float(slope / wanted[title]) - 1), rel=1e-4, abs=1e-9)
    sheet.type("h", 0.01)


def test_adam_by_numpy(opened: Spreadsheet) -> None:
    """What Adam remembers is what the row above left; an epoch starts from the weights of the last row."""
    sheet = ByHand(opened, "moving")
    before = ByHand(opened, "moving").type("step", 3)
    averages = {w: (f"avg de/d{w}", f"avg (de/d{w})²") for w in "ba"}
    kept = {title: before.line(title)[VALUE] for title in ("b", "a", *averages["b"], *averages["a"])}
    sheet.type("step", 4)
    given = {line[TITLED]: line for line in sheet.lines()}
    lr, beta1, beta2 = (given[name][VALUE] for name in ("lr", "beta1", "beta2"))
    for weight, times in (("b", 1.0), ("a", XS[0])):
        assert given[weight][VALUE] == kept[weight], "an epoch starts from the weights of the last row"
        assert given[weight][WORDS] == f"{weight} of step 3"
        for title in averages[weight]:
            assert given[f"previous {title}"][VALUE] == kept[title]
            assert given[f"previous {title}"][WORDS] == f"{title} of step 3"
        slope = 2 * (kept["b"] + kept["a"] * XS[0] - YS[0]) * times
        average = beta1 * kept[averages[weight][0]] + (1 - beta1) * slope
        square = beta2 * kept[averages[weight][1]] + (1 - beta2) * slope**2
        moved = kept[weight] - lr * average / np.sqrt(square)
        for title, number in zip((*averages[weight], f"new {weight}"), (average, square, moved), strict=True):
            assert given[title][VALUE] == pytest.approx(float(number), rel=1e-12), title
    sheet.type("step", 1)
    assert sheet.line("previous avg de/db")[WORDS] == sheet.line("b")[WORDS] == "its start"
    sheet.type("step", 5)
    assert sheet.line("b")[WORDS] == "new b of step 4"


@pytest.mark.parametrize("name", ["bent", "scaled", "twice", "annealed"])
def test_nudges_confirm_every_weight(opened: Spreadsheet, name: str) -> None:
    """Each weight has a nudge beside its derivative, which agrees with it to a share that shrinks with h."""
    weights = RUNS[name].model.weights
    sheet = ByHand(opened, name).type("step", 4).type("h", 1e-6)
    found = {}
    rows = {row for row, column in opened.held.cells[sheet.name] if column == NUDGE and row > sheet.head}
    for row in sorted(rows):
        found[opened.value(sheet.name, row, NUDGE)] = [opened.value(sheet.name, row, c) for c in (NUMERICAL, OFF)]
    assert set(found) == {f"{weight} + h" for weight in weights}
    for title, (numerical, off) in found.items():
        assert off < 1e-4, (title, numerical)
    if name == "twice":
        assert found["p + h"][0] == pytest.approx(found["q + h"][0], rel=1e-9), "they share a derivative"
    sheet.type("h", 0.01)


def test_maths_with_its_numbers(opened: Spreadsheet) -> None:
    """The maths of a line holds the numbers of the lines above; negative ones stand in brackets."""
    sheet = ByHand(opened, "plain").type("step", 1)
    # b 1, a 0.5, x 1, y 3: pred 1.5, err 2.25, de/db -3
    wanted = {
        "y_pred": "= 1 + 0.5·1",
        "err²": "= (3 − 1.5)²",
        "errb1": "= (3 − (1 + 0.01 + 0.5·1))²",
        "est de/db": "= (2.2201 − 2.25) / 0.01",
        "de/db": "= 2·(1.5 − 3)",
        "de/da": "= −3·1",
        "new b": "= 1 − (−3)·0.02",
    }
    assert {title: sheet.line(title)[NUMBERS] for title in wanted} == wanted
    bent = ByHand(opened, "bent").type("step", 1)
    assert bent.line("hid")[NUMBERS] == "= max(2, 0)"
    said = bent.line("used de/db")[NUMBERS]
    assert said == f"= 0.01 if 0 (driven by {SWITCH.choices[1.0]}), else 0"
    assert "−" in bent.type("step", 4).line("used de/dd")[NUMBERS]


def test_maths_computes_to_its_value(opened: Spreadsheet) -> None:
    """What stands in a line, computed as Python would, is its value, to the digits that are told."""
    spelling = str.maketrans({"−": "-", "·": "*", "²": "", "√": "§"})
    count = 0
    for name in ("plain", "moving", "scaled", "twice"):
        for step in (1, 3, 6):
            for line in ByHand(opened, name).type("step", step).lines():
                text = (line[NUMBERS] or "").removeprefix("= ")
                if not text or "§" in text.translate(spelling):
                    continue
                python = text.replace("²", "**2").translate(spelling | {ord("²"): None})
                sizes = [abs(float(n)) for n in re.findall(r"[\d.]+(?:E[+-]\d+)?", python)]
                tolerance = 1e-5 * max(sizes) ** (2 if "**" in python else 1) * max(1.0, *sizes) + 1e-9
                if "/ 0.01" in text:
                    tolerance *= 100
                assert eval(python) == pytest.approx(line[VALUE], abs=tolerance), (name, step, line)  # our own text
                count += 1
    assert count > 60


def test_an_exploded_step_can_be_read(opened: Spreadsheet) -> None:
    """Only values are error cells, which are white on white; a sentence says from which line on there is no number."""
    sheet = ByHand(opened, "far")
    exploded = False
    for step in range(1, 40):
        sheet.type("step", step)
        values = opened.values(sheet.name, [at for at, _ in sheet.built])
        errors = {at for at, value in values.items() if isinstance(value, CellError)}
        assert all(column in (VALUE, NUDGED, NUMERICAL) for _, column in errors), step
        assert "not what" not in sheet.says
        lost = [line for line in sheet.lines() if isinstance(line[VALUE], CellError)]
        assert ("From the line" in sheet.says) == bool(lost)
        if lost:
            assert f"From the line {lost[0][TITLED]} on there is no number" in sheet.says
            assert {line[NUMBERS] for line in lost[1:]} <= {"–", "", None}
            exploded = True
    assert exploded


def test_a_line_that_is_not_the_sheets_is_said(opened: Spreadsheet) -> None:
    """A number typed over a prediction of the sheet: its line differs here, as do those that the sheet makes of it."""
    copy = opened.copy()
    sheet = ByHand(copy, "plain").type("step", 2)
    row, column = next((r + 2, c) for (r, c), value in sorted(copy.held.cells["plain"].items()) if value == "y_pred")
    before = copy.value("plain", row, column)
    copy.type_number("plain", row, column, before + 1)
    copy.recalculate()
    line = sheet.line("y_pred")
    assert line[VALUE] == before and line[THERE] == before + 1 and line[SAME] == "no"
    assert [line[SAME] for line in sheet.lines()].count("no") == 8
    assert "8 of these lines are not what the sheet plain has in this step." in sheet.says
    copy.type_number("plain", row, column, before)
    copy.type_number("plain", row, column + 5, -1.0)
    copy.recalculate()
    assert "of these lines" in sheet.says


@pytest.mark.parametrize("program", ["LibreOffice", "Gnumeric"])
def test_other_programs_compute_it_after_another_step(
    path: Path, opened: Spreadsheet, tmp_path: Path, program: str, request: pytest.FixtureRequest
) -> None:
    """A step typed into a sheet: every cell that other programs then compute is what IronCalc computes."""
    name, step = ("moving", 7) if program == "LibreOffice" else ("bent", 7)
    sheet = ByHand(opened, name).type("step", step)
    address = a1(*sheet.cell("step"))
    typed = rewritten(
        path, tmp_path / "typed.xlsx", sheet.name, rf'(<c r="{address}"[^>]*><v>)2(?:\.0)?<', rf"\g<1>{step}<"
    )
    if program == "LibreOffice":
        recalculated = libreoffice.recalculated(typed, request.getfixturevalue("soffice"), Limits(180))
    else:
        recalculated = gnumeric.recalculated(typed, request.getfixturevalue("ssconvert"), Limits(180))
    cells = [at for at, _ in sheet.built if opened.held.formula(sheet.name, *at)]
    ours = opened.values(sheet.name, cells)
    with recalculated as copy:
        theirs = reading.load(copy).values(sheet.name, cells)
    assert len(cells) > 150
    for at, value in ours.items():
        if isinstance(value, float):
            assert theirs[at] == pytest.approx(value, rel=1e-9, abs=1e-12), at
        else:
            assert theirs[at] == value, at


def test_verify_and_other_programs_agree(path: Path, soffice: str, ssconvert: str) -> None:
    """Every cell is what it was composed to be, in IronCalc, LibreOffice and Gnumeric."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok, [sheet for values in report.sets for sheet in values.sheets if not sheet.ok]
    assert {values.name for values in report.sets} >= {"IronCalc", "LibreOffice", "Gnumeric"}


@pytest.mark.parametrize(
    ("find", "old", "new"),
    [
        (lambda s: s.line_of("y_pred", VALUE), r"<v>[^<]*</v>", "<v>1.25</v>"),
        (lambda s: s.line_of("de/da", VALUE), r"\*", "+"),
        (lambda s: s.line_of("de/db", NUMERICAL), r"/", "*"),
        (lambda s: s.line_of("new a", NUMBERS), r"<v>= 0", "<v>= 1"),
        (lambda s: s.line_of("new a", SAME), r"<v>yes", "<v>no"),
    ],
)
def test_poisons_are_named(
    path: Path, opened: Spreadsheet, tmp_path: Path, find: Callable[[Any], str], old: str, new: str
) -> None:
    """A wrong value, a wrong formula, a wrong text: verify names the cell of each."""
    sheet = Lines(opened, "plain")
    address = find(sheet)
    pattern = rf'(<c r="{address}"[^>]*>(?:(?!</c>).)*?){old}'
    report = verify(rewritten(path, tmp_path / "wrong.xlsx", sheet.name, pattern, rf"\g<1>{new}"))
    assert not report.ok
    wrong = [f"{s.sheet} {s.where}" for values in report.sets for s in values.sheets if not s.ok]
    assert any(re.search(rf"{sheet.name}[ !]{address}\b", said) for said in (*report.problems, *wrong)), report


class Lines(ByHand):
    """The same, with addresses."""

    def line_of(self, title: str, column: int) -> str:
        """The address of a cell of a line."""
        rows = [r for (r, c), value in self.built if c == TITLED and value == title and r > self.head]
        return f"{'ABCDEFGHIJK'[column - 1]}{rows[0]}"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (-84.0, "−84"),
        (0.0001, "0.0001"),
        (0.00009, "9E−5"),
        (1.02040816, "1.02041"),
        (2.5e6, "2500000"),
        (1.23456789e7, "1.23457E+7"),
        (-0.5, "−0.5"),
        (9.999996, "10"),
        (9.99999499, "9.99999"),
        (999999.6, "1000000"),
        (9999999.7, "1E+7"),
        (1001.0, "1001"),
        (0.1 + 0.2, "0.3"),
        (6.02214076e23, "6.02214E+23"),
        (-1.6e-300, "−1.6E−300"),
        (120.05, "120.05"),
        (0.000123456789, "0.000123457"),
    ],
)
def test_numbers_are_told(number: float, told: str) -> None:
    """To six digits, without zeros at the end, with a power of ten only where one needs it."""
    sheet = Sheet("numbers")
    given = sheet.put(1, 1, number)
    assert significant(sheet, 1, 2, given, 6).value == told


def test_any_number_is_told_to_its_digits() -> None:
    """Read back, what is told is the number, to half of its last digit."""
    sheet, drawn = Sheet("numbers"), np.random.default_rng(3)
    for row, power in enumerate(drawn.uniform(-20, 20, 300), 1):
        number = float(drawn.choice([-1.0, 1.0]) * 10.0**power)
        told = str(significant(sheet, row, 2, sheet.put(row, 1, number), 6).value)
        assert float(told.replace("−", "-")) == pytest.approx(number, rel=5.1e-6, abs=1e-300), told
        assert len(told) <= 13 and not re.search(r"\.\d*0(E|$)", told), told


def test_its_recipe_makes_it_again() -> None:
    """Its fields stand in the recipe."""
    assert recipe.read(recipe.spell(LESSON)).kinds == LESSON.kinds


def test_a_sheet_without_steps_is_refused(tmp_path: Path) -> None:
    """What is no sheet of steps, or stands behind, cannot be looked at."""
    for of in ("plai", "data"):
        with pytest.raises(SettingError, match=f"by hand looks at the steps of '{of}': no sheet of one run"):
            build(Lesson("By hand", [RUNS["plain"], OneStep("by hand", "A step", of)]), tmp_path)
