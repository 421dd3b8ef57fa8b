"""Models: what one sample's prediction is made of, line by line."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..errors import PlanError, did_you_mean, shown
from ..language.calculus import bound, derivative, inlined
from ..language.expr import Apply, Const, Data, Expr, Here, Param, leaves, parts, replaced
from ..language.operators import numeric
from ..language.parse import parse
from ..language.simplify import ONE, ZERO, folded
from ..notebook import line, settings
from ..plan import Input
from .data import Dataset

#: the line that is the prediction
PREDICTION = "pred"
#: from which likeness on, of 1, a weight is a column that was misspelt
CLOSE = 0.75


@dataclass(frozen=True)
class Model:
    """A model.

    weights: in the order of the sheet's columns. lines: column -> formula of weights, inputs and lines before it; the
    last is the prediction, `pred`. inputs: the columns of the samples that it uses. about: column -> one sentence.
    targets: column -> `slope` or `intercept` where least squares gives it. watch: columns that only show something of
    the weights. gates: the pre-activation of a ReLU -> the weights that get no derivative where it is not positive.
    charted: the weight whose derivative charts show, "" for the last. titles: what heads a column, if not its name.
    settings: input cells of its own that its lines may use: not learned, but to type over, such as a switch.
    starts: where weights start, if not at 1. free: whether the data say which names of its lines are inputs: every
    other one is a weight. Gates and targets that are not given are found, where there are any.

    >>> ONE_NEURON.forward["pred"] == Here("b") + Here("a") * Data("x")
    True
    """

    name: str
    title: str
    weights: tuple[str, ...]
    lines: Mapping[str, str]
    about: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    watch: Mapping[str, str] = field(default_factory=dict)
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    charted: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ("x",)
    settings: tuple[Input, ...] = ()
    starts: Mapping[str, float] = field(default_factory=dict)
    free: bool = False

    def __post_init__(self) -> None:
        if self.free and not self.weights:
            object.__setattr__(self, "weights", self.names)
            object.__setattr__(self, "inputs", ())
        if not self.lines or [*self.lines][-1] != PREDICTION:
            raise PlanError(f"The last line of {self.name} must be the prediction, as in {PREDICTION} = a*x + b.")
        if not self.weights:
            raise PlanError(f"{self.name} has no weights, so nothing in it can learn: give it one, as in ('b', 'a').")
        names = [*self.weights, *self.inputs, *(s.name for s in self.settings), *self.lines, *self.watch]
        for name in names:
            if not name.isidentifier() or keyword.iskeyword(name):
                raise PlanError(f"{shown(name)} is no name in a formula: use letters, digits and underscores.")
            if names.count(name) > 1:
                raise PlanError(f"{self.name} has two things called {name!r}: give them different names.")
        for name in self.starts:
            if name not in self.weights:
                raise PlanError(f"{self.name} has no weight {shown(name)} to start.{did_you_mean(name, self.weights)}")
        self.forward, self.shown  # noqa: B018  # read now, so that a line that is no formula is refused here
        bound(self.forward, self.name)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names in its lines that are no lines, in the order in which they appear."""
        found: dict[str, None] = {}
        for formula in self.lines.values():
            found |= dict.fromkeys(leaf.column for leaf in leaves(parse(formula, Here)) if isinstance(leaf, Here))
        own = {*self.lines, *(s.name for s in self.settings)}
        return tuple(name for name in found if name not in own)

    def on(self, data: Dataset) -> Model:
        """The same model with the data's columns as its inputs, where these say what the inputs are.

        Raises PlanError where it does not fit the data.
        """
        for what, names, taken in (
            ("line", (*self.lines, *self.watch), data.names),
            ("weight", () if self.free else self.weights, data.inputs),
        ):
            for name in names:
                if name in taken:
                    raise PlanError(
                        f"{self.name} calls a {what} {name!r}, as a column of {data.name} is called: rename one."
                    )
        if not self.free:
            return self
        head = self.titles.get(PREDICTION, "")
        if head in data.inputs:
            raise PlanError(
                f"The last line of {self.name} is called {head!r}, which is an input of {data.name}: call it "
                f"{data.target}, which it predicts, or let {head} be the target of the data."
            )
        inputs = tuple(name for name in self.names if name in data.inputs)
        if data.target in self.names:
            raise PlanError(f"{self.name} uses {data.target!r}, which is what it should predict: leave it out.")
        weights = tuple(name for name in self.names if name not in inputs)
        self._misspelt(data, inputs, weights)
        if not inputs:
            columns = ", ".join(data.inputs)
            raise PlanError(
                f"{self.name} uses none of the inputs of {data.name}: put {columns} into its lines (of layers: "
                f"inputs={[*data.inputs]})."
            )
        for name in self.starts:
            if name in inputs:
                raise PlanError(f"{name!r} is an input of {data.name}, no weight of {self.name}: it starts nowhere.")
        if not weights:
            raise PlanError(f"{self.name} has no weights, so nothing in it can learn: all its names are inputs.")
        titles = {line: title for line, title in self.titles.items() if title != data.target}
        return replace(self, weights=weights, inputs=inputs, titles=titles)

    def _misspelt(self, data: Dataset, inputs: Sequence[str], weights: Sequence[str]) -> None:
        """Refuse a weight that is called nearly as an input that no line uses."""
        from difflib import get_close_matches

        by_lower = {weight.lower(): weight for weight in weights}
        for name in self.idle(data):
            for close in get_close_matches(name.lower(), by_lower, n=1, cutoff=CLOSE):
                leave = f"If not, leave {name} out: inputs={[*inputs]}, or --inputs {','.join(inputs)}."
                raise PlanError(
                    f"{name} is used by no line of {self.name}, and {by_lower[close]} is taken for a weight: did you "
                    f"mean {name}? {leave if inputs else ''}".rstrip()
                )

    def idle(self, data: Dataset) -> tuple[str, ...]:
        """The inputs of the data that no line uses."""
        return tuple(name for name in data.inputs if name not in self.names)

    @cached_property
    def gated(self) -> Mapping[str, tuple[str, ...]]:
        """Its gates: those given, else each line that a ReLU cuts off, with the weights that count only where it is on

        (their derivatives are 0 elsewhere).
        """
        if self.gates:
            return self.gates
        found: dict[str, tuple[str, ...]] = {}
        for cut in dict.fromkeys(part for tree in self.forward.values() for part in parts(tree)):
            gate = _cut_off(cut)
            if gate in self.forward:
                off = {name: folded(replaced(tree, cut, ZERO)) for name, tree in self.forward.items()}
                left = set(leaves(folded(inlined(off, PREDICTION))))
                gone = tuple(w for w in self.weights if Here(w) not in left)
                found |= {gate: gone} if gone else {}
        return found

    @cached_property
    def fitted(self) -> Mapping[str, str]:
        """Its targets: those given, or slope and intercept where it is a straight line of its only input."""
        if self.targets or len(self.weights) != 2 or len(self.inputs) != 1:
            return self.targets
        pred = inlined(self.forward, PREDICTION)
        slopes = {w: derivative(pred, Here(w)) for w in self.weights}
        wanted = {Data(self.inputs[0]): "slope", ONE: "intercept"}
        weighed = derivative(pred, Data(self.inputs[0]))
        if {*slopes.values()} != {*wanted} or weighed not in [Here(w) for w in self.weights]:
            return {}
        return {w: wanted[slope] for w, slope in slopes.items()}

    @cached_property
    def forward(self) -> Mapping[str, Expr]:
        """Line -> its expression, in their order."""
        return self._read(self.lines)

    @cached_property
    def shown(self) -> Mapping[str, Expr]:
        """Watched column -> its expression."""
        return self._read(self.watch)

    def _read(self, lines: Mapping[str, str]) -> Mapping[str, Expr]:
        names: dict[str, Expr] = {**{w: Here(w) for w in self.weights}, **{i: Data(i) for i in self.inputs}}
        names |= {s.name: Param(s.name) for s in self.settings}
        read: dict[str, Expr] = {}
        for name, formula in lines.items():
            read[name] = numeric(parse(formula, names.get, names))
            names[name] = Here(name)
        return read

    def __repr__(self) -> str:
        lines = "; ".join(f"{name} = {formula}" for name, formula in self.lines.items())
        return line(self, self.name, lines if self.name != self.title else "")

    def _repr_html_(self) -> str:
        starts = {w: f"starts at {self.starts.get(w, 1):g}" for w in self.weights}
        return settings(self, {**self.lines, **starts})

    def heads(self, column: str) -> str:
        """What heads a weight's or a line's column."""
        return self.titles.get(column, "y_pred" if column == PREDICTION else column)

    def says(self, column: str) -> str:
        """One sentence about a weight or a line."""
        return self.about.get(column) or (f"the weight {column}" if column in self.weights else f"the line {column}")


