"""The data sheet: the samples in SGD's order, replaceable by the reader's own."""

from __future__ import annotations

from ..data import Dataset
from .cells import Area, Formula
from .layout import BEST_FIT, FIRST_DATA
from .live import call, live_range
from .sheet import Chart, Rule, Series, Sheet
from .style import ACCENT, FAINT, LABEL, SECTION, TEXT, Style

SHEET = "data"


def compose(data: Dataset) -> Sheet:
    """Samples at the published addresses: const C1, slope C2, x from B5, y from C5 down."""
    n = len(data)
    sheet = Sheet(SHEET, frozen=(FIRST_DATA - 1, 0), repeat_rows=(1, FIRST_DATA - 1), portrait=True)
    boxed = Style("input", box=True)
    for row, label, value in ((1, "const", data.const), (2, "slope", data.slope)):
        sheet.put(row, 2, label, LABEL)
        sheet.put(row, 3, value, boxed)
        sheet.rules[row, 3] = Rule(
            -1e6, 1e6, label, f"The {label} of the line that the samples lie on, from -1e6 to 1e6."
        )
    head = Style("data", header=True, bold=True, align="right")
    for column, title in ((1, "sample"), (2, "x"), (3, "y")):
        sheet.put(FIRST_DATA - 1, column, title, head)
    for s in range(n):
        row = FIRST_DATA + s
        sheet.put(row, 1, float(s + 1), Style(color=FAINT))
        sheet.put(row, 2, float(data.x[s]), Style("input"))
        sheet.rules[row, 2] = Rule(-1e6, 1e6, "x", "Your own x, from -1e6 to 1e6.")
        y = float(data.ys[s])
        formula = Formula(f"$C$1+B{row}*$C$2", y)
        sheet.put(row, 3, formula if data.y is None else y, Style("data") if data.y is None else Style("input"))
        sheet.replaceable.add((row, 3))
    xs, ys = (Area(SHEET, FIRST_DATA, c, FIRST_DATA + n - 1, c) for c in (2, 3))
    sheet.put(1, 5, "the best straight line", SECTION)
    for label, function in (("slope", "SLOPE"), ("intercept", "INTERCEPT")):
        row, column = BEST_FIT[label]
        sheet.put(row, column - 1, label, LABEL)
        fit = call(function, live_range(sheet, ys, home=SHEET), live_range(sheet, xs, home=SHEET))
        sheet.put(row, column, fit.formula, Style(number="weight", bold=True))
    sheet.put(2, 7, "by least squares: what a and b should become", Style(color=FAINT))
    sheet.put(FIRST_DATA - 1, 5, "Replace x, or y by numbers of your own: every sheet follows.", TEXT)
    sheet.widths.update({1: 8, 2: 9, 3: 9, 4: 3, 5: 12, 6: 11})
    sheet.charts.append(
        Chart(
            "The samples",
            "x",
            "y",
            [Series("samples", xs, ys, ACCENT, markers=True)],
            FIRST_DATA + 1,
            5,
            440,
            300,
        )
    )
    return sheet
