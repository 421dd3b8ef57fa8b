"""A workbook open in IronCalc, in this process: tests type into its cells and read what follows."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import ironcalc

from graddesc_xl.verification.held import Model, plain

_FORMULA_CELL = re.compile(r'<c r="([A-Z]+[0-9]+)"[^>]*><f.*?</c>')
#: a reference to another sheet: its name, with or without quotes, and the cells
_ELSEWHERE = re.compile(r"(?:'((?:[^']|'')+)'|([A-Za-z_][\w.]*))!([$A-Z0-9]+(?::[$A-Z0-9]+)?)")


class Spreadsheet:
    """What its file holds until it is recalculated, then what IronCalc computes."""

    def __init__(self, file: Model, model: Any = None) -> None:
        self.file, self.held = file, file.held
        self.model: Any = model or ironcalc.load_from_xlsx(str(file.path))
        names = [sheet["name"] for sheet in self.model.get_worksheets_properties()]
        self.sheets = {name: i for i, name in enumerate(names)}
        self.computed = False

    def copy(self) -> Spreadsheet:
        """Another one as it is now, made without reading the file again."""
        return Spreadsheet(self.file, ironcalc.load_from_bytes(self.model.to_bytes()))

    def value(self, sheet: str, row: int, column: int) -> Any:
        """A cell's value, as `Model` has it."""
        return self.values(sheet, [(row, column)])[row, column]

    def values(self, sheet: str, cells: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Any]:
        """The values of cells of a sheet."""
        if not self.computed:
            return self.held.values(sheet, cells)
        get, index = self.model.get_cell_value, self.sheets[sheet]
        return {at: plain(get(index, *at)) for at in cells}

    def type_number(self, sheet: str, row: int, column: int, value: float) -> None:
        """Type a number into a cell, as a person would."""
        self.model.update_cell_with_number(self.sheets[sheet], row, column, value)

    def type_text(self, sheet: str, row: int, column: int, text: str) -> None:
        """Type a formula, a number or a text into a cell, as a person would."""
        self.model.set_user_input(self.sheets[sheet], row, column, text)

    def recalculate(self) -> None:
        """Compute every formula anew."""
        self.model.evaluate()
        self.computed = True

    def save(self, path: Path) -> Path:
        """Save it as IronCalc does."""
        self.model.save_to_xlsx(str(path))
        return path


def alone(path: Path, to: Path, sheets: Collection[str]) -> Path:
    """A copy in which no other sheets have formulas: these, which stay as they are, are recalculated in no time.

    Raises AssertionError where one of them reads a cell that is gone.
    """
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(to, "w") as out:
        names = re.findall(r'<sheet name="([^"]*)"', source.read("xl/workbook.xml").decode())
        parts = {f"xl/worksheets/sheet{i}.xml": html.unescape(name) for i, name in enumerate(names, 1)}
        assert {*sheets} <= {*parts.values()}
        gone: set[tuple[str, str]] = set()
        read: set[tuple[str, str]] = set()
        for part in source.namelist():
            content = source.read(part)
            name = parts.get(part)
            if name in sheets:
                for formula in re.findall("<f[^>]*>([^<]*)</f>", content.decode()):
                    spelled = re.sub(r'"[^"]*"', "", html.unescape(formula))
                    read |= {
                        (quoted.replace("''", "'") or bare, at) for quoted, bare, at in _ELSEWHERE.findall(spelled)
                    }
            elif name is not None:
                text = content.decode()
                gone |= {(name, cell[1]) for cell in _FORMULA_CELL.finditer(text)}
                content = _FORMULA_CELL.sub("", text).encode()
            out.writestr(part, content)
    elsewhere = {(name, at) for name, at in read if name not in sheets}
    moving = {at for _, at in elsewhere if not re.fullmatch(r"\$[A-Z]+\$[0-9]+", at)}
    lost = {(name, at) for name, at in elsewhere if (name, at.replace("$", "")) in gone}
    assert not moving and not lost, f"{sheets} read {sorted(elsewhere)}"
    return to


def below(book: Any, sheet: str, title: str) -> dict[int, Any]:
    """What stands below the first cell that holds a title, by row, down to the first empty cell.

    book: whatever has a method `value(sheet, row, column)`.
    """
    places = ((row, column) for row in range(1, 80) for column in range(1, 20))
    row, column = next(at for at in places if book.value(sheet, *at) == title)
    found = {}
    while (value := book.value(sheet, row + 1, column)) not in (None, ""):
        row += 1
        found[row] = value
    return found
