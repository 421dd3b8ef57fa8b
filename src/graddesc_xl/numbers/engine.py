"""The engine: a plan becomes straight-line Python, and the code runs it.

One generator serves plain floats and arrays; both do the same IEEE operations in the same order, so their numbers are
equal to the last bit. That holds for exponentials, logarithms, sines and powers too: NumPy's own differ from the C
library's in a last bit now and then, so an array gets the C library's, element by element. A batch is arrays, one
element per run. A single run is floats where a row waits for the one above; once it is known what each row starts from,
all rows are one batch. The fast code knows nothing of error cells: where a value stops being finite, the rest of that
run is done again by `evaluate`, which does.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError, did_you_mean, shown
from ..language.evaluate import evaluate, reduce
from ..language.expr import Apply, Const, Data, Expr, Foot, Here, Opening, Over, Param, Prev, State, Whole
from ..language.operators import COMPARISONS, OPERATORS, Cells, taken_apart
from ..language.values import Array
from ..parts.data import Dataset
from ..plan import EpochState, Plan, Start
from ..settings import Settings, resolve, rounded
from .room import fits
from .trace import Trace

if TYPE_CHECKING:
    from .compiled import Epochs

#: the functions that generated code calls, on floats and on arrays
_FLOATS: Mapping[str, Any] = {name: row.floats for name, row in OPERATORS.items() if row.floats}
_ARRAYS: Mapping[str, Any] = {name: OPERATORS[name].arrays for name in _FLOATS}
#: what Python's floats raise where there is no number
UNDEFINED = (ArithmeticError, ValueError)
#: in generated code, the names of what is computed
NAMES = re.compile(r"\b[ct]\w+")
#: so many rows of a single run are computed at once: their numbers stay in the processor's cache
AT_ONCE = 8192


def _source(expr: Apply, args: Sequence[str]) -> str:
    """The source of an operation from the sources of its operands.

    A maximum, a comparison or a condition may hide an operand that is not finite, and what is divided by infinity is
    a finite 0; the terms added for them, 0 for every finite value, do not.
    """
    row = OPERATORS[expr.op]
    if expr.op == "pow":
        return f"({' * '.join([args[0]] * int(float(args[1])))})"
    if row.excel in ("+", "-", "*", "/"):
        value = f"({f' {row.excel} '.join(args)})" if len(args) > 1 else f"({row.excel}{args[0]})"
        return f"({value} + 0.0 * {args[1]})" if _guarded(expr) else value
    called = f"{expr.op}({', '.join(args)})"
    if _tested(expr):
        called = f"where({_tested(expr)}({', '.join(args[:2])}), {', '.join(args[2:])})"
    if not row.hides:
        return called
    watched = args[:1] if row.takes == "errors" else args
    if _tested(expr):
        watched = [arg for arg, term in zip(args, _operands(expr)[:2], strict=False) if not isinstance(term, Const)]
    return f"({called}{''.join(f' + 0.0 * {arg}' for arg in watched)})"


def _guarded(expr: Apply) -> bool:
    """Whether an operation is a division that hides what it divides by."""
    return expr.op == "div" and _can_overflow(expr.args[1])


def _tested(expr: Apply) -> str:
    """Of a choice that a comparison decides, that comparison: its two terms are operands of the choice."""
    condition = expr.args[0] if expr.op == "where" else None
    return condition.op if isinstance(condition, Apply) and condition.op in COMPARISONS else ""


def _operands(expr: Apply) -> tuple[Expr, ...]:
    """What its source needs the sources of."""
    condition = expr.args[0] if _tested(expr) else None
    return (*condition.args, *expr.args[1:]) if isinstance(condition, Apply) else expr.args


def _variable(leaf: Expr) -> str:
    match leaf:
        case Const(value):
            return repr(float(value)) if value >= 0 else f"({float(value)!r})"
        case Data(name):
            return f"d_{name}"
        case Here(column):
            return f"c_{column}"
        case Prev(column):
            return f"q_{column}"
        case Param(name):
            return f"p_{name}"
        case State(name):
            return f"s_{name}"
        case Over(reduction, column):
            return f"{reduction}_{column}"
        case Opening(column):
            return f"o_{column}"
    raise AssertionError(leaf)


def _count(expr: Expr, uses: Counter[Expr]) -> None:
    """Add up how often the source of a row needs the value of each operation."""
    if isinstance(expr, Apply):
        many = uses[expr] = uses.get(expr, 0) + 1
        if many == 1:
            operands = _operands(expr)
            for arg in operands:
                _count(arg, uses)
            if expr.op == "pow" or OPERATORS[expr.op].hides:
                uses.update(operands)
            elif _guarded(expr):
                uses[expr.args[1]] += 1


def _can_overflow(expr: Expr) -> bool:
    """Whether finite cells can give a value that is not finite."""
    if not isinstance(expr, Apply):
        return False
    overflows = ("add", "sub", "mul", "div", "pow", "power", "exp", "log")
    return expr.op in overflows or any(map(_can_overflow, expr.args))


def _spell(expr: Expr, uses: Counter[Expr], names: dict[Expr, str], lines: list[str]) -> str:
    """The source of an expression; what is used more than once gets a name and a line of its own."""
    if not isinstance(expr, Apply):
        return _variable(expr)
    name = names.get(expr)
    if name is None:
        value = _source(expr, [_spell(arg, uses, names, lines) for arg in _operands(expr)])
        if uses[expr] == 1:
            return value
        name = names[expr] = f"t{len(names)}"
        lines.append(f"{name} = {value}")
    return name


def lines(columns: Mapping[str, Expr], prefix: str = "c_") -> list[str]:
    """The source of a row: a line for each column, in their order, and before it what it shares with others."""
    uses: Counter[Expr] = Counter()
    computed = {name: taken_apart(expr) for name, expr in columns.items()}
    for expr in computed.values():
        _count(expr, uses)
    names: dict[Expr, str] = {}
    body: list[str] = []
    for name, expr in computed.items():
        value = _spell(expr, uses, names, body)
        body.append(f"{prefix}{name} = {value}")
    return body


def _arguments(plan: Plan) -> str:
    """What generated code is given beside the samples: inputs, epoch states and starts."""
    prefixed = {"p_": cell_names(plan), "s_": [state.name for state in plan.states], "q_": _carried(plan)}
    return ", ".join(f"{prefix}{name}" for prefix, names in prefixed.items() for name in names)


def _sample(plan: Plan) -> str:
    """A sample, taken apart."""
    return "".join(f"d_{name}, " for name in plan.samples)


@lru_cache(maxsize=64)
def _row(plan: Plan) -> Sequence[str]:
    """The lines of all columns."""
    return lines({column.name: column.expr for column in plan.columns})


def source(plan: Plan) -> str:
    """The Python source of an epoch's rows: a function of samples, inputs, epoch states and starts."""
    emitted = "".join(f"c_{column.name}, " for column in plan.columns)
    carried = [f"q_{name} = c_{name}" for name in _carried(plan)]
    inner = "\n        ".join([*_row(plan), f"emit(({emitted}))", *carried])
    return f"def epoch(emit, samples, {_arguments(plan)}):\n    for {_sample(plan)}in samples:\n        {inner}\n"


