"""Recipes as files: begun, built, edited in a spreadsheet, taken back."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graddesc_xl import LESSONS, build, cli, data, run, verify
from graddesc_xl.building import described
from graddesc_xl.errors import GraddescWarning, SettingError
from graddesc_xl.lessons import lesson
from graddesc_xl.lessons.recipe import read, spell
from graddesc_xl.sheets.comparison import Compared
from graddesc_xl.verification.left import lesson_as_left
from graddesc_xl.verification.reading import load
from spreadsheet import Spreadsheet


def call(*words: str) -> str:
    """What a command prints."""
    result = CliRunner().invoke(cli.app, [*words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a recipe to begin with, and the workbook it builds."""
    monkeypatch.chdir(tmp_path)
    call("new", "lesson.toml")
    call("build", "lesson.toml", "-o", ".")
    return tmp_path


def test_what_one_begins_with_builds_and_verifies(begun: Path) -> None:
    """No word of it needs to be changed; every line of it is explained or plain."""
    assert verify(begun / "lesson.xlsx").ok
    text = (begun / "lesson.toml").read_text(encoding="utf-8")
    assert text.count("\n#") >= 8
    assert max(map(len, text.splitlines())) <= 130


def test_a_recipe_comes_back_as_it_was(begun: Path) -> None:
    """Out of a workbook that nobody touched comes the recipe it was built from; built again it is the same file."""
    assert call("recipe", "lesson.xlsx") == spell(lesson(begun / "lesson.toml"))
    call("recipe", "lesson.xlsx", "-o", "back.toml")
    call("build", "back.toml", "-o", "again")
    assert (begun / "again" / "lesson.xlsx").read_bytes() == (begun / "lesson.xlsx").read_bytes()


@pytest.mark.parametrize("name", ["graddesc", "two-neurons"])
def test_the_shipped_recipes_come_back(name: str, request: pytest.FixtureRequest) -> None:
    """Every kind of sheet, with all its inputs and samples."""
    file = request.getfixturevalue({"graddesc": "workbook", "two-neurons": "two_neurons"}[name])
    assert spell(lesson_as_left(file)) == spell(LESSONS[name])


