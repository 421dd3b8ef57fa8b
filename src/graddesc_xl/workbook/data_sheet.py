"""The data sheet: the samples in SGD's order, replaceable by the reader's own."""

from __future__ import annotations

from ..data import Dataset
from .cells import Area, Formula, plain
from .layout import BEST_FIT, FIRST_DATA, MISSING, MISSING_COLUMN
from .live import NONE, Live, call, live, live_range, missing, row_of, text
from .sheet import Chart, Rule, Series, Sheet
from .style import ACCENT, CONTRAST, FAINT, LABEL, SECTION, TEXT, Style

SHEET = "data"
#: so many rows below the samples are looked at
FURTHER = 1000
INSERTED = "A row was inserted among the samples: it is not used."


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
    sheet.printed = MISSING_COLUMN - 2
    sheet.widths.update({1: 8, 2: 9, 3: 9, 4: 3, 5: 12, 6: 11})
    sheet.rules[FIRST_DATA, 2] = Rule(-1e6, 1e6, "a sample", f"Your own x and y. {limits}", rows=n, columns=2)
    sheet.put(FIRST_DATA, 5, _said(sheet, n, _missing(sheet, n)).formula, Style(bold=True))
    points = Series("samples", xs, ys, ACCENT, markers=True, line=False)
    chart = Chart(
        "The samples and the best line", "x", "y", [points, _line(sheet, xs)], FIRST_DATA + 2, 5, 440, 300, x_min=None
    )
    sheet.charts.append(chart)
    return sheet


def _missing(sheet: Sheet, n: int) -> Live:
    """The first cell of the samples that holds no number, or –: each row passes on what the rows above found."""
    found: Live = text(NONE)
    const, slope = ((live(sheet, (row, 3), home=SHEET, fixed=True), f"{SHEET}!C{row}") for row in (1, 2))
    sheet.put(FIRST_DATA - 1, MISSING_COLUMN, "no number in", Style(color=FAINT, italic=True))
    for row in range(FIRST_DATA, FIRST_DATA + n):
        x, y = (live(sheet, (row, column), home=SHEET) for column in (2, 3))
        named = [(cell, text(f"{SHEET}!{letter}") & row_of(cell, row)) for cell, letter in ((x, "B"), (y, "C"))]
        at_fault = missing([const, slope], named[1][1])  # of an x that is a number, y lacks one where these do
        own = missing([named[0], (y, at_fault)])
        own = own if row == FIRST_DATA else call("IF", found.equals(NONE), own, found)
        at = sheet.put(row, MISSING_COLUMN, own.formula, Style(color=FAINT))
        found = live(sheet, at, home=SHEET)
    sheet.put(1, MISSING_COLUMN, "the first cell without a number", Style(color=FAINT, italic=True))
    at = sheet.put(*MISSING, call("IFERROR", found, f"a deleted row of {SHEET}").formula, Style(color=FAINT))
    return live(sheet, at, home=SHEET)


def _said(sheet: Sheet, n: int, lacking: Live) -> Live:
    """What to say of the samples: that one lacks a number, that more are there than are used, or that all is well."""
    first, last = (row_of(live(sheet, (row, 2), home=SHEET), row) for row in (FIRST_DATA, FIRST_DATA + n - 1))
    below = live_range(sheet, Area(SHEET, FIRST_DATA + n, 2, FIRST_DATA + n + FURTHER, 3), home=SHEET)
    said = call("IF", (last - first).equals(n - 1), f"All {n} samples have their x and y.", INSERTED)
    further = text(f"{n} samples are used; rows below row ") & last & " are not."
    said = call("IF", call("COUNTA", below) > 0, further, said)
    needed = text("There is no number in ") & lacking & f": each of the {n} samples needs its x and y."
    return call("IF", lacking.equals(NONE), said, needed)


def _line(sheet: Sheet, xs: Area) -> Series:
    """The two ends of the least-squares line, for the chart."""
    slope, intercept = (live(sheet, BEST_FIT[name], home=SHEET) for name in ("slope", "intercept"))
    sheet.put(1, 12, "ends of the line, for the chart", Style(color=FAINT, italic=True))
    for row, end in ((2, "MIN"), (3, "MAX")):
        x = sheet.put(row, 12, call(end, live_range(sheet, xs, home=SHEET)).formula, Style(color=FAINT))
        sheet.put(row, 13, (slope * live(sheet, x, home=SHEET) + intercept).formula, Style(color=FAINT))
    return Series("least squares", Area(SHEET, 2, 12, 3, 12), Area(SHEET, 2, 13, 3, 13), CONTRAST)
