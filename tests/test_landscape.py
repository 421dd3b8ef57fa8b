"""The landscape of the error: its numbers against NumPy's own, what is typed, what is wrong, what it refuses."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from graddesc_xl import EXPERIMENTS, GRADDESC, Experiment, Lesson, Model, build, experiment, landscape, run, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.language.evaluate import evaluate, magnitude
from graddesc_xl.language.expr import Data, Expr, Here, call, maximum, minimum, where
from graddesc_xl.language.operators import Cells
from graddesc_xl.language.values import CellError
from graddesc_xl.lessons import recipe
from graddesc_xl.parts.models import TWO_NEURONS_RELU
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.sheets.landscape import Landscape
from graddesc_xl.sheets.landscape_map import LEFT, SAID, TOP, TYPED, UP
from graddesc_xl.sheets.layout import Layout
from graddesc_xl.surface import arithmetic, around, plain
from graddesc_xl.verification import libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.held import Model as Held
from spreadsheet import Spreadsheet

N = 11
PLAIN = Experiment("plain", epochs=3)
PUSHED = Experiment("pushed", optimizer=OPTIMIZERS["momentum"], epochs=3)
RELU = Experiment("relu", model=TWO_NEURONS_RELU, epochs=1, values={"lr": 1e-4})
MAP = Landscape("map", "Where to?", ("plain", "pushed"), ("b", "a"), cells=N)
BENT = Landscape("bent map", "Where to?", ("relu",), ("a", "c"), cells=N, window={"a": (-6, 4), "c": (-6, 4)})
LESSON = Lesson("Maps", [PLAIN, PUSHED, RELU, MAP, BENT], name="maps")
X = GRADDESC.column("x")
Y = GRADDESC.ys
#: the rows of the run's number, and of the range of both weights
RUN, RANGE = TOP, TOP + 2


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with a landscape of one neuron and one of two with a ReLU."""
    return build(LESSON, tmp_path_factory.mktemp("maps")).path


@pytest.fixture(scope="module")
def held(path: Path) -> Held:
    """The same as its file holds it."""
    return reading.load(path)


@pytest.fixture(scope="module")
def opened(held: Held) -> Spreadsheet:
    """The same open in IronCalc."""
    return Spreadsheet(held)


@pytest.fixture
def model(opened: Spreadsheet) -> Spreadsheet:
    """A copy of it to type into."""
    return opened.copy()


def grid(book: Held | Spreadsheet, sheet: str, row: int = TOP, left: int = LEFT) -> NDArray[np.float64]:
    """The numbers of a block as large as the grid."""
    return np.array([[book.value(sheet, row + i, left + j) for j in range(N)] for i in range(N)], dtype=float)


