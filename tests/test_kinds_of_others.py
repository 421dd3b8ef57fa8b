"""Kinds of sheets of the package on models, data and names that no shipped lesson has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graddesc_xl import Experiment, Lesson, build, dataset, verify
from graddesc_xl.errors import SettingError
from graddesc_xl.language.values import Array
from graddesc_xl.lessons import recipe
from graddesc_xl.parts.models import Model
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.sheets.derivatives import Derivatives
from graddesc_xl.sheets.speed_limit import SpeedLimit
from graddesc_xl.verification import reading
from spreadsheet import Spreadsheet

US, VS, TS = [1.0, -2.0, 4.0, 0.5, 3.0], [2.0, 1.0, -1.0, 3.0, 5.0], [5.0, 7.0, -2.0, 0.0, 9.0]
DATA = dataset({"u": US, "v": VS}, TS, "heights", "t")
PLANE = Model("plane", "a plane", ("w0", "w1", "w2"), {"pred": "w0 + w1*u + w2*v"}, inputs=("u", "v"))
BENT = Model("bent", "a bend", ("k", "m"), {"s": "k*u", "pred": "m*max(s, 0) + k*v"}, inputs=("u", "v"))
SHIFT = Model("shift", "a shift", ("w0",), {"pred": "w0 + v"}, inputs=("v",))
LIMIT = SpeedLimit(
    "how fast",
    "How fast may they go?",
    {"plane": PLANE, "bend": BENT, "shift": SHIFT},
    DATA,
    values={"lr": 0.05, "w1": -0.5, "k": 2.0},
    about="Three models.",
    steps="all of them",
)
RUN = Experiment(
    "bends", model=BENT, data=DATA, epochs=3, numerical=True, scaled=("u", "t"), values={"lr": 0.01, "scale_t": 5.0}
)
LESSON = Lesson(
    "Others",
    [RUN, LIMIT, Derivatives("slopes", "How steep?", "bends", "Slopes.", "m", 12.0)],
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with these sheets."""
    return build(LESSON, tmp_path_factory.mktemp("others")).path


@pytest.fixture
def opened(path: Path) -> Spreadsheet:
    """It, open in IronCalc."""
    return Spreadsheet(reading.load(path))


def texts(sheet: Spreadsheet, name: str) -> dict[tuple[int, int], str]:
    """The texts of a sheet by row and column."""
    return {at: value for at, value in sorted(sheet.held.cells[name].items()) if isinstance(value, str)}


def columns(sheet: Spreadsheet, name: str, title: str, count: int) -> list[list[float]]:
    """The cells below each header of that title, from left to right."""
    heads = [at for at, text in texts(sheet, name).items() if text == title]
    return [[sheet.value(name, row + k, column) for k in range(1, count + 1)] for row, column in heads]


def beside(sheet: Spreadsheet, name: str, label: str) -> list[tuple[int, int]]:
    """The cells at the right of a label, from left to right."""
    return [(row, column + 1) for (row, column), text in texts(sheet, name).items() if text == label]


def bend(k: Array | float, m: Array | float, u: float, v: float) -> Array | float:
    """What that model predicts, by hand."""
    return m * np.maximum(k * u, 0.0) + k * v


def factors(rate: float, weights: Sequence[float]) -> tuple[list[list[float]], list[float]]:
    """The factors of every step of the three runs, and the rates that their start weights bear, by hand."""
    w0, w1, w2, k, m = weights
    found: list[list[float]] = [[], [], []]
    shift = w0
    for u, v, t in zip(US, VS, TS, strict=True):
        flat = 1 + u * u + v * v
        off = w0 + w1 * u + w2 * v - t
        w0, w1, w2 = w0 - rate * 2 * off, w1 - rate * 2 * off * u, w2 - rate * 2 * off * v
        by_k, by_m = (m * u if k * u > 0 else 0.0) + v, max(k * u, 0.0)
        miss = float(bend(k, m, u, v)) - t
        square = by_k**2 + by_m**2
        k, m = k - rate * 2 * miss * by_k, m - rate * 2 * miss * by_m
        shift -= rate * 2 * (shift + v - t)
        for group, each in enumerate((flat, square, 1.0)):
            found[group].append(1 - 2 * rate * each)
    _, _, _, k, m = weights
    bent = [((m * u if k * u > 0 else 0.0) + v) ** 2 + max(k * u, 0.0) ** 2 for u, v in zip(US, VS, strict=True)]
    flat_squares = [1 + u * u + v * v for u, v in zip(US, VS, strict=True)]
    return found, [1 / max(flat_squares), 1 / max(bent), 1.0]


