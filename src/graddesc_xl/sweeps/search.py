"""The best of many runs: a coarse grid over all that is searched, then finer ones around its lowest places."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError, shown
from ..language.expr import Param, leaves
from ..language.values import Array
from ..notebook import counted, line, table
from ..numbers.engine import run_plan
from ..numbers.trace import Trace
from ..numbers.verdict import DEAD, EXACT, EXPLODED_AT, KINDS, Verdict
from ..parts.data import Dataset
from ..plan import Plan
from ..settings import BUDGET, Settings, resolve
from .grid import Axis
from .ranges import Range, Ranges, looked_for, number
from .sweeping import sweep_plan
from .swept import Sweep

if TYPE_CHECKING:
    import pandas as pd

#: what comes to nothing, as a sweep has it
EXPLODED, DIED = KINDS.index(EXPLODED_AT), KINDS.index(DEAD)
#: how many low places of the coarse grid are looked at more closely; half of them are left after each round
PLACES = 8
#: how many values of each range a finer grid may have, those from twice as close to four times as close together
FINER = (9, 7, 5, 3)
#: the fewest and the most values up to an end of a range among which a wall is looked for, drawn closer so often
FEWEST, MOST, CLOSER = 2, 16, 3


@dataclass(frozen=True)
class Found:
    """The lowest run of a grid. runs: how many had been made by then. inputs: those searched.

    measure: what is compared. error: of its last epoch. steps: how far apart the places were that were tried.
    flat: whether all runs of the grid were as good.
    """

    runs: int
    inputs: Mapping[str, float]
    measure: float
    error: float
    verdict: Verdict
    steps: Mapping[str, float]
    flat: bool


class Wall(NamedTuple):
    """A value of an input at which a run comes to nothing, and what becomes of it."""

    value: float
    kind: str


@dataclass(frozen=True, eq=False)
class Best:
    """The best run that a search found.

    inputs: those searched, at their best. settings: those that all runs shared. measure: what was compared, in words;
    measured: how much that is of the best run. error: that of its last epoch. verdict: what became of it. runs: how
    many were made. over: what was searched. ends: input -> `lowest` or `highest`, where the best is at an end of its
    range. walls: input -> the nearest values below and above at which the run explodes or its ReLU dies, the others at
    their best; None where there is none in the range. beside: input -> what is compared a little `lower` and `higher`,
    where that is in the range, by `Range.bit`. rounds: how the best was found.
    """

    plan: Plan
    data: Dataset
    inputs: Mapping[str, float]
    settings: Mapping[str, float]
    measure: str
    measured: float
    error: float
    verdict: Verdict
    runs: int
    over: tuple[Range | Axis, ...]
    ends: Mapping[str, str]
    walls: Mapping[str, tuple[Wall | None, Wall | None]]
    beside: Mapping[str, Mapping[str, float]]
    rounds: tuple[Found, ...]

    def __repr__(self) -> str:
        told = [f"{name} {number(value)}" for name, value in self.inputs.items()]
        how = (f"{self.measure} {number(self.measured)}", self.verdict, counted(self.runs, "run"))
        return line(self, self.plan.name, *told, *how)

    def _repr_html_(self) -> str:
        return table(self, self.path, said=self.said)

    @property
    def told(self) -> str:
        """How the inputs were found, in a sentence."""
        at = ", ".join(f"{name} {number(value)}" for name, value in self.inputs.items())
        return f"Found by search: with {at} the {self.measure} is the lowest of {self._searched}."

    @property
    def _searched(self) -> str:
        over = [
            str(of) if isinstance(of, Range) else f"{counted(of.values.size, 'value')} of {of.name}" for of in self.over
        ]
        return f"{counted(self.runs, 'run')} over {', '.join(over)}"

    @property
    def said(self) -> list[str]:
        """What best means, whether there may be a better one, and how near others fail: a sentence each."""
        found = [f"Best of {self._searched}: the lowest {self.measure}."]
        if self.measured != self.error:
            found.append(f"Its {self.plan.error.title} of epoch {self.plan.epochs} is {number(self.error)}.")
        if self.rounds[0].flat and self.runs > 1:
            found.append("All of the coarse grid is as good: the one in its middle is taken.")
        limits = {i.name: (i.low, i.high) for i in self.plan.inputs}
        for name, end in self.ends.items():
            wider = "beyond it may be better ones: widen the range"
            said = "and none beyond it can be set" if self.inputs[name] in limits[name] else wider
            found.append(f"{name} is the {end} that was searched, {said}.")
        for of in self.over:
            beside = self.beside.get(of.name, {})
            ways, values = " or ".join(beside), " and ".join(map(number, beside.values()))
            if isinstance(of, Range) and beside:
                found.append(f"With {of.name} {of.bit} {ways} it is {values}, here {number(self.measured)}.")
        for name, walls in self.walls.items():
            best = self.inputs[name]
            for way, wall in zip(("down", "up"), walls, strict=True):
                if wall is not None:
                    times = f", {wall.value / best:.4g} times the best" if wall.value * best > 0 else ""
                    found.append(f"From {name} {number(wall.value)} {way}{times}: {wall.kind}.")
        return found

    @property
    def path(self) -> pd.DataFrame:
        """One row per round: the runs made by then, its lowest run's inputs, measure, error, what became of it."""
        import pandas as pd

        rows = [
            {"round": i, "runs": r.runs, **r.inputs, "measure": r.measure, "error": r.error, "verdict": str(r.verdict)}
            for i, r in enumerate(self.rounds, 1)
        ]
        return pd.DataFrame(rows)

    def run(self) -> Trace:
        """The best run with every number of every step."""
        return run_plan(self.plan, self.data, {**self.settings, **self.inputs})


