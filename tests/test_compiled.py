"""Machine code: the same bits as plain Python, for every operator, and wherever a run stops being numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bits import same_bits
from graddesc_xl import GRADDESC, dataset, model
from graddesc_xl.experiments import Experiment, experiment
from graddesc_xl.language.operators import OPERATORS
from graddesc_xl.language.values import Array
from graddesc_xl.lessons import EXPERIMENTS
from graddesc_xl.numbers import engine
from graddesc_xl.numbers.outcomes import outcomes
from graddesc_xl.numbers.trace import Trace
from graddesc_xl.numbers.verdict import KINDS
from graddesc_xl.settings import Settings, resolve
from test_models import TABLE, configured
from test_outcomes import MORE, agrees, spread
from test_outcomes import RUNS as SPREAD

pytest.importorskip("numba", reason="needs the extra fast")
from graddesc_xl.numbers import compiled, lanes

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.5, 1e-320, -1e-320, 1e300, -1e300, 709.0, 710.0, -745.0, -746.0, 1e22]
TWO = [name for name in engine._FLOATS if OPERATORS[name].arity == 2]


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Machine code is kept in a folder of the test's own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


def hot(steps: int, e: Experiment, values: Settings | None = None) -> Trace:
    """A run that is compiled from so many steps on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "HOT", steps)
        return e.run(values)


def assert_the_same(e: Experiment, values: Settings | None = None) -> Trace:
    """A run has the same bits everywhere by plain Python and as machine code; as in a cell -0 is 0."""
    plain, found = hot(10**18, e, values), hot(0, e, values)
    for part in ("rows", "starts", "states", "footers"):
        mine, theirs = getattr(plain, part), getattr(found, part)
        assert list(mine) == list(theirs)
        for name in mine:
            assert same_bits(mine[name] + 0.0, theirs[name] + 0.0), (part, name)
    assert plain.verdict == found.verdict
    return found


# Single operators


def stopping(of: Callable[..., float], *values: float) -> float:
    """What Python makes of it; nan where it would stop."""
    try:
        return float(of(*values))
    except (ZeroDivisionError, ValueError, OverflowError):
        return np.nan


@pytest.fixture(scope="module")
def operators() -> Callable[[Array, Array, Array], Mapping[str, Array]]:
    """Every operator as machine code, of three columns of numbers."""
    called = {
        name: f"{name}({', '.join(['u[i]', 'v[i]', 'w[i]'][: OPERATORS[name].arity])})" for name in engine._FLOATS
    }
    signs = {"add": "u[i] + v[i]", "sub": "u[i] - v[i]", "mul": "u[i] * v[i]", "div": "u[i] / v[i]", "neg": "-u[i]"}
    own = {name: text for name, text in (called | signs).items() if name != "pow"}
    lines = ["def every(u, v, w, out):", "    for i in range(len(u)):"]
    lines += [f"        out[{k}, i] = {text}" for k, text in enumerate(own.values())]
    code = compiled.compiled("\n".join(lines) + "\n", "every")
    assert code is not None

    def every(*columns: Array) -> Mapping[str, Array]:
        out = np.empty((len(own), len(columns[0])))
        code(*columns, out)
        return dict(zip(own, out, strict=True))

    return every


def test_every_operator_has_pythons_bits(operators: Callable[..., Mapping[str, Array]]) -> None:
    """At edges and at random numbers of every size; where Python stops there is no number."""
    draw = np.random.default_rng(1)
    far = draw.normal(size=(3, 20_000)) * 10.0 ** draw.uniform(-8, 3, (3, 20_000))
    u, v, w = (
        np.concatenate([np.ravel(edge), more]) for edge, more in zip(np.meshgrid(*[EDGES] * 3), far, strict=True)
    )
    for name, found in operators(u, v, w).items():
        arity = OPERATORS[name].arity or 0
        args = [u.tolist(), v.tolist(), w.tolist()][:arity]
        wanted = np.array([stopping(engine._FLOATS[name], *row) for row in zip(*args, strict=True)] if arity else np.pi)
        wanted = np.broadcast_to(wanted, found.shape)
        number = np.isfinite(wanted)
        assert number.any() and same_bits(wanted[number], found[number]), name
        if name in ("log", "sqrt", "power", "sin", "cos"):
            assert not np.isfinite(found[~number]).any(), name


