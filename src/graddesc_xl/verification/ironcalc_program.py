"""Run as a program: load a workbook, recalculate it with IronCalc, write the values of its cells as JSON.

It imports nothing of this package: it starts quickly and holds nothing that a workbook could reach.
"""

import json
import os
import sys
from typing import Any


def main(source: str, target: str) -> None:
    """Write {sheet: [rows, columns, values]}; an error is a list of its one name."""
    import ironcalc

    model: Any = ironcalc.load_from_xlsx(source)
    model.evaluate()
    names = [sheet["name"] for sheet in model.get_worksheets_properties()]
    sheets: dict[str, list[list[Any]]] = {name: [[], [], []] for name in names}
    error = ironcalc.CellType.ErrorValue
    value_of, type_of = model.get_cell_value, model.get_cell_type
    for place, row, column in model.get_all_cells():
        value = value_of(place, row, column)
        if isinstance(value, str) and value.startswith("#") and type_of(place, row, column) == error:
            value = [value]
        rows, columns, values = sheets[names[place]]
        rows.append(row)
        columns.append(column)
        values.append(value)
    with open(target, "w", encoding="utf-8") as out:  # noqa: PTH123  # pathlib would double its start
        json.dump(sheets, out)


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
