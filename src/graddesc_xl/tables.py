"""Data of one's own: from a file, a frame or arrays. What cannot be meant is refused with its row and column."""

from __future__ import annotations

import csv
import keyword
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import GraddescWarning, SettingError, cut, did_you_mean, shown
from .language.values import CellError
from .parts.data import Dataset
from .settings import rounded
from .verification import reading

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

#: the ends of files that hold cells, and of those that hold lines of text
SHEETS, TEXTS = (".xlsx", ".xlsm"), (".csv", ".tsv", ".txt")
#: what may stand between the values of a line
DELIMITERS = ",;\t|"
#: as many rows as a sheet has below its head, and bytes of a file of text
MOST_ROWS, LARGEST = 1_048_000, 500_000_000
#: what stands where a number is missing
MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "?", "#n/a"}
_POINT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}([.\u00a0\u202f ]\d{3})+)?(,\d*)?([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?[\d.\u00a0\u202f ]*,\d+", re.ASCII)


@dataclass(frozen=True)
class Table:
    """A table as it was found: the title and the cells of each column. where: names a row in a sentence."""

    source: str
    columns: Mapping[str, Sequence[object]]
    first: int = 1
    row: str = "row"
    comma: bool = False

    def at(self, index: int, column: str) -> str:
        """Where a cell is, for a sentence."""
        return f"{self.source}, {self.row} {self.first + index}, column {shown(column)}"

    def numbers(self, column: str) -> tuple[float, ...]:
        """A column's numbers.

        Raises SettingError for the first cell that holds none.
        """
        found = []
        for index, cell in enumerate(self.columns[column]):
            number = _number(cell, comma=self.comma)
            if number is None:
                if _missing(cell):
                    written = isinstance(cell, str) and cell.strip()
                    what = f"says {shown(cell)}, which is no number" if written else "is empty"
                    raise SettingError(
                        f"{self.at(index, column)} {what}: fill it in, delete the row, or leave the column out."
                    )
                other = self.comma and _number(cell) is not None
                why = " where other decimals have commas" if other else ""
                raise SettingError(
                    f"{self.at(index, column)} holds {shown(cell)}, which is no number{why}: correct it, or leave the "
                    "column out."
                )
            found.append(number)
        return tuple(found)

    def numeric(self, column: str) -> bool:
        """Whether a column holds any number."""
        return any(_number(cell, comma=self.comma) is not None for cell in self.columns[column])


def data(
    source: str | Path | pd.DataFrame | Mapping[str, ArrayLike] | ArrayLike,
    target: str | ArrayLike = "",
    *,
    inputs: Sequence[str] = (),
    sheet: str = "",
    name: str = "",
    scale: str = "",
    validation: float = 0,
    seed: int = 1,
) -> Dataset:
    """A data set from a file, a frame, columns or arrays; each column by its name.

    source: a file of text (.csv, .tsv; comma, semicolon, tab; decimal point or comma), a workbook (.xlsx, of which
    `sheet` names a sheet if not the first), a DataFrame, columns by name, or an array of shape (samples,) or
    (samples, inputs). target: the title of the column to predict, the last if left out; for an array the targets,
    shape (samples,). inputs: the titles of the columns to predict from; all others that hold numbers if left out.
    name: what the data are called; the file's name if left out. scale: `z-score` or `min-max`, what models see in place
    of each column; predictions and errors stay in the target's units. validation: the share of the samples (or, from
    1 on, their number) that no step sees, drawn by the seed. Numbers have the 15 digits that a workbook keeps of them.

    Titles that no formula can hold become names: "living area (m2)" is `living_area_m2`. Raises SettingError, with
    file, row and column, for what is no number, missing, named twice or not named.

    >>> data({"size": [50, 80, 120], "price": [110, 150, 260]}, target="price").names
    ('size', 'price')
    >>> data([[1, 2], [3, 4]], [5, 6]).names
    ('x1', 'x2', 'y')
    """
    table, wanted = _table(source, target, sheet)
    titles = [*table.columns]
    if not titles:
        raise SettingError(f"{table.source} holds no columns: its first line names them, one sample a line follows.")
    wanted = _found(table, wanted, "the target") if wanted else titles[-1]
    if not len(table.columns[wanted]):
        raise SettingError(f"{table.source} has no samples: below the line of titles each line is one.")
    if isinstance(inputs, str):
        inputs = (inputs,)
    chosen = [_found(table, title, "the input") for title in inputs]
    if not chosen:
        chosen = [title for title in titles if title != wanted and table.numeric(title)]
        left = [title for title in titles if title != wanted and title not in chosen]
        if left:
            said = f"{table.source}: left out, as no cell holds a number: {', '.join(map(shown, left))}."
            warnings.warn(said, GraddescWarning, stacklevel=2)
    if not chosen:
        alone = "" if titles[1:] else " Values are separated by commas, semicolons, tabs or |."
        raise SettingError(
            f"{table.source} has no column of numbers beside {shown(wanted)}: nothing to predict it from.{alone}"
        )
    if wanted in chosen:
        raise SettingError(f"{shown(wanted)} is both an input and the target: choose another target.")
    names = _names([*chosen, wanted])
    columns = [table.numbers(title) for title in (*chosen, wanted)]
    called = name or (Path(table.source).stem if isinstance(source, (str, Path)) else "yours")
    columns = [tuple(rounded(column).tolist()) for column in columns]
    kept, held = _split(len(columns[-1]), validation, seed)

    def part(called: str, rows: Sequence[int], held_out: Dataset | None = None, scale: str = "") -> Dataset:
        *chosen, ys = [tuple(column[row] for row in rows) for column in columns]
        return Dataset(called, dict(zip(names, chosen, strict=False)), ys, names[-1], held_out, scale)

    return part(called, kept, part(f"{called} held out", held) if held else None, scale)


def _split(count: int, validation: float, seed: int) -> tuple[list[int], list[int]]:
    """The rows that are learned from, and those held out, each in their order."""
    if not 0 <= validation < count or (validation > 1 and validation % 1):
        raise SettingError(
            f"validation must be a share below 1, or a whole number of samples below the {count} there are, not "
            f"{shown(validation)}."
        )
    if not isinstance(seed, int) or seed < 0:
        raise SettingError(f"The seed must be a whole number from 0 on, not {shown(seed)}.")
    number = int(validation) if validation >= 1 else round(validation * count)
    held = set(np.random.default_rng(seed).permutation(count)[:number].tolist())
    if validation and not held:
        raise SettingError(f"validation={validation:g} of {count} samples holds none out: hold out more.")
    if len(held) == count:
        raise SettingError(f"validation={validation:g} of {count} samples leaves none to learn from: hold out fewer.")
    return [row for row in range(count) if row not in held], sorted(held)


def _found(table: Table, title: str, what: str) -> str:
    """A column by its title, or by the name that becomes of it."""
    names = dict(zip(_names([*table.columns]), table.columns, strict=True))
    found = title if title in table.columns else names.get(title)
    if found is None:
        raise SettingError(
            f"{table.source} has no column {shown(title)} for {what}.{did_you_mean(title, table.columns)}"
        )
    return found


def _table(source: Any, target: Any, sheet: str) -> tuple[Table, str]:
    """The table of whatever was given, and the title of its target."""
    if isinstance(source, (str, Path)):
        path = Path(source)
        if path.suffix.lower() in SHEETS:
            return _of_sheet(path, sheet), _title(target)
        if sheet:
            raise SettingError(f"{path} has no sheets, so none is called {shown(sheet)}: leave the sheet out.")
        return _of_text(path), _title(target)
    if hasattr(source, "columns") and hasattr(source, "to_dict"):
        titles = [str(title) for title in source.columns]
        _distinct("The frame", titles)
        cells = [source.iloc[:, i].tolist() for i in range(len(titles))]
        return Table("The frame", dict(zip(titles, cells, strict=True))), _title(target)
    if isinstance(source, Mapping):
        return _of_columns(source), _title(target)
    return _of_arrays(source, target), "y"


def _title(target: Any) -> str:
    if not isinstance(target, str):
        raise SettingError(f"The target is the title of a column, as in target='price', not {shown(target)}.")
    return target


def _of_columns(source: Mapping[str, Any]) -> Table:
    columns = {str(title): np.ravel(np.asarray(cells, dtype=object)).tolist() for title, cells in source.items()}
    lengths = {title: len(cells) for title, cells in columns.items()}
    if len({*lengths.values()}) > 1:
        said = ", ".join(f"{title}: {length}" for title, length in lengths.items())
        raise SettingError(f"The columns are not equally long ({said}): give one value of each for every sample.")
    return Table("The columns", columns)


def _of_arrays(inputs: Any, target: Any) -> Table:
    """Inputs of shape (samples,) or (samples, inputs), and targets."""
    try:
        xs, ys = np.asarray(inputs, dtype=float), np.asarray(target, dtype=float)
    except (TypeError, ValueError):
        example = "gx.data(x, y) of numbers, or gx.data('houses.csv', target='price')"
        raise SettingError(f"{shown(inputs)} is no data: write {example}.") from None
    if xs.ndim not in (1, 2) or ys.ndim != 1 or len(xs) != len(ys):
        raise SettingError(
            f"Inputs of shape {xs.shape} and targets of shape {ys.shape} are no samples: give (samples,) or (samples, "
            "inputs), and (samples,)."
        )
    named = {"x": xs} if xs.ndim == 1 else {f"x{i}": column for i, column in enumerate(xs.T, 1)}
    return Table("The arrays", {name: column.tolist() for name, column in {**named, "y": ys}.items()})


def _distinct(source: str, titles: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for place, title in enumerate(titles, 1):
        if first.setdefault(title, place) != place:
            raise SettingError(
                f"{source}: columns {first[title]} and {place} are both called {shown(title)}: rename one."
            )


def _of_sheet(path: Path, sheet: str) -> Table:
    """The table on a sheet: its first row that is not empty names the columns."""
    if not path.is_file():
        raise SettingError(f"There is no file {path}.")
    model = reading.load(path)
    sheets = [*model.sheets]
    if sheet and sheet not in sheets:
        raise SettingError(f"{path} has no sheet {shown(sheet)}.{did_you_mean(sheet, sheets)}")
    chosen = sheet or sheets[0]
    cells = model.held.cells[chosen]
    if not len(cells):
        raise SettingError(f"The sheet {shown(chosen)} of {path} is empty: name another with sheet=.")
    top = min(row for row, _ in cells)
    last = max(row for row, _ in cells)
    source = f"{path}, sheet {shown(chosen)}"
    wide = range(1, max(column for _, column in cells) + 1)
    columns = [
        (cells.get((top, column)), [cells.get((row, column)) for row in range(top + 1, last + 1)]) for column in wide
    ]
    return _titled(source, columns, top + 1)


def _titled(
    source: str, columns: Sequence[tuple[object, list[Any]]], first: int, *, comma: bool = False, row: str = "row"
) -> Table:
    """Columns with their titles; those that hold nothing are left out."""
    kept: list[tuple[str, list[Any]]] = []
    for place, (title, cells) in enumerate(columns, 1):
        named = "" if title is None else str(title).strip()
        if not named:
            if all(_missing(cell) for cell in cells):
                continue
            raise SettingError(f"{source}: column {place} has no title: give it one in the first line.")
        kept.append((named, cells))
    titles = [title for title, _ in kept]
    if titles and all(_number(title, comma=comma) is not None for title in titles):
        raise SettingError(
            f"{source} begins with numbers ({', '.join(titles[:3])}), not with titles: put a first line that names "
            "the columns."
        )
    _distinct(source, titles)
    return Table(source, dict(kept), first, row, comma=comma)


def _of_text(path: Path) -> Table:
    """The table of a file of text."""
    try:
        if path.stat().st_size > LARGEST:
            raise SettingError(f"{path} is larger than {LARGEST:,} bytes: more samples than a sheet holds.")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise SettingError(f"There is no file {path}.") from None
    except OSError as problem:
        raise SettingError(f"{path} cannot be read: {cut(str(problem))}.") from None
    text = _decoded(path, raw)
    head = next((line for line in text.splitlines() if line.strip()), "")
    outside = re.sub(r'"[^"]*"', "", head)
    delimiter = max(DELIMITERS, key=outside.count)
    lines: list[tuple[int, list[str]]] = []
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((reader.line_num, cells))
            if len(lines) > MOST_ROWS:
                raise SettingError(
                    f"{path} has more than {MOST_ROWS:,} rows, and a sheet has no more: use a part of it."
                )
    except csv.Error as problem:
        raise SettingError(f"{path}, line {reader.line_num} is no line of a table: {cut(str(problem))}.") from None
    if not lines:
        raise SettingError(f"{path} is empty: its first line names the columns, one sample a line follows.")
    (_, titles), samples = lines[0], lines[1:]
    while (
        titles and not titles[-1].strip() and all(not "".join(cells[len(titles) - 1 :]).strip() for _, cells in samples)
    ):
        titles = titles[:-1]
    for number, cells in samples:
        if len(cells) > len(titles) and "".join(cells[len(titles) :]).strip():
            raise SettingError(
                f"{path}, line {number} has {len(cells)} values for {len(titles)} titles: a value with a "
                f"{'tab' if delimiter == chr(9) else delimiter} in it stands in quotes."
            )
    columns = [
        (title, [cells[place] if place < len(cells) else "" for _, cells in samples])
        for place, title in enumerate(titles)
    ]
    comma = delimiter != "," and _has_decimal_commas(cell for _, cells in columns for cell in cells)
    table = _titled(str(path), columns, 0, comma=comma, row="line")
    return _Lines(table.source, table.columns, 0, "line", comma, tuple(number for number, _ in samples))


@dataclass(frozen=True)
class _Lines(Table):
    """A table of lines, some of which may be empty: the number of each sample's."""

    numbered: tuple[int, ...] = ()

    def at(self, index: int, column: str) -> str:
        """Where a cell is, for a sentence."""
        return f"{self.source}, line {self.numbered[index]}, column {shown(column)}"


def _decoded(path: Path, raw: bytes) -> str:
    """A file's text: UTF-8, UTF-16 with its mark, else the Windows code page of western Europe."""
    encodings = ["utf-16"] if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SettingError(f"{path} holds no text in UTF-8: save it as CSV in UTF-8, or name a workbook (.xlsx).")


def _has_decimal_commas(cells: Iterable[str]) -> bool:
    """Whether the first cells have decimal commas, not points."""
    return any(_DECIMAL_COMMA.fullmatch(cell.strip()) for cell in islice(cells, 10_000))


def _missing(cell: object) -> bool:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return True
    return str(cell).strip().lower() in MISSING or type(cell).__name__ in ("NAType", "NaTType")


def _number(cell: object, *, comma: bool = False) -> float | None:
    """A cell's number, None where it holds none that is finite."""
    if isinstance(cell, (bool, np.bool_)):
        return float(cell)
    if isinstance(cell, str):
        text = cell.strip()
        if not any(c.isdigit() for c in text):
            return None
        if comma and _COMMA.fullmatch(text):
            text = re.sub(r"[.\u00a0\u202f ]", "", text).replace(",", ".")
        elif not comma and _POINT.fullmatch(text):
            text = text.replace(",", "")
        else:
            return None
    elif cell is None or isinstance(cell, CellError):
        return None
    else:
        text = cell  # type: ignore[assignment]  # a number of some library
    try:
        number = float(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if np.isfinite(number) else None


def _names(titles: Sequence[str]) -> list[str]:
    """The names by which formulas know columns.

    >>> _names(["living area (m2)", "2nd floor", "lambda", "size", "Size"])
    ['living_area_m2', '_2nd_floor', 'lambda_', 'size', 'Size']
    """
    names: dict[str, None] = {}
    for title in titles:
        name = re.sub(r"\W+", "_", title).strip("_") or "column"
        if name[0].isdigit():
            name = f"_{name}"
        if keyword.iskeyword(name):
            name = f"{name}_"
        found, number = name, 2
        while found in names:
            found, number = f"{name}_{number}", number + 1
        names[found] = None
    return [*names]
