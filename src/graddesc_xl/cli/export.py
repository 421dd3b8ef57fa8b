"""A trace as a file of its own: every number of every step, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import WorkbookError

if TYPE_CHECKING:
    import pandas as pd

    from ..trace import Trace

#: rows of a spreadsheet below its header
MOST_ROWS = 2**20 - 1


def check_target(path: Path, suffix: str, force: bool) -> None:
    """Refuse, before any work, a file that cannot or should not be written."""
    if path.is_dir():
        raise WorkbookError(f"{path} is a folder: name a file in it, as in {path / ('trace' + suffix)}.")
    if path.suffix.lower() != suffix:
        raise WorkbookError(f"{path} must end in {suffix}, as in {path.with_suffix(suffix)}.")
    if not path.parent.is_dir():
        raise WorkbookError(f"{path} cannot be written: there is no folder {path.parent}.")
    if path.exists() and not force:
        raise WorkbookError(f"{path} exists already: choose another name, or overwrite it with --force.")


def whole(path: Path, trace: Trace, write: Callable[[pd.DataFrame, Path], None]) -> None:
    """Write a trace into a neighbour of `path` that replaces it at the end: whole or not at all."""
    temporary = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        write(with_error_cells(trace), temporary)
        temporary.replace(path)
    except OSError as problem:
        raise WorkbookError(f"{path} cannot be written: {problem.strerror or problem}.") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def with_error_cells(trace: Trace) -> pd.DataFrame:
    """Every step of a trace, with a sheet's error cells where a value is not finite."""
    import numpy as np

    from ..workbook.cells import CellError, cell_value

    frame = trace.frame()
    for column in frame.columns:
        values = frame[column].to_numpy()
        if not np.isfinite(values).all():
            cells = [cell_value(float(value)) for value in values]
            frame[column] = np.array([c.value if isinstance(c, CellError) else c for c in cells], dtype=object)
    return frame


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """One line per step."""
    frame.to_csv(path, index=False, lineterminator="\n")


def write_xlsx(frame: pd.DataFrame, path: Path) -> None:
    """One row per step; the same trace gives the same bytes."""
    import pandas as pd
    from xlsxwriter.exceptions import FileCreateError

    from ..workbook.write import CREATED

    try:
        with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
            writer.book.set_properties({"created": CREATED})
            frame.to_excel(writer, sheet_name="trace", index=False, freeze_panes=(1, 2))
    except FileCreateError as problem:  # an OSError in disguise
        raise OSError(str(problem)) from None
