"""How the cost of a sweep grows: with its runs, with workers of a local cluster, with the columns of the data.

    python benchmarks/sweep_growth.py
    python benchmarks/sweep_growth.py --most 100000 --workers 2

Each figure is of a process of its own, which runs a small sweep first, so that nothing is compiled while it is timed.
Seconds of the processor are those of all threads of that process: on a busy machine they say more. Peak memory is that
of the whole process, Python, NumPy and the sweep's own result included (Linux tells it). The cluster is one of Dask on
this machine; it is left out where Dask is missing, as is numba.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from graddesc_xl.experiments import Experiment, experiment
from graddesc_xl.numbers import engine
from graddesc_xl.parts.data import GRADDESC, dataset
from graddesc_xl.parts.writing import model

SAMPLES = 29


def with_columns(columns: int) -> Experiment:
    """A weighted sum of so many columns, on samples that it fits; one column is the published data."""
    if columns == 1:
        return experiment("two_neurons", GRADDESC)
    draw = np.random.default_rng(1)
    xs = {f"x{i}": draw.normal(size=SAMPLES).round(6) for i in range(1, columns + 1)}
    line = " + ".join(["b", *(f"a{i}*x{i}" for i in range(1, columns + 1))])
    return experiment(model(line, name=f"{columns} columns"), dataset(xs, np.sum([*xs.values()], axis=0)))


def measured(runs: int, columns: int, machine: bool, workers: int) -> None:
    """Print the seconds of a sweep in this process and its peak memory in MB."""
    e, first = with_columns(columns), "a" if columns == 1 else "a1"
    engine.HOT = 0 if machine else sys.maxsize

    def sweep(runs: int, dask: str | None) -> tuple[float, float]:
        side = max(1, round(runs**0.5))
        over = {"lr": np.geomspace(1e-7, 1e-5, side), first: np.linspace(-1.0, 1.0, side)}
        begin, used = time.perf_counter(), time.process_time()
        if dask:
            e.sweep(over, dask=dask)
        else:
            e.sweep(over, workers=1)
        return time.perf_counter() - begin, time.process_time() - used

    if workers:
        import distributed

        cluster_of: Any = distributed.LocalCluster
        of = {"n_workers": workers, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
        with cluster_of(**of) as cluster:
            sweep(4 * 16_384, cluster.scheduler_address)
            seconds = sweep(runs, cluster.scheduler_address)
    else:
        sweep(100, None)
        seconds = sweep(runs, None)
    print(*seconds, peak())


def peak() -> float:
    """The peak memory of this process in MB; nan where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")), float("nan"))


def apart(runs: int, columns: int = 1, machine: bool = False, workers: int = 0) -> tuple[float, float, float]:
    """The same from a process of its own."""
    said = [sys.executable, __file__, "--measured", *map(str, (runs, columns, int(machine), workers))]
    told = subprocess.run(said, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(told[-3]), float(told[-2]), float(told[-1])


def by_runs(most: int, machines: Sequence[bool]) -> None:
    """Seconds and memory by the number of runs."""
    print(
        "\n| runs | back end | seconds | of the processor | M steps/s of it | peak MB |\n|---:|---|---:|---:|---:|---:|"
    )
    runs = 1_000
    while runs <= most:
        for machine in machines:
            seconds, used, memory = apart(runs, machine=machine)
            print(row(f"{runs:,}", machine, seconds, used, runs), f"{memory:,.0f} |")
        runs *= 10


def by_columns(columns: Sequence[int], runs: int, machines: Sequence[bool]) -> None:
    """Seconds by the number of the data's columns."""
    print(f"\n| columns, {runs:,} runs | back end | seconds | of the processor | M steps/s of it |")
    print("|---:|---|---:|---:|---:|")
    for count in columns:
        for machine in machines:
            print(row(str(count), machine, *apart(runs, columns=count, machine=machine)[:2], runs))


def by_workers(most: int, runs: int) -> None:
    """Seconds by the number of processes of a local cluster."""
    print(f"\n| workers, {runs:,} runs by NumPy | seconds |\n|---:|---:|")
    for workers in range(most + 1):
        print(f"| {workers or 'none: this process'} | {apart(runs, workers=workers)[0]:,.2f} |")


def row(count: str, machine: bool, seconds: float, used: float, runs: int) -> str:
    """A row of a table."""
    steps = round(runs**0.5) ** 2 * SAMPLES * 10
    name = "numba" if machine else "NumPy"
    return f"| {count} | {name} | {seconds:,.3f} | {used:,.3f} | {steps / used / 1e6:,.0f} |"


def main() -> None:
    """Print a Markdown table for each of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=10_000_000, help="runs of the largest sweep")
    parser.add_argument("--workers", type=int, default=4, help="of the cluster, at most")
    parser.add_argument("--small", action="store_true", help="a few runs, to see that it works")
    parser.add_argument("--measured", type=int, nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measured:
        runs, columns, machine, workers = args.measured
        measured(runs, columns, bool(machine), workers)
        return
    machines = [False, True] if find_spec("numba") else [False]
    by_runs(1_000 if args.small else args.most, machines)
    by_columns([2] if args.small else [2, 5, 10, 20, 50], 400 if args.small else 100_000, machines)
    if find_spec("distributed"):
        by_workers(1 if args.small else args.workers, 400 if args.small else 1_000_000)


if __name__ == "__main__":
    main()
