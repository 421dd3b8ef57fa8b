"""How fast the engine is, next to what one would otherwise write.

Every contender does the same work: plain SGD (or Adam) on the sheet's 29 samples, one sample a step, and
at the end every column of every step stands in a float64 array. Each is checked against the engine first.
The contenders take turns, so that a busy moment of the machine meets all of them, in each as many calls as take a few
hundredths of a second; the table holds medians.

    python benchmarks/engine.py
    python benchmarks/engine.py --epochs 10 2000 --repeats 15
    python benchmarks/engine.py --processor     # where the machine has other work to do

JAX and PyTorch are optional. JAX is timed twice: warm, where compiling does not count, and on its first
call, as after any change of the step or of the number of epochs; the engine always counts its own
compiling. PyTorch runs at most 10 epochs: its steps per second do not depend on their number. The engine runs without
its extra `fast`, unless --fast is given and numba installed.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from graddesc_xl.experiments import Experiment
from graddesc_xl.numbers import engine as numbers
from graddesc_xl.parts.data import GRADDESC
from graddesc_xl.running import experiment, run

XS, YS = GRADDESC.column("x").tolist(), GRADDESC.ys.tolist()
START, LR, H = 1.0, 1e-4, 0.01
TORCH_EPOCHS = 10
#: seconds of a turn, if a single call takes no longer
TURN = 0.03

#: the columns of the basic sheet and of the Adam sheet, as the contenders keep them
BASIC = ("b", "a", "pred", "err", "err_b", "est_b", "err_a", "est_a", "d_b", "d_a", "new_b", "new_a")
ADAM = (*BASIC[:4], "d_b", "d_a", "avg_b", "avg_a", "sq_b", "sq_a", "new_b", "new_a", "step_b", "step_a")

Columns = Mapping[str, Any]


def engine(what: str, epochs: int) -> Columns:
    """The engine, plan and code generated anew each time, footers and epoch starts included."""
    fresh = experiment(what, epochs=epochs, discarded=0, carry="new weights")
    return run(fresh).rows


@cache
def kept(what: str, epochs: int) -> Experiment:
    """An experiment that has its plan and its generated code from the first run on."""
    return experiment(what, epochs=epochs, discarded=0, carry="new weights")


def hand_basic(epochs: int) -> Columns:
    """The columns of the basic sheet in a loop, a list for each."""
    bs: list[float] = []
    as_: list[float] = []
    preds: list[float] = []
    errs: list[float] = []
    errs_b: list[float] = []
    ests_b: list[float] = []
    errs_a: list[float] = []
    ests_a: list[float] = []
    ds_b: list[float] = []
    ds_a: list[float] = []
    news_b: list[float] = []
    news_a: list[float] = []
    b = a = START
    for _ in range(epochs):
        for x, y in zip(XS, YS, strict=True):
            pred = b + a * x
            err = (y - pred) ** 2
            err_b = (y - ((b + H) + a * x)) ** 2
            est_b = (err_b - err) / H
            err_a = (y - (b + (a + H) * x)) ** 2
            est_a = (err_a - err) / H
            d_b = 2 * (pred - y)
            d_a = d_b * x
            new_b = b - d_b * LR
            new_a = a - d_a * LR
            bs.append(b)
            as_.append(a)
            preds.append(pred)
            errs.append(err)
            errs_b.append(err_b)
            ests_b.append(est_b)
            errs_a.append(err_a)
            ests_a.append(est_a)
            ds_b.append(d_b)
            ds_a.append(d_a)
            news_b.append(new_b)
            news_a.append(new_a)
            b, a = new_b, new_a
    kept = (bs, as_, preds, errs, errs_b, ests_b, errs_a, ests_a, ds_b, ds_a, news_b, news_a)
    return {name: np.array(values) for name, values in zip(BASIC, kept, strict=True)}


def hand_adam(epochs: int) -> Columns:
    """The columns of the Adam sheet in a loop, a list for each."""
    columns: list[list[float]] = [[] for _ in range(14)]
    keep = [values.append for values in columns]
    (keep_b, keep_a, keep_pred, keep_err, keep_d_b, keep_d_a, keep_avg_b, keep_avg_a) = keep[:8]
    (keep_sq_b, keep_sq_a, keep_new_b, keep_new_a, keep_step_b, keep_step_a) = keep[8:]
    lr, beta1, beta2 = 1.0, 0.9, 0.9
    rest1, rest2 = 1 - beta1, 1 - beta2
    b = a = START
    avg_b = avg_a = 0.0
    sq_b = sq_a = 10000.0
    for _ in range(epochs):
        for x, y in zip(XS, YS, strict=True):
            pred = b + a * x
            d_b = 2 * (pred - y)
            d_a = d_b * x
            avg_b = avg_b * beta1 + rest1 * d_b
            avg_a = avg_a * beta1 + rest1 * d_a
            sq_b = sq_b * beta2 + rest2 * d_b**2
            sq_a = sq_a * beta2 + rest2 * d_a**2
            root_b, root_a = math.sqrt(sq_b), math.sqrt(sq_a)
            new_b = b - avg_b * lr / root_b
            new_a = a - avg_a * lr / root_a
            keep_b(b)
            keep_a(a)
            keep_pred(pred)
            keep_err((y - pred) ** 2)
            keep_d_b(d_b)
            keep_d_a(d_a)
            keep_avg_b(avg_b)
            keep_avg_a(avg_a)
            keep_sq_b(sq_b)
            keep_sq_a(sq_a)
            keep_new_b(new_b)
            keep_new_a(new_a)
            keep_step_b(lr / root_b)
            keep_step_a(lr / root_a)
            b, a = new_b, new_a
    return {name: np.array(values) for name, values in zip(ADAM, columns, strict=True)}


def jax_scan() -> Callable[[int], Columns]:
    """`lax.scan` over the steps in float64, compiled; it stacks the columns itself."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def step(weights: Any, sample: Any) -> Any:
        (b, a), (x, y) = weights, sample
        pred = b + a * x
        err = (y - pred) ** 2
        err_b = (y - ((b + H) + a * x)) ** 2
        err_a = (y - (b + (a + H) * x)) ** 2
        d_b = 2 * (pred - y)
        d_a = d_b * x
        new = (b - d_b * LR, a - d_a * LR)
        return new, (b, a, pred, err, err_b, (err_b - err) / H, err_a, (err_a - err) / H, d_b, d_a, *new)

    def scan(xs: Any, ys: Any) -> Any:
        return jax.lax.scan(step, (jnp.array(START), jnp.array(START)), (xs, ys))[1]

    compiled = jax.jit(scan)

    def contender(epochs: int) -> Columns:
        found = compiled(np.tile(XS, epochs), np.tile(YS, epochs))
        return {name: np.asarray(values) for name, values in zip(BASIC, found, strict=True)}

    return contender


