"""How soon the command line answers, next to what Python needs to import NumPy and Rich.

Whole processes in turns, their output in a pipe, medians of one run:

    python benchmarks/start.py [--repeats 31]

Each finds compiled Python, as it does once a package is installed. On a machine that has other work to do, the ratio of
processor time says more than that of seconds.
"""

from __future__ import annotations

import argparse
import compileall
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import graddesc_xl

CONTENDER = "python -c 'import numpy, rich'"
COMMANDS = {
    CONTENDER: ["-c", "import numpy, rich"],
    "graddesc-xl run basic": ["-m", "graddesc_xl", "run", "basic"],
    "graddesc-xl run adam --epochs 100": ["-m", "graddesc_xl", "run", "adam", "--epochs", "100"],
    "graddesc-xl run basic --carry new": ["-m", "graddesc_xl", "run", "basic", "--carry", "new"],
    "graddesc-xl --help": ["-m", "graddesc_xl", "--help"],
}


class Taken(NamedTuple):
    """What a process took: seconds on the clock, and of processors."""

    seconds: float
    processor: float


def taken(command: Sequence[str]) -> Taken:
    """Run Python with these arguments to its end."""
    before, began = _children(), time.perf_counter()
    subprocess.run([sys.executable, *command], capture_output=True, check=True)
    return Taken(time.perf_counter() - began, _children() - before)


def _children() -> float:
    """Seconds of processors that processes have taken which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=31, help="turns of each process")
    parser.add_argument("--small", action="store_true", help="one turn, to see that it works")
    args = parser.parse_args()
    compileall.compile_dir(Path(graddesc_xl.__file__).parent, quiet=1)
    for command in COMMANDS.values():
        taken(command)  # what is read from disk is in memory then
    runs: dict[str, list[Taken]] = {name: [] for name in COMMANDS}
    for _ in range(1 if args.small else args.repeats):
        for name, command in COMMANDS.items():
            runs[name].append(taken(command))
    medians = {name: [statistics.median(each) for each in zip(*all_, strict=True)] for name, all_ in runs.items()}
    print("| process | ms | ratio | processor ms | ratio |\n|---|---:|---:|---:|---:|")
    for name, found in medians.items():
        cells = [
            f"{1000 * mine:.0f} | {mine / other:.2f}" for mine, other in zip(found, medians[CONTENDER], strict=True)
        ]
        print(f"| `{name}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
