"""The error as a function of the weights: what one sample adds to it, and how it bends along each of them.

Everything here is an expression of weights (`Here`), samples (`Data`) and inputs (`Param`): a sheet puts its cells
in their places, NumPy its arrays.
"""

from __future__ import annotations

import math

import numpy as np

from .errors import SettingError
from .language.calculus import derivative
from .language.expr import Apply, Const, Data, Expr, Here, Param, leaves, substitute, total
from .language.operators import OPERATORS
from .language.simplify import ONE, ZERO
from .numbers.trace import Trace
from .parts.models import PREDICTION
from .plan import Plan

#: what a window adds to a path at each side
MARGIN = 0.15
#: what is TRUE or FALSE, which no comparison with a number takes for 1 or 0
TESTS = ("gt", "lt", "le", "ge", "eq", "ne")
#: what every spreadsheet program does to a whole range: functions it applies to the first cell alone, or not at all
PLAIN = ("add", "sub", "mul", "div", "neg", "pow", "power", "pi", *TESTS)


def still(plan: Plan, column: str) -> Expr:
    """A column of the forward pass, of one sample, as its weights stand."""
    weights = {plan.new(weight): Here(weight) for weight in plan.weights}
    return substitute(plan.after(column), lambda leaf: weights[leaf.column] if isinstance(leaf, Here) else leaf)


def squared_error(plan: Plan) -> Expr:
    """The squared error of one sample, in the units of its target."""
    return still(plan, "err")


def slope(plan: Plan, weight: str) -> Expr:
    """The derivative of one sample's prediction by a weight."""
    return derivative(still(plan, PREDICTION), Here(weight))


def straight(plan: Plan, weight: str) -> bool:
    """Whether the prediction is linear in a weight alone, but for the bends of a ReLU."""
    return derivative(slope(plan, weight), Here(weight)) == ZERO


def gradient_squared(plan: Plan) -> Expr:
    """|grad pred|² of one sample: a step of plain SGD multiplies its residual by 1 - 2*lr*|grad pred|²."""
    slopes = [slope(plan, weight) for weight in plan.weights]
    return total([each if each == ONE else each**2 for each in slopes])


def plain(plan: Plan) -> bool:
    """Whether a step takes the rate times the squared error's derivative off: what the speed limit speaks of."""
    return _squared(plan.column(plan.loss).expr) and all(_plain(plan, weight) for weight in plan.weights)


def _squared(loss: Expr) -> bool:
    """Whether it is the square of the prediction's distance from the target."""
    if not (isinstance(loss, Apply) and loss.op == "pow" and loss.args[1] == Const(2)):
        return False
    apart = loss.args[0]
    return isinstance(apart, Apply) and apart.op == "sub" and Here(PREDICTION) in apart.args


def _plain(plan: Plan, weight: str) -> bool:
    derivatives = [c.name for c in plan.columns if c.role in ("analytic", "numerical") or c.kind == "used"]
    update = plan.column(plan.new(weight)).expr
    return any(update == Here(weight) - Here(name) * Param("lr") for name in derivatives)


def passed(trace: Trace, weight: str) -> list[float]:
    """Where a single run has a weight while it neither explodes nor is noise, and its least-squares value."""
    values = trace[weight].ravel()[: max(trace.calm, 1)]
    fit, line = trace.plan.targets.get(weight), trace.data.least_squares
    best = {"slope": line.slope, "intercept": line.const} if line else {}
    return [*values[np.isfinite(values)].tolist(), *([best[fit]] if fit in best else [])]


def around(low: float, high: float) -> tuple[float, float]:
    """A window around what lies between two numbers, with margins, its ends rounded.

    >>> around(1.0, 30.0)
    (-5.0, 35.0)
    """
    wide = (high - low) or abs(low) or 1.0
    unit = 10.0 ** (math.floor(math.log10(wide)) - 1) * 5
    lowest, highest = (low - MARGIN * wide) / unit, (high + MARGIN * wide) / unit
    return float(f"{math.floor(lowest) * unit:.12g}"), float(f"{math.ceil(highest) * unit:.12g}")


def uses(expr: Expr, plan: Plan) -> bool:
    """Whether an expression depends on any of the weights."""
    return any(isinstance(leaf, Here) and leaf.column in plan.weights for leaf in leaves(expr))


def sampled(expr: Expr) -> bool:
    """Whether an expression depends on the sample."""
    return any(isinstance(leaf, Data) for leaf in leaves(expr))


def arithmetic(expr: Expr) -> Expr:
    """The same in operators that spreadsheets apply to whole ranges alike: a choice is a product with 0 or 1.

    Raises SettingError where there is a function that has no such spelling.

    >>> from graddesc_xl.language.expr import maximum
    >>> arithmetic(maximum(Data("z"), 0)) == Data("z") * (Data("z") > 0)
    True
    """
    if not isinstance(expr, Apply):
        return expr
    whole = OPERATORS[expr.op].whole
    if whole:
        return arithmetic(whole(*expr.args))
    args = tuple(map(arithmetic, expr.args))
    if expr.op in ("max", "min"):
        left, right = args
        above, below = (left > right, left <= right) if expr.op == "max" else (left <= right, left > right)
        return _gated([(left, above), (right, below)])
    if expr.op in ("abs", "sign"):
        (value,) = args
        return _gated([(value, value > 0), (-value, value <= 0)]) if expr.op == "abs" else (value > 0) - (0 - value > 0)
    if expr.op == "where":
        chosen, then, otherwise = args
        test = chosen if isinstance(chosen, Apply) and chosen.op in TESTS else chosen * chosen > 0
        return _gated([(then, test), (otherwise, 1 - test)])
    if expr.op not in PLAIN:
        raise SettingError(
            f"{expr.op} of all samples at once is not the same in every spreadsheet program: a landscape needs "
            "predictions made of sums, products, quotients, powers, max, min and choices."
        )
    return Apply(expr.op, args)


def _gated(choices: list[tuple[Expr, Expr]]) -> Expr:
    """The sum of what is chosen, each times a 1 or 0 that chooses it."""
    return total([gate if value == ONE else value * gate for value, gate in choices if value != ZERO])
