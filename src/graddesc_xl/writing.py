"""The one way to write a file: whole or not at all, through links, and never over what came meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, BinaryIO

from .ending import terminable
from .errors import WorkbookError

if TYPE_CHECKING:
    from pathlib import Path

#: which file it is, its size and when it was written: one state of a file
Stamp = tuple[int, int, int]

_replacements: ContextVar[list[tuple[Path, Stamp | None]] | None] = ContextVar("replacements", default=None)


def stamp(path: Path) -> Stamp | None:
    """What tells one state of a file from another; None where there is no file."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def replacing(path: Path, check: Callable[[], None] = lambda: None) -> Iterator[BinaryIO]:
    """A new file, open for writing, that replaces `path` where the context ends well, and else is gone.

    Where `path` is a link, the file that it leads to is replaced. check: a last look, just before the
    replacement; what it raises prevents it. Raises WorkbookError for what cannot be written.
    """
    import secrets

    with writable(path), terminable():
        target = destination(path)
        temporary = target.with_name(f".graddesc-xl-{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("xb") as file:  # a new file, its mode as the umask wants it
                try:
                    yield file
                except BaseException as problem:
                    _abandon(file, problem)
                    raise
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            check()
            replacements = _replacements.get()
            if replacements is not None:
                replacements.append((path, stamp(temporary)))
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _abandon(file: BinaryIO, problem: BaseException) -> None:
    """Let what is still to be written to a file come to nothing: a full disk, say, would complain once more.

    A zip file writes its end when it is collected; the frames that hold it are cleared while the file is open.
    """
    import traceback

    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # pathlib takes its time to import
        os.dup2(nowhere.fileno(), file.fileno())
    cause: BaseException | None = problem
    while cause:
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__context__


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into a sentence about the file."""
    try:
        yield
    except OSError as problem:
        raise WorkbookError(f"{path} cannot be written: {problem.strerror or problem}.") from None


def destination(path: Path) -> Path:
    """The file that is meant, links followed.

    Raises WorkbookError for what is no file, or a link that leads to none, and OSError for a protected file.
    """
    target = type(path)(os.path.realpath(path))
    if not target.exists():
        if path.is_symlink():
            raise WorkbookError(f"{path} is a link to {path.readlink()}, which does not exist: name a file instead.")
    elif not target.is_file():
        what = "a folder" if target.is_dir() else "a device or a pipe"
        raise WorkbookError(f"{path} is {what}: name a file to write.")
    elif not os.access(target, os.W_OK):
        raise PermissionError(13, "it is protected against writing")
    return target


@contextmanager
def recorded() -> Iterator[Callable[[], list[Path]]]:
    """Keep account of the files that are replaced inside; gives a function that tells them at any moment."""
    replacements: list[tuple[Path, Stamp | None]] = []
    token = _replacements.set(replacements)
    try:
        yield lambda: [path for path, written in replacements if stamp(path) == written]
    finally:
        _replacements.reset(token)
