"""The index that a writer of the archive works on: the one that serves, without what is damaged, or a fresh one.

Comes in: an archive. Goes out: an index to write to. What a rebuild left unfinished at its last step is finished.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from trail.archive.disk import translate_disk_errors
from trail.archive.store import writing_beside
from trail.errors import ArchiveLocked, IndexUnavailable
from trail.locks import hold_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.index.store import WhooshIndex

LOCK = "rebuilding"
"""The lock of whoever rebuilds, in the index's folder."""


def settle_index(root: Path) -> WhooshIndex:
    """The index that serves, ready to be written to: without what is damaged, or made anew where nothing can be read.

    Only the writer may call this.
    """
    from trail.index.serving import clear_others, serve  # noqa: PLC0415 - a round that does not index need not load the engine
    from trail.index.store import WhooshIndex  # noqa: PLC0415 - the same

    place = root / "index"
    with writing_beside(root) as archive:
        building = archive.building.generation
        index = _open_sound(place)
        if index is None:
            if not place.is_dir():
                place.unlink(missing_ok=True)
            index = _take_unfinished(archive, place, building) or WhooshIndex.begin(place)
            serve(place, index.generation)
            index.close()
            index = WhooshIndex.open(place)
        if index.generation == building:
            with archive.ledger.transaction():
                archive.building.adopt(building)
        clear_others(place, lambda: filter(None, [archive.building.generation]))
        index.sweep()
        return index


def _open_sound(place: Path) -> WhooshIndex | None:
    from trail.index.store import WhooshIndex  # noqa: PLC0415 - as above

    try:
        index = WhooshIndex.open(place)
        index.drop_damaged()
    except IndexUnavailable:
        return None
    return index


def _take_unfinished(archive: Archive, place: Path, generation: str | None) -> WhooshIndex | None:
    """What was built so far of a new index, if nobody is at work on it: better than to begin from nothing."""
    if generation is None:
        return None
    try:
        with hold_rebuilding(archive.root):
            archive.building.resume()
            return _open_sound(place / generation)
    except ArchiveLocked:
        return None


@contextmanager
def hold_rebuilding(root: Path) -> Iterator[None]:
    """Be the one that rebuilds. Raises ArchiveLocked, ArchiveFull, ArchiveReadOnly."""
    lock = root / "index" / LOCK
    with ExitStack() as held:
        with translate_disk_errors(lock.parent):
            held.enter_context(
                hold_lock(
                    lock,
                    wait=0.0,
                    holder="the index is being rebuilt by another trail",
                    hint="`trail status` shows how far it is",
                )
            )
            os.utime(lock)  # when it was last tried
        yield
