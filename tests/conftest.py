"""Fixtures: a workbook built once, and LibreOffice where it is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graddesc_xl import build
from graddesc_xl.verification import libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.reading import Model
from spreadsheet import Spreadsheet

#: set to anything: tests that need LibreOffice fail where it is missing, instead of being skipped
REQUIRE = "GRADDESC_XL_REQUIRE_LIBREOFFICE"


@pytest.fixture(scope="session")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mirrored workbook as `build` writes it."""
    return build("graddesc", tmp_path_factory.mktemp("workbooks")).path


@pytest.fixture(scope="session")
def two_neurons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook about two neurons as `build` writes it."""
    return build("two-neurons", tmp_path_factory.mktemp("two-neurons")).path


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


@pytest.fixture(scope="session")
def soffice() -> str:
    """The LibreOffice program; tests that need it are skipped, with the hint how to install it, or fail."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        hint = f"LibreOffice is missing. {libreoffice.INSTALL}"
        if os.environ.get(REQUIRE):
            pytest.fail(hint)
        pytest.skip(hint)
    return program


@pytest.fixture(scope="session")
def libreoffice_values(workbook: Path, soffice: str) -> Iterator[Model]:
    """The workbook after LibreOffice was forced to compute every formula."""
    with libreoffice.recalculated(workbook, soffice, Limits(180)) as copy:
        yield reading.load(copy)


@pytest.fixture
def poisoned(workbook: Path, held: Model, tmp_path: Path) -> Callable[[str, str, Callable[[str], str]], Path]:
    """A function that copies the workbook with the XML of one cell rewritten."""
    import re
    import zipfile

    def poison(sheet: str, cell: str, rewrite: Callable[[str], str]) -> Path:
        number = list(held.sheets).index(sheet) + 1
        target = tmp_path / f"{workbook.stem}-poisoned.xlsx"
        with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for name in source.namelist():
                part = source.read(name)
                if name == f"xl/worksheets/sheet{number}.xml":
                    text = part.decode()
                    found = re.search(rf'<c r="{cell}"[^>]*>.*?</c>', text)
                    assert found, f"{sheet} has no cell {cell}"
                    changed = rewrite(found.group(0))
                    assert changed != found.group(0), "the poison changed nothing"
                    part = text.replace(found.group(0), changed).encode()
                out.writestr(name, part)
        return target

    return poison
