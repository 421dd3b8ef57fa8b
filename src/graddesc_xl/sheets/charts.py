"""The charts beside the first block: what a teacher would draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

from ..plan import Plan
from ..workbook.cells import Area
from ..workbook.sheet import Chart, Series
from ..workbook.style import ACCENT, CONTRAST, FAINT, LINES, THIRD
from .layout import PANEL, SCREEN, pixels
from .making import sentence
from .step_sheet import CHART_ROW, GAP
from .steps_list import LARGEST, StepsList

WIDTH, HEIGHT = 470, 290
#: the chart in sight beside the table: its height, and the least and the usual width
SMALL_HEIGHT, LEAST, USUAL = 156, 130, PANEL - 8
#: as many curves a chart has at most
MOST = 6
#: numbers along a logarithmic axis: 30, 1,000, 1E+06
LOG = "[<1]0E+00;[<100000]#,##0;0E+00"


def small_error_by_epoch(steps: StepsList, *, log: bool) -> Chart:
    """√Σe², one point per epoch, as wide as the screen has room beside the table."""
    of = steps.of
    table = sum(pixels(of.sheet.widths[column]) for column in of.layout.widths if column not in of.layout.aside)
    room = sum(pixels(of.sheet.widths[column]) for column in range(of.left, of.sheet.printed + 1))
    width = int(min(USUAL, room, max(LEAST, SCREEN - table - pixels(GAP))))
    epochs = of.trace.plan.epochs
    error = of.trace.plan.error
    series = [
        Series(error.title, of.by_epoch("epoch"), steps.plotted("positive" if log else "error"), ACCENT, markers=True)
    ]
    about = f"{sentence(error.about).replace('this', 'an')[:-1]}, by epoch."
    form = LOG if log else "General"
    made = Chart(
        f"{error.title} by epoch", "", "", series, CHART_ROW, of.left, width, SMALL_HEIGHT, y_format=form, about=about
    )
    return replace(made, x_max=epochs, legend="none", y_log=log)


def error_by_step(steps: StepsList) -> Chart:
    """The squared error of each sample, in the first epoch and in the last."""
    n, kept = steps.of.layout.samples, steps.kept
    x = steps.steps(0, n)
    series = [Series("first epoch", x, steps.live("err", 0, n), CONTRAST)]
    if kept > n:
        series.append(Series("last epoch", x, steps.live("err", kept - n, n), ACCENT))
    return Chart("Squared error by step", "step within the epoch", "err²", series, 0, 0, x_max=n)


def _drawn(plan: Plan) -> Sequence[str]:
    """The weights that are drawn: as many as a chart has room for, with their targets."""
    drawn: list[str] = []
    for weight in plan.weights:
        if len(drawn) + sum(w in plan.targets for w in (*drawn, weight)) < MOST:
            drawn.append(weight)
    return drawn


def _target(steps: StepsList, name: str, said: str, color: str, *, second: bool) -> list[Series]:
    """The level that least squares gives a column, if it does."""
    if name not in steps.of.trace.plan.targets:
        return []
    return [Series(said, *steps.target(name), color, dashed=True, second=second)]


def weights_by_step(steps: StepsList) -> Chart:
    """The weights over all epochs with their least-squares targets as dashed lines."""
    plan = steps.of.trace.plan
    drawn = _drawn(plan)
    split = plan.charted if plan.charted in plan.targets and plan.charted in drawn and drawn[1:] else ""
    series = []
    for color, weight in zip(cycle(LINES), drawn, strict=False):
        second = weight == split
        series.append(Series(weight, steps.steps(), steps.live(weight), color, second=second))
        series += _target(steps, weight, f"{weight} target", color, second=second)
    left = ", ".join(w for w in drawn if w != split) if split else "weight"
    return Chart("Weights by step", "step", left, series, 0, 0, y2_title=split, x_max=steps.kept)


def _of(steps: StepsList, kind: str) -> str:
    """The column of that kind of the weight whose derivative charts show; "" without one."""
    plan = steps.of.trace.plan
    return plan.of(plan.charted, kind) or ""


def _both(numerical: tuple[str, Area], analytic: tuple[str, Area], x: Area) -> list[Series]:
    """A numerical derivative as a broad line, and the analytic one dashed upon it."""
    return [
        Series(numerical[0], x, numerical[1], CONTRAST, width=3.5),
        Series(analytic[0], x, analytic[1], THIRD, dashed=True),
    ]


def numerical_and_analytic(steps: StepsList) -> Chart:
    """The two derivatives of the first epoch on top of each other."""
    n, weight = steps.of.layout.samples, steps.of.trace.plan.charted
    by = _by(steps)
    numerical = f"est {by}, numerical", steps.live(_of(steps, "estimate"), 0, n)
    analytic = f"{by}, analytic", steps.live(_of(steps, "analytic"), 0, n)
    series = _both(numerical, analytic, steps.steps(0, n))
    return Chart(f"Derivative by {weight}, first epoch", "step", by, series, 0, 0, x_max=n)


def gradient_and_average(steps: StepsList) -> Chart:
    """A gradient and its moving average over the first two epochs."""
    n = min(2 * steps.of.layout.samples, steps.kept)
    x = steps.steps(0, n)
    by = _by(steps)
    series = [
        Series(by, x, steps.live(_of(steps, "analytic"), 0, n), FAINT),
        Series(f"avg {by}", x, steps.live(_of(steps, "average"), 0, n), ACCENT),
    ]
    return Chart("Gradient and its moving average", "step", by, series, 0, 0, x_max=n)


def _by(steps: StepsList) -> str:
    """What the derivative that charts show is called."""
    return steps.of.experiment.loss.by(steps.of.trace.plan.charted)


def rates(steps: StepsList, column: str) -> Chart:
    """The learning rate of each step, where it does not stay."""
    series = [Series("rate", steps.steps(), steps.live(column), ACCENT)]
    title = "Learning rate by step"
    return Chart(title, "step", "rate", series, 0, 0, x_max=steps.kept, legend="none", about=f"{title}.")


def effective_steps(steps: StepsList) -> Chart:
    """What the learning rate becomes for each weight; the one that charts show has an axis of its own."""
    plan = steps.of.trace.plan
    drawn = plan.weights[:MOST]
    split = plan.charted if plan.charted in drawn and drawn[1:] else ""
    series = [
        Series(weight, steps.steps(), steps.live(column), color, second=weight == split)
        for weight, color in zip(drawn, cycle(LINES), strict=False)
        if (column := plan.of(weight, "step"))
    ]
    left, right = (", ".join(w for w in drawn if (w == split) == second) for second in (False, True))
    y2_title = f"step of {right}" if right else ""
    return Chart("Effective step size", "step", f"step of {left}", series, 0, 0, y2_title=y2_title, x_max=steps.kept)


def log_error_by_step(steps: StepsList) -> Chart:
    """Each sample's squared error over the first two epochs, on a logarithmic axis."""
    n = min(2 * steps.of.layout.samples, steps.kept)
    series = [Series("err²", steps.steps(0, n), steps.steps_of("charted err", 0, n), ACCENT)]
    title = "Squared error by step, two epochs"
    return Chart(title, "step", "err²", series, 0, 0, x_max=n, y_format=LOG, y_log=True)


