"""A lesson as text, and back: TOML that a person can read and `verify` composes the workbook from.

Every part of a lesson is a frozen dataclass of numbers, texts and other such parts. Its recipe names the fields that
are not their defaults; models, optimizers and data sets stand in tables of their own and are referred to by name.
Samples may stand in a file beside the recipe: whoever reads the recipe says how that is read, if at all.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..errors import GraddescError, SettingError, did_you_mean, shown
from ..parts.data import Dataset
from ..parts.equations import Optimizer
from ..parts.losses import LOSSES, Loss
from ..parts.models import MODELS, Model
from ..parts.optimizers import OPTIMIZERS
from ..parts.schedules import SCHEDULES, Schedule
from ..sheets.kind import Kind
from . import toml
from .lesson import Lesson

#: what is described once, in a table of that name, and then by its name; those that every recipe knows
TABLES: Mapping[type, tuple[str, Mapping[str, Any]]] = {
    Model: ("models", MODELS),
    Optimizer: ("optimizers", OPTIMIZERS),
    Dataset: ("data", {}),
    Loss: ("losses", LOSSES),
    Schedule: ("schedules", SCHEDULES),
}


@dataclass(frozen=True)
class Filed:
    """Samples in a file, as a recipe tells of them: in the words of `graddesc_xl.data`, which says what each means."""

    name: str
    file: str
    target: str = ""
    inputs: tuple[str, ...] = ()
    sheet: str = ""
    scale: str = ""
    validation: float = 0.0
    seed: int = 1


#: makes a data set of the file that a recipe names
Filing = Callable[[Filed], Dataset]
#: those that are named even where they are what is taken if none is named
ALWAYS = (Model, Optimizer, Dataset)


def spell(lesson: Lesson) -> str:
    """The recipe of a lesson."""
    tables: dict[str, dict[str, Any]] = {}
    described = _fields(lesson, tables, skip=("parts",))
    asked = {name: described.pop(name) for name in ("tries", "questions") if getattr(lesson, name)}
    sheets = [{"kind": kind.kind, **_fields(kind, tables)} for kind in lesson.kinds]
    return toml.dumps({**described, **tables, "sheets": sheets, **asked})


def read(text: str, filing: Filing | None = None) -> Lesson:
    """The lesson of a recipe. filing: how the files are read that hold its samples; without it none is.

    Raises SettingError for what is no recipe: it says where, what was found and what is allowed.
    """
    try:
        described = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise SettingError(f"This is no recipe: {problem}.") from None
    reader = _Reader(text, described, filing)
    given = described.pop("sheets", [])
    if not isinstance(given, list):
        raise reader.wrong(("sheets",), "this is no list of tables: begin each sheet with [[sheets]].")
    sheets = [reader.kind(each, ("sheets", i)) for i, each in enumerate(given, 1)]
    for name, _ in TABLES.values():
        described.pop(name, None)
    lesson: Lesson = reader.part(Lesson, {**described, "parts": ()}, (), parts=sheets)
    return lesson


def _fields(part: Any, tables: dict[str, dict[str, Any]], skip: Sequence[str] = ()) -> dict[str, Any]:
    """The fields of a part that are not their defaults."""
    described = {}
    for field in dataclasses.fields(part):
        if not field.init or field.name in skip:
            continue
        value = getattr(part, field.name)
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if value is not None and (value != default or type(value) in ALWAYS):
            described[field.name] = _plain(value, tables, _hints(part.__class__)[field.name])
    return described


def _plain(value: Any, tables: dict[str, dict[str, Any]], hint: Any) -> Any:
    """A value as TOML has it; a whole number where any number may stand has its decimal point."""
    if type(value) in TABLES:
        table, shipped = TABLES[type(value)]
        return value.name if shipped.get(value.name) == value else _tabled(value, table, shipped, tables)
    if dataclasses.is_dataclass(value):
        return _fields(value, tables)
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, tables, get_args(hint)[1]) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = get_args(next((arg for arg in _choices(hint) if get_origin(arg)), hint))
        hints = items if len(items) > 1 and items[-1] is not Ellipsis else items[:1] * len(value)
        return [_plain(item, tables, hint) for item, hint in zip(value, hints, strict=True)]
    return float(value) if hint is float else value


def _tabled(value: Any, table: str, shipped: Mapping[str, Any], tables: dict[str, dict[str, Any]]) -> str:
    """The name under which a part stands in its table: with a number, where another one has its own."""
    own = {key: field for key, field in _fields(value, tables).items() if key != "name"}
    for number in count(1):
        name = value.name if number == 1 else f"{value.name} {number}"
        if name not in shipped and tables.setdefault(table, {}).setdefault(name, own) == own:
            return name
    raise AssertionError


def _key(key: Any) -> str:
    return key if isinstance(key, str) else repr(key)


def _choices(hint: Any) -> tuple[Any, ...]:
    """The types that a field may have."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


@cache
def _hints(of: type) -> dict[str, Any]:
    return get_type_hints(of)


#: the way to a value in a recipe: names of tables and fields, and the numbers, from 1 on, of items of lists
Where = tuple[str | int, ...]


class _RecipeError(SettingError):
    """What a recipe should not say, with the line that says it."""


