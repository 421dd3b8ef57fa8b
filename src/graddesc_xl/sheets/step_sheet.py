"""The sheet of one experiment: a row per step, a block per epoch, and beside the first block what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..experiments import CARRIES, Experiment
from ..language.expr import Expr, call
from ..language.reports import NONE
from ..numbers.trace import Trace
from ..parts import losses
from ..parts.losses import ROOT_BESIDE
from ..parts.starting import DRAWN
from ..plan import ORDER, EpochState, Start
from ..settings import rounded
from ..words import words
from ..workbook.cells import Area, Formula, column_letters
from ..workbook.formula import render
from ..workbook.paper import paper
from ..workbook.reference import Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, HEADER_RIGHT, LABEL, SECTION, SUBTITLE, Style
from .data_sheet import Samples
from .layout import HEAD, NUMBER, PREFIXED, WEIGHT, Layout, Places, pixels
from .making import Making, Twin, put_input, sentence
from .rendering import Rendering

#: the rows beside the first block: of the chart, of the table by epoch
CHART_ROW, TABLE_ROW = HEAD + 1, HEAD + 10
#: the width of the empty column before what stands beside the first block
GAP = 1.0
#: what the numbers of samples are that do not come in their turn
SHUFFLED = "The number of this row's sample on the data sheet: each epoch sees them in another order, drawn by a seed."
#: what is said of start weights that a seed put where they are
DRAWN_STARTS = (
    "When this was built, the seed {} drew {}: {}. They are numbers to type over; only building anew with another seed "
    "draws others."
)
#: as many of these are named
LISTED = 8
#: with so many decimals a number is shown behind its label
DECIMALS = 5
#: characters to a pixel of a sentence
TEXT_WIDTH = 0.14


@dataclass(frozen=True)
class StepSheet:
    """A composed sheet with what other sheets refer to.

    twin: its run, and the one whose values the workbook holds as constants: with the inputs it was built with.
    left: the first column of what stands beside the first block. epoch_columns: those of the table by epoch.
    """

    experiment: Experiment
    twin: Twin
    layout: Layout
    sheet: Sheet
    left: int
    epoch_columns: dict[str, int]

    @property
    def trace(self) -> Trace:
        """Its run."""
        return self.twin.now

    @property
    def verdict(self) -> tuple[int, int]:
        """Where its verdict stands."""
        return 1, self.left + 1

    def by_epoch(self, what: str) -> Area:
        """The cells of one column of the table by epoch."""
        column = self.epoch_columns[what]
        return Area(self.sheet.name, TABLE_ROW + 1, column, TABLE_ROW + self.trace.plan.epochs, column)


def compose(experiment: Experiment, making: Making) -> StepSheet:
    """Every cell of an experiment's sheet but its verdict and charts."""
    plan = experiment.plan
    samples = making.of(experiment.data)
    layout = Layout(plan, samples.count)
    frozen = (HEAD, 0 if layout.mirrored else layout.last_sample)
    sheet = Sheet(plan.name, frozen=frozen, repeat_columns=layout.last_sample)
    now = {i.name: making.number(sheet, layout.cell(i.name), i) for i in plan.inputs}
    twin = making.twin(plan, samples, now, {i.name: float(rounded(i.value)) for i in plan.inputs})
    trace = twin.now
    sheet.widths |= layout.widths
    sheet.aside |= layout.aside
    made = Rendering(sheet, layout, trace)
    _inputs(made, layout)
    made.rows()
    for block in range(plan.blocks):
        made.head(block)
        put_samples(sheet, layout, samples, block)
        made.footers(block, titled=True)
        _head(sheet, layout, trace, block)
        sheet.put(layout.last_row(block) + 1, 1, "this epoch", Style(color=FAINT, italic=True))
        _fold(sheet, layout, block)
    made.openings()
    made.notes()
    _notes(sheet, layout)
    of = StepSheet(experiment, twin, layout, sheet, layout.right + 2, _epoch_columns(layout))
    _beside(of)
    _below(of)
    sheet.printed, sheet.page_ends = max(of.epoch_columns.values()), (*_parts(layout), of.left - 1)
    sheet.printed_rows = max(layout.top(1) - 1, TABLE_ROW + plan.epochs)
    if not paper(sheet).one:
        sheet.printed = of.epoch_columns["rmse"]  # what weights are at an epoch's end would be torn off
    return of


def _parts(layout: Layout) -> Iterator[int]:
    """The columns after which others of another role begin."""
    roles = sorted((layout.columns[column.name], column.role) for column in layout.plan.columns)
    for (place, role), (_, then) in pairwise(roles):
        if role != then:
            yield place


