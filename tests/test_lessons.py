"""Lessons of one's own: described, built, saved by other programs, verified by who knows only the file."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import graddesc_xl
from graddesc_xl import (
    LESSONS,
    MODELS,
    OPTIMIZERS,
    Comparison,
    Experiment,
    GraddescError,
    Lesson,
    Model,
    Question,
    Row,
    build,
    cli,
    compare,
    dataset,
    run,
    verify,
)
from graddesc_xl.errors import PlanError, SettingError, WorkbookError
from graddesc_xl.lessons import lesson as find
from graddesc_xl.lessons import recipe, toml
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.sheets.recipe import checksum
from graddesc_xl.sheets.steps import Steps
from graddesc_xl.verification import libreoffice, reading
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.workbook.cells import a1

OWN = Path(__file__).parent.parent / "examples" / "own_lesson.py"
SMALL = dataset([1.0, 4.0, 2.0], [3.0, 9.5, 5.0], name="small")
OTHER = dataset([1.0, 4.0, 2.0], [3.0, 9.5, 6.0], name="other")


def experiment(name: str = "plain", optimizer: str = "sgd", **fields: Any) -> Experiment:
    """A small experiment."""
    given = {"title": name, "about": "About it.", "data": SMALL, "epochs": 2, **fields}
    return Experiment(name, optimizer=OPTIMIZERS[optimizer], **given)


def comparison(*rows: Row, groups: tuple[str, ...] = ("one", "two"), **fields: Any) -> Comparison:
    """A small comparison: of rates, if no rows are given."""
    by_rate = tuple(
        Row(f"{lr}", tuple(experiment(values={"lr": lr}) for _ in groups))
        for lr in (fields.pop("rates", (0.001, 0.01)))
    )
    given = {"name": "rates", "title": "Which?", "about": "Rates.", "typed": ("lr",), **fields}
    return Comparison(groups=groups, rows=rows or by_rate, **given)


def verified(of: Lesson, folder: Path) -> Path:
    """The workbook of a lesson, which verifies."""
    path = build(of, folder).path
    report = verify(path)
    assert report.ok, (report.problems, [s for values in report.sets for s in values.sheets if not s.ok])
    return path


def stranger(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, which knows nothing of this one."""
    home = Path(graddesc_xl.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(home), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "graddesc_xl", *arguments]
    return subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
    )


def rewritten(path: Path, target: Path, sheet: str, change: Callable[[str], str]) -> Path:
    """A copy of a workbook with the XML of a sheet and of the texts changed, or that which names the sheets ("")."""
    number = [*reading.load(path).sheets].index(sheet) + 1 if sheet else 0
    parts = [f"xl/worksheets/sheet{number}.xml", "xl/sharedStrings.xml"] if sheet else ["xl/workbook.xml"]
    changed = False
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            part = source.read(name)
            if name in parts:
                changed |= change(part.decode()) != part.decode()
                part = change(part.decode()).encode()
            out.writestr(name, part)
    assert changed, "nothing was changed"
    return target


def recipe_of(path: Path) -> str:
    """The recipe that a workbook carries."""
    cells = reading.load(path).values("recipe", [(row, 1) for row in range(7, 300)])
    return "\n".join(str(value or "") for value in cells.values()).rstrip("\n") + "\n"


