"""What a workbook says it is made of: the recipe that it carries."""

from __future__ import annotations

from .. import __version__
from ..errors import GraddescError, WorkbookError
from ..lessons import LESSONS, recipe
from ..lessons.lesson import Lesson
from ..sheets.recipe import CHECKSUM, FIRST, SHEET, VERSION, checksum
from .held import Model


def lesson(model: Model) -> Lesson | None:
    """The lesson of a workbook's recipe; None for a workbook that is not ours.

    Raises WorkbookError for a recipe that is gone, was changed, or is that of another version of this package.
    """
    if SHEET not in model.sheets and not model.manifest and not _recognised(model):
        return None
    text, path = _text(model), model.path
    built = str(model.value(SHEET, VERSION, 1)).removeprefix("graddesc-xl ")
    if built != __version__:
        raise WorkbookError(
            f"{path} was built by graddesc-xl {built}, and this is {__version__}: verify it with that version, or "
            "build it anew."
        )
    if checksum(text) != model.value(SHEET, CHECKSUM, 1):
        raise WorkbookError(
            f"{path}: the recipe on its sheet {SHEET} was changed since it was built, so nothing says what the other "
            f"sheets should hold. Build a workbook of the new recipe instead: graddesc-xl build {path.name}."
        )
    return _read(model, text)


def written(model: Model) -> Lesson:
    """The lesson that the recipe in a workbook describes, as it is now: a person may have changed it.

    Raises WorkbookError for a workbook without a recipe, or one that makes no lesson.
    """
    return _read(model, _text(model))


def _text(model: Model) -> str:
    """The recipe in a workbook."""
    if SHEET not in model.sheets:
        raise WorkbookError(
            f"{model.path} has no sheet {SHEET}, which says what a workbook is made of: it was deleted or renamed, "
            "or the workbook was built by an older version. Build it anew."
        )
    last = max((row for row, column in model.used(SHEET) if column == 1), default=0)
    return "\n".join(str(model.value(SHEET, row, 1) or "") for row in range(FIRST, last + 1)) + "\n"


def _read(model: Model, text: str) -> Lesson:
    try:
        return recipe.read(text)
    except GraddescError as problem:
        raise WorkbookError(f"{model.path}: the recipe on its sheet {SHEET} makes no workbook: {problem}") from None


def _recognised(model: Model) -> bool:
    """Whether a file has most of the sheets of a lesson, where the program that saved it dropped our mark."""
    sheets = {*model.sheets}
    return any(2 * len({*of.sheets} & sheets) > len(of.sheets) for of in LESSONS.values())
