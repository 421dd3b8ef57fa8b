"""Exercises: what is right is green whatever its spelling, what is wrong is told, and nothing gives an answer away."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import graddesc_xl as gx
from graddesc_xl import EXPERIMENTS, LESSONS, Experiment, Lesson, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.language.expr import Const, Here, call
from graddesc_xl.language.nudging import by_nudging, polynomial
from graddesc_xl.language.values import Value
from graddesc_xl.lessons.composing import compose
from graddesc_xl.lessons.exercises import exercise, personal
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.settings import rounded
from graddesc_xl.sheets.exercise import STARTS, TOP, Exercise
from graddesc_xl.sheets.filled import EMPTY, RIGHT, TEXT, WAITS, Filled
from graddesc_xl.sheets.making import Inputs
from graddesc_xl.verification import reading
from graddesc_xl.workbook.sheet import Sheet
from learner import GOOD, ROWS, filled
from spreadsheet import Spreadsheet

XS = np.random.default_rng(3).normal(size=(8, 2))
POINTS = gx.data({"u": XS[:, 0], "v": XS[:, 1], "y": 2 * XS[:, 0] - XS[:, 1] + 0.5}, target="y")
SCALED = gx.data({"u": 30 + 20 * XS[:, 0], "v": XS[:, 1], "y": 90 * XS[:, 0] - XS[:, 1]}, target="y", scale="z-score")
LABELS = gx.data({"u": XS[:, 0], "v": XS[:, 1], "y": (XS.sum(axis=1) > 0) * 1.0}, target="y")
OWN = [
    gx.experiment("h = tanh(a*u + b*v + c); d*h + e", POINTS, lr=0.1, optimizer="torch_adam", start="normal"),
    gx.experiment("h = relu(a*u + b); c*h + d*v", POINTS, lr=0.05, loss="huber", batch=3, start="he"),
    gx.experiment("a*u + b*v + c", SCALED, lr=0.05, loss="absolute"),
    gx.experiment("sigmoid(a*u + b*v + c)", LABELS, lr=0.5, loss="logistic", optimizer="torch_nesterov"),
    gx.experiment("softplus(a*u) + exp(b*v) + sin(c*u)", POINTS, lr=0.01, schedule="cosine"),
    gx.experiment("abs(a*u + b)*max(c, v) + where(u > 0, d, e*v)", POINTS, lr=0.02),
    gx.experiment("a*u**3 + b/(1 + v**2)", SCALED, lr=0.02, optimizer="torch_adamw", batch="all"),
]


class Typed(Inputs):
    """What a learner filled in, for a composition without a file."""

    def __init__(self, cells: Mapping[tuple[int, int], Value]) -> None:
        self.cells = cells

    def filled(self, sheet: str, at: tuple[int, int]) -> Value | None:
        """What stands there."""
        return self.cells.get(at)


def marked(of: Exercise, cells: Mapping[tuple[int, int], Value]) -> tuple[Filled, Sheet]:
    """The exercise with cells filled in, and the sheet that marks them."""
    made = compose(Lesson("Filled in", [of]), run_plan, Typed(cells)).composed[of.name]
    assert made.filled is not None
    assert made.behind is not None
    return made.filled, made.behind


def solution(of: Exercise) -> dict[tuple[int, int], Value]:
    """What the engine finds for every column."""
    plan = of.plan
    trace = run_plan(plan, of.data, {i.name: float(rounded(i.value)) for i in plan.inputs})
    first = 1 + len(plan.samples)
    return {
        (TOP + step, first + place): float(trace.rows[column.name][0][step])
        for place, column in enumerate(plan.columns)
        for step in range(of.rows)
    }


@pytest.mark.parametrize("e", [*EXPERIMENTS.values(), *OWN], ids=lambda e: f"{e.name}-{e.model.name}"[:50])
def test_what_the_engine_finds_is_right(e: Experiment) -> None:
    """No cell is red by mistake: of no model, loss or optimizer, with all columns to fill in."""
    of = Exercise("fill in", "Fill in", e, ("all",))
    found, marks = marked(of, solution(of))
    assert found.answers
    assert [a for a in found.answers if a.mark != RIGHT or not a.consistent or not a.outright] == []
    offs = [marks.value(TOP + row, 4 + 5 * i) for i in range(len(of.columns)) for row in range(of.rows)]
    assert max(abs(off) for off in offs if isinstance(off, float)) < 0.2, "so much of what is allowed is rounding"


@pytest.mark.parametrize("share", [1e-8, -1e-7, 1e-3], ids=str)
def test_what_is_off_is_not_right(share: float) -> None:
    """Ten times the tolerance is red or waits, in every column of a model with a kink and momentum."""
    of = Exercise("fill in", "Fill in", EXPERIMENTS["momentum 2 neuron"], ("all",), steps=5)
    right, last = solution(of), TOP + 4
    for name in of.columns:
        place = 1 + len(of.plan.samples) + [c.name for c in of.plan.columns].index(name)
        value = right[last, place]
        assert isinstance(value, float)
        found, _ = marked(of, {**right, (last, place): value * (1 + share)})
        (answer,) = (a for a in found.answers if a.at == (last, place))
        assert (answer.mark == RIGHT) == (value == 0), (name, answer)


def test_what_is_off_is_not_right_of_a_large_error() -> None:
    """Where a prediction is off by a million, rounding of the nudged loss hides nothing."""
    e = EXPERIMENTS["basic"]
    of = Exercise("fill in", "Fill in", replace(e, values={**e.values, "a": 34734.0}), steps=2)
    right = solution(of)
    at = TOP, 1 + len(of.plan.samples) + [c.name for c in of.plan.columns].index(of.columns[0])
    value = right[at]
    assert isinstance(value, float)
    assert abs(value) > 9e5
    for share, is_right in ((0.0, True), (1e-12, True), (1e-7, False), (-1e-8, False)):
        found, _ = marked(of, {**right, at: value * (1 + share)})
        assert (found.answers[0].mark == RIGHT) == is_right, share


def test_nothing_is_filled_in_at_first() -> None:
    """An empty exercise: no mark, no value where something lacks, and no answer anywhere."""
    of = Exercise("fill in", "Fill in", EXPERIMENTS["basic"], worked=1)
    made = compose(Lesson("Empty", [of]), run_plan)
    answers = made.composed["fill in"].filled
    assert answers is not None
    assert {a.mark for a in answers.answers} == {EMPTY}
    right = {
        round(abs(v), 6) for at, v in solution(of).items() if at[0] > TOP + 1 and at[1] > 6 and isinstance(v, float)
    }
    for sheet in made.sheets:
        for at, content, _ in sheet.every():
            value = sheet.value(*at)
            if isinstance(value, float) and sheet.name != "data" and at[0] > TOP:
                assert round(abs(value), 6) not in right - {1.0}, (sheet.name, at, content)
        for note in sheet.notes.values():
            assert "First row: =" not in note or sheet.name == "data"


def test_no_formula_gives_a_derivative_away() -> None:
    """What marks a derivative nudges the loss: its own formula stands nowhere."""
    of = Exercise("fill in", "Fill in", EXPERIMENTS["basic"], ("de/db", "de/da"))
    made = compose(Lesson("Empty", [of]), run_plan)
    texts = [content.text for sheet in made.sheets for content in sheet.formulas().values()]
    assert any("^2-(" in text for text in texts), "it is nudged"
    given_away = re.compile(r"2\*\((exercise!)?E1\d-|G1\d\*('fill in'!)?A1\d")
    assert not [text for text in texts if given_away.search(text)]
    assert made.composed["fill in"].behind.secret  # type: ignore[union-attr]  # it has one


@pytest.fixture(scope="module")
def empty(to_fill_in: Path) -> Spreadsheet:
    """The exercise, open in IronCalc."""
    return Spreadsheet(reading.load(to_fill_in))


def marks(book: Spreadsheet) -> dict[str, list[float]]:
    """The marks that colour the cells of each column."""
    of = {letters: 13 + i for i, letters in enumerate("GHIJ")}
    return {letters: [book.value("basic", row, column) for row in ROWS] for letters, column in of.items()}


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"G": "=2*(B{r}-E{r})"}, "de/db: the sign is the other way round"),
        ({"G": "=E{r}-B{r}"}, "de/db: half of what is right: is a factor 2 missing?"),
        ({"G": "=4*(E{r}-B{r})"}, "de/db: twice what is right: is there a factor 2 too many?"),
        ({"H": "=G{r}"}, "de/da: the factor x is missing"),
        ({"H": "=A{r}"}, "de/da: the factor de/db is missing"),
        ({"H": "=-G{r}*A{r}"}, "de/da: the sign is the other way round"),
        ({"I": "=C{r}-G{r}"}, "new b: learn is missing"),
        ({"I": "=C{r}+$E$6*G{r}"}, "new b: it goes uphill: the step must be taken off"),
        ({"J": "=D{r}-$E$6*G{r}"}, "new a: it takes a step by de/db"),
        ({"J": "=-$E$6*H{r}"}, "new a: this is the step alone: a is missing"),
        ({"J": "=I{r}"}, "new a: this is new b"),
        ({"H": "=H$11"}, "de/da: this is right in the row above"),
        ({"G": "=17"}, "de/db: not right"),
        ({"G": "none"}, "de/db: this is no number"),
    ],
    ids=lambda v: str(v)[:40],
)  # fmt: skip
def test_hints(empty: Spreadsheet, changed: Mapping[str, str], hint: str) -> None:
    """A typical mistake in the first row is told at its right, in another spreadsheet's arithmetic."""
    book = filled(filled(empty.copy(), GOOD), changed, ROWS[:1])
    assert book.value("basic", ROWS[0], 11) == hint
    assert marks(book)[next(iter(changed))][0] > WAITS or hint.endswith("number")


