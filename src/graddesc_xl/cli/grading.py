"""The commands for a class: what students fill in, and what they hand in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SettingError, WorkbookError, shown
from .export import Target
from .failing import finish
from .options import option
from .show import screen, table, working

if TYPE_CHECKING:
    from ..grading import Grades
    from ..lessons import Lesson

GROUP = "An edition to fill in"
#: how many students a list may have, and how many of the common mistakes are shown
MOST_STUDENTS, MISTAKES = 2_000, 10


_option = partial(option, GROUP)


@dataclass(frozen=True)
class Editions:
    """What was typed of an edition to fill in: each field an option of `build`."""

    exercise: Annotated[
        bool, _option("", "Beside the workbook, write an edition to fill in: NAME-exercise.xlsx.", "--exercise")
    ] = False
    blank: Annotated[
        str | None,
        _option(
            "COLUMN,...",
            "The columns to fill in, as in 'de/da,new a', or all; derivatives and new weights if left out.",
        ),
    ] = None
    only: Annotated[
        list[str] | None, _option("SHEET", "A run to fill in; may be repeated; all of them if left out.")
    ] = None
    steps: Annotated[int | None, _option("N", "How many steps to fill in; an epoch if left out.")] = None
    worked: Annotated[int | None, _option("N", "How many steps are worked out as an example.")] = None
    students: Annotated[
        Path | None,
        _option("FILE", "A name a line (.csv, .txt): a workbook for each, with starts and rate of their own."),
    ] = None

    def __post_init__(self) -> None:
        given = [f.name for f in fields(self) if getattr(self, f.name)]
        if given and not self.exercise:
            raise SettingError(f"--{given[0]} is of an edition to fill in: add --exercise.")
        if self.steps is not None and self.steps < 1:
            raise SettingError(f"--steps must be 1 or more, not {self.steps}.")

    def of(self, lesson: Lesson) -> list[Lesson]:
        """What is to be built of a lesson: itself, and where it is wanted its edition, or one for each student."""
        from ..lessons.exercises import exercise

        if not self.exercise:
            return [lesson]
        columns = [name.strip() for name in (self.blank or "").split(",") if name.strip()]
        names = [""] if self.students is None else read_names(self.students)
        return [
            lesson,
            *(
                exercise(
                    lesson,
                    sheets=self.only or [],
                    blank=columns,
                    steps=self.steps or 0,
                    worked=self.worked or 0,
                    whose=name,
                )
                for name in names
            ),
        ]


def read_names(path: Path) -> list[str]:
    """The names in the first column of a file, without a title."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SettingError(f"There is no file {path}: write the names of the students into one, a line each.") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingError(f"{path} cannot be read as a list of names: {problem}.") from None
    rows = [row for row in csv.reader(text.splitlines(), delimiter=";" if ";" in text else ",") if any(row)]
    heads = [head.strip().lower() for head in rows[0]] if rows else []
    titled = [place for place, head in enumerate(heads) if head in ("name", "names", "student", "students")]
    if not titled and any(len(row) > 1 for row in rows):
        raise SettingError(f"{path} has several columns: title that of the names 'name', or give a name a line.")
    place = titled[0] if titled else 0
    names = [row[place].strip() for row in rows[bool(titled) :] if len(row) > place and row[place].strip()]
    if not names or len(names) > MOST_STUDENTS:
        raise SettingError(f"{path} has {len(names):,} names: give 1 to {MOST_STUDENTS:,}, a line each.")
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice:
        raise SettingError(f"{path} names {shown(twice)} twice: the files of both would be one.")
    return names


def grade(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Workbooks that were handed in, or folders of them.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the table (.csv or .xlsx).")
    ] = None,
    platform: Annotated[
        str | None, typer.Option("--for", metavar="canvas|moodle", help="Write the CSV that it imports.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="COLUMN=N,...", help="How much columns count, as in 'de/da=2,new a=1'.")
    ] = None,
    feedback: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a marked copy and a page for each student.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long recalculating one workbook may take.")
    ] = 60.0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file given by --output.")] = False,
) -> None:
    """Mark the exercises that students hand in: any formula that gives the right number is right."""
    from ..grading import grade as mark
    from ..grading.feedback import write
    from ..grading.grades import PLATFORMS, spreadsheet, text
    from ..writing import replacing

    if platform is not None and (platform not in PLATFORMS or output is None or output.suffix.lower() != ".csv"):
        raise SettingError(f"--for is {' or '.join(PLATFORMS)}, for the file of -o, as in -o grades.csv --for canvas.")
    out = None
    if output is not None:
        if output.suffix.lower() not in (".csv", ".xlsx"):
            raise SettingError(f"{output} must end in .csv or .xlsx.")
        out = Target(output, ".xlsx" if output.suffix.lower() == ".xlsx" else ".csv", force=force)
    found = workbooks(files)
    with working(f"Marking {len(found)} workbooks", brief=True) as step:
        grades = mark(found, key=read_key(key or ""), timeout=timeout, progress=step)
    show_grades(grades)
    if out is not None and out.path.suffix.lower() == ".xlsx":
        spreadsheet(grades, out.path, out.check)
    elif out is not None:
        with replacing(out.path, out.check) as file:
            frame = grades.platform(platform) if platform else grades.frame()
            file.write(text(frame).encode("utf-8"))
    if out is not None:
        screen().print(f"{out.path}: {len(grades)} students", soft_wrap=True)
    if feedback is not None:
        with working(f"Writing {feedback}", brief=True) as step:
            written = write(grades, feedback, step)
        screen().print(f"{feedback}: {len(written)} files", soft_wrap=True)
    finish([each.handed.problem for each in grades if each.handed.problem])


def workbooks(given: Sequence[Path]) -> list[Path]:
    """The files that are named, and those in the folders that are; not the locks of programs that have one open.

    Raises WorkbookError for what is not there: nobody handed it in.
    """
    found: list[Path] = []
    for path in given:
        if not path.exists():
            raise WorkbookError(
                f"There is no file or folder {path}: name workbooks that were handed in, or their folder."
            )
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(each for each in path.rglob("*.xls*") if not each.name.startswith(("~$", ".~")))
        if not inside:
            raise WorkbookError(f"The folder {path} has no workbooks.")
        found += inside
    return found


def read_key(text: str) -> dict[str, float]:
    """How much each column counts."""
    key: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (word.strip() for word in part.rpartition("="))
        try:
            key[name] = float(value) if equals else float("nan")
        except ValueError:
            key[name] = float("nan")
        if not name or key[name] != key[name]:
            raise SettingError(f"--key says {shown(part)}: write how much a column counts, as in 'de/da=2,new a=1'.")
    return key


def show_grades(grades: Grades) -> None:
    """The table of a class, and the mistakes that are common."""
    console = screen()
    titles = ("Student", "Score", "Right", "Of", "Columns", "First not right", "Hint", "Same as")
    made = table(console, *titles, right=("Score", "Right", "Of"), wraps="Hint")
    for each in grades:
        columns = f"{each.columns[0]} of {each.columns[1]}" if each.cells else ""
        first, hint = (each.first_wrong, each.hint) if not each.handed.problem else ("", "not read")
        same = ", ".join(each.same_as)
        made.add_row(each.student, f"{each.score:.1f}", str(each.right), str(each.cells), columns, first, hint, same)
    console.print(made)
    if grades.mistakes:
        common = table(console, "Column", "Mistake", "Students", right=("Students",), title="The most common mistakes")
        for column, hint, many in grades.mistakes[:MISTAKES]:
            common.add_row(column, hint, str(many))
        console.print()
        console.print(common)
