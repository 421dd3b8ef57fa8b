"""Where a map of runs has what: its panels, their axes, and what stands beside them.

Over two inputs a panel is a grid of small cells, two panels beside one another; over one it is a column, all panels
side by side, a row per value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..language.expr import Expr, call
from ..sweeps import Axis
from ..workbook.paper import pixels
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, Style

#: the rows of the title, of sentences, of what the constants are, and of the first panels' titles, legends and axes
TITLE, SUBTITLE, SAID, CONSTANT, HEAD, TOP = 1, 2, 3, 7, 8, 12
LEGEND, LABELS, VALUES = 1, 2, 3  # rows below a panel's title
#: the columns of the labels and of the values of the axis that goes up, and the first of the panels
UP, KEY, LEFT = 1, 2, 3
#: rows between panels below one another: an empty one, and those above a panel
BETWEEN = TOP - HEAD + 1
#: how many pixels a panel takes across and down, a cell at least, and at most down
ACROSS, DOWN, SMALL, HIGH = 500, 340, 5, 22
#: so many columns a panel takes at least, for its legend
FEWEST = 8
#: pixels that a label takes across, and down
LABEL_WIDE, LABEL_HIGH = 56, 17
#: of the columns beside the panels, in characters: labels, what the map says, what the run says
BESIDE = (10.0, 14.0, 14.0)
#: pixels across of a screen, and the least zoom
SCREEN, LEAST = 1500, 40
#: so many characters of a value are short; decimals of others at most
SHORT, MOST_PLACES = 6, 4
#: nothing of a cell is shown
BLANK = ";;;"
HELPER = Style(number="general", color=FAINT, align="right")
NOTE = Style(color=FAINT, italic=True)


def width(pixels: int) -> float:
    """Of a column of so many pixels, in characters."""
    return (pixels - 5) / 7 if pixels >= 12 else pixels / 12


@dataclass
class Places:
    """The sheet and its axes.

    across: None where the map is over one input. shows: the quantities of its panels. cells: what others refer to.
    """

    sheet: Sheet
    across: Axis | None
    up: Axis
    shows: Sequence[str]
    cells: dict[str, Cell] = field(default_factory=dict)

    @property
    def axes(self) -> Sequence[Axis]:
        """The axis across, if there is one, and the one that goes up."""
        return [axis for axis in (self.across, self.up) if axis]

    @property
    def panels(self) -> int:
        """How many there are."""
        return len(self.shows)

    @cached_property
    def columns(self) -> int:
        """How many values the axis across has."""
        return self.across.values.size if self.across else 1

    @cached_property
    def rows(self) -> int:
        """How many values the other axis has."""
        return int(self.up.values.size)

    @property
    def cell(self) -> tuple[int, int]:
        """How many pixels wide and high a cell over two inputs is."""
        return max(ACROSS // max(self.columns, FEWEST), SMALL), min(max(DOWN // self.rows, SMALL), HIGH)

    @property
    def wide(self) -> int:
        """How many columns a panel takes."""
        return max(self.columns, FEWEST) if self.across else 1

    def corner(self, panel: int) -> tuple[int, int]:
        """The first row and column of a panel's cells."""
        if not self.across:
            return TOP, LEFT + panel
        return TOP + panel // 2 * (self.rows + BETWEEN), LEFT + panel % 2 * (self.wide + 1)

    def block(self, panel: int) -> Block:
        """All its cells."""
        return self.sheet.block(*self.corner(panel), self.rows, self.columns)

    def column(self, panel: int, number: int) -> Block:
        """One of its columns, counted from 0."""
        top, left = self.corner(panel)
        return self.sheet.block(top, left + number, self.rows)

    def row(self, panel: int, number: int) -> Block:
        """One of its rows, counted from 0."""
        top, left = self.corner(panel)
        return self.sheet.block(top + number, left, 1, self.columns)

    @property
    def bottom(self) -> int:
        """The last row of the panels."""
        return max(self.corner(panel)[0] for panel in range(self.panels)) + self.rows - 1

    @property
    def beside(self) -> int:
        """The first column of what stands beside the panels."""
        panels = min(2, self.panels) if self.across else self.panels
        return LEFT + panels * (self.wide + bool(self.across)) + (not self.across)

    @property
    def zoom(self) -> int:
        """Percent at which its panels and what is beside them fit a screen."""
        wide = sum(pixels(self.sheet, column) for column in range(1, self.beside + len(BESIDE)))
        return min(100, max(LEAST, int(20 * SCREEN / wide) * 5))

    @property
    def typed(self) -> int:
        """The first column of the inputs that the map is not over."""
        return self.beside + len(BESIDE) + 1

    def value(self, number: int) -> Cell:
        """The cell of a value of the axis across, counted from 0."""
        return Cell(self.sheet, HEAD + VALUES, LEFT + number)

    @property
    def upwards(self) -> Block:
        """The values of the axis that goes up, from the top."""
        return self.sheet.block(TOP, KEY, self.rows)

    @property
    def each(self) -> Down:
        """One of them, for formulas that repeat beside the first panels."""
        return Down(self.sheet, KEY)

    def note(self, row: int, column: int, text: str) -> None:
        """What helper cells are."""
        self.sheet.put(row, column, text, NOTE)


def positioned(wanted: Expr, block: Block, count: int) -> Expr:
    """The position of a value in a block; Gnumeric finds nothing in a range of one cell."""
    return call("match", wanted, block, 0) if count > 1 else call("if_error", wanted - wanted + 1, wanted)


def taken(block: Block, position: Expr, count: int) -> Expr:
    """The cell of a block at a position."""
    return call("index", block, position) if count > 1 else Cell(block.sheet, block.area.top, block.area.left)


def labels(axis: Axis, least: int) -> tuple[int, str]:
    """Every how many values of an axis one is told, at least so many, and its number format.

    Values are told as they are where some can be chosen that are short, such as the powers of ten.
    """
    values = axis.values.tolist()

    def length(step: int) -> int:
        return max(len(f"{value:.15g}") for value in values[::step])

    step = min(range(least, max(least, min(3 * least, len(values) - 1)) + 1), key=lambda step: (length(step), step))
    if length(step) <= SHORT:
        return step, "General"
    if axis.log:
        return least, "0.0E+00"
    places = 1 - math.floor(math.log10(abs(values[-1] - values[0]) / (len(values) - 1)))
    return least, f"0.{'0' * min(max(1, places), MOST_PLACES)}"
