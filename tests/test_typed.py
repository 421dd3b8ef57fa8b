"""What people type into a workbook, and what they make one of, works or is one clear sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graddesc_xl import Dataset, Experiment, dataset, run, verify
from graddesc_xl.errors import WorkbookError
from graddesc_xl.lessons import LESSONS, Lesson
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.models import ONE_NEURON, Model
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.sheets.layout import Layout
from graddesc_xl.sheets.steps import Steps
from graddesc_xl.verification import libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.workbook.cells import a1
from graddesc_xl.workbook.sheet import Chart
from graddesc_xl.workbook.write import write
from spreadsheet import Spreadsheet, below

DATA = dataset([1.0, 4.0, 2.0, 7.0, 3.0], [3.0, 9.5, 5.0, 15.0, 7.5])
Written = Callable[..., Path]

#: the verdicts of the mirrored sheets as they are built
AS_BUILT = ["learning", "learning", "learning", "bouncing: 3.2 times its best epoch", "learning"]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A function that writes a workbook of the given experiments, which `verify` then knows."""

    def make(*experiments: Experiment, explodes: bool = False) -> Path:
        book = Lesson("Own", [Steps(e, explodes=explodes) for e in experiments], "A workbook of one's own.")
        monkeypatch.setitem(LESSONS, book.name, book)
        path = tmp_path / "own.xlsx"
        write(compose(book, run_plan).sheets, path, title=book.title, manifest={"book": book.name})
        return path

    return make


def line(bias: str, slope: str, *, slope_first: bool = False, **more: object) -> Model:
    """One neuron whose weights have the given names."""
    weights = (slope, bias) if slope_first else (bias, slope)
    about = {bias: "the bias", slope: "the slope", "pred": "the prediction"}
    lines = {"pred": f"{bias} + {slope}*x"}
    return Model("line", "a line", weights, lines, about, {slope: "slope", bias: "intercept"}, charted=slope)


def charts(model: Model, optimizer: str, data: Dataset = DATA, *, explodes: bool = False) -> Mapping[str, Chart]:
    """The charts of the sheet of an experiment, by their titles without the weight's name."""
    e = Experiment("own", "own", "About it.", OPTIMIZERS[optimizer], model=model, data=data, epochs=2, numerical=True)
    made = compose(Lesson("Own", [Steps(e, explodes=explodes)]), run_plan)
    return {chart.title: chart for chart in made.lists[0].of.sheet.charts}


@pytest.mark.parametrize("explodes", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "model",
    [line("u", "v"), line("b", "a", slope_first=True), line("avg_sq", "new"), line("w_1", "w_1_1")],
    ids=lambda m: " ".join(m.weights),
)
def test_a_weights_name_and_order_change_no_chart(model: Model, optimizer: str, explodes: bool) -> None:
    """As many charts with as many curves as with b and a, and the weights' own names in their titles."""
    found, usual = charts(model, optimizer, explodes=explodes), charts(ONE_NEURON, optimizer, explodes=explodes)
    slope = model.charted
    assert [*found] == [title.replace("by a", f"by {slope}").replace("de/da", f"de/d{slope}") for title in usual]
    for one, other in zip(found.values(), usual.values(), strict=True):
        assert sorted((s.y.bottom - s.y.top, s.second) for s in one.series) == sorted(
            (s.y.bottom - s.y.top, s.second) for s in other.series
        )


@pytest.mark.parametrize("names", [("u", "v"), ("avg_sq", "new"), ("w_1", "w_1_1")])
def test_a_workbook_whose_weights_have_other_names_is_verified(names: tuple[str, str], written: Written) -> None:
    """Every optimizer, whatever the weights are called: the numbers are those of b and a, and verify agrees."""
    model = line(*names)
    experiments = [
        Experiment(o, o, "About it.", OPTIMIZERS[o], model=model, data=DATA, epochs=2, values={"lr": 1e-3})
        for o in OPTIMIZERS
    ]
    for e in experiments:
        assert np.array_equal(run(e).errors, run(replace(e, model=ONE_NEURON)).errors), e.name
    report = verify(written(*experiments))
    assert report.ok, report


def two_gates(dead: int) -> Model:
    """c·max(a·x + b, 0) + f·max(d·x + e, 0): two neurons side by side, each with a ReLU."""
    lines = {"z": "a*x + b", "g": "max(z, 0)", "q": "d*x + e", "k": "max(q, 0)", "pred": "c*g + f*k"}
    gates = {"z": ("b", "a", "c"), "q": ("e", "d", "f")}
    about = dict.fromkeys([*"abcdef", *lines], "a quantity")
    return Model("two_gates", f"gate {dead} is dead", tuple("abcdef"), lines, about, {}, gates=gates)


