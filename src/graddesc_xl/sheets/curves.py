"""What models of one input predict over it, from weights to play with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..language.calculus import inlined
from ..language.expr import Data, Expr, Here, Param, substitute
from ..language.parse import parse
from ..parts.models import Model
from ..plan import Input
from ..workbook.reference import Down
from ..workbook.sheet import Chart, Series, Sheet
from ..workbook.style import ACCENT, CONTRAST, FAINT, HEADER_RIGHT, LINES, SUBTITLE, TITLE, Style
from .kind import Composed, Kind
from .making import Making

#: the rows of the weights, of what follows from them, and of the table's titles
WEIGHTS, DERIVED, HEAD = 4, 5, 7
#: of a column whose title is short
NARROWEST = 16
LINKED = "The chart's axis is linked to the {} cells."


@dataclass(frozen=True)
class Curve:
    """A model's predictions. title: its maths, above the column. name: in the chart. about: of the column."""

    name: str
    title: str
    model: Model
    about: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Curves(Kind):
    """Curves over an input, from weights to type over.

    headline, subtitle: above the sheet. about: for the overview. over: the input's values, in order. derived: label ->
    a formula of the weights. chart: its title.
    """

    kind = "curves"

    name: str
    headline: str
    weights: tuple[Input, ...]
    curves: tuple[Curve, ...]
    over: Sequence[float]
    about: str = ""
    subtitle: str = ""
    derived: Mapping[str, str] = field(default_factory=dict)
    chart: str = ""

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The weights, a table over the input, and a chart whose labels are the cells of that input."""
        sheet, bottom = Sheet(self.name, frozen=(HEAD, 0)), HEAD + len(self.over)
        sheet.put(1, 1, self.headline, TITLE)
        sheet.put(2, 1, self.subtitle, SUBTITLE)
        sheet.widths[1] = 12.0
        across = 2 * max(len(self.weights), len(self.curves))
        sheet.widths |= {column: 3.0 if column % 2 else 9.0 for column in range(2, 2 + across)}
        weights = {
            given.name: making.put(sheet, WEIGHTS, 2 + 2 * i, given, labelled=True)
            for i, given in enumerate(self.weights)
        }
        for i, (label, formula) in enumerate(self.derived.items()):
            sheet.put(DERIVED, 1 + 2 * i, label, Style(color=FAINT, align="right"))
            worth = parse(formula, weights.get, weights)
            sheet.put(DERIVED, 2 + 2 * i, worth, Style(number="weight", bold=True))
        (over,) = {name for curve in self.curves for name in curve.model.inputs}
        sheet.put(HEAD, 1, over, Style("data", header=True, bold=True, align="right"))
        along = sheet.fill(HEAD + 1, 1, None, [float(value) for value in self.over], Style("data"))

        def leaf(of: Expr) -> Expr:
            if isinstance(of, Data):
                return Down(sheet, 1)
            assert isinstance(of, (Here, Param)), of
            return weights[of.name if isinstance(of, Param) else of.column]

        series = []
        for i, curve in enumerate(self.curves):
            column = 2 + 2 * i
            sheet.widths[column] = max(NARROWEST, len(curve.title))
            sheet.put(HEAD, column, curve.title, HEADER_RIGHT)
            sheet.notes[HEAD, column] = f"{curve.title}\n{curve.about}"
            predicted = substitute(inlined(curve.model.forward, "pred"), leaf)
            found = sheet.repeat(HEAD + 1, column, predicted, len(self.over), Style("forward", "amount"))
            color = CONTRAST if curve.dashed else LINES[i] if self.curves[2:] else ACCENT
            series.append(Series(curve.name, along.area, found.area, color, dashed=curve.dashed))
        chart = Chart(self.chart, over, "prediction", series, HEAD, 2 + 2 * len(self.curves), 620, 400, categories=True)
        sheet.charts.append(chart)
        sheet.put(bottom + 2, 1, LINKED.format(over), Style(color=FAINT))
        return Composed(sheet, self.about, figures={"input": weights.__getitem__})
