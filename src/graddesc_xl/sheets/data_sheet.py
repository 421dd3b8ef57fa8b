"""The sheet of a data set: the samples in SGD's order, replaceable by the reader's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..language.expr import Expr, Text, call, where
from ..language.reports import NONE, missing
from ..parts.data import Dataset, Line
from ..workbook.cells import Area, column_letters, plain
from ..workbook.fill import Template
from ..workbook.reference import Block, Cell, Down, Row
from ..workbook.sheet import Chart, Rule, Series, Sheet
from ..workbook.style import ACCENT, CONTRAST, FAINT, LABEL, SECTION, TEXT, Style

#: the first row of the samples, and the column of their first input
FIRST, INPUTS = 5, 2
#: the rows of the constant and the slope of the line on which targets lie, at the published addresses
CONST, SLOPE = 1, 2
#: so many rows below the samples are looked at
FURTHER = 1000
LOW, HIGH = -1e9, 1e9
#: so many columns beside the samples are in view, those of the chart; what stands further right is folded away
SHOWN = 7
INSERTED = "A row was inserted among the samples: it is not used."


@dataclass(frozen=True)
class Samples:
    """A data set and its sheet, and what formulas of other sheets say of it.

    data: the samples that the sheet holds; built: those that it was built with.
    """

    sheet: Sheet
    data: Dataset
    built: Dataset

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.data)

    @property
    def last(self) -> int:
        """The row of the last."""
        return FIRST + self.count - 1

    def place(self, name: str) -> int:
        """The sheet's column of an input or of the target."""
        return INPUTS + self.data.names.index(name)

    def area(self, name: str) -> Area:
        """The cells of an input or of the target."""
        return Area(self.sheet.name, FIRST, self.place(name), self.last, self.place(name))

    def column(self, name: str) -> Block:
        """An input or the target of all samples."""
        return Block(self.sheet, self.area(name))

    def cell(self, name: str, sample: int) -> Cell:
        """An input or the target of a sample, counted from 0."""
        return Cell(self.sheet, FIRST + sample, self.place(name))

    def down(self, name: str, top: int) -> Down:
        """An input or the target of each sample, for formulas that repeat from the row `top` on."""
        return Down(self.sheet, self.place(name), FIRST - top)

    @property
    def beside(self) -> int:
        """The first column of what is said beside the samples."""
        return INPUTS + len(self.data.names) + 1

    def best(self, what: str) -> Cell:
        """The `slope` or the `intercept` of the straight line that fits best."""
        return Cell(self.sheet, {"slope": 2, "intercept": 3}[what], self.beside + 1)

    @property
    def residuals(self) -> int:
        """The column of what the best straight line leaves of each target."""
        return self.lacking[1] + 2

    @property
    def line_error(self) -> Expr:
        """√Σe² of the best straight line."""
        left = self.sheet.block(FIRST, self.residuals, self.count)
        return call("sqrt", call("sumsq", left))

    @property
    def products(self) -> Expr:
        """Σxy of one input."""
        x, y = (self.column(name) for name in self.data.names)
        return self.best("slope") * call("devsq", x) + call("mean", x) * call("mean", y) * self.count

    @property
    def lacking(self) -> tuple[int, int]:
        """The cell that names the first cell of the samples that holds no number, or –; its row by row below."""
        return 2, self.beside + 10

    @property
    def missing(self) -> Cell:
        """The first cell that holds no number, or –."""
        return Cell(self.sheet, *self.lacking)

    @property
    def scale(self) -> Expr:
        """Σy², the squared error of predicting 0; 1 where that is 0."""
        energy = call("sumsq", self.column(self.data.target))
        return where(energy.equals(0), 1, energy)

    @property
    def constant_error(self) -> Expr:
        """√Σ(y−ȳ)², the error of the best constant."""
        return call("sqrt", call("devsq", self.column(self.data.target)))


def compose(name: str, data: Dataset, built: Dataset, *, lined: bool = True) -> Samples:
    """The samples from B5 down; the constant and slope of a line at C1 and C2, the published addresses.

    lined: whether the straight line that fits best belongs there.
    """
    sheet = Sheet(name, frozen=(FIRST - 1, 0), repeat_rows=(1, FIRST - 1), portrait=True)
    samples = Samples(sheet, data, built)
    n, left = samples.count, samples.beside
    limits = f"Numbers from {plain(LOW)} to {plain(HIGH)}."
    on_line = isinstance(built.y, Line)
    if on_line:
        _line_inputs(sheet, data, limits)
    head = Style("data", header=True, bold=True, align="right")
    for column, title in enumerate(("sample", *data.names), 1):
        sheet.put(FIRST - 1, column, title, head)
    sheet.fill(FIRST, 1, None, [float(s + 1) for s in range(n)], Style(color=FAINT))
    for column, of in enumerate(data.inputs, INPUTS):
        sheet.fill(FIRST, column, None, data.column(of), Style("input"))
    target = samples.place(data.target)
    line, given = f"$C${CONST}+{column_letters(INPUTS)}{{r}}*$C${SLOPE}", isinstance(data.y, Line)
    sheet.fill(FIRST, target, line if given else None, data.ys, Style("data" if given else "input"))
    if on_line:
        sheet.replaceable |= {(row, target): Template(line).at(row) for row in range(FIRST, FIRST + n)}
    named = " and ".join((", ".join(data.inputs), data.target))
    said = f"Replace {', '.join(data.inputs)} by numbers of your own, and {data.target} too"
    sheet.put(FIRST - 1, left, f"{said}{': slope and const then no longer matter' if on_line else ''}.", TEXT)
    sheet.printed = left + SHOWN - 1
    sheet.widths.update({1: 8, **dict.fromkeys(range(INPUTS, target + 1), 9), target + 1: 3, left: 12, left + 1: 11})
    rule = Rule(LOW, HIGH, "a sample", f"Your own {named}. {limits}", rows=n, columns=len(data.names))
    sheet.rules[FIRST, INPUTS] = rule
    lacking = _missing(samples, on_line=on_line)
    sheet.put(FIRST, left, _said(samples, lacking, named), Style(bold=True))
    lined = lined and len(data.inputs) == 1
    lines = [_best_line(samples)] if lined else []
    if not lined:
        sheet.put(1, left, "the samples", SECTION)
    if len(data.inputs) == 1:
        _drawn(samples, lines)
    sheet.aside |= {*range(left + SHOWN, sheet.extent[1] + 1)}
    return samples


