"""What became of a run, from one definition that the library, the command line and the sheets share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..language.operators import OPERATORS
from ..language.values import Array

#: what may become of a run, the worst first
EXPLODED_AT, DEAD, STUCK_AT, WORSE, BOUNCING, LEARNING, SETTLED_AT = KINDS = (
    "exploded",
    "dead ReLU",
    "stuck",
    "getting worse",
    "bouncing",
    "learning",
    "settled",
)

#: A step has exploded when its error is no number, or this many times the error of predicting 0 everywhere.
EXPLODED = 1e6
#: A run has settled when its last epoch changed the error by less than this share of the epoch before,
SETTLED = 1e-4
#: or when its error is below this share of the error of predicting 0 everywhere.
EXACT = 1e-9
#: It is stuck when it is no better than a constant and its last epoch changed the error by less than this share.
STUCK = 1e-3
#: It bounces when its last epoch's error is more than this many times its lowest: half as much again. What one sample
#: after the other does to an error that is measured on the way is a sixth in the shipped lessons, and twice or more
#: where a run leaps about.
LEAP = 1.5
#: From so many times on it is not counted how many.
COUNTED = 1000
#: A weight is still when a step moves it by no more than this share.
STILL = 1e-12
#: A numerical derivative is noise when rounding may be this share of it: the steps that follow amplify it.
NOISE = 1e-11
#: Rounding is relative to the distance of 1 from the next number.
EPSILON = 2.0**-52


@dataclass(frozen=True)
class Verdict:
    """What became of a run.

    kind: one of `KINDS`. step: the first exploded step, or the first since which a ReLU is dead, counted from 1.
    times: of a run that bounces its last epoch's error over its lowest, infinite where that is above `COUNTED`.
    """

    kind: str
    step: int | None = None
    times: float | None = None

    def __str__(self) -> str:
        if self.times is not None:
            tenths = float(OPERATORS["round"].arrays(self.times * 10, 0))
            many = f"{tenths / 10:.1f}" if tenths < 10 * COUNTED else f"over {COUNTED}"
            return f"{self.kind}: {many} times its best epoch"
        if self.step is None:
            return self.kind
        return f"{self.kind} {'since' if self.kind == DEAD else 'at'} step {self.step}"


#: what each kind means
MEANINGS = {
    LEARNING: "the error still changes, and its last epoch is among its best",
    SETTLED_AT: f"the last epoch changed the error by less than {SETTLED:g} of it, or there is none left",
    STUCK_AT: f"the last epoch changed it by less than {STUCK:g} of it, and a constant is as good",
    BOUNCING: f"the last epoch's error is more than {LEAP:g} times the lowest epoch's",
    WORSE: "the last epoch's error is above that of the epoch before, and above the first epoch's",
    EXPLODED_AT: f"from a step on errors are error cells, or {EXPLODED:,.0f} times that of predicting 0",
    DEAD: "a ReLU is 0 or less for every sample, and the weights that it gates stand still",
}


def verdict(errors: Array, squared: Array, ys: Array, dead: int | None = None, roots: Array | None = None) -> Verdict:
    """Classify one run.

    errors: √Σe² by epoch, shape (epochs,), or the mean of another loss. squared: the squared error of every step.
    ys: the targets. dead: the step since which a ReLU is dead. roots: √Σe² by epoch where `errors` are something else.
    """
    root = float((errors if roots is None else roots)[-1])
    with np.errstate(invalid="ignore", over="ignore"):
        scale = float(ys @ ys) or 1.0
        bad = ~(np.isfinite(squared) & (squared <= EXPLODED**2 * scale))
    if bad.any():
        return Verdict(EXPLODED_AT, int(np.argmax(bad)) + 1)
    if dead is not None:
        return Verdict(DEAD, dead)
    first, last, lowest = float(errors[0]), float(errors[-1]), float(errors.min())
    before = float(errors[-2]) if len(errors) > 1 else first
    if root <= EXACT * scale**0.5:
        return Verdict(SETTLED_AT)
    if len(errors) > 1:
        change, centred = abs(last - before), ys - ys.mean()
        if change <= STUCK * before and root >= float(centred @ centred) ** 0.5:
            return Verdict(STUCK_AT)
        if change <= SETTLED * before:
            return Verdict(SETTLED_AT)
    if last > max(first, before):
        return Verdict(WORSE)
    if last > LEAP * lowest:
        return Verdict(BOUNCING, times=last / lowest if last <= COUNTED * lowest else np.inf)
    return Verdict(LEARNING)


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


def noise_times(h: float) -> float:
    """How many times its derivative a loss may be, until derivatives estimated with a nudge `h` are rounding noise.

    Nudging the last bias by h changes a loss by its derivative times h, while the loss itself is only known to its last
    digit, EPSILON times the loss. Of a squared error e², whose derivative is 2*e, this is `noise_limit`; an absolute
    error, a Huber loss far from 0 and the logistic loss of a wrong class grow along a line, and are noise much earlier.
    """
    return NOISE / EPSILON * h
