"""Books: which sheets a workbook has, composed in memory from the engine's traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import SettingError, did_you_mean
from ..experiment import EXPERIMENTS, Experiment
from ..trace import Trace
from . import charts, check, data_sheet, overview, step_sheet, steps_list
from .sheet import Sheet
from .steps_list import StepsList


@dataclass(frozen=True)
class Book:
    """A workbook that `build` writes: its name, title and experiments."""

    name: str
    title: str
    subtitle: str
    experiments: tuple[Experiment, ...]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.xlsx"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its experiments, in the order of the sheets."""
        return tuple(e.name for e in self.experiments)


BOOKS: Mapping[str, Book] = {
    b.name: b
    for b in (
        Book(
            "graddesc",
            "Gradient descent, step by step",
            "A neuron with two weights learns a straight line from 29 samples, one a step, with five optimizers.",
            tuple(EXPERIMENTS[name] for name in ("basic", "momentum", "rmsprop", "adam", "adam_ann")),
        ),
    )
}


def book(name: str) -> Book:
    """The book of that name."""
    if name not in BOOKS:
        raise SettingError(f"There is no workbook {name!r}.{did_you_mean(name, BOOKS)}")
    return BOOKS[name]


@dataclass(frozen=True)
class Composition:
    """A composed book: all its sheets, and those with a row per step."""

    book: Book
    sheets: Sequence[Sheet]
    lists: Sequence[StepsList]


def compose(
    of: Book,
    traces: Mapping[str, Trace],
    *,
    numpy: Mapping[str, Trace] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Composition:
    """Every sheet of a book with the traces' values; traces: experiment -> its single run.

    numpy: the runs whose values the sheets hold as constants, where those are not `traces`: a workbook keeps
    the constants it was built with when a person changes its inputs.
    """
    numpy = numpy or traces
    samples = data_sheet.compose(next(iter(traces.values())).data)
    lists = []
    for e in of.experiments:
        progress(e.name)
        trace = traces[e.name]
        stepped = step_sheet.compose(e, trace)
        steps = steps_list.compose(stepped, numpy[e.name].rows, samples)
        charts.add(steps)
        lists.append(steps)
    checked = check.compose(lists, numpy, samples)
    front = overview.compose(of.title, of.subtitle, lists, checked)
    sheets = [front, samples, *(s.of.sheet for s in lists), checked.sheet, *(s.sheet for s in lists)]
    return Composition(of, sheets, lists)
