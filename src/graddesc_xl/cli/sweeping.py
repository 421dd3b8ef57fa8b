"""The command that runs an experiment at every point of a grid."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from ..ending import StoppedError
from ..errors import GraddescWarning, SettingError, SweepError, did_you_mean, shown
from ..notebook import counted
from . import own
from .changes import Changes, Named
from .export import Progress, Target
from .numbers_typed import parse_settings
from .options import options
from .show import coloured, screen, table, working
from .telling import digits, short
from .telling import setting as shown_setting
from .typed import complete_setting

if TYPE_CHECKING:
    from ..experiments import Experiment
    from ..lessons import Lesson
    from ..sweeps import Axis, Sweep

EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "graddesc-xl sweep basic --over lr=1e-6..1e-1:log:200\n\n"
    "graddesc-xl sweep basic --over lr=1e-6..1e-1:log:200 --over a=-3..3:200 --epochs 10 -o map.csv\n\n"
    "graddesc-xl sweep --model 'c*relu(a*x + b) + d' --over lr=1e-6..1e-2:log:80 --over a=-3..3:61 -o map.xlsx\n\n"
    "graddesc-xl sweep mine.toml --sheet adam --over lr=0.01,0.1,1 --by-epoch -o rates.parquet\n\n"
    "graddesc-xl sweep --model 'c*relu(a*x + b) + d' --over lr=1e-6..1e-2:log:1000 --over a=-3..3:1000 -o map.npz "
    "--workers 2\n\n"
    "graddesc-xl sweep basic --over lr=1e-6..1e-1:log:5000 --over a=-3..3:2000 -o map.npz --dask "
    "tcp://192.168.1.7:8786 --resume"
)


@options
def sweep(
    names: Named = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="NAME=FROM..TO",
            autocompletion=complete_setting,
            help="An input and the values that it takes: lr=1e-6..1e-1:log:200, a=-3..3:61 or lr=0.1,0.2; may be "
            "repeated, for all combinations.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write what became of every run: a map as a workbook (.xlsx) or a picture (.png), a table (.csv, "
            ".parquet), arrays (.npz).",
        ),
    ] = None,
    by_epoch: Annotated[bool, typer.Option("--by-epoch", help="Write the error of every epoch, too.")] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Processes that compute, at most one per core; chosen by how long it takes if left out."
        ),
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Compute on the workers of this Dask scheduler.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what an interrupted sweep left in FILE.parts.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file given by --output.")] = False,
    *,
    mine: own.Own,
    changes: Changes,
) -> None:
    """Run an experiment at every point of a grid, and show what became of its runs."""
    from ..sweeps import axis
    from ..sweeps.kept import beside, clear

    axes = [axis(text) for text in over or []]
    _, e, settings = chosen(" ".join(names or []), mine, changes)
    if mine.lr is not None and "lr" in (each.name for each in axes):
        raise SettingError("--lr and --over lr both say the learning rate: give one of them.")
    e = changes.made(e)
    if output is None and (resume or by_epoch):
        raise SettingError(f"{'--resume' if resume else '--by-epoch'} is of the file of -o: add it, as in -o map.csv.")
    if output is not None:
        write, target = writing(e, axes, settings, output, force=force)
    how: Any = {"workers": workers, "dask": dask, "by_epoch": by_epoch}
    with keeping(output, resume=resume), working(f"Sweeping {e.name}", brief=True) as step:
        swept = e.sweep(axes, settings=settings, resume=output, progress=step, **how)
    show_sweep(e, swept)
    if output is not None:
        with working(f"Writing {output}", brief=True) as step:
            write(swept, target, step)
        clear(beside(output))
        screen().print(f"{output}: {counted(len(swept.grid), 'run')}", soft_wrap=True)


def writing(
    e: Experiment, axes: Sequence[Axis], settings: Mapping[str, float], path: Path, *, force: bool
) -> tuple[Callable[[Sweep, Target, Progress], None], Target]:
    """How the sweep of an experiment becomes a file, and the file: refused here where it cannot."""
    from .. import building
    from ..lessons.mapped import map_of, map_over
    from ..sweeps.grid import grid
    from ..sweeps.saving import save, writer

    if path.suffix.lower() != ".xlsx":
        writer(path, ".xlsx")
        return lambda swept, target, _: save(swept, target.path, target.check), Target(
            path, path.suffix.lower(), force=force
        )
    map_over(e, grid(e.plan, axes), settings, e.epochs)

    def workbook(swept: Sweep, target: Target, progress: Progress) -> None:
        building.build(map_of(e, swept, name=path.stem), target.path, force=force, progress=progress)

    return workbook, Target(path, ".xlsx", force=force)


def chosen(name: str, mine: own.Own, changes: Changes) -> tuple[Lesson | None, Experiment, dict[str, float]]:
    """The lesson of a file, the experiment that is meant, and the settings that all its runs share."""
    from ..lessons import COMPARISONS, EXPERIMENTS, LESSONS

    sheet = mine.sheet
    other = replace(mine, lr=None, sheet=None)
    if name and other:
        raise SettingError(f"{name} comes with its model: leave it out, or leave out {other.first}.")
    if not name:
        if not mine:
            raise SettingError("Name an experiment (graddesc-xl list shows them), or give a model: --model 'a*x + b'.")
        return None, mine.experiment(changes.settings, changes.epochs), {}
    lesson, e = None, next((of for of in EXPERIMENTS.values() if of.name.lower() == name.lower()), None)
    if e is not None and sheet is not None:
        raise SettingError(f"--sheet names a run of a file, and {name} is a run itself: leave it out.")
    if e is None:
        if name.lower() in map(str.lower, COMPARISONS):
            raise SettingError(f"{name} is a comparison of many runs: sweep one experiment over what it compares.")
        if name not in LESSONS and Path(name).suffix.lower() not in (".toml", ".xlsx") and not Path(name).is_file():
            raise SettingError(f"There is no experiment {shown(name)}.{did_you_mean(name, EXPERIMENTS)}")
        lesson, e = of_file(name, sheet)
    given = changes.settings if mine.lr is None else [*changes.settings, f"lr={short(mine.lr)}"]
    return lesson, e, parse_settings(given, e.name, e.plan.inputs)


def of_file(name: str, sheet: str | None) -> tuple[Lesson, Experiment]:
    """The lesson of a recipe or a workbook, and its only run, or that of one of its sheets."""
    from ..building import described
    from ..verification.left import lesson_as_left

    with working(f"Reading {name}", brief=True) as step:
        left = Path(name).suffix.lower() == ".xlsx"
        of = lesson_as_left(Path(name), step) if left else described(name)
    runs = {e.name: e for e in of.experiments}
    if not runs:
        raise SettingError(f"{name} has no sheet of one run to sweep: its sheets are {', '.join(of.sheets)}.")
    if sheet is None:
        if len(runs) > 1:
            raise SettingError(f"{name} has {len(runs)} runs: choose one with --sheet: {', '.join(runs)}.")
        return of, next(iter(runs.values()))
    if sheet not in runs:
        raise SettingError(f"{name} has no run {shown(sheet)}.{did_you_mean(sheet, runs)}")
    return of, runs[sheet]


@contextmanager
def keeping(output: Path | None, *, resume: bool) -> Iterator[None]:
    """Begin with what is kept beside a file, or anew; where a sweep ends before its time, say what is kept."""
    from ..sweeps.kept import beside, clear, runs

    if output is None:
        yield
        return
    folder = beside(output)
    if not resume:
        clear(folder)
    elif not runs(folder):
        said = f"Nothing of a sweep is kept in {folder}: this one begins with its first run."
        warnings.warn(said, GraddescWarning, stacklevel=2)
    try:
        yield
    except (KeyboardInterrupt, StoppedError, SweepError):
        if done := runs(folder):
            said = f"{counted(done, 'run')} are kept in {folder}: the same command with --resume goes on with them."
            screen(err=True).print(said, soft_wrap=True)
        raise


def show_sweep(e: Experiment, swept: Sweep) -> None:
    """What became of how many runs, where on each axis these are, and the best of them."""
    from ..numbers.verdict import KINDS, Verdict

    out, axes = screen(), swept.grid.axes
    over = " × ".join(f"{a.name} {short(a.values.min())} to {short(a.values.max())} ({a.values.size:,})" for a in axes)
    fixed = [i for i in swept.plan.inputs if i.name in swept.settings]
    shared = ", ".join(f"{i.label} {shown_setting(i, swept.settings[i.name])}" for i in fixed)
    out.print(Text.assemble((e.name, "bold"), f": {e.title}"))
    out.print(f"{over}: {counted(len(swept.grid), 'run')} of {counted(swept.plan.epochs, 'epoch')}", style="dim")
    if shared:
        out.print(f"all with {shared}", style="dim")
    out.print()
    heads = [f"{axis.name} {end}" for axis in axes for end in ("from", "to")]
    made = table(out, "After the last epoch", "Runs", "Share", *heads, right=("Runs", "Share", *heads))
    for number, kind in reversed([*enumerate(KINDS)]):
        where = (swept.kind == number).nonzero()
        many = where[0].size
        if many:
            ends = [(axis.values[at].min(), axis.values[at].max()) for axis, at in zip(axes, where, strict=True)]
            cells = [short(float(f"{value:.4g}")) for pair in ends for value in pair]
            share = f"{100 * many / swept.kind.size:.1f}%"
            made.add_row(coloured(Verdict(kind)), f"{many:,}", share, *cells)
    out.print(made)
    out.print()
    out.print(best(swept))


def best(swept: Sweep) -> str:
    """The run with the lowest error, and its inputs as they may be typed."""
    try:
        place = swept.best
    except SettingError as none:
        return str(none)
    at = ", ".join(f"{name} {short(value)}" for name, value in swept.grid.at(place).items())
    return f"Lowest {swept.plan.error.title}: {digits(float(swept.error[place]))} at {at}, {swept.verdict(*place)}"
