"""The fit: curves of an epoch to type, against NumPy apart from the package and in other spreadsheet programs."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graddesc_xl import Comparison, Experiment, Lesson, Question, Row, build, dataset, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.lessons import recipe
from graddesc_xl.parts.models import TWO_NEURONS_RELU, Model
from graddesc_xl.sheets.fit import POINTS, Fit
from graddesc_xl.sheets.picked import Of
from graddesc_xl.verification import reading
from parts import Parts
from spreadsheet import Spreadsheet
from test_kinds import rewritten

X = [4.0, 90.0, 33.0, 61.0, 12.0, 78.0, 50.0]
Y = [31.0, 188.0, 29.5, 75.0, 30.5, 141.0, 33.0]
EPOCHS = 6
DATA = dataset(X, Y, name="bend")
PLANE = dataset({"u": [1.0, 2.0, 4.0, 3.0], "v": [0.5, -1.0, 2.0, 1.5]}, [3.0, 1.0, 9.0, 7.0], name="plane")
TWO_INPUTS = Model("two_inputs", "", ("p", "q"), {"pred": "p*u + q*v"}, inputs=("u", "v"))
SCALES = {"scale_x": 50.0, "scale_y": 100.0}


def relu(lr: float, name: str = "relu", **weights: float) -> Experiment:
    """Two neurons with a ReLU on scaled samples."""
    values = {"lr": lr, "c": -1.0, **SCALES, **weights}
    return Experiment(
        name, model=TWO_NEURONS_RELU, data=DATA, epochs=EPOCHS, scaled=("x", "y"), discarded=0, values=values
    )


ROWS = Comparison(
    "starts",
    "Starts",
    "Two.",
    ("relu",),
    (Row("wins", (relu(0.05, c=1.0),)), Row("dies", (relu(0.05, a=-1.0, b=-1.0),))),
    typed=("a", "b", "c"),
)
LESSON = Lesson(
    "Fits",
    [
        Experiment("line", data=DATA, epochs=EPOCHS, values={"lr": 1e-5}),
        relu(0.05),
        Experiment("far", data=DATA, epochs=10, values={"lr": 0.01}),
        Experiment("plane", model=TWO_INPUTS, data=PLANE, epochs=4, values={"lr": 0.02}),
        ROWS,
        Fit("both", (Of("line", title="a line"), Of("relu"))),
        Fit("gone", (Of("far"),)),
        Fit("inputs", (Of("plane"),), epoch=4),
        Fit("some", (Of("starts", "relu: wins", "wins"), Of("starts", "relu: dies", "dies"), Of("line"))),
    ],
    questions=[
        Question(
            "How good?",
            "both",
            "{first} after 1, {now} as typed, {live # text} live; the line {best}; {dead # text} where it died.",
            {
                "first": "both: error at epoch | 1 | relu",
                "now": "both: error at epoch | typed | relu",
                "live": "both: live samples | typed | relu",
                "best": "both: best line",
                "dead": "some: live samples | 6 | dies",
            },
        )
    ],
)
#: the rows of a panel's typed line and of the sentence below it, and of the first further line
TYPED, SAID, LATER = 8, 9, 29


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with the fits of all sorts of runs."""
    return build(LESSON, tmp_path_factory.mktemp("fits")).path


@pytest.fixture
def book(path: Path) -> Spreadsheet:
    """It, open in IronCalc."""
    return Spreadsheet(reading.load(path))


def by_hand(lr: float, b: float, a: float, d: float, c: float) -> list[tuple[float, ...]]:
    """The weights b, a, d, c of the scaled ReLU model after each epoch, 0 included: SGD as one would write it."""
    found: list[tuple[float, ...]] = [(b, a, d, c)]
    for _ in range(EPOCHS):
        for x, y in zip(np.array(X) / 50, np.array(Y) / 100, strict=True):
            z = a * x + b
            hid = max(z, 0.0)
            up = 2 * (c * hid + d - y)
            back = up * c if z > 0 else 0.0
            b, a, d, c = b - lr * back, a - lr * back * x, d - lr * up, c - lr * up * hid
        found.append((b, a, d, c))
    return found


def predicted(weights: Sequence[float], xs: Any) -> Any:
    """What it predicts, in the units of the targets."""
    b, a, d, c = weights
    return 100 * (c * np.maximum(a * np.asarray(xs) / 50 + b, 0) + d)