def own_lesson() -> Lesson:
    """The lesson in the examples."""
    found: Lesson = runpy.run_path(str(OWN))["lesson"]
    return found


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of the lesson in the examples: three experiments, two data sets, a comparison."""
    return build(own_lesson(), tmp_path_factory.mktemp("own")).path


# Built, edited, saved, verified


def test_a_lesson_of_ones_own_takes_ten_lines() -> None:
    """Data, a model, three experiments, a comparison and the workbook: ten statements of a line each."""
    lines = OWN.read_text(encoding="utf-8").splitlines()
    described = [line for line in lines if line and not line.startswith(('"', "import", "from", "print"))]
    assert len(described) == 10
    lesson = own_lesson()
    assert (len(lesson.experiments), len(lesson.data), len(lesson.parts)) == (3, 2, 4)


def test_a_stranger_verifies_it_from_the_file(own: Path, tmp_path: Path) -> None:
    """A fresh process that has only the file finds it whole, and a poisoned formula in it."""
    shutil.copy(own, tmp_path / "theirs.xlsx")
    result = stranger("verify", "theirs.xlsx", "--json", folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    sheets = {s["sheet"] for s in json.loads(result.stdout)["reports"][0]["sets"][0]["sheets"]}
    assert {"plain", "adam steps", "plane", "rates", "rates steps", "check", "overview"} <= sheets
    rewritten(own, tmp_path / "wrong.xlsx", "plane", lambda xml: xml.replace("2*(", "3*(", 1))
    result = stranger("verify", "wrong.xlsx", folder=tmp_path)
    assert result.returncode == 1
    assert "plane!" in result.stdout


def test_edited_and_saved_by_libreoffice_it_verifies(own: Path, tmp_path: Path, soffice: str) -> None:
    """Another rate typed, all recomputed and saved by LibreOffice: a stranger verifies it and tells of the change."""
    (of, *_) = compose(find(own_lesson()), run_plan).lists
    cell, step = a1(*of.of.layout.cell("lr")), (of.of.layout.row(1), of.of.layout.columns["b"])
    change = rf'(<c r="{cell}"[^>]*><v>)[^<]*'
    edited = rewritten(own, tmp_path / "edited.xlsx", "plain", lambda xml: re.sub(change, r"\g<1>0.02", xml))
    saved = tmp_path / "saved.xlsx"
    with libreoffice.recalculated(edited, soffice, Limits(180)) as copy:
        shutil.copy(copy, saved)
    before, after = (reading.load(path).value("plain", *step) for path in (own, saved))
    assert before != after, "LibreOffice computed nothing"
    result = stranger("verify", "saved.xlsx", "--json", folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    (report,) = json.loads(result.stdout)["reports"]
    assert [(c["sheet"], c["cell"], c["value"]) for c in report["changes"]] == [("plain", cell, 0.02)]


def sized(samples: int, inputs: int) -> Lesson:
    """A lesson with so many samples of so many inputs: a run and a comparison."""
    names = [f"x{i}" for i in range(1, inputs + 1)]
    columns = {name: [((7 * s + 3 * i) % 11) / 4 for s in range(samples)] for i, name in enumerate(names)}
    data = dataset(columns, [((5 * s) % 13) / 3 for s in range(samples)], name="sized")
    terms = " + ".join(f"w{i}*{name}" for i, name in enumerate(names, 1))
    weights = ("bias", *(f"w{i}" for i in range(1, inputs + 1)))
    model = Model("linear", "a linear model", weights, {"pred": f"bias + {terms}"}, inputs=tuple(names))
    fields: dict[str, Any] = {"data": data, "model": model, "values": {"lr": 0.01}, "epochs": 1 if samples > 100 else 2}
    rows = [Row("SGD", (experiment(**fields),)), Row("Adam", (experiment(optimizer="adam", discarded=0, **fields),))]
    return Lesson("Sized", [experiment(**fields), comparison(*rows, groups=("linear",))])


@pytest.mark.parametrize("inputs", [1, 5])
@pytest.mark.parametrize("samples", [1, 2, 3, 500])
def test_any_number_of_samples_and_inputs(samples: int, inputs: int, tmp_path: Path) -> None:
    """One sample or hundreds, of one input or five: the workbook verifies, by row and side by side."""
    path = verified(sized(samples, inputs), tmp_path)
    book = reading.load(path)
    header = [book.value("data", 4, column) for column in range(1, inputs + 4)]
    assert header == ["sample", *(f"x{i}" for i in range(1, inputs + 1)), "y", None]
    assert book.value("data", 4 + samples, 1) == samples
    assert book.value("data", 5 + samples, 1) is None


# By name, as an object, from a file


def test_build_takes_a_name_an_object_and_a_file(tmp_path: Path) -> None:
    """All ways to say what to build make the same file; a workbook says it as well as its recipe."""
    lesson = Lesson("Three ways", [experiment()])
    object_ = build(lesson, tmp_path / "object").path
    mine = tmp_path / "mine.toml"
    mine.write_text(recipe.spell(lesson), encoding="utf-8")
    (tmp_path / "bare").write_text("\ufeff" + recipe.spell(lesson), encoding="utf-8")
    for what in (mine, str(mine), str(tmp_path / "bare"), object_, str(object_)):
        assert build(what, tmp_path / "file").path.read_bytes() == object_.read_bytes(), what
    assert find("graddesc") is find(LESSONS["graddesc"]) is LESSONS["graddesc"]


def test_a_recipe_changed_in_the_workbook_is_built(own: Path, tmp_path: Path) -> None:
    """Who edits the sheet `recipe` gets another workbook from `build`; `verify` says that the two no longer agree."""
    change = rewritten(own, tmp_path / "changed.xlsx", "recipe", lambda xml: xml.replace("lr = 0.1 ", "lr = 0.2 "))
    with pytest.raises(WorkbookError, match=r"recipe on its sheet recipe was changed.*graddesc-xl build changed\.xlsx"):
        verify(change)
    path = build(change, tmp_path / "anew").path
    assert verify(path).ok
    assert "lr = 0.2 " in "\n".join(
        map(str, reading.load(path).values("recipe", [(r, 1) for r in range(7, 60)]).values())
    )


def test_the_command_line_builds_runs_and_verifies(tmp_path: Path) -> None:
    """`build` takes a file in a process that knows nothing else; `run` and `verify` go on from there."""
    (tmp_path / "mine.toml").write_text(recipe.spell(Lesson("Mine", [experiment()])), encoding="utf-8")
    assert stranger("build", "mine.toml", "-o", ".", folder=tmp_path).returncode == 0
    assert stranger("verify", "mine.xlsx", folder=tmp_path).returncode == 0
    assert stranger("build", "mine.xlsx", "-o", "again", folder=tmp_path).returncode == 0
    assert (tmp_path / "again" / "mine.xlsx").read_bytes() == (tmp_path / "mine.xlsx").read_bytes()


def test_run_and_compare_take_objects() -> None:
    """What a lesson is made of runs without one."""
    assert run(experiment(epochs=3)).errors.shape == (3,)
    assert set(compare(comparison(rates=(0.5, 0.001)))) == {(f"{r}", g) for r in (0.5, 0.001) for g in ("one", "two")}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("gradesc", None, "There is no workbook 'gradesc'. Did you mean graddesc?"),
        (
            "mine.toml",
            None,
            f"There is no file mine.toml: name that of a recipe, or a workbook ({', '.join(LESSONS)}).",
        ),
        ("mine.xlsx", None, "There is no file mine.xlsx."),
        ("notes.txt", "hello", "notes.txt: This is no recipe: Expected '=' after a key"),
        ("empty.toml", "", "empty.toml: title is missing."),
        ("none.toml", "title = 'x'", "none.toml: x has no sheets: give it at least one experiment."),
        (
            "kind.toml",
            "title = 'x'\n[[sheets]]\nkind = 'step'",
            "there is no kind of sheet 'step'. Did you mean steps or one step?",
        ),
        (
            "sheets.toml",
            "title = 'x'\nsheets = 3",
            "sheets.toml: line 2, sheets: this is no list of tables: begin each sheet with [[",
        ),
        (
            "data.toml",
            "title = 'x'\n[[sheets]]\nkind = 'steps'\nexperiment = {name = 'p', data = 'smal'}\n[data.small]\n",
            "sheets 1, experiment, data: there is no 'smal' among the data. Did you mean small?",
        ),
        (
            "field.toml",
            "title = 'x'\n[[sheets]]\nkind = 'steps'\nexperiment = {name = 'p', epoch = 3}",
            "line 4, sheets 1, experiment: there is no 'epoch'. Did you mean epochs?",
        ),
        (
            "type.toml",
            "title = 'x'\n[[sheets]]\nkind = 'steps'\nexperiment = {name = 'p', epochs = 'three'}",
            "line 4, sheets 1, experiment, epochs: 'three' is not a whole number.",
        ),
        (
            "list.toml",
            'title = """\n[[sheets]]"""\n[[sheets]]\nkind = "steps"\n[sheets.experiment]\nname = "p"\n\n[[sheets]]\n'
            'kind = "steps"\n[sheets.experiment]\nname = "q"\nvalues = { lr = "fast" }\n',
            "line 12, sheets 2, experiment, values, lr: 'fast' is not a number.",
        ),
        (
            "part.toml",
            "title = 'x'\n[[sheets]]\nkind = 'steps'\nexperiment = {name = 'p', carry = 'lost'}",
            "line 4, sheets 1, experiment: carry must be 'new weights' or",
        ),
    ],
)
def test_what_cannot_be_built_is_a_sentence(
    name: str, text: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not there or no recipe, and a name that is none: what, where, and what to write."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path(name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["build", name])
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]
    with pytest.raises(GraddescError, match=re.escape(said)):
        build(name, tmp_path)


def test_what_is_no_text_is_no_recipe(tmp_path: Path) -> None:
    """Bytes that are no text, a folder, and what is no name at all."""
    (tmp_path / "junk").write_bytes(bytes(range(256)))
    for what, said in ((tmp_path / "junk", "holds no text in UTF-8"), (tmp_path, "name a file of text")):
        with pytest.raises(SettingError, match=said):
            build(what, tmp_path)
    with pytest.raises(SettingError, match="A lesson, the name of one or the file of its recipe is wanted, not 3"):
        build(3, tmp_path)  # type: ignore[arg-type]


# Names


GOOD = ["n" * 31, "m" * 25, "it's", "=1+1", "A1", "R1C1", "1", "ä ö", "TRUE", 'say "x"', "a&b", "<a>", "{r}", "steps"]
GOOD += ["\N{GRINNING FACE}" * 15]
BAD = {
    "n" * 32: "it has 32 characters, and a sheet's name may have 31",
    "\N{GRINNING FACE}" * 16: "it has 32 characters",
    "a/b": "it holds /",
    "[a]": "it holds [ ]",
    "x!y": "it holds !",
    "a\tb": "it holds a character that cannot be seen",
    "History": "Excel keeps that name for itself",
    "'a": "it begins or ends with an apostrophe",
    "": "it is empty",
    "data": "every workbook has one of that name",
    "Overview": "every workbook has one of that name",
    "check": "every workbook has one of that name",
    "Recipe": "every workbook has one of that name",
    "PLAIN": "another one has it",
    "plain steps": "another one has it",
}


def test_any_name_that_programs_take(tmp_path: Path) -> None:
    """Sheets called like formulas, cells and numbers, in other scripts, of every length that Excel takes."""
    path = verified(Lesson("Named", [experiment(name, epochs=1) for name in GOOD]), tmp_path)
    assert {*GOOD} <= {*reading.load(path).sheets}


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_programs_refuse_is_a_sentence(name: str) -> None:
    """It says which, why, and what to do: of an experiment as of a comparison."""
    for part in (experiment(name), comparison(name=name)):
        with pytest.raises(SettingError, match="cannot be the name of a sheet") as refused:
            Lesson("Named", [experiment(), part])
        assert BAD[name] in str(refused.value)
        assert "Rename what it shows" in str(refused.value)


def test_shortened_names_of_lists_may_clash(tmp_path: Path) -> None:
    """Of long names the end is kept for the lists of steps; where these are the same a sentence says so."""
    verified(Lesson("Ends differ", [experiment("n" * 30 + end) for end in "ab"]), tmp_path)
    with pytest.raises(SettingError, match=r"'n+ steps' cannot be the name of a sheet: another one has it"):
        Lesson("Ends are equal", [experiment(begin + "n" * 30) for begin in "ab"])
    parts = [Steps(experiment(begin + "n" * 30), steps=begin) for begin in "ab"]
    verified(Lesson("Lists have names", parts), tmp_path)


@pytest.mark.parametrize(("name", "good"), [("../up", False), ("a/b", False), (".hidden", False), ("Ünïcode ß", True)])
def test_a_lesson_stays_in_its_folder(name: str, good: bool, tmp_path: Path) -> None:
    """The name of the file is no path: a recipe from elsewhere cannot say where on the disk it is written."""
    if good:
        assert build(Lesson("Any", [experiment(epochs=1)], name=name), tmp_path).path == tmp_path / f"{name}.xlsx"
        return
    with pytest.raises(SettingError, match="cannot be the name of a file"):
        Lesson("Any", [experiment()], name=name)


def test_a_missing_title_and_description(tmp_path: Path) -> None:
    """Neither is needed, nor an optimizer: a name and samples are an experiment."""
    verified(Lesson("", [Experiment("bare", data=SMALL, epochs=2)]), tmp_path)
    with pytest.raises(SettingError, match="The about of an experiment is a text, not None"):
        experiment(about=None)


def test_a_model_and_an_optimizer_by_name() -> None:
    """The name of a shipped one is enough; another name gets a hint, what is neither a sentence."""
    named: Any = {"model": "two_neurons_relu", "optimizer": "adam"}
    e = Experiment("named", **named)
    assert (e.model, e.optimizer) == (MODELS["two_neurons_relu"], OPTIMIZERS["adam"])
    assert e == Experiment("named", model=e.model, optimizer=e.optimizer)
    for what, name, near in (("model", "two_neuron", "two_neurons"), ("optimizer", "adma", "adam")):
        with pytest.raises(SettingError, match=f"There is no {what} '{name}'. Did you mean {near}"):
            Experiment("named", **{what: name})  # type: ignore[arg-type]  # a name is what is tested
    with pytest.raises(SettingError, match="The model of an experiment is a Model, not 3"):
        Experiment("named", **{"model": 3})  # type: ignore[arg-type]  # no model


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_a_rate_is_to_an_optimizer(optimizer: str) -> None:
    """Only plain SGD takes off a share of the derivative itself; every input's note says what its own does."""
    (rate,) = (i for i in Experiment("any", **{"optimizer": optimizer}).inputs if i.name == "lr")  # type: ignore[arg-type]  # its name
    assert rate.about.startswith("learning rate: how ")
    assert (rate.about == "learning rate: how much of the derivative each step takes off") == (optimizer == "sgd")


