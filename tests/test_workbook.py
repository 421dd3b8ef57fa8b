"""The workbook: the published figures at the published addresses, live, annotated, the same every time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.cell import coordinate_to_tuple

from graddesc_xl import EXPERIMENTS, Experiment, Lesson, Trace, build, dataset, run
from graddesc_xl.language.evaluate import evaluate, magnitude
from graddesc_xl.language.expr import Apply, Const, Data, Expr
from graddesc_xl.language.values import CellError, cell_value
from graddesc_xl.lessons import LESSONS
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.data import Line
from graddesc_xl.sheets.layout import Layout
from graddesc_xl.verification import reading
from graddesc_xl.verification.held import Model, plain
from graddesc_xl.verification.known import KNOWN
from graddesc_xl.workbook.cells import a1
from graddesc_xl.workbook.formula import render
from once import Everywhere
from spreadsheet import Spreadsheet, below

IRONCALC = KNOWN["IronCalc"]

# Read from the published graddesc.xlsm and recomputed in IEEE double precision; a = b = 1 after a Reset.
PUBLISHED = {
    "basic": {
        "F33": 150.75521153771854,
        "M32": 2.613084491952597,
        "N32": 1.0715160204418617,
        "D32": 2.5741401222765083,
        "C32": 1.0666479742323505,
        "F67": 104.74921026693299,
        "F101": 104.55969980561993,
        "F135": 104.37053295106034,
        "F169": 104.18170833255277,
        "F203": 103.99322533093216,
    },
    "momentum": {
        "J3": -18.33392669020789,
        "K3": 98.24583039212854,
        "L33": 200.9651846012761,
        "H32": 1.065115994374686,
        "I32": 2.121333184761536,
        "J32": -18.8826696627493,
        "K32": 125.06850548616737,
    },
    "rmsprop": {
        "J3": 9309.63147497951,
        "K3": 38847505.04948409,
        "H32": 1.5789105635894394,
        "I32": 1.4726310635401902,
    },
    "adam": {
        "J3": -11.530434582454225,
        "K3": 568.2632536601642,
        "L3": 2222.044423391362,
        "M3": 8436962.873860387,
        "J33": -11.530434582454225,
        "K33": 568.2632536601642,
        "L33": 2222.044423391362,
        "M33": 8436962.873860387,
        "H32": 9.736408385070392,
        "I32": 3.2508197885034793,
        "N33": 201.91120346258373,
        "N67": 125.07938511297803,
        "N101": 59.77783960765605,
        "N135": 164.50431023346565,
        "N339": 182.74395052148768,
    },
    "adam_ann": {
        "J3": -29.14129355150132,
        "K3": -919.4085359523834,
        "L3": 7481.715874165458,
        "M3": 40148488.714414425,
        "M33": 40148488.714414425,
        "N3": 7002.565171676693,
        "N33": math.sqrt(7481.715874165458) + math.sqrt(40148488.714414425),
        "K34": 1 / -919.4085359523834,
        "L34": 1 / 7481.715874165458,
        "O33": 183.36263046942992,
        "O348": 8.497109530011771,
        "H32": 7.813366131394433,
        "I32": 2.5685179767452984,
    },
}
FIGURES = [(sheet, cell, figure) for sheet, cells in PUBLISHED.items() for cell, figure in cells.items()]

# Quantities at the addresses of the published sheets, as their formulas in our spelling.
MIRRORED = {
    "basic": {
        "C4": "C1",
        "D4": "C2",
        "C5": "N4",
        "D5": "M4",
        "E4": "C4+D4*A4",
        "F4": "(B4-E4)^2",
        "G4": "(B4-(C4+$I$1+D4*A4))^2",
        "H4": "(G4-F4)/$I$1",
        "I4": "(B4-(C4+(D4+$I$1)*A4))^2",
        "J4": "(I4-F4)/$I$1",
        "K4": "2*(E4-B4)",
        "L4": "K4*A4",
        "M4": "D4-L4*$F$1",
        "N4": "C4-K4*$F$1",
        "F33": "SQRT(SUM(F4:F32))",
        "K33": "SQRT(SUMSQ(K4:K32))",
        "C35": "C32",
        "C36": "D32",
    },
    "momentum": {
        "H5": "C5-J5*$D$2",
        "I5": "D5-K5*$D$2",
        "J5": "J4*$J$1+$K$1*F5",
        "K1": "1-$J$1",
        "J4": "J3*$J$1+$K$1*F4",
        "F4": "2*(D4*A4+C4-B4)",
        "J3": "J33",
        "K3": "K33",
        "J37": "J67",
        "J67": "J32",
        "F33": "SQRT(SUMSQ(F4:F32))",
        "L33": "SQRT(SUM(L4:L32))",
    },
    "rmsprop": {
        "H5": "C5-F5*$D$2/SQRT(J4)",
        "I4": "D4-G4*$D$2/SQRT(K3)",
        "K5": "K4*$J$1+$K$1*G5^2",
        "F5": "2*(D5*A5+C5-B5)",
        "K3": "K33",
    },
    "adam": {
        "F4": "2*(D4*A4+C4-B4)",
        "J3": "J33",
        "M3": "M33",
        "M67": "M32",
        "H5": "C5-J5*$D$2/SQRT(L5)",
        "I5": "D5-K5*$D$2/SQRT(M5)",
        "L5": "L4*$L$1+$M$1*F5^2",
    },
    "adam_ann": {
        "F33": "SQRT(SUMSQ(F4:F32))/COUNT(F4:F32)",
        "N33": "SQRT(L33)+SQRT(M33)",
        "N34": "N33/$N$3",
        "K34": "1/K3",
        "L34": "1/L3",
        "F4": "2*(D4*A4+C4-B4)",
        "M3": "M33",
        "D37": "IF(N32/$N$3>2,$D$2/4,$D$2)",
        "N38": "MIN(N32,$N$3)",
    },
}


def load(path: Path, **options: bool) -> Any:
    """The workbook in openpyxl; its types do not tell a worksheet from a chart sheet."""
    return openpyxl.load_workbook(path, **options)


def at(address: str) -> tuple[int, int]:
    """Row and column of an address."""
    row, column = coordinate_to_tuple(address)
    return int(row), int(column)


@pytest.mark.parametrize(("sheet", "cell", "figure"), FIGURES)
def test_published_figures_stand_at_their_addresses(
    held: Model, recalculated: Model, sheet: str, cell: str, figure: float
) -> None:
    """A published figure is at its published address, as the file holds it and as IronCalc computes it."""
    for model in (held, recalculated):
        assert model.value(sheet, *at(cell)) == pytest.approx(figure, rel=1e-12)


def test_published_figures_by_libreoffice(verified: Callable[[str], Everywhere], soffice: str) -> None:
    """LibreOffice, forced to recalculate, finds the published figures too."""
    theirs = verified("graddesc").values["LibreOffice"]
    for sheet, cell, figure in FIGURES:
        assert theirs.values(sheet, [at(cell)])[at(cell)] == pytest.approx(figure, rel=1e-12), (sheet, cell)


# The published sheets in the state in which they were saved: what is typed, and what stands there then.
TYPED_STATES: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "momentum": (
        {"C1": 1.0, "C2": 1.0, "J33": -18.33392669020789, "K33": 98.24583039212854},
        {
            "J3": -18.33392669020789,
            "L33": 200.9651846012761,
            "H32": 1.065115994374686,
            "I32": 2.121333184761536,
            "J32": -18.8826696627493,
            "K32": 125.06850548616737,
        },
    ),
    "rmsprop": (
        {
            "C1": 3.1890676512613103,
            "C2": 2.4036203537069443,
            "D2": 0.02,
            "J33": 1134.4241521916742,
            "K33": 1679911.3688917186,
        },
        {
            "K3": 1679911.3688917186,
            "H32": 3.5258600758209218,
            "I32": 2.4061067168576575,
            "J32": 1102.0876517024533,
            "K32": 1682266.0289862712,
        },
    ),
    "adam": (
        {
            "C1": 29.713174380227404,
            "C2": 1.9455616332946517,
            "D2": 0.1,
            "J33": 1.8871073544462662,
            "K33": 167.3681217326772,
            "L33": 40.892736082118006,
            "M33": 275756.3249788667,
        },
        {
            "J3": 1.8871073544462662,
            "M3": 275756.3249788667,
            "H32": 29.9944192265624,
            "I32": 2.0862403324170447,
            "J32": -2.3190047654731245,
            "K32": -178.30780790595097,
            "L32": 44.73540830915748,
            "M32": 304217.19061516115,
        },
    ),
}


@pytest.mark.parametrize("sheet", TYPED_STATES)
def test_the_published_state_typed_in_gives_the_published_figures(workbook: Path, sheet: str) -> None:
    """Weights, rate and the start state below the rows, typed as a published sheet held them, give its figures."""
    typed, figures = TYPED_STATES[sheet]
    model = Spreadsheet(reading.load(workbook))
    for cell, number in typed.items():
        model.type_number(sheet, *at(cell), number)
    model.recalculate()
    for cell, figure in figures.items():
        assert model.value(sheet, *at(cell)) == pytest.approx(figure, rel=1e-15), cell


def test_discarded_passes_say_what_they_hand_on(held: Model) -> None:
    """The first line of a folded pass says in words what it hands on, and what it leaves as it was."""
    said = {block: held.value("adam", Layout(EXPERIMENTS["adam"].plan, 29).top(block), 8) for block in range(10, 14)}
    squares, averages = "avg (de/db)², avg (de/da)²", "avg de/db, avg de/da"
    for block, (handed_on, left) in enumerate([(squares, averages), (averages, squares)] * 2, 10):
        assert said[block].endswith(f"thrown away: it hands on {handed_on}, and leaves {left} as it found them.")


@pytest.mark.parametrize(("sheet", "cell"), [(s, c) for s, cells in MIRRORED.items() for c in cells])
def test_quantities_stand_where_the_published_sheets_have_them(held: Model, sheet: str, cell: str) -> None:
    """A formula of the first blocks is the published one, in its place."""
    assert held.formula(sheet, *at(cell)) == MIRRORED[sheet][cell]


def test_every_cell_agrees_with_ironcalc(held: Model, recalculated: Model) -> None:
    """In every sheet every formula's cached value is what IronCalc computes, errors included."""
    compared = 0
    for sheet in held.sheets:
        for row, column in held.used(sheet):
            if held.formula(sheet, row, column) is None:
                continue
            ours, theirs = held.value(sheet, row, column), recalculated.value(sheet, row, column)
            compared += 1
            same = pytest.approx(theirs, rel=1e-11, abs=1e-12) if isinstance(theirs, float) else theirs
            assert ours == same, f"{sheet}!{a1(row, column)}"
    assert compared > 60_000


