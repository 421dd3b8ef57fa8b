"""What stands around the numbers, read from the file: maths, notes, rules for what is typed, formats, colours."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import pytest

from graddesc_xl import COMPARISONS, EXPERIMENTS, GRADDESC, LESSONS
from parts import At, Page, Parts, Steps, Value, number
from reader import Reader

#: the colours of what is typed, of what is best, and of warnings
INPUT, BEST, RED, ORANGE, WHITE = "FFF8DC", "1F6B3F", "B8403A", "A85C12", "FFFFFF"
TOO_LARGE = 1_000_000
#: the comparisons of the workbook about two neurons
COMPARED = [name for name in COMPARISONS if name in LESSONS["two-neurons"].sheets]


@pytest.fixture(scope="module", params=["workbook", "two_neurons"])
def parts(request: pytest.FixtureRequest) -> Parts:
    """Each workbook's file."""
    path: Path = request.getfixturevalue(request.param)
    return Parts(path)


@pytest.fixture(scope="module")
def other(two_neurons: Path) -> Parts:
    """The file of the workbook about two neurons."""
    return Parts(two_neurons)


def spelled(names: Mapping[str, float]) -> dict[str, float]:
    """The names as texts have them: in brackets where they are long, and what is left of 1."""
    rests = {f"(1−{name})": 1 - value for name, value in names.items() if name.startswith("beta")}
    return {**names, **rests, **{f"[{name}]": value for name, value in names.items()}}


def finite(cells: Mapping[str, Value]) -> dict[str, float]:
    """What holds a number."""
    return {name: value for name, value in cells.items() if isinstance(value, float)}


def assert_notes(page: Page, head: int, columns: Mapping[str, int], rows: range, given: Mapping[str, float]) -> int:
    """The maths in the notes, and above the headers, gives each cell from its row and the row above."""
    compared = 0
    for title, column in columns.items():
        lines = page.notes[head, column].splitlines()
        maths = [line.removeprefix("= ") for line in lines if line.startswith("= ")]
        assert lines[0] == title and maths, f"{page.name}, {title}"
        if title not in given or maths[0] != f"previous new {title}":
            assert page.values[head - 1, column] == f"{title} = {maths[0]}", f"{page.name}, {title}"
        for row in rows[1::6]:
            here, above = (finite({t: page.values[r, c] for t, c in columns.items()}) for r in (row, row - 1))
            sample = finite({"x": page.values[row, 1], "y": page.values[row, 2]})
            before = {t.removeprefix("new "): v for t, v in above.items() if t.startswith("new ")}
            names = {**given, **before, **here, **sample, **{f"previous {t}": v for t, v in above.items()}}
            wanted = page.values[row, column]
            if isinstance(wanted, float) and len(here) == len(above) == len(columns):
                reader = Reader(spelled(names))
                for text in maths:
                    said = f"{page.name}, {title}, row {row}: {text}"
                    assert reader.worth(text) == pytest.approx(wanted, rel=1e-9, abs=1e-9 * scale(names)), said
                    compared += 1
    return compared


def scale(names: Mapping[str, float]) -> float:
    """What rounding is measured against where numbers cancel."""
    return min(1.0, max(map(abs, names.values())))


def test_the_maths_of_a_sheet_gives_its_numbers(parts: Parts) -> None:
    """A column's note, and the line above its header, read by somebody who knows only titles, gives its numbers."""
    for page in map(parts.page, (name for name in parts.sheets if name in EXPERIMENTS)):
        steps = Steps(page)
        head, rows = steps.rows[0] - 1, range(steps.rows[0], steps.rows[0] + Steps.SAMPLES)
        given = {rule.title: page.values[min(rule.cells)] for rule in page.rules}
        for i in EXPERIMENTS[page.name].plan.inputs:
            given |= {f"{i.label} {i.choices[1.0]}": given[i.label]} if i.choices else {}
        columns = {title: column for title, column in steps.titles.items() if title not in "xy"}
        assert assert_notes(page, head, columns, rows, finite(given)) >= 4 * len(columns)


def lanes(page: Page) -> Iterator[dict[str, int]]:
    """The titles and columns of each run on a sheet of many, without the column that compares it with NumPy."""
    head, _ = page.find("step")
    columns = sorted(at[1] for at in page.notes if at[0] == head and page.values[at] != "column off")
    for _, lane in groupby(enumerate(columns), lambda pair: pair[1] - pair[0]):
        yield {str(page.values[head, column]): column for _, column in lane}


def test_the_maths_of_runs_gives_their_numbers(other: Parts) -> None:
    """The same holds for each run on the sheets of many, whose columns before the step are the new ones above."""
    for page in map(other.page, (*(f"{name} steps" for name in COMPARED), "speed limit steps")):
        head, label = page.find("step")
        rows = range(head + 2, head + 2 + Steps.SAMPLES)
        for columns in lanes(page):
            left = min(columns.values())
            labels = {str(page.values[row, label]): page.values.get((row, left)) for row in range(5, head - 1)}
            weights = {title.removeprefix("new ") for title in columns}
            given = {name: value for name, value in finite(labels).items() if name not in weights}
            assert assert_notes(page, head, columns, rows, given) > 0


