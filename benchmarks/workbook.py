"""`build` against a bare XlsxWriter script, `verify` against IronCalc's own load and recalculation.

Whole processes, in turns, medians of one run:

    python benchmarks/workbook.py [--repeats 7] [--book two-neurons]
    python benchmarks/workbook.py --steps 100000 --repeats 1
    python benchmarks/workbook.py --table 500 --epochs 20 [--libreoffice]

The bare script writes the same cells (numbers, text, formulas with their values) without styles, notes, charts
or rules, from a list that is ready in a file. IronCalc's process loads the same workbook and evaluates it once.
With `--table` the workbook is what the command line makes of a CSV file of so many rows, three inputs and a
target; the bare script reads that file with pandas first. With `--steps` it is one run of so many steps, each on a
sample of its own, and nothing is verified; the peak of `build`'s memory is told. With `--libreoffice` the workbook is
also opened there (converted without a window). On a machine that has other work to do, the ratio of processor time
says more than that of seconds. All processes find compiled Python, as they do once a package is installed.
"""

from __future__ import annotations

import argparse
import compileall
import math
import multiprocessing
import os
import pickle
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import graddesc_xl
from graddesc_xl import Experiment, Lesson, data, dataset, experiment
from graddesc_xl.language.values import CellError
from graddesc_xl.lessons import LESSONS, recipe
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.models import MODELS
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.workbook.cells import Formula
from graddesc_xl.workbook.sheet import Content

BARE = """
import pickle, sys, xlsxwriter
if sys.argv[3:]:
    import pandas
    pandas.read_csv(sys.argv[3])
sheets = pickle.load(open(sys.argv[1], "rb"))
book = xlsxwriter.Workbook(sys.argv[2])
for name, cells in sheets:
    page = book.add_worksheet(name)
    for row, column, formula, value in cells:
        if formula is not None:
            page.write_formula(row, column, formula, None, value)
        elif isinstance(value, str):
            page.write_string(row, column, value)
        else:
            page.write_number(row, column, value)
book.close()
"""
IRONCALC = """
import sys, ironcalc
model = ironcalc.load_from_xlsx(sys.argv[1])
model.evaluate()
"""

TOOL = [sys.executable, "-m", "graddesc_xl"]


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--repeats", type=int, default=7, help="turns of each process (default 7)")
    arguments.add_argument("--book", choices=list(LESSONS), help="the workbook (default graddesc; small: first-steps)")
    arguments.add_argument("--steps", type=int, help="build one run of so many steps instead")
    arguments.add_argument("--table", type=int, help="build a table of so many rows and three inputs instead")
    arguments.add_argument("--epochs", type=int, default=20, help="passes over that table (default 20)")
    arguments.add_argument("--small", action="store_true", help="one turn, to see that it works")
    arguments.add_argument("--libreoffice", action="store_true", help="open the workbook in LibreOffice, too")
    given = arguments.parse_args()
    repeats = 1 if given.small else given.repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _compile(folder / "compiled")
        head = f"{'ours':8} {'seconds':>8} {'peak MB':>8}   {'other':16} {'seconds':>8}"
        print(f"{head}   {'ratio':>6} {'of processor time':>18}")
        if given.table or given.small:
            _compare_table(given.table or 20, given.epochs, folder, repeats, opened=given.libreoffice)
        if not (given.steps or given.table):
            book = given.book or ("first-steps" if given.small else "graddesc")
            _compare(LESSONS[book], folder, repeats, verified=True, opened=given.libreoffice)
        if given.steps or given.small:
            _compare(_one_run(given.steps or 500), folder, repeats, verified=False)


def _one_run(steps: int) -> Lesson:
    """One epoch of two neurons with momentum, 20 columns a step, on as many samples."""
    x = [(37 * k % 1000) / 1000 for k in range(steps)]
    samples = dataset(x, [3 * value + 1 + (k % 7) / 100 for k, value in enumerate(x)])
    optimizer, model = OPTIMIZERS["torch_momentum"], MODELS["two_neurons"]
    return Lesson("Steps", [Experiment("run", "", "", optimizer, model, samples, 1, values={"lr": 1e-4})])