def recurrence(plan: Plan) -> str:
    """The source of epochs one after the other, of which it computes only what a next row waits for.

    A generator of what each epoch starts from and then of what each of its rows hands on, number by number. It ends
    where there is none, at a division by zero or the like.
    """
    awaited = {f"c_{name}" for start in plan.starts for name in (start.column, start.carry)}
    kept: list[str] = []
    for text in reversed(_row(plan)):
        target, value = text.split(" = ", 1)
        if target in awaited:
            awaited |= {*NAMES.findall(value)}
            kept.insert(0, text)
    carried = _carried(plan)
    others = [(start.column, start.carry) for start in plan.starts if start.carry != start.column]
    return "\n".join(
        [
            f"def epochs(blocks, {_arguments(plan)}):",
            "    try:",
            "        for samples in blocks:",
            *(f"            yield q_{name}" for name in carried),
            f"            for {_sample(plan)}in samples:",
            *(f"                {text}" for text in kept or ["pass"]),
            *(f"                q_{name} = c_{name}; yield c_{name}" for name in carried),
            *(f"            q_{column} = c_{carry}" for column, carry in others),
            "    except (ArithmeticError, ValueError):",
            "        return",
            "    yield from ()",
        ]
    )


def _carried(plan: Plan) -> list[str]:
    return [start.column for start in plan.starts]


def cell_names(plan: Plan) -> list[str]:
    """The names of the inputs of a plan and of the cells derived from them."""
    return [i.name for i in plan.inputs] + [d.name for d in plan.derived]


@lru_cache(maxsize=64)
def compile_epoch(plan: Plan) -> Callable[..., None]:
    """The function that `source` spells, on arrays."""
    epoch: Callable[..., None] = _compiled(source(plan), _ARRAYS)["epoch"]
    return epoch