@pytest.mark.parametrize("dead", [1, 2])
def test_any_gate_that_is_dead_is_told_by_library_and_sheet(dead: int, written: Written) -> None:
    """A closed first or second ReLU: the verdict of the library, the cell, IronCalc and verify are one."""
    shut = {"a": -1.0, "b": -1.0} if dead == 1 else {"d": -1.0, "e": -1.0}
    values = {"lr": 1e-3, **dict.fromkeys("abcdef", 0.5), **shut}
    e = Experiment("gates", "Gates", "About.", OPTIMIZERS["sgd"], two_gates(dead), DATA, epochs=3, values=values)
    assert str(run(e).verdict) == "dead ReLU since step 1"
    path = written(e)
    assert verdicts(path) == ["dead ReLU since step 1"]
    assert verify(path).ok
    lively = replace(e, values={"lr": 1e-3, **dict.fromkeys("abcdef", 0.5)})
    assert str(run(lively).verdict) == "learning"
    assert verdicts(written(lively)) == ["learning"]


def test_a_gate_behind_another_is_judged_by_all_that_leads_to_it(written: Written) -> None:
    """A second ReLU over the first one's output: its pre-activation is written out down to weights and samples."""
    lines = {"z": "a*x + b", "g": "max(z, 0)", "q": "c*g + d", "pred": "max(q, 0)"}
    about = dict.fromkeys([*"abcd", *lines], "a quantity")
    gates = {"z": ("b", "a"), "q": ("b", "a", "c", "d")}
    model = Model("deep", "a gate behind a gate", tuple("abcd"), lines, about, {}, gates=gates)
    values = {"lr": 1e-3, "a": 0.5, "b": 0.5, "c": -1.0, "d": -1.0}
    e = Experiment("deep", "Deep", "About.", OPTIMIZERS["sgd"], model, DATA, epochs=3, values=values)
    assert str(run(e).verdict) == "dead ReLU since step 1"
    path = written(e)
    assert verdicts(path) == ["dead ReLU since step 1"]
    assert verify(path).ok


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_workbook_of_few_samples_is_verified(count: int, written: Written) -> None:
    """One, two and three samples, with every optimizer."""
    data = dataset(DATA.inputs["x"][:count], DATA.ys[:count].tolist())
    experiments = [
        Experiment(o, o, "About it.", OPTIMIZERS[o], data=data, epochs=3, numerical=True, values={"lr": 1e-3})
        for o in OPTIMIZERS
    ]
    report = verify(written(*experiments))
    assert report.ok, report


def overview(model: Spreadsheet, title: str = "verdict") -> list[object]:
    """What stands below a title of the overview."""
    return [*below(model, "overview", title).values()]


def verdicts(path: Path) -> list[object]:
    """The verdicts on the overview after IronCalc computed it."""
    model = Spreadsheet(reading.load(path))
    model.recalculate()
    return overview(model)


@pytest.fixture(scope="module")
def neurons(two_neurons: Path) -> Spreadsheet:
    """The workbook about two neurons open in IronCalc."""
    return Spreadsheet(reading.load(two_neurons))


@pytest.fixture(scope="module")
def runs(mirrored_runs: Path) -> Spreadsheet:
    """The mirrored sheets open in IronCalc."""
    return Spreadsheet(reading.load(mirrored_runs))


@pytest.fixture
def typed(runs: Spreadsheet, tmp_path: Path) -> Callable[..., tuple[Spreadsheet, Path]]:
    """A function that changes a workbook as a person would, by IronCalc, computes it and saves it."""

    def change(
        how: Callable[[Any, Mapping[str, int]], object], of: Spreadsheet = runs, *, saved: bool = True
    ) -> tuple[Spreadsheet, Path]:
        model, path = of.copy(), tmp_path / "typed.xlsx"
        how(model.model, model.sheets)
        model.recalculate()
        return model, model.save(path) if saved else path

    return change


STATUS = ("data", 5, 5)


