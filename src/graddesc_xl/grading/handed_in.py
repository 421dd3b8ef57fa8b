"""One file that was handed in: what was filled in, as its own inputs make it right or wrong."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path

from ..errors import GraddescError, WorkbookError, cut
from ..lessons.composing import compose_kinds
from ..lessons.lesson import Lesson
from ..sheets.check import SHEET as CHECK
from ..sheets.filled import EMPTY, WAITS, Answer, Filled
from ..sheets.kind import Composed
from ..sheets.making import Making
from ..verification import contents, ironcalc, origin, parts, reading
from ..verification.bounded import Limits
from ..verification.held import Model
from ..verification.verifier import FileInputs, run
from ..workbook.cells import a1
from ..workbook.sheet import Sheet
from . import references

#: of a workbook's sentences about cells that should not have been changed, so many are told
TOLD = 3
_SAVED = re.compile(r"<dcterms:modified[^>]*>([^<]{1,40})<")
#: how the systems that collect files name them: who, and their number there
_NAMED = (
    re.compile(r"(?P<who>.+?)_(?P<id>[0-9]+)_assignsubmission_file_?.*"),
    re.compile(r"(?P<who>[^_]+)(?:_LATE)?_(?P<id>[0-9]+)_[0-9]+_.*"),
)


@dataclass(frozen=True)
class HandedIn:
    """A file: who handed it in, its exercises, and what else was done in it.

    number: what the system that collected it knows the student by. formulas: (sheet, row, column) -> what was typed as
    a formula. inputs: what was typed into input cells. altered: sentences about cells that were to stay as they were.
    saved: when. sheets: those of the exercise. problem: why it could not be read; then there is nothing else.
    """

    path: Path
    student: str
    number: str = ""
    exercises: Sequence[Filled] = ()
    formulas: Mapping[tuple[str, int, int], str] = field(default_factory=dict)
    inputs: Sequence[str] = ()
    altered: Sequence[str] = ()
    saved: str = ""
    sheets: Sequence[Sheet] = ()
    problem: str = ""

    @property
    def answers(self) -> list[tuple[Filled, Answer]]:
        """Every cell that was to be filled in, in the order of the sheets."""
        return [(of, answer) for of in self.exercises for answer in of.answers]

    def formula(self, of: Filled, answer: Answer) -> str | None:
        """The formula in a cell, without its =."""
        return self.formulas.get((of.sheet.name, *answer.at))

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """What was filled in, to compare files by, formulas and what they are worth; empty where nothing was."""
        found = tuple((of.sheet.name, a.at, self.formula(of, a), a.value) for of, a in self.answers)
        return found if any(value is not None for *_, value in found) else ()

    @property
    def made_for(self) -> str:
        """Whose numbers it has, "" where they are everybody's."""
        return next((of.whose for of in self.exercises if of.whose), "")

    @property
    def waiting(self) -> int:
        """How many cells that are filled in wait for others, and do not follow from these as they stand."""
        return sum(waits(answer) for _, answer in self.answers)

    @property
    def empty(self) -> list[str]:
        """The cells that were left empty."""
        return [place(of, answer) for of, answer in self.answers if answer.mark == EMPTY]


def who(path: Path) -> tuple[str, str]:
    """The student and their number, from the name of a file as learning platforms give it.

    >>> who(Path("Ada Lovelace_1234_assignsubmission_file_basic.xlsx")), who(Path("ada.xlsx"))
    (('Ada Lovelace', '1234'), ('ada', ''))
    """
    for pattern in _NAMED:
        for name in (path.stem, path.parent.name):
            if found := pattern.fullmatch(name):
                return found["who"], found["id"]
    return path.stem, ""


def handed_in(path: Path, limits: Limits) -> HandedIn:
    """Read a file and mark it; whatever is wrong with it is a sentence."""
    student, number = who(path)
    try:
        return replace(_read(path, limits), student=student, number=number)
    except (GraddescError, OSError) as problem:
        said = str(problem) if isinstance(problem, GraddescError) else f"{path}: {problem.strerror or problem}."
        return HandedIn(path, student, number, problem=said)


