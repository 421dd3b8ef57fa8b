"""The overview: what to type first, each run beside its inputs, questions with live answers, how to read it all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from ..language.expr import Expr, Text, call, where
from ..language.reports import NONE
from ..workbook.apart import LEAVES, MOST, apart
from ..workbook.figures import Figures
from ..workbook.reference import Block, Cell
from ..workbook.sheet import Chart, Link, Series, Sheet
from ..workbook.style import (
    FAINT,
    HEADER,
    HEADER_RIGHT,
    LINK,
    PROSE,
    ROLES,
    SAYS,
    SECTION,
    SUBTITLE,
    TITLE,
    Style,
)
from . import answers
from .answers import Question
from .check import Check
from .data_sheet import Samples
from .kind import Composed, Told
from .trying import Tried, Try, tried

SHEET = "overview"
#: the first row below the title and what stands under it
FIRST = 5
#: heights in points
LINE, TALL, HEAD_HEIGHT, GAP = 16.5, 30.0, 30.0, 9.0
TITLE_HEIGHT = 24.0
#: widths of columns, in characters: of an amount, a verdict, a gap, an amount, what is said of the check
AMOUNT, VERDICT, NARROW, CHECKED = 9.5, 30.0, 2.0, 42.0
#: pixels per point, and the height that a chart has at least
PIXELS, CHART_HEIGHT = 4 / 3, 320
#: characters of an answer, of what a sheet shows, of what a number makes of a run, that fit one line; points per line;
#: characters that fit the width of one
ANSWER, ABOUT, SEEN, PER_LINE, PER_WIDTH = 150, 75, 45, 14, 1.2
#: the share of a column's width that a character of a link takes, which LibreOffice does not break
LINKED = 0.71
TWO_ERRORS = (
    "√Σe² is the root of the SUM of an epoch's squared errors; the published spreadsheet calls it rmse. "
    "RMSE is the root of their MEAN, in the units of y: √Σe² divided by the root of the number of samples. "
    "Both are measured while the weights move, each sample with the weights of its own step."
)
#: what follows from what is typed, and what does not where sheets are compared with NumPy
FOLLOWS = "Type another number or sample into a yellow cell: every formula follows."
STAYS = f"{FOLLOWS} Numbers headed NumPy stay as they were built."
HIDDEN = "The sheet recipe, which says what this workbook is made of, is hidden."
LISTS_HIDDEN = "The lists of all steps are hidden, and the sheet recipe, which says what this workbook is made of."
UNHIDE = "To show what is hidden: right-click any tab, then Unhide, in LibreOffice Show Sheet."
CHECKED_IS = "Behind the column “against NumPy”: what is compared, counted live."


@dataclass(frozen=True)
class _Page:
    """The sheet while it is composed, and its columns.

    From the left: a sheet's name, the inputs of its run, two errors, its verdict, a gap, two more errors, what the
    check says, the list of its steps.
    """

    sheet: Sheet
    composed: Sequence[Composed]
    samples: Mapping[str, Samples]
    check: Check | None

    @cached_property
    def runs(self) -> Sequence[tuple[Composed, Told]]:
        """Those that show a run."""
        return [(made, made.told) for made in self.composed if made.told]

    @cached_property
    def by_name(self) -> Mapping[str, Composed]:
        """Each by the name of its sheet."""
        return {made.sheet.name: made for made in self.composed}

    @cached_property
    def inputs(self) -> Sequence[str]:
        """The labels of the inputs that stand beside results; one column at least."""
        shown = [(label, given) for _, told in self.runs for label, given in told.inputs.items()]
        return [*dict.fromkeys(label for label, given in shown if not isinstance(given, Text))] or [""]

    @cached_property
    def loss(self) -> str:
        """What all runs' errors are of, where that is one loss, and not the squared error."""
        losses = {told.loss for _, told in self.runs}
        return losses.pop() if len(losses) == 1 else ""

    @property
    def error(self) -> str:
        """The title of the errors that are told."""
        return self.loss or "√Σe²"

    @property
    def errors(self) -> int:
        """The column of the first error."""
        return 2 + len(self.inputs)

    @property
    def verdict(self) -> int:
        """The column of the verdicts, the last of the left half."""
        return self.errors + 2

    @property
    def right(self) -> int:
        """The first column of the right half."""
        return self.verdict + 2

    @property
    def checked(self) -> int:
        """The column of what the check says."""
        return self.right + 2

    @property
    def last(self) -> int:
        """The last column; that of the left half, where no run and no check has anything to say at the right."""
        return self.checked + 1 if self.runs or self.check else self.verdict

    def width(self) -> None:
        """Give the columns their widths."""
        longest = max(len(made.sheet.name) for made in self.composed)
        left = dict.fromkeys(range(2, self.verdict), AMOUNT)
        right = {self.verdict: VERDICT + CHECKED}
        if self.last > self.verdict:
            right = {self.verdict: VERDICT, self.verdict + 1: NARROW, self.right: AMOUNT, self.right + 1: AMOUNT}
            behind = max((len(made.behind.name) for made in self.composed if made.behind), default=0)
            right |= {self.checked: CHECKED, self.last: max(14, 0.95 * behind)}
        self.sheet.widths |= left | right | {1: max(13, 0.95 * longest)}

    def link(self, row: int, name: str, text: str = "", at: tuple[int, int] = (1, 1), style: Style = LINK) -> None:
        """A link to a cell of another sheet."""
        self.sheet.put(row, 1, text or name, style)
        self.sheet.links[row, 1] = Link(name, at)

    def across(self, row: int, left: int, right: int, content: str | Expr, style: Style) -> None:
        """Something that takes the columns from one to another."""
        self.sheet.put(row, left, content, style)
        if right > left:
            self.sheet.merged[row, left] = right - left + 1

    def high(self, said: str) -> float:
        """The height of a row with so many words across all columns."""
        wide = sum(self.sheet.widths[column] for column in range(1, self.last + 1))
        return PER_LINE * math.ceil(len(said) / (PER_WIDTH * wide)) + 8

    def heads(self, row: int, heads: Mapping[int, str], *, to_the_right: Sequence[int] = ()) -> None:
        """The titles of a table, and the line below them to its end."""
        for column in range(1, max(heads) + 1):
            style = HEADER_RIGHT if column in to_the_right else HEADER
            self.sheet.put(row, column, heads.get(column, ""), replace(style, wrap=column in to_the_right))


