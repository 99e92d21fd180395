"""Time and memory of whole commands: a command line in, seconds and bytes out.

Memory is read from /proc while the command runs, because what `wait` tells of a child begins with the memory of the
process that started it. On a system without /proc the figures are None.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROC = Path("/proc")
INTERVAL = 0.03
"""Seconds between two looks at the memory."""
SELDOM = 0.5
"""The same where the system has to go through all pages."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took. `peak` is the largest of its processes, `peak_sum` all together (shared pages count twice).

    `proportional` is all together with shared pages counted once, looked at twice a second.
    """

    seconds: float
    peak: int | None
    peak_sum: int | None
    output: str
    proportional: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a figure, and the bar it is held against, where there is one."""

    name: str
    figure: str
    bar: str = ""
    ok: bool | None = None
    note: str = ""


class CommandFailed(Exception):
    """A command ended with another exit code than it should."""


def run_measured(
    command: Sequence[str], environ: Mapping[str, str], *, timeout: float = 300, expected: int = 0
) -> Measured:
    """Run a command to its end. Raises CommandFailed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        watch = MemoryWatch(process.pid)
        watch.start()
        limit = threading.Timer(timeout, process.kill)
        limit.start()
        try:
            code = process.wait()  # with a timeout it would look only every 50 ms
            seconds = time.perf_counter() - started
        finally:
            process.kill()
            limit.cancel()
            watch.stop()
        out.seek(0)
        err.seek(0)
        if code != expected:
            raise CommandFailed(f"{command} ended with {code}: {err.read().decode()[-2000:]}")
        output = out.read().decode(errors="replace")
        return Measured(seconds, watch.peak, watch.peak_sum, output, watch.proportional)


class MemoryWatch(threading.Thread):
    """Looks at the memory of a process and all below it until stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._done = threading.Event()
        self.peak: int | None = None
        self.peak_sum: int | None = None
        self.proportional: int | None = None

    def run(self) -> None:
        looked_at = 0.0
        while not self._done.is_set():
            pids = list_tree(self._pid)
            sizes = [_read_memory(pid) for pid in pids]
            if time.monotonic() > looked_at + SELDOM:
                looked_at = time.monotonic()
                self.proportional = max(self.proportional or 0, sum(map(_read_proportional, pids)))
            if sizes:
                self.peak = max(self.peak or 0, *(high for high, _ in sizes))
                self.peak_sum = max(self.peak_sum or 0, sum(now for _, now in sizes))
            self._done.wait(INTERVAL)

    def stop(self) -> None:
        self._done.set()
        self.join()


def list_tree(pid: int) -> list[int]:
    """The process and all its descendants, as far as they live."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        # the children of a process are listed for the thread that started them
        for path in PROC.glob(f"{current}/task/*/children"):
            with contextlib.suppress(OSError):
                queue += map(int, path.read_text().split())
    return found


def _read_memory(pid: int) -> tuple[int, int]:
    """(the most it ever held, what it holds now), in bytes."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith("Vm")}
    return sizes.get("VmHWM:", 0) * 1024, sizes.get("VmRSS:", 0) * 1024


def _read_proportional(pid: int) -> int:
    """What it holds, of pages that others hold too its part; in bytes."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def middle(runs: Sequence[Measured]) -> float:
    """The median of the seconds."""
    return median(run.seconds for run in runs)


def most(runs: Sequence[Measured]) -> int:
    """The largest process of all runs, in bytes."""
    return max(run.peak or 0 for run in runs)


def show_memory(size: int | None) -> str:
    """Bytes as MB."""
    return "unknown" if not size else f"{size / 1e6:.0f} MB"
