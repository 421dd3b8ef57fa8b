"""Sweeps: what single runs give, bit for bit, whoever computes them and however they are cut."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from graddesc_xl import Sweep, run, sweep
from graddesc_xl.errors import SettingError
from graddesc_xl.sweeps.workers import Processes

RATES, STARTS = np.geomspace(1e-6, 1e-1, 12), np.linspace(-3, 3, 7)


def bits(of: Sweep) -> dict[str, bytes]:
    """Every number of a sweep."""
    arrays = {"error": of.error, "kind": of.kind, "step": of.step, "times": of.times, **of.weights}
    arrays |= {n: v for n, v in (("errors", of.errors), ("validation", of.validation)) if v is not None}
    return {name: np.ascontiguousarray(values).tobytes() for name, values in arrays.items()}


@pytest.fixture(scope="module")
def whole() -> Sweep:
    """A sweep that was computed here, in one piece."""
    return sweep("basic", {"a": STARTS}, lr=RATES, epochs=3, by_epoch=True)


@pytest.fixture(params=["threads", "processes", "processes of its own"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Whoever computes."""
    kinds = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor, "processes of its own": Processes}
    with kinds[request.param](2) as made:
        yield made


def test_a_sweep_is_its_single_runs(whole: Sweep) -> None:
    """Errors, weights and verdicts of every run; its numbers of every step again."""
    assert whole.shape == (7, 12)
    for place in np.ndindex(whole.shape):
        alone = run("basic", whole.grid.at(place), epochs=3)
        assert whole.errors is not None
        assert whole.errors[place].tobytes() == alone.errors.tobytes()
        assert str(whole.verdict(*place)) == str(alone.verdict)
        assert [float(w[place]) for w in whole.weights.values()] == pytest.approx(
            [float(alone[f"new_{w}"][-1, -1]) for w in whole.weights], rel=0, abs=0, nan_ok=True
        )
        assert whole.run(*place)["err"].tobytes() == alone["err"].tobytes()


def test_whoever_computes_it(whole: Sweep, executor: Executor) -> None:
    """Threads, processes and processes of our own give the same bits."""
    made = sweep("basic", {"a": STARTS}, lr=RATES, epochs=3, by_epoch=True, executor=executor, chunk=9)
    assert bits(made) == bits(whole)


@pytest.mark.parametrize("chunk", [1, 5, 83, 84, 1000])
def test_however_it_is_cut(whole: Sweep, chunk: int) -> None:
    """One run at a time, all at once, and pieces of which the last is short."""
    made = sweep("basic", {"a": STARTS}, lr=RATES, epochs=3, by_epoch=True, chunk=chunk)
    assert bits(made) == bits(whole)


def test_numbers_are_settings_and_sequences_are_axes() -> None:
    """As `run` takes them, by name, label or in `settings`."""
    made = sweep("basic", lr=[1e-5, 1e-4], h=0.02, settings={"a": 0.5}, epochs=2)
    assert made.grid.names == ("lr",) and made.settings["h"] == 0.02 and made.settings["a"] == 0.5
    with pytest.raises(SettingError, match=r"has no setting 'lrr'. Did you mean lr"):
        sweep("basic", lrr=[1e-5], epochs=2)  # type: ignore[call-arg]
