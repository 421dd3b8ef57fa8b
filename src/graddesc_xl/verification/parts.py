"""The parts of a workbook's zip file: what is no workbook, is damaged or explodes is refused before it is read."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pyexpat import ExpatError, ParserCreate
from struct import error as StructError  # noqa: N812  # a class in all but its name
from typing import IO

from ..errors import WorkbookError
from .bounded import quoted

#: the most that a workbook may unpack to, in bytes, and how many times its packed size; the most parts it may have
LARGEST, RATIO, MOST_PARTS = 400_000_000, 200, 10_000
#: of a part, read at a time; one tag may have so many bytes, one text so many times the size of a read
CHUNK, LONGEST_TAG, LONGEST_TEXT = 1 << 16, 1 << 20, 16
NO_WORKBOOK = "is not a workbook in the .xlsx format"


class Package:
    """The parts of a workbook's zip file, each read within bounds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _sentences(path):
            stream = _regular(path)
            try:
                self.zip = zipfile.ZipFile(stream)
                self._check()
            except BaseException:
                stream.close()
                raise
        self.stream = stream

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()
        self.stream.close()

    def _check(self) -> None:
        """Refuse what the zip's directory alone shows to be none."""
        path, parts = self.path, self.zip.infolist()
        unpacked = sum(part.file_size for part in parts)
        if unpacked > LARGEST or unpacked > RATIO * max(path.stat().st_size, 10_000):
            size = f"{unpacked / 1e6:,.0f} MB"
            raise WorkbookError(f"{path} would unpack to {size}, far more than a workbook needs; it was not opened.")
        if len(parts) > MOST_PARTS:
            raise WorkbookError(f"{path} has {len(parts):,} parts, far more than a workbook needs; it was not opened.")
        self.parts: dict[str, zipfile.ZipInfo] = {}
        for part in parts:
            if part.filename.lower() in self.parts:
                raise WorkbookError(f"{path} has two parts of the name {quoted(part.filename)}; it was not opened.")
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise WorkbookError(f"{path}: its part {quoted(part.filename)} is packed in a way no workbook is.")
            self.parts[part.filename.lower()] = part
        if "xl/workbook.xml" not in self.parts:
            raise WorkbookError(f"{path} {NO_WORKBOOK}: it is a zip file without xl/workbook.xml.")

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of a part, a piece at a time."""
        part = self.parts.get(name.lower())
        if part is None:
            raise WorkbookError(f"{self.path}: its part {quoted(name)} is missing.")
        with _sentences(self.path, name), self.zip.open(part) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk

    def parse(
        self,
        name: str,
        start: Callable[..., None],
        end: Callable[[str], None],
        text: list[str],
        rest: Callable[[Iterator[bytes]], Iterable[bytes]] = lambda chunks: chunks,
    ) -> None:
        """Parse a part: names are "namespace local"; `text` collects the characters since it was cleared.

        rest: of the part's chunks, what is left to be parsed here.
        """
        path, what = self.path, quoted(name)
        parser = ParserCreate(namespace_separator=" ")
        parser.buffer_text, parser.buffer_size = True, CHUNK

        def refuse(*_: object) -> None:
            raise WorkbookError(f"{path}: its part {what} declares XML entities, which no workbook needs.")

        def declared(version: str, encoding: str | None, standalone: int) -> None:
            if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
                raise WorkbookError(f"{path}: its part {what} is not written in UTF-8, as a workbook's parts are.")

        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
        parser.XmlDeclHandler = declared
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text.append
        fed = 0
        try:
            for chunk in rest(self.chunks(name)):
                if not fed and (chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in chunk[:64]):
                    raise WorkbookError(f"{path}: its part {what} is not written in UTF-8, as a workbook's parts are.")
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > LONGEST_TAG:
                    raise WorkbookError(f"{path}: its part {what} has a tag that is far too long.")
                if len(text) > LONGEST_TEXT:
                    raise WorkbookError(f"{path}: its part {what} holds a text that is far too long for a cell.")
            parser.Parse(b"", True)
        except ExpatError as problem:
            raise WorkbookError(f"{path} {NO_WORKBOOK} that can be read: its part {what}: {problem}.") from None


def _regular(path: Path) -> IO[bytes]:
    """Open a file, if it is one: a FIFO would wait, a device never end."""
    if path.is_dir():
        raise WorkbookError(f"{path} is a folder; name the workbook in it.")
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise WorkbookError(f"There is no file {path}.") from None
    stream = os.fdopen(number, "rb")
    if not stat.S_ISREG(os.fstat(number).st_mode):
        stream.close()
        raise WorkbookError(f"{path} is no file but a device or a pipe; name a workbook.")
    return stream


@contextmanager
def _sentences(path: Path, part: str = "") -> Iterator[None]:
    """Whatever a damaged zip file makes its reader throw, as a sentence."""
    of = f": its part {quoted(part)}" if part else ""
    try:
        yield
    except zipfile.BadZipFile as problem:
        if part:
            raise WorkbookError(f"{path}{of} is damaged: {quoted(str(problem))}.") from None
        raise WorkbookError(f"{path} {NO_WORKBOOK}, or it was cut off while it was copied.") from None
    except (zlib.error, StructError, EOFError) as problem:
        raise WorkbookError(f"{path}{of} is damaged: {quoted(str(problem))}.") from None
    except OSError as problem:
        raise WorkbookError(f"{path}{of} cannot be read: {problem.strerror or quoted(str(problem))}.") from None
    except (RuntimeError, ValueError, LookupError, OverflowError, MemoryError) as problem:
        raise WorkbookError(f"{path}{of} cannot be unpacked: {quoted(str(problem))}.") from None


def check_file(path: Path) -> None:
    """Raise `WorkbookError` for a file that is missing, no workbook, or larger than any."""
    with Package(path):
        pass
