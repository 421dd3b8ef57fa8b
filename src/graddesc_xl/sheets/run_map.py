"""The map of runs: what became of each run over one input or two, and any of them live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..errors import SettingError
from ..experiments import Experiment
from ..language.expr import call
from ..parts.data import Dataset
from ..plan import Plan, compact
from ..sweeps import Axis, Sweep, axis, sweep_plan
from ..sweeps.colours import error_span
from ..sweeps.grid import grid
from ..workbook.sheet import Sheet
from ..workbook.style import SUBTITLE as SUBTITLE_STYLE
from ..workbook.style import TITLE as TITLE_STYLE
from . import check, map_panels, map_run, map_said
from .kind import Composed, Kind, behind
from .long_run import LIVE
from .making import Making
from .map_panels import ERROR, STEP, VERDICT
from .map_places import HELPER, KEY, SUBTITLE, TITLE, TOP, Places

#: so many values an axis may have: more cannot be told apart on a screen
MOST = 250
NOT_LIVE = (
    "A cell is a run, a constant that NumPy computed; the legend is above it. Type into the two cells at the right "
    "which run you want to see: the nearest of the map is marked. Charts draw errors below those of the colours as the "
    "lowest of these."
)
READING = NOT_LIVE.replace("is marked.", "is marked, and runs live beside it.")


@dataclass(frozen=True)
class RunMap(Kind):
    """What became of the runs of an experiment over one input or two.

    experiment: what is run, once for each cell. across, up: the values of its inputs as they are typed, as in
    `lr=1e-5..0.1:log:61`; no `up` for a map over one input. shows: error, verdict, step or weights after the last step.
    headline, subtitle: above the sheet. about: for the overview.
    """

    kind = "map"

    name: str
    experiment: Experiment
    across: str
    up: str = ""
    shows: tuple[str, ...] = (ERROR, VERDICT, STEP)
    headline: str = "Which runs learn?"
    subtitle: str = ""
    about: str = ""

    def __post_init__(self) -> None:
        map_panels.quantities(self.experiment.plan, self.shows, self.name)
        if len({*self.shows}) < len(self.shows):
            raise SettingError(f"{self.name} shows something twice: name each quantity once.")
        for each in self._axes:
            count = each.values.size
            if count > MOST:
                raise SettingError(
                    f"{self.name}: {each.name} has {count:,} values, and an axis of a map {MOST} at most: take fewer, "
                    "or save the sweep as a table or a picture."
                )
            if count > 1 and not (np.diff(each.values) > 0).all():
                raise SettingError(f"{self.name}: write the values of {each.name} in rising order, each once.")
        names = [each.name for each in self._axes]
        if len({*names}) < len(names):
            raise SettingError(f"{self.name}: both axes are {names[0]}: name another input, or leave one out.")

    @cached_property
    def _axes(self) -> tuple[Axis, ...]:
        """Its axes, the one across first."""
        return tuple(axis(text) for text in (self.across, self.up) if text)

    @cached_property
    def live(self) -> bool:
        """Whether the steps of the run that is picked may be formulas.

        They are where there are few enough, analytic derivatives drive them, no pass is discarded, no epoch is shuffled
        and each starts from the new weights: other runs have a sheet of their own.
        """
        e, plan = self.experiment, self.experiment.plan
        if e.passes or e.shuffled or plan.driven_by_numerical:
            return False
        few = (len(plan.columns) + len(plan.samples)) * e.epochs * len(e.data) <= LIVE
        return few and all(s.carry == s.column for s in plan.starts)

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    @property
    def behind(self) -> str:
        """The name of the sheet with the steps of the run that is picked, "" where it is not live."""
        return behind(self.name) if self.live else ""

    @property
    def data(self) -> Dataset:
        """The samples of its runs."""
        return self.experiment.data

    @property
    def _plan(self) -> Plan:
        return self.experiment.plan

    @cached_property
    def _swept(self) -> list[tuple[Dataset, Sweep]]:
        """What was computed, for the samples that it was computed for."""
        return []

    def size(self) -> int:
        """About how many cells its sheets will have."""
        e = self.experiment
        runs = int(np.prod([each.values.size for each in self._axes]))
        return runs * len(self.shows) + 3 * len(e.plan.columns) * e.epochs * len(e.data) * self.live

    def know(self, swept: Sweep) -> None:
        """Take the runs from a sweep of the experiment, if it has these axes, instead of computing them anew."""
        wanted, axes = grid(self._plan, self._axes).axes, swept.grid.axes
        if [each.name for each in axes] == [each.name for each in wanted] and all(
            np.array_equal(mine.values, theirs.values) for mine, theirs in zip(axes, wanted, strict=True)
        ):
            self._swept[:] = [(swept.data, swept)]

    def swept(self, data: Dataset) -> Sweep:
        """Its runs, computed once for the same samples."""
        for known, found in self._swept:
            if known == data:
                return found
        found = sweep_plan(self._plan, data, self._axes)
        self._swept[:] = [(data, found)]
        return found

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The panels, what is said of them, and the run that is picked."""
        samples = making.of(self.data)
        swept = self.swept(samples.built)
        axes = [*swept.grid.axes]
        of = Places(Sheet(self.name), axes[0] if axes[1:] else None, axes[-1], self.shows)
        sheet = of.sheet
        sheet.put(TITLE, 1, self.headline, TITLE_STYLE)
        sheet.put(
            SUBTITLE,
            1,
            self.subtitle or f"{self.experiment.title or self.experiment.model.title}: a run in each cell.",
            SUBTITLE_STYLE,
        )
        plan = _picked(self.experiment, swept)
        map_run.pick(of, plan, making)
        links = map_run.others(of, plan, making) if self.live else {}
        aside = left = of.typed + 2 * map_run.GROUPS + 1
        map_panels.axes(of)
        map_run.nearest(of, left)
        map_panels.put(of, map_panels.panels(swept, self.shows))
        made = map_run.run(of, self.behind, compact(plan), links, making, samples) if self.live else None
        lane = made.lanes[0] if made else None
        left += 5
        of.note(TOP - 2, left, "√Σy²; the errors between which charts draw")
        of.cells["scale"] = sheet.put(TOP, left, call("sqrt", samples.scale), HELPER).absolute
        low, high = (float(f"{end:.3g}") for end in error_span(swept))
        of.cells["near"] = sheet.put(TOP + 1, left, low, HELPER).absolute
        of.cells["far"] = sheet.put(TOP + 2, left, 10 * high, HELPER).absolute
        title = self._plan.error.title
        differs, left = map_run.constants(of, links, lane, samples, left + 2)
        map_run.says(of, title, lane, differs, left + 2)
        errors = left + 2 if of.across else of.corner(self.shows.index(ERROR))[1]
        counts = map_said.Counts(of, left + 6)
        map_said.best(of, swept.best if _ends(swept) else None, counts.next + 1)
        left = map_run.charts(of, title, lane, _best(swept), errors, counts.next + 3)
        map_said.put(of, self._plan, counts, left + 1)
        sheet.aside |= {*range(aside, sheet.extent[1] + 1)}
        sheet.portrait = not of.across
        sheet.zoom = of.zoom
        sheet.frozen = (TOP - 1, KEY)
        bottom = max(of.bottom, *(chart.row for chart in sheet.charts))
        sheet.printed, sheet.printed_rows, sheet.whole = of.typed - 2, bottom, True
        return Composed(
            sheet,
            self.about or self.headline,
            made.sheet if made else None,
            check.of_runs(sheet, made, making, self.data.name) if made else None,
            figures=map_said.figures(of, counts),
            reading={"a map of runs": READING if made else NOT_LIVE},
            runs=made,
        )


def _best(swept: Sweep) -> np.ndarray:
    """The errors by epoch of the run with the lowest last one, nan where no run ends with a number."""
    return swept.run(*swept.best).errors if _ends(swept) else np.full(swept.plan.epochs, np.nan)


def _ends(swept: Sweep) -> bool:
    """Whether a run ends with a number."""
    return bool(np.isfinite(swept.error).any())


def _picked(experiment: Experiment, swept: Sweep) -> Plan:
    """The plan of the run that is picked: as built the best of the map, if one ends with a number."""
    at = swept.grid.at(swept.best if _ends(swept) else (0,) * len(swept.shape))
    return replace(experiment, values={**experiment.values, **at}).plan
