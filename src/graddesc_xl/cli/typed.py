"""The words of a command line: names, completed while they are typed, and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from ..errors import SettingError, did_you_mean, shown

if TYPE_CHECKING:
    from ..lessons import Lesson


def complete_book(incomplete: str) -> list[tuple[str, str]]:
    """Workbooks."""
    from ..lessons import LESSONS

    return [(b.name, b.title) for b in LESSONS.values() if b.name.startswith(incomplete)]


def complete_experiment(incomplete: str) -> list[tuple[str, str]]:
    """Experiments."""
    from ..lessons import COMPARISONS, EXPERIMENTS

    titles = {e.name: e.title for e in EXPERIMENTS.values()} | {c.name: c.title for c in COMPARISONS.values()}
    return [(name, title) for name, title in titles.items() if name.startswith(incomplete)]


def complete_setting(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Settings of the experiment that was typed, else of every experiment, up to the equals sign."""
    from ..lessons import EXPERIMENTS

    # the name is among the arguments while --set lacks its value
    typed = {" ".join(ctx.params.get("names") or ()), *ctx.args, " ".join(ctx.args)}
    chosen = [e for e in EXPERIMENTS.values() if e.name in typed] or [*EXPERIMENTS.values()]
    found = {f"{i.name}=": i.about for e in chosen for i in e.plan.inputs}
    return [(name, about) for name, about in found.items() if name.startswith(incomplete)]


def refuse_unknown(name: str, books: Mapping[str, Lesson], *known: Iterable[str]) -> None:
    """Say why there is nothing of that name to run."""
    if name in books:
        sheets = ", ".join([e.name for e in books[name].experiments])
        raise SettingError(
            f"{name} is a workbook, not an experiment: run one of its sheets ({sheets}), or build {name}."
        )
    for book in books.values():
        if name in book.sheets:
            raise SettingError(
                f"{name} is a sheet of the workbook {book.name} that runs nothing of its own: "
                f"graddesc-xl build {book.name}, and open it."
            )
    names = [each for group in known for each in group]
    raise SettingError(f"There is no experiment {shown(name)}.{did_you_mean(name, names)}")


def beginning(given: str | None, known: Sequence[str]) -> str | None:
    """The one of a few texts that begins as given, else what was given.

    >>> beginning("last", ("new weights", "last row's weights"))
    "last row's weights"
    """
    fitting = [text for text in known if given and text.startswith(given.lower())]
    return fitting[0] if len(fitting) == 1 else given
