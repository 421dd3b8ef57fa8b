"""Logistic regression with two features: the points, and the line between the classes, live in a workbook."""

import tempfile
from pathlib import Path

import numpy as np

import graddesc_xl as gx
from graddesc_xl.sheets import Boundary, Of

rng = np.random.default_rng(1)
age, dose = np.round(rng.normal(size=(2, 40)), 2)
cured = (age + 2 * dose + 0.3 * rng.normal(size=40) > 0.2).astype(float)
patients = gx.data({"age": age, "dose": dose, "cured": cured}, target="cured", name="patients")

e = gx.experiment("sigmoid(a*age + b*dose + c)", patients, loss="logistic", lr=0.3, start=0, name="logistic")
trace = e.run()
print(f"mean logistic loss {trace.errors[0]:.3f} in the first epoch, {trace.errors[-1]:.3f} in the last")

lesson = gx.Lesson("Who is cured?", [e, Boundary("boundary", Of("logistic"), epoch=10)])
built = lesson.build(Path(tempfile.mkdtemp()) / "patients.xlsx")
print("verified" if gx.verify(built.path).ok else "not verified")
