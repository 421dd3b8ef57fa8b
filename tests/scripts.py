"""Scripts as people write them: run, and read by a type checker."""

from __future__ import annotations

#: data, a model, an optimizer, an experiment, a picture, a workbook
SCRIPT = """
import graddesc_xl as gx

houses = gx.data("houses.csv", target="price", scale="z-score")      # or a DataFrame, arrays, a sheet of an .xlsx
model = gx.model("h = tanh(a*sqft + b); pred = c*h + d", a=0.1, b=0.0)
nesterov = gx.optimizer("buf = mu*prev(buf) + g; new = w - lr*(g + mu*buf)", mu=0.9)

e = gx.experiment(model, houses, optimizer=nesterov, lr=0.01, batch=8, schedule="cosine", loss="huber")
trace = e.run(epochs=20)
trace.plot()
gx.Lesson("Three rates", [e.with_(lr=r) for r in (0.001, 0.01, 0.1)]).build("rates.xlsx")
"""

#: whatever NumPy makes an array of is data or a batch; a path is a path
GOOD = """
from pathlib import Path

import numpy as np
import pandas as pd

import graddesc_xl as gx

frame = pd.DataFrame({"size": [1.0, 2.0], "price": [3.0, 4.0]})
d = gx.data(frame, target="price", inputs=["size"], scale="z-score", validation=0.5, seed=2)
gx.data(Path("houses.csv"), target="price")
gx.data("houses.xlsx", sheet="first", name="houses")
gx.data(frame["size"], frame["price"])
gx.data({"x": np.arange(3), "y": frame["price"]}, target="y")
gx.data(np.zeros((2, 2)), [1, 2])
gx.dataset(np.arange(3), frame["price"], name="d")
m = gx.model("h = tanh(a*size + b); c*h + d", a=0.1, b=0, name="mine")
gx.model(layers=[(3, "tanh"), 1], inputs=("size",))
o = gx.optimizer("buf = mu*prev(buf) + g; new = w - lr*buf", mu=0.9, title="Mine")
l = gx.loss("(pred - y)**2 + s*a**2", s=0.1, title="mine")
e = gx.experiment(m, d, optimizer=o, loss=l, lr=0.01, epochs=2, batch="all", schedule="cosine", start="he", seed=3)
e.with_(lr=np.float64(0.1), batch=2, values={"a": 2}, name="other", shuffled=True)
e.run({"lr": np.logspace(-5, -3, 3)}, epochs=3)
e.run({"lr": frame["size"], "a": [1, 2]})
gx.run("adam", lr=frame["size"], epochs=2, beta1=0.5, carry="new weights", data=d)
gx.run(e, {"a": 1.5}, starts={"avg_b": 1.0})
gx.compare("learning rates", {"b": 2}, epochs=2).summary()
gx.landscape("basic", ("b", "a"), window={"b": (0, 1)}, points=5, lr=1e-5, epochs=3)
built = gx.Lesson("Mine", [e]).build(Path("mine.xlsx"), force=True)
gx.build("graddesc", Path("folder"), force=True)
report = gx.verify(built.path, libreoffice=Path("soffice"), gnumeric=True, timeout=5, memory=100)
frame = report.frame()
trace: gx.Trace = report.trace("adam")
"""
#: from the third line of code on each has a keyword or a value that is none
BAD = """
import graddesc_xl as gx

d = gx.GRADDESC
e = gx.experiment("a*x + b", d)
gx.data("houses.csv", tagret="price")
gx.dataset([1.0], [2.0], nam="x")
gx.model("a*x + b", layer=[3, 1])
gx.model("a*x + b", nmae="mine")
gx.optimizer("new = w - lr*g", titel="mine")
gx.loss("(pred - y)**2", titel="mine")
gx.experiment("a*x + b", d, epoch=3)
e.with_(learning_rate=0.1)
e.run(epoch=3)
gx.run("basic", epohcs=3)
gx.run("basic", lr="fast")
gx.compare("learning rates", epoch=3)
gx.landscape("basic", windw={})
gx.build("graddesc", foce=True)
gx.verify("graddesc.xlsx", libre_office=True)
gx.Lesson("Mine", [e]).build("mine.xlsx", forced=True)
gx.Lesson("Mine", [e], subtitel="x")
gx.verify("graddesc.xlsx").trace(name="adam")
"""
