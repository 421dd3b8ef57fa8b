"""A workbook that is not ours: the values it holds against recalculations of its own formulas.

Volatile formulas have other values each time, and so has what follows from them: these are named and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from ..workbook.cells import a1
from . import package, tiers
from .contents import shown
from .grid import At
from .held import Held, Model
from .known import KNOWN
from .references import following, references, volatile
from .report import Report, SheetResult, ValueSet

#: a program's values, computed when they are asked for
Recalculated = Callable[[], Held]


def verify(path: Path, model: Model, programs: Mapping[str, Recalculated]) -> Report:
    """Compare what the file holds with what each program computes."""
    formulas = {sheet: cells.formulas() for sheet, cells in model.held.cells.items()}
    if not any(formulas.values()):
        return _nothing(path, "It holds no formulas: there is nothing to verify.")
    names = {name.upper(): text for name, text in package.read(path).names.items()}
    every = {(sheet, *at): text for sheet, of in formulas.items() for at, text in of.items()}
    seeds = {cell: function for cell, text in every.items() if (function := volatile(text, names))}
    reads = {cell: references(text, cell[0], names) for cell, text in every.items()} if seeds else {}
    left_out: dict[str, set[At]] = {sheet: set() for sheet in formulas}
    for sheet, row, column in following(reads, seeds):
        left_out[sheet].add((row, column))
    told = [f"{sheet}!{a1(row, column)} is volatile ({function})." for (sheet, row, column), function in seeds.items()]
    judged = {sheet: [at for at in of if at not in left_out[sheet]] for sheet, of in formulas.items()}
    if not any(judged.values()):
        return _nothing(path, "Every formula is volatile or follows from such: there is nothing to verify.", told)
    held = {sheet: model.held.values(sheet, cells) for sheet, cells in judged.items()}
    sets = []
    for name, recalculated in programs.items():
        now = recalculated()
        results = [_sheet(name, s, held[s], now, left_out[s]) for s in formulas if formulas[s]]
        sets.append(ValueSet(name, tuple(results)))
    return Report(path, None, tuple(sets), additions=tuple(told))


def _nothing(path: Path, why: str, told: Collection[str] = ()) -> Report:
    return Report(path, None, (), problems=(why,), additions=tuple(told))


def _sheet(name: str, sheet: str, held: Mapping[At, object], now: Held, left_out: set[At]) -> SheetResult:
    """The cells of a sheet that are judged."""
    values = now.values(sheet, held)
    errors = {at: tiers.distance(values[at], held[at], known=KNOWN[name]) for at in held}
    wrong = [at for at, error in errors.items() if error > tiers.GLOBAL]
    worst = max(errors, key=errors.__getitem__, default=None)
    notes = []
    if wrong and worst is not None:
        holds = "no value" if held[worst] is None else shown(held[worst])
        notes.append(f"holds {holds}, {name} computes {shown(values[worst])}")
    if left_out:
        notes.append(f"{len(left_out):,} left out: volatile, or following from what is")
    error = 0.0 if worst is None else errors[worst]
    where = a1(*worst) if worst is not None and error else ""
    return SheetResult(
        *(sheet, len(held), error, where, "", not wrong, "; ".join(notes), tuple(a1(*at) for at in wrong)),
        left_out=tuple(a1(*at) for at in sorted(left_out)),
    )
