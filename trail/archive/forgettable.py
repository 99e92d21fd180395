"""What may be forgotten of a client, as the ledger has it.

Comes in: a ledger and a slug. Goes out: messages that are theirs alone, those they share with others, what is older
than a date, and where all of it still lies on servers. Nothing here writes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.ledger import from_seconds, to_seconds

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from trail.archive.ledger import Ledger

_THEIRS = "FROM attribution a WHERE a.client = ?"
_SHARED = "EXISTS (SELECT 1 FROM attribution o WHERE o.key = a.key AND o.client <> a.client)"


@dataclass(frozen=True, slots=True)
class Own:
    """A message that is this client's and nobody else's. `at` is when it was sent or received, whichever is later."""

    key: str
    size: int
    at: datetime
    archived_at: datetime


def list_own(ledger: Ledger, client: str) -> list[Own]:
    """The messages that belong to this client and to no other, by key."""
    rows = ledger.execute(
        "SELECT m.key, m.size, max(m.received_at, coalesce(e.sent_at, m.received_at)), m.archived_at"
        f" FROM message m LEFT JOIN envelope e ON e.key = m.key WHERE m.key IN (SELECT a.key {_THEIRS} AND NOT {_SHARED})"
        " ORDER BY m.key",
        (client,),
    )
    return [
        Own(k, size, from_seconds(at), from_seconds(archived)) for k, size, at, archived in rows
    ]


def list_shared(ledger: Ledger, client: str) -> dict[str, tuple[str, ...]]:
    """The messages that belong to others too, and to whom, by key."""
    shared: dict[str, tuple[str, ...]] = {}
    for key, other in ledger.execute(
        f"SELECT a.key, o.client {_THEIRS.replace(' WHERE', ' JOIN attribution o ON o.key = a.key AND o.client <> a.client WHERE')}"
        " ORDER BY a.key, o.client",
        (client,),
    ):
        shared[key] = (*shared.get(key, ()), other)
    return shared


def has_older(ledger: Ledger, client: str, before: datetime) -> bool:
    """Whether any message of a client is older than that; those it shares, and conversations that went on, count too."""
    row = ledger.execute(
        "SELECT 1 FROM attribution a JOIN message m ON m.key = a.key LEFT JOIN envelope e ON e.key = a.key"
        " WHERE a.client = ? AND max(m.received_at, coalesce(e.sent_at, m.received_at)) < ? LIMIT 1",
        (client, to_seconds(before)),
    ).fetchone()
    return row is not None


def split_by_age(ledger: Ledger, client: str, before: datetime) -> tuple[list[Own], set[str]]:
    """Of the messages that are this client's alone and older than that: those of conversations that ended before, and the others."""
    old = [message for message in list_own(ledger, client) if message.at < before]
    ongoing = _find_ongoing(ledger, client, {message.key for message in old}, before)
    return [message for message in old if message.key not in ongoing], ongoing


def _find_ongoing(ledger: Ledger, client: str, old: Collection[str], before: datetime) -> set[str]:
    """Those of the `old` messages whose conversation with the client has gone on since `before`."""
    if not old:
        return set()
    parents: dict[str, str] = {}

    def find_root(name: str) -> str:
        root = parents.setdefault(name, name)
        while (above := parents[root]) != root:
            root = above
        while name != root:
            parents[name], name = root, parents[name]
        return root

    theirs = f"key IN (SELECT a.key {_THEIRS})"
    for table in ("envelope", "reference"):
        for key, message_id in ledger.execute(
            f"SELECT key, message_id FROM {table} WHERE message_id IS NOT NULL AND {theirs}",
            (client,),
        ):
            parents[find_root(f"<{message_id}>")] = find_root(key)
    recent = ledger.execute(
        "SELECT m.key FROM message m LEFT JOIN envelope e ON e.key = m.key"
        f" WHERE m.{theirs} AND max(m.received_at, coalesce(e.sent_at, m.received_at)) >= ?",
        (client, to_seconds(before)),
    )
    going_on = {find_root(row[0]) for row in recent}
    return {key for key in old if find_root(key) in going_on}


def count_on_servers(
    ledger: Ledger, client: str, keys: Collection[str]
) -> dict[tuple[str, str], int]:
    """How many of these messages of a client the servers still had at the last look, by account and folder."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    wanted = frozenset(keys)
    for key, account, folder in ledger.execute(
        "SELECT s.key, e.account, e.folder FROM sighting s JOIN epoch e ON e.id = s.epoch"
        f" WHERE s.gone_at IS NULL AND e.retired_at IS NULL AND s.key IN (SELECT a.key {_THEIRS})",
        (client,),
    ):
        if key in wanted:
            counts[account, folder] += 1
    return dict(counts)
