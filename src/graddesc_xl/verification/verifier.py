"""Verify a workbook from its file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from ..ending import scratch
from ..errors import WorkbookError
from ..language.values import Value
from ..lessons import Lesson
from ..lessons.composing import Composition, compose
from ..numbers.engine import run_inputs, run_plan
from ..numbers.trace import Trace
from ..parts.data import Dataset, Line
from ..plan import Input, Plan
from ..settings import rounded
from ..sheets.data_sheet import CONST, FIRST, INPUTS, SLOPE
from ..sheets.making import Inputs
from ..workbook.cells import a1, plain
from ..workbook.sheet import Sheet
from ..workbook.write import write_around
from . import contents, foreign, ironcalc, origin, overflow, package, parts, reading, tiers
from . import gnumeric as ssconvert
from . import libreoffice as office
from .bounded import Limits
from .displaced import displaced
from .grid import is_empty
from .held import NONE, Held, Model, Table
from .known import KNOWN, Known, of_writer
from .report import Change, Report, SheetResult, ValueSet, Verified


def verify(
    path: str | Path,
    *,
    libreoffice: bool | str | Path = False,
    gnumeric: bool | str | Path = False,
    timeout: float = 120.0,
    memory: float = 4096.0,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Check every formula and every value of a workbook, from the file alone.

    Up to four sets of values: those the file holds, IronCalc's recalculation and, where `libreoffice` or `gnumeric`
    is true (found on PATH) or names the program, LibreOffice's and Gnumeric's. A workbook whose inputs a person
    changed is verified against its own inputs. timeout, memory: the seconds and megabytes that each spreadsheet
    program may take. progress: told what is being done.
    Raises WorkbookError for a file that cannot be read, RecalculationError for a program that fails, SettingError
    for limits that are none.

    >>> import tempfile
    >>> from graddesc_xl import EXPERIMENTS, Lesson
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = verify(Lesson("Mine", [EXPERIMENTS["basic"]]).build(f"{folder}/mine.xlsx").path)
    >>> report.ok, str(report.trace("basic").verdict)
    (True, 'learning')
    """
    path, limits = Path(path), Limits(timeout, memory)
    parts.check_file(path)
    opinions = [
        _Opinion(name, find(given), recalculated)
        for name, find, recalculated, given in (
            ("LibreOffice", office.find, office.recalculated, libreoffice),
            ("Gnumeric", ssconvert.find, ssconvert.recalculated, gnumeric),
        )
        if given is not False
    ]
    model = reading.load(path, progress)
    book = origin.lesson(model)
    with ironcalc.recalculating(path, limits) as values:  # while what the file holds is compared
        programs: dict[str, Callable[[], Held]] = {
            "IronCalc": values,
            **{o.name: partial(o.values, path, limits) for o in opinions},
        }
        if book is None:
            return foreign.verify(path, model, programs)
        return _verified(path, model, book, programs, progress)


def _verified(
    path: Path, model: Model, book: Lesson, programs: Mapping[str, Callable[[], Held]], progress: Callable[[str], None]
) -> Report:
    """Compare what the file holds, and what each program computes, with what the workbook's recipe composes."""
    inputs = FileInputs(model, book)
    try:
        expected = compose(book, run, inputs)
    except WorkbookError:
        moved = [*displaced(compose(book, run_plan), model.held.cells)]
        if not moved:
            raise
        return Report(path, book.name, (), problems=tuple(moved))
    tables = {s.name: model.held.cells[s.name].table(s.extent) for s in expected.sheets if s.name in model.sheets}
    problems, additions = _held_contents(expected, model.held, tables)
    around, told = _held_around(expected, path)
    moved = [*displaced(expected, model.held.cells)] if problems else []
    if moved:
        return Report(path, book.name, (), tuple(inputs.changes), tuple(moved), tuple(additions))
    problems += [*around, *inputs.unused()]
    additions += told
    sets = []
    if _holds_values(tables.values()):
        held = {name: table.grid for name, table in tables.items()}
        sets.append(_compare("held by the file", expected, held, of_writer(path)))
    else:
        problems.append(
            "The file holds no values: the program that saved it does not compute. Save it with one that does."
        )
    for name, recalculated in programs.items():
        progress(f"recalculating with {name}")
        cells = recalculated().cells
        grids = {s.name: cells[s.name].grid(s.extent) for s in expected.sheets if s.name in cells}
        sets.append(_compare(name, expected, grids, KNOWN[name]))
    said = tuple(inputs.changes), tuple(problems), tuple(additions)
    return Report(path, book.name, tuple(sets), *said, tuple(_runs(expected)))


