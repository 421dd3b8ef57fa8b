"""In what programs are known to differ from Excel: nothing else is forgiven them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..language.expr import Apply, Expr
from ..language.values import CellError


@dataclass(frozen=True)
class Known:
    """A program's error where Excel has another, and the operators of which it is the result.

    longer: whether it computes with longer numbers than Excel's, as `overflow` explains. loses: what it leaves out
    of a file that it saves, as `package` calls it.
    """

    found: CellError | None = None
    wanted: CellError | None = None
    operators: frozenset[str] = frozenset()
    longer: bool = False
    loses: frozenset[str] = frozenset()

    def explains(self, found: Any, wanted: Any, expr: Expr | None = None) -> bool:
        """Whether a value is the program's way of saying another. expr: what the cell computes, if that is known."""
        same = self.found is not None and found is self.found and wanted is self.wanted
        return same and (expr is None or not self.operators.isdisjoint(_operators(expr)))


def _operators(expr: Expr) -> set[str]:
    return {expr.op}.union(*map(_operators, expr.args)) if isinstance(expr, Apply) else set()


#: program -> what its recalculation, and a file that it saved, may have in another error's place
KNOWN: Mapping[str, Known] = {
    "IronCalc": Known(
        *(CellError.DIV0, CellError.NUM, frozenset({"pow", "power"})),  # an overflow in ^
        loses=frozenset({"chart", "alternative text", "note", "input rule"}),
    ),
    "LibreOffice": Known(
        *(CellError.VALUE, CellError.NUM, frozenset({"sqrt"})),  # the root of a negative number
        loses=frozenset({"alternative text"}),
    ),
    "Gnumeric": Known(longer=True),
}


def of_writer(path: Path) -> Known | None:
    """What is known of the program that saved a workbook, by what the file says of itself."""
    part = "docProps/app.xml"
    with zipfile.ZipFile(path) as file:
        if part not in file.namelist():
            return None
        with file.open(part) as stream:
            text = stream.read(10_000).decode(errors="replace")
    name = re.search(r"<Application>([A-Za-z]+)", text)
    by_name = {program.lower(): known for program, known in KNOWN.items()}
    return by_name.get(name[1].lower()) if name else None
