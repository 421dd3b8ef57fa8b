"""Experiments: the settings of one sheet, and the plan they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from . import losses
from .calculus import gradient, inlined, nudged, same
from .data import GRADDESC, Dataset
from .errors import SettingError, cut, did_you_mean, shown
from .evaluate import Array
from .expr import Data, Expr, Here, Param, Prev, substitute, where
from .models import ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model
from .optimizers import OPTIMIZERS, Optimizer
from .plan import Column, Footer, Input, Plan, Start

#: how an epoch hands its weights to the next one: plain SGD, or as the Run button of graddesc.xlsx did
CARRIES = ("new weights", "last row's weights")
#: which derivatives drive the update; `switch` leaves it to an input
GRADIENTS = ("analytic", "numerical", "switch")
#: what an experiment may divide by an input before it learns from it
SCALED: tuple[tuple[str, ...], ...] = ((), ("x",), ("x", "y"))


@dataclass(frozen=True)
class Experiment:
    """One sheet: a model, an optimizer, data and settings.

    values: defaults of the inputs where they differ from the recipes'. numerical: show the finite-difference
    columns. gradient: which derivatives drive the update. scaled: what is divided by an input before the model
    sees it. warmup: discarded passes that prepare the optimizer's averages; None is the recipe's own number.
    spelled: column -> the same expression written otherwise, as a published sheet has it.
    """

    name: str
    title: str
    about: str
    optimizer: Optimizer
    model: Model = ONE_NEURON
    data: Dataset = GRADDESC
    epochs: int = 10
    carry: str = CARRIES[0]
    gradient: str = GRADIENTS[0]
    numerical: bool = False
    scaled: tuple[str, ...] = ()
    warmup: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    spelled: Mapping[str, Expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fixed: tuple[tuple[str, object, tuple[object, ...]], ...] = (
            ("carry", self.carry, CARRIES),
            ("gradient", self.gradient, GRADIENTS),
            ("scaled", self.scaled, SCALED),
        )
        for name, value, known in fixed:
            if value not in known:
                raise SettingError(f"{name} must be {' or '.join(map(repr, known))}, not {shown(value)}.")
        for name, number, low in (("epochs", self.epochs, 1), ("warmup", self.warmup, 0)):
            if number is not None and (not isinstance(number, int) or not low <= number <= 100_000):
                raise SettingError(f"{name} must be a whole number from {low} to 100000, not {shown(number)}.")

    @cached_property
    def plan(self) -> Plan:
        """The columns, starts and footers of this experiment."""
        return make_plan(self)


def make_plan(e: Experiment) -> Plan:
    """Weights, forward pass, error, numerical and analytic derivatives, optimizer: the columns of a sheet."""
    model, optimizer = e.model, e.optimizer
    numerical = e.numerical or e.gradient != "analytic"
    loss = "loss" if "y" in e.scaled else "err"
    forward = {name: _scaled(expr, e) for name, expr in {**model.forward, loss: losses.SQUARED_ERROR}.items()}
    slopes = gradient(forward, loss, model.weights)
    columns = [_weight(model, w) for w in model.weights]
    columns += [Column(n, expr, "watch", _TITLES.get(n, n), model.about[n]) for n, expr in model.watch.items()]
    columns += [Column(_SCALED[s], Data(s) / Param(f"scale_{s}"), "data", _SCALED[s], f"{s}, scaled") for s in e.scaled]
    columns += [Column(n, forward[n], "forward", _TITLES.get(n, n), model.about[n]) for n in model.forward]
    if loss == "err":
        columns.append(Column("err", forward["err"], "error", "err²", "squared error of this sample"))
    else:
        columns.append(Column("loss", forward["loss"], "error", "loss", "squared error of the scaled sample"))
        back = Here("loss") * Param("scale_y") ** 2
        columns.append(Column("err", back, "error", "err²", "squared error of this sample, in the units of y"))
    estimates = _estimates(forward, loss, model.weights) if numerical else {}
    drivers = {w: f"est_{w}" if e.gradient == "numerical" else slopes.of[w] for w in model.weights}
    for name, expr in slopes.columns.items():
        weights = [w for w in model.weights if slopes.of[w] == name]
        columns += [column for w in weights for column in estimates.get(w, ())]
        columns.append(_adjoint(name, _spelled(name, expr, forward, e), slopes.by[name], weights))
        if e.gradient != "analytic":
            columns += [_gap(w, name) for w in weights]
        if e.gradient == "switch":
            columns += [_chosen(w, name) for w in weights]
            drivers |= {w: f"used_{w}" for w in weights}
    parts = optimizer.build(list(drivers.items()))
    carry = "new_{}" if e.carry == CARRIES[0] else "{}"
    return Plan(
        name=e.name,
        inputs=_inputs(e, numerical=numerical),
        derived=optimizer.derived,
        columns=(*columns, *parts.columns),
        starts=(*(Start(f"new_{w}", Param(w), carry.format(w)) for w in model.weights), *parts.starts),
        states=parts.states,
        footers=(losses.ERROR, losses.RMSE, *_norms(slopes.of, parts.footers), *parts.footers),
        weights=model.weights,
        epochs=e.epochs,
        warmup=optimizer.warmup if e.warmup is None else e.warmup,
        hands_on=parts.hands_on,
        targets=model.targets,
        gates=model.gates,
        charted=model.charted or model.weights[-1],
    )


def _inputs(e: Experiment, *, numerical: bool) -> tuple[Input, ...]:
    inputs = [Input(w, 1.0, w, f"where {w} starts before the first step") for w in e.model.weights]
    inputs.append(LEARN)
    if numerical:
        inputs.append(H)
    if e.gradient == "switch":
        inputs.append(SWITCH)
    for s in e.scaled:
        about = f"what {s} is divided by before the model sees it"
        inputs.append(Input(f"scale_{s}", 50.0, f"{s} scale", about, low=1e-3, high=1e6))
    return _with_defaults(e, (*inputs, *e.optimizer.inputs))


def _scaled(expr: Expr, e: Experiment) -> Expr:
    """The expression with scaled samples where the experiment wants them."""
    return substitute(
        expr, lambda leaf: Here(_SCALED[leaf.name]) if isinstance(leaf, Data) and leaf.name in e.scaled else leaf
    )


def _estimates(forward: Mapping[str, Expr], loss: str, weights: Sequence[str]) -> dict[str, tuple[Column, Column]]:
    """Per weight the error with the weight nudged, and the finite difference."""
    written_out = inlined(forward, loss)
    columns = {}
    for w in weights:
        nudge = nudged(written_out, w, Param("h"))
        estimate = (Here(f"err_{w}") - Here(loss)) / Param("h")
        about = f"de/d{w} estimated by a finite difference"
        columns[w] = (
            Column(f"err_{w}", nudge, "numerical", f"err{w}1", f"the squared error if {w} were h larger", of=(w,)),
            Column(f"est_{w}", estimate, "numerical", f"est de/d{w}", about, of=(w,), kind="estimate"),
        )
    return columns


def _gap(w: str, exact: str) -> Column:
    about = f"how far the estimate of de/d{w} is from the exact derivative"
    return Column(f"gap_{w}", Here(f"est_{w}") - Here(exact), "watch", f"est − de/d{w}", about, small=True, of=(w,))


def _chosen(w: str, exact: str) -> Column:
    chosen = where(Param("estimates"), Here(f"est_{w}"), Here(exact))
    about = f"the derivative by {w} that drives the update, as the switch says"
    return Column(f"used_{w}", chosen, "state", f"used de/d{w}", about, of=(w,), kind="used")


def _with_defaults(e: Experiment, inputs: Sequence[Input]) -> tuple[Input, ...]:
    names = [i.name for i in inputs]
    for name in e.values:
        if name not in names:
            raise SettingError(f"{e.name} has no setting {shown(name)}.{did_you_mean(name, names)}")
    return tuple(replace(i, value=e.values.get(i.name, i.value)) for i in inputs)


LEARN = Input(
    "lr", 1e-4, "learn", "learning rate: how much of the derivative each step takes off", low=0.0, high=1000.0
)
H = Input("h", 0.01, "h", "how far a weight is nudged to estimate a derivative", low=1e-15, high=10.0)
SWITCH = Input(
    "estimates",
    1.0,
    "driven by",
    "which derivatives drive the update: 1 the numerical estimates, 0 the exact ones",
    low=0.0,
    high=1.0,
    choices={1.0: "estimates", 0.0: "exact ones"},
)
_TITLES = {"h": "hid", "pred": "y_pred", "slope": "slope", "intercept": "intercept"}
_SCALED = {"x": "x_scaled", "y": "y_scaled"}


def _weight(model: Model, w: str) -> Column:
    return Column(w, Prev(f"new_{w}"), "weight", w, model.about[w], of=(w,))


def _spelled(name: str, expr: Expr, forward: Mapping[str, Expr], e: Experiment) -> Expr:
    """An expression as the experiment spells it, if that is the same, with forward columns written out or not."""
    spelled = e.spelled.get(name, expr)
    return spelled if same(inlined({**forward, name: expr}, name), spelled) else expr


def _adjoint(name: str, expr: Expr, by: str, weights: Sequence[str]) -> Column:
    """The column of an exact derivative. by: what by; weights: all whose derivative it is."""
    also = f"; the same as de/d{' and de/d'.join(weights[1:])}" if weights[1:] else ""
    about = f"exact derivative of the squared error by {by}{also}"
    return Column(name, expr, "analytic", f"de/d{by}", about, of=tuple(weights))


def _norms(of: Mapping[str, str], taken: Sequence[Footer]) -> list[Footer]:
    """The norm of each gradient over the epoch, unless the optimizer's own footers stand there."""
    if taken:
        return []
    return [losses.norm(f"norm_{w}", column, f"de/d{w}") for w, column in of.items()]


