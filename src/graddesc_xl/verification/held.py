"""What a workbook's file holds, sheet by sheet, in arrays; and a workbook with what a program computes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..language.values import Array, CellError
from .bounded import Limits
from .formulas import Shared, normal
from .grid import EMPTY, At, Grid, as_number, cell_values, is_other

#: a format's code by its number, where it has no code of its own in the file
BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    48: "##0.0E+0",
    49: "@",
}
_ERRORS = {error.value: error for error in CellError}
#: in the place of a group's number: no formula; one that no other cell shares
NONE, OWN = 0, -1

Integers = NDArray[np.int32]


def plain(value: Any) -> Any:
    """A reader's value as this package has it: numbers are floats, an error is a `CellError`."""
    if isinstance(value, str) and value in _ERRORS:
        return _ERRORS[value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@dataclass(frozen=True)
class Group:
    """A formula that cells share, as the first of them spells it."""

    text: str
    row: int
    column: int

    @cached_property
    def _shared(self) -> Shared:
        return Shared.of(self.text, self.row, self.column)

    def at(self, row: int, column: int) -> str:
        """The formula of one of the cells."""
        return self.text if (row, column) == (self.row, self.column) else self._shared.at(row, column)


@dataclass(frozen=True, eq=False)
class Cells(Mapping[At, Any]):
    """The cells of a sheet that are not empty, from left to right and top to bottom; as a mapping, their values.

    numbers: as `Grid` has them, others: beside them. groups: NONE, OWN, or the number, from 1 on, of the group whose
    formula a cell shares. own: the formulas of single cells. styles: the number of a cell's format.
    """

    rows: Integers
    columns: Integers
    numbers: Array
    others: Mapping[At, Any] = field(default_factory=dict)
    groups: Integers | None = None
    styles: Integers | None = None
    shares: Sequence[Group] = ()
    own: Mapping[At, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[At, Any]) -> Cells:
        """Cells of values alone."""
        places = np.array([*values], dtype=np.int32).reshape(-1, 2)
        others = {at: value for at, value in values.items() if is_other(value)}
        return cls(places[:, 0], places[:, 1], np.array([*map(as_number, values.values())], dtype=float), others)

    @cached_property
    def _values(self) -> dict[At, Any]:
        values = dict(zip(self.places, cell_values(self.numbers), strict=True)) | dict(self.others)
        return {at: value for at, value in values.items() if value is not None}

    def __getitem__(self, at: At) -> Any:
        return self._values[at]

    def __iter__(self) -> Iterator[At]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def places(self) -> list[At]:
        """Where they are."""
        return list(zip(self.rows.tolist(), self.columns.tolist(), strict=True))

    @cached_property
    def _position(self) -> dict[At, int]:
        return {at: i for i, at in enumerate(self.places)}

    def formula(self, row: int, column: int) -> str | None:
        """A cell's formula without `=`, in {} if it is an array's, or None."""
        if self.groups is None or (row, column) in self.own or (row, column) not in self._position:
            return self.own.get((row, column))
        group = int(self.groups[self._position[row, column]])
        return None if group == NONE else self.shares[group - 1].at(row, column)

    def formulas(self) -> dict[At, str]:
        """All of them."""
        found = ((at, self.formula(*at)) for at in self.places)
        return {at: text for at, text in found if text is not None}

    def style(self, row: int, column: int) -> int:
        """The number of a cell's format."""
        at = self._position.get((row, column))
        return 0 if self.styles is None or at is None else int(self.styles[at])

    def grid(self, extent: At) -> Grid:
        """Their values by row and column, up to an extent."""
        return Grid(self._spread(self.numbers, extent, EMPTY), self.others)

    def table(self, extent: At) -> Table:
        """All that they hold by row and column, up to an extent."""
        groups, styles = (
            self._spread(np.zeros(len(self.rows), dtype=np.int32) if of is None else of, extent, 0)
            for of in (self.groups, self.styles)
        )
        return Table(self, self.grid(extent), groups, styles)

    def _spread(self, of: NDArray[Any], extent: At, nothing: float) -> NDArray[Any]:
        inside = (self.rows <= extent[0]) & (self.columns <= extent[1])
        made = np.full((extent[0] + 1, extent[1] + 1), nothing, dtype=of.dtype)
        made[self.rows[inside], self.columns[inside]] = of[inside]
        return made


@dataclass(frozen=True, eq=False)
class Table:
    """The cells of a sheet by row and column, counted from 1: values, groups of formulas, numbers of formats."""

    cells: Cells
    grid: Grid
    groups: Integers
    styles: Integers

    def formula(self, row: int, column: int) -> str | None:
        """A cell's formula without `=`, in {} if it is an array's, or None."""
        group = int(self.groups[row, column])
        if group == OWN:
            return self.cells.own[row, column]
        return None if group == NONE else self.cells.shares[group - 1].at(row, column)


NO_CELLS = Cells.of({})


@dataclass(frozen=True)
class Held:
    """What a file holds, by sheet. codes: the number formats that cells have a number of."""

    cells: Mapping[str, Cells]
    codes: tuple[str, ...] = ()

    @property
    def sheets(self) -> Iterable[str]:
        """The names of its sheets."""
        return self.cells

    def values(self, sheet: str, cells: Iterable[At]) -> dict[At, Any]:
        """The values of cells of a sheet; an empty one is None."""
        held = self.cells.get(sheet, NO_CELLS)
        return {at: held.get(at) for at in cells}

    def formula(self, sheet: str, row: int, column: int) -> str | None:
        """A cell's formula without `=`, in {} if it is an array's, or None."""
        return self.cells.get(sheet, NO_CELLS).formula(row, column)

    def used(self, sheet: str) -> list[At]:
        """Every cell of a sheet that is not empty."""
        return self.cells.get(sheet, NO_CELLS).places

    def number_format(self, sheet: str, row: int, column: int) -> str:
        """The code of the number format of a cell that is not empty."""
        return self.code(self.cells.get(sheet, NO_CELLS).style(row, column))

    def code(self, style: int) -> str:
        """The code of a number format."""
        return self.codes[style] if self.codes else BUILT_IN[0]


@dataclass
class Model:
    """A workbook: what its file holds, and the values of the program that last recalculated it."""

    path: Path
    held: Held
    manifest: Mapping[str, Any]
    now: Held | None = None

    @property
    def sheets(self) -> Iterable[str]:
        """The names of its sheets."""
        return self.held.sheets

    def value(self, sheet: str, row: int, column: int) -> Any:
        """A cell's value: float, str, bool, CellError or None."""
        return self.values(sheet, [(row, column)])[row, column]

    def values(self, sheet: str, cells: Iterable[At]) -> dict[At, Any]:
        """The values of cells of a sheet: those of the file until they are recalculated."""
        return (self.now or self.held).values(sheet, cells)

    def formula(self, sheet: str, row: int, column: int) -> str | None:
        """A cell's formula without `=`, in {} if it is an array's, or None."""
        return self.held.formula(sheet, row, column)

    def same_formula(self, sheet: str, row: int, column: int, expected: str) -> bool:
        """Whether the cell holds the expected formula, however it is spelled."""
        return same_formula(self.formula(sheet, row, column), expected)

    def used(self, sheet: str) -> list[At]:
        """Every cell of a sheet that is not empty."""
        return self.held.used(sheet)

    def recalculate(self, limits: Limits | None = None) -> None:
        """Compute every formula anew, whatever the file held."""
        from . import ironcalc

        with ironcalc.recalculating(self.path, limits or Limits()) as values:
            self.now = values()


def same_formula(found: str | None, expected: str) -> bool:
    """Whether a cell's formula is the expected one, however it is spelled."""
    return found is not None and (found == expected or normal(found) == normal(expected))
