"""What became of a run, from one definition that the library, the command line and the sheets share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .evaluate import Array

#: A step has exploded when its error is no number, or this many times the error of predicting 0 everywhere.
EXPLODED = 1e6
#: A run has settled when its last epoch changed the error by less than this share of the epoch before,
SETTLED = 1e-3
#: or when its error is below this share of the error of predicting 0 everywhere.
EXACT = 1e-9


@dataclass(frozen=True)
class Verdict:
    """What became of a run.

    kind: `still learning`; `settled` (the error no longer changes, or there is none); `stuck` (it no longer
    changes and is no better than that of a constant); `getting worse` (the last epoch's error is above the
    first's); `exploded`. step: the first exploded step, counted from 1.
    """

    kind: str
    step: int | None = None

    def __str__(self) -> str:
        return self.kind if self.step is None else f"{self.kind} at step {self.step}"


def verdict(errors: Array, squared: Array, ys: Array) -> Verdict:
    """Classify one run.

    errors: √Σe² by epoch, shape (epochs,). squared: the squared error of every step. ys: the targets.
    """
    scale = float(ys @ ys) or 1.0
    with np.errstate(invalid="ignore"):
        bad = ~(squared <= EXPLODED**2 * scale)
    if bad.any():
        return Verdict("exploded", int(np.argmax(bad)) + 1)
    first, last = errors[0], errors[-1]
    if last <= EXACT * scale**0.5:
        return Verdict("settled")
    if len(errors) > 1 and abs(last - errors[-2]) <= SETTLED * errors[-2]:
        centred = ys - ys.mean()
        return Verdict("stuck" if last >= float(centred @ centred) ** 0.5 else "settled")
    return Verdict("getting worse" if last > first else "still learning")
