"""The charts beside the first block: what a teacher would draw."""

from __future__ import annotations

from dataclasses import replace

from .sheet import Chart, Series
from .steps_list import StepsList
from .style import ACCENT, CONTRAST, FAINT, LINES, THIRD

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
    series = []
    for color, weight in zip(LINES, plan.weights, strict=False):
        second = weight == "a" and bool(plan.targets)
        series.append(Series(weight, steps.steps(), steps.live(weight), color, second=second))
        if weight in plan.targets:
            series.append(Series(f"{weight} target", *steps.target(weight), color, dashed=True, second=second))
    split = bool(plan.targets)
    left = "b" if split else "weight"
    return Chart("Weights by step", "step", left, series, 0, 0, y2_title="a" if split else "", x_max=steps.kept)


def numerical_and_analytic(steps: StepsList) -> Chart:
    """The two derivatives of the first epoch on top of each other."""
    n = steps.of.layout.samples
    x = steps.steps(0, n)
    series = [
        Series("est de/da, numerical", x, steps.live("est_a", 0, n), CONTRAST, markers=True),
        Series("de/da, exact", x, steps.live("d_a", 0, n), THIRD, dashed=True),
    ]
    return Chart("Derivative by a, first epoch", "step", "de/da", series, 0, 0, x_max=n)


def gradient_and_average(steps: StepsList) -> Chart:
    """A gradient and its moving average over the first two epochs."""
    n = min(2 * steps.of.layout.samples, steps.kept)
    x = steps.steps(0, n)
    series = [
        Series("de/da", x, steps.live("d_a", 0, n), FAINT),
        Series("avg de/da", x, steps.live("avg_a", 0, n), ACCENT),
    ]
    return Chart("Gradient and its moving average", "step", "de/da", series, 0, 0, x_max=n)


def effective_steps(steps: StepsList) -> Chart:
    """What the learning rate becomes for each weight."""
    series = [
        Series("b", steps.steps(), steps.live("step_b"), ACCENT),
        Series("a", steps.steps(), steps.live("step_a"), CONTRAST, second=True),
    ]
    return Chart("Effective step size", "step", "step of b", series, 0, 0, y2_title="step of a", x_max=steps.kept)


def add(steps: StepsList) -> None:
    """Put the charts that fit the columns beside the first block."""
    of = steps.of
    charts = [error_by_epoch(steps), error_by_step(steps), weights_by_step(steps)]
    for needed, draw in (
        ("est_a", numerical_and_analytic),
        ("avg_a", gradient_and_average),
        ("step_a", effective_steps),
    ):
        if needed in steps.names:
            charts.append(draw(steps))
    row, left = of.epoch_table
    for column in range(left + len(of.epoch_columns), left + len(of.epoch_columns) + 17):
        of.sheet.widths[column] = 8.43  # the usual width, said so: programs differ in what is usual
    right = left + len(of.epoch_columns) + 1
    below = (row + of.trace.plan.epochs + 2, left)
    slots = [
        below if of.trace.plan.epochs <= 12 else (3, right + 16),
        (3, right),
        (18, right),
        (3, right + 8),
        (18, right + 8),
    ]
    for chart, (row, column) in zip(charts, slots, strict=False):
        width = TABLE_WIDTH if (row, column) == below else WIDTH
        of.sheet.charts.append(replace(chart, row=row, column=column, width=width, height=HEIGHT))