WEIGHTS = [("slope", "intercept"), ("b", "a"), ("a", "b"), ("h", "y"), ("w", "g"), ("epoch", "step"), ("R1C1", "A1")]
WEIGHTS += [("sum", "max"), ("error", "rmse"), ("x_", "_y"), ("prev", "last"), ("ä", "ß"), ("scale", "norm_b")]
TAKEN = {"err": "sheet", "new_b": "sheet", "d_b": "sheet", "avg_b": "sheet", "lr": "sheet"}
TAKEN |= {"pred": "two things called", "x": "two things called", "if": "no name in a formula", "a b": "no name in"}


def line_of(*weights: str) -> Model:
    """A line with weights of these names, in this order."""
    return Model("line", "a line", weights, {"pred": f"{weights[0]}*x + {weights[1]}"})


def test_weights_of_any_name_in_any_order(tmp_path: Path) -> None:
    """Like columns of other sheets, functions, cells and reductions: the workbook verifies."""
    parts = [
        experiment(f"{optimizer} {' '.join(weights)}", optimizer, model=replace(line_of(*weights), name=f"line {i}"))
        for i, weights in enumerate(WEIGHTS)
        for optimizer in (["adam"] if i % 2 else ["momentum"])
    ]
    verified(Lesson("Weights", parts), tmp_path)


