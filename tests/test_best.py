"""The best of many runs: what a search finds, held against brute force, closed forms and single runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import graddesc_xl as gx
from graddesc_xl.numbers import held_still
from test_validation import by_hand, samples

__all__ = ["samples"]


@pytest.mark.parametrize("scale", ["", "z-score"])
@pytest.mark.parametrize("model", ["c*tanh(a*size + b) + d", "a*size + b", "c*relu(a*size + b) + d"])
def test_a_sweep_validates_each_run_as_the_run_itself(model: str, scale: str, samples: gx.Dataset) -> None:
    """The error of samples that are held out is that of the single run, to the last bit, be it a number or none."""
    e = gx.experiment(model, replace(samples, scale=scale), epochs=3)
    swept = e.sweep(lr=np.geomspace(1e-3, 1e3, 40), a=[-1.0, 0.3, 2.0])
    assert swept.validation is not None
    assert samples.held_out
    for place in np.ndindex(swept.shape):
        single = held_still.error(swept.run(*place), samples.held_out)
        np.testing.assert_equal(float(swept.validation[place]), single)
    assert not np.isfinite(swept.validation).all()
    assert swept.frame()["validation"].tolist()[:3] == swept.validation[0].tolist()


def test_a_sweep_validates_as_a_loop_by_hand(samples: gx.Dataset) -> None:
    """The same of a network, by plain NumPy apart from the package; in pieces as at once."""
    rates = [0.001, 0.01, 0.05]
    swept = gx.experiment("c*tanh(a*size + b) + d", samples, epochs=4).sweep(lr=rates)
    assert swept.validation is not None
    np.testing.assert_allclose(swept.validation, [by_hand(samples, 4, lr)[-1] for lr in rates], rtol=1e-12)


def test_many_runs_are_validated_in_pieces(samples: gx.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few are predicted at a time, the numbers stay."""
    e = gx.experiment("a*size + b", samples, epochs=2)
    at_once = e.sweep(lr=np.geomspace(1e-3, 1e-1, 7)).validation
    monkeypatch.setattr(held_still, "AT_ONCE", 20)
    np.testing.assert_array_equal(e.sweep(lr=np.geomspace(1e-3, 1e-1, 7)).validation, at_once)
