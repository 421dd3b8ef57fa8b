"""The legend is true of every sheet of every lesson, and whatever is written can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from graddesc_xl import COMPARISONS, EXPERIMENTS, LESSONS
from graddesc_xl.language.expr import Here, Prev, leaves
from graddesc_xl.plan import Plan
from graddesc_xl.workbook.cells import Formula
from graddesc_xl.workbook.sheet import Sheet
from graddesc_xl.workbook.style import INK, LINES, ROLES, Style
from once import composed

PLANS = [
    *(e.plan for e in EXPERIMENTS.values()),
    *(e.plan for of in COMPARISONS.values() for _, _, e in of.runs()),
]


@pytest.fixture(scope="module", params=LESSONS)
def sheets(request: pytest.FixtureRequest) -> Sequence[Sheet]:
    """All sheets of a lesson."""
    return composed(request.param).sheets


def typable(sheet: Sheet) -> set[tuple[int, int]]:
    """The cells that may be typed into."""
    return {
        (top + i, left + j)
        for (top, left), rule in sheet.rules.items()
        for i in range(rule.rows)
        for j in range(rule.columns)
    }


def test_what_has_the_colour_of_inputs_is_one(sheets: Sequence[Sheet]) -> None:
    """A cell in the input colour holds a number to type over, with a rule; only the legend's own sample does not."""
    legend = {ROLES["input"].legend, *(said for of in LESSONS.values() for said in of.colours.values())}
    for sheet in sheets:
        rules = typable(sheet)
        for at, content, style in sheet.every():
            if style.role == "input" and not style.header and content not in legend:
                assert not isinstance(content, Formula), sheet.address(*at)
                assert at in rules, sheet.address(*at)


def test_what_may_be_typed_over_has_the_colour_of_inputs(sheets: Sequence[Sheet]) -> None:
    """Each cell with a rule that holds a constant is in the input colour."""
    for sheet in sheets:
        for at in typable(sheet):
            content, look = sheet.content(*at), sheet.look(*at)
            if content is not None and not isinstance(content, Formula):
                assert look and look.role == "input", sheet.address(*at)


def watched(plan: Plan) -> set[str]:
    """The columns to watch that some weight after a step, or what a step starts from, depends on."""
    needed = {plan.new(w) for w in plan.weights} | {s.column for s in plan.starts} | {s.carry for s in plan.starts}
    size = 0
    while size < len(needed):
        size = len(needed)
        exprs = [plan.column(name).expr for name in needed]
        needed |= {leaf.column for expr in exprs for leaf in leaves(expr) if isinstance(leaf, (Here, Prev))}
    return {name for name in needed if plan.column(name).role == "watch"}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_no_step_depends_on_what_is_only_watched(plan: Plan) -> None:
    """As the legend says of the columns to watch."""
    assert not watched(plan)
    assert "no step of its epoch depends on it" in ROLES["watch"].legend


def brightness(color: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of WCAG 2, from 1 to 21."""
    dark, light = sorted((brightness(one), brightness(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_by_hand() -> None:
    """Black on white is 21 to 1."""
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def ground(style: Style) -> str:
    """What is behind a cell's text."""
    look = ROLES.get(style.role)
    return "#FFFFFF" if look is None else look.header if style.header else look.fill


def looks(sheet: Sheet) -> Iterator[tuple[Style, bool]]:
    """Each look of a sheet, and whether it is that of maths."""
    for content, style in sheet.cells.values():
        yield style, style.italic and bool(style.role) and isinstance(content, str) and " = " in content
    for fill in sheet.fills:
        yield fill.style, False


def test_all_text_can_be_read(sheets: Sequence[Sheet]) -> None:
    """Of every cell the contrast is 4.5 to 1 at least, of maths 7 to 1."""
    for sheet in sheets:
        for style, maths in {*looks(sheet)}:
            assert contrast(style.color, ground(style)) >= (7 if maths else 4.5), (sheet.name, style)


def test_curves_can_be_told_from_paper() -> None:
    """Colours of curves stand out from white; so does ink from every fill."""
    assert all(contrast(color, "#FFFFFF") >= 4.5 for color in LINES)
    assert all(contrast(INK, look.header) >= 7 for look in ROLES.values())
