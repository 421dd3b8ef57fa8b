"""A run's cells, wherever it stands: what its places and its trace make of its plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..language.expr import Expr, Here, Prev, State, leaves
from ..language.values import Array
from ..numbers.trace import Trace
from ..plan import Column, EpochState, Start
from ..words import words, written_out
from ..workbook.cells import Formula, a1
from ..workbook.fill import Template
from ..workbook.formula import render
from ..workbook.sheet import Sheet
from ..workbook.style import LABEL, Style, number_format
from .layout import Places
from .making import sentence

#: the longest maths that a note writes out
LONGEST = 120
#: the height of a line of maths and the most of a row of it, in points
LINE, TALLEST = 13.5, 104.0


@dataclass(frozen=True)
class Rendering:
    """A run on a sheet: its columns, what opens and closes a block, and what heads them."""

    sheet: Sheet
    places: Places
    trace: Trace

    def put(self, at: tuple[int, int], expr: Expr, leaf: Callable[[Expr], str], value: object, style: Style) -> None:
        """A cell with what an expression is worth."""
        self.sheet.put(*at, Formula(render(expr, leaf), float(value)), style)  # type: ignore[arg-type]  # one number

    def head(self, block: int) -> None:
        """What each column is, above its title; where a start stands in the title's place, the name with the maths."""
        plan, titles = self.trace.plan, self.places.titles(block)
        opened = {self.places.start(s.column, block) for s in plan.starts}
        opened |= {self.places.state(s.name, block) for s in plan.states}
        for c in plan.columns:
            place = self.places.columns[c.name]
            named = (titles, place) in opened
            if c.role != "weight":
                look = Style(c.role, wrap=True, italic=not named, header=named, valign="bottom")
                self.sheet.put(titles - 1, place, f"{c.title} = {words(c.expr, plan)}", look)
            if not named:
                self.sheet.put(titles, place, c.title, Style(c.role, header=True, bold=True, align="right"))
        wanted = max(self._lines(c) for c in plan.columns) * LINE
        tall = max(3 * LINE, wanted, self.sheet.heights.get(titles - 1, 0.0))
        self.sheet.heights[titles - 1] = min(tall, TALLEST)

    def _lines(self, column: Column) -> int:
        """How many lines the maths of a column takes."""
        place = self.places.columns[column.name]
        if column.role == "weight" or place in self.sheet.aside:
            return 0
        room, lines, used = int(self.sheet.widths[place]), 1, 0
        for word in f"{column.title} = {words(column.expr, self.trace.plan)}".split():
            if used and used + 1 + len(word) > room:
                lines, used = lines + 1, 0
            lines, used = lines + (used + len(word)) // (room + 1), (used + len(word)) % (room + 1) + 1
        return lines

    def notes(self) -> None:
        """In each header of the first block: what the column is, in words and as the first row's formula."""
        plan, titles, row = self.trace.plan, self.places.titles(0), self.places.row(0)
        for c in plan.columns:
            place = self.places.columns[c.name]
            formula = self.sheet.content(row, place)
            assert isinstance(formula, Formula)
            lines = [c.title, sentence(c.about), f"= {words(c.expr, plan)}"]
            full = words(written_out(c.expr, plan), plan)
            if f"= {full}" != lines[-1] and len(full) < LONGEST:
                lines.append(f"= {full}")
            later = [plan.column(name).title for name in self._right_of(c)]
            if later:
                lines.insert(2, f"Computed after {' and '.join(later)}, further right.")
            if any(self.places.start(s.column, 0) == (titles, place) for s in plan.starts if s.column == c.name):
                lines.insert(2, "The number here is what the first row starts from.")
            self.sheet.notes[titles, place] = "\n".join([*lines, f"First row: ={formula.text}"])

    def _right_of(self, column: Column) -> list[str]:
        """The columns that a column uses and that stand further right."""
        place = self.places.columns[column.name]
        used = dict.fromkeys(leaf.column for leaf in leaves(column.expr) if isinstance(leaf, Here))
        return [name for name in used if self.places.columns[name] > place]

    def rows(self) -> None:
        """A row per sample. Cells that follow each other have the same formula but for their row, if they can."""
        places, blocks = self.places, range(self.trace.plan.blocks)
        for c in self.trace.plan.columns:
            place = places.columns[c.name]
            style = Style(c.role, number_format(c.role, small=c.small, given=c.format))
            kinds = {type(leaf) for leaf in leaves(c.expr)}
            spans: list[tuple[int, str, list[Array]]] = []
            rest = ""
            for block in blocks:
                top, values = places.row(block), self.trace.rows[c.name][block]
                if not block or State in kinds:
                    rest = render(c.expr, lambda leaf, b=block: places.inside(leaf, b))  # type: ignore[misc]
                first = rest
                if Prev in kinds:
                    first = render(c.expr, lambda leaf, b=block: places.first(leaf, b))  # type: ignore[misc]
                if first != rest:
                    self.sheet.put(top, place, Formula(Template(first).at(top), float(values[0])), style)
                    top, values = top + 1, values[1:]
                if spans and spans[-1][1] == rest and block and places.last_row(block - 1) == top - 1:
                    spans[-1][2].append(values)
                else:
                    spans.append((top, rest, [values]))
            for top, spelled, values_of in spans:
                self.sheet.fill(top, place, spelled, np.concatenate(values_of), style)

    def openings(self) -> None:
        """Start cells and epoch states, but inputs, and what a block starts from in its own rows."""
        plan = self.trace.plan
        for item, block, at in self.places.opens():
            expr, previous = plan.opening(item, block)
            source = block if previous is None else previous
            role, number, value = self._opened(item, block)
            style = Style(role, number, italic=True, bottom=True)
            self.put(at, expr, lambda leaf, b=source: self.places.outside(leaf, b), value, style)  # type: ignore[misc]
            if isinstance(item, Start) and (shown := self.places.start(item.column, block)) != at:
                self.sheet.put(*shown, Formula(a1(*at), float(value)), style)

    def _opened(self, item: Start | EpochState, block: int) -> tuple[str, str, float]:
        """The role, the number format and the value of what a block starts from."""
        if isinstance(item, EpochState):
            number = number_format("state", small=item.small)
            return "state", number, float(self.trace.states[item.name][block])
        column = self.trace.plan.column(item.column)
        role = "weight" if column.role == "update" else column.role
        return (
            role,
            number_format(role, small=column.small, given=column.format),
            float(self.trace.starts[item.column][block]),
        )

    def footers(self, block: int, *, titled: bool = False) -> None:
        """What sums a block up, where it has a place; titled: each with its title beside it, if there is room."""
        places = {f.name: at for f in self.trace.plan.footers if (at := self.places.footer(f.name, block))}
        for footer in self.trace.plan.footers:
            if footer.name not in places:
                continue
            at = places[footer.name]
            role = self.trace.plan.column(self.places.under(footer)).role
            look = Style(role, number_format(role, small=footer.small), header=titled, bold=titled)
            value = self.trace.footers[footer.name][block]
            self.put(at, footer.expr, lambda leaf, row=at[0]: self.places.below(leaf, block, row), value, look)  # type: ignore[misc]
            if titled:
                self._beside(at, footer.title, {*places.values()})

    def _beside(self, at: tuple[int, int], title: str, taken: set[tuple[int, int]]) -> None:
        """A title at the left of a cell, or at its right."""
        for place, align in (((at[0], at[1] - 1), "right"), ((at[0], at[1] + 1), "left")):
            if place not in self.sheet.cells and place not in taken:
                self.sheet.put(*place, title, Style(color=LABEL.color, align=align))
                return

    def derived(self, style: Callable[[str], Style]) -> None:
        """The single cells that are computed from inputs; style: by their labels."""
        for derived in self.trace.plan.derived:
            at = self.places.cell(derived.name)
            value = self.trace.cells[derived.name]
            self.put(at, derived.expr, lambda leaf: self.places.outside(leaf, 0), value, style(derived.label))
