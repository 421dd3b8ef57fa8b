"""Verify a workbook from its file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..data import Dataset
from ..engine import run_plan
from ..errors import WorkbookError
from ..experiment import rounded
from ..plan import Input
from ..workbook.book import BOOKS, Book, Composition, compose
from ..workbook.cells import a1
from ..workbook.layout import FIRST_DATA
from ..workbook.making import Inputs
from ..workbook.sheet import Sheet
from . import libreoffice as office
from . import reading, tiers
from .bounded import Limits
from .reading import Held, Model
from .report import Report, SheetResult, ValueSet

#: at most so many sentences about single cells
MOST_PROBLEMS = 20


def verify(
    path: str | Path, *, libreoffice: bool | str | Path = False, timeout: float = 120.0, memory: float = 4096.0
) -> Report:
    """Check every formula and every value of a workbook, from the file alone.

    Three sets of values: those the file holds, IronCalc's recalculation and, if `libreoffice` is true (found on
    PATH) or names the program, LibreOffice's. A workbook whose inputs a person changed is verified against its
    own inputs. timeout, memory: the seconds and megabytes that each spreadsheet program may take.
    Raises WorkbookError for a file that cannot be read, RecalculationError for a program that fails, SettingError
    for limits that are none.
    """
    path, limits = Path(path), Limits(timeout, memory)
    reading.check_file(path)
    program = office.find(libreoffice) if libreoffice else None
    model = reading.load(path)
    book = BOOKS.get(str(model.manifest.get("book"))) or _recognised(model)
    if book is None:
        return _foreign(path, model, program, limits)
    inputs = _FileInputs(model, book)
    expected = compose(book, run_plan, inputs)
    problems = _formulas(expected, model)
    sets = []
    if _holds_values(expected, model):
        sets.append(_compare("held by the file", expected, model))
    else:
        problems.append(
            "The file holds no values: the program that saved it does not compute. Save it with one that does."
        )
    model.recalculate()
    sets.append(_compare("IronCalc", expected, model))
    if program:
        sets.append(_compare("LibreOffice", expected, _second_opinion(path, program, limits)))
    return Report(path, book.name, tuple(sets), inputs.changed, tuple(problems))


def _holds_values(expected: Composition, model: Model) -> bool:
    """Whether any formula of the sheets with a row per step holds a value."""
    sheets = [steps.of.sheet for steps in expected.lists]
    return any(value is not None for s in sheets for value in model.values(s.name, s.formulas()).values())


def _second_opinion(path: Path, program: str, limits: Limits) -> Held:
    with office.recalculated(path, program, limits) as copy:
        return reading.read_file(copy)[0]


@dataclass
class _FileInputs(Inputs):
    """The numbers in a file's input cells, and which of them are not those the workbook is built with."""

    model: Model
    book: Book
    changed: dict[str, dict[str, float]] = field(default_factory=dict)

    def number(self, sheet: str, at: tuple[int, int], given: Input) -> float:
        """The number in the cell of an input."""
        value = self.held(sheet, *at, given.label)
        if value != float(rounded(given.value)):
            changes = self.changed.setdefault(sheet, {})
            changes[f"{given.name} in {a1(*at)}" if given.name in changes else given.name] = value
        return value

    def data(self, built: Dataset) -> Dataset:
        """The samples; y that are numbers, not the sheet's formula, are taken as they are."""
        const, slope = (self.held("data", row, 3, what) for row, what in ((1, "const"), (2, "slope")))
        rows = range(FIRST_DATA, FIRST_DATA + len(built))
        xs = tuple(self.held("data", row, 2, "x") for row in rows)
        ys = None
        if not all(self.model.formula("data", row, 3) for row in rows):
            ys = tuple(self.held("data", row, 3, "y") for row in rows)
        data = Dataset(built.name, xs, slope, const, ys)
        if data != built:
            self.changed["data"] = {"slope": slope, "const": const}
        return data

    def held(self, sheet: str, row: int, column: int, what: str) -> float:
        """What a cell holds, which must be a number."""
        path = self.model.path
        if sheet not in self.model.sheets:
            raise WorkbookError(f"{path} says it is the workbook {self.book.name}, but its sheet {sheet} is gone.")
        value = self.model.value(sheet, row, column)
        if not isinstance(value, float) or not math.isfinite(value):
            shown = "nothing" if value is None else repr(value)
            raise WorkbookError(f"{path}: {sheet}!{a1(row, column)} ({what}) must hold a number, not {shown}.")
        return float(rounded(value))


