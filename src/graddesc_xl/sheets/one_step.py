"""One step by hand: the arithmetic of a step that is typed, line by line, each computed from the lines above it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..experiments import H
from ..language.expr import Data, Expr, Here, Param, Prev, State, Text, call, leaves, substitute, where
from ..language.reports import NONE, joined
from ..plan import Column, Derived, Input, Plan, Start
from ..words import spelled, words
from ..workbook.cells import column_letters
from ..workbook.figures import MINUS, SIGNIFICANT_TITLES, significant
from ..workbook.paper import pixels
from ..workbook.reference import Block, Cell
from ..workbook.sheet import Mark, Sheet
from ..workbook.style import FAINT, HEADER, HEADER_RIGHT, SECTION, SUBTITLE, TITLE, Style
from .at_step import at, sample_at, steps_of, written_out
from .kind import Composed, Figure, Kind
from .making import Making, sentence
from .steps_list import StepsList

#: the row of the inputs; what is said of the step stands in the two rows below
INPUTS, HEAD = 5, 9
#: the columns of a line
TITLED, WORDS, NUMBERS, VALUE, THERE, SAME = range(1, 7)
#: the columns of a nudge
NUDGE, NUDGED, NUMERICAL, OFF = range(8, 12)
#: the first of the helper columns, after a narrow one: what a number is told as, and the step as others use it
HELPERS = 13
WIDTHS = {TITLED: 15.0, WORDS: 38.0, NUMBERS: 46.0, VALUE: 13.0, THERE: 13.0, SAME: 6.5, 7: 2.0}
WIDTHS |= {NUDGE: 9.0, NUDGED: 13.0, NUMERICAL: 13.0, OFF: 10.0, 12: 2.5}
LINE_HEIGHT = 14.5
#: so many pixels can be read on one page across, and the share of their width that texts give up for that
ACROSS, GIVE = 1360, 0.3
#: to how many digits numbers are told
DIGITS = 6
#: what a column's role makes it a part of, in the order of a step; a column that is only watched is none
PARTS = ("what the step is given", "forward", "error", "backward", "update")
PART_OF = {"weight": 0, "data": 1, "forward": 1, "error": 2, "numerical": 3, "analytic": 3, "state": 4, "update": 4}
#: the same of a column's kind, where it says more: the derivative that a switch chooses
PART_OF |= {"used": 3}
LAW = (
    "Type a step. Each line is computed here, from the lines above it; only what the step is given is picked from the "
    "sheet {of}.",
    "Beside each derivative stands the nudge that confirms it: one weight a little larger, and by how much the error "
    "changes.",
)
#: a value is the same if it differs by less than this share of it, and of the largest number that it is made of
SHARE, ABSOLUTE = 1e-9, 1e-12
#: the number format of what the arithmetic is followed by
FOLLOWED = "followed"
#: the helper cell with the text of a number
TOLD = SIGNIFICANT_TITLES.index("as told")
#: error cells are white on white: a step that exploded is no wall of them
WHITE = "#FFFFFF"
YES, NO = "yes", "no"
#: before these a negative number stands in brackets wherever it is
RAISED = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹^")
#: the helper with the number of a step in its epoch, where samples come in another order
SHUFFLED = 4
#: stands in maths for a leaf, by its number
_PLACE = re.compile(r"_(\d+)_")


@dataclass(frozen=True)
class OneStep(Kind):
    """The arithmetic of one step of another sheet.

    headline: above the sheet; subtitle: a further line there. of: the sheet whose steps they are. about: one sentence
    for the overview. step: the one with which it opens. nudge: by how much a weight is nudged.
    """

    kind = "one step"

    name: str
    headline: str
    of: str
    about: str = ""
    subtitle: str = ""
    step: float = 1.0
    nudge: float = H.value

    @property
    def sheet(self) -> str:
        """Its name."""
        return self.name

    def compose(self, making: Making, before: Mapping[str, Composed]) -> Composed:
        """The sheet. Raises SettingError where `of` is no sheet of steps that stands before it."""
        made = _Maker(self, making, steps_of(self.name, self.of, before))
        made.compose()
        figures: dict[str, Figure] = {
            "value": lambda column: made.known[Here(column)].value,
            "says": lambda: made.says,
            "off by": made.off.__getitem__,
        }
        return Composed(made.sheet, self.about, figures=figures)


@dataclass(frozen=True)
class _Line:
    """A line of the sheet: where its number stands, and that number as it is told."""

    title: str
    value: Cell
    told: Expr


@dataclass
class _Maker:
    """Composes the sheet.

    known: a leaf of the plan's columns -> its line. off: weight -> the cell with the share by which its nudge is off.
    texts: row -> its maths with numbers of nine characters, and in words.
    """

    of: OneStep
    making: Making
    steps: StepsList
    known: dict[Expr, _Line] = field(default_factory=dict)
    off: dict[str, Cell] = field(default_factory=dict)
    texts: dict[int, tuple[str, str]] = field(default_factory=dict)
    row: int = HEAD

    def __post_init__(self) -> None:
        self.sheet = Sheet(self.of.name, frozen=(HEAD, 0), printed=OFF, repeat_rows=(HEAD, HEAD))
        self.plan: Plan = self.steps.of.trace.plan
        self.samples = self.making.of(self.steps.of.experiment.data)

    def compose(self) -> None:
        """Every cell."""
        self.head()
        self.part(0)
        self.given()
        part = 0
        for column, now in _in_parts(self.plan):
            if column.role == "weight":
                continue
            if now != part:
                part = now
                self.part(part)
            self.computed(column)
            self.nudges(column)
        self.fit()
        self.said()

    def head(self) -> None:
        """Titles, the two inputs, and which step of which epoch it is."""
        sheet, of, n = self.sheet, self.of, self.samples.count
        sheet.widths |= WIDTHS | dict.fromkeys(range(HELPERS, HELPERS + len(SIGNIFICANT_TITLES)), 11.0)
        sheet.aside |= {*range(HELPERS, HELPERS + len(SIGNIFICANT_TITLES))}
        sheet.put(1, 1, of.headline, TITLE)
        lines = (*(line.format(of=of.of) for line in LAW), of.subtitle)
        for row, line in enumerate(filter(None, lines), 2):
            sheet.put(row, 1, line, SUBTITLE)
        about = f"a step of the sheet {of.of}, whose numbers are put in"
        step = Input("step", of.step, "step", about, low=1.0, high=float(self.steps.kept))
        typed = self.making.put(sheet, INPUTS, VALUE, step, labelled=True)
        h = Input(H.name, of.nudge, H.label, "how far a weight is nudged", H.low, H.high)
        self.h = self.making.put(sheet, INPUTS, NUMERICAL, h, labelled=True)
        turn = ["turn"] if self.plan.orders else []
        for column, title in enumerate(("step", "epoch", "sample", "step before", *turn), HELPERS):
            sheet.put(INPUTS - 1, column, title, HEADER_RIGHT)

        def helper(column: int, content: Expr) -> Cell:
            return sheet.put(INPUTS, HELPERS + column, content, Style(number="integer", color=FAINT)).absolute

        self.step = helper(0, call("round_down", typed, 0))
        self.turn = helper(SHUFFLED if self.plan.orders else 2, call("mod", self.step - 1, n) + 1)
        self.epoch = helper(1, (self.step - self.turn) / n + 1)
        self.sample = helper(2, sample_at(self.steps, self.turn, self.epoch)) if self.plan.orders else self.turn
        self.above = helper(3, where(self.step > 1, self.step - 1, 1))
        where_it_is = joined(["Step ", self.step, ": sample ", self.sample, f" of {n}, epoch ", self.epoch, "."])
        sheet.put(INPUTS + 1, 1, call("if_error", where_it_is, "There is no number of a step."), Style(bold=True))
        heads = {
            TITLED: "line",
            WORDS: "in words",
            NUMBERS: "with this step's numbers",
            VALUE: "value",
            THERE: "the sheet has",
            SAME: "same?",
            NUDGE: "nudged",
            NUDGED: f"{self.plan.column(self.plan.loss).title} then",
            NUMERICAL: "numerical",
            OFF: "off by",
        }
        for column, title in heads.items():
            sheet.put(HEAD, column, title, HEADER if column in (TITLED, WORDS, NUMBERS, NUDGE) else HEADER_RIGHT)
        for column, title in enumerate(SIGNIFICANT_TITLES, HELPERS):
            sheet.put(HEAD, column, title, HEADER_RIGHT)
        notes = {
            SAME: f"Whether the value is what the sheet {of.of} has in this step.",
            NUMERICAL: f"The numerical derivative: how much the error changes, divided by {H.label}.",
            OFF: "|numerical / analytic − 1|: the share by which it is off.",
        }
        for column, note in notes.items():
            sheet.notes[HEAD, column] = f"{heads[column]}\n{note}"

    def part(self, part: int) -> None:
        """The heading of a part of the step."""
        self.row += 1
        self.sheet.put(self.row, 1, PARTS[part], SECTION)
        self.sheet.heights[self.row] = 22.0

    def given(self) -> None:
        """What the step is given: its sample, the weights, what the optimizer remembers, inputs, states."""
        plan, layout, sheet = self.plan, self.steps.of.layout, self.steps.of.sheet
        used = dict.fromkeys(leaf for c in plan.columns for leaf in leaves(c.expr))
        for name in self.samples.data.names:
            there = call("index", self.samples.column(name), self.sample)
            said = joined(["sample ", self.sample, f" of the sheet {self.samples.sheet.name}"])
            self.line(Data(name), name, "data", said, there, "general")
        for column in plan.columns:
            if column.role == "weight":
                (before,) = leaves(column.expr)
                assert isinstance(before, Prev), before
                self.remembered(Here(column.name), before.column, column)
                self.known[before] = self.known[Here(column.name)]
        for leaf in used:
            if isinstance(leaf, Prev) and leaf not in self.known:
                self.remembered(leaf, leaf.column, plan.column(leaf.column))
        singles: Sequence[Input | Derived] = [*plan.inputs, *plan.derived]
        for single in singles:
            if Param(single.name) in used:
                cell = Cell(sheet, *layout.cell(single.name))
                whose = f"{'an input of' if isinstance(single, Input) else 'computed on'} the sheet {self.of.of}"
                self.line(Param(single.name), single.label, "", whose, cell, "typed")
                if isinstance(single, Input) and single.choices:
                    self.switch(single)
        for state in plan.states:
            if State(state.name) in used:
                there = call("index", Block(sheet, self.steps.of.by_epoch(state.name)), self.epoch)
                epoch = joined(["of epoch ", self.epoch])
                self.line(State(state.name), state.title, "state", epoch, there, FOLLOWED)

    def switch(self, given: Input) -> None:
        """In maths the number of a switch is told with what it would be 1 for."""
        line = self.known[Param(given.name)]
        self.known[Param(given.name)] = replace(line, told=line.told & f" ({given.label} {given.choices[1.0]})")

    def remembered(self, leaf: Expr, column: str, shown: Column) -> None:
        """A line with what the step before left in a column, or where its epoch starts."""
        plan, n = self.plan, self.samples.count
        (start,) = (start for start in plan.starts if start.column == column)
        first = Cell(self.steps.of.sheet, *self.steps.of.layout.start(column, 0))
        left, carried = (at(self.steps, name, self.above) for name in (column, start.carry))
        there = left if start.carry == column or n == 1 else where(self.turn.equals(1), carried, left)
        title = shown.title if isinstance(leaf, Here) else f"previous {shown.title}"
        source = where(self.step.equals(1), first, there)
        said = where(self.step.equals(1), "its start", self.origin(start) & self.above)
        role = "weight" if shown.role == "update" else shown.role
        has = at(self.steps, shown.name, self.step) if isinstance(leaf, Here) else None
        self.line(leaf, title, role, said, source, shown.format or FOLLOWED, has=has)

    def origin(self, start: Start) -> Expr:
        """The column that a value comes from, in words that end in a step's number."""
        titles = [f"{self.plan.column(name).title} of step " for name in (start.column, start.carry)]
        if titles[0] == titles[1]:
            return Text(titles[0])
        return where(self.turn.equals(1), titles[1], titles[0])

    def computed(self, column: Column) -> None:
        """The line of a column: its maths, its numbers, its value."""
        operands = list(dict.fromkeys(leaf for leaf in leaves(column.expr) if leaf in self.known))
        value = substitute(column.expr, lambda leaf: self.known[leaf].value)
        said = f"= {words(column.expr, self.plan)}"
        number = column.format or FOLLOWED
        has = at(self.steps, column.name, self.step)
        self.line(Here(column.name), column.title, column.role, said, value, number, column.expr, has, operands)
        self.sheet.notes[self.row, TITLED] = f"{column.title}\n{sentence(column.about)}"

    def line(
        self,
        leaf: Expr,
        title: str,
        role: str,
        said: str | Expr,
        value: Expr,
        number: str,
        maths: Expr | None = None,
        has: Expr | None = None,
        operands: Sequence[Expr] = (),
    ) -> None:
        """Put a line. said: in words. maths: what is shown with its numbers. has: what the sheet has in this step."""
        self.row += 1
        sheet, row = self.sheet, self.row
        sheet.put(row, TITLED, title, Style(role, header=bool(role), bold=True))
        sheet.widths[TITLED] = max(sheet.widths[TITLED], 1.1 * len(title))
        small = Style(role, size=9, italic=True, wrap=True)
        sheet.put(row, WORDS, said, small)
        sheet.put(row, NUMBERS, "" if maths is None else self.put_in(maths), Style(role, wrap=True))
        cell = sheet.put(row, VALUE, value, Style(role, number, bold=True, align="right"))
        there: Expr | str = "" if has is None else call("if_error", has, NONE)
        beside = sheet.put(row, THERE, there, Style(number=number, color=FAINT, align="right"))
        if has is not None:
            near = [call("if_error", call("abs", self.known[operand].value), 0) for operand in operands]
            allowed = SHARE * call("abs", beside) + ABSOLUTE * call("largest", call("abs", cell), *near)
            equal = where(call("abs", cell - beside) <= allowed, YES, NO)
            both, one = (call(op, call("is_number", cell), call("is_number", beside)) for op in ("and", "or"))
            same = where(both, call("if_error", equal, NO), where(one, NO, NONE))
            sheet.put(row, SAME, same, Style(color=FAINT, align="right"))
        self.texts[row] = (
            "" if maths is None else spelled(maths, lambda _: "(-12.3456)") + " =",
            said if isinstance(said, str) and maths is not None else "",
        )
        told: Expr = significant(sheet, row, HELPERS, cell, DIGITS)
        self.known[leaf] = _Line(title, cell, told)

    def fit(self) -> None:
        """The texts give up what long titles take too much, and each line is as high as its longest text."""
        widths, texts = self.sheet.widths, WIDTHS[WORDS] + WIDTHS[NUMBERS]
        over = sum(pixels(self.sheet, column) for column in range(TITLED, OFF + 1)) - ACROSS
        taken = max(0.0, min(over / 7, GIVE * texts))
        for column in (WORDS, NUMBERS):
            widths[column] -= taken * WIDTHS[column] / texts
        for row, (numbers, said) in self.texts.items():
            across = (0.85 * len(numbers) / widths[NUMBERS], 0.75 * len(said) / widths[WORDS])
            self.sheet.heights[row] = LINE_HEIGHT * max(1, *map(math.ceil, across)) + 1.5

    def put_in(self, maths: Expr) -> Expr:
        """An expression with the numbers of this step, as text; – where one of them is missing."""
        used = list(dict.fromkeys(leaf for leaf in leaves(maths) if leaf in self.known))
        text = spelled(maths, lambda leaf: f"_{used.index(leaf)}_")
        parts: list[Expr | str] = ["= "]
        pieces = _PLACE.split(text)
        for i, piece in enumerate(pieces):
            if not i % 2:
                parts.append(piece)
                continue
            told, alone = self.known[used[int(piece)]].told, not pieces[i - 1] or pieces[i - 1][-1] == "("
            bracketed = where(call("left", told, 1).equals(MINUS), Text("(") & told & ")", told)
            parts.append(told if alone and pieces[i + 1][:1] not in RAISED else bracketed)
        numbers = [call("is_number", self.known[leaf].value) for leaf in used]
        return where(call("and", *numbers), joined(parts), NONE) if numbers else joined(parts)

    def nudges(self, column: Column) -> None:
        """Beside an analytic derivative the nudge of each weight whose derivative it is, below one another."""
        if column.role != "analytic":
            return
        sheet, loss, analytic = self.sheet, self.known[Here(self.plan.loss)].value, self.known[Here(column.name)].value
        error = written_out(self.plan, self.plan.loss)
        for i, weight in enumerate(column.of):
            self.row += bool(i)
            row, title = self.row, self.plan.column(weight).title

            def leaf(of: Expr, weight: str = weight) -> Expr:
                return self.known[of].value + self.h if of == Here(weight) else self.known[of].value

            sheet.put(row, NUDGE, f"{title} + {H.label}", Style("numerical", header=True, bold=True))
            there = sheet.put(row, NUDGED, substitute(error, leaf), Style("numerical", FOLLOWED, align="right"))
            slope = (there - loss) / self.h
            numerical = sheet.put(row, NUMERICAL, slope, Style("numerical", FOLLOWED, bold=True, align="right"))
            share = call("if_error", call("abs", numerical / analytic - 1), NONE)
            self.off[weight] = sheet.put(row, OFF, share, Style("numerical", "0.0E+00", align="right"))

    def said(self) -> None:
        """Above the lines: whether they are what the sheet has, or from which on there is no number."""
        sheet, count = self.sheet, self.row - HEAD
        same = sheet.block(HEAD + 1, SAME, count)
        differ = call("count_if", same, NO)
        titles, told = (sheet.block(HEAD + 1, column, count) for column in (TITLED, HELPERS + TOLD))
        lost = call("match", NONE, told, 0)
        begins = Text("From the line ") & call("index", titles, lost) & " on there is no number: "
        exploded = begins & "what it is made of is too large for a cell, or is missing."
        fine = f"Every line is what the sheet {self.of.of} has in this step."
        agrees = where(call("is_number", lost), exploded, fine)
        are = where(differ.equals(1), " of these lines is not", " of these lines are not")
        several = differ & are & f" what the sheet {self.of.of} has in this step."
        for column, columns in ((VALUE, 1), (NUDGED, OFF - NUDGED + 1)):
            at = f"{column_letters(column)}{HEAD + 1}"
            sheet.marks.append(((HEAD + 1, column), Mark(f"ISERROR({at})", count, columns, WHITE, WHITE)))
        self.says = sheet.put(INPUTS + 2, 1, where(differ > 0, several, agrees), Style(color=FAINT))


def _in_parts(plan: Plan) -> Iterator[tuple[Column, int]]:
    """The columns of a plan in order, each with its part: none is a later part than what follows it."""
    parts: list[int] = []
    for column in reversed(plan.columns):
        behind = parts[-1] if parts else len(PARTS) - 1
        parts.append(min(behind, PART_OF.get(column.kind, PART_OF.get(column.role, behind))))
    yield from zip(plan.columns, reversed(parts), strict=True)
