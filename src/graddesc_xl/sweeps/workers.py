"""Who computes chunks: processes of one's own, a cluster, whatever is an executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import ModuleType
from typing import Any

from .. import __version__
from ..errors import SettingError, SweepError, cut, shown

#: seconds that a scheduler has to answer, and its first worker to come
PATIENCE = 5.0
#: libraries that would use all cores in each of the processes
THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Processes(ThreadPoolExecutor):
    """Processes of one's own, each led by a thread: one that dies takes but its call with it, and is replaced.

    They start afresh, import nothing of the script that runs here, and end with this process, however that ends.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, thread_name_prefix="graddesc-xl")
        self._mine = threading.local()
        self._all: set[SpawnProcess] = set()
        self._ending = False

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Call a function that the process can import, with what can be pickled."""
        return super().submit(self._call, call, args, named)

    def _call(self, *said: Any) -> Any:
        process, connection = self._worker()
        try:
            connection.send(said)
            value, problem = connection.recv()
        except (EOFError, OSError):
            self._mine.worker = None
            self._all.discard(process)
            process.join()
            raise BrokenProcessPool(f"a process ended with {process.exitcode}") from None
        if problem is not None:
            raise problem
        return value

    def _worker(self) -> tuple[SpawnProcess, Connection]:
        """The process of this thread, started where there is none."""
        if getattr(self._mine, "worker", None) is None:
            with _starting:
                if self._ending:
                    raise BrokenProcessPool("no process is started any more")
                self._mine.worker = process, _ = _start()
                self._all.add(process)
        worker: tuple[SpawnProcess, Connection] = self._mine.worker
        return worker

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """End the processes, whatever they are at."""
        with _starting:
            self._ending = True
        super().shutdown(wait=False, cancel_futures=cancel_futures)
        for process in [*self._all]:
            process.kill()
        super().shutdown(wait=wait)
        for process in [*self._all]:
            process.join()


_starting = threading.Lock()


def _start() -> tuple[SpawnProcess, Connection]:
    """A process that answers calls. It does not see the script that runs here, which it would run again."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=answer, args=(theirs,), daemon=True)
    script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = script
    theirs.close()
    return process, ours


def answer(connection: Connection) -> None:
    """Answer calls until nobody calls any more; Ctrl-C is for the process that does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    while True:
        try:
            call, args, named = connection.recv()
        except (EOFError, OSError):
            return
        try:
            said: tuple[Any, Exception | None] = call(*args, **named), None
        except Exception as problem:
            said = None, problem
        connection.send(said)


def alone() -> bool:
    """Whether this process may not start others."""
    return multiprocessing.current_process().daemon


class Cluster(Executor):
    """The workers of a Dask scheduler; where it is lost, what was to be computed fails at once."""

    def __init__(self, client: Any, address: str) -> None:
        self.client = client
        self.address = address

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Call a function on one of them; those that die are replaced by others, as the scheduler knows them."""
        made: Future[Any] = Future()
        if self.client.status != "running":
            made.set_exception(self._gone())
            return made
        theirs = self.client.submit(call, *args, **named, pure=False)
        theirs.add_done_callback(partial(self._done, made))
        made.add_done_callback(lambda _: theirs.cancel() if made.cancelled() else None)
        return made

    def _done(self, made: Future[Any], theirs: Any) -> None:
        if not made.set_running_or_notify_cancel():
            return
        try:
            made.set_result(theirs.result())
        except BaseException as problem:
            made.set_exception(problem)

    def _gone(self) -> SweepError:
        return SweepError(f"The scheduler at {self.address} is gone, and with it what its workers were computing.")


@contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """The workers of a Dask scheduler, and how many chunks they compute at once.

    Raises SettingError where Dask is missing or the address is none, and SweepError for a scheduler that does not
    answer, or whose workers do not have this package.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise SettingError("A sweep on a cluster needs Dask: pip install 'graddesc-xl[dask]'.") from None
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except Exception as problem:  # whatever answers there may be anything
        told = cut(str(problem).split("\n")[0].rstrip("."), 200)
        raise SweepError(
            f"No Dask scheduler answers at {shown(address)}: start one with dask scheduler, and give the address that "
            f"it says, as in tcp://127.0.0.1:8786 ({told})."
        ) from None
    with client:
        yield Cluster(client, address), _workers(client, address)


def _workers(client: Any, address: str) -> int:
    """How many threads the workers of a cluster have, all of them with this very package."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise SweepError(f"The scheduler at {address} has no workers: start one with dask worker {address}.") from None
    try:
        versions = client.run(version)
    except Exception as problem:  # a worker without the package cannot even say so
        raise SweepError(
            f"The workers at {address} cannot compute this: install graddesc-xl {__version__} where they run "
            f"({type(problem).__name__}: {cut(str(problem))})."
        ) from None
    other = next((f"{worker} has {of}" for worker, of in versions.items() if of != __version__), None)
    if other:
        raise SweepError(f"The workers at {address} must have graddesc-xl {__version__}, as here: {other}.")
    threads: Mapping[str, int] = client.nthreads()
    return max(1, sum(threads.values()))


def version() -> str:
    """Of this package, where this runs."""
    return __version__


def lost(problem: BaseException) -> bool:
    """Whether a chunk failed because whoever computed it is gone."""
    return isinstance(problem, (BrokenExecutor, CancelledError)) or type(problem).__name__ == "KilledWorker"
