"""Fuzzed texts of models, losses and optimizers: each is read, or refused in a sentence; nothing is evaluated."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from graddesc_xl.errors import GraddescError
from graddesc_xl.experiments import Experiment
from graddesc_xl.language.expr import Here
from graddesc_xl.language.parse import parse, spell
from graddesc_xl.parts.data import dataset
from graddesc_xl.parts.writing import loss, model, optimizer
from graddesc_xl.workbook.formula import render

GOOD = (
    "c*relu(a*x + b) + d",
    "h = tanh(a*x + b); pred = c*h + d",
    "z = a*x**2 - b\np = sigmoid(z)",
    "where(x > 0, a*x, b*x) + max(c, min(d, x))",
    "buf = mu*prev(buf) + g; new = w - lr*buf",
    "e = pred - y; e**2 + 0.1*abs(a)",
)
PIECES = [
    *("x", "y", "a", "b", "lr", "w", "g", "h", "pred", "err", "loss", "new", "A1", "R1C1", "c", "r", "__import__", "é"),
    *("+", "-", "*", "/", "**", "^", "(", ")", ",", ";", "\n", "=", "==", ">", ">=", "<", "!", "'", '"', "[", "]", "{"),
    *("0", "1", "-1", "1e300", "1e999", "0.1", "1_0", "0x1", "1j", "True", "None", "''", "...", "lambda", "if", "else"),
    *("relu", "sigmoid(", "exp(", "log(", "prev(", "sum(", "where(", "pi()", "=cmd|' /C calc'!A0", "@", "#", ":="),
    *("\x00", "\u202e", "\u200b", "\U0001f600", "\t", "  ", "a" * 300, "(" * 120, "-" * 120, "\\"),
    *("x.real", "x[0]", "f(*x)", "print(1)"),
]


def fuzzed(rng: random.Random) -> str:
    """A text made of pieces, or a good one that is damaged."""
    if rng.random() < 0.4:
        return "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 12)))
    text = rng.choice(GOOD)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + (rng.choice(PIECES) if rng.random() < 0.6 else "") + text[at + rng.randint(0, 2) :]
    return text


DATA = dataset([1.0, -2.0, 0.5], [0.0, 1.0, 1.0])
READERS: tuple[Callable[[str], Experiment], ...] = (
    lambda text: Experiment("e", model=model(text), data=DATA, epochs=1),
    lambda text: Experiment("e", loss=loss(text), data=DATA, epochs=1),
    lambda text: Experiment("e", optimizer=optimizer(text, mu=0.9), data=DATA, epochs=1),
)


@pytest.mark.fuzz(300, 5000)
def test_any_text_is_read_or_refused(seeds: range, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback, no text evaluated; what is read has formulas that spell what was meant."""
    for seed in seeds:
        text = fuzzed(random.Random(seed))
        for read in READERS:
            try:
                e = read(text)
                e.run()
            except GraddescError as refused:
                said = str(refused)
                assert said and len(said) < 600, text
                continue
            for column in e.plan.columns:
                assert not {"|", "[", "#", "!", '"'} & {*render(column.expr, lambda leaf: "A1")}, text
            for line in e.model.lines.values():
                assert spell(parse(line, Here)) == line
    assert capsys.readouterr().out == ""