def test_the_speed_limits_maths_is_that_of_its_steps(other: Parts) -> None:
    """The maths above the two tables is what the notes on the sheet of their steps say, which gives the numbers."""
    page, steps = other.page("speed limit"), other.page("speed limit steps")
    head, _ = page.find("residual")
    for group, columns in zip(("1 neuron", "2 neurons, collapse"), lanes(steps), strict=True):
        _, left = page.find(group)
        for title in ("residual", "|grad pred|²", "factor", "predicted", "largest lr"):
            row, column = page.find(title, row=head, left=left)
            note = steps.notes[steps.find("step")[0], columns[title]]
            assert str(page.values[row - 1, column]) in note.splitlines()


def test_printed_pages_repeat_their_headers(two_neurons: Path, other: Parts) -> None:
    """Each printed page of a sheet of many steps has the titles of its columns."""
    with zipfile.ZipFile(two_neurons) as file:
        book = file.read("xl/workbook.xml").decode()
    titles = dict(re.findall(r"Print_Titles\"[^>]*>'?([^'!]+)'?!([$:\d]+)<", book))
    for name, title in (("learning rates steps", "step"), ("fixes steps", "step")):
        row, _ = other.page(name).find(title)
        assert titles[name] == f"${row}:${row}"


def test_every_input_has_its_rule(parts: Parts) -> None:
    """Each number in an input's colour, on every sheet, and each y of a sample says what may be typed into it."""
    inputs = 0
    for page in map(parts.page, parts.sheets):
        ruled = {at for rule in page.rules for at in rule.cells}
        typed = {at for at, look in page.styles.items() if look.fill == INPUT and isinstance(page.values[at], float)}
        assert typed - {*page.formulas} <= ruled, page.name
        inputs += len(typed)
    head, column = parts.page("data").find("x")
    samples = {(head + k, column + i) for k in range(1, len(GRADDESC) + 1) for i in (0, 1)}
    (rule,) = (rule for rule in parts.page("data").rules if rule.cells & samples)
    assert rule.cells == samples and inputs > len(GRADDESC)


def test_no_large_number_is_written_out(parts: Parts) -> None:
    """Every number of seven digits or more, in every row, is shown as a power of ten where its column shows digits."""
    large = 0
    for page in map(parts.page, parts.sheets):
        long = {
            at
            for at, value in page.values.items()
            if isinstance(value, float) and abs(value) >= TOO_LARGE and page.styles[at].number in ("0.0000", "#,##0.00")
        }
        scientific = [c for c in page.conditions if c.look.number == "0.00E+00" and c.formula.startswith(("ABS", "OR"))]
        for condition in scientific:
            long -= {at for at in long & condition.cells if page.holds(condition, at)}
            large += len(condition.cells)
        assert not long, page.name
    assert large > 10_000


@pytest.mark.parametrize("group", ["1 neuron", "2 neurons, collapse"])
def test_what_overshoots_stands_out(other: Parts, group: str) -> None:
    """A factor below -1 is red, one below 0 orange, the first of each on that colour, and no other."""
    page = other.page("speed limit")
    row, left = page.find(group)
    head, column = page.find("factor", above=row, left=left)
    cells: list[At] = [(head + step, column) for step in range(1, len(GRADDESC) + 1)]
    factors = {at: number(page.values[at]) for at in cells}
    further = [at for at in cells if factors[at] < -1]
    crosses = [at for at in cells if -1 <= factors[at] < 0]
    looks = {at: page.shown(at) for at in cells}
    first = {at for at in cells if factors[at] < 0 and not any(factors[before] < 0 for before in cells if before < at)}
    filled = {at: looks[at].fill for at in cells if looks[at].fill in (RED, ORANGE)}
    assert filled == dict.fromkeys(further[:1], RED) | dict.fromkeys(first - {*further[:1]}, ORANGE)
    for color, wanted in ((RED, further), (ORANGE, crosses)):
        assert [at for at in cells if looks[at].color == color] == [at for at in wanted if at not in filled]
    assert all(looks[at].color == WHITE for at in filled)
    assert (len(crosses), len(further)) == ((5, 0) if group == "1 neuron" else (2, 13))
    if further:
        assert min(-factors[at] for at in further) < 2, "one that is not beyond -2 is among them"


@pytest.mark.parametrize("sheet", COMPARED)
def test_the_lowest_error_is_marked(other: Parts, sheet: str) -> None:
    """Of each model's runs those with the lowest last error, and no others, are called so and stand out."""
    page, of = other.page(sheet), COMPARISONS[sheet]
    head, _ = page.find("verdict")
    for group in of.groups:
        _, first = page.find(group, row=head - 1)
        left = next(c for c in range(first, first + 9) if str(page.values.get((head, c), "")).startswith("√Σe²"))
        rows = range(head + 1, head + 1 + len(of.rows))
        errors = {row: value for row in rows if isinstance(value := page.values[row, left], float)}
        best = [row for row in errors if errors[row] == min(errors.values())]
        assert best and all(math.isfinite(error) for error in errors.values())
        assert [row for row in rows if page.values[row, left + 1] == "lowest"] == best, group
        for i in (0, 1):
            assert [row for row in rows if page.shown((row, left + i)).color == BEST] == best, group
