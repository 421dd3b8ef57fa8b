"""The command line, as a person types it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner, Result

from graddesc_xl import GRADDESC, LESSONS, __version__, cli, experiment, running, verification
from graddesc_xl.cli import export, leaving, own, show
from graddesc_xl.errors import RecalculationError, WorkbookError
from graddesc_xl.verification import Change, Report, SheetResult, ValueSet


@pytest.fixture(autouse=True)
def _no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output is the same wherever the tests run."""
    for name in ("FORCE_COLOR", "COLUMNS", "GRADDESC_XL_DEBUG", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output is the same however long the tests run."""
    monkeypatch.setattr(show, "SILENCE", float("inf"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in an empty folder."""
    monkeypatch.chdir(tmp_path)


def call(*args: str) -> Result:
    """Run a command line in this process."""
    return CliRunner().invoke(cli.app, args)


def call_process(*args: str, code: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command line, or Python code before it, in a process of its own."""
    begin = ["-c", f"{code}\nfrom graddesc_xl.cli import main\nmain()"] if code else ["-m", "graddesc_xl"]
    return subprocess.run(
        [sys.executable, *begin, *args], capture_output=True, env={**os.environ, **environment}, check=False
    )


def refused(*args: str, code: int = leaving.BAD_INPUT) -> str:
    """What a refused command line says: one line on stderr, nothing on stdout."""
    result = call(*args)
    assert (result.exit_code, result.stdout) == (code, "")
    (line,) = result.stderr.splitlines()
    return line


# Help, version, names


@pytest.mark.parametrize("args", [("--help",), ("-h",), ()])
def test_help(args: Sequence[str]) -> None:
    """Help, also for no arguments, names every command and shows examples."""
    result = call(*args)
    assert result.exit_code == 0
    for word in ("build", "run", "verify", "list", "Examples", "graddesc-xl run adam"):
        assert word in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("command", ["best", "build", "run", "verify", "list"])
def test_help_of_commands(command: str) -> None:
    """Every command has help under both spellings, nothing of it cut off."""
    assert call(command, "-h").stdout == call(command, "--help").stdout
    assert "…" not in call(command, "-h").stdout


def test_help_imports_little() -> None:
    """Help answers without importing NumPy or whatever needs it."""
    heavy = "{'numpy', 'pandas', 'openpyxl', 'xlsxwriter', 'ironcalc', 'graddesc_xl.numbers.engine'}"
    code = f"import atexit, sys; atexit.register(lambda: print(sorted({heavy} & set(sys.modules))))"
    result = call_process("--help", code=code)
    assert result.returncode == 0
    assert result.stdout.decode().splitlines()[-1] == "[]"


def test_version() -> None:
    """The version is one line."""
    assert call("--version").stdout == f"graddesc-xl {__version__}\n"


def test_unknown_command() -> None:
    """A mistyped command is answered with the nearest one."""
    assert refused("biuld") == ("Error: There is no command 'biuld'. Did you mean build? See graddesc-xl --help.")


def test_usage_errors() -> None:
    """An option or argument that cannot be parsed is a sentence that says where to read on."""
    assert refused("run").startswith("Error: Name an experiment (graddesc-xl list shows them), or give a model: ")
    assert "--epochs" in refused("run", "basic", "--epochs", "many")
    assert "--forse" in refused("build", "--forse")
    assert "FILE" in refused("verify")


@pytest.mark.parametrize(
    ("typed", "position", "offered"),
    [
        ("graddesc-xl ru", 1, {"run"}),
        ("graddesc-xl run ad", 2, {"adam", "adam_ann", "adam 2 neuron"}),
        ("graddesc-xl build gr", 2, {"graddesc"}),
        ("graddesc-xl run adam --set be", 4, {"beta1=", "beta2="}),
    ],
)
def test_completion(typed: str, position: int, offered: set[str]) -> None:
    """Shells complete commands, the names of experiments and workbooks, and settings."""
    completing = {"_GRADDESC_XL_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(position)}
    result = call_process(**completing)
    assert set(result.stdout.decode().splitlines()) == offered


def test_list() -> None:
    """The list names workbooks with their sheets, and experiments with settings, defaults and ranges."""
    result = call("list")
    assert result.exit_code == 0
    assert "Workbook graddesc: Gradient descent, step by step" in result.stdout
    assert "Sheets: basic, momentum, rmsprop, adam, adam_ann, the fit, " in result.stdout
    assert "Sheets: guess and error, nudge and slope, one step, many steps." in result.stdout
    assert "Experiment rmsprop: RMSProp" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["lr", "learn", "0.0001", "0", "1000"] in rows
    assert ["sq0", "sq", "start", "10000", "1e-9", "1e12"] in rows


# Run


def table_rows(text: str) -> list[list[str]]:
    """The rows of the table by epoch."""
    lines = text.splitlines()
    head = next(i for i, line in enumerate(lines) if line.split()[:1] == ["Epoch"])
    return [line.split() for line in lines[head + 1 : lines.index("", head)]]


def test_run() -> None:
    """A run is a table by epoch with the published figures, and a verdict."""
    result = call("run", "basic", "--epochs", "2")
    assert result.exit_code == 0
    assert table_rows(result.stdout) == [
        ["1", "150.755", "27.9945", "1.07152", "2.61308"],
        ["2", "104.749", "19.4514", "1.12385", "2.61198"],
    ]
    assert "After 2 epochs (58 steps): learning" in result.stdout
    assert "a 2, b 30" in result.stdout


def test_run_is_elided() -> None:
    """A long table shows its first ten and last three rows and says so; --all shows all."""
    short, full = call("run", "basic", "--epochs", "30"), call("run", "basic", "--epochs", "30", "--all")
    epochs = [row[0] for row in table_rows(short.stdout)]
    assert epochs == [*map(str, range(1, 11)), "⋮", "28", "29", "30"]
    assert "17 epochs are not shown; --all shows them." in short.stdout
    assert [row[0] for row in table_rows(full.stdout)] == [*map(str, range(1, 31))]
    assert "not shown" not in full.stdout


def test_run_one_row_is_never_elided() -> None:
    """Rows are left out only where that makes the table shorter."""
    assert len(table_rows(call("run", "basic", "--epochs", "14").stdout)) == 14


def test_run_with_settings() -> None:
    """A setting goes by its name or by what the sheet calls it; choices by their beginning."""
    by_name = call("run", "basic", "--set", "lr=1e-5", "--set", "b = 2")
    by_label = call("run", "basic", "--set", "learn=0.00001", "--set", "b=2")
    assert by_name.exit_code == 0
    assert by_name.stdout == by_label.stdout
    assert "b 2, a 1, learn 1e-5" in by_name.stdout
    new = call("run", "momentum", "--carry", "new", "--gradient", "num", "--set", "h=1e-6")
    assert "numerical derivatives; an epoch starts from the new weights" in new.stdout
    assert "an epoch starts from the last row's weights" in call("run", "basic", "--carry", "last").stdout


def test_exploded_run() -> None:
    """An exploded run shows a sheet's error cells and the step; it is a result, not a failure."""
    result = call("run", "basic", "--set", "lr=0.01")
    assert result.exit_code == 0
    assert table_rows(result.stdout)[-1] == ["10", "#NUM!", "#NUM!", "#NUM!", "#NUM!"]
    assert "exploded at step 7" in result.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["bacis"], "There is no experiment 'bacis'. Did you mean basic?"),
        (["graddesc"], "graddesc is a workbook, not an experiment"),
        (["basic", "--set", "lrr=1"], "basic has no setting 'lrr'. Did you mean lr?"),
        (["basic", "--set", "lr=fast"], "lr must be a number, as in lr=0.0001, not 'fast'."),
        (
            ["basic", "--set", "lr=0,1"],
            "lr must be a number with a point, not a comma, as in lr=0.0001, not '0,1'.",
        ),
        (["basic", "--set", "lr="], "lr must be a number"),
        (["basic", "--set", "lr"], "write it as --set lr=0.0001."),
        (["basic", "--set", "lr=nan"], "out of range"),
        (["basic", "--set", "lr=-1"], "lr=-1.0 is out of range: it must be from 0 to 1000."),
        (["basic", "--set", "lr=1", "--set", "learn=2"], "learn is set twice"),
        (["basic", "--set", "epochs=3"], "use --epochs"),
        (["basic", "--set", "carry=new"], "use --carry"),
        (["basic", "--epochs", "0"], "epochs must be a whole number from 1"),
        (["basic", "--carry", "old"], "carry must be"),
        (["basic", "--gradient", "magic"], "gradient must be"),
        (["basic", "--csv", "out.txt"], "out.txt must end in .csv, as in out.csv."),
        (["basic", "--xlsx", "none/out.xlsx"], "there is no folder none"),
        (["basic", "--csv", "."], "is a folder"),
        (["basic", "--epochs", "40000", "--xlsx", "out.xlsx"], "do not fit a sheet"),
    ],
)
def test_run_refuses(args: Sequence[str], said: str) -> None:
    """What cannot work is one sentence that says what to write instead, before any work is done."""
    line = refused("run", *args)
    assert line.startswith("Error: ")
    assert said in line


