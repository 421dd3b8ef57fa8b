"""The speed limit of plain SGD: by how much a step multiplies its own sample's residual.

For one sample with residual r = pred - y and squared error, a step moves the weights by -2*lr*r*grad(pred), which
changes the prediction by -2*lr*r*|grad(pred)|² (exact where the model is linear in its weights, to first order
elsewhere). So the step multiplies the residual by 1 - 2*lr*|grad(pred)|²: below 0 it overshoots, that is, it crosses
the target; below -1 it ends further off than it began. A run may do either now and then, and still learn.
"""

from __future__ import annotations

from dataclasses import replace

from .errors import SettingError
from .experiments import Experiment
from .language.calculus import derivative, inlined
from .language.expr import Data, Expr, Here, Param, Prev, greater, substitute, total, where
from .language.simplify import ONE
from .parts.losses import SQUARED
from .parts.models import Model
from .parts.optimizers import OPTIMIZERS
from .plan import Column, Plan, compact


def gradient_squared(model: Model) -> Expr:
    """|grad pred|²: the sum of the squares of the prediction's derivatives by the weights."""
    pred = inlined(model.forward, "pred")
    slopes = [derivative(pred, Here(w)) for w in model.weights]
    return total([slope if slope == ONE else slope**2 for slope in slopes])


def with_speed_limit(e: Experiment) -> Plan:
    """A plain SGD experiment's plan, compact, with columns that show the speed limit of each step.

    Raises SettingError for another optimizer or loss, scaled samples, numerical derivatives, batches or a schedule.
    """
    plain = e.optimizer == OPTIMIZERS["sgd"] and e.gradient == "analytic" and not e.scalings
    if not plain or e.loss != SQUARED or e.rows > 1 or not e.schedule.stays:
        raise SettingError(
            f"{e.name}: the speed limit is that of plain SGD, analytic derivatives, unscaled samples, the squared "
            "error, one row a step and one rate."
        )
    pred, square, target = inlined(e.model.forward, "pred"), gradient_squared(e.model), e.data.target

    def before(leaf: Expr) -> Expr:
        return Prev(e.plan.new(leaf.column)) if isinstance(leaf, Here) and leaf.column in e.model.weights else leaf

    def after(leaf: Expr) -> Expr:
        return Here(e.plan.new(leaf.column)) if isinstance(leaf, Here) and leaf.column in e.model.weights else leaf

    factor = Here("factor")
    columns = (
        Column(
            "residual",
            Here("pred") - Data(target),
            "error",
            "residual",
            f"prediction minus {target}, before the step",
        ),
        Column(
            "grad2",
            substitute(square, before),
            "watch",
            "|grad pred|²",
            "the sum of the squares of the prediction's derivatives by the weights",
        ),
        Column(
            "factor",
            1 - 2 * Param("lr") * Here("grad2"),
            "watch",
            "factor",
            "by what the step multiplies the residual of its own sample: below 0 it overshoots, below -1 it ends "
            "further off than it began",
            small=True,
        ),
        Column(
            "predicted",
            factor * Here("residual"),
            "watch",
            "predicted",
            "the residual that the factor predicts for this sample after the step",
        ),
        Column(
            "real",
            substitute(pred, after) - Data(target),
            "watch",
            "actual",
            "this sample's residual after the step",
        ),
        Column(
            "bearable",
            1 / Here("grad2"),
            "watch",
            "largest lr",
            "the largest learning rate at which this step ends no further off; from half of it on it overshoots",
            small=True,
        ),
        Column("crosses", where(greater(0, factor), 1, 0), "watch", "overshoots", "1 where the factor is below 0"),
        Column("further", where(greater(-1, factor), 1, 0), "watch", "further off", "1 where the factor is below -1"),
    )
    plan = compact(e.plan)
    return replace(plan, columns=(*plan.columns, *columns))