@pytest.mark.parametrize(
    ("changed", "row", "hint"),
    [
        ({"I": "=C{r}-E{s}*G{r}"}, 13, "new b: does learn slide? lock its cell with $"),
        ({"J": "=D{r}-$E{s}*H{r}"}, 13, "new a: does learn slide? lock its cell with $"),
        ({"J": "=D{r}-H{r}*E{s}"}, 14, "new a: does learn slide? lock its cell with $"),
        ({"J": "=IF(E{s}=E{s},D{r}-$E$6*H{r}+0*E{s},0)"}, 13, ""),
        ({"J": "=D{r}"}, 13, "new a: no step is taken: this is a; does learn slide?"),
        ({"J": "=D{r}-F$6*H{r}"}, 12, "new a: no step is taken: this is a; does learn slide?"),
        ({"I": "=C{r}"}, 12, "new b: no step is taken: this is b"),
        ({"J": "=D{r}-$E$6*H$12"}, 13, "new a: de/da of the first row: a $ too many?"),
        ({"J": "=D$12-$E$6*H{r}"}, 15, "new a: a of the first row: a $ too many?"),
        ({"H": "=G{r}*A$12"}, 13, "de/da: x of the first row: a $ too many?"),
        ({"H": "=$G$12*$A$12"}, 14, "de/da: this is right in the first row: is a $ in the formula?"),
        ({"I": "=C{r}-$E$6*G{r}*1.4"}, 12, "new b: not right"),
        ({"I": "=ROUND(C{r}-$E$6*G{r},4)"}, 12, "new b: nearly right: type more of its digits, or a formula"),
    ],
    ids=lambda v: str(v)[:40],
)  # fmt: skip
def test_hints_of_a_formula_copied_down(empty: Spreadsheet, changed: Mapping[str, str], row: int, hint: str) -> None:
    """A `$` too few or too many is told in the rows where it matters, in errors too."""
    assert filled(filled(empty.copy(), GOOD), changed).value("basic", row, 11) == hint


