"""Answers: sentences whose figures are formulas, so that they stay true when an input is typed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import SettingError, did_you_mean
from ..language.expr import Expr, Here, substitute
from ..language.parse import parse
from ..language.reports import joined
from ..workbook.figures import Figures
from .kind import Composed

#: how a figure may be told, beside with so many decimals
FORMS = ("text", "rate", "rate below", "list")
#: a figure in a sentence: its formula, and the form in which it is told
FIGURE = re.compile(r"\{([^{}#]+)(?:#\s*([^{}]+?)\s*)?\}")


@dataclass(frozen=True)
class Question:
    """A question that a lesson answers, in a sentence whose figures live in cells.

    ask: the question. see: the sheet that shows the answer. answer: text with figures in braces, each a formula of
    `figures`, told to two decimals, or with `# 4` to so many, with `# rate` (or `# rate below`, rounded down) as a
    rate, with `# list` as the names of a list, with `# text` as it is. figures: name -> `sheet: figure | of | ...`.
    """

    ask: str
    see: str
    answer: str
    figures: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_forms(self.answer)


def answer(question: Question, sheets: Mapping[str, Composed], tell: Figures) -> Expr:
    """The answer as a formula.

    tell: puts the helper cells of figures. Raises SettingError for a figure that no sheet has.
    """
    figures: dict[str, Expr] = {}
    for name, path in question.figures.items():
        sheet, _, figure = (word.strip() for word in path.partition(":"))
        if sheet not in sheets:
            raise SettingError(f"{path!r} is no figure: there is no sheet {sheet!r}.{did_you_mean(sheet, sheets)}")
        figures[name] = sheets[sheet].figure(figure)

    def named(name: str) -> Expr | None:
        return Here(name) if name in figures else None

    def value(formula: str) -> Expr:
        return substitute(parse(formula, named, figures, reports=True), lambda leaf: _of(leaf, figures))

    return sentence(question.answer, value, tell)


def sentence(text: str, value: Callable[[str], Expr], tell: Figures) -> Expr:
    """A text with figures in braces as a formula. value: gives the expression of a figure from how it is written."""
    parts: list[Expr | str] = []
    at = 0
    told: dict[str, Expr] = {}
    for match in FIGURE.finditer(text):
        if match[0] not in told:
            told[match[0]] = _told(value(match[1]), match[2] or "", tell)
        parts += [text[at : match.start()], told[match[0]]]
        at = match.end()
    return joined([*parts, text[at:]])


def check_forms(text: str) -> None:
    """Raises SettingError where a figure of a text is to be told in a form that there is not."""
    for match in FIGURE.finditer(text):
        if match[2] and match[2] not in FORMS and not match[2].isdecimal():
            forms = ", ".join(FORMS)
            raise SettingError(f"{match[0]} has no form {match[2]!r}: write a number of decimals, {forms}.")


def _of(leaf: Expr, figures: Mapping[str, Expr]) -> Expr:
    return figures[leaf.column] if isinstance(leaf, Here) else leaf


def _told(value: Expr, form: str, tell: Figures) -> Expr:
    if form == "text":
        return value
    if form == "list":
        return tell.names(value)
    if form.startswith("rate"):
        return tell.rate(value, below=form.endswith("below"))
    return tell.number(value, int(form or 2))
