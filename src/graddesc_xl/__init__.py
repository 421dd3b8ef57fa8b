"""See gradient descent: an engine that mirrors a spreadsheet, and the spreadsheet.

>>> from graddesc_xl import run
>>> trace = run("basic", epochs=2, lr=1e-4)
>>> round(float(trace.errors[0]), 3), str(trace.verdict)
(150.755, 'learning')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .building import Built, build
    from .comparisons import COMPARISONS
    from .data import GRADDESC, Dataset, dataset
    from .engine import compare, run
    from .errors import GraddescError
    from .experiment import EXPERIMENTS, Experiment
    from .trace import Trace
    from .verdict import Verdict
    from .verification import Report, verify

__version__ = "0.1.0"

_HOME = {
    "Built": "building",
    "build": "building",
    "COMPARISONS": "comparisons",
    "GRADDESC": "data",
    "Dataset": "data",
    "dataset": "data",
    "compare": "engine",
    "run": "engine",
    "GraddescError": "errors",
    "EXPERIMENTS": "experiment",
    "Experiment": "experiment",
    "Trace": "trace",
    "Verdict": "verdict",
    "Report": "verification",
    "verify": "verification",
}

__all__ = [
    "COMPARISONS",
    "EXPERIMENTS",
    "GRADDESC",
    "Built",
    "Dataset",
    "Experiment",
    "GraddescError",
    "Report",
    "Trace",
    "Verdict",
    "__version__",
    "build",
    "compare",
    "dataset",
    "run",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import a public name where it is first used, so that `graddesc-xl --help` need not wait for NumPy."""
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
