"""Run all runs of a grid: here, in processes, or on many machines."""

from __future__ import annotations

import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import GraddescWarning, SettingError, SweepError, shown
from ..language.values import Array
from ..numbers.room import room
from ..parts.data import Dataset
from ..plan import Plan
from ..settings import Settings, resolve
from .chunks import CHUNK, Range, Work, computed, cut, size
from .grid import Grid, Over, grid
from .kept import Kept, beside
from .swept import Sweep
from .workers import Processes, alone, cluster, cores, lost

#: a chunk that was lost so often with the process that computed it is not tried again
TRIES = 3
#: seconds after which it is estimated how long the rest takes, and from which it is worth processes of its own
TRIED, WORTH = 0.5, 3.0
#: seconds after which a wait looks up
TICK = 0.5
#: chunks that are on their way for each that is being computed
AHEAD = 2

Part = dict[str, Array]
Parts = Generator[tuple[Range, Part], None, None]
Progress = Callable[[str], None]


def sweep_plan(
    plan: Plan,
    data: Dataset,
    over: Over,
    settings: Settings | None = None,
    *,
    by_epoch: bool = False,
    executor: Executor | None = None,
    workers: int | None = None,
    dask: str | None = None,
    chunk: int | None = None,
    resume: str | Path | None = None,
    progress: Progress = lambda _: None,
) -> Sweep:
    """Run a plan at every point of a grid, and keep of each run what became of it; `sweep` is the convenient form.

    executor, workers, dask: who computes; resume: where chunks are kept, as `Experiment.sweep` says. chunk: runs that
    are computed at a time. The result depends on none of these.
    Raises SettingError for inputs that do not go together and for more runs than fit in memory, and SweepError for a
    scheduler that does not answer and for workers that die again and again.
    """
    of = grid(plan, over)
    fixed = resolve(plan, settings or {})
    for name, value in fixed.items():
        if value.ndim:
            raise SettingError(f"{name} is a sequence: sweep over it, or give one number.")
    labels = {i.label: i.name for i in plan.inputs}
    for name in settings or {}:
        if labels.get(name, name) in of.names:
            raise SettingError(f"{name} is swept over and set, too: give it once.")
    if chunk is not None and chunk < 1:
        raise SettingError(f"chunk must be 1 or more, not {chunk}.")
    work = Work(plan, data, of, fixed, by_epoch)
    _fits(work)
    crew = _crew(executor, workers, dask)
    found: Part = {}
    kept = None if resume is None else Kept(beside(Path(resume)), work)
    done = [_put(found, part, *runs, len(of)) for runs, part in (kept.found() if kept else ())]
    told = Told(len(of), progress, sum(stop - start for start, stop in done))
    with crew as (computing, many), closing(_parts(work, done, computing, many, chunk)) as parts:
        for runs, part in parts:
            if kept:
                kept.keep(*runs, part)
            _put(found, part, *runs, len(of))
            told.more(runs)
    return swept(plan, data, of, fixed, found)


def _parts(work: Work, done: Iterable[Range], executor: Executor | None, many: int, chunk: int | None) -> Parts:
    """What is left to do, chunk by chunk, by an executor or by this process. many: how many chunks at once at most."""
    left = len(work) - sum(stop - start for start, stop in done)
    if executor is not None:
        return _there(work, cut(len(work), done, chunk or size(left, work.steps, many)), executor, many)
    if work.announced():  # machine code has threads of its own
        return _here(work, cut(len(work), done, chunk or size(left, work.steps, 1, CHUNK * cores())), 1)
    return _here(work, cut(len(work), done, chunk or size(left, work.steps, many)), many)


def _fits(work: Work) -> None:
    """Raise SettingError, before anything is computed, where what is kept of all runs has no room."""
    each = 8 * (5 + len(work.plan.weights) + (work.plan.epochs if work.by_epoch else 0))
    most = room() // each
    if len(work) > most:
        over = " × ".join(f"{axis.values.size:,} of {axis.name}" for axis in work.grid.axes)
        without = ", or leave out the errors by epoch" if work.by_epoch else ""
        raise SettingError(
            f"{len(work):,} runs ({over}) would keep {each * len(work) / 1e9:,.1f} GB of numbers in memory: there is "
            f"room for {most:,} runs; take fewer values{without}."
        )


def _crew(executor: Executor | None, workers: int | None, dask: str | None) -> Any:
    """The context of who computes: an executor, and how many chunks it computes at once; None for this process."""
    given = [n for n, value in (("executor", executor), ("workers", workers), ("dask", dask)) if value is not None]
    if len(given) > 1:
        raise SettingError(f"{given[0]} and {given[1]} both say who computes: give one of them.")
    if dask is not None:
        return cluster(dask)
    if executor is not None:
        if not callable(getattr(executor, "submit", None)):
            raise SettingError(f"executor must be one as those of concurrent.futures, not {shown(executor)}.")
        return nullcontext((executor, getattr(executor, "_max_workers", None) or cores()))
    if workers is None:
        return nullcontext((None, 1 if alone() else cores()))
    if not isinstance(workers, int) or workers < 1:
        raise SettingError(f"workers must be a whole number from 1, not {shown(workers)}.")
    many = min(workers, cores())
    return nullcontext((None, 1)) if many == 1 else _processes(many)