LONG = "a" * 10_000


@pytest.mark.parametrize(
    "args",
    [
        [LONG],
        ["run", LONG],
        ["build", LONG],
        ["build", "-o", LONG],
        ["run", "basic", f"--{LONG}"],
        ["run", "basic", "--epochs", LONG],
        ["run", "basic", "--carry", LONG],
        ["run", "basic", "--set", LONG],
        ["run", "basic", "--set", f"lr={LONG}"],
        ["run", "basic", "--csv", f"{LONG}.csv"],
        ["run", "learning rates", "--set", LONG],
        ["verify", LONG],
        ["verify", f"{LONG}/{LONG}"],
    ],
)
def test_sentences_do_not_repeat_all_that_was_given(args: Sequence[str]) -> None:
    """Of a text without an end a sentence repeats the beginning and the end."""
    result = call(*args)
    assert (result.exit_code, result.stdout) == (leaving.BAD_INPUT, "")
    assert "Error: " in result.stderr and len(result.stderr) < 1500


def test_csv(tmp_path: Path) -> None:
    """The CSV file holds every step at full precision, with a sheet's error cells."""
    result = call("run", "basic", "--set", "lr=0.01", "--csv", "out.csv")
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert "out.csv: 290 steps" in result.stdout
    assert len(lines) == 291
    assert lines[0].startswith("epoch,step,x,y,b,a,pred,err,")
    first = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert (first["epoch"], first["step"], float(first["err"])) == ("1", "1", 1849.0)
    assert "#NUM!" in lines[-1]
    assert "inf" not in "".join(lines[1:])


