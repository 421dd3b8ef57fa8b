"""How many numbers this machine has room for."""

from __future__ import annotations

import os

from ..errors import SettingError

#: a run's numbers stand in memory so many times while it is computed, mended and judged
COPIES = 3
#: bytes of memory where the system does not tell
ASSUMED = 4 * 2**30


def room() -> int:
    """Bytes of numbers that runs may keep."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf, others not all of its names
        memory = ASSUMED
    return memory // COPIES


def fits(epochs: int, numbers: int) -> None:
    """Raise SettingError, before anything is computed, where epochs of so many numbers each have no room.

    >>> fits(10, 1000)
    """
    needed, most = 8 * numbers * epochs, room()
    if needed > most:
        advice = f"up to {most // (8 * numbers):,} epochs fit" if most >= 8 * numbers else "give it less at a time"
        kept = f"{epochs:,} epochs would keep {needed / 1e9:,.1f} GB of numbers in memory"
        raise SettingError(f"{kept}: there is room for {most / 1e9:,.1f} GB, {advice}.")
