"""Every derivative rule against finite differences, and the gradient columns of a sheet."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from graddesc_xl.errors import PlanError
from graddesc_xl.language.calculus import bound, derivative, gradient, inlined, nudged, same
from graddesc_xl.language.evaluate import evaluate, magnitude
from graddesc_xl.language.expr import Apply, Const, Data, Expr, Here, Param, greater, leaves, maximum, sqrt, where
from graddesc_xl.language.operators import OPERATORS
from graddesc_xl.parts import writing
from graddesc_xl.parts.losses import squared_error
from graddesc_xl.parts.models import MODELS, ONE_NEURON, TWO_NEURONS
from graddesc_xl.running import experiment, run

#: the operators of plans
RULED = {name: row for name, row in OPERATORS.items() if not row.reports}

#: what each operator means, in plain Python and independent of the package's own tables
MEANING: Mapping[str, Callable[..., float]] = {
    "add": lambda u, v: u + v,
    "sub": lambda u, v: u - v,
    "mul": lambda u, v: u * v,
    "div": lambda u, v: u / v,
    "neg": lambda u: -u,
    "pow": math.pow,
    "sqrt": math.sqrt,
    "max": lambda u, v: u if u > v else v,
    "min": lambda u, v: v if u > v else u,
    "gt": lambda u, v: 1.0 if u > v else 0.0,
    "lt": lambda u, v: 1.0 if u < v else 0.0,
    "le": lambda u, v: 1.0 if u <= v else 0.0,
    "ge": lambda u, v: 1.0 if u >= v else 0.0,
    "eq": lambda u, v: 1.0 if u == v else 0.0,
    "ne": lambda u, v: 1.0 if u != v else 0.0,
    "power": math.pow,
    "exp": math.exp,
    "log": math.log,
    "abs": math.fabs,
    "sign": lambda u: math.copysign(1.0, u),
    "floor": math.floor,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "pi": lambda: math.pi,
    "relu": lambda u: max(u, 0.0),
    "leaky_relu": lambda u: u if u > 0 else 0.01 * u,
    "sigmoid": lambda u: 1 / (1 + math.exp(-u)),
    "softplus": lambda u: math.log1p(math.exp(u)),
    "where": lambda c, u, v: u if c != 0 else v,
}
#: operators of positive numbers alone, in their first argument
POSITIVE = ("sqrt", "log", "power")
#: operators with a step at every whole number
STEPS = ("floor",)
U, V, W = Here("u"), Here("v"), Here("w")
#: each operator applied to leaves; a power once for every exponent
RULES = [Apply(op, (U, V, W)[: row.arity]) for op, row in RULED.items() if op != "pow"]
RULES += [Apply("pow", (U, Const(n))) for n in range(2, 9)]
every_rule = pytest.mark.parametrize(
    "rule", RULES, ids=lambda rule: f"{rule.op}{rule.args[1].value}" if rule.op == "pow" else rule.op
)


def at(values: Mapping[str, float]) -> Callable[[Expr], float]:
    """The values of leaves by their names."""

    def leaf(expr: Expr) -> float:
        assert isinstance(expr, (Here, Data, Param))
        return values[expr.column if isinstance(expr, Here) else expr.name]

    return leaf


def rule_of(rule: Apply) -> Callable[..., tuple[Expr, ...]]:
    """The partial derivatives of the operator."""
    partials = OPERATORS[rule.op].partials
    assert partials is not None
    return partials


def slope(f: Callable[[float], float], x: float, h: float = 1e-3) -> float:
    """df/dx by central differences of two widths, extrapolated: the error is of fourth order in h."""
    wide, narrow = ((f(x + k) - f(x - k)) / (2 * k) for k in (h, h / 2))
    return (4 * narrow - wide) / 3


def points(rule: Apply) -> list[dict[str, float]]:
    """Random points away from kinks, poles and the edge of a root's domain."""
    rng, found = random.Random(str(rule)), list[dict[str, float]]()
    while len(found) < 25:
        u, v, w = (rng.choice((-1, 1)) * rng.uniform(0.3, 3) for _ in "uvw")
        if abs(u - v) > 0.1 and not (rule.op in STEPS and abs(u - round(u)) < 0.01):
            found.append({"u": abs(u) if rule.op in POSITIVE else u, "v": v, "w": w})
    return found