@pytest.mark.parametrize("name", TAKEN)
def test_a_weight_that_cannot_be_called_so_is_a_sentence(name: str, tmp_path: Path) -> None:
    """What a sheet, the samples or Python's grammar call their own, no weight may be called."""
    with pytest.raises(PlanError, match=TAKEN[name]) as refused:
        build(Lesson("Weights", [experiment(optimizer="adam", model=line_of(name, "b"))]), tmp_path)
    assert repr(name) in str(refused.value)
    assert not [*tmp_path.iterdir()]


def test_a_model_needs_weights() -> None:
    """Without one there is nothing to learn."""
    with pytest.raises(PlanError, match="line has no weights"):
        Model("line", "a line", (), {"pred": "2*x"})


def test_two_relus(tmp_path: Path) -> None:
    """Each has its own verdict, alone and beside others: one that starts closed is dead."""
    lines = {"z1": "a*x + b", "h1": "max(z1, 0)", "z2": "c*x + d", "h2": "max(z2, 0)", "pred": "p*h1 + q*h2"}
    gates = {"z1": ("a", "b", "p"), "z2": ("c", "d", "q")}
    model = Model("hat", "two ReLUs", ("a", "b", "c", "d", "p", "q"), lines, gates=gates)
    dead = experiment("dead", model=model, values={"c": -1, "d": -1, "lr": 0.001})
    alive = replace(dead, name="alive", values={"lr": 0.001})
    sides = comparison(Row("dead", (dead,)), Row("alive", (alive,)), groups=("hat",), typed=("c", "d"))
    lesson = Lesson("Two ReLUs", [dead, alive, sides, Steps(replace(dead, name="log"), explodes=True)])
    verified(lesson, tmp_path)
    verdicts = build(lesson, tmp_path).verdicts
    assert str(verdicts["dead"]) == str(verdicts["log"]) == "dead ReLU since step 1"
    assert verdicts["alive"].kind == "learning"


