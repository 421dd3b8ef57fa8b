"""Writing a file: whole or not at all, through links, never over what came meanwhile, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

from bits import same_bits
from graddesc_xl import build, cli, run
from graddesc_xl.ending import AGAIN, StoppedError, raising
from graddesc_xl.errors import WorkbookError
from graddesc_xl.lessons import building
from graddesc_xl.workbook import write
from graddesc_xl.writing import recorded, replacing

posix = pytest.mark.skipif(sys.platform == "win32", reason="links, modes and signals as POSIX has them")


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the temporary files of this process and those it starts."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def put(path: Path, text: str = "new") -> None:
    """Write a small file."""
    with replacing(path) as file:
        file.write(text.encode())


def names(folder: Path) -> list[str]:
    """What a folder holds, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


# The file


def test_a_new_file_replaces_the_old_one_at_the_end(tmp_path: Path) -> None:
    """Until the context ends the old file stands there, afterwards the new one and nothing else."""
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("problem", [ValueError(), KeyboardInterrupt(), SystemExit(), OSError(28, "full")])
def test_an_interrupted_file_is_gone(tmp_path: Path, problem: BaseException) -> None:
    """Whatever ends the context early, the old file is as it was and nothing lies beside it."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises((type(problem), WorkbookError)), replacing(path) as file:
        file.write(b"half")
        raise problem
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


@posix
def test_modes(tmp_path: Path) -> None:
    """A new file has the mode that the umask gives, a replaced one keeps its own."""
    path = tmp_path / "file"
    before = os.umask(0o027)
    try:
        put(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        put(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


@posix
def test_a_link_is_written_through(tmp_path: Path) -> None:
    """What a link leads to is replaced, in its own folder; the link stays a link."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("old")
    link = tmp_path / "link"
    link.symlink_to(Path("there", "file"))
    put(link)
    assert link.is_symlink() and link.read_text() == "new"
    assert names(tmp_path / "there") == ["file"] and names(tmp_path) == ["link", "there"]


@posix
def test_links_to_nothing_are_refused(tmp_path: Path) -> None:
    """A link to a missing file, or to itself, is a sentence and stays."""
    for name, goal in (("lost", "nowhere"), ("round", "round")):
        (tmp_path / name).symlink_to(goal)
        with pytest.raises(WorkbookError, match=rf"{name} is a link to {goal}, which does not exist"):
            put(tmp_path / name)
    assert names(tmp_path) == ["lost", "round"]


@posix
def test_only_files_are_replaced(tmp_path: Path) -> None:
    """A folder and a pipe are sentences; so is a missing folder."""
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "is a device or a pipe"),
        (tmp_path / "none" / "file", "cannot be written: No such file or directory"),
        (tmp_path / ("x" * 300), "cannot be written: File name too long"),
    ):
        with pytest.raises(WorkbookError, match=said):
            put(path)
    assert names(tmp_path) == ["pipe"]


def test_a_protected_file_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be written is not replaced either, though its folder would allow it."""
    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(WorkbookError, match="file cannot be written: it is protected against writing"):
        put(path)
    assert path.read_text() == "old"


@posix
def test_the_temporary_name_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody had guessed the temporary name and put a link there, it is not followed."""
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    monkeypatch.setattr("secrets.token_hex", lambda _: "guessed")
    (tmp_path / ".graddesc-xl-guessed.tmp").symlink_to(victim)
    with pytest.raises(WorkbookError, match="File exists"):
        put(tmp_path / "file")
    assert victim.read_text() == "theirs"


def test_what_was_written_is_known(tmp_path: Path) -> None:
    """At any moment it can be told which files stand at their place, also when one is replaced later."""
    with recorded() as written:
        put(tmp_path / "one")
        assert written() == [tmp_path / "one"]
        with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "two"):
            raise KeyboardInterrupt
        assert written() == [tmp_path / "one"]


# A full disk


@posix
def test_a_full_disk_is_one_sentence(tmp_path: Path, temporary: Path) -> None:
    """A disk that fills while a workbook is written: a sentence, nothing before it, nothing left behind."""
    body = (
        "import resource, sys\n"
        "from graddesc_xl.cli import main\n"
        "import graddesc_xl.workbook.write, numpy, pandas, xlsxwriter\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "main()"
    )
    for option in ("--csv", "--xlsx"):
        path = tmp_path / f"out.{option[2:]}"
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-B", "-c", body, "run", "basic", "--epochs", "200", option, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        (said,) = done.stderr.splitlines()
        assert said.startswith(f"Error: {path} cannot be written: ") and said.endswith("File too large.")
    assert names(tmp_path) == names(temporary) == []


