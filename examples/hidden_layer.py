"""A small hidden layer on a curve that no line can fit, and the fit of both."""

import tempfile
from pathlib import Path

import numpy as np

import graddesc_xl as gx
from graddesc_xl.sheets import Fit, Of

x = np.round(np.linspace(-2, 2, 21), 2)
curve = gx.data({"x": x, "y": np.round(np.sin(2 * x), 3)}, name="a curve")
line = gx.experiment("a*x + b", curve, lr=0.02, epochs=80, batch=3, shuffled=True, name="a line")
model = gx.model(layers=[(3, "tanh"), 1], name="hidden")
hidden = line.with_(model=model, optimizer="torch_adam", lr=0.05, start="xavier", name="hidden layer")
for e in (line, hidden):
    rmse = e.run().epoch_frame()["rmse"]
    print(f"{e.name}: RMSE {rmse.iloc[0]:.3f} in epoch 1, {rmse.iloc[-1]:.3f} in epoch 80")

lesson = gx.Lesson("A curve", [line, hidden, Fit("the fit", (Of("a line"), Of("hidden layer")), epoch=80)])
print(lesson.build(Path(tempfile.mkdtemp()) / "curve.xlsx").path.name, *model.lines.values(), sep="\n  ")