#: Settings as given by a caller: a number, or a sequence of numbers for a batch of runs.
Settings = Mapping[str, float | Sequence[float] | Array]


def rounded(value: float | Sequence[float] | Array) -> Array:
    """Inputs at 15 significant digits, the precision that a spreadsheet file keeps of a number.

    Raises SettingError for what is no number or no double can hold.
    """
    try:
        flat = [float(f"{v:.15g}") for v in np.ravel(np.asarray(value, dtype=float))]
    except (TypeError, ValueError, OverflowError):
        raise SettingError(f"{shown(value)} is not a number, or too large for one.") from None
    return np.array(flat).reshape(np.shape(value))


def resolve(plan: Plan, settings: Settings) -> dict[str, Array]:
    """All inputs of a plan with the given ones replaced; checked, at 15 digits.

    settings: input name or label -> number (or a sequence of them, one per run).
    Raises SettingError for a name that is unknown and a value that is out of range.
    """
    known = {i.label: i for i in plan.inputs} | {i.name: i for i in plan.inputs}
    wanted: dict[str, Any] = {i.name: i.value for i in plan.inputs}
    for given, value in settings.items():
        if given not in known:
            raise SettingError(f"{plan.name} has no setting {shown(given)}.{did_you_mean(given, known, wanted)}")
        wanted[known[given].name] = value
    return {name: _checked(known[name], value) for name, value in wanted.items()}