def test_every_function_that_generated_code_calls_is_there() -> None:
    """Of every operator that plans may use there is machine code."""
    symbols = ("add", "sub", "mul", "div", "neg", "pow")
    assert {*engine._FLOATS} - {*symbols} == {*compiled._functions()} - {"pow"}


# Single runs


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch) -> list[tuple[range, int]]:
    """The blocks that machine code was asked for, and how many of them it finished."""
    seen: list[tuple[range, int]] = []
    call = compiled.Epochs.__call__

    def watched(self: compiled.Epochs, blocks: range, *more: Any) -> int:
        seen.append((blocks, call(self, blocks, *more)))
        return seen[-1][1]

    monkeypatch.setattr(compiled.Epochs, "__call__", watched)
    return seen


WAVE = model("b + a*sin(x/9) + tanh(c*x/50) + log(1 + exp(c)) + (b*b + 1)**0.5 + cos(a)", name="wave")
EVERY = {
    "as published": EXPERIMENTS["basic"],
    "passes that hand on in turn, a rate by epoch": EXPERIMENTS["adam_ann"],
    "numerical derivatives": experiment("two_neurons_relu", GRADDESC, gradient="switch", lr=1e-5, epochs=30),
    "batches, each epoch in another order": experiment(
        WAVE, GRADDESC, optimizer="torch_adam", batch=4, shuffled=True, schedule="annealed", epochs=9
    ),
    "a loss along a line": experiment(
        "two_neurons", GRADDESC, loss="huber", optimizer="torch_adamw", schedule="cosine"
    ),
}


@pytest.mark.parametrize("name", EVERY)
def test_a_run_has_the_same_bits(name: str, finished: list[tuple[range, int]]) -> None:
    """Every number of its trace, from machine code alone."""
    assert_the_same(EVERY[name])
    assert finished and all(len(blocks) == done for blocks, done in finished)
    assert sum(done for _, done in finished) == EVERY[name].plan.blocks


def test_a_run_that_explodes_has_the_same_error_cells(finished: list[tuple[range, int]]) -> None:
    """Machine code hands over where numbers end: in the first epoch, in a later one, in a discarded pass."""
    counts = []
    for of, values in (
        (EVERY["as published"], {"lr": 1e-3}),
        (EVERY["as published"], {"lr": 1e3}),
        (EXPERIMENTS["momentum"], {"lr": 1e3}),
    ):
        e = of.with_(epochs=100)
        finished.clear()
        trace = assert_the_same(e, values)
        assert trace.verdict.kind == "exploded"
        counts.append(sum(done for _, done in finished))
    assert counts == [20, 0, 1]


def test_a_division_by_zero_is_an_error_cell_from_its_row_on(finished: list[tuple[range, int]]) -> None:
    """#DIV/0! where squares start at 0 without an eps, as in plain Python."""
    e = experiment("one_neuron", GRADDESC, optimizer="torch_rmsprop", epochs=3)
    trace = assert_the_same(e, {"a": 2, "b": 30, "eps": 0})
    assert np.isnan(trace.errors).all() and sum(done for _, done in finished) == 0


def test_what_an_operator_hides_is_seen(finished: list[tuple[range, int]]) -> None:
    """A ramp, a condition and a division of what is no number: an error cell, not the 0 that they would make of it."""
    powers = model("b + 1/log(a) + max(-exp(a*x), 0)", name="hiding")
    data = dataset([1.0, 100.0], [1.0, 2.0])
    for a in (2.0, 0.0, -1.0, 8.0, 1.0):
        finished.clear()
        trace = assert_the_same(experiment(powers, data, lr=0.0, epochs=2), {"a": a})
        assert np.isfinite(trace.errors).all() == (a == 2.0), a
        assert (sum(done for _, done in finished) == 2) == (a == 2.0), a


