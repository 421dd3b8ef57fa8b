"""Where weights start: as given, all at one number, or drawn by a seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..language.expr import Apply, Data, Expr, Here, leaves, parts
from .models import Model

#: how weights may be drawn, and how wide
DRAWN: Mapping[str, str] = {
    "normal": "from a normal distribution of width 0.1",
    "uniform": "evenly between -0.1 and 0.1",
    "he": "from a normal distribution of width √(2/n), n the terms that a line adds up; biases at 0",
    "xavier": "evenly between -√(6/(n + m)) and √(6/(n + m)), n the terms that a line adds up, m the lines that add "
    "the same; biases at 0",
}
GIVEN = "given"
WIDTH = 0.1


def starts(model: Model, start: str | float, seed: int) -> dict[str, float]:
    """Where the weights of a model start.

    start: `given`, for what the model says and 1 for the others; a number for all; or a way to draw, as in `DRAWN`.
    What the model says of a weight stays. Numbers are drawn in the order of the weights, at the digits of a cell.

    >>> from .models import ONE_NEURON
    >>> starts(ONE_NEURON, "he", 1)["b"]
    0.0
    """
    if isinstance(start, (int, float)):
        found = dict.fromkeys(model.weights, float(start))
    elif start == GIVEN:
        found = dict.fromkeys(model.weights, 1.0)
    else:
        rng = np.random.default_rng(seed)
        found = {w: _drawn(rng, model, w, start) for w in model.weights}
    return found | {w: float(value) for w, value in model.starts.items()}


def _drawn(rng: np.random.Generator, model: Model, weight: str, way: str) -> float:
    normal, even = rng.standard_normal(), rng.uniform(-1, 1)  # both, so that a weight's numbers are its own
    if way in ("normal", "uniform"):
        return _cell(WIDTH * (normal if way == "normal" else even))
    terms, sharing = _fans(model, weight)
    if not terms:
        return 0.0
    return _cell(normal * (2 / terms) ** 0.5 if way == "he" else even * (6 / (terms + sharing)) ** 0.5)


def _cell(value: float) -> float:
    """A number at the digits that are read at a glance, which a cell holds exactly."""
    return float(f"{value:.4g}")


def _fans(model: Model, weight: str) -> tuple[int, int]:
    """How many weighted terms the line of a weight adds up, and how many lines weigh the same: 0 of a bias."""
    pairs = {name: [*_weighed(tree, model)] for name, tree in model.forward.items()}
    for own in pairs.values():
        for w, source in own:
            if w == weight:
                return len(own), sum(any(other == source for _, other in pairs[name]) for name in pairs)
    return 0, 0


def _weighed(tree: Expr, model: Model) -> list[tuple[str, Expr]]:
    """The weights that multiply an input or another line, and what they multiply."""
    found = []
    for part in parts(tree):
        if isinstance(part, Apply) and part.op == "mul":
            for one, other in (part.args, part.args[::-1]):
                if isinstance(one, Here) and one.column in model.weights and _varies(other, model):
                    found.append((one.column, other))
    return found


def _varies(expr: Expr, model: Model) -> bool:
    """Whether an expression is other for another sample."""
    return any(
        isinstance(leaf, Data) or (isinstance(leaf, Here) and leaf.column in model.lines) for leaf in leaves(expr)
    )
