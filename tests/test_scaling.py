"""Scaled data: what a model sees, and predictions and errors in the target's own units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graddesc_xl as gx
from graddesc_xl.errors import SettingError
from graddesc_xl.language.values import Array
from graddesc_xl.verification.reading import load
from spreadsheet import Spreadsheet

RNG = np.random.default_rng(3)
SIZE, ROOMS = np.round(RNG.uniform(50, 120, 12), 1), RNG.integers(1, 5, 12).astype(float)
PRICE = np.round(20 + 2 * SIZE + 5 * ROOMS + 4 * RNG.normal(size=12), 1)


def scaled(way: str, column: Array) -> tuple[Array, float, float]:
    """The column as the model sees it, what is taken off, what it is divided by: plain NumPy."""
    off, by = (column.mean(), column.std()) if way == "z-score" else (column.min(), float(np.ptp(column)))
    return (column - off) / by, float(off), float(by)


def by_hand(way: str, price: Array, epochs: int) -> tuple[list[float], float]:
    """√Σe² by epoch in the target's units, and the last prediction: a loop of its own."""
    (u, _, _), (v, _, _), (y, off, by) = (scaled(way, column) for column in (SIZE, ROOMS, price))
    w, errors, pred = np.zeros(3), [], 0.0
    for _ in range(epochs):
        squares = 0.0
        for k in range(len(y)):
            x = np.array([u[k], v[k], 1.0])
            pred = float(w @ x)
            squares += ((pred - y[k]) * by) ** 2
            w = w - 0.05 * 2 * (pred - y[k]) * x
        errors.append(float(np.sqrt(squares)))
    return errors, pred * by + off


def experiment(way: str) -> gx.Experiment:
    """A plane over two inputs, scaled."""
    samples = gx.data({"size": SIZE, "rooms": ROOMS, "price": PRICE}, target="price", scale=way)
    return gx.experiment("a*size + b*rooms + c", samples, lr=0.05, epochs=4, start=0, name="plane")


@pytest.mark.parametrize("way", ["z-score", "min-max"])
def test_errors_and_predictions_are_in_the_targets_units(way: str) -> None:
    """The engine does what a loop by hand does."""
    trace = experiment(way).run()
    errors, last = by_hand(way, PRICE, 4)
    assert np.allclose(trace.errors, errors, rtol=1e-12)
    assert np.isclose(trace["pred_price"][-1, -1], last, rtol=1e-12)


@pytest.mark.parametrize("way", ["z-score", "min-max"])
def test_scales_are_live_cells(way: str, tmp_path: Path, soffice: str, ssconvert: str) -> None:
    """A sample typed over moves mean and spread, and every step follows; in three programs."""
    path = gx.Lesson("Scaled", [experiment(way)]).build(tmp_path / "scaled.xlsx").path
    assert gx.verify(path, libreoffice=soffice, gnumeric=ssconvert).ok
    book = Spreadsheet(load(path))
    book.type_number("data", 5, 4, 300.0)
    book.recalculate()
    errors, _ = by_hand(way, np.array([300.0, *PRICE[1:]]), 4)
    top, left = next(at for at, value in book.held.cells["plane"].items() if value == "epoch")
    place = next(c for c in range(left, left + 9) if book.value("plane", top, c) == "√Σe²")
    assert np.allclose([book.value("plane", top + 1 + k, place) for k in range(4)], errors, rtol=1e-11)


def test_classes_are_not_scaled() -> None:
    """The logistic loss wants them as they are."""
    samples = gx.data({"x": [1, 2, 3, 4], "y": [0, 1, 0, 1]}, scale="z-score")
    e = gx.experiment("sigmoid(a*x + b)", samples, loss="logistic", epochs=1)
    names = [column.name for column in e.plan.columns]
    assert "x_scaled" in names
    assert "y_scaled" not in names


def test_what_cannot_be_scaled_is_a_sentence() -> None:
    """A column that never changes, a way that does not exist, two scales at once."""
    with pytest.raises(SettingError, match="Every rooms of yours is 2, so it cannot be scaled by z-score"):
        gx.data({"size": [1, 2], "rooms": [2, 2], "price": [3, 4]}, scale="z-score")
    with pytest.raises(SettingError, match=r"cannot be scaled by 'zscore'\. Did you mean z-score"):
        gx.data({"size": [1, 2], "price": [3, 4]}, scale="zscore")
    twice = gx.data({"x": [1, 2], "y": [3, 4]}, scale="min-max")
    with pytest.raises(SettingError, match="is scaled by min-max already"):
        gx.Experiment("twice", model="one_neuron", data=twice, scaled=("x",))  # type: ignore[arg-type]  # a name is taken
