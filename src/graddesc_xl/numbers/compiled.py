"""The engine's generated code as machine code, by numba: the extra `fast`.

The same expressions in the same order: no multiplication and addition become one, nothing is reordered, and
exponentials, logarithms, sines and powers are the C library's functions that Python itself calls. Where Python would
stop (the root of -1, a power 0^0) there is nan here, so that what follows from it is seen to be no number.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from ..errors import WorkbookError
from ..language.expr import Expr, Foot, Opening, Over, leaves, substitute
from ..language.operators import OPERATORS
from ..language.values import Array
from ..plan import Plan
from ..writing import replacing
from .engine import cell_names, lines

#: runs side by side
LANES = 32
#: the functions of the C library that are called, and how many arguments each takes
_FOREIGN = {"exp": 1, "log": 1, "sin": 1, "cos": 1, "tanh": 1, "pow": 2}
#: what generated code calls stands in this file, so what is kept of it must be made anew when this changes
_HELPERS = Path(__file__).read_bytes()
#: where they are held against Python's own
_TRIED = (1e-300, 0.1, 0.7, 1.0, 2.5, 31.4, 700.0)


@cache
def _foreign() -> dict[str, Any]:
    """The C library's functions as compiled code calls them, those that are found and are Python's own."""
    found: dict[str, Any] = {}
    try:
        library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else getattr(math, "__file__", None))
    except OSError:
        return found
    for name, arguments in _FOREIGN.items():
        function, double = getattr(library, name, None), numba.types.float64
        if function is None:
            continue
        function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * arguments
        given = [(x, 0.3)[:arguments] for x in _TRIED]
        if any(function(*values) != getattr(math, name)(*values) for values in given):
            continue
        # by a name that LLVM does not know: of pow(x, 2.0) it would make x * x
        symbol = f"graddesc_xl_{name}"
        llvmlite.binding.add_symbol(symbol, ctypes.cast(function, ctypes.c_void_p).value)
        found[name] = numba.types.ExternalFunction(symbol, double(*[double] * arguments))
    return found


@intrinsic
def lane(_: Any) -> Any:
    """Room for a number of each of the lanes, on the stack: what stands in one is seen not to stand in another."""
    numbers: Any = ir.ArrayType(ir.DoubleType(), LANES)
    pointer: Any = numba.types.CPointer
    room: Any = cgutils.alloca_once

    def make(__: Any, builder: Any, *___: Any) -> Any:
        return builder.bitcast(room(builder, numbers), ir.DoubleType().as_pointer())

    return pointer(numba.types.float64)(), make


@cache
def _functions() -> dict[str, Any]:
    """The functions that generated code calls; those written here are compiled when they are called first."""
    c = _foreign()
    log, power = c.get("log"), c.get("pow")
    written: dict[str, Callable[..., float]] = {
        "max": lambda u, v: v if v > u else u,
        "min": lambda u, v: v if v < u else u,
        "gt": lambda u, v: 1.0 if u > v else 0.0,
        "lt": lambda u, v: 1.0 if u < v else 0.0,
        "le": lambda u, v: 1.0 if u <= v else 0.0,
        "ge": lambda u, v: 1.0 if u >= v else 0.0,
        "eq": lambda u, v: 1.0 if u == v else 0.0,
        "ne": lambda u, v: 1.0 if u != v else 0.0,
        "where": lambda c, u, v: u if c != 0.0 else v,
        "sign": lambda u: 1.0 if u > 0.0 else -1.0 if u < 0.0 else 0.0,
        "floor": lambda u: np.floor(u) + 0.0,
        "pi": lambda: math.pi,
    }
    if log:
        written["log"] = lambda u: log(u) if u > 0.0 else math.nan
    if power:
        written["power"] = lambda u, v: math.nan if u == 0.0 and v <= 0.0 else power(u, v)
    return (
        {"sqrt": np.sqrt, "abs": np.abs}
        | c
        | {name: numba.njit(error_model="numpy")(of) for name, of in written.items()}
    )


def footless(plan: Plan, expr: Expr) -> Expr:
    """The expression with footers written into it."""
    return substitute(
        expr, lambda leaf: footless(plan, plan.footer(leaf.name).expr) if isinstance(leaf, Foot) else leaf
    )


def _sums(plan: Plan) -> list[Over]:
    """What is added up over the rows of an epoch, for footers and epoch states."""
    exprs = [footer.expr for footer in plan.footers] + [footless(plan, state.next) for state in plan.states]
    found = {leaf: None for expr in exprs for leaf in leaves(expr) if isinstance(leaf, Over)}
    return [over for over in found if over.reduction in ("sum", "sumsq")]


def _finite(names: Sequence[str]) -> str:
    """The source of whether all of them are numbers."""
    return f"{' + '.join(f'0.0 * {name}' for name in names)} == 0.0"


def added(over: Over) -> str:
    """The source of what a row adds to a sum."""
    value = f"c_{over.column}"
    return f"{value} * {value}" if over.reduction == "sumsq" else value


def source(plan: Plan) -> str:
    """The Python source of many epochs with their whole trace.

    A function that goes through blocks until it meets what is no number, and tells how many it has finished.
    """
    starts, states, columns = plan.starts, plan.states, [column.name for column in plan.columns]
    following = {state.name: footless(plan, state.next) for state in states}
    read = [leaf for expr in following.values() for leaf in leaves(expr)]
    sums = _sums(plan)
    totals = [f"{over.reduction}_{over.column}" for over in sums]
    text = ["def epochs(first, last, samples, inputs, starts, states, rows, sums):"]

    def write(depth: int, *those: str) -> None:
        text.extend("    " * depth + line for line in those)

    write(1, *(f"p_{name} = inputs[{i}]" for i, name in enumerate(cell_names(plan))))
    write(1, *(f"q_{start.column} = starts[{i}, first]" for i, start in enumerate(starts)))
    write(1, *(f"s_{state.name} = states[{i}, first]" for i, state in enumerate(states)))
    write(1, "for block in range(first, last):", "    seen = block if samples.shape[1] > 1 else 0")
    write(2, *(f"o_{leaf.column} = q_{leaf.column}" for leaf in dict.fromkeys(read) if isinstance(leaf, Opening)))
    write(2, *(f"{total} = -0.0" for total in totals), "for i in range(samples.shape[2]):")
    write(3, *(f"d_{name} = samples[{i}, seen, i]" for i, name in enumerate(plan.samples)))
    write(3, *lines({column.name: column.expr for column in plan.columns}))
    write(3, f"if not {_finite([f'c_{name}' for name in columns])}:", "    return block - first")
    write(3, *(f"rows[{i}, block, i] = c_{name}" for i, name in enumerate(columns)))
    write(3, *(f"{total} += {added(over)}" for total, over in zip(totals, sums, strict=True)))
    write(3, *(f"q_{start.column} = c_{start.column}" for start in starts))
    write(2, *(f"sums[{i}, block] = {total}" for i, total in enumerate(totals)))
    if totals:
        write(2, f"if not {_finite(totals)}:", "    return block - first")
    write(2, "if block + 1 == last:", "    break")
    for end in dict.fromkeys(leaf for leaf in read if isinstance(leaf, Over) and leaf.reduction in ("last", "count")):
        value = f"c_{end.column}" if end.reduction == "last" else "1.0 * samples.shape[2]"
        write(2, f"{end.reduction}_{end.column} = {value}")
    write(2, *lines(following, "n_"))
    write(2, *(f"states[{i}, block + 1] = s_{state.name} = n_{state.name}" for i, state in enumerate(states)))
    write(2, *(f"starts[{i}, block + 1] = q_{start.column} = c_{start.carry}" for i, start in enumerate(starts)))
    if states:
        write(2, f"if not {_finite([f's_{state.name}' for state in states])}:", "    return block + 1 - first")
    write(1, "return last - first")
    return "\n".join(text) + "\n"


@dataclass(frozen=True)
class Epochs:
    """A plan's epochs as machine code, with their whole trace."""

    code: Callable[..., int]
    sums: Sequence[Over]

    def __call__(
        self,
        blocks: range,
        samples: Array,
        inputs: Array,
        starts: Sequence[Array],
        states: Sequence[Array],
        rows: Array,
        sums: Array,
    ) -> int:
        """Fill as many of these blocks as hold numbers only, one following from the other, and tell how many.

        samples: (columns, blocks or 1, samples). starts, states: each (blocks,), the first of these blocks filled.
        rows: (columns, blocks, samples). sums: (sums, blocks).
        """
        opened = [np.empty((len(of), rows.shape[1])) for of in (starts, states)]
        for mine, of in zip(opened, (starts, states), strict=True):
            mine[:, blocks.start] = [cell[blocks.start] for cell in of]
        done = self.code(blocks.start, blocks.stop, samples, inputs, *opened, rows, sums)
        for mine, of in zip(opened, (starts, states), strict=True):
            for filled, cell in zip(mine, of, strict=True):
                cell[blocks.start : blocks.start + done] = filled[blocks.start : blocks.start + done]
        return done