def _line_inputs(sheet: Sheet, data: Dataset, limits: str) -> None:
    line = data.y if isinstance(data.y, Line) else Line(2.0, 30.0)
    for row, label, value in ((CONST, "const", line.const), (SLOPE, "slope", line.slope)):
        sheet.put(row, 2, label, LABEL)
        sheet.put(row, 3, value, Style("input", box=True))
        sheet.rules[row, 3] = Rule(LOW, HIGH, label, f"The {label} of the line that the samples lie on. {limits}")


def _missing(samples: Samples, *, on_line: bool) -> Cell:
    """The first cell of the samples that holds no number, or –: each row passes on what the rows above found."""
    sheet, column = samples.sheet, samples.lacking[1]
    singles = [(Cell(sheet, row, 3, fixed=True), sheet.address(row, 3)) for row in (CONST, SLOPE) if on_line]
    sheet.put(FIRST - 1, column, "no number in", Style(color=FAINT, italic=True))
    cells = [samples.down(name, FIRST) for name in samples.data.names]
    named: list[tuple[Expr, Expr]] = [
        (cell, Text(f"{sheet.name}!{column_letters(cell.column)}") & Row(cell)) for cell in cells
    ]
    if singles:  # of an x that is a number, y lacks one where these do
        named[-1] = (cells[-1], missing(singles, named[-1][1]))
    sheet.stay(FIRST, column, missing(named), NONE, samples.count, Style(color=FAINT))
    found = Cell(sheet, samples.last, column)
    sheet.put(1, column, "the first cell without a number", Style(color=FAINT, italic=True))
    return sheet.put(*samples.lacking, call("if_error", found, f"a deleted row of {sheet.name}"), Style(color=FAINT))


def _said(samples: Samples, lacking: Expr, named: str) -> Expr:
    """What to say of the samples: that one lacks a number, that more are there than are used, or that all is well."""
    sheet, n = samples.sheet, samples.count
    first, last = (Row(Cell(sheet, row, INPUTS)) for row in (FIRST, samples.last))
    below = sheet.block(samples.last + 1, INPUTS, FURTHER + 1, len(samples.data.names))
    said = where((last - first).equals(n - 1), f"All {n} samples have their {named}.", INSERTED)
    further = Text(f"{n} samples are used; rows below row ") & last & " are not."
    said = where(call("count_filled", below) > 0, further, said)
    needed = Text("There is no number in ") & lacking & f": each of the {n} samples needs its {named}."
    return where(lacking.equals(NONE), said, needed)


def _best_line(samples: Samples) -> Series:
    """The straight line of one input that fits best; its curve."""
    sheet, left = samples.sheet, samples.beside
    x, y = samples.data.names
    xs, ys = samples.column(x), samples.column(y)
    sheet.put(1, left, "the best straight line", SECTION)
    slope, intercept = samples.best("slope"), samples.best("intercept")
    look = Style(number="weight", bold=True)
    sheet.put(slope.row, slope.column, call("slope", ys, xs), look)
    sheet.put(intercept.row, intercept.column, call("mean", ys) - slope * call("mean", xs), look)
    for label, at in (("slope", slope), ("intercept", intercept)):
        sheet.put(at.row, at.column - 1, label, LABEL)
    sheet.put(2, left + 2, "by least squares: none has a smaller Σe²", Style(color=FAINT, indent=1))
    x_here, y_here = (samples.down(name, FIRST) for name in (x, y))
    line = slope.absolute * x_here + intercept.absolute
    sheet.put(FIRST - 1, samples.residuals, f"{y} − best line", Style(color=FAINT, italic=True))
    sheet.repeat(FIRST, samples.residuals, y_here - line, samples.count, Style(number="weight", color=FAINT))
    return _ends(samples, xs)


def _drawn(samples: Samples, lines: Sequence[Series]) -> None:
    """A chart of the samples of one input, and of a line through them."""
    x, y = samples.data.names
    points = Series("samples", samples.area(x), samples.area(y), ACCENT, markers=True, line=False)
    title = "The samples and the best line" if lines else "The samples"
    chart = Chart(title, x, y, [points, *lines], FIRST + 2, samples.beside, 440, 300, x_min=None)
    samples.sheet.charts.append(chart)


def _ends(samples: Samples, xs: Block) -> Series:
    """The two ends of the least-squares line, for the chart."""
    sheet, left = samples.sheet, samples.beside + SHOWN
    sheet.put(1, left, "ends of the line, for the chart", Style(color=FAINT, italic=True))
    for row, end in ((2, "smallest"), (3, "largest")):
        x = sheet.put(row, left, call(end, xs), Style(color=FAINT))
        sheet.put(row, left + 1, samples.best("slope") * x + samples.best("intercept"), Style(color=FAINT))
    name = sheet.name
    return Series("least squares", Area(name, 2, left, 3, left), Area(name, 2, left + 1, 3, left + 1), CONTRAST)
