"""Each curve of each chart is what its name says: computed from what stands on the sheets, or by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from graddesc_xl import COMPARISONS, EXPERIMENTS, GRADDESC, LESSONS, compare, landscape, run
from graddesc_xl.sheets.long_run import LongRun
from parts import Area, ChartPart, Page, Parts, Steps, Value, number

SAMPLES, EPOCHS = Steps.SAMPLES, Steps.EPOCHS
#: by hand: the errors of predicting 0, and the line that the samples lie on
ZERO = math.sqrt(sum((2 * x + 30) ** 2 for x in GRADDESC.inputs["x"]))
TARGETS = {"a": 2.0, "b": 30.0, "slope": 2.0, "intercept": 30.0}

#: the title of the column that a curve draws ("" where two points stand apart), its x and its y
Claim = tuple[str, Sequence[Value], Sequence[Value]]


def each(function: Callable[[float], float | None], values: Iterable[Value]) -> list[Value]:
    """The function of each number; a gap stays one."""
    return [None if value is None else function(number(value)) for value in values]


def log(value: float) -> float | None:
    """The logarithm, a gap where there is none."""
    return math.log10(value) if value > 0 else None


def positive(value: float) -> float | None:
    """What a logarithmic axis can show."""
    return value if 0 < value <= 1e300 else None


def within(limit: float) -> Callable[[float], float | None]:
    """Leaves out what is larger."""
    return lambda value: value if abs(value) <= limit else None


def line(*weights: Value) -> dict[str, Value]:
    """The line that two stacked neurons are."""
    if None in weights:
        return dict.fromkeys(("slope", "intercept"))
    a, b, c, d = map(number, weights)
    return {"slope": c * a, "intercept": c * b + d}


def of_one_run(steps: Steps, chart: ChartPart, name: str) -> Claim:
    """A curve beside the table of one run."""
    first, two, every = (list(map(float, range(1, n + 1))) for n in (SAMPLES, 2 * SAMPLES, EPOCHS * SAMPLES))
    match chart.title.removesuffix(" (beyond ±100 left out)"), name:
        case "√Σe² by epoch", "√Σe²":
            ys = each(math.sqrt, steps.squares())
            return name + " above 0" * chart.log, every[:EPOCHS], each(positive, ys) if chart.log else ys
        case "Squared error by step", ("first epoch" | "last epoch"):
            return "err²", first, steps.column("err²", 1 if name == "first epoch" else EPOCHS)
        case "Squared error by step, two epochs", "err²":
            assert chart.log
            return "|err²|", two, each(positive, steps.column("err²", 1, 2))
        case (
            ("Weights by step" | "Weights by step, two epochs" | "The line that both neurons are"),
            _,
        ) if len(name.split()) == 2:
            (weight,) = {*name.split()} - {"best", "target"}
            return "", [1.0, every[-1]], [TARGETS[weight]] * 2
        case "Weights by step", ("a" | "b" | "c" | "d"):
            return name, every, steps.column(name)
        case "Weights by step, two epochs", ("a" | "b" | "c" | "d"):
            return name, two, each(within(100), steps.column(name, 1, 2))
        case "Derivative by a, first epoch", ("est de/da, numerical" | "de/da, analytic"):
            title = name.partition(",")[0]
            return title, first, steps.column(title, 1)
        case "Size of de/da by step, two epochs", ("numerical" | "analytic"):
            title = "est de/da" if name == "numerical" else "de/da"
            assert chart.log
            return f"|{title}|", two, each(lambda slope: positive(abs(slope)), steps.column(title, 1, 2))
        case "Gradient and its moving average", ("de/da" | "avg de/da"):
            return name, two, steps.column(name, 1, 2)
        case "Effective step size", ("a" | "b" | "c" | "d"):
            drives = f"avg de/d{name}" if f"avg de/d{name}" in steps.titles else f"de/d{name}"
            moves = zip(*(map(number, steps.column(title)) for title in (name, f"new {name}", drives)), strict=True)
            return f"step {name}", every, [(before - after) / slope for before, after, slope in moves]
        case "The line that both neurons are", ("slope" | "intercept"):
            lines = [line(*weights)[name] for weights in zip(*(steps.column(w, 1, 2) for w in "abcd"), strict=True)]
            return name, two, each(within(100), lines)
    raise AssertionError(f"{chart.title}: {name}")


compared = cache(compare)


def of_a_comparison(page: Page, chart: ChartPart, name: Value) -> Claim:
    """A curve of one run among others, named by its row, or of all of a model's runs."""
    of, traces = COMPARISONS[page.name], compared(page.name)
    if of.ordered:
        rates = [row.experiments[0].values["lr"] for row in of.rows]
        titles = dict(zip(rates, (row.title for row in of.rows), strict=True))
    if chart.title == "Error of the last epoch by lr":
        lasts = [float(traces[title, str(name)].errors[-1]) for title in titles.values()]
        return str(name), [*rates], [positive(e) for e in lasts]
    group, said = chart.title.split(": ")
    assert said.partition(",")[0] == "error by epoch" and len(chart.curves) <= 6
    run = str(name).removesuffix(" (leaves the chart)")
    errors = traces[titles[float(run)] if of.ordered else run, group].errors.tolist()
    low, high = (10.0**power for power in of.charted)
    assert (run == name) == all(low <= e <= high for e in errors), "what leaves the chart is said"
    return "", list(map(float, range(1, EPOCHS + 1))), [positive(e) if math.isfinite(e) else None for e in errors]


