"""What the commands print: tables, numbers and verdicts, handsome on a terminal and plain in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import cut
from ..notebook import counted
from .telling import MORE, Said, digits, short, short_exponent, spelled, told

if TYPE_CHECKING:
    from ..building import Built
    from ..comparison import Comparison
    from ..experiments import Experiment
    from ..numbers.trace import Trace
    from ..numbers.verdict import Verdict
    from ..sweeps import Best
    from ..verification import Report, ValueSet

#: wide enough for every table: output that is not read on a terminal is never cut or wrapped
UNBOUNDED = 10_000


#: how many sentences of one kind are shown
SENTENCES = 20


#: seconds after which what goes on is told again where there is no terminal
SILENCE = 10.0


def screen(*, err: bool = False) -> Console:
    """Where to print: as wide as the terminal, unbounded where there is none."""
    console = Console(stderr=err, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = UNBOUNDED
    return console


class Terminal:
    """Where a run is told on a terminal."""

    def __init__(self) -> None:
        self.console = screen()

    def say(self, *said: Said) -> None:
        """Print a line."""
        self.console.print(Text.assemble(*said))

    def numbers(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table of numbers."""
        made = table(self.console, *heads, right=heads)
        for row in rows:
            cells = [spelled(self.console.encoding, cell) for cell in row]
            made.add_row(*cells, style="dim" if row[0] == MORE else "")
        self.console.print(made)


def table(console: Console, *headers: str, right: Sequence[str] = (), wraps: str = "", title: str = "") -> Table:
    """An empty table, without lines where it is piped.

    right: the headers of columns of numbers. wraps: that of the column that gives way on a narrow terminal.
    """
    made = Table(
        box=SIMPLE_HEAD if console.is_terminal else None,
        title=spelled(console.encoding, title) or None,
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
            spelled(console.encoding, header),
            justify="right" if header in right else "left",
            overflow="fold",
            no_wrap=header != wraps,
        )
    return made


def coloured(verdict: Verdict) -> Text:
    """A verdict in its colour."""
    return Text.assemble(told(verdict))


def passed(ok: bool) -> Text:
    """Whether a check passed."""
    return Text("ok", style="green") if ok else Text("FAILED", style="bold red")


@contextmanager
def working(what: str, *, brief: bool = False) -> Iterator[Callable[[str], None]]:
    """Show on stderr what goes on: a line that moves and vanishes on a terminal, a plain line elsewhere.

    brief: not worth a line elsewhere. What takes long gets further lines there, now and then.
    """
    console, what = screen(err=True), cut(what, 200)
    if not console.is_terminal:
        if not brief:
            console.print(what)
        last = time.monotonic()

        def tell(step: str) -> None:
            nonlocal last
            if time.monotonic() - last >= SILENCE:
                last = time.monotonic()
                console.print(f"{what}: {step}")

        yield tell
        return
    dots = "dots" if console.encoding.lower().startswith("utf") else "line"
    with console.status(what, spinner=dots) as status:
        yield lambda step: status.update(f"{what}: {step}")


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


class Ended(NamedTuple):
    """What a comparison shows of a run."""

    epochs: int
    error: float
    verdict: Verdict

    @classmethod
    def of(cls, trace: Trace) -> Ended:
        """How a run ended."""
        return cls(trace.plan.epochs, float(trace.roots[-1]), trace.verdict)


def show_comparison(
    of: Comparison, ends: Mapping[tuple[str, str], Ended], settings: Mapping[str, float] | None = None
) -> None:
    """A row per run with the error of its last epoch and its verdict, group by group."""
    out = screen()
    epochs = max(end.epochs for end in ends.values())
    out.print(Text.assemble((of.name, "bold"), f": {of.title}"))
    out.print(f"{of.about} {counted(epochs, 'epoch')}.", style="dim")
    if settings:
        out.print("Changed: " + ", ".join(f"{name} {short(value)}" for name, value in settings.items()))
    out.print()
    errors = [spelled(out.encoding, f"√Σe², {group}") for group in of.groups]
    own = {group: [f"{name}, {group}" for name in of.own] for group in of.groups}
    heads = [head for group, error in zip(of.groups, errors, strict=True) for head in (*own[group], error, "Verdict")]
    rows = table(out, "Run", *heads, right=[*errors, *(head for named in own.values() for head in named)])
    for row in of.rows:
        cells: list[str | Text] = []
        for group, e in zip(of.groups, row.experiments, strict=True):
            end, inputs = ends[row.title, group], {i.name: i.value for i in e.inputs}
            cells += [short(inputs[name]) if name in inputs else "" for name in of.own]
            cells += [digits(end.error), coloured(end.verdict)]
        rows.add_row(row.title, *cells)
    out.print(rows)