def _runs(expected: Composition) -> Iterator[Verified]:
    """The runs whose steps stand on its sheets."""
    for sheet, made in expected.composed.items():
        if made.steps:
            yield Verified(sheet, "", made.steps.of.sheet.name, made.steps.of.trace)
        for lane in made.runs.lanes if made.runs else ():
            yield Verified(sheet, lane.title, made.runs.sheet.name, lane.twin.now)  # type: ignore[union-attr]


def run(plan: Plan, data: Dataset, inputs: Mapping[str, float]) -> Trace:
    """Run a plan with the numbers that a file holds, to their last digit."""
    return run_inputs(plan, data, {name: np.array(value) for name, value in inputs.items()})


def _holds_values(tables: Iterable[Table]) -> bool:
    """Whether any formula holds a value."""
    return any((~is_empty(table.grid.numbers) & (table.groups != NONE)).any() for table in tables)


@dataclass(frozen=True)
class _Opinion:
    """Another program that recalculates a workbook. recalculated: gives a copy, in a context."""

    name: str
    program: str
    recalculated: Callable[[Path, str, Limits], AbstractContextManager[Path]]

    def values(self, path: Path, limits: Limits) -> Held:
        """What it computes."""
        with self.recalculated(path, self.program, limits) as copy:
            return reading.read_file(copy)[0]


@dataclass
class FileInputs(Inputs):
    """The numbers in a file's input cells, and which of them are not those the workbook is built with."""

    model: Model
    book: Lesson
    changes: list[Change] = field(default_factory=list)

    def number(self, sheet: str, at: tuple[int, int], given: Input) -> float:
        """The number in the cell of an input."""
        choices = " or ".join(f"{choice:g} for {meaning}" for choice, meaning in given.choices.items())
        value = self.held(sheet, *at, given.label, choices or f"a number, as in {plain(given.value)}")
        self.note(sheet, at, given.name, value, float(rounded(given.value)))
        return value

    def note(self, sheet: str, at: tuple[int, int], name: str, value: float, built: float | str) -> None:
        """Remember what a person changed."""
        if value != built:
            self.changes.append(Change(sheet, a1(*at), name, value, built))

    def data(self, sheet: str, built: Dataset) -> Dataset:
        """The samples; targets that are numbers, not the sheet's formula, are taken as they are."""
        line = built.y
        if isinstance(line, Line):
            const, slope = (self.held(sheet, row, 3, what) for row, what in ((CONST, "const"), (SLOPE, "slope")))
            self.note(sheet, (CONST, 3), "const", const, line.const)
            self.note(sheet, (SLOPE, 3), "slope", slope, line.slope)
            line = Line(slope, const)
        rows = range(FIRST, FIRST + len(built))
        inputs = {
            name: self._samples(sheet, rows, column, name, built.column(name).tolist())
            for column, name in enumerate(built.inputs, INPUTS)
        }
        place = INPUTS + len(inputs)
        if isinstance(line, Line) and all(self.model.formula(sheet, row, place) is not None for row in rows):
            return replace(built, inputs=inputs, y=line)
        was = ["its formula" if isinstance(built.y, Line) else y for y in built.ys.tolist()]
        return replace(built, inputs=inputs, y=self._samples(sheet, rows, place, built.target, was))

    def filled(self, sheet: str, at: tuple[int, int]) -> Value | None:
        """What a person filled into a cell that was built empty."""
        return self.model.value(sheet, *at) if sheet in self.model.sheets else None

    def _samples(
        self, sheet: str, rows: range, column: int, name: str, built: Sequence[float | str]
    ) -> tuple[float, ...]:
        """The numbers of a column of samples; those that are not what was built are noted."""
        values = tuple(self.held(sheet, row, column, name) for row in rows)
        for row, value, was in zip(rows, values, built, strict=True):
            if was != "its formula" or self.model.formula(sheet, row, column) is None:
                self.note(sheet, (row, column), name, value, was)
        return values

    def unused(self) -> Iterator[str]:
        """A sentence about what was typed below the samples."""
        for sheet, data in self.book.data.items():
            last, columns = FIRST + len(data) - 1, range(INPUTS, INPUTS + len(data.names))
            found = [at for at in self.model.used(sheet) if at[0] > last and at[1] in columns]
            if found:
                where = a1(*min(found))
                said = f"the samples are in the rows {FIRST} to {last}, no row below them is"
                yield f"{sheet}!{where} is not used: {said}."

    def held(self, sheet: str, row: int, column: int, what: str, wanted: str = "a number") -> float:
        """What a cell holds, which must be a number. what: its name; wanted: what to type."""
        path = self.model.path
        if sheet not in self.model.sheets:
            raise WorkbookError(f"{path} says it is the workbook {self.book.name}, but its sheet {sheet} is gone.")
        value, formula = self.model.value(sheet, row, column), self.model.formula(sheet, row, column)
        if isinstance(value, float):
            return value
        found = f"the formula ={formula}" if formula else _said(value)
        raise WorkbookError(
            f"{path}: {sheet}!{a1(row, column)} ({what}) must hold a number, not {found}. Type {wanted}."
        )