@pytest.mark.parametrize(
    ("cell", "content", "name"),
    [
        ((9, 2), "five", "data!B9"),
        ((9, 2), "", "data!B9"),
        ((9, 3), "five", "data!C9"),
        ((9, 3), "", "data!C9"),
        ((9, 3), "#N/A", "data!C9"),
        ((5, 2), "TRUE", "data!B5"),
        ((33, 2), "five", "data!B33"),
        ((1, 3), "five", "data!C1"),
    ],
)
def test_a_sample_without_a_number_is_named(typed: Any, cell: tuple[int, int], content: str, name: str) -> None:
    """Text, nothing, an error, a boolean in a sample: data, every verdict and verify name the cell, and no #VALUE!."""
    model, path = typed(lambda m, s: m.set_user_input(s["data"], *cell, content))
    assert name in model.value(*STATUS)
    assert overview(model) == [f"no number in {name}"] * 5
    with pytest.raises(WorkbookError, match=rf"{name} \(.*must hold a number, not .*Type a number"):
        verify(path)


def test_libreoffice_names_what_ironcalc_names(typed: Any, soffice: str) -> None:
    """A text, a 30th sample and an inserted row as LibreOffice computes them: the same sentences."""

    def spoil(model: Any, sheets: Mapping[str, int]) -> None:
        model.set_user_input(sheets["basic"], 1, 6, "fast")
        model.insert_rows(sheets["data"], 12, 1)
        model.set_user_input(sheets["data"], 35, 2, "50")

    model, path = typed(spoil)
    with libreoffice.recalculated(path, soffice, Limits(180)) as copy:
        theirs = reading.load(copy)
        assert theirs.value(*STATUS) == model.value(*STATUS) == "29 samples are used; rows below row 34 are not."
        found = below(theirs, "overview", "verdict")
        assert found == below(model, "overview", "verdict")
        assert [*found.values()] == ["no number in basic!F1", *AS_BUILT[1:]]


def test_cleared_samples_are_named(typed: Any) -> None:
    """Three cleared samples do not train on (0, 0) in silence: the first is named."""
    model, path = typed(lambda m, s: m.range_clear_contents(s["data"], 10, 2, 12, 3))
    assert model.value(*STATUS) == "There is no number in data!B10: each of the 29 samples needs its x and y."
    assert {*overview(model)} == {"no number in data!B10"}
    with pytest.raises(WorkbookError, match=r"data!B10 \(x\) must hold a number, not nothing"):
        verify(path)


def test_answers_name_the_sample_without_a_number(neurons: Spreadsheet, typed: Any) -> None:
    """Text in one x leaves no #VALUE! in the answers of two-neurons, nor in any verdict."""
    model, _ = typed(lambda m, s: m.set_user_input(s["data"], 9, 2, "five"), neurons, saved=False)
    answers = overview(model, "answer, from the cells of that sheet")
    assert answers == ["There is no number in data!B9: no run means anything."] * 10
    assert {*overview(model)} == {"no number in data!B9"}
    assert model.value("learning rates", *comparison_verdict(model)) == "no number in data!B9"


def test_answers_that_quote_no_number_say_so(neurons: Spreadsheet, typed: Any) -> None:
    """Text in a weight of the speed limit: the answers that need it name its cell, and none shows an error."""
    model, _ = typed(lambda m, s: m.set_user_input(s["speed limit"], 7, 9, "one"), neurons, saved=False)
    answers = overview(model, "answer, from the cells of that sheet")
    assert all(isinstance(answer, str) for answer in answers)
    assert "first at step: no number in speed limit!I7, one: no number in speed limit!I7." in str(answers[1])


def comparison_verdict(model: Spreadsheet) -> tuple[int, int]:
    """The cell of the first verdict of the sheet learning rates."""
    return next(
        (row + 1, column)
        for row in range(1, 30)
        for column in range(1, 12)
        if model.value("learning rates", row, column) == "verdict"
    )


@pytest.mark.parametrize(
    ("content", "found"),
    [("fast", "'fast'"), ("", "nothing"), ("TRUE", "TRUE"), ("#N/A", "#N/A")],
)
def test_an_input_without_a_number_is_named(typed: Any, content: str, found: str) -> None:
    """Whatever stands in an input cell instead of a number is named by the verdict of its sheet and by verify."""
    model, path = typed(lambda m, s: m.set_user_input(s["basic"], 1, 6, content))
    assert overview(model)[0] == "no number in basic!F1"
    assert overview(model)[1] == "learning"
    with pytest.raises(WorkbookError, match=rf"basic!F1 \(learn\) must hold a number, not {found}\. Type .*0\.0001"):
        verify(path)