def compose(
    title: str,
    subtitle: str,
    questions: Sequence[Question],
    composed: Sequence[Composed],
    check: Check | None,
    samples: Mapping[str, Samples],
    reading: Mapping[str, str],
    tries: Sequence[Try] = (),
    colours: Mapping[str, str] = MappingProxyType({}),
) -> Sheet:
    """What to try, the runs and the chart that compares them, questions, all sheets, and how to read it all.

    check: None where nothing is compared with NumPy. colours: role -> what the legend says instead of its usual words.
    """
    sheet = Sheet(SHEET, tab="#2F6DB5")
    page = _Page(sheet, composed, samples, check)
    sheet.put(1, 1, title, TITLE)
    sheet.put(2, 1, subtitle, SUBTITLE)
    sheet.put(3, 1, STAYS if check else FOLLOWS, SUBTITLE)
    sheet.heights |= {1: TITLE_HEIGHT, 4: GAP}
    page.width()
    sheet.printed = page.last
    row = _tried(page, FIRST, [tried(each, page.by_name) for each in tries])
    row = _runs(page, row)
    row = _charted(page, row)
    row = _answered(page, row, questions)
    row = _sheets(page, row)
    row = _legend(page, row, colours)
    _explained(page, row, reading)
    sheet.aside |= {*range(page.last + 1, sheet.extent[1] + 1)}
    return sheet


def _tried(page: _Page, top: int, tries: Sequence[Tried]) -> int:
    """What to type first, and further; the row below."""
    if not tries:
        return top
    sheet, first = page.sheet, tries[0]
    page.link(top, first.at.sheet.name, first.said, (first.at.row, first.at.column), replace(LINK, bold=True, size=12))
    sheet.heights[top] = LINE
    held, typed, seen = 2, 3, 4
    heads = {1: "type into", held: "it holds", typed: "type", seen: "it becomes", page.verdict: ""}
    page.heads(top + 1, heads, to_the_right=(held, typed))
    sheet.put(top + 1, seen, "what it becomes, all else as built", replace(HEADER, indent=1, wrap=False))
    texts = [f"{each.label} in {each.at.address}" for each in tries]
    sheet.widths[1] = max(sheet.widths[1], LINKED * max(map(len, texts)))
    for row, (each, text) in enumerate(zip(tries, texts, strict=True), top + 2):
        page.link(row, each.at.sheet.name, text, (each.at.row, each.at.column), replace(LINK, wrap=True))
        sheet.put(row, held, each.at, Style(number=_fits(each.at), color=FAINT))
        sheet.put(row, typed, each.value, Style(number="typed", bold=True))
        page.across(row, seen, page.verdict, each.see, replace(SAYS, indent=1))
        wraps = len(each.see) > SEEN or len(text) > sheet.widths[1]
        sheet.heights[row] = TALL if wraps else LINE
    sheet.heights[row + 1] = GAP
    return row + 2


