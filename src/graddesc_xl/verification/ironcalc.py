"""IronCalc recalculates a workbook, in a process of its own: what it prints, takes or breaks stays there."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from ..ending import scratch
from ..errors import RecalculationError
from . import ironcalc_program
from .bounded import Limits, run
from .reading import Held, plain


def recalculated(path: Path, limits: Limits) -> Held:
    """The values of a workbook that was read before, computed by IronCalc, whatever the file holds."""
    with scratch() as folder:
        result = folder / "values.json"
        source = _relative(path, folder)
        command = [sys.executable, "-P", "-X", "utf8", str(ironcalc_program.__file__), str(source), str(result)]
        run(command, limits, name="IronCalc", file=path, folder=folder)
        try:
            sheets = json.loads(result.read_bytes())
        except (OSError, ValueError):
            raise RecalculationError(f"IronCalc ended without the values of {path}.") from None
    return Held({name: dict(_cells(*cells)) for name, cells in sheets.items()})


def _cells(rows: list[int], columns: list[int], values: list[Any]) -> Any:
    """Cells by row and column; an error comes as the only item of a list."""
    return (
        ((row, column), plain(value[0] if isinstance(value, list) else value) if not isinstance(value, str) else value)
        for row, column, value in zip(rows, columns, values, strict=True)
        if value is not None
    )


def _relative(path: Path, folder: Path) -> Path:
    """The workbook, or a copy whose sheets name their parts as IronCalc expects it: openpyxl names them absolutely."""
    with zipfile.ZipFile(path) as file:
        links = {n: file.read(n) for n in file.namelist() if n.startswith("xl/worksheets/_rels/")}
        if not any(b'Target="/xl/' in link for link in links.values()):
            return path.absolute()
        copy = folder / "workbook.xlsx"
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as out:
            for name in file.namelist():
                part = links[name].replace(b'Target="/xl/', b'Target="../') if name in links else file.read(name)
                out.writestr(name, part)
        return copy
