"""The charts beside the first block: what a teacher would draw."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

from ..workbook.sheet import Chart, Series
from ..workbook.style import ACCENT, CONTRAST, FAINT, LINES, THIRD
from .steps_list import LARGEST, StepsList

WIDTH, HEIGHT, TABLE_WIDTH = 470, 290, 380


def error_by_epoch(steps: StepsList) -> Chart:
    """√Σe² and RMSE, one point per epoch."""
    epochs = steps.of.by_epoch("epoch")
    series = [
        Series("√Σe²", epochs, steps.plotted("error"), ACCENT, markers=True),
        Series("RMSE", epochs, steps.plotted("rmse"), CONTRAST, markers=True),
    ]
    return Chart("Error by epoch", "epoch", "error", series, 0, 0, x_max=steps.of.trace.plan.epochs)


def error_by_step(steps: StepsList) -> Chart:
    """The squared error of each sample, in the first epoch and in the last."""
    n, kept = steps.of.layout.samples, steps.kept
    x = steps.steps(0, n)
    series = [Series("first epoch", x, steps.live("err", 0, n), CONTRAST)]
    if kept > n:
        series.append(Series("last epoch", x, steps.live("err", kept - n, n), ACCENT))
    return Chart("Squared error by step", "step within the epoch", "err²", series, 0, 0, x_max=n)


def weights_by_step(steps: StepsList) -> Chart:
    """The weights over all epochs with their least-squares targets as dashed lines."""
    plan = steps.of.trace.plan
    split = plan.charted if plan.charted in plan.targets and plan.weights[1:] else ""
    series = []
    for color, weight in zip(cycle(LINES), plan.weights, strict=False):
        second = weight == split
        series.append(Series(weight, steps.steps(), steps.live(weight), color, second=second))
        if weight in plan.targets:
            series.append(Series(f"{weight} target", *steps.target(weight), color, dashed=True, second=second))
    left = ", ".join(w for w in plan.weights if w != split) if split else "weight"
    return Chart("Weights by step", "step", left, series, 0, 0, y2_title=split, x_max=steps.kept)


def _of(steps: StepsList, kind: str) -> str:
    """The column of that kind of the weight whose derivative charts show; "" without one."""
    plan = steps.of.trace.plan
    return plan.of(plan.charted, kind) or ""


def numerical_and_analytic(steps: StepsList) -> Chart:
    """The two derivatives of the first epoch on top of each other."""
    n, weight = steps.of.layout.samples, steps.of.trace.plan.charted
    x = steps.steps(0, n)
    series = [
        Series(f"est de/d{weight}, numerical", x, steps.live(_of(steps, "estimate"), 0, n), CONTRAST, markers=True),
        Series(f"de/d{weight}, analytic", x, steps.live(_of(steps, "analytic"), 0, n), THIRD, dashed=True),
    ]
    return Chart(f"Derivative by {weight}, first epoch", "step", f"de/d{weight}", series, 0, 0, x_max=n)


def gradient_and_average(steps: StepsList) -> Chart:
    """A gradient and its moving average over the first two epochs."""
    n, weight = min(2 * steps.of.layout.samples, steps.kept), steps.of.trace.plan.charted
    x = steps.steps(0, n)
    series = [
        Series(f"de/d{weight}", x, steps.live(_of(steps, "analytic"), 0, n), FAINT),
        Series(f"avg de/d{weight}", x, steps.live(_of(steps, "average"), 0, n), ACCENT),
    ]
    return Chart("Gradient and its moving average", "step", f"de/d{weight}", series, 0, 0, x_max=n)


def effective_steps(steps: StepsList) -> Chart:
    """What the learning rate becomes for each weight; the one that charts show has an axis of its own."""
    plan = steps.of.trace.plan
    split = plan.charted if plan.weights[1:] else ""
    series = [
        Series(weight, steps.steps(), steps.live(column), color, second=weight == split)
        for weight, color in zip(plan.weights, cycle(LINES), strict=False)
        if (column := plan.of(weight, "step"))
    ]
    left, right = (", ".join(w for w in plan.weights if (w == split) == second) for second in (False, True))
    y2_title = f"step of {right}" if right else ""
    return Chart("Effective step size", "step", f"step of {left}", series, 0, 0, y2_title=y2_title, x_max=steps.kept)


def log_error_by_epoch(steps: StepsList) -> Chart:
    """The logarithm of √Σe², one point per epoch."""
    series = [Series("√Σe²", steps.of.by_epoch("epoch"), steps.plotted("log"), ACCENT, markers=True)]
    return Chart("Error by epoch", "epoch", "log10 √Σe²", series, 0, 0, x_max=steps.of.trace.plan.epochs)


def log_error_by_step(steps: StepsList) -> Chart:
    """The logarithm of each sample's squared error, over the first two epochs."""
    n = min(2 * steps.of.layout.samples, steps.kept)
    series = [Series("err²", steps.steps(0, n), steps.steps_of("charted err", 0, n), ACCENT)]
    return Chart("Squared error by step, two epochs", "step", "log10 err²", series, 0, 0, x_max=n)