def axes(book: Held | Spreadsheet, sheet: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weights across and up."""
    across = [book.value(sheet, TOP + N + 1, LEFT + j) for j in range(N)]
    return np.array(across, dtype=float), np.array([book.value(sheet, TOP + i, UP) for i in range(N)], dtype=float)


def place(book: Held | Spreadsheet, sheet: str, text: str) -> tuple[int, int]:
    """The cell that holds a text."""
    file = book.file if isinstance(book, Spreadsheet) else book
    return next(at for at in sorted(file.used(sheet)) if file.value(sheet, *at) == text)


def one_neuron(b: float, a: float, x: NDArray[np.float64] = X, y: NDArray[np.float64] = Y) -> float:
    """√Σe² of one neuron."""
    return float(np.sqrt(((y - (a * x + b)) ** 2).sum()))


def with_relu(a: float, c: float, b: float = 1.0, d: float = 1.0) -> float:
    """√Σe² of two neurons, the first with a ReLU."""
    return float(np.sqrt(((Y - (c * np.maximum(a * X + b, 0) + d)) ** 2).sum()))


def test_the_grid_is_numpys(held: Held) -> None:
    """Each cell is log10 of √Σe² with the two weights of its row and column, whether or not there is a ReLU."""
    for sheet, error in (("map", one_neuron), ("bent map", with_relu)):
        across, up = axes(held, sheet)
        assert across[0] < across[-1] and up[0] > up[-1]
        wanted = [[np.log10(error(one, two)) for one in across] for two in up]
        np.testing.assert_allclose(grid(held, sheet), wanted, rtol=1e-12)


def test_the_range_is_around_the_paths(held: Held) -> None:
    """As built it holds what the runs pass through and the least-squares line; one that is given is taken as it is."""
    across, up = axes(held, "map")
    assert across[0] < 1 and across[-1] > 30 and up[-1] < 1 and up[0] > 2.5
    assert [round(float(end), 9) for ends in axes(held, "bent map") for end in (ends[0], ends[-1])] == [-6, 4, 4, -6]
    assert around(3.0, 3.0) == (2.5, 3.5)


def test_the_walls_are_numpys(held: Held) -> None:
    """In each cell of the ReLU's the number of samples with lr·|grad pred|² above 1."""
    row, column = place(held, "bent map", "in each cell: of how many samples a step ends further off than before")
    across, up = axes(held, "bent map")

    def squares(a: float, c: float) -> NDArray[np.float64]:
        z = a * X + 1
        return np.array(np.where(z > 0, c**2 * X**2 + c**2, 0) + np.maximum(z, 0) ** 2 + 1)

    wanted = [[(1e-4 * squares(a, c) > 1).sum() for a in across] for c in up]
    assert 0 < np.count_nonzero(wanted) < N * N
    np.testing.assert_array_equal(grid(held, "bent map", row + 2, column), wanted)
    beyond = np.count_nonzero(wanted)
    assert f"further off than before, in {beyond} of {N * N} cells." in str(held.value("bent map", SAID + 2, 1))


def test_the_walls_of_one_neuron_are_everywhere_the_same(model: Spreadsheet) -> None:
    """It is said with both counts, follows the rate, and is not said of momentum."""
    say = (
        "0.0001 the step of 5 of 29 samples crosses its target in every cell, and that of 0 goes on until it is further"
    )
    assert say in model.value("map", SAID + 2, 1)
    model.type_number("plain", *place(model, "plain", "lr"), 0.0)  # no label stands where the number does
    label = place(model, "plain", "lr")
    model = model.copy()
    model.type_number("plain", label[0], label[1] + 1, 3e-4)
    model.recalculate()
    crosses, further = (int((limit < 3e-4 * (X**2 + 1)).sum()) for limit in (0.5, 1))
    say = f"0.0003 the step of {crosses} of 29 samples crosses its target in every cell, and that of {further} goes on"
    assert say in model.value("map", SAID + 2, 1)
    model.type_number("map", RUN, TYPED, 2.0)
    model.recalculate()
    assert model.value("map", SAID + 2, 1).endswith("this run has none.")


def test_what_is_typed_turns_the_map(model: Spreadsheet) -> None:
    """Another range, other samples and another run: the grid is NumPy's again, and the sentences follow."""
    before = [model.value("map", SAID + i, 1) for i in range(3)]
    for row, end in zip(range(RANGE, RANGE + 4), (-20.0, 20.0, -2.0, 2.0), strict=True):
        model.type_number("map", row, TYPED, end)
    samples = X / 10
    for i, x in enumerate(samples):
        model.type_number("data", 5 + i, 2, x)
    model.type_number("data", 2, 3, -1.0)  # the slope
    model.type_number("data", 1, 3, 4.0)
    model.type_number("map", RUN, TYPED, 2.0)
    model.recalculate()
    across, up = axes(model, "map")
    assert (across[0], across[-1], up[0], up[-1]) == (-20, 20, 2, -2)
    targets = 4 - samples
    wanted = np.array([[one_neuron(b, a, samples, targets) for b in across] for a in up])
    wanted = np.log10(np.maximum(wanted, 1e-9))
    np.testing.assert_allclose(grid(model, "map"), wanted, rtol=1e-9)
    row, column = (int(at) for at in np.unravel_index(np.argmin(wanted), wanted.shape))
    said = model.value("map", SAID, 1)
    assert f"Lowest cell: b = {across[column]:g}, a = {round(float(up[row]), 2):g}, " in said
    assert "pushed ends at" in said and "plain" not in said
    bends = float((samples**2).sum()) / len(X)
    steep, flat = ("a", "b") if bends > 1 else ("b", "a")
    assert f"{max(bends, 1 / bends):.1f} times as much along {steep} as along {flat}" in model.value("map", SAID + 1, 1)
    assert all(model.value("map", SAID + i, 1) != said for i, said in enumerate(before))


def test_what_is_said_is_so(held: Held) -> None:
    """The lowest cell, where the run ends, how far that is, and how Σe² bends, computed again by NumPy."""
    across, up = axes(held, "map")
    errors = np.array([[one_neuron(b, a) for b in across] for a in up])
    row, column = (int(at) for at in np.unravel_index(np.argmin(errors), errors.shape))
    edge = {row, column} & {0, N - 1}
    b = a = 1.0
    way, last = 0.0, (1.0, 1.0)
    steps = across[1] - across[0], up[0] - up[1]
    for x, y in list(zip(X, Y, strict=True)) * 3:
        residual = a * x + b - y
        b, a = b - 1e-4 * 2 * residual, a - 1e-4 * 2 * residual * x
        way += float(np.hypot((b - last[0]) / steps[0], (a - last[1]) / steps[1]))
        last = b, a
    apart = float(np.hypot((b - 1) / steps[0], (a - 1) / steps[1]))
    wanted = (
        f"Lowest cell: b = {across[column]:.2f}, a = {up[row]:.2f}, √Σe² {errors.min():.2f}"
        f"{', at the edge of the grid: outside it may be lower.' if edge else '.'} "
        f"plain ends at b = {b:.2f}, a = {a:.2f}, √Σe² {one_neuron(b, a):.2f}: "
        f"{abs(across[column] - b):.2f} away in b, {abs(up[row] - a):.2f} in a. "
        f"It went {way:.1f} cells far to end {apart:.1f} from where it started."
    )
    assert figures(str(held.value("map", SAID, 1))) == figures(wanted)
    ratio = float((X**2).sum()) / len(X)
    said = str(held.value("map", SAID + 1, 1))
    assert said.startswith(f"At the lowest cell Σe² bends {ratio:.1f} times as much along a as along b: a alone bears")
    assert said.endswith("At a rate that a bears, b creeps.")


def figures(text: str) -> str:
    """A sentence with its figures in one spelling."""
    return re.sub(r"-?\d+(\.\d+)?", lambda found: f"{float(found[0]):g}", text)


def test_a_map_of_no_number_says_so(model: Spreadsheet) -> None:
    """A sample without a number: no cell is one, and nothing else is said."""
    model.model.set_user_input(model.sheets["data"], 5, 2, "none")
    model.recalculate()
    assert model.value("map", SAID, 1) == "No cell of the grid is a number: type another range."
    assert model.value("map", SAID + 1, 1) == "Nothing can be said of how Σe² bends."
    assert {model.value("map", TOP + i, LEFT) for i in range(N)} == {"–"}


def test_other_weights_are_held_where_one_says(model: Spreadsheet) -> None:
    """As at a step of the run, or, at step 0, as typed."""
    row, column = place(model, "bent map", "others at step")
    model.type_number("bent map", row, column + 1, 0.0)
    model.type_number("bent map", row + 1, column + 1, 7.0)
    model.type_number("bent map", row + 2, column + 1, -3.0)
    model.recalculate()
    across, up = axes(model, "bent map")
    wanted = [[np.log10(with_relu(a, c, 7.0, -3.0)) for a in across] for c in up]
    np.testing.assert_allclose(grid(model, "bent map"), wanted, rtol=1e-12)


def test_the_signs_stand_where_the_run_is(held: Held) -> None:
    """The key of each step is the row and column of the nearest cell, by which the signs are put."""
    row, column = place(held, "map", "the run's path")
    across, up = axes(held, "map")
    for line in range(row + 2, row + 2 + 3 * len(X)):
        b, a, key = (held.value("map", line, column + i) for i in (1, 2, 3))
        assert isinstance(b, float) and isinstance(a, float)
        assert isinstance(key, float)
        nearest = up[int(key // 1000) - 1] - a, across[int(key % 1000) - 1] - b
        assert abs(nearest[0]) <= 0.5000001 * (up[0] - up[1]) and abs(nearest[1]) <= 0.5000001 * (across[1] - across[0])


def test_other_programs_compute_the_same(path: Path, soffice: str, ssconvert: str) -> None:
    """IronCalc, LibreOffice and Gnumeric agree with it in every cell, of the ReLU's too."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok, [sheet for values in report.sets for sheet in values.sheets if not sheet.ok]
    assert len(report.sets) == 4


def test_the_colours_survive_another_program(path: Path, soffice: str, tmp_path: Path) -> None:
    """What LibreOffice saves has the same scale of colours and the same signs."""
    with libreoffice.recalculated(path, soffice, Limits(120)) as copy:
        saved = tmp_path / "saved.xlsx"
        saved.write_bytes(copy.read_bytes())
    assert not verify(saved).problems


def rewritten(path: Path, target: Path, sheet: str, old: str, new: str) -> Path:
    """A copy of a workbook with a part of a sheet's XML replaced."""
    part = f"xl/worksheets/sheet{[*reading.load(path).sheets].index(sheet) + 1}.xml"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                assert re.search(old, content.decode()), old
                content = re.sub(old, new, content.decode(), count=1).encode()
            out.writestr(name, content)
    return target


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (r'(<c r="F8"[^>]*>.*?<v>)[^<]*<', r"\g<1>2.5<", r"map.*F8"),
        (
            r"LOG10\(MAX\(SQRT\(SUMPRODUCT\(\(data!\$C\$5:\$C\$33",
            "LOG10(MAX(SQRT(SUMPRODUCT((data!$C$5:$C$32",
            r"map!F8 holds .*C\$32.*, not .*C\$33",
        ),
        (r"<cfRule type=\"colorScale\".*?</cfRule>", "", r"map!F8:P18: the mark \(colorScale\) is gone"),
        (r'(<cfRule type="colorScale".*?<color rgb=")FF......', r"\g<1>FF00FF00", r"colorScale\) is '00FF00 at \$B"),
        (r'(<cfRule type="colorScale".*?<cfvo type="formula" val=")\$B\$\d+', r"\g<1>$B$8", r"at \$B\$8, "),
        (r'(<cfRule type="expression".*?<formula>)COUNTIF', r"\g<1>-COUNTIF", r"map!F8:P18: the mark .* is gone"),
    ],
)
def test_verify_finds_what_is_wrong_in_it(old: str, new: str, said: str, path: Path, tmp_path: Path) -> None:
    """A value, a formula, a colour, where a colour is reached, a sign: each is named by its cells."""
    report = verify(rewritten(path, tmp_path / "wrong.xlsx", "map", old, new))
    assert not report.ok
    wrong = [f"{s.sheet} {s.where}" for values in report.sets for s in values.sheets if not s.ok]
    assert re.search(said, "\n".join([*report.problems, *wrong])), (report.problems, wrong)


def test_its_recipe_makes_it_again() -> None:
    """Its fields stand in the recipe like those of any kind."""
    assert recipe.read(recipe.spell(LESSON)).kinds == LESSON.kinds


ROOT = Model("root", "a root", ("a",), {"z": "a*x", "pred": "sqrt(z)"})


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: replace(MAP, of=()), "of must name at least one sheet"),
        (lambda: replace(MAP, of=("plane",)), "no sheet of steps 'plane' before it. Did you mean plain"),
        (lambda: replace(MAP, over=("b", "b")), "two different weights"),
        (lambda: replace(MAP, over=("b", "c")), "plain has no weight 'c'"),
        (lambda: replace(MAP, of=("plain", "relu")), "relu has another model or other samples than plain"),
        (lambda: replace(MAP, cells=3), "from 5 to 61, not 3"),
        (lambda: replace(MAP, window={"b": (3.0, 1.0)}), "from 3 to 1: swap them"),
    ],
)
def test_what_it_refuses(made: object, said: str, tmp_path: Path) -> None:
    """What cannot be drawn is refused in a sentence."""
    with pytest.raises(SettingError, match=re.escape(said)):
        build(replace(LESSON, parts=(PLAIN, PUSHED, RELU, made())), tmp_path)  # type: ignore[operator]


