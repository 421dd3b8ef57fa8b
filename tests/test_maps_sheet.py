"""Maps of runs: as a picture, as a sheet, and the shipped ones."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest

from graddesc_xl import Experiment, Lesson, build, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.experiments import CARRIES
from graddesc_xl.lessons import recipe
from graddesc_xl.lessons.composing import Composition, compose
from graddesc_xl.lessons.mapped import map_of
from graddesc_xl.lessons.maps import BEST, DATA, MAPS
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.numbers.verdict import KINDS
from graddesc_xl.parts.data import GRADDESC
from graddesc_xl.parts.models import TWO_NEURONS_RELU
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.sheets import map_run
from graddesc_xl.sheets.run_map import RunMap
from graddesc_xl.sweeps import Sweep
from graddesc_xl.sweeps.colours import COLOURS, LETTERS, error_bands, shades, step_bands, weight_bands
from graddesc_xl.verification import reading
from graddesc_xl.workbook.paper import paper
from graddesc_xl.workbook.paper import printed as printed_cells
from graddesc_xl.workbook.reference import Cell, worth
from spreadsheet import Spreadsheet
from test_kinds import rewritten
from test_paper import SMALLEST, printed
from test_portable import SHARED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

mpl.use("Agg")
SCALED = Experiment(
    "scaled", model=TWO_NEURONS_RELU, epochs=3, scaled=("x", "y"), values={"scale_x": 50.0, "scale_y": 100.0}
)


@pytest.fixture(scope="module")
def swept() -> Sweep:
    """Runs that learn, die and explode."""
    return SCALED.sweep(lr=np.geomspace(1e-2, 10, 9), a=np.linspace(-3, 3, 5))


def brightness(color: str) -> float:
    """How bright a colour is, as eyes weigh its parts."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_every_verdict_has_a_colour_and_a_letter_of_its_own() -> None:
    """What matters most is told apart by its brightness alone: learning, settled, dead and exploded."""
    assert {*COLOURS} == {*LETTERS} == {*KINDS}
    assert len({*COLOURS.values()}) == len({*LETTERS.values()}) == len(KINDS)
    lights = sorted(brightness(COLOURS[kind]) for kind in ("learning", "settled", "stuck"))
    assert min(np.diff(lights)) > 10
    ramp = [brightness(color) for color in shades(7)]
    assert ramp == sorted(ramp, reverse=True) and min(-np.diff(ramp)) > 15


def test_bands_span_what_did_not_explode(swept: Sweep) -> None:
    """Colours are spread over the errors of calm runs, evenly in their logarithm; an explosion does not count."""
    bands = error_bands(swept, 7)
    calm = swept.error[swept.kind != KINDS.index("exploded")]
    assert len(bands) == 7 and bands == sorted(bands)
    assert swept.error[np.isfinite(swept.error)].max() > 10 * bands[-1]
    assert calm.max() <= bands[-1] < 2 * calm.max()
    steps = np.diff(np.log(bands))
    assert steps.max() < 1.3 * steps.min()
    assert step_bands(swept, 7)[-1] >= swept.step.max()
    assert len(weight_bands(swept.weights["a"], swept, 7)) == 7


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan, np.inf])
def test_bands_of_one_number_are_several_all_the_same(swept: Sweep, value: float) -> None:
    """Runs that all end alike, or with no number, have colours too."""
    assert len({*weight_bands(np.full(swept.shape, value), swept, 7)}) == 7
    same = SCALED.sweep(lr=[1e-3, 1e-3])
    assert len({*error_bands(same, 7)}) == 7 and step_bands(same, 7)
    lost = SCALED.sweep(lr=[10.0, 9.0])
    assert len({*error_bands(lost, 7)}) == 7


def mesh(axes: Axes) -> Any:
    """The numbers of a map, and nan where it shows none: a row per value of the axis that goes up."""
    drawn: Any = axes.collections[0]
    return np.ma.filled(drawn.get_array(), np.nan)


