"""A model, data and an optimizer of one's own, from a script and from the command line."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import graddesc_xl as gx
from graddesc_xl import cli
from graddesc_xl.errors import GraddescError, GraddescWarning
from scripts import SCRIPT

SIZES, PRICES = [0.5, 0.8, 1.2, 0.65, 1.0, 0.4], [1.1, 1.5, 2.6, 1.4, 2.1, 0.9]


@pytest.fixture
def houses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table of houses."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"sqft": SIZES, "rooms": [2, 3, 4, 2, 3, 1], "price": PRICES})
    frame.to_csv("houses.csv", index=False)
    return tmp_path / "houses.csv"


def call(*words: str) -> str:
    """What a command prints."""
    result = CliRunner().invoke(cli.app, [*words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_script_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text as it is: a table, a model, an optimizer of one's own; a picture, and a workbook that verifies."""
    mpl = pytest.importorskip("matplotlib")
    mpl.use("Agg")
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    size = rng.integers(500, 2500, 24)
    price = np.round(50 + 0.09 * size + rng.normal(0, 8, 24))
    pd.DataFrame({"sqft": size, "price": price}).to_csv("houses.csv", index=False)
    Path("script.py").write_text(SCRIPT, encoding="utf-8")
    left = runpy.run_path("script.py")
    from matplotlib import pyplot as plt

    assert len(plt.figure(1).axes) >= 3
    plt.close("all")
    report = gx.verify("rates.xlsx")
    assert report.ok
    assert [of.sheet for of in report.runs] == [f"yours, lr {rate}" for rate in ("0.001", "0.01", "0.1")]
    assert report.trace("yours, lr 0.01").plan.epochs == 10
    assert left["trace"].errors[-1] < left["trace"].errors[0] / 2


def test_the_script_that_people_would_write(houses: Path) -> None:
    """Data, model, optimizer, experiment, run, three rates as a workbook; the numbers are those of a loop by hand."""
    samples = gx.data(houses, target="price")
    model = gx.model("h = tanh(a*sqft + b); pred = c*h + d", a=0.1, b=0.0)
    nesterov = gx.optimizer("buf = mu*prev(buf) + g; new = w - lr*(g + mu*buf)", mu=0.9)
    with pytest.warns(GraddescWarning, match="does not use rooms of houses"):
        e = gx.experiment(model, samples, optimizer=nesterov, lr=0.01, batch=3, schedule="cosine", loss="huber")
    trace = e.run(epochs=4)
    assert np.allclose(np.sqrt(trace["err"].sum(axis=1)), by_hand(epochs=4), rtol=1e-12)
    rates = [e.with_(lr=rate, epochs=3) for rate in (0.001, 0.01, 0.1)]
    assert [each.name for each in rates] == [f"yours, lr {rate}, 3 epochs" for rate in ("0.001", "0.01", "0.1")]
    built = gx.Lesson("Three rates", rates).build("rates.xlsx")
    assert built.path == Path("rates.xlsx")
    assert gx.verify(built.path).ok


def by_hand(epochs: int) -> list[float]:
    """√Σe² by epoch of that run: plain NumPy, written apart."""
    w, buf = np.array([0.1, 0.0, 1.0, 1.0]), np.zeros(4)
    x, y = np.array(SIZES), np.array(PRICES)
    errors = []
    step, steps = 0, epochs * 2
    for _ in range(epochs):
        squares = 0.0
        for first in (0, 3):
            grads = []
            for k in range(first, first + 3):
                a, b, c, d = w
                h = np.tanh(a * x[k] + b)
                e = c * h + d - y[k]
                squares += e * e
                d_pred = e if abs(e) <= 1 else np.sign(e)
                d_z = d_pred * c * (1 - h * h)
                grads.append([d_z * x[k], d_z, d_pred * h, d_pred])
            g = np.mean(grads, axis=0)
            rate = 0.01 * (1 + np.cos(np.pi * step / steps)) / 2
            buf = 0.9 * buf + g
            w = w - rate * (g + 0.9 * buf)
            step += 1
        errors.append(float(np.sqrt(squares)))
    return errors


