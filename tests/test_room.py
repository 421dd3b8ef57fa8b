"""Memory: what does not fit is said before anything is computed, and of many runs one at a time is kept."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graddesc_xl import Trace, cli, compare, run
from graddesc_xl.cli import show
from graddesc_xl.errors import SettingError
from graddesc_xl.lessons import COMPARISONS
from graddesc_xl.numbers.verdict import Verdict
from graddesc_xl.running import survey


@pytest.fixture
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with room for a megabyte of numbers."""
    monkeypatch.setattr("graddesc_xl.numbers.room.room", lambda: 1_000_000)


@pytest.mark.usefixtures("_little_room")
def test_a_run_that_has_no_room() -> None:
    """The sentence names the number of epochs that fit; these do."""
    with pytest.raises(SettingError) as refused:
        run("basic", epochs=1000)
    assert str(refused.value) == (
        "1,000 epochs would keep 0.0 GB of numbers in memory: there is room for 0.0 GB, up to 359 epochs fit."
    )
    assert len(run("basic", epochs=359).errors) == 359
    with pytest.raises(SettingError, match="up to 359 epochs fit"):
        run("basic", epochs=360)


@pytest.mark.usefixtures("_little_room")
def test_a_batch_that_has_no_room() -> None:
    """A batch of which not even one epoch fits is made smaller."""
    with pytest.raises(SettingError, match=r"10 epochs would keep .* give it less at a time"):
        run("basic", lr=[1e-4] * 1000)


@pytest.mark.usefixtures("_little_room")
def test_a_comparison_that_has_no_room() -> None:
    """A comparison's traces count together; the command keeps a few figures of each and runs them all the same."""
    with pytest.raises(SettingError, match=r"20 epochs would keep .* up to 12 epochs fit"):
        compare("learning rates", epochs=20)
    assert len(compare("learning rates", epochs=12)) == 24
    result = CliRunner().invoke(cli.app, ["run", "learning rates", "--epochs", "20"])
    assert (result.exit_code, result.stderr) == (0, "")
    refused = CliRunner().invoke(cli.app, ["run", "basic", "--epochs", "360"])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.endswith("up to 359 epochs fit.\n")


@pytest.fixture
def _no_collection() -> Iterator[None]:
    """The garbage collector at rest, as the commands have it."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collection")
def test_a_survey_keeps_no_trace() -> None:
    """Each trace is gone before the next run begins, without a collection; its figures are those of `compare`."""
    seen: list[weakref.ref[Trace]] = []

    def keep(trace: Trace) -> tuple[float, Verdict]:
        assert not any(ref() for ref in seen)
        seen.append(weakref.ref(trace))
        return show.Ended.of(trace)[1:]

    steps: list[str] = []
    found = survey("fixes", keep, {"limit": 20}, epochs=2, progress=steps.append)
    assert steps == [f"run {number} of 24" for number in range(1, 25)]
    traces = compare(COMPARISONS["fixes"], {"limit": 20}, epochs=2)
    assert repr(found) == repr({key: show.Ended.of(trace)[1:] for key, trace in traces.items()})


def test_too_little_memory_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that is gone all the same is no mistake of ours."""

    def gone(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("graddesc_xl.running.run", gone)
    result = CliRunner().invoke(cli.app, ["run", "basic"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: There is not enough memory for this: give it less at a time.\n"


def test_long_work_is_not_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no terminal, what takes long tells now and then how far it is; what is brief tells nothing."""
    monkeypatch.setattr(show, "SILENCE", 0.0)
    monkeypatch.setattr("graddesc_xl.cli.export.BLOCK", 145)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.app, ["run", "basic", "--csv", "out.csv"])
    assert result.stderr.splitlines() == [
        "Writing out.csv: 0 of 290 steps",
        "Writing out.csv: 145 of 290 steps",
    ]
