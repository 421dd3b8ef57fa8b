"""What a plan, an experiment and a setting refuse, and the sentence with which they do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from graddesc_xl.errors import GraddescError, PlanError, SettingError
from graddesc_xl.experiments import Experiment
from graddesc_xl.language.expr import Apply, Const, Data, Expr, Foot, Here, Opening, Over, Param, Prev, State, sqrt
from graddesc_xl.lessons import EXPERIMENTS
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.parts.models import MODELS
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.plan import Column, Derived, EpochState, Footer, Input, Plan, Start
from graddesc_xl.running import experiment, run


def column(name: str, expr: Expr, role: str = "watch") -> Column:
    """A column of that expression."""
    return Column(name, expr, role, name, name)


def footer(name: str, expr: Expr) -> Footer:
    """A footer of that expression."""
    return Footer(name, expr, name, name)


def state(name: str, initial: Expr, following: Expr) -> EpochState:
    """An epoch state with those expressions."""
    return EpochState(name, initial, following, name, name)


#: w walks by x times a rate; its squares are summed
GOOD = Plan(
    name="walk",
    inputs=(Input("lr", 0.1, "lr", "the rate"),),
    derived=(Derived("half", Param("lr") / 2, "half", "half the rate"),),
    columns=(column("w", Prev("new_w")), column("new_w", Here("w") - Data("x") * State("rate"))),
    starts=(Start("new_w", Const(1), "new_w"),),
    states=(state("rate", Param("half"), State("rate") / Foot("size")),),
    footers=(footer("size", sqrt(Over("sumsq", "w"))),),
    weights=("w",),
    epochs=2,
)

BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "column twice": (
        {"columns": (*GOOD.columns, column("w", Const(1)))},
        "Two columns are called 'w': each needs a name of its own.",
    ),
    "start twice": (
        {"starts": GOOD.starts * 2},
        "Two starts are called 'new_w': each needs a name of its own.",
    ),
    "footer twice": (
        {"footers": GOOD.footers * 2},
        "Two footers are called 'size': each needs a name of its own.",
    ),
    "epoch state twice": (
        {"states": GOOD.states * 2},
        "Two epoch states are called 'rate': each needs a name of its own.",
    ),
    "input called like a derived cell": (
        {"inputs": (*GOOD.inputs, Input("half", 1, "half", "half"))},
        "Two inputs are called 'half': each needs a name of its own.",
    ),
    "name with a space": (
        {"columns": (*GOOD.columns, column("new w", Const(1)))},
        "'new w' is no name for columns: use letters, digits and underscores, as in new_b.",
    ),
    "name that is a formula": (
        {"inputs": (*GOOD.inputs, Input("a=1", 1, "a", "a"))},
        "'a=1' is no name for inputs: use letters, digits and underscores, as in new_b.",
    ),
    "name that is a word of the language": (
        {"footers": (*GOOD.footers, footer("lambda", Const(1)))},
        "'lambda' is no name for footers: use letters, digits and underscores, as in new_b.",
    ),
    "a column further right": (
        {"columns": (column("early", Here("w") + 1), *GOOD.columns)},
        "Column 'early' uses 'w' of its own row, which is computed after it: move it to the left, or use ",
    ),
    "itself": (
        {"columns": (*GOOD.columns, column("loop", Here("loop") + 1))},
        "Column 'loop' uses 'loop' of its own row, which is computed after it: move it to the left, or use ",
    ),
    "row above without a start": (
        {"columns": (*GOOD.columns, column("late", Prev("w")))},
        "Column 'late' uses 'w' of the row above, which has no start: add a Start.",
    ),
    "unknown column": (
        {"columns": (*GOOD.columns, column("late", Here("neww")))},
        "Column 'late' uses the column 'neww', which does not exist. Did you mean new_w?",
    ),
    "unknown column above": (
        {"columns": (*GOOD.columns, column("late", Prev("neww")))},
        "Column 'late' uses the column 'neww', which does not exist. Did you mean new_w?",
    ),
    "unknown input": (
        {"columns": (*GOOD.columns, column("late", Param("halb")))},
        "Column 'late' uses the input 'halb', which does not exist. Did you mean half?",
    ),
    "unknown epoch state": (
        {"columns": (*GOOD.columns, column("late", State("ratio")))},
        "Column 'late' uses the epoch state 'ratio', which does not exist. Did you mean rate?",
    ),
    "unknown footer": (
        {"footers": (*GOOD.footers, footer("more", Foot("sizes")))},
        "The footer 'more' uses the footer 'sizes', which does not exist. Did you mean size?",
    ),
    "unknown start": (
        {"footers": (*GOOD.footers, footer("more", Opening("w")))},
        "The footer 'more' uses the start 'w', which does not exist. Known: new_w.",
    ),
    "a pass that hands on what has no start": (
        {"discarded": 2, "hands_on": (frozenset({"new_w", "rate"}), frozenset({"w"}))},
        "A discarded pass uses the start 'w', which does not exist. Known: ",
    ),
    "unknown column in a reduction": (
        {"footers": (*GOOD.footers, footer("more", Over("sum", "zzz")))},
        "The footer 'more' uses the column 'zzz', which does not exist. Known: ",
    ),
    "unknown reduction": (
        {"footers": (*GOOD.footers, footer("more", Over("mean", "w")))},
        "The footer 'more': there is no reduction 'mean'; use one of ('sum', 'sumsq', 'count', 'last').",
    ),
    "unknown part of the sample": (
        {"columns": (*GOOD.columns, column("late", Data("z")))},
        "Column 'late' uses the sample column 'z', which does not exist. Known: x, y.",
    ),
    "unknown role": (
        {"columns": (*GOOD.columns, column("late", Const(1), role="colour"))},
        "Column 'late' has the unknown role 'colour'; roles are ",
    ),
    "start of an unknown column": (
        {"starts": (*GOOD.starts, Start("neww", Const(1), "w"))},
        "The start of 'neww' uses the column 'neww', which does not exist. Did you mean new_w?",
    ),
    "carry of an unknown column": (
        {"starts": (Start("new_w", Const(1), "new_ww"),)},
        "The start of 'new_w' uses the column 'new_ww', which does not exist. Did you mean new_w",
    ),
    "unknown weight": (
        {"weights": ("w", "b")},
        "The list of weights uses the column 'b', which does not exist. Known: ",
    ),
    "this row in a footer": (
        {"footers": (*GOOD.footers, footer("more", Here("w")))},
        "The footer 'more' stands outside the rows: it may use reductions, not Here(column='w').",
    ),
    "the row above in a footer": (
        {"footers": (*GOOD.footers, footer("more", Prev("new_w") + 1))},
        "The footer 'more' stands outside the rows: it may use reductions, not Prev(column='new_w').",
    ),
    "the sample in a derived cell": (
        {"derived": (*GOOD.derived, Derived("more", Data("x") + 1, "more", "more"))},
        "The derived cell 'more' stands outside the rows: it may use reductions, not Data(name='x').",
    ),
    "this row in a start": (
        {"starts": (Start("new_w", Here("w"), "new_w"),)},
        "The start of 'new_w' stands outside the rows: it may use reductions, not Here(column='w').",
    ),
    "this row in an epoch state": (
        {"states": (state("rate", Param("lr"), Here("w")),)},
        "The start of 'rate' stands outside the rows: it may use reductions, not Here(column='w').",
    ),
    "no epoch": ({"epochs": 0}, "A plan needs at least one epoch, not 0."),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plan_is_a_sentence(case: str) -> None:
    """A plan that does not hold together says what is wrong, where, and what to write instead."""
    change, sentence = BROKEN[case]
    with pytest.raises(PlanError, match="^" + re.escape(sentence)):
        replace(GOOD, **change)


def test_a_plan_that_holds_together_is_accepted() -> None:
    """Every model makes a plan with every optimizer, and the sheet that the broken ones change is whole."""
    assert replace(GOOD).columns == GOOD.columns
    for model in MODELS.values():
        for optimizer in OPTIMIZERS.values():
            plan = Experiment("e", "e", "e", optimizer, model, numerical=True).plan
            assert set(plan.weights) < {c.name for c in plan.columns}


def test_a_column_is_found_by_its_name() -> None:
    """A plan gives a column by name, and the nearest name where there is none."""
    assert GOOD.column("new_w").expr == Here("w") - Data("x") * State("rate")
    with pytest.raises(PlanError, match=re.escape("There is no column 'neww'. Did you mean new_w?")):
        GOOD.column("neww")


def test_blocks_happen_warm_up_first() -> None:
    """Blocks are numbered epochs first but happen discarded passes first; each knows what it continues."""
    plan = replace(GOOD, epochs=3, discarded=2)
    assert list(plan.in_time()) == [3, 4, 0, 1, 2]
    assert [plan.previous(block) for block in range(5)] == [4, 0, 1, None, 3]
    assert replace(plan, discarded=0).previous(0) is None


def test_an_operator_is_refused_with_the_wrong_arguments() -> None:
    """An expression cannot be made of an unknown operator or of too few arguments."""
    with pytest.raises(ValueError, match="no operator 'sinc' with 1 arguments"):
        Apply("sinc", (Const(1),))
    with pytest.raises(ValueError, match="no operator 'add' with 1 arguments"):
        Apply("add", (Const(1),))


@pytest.mark.parametrize("exponent", [1, 9, -1, 0.5])
def test_small_whole_exponents_are_products(exponent: Any) -> None:
    """From 2 to 8, to the last bit; any other exponent makes a power."""
    assert Data("x") ** 3 == Apply("pow", (Data("x"), Const(3)))
    assert Data("x") ** exponent == Apply("power", (Data("x"), Const(exponent)))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "unknown experiment": (
        lambda: run("momentun"),
        "There is no experiment 'momentun'. Did you mean momentum or momentum 2 neuron?",
    ),
    "nothing like an experiment": (
        lambda: experiment("zzz"),
        "There is no experiment 'zzz'. Known: basic, momentum, ",
    ),
    "unknown setting": (lambda: run("basic", {"lrr": 1}), "basic has no setting 'lrr'. Did you mean lr?"),
    "unknown setting as a keyword": (
        lambda: run("rmsprop", bet=1),  # type: ignore[call-arg]
        "rmsprop has no setting 'bet'. Did you mean beta?",
    ),
    "misspelt field": (
        lambda: run("basic", epoch=3),  # type: ignore[call-arg]
        "basic has no setting 'epoch'. Did you mean epochs?",
    ),
    "setting of another optimizer": (lambda: run("basic", beta=0.5), "basic has no setting 'beta'."),
    "below the range": (lambda: run("basic", lr=-1), "lr=-1 is out of range: it must be from 0 to 1000."),
    "above the range": (
        lambda: run("adam", beta1=1.0),
        "beta1=1.0 is out of range: it must be from 0 to 0.99999.",
    ),
    "one of a batch": (
        lambda: run("basic", lr=[1e-4, -1]),
        "lr=[0.0001, -1] is out of range: it must be from 0 to 1000.",
    ),
    "infinite": (
        lambda: run("basic", {"a": float("inf")}),
        "a=inf is out of range: it must be from -1e+06 to 1e+06.",
    ),
    "no number": (
        lambda: run("basic", {"b": float("nan")}),
        "b=nan is out of range: it must be from -1e+06 to 1e+06.",
    ),
    "a word": (
        lambda: run("basic", {"lr": "fast"}),  # type: ignore[dict-item]
        "lr must be a number, as in lr=0.0001, not 'fast'.",
    ),
    "a table": (
        lambda: run("basic", {"lr": [[1e-4]]}),  # type: ignore[list-item]
        "A batch takes ",
    ),
    "unknown start": (
        lambda: run("momentum", starts={"avg_c": 1}),
        "momentum starts no column 'avg_c'. Did you mean avg_",
    ),
    "no epochs": (lambda: run("basic", epochs=0), "epochs must be a whole number from 1 to 100000, not 0."),
    "half an epoch": (
        lambda: run("basic", epochs=1.5),  # type: ignore[arg-type]
        "epochs must be a whole number from 1 to 100000, not 1.5.",
    ),
    "negative discarded": (
        lambda: run("adam", discarded=-1),
        "discarded must be a whole number from 0 to 100000, not -1.",
    ),
    "unknown carry": (
        lambda: run("basic", carry="new weight"),
        "carry must be 'new weights' or \"last row's weights\", not 'new weight'.",
    ),
    "unknown gradient": (
        lambda: run("basic", gradient="numeric"),
        "gradient must be 'analytic' or 'numerical' or 'switch', not 'numeric'.",
    ),
    "unknown column of a trace": (
        lambda: run("basic", epochs=1)["prd"],
        "The trace has no column 'prd'. Did you mean pred?",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_setting_is_a_sentence(case: str) -> None:
    """A setting that cannot work says what was given and what to write instead."""
    call, sentence = REFUSED[case]
    with pytest.raises(SettingError, match="^" + re.escape(sentence)):
        call()


CHECKED: dict[str, Callable[[], Any]] = {
    "a number beyond any double": lambda: run("basic", lr=10**400),
    "a start that is a word": lambda: run("momentum", epochs=1, starts={"avg_b": "fast"}),  # type: ignore[dict-item]
    "a default that is a word": lambda: run(replace(EXPERIMENTS["basic"], values={"lr": "fast"})),  # type: ignore[dict-item]
    "a default out of range": lambda: run(replace(EXPERIMENTS["basic"], values={"lr": -1}), epochs=1),
    "a default of no input": lambda: run(replace(EXPERIMENTS["basic"], values={"lrr": 1}), epochs=1),
    "two starts for one column": lambda: run("momentum", epochs=1, starts={"avg_b": [1, 2]}),  # type: ignore[dict-item]
    "a start of nan": lambda: run("momentum", epochs=1, starts={"avg_b": float("nan")}),
}


@pytest.mark.parametrize("case", CHECKED)
def test_whatever_a_caller_gives_is_checked(case: str) -> None:
    """No number that a caller gives reaches the engine unchecked, whichever way it comes."""
    with pytest.raises(SettingError):
        CHECKED[case]()


def test_a_label_names_its_setting_too() -> None:
    """A setting may be given by what the sheet calls it."""
    assert run("basic", {"learn": 1e-5}, epochs=1).errors == run("basic", lr=1e-5, epochs=1).errors


def test_inputs_keep_15_digits() -> None:
    """An input has the precision of a spreadsheet file before anything is computed from it."""
    trace = run("basic", {"a": [1 / 3, 1.0]}, epochs=1, lr=0.1 + 0.2)
    assert trace.inputs["lr"] == 0.3
    assert trace.inputs["a"].tolist() == [0.333333333333333, 1.0]


def test_every_refusal_is_a_graddesc_error() -> None:
    """A caller needs to catch one class."""
    assert issubclass(PlanError, GraddescError)
    assert issubclass(SettingError, GraddescError)
    with pytest.raises(GraddescError):
        run_plan(GOOD, EXPERIMENTS["basic"].data, {"nothing": 1})
