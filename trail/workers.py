"""Worker processes beside this one, for parsing: they end with it, however it ends, and say nothing when it is interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS = 2
WORTHWHILE_FROM = 200
"""Messages from which worker processes are worth their start."""


@contextmanager
def open_pool(workers: int = WORKERS) -> Iterator[ProcessPoolExecutor]:
    """A pool whose unfinished work is dropped when the block is left by an exception.

    Processes are spawned, not forked: the daemon has threads.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_settle)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _settle() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent answers for all
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent cannot tell its workers; they would wait for its next order for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
