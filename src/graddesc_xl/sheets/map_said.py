"""What a map of runs says of itself, as formulas over its cells: the best run, and up to where none is lost."""

from __future__ import annotations

from collections.abc import Callable

from ..language.expr import Const, Expr, Text, call, where
from ..language.reports import NONE, joined
from ..numbers.verdict import DEAD, EXPLODED_AT, KINDS
from ..plan import Plan
from ..workbook.figures import SIGNIFICANT_TITLES, significant
from ..workbook.reference import Block, Cell
from ..workbook.style import HEADER_RIGHT, TEXT
from .kind import Figure
from .map_panels import ERROR, VERDICT
from .map_places import HELPER, SAID, TOP, UP, Places, positioned, taken

#: to so many digits sentences tell numbers
DIGITS = 3


class Counts:
    """For each value of the axis across (over one input: of that one) how its runs end; a row of helper cells each.

    left: its first column; next: the first free one.
    """

    def __init__(self, of: Places, left: int) -> None:
        self.of, self.left = of, left
        self.axis = of.across or of.up
        self.count = of.columns if of.across else of.rows
        self.each = of.rows if of.across else 1
        self.lowest, self.place = left + 1, left + 2
        self.kinds = {kind: left + 3 + i for i, kind in enumerate(KINDS)}
        self.flags = {kind: left + 3 + len(KINDS) + i for i, kind in enumerate(KINDS)}
        self.next = left + 3 + 2 * len(KINDS)
        of.note(
            TOP - 2, left, f"of the runs with each {self.axis.name}: the lowest error, where, verdicts, whether any"
        )
        for column, title in enumerate((self.axis.name, "lowest", "at", *KINDS, *KINDS), left):
            of.sheet.put(TOP - 1, column, title, HEADER_RIGHT)
        for i in range(self.count):
            self._line(i)

    def _runs(self, panel: int, number: int) -> Block:
        if self.of.across:
            return self.of.column(panel, number)
        return self.of.row(panel, number)

    def _line(self, number: int) -> None:
        of, row = self.of, TOP + number
        value = of.value(number) if of.across else Cell(of.sheet, row, of.upwards.area.left)
        of.sheet.put(row, self.left, value, HELPER)
        verdicts = self._runs(of.shows.index(VERDICT), number)
        for kind in KINDS:
            found = of.sheet.put(row, self.kinds[kind], call("count_if", verdicts, kind), HELPER)
            of.sheet.put(row, self.flags[kind], where(found > 0, 1, 0), HELPER)

    def column(self, place: int) -> Block:
        """One of its columns."""
        return self.of.sheet.block(TOP, place, self.count)

    def total(self, kind: str) -> Expr:
        """How many runs end so."""
        return call("sum", self.column(self.kinds[kind]))

    def first(self, kind: str) -> Expr:
        """The position of the first value with a run that ends so; an error where there is none."""
        return positioned(Const(1.0), self.column(self.flags[kind]), self.count)

    def first_all(self, kind: str) -> Expr:
        """The position of the first value whose runs all end so; an error where there is none."""
        return positioned(Const(float(self.each)), self.column(self.kinds[kind]), self.count)

    def value(self, position: Expr) -> Expr:
        """The value at a position."""
        return taken(self.column(self.left), position, self.count)


def figures(of: Places, counts: Counts) -> dict[str, Figure]:
    """What sentences may quote: see `put` for the words."""
    cells, axis = of.cells, counts.axis

    def picked(name: str) -> Callable[[], Expr]:
        return lambda: cells[name]

    found: dict[str, Figure] = {
        "runs": lambda: Const(counts.count * counts.each),
        "count": counts.total,
        "best": lambda name=ERROR: cells[f"best {name}"],
        "first with": lambda kind: call("if_error", counts.value(counts.first(kind)), NONE),
        "first all": lambda kind: _first_all(counts, kind),
        "last without": lambda kind: _last_without(counts, kind),
        "lowest": lambda: Const(float(axis.values[0])),
        "highest": lambda: Const(float(axis.values[-1])),
        "input": lambda name: cells[f"typed {name}"],
        "picked": lambda name: cells[f"picked {name}"],
        "map": lambda name: cells[f"map {name}"],
        "live": lambda name: cells[f"live {name}"],
    }
    return found


def _first_all(counts: Counts, kind: str) -> Expr:
    """The lowest value whose runs all end so; – where there is none."""
    return call("if_error", counts.value(counts.first_all(kind)), NONE)