def _read(path: Path, limits: Limits) -> HandedIn:
    parts.check_file(path)
    model = reading.load(path)
    book = origin.lesson(model)
    if book is None:
        raise WorkbookError(f"{path} is no exercise of ours: it says nothing of what it is made of.")
    with ironcalc.recalculating(path, limits) as values:
        model.now = values()
    inputs = FileInputs(model, book)
    composed = compose_kinds(book, Making(run, inputs, Sheet(CHECK)))
    exercises = _exercises(composed)
    if not exercises:
        raise WorkbookError(f"{path} is the workbook {book.name}, which has nothing to fill in.")
    sheets = [made.sheet for made in composed.values()]
    typed = [
        {a.at: f for a in of.answers if (f := model.formula(of.sheet.name, *a.at)) is not None} for of in exercises
    ]
    if any(waits(answer) for of in exercises for answer in of.answers):
        exercises = _mended(model, book, limits, exercises)
    exercises = [references.told(of, formulas) for of, formulas in zip(exercises, typed, strict=True)]
    formulas = {
        (of.sheet.name, *at): formula
        for of, found in zip(exercises, typed, strict=True)
        for at, formula in found.items()
    }
    return HandedIn(
        path,
        "",
        exercises=exercises,
        formulas=formulas,
        inputs=[str(change) for change in inputs.changes],
        altered=[*_altered(model, sheets)],
        saved=_saved(path),
        sheets=[*sheets, *(made.behind for made in composed.values() if made.behind)],
    )


def _exercises(composed: Mapping[str, Composed]) -> list[Filled]:
    return [made.filled for made in composed.values() if made.filled]


def waits(answer: Answer) -> bool:
    """Whether a cell that is filled in waits for others, and does not follow from these as they stand."""
    return answer.mark == WAITS and not answer.consistent


def _mended(model: Model, book: Lesson, limits: Limits, exercises: Sequence[Filled]) -> list[Filled]:
    """The exercises with what waits judged as if what it waits for were right.

    Where numbers of a column are wrong or missing, right ones are typed into its cells that are not right.
    """
    typed: dict[tuple[str, tuple[int, int]], float] = {}
    for of in exercises:
        wrong = [a for a in of.answers if not a.consistent]
        columns = {a.column.name for a in wrong if a.mark != WAITS}
        typed |= {(of.sheet.name, a.at): a.wanted for a in wrong if a.column.name in columns and isfinite(a.wanted)}
    with ironcalc.recalculating(model.path, limits, typed) as values:
        mended = replace(model, now=values())
    again = _exercises(compose_kinds(book, Making(run, FileInputs(mended, book), Sheet(CHECK))))
    return [replace(of, answers=[*_judged(of, other, typed)]) for of, other in zip(exercises, again, strict=True)]


def _judged(of: Filled, mended: Filled, typed: Container[tuple[str, tuple[int, int]]]) -> Iterator[Answer]:
    """The answers of which those that wait are as they are where what they wait for is right."""
    for answer, other in zip(of.answers, mended.answers, strict=True):
        if waits(answer) and (of.sheet.name, answer.at) not in typed:
            yield replace(answer, consistent=other.consistent, hint=other.hint or answer.hint)
        else:
            yield answer


def _altered(model: Model, sheets: Sequence[Sheet]) -> list[str]:
    """Sentences about cells that were not to be filled in and hold something else."""
    said: list[str] = []
    for sheet in sheets:
        table = model.held.cells[sheet.name].table(sheet.extent)
        said += [*contents.formulas(sheet, table, {}), *contents.constants(sheet, table)]
    more = len(said) - TOLD
    return [cut(sentence, 160) for sentence in said[:TOLD]] + ([f"And {more} more."] if more > 0 else [])


def _saved(path: Path) -> str:
    """When the file says that it was saved."""
    with zipfile.ZipFile(path) as file:
        if "docProps/core.xml" not in file.namelist():
            return ""
        with file.open("docProps/core.xml") as stream:
            found = _SAVED.search(stream.read(10_000).decode("utf-8", "replace"))
    return found[1] if found else ""


def place(of: Filled, answer: Answer) -> str:
    """Where a cell is, for people."""
    return f"{of.sheet.name}!{a1(*answer.at)}"
