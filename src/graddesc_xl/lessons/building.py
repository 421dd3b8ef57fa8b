"""A lesson becomes a file: run its experiments, compose its sheets, write the workbook."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import WorkbookError
from ..notebook import counted, line, settings
from ..numbers.engine import run_plan
from ..numbers.verdict import Verdict
from ..workbook import PROPERTY
from ..workbook.write import CREATED, write
from ..writing import Stamp, destination, stamp, writable
from . import limits
from .composing import compose

if TYPE_CHECKING:
    from .lesson import Lesson

#: how the file of a workbook ends
SUFFIX = ".xlsx"


@dataclass(frozen=True)
class Built:
    """What `build` wrote. verdicts: sheet -> what became of its run; seconds: wall time."""

    path: Path
    sheets: tuple[str, ...]
    formula_cells: int
    verdicts: Mapping[str, Verdict]
    seconds: float

    def __repr__(self) -> str:
        sheets = counted(len(self.sheets), "sheet")
        return line(self, str(self.path), sheets, counted(self.formula_cells, "formula cell"), f"{self.seconds:.1f} s")

    def _repr_html_(self) -> str:
        return settings(self, self.verdicts)


def build(of: Lesson, path: Path, *, force: bool = False, progress: Callable[[str], None] = lambda _: None) -> Built:
    """Write the workbook of a lesson to a file, whole or not at all.

    A file that a person has saved since it was built is left alone unless `force`.
    Raises WorkbookError for what cannot be written.
    """
    began = time.perf_counter()
    if path.suffix.lower() != SUFFIX:
        raise WorkbookError(f"{path} is no name of a workbook: let it end with {SUFFIX}.")
    if path.parent.exists() and not path.parent.is_dir():
        raise WorkbookError(f"{path.parent} is a file, not a folder: name a folder to write {path.name} into.")
    with writable(path):
        replaceable = stamp(path) if force else None
        guard(path, replaceable)
        warned = limits.foresee(of)
        made = compose(of, run_plan, progress=lambda sheet: progress(f"computing {sheet}"))
        limits.check(of, made.sheets, warned=warned)
        write(
            made.sheets,
            path,
            title=of.title,
            manifest=manifest(of),
            progress=lambda sheet: progress(f"writing {sheet}"),
            check=lambda: guard(path, replaceable),
        )
    return Built(
        path,
        tuple(sheet.name for sheet in made.sheets),
        sum(sheet.formula_cells for sheet in made.sheets),
        {steps.of.sheet.name: steps.of.trace.verdict for steps in made.lists},
        time.perf_counter() - began,
    )


def manifest(of: Lesson) -> dict[str, object]:
    """What the file says of itself; what it is made of stands on its last sheet."""
    return {"lesson": of.name, "version": __version__}


def guard(path: Path, replaceable: Stamp | None = None) -> None:
    """Refuse to write over a workbook that is open, or that a person has saved since it was built.

    replaceable: the one state of it that may be overwritten all the same.
    """
    for place in {path, destination(path)}:
        for lock in (place.with_name(f".~lock.{place.name}#"), place.with_name(f"~${place.name}")):
            if lock.exists():
                raise WorkbookError(
                    f"{path} is open in another program ({lock.name} lies beside it). Close it there first."
                )
    found = stamp(path)
    if found is None or found == replaceable or untouched(path):
        return
    if replaceable:
        raise WorkbookError(
            f"{path} was saved by another program while this one worked and is left as it is; "
            "to overwrite it, build once more."
        )
    raise WorkbookError(
        f"{path} has been saved by another program since it was built; building would lose those changes. "
        "Build into another folder with -o, or overwrite it with --force."
    )


def untouched(path: Path) -> bool:
    """Whether a file is one of ours as we wrote it: a program that saves a workbook stamps time and name."""
    stamp = CREATED.strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with zipfile.ZipFile(path) as file:
            core = file.read("docProps/core.xml").decode("utf-8", "replace")
            app = file.read("docProps/app.xml").decode("utf-8", "replace")
            custom = file.read("docProps/custom.xml").decode("utf-8", "replace")
    except (OSError, KeyError, zipfile.BadZipFile):
        return False
    return core.count(stamp) == 2 and "<AppVersion>12.0000<" in app and PROPERTY in custom