@pytest.mark.parametrize("epoch", [0, 1, 3, 5, EPOCHS])
def test_the_typed_epoch_is_that_of_a_forward_pass_by_hand(book: Spreadsheet, epoch: int) -> None:
    """Weights, √Σe² with them held still, RMSE, live samples; of a straight line as well."""
    book.type_number("both", 4, 2, epoch)
    book.recalculate()
    weights = by_hand(0.05, 1.0, 1.0, 1.0, -1.0)[epoch]
    errors = predicted(weights, X) - Y
    row = [book.value("both", TYPED, column) for column in range(7, 15)]
    total = float(np.sqrt(errors @ errors))
    assert row[:5] == pytest.approx([epoch, *weights], rel=1e-12)
    assert row[5:7] == pytest.approx([total, total / len(X) ** 0.5], rel=1e-9)
    assert row[7] == sum(weights[1] * x / 50 + weights[0] > 0 for x in X)
    b, a = 1.0, 1.0
    for x, y in [*zip(X, Y, strict=True)] * epoch:
        gap = 2 * (b + a * x - y)
        b, a = b - 1e-5 * gap, a - 1e-5 * gap * x
    off = a * np.array(X) + b - Y
    line = [book.value("both", TYPED, column) for column in range(1, 6)]
    assert line[:4] == pytest.approx([epoch, b, a, float(np.sqrt(off @ off))], rel=1e-9)


def test_the_best_line_is_least_squares(book: Spreadsheet) -> None:
    """Slope, intercept and error are those of numpy.linalg.lstsq."""
    (slope, intercept), rest, *_ = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), np.array(Y), rcond=None)
    row = next(row for row in range(LATER, LATER + 9) if book.value("both", row, 1) == "best line")
    found = [book.value("both", row, column) for column in range(2, 6)]
    error = float(rest[0]) ** 0.5
    assert found == pytest.approx([intercept, slope, error, error / len(X) ** 0.5], rel=1e-9)


def curves(path: Path, sheet: str, chart: int = 0) -> dict[str, tuple[list[Any], list[Any]]]:
    """The curves of a chart as the file has them: name -> x and y."""
    parts = Parts(path)
    page = parts.page(sheet)
    found = {}
    for series in page.charts[chart].curves:
        name = series.name if isinstance(series.name, str) else parts.values(series.name)[0]
        found[str(name)] = (parts.values(series.x), parts.values(series.y))
    return found


def test_the_curve_is_the_model_over_the_range_of_the_samples(path: Path, book: Spreadsheet) -> None:
    """Sixty steps from a little below the smallest x to a little above the largest, of the epoch that is typed."""
    top = 8
    sheet = book.file
    column = next(c for c in range(1, 90) if sheet.value("both", 7, c) == "x")
    xs = np.linspace(4 - 4.3, 90 + 4.3, POINTS + 1)
    places = [c for c in range(1, 200) if sheet.value("both", 7, c) == "prediction"]
    assert [sheet.value("both", top + i, column) for i in range(POINTS + 1)] == pytest.approx([*xs], abs=1e-9)
    for epoch in (3, 0):
        book.type_number("both", 4, 2, epoch)
        book.recalculate()
        weights = by_hand(0.05, 1.0, 1.0, 1.0, -1.0)[epoch]
        found = [book.value("both", top + i, places[5]) for i in range(POINTS + 1)]
        assert found == pytest.approx([*predicted(weights, xs)], rel=1e-9)


def test_what_exploded_says_so(book: Spreadsheet) -> None:
    """No #NUM! where people read, a sentence instead of a curve; the start weights still have theirs."""
    book.type_number("gone", 4, 2, 10)
    book.recalculate()
    assert book.value("gone", SAID, 1) == "exploded: there is no curve left to draw"
    shown = [book.value("gone", row, column) for row in range(TYPED, LATER + 5) for column in range(1, 6)]
    assert not [value for value in shown if str(value).startswith("#")]
    book.type_number("gone", 4, 2, 0)
    book.recalculate()
    assert book.value("gone", SAID, 1) == "the thick line is the model with these weights"


