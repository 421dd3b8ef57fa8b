"""Sweeps: what single runs give, bit for bit, whoever computes them and however they are cut."""

from __future__ import annotations

import math
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import graddesc_xl as gx
from bits import same_bits
from graddesc_xl import EXPERIMENTS, Sweep, cli, run, sweep
from graddesc_xl.errors import GraddescError, GraddescWarning, SettingError, SweepError
from graddesc_xl.experiments import GRADIENTS, Experiment
from graddesc_xl.lessons import recipe
from graddesc_xl.parts.losses import LOSSES
from graddesc_xl.parts.models import MODELS
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.parts.schedules import SCHEDULES
from graddesc_xl.parts.writing import needed, optimizer
from graddesc_xl.settings import resolve
from graddesc_xl.sweeps import axis, kept, saving, sweeping, workers
from graddesc_xl.sweeps.chunks import Work
from graddesc_xl.sweeps.workers import Processes
from test_fuzz_own import EQUATIONS

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


def swept(**how: Any) -> Sweep:
    """The same sweep, computed in another way."""
    return sweep("basic", {"a": STARTS}, lr=RATES, epochs=3, by_epoch=True, **how)


def test_whoever_computes_it(whole: Sweep, executor: Executor) -> None:
    """Threads, processes and processes of our own give the same bits."""
    assert bits(swept(executor=executor, chunk=9)) == bits(whole)


@pytest.mark.parametrize("chunk", [1, 5, 83, 84, 1000])
def test_however_it_is_cut(whole: Sweep, chunk: int) -> None:
    """One run at a time, all at once, and pieces of which the last is short."""
    assert bits(swept(chunk=chunk)) == bits(whole)


MODELS_OF_ANY_KIND = (*MODELS, "c*relu(a*x + b) + d", "where(x > m, a*x, b*x + c)", "k*exp(-(x - m)**2/s) + b")
UPDATES = (*OPTIMIZERS, *EQUATIONS)
VALUES = st.floats(-3, 3).map(lambda value: round(value, 3))


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Any model, loss and optimizer, shipped or a text, trained in any way on a few samples."""
    count = draw(st.integers(2, 5))
    numbers = st.lists(VALUES, min_size=count, max_size=count)
    how: dict[str, Any] = {
        "optimizer": draw(st.sampled_from(UPDATES)),
        "loss": draw(st.sampled_from(sorted(LOSSES))),
        "schedule": draw(st.sampled_from(sorted(SCHEDULES))),
        "batch": draw(st.sampled_from([1, 2, "all"])),
        "epochs": draw(st.integers(1, 4)),
        "lr": draw(st.sampled_from([1e-4, 0.05, 2.0])),
        "seed": draw(st.integers(1, 9)),
        "shuffled": draw(st.booleans()),
        "start": draw(st.sampled_from(["given", "normal", 0.5])),
    }
    if " " in how["optimizer"]:
        text = how["optimizer"]
        numbers_of: Any = dict.fromkeys(needed(text), 0.9)
        how["optimizer"] = optimizer(text, **numbers_of)
    xs = draw(numbers.filter(lambda xs: len({*xs}) > 1))
    text, ys = draw(st.sampled_from(MODELS_OF_ANY_KIND)), draw(numbers)
    if how["loss"] == "logistic":
        text, ys = "sigmoid(a*x + b)", [float(y > 0) for y in ys]
    how["gradient"] = draw(st.sampled_from(GRADIENTS))
    discarded = draw(st.sampled_from([None, 0, 2]))
    try:
        made = replace(gx.experiment(text, gx.dataset(xs, ys), **how), discarded=discarded)
        assert made.plan
    except GraddescError:
        reject()
    return made


@settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
@given(experiments(), st.data())
def test_any_sweep_is_its_single_runs(e: Experiment, data: st.DataObject) -> None:
    """Random models, optimizers, losses, grids and pieces, here or in threads: every run is what it is alone."""
    names = data.draw(st.lists(st.sampled_from([i.name for i in e.plan.inputs]), min_size=1, max_size=3, unique=True))
    over = {}
    for name in names:
        of = next(i for i in e.plan.inputs if i.name == name)
        inside = st.sampled_from([*of.choices]) if of.choices else st.floats(max(of.low, -9), min(of.high, 9))
        over[name] = data.draw(st.lists(inside, min_size=1, max_size=4))
    runs = math.prod(map(len, over.values()))
    how: dict[str, Any] = {"chunk": data.draw(st.integers(1, runs))}
    with ThreadPoolExecutor(2) as threads:
        if data.draw(st.booleans()):
            how["executor"] = threads
        made = e.sweep(over, by_epoch=True, **how)
    assert made.errors is not None
    for place in np.ndindex(made.shape):
        alone = e.run(made.grid.at(place))
        told = (over, place, made.errors[place], alone.errors)
        assert same_bits(made.errors[place], alone.errors), told
        assert made.verdict(*place) == alone.verdict, told
        for weight, values in made.weights.items():
            assert same_bits(values[place], alone[alone.plan.new(weight)][-1, -1]), (weight, *told)


def test_workers_see_nothing_of_the_script_that_runs(tmp_path: Path) -> None:
    """A script without a guard, as people write them: its processes do not run it again."""
    script = tmp_path / "script.py"
    text = "import numpy as np; from graddesc_xl import sweep; print('once', flush=True)\n"
    script.write_text(text + "print(sweep('basic', lr=np.geomspace(1e-6, 1e-1, 40), epochs=2, workers=2, chunk=9))\n")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert (done.stdout.count("once"), done.stderr) == (1, "")
    assert "40 runs" in done.stdout


def test_what_takes_long_is_given_to_processes(whole: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    """If nobody says who computes: this process, and when that turns out to take long, others."""
    monkeypatch.setattr(sweeping, "cores", lambda: 2)
    chunks = computed(monkeypatch)
    assert bits(swept(chunk=9)) == bits(whole)
    assert len(chunks) == 10
    chunks.clear()
    monkeypatch.setattr(sweeping, "TRIED", 0.0)
    monkeypatch.setattr(sweeping, "WORTH", 0.0)
    children: list[int] = []
    assert bits(swept(chunk=9, progress=lambda _: children.append(len(multiprocessing.active_children())))) == bits(
        whole
    )
    assert chunks == [(0, 9)] and max(children) == 2
    chunks.clear()
    monkeypatch.setattr(sweeping, "alone", lambda: True)
    assert bits(swept(chunk=9)) == bits(whole) and len(chunks) == 10


def test_there_are_never_more_workers_than_cores(whole: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are asked for."""
    monkeypatch.setattr(sweeping, "cores", lambda: 2)
    children: list[int] = []
    assert bits(
        swept(workers=64, chunk=9, progress=lambda _: children.append(len(multiprocessing.active_children())))
    ) == bits(whole)
    assert max(children) == 2


