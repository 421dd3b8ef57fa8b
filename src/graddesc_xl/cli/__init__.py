"""The command line."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .commands import app

__all__ = ["app", "main"]


def __getattr__(name: str) -> Any:
    """The commands are imported where they are first used."""
    if name == "app":
        from .commands import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> None:
    """The console script."""
    gc.disable()  # a short life with many small objects and hardly a cycle: collecting costs a tenth of it
    if not sys.warnoptions and not os.environ.get("GRADDESC_XL_DEBUG"):
        warnings.simplefilter("ignore")
        sys.unraisablehook = lambda _: None
    from .at_once import at_once
    from .leaving import PROGRAM, leave

    command = at_once(sys.argv[1:])
    if command:
        leave(command)
    from .commands import app

    app(prog_name=PROGRAM)
