"""The texts of attachments: read once for each content, in processes of their own, and handed to the index.

Comes in: an open archive whose messages were parsed. Goes out: texts in the cache, what could not be read in the ledger,
and messages that are to be indexed again. A message never waits for its attachments: it is found at once, and by their
words after this. A document that hangs, crashes or fills its reader costs its own text and nothing else.
"""

from __future__ import annotations

import signal
import sys
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from typing import TYPE_CHECKING

from trail.archive.store import writing_beside
from trail.catchup import PARSE_LIMIT
from trail.confinement import TOO_LARGE
from trail.errors import TrailError
from trail.model import MESSAGE_PROBLEMS, Reading
from trail.parse.documents import MEMORY, SECONDS, Task, can_read, read_stored
from trail.parse.kinds import READER
from trail.workers import WORKERS, Crew, WorkerKilled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from trail.archive.documents import Unread
    from trail.archive.store import Archive
    from trail.model import ArchivedMessage

    Progress = Callable[[str, int, int], None]

PATIENCE = 300.0
"""Seconds by the clock after which a reader is killed that uses no processor time either."""
BATCH = 500
"""Attachments looked up at once."""
_FLUSH_AFTER = 2.0
"""Seconds that what was read waits for its entry in the ledger."""
_GLANCE = 0.5


class _Stop(Exception):
    """To leave the crew without waiting for it."""


def read_documents(
    archive: Archive,
    *,
    progress: Progress = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Read the attachments that were not read yet, those of the newest messages first. Returns how many were read.

    None is begun once there is `enough`. What is at work when `stopping` says so is dropped, and read another time.
    Raises ArchiveFull, ArchiveReadOnly; TrailError where no process can be started for it.
    """
    total = archive.documents.count_unread(READER)
    if not total:
        return 0
    done = 0
    try:
        with Crew(deadline=PATIENCE) as crew:
            while not enough() and (tasks := _find_tasks(archive)):
                for count in _read_all(archive, crew, tasks, stopping, enough):
                    done += count
                    progress("reading attachments", done, max(total, done))
    except _Stop:
        pass
    return done


def read_wanted(
    root: Path, wanted: Mapping[str, ArchivedMessage], progress: Progress = lambda *_: None
) -> dict[str, str]:
    """Read these attachments, given by digest with a message they are in, beside whoever is at work. Returns what kept each from being read.

    Raises as read_documents does; what was read till then is kept.
    """
    with writing_beside(root) as archive:
        tasks = [
            Task(str(root / archive.locate(message)), PARSE_LIMIT, 0, digest)
            for digest, message in wanted.items()
        ]
        done = 0
        with Crew(deadline=PATIENCE) as crew:
            for count in _read_all(archive, crew, tasks, lambda: False, lambda: False):
                done += count
                progress("reading attachments", done, len(tasks))
        return archive.documents.find_problems(wanted, READER)


def _find_tasks(archive: Archive) -> list[Task]:
    return [_to_task(archive, u) for u in archive.documents.find_unread(READER, BATCH)]


def _to_task(archive: Archive, unread: Unread) -> Task:
    path = str(archive.root / archive.locate(unread.message))
    return Task(path, PARSE_LIMIT, unread.number, unread.digest)


def _find_other(
    archive: Archive, task: Task, reading: Reading, tried: dict[str, set[str]]
) -> Task | None:
    """The same attachment in another message, where that of `task` is damaged; None when every one was tried."""
    if reading.problem not in MESSAGE_PROBLEMS:
        return None
    tried.setdefault(task.digest, set()).add(task.path)
    others = (_to_task(archive, copy) for copy in archive.documents.find_copies(task.digest))
    return next((other for other in others if other.path not in tried[task.digest]), None)


def _read_all(
    archive: Archive,
    crew: Crew,
    tasks: list[Task],
    stopping: Callable[[], bool],
    enough: Callable[[], bool],
) -> Iterator[int]:
    """Have all tasks done, and yield how many were entered into the ledger, again and again. Raises _Stop."""
    ahead = deque(tasks)
    tried: dict[str, set[str]] = {}
    running: dict[Future[Reading], Task] = {}
    finished: list[Reading] = []
    flushed_at = time.monotonic()
    while True:
        while ahead and len(running) < WORKERS and not enough():
            task = ahead.popleft()
            running[crew.submit(read_stored, task)] = task
        if not running:
            break
        done, _ = wait(running, timeout=_GLANCE, return_when=FIRST_COMPLETED)
        leaving, lacking = stopping(), None
        for future in done:
            task = running.pop(future)
            try:
                reading = _take(future, task.digest)
            # too many processes, or no memory for one: that says nothing of the attachment
            except OSError as error:
                lacking = error
                continue
            if other := _find_other(archive, task, reading, tried):
                ahead.appendleft(other)
                continue
            archive.documents.keep_text(reading)
            finished.append(reading)
        if leaving or lacking or time.monotonic() - flushed_at > _FLUSH_AFTER:
            yield _enter(archive, finished)
            flushed_at = time.monotonic()
        if lacking:
            raise TrailError(
                f"no process can be started to read attachments ({lacking.strerror or lacking})",
                "they are read another time; see that there is memory, and room for processes",
            ) from lacking
        if leaving:
            raise _Stop
    yield _enter(archive, finished)


def _enter(archive: Archive, finished: list[Reading]) -> int:
    count = len(finished)
    if count:
        with archive.ledger.transaction():
            archive.documents.record(finished, READER)
        finished.clear()
    return count


def _take(future: Future[Reading], digest: str) -> Reading:
    """What came of a task. Raises OSError where there was no process to do it."""
    try:
        return future.result()
    except WorkerKilled as error:
        reason = _explain(error) or _accuse()
        return Reading(digest, "", reason)


def _explain(error: WorkerKilled) -> str:
    if error.late:
        return f"reading it takes more than {PATIENCE:.0f} seconds"
    if error.exitcode == TOO_LARGE:
        return f"reading it takes more than {MEMORY >> 20} MiB of memory"
    if sys.platform != "win32" and error.exitcode == -signal.SIGXCPU:
        return f"reading it takes more than {SECONDS:.0f} seconds of processor time"
    return ""


def _accuse() -> str:
    """The reason where a reader ended without one. Raises OSError where it would have ended with any document."""
    with Crew(1, deadline=PATIENCE) as one:
        try:
            one.submit(can_read, None).result()
        except WorkerKilled as error:
            raise OSError("it ends before it begins") from error
    return "reading it kills the reader"
