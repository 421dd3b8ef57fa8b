"""How fast a million runs are, next to what one would otherwise write.

Every contender does the same work: plain SGD (or Adam, as the published sheet has it) of two stacked neurons on the
sheet's 29 samples, 10 epochs, for every pair of a learning rate and a start; at the end the error of the last epoch and
the weights of every run stand in float64 arrays. Each is checked against the single runs first. All are warm and take
turns, so that a busy moment of the machine meets all of them; the tables hold medians.

    python benchmarks/sweeps.py
    python benchmarks/sweeps.py --runs 100000 --repeats 3

A third table is of one long run with its whole trace. JAX is optional, and so are numba and a C compiler: whoever is
missing is left out. The C code is compiled as it stands below, without the one rounding of a product and a sum together
that would give other numbers.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import math
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from engine import hand_basic, jax_scan, kept

from graddesc_xl.experiments import Experiment
from graddesc_xl.experiments import experiment as made
from graddesc_xl.language.values import Array
from graddesc_xl.numbers import engine
from graddesc_xl.numbers.outcomes import outcomes
from graddesc_xl.parts.data import GRADDESC
from graddesc_xl.settings import resolve
from graddesc_xl.sweeps.workers import Processes, cores

XS, YS = GRADDESC.column("x").tolist(), GRADDESC.ys.tolist()
EPOCHS, BLOCK = 10, 8192
STEPS = EPOCHS * len(XS)
START, H = 1.0, 0.01
BETA1, BETA2, SQUARES = 0.9, 0.9, 10000.0
REST1, REST2 = 1.0 - BETA1, 1.0 - BETA2

#: error of the last epoch, then weights b, a, d, c
Found = tuple[Array, ...]
Contender = Callable[[Array, Array], Found]


@dataclass(frozen=True)
class Work:
    """An optimizer, its steps on arrays or anything else that computes, and in C."""

    experiment: Experiment
    low: float
    high: float
    start: Callable[[Any, Any], tuple[Any, ...]]
    step: Callable[..., tuple[Any, ...]]
    code: str


def experiment(optimizer: str) -> Experiment:
    """Two stacked neurons with that optimizer, prepared by no discarded passes."""
    return replace(made("two_neurons", GRADDESC, optimizer=optimizer, epochs=EPOCHS), discarded=0)


def gradients(state: tuple[Any, ...], x: Any, y: Any) -> tuple[Any, tuple[Any, ...]]:
    """The squared error, and its derivatives by b, a, d and c."""
    b, a, d, c = state[:4]
    hid = a * x + b
    pred = c * hid + d
    off = y - pred
    d_d = 2.0 * (pred - y)
    d_b = d_d * c
    return off * off, (d_b, d_b * x, d_d, d_d * hid)


def begin_sgd(lr: Any, a: Any) -> tuple[Any, ...]:
    """The weights before the first step."""
    one = 0.0 * lr + START
    return one, a, one, one


def step_sgd(sqrt: Any, state: tuple[Any, ...], lr: Any, x: Any, y: Any) -> tuple[Any, ...]:
    """A step: the squared error, and the weights after it."""
    err, slopes = gradients(state, x, y)
    return err, *(w - g * lr for w, g in zip(state, slopes, strict=True))


def begin_adam(lr: Any, a: Any) -> tuple[Any, ...]:
    """Weights, averages, averages of squares."""
    nothing = 0.0 * lr
    return *begin_sgd(lr, a), *[nothing] * 4, *[nothing + SQUARES] * 4


def step_adam(sqrt: Any, state: tuple[Any, ...], lr: Any, x: Any, y: Any) -> tuple[Any, ...]:
    """A step: the squared error, then weights, averages and averages of squares after it."""
    err, slopes = gradients(state, x, y)
    averages = [m * BETA1 + REST1 * g for m, g in zip(state[4:8], slopes, strict=True)]
    squares = [s * BETA2 + REST2 * (g * g) for s, g in zip(state[8:], slopes, strict=True)]
    weights = [w - m * lr / sqrt(s) for w, m, s in zip(state[:4], averages, squares, strict=True)]
    return err, *weights, *averages, *squares


SGD_IN_C = "B -= d_b * lr[k]; A -= d_a * lr[k]; D -= d_d * lr[k]; C -= d_c * lr[k];"
ADAM_IN_C = " ".join(
    f"m{i}[k] = m{i}[k] * 0.9 + (1.0 - 0.9) * {g}; s{i}[k] = s{i}[k] * 0.9 + (1.0 - 0.9) * ({g} * {g}); "
    f"{w} -= m{i}[k] * lr[k] / sqrt(s{i}[k]);"
    for i, (w, g) in enumerate((("B", "d_b"), ("A", "d_a"), ("D", "d_d"), ("C", "d_c")))
)
IN_C = """
#include <math.h>
#define LANES 64
void runs(long low, long high, int epochs, int n, const double *xs, const double *ys,
          const double *rates, const double *starts, double *out, long all) {
  double b[LANES], a[LANES], d[LANES], c[LANES], lr[LANES], total[LANES];
  double m0[LANES], m1[LANES], m2[LANES], m3[LANES], s0[LANES], s1[LANES], s2[LANES], s3[LANES];
  for (long group = low; group < high; group += LANES) {
    long count = high - group < LANES ? high - group : LANES;
    for (int k = 0; k < LANES; k++) {
      long run = group + (k < count ? k : count - 1);
      lr[k] = rates[run]; a[k] = starts[run]; b[k] = d[k] = c[k] = 1.0;
      m0[k] = m1[k] = m2[k] = m3[k] = 0.0; s0[k] = s1[k] = s2[k] = s3[k] = 10000.0;
    }
    for (int epoch = 0; epoch < epochs; epoch++) {
      for (int k = 0; k < LANES; k++) total[k] = 0.0;
      for (int i = 0; i < n; i++) {
        double x = xs[i], y = ys[i];
        #pragma omp simd
        for (int k = 0; k < LANES; k++) {
          double B = b[k], A = a[k], D = d[k], C = c[k];
          double hid = A * x + B, pred = C * hid + D, off = y - pred;
          double d_d = 2.0 * (pred - y), d_b = d_d * C, d_a = d_b * x, d_c = d_d * hid;
          total[k] += off * off;
          STEP
          b[k] = B; a[k] = A; d[k] = D; c[k] = C;
        }
      }
    }
    for (int k = 0; k < count; k++) {
      out[group + k] = sqrt(total[k]);
      out[all + group + k] = b[k]; out[2 * all + group + k] = a[k];
      out[3 * all + group + k] = d[k]; out[4 * all + group + k] = c[k];
    }
  }
}
"""
WORKS = {
    "SGD": Work(experiment("sgd"), 1e-7, 1e-5, begin_sgd, step_sgd, SGD_IN_C),
    "Adam": Work(experiment("adam"), 1e-3, 1e-1, begin_adam, step_adam, ADAM_IN_C),
}


def naive(work: Work) -> Contender:
    """NumPy over all runs at once, as one writes it."""

    def contender(lr: Array, a: Array) -> Found:
        state = work.start(lr, a)
        for _ in range(EPOCHS):
            total = np.zeros(len(lr))
            for x, y in zip(XS, YS, strict=True):
                err, *state = work.step(np.sqrt, state, lr, x, y)  # type: ignore[assignment]
                total += err
        return np.sqrt(total), *state[:4]

    return contender


def in_jax(work: Work) -> Contender:
    """JAX: a scan over the samples within a scan over the epochs, compiled, in blocks that fit the cache."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    samples = np.array(XS), np.array(YS)

    def block(lr: Any, a: Any) -> Any:
        def row(carry: Any, sample: Any) -> Any:
            total, state = carry
            err, *state = work.step(jnp.sqrt, state, lr, *sample)
            return (total + err, tuple(state)), None

        def epoch(carry: Any, _: Any) -> Any:
            return jax.lax.scan(row, (0.0 * lr, carry[1]), samples)[0], None

        total, state = jax.lax.scan(epoch, (0.0 * lr, work.start(lr, a)), length=EPOCHS)[0]
        return jnp.sqrt(total), *state[:4]

    compiled = jax.jit(block)

    def contender(lr: Array, a: Array) -> Found:
        parts = [compiled(lr[i : i + BLOCK], a[i : i + BLOCK]) for i in range(0, len(lr), BLOCK)]
        return tuple(np.concatenate(some) for some in zip(*parts, strict=True))

    return contender


