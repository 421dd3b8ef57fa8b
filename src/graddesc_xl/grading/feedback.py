"""What each student gets back: a marked copy of the workbook, and a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from ..lessons.lesson import NOT_IN_FILES
from ..sheets.filled import EMPTY, RIGHT, Answer, Filled
from ..workbook.cells import a1
from ..workbook.write import write as write_workbook
from ..writing import replacing
from .grades import Grade, Grades
from .handed_in import HandedIn, place

#: how many runs of cells that are not right a page lists
MOST = 40
NOTES = (
    "In the marked copy of the workbook each cell that is filled in and not green has a note: what may be wrong, and "
    "the formula that was handed in. Right cells have none; of their formulas the copy holds the numbers."
)
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; color: #1F2933; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ text-align: left; padding: .25rem .75rem; border-bottom: 1px solid #C9D1D9 }}
</style>
<h1>{title}</h1>
{body}
"""


def write(grades: Grades, folder: Path, progress: Callable[[str], None] = lambda _: None) -> list[Path]:
    """For each student a workbook, NAME-marked.xlsx, and a page, NAME.html, in a folder, made if there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    taken: set[str] = set()
    for grade in grades:
        stem = _file_name(grade.student, taken)
        progress(stem)
        if not grade.handed.problem:
            marked = folder / f"{stem}-marked.xlsx"
            mark(grade.handed, marked)
            written.append(marked)
        page = folder / f"{stem}.html"
        with replacing(page) as file:
            file.write(told(grade).encode("utf-8"))
        written.append(page)
    return written


def _file_name(student: str, taken: set[str]) -> str:
    """A name for the files of a student that no other has."""
    plain = re.sub(f"[{re.escape(NOT_IN_FILES)}]", "-", "".join(filter(str.isprintable, student))).strip(". ")[:80]
    stem, number = plain or "student", 1
    while stem.lower() in taken:
        number += 1
        stem = f"{plain or 'student'} {number}"
    taken.add(stem.lower())
    return stem


def mark(of: HandedIn, path: Path) -> None:
    """Write a copy of what was handed in: numbers as computed, in their colours, with a note where one is not right.

    No formula of a student's is written: its text stands in the note.
    """
    for exercise in of.exercises:
        for answer in exercise.answers:
            _mark(of, exercise, answer)
    write_workbook(of.sheets, path, title=f"{of.student}: marked", manifest={})


def _mark(of: HandedIn, exercise: Filled, answer: Answer) -> None:
    """Put the note of a cell that is not right."""
    if answer.mark in (EMPTY, RIGHT):
        return
    formula = of.formula(exercise, answer)
    said = [
        answer.column.title,
        f"{answer.hint}{'' if answer.hint.endswith('?') else '.'}",
        *([f"Handed in: ={formula}"] if formula else []),
    ]
    exercise.sheet.notes[answer.at] = "\n".join(said)


def told(grade: Grade) -> str:
    """The page of a student."""
    body = "\n".join(_paragraphs(grade))
    return PAGE.format(title=escape(grade.student), body=body)


def runs(answers: Iterable[tuple[Filled, Answer]]) -> Iterator[tuple[Filled, list[Answer]]]:
    """Neighbouring cells of a column with the same hint, in the order of the first of each."""
    last: dict[tuple[str, str], list[Answer]] = {}
    found: list[tuple[Filled, list[Answer]]] = []
    for exercise, answer in answers:
        column = exercise.sheet.name, answer.column.name
        run = last.get(column)
        if run and run[-1].step + 1 == answer.step and run[-1].hint == answer.hint:
            run.append(answer)
            continue
        last[column] = [answer]
        found.append((exercise, last[column]))
    yield from found


def _cells(exercise: Filled, answers: Sequence[Answer]) -> str:
    """Where a run of cells is, for people."""
    first, last = answers[0], answers[-1]
    return place(exercise, first) + (f":{a1(*last.at)}" if last is not first else "")


def _paragraphs(grade: Grade) -> Iterator[str]:
    yield f"<p>{escape(grade.said)}</p>"
    of = grade.handed
    if of.problem:
        return
    yield "<table><tr><th>sheet<th>column<th>right<th>of"
    for (sheet, column), rights in grade.by_column.items():
        yield f"<tr><td>{escape(sheet)}<td>{escape(column)}<td>{sum(rights)}<td>{len(rights)}"
    yield "</table>"
    wrong = [*runs((x, a) for x, a in of.answers if a.mark > RIGHT and not a.consistent)]
    if wrong:
        yield "<h2>Not right</h2>\n<table><tr><th>cells<th>column<th>what may be wrong"
        for exercise, answers in wrong[:MOST]:
            title, hint = answers[0].column.title, answers[0].hint
            yield f"<tr><td>{escape(_cells(exercise, answers))}<td>{escape(title)}<td>{escape(hint)}"
        yield "</table>"
        if wrong[MOST:]:
            yield f"<p>And {len(wrong) - MOST} more.</p>"
    if any(a.mark not in (EMPTY, RIGHT) for _, a in of.answers):
        yield f"<p>{escape(NOTES)}</p>"
    for title, sentences in (("Changed inputs", of.inputs), ("Changed, and not to be changed", of.altered)):
        if sentences:
            yield f"<h2>{title}</h2>\n<ul>{''.join(f'<li>{escape(said)}' for said in sentences)}</ul>"
