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

if TYPE_CHECKING:
    from ..building import Built
    from ..comparison import Comparison
    from ..experiments import Experiment
    from ..numbers.trace import Trace
    from ..numbers.verdict import Verdict
    from ..plan import Input
    from ..sweeps import Best
    from ..verification import Report, ValueSet

#: wide enough for every table: output that is not read on a terminal is never cut or wrapped
UNBOUNDED = 10_000


#: rows of a long table that are shown at its beginning and end
FIRST, LAST = 10, 3


#: how many sentences of one kind are shown
SENTENCES = 20


#: seconds after which what goes on is told again where there is no terminal
SILENCE = 10.0


#: what a legacy console shows in place of a sign that its encoding lacks
PLAINER = {"√Σe²": "error", "⋮": ":", "≤": "<=", "→": "->"}


#: the colours of verdicts, by kind; every other is red
VERDICTS = {"settled": "green", "learning": "yellow"}


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
    from ..language.values import CellError, cell_value

    cell = cell_value(value)
    return cell.value if isinstance(cell, CellError) else short_exponent(f"{cell:#.6g}").rstrip(".")


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


def coloured(verdict: Verdict) -> Text:
    """A verdict in its colour."""
    return Text(str(verdict), style=VERDICTS.get(verdict.kind, "red"))


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


def show_run(e: Experiment, trace: Trace, *, every: bool) -> None:
    """The settings, a row per epoch, and the verdict."""
    from ..experiments import GRADIENTS

    out, plan = screen(), trace.plan
    epochs = trace.epoch_frame()
    weights = [f"new {w}" for w in plan.weights]
    settings = ", ".join(f"{i.label} {setting(i, float(trace.inputs[i.name]))}" for i in plan.inputs)
    driven = e.gradient if "driver" not in trace.inputs else GRADIENTS[int(trace.inputs["driver"])]
    beside = ["√Σe²"] if plan.other else []
    headers = ("Epoch", plan.error.title, *beside, "RMSE", *weights)
    rows = table(out, *headers, right=headers)
    shown = elided(plan.epochs, every=every)
    for row in shown:
        if row is None:
            rows.add_row(*[spelled(out, "⋮")] * len(headers), style="dim")
        else:
            epoch, *values = epochs.iloc[row].tolist()
            rows.add_row(str(int(epoch)), *map(digits, values))
    out.print(Text.assemble((plan.name, "bold"), f": {e.title}"))
    drawn = "".join(f"; {said}" for said in (plan.started, plan.drawn) if said)
    out.print(f"{settings}{drawn}; {driven} derivatives; an epoch starts from the {e.carry}", style="dim")
    out.print()
    out.print(rows)
    out.print()
    steps = plan.epochs * len(trace.data)
    out.print(
        Text.assemble(
            f"After {counted(plan.epochs, 'epoch')} ({counted(steps, 'step')}): ",
            coloured(trace.verdict),
        )
    )
    if trace.noise and driven == "numerical":
        said = f"From step {trace.noise} on the numerical derivatives are rounding noise: h is too small for "
        out.print(said + f"{plan.column(plan.loss).title}.", style="dim")
    for said in after(trace):
        out.print(said, style="dim")
    if plan.targets:
        out.print(f"The best there is, by least squares: {best(trace)}", style="dim")
    if None in shown:
        out.print(f"{plan.epochs - FIRST - LAST:,} epochs are not shown; --all shows them.", style="dim")


def after(trace: Trace) -> Iterator[str]:
    """What the weights after the last epoch are worth for samples that no step saw, and for labels."""
    from ..numbers.held_still import error, right

    unseen = trace.data.held_out
    if unseen:
        said = f"{counted(len(unseen), 'sample')} that no step saw, with the weights at the end: "
        yield f"{said}RMSE {digits(error(trace, unseen))}"
    if {*trace.data.ys} <= {0.0, 1.0}:
        for which, data in (("", trace.data), (" that no step saw", unseen)):
            if data:
                share = f"{right(trace, data)} of {len(data)} samples{which}"
                yield f"On the side of 0.5 that their label is on, with the weights at the end: {share}"


def setting(of: Input, value: float) -> str:
    """A setting's value, or what its choice means."""
    return of.choices.get(value) or short(value)


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
    errors = [spelled(out, f"√Σe², {group}") for group in of.groups]
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
    out.print(Text.assemble(spelled(out, found.measure), f": {digits(found.measured)}, ", coloured(found.verdict)))
    for said in found.said:
        out.print(spelled(out, said), style="dim", soft_wrap=True)


def best(trace: Trace) -> str:
    """The weights that fit the data best, where least squares gives them."""
    line = trace.data.least_squares
    fit = {"slope": line.slope, "intercept": line.const} if line else {}
    return ", ".join(f"{w} {fit[target]:.6g}" for w, target in sorted(trace.plan.targets.items()) if fit)


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
