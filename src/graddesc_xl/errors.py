"""What was given, why it cannot work, what to write instead.

Every error a user can cause is a `GraddescError` whose message is one clear sentence or two. The command line
prints the message and exits with 2; a script catches the class.
"""

from __future__ import annotations

from collections.abc import Iterable


class GraddescError(Exception):
    """Base class of every error that a user can cause or mend."""


class PlanError(GraddescError):
    """A plan whose columns, starts or names do not fit together."""


class SettingError(GraddescError):
    """A setting that is unknown, of the wrong type or out of range."""


class WorkbookError(GraddescError):
    """A workbook that cannot be read, written or recognised."""


class RecalculationError(GraddescError):
    """A spreadsheet program that is missing, hangs or fails."""


class SweepError(GraddescError):
    """A sweep whose scheduler is not there, or whose workers die again and again."""


class GraddescWarning(UserWarning):
    """What is done all the same, and what the person who asked for it would want to know."""


def cut(text: str, most: int = 80) -> str:
    """A text as a sentence repeats it: of a long one its beginning and its end.

    >>> cut("a" * 50 + "b" * 50, 20)
    'aaaaaaaaaa...bbbbbbbbbb'
    """
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"


def shown(given: object) -> str:
    """What was given as a sentence repeats it.

    >>> shown("basic"), len(shown([1.5] * 100_000))
    ("'basic'", 83)
    """
    return cut(repr(given))


def did_you_mean(given: str, known: Iterable[str], listed: Iterable[str] | None = None) -> str:
    """The end of a sentence: the nearest known names, or all of them (`listed`, where some are second names).

    >>> did_you_mean("momentun", ["basic", "momentum"])
    ' Did you mean momentum?'
    >>> did_you_mean("zzz", ["basic", "momentum"])
    ' Known: basic, momentum.'
    """
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(str(given).lower(), by_lower, n=2, cutoff=0.6)
    if close:
        return f" Did you mean {' or '.join(by_lower[name] for name in close)}?"
    return f" Known: {', '.join(listed or by_lower.values())}." if by_lower else ""
