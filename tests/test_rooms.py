"""The rooms of the package: imports point down, and content stays where it belongs."""

from __future__ import annotations

import ast
import re
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
    "notebook",
    "language",
    "mirror",
    "plan",
    "words",
    "settings",
    "parts",
    "numbers",
    "sweeps",
    "experiments",
    "comparison",
    "speed_limit",
    "surface",
    "shipped",
    "workbook",
    "sheets",
    "lessons",
    "running",
    "maps",
    "verification",
    "tables",
    "building",
    "grading",
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
CONTENT = ("lessons", "shipped", "parts")
#: names that mean something of their own elsewhere, and what
MEANS = {
    "pred": "the line of any model that is its prediction",
    "slope": "of a straight line",
    "intercept": "of a straight line",
    "h": "the input that says how far a weight is nudged",
    "max": "an operator",
}
#: names of XML elements and attributes, of axes and the like; of a power of ten
MARKUP = {"verification": {"a", "b", "c", "d", "e", "f"}, "cli": {"e"}}


#: words that every workbook may use, whatever a shipped sheet is called: of the package, and of what it is about
WORDS = {*MEANS, HOME.name.partition("_")[0], "derivatives", "speed limit", "plain SGD"}
#: rooms whose texts show examples: of commands, of a formula
EXAMPLES = ("cli", "language")
#: a name that is longer may stand for nothing else, wherever in a text
SHORT = 3
LONGER = sorted((name for name in NAMED - WORDS if len(name) > SHORT), key=len, reverse=True)
LONG = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, LONGER))})(?!\w)")
WEIGHTS = "|".join(sorted({weight for e in RUN for weight in e.model.weights}))
#: a weight in a formula, or by which something is derived
IN_MATHS = re.compile(rf"(?<![\w.'])(?:{WEIGHTS})\s*[·*+=−/]\s*\w+|\bd\w/d(?:{WEIGHTS})\b")


def texts(path: Path) -> Iterator[tuple[str, int]]:
    """The texts in a module that are neither its documentation nor the name of a kind of sheet, and their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    said = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    documentation = {id(first.value) for first in said if isinstance(first, ast.Expr)}
    spelled = (node.format_spec for node in ast.walk(tree) if isinstance(node, ast.FormattedValue) and node.format_spec)
    documentation |= {id(part) for spec in spelled for part in ast.walk(spec)}  # how a number is shown is no name
    kinds = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "kind"]
    documentation |= {id(node.value) for node in kinds}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value, node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOME)))
def test_no_mechanism_knows_content(path: Path) -> None:
    """Outside the lessons and what they are put together from, nothing names a lesson's sheet, model or weight."""
    if room(path) in CONTENT:
        return
    allowed = {*MEANS} | MARKUP.get(room(path), set())
    known = [f"line {line}: {text}" for text, line in texts(path) if text.strip() in NAMED - allowed]
    assert not known, known


def named_in(text: str) -> list[str]:
    """The names of content in a text, and what it says of a weight in a formula."""
    return [found[0] for pattern in (LONG, IN_MATHS) for found in pattern.finditer(text)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOME)))
def test_no_sentence_of_a_mechanism_names_content(path: Path) -> None:
    """Nor does a longer text: neither a sheet or a model somewhere in a sentence, nor a weight in a formula."""
    if room(path) in (*CONTENT, *EXAMPLES):
        return
    known = [f"line {line}: {names} in {text}" for text, line in texts(path) if (names := named_in(text))]
    assert not known, known


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Steps of the sheet learning rates, by row.", ["learning rates"]),
        ("a + h = a: the derivative is 0", ["a + h"]),
        ("est de/da", ["de/da"]),
        ("the slope of a line; numerical derivatives = d2 + 1", []),
    ],
)
def test_a_sentence_that_names_content_is_found(text: str, named: list[str]) -> None:
    """A sheet's name within a sentence, a weight in a formula; but no article, and no word of every day."""
    assert named_in(text) == named


def test_every_room_is_known() -> None:
    """A new room gets its place in the order."""
    found = {room(path) for path in HOME.rglob("*.py")} - {"__init__", "__main__"}
    assert found == {*ROOMS}
