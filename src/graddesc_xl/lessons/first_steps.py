"""For who has never seen a derivative: guess, nudge, step, and step again."""

from __future__ import annotations

from ..parts.data import dataset
from ..plan import Input
from ..sheets.idea import Case, Column, Drawn, Idea, Picture, Result, Sentence, Table
from .lesson import Lesson

#: five bags of cherries; no price per kg fits them all, and 3 fits best, of all lines as of those through 0
CHERRIES = dataset({"kg": [1, 2, 3, 4, 5]}, [4, 5, 8, 13, 15], "cherries", "price")
#: how many steps the last sheet takes
STEPS = 20

_BEST = Result("best", "sum(kg*price) / sum(kg*kg)")
_GUESS = Column("guess", "a*kg", "a · kg", "The guess for this bag: what one kg costs, times its kg.")
_MISS = Column("miss", "guess - price", "miss", "How much too high the guess is; too low, and it is below 0.")
_ERR = Column("err", "miss**2", "miss²", "The miss times itself: large misses count most.", role="error")
_LOSS = Result("loss", "mean(err)", "loss", "the mean of miss²: how wrong the guess is, in one number")


def _a(about: str) -> Input:
    return Input("a", 1.0, "a", about, -100.0, 100.0)


def _lr(rate: float) -> Input:
    return Input("lr", rate, "lr", "the learning rate: how long a step is", 1e-6, 1.0)


#: where the loss is lowest, but for the last digits that one would type
_LOWEST = "abs(a - best) < 0.000000001"


def _hardly(then: str) -> str:
    """Whether the loss is told as the same number before and then."""
    return f"abs({then} - loss) < 0.000001*max(1, loss)"


def _valley(reach: str) -> Table:
    """The loss over a, as far to both sides of the lowest point as `reach`."""
    return Table(
        (
            Column("at", f"best + side/10*{reach}"),
            Column("loss_at", "mean((at*kg - price)**2)"),
        ),
        {"side": tuple(float(side) for side in range(-10, 11))},
    )


_THE_VALLEY = Drawn("the loss for every a", ("at",), ("loss_at",))

GUESS = Idea(
    "guess and error",
    "1. Guess, and see how wrong you are",
    (_a("what you guess that one kg costs"),),
    Table((_GUESS, _MISS, _ERR)),
    Picture(
        "Five bags of cherries, and your guess",
        "kg",
        "price",
        (
            Drawn("your guess: a · kg", ("0", "largest(kg)"), ("0", "a*largest(kg)")),
            Drawn("what each bag cost", ("kg",), ("price",), line=False, markers=True),
            Drawn("by how much it misses", ("along",), ("up",), faint=True),
        ),
        "The price of five bags by their weight, and a line through 0 that a turns; from each bag to the line, the "
        "miss.",
        x_min=0.0,
    ),
    about="A guess, its misses, and one number for how wrong it is.",
    says=(
        "Here is what five bags of cherries cost. Guess what one kg costs: call that number a. The guess for a bag is "
        "a · kg, and it misses the price, too high or too low.",
        "Square each miss, so that too low counts like too high, and take the mean of the squares: that one number "
        "is called the loss.",
    ),
    look={"a": "Type 2 into the yellow cell, then 5. Watch the line. Which a makes the loss smallest?"},
    sentences=(
        Sentence(
            (
                Case(
                    "You found it, to within 0.005: the loss is smallest, {least # 4}, where a is {best # 6}.",
                    "abs(a - best) < 0.005",
                ),
                Case(
                    'Your worst miss is {abs(worst)}, too {where(worst > 0, "high", "low") # text}, for {heaviest} kg. '
                    "A larger a makes the loss smaller: try one.",
                    "a < best",
                ),
                Case(
                    'Your worst miss is {abs(worst)}, too {where(worst > 0, "high", "low") # text}, for {heaviest} kg. '
                    "A smaller a makes the loss smaller: try one."
                ),
            )
        ),
    ),
    results=(
        _LOSS,
        _BEST,
        Result("least", "mean((best*kg - price)**2)"),
        Result("worst", "where(largest(miss) > -smallest(miss), largest(miss), smallest(miss))"),
        Result("heaviest", "index(kg, match(worst, miss, 0))"),
    ),
    folded=(
        Table(  # to each bag along the line, from there to its price and back
            (
                Column("bag", "round_down((corner + 2)/3, 0)"),
                Column("along", "index(kg, bag)"),
                Column("up", "where(mod(corner, 3) == 2, index(price, bag), index(guess, bag))"),
            ),
            {"corner": tuple(float(corner) for corner in range(1, 3 * len(CHERRIES) + 1))},
        ),
    ),
    leads="nudge and slope",
    samples=CHERRIES,
)