# Workers that die


class Counted(Executor):
    """An executor that counts what it is given."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.given: Counter[tuple[int, int]] = Counter()

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Hand on a chunk."""
        future = self.executor.submit(call, *args, **named)
        self.given[args[1:]] += 1
        return future


def killing(after: int) -> Callable[[str], None]:
    """A progress that kills a process that computes, once, when so many chunks are done."""
    seen = []

    def progress(_: str) -> None:
        seen.append(1)
        if len(seen) == after:
            os.kill(min(child.pid or 0 for child in multiprocessing.active_children()), signal.SIGKILL)

    return progress


def test_a_worker_that_is_killed_loses_its_chunk_alone(whole: Sweep) -> None:
    """Its chunk is done again, nothing else is, and the result is the same."""
    with Processes(2) as processes:
        counted = Counted(processes)
        made = swept(executor=counted, chunk=5, progress=killing(after=3))
    assert bits(made) == bits(whole)
    assert sorted(counted.given.values()) == [1] * 16 + [2]


def test_a_pool_that_breaks_is_replaced(whole: Sweep) -> None:
    """One that takes no more work after a process of it died: the rest is done all the same, and that is said."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        counted = Counted(pool)
        with pytest.warns(GraddescWarning, match="takes no more work .* computed in"):
            made = swept(executor=counted, chunk=5, progress=killing(after=3))
    assert bits(made) == bits(whole)
    assert {*counted.given.values()} == {1}


class Deadly(Executor):
    """An executor whose processes die of one chunk."""

    def __init__(self, processes: Processes, chunk: int) -> None:
        self.processes = processes
        self.chunk = chunk

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Hand on a chunk, or die of it."""
        if args[1] == self.chunk:
            return self.processes.submit(os._exit, 9)
        return self.processes.submit(call, *args, **named)


def test_a_chunk_that_kills_whoever_computes_it_is_given_up() -> None:
    """After a few times, in a sentence that names its runs."""
    said = r"Runs 21 to 25 were lost 3 times with the process that computed them \(a process ended with 9\)"
    with Processes(2) as processes, pytest.raises(SweepError, match=said):
        swept(executor=Deadly(processes, 20), chunk=5)


def test_no_process_is_left() -> None:
    """Neither when a sweep ends nor when it is interrupted."""
    swept(workers=2)
    with pytest.raises(KeyboardInterrupt):
        swept(workers=2, chunk=5, progress=stopping(after=2))
    assert not multiprocessing.active_children()


def test_processes_end_whatever_they_are_at() -> None:
    """One that computes for long does not hold up an interrupt."""
    began = time.monotonic()
    with Processes(1) as processes:
        future = processes.submit(time.sleep, 60)
        while not multiprocessing.active_children():
            time.sleep(0.01)
    assert time.monotonic() - began < 30 and not multiprocessing.active_children()
    assert isinstance(future.exception(), BrokenExecutor)


# Interrupted, and gone on with


