"""Worker processes beside this one, for parsing: they end with it, however it ends, and say nothing when it is interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

Task = TypeVar("Task")
Result = TypeVar("Result")

WORKERS = 2
WORTHWHILE_FROM = 200
"""Messages from which worker processes are worth their start."""
_CHUNK = 25
_GRACE = 2.0
"""Seconds a worker goes on after SIGTERM."""


class Crew:
    """Worker processes that are replaced when a task kills one. They are spawned, not forked: the daemon has threads.

    Leave it as a context manager; left by an exception, it drops what is not finished.
    """

    def __init__(self, workers: int = WORKERS) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=kind is None, cancel_futures=kind is not None)

    def submit(self, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        """Have one task done; its result raises BrokenProcessPool when it, or one beside it, killed the worker."""
        try:
            return self._start().submit(function, task)
        except BrokenProcessPool:
            self._drop()
            return self._start().submit(function, task)

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result | None]:
        """Have many tasks done; None stands for the result of one that kills its worker.

        Such a task is found by halving: all others are done, at the price of a few fresh workers.
        """
        # one task alone is accused only when it also kills a worker that has seen nothing else
        for _ in range(2 if len(tasks) == 1 else 1):
            try:
                return list(self._start().map(function, tasks, chunksize=_CHUNK))
            except BrokenProcessPool:
                self._drop()
        if len(tasks) <= 1:
            return [None for _ in tasks]
        half = len(tasks) // 2
        return self.map(function, tasks[:half]) + self.map(function, tasks[half:])

    def _start(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_settle)
        return self._pool

    def _drop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _settle() -> None:
    # Ctrl-C reaches the whole group; the parent answers for all
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # so may SIGTERM: time enough for the task in hand. The pool sends it too, when another worker died, and waits.
    signal.signal(signal.SIGTERM, lambda *_: threading.Timer(_GRACE, os._exit, (1,)).start())
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent cannot tell its workers; they would wait for its next order for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
