"""Read a workbook that may be anything: refuse what is no workbook, what explodes, what refers elsewhere."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import WorkbookError
from ..workbook import PROPERTY
from ..workbook.cells import DIV0, ERRORS

#: the most that a workbook may unpack to, in bytes, and how many times its packed size
LARGEST, RATIO = 400_000_000, 200
_NO_WORKBOOK = "is not a workbook in the .xlsx format"

Cells = Mapping[tuple[int, int], Any]


def check_file(path: Path) -> None:
    """Raise `WorkbookError` for a file that is missing, no workbook, damaged or dangerous."""
    if not path.exists():
        raise WorkbookError(f"There is no file {path}.")
    if path.is_dir():
        raise WorkbookError(f"{path} is a folder; name the workbook in it.")
    try:
        with zipfile.ZipFile(path) as file:
            parts = file.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > LARGEST or unpacked > RATIO * max(path.stat().st_size, 10_000):
                size = f"{unpacked / 1e6:,.0f} MB"
                raise WorkbookError(
                    f"{path} would unpack to {size}, far more than a workbook needs; it was not opened."
                )
            if "xl/workbook.xml" not in file.namelist():
                raise WorkbookError(f"{path} {_NO_WORKBOOK}: it is a zip file without xl/workbook.xml.")
            for part in parts:
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    with file.open(part) as stream:
                        _check_xml(path, part.filename, stream.read(8192))
            damaged = file.testzip()
    except zipfile.BadZipFile:
        raise WorkbookError(f"{path} {_NO_WORKBOOK}, or it was cut off while it was copied.") from None
    except (EOFError, OSError) as problem:
        raise WorkbookError(f"{path} cannot be read: {getattr(problem, 'strerror', None) or problem}.") from None
    except (RuntimeError, NotImplementedError, ValueError) as problem:
        raise WorkbookError(f"{path} cannot be unpacked: {problem}.") from None
    if damaged:
        raise WorkbookError(f"{path} is damaged: its part {damaged} does not match its checksum.")


def _check_xml(path: Path, part: str, start: bytes) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in start:
        raise WorkbookError(f"{path}: its part {part} is not written in UTF-8, as a workbook's parts are.")
    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
        raise WorkbookError(
            f"{path}: its part {part} declares XML entities, which no workbook needs; it was not opened."
        )


def read_file(path: Path) -> tuple[Held, dict[str, Any]]:
    """The values that a file holds, by sheet, and what it says of itself (empty where it is not one of ours).

    openpyxl reads them, not IronCalc: IronCalc may compute while it loads, and a check of computed values
    against computed values would prove nothing.
    """
    from openpyxl import load_workbook

    held: dict[str, Cells] = {}
    try:
        book: Any = load_workbook(path, read_only=True, data_only=True)
        try:
            found = next((p.value for p in book.custom_doc_props.props if p.name == PROPERTY), "{}")
            for sheet in book.worksheets:
                sheet.reset_dimensions()
                held[sheet.title] = {
                    (row, column): plain(value)
                    for row, line in enumerate(sheet.iter_rows(values_only=True), 1)
                    for column, value in enumerate(line, 1)
                    if value is not None
                }
        finally:
            book.close()
        manifest = json.loads(str(found))
    except Exception as problem:
        reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise WorkbookError(f"{path} {_NO_WORKBOOK} that can be read: {reason}.") from None
    return Held(held), manifest if isinstance(manifest, dict) else {}


@dataclass(frozen=True)
class Held:
    """The values that a file holds, by sheet."""

    cells: Mapping[str, Cells]

    @property
    def sheets(self) -> Iterable[str]:
        """The names of its sheets."""
        return self.cells

    def values(self, sheet: str, cells: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Any]:
        """The values of cells of a sheet; an empty one is None."""
        held = self.cells[sheet]
        return {at: held.get(at) for at in cells}


@dataclass
class Model:
    """A workbook: the values its file holds until it is recalculated, then IronCalc's; and its formulas."""

    path: Path
    model: Any
    sheets: Mapping[str, int]
    held: Held | None
    manifest: Mapping[str, Any]

    def value(self, sheet: str, row: int, column: int) -> Any:
        """A cell's value: float, str, bool or None; an error cell is inf or, for #DIV/0!, nan."""
        return self.values(sheet, [(row, column)])[row, column]

    def values(self, sheet: str, cells: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Any]:
        """The values of cells of a sheet."""
        if self.held is not None:
            return self.held.values(sheet, cells)
        get, index = self.model.get_cell_value, self.sheets[sheet]
        return {at: plain(get(index, *at)) for at in cells}

    def formula(self, sheet: str, row: int, column: int) -> str | None:
        """A cell's formula without `=`, or None."""
        text = self.model.get_cell_formula(self.sheets[sheet], row, column)
        return text[1:] if text else None

    def same_formula(self, sheet: str, row: int, column: int, expected: str) -> bool:
        """Whether the cell holds the expected formula, however it is spelled."""
        found = self.formula(sheet, row, column)
        if found is None:
            return False
        if found == expected or _normal(found) == _normal(expected):
            return True
        scratch, index = (
            16_000,
            self.sheets[sheet],
        )  # a column far away; references are not relative in the text
        self.model.update_cell_with_formula(index, row, scratch, f"={expected}")
        spelled = self.model.get_cell_formula(index, row, scratch)
        self.model.clear_cell_contents(index, row, scratch)
        return _normal(found) == _normal(spelled[1:])

    def type_number(self, sheet: str, row: int, column: int, value: float) -> None:
        """Type a number into a cell, as a person would."""
        self.model.update_cell_with_number(self.sheets[sheet], row, column, value)

    def recalculate(self) -> None:
        """Compute every formula anew, whatever the file held."""
        guarded(self.path, self.model.evaluate)
        self.held = None

    def used(self, sheet: str) -> list[tuple[int, int]]:
        """Every cell of a sheet that is not empty."""
        index = self.sheets[sheet]
        return [(row, column) for place, row, column in self.model.get_all_cells() if place == index]


