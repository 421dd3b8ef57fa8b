"""Run as a program: load a workbook, recalculate it with IronCalc, write the values of its cells.

It imports nothing of this package: it starts quickly and holds nothing that a workbook could reach.
"""

import json
import os
import sys
from array import array
from typing import Any


def main(source: str, target: str) -> None:
    """Write a line of JSON, [name, count, others] for each sheet, and then for each its rows, columns and numbers.

    others: the cells whose value is no number, by their position; an error is a list of its one name.
    """
    import ironcalc

    model: Any = ironcalc.load_from_xlsx(source)
    model.evaluate()
    names = [sheet["name"] for sheet in model.get_worksheets_properties()]
    sheets: list[tuple[array[int], array[int], array[float], list[Any]]]
    sheets = [(array("i"), array("i"), array("d"), []) for _ in names]
    error = ironcalc.CellType.ErrorValue
    value_of, type_of = model.get_cell_value, model.get_cell_type
    for place, row, column in model.get_all_cells():
        value = value_of(place, row, column)
        if value is None:
            continue
        rows, columns, numbers, others = sheets[place]
        if type(value) is not float or value - value != 0:
            if isinstance(value, str) and value.startswith("#") and type_of(place, row, column) == error:
                value = [value]
            others.append([len(numbers), value])
            value = 0.0
        rows.append(row)
        columns.append(column)
        numbers.append(value)
    said = [(name, len(of[0]), of[3]) for name, of in zip(names, sheets, strict=True)]
    with open(target, "wb") as out:  # noqa: PTH123  # pathlib would double its start
        out.write(json.dumps(said).encode() + b"\n")
        for rows, columns, numbers, _ in sheets:
            out.write(rows.tobytes() + columns.tobytes() + numbers.tobytes())


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
