"""The command that searches for the best rate, and other inputs, of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SettingError, WorkbookError, did_you_mean, shown
from ..writing import replacing
from . import own
from .export import Target
from .show import screen, show_best, show_built, working
from .typed import complete_experiment, complete_setting, parse_settings, refuse_unknown

if TYPE_CHECKING:
    from ..experiments import Experiment
    from ..lessons import Lesson


def best(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|FILE]",
            autocompletion=complete_experiment,
            help="An experiment, quoted or not; or a recipe or a workbook, whose experiment it is.",
        ),
    ] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FROM..TO",
            help="What to search: lr=1e-6..1:log evenly among logarithms, a=-3..3, every=1..60:whole, or values to "
            "choose from: batch=1,5,29; may be repeated. The learning rate if left out.",
        ),
    ] = None,
    budget: Annotated[int, typer.Option(metavar="RUNS", help="How many runs there may be.")] = 2000,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="Passes over the samples.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", autocompletion=complete_setting, help="Change a setting; may be repeated."
        ),
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="SHEET", help="Which experiment of a recipe, where it has several.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it as a workbook (.xlsx) or its recipe (.toml)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of -o.")] = False,
    *,
    mine: own.Own,
) -> None:
    """Search for the best learning rate, and other inputs, within a budget of runs.

    The best run has the lowest error of its last epoch; of data that hold samples out (--validation), the lowest error
    of those, with the weights at the end. It never is one that explodes, or that rounding noise drives.
    """
    out = _target(output, force=force)
    lesson, e, settings = _meant(" ".join(names or []), mine, setting or [], only)
    lasting = e if epochs is None else replace(e, epochs=epochs)
    with working(f"Searching {e.name}", brief=True) as step:
        found = lasting.best(over or None, budget=budget, settings=settings, progress=step)
    show_best(e, found)
    if out is not None:
        values, about = {**e.values, **settings, **found.inputs}, f"{e.about} {found.told}".strip()
        _write(_changed(lesson, e, replace(lasting, values=values, about=about)), out, force=force)


def _target(path: Path | None, *, force: bool) -> Target | Path | None:
    """The file to write, refused before anything is searched where it cannot be written."""
    if path is None:
        return None
    if path.suffix.lower() not in (".xlsx", ".toml"):
        raise WorkbookError(f"{path} must end in .xlsx, for a workbook, or in .toml, for its recipe.")
    if path.suffix.lower() == ".toml" or not path.parent.is_dir():
        return Target(path, path.suffix.lower(), force=force)
    return path


def _meant(
    name: str, mine: own.Own, setting: Sequence[str], only: str | None
) -> tuple[Lesson, Experiment, dict[str, float]]:
    """The lesson, its experiment that is meant, and the settings that are changed."""
    from .. import building
    from ..lessons import COMPARISONS, EXPERIMENTS, LESSONS, Lesson, is_file

    if mine and name:
        raise SettingError(f"{name} comes with its model: leave it out, or leave out {mine.first}.")
    if not mine and not name:
        raise SettingError("Name an experiment (graddesc-xl list shows them), or give a model: --model 'a*x + b'.")
    if mine:
        e = mine.experiment(setting, None)
        return Lesson(f"{e.model.title}, on {e.data.name}", [e]), e, {}
    known = next((each for each in EXPERIMENTS if each.lower() == name.lower()), name)
    if known in EXPERIMENTS:
        e = EXPERIMENTS[known]
        lesson = Lesson(e.title or e.name, [e])
    elif known in COMPARISONS:
        raise SettingError(f"{known} is a comparison of many runs: search for the best of one of its experiments.")
    elif not is_file(name):
        refuse_unknown(name, LESSONS, EXPERIMENTS)
    else:
        lesson = building.described(name)
        e = _one_of(lesson, name, only)
    return lesson, e, parse_settings(setting, e.name, e.plan.inputs)


def _one_of(lesson: Lesson, file: str, only: str | None) -> Experiment:
    """The experiment of a lesson that is meant."""
    runs = {e.name: e for e in lesson.experiments}
    if only is None and len(runs) == 1:
        return next(iter(runs.values()))
    if not runs:
        raise SettingError(f"{file} has no experiment of its own to search.")
    if only is None:
        raise SettingError(f"{file} has several experiments: choose one with --only, of {', '.join(runs)}.")
    if only not in runs:
        raise SettingError(f"{file} has no experiment {shown(only)}.{did_you_mean(only, runs)}")
    return runs[only]


def _changed(lesson: Lesson, e: Experiment, changed: Experiment) -> Lesson:
    """The lesson with another experiment in the place of one."""
    from ..sheets.steps import Steps

    parts = [
        changed
        if part is e
        else replace(part, experiment=changed)
        if isinstance(part, Steps) and part.experiment is e
        else part
        for part in lesson.parts
    ]
    return replace(lesson, parts=parts)


def _write(lesson: Lesson, out: Target | Path, *, force: bool) -> None:
    """Write the lesson as a workbook or as its recipe."""
    from .. import building
    from ..lessons.recipe import spell

    if isinstance(out, Target):
        with replacing(out.path, out.check) as file:
            file.write(spell(lesson).encode("utf-8"))
        screen().print(f"{out.path}: build it with graddesc-xl build {out.path}", soft_wrap=True)
        return
    with working(f"Building {out}") as step:
        built = building.build(replace(lesson, name=out.stem), out, force=force, progress=step)
    show_built([built])