def test_a_picture_of_two_inputs_shows_every_run(swept: Sweep) -> None:
    """Errors and verdicts stand where their inputs are, and the run that is best is ringed."""
    errors, _, verdicts = swept.plot().axes
    assert (mesh(verdicts) == swept.kind.T).all()
    shown = mesh(errors)
    assert np.isnan(shown[:, -1]).all() and np.isfinite(shown[:, 0]).all()
    assert shown[0, 0] == swept.error[0, 0]
    for axes in (errors, verdicts):
        (ring,) = axes.lines
        at: Any = ring.get_data()
        assert tuple(float(end) for (end,) in at) == tuple(swept.grid.at(swept.best).values())
        assert (axes.get_xlabel(), axes.get_xscale(), axes.get_ylabel(), axes.get_yscale()) == (
            *("lr", "log"),
            *("a", "linear"),
        )
    legend = verdicts.get_legend()
    assert legend and {text.get_text() for text in legend.get_texts()} == {*np.unique(swept.verdicts)}


def test_values_in_any_order_make_the_same_picture(swept: Sweep) -> None:
    """An axis rises, however its values were given."""
    turned = SCALED.sweep(lr=np.geomspace(1e-2, 10, 9)[::-1], a=np.linspace(-3, 3, 5)[::-1])
    for one, other in zip(swept.plot().axes[::2], turned.plot().axes[::2], strict=True):
        assert np.array_equal(mesh(one), mesh(other), equal_nan=True)


def test_a_picture_of_one_input_is_a_curve() -> None:
    """Errors over the input before the colours of the verdicts; what is no number leaves a gap."""
    line = SCALED.sweep(lr=np.geomspace(1e-3, 10, 9))
    (axes,) = line.plot().axes
    (curve,) = axes.lines
    found = np.asarray(curve.get_ydata(), dtype=float)
    assert np.isnan(found[-1]) and (found[:6] == line.error[:6]).all()
    assert len(axes.patches) == 9 and axes.get_xscale() == axes.get_yscale() == "log"


def test_one_run_and_no_number_are_pictures_too() -> None:
    """An axis of one value, and a sweep of which every run exploded."""
    assert SCALED.sweep(lr=[0.1]).plot().axes
    assert SCALED.sweep(lr=[10.0, 20.0], a=[1.0]).plot().axes


def test_of_three_inputs_there_is_no_picture() -> None:
    """It says what to do instead."""
    swept = SCALED.sweep(lr=[0.1, 0.2], a=[1.0], b=[1.0, 2.0], epochs=1)
    with pytest.raises(SettingError, match=r"over 3 inputs, lr, a, b: give all but two of them one number.*'b': 1"):
        swept.plot()


#: as the sheet is made in the tests below
LRS, STARTS = np.geomspace(1e-2, 10, 7), np.linspace(-3, 3, 5)
SMALL = replace(SCALED, name="small", epochs=2)
MAP = RunMap("map", SMALL, "lr=0.01..10:log:7", "a=-3..3:5", ("error", "verdict", "step", "a"))
LINE = RunMap("over one", SMALL, "lr=0.01..10:log:7", shows=("error", "verdict"))
LESSON = Lesson("Mapped", [MAP, LINE])


