"""Colours and number formats: quiet, explicit RGB, one look per role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FONT = "Calibri"
#: of the text in charts, in points
CHART_SIZE = 10
INK, FAINT, RULE, MINOR = "#1F2933", "#505C69", "#C9D1D9", "#ECEFF2"
ACCENT, CONTRAST, THIRD, FOURTH, FIFTH = "#2F6DB5", "#A85C12", "#2E7A4C", "#8A5BB0", "#B8403A"
#: for many curves of one kind, from the first to the last
SPECTRUM = (
    "#1B3A6B",
    "#2F6DB5",
    "#4BA3C3",
    "#3A8F5C",
    "#8DB33A",
    "#D9B13B",
    "#D9822B",
    "#B8403A",
    "#8A5BB0",
    "#6B7785",
    "#A9746E",
    "#2B8C8C",
    "#C77CA5",
)
LINES = (ACCENT, CONTRAST, THIRD, FOURTH, FIFTH)
SIXTH = "#2B8C8C"


@dataclass(frozen=True)
class Look:
    """The fills of a role: its cells and, a shade darker, its header; and what the legend says of it."""

    fill: str
    header: str
    legend: str


ROLES: Mapping[str, Look] = {
    "input": Look("#FFF8DC", "#FBE9A9", "type here: an input"),
    "data": Look("#F5F6F7", "#E3E6E8", "a sample, from the data sheet"),
    "weight": Look("#EEF1FA", "#D7DEF2", "a weight before this step"),
    "forward": Look("#E9F2FB", "#CFE2F5", "the forward pass"),
    "error": Look("#FBEDEB", "#F3D2CD", "the error"),
    "numerical": Look("#FDF2E4", "#F8DFBF", "a numerical derivative: a weight is nudged"),
    "analytic": Look("#EBF5EA", "#CFE6CC", "an analytic derivative"),
    "state": Look("#F3EDF8", "#E0D2EC", "what the optimizer remembers"),
    "update": Look("#E5F4F3", "#C3E4E1", "a weight after this step"),
    "watch": Look("#F7F7F2", "#E8E8DA", "to watch: no step of its epoch depends on it"),
}

FORMATS: Mapping[str, str] = {
    "general": "General",
    "integer": "0",
    "typed": "0.0#########",
    "share": "0.0####",
    "weight": "0.0000",
    "amount": "#,##0.00",
    "small": "0.0000",
    "followed": "#,##0.0000",
    "told": "#,##0.00",
    "relative": '[=0]"0";0.0E+00',
    "thousands": "[>=1000]#,##0;General",
}
SCIENTIFIC = "0.00E+00"
#: in a table that people read an error too large to mean anything is shown as one that is no number, from here on
HUGE, LOST = 1e12, '"–"'
_MILLION, _TINY = "ABS({cell})>=999999.5", "AND({cell}<>0,ABS({cell})<0.001)"
#: number format -> what takes its place, and the condition on a cell under which it does, the first that holds: whole
#: numbers are read up to a million, what is larger is a power of ten. These are conditional formats because the
#: conditions of a number format itself lose the minus sign.
INSTEAD: Mapping[str, Sequence[tuple[str, str]]] = {
    "weight": ((_MILLION, SCIENTIFIC), ("ABS({cell})>=1000", "#,##0.0")),
    "amount": ((_MILLION, SCIENTIFIC), ("ABS({cell})>=100000", "#,##0")),
    "told": (
        (f"ABS({{cell}})>={HUGE:.0f}", LOST),
        (_MILLION, SCIENTIFIC),
        ("ABS({cell})>=100000", "#,##0"),
    ),
    "small": ((_MILLION, SCIENTIFIC), (_TINY, SCIENTIFIC), ("ABS({cell})>=1000", "#,##0.0")),
    "typed": (("OR(ABS({cell})>=10^8,AND({cell}<>0,ABS({cell})<10^-6))", "0.0####E+00"),),
    "followed": (
        ("ABS({cell})>=9999999.5", "0.0####E+00"),
        (_MILLION, "#,##0"),
        ("AND({cell}<>0,ABS({cell})<10^-4)", "0.0####E+00"),
        ("AND({cell}<>0,ABS({cell})<10^-2)", "0.00000000"),
        ("AND({cell}<>0,ABS({cell})<1)", "0.000000"),
    ),
}


def number_format(role: str, *, small: bool = False, given: str = "") -> str:
    """The number format that fits a role's column, if none is given."""
    if given:
        return given
    if small:
        return "small"
    if role == "data":
        return "general"
    return "weight" if role in ("weight", "update") else "amount"


@dataclass(frozen=True)
class Style:
    """What a cell looks like; `write` turns each distinct one into a format of the file."""

    role: str = ""
    number: str = "general"
    header: bool = False
    bold: bool = False
    italic: bool = False
    size: float = 10
    align: str = ""
    valign: str = "vcenter"
    wrap: bool = False
    color: str = INK
    prefix: str = ""
    top: bool = False
    bottom: bool = False
    box: bool = False
    indent: int = 0
    font: str = FONT

    @property
    def number_format(self) -> str:
        """How a number is shown, as a format's code."""
        number = FORMATS.get(self.number, self.number)
        return f'"{self.prefix} "{number}' if self.prefix else number

    def properties(self) -> dict[str, object]:
        """The properties that XlsxWriter takes."""
        look = ROLES.get(self.role)
        properties: dict[str, object] = {
            "font_name": self.font,
            "font_size": self.size,
            "font_color": self.color,
            "num_format": self.number_format,
            "valign": self.valign,
        }
        if look:
            properties["bg_color"] = look.header if self.header else look.fill
        for name, value in (("bold", self.bold), ("italic", self.italic), ("text_wrap", self.wrap)):
            if value:
                properties[name] = True
        if self.align:
            properties["align"] = self.align
        if self.indent:
            properties["indent"] = self.indent
        if self.box:
            properties |= {"border": 1, "border_color": "#D9B84A"}
        if self.top:
            properties |= {"top": 1, "top_color": FAINT}
        if self.bottom:
            properties |= {"bottom": 1, "bottom_color": FAINT}
        return properties


TITLE = Style(bold=True, size=16)
SUBTITLE = Style(color=FAINT, size=11)
SECTION = Style(bold=True, size=12)
TEXT = Style()
PROSE = Style(wrap=True, valign="top")
SAYS = Style(wrap=True)
LABEL = Style(color=FAINT, align="right")
HEADER = Style(bold=True, bottom=True, wrap=True)
HEADER_RIGHT = Style(bold=True, bottom=True, align="right", wrap=True)
LINK = Style(color=ACCENT)
