"""The command line: parse, call, print.

Exit codes: 0 ok, 1 a verification failed, 2 bad input, 3 a mistake of ours, 130 stopped with Ctrl-C.
NumPy and whatever needs it are imported inside the commands, so that help answers at once.
"""

from __future__ import annotations

import gc
import io
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from . import __version__
from .errors import GraddescError, SettingError, WorkbookError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from .building import Built
    from .experiment import Experiment
    from .plan import Input, Plan
    from .trace import Trace
    from .verification import Report, ValueSet

PROGRAM = "graddesc-xl"
FAILED, BAD_INPUT, OUR_MISTAKE, STOPPED = 1, 2, 3, 130
#: wide enough for every table: output that is not read on a terminal is never cut or wrapped
UNBOUNDED = 10_000
#: rows of a long table that are shown at its beginning and end
FIRST, LAST = 10, 3
#: rows of a spreadsheet below its header
MOST_ROWS = 2**20 - 1
#: fields of an experiment that have an option of their own
OPTIONS = {"epochs": "--epochs 20", "carry": "--carry last", "gradient": "--gradient numerical"}
#: what a legacy console shows in place of a sign that its encoding lacks
PLAINER = {"√Σe²": "error", "⋮": ":", "≤": "<=", "→": "->"}
VERDICTS = {"settled": "green", "still learning": "yellow", "exploded": "red"}

#: Typer's class of errors in how a command was typed; Typer has moved it from module to module
UsageError: Any = typer.BadParameter.__bases__[0]


class StoppedError(Exception):
    """Ctrl-C after some files were written whole."""


class Commands(TyperGroup):
    """The commands; every error becomes one sentence on stderr and an exit code, never a traceback."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of that name, or a sentence with the nearest one."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}.{did_you_mean(args[0], self.commands)}")
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and exit."""
        forgive_encodings()
        given = (args, prog_name or PROGRAM, complete_var, False, windows_expand_args)
        try:
            code = super().main(*given, **extra) or 0
            if code == STOPPED:
                raise StoppedError("nothing was written")
        except (KeyboardInterrupt, typer.Abort):
            code = complain("stopped; nothing was written", STOPPED)
        except StoppedError as stopped:
            code = complain(f"stopped; {stopped}", STOPPED)
        except UsageError as problem:
            code = complain(usage(problem), BAD_INPUT)
        except GraddescError as problem:
            code = complain(str(problem), BAD_INPUT)
        except OSError as problem:
            code = complain(sentence(problem), BAD_INPUT)
        except Exception as problem:
            code = unexpected(problem)
        sys.exit(code)


def forgive_encodings() -> None:
    """Let a console with a legacy encoding show a question mark for a sign it lacks, rather than crash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def complain(problem: str, code: int) -> int:
    """Print a sentence on stderr; returns the exit code."""
    error = Text.assemble(("Error: ", "bold red"), problem) if code != STOPPED else Text(problem)
    screen(err=True).print(error, soft_wrap=True)
    return code


def usage(problem: Any) -> str:
    """What was typed wrong, and where to read how it is typed."""
    said = problem.format_message()
    command = problem.ctx.command_path if problem.ctx else PROGRAM
    return f"{said if said.endswith(('.', '?')) else said + '.'} See {command} --help."


def sentence(problem: OSError) -> str:
    """An error of the operating system with the path that it is about."""
    what = problem.strerror or str(problem) or type(problem).__name__
    return f"{problem.filename}: {what}." if problem.filename else f"{what}."


def unexpected(problem: Exception) -> int:
    """A mistake of ours: short, unless the traceback is asked for."""
    if os.environ.get("GRADDESC_XL_DEBUG"):
        traceback.print_exc()
        return OUR_MISTAKE
    what = f"{type(problem).__name__}: {problem}".rstrip(": ")
    return complain(f"This should not happen ({what}). Set GRADDESC_XL_DEBUG=1 to see the traceback.", OUR_MISTAKE)


# What is printed


def screen(*, err: bool = False) -> Console:
    """Where to print: as wide as the terminal, unbounded where there is none."""
    console = Console(stderr=err, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = UNBOUNDED
    return console


def spelled(console: Console, text: str) -> str:
    """The text with plainer words for the signs that the console's encoding lacks."""
    try:
        text.encode(console.encoding)
    except UnicodeEncodeError:
        for sign, plain in PLAINER.items():
            text = text.replace(sign, plain)
    return text


