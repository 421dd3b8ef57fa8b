"""What the parts of a landscape's sheet share: where everything stands, and its formulas over all samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..language.expr import Data, Expr, Here, Param, call, sqrt, substitute, where
from ..language.reports import GAP
from ..plan import Plan
from ..surface import arithmetic, gradient_squared, plain, sampled, squared_error, uses
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, HEADER_RIGHT, Style
from .making import Making
from .steps_list import StepsList

#: the rows of what is said, of the names of the runs, of the axis across, and the first of the grid
SAID, NAMES, AXIS, TOP = 3, 6, 7, 8
#: columns: labels, what is typed, what is used, the number of a grid row, its weight, the first of the grid
LABELS, TYPED, USED, NUMBER, UP, LEFT = range(1, 7)
#: the smallest and the largest grid
FEWEST, LARGEST = 5, 61
#: above which lr·|grad pred|² a step crosses its sample's target, and ends further off than before
CROSSES, FURTHER = 0.5, 1.0
#: the columns of helpers right of the first: the run's epochs, the floor, the walls
EPOCHS, FLOOR, WALLS = 8, 12, 17
FAINTLY = Style(color=FAINT, italic=True)
#: a format of its own: what repeats a cell would get that cell's where LibreOffice saves it
HELPER = Style(number="typed", color=FAINT)
#: gives something of a run's own sheets
Of = Callable[[StepsList], Expr]


@dataclass(eq=False)
class Map:
    """A landscape while it is composed.

    cells: those that others refer to, by name. known: where weights that are held, and inputs, stand.
    """

    sheet: Sheet
    making: Making
    runs: Sequence[StepsList]
    over: tuple[str, str]
    count: int
    cells: dict[str, Cell] = field(default_factory=dict)
    known: dict[Expr, Cell] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """That of the first run; the others have the same weights and error."""
        return self.runs[0].of.experiment.plan

    @cached_property
    def error(self) -> Expr:
        """The squared error of one sample."""
        return squared_error(self.plan)

    @cached_property
    def wall(self) -> Expr:
        """|grad pred|² of one sample, which times the rate says where a step of plain SGD leads."""
        return gradient_squared(self.plan)

    @cached_property
    def walled(self) -> bool:
        """Whether a run has walls, and these depend on the weights."""
        return uses(self.wall, self.plan) and any(plain(run.of.experiment.plan) for run in self.runs)

    @property
    def others(self) -> list[str]:
        """The weights that are held."""
        return [weight for weight in self.plan.weights if weight not in self.over]

    @property
    def kept(self) -> int:
        """The most steps that a run has."""
        return max(run.kept for run in self.runs)

    @property
    def samples(self) -> Expr:
        """How many there are."""
        data = self.making.of(self.runs[0].of.experiment.data)
        return call("count", data.column(data.data.target))

    @property
    def bottom(self) -> int:
        """The row below the grid, with the numbers of its columns; their weights follow."""
        return TOP + self.count

    @property
    def beside(self) -> int:
        """The column of the chart."""
        return LEFT + self.count + 1

    @property
    def right(self) -> int:
        """The first column of what the map is computed from."""
        return self.beside + 10

    @property
    def grid(self) -> Block:
        """log10 of √Σe² in each cell."""
        return self.sheet.block(TOP, LEFT, self.count, self.count)

    def chosen(self, of: Of) -> Expr:
        """What the chosen run has."""
        found = of(self.runs[-1])
        for number, run in reversed([*enumerate(self.runs[:-1], 1)]):
            found = where(self.cells["run"].equals(number), of(run), found)
        return found

    def at_step(self, weight: str, step: Expr) -> Expr:
        """A weight of the chosen run before a step."""
        return self.chosen(lambda run: call("index", Block(run.sheet, run.live(weight)), step))

    def added(self, expr: Expr, weights: Mapping[str, Expr]) -> Expr:
        """An expression of one sample, added up over all; the weights that are not given are those that are held."""
        data = self.making.of(self.runs[0].of.experiment.data)

        def at(leaf: Expr) -> Expr:
            if isinstance(leaf, Data):
                return data.column(leaf.name)
            if isinstance(leaf, Here) and leaf.column in weights:
                return weights[leaf.column]
            return self.known[leaf]

        spelled = substitute(arithmetic(expr), at)
        return call("sum_product", spelled) if sampled(expr) else spelled * self.samples

    def root(self, weights: Mapping[str, Expr]) -> Expr:
        """√Σe² of all samples."""
        return sqrt(self.added(self.error, weights))

    def beyond(self, weights: Mapping[str, Expr], limit: float) -> Expr:
        """How many samples have lr·|grad pred|² above a limit."""
        return self.added((self.wall * Param("lr") > limit) * 1, weights)

    @property
    def cells_beyond(self) -> Expr:
        """In how many cells of the grid a sample's step ends further off, #N/A where one of them is no number."""
        flags = self.sheet.block(TOP, self.right + WALLS, self.count, self.count)
        return where(call("count", flags).equals(self.count**2), call("count_if", flags, ">0"), GAP)

    def samples_beyond(self, at: str) -> Expr:
        """How many samples' steps end further off at the run's `start`, its `end` or the `lowest` cell."""
        if not self.walled:
            return self.beyond({}, FURTHER)
        return self.beyond({weight: self.cells[f"{at} {weight}"] for weight in self.over}, FURTHER)

    def in_column(self, j: int) -> dict[str, Expr]:
        """The two weights of the cells in a column of the grid, for formulas that repeat down it."""
        return dict(
            zip(self.over, (Cell(self.sheet, self.bottom + 1, LEFT + j, True), Down(self.sheet, UP)), strict=True)
        )

    def note(self, row: int, column: int, text: str) -> None:
        """What helper cells are."""
        self.sheet.put(row, column, text, FAINTLY)

    def titles(self, column: int, *titles: str) -> None:
        """The titles of helper columns."""
        for place, title in enumerate(titles, column):
            self.sheet.put(AXIS, place, title, HEADER_RIGHT)
            self.sheet.widths[place] = 10.0
