"""The client's book as it is written: what a person entered, what follows from it, and a line in the audit log.

    a word from a person --> entry --> ledger and audit log, in one short transaction
                                '--> agreement --> the action that reminds of its end

Comes in: entries. Goes out: entries that are in the ledger. Nothing here waits for a sync or a daemon at work: the book
changes nothing of the mail, so it is written beside them. What must never happen: that a text gets into the audit log.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from trail.archive.book import TABLES
from trail.archive.store import noting, require_archive
from trail.book.actions import follow
from trail.book.ids import derive_id, make_id, read_prefix
from trail.errors import UnknownEntry
from trail.model.book import Action, Agreement, Note, Request, Response, Struck

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.model.book import Entry
    from trail.model.waiting import Settled

    _Entry = TypeVar("_Entry", Note, Action, Agreement, Request, Response)
    _Found = TypeVar("_Found")


class Pen:
    """Writes into the book, inside a transaction."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.now = datetime.now(UTC).replace(microsecond=0)

    def make_id(self) -> str:
        """An id that nothing has, nor had."""
        return make_id(self.archive.book.list_ids())

    def write(self, entry: Entry, act: str) -> None:
        """Enter an entry, in place of what has its id; `act` is what the audit log calls it: "added", "changed", "done"."""
        self.archive.book.write([entry])
        self._record(entry, act)
        if isinstance(entry, Agreement):
            self._follow(entry)

    def strike(self, entry: Entry) -> None:
        """Take an entry out, and what follows from it."""
        self.archive.ledger.execute(
            "PRAGMA secure_delete = ON"
        )  # its text is not to stay in a free page
        self.archive.book.strike([Struck(entry.id, entry.client, TABLES[type(entry)], self.now)])
        self._record(entry, "removed")
        if isinstance(entry, Agreement) and (reminder := self.find_reminder(entry)):
            self.strike(reminder)

    def dismiss(self, suggestion_id: str, client: str) -> None:
        """Never show a suggestion again."""
        self.archive.book.strike([Struck(suggestion_id, client, "suggestion", self.now)])

    def find_reminder(self, agreement: Agreement) -> Action | None:
        """The action that reminds of the end of an agreement."""
        found = self.archive.book.find(Action, derive_id("agreement", agreement.id))
        return found[0] if found and found[0].origin == agreement.id else None

    def take(
        self, entries: Iterable[Entry], struck: Iterable[Struck], settled: Iterable[Settled]
    ) -> None:
        """Enter what a copy of the book brings."""
        entries, struck, settled = list(entries), list(struck), list(settled)
        self.archive.ledger.execute("PRAGMA secure_delete = ON")
        self.archive.book.write(entries)
        self.archive.book.strike(struck)
        self.archive.conversations.take_decided(settled)
        clients = Counter(one.client for one in (*entries, *struck, *settled))
        for client, count in sorted(clients.items()):
            self.archive.audit.record(
                self.now, "booked", client=client, kind="book", act="imported", entries=count
            )

    def _follow(self, agreement: Agreement) -> None:
        present = self.find_reminder(agreement)
        wanted = follow(agreement, present, self.now)
        if wanted is None and present is not None and present.done_at is None:
            self.strike(present)
        elif wanted is not None and wanted != present:
            self.write(wanted, "changed" if present else "added")

    def _record(self, entry: Entry, act: str) -> None:
        kind = TABLES[type(entry)]
        self.archive.audit.record(
            self.now, "booked", client=entry.client, kind=kind, id=entry.id, act=act
        )


@contextmanager
def writing_book(root: Path) -> Iterator[Pen]:
    """Write into the book of the archive in `root`: all of it or nothing, beside a sync at work.

    Raises ConfigError when there is no archive, ArchiveFull, ArchiveReadOnly.
    """
    require_archive(root, "ledger.db")
    with noting(root) as archive:
        yield Pen(archive)


def find_entry(archive: Archive, kind: type[_Entry], text: str, client: str = "") -> _Entry:
    """The entry of a kind (and client) whose id begins so. Raises UnknownEntry."""
    prefix = read_prefix(text)
    found = archive.book.find(kind, prefix) if prefix else []
    return choose(
        (entry for entry in found if not client or entry.client == client), text, TABLES[kind]
    )


def choose(found: Iterable[_Found], text: str, noun: str) -> _Found:
    """The only one found. Raises UnknownEntry."""
    matches = list(found)
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UnknownEntry(f"more than one {noun} has an id that begins with {text}", "add a sign")
    raise UnknownEntry(
        f'no {noun} has the id "{text}"', f"ids have six signs; the list of {noun}s prints them"
    )
