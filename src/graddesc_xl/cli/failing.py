"""How a command ends: every error is one sentence on stderr and an exit code, never a traceback.

Exit codes: 0 ok, 1 a verification failed, 2 bad input, 3 a mistake of ours. Above 128 nothing is said of the
input: 130 stopped with Ctrl-C, 141 nobody read on (`| head`), 129 and 143 ended by SIGHUP and SIGTERM.
"""

from __future__ import annotations

import io
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from ..ending import StoppedError, raising
from ..errors import GraddescError, GraddescWarning, cut, did_you_mean, shown
from ..writing import recorded
from .show import screen

PROGRAM = "graddesc-xl"
#: a number with a decimal comma
_COMMA = re.compile(r"[-+]?\d*,\d+")


FAILED, BAD_INPUT, OUR_MISTAKE, STOPPED, UNREAD = 1, 2, 3, 130, 141


#: signs of the longest sentence that is printed whole
LONGEST = 1000
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
        forgive_encodings()
        given = (args, prog_name or PROGRAM, complete_var, False, windows_expand_args)
        with recorded() as written, told():
            try:
                with raising():
                    code = super().main(*given, **extra) or 0
                    if code == STOPPED:  # so Typer returns Ctrl-C
                        raise KeyboardInterrupt
                    if sys.stdout:
                        sys.stdout.flush()
            except (KeyboardInterrupt, typer.Abort):
                code = stopped(written(), STOPPED)
            except StoppedError as stop:
                code = stopped(written(), 128 + stop.number)
            except SystemExit as leaving:  # so Rich and Typer leave where nobody reads on
                if not isinstance(leaving.__context__, BrokenPipeError):
                    raise
                code = UNREAD
            except BrokenPipeError:
                code = UNREAD
            except UsageError as problem:
                code = complain(usage(problem, sys.argv[1:] if args is None else args), BAD_INPUT)
            except GraddescError as problem:
                code = complain(str(problem), BAD_INPUT)
            except OSError as problem:
                code = complain(sentence(problem), BAD_INPUT)
            except MemoryError:
                code = complain("There is not enough memory for this: give it less at a time.", BAD_INPUT)
            except Exception as problem:
                code = unexpected(problem)
        abandon_unprinted()
        sys.exit(code)


def forgive_encodings() -> None:
    """Let a console with a legacy encoding show a question mark for a sign it lacks, rather than crash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def told() -> Iterator[None]:
    """Print a warning of ours as a sentence on stderr, where it arises."""

    def tell(message: Warning | str, category: type[Warning], *where: object, **more: object) -> None:
        if issubclass(category, GraddescWarning):
            note = Text.assemble(("Note: ", "bold yellow"), cut(str(message), LONGEST))
            screen(err=True).print(note, soft_wrap=True)
        else:
            usual(message, category, *where, **more)  # type: ignore[arg-type]  # handed on as they came

    with warnings.catch_warnings():
        usual = warnings.showwarning
        warnings.simplefilter("always", GraddescWarning)
        warnings.showwarning = tell
        yield


def complain(problem: str, code: int) -> int:
    """Print a sentence on stderr, if anybody reads it; returns the exit code."""
    error = Text.assemble(("Error: ", "bold red"), cut(problem, LONGEST)) if code < 128 else Text(problem)
    with suppress(OSError):
        screen(err=True).print(error, soft_wrap=True)
    return code


def stopped(written: Sequence[Path], code: int) -> int:
    """Say which files were written before the end was asked for."""
    kept = f"{', '.join(map(str, written))} had been written, nothing else" if written else "nothing was written"
    return complain(f"stopped; {kept}", code)


def abandon_unprinted() -> None:
    """Let what cannot be printed come to nothing; Python would complain about it at its very end."""
    for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def usage(problem: Any, typed: Sequence[str] = ()) -> str:
    """What was typed wrong, and where to read how it is typed."""
    said = cut(problem.format_message(), LONGEST // 2)
    commas = [word for word in typed if _COMMA.fullmatch(word.rpartition("=")[2])]
    if commas and "valid" in said:
        said = f"{said.rstrip('.')}. Write {commas[0]} with a point: {commas[0].replace(',', '.')}"
    command = problem.ctx.command_path if problem.ctx else PROGRAM
    return f"{said if said.endswith(('.', '?')) else said + '.'} See {command} --help."


def sentence(problem: OSError) -> str:
    """An error of the operating system with the path that it is about."""
    what = problem.strerror or str(problem) or type(problem).__name__
    return f"{cut(str(problem.filename))}: {what}." if problem.filename else f"{what}."


def unexpected(problem: Exception) -> int:
    """A mistake of ours: short, unless the traceback is asked for."""
    if os.environ.get("GRADDESC_XL_DEBUG"):
        traceback.print_exc()
        return OUR_MISTAKE
    what = f"{type(problem).__name__}: {problem}".rstrip(": ")
    return complain(f"This should not happen ({what}). Set GRADDESC_XL_DEBUG=1 to see the traceback.", OUR_MISTAKE)


def finish(problems: Sequence[str]) -> None:
    """End a command that went on past its problems."""
    for problem in problems:
        complain(problem, BAD_INPUT)
    if problems:
        raise typer.Exit(BAD_INPUT)
