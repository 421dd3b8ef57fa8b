"""Another program under limits: whatever becomes of it, nothing of it stays behind and its end is a sentence."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..ending import terminable
from ..errors import RecalculationError, SettingError

#: of what a program prints, so many bytes are kept and so many characters quoted
KEPT, QUOTED = 10_000, 300
#: sets the limits of the shell it runs in, then becomes the program; a limit the system lacks is left out
_LIMITED = 'ulimit -v "$1" 2>/dev/null; ulimit -t "$2" 2>/dev/null; ulimit -c 0 2>/dev/null; shift 2; exec "$@"'


@dataclass(frozen=True)
class Limits:
    """What a program may take: seconds of wall time, and megabytes of memory (not on Windows)."""

    seconds: float = 120.0
    megabytes: float = 4096.0

    def __post_init__(self) -> None:
        for option, value, unit in (("timeout", self.seconds, "seconds"), ("memory", self.megabytes, "megabytes")):
            if not 0 < value <= 1e6:
                raise SettingError(f"--{option} must be above 0 and at most 1,000,000 {unit}, not {value:g}.")


def find(given: bool | str | Path, usual: Sequence[str], *, name: str, install: str) -> str:
    """A program: the given one, or the first of the usual ones that is there.

    name: what sentences call it; install: how to get it.
    """
    if not isinstance(given, bool):
        if not str(given).strip():
            raise RecalculationError(f"No program is named where {name}'s is expected. {install}")
        program = shutil.which(str(given))
        if program is None:
            raise RecalculationError(f"There is no program {given}. {install}")
        return program
    found = next(filter(None, map(shutil.which, usual)), None)
    if found is None:
        raise RecalculationError(f"{name} was not found on PATH. {install}")
    return found


def run(command: Sequence[str], limits: Limits, *, name: str, file: Path, folder: Path | None = None) -> str:
    """Run a program on a file and return what it prints: `running`, waited for."""
    with running(command, limits, name=name, file=file, folder=folder) as said:
        return said()


@contextmanager
def running(
    command: Sequence[str], limits: Limits, *, name: str, file: Path, folder: Path | None = None
) -> Iterator[Callable[[], str]]:
    """Start a program on a file; gives what waits for it and returns what it prints.

    Everything that it started is ended with the context.
    name: what sentences call the program; file: the one they say it failed on. folder: for its temporary files,
    which it has no time to remove when it is stopped.
    Raises RecalculationError where it cannot start; so does what waits, where it takes too long or fails.
    """
    windows = sys.platform == "win32"
    with terminable():
        try:
            process = subprocess.Popen(
                list(command) if windows else _limited(command, limits),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=not windows,
                env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)) if folder else None,
            )
        except OSError as problem:
            raise RecalculationError(f"{command[0]} cannot be started: {problem.strerror or problem}.") from None
        said = bytearray()
        reader = threading.Thread(target=_keep, args=(process.stdout, said), daemon=True)
        end = time.monotonic() + limits.seconds

        def finished() -> str:
            try:
                code = process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise RecalculationError(
                    f"{name} did not finish {file} within {limits.seconds:g} seconds and was stopped. "
                    "Allow more with --timeout."
                ) from None
            reader.join(5)
            text = said.decode("utf-8", "replace")
            if code:
                raise RecalculationError(f"{name} failed on {file}: {_reason(code, text, limits)}")
            return text

        try:
            reader.start()
            yield finished
        finally:
            _end(process)
            reader.join(5)


def quoted(said: str) -> str:
    """What a program printed, on one line, cut where it is long.

    >>> quoted("warning: slow\\n\\nError: no file.\\n"), quoted(" ")
    ('warning: slow Error: no file', 'it gave no reason')
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in said).split()).rstrip(".")
    return line[:QUOTED] + "..." * (len(line) > QUOTED) or "it gave no reason"


def _limited(command: Sequence[str], limits: Limits) -> list[str]:
    """The command under the limits; the one on processor time ends it where even this process is killed."""
    kilobytes, seconds = int(limits.megabytes * 1024), int(limits.seconds * (os.cpu_count() or 1)) + 1
    return [shutil.which("sh") or "/bin/sh", "-c", _LIMITED, "sh", str(kilobytes), str(seconds), *command]


def _keep(stream: IO[bytes], said: bytearray) -> None:
    """Keep the beginning of what a program prints and let it print the rest."""
    with suppress(OSError, ValueError), stream:
        while chunk := stream.read(4096):
            said += chunk[: max(0, KEPT - len(said))]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and everything it started."""
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reason(code: int, said: str, limits: Limits) -> str:
    """Why a program failed, from its exit code and what it printed."""
    if code > 0:
        return f"{quoted(said)} (exit code {code})."
    try:
        how = signal.Signals(-code).name
    except ValueError:
        how = f"signal {-code}"
    return (
        f"it crashed ({how}): {quoted(said)}. Its formulas may be nested too deeply, or need more than "
        f"{limits.megabytes:,.0f} MB of memory: allow more with --memory."
    )
