"""What a landscape says of itself, as formulas: where it is lowest, how it bends, where the walls are."""

from __future__ import annotations

from ..language.expr import Expr, Param, Text, call, sqrt, where
from ..language.reports import GAP, joined
from ..surface import plain, straight
from ..workbook.figures import Figures
from ..workbook.reference import Cell
from ..workbook.style import TEXT
from .landscape_map import AXIS, CROSSES, FURTHER, HELPER, SAID, WALLS, Map

#: one weight bends so many times as much as another before the other is said to creep
CREEPS = 10
NO_WALL = "The walls of the speed limit are those of plain SGD: this run has none."


def put(of: Map) -> None:
    """Three sentences above the grid, and the helper cells of their figures."""
    behind = of.right + WALLS + (of.count + 1 if of.walled else 0)
    tell = Figures(of.sheet, (AXIS - 1, behind), "figures of the sentences")
    for row, said in enumerate((_ends(of, tell), _bends(of, tell), _walls(of, tell)), SAID):
        of.sheet.put(row, 1, said, TEXT)


def _ends(of: Map, tell: Figures) -> Expr:
    """Where the grid is lowest, where the run ends and how far it went."""
    cells, (across, up) = of.cells, of.over
    low, ends = ({w: cells[f"{what} {w}"] for w in of.over} for what in ("lowest", "end"))
    told = {w: tell.number(low[w]) for w in of.over}
    edges = [low[w].equals(cells[f"{end} {w}"]) for w in of.over for end in ("from", "to")]
    lowest = joined(
        [
            f"Lowest cell: {across} = ",
            told[across],
            f", {up} = ",
            told[up],
            ", √Σe² ",
            tell.number(cells["lowest"]),
            where(call("or", *edges), ", at the edge of the grid: outside it may be lower. ", ". "),
        ]
    )
    of.note(SAID + 2, of.right + 4, "√Σe² at its end")
    cells["end"] = of.sheet.put(SAID + 2, of.right + 7, call("if_error", of.root(ends), GAP), HELPER)
    away = [tell.number(call("abs", low[w] - ends[w])) for w in of.over]
    run = joined(
        [
            cells["name"],
            f" ends at {across} = ",
            tell.number(ends[across]),
            f", {up} = ",
            tell.number(ends[up]),
            ", √Σe² ",
            tell.number(cells["end"]),
            ": ",
            away[0],
            f" away in {across}, ",
            away[1],
            f" in {up}",
        ]
    )
    inside = call("is_number", cells["last key"])
    lost = joined([cells["name"], " ends at no number: it exploded, or a cell of its sheet holds none."])
    finite = call("and", *(call("is_number", end) for end in ends.values()))
    said = lowest & where(finite, run & where(inside, _way(of, tell), ", outside the grid."), lost)
    held = ", or hold the other weights elsewhere" if of.others else ""
    return where(call("is_number", cells["low"]), said, f"No cell of the grid is a number: type another range{held}.")


def _way(of: Map, tell: Figures) -> Expr:
    """How many cells of the grid the run passed, and how many lie between its ends."""
    cells = of.cells
    first, last = cells["first on"], cells["last on"]
    passed = call("sum", of.sheet.block(first.row, first.column, last.row - first.row + 1))
    apart = [
        ((cells[f"end {w}"] - cells[f"start {w}"]) / cells[f"step {way}"]) ** 2
        for w, way in zip(of.over, ("across", "up"), strict=True)
    ]
    told = joined(
        [". It went ", tell.number(passed, 1), " cells far to end ", tell.number(sqrt(apart[0] + apart[1]), 1)]
    )
    return where(call("is_number", passed), told & " from where it started.", ".")


def _bends(of: Map, tell: Figures) -> Expr:
    """How much Σe² bends along both weights, and what that does to a rate."""
    across, up = of.over
    one, two = (of.cells[f"bends {w}"] for w in of.over)
    at = Cell(of.sheet, one.row + 1, one.column)
    ratio = of.sheet.put(at.row, at.column, call("if_error", where(one > two, one / two, two / one), GAP), HELPER)
    told = tell.number(ratio, 1)
    steep, flat = where(one > two, across, up), where(one > two, up, across)
    about = "" if all(straight(of.plan, w) for w in of.over) else "about "
    said = joined(
        [
            f"At the lowest cell Σe² bends {about}",
            told,
            " times as much along ",
            steep,
            " as along ",
            flat,
            ": ",
            steep,
            " alone bears a rate ",
            told,
            " times smaller than ",
            flat,
            " alone.",
            where(ratio > CREEPS, joined([" At a rate that ", steep, " bears, ", flat, " creeps."]), ""),
        ]
    )
    level = joined(["At the lowest cell √Σe² stays the same along ", where(one.equals(0), across, up), "."])
    return call("if_error", where(call("and", one > 0, two > 0), said, level), "Nothing can be said of how Σe² bends.")


def _walls(of: Map, tell: Figures) -> Expr:
    """Where the steps of plain SGD overshoot."""
    flags = {plain(run.of.experiment.plan) for run in of.runs}
    if flags == {False}:
        return Text(NO_WALL)
    rate = tell.rate(of.known[Param("lr")])
    if of.walled:
        beyond = tell.number(of.cells_beyond, 0)
        said = joined(
            [
                "× beyond the wall of the speed limit: with the rate ",
                rate,
                " a step of some sample crosses its target and ends, to first order, further off than before, in ",
                beyond,
                f" of {of.count**2} cells.",
            ]
        )
    else:
        crosses, further = (tell.number(of.beyond({}, limit), 0) for limit in (CROSSES, FURTHER))
        said = joined(
            [
                "The speed limit's wall does not depend on these weights: with the rate ",
                rate,
                " the step of ",
                crosses,
                " of ",
                tell.number(of.samples, 0),
                " samples crosses its target in every cell, and that of ",
                further,
                " goes on until it is further off than before.",
            ]
        )
    return where(of.cells["plain"].equals(1), said, NO_WALL) if len(flags) > 1 else said