NUDGE = Idea(
    "nudge and slope",
    "2. Nudge it, and feel which way is down",
    (
        _a("where you stand"),
        Input("h", 1.0, "h", "the nudge: so much is added to a", 1e-6, 10.0),
    ),
    Table(
        (
            _GUESS,
            Column("err", "(guess - price)**2", "miss²", "Of the guess a · kg.", role="error"),
            Column("nudged", "(a + h)*kg", "(a + h) · kg", "The guess for this bag after the nudge.", role="numerical"),
            Column("err_h", "(nudged - price)**2", "miss² then", "Of the guess after the nudge.", role="numerical"),
        )
    ),
    Picture(
        "The loss is a valley",
        "a",
        "loss",
        (
            _THE_VALLEY,
            Drawn("where you stand, and the nudge", ("a", "a + h"), ("loss", "loss_h"), markers=True),
            Drawn(
                "the slope, as a straight line",
                ("a - 0.4*reach", "a + 0.4*reach"),
                ("loss - 0.4*reach*slope", "loss + 0.4*reach*slope"),
                dashed=True,
            ),
        ),
        "The loss over a, a valley with one lowest point; the points at a and at a + h, and the straight line through "
        "both.",
    ),
    about="A nudge tells how fast the loss rises or falls: the slope.",
    says=(
        "You need not try every a. Nudge it, by h: does the loss rise or fall, and how fast? How much it rises for "
        "each 1 that a grows is the slope, below 0 where it falls.",
    ),
    look={
        "a": "Type 5, then 2. Which side of the valley is it, and which sign has the slope?",
        "h": "Type 0.1, then 0.01. Which number does the slope come near?",
    },
    sentences=(
        Sentence(
            (
                Case("A nudge of 0 is no nudge: type another number for h.", "h == 0"),
                Case("You stand at the lowest point: whichever way you go, the loss rises.", _LOWEST),
                Case("This nudge leaps over the lowest point. Type a smaller h.", "slope*exact <= 0"),
                Case("This nudge hardly changes the loss. Type a larger h.", _hardly("loss_h")),
                Case(
                    "The nudge takes the loss from {loss # 6} to {loss_h # 6}: down is where a is larger.", "slope < 0"
                ),
                Case("The nudge takes the loss from {loss # 6} to {loss_h # 6}: down is where a is smaller."),
            )
        ),
        Sentence(
            (Case("Slopes for h = 1, 0.1, 0.01, 0.001: {slope_1 # 3}, {slope_2 # 3}, {slope_3 # 3}, {slope_4 # 3}."),)
        ),
        Sentence((Case("The smaller h is, the nearer they come to {exact # 3}: that is the derivative."),)),
    ),
    results=(
        Result("loss", "mean(err)", "loss", "the mean of miss²"),
        Result("loss_h", "mean(err_h)", "nudged", "the loss after the nudge, at a + h"),
        Result("slope", "(loss_h - loss) / h", "slope", "(nudged - loss) / h"),
        Result("exact", "mean(2*(guess - price)*kg)"),
        *(
            Result(f"slope_{number}", f"(mean(((a + {h})*kg - price)**2) - loss) / {h}")
            for number, h in enumerate((1, 0.1, 0.01, 0.001), 1)
        ),
        _BEST,
        Result("reach", "max(2, 1.2*max(abs(a - best), abs(a + h - best)))"),
    ),
    folded=(_valley("reach"),),
    leads="one step",
    samples=CHERRIES,
)

