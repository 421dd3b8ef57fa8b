"""The overview: what each sheet shows, live errors and verdicts, the legend, error against RMSE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..experiment import CARRIES
from .check import Check
from .figures import Figures
from .live import NONE, Live, call, live, text
from .runs_sheet import RunsSheet
from .sheet import Chart, Link, Series, Sheet
from .steps_list import StepsList
from .style import (
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
from .verdicts import Samples

SHEET = "overview"
HEAD = 5
#: the last column of the table, and where the figures of the answers begin
LAST = 9
FIGURES = (HEAD - 1, LAST + 2)
FOLDED = (
    "Each sheet opens on its first epoch. The + signs at the left unfold the later epochs, each the same picture "
    "further down, and below them the passes of the Reset: the published spreadsheet's button sets the weights back "
    "and looks at the samples up to four times only to fill the optimizer's averages; each says what it hands on."
)
UNFOLD = (
    "Each sheet opens on its first epoch. The + signs at the left unfold the later epochs, each the same picture "
    "further down."
)


@dataclass(frozen=True)
class Answer:
    """A question, the sheet that answers it, and a sentence with the figures by formula."""

    question: str
    sheet: str
    answer: Live


@dataclass(frozen=True)
class Study:
    """What a book shows beyond its experiments.

    sheets: in their order. about: sheet -> what it shows. runs: a sheet, and the one with the runs behind it.
    answers: the questions that the book answers; figures: the numbers that the answers tell.
    """

    sheets: Sequence[Sheet] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    runs: Sequence[tuple[Sheet, RunsSheet]] = ()
    answers: Sequence[Answer] = ()
    figures: Figures | None = None


def compose(
    title: str, subtitle: str, lists: Sequence[StepsList], check: Check, study: Study, samples: Samples
) -> Sheet:
    """Questions with live answers, one row per sheet, a chart that compares runs, and how to read it all."""
    sheet = Sheet(SHEET, tab="#2F6DB5", frozen=(HEAD, 0), one_page=True)
    sheet.put(1, 1, title, TITLE)
    sheet.put(2, 1, subtitle, SUBTITLE)
    sheet.put(
        3,
        1,
        "Every computed number is a formula: type another learning rate or sample into a yellow cell and all follows.",
        SUBTITLE,
    )
    longest = max(len(steps.of.sheet.name) for steps in lists)
    sheet.widths.update(
        {1: max(12, 0.95 * longest), 2: 58, 3: 11, 4: 11, 5: 11, 6: 11, 7: 24, 8: 52, 9: max(16, longest)}
    )
    head = _answered(sheet, study.answers, samples)
    if study.figures:
        study.figures.compose(sheet, "the figures of the answers")
        sheet.printed = LAST
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
    for steps in lists:
        of = steps.of
        name = of.sheet.name
        sheet.put(row, 1, name, LINK)
        sheet.links[row, 1] = Link(name)
        sheet.put(row, 2, of.experiment.about, SAYS)
        sheet.heights[row] = 30 if len(of.experiment.about) > 60 else 20
        for column, what, last in (
            (3, "error", False),
            (4, "error", True),
            (5, "rmse", False),
            (6, "rmse", True),
        ):
            area = of.by_epoch(what)
            at = (area.bottom if last else area.top, area.left)
            sheet.put(row, column, live(of.sheet, at).formula, amount)
        sheet.put(row, 7, live(of.sheet, steps.verdict).formula, Style(bold=True, indent=1))
        sheet.put(row, 8, live(check.sheet, check.messages[name]).formula, Style(color=FAINT))
        sheet.put(row, 9, steps.sheet.name, LINK)
        sheet.links[row, 9] = Link(steps.sheet.name)
        row += 1
    others = {
        "data": "The samples; replace them by your own.",
        **study.about,
        "check": "Every live cell against the value NumPy computed, counted live.",
    }
    for name, about in others.items():
        sheet.put(row, 1, name, LINK)
        sheet.links[row, 1] = Link(name)
        sheet.put(row, 2, about, SAYS)
        if name in check.messages:
            sheet.put(row, 8, live(check.sheet, check.messages[name]).formula, Style(color=FAINT))
        row += 1
    row += 1
    _legend(sheet, row)
    _explained(sheet, row + len(ROLES) + 2, lists)
    series = [
        Series(s.of.sheet.name, s.of.by_epoch("epoch"), s.plotted("compared"), color, markers=True)
        for s, color in zip(lists, SPECTRUM if len(lists) > len(LINES) else LINES, strict=False)
    ]
    most = max(s.of.trace.plan.epochs for s in lists)
    chart = Chart("Error by epoch: the sheets compared", "epoch", "√Σe²", series, row, 3, 720, 400, x_max=most)
    sheet.charts.append(chart)
    return sheet


def _answered(sheet: Sheet, answers: Sequence[Answer], samples: Samples) -> int:
    """The questions, one row each; returns the row below them where the table of sheets begins."""
    if not answers:
        return HEAD
    for column, words in ((1, "see the sheet"), (2, "question"), (3, "answer, from the cells of that sheet")):
        sheet.put(HEAD, column, words, replace(HEADER, wrap=False))
    for column in range(4, 9):
        sheet.put(HEAD, column, "", HEADER)
    for row, answer in enumerate(answers, HEAD + 1):
        sheet.put(row, 1, answer.sheet, LINK)
        sheet.links[row, 1] = Link(answer.sheet)
        sheet.put(row, 2, answer.question, replace(SAYS, bold=True))
        sheet.put(row, 3, _guarded(answer, samples).formula, SAYS)
        sheet.merged[row, 3] = 6
        sheet.heights[row] = 46
    return HEAD + len(answers) + 3


def _guarded(answer: Answer, samples: Samples) -> Live:
    """The answer, or what keeps it from being one."""
    quoted = f"No answer: a cell that it quotes holds no number. The verdicts of the sheet {answer.sheet} name it."
    lacks = text("There is no number in ") & samples.missing & ": no run means anything."
    return call("IF", samples.missing.equals(NONE), call("IFERROR", answer.answer, quoted), lacks)


def _legend(sheet: Sheet, row: int) -> None:
    sheet.put(row, 1, "colours", SECTION)
    for i, (role, look) in enumerate(ROLES.items(), 1):
        sheet.put(row + i, 1, role, Style(role, header=True))
        sheet.put(row + i, 2, look.legend, Style(role, box=role == "input"))


def _explained(sheet: Sheet, row: int, lists: Sequence[StepsList]) -> None:
    sheet.put(row, 1, "two errors", SECTION)
    errors = (
        "√Σe² is the root of the SUM of an epoch's squared errors; the published spreadsheet calls it rmse. "
        "RMSE is the root of their MEAN, in the units of y: √Σe² divided by the root of the number of samples. "
        "Both are measured while the weights move, each sample with the weights of its own step."
    )
    sheet.text(row + 1, 1, errors, PROSE, across=2)
    sheet.heights[row + 1] = 66
    for at, title, said, height in (
        (row + 2, "folded rows", FOLDED if any(s.of.trace.plan.warmup for s in lists) else UNFOLD, 54),
        (row + 4, "from epoch to epoch", _carried(lists), 40),
    ):
        sheet.put(at, 1, title, SECTION)
        sheet.text(at + 1, 1, said, PROSE, across=2)
        sheet.heights[at + 1] = height


def _carried(lists: Sequence[StepsList]) -> str:
    """What an epoch starts from, where all sheets agree on it."""
    carries = {steps.of.experiment.carry for steps in lists}
    if carries == {CARRIES[1]}:
        return (
            "An epoch starts from the weights in the last row of the one before, not from that row's new weights: "
            "so the published spreadsheet's Run button did it, and the last update of each epoch is lost."
        )
    return "An epoch starts from the new weights in the last row of the one before." if len(carries) == 1 else ""
