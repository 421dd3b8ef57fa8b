"""How things show themselves: in one line, and in a notebook as a small table in which every text is text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import cut

if TYPE_CHECKING:
    import pandas as pd

#: how many characters a part of a line may have, and how many rows a table
LONGEST, MOST = 100, 12


def line(of: object, name: str, *said: object) -> str:
    """What a thing is, in one line: its class, its name, and what matters of it.

    >>> line("", "mine", "29 samples", "", "x → y")
    "str('mine': 29 samples, x → y)"
    """
    parts = ", ".join(cut(str(part), LONGEST) for part in said if part)
    return f"{type(of).__name__}({cut(name, LONGEST)!r}{f': {parts}' if parts else ''})"


def counted(number: int, what: str) -> str:
    """So many of them, in words.

    >>> counted(1, "run"), counted(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{number:,} {what}{'s' * (number != 1)}"


def table(of: object, frame: pd.DataFrame, *, said: Iterable[str] = (), most: int | None = MOST) -> str:
    """A thing as HTML: its line, further sentences, and a frame; of more rows than `most` the first and the last."""
    from html import escape

    import pandas as pd

    with pd.option_context("display.max_colwidth", None):
        shown = frame.to_html(index=False, max_rows=most, border=0, na_rep="", float_format="{:.6g}".format)
    return "".join(f"<p>{escape(text)}</p>" for text in (repr(of), *said)) + shown


def settings(of: object, rows: Mapping[str, Any]) -> str:
    """A thing as HTML: a row for each thing said of it that is not empty."""
    import pandas as pd

    told = {name: str(value) for name, value in rows.items() if value != ""}
    return table(of, pd.DataFrame({"what": told.keys(), "is": told.values()}), most=None)
