"""Command lines that nobody would type, and some that people do: each ends with a verdict or a sentence."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graddesc_xl import cli
from graddesc_xl.lessons import COMPARISONS, EXPERIMENTS, LESSONS

#: seconds after which a command line hangs
PATIENCE = 120
#: of so many command lines one runs as a process of its own
PROCESSES = 20

OPTIONS = {
    "build": ["--output", "-o", "--force"],
    "run": ["--epochs", "--set", "--carry", "--gradient", "--csv", "--xlsx", "--all", "--force"],
    "verify": ["--libreoffice", "--soffice", "--timeout", "--memory", "--json"],
    "list": [],
}
ALWAYS = [
    "--help",
    "-h",
    "--version",
    "--",
    "-",
    "--install-completion=nosuch",
    "--epoch",
    "--no-force",
    "-of",
    "--=",
    "---",
]
NUMBERS = [
    "0",
    "1",
    "2",
    "3",
    "29",
    "-1",
    "1e3",
    "100001",
    "1e400",
    "nan",
    "inf",
    "-inf",
    "0x10",
    "1_0",
    "٣",
    "0.5",
    "",
]
SETTINGS = [
    "lr",
    "learn",
    "b",
    "a",
    "c",
    "h",
    "beta1",
    "beta2",
    "sq0",
    "driver",
    "scale_x",
    "limit",
    "epochs",
    "LR",
    "",
]
VALUES = [*NUMBERS, "1e-4", "1e-5", "1000", "1e-320", "-0.0", "0,1", "1e5", " 1 ", "=1+1", "1=2", "True"]
TEXTS = [
    "",
    " ",
    "\n",
    "\t",
    "é",
    "e\u0301",
    "\u202e",
    "😀",
    "\udcff",
    "\x1b[31m",
    "[bold]",
    "%s",
    "{0}",
    "'",
    '"',
    "*",
    "..",
    "$HOME",
]
FILES = [
    *(
        "out.csv",
        "out.xlsx",
        "OUT.CSV",
        ".csv",
        ".xlsx",
        "folder/out.csv",
        "none/out.csv",
        "a" * 300 + ".csv",
        "out.csv/",
    ),
    *("there.csv", "there.xlsx", "tiny.xlsx", "text.xlsx", "empty.xlsx", "tiny.xlsx/x.xlsx", "folder", "folder.csv"),
    *(".", "..", "link.csv", "lost.csv", "round.xlsx", "pipe.csv", "/dev/null", "/dev/full"),
]


def names() -> list[str]:
    """Everything that has a name."""
    return [*EXPERIMENTS, *COMPARISONS, *LESSONS]


def command_line(choose: random.Random) -> list[str]:
    """A command with arguments that fit, nearly fit or do not."""
    command = choose.choice([*OPTIONS, "run", "run", "run"])
    line = [command]
    if command == "verify":
        line += choose.choices(FILES, k=choose.randrange(3))
    elif command == "run":
        line += choose.choice([*EXPERIMENTS, *EXPERIMENTS, *names()]).split(" " if choose.random() < 0.5 else "\0")
    elif choose.random() < 0.7:
        line.append(choose.choice(names()))
    for _ in range(choose.choice([0, 1, 1, 2, 3, 5])):
        option = choose.choice(OPTIONS[command] or ALWAYS) if choose.random() < 0.9 else choose.choice(ALWAYS)
        line.append(option)
        value = value_for(option, choose)
        if value is not None and choose.random() < 0.95:
            line[-1:] = [f"{option}={value}"] if choose.random() < 0.2 else [option, value]
    while choose.random() < 0.2:
        place = choose.randrange(len(line) + 1)
        match choose.randrange(5):
            case 0:
                line.insert(place, choose.choice([*TEXTS, *FILES, *ALWAYS]))
            case 1:
                line[place : place + 1] = []
            case 2:
                choose.shuffle(line)
            case 3:
                line[place:place] = [choose.choice(TEXTS) * choose.choice([1, 3, 3000])]
            case 4 if line[place : place + 1]:
                word = line[place]
                cut = choose.randrange(len(word) + 1)
                line[place] = word[:cut] + choose.choice(TEXTS) + word[cut + 1 :]
    return line


def value_for(option: str, choose: random.Random) -> str | None:
    """What may follow an option."""
    match option:
        case "--epochs" | "--timeout" | "--memory":
            return choose.choice(NUMBERS)
        case "--set":
            equals = choose.choice(["=", "=", "=", "=", " = ", "", "=="])
            return f"{choose.choice(SETTINGS)}{equals}{choose.choice(VALUES)}"
        case "--carry":
            return choose.choice(["new", "last", "LAST", "old", *TEXTS])
        case "--gradient":
            return choose.choice(["analytic", "num", "switch", "a", *TEXTS])
        case "--csv" | "--xlsx" | "--output" | "-o" | "--soffice":
            return choose.choice([*FILES, *TEXTS])
    return None


@pytest.fixture
def folder(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of all kinds to work in; the workbooks there are to build are small ones."""
    for name in ("graddesc", "two-neurons"):
        monkeypatch.setitem(LESSONS, name, replace(LESSONS["tiny"], name=name))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    Path("tiny.xlsx").write_bytes(tiny.read_bytes())
    Path("folder").mkdir()
    Path("folder.csv").mkdir()
    for name in ("there.csv", "there.xlsx", "text.xlsx"):
        Path(name).write_text("text")
    Path("empty.xlsx").touch()
    if sys.platform != "win32":
        Path("link.csv").symlink_to("there.csv")
        Path("lost.csv").symlink_to("nowhere")
        Path("round.xlsx").symlink_to("round.xlsx")
        os.mkfifo("pipe.csv")
    return tmp_path


@contextmanager
def patience(seconds: int = PATIENCE) -> Iterator[None]:
    """Fail where something hangs."""

    def hangs(*_: object) -> None:
        raise AssertionError("it hangs")

    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def call(line: list[str], *, process: bool) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line."""
    if process:
        command = [sys.executable, "-m", "graddesc_xl", *line]
        quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
        done = subprocess.run(command, stdin=quiet, stdout=pipe, stderr=pipe, timeout=PATIENCE, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()
    with patience():
        result = CliRunner().invoke(cli.app, line)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.fuzz(100, 2000)
def test_any_command_line_ends_well(folder: Path, seeds: range) -> None:
    """No traceback, no hang, no temporary file; 0, a verdict or one sentence that is not too long."""
    for seed in seeds:
        line = command_line(random.Random(seed))
        real = seed % PROCESSES == 0 and line[:1] != ["build"]
        code, out, err = call(line, process=real)
        told = f"seed {seed}: {line} ended with {code}: {err[-2000:]}"
        assert code in (0, 1, 2), told
        assert (code == 2) == ("Error: " in err), told
        assert "Traceback" not in err and "Exception ignored" not in err and "Warning" not in err, told
        assert len(err) < 3000 * max(1, len(line)), told
        assert code == 2 or out, told
        left = [path.name for path in folder.rglob("*") if path.name.startswith((".graddesc-xl", "graddesc-xl"))]
        assert not left, f"{told}; it left {left}"
