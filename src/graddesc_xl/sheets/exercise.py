"""An exercise: the steps of a run with columns to fill in, which says at once what is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil

import numpy as np

from ..errors import SettingError, did_you_mean, shown
from ..experiments import GRADIENTS, Experiment
from ..language.expr import Const, Data, Expr, Here, Param, Prev, State, Text, Whole, call, leaves, substitute, where
from ..language.reports import GAP, joined
from ..language.values import Array
from ..numbers.trace import Trace
from ..parts.data import Dataset
from ..plan import PREDICTED, Column, Plan
from ..settings import rounded
from ..words import words
from ..workbook.cells import column_letters
from ..workbook.reference import Block, Cell, Down, template, worth_at
from ..workbook.sheet import Mark, Running, Sheet
from ..workbook.style import FAINT, HEADER, HEADER_RIGHT, INK, LABEL, SUBTITLE, TITLE, Style, number_format
from .filled import EMPTY, RIGHT, TEXT, WAITS, WRONG, Answer, Filled
from .kind import Composed, Figure, Kind, behind
from .layout import SAMPLE, width
from .making import Making, sentence
from .marking import (
    ABOVE,
    FIRST,
    FIRST_OFF,
    MOST_HINTS,
    NO_NUMBER,
    NOT_RIGHT,
    NUDGE,
    SHARE,
    TYPED,
    WAITING,
    Hint,
    InFirst,
    Marking,
    Other,
    Slid,
    cells,
)
from .marking import RIGHT as RIGHT_NUMBER
from .rendering import LINE, TALLEST

#: the rows of what is said, of the inputs' labels, of what is not asked, of the columns' words and titles, of what they
#: start from
PROGRESS, LABELS, NOT_ASKED, WORDS, TITLES, STARTS, TOP = 4, 6, 7, 8, 9, 10, 11
#: the colours of an answer that is right, that waits, that is wrong
GREEN, AMBER, RED = "#CBE6C6", "#F8DD9A", "#F2C4BC"
SAID = (
    "Fill in the yellow cells, with formulas, or numbers of ten digits. Green: right for what stands in its own row. "
    "Amber: what it uses is missing or not right yet. Red: not right.",
    "What may be wrong stands at the right. The learning rate, the starts and the samples may be changed: the colours "
    "follow.",
)
#: the roles of what is to be filled in if nothing is named, and of all that can be
USUAL, FILLABLE = ("analytic", "update"), ("forward", "error", "analytic", "state", "update")
#: in the place of the names of columns: all that can be filled in
ALL = "all"
#: how many columns can be filled in: a formula that looks for what is next nests an IF for each, and 64 at most
MOST_COLUMNS = 60
#: how many characters a formula may have
LONGEST_FORMULA = 8_000
HINT_WIDTH = 50.0


@dataclass(frozen=True)
class Exercise(Kind):
    """Steps of an experiment to fill in.

    blank: the columns, by name or title, those of derivatives and new weights if left out, `all` for every one.
    steps: how many, an epoch if left out. worked: how many of them are worked out, for an example. whose: for whom it
    is, where its numbers are somebody's own. Columns that have one number in all rows are not filled in: there a
    mistake cannot be told from what is right.
    """

    kind = "exercise"
    lined = False

    name: str
    headline: str
    experiment: Experiment
    blank: tuple[str, ...] = ()
    steps: int = 0
    worked: int = 0
    about: str = ""
    whose: str = ""

    def __post_init__(self) -> None:
        rows = len(self.experiment.data)
        if not 0 <= self.steps <= rows:
            raise SettingError(f"{self.name}: an exercise has 1 to the {rows} steps of an epoch, not {self.steps}.")
        if not 0 <= self.worked < self.rows:
            raise SettingError(
                f"{self.name}: of {self.rows} steps 0 to {self.rows - 1} can be worked out, not {self.worked}."
            )
        _ = self.columns

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    @property
    def behind(self) -> str:
        """The name of the sheet that marks."""
        return behind(self.name)

    @property
    def data(self) -> Dataset:
        """The samples."""
        return self.experiment.data

    @property
    def rows(self) -> int:
        """How many steps it has."""
        return self.steps or len(self.experiment.data)

    @property
    def plan(self) -> Plan:
        """The columns: analytic derivatives drive the steps, in the order of the samples."""
        e = self.experiment
        return replace(
            e, gradient=GRADIENTS[0], numerical=False, shuffled=False, discarded=0, epochs=1, values=_own(e)
        ).plan

    @property
    def columns(self) -> list[str]:
        """The names of the columns to fill in. Raises SettingError for one that cannot be."""
        plan = self.plan
        possible = {c.name: c.title for c in plan.columns if c.role in FILLABLE and c.kind != PREDICTED}
        if not self.blank:
            return [c.name for c in plan.columns if c.role in USUAL]
        if self.blank == (ALL,):
            return [*possible]
        names = {**{title: name for name, title in possible.items()}, **{name: name for name in possible}}
        for given in self.blank:
            if given not in names:
                raise SettingError(
                    f"{shown(given)} is no column of {self.name} to fill in.{did_you_mean(given, possible.values())}"
                )
        wanted = {names[given] for given in self.blank}
        return [name for name in possible if name in wanted]

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The table, and behind it what marks it."""
        if len(self.columns) > MOST_COLUMNS:
            raise SettingError(
                f"{self.name}: {len(self.columns)} columns to fill in are more than formulas can mark: name at most "
                f"{MOST_COLUMNS}, or take a smaller model."
            )
        page = _Page(self, making)
        page.compose()
        figures: dict[str, Figure] = {"right": lambda: page.count, "of": lambda: Const(float(page.wanted))}
        about = self.about or f"Steps of {self.experiment.title or self.experiment.name} to fill in."
        return Composed(page.sheet, about, page.marks, figures=figures, filled=replace(page.filled(), whose=self.whose))


