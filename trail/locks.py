"""One writer at a time. Readers never ask."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trail.errors import ArchiveLocked

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def hold_lock(
    path: Path,
    *,
    wait: float = 1.0,
    holder: str = "another trail is writing to this archive",
    hint: str = "",
) -> Iterator[None]:
    """Hold the lock file at `path`, waiting up to `wait` seconds. Raises ArchiveLocked.

    The system releases it when the process ends, however it ends.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - a search, which never asks, starts faster without it

    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise ArchiveLocked(
            f"{holder} ({path.parent})",
            hint
            or "wait for it to finish (`trail status` shows what it does), then run the command again",
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a process holds the lock file at `path` now. Writes nothing, and works on a read-only disk."""
    if sys.platform == "win32":
        from filelock import FileLock, Timeout  # noqa: PLC0415 - as above

        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            return path.exists()
        lock.release()
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # what filelock holds exclusively
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