def _runs(page: _Page, top: int) -> int:
    """Each run beside the inputs that make it; the row below."""
    if not page.runs:
        return top
    sheet = page.sheet
    labels = dict(enumerate(page.inputs, 2))
    errors = {page.errors: f"{page.error}, first epoch", page.errors + 1: f"{page.error}, last epoch"}
    page.heads(top, {1: "sheet", **labels, **errors, page.verdict: "verdict"}, to_the_right=range(2, page.verdict))
    sheet.put(top, page.verdict, "verdict", replace(HEADER, indent=1))
    sheet.heights[top] = HEAD_HEIGHT if len(page.error) < AMOUNT else 1.6 * HEAD_HEIGHT
    for row, (made, told) in enumerate(page.runs, top + 1):
        page.link(row, made.sheet.name)
        for column, label in labels.items():
            if label in told.inputs:
                sheet.put(row, column, told.inputs[label], Style(number=_fits(told.inputs[label]), align="right"))
        for column, error in enumerate(told.losses if page.loss else told.errors[:2], page.errors):
            shown = where(call("is_number", error), error, NONE)
            sheet.put(row, column, shown, Style(number="small" if page.loss else "told", align="right"))
        sheet.put(row, page.verdict, told.verdict, Style(bold=True, indent=1))
        sheet.heights[row] = LINE
    return row + 1


def _fits(number: Expr) -> str:
    """The format of an input: as it is typed, or what fits where that are too many digits."""
    value = number.value if isinstance(number, Cell) else 0.0
    return "typed" if not isinstance(value, float) or len(f"{value:.15g}") <= AMOUNT else "small"


def _charted(page: _Page, row: int) -> int:
    """At the right of what stands above, the runs compared; the row below both."""
    sheet = page.sheet
    if not page.runs:
        return row
    high = sum(sheet.heights.get(r, 15.0) for r in range(FIRST, row)) * PIXELS
    while high < CHART_HEIGHT:
        high += 20
        row += 1
    wide = sum(int(sheet.widths[column] * 7 + 5) for column in range(page.right, page.last + 1))
    most = max(told.epochs for _, told in page.runs)
    series = apart(_named(page))
    about = f"{page.error} by epoch, a curve per sheet, on a logarithmic axis"
    about += "; an error that has exploded, or is 0, is left out"
    if len(series) > MOST:
        about += f", and all but {MOST} curves are faint"
    chart = Chart(
        "Error by epoch: the sheets compared",
        "epoch",
        page.error,
        series,
        FIRST,
        page.right,
        wide,
        int(high),
        x_min=1,
        x_max=most,
        y_log=True,
        y_format="thousands",
        about=f"{about}.",
    )
    sheet.charts.append(chart)
    sheet.heights[row] = GAP
    return row + 1


def _named(page: _Page) -> list[Series]:
    """The curve of each run, its name in a helper cell: it says where the run leaves the chart."""
    sheet, column, found = page.sheet, page.last + 2, []
    sheet.put(FIRST - 1, column, "the chart's legend", Style(color=FAINT, italic=True))
    for row, (made, told) in enumerate(page.runs, FIRST):
        curve = (told.losses_by_epoch if page.loss else None) or told.curve
        drawn = made.behind if made.behind and made.behind.name == curve.y.sheet else made.sheet
        gaps = call("count", Block(drawn, curve.y)) < told.epochs
        name = sheet.put(
            row, column, where(gaps, Text(f"{made.sheet.name}{LEAVES}"), made.sheet.name), Style(color=FAINT)
        )
        found.append(replace(curve, name=name))
    return found


def _answered(page: _Page, top: int, questions: Sequence[Question]) -> int:
    """The questions, one row each; the row below."""
    if not questions:
        return top
    sheet, asked = page.sheet, page.verdict - 1
    heads = {1: "see the sheet", 2: "question", page.last: "", page.verdict: "answer, from the cells of that sheet"}
    page.heads(top, heads)
    figures = Figures(sheet, (top - 1, page.last + 2), "the figures of the answers")
    for row, question in enumerate(questions, top + 1):
        page.link(row, question.see)
        page.across(row, 2, asked, question.ask, replace(SAYS, bold=True))
        said = _guarded(answers.answer(question, page.by_name, figures), question.see, page.samples)
        page.across(row, page.verdict, page.last, said, SAYS)
        lines = math.ceil(len(str(sheet.value(row, page.verdict))) / ANSWER)
        sheet.heights[row] = PER_LINE * max(lines, 2) + 8
    return row + 2


