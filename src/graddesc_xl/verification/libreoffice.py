"""LibreOffice as a second opinion: it opens a workbook, recalculates everything and saves it.

LibreOffice trusts the values in a file that says Microsoft Excel wrote it, so a private profile tells it to
recalculate always; without that the check would compare our values with themselves.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import RecalculationError

INSTALL = (
    "Install it (Debian, Ubuntu: apt install libreoffice-calc; macOS: brew install --cask libreoffice; "
    "Windows: winget install TheDocumentFoundation.LibreOffice), or name its program with --soffice."
)
_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
</item>
</oor:items>
"""
_USUAL = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\\Program Files\\LibreOffice\\program\\soffice.com",
)


def find(given: bool | str | Path = True) -> str:
    """The program: the given one, or `soffice` on PATH or where its installer puts it."""
    if not isinstance(given, bool):
        program = shutil.which(str(given))
        if program is None:
            raise RecalculationError(f"There is no program {given}. {INSTALL}")
        return program
    for name in ("soffice", "libreoffice", *_USUAL):
        program = shutil.which(name)
        if program:
            return program
    raise RecalculationError(f"LibreOffice was not found on PATH. {INSTALL}")


@contextmanager
def recalculated(path: Path, program: str, timeout: float) -> Iterator[Path]:
    """A copy of the workbook with every formula recalculated; it is gone when the context ends."""
    with tempfile.TemporaryDirectory(prefix="graddesc-xl-", ignore_cleanup_errors=True) as folder:
        profile = Path(folder, "profile")
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS, encoding="utf-8")
        source = Path(folder, "workbook.xlsx")
        shutil.copyfile(path, source)
        out = Path(folder, "out")
        command = [
            program,
            "--headless",
            "--norestore",
            f"-env:UserInstallation={profile.as_uri()}",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(out),
            str(source),
        ]
        said = _run(command, timeout, path)
        result = out / source.name
        if not result.exists():
            raise RecalculationError(f"LibreOffice could not convert {path}: {said.strip() or 'it gave no reason'}.")
        yield result


def _run(command: list[str], timeout: float, path: Path) -> str:
    """Run it in a group of its own, so that a time limit ends its children too."""
    new_group = {} if sys.platform == "win32" else {"start_new_session": True}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **new_group,  # type: ignore[call-overload]  # one keyword that only some platforms have
        )
    except OSError as problem:
        raise RecalculationError(f"{command[0]} cannot be started: {problem.strerror}.") from None
    try:
        said, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RecalculationError(
            f"LibreOffice did not finish {path} within {timeout:g} seconds and was stopped. Allow more with --timeout."
        ) from None
    finally:
        if process.stdout:
            process.stdout.close()
        if process.poll() is None:
            with suppress(OSError):
                if sys.platform == "win32":
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        raise RecalculationError(
            f"LibreOffice failed on {path} (exit code {process.returncode}): {said.strip() or 'it gave no reason'}."
        )
    return str(said)
