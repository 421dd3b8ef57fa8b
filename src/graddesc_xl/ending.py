"""An end that was asked for: a signal leaves through whatever cleans up, and only then ends the process."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

#: what asks a program to end; Windows has no SIGHUP
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
#: seconds after which an end that nobody heard is asked for again
AGAIN = 0.05


class StoppedError(BaseException):
    """A signal, on its way out through the contexts that clean up; Ctrl-C is `KeyboardInterrupt` as ever."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.strsignal(number))
        self.number = number


@contextmanager
def raising() -> Iterator[bool]:
    """Raise what ends the process, `StoppedError` or `KeyboardInterrupt`, once; gives whether it does.

    A signal that somebody else handles or ignores (as `nohup` does) is left to them; so are all of them outside
    of the main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    usual = {number: signal.getsignal(number) for number in SIGNALS if main}
    usual = {n: handler for n, handler in usual.items() if handler in (signal.SIG_DFL, signal.default_int_handler)}
    hook = sys.unraisablehook

    def leave(number: int, frame: FrameType | None) -> None:
        for each in usual:
            signal.signal(each, signal.SIG_IGN)  # the next would interrupt the cleaning up
        raise KeyboardInterrupt if number == signal.SIGINT else StoppedError(number)

    def unheard(lost: Any) -> None:
        """An exception in a destructor is only printed; one of these must not get lost there."""
        if not isinstance(lost.exc_value, (KeyboardInterrupt, StoppedError)):
            hook(lost)
            return
        signal.signal(number := getattr(lost.exc_value, "number", signal.SIGINT), leave)
        threading.Timer(AGAIN, _interrupt, [number]).start()

    try:
        for number in usual:
            signal.signal(number, leave)
        if usual:
            sys.unraisablehook = unheard
        yield bool(usual)
    finally:
        if usual:
            sys.unraisablehook = hook
        for number, handler in usual.items():
            signal.signal(number, handler)


def _interrupt(number: int) -> None:
    """Send a signal to the main thread, where it also ends a wait, as far as the system can."""
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, number)


@contextmanager
def terminable() -> Iterator[None]:
    """Let a signal leave through the contexts inside this one, so that they clean up, before it ends the process."""
    stopped = None
    with raising() as ours:
        try:
            yield
        except StoppedError as problem:
            if not ours:
                raise
            stopped = problem.number
    if stopped is not None:
        signal.raise_signal(stopped)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for temporary files; it is gone when the context ends, however that is."""
    import tempfile
    from pathlib import Path

    with terminable(), tempfile.TemporaryDirectory(prefix="graddesc-xl-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
