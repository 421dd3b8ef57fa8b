"""Make the pictures of README and docs from the workbooks: `python make.py pictures [FILE ...]`.

Each shows a part of one sheet, as LibreOffice draws it after it recalculated every formula. `pictures.toml` lists
them; `pictures.json` holds a digest of what each was made from, by which a test tells those that are old.
"""

from __future__ import annotations

import hashlib
import json
import re
import runpy
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import StringIO
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from zipfile import ZipFile

from graddesc_xl.errors import GraddescError, SettingError, did_you_mean
from graddesc_xl.lessons import LESSONS, Lesson
from graddesc_xl.lessons.composing import Composition, compose
from graddesc_xl.numbers.engine import run_plan
from graddesc_xl.plan import Input
from graddesc_xl.sheets.making import Inputs
from graddesc_xl.verification import libreoffice
from graddesc_xl.verification.bounded import Limits
from graddesc_xl.workbook.cells import Formula, a1
from graddesc_xl.workbook.write import write

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
LIST, RECORD = HERE / "pictures.toml", HERE / "pictures.json"
#: to so many digits a number counts in a digest: programs and platforms differ in the last ones
DIGITS = 5
#: dots per inch at which a page is drawn before it is brought to its width
FINE = 220
#: so many of its dots are left white around what is drawn
EDGE = 16
#: how long LibreOffice may take for a workbook, in seconds
LIMITS = Limits(600)
#: where a workbook keeps its sheets
SHEETS = "xl/worksheets/sheet"
#: of a printed sheet: what stands at the head and the foot of its pages, where they end, and their size
_AROUND = re.compile(rb"<(headerFooter|rowBreaks|colBreaks)\b.*?</\1>|<pageSetUpPr[^>]*/>", re.DOTALL)
_SETUP = re.compile(rb"<pageSetup [^>]*/>")
_FITS = b'<pageSetUpPr fitToPage="1"/>'


@dataclass(frozen=True)
class Picture:
    """A part of a sheet, from A1 to a row and a column. typed: numbers that were typed into cells.

    workbook: one that comes with the package, or the file of an example, whose `lesson` is meant. width: in pixels.
    colors: how many, 0 for all: a map needs more than a table.
    """

    file: str
    workbook: str
    sheet: str
    rows: int
    columns: int
    typed: Mapping[str, float] = field(default_factory=dict)
    width: int = 1400
    colors: int = 256

    def __post_init__(self) -> None:
        if self.workbook not in LESSONS and not (EXAMPLES / self.workbook).is_file():
            hint = did_you_mean(self.workbook, LESSONS)
            raise SettingError(f"{self.file}: there is no workbook {self.workbook!r}.{hint}")
        if self.sheet not in described(self.workbook).sheets:
            hint = did_you_mean(self.sheet, described(self.workbook).sheets)
            raise SettingError(f"{self.file}: {self.workbook} has no sheet {self.sheet!r}.{hint}")


def described(workbook: str) -> Lesson:
    """The lesson of a workbook that comes with the package, or that an example makes."""
    return LESSONS[workbook] if workbook in LESSONS else _made_by(workbook)


class _BuiltError(Exception):
    """An example builds a lesson: that is the one it makes, and nothing after it matters here."""


@lru_cache
def _made_by(example: str) -> Lesson:
    def build(lesson: Lesson, *_: object, **__: object) -> None:
        raise _BuiltError(lesson)

    with redirect_stdout(StringIO()), patch.object(Lesson, "build", build):
        try:
            made = runpy.run_path(str(EXAMPLES / example)).get("lesson")
        except _BuiltError as built:
            made = built.args[0]
    if not isinstance(made, Lesson):
        raise SettingError(f"examples/{example} makes no lesson of that name: call it `lesson`.")
    return made


class Typed(Inputs):
    """Input cells, some of which somebody typed into."""

    def __init__(self, numbers: Mapping[str, float]) -> None:
        self.numbers, self.left = numbers, {*numbers}

    def filled(self, sheet: str, at: tuple[int, int]) -> float | None:
        """What somebody filled into a cell that was built empty."""
        cell = f"{sheet}!{a1(*at)}"
        self.left.discard(cell)
        return self.numbers.get(cell)

    def number(self, sheet: str, at: tuple[int, int], given: Input) -> float:
        """The number in the cell of an input."""
        cell = f"{sheet}!{a1(*at)}"
        self.left.discard(cell)
        return self.numbers[cell] if cell in self.numbers else super().number(sheet, at, given)


def listed() -> list[Picture]:
    """The pictures there are to be."""
    return [Picture(**each) for each in tomllib.loads(LIST.read_text(encoding="utf-8"))["picture"]]


def composed(pictures: Iterable[Picture]) -> Iterator[tuple[Composition, list[Picture]]]:
    """The workbooks that pictures are of, each as composed with what was typed into it."""

    def book(of: Picture) -> tuple[str, list[tuple[str, float]]]:
        return of.workbook, sorted(of.typed.items())

    for (name, _), group in groupby(sorted(pictures, key=book), book):
        of = [*group]
        inputs = Typed(of[0].typed)
        made = compose(described(name), run_plan, inputs)
        if inputs.left:
            raise SettingError(f"{of[0].file}: {', '.join(sorted(inputs.left))} of {name} is no cell to type into.")
        yield made, of