def test_pandas_and_previews_see_the_figures(workbook: Path) -> None:
    """Every formula carries its value, so a reader that does not compute shows the figures."""
    frame = pd.read_excel(workbook, sheet_name="basic", header=None)
    assert frame.iloc[32, 5] == pytest.approx(150.75521153771854, rel=1e-15)
    values = load(workbook, data_only=True)
    formulas = load(workbook)
    for sheet in formulas:
        for line in sheet.iter_rows():
            for cell in line:
                if cell.data_type == "f":
                    assert values[sheet.title][cell.coordinate].value is not None, (
                        sheet.title,
                        cell.coordinate,
                    )


def assert_sheet_holds(model: Spreadsheet, sheet: str, trace: Trace) -> None:
    """Every step cell, start and footer of a sheet holds what the trace has, errors included."""
    plan, layout = trace.plan, Layout(trace.plan, len(trace.data))
    wanted: dict[tuple[int, int], float] = {}
    for block in range(plan.blocks):
        for column in plan.columns:
            for sample, value in enumerate(trace.rows[column.name][block].tolist()):
                wanted[layout.row(block, sample), layout.columns[column.name]] = value
        for footer in plan.footers:
            place = layout.footer(footer.name, block)
            if place:
                wanted[place] = float(trace.footers[footer.name][block])
        for start in plan.starts:
            wanted[layout.start(start.column, block)] = float(trace.starts[start.column][block])
    for place, value in wanted.items():
        found = model.value(sheet, *place)
        if math.isfinite(value):
            assert found == pytest.approx(value, rel=1e-9, abs=1e-9), f"{sheet}!{a1(*place)}"
        else:
            error = cell_value(value)
            assert found is error or IRONCALC.explains(found, error), f"{sheet}!{a1(*place)}"


