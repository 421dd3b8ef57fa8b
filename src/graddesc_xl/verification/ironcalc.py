"""IronCalc recalculates a workbook, in a process of its own: what it prints, takes or breaks stays there."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..ending import scratch
from ..errors import RecalculationError
from . import ironcalc_program
from .bounded import Limits, running
from .grid import At, as_number, is_other
from .held import Cells, Held, plain


@contextmanager
def recalculating(
    path: Path, limits: Limits, typed: Mapping[tuple[str, At], float] | None = None
) -> Iterator[Callable[[], Held]]:
    """Let IronCalc compute a workbook that was read before, whatever it holds; gives what waits for the values.

    typed: sheet and place -> a number that is typed there first.
    """
    with scratch() as folder:
        target, numbers = folder / "values", folder / "typed"
        lines = [json.dumps([sheet, *at, number]) for (sheet, at), number in (typed or {}).items()]
        numbers.write_text("\n".join(lines), encoding="utf-8")
        files = map(str, (ironcalc_program.__file__, _relative(path, folder), target, numbers))
        command = [sys.executable, "-P", "-X", "utf8", *files]
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
    head, _, rest = content.partition(b"\n")
    names, count, others = json.loads(head)
    sheets, rows, columns = np.frombuffer(rest, np.int32, 3 * count).reshape(3, count)
    numbers = np.frombuffer(rest, np.float64, count, 12 * count).copy()
    beside: list[dict[At, Any]] = [{} for _ in names]
    for i, said in others:
        value = plain(*said) if isinstance(said, list) else said if isinstance(said, str) else plain(said)
        numbers[i] = as_number(value)
        if is_other(value):
            beside[sheets[i]][int(rows[i]), int(columns[i])] = value
    for sheet, name in enumerate(names):
        of = sheets == sheet
        yield name, Cells(rows[of], columns[of], numbers[of], beside[sheet])


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
