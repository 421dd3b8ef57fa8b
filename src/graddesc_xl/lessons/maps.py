"""Maps of runs: where three models learn, explode and die, over the rate and a start weight."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..experiments import Experiment
from ..parts.data import GRADDESC, dataset
from ..parts.models import ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model
from ..sheets.answers import Question
from ..sheets.run_map import RunMap
from ..sheets.trying import Try
from .lesson import Lesson

ONE, STACKED, RELU = "1 neuron", "2 neurons", "ReLU"
MODELS: Mapping[str, Model] = {ONE: ONE_NEURON, STACKED: TWO_NEURONS, RELU: TWO_NEURONS_RELU}
EPOCHS = 10
#: the seed of the noise on the published line, and its standard deviation
SEED, NOISE = 1, 5.0
_noise = np.random.default_rng(SEED).normal(0, NOISE, len(GRADDESC))
DATA = dataset(GRADDESC.column("x").tolist(), (GRADDESC.ys + _noise).round(1).tolist(), "noisy line")
#: the rates and the starts of every map
RATES, STARTS = "lr=0.001..10:log:61", "a=-3..3:41"
SCALES = {"scale_x": 50.0, "scale_y": 100.0}
#: the run of each map with the lowest error
BEST: Mapping[str, Mapping[str, float]] = {
    ONE: {"lr": 0.00541169526546464, "a": 1.65},
    STACKED: {"lr": 0.0135935639087853, "a": -2.1},
    RELU: {"lr": 0.034145488738336, "a": 0.45},
}
HEADLINES = {
    ONE: "Where does one neuron learn?",
    STACKED: "Where do two stacked neurons learn?",
    RELU: "Where do two neurons with a ReLU learn?",
}


def map_sheet(group: str) -> str:
    """The sheet of a model's map."""
    return f"map {group}"


def best_sheet(group: str) -> str:
    """The sheet of its best run."""
    return f"best run of {group}" if group != RELU else f"best run with {group}"


def _run(group: str) -> Experiment:
    model, values = MODELS[group], {**SCALES, **BEST[group]}
    about = f"The best run of the map of {model.title}: every step, live."
    return Experiment(
        best_sheet(group),
        model.title,
        about,
        model=model,
        data=DATA,
        epochs=EPOCHS,
        scaled=("x", "y"),
        discarded=0,
        values=values,
    )


def _map(group: str) -> RunMap:
    of = _run(group)
    plain = {name: value for name, value in of.values.items() if name in SCALES}
    experiment = Experiment(
        group, of.title, model=of.model, data=DATA, epochs=EPOCHS, scaled=of.scaled, discarded=0, values=plain
    )
    return RunMap(
        map_sheet(group),
        experiment,
        RATES,
        STARTS,
        ("error", "verdict", "step", "a"),
        HEADLINES[group],
        f"{of.title}; plain SGD, x and y scaled, the other weights start at 1. Each cell is a run of {EPOCHS} epochs.",
        f"A run of {of.title} in each cell, over its rate and the start of a.",
    )


MAPS = {group: _map(group) for group in MODELS}
BESTS = {group: _run(group) for group in MODELS}


def _of(figure: str, name: str = "") -> dict[str, str]:
    """A figure of each map, by the names `one`, `stacked` and `relu`, after another name."""
    groups = {"one": ONE, "stacked": STACKED, "relu": RELU}
    return {f"{name}{short}": f"{map_sheet(group)}: {figure}" for short, group in groups.items()}


QUESTIONS = (
    Question(
        "What rate does each model bear?",
        map_sheet(STACKED),
        "Wherever a starts on its map, no run of one neuron explodes up to lr {one # rate}, none of two stacked up to "
        "{stacked # rate}, none of two with a ReLU up to {relu # rate}. The lowest rate of the map at which all do: "
        "{all_one # rate}, {all_stacked # rate} and {all_relu # rate}. The steps of one neuron shrink or stretch what "
        "is left by the same factors from every start; what a second neuron bears depends on where it starts.",
        {**_of("last without | exploded"), **_of("first all | exploded", "all_")},
    ),
    Question(
        "What does theory say of one neuron?",
        map_sheet(ONE),
        "Above lr 1/(1 + (x/x scale)²) a step of the sample with the largest x ends further off than before: above "
        "{1/(1 + (x/scale)**2) # rate} with the samples as they are now and the x scale of the sheet "
        f"{best_sheet(ONE)}. On the map none explodes up to lr {{map # rate}}, {{map*(1 + (x/scale)**2) # 1}} times "
        "that: a run explodes where the steps of all samples together do not make up for it.",
        {
            "x": "data: largest | x",
            "scale": f"{best_sheet(ONE)}: input | scale_x",
            "map": f"{map_sheet(ONE)}: last without | exploded",
        },
    ),
    Question(
        "Where does the ReLU die?",
        map_sheet(RELU),
        "Up to lr {alive # rate} no ReLU of the map dies, wherever a starts; the lowest rate at which all do is "
        "{all_dead # rate}. Of {runs # text} runs {dead # text} end with a dead ReLU and {relu # text} explode; of two "
        "stacked neurons, from the same starts, {stacked # text} explode. Behind a dead ReLU only the last bias still "
        "learns, and that bears any rate up to 1.",
        {
            "alive": f"{map_sheet(RELU)}: last without | dead ReLU",
            "all_dead": f"{map_sheet(RELU)}: first all | dead ReLU",
            "runs": f"{map_sheet(RELU)}: runs",
            "dead": f"{map_sheet(RELU)}: count | dead ReLU",
            **_of("count | exploded"),
        },
    ),
    Question(
        "Which model learns at most rates and starts?",
        map_sheet(ONE),
        f"Of {{runs # text}} runs on each map, learning or settled after {EPOCHS} epochs: "
        "{one + settled_one # text} of one neuron, {stacked + settled_stacked # text} of two stacked, "
        "{relu + settled_relu # text} with a ReLU. Settled: {settled_one # text}, {settled_stacked # text} and "
        "{settled_relu # text}.",
        {
            "runs": f"{map_sheet(ONE)}: runs",
            **_of("count | learning"),
            **_of("count | settled", "settled_"),
        },
    ),
    Question(
        "How good is the best run?",
        best_sheet(RELU),
        "The lowest √Σe² of each map, measured while the weights move: one neuron {one} at lr {lr_one # rate}, two "
        "stacked {stacked} at {lr_stacked # rate}, with a ReLU {relu} at {lr_relu # rate}. The best straight line "
        "through the samples as they are now, held still: {line}.",
        {**_of("best"), **_of("best | lr", "lr_"), "line": "data: line error"},
    ),
)

LESSON = Lesson(
    "Maps: where runs learn, explode and die",
    tuple(part for group in MODELS for part in (MAPS[group], BESTS[group])),
    "Three models over the rate and a start weight: a run in each cell, and any of them live.",
    name="maps",
    questions=QUESTIONS,
    reading={
        "the samples as built": f"y = 2x + 30 and normal noise with a standard deviation of {NOISE:g}, seed {SEED}, "
        "rounded to a decimal: of an exact line the best runs would leave nothing but rounding.",
        "scaled samples": "On every map x is divided by 50 and y by 100 before the model sees them, so that one rate "
        "suits all weights; errors are in the units of y.",
    },
    tries=(
        Try(best_sheet(RELU), "lr", 0.4),
        Try(best_sheet(RELU), "a", -2.0),
        Try(best_sheet(STACKED), "lr", 0.2),
        Try(best_sheet(ONE), "lr", 0.55),
    ),
)
