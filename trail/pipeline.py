"""The corridor in: fetch -> archive -> parse -> attribute -> index. This page is the map.

    server --UIDs--> plan --batches--> fetch --bytes--> Maildir --facts--> ledger      trail.intake
                                                           |
                 index <--words-- parse <--bytes-----------+--headers--> attribute     trail.catchup
                   ^--words-- cache <--texts-- attachments +                           trail.documents
                                                           |
             who waits for whom <--turns-- what is said <--+                           trail.hearing

Every step starts from what is recorded, so each can be cut anywhere and goes on at the next round:
UIDs without a decision are fetched, messages not attributed under the present rules are attributed, messages the
present index lacks are indexed, and the book is brought up to date. Nothing but the archive is handed from round to round.

An index in doubt is made anew beside the one that serves: `trail.rebuilding`.
The corridor out, to a hand-off, is `trail.transfer`.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending, index_pending
from trail.documents import read_documents
from trail.errors import ArchiveLocked, IndexUnavailable
from trail.hearing import keep_book
from trail.parse.kinds import READER
from trail.rebuilding import rebuild_index
from trail.settling import settle_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.index.store import WhooshIndex
    from trail.intake import Round
    from trail.intake.round import Progress
    from trail.model import Account, Client, SyncReport
    from trail.workers import Crew

PATIENCE = 10.0
"""Seconds a new index that is complete waits for the archive's writer; that one puts it in its place at the end of its round, too."""

FEW = 200
"""Messages that are read for the book within a round of the daemon; more are read between two rounds, for as long as nobody waits."""


def run_round(
    round_: Round, accounts: Sequence[Account], *, index: bool = True, documents: bool = True
) -> SyncReport:
    """One whole round. Without `index` it ends when everything is durable; the next round catches up.

    Without `documents` it ends when the messages can be found; `keep_book` and `read_pending` go on with what they say and
    with their attachments.

    Raises ArchiveFull, ArchiveReadOnly. What went wrong with an account is in the report.
    """
    from trail.forgetting import finish  # noqa: PLC0415 - as below
    from trail.intake import fetch_accounts  # noqa: PLC0415 - a rebuild of the index fetches nothing

    archive = round_.archive
    if not round_.dry_run:
        round_.config = finish(archive, round_.config, round_.progress)  # a killed `trail forget`
        # changed rules first: they decide what is fetched
        attribute_pending(archive, round_.config.clients, round_.progress)
    report = fetch_accounts(round_, accounts)
    if index and not round_.dry_run:
        catch_up(round_)
        keep_book(
            archive,
            round_.config,
            most=None if documents else FEW,
            progress=round_.progress,
            stopping=round_.stopping,
        )
        if documents and not round_.stopping():
            read_pending(archive, progress=round_.progress, stopping=round_.stopping)
    return report


def catch_up(round_: Round) -> None:
    """Attribute and index what is archived and is neither yet. Only the writer may call this. Raises ArchiveFull."""
    attribute_pending(round_.archive, round_.config.clients, round_.progress)
    try:
        _index_lacking(round_)
    except IndexUnavailable:
        # it met damage: what is sound goes on, and is made anew after the round
        with open_index(round_.archive.root) as words:
            words.find_damage()
        _index_lacking(round_)


def _index_lacking(round_: Round) -> None:
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
    """The index to write to: without what is damaged, made anew where nothing can be read. Only the writer may call this."""
    index = settle_index(root)
    try:
        yield index
    finally:
        index.close()


def reindex(
    root: Path,
    clients: Sequence[Client],
    progress: Progress = lambda *_: None,
    crew: Crew | None = None,
) -> int:
    """Attribute what is not attributed, build the index anew, the old one answering meanwhile, and read what the cache of texts has not.

    Returns how many messages are in it. Other commands that write have their turn in between. Raises as `rebuild_index`.
    """
    with suppress(ArchiveLocked), writing_archive(root) as archive:  # whoever holds it attributes
        attribute_pending(archive, clients, progress)
    count = None
    while count is None:
        count = rebuild_index(root, progress=progress, wait=PATIENCE, crew=crew)
    with suppress(ArchiveLocked), writing_archive(root) as archive:
        read_pending(archive, progress=progress)
    return count
