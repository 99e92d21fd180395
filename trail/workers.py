"""Worker processes beside this one, for parsing: they end with it, however it ends, and say nothing when it is interrupted.

Each worker has a pipe of its own, so that a worker's death is seen as the end of its pipe: nothing is shared that
it could leave locked, and it is known which task killed it.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Task = TypeVar("Task")
Result = TypeVar("Result")

WORKERS = 2
WORTHWHILE_FROM = 200
"""Messages from which worker processes are worth their start."""
_CHUNK = 10
"""Tasks of a `map` that are sent together: one costs a few milliseconds, a walk through the pipe a part of one."""
_GARBAGE = 50_000
"""New objects after which a process of one piece of work looks for cycles: a message makes thousands, and hardly a cycle."""
_DYING = 1.0
"""Seconds a worker has to be gone once its pipe is closed."""
_ATTEMPTS = 2
"""Workers a task must kill before it is accused: the first may have died of something else."""


class WorkerKilled(Exception):
    """A task killed the workers that did it, or had to be killed: then it is `late`."""

    def __init__(self, message: str, *, late: bool = False, exitcode: int | None = None) -> None:
        super().__init__(message)
        self.late = late
        self.exitcode = exitcode
        """As of multiprocessing.Process: a negative one is a signal."""


class Crew:
    """Worker processes that are replaced when a task kills one. They are spawned: the daemon has threads (but see `start`).

    Leave it as a context manager; left by an exception, it drops what is not finished. With a `deadline` a worker is
    killed that is at one task for more seconds than that.
    """

    def __init__(self, workers: int = WORKERS, *, deadline: float | None = None) -> None:
        self._deadline = deadline
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="trail-crew")
        self._own = threading.local()
        self._workers = workers
        self._ready: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._leaving = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._kill()
        self._threads.shutdown(cancel_futures=kind is not None)
        self._kill()
        atexit.unregister(self._kill)

    def start(self) -> Self:
        """Fork the workers from this process, of which they have all modules then; else each is spawned for its first task.

        For a process that has opened nothing yet, which they would hold open too, and that ends with its work: Python seldom
        looks for cycles in it from now on, nor in them. One that has threads is not forked, nor one of a system whose
        libraries take it ill.
        """
        gc.set_threshold(_GARBAGE)
        if sys.platform != "linux" or threading.active_count() > 1:
            return self
        with self._lock:
            # for good in the workers, which take no notice of them, and are not to be met by one before they say so
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
            try:
                self._ready += [self._keep(_Worker("fork")) for _ in range(self._workers)]
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def submit(self, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        """Have one task done; its result raises WorkerKilled when it kills whoever does it, or else what it raised."""
        return self._threads.submit(self._do, function, task)

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result | None]:
        """Have many tasks done, in order; None stands for the result of one that kills its worker."""
        chunks = [tasks[start : start + _CHUNK] for start in range(0, len(tasks), _CHUNK)]
        waiting = [self.submit(_do_each, (function, chunk)) for chunk in chunks]
        results: list[Result | None] = []
        for chunk, done in zip(chunks, waiting, strict=True):
            try:
                results += done.result()
            except WorkerKilled:
                alone = [self.submit(function, task) for task in chunk]
                results += [_unless_killed(future) for future in alone]
        return results

    def _do(self, function: Callable[[Task], Result], task: Task) -> Result:
        """Have the worker of this thread do it."""
        exitcode = None
        for _ in range(_ATTEMPTS):
            worker = self._worker()
            try:
                worker.pipe.send((function, task))
                late = not worker.pipe.poll(self._deadline)
                if not late:
                    result, error = worker.pipe.recv()
            except (EOFError, OSError):
                self._own.worker = None
                exitcode = self._end(worker, dying=True)
                continue
            if late:
                self._own.worker = None
                self._end(worker)
                raise WorkerKilled("a worker process was killed: its task took too long", late=True)
            if error is not None:
                raise error
            return result  # type: ignore[no-any-return]  # what came through a pipe has no type
        raise WorkerKilled("a worker process was killed by its task", exitcode=exitcode)

    def _worker(self) -> _Worker:
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None:
            with self._lock:
                if self._leaving:
                    raise WorkerKilled("the worker processes are being ended")
                worker = self._ready.pop() if self._ready else self._keep(_Worker())
                self._own.worker = worker
        return worker

    def _keep(self, worker: _Worker) -> _Worker:
        if not self._all:
            # for a crew that is never left, as by a generator that nobody closes; after multiprocessing's
            # own hook was registered, which would wait for the workers
            atexit.register(self._kill)
        self._all.add(worker)
        return worker

    def _end(self, worker: _Worker, *, dying: bool = False) -> int | None:
        with self._lock:
            self._all.discard(worker)
            return worker.end(dying=dying)

    def _kill(self) -> None:
        with self._lock:
            self._leaving = True
            while self._all:
                self._all.pop().end()


class _Worker:
    """A process and this end of its pipe."""

    def __init__(self, method: Literal["fork", "spawn"] = "spawn") -> None:
        context: Any = multiprocessing.get_context(method)
        self.pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        # theirs alone, so that its end is the end of the pipe
        theirs.close()

    def end(self, *, dying: bool = False) -> int | None:
        """End the process; whoever waits at the pipe is told by its end. Not to be called from two threads at once.

        Returns its exit code.
        """
        if dying:  # to tell by what: its end of the pipe closes a moment before it is gone
            self._process.join(_DYING)
        self._process.kill()
        self._process.join()
        return self._process.exitcode


def _work(pipe: Connection) -> None:
    # Ctrl-C and SIGTERM may reach the whole group; the parent answers for all, and the workers end with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            function, task = pipe.recv()
        except (EOFError, OSError):
            return
        answer: tuple[Any, Exception | None]
        try:
            answer = (function(task), None)
        except Exception as error:  # noqa: BLE001 - raised again where the task was given
            answer = (None, error)
        pipe.send(answer)


def _end_with_parent() -> None:
    """A parent that is killed during a long task cannot tell its worker."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do_each(task: tuple[Callable[[Task], Result], Sequence[Task]]) -> list[Result]:
    function, tasks = task
    return [function(one) for one in tasks]


def _unless_killed(future: Future[Result]) -> Result | None:
    try:
        return future.result()
    except WorkerKilled:
        return None