def _cut_off(expr: Expr) -> str:
    """The column that is cut off below 0, "" where the expression is no such thing."""
    match expr:
        case Apply("relu", (Here(name),)) | Apply("max", (Here(name), Const(0)) | (Const(0), Here(name))):
            return name
    return ""


ONE_NEURON = Model(
    name="one_neuron",
    title="one neuron, a*x + b",
    weights=("b", "a"),
    lines={"pred": "b + a*x"},
    about={
        "a": "slope: the weight of the neuron before this step",
        "b": "intercept: the bias of the neuron before this step",
        "pred": "what the neuron predicts for this x",
    },
    targets={"a": "slope", "b": "intercept"},
)

_STACKED_ABOUT = {
    "a": "weight of the first neuron before this step",
    "b": "bias of the first neuron before this step",
    "c": "weight of the second neuron before this step",
    "d": "bias of the second neuron before this step",
    "z": "what the first neuron adds up, before its activation",
    "hid": "what the first neuron hands to the second",
    "pred": "what the second neuron predicts for this x",
    "slope": "slope of the one straight line that the two neurons are",
    "intercept": "intercept of the one straight line that the two neurons are",
}

TWO_NEURONS = Model(
    name="two_neurons",
    title="two neurons stacked, c*(a*x + b) + d",
    weights=("b", "a", "d", "c"),
    lines={"hid": "a*x + b", "pred": "c*hid + d"},
    about=_STACKED_ABOUT,
    targets={"slope": "slope", "intercept": "intercept"},
    watch={"slope": "a*c", "intercept": "c*b + d"},
    charted="a",
)

TWO_NEURONS_RELU = Model(
    name="two_neurons_relu",
    title="two neurons with ReLU, c*max(a*x + b, 0) + d",
    weights=("b", "a", "d", "c"),
    lines={"z": "a*x + b", "hid": "max(z, 0)", "pred": "c*hid + d"},
    about=_STACKED_ABOUT,
    gates={"z": ("b", "a", "c")},
    charted="a",
)

MODELS: Mapping[str, Model] = {m.name: m for m in (ONE_NEURON, TWO_NEURONS, TWO_NEURONS_RELU)}