def table(console: Console, *headers: str, right: Sequence[str] = (), wraps: str = "", title: str = "") -> Table:
    """An empty table, without lines where it is piped.

    right: the headers of columns of numbers. wraps: that of the column that gives way on a narrow terminal.
    """
    made = Table(
        box=SIMPLE_HEAD if console.is_terminal else None,
        title=spelled(console, title) or None,
        title_style="bold",
        title_justify="left",
        header_style="bold",
        border_style="dim",
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
        padding=(0, 1) if console.is_terminal else (0, 2),
    )
    for header in headers:
        made.add_column(
            spelled(console, header),
            justify="right" if header in right else "left",
            overflow="fold",
            no_wrap=header != wraps,
        )
    return made


def digits(value: float) -> str:
    """Six digits of a number, or the error cell that it is in a sheet.

    >>> digits(104.56), digits(1.5e38), digits(float("inf"))
    ('104.560', '1.50000e38', '#NUM!')
    """
    from .workbook.cells import cached

    cell = cached(value)
    return cell if isinstance(cell, str) else short_exponent(f"{cell:#.6g}")


def short(value: float) -> str:
    """A setting as a person would type it.

    >>> short(1e-4), short(-1e6), short(10000)
    ('0.0001', '-1e6', '10000')
    """
    plain = short_exponent(f"{value:.15g}")
    mantissa, _, exponent = f"{value:.14e}".partition("e")
    scientific = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return plain if len(plain) <= len(scientific) + 2 else scientific


def short_exponent(number: str) -> str:
    """1e+06 and 1e-09 as 1e6 and 1e-9."""
    mantissa, e, exponent = number.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def coloured(verdict: str) -> Text:
    """A verdict in its colour."""
    return Text(verdict, style=next((c for kind, c in VERDICTS.items() if verdict.startswith(kind)), ""))


def passed(ok: bool) -> Text:
    """Whether a check passed."""
    return Text("ok", style="green") if ok else Text("FAILED", style="bold red")


@contextmanager
def working(what: str, *, brief: bool = False) -> Iterator[Callable[[str], None]]:
    """Show on stderr what goes on: a line that moves and vanishes on a terminal, a plain line elsewhere.

    brief: not worth a line elsewhere.
    """
    console = screen(err=True)
    if not console.is_terminal:
        if not brief:
            console.print(what)
        yield lambda _: None
        return
    dots = "dots" if console.encoding.lower().startswith("utf") else "line"
    with console.status(what, spinner=dots) as status:
        yield lambda step: status.update(f"{what}: {step}")


@contextmanager
def keeping(written: Sequence[Path]) -> Iterator[None]:
    """Let Ctrl-C tell which files were written before it."""
    try:
        yield
    except KeyboardInterrupt:
        if not written:
            raise
        raise StoppedError(f"{', '.join(map(str, written))} had been written, nothing else") from None


# Completion of names


def complete_book(incomplete: str) -> list[tuple[str, str]]:
    """Workbooks."""
    from .workbook.book import BOOKS

    return [(b.name, b.title) for b in BOOKS.values() if b.name.startswith(incomplete)]


def complete_experiment(incomplete: str) -> list[tuple[str, str]]:
    """Experiments."""
    from .experiment import EXPERIMENTS

    return [(e.name, e.title) for e in EXPERIMENTS.values() if e.name.startswith(incomplete)]