def test_a_boolean_as_switch_is_named(few_neurons: Path, typed: Any) -> None:
    """=FALSE() where 1 or 0 chooses the derivatives: the verdict names the cell, verify says what to type."""
    name = "basic SGD 2 neuron ReLU"
    at = next(i for i, e in enumerate(LESSONS["two-neurons"].experiments) if e.name == name)
    plan = LESSONS["two-neurons"].experiments[at].plan
    cell = Layout(plan, 29).cell("driver")
    model, path = typed(
        lambda m, s: m.set_user_input(s[name], *cell, "=FALSE()"), Spreadsheet(reading.load(few_neurons))
    )
    assert f"no number in {name}!{a1(*cell)}" in overview(model)
    with pytest.raises(WorkbookError, match=rf"{a1(*cell)} .*the formula =FALSE\(\)\. Type 1 for numerical or 0 for"):
        verify(path)


def test_a_sample_below_the_last_is_named(typed: Any) -> None:
    """A 30th sample is not used, and neither the sheet nor verify keep that to themselves."""

    def add(model: Any, sheets: Mapping[str, int]) -> None:
        for column, value in ((2, "50"), (3, "130")):
            model.set_user_input(sheets["data"], 34, column, value)

    model, path = typed(add)
    assert model.value(*STATUS) == "29 samples are used; rows below row 33 are not."
    report = verify(path)
    assert not report.ok
    assert any(said.startswith("data!B34 is not used: the samples are in the rows 5 to 33") for said in report.problems)


def test_a_row_inserted_among_the_samples_is_no_other_sample(typed: Any) -> None:
    """The runs stay what they are, the data sheet says that the row is not used, check sees no other x or y."""
    model, path = typed(lambda m, s: m.insert_rows(s["data"], 12, 1))
    assert model.value("data", 5, 5) == "A row was inserted among the samples: it is not used."
    assert overview(model) == AS_BUILT
    assert not any("differ" in str(said) for said in overview(model, "against NumPy"))
    report = verify(path)
    assert not report.ok
    assert report.problems == (
        "data: a row was inserted above row 12. Delete what was inserted: every cell must stand where it was.",
    )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda m, s: m.insert_rows(s["basic"], 12, 1), "basic: a row was inserted above row 12."),
        (lambda m, s: m.insert_rows(s["basic"], 1, 2), "basic: 2 rows were inserted above row 1."),
        (lambda m, s: m.insert_columns(s["adam"], 5, 1), "adam: a column was inserted before column E."),
        (lambda m, s: m.delete_rows(s["basic"], 40, 1), "basic: a row is gone, at row 66 or before."),
        (lambda m, s: m.delete_columns(s["momentum"], 12, 1), "momentum: a column is gone, at column L or before."),
        (
            lambda m, s: m.rename_sheet(s["rmsprop"], "mine"),
            "The sheet rmsprop is gone; the sheet mine holds what belongs there: rename it rmsprop.",
        ),
    ],
)
def test_what_moved_is_told_in_one_sentence(typed: Any, how: Any, said: str) -> None:
    """Inserted and deleted rows and columns, and renamed sheets, instead of hundreds of differences."""
    _, path = typed(how)
    report = verify(path)
    assert not report.ok
    assert len(report.problems) == 1
    assert report.problems[0].startswith(said)


def test_a_cleared_row_is_not_a_deleted_one(typed: Any) -> None:
    """Cells that were emptied are named one by one."""
    _, path = typed(lambda m, s: m.range_clear_contents(s["basic"], 12, 3, 12, 14))
    problems = verify(path).problems
    assert not any("inserted" in said or "is gone" in said for said in problems)
    assert any(said.startswith("basic!C12 (b) holds") for said in problems)


def test_the_digits_that_a_file_holds_are_used(typed: Any) -> None:
    """Inputs and samples of 17 digits, as pasted: verify computes with exactly these."""

    def paste(model: Any, sheets: Mapping[str, int]) -> None:
        model.update_cell_with_number(sheets["basic"], 1, 6, 1.0000000000000002e-05)
        model.update_cell_with_number(sheets["data"], 7, 2, 28.000000000000004)
        model.update_cell_with_number(sheets["momentum"], 1, 3, 0.1 + 0.2)

    _, path = typed(paste)
    report = verify(path)
    assert report.inputs["basic"]["lr"] == 1.0000000000000002e-05
    assert report.inputs["momentum"]["b"] == 0.1 + 0.2
    assert report.ok, report.problems
    assert max(sheet.worst for sheet in report.sets[0].sheets if sheet.sheet in ("basic", "momentum")) < 1e-15