@pytest.fixture(scope="module")
def composition() -> Composition:
    """The sheets of both maps."""
    return compose(LESSON, run_plan)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their workbook."""
    return build(LESSON, tmp_path_factory.mktemp("maps")).path


@pytest.fixture
def book(path: Path) -> Spreadsheet:
    """It, open in IronCalc."""
    return Spreadsheet(reading.load(path))


def by_hand(lr: float, a: float) -> tuple[float, float]:
    """√Σe² of the second epoch of two neurons with a ReLU on scaled samples, and the last a: apart from the package."""
    b = c = d = 1.0
    total = 0.0
    with np.errstate(all="ignore"):
        for _ in range(2):
            total = 0.0
            for x, y in zip(GRADDESC.column("x") / 50.0, GRADDESC.ys / 100.0, strict=True):
                z = a * x + b
                hid = max(z, 0.0)
                gap = c * hid + d - y
                back = 2 * gap * c if z > 0 else 0.0
                total += (100.0 * gap) ** 2
                a, b, c, d = a - lr * back * x, b - lr * back, c - lr * 2 * gap * hid, d - lr * 2 * gap
    return float(np.sqrt(total)), float(a)


def at(composition: Composition, figure: str, sheet: str = "map") -> tuple[int, int]:
    """Where a figure of the map lives."""
    cell = composition.composed[sheet].figure(figure)
    assert isinstance(cell, Cell) and cell.sheet.name == sheet
    return cell.row, cell.column


def found(book: Spreadsheet, name: str) -> list[list[Any]]:
    """What a panel of the map holds, from the top, as the file has it."""
    top, left = map_corner(name)
    return [[book.file.value("map", top + i, left + j) for j in range(LRS.size)] for i in range(STARTS.size)]


def map_corner(name: str) -> tuple[int, int]:
    """Where a panel begins: two beside one another, each with room for its legend."""
    number = MAP.shows.index(name)
    return 12 + number // 2 * (STARTS.size + 5), 3 + number % 2 * 9


def test_each_cell_is_a_run(book: Spreadsheet) -> None:
    """Errors and weights are those of a loop apart from the package, verdicts those of single runs."""
    errors, verdicts, steps, weights = (found(book, name) for name in MAP.shows)
    for i, a in enumerate(STARTS[::-1].tolist()):
        for j, lr in enumerate(LRS.tolist()):
            trace = SMALL.run({"lr": float(f"{lr:.15g}"), "a": a})
            assert (verdicts[i][j], steps[i][j]) == (trace.verdict.kind, trace.verdict.step or "–")
            error, last = by_hand(lr, a)
            if trace.verdict.kind != "exploded":
                assert (errors[i][j], weights[i][j]) == (pytest.approx(error, rel=1e-9), pytest.approx(last, rel=1e-9))
            elif not np.isfinite(trace.errors[-1]):
                assert errors[i][j] == "–"
    assert {kind for row in verdicts for kind in row} >= {"learning", "dead ReLU", "exploded"}


def test_the_axes_hold_their_values(book: Spreadsheet) -> None:
    """Above the columns and beside the rows of each panel."""
    for name in MAP.shows[:2]:
        _, left = map_corner(name)
        assert [book.file.value("map", 11, left + j) for j in range(7)] == pytest.approx(LRS.tolist(), rel=1e-14)
    for name in MAP.shows[::2]:
        top, _ = map_corner(name)
        assert [book.file.value("map", top + i, 2) for i in range(5)] == STARTS[::-1].tolist()
        assert book.file.value("map", top - 2, 1) == "a ↑  lr →"


@pytest.mark.parametrize(
    ("lr", "a", "nearest"),
    [(0.01, -3.0, (0, 0)), (0.09, 0.7, (2, 2)), (0.31, 0.8, (3, 3)), (10.0, 3.0, (6, 4)), (1.7, -1.4, (4, 1))],
)
def test_any_run_can_be_picked(
    book: Spreadsheet, composition: Composition, lr: float, a: float, nearest: tuple[int, int]
) -> None:
    """What is typed picks the nearest run of the map; run live, it says what the map says."""
    for name, value in (("lr", lr), ("a", a)):
        book.type_number("map", *at(composition, f"input | {name}"), value)
    book.recalculate()

    def worth_of(figure: str) -> Any:
        return book.value("map", *at(composition, figure))

    swept = MAP.swept(GRADDESC)
    assert worth_of("picked | lr") == swept.grid.axes[0].values[nearest[0]]
    assert worth_of("picked | a") == swept.grid.axes[1].values[nearest[1]]
    error, verdict = float(swept.error[nearest]), swept.verdict(*nearest)
    assert worth_of("map | error") == (error if np.isfinite(error) else "–")
    assert (worth_of("map | verdict"), worth_of("live | verdict")) == (verdict.kind, verdict.kind)
    assert worth_of("map | step") == worth_of("live | step") == (verdict.step or "–")
    if verdict.kind != "exploded":
        assert worth_of("live | error") == pytest.approx(error, rel=1e-9, abs=1e-9)
    row, column = at(composition, "live | step")
    assert book.value("map", row + 1, column - 2) == "Both say the same."


def test_as_built_the_best_run_is_picked(book: Spreadsheet, composition: Composition) -> None:
    """Its cells hold few digits, and the map names it in a sentence."""
    swept = MAP.swept(GRADDESC)
    best = swept.grid.at(swept.best)
    for name in ("lr", "a"):
        assert book.value("map", *at(composition, f"picked | {name}")) == best[name]
        assert book.value("map", *at(composition, f"best | {name}")) == best[name]
    assert len(str(book.value("map", *at(composition, "input | lr")))) <= 5
    assert book.value("map", *at(composition, "best")) == swept.error.min() if np.isfinite(swept.error).all() else True
    said = book.value("map", 3, 1)
    assert said == f"Of 35 runs the lowest error is {swept.error[swept.best]:.3g}, at lr = 0.1, a = 3."
    assert book.value("map", 7, 1) == map_run.CONSTANTS


def test_other_inputs_and_samples_are_told(book: Spreadsheet, composition: Composition) -> None:
    """A sample or an input that the map was not made with: the live run has it, and the sheet says so."""
    row, column = next(place for place in book.file.used("map") if book.file.value("map", *place) == "c")
    step_row, step = at(composition, "live | step")
    agrees = step_row + 1, step - 2
    for sheet, where, value, named in (
        ("map", (row, column + 1), 0.5, "c"),
        ("data", (5, 2), 15.0, "c, x of the samples, y of the samples"),
    ):
        book.type_number(sheet, *where, value)
        book.recalculate()
        assert book.value("map", 7, 1) == f"{map_run.OTHERS}{named}."
        assert book.value("map", *agrees) == "The live run has other inputs or samples."
    map_error, live = (book.value("map", *at(composition, f"{which} | error")) for which in ("map", "live"))
    assert map_error == MAP.swept(GRADDESC).error.min() and live != pytest.approx(map_error, rel=1e-3)


def test_a_text_picks_nothing(book: Spreadsheet, composition: Composition) -> None:
    """It is told what is missing, and the map stays."""
    book.type_text("map", *at(composition, "input | lr"), "fast")
    book.recalculate()
    assert book.value("map", 3, 1).startswith("Of 35 runs the lowest error")
    assert book.value("map", *at(composition, "live | verdict")) == "no number"


def test_borders_are_found_by_the_map(composition: Composition) -> None:
    """Up to which rate no run is lost, and from which on all are: by counting apart."""
    swept, figure = MAP.swept(GRADDESC), composition.composed["map"].figure
    rates = swept.grid.axes[0].values
    for kind in ("exploded", "dead ReLU"):
        lost = swept.kind == KINDS.index(kind)
        some, every = np.flatnonzero(lost.any(axis=1)), np.flatnonzero(lost.all(axis=1))
        assert worth(figure(f"count | {kind}")) == lost.sum()
        assert worth(figure(f"first with | {kind}")) == rates[some[0]]
        assert worth(figure(f"last without | {kind}")) == (rates[some[0] - 1] if some[0] else "–")
        assert worth(figure(f"first all | {kind}")) == (rates[every[0]] if every.size else "–")
    assert worth(figure("count | bouncing")) == 0
    assert worth(figure("first with | bouncing")) == worth(figure("first all | bouncing")) == "–"
    assert worth(figure("last without | bouncing")) == rates[-1]


def test_over_one_input_it_is_a_table(book: Spreadsheet, composition: Composition) -> None:
    """A row per value, with its error and its verdict as they are; a value typed picks its row."""
    swept = LINE.swept(GRADDESC)
    for i, lr in enumerate(swept.grid.axes[0].values.tolist()):
        held = [book.file.value("over one", 12 + i, column) for column in (2, 3, 4)]
        error = float(swept.error[i])
        assert held == [lr, error if np.isfinite(error) else "–", swept.verdict(i).kind]
    book.type_number("over one", *at(composition, "input | lr", "over one"), 0.3)
    book.recalculate()
    assert book.value("over one", *at(composition, "map | error", "over one")) == swept.error[3]
    assert book.value("over one", *at(composition, "live | error", "over one")) == pytest.approx(swept.error[3])


def test_all_programs_compute_it_alike(path: Path, soffice: str, ssconvert: str) -> None:
    """Every cell of both maps, in the file and in three programs."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok, [*report.problems, *(s for values in report.sets for s in values.sheets if not s.ok)]