_FREE = str.maketrans("", "", " '@")


def _normal(formula: str) -> str:
    """A formula without the freedom of its spelling: case, spaces, quotes, the @ of newer Excels."""
    parts = formula.split('"')
    return '"'.join(part if i % 2 else part.upper().translate(_FREE) for i, part in enumerate(parts))


def plain(value: Any) -> Any:
    """A reader's value as this package has it: numbers are floats, errors `inf` or (#DIV/0!) `nan`."""
    if isinstance(value, str) and value in ERRORS:
        return float("nan") if value == DIV0 else float("inf")
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def guarded(path: Path, action: Any, *arguments: Any) -> Any:
    """Call into IronCalc; whatever it throws, its panics included, becomes a sentence."""
    try:
        return action(*arguments)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:
        reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise WorkbookError(f"{path} cannot be read by IronCalc: {reason}.") from None


@contextmanager
def _relative(path: Path) -> Iterator[Path]:
    """The workbook, or a copy whose sheets name their parts as IronCalc expects it: openpyxl names them absolutely."""
    with zipfile.ZipFile(path) as file:
        links = {n: file.read(n) for n in file.namelist() if n.startswith("xl/worksheets/_rels/")}
        if not any(b'Target="/xl/' in link for link in links.values()):
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="graddesc-xl-") as folder:
            copy = Path(folder, "workbook.xlsx")
            with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as out:
                for name in file.namelist():
                    part = links[name].replace(b'Target="/xl/', b'Target="../') if name in links else file.read(name)
                    out.writestr(name, part)
            yield copy


def load(path: Path) -> Model:
    """Load a workbook; nothing is computed before `recalculate`."""
    import ironcalc

    held, manifest = read_file(path)
    with _relative(path) as copy:
        model = guarded(path, ironcalc.load_from_xlsx, str(copy))
    names = [sheet["name"] for sheet in model.get_worksheets_properties()]
    return Model(path, model, {name: i for i, name in enumerate(names)}, held, manifest)
