"""Many runs as machine code: some side by side through all their epochs, in the nearest cache of a processor.

Of each run as much is kept as `blocks` keeps, by the same operations in the same order, so that the numbers are the
same to the last bit. The step at which a run explodes, or since which a ReLU is dead, a second pass finds over just
those that do.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from ..language.expr import Expr, Here, Opening, Over, Param, leaves
from ..language.values import Array
from ..parts.data import Dataset
from ..plan import EpochState, Plan, Start
from .blocks import ERRORS, totals
from .compiled import LANES, added, compiled, footless
from .engine import all_cells, cell_names, lines
from .rows import deciding, needed
from .verdict import STILL, Ends, judged, largest

#: runs that a thread takes at a time
TAKEN = 8192
#: what is told of every run, before its weights
TOLD = ("last", "before", "first", "lowest", "root", "large", "lost")
#: discarded passes at most: each may begin in its own way
MOST = 32


class Kind(NamedTuple):
    """Which code of a plan is wanted.

    arrays: the cells that differ from run to run. chosen: others, which decide choices. steps: whether it is to find
    the steps of verdicts, not what runs end with. by_epoch: whether errors are kept by epoch.
    """

    arrays: frozenset[str]
    chosen: tuple[tuple[str, float], ...]
    steps: bool = False
    by_epoch: bool = False


@dataclass(eq=False)
class _Source:
    """The source of a plan's many runs in the making.

    rooms: what each of the lanes has room for: its inputs, what rows start from, sums, what is told.
    """

    plan: Plan
    kind: Kind
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan, kind = self.plan, self.kind
        self.carried = [start.column for start in plan.starts]
        self.sums, lasts = totals(plan)
        self.summed = [f"{over.reduction}_{over.column}" for over in self.sums]
        self.tapped = [over.column for over in lasts if over.column not in self.carried]
        self.news = dict.fromkeys(plan.new(w) for weights in plan.gates.values() for w in weights)
        watched = ["err", *plan.gates] if kind.steps else []
        wanted = [*self.carried, *self.tapped, *(over.column for over in self.sums), *watched]
        self.columns = needed(plan, wanted, dict(kind.chosen))
        self.footers = {f.name: footless(plan, f.expr) for f in plan.footers if f.name in ERRORS}
        self.openings = _openings(plan)
        self.after = {gate: plan.after(gate) for gate in plan.gates}
        every = (self.columns, self.footers, self.after, *(exprs for _, exprs in self.openings))
        used = {leaf for exprs in every for expr in exprs.values() for leaf in leaves(expr)}
        self.cells = [name for name in cell_names(plan) if Param(name) in used]
        self.opened = [start.column for start in plan.starts if Opening(start.column) in used]
        kept = {item.name for item in plan.openings if any(item.name not in exprs for _, exprs in self.openings)}
        self.opened += [name for name in self.carried if name in kept and name not in self.opened]
        gates, news = range(len(plan.gates)), [f"q_{plan.new(w)}" for w in plan.weights]
        ends = [*(f"e_{name}" for name in TOLD), *(f"e_shut{i}" for i in gates), *news]
        self.told = ["e_large", *(f"e_alive{i}" for i in gates)] if kind.steps else ends
        self.rooms = [f"p_{name}" for name in self.cells if name in kind.arrays]
        self.rooms += [*(f"q_{n}" for n in self.carried), *(f"s_{s.name}" for s in plan.states)]
        self.rooms += [*(f"o_{n}" for n in self.opened), *self.summed, *(f"last_{n}" for n in self.tapped)]
        self.rooms += [*(f"b_{n}" for n in self.news), *(name for name in self.told if name.startswith("e_"))]

    def write(self, depth: int, *those: str) -> None:
        """Lines, so far indented."""
        self.text.extend("    " * depth + line for line in those)

    def lanes(self, depth: int, body: Iterable[str]) -> None:
        """A loop over the lanes: what its body reads is loaded before, what it sets is stored after it."""
        body = [*body]
        names = [node for node in ast.walk(ast.parse("\n".join(body))) if isinstance(node, ast.Name)]
        read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        if body:
            self.write(depth, f"for k in range({LANES}):")
            self.write(depth + 1, *(f"{room} = r_{room}[k]" for room in self.rooms if room in read))
            self.write(depth + 1, *body, *(f"r_{room}[k] = {room}" for room in self.rooms if room in made))

    def spelled(self) -> str:
        """All of it."""
        plan, kind, each = self.plan, self.kind, self.write
        first, index = plan.discarded, {name: i for i, name in enumerate(cell_names(plan))}
        each(0, "def runs(low, high, samples, shared, large, inputs, told, errors):")
        each(1, *(f"r_{room} = lane()" for room in self.rooms))
        each(1, *(f"p_{n} = shared[{index[n]}]" for n in self.cells if n not in kind.arrays))
        each(1, "rows = samples.shape[2]", f"for group in range(low, high, {LANES}):")
        each(2, f"many = min({LANES}, high - group)")
        differ = [f"p_{n} = inputs[{i}, group + min(k, many - 1)]" for i, n in enumerate(sorted(kind.arrays))]
        self.lanes(2, [line for line in differ if line.split(" = ")[0] in self.rooms])
        self.lanes(2, [f"{name} = 0.0" for name in self.told if name.startswith("e_")])
        each(2, f"for t in range({plan.blocks}):")
        each(
            3,
            f"block = t - {first} if t >= {first} else t + {plan.epochs}",
            "seen = block if samples.shape[1] > 1 else 0",
        )
        self.open()
        self.lanes(3, [f"{total} = 0.0" for total in self.summed])
        if kind.steps:
            each(3, f"if t == {first}:", "    pass")
            self.lanes(4, [*(f"b_{n} = q_{n}" for n in self.news), *(f"{n} = 0.0" for n in self.told)])
        each(3, "for i in range(rows):")
        each(4, *self.sample("seen"), f"now = 1.0 + i + (t - {first}) * rows")
        self.lanes(4, self.row())
        self.lanes(3, self.closed())
        if not kind.steps:
            each(3, f"if t >= {first}:")
            self.lanes(4, self.ended())
        if kind.by_epoch:
            each(4, "for k in range(many):", f"    errors[group + k, t - {first}] = r_e_last[k]")
        if plan.gates and not kind.steps:
            self.shut()
        each(
            2, "for k in range(many):", *(f"    told[{i}, group + k] = r_{name}[k]" for i, name in enumerate(self.told))
        )
        return "\n".join(self.text) + "\n"

    def sample(self, block: str) -> list[str]:
        """The values of a sample."""
        return [f"d_{name} = samples[{i}, {block}, i]" for i, name in enumerate(self.plan.samples)]

    def outside(self, exprs: Mapping[str, Expr]) -> list[str]:
        """What expressions outside the rows read of the rows above."""
        found = dict.fromkeys(leaf for expr in exprs.values() for leaf in leaves(expr) if isinstance(leaf, Over))
        counts = [f"count_{over.column} = 1.0 * rows" for over in found if over.reduction == "count"]
        return counts + [
            f"last_{o.column} = q_{o.column}" for o in found if o.reduction == "last" and o.column in self.carried
        ]

    def open(self) -> None:
        """What blocks start from, by their place in time."""
        for i, (times, exprs) in enumerate(self.openings):
            test = f"t in ({', '.join(map(str, times))},)" if times else "True"
            self.write(3, f"{'elif' if i else 'if'} {test}:")
            body = [*self.outside(exprs), *lines(exprs, "n_")]
            for item in self.plan.openings:
                to = f"q_{item.name}" if isinstance(item, Start) else f"s_{item.name}"
                new = f"n_{item.name}"
                if item.name in exprs and isinstance(item, EpochState):
                    body.append(f"{to} = {new} if abs({new}) < inf else inf")
                elif item.name in exprs or isinstance(item, Start):
                    body.append(f"{to} = {new if item.name in exprs else f'o_{item.name}'}")
            self.lanes(4, [*body, *(f"o_{n} = q_{n}" for n in self.opened)])

    def row(self) -> Iterator[str]:
        """A row, and what is noted of it."""
        yield from lines(self.columns)
        yield from (f"{total} = {total} + {added(over)}" for total, over in zip(self.summed, self.sums, strict=True))
        yield from (f"q_{name} = c_{name}" for name in self.carried)
        yield from (f"last_{name} = c_{name}" for name in self.tapped)
        if self.kind.steps:
            far = "(now > 0.0) & (e_large == 0.0) & (not (c_err <= large) & (c_err < inf))"
            yield f"e_large = now if {far} else e_large"
            for i, (gate, weights) in enumerate(self.plan.gates.items()):
                moved = [f"(not abs(c_{n} - b_{n}) <= {STILL!r} * abs(b_{n}))" for n in map(self.plan.new, weights)]
                yield f"e_alive{i} = now if (c_{gate} > 0.0) | {' | '.join(moved)} else e_alive{i}"
            yield from (f"b_{name} = c_{name}" for name in self.news)

    def closed(self) -> Iterator[str]:
        """The end of a block: what is no number there is an error cell."""
        for name in (*self.summed, *(f"q_{n}" for n in self.carried)):
            if not self.kind.steps:
                yield f"e_lost = e_lost if abs({name}) < inf else 1.0"
            yield f"{name} = {name} if abs({name}) < inf else inf"

    def ended(self) -> Iterator[str]:
        """The end of an epoch: its error."""
        first = f"t == {self.plan.discarded}"
        yield from (*self.outside(self.footers), *lines(self.footers, "f_"))
        yield from ("e_before = e_last", "e_last = f_error if abs(f_error) < inf else inf")
        yield f"e_first = e_last if {first} else e_first"
        yield f"e_lowest = e_last if ({first}) | (e_last < e_lowest) else e_lowest"
        root = "f_root" if self.plan.other else "e_last"
        yield f"e_root = {root} if abs({root}) < inf else inf"
        yield "e_large = e_large if (sum_err <= large) & (sum_err < inf) else 1.0"

    def shut(self) -> None:
        """Whether the last weights leave a ReLU off for every sample."""
        for i, expr in enumerate(self.after.values()):
            news = dict.fromkeys(leaf.column for leaf in leaves(expr) if isinstance(leaf, Here))
            self.lanes(2, [f"e_shut{i} = 1.0"])
            self.write(2, "for i in range(rows):")
            self.write(3, *self.sample("0"))
            off = f"e_shut{i} = e_shut{i} if (z_0 <= 0.0) & (z_0 > -inf) else 0.0"
            self.lanes(3, [*(f"c_{name} = q_{name}" for name in news), *lines({"0": expr}, "z_"), off])


def _openings(plan: Plan) -> list[tuple[tuple[int, ...], dict[str, Expr]]]:
    """What blocks start from, by their places in time; () for all others. What is not named stays as it was before."""
    times = [*plan.in_time()]
    found: dict[tuple[tuple[str, Expr], ...], list[int]] = {}
    for t, block in enumerate(times[: plan.discarded + 2]):
        opened = ((item.name, *plan.opening(item, block)) for item in plan.openings)
        exprs = ((name, footless(plan, expr)) for name, expr, seen in opened if seen is None or seen == times[t - 1])
        last = tuple(exprs)
        found.setdefault(last, []).append(t)
    return [*((tuple(of), dict(exprs)) for exprs, of in found.items() if exprs != last), ((), dict(last))]


@lru_cache(maxsize=64)
def code(plan: Plan, kind: Kind) -> Callable[..., None] | None:
    """A plan's many runs as machine code; None where it cannot be made.

    A function of (first run, last run + 1, samples, cells that all share, the largest squared error, cells that differ,
    what is told of each run, errors by epoch). It writes the last two.
    """
    if plan.discarded > MOST:
        return None
    return compiled(_Source(plan, kind).spelled(), "runs")


def outcomes(plan: Plan, data: Dataset, inputs: Mapping[str, Array], *, by_epoch: bool) -> dict[str, Any] | None:
    """What became of many runs, as `outcomes.outcomes` says, and as `lost` which of them met what is no number.

    None where machine code cannot be made: the C library is not found, or discarded passes are too many.
    """
    cells = all_cells(plan, data, inputs)
    arrays = frozenset(name for name, value in cells.items() if np.ndim(value))
    kind = Kind(arrays, deciding(plan, cells), by_epoch=by_epoch)
    ends, steps = code(plan, kind), code(plan, kind._replace(steps=True, by_epoch=False))
    if ends is None or steps is None:
        return None
    runs = max(np.size(cells[name]) for name in arrays)
    samples = np.array([np.atleast_2d(plan.seen(data, name)) for name in plan.samples])
    shared = np.array([math.nan if name in arrays else float(cells[name]) for name in cell_names(plan)])
    gates, large = len(plan.gates), largest(data.ys)
    errors = np.empty((runs, plan.epochs) if by_epoch else (0, 0))
    found: dict[str, Any] = {
        "error": np.empty(runs),
        "kind": np.empty(runs, dtype=np.uint8),
        "step": np.empty(runs, dtype=np.int64),
        "times": np.empty(runs),
        "weights": np.empty((runs, len(plan.weights))),
        "lost": np.empty(runs, dtype=bool),
    }

    todo = iter(range(0, runs, TAKEN))  # threads take from it in turns

    def some(_: int) -> None:
        told, own = np.empty((len(TOLD) + gates + len(plan.weights), TAKEN)), np.empty((len(arrays), TAKEN))
        at = np.empty((1 + gates, TAKEN))
        for start in todo:
            part = slice(start, min(start + TAKEN, runs))
            many = part.stop - start
            for mine, name in zip(own, sorted(arrays), strict=True):
                mine[:many] = cells[name][part]
            ends(0, many, samples, shared, large, own, told, errors[part])
            last, before, first, lowest, root, exploding, lost = told[: len(TOLD), :many]
            shut = told[len(TOLD) : len(TOLD) + gates, :many] > 0.0
            exploded, dead = np.zeros((2, many), dtype=np.int64)
            asked = np.flatnonzero((exploding > 0.0) | shut.any(axis=0))
            if asked.size:
                steps(0, len(asked), samples, shared, large, own.take(asked, axis=1), at, errors[:0])
                found_at = at[:, : len(asked)]
                exploded[asked] = found_at[0]
                dead[asked] = _dead(found_at, shut[:, asked], plan.epochs * len(data))
            ended = Ends(first, before, last, lowest, root, exploded, dead, plan.epochs)
            for name, values in zip(("kind", "step", "times"), judged(ended, data.ys), strict=True):
                found[name][part] = values
            found["error"][part], found["lost"][part] = last, lost > 0.0
            found["weights"][part] = told[len(TOLD) + gates :, :many].T

    threads = min(numba.get_num_threads(), -(-runs // TAKEN))
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(some, range(threads)):
            pass
    return found | ({"errors": errors} if by_epoch else {})


def _dead(at: Array, shut: NDArray[np.bool_], steps: int) -> NDArray[np.int64]:
    """The step since which a ReLU is dead, 0 without one. at: that of an explosion, then where each last was alive."""
    since = np.where(shut & (at[1:] < steps) & (at[0] == 0.0), at[1:] + 1.0, np.inf).min(axis=0, initial=np.inf)
    return np.where(np.isfinite(since), since, 0.0).astype(np.int64)