STEP = Idea(
    "one step",
    "3. Take one step downhill",
    (_a("where you stand"), _lr(0.02)),
    Table(
        (
            _GUESS,
            _MISS,
            Column(
                "d",
                "2*miss*kg",
                "2 · miss · kg",
                "How fast miss² grows with a: the slope, for this bag, that a nudge as small as you like would have.",
                role="analytic",
            ),
        )
    ),
    Picture(
        "One step in the valley",
        "a",
        "loss",
        (
            _THE_VALLEY,
            Drawn("the step from a to new a", ("a", "new_a"), ("loss", "new_loss"), markers=True),
        ),
        "The loss over a, and a straight line from the point at a to the point at new a.",
    ),
    about="A step against the slope, as long as the learning rate says.",
    says=(
        "The slope says which way is up, and how steep. So go the other way:",
        "new a = a - lr · slope",
        "No nudge is needed. A nudge h makes a miss larger by h · kg, and so miss² by",
        "2 · miss · h · kg + (h · kg)². Divide by h, let h shrink: 2 · miss · kg is left.",
    ),
    look={
        "a": "Type the new a here, again and again: where does it lead you?",
        "lr": "With a = 1 again, type 0.05, then 0.1. When is a step too long?",
    },
    sentences=(
        Sentence(
            (
                Case(
                    "new a = a - lr · slope: of numbers that are too small to be told here.",
                    "0 < abs(lr) and abs(lr) < 0.000001 or 0 < abs(a) and abs(a) < 0.000001",
                ),
                Case("new a = a - lr · slope = {a # 6} - {lr # 6} · ({slope # 4}) = {new_a # 4}"),
            )
        ),
        Sentence(
            (
                Case("This lr does not lead downhill: type one above 0.", "lr <= 0"),
                Case("You stand at the lowest point: the slope is 0, and a step leads nowhere.", _LOWEST),
                Case(
                    "Too long: the step leaps over the lowest point and ends no lower, at a loss of {new_loss # 4}. "
                    "Type a smaller lr.",
                    "limit <= lr",
                ),
                Case(
                    "The step leaps over the lowest point, and ends hardly lower.",
                    f"lr > limit/2 and {_hardly('new_loss')}",
                ),
                Case("The loss hardly falls: the lowest point is very near, or lr very small.", _hardly("new_loss")),
                Case(
                    "The step leaps over the lowest point, and still ends lower: the loss falls from "
                    "{loss # 6} to {new_loss # 6}.",
                    "lr > limit/2",
                ),
                Case("Downhill: the loss falls from {loss # 6} to {new_loss # 6}. Type the new a as a: one more step."),
            )
        ),
    ),
    results=(
        Result("loss", "mean(miss*miss)", "loss", "the mean of miss², before the step"),
        Result("slope", "mean(d)", "slope", "the mean of 2 · miss · kg"),
        Result("new_a", "a - lr*slope", "new a", "where the step ends", "weight"),
        Result("new_loss", "mean((new_a*kg - price)**2)"),
        Result("limit", "1 / mean(kg*kg)"),
        _BEST,
        Result("reach", "max(2, 1.2*max(abs(a - best), abs(new_a - best)))"),
    ),
    folded=(_valley("reach"),),
    leads="many steps",
    samples=CHERRIES,
)

_STAYED = "abs(start - best) < 0.000000001 and abs(last - best) < 0.000000001"
_MIRRORED = "abs(lr - limit) < 0.000000001*limit"
_FOUND = "abs(last - best) < 0.005 and abs(last - best) <= abs(start - best)/2"

