"""Run experiments and comparisons, by name or as objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

import numpy as np

from .errors import SettingError, did_you_mean, shown
from .experiments import Experiment
from .mirror import Mirror
from .numbers.engine import run_plan
from .numbers.room import fits
from .numbers.trace import Trace, Traces
from .parts.data import Dataset
from .parts.equations import Optimizer
from .parts.losses import Loss
from .parts.models import Model
from .parts.schedules import Schedule
from .settings import BUDGET, Numbers, Settings
from .shipped import HOMES, shipped

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from .comparison import Comparison
    from .sweeps import Best, Over, Ranges, Sweep

Kept = TypeVar("Kept")

#: what `run` may change of an experiment beside its inputs
OPTIONS = ("epochs", "carry", "gradient", "discarded", "data")


class Fields(TypedDict, total=False):
    """The fields of an experiment that a call may change, as `Experiment` says what they are."""

    name: str
    title: str
    about: str
    optimizer: Optimizer | str
    model: Model | str
    data: Dataset
    epochs: int
    carry: str
    gradient: str
    numerical: bool
    scaled: tuple[str, ...]
    discarded: int | None
    values: Mapping[str, float]
    spelled: Mapping[str, str]
    mirror: Mirror | None
    loss: Loss | str
    schedule: Schedule | str
    batch: int | str
    start: float | str
    shuffled: bool
    seed: int


class Changes(Fields, total=False):
    """Fields of an experiment, and the inputs that shipped optimizers, losses and schedules have.

    A type checker knows these; weights, inputs of one's own and a schedule's `over` stand in `settings`.
    """

    lr: float | Numbers
    h: float | Numbers
    driver: float | Numbers
    alpha: float | Numbers
    avg0: float | Numbers
    begin: float | Numbers
    beta: float | Numbers
    beta1: float | Numbers
    beta2: float | Numbers
    decay: float | Numbers
    delta: float | Numbers
    eps: float | Numbers
    every: float | Numbers
    first: float | Numbers
    gamma: float | Numbers
    last: float | Numbers
    limit: float | Numbers
    lowest: float | Numbers
    most: float | Numbers
    mu: float | Numbers
    rising: float | Numbers
    scale0: float | Numbers
    shortest0: float | Numbers
    sq0: float | Numbers


def experiment(name: str | Experiment, /, **changes: Unpack[Fields]) -> Experiment:
    """The experiment of that name, with fields changed.

    >>> experiment("basic", epochs=3).plan.epochs
    3
    >>> experiment("bacis")
    Traceback (most recent call last):
    graddesc_xl.errors.SettingError: There is no experiment 'bacis'. Did you mean basic?
    """
    if isinstance(name, Experiment):
        found = name
    elif not isinstance(name, str):
        raise SettingError(f"An experiment or the name of one is wanted, not {shown(name)}.")
    elif name in HOMES:
        found = shipped(name)
    else:
        found = _of_a_lesson(name)
    new: Any = {name: value for name, value in changes.items() if getattr(found, name, None) != value}
    return replace(found, **new) if new else found


def _of_a_lesson(name: str) -> Experiment:
    """An experiment that a lesson makes for itself, by its name."""
    from .lessons import EXPERIMENTS

    if name not in EXPERIMENTS:
        raise SettingError(f"There is no experiment {shown(name)}.{did_you_mean(name, EXPERIMENTS)}")
    return EXPERIMENTS[name]


def comparison(name: str | Comparison) -> Comparison:
    """The comparison of that name.

    >>> comparison("learning rates").groups
    ('1 neuron', '2 neurons, collapse', '2 neurons, ReLU')
    """
    from .comparison import Comparison
    from .lessons import COMPARISONS

    if isinstance(name, Comparison):
        return name
    if not isinstance(name, str):
        raise SettingError(f"A comparison or the name of one is wanted, not {shown(name)}.")
    if name not in COMPARISONS:
        raise SettingError(f"There is no comparison {shown(name)}.{did_you_mean(name, COMPARISONS)}")
    return COMPARISONS[name]


class How(TypedDict, total=False):
    """What is kept of the runs of a sweep, and who computes them, as `Experiment.sweep` says."""

    by_epoch: bool
    executor: Executor | None
    workers: int | None
    dask: str | None
    chunk: int | None
    resume: str | Path | None
    progress: Callable[[str], None]


class Sweeping(Changes, How, total=False):
    """All that a sweep takes by name."""


def run(
    what: str | Experiment,
    settings: Settings | None = None,
    *,
    starts: Mapping[str, float] | None = None,
    **changes: Unpack[Changes],
) -> Trace:
    """Run an experiment and keep every number of every step.

    what: an experiment or its name. settings: inputs by name (`lr`, `a`, `h`, ...), each of them a number, or numbers
    of shape (runs,) for a batch, one run per number: a sequence, an array, a Series. starts: column -> what the first
    epoch starts it from, in place of the plan's start cell (the averages of an optimizer, say). changes: fields of the
    experiment (`epochs`, `data`, `carry`, `gradient`, `discarded`, ...) and, for convenience, inputs.
    Raises SettingError for a name that it does not know, and a number that is out of range.

    >>> trace = run("basic", epochs=2)
    >>> [round(float(e), 4) for e in trace.errors]
    [150.7552, 104.7492]
    >>> run("basic", lr=[1e-5, 1e-4], epochs=2).errors.shape
    (2, 2)
    """
    e, inputs = _changed(what, {**changes})
    return run_plan(e.plan, e.data, {**(settings or {}), **inputs}, starts or {})


def _changed(what: str | Experiment, given: dict[str, Any]) -> tuple[Experiment, dict[str, Any]]:
    """The experiment with fields changed, and what else is given: its inputs."""
    fields = Experiment.__dataclass_fields__
    base = experiment(what)
    inputs = {name: given.pop(name) for name in [*given] if name not in fields}
    e = experiment(base, **given)
    if not inputs:
        return e, inputs
    labels = {i.label for i in e.plan.inputs}
    names = [i.name for i in e.plan.inputs]
    for name in inputs:
        if name not in labels and name not in names:
            near = did_you_mean(name, [*names, *labels, *OPTIONS], [*names, *OPTIONS])
            raise SettingError(f"{e.name} has no setting {shown(name)}.{near}")
    return e, inputs


def sweep(
    what: str | Experiment,
    over: Over = (),
    settings: Settings | None = None,
    **changes: Unpack[Sweeping],
) -> Sweep:
    """Run an experiment at every point of a grid, and keep of each run what became of it.

    what: an experiment or its name. over: input -> the values that it takes; weights stand here where a type checker
    reads along. settings: inputs that all runs share. changes: fields of the experiment and, for convenience, inputs:
    with a sequence of numbers one more axis, with a number a setting; further by_epoch, executor, workers, dask and
    what else `Experiment.sweep` takes.
    Raises SettingError for a name that it does not know, and a number that is out of range.

    >>> swept = sweep("basic", lr=[1e-5, 1e-4, 1e-3], a=[0.0, 1.0], epochs=2)
    >>> swept.shape, str(swept.verdict(2, 0))
    ((3, 2), 'exploded at step 26')
    """
    given: dict[str, Any] = {**changes}
    how = {name: given.pop(name) for name in [*given] if name in How.__annotations__}
    e, inputs = _changed(what, given)
    axes = {name: value for name, value in inputs.items() if np.ndim(value)}
    fixed = {name: value for name, value in inputs.items() if name not in axes}
    return e.sweep(over, settings={**(settings or {}), **fixed}, **how, **axes)


def best(
    what: str | Experiment,
    over: Ranges | None = None,
    *,
    budget: int = BUDGET,
    epochs: int | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] = lambda _: None,
    **ranges: str | Numbers,
) -> Best:
    """Search for the best run of an experiment, as `Experiment.best` says it. what: an experiment or its name.

    >>> found = best("basic", {"lr": "1e-6..1e-2:log"}, budget=400)
    >>> found.error == float(found.run().errors[-1])
    True
    """
    of = experiment(what)
    return of.best(over, budget=budget, epochs=epochs, settings=settings, progress=progress, **ranges)


def compare(
    what: str | Comparison, settings: Mapping[str, float] | None = None, *, epochs: int | None = None
) -> Traces:
    """Run a comparison: every one of its rows on every one of its groups.

    what: a comparison or its name. settings: inputs by name or label, for each run that has them.
    Returns (row title, group) -> trace; its `summary()` is a frame with one row per run. Where only a few figures of
    each run are wanted, `survey` needs less memory.

    >>> traces = compare("learning rates", epochs=2)
    >>> str(traces["1e-4", "2 neurons, collapse"].verdict)
    'exploded at step 29'
    """
    runs = [e for _, _, e in comparison(what).runs()]
    fits(epochs or max(e.epochs for e in runs), sum(len(e.plan.columns) * len(e.data) for e in runs))
    return Traces(survey(what, lambda trace: trace, settings, epochs=epochs))


def survey(
    what: str | Comparison,
    keep: Callable[[Trace], Kept],
    settings: Mapping[str, float] | None = None,
    *,
    epochs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[tuple[str, str], Kept]:
    """Run a comparison as `compare` does, and keep of each run only what `keep` makes of its trace.

    >>> errors = survey("learning rates", lambda trace: float(trace.errors[-1]), epochs=2)
    >>> round(errors["1e-5", "1 neuron"], 2)
    99.33
    """
    of = comparison(what)
    inputs = [i for _, _, e in of.runs() for i in e.plan.inputs]
    known = {i.label: i.name for i in inputs} | {i.name: i.name for i in inputs}
    given = {}
    for name, value in (settings or {}).items():
        if name not in known:
            raise SettingError(
                f"{of.name} has no setting {shown(name)}.{did_you_mean(name, known, dict.fromkeys(known.values()))}"
            )
        given[known[name]] = value
    kept = {}
    total = len(of.rows) * len(of.groups)
    for number, (row, group, e) in enumerate(of.runs(), 1):
        progress(f"run {number} of {total}")
        chosen = e if epochs is None else experiment(e, epochs=epochs)
        names = {i.name for i in chosen.plan.inputs}
        own = {name: value for name, value in given.items() if name in names}
        kept[row.title, group] = keep(run_plan(chosen.plan, chosen.data, own))
    return kept
