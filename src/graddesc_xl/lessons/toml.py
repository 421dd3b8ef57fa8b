"""TOML as a person would write it: short tables and lists on one line, long texts over several, 1e-5 for 1e-05."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: how long a line may be, and one of several tables that stand below one another
WIDTH, TABLE_WIDTH = 120, 180
#: from here on a whole number has an exponent
LARGEST = 1e9
_BARE = re.compile(r"[A-Za-z0-9_-]+")
#: words with the blanks behind them
_WORDS = re.compile(r"\S+\s*")


def dumps(table: Mapping[str, Any]) -> str:
    """A table of texts, numbers, truths, lists and tables as TOML.

    >>> print(dumps({"lr": 1e-5, "steps": 3, "of": {"x": [1.0, 2.5]}}), end="")
    lr = 1e-5
    steps = 3
    <BLANKLINE>
    [of]
    x = [1, 2.5]
    """
    return "\n".join(_table(table, (), inline=False)) + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...], *, inline: bool) -> Iterator[str]:
    """The lines of a table: what stands on lines of its own first, then its tables. inline: these may be lines too."""
    tables = [key for key, value in table.items() if _has_tables(value) and not (inline and _fits(key, value))]
    for key, value in table.items():
        if key not in tables:
            yield from _entry(_key(key), value)
    for key in tables:
        here, value = (*path, key), table[key]
        header = ".".join(map(_key, here))
        if isinstance(value, Mapping):
            inner = [*_table(value, here, inline=bool(path))]
            yield from (["", f"[{header}]"] if not inner or inner[0] else [])
            yield from inner
            continue
        for each in value:
            yield from ("", f"[[{header}]]")
            yield from _table(each, here, inline=True)


def _has_tables(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, Mapping) for v in value))


def _fits(key: str, value: Any) -> bool:
    """Whether tables go into lines: a table into one, those of a list into one each."""
    if isinstance(value, Mapping):
        return len(f"{_key(key)} = {_inline(value)}") <= WIDTH
    return all(len(_inline(each)) + 5 <= TABLE_WIDTH for each in value)


def _entry(key: str, value: Any) -> Iterator[str]:
    """The line of a key, or the lines where it takes several."""
    line = f"{key} = {_inline(value)}"
    if len(line) <= WIDTH or not isinstance(value, (str, list)):
        yield line
    elif isinstance(value, list):
        yield f"{key} = ["
        one_each = any(isinstance(each, Mapping) for each in value)
        items = [f"{_inline(each)}, " for each in value]
        yield from (f"    {line.rstrip()}" for line in (items if one_each else _filled(items, WIDTH - 4)))
        yield "]"
    elif value[0].isspace():  # the blanks would be lost behind a line's end
        yield line
    else:
        yield f'{key} = """\\'
        *words, end = _WORDS.findall(value)
        spelled = [_escaped(word) if '""' in word else _escaped(word).replace('\\"', '"') for word in words]
        *lines, last = _filled([*spelled, _escaped(end)], WIDTH - 3)
        yield from (f"{line}\\" for line in lines)
        yield f'{last}"""'


def _filled(parts: Sequence[str], width: int) -> Iterator[str]:
    """Parts put together to lines."""
    line = ""
    for part in parts:
        if line and len(line) + len(part.rstrip()) > width:
            yield line
            line = ""
        line += part
    yield line


def _inline(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, str):
        return f'"{_escaped(value)}"'
    return _number(value) if isinstance(value, float) else str(value).lower()


def _number(value: float) -> str:
    """A number as a person would write it; every digit that it has.

    >>> [_number(v) for v in (30.0, 0.02, 1e-4, 1e-05, 2.5e6, 1e300, 0.1 + 0.2)]
    ['30', '0.02', '1e-4', '1e-5', '2500000', '1e300', '0.30000000000000004']
    """
    spelled = repr(value)
    if not math.isfinite(value) or spelled == "-0.0":
        return spelled
    if value.is_integer() and abs(value) < LARGEST:
        return str(int(value))
    scientific = next(s for s in (f"{value:.{decimals}e}" for decimals in range(17)) if float(s) == value)
    digits, _, exponent = scientific.partition("e")
    scientific = f"{digits}e{int(exponent)}"
    return spelled if "e" not in spelled and len(spelled) <= len(scientific) + 1 else scientific


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else f'"{_escaped(key)}"'


def _escaped(text: str) -> str:
    """A text as it stands between quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")


_HEADER = re.compile(r"\s*(\[\[?)(.+?)\]\]?\s*(#.*)?")
_KEY = re.compile(r"""\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, way: Sequence[str | int]) -> int | None:
    """The number of the line that comes nearest to a value: that of its key, or of the table it stands in.

    way: names of tables and keys, and the numbers, from 1 on, of tables in a list; None where no line is on the way.

    >>> line_of('title = "x"\\n[[sheets]]\\n[[sheets]]\\nlr = 3', ("sheets", 2, "lr"))
    4
    """
    wanted, here = tuple(way), tuple[str | int, ...]()
    counts: dict[tuple[str | int, ...], int] = {}
    best, found = 0, None
    quoted = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not quoted:
            header, key = _HEADER.fullmatch(line), _KEY.match(line)
            if header:
                here = _table_of([part.strip("\"'") for part in _PART.findall(header[2])], header[1] == "[[", counts)
            at = here if header else (*here, key[1].strip("\"'")) if key else ()
            if len(at) > best and wanted[: len(at)] == at:
                best, found = len(at), number
        quoted = _still_quoted(line, quoted)
    return found


def _table_of(names: Sequence[str], listed: bool, counts: dict[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
    """The way to the table that a header begins; counts: how many each list of tables has so far."""
    way: tuple[str | int, ...] = ()
    for place, name in enumerate(names):
        way = (*way, name)
        if listed and place == len(names) - 1:
            counts[way] = counts.get(way, 0) + 1
        if way in counts:
            way = (*way, counts[way])
    return way


def _still_quoted(line: str, quoted: str) -> str:
    """The quotes of a text over several lines that a line leaves open, "" for none."""
    for mark in re.findall(r"\"{3}|'{3}", line):
        quoted = "" if quoted == mark else quoted or mark
    return quoted
