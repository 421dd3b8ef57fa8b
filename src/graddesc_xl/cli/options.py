"""Options that belong together: a frozen dataclass of them is one parameter of a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

import typer


def option(group: str, metavar: str, words: str, *names: str) -> typer.models.OptionInfo:
    """An option of a group in the help, named after its field if no names are given."""
    made: typer.models.OptionInfo = typer.Option(*names, metavar=metavar or None, help=words, rich_help_panel=group)
    return made


def options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameters that are such dataclasses are given by their fields, an option each."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type[Any]] = {name: of for name, of in hints.items() if isinstance(of, type) and is_dataclass(of)}

    @wraps(command)
    def called(**given: Any) -> None:
        made = {name: of(**{f.name: given.pop(f.name) for f in fields(of)}) for name, of in groups.items()}
        command(**given, **made)

    taken = [each for each in signature(command).parameters.values() if each.name not in groups]
    for of in groups.values():
        hints |= get_type_hints(of, include_extras=True)
        taken += [Parameter(f.name, Parameter.KEYWORD_ONLY, default=f.default) for f in fields(of)]
    named = [each.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[each.name]) for each in taken]
    called.__signature__ = Signature(named)  # type: ignore[attr-defined]  # where Typer looks for it
    called.__annotations__ = {each.name: each.annotation for each in named}
    return called
