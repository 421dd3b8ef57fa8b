"""What a learner filled into an exercise, as it is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..language.values import Value
from ..plan import Column, Plan
from ..workbook.sheet import Sheet

#: what a cell is: empty, right, waiting for what it uses, no number, wrong; further numbers: wrong, with a hint
EMPTY, RIGHT, WAITS, TEXT, WRONG = range(5)


@dataclass(frozen=True)
class Answer:
    """A cell to fill in: its column, the step (from 1), where it is, what it holds, what it is, and the hint.

    wanted: the number that the run has in this step. consistent: whether the number follows from its own inputs as they
    stand, wrong ones included. outright: whether it is what is wanted, which a mistake anywhere before it prevents.
    """

    column: Column
    step: int
    at: tuple[int, int]
    value: Value | None
    mark: int
    wanted: float
    hint: str = ""
    consistent: bool = False
    outright: bool = False


@dataclass(frozen=True)
class Filled:
    """An exercise with what it was filled with, row by row.

    inputs: name of a column -> the cells that its formula uses in all rows, each with its title. whose: for whom it is,
    where its numbers are their own.
    """

    sheet: Sheet
    plan: Plan
    answers: Sequence[Answer]
    inputs: Mapping[str, Mapping[tuple[int, int], str]]
    whose: str = ""
