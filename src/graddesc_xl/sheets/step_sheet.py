"""The sheet of one experiment: a row per step, a block per epoch, the table by epoch and the charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..experiment import Experiment
from ..numbers.trace import Trace
from ..plan import Column, EpochState, Footer, Start
from ..settings import rounded
from ..words import words, written_out
from ..workbook.cells import Area, Formula, a1, column_letters
from ..workbook.fill import Template
from ..workbook.formula import render
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, HEADER_RIGHT, LABEL, SECTION, SUBTITLE, Style, number_format
from .data_sheet import Samples
from .layout import HEAD, Layout
from .making import Making, Twin, put_input, sentence

MATHS_HEIGHT = 64.0
#: as many columns fit a printed page; where there are more, each page has about so many
MOST_COLUMNS, PAGE_COLUMNS = 19, 14
#: of columns with a cell that shows its own label
PREFIXED_WIDTH = 15.0


@dataclass(frozen=True)
class StepSheet:
    """A composed sheet with what other sheets refer to.

    twin: its run, and the one whose values the workbook holds as constants: with the inputs it was built with.
    """

    experiment: Experiment
    twin: Twin
    layout: Layout
    sheet: Sheet
    epoch_table: tuple[int, int]
    epoch_columns: dict[str, int]

    @property
    def trace(self) -> Trace:
        """Its run."""
        return self.twin.now

    def by_epoch(self, what: str) -> Area:
        """The cells of one column of the table by epoch."""
        row, _ = self.epoch_table
        column = self.epoch_columns[what]
        return Area(self.sheet.name, row + 1, column, row + self.trace.plan.epochs, column)


def compose(experiment: Experiment, making: Making) -> StepSheet:
    """Every cell of an experiment's sheet but its verdict and charts."""
    plan = experiment.plan
    samples = making.of(experiment.data)
    layout = Layout(plan, samples.count)
    sheet = Sheet(plan.name, frozen=(HEAD, 0 if layout.mirrored else layout.last_sample), repeat_rows=(1, HEAD))
    now = {i.name: making.number(sheet, layout.cell(i.name), i) for i in plan.inputs}
    twin = making.twin(plan, samples, now, {i.name: float(rounded(i.value)) for i in plan.inputs})
    trace = twin.now
    for column in range(1, layout.width + 1):
        sheet.widths[column] = 8.8 if column <= layout.last_sample else 10.6
    _inputs(sheet, layout, trace)
    for block in range(plan.blocks):
        _head(sheet, layout, trace, block)
        _rows(sheet, layout, trace, samples, block)
        _footers(sheet, layout, trace, block)
        _fold(sheet, layout, block)
    if not layout.mirrored:
        beside = column_letters(layout.right + 2)
        said = f"As built: {experiment.about} Charts from column {beside} on."
        last = max(column for row, column in sheet.cells if row == 1)
        sheet.put(1, last + 2, said, SUBTITLE)
    _notes(sheet, layout)
    table, columns = _by_epoch(sheet, layout, trace)
    return StepSheet(experiment, twin, layout, sheet, table, columns)


def _inputs(sheet: Sheet, layout: Layout, trace: Trace) -> None:
    """Single cells: each input with its label, rule and message, each derived cell."""
    plan = trace.plan
    for given in plan.inputs:
        row, column = layout.cell(given.name)
        label = layout.label((row, column))
        value = float(trace.inputs[given.name])
        put_input(sheet, (row, column), given, value, prefix="" if label else given.label)
        if label:
            sheet.put(*label, given.label, LABEL)
        else:
            sheet.widths[column] = PREFIXED_WIDTH
    for derived in plan.derived:
        row, column = layout.cell(derived.name)
        text = render(derived.expr, lambda leaf: layout.outside(leaf, 0))
        value = float(trace.cells[derived.name])
        sheet.widths[column] = PREFIXED_WIDTH
        sheet.put(row, column, Formula(text, value), Style("watch", "share", prefix=derived.label, color=FAINT))


