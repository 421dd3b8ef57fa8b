"""What the suite makes once, however many processes run it: the first that wants it makes it, the others take it."""

from __future__ import annotations

import pickle
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from graddesc_xl import LESSONS, Lesson, verify
from graddesc_xl.errors import RecalculationError
from graddesc_xl.lessons.composing import Composition, compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.sheets.comparison import Compared
from graddesc_xl.sheets.kind import Kind
from graddesc_xl.sheets.steps import Steps
from graddesc_xl.verification import gnumeric, libreoffice, verifier
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.held import Cells, Held
from graddesc_xl.verification.report import Report

T = TypeVar("T")
#: seconds after which a process that makes something must have ended without
PATIENCE = 900.0


@dataclass
class Once:
    """A folder that all processes of a session share. loaded: what this one took from it."""

    root: Path
    loaded: dict[str, Any] = field(default_factory=dict)

    def files(self, name: str, make: Callable[[Path], object]) -> Path:
        """The folder of that name. make: fills it, while it is empty and has another name."""
        made, making, lock = (self.root / f"{name}{end}" for end in ("", ".new", ".lock"))
        with _alone(lock):
            if not made.exists():
                shutil.rmtree(making, ignore_errors=True)
                making.mkdir(parents=True)
                make(making)
                making.rename(made)
        return made

    def thing(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives; it must be one that can be pickled, and nobody may change it."""
        if name not in self.loaded:
            folder = self.files(name, lambda folder: (folder / "thing").write_bytes(pickle.dumps(make())))
            self.loaded[name] = pickle.loads((folder / "thing").read_bytes())
        found: T = self.loaded[name]
        return found


@cache
def composed(name: str) -> Composition:
    """A lesson that comes with the package, composed as it is built; nobody may change it."""
    return compose(LESSONS[name], run_plan)


def mirrored() -> Lesson:
    """The mirrored sheets of single runs, for half their epochs and without any others."""
    kinds = (kind for kind in LESSONS["graddesc"].kinds if isinstance(kind, Steps))
    return Lesson("Mirrored", [replace(kind, experiment=replace(kind.experiment, epochs=5)) for kind in kinds])


#: sheets of the workbook about two neurons, and of those that compare runs the rows that are left
FEW: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("basic SGD 2 neuron collapse", "basic SGD 2 neuron ReLU", "ReLU by hand", "derivatives"), ()),
    "learning rates": ("3e-6", "1e-5", "1e-2"),
    "fixes": ("baseline", "x and y scaled", "gradient clipped"),
}


def few() -> Lesson:
    """A part of the workbook about two neurons, with runs that explode: a third of the time to verify."""
    kinds: list[Kind] = []
    for kind in LESSONS["two-neurons"].kinds:
        if isinstance(kind, Compared) and kind.sheet in FEW:
            of = kind.comparison
            rows = tuple(row for row in of.rows if row.title in FEW[kind.sheet])
            kinds.append(replace(kind, comparison=replace(of, rows=rows, later=0)))
        elif kind.sheet in FEW:
            kinds.append(kind)
    assert [kind.sheet for kind in kinds] == [*FEW]
    return Lesson("Few neurons", kinds)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let no other process in meanwhile."""
    began = time.monotonic()
    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            assert time.monotonic() - began < PATIENCE, f"{lock} is there, and nobody works"
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.rmdir()


@dataclass(frozen=True)
class Everywhere:
    """What `verify` says of a workbook with every program, and the values that other programs computed, by name."""

    report: Report
    values: dict[str, Held]


def everywhere(path: Path) -> Everywhere:
    """Verify a workbook with every program that is there, and keep what LibreOffice and Gnumeric computed."""
    values: dict[str, Held] = {}
    of_program = verifier._Opinion.values

    def keeping(self: verifier._Opinion, path: Path, limits: Limits) -> Held:
        values[self.name] = of_program(self, path, limits)
        return values[self.name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifier._Opinion, "values", keeping)
        report = verify(path, libreoffice=_there(libreoffice), gnumeric=_there(gnumeric), timeout=600)
    return Everywhere(replace(report, runs=()), {name: _values(held) for name, held in values.items()})


def _there(program: ModuleType) -> str | bool:
    """A program, or False where it is missing."""
    try:
        return str(program.find())
    except RecalculationError:
        return False


def _values(of: Held) -> Held:
    """Its values alone."""
    return Held({name: Cells(each.rows, each.columns, each.numbers, each.others) for name, each in of.cells.items()})
