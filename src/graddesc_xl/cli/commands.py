"""The commands: parse, call, print.

NumPy and whatever needs it are imported inside the commands, so that help answers at once.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import __version__
from ..errors import GraddescError, GraddescWarning, SettingError
from . import best as search
from . import export, grading, own, recipes, sweeping
from .changes import Changes
from .failing import Commands, finish
from .leaving import FAILED, PROGRAM, sentence
from .numbers_typed import parse_settings
from .options import options
from .show import Ended, screen, show_built, show_comparison, show_list, show_report, working
from .telling import short, show_run
from .typed import (
    complete_book,
    complete_experiment,
    refuse_unknown,
)

if TYPE_CHECKING:
    from ..building import Built
    from ..comparison import Comparison
    from ..experiments import Experiment
    from ..lessons import Lesson

#: steps from which a run is timed by some of them, and seconds from which it is said how long it takes
LONG, TRIED, PATIENCE = 1_000_000, 5_000, 10


app = typer.Typer(
    cls=Commands,
    name=PROGRAM,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="[bold]Examples[/bold]\n\n"
    "graddesc-xl build\n\n"
    "graddesc-xl run adam --epochs 30 --set lr=0.5\n\n"
    "graddesc-xl verify workbooks/graddesc.xlsx --libreoffice",
)


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """See gradient descent: workbooks in which every number of every step is a live formula."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), nl=False)


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "graddesc-xl build\n\n"
    "graddesc-xl build graddesc -o ~/Documents --force\n\n"
    "graddesc-xl build mine.toml\n\n"
    "graddesc-xl build ~/Downloads/lesson.xlsx -o lessons\n\n"
    "graddesc-xl build --model 'c*relu(a*x + b) + d' --lr 1e-5 -o mine.xlsx\n\n"
    "graddesc-xl build --model 'a*size + b' --data houses.csv --target price --optimizer torch_adam -o houses.xlsx\n\n"
    "graddesc-xl build graddesc --exercise --only basic --worked 1"
)
@options
def build(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE]",
            autocompletion=complete_book,
            help="A workbook by its name, the file of a recipe, or a workbook (FILE.xlsx) whose own recipe, on its "
            "last sheet, is built again; all workbooks that come with the package if left out.",
        ),
    ] = None,
    folder: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder to write to, made if there is none; or a file (.xlsx)."
        ),
    ] = Path("workbooks"),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a workbook that was saved by another program.")
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Passes over the samples.", rich_help_panel=own.GROUP)
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A start weight or setting; may be repeated.", rich_help_panel=own.GROUP
        ),
    ] = None,
    *,
    mine: own.Own,
    editions: grading.Editions,
) -> None:
    """Write workbooks: every sheet with its formulas, values, notes and charts."""
    from .. import building
    from ..lessons import EXPERIMENTS, LESSONS

    if mine or epochs is not None or setting:
        build_own(mine, name, folder, editions, force=force, epochs=epochs, setting=setting or [])
        return

    if name is not None and Path(name).suffix.lower() in (".csv", ".tsv"):
        raise SettingError(f"{name} is a file of samples: write --data {name}, and a model, as in --model 'a*x + b'.")
    if name in EXPERIMENTS and name not in LESSONS:
        holders = " or ".join(b.name for b in LESSONS.values() if name in [e.name for e in b.experiments])
        raise SettingError(f"{name} is an experiment, not a workbook: build {holders or 'another'}, or run {name}.")
    made: list[Built] = []
    problems: list[str] = []
    for each in [name] if name is not None else LESSONS:
        try:
            with working(f"Building {each}") as step:
                made += build_editions(editions.of(building.described(each)), folder, force=force, progress=step)
        except GraddescError as problem:
            problems.append(str(problem))
    if made:
        show_built(made)
    finish(problems)


def build_editions(of: Sequence[Lesson], folder: Path, *, force: bool, progress: Callable[[str], None]) -> list[Built]:
    """Write a lesson and its editions to fill in: these beside it, in a folder of their own where there are many."""
    from .. import building

    made = [building.build(of[0], folder, force=force, progress=progress)]
    beside = made[0].path.parent
    if of[2:]:
        beside = beside / f"{of[0].name}-exercise"
    return made + [building.build(each, beside, force=force, progress=progress) for each in of[1:]]


