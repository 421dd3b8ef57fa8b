"""The lesson of a workbook with the numbers and samples that a person left in its cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..experiments import Experiment
from ..lessons.composing import compose
from ..lessons.lesson import Lesson
from ..numbers.trace import Trace
from ..parts.data import Dataset
from ..parts.equations import Optimizer
from ..parts.models import Model
from ..plan import Input
from ..settings import rounded
from ..sheets.comparison import Compared
from ..sheets.kind import Composed, Kind
from ..sheets.steps import Steps
from . import origin, reading
from .verifier import FileInputs, run


@dataclass
class _Recorded(FileInputs):
    """A file's inputs, with every number and data set that was asked for: by sheet and name, by name."""

    numbers: dict[tuple[str, str], float] = field(default_factory=dict)
    samples: dict[str, Dataset] = field(default_factory=dict)

    def number(self, sheet: str, at: tuple[int, int], given: Input) -> float:
        """The number in the cell of an input."""
        self.numbers[sheet, given.name] = found = super().number(sheet, at, given)
        return found

    def data(self, sheet: str, built: Dataset) -> Dataset:
        """The samples on a data sheet."""
        self.samples[built.name] = found = super().data(sheet, built)
        return found


def lesson_as_left(path: Path, progress: Callable[[str], None] = lambda _: None) -> Lesson:
    """The lesson of a workbook, as a person left its input cells and samples.

    Raises WorkbookError for a workbook without a recipe, or with an input that is no number.
    """
    model = reading.load(path, progress)
    of = origin.written(model)
    inputs = _Recorded(model, of)
    progress("composing it again")
    made = compose(of, run, inputs)
    parts = [_left(kind, made.composed[kind.sheet], inputs) for kind in of.kinds]
    return replace(of, parts=tuple(parts))


def _left(kind: Kind, made: Composed, inputs: _Recorded) -> Kind:
    """A sheet with its inputs and samples as they are."""

    def change(part: Any) -> Any:
        if isinstance(part, Dataset):
            return inputs.samples.get(part.name, part)
        if isinstance(part, Input):
            return replace(part, value=inputs.numbers.get((kind.sheet, part.name), part.value))
        return part

    found: Kind = _mapped(kind, change)
    if isinstance(found, Steps) and made.steps:
        return replace(found, experiment=_with(found.experiment, made.steps.of.trace))
    if isinstance(found, Compared) and made.runs:
        of = found.comparison
        traces = iter([lane.twin.now for lane in made.runs.lanes])
        runs = {(row.title, group): _with(e, next(traces)) for row, group, e in of.runs()}
        rows = tuple(replace(row, experiments=tuple(runs[row.title, group] for group in of.groups)) for row in of.rows)
        return replace(found, comparison=replace(of, rows=rows))
    return found


def _with(e: Experiment, trace: Trace) -> Experiment:
    """An experiment with the inputs of a run."""
    usual = {i.name: float(rounded(i.value)) for i in replace(e, values={}).inputs}
    found = {name: float(value) for name, value in trace.inputs.items()}
    values = {name: found[name] for name in e.values}
    return replace(e, values=values | {name: value for name, value in found.items() if value != usual[name]})


def _mapped(part: Any, change: Callable[[Any], Any]) -> Any:
    """A tree of parts with each of them changed, leaves first."""
    if isinstance(part, tuple):
        return tuple(_mapped(each, change) for each in part)
    if isinstance(part, Mapping):
        return {key: _mapped(each, change) for key, each in part.items()}
    if not dataclasses.is_dataclass(part) or isinstance(part, (type, Model, Optimizer)):
        return part  # the inputs of a model or an optimizer are values of the experiment that uses it
    fields = {f.name: getattr(part, f.name) for f in dataclasses.fields(part) if f.init}
    new = {name: _mapped(value, change) for name, value in fields.items()}
    changed = {name: value for name, value in new.items() if value is not fields[name] and value != fields[name]}
    return change(replace(part, **changed) if changed else part)