def show_best(e: Experiment, found: Best) -> None:
    """What a search found: a row per input, what became of the run, and what best means."""
    from ..sweeps import Range

    out = screen()
    out.print(Text.assemble((e.name, "bold"), f": {e.title}"))
    rows = table(out, "Setting", "Best", "From", "To", right=("Best", "From", "To"))
    for of in found.over:
        ends = (of.low, of.high) if isinstance(of, Range) else (of.values.min(), of.values.max())
        rows.add_row(of.name, short(found.inputs[of.name]), *(short(float(end)) for end in ends))
    out.print(rows)
    out.print()
    measure = spelled(out.encoding, found.measure)
    out.print(Text.assemble(measure, f": {digits(found.measured)}, ", coloured(found.verdict)))
    for said in found.said:
        out.print(spelled(out.encoding, said), style="dim", soft_wrap=True)


def show_report(report: Report) -> None:
    """What a verification found: a table per set of values, then sentences."""
    out = screen()
    whose = f"the workbook {report.book}" if report.book else "a workbook of somebody else's"
    out.print(Text.assemble((str(report.path), "bold"), f", {whose}: ", passed(report.ok)), soft_wrap=True)
    show_sentences(out, [f"Verified with its own {change}" for change in report.changes])
    show_sentences(out, report.problems, style="red")
    show_sentences(out, report.additions)
    for values in report.sets:
        out.print()
        show_values(out, values)
    out.print()


def show_sentences(out: Console, sentences: Sequence[str], style: str = "") -> None:
    """A line each; of many only the first."""
    for said in sentences[:SENTENCES]:
        out.print(Text(said, style=style))
    if len(sentences) > SENTENCES:
        out.print(Text(f"And {len(sentences) - SENTENCES:,} more of these; --json lists them all.", style=style))


def show_values(out: Console, values: ValueSet) -> None:
    """The sheets of one set of values; columns that say nothing are left out."""
    columns: Mapping[str, Callable[[Any], str | Text]] = {
        "Sheet": lambda s: s.sheet,
        "Cells": lambda s: f"{s.cells:,}",
        "Worst": lambda s: worst(s.worst),
        "At": lambda s: s.where,
        "Column": lambda s: spelled(out.encoding, s.column),
        "Result": lambda s: Text.assemble(passed(s.ok), spelled(out.encoding, f", {s.note}" if s.note else "")),
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


def show_list() -> None:
    """The workbooks, the experiments and their settings, and the names of what experiments are made of."""
    from ..lessons import COMPARISONS, EXPERIMENTS, LESSONS
    from ..parts.losses import LOSSES
    from ..parts.models import MODELS
    from ..parts.optimizers import OPTIMIZERS
    from ..parts.schedules import SCHEDULES

    out = screen()
    for book in LESSONS.values():
        out.print(Text.assemble(("Workbook ", "dim"), (book.name, "bold"), f": {book.title}"))
        out.print(f"{book.subtitle} Sheets: {', '.join(kind.sheet for kind in book.kinds)}.")
        out.print()
    for of in COMPARISONS.values():
        runs = counted(len(of.rows) * len(of.groups), "run")
        out.print(Text.assemble(("Comparison ", "dim"), (of.name, "bold"), f": {of.title}"))
        out.print(f"{of.about} {runs}.")
        out.print()
    for e in EXPERIMENTS.values():
        out.print(Text.assemble(("Experiment ", "dim"), (e.name, "bold"), f": {e.title}"))
        out.print(f"{e.about} {counted(e.epochs, 'epoch')} of {counted(len(e.data), 'step')}.")
        settings = table(out, "Setting", "On the sheet", "Default", "From", "To", right=("Default", "From", "To"))
        for i in e.plan.inputs:
            settings.add_row(i.name, i.label, short(i.value), short(i.low), short(i.high))
        out.print(settings)
        out.print()
    named: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("Models", MODELS),
        ("Optimizers", OPTIMIZERS),
        ("Losses", LOSSES),
        ("Schedules", SCHEDULES),
    )
    for what, parts in named:
        out.print(Text.assemble((f"{what}: ", "bold"), ", ".join(parts)))