def in_c(work: Work, folder: Path, threads: int) -> Contender:
    """C with SIMD: 64 runs side by side in the processor's nearest cache."""
    source, library = folder / f"{work.experiment.optimizer.name}.c", folder / f"{work.experiment.optimizer.name}.so"
    source.write_text(IN_C.replace("STEP", work.code), encoding="utf-8")
    flags = ["-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fopenmp-simd", "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, str(source), "-o", str(library), "-lm"], check=True)
    code = ctypes.CDLL(str(library)).runs
    number, numbers = ctypes.c_long, np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
    code.argtypes = [number, number, ctypes.c_int, ctypes.c_int, *[numbers] * 5, number]
    code.restype = None
    xs, ys, pool = np.array(XS), np.array(YS), ThreadPoolExecutor(threads)

    def contender(lr: Array, a: Array) -> Found:
        out = np.empty((5, len(lr)))

        def some(start: int) -> None:
            code(start, min(start + BLOCK, len(lr)), EPOCHS, len(xs), xs, ys, lr, a, out, len(lr))

        list(pool.map(some, range(0, len(lr), BLOCK)))
        return tuple(out)

    return contender


def left(found: Mapping[str, Any]) -> Found:
    """What the contenders are compared by."""
    return found["error"], *found["weights"].T


def ours(work: Work, backend: str) -> Contender:
    """The package in this process; it finds verdicts, too."""
    plan, fixed = work.experiment.plan, resolve(work.experiment.plan, {})  # a grid's few values are checked before
    return lambda lr, a: left(outcomes(plan, GRADDESC, {**fixed, "lr": lr, "a": a}, backend=backend))


def in_processes(work: Work, pool: Processes, many: int) -> Contender:
    """The same in processes of its own."""
    plan, fixed = work.experiment.plan, resolve(work.experiment.plan, {})

    def contender(lr: Array, a: Array) -> Found:
        cut = (np.array_split(v, 4 * many) for v in (lr, a))
        parts = [{**fixed, "lr": rates, "a": starts} for rates, starts in zip(*cut, strict=True)]
        call = functools.partial(outcomes, plan, GRADDESC, backend="numpy")
        found = [future.result() for future in [pool.submit(call, part) for part in parts]]
        return left({name: np.concatenate([part[name] for part in found]) for name in ("error", "weights")})

    return contender


def contenders(work: Work, stack: ExitStack, threads: int) -> Iterator[tuple[str, Contender]]:
    """The name and the function of everyone who does that work."""
    yield "naive NumPy", naive(work)
    yield "ours, one process", ours(work, "numpy")
    yield f"ours, {threads} processes", in_processes(work, stack.enter_context(Processes(threads)), threads)
    if find_spec("numba"):
        yield f"ours with numba, {threads} threads", ours(work, "numba")
    if find_spec("jax"):
        yield "JAX, blocked", in_jax(work)
    if shutil.which("cc"):
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield f"C with SIMD, {threads} threads", in_c(work, folder, threads)


def check(name: str, found: Found, wanted: Found) -> None:
    """Stop unless a contender has what the engine's blocks have, up to rounding."""
    for mine, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9, err_msg=name)