TYPED: dict[str, tuple[tuple[str, str, float], dict[str, float]]] = {
    "a learning rate": (("basic", "F1", 2e-5), {"lr": 2e-5}),
    "a start weight": (("basic", "C2", -3.5), {"a": -3.5}),
    "the h of the derivative": (("basic", "I1", 0.25), {"h": 0.25}),
    "a rate that explodes": (("basic", "F1", 0.01), {"lr": 0.01}),
    "a beta": (("momentum", "J1", 0.5), {"beta": 0.5}),
    "a rate of RMSProp": (("rmsprop", "D2", 0.3), {"lr": 0.3}),
    "beta2 of Adam": (("adam", "L1", 0.99), {"beta2": 0.99}),
    "a rate that anneals": (("adam_ann", "D2", 4.0), {"lr": 4.0}),
}


@pytest.mark.parametrize("case", TYPED)
def test_typing_an_input_moves_every_cell(model: Spreadsheet, case: str) -> None:
    """A number typed into an input cell moves every dependent cell to what a fresh engine run gives."""
    (sheet, cell, value), changed = TYPED[case]
    model.type_number(sheet, *at(cell), value)
    model.recalculate()
    trace = run(sheet, changed)
    assert_sheet_holds(model, sheet, trace)


def test_typing_another_slope_moves_every_sheet(model: Spreadsheet) -> None:
    """Another slope on the data sheet is followed by every sheet and by the least-squares line."""
    model.type_number("data", 2, 3, 0.5)
    model.recalculate()
    assert model.value("data", 2, 6) == pytest.approx(0.5)
    for name in [e.name for e in LESSONS["graddesc"].experiments]:
        e = EXPERIMENTS[name]
        assert_sheet_holds(model, name, run(e, data=replace(e.data, y=Line(0.5, 30.0))))


