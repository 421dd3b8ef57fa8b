"""From which step on numerical derivatives are rounding noise, for each loss: against exact arithmetic."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from graddesc_xl import GRADDESC, Dataset, Experiment, Lesson, Trace, dataset, experiment, loss, verify
from graddesc_xl.language.values import Array
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.verification import reading
from spreadsheet import Spreadsheet

CLASSES = dataset(GRADDESC.column("x"), (GRADDESC.column("x") > 40) * 1.0, name="classes")


def absolute(r: Fraction) -> Fraction:
    """|pred - y|."""
    return abs(r)


def huber(r: Fraction) -> Fraction:
    """With delta 1."""
    return r * r / 2 if abs(r) <= 1 else abs(r) - Fraction(1, 2)


def logistic(z: Decimal, y: Decimal) -> Decimal:
    """ln(1 + exp(z)) - y*z."""
    return (1 + z.exp()).ln() - y * z


def shares(trace: Trace) -> Array:
    """By what share each estimate by the bias is off the finite difference at the trace's weights without rounding.

    Of the logistic loss the share is of 1, its steepest: of a class that is certain and right rounding leaves nothing.
    """
    found, least = [], 1.0 if trace.data is CLASSES else 0.0
    x, y, n = trace.data.column("x"), trace.data.ys, len(trace.data)
    for k, estimate in enumerate(trace["est_b"].ravel()):
        given = [float(v) for v in (trace["a"].ravel()[k], trace["b"].ravel()[k], x[k % n], y[k % n])]
        if trace.data is CLASSES:
            with localcontext(prec=80):
                a, b, u, v = map(Decimal, given)
                h = Decimal(float(trace.inputs["h"]))
                exact = float((logistic(a * u + b + h, v) - logistic(a * u + b, v)) / h)
        else:
            p, q, s, t = map(Fraction, given)
            step = Fraction(float(trace.inputs["h"]))
            of = absolute if "delta" not in trace.inputs else huber
            exact = float((of(p * s + q + step - t) - of(p * s + q - t)) / step)
        found.append(abs(float(estimate) - exact) / (max(abs(exact), least) or 1.0))
    return np.array(found)


def made(of: str, lr: float, h: float) -> Experiment:
    """A neuron whose loss is of that name, driven by numerical derivatives."""
    classes = of == "logistic"
    model, data = ("sigmoid(a*x + b)", CLASSES) if classes else ("a*x + b", GRADDESC)
    return experiment(model, data, loss=of, lr=lr, epochs=2, gradient="numerical", values={"h": h}, name="e")


@pytest.mark.parametrize(
    ("of", "lr", "h", "noise"),
    [
        ("absolute", 10, 0.01, 2),
        ("absolute", 0.01, 0.01, None),
        ("absolute", 0.01, 1e-4, 1),
        ("huber", 10, 0.01, 2),
        ("huber", 0.01, 0.01, None),
        ("huber", 0.01, 1e-4, 1),
        ("logistic", 10, 0.01, 2),
        ("logistic", 10, 1e-3, 2),
        ("logistic", 0.001, 0.01, None),
    ],
)
def test_noise_begins_where_rounding_shows(of: str, lr: float, h: float, noise: int | None) -> None:
    """Before that step exact arithmetic finds each estimate right to 11 digits, from it on one of the next is not.

    The squared error's limit, e² above 810,000 with h = 0.01, would come much later, if at all.
    """
    trace = made(of, lr, h).run()
    assert trace.noise == noise
    off = shares(trace)
    first = trace["loss"].size if noise is None else noise - 1
    assert (off[:first] < 1e-11).all()
    assert noise is None or (off[first : first + 3] > 1e-11).any()


def test_what_does_not_follow_from_the_prediction_makes_no_noise_of_a_fit() -> None:
    """Near the best fit a loss keeps the share that is of its weights: the estimates are as good as h lets them be."""
    data = Dataset("exact", {"x": (1.0, 2.0)}, (2.0, 3.0))
    weighed = loss("(pred - y)**2 + s*a**2", s=0.1)
    e = experiment("a*x + b", data, loss=weighed, lr=0.0, epochs=1, numerical=True, values={"a": 1, "b": 1})
    trace = e.run()
    assert trace["d_b"].ravel() == pytest.approx([0, 0])
    assert trace.noise is None
    assert e.run({"h": 1e-9}).noise == 1


@pytest.mark.parametrize("of", ["absolute", "huber", "logistic"])
def test_the_sheet_says_the_same(of: str, tmp_path: Path) -> None:
    """The flags beside its steps, as built and as IronCalc computes them for another h; verify says from which step."""
    e = made(of, 10, 0.01)
    lesson = Lesson("Noise", [e])
    (steps,) = compose(lesson, run_plan).lists
    flags = steps.steps_of("noise")
    path = lesson.build(tmp_path / "noise.xlsx").path
    report = verify(path)
    assert report.ok, report
    assert "noise from step 2 on, where a nudge of h changes loss by no" in report.sets[0].sheets[2].note
    model = Spreadsheet(reading.load(path))
    for h in (0.01, 1e-6, 1.0):
        row, column = steps.of.layout.cell("h")
        model.model.set_user_input(model.sheets["e"], row, column, f"{h:.7f}")
        model.recalculate()
        found = [model.value(flags.sheet, row, flags.left) for row in range(flags.top, flags.bottom + 1)]
        noise = e.run({"h": h}).noise or len(found) + 1
        assert found == [0.0] * (noise - 1) + [1.0] * (len(found) - noise + 1), h