def small_weights_by_step(steps: StepsList) -> Chart:
    """The weights over the first two epochs, as long as they are small enough to draw."""
    n, series = min(2 * steps.of.layout.samples, steps.kept), []
    for w, color in zip(_drawn(steps.of.trace.plan), cycle(LINES), strict=False):
        series.append(Series(w, steps.steps(0, n), steps.steps_of(f"charted {w}", 0, n), color))
        series += _target(steps, w, f"{w} target", color, second=False)
    title = f"Weights by step, two epochs (beyond ±{LARGEST:.0f} left out)"
    return Chart(title, "step", "weight", series, 0, 0, x_max=n)


def the_line(steps: StepsList) -> Chart:
    """Slope and intercept of the line that two stacked neurons are, with the least-squares line's."""
    n = min(2 * steps.of.layout.samples, steps.kept)
    series = []
    fitted = steps.of.trace.plan.targets
    for name, color in zip(sorted(fitted, key=fitted.__getitem__), (ACCENT, CONTRAST), strict=False):
        second = fitted[name] == "slope"
        series.append(Series(name, steps.steps(0, n), steps.steps_of(f"charted {name}", 0, n), color, second=second))
        series += _target(steps, name, f"best {name}", color, second=second)
    title = "The line that both neurons are"
    return Chart(title, "step", "intercept", series, 0, 0, y2_title="slope", x_max=n)


def log_derivatives(steps: StepsList) -> Chart:
    """The size of the charted derivative, numerical and analytic, over the first two epochs."""
    n = min(2 * steps.of.layout.samples, steps.kept)
    by = _by(steps)
    numerical, analytic = (
        (kind, steps.steps_of(f"charted {_of(steps, column)}", 0, n))
        for kind, column in (("numerical", "estimate"), ("analytic", "analytic"))
    )
    series = _both(numerical, analytic, steps.steps(0, n))
    title = f"Size of {by} by step, two epochs"
    return Chart(title, "step", f"|{by}|", series, 0, 0, x_max=n, y_format=LOG, y_log=True)


def add(steps: StepsList, *, log: bool = False) -> None:
    """Put the charts that fit the columns beside the first block. log: those of runs that may explode."""
    of = steps.of
    charts = [log_error_by_step(steps), small_weights_by_step(steps)] if log else []
    charts = charts or [error_by_step(steps), weights_by_step(steps)]
    for needed, draw in (
        ("estimate", log_derivatives if log else numerical_and_analytic),
        ("average", gradient_and_average),
        ("step", effective_steps),
    ):
        if _of(steps, needed):
            charts.append(draw(steps))
    charts += [rates(steps, c.name) for c in of.trace.plan.columns if c.kind == "rate"]
    if log and not {*of.trace.plan.targets} <= {*of.trace.plan.weights}:
        charts.append(the_line(steps))
    of.sheet.charts.append(small_error_by_epoch(steps, log=log))
    right = max(of.epoch_columns.values()) + 2
    for column in range(right - 1, right + 25):
        of.sheet.widths[column] = 8.43  # the usual width, said so: programs differ in what is usual
    slots = [(row, right + 8 * (i // 2)) for i in range(len(charts)) for row in ((3, 18)[i % 2],)]
    for chart, (row, column) in zip(charts, slots, strict=True):
        of.sheet.charts.append(replace(chart, row=row, column=column, width=WIDTH, height=HEIGHT))
