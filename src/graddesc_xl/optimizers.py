"""Optimizers: recipes in equation order that add state and `new weight` columns to a plan.

The first group are the forms of the published graddesc.xlsx: no epsilon, no bias correction; momentum and Adam
use the average that already holds this step's gradient, RMSProp divides by the average before it. The second
group (`torch_...`) are the textbook forms as PyTorch's documentation of torch.optim gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .expr import Const, Expr, Foot, Here, Opening, Over, Param, Prev, State, greater, minimum, sqrt, total, where
from .plan import Column, Derived, EpochState, Footer, Input, Start

#: (weight, the column that holds its gradient), in the order of the sheet's columns
Gradients = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Parts:
    """What a recipe adds to a plan for given weights. hands_on: what its discarded passes hand on, as in `Plan`."""

    columns: tuple[Column, ...]
    starts: tuple[Start, ...] = ()
    states: tuple[EpochState, ...] = ()
    footers: tuple[Footer, ...] = ()
    hands_on: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True)
class Optimizer:
    """A recipe: the inputs it needs beside the learning rate, and the columns it adds.

    warmup: the discarded passes with which the published spreadsheet's Reset prepares its averages.
    source: where the equations come from.
    """

    name: str
    title: str
    source: str
    inputs: tuple[Input, ...]
    build: Callable[[Gradients], Parts]
    derived: tuple[Derived, ...] = ()
    warmup: int = 0


LR = Param("lr")
GRADDESC_XLSX = "the published graddesc.xlsx"
TORCH = "PyTorch documentation, torch.optim"
CLIPPING = "Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, 2013"


def _beta(name: str, value: float, about: str) -> Input:
    return Input(name, value, name, about, low=0.0, high=0.99999)


def _rest(name: str) -> Derived:
    return Derived(f"rest_{name}", 1 - Param(name), f"1−{name}", f"the share of the newest gradient: 1 - {name}")


BETA = _beta("beta", 0.9, "how much of the old average each step keeps")
BETA1 = _beta("beta1", 0.9, "how much of the old average of the gradients each step keeps")
AVERAGE0 = Input("avg0", 0.0, "avg start", "the averages of the gradients before the Reset's first discarded pass")
SQUARE0 = Input(
    "sq0",
    10000.0,
    "sq start",
    "the averages of the squares before the Reset's first discarded pass",
    low=1e-9,
    high=1e12,
)
LIMIT = Input("limit", 1000.0, "grad limit", "the greatest length of a gradient", low=1e-6, high=1e12)
EPS = Input("eps", 1e-8, "eps", "keeps the division finite where the average is 0", low=0.0, high=1.0)


def updated(weight: str, expr: Expr) -> Column:
    """The weight after this step."""
    return Column(f"new_{weight}", expr, "update", f"new {weight}", f"{weight} after this step", of=(weight,))


def _gradient_average(weight: str, gradient: str, beta: str, rest: Expr) -> Column:
    return Column(
        f"avg_{weight}",
        Prev(f"avg_{weight}") * Param(beta) + rest * Here(gradient),
        "state",
        f"avg de/d{weight}",
        f"moving average of de/d{weight}, this step's included",
        of=(weight,),
        kind="average",
    )


def _square_average(weight: str, gradient: str, beta: str, rest: Expr) -> Column:
    return Column(
        f"sq_{weight}",
        Prev(f"sq_{weight}") * Param(beta) + rest * Here(gradient) ** 2,
        "state",
        f"avg (de/d{weight})²",
        f"moving average of the square of de/d{weight}, this step's included",
        of=(weight,),
        kind="square",
    )


def _effective(weight: str, root_of: Expr, lr: Expr) -> Column:
    return Column(
        f"step_{weight}",
        lr / sqrt(root_of),
        "watch",
        f"step {weight}",
        f"effective step size of {weight}: the learning rate over the root of the average square",
        small=True,
        of=(weight,),
        kind="step",
    )


def _warm(columns: Sequence[Column], given: Param) -> tuple[Start, ...]:
    """Start cells of state columns, prepared by the warm-up passes from an input."""
    return tuple(Start(column.name, given, carry=column.name, warm=given) for column in columns)


def _sgd(gradients: Gradients) -> Parts:
    return Parts(tuple(updated(w, Here(w) - Here(g) * LR) for w, g in gradients))


def _momentum(gradients: Gradients) -> Parts:
    averages = [_gradient_average(w, g, "beta", Param("rest_beta")) for w, g in gradients]
    new = [updated(w, Here(w) - Here(f"avg_{w}") * LR) for w, _ in gradients]
    return Parts((*averages, *new), _warm(averages, Param("avg0")))


def _rmsprop(gradients: Gradients) -> Parts:
    squares = [_square_average(w, g, "beta", Param("rest_beta")) for w, g in gradients]
    new = [updated(w, Here(w) - Here(g) * LR / sqrt(Prev(f"sq_{w}"))) for w, g in gradients]
    steps = [_effective(w, Prev(f"sq_{w}"), LR) for w, _ in gradients]
    return Parts((*squares, *new, *steps), _warm(squares, Param("sq0")))


def _adam(gradients: Gradients, lr: Expr = LR) -> Parts:
    averages = [_gradient_average(w, g, "beta1", Param("rest_beta1")) for w, g in gradients]
    squares = [_square_average(w, g, "beta2", Param("rest_beta2")) for w, g in gradients]
    new = [updated(w, Here(w) - Here(f"avg_{w}") * lr / sqrt(Here(f"sq_{w}"))) for w, _ in gradients]
    steps = [_effective(w, Here(f"sq_{w}"), lr) for w, _ in gradients]
    starts = (*_warm(averages, Param("avg0")), *_warm(squares, Param("sq0")))
    # the published Reset pastes one pair after the other, and the sheet recalculates between
    hands_on = tuple(frozenset(c.name for c in pair) for pair in (squares, averages))
    return Parts((*averages, *squares, *new, *steps), starts, hands_on=hands_on)


def _adam_ann(gradients: Gradients) -> Parts:
    adam = _adam(gradients, State("lr"))
    roots = [sqrt(Here(f"sq_{w}")) for w, _ in gradients]
    scale = Column(
        "scale",
        total(roots),
        "watch",
        "scale",
        "size of the gradients: the roots of their average squares, added up",
    )
    means = tuple(
        Footer(
            f"mean_{g}",
            sqrt(Over("sumsq", g)) / Over("count", g),
            "√Σ²/n",
            "root of the sum of squares over the count",
        )
        for _, g in gradients
    )
    start = Footer(
        "start_scale",
        total([sqrt(Opening(f"sq_{w}")) for w, _ in gradients]),
        "start scale",
        "the gradients' scale at the epoch's start: that of the last row before it",
    )
    ratio = Footer("ratio", Foot("start_scale") / State("best"), "ratio", "the scale at the start over the best one")
    inverse = [
        Footer(f"over_{name}", 1 / Opening(name), "inverse", f"1 over {what}; nothing uses it", small=True)
        for name, what in (
            (f"avg_{gradients[-1][0]}", "the average that the epoch starts from"),
            (f"sq_{gradients[0][0]}", "the average square that the epoch starts from"),
        )
    ]
    states = (
        EpochState(
            "lr",
            LR,
            where(greater(Over("last", "scale") / State("best"), 2), State("lr") / 4, State("lr")),
            "learn",
            "the last epoch's learning rate, or a quarter of it if its last scale was above twice the best one",
            small=True,
        ),
        EpochState(
            "best",
            Param("scale0"),
            minimum(Over("last", "scale"), State("best")),
            "best scale",
            "the smallest scale at the end of the Reset's first pass and of any epoch before",
            warm=Param("scale0"),
        ),
    )
    averages = frozenset(start.column for start in adam.starts)
    hands_on = (averages | {"best"}, averages)  # of the published Reset's two passes only the first sets the best scale
    return Parts((*adam.columns, scale), adam.starts, states, (*means, start, ratio, *inverse), hands_on)


def _clipped(gradients: Gradients) -> Parts:
    norm = Column(
        "norm",
        sqrt(total([Here(g) ** 2 for _, g in gradients])),
        "state",
        "|grad|",
        "length of the gradient: the root of the sum of its squares",
    )
    limit = Param("limit")
    clip = Column(
        "clip",
        where(greater(Here("norm"), limit), limit / Here("norm"), 1),
        "state",
        "clip",
        "what a gradient longer than the limit is multiplied by, so that it is as long as the limit",
        small=True,
    )
    new = [updated(w, Here(w) - Here(g) * Here("clip") * LR) for w, g in gradients]
    return Parts((norm, clip, *new))


def _torch_momentum(gradients: Gradients) -> Parts:
    buffers = [
        Column(
            f"buf_{w}",
            Param("mu") * Prev(f"buf_{w}") + Here(g),
            "state",
            f"buf {w}",
            f"momentum buffer of {w}",
            of=(w,),
            kind="buffer",
        )
        for w, g in gradients
    ]
    new = [updated(w, Here(w) - LR * Here(f"buf_{w}")) for w, _ in gradients]
    return Parts((*buffers, *new), tuple(Start(c.name, Const(0), carry=c.name) for c in buffers))


def _torch_rmsprop(gradients: Gradients) -> Parts:
    squares = [_square_average(w, g, "alpha", 1 - Param("alpha")) for w, g in gradients]
    new = [updated(w, Here(w) - LR * Here(g) / (sqrt(Here(f"sq_{w}")) + Param("eps"))) for w, g in gradients]
    return Parts((*squares, *new), tuple(Start(c.name, Const(0), carry=c.name) for c in squares))


def _torch_adam(gradients: Gradients) -> Parts:
    powers = [
        Column(
            f"{beta}_t",
            Prev(f"{beta}_t") * Param(beta),
            "state",
            f"{beta}^t",
            f"{beta} to the power of the step",
        )
        for beta in ("beta1", "beta2")
    ]
    averages = [_gradient_average(w, g, "beta1", 1 - Param("beta1")) for w, g in gradients]
    squares = [_square_average(w, g, "beta2", 1 - Param("beta2")) for w, g in gradients]
    new = []
    for w, _ in gradients:
        average = Here(f"avg_{w}") / (1 - Here("beta1_t"))
        square = Here(f"sq_{w}") / (1 - Here("beta2_t"))
        new.append(updated(w, Here(w) - LR * average / (sqrt(square) + Param("eps"))))
    starts = [Start(c.name, Const(1), carry=c.name) for c in powers]
    starts += [Start(c.name, Const(0), carry=c.name) for c in (*averages, *squares)]
    return Parts((*powers, *averages, *squares, *new), tuple(starts))


def _beta2(value: float) -> Input:
    return _beta("beta2", value, "how much of the old average of the squares each step keeps")


_ADAM_REST = (_rest("beta1"), _rest("beta2"))
_SCALE0 = Input(
    "scale0",
    1e6,
    "best start",
    "the best scale before the Reset's first pass: larger than any real one",
    low=1e-9,
    high=1e12,
)

OPTIMIZERS: Mapping[str, Optimizer] = {
    o.name: o
    for o in (
        Optimizer("sgd", "plain SGD", GRADDESC_XLSX, (), _sgd),
        Optimizer("momentum", "momentum", GRADDESC_XLSX, (BETA, AVERAGE0), _momentum, (_rest("beta"),), warmup=1),
        Optimizer("rmsprop", "RMSProp", GRADDESC_XLSX, (BETA, SQUARE0), _rmsprop, (_rest("beta"),), warmup=2),
        Optimizer(
            "adam",
            "Adam",
            GRADDESC_XLSX,
            (BETA1, _beta2(0.9), AVERAGE0, SQUARE0),
            _adam,
            _ADAM_REST,
            warmup=4,
        ),
        Optimizer(
            "adam_ann",
            "Adam, annealed",
            GRADDESC_XLSX,
            (BETA1, _beta2(0.95), AVERAGE0, SQUARE0, _SCALE0),
            _adam_ann,
            _ADAM_REST,
            warmup=2,
        ),
        Optimizer(
            "torch_momentum",
            "SGD with momentum, textbook",
            TORCH,
            (_beta("mu", 0.9, "momentum"),),
            _torch_momentum,
        ),
        Optimizer(
            "torch_rmsprop",
            "RMSProp, textbook",
            TORCH,
            (_beta("alpha", 0.99, "smoothing"), EPS),
            _torch_rmsprop,
        ),
        Optimizer("clipped", "SGD, gradient clipped", CLIPPING, (LIMIT,), _clipped),
        Optimizer("torch_adam", "Adam, textbook", TORCH, (BETA1, _beta2(0.999), EPS), _torch_adam),
    )
}
