"""Models, optimizers, losses, tables and recipes that nobody would write: each runs, or is refused in a sentence."""

from __future__ import annotations

import json
import random
import re
import string
from importlib import resources
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graddesc_xl import cli, verify
from graddesc_xl.building import described
from graddesc_xl.errors import GraddescError
from graddesc_xl.lessons import LESSONS, recipe
from graddesc_xl.parts.losses import LOSSES
from graddesc_xl.parts.optimizers import OPTIMIZERS
from graddesc_xl.parts.schedules import SCHEDULES
from test_fuzz import TEXTS, patience


def words(text: str) -> list[str]:
    """What stands between spaces."""
    return text.split()


#: the file that is there if a text was evaluated
TRIP = "evaluated"
#: of so many runs one is built as a workbook and verified
BUILT = 40
MODELS = [
    "a*x + b",
    "c*relu(a*x + b) + d",
    "h1 = tanh(a*x + b); pred = c*h1 + d",
    "c*max(a*x + b, 0) + d",
    "where(x > m, a*x, b*x + c)",
    "k*exp(-(x - m)**2/s)",
    "z = a*x + b; u = sigmoid(z)\nc*u + d*softplus(z)",
    "min(a*x, b, x**2) + abs(c)*sqrt(x)",
    "a*sin(f*x) + b*cos(f*x) + log(x)",
    "a/(x + b) - -c**2",
    "leaky_relu(a*x + b)*c + d",
]
EQUATIONS = [
    "new = w - lr*g",
    "buf = mu*prev(buf) + g; new = w - lr*buf",
    "m = q*prev(m) + (1 - q)*g; v = q*prev(v) + (1 - q)*g**2; new = w - lr*m/(sqrt(v) + 1e-8)",
    "step = prev(step) + 1; new = w - lr*g/step",
    "new = w - lr*where(g > 0, 1, -1)",
]
LINES = ["(pred - y)**2", "e = pred - y; abs(e)", "e = pred - y; where(abs(e) < 1, e**2/2, abs(e) - 0.5)", "e**2 + k"]
#: what a sheet calls its own columns and inputs, what spreadsheets and Python keep for themselves, and functions
NAMES = (
    *words("pred err loss lr h t rate w g new_a d_a est_a err_a avg_a gap_a used_a seen row sample step epoch batch"),
    *words("scale_x x_scaled y x error root norm_a start prev new_b d_z z hid sum last count mean driver steps"),
    *words("c r R1C1 A1 x1 AB12 XFD1048576 TRUE FALSE NA PI SUM IF lr1 b1 _xlnm name print_area overview data check"),
    *words("relu tanh exp max where sigmoid log sqrt abs sin and or not lambda if else import class None True self"),
    *words("__class__ __import__ __builtins__ eval exec open os é Δw ñ ﬁ ᵃ 变量 _ __ a_b a.b numpy np math nan inf"),
    "n" * 300,
)
NUMBERS = ["0", "-0", "1e308", "1e-308", "1e400", "-1e999", "0x10", "1_0", "1j", "nan", "9" * 400, "1e-17", ".5", "1."]
PARTS = [
    *words("+ - * / ** ^ // % @ = == != < > <= ; , ( ) [ ] { } : . ! ~ & | \\ # ' \" ` $ ? := -> ... := \n"),
    f"open('{TRIP}', 'w')",
    f"__import__('os').mkdir('{TRIP}')",
    f"(lambda: open('{TRIP}','w'))()",
    f"[open('{TRIP}','w') for _ in (1,)]",
    "f'{a}'",
    "a if b else c",
    "'text'",
    '="=1+1"',
    "prev(a)",
    "prev(x)",
    "relu()",
    "max(a)",
    "max()",
    "where(a, b)",
    "log(-1)",
    "1/0",
    "x**x**x",
    "a**b",
    "lookup(a, b, c)",
    "text(a)",
    "hyperlink('http://example.org', a)",
    "a < b < c",
    "not a",
    "*a",
    "**a",
    "a=1",
]


def mutated(text: str, choose: random.Random) -> str:
    """A text with some of its words, signs and numbers changed."""
    for _ in range(choose.choice([0, 1, 1, 1, 2, 3, 6])):
        words = re.findall(r"\w+|\s+|[^\w\s]+", text) or [""]
        place = choose.randrange(len(words))
        match choose.randrange(9):
            case 0 | 1:
                named = [i for i, word in enumerate(words) if word.isidentifier()] or [place]
                old, new = words[choose.choice(named)], choose.choice(NAMES)
                words = [new if word == old else word for word in words]
            case 2:
                words[place] = choose.choice(NUMBERS)
            case 3:
                words.insert(place, choose.choice(PARTS))
            case 4:
                words.insert(place, choose.choice(TEXTS))
            case 5:
                words[place : place + choose.randrange(1, 4)] = []
            case 6:
                depth = choose.choice([1, 3, 60, 99, 101, 300])
                opening, closing = choose.choice([("(", ")"), ("-(", ")"), ("tanh(", ")"), ("1 + (", ")"), ("~", "")])
                words = [opening * depth, *words, closing * depth]
            case 7:
                words = words * choose.choice([2, 2, 5, 100])
            case 8:
                words[place] = "".join(choose.choices(string.printable, k=choose.randrange(1, 12)))
        text = "".join(words)
    return text


