"""Data that bend: what a second neuron and a ReLU are for."""

from __future__ import annotations

from ..comparison import Comparison, Row
from ..parts.models import TWO_NEURONS_RELU
from ..plan import Input
from ..sheets.answers import Question
from ..sheets.curves import Curve, Curves
from ..sheets.fit import Fit
from ..sheets.long_run import LongRun
from ..sheets.picked import Of
from ..sheets.trying import Try
from ..shipped.bent import (
    BEND,
    EPOCHS,
    EXPERIMENTS,
    LEFT,
    NOISE,
    ONE,
    SEED,
    SHEETS,
    STACKED,
    THREE,
    THREE_NEURONS_RELU,
    TWO,
    run,
)
from .lesson import Lesson

RATES = (0.01, 0.03, 0.1)
_LINES = (ONE, STACKED, TWO)
WHICH_RATE = Comparison(
    "which rate",
    "Is it the rate, or the model?",
    "Three models at three rates; type others. Plain SGD on scaled samples, analytic derivatives.",
    _LINES,
    tuple(Row(f"{rate:g}", tuple(run(group, rate) for group in _LINES)) for rate in RATES),
    typed=("lr",),
    ordered=True,
    summary="Three models at three rates: one neuron, two without a ReLU and two with one.",
)

_BOTH = (TWO, THREE)


def _start(title: str, a: float, b: float, c: float, d: float, p: float, q: float, u: float) -> Row:
    weights = {"a": a, "b": b, "c": c, "d": d, "p": p, "q": q, "u": u}
    return Row(title, tuple(run(group, weights=weights) for group in _BOTH))


WHICH_START = Comparison(
    "which start",
    "Which starts win, and which die?",
    "Two and three neurons with ReLU from the same weights; type others. p, q and u are those of the third.",
    _BOTH,
    (
        _start("start 1", 1, -0.5, 1, 1, 1, -1.5, 1),
        _start("start 2", 1, 1, 1, 1, 1, 1, 1),
        _start("start 3", -1, -1, 1, 1, -1, -1, 1),
        _start("start 4", 1, -0.5, 1, 1, -1, -1, 1),
        _start("start 5", 1, -0.5, -1, 1, 1, -1.5, -1),
    ),
    typed=("a", "b", "c", "d", "p", "q", "u"),
    shared=("lr",),
    charted=(1.0, 3.0),
    note="A ReLU is closed where a·x + b, with x scaled, is 0 or less; closed for all samples it gets no derivative.",
    summary="Two and three neurons with ReLU from five starts, and what became of each.",
)

THE_FIT = Fit(
    "the fit",
    tuple(Of(SHEETS[group], title=group) for group in SHEETS),
    "What can each of them be?",
    about="The samples and the curves of the three models after an epoch of your choice; how many samples are live.",
    epoch=EPOCHS,
)
WINS_OR_DIES = Fit(
    "wins or dies",
    tuple(Of("which start", f"{TWO}: start {i}", f"start {i}") for i in (1, 2, 3)),
    "What does a start that wins look like, and one that dies?",
    about="Two neurons with ReLU from three starts of the sheet which start, after an epoch of your choice.",
    epoch=EPOCHS,
)
LONG_RUN = LongRun(
    "a thousand epochs",
    tuple(Of(SHEETS[group], title=group) for group in SHEETS),
    headline="Does one neuron only need more time?",
    about="The three models for a thousand epochs, and which is lowest.",
    live=False,
)

_PREDICTS = "What the model predicts for this x, from the weights above."
TWO_BENDS = Curves(
    "two bends",
    "What can two ReLUs be together?",
    (
        Input("a", 1.0, "a", "weight of the first hidden neuron"),
        Input("b", -20.0, "b", "bias of the first hidden neuron"),
        Input("c", 2.0, "c", "how much of the first hidden neuron the output takes"),
        Input("p", 1.0, "p", "weight of the second hidden neuron"),
        Input("q", -70.0, "q", "bias of the second hidden neuron"),
        Input("u", -2.0, "u", "how much of the second hidden neuron the output takes"),
        Input("d", 30.0, "d", "bias of the output"),
    ),
    (
        Curve("one ReLU", "c·max(a·x + b, 0) + d", TWO_NEURONS_RELU, _PREDICTS, dashed=True),
        Curve("two ReLUs", "the same + u·max(p·x + q, 0)", THREE_NEURONS_RELU, _PREDICTS),
    ),
    tuple(float(x) for x in range(-20, 121, 10)),
    about="Curves of one and of two ReLUs over x, from weights to play with: a bend each.",
    subtitle="Each ReLU can add a bend, where what it adds up is 0. Type other weights: find a step, a hat, a valley.",
    derived={"bends at x =": "0 - b/a"},
    chart="One and two ReLUs",
)

