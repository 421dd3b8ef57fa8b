"""Comparisons: runs side by side that differ in one thing, and what the difference shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import SettingError, did_you_mean, shown
from .experiment import Experiment
from .models import ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model
from .optimizers import OPTIMIZERS


@dataclass(frozen=True)
class Row:
    """What one line of a comparison tries: its title, and an experiment per group."""

    title: str
    experiments: tuple[Experiment, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    groups: what the columns are, models mostly. rows: what is tried on each of them. typed: the inputs that a
    row has a cell for; shared: those that all rows share. Every other input keeps the experiment's own value.
    ordered: the rows are steps along the first typed input, not kinds. charted: the powers of ten between which
    charts show errors; an exploding one leaves them at the top. note: what else to know before reading it.
    yardstick: the group that the others are measured by, row by row.
    """

    name: str
    title: str
    about: str
    groups: tuple[str, ...]
    rows: tuple[Row, ...]
    typed: tuple[str, ...]
    shared: tuple[str, ...] = ()
    ordered: bool = False
    charted: tuple[float, float] = (1.5, 3.0)
    yardstick: str = ""
    note: str = ""

    def runs(self) -> Iterator[tuple[Row, str, Experiment]]:
        """Every run, group by group."""
        for g, group in enumerate(self.groups):
            for row in self.rows:
                yield row, group, row.experiments[g]


MODELS = {
    "1 neuron": ONE_NEURON,
    "2 neurons, collapse": TWO_NEURONS,
    "2 neurons, ReLU": TWO_NEURONS_RELU,
}
TWO = ("2 neurons, collapse", "2 neurons, ReLU")
STALL = (
    "Runs that learn fall to about 85, then creep: the slope is learned, the intercept is not. x is up to 99, so the "
    "rate that the slope bears is far too small for it. Scaling x or Adam cures that (fixes)."
)
RATES = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 1e-2)
#: of the drawn start weights
SEED, DRAWN = 1, 4


def _plain(
    model: Model, values: Mapping[str, float], optimizer: str = "sgd", scaled: tuple[str, ...] = ()
) -> Experiment:
    others = {w for m in MODELS.values() for w in m.weights if w not in model.weights}
    own = {name: value for name, value in values.items() if name not in others}
    return Experiment(
        model.name, model.title, "", OPTIMIZERS[optimizer], model=model, scaled=scaled, warmup=0, values=own
    )


def _row(
    title: str,
    groups: Sequence[str],
    values: Mapping[str, float],
    optimizer: str = "sgd",
    scaled: tuple[str, ...] = (),
) -> Row:
    return Row(title, tuple(_plain(MODELS[group], values, optimizer, scaled) for group in groups))


def _start(title: str, *weights: float) -> Row:
    return _row(title, TWO, {"lr": 1e-5, **dict(zip("abcd", weights, strict=True))})


def _drawn() -> list[Row]:
    """Start weights drawn from a normal distribution, three decimals each."""
    draws = np.random.default_rng(SEED).normal(size=(DRAWN, 4)).round(3).tolist()
    return [_start(f"drawn, seed {SEED}, no. {i}", *weights) for i, weights in enumerate(draws, 1)]


LEARNING_RATES = Comparison(
    "learning rates",
    "What learning rate is right?",
    "The three models from the same weights at eight rates; type others. Plain SGD, exact derivatives.",
    tuple(MODELS),
    tuple(_row(f"{rate:.0e}".replace("e-0", "e-"), tuple(MODELS), {"lr": rate}) for rate in RATES),
    typed=("lr",),
    shared=("a", "b", "c", "d"),
    ordered=True,
    note=STALL,
)

INITIAL_WEIGHTS = Comparison(
    "initial weights",
    "Do better start weights help?",
    "The same rate from different weights; type others, or learn 0.0001, at which nearly all explode.",
    TWO,
    (
        _start("all 1", 1, 1, 1, 1),
        _start("all 0", 0, 0, 0, 0),
        _start("all 0.1", 0.1, 0.1, 0.1, 0.1),
        _start("all 0.5", 0.5, 0.5, 0.5, 0.5),
        _start("all 2", 2, 2, 2, 2),
        _start("the line itself", 2, 0, 1, 30),
        _start("twice the intercept", 1, 30, 2, 0),
        _start("nearly the line", 1.9, 0, 1, 29),
        _start("a dead ReLU", -1, -1, 1, 1),
        *_drawn(),
    ),
    typed=("a", "b", "c", "d"),
    shared=("lr",),
    charted=(0.0, 3.0),
)

FIXES = Comparison(
    "fixes",
    "What makes two neurons train?",
    "Each fix against one baseline: learn 0.0001, weights 1, plain SGD. As good: no higher than one neuron with it.",
    tuple(MODELS),
    (
        _row("baseline", tuple(MODELS), {"lr": 1e-4}),
        _row("smaller rate", tuple(MODELS), {"lr": 1e-5}),
        _row("better start weights", tuple(MODELS), {"lr": 1e-4, "a": 1.9, "b": 0, "c": 1, "d": 29}),
        _row("x scaled", tuple(MODELS), {"lr": 1e-4, "scale_x": 30}, scaled=("x",)),
        _row("x and y scaled", tuple(MODELS), {"lr": 1e-4, "scale_x": 50, "scale_y": 100}, scaled=("x", "y")),
        _row(
            "both, the rate they bear",
            tuple(MODELS),
            {"lr": 0.1, "scale_x": 50, "scale_y": 100},
            scaled=("x", "y"),
        ),
        _row("gradient clipped", tuple(MODELS), {"lr": 1e-4, "limit": 30}, "clipped"),
        _row("momentum", tuple(MODELS), {"lr": 1e-4}, "momentum"),
        _row("momentum, smaller rate", tuple(MODELS), {"lr": 1e-5}, "momentum"),
        _row("Adam", tuple(MODELS), {"lr": 0.1}, "adam"),
    ),
    typed=("lr", "a", "b", "c", "d", "scale_x", "scale_y", "limit"),
    charted=(-1.0, 3.0),
    yardstick="1 neuron",
    note="x is divided by x scale, y by y scale (errors stay in the units of y); a gradient longer than the limit is "
    "shortened to it. Scaling and Adam bear other rates, so they get them.",
)

COMPARED_OPTIMIZERS = Comparison(
    "optimizers",
    "Which optimizer gets furthest?",
    "Each optimizer at a rate where it trains; type others. Where averages start: see the sheet optimizers steps.",
    tuple(MODELS),
    tuple(
        _row(OPTIMIZERS[name].title, tuple(MODELS), {"lr": rate}, name)
        for name, rate in (("sgd", 1e-5), ("momentum", 1e-5), ("rmsprop", 0.05), ("adam", 0.1), ("adam_ann", 0.1))
    ),
    typed=("lr",),
    shared=("a", "b", "c", "d"),
    note=STALL,
)

#: Every comparison by name.
COMPARISONS: Mapping[str, Comparison] = {
    c.name: c for c in (COMPARED_OPTIMIZERS, LEARNING_RATES, INITIAL_WEIGHTS, FIXES)
}


def comparison(name: str | Comparison) -> Comparison:
    """The comparison of that name.

    >>> comparison("learning rates").groups
    ('1 neuron', '2 neurons, collapse', '2 neurons, ReLU')
    """
    if isinstance(name, Comparison):
        return name
    if not isinstance(name, str):
        raise SettingError(f"A comparison or the name of one is wanted, not {shown(name)}.")
    if name not in COMPARISONS:
        raise SettingError(f"There is no comparison {shown(name)}.{did_you_mean(name, COMPARISONS)}")
    return COMPARISONS[name]