def _last_without(counts: Counts, kind: str) -> Expr:
    """The highest value up to which no run ends so; – where the first has one."""
    first, last = counts.first(kind), counts.value(Const(float(counts.count)))
    before = where(first > 1, counts.value(first - 1), NONE)
    return where(counts.total(kind).equals(0), last, call("if_error", before, NONE))


def best(of: Places, place: tuple[int, ...] | None, left: int) -> None:
    """The lowest error, and where NumPy found it, None where no run ends with a number."""
    sheet, panel = of.sheet, of.shows.index(ERROR)
    of.note(TOP - 2, left, "the lowest error; where NumPy found it")
    errors = of.block(panel)
    low = where(call("count", errors) > 0, call("smallest", errors), NONE)
    of.cells[f"best {ERROR}"] = sheet.put(TOP, left, low, HELPER)
    for row, (i, axis) in enumerate(zip(place or (0,) * len(of.axes), of.axes, strict=True), TOP + 1):
        value = float(axis.values[i]) if place else NONE
        of.cells[f"best {axis.name}"] = sheet.put(row, left, value, HELPER)
    top, first = of.corner(panel)
    *across, up = place or (0,) * len(of.axes)
    row = of.rows - 1 - up if of.across else up
    there = Cell(sheet, top + row, first + (across[0] if across else 0))
    of.cells["found"] = sheet.put(TOP + 3, left, there, HELPER)


class _Tell:
    """Figures of sentences, told to three digits: a row of helper cells each."""

    def __init__(self, of: Places, left: int) -> None:
        self.of, self.left, self.count = of, left, 0
        of.note(TOP - 2, left, "figures of the sentences")
        for column, title in enumerate(SIGNIFICANT_TITLES, left):
            of.sheet.put(TOP - 1, column, title, HEADER_RIGHT)

    def __call__(self, value: Expr) -> Cell:
        """The text of a number, – of what is none."""
        self.count += 1
        return significant(self.of.sheet, TOP - 1 + self.count, self.left, value, DIGITS)


def put(of: Places, plan: Plan, counts: Counts, left: int) -> None:
    """The sentences above the panels, and the helper cells of their figures."""
    tell = _Tell(of, left)
    said = [_best(of, counts, tell), _counted(counts)]
    said += [_border(of, counts, kind, tell) for kind in (EXPLODED_AT, *([DEAD] if plan.gates else []))]
    for row, text in enumerate(said, SAID):
        of.sheet.put(row, UP, text, TEXT)


def _best(of: Places, counts: Counts, tell: _Tell) -> Expr:
    """Which run is the best."""
    low = of.cells[f"best {ERROR}"]
    parts: list[Expr | str] = []
    for word, axis in zip((", at ", ", "), of.axes, strict=False):
        parts += [f"{word}{axis.name} = ", tell(of.cells[f"best {axis.name}"])]
    where_found = where(low.equals(of.cells["found"]), joined(parts), ", not where NumPy found it")
    runs = f"Of {counts.count * counts.each:,} runs the lowest error is "
    said = joined([runs, tell(low), where_found, "."])
    return where(call("is_number", low), said, "No run of this map ends with a number.")


def _counted(counts: Counts) -> Expr:
    """How many runs have which verdict."""
    said: Expr = Text("")
    for kind in reversed(KINDS):
        total = counts.total(kind)
        said = said & where(total > 0, Text(f", {kind} ") & total, "")
    return Text("Runs by verdict: ") & call("mid", said, 3, 200) & "."


def _border(of: Places, counts: Counts, kind: str, tell: _Tell) -> Expr:
    """Up to where no run ends so, and from where on all do."""
    name, ends = counts.axis.name, {EXPLODED_AT: "explodes", DEAD: "ends with a dead ReLU"}[kind]
    over = ""
    if of.across:
        low, high = float(of.up.values.min()), float(of.up.values.max())
        over = f" at any {of.up.name} from {low:g} to {high:g}"
    last, every = tell(_last_without(counts, kind)), tell(_first_all(counts, kind))
    some = f"Already at the lowest {name} a run {ends}"
    found = where(last.equals(NONE), some, joined([f"Up to {name} = ", last, f" no run {ends}{over}"]))
    if of.across:
        all_do = joined([f"; the lowest {name} at which every run does: ", every])
        found = found & where(every.equals(NONE), "", all_do)
    return where(counts.total(kind).equals(0), f"No run {ends}.", found & ".")