def build_own(
    mine: own.Own,
    name: str | None,
    folder: Path,
    editions: grading.Editions,
    *,
    force: bool,
    epochs: int | None,
    setting: list[str],
) -> None:
    """Write the workbook of a model of one's own."""
    from ..lessons import Lesson

    if name is not None:
        raise SettingError(f"{name} is a workbook that comes with its models: leave it out, or leave out {mine.first}.")
    e = mine.experiment(setting, epochs)
    title = f"{e.model.title}, on {e.data.name}"
    with working(f"Building {title}") as step:
        lesson = Lesson(title, [e], name="mine" if folder.suffix.lower() != ".xlsx" else folder.stem)
        show_built(build_editions(editions.of(lesson), folder, force=force, progress=step))


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "graddesc-xl run basic --set lr=1e-3\n\n"
    "graddesc-xl run adam --epochs 200 --carry new --all\n\n"
    "graddesc-xl run momentum --gradient numerical --set h=1e-6 --csv momentum.csv\n\n"
    "graddesc-xl run basic SGD 2 neuron collapse --set lr=1e-5\n\n"
    "graddesc-xl run learning rates --epochs 20\n\n"
    "graddesc-xl run --model 'h = tanh(a*x + b); c*h + d' --optimizer torch_adam --lr 0.1 --epochs 50"
)
@options
def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]",
            autocompletion=complete_experiment,
            help="An experiment or a comparison, quoted or not; graddesc-xl list shows them.",
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every number of every step as CSV.")] = None,
    xlsx: Annotated[Path | None, typer.Option(metavar="FILE", help="Write them as a plain spreadsheet.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every epoch of a long run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the files given by --csv and --xlsx.")] = False,
    *,
    mine: own.Own,
    changes: Changes,
) -> None:
    """Run an experiment or a comparison without a spreadsheet and show what each epoch does."""
    from .. import running
    from ..lessons import COMPARISONS, EXPERIMENTS, LESSONS

    name = " ".join(names or [])
    name = next((known for known in (*EXPERIMENTS, *COMPARISONS) if known.lower() == name.lower()), name)
    if name in (*EXPERIMENTS, *COMPARISONS) and mine.lr is not None:
        changes, mine = changes.also(f"lr={short(mine.lr)}"), replace(mine, lr=None)
    if name in COMPARISONS and not mine:
        refused = {"--carry": changes.carry, "--gradient": changes.gradient, "--csv": csv, "--xlsx": xlsx}
        run_comparison(
            COMPARISONS[name], changes.epochs, changes.settings, [o for o, given in refused.items() if given]
        )
        return
    settings: dict[str, float] = {}
    if mine:
        if name:
            raise SettingError(f"{name} comes with its model: leave it out, or leave out {mine.first}.")
        e = changes.made(mine.experiment(changes.settings, changes.epochs))
        name = e.name
    elif not name:
        raise SettingError("Name an experiment (graddesc-xl list shows them), or give a model: --model 'a*x + b'.")
    else:
        if name not in EXPERIMENTS:
            refuse_unknown(name, LESSONS, EXPERIMENTS, COMPARISONS)
        e = changes.made(name)
        settings = parse_settings(changes.settings, e.name, e.plan.inputs)
    targets = [
        (export.Target(path, suffix, force=force), write)
        for path, suffix, write in ((csv, ".csv", export.write_csv), (xlsx, ".xlsx", export.write_xlsx))
        if path
    ]
    if xlsx and e.epochs * len(e.data) > export.MOST_ROWS:
        raise SettingError(
            f"{e.epochs * len(e.data):,} steps do not fit a sheet of {export.MOST_ROWS:,} rows: use --csv."
        )
    foretell(e)
    with working(f"Running {name}", brief=True):
        trace = running.run(e, settings)
    for out, write in targets:
        with working(f"Writing {out.path}", brief=True) as step:
            write(trace, out, step)
    show_run(e, trace, every=every)
    for out, _ in targets:
        screen().print(f"{out.path}: {trace.plan.epochs * len(trace.data):,} steps", soft_wrap=True)