def test_weights_that_are_no_numbers_read_as_dashes(book: Spreadsheet) -> None:
    """A rate of 1000, and the weights overflow: a dash in each cell."""
    row, column = next(at for at in book.file.used("far") if book.file.value("far", *at) == "lr")
    book.type_number("far", row, column + 1, 1000.0)
    book.type_number("gone", 4, 2, 10)
    book.recalculate()
    assert [book.value("gone", TYPED, column) for column in range(2, 6)] == ["–"] * 4
    assert book.value("gone", SAID, 1) == "no numbers: there is no curve to draw"


def test_a_closed_relu_says_so(book: Spreadsheet) -> None:
    """No sample live: it is named; runs of a comparison stand beside one of a sheet of its own."""
    book.recalculate()
    titles = [book.value("some", 6, column) for column in range(1, 25)]
    assert [title for title in titles if title] == ["wins", "dies", "line"]
    left = 1 + titles.index("dies")
    assert book.value("some", SAID, left) == "closed: z is 0 or less for all 7 samples"
    assert book.value("some", TYPED, left + 7) == 0.0


@pytest.mark.parametrize(("typed", "taken"), [(2.9, 2.0), (-3.0, 0.0), (99.0, 6.0)])
def test_any_number_is_an_epoch(book: Spreadsheet, typed: float, taken: float) -> None:
    """What is no whole epoch of the run is the nearest before it."""
    book.type_number("both", 4, 2, typed)
    book.recalculate()
    assert book.value("both", TYPED, 1) == book.value("both", TYPED, 7) == taken


def test_of_several_inputs_predictions_are_drawn_over_targets(path: Path, book: Spreadsheet) -> None:
    """Points: each sample as predicted over what it is; the diagonal."""
    p, q = 1.0, 1.0
    u, v, y = (np.array(column) for column in (*PLANE.inputs.values(), PLANE.y))
    for _ in range(4):
        for i in range(4):
            gap = 2 * (p * u[i] + q * v[i] - y[i])
            p, q = p - 0.02 * gap * u[i], q - 0.02 * gap * v[i]
    assert [book.value("inputs", TYPED, c) for c in (2, 3)] == pytest.approx([p, q], rel=1e-12)
    drawn = curves(path, "inputs")
    xs, ys = drawn["epoch 4"]
    assert xs == [3.0, 1.0, 9.0, 7.0] and ys == pytest.approx([*(p * u + q * v)], rel=1e-12)
    assert drawn["as they are"] == ([1.0, 9.0], [1.0, 9.0])


def test_its_figures_stand_in_sentences(book: Spreadsheet) -> None:
    """Errors and live samples of any of its epochs, by run."""
    book.recalculate()
    said = next(v for at in book.file.used("overview") if "after 1," in str(v := book.value("overview", *at)))
    runs = by_hand(0.05, 1.0, 1.0, 1.0, -1.0)
    first, now = (np.linalg.norm(predicted(runs[e], X) - Y) for e in (1, 3))
    live = sum(runs[3][1] * x / 50 + runs[3][0] > 0 for x in X)
    rest = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), np.array(Y), rcond=None)[1]
    assert said == (
        f"{first:.2f} after 1, {now:.2f} as typed, {live} live; the line {float(rest[0]) ** 0.5:.2f}; 0 where it died."
    )


def test_the_check_compares_it(book: Spreadsheet) -> None:
    """Its weights and errors agree with NumPy; another epoch typed, or another input of a run, is named."""

    def said() -> str:
        row = next(row for row in range(8, 30) if book.value("check", row, 1) == "both")
        return str(book.value("check", row, 6))

    book.recalculate()
    assert said() == "agrees with NumPy in 45 cells"
    book.type_number("both", 4, 2, 1.0)
    book.recalculate()
    assert said() == "inputs differ from the ones NumPy ran with: epoch"


