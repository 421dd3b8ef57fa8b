"""The edition of a lesson to fill in: an exercise for each of its runs, with numbers of a learner's own on request."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import SettingError, did_you_mean, shown
from ..experiments import LEARN, Experiment
from ..numbers.engine import run_plan
from ..settings import rounded
from ..sheets.exercise import ALL, FILLABLE, Exercise, alike
from ..sheets.steps import Steps
from .lesson import LONGEST_FILE, Lesson

#: what is put to the name of a lesson
NAMED = "-exercise"
#: of a learner's own numbers: by how much weights start elsewhere at most, and the shares of the learning rate
APART, RATES = 0.5, (0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3, 1.4, 1.5)
#: how often they are drawn until the run has numbers that tell right from wrong
DRAWS = 100
READING = {
    "how it goes": "Each exercise is a sheet. Fill in the yellow cells from the top: a formula in the first row, "
    "copied down, or numbers. In a formula that is copied, lock the cell of the learning rate, and of whatever else is "
    "the same in all rows, with $. A cell turns green where it is right, red where it is not, with a hint at the "
    "right, and amber while something that it uses is missing or not right. Nothing needs to be right at once.",
    "what counts": "Any formula that gives the number is right, and so is the number. Each cell is judged by what "
    "stands in its own row, so one wrong column does not make the others wrong.",
    "what may be changed": "The learning rate, the starts and the samples: all follows, and so do the colours.",
    "handing in": "Save the workbook under a name that says who you are, and hand in that file.",
}


def exercise(
    of: Lesson,
    *,
    sheets: Sequence[str] = (),
    blank: Sequence[str] = (),
    steps: int = 0,
    worked: int = 0,
    whose: str = "",
) -> Lesson:
    """The lesson with its runs to fill in.

    sheets: which of them, all if left out. blank: the columns to fill in, by name or title: those of derivatives and
    new weights if left out, `all` for every one; each sheet has those of them that it can. steps: how many, an epoch if
    left out. worked: how many of them are worked out. whose: for whom: starts and learning rate are then of their own,
    always the same for one name.
    Raises SettingError where there is nothing to fill in.
    """
    runs = {kind.sheet: kind.experiment for kind in of.kinds if isinstance(kind, Steps)}
    if not runs:
        raise SettingError(f"{of.name} shows no run step by step: there is nothing to fill in.")
    for sheet in sheets:
        if sheet not in runs:
            raise SettingError(f"{of.name} has no run {shown(sheet)} to fill in.{did_you_mean(sheet, runs)}")
    most = max(len(e.data) for e in runs.values())
    if not 0 <= steps <= most:
        raise SettingError(f"An epoch of {of.name} has {most} steps to fill in, not {steps}.")
    chosen = [runs[sheet] for sheet in sheets] or [*runs.values()]
    parts = [_filled_in(e, tuple(blank), steps, worked, whose) for e in chosen]
    found = [part for part in parts if part is not None]
    if not found:
        titles = dict.fromkeys(c.title for e in chosen for c in e.plan.columns)
        hint = did_you_mean(blank[0], titles)
        raise SettingError(f"{', '.join(map(shown, blank))} is no column of {', '.join(e.name for e in chosen)}.{hint}")
    return Lesson(
        f"{of.title}: to fill in{f', for {whose}' if whose else ''}",
        found,
        name=whose or f"{of.name}{NAMED}"[:LONGEST_FILE],
        reading=READING,
        opens=found[0].sheet,
    )


def _filled_in(e: Experiment, blank: tuple[str, ...], steps: int, worked: int, whose: str) -> Exercise | None:
    """The exercise of a run; None where it has none of the columns."""
    own = personal(e, whose) if whose else e
    headline = f"Fill in the yellow cells: {e.title or e.name}"
    made = Exercise(e.name, headline, own, steps=min(steps, len(e.data)), worked=worked, whose=whose)
    if not blank or blank == (ALL,):
        return replace(made, blank=blank)
    known = {title for c in made.plan.columns for title in (c.name, c.title)}
    there = tuple(name for name in blank if name in known)
    return replace(made, blank=there) if there else None


def personal(e: Experiment, whose: str) -> Experiment:
    """The experiment with starts and a learning rate of somebody's own, always the same for one name.

    They are drawn until no number overflows, and no more columns are the same in all rows than of the experiment.

    >>> from ..experiments import Experiment
    >>> personal(Experiment("line"), "Ada").values == personal(Experiment("line"), "Ada").values
    True
    """
    seed = hashlib.sha256(f"{e.name}/{whose}".encode()).digest()
    rng = np.random.default_rng([*seed])
    values = {i.name: float(rounded(i.value)) for i in e.inputs}
    usual = _same(e)
    for _ in range(DRAWS):
        own = {w: round(values[w] + float(rng.uniform(-APART, APART)), 2) for w in e.model.weights}
        own[LEARN.name] = float(f"{values[LEARN.name] * float(rng.choice(RATES)):.3g}")
        found = replace(e, values={**e.values, **own})
        same = _same(found)
        if same is not None and same <= (usual or set()):
            break
    return found


def _same(e: Experiment) -> set[str] | None:
    """The columns of an experiment that are the same in all rows, and tell nothing; None where some are no numbers."""
    plan = Exercise(e.name, e.name, e).plan
    trace = run_plan(plan, e.data, {i.name: float(rounded(i.value)) for i in plan.inputs})
    rows = {c.name: trace.rows[c.name][0] for c in plan.columns if c.role in FILLABLE}
    return {*alike(rows)} if all(np.isfinite(values).all() for values in rows.values()) else None
