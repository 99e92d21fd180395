"""The index made anew beside the one that serves, and put in its place in one step.

    archive --everything--> index/<new>     for minutes, beside the archive's writer, whom it never keeps waiting
            --what changed--> index/<new>   for a moment, under the archive's lock
                              index/serving names it, and the ledger knows

Comes in: an archive. Goes out: an index that serves. It can be cut anywhere: the old index serves on, and the next
rebuild goes on where this one was. One process builds at a time. Must never take the index away that serves.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from trail.archive.store import require_archive, writing_archive, writing_beside
from trail.catchup import index_pending, index_work, tidy_index
from trail.errors import ArchiveFull, IndexUnavailable
from trail.lacking import Building
from trail.settling import hold_rebuilding, settle_index

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.index.store import WhooshIndex
    from trail.workers import Crew

    Progress = Callable[[str, int, int], None]

FEW = 1000
"""Messages that may be left to the moment in which nobody else writes."""
MARGIN = 64 * 1024 * 1024
"""Bytes that have to be free beside those of an index as large as the old one."""


_PASSES = 2
"""Under the lock nothing changes: the second one finds nothing to do."""


def needs_rebuild(archive: Archive) -> bool:
    """Whether the index that serves is in doubt, or a rebuild was cut short."""
    from trail.index.store import WhooshIndex  # noqa: PLC0415 - a round that does not index need not load the engine

    try:
        index = WhooshIndex.open(archive.root / "index")
    except IndexUnavailable:
        return False  # the round makes it anew, where it stood
    try:
        return index.doubt is not None or archive.building.generation is not None
    finally:
        index.close()


def rebuild_index(
    root: Path,
    *,
    progress: Progress = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
    wait: float = 10.0,
    crew: Crew | None = None,
) -> int | None:
    """Go on building the new index, and have it serve when it is complete; then return how many messages it has, else None.

    `stopping`, `enough` and `crew` as in `trail.catchup.index_work`. Waits `wait` seconds for the archive's writer in the end. Raises
    ArchiveLocked when another process rebuilds, or that writer is not done in time: call again; ArchiveFull, ArchiveReadOnly.
    """
    require_archive(root, "ledger.db")
    if not _is_served(root):  # then there is nothing to build beside
        return _make_in_place(root, progress, stopping, wait, crew)
    with hold_rebuilding(root):
        with writing_beside(root) as archive:
            if not _build(archive, progress, stopping, enough, crew):
                return None
        with writing_archive(root, wait=wait) as archive:
            return _publish(archive)


def _is_served(root: Path) -> bool:
    from trail.index.store import WhooshIndex  # noqa: PLC0415 - see needs_rebuild

    try:
        WhooshIndex.open(root / "index").close()
    except IndexUnavailable:
        return False
    return True


def _make_in_place(
    root: Path,
    progress: Progress,
    stopping: Callable[[], bool],
    wait: float,
    crew: Crew | None,
) -> int | None:
    with writing_archive(root, wait=wait) as archive:
        index = settle_index(root)
        try:
            index_pending(archive, index, progress=progress, stopping=stopping, crew=crew)
            return None if archive.facts.count_unindexed(index.generation) else index.count()
        finally:
            index.close()


def _build(
    archive: Archive,
    progress: Progress,
    stopping: Callable[[], bool],
    enough: Callable[[], bool],
    crew: Crew | None,
) -> bool:
    """Build, beside the writer, until little is missing; whether it came to that."""
    index, careful = _open_building(archive)
    try:
        while (
            missing := archive.building.count_missing()
        ) >= FEW or not archive.building.count_done():
            done = archive.building.count_done()
            index_work(
                archive,
                index,
                Building(archive, index),
                progress=lambda _, now, __: progress("rebuilding the index", done + now, done + missing),  # noqa: B023 - called at once
                stopping=stopping,
                enough=enough,
                careful=careful,
                tidying=False,
                crew=crew,
            )  # fmt: skip
            if stopping() or enough():
                return False
            if not archive.building.count_done():
                break  # an archive without messages
        tidy_index(index, crew)
    except ArchiveFull:  # room for whoever needs it more than an index that is not complete
        _give_up(archive, index)
        raise
    else:
        return True
    finally:
        index.close()


def _publish(archive: Archive) -> int:
    """Build what is still missing, under the archive's lock, and have the new index serve."""
    from trail.index.serving import clear_others, serve  # noqa: PLC0415 - see needs_rebuild

    place = archive.root / "index"
    index, _ = _open_building(archive)
    try:
        work = Building(archive, index)
        for _ in range(_PASSES):
            index_work(archive, index, work, careful=archive.mended, tidying=False)
        strangers = archive.building.list_strangers(index.read_keys())
        if strangers:  # they were forgotten meanwhile
            index.remove(strangers)
        count = index.count()
        if count != archive.facts.count_messages()[0]:
            _give_up(archive, index)
            raise IndexUnavailable(
                "the new search index is not complete", "run `trail reindex` again"
            )
        with archive.ledger.transaction():
            archive.building.adopt(index.generation)
            serve(place, index.generation)
    finally:
        index.close()
    clear_others(place, list)
    return count


def _open_building(archive: Archive) -> tuple[WhooshIndex, bool]:
    """The new index as far as it is built, and whether who built it was killed. Raises ArchiveFull."""
    from trail.index.schema import SCHEMA_VERSION  # noqa: PLC0415 - see needs_rebuild
    from trail.index.serving import read_about  # noqa: PLC0415 - the same
    from trail.index.store import WhooshIndex, make_generation  # noqa: PLC0415 - the same

    place = archive.root / "index"
    generation = archive.building.generation
    if generation:
        try:
            if read_about(place / generation).schema == SCHEMA_VERSION:
                index = WhooshIndex.open(place / generation)
                if index.doubt is None:
                    index.sweep()
                    return index, archive.building.resume()
        except IndexUnavailable:
            pass  # begun anew
    _need_room(place)
    generation = make_generation()
    archive.building.begin(
        generation
    )  # first: a folder of a name that nobody knows is cleared away
    return WhooshIndex.begin(place, generation), False


def _give_up(archive: Archive, index: WhooshIndex) -> None:
    from trail.index.serving import remove_index  # noqa: PLC0415 - see needs_rebuild

    index.close()
    remove_index(index.folder)
    with archive.ledger.transaction():
        archive.building.forget()


def _need_room(place: Path) -> None:
    """Raises ArchiveFull where there is no room for an index as large as the one that serves."""
    from trail.index.serving import find_serving  # noqa: PLC0415 - see needs_rebuild

    size = sum(path.stat().st_size for path in find_serving(place).glob("*.seg"))
    free = shutil.disk_usage(place).free
    if free < size + MARGIN:
        raise ArchiveFull(
            f"no room for a new search index beside the old one, which serves on: it takes {(size + MARGIN) >> 20} MiB, {free >> 20} are free",
            "make room, and run `trail reindex`",
        )
