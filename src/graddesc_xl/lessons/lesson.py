"""A lesson: what a workbook is made of, described and not computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..comparison import Comparison
from ..errors import SettingError, did_you_mean, shown
from ..experiments import Experiment, cut_short
from ..notebook import line, table
from ..parts.data import Dataset
from ..plan import LONGEST, width
from ..sheets.answers import Question
from ..sheets.check import SHEET as CHECK
from ..sheets.comparison import Compared
from ..sheets.data_sheet import HIGH, LOW
from ..sheets.kind import Kind
from ..sheets.overview import SHEET as OVERVIEW
from ..sheets.picked import Of
from ..sheets.recipe import SHEET as RECIPE
from ..sheets.run_map import RunMap
from ..sheets.steps import Steps
from ..sheets.trying import Try
from ..sheets.validation import Validation
from ..workbook.cells import plain
from ..workbook.style import ROLES

if TYPE_CHECKING:
    from .building import Built

#: the sheet of the first data set; those of others bear their names as well
DATA = "data"
#: what a sheet's name may not hold; programs do not agree on the last one
FORBIDDEN = "[]:*?/\\!"
#: how many characters a title may have, as pages repeat it at their head
LONGEST_TITLE = 200
#: of a file's name: how long it may be without what is put to it, and what it may not hold
LONGEST_FILE, NOT_IN_FILES = 100, '<>:"/\\|?*'


@dataclass(frozen=True)
class Lesson:
    """A workbook: a title, and its sheets in order.

    parts: experiments, comparisons and sheets of any kind. name: of its file, made from the title if left out.
    questions: what its overview answers. reading: title -> how to read what is peculiar to it, for the overview.
    opens: the sheet on which it opens, the overview if left out.
    tries: what to type first. colours: role -> what the overview's legend says of its colour, where its usual words do
    not do.
    Raises SettingError, in a sentence, for parts whose names or data do not go together.

    >>> Lesson("Mine", [Experiment("plain"), Experiment("faster", values={"lr": 2e-4})]).sheets[2:4]
    ['plain', 'faster']
    """

    title: str
    parts: Sequence[Experiment | Comparison | Kind]
    subtitle: str = ""
    name: str = ""
    questions: Sequence[Question] = ()
    reading: Mapping[str, str] = field(default_factory=dict)
    opens: str = ""
    tries: Sequence[Try] = ()
    colours: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.parts, (str, Experiment, Comparison, Kind)) or not isinstance(self.parts, Iterable):
            raise SettingError(f"The parts of {shown(self.title)} must be a list, as in [{shown(self.parts)}].")
        object.__setattr__(self, "parts", tuple(self.parts))
        if not self.parts:
            raise SettingError(f"{self.title} has no sheets: give it at least one experiment.")
        for part in self.parts:
            if not isinstance(part, (Experiment, Comparison, Kind)):
                raise SettingError(f"{shown(part)} is no part of a lesson: give experiments, comparisons and sheets.")
        if len(self.title) > LONGEST_TITLE:
            raise SettingError(f"{shown(self.title)} is too long a title: use at most {LONGEST_TITLE} characters.")
        name = self.name or re.sub(r"\W+", "-", self.title.lower()).strip("-")[:LONGEST_FILE] or "lesson"
        object.__setattr__(self, "name", name)
        if not name.isprintable() or {*name} & {*NOT_IN_FILES} or name[0] in ". " or len(name) > LONGEST_FILE:
            raise SettingError(
                f"{shown(name)} cannot be the name of a file: use at most {LONGEST_FILE} letters, digits, spaces, "
                "- and _."
            )
        self._distinct()
        for data in self.data.values():
            _typable(data)
        for question in self.questions:
            if question.see not in self.sheets:
                hint = did_you_mean(question.see, self.sheets)
                raise SettingError(f"{shown(question.ask)} refers to the sheet {shown(question.see)}: none is.{hint}")
            if question.see in self.hidden:
                raise SettingError(f"{shown(question.ask)} refers to the sheet {shown(question.see)}, which is hidden.")
        if self.opens and self.opens not in self.sheets:
            hint = did_you_mean(self.opens, self.sheets)
            raise SettingError(f"{self.title} opens on the sheet {shown(self.opens)}: there is none.{hint}")
        if self.opens in self.hidden:
            raise SettingError(f"{self.title} opens on the sheet {shown(self.opens)}, which is hidden.")
        for role in self.colours:
            if role not in ROLES:
                hint = did_you_mean(role, ROLES)
                raise SettingError(f"{self.title} has no colour {shown(role)}: they are {', '.join(ROLES)}.{hint}")

    def __repr__(self) -> str:
        return line(self, self.title, ", ".join(kind.sheet for kind in self.kinds))

    def _repr_html_(self) -> str:
        import pandas as pd

        rows = [(kind.sheet, kind.kind, repr(kind.data) if kind.data else "") for kind in self.kinds]
        return table(self, pd.DataFrame(rows, columns=["sheet", "kind", "data"]), said=filter(None, [self.subtitle]))

    def _distinct(self) -> None:
        """Refuse data sets of one name that are not the same, and sheets whose names do not do."""
        sets: dict[str, Dataset] = {}
        for kind in self.kinds:
            if kind.data and sets.setdefault(kind.data.name, kind.data) != kind.data:
                raise SettingError(f"Two data sets are called {shown(kind.data.name)}: rename one.")
        for kind in self.kinds:
            for part in () if isinstance(kind, (Steps, RunMap)) else vars(kind).values():
                shown_there = part if isinstance(part, tuple) else (part,)
                if any(isinstance(e, Experiment) and e.shuffled for e in shown_there):
                    raise SettingError(f"{kind.sheet} shows a run whose epochs are shuffled: only its own sheet can.")
        named: set[str] = set()
        for sheet in self.sheets:
            wrong = _wrong(sheet)
            if wrong:
                raise SettingError(f"{shown(sheet)} cannot be the name of a sheet: {wrong}. Rename what it shows.")
            if sheet.lower() in named:
                own = [name for name in (OVERVIEW, DATA, CHECK, RECIPE) if name == sheet.lower()]
                said = "every workbook has one of that name" if own else "another one has it"
                other = f"{cut_short(sheet, LONGEST - 2)} 2"
                another = "" if own or sheet in self.hidden else f", as in name={other!r}"
                raise SettingError(
                    f"{shown(sheet)} cannot be the name of a sheet: {said}. Rename what it shows{another}."
                )
            named.add(sheet.lower())

    def build(
        self,
        path: str | Path = "",
        *,
        force: bool = False,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Built:
        """Write its workbook to a file, in this folder and after its title if left out.

        A file that a person has saved since it was built is left alone unless `force`.
        """
        from .building import build

        return build(self, Path(path or self.file), force=force, progress=progress)

    @property
    def kinds(self) -> list[Kind]:
        """Its sheets; an experiment or a comparison is one of its own kind, and samples held out get one."""
        kinds = [_kind(part) for part in self.parts]
        return [*kinds, *_validations(kinds)]

    @property
    def experiments(self) -> list[Experiment]:
        """Those of its sheets of one run."""
        return [kind.experiment for kind in self.kinds if isinstance(kind, Steps)]

    @property
    def sheets(self) -> list[str]:
        """The names of all its sheets; where nothing is compared with NumPy, there is no check."""
        return [OVERVIEW, *self.data, *(kind.sheet for kind in self.kinds), CHECK, *self.hidden]

    @property
    def hidden(self) -> list[str]:
        """Those with the steps behind others, and the recipe."""
        return [*(kind.behind for kind in self.kinds if kind.behind), RECIPE]

    @property
    def data(self) -> dict[str, Dataset]:
        """Its data sets by the names of their sheets."""
        sets = {kind.data.name: kind.data for kind in self.kinds if kind.data}
        return {DATA if i == 0 else f"{DATA} {name}": data for i, (name, data) in enumerate(sets.items())}

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.xlsx"


def _wrong(sheet: str) -> str:
    """Why spreadsheet programs take no sheet of that name, "" where they do."""
    if not sheet.strip():
        return "it is empty"
    if width(sheet) > LONGEST:
        return f"it has {width(sheet)} characters, and a sheet's name may have {LONGEST}"
    found = sorted({*sheet} & {*FORBIDDEN})
    if found:
        return f"it holds {' '.join(found)}"
    if not sheet.isprintable():
        return "it holds a character that cannot be seen"
    if sheet[0] == "'" or sheet[-1] == "'":
        return "it begins or ends with an apostrophe"
    return "Excel keeps that name for itself" if sheet.lower() == "history" else ""


def _typable(data: Dataset) -> None:
    """Refuse samples that could not be typed into a sheet."""
    for name in data.names:
        for value in data.column(name):
            if not LOW <= value <= HIGH:
                raise SettingError(
                    f"{data.name}: a sheet holds samples from {plain(LOW)} to {plain(HIGH)}, not {name} = {value:g}: "
                    "use another unit."
                )


def _validations(kinds: Sequence[Kind]) -> list[Kind]:
    """For each data set that holds samples out a sheet that validates its runs, unless there is one."""
    runs: dict[str, list[Of]] = {}
    held: dict[str, Dataset] = {}
    for kind in kinds:
        if isinstance(kind, Steps) and kind.data.held_out:
            runs.setdefault(kind.data.held_out.name, []).append(Of(kind.sheet))
            held[kind.data.held_out.name] = kind.data.held_out
    known = [kind.held_out.name for kind in kinds if isinstance(kind, Validation)]
    names = [name for name in runs if name not in known]
    return [
        Validation("validation" if len(names) == 1 else f"validation {number}", tuple(runs[name]), held[name])
        for number, name in enumerate(names, 1)
    ]


def _kind(part: Experiment | Comparison | Kind) -> Kind:
    if isinstance(part, Experiment):
        return Steps(part)
    return Compared(part) if isinstance(part, Comparison) else part