def complete_setting(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Settings of the experiment that was typed, else of every experiment, up to the equals sign."""
    from .experiment import EXPERIMENTS

    typed = {ctx.params.get("name"), *ctx.args}  # the name is among the latter while --set lacks its value
    chosen = [e for e in EXPERIMENTS.values() if e.name in typed] or [*EXPERIMENTS.values()]
    found = {f"{i.name}=": i.about for e in chosen for i in e.plan.inputs}
    return [(name, about) for name, about in found.items() if name.startswith(incomplete)]


# The commands


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


@app.command(epilog="[bold]Examples[/bold]\n\ngraddesc-xl build\n\ngraddesc-xl build graddesc -o ~/Documents --force")
def build(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", autocompletion=complete_book, help="A workbook; all of them if left out."),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write to; made if there is none.")
    ] = Path("workbooks"),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a workbook that was saved by another program.")
    ] = False,
) -> None:
    """Write workbooks: every sheet with its formulas, values, notes and charts."""
    from . import building
    from .experiment import EXPERIMENTS
    from .workbook.book import BOOKS

    if name in EXPERIMENTS and name not in BOOKS:
        holders = " or ".join(b.name for b in BOOKS.values() if name in b.experiments)
        raise SettingError(f"{name} is an experiment, not a workbook: build {holders or 'another'}, or run {name}.")
    made: list[Built] = []
    problems: list[str] = []
    written: list[Path] = []
    with keeping(written):
        for each in [name] if name is not None else BOOKS:
            try:
                with working(f"Building {each}") as step:
                    made.append(building.build(each, folder, force=force, progress=step))
                written.append(made[-1].path)
            except GraddescError as problem:
                problems.append(str(problem))
    if made:
        show_built(made)
    finish(problems)


def show_built(made: Sequence[Built]) -> None:
    """The files that were written, and what became of their runs."""
    out = screen()
    files = table(
        out,
        "File",
        "Sheets",
        "Formula cells",
        "Seconds",
        right=("Sheets", "Formula cells", "Seconds"),
        wraps="File",
    )
    runs = table(out, "Workbook", "Sheet", "After its last epoch")
    for built in made:
        files.add_row(str(built.path), str(len(built.sheets)), f"{built.formula_cells:,}", f"{built.seconds:.1f}")
        for i, (sheet, verdict) in enumerate(built.verdicts.items()):
            repeated = i > 0 and out.is_terminal
            runs.add_row("" if repeated else built.path.stem, sheet, coloured(verdict))
    out.print(files)
    out.print()
    out.print(runs)


def finish(problems: Sequence[str]) -> None:
    """End a command that went on past its problems."""
    for problem in problems:
        complain(problem, BAD_INPUT)
    if problems:
        raise typer.Exit(BAD_INPUT)


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "graddesc-xl run basic --set lr=1e-3\n\n"
    "graddesc-xl run adam --epochs 200 --carry new --all\n\n"
    "graddesc-xl run momentum --gradient numerical --set h=1e-6 --csv momentum.csv"
)
def run(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            autocompletion=complete_experiment,
            help="An experiment; graddesc-xl list shows them.",
        ),
    ],
    epochs: Annotated[int | None, typer.Option(metavar="N", help="Passes over the samples.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            autocompletion=complete_setting,
            help="Change a setting; may be repeated.",
        ),
    ] = None,
    carry: Annotated[
        str | None,
        typer.Option(metavar="new|last", help="What an epoch starts from: new weights or last row's weights."),
    ] = None,
    gradient: Annotated[
        str | None, typer.Option(metavar="analytic|numerical", help="Which derivatives drive the steps.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every number of every step as CSV.")] = None,
    xlsx: Annotated[Path | None, typer.Option(metavar="FILE", help="Write them as a plain spreadsheet.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every epoch of a long run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the files given by --csv and --xlsx.")] = False,
) -> None:
    """Run an experiment without a spreadsheet and show what each epoch does."""
    from . import engine
    from .experiment import CARRIES, EXPERIMENTS, GRADIENTS, experiment
    from .workbook.book import BOOKS

    if name in BOOKS and name not in EXPERIMENTS:
        sheets = ", ".join(BOOKS[name].experiments)
        raise SettingError(
            f"{name} is a workbook, not an experiment: run one of its sheets ({sheets}), or build {name}."
        )
    given = {"epochs": epochs, "carry": beginning(carry, CARRIES), "gradient": beginning(gradient, GRADIENTS)}
    e = experiment(name, **{field: value for field, value in given.items() if value is not None})
    settings = parse_settings(setting or [], e.plan)
    for path, suffix in ((csv, ".csv"), (xlsx, ".xlsx")):
        if path:
            check_target(path, suffix, force)
    if xlsx and e.epochs * len(e.data) > MOST_ROWS:
        raise SettingError(f"{e.epochs * len(e.data):,} steps do not fit a sheet of {MOST_ROWS:,} rows: use --csv.")
    written: list[Path] = []
    with keeping(written):
        with working(f"Running {name}", brief=True):
            trace = engine.run(e, settings)
        for path, write in ((csv, write_csv), (xlsx, write_xlsx)):
            if path:
                with working(f"Writing {path}", brief=True):
                    whole(path, trace, write)
                written.append(path)
    show_run(e, trace, every=every)
    for path in written:
        screen().print(f"{path}: {trace.plan.epochs * len(trace.data):,} steps", soft_wrap=True)


def beginning(given: str | None, known: Sequence[str]) -> str | None:
    """The one of a few texts that begins as given, else what was given.

    >>> beginning("last", ("new weights", "last row's weights"))
    "last row's weights"
    """
    fitting = [text for text in known if given and text.startswith(given.lower())]
    return fitting[0] if len(fitting) == 1 else given


def parse_settings(given: Sequence[str], plan: Plan) -> dict[str, float]:
    """The numbers of --set NAME=VALUE by the names of the plan's inputs; `resolve` checks their ranges."""
    inputs = {i.label: i for i in plan.inputs} | {i.name: i for i in plan.inputs}
    settings: dict[str, float] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if name in OPTIONS:
            raise SettingError(f"{name} is no setting of a sheet: use {OPTIONS[name]}.")
        if name not in inputs:
            raise SettingError(f"{plan.name} has no setting {name!r}.{did_you_mean(name, inputs)}")
        of = inputs[name]
        if not equals:
            raise SettingError(f"--set {text} lacks a value: write it as --set {name}={short(of.value)}.")
        if of.name in settings:
            raise SettingError(f"{name} is set twice: give one value.")
        settings[of.name] = parse_number(name, value, of)
    return settings


def parse_number(name: str, value: str, of: Input) -> float:
    """A setting's number."""
    try:
        return float(value)
    except ValueError:
        comma = " with a point, not a comma" if "," in value else ""
        raise SettingError(f"{name} must be a number{comma}, as in {name}={short(of.value)}, not {value!r}.") from None


def check_target(path: Path, suffix: str, force: bool) -> None:
    """Refuse, before any work, a file that cannot or should not be written."""
    if path.is_dir():
        raise WorkbookError(f"{path} is a folder: name a file in it, as in {path / ('trace' + suffix)}.")
    if path.suffix.lower() != suffix:
        raise WorkbookError(f"{path} must end in {suffix}, as in {path.with_suffix(suffix)}.")
    if not path.parent.is_dir():
        raise WorkbookError(f"{path} cannot be written: there is no folder {path.parent}.")
    if path.exists() and not force:
        raise WorkbookError(f"{path} exists already: choose another name, or overwrite it with --force.")


def whole(path: Path, trace: Trace, write: Callable[[pd.DataFrame, Path], None]) -> None:
    """Write a trace into a neighbour of `path` that replaces it at the end: whole or not at all."""
    temporary = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        write(with_error_cells(trace), temporary)
        temporary.replace(path)
    except OSError as problem:
        raise WorkbookError(f"{path} cannot be written: {problem.strerror or problem}.") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def with_error_cells(trace: Trace) -> pd.DataFrame:
    """Every step of a trace, with a sheet's error cells where a value is not finite."""
    import numpy as np

    from .workbook.cells import cached

    frame = trace.frame()
    for column in frame.columns:
        values = frame[column].to_numpy()
        if not np.isfinite(values).all():
            frame[column] = np.array([cached(float(value)) for value in values], dtype=object)
    return frame


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """One line per step."""
    frame.to_csv(path, index=False, lineterminator="\n")


def write_xlsx(frame: pd.DataFrame, path: Path) -> None:
    """One row per step; the same trace gives the same bytes."""
    import pandas as pd
    from xlsxwriter.exceptions import FileCreateError

    from .workbook.write import CREATED

    try:
        with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
            writer.book.set_properties({"created": CREATED})
            frame.to_excel(writer, sheet_name="trace", index=False, freeze_panes=(1, 2))
    except FileCreateError as problem:  # an OSError in disguise
        raise OSError(str(problem)) from None


def show_run(e: Experiment, trace: Trace, *, every: bool) -> None:
    """The settings, a row per epoch, and the verdict."""
    out, plan = screen(), trace.plan
    epochs = trace.epoch_frame()
    weights = [f"new {w}" for w in plan.weights]
    settings = ", ".join(f"{i.label} {short(float(trace.inputs[i.name]))}" for i in plan.inputs)
    headers = ("Epoch", "√Σe²", "RMSE", *weights)
    rows = table(out, *headers, right=headers)
    shown = elided(plan.epochs, every=every)
    for row in shown:
        if row is None:
            rows.add_row(*[spelled(out, "⋮")] * len(headers), style="dim")
        else:
            epoch, *values = epochs.iloc[row].tolist()
            rows.add_row(str(int(epoch)), *map(digits, values))
    out.print(Text.assemble((plan.name, "bold"), f": {e.title}"))
    out.print(f"{settings}; {e.gradient} derivatives; an epoch starts from the {e.carry}", style="dim")
    out.print()
    out.print(rows)
    out.print()
    steps = plan.epochs * len(trace.data)
    out.print(
        Text.assemble(
            f"After {counted(plan.epochs, 'epoch')} ({counted(steps, 'step')}): ",
            coloured(str(trace.verdict)),
        )
    )
    if plan.targets:
        out.print(f"The best there is, by least squares: {best(trace)}", style="dim")
    if None in shown:
        out.print(f"{plan.epochs - FIRST - LAST:,} epochs are not shown; --all shows them.", style="dim")


def best(trace: Trace) -> str:
    """The weights that fit the data best, where least squares gives them."""
    fit = dict(zip(("slope", "intercept"), trace.data.least_squares, strict=True))
    return ", ".join(f"{w} {fit[target]:.6g}" for w, target in sorted(trace.plan.targets.items()))


def counted(number: int, thing: str) -> str:
    """1 step, 2 steps."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def elided(count: int, *, every: bool) -> list[int | None]:
    """The rows of a table to show; None where some are left out.

    >>> elided(15, every=False)
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, None, 12, 13, 14]
    """
    rows: list[int | None] = list(range(count))
    if every or count <= FIRST + LAST + 1:
        return rows
    return [*rows[:FIRST], None, *rows[-LAST:]]


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "graddesc-xl verify workbooks/graddesc.xlsx\n\n"
    "graddesc-xl verify *.xlsx --libreoffice --timeout 300\n\n"
    "graddesc-xl verify graddesc.xlsx --json"
)
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Workbooks, built here or anywhere.")],
    libreoffice: Annotated[bool, typer.Option("--libreoffice", help="Let LibreOffice recalculate them too.")] = False,
    soffice: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Where LibreOffice is, if not on PATH; implies --libreoffice."),
    ] = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long LibreOffice may take.")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Recalculate workbooks and check every formula and every value, from the file alone."""
    from . import verification

    if not 0 < timeout < float("inf"):
        raise SettingError(f"--timeout must be a number of seconds above 0, not {timeout:g}.")
    reports: list[dict[str, Any]] = []
    problems: list[str] = []
    for file in files:
        try:
            with working(f"Verifying {file}", brief=as_json):
                report = verification.verify(file, libreoffice=soffice or libreoffice, timeout=timeout)
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


