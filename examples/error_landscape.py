"""Why does b creep, and what does momentum do in a valley? The error over both weights, with the path of a run."""

import sys
import tempfile
from pathlib import Path

from graddesc_xl import landscape

with tempfile.TemporaryDirectory() as scratch:
    folder = Path(sys.argv[1]) if sys.argv[1:] else Path(scratch)
    for name in ("basic", "momentum", "adam"):
        made = landscape(name, ("b", "a"), window={"b": (-5, 40), "a": (0, 4)})
        file = folder / f"{name}.png"
        made.plot().savefig(file)
        (b, a), (best_b, best_a, _) = made.path[-1], made.lowest
        print(f"{file.name}: ends at b = {b:.2f}, a = {a:.2f}; lowest at b = {best_b:g}, a = {best_a:g}")
