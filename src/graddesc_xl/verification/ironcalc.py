"""IronCalc recalculates a workbook, in a process of its own: what it prints, takes or breaks stays there."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..ending import scratch
from ..errors import RecalculationError
from . import ironcalc_program
from .bounded import Limits, running
from .grid import as_number, is_other
from .held import Cells, Held, plain


@contextmanager
def recalculating(path: Path, limits: Limits) -> Iterator[Callable[[], Held]]:
    """Let IronCalc compute a workbook that was read before, whatever it holds; gives what waits for the values."""
    with scratch() as folder:
        target = folder / "values"
        source = _relative(path, folder)
        command = [sys.executable, "-P", "-X", "utf8", str(ironcalc_program.__file__), str(source), str(target)]
        with running(command, limits, name="IronCalc", file=path, folder=folder) as finished:

            def values() -> Held:
                finished()
                try:
                    return Held(dict(_sheets(target.read_bytes())))
                except (OSError, ValueError, LookupError, TypeError):
                    raise RecalculationError(f"IronCalc ended without the values of {path}.") from None

            yield values


def _sheets(content: bytes) -> Iterator[tuple[str, Cells]]:
    """The cells of each sheet, as `ironcalc_program` writes them."""
    said, _, rest = content.partition(b"\n")
    start = 0
    for name, count, others in json.loads(said):
        places = np.frombuffer(rest, np.int32, 2 * count, start)
        numbers = np.frombuffer(rest, np.float64, count, start + places.nbytes).copy()
        start += places.nbytes + numbers.nbytes
        rows, columns = places[:count], places[count:]
        values = {i: plain(*v) if isinstance(v, list) else v if isinstance(v, str) else plain(v) for i, v in others}
        for i, value in values.items():
            numbers[i] = as_number(value)
        yield (
            name,
            Cells(
                rows, columns, numbers, {(int(rows[i]), int(columns[i])): v for i, v in values.items() if is_other(v)}
            ),
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
