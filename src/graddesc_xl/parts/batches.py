"""Batches: rows add up their derivatives, and the last row of a batch takes the step; the order of rows.

The mean of a batch's derivatives is the derivative of its mean loss, as PyTorch's losses have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..language.expr import Const, Expr, Here, Param, Prev, where
from ..plan import Column, Input, Start

#: the input; the columns of a row's number in its epoch and in its batch, and of whether it takes the step
SIZE, ROW, SEEN, STEPS = "batch", "row", "seen", "steps"
#: how a cell that is 1 where a row takes the step shows that
MARK = '"▸ step";"";"·"'


def size(rows: int, value: float) -> Input:
    """The input that says how many rows share a step."""
    about = "how many rows share one step, a fraction as the next whole number; an epoch's last batch may be smaller"
    return Input(SIZE, value, "batch", about, low=1.0, high=float(rows))


@dataclass(frozen=True)
class Batched:
    """Columns that make steps of several rows.

    of: weight -> the column of its derivative's mean over the batch so far. steps: 1 where a row takes the step.
    moved: the same of the row above.
    """

    columns: tuple[Column, ...]
    starts: tuple[Start, ...]
    of: Mapping[str, str]
    steps: Expr
    moved: Expr


def batched(of: Mapping[str, str], titles: Mapping[str, str], rows: int) -> Batched:
    """The columns for weights whose derivatives stand in given columns. titles: what heads these."""
    seen, steps = Here(SEEN), Here(STEPS)
    columns = [
        Column(
            ROW,
            where(Prev(ROW) < rows, Prev(ROW) + 1, 1),
            "state",
            "row",
            "the number of this row in its epoch",
            format="0",
        ),
        Column(
            SEEN,
            where(Prev(STEPS) > 0, 1, Prev(SEEN) + 1),
            "state",
            "in batch",
            "how many rows of its batch there are up to this one",
            format="0",
        ),
        Column(
            STEPS,
            where(seen >= Param(SIZE), 1, where(Here(ROW) >= rows, 1, 0)),
            "state",
            "step",
            "1 where the batch is full or the epoch ends: the weights move only in these rows",
            kind="mark",
            format=MARK,
        ),
    ]
    means: dict[str, str] = {}
    starts = [Start(ROW, Const(0), ROW), Start(SEEN, Const(0), SEEN), Start(STEPS, Const(1), STEPS)]
    for column in dict.fromkeys(of.values()):
        weights = tuple(w for w, driver in of.items() if driver == column)
        added, mean, title = f"sum_{column}", f"mean_{column}", titles[column]
        total = where(seen > 1, Prev(added) + Here(column), Here(column))
        columns += [
            Column(added, total, "state", f"Σ {title}", f"{title}, added up over the batch so far", of=weights),
            Column(mean, Here(added) / seen, "state", f"mean {title}", f"{title}, its mean over the batch so far",
                   of=weights, kind="mean"),
        ]  # fmt: skip
        starts.append(Start(added, Const(0), added))
        means |= dict.fromkeys(weights, mean)
    return Batched(tuple(columns), tuple(starts), means, steps, Prev(STEPS))