def stopping(after: int) -> Callable[[str], None]:
    """A progress that is interrupted when so many chunks are done."""
    seen = []

    def progress(_: str) -> None:
        seen.append(1)
        if len(seen) == after:
            raise KeyboardInterrupt

    return progress


def interrupted(folder: Path, after: int, **how: Any) -> None:
    """Begin a sweep and leave it."""
    with pytest.raises(KeyboardInterrupt):
        swept(resume=folder, chunk=5, progress=stopping(after), **how)


def computed(patch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The chunks that this process computes from now on."""
    chunks: list[tuple[int, int]] = []
    real = Work.outcomes

    def outcomes(self: Work, start: int, stop: int) -> dict[str, Any]:
        chunks.append((start, stop))
        return real(self, start, stop)

    patch.setattr(Work, "outcomes", outcomes)
    return chunks


@pytest.mark.parametrize("processes", [1, 2])
def test_what_was_done_is_not_done_again(
    whole: Sweep, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted here or in processes, gone on with in other pieces; the third time there is nothing to do."""
    interrupted(tmp_path, 7, workers=processes)
    assert kept.runs(tmp_path) == 35
    chunks = computed(monkeypatch)
    said: list[str] = []
    assert bits(swept(resume=tmp_path, chunk=8, progress=said.append)) == bits(whole)
    assert sum(stop - start for start, stop in chunks) == 84 - 35
    assert "84 of 84 runs are done (35 of them were)" in said[-1]
    chunks.clear()
    assert bits(swept(resume=tmp_path)) == bits(whole) and not chunks


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 4},
        {"lr": RATES * 2},
        {"h": 0.02},
        {"by_epoch": False},
        {"what": "momentum"},
        {"data": EXPERIMENTS["basic"].data.__class__("graddesc", {"x": (1.0, 2.0)}, (1.0, 3.0))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_sweep_is_never_mixed_in(
    change: dict[str, Any], whole: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other epochs, values, settings, plans, samples: their chunks stay where they are, and none is used."""
    chunks = computed(monkeypatch)
    given: dict[str, Any] = {"lr": RATES, "epochs": 3, "by_epoch": True} | change
    with pytest.warns(GraddescWarning, match="keeps chunks of another sweep and none of this one"):
        interrupted(tmp_path, 7)
        chunks.clear()
        sweep(given.pop("what", "basic"), {"a": STARTS}, **given, resume=tmp_path)
    assert sum(stop - start for start, stop in chunks) == 84
    chunks.clear()
    assert bits(swept(resume=tmp_path)) == bits(whole)
    assert sum(stop - start for start, stop in chunks) == 84 - 35


def test_chunks_that_overlap_are_read_once(whole: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As two sweeps at once may leave them, cut in different ways: the first of two is taken, the rest is done."""
    e = replace(EXPERIMENTS["basic"], epochs=3)
    work = Work(e.plan, e.data, whole.grid, resolve(e.plan, {}), by_epoch=True)
    folder = kept.Kept(tmp_path, work)
    for runs in ((3, 8), (0, 5), (8, 20), (15, 30), (60, 84)):
        folder.keep(*runs, work.outcomes(*runs))
    chunks = computed(monkeypatch)
    assert bits(swept(resume=tmp_path)) == bits(whole)
    assert sum(stop - start for start, stop in chunks) == 84 - 5 - 12 - 24


def shortened(content: bytes) -> bytes:
    """Half of a file."""
    return content[: len(content) // 2]


def turned(content: bytes) -> bytes:
    """A file with one bit changed, of a number."""
    place = content.index(b"error.npy") + 150
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("harm", [shortened, turned, lambda _: b"", lambda _: b"text"])
def test_a_damaged_chunk_is_done_again(
    harm: Callable[[bytes], bytes], whole: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And said; the others are not."""
    interrupted(tmp_path, 7)
    victim = sorted(tmp_path.iterdir())[2]
    victim.write_bytes(harm(victim.read_bytes()))
    chunks = computed(monkeypatch)
    with pytest.warns(GraddescWarning, match="is damaged: its 5 runs are done again"):
        made = swept(resume=tmp_path)
    assert bits(made) == bits(whole)
    assert sum(stop - start for start, stop in chunks) == 84 - 30


def test_chunks_stand_beside_a_file(tmp_path: Path) -> None:
    """Where a file is named, they are in a folder of its name."""
    swept(resume=tmp_path / "map.csv", chunk=50)
    assert [path.name for path in tmp_path.iterdir()] == ["map.csv.parts"]
    kept.clear(tmp_path / "map.csv.parts")
    assert not [*tmp_path.iterdir()]


def test_a_sweep_is_known_in_every_process() -> None:
    """Which it is does not depend on how texts are hashed there."""
    text = (
        "from graddesc_xl import EXPERIMENTS; from graddesc_xl.sweeps import kept, chunks, Grid, Axis; import numpy\n"
        "grid = Grid((Axis('lr', numpy.array([1e-3, 1e-2])),))\n"
        "for e in EXPERIMENTS.values(): print(kept.digest(chunks.Work(e.plan, e.data, grid, {}, False)))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", text], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "12"
    ]
    assert said[0] == said[1]
    assert len({*said[0].split()}) == len(EXPERIMENTS)


# A cluster


def free() -> int:
    """A port where nothing answers."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port


def local(number: int, **how: Any) -> Any:
    """A Dask cluster of so many workers over loopback."""
    distributed = pytest.importorskip("distributed")
    place = {"host": "127.0.0.1", "dashboard_address": ":0", "protocol": "tcp://"}
    return distributed.LocalCluster(n_workers=number, threads_per_worker=1, **place, **how)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Any]:
    """One of two processes, which gives up a chunk as soon as a worker dies of it."""
    dask = pytest.importorskip("dask")
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), local(2) as made:
        yield made


def pids(scheduler: Any) -> list[int]:
    """The processes of its workers."""
    with import_module("distributed").Client(scheduler.scheduler_address, set_as_default=False) as client:
        return sorted(client.run(os.getpid).values())


def test_on_a_cluster(whole: Sweep, scheduler: Any) -> None:
    """By its address, and as an executor."""
    assert bits(swept(dask=scheduler.scheduler_address, chunk=9)) == bits(whole)
    with import_module("distributed").Client(scheduler.scheduler_address, set_as_default=False) as client:
        assert bits(swept(executor=client.get_executor(pure=False), chunk=9)) == bits(whole)


def test_a_worker_of_a_cluster_that_is_killed_loses_what_it_has(whole: Sweep, scheduler: Any) -> None:
    """What it has is done again; that Dask gives it up at once is no reason to."""
    victim = pids(scheduler)[0]
    seen = []

    def progress(_: str) -> None:
        seen.append(1)
        if len(seen) == 3:
            os.kill(victim, signal.SIGKILL)

    made = swept(dask=scheduler.scheduler_address, chunk=3, progress=progress)
    assert bits(made) == bits(whole)
    assert len(seen) == 28 and victim not in pids(scheduler)


def test_a_scheduler_that_is_lost_is_a_sentence(tmp_path: Path) -> None:
    """In the middle of a sweep; what was done is kept."""
    with local(1, processes=False) as made:
        seen = []

        def progress(_: str) -> None:
            seen.append(1)
            if len(seen) == 2:
                made.close()

        with pytest.raises(SweepError, match=f"The scheduler at {made.scheduler_address} is gone"):
            swept(dask=made.scheduler_address, chunk=5, resume=tmp_path, progress=progress)
    assert kept.runs(tmp_path) >= 10


def test_a_scheduler_that_does_not_answer_is_a_sentence_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within seconds, before anything is computed; so is what is no address, and what is no scheduler."""
    pytest.importorskip("distributed")
    chunks = computed(monkeypatch)
    began = time.monotonic()
    with pytest.raises(SweepError, match=rf"No Dask scheduler answers at 'tcp://127.0.0.1:{(port := free())}'"):
        swept(dask=f"tcp://127.0.0.1:{port}")
    with pytest.raises(SweepError, match="No Dask scheduler answers at 'nonsense'"):
        swept(dask="nonsense")
    assert time.monotonic() - began < 15 and not chunks


def test_a_scheduler_without_workers_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """None come within seconds."""
    monkeypatch.setattr(workers, "PATIENCE", 1.0)
    with (
        local(0) as made,
        pytest.raises(SweepError, match="has no workers: start one with dask worker tcp"),
    ):
        swept(dask=made.scheduler_address)


def test_workers_must_have_this_package(scheduler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of it may compute something else."""
    monkeypatch.setattr(workers, "__version__", "9.9")
    with pytest.raises(SweepError, match=r"must have graddesc-xl 9.9, as here: tcp://.* has "):
        swept(dask=scheduler.scheduler_address)


def test_without_dask_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for everything that is an extra."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingError, match=r"needs Dask: pip install 'graddesc-xl\[dask\]'"):
        swept(dask="tcp://127.0.0.1:8786")


# What cannot work is said before anything is computed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr", "says no range"),
        ("=1..2", "says no range"),
        ("lr=", "says no range"),
        ("lr=1..1", "the range is empty"),
        ("lr=2..1", "the range is reversed"),
        ("lr=0..1:log", "0 has no logarithm"),
        ("lr=-1..1:log:5", "-1 has no logarithm"),
        ("lr=1..2:1", "'1' is no number of values"),
        ("lr=1..2:x", "'x' is no number of values"),
        ("lr=1..2:", "'' is no number of values"),
        ("lr=1..2:-5", "'-5' is no number of values"),
        ("lr=1..2:1.5", "'1.5' is no number of values"),
        ("lr=1..2:lin:5", "is no range"),
        ("lr=a..2", "'a' is no number"),
        ("lr=1..nan", "'nan' is no number"),
        ("lr=1..1e999", "'1e999' is no number"),
        ("lr=1,,2", "'' is no number"),
        ("lr=1..2:1000000000000", "there is no room for 1000000000000 values, only for"),
        (f"lr=1..2:{'9' * 5000}", "there is no room for 9999999999...9999999999 values"),
    ],
)
def test_a_range_that_is_none(text: str, said: str) -> None:
    """A sentence that says how one is written."""
    with pytest.raises(SettingError, match=re.escape(said)):
        axis(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("lr=1e-3..1e-1:log:3", [0.001, 0.01, 0.1]),
        (" lr = 1 .. 2 : 3 ", [1, 1.5, 2]),
        ("lr=.5...7:3", [0.5, 0.6, 0.7]),
        ("lr=-3..-1:3", [-3, -2, -1]),
        ("lr=0.1,0.2,-5e-1", [0.1, 0.2, -0.5]),
        ("lr=7", [7]),
    ],
)
def test_a_range_as_it_is_typed(text: str, values: list[float]) -> None:
    """Its ends are values, exactly; numbers may have any form."""
    made = axis(text)
    assert (made.name, made.values.tolist()) == ("lr", values)


