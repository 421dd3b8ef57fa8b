"""How a command ends: every error is one sentence on stderr and an exit code, never a traceback.

Exit codes: 0 ok, 1 a verification failed, 2 bad input, 3 a mistake of ours. Above 128 nothing is said of the
input: 130 stopped with Ctrl-C, 141 nobody read on (`| head`), 129 and 143 ended by SIGHUP and SIGTERM.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from ..ending import StoppedError, raising
from ..errors import GraddescError, GraddescWarning, cut
from ..writing import recorded

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "graddesc-xl"
FAILED, BAD_INPUT, OUR_MISTAKE, STOPPED, UNREAD = 1, 2, 3, 130, 141
#: signs of the longest sentence that is printed whole
LONGEST = 1000


def leave(command: Callable[[], int]) -> NoReturn:
    """Run a command, which gives an exit code, and exit."""
    forgive_encodings()
    with recorded() as written, told():
        try:
            with raising():
                code = command()
                if sys.stdout:
                    sys.stdout.flush()
        except KeyboardInterrupt:
            code = stopped(written(), STOPPED)
        except StoppedError as stop:
            code = stopped(written(), 128 + stop.number)
        except SystemExit as leaving:  # so Rich and Typer leave where nobody reads on
            if not isinstance(leaving.__context__, BrokenPipeError):
                raise
            code = UNREAD
        except BrokenPipeError:
            code = UNREAD
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
            say(("Note: ", "bold yellow"), cut(str(message), LONGEST))
        else:
            usual(message, category, *where, **more)  # type: ignore[arg-type]  # handed on as they came

    with warnings.catch_warnings():
        usual = warnings.showwarning
        warnings.simplefilter("always", GraddescWarning)
        warnings.showwarning = tell
        yield


def complain(problem: str, code: int) -> int:
    """Print a sentence on stderr, if anybody reads it; returns the exit code."""
    with suppress(OSError):
        if code < 128:
            say(("Error: ", "bold red"), cut(problem, LONGEST))
        else:
            say(problem)
    return code


def say(*said: str | tuple[str, str]) -> None:
    """Print a sentence on stderr, in styles of Rich."""
    from rich.text import Text

    from .show import screen

    screen(err=True).print(Text.assemble(*said), soft_wrap=True)


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
            with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # pathlib is slow to import
                os.dup2(nowhere.fileno(), stream.fileno())


def sentence(problem: OSError) -> str:
    """An error of the operating system with the path that it is about."""
    what = problem.strerror or str(problem) or type(problem).__name__
    return f"{cut(str(problem.filename))}: {what}." if problem.filename else f"{what}."


def unexpected(problem: Exception) -> int:
    """A mistake of ours: short, unless the traceback is asked for."""
    if os.environ.get("GRADDESC_XL_DEBUG"):
        import traceback

        traceback.print_exc()
        return OUR_MISTAKE
    what = f"{type(problem).__name__}: {problem}".rstrip(": ")
    return complain(f"This should not happen ({what}). Set GRADDESC_XL_DEBUG=1 to see the traceback.", OUR_MISTAKE)