@lru_cache(maxsize=64)
def compile_epochs(plan: Plan) -> Callable[..., Iterator[float]]:
    """The generator that `recurrence` spells, on floats."""
    epochs: Callable[..., Iterator[float]] = _compiled(recurrence(plan), _FLOATS)["epochs"]
    return epochs


def _compiled(code: str, functions: Mapping[str, Any]) -> dict[str, Any]:
    scope = dict(functions)
    exec(code, scope)  # generated from a checked plan, never from a user's text
    return scope


#: steps that plain Python takes in about the time that numba needs to compile them
HOT = 1_000_000


@lru_cache(maxsize=64)
def _taken(plan: Plan) -> list[float]:
    """How many steps of a plan have been asked for."""
    return [0.0]


@cache
def _numba() -> bool:
    return find_spec("numba") is not None


def hot(plan: Plan, steps: float) -> bool:
    """Whether numba is there, and a plan has been asked for so many steps, with these, that compiling it pays."""
    taken = _taken(plan)
    taken[0] += steps
    return taken[0] >= HOT and _numba()


def machine_code(plan: Plan, steps: int) -> Epochs | None:
    """A plan as machine code, where that pays."""
    if not hot(plan, steps):
        return None
    from .compiled import epochs

    return epochs(plan)


def run_plan(plan: Plan, data: Dataset, settings: Settings, starts: Mapping[str, float] | None = None) -> Trace:
    """Run a plan on data; `run` is the convenient form."""
    inputs = resolve(plan, settings)
    startable = [s.column for s in plan.starts]
    given: dict[str, float] = {}
    for name, start in (starts or {}).items():
        if name not in startable:
            raise SettingError(f"{plan.name} starts no column {shown(name)}.{did_you_mean(name, startable)}")
        number = rounded(start)
        if number.shape or not np.isfinite(number):
            raise SettingError(f"The start of {name} must be one finite number, not {shown(start)}.")
        given[name] = float(number)
    return run_inputs(plan, data, inputs, given)


def run_inputs(
    plan: Plan, data: Dataset, inputs: Mapping[str, Array], starts: Mapping[str, float] | None = None
) -> Trace:
    """Run a plan with all its inputs as they are given, neither rounded nor checked."""
    shapes = {value.shape for value in inputs.values() if value.shape}
    if len(shapes) > 1:
        lengths = ", ".join(f"{name}: {value.size}" for name, value in inputs.items() if value.shape)
        raise SettingError(f"The sequences of a batch must be equally long, one number per run, not {lengths}.")
    shape = next(iter(shapes), ())
    if len(shape) > 1:
        raise SettingError(f"A batch takes a sequence of numbers per setting, not an array of shape {shape}.")
    fits(plan.epochs, len(plan.columns) * len(data) * math.prod(shape))
    given = {name: np.broadcast_to(value, shape) for name, value in inputs.items()} if shape else inputs
    cells: dict[str, Any] = all_cells(plan, data, given)
    if not shape:  # NumPy's scalars would make the generated code some four times slower
        cells = {name: float(value) for name, value in cells.items()}
    job = _Job(plan, data, cells, starts or {}, shape)
    job.fast()
    job.mend()
    return job.trace(inputs)