def test_a_dead_relu_dies_at_the_same_step() -> None:
    """The verdict of a run in machine code is that of the run in Python."""
    trace = assert_the_same(experiment("two_neurons_relu", GRADDESC, lr=1e-4, epochs=5))
    assert str(trace.verdict) == "dead ReLU since step 27"


def test_compiling_waits_until_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan is compiled once it has been asked for as many steps as compiling takes, and not before."""
    e = experiment("one_neuron", GRADDESC, epochs=10)
    monkeypatch.setattr(engine, "HOT", 3 * 290)
    assert [engine.machine_code(e.plan, 290) is not None for _ in range(4)] == [False, False, True, True]


def test_without_numba_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is optional."""
    monkeypatch.setattr(engine, "HOT", 0)
    monkeypatch.setattr(engine, "_numba", lambda: False)
    assert engine.machine_code(EVERY["as published"].plan, 290) is None


def test_without_the_c_library_its_functions_are_left_to_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that needs exp is not compiled where the C library's is not found; others are."""
    for cached in (compiled._functions, compiled.epochs, compiled.compiled):
        cached.cache_clear()
    monkeypatch.setattr(compiled, "_foreign", dict)
    assert compiled.epochs(EVERY["batches, each epoch in another order"].plan) is None
    assert compiled.epochs(EVERY["as published"].plan) is not None
    for cached in (compiled._functions, compiled.epochs, compiled.compiled):
        cached.cache_clear()


def test_machine_code_is_kept_for_the_next_process(_cache: Path) -> None:
    """Beside the source that it was compiled from."""
    assert_the_same(EVERY["as published"])
    folder = _cache / "graddesc-xl"
    assert [*folder.glob("*.py")] and [*folder.glob("__pycache__/*.nbc")]


def test_machine_code_needs_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written it is compiled again each time."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    twice = compiled.compiled("def twice(u):\n    return 2.0 * u\n", "twice")
    assert twice is not None and twice(1.5) == 3.0


# Many runs


def of_many(e: Experiment, values: Settings, **more: Any) -> Mapping[str, Any]:
    """What became of many runs: by machine code as by NumPy, which other tests hold against single runs."""
    inputs = resolve(e.plan, values)
    plain, found = (outcomes(e.plan, e.data, inputs, backend=name, **more) for name in ("numpy", "numba"))
    assert list(plain) == list(found)
    for name in plain:
        assert plain[name].dtype == found[name].dtype, name
        assert same_bits(plain[name] + 0.0, found[name] + 0.0), name
    return found


DRAWN = np.random.default_rng(7)
#: two full blocks of lanes, and some
RUNS = 150


def between(low: float, high: float) -> Array:
    """Random numbers, evenly spread by their logarithm."""
    return np.exp(DRAWN.uniform(np.log(low), np.log(high), RUNS))


STARTS = DRAWN.uniform(-3, 3, RUNS)
MANY: Mapping[str, tuple[Experiment, Settings]] = {
    "as published": (EVERY["as published"], {"lr": between(1e-7, 1e-2), "a": STARTS}),
    "passes that hand on in turn, a rate by epoch": (
        EVERY["passes that hand on in turn, a rate by epoch"],
        {"lr": between(1e-4, 1e3), "beta1": DRAWN.uniform(0, 0.999, RUNS)},
    ),
    "a ReLU that dies": (EVERY["numerical derivatives"].with_(epochs=6), {"lr": between(1e-7, 1e-2), "a": STARTS}),
    "batches, each epoch in another order": (
        EVERY["batches, each epoch in another order"].with_(epochs=4),
        {"lr": between(1e-4, 1e3), "a": STARTS},
    ),
    "a loss along a line": (
        EVERY["a loss along a line"].with_(epochs=5),
        {"lr": between(1e-4, 1e3), "a": STARTS, "b": DRAWN.uniform(-1e6, 1e6, RUNS)},
    ),
}