def test_an_error_while_packing_leaves_nothing_behind(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error while the parts are zipped: no part stays, and no zip file complains when it is collected."""
    monkeypatch.setattr(os, "utime", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(WorkbookError, match=r"cannot be written: .*No space left"):
            build("first-steps", tmp_path)
    assert names(tmp_path) == names(temporary) == []


# What a person does meanwhile


def built(workbook: Path, folder: Path) -> Path:
    """A workbook as it was built, in a folder of its own."""
    return Path(shutil.copy2(workbook, folder))


def meanwhile(monkeypatch: pytest.MonkeyPatch, do: object) -> None:
    """Do something while a workbook is being written."""
    around = write._around

    def both(*args: object) -> None:
        around(*args)  # type: ignore[arg-type]
        do()  # type: ignore[operator]

    monkeypatch.setattr(write, "_around", both)


@pytest.mark.parametrize("force", [False, True])
def test_a_workbook_saved_meanwhile_is_kept(
    first_steps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    """A workbook that a person saves while it is built again is kept, with force too: that was about the older one."""
    path = built(first_steps, tmp_path)
    meanwhile(monkeypatch, lambda: path.write_text("saved"))
    with pytest.raises(WorkbookError, match="saved by another program"):
        build("first-steps", tmp_path, force=force)
    assert path.read_text() == "saved"
    assert names(tmp_path) == ["first-steps.xlsx"]


def test_a_workbook_opened_meanwhile_is_kept(
    first_steps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workbook that a person opens while it is built again is left alone."""
    path = built(first_steps, tmp_path)
    before = path.stat().st_mtime_ns
    meanwhile(monkeypatch, (tmp_path / ".~lock.first-steps.xlsx#").touch)
    with pytest.raises(WorkbookError, match="is open in another program"):
        build("first-steps", tmp_path, force=True)
    assert path.stat().st_mtime_ns == before


@posix
def test_a_linked_workbook_is_open_where_it_lies(first_steps: Path, tmp_path: Path) -> None:
    """The lock beside the file that a link leads to counts; without it the workbook is written there."""
    (tmp_path / "there").mkdir()
    (tmp_path / "first-steps.xlsx").symlink_to(Path("there", "mine.xlsx"))
    real = built(first_steps, tmp_path / "there").rename(tmp_path / "there" / "mine.xlsx")
    lock = tmp_path / "there" / ".~lock.mine.xlsx#"
    lock.touch()
    with pytest.raises(WorkbookError, match="is open in another program"):
        build("first-steps", tmp_path)
    lock.unlink()
    before = real.stat().st_ino
    assert build("first-steps", tmp_path).path.is_symlink()
    assert real.stat().st_ino != before and building.untouched(real)


@pytest.mark.parametrize("force", [False, True])
def test_an_export_made_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool) -> None:
    """A file that appears, or changes, while a run is exported is not overwritten."""
    path = tmp_path / "out.csv"
    if force:
        path.write_text("old")
    monkeypatch.setattr("graddesc_xl.cli.export.blocks", lambda *_: iter([path.write_text("theirs")][:0]))
    done = CliRunner().invoke(cli.app, ["run", "basic", "--csv", str(path), *["--force"] * force])
    assert done.exit_code == 2
    assert ("has been changed meanwhile" if force else "exists already") in done.stderr
    assert path.read_text() == "theirs"
    assert names(tmp_path) == ["out.csv"]


# Numbers


