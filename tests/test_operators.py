"""The operators of models: stable far from 0, alike in single runs, in arrays and in spreadsheets, errors included."""

from __future__ import annotations

import itertools
import math
import random
import subprocess
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from graddesc_xl.experiments import Experiment
from graddesc_xl.language.calculus import gradient
from graddesc_xl.language.evaluate import evaluate, magnitude
from graddesc_xl.language.expr import Apply, Const, Data, Expr, Here, Text, call, where
from graddesc_xl.language.operators import OPERATORS, numeric, taken_apart
from graddesc_xl.language.parse import parse, spell
from graddesc_xl.language.values import CellError, cell_value
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.data import dataset
from graddesc_xl.parts.models import Model
from graddesc_xl.verification import libreoffice, reading, tiers
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.held import plain
from graddesc_xl.verification.known import KNOWN
from graddesc_xl.workbook.cells import Formula
from graddesc_xl.workbook.formula import render
from graddesc_xl.workbook.sheet import Sheet
from graddesc_xl.workbook.write import write

PLANNED = [name for name, row in OPERATORS.items() if not row.reports]
FAR = (-1000.0, -100.0, -37.0, -1.0, 0.0, 1.0, 37.0, 100.0, 1000.0)
Z = Here("z")


def worth(expr: Expr, z: Any) -> Any:
    """What an expression of z is worth."""
    return evaluate(expr, lambda leaf: z)


@pytest.mark.parametrize("op", ["sigmoid", "softplus", "tanh", "relu", "leaky_relu"])
def test_far_from_zero_an_activation_is_a_number(op: str) -> None:
    """Of ±1000 as of 0, alone and in arrays, with its derivative, and no warning is heard."""
    means: dict[str, Callable[[float], float]] = {
        "sigmoid": lambda z: 0.0 if z < -700 else 1 / (1 + math.exp(-z)),
        "softplus": lambda z: z if z > 700 else math.log1p(math.exp(z)),
        "tanh": math.tanh,
        "relu": lambda z: max(z, 0.0),
        "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        together = worth(call(op, Z), np.array(FAR))
        for z, found in zip(FAR, together, strict=True):
            assert found == worth(call(op, Z), z)
            assert found == pytest.approx(means[op](z), rel=1e-15, abs=1e-15)
    rule = OPERATORS[op].partials
    assert rule is not None
    assert np.isfinite(worth(rule(Z)[0], np.array(FAR))).all()


def test_an_activation_trains_alike_alone_and_in_a_batch() -> None:
    """The numbers of a run with exp, ln and the like are to the last bit those it has among others."""
    lines = {"s": "sigmoid(a*x)", "t": "tanh(b*s) + softplus(a)", "pred": "exp(sin(t))*cos(b) + log(abs(a*x) + 1)**1.5"}
    of = Model("m", "", ("a", "b"), lines)
    e = Experiment("e", model=of, data=dataset([1.0, -2.0, 3.5], [1.0, 0.0, 2.0]), epochs=3, values={"lr": 0.01})
    starts = [0.3, -1.7, 2.9]
    together = run_plan(e.plan, e.data, {"a": starts})
    for i, a in enumerate(starts):
        alone = run_plan(e.plan, e.data, {"a": a})
        for name, column in alone.rows.items():
            np.testing.assert_array_equal(column, together.rows[name][..., i], err_msg=name)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("log(a*x)", math.inf),
        ("exp(1000*abs(a))*x", math.inf),
        ("sqrt(a*x)", math.inf),
        ("x/(a - a)", math.nan),
        ("(a*x)**0.5", math.inf),
        ("1/exp(1000*abs(a)*x)", math.inf),
        ("tanh(exp(1000*abs(a)*x))", math.inf),
        ("(a - a)**a*x", math.nan),
        ("(a - a)**(a - a)*x", math.inf),
    ],
)
def test_what_has_no_value_is_the_error_that_a_spreadsheet_has(line: str, error: float) -> None:
    """A logarithm of a negative number, an overflow and the like, in a single run and in a batch."""
    e = Experiment("e", model=Model("m", "", ("a",), {"pred": line}), data=dataset([1.0, 2.0], [1.0, 2.0]), epochs=1)
    single = run_plan(e.plan, e.data, {"a": -1.0})["pred"][0, 0]
    together = run_plan(e.plan, e.data, {"a": [-1.0, -1.5]})["pred"][0, 0]
    assert all(cell_value(float(found)) is cell_value(error) for found in (single, *together))


