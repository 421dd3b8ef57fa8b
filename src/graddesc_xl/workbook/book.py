"""Books: which sheets a workbook has, composed in memory from the engine's traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..data import Dataset
from ..errors import SettingError, did_you_mean, shown
from ..experiment import EXPERIMENTS, Experiment, rounded
from . import charts, check, data_sheet, overview, step_sheet, steps_list, thread
from .making import Inputs, Making, Runner, Typed
from .overview import Study
from .runs_sheet import RunsSheet
from .sheet import Sheet
from .steps_list import StepsList
from .verdicts import Samples


@dataclass(frozen=True)
class Book:
    """A workbook that `build` writes: its name, title and experiments.

    study: makes the sheets beyond those of the experiments. shows: those of them that run nothing.
    explodes: some runs are meant to, so that charts of errors show logarithms.
    """

    name: str
    title: str
    subtitle: str
    experiments: tuple[Experiment, ...]
    study: Callable[[Making, Mapping[str, StepsList], Callable[[str], None]], Study] | None = None
    explodes: bool = False
    shows: tuple[str, ...] = ()

    @property
    def others(self) -> tuple[str, ...]:
        """The names of its sheets that hold no experiment or comparison."""
        return ("overview", "data", *self.shows, "check")

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
        Book(
            "two-neurons",
            "Two neurons: why does it explode?",
            "A second neuron, a ReLU, other rates and start weights on the same 29 samples: the questions these raise.",
            tuple(e for name, e in EXPERIMENTS.items() if "neuron" in name),
            study=thread.study,
            shows=thread.SHOWS,
            explodes=True,
        ),
    )
}


def book(name: str) -> Book:
    """The book of that name."""
    if name not in BOOKS:
        raise SettingError(f"There is no workbook {shown(name)}.{did_you_mean(name, BOOKS)}")
    return BOOKS[name]


def _kept(data: Dataset) -> Dataset:
    """The samples at the digits that a file keeps of them."""
    x, y = tuple(rounded(data.x).tolist()), tuple(rounded(data.y or ()).tolist())
    return replace(data, x=x, y=y or None, slope=float(rounded(data.slope)), const=float(rounded(data.const)))


@dataclass(frozen=True)
class Composition:
    """A composed book: all its sheets, those with a row per step, those of many runs, and its input cells."""

    book: Book
    sheets: Sequence[Sheet]
    lists: Sequence[StepsList]
    runs: Sequence[RunsSheet]
    typed: Mapping[str, Sequence[Typed]]


def compose(
    of: Book,
    run: Runner,
    inputs: Inputs | None = None,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Composition:
    """Every sheet of a book, with the values of the runs that its input cells ask for.

    run: the engine. inputs: the numbers in the input cells, where they are not those the book is built with; the
    values that the sheets hold as constants are those it is built with all the same.
    """
    inputs = inputs or Inputs()
    built = _kept(of.experiments[0].data)
    data = inputs.data(built)
    samples = Samples(data_sheet.compose(data), len(data))
    making = Making(run, inputs, built, data, samples)
    lists: dict[str, StepsList] = {}
    for e in of.experiments:
        progress(e.name)
        lists[e.name] = steps_list.compose(step_sheet.compose(e, making), making, log=of.explodes)
        charts.add(lists[e.name], log=of.explodes)
    compared = [check.of_steps(steps, making) for steps in lists.values()]
    studied = of.study(making, lists, progress) if of.study else Study()
    compared += [check.of_runs(front, runs, making) for front, runs in studied.runs]
    stepped = [steps.of.sheet for steps in lists.values()]
    parallel = [runs for _, runs in studied.runs]
    by_name = {sheet.name: sheet for sheet in (*stepped, *studied.sheets, *(runs.sheet for runs in parallel))}
    checked = check.compose(compared, making, by_name)
    front = overview.compose(of.title, of.subtitle, [*lists.values()], checked, studied, samples)
    behind = [*(steps.sheet for steps in lists.values()), *(runs.sheet for runs in parallel)]
    sheets = [front, samples.sheet, *stepped, *studied.sheets, checked.sheet, *behind]
    return Composition(of, sheets, [*lists.values()], parallel, making.typed)
