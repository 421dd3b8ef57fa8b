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


SCRIPTS = re.findall(r"```python\n(.*?)```.*?```\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("script", "printed"), SCRIPTS)
def test_a_script_prints_what_the_readme_says(
    script: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examples of the library run as they stand and print the blocks below them."""
    monkeypatch.chdir(tmp_path)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(script, {})
    assert shown.getvalue() == printed


RUNS = re.findall(r"    \$ graddesc-xl (run .*?)\n((?:    [^$\n]*\n|\n)+)", README)


@pytest.mark.parametrize(("command", "printed"), RUNS, ids=[command for command, _ in RUNS])
def test_a_command_prints_what_the_readme_says(command: str, printed: str) -> None:
    """The command line examples print the lines below them."""
    result = CliRunner().invoke(app, shlex.split(command))
    wanted = [line.strip() for line in printed.splitlines() if line.strip()]
    assert [line.strip() for line in result.stdout.splitlines() if line.strip()][-len(wanted) :] == wanted


def test_the_readme_shows_commands() -> None:
    """There are examples to check."""
    assert (len(RUNS), len(SCRIPTS)) == (3, 3)


def test_every_link_leads_somewhere() -> None:
    """Files and pictures that the README names are there."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
