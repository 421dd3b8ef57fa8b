"""A sheet with one idea of one's own: a number to type, a small table, a sentence that answers, a chart."""

import tempfile

from graddesc_xl import Input, Lesson, build
from graddesc_xl.sheets.idea import Case, Column, Drawn, Idea, Picture, Result, Sentence, Table
from graddesc_xl.verification import reading

full = Drawn("full", ("0", "12"), ("100", "100"), dashed=True)
pool = Idea(
    "the pool",
    "How soon is the pool full?",
    (Input("flow", 12.5, "flow", "m³ that run in each hour", 0.0, 100.0),),
    Table((Column("water", "flow*hour"),), {"hour": tuple(range(13))}),
    Picture("The pool", "hour", "m³", (Drawn("water", ("hour",), ("water",)), full)),
    says=("A pool takes 100 m³. It is empty at first.",),
    look={"flow": "Type 25. Does half the time do?"},
    results=(Result("hours", "100/flow", "hours", "until it is full"),),
    sentences=(Sentence((Case("It is never full.", "flow <= 0"), Case("The pool is full after {hours} hours."))),),
)
built = build(Lesson("A pool", [pool], opens="the pool"), tempfile.mkdtemp())
book = reading.load(built.path)
print(*(said for at in book.used("the pool") if str(said := book.value("the pool", *at)).startswith("The pool is")))