_LAST = {group: f"the fit: error at epoch | {EPOCHS} | {group}" for group in SHEETS}
QUESTIONS = (
    Question(
        "What is the second neuron for?",
        "the fit",
        "No straight line is below √Σe² {best} on these samples. After {epochs # text} epochs, weights held still: one "
        "neuron {one}, two with a ReLU {two}, three {three}. "
        '{if_error(where(is_number(best - two), where(two < best, "Two can bend, and here that takes them below every '
        'straight line.", "Two can bend, but from here they have not got below the best line: try other start '
        'weights."), ""), "") # text}',
        {
            "best": "the fit: best line",
            "one": _LAST[ONE],
            "two": _LAST[TWO],
            "three": _LAST[THREE],
            "epochs": f"{SHEETS[ONE]}: epochs",
        },
    ),
    Question(
        "And without a ReLU?",
        "which rate",
        "Then a second neuron is for nothing: two stacked are one straight line again. With lr {lr # rate} they end at "
        "√Σe² {stacked}, one neuron at {one}; with a ReLU between them at {relu}.",
        {
            "lr": "which rate: input | 0.03 | lr",
            "stacked": f"which rate: error | 0.03 | {STACKED}",
            "one": f"which rate: error | 0.03 | {ONE}",
            "relu": f"which rate: error | 0.03 | {TWO}",
        },
    ),
    Question(
        "What does the ReLU do?",
        "the fit",
        "It bends the line where a·x + b is 0: with the last weights at x = {0 - b/a*scale}. On one side the model is "
        "level and the sample moves neither a, b nor c; on the other it is live. {live # text} of these {n # text} "
        "samples are live.",
        {
            "a": f"the fit: weight | a | {EPOCHS} | {TWO}",
            "b": f"the fit: weight | b | {EPOCHS} | {TWO}",
            "scale": f"{SHEETS[TWO]}: input | scale_x",
            "live": f"the fit: live samples | {EPOCHS} | {TWO}",
            "n": "data: count",
        },
    ),
    Question(
        "Which starts die?",
        "which start",
        "A ReLU that is closed for every sample gets no derivative, so it never opens again; one that is open for all "
        "of them bends nothing yet. Two neurons, live samples of the start weights, and what becomes of them: start 1 "
        "{won_live # text}, {wins # text}, √Σe² {won}; start 2 {straight_live # text}, {straight # text}, {line}; "
        "start 3 {dead_live # text}, {dies # text}, {dead}.",
        {
            "dies": f"which start: verdict | start 3 | {TWO}",
            "dead": f"which start: error | start 3 | {TWO}",
            "won_live": "wins or dies: live samples | 0 | start 1",
            "straight_live": "wins or dies: live samples | 0 | start 2",
            "dead_live": "wins or dies: live samples | 0 | start 3",
            "wins": f"which start: verdict | start 1 | {TWO}",
            "won": f"which start: error | start 1 | {TWO}",
            "straight": f"which start: verdict | start 2 | {TWO}",
            "line": f"which start: error | start 2 | {TWO}",
        },
    ),
    Question(
        "Is a third neuron any use?",
        "which start",
        "It can be a spare. From start 4 two neurons: {lone # text}, at √Σe² {two}; three: {spare # text}, at {three}. "
        "And it can bend the line once more: with the last weights of their sheets held still, two neurons are at "
        "{last_two}, three at {last_three}.",
        {
            "spare": f"which start: verdict | start 4 | {THREE}",
            "lone": f"which start: verdict | start 4 | {TWO}",
            "two": f"which start: error | start 4 | {TWO}",
            "three": f"which start: error | start 4 | {THREE}",
            "last_two": _LAST[TWO],
            "last_three": _LAST[THREE],
        },
    ),
    Question(
        "Does one neuron only need more time?",
        "a thousand epochs",
        "From the inputs and samples as built it is after {short # text} epochs at √Σe² {ten}, after {epochs # text} "
        "at {all}; two neurons with a ReLU: {two_ten} and {two_all}. Below {best} no straight line gets on the samples "
        "as they are now.",
        {
            "short": f"{SHEETS[ONE]}: epochs",
            "epochs": "a thousand epochs: epochs",
            "ten": f"a thousand epochs: error | {EPOCHS} | {ONE}",
            "all": f"a thousand epochs: error | 1000 | {ONE}",
            "two_ten": f"a thousand epochs: error | {EPOCHS} | {TWO}",
            "two_all": f"a thousand epochs: error | 1000 | {TWO}",
            "best": "the fit: best line",
        },
    ),
)

LESSON = Lesson(
    "Bent data: where a ReLU wins",
    (*EXPERIMENTS, THE_FIT, WHICH_RATE, WHICH_START, WINS_OR_DIES, LONG_RUN, TWO_BENDS),
    "29 samples on a line that bends: what a second neuron and a ReLU are for.",
    name="bent",
    questions=QUESTIONS,
    reading={
        "the samples as built": f"y = 30 + 4·max(0, x − {BEND:g}) and normal noise with a standard deviation of "
        f"{NOISE:g}, seed {SEED}, rounded to a decimal. Around that bent line √Σe² is {LEFT:.2f}, so a model that "
        "gets below it has begun to learn the noise.",
        "scaled samples": "x is divided by x scale and y by y scale before the model sees them; weights are those of "
        "the scaled samples, errors and charts of the fit are in the units of y.",
    },
    tries=(
        Try(SHEETS[TWO], "b", -3.0),
        Try(SHEETS[TWO], "b", 1.0),
        Try(SHEETS[TWO], "lr", 0.2),
    ),
)
