"""What a sheet of one run has at a step, for sheets that look at it."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import SettingError, did_you_mean, shown
from ..language.calculus import inlined
from ..language.expr import Expr, call
from ..plan import Plan
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


def at(steps: StepsList, column: str, step: Expr) -> Expr:
    """A column in a step of the epochs, counted from 1: picked live from the list of steps."""
    return call("index", Block(steps.sheet, steps.live(column)), step)