@pytest.mark.parametrize("name", MANY)
def test_many_runs_have_the_same_bits(name: str) -> None:
    """Errors, verdicts, steps and weights, among them of runs that explode, die, bounce and settle."""
    e, values = MANY[name]
    found = of_many(e, values, by_epoch=True)
    assert len({*found["kind"].tolist()}) > 2, "these runs show little"


def test_many_runs_are_their_single_runs() -> None:
    """Against plain Python, without NumPy's blocks between: two in each kind of verdict."""
    e, values = MANY["a ReLU that dies"]
    found = of_many(e, values, by_epoch=True)
    for kind in {*found["kind"].tolist()}:
        for run in np.flatnonzero(found["kind"] == kind)[:2].tolist():
            alone = hot(10**18, e, {name: float(np.broadcast_to(v, RUNS)[run]) for name, v in values.items()})
            assert same_bits(found["errors"][run] + 0.0, alone.errors + 0.0)
            assert (KINDS[kind], found["step"][run]) == (alone.verdict.kind, alone.verdict.step or 0)
            assert found["weights"][run].tolist() == [alone[e.plan.new(w)][-1, -1] for w in e.plan.weights]


def test_many_runs_divide_by_zero() -> None:
    """#DIV/0! where a single run has it."""
    e = experiment("one_neuron", GRADDESC, optimizer="torch_rmsprop", epochs=3)
    found = of_many(e, {"a": np.where(DRAWN.uniform(size=RUNS) < 0.5, 2.0, 1.0), "b": 30, "eps": 0.0, "lr": 0.1})
    assert 0 < np.isnan(found["error"]).sum() < RUNS


@pytest.mark.parametrize("runs", [1, 63, 64, 65, 20_000])
def test_any_number_of_runs(runs: int) -> None:
    """The last lanes may be empty; threads take what they take."""
    e, _ = MANY["as published"]
    found = of_many(e.with_(epochs=2), {"lr": np.geomspace(1e-7, 1e-3, runs)})
    assert len(found["error"]) == runs


def test_many_runs_are_compiled_when_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word by machine code, once a plan has been asked for many steps; NumPy where numba is missing."""
    asked: list[int] = []
    by_lanes = lanes.outcomes

    def watched(*given: Any, **more: Any) -> Any:
        asked.append(1)
        return by_lanes(*given, **more)

    monkeypatch.setattr(lanes, "outcomes", watched)
    e, _ = MANY["as published"]
    inputs = resolve(e.plan, {"lr": np.full(RUNS, 1e-4)})
    outcomes(e.plan, e.data, inputs)
    assert not asked
    monkeypatch.setattr(engine, "HOT", 0)
    outcomes(e.plan, e.data, inputs)
    assert len(asked) == 1
    monkeypatch.setattr(engine, "_numba", lambda: False)
    outcomes(e.plan, e.data, inputs)
    assert len(asked) == 1


@pytest.mark.fuzz(2, len(TABLE))
def test_every_model_has_the_same_bits(seeds: range) -> None:
    """Pairs of a loss, an activation, an optimizer, a batch and a schedule: many runs, and one of them."""
    for seed in seeds:
        number = seed * 37 % len(TABLE)
        e = configured(TABLE[number], **MORE[seed % len(MORE)])
        inputs = spread(e, seed)
        found = of_many(e, inputs, by_epoch=True)
        agrees(e, inputs, dict(found), range(seed % 5, SPREAD, 5))
        assert_the_same(e, {name: float(np.broadcast_to(value, SPREAD)[7]) for name, value in inputs.items()})