def of_the_speed_limit(page: Page, chart: ChartPart, name: str) -> Claim:
    """One neuron by hand, two from the columns of their table."""
    steps, rate = list(map(float, range(1, SAMPLES + 1))), number(page.beside("lr"))
    assert rate == 1e-4 and chart.title.startswith(("The largest lr each step bears", "The factor of each step"))
    rates = chart.title.startswith("The largest")
    levels = {"lr": ("lr", rate), "overshoots below": ("0", 0.0), "further off below": ("−1", -1.0)}
    if name in levels:
        assert rates == (name == "lr")
        title, height = levels[name]
        return title, [1.0, float(SAMPLES)], [height] * 2
    what = "largest lr" if rates else "factor"
    if name == "1 neuron":
        ys: list[Value] = [1 / (x * x + 1) if rates else 1 - 2 * rate * (x * x + 1) for x in GRADDESC.inputs["x"]]
    else:
        row, left = page.find(name)
        head, column = page.find(what, above=row, left=left)
        ys = [page.values[head + step, column] for step in range(1, SAMPLES + 1)]
    shown = [y if number(y) >= 1e-12 else None for y in ys] if rates else each(within(10), ys)
    assert (None in shown) == (name != "1 neuron")
    return f"{what}, {name}", steps, shown


def of_the_derivatives(page: Page, name: str) -> Claim:
    """By how much a numerical derivative is off, as a share of the analytic one."""
    head, column = page.find(f"numerical {name}")
    analytic = number(page.values[page.find(name)[0] + 1, page.find(name)[1]])
    shares = [abs(number(page.values[head + k, column]) / analytic - 1) for k in range(1, 14)]
    return f"off by, {name[-1]}", [10.0**-power for power in range(13)], [max(share, 1e-16) for share in shares]


def of_the_relu(page: Page, name: str) -> Claim:
    """Both functions by hand, from the weights on the sheet."""
    a, b, c, d = (number(page.beside(weight)) for weight in "abcd")
    xs = [float(x) for x in range(-80, 121, 10)]
    if name == "with ReLU":
        return "c·max(a·x + b, 0) + d", xs, [c * max(a * x + b, 0.0) + d for x in xs]
    assert name == "without ReLU"
    return "c·(a·x + b) + d", xs, [c * (a * x + b) + d for x in xs]