def test_the_check_sheet_says_what_changed(model: Spreadsheet) -> None:
    """After an input is changed the check names it instead of counting every cell as wrong."""
    model.type_number("basic", 2, 3, 5.0)
    model.type_number("basic", 1, 6, 1e-5)
    model.recalculate()
    assert model.value("check", 8, 6) == "inputs differ from the ones NumPy ran with: a, learn"
    assert model.value("check", 9, 6) == "agrees with NumPy in 3307 cells"


def test_the_check_sheet_finds_a_wrong_formula(model: Spreadsheet) -> None:
    """A formula changed by hand is counted and named, once it is recalculated."""
    model.model.update_cell_with_formula(model.sheets["rmsprop"], 361, 14, "=1")
    model.recalculate()
    assert model.value("check", 10, 5) == "rmsprop!N361"
    assert model.value("check", 10, 6) == "1 cell differs from NumPy: rmsprop!N361"


def test_verdicts_follow_the_inputs(model: Spreadsheet) -> None:
    """The overview's verdict turns when a learning rate is typed that explodes, and names the engine's step."""
    assert next(iter(below(model, "overview", "verdict").values())) == "learning"
    model.type_number("basic", 1, 6, 1e-2)
    model.recalculate()
    said = next(iter(below(model, "overview", "verdict").values()))
    assert said == str(run("basic", lr=1e-2).verdict) == "exploded at step 7"


@pytest.mark.parametrize(
    ("sheet", "typed", "settings", "verdict"),
    [
        ("basic", {"F1": 0.0}, {"lr": 0.0}, "stuck"),
        ("basic", {"F1": 1e-9, "C2": 2.4}, {"lr": 1e-9, "a": 2.4}, "settled"),
        ("basic", {"F1": 1e-5}, {"lr": 1e-5}, "learning"),
        ("basic", {"C1": 30.0, "C2": 2.0}, {"b": 30.0, "a": 2.0}, "settled"),
        ("rmsprop", {"D2": 1000.0}, {"lr": 1000.0}, "getting worse"),
    ],
)
def test_every_verdict_is_the_same_live(
    model: Spreadsheet, sheet: str, typed: dict[str, float], settings: dict[str, float], verdict: str
) -> None:
    """The overview's formula and the library say the same of a run that stops, has arrived, or goes astray."""
    for cell, value in typed.items():
        model.type_number(sheet, *at(cell), value)
    model.recalculate()
    which = [e.name for e in LESSONS["graddesc"].experiments].index(sheet)
    said = [*below(model, "overview", "verdict").values()][which]
    assert said == str(run(sheet, settings).verdict) == verdict


def test_one_epoch_is_no_reason_to_call_a_run_settled() -> None:
    """With nothing to compare its error with, a run is learning."""
    assert str(run("basic", epochs=1).verdict) == "learning"


def test_samples_in_another_order_are_other_samples(model: Spreadsheet) -> None:
    """SGD sees its samples in their order: the check says that they changed, though their sums did not."""
    model.type_number("data", 5, 2, 86.0)
    model.type_number("data", 6, 2, 14.0)
    model.recalculate()
    assert model.value("check", 8, 6) == "inputs differ from the ones NumPy ran with: x, y"
    assert model.value("data", 5, 5) == "All 29 samples have their x and y."
    model.model.clear_cell_contents(model.sheets["data"], 7, 2)
    model.recalculate()
    assert model.value("data", 5, 5) == "There is no number in data!B7: each of the 29 samples needs its x and y."