def test_a_function_of_ranges_is_refused() -> None:
    """Not every program applies functions to each cell of a range."""
    with pytest.raises(SettingError, match="sqrt of all samples at once is not the same"):
        arithmetic(ROOT.forward["pred"])


U, V, Z = Here("u"), Here("v"), Here("z")


@pytest.mark.parametrize(
    "expr",
    [
        maximum(U, 0),
        maximum(U, V),
        minimum(U, V),
        where(U > V, U * 2, V - 1),
        where(U, V, 3),
        where(U < V, U, 7),
        where(call("ge", U, V), U, 7) + where(call("eq", U, V), 1, 0),
        call("abs", U - V) * 3,
        call("sign", U) * 2 - call("sign", V),
        call("leaky_relu", U) + call("relu", V),
        where(U > 0, 1, 0) * V,
        maximum(U, minimum(V, Z)) - where(Z > 0, maximum(U, 0), V),
    ],
)
def test_arithmetic_means_the_same(expr: Expr) -> None:
    """A choice as a product with 0 or 1 is the choice, at 0 and where both sides are equal too."""
    values = np.array([[u, v, z] for u in (-2.0, 0.0, 1.5) for v in (-2.0, 0.0, 1.5) for z in (-1.0, 0.0, 4.0)]).T
    known: dict[Expr, object] = dict(zip((U, V, Z), values, strict=True))
    np.testing.assert_array_equal(
        evaluate(arithmetic(expr) * 1, known.__getitem__), evaluate(expr * 1, known.__getitem__)
    )