def _inputs(made: Rendering, layout: Layout) -> None:
    """Single cells: each input with its label, rule and message, each derived cell."""
    sheet, trace = made.sheet, made.trace
    for given in trace.plan.inputs:
        row, column = layout.cell(given.name)
        label = layout.label((row, column))
        value = float(trace.inputs[given.name])
        put_input(sheet, (row, column), given, value, prefix="" if label else given.label)
        if label:
            sheet.put(*label, given.label, LABEL)
        else:
            sheet.widths[column] = PREFIXED
    for derived in trace.plan.derived:
        column = layout.cell(derived.name)[1]
        shown = f"{derived.label} {float(trace.cells[derived.name]):.{DECIMALS}f}".rstrip("0")
        sheet.widths[column] = max(PREFIXED, sheet.widths.get(column, 0), len(shown) + 1)
    made.derived(lambda label: Style("watch", "share", prefix=label))


def _head(sheet: Sheet, layout: Layout, trace: Trace, block: int) -> None:
    """The block's first line: its name, what it starts from; the titles of the samples."""
    plan, top = trace.plan, layout.top(block)
    name = f"epoch {block + 1}" if block < plan.epochs else f"pass {block - plan.epochs + 1}"
    sheet.put(top, 1, name, Style(bold=True))
    if block >= plan.epochs:
        sheet.put(top, layout.columns["pred"] + 3, _passed_on(layout, block), Style(color=FAINT, italic=True))
    for state in plan.states:
        at = layout.state(state.name, block)
        if at[0] == top:
            sheet.put(at[0], at[1] - 1, state.title, LABEL)
    if block:
        for weight in plan.weights:
            label = layout.label(layout.start(plan.new(weight), 0))
            if label:
                sheet.put(label[0] + top - 1, label[1], weight, LABEL)
        sheet.put(top, layout.columns["pred"], plan.error.title, LABEL)
        error = layout.footer("error", block)
        assert error is not None
        sheet.put(top, layout.columns["pred"] + 1, Cell(sheet, *error), Style("error", "amount"))
    for column, title in enumerate(plan.samples, 1):
        sheet.put(top + 2, column, title, Style("data", header=True, bold=True, align="right"))
    drawn = [said for said in ("" if block else plan.started, plan.drawn) if said]
    if drawn:
        look = Style(color=FAINT, italic=True, size=9, wrap=True, valign="bottom")
        sheet.text(top + 1, 1, "\n".join(drawn), look, across=len(plan.samples))


def _passed_on(layout: Layout, block: int) -> str:
    """What a discarded pass is for, in words."""
    plan = layout.plan

    def named(items: Sequence[Start | EpochState]) -> str:
        return ", ".join(plan.column(i.column).title if isinstance(i, Start) else i.title for i in items)

    handed_on, kept = plan.handed_on(block)
    said = f"A pass whose weights are thrown away: it hands on {named(handed_on)}"
    return f"{said}, and leaves {named(kept)} as it found {'them' if kept[1:] else 'it'}." if kept else f"{said}."


def put_samples(sheet: Sheet, places: Places, data: Samples, block: int) -> None:
    """The first columns of a block: the samples, as their sheet has them."""
    top, plan = places.row(block), places.plan
    for column, name in enumerate(plan.samples, 1):
        if name == ORDER and plan.orders:
            numbers = [float(number + 1) for number in plan.orders[block]]
            sheet.fill(top, column, None, numbers, Style("data", "integer"))
        elif plan.orders:
            sheet.repeat(top, column, call("index", data.column(name), Down(sheet, 1)), data.count, Style("data"))
        else:
            sheet.repeat(top, column, data.down(name, top), data.count, Style("data"))


def _fold(sheet: Sheet, layout: Layout, block: int) -> None:
    """Later blocks fold away below their first line, unless the table by epoch stands beside them."""
    if block and layout.height > TABLE_ROW + layout.plan.epochs:
        for row in range(layout.top(block) + 1, layout.top(block + 1)):
            sheet.folded[row] = 1


def _notes(sheet: Sheet, layout: Layout) -> None:
    """Notes of samples, of what a block starts from and of what sums it up."""
    plan, row = layout.plan, layout.row(0)
    for column, title in enumerate(plan.samples, 1):
        formula = sheet.content(row, column)
        if not isinstance(formula, Formula):
            sheet.notes[HEAD, column] = f"{title}\n{SHUFFLED}"
            continue
        sheet.notes[HEAD, column] = f"{title}\nThis step's sample, from the data sheet.\nFirst row: ={formula.text}"
    for item, block, at in layout.opens():
        if not isinstance(item, Start):
            continue
        maths = words(plan.opening(item, block)[0], plan)
        if block == 0 and layout.start(item.column, 0) != at:
            said = "What this block starts from: the cell above its first row repeats it."
            sheet.notes[at] = f"start of {plan.column(item.column).title}\n{said}\n= {maths}"
        if block == 1:
            sheet.notes[at] = f"Carried over from the epoch above: {maths}."
    for footer in plan.footers:
        below = layout.footer(footer.name, 0)
        if below:
            sheet.notes[below] = f"{footer.title}\n{sentence(footer.about)}\n= {words(footer.expr, plan)}"


