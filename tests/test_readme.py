"""The front door: every output that the README shows is real."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graddesc_xl.cli import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_prints_what_the_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library example runs as it stands and prints the block below it."""
    found = re.search(r"```python\n(.*?)```.*?```\n(.*?)```", README, re.DOTALL)
    assert found
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(found.group(1), {})
    assert printed.getvalue() == found.group(2)


RUNS = re.findall(r"    \$ graddesc-xl (run .*?)\n((?:    [^$\n]*\n|\n)+)", README)


@pytest.mark.parametrize(("command", "printed"), RUNS, ids=[command for command, _ in RUNS])
def test_a_command_prints_what_the_readme_says(command: str, printed: str) -> None:
    """The command line examples print the lines below them."""
    result = CliRunner().invoke(app, shlex.split(command))
    wanted = [line.strip() for line in printed.splitlines() if line.strip()]
    assert [line.strip() for line in result.stdout.splitlines() if line.strip()][-len(wanted) :] == wanted


def test_the_readme_shows_commands() -> None:
    """There are examples to check."""
    assert len(RUNS) == 2


def test_every_link_leads_somewhere() -> None:
    """Files and pictures that the README names are there."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