MANY = Idea(
    "many steps",
    "4. Many steps: that is learning",
    (Input("start", 1.0, "a", "where the first step starts", -100.0, 100.0), _lr(0.01)),
    Table(
        (
            Column(
                "a",
                "prev(new_a)",
                "a",
                "Where this step starts: the new a of the row above.",
                "start",
                "weight",
                "weight",
            ),
            Column("loss", "mean((a*kg - price)**2)", "loss", "The mean of miss² with this a.", role="error"),
            Column("slope", "mean(2*(a*kg - price)*kg)", "slope", "The mean of 2 · miss · kg.", role="analytic"),
            Column("new_a", "a - lr*slope", "new a", "a - lr · slope.", role="update", number="weight"),
        ),
        {"step": tuple(float(step) for step in range(1, STEPS + 1))},
    ),
    Picture(
        "a after each step",
        "steps",
        "a",
        (
            Drawn("a", ("steps",), ("then",), markers=True),
            Drawn("the best a", ("0", "largest(step)"), ("best", "best"), dashed=True),
        ),
        "a after each step, and the best a as a dashed line.",
        x_min=0.0,
        x_max=float(STEPS),
        legend="right",
    ),
    about="The same step again and again: a machine learns a number.",
    says=(
        "The same step again and again, each from where the last one ended: that is gradient descent, and how "
        "machines learn. Next: samples of your own.",
    ),
    look={
        "start": "Type 5, then 0. Does it come to the same a from there?",
        "lr": "Type 0.001, 0.03, 0.08, then 0.1. Which creeps, is quick, zigzags, flies off?",
    },
    sentences=(
        Sentence(
            (
                Case("This lr does not lead downhill: type one above 0.", "lr <= 0"),
                Case("It starts at the best a: the slope is 0, and no step leads away.", _STAYED),
                Case("It zigzags for ever: each step leaps over it and ends as far off.", _MIRRORED),
                Case("It flies off. Type a much smaller lr.", "limit <= lr and limit < 0.001"),
                Case("It flies off. Type a smaller lr, below {round_down(limit, 4) # 4}.", "limit <= lr"),
                Case("It is quick: {count(step)} steps lead to the best a, to within 0.005.", _FOUND),
                Case("It zigzags: each step leaps over the best a, but ends nearer.", "lr > limit/2"),
                Case(
                    "It creeps: less than half of the way in {count(step)} steps. Type a larger lr.",
                    "abs(last - best) > abs(start - best)/2",
                ),
                Case("It is more than half way there. A somewhat larger lr is quicker."),
            )
        ),
        Sentence((Case("After {count(step)} steps a is {last # 4}. The best a is {best # 4}."),)),
    ),
    results=(
        _BEST,
        Result("last", f"index(new_a, {STEPS})"),
        Result("limit", "1 / mean(kg*kg)"),
    ),
    folded=(
        Table(
            (Column("then", "where(steps == 0, start, index(new_a, max(steps, 1)))"),),
            {"steps": tuple(float(steps) for steps in range(STEPS + 1))},
        ),
    ),
    leads="data",
    samples=CHERRIES,
)

LESSON = Lesson(
    "First steps: how a machine learns a number",
    (GUESS, NUDGE, STEP, MANY),
    "Four sheets, one idea each, from a guess to learning. Begin with the sheet guess and error.",
    name="first-steps",
    opens=GUESS.name,
    colours={
        "input": "yellow: type here",
        "data": "what is given: a bag, the number of a step",
        "weight": "a, before a step",
        "forward": "a guess, and its miss",
        "error": "how wrong: miss² and the loss",
        "numerical": "after a nudge",
        "analytic": "a slope, without a nudge",
        "update": "a, after a step",
        "watch": "a result, to watch",
    },
)