def test_a_missing_factor_is_not_told_of_any_number(empty: Spreadsheet) -> None:
    """Where x is 0 nothing tells that it is missing: whatever times 0 is right."""
    book = filled(empty.copy(), GOOD)
    book.type_number("data", 6, 2, 0.0)
    filled(book, {"H": "=17"}, ROWS[:1])
    assert book.value("basic", ROWS[0], 11) == "de/da: not right"


def test_colours_and_progress(empty: Spreadsheet) -> None:
    """Green, amber and empty, and a line that says how many are right and which is next."""
    book = filled(empty.copy(), GOOD)
    assert {*itertools.chain.from_iterable(marks(book).values())} == {RIGHT}
    assert book.value("basic", 4, 1) == "All 20 are right."
    book = filled(empty.copy(), GOOD, ROWS[:2])
    assert book.value("basic", 4, 1) == "8 of 20 right; next: de/db in row 14."
    assert marks(book)["G"] == [RIGHT, RIGHT, EMPTY, EMPTY, EMPTY]
    filled(book, {"G": GOOD["G"], "H": "=G{r}"}, ROWS[2:3])
    assert book.value("basic", 4, 1) == "9 of 20 right; next: de/da in row 14. de/da: the factor x is missing"
    book = filled(empty.copy(), {"I": GOOD["I"]}, ROWS[:1])
    assert marks(book)["I"][0] == WAITS
    book = filled(empty.copy(), {"H": "=2*(E{r}-B{r})*A{r}"}, ROWS[:1])
    assert marks(book)["H"][0] == RIGHT, "right, though de/db is still empty"
    book = filled(empty.copy(), {"G": "hello"}, ROWS[:1])
    assert marks(book)["G"][0] == TEXT


