"""Rows that differ in numbers alone, and points of charts, are not parsed one by one: what is read stays the same."""

from __future__ import annotations

import random
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graddesc_xl.errors import WorkbookError
from graddesc_xl.verification import package, points, reading, sheet_reader
from graddesc_xl.verification.bounds import Bounds
from graddesc_xl.workbook.cells import column_letters

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_KINDS = {"w": "worksheet", "styles": "styles", "strings": "sharedStrings", "chart": "chart"}
PARTS: Mapping[str, str] = {
    "_rels/.rels": f'<Relationships xmlns="{_LINKS}"><Relationship Id="b" Type="{_OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_LINKS}">'
    + "".join(f'<Relationship Id="{id_}" Type="{_OFFICE}/{kind}" Target="{id_}.xml"/>' for id_, kind in _KINDS.items())
    + "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="s" sheetId="1" r:id="w"/>'
    "</sheets></workbook>",
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs>{"<xf/>" * 9}</cellXfs></styleSheet>',
    "xl/strings.xml": f'<sst xmlns="{_MAIN}">{"<si><t>text</t></si>" * 30}</sst>',
    "xl/w.xml": f'<worksheet xmlns="{_MAIN}"><sheetData/></worksheet>',
}


def _written(path: Path, name: str, part: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for each, text in PARTS.items():
            if each != name:
                file.writestr(each, text)
        file.writestr(name, part)
    return path


def _told(path: Path) -> object:
    """What a reading finds, or what it says."""
    try:
        held = reading.load(path).held
    except WorkbookError as problem:
        return re.sub("line [0-9]+, column [0-9]+", "", str(problem))
    cells = held.cells["s"]
    return [(at, repr(cells.get(at)), cells.formula(*at), cells.style(*at)) for at in cells.places]


@pytest.fixture
def rows_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], tuple[object, object]]:
    """What is read of rows: in the fast way, and where every row is parsed as XML."""

    def told(rows: bytes) -> tuple[object, object]:
        part = PARTS["xl/w.xml"].encode().replace(b"<sheetData/>", b"<sheetData>" + rows + b"</sheetData>")
        path = _written(tmp_path / "rows.xlsx", "xl/w.xml", part)
        fast = _told(path)
        with monkeypatch.context() as patch:
            patch.setattr(sheet_reader, "_ROWS_BEGIN", b"<nothing>")
            return fast, _told(path)

    return told


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each row, whether it was one that differs in numbers alone."""
    found: list[bool] = []
    usual = sheet_reader._PlainRows._alike

    def noted(self: Any, piece: bytes, parts: list[bytes]) -> bool:
        found.append(usual(self, piece, parts))
        return found[-1]

    monkeypatch.setattr(sheet_reader._PlainRows, "_alike", noted)
    return found


def _row(row: int, a: str = "1.5", b: str = "-2e-07", **more: str) -> str:
    """A row like others: a number, a formula that is shared, an error and an empty cell."""
    begin = f' ref="B{row}:B99" si="3">A{row}*2</f>' if row == 1 else ' si="3"/>'
    return (
        f'<row r="{row}"><c r="A{row}" s="1"><v>{a}</v></c><c r="B{row}"><f t="shared"{begin}<v>{b}</v></c>'
        f'<c r="C{row}" t="e"><v>#NUM!</v></c><c r="D{row}" s="2"/>{more.get("end", "")}</row>'
    )


def test_rows_that_differ_in_numbers_alone_are_not_looked_at_cell_by_cell(
    rows_told: Callable[[bytes], tuple[object, object]], alike: list[bool]
) -> None:
    """After the row that begins the shared formula and one that shares it, every row is like the one before."""
    fast, parsed = rows_told("".join(_row(n, a=f"{n / 7!r}") for n in (*range(1, 12), 100, 1_048_576)).encode())
    assert fast == parsed
    assert alike[:13] == [False, False, *[True] * 11]


#: of a row like those before it, what else may stand somewhere
ODD: Mapping[str, tuple[str, ...]] = {
    "<v>1.5</v>": (
        *("<v>1_5</v>", "<v>nan</v>", "<v>1e999</v>", "<v>-1e999</v>", "<v> 1.5</v>", "", "<v></v>", "<v/>", "<v>1"),
        *("<v>1.5.</v>", "<v>e</v>", "<v>+</v>", "<v>+1</v>", "<v>1</v><v>2</v>", "<v>1<!-- --></v>", "<v>\0</v>"),
        *("<v>١</v>", "<v>&#49;</v>", "<v>1\x01</v>", "<v><v>1</v></v>", "<x>1.5</x>", "<f>1</f><v>1.5</v>"),
    ),
    'r="5"': ('r="4"', 'r="3"', 'r="05"', 'r="5 "', 'r="1_0"', 'r="1048577"', 'r="6"', "r=''", 'r="0"', 'R="5"'),
    'r="A5"': ('r="A4"', 'r="A05"', 'r="C5"', 'r="B5"', 'r="a5"', 'r="A\0"', 'r="A5" r="A5"', 'r="AAAA5"', 'r="A55"'),
    'si="3"': ('si="2"', 'si="33"', 'si="03"', 'ref="B5:B9" si="3"', ""),
    '<f t="shared" si="3"/>': (
        *('<f t="shared" ref="B5:B9" si="3">A5*3</f>', '<f t="shared" ref="B5:B9" si="4">A5*3</f>', "<f>A5*2</f>"),
        *('<f t="shared" si="3">A5*2</f>', '<f t="shared" si="3"></f>', "<f/>", "", "<f>[1]a!A1</f>", "<f>A5</f>" * 2),
    ),
    "#NUM!": ("#DIV/0!", "#N/A", "text", "1", "", "#NUM", "\x02"),
    ' t="e"': ("", ' t="s"', ' t="str"', ' t="b"', ' t="x"', ' s="3" t="e"', ' s="99" t="e"'),
    '<c r="D5" s="2"/>': (
        "",
        '<c r="C5"/>',
        '<c r="D5" s="99"/>',
        '<c r="D5"/>',
        "<c/>",
        "<!-- </row> -->",
        "<d/>",
        "x",
    ),
    "<row ": ("\n<row ", "<row\n", '<row r="4"/><row ', '<row r="5"/><row ', "<r ", "<!-- -->", "</row><row "),
}


@pytest.mark.parametrize("old", ODD)
def test_a_row_that_is_not_alike_is_read_as_what_it_is_as_xml(
    rows_told: Callable[[bytes], tuple[object, object]], old: str
) -> None:
    """What follows rows that are alike is taken for one of them only where it is, and so are those behind it."""
    for new in ODD[old]:
        rows = [_row(n) for n in range(1, 9)]
        assert old in rows[4], old
        rows[4] = rows[4].replace(old, new, 1)
        fast, parsed = rows_told("".join(rows).encode())
        assert fast == parsed, new


@pytest.mark.parametrize("at", range(2, 8))
def test_a_shared_formula_that_begins_anew(rows_told: Callable[[bytes], tuple[object, object]], at: int) -> None:
    """Who shares it to the right, and below, has the new one."""
    shares = '<c r="E{}"><f t="shared" si="3"/><v>1</v></c>'
    rows = [_row(1), *(_row(n, end=shares.format(n)) for n in range(2, 9))]
    begins = f'<f t="shared" ref="B{at}:E9" si="3">$A$1</f>'
    rows[at] = rows[at].replace('<f t="shared" si="3"/>', begins, 1)
    fast, parsed = rows_told("".join(rows).encode())
    assert fast == parsed
    twice = rows[at].replace('<f t="shared" si="3"/>', begins.replace("$A$1", "$A$2"), 1)
    fast, parsed = rows_told("".join([*rows[:at], twice, *rows[at + 1 :]]).encode())
    assert fast == parsed


@pytest.mark.parametrize("number", ["4", "3", "05", "1_0", " 5", "1048577", "0", "-5", "", "५", "+5", "5.", "\0"])
def test_a_row_of_another_number_is_read_as_what_it_is_as_xml(
    rows_told: Callable[[bytes], tuple[object, object]], number: str
) -> None:
    """However a row and its cells are numbered: as a row before it, beyond a sheet, or by what only looks like one."""
    rows = [_row(n) for n in range(1, 9)]
    rows[4] = rows[4].replace('5"', f'{number}"')
    fast, parsed = rows_told("".join(rows).encode())
    assert fast == parsed


def test_a_formula_of_each_row_is_not_shared(rows_told: Callable[[bytes], tuple[object, object]]) -> None:
    """Rows that repeat a formula letter for letter have it each for itself."""
    fast, parsed = rows_told("".join(_row(n, end=f'<c r="E{n}"><f>$A$1</f><v>1</v></c>') for n in range(1, 9)).encode())
    assert fast == parsed
    assert "'$A$1'" in str(fast)


def test_random_rows_are_often_alike(rows_told: Callable[[bytes], tuple[object, object]], alike: list[bool]) -> None:
    """What the next test damages is what it is about."""
    for seed in range(30):
        fast, parsed = rows_told("".join(_random_rows(random.Random(seed))).encode())
        assert fast == parsed and isinstance(fast, list)
    assert sum(alike) > 0.1 * len(alike)


def _random_rows(source: random.Random) -> list[str]:
    """Rows of the same columns, or of others from some row on."""
    rows, row = list[str](), 0
    columns = sorted(source.sample([*range(1, 30), 700, 16_384], source.randint(1, 7)))
    some = (*["n", "shared"] * 4, "e", "str", "empty"), ("n", "shared", "s", "str", "e", "b", "empty", "own", "inline")
    kinds = [source.choice(some[source.random() < 0.3]) for _ in columns]
    styles = [source.choice(("", f' s="{source.randint(0, 8)}"')) for _ in columns]
    begun = set[int]()
    for _ in range(source.randint(3, 25)):
        row += source.choice((1, 1, 1, 1, 3))
        if source.random() < 0.1:
            begun.clear()
        cells = ""
        for column, kind, style in zip(columns, kinds, styles, strict=True):
            numbers = (source.gauss(0, 1e3), float(source.randint(-9, 9)), 10 ** source.uniform(-300, 300))
            number = repr(source.choice(numbers))
            shared = f' ref="A{row}:A99" si="{column}">A{row}+1</f>' if column not in begun else f' si="{column}"/>'
            if kind == "shared":
                begun.add(column)
            head = f'<c r="{column_letters(column)}{row}"{style}'
            cells += (
                head
                + {
                    "n": f"><v>{number}</v></c>",
                    "shared": f'><f t="shared"{shared}<v>{number}</v></c>',
                    "s": f' t="s"><v>{source.randint(0, 29)}</v></c>',
                    "str": f' t="str"><f>A{row}&amp;"x"</f><v>{source.choice(("–", "1.5", "a"))}</v></c>',
                    "e": f' t="e"><v>{source.choice(("#NUM!", "#DIV/0!"))}</v></c>',
                    "b": f' t="b"><v>{source.randint(0, 1)}</v></c>',
                    "empty": "/>",
                    "own": f"><f>$A$1*2</f><v>{number}</v></c>",
                    "inline": f' t="inlineStr"><is><t>{source.choice(("a", "1"))}</t></is></c>',
                }[kind]
            )
        hidden = source.choice((*[""] * 9, ' hidden="1" outlineLevel="1"'))
        rows.append(f'<row r="{row}"{hidden}>{cells}</row>')
    return rows


_BYTES = b'<>/"=&;!-. \t\n019eEAvcfrs_#\x00\x01\xc3\xff'
_TOKENS = re.compile(rb'<[^<>]*>|"[^"]*"|[^<>"]+')


def _damaged(part: bytes, source: random.Random) -> bytes:
    """A part with some of its bytes or tokens gone, doubled, exchanged or others."""
    for _ in range(source.choice((0, 0, 1, 1, 1, 2, 3))):
        tokens = [match.span() for match in _TOKENS.finditer(part)]
        (a, b), (c, d) = sorted((source.choice(tokens), source.choice(tokens)))
        at = source.randrange(len(part))
        part = source.choice(
            (
                part[:at] + bytes([source.choice(_BYTES)]) + part[at + 1 :],
                part[:at] + bytes([source.choice(_BYTES)]) + part[at:],
                part[:at] + part[at + 1 :],
                part[:a] + part[b:],
                part[:b] + part[a:],
                part[:a] + part[c:d] + part[b:],
                part[:a] + part[c:d] + part[b:c] + part[a:b] + part[d:] if b <= c else part,
            )
        )
    return part


@pytest.mark.fuzz(400, 20_000)
def test_damaged_rows_are_read_as_what_they_are_as_xml(
    rows_told: Callable[[bytes], tuple[object, object]], seeds: Iterable[int]
) -> None:
    """Rows of any kind, most of them damaged somewhere: both ways of reading find the same, or refuse the same."""
    found = []
    for seed in seeds:
        source = random.Random(seed)
        rows = _damaged("".join(_random_rows(source)).encode(), source)
        fast, parsed = rows_told(rows)
        assert fast == parsed, (seed, rows)
        found.append(isinstance(fast, list))
    assert any(found)


def _random_chart(source: random.Random) -> bytes:
    """A chart's XML, or what is like one, with points here and there."""

    def point() -> str:
        value = source.choice(
            (repr(source.gauss(0, 1)), "1", "7", "1e-9", *source.choice(((), ("#N/A", "", "1</c:v><c:v>2"))))
        )
        return f'<c:pt idx="{source.randint(0, 99)}"><c:v>{value}</c:v></c:pt>'

    def some() -> str:
        return "".join(point() for _ in range(source.choice((0, 1, 2, 5, 30))))

    others = ("<!-- {} -->", "<![CDATA[{}]]>", "<c:f>{}</c:f>", "<?x {}?>", "<c:f a='{}'/>")
    around = (*["<c:numCache>{}</c:numCache>"] * 20, *others)
    inside = "".join(source.choice(around).format(some()) for _ in range(4))
    root = source.choice((*["{chart}"] * 6, "{chart}{more}", "{more}{chart}"))
    return root.format(chart=f"<c:c xmlns:c='{_CHART}'>{inside}</c:c>", more=some()).encode()


