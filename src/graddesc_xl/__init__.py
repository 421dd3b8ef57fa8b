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
    from .comparison import Comparison, Row
    from .errors import GraddescError
    from .experiments import Experiment, experiment
    from .grading import Grades, grade
    from .lessons import COMPARISONS, EXPERIMENTS, LESSONS, Lesson, Question
    from .lessons.exercises import exercise
    from .lessons.mapped import map_of
    from .maps import Landscape, landscape
    from .numbers.trace import Trace, Traces
    from .numbers.verdict import Verdict
    from .parts.data import GRADDESC, Dataset, Line, dataset
    from .parts.equations import Equation, Optimizer, with_clipping, with_decay
    from .parts.losses import LOSSES, Loss
    from .parts.models import MODELS, Model
    from .parts.optimizers import OPTIMIZERS
    from .parts.schedules import SCHEDULES, Schedule
    from .parts.sequential import from_torch
    from .parts.writing import loss, model, optimizer
    from .plan import Input
    from .running import best, compare, run, sweep
    from .sheets import Kind
    from .sweeps import Best, Range, Sweep
    from .tables import data
    from .verification import Report, verify

__version__ = "0.1.0"

_HOME = {
    "Built": "building",
    "build": "building",
    "Comparison": "comparison",
    "Row": "comparison",
    "GraddescError": "errors",
    "Experiment": "experiments",
    "experiment": "experiments",
    "Grades": "grading",
    "grade": "grading",
    "COMPARISONS": "lessons",
    "EXPERIMENTS": "lessons",
    "LESSONS": "lessons",
    "Lesson": "lessons",
    "Question": "lessons",
    "exercise": "lessons.exercises",
    "map_of": "lessons.mapped",
    "Landscape": "maps",
    "landscape": "maps",
    "Trace": "numbers.trace",
    "Traces": "numbers.trace",
    "Verdict": "numbers.verdict",
    "Dataset": "parts.data",
    "GRADDESC": "parts.data",
    "Line": "parts.data",
    "dataset": "parts.data",
    "Equation": "parts.equations",
    "Optimizer": "parts.equations",
    "with_clipping": "parts.equations",
    "with_decay": "parts.equations",
    "MODELS": "parts.models",
    "Model": "parts.models",
    "LOSSES": "parts.losses",
    "Loss": "parts.losses",
    "OPTIMIZERS": "parts.optimizers",
    "SCHEDULES": "parts.schedules",
    "Schedule": "parts.schedules",
    "from_torch": "parts.sequential",
    "loss": "parts.writing",
    "model": "parts.writing",
    "optimizer": "parts.writing",
    "Input": "plan",
    "best": "running",
    "compare": "running",
    "run": "running",
    "sweep": "running",
    "Kind": "sheets",
    "Best": "sweeps",
    "Range": "sweeps",
    "Sweep": "sweeps",
    "data": "tables",
    "Report": "verification",
    "verify": "verification",
}

__all__ = [
    "COMPARISONS",
    "EXPERIMENTS",
    "GRADDESC",
    "LESSONS",
    "LOSSES",
    "MODELS",
    "OPTIMIZERS",
    "SCHEDULES",
    "Best",
    "Built",
    "Comparison",
    "Dataset",
    "Equation",
    "Experiment",
    "GraddescError",
    "Grades",
    "Input",
    "Kind",
    "Landscape",
    "Lesson",
    "Line",
    "Loss",
    "Model",
    "Optimizer",
    "Question",
    "Range",
    "Report",
    "Row",
    "Schedule",
    "Sweep",
    "Trace",
    "Traces",
    "Verdict",
    "__version__",
    "best",
    "build",
    "compare",
    "data",
    "dataset",
    "exercise",
    "experiment",
    "from_torch",
    "grade",
    "landscape",
    "loss",
    "map_of",
    "model",
    "optimizer",
    "run",
    "sweep",
    "verify",
    "with_clipping",
    "with_decay",
]


def __dir__() -> list[str]:
    """Every public name, also those that are not imported yet."""
    return __all__


def __getattr__(name: str) -> Any:
    """Import a public name where it is first used, so that `graddesc-xl --help` need not wait for NumPy."""
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
