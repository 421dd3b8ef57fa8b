"""The sheet of a run: what stands in sight, what is folded, what heads a column; how cells share a formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from graddesc_xl.lessons.composing import Composition
from graddesc_xl.sheets.differences import ERROR, OWN, ZERO, Wanted, joined
from graddesc_xl.sheets.step_sheet import StepSheet
from graddesc_xl.workbook.paper import paper
from graddesc_xl.workbook.reference import Cell, Down
from graddesc_xl.workbook.sheet import Sheet
from once import composed

#: the cells that a screen of 1366 x 768 shows at full size, in pixels
ACROSS, DOWN = 1316, 560


@pytest.fixture(scope="module", params=["graddesc", "two-neurons"])
def made(request: pytest.FixtureRequest) -> Composition:
    """Each lesson with sheets of single runs."""
    return composed(request.param)


def left_of(sheet: Sheet, column: int) -> float:
    """Pixels before a column, folded ones left out."""
    return sum(sheet.widths.get(c, 8.43) * 7 + 5 for c in range(1, column) if c not in sheet.aside)


def above(sheet: Sheet, row: int) -> float:
    """Pixels above a row."""
    return sum(sheet.heights.get(r, 15.0) * 4 / 3 for r in range(1, row))


def sheets(made: Composition) -> Sequence[StepSheet]:
    """The sheets with a row per step."""
    return [steps.of for steps in made.lists]


def test_verdict_error_and_chart_are_in_sight(made: Composition) -> None:
    """A screen shows the verdict, the errors of the first and last epoch, and the first chart, beside the table."""
    for of in sheets(made):
        sheet, first = of.sheet, of.sheet.charts[0]
        assert left_of(sheet, of.verdict[1] + 1) <= ACROSS, sheet.name
        errors = [sheet.value(row, of.left + 1) for row in (2, 3)]
        table = of.by_epoch("error")
        assert errors == [sheet.value(row, table.left) for row in (table.top, table.bottom)], sheet.name
        right = left_of(sheet, first.column) + first.width
        assert right <= ACROSS, sheet.name
        assert above(sheet, first.row) + first.height <= DOWN, sheet.name


def test_no_input_is_folded_and_helpers_are(made: Composition) -> None:
    """A cell to type into is always in sight; a gap between derivatives and an effective step never are."""
    for of in sheets(made):
        inputs = {of.layout.cell(given.name)[1] for given in of.trace.plan.inputs}
        assert not inputs & of.sheet.aside, of.sheet.name
        helpers = {of.layout.columns[c.name] for c in of.trace.plan.columns if c.kind in ("gap", "step")}
        assert helpers <= of.sheet.aside, of.sheet.name


def test_a_name_stands_over_every_column(made: Composition) -> None:
    """In the header line, or, where a start value stands there, above it with the maths."""
    for of in sheets(made):
        for column in of.trace.plan.columns:
            place = of.layout.columns[column.name]
            heads = [str(of.sheet.value(row, place)) for row in (2, 3)]
            assert heads[1] == column.title or heads[0].startswith(f"{column.title} = "), (of.sheet.name, column.name)


def test_a_note_says_what_is_computed_first(made: Composition) -> None:
    """A column that uses one further right says so; no other does."""
    for of in sheets(made):
        notes = {c.name: of.sheet.notes[3, of.layout.columns[c.name]] for c in of.trace.plan.columns}
        said = {name for name, note in notes.items() if "further right" in note}
        mirrored = {"momentum", "adam", "adam_ann"}
        assert {"new_b", "new_a"} <= said if of.sheet.name in mirrored else not said & {"pred", "err"}, of.sheet.name


def test_charts_have_at_most_six_curves(made: Composition) -> None:
    """More could not be told apart."""
    assert all(len(chart.series) <= 6 for of in sheets(made) for chart in of.sheet.charts)


def test_a_step_sheet_is_one_page(made: Composition) -> None:
    """The first epoch and what stands beside it, and no cell of the second."""
    for of in sheets(made):
        assert paper(of.sheet).one
        assert of.sheet.printed in (max(of.epoch_columns.values()), of.epoch_columns["rmse"])
        assert of.layout.last_row(0) <= of.sheet.printed_rows < of.layout.row(1)


def test_cells_that_share_a_formula_are_compared_nearly_as_alone() -> None:
    """Relative to their own value where that is enough, else to a number up to three times their own."""
    values = np.array([5.0, 4.0, 1e-9, 2e-9, 0.0, 7.0, np.inf, 3.0])
    forms = np.array([OWN, OWN, 1e-3, 2e-3, ZERO, OWN, ERROR, OWN])
    rows = np.zeros(len(values), bool)
    (found,), stretches = joined([Wanted(values, forms)], rows, rows)
    assert [first for first, _ in stretches] == [0, 4, 6, 7]
    assert sum(count for _, count in stretches) == len(values)
    assert found.forms[:4].tolist() == [2e-3] * 4, "5 and 4 are larger, so relative to themselves as before"
    off = found.differences(np.array([5.0 * (1 + 1e-6), 4.0, 0.0, 0.0, 1e-12, 7.0, 1.0, 3.0]))
    assert off[0] == pytest.approx(1e-6) and off[2] == pytest.approx(5e-7) and off[4] > 1 and off[6] == 1


def test_rows_apart_or_not_compared() -> None:
    """Rows that differ share nothing; what is not compared as built parts no others."""
    values, forms = np.array([5.0, 1e-30, 5.0]), np.array([OWN, 1e9, OWN])
    free = np.array([False, True, False])
    assert joined([Wanted(values, forms)], free & False, free)[1] == [(0, 3)]
    assert [count for _, count in joined([Wanted(values, forms)], free, free)[1]] == [1, 1, 1]


def test_a_sheet_knows_which_cells_only_show_others() -> None:
    """Those put as a cell, shown, or repeated down; nothing that computes."""
    source, sheet = Sheet("source"), Sheet("sheet")
    one = source.put(1, 1, 2.0)
    source.fill(2, 1, None, [3.0, 4.0])
    sheet.put(1, 1, one)
    sheet.show(2, 1, one)
    sheet.put(3, 1, one * 2)
    sheet.repeat(4, 1, Down(source, 1, -2), 2)
    assert dict(sheet.shown()) == {
        (1, 1): Cell(source, 1, 1),
        (2, 1): Cell(source, 1, 1),
        (4, 1): Cell(source, 2, 1),
        (5, 1): Cell(source, 3, 1),
    }
