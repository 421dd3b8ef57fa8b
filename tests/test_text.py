"""What looks like a formula stays a text, wherever a person may write it; or it is refused in a sentence."""

from __future__ import annotations

import html
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from graddesc_xl import Comparison, Experiment, Lesson, Row, cli, data, experiment, model, verify
from graddesc_xl.errors import GraddescError
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.sheets.answers import Question

#: what spreadsheet programs would take for a formula, a link or a command
TRAPS = (
    "=1+1",
    "+1",
    "@SUM(A1)",
    "-x",
    '=HYPERLINK("http://example.org","x")',
    "http://example.org",
    "\t=1+1",
)


def lesson(trap: str, file: Path) -> Lesson:
    """One whose every text is a trap: of data, of a model, of experiments, of a comparison, of questions."""
    file.write_text("size,price\n0.5,1\n0.8,1.5\n1.2,2.5\n", encoding="utf-8")
    samples = data(file, name=f"{trap} d"[:20])
    line = replace(
        model("a*size + b"), name=trap, title=trap, about={"a": trap, "pred": trap}, titles={"pred": f"{trap}."}
    )
    names = [re.sub(r"[\[\]:*?/\\!\t]", "", trap)[:20] + end for end in ("1", "2", "3")]
    runs = [Experiment(name, trap, trap, model=line, data=samples, epochs=2, values={"lr": 0.01}) for name in names[:2]]
    rows = tuple(Row(f"{trap}{i}", (replace(e, name=f"{trap}{i}"),)) for i, e in enumerate(runs))
    compared = Comparison(names[2], trap, trap, (f"{trap} g",), rows, ("lr",), note=trap, summary=trap)
    asked = Question(f"{trap}?", names[0], trap)
    return Lesson(
        f"{trap} t", [*runs, compared], subtitle=trap, name="trap", questions=(asked,), reading={f"{trap} r": trap}
    )


@pytest.mark.parametrize("trap", TRAPS)
def test_a_text_that_looks_like_a_formula_stays_one(trap: str, tmp_path: Path) -> None:
    """No formula but those that were composed, no link out of the file, no name that holds it; and it is there."""
    of = lesson(trap, tmp_path / "houses.csv")
    path = of.build(tmp_path / "trap.xlsx").path
    assert verify(path).ok
    composed = sum(sheet.formula_cells for sheet in compose(of, run_plan).sheets)
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert sum(cell.data_type == "f" for cell in cells) == composed
    assert any(cell.data_type == "s" and trap in str(cell.value) for cell in cells)
    assert not any(cell.hyperlink and cell.hyperlink.target for cell in cells)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name).decode() for name in file.namelist() if name.endswith((".xml", ".rels"))}
    assert not any('TargetMode="External"' in text for text in parts.values())
    names = re.findall(r"<definedName [^>]*>([^<]*)<", parts["xl/workbook.xml"])
    assert all(re.fullmatch(r"(.+!)?\$?[A-Z]*\$?\d*(:\$?[A-Z]*\$?\d*)?(,.+)?", html.unescape(name)) for name in names)


def test_a_figure_that_is_none_is_refused(tmp_path: Path) -> None:
    """Braces in an answer are for figures."""
    with pytest.raises(GraddescError, match=r"'=1\+1' is no formula"):
        lesson("{=1+1}", tmp_path / "houses.csv").build(tmp_path / "trap.xlsx")


@pytest.mark.parametrize("title", [*TRAPS, "=cmd|'/C calc'!A0", "=A1", "+x", "@x"])
def test_a_title_of_a_column_becomes_a_name(title: str, tmp_path: Path) -> None:
    """Of signs and letters only these are kept, in the sheet as in formulas."""
    file = tmp_path / "houses.csv"
    quoted = title.replace('"', '""')
    file.write_text(f'"{quoted}",price\n0.5,1\n0.8,1.5\n1.2,2.5\n', encoding="utf-8")
    samples = data(file)
    (name,) = samples.inputs
    assert name.isidentifier()
    path = Lesson("Titles", [experiment(f"weight*{name} + bias", samples, epochs=1)]).build(tmp_path / "t.xlsx").path
    assert verify(path).ok
    found = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" and title in str(cell.value) for cell in found)
    assert any(cell.data_type == "s" and cell.value == name for cell in found)


@pytest.mark.parametrize("cell", ["=1+1", "@x", "-x", "+x", "=A1"])
def test_a_cell_of_text_is_refused(cell: str, tmp_path: Path) -> None:
    """With its place; +1 is a number."""
    file = tmp_path / "houses.csv"
    file.write_text(f"size,price\n{cell},1\n0.8,1.5\n", encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["run", "--model", "a*size + b", "--data", str(file)])
    assert result.exit_code == 2
    assert f"line 2, column 'size' holds '{cell}', which is no number" in result.stderr
    file.write_text("size,price\n+1,1\n0.8,1.5\n", encoding="utf-8")
    assert data(file).inputs["size"] == (1.0, 0.8)
