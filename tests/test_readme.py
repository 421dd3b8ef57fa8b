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


def test_the_command_prints_what_the_readme_says() -> None:
    """The command line example prints the lines below it."""
    found = re.search(r"    \$ graddesc-xl (run .*?)\n((?:    [^$\n]*\n|\n)+)", README)
    assert found
    result = CliRunner().invoke(app, shlex.split(found.group(1)))
    wanted = [line.strip() for line in found.group(2).splitlines() if line.strip()]
    assert [line.strip() for line in result.stdout.splitlines() if line.strip()][-len(wanted) :] == wanted


def test_every_link_leads_somewhere() -> None:
    """Files and pictures that the README names are there."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