@pytest.mark.parametrize("op", [*dict.fromkeys([*RULED, *MEANING])])
def test_every_operator_of_a_plan_has_all_its_meanings(op: str) -> None:
    """An operator without a meaning somewhere is a failure here, not a surprise in a sheet."""
    row = OPERATORS[op]
    needed = ("words", "partials", *(() if row.whole else ("floats", "magnitude")))
    missing = [name for name in needed if getattr(row, name) is None]
    assert not missing and op in MEANING


@every_rule
def test_operator_means_what_its_name_says(rule: Apply) -> None:
    """The NumPy table and plain Python agree on every operator."""
    for point in points(rule):
        args = [float(evaluate(arg, at(point))) for arg in rule.args]
        assert float(evaluate(rule, at(point))) == pytest.approx(MEANING[rule.op](*args), rel=4e-15)


@every_rule
def test_partial_derivatives_are_finite_differences(rule: Apply) -> None:
    """Every rule gives, for each argument, the slope of what the operator means."""
    partials = rule_of(rule)(*rule.args)
    assert len(partials) == OPERATORS[rule.op].arity
    for point in points(rule):
        args = [float(evaluate(arg, at(point))) for arg in rule.args]
        for i, (arg, partial) in enumerate(zip(rule.args, partials, strict=True)):
            if isinstance(arg, Const):
                continue

            def moved(x: float, i: int = i, args: list[float] = args) -> float:
                return MEANING[rule.op](*args[:i], x, *args[i + 1 :])

            exact = float(evaluate(partial, at(point)))
            assert exact == pytest.approx(slope(moved, args[i]), rel=1e-8, abs=1e-9), (rule, point, i)


def test_the_larger_of_two_equals_passes_no_slope_to_the_first() -> None:
    """At its corner max(z, 0) has the slope 0, as a ReLU has by convention."""
    relu = derivative(maximum(Here("z"), 0), Here("z"))
    assert [float(evaluate(relu, at({"z": z}))) for z in (-1.0, 0.0, 1.0)] == [0, 0, 1]


def random_tree(rng: random.Random, depth: int) -> Expr:
    """A smooth expression of u and v with the constants that the simplifications look at."""
    if depth == 0:
        return rng.choice([U, U, V, Const(0), Const(1), Const(-1), Const(2.5)])
    op = rng.choice(["add", "sub", "mul", "neg", "pow", "div", "sqrt"])
    first = random_tree(rng, depth - 1)
    if op == "pow":
        return first ** rng.randint(2, 3)
    if op == "neg":
        return -first
    if op == "sqrt":
        return sqrt(first**2 + 1)
    second = random_tree(rng, depth - 1)
    return Apply(op, (first, second**2 + 1)) if op == "div" else Apply(op, (first, second))


@pytest.mark.parametrize("seed", range(60))
def test_derivative_of_a_nested_expression_is_a_finite_difference(seed: int) -> None:
    """Chain rule and the dropping of zeros, ones and signs keep the value of a derivative."""
    rng = random.Random(seed)
    tree = random_tree(rng, 4)
    exact = derivative(tree, U)
    for _ in range(4):
        u, v = rng.uniform(-1.2, 1.2), rng.uniform(-1.2, 1.2)
        values = [abs(float(evaluate(tree, at({"u": x, "v": v})))) for x in (u - 0.1, u, u + 0.1)]
        if max(values) > 1e3:  # too steep for differences
            continue
        estimate = slope(lambda x, v=v: float(evaluate(tree, at({"u": x, "v": v}))), u)  # type: ignore[misc]
        assert float(evaluate(exact, at({"u": u, "v": v}))) == pytest.approx(estimate, rel=1e-6, abs=1e-6)


