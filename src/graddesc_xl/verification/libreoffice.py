"""LibreOffice as a second opinion: it opens a workbook, recalculates everything and saves it.

LibreOffice trusts the values in a file that says Microsoft Excel wrote it, so a private profile tells it to
recalculate always; without that the check would compare our values with themselves.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ..ending import scratch
from ..errors import RecalculationError
from . import bounded
from .bounded import Limits, quoted, run

INSTALL = (
    "Install it (Debian, Ubuntu: apt install libreoffice-calc; macOS: brew install --cask libreoffice; "
    "Windows: winget install TheDocumentFoundation.LibreOffice), or name its program with --soffice."
)
#: recalculate always; run no macro, update no link, fetch nothing that a document names
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
</item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>2</value></prop>
</item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item>
</oor:items>
"""
_USUAL = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\\Program Files\\LibreOffice\\program\\soffice.com",
)


def find(given: bool | str | Path = True) -> str:
    """The program: the given one, or `soffice` on PATH or where its installer puts it."""
    return bounded.find(given, ("soffice", "libreoffice", *_USUAL), name="LibreOffice", install=INSTALL)


def recalculated(path: Path, program: str, limits: Limits) -> AbstractContextManager[Path]:
    """A copy of the workbook with every formula recalculated; it is gone when the context ends."""
    return converted(path, program, limits, "xlsx:Calc MS Excel 2007 XML")


@contextmanager
def converted(path: Path, program: str, limits: Limits, form: str) -> Iterator[Path]:
    """The workbook, recalculated, in a form that LibreOffice writes, such as `pdf`; it is gone with the context."""
    with scratch() as folder:
        profile = folder / "profile"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
        source = folder / "workbook.xlsx"
        shutil.copyfile(path, source)
        out = folder / "out"
        command = [
            program,
            "--headless",
            "--norestore",
            f"-env:UserInstallation={profile.as_uri()}",
            "--convert-to",
            form,
            "--outdir",
            str(out),
            str(source),
        ]
        said = run(command, limits, name="LibreOffice", file=path, folder=folder)
        result = out / f"{source.stem}.{form.partition(':')[0]}"
        if not result.exists():
            raise RecalculationError(f"LibreOffice could not convert {path}: {quoted(said)}.")
        yield result
