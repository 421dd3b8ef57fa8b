"""The study of two neurons: the sheets that answer the questions a second neuron raises, and the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..comparisons import COMPARED_OPTIMIZERS, FIXES, INITIAL_WEIGHTS, LEARNING_RATES, TWO
from . import comparison_sheet, derivatives_sheet, relu_shape, speed_limit_sheet
from .comparison_sheet import ComparisonSheet
from .figures import Figures
from .layout import FIRST_DATA
from .live import Live, call, live, text
from .making import Making
from .overview import FIGURES, Answer, Study
from .speed_limit_sheet import SpeedLimit
from .steps_list import StepsList
from .verdicts import Samples

COLLAPSE, RELU = "basic SGD 2 neuron collapse", "basic SGD 2 neuron ReLU"
MOMENTUM = "momentum 2 neuron collapse"
#: the sheets that hold no experiment or comparison
SHOWS = (relu_shape.SHEET, speed_limit_sheet.SHEET, derivatives_sheet.SHEET)
ONE, STACKED, WITH_RELU = "1 neuron", *TWO


def study(making: Making, lists: Mapping[str, StepsList], progress: Callable[[str], None]) -> Study:
    """The sheets of the study, in their order, and the answers to the questions."""
    made: dict[str, ComparisonSheet] = {}
    for of in (COMPARED_OPTIMIZERS, LEARNING_RATES, INITIAL_WEIGHTS, FIXES):
        progress(of.name)
        made[of.name] = comparison_sheet.compose(of, making)
    shape = relu_shape.compose(making)
    limit = speed_limit_sheet.compose(making)
    derivatives = derivatives_sheet.compose(making, lists[COLLAPSE])
    middle = (shape, limit.sheet, derivatives)
    rates, starts, fixes, optimizers = (
        made[of.name] for of in (LEARNING_RATES, INITIAL_WEIGHTS, FIXES, COMPARED_OPTIMIZERS)
    )
    figures = Figures(FIGURES)
    return Study(
        sheets=(optimizers.sheet, rates.sheet, starts.sheet, *middle, fixes.sheet),
        about={
            optimizers.sheet.name: "All optimizers on the three models, by epoch.",
            rates.sheet.name: "The three models at eight rates: where each learns, explodes or dies.",
            starts.sheet.name: "The same rate from other start weights.",
            shape.name: "Both functions over x, from four weights to play with.",
            limit.sheet.name: "By how much each step multiplies its own residual, and the rate it would bear.",
            derivatives.name: "Numerical against exact derivatives as h shrinks, and where they vanish.",
            fixes.sheet.name: "What makes two neurons train, each alone against the same baseline.",
        },
        runs=[(made.sheet, made.runs) for made in (optimizers, rates, starts, limit, fixes)],
        figures=figures,
        answers=(
            _smarter(figures, rates),
            _explodes(figures, limit, lists[COLLAPSE]),
            _right_rate(figures, rates, limit),
            _starts(figures, starts),
            _relu(figures, lists[RELU], making.samples),
            _same(figures, lists[COLLAPSE], making),
            _beats(figures, fixes),
            _momentum(figures, lists[MOMENTUM], optimizers),
        ),
    )


def _smarter(tell: Figures, rates: ComparisonSheet) -> Answer:
    row = rates.of.rows[2].title
    one, two = (rates.first(row, group) for group in (ONE, STACKED))
    said = (
        text("Not smarter: two stacked lines are one line. ")
        & call("IF", two < one, "Faster at first", "Here not even faster")
        & ": after one epoch with learn "
        & tell.rate(rates.input(row, "lr"))
        & " two neurons are at √Σe² "
        & tell.number(two)
        & ", one at "
        & tell.number(one)
        & ". What makes it faster, a larger |grad pred|², also lowers its speed limit: with learn "
        & tell.rate(rates.input("1e-4", "lr"))
        & " one neuron: "
        & rates.verdict("1e-4", ONE)
        & ", two: "
        & rates.verdict("1e-4", STACKED)
        & "."
    )
    return Answer("Is the bigger model smarter or faster?", rates.sheet.name, said)


def _explodes(tell: Figures, limit: SpeedLimit, collapse: StepsList) -> Answer:
    first, one = limit.first[STACKED], limit.first[ONE]
    typed = live(collapse.of.sheet, collapse.of.layout.cell("lr"))
    said = (
        text("With learn ")
        & tell.rate(limit.rate)
        & " two neurons first overshoot at step: "
        & first
        & "; one neuron: "
        & one
        & ". For one neuron |grad pred|² is x² + 1, whatever its weights. For two it grows with the weights: an "
        "overshoot that throws them far out makes the next factor, and with it error and derivatives, worse still. "
        "The collapse sheet with learn " & tell.rate(typed) & ": " & live(collapse.of.sheet, collapse.verdict) & "."
    )
    return Answer("Why do error, weights and derivatives explode?", limit.sheet.name, said)


def _right_rate(tell: Figures, rates: ComparisonSheet, limit: SpeedLimit) -> Answer:
    said = (
        text("The largest that neither explodes nor kills the ReLU: of these rates one neuron takes ")
        & tell.rate(rates.largest_learning(ONE))
        & ", two take "
        & tell.rate(rates.largest_learning(STACKED))
        & ". Try rates a factor of 3 apart; a lower error after a few epochs may only be less jitter. Safe without "
        "trying: below 1/|grad pred|² of every sample, with these start weights "
        & tell.rate(limit.most[ONE], below=True)
        & " for one neuron, "
        & tell.rate(limit.most[STACKED], below=True)
        & " for two, and less once their weights grow."
    )
    return Answer("What learning rate is right, and how would one know?", rates.sheet.name, said)


def _starts(tell: Figures, starts: ComparisonSheet) -> Answer:
    def end(row: str) -> Live:
        return tell.number(starts.error(row, STACKED))

    said = (
        text("Near the line they do: the line itself ends at ")
        & end("the line itself")
        & ", nearly the line at "
        & end("nearly the line")
        & "; all 0.1, 0.5 and 1 at "
        & end("all 0.1")
        & ", "
        & end("all 0.5")
        & " and "
        & end("all 1")
        & ". All 0: "
        & starts.verdict("all 0", STACKED)
        & ", for c = 0 cuts off a and b, and h = 0 cuts off c. A ReLU that starts closed for every sample: "
        & starts.verdict("a dead ReLU", WITH_RELU)
        & "."
    )
    return Answer("Do better start weights help?", starts.sheet.name, said)


def _relu(tell: Figures, relu: StepsList, samples: Samples) -> Answer:
    verdict = live(relu.of.sheet, relu.verdict)
    dead = call("IFERROR", call("LEFT", verdict, 4.0), "").equals("dead")
    died = (
        text(". It stops the explosion by dying: an overshoot makes a·x + b not positive for every sample, so the ")
        & "derivatives by a, b and c are 0. These three have not found their optimum, they are cut off. Only d still "
        "learns: at best the mean of y, with √Σe² " & tell.number(samples.constant_error) & "."
    )
    open_ = ". While a·x + b stays positive the ReLU changes nothing; an overshoot can close it for every sample."
    said = text("This run: ") & verdict & call("IF", dead, died, open_)
    return Answer("Does ReLU save it, and why do three of four weights stop?", RELU, said)


def _same(tell: Figures, collapse: StepsList, making: Making) -> Answer:
    row = collapse.lines[0]
    sheet = collapse.sheet
    slope, intercept = (live(sheet, (row + 1, collapse.place(0, name))) for name in ("slope", "intercept"))
    pred = live(sheet, (row + 1, collapse.place(0, "pred")))
    x = live(making.samples.sheet, (FIRST_DATA + 1, 2))
    line, at = slope * x + intercept, tell.number(x)

    def figure(value: Live) -> Live:
        return tell.number(value, 4)

    said = (
        text("Yes: c·(a·x + b) + d is the line (a·c)·x + (c·b + d). At step 2, x = ")
        & at
        & ": "
        & figure(slope)
        & "·"
        & at
        & " + "
        & figure(intercept)
        & " = "
        & figure(line)
        & ", and the two neurons predict "
        & figure(pred)
        & ". The columns slope and intercept show it at every step."
    )
    return Answer("Is a stacked linear model the same as a single one?", COLLAPSE, said)


def _beats(tell: Figures, fixes: ComparisonSheet) -> Answer:
    said = text("Not on these samples: they lie on a line, which one neuron can be exactly. ReLU against one neuron: ")
    for row, end in (("smaller rate", "; "), ("Adam", "; "), ("x scaled", ". ")):
        with_relu, one = (tell.number(fixes.error(row, group)) for group in (WITH_RELU, ONE))
        said = said & f"{row} " & with_relu & " against " & one & end
    said = said & "It is as good once it trains, and with some fixes faster. A ReLU pays where data bend (ReLU shape)."
    return Answer("Can the ReLU sandwich beat one neuron?", fixes.sheet.name, said)


def _momentum(tell: Figures, momentum: StepsList, optimizers: ComparisonSheet) -> Answer:
    errors = momentum.of.by_epoch("error")
    last = live(momentum.of.sheet, (errors.bottom, errors.left))
    plain = optimizers.error("plain SGD", STACKED)
    said = (
        text("An average of the last derivatives, smoother and later than each of them (see the chart of both). After ")
        & f"{momentum.of.trace.plan.epochs} epochs it ends at "
        & tell.number(last)
        & ", plain SGD on the sheet optimizers at "
        & tell.number(plain)
        & ". It does not lift the speed limit: with learn 0.0001 it explodes as well, only later (sheet fixes)."
    )
    return Answer("What does momentum look like?", MOMENTUM, said)
