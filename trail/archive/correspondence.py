"""Who spoke to whom, when and in which conversation, of all clients' mail at once: what a hand-off compares with.

Comes in: an open ledger. Goes out: facts by key. It reads, and never writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trail.archive.ledger import chunk_keys, place_holders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trail.archive.ledger import Ledger


class Line(NamedTuple):
    """A message of one client or more. Times are seconds since 1970."""

    key: str
    clients: str
    """Their slugs, joined with `+`, in order."""
    sent_at: int
    received_at: int
    root: str
    """Message-ID of the first message of its conversation, as far as it tells."""
    outgoing: bool


def iter_lines(ledger: Ledger, me: Sequence[str]) -> Iterator[Line]:
    """Every message that is some client's."""
    own = [address.strip().lower() for address in me]
    rows = ledger.execute(
        "SELECT m.key, (SELECT group_concat(client, '+') FROM (SELECT client FROM attribution WHERE key = m.key ORDER BY client)),"
        " coalesce(e.sent_at, m.received_at), m.received_at,"
        " coalesce((SELECT message_id FROM reference WHERE key = m.key AND position = 0), e.message_id, m.key),"
        " EXISTS (SELECT 1 FROM address WHERE key = m.key AND role = 'from' AND address IN"
        f" ({place_holders(own)}))"
        " FROM message m LEFT JOIN envelope e ON e.key = m.key"
        " WHERE EXISTS (SELECT 1 FROM attribution WHERE key = m.key)",
        own,
    )
    for key, clients, sent_at, received_at, root, outgoing in rows:
        yield Line(key, clients, sent_at, received_at, root, bool(outgoing))


def find_identifiers(ledger: Ledger, message_ids: Iterable[str]) -> dict[str, tuple[str, set[str]]]:
    """Of those Message-IDs that are archived as some client's: one such message, and all whose it is."""
    found: dict[str, tuple[str, set[str]]] = {}
    for chunk in chunk_keys(message_ids):
        rows = ledger.execute(
            "SELECT e.message_id, e.key, a.client FROM envelope e JOIN attribution a ON a.key = e.key"
            f" WHERE e.message_id IN ({place_holders(chunk)})",
            chunk,
        )
        for message_id, key, client in rows:
            found.setdefault(message_id, (key, set()))[1].add(client)
    return found


def find_ancestors(ledger: Ledger, client: str) -> list[str]:
    """Archived messages of nobody that messages of the client refer to: the beginnings of their conversations."""
    rows = ledger.execute(
        "SELECT DISTINCT e.key FROM attribution a JOIN reference r ON r.key = a.key"
        " JOIN envelope e ON e.message_id = r.message_id"
        " WHERE a.client = ? AND a.inherited = 0"
        " AND NOT EXISTS (SELECT 1 FROM attribution WHERE key = e.key)",
        (client,),
    )
    return [row[0] for row in rows]