def trace_sheet(path: Path) -> Worksheet:
    """The only sheet of a trace's spreadsheet."""
    (sheet,) = openpyxl.load_workbook(path).worksheets
    assert isinstance(sheet, Worksheet)
    return sheet


def test_xlsx(tmp_path: Path) -> None:
    """The spreadsheet holds the same steps, and the same run gives the same bytes."""
    call("run", "adam", "--epochs", "2", "--xlsx", "one.xlsx", "--csv", "one.csv")
    call("run", "adam", "--epochs", "2", "--xlsx", "two.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    sheet = trace_sheet(tmp_path / "one.xlsx")
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    lines = [line.split(",") for line in (tmp_path / "one.csv").read_text(encoding="utf-8").splitlines()]
    assert cells[0] == lines[0]
    assert [float(v) for v in lines[-1]] == pytest.approx(cells[-1], rel=1e-15)


def test_error_cells_in_xlsx(tmp_path: Path) -> None:
    """Error cells are text in the spreadsheet, never an invalid number."""
    assert call("run", "basic", "--set", "lr=0.01", "--xlsx", "out.xlsx").exit_code == 0
    sheet = trace_sheet(tmp_path / "out.xlsx")
    assert "#NUM!" in {cell.value for cell in sheet[291]}


def test_existing_file_is_kept(tmp_path: Path) -> None:
    """An existing file is overwritten only with --force, and nothing is left beside it."""
    kept = tmp_path / "out.csv"
    kept.write_text("mine", encoding="utf-8")
    assert refused("run", "basic", "--csv", "out.csv") == (
        "Error: out.csv exists already: choose another name, or overwrite it with --force."
    )
    assert kept.read_text(encoding="utf-8") == "mine"
    assert call("run", "basic", "--csv", "out.csv", "--force").exit_code == 0
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 291
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails halfway leaves the old file as it was and no fragment beside it."""

    def full(*_: Any) -> Any:
        yield export.with_error_cells(running.run("basic").frame()), 0
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "blocks", full)
    (tmp_path / "out.csv").write_text("mine", encoding="utf-8")
    said = refused("run", "basic", "--csv", "out.csv", "--force")
    assert said == "Error: out.csv cannot be written: No space left on device."
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["mine"]


# Build


@pytest.fixture
def two_lessons() -> Iterator[None]:
    """As if there were no other lessons; then all of them are there in their order."""
    kept = {name: LESSONS[name] for name in ("graddesc", "first-steps")}
    with patch.dict(LESSONS, kept, clear=True):
        yield


@pytest.mark.usefixtures("two_lessons")
def test_build_and_verify(tmp_path: Path) -> None:
    """Every workbook there is is built and listed with its sheets and verdicts, and passes verification."""
    result = call("build", "-o", "made")
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == ["File", "Sheets", "Formula", "cells", "Seconds"]
    assert rows[1][0] == str(Path("made") / "graddesc.xlsx")
    assert ["graddesc", "basic", "learning"] in rows
    assert result.stderr == "".join(f"Building {name}\n" for name in LESSONS)
    assert {path.stem for path in (tmp_path / "made").iterdir()} == {*LESSONS} == {"graddesc", "first-steps"}
    assert call("verify", "made/graddesc.xlsx").exit_code == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gradesc", "There is no workbook 'gradesc'. Did you mean graddesc?"),
        ("adam", "adam is an experiment, not a workbook: build graddesc, or run adam."),
    ],
)
def test_build_refuses(name: str, said: str) -> None:
    """An unknown workbook is a sentence; so is an experiment's name."""
    result = call("build", name)
    assert result.exit_code == leaving.BAD_INPUT
    assert result.stderr.splitlines()[-1] == f"Error: {said}"


def test_build_keeps_a_changed_file(tmp_path: Path) -> None:
    """A file of somebody else's is not overwritten."""
    (tmp_path / "graddesc.xlsx").write_text("mine", encoding="utf-8")
    result = call("build", "graddesc", "-o", ".")
    assert result.exit_code == leaving.BAD_INPUT
    assert "--force" in result.stderr
    assert (tmp_path / "graddesc.xlsx").read_text(encoding="utf-8") == "mine"


# Verify


def report(path: str | Path, *, ok: bool) -> Report:
    """A report with one sheet, of which a column is wrong unless ok."""
    right = SheetResult("data", 31, 0.0, "", "", True)
    bad = SheetResult("adam", 5045, 0.25, "G7", "d_b", False, "drifts from step 3")
    sets = (ValueSet("held by the file", (right,) if ok else (right, bad)), ValueSet("IronCalc", (right,)))
    changes = (Change("adam", "D2", "lr", 0.5, 1.0),)
    return Report(Path(path), "graddesc", sets, changes, () if ok else ("adam!G7 holds =1, not =2.",))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The arguments of every verification; a file whose name begins with `bad` fails, `lost` is missing."""
    seen: list[dict[str, Any]] = []

    def fake(path: str | Path, **options: Any) -> Report:
        options.pop("progress")("reading")
        seen.append({"path": str(path), **options})
        if str(path).startswith("lost"):
            raise WorkbookError(f"There is no file {path}.")
        if str(path).startswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return report(path, ok=not str(path).startswith("bad"))

    monkeypatch.setattr(verification, "verify", fake)
    return seen


def test_verify_passes(calls: list[dict[str, Any]]) -> None:
    """A workbook that passes: a table per set of values, the changed inputs, exit code 0."""
    result = call("verify", "good.xlsx")
    assert result.exit_code == 0
    assert "good.xlsx, the workbook graddesc: ok" in result.stdout
    assert "Verified with its own adam!D2 (lr): 0.5 instead of 1" in result.stdout
    assert "Values held by the file" in result.stdout
    assert "Values of IronCalc" in result.stdout
    assert calls == [{"path": "good.xlsx", "libreoffice": False, "gnumeric": False, "timeout": 120.0, "memory": 4096.0}]


@pytest.mark.usefixtures("calls")
def test_verify_fails() -> None:
    """A workbook that fails names the cell and the guilty column, and the exit code is 1."""
    result = call("verify", "good.xlsx", "bad.xlsx")
    assert result.exit_code == leaving.FAILED
    rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "adam 5,045 2.5e-1 G7 d_b FAILED, drifts from step 3" in rows
    assert "adam!G7 holds =1, not =2." in rows
    assert "bad.xlsx, the workbook graddesc: FAILED" in rows


@pytest.mark.usefixtures("calls")
def test_verify_goes_on() -> None:
    """A file that cannot be read is a sentence; the others are verified all the same; the exit code is 2."""
    result = call("verify", "lost.xlsx", "locked.xlsx", "bad.xlsx")
    assert result.exit_code == leaving.BAD_INPUT
    assert "bad.xlsx, the workbook graddesc: FAILED" in result.stdout
    assert result.stderr.splitlines()[-2:] == [
        "Error: There is no file lost.xlsx.",
        "Error: locked.xlsx: Permission denied.",
    ]


@pytest.mark.usefixtures("calls")
def test_verify_json() -> None:
    """--json prints one JSON document and nothing else, also for files that cannot be read."""
    result = call("verify", "--json", "good.xlsx", "bad.xlsx")
    document = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (leaving.FAILED, "")
    assert document["ok"] is False
    assert [r["ok"] for r in document["reports"]] == [True, False]
    assert document["reports"][1]["sets"][0]["sheets"][1]["column"] == "d_b"
    lost = call("verify", "--json", "lost.xlsx")
    assert lost.exit_code == leaving.BAD_INPUT
    assert json.loads(lost.stdout)["reports"] == [
        {"file": "lost.xlsx", "ok": False, "error": "There is no file lost.xlsx."}
    ]


def test_verify_with_libreoffice(calls: list[dict[str, Any]]) -> None:
    """LibreOffice is asked only on request; a path to it is request enough."""
    call("verify", "a.xlsx", "--libreoffice", "--timeout", "5")
    call("verify", "a.xlsx", "--soffice", "/opt/lo/soffice")
    assert [(c["libreoffice"], c["timeout"]) for c in calls] == [(True, 5.0), ("/opt/lo/soffice", 120.0)]
    for option in ("--timeout", "--memory"):
        for wrong in ("0", "-1", "nan", "inf", "1e10"):
            assert f"{option} must be above 0" in refused("verify", "a.xlsx", option, wrong)


def test_verify_with_gnumeric(calls: list[dict[str, Any]]) -> None:
    """Gnumeric is asked only on request."""
    call("verify", "a.xlsx")
    call("verify", "a.xlsx", "--gnumeric", "--libreoffice")
    assert [(c["gnumeric"], c["libreoffice"]) for c in calls] == [(False, False), (True, True)]


def test_verify_without_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A LibreOffice that is missing is bad input, not a failed verification."""

    def missing(*_: Any, **__: Any) -> Report:
        raise RecalculationError("LibreOffice is not on PATH.")

    monkeypatch.setattr(verification, "verify", missing)
    result = call("verify", "a.xlsx", "--libreoffice")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, "Error: LibreOffice is not on PATH.")