class _Reader:
    """Makes parts of what a recipe says, and sentences of what it should not say."""

    def __init__(self, text: str, described: Mapping[str, Any], filing: Filing | None) -> None:
        self.text, self.filing = text, filing
        self.tables = {of: self.table(described.get(name, {}), (name,)) for of, (name, _) in TABLES.items()}
        self.made: dict[tuple[type, str], Any] = {}

    def wrong(self, where: Where, said: str, key: str = "") -> SettingError:
        """The sentence of what is wrong somewhere, or with a key there: with its line, and the way there."""
        line = toml.line_of(self.text, (*where, key) if key else where)
        place = ", ".join(filter(None, (f"line {line}" if line else "", _spelled(where))))
        return _RecipeError(f"{place}: {said}" if place else said)

    def kind(self, given: Any, where: Where) -> Kind:
        """A sheet of the kind it says."""
        given = dict(self.table(given, where))
        name = given.pop("kind", None)
        if not isinstance(name, str) or name not in Kind.known:
            own = "One of your own is known once the module that defines it is imported."
            hint = did_you_mean(str(name), Kind.known)
            raise self.wrong(where, f"there is no kind of sheet {name!r}.{hint} {own}", "kind")
        made: Kind = self.part(Kind.known[name], given, where)
        return made

    def table(self, given: Any, where: Where) -> Mapping[str, Any]:
        """What must be a table."""
        if not isinstance(given, Mapping):
            raise self.wrong(where, f"{given!r} is no table of names and values.")
        return given

    def part(self, of: type, given: Any, where: Where, **more: Any) -> Any:
        """A part from a table of its fields."""
        known = [f.name for f in dataclasses.fields(of) if f.init]
        values = dict(more)
        for name, value in self.table(given, where).items():
            if name not in known:
                raise self.wrong(where, f"there is no {name!r}.{did_you_mean(name, known)}", name)
            if name not in more:
                values[name] = self.value(_hints(of)[name], value, (*where, name))
        try:
            return of(**values)
        except _RecipeError:
            raise
        except GraddescError as problem:
            raise self.wrong(where, str(problem)) from None
        except TypeError as problem:
            lacks = [f.name for f in dataclasses.fields(of) if f.init and _required(f) and f.name not in values]
            raise self.wrong(where, f"{', '.join(lacks) or problem} is missing.") from None

    def named(self, of: type, name: Any, where: Where) -> Any:
        """A part that has a table of its own, by its name."""
        table, shipped = TABLES[of]
        own = self.tables[of]
        if not isinstance(name, str):
            raise self.wrong(where, f"{name!r} is no name of one of the {table}.")
        if name in own:
            if (of, name) not in self.made:
                here = (table, name)
                given = {**self.table(own[name], here), "name": name}
                filed = of is Dataset and "file" in given
                self.made[of, name] = self.filed(given, here) if filed else self.part(of, given, here)
            return self.made[of, name]
        if name not in shipped:
            known = [*own, *shipped]
            raise self.wrong(where, f"there is no {name!r} among the {table}.{did_you_mean(name, known)}")
        return shipped[name]

    def filed(self, given: Mapping[str, Any], where: Where) -> Dataset:
        """The samples of a file."""
        of: Filed = self.part(Filed, given, where)
        if self.filing is None:
            raise self.wrong(
                where, f"the samples of the file {of.file} are wanted here themselves: inputs and y.", "file"
            )
        try:
            return self.filing(of)
        except GraddescError as problem:
            raise self.wrong(where, str(problem), "file") from None

    def value(self, hint: Any, given: Any, where: Where) -> Any:
        """A value of the type that its field has."""
        origin, args = get_origin(hint), get_args(hint)
        choices = [choice for choice in _choices(hint) if choice is not type(None)]
        if choices != [hint]:
            return self.choice(choices, given, where)
        if isinstance(hint, type) and hint in TABLES:
            return self.named(hint, given, where)
        if dataclasses.is_dataclass(hint):
            return self.part(hint, given, where)  # type: ignore[arg-type]  # a class, not an instance
        if origin is tuple or (isinstance(origin, type) and issubclass(origin, Sequence)):
            if not isinstance(given, list):
                raise self.wrong(where, f"{given!r} is no list.")
            if origin is tuple and args[-1] is not Ellipsis:
                if len(given) != len(args):
                    raise self.wrong(where, f"{len(given)} values where there must be {len(args)}.")
                return tuple(map(self.value, args, given, [where] * len(args)))
            return tuple(self.value(args[0], each, (*where, i)) for i, each in enumerate(given, 1))
        if isinstance(origin, type) and issubclass(origin, Mapping):
            key, item = args
            return {
                (self.number(k, where) if key is float else k): self.value(item, v, (*where, k))
                for k, v in self.table(given, where).items()
            }
        return self.single(hint, given, where)

    def number(self, key: str, where: Where) -> float:
        """A key that is a number."""
        try:
            return float(key)
        except ValueError:
            raise self.wrong((*where, key), f"{key!r} is not a number.") from None

    def choice(self, hints: Sequence[Any], given: Any, where: Where) -> Any:
        """The first of several types that fits."""
        problems = []
        for hint in hints:
            try:
                return self.value(hint, given, where)
            except SettingError as problem:
                problems.append(problem)
        raise problems[0]

    def single(self, hint: type, given: Any, where: Where) -> Any:
        """A number, a text or a truth."""
        if hint is float and isinstance(given, int) and not isinstance(given, bool):
            try:
                return float(given)
            except OverflowError:
                raise self.wrong(where, f"{shown(given)} is larger than any number of a cell.") from None
        if not isinstance(given, hint) or (isinstance(given, bool) and hint is not bool):
            names = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}
            raise self.wrong(where, f"{given!r} is not {names.get(hint, hint.__name__)}.")
        return given


def _spelled(where: Where) -> str:
    """The way to a value in words: `sheets 2, experiment, epochs`."""
    words: list[str] = []
    for step in where:
        if isinstance(step, int) and words:
            words[-1] += f" {step}"
        else:
            words.append(str(step))
    return ", ".join(words)


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
