"""The mirror of the published graddesc.xlsx: one neuron, five optimizers."""

from __future__ import annotations

from ..parts.data import GRADDESC
from ..parts.optimizers import PUBLISHED
from ..sheets.answers import Question
from ..sheets.fit import Fit
from ..sheets.landscape import Landscape
from ..sheets.long_run import LongRun
from ..sheets.one_step import OneStep
from ..sheets.picked import Of
from ..sheets.trying import Try
from ..shipped.published import EXPERIMENTS
from .lesson import Lesson

#: the last step of each run
LAST = 10 * len(GRADDESC)
MAP = "error landscape"
QUESTIONS = (
    Question(
        "Why does b creep?",
        MAP,
        "In the lowest cell of the map Σe² bends {where(a > b, a/b, b/a) # 1} times as much along "
        '{where(a > b, "a", "b") # text} as along {where(a > b, "b", "a") # text}, so a rate that the one alone bears '
        "is as many times too small for the other. The best line has b = {best # 4}; {epochs # 0} epochs of plain SGD "
        "with learn {sgd_lr # rate} end at b = {sgd # 4}, of Adam, a step size for each weight, with {adam_lr # rate} "
        "at {adam # 4}.",
        {
            "a": f"{MAP}: bends | a",
            "b": f"{MAP}: bends | b",
            "best": "data: best | intercept",
            "epochs": "basic: epochs",
            "sgd_lr": "basic: input | lr",
            "sgd": f"basic: column | new_b | {LAST}",
            "adam_lr": "adam: input | lr",
            "adam": f"adam: column | new_b | {LAST}",
        },
    ),
)

LESSON = Lesson(
    "Gradient descent, step by step",
    (
        *EXPERIMENTS,
        Fit(
            "the fit",
            (Of("basic", title="plain SGD (basic)"), Of("adam", title="Adam (adam)")),
            about="The samples and the line that the neuron is after an epoch of your choice: plain SGD and Adam.",
        ),
        OneStep(
            "basic by hand",
            "One step of plain SGD, by hand",
            "basic",
            about="The arithmetic of a step of your choice, line by line with its numbers: plain SGD.",
        ),
        OneStep(
            "adam by hand",
            "One step of Adam, by hand",
            "adam",
            about="The same of Adam: what its averages remember, and what they make of a derivative.",
        ),
        Landscape(
            MAP,
            "Where does the path lead, and why does b creep?",
            ("basic", "momentum", "rmsprop", "adam", "adam_ann"),
            ("b", "a"),
            "√Σe² of all samples at every pair of weights, and the path of one run on it: type its number.",
            "The error over both weights as a map, and the path of a run on it.",
        ),
        LongRun(
            "a thousand epochs",
            tuple(Of(e.name) for e in EXPERIMENTS),
            about="The five runs for a thousand epochs, and which of them is lowest at each.",
            live=False,
        ),
    ),
    "A neuron with two weights learns a straight line from 29 samples, one a step, with five optimizers.",
    name="graddesc",
    questions=QUESTIONS,
    reading={
        "the published buttons": "The discarded passes are those of the published spreadsheet's Reset button, which "
        "sets the weights back and looks at the samples up to four times to fill the averages. That an epoch starts "
        "from the weights in the last row of the one before is what its Run button did.",
        "not quite PyTorch's": PUBLISHED,
    },
    tries=(
        Try("basic", "lr", 1e-5),
        Try("basic", "lr", 1e-6),
        Try("basic", "lr", 1e-3),
    ),
)