def test_a_sum_over_ranges() -> None:
    """It adds up the cells of ranges one by one, for each of the rows that a formula repeats in; errors remain."""
    x, y = Data("x"), Data("y")
    cells: dict[Expr, object] = {x: Cells([1.0, None, 3.0]), y: Cells([1.0, 2.0, 4.0]), U: np.array([0.0, 2.0])}
    total = call("sum_product", (y - U * x) ** 2)
    assert evaluate(total, cells.__getitem__).tolist() == [21.0, 1 + 4 + 4]
    assert magnitude(total, cells.__getitem__).tolist() == [2 * (1 + 4 + 16), 2 * (3 * 1 + 2 * 2 + 10 * 2)]
    assert float(evaluate(call("sum_product", x * y), cells.__getitem__)) == 13.0
    cells[y] = Cells([1.0, "none", CellError.NA])
    assert np.isnan(evaluate(total, cells.__getitem__)).all()
    cells[y] = Cells([1.0, 1e200, 2.0])
    assert np.isinf(evaluate(total, cells.__getitem__)).all()


def test_the_library_has_the_same_numbers(held: Held) -> None:
    """Errors, walls, path and window of `landscape` are those of NumPy's own and of the sheet."""
    made = landscape(RELU, ("a", "c"), window={"a": (-6, 4), "c": (-6, 4)}, points=N, held={"b": 1.0, "d": 1.0})
    wanted = [[with_relu(a, c) for a in made.across] for c in made.up]
    np.testing.assert_allclose(made.errors, wanted, rtol=1e-12)
    np.testing.assert_allclose(np.log10(made.errors[::-1]), grid(held, "bent map"), rtol=1e-12)
    row, column = place(held, "bent map", "in each cell: of how many samples a step ends further off than before")
    assert made.further is not None
    np.testing.assert_array_equal(made.further[::-1], grid(held, "bent map", row + 2, column))
    row, column = place(held, "bent map", "the run's path")
    steps = [[held.value("bent map", row + 2 + k, column + i) for i in (1, 2)] for k in range(len(X) + 1)]
    np.testing.assert_array_equal(made.path, np.array(steps, dtype=float))
    assert made.epochs.tolist() == [0, 29]
    lowest = made.lowest
    assert lowest[2] == made.errors.min() == pytest.approx(with_relu(*lowest[:2]))