def _epoch_columns(layout: Layout) -> dict[str, int]:
    """The columns of the table by epoch, beside the first block."""
    plan = layout.plan
    beside = [ROOT_BESIDE] if plan.other else []
    names = ("epoch", "error", *beside, "rmse", *map(plan.new, plan.weights), *(state.name for state in plan.states))
    return {name: layout.right + 2 + i for i, name in enumerate(names)}


def _beside(of: StepSheet) -> None:
    """What became of the run: first and last error, room for a chart, the table by epoch."""
    sheet, plan, left = of.sheet, of.trace.plan, of.left
    ends = {plan.new(weight): f"{weight} at end" for weight in plan.weights}
    titles = {
        "epoch": "epoch",
        "error": plan.error.title,
        ROOT_BESIDE: losses.ROOT.title,
        "rmse": "RMSE",
        **ends,
        **{s.name: s.title for s in plan.states},
    }
    sheet.widths[left - 1] = GAP
    sheet.put(1, left, "verdict", Style(color=FAINT))
    sheet.put(TABLE_ROW - 1, left, "by epoch", SECTION)
    for name, column in of.epoch_columns.items():
        sheet.put(TABLE_ROW, column, titles[name], HEADER_RIGHT)
        least = 6.5 if name == "epoch" else WEIGHT if name in ends else NUMBER
        sheet.widths[column] = max(least, 0.95 * len(titles[name])) if name == "error" else least
    for block in range(plan.epochs):
        row = TABLE_ROW + 1 + block
        sheet.put(row, left, float(block + 1), Style(number="integer"))
        for name, column in of.epoch_columns.items():
            if name != "epoch":
                small = any(state.name == name and state.small for state in plan.states)
                look = Style(number="weight" if name in ends else "small" if small else "amount", align="right")
                sheet.put(row, column, _of_epoch(of, name, block), look)
    errors = sheet.block(TABLE_ROW + 1, left + 1, plan.epochs)
    for row, block in ((HEAD - 1, 0), (HEAD, plan.epochs - 1)):
        sheet.put(row, left, f"epoch {block + 1}", Style(color=FAINT, valign="bottom"))
        error = Cell(sheet, errors.area.top + block, errors.area.left)
        sheet.put(row, left + 1, error, Style(number="amount", bold=True, align="right", valign="bottom"))


def _of_epoch(of: StepSheet, name: str, block: int) -> Expr | Formula:
    """A cell of the table by epoch: a footer, a state, or what a weight is at the end; – where it is no number."""
    layout, trace = of.layout, of.trace
    if name in trace.footers:
        at = layout.footer(name, block)
        if at is None:
            footer = next(f for f in trace.plan.footers if f.name == name)
            wrapped = call("if_error", footer.expr, NONE)
            value = float(trace.footers[name][block])
            text = render(wrapped, lambda leaf: layout.below(leaf, block, 0))
            return Formula(text, value if np.isfinite(value) else NONE)
    elif name in trace.states:
        at = layout.state(name, block)
    else:
        at = layout.last_row(block), layout.columns[name]
    return call("if_error", Cell(of.sheet, *at), NONE)


def _below(of: StepSheet) -> None:
    """In the empty line below the first block what its numbers do not say: on a mirrored sheet no more than needed."""
    sheet, row = of.sheet, of.layout.top(1) - 1
    lost = _lost(of.experiment)
    if of.layout.mirrored:
        if lost:
            sheet.put(row, 1, lost, Style(color=FAINT, italic=True))
        return
    beside = column_letters(max(of.epoch_columns.values()) + 2)
    e = of.experiment
    about = f"As built: {e.about} " if e.about else ""
    if e.drawn:
        which = f"the start weights {', '.join(e.drawn)}" if len(e.drawn) <= LISTED else f"{len(e.drawn)} start weights"
        about += f"{DRAWN_STARTS.format(e.seed, which, DRAWN[str(e.start)])} "
    said = f"{about}{lost}{' ' if lost else ''}More charts from column {beside} on."
    across = sum(pixels(sheet.widths[c]) for c in range(1, of.layout.width + 1) if c not in sheet.aside)
    sheet.text(row, 1, said, Style(color=SUBTITLE.color, wrap=True, valign="top"), across=of.layout.width)
    sheet.heights[row] = 15.0 * (1 + len(said) // int(across * TEXT_WIDTH))


def _lost(e: Experiment) -> str:
    """That the weights with which an epoch ends are not those with which the next begins, "" where they are."""
    if e.carry != CARRIES[1] or e.epochs < 2:
        return ""
    named = " and ".join(e.plan.weights)
    new = " and ".join(e.plan.column(e.plan.new(weight)).title for weight in e.plan.weights)
    return f"Epoch 2 starts from {named} of the last row, not from its {new}: the last update of an epoch is lost."
