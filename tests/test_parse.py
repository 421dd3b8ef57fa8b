"""Formulas as text: to a tree and back, and what is refused."""

from __future__ import annotations

import random

import pytest

from graddesc_xl.errors import PlanError
from graddesc_xl.language.expr import Apply, Const, Expr, Here, Prev
from graddesc_xl.language.operators import OPERATORS
from graddesc_xl.language.parse import parse, spell
from graddesc_xl.workbook.formula import render


def random_tree(rng: random.Random, depth: int) -> Expr:
    """A random tree of every operator that plans know."""
    if depth == 0 or rng.random() < 0.2:
        number = rng.choice([0.0, 1.0, 0.1, 1e-9, 2.5e20, 3.0, -2.0])
        return rng.choice([Here("a"), Here("b"), Prev("c"), Const(number)])
    name = rng.choice([name for name, row in OPERATORS.items() if not row.reports])
    if name == "pow":
        return random_tree(rng, depth - 1) ** rng.randint(2, 8)
    arity = OPERATORS[name].arity
    args = tuple(random_tree(rng, depth - 1) for _ in range(2 if arity is None else arity))
    if name == "power":
        return args[0] ** (args[1].value if isinstance(args[1], Const) else args[1])
    tree = Apply(name, args)
    return random_tree(rng, 0) if name == "neg" and isinstance(tree.args[0], Const) else tree


def test_text_to_tree_to_text() -> None:
    """What is spelled reads back as the tree it came from, brackets, signs and powers included."""
    for seed in range(2000):
        tree = random_tree(random.Random(seed), 5)
        assert parse(spell(tree), Here) == tree, spell(tree)


@pytest.mark.parametrize("op", OPERATORS)
def test_every_operator_is_spelled_and_read(op: str) -> None:
    """One of plans or of reports: its text reads back as itself, also as an argument of its own, and has a formula."""
    row = OPERATORS[op]
    leaves = (Here("u"), Here("v"), Here("w"))[: 2 if row.arity is None else row.arity]
    simple = Here("u") ** 2 if op == "pow" else Apply(op, leaves)
    nested = simple**3 if op == "pow" else Apply(op, (simple, *leaves[1:])) if leaves else simple
    for tree in (simple, nested):
        assert parse(spell(tree), Here, reports=True) == tree, spell(tree)
    assert row.excel in render(nested, lambda leaf: "A1")


def test_precedence_is_python_s() -> None:
    """Brackets stand where Python needs them, and nowhere else."""
    a, b, c = Here("a"), Here("b"), Here("c")
    cases = {
        "a - (b - c)": a - (b - c),
        "a - b - c": a - b - c,
        "a/(b*c)": a / (b * c),
        "(-a)**2": (-a) ** 2,
        "-a**2": -(a**2),
        "(a + b)*c": (a + b) * c,
        "2*a": 2 * a,
        "a**(b**c)": a ** (b**c),
        "(a**b)**c": (a**b) ** c,
        "a**0.5": a**0.5,
        "a**(-1)": a**-1,
        "-a**b": -(a**b),
        "(a >= b) > c": (a >= b) > c,
    }
    for text, tree in cases.items():
        assert parse(text, Here) == tree
        assert spell(tree) == text


REFUSED = {
    "a^2": "a power is written a**2",
    "a +": "is no formula",
    "a if b else c": "is no part of a formula",
    "tanhh(a)": "the function 'tanhh'",
    "sqrt(a, b)": "gives sqrt 2 arguments: it takes 1",
    "__import__('os').system('x')": "is no part of a formula",
    "a.b": "is no part of a formula",
    "True": "holds True",
    "1e400": "no cell can hold",
    "(" * 250 + "a" + ")" * 250: "is no formula",
    "-(" * 60 + "a" + ")" * 60 + "+1" * 200: "too deeply",
    "x" * 3000: "too long",
    "~" * 1500 + "a": "is no part of a formula",
    "[a for a in b]": "is no part of a formula",
    "lambda: 1": "is no part of a formula",
    "": "is no formula",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_formula_is_a_sentence(text: str) -> None:
    """Nothing is evaluated, and each refusal says what to write instead."""
    with pytest.raises(PlanError) as refused:
        parse(text, Here)
    assert REFUSED[text] in str(refused.value)
    assert len(str(refused.value)) < 300


def test_an_unknown_name_gets_a_hint() -> None:
    """A name that does not exist is refused with the nearest that does."""
    with pytest.raises(PlanError, match=r"uses 'sqtf', which does not exist\. Did you mean sqft"):
        parse("a*sqtf", lambda name: Here(name) if name in ("a", "sqft") else None, ("a", "sqft"))


def test_powers_in_a_row_are_read_from_the_right() -> None:
    """As Python reads them; a small whole exponent is products, every other one a power."""
    a, b, c = Here("a"), Here("b"), Here("c")
    assert parse("a**b**c", Here) == a ** (b**c)
    assert parse("a**2", Here) == Apply("pow", (a, Const(2)))
    assert parse("a**-2", Here) == Apply("power", (a, Const(-2)))
    assert parse("a**1", Here) == Apply("power", (a, Const(1)))


def test_a_number_has_the_digits_of_a_cell() -> None:
    """What a formula of a sheet would cut off is cut off where it is read."""
    assert parse("0.12345678901234567", Here) == Const(0.123456789012346)