def test_other_programs_compute_the_same(path: Path, soffice: str, ssconvert: str, tmp_path: Path) -> None:
    """As built, and once other epochs were typed."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok, [sheet for values in report.sets for sheet in values.sheets if not sheet.ok]
    book = Spreadsheet(reading.load(path))
    for sheet, epoch in (("both", 5), ("gone", 10), ("inputs", 1), ("some", 0)):
        book.type_number(sheet, 4, 2, epoch)
    book.recalculate()
    typed = verify(book.save(tmp_path / "typed.xlsx"), libreoffice=soffice, gnumeric=ssconvert)
    assert typed.ok, [sheet for values in typed.sets for sheet in values.sheets if not sheet.ok]
    assert {change.sheet: change.value for change in typed.changes} == {"both": 5, "gone": 10, "inputs": 1, "some": 0}


def cell(at: str) -> str:
    """The beginning of a cell's XML, up to its content."""
    return rf'(<c r="{at}"[^>]*>)'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (cell("G8") + r"<f>[^<]*</f>", r"\1<f>3</f>", "both!G8 holds =3, not"),
        (cell("H8") + r"(<f>.*?</f><v>)[^<]*<", r"\1\g<2>0.5<", "both.*H8"),
        (cell("L29") + r"(<f>.*?</f><v>)[^<]*<", r"\1\g<2>0.5<", "both.*L29"),
        (cell("G31") + r"<v>2\.0<", r"\1<v>1.0<", "both!G31 holds 1"),
        (r'<dataValidation [^>]*sqref="B4"', '<dataValidation type="decimal" sqref="B5"', "both"),
    ],
)
def test_verify_finds_what_is_wrong_in_it(old: str, new: str, said: str, path: Path, tmp_path: Path) -> None:
    """A formula, a value, an epoch, the rule of the cell to type into: each is named."""
    report = verify(rewritten(path, tmp_path / "wrong.xlsx", "both", old, new))
    wrong = [f"{s.sheet} {s.where}" for values in report.sets for s in values.sheets if not s.ok]
    assert not report.ok
    assert re.search(said, "\n".join([*report.problems, *wrong])), (report.problems, wrong)


def test_verify_finds_a_wrong_point_of_a_curve(path: Path, tmp_path: Path) -> None:
    """What charts draw is folded away, not out of sight."""
    held = reading.load(path)
    place = next(c for c in range(1, 200) if held.value("both", 7, c) == "drawn")
    from openpyxl.utils import get_column_letter

    at = f"{get_column_letter(place)}20"
    wrong = rewritten(path, tmp_path / "wrong.xlsx", "both", cell(at) + r"(<f[^>]*/?>.*?<v>)[^<]*<", r"\1\g<2>1<")
    report = verify(wrong)
    assert [s.where for s in report.sets[0].sheets if not s.ok] == [at]


def test_its_recipe_makes_it_again() -> None:
    """Its fields stand in the recipe."""
    text = recipe.spell(LESSON)
    assert '{ sheet = "line", title = "a line" }' in text
    assert recipe.read(text).kinds == LESSON.kinds


LINE, ROW = LESSON.parts[0], LESSON.parts[4]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Fit("f", ()), "shows no fit: name the runs"),
        (lambda: Lesson("L", [LINE, Fit("f", (Of("lime"),))]), r"'lime'.*Did you mean line"),
        (
            lambda: Lesson("L", [ROW, Fit("f", (Of("starts", "relu: win"),))]),
            "Did you mean relu: wins",
        ),
        (lambda: Lesson("L", [LINE, LESSON.parts[3], Fit("f", (Of("line"), Of("plane")))]), "different samples"),
    ],
)
def test_what_it_cannot_show_is_a_sentence(make: Callable[[], Any], said: str, tmp_path: Path) -> None:
    """No run, one that is not there, runs on different samples."""
    with pytest.raises(SettingError, match=said):
        build(make(), tmp_path)


def test_the_shipped_sheets_open_on_their_charts(workbook: Path, two_neurons: Path) -> None:
    """A chart per run, with samples and the best line, at most six curves, and what it shows for who cannot see it."""
    for file, count in ((workbook, 2), (two_neurons, 3)):
        charts = Parts(file).page("the fit").charts
        assert len(charts) == count
        for chart in range(count):
            drawn = curves(file, "the fit", chart)
            assert {"samples", "best line", "epoch 1", "epoch 2", "epoch 10"} <= {*drawn} and len(drawn) <= 6
            assert sum(name.endswith(", typed") for name in drawn) == 1
    with zipfile.ZipFile(workbook) as package:
        texts = "".join(package.read(name).decode() for name in package.namelist() if "drawing" in name)
    assert "the samples, and what the model predicts after the epoch typed above" in texts