def digest(made: Composition, of: Picture) -> str:
    """What stands in a picture: cells and their looks, sizes, and the charts with their points."""
    sheets = {sheet.name: sheet for sheet in made.sheets}
    sheet = sheets[of.sheet]
    seen: list[Any] = [of.rows, of.columns, of.width, of.colors]
    for (row, column), content, style in sorted(sheet.every(), key=lambda cell: cell[0]):
        if row <= of.rows and column <= of.columns:
            seen.append([row, column, _plain(content.value if isinstance(content, Formula) else content), repr(style)])
    seen += [[*at, _plain(value), repr(style)] for at, (value, style) in sorted(sheet.blanks.items())]
    seen += [sorted(sized.items()) for sized in (sheet.widths, sheet.heights, sheet.merged, sheet.folded)]
    seen.append(sorted(sheet.aside))
    for chart in sheet.charts:
        if chart.row <= of.rows and chart.column <= of.columns:
            seen.append(repr(replace(chart, series=())))
            for each in chart.series:
                points = [[*map(_plain, sheets[area.sheet].values(area))] for area in (each.x, each.y)]
                named = each.name if isinstance(each.name, str) else str(each.name.value)
                seen.append([named, points, each.color, each.dashed, each.dash, each.markers, each.width])
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def _plain(value: Any) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value + 0.0:.{DIGITS}g}" if number else str(value)


def old(pictures: Iterable[Picture]) -> dict[str, str]:
    """Those that are not made from the workbooks as they are now: file -> the digest of what it should show."""
    known = recorded()
    found = {of.file: digest(made, of) for made, group in composed(pictures) for of in group}
    return {file: new for file, new in found.items() if known.get(file) != new or not (HERE / file).exists()}


def recorded() -> dict[str, str]:
    """What the pictures were made from."""
    return dict(json.loads(RECORD.read_text(encoding="utf-8"))) if RECORD.exists() else {}


def make(pictures: Sequence[Picture], folder: Path, program: str) -> Iterator[tuple[str, str]]:
    """Make pictures; each file and the digest of what it shows."""
    for made, group in composed(pictures):
        places = [sheet.name for sheet in made.sheets]
        left = sorted(group, key=lambda of: places.index(of.sheet))
        while left:  # of each sheet one at a time
            now = [of for i, of in enumerate(left) if of.sheet not in {each.sheet for each in left[:i]}]
            left = [of for of in left if of not in now]
            digests = [(of.file, digest(made, of)) for of in now]
            _draw(made, now, folder, program)
            yield from digests


def _draw(made: Composition, pictures: Sequence[Picture], folder: Path, program: str) -> None:
    """Print the parts of sheets, each on a page of its own, and nothing else of the workbook."""
    import pypdfium2
    from PIL import Image, ImageChops, ImageOps

    shown = {of.sheet: of for of in pictures}
    for sheet in made.sheets:
        of = shown.get(sheet.name)
        sheet.hidden, sheet.opens = of is None, sheet.name == pictures[0].sheet
        sheet.repeat_rows, sheet.repeat_columns = None, 0
        # LibreOffice prints a hidden sheet that has an area to print
        sheet.printed, sheet.printed_rows = (of.columns, of.rows) if of else (0, 0)
    with TemporaryDirectory() as scratch:
        book = Path(scratch) / "workbook.xlsx"
        write(made.sheets, Path(scratch) / "printed.xlsx", title=made.lesson.title, manifest={})
        with ZipFile(Path(scratch) / "printed.xlsx") as source, ZipFile(book, "w") as out:
            for part in source.namelist():
                out.writestr(part, _on_one_page(source.read(part)) if part.startswith(SHEETS) else source.read(part))
        with libreoffice.converted(book, program, LIMITS, "pdf") as pages:
            document = pypdfium2.PdfDocument(pages)
            assert len(document) == len(pictures), f"{len(document)} pages for {len(pictures)} pictures"
            for page, of in zip(document, pictures, strict=True):
                image = page.render(scale=FINE / 72).to_pil().convert("RGB")
                box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
                image = ImageOps.expand(image.crop(box), EDGE, "white")
                image = image.resize((of.width, round(image.height * of.width / image.width)), Image.Resampling.LANCZOS)
                if of.colors:
                    image = image.quantize(of.colors, Image.Quantize.MAXCOVERAGE)
                image.save(folder / of.file, optimize=True)
            document.close()


def _on_one_page(sheet: bytes) -> bytes:
    """The XML of a sheet that is printed on one page, however small, with nothing around it."""
    sheet = _SETUP.sub(b'<pageSetup paperSize="8" orientation="landscape"/>', _AROUND.sub(b"", sheet))
    if b"</sheetPr>" in sheet:
        return sheet.replace(b"</sheetPr>", _FITS + b"</sheetPr>", 1)
    sheet = re.sub(rb"<sheetPr[^>]*/>", b"", sheet, count=1)
    return re.sub(rb"(<worksheet\b[^>]*>)", rb"\1<sheetPr>" + _FITS + b"</sheetPr>", sheet, count=1)


def main(arguments: Sequence[str]) -> int:
    """Make all pictures, or those that are named, or with --old those that are not what the workbooks show."""
    into = HERE
    names = [*arguments]
    if "--into" in names:
        at = names.index("--into")
        into = Path(names[at + 1])
        into.mkdir(parents=True, exist_ok=True)
        del names[at : at + 2]
    pictures = listed()
    try:
        if "--old" in names:
            names = [*old(pictures)]
            pictures = [of for of in pictures if of.file in names]
        known = [of.file for of in pictures]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise SettingError(f"{LIST.name} lists no {unknown[0]}.{did_you_mean(unknown[0], known)}")
        program = libreoffice.find()
        wanted = [of for of in pictures if not names or of.file in names]
        digests = recorded()
        for file, made_from in make(wanted, into, program):
            print(into / file)
            digests[file] = made_from
        if into == HERE:
            kept = {of.file: digests[of.file] for of in listed() if of.file in digests}
            RECORD.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    except GraddescError as problem:
        print(f"Error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