untyped: Any = sweep


def many(count: int) -> Any:
    """So many values, in no memory."""
    return np.broadcast_to(1e-3, count)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: untyped("basic"), "A sweep needs at least one input to sweep over"),
        (lambda: untyped("basic", {"a": []}), "a is an empty sequence"),
        (lambda: untyped("basic", {"a": 1.0}), "a is swept over a sequence of numbers, not 1.0: give one number"),
        (lambda: untyped("basic", {"a": [[1.0], [2.0]]}), "give its values in one row"),
        (lambda: untyped("basic", {"a": ["x"]}), "a must be a number"),
        (lambda: untyped("basic", {"a": [float("nan")]}), "out of range"),
        (lambda: untyped("basic", {"lr": [-1.0]}), "lr=[-1.0] is out of range: it must be from 0"),
        (lambda: untyped("basic", {"A": [1.0]}), "has no setting 'A'. Did you mean a?"),
        (lambda: untyped("basic", {"a": [1.0]}, a=[2.0]), "a is swept over twice"),
        (lambda: untyped("basic", {"a": [1.0]}, {"a": 2.0}), "a is swept over and set, too"),
        (lambda: untyped("basic", {"a": [1.0]}, {"h": [0.1, 0.2]}), "h is a sequence: sweep over it"),
        (lambda: untyped("basic", {"a": [1.0]}, {"lrr": 0.1}), "has no setting 'lrr'"),
        (lambda: untyped("basic", 5), "not 5"),
        (lambda: untyped("basic", "lr=1..2"), "not 'lr=1..2'"),
        (lambda: untyped("basic", [1.0, 2.0]), "1.0 is no axis"),
        (lambda: untyped("bacis", lr=[1.0]), "Did you mean basic?"),
        (lambda: swept(workers=0), "workers must be a whole number from 1, not 0"),
        (lambda: swept(workers=1.5), "workers must be a whole number from 1, not 1.5"),
        (lambda: swept(chunk=0), "chunk must be 1 or more, not 0"),
        (lambda: swept(workers=2, dask="tcp://x:1"), "workers and dask both say who computes"),
        (lambda: swept(executor="threads"), "executor must be one as those of concurrent.futures, not 'threads'"),
        (lambda: untyped("basic", {"a": many(10**5), "b": many(10**5)}, lr=many(10**5)), "100,000 of lr) would keep"),
    ],
)
def test_what_cannot_work_is_a_sentence(call: Callable[[], Sweep], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is computed."""
    chunks = computed(monkeypatch)
    with pytest.raises(SettingError, match=re.escape(said)):
        call()
    assert not chunks


def test_too_many_runs_are_told_what_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many runs do fit, one more does not; without the errors by epoch more do."""
    monkeypatch.setattr(sweeping, "room", lambda: 84 * 8 * 10 - 1)
    with pytest.raises(SettingError, match=r"84 runs \(7 of a × 12 of lr\).* room for (\d+) runs") as refused:
        swept()
    fitting = int(re.search(r"room for (\d+) runs", str(refused.value))[1])  # type: ignore[index]  # it matches
    assert "leave out the errors by epoch" in str(refused.value)
    sweep("basic", lr=np.full(fitting, 1e-3), epochs=3, by_epoch=True)
    with pytest.raises(SettingError):
        sweep("basic", lr=np.full(fitting + 1, 1e-3), epochs=3, by_epoch=True)


def test_numbers_are_settings_and_sequences_are_axes() -> None:
    """As `run` takes them, by name, label or in `settings`."""
    made = sweep("basic", lr=[1e-5, 1e-4], h=0.02, settings={"a": 0.5}, epochs=2)
    assert made.grid.names == ("lr",) and made.settings["h"] == 0.02 and made.settings["a"] == 0.5
    with pytest.raises(SettingError, match=r"has no setting 'lrr'. Did you mean lr"):
        sweep("basic", lrr=[1e-5], epochs=2)  # type: ignore[call-arg]


# Files


def read(path: Path) -> dict[str, Any]:
    """What `numpy` reads of a file of arrays."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def test_files_hold_every_number(whole: Sweep, tmp_path: Path) -> None:
    """A table as CSV and as Parquet, arrays: read back they are equal to the last bit, error cells as well."""
    pytest.importorskip("pyarrow")
    alternating = np.arange(84).reshape(whole.shape) % 2 == 1
    holed = replace(whole, error=np.where(np.isinf(whole.error) & alternating, np.nan, whole.error))
    for suffix in ("csv", "parquet", "npz"):
        holed.save(tmp_path / f"map.{suffix}")
    frame = holed.frame()
    tables = {"csv": pd.read_csv(tmp_path / "map.csv"), "parquet": pd.read_parquet(tmp_path / "map.parquet")}
    for table in tables.values():
        assert [*table] == [*frame] and len(table) == 84
        assert table["verdict"].tolist() == whole.verdicts.ravel().tolist()
        for name in (*frame.columns.drop("verdict"),):
            assert same_bits(table[name].to_numpy(float), frame[name].to_numpy(float)), name
    arrays = read(tmp_path / "map.npz")
    assert np.isinf(arrays["error"]).any() and np.isnan(arrays["error"]).any()
    assert arrays["over_lr"].tolist() == whole.grid.axes[1].values.tolist()
    assert arrays["kinds"][arrays["kind"]].tolist() == whole.verdicts.tolist()
    for name, values in (("error", holed.error), ("errors", whole.errors), ("new_a", whole.weights["a"])):
        assert values is not None and same_bits(arrays[name], values)


def test_a_table_is_written_in_pieces(whole: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long they are."""
    whole.save(tmp_path / "one.csv")
    monkeypatch.setattr(saving, "BLOCK", 9)
    whole.save(tmp_path / "pieces.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "pieces.csv").read_bytes()


def test_a_picture_is_written(whole: Sweep, tmp_path: Path) -> None:
    """By its suffix, in capitals too."""
    pytest.importorskip("matplotlib")
    whole.save(tmp_path / "map.PNG")
    assert (tmp_path / "map.PNG").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_workbook_is_a_map_that_verifies(tmp_path: Path) -> None:
    """With the inputs that were typed; what a sheet cannot show is said before anything is computed."""
    path = tmp_path / "map.xlsx"
    said = typed("--model=a*x + b", "--over=lr=1e-6..1e-3:log:4", "--set=a=2", "--epochs=3", "-o", str(path))
    assert said.endswith("map.xlsx: 4 runs\n") and [*tmp_path.iterdir()] == [path]
    assert gx.verify(path).ok
    book = openpyxl.load_workbook(path, data_only=True)
    numbers = {cell.value for row in book["map"].iter_rows() for cell in row}
    made = gx.experiment("a*x + b", gx.GRADDESC).sweep(lr=np.geomspace(1e-6, 1e-3, 4), settings={"a": 2.0}, epochs=3)
    assert {*made.error.tolist()} <= numbers


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--model a*x+b --over lr=1e-6..1e-3:300", "an axis of a map 250 at most"),
        ("--model a*x+b --over lr=1e-6..1e-3 --over a=1,2 --over b=1,2", "A map has two axes"),
    ],
)
def test_what_no_sheet_can_show(line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is said before anything is computed."""
    chunks = computed(monkeypatch)
    assert said in typed(*line.split(), "-o", str(tmp_path / "map.xlsx"), code=2)
    assert not chunks and not [*tmp_path.iterdir()]


@pytest.mark.parametrize("missing", ["pyarrow", "matplotlib"])
def test_what_a_file_needs_is_said_before_anything_is_computed(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is written."""
    chunks = computed(monkeypatch)
    monkeypatch.setitem(sys.modules, missing, None)
    suffix, extra = {"pyarrow": ("parquet", "parquet"), "matplotlib": ("png", "plot")}[missing]
    said = typed("basic", "--over", "lr=1e-5,1e-4", "-o", str(tmp_path / f"map.{suffix}"), code=2)
    assert f"pip install 'graddesc-xl[{extra}]'" in said
    assert not chunks and not [*tmp_path.iterdir()]


# The command


def typed(*line: str, code: int = 0) -> str:
    """What the command prints."""
    result = CliRunner().invoke(cli.app, ["sweep", *line])
    assert result.exit_code == code, result.output
    return result.output


def test_the_command_says_what_became_of_the_runs() -> None:
    """How many of each kind and where on each axis they are, the best of them as it may be typed again."""
    lines = typed("basic", "--over", "lr=1e-6..1e-1:log:6", "--over", "a=-3..3:7", "--epochs", "3").splitlines()
    assert lines[1] == "lr 1e-6 to 0.1 (6) × a -3 to 3 (7): 42 runs of 3 epochs"
    made = sweep("basic", {"a": np.linspace(-3, 3, 7)}, lr=np.geomspace(1e-6, 1e-1, 6), epochs=3)
    table = {line.split("  ")[0]: line.split() for line in lines[4:]}
    for kind in {*made.verdicts.ravel().tolist()}:
        where = made.verdicts == kind
        assert int(table[kind][-6]) == where.sum()
        rates = made.grid.axes[1].values[where.any(axis=0)]
        assert [float(cell) for cell in table[kind][-4:-2]] == [rates.min(), rates.max()]
    lowest = re.fullmatch(r"Lowest √Σe²: (\S+) at lr (\S+), a (\S+), (.+)", lines[-1])
    assert lowest
    alone = run("basic", {"lr": float(lowest[2]), "a": float(lowest[3])}, epochs=3)
    assert float(lowest[1]) == pytest.approx(float(alone.errors[-1]), rel=1e-5)
    assert float(alone.errors[-1]) == made.error.min() and str(alone.verdict) == lowest[4]


def test_settings_fields_and_models_as_run_takes_them(tmp_path: Path) -> None:
    """Settings by name or label, numerical derivatives; a model of one's own with samples of a file."""
    said = typed("basic", "--over", "h=0.1,0.01", "--set", "a=2", "--lr=1e-5", "--gradient=num", "--epochs=2")
    assert "2 runs of 2 epochs" in said and "all with b 1, a 2, learn 1e-5" in said
    best = min(
        float(run("basic", {"h": h, "a": 2.0}, lr=1e-5, gradient="numerical", epochs=2).errors[-1]) for h in (0.1, 0.01)
    )
    assert f"Lowest √Σe²: {best:.4f}"[:-1] in said
    (tmp_path / "houses.csv").write_text("size,price\n1,2\n2,4\n3,7\n")
    own = ["--model=w*size + c", f"--data={tmp_path / 'houses.csv'}", "--optimizer=torch_adam", "--epochs=4"]
    said = typed(*own, "--over", "w=-1,0,1", "--set", "c=0.5", "--workers=1")
    assert "w -1 to 1 (3): 3 runs of 4 epochs" in said and "c 0.5" in said


def test_a_recipe_and_a_workbook_of_ones_own(tmp_path: Path) -> None:
    """One run is the one that is meant, of several one is named; a workbook with what was typed into it."""
    e = gx.experiment("w*x + c", gx.dataset([1.0, 2.0], [3.0, 4.0], name="few"), lr=0.02, epochs=2, name="mine")
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text(recipe.spell(gx.Lesson("Mine", [e])), encoding="utf-8")
    two.write_text(recipe.spell(gx.Lesson("Mine", [e, replace(e, name="other", epochs=3)])), encoding="utf-8")
    over = ("--over", "w=0,1,2")
    assert "3 runs of 2 epochs" in (said := typed(str(one), *over)) and "lr 0.02" in said
    assert "3 runs of 3 epochs" in typed(str(two), *over, "--sheet", "other")
    assert "has 2 runs: choose one with --sheet: mine, other." in typed(str(two), *over, code=2)
    assert "has no run 'ohter'. Did you mean other?" in typed(str(two), *over, "--sheet", "ohter", code=2)
    path = gx.Lesson("Mine", [e]).build(tmp_path / "mine.xlsx").path
    book = openpyxl.load_workbook(path)
    (rate,) = [cell for row in book["mine"].iter_rows() for cell in row if cell.value == 0.02]
    rate.value = 0.05
    book.save(path)
    assert "lr 0.05" in typed(str(path), *over)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("basic", "A sweep needs at least one input to sweep over, as in"),
        ("--over lr=1,2", "Name an experiment"),
        ("bacis --over lr=1,2", "There is no experiment 'bacis'. Did you mean basic?"),
        ("learning rates --over lr=1,2", "is a comparison of many runs"),
        ("graddesc --over lr=1,2", "graddesc has 5 runs: choose one with --sheet: basic,"),
        ("none.toml --over lr=1,2", "There is no file none.toml"),
        ("basic --sheet basic --over lr=1,2", "basic is a run itself"),
        ("basic --model a*x --over a=1,2", "basic comes with its model: leave it out, or leave out --model"),
        ("basic --lr 1 --over lr=1,2", "both say the learning rate"),
        ("basic --set lr=1 --over lr=1,2", "lr is swept over and set, too"),
        ("basic --over learn=1,2 --over lr=3,4", "lr is swept over twice"),
        ("basic --over lr=2..1", "the range is reversed"),
        ("basic --over lrr=1,2", "has no setting 'lrr'. Did you mean lr?"),
        ("basic --over lr=1,2 --resume", "--resume is of the file of -o"),
        ("basic --over lr=1,2 --by-epoch", "--by-epoch is of the file of -o"),
        ("basic --over lr=1,2 -o map", "map does not say what to write"),
        ("basic --over lr=1,2 -o map", "Known: .csv, .parquet, .npz, .png, .xlsx."),
        ("basic --over lr=1,2 -o map.xslx", "Did you mean .xlsx?"),
        ("basic --over lr=1,2 -o map.cvs", "Did you mean .csv?"),
        ("basic --over lr=1,2 -o none/map.csv", "there is no folder none"),
        ("basic --over lr=1,2 -o old.csv", "old.csv exists already: choose another name, or overwrite it with --force"),
        ("basic --over lr=1,2 --workers 0", "workers must be a whole number from 1"),
        ("basic --over lr=1,2 --workers 2 --dask x:1", "workers and dask both say who computes"),
    ],
)
def test_a_command_that_cannot_work_is_a_sentence(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is computed or written."""
    monkeypatch.chdir(tmp_path)
    Path("old.csv").write_text("mine")
    chunks = computed(monkeypatch)
    assert f"Error: {said}" in (told := typed(*line.split(), code=2)) or said in told
    assert not chunks and [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("old.csv", "mine")]


def test_the_values_of_an_axis_are_completed() -> None:
    """Up to the equals sign, as settings are."""
    words = {"COMP_WORDS": "graddesc-xl sweep adam --over be", "COMP_CWORD": "4"}
    env = {**os.environ, **words, "_GRADDESC_XL_COMPLETE": "complete_bash"}
    done = subprocess.run([sys.executable, "-m", "graddesc_xl"], env=env, capture_output=True, text=True, check=False)
    assert {*done.stdout.split()} == {"beta1=", "beta2="}


@pytest.mark.skipif(os.name == "nt", reason="a signal ends another process there without a word")
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_interrupted_goes_on_where_it_was(asked: int, tmp_path: Path) -> None:
    """It says what is kept and how to go on; then the file is what it is without a break, and nothing else is left."""
    line = ["basic", "--over", "lr=1e-6..1e-1:log:300", "--over", "a=-3..3:200", "--epochs", "20", "-o", "map.npz"]
    command = [sys.executable, "-m", "graddesc_xl", "sweep", *line, "--workers", "2"]
    begun = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    parts = tmp_path / "map.npz.parts"
    while begun.poll() is None and not kept.runs(parts):
        time.sleep(0.01)
    os.killpg(begun.pid, asked)  # as a terminal does: its workers get it, too
    _, told = begun.communicate(timeout=60)
    done = kept.runs(parts)
    assert begun.returncode == 128 + asked, told
    assert f"{done:,} runs are kept in map.npz.parts: the same command with --resume goes on with them." in told
    assert "stopped; nothing was written" in told and "Traceback" not in told
    assert 0 < done < 60_000 and [*tmp_path.iterdir()] == [parts]
    again = subprocess.run([*command, "--resume"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "60,000 runs of 20 epochs" in again.stdout
    assert [*tmp_path.iterdir()] == [tmp_path / "map.npz"]
    arrays = read(tmp_path / "map.npz")
    made = sweep("basic", lr=np.geomspace(1e-6, 1e-1, 300)[::10], settings={"a": -3.0}, epochs=20)
    assert same_bits(arrays["error"][::10, 0], made.error) and same_bits(arrays["new_a"][::10, 0], made.weights["a"])
    rest = sweep("basic", {"a": np.linspace(-3, 3, 200)}, {"lr": 1e-6}, epochs=20)
    assert same_bits(arrays["error"][0], rest.error) and (arrays["step"][0] == rest.step).all()


def test_without_resume_it_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an interrupted sweep left is used where that is asked for alone; where there is nothing, that is said."""
    monkeypatch.chdir(tmp_path)
    line = ("basic", "--over", "lr=1e-5..1e-3:10", "--epochs=2", "--force", "-o", "map.csv")

    def leave() -> None:
        with pytest.raises(KeyboardInterrupt):
            sweep("basic", [axis("lr=1e-5..1e-3:10")], epochs=2, resume="map.csv", chunk=5, progress=stopping(1))

    chunks = computed(monkeypatch)
    leave()
    chunks.clear()
    typed(*line)
    assert chunks == [(0, 10)] or sum(stop - start for start, stop in chunks) == 10
    leave()
    chunks.clear()
    typed(*line, "--resume")
    assert sum(stop - start for start, stop in chunks) == 5
    assert "Nothing of a sweep is kept in map.csv.parts" in typed(*line, "--resume")
    assert [path.name for path in tmp_path.iterdir()] == ["map.csv"]


def test_the_best_run_is_none_that_exploded() -> None:
    """A run that leapt off and came back has a low error at the end by luck; where all do, one of them is named."""
    made = sweep("basic", lr=[1e-6, 1e-5, 1e-3], epochs=10)
    assert [v.kind for v in map(made.verdict, range(3))] == ["learning", "learning", "exploded"]
    assert replace(made, error=np.array([2.0, 3.0, 1.0])).best == (0,)
    assert sweep("basic", lr=[0.002, 0.001], epochs=10).best == (1,)
