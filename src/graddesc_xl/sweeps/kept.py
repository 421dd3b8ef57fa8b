"""Chunks that are done, as files: an interrupted sweep goes on with them."""

from __future__ import annotations

import hashlib
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import GraddescWarning, WorkbookError
from ..language.values import Array
from ..writing import recorded, replacing, writable
from .chunks import Range, Work

#: what the folder beside a file is called that keeps the chunks of what becomes it
SUFFIX = ".parts"
#: the file of a chunk: which sweep it is of, and its runs
_NAME = re.compile(r"(?P<digest>[0-9a-f]{32})-(?P<start>\d+)-(?P<stop>\d+)\.npz")


def beside(path: Path) -> Path:
    """The folder that keeps chunks: the one that is given, or for a file one beside it."""
    return path if path.is_dir() or not path.suffix or path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)


class Kept:
    """The chunks of one sweep in a folder, which may keep those of others: they are never mixed."""

    def __init__(self, folder: Path, work: Work) -> None:
        self.folder = folder
        self.work = work
        self.digest = digest(work)
        if folder.exists() and not folder.is_dir():
            raise WorkbookError(f"{folder} is no folder: name one to keep chunks in, or the file that is written.")

    def found(self) -> Iterator[tuple[Range, dict[str, Array]]]:
        """What is there of the sweep, in order; what is damaged is said, and left out."""
        names = [*filter(None, map(_NAME.fullmatch, _names(self.folder)))]
        mine = [(int(n["start"]), int(n["stop"])) for n in names if n["digest"] == self.digest]
        if names and not mine:
            _warn(f"{self.folder} keeps chunks of another sweep and none of this one, which begins with its first run.")
        at = 0
        for start, stop in sorted(mine):
            if at <= start < stop <= len(self.work) and (part := self._read(start, stop)):
                yield (start, stop), part
                at = stop

    def keep(self, start: int, stop: int, part: Mapping[str, Array]) -> None:
        """Write a chunk, whole or not at all."""
        arrays: dict[str, Any] = {**part}
        with writable(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with recorded(), replacing(self._path(start, stop)) as file:  # these are no files that anybody asked for
            np.savez(file, **arrays)

    def _path(self, start: int, stop: int) -> Path:
        return self.folder / f"{self.digest}-{start}-{stop}.npz"

    def _read(self, start: int, stop: int) -> dict[str, Array] | None:
        path = self._path(start, stop)
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                part = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            part = {}
        if not part or any(len(values) != stop - start for values in part.values()):
            _warn(f"{path} is damaged: its {stop - start:,} runs are done again.")
            return None
        return part


def runs(folder: Path) -> int:
    """How many runs the chunks in a folder are of."""
    return sum(int(n["stop"]) - int(n["start"]) for n in map(_NAME.fullmatch, _names(folder)) if n)


def clear(folder: Path) -> None:
    """Remove the chunks in a folder, and the folder if nothing else is in it."""
    for name in filter(_NAME.fullmatch, _names(folder)):
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def digest(work: Work) -> str:
    """Which sweep it is: all that its numbers depend on, the version of this package included."""
    axes = [(axis.name, axis.values) for axis in work.grid.axes]
    return _digest((__version__, work.plan, work.data, axes, work.fixed, work.by_epoch), {})


def _digest(thing: Any, known: dict[int, str]) -> str:
    """Of numbers, texts, and what is made of them; the same in every process, as pickles and hashes are not."""
    if is_dataclass(thing):
        if id(thing) not in known:  # expressions share their parts
            said = {f.name: _digest(getattr(thing, f.name), known) for f in fields(thing)}
            known[id(thing)] = _hashed(type(thing).__name__, *said.items())
        return known[id(thing)]
    match thing:
        case np.ndarray():
            return _hashed("array", thing.dtype.str, thing.shape, thing.tobytes())
        case Mapping():
            return _hashed("mapping", *((_digest(k, known), _digest(v, known)) for k, v in thing.items()))
        case set() | frozenset():
            return _hashed("set", *sorted(_digest(each, known) for each in thing))
        case tuple() | list():
            return _hashed("sequence", *(_digest(each, known) for each in thing))
    return _hashed(type(thing).__name__, thing)


def _hashed(*said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def _warn(said: str) -> None:
    warnings.warn(said, GraddescWarning, stacklevel=4)
