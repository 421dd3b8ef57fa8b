"""The kinds of sheets that lessons are made of, all behind one interface."""

from .kind import Composed, Kind, Told  # isort: skip  # the kinds stand on it
from .boundary import Boundary
from .comparison import Compared
from .curves import Curve, Curves
from .derivatives import Derivatives
from .fit import Fit
from .idea import Idea
from .landscape import Landscape
from .long_run import LongRun
from .one_step import OneStep
from .picked import Of
from .run_map import RunMap
from .speed_limit import SpeedLimit
from .steps import Steps
from .validation import Validation

__all__ = [
    "Boundary",
    "Compared",
    "Composed",
    "Curve",
    "Curves",
    "Derivatives",
    "Fit",
    "Idea",
    "Kind",
    "Landscape",
    "LongRun",
    "Of",
    "OneStep",
    "RunMap",
    "SpeedLimit",
    "Steps",
    "Told",
    "Validation",
]