# Data


def test_two_data_sets_of_one_name() -> None:
    """Of two that differ none is silently taken; the same twice is one."""
    with pytest.raises(SettingError, match="Two data sets are called 'small': rename one"):
        Lesson("Data", [experiment("a"), experiment("b", data=replace(OTHER, name="small"))])
    assert len(Lesson("Data", [experiment("a"), experiment("b", data=replace(SMALL))]).data) == 1


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (experiment("data other"), experiment("b", data=OTHER), "'data other' cannot be the name of a sheet: another"),
        (experiment(), experiment("b", data=replace(OTHER, name="a/b")), "'data a/b' cannot.*: it holds /"),
        (experiment(), experiment("b", data=replace(OTHER, name="d" * 27)), "it has 32 characters"),
    ],
)
def test_a_data_set_whose_name_no_sheet_can_have(first: Experiment, second: Experiment, said: str) -> None:
    """The second data set's sheet bears its name: it may clash with another sheet's, or be none."""
    with pytest.raises(SettingError, match=said):
        Lesson("Data", [first, second])


def test_every_run_has_its_own_data(tmp_path: Path) -> None:
    """Runs and comparisons on several data sets in one workbook, each by its own samples."""
    parts: list[Any] = [
        experiment("a"),
        experiment("b", data=OTHER),
        comparison(name="of a"),
        comparison(*(Row("r", (experiment(data=OTHER),)),), groups=("g",), name="of b", typed=()),
    ]
    lesson = Lesson("Data", parts)
    assert [*lesson.data] == ["data", "data other"]
    book = reading.load(verified(lesson, tmp_path))
    assert [book.value(sheet, 7, 3) for sheet in lesson.data] == [5.0, 6.0]
    assert "'data other'" in str(book.formula("b", 4, 1))
    with pytest.raises(SettingError, match="rates compares runs on different data"):
        comparison(Row("r", (experiment(), experiment(data=OTHER))))