def test_the_slope_of_an_activation_is_written_with_its_value() -> None:
    """Of h = sigmoid(z) it is h*(1 - h), of tanh 1 - h², of exp h itself: what is there is not computed again."""
    forward: dict[str, Expr] = {
        "z": Here("a") * Data("x"),
        "h": Const(0),
        "err": (Data("y") - Here("h") * Here("c")) ** 2,
    }
    wanted = {
        "sigmoid": "d_h*h*(1 - h)",
        "tanh": "d_h*(1 - h**2)",
        "exp": "d_h*h",
        "sqrt": "d_h*(0.5/h)",
        "relu": "d_h*where(z > 0, 1, 0)",
        "leaky_relu": "d_h*where(z > 0, 1, 0.01)",
        "softplus": "d_h*sigmoid(z)",
        "abs": "d_h*sign(z)",
    }
    for op, text in wanted.items():
        columns = gradient({**forward, "h": call(op, Z)}, "err", ["a", "c"]).columns
        assert spell(columns["d_z"]) == text


def test_a_comparison_is_a_number_unless_it_is_a_condition() -> None:
    """A cell would show TRUE; in a sum it is 1 or 0 all the same."""
    assert numeric(Z > 0) == where(Z > 0, 1, 0)
    assert numeric(where(Z > 0, Z >= 1, 2)) == where(Z > 0, where(Z >= 1, 1, 0), 2)


LEAVES = {"a": 1.7, "b": -0.3, "c": 0.0, "d": 12.5}


