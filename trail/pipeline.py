"""The corridor in: fetch -> archive -> parse -> attribute -> index. This page is the map.

    server --UIDs--> plan --batches--> fetch --bytes--> Maildir --facts--> ledger      trail.intake
                                                           |
                 index <--words-- parse <--bytes-----------+--headers--> attribute     trail.catchup
                   ^--words-- cache <--texts-- attachments +                           trail.documents

Every step starts from what is recorded, so each can be cut anywhere and goes on at the next round:
UIDs without a decision are fetched, messages not attributed under the present rules are attributed, messages the
present index lacks are indexed. Nothing but the archive is handed from round to round.

The corridor out, to a hand-off, is `trail.transfer`.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trail.catchup import attribute_pending, index_pending
from trail.documents import read_documents
from trail.errors import IndexUnavailable
from trail.parse.kinds import READER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.index.store import WhooshIndex
    from trail.intake import Round
    from trail.intake.round import Progress
    from trail.model import Account, SyncReport
    from trail.workers import Crew


def run_round(
    round_: Round, accounts: Sequence[Account], *, index: bool = True, documents: bool = True
) -> SyncReport:
    """One whole round. Without `index` it ends when everything is durable; the next round catches up.

    Without `documents` it ends when the messages can be found; `read_pending` goes on with their attachments.

    Raises ArchiveFull, ArchiveReadOnly. What went wrong with an account is in the report.
    """
    from trail.intake import fetch_accounts  # noqa: PLC0415 - a rebuild of the index fetches nothing

    archive, clients = round_.archive, round_.config.clients
    if not round_.dry_run:
        attribute_pending(
            archive, clients, round_.progress
        )  # changed rules first: they decide what is fetched
    report = fetch_accounts(round_, accounts)
    if index and not round_.dry_run:
        catch_up(round_)
        if documents and not round_.stopping():
            read_pending(archive, progress=round_.progress, stopping=round_.stopping)
    return report


def catch_up(round_: Round) -> None:
    """Attribute and index what is archived and is neither yet. Only the writer may call this. Raises ArchiveFull."""
    attribute_pending(round_.archive, round_.config.clients, round_.progress)
    with open_index(round_.archive.root) as words:
        index_pending(round_.archive, words, progress=round_.progress, stopping=round_.stopping)


def read_pending(
    archive: Archive,
    *,
    progress: Progress = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Read the attachments that were not read yet, and index their messages again. Returns how many are still to be read.

    For `stopping` and `enough` see `trail.documents`.
    """
    if read_documents(archive, progress=progress, stopping=stopping, enough=enough):
        # what was read, though it may have been cut short; whoever waits for the end waits for no index, the next round has it
        with open_index(archive.root) as words:
            index_pending(archive, words, progress=progress, stopping=stopping)
    return archive.documents.count_unread(READER)


@contextmanager
def open_index(root: Path) -> Iterator[WhooshIndex]:
    """The index to write to: made anew where there is none, or one that cannot be read. Only the writer may call this."""
    from trail.index.store import WhooshIndex  # noqa: PLC0415 - a round that does not index need not load the engine

    place, building = root / "index", root / "index.new"
    if (
        not place.exists() and building.exists()
    ):  # a rebuild that was killed between its two renames, or before
        building.rename(place)
    try:
        index = WhooshIndex.open(place)
    except IndexUnavailable:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)
        index = WhooshIndex.create(place)
    index.sweep()
    shutil.rmtree(building, ignore_errors=True)  # a rebuild that was killed while the old one stood
    try:
        yield index
    finally:
        index.close()


def rebuild_index(
    archive: Archive, progress: Progress = lambda *_: None, crew: Crew | None = None
) -> int:
    """Build the index anew from the Maildir, the old one answering until the new one is complete."""
    from trail.index.store import WhooshIndex  # noqa: PLC0415 - as above

    place, building, old = (archive.root / name for name in ("index", "index.new", "index.old"))
    shutil.rmtree(building, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    index = WhooshIndex.create(building)
    try:
        count = index_pending(archive, index, progress=progress, crew=crew)
        if read_documents(archive, progress=progress):  # what the cache had not
            index_pending(archive, index, progress=progress)
    finally:
        index.close()
    if place.exists():
        place.rename(old)
    building.rename(place)
    shutil.rmtree(old, ignore_errors=True)
    return count