@pytest.mark.parametrize(
    ("sheet", "old", "new", "said"),
    [
        ("map", r'(<c r="D13"[^>]*><v>)[^<]*<', r"\g<1>2.5<", "map!D13 holds 2.5, not"),
        ("map", r'(<c r="L16"[^>]*>)<is><t[^>]*>[^<]*<', r"\1<is><t>settled<", "map!L16 holds 'settled', not"),
        ("map", r'(<c r="C11"[^>]*><v>)[^<]*<', r"\g<1>0.02<", "map!C11 holds 0.02, not 0.01"),
        ("map", r'(<c r="A3"[^>]*><f>.*?</f><v>)[^<]*<', r"\1All is well.<", "map A3"),
        ("map steps", r'(<c r="H30"[^>]*>)<f[^>]*/>', r"\1<f>2.5</f>", "map steps!H30"),
        ("map steps", r'(<c r="H30"[^>]*><f[^>]*/?>(?:[^<]*</f>)?<v>)[^<]*<', r"\g<1>2.5<", "map steps"),
        ("over one", r'(<c r="C13"[^>]*><v>)[^<]*<', r"\g<1>2.5<", "over one!C13 holds 2.5, not"),
    ],
)
def test_verify_names_what_is_wrong_in_it(
    sheet: str, old: str, new: str, said: str, path: Path, tmp_path: Path
) -> None:
    """A run of the map, its verdict, a value of an axis, a sentence, a step of the live run."""
    report = verify(rewritten(path, tmp_path / "wrong.xlsx", sheet, old, new))
    wrong = [f"{s.sheet} {s.where}" for values in report.sets for s in values.sheets if not s.ok]
    assert not report.ok
    assert re.search(said, "\n".join([*report.problems, *wrong])), (report.problems, wrong)


