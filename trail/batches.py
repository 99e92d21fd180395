"""A batch of archived messages becomes a segment of the index: read, parsed and built in one go, in this process or a worker.

Comes in: where messages lie, and what the archive knows of them. Goes out: the name of a segment that waits to be published,
and what the parser found wrong. No text of a message goes through a pipe.
"""

from __future__ import annotations

import gc
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from trail.archive.documents import read_cached
from trail.index.building import build_segments
from trail.index.merging import merge_listed
from trail.index.schema import to_fields
from trail.model import DocumentText, Envelope
from trail.workers import WORKERS, Crew, WorkerKilled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from trail.model import ParsedMessage, SearchDocument

    Stored = tuple[str, str]
    """Key and path of a message of the Maildir."""
    Parse = Callable[[Stored], ParsedMessage]


class Stopped(Exception):
    """Work was given up because it was asked to be."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages for one segment."""

    root: Path
    """Of the archive."""
    folder: Path
    """Of the index."""
    paths: tuple[str, ...]
    documents: tuple[SearchDocument, ...]
    """What the archive knows of each message, which is not parsed yet."""
    parse: Parse


@dataclass(frozen=True, slots=True)
class Built:
    """What became of a batch."""

    segments: tuple[str, ...]
    parsed: tuple[ParsedMessage, ...]
    """What was found in each message, without its texts."""
    cached: frozenset[str]
    """Digests of attachments whose texts were in the cache."""


def build_batch(batch: Batch) -> Built:
    """Parse the messages and build their segment, or several where their words are many. Raises OSError."""
    found: list[ParsedMessage] = []
    cached: set[str] = set()

    def read_documents(parsed: ParsedMessage) -> Iterator[DocumentText]:
        for attachment in parsed.attachments:
            text = read_cached(batch.root, attachment.digest) if attachment.digest else None
            if text is not None:
                cached.add(attachment.digest)
                yield DocumentText(attachment.filename, text)

    def parse_all() -> Iterator[SearchDocument]:
        for path, document in zip(batch.paths, batch.documents, strict=True):
            parsed = batch.parse((document.key, path))
            found.append(replace(parsed, envelope=Envelope(), text="", quoted="", beside=""))
            yield replace(document, parsed=parsed, documents=tuple(read_documents(parsed)))

    with _without_collector():
        segments = tuple(build_segments(batch.folder, map(to_fields, parse_all())))
    return Built(segments, tuple(found), frozenset(cached))


class Builders:
    """Worker processes that build segments."""

    def __init__(self, crew: Crew, describe: Parse, stopping: Callable[[], bool]) -> None:
        """`describe` tells what is known of a message that kills whoever parses it."""
        self._crew = crew
        self._describe = describe
        self._stopping = stopping

    def build(self, batches: Iterable[Batch]) -> Iterator[Built]:
        """Yield what became of each batch, in order. Raises Stopped, and what a worker raised."""
        waiting: deque[tuple[Batch, Future[Built]]] = deque()
        remaining = iter(batches)
        while True:
            while len(waiting) <= WORKERS and (batch := next(remaining, None)):
                waiting.append((batch, self._crew.submit(build_batch, batch)))
            if not waiting:
                return
            batch, future = waiting.popleft()
            while True:
                try:
                    yield future.result(timeout=_GLANCE)
                except TimeoutError:
                    if future.done():  # the worker's own
                        raise
                    if self._stopping():
                        raise Stopped from None
                    continue
                except WorkerKilled:
                    yield from self._build_parts(batch)
                break

    def merge(self, groups: Sequence[Sequence[str]], folder: Path) -> list[str | None]:
        """Merge groups of segments, one in each worker."""
        return [
            f.result()
            for f in [self._crew.submit(partial(merge_listed, folder), g) for g in groups]
        ]

    def _build_parts(self, batch: Batch) -> Iterator[Built]:
        """Build a batch that killed its worker in parts, so that none but the message that did it is lost."""
        count = len(batch.documents)
        if count == 1:
            yield build_batch(replace(batch, parse=self._describe))
            return
        for part in (slice(0, count // 2), slice(count // 2, count)):
            half = replace(batch, paths=batch.paths[part], documents=batch.documents[part])
            try:
                yield self._crew.submit(build_batch, half).result()
            except WorkerKilled:
                yield from self._build_parts(half)


_GLANCE = 0.2
"""Seconds between two looks at whether to stop."""


@contextmanager
def _without_collector() -> Iterator[None]:
    """A batch is made of millions of objects that all live to its end: to look through them finds nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
