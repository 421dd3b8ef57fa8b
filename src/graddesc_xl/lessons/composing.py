"""A lesson composed: every kind of sheet in turn, then what tells of them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from .. import __version__
from ..errors import SettingError, did_you_mean, shown
from ..language.expr import Const, call
from ..parts.data import Dataset, Line
from ..settings import rounded
from ..sheets import check, data_sheet, overview
from ..sheets import recipe as recipe_sheet
from ..sheets.data_sheet import Samples
from ..sheets.kind import Composed, Figure
from ..sheets.making import Inputs, Making, Runner, Typed
from ..sheets.runs_sheet import RunsSheet
from ..sheets.steps_list import StepsList
from ..workbook.sheet import Sheet
from . import recipe
from .lesson import Lesson


@dataclass(frozen=True)
class Composition:
    """A composed lesson: all its sheets in order, those of its kinds, and its input cells."""

    lesson: Lesson
    sheets: Sequence[Sheet]
    composed: Mapping[str, Composed]
    typed: Mapping[str, Sequence[Typed]]

    @property
    def lists(self) -> list[StepsList]:
        """Those with a row per step of one run."""
        return [made.steps for made in self.composed.values() if made.steps]

    @property
    def runs(self) -> list[RunsSheet]:
        """Those with runs side by side."""
        return [made.runs for made in self.composed.values() if made.runs]


def _kept(data: Dataset) -> Dataset:
    """The samples at the digits that a file keeps of them."""

    def digits(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(rounded(values).tolist())

    y = data.y
    kept = Line(*digits((y.slope, y.const))) if isinstance(y, Line) else digits(y)
    return replace(data, inputs={name: digits(values) for name, values in data.inputs.items()}, y=kept)


def _told(samples: Samples, *, lined: bool) -> Composed:
    """What others may say of samples. lined: whether their sheet shows the straight line that fits best."""
    figures: dict[str, Figure] = {
        "constant error": lambda: samples.constant_error,
        "sample": lambda name, number: samples.cell(name, int(number) - 1),
        "count": lambda: Const(samples.count),
        "mean": lambda name: call("mean", samples.column(name)),
        "largest": lambda name: call("largest", samples.column(name)),
        "squares": lambda name: call("sumsq", samples.column(name)),
    }
    if lined and len(samples.data.inputs) == 1:
        figures |= {
            "best": samples.best,
            "line error": lambda: samples.line_error,
            "products": lambda: samples.products,
        }
    return Composed(samples.sheet, "The samples; replace them by your own.", figures=figures)


def compose_kinds(of: Lesson, making: Making, progress: Callable[[str], None] = lambda _: None) -> dict[str, Composed]:
    """The sheets of its data and of its kinds, by name."""
    composed: dict[str, Composed] = {}
    kinds = of.kinds
    for sheet, data in of.data.items():
        built = _kept(data)
        lined = any(kind.lined for kind in kinds if kind.data == data)
        samples = data_sheet.compose(sheet, making.inputs.data(sheet, built), built, lined=lined)
        making.samples[data.name] = samples
        composed[sheet] = _told(samples, lined=lined)
    for kind in kinds:
        progress(kind.sheet)
        composed[kind.sheet] = kind.compose(making, composed)
    return composed


def compose(
    of: Lesson,
    run: Runner,
    inputs: Inputs | None = None,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Composition:
    """Every sheet of a lesson, with the values of the runs that its input cells ask for.

    run: the engine. inputs: the numbers in the input cells, where they are not those the lesson is built with; the
    values that the sheets hold as constants are those it is built with all the same.
    """
    making = Making(run, inputs or Inputs(), Sheet(check.SHEET))
    composed = compose_kinds(of, making, progress)
    fronts = [made.sheet for made in composed.values()]
    behind = [made.behind for made in composed.values() if made.behind]
    hidden = [*behind, recipe_sheet.compose(recipe.spell(of), __version__)]
    for each in hidden:
        each.hidden = True
    compared = [made.compared for made in composed.values() if made.compared]
    checked = check.compose(compared, making) if compared or making.check.cells else None
    front = overview.compose(
        of.title,
        of.subtitle,
        of.questions,
        [*composed.values()],
        checked,
        making.samples,
        of.reading,
        of.tries,
        of.colours,
    )
    sheets = [front, *fronts, *([checked.sheet] if checked else []), *hidden]
    names = [each.name for each in sheets]
    if of.opens and of.opens not in names:  # the check, where nothing is compared
        raise SettingError(f"{of.title} opens on the sheet {shown(of.opens)}: nothing is compared on one.")
    for each in sheets:
        each.opens = each.name == of.opens
        lost = [link.sheet for link in each.links.values() if link.sheet not in names]
        if lost:
            hint = did_you_mean(lost[0], names)
            raise SettingError(f"The sheet {each.name} leads to the sheet {shown(lost[0])}: there is none.{hint}")
    return Composition(of, sheets, composed, making.typed)