def call(line: list[str], told: str) -> str:
    """What a command line prints; it ends well: no traceback, and a refusal is one sentence and exit code 2."""
    with patience(60):
        result = CliRunner().invoke(cli.app, line)
    told = f"{told}: {line} ended with {result.exit_code}: {result.output[-3000:]}"
    assert result.exit_code in (0, 2), told
    assert (result.exit_code == 2) == ("Error: " in result.stderr), told
    assert "Traceback" not in result.output and "should not happen" not in result.output, told
    assert len(result.stderr) < 3000, told
    assert not Path(TRIP).exists(), f"{told}: it was evaluated"
    return result.output if result.exit_code == 0 else ""


def tried(line: list[str], seed: int) -> None:
    """Run it; of some make workbooks, in which each formula is one that was meant."""
    call(["run", *line, "--epochs=2"], f"seed {seed}")
    if seed % BUILT == 0:
        made = Path("made.xlsx")
        made.unlink(missing_ok=True)
        line = [word for word in line if not word.startswith("--gradient")]
        if call(["build", *line, "--epochs=2", "-o", "made.xlsx"], f"seed {seed}"):
            assert verify(made).ok, f"seed {seed}: {line}"


def options(choose: random.Random) -> list[str]:
    """Ways to train, most of them as they are meant."""
    line = []
    for name, values in (
        ("lr", ["0.01", "1e-5", "0", "-1", "1e6", "nan", "inf"]),
        ("batch", ["1", "3", "all", "0", "29", "30", "-1", "x", "٣", "1e3"]),
        ("schedule", [*SCHEDULES, "none"]),
        ("start", ["1", "he", "xavier", "normal", "uniform", "nan", "1e308", "x"]),
        ("gradient", ["numerical", "switch", "analytic"]),
        ("seed", ["1", "0", "-1", "100001"]),
        ("set", ["a=0.5", "lr=1", "pred=1", "=1", "a", "a=1e400", "text=1", "name=2", "lines=3"]),
    ):
        if choose.random() < 0.15:
            line.append(f"--{name}={choose.choice(values)}")
    return line