def all_cells(plan: Plan, data: Dataset, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The inputs of a plan and the cells derived from them."""
    cells = dict(inputs)

    def cell(leaf: Expr) -> Any:
        if isinstance(leaf, Whole):
            return Cells(data.column(leaf.name))
        assert isinstance(leaf, Param), f"{leaf} in a derived cell"
        return cells[leaf.name]

    for derived in plan.derived:
        cells[derived.name] = evaluate(derived.expr, cell)
    return cells


@dataclass
class _Job:
    """One call of `run_plan`: the numbers so far, blocks in the order of the plan (not of time)."""

    plan: Plan
    data: Dataset
    cells: Mapping[str, Any]
    given_starts: Mapping[str, float]
    shape: tuple[int, ...]
    rows: Array = field(init=False)
    starts: dict[str, Array] = field(init=False)
    states: dict[str, Array] = field(init=False)
    #: sums over the rows of each block, and whether all rows are known to be numbers: machine code knows both
    sums: dict[Expr, Array] = field(default_factory=dict, init=False)
    finite: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        plan, per_block = self.plan, (self.plan.blocks, *self.shape)
        self.fixed = [self.cells[name] for name in cell_names(plan)]
        self.seen = [plan.seen(self.data, name) for name in plan.samples]
        self.index = {column.name: i for i, column in enumerate(plan.columns)}
        self.rows = np.empty((len(plan.columns), plan.blocks, len(self.data), *self.shape))
        self.starts = {start.column: np.empty(per_block) for start in plan.starts}
        self.states = {state.name: np.empty(per_block) for state in plan.states}

    @cached_property
    def orders(self) -> list[list[tuple[float, ...]]]:
        """What the rows of each block see, or of all blocks where they see the same."""
        seen = [numbers.tolist() for numbers in self.seen]
        return [list(zip(*block, strict=True)) for block in (zip(*seen, strict=True) if self.plan.orders else [seen])]

    def samples(self, block: int) -> list[tuple[float, ...]]:
        """What the rows of a block see."""
        return self.orders[block if self.plan.orders else 0]

    def open(self, block: int) -> None:
        """Fill the block's start and epoch-state cells."""
        items: tuple[Start | EpochState, ...] = self.plan.openings
        for item in items:
            expr, previous = self.plan.opening(item, block)
            value = evaluate(expr, self.outside(block if previous is None else previous))
            if not isinstance(item, Start):
                self.states[item.name][block] = value
            elif block == 0:
                self.starts[item.column][block] = self.given_starts.get(item.column, value)
            else:
                self.starts[item.column][block] = value

    def opened(self, block: int) -> list[Any]:
        """What `open` filled: a block follows from it and from the cells that all blocks share."""
        return [cells[block] for cells in (*self.states.values(), *self.starts.values())]

    def outside(self, block: int | slice) -> Callable[[Expr], Any]:
        """The values of leaves that stand outside the rows, as seen from a block (or each of a slice)."""
        axis = -1 - len(self.shape)  # of the samples, in one block and in many

        def leaf(expr: Expr) -> Any:
            match expr:
                case Param(name):
                    return self.cells[name]
                case State(name):
                    return self.states[name][block]
                case Opening(column):
                    return self.starts[column][block]
                case Over() if expr in self.sums:
                    return self.sums[expr][block]
                case Over(reduction, column):
                    return reduce(reduction, self.rows[self.index[column], block].swapaxes(0, axis))
                case Foot(name):
                    footer = next(f for f in self.plan.footers if f.name == name)
                    return evaluate(footer.expr, self.outside(block))
            raise AssertionError(expr)

        return leaf

    def fast(self) -> None:
        """Run the generated code until the end, or until it meets a division by zero or the like."""
        done = 0 if self.shape else self.machine()
        left = [] if self.finite else list(self.plan.in_time())[done:]
        self.rows[:, left if done else slice(None)] = np.nan
        with np.errstate(all="ignore"):
            if self.shape:
                self.together(left)
            else:
                self.alone(left)

    def together(self, left: Sequence[int]) -> None:
        """These blocks of a batch, row by row."""
        epoch = compile_epoch(self.plan)
        for block in left:
            self.open(block)
            kept: list[Any] = []
            with suppress(*UNDEFINED):
                epoch(kept.append, self.samples(block), *self.fixed, *self.opened(block))
            for step, row in enumerate(kept):
                for column, values in zip(self.rows, row, strict=True):
                    column[block, step] = values
            if len(kept) < len(self.data):
                break

    def alone(self, left: Sequence[int]) -> None:
        """These blocks of a single run: what each of their rows starts from, one by one; then all rows at once."""
        epochs, each, carried = compile_epochs(self.plan), len(self.data) + 1, _carried(self.plan)
        for blocks in self.stretches(left):
            self.open(blocks[0])
            opened = map(float, self.opened(blocks[0]))
            found = np.fromiter(epochs(map(self.samples, blocks), *self.fixed, *opened), dtype=float)
            missing = len(blocks) * each * len(carried) - found.size
            handed = np.concatenate([found, np.full(missing, np.nan)]) if missing else found
            starts = handed.reshape(len(blocks), each, len(carried)).transpose(2, 0, 1)
            at = slice(blocks.start, blocks.stop)
            for name, start in zip(carried, starts, strict=True):
                self.starts[name][at] = start[:, 0]
            self.fill(at, starts[:, :, :-1])
            if missing:
                break

    def stretches(self, left: Sequence[int]) -> list[range]:
        """These blocks, together where each starts from what the last row of the one before hands on."""
        alone = [range(block, block + 1) for block in left if block >= self.plan.epochs or self.plan.states]
        following = left[len(alone) :]
        return [*alone, range(following[0], self.plan.epochs)] if following else alone

    def fill(self, blocks: slice, handed: Array) -> None:
        """Every column of the rows of which it is known what they start from: shape (starts, blocks, samples)."""
        epoch, many = compile_epoch(self.plan), max(1, AT_ONCE // len(self.data))
        fixed = [*map(np.float64, self.fixed)]
        for first in range(blocks.start, blocks.stop, many):
            some = slice(first, min(first + many, blocks.stop))
            states = [cells[some, None] for cells in self.states.values()]
            starts = np.ascontiguousarray(handed[:, some.start - blocks.start : some.stop - blocks.start])
            sample = tuple(seen[some] if self.plan.orders else seen for seen in self.seen)
            kept: list[Any] = []
            with suppress(*UNDEFINED):
                epoch(kept.extend, [sample], *fixed, *states, *starts)
            for column, values in zip(self.rows, kept, strict=False):
                column[some] = values

    def machine(self) -> int:
        """Run blocks as machine code until one holds what is no number: how many of them, in time."""
        plan, data = self.plan, self.data
        epochs = machine_code(plan, plan.blocks * len(data))
        if epochs is None:
            return 0
        samples = np.array([seen.reshape(-1, len(data)) for seen in self.seen])
        inputs = np.array(self.fixed, dtype=float)
        sums = np.empty((len(epochs.sums), plan.blocks))
        done = 0
        for blocks in (*(range(i, i + 1) for i in range(plan.epochs, plan.blocks)), range(plan.epochs)):
            self.open(blocks.start)
            opened = list(self.starts.values()), list(self.states.values())
            finished = epochs(blocks, samples, inputs, *opened, self.rows, sums)
            done += finished
            if finished < len(blocks):
                return done
        self.finite, self.sums = True, dict(zip(epochs.sums, sums, strict=True))
        return done

    def mend(self) -> None:
        """Do again, with a spreadsheet's error cells, the runs that left the finite numbers."""
        if self.finite or np.isfinite(self.rows).all():
            return
        times = list(self.plan.in_time())
        finite = np.isfinite(self.rows[:, times]).all(axis=0).reshape(len(times) * len(self.data), -1)
        bad = np.flatnonzero(~finite.all(axis=0))
        first = int(np.argmin(finite[:, bad].all(axis=1)))
        chosen: Any = bad if self.shape else slice(None)
        again = _Job(
            self.plan,
            self.data,
            {k: (np.broadcast_to(v, self.shape)[bad] if self.shape else v) for k, v in self.cells.items()},
            self.given_starts,
            (len(bad),) if self.shape else (),
        )
        again.rows = self.rows[..., chosen]
        again.sticky(first)
        self.rows[..., chosen] = again.rows
        for mine, theirs in ((self.starts, again.starts), (self.states, again.states)):
            for name, cells in theirs.items():
                mine[name][..., chosen] = cells

    def sticky(self, first: int) -> None:
        """Interpret the plan from the `first` row on (counted in time)."""
        n = len(self.data)
        for position, block in enumerate(self.plan.in_time()):
            self.open(block)
            previous = self.plan.previous(block)
            if previous is not None and not self.plan.orders and _same_bits(self.opened(block), self.opened(previous)):
                self.rows[:, block] = self.rows[:, previous]  # what exploded stays so, epoch after epoch
                continue
            for sample in range(max(0, first - position * n), n):
                inside = self.inside(block, sample)
                for i, column in enumerate(self.plan.columns):
                    self.rows[i, block, sample] = evaluate(column.expr, inside)

    def inside(self, block: int, sample: int) -> Callable[[Expr], Any]:
        """The values of leaves in a row."""
        outside = self.outside(block)

        def leaf(expr: Expr) -> Any:
            match expr:
                case Data(name):
                    return self.samples(block)[sample][self.plan.samples.index(name)]
                case Here(column):
                    return self.rows[self.index[column], block, sample]
                case Prev(column) if sample == 0:
                    return self.starts[column][block]
                case Prev(column):
                    return self.rows[self.index[column], block, sample - 1]
            return outside(expr)

        return leaf

    def trace(self, inputs: Mapping[str, Array]) -> Trace:
        """Everything computed, with the footers of every block."""
        plan = self.plan
        every, per_block = cache(self.outside(slice(None))), (plan.blocks, *self.shape)
        return Trace(
            plan=plan,
            data=self.data,
            inputs=inputs,
            cells={name: np.asarray(value, dtype=float) for name, value in self.cells.items()},
            rows={name: self.rows[i] for name, i in self.index.items()},
            starts=self.starts,
            states=self.states,
            footers={f.name: _spread(evaluate(f.expr, every), per_block) for f in plan.footers},
        )


def _spread(value: Any, shape: tuple[int, ...]) -> Array:
    """A value in all cells of an array; one that is such an array already as it is."""
    return value if np.shape(value) == shape else np.broadcast_to(value, shape)


def _same_bits(left: Sequence[Any], right: Sequence[Any]) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(left, right, strict=True))
