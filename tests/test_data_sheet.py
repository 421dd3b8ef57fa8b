"""The sheet of samples: what it says of the best straight line is true of any samples, and nothing is cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graddesc_xl import Experiment, Lesson, dataset
from graddesc_xl.lessons import LESSONS
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.sheets import data_sheet
from graddesc_xl.verification import reading
from graddesc_xl.workbook.cells import Formula
from graddesc_xl.workbook.paper import pixels
from graddesc_xl.workbook.sheet import Sheet
from once import composed
from spreadsheet import Spreadsheet

SAMPLES = dataset([1.0, 2.0, 4.0], [1.0, 3.0, 5.0])
#: about the pixels of a character of text on a sheet
LETTER = 5.7


def texts(sheet: Sheet) -> dict[tuple[int, int], str]:
    """What it says, and where."""
    return {
        at: str(content.value if isinstance(content, Formula) else content)
        for at, content, _ in sheet.every()
        if isinstance(content.value if isinstance(content, Formula) else content, str)
    }


def test_no_line_has_a_smaller_error(workbook: Path) -> None:
    """Samples of one's own: slope and intercept are NumPy's, and the words beside them hold."""
    book = Spreadsheet(reading.load(workbook))
    assert book.value("data", 2, 7) == "by least squares: none has a smaller Σe²"
    x, y = np.arange(29.0), 7 - 3 * np.arange(29.0) + np.arange(29) % 5
    for row, (here, there) in enumerate(zip(x.tolist(), y.tolist(), strict=True), 5):
        book.type_number("data", row, 2, here)
        book.type_number("data", row, 3, there)
    book.recalculate()
    slope, intercept = (float(book.value("data", row, 6)) for row in (2, 3))
    assert [slope, intercept] == pytest.approx(np.polyfit(x, y, 1))
    least = np.sum((slope * x + intercept - y) ** 2)
    for more in (-1e-4, 1e-4):
        assert least < np.sum(((slope + more) * x + intercept - y) ** 2)
        assert least < np.sum((slope * x + intercept + more - y) ** 2)


def test_the_line_stands_where_it_belongs() -> None:
    """Beside samples of runs, which come to a line; not where no sheet has anything to do with one."""
    for name, lined in (("graddesc", True), ("first-steps", False)):
        data = next(data for data in LESSONS[name].data.values())
        sheet = data_sheet.compose("data", data, data, lined=lined).sheet
        assert [len(sheet.charts), len(sheet.charts[0].series)] == [1, 1 + lined]
    ideas = composed("first-steps").composed["data"].sheet
    assert not [text for text in texts(ideas).values() if "slope" in text or "line" in text]
    plain = compose(Lesson("Plain", [Experiment("plain", "plain", "About it.", data=SAMPLES)]), run_plan)
    assert "the best straight line" in texts(plain.composed["data"].sheet).values()


@pytest.mark.parametrize("name", ["graddesc", "first-steps"])
def test_nothing_is_cut_off_and_helpers_are_folded_away(name: str) -> None:
    """Each text ends before the next cell and the last column in view; all that stands further right is hidden."""
    data = next(data for data in LESSONS[name].data.values())
    sheet = data_sheet.compose("data", data, data, lined=name == "graddesc").sheet
    used = {at for at, _, _ in sheet.every()}
    assert {column for _, column in used if column > sheet.printed} == sheet.aside & {column for _, column in used}
    assert max(sheet.aside) >= sheet.extent[1]
    for (row, column), text in texts(sheet).items():
        if column in sheet.aside or (row, column) == (1, 5):
            continue
        end = min([c for r, c in used if r == row and c > column and c <= sheet.printed] or [sheet.printed + 1])
        assert LETTER * len(text) <= sum(pixels(sheet, c) for c in range(column, end)), text
