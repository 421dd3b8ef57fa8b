"""A second neuron, a ReLU, other rates and start weights: the questions these raise, and their answers."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence

import numpy as np

from ..comparison import Comparison, Row
from ..experiments import Experiment
from ..parts.models import ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model
from ..parts.optimizers import OPTIMIZERS, PUBLISHED
from ..plan import Input
from ..sheets.answers import Question
from ..sheets.curves import Curve, Curves
from ..sheets.derivatives import Derivatives
from ..sheets.fit import Fit
from ..sheets.landscape import Landscape
from ..sheets.long_run import LongRun
from ..sheets.one_step import OneStep
from ..sheets.picked import Of
from ..sheets.speed_limit import SpeedLimit
from ..sheets.steps import Steps
from ..sheets.trying import Try
from ..shipped.thread import AVERAGED, THREAD
from .lesson import Lesson

NEURONS = {
    "1 neuron": ONE_NEURON,
    "2 neurons, collapse": TWO_NEURONS,
    "2 neurons, ReLU": TWO_NEURONS_RELU,
}
COLLAPSE, RELU = "basic SGD 2 neuron collapse", "basic SGD 2 neuron ReLU"
ONE, STACKED, WITH_RELU = "1 neuron", "2 neurons, collapse", "2 neurons, ReLU"
MOMENTUM, WEIGHTS = "momentum 2 neuron", "initial weights"
TWO = ("2 neurons, collapse", "2 neurons, ReLU")
STALL = (
    "de/da is x times de/db: where x is far above 1, the rate that a bears is far too small for b: an error falls "
    "fast, then creeps."
)
RATES = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 1e-2)
#: of the drawn start weights
SEED, DRAWN = 1, 4


def _plain(
    model: Model, values: Mapping[str, float], optimizer: str = "sgd", scaled: tuple[str, ...] = ()
) -> Experiment:
    others = {w for m in NEURONS.values() for w in m.weights if w not in model.weights}
    own = {name: value for name, value in values.items() if name not in others}
    return Experiment(model.name, optimizer=OPTIMIZERS[optimizer], model=model, scaled=scaled, discarded=0, values=own)


def _row(
    title: str,
    groups: Sequence[str],
    values: Mapping[str, float],
    optimizer: str = "sgd",
    scaled: tuple[str, ...] = (),
    named: tuple[str, ...] = (),
) -> Row:
    return Row(title, tuple(_plain(NEURONS[group], values, optimizer, scaled) for group in groups), named)


def _start(title: str, *weights: float) -> Row:
    return _row(title, TWO, {"lr": 1e-5, **dict(zip("abcd", weights, strict=True))}, named=tuple("abcd"))


def _fix(
    title: str,
    rates: Sequence[float],
    values: Mapping[str, float] = types.MappingProxyType({}),
    optimizer: str = "sgd",
    scaled: tuple[str, ...] = (),
    named: tuple[str, ...] = (),
) -> Row:
    """A fix, with a rate for each model."""
    each = zip(NEURONS.values(), rates, strict=True)
    return Row(title, tuple(_plain(model, {**values, "lr": rate}, optimizer, scaled) for model, rate in each), named)


def _drawn() -> list[Row]:
    """Start weights drawn from a normal distribution, three decimals each."""
    draws = np.random.default_rng(SEED).normal(size=(DRAWN, 4)).round(3).tolist()
    return [_start(f"drawn {i} (seed {SEED})", *weights) for i, weights in enumerate(draws, 1)]


LEARNING_RATES = Comparison(
    "learning rates",
    "What learning rate is right?",
    "The three models from the same weights at eight rates; type others. Plain SGD, analytic derivatives.",
    tuple(NEURONS),
    tuple(_row(f"{rate:.0e}".replace("e-0", "e-"), tuple(NEURONS), {"lr": rate}) for rate in RATES),
    typed=("lr",),
    shared=("a", "b", "c", "d"),
    ordered=True,
    note=STALL,
    later=1000,
    summary="The three models at eight rates: where each learns, explodes or dies.",
)

INITIAL_WEIGHTS = Comparison(
    WEIGHTS,
    "Do better start weights help?",
    "One rate from different weights; type others, and another rate: more starts explode, or fewer.",
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
        _start("a closed ReLU", -1, -1, 1, 1),
        *_drawn(),
    ),
    typed=("a", "b", "c", "d"),
    shared=("lr",),
    charted=(0.0, 3.0),
    summary="The same rate from other start weights.",
)

#: the rates among which the best one of each fix and model is looked for
TRIED = tuple(float(f"{digit}e{power}") for power in range(-7, 2) for digit in (1, 2, 5))
FIXES = Comparison(
    "fixes",
    "What makes two neurons train?",
    "As built each run but the baseline's has a rate of its own: of 1, 2 and 5 times the powers of ten the one whose "
    "run learns or settles with the lowest error. Type others.",
    tuple(NEURONS),
    (
        _row("baseline", tuple(NEURONS), {"lr": 1e-4}, named=("lr", *"abcd")),
        _fix("another rate", (5e-6, 1e-6, 1e-6)),
        _fix(
            "better start weights",
            (5e-6, 5e-5, 5e-5),
            {"a": 1.9, "b": 29, "c": 1, "d": 0},
            named=tuple("abcd"),
        ),
        _fix("x scaled", (0.2, 2e-3, 2e-3), {"scale_x": 30}, scaled=("x",)),
        _fix("x and y scaled", (0.2, 0.2, 0.1), {"scale_x": 50, "scale_y": 100}, scaled=("x", "y")),
        _fix("gradient clipped", (2e-4, 1e-4, 1e-4), {"limit": 30}, "clipped"),
        _fix("momentum", (5e-6, 1e-6, 1e-6), optimizer="momentum"),
        _fix("Adam", (0.2, 0.05, 0.05), optimizer="adam"),
    ),
    typed=("a", "b", "c", "d", "scale_x", "scale_y", "limit"),
    own=("lr",),
    charted=(-1.0, 3.0),
    yardstick=ONE,
    note="x is divided by x scale, y by y scale (errors stay in the units of y); a gradient longer than the limit is "
    f"shortened to it. As good: it learns or settles with an error no higher than {ONE} in the same row, or none left.",
    summary="What makes two neurons train: each fix alone, at rates of its own.",
)

COMPARED_OPTIMIZERS = Comparison(
    "optimizers",
    "Which optimizer gets furthest?",
    "As built each optimizer has a rate at which it trains; type others. Where averages start: see optimizers steps.",
    tuple(NEURONS),
    tuple(
        _row(OPTIMIZERS[name].title, tuple(NEURONS), {"lr": rate}, name)
        for name, rate in (("sgd", 1e-5), ("momentum", 1e-5), ("rmsprop", 0.05), ("adam", 0.1), ("adam_ann", 0.1))
    ),
    typed=("lr",),
    shared=("a", "b", "c", "d"),
    note=STALL,
    summary="All optimizers on the three models, by epoch.",
)


#: the lists of steps whose names would be too long for a sheet
LISTS = {COLLAPSE: "basic SGD 2n collapse steps"}


def _steps(e: Experiment) -> Steps:
    return Steps(e, explodes=True, steps=LISTS.get(e.name, ""))


#: the sheet that answers most of the questions, those of the speed limit and of its walls
BY_RATE, LIMIT, MAP = "learning rates", "speed limit", "error landscape"
QUESTIONS = (
    Question(
        "Is the bigger model smarter or faster?",
        BY_RATE,
        "Not smarter: two stacked lines are one line. "
        '{if_error(where(is_number(two), where(is_number(one), where(two < one, "Ahead", "Not ahead"), "Ahead"), '
        '"Not ahead"), "Not ahead") # text} after one epoch with lr {lr # rate}: √Σe² {two}, one neuron {one}. A '
        "larger |grad pred|² makes longer steps, and lowers the speed limit: with lr {high # rate} and analytic "
        "derivatives one neuron: {one_ends # text}, two: {two_ends # text}.",
        {
            "one": f"{BY_RATE}: first error | 1e-5 | {ONE}",
            "two": f"{BY_RATE}: first error | 1e-5 | {STACKED}",
            "lr": f"{BY_RATE}: input | 1e-5 | lr",
            "high": f"{BY_RATE}: input | 1e-4 | lr",
            "one_ends": f"{BY_RATE}: verdict | 1e-4 | {ONE}",
            "two_ends": f"{BY_RATE}: verdict | 1e-4 | {STACKED}",
        },
    ),
    Question(
        "Why do error, weights and derivatives explode?",
        LIMIT,
        "A step multiplies its residual by about 1 − 2·lr·|grad pred|²: below −1 it ends further off. With lr "
        "{lr # rate} two neurons first at step: {two # text}, one: {one # text}. |grad pred|² of two grows with their "
        "weights, so one bad step can make the next worse. The collapse sheet with lr {typed # rate} "
        '{if_error(where(driver, "and numerical", "and analytic"), "and no") # text} derivatives: {ends # text}.',
        {
            "lr": f"{LIMIT}: rate",
            "one": f"{LIMIT}: first further off | {ONE}",
            "two": f"{LIMIT}: first further off | {STACKED}",
            "typed": f"{COLLAPSE}: input | lr",
            "driver": f"{COLLAPSE}: input | driver",
            "ends": f"{COLLAPSE}: verdict",
        },
    ),
    Question(
        "Where are the walls of the speed limit?",
        MAP,
        "× marks them: with lr {lr # rate} the step of some sample crosses its target and ends, to first order, "
        "further off in {beyond # 0} of the {cells # 0} cells of the map. Where the run starts that is so of "
        "{start # 0} of {n # 0} samples, in the lowest cell (√Σe² {lowest}) of {low # 0}. A smaller rate moves the "
        "walls outwards.",
        {
            "lr": f"{COLLAPSE}: input | lr",
            "beyond": f"{MAP}: cells beyond",
            "cells": f"{MAP}: cells",
            "start": f"{MAP}: samples beyond | start",
            "low": f"{MAP}: samples beyond | lowest",
            "lowest": f"{MAP}: lowest error",
            "n": "data: count",
        },
    ),
    Question(
        "What learning rate is right, and how would one know?",
        BY_RATE,
        "Try the largest at which a run still learns or settles: of these, one neuron: "
        '{where(one > 0, one, "none") # rate}; two: {where(two > 0, two, "none") # rate}. After {epochs # 0} epochs '
        "one neuron is lowest with lr {best # rate}; after {later # 0}, from the inputs as built, with lr "
        "{later_best # rate}. On the sheet speed limit start weights bear, to first order, lr up to "
        "{one_bears # rate below} with one, {two_bears # rate below} with two.",
        {
            "one": f"{BY_RATE}: largest that learns | {ONE}",
            "two": f"{BY_RATE}: largest that learns | {STACKED}",
            "best": f"{BY_RATE}: best | {ONE}",
            "epochs": f"{BY_RATE}: epochs",
            "later_best": f"{BY_RATE}: best later | {ONE}",
            "later": f"{BY_RATE}: later",
            "one_bears": f"{LIMIT}: start weights bear | {ONE}",
            "two_bears": f"{LIMIT}: start weights bear | {STACKED}",
        },
    ),
    Question(
        "Why does an error fall fast, and then creep?",
        BY_RATE,
        "One neuron's Σe² bends {xx/n} times as much along a as along b, the mean of x²: where that is far above "
        "1, rates that a bears are far too small for b. With lr {lr # rate} it ends at slope {end_a # 4}, intercept "
        "{end_b # 4}, √Σe² {end}. The best line with intercept {b # 4}: slope {(xy - b*n*mean_x)/xx # 4}, √Σe² "
        "{sqrt(max(spread**2 + n*(mean_y - b)**2 - (xy - b*n*mean_x)**2/xx, 0))}; of all: slope {slope # 4}, intercept "
        "{intercept # 4}, √Σe² {left}.",
        {
            "n": "data: count",
            "mean_x": "data: mean | x",
            "mean_y": "data: mean | y",
            "xx": "data: squares | x",
            "xy": "data: products",
            "spread": "data: constant error",
            "slope": "data: best | slope",
            "intercept": "data: best | intercept",
            "left": "data: line error",
            "b": f"{BY_RATE}: input | | b",
            "lr": f"{BY_RATE}: input | 1e-5 | lr",
            "end_a": f"{BY_RATE}: end | 1e-5 | {ONE} | new_a",
            "end_b": f"{BY_RATE}: end | 1e-5 | {ONE} | new_b",
            "end": f"{BY_RATE}: error | 1e-5 | {ONE}",
        },
    ),
    Question(
        "Do better start weights help?",
        WEIGHTS,
        "Two neurons learn or settle from {fine # 0} of {rows # 0} starts, lowest from: {best # text} (√Σe² {lowest}); "
        "they explode from: {exploded # list}; are stuck from: {stuck # list}. With ReLU they are dead from: "
        "{dead # list}. Where a, b and c are 0 they stay 0, and a ReLU that starts closed for every sample stays "
        "closed.",
        {
            "best": f"{WEIGHTS}: best | {STACKED}",
            "lowest": f"{WEIGHTS}: lowest | {STACKED}",
            "fine": f"{WEIGHTS}: count | {STACKED} | learning | settled",
            "rows": f"{WEIGHTS}: runs",
            "exploded": f"{WEIGHTS}: rows | {STACKED} | exploded",
            "stuck": f"{WEIGHTS}: rows | {STACKED} | stuck",
            "dead": f"{WEIGHTS}: rows | {WITH_RELU} | dead ReLU",
        },
    ),
    Question(
        "Does ReLU save it, and why do three of four weights stop?",
        RELU,
        'This run: {ends # text}. {where(kind == "dead ReLU", where(step > 1, "A step closed the ReLU: a·x + b is 0 '
        'or less for all ", "The ReLU starts closed: a·x + b is 0 or less for all "), "While a·x + b is positive the '
        'ReLU changes nothing; a step that makes it 0 or less for all ") # text}{n # 0} samples'
        '{where(kind == "dead ReLU", ", so a, b and c have derivatives of 0: not at their optimum, but cut off. Only d '
        'can still learn", " can cut off a, b and c, so that only d learns") # text}: at best the mean of y, √Σe² '
        "{constant}. Without the ReLU, with lr {lr # rate}: {without # text}.",
        {
            "ends": f"{RELU}: verdict",
            "kind": f"{RELU}: kind",
            "step": f"{RELU}: step",
            "n": "data: count",
            "constant": "data: constant error",
            "lr": f"{COLLAPSE}: input | lr",
            "without": f"{COLLAPSE}: verdict",
        },
    ),
    Question(
        "Is a stacked linear model the same as a single one?",
        COLLAPSE,
        "Yes: c·(a·x + b) + d is the line (a·c)·x + (c·b + d). At step 2, x = {x # 4}: {slope # 4}·{x # 4} + "
        "{intercept # 4} = {slope*x + intercept # 4}, and the two neurons predict {pred # 4}. The columns slope and "
        "intercept show it at every step.",
        {
            "x": "data: sample | x | 2",
            "slope": f"{COLLAPSE}: column | slope | 2",
            "intercept": f"{COLLAPSE}: column | intercept | 2",
            "pred": f"{COLLAPSE}: column | pred | 2",
        },
    ),
    Question(
        "Can the ReLU sandwich beat one neuron?",
        "fixes",
        '{if_error(where(left <= spread/1000000, "Not on these samples: they lie on a line, which one neuron can be", '
        '"On these samples it may: they lie on no line"), "Nothing can be said of a best line") # text}. The '
        "best line leaves √Σe² {left}; one neuron comes down to {lowest_one}, two with ReLU to {lowest_two}: as good "
        "with: {as_good # list}; worse with: {worse # list}.",
        {
            "left": "data: line error",
            "spread": "data: constant error",
            "lowest_one": f"fixes: lowest | {ONE}",
            "lowest_two": f"fixes: lowest | {WITH_RELU}",
            "as_good": f"fixes: as good | {WITH_RELU}",
            "worse": f"fixes: worse | {WITH_RELU}",
        },
    ),
    Question(
        "What does momentum look like?",
        MOMENTUM,
        "A moving average of the derivatives: the larger beta is (here {beta # 4}), the smoother and the later. With "
        "lr {lr # rate} it ends after {epochs # 0} epochs at √Σe² {ends} ({verdict # text}); plain SGD without a ReLU, "
        "on the sheet optimizers, with lr {plain_lr # rate} at {plain}.",
        {
            "beta": f"{MOMENTUM}: input | beta",
            "lr": f"{MOMENTUM}: input | lr",
            "epochs": f"{MOMENTUM}: epochs",
            "ends": f"{MOMENTUM}: error | last",
            "verdict": f"{MOMENTUM}: verdict",
            "plain_lr": "optimizers: input | plain SGD | lr",
            "plain": f"optimizers: error | plain SGD | {STACKED}",
        },
    ),
)

_PREDICTS = "What the two neurons predict for this x, from the four weights above."
RELU_SHAPE = Curves(
    "ReLU shape",
    "What does a ReLU do?",
    (
        Input("a", 1.0, "a", "weight of the first neuron"),
        Input("b", -20.0, "b", "bias of the first neuron"),
        Input("c", 2.0, "c", "weight of the second neuron"),
        Input("d", 30.0, "d", "bias of the second neuron"),
    ),
    (
        Curve("without ReLU", "c·(a·x + b) + d", TWO_NEURONS, _PREDICTS, dashed=True),
        Curve("with ReLU", "c·max(a·x + b, 0) + d", TWO_NEURONS_RELU, _PREDICTS),
    ),
    tuple(float(x) for x in range(-80, 121, 10)),
    about="Both functions over x, from four weights to play with.",
    subtitle="Where a·x + b is negative the first neuron passes on 0; for every sample, and the ReLU is dead.",
    derived={"bends at x =": "0 - b/a"},
    chart="Two neurons with and without a ReLU",
)

THE_FIT = Fit(
    "the fit",
    tuple(Of(e.name, title=e.title) for e in THREAD),
    about="The samples and the curves of the first three sheets after an epoch of your choice; is the ReLU closed?",
    epoch=1,
)

SPEED_LIMIT = SpeedLimit(
    LIMIT,
    "Why do two neurons explode where one does not?",
    {ONE: ONE_NEURON, STACKED: TWO_NEURONS},
    subtitle="One neuron is linear in its weights, so |grad pred|² is x² + 1 whatever they are; that of two neurons "
    "grows with theirs.",
    about="By how much each step multiplies its own residual, and the rate it would bear.",
)

DERIVATIVES = Derivatives(
    "derivatives",
    "How good is a numerical derivative?",
    of=COLLAPSE,
    about="Numerical against analytic derivatives as h shrinks, and where they vanish.",
    vanishing="a",
    from_step=18.0,
)

_OTHERS = "The other weights are held where the run has them at a step: type its number, or 0 and weights of your own."
LANDSCAPES = (
    Landscape(
        MAP,
        "Where are the walls of the speed limit?",
        (COLLAPSE,),
        ("a", "c"),
        f"√Σe² of all samples over a and c, and the path of the run on it. {_OTHERS}",
        "The error of two stacked neurons over a and c as a map, with the walls of the speed limit.",
    ),
    Landscape(
        "error landscape ReLU",
        "What does a dead ReLU look like?",
        (RELU,),
        ("a", "c"),
        f"Where the ReLU is closed for every sample the map is level: no derivative leads away. {_OTHERS}",
        "The same with a ReLU, and the plain where it is dead.",
    ),
)

#: of the rates of that comparison those with the lowest error after a thousand epochs
BEST = {ONE: 3e-4, STACKED: 3e-5, WITH_RELU: 3e-5}
LONG_RUN = LongRun(
    "a thousand epochs",
    tuple(Of(BY_RATE, f"{group}: run {RATES.index(rate) + 1}", group) for group, rate in BEST.items()),
    about="The three models for a thousand epochs, each at one of the learning rates, and which is lowest.",
    live=False,
)

BY_HAND = OneStep(
    "ReLU by hand",
    "One step of two neurons with a ReLU, by hand",
    RELU,
    about="The arithmetic of a step of your choice, line by line with its numbers: two neurons with a ReLU.",
)

LESSON = Lesson(
    "Two neurons: why does it explode?",
    (
        *(_steps(e) for e in THREAD),
        THE_FIT,
        BY_HAND,
        SPEED_LIMIT,
        *LANDSCAPES,
        DERIVATIVES,
        LEARNING_RATES,
        LONG_RUN,
        INITIAL_WEIGHTS,
        RELU_SHAPE,
        FIXES,
        *(_steps(e) for e in AVERAGED),
        COMPARED_OPTIMIZERS,
    ),
    "A second neuron, a ReLU, other rates and start weights on the same 29 samples: the questions these raise.",
    name="two-neurons",
    questions=QUESTIONS,
    reading={"not quite PyTorch's": PUBLISHED},
    tries=(
        Try(COLLAPSE, "lr", 1e-5),
        Try(COLLAPSE, "lr", 1e-6),
        Try(RELU, "lr", 3e-4),
    ),
)