def show_report(report: Report) -> None:
    """What a verification found: a table per set of values, then sentences."""
    out = screen()
    whose = f"the workbook {report.book}" if report.book else "a workbook of somebody else's"
    out.print(Text.assemble((str(report.path), "bold"), f", {whose}: ", passed(report.ok)), soft_wrap=True)
    for sheet, changed in report.inputs.items():
        inputs = ", ".join(f"{name} {short(value)}" for name, value in changed.items())
        out.print(f"Verified with its own inputs on {sheet}: {inputs}")
    for values in report.sets:
        out.print()
        show_values(out, values)
    if report.problems:
        out.print()
    for problem in report.problems:
        out.print(Text(problem, style="red"))
    out.print()


def show_values(out: Console, values: ValueSet) -> None:
    """The sheets of one set of values; columns that say nothing are left out."""
    columns: Mapping[str, Callable[[Any], str | Text]] = {
        "Sheet": lambda s: s.sheet,
        "Cells": lambda s: f"{s.cells:,}",
        "Worst": lambda s: worst(s.worst),
        "At": lambda s: s.where,
        "Column": lambda s: spelled(out, s.column),
        "Result": lambda s: Text.assemble(passed(s.ok), spelled(out, f", {s.note}" if s.note else "")),
    }
    shown = [c for c in columns if any(columns[c](s) for s in values.sheets)]
    rows = table(
        out,
        *shown,
        right=("Cells", "Worst"),
        wraps="Result",
        title=f"Values {of_whom(values.name)}, worst error by sheet",
    )
    for sheet in values.sheets:
        rows.add_row(*(columns[c](sheet) for c in shown))
    out.print(rows)