def in_turns(
    everyone: Mapping[str, Callable[[], object]], repeats: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Median seconds of each, one after the other, again and again."""
    seconds: dict[str, list[float]] = {name: [] for name in everyone}
    for _ in range(repeats):
        for name, call in everyone.items():
            begin = clock()
            call()
            seconds[name].append(clock() - begin)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def many(name: str, runs: int, repeats: int, threads: int, clock: Callable[[], float]) -> None:
    """A table of many runs."""
    work = WORKS[name]
    side = max(1, round(runs**0.5))
    rates, starts = np.geomspace(work.low, work.high, side), np.linspace(-1.0, 1.0, side)
    lr, a = (np.ascontiguousarray(v).ravel() for v in np.meshgrid(rates, starts))
    with ExitStack() as stack:
        everyone = dict(contenders(work, stack, threads))
        if clock is time.process_time:  # which does not know that of other processes
            everyone = {title: of for title, of in everyone.items() if "processes" not in title}
        wanted = everyone["ours, one process"](lr, a)
        for title, contender in everyone.items():
            check(title, contender(lr, a), wanted)
        seconds = in_turns({title: functools.partial(of, lr, a) for title, of in everyone.items()}, repeats, clock)
    steps, slowest = lr.size * STEPS, seconds["naive NumPy"]
    print(f"\n| {lr.size:,} runs of {STEPS} steps, {name} | M steps/s | times naive NumPy | times C |")
    print("|---|---:|---:|---:|")
    fastest = next((taken for title, taken in seconds.items() if title.startswith("C ")), math.nan)
    for title, taken in seconds.items():
        print(f"| {title} | {steps / taken / 1e6:,.0f} | {slowest / taken:.2f} | {fastest / taken:.2f} |")


def engine_from(steps: float, epochs: int) -> Callable[[], object]:
    """The engine, which compiles a plan once it has been asked for so many of its steps."""
    e = kept("basic", epochs)

    def call() -> object:
        engine.HOT = steps  # type: ignore[assignment]  # infinite for never
        return e.run().rows

    return call


def single(epochs: int, repeats: int, clock: Callable[[], float]) -> None:
    """A table of one long run of the sheet `basic`, with every column of every step."""
    everyone: dict[str, Callable[[], object]] = {
        "hand-written Python loop": functools.partial(hand_basic, epochs),
        "ours": engine_from(math.inf, epochs),
    }
    if find_spec("numba"):
        everyone["ours with numba"] = engine_from(0, epochs)
    if find_spec("jax"):
        everyone["JAX lax.scan"] = functools.partial(jax_scan(), epochs)
    for call in everyone.values():
        call()
    seconds = in_turns(everyone, repeats, clock)
    steps, slowest = epochs * len(XS), seconds["hand-written Python loop"]
    jax = seconds.get("JAX lax.scan", math.nan)
    print(
        f"\n| one run of {steps:,} steps, whole trace | M steps/s | times the loop | times JAX |\n|---|---:|---:|---:|"
    )
    for title, taken in seconds.items():
        print(f"| {title} | {steps / taken / 1e6:,.2f} | {slowest / taken:.2f} | {jax / taken:.2f} |")


def main() -> None:
    """Print a Markdown table for many runs of SGD, of Adam, and for one long run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=10_000, help="of the long run")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each contender")
    parser.add_argument("--processor", action="store_true", help="processor time of all threads, on a busy machine")
    parser.add_argument("--small", action="store_true", help="one turn of a few runs, to see that it works")
    args = parser.parse_args()
    if args.small:
        args.runs, args.epochs, args.repeats = 900, 20, 1
    for what, there in (("numba", find_spec("numba")), ("jax", find_spec("jax")), ("a C compiler", shutil.which("cc"))):
        if not there:
            print(f"{what} is missing: its contender is left out")
    clock = time.process_time if args.processor else time.perf_counter
    for name in WORKS:
        many(name, args.runs, args.repeats, cores(), clock)
    single(args.epochs, args.repeats, clock)


if __name__ == "__main__":
    main()
