"""The commands about recipes: begin one, take one back out of a workbook."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from ..errors import WorkbookError
from ..writing import replacing, stamp
from .show import screen, working


def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The recipe to write, as in lesson.toml.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Write a recipe to begin with: a small lesson, every part explained, that builds at once."""
    _save(resources.files("graddesc_xl.lessons").joinpath("starter.toml").read_text(encoding="utf-8"), file, force)
    screen().print(f"{file}: edit it, then graddesc-xl build {file}", soft_wrap=True)


def recipe(
    workbook: Annotated[Path, typer.Argument(metavar="WORKBOOK", help="A workbook that was built here or anywhere.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it to a file (.toml), not to the screen."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Give the recipe of a workbook, with the numbers and samples that were typed into it."""
    from ..lessons.recipe import spell
    from ..verification.left import lesson_as_left

    if workbook.suffix.lower() == ".toml":
        raise WorkbookError(f"{workbook} is a recipe already: build it with graddesc-xl build {workbook}.")
    with working(f"Reading {workbook}", brief=True) as step:
        text = spell(lesson_as_left(workbook, step))
    if output is None:
        typer.echo(text, nl=False)
        return
    _save(text, output, force)
    screen().print(f"{output}: build it with graddesc-xl build {output}", soft_wrap=True)


def _save(text: str, file: Path, force: bool) -> None:
    """Write a recipe, whole or not at all."""
    if file.suffix.lower() != ".toml":
        raise WorkbookError(f"{file} must end in .toml, as in {file.with_suffix('.toml')}.")
    if not file.parent.is_dir():
        raise WorkbookError(f"{file} cannot be written: there is no folder {file.parent}.")
    before = stamp(file) if force else None

    def check() -> None:
        if stamp(file) not in (None, before):
            raise WorkbookError(f"{file} exists already: choose another name, or overwrite it with --force.")

    check()
    with replacing(file, check) as made:
        made.write(text.encode("utf-8"))