def test_samples_that_no_sheet_takes() -> None:
    """Numbers that its own rule would not let a person type: a sentence with the first one."""
    far = dataset([1.0, 2e10], [1.0, 2.0], name="far")
    with pytest.raises(SettingError, match="far: a sheet holds samples from -1,000,000,000 to 1,000,000,000, not x"):
        Lesson("Far", [experiment(data=far)])
    assert run(experiment(data=far)).errors.shape == (2,)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"lr": 5000.0}, r"lr=5000\.0 is out of range: it must be from 0 to 1000"),
        ({"lr": "x"}, "lr must be a number, as in lr=0.0001, not 'x'"),
        ({"rate": 1.0}, "plain has no setting 'rate'"),
    ],
)
def test_a_setting_that_no_cell_takes(value: dict[str, Any], said: str, tmp_path: Path) -> None:
    """What could not be typed into its cell is not built into it."""
    with pytest.raises(SettingError, match=said):
        build(Lesson("Out", [experiment(values=value)]), tmp_path)


# Comparisons


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: comparison(Row("a", (experiment(),) * 2), Row("a", (experiment(),) * 2)), "2 rows called 'a'"),
        (lambda: comparison(groups=("g", "g")), "2 groups called 'g'"),
        (lambda: comparison(typed=("rate",)), "no run has an input 'rate'"),
        (lambda: comparison(shared=("b1",)), r"no run has an input 'b1'.*\bb\b"),
        (lambda: comparison(shared=("lr",)), "lr is typed for each row and shared by all"),
        (lambda: comparison(ordered=True, typed=()), "ordered by nothing"),
        (lambda: comparison(yardstick="won"), "no group 'won' as a yardstick. Did you mean two or one"),
        (lambda: comparison(rates=()), "compares nothing"),
        (
            lambda: comparison(Row("a", (experiment(values={"lr": 0.5}), experiment(values={"lr": 0.25})))),
            "the runs of the row 'a' have one cell for lr, but want 0.25 and 0.5 in it",
        ),
        (lambda: comparison(typed=(), shared=("lr",)), "the runs have one cell for lr, but want 0.001 and 0.01 in it"),
    ],
)
def test_a_comparison_that_compares_nothing_is_a_sentence(make: Callable[[], Comparison], said: str) -> None:
    """Names that are none, rows that are one, cells of which several numbers are wanted: none replaces another."""
    with pytest.raises(SettingError, match=said):
        make()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"epochs": 3}, "has 3 epochs, and others have not"),
        ({"optimizer": "adam"}, "discards 4 passes, which a comparison does not show: give its experiment discarded=0"),
        ({"carry": "last row's weights"}, 'has carry="last row\'s weights", which only a sheet of its own shows'),
        ({"gradient": "numerical"}, "has gradient='numerical', which only a sheet of its own shows"),
    ],
)
def test_what_a_table_of_runs_cannot_show(other: dict[str, Any], said: str) -> None:
    """What only a sheet of its own has room for, a comparison refuses, with the run's name; the library runs it."""
    of = comparison(Row("a", (experiment(), experiment(**other))), typed=())
    with pytest.raises(SettingError, match=f"rates: the run 'a', two {said}"):
        Lesson("Refused", [of])
    assert len(compare(of)) == 2