def test_exported_numbers_keep_every_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number of every step comes back from both files as the engine has it, also where blocks meet."""
    monkeypatch.setattr("graddesc_xl.cli.export.BLOCK", 100)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.app, ["run", "adam", "--epochs", "20", "--csv", "out.csv", "--xlsx", "out.xlsx"])
    assert done.exit_code == 0
    wanted = run("adam", epochs=20).frame()
    lines = [line.split(",") for line in Path("out.csv").read_text().splitlines()]
    sheet = [[*row] for row in openpyxl.load_workbook("out.xlsx").worksheets[0].iter_rows(values_only=True)]
    for header, *rows in (lines, sheet):
        assert header == [*wanted.columns]
        assert same_bits(np.array(rows, dtype=float), wanted.to_numpy(dtype=float))


# Signals


@pytest.fixture
def _usual_signals() -> Iterator[None]:
    """Signals as a process has them at its start, and nothing changed in the end."""
    usual = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGTERM) == usual[signal.SIGTERM]
    signal.signal(signal.SIGINT, usual[signal.SIGINT])


@posix
@pytest.mark.usefixtures("_usual_signals")
def test_an_end_is_asked_for_once() -> None:
    """The first signal is raised; those that follow while things are cleaned up are not."""
    cleaned = False
    with pytest.raises(StoppedError), raising():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
            cleaned = True
    assert cleaned


@posix
@pytest.mark.usefixtures("_usual_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_end_is_not_lost_in_a_destructor(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    """An exception in a destructor is only printed; an end that was asked for there comes a moment later."""

    class Slow:
        def __del__(self) -> None:
            signal.raise_signal(number)

    with pytest.raises((StoppedError, KeyboardInterrupt)), raising():
        Slow()
        threading.Event().wait(AGAIN * 200)
    assert capfd.readouterr() == ("", "")


@posix
def test_signals_that_are_ignored_stay_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """`nohup` makes a process ignore SIGHUP: it is not ended by it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raising():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


WAITING = """
import sys, threading
import graddesc_xl
from graddesc_xl.workbook import write
from graddesc_xl.cli import main, show
def wait(*_):
    print("ready", flush=True)
    threading.Event().wait(60)
{where}
main()
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("args", [["build", "first-steps"], ["run", "basic", "--xlsx", "out.xlsx"]])
def test_a_stopped_command_leaves_nothing(
    tmp_path: Path, temporary: Path, number: signal.Signals, args: list[str]
) -> None:
    """A signal while a file is written: one sentence, its own exit code, no file and no temporary one."""
    where = "write._around = wait" if args[0] == "build" else "from graddesc_xl.cli import export; export.blocks = wait"
    code = ended([*args], where, number, tmp_path)
    assert code == (128 + number, "stopped; nothing was written")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()] and not names(temporary)


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_had_been_written_is_said(tmp_path: Path, number: signal.Signals) -> None:
    """A signal after the file is in its place says so, however little was left to do."""
    where = "from graddesc_xl.cli import commands; commands.show_built = wait"
    code = ended(["build", "first-steps"], where, number, tmp_path)
    written = Path("workbooks", "first-steps.xlsx")
    assert code == (128 + number, f"stopped; {written} had been written, nothing else")
    assert building.untouched(tmp_path / written)


def ended(args: list[str], where: str, number: int, folder: Path) -> tuple[int, str]:
    """The exit code and the last sentence of a command that a signal ends where it waits."""
    command = [sys.executable, "-c", WAITING.format(where=where), *args]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    return process.returncode, said.splitlines()[-1]


@posix
def test_a_script_is_ended_by_its_signal(tmp_path: Path) -> None:
    """A script that builds cleans up when it is asked to end, and ends as if it had not listened."""
    body = WAITING.format(where="write._around = wait").replace(
        "main()", "import graddesc_xl as g; g.build('first-steps')"
    )
    with subprocess.Popen([sys.executable, "-c", body], cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
    assert names(tmp_path / "workbooks") == []


# A closed pipe


@posix
@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["list"], ["run", "basic"], ["run", "--help"], ["run", "basic", "--all"]]
)
def test_a_closed_pipe_is_no_verdict(args: list[str]) -> None:
    """Where nobody reads on, a command ends quietly with the exit code of a closed pipe, not with a verdict's."""
    read, written = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "graddesc_xl", *args], stdout=written, stderr=subprocess.PIPE, check=False
    )
    os.close(written)
    assert (done.returncode, done.stderr) == (141, b"")


@posix
def test_streams_that_are_not_there(tmp_path: Path) -> None:
    """A full disk under stdout is a sentence; streams that are closed do no harm."""
    command = f"{sys.executable} -m graddesc_xl run"
    for line, code, said in (
        ("basic >/dev/full", 2, "Error: No space left on device.\n"),
        ("basic >&-", 0, ""),
        ("basic 2>&-", 0, ""),
        ("bacis 2>&-", 2, ""),
    ):
        done = subprocess.run(f"{command} {line}", shell=True, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, said)
