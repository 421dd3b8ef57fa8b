"""Every workbook that is written is Open XML as its standard has it, says a validator that is not ours."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from openxml_audit import FileFormat, OpenXmlValidator
from typer.testing import CliRunner

from graddesc_xl import Experiment, cli, dataset
from graddesc_xl.lessons import Lesson
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.models import MODELS
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.workbook.write import write


def findings(path: Path) -> list[str]:
    """What the validator finds: the part of the file and what is wrong in it."""
    result = OpenXmlValidator(FileFormat.OFFICE_2007, max_errors=20).validate(path)
    return [f"{e.part_uri}: {e.description}" for e in result.errors]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of one's own: samples, names, models and optimizers that no shipped one has, one that explodes."""
    data = dataset([1.0, 4.0, 2.0], [3.0, 9.5, 5.0])
    chosen = [("adam_ann", "two_neurons_relu", 1e-3), ("torch_adam", "one_neuron", 0.1), ("sgd", "two_neurons", 50.0)]
    experiments = tuple(
        Experiment(f"{o} & <{m}>", f"“{o}”", "About it.", OPTIMIZERS[o], MODELS[m], data=data, values={"lr": lr})
        for o, m, lr in chosen
    )
    made = compose(Lesson("One's “own” & <more>", experiments, "Questions."), run_plan)
    path = tmp_path_factory.mktemp("own") / "own.xlsx"
    write(made.sheets, path, title="One's “own” & <more>", manifest={"a": "<b>"})
    return path


def test_a_workbook_is_open_xml(workbook: Path, own: Path) -> None:
    """The validator finds nothing in the mirrored workbook, nor in one of one's own."""
    assert findings(workbook) == findings(own) == []


def without_repeated_rows(workbook: Path, path: Path) -> Path:
    """A copy whose sheets keep one of all rows that differ in nothing but numbers, formulas and texts."""
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                seen: set[str] = set()

                def kept(row: re.Match[str], seen: set[str] = seen) -> str:
                    shape = re.sub(r">[^<]+<|(?<=[ A-Z]r=\")\w+|\d+", "", row[0])
                    new = shape not in seen
                    seen.add(shape)
                    return row[0] if new else ""

                part = re.sub(r"<row .*?</row>", kept, part.decode(), flags=re.DOTALL).encode()
            out.writestr(name, part)
    return path


def test_a_large_workbook_is_open_xml(two_neurons: Path, tmp_path: Path) -> None:
    """It finds nothing in the workbook about two neurons either, of whose rows that are alike it is shown one."""
    copy = without_repeated_rows(two_neurons, tmp_path / "copy.xlsx")
    assert findings(copy) == []
    with zipfile.ZipFile(copy) as file:
        assert sum(file.read(name).count(b"<row ") for name in file.namelist()) > 300


@pytest.mark.parametrize("rate", ["1e-5", "1"])
def test_a_trace_is_open_xml(rate: str, tmp_path: Path) -> None:
    """The validator finds nothing in what `run --xlsx` writes, error cells or none."""
    path = tmp_path / "trace.xlsx"
    command = ["run", "basic", "--epochs", "2", "--set", f"lr={rate}", "--xlsx", str(path)]
    assert CliRunner().invoke(cli.app, command).exit_code == 0
    assert findings(path) == []


BROKEN = {
    "an element of another name": ("worksheets/sheet1.xml", "<cols>.*</cols>", "<columns/>", "columns"),
    "an element in the wrong place": ("charts/chart1.xml", "<c:plotArea>", "<c:legend/><c:plotArea>", "plotArea"),
    "an attribute that does not exist": ("worksheets/sheet3.xml", "<dataValidation ", '<dataValidation a="1" ', "'a'"),
    "an attribute of a wrong value": ("worksheets/sheet3.xml", 'type="decimal"', 'type="decimals"', "decimals"),
    "a part that is not there": ("_rels/workbook.xml.rels", "styles.xml", "stiles.xml", "stiles.xml"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_workbook_is_found(case: str, own: Path, tmp_path: Path) -> None:
    """The same look at a workbook with one thing wrong in it says what is wrong."""
    part, right, wrong, said = BROKEN[case]
    path = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(own) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            text = source.read(name).decode()
            changed = re.sub(right, wrong, text, count=1) if name == f"xl/{part}" else text
            assert (changed != text) == (name == f"xl/{part}")
            out.writestr(name, changed)
    assert [finding for finding in findings(path) if said in finding]
