"""Optimizers, written as their sources write them.

The first group are the forms of the published graddesc.xlsx: no epsilon, no bias correction; momentum and Adam
use the average that already holds this step's gradient, RMSProp divides by the average before it. The second
group (`torch_...`) are the textbook forms as PyTorch's documentation of torch.optim gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..plan import Input
from .equations import CLIPPING, LIMIT, Derivation, Equation, Memory, Optimizer, Summary

GRADDESC_XLSX = "the published graddesc.xlsx"
TORCH = "PyTorch documentation, torch.optim"
PASCANU = "Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, 2013"


def _beta(name: str, value: float, about: str) -> Input:
    return Input(name, value, name, about, low=0.0, high=0.99999)


def _beta2(value: float) -> Input:
    return _beta("beta2", value, "how much of the old average of the squares each step keeps")


def _rest(name: str) -> Derivation:
    return Derivation(f"rest_{name}", f"1 - {name}", f"1−{name}", f"the share of the newest gradient: 1 - {name}")


BETA = _beta("beta", 0.9, "how much of the old average each step keeps")
BETA1 = _beta("beta1", 0.9, "how much of the old average of the gradients each step keeps")
AVERAGE0 = Input("avg0", 0.0, "avg start", "the averages of the gradients before the first discarded pass")
SQUARE0 = Input(
    "sq0",
    10000.0,
    "sq start",
    "the averages of the squares before the first discarded pass",
    low=1e-9,
    high=1e12,
)
SCALE0 = Input(
    "scale0",
    1e6,
    "best start",
    "the best scale before the first discarded pass: larger than any real one",
    low=1e-9,
    high=1e12,
)
EPS = Input("eps", 1e-8, "eps", "keeps the division finite where the average is 0", low=0.0, high=1.0)


def _average(formula: str, start: str, *, prepared: bool = False) -> Equation:
    about = "moving average of d{e}/d{w}, this step's included"
    return Equation("avg", formula, "avg d{e}/d{w}", about, kind="average", start=start, prepared=prepared)


def _square(formula: str, start: str, *, prepared: bool = False) -> Equation:
    about = "moving average of the square of d{e}/d{w}, this step's included"
    return Equation("sq", formula, "avg (d{e}/d{w})²", about, kind="square", start=start, prepared=prepared)


def _new(formula: str, beside: str = "") -> Equation:
    return Equation("new", formula, "new {w}", "{w} after this step" + beside)


#: how the published forms differ from the textbook's
PUBLISHED = (
    "Momentum, RMSProp and Adam are the published spreadsheet's: no epsilon beside a root, no bias correction of an "
    "average, momentum takes in a share of each derivative, RMSProp divides by the average before the step. PyTorch's "
    "do otherwise, so the same rates give other numbers there; the library has its forms too (torch_adam and so on)."
)
NO_EPSILON = ": the root has no epsilon added, and is of the average before this step, so PyTorch's RMSProp differs"
NO_CORRECTION = ": no epsilon is added and no average corrected for its start, so PyTorch's Adam differs"
NO_SHARE = ": the average takes in a share of each derivative, where PyTorch's momentum takes in all of it"
#: what a learning rate is where a derivative is divided by its own usual size
PER_USUAL = "learning rate: how far a step goes for a derivative of its usual size, whatever that size is"
PER_AVERAGE = "learning rate: how much of the average of the derivatives each step takes off"
PER_ROOT = "learning rate: how far a step goes where the derivatives agree, whatever their size; less where they do not"


def _step(formula: str) -> Equation:
    about = "effective step size of {w}: the learning rate over the root of the average square"
    return Equation("step", formula, "step {w}", about, role="watch", kind="step", small=True)


SGD = Optimizer("sgd", "plain SGD", GRADDESC_XLSX, (_new("w - g*lr"),))

MOMENTUM = Optimizer(
    "momentum",
    "momentum",
    GRADDESC_XLSX,
    (
        _average("prev(avg)*beta + rest_beta*g", "avg0", prepared=True),
        _new("w - avg*lr", NO_SHARE),
    ),
    (BETA, AVERAGE0),
    (_rest("beta"),),
    discarded=1,
    rate=PER_AVERAGE,
)

RMSPROP = Optimizer(
    "rmsprop",
    "RMSProp",
    GRADDESC_XLSX,
    (
        _square("prev(sq)*beta + rest_beta*g**2", "sq0", prepared=True),
        _new("w - g*lr/sqrt(prev(sq))", NO_EPSILON),
        _step("lr/sqrt(prev(sq))"),
    ),
    (BETA, SQUARE0),
    (_rest("beta"),),
    discarded=2,
    rate=PER_USUAL,
)

ADAM = Optimizer(
    "adam",
    "Adam",
    GRADDESC_XLSX,
    (
        _average("prev(avg)*beta1 + rest_beta1*g", "avg0", prepared=True),
        _square("prev(sq)*beta2 + rest_beta2*g**2", "sq0", prepared=True),
        _new("w - avg*lr/sqrt(sq)", NO_CORRECTION),
        _step("lr/sqrt(sq)"),
    ),
    (BETA1, _beta2(0.9), AVERAGE0, SQUARE0),
    (_rest("beta1"), _rest("beta2")),
    discarded=4,
    # the published Reset pastes one pair after the other, and the sheet recalculates between
    passes=(("sq",), ("avg",)),
    rate=PER_ROOT,
)

ADAM_ANNEALED = replace(
    ADAM,
    name="adam_ann",
    title="Adam, annealed",
    equations=(
        *ADAM.equations,
        Equation(
            "scale",
            "sum(sqrt(sq))",
            "scale",
            "size of the gradients: the roots of their average squares, added up",
            role="watch",
        ),
    ),
    inputs=(BETA1, _beta2(0.95), AVERAGE0, SQUARE0, SCALE0),
    summaries=(
        Summary("mean", "sqrt(sumsq(g))/count(g)", "√Σ²/n", "root of the sum of squares over the count"),
        Summary(
            "start_scale",
            "sum(sqrt(start(sq)))",
            "start scale",
            "the gradients' scale at the epoch's start: that of the last row before it",
        ),
        Summary("ratio", "start_scale/best", "ratio", "the scale at the start over the best one"),
        Summary(
            "over_avg",
            "1/start(avg)",
            "inverse",
            "1 over the average that the epoch starts from; nothing uses it",
            only="last",
            small=True,
        ),
        Summary(
            "over_sq",
            "1/start(sq)",
            "inverse",
            "1 over the average square that the epoch starts from; nothing uses it",
            only="first",
            small=True,
        ),
    ),
    memories=(
        Memory(
            "lr",
            "lr",
            "where(last(scale)/best > 2, lr/4, lr)",
            "lr",
            "the last epoch's learning rate, or a quarter of it if its last scale was above twice the best one",
            small=True,
        ),
        Memory(
            "best",
            "scale0",
            "min(last(scale), best)",
            "best scale",
            "the smallest scale at the end of the first discarded pass and of any epoch before",
            prepared=True,
        ),
    ),
    discarded=2,
    # of the published Reset's two passes only the first sets the best scale
    passes=(("avg", "sq", "best"), ("avg", "sq")),
)

CLIPPED = Optimizer(
    "clipped",
    "SGD, gradient clipped",
    PASCANU,
    (
        *CLIPPING,
        _new("w - g*clip*lr"),
    ),
    (LIMIT,),
    rate="learning rate: how much of the derivative, shortened where the gradient is too long, each step takes off",
)

TORCH_MOMENTUM = Optimizer(
    "torch_momentum",
    "SGD with momentum, textbook",
    TORCH,
    (
        Equation("buf", "mu*prev(buf) + g", "buf {w}", "momentum buffer of {w}", kind="buffer", start="0"),
        _new("w - lr*buf"),
    ),
    (_beta("mu", 0.9, "momentum"),),
    rate="learning rate: how much of the momentum buffer each step takes off",
)

TORCH_RMSPROP = Optimizer(
    "torch_rmsprop",
    "RMSProp, textbook",
    TORCH,
    (
        _square("prev(sq)*alpha + (1 - alpha)*g**2", "0"),
        _new("w - lr*g/(sqrt(sq) + eps)"),
    ),
    (_beta("alpha", 0.99, "smoothing"), EPS),
    rate=PER_USUAL,
)

TORCH_ADAM = Optimizer(
    "torch_adam",
    "Adam, textbook",
    TORCH,
    (
        Equation("beta1_t", "prev(beta1_t)*beta1", "beta1^t", "beta1 to the power of the step", start="1"),
        Equation("beta2_t", "prev(beta2_t)*beta2", "beta2^t", "beta2 to the power of the step", start="1"),
        _average("prev(avg)*beta1 + (1 - beta1)*g", "0"),
        _square("prev(sq)*beta2 + (1 - beta2)*g**2", "0"),
        _new("w - lr*(avg/(1 - beta1_t))/(sqrt(sq/(1 - beta2_t)) + eps)"),
    ),
    (BETA1, _beta2(0.999), EPS),
    rate=PER_ROOT,
)

TORCH_NESTEROV = Optimizer(
    "torch_nesterov",
    "SGD with Nesterov momentum, textbook",
    TORCH,
    (
        Equation("buf", "mu*prev(buf) + g", "buf {w}", "momentum buffer of {w}", kind="buffer", start="0"),
        _new("w - lr*(g + mu*buf)"),
    ),
    (_beta("mu", 0.9, "momentum"),),
    rate="learning rate: how much of the derivative and the share of the momentum buffer after it each step takes off",
)

TORCH_ADAGRAD = Optimizer(
    "torch_adagrad",
    "Adagrad, textbook",
    TORCH,
    (
        Equation(
            "added",
            "prev(added) + g**2",
            "Σ (d{e}/d{w})²",
            "the squares of d{e}/d{w} added up, this step's included",
            kind="square",
            start="0",
        ),
        _new("w - lr*g/(sqrt(added) + eps)"),
    ),
    (replace(EPS, value=1e-10),),
    rate=PER_USUAL,
)

TORCH_ADAMW = replace(
    TORCH_ADAM,
    name="torch_adamw",
    title="AdamW, textbook",
    equations=(
        *TORCH_ADAM.equations[:-1],
        _new("w*(1 - lr*decay) - lr*(avg/(1 - beta1_t))/(sqrt(sq/(1 - beta2_t)) + eps)"),
    ),
    inputs=(
        *TORCH_ADAM.inputs,
        Input(
            "decay", 0.01, "decay", "weight decay: the share of a weight, times lr, that it loses", low=0.0, high=1e3
        ),
    ),
)

OPTIMIZERS: Mapping[str, Optimizer] = {
    o.name: o
    for o in (
        SGD,
        MOMENTUM,
        RMSPROP,
        ADAM,
        ADAM_ANNEALED,
        TORCH_MOMENTUM,
        TORCH_RMSPROP,
        CLIPPED,
        TORCH_ADAM,
        TORCH_NESTEROV,
        TORCH_ADAGRAD,
        TORCH_ADAMW,
    )
}