def of_the_fit(page: Page, chart: ChartPart, name: str) -> Claim:
    """Samples, the best line, and by hand what the weights that the panel says predict over the range of x."""
    samples = list(GRADDESC.inputs["x"])
    if name == "samples":
        return "y", samples, [2 * x + 30 for x in samples]
    low, high = min(samples), max(samples)
    xs = [low + (high - low) * (k * 1.1 / 60 - 0.05) for k in range(61)]
    if name == "best line":
        return name, xs, [2 * x + 30 for x in xs]
    left = page.find(chart.title, row=6)[1]
    epoch = float(name.removeprefix("epoch ").removesuffix(", typed"))
    row = 8 if name.endswith(", typed") else next(row for row in range(29, 33) if page.values[row, left] == epoch)
    assert page.values[row, left] == epoch
    heads = {page.values.get((7, column)): column for column in range(left + 7, left - 1, -1)}
    a, b, c, d = (page.values[row, heads[w]] if w in heads else None for w in "abcd")
    ys = [number(a) * x + number(b) for x in xs]
    if c is not None:
        ys = [number(c) * (max(y, 0.0) if "live z" in heads else y) + number(d) for y in ys]
    least, most = 2 * low + 30, 2 * high + 30
    reach = most - least
    return "drawn", xs, [y if least - reach < y < most + reach else None for y in ys]


def of_the_landscape(page: Page, chart: ChartPart, name: str) -> Claim:
    """The floor of the landscape as the library has it, and the run's path as far as it is on the map."""
    across, up = chart.title.removeprefix("The path over ").split(" and ")
    sheet = next(str(v) for (_, column), v in sorted(page.values.items()) if column == 1 and v in EXPERIMENTS)
    window = {w: (number(page.beside(f"{w} from")), number(page.beside(f"{w} to"))) for w in (across, up)}
    held = dict.fromkeys({*"abcd"} & {*EXPERIMENTS[sheet].model.weights} - {across, up}, 1.0)
    made = landscape(sheet, (across, up), window=window, points=31, held=held)
    floor = made.up[::-1][np.argmin(made.errors[::-1], axis=0)].tolist()
    if name == f"lowest {up} for each {across}":
        return up, made.across.tolist(), floor
    if name == "lowest cell":
        return "", [made.lowest[0]], [made.lowest[1]]
    steps = {
        "path": slice(None),
        "start": slice(1),
        "end": slice(-1, None),
        "where epochs start": slice(0, -1, SAMPLES),
    }
    half = 0.0 if name.startswith("where") else 1 / 60
    near = {w: (high - low) * half for w, (low, high) in window.items()}
    points = made.path[steps[name]].tolist()
    inside = [
        all(window[w][0] - near[w] <= at <= window[w][1] + near[w] for w, at in zip(near, point, strict=True))
        for point in points
    ]
    if half:
        xs, ys = ([point[i] if ok else None for point, ok in zip(points, inside, strict=True)] for i in (0, 1))
        return f"{up} drawn", xs, ys
    found = [
        [at if window[w][0] <= at <= window[w][1] else None for at in made.path[steps[name], i].tolist()]
        for i, w in enumerate((across, up))
    ]
    return up, found[0], found[1]


def of_the_long_run(name: str) -> Claim:
    """A thousand epochs of the run that bears its name; what is tiny is drawn as a millionth of predicting 0."""
    if name == "best line, held still":
        return "", [1.0, 1000.0], [None, None]
    (of,) = {
        of
        for lesson in (LESSONS["graddesc"], LESSONS["two-neurons"])
        for kind in lesson.kinds
        if isinstance(kind, LongRun)
        for of in kind.of
        if name in (of.title, of.sheet)
    }
    if of.run:
        group, _, number_of = of.run.partition(": run ")
        runs = COMPARISONS[of.sheet]
        plain = runs.rows[int(number_of) - 1].experiments[runs.groups.index(group)]
    else:
        plain = EXPERIMENTS[of.sheet]
    errors = run(plain, epochs=1000).errors
    shown = [*range(1, 11), *range(20, 1001, 10)]
    ys: list[Value] = [max(float(e), 1e-6 * ZERO) if e <= 10 * ZERO else None for e in errors[[e - 1 for e in shown]]]
    return name, list(map(float, shown)), ys