def _formulas(expected: Composition, model: Model) -> list[str]:
    """Sentences about cells whose formula is not the one that belongs there."""
    problems: list[str] = []
    for sheet in expected.sheets:
        if sheet.name not in model.sheets:
            problems.append(f"The sheet {sheet.name} is gone.")
            continue
        titles = _titles(expected, sheet)
        for (row, column), formula in sheet.formulas().items():
            if model.same_formula(sheet.name, row, column, formula.text):
                continue
            found = model.formula(sheet.name, row, column)
            if found is None and (row, column) in sheet.replaceable:
                continue
            title = f" ({titles[column]})" if column in titles else ""
            holds = f"={found}" if found else f"the constant {model.value(sheet.name, row, column)!r}"
            problems.append(f"{sheet.address(row, column)}{title} holds {holds}, not ={formula.text}.")
    if len(problems) > MOST_PROBLEMS:
        more = len(problems) - MOST_PROBLEMS
        problems = [
            *problems[:MOST_PROBLEMS],
            f"And {more} more cells hold another formula than they should.",
        ]
    return problems


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


def _compare(name: str, expected: Composition, model: Model | Held) -> ValueSet:
    """Both tiers on one set of values."""
    present = [sheet for sheet in expected.sheets if sheet.name in model.sheets]
    values = {sheet.name: model.values(sheet.name, sheet.cells) for sheet in present}
    stepped = {steps.of.sheet.name: steps.of for steps in expected.lists}
    listed = {steps.sheet.name: steps for steps in expected.lists}
    parallel = {runs.sheet.name: runs for runs in expected.runs}
    results: list[SheetResult] = []
    for sheet in present:
        mine = values[sheet.name]
        if sheet.name in stepped:
            results.append(tiers.step_sheet(stepped[sheet.name], mine))
        elif sheet.name in listed:
            steps = listed[sheet.name]
            results.append(tiers.steps_list(steps, mine, values[steps.of.sheet.name]))
        elif sheet.name in parallel:
            results.append(tiers.runs_sheet(parallel[sheet.name], mine))
        elif sheet.formulas():
            results.append(tiers.other_sheet(sheet, mine))
    return ValueSet(name, tuple(results))


def _recognised(model: Model) -> Book | None:
    """The book whose sheets a file has, where the program that saved it dropped our mark."""
    return next((b for b in BOOKS.values() if {*b.names, "data", "check"} <= {*model.sheets}), None)


def _foreign(path: Path, model: Model, program: str | None, limits: Limits) -> Report:
    """A workbook that is not ours: the values it holds against a recalculation of its own formulas."""
    formulas = {name: [at for at in model.used(name) if model.formula(name, *at)] for name in model.sheets}
    held = {name: model.values(name, cells) for name, cells in formulas.items()}
    model.recalculate()
    sets = [_distances("IronCalc", held, model, formulas)]
    if program:
        sets.append(_distances("LibreOffice", held, _second_opinion(path, program, limits), formulas))
    return Report(path, None, tuple(sets), {}, ())


def _distances(name: str, held: Mapping[str, Any], model: Model | Held, formulas: Mapping[str, Any]) -> ValueSet:
    results = []
    for sheet, cells in formulas.items():
        if not cells:
            continue
        now = model.values(sheet, cells)
        errors = {at: tiers.distance(held[sheet][at], now[at]) for at in cells}
        at = max(errors, key=errors.__getitem__)
        ok = errors[at] <= tiers.GLOBAL
        where = a1(*at) if errors[at] else ""
        holds = "no value" if held[sheet][at] is None else repr(held[sheet][at])
        note = "" if ok else f"holds {holds}, {name} computes {now[at]!r}"
        results.append(SheetResult(sheet, len(cells), errors[at], where, "", ok, note))
    return ValueSet(name, tuple(results))
