"""The lessons that come with the package: content, described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..comparison import Comparison
from ..errors import GraddescError, SettingError, cut, did_you_mean, shown
from ..experiments import Experiment
from ..sheets.answers import Question
from ..sheets.comparison import Compared
from ..sheets.exercise import Exercise
from ..sheets.steps import Steps
from . import bent, first_steps, graddesc, maps, two_neurons
from .lesson import Lesson

if TYPE_CHECKING:
    from .recipe import Filing

__all__ = ["COMPARISONS", "EXPERIMENTS", "LESSONS", "Exercise", "Lesson", "Question", "lesson"]

#: how many bytes the file of a recipe may have
LARGEST = 10_000_000
#: every lesson by name
LESSONS: Mapping[str, Lesson] = {
    of.name: of for of in (graddesc.LESSON, two_neurons.LESSON, first_steps.LESSON, bent.LESSON, maps.LESSON)
}
#: their experiments and comparisons by name
EXPERIMENTS: Mapping[str, Experiment] = {
    kind.sheet: kind.experiment for of in LESSONS.values() for kind in of.kinds if isinstance(kind, Steps)
}
COMPARISONS: Mapping[str, Comparison] = {
    kind.sheet: kind.comparison for of in LESSONS.values() for kind in of.kinds if isinstance(kind, Compared)
}


def lesson(what: str | Path | Lesson, filing: Callable[[Path], Filing] | None = None) -> Lesson:
    """A lesson by its name, or from the file of its recipe.

    filing: for the folder of a recipe, how the files are read that hold its samples.
    Raises SettingError where there is none, or the file holds no recipe.
    """
    if isinstance(what, Lesson):
        return what
    if isinstance(what, str) and what in LESSONS:
        return LESSONS[what]
    if is_file(what):
        return _from_file(Path(what), filing)
    raise SettingError(f"There is no workbook {shown(what)}.{did_you_mean(str(what), LESSONS)}")


def is_file(what: str | Path) -> bool:
    """Whether a file is meant, not the name of a lesson."""
    if not isinstance(what, (str, Path)):
        raise SettingError(f"A lesson, the name of one or the file of its recipe is wanted, not {shown(what)}.")
    path = Path(what)
    return what not in LESSONS and (isinstance(what, Path) or path.suffix != "" or path.name != what or path.is_file())


def _from_file(path: Path, filing: Callable[[Path], Filing] | None) -> Lesson:
    from . import recipe

    try:
        if not path.exists():
            raise SettingError(f"There is no file {path}: name that of a recipe, or a workbook ({', '.join(LESSONS)}).")
        if not path.is_file() or path.stat().st_size > LARGEST:
            raise SettingError(f"{path} is no recipe: name a file of text.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise SettingError(f"{path} cannot be read: {cut(str(problem))}.") from None
    except UnicodeDecodeError:
        raise SettingError(f"{path} is no recipe: it holds no text in UTF-8.") from None
    try:
        return recipe.read(text, filing(path.parent) if filing else None)
    except GraddescError as problem:
        raise SettingError(f"{path}: {problem}") from None
