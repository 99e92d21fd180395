"""Publishing: what makes built segments a new state of the index, and merges those that grew too many.

In: the names of segments that wait in the folder. Out: a state on the disk, by Whoosh's writer, which holds the lock and
hands us its list of segments. Order of a commit: the new segments' files reach the disk under their final names, then
the list of segments, then the folder; only then do the files of the old state go.
Must never be imported by a search.
"""

# Whoosh has types in part only.
# mypy: allow-untyped-calls
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import _DEF_INDEX_NAME, LockError, clean_files
from whoosh.util.filelock import try_for
from whoosh.writing import SegmentWriter

from trail.index.bitmaps import to_bits
from trail.index.codec import ListedSegment, SegmentCodec, SegmentIndex
from trail.index.generations import NAME, Listed, State, sync_path, write_state
from trail.index.segment import SUFFIX, WAITING, SegmentFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

assert NAME == _DEF_INDEX_NAME


class SegmentPublisher(SegmentWriter):
    """Whoosh's writer, for segments that come whole. Holds the lock from the beginning to publish() or cancel()."""

    def __init__(self, folder: Path, *, timeout: float) -> None:
        """Raises LockError when the lock is held for `timeout` seconds."""
        super().__init__(
            SegmentIndex(folder), timeout=timeout, compound=False, codec=SegmentCodec()
        )
        self._folder = folder
        self._waiting: list[ListedSegment] = []
        self.segments: list[ListedSegment]

    def add_segment(self, name: str, *, replacing: bool) -> int:
        """Take the segment `name`, which waits in the folder; return how many documents it has.

        With `replacing`, documents with the same keys go from the others.
        """
        file = SegmentFile(self._folder / f"{WAITING}{name}{SUFFIX}")
        try:
            if replacing:
                self.remove_keys(map(file.read_key, range(file.size)))
            self._waiting.append(ListedSegment(Listed(name, file.size)))
            return file.size
        finally:
            file.close()

    def remove_keys(self, keys: Iterable[str]) -> int:
        """Take the documents with `keys` out; return how many there were."""
        wanted = list(keys)
        removed = 0
        for segment in self.segments:
            file = SegmentFile(self._folder / f"{segment.segment_id()}{SUFFIX}")
            having = to_bits((d for key in wanted for d in file.find_keys(key)), file.size)
            removed += (having & ~segment.removed).bit_count()
            segment.removed |= having
            file.close()
        return removed

    def replace(self, names: Iterable[str], merged: str | None) -> None:
        """Take `merged`, which waits in the folder, in place of the segments `names`."""
        gone = set(names)
        self.segments = [s for s in self.segments if s.segment_id() not in gone]
        if merged is not None:
            self.add_segment(merged, replacing=False)

    def publish(self) -> None:
        """Write what was added, removed and replaced."""
        self.commit(mergetype=self._list_segments)

    def _list_segments(self, _: Any, segments: Sequence[ListedSegment]) -> list[ListedSegment]:
        # Whoosh asks this for the segments that stay, and would merge here.
        for segment in self._waiting:
            name = f"{segment.segment_id()}{SUFFIX}"
            (self._folder / f"{WAITING}{name}").rename(self._folder / name)
        return [*(s for s in segments if s.doc_count()), *self._waiting]

    def _commit_toc(self, segments: list[ListedSegment]) -> None:
        sync_path(self._folder)
        write_state(self._folder, State(self.generation, tuple(s.listed for s in segments)))
        clean_files(self.storage, self.indexname, self.generation, segments)


def clear_folder(folder: Path, *, timeout: float) -> None:
    """Remove every file of an index from the folder. Raises LockError when a writer is at work there."""
    lock = FileStorage(str(folder)).lock(f"{NAME}_WRITELOCK")
    if not try_for(lock.acquire, timeout=timeout):
        raise LockError
    try:
        for path in folder.iterdir():
            if path.name.startswith((f"_{NAME}_", f"{NAME}_")) and path.suffix:
                path.unlink()
    finally:
        lock.release()


def clear_waiting(folder: Path) -> None:
    """Remove segments that nobody took: of builds that were killed. Nobody may be building."""
    for path in folder.glob(f"{WAITING}*"):
        path.unlink()