def trees(depth: int = 4) -> st.SearchStrategy[Expr]:
    """Expressions of all operators that plans know."""
    numbers = st.sampled_from([0.0, 1.0, 0.1, -2.0, 3.0, 1e-9, 250.0]).map(Const)
    leaves: st.SearchStrategy[Expr] = st.one_of(st.sampled_from(sorted(LEAVES)).map(Here), numbers)

    def further(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        def of(op: str) -> st.SearchStrategy[Expr]:
            if op == "pow":
                return st.tuples(inner, st.integers(2, 8)).map(lambda pair: pair[0] ** pair[1])
            if op == "power":
                return st.tuples(inner, inner).map(
                    lambda pair: pair[0] ** (pair[1].value if isinstance(pair[1], Const) else pair[1])
                )
            made = st.tuples(*[inner] * (OPERATORS[op].arity or 0)).map(lambda args: Apply(op, args))
            # -(2) is read as the number -2
            return made.filter(lambda tree: not (op == "neg" and isinstance(tree.args[0], Const)))

        return st.sampled_from(PLANNED).flatmap(of)

    return st.recursive(leaves, further, max_leaves=depth * 2)


@given(trees())
@settings(max_examples=300, deadline=None)
def test_text_to_tree_to_text(tree: Expr) -> None:
    """What is spelled reads back as the tree it came from."""
    assert parse(spell(tree), Here) == tree


def samples(count: int) -> list[Expr]:
    """Expressions for spreadsheets, the same in each run, as cells have them."""
    found: list[Expr] = []
    rng = random.Random(7)

    def tree(depth: int) -> Expr:
        if depth == 0 or rng.random() < 0.15:
            return rng.choice([*map(Here, LEAVES), Const(rng.choice([1.0, 0.1, -2.0, 3.0, 40.0]))])
        op = rng.choice(PLANNED)
        args = [tree(depth - 1) for _ in range(OPERATORS[op].arity or 0)]
        if op == "pow":
            return args[0] ** rng.randint(2, 4)
        return args[0] ** args[1] if op == "power" else Apply(op, tuple(args))

    while len(found) < count:
        made = numeric(tree(rng.randint(1, 4)))
        if isinstance(made, Apply) and len(render(made, lambda leaf: "$A$1")) < 2000:
            found.append(made)
    return found


def written(path: Path, formulas: Sequence[Expr]) -> Path:
    """A sheet with the leaves in its first row and a formula in each row below, its value left out."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("s")
    places = {}
    for column, (name, value) in enumerate(LEAVES.items()):
        sheet.write_number(0, column, value)
        places[Here(name)] = f"${'ABCD'[column]}$1"
    for row, expr in enumerate(formulas, 1):
        sheet.write_formula(row, 0, "=" + render(expr, lambda leaf: places[leaf]), None, 0)  # type: ignore[index]
    book.close()
    return path


def agrees(found: Any, expr: Expr, program: str) -> bool:
    """Whether a spreadsheet's value is the engine's, or the error that it has in its place."""

    def leaf(of: Expr) -> float:
        assert isinstance(of, Here)
        return LEAVES[of.column]

    wanted = cell_value(float(evaluate(expr, leaf)))
    if isinstance(wanted, CellError):
        found = plain(found)
        same = found is wanted or KNOWN[program].explains(found, wanted, expr)
        return same if program == "IronCalc" else isinstance(found, CellError)
    if not isinstance(found, (int, float)):
        return False
    size = float(magnitude(expr, leaf))
    assert isinstance(wanted, float)
    return abs(found - wanted) <= 1e-12 * max(size if math.isfinite(size) else abs(wanted), abs(wanted), 1e-290)


def test_formulas_are_worth_in_ironcalc_what_numpy_has(tmp_path: Path) -> None:
    """Precedence, signs, comparisons and errors of random formulas of every operator."""
    import ironcalc

    made = samples(600)
    model = ironcalc.load_from_xlsx(str(written(tmp_path / "s.xlsx", made)))
    model.evaluate()
    wrong = [
        (spell(expr), found)
        for row, expr in enumerate(made, 2)
        if not agrees(found := model.get_cell_value(0, row, 1), expr, "IronCalc")
    ]
    assert not wrong, wrong[:5]


def inside(expr: Expr) -> set[str]:
    """The operators of an expression."""
    return {expr.op}.union(*map(inside, expr.args)) if isinstance(expr, Apply) else set()


def test_the_samples_have_every_operator() -> None:
    """Outermost and inside others, in what both programs compute, and errors of both kinds among what they make."""
    both = [expr for expr in samples(300) if not own_idea(expr)]
    counts = {op: sum(op in inside(expr) for expr in both) for op in PLANNED}
    assert min(counts.values()) >= 10, counts
    worths = [cell_value(float(evaluate(expr, lambda leaf: LEAVES[getattr(leaf, "column", "")]))) for expr in both]
    assert min(worths.count(kind) for kind in (CellError.NUM, CellError.DIV0)) >= 3


def own_idea(expr: Expr) -> bool:
    """Whether it has a power that LibreOffice takes otherwise: it is 1 for 0^0, and #NUM! for one that is almost 0."""

    def leaf(of: Expr) -> float:
        assert isinstance(of, Here)
        return LEAVES[of.column]

    if not isinstance(expr, Apply):
        return False
    if expr.op == "power" and (evaluate(expr.args[0], leaf) == 0 or abs(evaluate(expr, leaf)) < 1e-300):
        return True
    return any(map(own_idea, expr.args))


#: numbers and error cells that every operator gets for each of its arguments; most get one that overflows too
ORDINARY = (2.5, -3.0, 0.0, 0.5)
HUGE = 1e200
ERRORS = (Formula("1/0", math.nan), Formula("1E200*1E200", math.inf))
WORDS = ("words", "  two  words ")
RANGES: dict[str, tuple[float | str | Formula | None, ...]] = {
    "full": (2.5, -3.0, 0.5, 2.5),
    "gap": (2.5, None, 0.5, -1.0),
    "words": ("words", 2.5, 1.0, 3.0),
    "error": (2.5, ERRORS[0], 1.0, 0.0),
    "empty": (None, None, None, None),
    "large": (1e200, 1e200, 3.0, 1.0),
}
#: of these operators programs have ideas of their own where a number is huge: its sine, its digits as a text
SMALL = ("sin", "cos", "mod", "power", "join", "left", "mid", "trim")


def arguments(sheet: Sheet) -> dict[str, list[tuple[Expr, ...]]]:
    """All that each operator is tried with, its cells filled in."""
    numbers = [sheet.put(row, 1, number) for row, number in enumerate((*ORDINARY, HUGE), 1)]
    errors = [sheet.put(row, 2, error) for row, error in enumerate(ERRORS, 1)]
    words = [sheet.put(row, 3, text) for row, text in enumerate(WORDS, 1)]
    ranges: dict[str, Expr] = {}
    for column, (name, contents) in enumerate(RANGES.items(), 4):
        for row, content in enumerate(contents, 1):
            if content is not None:
                sheet.put(row, column, content)
        ranges[name] = sheet.block(1, column, len(contents))
    every, small = [*numbers, *errors], [*numbers[:-1], *errors]
    plain_ranges, wanted = [ranges["full"], ranges["words"], ranges["error"]], [numbers[0], words[0], errors[0]]
    places = [Const(n) for n in (0, 1, -1)]
    special: dict[str, list[tuple[Expr, ...]]] = {
        "pow": [(cell, Const(n)) for cell in every for n in (2, 3, 8)],
        "round": [(cell, n) for cell in every for n in places],
        "round_down": [(cell, n) for cell in every for n in places],
        "left": [(cell, Const(3)) for cell in (*small, *words)],
        "mid": [(cell, Const(2), Const(3)) for cell in (*small, *words)],
        "match": [(cell, cells, Const(0)) for cell in wanted for cells in ranges.values()],
        "index": [(cells, Const(n)) for cells in ranges.values() for n in (1, 2, 4, 5)],
        "count_if": [(cells, c) for cells in ranges.values() for c in (Const(2.5), Text(">1"), Text("words"))],
        "slope": [*itertools.product(plain_ranges, repeat=2), (ranges["full"], ranges["gap"])],
        "sum_product": [(one * other,) for one in ranges.values() for other in ranges.values()],
    }
    found: dict[str, list[tuple[Expr, ...]]] = {}
    for op, each in OPERATORS.items():
        of: list[Expr] = [*(small if op in SMALL else every), *(words if each.takes in ("texts", "errors") else ())]
        if op in special:
            found[op] = special[op]
        elif each.takes == "ranges":
            found[op] = [(cells,) for cells in ranges.values()]
        else:
            found[op] = [*itertools.product(of, repeat=2 if each.arity is None else each.arity)]
    return found


def test_every_operator_of_every_argument_is_worth_the_same_everywhere(tmp_path: Path, soffice: str) -> None:
    """Numbers, error cells, words, ranges with gaps, in every place of every operator: IronCalc and LibreOffice agree.

    IronCalc has the error of the same kind too, but its AND and OR look no further once they know their value.
    LibreOffice has 0^0 as 1, and of two errors sometimes the other.
    """
    sheet = Sheet("s")
    made = [numeric(Apply(op, args)) for op, tried in arguments(sheet).items() for args in tried]
    formulas = [sheet.put(row, 20, expr) for row, expr in enumerate(made, 1)]
    held = [sheet.cells[at.row, 20][0] for at in formulas]
    path = tmp_path / "operators.xlsx"
    write([sheet], path, title="Operators", manifest={})
    book = reading.load(path)
    book.recalculate()
    with libreoffice.recalculated(path, soffice, Limits(180)) as copy:
        programs = {"IronCalc": book, "LibreOffice": reading.load(copy)}
    for program, model in programs.items():
        wrong = []
        for row, (expr, content) in enumerate(zip(made, held, strict=True), 1):
            assert isinstance(expr, Apply) and isinstance(content, Formula)
            found, wanted = model.value("s", row, 20), content.value
            error = isinstance(wanted, CellError)
            if program == "IronCalc":
                same = KNOWN[program].explains(found, wanted, expr) or (error and expr.op in ("and", "or"))
            else:
                same = error and (isinstance(found, CellError) or content.text == "A3^A3")
            if not same and tiers.distance(found, wanted, 0.0) > 1e-12:
                wrong.append((content.text, found, wanted))
        assert not wrong, (program, wrong[:5])
    assert len(made) > 2000


@pytest.mark.parametrize("op", [op for op in PLANNED if OPERATORS[op].arity and not OPERATORS[op].whole])
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_an_operator_gives_the_same_bits_alone_and_in_arrays(op: str, data: st.DataObject) -> None:
    """exp, ln, powers and the like too: single runs and batches are equal to the last bit, with no exception."""
    row = OPERATORS[op]
    numbers = st.floats(-50, 50) | st.floats(allow_nan=False, allow_infinity=False)
    arrays = [np.array(data.draw(st.lists(numbers, min_size=5, max_size=5))) for _ in range(row.arity or 0)]
    if op == "pow":
        arrays[1] = np.full(5, float(data.draw(st.integers(2, 8))))
        together = worth(Apply(op, (Z, Const(arrays[1][0]))), arrays[0])
    else:
        with np.errstate(all="ignore"):
            together = np.broadcast_to(row.arrays(*arrays), 5)
    assert row.floats is not None
    for i, found in enumerate(np.asarray(together).tolist()):
        if math.isfinite(found):  # what is no number is done again by the one definition of error cells
            alone = float(row.floats(*(array[i].item() for array in arrays)))
            assert alone == found, [array[i] for array in arrays]


#: what openpyxl says of files that Gnumeric wrote
no_style = pytest.mark.filterwarnings("ignore:Workbook contains no default style")


@no_style
def test_formulas_are_worth_in_libreoffice_and_gnumeric_what_numpy_has(
    tmp_path: Path, soffice: str, ssconvert: str
) -> None:
    """The same; Gnumeric's longer numbers hold what overflows elsewhere, so only what is small is compared there."""
    made = [expr for expr in samples(300) if not own_idea(expr)]
    path = written(tmp_path / "s.xlsx", made)
    with libreoffice.recalculated(path, soffice, Limits(180)) as copy:
        sheet = openpyxl.load_workbook(copy, data_only=True)["s"]
        theirs = [sheet.cell(row, 1).value for row in range(2, len(made) + 2)]
    wrong = [(spell(e), found) for e, found in zip(made, theirs, strict=True) if not agrees(found, e, "LibreOffice")]
    assert not wrong, wrong[:5]
    small = [e for e in made if "**" not in spell(e) and "exp" not in spell(taken_apart(e))]
    converted = tmp_path / "g.xlsx"
    subprocess.run(
        [ssconvert, "--recalc", str(written(tmp_path / "small.xlsx", small)), str(converted)],
        check=True,
        capture_output=True,
    )
    sheet = openpyxl.load_workbook(converted, data_only=True)["s"]
    theirs = [sheet.cell(row, 1).value for row in range(2, len(small) + 2)]
    wrong = [(spell(e), found) for e, found in zip(small, theirs, strict=True) if not agrees(found, e, "Gnumeric")]
    assert not wrong, wrong[:5]


@no_style
def test_the_stable_forms_are_numbers_in_every_spreadsheet(tmp_path: Path, soffice: str, ssconvert: str) -> None:
    """Sigmoid and softplus of ±1000, in IronCalc, LibreOffice and Gnumeric."""
    import ironcalc

    made = [call(op, Const(z)) for op in ("sigmoid", "softplus", "tanh") for z in FAR]
    path = written(tmp_path / "far.xlsx", made)
    model = ironcalc.load_from_xlsx(str(path))
    model.evaluate()
    for row, expr in enumerate(made, 2):
        assert agrees(model.get_cell_value(0, row, 1), expr, "IronCalc"), spell(expr)
    converted = tmp_path / "far-g.xlsx"
    subprocess.run([ssconvert, "--recalc", str(path), str(converted)], check=True, capture_output=True)
    with libreoffice.recalculated(path, soffice, Limits(180)) as copy:
        for file in (copy, converted):
            sheet = openpyxl.load_workbook(file, data_only=True)["s"]
            for row, expr in enumerate(made, 2):
                assert agrees(sheet.cell(row, 1).value, expr, str(file)), spell(expr)


def test_what_programs_say_otherwise_is_known() -> None:
    """An overflow of a power is another error in IronCalc, whichever of the two operators it is of."""
    for op in ("pow", "power"):
        assert KNOWN["IronCalc"].explains(CellError.DIV0, CellError.NUM, Apply(op, (Z, Const(2))))
