"""`build` against a bare XlsxWriter script, `verify` against IronCalc's own load and recalculation.

Whole processes, in turns, medians of one run:

    python benchmarks/workbook.py [--repeats 7] [--book two-neurons]

The bare script writes the same cells (numbers, text, formulas with their values) without styles, notes, charts
or rules, from a list that is ready in a file. IronCalc's process loads the same workbook and evaluates it once.
"""

from __future__ import annotations

import argparse
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from graddesc_xl import build
from graddesc_xl.language.values import CellError
from graddesc_xl.lessons import LESSONS, lesson
from graddesc_xl.lessons.composing import compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.workbook.cells import Formula

BARE = """
import pickle, sys, xlsxwriter
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


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--repeats", type=int, default=7, help="turns of each process (default 7)")
    arguments.add_argument("--book", default="graddesc", choices=list(LESSONS), help="the workbook (default graddesc)")
    arguments.add_argument("--small", action="store_true", help="one turn, to see that it works")
    given = arguments.parse_args()
    repeats = 1 if given.small else given.repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workbook = build(given.book, folder).path
        cells = folder / "cells.pickle"
        cells.write_bytes(pickle.dumps(_plain_cells(given.book)))
        tool = [sys.executable, "-m", "graddesc_xl"]
        bare = [sys.executable, "-c", BARE, str(cells), str(folder / "bare.xlsx")]
        pairs = (
            ("build", [*tool, "build", given.book, "-o", str(folder)], "bare XlsxWriter", bare, 1.3),
            (
                "verify",
                [*tool, "verify", str(workbook)],
                "IronCalc alone",
                [sys.executable, "-c", IRONCALC, str(workbook)],
                4,
            ),
        )
        print(f"{'ours':8} {'seconds':>8}   {'other':16} {'seconds':>8}   {'ratio':>6}   at most")
        for ours, command, other, opponent, limit in pairs:
            times = [(_seconds(command), _seconds(opponent)) for _ in range(repeats + 1)][1:]
            mine, theirs = (statistics.median(t) for t in zip(*times, strict=True))
            ratio = statistics.median(a / b for a, b in times)
            print(f"{ours:8} {mine:8.2f}   {other:16} {theirs:8.2f}   {ratio:6.2f}   {limit}")


def _plain_cells(name: str) -> list[tuple[str, list[tuple[int, int, str | None, object]]]]:
    """Every cell of the workbook as XlsxWriter takes it."""
    of = lesson(name)
    made = compose(of, run_plan)
    return [
        (
            sheet.name,
            [
                (row - 1, column - 1, "=" + c.text, c.value.value if isinstance(c.value, CellError) else c.value)
                if isinstance(c, Formula)
                else (row - 1, column - 1, None, c)
                for (row, column), (c, _) in sheet.cells.items()
            ],
        )
        for sheet in made.sheets
    ]


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
