"""Cells beside the steps: starts, totals and tables by epoch, each in a line with the value NumPy had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..language.expr import Expr, call
from ..language.values import coded
from ..plan import Start
from ..workbook.cells import Formula
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, HEADER, HEADER_RIGHT, Style
from .differences import Wanted, joined, put_down
from .layout import Places
from .making import Twin
from .runs_sheet import RunsSheet
from .step_sheet import StepSheet

#: row, column -> what belongs there: one of the values that NumPy had
Single = tuple[tuple[int, int], tuple[Wanted, int]]


@dataclass(frozen=True)
class Singles:
    """A composed list: the addresses of the cells and their differences."""

    addresses: Block
    differences: Block

    def where(self, position: Expr) -> Expr:
        """The address of the cell in a line, counted from 1."""
        return call("index", self.addresses, position)


def put(on: Sheet, top: int, left: int, cells: Sequence[tuple[Sheet, Single]]) -> Singles:
    """A line for each cell, from the row `top` on: address, live, NumPy's, difference."""
    for i, title in enumerate(("cell", "live", "NumPy had", "difference")):
        on.put(top, left + i, title, HEADER_RIGHT if i else HEADER)
        on.widths[left + i] = 11.0 if i else 14.0 + 0.5 * max(len(sheet.name) for sheet, _ in cells)
    for line, (sheet, (at, _)) in enumerate(cells, top + 1):
        on.put(line, left, sheet.address(*at), Style(color=FAINT))
        on.put(line, left + 1, Cell(sheet, *at), Style(number="amount"))
    rows, of = np.zeros(len(cells), bool), [belongs for _, (_, belongs) in cells]
    forms = np.array([each.forms[which] for each, which in of])
    values = np.array([each.values[which] for each, which in of])
    (wanted,), stretches = joined([Wanted(values, forms)], rows, rows)
    on.fill(top + 1, left + 2, None, wanted.constants, Style(number="amount"))
    mine, theirs = Down(on, left + 1), Down(on, left + 2)
    live = [on.value(top + 1 + line, left + 1) for line in range(len(cells))]
    found = wanted.differences(np.array([np.nan if isinstance(value, str) else coded(value or 0.0) for value in live]))
    look = Style(number="relative", color=FAINT)
    differences = put_down(on, top + 1, left + 3, stretches, lambda k: wanted.spelled(k, mine, theirs), found, look)
    return Singles(on.block(top + 1, left, len(cells)), differences)


def of_steps(of: StepSheet) -> list[tuple[Sheet, Single]]:
    """Starts and totals of each block, and the table by epoch."""
    plan, twin, found = of.trace.plan, of.twin, dict(_blocks(of.layout, of.twin))
    for name, column in of.epoch_columns.items():
        top = of.by_epoch(name).top
        if name == "epoch":
            continue
        if name in of.trace.footers:
            wanted = twin.wanted_footer(name)
        elif name in of.trace.states:
            wanted = twin.wanted_state(name)
        else:
            wanted = twin.wanted(name)[of.layout.samples - 1 :: of.layout.samples]
        found |= {(top + block, column): (wanted, block) for block in range(plan.epochs)}
    return [(of.sheet, single) for single in found.items() if isinstance(of.sheet.content(*single[0]), Formula)]


def of_runs(front: Sheet, runs: RunsSheet) -> list[tuple[Sheet, Single]]:
    """Starts and totals of each run, and the cells of the sheet in front that repeat a cell of a run."""
    repeats: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for at, other in front.shown():
        if other.sheet is runs.sheet:
            repeats.setdefault((other.row, other.column), []).append(at)
    found: list[tuple[Sheet, Single]] = []
    for made in runs.lanes:
        lane, known = made.lane, dict(_blocks(made.lane, made.twin))
        found += [
            (runs.sheet, (at, each))
            for at, each in known.items()
            if at[1] != made.errors.left and isinstance(runs.sheet.content(*at), Formula)
        ]
        rows = {lane.row(*divmod(k, lane.samples)): k for k in range(lane.plan.blocks * lane.samples)}
        for name, place in lane.columns.items():
            steps = [row for row, column in repeats if column == place and row in rows]
            if steps:
                wanted = made.twin.wanted(name)
                known |= {(row, place): (wanted, rows[row]) for row in steps}
        found += [(front, (at, each)) for source, each in known.items() for at in repeats.get(source, ())]
    return found


def _blocks(layout: Places, twin: Twin) -> Iterator[Single]:
    """What belongs into the cells that start a block and into those below its rows."""
    plan = layout.plan
    had = {start.name: twin.wanted_start(start.name) for start in plan.starts}
    had |= {state.name: twin.wanted_state(state.name) for state in plan.states}
    summed = {footer.name: twin.wanted_footer(footer.name) for footer in plan.footers}
    for block in range(plan.blocks):
        rows = range(layout.row(block) - (block > 0), layout.last_row(block) + 1)
        for item in plan.openings:
            places = {layout.opening(item, block)}
            if isinstance(item, Start):
                places.add(layout.start(item.column, block))
            yield from ((at, (had[item.name], block)) for at in sorted(places) if at[0] not in rows)
        for footer in plan.footers:
            below = layout.footer(footer.name, block)
            if below:
                yield below, (summed[footer.name], block)