def test_one_neuron_has_exactly_the_two_columns_of_the_published_sheet() -> None:
    """Equal columns are merged and 1*x is dropped: d_b = 2*(pred - y), d_a = d_b*x, nothing else."""
    slopes = gradient({**ONE_NEURON.forward, "err": squared_error("y")}, "err", ONE_NEURON.weights)
    assert dict(slopes.columns) == {"d_b": 2 * (Here("pred") - Data("y")), "d_a": Here("d_b") * Data("x")}
    assert list(slopes.columns) == ["d_b", "d_a"]
    assert slopes.of == {"b": "d_b", "a": "d_a"}


def test_stacked_neurons_show_the_chain_rule_column_by_column() -> None:
    """Two neurons with ReLU: each column is one product; the last bias's starts the chain."""
    model = MODELS["two_neurons_relu"]
    slopes = gradient({**model.forward, "err": squared_error("y")}, "err", model.weights)
    assert dict(slopes.columns) == {
        "d_d": 2 * (Here("pred") - Data("y")),
        "d_hid": Here("d_d") * Here("c"),
        "d_b": Here("d_hid") * where(greater(Here("z"), 0), 1, 0),
        "d_a": Here("d_b") * Data("x"),
        "d_c": Here("d_d") * Here("hid"),
    }
    assert slopes.of == {w: f"d_{w}" for w in model.weights}


def test_weights_with_equal_products_share_a_column() -> None:
    """Two weights whose derivatives are the same product are one column, whichever way it arises."""
    forward = {"pred": Here("a") * Data("x") + Here("b") * Data("x"), "err": squared_error("y")}
    slopes = gradient(forward, "err", ["b", "a"])
    assert slopes.of["a"] == slopes.of["b"]


def test_columns_only_read_what_stands_left_of_them() -> None:
    """Each adjoint column uses weights, forward columns and adjoints that were computed before it."""
    for model in MODELS.values():
        slopes = gradient({**model.forward, "err": squared_error("y")}, "err", model.weights)
        left = {*model.weights, *model.forward}
        for name, expr in slopes.columns.items():
            assert {leaf.column for leaf in leaves(expr) if isinstance(leaf, Here)} <= left
            left.add(name)


P, Q = Here("p"), Here("q")
#: columns used twice, a weight in two columns, a column that skips one
BRANCHED: Mapping[str, Expr] = {
    "p": Here("a") * Data("x") + Here("b"),
    "q": P**2 - Here("a"),
    "r": maximum(Q, 0) / (P**2 + 1),
    "pred": Here("r") * P - Q * Here("c"),
    "err": squared_error("y"),
}
CHAINS = {name: {**m.forward, "err": squared_error("y")} for name, m in MODELS.items()} | {"branched": dict(BRANCHED)}


@pytest.mark.parametrize("name", CHAINS)
def test_gradient_chains_to_the_slope_of_the_whole_error(name: str) -> None:
    """Chained over columns and forks, each weight's derivative is the slope of the written-out error."""
    forward = CHAINS[name]
    error = inlined(forward, "err")
    weights = sorted({leaf.column for leaf in leaves(error) if isinstance(leaf, Here)})
    slopes = gradient(forward, "err", weights)
    rng = random.Random(name)
    for _ in range(20):
        point = {w: rng.uniform(-2, 2) for w in (*weights, "x", "y")}
        values = dict(point)
        for column, expr in (*forward.items(), *slopes.columns.items()):
            values[column] = float(evaluate(expr, at(values)))
        assert values["err"] == pytest.approx(float(evaluate(error, at(point))), rel=1e-12)
        for weight in weights:
            estimate = slope(
                lambda x, w=weight, p=point: float(evaluate(error, at({**p, w: x}))),  # type: ignore[misc]
                point[weight],
                1e-4,
            )
            assert values[slopes.of[weight]] == pytest.approx(estimate, rel=1e-6, abs=1e-6), weight


