"""The overview: what each sheet shows, live errors and verdicts, the legend, error against RMSE."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..language.expr import Expr, Text, call, where
from ..language.reports import NONE
from ..workbook.figures import Figures
from ..workbook.sheet import Chart, Link, Sheet
from ..workbook.style import (
    FAINT,
    HEADER,
    HEADER_RIGHT,
    LINES,
    LINK,
    PROSE,
    ROLES,
    SAYS,
    SECTION,
    SPECTRUM,
    SUBTITLE,
    TITLE,
    Style,
)
from . import answers
from .answers import Question
from .check import Check
from .data_sheet import Samples
from .kind import Composed

SHEET = "overview"
HEAD = 5
#: the last column of the table, and where the figures of the answers begin
LAST = 9
FIGURES = (HEAD - 1, LAST + 2)
TWO_ERRORS = (
    "√Σe² is the root of the SUM of an epoch's squared errors; the published spreadsheet calls it rmse. "
    "RMSE is the root of their MEAN, in the units of y: √Σe² divided by the root of the number of samples. "
    "Both are measured while the weights move, each sample with the weights of its own step."
)


def compose(
    title: str,
    subtitle: str,
    questions: Sequence[Question],
    composed: Sequence[Composed],
    check: Check,
    samples: Mapping[str, Samples],
    reading: Mapping[str, str],
) -> Sheet:
    """Questions with live answers, one row per sheet, a chart that compares runs, and how to read it all."""
    runs = [(made, made.told) for made in composed if made.told]
    sheet = Sheet(SHEET, tab="#2F6DB5", frozen=(HEAD, 0), one_page=True)
    sheet.put(1, 1, title, TITLE)
    sheet.put(2, 1, subtitle, SUBTITLE)
    sheet.put(
        3,
        1,
        "Type another learning rate or sample into a yellow cell: all follows but what is marked as NumPy's.",
        SUBTITLE,
    )
    longest = max(len(made.sheet.name) for made in composed if made.told or not runs)
    sheet.widths.update(
        {1: max(12, 0.95 * longest), 2: 58, 3: 11, 4: 11, 5: 11, 6: 11, 7: 24, 8: 52, 9: max(16, longest)}
    )
    head = _answered(sheet, questions, composed, samples)
    heads = (
        "sheet",
        "what it shows",
        "√Σe², first epoch",
        "√Σe², last epoch",
        "RMSE, first epoch",
        "RMSE, last epoch",
        "verdict",
        "against NumPy",
        "all its steps",
    )
    for column, words in enumerate(heads, 1):
        style = HEADER_RIGHT if 3 <= column <= 6 else HEADER
        sheet.put(head, column, words, replace(style, indent=1) if column == 7 else style)
    sheet.heights[head] = 30
    row = head + 1
    amount = Style(number="amount")
    for made, told in runs:
        name = made.sheet.name
        sheet.put(row, 1, name, LINK)
        sheet.links[row, 1] = Link(name)
        sheet.put(row, 2, made.about, SAYS)
        sheet.heights[row] = 30 if len(made.about) > 60 else 20
        for column, error in enumerate(told.errors, 3):
            sheet.put(row, column, error, amount)
        sheet.put(row, 7, told.verdict, Style(bold=True, indent=1))
        sheet.put(row, 8, check.messages[name], Style(color=FAINT))
        if made.behind:
            sheet.put(row, 9, made.behind.name, LINK)
            sheet.links[row, 9] = Link(made.behind.name)
        row += 1
    others = {
        **{made.sheet.name: made.about for made in composed if not made.told},
        "check": "Every live cell against the value NumPy computed, counted live.",
    }
    for name, about in others.items():
        sheet.put(row, 1, name, LINK)
        sheet.links[row, 1] = Link(name)
        sheet.put(row, 2, about, SAYS)
        if name in check.messages:
            sheet.put(row, 8, check.messages[name], Style(color=FAINT))
        row += 1
    row += 1
    _legend(sheet, row)
    _explained(sheet, row + len(ROLES) + 2, composed, reading)
    colors = SPECTRUM if len(runs) > len(LINES) else LINES
    series = [replace(told.curve, color=color) for (_, told), color in zip(runs, colors, strict=False)]
    if not runs:
        return sheet
    most = max(told.epochs for _, told in runs)
    chart = Chart("Error by epoch: the sheets compared", "epoch", "√Σe²", series, row, 3, 720, 400, x_max=most)
    sheet.charts.append(chart)
    return sheet


def _answered(
    sheet: Sheet, questions: Sequence[Question], composed: Sequence[Composed], samples: Mapping[str, Samples]
) -> int:
    """The questions, one row each; returns the row below them where the table of sheets begins."""
    if not questions:
        return HEAD
    for column, words in ((1, "see the sheet"), (2, "question"), (3, "answer, from the cells of that sheet")):
        sheet.put(HEAD, column, words, replace(HEADER, wrap=False))
    for column in range(4, 9):
        sheet.put(HEAD, column, "", HEADER)
    figures = Figures(sheet, FIGURES, "the figures of the answers")
    by_name = {made.sheet.name: made for made in composed}
    for row, question in enumerate(questions, HEAD + 1):
        sheet.put(row, 1, question.see, LINK)
        sheet.links[row, 1] = Link(question.see)
        sheet.put(row, 2, question.ask, replace(SAYS, bold=True))
        said = answers.answer(question, by_name, figures)
        sheet.put(row, 3, _guarded(said, question.see, samples), SAYS)
        sheet.merged[row, 3] = 6
        sheet.heights[row] = 46
    sheet.printed = LAST
    return HEAD + len(questions) + 3


def _guarded(said: Expr, see: str, samples: Mapping[str, Samples]) -> Expr:
    """The answer, or what keeps it from being one."""
    quoted = f"No answer: a cell that it quotes holds no number. The verdicts of the sheet {see} name it."
    guarded = call("if_error", said, quoted)
    for each in reversed([*samples.values()]):
        lacks = Text("There is no number in ") & each.missing & ": no run means anything."
        guarded = where(each.missing.equals(NONE), guarded, lacks)
    return guarded


def _legend(sheet: Sheet, row: int) -> None:
    sheet.put(row, 1, "colours", SECTION)
    for i, (role, look) in enumerate(ROLES.items(), 1):
        sheet.put(row + i, 1, role, Style(role, header=True))
        sheet.put(row + i, 2, look.legend, Style(role, box=role == "input"))


def _explained(sheet: Sheet, row: int, composed: Sequence[Composed], reading: Mapping[str, str]) -> None:
    """How to read it all: what every sheet has, what its kinds say where they agree, what the lesson says."""
    sections = {"two errors": TWO_ERRORS}
    sections |= {
        title: said
        for made in composed
        for title, said in made.reading.items()
        if all(other.reading.get(title, said) == said for other in composed)
    }
    for title, said in (sections | dict(reading)).items():
        sheet.put(row, 1, title, SECTION)
        sheet.text(row + 1, 1, said, PROSE, across=2)
        sheet.heights[row + 1] = 14 * math.ceil(len(said) / 75) + 10
        row += 2
