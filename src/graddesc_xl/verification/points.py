"""The points that a chart keeps of its cells: a long row of them, of which one is read, as nothing compares them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

#: one point, and one or more as plain right behind it
_POINT = rb'<c:pt idx="[0-9]+"><c:v>[0-9.eE+-]+</c:v></c:pt>'
_POINTS = re.compile(rb"(" + _POINT + rb")((?:" + _POINT + rb")+)")


def thinned(chunks: Iterable[bytes], left_out: Callable[[int], object] = lambda _: None) -> Iterator[bytes]:
    """A part's XML without the plain points that follow another one. left_out: told how many elements these are.

    It is well-formed where the whole is, and only there: what may stand where a point stands may be followed by more.

    >>> b"".join(thinned([b'<a><c:pt idx="0"><c:v>1</c:v></c:pt><c:pt idx="1"><c:v>2e-3</c:v></c:pt></a>']))
    b'<a><c:pt idx="0"><c:v>1</c:v></c:pt></a>'
    """

    def first(match: re.Match[bytes]) -> bytes:
        left_out(2 * match[2].count(b"<c:pt "))
        return match[1]

    return (_POINTS.sub(first, chunk) for chunk in chunks)
