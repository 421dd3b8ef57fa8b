"""The same samples under every optimizer, each at the best of thirteen rates, side by side in a workbook."""

import tempfile
from pathlib import Path

import numpy as np

import graddesc_xl as gx

rates = [float(f"{rate:.2g}") for rate in np.logspace(-6, 0, 13)]
rows = []
print(f"{'optimizer':<16} {'best rate':>9} {'epoch 1':>9} {'epoch 10':>9}  verdict")
for name, optimizer in gx.OPTIMIZERS.items():
    e = gx.Experiment(name, data=gx.GRADDESC, optimizer=optimizer, epochs=10, discarded=0)
    last = e.run({"lr": rates}).errors[-1]
    best = rates[int(np.argmin(np.where(np.isfinite(last), last, np.inf)))]
    trace = e.run({"lr": best})
    rows.append(gx.Row(name, (e.with_(lr=best),)))
    print(f"{name:<16} {best:9.2g} {trace.errors[0]:9.2f} {trace.errors[-1]:9.2f}  {trace.verdict}")

about = "Each at the best of thirteen rates; type others."
side_by_side = gx.Comparison("optimizers", "Which optimizer?", about, ("one neuron",), tuple(rows), ("lr",))
lesson = gx.Lesson("All optimizers", [side_by_side])
built = lesson.build(Path(tempfile.mkdtemp()) / "optimizers.xlsx")
print("verified" if gx.verify(built.path).ok else "not verified")
