"""What a sheet of one run has at a step, for sheets that look at it."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import SettingError, did_you_mean, shown
from ..language.calculus import inlined
from ..language.expr import Expr, call
from ..plan import ORDER, Plan
from ..workbook.reference import Block
from .kind import Composed
from .steps_list import StepsList


def steps_of(name: str, of: str, before: Mapping[str, Composed]) -> StepsList:
    """The steps of the sheet `of`; SettingError where it has none, or does not stand before the sheet `name`."""
    found = before[of].steps if of in before else None
    if found is None:
        known = [sheet for sheet, made in before.items() if made.steps]
        raise SettingError(
            f"{name} looks at the steps of {shown(of)}: no sheet of one run that stands before it is called so."
            f"{did_you_mean(of, known)}"
        )
    return found


def written_out(plan: Plan, column: str) -> Expr:
    """A column of a row as one expression of weights, samples and inputs."""
    return inlined({c.name: c.expr for c in plan.columns if c.role not in ("weight", "state", "update")}, column)


def sample_at(steps: StepsList, turn: Expr, epoch: Expr) -> Expr:
    """The number of the sample that comes in that turn of an epoch, both counted from 1."""
    plan, layout, sheet = steps.of.trace.plan, steps.of.layout, steps.of.sheet
    if not plan.orders:
        return turn
    numbers = sheet.block(layout.row(0), layout.sample(ORDER), layout.row(plan.epochs) - layout.row(0))
    return call("index", numbers, (epoch - 1) * layout.height + turn)


def at(steps: StepsList, column: str, step: Expr) -> Expr:
    """A column in a step of the epochs, counted from 1: picked live from the list of steps."""
    return call("index", Block(steps.sheet, steps.live(column)), step)
