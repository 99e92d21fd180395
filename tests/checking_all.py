"""The whole of an archive, row by row: Maildir, ledger, audit log and index against each other and against the server.

Like `checking`, it shares no code with what writes an archive: sqlite3, hashlib and the documented formats. Of trail it
uses the reader of the index alone, to ask it what a user would ask.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checking import NAME, audit_archive, read_maildir

from trail.index.store import WhooshIndex

if TYPE_CHECKING:
    from pathlib import Path

SEARCHED = ("flagged", "answered", "draft")


def audit_everything(
    root: Path, server, *, folders: set[str], recovered_again: bool = False
) -> None:
    """After a round without trouble: every message there is kept once, every row is right, and all is found."""
    audit_archive(root, server, folders=folders, recovered_again=recovered_again)
    audit_marks(root, server, folders=folders)
    audit_files(root)
    audit_index(root)


def has_ledger(root: Path) -> bool:
    """Whether there is a ledger with its tables: a kill may come before they are made."""
    if not (root / "ledger.db").exists():
        return False
    with _open(root) as ledger:
        return ledger.execute("PRAGMA user_version").fetchone() != (0,)


def audit_disk(root: Path) -> None:
    """After a kill, a fault, anything: what is on the disk is whole, and no row is without its file."""
    maildir = read_maildir(root)
    with _open(root) as ledger:
        rows = ledger.execute("SELECT key, path, size FROM message").fetchall()
        assert [r[0] for r in ledger.execute("PRAGMA integrity_check")] == ["ok"]
        assert ledger.execute("PRAGMA foreign_key_check").fetchall() == []
    for key, path, size in rows:
        assert key in maildir, f"a row without its file: {key}"
        assert (root / path).stat().st_size == size, key


def _read_places(root: Path, account: str, column: str, condition: str = "true") -> list[tuple]:
    """Folder, UIDVALIDITY, UID and a column of every place the account's messages were seen in."""
    with _open(root) as ledger:
        return ledger.execute(
            f"SELECT e.folder, e.uidvalidity, s.uid, {column} FROM sighting s"
            f" JOIN epoch e ON e.id = s.epoch WHERE e.account = ? AND {condition}",
            (account,),
        ).fetchall()


def audit_marks(root: Path, server, *, folders: set[str], account: str = "work") -> None:
    """What the ledger says is gone is gone, and nothing else."""
    snapshot = server.snapshot()
    rows = _read_places(root, account, "s.gone_at IS NOT NULL")
    for folder in folders:
        validity = server.uidvalidity(folder)
        told = {uid: gone for name, at, uid, gone in rows if (name, at) == (folder, validity)}
        assert {uid for uid, gone in told.items() if not gone} == set(snapshot[folder]), folder


def audit_flags(root: Path, server, *, folders: set[str], account: str = "work") -> None:
    """The flags in the ledger are those on the server: holds after a round where the server has CONDSTORE."""
    snapshot = server.snapshot()
    rows = _read_places(root, account, "s.flags", "s.gone_at IS NULL AND s.key IS NOT NULL")
    flags = {(folder, validity, uid): set(text.split()) for folder, validity, uid, text in rows}
    for folder in folders:
        validity = server.uidvalidity(folder)
        for uid, (_, there) in snapshot[folder].items():
            assert flags[folder, validity, uid] == set(there), (folder, uid)


def audit_files(root: Path) -> None:
    """Each file lies in the year it was received in, as its name and its row say; nothing waits to be written."""
    with _open(root) as ledger:
        received = dict(ledger.execute("SELECT path, received_at FROM message"))
        assert ledger.execute("SELECT count(*) FROM audit_outbox").fetchone() == (0,)
        (writer,) = ledger.execute("SELECT value FROM meta WHERE name = 'writer'").fetchone()
        assert writer == "done"
    for path in (root / "mail").glob("*/*/cur/*"):
        seconds = int(NAME.match(path.name)[1])
        assert received[path.relative_to(root).as_posix()] == seconds, path
        assert path.parent.parent.name == f"{datetime.fromtimestamp(seconds, UTC):%Y}", path


def audit_index(root: Path) -> None:
    """The index has each message once, and finds it by its client, account, folder, label and flags as the ledger has them."""
    with _open(root) as ledger:
        keys = sorted(row[0] for row in ledger.execute("SELECT key FROM message"))
        wanted: dict[str, set[str]] = defaultdict(set)
        clients: dict[str, set[str]] = defaultdict(set)
        for key, client in ledger.execute("SELECT key, client FROM attribution"):
            wanted[f"client:{client}"].add(key)
            clients[key].add(client)
        present = {
            (account, folder): number
            for account, folder, number in ledger.execute(
                "SELECT account, folder, id FROM epoch ORDER BY last_seen_at, id"
            )
        }
        for key, account, folder, epoch, labels, flags, gone in ledger.execute(
            "SELECT s.key, e.account, e.folder, e.id, s.labels, s.flags, s.gone_at FROM sighting s"
            " JOIN epoch e ON e.id = s.epoch WHERE s.key IS NOT NULL"
        ):
            wanted[f"account:{account}"].add(key)
            for place in {folder, *filter(None, labels.split("\n"))}:
                if re.fullmatch(r"[\w /&-]+", place):
                    wanted[f'in:"{place}"'].add(key)
            for flag in SEARCHED if gone is None and present[account, folder] == epoch else ():
                if f"\\{flag}" in flags.lower().split():
                    wanted[f"is:{flag}"].add(key)
    index = WhooshIndex.open(root / "index")
    try:
        hits = index.search("*", now=datetime.now(UTC), limit=10**6).hits
        assert sorted(h.key for h in hits) == keys, "the index has not each message once"
        assert {h.key: set(h.clients) for h in hits} == {key: clients[key] for key in keys}
        for query, expected in wanted.items():
            found = _ask(index, query)
            # `in:` finds what lies below, too, which may be more
            assert set(found) >= expected if query.startswith("in:") else set(found) == expected, (
                query
            )
        for flag in SEARCHED:
            assert set(_ask(index, f"is:{flag}")) == wanted[f"is:{flag}"], flag
    finally:
        index.close()


def _ask(index: WhooshIndex, query: str) -> list[str]:
    return [h.key for h in index.search(query, now=datetime.now(UTC), limit=10**6).hits]


class _open:  # noqa: N801 - used like a function
    """A ledger that is only read."""

    def __init__(self, root: Path) -> None:
        self._connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro", uri=True)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *exc: object) -> None:
        self._connection.close()


__all__ = ["audit_disk", "audit_everything", "audit_flags", "has_ledger"]
