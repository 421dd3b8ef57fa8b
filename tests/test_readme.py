"""The front door, and what it leads to: every output that the README and its pages show is real."""

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
#: the pages whose outputs are tested, and how many commands and scripts each has
PAGES = {"README.md": (5, 3), "docs/sweeps.md": (3, 5)}
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
README = TEXTS["README.md"]
_SCRIPT = re.compile(r"```python\n(.*?)```.*?```\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"    \$ graddesc-xl ((?:run|sweep|best) .*?)\n((?:    [^$\n]*\n|\n)+)")


def every(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """What the pages show that is run, and what it prints."""
    return [(found[1], found[2]) for text in TEXTS.values() for found in pattern.finditer(text)]


SCRIPTS = every(_SCRIPT)


@pytest.mark.parametrize(("script", "printed"), SCRIPTS)
def test_a_script_prints_what_the_page_says(
    script: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examples of the library run as they stand and print the blocks below them."""
    monkeypatch.chdir(tmp_path)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(script, {})
    assert shown.getvalue() == printed


RUNS = every(_COMMAND)


@pytest.mark.parametrize(("command", "printed"), RUNS, ids=[command for command, _ in RUNS])
def test_a_command_prints_what_the_page_says(
    command: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line examples print the lines below them; of a workbook that is written all but how long it took."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, shlex.split(command))
    wanted = [line.strip() for line in printed.splitlines() if line.strip()]
    shown = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    files = [number for number, line in enumerate(shown) if "Formula cells" in line]
    for first in files:
        del shown[first : first + 2]
    assert shown[-len(wanted) :] == wanted


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_commands(page: str) -> None:
    """There are examples to check."""
    found = [len(pattern.findall(TEXTS[page])) for pattern in (_COMMAND, _SCRIPT)]
    assert tuple(found) == PAGES[page]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """Files and pictures that a page names are there."""
    for target in re.findall(r"\]\(([^)#]+)\)", TEXTS[page]):
        assert ((ROOT / page).parent / target).exists(), target