@contextmanager
def _processes(many: int) -> Iterator[tuple[Executor, int]]:
    with Processes(many) as pool:
        yield pool, many


def _here(work: Work, todo: Iterable[Range], many: int) -> Parts:
    """Compute chunks in this process; where many are allowed and the rest takes long, in so many processes."""
    began, each = time.perf_counter(), np.inf
    left = deque(todo)
    while left:
        start, stop = left.popleft()
        at = time.perf_counter()
        yield (start, stop), work.outcomes(start, stop)
        now = time.perf_counter()
        each = min(each, (now - at) / (stop - start))
        if many > 1 and now - began > TRIED and each * sum(stop - start for start, stop in left) > WORTH:
            with _processes(many) as (pool, _):
                yield from _there(work, left, pool, many)
            return


def _there(work: Work, todo: Iterable[Range], executor: Executor, many: int) -> Parts:
    """Have chunks computed, in whatever order they are done; what is lost with a worker is done again."""
    packed, left, times = work.packed(many), deque(todo), Counter[Range]()
    flying: dict[Future[Part], Range] = {}
    stack = ExitStack()
    try:
        while left or flying:
            while left and len(flying) < AHEAD * many:
                try:
                    future = executor.submit(computed, packed, *left[0])
                except BrokenExecutor as broken:
                    executor = stack.enter_context(_instead(broken, many))
                else:
                    flying[future] = left.popleft()
            for future in wait(flying, TICK, FIRST_COMPLETED).done:
                chunk = flying.pop(future)
                problem = CancelledError("cancelled") if future.cancelled() else future.exception()
                if problem is None:
                    yield chunk, future.result()
                elif not lost(problem):
                    raise problem
                else:
                    times[chunk] += 1
                    _bounded(chunk, times[chunk], problem)
                    left.appendleft(chunk)
    finally:
        for future in flying:
            future.cancel()
        stack.close()


def _instead(problem: BrokenExecutor, many: int) -> Processes:
    """Processes in place of an executor that takes nothing more."""
    many = min(many, cores())
    said = f"The executor takes no more work ({problem}): the rest is computed in {many} processes of this machine."
    warnings.warn(said, GraddescWarning, stacklevel=4)
    return Processes(many)


def _bounded(chunk: Range, times: int, problem: BaseException) -> None:
    """Give up a chunk that kills whoever computes it."""
    if times >= TRIES:
        raise SweepError(
            f"Runs {chunk[0] + 1:,} to {chunk[1]:,} were lost {times} times with the process that computed them "
            f"({problem}), for want of memory most likely: give it fewer workers."
        )


def _put(found: Part, part: Part, start: int, stop: int, runs: int) -> Range:
    """Put a chunk where its runs stand among all of them; gives which these are."""
    for name, values in part.items():
        if name not in found:  # by columns, so that each weight's are together
            found[name] = np.empty((runs, *values.shape[1:]), values.dtype, order="F" if name == "weights" else "C")
        found[name][start:stop] = values
    return start, stop


@dataclass
class Told:
    """How far a sweep is: runs done, how many a second, how long the rest takes at that."""

    total: int
    progress: Progress
    before: int = 0
    done: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        """How many runs are still to be done."""
        return self.total - self.before - self.done

    def more(self, runs: Range) -> None:
        """Tell that more runs are done."""
        self.done += runs[1] - runs[0]
        rate = self.done / max(time.monotonic() - self.began, 1e-9)
        kept = f" ({self.before:,} of them were)" if self.before else ""
        done = f"{self.before + self.done:,} of {self.total:,} runs are done{kept}"
        self.progress(f"{done}, {rate:,.0f} a second, {lasting(self.left / rate)} left")


def lasting(seconds: float) -> str:
    """How long something takes, as one would say it.

    >>> lasting(8.3), lasting(100), lasting(8000)
    ('8 s', '1 min 40 s', '2 h 13 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, some = divmod(minutes, 60)
    return f"{hours} h {some} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def swept(plan: Plan, data: Dataset, of: Grid, fixed: Mapping[str, Array], found: Mapping[str, Any]) -> Sweep:
    """The sweep, from what became of all its runs in their order."""
    shape = of.shape
    return Sweep(
        plan=plan,
        data=data,
        grid=of,
        settings={name: float(value) for name, value in fixed.items() if name not in of.names},
        error=found["error"].reshape(shape),
        kind=found["kind"].reshape(shape),
        step=found["step"].reshape(shape),
        times=found["times"].reshape(shape),
        weights={w: found["weights"][:, i].reshape(shape) for i, w in enumerate(plan.weights)},
        errors=found["errors"].reshape(*shape, -1) if "errors" in found else None,
        validation=found["validation"].reshape(shape) if "validation" in found else None,
    )
