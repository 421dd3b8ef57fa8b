"""Where everything stands: the only file that knows rows and columns of sheets with one row per step.

`Layout` is a sheet of one run, `Lane` the columns of one run among others on a sheet of many.

A block is one pass over the data: two lines of single cells and maths, the header line, a row per sample, the
footer lines. Block 0 stands at the top of the sheet, at the addresses of the published graddesc.xlsx where it
has a sheet of that name; block k is the same picture further down. Rows and columns are counted from 1.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..expr import Data, Expr, Foot, Here, Opening, Over, Param, Prev, State, leaves
from ..plan import EpochState, Plan, Start
from .cells import a1, column_letters

#: lines of a block above its first row
HEAD = 3
#: columns of x, y and the first weight
X, Y, FIRST = 1, 2, 3
#: the first row of samples on the data sheet, and where it shows the least-squares line
FIRST_DATA = 5
BEST_FIT = {"slope": (2, 6), "intercept": (3, 6)}
#: where the data sheet names its first cell without a number, and the column that finds it
MISSING, MISSING_COLUMN = (2, 15), 15


@dataclass(frozen=True)
class Mirror:
    """Addresses of a published sheet's first block.

    order: the columns from C on. cells: inputs, derived cells. starts: start cells that do not stand in the
    header line of their column. states: epoch states. under: footer -> (column, line below the rows).
    holds: whether the start cells in the header line repeat cells below the rows, which hold what a block starts from.
    """

    order: tuple[str, ...]
    cells: Mapping[str, str]
    starts: Mapping[str, str] = field(default_factory=lambda: {"new_b": "C1", "new_a": "C2"})
    states: Mapping[str, str] = field(default_factory=dict)
    under: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    holds: bool = False


_WEIGHTS = {"b": "C1", "a": "C2"}
_NORMS = {"error": ("err", 1), "norm_b": ("d_b", 1), "norm_a": ("d_a", 1)}
_ADAM = ("b", "a", "pred", "d_b", "d_a", "new_b", "new_a", "avg_b", "avg_a", "sq_b", "sq_a")
_ADAM_CELLS = {**_WEIGHTS, "lr": "D2", "beta1": "J1", "rest_beta1": "K1", "beta2": "L1", "rest_beta2": "M1"}
_ADAM_CELLS |= {"avg0": "F1", "sq0": "H1"}

MIRRORS: Mapping[str, Mirror] = {
    "basic": Mirror(
        ("b", "a", "pred", "err", "err_b", "est_b", "err_a", "est_a", "d_b", "d_a", "new_a", "new_b"),
        {**_WEIGHTS, "lr": "F1", "h": "I1"},
        under=_NORMS,
    ),
    "momentum": Mirror(
        ("b", "a", "pred", "d_b", "d_a", "new_b", "new_a", "avg_b", "avg_a", "err"),
        {**_WEIGHTS, "lr": "D2", "beta": "J1", "rest_beta": "K1", "avg0": "G1"},
        under=_NORMS,
        holds=True,
    ),
    "rmsprop": Mirror(
        ("b", "a", "pred", "d_b", "d_a", "new_b", "new_a", "sq_b", "sq_a", "err", "step_b", "step_a"),
        {**_WEIGHTS, "lr": "D2", "beta": "J1", "rest_beta": "K1", "sq0": "G1"},
        under=_NORMS,
        holds=True,
    ),
    "adam": Mirror((*_ADAM, "err", "step_b", "step_a"), _ADAM_CELLS, under=_NORMS, holds=True),
    "adam_ann": Mirror(
        (*_ADAM, "scale", "err", "step_b", "step_a"),
        {**_ADAM_CELLS, "scale0": "P1"},
        states={"lr": "D2", "best": "N3"},
        under={
            "error": ("err", 1),
            "mean_d_b": ("d_b", 1),
            "mean_d_a": ("d_a", 1),
            "start_scale": ("scale", 1),
            "ratio": ("scale", 2),
            "over_avg_a": ("avg_a", 2),
            "over_sq_b": ("sq_b", 2),
        },
        holds=True,
    ),
}


def _automatic(plan: Plan) -> Mirror:
    """A layout for a plan without a published sheet.

    Columns as they are computed; the weights' starts above their columns; all other single cells in the first
    line, each with room for a label at its left.
    """
    place = {c.name: FIRST + i for i, c in enumerate(plan.columns)}
    cells = {w: a1(2, place[w]) for w in plan.weights}
    others = [i.name for i in plan.inputs if i.name not in cells] + [d.name for d in plan.derived]
    right = FIRST + len(plan.weights) + 1
    cells |= {name: a1(1, right + 2 * i) for i, name in enumerate(others)}
    states = {s.name: a1(1, right + 2 * (len(others) + i)) for i, s in enumerate(plan.states)}
    under: dict[str, tuple[str, int]] = {}
    for footer in plan.footers:
        if footer.name != "rmse":  # the table by epoch shows it
            column = next((leaf.column for leaf in leaves(footer.expr) if isinstance(leaf, (Over, Opening))), "pred")
            under[footer.name] = (column, 1 + [c for c, _ in under.values()].count(column))
    return Mirror(tuple(place), cells, {f"new_{w}": cells[w] for w in plan.weights}, states, under)


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
    @abstractmethod
    def columns(self) -> Mapping[str, int]:
        """Column name -> number."""

    @abstractmethod
    def row(self, block: int, sample: int = 0) -> int:
        """The row of a sample, counted from 0."""

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

    def inside(self, leaf: Expr, block: int = 0) -> str:
        """The reference of a leaf of a row, as a template: `{r}` stands for the row, `{p}` for the row above."""
        match leaf:
            case Data(name):
                return ("A" if name == "x" else "B") + "{r}"
            case Here(column):
                return column_letters(self.columns[column]) + "{r}"
            case Prev(column):
                return column_letters(self.columns[column]) + "{p}"
        return self.outside(leaf, block)


@dataclass(frozen=True)
class Layout(Places):
    """A sheet of one run."""

    @cached_property
    def mirror(self) -> Mirror:
        """The published addresses, or ours."""
        return MIRRORS[self.plan.name] if self.mirrored else _automatic(self.plan)

    @property
    def mirrored(self) -> bool:
        """Whether the sheet has the published addresses."""
        found = MIRRORS.get(self.plan.name)
        return found is not None and {*found.order} == {c.name for c in self.plan.columns}

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """Column name -> number."""
        return {name: FIRST + i for i, name in enumerate(self.mirror.order)}

    @property
    def width(self) -> int:
        """The last column of the table."""
        return FIRST + len(self.mirror.order) - 1

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

    def footer(self, name: str, block: int) -> tuple[int, int] | None:
        """A footer's cell, or None where only the table by epoch shows it."""
        if name not in self.mirror.under:
            return None
        column, line = self.mirror.under[name]
        return self.last_row(block) + line, self.columns[column]

    def inside(self, leaf: Expr, block: int = 0) -> str:
        """As `Places.inside`; `{h1}`, `{h2}`, `{h3}` stand for the rows above the block's first."""
        if isinstance(leaf, State):
            row, place = self.state(leaf.name, 0)
            return f"${column_letters(place)}${{h{row}}}"
        return super().inside(leaf, block)

    def first(self, leaf: Expr) -> str:
        """The reference of a leaf of a block's first row, where `Prev` is the start cell."""
        if isinstance(leaf, Prev):
            row, place = self.start(leaf.column, 0)
            return f"{column_letters(place)}{{h{row}}}"
        return self.inside(leaf)


@dataclass(frozen=True)
class Lane(Places):
    """The columns of one run on a sheet of many: its epochs follow each other without a gap.

    left: its first column. names: the inputs and derived cells of all lanes, a row each from `FIRST_CELL` on.
    An epoch must start each column from the column itself. Below the rows an epoch has a line of its footers
    and states; the two columns beside the first footer stay free.
    """

    left: int
    names: tuple[str, ...]

    #: the rows of a lane's title and verdict, and of the first input
    TITLE, VERDICT, FIRST_CELL = 3, 4, 5
    #: the columns of the step's number, and of the first lane
    STEP, FIRST_LANE = 3, 5

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

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """Column name -> number."""
        return {c.name: self.left + i for i, c in enumerate(self.plan.columns)}

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
