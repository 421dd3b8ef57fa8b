"""The table of a class: who has what right, who has which mistake, and whose files are the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SettingError, did_you_mean
from ..sheets.filled import RIGHT
from ..verification.bounded import Limits
from .handed_in import HandedIn, handed_in, place

if TYPE_CHECKING:
    import pandas as pd

#: how many files are read at a time
AT_ONCE = 4
#: how wide a column of its workbook is at most, in characters
WIDEST = 50
#: how a table is written for a learning platform: the title of each column and what stands there
PLATFORMS: Mapping[str, Mapping[str, str]] = {
    "canvas": {"Student": "student", "ID": "number", "SIS Login ID": "", "Section": "", "Exercise": "score"},
    "moodle": {"Identifier": "number", "Full name": "student", "Grade": "score", "Feedback comments": "said"},
}


@dataclass(frozen=True)
class Grade:
    """What a student has right.

    score: of 100, by the key. right, cells: how many are right for their own inputs, of how many. outright: how many
    have the number of the right run, which one mistake before them prevents. columns: how many of them are wholly
    right, and of how many. first_wrong, hint: the first cell that is filled in and not right. same_as: whose files are
    equal cell by cell.
    """

    handed: HandedIn
    score: float = 0.0
    right: int = 0
    outright: int = 0
    cells: int = 0
    columns: tuple[int, int] = (0, 0)
    first_wrong: str = ""
    hint: str = ""
    formulas: int = 0
    numbers: int = 0
    same_as: tuple[str, ...] = ()

    @cached_property
    def by_column(self) -> Mapping[tuple[str, str], Sequence[bool]]:
        """Sheet and title of a column -> for each of its cells whether it is right for its own inputs."""
        found: dict[tuple[str, str], list[bool]] = defaultdict(list)
        for exercise, answer in self.handed.answers:
            found[exercise.sheet.name, answer.column.title].append(answer.consistent)
        return found

    @property
    def student(self) -> str:
        """Who handed it in."""
        return self.handed.student

    @property
    def number(self) -> str:
        """What a learning platform knows the student by."""
        return self.handed.number

    @property
    def said(self) -> str:
        """It all, in a sentence or two."""
        if self.handed.problem:
            return self.handed.problem
        said = f"{self.right} of {self.cells} cells right, {self.columns[0]} of {self.columns[1]} columns."
        if self.first_wrong:
            said += f" First not right: {self.first_wrong}, {self.hint}{'' if self.hint.endswith('?') else '.'}"
        empty, waiting, whose = self.handed.empty, self.handed.waiting, self.handed.made_for
        if waiting:
            said += f" Waiting for what is missing or not right: {waiting}."
        if empty:
            said += f" Left empty: {len(empty)}, the first {empty[0]}."
        if whose and whose.casefold() != self.student.casefold():
            said += f" Its numbers are those of {whose}."
        return said

    def row(self) -> dict[str, object]:
        """Its line of the table."""
        of = self.handed
        return {
            "student": self.student,
            "number": self.number,
            "score": round(self.score, 1),
            "right": self.right,
            "outright": self.outright,
            "cells": self.cells,
            "columns right": self.columns[0],
            "columns": self.columns[1],
            "waiting": of.waiting,
            "empty": len(of.empty),
            "first wrong": self.first_wrong,
            "hint": self.hint,
            "formulas": self.formulas,
            "numbers": self.numbers,
            "inputs changed": "; ".join(of.inputs),
            "altered": " ".join(of.altered),
            "made for": of.made_for,
            "saved": of.saved,
            "same as": ", ".join(self.same_as),
            "problem": of.problem,
            "file": str(of.path),
        }


@dataclass(frozen=True)
class Grades:
    """Those of a class, in the order of the files."""

    grades: Sequence[Grade]

    def __iter__(self) -> Iterator[Grade]:
        return iter(self.grades)

    def __len__(self) -> int:
        return len(self.grades)

    def frame(self) -> pd.DataFrame:
        """The table: one row per file."""
        import pandas as pd

        return pd.DataFrame([grade.row() for grade in self.grades])

    def platform(self, name: str) -> pd.DataFrame:
        """The table as a learning platform takes it: `canvas` or `moodle`.

        Raises SettingError for another one.
        """
        import pandas as pd

        if name not in PLATFORMS:
            raise SettingError(f"There is no table for {name!r}.{did_you_mean(name, PLATFORMS)}")
        titles = PLATFORMS[name]
        rows = [{title: getattr(g, what) if what else "" for title, what in titles.items()} for g in self.grades]
        return pd.DataFrame(rows, columns=[*titles]).round(1)

    @cached_property
    def mistakes(self) -> Sequence[tuple[str, str, int]]:
        """Column, hint and by how many students, the most common first."""
        found: Counter[tuple[str, str]] = Counter()
        for grade in self.grades:
            found.update({(a.column.title, a.hint) for _, a in grade.handed.answers if a.mark > RIGHT + 1})
        return [(column, hint, many) for (column, hint), many in found.most_common()]


def grade(
    files: Sequence[str | Path],
    *,
    key: Mapping[str, float] | None = None,
    timeout: float = 60.0,
    memory: float = 2048.0,
    progress: Callable[[str], None] = lambda _: None,
) -> Grades:
    """Mark the exercises that were handed in; a file that cannot be read is named, and spoils no other.

    files: workbooks that `build --exercise` wrote, filled in with whatever program. key: column -> how much it counts,
    by its title or name, 1 for every other. timeout, memory: the seconds and megabytes that recalculating one may take.
    progress: told which file was read.
    Raises SettingError for a key with a column that no file has.
    """
    limits, paths = Limits(timeout, memory), [Path(file) for file in files]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found: list[HandedIn] = []
        for each in pool.map(lambda path: handed_in(path, limits), paths):
            found.append(each)
            progress(f"{len(found)} of {len(paths)}: {each.path.name}")
    weights = _weights(key or {}, found)
    same = _same(found)
    return Grades([_grade(each, weights, same.get(each.path, ())) for each in found])


def _weights(key: Mapping[str, float], found: Sequence[HandedIn]) -> dict[str, float]:
    """Name of a column -> how much it counts."""
    columns = {a.column.name: a.column.title for each in found for _, a in each.answers}
    names = {title: name for name, title in columns.items()} | {name: name for name in columns}
    for given, weight in key.items():
        if columns and given not in names:
            hint = did_you_mean(given, columns.values())
            raise SettingError(f"The key counts {given!r}, which no exercise has.{hint}")
        if not weight >= 0:
            raise SettingError(f"{given} cannot count {weight:g}: give 0 or more.")
    return {names[given]: weight for given, weight in key.items() if given in names}


def _grade(of: HandedIn, weights: Mapping[str, float], same_as: tuple[str, ...]) -> Grade:
    if of.problem:
        return Grade(of)
    counts = [(weights.get(a.column.name, 1.0), a.consistent) for _, a in of.answers]
    most = sum(weight for weight, _ in counts)
    filled = [(x, a) for x, a in of.answers if a.value is not None]
    wrong = next(((x, a) for x, a in filled if a.mark > RIGHT + 1), None)
    made = Grade(
        of,
        100 * sum(weight for weight, right in counts if right) / most if most else 0.0,
        sum(right for _, right in counts),
        sum(a.outright for _, a in of.answers),
        len(counts),
        first_wrong=place(*wrong) if wrong else "",
        hint=wrong[1].hint if wrong else "",
        formulas=len(of.formulas),
        numbers=sum(of.formula(x, a) is None for x, a in filled),
        same_as=same_as,
    )
    return replace(made, columns=(sum(map(all, made.by_column.values())), len(made.by_column)))


def _same(found: Sequence[HandedIn]) -> dict[Path, tuple[str, ...]]:
    """A file -> the students whose files hold the same in every cell to fill in."""
    groups: dict[tuple[object, ...], list[HandedIn]] = defaultdict(list)
    for each in found:
        if each.fingerprint:
            groups[each.fingerprint].append(each)
    return {
        each.path: tuple(other.student for other in group if other is not each)
        for group in groups.values()
        for each in group
        if group[1:]
    }


def spreadsheet(grades: Grades, path: Path, check: Callable[[], None] = lambda: None) -> None:
    """Write the table, and the mistakes that are common, as a workbook."""
    import pandas as pd

    from ..workbook.write import new_workbook

    mistakes = pd.DataFrame(grades.mistakes, columns=["column", "what may be wrong", "students"])
    with new_workbook(path, check) as (book, _):
        bold = book.add_format({"bold": True, "bottom": 1})
        for name, frame in (("grades", grades.frame()), ("mistakes", mistakes)):
            page = book.add_worksheet(name)
            page.freeze_panes(1, 1)
            page.write_row(0, 0, frame.columns, bold)
            for row, values in enumerate(frame.itertuples(index=False), 1):
                page.write_row(row, 0, values)
            page.autofit()
            for column, title in enumerate(frame.columns):
                if frame[title].astype(str).str.len().max() > WIDEST:
                    page.set_column(column, column, WIDEST)


def text(frame: pd.DataFrame) -> str:
    """A table as CSV in which no text is a formula to the program that opens it."""
    plain = frame.map(lambda value: f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@") else value)
    return str(plain.to_csv(index=False, lineterminator="\n"))
