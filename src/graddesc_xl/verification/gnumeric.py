"""Gnumeric as a third opinion: its converter opens a workbook, recalculates everything and saves it.

It computes with 80-bit numbers and saves more digits than a double has, so its values are its own, not rounded.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..ending import scratch
from ..errors import RecalculationError
from . import bounded
from .bounded import Limits

INSTALL = (
    "Install it (Debian, Ubuntu: apt install gnumeric; Fedora: dnf install gnumeric; macOS: brew install gnumeric); "
    "its converter ssconvert must be on PATH."
)


def find(given: bool | str | Path = True) -> str:
    """The converter: the given one, or `ssconvert` on PATH."""
    return bounded.find(given, ("ssconvert",), name="Gnumeric", install=INSTALL)


@contextmanager
def recalculated(path: Path, program: str, limits: Limits) -> Iterator[Path]:
    """A copy of the workbook with every formula recalculated; it is gone when the context ends."""
    with scratch() as folder:
        source, result = folder / "workbook.xlsx", folder / "recalculated.xlsx"
        shutil.copyfile(path, source)
        command = [program, "--recalc", "--export-type=Gnumeric_Excel:xlsx", str(source), str(result)]
        said = bounded.run(command, limits, name="Gnumeric", file=path, folder=folder)
        if not result.exists():
            raise RecalculationError(f"Gnumeric could not convert {path}: {bounded.quoted(said)}.")
        yield result