# What goes wrong


def raising(problem: BaseException) -> Any:
    """A function that only raises."""

    def function(*_: Any, **__: Any) -> Any:
        raise problem

    return function


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is one line and exit code 130."""
    monkeypatch.setattr("graddesc_xl.running.run", raising(KeyboardInterrupt()))
    assert refused("run", "basic", code=leaving.STOPPED) == "stopped; nothing was written"


def test_interrupted_after_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ctrl-C between two files says which one is there."""
    monkeypatch.setattr(export, "write_xlsx", raising(KeyboardInterrupt()))
    said = refused("run", "basic", "--csv", "out.csv", "--xlsx", "out.xlsx", code=leaving.STOPPED)
    assert said == "stopped; out.csv had been written, nothing else"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_mistake_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody foresaw is a sentence and exit code 3; the traceback is there on request."""
    monkeypatch.setattr("graddesc_xl.running.run", raising(ZeroDivisionError("by [zero]")))
    assert refused("run", "basic", code=leaving.OUR_MISTAKE) == (
        "Error: This should not happen (ZeroDivisionError: by [zero]). Set GRADDESC_XL_DEBUG=1 to see the traceback."
    )
    monkeypatch.setenv("GRADDESC_XL_DEBUG", "1")
    assert "Traceback (most recent call last)" in call("run", "basic").stderr


def test_path_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the operating system names the path."""
    monkeypatch.setattr("graddesc_xl.running.run", raising(PermissionError(13, "Permission denied", "/root/x")))
    assert refused("run", "basic") == "Error: /root/x: Permission denied."


