"""Build a workbook from whatever describes its lesson: a name, an object, a recipe, another workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .lessons import Lesson, building, is_file, lesson
from .lessons.building import SUFFIX, Built
from .lessons.recipe import Filed, Filing
from .parts.data import Dataset
from .tables import data
from .verification import origin, reading

__all__ = ["Built", "build"]


def build(
    what: str | Path | Lesson,
    folder: str | Path = "workbooks",
    *,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Built:
    """Write the workbook of a lesson into a folder, whole or not at all.

    what: a lesson, its name, or the file of its recipe, which may be a workbook that was built from it.
    folder: where to; or, if it ends with .xlsx, the file to write.

    A file that a person has saved since it was built is left alone unless `force`.
    Raises SettingError for an unknown name or a recipe that is none, and WorkbookError for what cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     build("graddesc", folder).verdicts["basic"].kind
    'learning'
    """
    of, path = described(what), Path(folder)
    named = path.suffix.lower() == SUFFIX and not path.is_dir()
    return building.build(of, path if named else path / of.file, force=force, progress=progress)


def described(what: str | Path | Lesson) -> Lesson:
    """The lesson that a name, an object, a recipe or a workbook describes."""
    if isinstance(what, Lesson) or not is_file(what) or Path(what).suffix.lower() != SUFFIX:
        return lesson(what, _filing)
    return origin.written(reading.load(Path(what)))


def _filing(folder: Path) -> Filing:
    """How the samples of files are read that a recipe in a folder names."""

    def filed(of: Filed) -> Dataset:
        return data(
            folder / of.file,
            of.target,
            inputs=of.inputs,
            sheet=of.sheet,
            name=of.name,
            scale=of.scale,
            validation=of.validation,
            seed=of.seed,
        )

    return filed
