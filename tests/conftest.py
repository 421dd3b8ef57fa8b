"""Fixtures: a workbook built once, and other spreadsheet programs where they are there."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graddesc_xl import build
from graddesc_xl.errors import RecalculationError
from graddesc_xl.experiments import Experiment
from graddesc_xl.lessons import LESSONS, Lesson
from graddesc_xl.lessons.building import manifest
from graddesc_xl.lessons.composing import compose
from graddesc_xl.lessons.exercises import exercise
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.data import dataset
from graddesc_xl.parts.models import MODELS
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.verification import gnumeric, libreoffice, reading
from graddesc_xl.verification.held import Model
from graddesc_xl.workbook.write import write
from once import Everywhere, Once, everywhere, few, mirrored
from shared import Poison, rewritten
from spreadsheet import Spreadsheet

#: set to anything: tests that need LibreOffice or Gnumeric fail where it is missing, instead of being skipped
REQUIRE = "GRADDESC_XL_REQUIRE_SPREADSHEETS"

#: looking for cycles among millions of cells that have none took a quarter of the time
gc.set_threshold(100_000, 20, 100)

#: a process that was started in the background hands on that it ignores these; tests send them to processes of theirs
for _signal in ("SIGINT", "SIGHUP"):
    if (_number := getattr(signal, _signal, None)) and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)

#: cases of a fuzzer that one test tries
TOGETHER = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of the long run."""
    parser.addoption("--long", action="store_true", help="let the fuzzers try as many cases as they have")


def pytest_configure(config: pytest.Config) -> None:
    """The mark of a fuzzer."""
    config.addinivalue_line("markers", "fuzz(short, long): takes `seeds`: so many in the suite, so many with --long")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a fuzzer its seeds, some at a time."""
    marked = metafunc.definition.get_closest_marker("fuzz")
    if marked:
        count = marked.args[metafunc.config.getoption("--long")]
        batches = [range(first, min(first + TOGETHER, count)) for first in range(0, count, TOGETHER)]
        metafunc.parametrize("seeds", batches, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """What the suite makes once."""
    own = tmp_path_factory.getbasetemp()
    return Once((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "once")


@pytest.fixture(scope="session")
def shipped(once: Once) -> Callable[[str], Path]:
    """The workbook of a lesson as `build` writes it; nobody may change it."""

    def built(name: str) -> Path:
        return once.files(name, lambda folder: build(name, folder)) / LESSONS[name].file

    return built


@pytest.fixture(scope="session")
def first_steps(shipped: Callable[[str], Path]) -> Path:
    """The smallest workbook as `build` writes it."""
    return shipped("first-steps")


@pytest.fixture(scope="session")
def workbook(shipped: Callable[[str], Path]) -> Path:
    """The mirrored workbook as `build` writes it."""
    return shipped("graddesc")


@pytest.fixture(scope="session")
def two_neurons(shipped: Callable[[str], Path]) -> Path:
    """The workbook about two neurons as `build` writes it."""
    return shipped("two-neurons")


@pytest.fixture(scope="session")
def bent(shipped: Callable[[str], Path]) -> Path:
    """The workbook about bent data as `build` writes it."""
    return shipped("bent")


@pytest.fixture(scope="session")
def mirrored_runs(once: Once) -> Path:
    """The mirrored sheets of single runs, for fewer epochs, as `build` writes them."""
    of = mirrored()
    return once.files("mirrored", lambda folder: of.build(folder / of.file)) / of.file


@pytest.fixture(scope="session")
def few_neurons(once: Once) -> Path:
    """A part of the workbook about two neurons, as `build` writes it."""
    of = few()
    return once.files("few", lambda folder: of.build(folder / of.file)) / of.file


@pytest.fixture(scope="session")
def verified(once: Once, shipped: Callable[[str], Path]) -> Callable[[str], Everywhere]:
    """What `verify` says of the workbook of a lesson, and what the programs that are there compute of it."""

    def found(name: str) -> Everywhere:
        return once.thing(f"{name} verified", lambda: everywhere(shipped(name)))

    return found


@pytest.fixture(scope="session")
def to_fill_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exercise on one neuron: six steps, the first of them worked out."""
    of = exercise(LESSONS["graddesc"], sheets=["basic"], steps=6, worked=1)
    return of.build(tmp_path_factory.mktemp("exercise") / "basic.xlsx").path


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small workbook of ours, with all its kinds of parts; it is known as long as the module's tests run."""
    data = dataset([1.0, 4.0, 2.0], [3.0, 9.5, 5.0])
    experiments = tuple(
        Experiment(name, name, "About it.", OPTIMIZERS[name], model=MODELS["one_neuron"], data=data, epochs=2)
        for name in ("sgd", "adam")
    )
    book = Lesson("Tiny", experiments)
    path = tmp_path_factory.mktemp("tiny") / "tiny.xlsx"
    write(compose(book, run_plan).sheets, path, title=book.title, manifest=manifest(book))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LESSONS, "tiny", book)
        yield path


@pytest.fixture(scope="session")
def held(workbook: Path) -> Model:
    """The workbook as its file holds it, for all tests to read; what a test types goes into `model`."""
    return reading.load(workbook)


@pytest.fixture(scope="session")
def opened(held: Model) -> Spreadsheet:
    """The workbook open in IronCalc; `model` is a copy of it for each test."""
    return Spreadsheet(held)


@pytest.fixture
def model(opened: Spreadsheet) -> Spreadsheet:
    """The workbook for one test alone, to type into and to recalculate."""
    return opened.copy()


@pytest.fixture(scope="session")
def recalculated(held: Model) -> Model:
    """The workbook after IronCalc computed every formula."""
    model = replace(held)
    model.recalculate()
    return model


def program(find: Callable[[], str]) -> str:
    """A spreadsheet program; tests that need it are skipped, with the hint how to install it, or fail."""
    try:
        return find()
    except RecalculationError as missing:
        if os.environ.get(REQUIRE):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def soffice() -> str:
    """The LibreOffice program."""
    return program(libreoffice.find)


@pytest.fixture(scope="session")
def ssconvert() -> str:
    """Gnumeric's converter."""
    return program(gnumeric.find)


@pytest.fixture
def poisoned(workbook: Path, held: Model, tmp_path: Path) -> Callable[..., Path]:
    """A function that copies the workbook with the XML of cells rewritten: each its sheet, its address, and how."""

    def poison(*cells: Poison) -> Path:
        return rewritten(workbook, tmp_path / f"{workbook.stem}-poisoned.xlsx", held, cells)

    return poison