def test_nudged_adds_h_to_one_weight_wherever_it_stands() -> None:
    """The upper end of a finite difference moves one weight and leaves the rest of the error alone."""
    error = inlined({**ONE_NEURON.forward, "err": squared_error("y")}, "err")
    moved = nudged(error, "a", Param("h"))
    a, b, x, y = Here("a"), Here("b"), Data("x"), Data("y")
    assert error == (y - (b + a * x)) ** 2
    assert moved == (y - (b + (a + Param("h")) * x)) ** 2


@every_rule
def test_magnitude_is_never_smaller_than_the_value(rule: Apply) -> None:
    """What rounding is measured against is at least the size of the result, for every operator."""
    for point in points(rule):
        value, size = evaluate(rule, at(point)), magnitude(rule, at(point))
        assert np.all(size >= abs(value) * (1 - 1e-15))


def test_magnitude_remembers_what_a_difference_lost() -> None:
    """The difference of two large, nearly equal numbers keeps their size through products and quotients."""
    point = at({"u": 1e8 + 1, "v": 1e8, "w": 4.0})
    assert float(evaluate((U - V) * W, point)) == 4.0
    assert float(magnitude((U - V) * W, point)) == pytest.approx(8e8, rel=1e-6)
    assert float(magnitude((U - V) / W, point)) == pytest.approx(5e7, rel=1e-6)


def test_a_derivative_that_is_no_operation_still_has_its_column() -> None:
    """A weight whose derivative is a number, a sample or another column gets a column that says so."""
    for factor, held in ((Const(3.0), Const(3.0)), (Data("x"), Data("x"))):
        found = gradient({"err": factor * Here("a")}, "err", ["a"])
        assert found.columns == {"d_a": held} and found.of == {"a": "d_a"}
    forward = {"h": Data("x") ** 2, "err": Here("h") * Here("a")}
    assert gradient(forward, "err", ["a"]).columns["d_a"] == Here("h")


def test_the_same_but_for_the_order() -> None:
    """Sums and products may stand in either order, as their bits do not change; differences and brackets may not."""
    a, x, b, y = Here("a"), Data("x"), Here("b"), Data("y")
    assert same(2 * (a * x + b - y), ((b + x * a) - y) * 2)
    for other in (2 * (y - (a * x + b)), 2 * (a * x + (b - y)), 2 * (a * x + b + y), 3 * (a * x + b - y), a):
        assert not same(2 * (a * x + b - y), other)


@pytest.mark.parametrize("name", ["momentum", "rmsprop", "adam", "adam_ann"])
def test_a_column_may_be_spelled_otherwise(name: str) -> None:
    """Only as the same expression: with another model the derived one stays."""
    a, x, b, y = Here("a"), Data("x"), Here("b"), Data("y")
    assert experiment(name).plan.column("d_b").expr == 2 * (a * x + b - y)
    other = experiment(name, model=TWO_NEURONS).plan
    assert other.column("d_b").expr == experiment(name, model=TWO_NEURONS, spelled={}).plan.column("d_b").expr
    trace, plain = run(name, epochs=2), run(name, epochs=2, spelled={})
    for column in plain.rows:
        np.testing.assert_array_equal(trace[column], plain[column])


@pytest.mark.parametrize(
    ("line", "said"), [("{0}*{0} + c", "parts: take fewer lines"), ("tanh({0})", "nested 121 deep")]
)
def test_lines_that_double_or_nest_without_end_are_refused(line: str, said: str) -> None:
    """At once: written out, the first were longer than any memory, the others deeper than Python goes."""
    chain = [f"h{i} = {line.format(f'h{i - 1}')}" for i in range(2, 400)]
    with pytest.raises(PlanError, match=said):
        writing.model("; ".join(["h1 = a*x + b", *chain]))
    with pytest.raises(PlanError, match=said):
        experiment("basic", loss=writing.loss("; ".join(["h1 = (pred - y)**2", *chain]).replace("c", "1"))).plan  # noqa: B018
    bound({"h": Here("a") * Data("x"), "err": Here("h") * Here("h")}, "it")