def _head(sheet: Sheet, layout: Layout, trace: Trace, block: int) -> None:
    """The block's three lines: name and starts, maths, header."""
    plan, top = trace.plan, layout.top(block)
    name = f"epoch {block + 1}" if block < plan.epochs else f"pass {block - plan.epochs + 1}"
    sheet.put(top, 1, name, SECTION)
    if block >= plan.epochs:
        sheet.put(top, layout.columns["pred"] + 3, _passed_on(layout, block), Style(color=FAINT, italic=True))
    if block:
        for weight in plan.weights:
            label = layout.label(layout.start(plan.new(weight), 0))
            if label:
                sheet.put(label[0] + top - 1, label[1], weight, LABEL)
        sheet.put(top, layout.columns["pred"], "√Σe²", LABEL)
        error = layout.footer("error", block)
        assert error is not None
        value = float(trace.footers["error"][block])
        sheet.put(top, layout.columns["pred"] + 1, Formula(a1(*error), value), Style("error", "amount"))
    sheet.heights[top + 1] = MATHS_HEIGHT
    for column, title in enumerate(plan.samples, 1):
        sheet.put(top + 2, column, title, Style("data", header=True, bold=True, align="right"))
    started = {s.column for s in plan.starts if layout.start(s.column, block)[0] == top + 2}
    taken = {place for s in plan.states if (place := layout.state(s.name, block))[0] == top + 2}
    for c in plan.columns:
        column = layout.columns[c.name]
        if c.role != "weight":
            sheet.put(top + 1, column, f"{c.title} = {words(c.expr, plan)}", _maths(c))
        if c.name not in started and (top + 2, column) not in taken:
            sheet.put(top + 2, column, c.title, Style(c.role, header=True, bold=True, align="right"))
    _opening(sheet, layout, trace, block)


def _passed_on(layout: Layout, block: int) -> str:
    """What a discarded pass is for, in words."""
    plan = layout.plan

    def named(items: Sequence[Start | EpochState]) -> str:
        return ", ".join(plan.column(i.column).title if isinstance(i, Start) else i.title for i in items)

    handed_on, kept = plan.handed_on(block)
    said = f"A pass whose weights are thrown away: it hands on {named(handed_on)}"
    return f"{said}, and leaves {named(kept)} as it found {'them' if kept[1:] else 'it'}." if kept else f"{said}."


def _maths(column: Column) -> Style:
    return Style(column.role, wrap=True, size=9, italic=True, valign="bottom", color=FAINT)


def _opening(sheet: Sheet, layout: Layout, trace: Trace, block: int) -> None:
    """Start cells and epoch states, except where the first block's is an input itself."""
    plan = trace.plan
    inputs = {layout.cell(i.name) for i in plan.inputs}
    for item in plan.openings:
        expr, previous = plan.opening(item, block)
        at = layout.opening(item, block)
        if isinstance(item, Start):
            column = plan.column(item.column)
            value, role, small = trace.starts[item.column][block], column.role, column.small
        else:
            value, role, small = trace.states[item.name][block], "state", item.small
            if at[0] == layout.top(block):
                sheet.put(at[0], at[1] - 1, item.title, LABEL)
        if at in inputs:
            continue
        source = block if previous is None else previous
        text = render(expr, lambda leaf, b=source: layout.outside(leaf, b))  # type: ignore[misc]
        role = "weight" if role == "update" else role
        style = Style(role, number_format(role, small=small), header=True, bold=True)
        sheet.put(*at, Formula(text, float(value)), style)
        if isinstance(item, Start) and (shown := layout.start(item.column, block)) != at:
            sheet.put(*shown, Formula(a1(*at), float(value)), style)
            if block == 0:
                said = "What this block starts from: the cell above its first row repeats it."
                sheet.notes[at] = f"start of {column.title}\n{said}\n= {words(expr, plan)}"
        if block == 1 and isinstance(item, Start):
            sheet.notes[at] = f"Carried over from the epoch above: {words(expr, plan)}."


def _rows(sheet: Sheet, layout: Layout, trace: Trace, data: Samples, block: int) -> None:
    """A row per sample. Every row of a column but a block's first has the same formula but for its row."""
    row0 = layout.row(block)
    for column, name in enumerate(trace.plan.samples, 1):
        sheet.repeat(row0, column, data.down(name, row0), data.count, Style("data"))
    for c in trace.plan.columns:
        column = layout.columns[c.name]
        style = Style(c.role, number_format(c.role, small=c.small))
        values = trace.rows[c.name][block]
        first = render(c.expr, lambda leaf: layout.first(leaf, block))
        rest = render(c.expr, lambda leaf: layout.inside(leaf, block))
        if first == rest:
            sheet.fill(row0, column, rest, values, style)
        else:
            sheet.put(row0, column, Formula(Template(first).at(row0), float(values[0])), style)
            sheet.fill(row0 + 1, column, rest, values[1:], style)