def _own(e: Experiment) -> dict[str, float]:
    """The values of an experiment without those of numerical derivatives."""
    kept = {i.name for i in replace(e, gradient=GRADIENTS[0], numerical=False, values={}).inputs}
    return {name: value for name, value in e.values.items() if name in kept}


@dataclass
class _Helpers:
    """The columns behind one that is filled in: its number, the nudge, how far it may be and is off, its mark."""

    number: int
    nudge: int
    unit: int
    off: int
    mark: int
    texts: Block | None = None
    hints: list[Hint] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


class _Page:
    """The sheets while they are composed."""

    def __init__(self, of: Exercise, making: Making) -> None:
        self.of, self.making, self.plan = of, making, of.plan
        self.samples = making.of(of.experiment.data)
        self.alike = self._alike()
        self.blank = [name for name in of.columns if name not in self.alike]
        self.marking = Marking(self.plan, self.blank)
        self.sheet = Sheet(of.name, frozen=(STARTS, len(self.plan.samples)), opens=False)
        self.marks = Sheet(of.behind, hidden=True, secret=True)
        first = len(self.plan.samples) + 1
        self.place = {c.name: first + i for i, c in enumerate(self.plan.columns)}
        self.hint = first + len(self.plan.columns)
        self.status = {name: self.hint + 2 + i for i, name in enumerate(self.blank)}
        self.single: dict[str, Cell] = {}
        self.helpers = {name: _Helpers(*range(1 + 5 * i, 6 + 5 * i)) for i, name in enumerate(self.blank)}
        self.open = of.rows - of.worked

    def _alike(self) -> list[str]:
        """The columns that would be filled in and have one number in all rows, with the inputs and samples as built.

        Raises SettingError where that leaves none, or where there are no numbers.
        """
        of = self.of
        built = {i.name: float(rounded(i.value)) for i in self.plan.inputs}
        trace = self.making.run(self.plan, self.samples.built, built)
        values = {name: trace.rows[name][0][of.worked : of.rows] for name in of.columns}
        for name, column in values.items():
            if not np.isfinite(column).all():
                first = of.worked + 1 + int(np.flatnonzero(~np.isfinite(column))[0])
                raise SettingError(
                    f"{of.name}: {self.plan.column(name).title} is no number from step {first} on, and cannot be "
                    f"filled in there: take fewer steps, or a lower learning rate."
                )
        found = alike(values)
        if len(found) == len(values):
            raise SettingError(
                f"{of.name}: {self._titles(found)} would be the same in all rows, where a mistake cannot be told "
                f"from what is right: take other columns, start weights, samples or another learning rate."
            )
        return found

    def _titles(self, names: Sequence[str]) -> str:
        return ", ".join(self.plan.column(name).title for name in names)

    @property
    def wanted(self) -> int:
        """How many cells are to be filled in."""
        return self.open * len(self.blank)

    @property
    def first(self) -> int:
        """The row of the first of them."""
        return TOP + self.of.worked

    def compose(self) -> None:
        """Every cell of both sheets."""
        self.head()
        self.inputs()
        self.titles()
        self.starts()
        self.rows()
        self.judge()
        self.beside()
        self.progress()

    def head(self) -> None:
        """What it is and how it goes."""
        self.sheet.put(1, 1, self.of.headline, TITLE)
        for row, line in enumerate(SAID, 2):
            self.sheet.put(row, 1, line, SUBTITLE)
        if self.alike:
            said = "Not to be filled in, as with the numbers as built they are the same in all rows, right or wrong: "
            said += f"{self._titles(self.alike)}."
            self.sheet.put(NOT_ASKED, 1, said, SUBTITLE)

    def inputs(self) -> None:
        """The inputs that its columns use, each with its label above it; what is computed from them."""
        used = {leaf.name for leaf in self._used() if isinstance(leaf, Param)}
        column = len(self.plan.samples) + 1
        for given in (i for i in self.plan.inputs if i.name in used):
            self.sheet.put(LABELS - 1, column, given.label, LABEL)
            self.single[given.name] = self.making.put(self.sheet, LABELS, column, given)
            column += 1
        for derived in (d for d in self.plan.derived if d.name in used):
            self.sheet.put(LABELS - 1, column, derived.label, LABEL)
            content = substitute(derived.expr, self.ref)
            self.single[derived.name] = self.sheet.put(LABELS, column, content, Style("watch", "share")).absolute
            column += 1
        for state in self.plan.states:
            self.sheet.put(LABELS - 1, column, state.title, LABEL)
            content = substitute(state.initial, self.ref)
            self.single[state.name] = self.sheet.put(LABELS, column, content, Style("state", "small")).absolute
            column += 1

    def _used(self) -> Iterable[Expr]:
        """Every leaf of its columns, starts and single cells."""
        singles = [d.expr for d in self.plan.derived] + [s.initial for s in self.plan.states]
        starts = [self.plan.opening(start, 0)[0] for start in self.plan.starts]
        return (leaf for expr in (*(c.expr for c in self.plan.columns), *starts, *singles) for leaf in leaves(expr))

    def ref(self, leaf: Expr) -> Expr:
        """The cell of a leaf, in the same row."""
        match leaf:
            case Data(name):
                return Down(self.sheet, 1 + self.plan.samples.index(name))
            case Here(name):
                return Down(self.sheet, self.place[name])
            case Prev(name):
                return Down(self.sheet, self.place[name], -1)
            case Param(name) | State(name):
                return self.single[name]
            case Whole(name):
                return self.samples.column(name)
        raise AssertionError(leaf)

    def titles(self) -> None:
        """What each column is: its maths, or where it is filled in what is wanted."""
        sheet = self.sheet
        for column, name in enumerate(self.plan.samples, 1):
            sheet.put(TITLES, column, name, Style("data", header=True, bold=True, align="right"))
            sheet.widths[column] = max(SAMPLE, len(name) + 0.5, 8.0)
        lines = 1
        for c in self.plan.columns:
            place = self.place[c.name]
            said = sentence(c.about) if c.name in self.blank else f"{c.title} = {words(c.expr, self.plan)}"
            sheet.widths[place] = max(width(self.plan, c), 13.0 if c.name in self.blank else 10.0)
            if c.role != "weight" or c.name in self.blank:
                sheet.put(WORDS, place, said, Style(c.role, wrap=True, italic=True, valign="bottom"))
                lines = max(lines, ceil(1.25 * len(said) / sheet.widths[place]))
            sheet.put(TITLES, place, c.title, Style(c.role, header=True, bold=True, align="right"))
            about = sentence(c.about)
            sheet.notes[TITLES, place] = f"{c.title}\n{about}" + ("\nTo be filled in." if c.name in self.blank else "")
        sheet.heights[WORDS] = min(LINE * lines, TALLEST)
        sheet.put(TITLES, self.hint, "what may be wrong", replace(HEADER, indent=1))
        sheet.widths |= {self.hint: HINT_WIDTH}
        sheet.aside |= {*range(self.hint + 1, self.hint + 2 + len(self.blank))}

    def starts(self) -> None:
        """What the first row starts from."""
        self.sheet.put(STARTS, 1, "start", Style(color=FAINT, italic=True))
        for start in self.plan.starts:
            column = self.plan.column(start.column)
            look = Style(
                "weight" if column.role == "update" else column.role, _number(column), italic=True, bottom=True
            )
            self.sheet.put(STARTS, self.place[start.column], substitute(self.plan.opening(start, 0)[0], self.ref), look)

    def rows(self) -> None:
        """The samples, what is given, the cells to fill in."""
        sheet, count = self.sheet, self.of.rows
        for column, name in enumerate(self.plan.samples, 1):
            sheet.repeat(TOP, column, self.samples.down(name, TOP), count, Style("data"))
        for name in self.blank:
            for row in range(self.first, TOP + count):
                at = row, self.place[name]
                look = Style("input", _number(self.plan.column(name)), box=True)
                sheet.blanks[at] = self.making.inputs.filled(sheet.name, at), look
        self._given(TOP, self.plan.columns, self.of.worked, worked=True)
        self._given(self.first, [c for c in self.plan.columns if c.name not in self.blank], self.open)

    def _given(self, top: int, columns: Sequence[Column], count: int, *, worked: bool = False) -> None:
        """Columns that are computed: empty while something lacks that they use, which in worked rows nothing does."""
        running = []
        for c in columns:
            expr = substitute(c.expr, self.ref)
            lacking = [call("is_number", cell) for cell in map(self.ref, cells(c.expr))]
            whole = where(call("and", *lacking), expr, "") if lacking and not worked else expr
            running.append(Running(self.place[c.name], whole, Style(c.role, _number(c))))
        given = {c.name for c in columns}
        if any(isinstance(leaf, Prev) and leaf.column in given for c in columns for leaf in leaves(c.expr)):
            self.sheet.run(top, running, count)
            return
        for each in running:
            self.sheet.repeat(top, each.column, each.expr, count, each.style)

    def judge(self) -> None:
        """Behind: how far each number is off, and its mark."""
        titles = ("number", "nudge", "may be off by", "is off by", "mark")
        for name, of in self.helpers.items():
            for column, title in zip((of.number, of.nudge, of.unit, of.off, of.mark), titles, strict=True):
                self.marks.put(STARTS, column, GAP, Style(color=FAINT))  # nothing is above the first row
                self.marks.put(TITLES, column, f"{self.plan.column(name).title}: {title}", HEADER_RIGHT)
                self.marks.widths[column] = 12.0
            of.hints = self.hints(name)
            self.check_length(name)
            of.said = [WAITING, NO_NUMBER, NOT_RIGHT, *(hint.said for hint in of.hints)]
            for row, said in enumerate(of.said, TOP + self.of.rows + 3):
                self.marks.put(row, of.number, said, Style(color=FAINT))
            of.texts = self.marks.block(TOP + self.of.rows + 3, of.number, len(of.said))
        for name, of in self.helpers.items():
            typed, number, nudge = Here(name), Down(self.marks, of.number), Down(self.marks, of.nudge)
            derivative = self.marking.loss(name) is not None
            self.behind(of.number, self.filled_in(where(call("is_number", typed), typed, 0)))
            self.behind(of.nudge, self.filled_in(self.marking.nudge(name)) if derivative else Const(0))
            self.behind(of.unit, self.filled_in(self.marking.unit(name), {TYPED: number, NUDGE: nudge}))
            right = self.filled_in(self.marking.value(name), {NUDGE: nudge})
            self.behind(of.off, (number - right) / Down(self.marks, of.unit))
        for name, of in self.helpers.items():
            self.behind(of.mark, self.mark(name, of.hints), self.of.worked)

    def behind(self, column: int, expr: Expr, skipped: int = 0) -> None:
        """A column of the sheet behind, a row for each step but the first: of errors there is one kind."""
        self.marks.repeat(TOP + skipped, column, call("if_error", expr, GAP), self.of.rows - skipped)

    def filled_in(self, expr: Expr, instead: Mapping[Expr, Expr] | None = None) -> Expr:
        """An expression of the plan's leaves as one of cells."""
        found = instead or {}
        return substitute(expr, lambda leaf: found[leaf] if leaf in found else self.ref(leaf))

    def right(self, name: str, row: int | None = None, offset: int = 0) -> Expr:
        """The right number of a column: in the same row, some rows below, or in a row of its own."""
        of = self.helpers[name]
        places = (of.number, of.off, of.unit)
        cells = [Down(self.marks, p, offset) if row is None else Cell(self.marks, row, p, fixed=True) for p in places]
        number, off, unit = cells
        return number - off * unit

    def known(self, name: str) -> Mapping[Expr, Expr]:
        """What stands for numbers in the hints of a column -> those."""
        of = self.helpers[name]
        known: dict[Expr, Expr] = {
            TYPED: Down(self.marks, of.number),
            RIGHT_NUMBER: self.right(name),
            ABOVE: self.right(name, offset=-1),
            FIRST: self.right(name, row=self.first),
            FIRST_OFF: Cell(self.marks, self.first, of.off, fixed=True),
        }
        known |= {Other(other): self.right(other) for other in self.blank}
        for leaf in cells(self.plan.column(name).expr):
            there = self.ref(leaf)
            assert isinstance(there, Down)
            known[InFirst(leaf)] = Cell(self.sheet, self.first + there.offset, there.column, fixed=True)
        for leaf in self.marking.inputs(name):
            row, column = self.at(leaf)
            if column < self.hint:  # further to the right stand hints, which follow from marks
                known[Slid(leaf)] = Down(self.sheet, column, row - self.first)
        return known

    def at(self, leaf: Expr) -> tuple[int, int]:
        """Where the cell of a leaf is that is the same in all rows."""
        cell = self.ref(leaf)
        assert isinstance(cell, Cell)
        return cell.row, cell.column

    def hints(self, name: str) -> list[Hint]:
        """The hints of a column, as many as fit a formula: those that take most of it are left out."""
        known = self.known(name)
        found = [h for h in self.marking.hints(name) if {x for x in leaves(h.like) if isinstance(x, Slid)} <= {*known}]
        while len(found) > MOST_HINTS or (found and self.length(self.mark(name, found)) > LONGEST_FORMULA):
            found.remove(max(found, key=lambda hint: self.length(self.is_like(name, hint, known))))
        return found

    def is_like(self, name: str, hint: Hint, known: Mapping[Expr, Expr]) -> Expr:
        """Whether a number is what a hint says."""
        of = self.helpers[name]
        number, unit, like = Down(self.marks, of.number), Down(self.marks, of.unit), self.filled_in(hint.like, known)
        if hint.times is not None:
            times = self.filled_in(hint.times, known)
            gap, allowed = call("abs", number * times - like), unit * (1 + call("abs", times))
            return call("and", gap <= allowed, times.differs(0))
        within = unit if hint.within is None else self.filled_in(hint.within, known)
        return call("abs", number - like) <= within

    def mark(self, name: str, hints: Sequence[Hint]) -> Expr:
        """Whether a cell is empty, right, waits, is no number or wrong, and how."""
        typed, known = self.ref(Here(name)), self.known(name)
        judged: Expr = Const(WRONG)
        for position, hint in reversed([*enumerate(hints, WRONG + 1)]):
            judged = where(_surely(self.is_like(name, hint, known)), position, judged)
        through = [Down(self.marks, self.helpers[column].mark) for column in self.marking.through(name)]
        if through:
            judged = where(call("and", *(mark.equals(RIGHT) for mark in through)), judged, WAITS)
        judged = where(_surely(call("abs", Down(self.marks, self.helpers[name].off)) <= 1), RIGHT, judged)
        text: Expr = Const(TEXT)
        error = self.error(hints, known)
        there = [call("is_number", self.ref(leaf)) for leaf in self.marking.uses(name)]
        if there:
            judged, text, error = (where(call("and", *there), mark, WAITS) for mark in (judged, text, error))
        other = call("if_error", where((typed & "").equals(""), EMPTY, text), error)
        return where(call("is_number", typed), judged, other)

    def error(self, hints: Sequence[Hint], known: Mapping[Expr, Expr]) -> Expr:
        """The mark of an error: of an input that slid to a cell without a number, or simply of no number."""
        found: Expr = Const(TEXT)
        for position, hint in reversed([*enumerate(hints, WRONG + 1)]):
            if hint.slid is not None:
                there = call("is_number", known[Slid(hint.slid)])
                found = where(there, found, where(_surely(call("abs", known[FIRST_OFF]) <= 1), position, found))
        return found

    def length(self, expr: Expr) -> int:
        """How many characters its formula has."""
        return len(template(expr, self.marks.name, repeats=True))

    def check_length(self, name: str) -> None:
        """Raise SettingError where no formula can mark a column."""
        parts = [self.filled_in(self.marking.value(name), {NUDGE: Const(0.001)})]
        if not self.helpers[name].hints:
            parts.append(self.mark(name, []))
        longest = max(map(self.length, parts))
        if longest > LONGEST_FORMULA:
            raise SettingError(
                f"{self.of.name}: to mark {self.plan.column(name).title} takes a formula of {longest:,} characters, "
                f"and a cell holds 8,192: take a smaller model, or name the columns to fill in."
            )

    def beside(self) -> None:
        """In sight, the hint; folded away, the marks, which colour the cells."""
        sheet = self.sheet
        for name, column in self.status.items():
            sheet.put(TITLES, column, f"mark of {self.plan.column(name).title}", HEADER_RIGHT)
            sheet.repeat(self.first, column, Down(self.marks, self.helpers[name].mark), self.open, Style(color=FAINT))
            letters, place = column_letters(column), self.place[name]
            for mark, color in (("=1", GREEN), ("=2", AMBER), (">2", RED)):
                condition = f"${letters}{self.first}{mark}"
                sheet.marks.append(((self.first, place), Mark(condition, self.open, 1, INK, color)))
        hint: Expr = Text("")
        for name in reversed(self.blank):
            status, texts = Down(sheet, self.status[name]), self.helpers[name].texts
            assert texts is not None
            said = Text(f"{self.plan.column(name).title}: ") & call("index", texts, status - 1)
            hint = where(status > RIGHT, said, hint)
        sheet.run(self.first, [Running(self.hint, hint, Style(color=FAINT, indent=1))], self.open)

    def progress(self) -> None:
        """How many cells are right, which is the next one, and what may be wrong in its row."""
        sheet, marks, column = self.sheet, self.marks, 1 + 5 * len(self.blank)
        right = [marks.block(self.first, of.mark, self.open) for of in self.helpers.values()]
        count: Expr = Const(0)
        for block in right:
            count = count + call("count_if", block, RIGHT)
        marks.put(TITLES, column, "to do", HEADER_RIGHT)
        marks.put(TITLES, column + 1, "next", HEADER_RIGHT)
        todo, name = Const(0), Text("")
        expr, named = todo, name
        for blank in reversed(self.blank):
            mark = Down(marks, self.helpers[blank].mark)
            expr = where(mark.equals(RIGHT), expr, 1)  # type: ignore[assignment]
            named = where(mark.equals(RIGHT), named, self.plan.column(blank).title)  # type: ignore[assignment]
        marks.run(self.first, [Running(column, expr), Running(column + 1, named)], self.open)
        end = self.first + self.open  # one more row: not all programs look for something in a range of one cell
        marks.put(end, column, 0.0)
        marks.put(end, column + 1, "-")
        todos, names = (marks.block(self.first, c, self.open + 1) for c in (column, column + 1))
        position = call("match", 1, todos, 0)
        self.count = sheet.put(PROGRESS, self.hint + 1, count, Style(number="integer", color=FAINT))
        wanted = float(self.wanted)
        hint = call("index", sheet.block(self.first, self.hint, self.open + 1), position)
        said = joined(
            [
                self.count,
                f" of {self.wanted} right; next: ",
                call("index", names, position),
                " in row ",
                position + (self.first - 1),
                where(hint.equals(""), ".", Text(". ") & hint),
            ]
        )
        done = where(self.count.equals(wanted), f"All {self.wanted} are right.", said)
        sheet.put(PROGRESS, 1, done, Style(bold=True, size=12))

    def filled(self) -> Filled:
        """What was filled in, as it is marked."""
        answers = [self.answer(name, row) for row in range(self.first, TOP + self.of.rows) for name in self.blank]
        inputs = {
            name: {self.at(leaf): self.marking.title(leaf) for leaf in self.marking.inputs(name)} for name in self.blank
        }
        return Filled(self.sheet, self.plan, answers, inputs)

    def answer(self, name: str, row: int) -> Answer:
        """A cell that was filled in."""
        at, of, column = (row, self.place[name]), self.helpers[name], self.plan.column(name)
        value, mark = self.sheet.blanks[at][0], self.marks.value(row, of.mark)
        assert isinstance(mark, float), mark
        hint = of.said[int(mark) - 2] if mark > RIGHT else ""
        wanted = float(self.solution.rows[name][0][row - TOP])
        made = Answer(column, row - TOP + 1, at, value, int(mark), wanted, hint)
        if not isinstance(value, float):
            return made
        uses = [worth_at(call("is_number", self.ref(leaf)), row) for leaf in cells(column.expr)]
        consistent = mark == RIGHT or (all(uses) and _near(value, worth_at(self.filled_in(column.expr), row)))
        return replace(made, consistent=consistent, outright=_near(value, wanted))

    @cached_property
    def solution(self) -> Trace:
        """The run that a learner is to find, with the inputs and samples as they are now."""
        given = {i.name: float(rounded(i.value)) for i in self.plan.inputs}
        now = {name: value for name, c in self.single.items() if name in given and isinstance(value := c.value, float)}
        return self.making.run(self.plan, self.samples.data, given | now)


def alike(columns: Mapping[str, Array]) -> list[str]:
    """The columns with one number in all rows, to nine digits; of one row those with 0. columns: name -> numbers."""
    return [
        name
        for name, values in columns.items()
        if np.ptp(values) <= SHARE * np.abs(values).max() and (values[1:].size or not values.any())
    ]


def _surely(condition: Expr) -> Expr:
    """1 where a condition holds, 0 where it does not or is an error."""
    return call("if_error", where(condition, 1, 0), 0)


def _near(value: float, right: object) -> bool:
    """Whether a number is right to nine digits."""
    return isinstance(right, float) and bool(abs(value - right) <= SHARE * max(abs(value), abs(right)))


def _number(column: Column) -> str:
    return number_format(column.role, small=column.small, given=column.format)
