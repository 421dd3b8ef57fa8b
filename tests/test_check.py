"""The check sheet: each cell is compared within what rounding can do to it, counted and named."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest

from graddesc_xl.comparison import Comparison
from graddesc_xl.language.expr import Here, Prev, leaves
from graddesc_xl.lessons import LESSONS, Lesson
from graddesc_xl.lessons.building import manifest
from graddesc_xl.lessons.composing import Composition, compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.plan import Plan
from graddesc_xl.sheets import check, singles
from graddesc_xl.sheets.comparison import Compared
from graddesc_xl.sheets.differences import TOLERANCE, Wanted
from graddesc_xl.sheets.kind import Kind
from graddesc_xl.sheets.layout import Places
from graddesc_xl.sheets.making import Twin
from graddesc_xl.sheets.runs_sheet import RunsSheet
from graddesc_xl.sheets.steps import Steps
from graddesc_xl.verification import reading
from graddesc_xl.workbook.cells import a1
from graddesc_xl.workbook.sheet import Sheet
from graddesc_xl.workbook.write import write
from once import composed
from spreadsheet import Spreadsheet

#: by what a cell is changed, and the columns of the check that say how many are off and where
SHARE, OFF, FIRST, SAID = 1e-6, 3, 5, 6
#: of the runs of two neurons here, which are recalculated for each column
EPOCHS = 4


@dataclass(frozen=True, eq=False)
class Table:
    """One run on a sheet: a sheet of its own, or a lane among others."""

    sheet: str
    title: str
    layout: Places
    twin: Twin

    @property
    def plan(self) -> Plan:
        """What it computes."""
        return self.layout.plan

    @cached_property
    def read(self) -> list[str]:
        """The columns from which others are computed."""
        used = {leaf.column for c in self.plan.columns for leaf in leaves(c.expr) if isinstance(leaf, (Here, Prev))}
        return [c.name for c in self.plan.columns if c.name in used]

    def address(self, at: tuple[int, int]) -> str:
        """A cell of it as the check names it."""
        return f"{self.sheet}!{a1(*at)}"

    def cell(self, column: str, among: random.Random) -> tuple[int, int] | None:
        """A cell of a column in which a change of the share stands out from rounding, or None."""
        wanted, noise = self.twin.wanted(column), self.twin.built.noise
        steps = self.plan.epochs * self.layout.samples
        if noise and column in self.plan.numerical:
            steps = noise - 1
        clear = [k for k in range(steps) if stands_out(wanted, k)]
        if not clear:
            return None
        return self.layout.row(*divmod(among.choice(clear), self.layout.samples)), self.layout.columns[column]


def stands_out(wanted: Wanted, which: int) -> bool:
    """Whether a change of the share is more than rounding could be, by three times what a cell alone may be off."""
    value, form = float(wanted.values[which]), float(wanted.forms[which])
    return math.isfinite(value) and 2 * TOLERANCE.value * max(3 * form, abs(value)) < SHARE * abs(value)


class Checked:
    """A workbook whose cells are changed, and what its check says."""

    def __init__(self, of: Composition, file: Spreadsheet) -> None:
        self.of, self.spreadsheet = of, file
        cells = self.spreadsheet.held.cells["check"]
        self.lines = {
            (str(cells.get((row, 1))), str(value)): row
            for (row, column), value in cells.items()
            if column == 2 and isinstance(value, str)
        }
        self.sheets = {
            str(cells[row, 1]): row
            for row, column in cells
            if column == 2 and isinstance(cells[row, 2], float) and row > 7
        }

    @property
    def fronts(self) -> list[tuple[Sheet, RunsSheet]]:
        """The sheets of comparisons, each with that of its runs."""
        by_name = {sheet.name: sheet for sheet in self.of.sheets}
        return [(by_name[runs.sheet.name.removesuffix(" steps")], runs) for runs in self.of.runs]

    def change(self, cells: Sequence[tuple[str, tuple[int, int]]], share: float = SHARE) -> None:
        """Multiply each cell's formula by 1 + share, recalculate, and put the formulas back."""
        model, index = self.spreadsheet.model, self.spreadsheet.sheets
        before = [model.get_cell_formula(index[sheet], *at) for sheet, at in cells]
        for (sheet, at), formula in zip(cells, before, strict=True):
            model.update_cell_with_formula(index[sheet], *at, f"=({formula[1:]})*(1+{share})")
        self.spreadsheet.recalculate()
        for (sheet, at), formula in zip(cells, before, strict=True):
            model.update_cell_with_formula(index[sheet], *at, formula)

    def line(self, sheet: str, title: str) -> tuple[float, str]:
        """How many cells are off in a column or run, and where."""
        row = self.lines[sheet, title]
        return self.spreadsheet.value("check", row, 4), self.spreadsheet.value("check", row, 6)

    def says(self, sheet: str) -> tuple[float, str, str]:
        """How many cells of a sheet are off, the first of them, and the sentence."""
        row = self.sheets[sheet]
        off, first, said = (self.spreadsheet.value("check", row, column) for column in (OFF, FIRST, SAID))
        return off, first, said