def test_comparisons_of_any_shape(tmp_path: Path) -> None:
    """One run or many, more groups than colours, in order or by a yardstick, and nothing else in the workbook."""
    groups = tuple("abcdefghi")
    parts = [
        comparison(name="one", groups=("g",), rates=(0.01,)),
        comparison(name="n" * 31, groups=groups),
        comparison(name="order", ordered=True, shared=("a",), note="A note."),
        comparison(name="yardstick", yardstick="two"),
        comparison(name="tall", groups=("g",), rates=tuple(k / 1000 for k in range(1, 31))),
    ]
    verified(Lesson("Comparisons", parts), tmp_path)


def test_questions_refer_to_what_is_there(tmp_path: Path) -> None:
    """An answer quotes figures of its lesson; a sheet, a figure or a form that is none is a sentence."""

    def asked(see: str, answer: str, **figures: str) -> Path:
        return build(Lesson("Asked", [experiment()], questions=[Question("So?", see, answer, figures)]), tmp_path).path

    assert verify(
        asked("plain", "It ends at {end}: {said # text}.", end="plain: error | last", said="plain: verdict")
    ).ok
    for see, answer, figures, said in (
        ("plane", "Yes.", {}, "refers to the sheet 'plane': none is. Did you mean plain"),
        ("plain", "{end}", {"end": "plain: eror"}, "no figure 'eror'. Did you mean error"),
        ("plain", "{end # bold}", {"end": "plain: error | last"}, r"has no form 'bold'"),
        ("plain", "{end}", {}, "'end' uses 'end', which does not exist"),
    ):
        with pytest.raises(GraddescError, match=said):
            asked(see, answer, **figures)


def test_the_parts_of_a_lesson_are_parts() -> None:
    """A list of experiments, comparisons and sheets, from whatever gives one."""
    assert len(Lesson("Parts", (experiment(name) for name in "ab")).parts) == 2  # type: ignore[arg-type]
    for parts, said in (
        (experiment(), r"must be a list, as in \["),
        ("basic", r"must be a list, as in \['basic'\]"),
        (["basic"], "'basic' is no part of a lesson"),
        ([], "has no sheets"),
    ):
        with pytest.raises(SettingError, match=said):
            Lesson("Parts", parts)  # type: ignore[arg-type]


# Recipes


@pytest.mark.parametrize("name", LESSONS)
def test_the_recipe_of_a_shipped_lesson_makes_it_again(name: str) -> None:
    """Every part is equal, and its recipe is the same text; any reader of TOML reads it."""
    lesson = LESSONS[name]
    text = recipe.spell(lesson)
    again = recipe.read(text)
    assert again.kinds == lesson.kinds
    assert replace(again, questions=()) == replace(lesson, parts=again.parts, questions=())
    assert [*again.questions] == [*lesson.questions]
    assert recipe.spell(again) == text
    assert tomllib.loads(text)["title"] == lesson.title


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="[]:*?/\\!'", categories=["L", "N", "S"]), min_size=1, max_size=9
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=300)
NUMBERS = st.floats(-1e6, 1e6)


@st.composite
def lessons(draw: st.DrawFn) -> Lesson:
    """Any small lesson: data sets, models, runs, comparisons, questions."""
    names = iter(draw(st.lists(NAMES, min_size=12, max_size=12, unique_by=str.lower)))
    inputs = [f"x{i}" for i in range(draw(st.integers(1, 3)))]
    count = draw(st.integers(1, 4))
    columns = {name: draw(st.lists(NUMBERS, min_size=count, max_size=count)) for name in inputs}
    data = dataset(columns, draw(st.lists(NUMBERS, min_size=count, max_size=count)), name=next(names))
    weights = draw(st.permutations([f"w{i}" for i in range(len(inputs))]))
    lines = {"pred": " + ".join(f"{w}*{i}" for w, i in zip(weights, inputs, strict=True))}
    model = Model(next(names), draw(TEXTS), tuple(weights), lines, {"pred": draw(TEXTS)}, inputs=tuple(inputs))

    def one(optimizer: str, **more: Any) -> Experiment:
        fields: dict[str, Any] = {"model": model, "data": data, "values": {"lr": draw(st.floats(0, 1000))}, **more}
        return Experiment("~" + next(names), draw(TEXTS), draw(TEXTS), OPTIMIZERS[optimizer], **fields)

    optimizers = st.sampled_from([*OPTIMIZERS])
    parts: list[Any] = [one(draw(optimizers), numerical=draw(st.booleans())), Steps(one("sgd"), explodes=True)]
    row = Row(draw(TEXTS), (one("sgd"),))
    parts.append(
        Comparison("^" + next(names), draw(TEXTS), draw(TEXTS), (next(names),), (row,), ("lr",), note=draw(TEXTS))
    )
    questions = [Question(draw(TEXTS), "check", draw(st.text('abc "\\\n', max_size=300)))]
    return Lesson(draw(st.text(max_size=50)), parts, draw(TEXTS), questions=questions)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(lessons())
