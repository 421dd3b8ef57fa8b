"""What became of a run, from one definition that the library, the command line and the sheets share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..language.values import Array

#: A step has exploded when its error is no number, or this many times the error of predicting 0 everywhere.
EXPLODED = 1e6
#: A run has settled when its last epoch changed the error by less than this share of the epoch before,
SETTLED = 1e-4
#: or when its error is below this share of the error of predicting 0 everywhere.
EXACT = 1e-9
#: It is stuck when it is no better than a constant and its last epoch changed the error by less than this share.
STUCK = 1e-3
#: A weight is still when a step moves it by no more than this share.
STILL = 1e-12
#: A numerical derivative is noise when rounding may be this share of it: the steps that follow amplify it.
NOISE = 1e-11
#: Rounding is relative to the distance of 1 from the next number.
EPSILON = 2.0**-52


@dataclass(frozen=True)
class Verdict:
    """What became of a run.

    kind: `learning`; `settled` (the error no longer changes, or there is none); `stuck` (it hardly changes and is
    no better than that of a constant); `getting worse` (the last epoch's error is above that of the one before
    and of the first); `dead ReLU` (no sample reaches the weights behind one any more); `exploded`.
    step: the first exploded step, or the first since which a ReLU is dead, counted from 1.
    """

    kind: str
    step: int | None = None

    def __str__(self) -> str:
        if self.step is None:
            return self.kind
        return f"{self.kind} {'since' if self.kind == 'dead ReLU' else 'at'} step {self.step}"


def verdict(errors: Array, squared: Array, ys: Array, dead: int | None = None) -> Verdict:
    """Classify one run.

    errors: √Σe² by epoch, shape (epochs,). squared: the squared error of every step. ys: the targets.
    dead: the step since which a ReLU is dead.
    """
    scale = float(ys @ ys) or 1.0
    with np.errstate(invalid="ignore"):
        bad = ~(squared <= EXPLODED**2 * scale)
    if bad.any():
        return Verdict("exploded", int(np.argmax(bad)) + 1)
    if dead is not None:
        return Verdict("dead ReLU", dead)
    first, last = errors[0], errors[-1]
    if last <= EXACT * scale**0.5:
        return Verdict("settled")
    if len(errors) > 1:
        change, centred = abs(last - errors[-2]), ys - ys.mean()
        if change <= STUCK * errors[-2] and last >= float(centred @ centred) ** 0.5:
            return Verdict("stuck")
        if change <= SETTLED * errors[-2]:
            return Verdict("settled")
    return Verdict("getting worse" if last > max(first, errors[-2] if len(errors) > 1 else first) else "learning")


def dead_since(alive: NDArray[np.bool_], *, shut: bool) -> int | None:
    """The step, counted from 1, since which a ReLU is dead: not positive, and its weights still.

    alive: whether a step's pre-activation was positive or a weight behind it moved, shape (steps,).
    shut: whether the last weights make it not positive for every sample.
    """
    since = int(np.flatnonzero(alive)[-1]) + 2 if alive.any() else 1
    return since if shut and since <= len(alive) else None


def noise_limit(h: float) -> float:
    """The squared error above which a derivative estimated with a nudge `h` is rounding noise.

    Nudging the last bias by h changes the error e² by 2*e*h, while e² itself is only known to its last digit,
    EPSILON*e²: the estimate is worth less than NOISE where that is more than the share NOISE of the change.
    """
    return (2 * NOISE / EPSILON * h) ** 2
