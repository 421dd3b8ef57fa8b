"""How Typer reads a command line, and what is said of one that cannot be read."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import cut, did_you_mean, shown
from .leaving import BAD_INPUT, LONGEST, PROGRAM, STOPPED, complain, leave

#: a number with a decimal comma
_COMMA = re.compile(r"[-+]?\d*,\d+")
#: Typer's class of errors in how a command was typed; Typer has moved it from module to module
UsageError: Any = typer.BadParameter.__bases__[0]


class Commands(TyperGroup):
    """The commands; every error becomes one sentence on stderr and an exit code, never a traceback."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of that name, or a sentence with the nearest one."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f"There is no command {shown(args[0])}.{did_you_mean(args[0], self.commands)}")
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and exit."""
        given = (args, prog_name or PROGRAM, complete_var, False, windows_expand_args)

        def command() -> int:
            try:
                code: int = super(Commands, self).main(*given, **extra) or 0
            except typer.Abort:
                raise KeyboardInterrupt from None
            except UsageError as problem:
                return complain(usage(problem, sys.argv[1:] if args is None else args), BAD_INPUT)
            if code == STOPPED:  # so Typer returns Ctrl-C
                raise KeyboardInterrupt
            return code

        leave(command)


def usage(problem: Any, typed: Sequence[str] = ()) -> str:
    """What was typed wrong, and where to read how it is typed."""
    said = cut(problem.format_message(), LONGEST // 2)
    commas = [word for word in typed if _COMMA.fullmatch(word.rpartition("=")[2])]
    if commas and "valid" in said:
        said = f"{said.rstrip('.')}. Write {commas[0]} with a point: {commas[0].replace(',', '.')}"
    command = problem.ctx.command_path if problem.ctx else PROGRAM
    return f"{said if said.endswith(('.', '?')) else said + '.'} See {command} --help."


def finish(problems: Sequence[str]) -> None:
    """End a command that went on past its problems."""
    for problem in problems:
        complain(problem, BAD_INPUT)
    if problems:
        raise typer.Exit(BAD_INPUT)
