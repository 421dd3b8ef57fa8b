"""Schedules: what the learning rate is in each step, as PyTorch's documentation of torch.optim.lr_scheduler has it.

In a formula `lr` is the input cell, `t` how many steps came before this one, 0 for the first, and every other name
an input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..errors import PlanError
from ..language.expr import Const, Expr, Here, Param, Prev, State
from ..language.operators import numeric
from ..language.parse import parse
from ..notebook import line
from ..plan import Column, Input, Start
from .equations import Memory, Optimizer, Summary

#: the columns of the number of steps and of the rate
COUNT, RATE = "t", "rate"
TORCH = "PyTorch documentation, torch.optim.lr_scheduler"


@dataclass(frozen=True)
class Schedule:
    """What the learning rate is in each step.

    formula: of `lr`, `t` and inputs; "" for a rate that stays in an epoch. spans: inputs that are as many steps as an
    `epoch` or the whole `run` has, unless they are given. summaries, memories: what makes the rate of an epoch, as of
    an `Optimizer`; the memory `lr` is the rate.
    """

    name: str
    title: str
    formula: str
    inputs: tuple[Input, ...] = ()
    spans: Mapping[str, str] = field(default_factory=dict)
    source: str = TORCH
    summaries: tuple[Summary, ...] = ()
    memories: tuple[Memory, ...] = ()

    def __post_init__(self) -> None:
        for name, span in self.spans.items():
            if span not in ("epoch", "run"):
                raise PlanError(f"{self.name}: {name} lasts an 'epoch' or a 'run', not {span!r}.")
        if self.formula:
            self._tree()

    def __repr__(self) -> str:
        return line(self, self.name, self.formula and f"{RATE} = {self.formula}")

    def _tree(self) -> Expr:
        names: dict[str, Expr] = {"lr": Param("lr"), COUNT: Here(COUNT)}
        names |= {i.name: Param(i.name) for i in self.inputs}
        return numeric(parse(self.formula, names.get, names))

    @property
    def stays(self) -> bool:
        """Whether the rate is that of the input cell in every step."""
        return not self.formula and not self.memories

    def anneal(self, of: Optimizer) -> Optimizer:
        """The optimizer with a rate of its own for each epoch, where this is such a schedule."""
        if not self.memories:
            return of
        summaries, memories = (*of.summaries, *self.summaries), (*of.memories, *self.memories)
        return replace(of, inputs=(*of.inputs, *self.inputs), summaries=summaries, memories=memories)

    def cells(self, steps: int, epochs: int) -> tuple[Input, ...]:
        """Its inputs for a run of so many epochs of so many steps."""
        if self.memories:  # the optimizer's
            return ()
        lasts = {"epoch": float(steps), "run": float(steps * epochs)}
        return tuple(replace(i, value=lasts[self.spans[i.name]]) if i.name in self.spans else i for i in self.inputs)

    def columns(self, moved: Expr | None) -> tuple[tuple[Column, ...], tuple[Start, ...]]:
        """The columns of the number of steps and of the rate, and where they start; none where the rate stays.

        moved: 1 where the row above took a step, 0 where it only added to one; None where each row takes one.
        """
        said = "the learning rate of this step"
        if self.memories:
            return (Column(RATE, State("lr"), "watch", "rate", said, small=True, kind="rate"),), ()
        if not self.formula:
            return (), ()
        count = Prev(COUNT) + (1 if moved is None else moved)
        columns = (
            Column(COUNT, count, "state", "t", "how many steps came before this one", kind="count"),
            Column(RATE, self._tree(), "state", "rate", said, small=True, kind="rate"),
        )
        return columns, (Start(COUNT, Const(-1), COUNT),)


def _steps(name: str, about: str) -> Input:
    return Input(name, 1.0, name, about, low=1.0, high=1e9)


def _share(name: str, value: float, about: str) -> Input:
    return Input(name, value, name, about, low=0.0, high=1.0)


CONSTANT = Schedule("constant", "constant rate", "")
STEP = Schedule(
    "step",
    "rate falls by steps",
    "lr*gamma**floor(t/every)",
    (_share("gamma", 0.5, "what the rate is multiplied by"), _steps("every", "after how many steps the rate falls")),
    {"every": "epoch"},
)
EXPONENTIAL = Schedule(
    "exponential",
    "rate falls by a share",
    "lr*gamma**t",
    (_share("gamma", 0.99, "what the rate is multiplied by in each step"),),
)
COSINE = Schedule(
    "cosine",
    "rate falls along a cosine",
    "lowest + (lr - lowest)*(1 + cos(pi()*min(t, over)/over))/2",
    (
        Input("lowest", 0.0, "lowest", "the rate at the end", low=0.0, high=1000.0),
        _steps("over", "in how many steps the rate falls"),
    ),
    {"over": "run"},
)
ONE_CYCLE = Schedule(
    "one_cycle",
    "one cycle: rate rises to lr, then falls",
    "where(t <= rising*over - 1, "
    "lr/first + (lr - lr/first)*(1 - cos(pi()*t/(rising*over - 1)))/2, "
    "lr/first/last + (lr - lr/first/last)*(1 + cos(pi()*(t - (rising*over - 1))/(over - rising*over)))/2)",
    (
        _share("rising", 0.3, "the share of the steps in which the rate rises to lr"),
        Input("first", 25.0, "first", "the rate begins at lr divided by this", low=1.0, high=1e9),
        Input("last", 1e4, "last", "the rate ends at its beginning divided by this", low=1.0, high=1e12),
        _steps("over", "how many steps there are"),
    ),
    {"over": "run"},
)
WARM_UP = Schedule(
    "warm_up",
    "warm-up: rate rises to lr",
    "lr*(begin + (1 - begin)*min(t, over)/over)",
    (
        _share("begin", 0.1, "the share of lr at which the rate begins"),
        _steps("over", "in how many steps the rate rises"),
    ),
    {"over": "epoch"},
)

ANNEALED = Schedule(
    "annealed",
    "rate quartered where gradients grow",
    "",
    (
        Input(
            "most",
            2.0,
            "most",
            "how many times as long as the shortest before an epoch's gradients may be: else the rate is quartered",
            low=1.0,
            high=1e9,
        ),
        Input("shortest0", 1e6, "shortest start", "longer than the gradients of any epoch", low=1e-9, high=1e12),
    ),
    source="the published graddesc.xlsx, of its Adam's averages; here of the gradients themselves",
    summaries=(
        Summary(
            "length",
            "sqrt(sum(sumsq(g)))",
            "|grads|",
            "the root of the squares of all this epoch's derivatives, added up",
        ),
    ),
    memories=(
        Memory(
            "lr",
            "lr",
            "where(length > most*shortest, lr/4, lr)",
            "lr",
            "the last epoch's learning rate, or a quarter of it if its gradients were too long",
            small=True,
        ),
        Memory("shortest", "shortest0", "min(length, shortest)", "shortest", "the shortest of any epoch before"),
    ),
)

SCHEDULES: Mapping[str, Schedule] = {
    of.name: of for of in (CONSTANT, STEP, EXPONENTIAL, COSINE, ONE_CYCLE, WARM_UP, ANNEALED)
}