def claimed(parts: Parts, page: Page, chart: ChartPart, name: Value) -> Claim:
    """What a curve must be to be what it is called."""
    if page.name in COMPARISONS:
        return of_a_comparison(page, chart, name)
    assert isinstance(name, str)
    match page.name:
        case "overview":
            assert chart.title == "Error by epoch: the sheets compared"
            sheet = name.removesuffix(" (leaves the chart)")
            errors = each(math.sqrt, Steps(parts.page(sheet)).squares())
            assert (sheet != name) == any(e is None or number(e) > 10 * ZERO for e in errors)
            return "compared", list(map(float, range(1, EPOCHS + 1))), each(within(10 * ZERO), errors)
        case "data" if name == "samples":
            return "y", list(GRADDESC.inputs["x"]), [2 * x + 30 for x in GRADDESC.inputs["x"]]
        case "data":
            assert name == "least squares"
            ends = [float(min(GRADDESC.inputs["x"])), float(max(GRADDESC.inputs["x"]))]
            return "", ends, [2 * x + 30 for x in ends]
        case "speed limit":
            return of_the_speed_limit(page, chart, name)
        case "the fit":
            return of_the_fit(page, chart, name)
        case "a thousand epochs":
            return of_the_long_run(name)
        case "derivatives":
            return of_the_derivatives(page, name)
        case "error landscape" | "error landscape ReLU":
            return of_the_landscape(page, chart, name)
        case "ReLU shape":
            return of_the_relu(page, name)
    return of_one_run(Steps(page), chart, name)


def test_every_run_of_a_comparison_has_a_curve(two_neurons: Path) -> None:
    """Each row stands in one chart of each group, in its order or every so many rows."""
    parts = Parts(two_neurons)
    for name, of in COMPARISONS.items():
        if name not in parts.sheets:
            continue
        drawn: dict[str, list[str]] = {group: [] for group in of.groups}
        for chart in parts.page(name).charts:
            if chart.title.partition(": ")[0] in drawn:
                names = [str(parts.values(curve.name)[0]) for curve in chart.curves if isinstance(curve.name, Area)]
                assert len(names) == len(chart.curves) <= 6
                drawn[chart.title.partition(": ")[0]] += [each.removesuffix(" (leaves the chart)") for each in names]
        rates = [float(row.experiments[0].values["lr"]) for row in of.rows] if of.ordered else []
        for found in drawn.values():
            assert sorted(map(float, found)) == rates if of.ordered else found == [row.title for row in of.rows]


def assert_curves(path: Path) -> int:
    """Every curve draws the column, the steps and the numbers that it claims; how many there are."""
    parts, count = Parts(path), 0
    for page in map(parts.page, parts.sheets):
        for chart in page.charts:
            for curve in chart.curves:
                name = curve.name if isinstance(curve.name, str) else parts.values(curve.name)[0]
                said = f"{page.name}, {chart.title}, {name}"
                title, xs, ys = claimed(parts, page, chart, name)
                held = parts.page(curve.y.sheet)
                if title:
                    assert held.heading(curve.y.cells[0])[0] == title, said
                across = [v if v is None else pytest.approx(v, rel=1e-12) for v in xs]
                assert parts.values(curve.x) == across, said
                found = parts.values(curve.y)
                wanted = [v if v is None else pytest.approx(v, rel=1e-6, abs=1e-9) for v in ys]
                assert found == wanted, said
                assert {*curve.y.cells} <= {*held.formulas} or title in ("0", "−1", "y"), f"{said}: not live"
                count += 1
    return count


def test_each_curve_is_what_its_name_says(workbook: Path) -> None:
    """In the mirrored workbook: sheet, column, epochs and numbers of every curve."""
    assert assert_curves(workbook) > 40


def test_each_curve_of_two_neurons_is_what_its_name_says(two_neurons: Path) -> None:
    """In the workbook about two neurons: sheet, column, epochs and numbers of every curve."""
    assert assert_curves(two_neurons) > 180