def _checked(given: Input, value: Any) -> Array:
    try:
        number = rounded(value)
    except SettingError:
        raise SettingError(f"{given.name} must be a number, as in {given.name}={1e-4:g}, not {shown(value)}.") from None
    if not number.size:
        raise SettingError(f"{given.name} is an empty sequence: a batch needs at least one number.")
    if given.choices and not np.all(np.isin(number, list(given.choices))):
        meanings = " or ".join(f"{choice:g} ({meaning})" for choice, meaning in given.choices.items())
        raise SettingError(f"{given.name}={cut(str(value))} is no choice: it must be {meanings}.")
    if not np.all((number >= given.low) & (number <= given.high)):
        wanted = f"it must be from {given.low:g} to {given.high:g}"
        raise SettingError(f"{given.name}={cut(str(value))} is out of range: {wanted}.")
    return number


#: de/db as the published sheets with averages have it: the prediction is written out
_WRITTEN_OUT: Mapping[str, Expr] = {"d_b": 2 * (Here("a") * Data("x") + Here("b") - Data("y"))}


def _mirrored(name: str, title: str, about: str, lr: float, **more: Any) -> Experiment:
    return Experiment(
        name,
        title,
        about,
        OPTIMIZERS[name if name in OPTIMIZERS else "sgd"],
        carry=CARRIES[1],
        values={"lr": lr},
        **more,
    )


