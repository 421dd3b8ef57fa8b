"""The addresses of a published sheet, which a sheet of ours may keep to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mirror:
    """Addresses of a published sheet's first block.

    order: the columns from C on. cells: inputs, derived cells. starts: start cells that do not stand in the
    header line of their column. states: epoch states. under: footer -> (column, line below the rows).
    labels: input or epoch state -> what that sheet calls it.
    holds: whether the start cells in the header line repeat cells below the rows, which hold what a block starts from.
    """

    order: tuple[str, ...]
    cells: Mapping[str, str]
    starts: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    under: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    holds: bool = False
