"""The maths in headers and notes reads back as the expression that it came from."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graddesc_xl import COMPARISONS, EXPERIMENTS, Experiment
from graddesc_xl.language.evaluate import evaluate, magnitude
from graddesc_xl.language.expr import Apply, Const, Data, Expr, Foot, Here, Opening, Over, Param, Prev, State, leaves
from graddesc_xl.parts.models import MODELS
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.plan import Plan, compact
from graddesc_xl.speed_limit import with_speed_limit
from graddesc_xl.words import words, written_out
from reader import Reader

PLAN = EXPERIMENTS["adam_ann"].plan
SCALED: tuple[tuple[str, ...], ...] = ((), ("x",), ("x", "y"))


def name(leaf: Expr, plan: Plan) -> str:
    """What a reader of the sheet calls a leaf."""
    titles = {c.name: c.title for c in plan.columns}
    match leaf:
        case Data(sample):
            return sample
        case Param(cell):
            for given_input in plan.inputs:
                if given_input.name == cell:
                    return " ".join((given_input.label, *filter(None, [given_input.choices.get(1.0)])))
            return f"({next(d.label for d in plan.derived if d.name == cell)})"
        case Here(column):
            return titles[column]
        case Prev(column):
            before = titles.get(column.removeprefix("new_"))
            return f"previous {titles[column]}" if before or column[:4] != "new_" else column.removeprefix("new_")
        case State(state):
            return next(s.title for s in plan.states if s.name == state)
        case Opening(column):
            return f"start of {titles[column]}"
        case Foot(footer):
            return next(f.title for f in plan.footers if f.name == footer)
        case Over(reduction, column):
            return {"sum": "Σ {}", "sumsq": "Σ ({})²", "count": "n", "last": "last {}"}[reduction].format(
                titles[column]
            )
    raise AssertionError(leaf)


def assert_reads_back(expr: Expr, plan: Plan, values: Mapping[Expr, float], text: str | None = None) -> None:
    """The text is worth, to a reader, what the expression is worth."""
    names: dict[str, float] = {}
    for leaf in dict.fromkeys(leaves(expr)):
        if not isinstance(leaf, Const):
            called = name(leaf, plan)
            assert called not in names, f"two things are called {called!r}"
            names |= {called: values[leaf], f"[{called}]": values[leaf]}
    text = words(expr, plan) if text is None else text
    reader = Reader(names)
    found, wanted = reader.worth(text), float(evaluate(expr, values.__getitem__))
    if math.isfinite(wanted) and reader.closest > 1e-9:
        scale = float(magnitude(expr, values.__getitem__))
        assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12 * scale if math.isfinite(scale) else 0), text


def _leaves(plan: Plan) -> list[Expr]:
    """Everything that an expression may refer to, none twice by the same name."""
    found: list[Expr] = [Data("x"), Data("y"), *(Here(c.name) for c in plan.columns)]
    found += [Prev(s.column) for s in plan.starts] + [State(s.name) for s in plan.states]
    found += [Opening(s.column) for s in plan.starts]
    found += (
        [Param(i.name) for i in plan.inputs]
        + [Param(d.name) for d in plan.derived]
        + [Foot(f.name) for f in plan.footers]
    )
    found += [Over(reduction, "d_b") for reduction in ("sum", "sumsq", "count", "last")]
    return list({name(leaf, plan): leaf for leaf in found}.values())


def _extend(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    pairs = st.tuples(children, children)
    return (
        st.tuples(st.sampled_from(["add", "sub", "mul", "div"]), pairs).map(lambda t: Apply(*t))
        | st.tuples(st.sampled_from(["max", "min", "gt"]), pairs).map(lambda t: Apply(*t))
        | st.tuples(st.sampled_from(["neg", "sqrt"]), children).map(lambda t: Apply(t[0], (t[1],)))
        | st.tuples(children, st.integers(2, 3)).map(lambda t: t[0] ** t[1])
        | st.tuples(children, children, children).map(lambda t: Apply("where", t))
    )


NUMBERS = st.integers(-9, 30).map(float) | st.floats(1e-7, 1e3).map(lambda v: float(f"{v:.6g}"))
TREES = st.recursive(st.sampled_from(_leaves(PLAN)) | NUMBERS.map(Const), _extend, max_leaves=12)


@settings(max_examples=1000, deadline=None)
@given(TREES, st.integers(0, 2**32))
def test_any_expression_reads_back(expr: Expr, seed: int) -> None:
    """Whatever is put together from operators and a sheet's quantities is worth the same read from its text."""
    drawn = random.Random(seed)
    assert_reads_back(expr, PLAN, {leaf: drawn.uniform(0.1, 3) for leaf in _leaves(PLAN)})


U, V, W = Data("x"), Data("y"), Here("pred")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (U - (V - W), "x − (y − y_pred)"),
        (U - (V + W), "x − (y + y_pred)"),
        (U - V - W, "x − y − y_pred"),
        (U + (V - W), "x + y − y_pred"),
        (U / (V * W), "x / (y·y_pred)"),
        (U / (V / W), "x / (y / y_pred)"),
        (U / V * W, "(x / y)·y_pred"),
        (U / V / W, "(x / y) / y_pred"),
        (U * (V / W), "x·(y / y_pred)"),
        (U * V / W, "x·y / y_pred"),
        ((-U) ** 2, "(−x)²"),
        (-(U**2), "−x²"),
        (Const(-2) ** 2, "(−2)²"),
        (U - Const(-2), "x − (−2)"),
        (U + -V, "x + (−y)"),
        ((U**2) ** 3, "(x²)³"),
        (Here("d_b") ** 2, "(de/db)²"),
        (Here("err") ** 2, "(err²)²"),
        (Prev("avg_b") ** 2, "(previous avg de/db)²"),
        (Apply("sqrt", (U,)) ** 2, "(√(x))²"),
        (Apply("where", (Apply("gt", (U, -V)), U, V)) * W, "(x if x > −y, else y)·y_pred"),
        (Apply("max", (Apply("where", (U, V, W)), U)), "max((y if x, else y_pred), x)"),
    ],
)
def test_brackets_stand_where_they_are_needed(expr: Expr, text: str) -> None:
    """Brackets as a maths book has them: none too few, and none that only repeat what is read anyway."""
    assert words(expr, PLAN) == text


def shipped() -> Iterator[Plan]:
    """Every plan that a shipped sheet shows, and every optimizer on every model."""
    yield from (e.plan for e in EXPERIMENTS.values())
    for of in COMPARISONS.values():
        yield from (compact(e.plan) for _, _, e in of.runs())
    plain = Experiment("plan", "a plan", "", OPTIMIZERS["sgd"], epochs=1)
    yield from (with_speed_limit(replace(plain, model=model)) for model in MODELS.values())
    for optimizer in OPTIMIZERS.values():
        for model in MODELS.values():
            yield from (
                Experiment("plan", "a plan", "", optimizer, model, scaled=s, numerical=True).plan for s in SCALED
            )


def test_every_expression_of_every_plan_reads_back() -> None:
    """Columns, written out or not, footers, single cells, and what a block starts from."""
    drawn, count = random.Random(1), 0
    for plan in shipped():
        exprs = [e for c in plan.columns for e in (c.expr, written_out(c.expr, plan))]
        exprs += [f.expr for f in plan.footers] + [d.expr for d in plan.derived]
        exprs += [plan.opening(item, block)[0] for item in plan.openings for block in range(plan.blocks)]
        for expr in exprs:
            assert_reads_back(expr, plan, {leaf: drawn.uniform(0.1, 3) for leaf in leaves(expr)})
            count += 1
    assert count > 5_000
