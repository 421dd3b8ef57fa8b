"""Experiments: the settings of one sheet, and the plan they make."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from .errors import GraddescWarning, PlanError, SettingError, cut, did_you_mean, shown
from .language.calculus import Gradient, bound, gradient, inlined, nudged, same
from .language.expr import Data, Expr, Here, Param, Prev, substitute, where
from .language.parse import parse
from .mirror import Mirror
from .notebook import counted, line, settings
from .numbers.engine import run_plan
from .numbers.trace import Trace
from .parts import batches, losses
from .parts.batches import batched
from .parts.data import GRADDESC, Dataset
from .parts.equations import Optimizer
from .parts.losses import LOSS, LOSSES, SQUARED, SQUARED_ERROR, Loss
from .parts.models import MODELS, ONE_NEURON, PREDICTION, Model
from .parts.optimizers import OPTIMIZERS
from .parts.scaling import Scaling, divided, standard
from .parts.schedules import CONSTANT, RATE, SCHEDULES, Schedule
from .parts.starting import DRAWN, GIVEN, starts
from .plan import LONGEST, ORDER, PREDICTED, Column, Footer, Input, Plan, Start, shuffled, width
from .settings import BUDGET, Numbers, Settings

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from .sweeps import Best, Over, Ranges, Sweep

T = TypeVar("T")

#: how an epoch hands its weights to the next one: plain SGD, or as the Run button of graddesc.xlsx did
CARRIES = ("new weights", "last row's weights")
#: of an experiment's batch: all rows of an epoch
ALL = "all"
#: which derivatives drive the update; `switch` leaves it to an input
GRADIENTS = ("analytic", "numerical", "switch")


@dataclass(frozen=True)
class Experiment:
    """One sheet: a model, an optimizer, data and settings.

    title: what it shows, in a few words. about: one sentence on it. optimizer, model: or the name of a shipped one.
    values: defaults of the inputs where they differ from the recipes'. numerical: show the finite-difference
    columns. gradient: which derivatives drive the update. scaled: what is divided by an input before the model
    sees it. discarded: passes over the data before the first epoch, whose weights are
    thrown away: they only fill the optimizer's averages; None is the optimizer's own number.
    spelled: column -> the same formula written otherwise, as a published sheet has it.
    mirror: the addresses of that sheet. loss, schedule: what derivatives are of, and how the learning rate goes from
    step to step, or the name of a shipped one. batch: how many rows share a step, or `all` of an epoch. start: where
    weights start, if not where the model says: a number, or how they are drawn. shuffled: whether each epoch
    sees the samples in another order. seed: what weights and orders are drawn by.
    """

    name: str
    title: str = ""
    about: str = ""
    optimizer: Optimizer = OPTIMIZERS["sgd"]
    model: Model = ONE_NEURON
    data: Dataset = GRADDESC
    epochs: int = 10
    carry: str = CARRIES[0]
    gradient: str = GRADIENTS[0]
    numerical: bool = False
    scaled: tuple[str, ...] = ()
    discarded: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)
    mirror: Mirror | None = None
    loss: Loss = SQUARED
    schedule: Schedule = CONSTANT
    batch: int | str = 1
    start: float | str = GIVEN
    shuffled: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        for what, text in (("name", self.name), ("title", self.title), ("about", self.about)):
            if not isinstance(text, str):
                raise SettingError(f"The {what} of an experiment is a text, not {shown(text)}.")
        object.__setattr__(self, "model", _named("model", self.model, MODELS))
        object.__setattr__(self, "optimizer", _named("optimizer", self.optimizer, OPTIMIZERS))
        object.__setattr__(self, "loss", _named("loss", self.loss, LOSSES))
        object.__setattr__(self, "schedule", _named("schedule", self.schedule, SCHEDULES))
        parts: tuple[tuple[str, object, type], ...] = (
            ("model", self.model, Model),
            ("optimizer", self.optimizer, Optimizer),
            ("data set", self.data, Dataset),
            ("loss", self.loss, Loss),
            ("schedule", self.schedule, Schedule),
        )
        for what, part, kind in parts:
            if not isinstance(part, kind):
                raise SettingError(f"The {what} of an experiment is a {kind.__name__}, not {shown(part)}.")
        object.__setattr__(self, "model", self.model.on(self.data))
        fixed: tuple[tuple[str, object, tuple[object, ...]], ...] = (
            ("carry", self.carry, CARRIES),
            ("gradient", self.gradient, GRADIENTS),
        )
        for name, value, known in fixed:
            if value not in known:
                raise SettingError(f"{name} must be {' or '.join(map(repr, known))}, not {shown(value)}.")
        for name in self.model.inputs:
            if name not in self.data.inputs:
                raise SettingError(
                    f"{self.model.name} needs the input {name!r}, which {self.data.name} does not have."
                    f"{did_you_mean(name, self.data.inputs)}"
                )
        known = self.data.names
        if not isinstance(self.scaled, tuple) or len({*self.scaled} & {*known}) != len(self.scaled):
            columns = ", ".join(known)
            example = f"as in ({known[0]!r},)"
            raise SettingError(
                f"scaled must be names of columns ({columns}), each once, {example}, not {shown(self.scaled)}."
            )
        if self.scaled and self.data.scale:
            raise SettingError(
                f"{self.data.name} is scaled by {self.data.scale} already: leave scaled out, or the scale of the data."
            )
        whole = isinstance(self.batch, int) and not isinstance(self.batch, bool)
        if self.batch != ALL and not (whole and 1 <= int(self.batch) <= len(self.data)):
            raise SettingError(
                f"batch must be a whole number from 1 to the {len(self.data)} samples, or 'all', not "
                f"{shown(self.batch)}."
            )
        if isinstance(self.start, str) and self.start not in (GIVEN, *DRAWN):
            raise SettingError(f"Weights cannot start {shown(self.start)}.{did_you_mean(self.start, (GIVEN, *DRAWN))}")
        if not self.schedule.stays and self.optimizer.anneals:
            raise SettingError(
                f"{self.optimizer.title} changes the learning rate by itself: take the schedule 'constant' with it."
            )
        for name, number, low in (("epochs", self.epochs, 1), ("discarded", self.discarded, 0), ("seed", self.seed, 0)):
            if number is not None and (not isinstance(number, int) or not low <= number <= 100_000):
                raise SettingError(f"{name} must be a whole number from {low} to 100000, not {shown(number)}.")

    def __repr__(self) -> str:
        return line(
            *(self, self.name, f"{cut(self.model.title, 60)} on {self.data.name}", self.optimizer.title),
            *(f"lr {self.values.get('lr', LEARN.value):g}", "" if self.loss == SQUARED else self.loss.title),
            *("" if self.rows == 1 else f"batch {self.batch}", "" if self.schedule.stays else self.schedule.name),
            *("shuffled" * self.shuffled, counted(self.epochs, "epoch")),
        )

    def _repr_html_(self) -> str:
        inputs = {i.name: f"{i.value:g}" for i in self.inputs}
        drawn = f"{self.start}{f', by the seed {self.seed}' if self.start in DRAWN else ''}"
        parts = {"data": self.data, "optimizer": self.optimizer.title, "loss": self.loss.title}
        parts["schedule"] = self.schedule.title
        steps = f"{self.steps} of {counted(self.rows, 'row')}"
        order = f"shuffled by the seed {self.seed}" if self.shuffled else ""
        told = {"epochs": self.epochs, "steps an epoch": steps, "order": order, "weights start": drawn}
        return settings(self, {"title": self.title, **self.model.lines, **parts, **told, **inputs})

    @property
    def passes(self) -> int:
        """How many discarded passes prepare the optimizer's averages."""
        return self.optimizer.discarded if self.discarded is None else self.discarded

    @property
    def estimates(self) -> bool:
        """Whether it has columns of numerical derivatives."""
        return self.numerical or self.gradient != GRADIENTS[0]

    @property
    def rows(self) -> int:
        """How many rows share a step."""
        return len(self.data) if isinstance(self.batch, str) else self.batch

    @property
    def drawn(self) -> tuple[str, ...]:
        """The weights that start where the seed put them."""
        given = {*self.model.starts, *self.values}
        return tuple(w for w in self.model.weights if w not in given) if self.start in DRAWN else ()

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return -(-len(self.data) // self.rows)

    @cached_property
    def scalings(self) -> Mapping[str, Scaling]:
        """How each column that is scaled is scaled: all, as the data want it, or those that the experiment divides."""
        if not self.data.scale:
            return {name: divided(name) for name in self.scaled}
        names = [*self.data.inputs, *([] if self.loss.labels else [self.data.target])]
        return {name: standard(self.data.scale, name) for name in names}

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """Its input cells, at its own values."""
        return _inputs(self)

    @cached_property
    def plan(self) -> Plan:
        """The columns, starts and footers of this experiment."""
        return make_plan(self)

    def run(
        self,
        settings: Settings | None = None,
        *,
        epochs: int | None = None,
        starts: Mapping[str, float] | None = None,
        lr: float | Sequence[float] | None = None,
    ) -> Trace:
        """Run it and keep every number of every step.

        settings: inputs by name, as in {"lr": 0.1}; a sequence of numbers makes a batch, one run per number. epochs:
        passes over the data, if not its own. starts: column -> what the first epoch starts it from. lr: one of the
        settings.

        >>> round(float(Experiment("line").run({"lr": 1e-5}, epochs=2).errors[-1]), 2)
        99.33
        """
        e = self if epochs is None else replace(self, epochs=epochs)
        rate = {} if lr is None else {LEARN.name: lr}
        return run_plan(e.plan, e.data, {**(settings or {}), **rate}, starts or {})

    def sweep(
        self,
        over: Over = (),
        *,
        settings: Settings | None = None,
        epochs: int | None = None,
        by_epoch: bool = False,
        executor: Executor | None = None,
        workers: int | None = None,
        dask: str | None = None,
        chunk: int | None = None,
        resume: str | Path | None = None,
        progress: Callable[[str], None] = lambda _: None,
        **axes: Numbers,
    ) -> Sweep:
        """Run it at every point of a grid, and keep of each run what became of it.

        over, axes: input -> the values that it takes, as in lr=np.geomspace(1e-6, 1e-1, 200). settings: inputs that all
        runs share. epochs: passes over the data, if not its own. by_epoch: keep the error of every epoch, too.

        Who computes: any executor (of `concurrent.futures`, Dask, Ray, ...); or so many worker processes, of which
        there are never more than cores; or the workers of a Dask scheduler, by its address. If none is given this
        process does, and where that takes long, as many as there are cores. chunk: runs that are computed at a time.
        The result depends on none of these, to the last bit. resume: a folder, or a file that has one beside it, where
        chunks are kept as they are done; what is there of the very same sweep is not computed again.

        >>> swept = Experiment("line").sweep(lr=[1e-5, 1e-4, 1e-3], a=[0.0, 1.0], epochs=2)
        >>> swept.shape, str(swept.verdict(2, 0)), swept.best
        ((3, 2), 'exploded at step 26', (0, 1))
        """
        from .sweeps import axes_of, sweep_plan

        e = self if epochs is None else replace(self, epochs=epochs)
        return sweep_plan(
            e.plan,
            e.data,
            axes_of(over, **axes),
            settings,
            by_epoch=by_epoch,
            executor=executor,
            workers=workers,
            dask=dask,
            chunk=chunk,
            resume=resume,
            progress=progress,
        )

    def best(
        self,
        over: Ranges | None = None,
        *,
        budget: int = BUDGET,
        epochs: int | None = None,
        settings: Settings | None = None,
        progress: Callable[[str], None] = lambda _: None,
        **ranges: str | Numbers,
    ) -> Best:
        """Search for its best run: the lowest error of the last epoch, or of the samples held out where there are some.

        over, ranges: what to search: input -> its range, as in lr="1e-6..1:log", or values to choose from; the learning
        rate if left out. budget: how many runs there may be. epochs: passes over the data, if not its own. settings:
        inputs that all runs share. A run that explodes, or that rounding noise drives, is never the best.

        >>> found = Experiment("line").best(lr="1e-6..1e-2:log", budget=400)
        >>> round(found.inputs["lr"], 7), round(found.error, 2), str(found.verdict)
        (3.5e-06, 85.45, 'learning')
        """
        from .sweeps import Range, best_plan, looked_for

        e = self if epochs is None else replace(self, epochs=epochs)
        given = [] if over is None else looked_for(e.plan, over)
        given += looked_for(e.plan, ranges) if ranges else []
        given = given or [Range(LEARN.name, *RATES, log=True)]
        return best_plan(e.plan, e.data, given, settings, budget=budget, progress=progress)

    def with_(
        self,
        *,
        name: str = "",
        lr: float | None = None,
        values: Mapping[str, float] | None = None,
        model: Model | str | None = None,
        data: Dataset | None = None,
        optimizer: Optimizer | str | None = None,
        loss: Loss | str | None = None,
        schedule: Schedule | str | None = None,
        batch: int | str | None = None,
        epochs: int | None = None,
        start: float | str | None = None,
        seed: int | None = None,
        shuffled: bool | None = None,
        gradient: str | None = None,
        numerical: bool | None = None,
        carry: str | None = None,
        title: str = "",
        about: str | None = None,
    ) -> Experiment:
        """The same with changes, and a name that says which.

        name: of its sheet, if another one is wanted. values: inputs by name; lr is one of them. title: made anew from
        model and optimizer, if it was made from them. Everything else is a field, as `Experiment` says.
        Raises SettingError for what does not go together.

        >>> Experiment("line").with_(lr=0.01, epochs=3).name
        'line, lr 0.01, 3 epochs'
        """
        numbers = {**({} if lr is None else {"lr": lr}), **(values or {})}
        fields: dict[str, object] = {
            "model": model,
            "data": data,
            "optimizer": optimizer,
            "loss": loss,
            "schedule": schedule,
            "batch": batch,
            "epochs": epochs,
            "start": start,
            "seed": seed,
            "shuffled": shuffled,
            "gradient": gradient,
            "numerical": numerical,
            "carry": carry,
        }
        changed = {field: value for field, value in fields.items() if value is not None}
        said = [f"{label} {value:g}" for label, value in numbers.items()]
        said += [_change(field, value) for field, value in changed.items()]
        called = name or cut_short(", ".join((self.name, *said)), LONGEST)
        made = replace(self, name=called, values={**self.values, **numbers}, **changed)  # type: ignore[arg-type]  # checked there
        titled = title or (_title(made) if self.title == _title(self) else self.title)
        return replace(made, title=titled, about=self.about if about is None else about)


def experiment(
    model: Model | str,
    data: Dataset,
    *,
    optimizer: Optimizer | str = "sgd",
    lr: float = 0.01,
    epochs: int = 10,
    batch: int | str = 1,
    loss: Loss | str = SQUARED,
    schedule: Schedule | str = CONSTANT,
    start: float | str = GIVEN,
    shuffled: bool = False,
    seed: int = 1,
    gradient: str = GRADIENTS[0],
    numerical: bool = False,
    values: Mapping[str, float] | None = None,
    name: str = "",
    title: str = "",
    about: str = "",
) -> Experiment:
    """An experiment: a model that learns from data.

    model: a model, the name of a shipped one, or its lines as text. data: from `data(...)`. optimizer, loss, schedule:
    one, or the name of a shipped one, or its equations as text. lr: the learning rate. batch: how many rows share a
    step, or `all`. start: where weights start, if not where the model says: a number, or `he`, `xavier`, `normal`,
    `uniform`, drawn by the seed. shuffled: whether each epoch sees the samples in another order, drawn by the seed.
    gradient: which derivatives drive the steps, `analytic` or `numerical`; numerical:
    show those as well. values: further inputs by name. name: of its sheet, the optimizer's if left out.

    >>> e = experiment("a*x + b", GRADDESC, lr=1e-5)
    >>> round(float(e.run().errors[-1]), 2)
    86.27
    """
    from .parts import writing

    def written(given: T | str, read: Callable[[str], T]) -> T | str:
        return read(given) if isinstance(given, str) and not given.isidentifier() else given

    made = written(optimizer, writing.optimizer)
    called = name or (made if isinstance(made, str) else made.name)
    found = Experiment(
        called,
        title,
        about,
        optimizer=made,  # type: ignore[arg-type]  # a name is taken
        model=written(model, writing.model),  # type: ignore[arg-type]
        data=data,
        epochs=epochs,
        gradient=gradient,
        numerical=numerical,
        values={"lr": lr, **(values or {})},
        loss=written(loss, writing.loss),  # type: ignore[arg-type]
        schedule=schedule,  # type: ignore[arg-type]
        batch=batch,
        start=start,
        shuffled=shuffled,
        seed=seed,
    )
    idle = found.model.idle(data) if found.model.free else ()
    if idle:
        said = f"{found.model.name} does not use {', '.join(idle)} of {data.name}."
        warnings.warn(said, GraddescWarning, stacklevel=2)
    return replace(found, title=title or _title(found))


def _title(e: Experiment) -> str:
    """What an experiment shows, where nobody says it."""
    return f"{e.model.title}, {e.optimizer.title}"


def _change(field: str, value: object) -> str:
    """A change in a few words."""
    if field == "epochs":
        return f"{value} epochs"
    said = getattr(value, "name", value)
    return str(said) if field in ("model", "optimizer", "data", "carry") else f"{field} {said}"


def cut_short(text: str, most: int) -> str:
    """A text of at most so many characters: of a longer one the end, where changes are told."""
    if width(text) <= most:
        return text
    while width(text) > most:
        text = text[1:]
    return text.split(" ", 1)[-1]


def _named(what: str, given: object, known: Mapping[str, object]) -> object:
    """What is given, or the shipped one of that name."""
    if not isinstance(given, str):
        return given
    if given not in known:
        called = losses.CALLED.get(given.lower()) if known is LOSSES else None
        hint = f" Here it is called {called}." if called else did_you_mean(given, known)
        raise SettingError(f"There is no {what} {shown(given)}.{hint}")
    return known[given]


def make_plan(e: Experiment) -> Plan:
    """Weights, forward pass, loss, numerical and analytic derivatives, batch, rate, optimizer: a sheet's columns."""
    model, optimizer, symbol = e.model, e.schedule.anneal(e.optimizer), e.loss.symbol
    forward, loss = _forward(e)
    slopes = gradient(forward, loss, model.weights)
    columns = [*_before(e), *_passed(e, forward), *_losses(e, forward)]
    derived, drivers = _derivatives(e, forward, loss, slopes)
    columns += derived
    batch = batched(drivers, {c.name: c.title for c in derived}, len(e.data)) if e.rows > 1 else None
    rates, counted = e.schedule.columns(batch.moved if batch else None)
    parts = optimizer.build(
        list((batch.of if batch else drivers).items()),
        rate=Here(RATE) if e.schedule.formula else None,
        steps=batch.steps if batch else None,
        symbol=symbol,
    )
    columns += [*(batch.columns if batch else ()), *rates, *parts.columns]
    carry = "new_{}" if e.carry == CARRIES[0] else "{}"
    labels = e.mirror.labels if e.mirror else {}
    _own_names(e, [c.name for c in columns])
    return Plan(
        name=e.name,
        inputs=e.inputs,
        derived=(*(cell for by in e.scalings.values() for cell in by.cells), *optimizer.cells),
        columns=tuple(columns),
        starts=(
            *(Start(f"new_{w}", Param(w), carry.format(w)) for w in model.weights),
            *(batch.starts if batch else ()),
            *counted,
            *parts.starts,
        ),
        states=tuple(replace(s, title=labels.get(s.name, s.title)) for s in parts.states),
        footers=(*losses.totals(e.loss), *_norms(slopes.of, parts.footers, symbol), *parts.footers),
        weights=model.weights,
        samples=(*([ORDER] if e.shuffled else []), *e.data.names),
        orders=shuffled(len(e.data), e.epochs, e.passes, e.seed) if e.shuffled else (),
        seed=e.seed if e.shuffled else None,
        started=f"start: {e.start}, seed {e.seed}" if e.drawn else "",
        epochs=e.epochs,
        discarded=e.passes,
        hands_on=parts.hands_on,
        targets=model.fitted if e.data.least_squares and not e.scalings else {},
        gates=model.gated,
        charted=model.charted or model.weights[-1],
        mirror=None if e.shuffled else e.mirror,
    )


def _forward(e: Experiment) -> tuple[dict[str, Expr], str]:
    """The lines of the model and of the loss, of scaled samples where these are wanted; the column that is the loss.

    That is the squared error itself, where it is what is differentiated and in the target's own units.
    """
    lines = e.loss.on(e.model, e.data)
    loss = SQUARED_ERROR if e.loss == SQUARED and e.data.target not in e.scalings else LOSS
    renamed = {loss if name == LOSS else name: expr for name, expr in lines.items()}
    bound({**e.model.forward, **renamed}, f"the {e.loss.title}")
    return {name: _scaled(expr, e) for name, expr in {**e.model.forward, **renamed}.items()}, loss


def _before(e: Experiment) -> list[Column]:
    """Weights, what only shows something of them, and scaled samples."""
    model = e.model
    columns = [_weight(model, w) for w in model.weights]
    columns += [Column(n, expr, "watch", model.heads(n), model.says(n)) for n, expr in model.shown.items()]
    columns += [
        Column(f"{s}_scaled", by.scaled(s), "data", f"{s}_scaled", f"{s}, {by.about}", format="weight")
        for s, by in e.scalings.items()
    ]
    return columns


def _passed(e: Experiment, forward: Mapping[str, Expr]) -> list[Column]:
    """The lines of the model."""
    target = e.data.target
    heads = {n: e.model.heads(n) for n in e.model.forward}
    if target in e.scalings and PREDICTION not in e.model.titles:
        heads[PREDICTION] = "pred_scaled"
    passed = [Column(n, forward[n], "forward", heads[n], e.model.says(n)) for n in e.model.forward]
    if target in e.scalings:
        about = f"the prediction in the units of {target}"
        back = e.scalings[target].back(Here(PREDICTION))
        passed.append(Column(f"pred_{target}", back, "forward", f"pred in {target}", about, kind=PREDICTED))
    return passed


def _losses(e: Experiment, forward: Mapping[str, Expr]) -> list[Column]:
    """The lines of the loss, and the squared error, which every run has."""
    target, scaled = e.data.target, e.data.target in e.scalings
    said = "squared error of this sample"
    if SQUARED_ERROR in forward:
        return [Column(SQUARED_ERROR, forward[SQUARED_ERROR], "error", "err²", said)]
    if scaled:
        said += f", in the units of {target}"
    if e.loss == SQUARED:
        loss = Column(LOSS, forward[LOSS], "error", "loss", "squared error of the scaled sample")
        back = Here(LOSS) * e.scalings[target].by ** 2
        return [loss, Column(SQUARED_ERROR, back, "error", "err²", said)]
    error = _scaled(losses.squared_error(target), e)
    own = [Column(n, forward[n], "error", e.loss.titles.get(n, n), f"{n}, of the {e.loss.title}") for n in e.loss.lines]
    own[-1] = replace(own[-1], about=f"{e.loss.title} of this {'scaled ' if scaled else ''}sample")
    back = error * e.scalings[target].by ** 2 if scaled else error
    return [*own, Column(SQUARED_ERROR, back, "error", "err²", said)]


def _derivatives(
    e: Experiment, forward: Mapping[str, Expr], loss: str, slopes: Gradient
) -> tuple[list[Column], dict[str, str]]:
    """The columns of numerical and analytic derivatives, and for each weight the one that drives its update."""
    columns: list[Column] = []
    weights = e.model.weights
    estimates = _estimates(forward, loss, e) if e.estimates else {}
    drivers = {w: f"est_{w}" if e.gradient == "numerical" else slopes.of[w] for w in weights}
    for name, expr in slopes.columns.items():
        sharing = [w for w in weights if slopes.of[w] == name]
        columns += [column for w in sharing for column in estimates.get(w, ())]
        columns.append(_adjoint(name, _spelled(name, expr, forward, e), slopes.by[name], sharing, e.loss))
        if e.gradient != "analytic":
            columns += [_gap(w, name, e.loss.symbol) for w in sharing]
        if e.gradient == "switch":
            columns += [_chosen(w, name, e.loss.symbol) for w in sharing]
            drivers |= {w: f"used_{w}" for w in sharing}
    return columns, drivers


def _own_names(e: Experiment, columns: Sequence[str]) -> None:
    """Refuse a model that calls something as the sheet calls a column or an input cell of its own."""
    model = e.model
    inputs = [i.name for i in e.inputs]
    settings = [s.name for s in model.settings]
    for name in (*model.weights, *model.lines, *model.watch, *settings):
        if columns.count(name) > 1 or inputs.count(name) > 1 or (name in settings and name in columns):
            raise PlanError(f"{model.name} calls something {name!r}, as the sheet {e.name} does: rename it.")


def _inputs(e: Experiment) -> tuple[Input, ...]:
    by = dict.fromkeys(e.drawn, f", drawn by the seed {e.seed} ({e.start})")
    about = "where {} starts before the first step"
    inputs = [Input(w, at, w, about.format(w) + by.get(w, "")) for w, at in starts(e.model, e.start, e.seed).items()]
    inputs.append(replace(LEARN, about=e.optimizer.rate) if e.optimizer.rate else LEARN)
    if e.estimates:
        inputs.append(H)
    if e.gradient == "switch":
        inputs.append(SWITCH)
    inputs += e.model.settings
    for s in e.scaled:
        about = f"what {s} is divided by before the model sees it"
        inputs.append(Input(f"scale_{s}", 50.0, f"{s} scale", about, low=1e-3, high=1e6))
    inputs += e.loss.inputs
    if e.rows > 1:
        inputs.append(batches.size(len(e.data), e.rows))
    return _with_defaults(e, (*inputs, *e.schedule.cells(e.steps, e.epochs), *e.schedule.anneal(e.optimizer).inputs))


def _scaled(expr: Expr, e: Experiment) -> Expr:
    """The expression with scaled samples where the experiment wants them."""
    return substitute(
        expr, lambda leaf: Here(f"{leaf.name}_scaled") if isinstance(leaf, Data) and leaf.name in e.scalings else leaf
    )


def _estimates(forward: Mapping[str, Expr], loss: str, e: Experiment) -> dict[str, tuple[Column, Column]]:
    """Per weight the loss with the weight nudged, and the finite difference."""
    written_out = inlined(forward, loss)
    short = "err" if e.loss == SQUARED else LOSS
    columns = {}
    for w in e.model.weights:
        nudge = nudged(written_out, w, Param("h"))
        estimate = (Here(f"err_{w}") - Here(loss)) / Param("h")
        about = f"numerical derivative by {w}: a finite difference"
        columns[w] = (
            Column(
                f"err_{w}",
                nudge,
                "numerical",
                f"{short}{w}1",
                f"the {e.loss.title} if {w} were h larger",
                of=(w,),
                kind="nudged",
            ),
            Column(f"est_{w}", estimate, "numerical", f"est d{e.loss.symbol}/d{w}", about, of=(w,), kind="estimate"),
        )
    return columns


def _gap(w: str, analytic: str, symbol: str) -> Column:
    about = f"how far the numerical derivative by {w} is from the analytic one"
    gap = Here(f"est_{w}") - Here(analytic)
    return Column(f"gap_{w}", gap, "watch", f"est − d{symbol}/d{w}", about, small=True, of=(w,), kind="gap")


def _chosen(w: str, analytic: str, symbol: str) -> Column:
    chosen = where(Param("driver"), Here(f"est_{w}"), Here(analytic))
    about = f"the derivative by {w} that drives the update, as the switch says"
    return Column(f"used_{w}", chosen, "state", f"used d{symbol}/d{w}", about, of=(w,), kind="used")


def _with_defaults(e: Experiment, inputs: Sequence[Input]) -> tuple[Input, ...]:
    names = [i.name for i in inputs]
    for name in e.values:
        if name not in names:
            raise SettingError(f"{e.name} has no setting {shown(name)}.{did_you_mean(name, names)}")
    labels = e.mirror.labels if e.mirror else {}
    return tuple(replace(i, value=e.values.get(i.name, i.value), label=labels.get(i.name, i.label)) for i in inputs)


#: among which learning rates a search looks, if nobody says
RATES = (1e-8, 100.0)
LEARN = Input("lr", 1e-4, "lr", "learning rate: how much of the derivative each step takes off", low=0.0, high=1000.0)
H = Input("h", 0.01, "h", "how far a weight is nudged for a numerical derivative", low=1e-15, high=10.0)
SWITCH = Input(
    "driver",
    1.0,
    "driven by",
    "which derivatives drive the update: 1 the numerical ones, 0 the analytic ones",
    low=0.0,
    high=1.0,
    choices={1.0: "numerical", 0.0: "analytic"},
)


def _weight(model: Model, w: str) -> Column:
    return Column(w, Prev(f"new_{w}"), "weight", model.heads(w), model.says(w), of=(w,))


def _spelled(name: str, expr: Expr, forward: Mapping[str, Expr], e: Experiment) -> Expr:
    """An expression as the experiment spells it, if that is the same, with forward columns written out or not."""
    if name not in e.spelled:
        return expr
    names: dict[str, Expr] = {w: Here(w) for w in (*e.model.weights, *forward)} | {d: Data(d) for d in e.data.names}
    spelled = parse(e.spelled[name], names.get, names)
    return spelled if same(inlined({**forward, name: expr}, name), spelled) else expr


def _adjoint(name: str, expr: Expr, by: str, weights: Sequence[str], loss: Loss) -> Column:
    """The column of an analytic derivative. by: what by; weights: all whose derivative it is."""
    titles = [losses.derivative(loss.symbol, of) for of in (by, *weights[1:])]
    also = f"; the same as {' and '.join(titles[1:])}" if weights[1:] else ""
    about = f"analytic derivative of the {loss.title} by {by}{also}"
    return Column(name, expr, "analytic", titles[0], about, of=tuple(weights), kind="" if weights else "between")


def _norms(of: Mapping[str, str], taken: Sequence[Footer], symbol: str) -> list[Footer]:
    """The norm of each gradient over the epoch, unless the optimizer's own footers stand there."""
    if taken:
        return []
    return [losses.norm(f"norm_{w}", column, losses.derivative(symbol, w)) for w, column in of.items()]