def test_changes_make_another_experiment() -> None:
    """Each field and input; a name that says what changed and fits a sheet."""
    e = gx.experiment("a*x + b", gx.GRADDESC, lr=1e-5)
    assert e.name == "sgd"
    assert e.with_(lr=1e-4, optimizer="adam", batch="all").name == "sgd, lr 0.0001, adam, batch all"
    assert len(e.with_(values={"a": 1.5, "b": 2}, schedule="exponential", loss="absolute", epochs=300).name) <= 31
    assert e.with_(values={"a": 3}).run(epochs=1)["a"][0, 0] == 3
    assert e.with_(name="mine", lr=0.5).name == "mine"
    assert e.run({"lr": [1e-5, 1e-4]}, epochs=2).errors.shape == (2, 2)
    with pytest.raises(GraddescError, match=r"no setting 'q'. Known: a, b, lr"):
        _ = e.with_(values={"q": 1}).inputs
    with pytest.raises(GraddescError, match="Did you mean cosine"):
        e.with_(schedule="cosinus")


def test_two_optimizers_without_a_name_in_one_lesson() -> None:
    """Both sheets would be called yours: the sentence says what to write, and that does."""
    texts = ("new = w - lr*g", "new = w - 2*lr*g")
    unnamed = [gx.experiment("a*x + b", gx.GRADDESC, optimizer=text, lr=1e-5) for text in texts]
    with pytest.raises(GraddescError, match=r"another one has it\. Rename what it shows, as in name='yours 2'\."):
        gx.Lesson("Two", unnamed)
    assert gx.Lesson("Two", [unnamed[0], unnamed[1].with_(name="yours 2")]).sheets[2:4] == ["yours", "yours 2"]
    wide = gx.experiment("a*x + b", gx.GRADDESC, name="\N{GRINNING FACE}" * 12).with_(lr=1).with_(epochs=3)
    assert gx.Lesson("Wide", [wide]).sheets[2] == wide.name == "lr 1, 3 epochs"


def test_every_public_name_is_listed() -> None:
    """Completion shows what there is, before anything is imported; each name is what it says."""
    assert set(dir(gx)) == set(gx.__all__)
    for name in gx.__all__:
        assert getattr(gx, name) is not None
    assert callable(gx.experiment)
    assert callable(gx.data)


def test_one_command_makes_a_workbook(houses: Path) -> None:
    """A model typed as text, a table, an optimizer: a workbook that verifies, and runs as from a script."""
    words = ["--model", "c*relu(a*sqft + b) + d", "--data", "houses.csv", "--target", "price", "--inputs", "sqft"]
    trained = ["--optimizer", "torch_adam", "--lr", "0.05", "--epochs", "6", "--set", "a=0.5"]
    assert "mine.xlsx" in call("build", *words, *trained, "-o", "mine.xlsx")
    assert gx.verify("mine.xlsx").ok
    samples = gx.data(houses, target="price", inputs=["sqft"])
    e = gx.experiment("c*relu(a*sqft + b) + d", samples, optimizer="torch_adam", lr=0.05, values={"a": 0.5})
    shown = call("run", *words, *trained)
    assert f"{e.run(epochs=6).errors[-1]:.6g}"[:6] in shown


