"""The five runs of the published graddesc.xlsx: one neuron, five optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..experiments import CARRIES, Experiment
from ..mirror import Mirror
from ..parts.optimizers import OPTIMIZERS

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


EXPERIMENTS = (
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
)
