"""What a ReLU does to the two neurons: both functions over x, from four weights to play with."""

from __future__ import annotations

from ..calculus import inlined
from ..evaluate import evaluate
from ..expr import Data, Expr, Here
from ..models import TWO_NEURONS, TWO_NEURONS_RELU
from ..plan import Input
from .cells import Area, Formula
from .formula import render
from .live import Live, live
from .making import Making
from .sheet import Chart, Series, Sheet
from .style import ACCENT, CONTRAST, FAINT, HEADER_RIGHT, SUBTITLE, TITLE, Style

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
    weights: dict[str, Live] = {}
    for i, (name, value) in enumerate(START.items()):
        given = Input(name, value, name, TWO_NEURONS.about[name].replace(" before this step", ""))
        weights[name] = making.put(sheet, WEIGHTS, 2 + 2 * i, given, labelled=True)
    bend = Live(f"-{weights['b'].text}", -weights["b"].number, 3) / weights["a"]
    sheet.put(5, 1, "bends at x =", Style(color=FAINT, align="right"))
    sheet.put(5, 2, bend.formula, Style(number="weight", bold=True))
    models = ((2, "c·(a·x + b) + d", TWO_NEURONS), (4, "c·max(a·x + b, 0) + d", TWO_NEURONS_RELU))
    sheet.put(HEAD, 1, "x", Style("data", header=True, bold=True, align="right"))
    for column, title, _ in models:
        sheet.put(HEAD, column, title, HEADER_RIGHT)
        sheet.notes[HEAD, column] = f"{title}\nWhat the two neurons predict for this x, from the four weights above."
    for k, x in enumerate(X_CELLS):
        row = HEAD + 1 + k
        sheet.put(row, 1, float(x), Style("data"))
        here = live(sheet, (row, 1), home=SHEET)

        def cell(leaf: Expr, here: Live = here) -> Live:
            if isinstance(leaf, Data):
                return here
            assert isinstance(leaf, Here), leaf
            return weights[leaf.column]

        for column, _, model in models:
            expr = inlined(model.forward, "pred")
            text = render(expr, lambda leaf: cell(leaf).text)
            value = float(evaluate(expr, lambda leaf: cell(leaf).number))
            sheet.put(row, column, Formula(text, value), Style("forward", "amount"))
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