@pytest.mark.fuzz(100, 5000)
def test_any_model_ends_well(seeds: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model, an optimizer or a loss of any text: run, or refused."""
    monkeypatch.chdir(tmp_path)
    for seed in seeds:
        choose = random.Random(seed)
        line = [f"--model={mutated(choose.choice(MODELS), choose)}", *options(choose)]
        if choose.random() < 0.3:
            of = mutated(choose.choice(EQUATIONS), choose) if choose.random() < 0.8 else choose.choice([*OPTIMIZERS])
            line.append(f"--optimizer={of}")
            line += [f"--set={name}=0.9" for name in ("mu", "q") if choose.random() < 0.7 and name in of]
        if choose.random() < 0.2:
            of = mutated(choose.choice(LINES), choose) if choose.random() < 0.8 else choose.choice([*LOSSES])
            line.append(f"--loss={of}")
        tried(line, seed)


CELLS = [
    *words("1 2.5 -3 0 -0 1e308 -1e308 1e-320 1e309 007 1,5 1.234,5 1,234.5 .5 5. +1 1e5 ١٢ 0x10 1_000 1/2 50% $5"),
    *words("=1+1 +1+1 -1+1 @SUM(A1) =cmd|'/C'!A0 =HYPERLINK(\"http://x\") #N/A #REF! NaN inf -inf null - ? TRUE"),
    *("word", "a b", '"', '""', "'", "'=1+1", "\t", "\x00", "\x07", "\ufeff", "a\nb", " ", "", "é", "😀", "{0}", "%s"),
]
ENCODINGS = ["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "utf-16-le", "utf-32"]


def table(choose: random.Random) -> tuple[bytes, list[str]]:
    """The bytes of a table, most of them one that is meant, and its titles."""
    wide = choose.choice([1, 2, 2, 2, 3, 4, 8, 60])
    titles = [f"u{i}" for i in range(wide - 1)] + ["price"]
    for _ in range(choose.choice([0, 0, 1, 2])):
        titles[choose.randrange(wide)] = choose.choice([*NAMES, *CELLS, "living area (m2)", "2nd floor", *titles])
    rows = [[f"{choose.gauss(0, 2):.3f}" for _ in titles] for _ in range(choose.choice([0, 1, 2, 5, 5, 5, 9]))]
    for _ in range(choose.choice([0, 0, 0, 1, 2, 5])):
        if rows:
            row = choose.choice(rows)
            row[choose.randrange(len(row))] = choose.choice(CELLS)
    if rows and choose.random() < 0.15:
        row = choose.choice(rows)
        row[len(row) // 2 :] = choose.choice([[], [*row, "1"], ["1"] * 2000])
    delimiter = choose.choice([",", ",", ",", ";", "\t", "|", " ", ", "])
    quote: str = choose.choice(["{}", "{}", '"{}"', "'{}'"])
    end = choose.choice(["\n", "\n", "\r\n", "\r", "\n\n"])
    text = end.join(delimiter.join(map(quote.format, line)) for line in [titles, *rows]) + choose.choice(["", end])
    raw = text.encode(choose.choice(ENCODINGS), "replace")
    if choose.random() < 0.1:
        place = choose.randrange(len(raw) + 1)
        raw = raw[:place] + choose.randbytes(choose.choice([1, 4, 200])) + raw[place:]
    return raw, titles


@pytest.mark.fuzz(60, 1000)
def test_any_table_ends_well(seeds: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of any text or bytes: learned from, or refused; a title that looks like a formula stays a text."""
    monkeypatch.chdir(tmp_path)
    for seed in seeds:
        choose = random.Random(seed)
        raw, titles = table(choose)
        Path("houses.csv").write_bytes(raw)
        used = choose.choice([title for title in titles if title.isidentifier()] or ["u0"])
        line = [f"--model=weight*{used} + bias", "--data=houses.csv"]
        if choose.random() < 0.3:
            line.append(f"--target={choose.choice(titles)}")
        if choose.random() < 0.2:
            line.append(f"--inputs={used}")
        if choose.random() < 0.2:
            line.append(f"--validation={choose.choice(['0.2', '0.5', '1', '3', '-1', 'nan', 'inf', '0.999'])}")
        tried([*line, "--lr=1e-3"], seed)


@pytest.fixture(scope="module")
def recipes() -> list[str]:
    """Recipes that are meant: the one to begin with, the same with samples of a file, those of the lessons."""
    starter = resources.files("graddesc_xl.lessons").joinpath("starter.toml").read_text(encoding="utf-8")
    filed = 'file = "houses.csv"\ninputs = ["size"]\nscale = "z-score"\nvalidation = 0.2\nseed = 1\n'
    inline = re.compile(r"^inputs = .*\ny = .*\n", re.MULTILINE)
    return [starter, inline.sub(filed, starter, count=1), *(recipe.spell(of) for of in LESSONS.values())]


VALUES = [
    *words('"" "text" "=1+1" 0 -1 1 1.5 1e308 inf nan true [] [1] [[]] {} {a=1} 1979-05-27 "é" 100001 99999999999'),
    *words('"adam" "a*x + b" "relu(a*x)" "{price}" "data" [1.0,2.0] ["x"] "one_neuron" "steps" \'\'\'a\'\'\''),
]


def mangled(text: str, choose: random.Random) -> str:
    """A recipe with some of its lines changed."""
    lines = text.split("\n")
    for _ in range(choose.choice([1, 1, 1, 2, 4])):
        place = choose.randrange(len(lines))
        key, equals, value = lines[place].partition(" = ")
        match choose.randrange(9):
            case 0 | 1 | 2 if equals:
                lines[place] = f"{key} = {choose.choice(VALUES)}"
            case 3 if equals:
                lines[place] = f"{choose.choice([*NAMES, key + 'x'])} = {value}"
            case 4:
                lines[place : place + choose.choice([1, 1, 5])] = []
            case 5:
                lines.insert(place, choose.choice([line for line in lines if line]))
            case 6 if value[:1] == '"':
                lines[place] = f"{key} = {json.dumps(mutated(value.strip(chr(34)), choose))}"
            case 7:
                at = choose.randrange(len(lines[place]) + 1)
                lines[place] = lines[place][:at] + choose.choice([*TEXTS, *PARTS]) + lines[place][at + 1 :]
            case _:
                numbers = re.findall(r"-?\d+\.?\d*", lines[place])
                if numbers:
                    lines[place] = lines[place].replace(choose.choice(numbers), choose.choice([*NUMBERS, '"x"']), 1)
    return "\n".join(lines)


@pytest.mark.fuzz(60, 1000)
def test_any_recipe_ends_well(
    seeds: range, recipes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recipe of any lines makes a lesson, which its own recipe makes again, or is refused in a sentence."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{0.1 * i:.1f},{0.3 * i % 1.7:.2f},{0.2 * i + 1:.1f}\n" for i in range(9))
    Path("houses.csv").write_text(f"size,rooms,price\n{rows}", encoding="utf-8")
    for seed in seeds:
        choose = random.Random(seed)
        # the one to begin with is small enough to build
        text = mangled(choose.choice([*recipes[:2], choose.choice(recipes)]), choose)
        told = f"seed {seed}: {text}"
        Path("mine.toml").write_text(text, encoding="utf-8", errors="replace")
        try:
            with patience(60):
                of = described(Path("mine.toml"))
                again = recipe.read(recipe.spell(of))
                assert (again.kinds, recipe.spell(again)) == (of.kinds, recipe.spell(of)), told
        except GraddescError as problem:
            assert str(problem).strip().endswith((".", "?")), f"{told}\n{problem}"
        except Exception as problem:
            raise AssertionError(told[:20000]) from problem
        assert not Path(TRIP).exists(), told
        if seed % BUILT == 0 and len(text) < 2 * len(recipes[0]):
            call(["build", "mine.toml", "--force"], told[-6000:])
