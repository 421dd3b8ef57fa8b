"""What a ReLU does to the two neurons: both functions over x, from four weights to play with."""

from __future__ import annotations

from ..language.calculus import inlined
from ..language.expr import Data, Expr, Here, substitute
from ..parts.models import TWO_NEURONS, TWO_NEURONS_RELU
from ..plan import Input
from ..workbook.cells import Area
from ..workbook.reference import Cell, Down
from ..workbook.sheet import Chart, Series, Sheet
from ..workbook.style import ACCENT, CONTRAST, FAINT, HEADER_RIGHT, SUBTITLE, TITLE, Style
from .making import Making

SHEET = "ReLU shape"
WEIGHTS, HEAD = 4, 7
#: from, to, by
X_CELLS = range(-80, 121, 10)
START = {"a": 1.0, "b": -20.0, "c": 2.0, "d": 30.0}


def compose(making: Making) -> Sheet:
    """Four input cells, a table over x, and a chart whose labels are the x cells."""
    sheet = Sheet(SHEET, frozen=(HEAD, 0))
    sheet.put(1, 1, "What does a ReLU do?", TITLE)
    sheet.put(
        2,
        1,
        "Where a·x + b is negative the first neuron passes on 0; for every sample, and the ReLU is dead.",
        SUBTITLE,
    )
    weights: dict[str, Cell] = {}
    for i, (name, value) in enumerate(START.items()):
        given = Input(name, value, name, TWO_NEURONS.says(name).replace(" before this step", ""))
        weights[name] = making.put(sheet, WEIGHTS, 2 + 2 * i, given, labelled=True)
    sheet.put(5, 1, "bends at x =", Style(color=FAINT, align="right"))
    sheet.put(5, 2, -weights["b"] / weights["a"], Style(number="weight", bold=True))
    models = ((2, "c·(a·x + b) + d", TWO_NEURONS), (4, "c·max(a·x + b, 0) + d", TWO_NEURONS_RELU))
    sheet.put(HEAD, 1, "x", Style("data", header=True, bold=True, align="right"))
    for column, title, _ in models:
        sheet.put(HEAD, column, title, HEADER_RIGHT)
        sheet.notes[HEAD, column] = f"{title}\nWhat the two neurons predict for this x, from the four weights above."
    xs = [float(x) for x in X_CELLS]
    sheet.fill(HEAD + 1, 1, None, xs, Style("data"))

    def leaf(of: Expr) -> Expr:
        if isinstance(of, Data):
            return Down(sheet, 1)
        assert isinstance(of, Here), of
        return weights[of.column]

    for column, _, model in models:
        predicted = substitute(inlined(model.forward, "pred"), leaf)
        sheet.repeat(HEAD + 1, column, predicted, len(xs), Style("forward", "amount"))
    sheet.widths.update({1: 12, 2: 16, 3: 3, 4: 21, 5: 3, 6: 9, 7: 3, 8: 9, 9: 3})
    bottom = HEAD + len(X_CELLS)
    areas = [Area(SHEET, HEAD + 1, column, bottom, column) for column in (1, 2, 4)]
    series = [
        Series("without ReLU", areas[0], areas[1], CONTRAST, dashed=True),
        Series("with ReLU", areas[0], areas[2], ACCENT),
    ]
    chart = Chart("Two neurons with and without a ReLU", "x", "prediction", series, HEAD, 10, 620, 400, categories=True)
    sheet.charts.append(chart)
    sheet.put(
        bottom + 2,
        1,
        "The chart's axis is linked to the x cells.",
        Style(color=FAINT),
    )
    return sheet