# Consoles


def test_legacy_encoding() -> None:
    """A console that lacks the field's signs shows plainer words, and never crashes."""
    result = call_process("run", "basic", "--epochs", "20", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert result.returncode == 0
    text = result.stdout.decode("cp1252")
    assert text.splitlines()[3].split() == ["Epoch", "error", "RMSE", "new", "b", "new", "a"]
    assert "?" not in text
    for command in (["--help"], ["list"], ["run", "Σ"]):
        failed = call_process(*command, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        assert b"Traceback" not in failed.stderr


def test_piped_output_is_plain() -> None:
    """What is piped has no colours, no lines, and nothing cut off, however narrow COLUMNS is."""
    result = call_process("run", "adam", "--epochs", "20", COLUMNS="20")
    text = result.stdout.decode("utf-8")
    assert "\x1b" not in text
    assert "…" not in text
    assert "─" not in text
    assert len(table_rows(text)) == 14
    assert result.stderr == b""


def terminal(width: int, monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    """Pretend that stdout is a terminal of that width."""
    settings = {"FORCE_COLOR": "1", "COLUMNS": str(width), "TERM": "xterm-256color", **environment}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.usefixtures("calls")
def test_narrow_terminals(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal no line is wider than it, and nothing is cut off at 80 columns and more."""
    terminal(width, monkeypatch, NO_COLOR="1", _TYPER_FORCE_DISABLE_TERMINAL="1")
    for args in (["run", "adam", "--epochs", "20"], ["verify", "bad.xlsx"], ["list"]):
        text = call(*args).stdout
        plain = "".join(part.partition("m")[2] if i else part for i, part in enumerate(text.split("\x1b[")))
        assert max(len(line.rstrip()) for line in plain.splitlines()) <= width
        assert width < 80 or "…" not in plain


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR takes the colours away on a terminal."""
    terminal(80, monkeypatch)
    green_yellow_red = ("\x1b[32m", "\x1b[33m", "\x1b[31m")
    assert any(colour in call("run", "basic").stdout for colour in green_yellow_red)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not any(colour in call("run", "basic").stdout for colour in green_yellow_red)


def test_build_and_run_take_the_same_words_of_a_model() -> None:
    """Each option of a model of one's own is said once, and shown by both."""
    build, run = (call(command, "--help").stdout.splitlines() for command in ("build", "run"))
    for field in dataclasses.fields(own.Own):
        of_build, of_run = ([line for line in lines if line.startswith(f"│ --{field.name} ")] for lines in (build, run))
        assert of_build == of_run
        assert len(of_run) == 1


def test_orders_are_drawn_by_the_seed() -> None:
    """--shuffled is that of a script; what it has learned is what a script's run has."""
    words = ["run", "--model", "a*x + b", "--lr", "1e-5", "--epochs", "2", "--shuffled", "--seed", "4"]
    e = experiment("a*x + b", GRADDESC, lr=1e-5, epochs=2, shuffled=True, seed=4)
    assert f"{e.run().errors[-1]:.6g}" in call(*words).stdout