def test_what_was_typed_comes_back(begun: Path) -> None:
    """Rates and weights of a sheet, inputs of a comparison, samples: its runs are those of the new recipe."""
    opened = Spreadsheet(load(begun / "lesson.xlsx"))
    made = lesson(begun / "lesson.toml")
    plain, _ = made.experiments
    places = {(row, column): value for (row, column), value in opened.held.cells["plain"].items() if row <= 2}
    rate = next(at for at, value in places.items() if value == 0.1)
    opened.type_number("plain", *rate, 0.25)
    opened.type_number("data", 5, 2, 0.75)
    head = next(at for at, value in opened.held.cells["rates"].items() if value == "lr")
    opened.type_number("rates", head[0] + 2, head[1], 0.5)
    opened.recalculate()
    left = read(spell(lesson_as_left(opened.save(begun / "typed.xlsx"))))
    assert left.experiments[0].values == {**plain.values, "lr": 0.25}
    assert left.experiments[0].data.inputs["size"][0] == 0.75
    (rates,) = [kind.comparison for kind in left.kinds if isinstance(kind, Compared)]
    assert [row.experiments[0].values["lr"] for row in rates.rows] == [0.01, 0.5, 1]
    built = build(left, begun / "new.xlsx").path
    held = load(built).held.cells["plain"]
    top = next(row for (row, _), value in held.items() if value == "epoch")
    place = next(column for (row, column), value in held.items() if row == top and value == "√Σe²")
    assert held[top + 1, place] == run(left.experiments[0]).errors[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new", "lesson.toml"), "exists already: choose another name, or overwrite it with --force."),
        (("new", "lesson.txt"), "must end in .toml, as in lesson.toml."),
        (("new", "none/lesson.toml"), "there is no folder none"),
        (("recipe", "lesson.toml"), "lesson.toml is a recipe already: build it"),
        (("recipe", "none.xlsx"), "none.xlsx"),
        (("recipe", "lesson.xlsx", "-o", "lesson.toml"), "exists already"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(begun: Path, words: tuple[str, ...], said: str) -> None:
    """Nothing is overwritten unasked; a file that has no recipe says so."""
    before = (begun / "lesson.toml").read_bytes()
    result = CliRunner().invoke(cli.app, [*words])
    assert result.exit_code == 2
    assert any(each in result.stderr for each in said.split("|")), result.stderr
    assert (begun / "lesson.toml").read_bytes() == before


def test_a_number_beyond_all_cells_is_a_sentence() -> None:
    """TOML has whole numbers of any length."""
    text = files("graddesc_xl.lessons").joinpath("starter.toml").read_text(encoding="utf-8")
    with pytest.raises(SettingError, match=r"^line \d+, .* is larger than any number of a cell"):
        read(text.replace("lr = 0.1", f"lr = {'9' * 400}", 1))


def of_a_file(begun: Path, *lines: str, csv: str = "size,city,price\n0.5,Bonn,1\n0.8,Ulm,1.5\n1.2,Kiel,2.5\n") -> str:
    """The recipe to begin with, its samples those of a file: of the lines that say so, those that are wanted."""
    (begun / "houses.csv").write_text(csv, encoding="utf-8")
    text = (begun / "lesson.toml").read_text(encoding="utf-8")
    start, end = text.index("[data.houses]"), text.index("# A model: its weights")
    offered = [line.removeprefix("# ") for line in text[start:end].splitlines() if " = " in line and line[0] == "#"]
    taken = [line for line in offered if line.split(" = ")[0] in {"file", *lines}]
    assert len(taken) == len({"file", *lines}), offered
    made = text[:start] + "\n".join(["[data.houses]", *taken]) + "\n\n" + text[end:]
    (begun / "lesson.toml").write_text(made, encoding="utf-8")
    return made


@pytest.mark.parametrize("lines", [(), ("target", "inputs"), ("scale", "validation", "seed")], ids=" ".join)
def test_samples_of_a_file(begun: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]) -> None:
    """The lines that the starter offers work as they stand; the workbook holds the samples and needs no file."""
    rows = "".join(f"{0.3 + i / 7!r},{i % 3 + 0.1 + 0.2!r},{0.4 + i / 3!r}\n" for i in range(9))
    of_a_file(begun, *lines, csv=f"size,rooms,price\n{rows}")
    monkeypatch.chdir(begun.parent)  # the file is looked for beside the recipe
    call("build", str(begun / "lesson.toml"), "-o", str(begun / "filed.xlsx"))
    (begun / "houses.csv").unlink()
    monkeypatch.chdir(begun)
    assert verify("filed.xlsx").ok
    samples = lesson_as_left(begun / "filed.xlsx").data["data"]
    assert [*samples.inputs] == (["size"] if lines == ("target", "inputs") else ["size", "rooms"])
    assert (len(samples), samples.scale) == ((7, "z-score") if "scale" in lines else (9, ""))
    call("recipe", "filed.xlsx", "-o", "back.toml")
    assert "file =" not in (begun / "back.toml").read_text(encoding="utf-8")
    call("build", "back.toml", "-o", "again.xlsx")
    assert (begun / "again.xlsx").read_bytes() == (begun / "filed.xlsx").read_bytes()


def test_a_file_is_read_as_data_reads_it(begun: Path) -> None:
    """The same words give the same samples; what is left out is said."""
    of_a_file(
        begun, "target", "validation", csv="size,city,price\n0.5,Bonn,1\n0.8,Ulm,1.5\n1.2,Kiel,2\n2,Hof,3\n1,Aue,2\n"
    )
    with pytest.warns(GraddescWarning, match="left out, as no cell holds a number: 'city'"):
        made = described(begun / "lesson.toml")
        samples = made.data["data"]
        assert samples == data(begun / "houses.csv", "price", validation=0.2)
    result = CliRunner().invoke(cli.app, ["build", "lesson.toml", "--force"])
    assert result.exit_code == 0
    assert "Note: houses.csv: left out, as no cell holds a number: 'city'." in result.stderr


@pytest.mark.parametrize(
    ("line", "csv", "said"),
    [
        ("", "size,price\n1,2\nmany,3\n", "line 10, data, houses: houses.csv, line 3, column 'size' holds 'many'"),
        ("", "size;price\n1,5;2\n2,5;\n", "line 10, data, houses: houses.csv, line 3, column 'price' is empty"),
        ('target = "prise"', "size,price\n1,2\n", "no column 'prise' for the target. Did you mean price?"),
        ('fil = "x"', "size,price\n1,2\n", "line 11, data, houses: there is no 'fil'. Did you mean file?"),
        ("y = [1, 2]", "size,price\n1,2\n", "line 11, data, houses: there is no 'y'."),
        ("validation = true", "size,price\n1,2\n", "line 11, data, houses, validation: True is not a number."),
        ("validation = 1.5", "size,price\n1,2\n2,3\n", "line 10, data, houses: validation must be a share"),
        ("seed = -1", "size,price\n1,2\n", "line 10, data, houses: The seed must be a whole number from 0 on"),
        ('scale = "z"', "size,price\n1,2\n", "line 10, data, houses: houses cannot be scaled by 'z'."),
        ('sheet = "a"', "size,price\n1,2\n", "has no sheets, so none is called 'a'"),
    ],
)
def test_what_is_wrong_with_a_file_names_both_places(begun: Path, line: str, csv: str, said: str) -> None:
    """The recipe's line, and the file's row and column."""
    text = of_a_file(begun, csv=csv)
    (begun / "lesson.toml").write_text(text.replace('file = "houses.csv"', f'file = "houses.csv"\n{line}'), "utf-8")
    result = CliRunner().invoke(cli.app, ["build", "lesson.toml", "--force"])
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_is_only_read_for_a_recipe_that_is_a_file(begun: Path) -> None:
    """A workbook of somebody else's cannot have a file of this machine read."""
    with pytest.raises(SettingError, match=r"line 10, data, houses: the samples of the file houses\.csv are wanted"):
        read(of_a_file(begun))
