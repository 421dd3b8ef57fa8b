"""What came out of a sweep as a file: a table, arrays, a picture; by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..errors import SettingError, WorkbookError, did_you_mean
from ..numbers.plot import pyplot
from ..numbers.verdict import KINDS
from ..writing import replacing

if TYPE_CHECKING:
    from .swept import Sweep

#: rows of a table that are made at a time
BLOCK = 100_000


@dataclass(frozen=True)
class Format:
    """How a sweep becomes a file. needs: raises SettingError where something is not installed."""

    write: Callable[[Sweep, BinaryIO], None]
    needs: Callable[[], object] = lambda: None


def csv(swept: Sweep, file: BinaryIO) -> None:
    """One line per run; error cells are `inf` and `nan`, so that every number can be read back as it is."""
    for start in range(0, len(swept.grid), BLOCK):
        rows = swept.frame(start, start + BLOCK)
        rows.to_csv(file, index=False, header=not start, na_rep="nan", lineterminator="\n")


def parquet(swept: Sweep, file: BinaryIO) -> None:
    """One row per run."""
    swept.frame().to_parquet(file, engine="pyarrow", index=False)


def npz(swept: Sweep, file: BinaryIO) -> None:
    """Arrays of the grid's shape by name, the values of each axis, and what the numbers of `kind` mean."""
    arrays: dict[str, Any] = {f"over_{axis.name}": axis.values for axis in swept.grid.axes}
    arrays |= {name: getattr(swept, name) for name in ("error", "kind", "step", "times")}
    arrays |= {f"new_{w}": values for w, values in swept.weights.items()}
    arrays |= {n: v for n in ("errors", "validation") if (v := getattr(swept, n)) is not None}
    np.savez(file, kinds=np.array(KINDS), **arrays)


def png(swept: Sweep, file: BinaryIO) -> None:
    """The picture that `plot` makes."""
    figure = swept.plot()
    figure.savefig(file, format="png", dpi=150)
    pyplot().close(figure)


def _pyarrow() -> None:
    try:
        import_module("pyarrow")
    except ImportError:
        said = "Parquet is written by pyarrow, which is not installed: pip install 'graddesc-xl[parquet]', or use .csv."
        raise SettingError(said) from None


#: suffix -> how a sweep becomes such a file
FORMATS: Mapping[str, Format] = {
    ".csv": Format(csv),
    ".parquet": Format(parquet, _pyarrow),
    ".npz": Format(npz),
    ".png": Format(png, pyplot),
}


def writer(path: Path, *others: str) -> Format:
    """How a sweep becomes the file of that name. others: endings that whoever asks knows besides.

    Raises WorkbookError for another suffix, and SettingError where what it needs is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        known = (*FORMATS, *others)
        near = did_you_mean(suffix, known) if suffix else f" Known: {', '.join(known)}."
        raise WorkbookError(f"{path} does not say what to write by how it ends.{near}")
    FORMATS[suffix].needs()
    return FORMATS[suffix]


def save(swept: Sweep, path: Path, check: Callable[[], None] = lambda: None) -> None:
    """Write a sweep, whole or not at all. check: a last look before a file is replaced."""
    of = writer(path)
    with replacing(path, check) as file:
        of.write(swept, file)