def _footers(sheet: Sheet, layout: Layout, trace: Trace, block: int) -> None:
    places = {f.name: at for f in trace.plan.footers if (at := layout.footer(f.name, block))}
    for footer in trace.plan.footers:
        at = places.get(footer.name)
        if at is None:
            continue
        value = float(trace.footers[footer.name][block])
        role = trace.plan.column(layout.mirror.under[footer.name][0]).role
        number = number_format(role, small=footer.small)
        style = Style(role, number, header=True, bold=True, top=at[0] == layout.last_row(block) + 1)
        sheet.put(*at, Formula(_footer_text(footer, layout, block), value), style)
        for labelled, style in (((at[0], at[1] - 1), LABEL), ((at[0], at[1] + 1), replace(LABEL, align="left"))):
            if labelled not in sheet.cells and labelled not in places.values():
                sheet.put(*labelled, footer.title, style)
                break
        if block == 0:
            sheet.notes[at] = f"{footer.title}\n{sentence(footer.about)}\n= {words(footer.expr, trace.plan)}"
    sheet.put(layout.last_row(block) + 1, 1, "this epoch", Style(color=FAINT, italic=True))


def _footer_text(footer: Footer, layout: Layout, block: int) -> str:
    at = layout.footer(footer.name, block)
    return render(footer.expr, lambda leaf: layout.below(leaf, block, at[0] if at else 0))


def _fold(sheet: Sheet, layout: Layout, block: int) -> None:
    """Later blocks fold away below their first line, unless the table by epoch stands beside them."""
    if block and layout.height > HEAD + layout.plan.epochs:
        for row in range(layout.top(block) + 1, layout.top(block + 1)):
            sheet.folded[row] = 1


def _notes(sheet: Sheet, layout: Layout) -> None:
    """In each header of the first block: what the column is, in words and as the first row's formula."""
    plan = layout.plan
    row = layout.row(0)
    for column, title in enumerate(plan.samples, 1):
        formula = sheet.content(row, column)
        assert isinstance(formula, Formula)
        sheet.notes[HEAD, column] = f"{title}\nThis step's sample, from the data sheet.\nFirst row: ={formula.text}"
    started = {start.column for start in plan.starts}
    for c in plan.columns:
        column = layout.columns[c.name]
        formula = sheet.content(row, column)
        assert isinstance(formula, Formula)
        lines = [c.title, sentence(c.about), f"= {words(c.expr, plan)}"]
        full = words(written_out(c.expr, plan), plan)
        if f"= {full}" != lines[-1] and len(full) < 120:
            lines.append(f"= {full}")
        lines.append(f"First row: ={formula.text}")
        at = (HEAD, column)
        if c.name in started and at == layout.start(c.name, 0):
            lines.insert(2, "The number here is what the first row starts from.")
        sheet.notes[at] = "\n".join(lines)


def _pages(layout: Layout, end: int) -> tuple[int, ...]:
    """The last columns of the printed pages of the table: one page, unless that would be too small to read."""
    if layout.width <= MOST_COLUMNS:
        return (end,)
    count = math.ceil(layout.width / PAGE_COLUMNS)
    return (*(math.ceil(layout.width * k / count) for k in range(1, count)), end)


def _by_epoch(sheet: Sheet, layout: Layout, trace: Trace) -> tuple[tuple[int, int], dict[str, int]]:
    """The table by epoch, to the right of the first block."""
    plan = trace.plan
    left, head = layout.right + 2, HEAD
    sheet.page_ends = _pages(layout, left - 1)
    sheet.repeat_columns = layout.last_sample if len(sheet.page_ends) > 1 else 0
    sheet.widths[left - 1] = 2.5
    columns = {"epoch": left, "error": left + 1, "rmse": left + 2}
    titles = {"epoch": "epoch", "error": "√Σe²", "rmse": "RMSE"}
    ends = {plan.new(weight): f"{weight} at its end" for weight in plan.weights}
    for name, title in ends.items():
        columns[name] = left + len(columns)
        titles[name] = title
    for state in plan.states:
        columns[state.name] = left + len(columns)
        titles[state.name] = state.title
    sheet.put(1, left, "by epoch", SECTION)
    for name, column in columns.items():
        sheet.put(head, column, titles[name], HEADER_RIGHT)
        sheet.widths[column] = 7.0 if name == "epoch" else 9.5
    for block in range(plan.epochs):
        row = head + 1 + block
        sheet.put(row, left, float(block + 1), Style(number="integer"))
        for name, column in columns.items():
            if name == "epoch":
                continue
            style = Style(number="weight" if name in ends else "amount")
            if name in ("error", "rmse"):
                footer = next(f for f in plan.footers if f.name == name)
                at = layout.footer(name, block)
                text = a1(*at) if at else _footer_text(footer, layout, block)
                value = float(trace.footers[name][block])
            elif name in trace.states:
                text, value = a1(*layout.state(name, block)), float(trace.states[name][block])
                style = Style(number="small" if next(e for e in plan.states if e.name == name).small else "amount")
            else:
                text = a1(layout.last_row(block), layout.columns[name])
                value = float(np.ravel(trace.rows[name][block])[-1])
            sheet.put(row, column, Formula(text, value), style)
    return (head, left), columns