def of_whom(name: str) -> str:
    """`held by the file`, but `of IronCalc`."""
    return name if name.startswith("held") else f"of {name}"


def worst(error: float) -> str:
    """A relative error with the two digits that matter."""
    if error == 0:
        return "0"
    return short_exponent(f"{error:.1e}") if error < float("inf") else "no number"


@app.command("list")
def list_all() -> None:
    """Show the workbooks, the experiments and their settings."""
    from .experiment import EXPERIMENTS
    from .workbook.book import BOOKS

    out = screen()
    for book in BOOKS.values():
        out.print(Text.assemble(("Workbook ", "dim"), (book.name, "bold"), f": {book.title}"))
        out.print(f"{book.subtitle} Sheets: {', '.join(book.experiments)}.")
        out.print()
    for e in EXPERIMENTS.values():
        out.print(Text.assemble(("Experiment ", "dim"), (e.name, "bold"), f": {e.title}"))
        out.print(f"{e.about} {counted(e.epochs, 'epoch')} of {counted(len(e.data), 'step')}.")
        settings = table(out, "Setting", "On the sheet", "Default", "From", "To", right=("Default", "From", "To"))
        for i in e.plan.inputs:
            settings.add_row(i.name, i.label, short(i.value), short(i.low), short(i.high))
        out.print(settings)
        out.print()


def main() -> None:
    """The console script."""
    gc.disable()  # a short life with many small objects and hardly a cycle: collecting costs a tenth of it
    app(prog_name=PROGRAM)


if __name__ == "__main__":
    main()