def test_an_optimizer_typed_as_text() -> None:
    """Its inputs are settings; it is that of a loop by hand."""
    words = ["--model", "a*x + b", "--optimizer", "buf = mu*prev(buf) + g; new = w - lr*buf", "--set", "mu=0.9"]
    shown = call("run", *words, "--lr", "1e-5", "--epochs", "2")
    assert "mu 0.9" in shown
    b = a = 1.0
    bufs = np.zeros(2)
    squares = 0.0
    for x, y in zip(gx.GRADDESC.column("x"), gx.GRADDESC.ys, strict=True):
        e = a * x + b - y
        squares += e * e
        bufs = 0.9 * bufs + np.array([2 * e * x, 2 * e])
        a, b = (a, b) - 1e-5 * bufs
    assert f"{squares**0.5:.3f}" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "Name an experiment"),
        (["run", "--lr", "3"], "--lr is of a model of your own, and there is none"),
        (["build", "--data", "houses.csv"], "--data is of a model of your own"),
        (["run", "basic", "--model", "a*x"], "basic comes with its model"),
        (["build", "graddesc", "--model", "a*x"], "graddesc is a workbook that comes with its models"),
        (["run", "--model", "a^2*x"], "a power is written a**2"),
        (["run", "--model", "a*siz + b", "--data", "houses.csv"], "put sqft, rooms into its lines"),
        (["run", "--model", "a*sqfd + b", "--data", "houses.csv"], "sqfd is taken for a weight: did you mean sqft?"),
        (["run", "--model", "a*sqft + b*Rooms", "--data", "houses.csv"], "leave rooms out: inputs=['sqft'], or"),
        (["run", "--model", "rooms = a*sqft + b", "--data", "houses.csv"], "call it price, which it predicts"),
        (["run", "--model", "price = a*sqft; b*price", "--data", "houses.csv"], "calls a line 'price', as a column"),
        (["run", "--model", "a*x + b", "--optimizer", "v = v + g; w = w - lr*v"], "in the row above is prev(v)"),
        (["run", "--model", "import os"], "is no formula"),
        (["run", "--model", "__import__('os').getcwd()*a*x"], "is no part of a formula"),
        (["run", "--model", "a*x + b", "--target", "y"], "name it with --data"),
        (["run", "--model", "a*sqft", "--data", "houses.csv", "--target", "prise"], "Did you mean price"),
        (["run", "--model", "a*x + b", "--optimizer", "adm"], "Did you mean adam"),
        (["run", "--model", "a*x + b", "--optimizer", "new = w - lr*q*g"], "uses 'q': give it a number"),
        (["run", "--model", "a*x + b", "--loss", "hubr"], "Did you mean huber"),
        (["run", "--model", "a*x + b", "--loss", "logistic"], "targets that are 0 or 1"),
        (["run", "--model", "a*x + b", "--batch", "0"], "batch must be a whole number from 1 to the 29 samples"),
        (["build", "--model", "a*x + b", "--epochs", "100000"], "at most 30,840 epochs fit; or take every 4th sample"),
        (
            ["build", "--model", "a*x + b", "--batch", "30"],
            "batch must be a whole number from 1 to the 29 samples, or 'all'",
        ),
        (["run", "--model", "a*x + b", "--start", "hee"], "Did you mean he"),
        (["run", "--model", "a*x + b", "--set", "a"], "it lacks a value"),
        (["run", "--model", "a x + b"], "is a * missing, as in a*x + b?"),
        (["run", "--model", "2x*a"], "is a * missing, as in 2*x*a?"),
        (["run", "--model", "a(x + b)"], "A product needs its sign: a*(...)"),
        (["run", "--model", "a*x + b", "--loss", "mse"], "Here it is called squared"),
        (["run", "--model", "a*x + b", "--lr", "0,01"], "Write 0,01 with a point: 0.01"),
        (["run", "adam", "--lr=0,5"], "Write --lr=0,5 with a point: --lr=0.5"),
        (["run", "learning", "rates", "--lr", "0.5"], "compares runs by lr"),
        (["run", "learning", "rates", "--loss", "huber"], "leave out --loss"),
        (["build", "houses.csv"], "write --data houses.csv"),
        (["recipe", "lesson.toml"], "is a recipe already: build it with graddesc-xl build lesson.toml"),
        (["run", "--model", "a*x + b", "--set", "a=b"], "'b' is no number"),
        (["run", "--model", "a*x + b", "--set", "q=1"], "has no setting 'q'"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(houses: Path, words: list[str], said: str) -> None:
    """No traceback, nothing evaluated; what to write instead."""
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 2, result.output
    assert said in result.stderr.replace("\n", " ")
    assert len(result.stderr.strip().splitlines()) <= 2


def test_shipped_experiments_take_a_rate() -> None:
    """As `--set lr=` does."""
    words = ["run", "adam", "--epochs", "2"]
    assert call(*words, "--lr", "0.5") == call(*words, "--set", "lr=0.5") != call(*words)
    basic = gx.EXPERIMENTS["basic"]
    assert np.array_equal(basic.run(lr=1e-5, epochs=2).errors, basic.run({"lr": 1e-5}, epochs=2).errors)


def test_a_list_has_every_name() -> None:
    """Models, optimizers, losses and schedules, and the sheets of every workbook."""
    shown = call("list").replace("\n", " ")
    for names in (
        gx.MODELS,
        gx.OPTIMIZERS,
        gx.LOSSES,
        gx.SCHEDULES,
        [kind.sheet for kind in gx.LESSONS["first-steps"].kinds],
    ):
        assert all(name in shown for name in names)


def test_what_the_weights_at_the_end_are_worth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For samples that no step saw their RMSE in the target's units; of labels how many are right."""
    monkeypatch.chdir(tmp_path)
    hours, passed = np.arange(1.0, 13.0), np.arange(12) > 4
    pd.DataFrame({"hours": hours, "passed": passed.astype(int)}).to_csv("exam.csv", index=False)
    words = ["--model", "sigmoid(a*hours + b)", "--data", "exam.csv", "--validation", "0.25", "--scale", "z-score"]
    shown = call("run", *words, "--loss", "logistic", "--lr", "0.5", "--epochs", "3")
    samples = gx.data("exam.csv", validation=0.25, scale="z-score")
    trace = gx.experiment("sigmoid(a*hours + b)", samples, loss="logistic", lr=0.5, epochs=3).run()
    a, b = (float(trace[f"new_{w}"][-1, -1]) for w in "ab")
    learned, unseen = samples.column("hours"), samples.held_out
    assert unseen

    def worth(x: np.ndarray) -> np.ndarray:
        return np.asarray(1 / (1 + np.exp(-(a * (x - learned.mean()) / learned.std() + b))))

    off = worth(unseen.column("hours")) - unseen.ys
    assert f"3 samples that no step saw, with the weights at the end: RMSE {np.sqrt((off**2).mean()):.6g}"[:-1] in shown
    right = int(((worth(learned) > 0.5) == (samples.ys > 0.5)).sum())
    assert f"{right} of 9 samples" in shown and "of 3 samples that no step saw" in shown


def test_long_titles_end_with_a_word() -> None:
    """A model's beginning; an optimizer of a text is called what it does."""
    model = gx.model("h = tanh(a*x + b); g = tanh(c*h + d); another = f*g + e*h + k*x + l")
    assert model.title == "h = tanh(a*x + b); g = tanh(c*h + d); another = f*g + …"
    assert gx.optimizer("new = w - lr*g").title == "new = w - lr*g"


def test_a_column_that_is_left_out_is_said(houses: Path) -> None:
    """Words in a column are nothing to learn from."""
    houses.write_text("city,sqft,price\nBonn,1,2\nUlm,2,3\n", encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["run", "--model", "a*sqft + b", "--data", "houses.csv"])
    assert result.exit_code == 0
    assert "left out, as no cell holds a number: 'city'" in result.stderr


def test_a_column_that_no_line_uses_is_said(houses: Path) -> None:
    """The run goes on: the column may be left out on purpose."""
    result = CliRunner().invoke(cli.app, ["run", "--model", "a*sqft + b", "--data", "houses.csv"])
    assert result.exit_code == 0
    assert "Note: a*sqft + b does not use rooms of houses." in result.stderr


@pytest.mark.parametrize("last", ["", "price = ", "pred = ", "guess = ", "y = ", "err = "])
def test_the_last_line_is_the_prediction_whatever_its_name(houses: Path, last: str) -> None:
    """Called as the target is, it does not take the place of the target: the line is that of least squares."""
    samples = gx.data(houses, target="price", inputs="sqft")
    e = gx.experiment(f"{last}a*sqft + b", samples, lr=0.1, epochs=500, batch="all")
    slope, const = np.polyfit(SIZES, PRICES, 1)
    trace = e.run()
    off = np.array(PRICES) - (slope * np.array(SIZES) + const)
    assert np.isclose(trace.errors[-1], np.sqrt(off @ off), rtol=1e-3)


def test_y_in_a_loss_is_the_target_whatever_else_is_called_so() -> None:
    """An input y, or a line y, beside a target of another name."""
    price = [3.0, 5.0, 4.0]
    other = gx.dataset({"y": [1.0, 2.0, 3.0]}, price, target="price")
    trace = gx.experiment("a*y + b", other, lr=1e-3, epochs=1, batch="all").run()
    assert np.allclose(trace["err"][0], (np.array([2.0, 3.0, 4.0]) - price) ** 2)
    line = gx.experiment("y = a*x; b*y", gx.dataset([1.0, 2.0, 3.0], price, target="price"), lr=1e-3, batch="all").run()
    assert np.allclose(line["err"][0], (np.array([1.0, 2.0, 3.0]) - price) ** 2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", ["1e308", "-1e200"])
def test_numbers_whose_squares_no_float_holds(houses: Path, value: str) -> None:
    """They run, as what explodes at once, and have no line that fits best; a sheet takes no such sample."""
    houses.write_text(f"sqft,price\n1,{value}\n{value},3\n2,1\n", encoding="utf-8")
    words = ["--model", "a*sqft + b", "--data", "houses.csv"]
    assert "exploded at step 1" in call("run", *words)
    result = CliRunner().invoke(cli.app, ["build", *words])
    assert result.exit_code == 2
    assert "use another unit" in result.stderr