def _compile(folder: Path) -> None:
    """Let every process find compiled Python, as an installed package has it, even where none is to be written."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(folder)
    compileall.compile_dir(Path(graddesc_xl.__file__).parent, quiet=1)
    subprocess.run([*TOOL, "build", "graddesc", "-o", str(folder)], capture_output=True, check=True)


def _compare(of: Lesson, folder: Path, repeats: int, *, verified: bool, opened: bool = False) -> None:
    """A line for `build`, one for `verify`, and one for LibreOffice."""
    recipe_file = folder / "recipe.toml"
    recipe_file.write_text(recipe.spell(of), encoding="utf-8")
    build = [*TOOL, "build", str(recipe_file), "-o", str(folder), "--force"]
    _compare_commands(build, recipe_file, folder / of.file, repeats, verified=verified, opened=opened)


def _compare_table(rows: int, epochs: int, folder: Path, repeats: int, *, opened: bool) -> None:
    """The same for a file of samples and a model typed as text, one neuron with an input per column."""
    table, recipe_file, workbook = folder / "table.csv", folder / "table.toml", folder / "table.xlsx"
    u, v, w, noise = random.Random(1), random.Random(2), random.Random(3), random.Random(4)
    samples = [[round(source.gauss(0, 1), 4) for source in (u, v, w, noise)] for _ in range(rows)]
    lines = [f"{a},{b},{c},{1.5 * a - 2 * b + 0.5 * c + 0.3 + 0.1 * e:.4f}" for a, b, c, e in samples]
    table.write_text("\n".join(["u,v,w,price", *lines]), encoding="utf-8")
    model = "a*u + b*v + c*w + d"
    e = experiment(model, data(table), epochs=epochs)
    recipe_file.write_text(recipe.spell(Lesson("Table", [e])), encoding="utf-8")
    build = [*TOOL, "build", "--model", model, "--data", str(table), "--epochs", str(epochs), "-o", str(workbook)]
    more = [str(table)]
    _compare_commands([*build, "--force"], recipe_file, workbook, repeats, verified=True, opened=opened, more=more)


def _compare_commands(
    build: list[str],
    recipe_file: Path,
    workbook: Path,
    repeats: int,
    *,
    verified: bool,
    opened: bool,
    more: Sequence[str] = (),
) -> None:
    """A line for each thing that is done. more: what the bare script is told beside its cells."""
    folder = workbook.parent
    cells = folder / "cells.pickle"
    # elsewhere, as a process that is started begins with the memory of the one that starts it
    writer = multiprocessing.get_context("spawn").Process(target=_write_cells, args=(recipe_file, cells))
    writer.start()
    writer.join()
    bare = [sys.executable, "-c", BARE, str(cells), str(folder / "bare.xlsx"), *more]
    pairs = [("build", build, "bare XlsxWriter", bare)]
    if verified:
        ironcalc = [sys.executable, "-c", IRONCALC, str(workbook)]
        pairs.append(("verify", [*TOOL, "verify", str(workbook)], "IronCalc alone", ironcalc))
    for ours, command, other, opponent in pairs:
        runs = [(_run(command), _run(opponent)) for _ in range(repeats)]
        mine, theirs = (statistics.median(run.seconds for run in turns) for turns in zip(*runs, strict=True))
        ratio = statistics.median(a.seconds / b.seconds for a, b in runs)
        worked = statistics.median(a.processor / b.processor for a, b in runs)
        peak = max(run.megabytes for run, _ in runs)
        print(f"{ours:8} {mine:8.2f} {peak:8.0f}   {other:16} {theirs:8.2f}   {ratio:6.2f} {worked:18.2f}")
    if opened:
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        office = ["soffice", profile, "--headless", "--convert-to", "ods", "--outdir", str(folder), str(workbook)]
        opening = [_run(office) for _ in range(repeats)]
        seconds = statistics.median(run.seconds for run in opening)
        print(f"{'open':8} {seconds:8.2f} {max(run.megabytes for run in opening):8.0f}   in LibreOffice")
    print(f"{workbook.name}: {workbook.stat().st_size / 1e6:.2f} MB")


def _write_cells(recipe_file: Path, target: Path) -> None:
    """Every cell of the workbook as XlsxWriter takes it, in a file."""
    of = recipe.read(recipe_file.read_text(encoding="utf-8"))
    sheets = [
        (sheet.name, [_plain_cell(row - 1, column - 1, content) for (row, column), content, _ in sheet.every()])
        for sheet in compose(of, run_plan).sheets
    ]
    target.write_bytes(pickle.dumps(sheets))


def _plain_cell(row: int, column: int, content: Content) -> tuple[int, int, str | None, object]:
    formula = f"={content.text}" if isinstance(content, Formula) else None
    value = content.value if isinstance(content, Formula) else content
    return row, column, formula, value.value if isinstance(value, CellError) else value


class _Run(NamedTuple):
    """What a process takes, those that it starts included: seconds, of processor time, and at most so much memory."""

    seconds: float
    processor: float = math.nan
    megabytes: float = 0.0


def _run(command: list[str]) -> _Run:
    """Run a process. Windows tells only how long it takes."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        used: tuple[float, ...] = ()
        if sys.platform != "win32":
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
            used = (usage.ru_utime + usage.ru_stime, megabytes)
        if process.wait():
            raise SystemExit(f"{' '.join(command[:5])} ended with {process.returncode}")
    return _Run(time.perf_counter() - began, *used)


if __name__ == "__main__":
    main()