@pytest.fixture(scope="module")
def mirrored(opened: Spreadsheet) -> Checked:
    """The mirrored workbook."""
    return Checked(composed("graddesc"), opened.copy())


def opened_of(title: str, kinds: Sequence[Kind], folder: Path) -> Checked:
    """Sheets of two neurons in a workbook of their own, open in IronCalc."""
    of = Lesson(title, kinds)
    made = compose(of, run_plan)
    path = folder / of.file
    write(made.sheets, path, title=of.title, manifest=manifest(of))
    return Checked(made, Spreadsheet(reading.load(path)))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """The experiments of two neurons in a workbook without comparisons: it recalculates in no time."""
    kinds = [
        replace(kind, experiment=replace(kind.experiment, epochs=EPOCHS))
        for kind in LESSONS["two-neurons"].kinds
        if isinstance(kind, Steps)
    ]
    return opened_of("alone", kinds, tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """Every run of its comparisons, for fewer epochs."""

    def short(of: Comparison) -> Comparison:
        rows = (replace(r, experiments=tuple(replace(e, epochs=EPOCHS) for e in r.experiments)) for r in of.rows)
        return replace(of, rows=tuple(rows), later=0)

    kinds = [
        replace(kind, comparison=short(kind.comparison))
        for kind in LESSONS["two-neurons"].kinds
        if isinstance(kind, Compared)
    ]
    return opened_of("compared", kinds, tmp_path_factory.mktemp("compared"))


def rounds(of: Sequence[Table]) -> Iterator[list[tuple[Table, list[str]]]]:
    """Columns to change at the same time: those from which others follow one after the other, the rest at once."""
    for k in range(max(len(table.read) for table in of)):
        yield [(table, table.read[k : k + 1]) for table in of if k < len(table.read)]
    yield [(table, [c.name for c in table.plan.columns if c.name not in table.read]) for table in of]


def changed(checked: Checked, tables: Sequence[Table]) -> Iterator[dict[Table, dict[str, tuple[int, int]]]]:
    """Change cells of every column of every run, several at once where they do not mix; yields which."""
    among = random.Random(7)
    for columns in rounds(tables):
        cells = {table: {c: at for c in names if (at := table.cell(c, among))} for table, names in columns}
        checked.change([(table.sheet, at) for table, chosen in cells.items() for at in chosen.values()])
        yield {table: chosen for table, chosen in cells.items() if chosen}


@pytest.mark.parametrize("workbook_of", ["mirrored", "alone"])
def test_a_millionth_of_any_cell_is_counted_and_named(workbook_of: str, request: pytest.FixtureRequest) -> None:
    """One cell of every column of every sheet with a row per step, changed by a millionth, is the first that is off."""
    checked: Checked = request.getfixturevalue(workbook_of)
    tables = [Table(s.of.sheet.name, s.of.sheet.name, s.of.layout, s.of.twin) for s in checked.of.lists]
    seen = set()
    for cells in changed(checked, tables):
        for table, chosen in cells.items():
            first = table.address(min(chosen.values()))
            off, named, said = checked.says(table.sheet)
            assert named == first and said.endswith(first) and off >= len(chosen), (first, said)
            for column, at in chosen.items():
                count, where = checked.line(table.sheet, table.plan.column(column).title)
                if column in table.read:
                    assert count > 0, table.address(at)
                else:
                    assert (count, where) == (1, table.address(at))
                seen.add((table.sheet, column))
    assert seen == {(table.sheet, c.name) for table in tables for c in table.plan.columns}


def test_a_millionth_of_any_cell_of_a_run_is_counted_and_named(compared: Checked) -> None:
    """The same in each run of the comparisons, of which each counts its steps."""
    tables = [Table(r.sheet.name, lane.title, lane.lane, lane.twin) for r in compared.of.runs for lane in r.lanes]
    seen = set()
    for cells in changed(compared, tables):
        for table, chosen in cells.items():
            off, where = compared.line(table.sheet.removesuffix(" steps"), table.title)
            assert where == table.address(min(chosen.values())) and off >= len({row for row, _ in chosen.values()})
            seen |= {(table.title, table.sheet, column) for column in chosen}
    left = {(t.title, t.sheet, c.name) for t in tables for c in t.plan.columns} - seen
    assert len(left) < 20, left  # zeros, and where there is nothing but rounding
    for table in tables:
        for column in (column for title, sheet, column in left if (title, sheet) == (table.title, table.sheet)):
            values = table.twin.built[column]
            noise = table.twin.built.sizes(column)[: table.plan.epochs] * 1e-8
            assert (abs(values) <= noise).all(), (table.title, column)


def test_what_sums_up_the_steps_is_counted_and_named(mirrored: Checked, compared: Checked) -> None:
    """So is a cell of each column of the tables by epoch, beside the steps and in front of compared runs."""
    for checked in (mirrored, compared):
        tables = {steps.of.sheet.name: steps.of.epoch_columns["error"] for steps in checked.of.lists}
        cells = [cell for steps in checked.of.lists for cell in singles.of_steps(steps.of)]
        for front, runs in checked.fronts:
            tables[front.name] = 1
            cells += singles.of_runs(front, runs)
        chosen: dict[str, dict[int, tuple[int, int]]] = {name: {} for name in tables}
        for sheet, (at, theirs) in cells:
            if stands_out(*theirs) and at[1] >= tables.get(sheet.name, math.inf):
                chosen[sheet.name][at[1]] = at
        checked.change([(name, at) for name, found in chosen.items() for at in found.values()])
        for name, found in chosen.items():
            count, where = checked.line(name, check.BESIDE)
            assert len(found) > 3 and count == len(found), (name, count, found)
            assert where in {f"{name}!{a1(*at)}" for at in found.values()} and checked.says(name)[1] == where


def test_a_total_and_a_start_are_counted(mirrored: Checked) -> None:
    """A norm below the rows is named alone; with the averages that start an epoch the steps after it are off."""
    mirrored.change([("basic", (33, 11)), ("momentum", (3, 10))])
    assert mirrored.says("basic") == (1, "basic!K33", "1 cell differs from NumPy: basic!K33")
    assert mirrored.line("momentum", check.BESIDE)[0] > 0 and mirrored.says("momentum")[0] > 20


def test_a_discarded_pass_comes_first(mirrored: Checked) -> None:
    """A cell of the passes before the first epoch is named, though the epochs that follow from it stand above it."""
    table = next(s.of for s in mirrored.of.lists if s.of.sheet.name == "rmsprop")
    at = table.layout.row(table.trace.plan.epochs + 1, 7), table.layout.columns["sq_a"]
    mirrored.change([("rmsprop", at)])
    off, first, said = mirrored.says("rmsprop")
    assert first == f"rmsprop!{a1(*at)}" and off > 50
    assert said == f"{off:.0f} cells differ from NumPy, first at {first}"


def test_the_published_example(mirrored: Checked) -> None:
    """0.05 on one estimate, 0.8 % of it, is not lost beside larger estimates of its column."""
    value = mirrored.spreadsheet.held.cells["basic"][6, 8]
    mirrored.change([("basic", (6, 8))], 0.05 / value)
    assert mirrored.says("basic") == (1, "basic!H6", "1 cell differs from NumPy: basic!H6")
