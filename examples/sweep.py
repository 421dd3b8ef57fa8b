"""Where a neuron with a ReLU learns, leaps about and dies: runs over learning rates and starts, as a map of letters."""

import numpy as np

from graddesc_xl import GRADDESC, experiment

LETTERS = {
    "settled": "o",
    "learning": ".",
    "stuck": "s",
    "bouncing": "b",
    "getting worse": "w",
    "dead ReLU": "d",
    "exploded": "x",
}

e = experiment("c*relu(a*x + b) + d", GRADDESC)
swept = e.sweep(lr=np.geomspace(1e-6, 1e-3, 19), a=np.linspace(-3, 3, 61))
rates = swept.grid.axes[0].values
for rate, row in zip(rates[::-1], swept.verdicts[::-1], strict=True):
    print(f"{rate:9.1e}  {''.join(LETTERS[kind] for kind in row)}")
print(" learning  a starts from -3 to 3; 10 epochs")
print(" rate      " + ", ".join(f"{letter} {kind}" for kind, letter in LETTERS.items()))

lr, a = swept.grid.at(swept.best).values()
print(f"\nThe best of {swept.error.size:,}: lr {lr:.2e}, a {a:.2f}: error {swept.error[swept.best]:.3f}")
found = e.best(lr="1e-6..1e-3:log", a="-3..3")
lr, a = found.inputs.values()
print(f"The best that a search finds with {found.runs:,} more runs: lr {lr:.2e}, a {a:.3f}: error {found.error:.4f}")
