"""Where everything stands: the only file that knows rows and columns of sheets with one row per step.

`Layout` is a sheet of one run, `Lane` the columns of one run among others on a sheet of many.

A block is one pass over the data: two lines of single cells and maths, the header line, a row per sample, the
footer lines. Block 0 stands at the top of the sheet, at the addresses of the published graddesc.xlsx where it
has a sheet of that name; block k is the same picture further down. Rows and columns are counted from 1.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..language.expr import Data, Expr, Foot, Here, Opening, Over, Param, Prev, State, Whole, leaves
from ..mirror import Mirror
from ..plan import Column, EpochState, Footer, Plan, Start
from ..words import words
from ..workbook.cells import a1, column_letters

#: lines of a block above its first row
HEAD = 3
#: pixels across that a screen of 1366 shows at full size, and what a table leaves of them to the panel beside it
SCREEN, PANEL = 1310, 240
#: widths in characters: of a sample, a weight, another number, one with room for its label, one that an optimizer
#: remembers, whose maths is long
SAMPLE, WEIGHT, NUMBER, PREFIXED, STATE = 4.2, 8.6, 9.1, 12.0, 12.0
#: as many characters of maths fit above the column of a weight after the step
LONG = 80
#: of the first column where the name of an epoch has but that
NAMED = 7.5
#: kinds of columns that only help: they are folded away
HELPERS = ("nudged", "gap", "step")
#: kinds of columns that stay in sight: the rate of each step, and which rows take one
SEEN = ("rate", "mark")


def pixels(width: float) -> float:
    """How many pixels a column of so many characters has."""
    return width * 7 + 5


def width(plan: Plan, column: Column) -> float:
    """How many characters a column needs."""
    least = {"weight": WEIGHT, "update": WEIGHT, "state": STATE if column.kind != "used" else NUMBER}
    long = column.role == "update" and len(words(column.expr, plan)) > LONG
    return max(
        STATE if long else least.get(column.role, NUMBER), len(column.title) + 0.5 if column.role != "state" else 0
    )


def _aside(plan: Plan) -> list[Column]:
    """The columns that are folded away where a sheet's order is ours.

    Helpers, and where a switch chooses between derivatives the numerical ones. If what is left is still too wide for
    a screen, what nothing depends on goes too, then what is between a derivative and another, then what a switch
    chooses, then what an optimizer remembers.
    """
    switches = {Param(i.name) for i in plan.inputs if i.choices}
    chosen = {c.name for c in plan.columns for leaf in leaves(c.expr) if leaf in switches}
    switched = any(c.kind == "used" for c in plan.columns)
    found = [c for c in plan.columns if c.kind in HELPERS or (switched and c.kind == "estimate")]

    def left() -> float:
        return sum(pixels(width(plan, c)) for c in plan.columns if c not in found)

    room = SCREEN - PANEL - len(plan.samples) * pixels(SAMPLE)
    for sort in ("watch", "between", "", "state"):
        if left() > room:
            more = [c for c in plan.columns if (sort in (c.role, c.kind) if sort else c.name in chosen)]
            found += [c for c in more if c not in found and c.kind not in SEEN]
    return found


def _reduced(footer: Footer) -> str:
    """The column that a footer is a reduction of."""
    return next((leaf.column for leaf in leaves(footer.expr) if isinstance(leaf, (Over, Opening))), "pred")


def _automatic(plan: Plan) -> Mirror:
    """A layout for a plan without a published sheet.

    Columns as they are computed, then those that are folded away; the weights' starts above their columns; all other
    single cells in the first line, each with room for a label at its left.
    """
    first, aside = len(plan.samples) + 1, _aside(plan)
    columns = [*(c for c in plan.columns if c not in aside), *(c for c in plan.columns if c in aside)]
    place = {c.name: first + i for i, c in enumerate(columns)}
    cells = {w: a1(2, place[w]) for w in plan.weights}
    others = [i.name for i in plan.inputs if i.name not in cells] + [d.name for d in plan.derived]
    right = first + len(plan.weights) + 1
    cells |= {name: a1(1, right + 2 * i) for i, name in enumerate(others)}
    states = {s.name: a1(1, right + 2 * (len(others) + i)) for i, s in enumerate(plan.states)}
    below: dict[str, tuple[str, int]] = {}
    for footer in plan.footers:
        if footer.name != "rmse":  # the table by epoch shows it
            column = _reduced(footer)
            below[footer.name] = (column, 1 + [c for c, _ in below.values()].count(column))
    return Mirror(tuple(place), cells, {plan.new(w): cells[w] for w in plan.weights}, states, below)


def _position(address: str) -> tuple[int, int]:
    letters, row = re.fullmatch(r"([A-Z]+)(\d+)", address).groups()  # type: ignore[union-attr]  # our own table
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(row), column


@dataclass(frozen=True)
class Places(ABC):
    """The addresses of a plan's quantities on a sheet."""

    plan: Plan
    samples: int

    @property
    def last_sample(self) -> int:
        """The column of the samples' targets, after their inputs: these are the first of the sheet."""
        return len(self.plan.samples)

    def sample(self, name: str) -> int:
        """The column of a sample's input or target."""
        return 1 + self.plan.samples.index(name)

    @property
    @abstractmethod
    def columns(self) -> Mapping[str, int]:
        """Column name -> number."""

    @abstractmethod
    def row(self, block: int, sample: int = 0) -> int:
        """The row of a sample, counted from 0."""

    @abstractmethod
    def titles(self, block: int) -> int:
        """The row of the columns' titles; the one above says what they are."""

    @abstractmethod
    def cell(self, name: str) -> tuple[int, int]:
        """An input or derived cell."""

    @abstractmethod
    def start(self, column: str, block: int) -> tuple[int, int]:
        """The cell from which a block starts a column."""

    def held(self, column: str, block: int) -> tuple[int, int]:
        """The cell that holds what a block starts a column from, if the start cell only repeats it; else that one."""
        return self.start(column, block)

    @abstractmethod
    def state(self, name: str, block: int) -> tuple[int, int]:
        """An epoch state's cell."""

    @abstractmethod
    def footer(self, name: str, block: int) -> tuple[int, int] | None:
        """A footer's cell, or None where it has none."""

    def under(self, footer: Footer) -> str:
        """The column that a footer belongs to."""
        return _reduced(footer)

    def last_row(self, block: int) -> int:
        """The row of the block's last sample."""
        return self.row(block, self.samples - 1)

    def opening(self, item: Start | EpochState, block: int) -> tuple[int, int]:
        """The cell that holds a start or an epoch state."""
        return self.held(item.column, block) if isinstance(item, Start) else self.state(item.name, block)

    def outside(self, leaf: Expr, block: int) -> str:
        """The reference of a leaf that stands outside the rows."""
        match leaf:
            case Param(name):
                return a1(*self.cell(name), fixed=True)
            case Whole(name):
                letters = column_letters(self.sample(name))
                return f"{letters}{self.row(0)}:{letters}{self.last_row(0)}"
            case State(name):
                return a1(*self.state(name, block), fixed=True)
            case Opening(column):
                return a1(*self.start(column, block))
            case Foot(name):
                at = self.footer(name, block)
                assert at is not None, f"the layout has no place for the footer {name}"
                return a1(*at)
            case Over(reduction, column):
                letters = column_letters(self.columns[column])
                last = f"{letters}{self.last_row(block)}"
                if reduction == "last":
                    return last
                return f"{reduction.upper()}({letters}{self.row(block)}:{last})"
        raise AssertionError(leaf)

    def below(self, leaf: Expr, block: int, line: int) -> str:
        """The reference of a leaf of a footer that stands in the row `line`."""
        return self.outside(leaf, block)

    def first(self, leaf: Expr, block: int = 0) -> str:
        """The reference of a leaf of a block's first row."""
        return self.inside(leaf, block)

    def opens(self) -> Iterator[tuple[Start | EpochState, int, tuple[int, int]]]:
        """Each start and epoch state with its block and the cell that holds it, but inputs and cells of the rows."""
        inputs = {self.cell(i.name) for i in self.plan.inputs}
        for block in range(self.plan.blocks):
            for item in self.plan.openings:
                at = self.opening(item, block)
                if at not in inputs and not (block and at[0] == self.row(block) - 1 == self.last_row(block - 1)):
                    yield item, block, at

    def inside(self, leaf: Expr, block: int = 0) -> str:
        """The reference of a leaf of a row, as a template: `{r}` stands for the row, `{r-1}` for the row above."""
        match leaf:
            case Data(name):
                return column_letters(self.sample(name)) + "{r}"
            case Here(column):
                return column_letters(self.columns[column]) + "{r}"
            case Prev(column):
                return column_letters(self.columns[column]) + "{r-1}"
        return self.outside(leaf, block)