def foretell(e: Experiment) -> None:
    """Say how long a long run takes, by its first epochs, and what would be shorter."""
    from ..numbers.room import fits

    steps, few = e.epochs * len(e.data), -(-TRIED // len(e.data))
    if steps < LONG:
        return
    fits(e.epochs, len(e.plan.columns) * len(e.data))
    e.run(epochs=1)  # which compiles it
    began = time.perf_counter()
    e.run(epochs=few)
    seconds = (time.perf_counter() - began) * e.epochs / few
    if seconds > PATIENCE:
        told = f"{seconds / 60:,.0f} minutes" if seconds > 90 else f"{seconds:.0f} seconds"
        said = f"{steps:,} steps take about {told} here: Ctrl-C stops them, fewer --epochs need less."
        warnings.warn(said, GraddescWarning, stacklevel=2)


def run_comparison(of: Comparison, epochs: int | None, setting: list[str], refused: list[str]) -> None:
    """Run a comparison and show what became of each of its runs."""
    from .. import running

    if refused:
        raise SettingError(f"{of.name} is a comparison of many runs: {refused[0]} is for a single experiment.")
    settings = parse_settings(setting, of.name, [i for _, _, e in of.runs() for i in e.plan.inputs])
    for name in settings:
        if name in (*of.typed, *of.own):
            raise SettingError(f"{of.name} compares runs by {name}: set another input, or run one experiment with it.")
    with working(f"Running {of.name}", brief=True) as step:
        ends = running.survey(of, Ended.of, settings, epochs=epochs, progress=step)
    show_comparison(of, ends, settings)


app.command(epilog=sweeping.EXAMPLES)(sweeping.sweep)


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "graddesc-xl verify workbooks/graddesc.xlsx\n\n"
    "graddesc-xl verify *.xlsx --libreoffice --timeout 300\n\n"
    "graddesc-xl verify workbooks/two-neurons.xlsx --gnumeric\n\n"
    "graddesc-xl verify graddesc.xlsx --json"
)
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Workbooks, built here or anywhere.")],
    libreoffice: Annotated[bool, typer.Option("--libreoffice", help="Let LibreOffice recalculate them too.")] = False,
    soffice: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Where LibreOffice is, if not on PATH; implies --libreoffice."),
    ] = None,
    gnumeric: Annotated[bool, typer.Option("--gnumeric", help="Let Gnumeric recalculate them too.")] = False,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long a spreadsheet program may take with a workbook.")
    ] = 120.0,
    memory: Annotated[float, typer.Option(metavar="MB", help="How much memory it may use (not on Windows).")] = 4096.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Recalculate workbooks and check every formula and every value, from the file alone."""
    from .. import verification
    from ..verification.bounded import Limits

    Limits(timeout, memory)  # refused here, they are refused once
    reports: list[dict[str, Any]] = []
    problems: list[str] = []
    for file in files:
        try:
            with working(f"Verifying {file}", brief=as_json) as step:
                report = verification.verify(
                    file,
                    libreoffice=libreoffice if soffice is None else soffice,
                    gnumeric=gnumeric,
                    timeout=timeout,
                    memory=memory,
                    progress=step,
                )
        except (GraddescError, OSError) as problem:
            said = sentence(problem) if isinstance(problem, OSError) else str(problem)
            problems.append(said)
            reports.append({"file": str(file), "ok": False, "error": said})
            continue
        reports.append(report.to_dict())
        if not as_json:
            show_report(report)
    ok = all(report["ok"] for report in reports)
    if as_json:
        typer.echo(json.dumps({"ok": ok, "reports": reports}, indent=2, allow_nan=False))
    finish(problems)
    if not ok:
        raise typer.Exit(FAILED)


app.command(epilog="[bold]Examples[/bold]\n\ngraddesc-xl new lesson.toml\n\ngraddesc-xl build lesson.toml")(recipes.new)
app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "graddesc-xl recipe workbooks/graddesc.xlsx\n\n"
    "graddesc-xl recipe mine.xlsx -o mine.toml"
)(recipes.recipe)


app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "graddesc-xl grade handed-in/*.xlsx\n\n"
    "graddesc-xl grade handed-in --key 'de/da=2,new a=1' -o grades.csv --for moodle\n\n"
    "graddesc-xl grade handed-in -o grades.xlsx --feedback feedback"
)(grading.grade)


app.command(epilog=search.EXAMPLES)(search.best)


@app.command("list")
def list_all() -> None:
    """Show the workbooks, the experiments and their settings; models, optimizers, losses and schedules by name."""
    show_list()
