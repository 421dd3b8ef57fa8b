"""The rooms of the package: imports point down, and content stays where it belongs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import graddesc_xl
from graddesc_xl import COMPARISONS, EXPERIMENTS, LESSONS

HOME = Path(graddesc_xl.__file__).parent
#: from the ground up: a room may import from those before it, and from itself
ROOMS = (
    "errors",
    "ending",
    "writing",
    "language",
    "mirror",
    "plan",
    "words",
    "settings",
    "parts",
    "numbers",
    "experiment",
    "comparison",
    "speed_limit",
    "workbook",
    "sheets",
    "lessons",
    "running",
    "verification",
    "tables",
    "building",
    "cli",
)
RUN = (*EXPERIMENTS.values(), *(e for of in COMPARISONS.values() for _, _, e in of.runs()))
MODULES = sorted(path for path in HOME.rglob("*.py") if path.parent != HOME or path.stem in ROOMS)


def room(path: Path) -> str:
    """The room of a module."""
    return path.relative_to(HOME).with_suffix("").parts[0]


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """The rooms that a module imports from, and the lines that do."""
    package = path.relative_to(HOME).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            names = [*base, *(node.module.split(".") if node.module else [])]
            yield from ((name, node.lineno) for name in (names[:1] or [alias.name for alias in node.names]))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOME)))
def test_imports_point_down(path: Path) -> None:
    """No module imports from a room above its own."""
    below = ROOMS[: ROOMS.index(room(path)) + 1]
    up = [f"line {line}: {name}" for name, line in imported(path) if name not in (*below, "__version__")]
    assert not up, up


#: what the shipped lessons call their sheets, models, weights, columns, groups and rows
NAMED = (
    {sheet for lesson in LESSONS.values() for sheet in (*lesson.sheets, lesson.name, lesson.title)}
    | {text for e in RUN for text in (e.model.name, e.model.title, *e.model.weights, *e.model.lines, *e.model.watch)}
    | {text for of in COMPARISONS.values() for text in (*of.groups, *(row.title for row in of.rows))}
) - {"overview", "data", "check", "recipe"}
#: rooms that are content themselves: what lessons are put together from
CONTENT = ("lessons", "parts")
#: names that mean something of their own elsewhere, and what
MEANS = {
    "pred": "the line of any model that is its prediction",
    "slope": "of a straight line",
    "intercept": "of a straight line",
    "h": "the input that says how far a weight is nudged",
    "max": "an operator",
}
#: names of XML elements and attributes, of axes and the like
MARKUP = {"verification": {"a", "b", "c", "d"}}
#: kinds of sheets whose content is still their own, and not yet fields that a lesson gives them
THEIRS = {
    "sheets/derivatives_sheet.py": {"derivatives", "a", "b", "c", "d", "h"},
    "sheets/derivatives.py": {"derivatives"},
    "sheets/speed_limit.py": {"speed limit"},
    "sheets/speed_limit_sheet.py": {"speed limit", "speed limit steps", "1 neuron", "2 neurons, collapse"},
}


def texts(path: Path) -> Iterator[tuple[str, int]]:
    """The texts in a module that are not its documentation, and the lines that hold them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    said = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    documentation = {id(first.value) for first in said if isinstance(first, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value, node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOME)))
def test_no_mechanism_knows_content(path: Path) -> None:
    """Outside the lessons and what they are put together from, nothing names a lesson's sheet, model or weight."""
    if room(path) in CONTENT:
        return
    allowed = {*MEANS} | MARKUP.get(room(path), set()) | THEIRS.get(path.relative_to(HOME).as_posix(), set())
    known = [f"line {line}: {text}" for text, line in texts(path) if text.strip() in NAMED - allowed]
    assert not known, known


def test_every_room_is_known() -> None:
    """A new room gets its place in the order."""
    found = {room(path) for path in HOME.rglob("*.py")} - {"__init__", "__main__"}
    assert found == {*ROOMS}
