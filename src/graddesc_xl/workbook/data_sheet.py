"""The data sheet: the samples in SGD's order, replaceable by the reader's own."""

from __future__ import annotations

from ..data import Dataset
from .cells import Area, Formula, plain
from .layout import BEST_FIT, FIRST_DATA
from .live import call, live, live_range
from .sheet import Chart, Rule, Series, Sheet
from .style import ACCENT, CONTRAST, FAINT, LABEL, SECTION, TEXT, Style

SHEET = "data"


def compose(data: Dataset) -> Sheet:
    """Samples at the published addresses: const C1, slope C2, x from B5, y from C5 down."""
    n = len(data)
    sheet = Sheet(SHEET, frozen=(FIRST_DATA - 1, 0), repeat_rows=(1, FIRST_DATA - 1), portrait=True)
    boxed = Style("input", box=True)
    limits = f"Numbers from {plain(-1e6)} to {plain(1e6)}."
    for row, label, value in ((1, "const", data.const), (2, "slope", data.slope)):
        sheet.put(row, 2, label, LABEL)
        sheet.put(row, 3, value, boxed)
        sheet.rules[row, 3] = Rule(-1e6, 1e6, label, f"The {label} of the line that the samples lie on. {limits}")
    head = Style("data", header=True, bold=True, align="right")
    for column, title in ((1, "sample"), (2, "x"), (3, "y")):
        sheet.put(FIRST_DATA - 1, column, title, head)
    for s in range(n):
        row = FIRST_DATA + s
        sheet.put(row, 1, float(s + 1), Style(color=FAINT))
        sheet.put(row, 2, float(data.x[s]), Style("input"))
        y = float(data.ys[s])
        formula = Formula(f"$C$1+B{row}*$C$2", y)
        sheet.put(row, 3, formula if data.y is None else y, Style("data") if data.y is None else Style("input"))
        sheet.replaceable[row, 3] = formula.text
    xs, ys = (Area(SHEET, FIRST_DATA, c, FIRST_DATA + n - 1, c) for c in (2, 3))
    sheet.put(1, 5, "the best straight line", SECTION)
    of_x, of_y = (live_range(sheet, area, home=SHEET) for area in (xs, ys))
    slope = sheet.put(*BEST_FIT["slope"], call("SLOPE", of_y, of_x).formula, Style(number="weight", bold=True))
    intercept = call("AVERAGE", of_y) - live(sheet, slope, home=SHEET) * call("AVERAGE", of_x)
    sheet.put(*BEST_FIT["intercept"], intercept.formula, Style(number="weight", bold=True))
    for label, (row, column) in BEST_FIT.items():
        sheet.put(row, column - 1, label, LABEL)
    sheet.put(2, 7, "by least squares: what slope and intercept should become", Style(color=FAINT, indent=1))
    sheet.put(
        FIRST_DATA - 1, 5, "Replace x by numbers of your own, and y too: slope and const then no longer matter.", TEXT
    )
    sheet.widths.update({1: 8, 2: 9, 3: 9, 4: 3, 5: 12, 6: 11})
    sheet.rules[FIRST_DATA, 2] = Rule(-1e6, 1e6, "a sample", f"Your own x and y. {limits}", rows=n, columns=2)
    count = call("COUNT", live_range(sheet, Area(SHEET, FIRST_DATA, 2, FIRST_DATA + n - 1, 3), home=SHEET))
    complete = call("IF", count.equals(2 * n), f"All {n} samples have their x and y.", "A sample lacks its x or y.")
    sheet.put(FIRST_DATA, 5, complete.formula, Style(color=FAINT))
    points = Series("samples", xs, ys, ACCENT, markers=True, line=False)
    chart = Chart(
        "The samples and the best line", "x", "y", [points, _line(sheet, xs)], FIRST_DATA + 2, 5, 440, 300, x_min=None
    )
    sheet.charts.append(chart)
    return sheet


def _line(sheet: Sheet, xs: Area) -> Series:
    """The two ends of the least-squares line, for the chart."""
    slope, intercept = (live(sheet, BEST_FIT[name], home=SHEET) for name in ("slope", "intercept"))
    sheet.put(1, 12, "ends of the line, for the chart", Style(color=FAINT, italic=True))
    for row, end in ((2, "MIN"), (3, "MAX")):
        x = sheet.put(row, 12, call(end, live_range(sheet, xs, home=SHEET)).formula, Style(color=FAINT))
        sheet.put(row, 13, (slope * live(sheet, x, home=SHEET) + intercept).formula, Style(color=FAINT))
    return Series("least squares", Area(SHEET, 2, 12, 3, 12), Area(SHEET, 2, 13, 3, 13), CONTRAST)
