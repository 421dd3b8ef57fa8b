"""The story in pictures: its commands print what it says, and the cells that it names are there to type into."""

from __future__ import annotations

import re
import shlex

import pictures
import pytest
from pictures import HERE, Picture
from typer.testing import CliRunner

from graddesc_xl.cli import app

STORY = (HERE / "story.md").read_text(encoding="utf-8")
RUNS = re.findall(r"    \$ graddesc-xl (run .*?)\n((?:    [^$\n]*\n|\n)+)", STORY)
#: a picture, and the text below it as far as the next title
TOLD = re.findall(r"!\[[^]]*\]\(([^)]+)\)\n(.*?)(?=\n## |\Z)", STORY, re.DOTALL)


@pytest.mark.parametrize(("command", "printed"), RUNS, ids=[command for command, _ in RUNS])
def test_a_command_prints_what_the_story_says(command: str, printed: str) -> None:
    """Its examples print the lines below them."""
    result = CliRunner().invoke(app, shlex.split(command))
    wanted = [line.strip() for line in printed.splitlines() if line.strip()]
    assert [line.strip() for line in result.stdout.splitlines() if line.strip()][-len(wanted) :] == wanted


def test_every_cell_that_it_names_is_an_input() -> None:
    """What somebody is told to type somewhere can be typed there: each in the workbook of the picture above."""
    listed = {of.file: of for of in pictures.listed()}
    named = {file: re.findall(r"`([^`!]+)!([A-Z]+\d+)`", text) for file, text in TOLD}
    assert sum(map(len, named.values())) >= 4
    for workbook in {listed[file].workbook for file in named}:
        typed = {
            f"{sheet}!{cell}": 1.0
            for file, cells in named.items()
            if listed[file].workbook == workbook
            for sheet, cell in cells
        }
        [*pictures.composed([Picture("typed.png", workbook, "overview", 1, 1, typed)])]  # refuses what is no input