def test_colours_follow_inputs(empty: Spreadsheet) -> None:
    """Formulas stay right at another rate, start and sample; numbers do not."""
    book = filled(empty.copy(), GOOD)
    for row, column in ((6, 5), (6, 3)):
        book.type_number("basic", row, column, 0.00037)
    book.type_number("data", 6, 2, 44.5)
    book.recalculate()
    assert {*itertools.chain.from_iterable(marks(book).values())} == {RIGHT}
    book.type_number("basic", ROWS[0], 7, -209.274)
    book.recalculate()
    assert marks(book)["G"][0] > WAITS


def random_answer(dice: random.Random, letters: str, row: int) -> str:
    """Something that a student may type: right in some spelling, nearly right, wrong, or nothing."""
    right = {
        "G": ["=2*(E{r}-B{r})", "=-2*B{r}+E{r}*2", "=(E{r}-B{r})+(E{r}-B{r})", "=2*(C{r}+D{r}*A{r}-B{r})"],
        "H": ["=G{r}*A{r}", "=2*A{r}*(E{r}-B{r})", "=A{r}*2*E{r}-2*A{r}*B{r}"],
        "I": ["=C{r}-$E$6*G{r}", "=C{r}-G{r}/10000", "=-(G{r}*E$6-C{r})"],
        "J": ["=D{r}-$E$6*H{r}", "=D{r}+H{r}*-E$6", "=(D{r}*10000-H{r})/10000"],
    }[letters]
    wrong = [
        "=0",
        "=1/3",
        "=G{r}",
        "=A{r}*B{r}",
        "=C{r}-G{r}",
        "=D{r}",
        "=E{r}-B{r}",
        "=SUM(A{r}:F{r})",
        "=C{r}-E{s}*G{r}",
        "=D{r}-$E{s}*H{r}",
        "=G{r}*A$12",
        "=1/0",
        "text",
        "",
    ]
    share = dice.choice([1e-13, 1e-12, 1e-7, -1e-6, 1e-3])
    near = f"=({dice.choice(right)[1:]})*(1+{share!r})"
    return dice.choice([dice.choice(right), dice.choice(right), near, dice.choice(wrong)]).format(r=row, s=row - 6)


@pytest.mark.fuzz(2, 60)
def test_random_students(
    seeds: range, to_fill_in: Path, empty: Spreadsheet, tmp_path: Path, soffice: str, ssconvert: str
) -> None:
    """A cell is green exactly where its number is right to 1e-9 of it, in three spreadsheets."""
    for seed in seeds:
        dice, book = random.Random(seed), empty.copy()
        for row in ROWS:
            for letters in "GHIJ":
                filled(book, {letters: random_answer(dice, letters, row)}, range(row, row + 1))
        found = marks(book)
        for row in ROWS:
            _check_row(book, row, {letters: found[letters][row - ROWS[0]] for letters in "GHIJ"}, seed)
        saved = book.save(tmp_path / f"{seed}.xlsx")
        report = verify(saved, libreoffice=soffice, gnumeric=ssconvert)
        assert report.ok, (report.problems, [v.name for v in report.sets if not v.ok])