def test_charts_leave_out_errors_that_would_flatten_them(model: Spreadsheet) -> None:
    """Where sheets are compared, an error ten times that of predicting 0 is an error cell: charts leave a gap."""
    first, compared, last = (6, 44), (6, 45), (15, 44)
    assert model.value("basic steps", *compared) == pytest.approx(150.755, rel=1e-5)
    model.type_number("basic", 1, 6, 1e-2)
    model.recalculate()
    shown = [model.value("basic steps", *cell) for cell in (first, compared, last)]
    assert math.isfinite(shown[0]) and shown[1:] == [CellError.NA, CellError.NA]


def test_the_same_book_gives_the_same_bytes(workbook: Path, tmp_path: Path) -> None:
    """Two builds are equal to the last byte."""
    assert build("graddesc", tmp_path).path.read_bytes() == workbook.read_bytes()


def test_no_formula_is_longer_than_excel_reads(workbook: Path) -> None:
    """Excel reads 8,192 characters of a formula."""
    for sheet in load(workbook):
        for line in sheet.iter_rows():
            for cell in line:
                assert cell.data_type != "f" or len(str(cell.value)) < 8192, (sheet.title, cell.coordinate)


def test_every_header_has_a_note_and_every_input_a_rule(workbook: Path) -> None:
    """Each column's header explains it; each input cell says what may be typed."""
    book = load(workbook)
    for name in [e.name for e in LESSONS["graddesc"].experiments]:
        e, sheet = EXPERIMENTS[name], book[name]
        layout = Layout(e.plan, len(e.data))
        for column in (1, 2, *layout.columns.values()):
            comment = sheet.cell(3, column).comment
            assert comment is not None and "First row: =" in comment.text, (name, column)
        ruled = {str(r.sqref) for r in sheet.data_validations.dataValidation}
        for given_input in e.plan.inputs:
            assert a1(*layout.cell(given_input.name)) in ruled, (name, given_input.name)
        assert sheet.freeze_panes == "A4"


def test_later_epochs_are_folded(workbook: Path) -> None:
    """The sheet opens on its first epoch: later blocks are grouped below their first line and hidden."""
    sheet = load(workbook)["momentum"]
    layout = Layout(EXPERIMENTS["momentum"].plan, 29)
    for block in range(1, 11):
        top = layout.top(block)
        assert not sheet.row_dimensions[top].hidden
        assert sheet.row_dimensions[top + 1].hidden and sheet.row_dimensions[top + 1].outlineLevel == 1


@pytest.mark.parametrize("samples", [1, 4, 18, 19])
def test_the_table_by_epoch_is_never_folded(samples: int) -> None:
    """Blocks of few samples stay open where the table by epoch or a chart stands beside them."""
    data = dataset([float(k) for k in range(1, samples + 1)], [2.0 * k for k in range(1, samples + 1)], name="few")
    made = compose(Lesson("Few", [Experiment("few", data=data)]), run_plan)
    of = made.lists[0].of
    table = of.by_epoch("error")
    assert not {*range(table.top, table.bottom + 1)} & {*of.sheet.folded}
    assert bool(of.sheet.folded) == (samples >= 19)


LEAVES = st.sampled_from([Data("x"), Data("y")]) | st.integers(-4, 4).map(lambda v: Const(float(v)))


def _extend(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    two = st.tuples(children, children)
    return (
        st.tuples(st.sampled_from(["add", "sub", "mul", "div", "max", "min"]), two).map(lambda t: Apply(*t))
        | children.map(lambda e: Apply("neg", (e,)))
        | st.tuples(children, st.integers(2, 3)).map(lambda t: t[0] ** t[1])
        | st.tuples(two, two).map(lambda t: Apply("where", (Apply("gt", t[0]), *t[1])))
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(LEAVES, _extend, max_leaves=8))
def test_a_formula_means_what_its_expression_means(expr: Expr) -> None:
    """IronCalc computes from the formula's text what the expression is worth: brackets, signs, errors."""
    import ironcalc

    x, y = 1.75, -3.0
    wanted = float(evaluate(expr, lambda leaf: x if leaf == Data("x") else y))
    model = ironcalc.create("m")
    model.update_cell_with_number(0, 1, 1, x)
    model.update_cell_with_number(0, 1, 2, y)
    text = render(expr, lambda leaf: "A1" if leaf == Data("x") else "B1")
    model.update_cell_with_formula(0, 1, 3, "=" + text)
    model.evaluate()
    found = plain(model.get_cell_value(0, 1, 3))
    if math.isfinite(wanted):
        scale = float(magnitude(expr, lambda leaf: x if leaf == Data("x") else y))
        assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12 * max(scale, 1.0) if math.isfinite(scale) else 1), (
            text
        )
    else:
        assert found is cell_value(wanted) or IRONCALC.explains(found, cell_value(wanted), expr), text