@dataclass(frozen=True)
class Layout(Places):
    """A sheet of one run."""

    @cached_property
    def mirror(self) -> Mirror:
        """The published addresses, or ours."""
        return self.plan.mirror if self.plan.mirror and self.mirrored else _automatic(self.plan)

    @property
    def mirrored(self) -> bool:
        """Whether the sheet has the published addresses."""
        found = self.plan.mirror
        return found is not None and {*found.order} == {c.name for c in self.plan.columns}

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """Column name -> number."""
        return {name: self.last_sample + 1 + i for i, name in enumerate(self.mirror.order)}

    @property
    def width(self) -> int:
        """The last column of the table."""
        return self.last_sample + len(self.mirror.order)

    @cached_property
    def aside(self) -> frozenset[int]:
        """The columns that are folded away: none with a cell to type into, nor any of its kind."""
        named = {**self.mirror.cells, **self.mirror.states, **self.mirror.starts}
        taken = {_position(named[name])[1] for name in named if name not in {d.name for d in self.plan.derived}}
        if not self.mirrored:
            return frozenset(self.columns[c.name] for c in _aside(self.plan) if self.columns[c.name] > max(taken))
        sorts = [{self.columns[c.name] for c in self.plan.columns if c.kind == kind} for kind in HELPERS]
        return frozenset().union(*(sort for sort in sorts if not sort & taken))

    @cached_property
    def widths(self) -> Mapping[int, float]:
        """How many characters each column of the table has."""
        samples = {i: max(SAMPLE, len(name) + 0.5) for i, name in enumerate(self.plan.samples, 1)}
        if self.mirrored:
            samples[1] = NAMED
        return samples | {self.columns[c.name]: width(self.plan, c) for c in self.plan.columns}

    @cached_property
    def right(self) -> int:
        """The last column that the table or a single cell above it takes."""
        singles = [*self.mirror.cells.values(), *self.mirror.states.values()]
        return max(self.width, *(_position(address)[1] for address in singles))

    def label(self, at: tuple[int, int]) -> tuple[int, int] | None:
        """Where a single cell's label fits: above it, else at its left, else nowhere."""
        taken = {_position(address) for address in (*self.mirror.cells.values(), *self.mirror.states.values())}
        above, left = (at[0] - 1, at[1]), (at[0], at[1] - 1)
        return next((place for place in (above, left) if place[0] and place not in taken), None)

    @cached_property
    def footer_lines(self) -> int:
        """Lines below the rows."""
        return max(line for _, line in self.mirror.under.values())

    @cached_property
    def height(self) -> int:
        """Rows from a block's first line to the next block's, an empty one between included."""
        return HEAD + self.samples + self.footer_lines + 1

    def top(self, block: int) -> int:
        """The first line of a block."""
        return 1 + block * self.height

    def row(self, block: int, sample: int = 0) -> int:
        """The row of a sample, counted from 0."""
        return self.top(block) + HEAD + sample

    @property
    def end(self) -> int:
        """The last row of the sheet's table."""
        return self.top(self.plan.blocks) - 1

    def titles(self, block: int) -> int:
        """The last line above the rows."""
        return self.top(block) + HEAD - 1

    def cell(self, name: str) -> tuple[int, int]:
        """An input or derived cell; inputs of an epoch state share its first cell."""
        return _position(self.mirror.cells[name])

    def start(self, column: str, block: int) -> tuple[int, int]:
        """A start cell: where the mirror has it, else in the header line of its column."""
        row, place = (
            _position(self.mirror.starts[column]) if column in self.mirror.starts else (HEAD, self.columns[column])
        )
        return row + block * self.height, place

    def held(self, column: str, block: int) -> tuple[int, int]:
        """A cell below the rows, where the mirror has it there."""
        if not self.mirror.holds or column in self.mirror.starts:
            return self.start(column, block)
        return self.last_row(block) + 1, self.columns[column]

    def below(self, leaf: Expr, block: int, line: int) -> str:
        """The reference of a leaf of a footer in a row: to the cell beside it, where that holds a start."""
        if isinstance(leaf, Opening) and self.held(leaf.column, block)[0] == line:
            return a1(*self.held(leaf.column, block))
        return self.outside(leaf, block)

    def state(self, name: str, block: int) -> tuple[int, int]:
        """An epoch state's cell."""
        row, place = _position(self.mirror.states[name])
        return row + block * self.height, place

    def under(self, footer: Footer) -> str:
        """The column under which it stands."""
        return self.mirror.under[footer.name][0]

    def footer(self, name: str, block: int) -> tuple[int, int] | None:
        """A footer's cell, or None where only the table by epoch shows it."""
        if name not in self.mirror.under:
            return None
        column, line = self.mirror.under[name]
        return self.last_row(block) + line, self.columns[column]

    def first(self, leaf: Expr, block: int = 0) -> str:
        """The reference of a leaf of a block's first row, where `Prev` is the start cell."""
        return a1(*self.start(leaf.column, block)) if isinstance(leaf, Prev) else self.inside(leaf, block)