def _check_row(book: Spreadsheet, row: int, found: Mapping[str, float], seed: int) -> None:
    """The marks of a row against what is right there, computed by hand."""
    x, y, b, a, pred = (book.value("basic", row, column) for column in range(1, 6))
    lr = book.value("basic", 6, 5)
    held = {letters: book.value("basic", row, ord(letters) - 64) for letters in "GHIJ"}
    numbers = {letters: v for letters, v in held.items() if isinstance(v, float)}
    right: dict[str, float] = {}
    if isinstance(pred, float):
        right = {"G": 2 * (pred - y), "H": 2 * (pred - y) * x}
    if isinstance(b, float) and "G" in numbers:
        right["I"] = b - lr * numbers["G"]
    if isinstance(a, float) and "H" in numbers:
        right["J"] = a - lr * numbers["H"]
    for letters, mark in found.items():
        is_right = (
            letters in numbers and letters in right and math.isclose(numbers[letters], right[letters], rel_tol=1e-9)
        )
        assert (mark == RIGHT) == is_right, (seed, row, letters, held, right, mark)


def test_nudging_is_exact_on_each_side_of_a_kink() -> None:
    """Where a nudge would cross a kink, the branch is that of the value itself."""
    from graddesc_xl.language.evaluate import evaluate

    w = Here("w")
    for value in (0.0, 1e-9, -1e-9, 0.3, -0.3):
        for expr, slope in (
            (call("relu", w), float(value > 0)),
            (call("abs", w) * w, 2 * abs(value)),
            (call("max", w, 2 * w), 2.0 if value >= 0 else 1.0),
            (call("min", w, 2 * w), 1.0 if value > 0 else 2.0),
        ):
            if value == 0.0 and expr.op in ("max", "min"):  # type: ignore[attr-defined]  # operators
                continue
            found = float(evaluate(by_nudging(expr, w, Const(0.01)), lambda _, v=value: v))  # type: ignore[misc]
            assert math.isclose(found, slope, rel_tol=1e-9, abs_tol=1e-12), (expr, value, found)
    assert polynomial(w * w / 2 - call("relu", w), w)
    assert not polynomial(1 / w, w)
    assert not polynomial(call("exp", w), w)


def nested(formula: str) -> int:
    """How deep the brackets of a formula are at most."""
    depths = itertools.accumulate({"(": 1, ")": -1}.get(char, 0) for char in re.sub('"[^"]*"', "", formula))
    return max(depths, default=0)


def test_a_large_model_has_as_many_hints_as_fit() -> None:
    """Of five neurons with Adam: a formula has 8,192 characters and 64 functions inside each other at most."""
    hidden = "; ".join(f"h{i} = tanh(a{i}*u + b{i}*v + c{i})" for i in range(5))
    e = gx.experiment(f"{hidden}; {' + '.join(f'd{i}*h{i}' for i in range(5))} + e", POINTS, optimizer="torch_adamw")
    behind = compose(Lesson("Large", [Exercise("fill in", "Fill in", e, steps=2)]), run_plan).composed["fill in"].behind
    assert behind is not None
    texts = [content.text for content in behind.formulas().values()]
    assert max(map(len, texts)) < 8_192
    assert 48 < max(map(nested, texts)) <= 60


def test_what_cannot_be_an_exercise() -> None:
    """Columns, steps and examples that there are not, and lessons without runs."""
    e = EXPERIMENTS["basic"]
    with pytest.raises(SettingError, match="Did you mean de/db or de/da"):
        Exercise("x", "x", e, ("de/dc",))
    with pytest.raises(SettingError, match="1 to the 29 steps"):
        Exercise("x", "x", e, steps=30)
    with pytest.raises(SettingError, match="0 to 4 can be worked out"):
        Exercise("x", "x", e, steps=5, worked=5)
    wide = " + ".join(f"a{i}*u**{i} + b{i}*v**{i}" for i in range(1, 16))
    with pytest.raises(SettingError, match=r"63 columns to fill in .* name at most 60"):
        compose(Lesson("Wide", [Exercise("x", "x", gx.experiment(wide, POINTS), ("all",))]), run_plan)
    with pytest.raises(SettingError, match="nothing to fill in"):
        exercise(LESSONS["first-steps"])
    with pytest.raises(SettingError, match="Did you mean basic"):
        exercise(LESSONS["graddesc"], sheets=["bsic"])


