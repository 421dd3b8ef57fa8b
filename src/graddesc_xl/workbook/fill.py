"""What repeats down its rows: one formula, or none, and the values of its cells as one array."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..language.values import Array, Value, cell_value
from .cells import Formula, a1
from .style import Style

_FIELD = re.compile(r"\{r([+-]\d+)?\}|\{\{")


@dataclass(frozen=True)
class Template:
    """A formula whose relative references move along: `{r}` is its row, `{r-1}` the row above, `{{` a bracket.

    >>> Template("D{r-1}+2*(E{r}-'{{b}'!B{r})").at(5)
    "D4+2*(E5-'{b}'!B5)"
    """

    text: str

    @cached_property
    def _parts(self) -> tuple[str, tuple[int, ...]]:
        pattern = _FIELD.sub(lambda field: "{" if field[0] == "{{" else "%d", self.text.replace("%", "%%"))
        return pattern, tuple(int(field[1] or 0) for field in _FIELD.finditer(self.text) if field[0] != "{{")

    def at(self, row: int) -> str:
        """The formula of a row."""
        pattern, offsets = self._parts
        return pattern % tuple(row + offset for offset in offsets)


@dataclass(frozen=True, eq=False)
class Fill:
    """A column of cells from `top` down, all of one look.

    template: their formula; None where they are constants. values: what they are worth, one per row.
    """

    top: int
    column: int
    template: Template | None
    values: Sequence[Value] | Array
    style: Style

    @property
    def bottom(self) -> int:
        """Its last row."""
        return self.top + len(self.values) - 1

    @property
    def address(self) -> str:
        """Its cells, as in `E4:E32`."""
        return f"{a1(self.top, self.column)}:{a1(self.bottom, self.column)}"

    def value(self, row: int) -> Value:
        """What one of its cells is worth."""
        return cell_value(self.values[row - self.top])

    def content(self, row: int) -> Formula | Value:
        """What one of its cells holds."""
        value = self.value(row)
        return value if self.template is None else Formula(self.template.at(row), value)