def jax_first_call(epochs: int) -> Columns:
    """The same, traced and compiled anew."""
    return jax_scan()(epochs)


def torch_sgd() -> Callable[[int], Columns]:
    """Eager PyTorch: autograd for the derivatives, torch.optim.SGD for the step."""
    import torch

    torch.set_default_dtype(torch.float64)

    def contender(epochs: int) -> Columns:
        b, a = (torch.tensor(START, requires_grad=True) for _ in range(2))
        optimizer = torch.optim.SGD([b, a], lr=LR)
        kept = []
        for _ in range(epochs):
            for x, y in zip(XS, YS, strict=True):
                before = b.item(), a.item()
                optimizer.zero_grad()
                pred = b + a * x
                err = (y - pred) ** 2
                with torch.no_grad():
                    err_b = (y - ((b + H) + a * x)) ** 2
                    err_a = (y - (b + (a + H) * x)) ** 2
                    numbers = (err_b, (err_b - err) / H, err_a, (err_a - err) / H)
                err.backward()
                optimizer.step()
                after = (b.grad.item(), a.grad.item(), b.item(), a.item())
                kept.append((*before, pred.item(), err.item(), *(v.item() for v in numbers), *after))
        return dict(zip(BASIC, np.array(kept).T, strict=True))

    return contender