@lru_cache(maxsize=64)
def epochs(plan: Plan) -> Epochs | None:
    """A plan as machine code; None where it calls a function of the C library that is not found."""
    code = compiled(source(plan), "epochs")
    return None if code is None else Epochs(code, _sums(plan))


@lru_cache(maxsize=64)
def compiled(text: str, name: str) -> Callable[..., Any] | None:
    """The function that a source defines, compiled when it is called for the first time."""
    scope = _functions() | {"lane": lane, "inf": math.inf, "__name__": __name__}  # numba keeps code by module
    path = _kept(text)
    exec(compile(text, path or "<plan>", "exec"), scope)  # generated from a checked plan, never from a user's text
    function = scope[name]
    if not {called for called in function.__code__.co_names if called in OPERATORS} <= scope.keys():
        return None
    made: Callable[..., Any] = numba.njit(error_model="numpy", nogil=True, cache=path is not None)(function)
    return made


def _kept(text: str) -> str | None:
    """The file with a source, beside which numba keeps its machine code for the next time; None without one."""
    told = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {text}".encode() + _HELPERS).hexdigest()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "graddesc-xl"
    path = folder / f"{told}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            return None
        if not path.exists():
            with replacing(path) as file:
                file.write(text.encode())
    except (OSError, RuntimeError, WorkbookError):  # RuntimeError: there is no home
        return None
    return str(path)
