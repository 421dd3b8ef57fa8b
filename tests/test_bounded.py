"""Another program under limits: what it prints, how it ends, and that nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from graddesc_xl.ending import scratch
from graddesc_xl.errors import RecalculationError, SettingError
from graddesc_xl.verification.bounded import Limits, run

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits on memory are POSIX's")
FILE = Path("a.xlsx")


def python(body: str, limits: Limits | None = None) -> str:
    """Run a Python program under limits."""
    return run([sys.executable, "-c", body], limits or Limits(30), name="The program", file=FILE)


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    """Whether a process is gone, or goes within a few seconds."""
    for _ in range(200):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_what_a_program_prints_is_returned() -> None:
    """Both its streams, as text; signs that are no UTF-8 are replaced."""
    said = python("import sys; print('out', flush=True); sys.stderr.buffer.write(b'err \\xff')")
    assert said.splitlines() == ["out", "err \N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise SystemExit('out of luck')", r"^The program failed on a.xlsx: out of luck \(exit code 1\)\.$"),
        ("raise SystemExit(7)", r"failed on a.xlsx: it gave no reason \(exit code 7\)\.$"),
        ("print('x' * 3_000_000); raise SystemExit(1)", r"failed on a.xlsx: x{300}\.\.\. \(exit code 1\)\.$"),
        ("print('\\x1b[31mred'); raise SystemExit(1)", r"failed on a.xlsx: \[31mred \(exit code 1\)\.$"),
    ],
)
def test_a_program_that_fails(body: str, sentence: str) -> None:
    """A sentence says what it printed, cut where it is long, without signs that steer a terminal."""
    with pytest.raises(RecalculationError, match=sentence):
        python(body)


def test_a_program_that_is_no_program(tmp_path: Path) -> None:
    """A file that cannot be executed is a sentence."""
    text = tmp_path / "text"
    text.write_text("text")
    with pytest.raises(RecalculationError, match="text"):
        run([str(text)], Limits(30), name="The program", file=FILE)


@posix
def test_a_program_that_crashes() -> None:
    """A signal is named, and memory as its likely reason."""
    with pytest.raises(
        RecalculationError, match=r"it crashed \(SIGSEGV\).*more than 4,096 MB of memory: allow more with --memory"
    ):
        python("import os; os.kill(os.getpid(), 11)")


@posix
def test_a_program_that_wants_too_much_memory() -> None:
    """The limit on memory holds for the program, not for us."""
    with pytest.raises(RecalculationError, match="MemoryError"):
        python("x = bytearray(1_000_000_000)", Limits(30, 500))
    assert python("x = bytearray(1_000_000_000); print(len(x))", Limits(30, 2000)) == "1000000000\n"


@posix
def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    """Nothing that a stopped program started is left running."""
    body = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    with pytest.raises(RecalculationError, match=r"did not finish a.xlsx within 2 seconds and was stopped"):
        python(body, Limits(2))
    assert gone(int((tmp_path / "pid").read_text()))


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_command_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end the program that runs and remove the temporary files, then end us as they would have."""
    body = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from graddesc_xl.ending import scratch\n"
        "from graddesc_xl.verification.bounded import Limits, run\n"
        "with scratch() as folder:\n"
        f"    note = Path({str(tmp_path / 'note')!r})\n"
        "    (folder / 'large').write_text('x')\n"
        "    child = f'import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid()));"
        " time.sleep(600)'\n"
        "    run([sys.executable, '-c', child], Limits(600), name='It', file=note)\n"
    )
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", body], env=environment, stderr=subprocess.DEVNULL) as process:
        note = tmp_path / "note"
        for _ in range(600):
            if note.exists() and note.read_text():
                break
            time.sleep(0.05)
        assert [*(tmp_path / "temporary").iterdir()], "it had begun"
        process.send_signal(number)
        assert process.wait(30) == -number
    assert gone(int(note.read_text()))
    assert not [*(tmp_path / "temporary").iterdir()]


def test_a_program_has_its_temporary_files_where_they_are_removed() -> None:
    """What a stopped program cannot remove itself lies in a folder that goes with the context."""
    command = [sys.executable, "-c", "import tempfile; print(tempfile.mkdtemp())"]
    with scratch() as folder:
        made = Path(run(command, Limits(30), name="The program", file=FILE, folder=folder).strip())
        assert made.parent == folder
    assert not made.exists()


def test_temporary_files_are_gone_after_an_error() -> None:
    """Whatever happens inside, the folder does not outlive its context."""
    with pytest.raises(ValueError, match="no"), scratch() as folder:
        (folder / "file").write_text("x")
        raise ValueError("no")
    assert not folder.exists() and folder.parent == Path(tempfile.gettempdir())


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf"), 1e10])
def test_limits_that_are_none(wrong: float) -> None:
    """A limit must be a number that a clock and a memory can have."""
    with pytest.raises(SettingError, match="--timeout must be above 0 and at most 1,000,000 seconds"):
        Limits(wrong)
    with pytest.raises(SettingError, match="--memory must be above 0 and at most 1,000,000 megabytes"):
        Limits(1, wrong)
