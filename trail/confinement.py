"""Limits on this process: for a worker process that reads what strangers sent.

Processor time and memory are counted by the system, so a slow or busy machine makes no document look hostile. Where
the system does not keep to a limit on memory, as macOS, a thread looks at it; Windows has neither, and there only the
clock of who started this process counts.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time

if sys.platform != "win32":
    import resource

TOO_LARGE = 77
"""Exit code of a process that came to its limit of memory; Python's own MemoryError mostly comes first."""
_GLANCE = 0.2

_watching = threading.Lock()


def confine(*, seconds: float, memory: int) -> None:
    """From now on this process may use `seconds` of processor time and, all in all, `memory` bytes; beyond, it ends.

    To be called again for every task: the time counts anew.
    """
    if sys.platform != "win32":
        _limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + seconds))
        _limit(resource.RLIMIT_CORE, 0)  # no copy of somebody's document stays behind
        if sys.platform == "linux":
            _limit(resource.RLIMIT_DATA, memory)
    if _watching.acquire(blocking=False):
        threading.Thread(target=_watch_memory, args=(memory,), daemon=True).start()


if sys.platform != "win32":

    def _limit(which: int, soft: int) -> None:
        hard = resource.getrlimit(which)[1]
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(which, (soft, hard))


def _watch_memory(memory: int) -> None:
    # Elsewhere than on Linux a process may begin with the peak of the one that started it.
    inherited = 0 if sys.platform == "linux" else _measure_memory()
    while True:
        time.sleep(_GLANCE)
        if _measure_memory() > inherited + memory:
            os._exit(TOO_LARGE)


def _measure_memory() -> int:
    """What this process has in memory, or (where that is not told) the most it ever had, in bytes."""
    if sys.platform == "win32":
        return 0
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - five times a second
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
