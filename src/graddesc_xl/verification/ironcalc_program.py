"""Run as a program: load a workbook, recalculate it with IronCalc, write the values of its cells.

It imports nothing of this package: it starts quickly and holds nothing that a workbook could reach.
"""

import gc
import json
import os
import sys
from array import array
from itertools import starmap
from typing import Any


def main(source: str, target: str, typed: str) -> None:
    """Type numbers, a line of JSON each: its sheet, row, column and itself. Then write what follows.

    That is a line of JSON, [names of sheets, count of cells, others], then the cells' sheets, rows, columns, numbers.

    others: the cells whose value is no number, by their position; an error is a list of its one name.
    """
    import ironcalc

    model: Any = ironcalc.load_from_xlsx(source)
    names = [sheet["name"] for sheet in model.get_worksheets_properties()]
    with open(typed, encoding="utf-8") as lines:  # noqa: PTH123  # pathlib would double its start
        for sheet, *place, number in map(json.loads, lines):
            model.update_cell_with_number(names.index(sheet), *place, number)
    model.evaluate()
    gc.disable()  # a million small objects and not a cycle among them
    cells = model.get_all_cells()
    values = [*starmap(model.get_cell_value, cells)]
    error = ironcalc.CellType.ErrorValue
    others: list[tuple[int, Any]] = []
    for i, value in enumerate(values):
        if type(value) is not float or value - value != 0:
            wrong = isinstance(value, str) and value.startswith("#") and model.get_cell_type(*cells[i]) == error
            others.append((i, [value] if wrong else value))
            values[i] = 0.0
    with open(target, "wb") as out:  # noqa: PTH123  # pathlib would double its start
        out.write(json.dumps((names, len(cells), others)).encode() + b"\n")
        for places in zip(*cells, strict=True):
            out.write(array("i", places).tobytes())
        out.write(array("d", values).tobytes())


if __name__ == "__main__":
    own = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):  # IronCalc prints on both
        os.dup2(nowhere, number)
    try:
        main(*sys.argv[1:])
    except BaseException as problem:  # its panics are no Exceptions
        print(str(problem).strip() or type(problem).__name__, file=own, flush=True)
        sys.exit(1)
