"""What became of a run, from one definition that the library, the command line and the sheets share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

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


class Ends(NamedTuple):
    """What a verdict needs of runs, each of shape (runs,).

    first, before, last, lowest: their errors of the first epoch, the last but one (the only one where there is one),
    the last, and the lowest. root: √Σe² of the last. exploded, dead: the step at which a run explodes and since which a
    ReLU of it is dead, counted from 1; 0 without one. epochs: how many these are.
    """

    first: Array
    before: Array
    last: Array
    lowest: Array
    root: Array
    exploded: NDArray[np.int64]
    dead: NDArray[np.int64]
    epochs: int


def largest(ys: Array) -> float:
    """The largest squared error of a run that has not exploded. ys: the targets."""
    return EXPLODED**2 * _scale(ys)


def too_large(squared: Array, ys: Array) -> NDArray[np.bool_]:
    """Where squared errors mean that a run has exploded. ys: the targets."""
    with np.errstate(invalid="ignore", over="ignore"):
        return ~(np.isfinite(squared) & (squared <= largest(ys)))


def _scale(ys: Array) -> float:
    """The sum of the squared errors of predicting 0 everywhere; 1 where that is 0."""
    with np.errstate(over="ignore"):
        return float(ys @ ys) or 1.0


def judged(of: Ends, ys: Array) -> tuple[NDArray[np.uint8], NDArray[np.int64], Array]:
    """The verdicts of runs: their kinds, as indices of `KINDS`, their steps (0 without one), their `times` or nan.

    ys: the targets.
    """
    with np.errstate(all="ignore"):
        change, centred = np.abs(of.last - of.before), ys - ys.mean()
        still = of.epochs > 1
        leaps = of.last > LEAP * of.lowest
        found = (  # what is said of a run, the last that holds
            (BOUNCING, leaps),
            (WORSE, of.last > np.where(of.before > of.first, of.before, of.first)),
            (SETTLED_AT, still & (change <= SETTLED * of.before)),
            (STUCK_AT, still & (change <= STUCK * of.before) & (of.root >= float(centred @ centred) ** 0.5)),
            (SETTLED_AT, of.root <= EXACT * _scale(ys) ** 0.5),
            (DEAD, of.dead > 0),
            (EXPLODED_AT, of.exploded > 0),
        )
        kind = np.full(of.last.shape, KINDS.index(LEARNING), dtype=np.uint8)
        for said, holds in found:
            kind = np.where(holds, np.uint8(KINDS.index(said)), kind)
        times = np.full(of.last.shape, np.nan)
        if leaps.any():
            leap = np.where(of.last <= COUNTED * of.lowest, of.last / of.lowest, np.inf)
            times = np.where(kind == KINDS.index(BOUNCING), leap, np.nan)
        return kind, np.where(of.exploded > 0, of.exploded, of.dead), times


def verdict(errors: Array, squared: Array, ys: Array, dead: int | None = None, roots: Array | None = None) -> Verdict:
    """Classify one run.

    errors: √Σe² by epoch, shape (epochs,), or the mean of another loss. squared: the squared error of every step.
    ys: the targets. dead: the step since which a ReLU is dead. roots: √Σe² by epoch where `errors` are something else.
    """
    bad = too_large(squared, ys)
    exploded = np.array([int(np.argmax(bad)) + 1 if bad.any() else 0])
    root = (errors if roots is None else roots)[-1:]
    before = errors[-2:-1] if len(errors) > 1 else errors[:1]
    ends = Ends(
        errors[:1], before, errors[-1:], errors.min(keepdims=True), root, exploded, np.array([dead or 0]), len(errors)
    )
    return verdicts(*judged(ends, ys))[0]


def verdicts(kind: NDArray[np.uint8], step: NDArray[np.int64], times: Array) -> list[Verdict]:
    """Verdicts as `judged` has them, one by one."""
    found = zip(kind.tolist(), step.tolist(), times.tolist(), strict=True)
    return [Verdict(KINDS[of], at or None, None if np.isnan(many) else many) for of, at, many in found]


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
