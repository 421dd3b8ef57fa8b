"""The sheet that says what the workbook is made of: enough to compose it again."""

from __future__ import annotations

import hashlib

from ..workbook.sheet import Sheet
from ..workbook.style import FAINT, SUBTITLE, TITLE, Style

SHEET = "recipe"
#: the rows of the version and of the checksum, and the first of the recipe's lines
VERSION, CHECKSUM, FIRST = 4, 5, 7
LEAST_WIDTH = 100.0
SAID = (
    "graddesc-xl verify composes every sheet again from these lines, and compares. Changed, they are another workbook: "
    "graddesc-xl build makes it."
)
CODE = Style(font="Courier New", size=9)


def compose(recipe: str, version: str) -> Sheet:
    """The recipe, a line to a cell."""
    sheet = Sheet(SHEET, tab="#C9D1D9", printed=1, printed_rows=CHECKSUM)
    sheet.put(1, 1, "What this workbook is made of", TITLE)
    sheet.put(2, 1, SAID, SUBTITLE)
    sheet.put(VERSION, 1, f"graddesc-xl {version}", Style(color=FAINT))
    sheet.put(CHECKSUM, 1, checksum(recipe), Style(color=FAINT))
    lines = recipe.split("\n")[:-1]
    sheet.fill(FIRST, 1, None, lines, CODE)
    sheet.widths[1] = float(round(max(LEAST_WIDTH, 1.05 * max(map(len, lines)))))
    return sheet


def checksum(recipe: str) -> str:
    """What changes when a line of the recipe does."""
    return f"sha256 {hashlib.sha256(recipe.encode()).hexdigest()}"