def test_only_plain_steps_have_walls() -> None:
    """Of the squared error, one sample a step, at one rate: of all else nothing is said."""
    assert plain(PLAIN.plan) and plain(RELU.plan) and plain(run("basic SGD 2 neuron collapse", epochs=1).plan)
    assert plain(replace(PLAIN, scaled=("x", "y")).plan)
    assert plain(experiment("a*x + b", GRADDESC).plan)
    others = [
        experiment("a*x + b", GRADDESC, loss="absolute"),
        experiment("a*x + b", GRADDESC, batch=4),
        experiment("a*x + b", GRADDESC, schedule="cosine"),
        experiment("a*x + b", GRADDESC, optimizer="momentum"),
    ]
    assert not any(plain(other.plan) for other in others)


def test_the_library_reads_a_trace_and_holds_the_rest_where_it_ends() -> None:
    """What is not given: the first two weights, the others as after the last step, or the last before an explosion."""
    trace = run("adam 2 neuron", epochs=2)
    made = landscape(trace, points=3)
    assert made.over == ("b", "a") and made.further is None
    assert made.held == {"d": trace["new_d"][-1, -1], "c": trace["new_c"][-1, -1]}
    exploding = run("basic SGD 2 neuron collapse", gradient="analytic")
    held = landscape(exploding, ("a", "c"), points=3).held
    assert held == {w: exploding[w].ravel()[exploding.calm - 1] for w in ("b", "d")}
    scaled = Experiment("scaled", scaled=("x", "y"), values={"lr": 0.01, "scale_x": 50, "scale_y": 100}, epochs=1)
    made = landscape(scaled, ("b", "a"), window={"b": (0, 1), "a": (0, 1)}, points=5)
    wanted = [[np.sqrt(((Y - 100 * (a * X / 50 + b)) ** 2).sum()) for b in made.across] for a in made.up]
    np.testing.assert_allclose(made.errors, wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("call_", "said"),
    [
        (lambda: landscape("basic", ("b", "c")), "basic has no weight 'c'"),
        (lambda: landscape("basic", ("b", "b")), "over must be two different weights of b, a"),
        (lambda: landscape("basic", lr=[1e-5, 1e-4]), "not of a batch of 2"),
        (lambda: landscape(run("basic", epochs=1), epochs=2), "give epochs to the run"),
        (lambda: landscape("basic", window={"a": (2, 2)}), "The window of a must go from a number to a larger one"),
        (lambda: landscape("basic", points=1), "from 2 to 2001, not 1"),
    ],
)
def test_what_the_library_refuses(call_: Callable[[], object], said: str) -> None:
    """Each in a sentence."""
    with pytest.raises(SettingError, match=re.escape(said)):
        call_()


