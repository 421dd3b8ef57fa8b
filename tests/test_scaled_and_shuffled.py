"""Sheets about runs whose samples are scaled, or seen in another order in each epoch, against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graddesc_xl import Dataset, Experiment, Kind, Lesson, build, data, experiment, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.sheets import Derivatives, Landscape, LongRun, Of, OneStep
from graddesc_xl.sheets.landscape_map import LEFT, TOP, TYPED, UP
from graddesc_xl.sheets.one_step import HEAD, INPUTS, SAME, TITLED, VALUE
from graddesc_xl.verification import reading
from spreadsheet import Spreadsheet, below

SIZES, PRICES = [50.0, 80.0, 120.0, 65.0, 100.0, 40.0], [110.0, 150.0, 260.0, 140.0, 210.0, 90.0]
N, EPOCHS = 7, 3


def houses(scale: str = "") -> Dataset:
    """Houses, scaled or not."""
    return data({"size": SIZES, "price": PRICES}, target="price", name=f"houses {scale}".strip(), scale=scale)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of such runs with sheets about each."""
    parts: list[Experiment | Kind] = []
    for scale in ("z-score", "min-max"):
        e = experiment("a*size + b", houses(scale), lr=0.1, epochs=EPOCHS, name=scale)
        parts += [e, Landscape(f"{scale} map", "Where to?", (scale,), ("b", "a"), cells=N)]
    turned = experiment("a*size + b", houses(), lr=1e-5, epochs=EPOCHS, name="turned", shuffled=True, batch=2)
    parts += [turned, OneStep("by hand", "A step", "turned"), Derivatives("nudged", "Smaller", "turned")]
    parts += [LongRun("long", (Of("turned"),), epochs=20)]
    return build(Lesson("Others", parts), tmp_path_factory.mktemp("others")).path


@pytest.fixture(scope="module")
def book(path: Path) -> Spreadsheet:
    """The same as IronCalc computes it."""
    opened = Spreadsheet(reading.load(path))
    opened.recalculate()
    return opened


def test_it_verifies(path: Path) -> None:
    """Every cell, from the file alone."""
    assert verify(path).ok


@pytest.mark.parametrize("scale", ["z-score", "min-max"])
def test_a_landscape_of_scaled_samples_is_numpys(book: Spreadsheet, scale: str) -> None:
    """Errors are in the target's units, weights those of the scaled samples; the cells that scale are named."""
    x, y = np.array(SIZES), np.array(PRICES)
    off, by = (y.mean(), y.std()) if scale == "z-score" else (y.min(), np.ptp(y))
    seen = (x - x.mean()) / x.std() if scale == "z-score" else (x - x.min()) / np.ptp(x)
    sheet = f"{scale} map"
    for i in range(N):
        for j in range(N):
            b, a = book.value(sheet, TOP + N + 1, LEFT + j), book.value(sheet, TOP + i, UP)
            wanted = np.sqrt(((y - ((a * seen + b) * by + off)) ** 2).sum())
            assert book.value(sheet, TOP + i, LEFT + j) == pytest.approx(np.log10(wanted), rel=1e-12)
    labels = {book.value(sheet, row, TYPED - 1): book.value(sheet, row, TYPED) for row in range(TOP, TOP + 20)}
    assert labels["mean price" if scale == "z-score" else "min price"] == pytest.approx(off)


def test_a_step_by_hand_has_the_sample_of_its_turn(book: Spreadsheet) -> None:
    """Any step of any epoch: its sample is the one NumPy saw, and every line is what the sheet has."""
    trace = experiment("a*size + b", houses(), lr=1e-5, epochs=EPOCHS, shuffled=True, batch=2).run()
    assert len({*trace.plan.orders}) == EPOCHS
    typed = book.copy()
    for step in range(1, EPOCHS * len(SIZES) + 1):
        typed.type_number("by hand", INPUTS, VALUE, step)
        typed.type_number("nudged", 4, 2, step)
        typed.recalculate()
        epoch, turn = divmod(step - 1, len(SIZES))
        sample = trace.plan.orders[epoch][turn]
        assert f"Step {step}: sample {sample + 1} of 6, epoch {epoch + 1}." == typed.value("by hand", INPUTS + 1, 1)
        lines = {typed.value("by hand", row, TITLED): row for row in range(HEAD + 1, HEAD + 40)}
        assert typed.value("by hand", lines["size"], VALUE) == SIZES[sample]
        assert typed.value("by hand", lines["err²"], VALUE) == pytest.approx(trace["err"][epoch, turn], rel=1e-12)
        assert "no" not in [typed.value("by hand", row, SAME) for row in lines.values()]
        assert [*below(typed, "nudged", "price").values()] == [PRICES[sample]]


def test_a_long_run_goes_on_in_orders_of_its_own(book: Spreadsheet) -> None:
    """The errors of twenty epochs are those of a run of as many; the steps are not live, as samples change places."""
    trace = experiment("a*size + b", houses(), lr=1e-5, epochs=20, shuffled=True, batch=2).run()
    told = below(book, "long", "turned")
    epochs = [int(book.value("long", row, 1)) for row in told]
    assert epochs[-1] == 20
    assert [*told.values()] == pytest.approx([trace.errors[epoch - 1] for epoch in epochs], rel=1e-12)


@pytest.mark.parametrize("lr", [5e-4, 2e-3, 1e-2])
def test_a_run_that_explodes_does_not_set_the_window(tmp_path: Path, lr: float) -> None:
    """One that does not is seen whole; where all explode, there is a window all the same."""
    rich = data({"size": SIZES, "price": [price * 1e3 for price in PRICES]}, target="price", name="rich")
    calm = experiment("a*size + b", rich, lr=1e-5, epochs=EPOCHS, name="calm")
    wild = calm.with_(name="wild", lr=lr)
    assert wild.run().verdict.kind == "exploded"
    both = Landscape("both", "Where to?", ("calm", "wild"), ("b", "a"), cells=N)
    alone = Landscape("alone", "Where to?", ("wild",), ("b", "a"), cells=N)
    opened = reading.load(build(Lesson("Wild", [calm, wild, both, alone]), tmp_path).path)
    seen = calm.run()["b"]
    low, high = (float(opened.value("both", row, TYPED)) for row in (TOP + 2, TOP + 3))
    assert low < seen.min() and seen.max() < high


def test_a_window_that_no_cell_takes_names_its_sheet(tmp_path: Path) -> None:
    """Which sheet it is of, and what it may be."""
    calm = experiment("a*size + b", houses(), lr=1e-5, epochs=EPOCHS, name="calm")
    far = Landscape("far", "Where to?", ("calm",), ("b", "a"), cells=N, window={"b": (-1e13, 1.0)})
    with pytest.raises(SettingError, match=r"The sheet far: b_from=-10000000000000.0 is out of range: it must be"):
        build(Lesson("Far", [calm, far]), tmp_path)
