"""Models, losses and optimizers as a person writes them: named lines of maths in one text.

Lines are parted by semicolons or line ends. They are read with Python's own grammar and never evaluated.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..errors import PlanError, cut, did_you_mean, shown
from ..language.expr import Apply, Const, Expr, Here, Prev, leaves
from ..language.parse import parse, spell
from ..plan import Input
from .equations import NEW, Equation, Optimizer
from .losses import LOSS, Loss
from .models import PREDICTION, Model

#: a text of named lines, or the lines by name, as text or as formulas written in Python
Lines = str | Expr | Mapping[str, str | Expr]
#: the functions that a line of their own makes readable
ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh", "softplus")
_NAMED = re.compile(r"\s*(\w+)\s*=(?!=)(.*)", re.DOTALL)
_LONGEST_TITLE = _LONGEST_NAME = 60


def model(
    lines: Lines = "",
    *,
    layers: Sequence[int | tuple[int, str]] = (),
    inputs: Sequence[str] = ("x",),
    name: str = "",
    title: str = "",
    **starts: float,
) -> Model:
    """A model from text: the last line is the prediction, the data's columns are its inputs, all else are weights.

    lines: as in "h = tanh(a*x + b); pred = c*h + d". layers: instead of lines, the units of each layer of a network,
    with the function that they go through, as in [(3, "tanh"), 1]; inputs: what its first layer takes. name, title:
    its text, if left out. starts: where weights start, which is 1 for those not named.
    Raises PlanError, in a sentence, for what is no formula.

    >>> model("h = tanh(a*sqft + b); price = c*h + d", a=0.1).lines
    {'z': 'a*sqft + b', 'h': 'tanh(z)', 'pred': 'c*h + d'}
    >>> model("c*relu(a*x + b) + d").lines
    {'z': 'a*x + b', 'hid': 'relu(z)', 'pred': 'c*hid + d'}
    >>> model(layers=[(2, "relu"), 1]).lines["z1"]
    'w1*x + b1'
    """
    text = _network(layers, inputs) if layers else lines
    read = _read(text, PREDICTION, f"The model {name}".strip())
    shown_as = [*read][-1]
    whole = "; ".join(f"{line} = {spell(tree)}" for line, tree in read.items())
    said = f"layers of {', '.join(map(_layer, layers))}" if layers else whole.removeprefix(f"{PREDICTION} = ")
    name = name or cut(said, _LONGEST_TITLE)
    trees = _parted(read)
    final = [*trees][-1]
    if final != PREDICTION and PREDICTION in {*trees, *_names(trees.values())}:
        raise PlanError(f"{PREDICTION!r} is what the last line of {name} predicts: rename the other one of that name.")
    texts = {PREDICTION if line == final else line: spell(tree) for line, tree in trees.items()}
    titles = {PREDICTION: shown_as} if shown_as != PREDICTION else {}
    about = {line: f"what {after} is made of" for line, after in _added(read, trees).items()}
    title = title or _titled(said)
    return Model(name, title, (), texts, about, titles=titles, starts=dict(starts), free=True)


def _titled(said: str) -> str:
    """A text as a title: of a long one its beginning, up to a space."""
    return said if len(said) <= _LONGEST_TITLE else f"{said[: _LONGEST_TITLE - 3].rsplit(' ', 1)[0]} …"


def _layer(layer: int | tuple[int, str]) -> str:
    """A layer in words."""
    return str(layer) if isinstance(layer, int) else " ".join(map(str, layer))


def loss(lines: Lines, *, name: str = "", title: str = "loss", **inputs: float) -> Loss:
    """A loss from text: of `pred`, `y` and what the model's lines and weights are called; the last line is the loss.

    inputs: the numbers that it needs, which become input cells.

    >>> loss("e = pred - y; e**2 + strength*a**2", strength=0.1).lines
    {'e': 'pred - y', 'loss': 'e**2 + strength*a**2'}
    """
    read = _read(lines, LOSS, f"The loss {name}".strip())
    name = name or cut("; ".join(map(spell, read.values())), _LONGEST_TITLE)
    for idle in sorted({*inputs} - _names(read.values())):
        raise PlanError(f"The loss {name} does not use {idle!r}.{did_you_mean(idle, sorted(_names(read.values())))}")
    last = [*read][-1]
    texts = {LOSS if line == last else line: spell(tree) for line, tree in read.items()}
    return Loss(name, title, texts, tuple(Input(i, value, i, f"{i}, of the loss") for i, value in inputs.items()))


def optimizer(lines: Lines, *, name: str = "yours", title: str = "", source: str = "", **values: float) -> Optimizer:
    """An optimizer from text: `w` is a weight, `g` its derivative, `lr` the learning rate, `new` the weight after the
    step, `prev(...)` what another line was in the row above.

    values: its inputs, and for lines what `prev` of them reads in the first row, which is 0 for those not named.

    >>> heavy_ball = optimizer("buf = mu*prev(buf) + g; new = w - lr*buf", mu=0.9)
    >>> [i.name for i in heavy_ball.inputs], heavy_ball.equations[0].start
    (['mu'], '0')
    """
    read = _read(lines, NEW, f"The optimizer {name}")
    remembered = {leaf.column for tree in read.values() for leaf in leaves(tree) if isinstance(leaf, Prev)}
    inputs = {given: value for given, value in values.items() if given not in read}
    needed = _wanted(read)
    for lacking in sorted(needed - {*inputs}):
        raise PlanError(f"{name} uses {lacking!r}: give it a number, as in {lacking}=0.9.{did_you_mean(lacking, read)}")
    for idle in sorted({*inputs} - needed):
        raise PlanError(f"{name} does not use {idle!r}.{did_you_mean(idle, sorted({*needed, *read}))}")
    for forgotten in sorted(remembered - {*read}):
        raise PlanError(f"{name} uses prev({forgotten}), but has no line {forgotten} = ....")
    equations = tuple(
        Equation(line, spell(tree), start=spell(Const(float(values.get(line, 0)))) if line in remembered else "")
        if line != NEW
        else Equation(NEW, spell(tree), "new {w}", "{w} after this step")
        for line, tree in read.items()
    )
    made = tuple(Input(i, value, i, f"{i}, of the optimizer") for i, value in inputs.items())
    whole = "; ".join(f"{line} = {spell(tree)}" for line, tree in read.items())
    return Optimizer(name, title or _titled(whole), source or "yours", equations, made)


def needed(lines: Lines) -> set[str]:
    """The names that an optimizer from text takes numbers for: its inputs, and lines that remember.

    >>> sorted(needed("buf = mu*prev(buf) + g; new = w - lr*buf"))
    ['buf', 'mu']
    """
    read = _read(lines, NEW, "The optimizer")
    return _wanted(read) | {leaf.column for tree in read.values() for leaf in leaves(tree) if isinstance(leaf, Prev)}


def _wanted(read: Mapping[str, Expr]) -> set[str]:
    """The names of inputs that equations need."""
    return _names(read.values()) - {"w", "g", "lr", *read}


def _read(lines: Lines, last: str, what: str) -> dict[str, Expr]:
    """The trees of named lines; the last one may go without a name."""
    if isinstance(lines, Expr):
        return {last: lines}
    if isinstance(lines, Mapping):
        pairs: list[tuple[str, str | Expr]] = [*lines.items()]
    elif isinstance(lines, str):
        pairs = [*_split(lines, last, what)]
    else:
        raise PlanError(f"{what} is made of text, as in 'pred = a*x + b', not of {shown(lines)}.")
    if not pairs:
        raise PlanError(f"{what} has no line: write one, as in {last} = ....")
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            raise PlanError(f"{what} has {times} lines called {name!r}: give each a name of its own.")
    reports = last == NEW
    read = {n: tree if isinstance(tree, Expr) else parse(tree, Here, reports=reports) for n, tree in pairs}
    for name in (*read, *_names(read.values())):
        if len(name) > _LONGEST_NAME:
            raise PlanError(f"{what}: {cut(name, 40)} is too long a name: use at most {_LONGEST_NAME} characters.")
    for position, (name, tree) in enumerate(read.items()):
        later = {leaf.column for leaf in leaves(tree) if isinstance(leaf, Here)} & {*[*read][position:]}
        for early in sorted(later):
            if reports and early == name:
                raise PlanError(
                    f"{what}: the line {name} uses {name} itself: what it was in the row above is prev({name}), and "
                    f"the weight after the step is {NEW}, as in m = 0.9*prev(m) + g; {NEW} = w - lr*m."
                )
            if early == name:
                raise PlanError(f"{what}: the line {name} uses {name} itself: give the line a name of its own.")
            raise PlanError(f"{what}: the line {name} uses {early}, which no line before it gives: move that line up.")
    return read


def _split(text: str, last: str, what: str) -> Iterator[tuple[str, str]]:
    """Names and formulas of the lines of a text."""
    found = [line.strip() for line in re.split(r"[;\n]", text) if line.strip()]
    for line in found:
        named = _NAMED.fullmatch(line)
        if named:
            yield named[1], named[2].strip()
        elif line is found[-1]:
            yield last, line
        else:
            raise PlanError(f"{what}: {shown(line)} has no name: write it as in z = {cut(line, 30)}.")


def _names(trees: Iterable[Expr]) -> set[str]:
    """The names that formulas use."""
    return {leaf.column for tree in trees for leaf in leaves(tree) if isinstance(leaf, Here)}


def _parted(read: Mapping[str, Expr]) -> dict[str, Expr]:
    """The lines of a model with a line for each activation, and one for what it acts on.

    So each derivative is a short column, a ReLU that is never on shows, and the logistic loss has what it needs.
    """
    taken = {*read, *_names(read.values())}
    once = _Parting(taken, numbered=False)
    trees = once.lines(read)
    return trees if max(once.made.values(), default=0) < 2 else _Parting(taken, numbered=True).lines(read)


class _Parting:
    """Gives parts of lines lines of their own."""

    def __init__(self, taken: set[str], *, numbered: bool) -> None:
        self.taken, self.numbered = {*taken}, numbered
        self.made: Counter[str] = Counter()

    def lines(self, read: Mapping[str, Expr]) -> dict[str, Expr]:
        """All lines, each new one before the line that it is a part of."""
        self.found: dict[str, Expr] = {}
        for name, tree in read.items():
            self.found[name] = self.whole(tree)
        return self.found

    def whole(self, tree: Expr) -> Expr:
        """A line whose outermost part may be an activation."""
        if not (isinstance(tree, Apply) and _acts(tree)):
            return self.inside(tree)
        args = tuple(map(self.inside, tree.args))
        return Apply(tree.op, tuple(self.line("z", arg) if isinstance(arg, Apply) else arg for arg in args))

    def inside(self, tree: Expr) -> Expr:
        """A part of a line: an activation in it becomes another line."""
        if not isinstance(tree, Apply):
            return tree
        if _acts(tree):
            return self.line("hid", self.whole(tree))
        return Apply(tree.op, tuple(map(self.inside, tree.args)))

    def line(self, base: str, tree: Expr) -> Here:
        """A new line, or one that is there already."""
        known = next((name for name, other in self.found.items() if other == tree), None)
        if known is not None:
            return Here(known)
        self.made[base] += 1
        name = f"{base}{self.made[base]}" if self.numbered else base
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        self.found[name] = tree
        return Here(name)


def _acts(tree: Apply) -> bool:
    """Whether a part of a line is an activation."""
    return tree.op in ACTIVATIONS or (tree.op == "max" and Const(0) in tree.args)


def _added(read: Mapping[str, Expr], trees: Mapping[str, Expr]) -> dict[str, str]:
    """Each line that was not written -> the line that uses it, as it is called."""
    final = [*read][-1]
    return {
        new: (f"the prediction {final}" if after == final else after)
        for new in trees
        if new not in read
        for after, tree in trees.items()
        if Here(new) in leaves(tree)
    }


def _network(layers: Sequence[int | tuple[int, str]], inputs: Sequence[str]) -> dict[str, str]:
    """The lines of a network: h1 = tanh(w1*x + b1) and so on; of several hidden layers the first digit says which."""
    read: dict[str, str] = {}
    sources = [*inputs]
    sizes: list[tuple[int, str]] = [(layer, "") if isinstance(layer, int) else layer for layer in layers]
    if sizes[-1][0] != 1:
        raise PlanError(f"The last layer makes the prediction, one number: give it 1 unit, not {sizes[-1][0]}.")
    for depth, (units, acts) in enumerate(sizes, 1):
        if not isinstance(units, int) or not 1 <= units <= 9:
            raise PlanError(f"A layer has from 1 to 9 units, not {shown(units)}: more would be too wide to read.")
        if acts and acts not in ACTIVATIONS:
            raise PlanError(f"There is no activation {shown(acts)}.{did_you_mean(str(acts), ACTIVATIONS)}")
        final = depth == len(sizes)
        lines = [_unit(depth, unit, len(sizes), sources, acts, final=final) for unit in range(1, int(units) + 1)]
        for line in lines:
            read |= line
        sources = [[*line][-1] for line in lines]
    return read


def _unit(depth: int, unit: int, depths: int, sources: Sequence[str], acts: str, *, final: bool) -> dict[str, str]:
    """The lines of one unit: what it adds up, and what that becomes."""
    number = "" if final else f"{unit}" if depths < 3 else f"{depth}{unit}"
    letter = "v" if final else "w"
    several = len(sources) > 1

    def weight(source: str) -> str:
        own = source.removeprefix("h") if final and depths > 1 else source
        return f"{letter}{number}{'_' if several and number else ''}{own if several else ''}"

    added = " + ".join([*(f"{weight(source)}*{source}" for source in sources), f"b{number}"])
    name = PREDICTION if final else f"h{number}"
    if not acts:
        return {name: added}
    return {f"z{number}": added, name: f"{acts}(z{number})"}
