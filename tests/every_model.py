"""Every loss with every activation, optimizer, batch and schedule: `python make.py models` (needs PyTorch).

The suite tries those of `torch_models.json`, in which every pair of parts is; here are all of the same table, each
trained by PyTorch in this process. A workbook holds all with one loss and one activation, a sheet of steps each.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch_models as table

from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.sheets import check, data_sheet, step_sheet
from graddesc_xl.sheets.making import Inputs, Making
from graddesc_xl.sheets.step_sheet import StepSheet
from graddesc_xl.verification import libreoffice, reading, tiers
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.verification.grid import Grid
from graddesc_xl.verification.held import Model
from graddesc_xl.verification.known import KNOWN
from graddesc_xl.workbook.sheet import Sheet
from graddesc_xl.workbook.write import write
from test_models import apart, configured, from_differences, from_torch

Say = Callable[[str], None]
BUNDLES = [*itertools.product(table.LOSSES, table.ACTIVATIONS)]
#: for LibreOffice, with one workbook
LIMITS = Limits(1800)


@dataclass(frozen=True)
class Bundle:
    """What has one loss and one activation: as PyTorch trained it, and the sheets of a workbook of all of it."""

    made: list[dict[str, Any]]
    path: Path
    sheets: list[StepSheet]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print at once what was found, and in which time."""
    begun = time.monotonic()

    def aloud(text: str) -> None:
        with capsys.disabled():
            print(f"\n    {text}; {time.monotonic() - begun:.0f} s", end=" ", flush=True)

    return aloud


@pytest.fixture(scope="module", params=BUNDLES, ids="-".join)
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Everything there is with a loss and an activation."""
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'graddesc-xl[torch]'")
    torch.set_num_threads(1)
    others = itertools.product(table.OPTIMIZERS, table.BATCHES, table.SCHEDULES)
    loss, activation = request.param
    made = [table.training(loss, activation, *other) for other in others]
    making = Making(run_plan, Inputs(), Sheet(check.SHEET))
    experiments = [configured(each, f"run {i}") for i, each in enumerate(made)]
    data = experiments[0].data
    making.samples[data.name] = data_sheet.compose(data.name, data, data)
    sheets = [step_sheet.compose(e, making) for e in experiments]
    for of in sheets:  # LibreOffice needs twice as long where there are notes
        of.sheet.notes.clear()
        of.sheet.rules.clear()
    path = tmp_path_factory.mktemp("every") / "every.xlsx"
    write([making.samples[data.name].sheet, *(of.sheet for of in sheets)], path, title="Every one", manifest={})
    return Bundle(made, path, sheets)


def named(made: dict[str, Any]) -> str:
    """What it is made of."""
    return ", ".join(str(made[part]) for part in ("loss", "activation", "optimizer", "batch", "schedule"))


def test_all_train_as_torch_does(bundle: Bundle, say: Say) -> None:
    """Rates, the means of the losses and the weights after each epoch, to 1e-12."""
    off = {named(made): max(from_torch(made).values()) for made in bundle.made}
    say(f"{len(off)} trained, within {max(off.values()):.1e} of PyTorch")
    assert max(off.values()) <= 1e-12, {name: worst for name, worst in off.items() if worst > 1e-12}


def test_all_derivatives_are_finite_differences(bundle: Bundle, say: Say) -> None:
    """Of the loss that is meant, by every weight."""
    off = {named(made): max(from_differences(made).values()) for made in bundle.made}
    say(f"derivatives within {max(off.values()):.1e} of finite differences")
    assert max(off.values()) <= 1e-6, {name: worst for name, worst in off.items() if worst > 1e-6}


def agree(bundle: Bundle, model: Model, program: str, say: Say) -> None:
    """Every cell is what its neighbours make it, and the weights after each epoch are PyTorch's."""
    names = [*model.sheets]
    values = {name: Grid.of(model.values(name, model.used(name))) for name in names}
    results = [tiers.step_sheet(of, values, KNOWN[program]) for of in bundle.sheets]
    off: dict[str, float] = {}
    for of, made in zip(bundle.sheets, bundle.made, strict=True):
        places = [(of.layout.last_row(epoch), of.layout.columns) for epoch in range(len(made["weights"]))]
        for (row, columns), after in zip(places, made["weights"], strict=True):
            found = [values[of.sheet.name].value(row, columns[f"new_{w}"]) for w in after]
            off[named(made)] = max(off.get(named(made), 0.0), apart(found, [*after.values()], 0.1))
    cells, worst = sum(result.cells for result in results), max(result.worst for result in results)
    say(f"{cells:,} cells in {program} within {worst:.1e} of their neighbours, {max(off.values()):.1e} of PyTorch")
    wrong = [(named(made), result) for made, result in zip(bundle.made, results, strict=True) if not result.ok]
    assert not wrong, wrong[:3]
    assert max(off.values()) <= 1e-12, {name: worst for name, worst in off.items() if worst > 1e-12}


def test_all_are_sheets_that_ironcalc_computes_alike(bundle: Bundle, say: Say) -> None:
    """Whatever values the file holds."""
    model = reading.load(bundle.path)
    model.recalculate(LIMITS)
    agree(bundle, model, "IronCalc", say)


def test_all_are_sheets_that_libreoffice_computes_alike(bundle: Bundle, soffice: str, say: Say) -> None:
    """Its own recalculation, forced."""
    with libreoffice.recalculated(bundle.path, soffice, LIMITS) as copy:
        model = reading.load(copy)
    agree(bundle, model, "LibreOffice", say)
