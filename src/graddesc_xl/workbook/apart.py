"""Curves of one chart, told apart without their colours as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .sheet import Series
from .style import LINES, RULE, SIXTH

#: so many curves a reader can follow in one chart
MOST = 6
COLORS = (*LINES, SIXTH)
#: of one curve after the other: dashes above a broad line leave both to be seen where two are the same
DASHES = ("solid", "dash", "long_dash", "square_dot", "dash_dot", "round_dot")
MARKERS = ("circle", "diamond", "square", "triangle", "x", "plus")
BROADEST, NARROWER = 2.75, 0.3
#: what a legend says of a curve that its chart does not show as a whole
LEAVES = " (leaves the chart)"


def apart(series: Sequence[Series], *, most: int = MOST) -> list[Series]:
    """Each curve with a colour, dash, marker and width of its own; those after `most` faint, behind the others."""
    looks = zip(series[:most], COLORS, DASHES, MARKERS, strict=False)
    told = [
        replace(curve, color=color, dash=dash, marker=marker, width=round(BROADEST - NARROWER * i, 2))
        for i, (curve, color, dash, marker) in enumerate(looks)
    ]
    rest = [replace(curve, color=RULE, markers=False, width=1.0, faint=True) for curve in series[len(told) :]]
    return [*rest, *told]
