"""The mirror of the published graddesc.xlsx: one neuron, five optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..experiments import CARRIES, Experiment
from ..mirror import Mirror
from ..parts.data import GRADDESC
from ..parts.optimizers import OPTIMIZERS, PUBLISHED
from ..sheets.answers import Question
from ..sheets.fit import Fit
from ..sheets.landscape import Landscape
from ..sheets.long_run import LongRun
from ..sheets.one_step import OneStep
from ..sheets.picked import Of
from ..sheets.trying import Try
from .lesson import Lesson

_WEIGHTS = {"b": "C1", "a": "C2"}
#: what the published sheets call a cell that has another name elsewhere
_LABELS = {"lr": "learn"}
#: the cells in which the weights of an epoch start
_STARTS = {"new_b": "C1", "new_a": "C2"}
_NORMS = {"error": ("err", 1), "norm_b": ("d_b", 1), "norm_a": ("d_a", 1)}
_ADAM = ("b", "a", "pred", "d_b", "d_a", "new_b", "new_a", "avg_b", "avg_a", "sq_b", "sq_a")
_ADAM_CELLS = {**_WEIGHTS, "lr": "D2", "beta1": "J1", "rest_beta1": "K1", "beta2": "L1", "rest_beta2": "M1"}
_ADAM_CELLS |= {"avg0": "F1", "sq0": "H1"}

MIRRORS: Mapping[str, Mirror] = {
    "basic": Mirror(
        ("b", "a", "pred", "err", "err_b", "est_b", "err_a", "est_a", "d_b", "d_a", "new_a", "new_b"),
        {**_WEIGHTS, "lr": "F1", "h": "I1"},
        under=_NORMS,
    ),
    "momentum": Mirror(
        ("b", "a", "pred", "d_b", "d_a", "new_b", "new_a", "avg_b", "avg_a", "err"),
        {**_WEIGHTS, "lr": "D2", "beta": "J1", "rest_beta": "K1", "avg0": "G1"},
        under=_NORMS,
        holds=True,
    ),
    "rmsprop": Mirror(
        ("b", "a", "pred", "d_b", "d_a", "new_b", "new_a", "sq_b", "sq_a", "err", "step_b", "step_a"),
        {**_WEIGHTS, "lr": "D2", "beta": "J1", "rest_beta": "K1", "sq0": "G1"},
        under=_NORMS,
        holds=True,
    ),
    "adam": Mirror((*_ADAM, "err", "step_b", "step_a"), _ADAM_CELLS, under=_NORMS, holds=True),
    "adam_ann": Mirror(
        (*_ADAM, "scale", "err", "step_b", "step_a"),
        {**_ADAM_CELLS, "scale0": "O1"},
        states={"lr": "D2", "best": "N3"},
        under={
            "error": ("err", 1),
            "mean_b": ("d_b", 1),
            "mean_a": ("d_a", 1),
            "start_scale": ("scale", 1),
            "ratio": ("scale", 2),
            "over_avg_a": ("avg_a", 2),
            "over_sq_b": ("sq_b", 2),
        },
        holds=True,
    ),
}
#: de/db as the published sheets with averages have it: the prediction is written out
WRITTEN_OUT = {"d_b": "2*(a*x + b - y)"}


def _mirrored(name: str, title: str, about: str, lr: float, **more: Any) -> Experiment:
    return Experiment(
        name,
        title,
        about,
        OPTIMIZERS[name if name in OPTIMIZERS else "sgd"],
        carry=CARRIES[1],
        values={"lr": lr},
        mirror=replace(MIRRORS[name], starts=_STARTS, labels=_LABELS),
        **more,
    )


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
        _mirrored(
            "basic",
            "plain SGD",
            "One neuron, one sample a step: the analytic derivative moves the weights, the numerical one confirms it.",
            1e-4,
            numerical=True,
        ),
        _mirrored(
            "momentum",
            "momentum",
            "The step follows a moving average of the derivatives, so it keeps its direction.",
            1e-4,
            spelled=WRITTEN_OUT,
        ),
        _mirrored(
            "rmsprop",
            "RMSProp",
            "Each weight's step is divided by the usual size of its own derivative.",
            0.02,
            spelled=WRITTEN_OUT,
        ),
        _mirrored(
            "adam",
            "Adam",
            "Momentum's average divided by RMSProp's root: both ideas at once.",
            1.0,
            spelled=WRITTEN_OUT,
        ),
        _mirrored(
            "adam_ann",
            "Adam, annealed",
            "Adam whose learning rate is quartered when the derivatives grow again.",
            1.0,
            spelled=WRITTEN_OUT,
        ),
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
            tuple(Of(name) for name in MIRRORS),
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
