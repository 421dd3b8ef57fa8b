"""What is answered at once: run NAME, without what takes longer to import than the run takes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from graddesc_xl import cli
from graddesc_xl.cli.at_once import at_once
from graddesc_xl.lessons import EXPERIMENTS
from graddesc_xl.running import experiment
from graddesc_xl.shipped import HOMES, shipped

RUNS = [
    "basic",
    "adam --epochs 30 --set lr=0.5",
    "--epochs 30 --epochs 14 --all adam_ann",
    "basic --set lr=1e-2 --set h=1e-6",
    "basic SGD 2 neuron ReLU",
    "basic SGD 2 neuron collapse --set driver=0",
    "one neuron",
]


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing makes Rich take a pipe for a terminal."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("line", RUNS)
def test_a_run_is_told_as_ever(line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed at once is what Rich makes of the same run where Typer reads the command line."""
    words = ["run", *line.split()]
    command = at_once(words)
    assert command is not None
    assert command() == 0
    at_once_said = capsys.readouterr().out
    with monkeypatch.context() as rich:
        rich.setattr("graddesc_xl.cli.telling.FORCED", ("PATH",))  # which is set, so that Rich prints it
        result = CliRunner().invoke(cli.app, words)
    assert (result.exit_code, result.stdout) == (0, at_once_said)
    assert len(at_once_said.splitlines()) > 8


@pytest.mark.parametrize(
    "line",
    [
        "",
        "run",
        "run bacis",
        "run BASIC",
        "run learning rates",
        "run basic --carry new",
        "run basic --csv out.csv",
        "run basic -h",
        "run basic --epochs",
        "run basic --epochs=3",
        "run basic --epochs ten",
        "run basic --epochs 20000",
        "run basic --set",
        "run basic --set --all",
        "run -- basic",
        "build graddesc",
    ],
)
def test_all_else_is_typers(line: str) -> None:
    """Other options, other names, and whatever is typed wrong: of these Typer knows what to say."""
    assert at_once(line.split()) is None


def test_completion_is_typers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that asks what may follow gets no run."""
    monkeypatch.setenv("_GRADDESC_XL_COMPLETE", "complete_bash")
    assert at_once(["run", "basic"]) is None


def process(*args: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which tells on stderr what it imported."""
    told = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    code = f"{told}; from graddesc_xl.cli import main; main()"
    alone = {**os.environ, "GRADDESC_XL_DEBUG": ""}
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, env=alone, check=False)


@pytest.mark.parametrize("args", [("run", "basic"), ("run", "adam", "2", "neuron", "--set", "lr=0.2")])
def test_a_run_imports_little(args: Sequence[str]) -> None:
    """Neither what reads other command lines, nor what makes tables, frames and workbooks, is imported for a run."""
    done = process(*args)
    heavy = {"typer", "rich", "pandas", "pydantic", "xlsxwriter", "ironcalc", "numba", "difflib", "secrets"}
    ours = {f"graddesc_xl.{room}" for room in ("sheets", "workbook", "lessons", "sweeps", "verification", "comparison")}
    assert done.returncode == 0
    assert "After 10 epochs (290 steps): " in done.stdout
    assert not {*done.stderr.split()} & (heavy | ours)


def test_what_is_wrong_in_a_run_is_a_sentence() -> None:
    """A setting that is out of range, or none of its own, is refused as where Typer reads along."""
    for args in (
        ("run", "basic", "--set", "lr=-1"),
        ("run", "basic", "--set", "mu=1"),
        ("run", "adam", "--epochs", "0"),
    ):
        done = process(*args)
        said = CliRunner().invoke(cli.app, args).stderr
        assert (done.returncode, done.stdout) == (2, "")
        assert said.startswith("Error: ")
        assert done.stderr.startswith(said)


def test_shipped_experiments_are_those_of_the_lessons() -> None:
    """Each is the experiment that a lesson shows by that name; one that a lesson makes for itself is found there."""
    assert {name: shipped(name) for name in HOMES} == {name: EXPERIMENTS[name] for name in HOMES}
    assert all(experiment(name) == e for name, e in EXPERIMENTS.items())