LIVING = gx.experiment("h = relu(a*u + b*v + k); c*h + d", POINTS, lr=0.01)
DEAD = replace(LIVING, values={**LIVING.values, "k": -9.0})


def test_columns_that_tell_nothing_are_not_asked(tmp_path: Path) -> None:
    """Of a neuron that is dead on all samples: its derivatives are 0, right or wrong. The sheet says so."""
    of = Exercise("fill in", "Fill in", DEAD)
    made = compose(Lesson("Empty", [of]), run_plan).composed["fill in"]
    assert made.filled is not None
    assert {a.column.title for a in made.filled.answers} == {"de/dh", "de/dd", "new d"}
    said = next(cell for _, cell, _ in made.sheet.every() if isinstance(cell, str) and cell.startswith("Not to be"))
    assert said.endswith("right or wrong: de/dk, de/da, de/db, de/dc, new a, new b, new k, new c.")
    with pytest.raises(SettingError, match="de/da, de/db would be the same in all rows"):
        Lesson("Dead", [replace(of, blank=("de/da", "de/db"))]).build(tmp_path / "x.xlsx")
    assert not [*tmp_path.iterdir()]


def test_numbers_that_overflow_are_not_asked() -> None:
    """Where a run has no numbers nothing can be filled in; fewer steps can."""
    e = gx.experiment("c*(a*u + b*v) + d", POINTS, lr=1000)
    with pytest.raises(SettingError, match=r"is no number from step \d on, .* take fewer steps"):
        compose(Lesson("Empty", [Exercise("fill in", "Fill in", e)]), run_plan)
    assert compose(Lesson("Empty", [Exercise("fill in", "Fill in", e, steps=2)]), run_plan)


def test_numbers_of_ones_own() -> None:
    """Two students have other starts and rates; one has the same again."""
    e = EXPERIMENTS["basic"]
    ada, grace = personal(e, "Ada"), personal(e, "Grace")
    assert ada.values == personal(e, "Ada").values
    assert ada.values != grace.values
    assert ada.values["lr"] != e.values.get("lr", 1e-4)


def test_worked_rows_have_the_plain_formulas(to_fill_in: Path) -> None:
    """An example of what to type: nothing lacks there."""
    held = reading.load(to_fill_in)
    texts = [held.formula("basic", TOP, column) for column in range(3, 11)]
    assert texts == [
        "I10",
        "J10",
        "C11+D11*A11",
        "(B11-E11)^2",
        "2*(E11-B11)",
        "G11*A11",
        "C11-G11*$E$6",
        "D11-H11*$E$6",
    ]
    assert str(held.formula("basic", TOP + 1, 3)).startswith("IF(")


def test_numbers_of_ones_own_can_be_filled_in() -> None:
    """Of two stacked neurons, which overflow at some rates, and of one that is dead from some starts."""
    runs = [EXPERIMENTS[name] for name in ("basic SGD 2 neuron collapse", "three neurons with ReLU")]
    for e, i in itertools.product(runs, range(12)):
        columns: dict[int, list[Value]] = {}
        for (_, column), value in solution(
            Exercise("fill in", "Fill in", personal(e, f"student {i}"), ("all",))
        ).items():
            columns.setdefault(column, []).append(value)
        assert all(isinstance(v, float) and math.isfinite(v) for v in itertools.chain(*columns.values())), (e.name, i)
        assert all(len({*values}) > 1 for values in columns.values()), (e.name, i)


def test_the_workbook_verifies(to_fill_in: Path, soffice: str, ssconvert: str) -> None:
    """Empty as it was built, in three spreadsheets; the row of starts holds no answer."""
    report = verify(to_fill_in, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok, report.to_dict()
    assert reading.load(to_fill_in).value("basic", STARTS, 9) == 1.0
