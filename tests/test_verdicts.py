"""Verdicts: the library's against an independent restatement, and the sheets' formulas against both."""

from __future__ import annotations

import math

import numpy as np
import pytest

from graddesc_xl import run
from graddesc_xl.numbers.verdict import KINDS, MEANINGS, Verdict, verdict
from graddesc_xl.parts.data import dataset
from graddesc_xl.sheets import data_sheet, verdicts
from graddesc_xl.verification import reading
from graddesc_xl.workbook.reference import Cell
from graddesc_xl.workbook.sheet import Sheet
from graddesc_xl.workbook.write import write
from spreadsheet import Spreadsheet

#: y of 4 samples: √Σy² is 10, √Σ(y−ȳ)² about 8.3
YS = [-3.0, 5.0, 1.0, 8.06225774829855]
EPOCHS, STEPS, RUNS = 5, 4, 400


def restated(errors: list[float], flags: list[int], ys: list[float], dead: int | None) -> str:
    """The verdict as its notes tell it, in plain Python and apart from the library."""
    mean = sum(ys) / len(ys)
    zero, constant = math.sqrt(sum(y * y for y in ys)), math.sqrt(sum((y - mean) ** 2 for y in ys))
    *earlier, last = errors
    if 1 in flags:
        return f"exploded at step {flags.index(1) + 1}"
    if dead:
        return f"dead ReLU since step {dead}"
    if last <= zero / 1e9:
        return "settled"
    if earlier and abs(last - earlier[-1]) <= earlier[-1] / 1000 and last >= constant:
        return "stuck"
    if earlier and abs(last - earlier[-1]) <= earlier[-1] / 10_000:
        return "settled"
    if earlier and last > errors[0] and last > earlier[-1]:
        return "getting worse"
    if any(last > 1.5 * e for e in errors):
        if any(last > 1000 * e for e in errors):
            return "bouncing: over 1000 times its best epoch"
        return f"bouncing: {last / min(errors):.1f} times its best epoch"
    return "learning"


def drawn(rng: np.random.Generator, epochs: int) -> tuple[list[float], list[int], int | None]:
    """Errors by epoch, flags of steps and since when a ReLU is dead: now and then near a bound of the rules."""
    errors = (10.0 ** rng.uniform(-2, 3, epochs)).tolist() if rng.random() < 0.7 else rng.uniform(1, 9, epochs).tolist()
    chance = rng.random()
    if chance < 0.25 and epochs > 1:
        errors[-1] = errors[-2] * (1 + rng.choice([-1, 1]) * 10.0 ** rng.uniform(-6, -2))
    elif chance < 0.3:
        errors[-1] = 10.0 ** rng.uniform(-12, -6)
    elif chance < 0.35:
        errors[0] = 0.0
    flags = (rng.random(STEPS) < (0.5 if rng.random() < 0.1 else 0)).astype(int).tolist()
    return errors, flags, int(rng.integers(1, 5)) if rng.random() < 0.1 else None


def found(errors: list[float], flags: list[int], dead: int | None) -> str:
    """What the library says."""
    squared = np.where(flags, 1e15, 1.0)
    return str(verdict(np.array(errors), squared, np.array(YS), dead))


def test_the_library_says_what_the_notes_say() -> None:
    """Random runs of one to six epochs get the restated verdict, and every kind is among them."""
    rng = np.random.default_rng(5)
    said = []
    for _ in range(4000):
        errors, flags, dead = drawn(rng, int(rng.integers(1, 7)))
        said.append(restated(errors, flags, YS, dead))
        assert found(errors, flags, dead) == said[-1], (errors, flags, dead)
    assert all(any(each.startswith(kind) for each in said) for kind in KINDS) and {*KINDS} == {*MEANINGS}


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Spreadsheet, list[tuple[int, int]]]:
    """A workbook with a run per column: errors, flags, since when it is dead, and its verdict; open in IronCalc."""
    data = dataset([1.0, 2.0, 3.0, 4.0], YS)
    samples = data_sheet.compose("data", data, data)
    made = Sheet("runs")
    places = []
    for column in range(1, 2 * RUNS, 2):
        errors = made.fill(1, column, None, [9.0 - e for e in range(EPOCHS)])
        flags = made.fill(EPOCHS + 1, column, None, [0.0] * STEPS)
        row = EPOCHS + STEPS + 1
        made.put(row, column, "–")
        made.put(row + 1, column, "–")
        dead, lacks = Cell(made, row, column), Cell(made, row + 1, column)
        text = verdicts.said((made, row + 2, column), errors, flags, [dead], samples, lacks)
        made.put(row + 3, column, text)
        places.append((row, column))
    path = tmp_path_factory.mktemp("verdicts") / "verdicts.xlsx"
    write([made, samples.sheet], path, title="Verdicts", manifest={})
    return Spreadsheet(reading.load(path)), places


def test_the_sheets_say_what_the_library_says(sheet: tuple[Spreadsheet, list[tuple[int, int]]]) -> None:
    """Typed errors, flags and deaths give in IronCalc the library's verdicts, their kinds and their steps."""
    model, places = sheet
    rng, wanted = np.random.default_rng(6), []
    for _, column in places:
        errors, flags, dead = drawn(rng, EPOCHS)
        for at, value in enumerate([*errors, *flags, *([dead] if dead else [])], 1):
            model.type_number("runs", at, column, value)
        wanted.append(verdict(np.array(errors), np.where(flags, 1e15, 1.0), np.array(YS), dead))
    model.recalculate()
    for (row, column), said in zip(places, wanted, strict=True):
        kind, step, text = (
            model.value("runs", *at) for at in ((row + 2, column), (row + 2, column + 1), (row + 3, column))
        )
        assert (kind, step, text) == (said.kind, said.step or "–", str(said))
    assert {*KINDS} == {said.kind for said in wanted}


def test_a_run_that_leaps_about() -> None:
    """Adam after the published Reset: lowest in its third epoch, three times as far off in its tenth."""
    trace = run("adam")
    assert int(np.argmin(trace.errors)) == 2
    assert str(trace.verdict) == "bouncing: 3.1 times its best epoch"
    assert trace.verdict == Verdict("bouncing", times=float(trace.errors[-1] / trace.errors[2]))
