"""A learner at the exercise on one neuron: what is right there, and how it is typed."""

from __future__ import annotations

from collections.abc import Mapping

from graddesc_xl.sheets.exercise import TOP
from spreadsheet import Spreadsheet

#: the rows to fill in: the first is worked out
ROWS = range(TOP + 1, TOP + 6)
#: samples A, B, weights C, D, prediction E, error F are given
GOOD = {"G": "=2*(E{r}-B{r})", "H": "=G{r}*A{r}", "I": "=C{r}-$E$6*G{r}", "J": "=D{r}-$E$6*H{r}"}


def filled(book: Spreadsheet, formulas: Mapping[str, str], rows: range = ROWS) -> Spreadsheet:
    """The workbook with formulas or numbers typed into columns, rows of them as a formula copied down has them.

    `{r}` is the row, `{p}` the one above; `{s}` is 6 in the first row and one more in each, as where inputs slide.
    """
    for letters, text in formulas.items():
        for row in rows:
            book.type_text("basic", row, ord(letters) - 64, text.format(r=row, p=row - 1, s=row - ROWS[0] + 6))
    book.recalculate()
    return book
