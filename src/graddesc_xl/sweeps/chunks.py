"""A sweep in chunks: each follows from its numbers alone, wherever and in whatever order they are computed."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..language.values import Array
from ..numbers import held_still
from ..numbers.engine import all_cells, hot
from ..numbers.outcomes import MANY, outcomes
from ..parts.data import Dataset
from ..plan import Plan
from .grid import Grid

#: runs of a chunk at most: what is computed, sent and kept at a time
CHUNK = 16_384
#: and at least, where they are long: a chunk takes about so many steps of a run
LEAST, STEPS = 1_024, 1_000_000_000

#: the runs of a chunk: from one number up to another
Range = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Work:
    """What all chunks of a sweep are made of. fixed: all inputs of the plan, those of the grid to be replaced."""

    plan: Plan
    data: Dataset
    grid: Grid
    fixed: Mapping[str, Array]
    by_epoch: bool

    def __len__(self) -> int:
        return len(self.grid)

    @property
    def steps(self) -> int:
        """Of one run."""
        return self.plan.blocks * len(self.data)

    def outcomes(self, start: int, stop: int) -> dict[str, Array]:
        """What became of the runs from one number up to another: it depends on nothing else.

        As `numbers.outcomes` says; where the data hold samples out, also `validation`: the RMSE of those, with the
        last weights.
        """
        inputs = {**self.fixed, **self.grid.settings(start, stop)}
        found = outcomes(self.plan, self.data, inputs, by_epoch=self.by_epoch)
        if self.data.held_out:
            cells = all_cells(self.plan, self.data, inputs)
            found["validation"] = held_still.errors(self.plan, self.data.held_out, cells, found["weights"])
        return found

    def announced(self, workers: int = 1) -> bool:
        """Say how much is to be done here of what so many do; gives whether it is worth machine code, and has it."""
        return hot(self.plan, len(self) * self.steps / MANY / workers)

    def packed(self, workers: int) -> bytes:
        """What is sent of it to so many workers: a few kilobytes, whatever the number of runs."""
        return pickle.dumps((self, workers))


@lru_cache(maxsize=4)
def unpacked(packed: bytes) -> Work:
    """The work again; a worker keeps it, so that code which is made for its plan is made once."""
    work: Work
    work, workers = pickle.loads(packed)
    work.announced(workers)
    return work


def computed(packed: bytes, start: int, stop: int) -> dict[str, Array]:
    """A chunk, wherever this runs."""
    return unpacked(packed).outcomes(start, stop)


def size(runs: int, steps: int, workers: int, most: int = CHUNK) -> int:
    """How many runs a chunk has, of so many steps each, so that all workers get as many; most: at most.

    >>> [size(runs, 290, workers=2) for runs in (1, 10, 100_000, 1_000_000)], size(100_000, 1_000_000, workers=2)
    ([1, 5, 12500, 16130], 1021)
    """
    most = max(LEAST, min(most, STEPS // steps))
    rounds = -(-runs // (most * workers))
    return -(-runs // (rounds * workers)) if runs else 1


def cut(total: int, done: Iterable[Range], size: int) -> Iterator[Range]:
    """What is still to be done, in order, in chunks of so many runs.

    >>> list(cut(10, [(3, 5)], 4))
    [(0, 3), (5, 9), (9, 10)]
    """
    at = 0
    for start, stop in [*sorted(done), (total, total)]:
        for begin in range(at, start, size):
            yield begin, min(begin + size, start)
        at = stop