def test_the_recipe_of_any_lesson_makes_it_again(lesson: Lesson) -> None:
    """Whatever its names, texts and numbers are, to the last digit."""
    text = recipe.spell(lesson)
    again = recipe.read(text)
    assert (again.kinds, again.title, again.subtitle) == (lesson.kinds, lesson.title, lesson.subtitle)
    assert [*again.questions] == [*lesson.questions]
    assert recipe.spell(again) == text


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.recursive(st.floats(allow_nan=False) | st.integers(-(2**63), 2**63 - 1) | TEXTS | st.booleans(), st.lists))
def test_any_value_is_written_as_toml(value: Any) -> None:
    """What Python's own reader of TOML makes of it is the value."""
    assert tomllib.loads(toml.dumps({"a": value, "b c": {"d": [{"e": value}]}})) == {
        "a": value,
        "b c": {"d": [{"e": value}]},
    }


def test_a_recipe_reads_as_a_person_would_write_it() -> None:
    """Numbers without noise, short tables on a line, long texts over several; what is described once stands first."""
    of = Lesson(
        "Mine",
        [experiment(values={"lr": 1e-5, "a": 30.0, "b": 1e-4}, about="A long sentence. " * 10), comparison()],
        questions=[Question("So?", "plain", "Yes.")],
    )
    text = recipe.spell(of)
    lines = text.splitlines()
    assert "values = { lr = 1e-5, a = 30, b = 1e-4 }" in lines
    assert "inputs = { x = [1, 4, 2] }" in lines
    assert sum(line.startswith('    { name = "plain"') for line in lines) == 4
    assert max(len(line) for line in lines if not line.startswith("    {")) <= 120
    tables = [line for line in lines if line.startswith("[")]
    assert tables[0] == "[data.small]"
    assert tables[-1] == "[[questions]]"


@pytest.mark.parametrize(
    ("sheet", "change", "said"),
    [
        ("recipe", lambda xml: xml.replace("epochs = 4", "epochs = 5"), "recipe on its sheet recipe was changed"),
        ("recipe", lambda xml: re.sub("sha256 [0-9a-f]{9}", "sha256 123456789", xml), "recipe on its sheet recipe was"),
        (
            "recipe",
            lambda xml: xml.replace("graddesc-xl 0", "graddesc-xl 99"),
            r"built by graddesc-xl 99[\d.]+, and",
        ),
        (
            "",
            lambda xml: xml.replace('name="recipe"', 'name="cooking"'),
            "has no sheet recipe, which says",
        ),
    ],
)
def test_a_recipe_that_was_tampered_with_fails_for_what_it_is(
    sheet: str, change: Callable[[str], str], said: str, own: Path, tmp_path: Path
) -> None:
    """Changed, forged, of another version or renamed: one sentence says so, and no cell is compared."""
    path = rewritten(own, tmp_path / "tampered.xlsx", sheet, change)
    with pytest.raises(WorkbookError, match=said) as refused:
        verify(path)
    assert str(path) in str(refused.value)
    result = stranger("verify", path.name, folder=tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()[-1]) < 400


def test_a_recipe_that_makes_nothing_is_named(own: Path, tmp_path: Path) -> None:
    """A forged checksum does not help: what makes no workbook says why."""
    good = recipe_of(own)
    broken = good.replace('model = "two_inputs"', 'model = "no_inputs"')
    path = rewritten(
        own,
        tmp_path / "forged.xlsx",
        "recipe",
        lambda xml: xml.replace('model = "two_in', 'model = "no_in').replace(checksum(good), checksum(broken)),
    )
    for action in (verify, build):
        with pytest.raises(WorkbookError, match=r"makes no workbook: .*there is no 'no_inputs' among the models"):
            action(path)
