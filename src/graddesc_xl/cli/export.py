"""A trace as a file of its own: every number of every step, written block by block, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import WorkbookError
from ..writing import Stamp, destination, replacing, stamp

if TYPE_CHECKING:
    import pandas as pd

    from ..numbers.trace import Trace

#: rows of a spreadsheet below its header
MOST_ROWS = 2**20 - 1
#: rows that are made, and told of, at a time
BLOCK = 20_000

Progress = Callable[[str], None]


class Target:
    """A file to export to: refused before any work where it cannot or should not be written.

    With `force` a file that stands there may be overwritten as it stands now, and not after it has changed.
    """

    def __init__(self, path: Path, suffix: str, *, force: bool) -> None:
        self.path = path
        if path.is_dir():
            raise WorkbookError(f"{path} is a folder: name a file in it, as in {path / ('trace' + suffix)}.")
        if path.suffix.lower() != suffix:
            raise WorkbookError(f"{path} must end in {suffix}, as in {path.with_suffix(suffix)}.")
        if not path.parent.is_dir():
            raise WorkbookError(f"{path} cannot be written: there is no folder {path.parent}.")
        destination(path)
        self.replaceable: Stamp | None = stamp(path) if force else None
        self.check()

    def check(self) -> None:
        """Refuse to overwrite what should stay."""
        if stamp(self.path) not in (None, self.replaceable):
            told = "has been changed meanwhile" if self.replaceable else "exists already"
            raise WorkbookError(f"{self.path} {told}: choose another name, or overwrite it with --force.")


def write_csv(trace: Trace, target: Target, progress: Progress) -> None:
    """One line per step."""
    with replacing(target.path, target.check) as file:
        for frame, first in blocks(trace, progress):
            frame.to_csv(file, index=False, header=not first, lineterminator="\n")


def write_xlsx(trace: Trace, target: Target, progress: Progress) -> None:
    """One row per step; the same trace gives the same bytes."""
    from ..workbook.write import CREATED, new_workbook

    with new_workbook(target.path, target.check, constant_memory=True) as (book, page_class):
        book.set_properties({"created": CREATED})
        page = book.add_worksheet("trace", page_class)
        page.freeze_panes(1, 2)
        for frame, first in blocks(trace, progress):
            if not first:
                page.write_row(0, 0, frame.columns)
            for number, row in enumerate(zip(*(frame[c].tolist() for c in frame), strict=True), first + 1):
                for column, value in enumerate(row):
                    write = page.write_string if isinstance(value, str) else page.write_number
                    write(number, column, value)
        progress("packing")


def blocks(trace: Trace, progress: Progress) -> Iterator[tuple[pd.DataFrame, int]]:
    """Some epochs' steps after the other, as a sheet shows them, each with the number of steps before it."""
    epochs, samples = trace.plan.epochs, len(trace.data)
    at_once = max(1, BLOCK // samples)
    for first in range(0, epochs, at_once):
        progress(f"{first * samples:,} of {epochs * samples:,} steps")
        yield with_error_cells(trace.frame(epochs=range(first, min(first + at_once, epochs)))), first * samples


def with_error_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with a sheet's error cells where a value is not finite."""
    import numpy as np

    from ..language.values import CellError, cell_value

    for column in frame.columns:
        values = frame[column].to_numpy()
        if not np.isfinite(values).all():
            cells = [cell_value(float(value)) for value in values]
            frame[column] = np.array([c.value if isinstance(c, CellError) else c for c in cells], dtype=object)
    return frame