@dataclass(frozen=True)
class Lane(Places):
    """The columns of one run on a sheet of many: its epochs follow each other without a gap.

    left: its first column. names: the inputs and derived cells of all lanes, a row each from `FIRST_CELL` on.
    numpys: the first column of the values NumPy had. An epoch must start each column from the column itself. Below
    the rows an epoch has a line of its footers and states; the two columns beside the first footer stay free.
    """

    left: int
    names: tuple[str, ...]
    numpys: int = 0

    #: the rows of a lane's title and verdict, and of the first input
    TITLE, VERDICT, FIRST_CELL = 3, 4, 5

    @property
    def step(self) -> int:
        """The column of the step's number; the first lane begins two further right."""
        return self.last_sample + 1

    @property
    def maths(self) -> int:
        """The row that says what the columns are; the header and the start cells follow."""
        return self.FIRST_CELL + len(self.names)

    @property
    def head(self) -> int:
        """The row of the columns' titles."""
        return self.maths + 1

    @property
    def right(self) -> int:
        """The last column that its columns or the lines by epoch need."""
        return self.left + max(len(self.columns), 2 + len(self.plan.footers) + len(self.plan.states)) - 1

    @property
    def exploded(self) -> int:
        """The column of flags that follows its own."""
        return self.left + len(self.plan.columns)

    @property
    def off(self) -> int:
        """The column that names what is off; before it stand two columns per ReLU."""
        return self.exploded + 1 + 2 * len(self.plan.gates)

    @property
    def next(self) -> int:
        """Where the next lane begins, after a narrow column."""
        return max(self.right, self.off) + 2

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """Column name -> number."""
        return {c.name: self.left + i for i, c in enumerate(self.plan.columns)}

    def titles(self, block: int) -> int:
        """The same row for all blocks."""
        return self.head

    def row(self, block: int, sample: int = 0) -> int:
        """The row of a sample, counted from 0."""
        return self.head + 2 + block * self.samples + sample

    def cell(self, name: str) -> tuple[int, int]:
        """An input or derived cell."""
        return self.FIRST_CELL + self.names.index(name), self.left

    def start(self, column: str, block: int) -> tuple[int, int]:
        """The row above the block's first: a start cell, or the last row of the block before."""
        return self.row(block) - 1, self.columns[column]

    def line(self, block: int) -> int:
        """The row of an epoch's footers and states, below all steps."""
        return self.row(self.plan.epochs) + 2 + block

    def state(self, name: str, block: int) -> tuple[int, int]:
        """An epoch state's cell."""
        position = [s.name for s in self.plan.states].index(name)
        return self.line(block), self.left + 2 + len(self.plan.footers) + position

    def footer(self, name: str, block: int) -> tuple[int, int]:
        """A footer's cell."""
        position = [f.name for f in self.plan.footers].index(name)
        return self.line(block), self.left + (position + 2 if position else 0)