def test_the_picture_shows_the_arrays() -> None:
    """Level curves from the lowest to the highest error, the path and its ends, the wall; a plain level map too."""
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot as plt

    made = landscape(RELU, ("a", "c"), points=15)
    axes = made.plot().axes[0]
    lines = {str(line.get_label()): np.array(line.get_xydata()) for line in axes.lines}
    np.testing.assert_array_equal(lines["path"], made.path)
    np.testing.assert_array_equal(lines["start"], made.path[:1])
    np.testing.assert_array_equal(lines["end"], made.path[-1:])
    assert "wall of the speed limit" in lines and axes.get_xlabel() == "a" and axes.get_ylabel() == "c"
    assert "wall of the speed limit" not in {str(line.get_label()) for line in landscape("adam").plot().axes[0].lines}
    level = landscape(RELU, ("a", "c"), window={"a": (-9, -8), "c": (0, 1)}, points=4)
    assert np.ptp(level.errors) == 0 and level.plot().axes
    plt.close("all")
    nowhere = replace(made, errors=np.full_like(made.errors, np.inf))
    with pytest.raises(SettingError, match="No point of this landscape is a number"):
        nowhere.plot()


def test_a_switch_of_the_model_switches_the_map(tmp_path: Path) -> None:
    """The setting of a run's model is an input of the error too: typed over on its own sheet, the map follows."""
    switched = EXPERIMENTS["momentum 2 neuron"]
    shown = Landscape("map", "Where to?", (switched.name,), ("a", "c"), cells=N, window={"a": (-6, 4), "c": (-6, 4)})
    path = build(Lesson("Switched", [replace(switched, epochs=2), shown]), tmp_path).path
    model = Spreadsheet(reading.load(path))
    across, up = axes(model, "map")
    row, column = place(model, "map", "relu")
    (given,) = (i for i in switched.plan.inputs if i.name == "relu")
    assert model.value("map", row, column + 1) == given.value
    at = Layout(switched.plan, len(X)).cell("relu")
    for flag in (0.0, 1.0):
        model.type_number(switched.name, *at, flag)
        model.recalculate()
        error = with_relu if flag else stacked
        wanted = [[np.log10(error(a, c)) for a in across] for c in up]
        np.testing.assert_allclose(grid(model, "map"), wanted, rtol=1e-12)


def stacked(a: float, c: float, b: float = 1.0, d: float = 1.0) -> float:
    """√Σe² of two neurons without a ReLU."""
    return float(np.sqrt(((Y - (c * (a * X + b) + d)) ** 2).sum()))