def test_the_check_speaks_of_the_live_run_alone(composition: Composition) -> None:
    """What it compares is the steps of the picked run: of the map's constants it says nothing."""
    sheet = next(each for each in composition.sheets if each.name == "check")
    names = {sheet.value(row, 2) for row in range(8, 40)}
    assert "the picked run" in names
    assert not [name for name in names if isinstance(name, str) and "error" in name]


def test_its_recipe_makes_it_again() -> None:
    """Axes stand in it as they are typed."""
    text = recipe.spell(LESSON)
    assert 'across = "lr=0.01..10:log:7"\nup = "a=-3..3:5"' in text
    assert recipe.read(text).kinds == LESSON.kinds


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"across": "lr=0.01..10:log:2000"}, "lr has 2,000 values, and an axis of a map 250 at most: take fewer"),
        ({"across": "lr=0.2,0.1"}, "write the values of lr in rising order, each once"),
        ({"up": "lr=1..2"}, "both axes are lr: name another input, or leave one out"),
        ({"across": "lr=2..1"}, "the range is reversed"),
        ({"shows": ("error",)}, "shows error and verdict, and what else you name"),
        ({"shows": ("error", "verdict", "slope")}, "a map shows error, verdict, step, b, a, d, c, not 'slope'"),
        ({"shows": ("error", "verdict", "error")}, "shows something twice"),
    ],
)
def test_what_it_cannot_show_is_a_sentence(change: dict[str, Any], said: str) -> None:
    """Before anything is computed."""
    with pytest.raises(SettingError, match=re.escape(said)):
        replace(MAP, **change)