@pytest.mark.parametrize("rate", [0.05, 0.01, 0.4])
def test_the_speed_limit_of_any_models(opened: Spreadsheet, rate: float) -> None:
    """Factors, counts, first steps and what start weights bear are those computed by hand, at any rate."""
    name = "how fast"
    opened.type_number(name, *beside(opened, name, "lr")[0], rate)
    opened.recalculate()
    wanted, bears = factors(rate, (1.0, -0.5, 1.0, 2.0, 1.0))
    assert columns(opened, name, "u", 5) == [US] and columns(opened, name, "v", 5) == [VS]
    shown = columns(opened, name, "factor", 5)
    assert len(shown) == 3
    for found, by_hand in zip(shown, wanted, strict=True):
        assert found == pytest.approx(by_hand, rel=1e-9)

    def said(label: str) -> list[Any]:
        return [opened.value(name, *at) for at in beside(opened, name, label)]

    for limit, first, count in (
        (0, "overshoots first at step", "steps that overshoot"),
        (-1, "further off first at step", "steps that end further off"),
    ):
        off = [[step for step, factor in enumerate(each, 1) if factor < limit] for each in wanted]
        assert said(first) == [steps[0] if steps else "none" for steps in off]
        assert said(count) == [len(steps) for steps in off]
    for bearable, exact in zip(said("start weights bear lr up to"), bears, strict=True):
        assert exact * 0.99 < bearable <= exact * (1 + 1e-12)


def test_what_is_said_names_its_own_columns(opened: Spreadsheet) -> None:
    """The target and the inputs are called what they are."""
    said = set(texts(opened, "how fast").values())
    assert "= prediction with the new weights − t" in said and "= y_pred − t" in said
    assert "LIMIT" not in said and {"plane", "bend", "shift", "How fast may they go?"} <= said
    assert "Steps of the sheet bends. A double" in " ".join(texts(opened, "slopes").values())
    assert {"numerical de/dk", "numerical de/dm", "off by, k"} <= set(texts(opened, "slopes").values())


@pytest.mark.parametrize("step", [1, 8, 15])
def test_derivatives_of_any_model(opened: Spreadsheet, step: int) -> None:
    """Of scaled samples the derivatives are those of the loss: finite differences by hand, at any step."""
    name = "slopes"
    opened.type_number(name, *beside(opened, name, "step")[0], step)
    opened.recalculate()
    (row,) = (row for row, _ in beside(opened, name, "at that step"))
    k, m, u, v, t = (opened.value(name, row, column) for column in range(2, 7))
    sample = (step - 1) % 5
    assert (u, v, t) == (US[sample], VS[sample], TS[sample])

    def loss(k: float, m: float) -> float:
        return float((t / 5 - bend(k, m, u / 50, v)) ** 2)

    for weight, (high, low) in {"k": ((k + 1e-5, m), (k - 1e-5, m)), "m": ((k, m + 1e-5), (k, m - 1e-5))}.items():
        (numerical,) = columns(opened, name, f"numerical de/d{weight}", 13)
        (share,) = columns(opened, name, f"off by, {weight}", 13)[:1]
        slope = (loss(*high) - loss(*low)) / 2e-5
        head = next(at for at, text in texts(opened, name).items() if text == f"de/d{weight}" and at[0] < row + 3)
        analytic = opened.value(name, head[0] + 1, head[1])
        assert analytic == pytest.approx(slope, rel=1e-6, abs=1e-8)
        assert numerical[6] == pytest.approx(slope, rel=1e-3, abs=1e-4)
        if analytic:
            assert share[4] == pytest.approx(abs(numerical[4] / analytic - 1), rel=1e-6)


def test_verify_and_other_programs_agree(path: Path, soffice: str, ssconvert: str) -> None:
    """Every cell is what it was composed to be, in IronCalc, LibreOffice and Gnumeric."""
    report = verify(path, libreoffice=soffice, gnumeric=ssconvert)
    assert report.ok, [sheet for values in report.sets for sheet in values.sheets if not sheet.ok]
    assert [*reading.load(path).sheets][-3:] == ["bends steps", "all of them", "recipe"]


def test_recipes_make_them_again() -> None:
    """Groups, models and texts stand in the recipe."""
    assert recipe.read(recipe.spell(LESSON)).kinds == LESSON.kinds


def test_what_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    """No group, no such sheet of steps, no such weight: one sentence each."""
    with pytest.raises(SettingError, match="shows no model: give it groups"):
        SpeedLimit("how fast", "How fast?", {})
    for derivatives, said in (
        (Derivatives("slopes", "How steep?", "bend"), "slopes looks at the steps of 'bend'.*bends"),
        (Derivatives("slopes", "How steep?", "how fast"), "looks at the steps of 'how fast': no sheet of one run"),
        (Derivatives("slopes", "How steep?", "bends", vanishing="n"), "bends has no numerical derivative by 'n'"),
    ):
        with pytest.raises(SettingError, match=said):
            build(Lesson("Others", [RUN, LIMIT, derivatives]), tmp_path)
    analytic = Experiment("plain", model=SHIFT, data=DATA, optimizer=OPTIMIZERS["adam"])
    with pytest.raises(SettingError, match="plain has no numerical derivative by 'w0'"):
        build(Lesson("Others", [analytic, Derivatives("slopes", "How?", "plain", vanishing="w0")]), tmp_path)