def small_weights_by_step(steps: StepsList) -> Chart:
    """The weights over the first two epochs, as long as they are small enough to draw."""
    n = min(2 * steps.of.layout.samples, steps.kept)
    series = [
        Series(w, steps.steps(0, n), steps.steps_of(f"charted {w}", 0, n), color)
        for w, color in zip(steps.of.trace.plan.weights, cycle(LINES), strict=False)
    ]
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
        series.append(Series(f"best {name}", *steps.target(name), color, dashed=True, second=second))
    title = "The line that both neurons are"
    return Chart(title, "step", "intercept", series, 0, 0, y2_title="slope", x_max=n)


def log_derivatives(steps: StepsList) -> Chart:
    """The size of the derivative by a, numerical and analytic, over the first two epochs."""
    n = min(2 * steps.of.layout.samples, steps.kept)
    by = f"de/d{steps.of.trace.plan.charted}"
    drawn = (("estimate", "numerical", CONTRAST, False), ("analytic", "analytic", THIRD, True))
    series = [
        Series(title, steps.steps(0, n), steps.steps_of(f"charted {_of(steps, kind)}", 0, n), color, dashed=dashed)
        for kind, title, color, dashed in drawn
    ]
    return Chart(f"Size of {by} by step, two epochs", "step", f"log10 |{by}|", series, 0, 0, x_max=n)


def add(steps: StepsList, *, log: bool = False) -> None:
    """Put the charts that fit the columns beside the first block. log: those of runs that may explode."""
    of = steps.of
    charts = [error_by_epoch(steps), error_by_step(steps), weights_by_step(steps)]
    if log:
        charts = [log_error_by_epoch(steps), log_error_by_step(steps), small_weights_by_step(steps)]
    for needed, draw in (
        ("estimate", log_derivatives if log else numerical_and_analytic),
        ("average", gradient_and_average),
        ("step", effective_steps),
    ):
        if _of(steps, needed):
            charts.append(draw(steps))
    if log and not {*of.trace.plan.targets} <= {*of.trace.plan.weights}:
        charts.append(the_line(steps))
    row, left = of.epoch_table
    for column in range(left + len(of.epoch_columns), left + len(of.epoch_columns) + 25):
        of.sheet.widths[column] = 8.43  # the usual width, said so: programs differ in what is usual
    right = left + len(of.epoch_columns) + 1
    below = (row + of.trace.plan.epochs + 2, left)
    slots = [
        below if of.trace.plan.epochs <= 12 else (18, right + 16),
        (3, right),
        (18, right),
        (3, right + 8),
        (18, right + 8),
        (3, right + 16),
    ]
    for chart, (row, column) in zip(charts, slots, strict=False):
        width = TABLE_WIDTH if (row, column) == below else WIDTH
        of.sheet.charts.append(replace(chart, row=row, column=column, width=width, height=HEIGHT))
