"""What the steps of a run say of it, wherever they stand: flags beside them, and from these its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..language.expr import Expr, Here, Param
from ..parts import losses
from ..plan import Plan
from ..workbook.reference import Block, Cell, Down
from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, LABEL, Style
from . import verdicts
from .data_sheet import Samples
from .layout import Places

#: narrow columns of flags
NARROW = 8.0


@dataclass(frozen=True)
class Judging:
    """The steps of a run, one row each, and room for columns of flags beside them.

    titles: the row of the columns' titles; the two above are free over the flags. top: the row of the first step.
    left: the first column of flags. number: the column of the steps' numbers. column: gives a plan's column.
    before: gives the cells of a weight before each step. typed: its input cells, wherever they are. input: gives one.
    """

    sheet: Sheet
    plan: Plan
    samples: Samples
    titles: int
    top: int
    left: int
    number: int
    column: Callable[[str], int]
    before: Callable[[str], Down]
    typed: Sequence[Cell]
    input: Callable[[str], Cell]

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return self.plan.epochs * self.samples.count

    @property
    def right(self) -> int:
        """The last column of flags."""
        return self.left + 2 * len(self.plan.gates)

    def here(self, column: str) -> Down:
        """A column of the steps, for formulas that repeat."""
        return Down(self.sheet, self.column(column))

    def flags(self, column: int, title: str, expr: Expr, count: int) -> Block:
        """A narrow column of flags beside the last steps, so many of them."""
        self.sheet.put(self.titles, column, title, Style("data", header=True, align="right"))
        self.sheet.widths[column] = NARROW
        top = self.top + self.steps - count
        return self.sheet.repeat(top, column, expr, count, Style("data", "integer", color=FAINT))

    def above(self, column: int, label: str, content: Expr) -> Cell:
        """A cell above a column of flags, and its label above that."""
        self.sheet.put(self.titles - 2, column, label, LABEL)
        look = Style("data", "integer", valign="bottom", align="right")
        return self.sheet.put(self.titles - 1, column, content, look)

    def _dead(self) -> list[Cell]:
        """For each ReLU since when it is dead: from steps that reach its weights, and samples that it lets through."""
        found, end = [], self.top + self.steps

        def last(leaf: Expr) -> Cell:
            if isinstance(leaf, Param):
                return self.input(leaf.name)
            assert isinstance(leaf, Here), leaf
            return Cell(self.sheet, end - 1, self.column(leaf.column))

        for column, (gate, weights) in zip(range(self.left + 1, self.right, 2), self.plan.gates.items(), strict=True):
            title = self.plan.column(gate).title
            moves = [(self.before(w), self.here(self.plan.new(w))) for w in weights]
            reached = verdicts.alive(Down(self.sheet, self.number), self.here(gate), moves)
            alive = self.flags(column, f"{title} alive", reached, self.steps)
            n = self.samples.count
            opened = verdicts.opened(self.plan, gate, last, self.samples, end - n)
            opens = self.flags(column + 1, f"{title} open", opened, n)
            found.append(self.above(column, "dead since", verdicts.dead(alive, opens)))
        return found

    def judge(self, bound: Cell, kind: tuple[int, int], errors: Block, places: Places, on: Sheet) -> tuple[Expr, Cell]:
        """The verdict of the run, and the cell that names the first of its samples and inputs that holds no number.

        bound: the squared error from which a step counts as exploded. kind: where the verdict's kind goes, the step
        that it names beside it. errors: by epoch. places: of the run on the sheet `on`.
        """
        flag = verdicts.above(self.here("err"), bound)
        exploded = self.flags(self.left, "exploded", flag, self.steps)
        dead = self._dead()
        lacks = self.above(self.left, verdicts.NO_NUMBER, verdicts.lacking(self.typed, self.samples))
        root = places.footer(losses.ROOT_BESIDE, self.plan.epochs - 1) if self.plan.other else None
        beside = Cell(on, *root) if root else None
        at = (self.sheet, *kind)
        return verdicts.said(at, errors, exploded, dead, self.samples, lacks, beside), lacks