def _guarded(said: Expr, see: str, samples: Mapping[str, Samples]) -> Expr:
    """The answer, or what keeps it from being one."""
    quoted = f"No answer: a cell that it quotes holds no number. The verdicts of the sheet {see} name it."
    guarded = call("if_error", said, quoted)
    for each in reversed([*samples.values()]):
        lacks = Text("There is no number in ") & each.missing & ": no run means anything."
        guarded = where(each.missing.equals(NONE), guarded, lacks)
    return guarded


def _sheets(page: _Page, top: int) -> int:
    """Every sheet: what it shows, what the check says of it, where its steps are; the row below."""
    sheet = page.sheet
    lists = {made.sheet.name: made.behind.name for made in page.composed if made.behind and not made.behind.secret}
    behind = bool(lists) and page.last > page.verdict
    heads = {1: "sheet", 2: "what it shows", page.last: "all its steps" if behind else ""}
    if page.runs:
        heads |= {page.right: "RMSE, first epoch", page.right + 1: "RMSE, last epoch"}
    page.heads(top, heads, to_the_right=(page.right, page.right + 1))
    if page.check:
        sheet.put(top, page.checked, "against NumPy", replace(HEADER, indent=1))
    sheet.heights[top] = HEAD_HEIGHT if page.runs else LINE
    messages = page.check.messages if page.check else {}
    told: dict[str, Composed | None] = {**page.by_name, **({page.check.sheet.name: None} if page.check else {})}
    for row, (name, made) in enumerate(told.items(), top + 1):
        about = made.about if made else CHECKED_IS
        page.link(row, name)
        page.across(row, 2, page.verdict, about, SAYS)
        sheet.heights[row] = TALL if len(about) > ABOUT else LINE
        if name in messages:
            sheet.put(row, page.checked, messages[name], Style(color=FAINT, indent=1, wrap=True))
            if len(str(sheet.value(row, page.checked))) > CHECKED:
                sheet.heights[row] = TALL
        if made and made.told:
            for column, error in enumerate(made.told.errors[2:4], page.right):
                shown = where(call("is_number", error), error, NONE)
                sheet.put(row, column, shown, Style(number="told", align="right"))
        if behind and name in lists:
            sheet.put(row, page.last, lists[name], Style(color=FAINT))
    said = f"{LISTS_HIDDEN if behind else HIDDEN} {UNHIDE}"
    page.across(row + 1, 1, page.last, said, replace(PROSE, color=FAINT))
    sheet.heights[row + 1] = page.high(said)
    return row + 3


def _legend(page: _Page, top: int, said: Mapping[str, str]) -> int:
    """What the colours say that occur; the row below. said: role -> other words than its usual ones."""
    sheet = page.sheet
    shown = [made.sheet for made in page.composed] + ([page.check.sheet] if page.check else [])
    styles = {style for each in shown for _, style in each.cells.values()} | {f.style for s in shown for f in s.fills}
    looks = {role: look for role, look in ROLES.items() if role in {style.role for style in styles}}
    if not looks:
        return top
    sheet.put(top, 1, "colours", SECTION)
    for row, (role, look) in enumerate(looks.items(), top + 1):
        sheet.put(row, 1, "" if role in said else role, Style(role, header=True))
        sheet.put(row, 2, said.get(role, look.legend), Style(role, box=role == "input"))
        sheet.merged[row, 2] = page.verdict - 1
    return row + 2


def _explained(page: _Page, row: int, reading: Mapping[str, str]) -> None:
    """How to read it all: what every sheet has, what its kinds say where they agree, what the lesson says."""
    sections = {"two errors": TWO_ERRORS} if any(made.told or made.runs for made in page.composed) else {}
    sections |= {
        title: said
        for made in page.composed
        for title, said in made.reading.items()
        if all(other.reading.get(title, said) == said for other in page.composed)
    }
    for title, said in (sections | dict(reading)).items():
        page.sheet.put(row, 1, title, SECTION)
        page.across(row + 1, 1, page.last, said, PROSE)
        page.sheet.heights[row + 1] = page.high(said)
        row += 2