def _said(value: object) -> str:
    """What is not a number, in a sentence."""
    if isinstance(value, bool):
        return str(value).upper()
    return contents.shown(value)


def _held_contents(expected: Composition, held: Held, tables: Mapping[str, Table]) -> tuple[list[str], list[str]]:
    """Sentences about cells that hold something else than was composed; those about what was merely added."""
    problems = [*contents.order(expected, held.sheets)]
    for sheet in expected.sheets:
        if sheet.name in tables:
            problems += contents.formulas(sheet, tables[sheet.name], _titles(expected, sheet))
        else:
            problems.append(f"The sheet {sheet.name} is gone.")
    for sheet in expected.sheets:
        if sheet.name in tables:
            problems += contents.constants(sheet, tables[sheet.name])
            problems += contents.impossible(sheet)
            problems += contents.formats(sheet, tables[sheet.name], held)
    read, harmless = contents.additions(expected, held)
    return problems + read, harmless


def _held_around(expected: Composition, path: Path) -> tuple[list[str], list[str]]:
    """Sentences about what stands around the cells and is not as it was composed; those about what was added."""
    known = of_writer(path)
    with scratch() as folder:
        composed = folder / "around.xlsx"
        write_around(expected.sheets, composed)
        return package.differences(package.read(composed), package.read(path), known.loses if known else frozenset())


def _titles(expected: Composition, sheet: Sheet) -> Mapping[int, str]:
    for steps in expected.lists:
        if steps.of.sheet is sheet:
            plan = steps.of.trace.plan
            return {place: plan.column(name).title for name, place in steps.of.layout.columns.items()}
    for runs in expected.runs:
        if runs.sheet is sheet:
            return {
                place: f"{made.title}, {made.lane.plan.column(name).title}"
                for made in runs.lanes
                for name, place in made.lane.columns.items()
            }
    return {}


def _compare(name: str, expected: Composition, values: tiers.Values, known: Known | None) -> ValueSet:
    """Both tiers on one set of values. known: of the program that computed them."""
    present = [sheet for sheet in expected.sheets if sheet.name in values]
    missing = [sheet.name for sheet in expected.sheets if sheet.name not in values]
    beyond: Counter[str] = Counter()
    if known is not None and known.longer:
        values, beyond = overflow.left_out(present, values)
    stepped = {steps.of.sheet.name: steps.of for steps in expected.lists}
    parallel = {runs.sheet.name: runs for runs in expected.runs}
    results: list[SheetResult] = []
    for sheet in present:
        if sheet.name in stepped:
            results.append(tiers.step_sheet(stepped[sheet.name], values, known))
        elif sheet.name in parallel:
            results.append(tiers.runs_sheet(parallel[sheet.name], values, known))
        elif tiers.has_formulas(sheet):
            results.append(tiers.other_sheet(sheet, values, known))
    results = [replace(r, note=_beyond(beyond[r.sheet], r.note)) for r in results]
    results += [SheetResult(sheet, 0, math.inf, "", "", False, "is not among these values") for sheet in missing]
    return ValueSet(name, tuple(results))


def _beyond(cells: int, note: str) -> str:
    """The note on a sheet, with how many of its cells were not compared."""
    many = f"{cells:,} cell{'s' * (cells != 1)}"
    said = f"left out, as they come from numbers beyond 1.8e308: {many}" if cells else ""
    return "; ".join(filter(None, (note, said)))
