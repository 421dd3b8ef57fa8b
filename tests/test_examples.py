"""The examples run and print what they promise."""

from __future__ import annotations

import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
PRINTED = {
    "all_optimizers.py": "torch_adam            0.32    150.79     17.17  learning\n",
    "exercise.py": "de/da: the factor x is missing (1 student)\n",
    "first_steps.py": "150.7552",
    "from_pytorch.py": "PyTorch is not installed" if find_spec("torch") is None else "verified",
    "hidden_layer.py": "hidden layer: RMSE 0.734 in epoch 1, 0.043 in epoch 80\n",
    "learning_rates.py": "exploded at step",
    "logistic_regression.py": "0.144 in the last\nverified\n",
    "build_and_verify.py": "verified",
    "error_landscape.py": "adam.png: ends at b = 29.58, a = 2.60; lowest at b = 29.875, a = 2\n",
    "own_idea.py": "The pool is full after 8 hours.\n",
    "own_optimizer.py": "mine                238.41     79.42  learning\n",
    "own_lesson.py": "plain: learning, adam: learning, plane: learning\nverified\n",
    "sweep.py": "more runs: lr 1.05e-06, a 0.046: error 80.4718\n",
    "why_it_explodes.py": "further off first at step 2, by a factor of -2.762",
}


def test_every_example_is_tested() -> None:
    """No example is left out."""
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_runs(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The script runs from start to end and prints its point."""
    monkeypatch.setattr(sys, "argv", [name])
    monkeypatch.setenv("MPLBACKEND", "Agg")
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    assert PRINTED[name] in capsys.readouterr().out