@pytest.mark.parametrize(
    "change",
    [
        {"gradient": "numerical"},
        {"carry": CARRIES[1]},
        {"optimizer": OPTIMIZERS["adam"], "discarded": 2},
        {"epochs": 400},
        {"shuffled": True},
    ],
)
def test_a_run_that_cannot_stand_beside_others_is_not_live(change: dict[str, Any], tmp_path: Path) -> None:
    """Its map is all the same: the picked run is marked and told, and has no steps."""
    e = replace(Experiment("other", epochs=2), **change)
    kind = RunMap("map", e, "lr=1e-6..1e-3:log:4", "a=0..2:3")
    assert not kind.live
    lesson = Lesson("marked", [kind])
    assert lesson.hidden == ["recipe"]
    path = build(lesson, tmp_path).path
    assert verify(path).ok
    made, book = compose(lesson, run_plan), Spreadsheet(reading.load(path))
    book.type_number("map", *at(made, "input | lr"), 1e-5)
    book.type_number("data", 5, 2, 15.0)
    book.recalculate()
    swept = kind.swept(GRADDESC)
    picked = [0.0, 1.0, 2.0].index(book.value("map", *at(made, "picked | a")))
    assert book.value("map", *at(made, "map | error")) == swept.error[1, picked]
    assert book.value("map", 7, 1) == f"{map_run.OTHER_SAMPLES}x of the samples, y of the samples."


def test_an_unknown_input_is_a_sentence(tmp_path: Path) -> None:
    """An axis of no input of the runs."""
    with pytest.raises(SettingError, match="no setting 'e'"):
        build(Lesson("wrong", [replace(MAP, up="e=1..2:3")]), tmp_path)


@pytest.mark.parametrize("over", [{"lr": [0.1, 0.02, 0.5]}, {"lr": np.geomspace(0.01, 1, 4), "a": [2.0, -1.0]}])
def test_a_sweep_is_a_workbook(over: dict[str, Any], tmp_path: Path) -> None:
    """Its map, whatever the order of its values, and its best run with every step."""
    swept = SMALL.sweep(over, settings={"b": 0.5})
    made = map_of(SMALL, swept, name="mine")
    assert made.sheets == ["overview", "data", "map", "best run", "check", "map steps", "best run steps", "recipe"]
    built = build(made, tmp_path)
    assert verify(built.path).ok
    book = reading.load(built.path)
    assert built.verdicts["best run"] == swept.verdict(*swept.best)
    assert book.value("map", 3, 1).startswith(f"Of {swept.error.size} runs the lowest error is ")
    best = compose(made, run_plan).composed
    assert worth(best["map"].figure("best")) == swept.error[swept.best]
    assert worth(best["best run"].figure("error | last")) == swept.error[swept.best]


def test_a_sweep_over_three_inputs_is_no_workbook() -> None:
    """It says what to do instead."""
    with pytest.raises(SettingError, match="over 3 inputs, lr, a, b: give all but two of them"):
        map_of(SMALL, SMALL.sweep(lr=[0.1, 0.2], a=[1.0, 2.0], b=[1.0, 2.0]))


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 2), (1, 3), (3, 1), (200, 2), (20, 15)])
def test_maps_of_every_size_can_be_composed(columns: int, rows: int) -> None:
    """From one run on: no cell twice, no label over another, all of it on one page."""
    lrs = "0.1" if columns == 1 else f"0.01..1:log:{columns}"
    starts = "1" if rows == 1 else f"-1..1:{rows}"
    kind = RunMap("map", replace(SMALL, epochs=1), f"lr={lrs}", f"a={starts}")
    made = compose(Lesson("sizes", [kind]), run_plan).composed["map"].sheet
    taken: list[tuple[int, int]] = []
    for row, column in {*made.merged, *made.merged_down}:
        down, across = made.merged_down.get((row, column), 1), made.merged.get((row, column), 1)
        taken += [(row + i, column + j) for i in range(down) for j in range(across)]
    assert len({*taken}) == len(taken)
    assert not {*taken} & {*made.cells} - {*made.merged, *made.merged_down}
    assert paper(made).one
    rows, right = printed_cells(made)
    assert all(chart.row < rows and chart.column <= right for chart in made.charts) and len(made.charts) == 2


