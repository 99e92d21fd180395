"""Writing to a Whoosh index so that a power cut finds the old state or the new one.

In: Whoosh documents and keys. Out: segments on the disk.
Order of a commit: the new segment's files reach the disk, then the list of segments under its final name, then the
folder; only then do the files of the old state go.
Must never be imported by a search.
"""

# Whoosh has types in part only.
# mypy: allow-untyped-calls
from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whoosh.codec.whoosh3 import W3Codec
from whoosh.index import _DEF_INDEX_NAME, TOC, LockError, clean_files
from whoosh.reading import SegmentReader
from whoosh.util.filelock import try_for
from whoosh.writing import SegmentWriter

from trail.index.postings import PostingPool

if TYPE_CHECKING:
    from whoosh.codec.base import Segment
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import FileIndex

_TIER = 8
"""So many segments of about one size become one, of about the next size."""
_BUSY_FACTOR = 4
"""A commit may merge so many times the documents it brings ..."""
_BUSY_FLOOR = 400
"""... and always so many."""
_MAX_SEGMENTS = 32
"""Beyond it, the smallest are merged whatever it takes."""


class DurableWriter(SegmentWriter):
    """Whoosh's writer, with the files synced and merges kept short."""

    def __init__(self, index: FileIndex, *, timeout: float, limitmb: int) -> None:
        codec = W3Codec(compression=1)
        # Only Whoosh's own scoring reads the shortest and longest field of each block.
        codec.length_stats = False
        # Compound segments are copied into memory whenever they are opened.
        super().__init__(index, timeout=timeout, compound=False, codec=codec)
        folder = Path(self.temp_storage().folder)
        self.pool: Any = PostingPool(folder, limitmb * 1024 * 1024)
        self._leaves = list(self.reader().leaf_readers())

    def remove_key(self, key: str) -> bool:
        """Take out the committed document with `key`; return whether there was one."""
        term = ("key", key.encode())
        for reader, base in self._leaves:
            if term in reader:
                # Whoosh leaves out documents that this writer has taken out already.
                for document in reader.postings(*term).all_ids():
                    self.delete_document(base + document)
                    return True
        return False

    def publish(self) -> None:
        """Write what was added and removed."""
        self.commit(mergetype=merge_tiers)

    def _commit_toc(self, segments: list[Segment]) -> None:
        # Called by publish() once the segment's files are complete.
        folder = Path(self.storage.folder)
        if self._added:
            for path in folder.glob(f"{self.newsegment.segment_id()}.*"):
                sync_path(path)
        TOC(self.schema, segments, self.generation).write(self.storage, self.indexname)
        for path in folder.glob(f"_{self.indexname}_{self.generation}.toc"):
            sync_path(path)
        sync_path(folder)
        clean_files(self.storage, self.indexname, self.generation, segments)

    def _finish(self) -> None:
        self._close_leaves()
        super()._finish()

    def _cleanup_on_error(self) -> None:
        self._close_leaves()
        super()._cleanup_on_error()

    def _close_leaves(self) -> None:
        while self._leaves:
            self._leaves.pop()[0].close()


def merge_tiers(writer: SegmentWriter, segments: list[Segment]) -> list[Segment]:
    """Merge small segments into the one being written; return those that stay.

    Works like carrying in a number of base 8: eight of a size become one of the next, while a commit stays short.
    """
    kept = sorted((s for s in segments if s.doc_count()), key=lambda s: s.doc_count())
    budget = max(_BUSY_FLOOR, _BUSY_FACTOR * writer.doc_count())
    merged = 0
    while kept:
        level = _find_level(writer.doc_count() + merged)
        tier = [s for s in kept if _find_level(s.doc_count()) <= level]
        if len(kept) >= _MAX_SEGMENTS:
            tier = tier if len(tier) in range(_TIER, 2 * _TIER) else kept[:_TIER]
        elif len(tier) < _TIER - 1 or merged + _count_documents(tier) > budget:
            break
        merged += _count_documents(tier)
        kept = kept[len(tier) :]
        for segment in tier:
            reader = SegmentReader(writer.storage, writer.schema, segment)
            writer.add_reader(reader)
            reader.close()
    return kept


def clear_folder(storage: FileStorage, *, timeout: float) -> None:
    """Remove every file of Whoosh's from the folder. Raises LockError when a writer is at work there."""
    lock = storage.lock(f"{_DEF_INDEX_NAME}_WRITELOCK")
    if not try_for(lock.acquire, timeout=timeout):
        raise LockError
    try:
        for path in Path(storage.folder).iterdir():
            if (
                path.name.startswith((f"_{_DEF_INDEX_NAME}_", f"{_DEF_INDEX_NAME}_"))
                and path.suffix
            ):
                path.unlink()
    finally:
        lock.release()


def write_durably(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all."""
    half = path.with_name(path.name + ".tmp")
    half.write_bytes(content)
    sync_path(half)
    half.replace(path)
    sync_path(path.parent)


def sync_path(path: str | Path) -> None:
    """Bring a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _find_level(documents: int) -> int:
    """How often `documents` can be divided by the tier."""
    level = 0
    while documents >= _TIER:
        documents //= _TIER
        level += 1
    return level


def _count_documents(segments: list[Segment]) -> int:
    return sum(s.doc_count() for s in segments)