def contenders(what: str) -> Iterator[tuple[str, Callable[[int], Columns]]]:
    """The name and the function (epochs -> columns) of everyone who runs that sheet."""
    yield "engine", lambda epochs: engine(what, epochs)
    yield "engine, same experiment again", lambda epochs: run(kept(what, epochs)).rows
    if what == "adam":
        yield "hand-written loop", hand_adam
        return
    yield "hand-written loop", hand_basic
    if find_spec("jax"):
        yield "JAX lax.scan, warm", jax_scan()
        yield "JAX lax.scan, first call", jax_first_call
    if find_spec("torch"):
        yield "PyTorch, eager", torch_sgd()


def check(name: str, columns: Columns, reference: Columns) -> None:
    """Stop unless a contender has the engine's columns up to rounding."""
    assert columns.keys() == reference.keys(), f"{name} has other columns: {sorted(columns)}"
    for column, found in columns.items():
        wanted = np.ravel(reference[column])[: np.size(found)]
        np.testing.assert_allclose(np.ravel(found), wanted, rtol=1e-6, atol=1e-6, err_msg=f"{name}, {column}")


def measure(what: str, epochs: int, repeats: int, clock: Callable[[], float]) -> dict[str, tuple[float, float]]:
    """Median seconds of every contender, and its steps per second."""
    some = min(epochs, TORCH_EPOCHS)
    reference = engine(what, some)
    everyone = list(contenders(what))
    long = {name: some if name.startswith("PyTorch") else epochs for name, _ in everyone}
    calls: dict[str, int] = {}
    for name, contender in everyone:
        check(name, contender(some), reference)
        contender(long[name])  # JAX compiles once for each number of steps
        begin = time.perf_counter()
        contender(long[name])
        calls[name] = max(1, round(TURN / (time.perf_counter() - begin)))
    seconds: dict[str, list[float]] = {name: [] for name, _ in everyone}
    for _ in range(repeats):
        for name, contender in everyone:
            begin = clock()
            for _ in range(calls[name]):
                contender(long[name])
            seconds[name].append((clock() - begin) / calls[name])
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    return {name: (median, long[name] * len(XS) / median) for name, median in medians.items()}


def main() -> None:
    """Print a Markdown table for each sheet and number of epochs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, nargs="+", default=[10, 1_000, 10_000], help="passes over the 29 samples")
    parser.add_argument("--repeats", type=int, default=25, help="turns of each contender")
    parser.add_argument("--processor", action="store_true", help="measure processor time")
    parser.add_argument("--fast", action="store_true", help="let the engine make machine code with numba")
    parser.add_argument("--small", action="store_true", help="one turn of a few epochs, to see that it works")
    args = parser.parse_args()
    epochs_of, repeats = ([TORCH_EPOCHS], 1) if args.small else (args.epochs, args.repeats)
    for package in ("jax", "torch"):
        if not find_spec(package):
            print(f"{package} is left out; to include it: pip install {package}")
    if not args.fast:
        numbers.HOT = math.inf  # type: ignore[assignment]  # so many steps no plan takes
    clock = time.process_time if args.processor else time.perf_counter
    print("| sheet | epochs | contender | ms | steps/s | engine is faster by |\n|---|---:|---|---:|---:|---:|")
    for what in ("basic", "adam"):
        for epochs in epochs_of:
            found = measure(what, epochs, repeats, clock)
            for name, (seconds, rate) in found.items():
                told = f"{what} | {epochs:,} | {name} | {seconds * 1000:,.2f} | {rate:,.0f}"
                print(f"| {told} | {found['engine'][1] / rate:.2f} |")


if __name__ == "__main__":
    main()
