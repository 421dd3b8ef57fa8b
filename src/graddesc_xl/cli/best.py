"""The command that searches for the best rate, and other inputs, of an experiment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import WorkbookError
from ..writing import replacing
from . import own
from .changes import Changes, Named
from .export import Target
from .options import options
from .show import screen, show_best, show_built, working
from .sweeping import chosen
from .typed import complete_setting

if TYPE_CHECKING:
    from ..experiments import Experiment
    from ..lessons import Lesson

EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "graddesc-xl best basic\n\n"
    "graddesc-xl best adam --over lr=1e-3..10:log --over beta1=0..0.99 --epochs 20\n\n"
    "graddesc-xl best lesson.toml --sheet plain --budget 500 -o better.toml\n\n"
    "graddesc-xl best --model 'c*relu(a*x + b) + d' --over lr=1e-7..1e-3:log --over a=-3..3 -o best.xlsx\n\n"
    "graddesc-xl best --model 'a*size + b' --data houses.csv --validation 0.2 --scale z-score"
)


@options
def best(
    names: Named = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="NAME=FROM..TO",
            autocompletion=complete_setting,
            help="What to search: lr=1e-6..1:log evenly among logarithms, a=-3..3, every=1..60:whole, or values to "
            "choose from: batch=1,5,29; may be repeated. The learning rate if left out.",
        ),
    ] = None,
    budget: Annotated[int, typer.Option(metavar="RUNS", help="How many runs there may be.")] = 2000,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it, at its best, as a workbook (.xlsx) or a recipe (.toml)."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file given by --output.")] = False,
    *,
    mine: own.Own,
    changes: Changes,
) -> None:
    """Search for the best learning rate, and other inputs, within a budget of runs.

    Best is the lowest error of the last epoch, or that of the samples held out where there are some (--validation).
    A run that explodes, or that rounding noise drives, never is the best.
    """
    out = _target(output, force=force)
    lesson, e, settings = chosen(" ".join(names or []), mine, changes)
    lasting = changes.made(e)
    with working(f"Searching {e.name}", brief=True) as step:
        found = lasting.best(over or None, budget=budget, settings=settings, progress=step)
    show_best(e, found)
    if out is not None:
        values, about = {**e.values, **settings, **found.inputs}, f"{e.about} {found.told}".strip()
        _write(_with(lesson, e, replace(lasting, values=values, about=about)), out, force=force)


def _target(path: Path | None, *, force: bool) -> Target | Path | None:
    """The file to write, refused before anything is searched where it cannot be written."""
    if path is None:
        return None
    if path.suffix.lower() not in (".xlsx", ".toml"):
        raise WorkbookError(f"{path} must end in .xlsx, for a workbook, or in .toml, for its recipe.")
    if path.suffix.lower() == ".toml" or not path.parent.is_dir():
        return Target(path, path.suffix.lower(), force=force)
    return path


def _with(lesson: Lesson | None, e: Experiment, found: Experiment) -> Lesson:
    """The lesson with what was found in the place of an experiment; one of it alone where there is none."""
    from ..lessons import Lesson
    from ..sheets.steps import Steps

    if lesson is None:
        return Lesson(found.title or found.name, [found])

    def instead(part: Any) -> Any:
        return replace(part, experiment=found) if isinstance(part, Steps) and part.experiment is e else part

    return replace(lesson, parts=[found if part is e else instead(part) for part in lesson.parts])


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
