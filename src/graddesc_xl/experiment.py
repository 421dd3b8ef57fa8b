"""Experiments: the settings of one sheet, and the plan they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from . import losses
from .calculus import gradient, inlined, nudged
from .data import GRADDESC, Dataset
from .errors import SettingError, did_you_mean
from .evaluate import Array
from .expr import Here, Param, Prev
from .models import ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU, Model
from .optimizers import OPTIMIZERS, Optimizer
from .plan import Column, Footer, Input, Plan, Start

#: how an epoch hands its weights to the next one: plain SGD, or as the Run button of graddesc.xlsx did
CARRIES = ("new weights", "last row's weights")
GRADIENTS = ("analytic", "numerical")


@dataclass(frozen=True)
class Experiment:
    """One sheet: a model, an optimizer, data and settings.

    values: defaults of the inputs where they differ from the recipes'. numerical: show the finite-difference
    columns. gradient: which derivatives drive the update. warmup: discarded passes that prepare the
    optimizer's averages; None is the recipe's own number.
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
    warmup: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value, known in (("carry", self.carry, CARRIES), ("gradient", self.gradient, GRADIENTS)):
            if value not in known:
                raise SettingError(f"{name} must be {' or '.join(map(repr, known))}, not {value!r}.")
        for name, number, low in (("epochs", self.epochs, 1), ("warmup", self.warmup, 0)):
            if number is not None and (not isinstance(number, int) or not low <= number <= 100_000):
                raise SettingError(f"{name} must be a whole number from {low} to 100000, not {number!r}.")

    @cached_property
    def plan(self) -> Plan:
        """The columns, starts and footers of this experiment."""
        return make_plan(self)


def make_plan(e: Experiment) -> Plan:
    """Weights, forward pass, error, numerical and analytic derivatives, optimizer: the columns of a sheet."""
    model, optimizer = e.model, e.optimizer
    forward = {**model.forward, "err": losses.SQUARED_ERROR}
    slopes = gradient(forward, "err", model.weights)
    numerical = e.numerical or e.gradient == "numerical"
    columns = [_weight(model, w) for w in model.weights]
    columns += [Column(n, expr, "forward", _TITLES.get(n, n), model.about[n]) for n, expr in model.forward.items()]
    columns.append(Column("err", forward["err"], "error", "err²", "squared error of this sample"))
    if numerical:
        written_out = inlined(forward, "err")
        for w in model.weights:
            nudge = nudged(written_out, w, Param("h"))
            columns.append(
                Column(f"err_{w}", nudge, "numerical", f"err{w}1", f"the squared error if {w} were h larger")
            )
            estimate = (Here(f"err_{w}") - Here("err")) / Param("h")
            columns.append(
                Column(
                    f"est_{w}",
                    estimate,
                    "numerical",
                    f"est de/d{w}",
                    f"de/d{w} estimated by a finite difference",
                )
            )
    columns += [_adjoint(name, expr, slopes.of, model) for name, expr in slopes.columns.items()]
    driver = {w: f"est_{w}" if e.gradient == "numerical" else slopes.of[w] for w in model.weights}
    parts = optimizer.build(list(driver.items()))
    carry = "new_{}" if e.carry == CARRIES[0] else "{}"
    inputs = [
        *(Input(w, 1.0, w, f"where {w} starts before the first step") for w in model.weights),
        Input(
            "lr",
            1e-4,
            "learn",
            "learning rate: how much of the derivative each step takes off",
            low=0.0,
            high=1000.0,
        ),
    ]
    if numerical:
        inputs.append(
            Input("h", 0.01, "h", "how far a weight is nudged to estimate a derivative", low=1e-15, high=10.0)
        )
    return Plan(
        name=e.name,
        inputs=_with_defaults(e, (*inputs, *optimizer.inputs)),
        derived=optimizer.derived,
        columns=(*columns, *parts.columns),
        starts=(*(Start(f"new_{w}", Param(w), carry.format(w)) for w in model.weights), *parts.starts),
        states=parts.states,
        footers=(losses.ERROR, losses.RMSE, *_norms(slopes.of, parts.footers), *parts.footers),
        weights=model.weights,
        epochs=e.epochs,
        warmup=optimizer.warmup if e.warmup is None else e.warmup,
        targets=model.targets,
    )


def _with_defaults(e: Experiment, inputs: Sequence[Input]) -> tuple[Input, ...]:
    names = [i.name for i in inputs]
    for name in e.values:
        if name not in names:
            raise SettingError(f"{e.name} has no setting {name!r}.{did_you_mean(name, names)}")
    return tuple(replace(i, value=e.values.get(i.name, i.value)) for i in inputs)


_TITLES = {"pred": "y_pred"}


def _weight(model: Model, w: str) -> Column:
    return Column(w, Prev(f"new_{w}"), "weight", w, model.about[w])


def _adjoint(name: str, expr: Any, of: Mapping[str, str], model: Model) -> Column:
    shared = [w for w, column in of.items() if column == name]
    title = f"de/d{shared[0]}" if shared else f"de/{name.replace('_', '')}"
    also = f"; the same as de/d{' and de/d'.join(shared[1:])}" if shared[1:] else ""
    return Column(name, expr, "analytic", title, f"exact derivative of the squared error by {title[4:]}{also}")


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
        raise SettingError(f"{value!r} is not a number, or too large for one.") from None
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
            raise SettingError(f"{plan.name} has no setting {given!r}.{did_you_mean(given, known, wanted)}")
        wanted[known[given].name] = value
    return {name: _checked(known[name], value) for name, value in wanted.items()}


def _checked(given: Input, value: Any) -> Array:
    try:
        number = rounded(value)
    except SettingError:
        raise SettingError(f"{given.name} must be a number, as in {given.name}={1e-4:g}, not {value!r}.") from None
    if not number.size:
        raise SettingError(f"{given.name} is an empty sequence: a batch needs at least one number.")
    if not np.all((number >= given.low) & (number <= given.high)):
        raise SettingError(f"{given.name}={value} is out of range: it must be from {given.low:g} to {given.high:g}.")
    return number


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
    """An experiment of the forum thread: plain SGD driven by numerical derivatives, exact ones beside them."""
    return Experiment(name, model.title, about, OPTIMIZERS["sgd"], model=model, gradient=GRADIENTS[1])


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
        ),
        _mirrored(
            "rmsprop",
            "RMSProp",
            "Each weight's step is divided by the usual size of its own derivative.",
            0.02,
        ),
        _mirrored("adam", "Adam", "Momentum's average divided by RMSProp's root: both ideas at once.", 1.0),
        _mirrored(
            "adam_ann",
            "Adam, annealed",
            "Adam whose learning rate is quartered when the derivatives grow again.",
            1.0,
        ),
        _thread("basic SGD 1 neuron", ONE_NEURON, "Just under its speed limit: the same rate as in the next two."),
        _thread(
            "basic SGD 2 neuron collapse", TWO_NEURONS, "Two stacked neurons are one line, but over their speed limit."
        ),
        _thread(
            "basic SGD 2 neuron ReLU", TWO_NEURONS_RELU, "An overshoot leaves the ReLU dead: only the last bias learns."
        ),
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
        raise SettingError(f"An experiment or the name of one is wanted, not {name!r}.")
    elif name in EXPERIMENTS:
        found = EXPERIMENTS[name]
    else:
        raise SettingError(f"There is no experiment {name!r}.{did_you_mean(name, EXPERIMENTS)}")
    new = {name: value for name, value in changes.items() if getattr(found, name, None) != value}
    return replace(found, **new) if new else found
