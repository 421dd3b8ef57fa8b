"""A run as a picture: what is drawn is what the trace holds."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from graddesc_xl import data, run
from graddesc_xl.errors import SettingError

pytest.importorskip("matplotlib")
import matplotlib as mpl


@pytest.fixture(autouse=True)
def _unseen() -> Iterator[None]:
    """No window, and no picture is kept."""
    from matplotlib import pyplot as plt

    mpl.use("Agg")
    yield
    plt.close("all")


def drawn(axes: Any) -> dict[str, tuple[list[float], list[float]]]:
    """The curves of a panel by their labels."""
    return {line.get_label(): (line.get_xdata(), line.get_ydata()) for line in axes.lines}


def test_each_panel_shows_the_traces_own_numbers() -> None:
    """Errors by epoch, weights and derivative by step; the fit is the last weights' line."""
    trace = run("momentum", epochs=3)
    error, weights, derivative, fit = trace.plot().axes
    assert np.array_equal(drawn(error)["√Σe²"][1], trace.errors)
    assert np.array_equal(drawn(weights)["a"][1], trace["a"].ravel())
    assert np.array_equal(drawn(derivative)["de/da"][1], trace["d_a"].ravel())
    assert np.array_equal(drawn(derivative)["avg de/da"][1], trace["avg_a"].ravel())
    x, y = map(np.asarray, drawn(fit)["prediction, last weights"])
    assert np.allclose(y, trace["new_b"][-1, -1] + trace["new_a"][-1, -1] * x, rtol=1e-14)
    assert np.allclose(np.asarray(drawn(fit)["best line"][1]), 30 + 2 * x)


def test_named_panels_alone() -> None:
    """Only those that are asked for."""
    (axes,) = run("basic", epochs=2).plot("error").axes
    assert axes.get_xlabel() == "epoch"
    with pytest.raises(SettingError, match=r"There is no panel 'eror'\. Did you mean error"):
        run("basic", epochs=2).plot("eror")
    with pytest.raises(SettingError, match="no panel fit"):
        run("basic", epochs=2, lr=[1e-4, 1e-5]).plot("fit")


def test_a_batch_is_a_curve_for_each_run() -> None:
    """All runs, also those that explode: these leave gaps."""
    trace = run("basic", epochs=8, lr=[1e-5, 1e-4, 1e-2])
    curves = drawn(trace.plot("error").axes[0])
    assert np.array_equal(curves["√Σe², run 1"][1], trace.errors[:, 1])
    assert np.isnan(np.asarray(curves["√Σe², run 2"][1])).any()


def test_several_inputs_have_no_fit() -> None:
    """A curve needs one input."""
    from graddesc_xl import Experiment, Model

    plane = data({"u": [1, 2, 3], "v": [0, 1, 0], "y": [1, 4, 3]})
    model = Model("two", "two", ("k", "m", "n"), {"pred": "k*u + m*v + n"}, inputs=("u", "v"))
    assert len(run(Experiment("two", model=model, data=plane)).plot().axes) == 3


def test_without_matplotlib_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, not a traceback."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingError, match=r"pip install 'graddesc-xl\[plot\]'"):
        run("basic", epochs=1).plot()


def test_frames_of_a_batch_hold_all_runs() -> None:
    """A column tells them apart; one of them is as a single run's."""
    batch, single = run("basic", epochs=2, lr=[1e-5, 1e-4]), run("basic", epochs=2, lr=1e-4)
    frame, epochs = batch.frame(), batch.epoch_frame()
    assert frame["run"].tolist() == [0] * 58 + [1] * 58
    assert epochs["run"].tolist() == [0, 0, 1, 1]
    assert batch.frame(1).equals(single.frame())
    assert epochs[epochs["run"] == 1].drop(columns="run").reset_index(drop=True).equals(single.epoch_frame())
    with pytest.raises(SettingError, match=r"no run 2: a batch of 2 has runs 0 to 1"):
        batch.frame(2)
    with pytest.raises(SettingError, match="verdict is of a single run, not of a batch of 2"):
        _ = batch.verdict