@pytest.mark.fuzz(300, 20_000)
def test_points_of_charts_may_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: Iterable[int]
) -> None:
    """A part is refused as if all of its points were read, and its elements are counted: those in comments too."""

    made = list[Bounds]()

    def noted(path: Path) -> Bounds:
        made.append(Bounds(path))
        return made[-1]

    def whole(chunks: Iterable[bytes], *_: object, **__: object) -> Iterator[bytes]:
        return iter(chunks)

    monkeypatch.setattr(reading, "Bounds", noted)
    some = 0
    for seed in seeds:
        source = random.Random(seed)
        part = _damaged(_random_chart(source), source)
        path = _written(tmp_path / "chart.xlsx", "xl/chart.xml", part)
        told = _told(path)
        with monkeypatch.context() as patch:
            patch.setattr(reading, "thinned", whole)
            wanted = _told(path)
        assert told == wanted, (seed, part)
        if isinstance(told, list):
            assert made[-2].elements >= made[-1].elements, (seed, part)
        some += len(b"".join(points.thinned([part]))) < len(part)
    assert some


def test_what_is_compared_of_a_chart_is_not_its_points(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all of its points a chart is told as it is without most of them."""
    thin = package.read(tiny)
    monkeypatch.setattr(package, "thinned", iter)
    assert package.read(tiny) == thin