def best_plan(
    plan: Plan,
    data: Dataset,
    over: Ranges,
    settings: Settings | None = None,
    *,
    budget: int = BUDGET,
    progress: Callable[[str], None] = lambda _: None,
) -> Best:
    """Search for the best run of a plan; `best` is the convenient form."""
    if not isinstance(budget, int) or budget < 1:
        raise SettingError(f"The budget of a search is a whole number of runs, as in {BUDGET}, not {shown(budget)}.")
    return _Search(plan, data, looked_for(plan, over), settings or {}, budget, progress).best()


@dataclass
class _Search:
    """One call of `best_plan`: what it has found so far.

    along: the axes of ranges. probes: how many runs look for an explosion at a time; left: how many there may be
    before these. spread: how many values of each range a finer grid has.
    """

    plan: Plan
    data: Dataset
    over: Sequence[Range | Axis]
    settings: Settings
    budget: int
    progress: Callable[[str], None]
    runs: int = 0
    rounds: list[Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ranges = [of for of in self.over if isinstance(of, Range)]
        self._comparable()
        self.along = [i for i, of in enumerate(self.over) if isinstance(of, Range)]
        looks = 2 * CLOSER * len(self.ranges)
        self.probes = min(MOST, max(FEWEST, self.budget // (5 * looks))) if looks else 0
        self.left = self.budget - looks * self.probes - 2 * len(self.ranges)
        needed = math.prod((of.points or 3) if isinstance(of, Range) else of.values.size for of in self.over)
        if needed > self.left:
            names = ", ".join(of.name for of in self.over)
            raise SettingError(
                f"A budget of {counted(self.budget, 'run')} is too small for {names}: a coarse grid and a look around "
                f"its best take {needed + self.budget - self.left:,}. Give more, or search less."
            )

    def _comparable(self) -> None:
        """Refuse to search what changes the measure itself."""
        if self.data.held_out or not self.plan.other:
            return
        own = [column.expr for column in self.plan.columns if column.role == "error" and column.name != "err"]
        within = {leaf.name for expr in own for leaf in leaves(expr) if isinstance(leaf, Param)}
        for of in self.over:
            if of.name in within:
                raise SettingError(
                    f"{of.name} is part of the {self.plan.error.title}: with other values of it that is another "
                    "measure. Search something else, or hold samples out, whose RMSE is compared then."
                )

    @property
    def measure(self) -> str:
        """What is compared, in words."""
        last = f"epoch {self.plan.epochs}"
        if self.data.held_out:
            return f"RMSE after {last} of the {counted(len(self.data.held_out), 'sample')} held out"
        return f"{self.plan.error.title} of {last}"

    @property
    def exact(self) -> float:
        """What is no larger is as good as nothing."""
        if self.data.held_out:
            return EXACT * float(np.sqrt(np.mean(self.data.held_out.ys**2)))
        return 0.0 if self.plan.other else EXACT * float(np.sqrt(self.data.ys @ self.data.ys))

    def best(self) -> Best:
        """The coarse grid, finer ones, and how near an explosion is."""
        found = self.coarse()
        self.rounds.append(found[0])
        self.spread = next((n for n in FINER if n ** len(self.ranges) * 2 * PLACES <= self.left - self.runs), FINER[-1])
        while found and self.ranges:
            self.progress(f"{self.runs:,} of at most {self.budget:,} runs")
            closer = [each for each in map(self.closer, found) if each]
            found = sorted(closer, key=self.rank)[: (len(found) + 1) // 2]
            self.rounds += found[:1]
        best = min(reversed(self.rounds), key=self.rank)
        walls = {of.name: self.walls(of, best) for of in self.ranges}
        beside = {of.name: self.beside(of, best) for of in self.ranges if not of.whole}
        fixed = resolve(self.plan, self.settings)
        ends = {of.name: "lowest" for of in self.ranges if best.inputs[of.name] == of.low}
        ends |= {of.name: "highest" for of in self.ranges if best.inputs[of.name] == of.high}
        return Best(
            plan=self.plan,
            data=self.data,
            inputs=best.inputs,
            settings={name: float(value) for name, value in fixed.items() if name not in best.inputs},
            measure=self.measure,
            measured=best.measure,
            error=best.error,
            verdict=best.verdict,
            runs=self.runs,
            over=tuple(self.over),
            ends=ends,
            walls=walls,
            beside=beside,
            rounds=tuple(self.rounds),
        )

    def rank(self, found: Found) -> float:
        """What is lower is better."""
        return max(found.measure, self.exact)

    def sweep(self, values: Mapping[str, Array]) -> Sweep:
        """All combinations of some values."""
        axes = [Axis(name, each) for name, each in values.items()]
        self.runs += math.prod(each.size for each in values.values())
        return sweep_plan(self.plan, self.data, axes, self.settings)

    def coarse(self) -> list[Found]:
        """The lowest places of a grid over everything that is searched, the lowest first."""
        fixed = math.prod((of.points or 1) if isinstance(of, Range) else of.values.size for of in self.over)
        free = sum(of.points is None for of in self.ranges)
        coarse = self.left - min(self.left // 2, 3 * PLACES * FINER[0] ** len(self.ranges))
        points = max(3, int((coarse / fixed) ** (1 / free) + 1e-9)) if free else 0
        values = {of.name: of.coarse(of.points or points) if isinstance(of, Range) else of.values for of in self.over}
        swept = self.sweep(values)
        steps = {of.name: (of.ends[1] - of.ends[0]) / max(1, values[of.name].size - 1) for of in self.ranges}
        return self.lowest(swept, steps, PLACES)

    def closer(self, found: Found) -> Found | None:
        """The lowest run of a finer grid around one; None where there is nothing finer or no run left."""
        finest = {of.name: of.finest(found.inputs[of.name]) for of in self.ranges}
        if found.flat or all(found.steps[name] <= finest[name] for name in finest):
            return None
        reach, values = (1.0 if self.spread > 3 else 0.5), {n: np.array([v]) for n, v in found.inputs.items()}
        for of in self.ranges:
            step = found.steps[of.name] * reach
            first, last = of.ends
            places = of.place(found.inputs[of.name]) + step * np.linspace(-1, 1, self.spread)
            values[of.name] = np.union1d(of.values(np.clip(places, first, last)), values[of.name])
        if self.runs + math.prod(each.size for each in values.values()) > self.left:
            return None
        swept = self.sweep(values)
        finer = {name: step * reach * 2 / (self.spread - 1) for name, step in found.steps.items()}
        lower = next(iter(self.lowest(swept, finer, 1)), None)
        if lower is None:
            return None
        moved = {of.name: lower.inputs[of.name] for of in self.ranges}
        on = [of.name for of in self.ranges if moved[of.name] in values[of.name][[0, -1]]]  # and further on, maybe
        kept = {
            of.name: 2 * found.steps[of.name] for of in self.ranges if of.name in on and moved[of.name] not in of.limits
        }
        return replace(lower, steps={**finer, **kept})

    def lowest(self, swept: Sweep, steps: Mapping[str, float], most: int) -> list[Found]:
        """The lowest runs of a grid, none beside another; of those that are as good, the one in the middle."""
        values = self.compared(swept)
        while True:
            places = list(_low(values, self.along, most))
            noisy = [place for place in places if self.noisy(swept, place)]
            if not noisy:
                break
            values[tuple(np.transpose(noisy))] = np.inf
        if not places and not self.rounds:
            over = ", ".join(str(of) for of in self.over if isinstance(of, Range)) or swept.grid.names[0]
            raise SettingError(
                f"Each of {counted(self.runs, 'run')} over {over} explodes, ends with an error cell or is driven by "
                "rounding noise: search lower rates."
            )
        found = swept.error if swept.validation is None else swept.validation
        flat = bool(np.all(values == values.min()))
        return [
            Found(
                self.runs,
                swept.grid.at(place),
                float(found[place]),
                float(swept.error[place]),
                swept.verdict(*place),
                steps,
                flat,
            )
            for place in places
        ]

    def compared(self, swept: Sweep) -> Array:
        """What is compared of each run; infinite where it cannot be the best."""
        found = swept.error if swept.validation is None else swept.validation
        good = np.isfinite(found) & np.isfinite(swept.error) & (swept.kind != EXPLODED)
        values: Array = np.where(good, np.maximum(found, self.exact), np.inf)
        return values

    def noisy(self, swept: Sweep, place: tuple[int, ...]) -> bool:
        """Whether numerical derivatives that are rounding noise drive a run."""
        if not self.plan.driven_by_numerical:
            return False
        trace = swept.run(*place)
        return bool(trace.inputs.get("driver", 1)) and trace.noise is not None

    def line(self, of: Range, best: Found, places: Iterable[float]) -> Sweep:
        """Runs at places of a range, everything else at its best."""
        values = np.array([of.value(place) for place in places])
        return self.sweep({**{name: np.array([value]) for name, value in best.inputs.items()}, of.name: values})

    def beside(self, of: Range, best: Found) -> dict[str, float]:
        """What is compared a little below and above the best, where that is in the range."""
        at = of.place(best.inputs[of.name])
        values = self.compared(self.line(of, best, (at - of.step, at + of.step))).ravel().tolist()
        inside = zip(("lower", "higher"), values, of.limits, strict=True)
        return {way: value for way, value, limit in inside if best.inputs[of.name] != limit}

    def walls(self, of: Range, best: Found) -> tuple[Wall | None, Wall | None]:
        """The nearest values of a range, below and above the best, at which the run explodes or dies."""
        down, up = (self.wall(of, best, end) for end in of.ends)
        return down, up

    def wall(self, of: Range, best: Found, end: float) -> Wall | None:
        """The value nearest to the best, on the way to an end, at which the run comes to nothing; None if none does."""
        at, near, found = of.place(best.inputs[of.name]), 0.0, None
        shares = np.linspace(0, 1, self.probes + 1)[1:]
        worst = (EXPLODED,) if best.verdict.kind == DEAD else (EXPLODED, DIED)
        for _ in range(CLOSER if at != end else 0):
            swept = self.line(of, best, at + (end - at) * shares)
            bad = np.isin(swept.kind.ravel(), worst)
            if not bad.any():
                break
            first = int(np.argmax(bad))
            found = Wall(of.value(at + (end - at) * shares[first]), KINDS[swept.kind.ravel()[first]])
            near, far = (shares[first - 1] if first else near), shares[first]
            shares = np.linspace(near, far, self.probes + 2)[1:-1]
        return found


def _low(values: Array, along: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """The places that are no higher than their neighbours along some axes, the lowest first, each height once."""
    low = np.isfinite(values)
    for axis in along:
        before, after = _beside(values, axis, np.inf)
        low &= (values <= before) & (values <= after)
    for value in np.unique(values[low])[:most]:
        yield _inmost(low & (values == value), along)


def _inmost(mask: NDArray[np.bool_], along: Sequence[int]) -> tuple[int, ...]:
    """The place of a region, along some axes, that is the furthest from what is outside; the middle one of several."""
    inner = mask
    while inner.any():
        mask = inner
        beside = [side for axis in along if mask.shape[axis] > 1 for side in _beside(mask, axis, value=False)]
        if not beside:
            break
        inner = np.logical_and.reduce([mask, *beside])
    places = np.argwhere(mask)
    return tuple(places[len(places) // 2].tolist())


def _beside(values: NDArray[Any], axis: int, value: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """What stands before and after each value along an axis, and outside of it a given one."""
    moved = np.moveaxis(values, axis, 0)
    outside = np.full_like(moved[:1], value)
    before, after = (np.concatenate(parts) for parts in ((outside, moved[:-1]), (moved[1:], outside)))
    return np.moveaxis(before, 0, axis), np.moveaxis(after, 0, axis)