def _thread(name: str, model: Model, about: str) -> Experiment:
    """An experiment of the forum thread: plain SGD with numerical and exact derivatives and a switch between them."""
    return Experiment(name, model.title, about, OPTIMIZERS["sgd"], model=model, gradient="switch")


def _averaged(optimizer: str, kind: str, model: Model, lr: float, about: str) -> Experiment:
    """An optimizer with averages on two neurons, these starting at their cells: no pass is discarded."""
    name = f"{optimizer} 2 neuron {kind}"
    title = f"{OPTIMIZERS[optimizer].title}, {model.title}"
    return Experiment(name, title, about, OPTIMIZERS[optimizer], model=model, warmup=0, values={"lr": lr})


#: Every experiment by name: those of the published spreadsheet, then those with a second neuron.
EXPERIMENTS: Mapping[str, Experiment] = {
    e.name: e
    for e in (
        _mirrored(
            "basic",
            "plain SGD",
            "One neuron, one sample a step: the derivative, numerical and exact, moves the weights.",
            1e-4,
            numerical=True,
        ),
        _mirrored(
            "momentum",
            "momentum",
            "The step follows a moving average of the derivatives, so it keeps its direction.",
            1e-4,
            spelled=_WRITTEN_OUT,
        ),
        _mirrored(
            "rmsprop",
            "RMSProp",
            "Each weight's step is divided by the usual size of its own derivative.",
            0.02,
            spelled=_WRITTEN_OUT,
        ),
        _mirrored(
            "adam",
            "Adam",
            "Momentum's average divided by RMSProp's root: both ideas at once.",
            1.0,
            spelled=_WRITTEN_OUT,
        ),
        _mirrored(
            "adam_ann",
            "Adam, annealed",
            "Adam whose learning rate is quartered when the derivatives grow again.",
            1.0,
            spelled=_WRITTEN_OUT,
        ),
        _thread("basic SGD 1 neuron", ONE_NEURON, "Just under its speed limit: the same rate as in the next two."),
        _thread(
            "basic SGD 2 neuron collapse", TWO_NEURONS, "Two stacked neurons are one line, but over their speed limit."
        ),
        _thread(
            "basic SGD 2 neuron ReLU", TWO_NEURONS_RELU, "An overshoot leaves the ReLU dead: only the last bias learns."
        ),
        _averaged("momentum", "collapse", TWO_NEURONS, 1e-5, "Momentum at a rate where two neurons train."),
        _averaged(
            "momentum",
            "ReLU",
            TWO_NEURONS_RELU,
            1e-5,
            "Momentum with the ReLU, which never closes.",
        ),
        _averaged("adam", "collapse", TWO_NEURONS, 0.1, "Adam at a rate where two neurons train: each weight its own."),
        _averaged("adam", "ReLU", TWO_NEURONS_RELU, 0.1, "Adam with the ReLU, which never closes."),
    )
}


def experiment(name: str | Experiment, **changes: Any) -> Experiment:
    """The experiment of that name, with fields changed.

    >>> experiment("basic", epochs=3).plan.epochs
    3
    >>> experiment("bacis")
    Traceback (most recent call last):
    graddesc_xl.errors.SettingError: There is no experiment 'bacis'. Did you mean basic?
    """
    if isinstance(name, Experiment):
        found = name
    elif not isinstance(name, str):
        raise SettingError(f"An experiment or the name of one is wanted, not {shown(name)}.")
    elif name in EXPERIMENTS:
        found = EXPERIMENTS[name]
    else:
        raise SettingError(f"There is no experiment {shown(name)}.{did_you_mean(name, EXPERIMENTS)}")
    new = {name: value for name, value in changes.items() if getattr(found, name, None) != value}
    return replace(found, **new) if new else found