def test_a_weight_far_below_the_others_can_be_read(composition: Composition) -> None:
    """Where cells show numbers, the lowest colour has no fixed number of decimals, but for errors, which end at 0."""
    sheet = composition.composed["map"].sheet
    for name in ("error", "a"):
        top, left = map_corner(name)
        lowest = next(mark for where, mark in sheet.marks if where == (top, left) and "<=" in mark.condition)
        assert lowest.number == ("0.000" if name == "error" and float(lowest.condition.split("<=")[1]) >= 0.01 else "")


@pytest.mark.parametrize("group", MAPS)
def test_the_shipped_best_runs_are_those_of_their_maps(group: str) -> None:
    """What the lesson says is best is what its map finds."""
    swept = MAPS[group].swept(DATA)
    assert swept.grid.at(swept.best) == BEST[group]
    assert swept.error[swept.best] == np.nanmin(swept.error)


@pytest.mark.parametrize(
    ("group", "kind"),
    [("1 neuron", "exploded"), ("2 neurons", "exploded"), ("ReLU", "exploded"), ("ReLU", "dead ReLU")],
)
def test_the_borders_of_the_shipped_maps_are_those_of_single_runs(group: str, kind: str) -> None:
    """At the last rate that the map calls safe no start is lost, at the next one some is; run one by one."""
    of = MAPS[group]
    lost = of.swept(DATA).kind == KINDS.index(kind)
    rates, starts = (each.values for each in of.swept(DATA).grid.axes)
    border = int(np.flatnonzero(lost.any(axis=1))[0])
    for position, ends in ((border - 1, False), (border, True)):
        kinds = [of.experiment.run({"lr": float(rates[position]), "a": float(a)}).verdict.kind for a in starts]
        assert (kind in kinds) is ends


def test_the_speed_limit_of_the_shipped_map_is_that_of_one_sample() -> None:
    """Above it a step of the sample with the largest x ends further off, and below it does not: by the step itself."""
    of = MAPS["1 neuron"].experiment
    x = float(DATA.column("x").max())
    at_x = int(DATA.column("x").argmax())
    limit = 1 / (1 + (x / 50) ** 2)
    y = float(DATA.ys[at_x])
    for lr, further in ((0.999 * limit, False), (1.001 * limit, True)):
        trace = of.run({"lr": lr}, epochs=1)
        a, b, new_a, new_b = (float(trace[column].ravel()[at_x]) for column in ("a", "b", "new_a", "new_b"))
        before, after = (abs(100 * (slope * x / 50 + const) - y) for slope, const in ((a, b), (new_a, new_b)))
        assert (after > before) is further


def test_the_shipped_maps_print_on_one_page_each_and_can_be_read(shipped: Callable[[str], Path]) -> None:
    """No print smaller than elsewhere, a whole map on its page; the file is not large."""
    path = shipped("maps")
    sheets = {sheet.name: sheet for sheet in printed(path)}
    assert not [s for s in sheets.values() if not s.hidden and s.scale * s.font / 100 < SMALLEST - 0.05]
    for of in MAPS.values():
        assert sheets[of.sheet].pages == 1 and not sheets[of.sheet].torn
    assert path.stat().st_size < 2.5e6


def test_the_shipped_maps_use_what_all_programs_know(shipped: Callable[[str], Path]) -> None:
    """Functions of Excel 2007 that LibreOffice, Gnumeric and IronCalc know, in cells and in rules."""
    used: set[str] = set()
    with zipfile.ZipFile(shipped("maps")) as file:
        for name in file.namelist():
            if name.startswith("xl/worksheets/sheet"):
                page = file.read(name).decode()
                for text in re.findall(r"<(?:f|formula\d?)(?: [^>]*)?>(.*?)</(?:f|formula\d?)>", page):
                    used |= {*re.findall(r"([A-Z][A-Z0-9.]*)\(", re.sub(r'"[^"]*"', "", text))}
    assert used and not used - SHARED
