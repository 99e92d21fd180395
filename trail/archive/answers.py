"""What a search asks of the ledger, because it changes without the message: threads, answers, what was read.

Comes in: an open ledger. Goes out: sets of keys, true at this moment. Nothing here writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trail.archive.ledger import Ledger

_PRESENT = (
    "s.key IS NOT NULL AND s.gone_at IS NULL AND e.retired_at IS NULL AND NOT EXISTS (SELECT 1 FROM epoch n"
    " WHERE n.account = e.account AND n.folder = e.folder AND n.retired_at IS NULL AND (n.last_seen_at, n.id) > (e.last_seen_at, e.id))"
)


def find_by_message_id(ledger: Ledger, message_id: str) -> frozenset[str]:
    """Return the messages with that Message-ID, given without its angle brackets."""
    rows = ledger.execute("SELECT key FROM envelope WHERE message_id = ?", (message_id,))
    return frozenset(row[0] for row in rows)


def find_unread(ledger: Ledger) -> frozenset[str]:
    """Return the messages that are on a server now and were read in none of their places, as last seen."""
    rows = ledger.execute(
        "SELECT s.key FROM sighting s JOIN epoch e ON e.id = s.epoch"
        f" WHERE {_PRESENT} GROUP BY s.key HAVING max(s.flags LIKE '%\\Seen%') = 0"
    )
    return frozenset(row[0] for row in rows)


def find_followed(ledger: Ledger) -> frozenset[str]:
    """Return the messages that others follow: each is not the last of its conversation.

    A conversation is what refers to each other, directly or through others, held or not; the last message is the one
    with the latest date (of sending, else of receipt).
    """
    last: dict[str, tuple[int, str]] = {}
    linked = _list_linked(ledger)
    for key, at, thread in linked:
        last[thread] = max(last.get(thread, (at, key)), (at, key))
    return frozenset(key for key, _, thread in linked if last[thread][1] != key)


def _list_linked(ledger: Ledger) -> list[tuple[str, int, str]]:
    """Return for each message that has to do with another its key, its date in seconds, and a name that its whole conversation has in common."""
    parents: dict[str, str] = {}

    def find_root(name: str) -> str:
        root = name
        while (above := parents.get(root, root)) != root:
            root = above
        while name != root:
            parents[name], name = root, parents[name]
        return root

    # most messages stand alone: those that refer to nothing, and that nothing refers to
    messages = ledger.execute(
        "WITH linked AS (SELECT key FROM reference"
        " UNION SELECT key FROM envelope WHERE message_id IN (SELECT message_id FROM reference)"
        " UNION SELECT key FROM envelope WHERE message_id IN"
        " (SELECT message_id FROM envelope GROUP BY message_id HAVING count(*) > 1))"
        " SELECT e.key, coalesce(e.message_id, e.key), coalesce(e.sent_at, m.received_at)"
        " FROM linked JOIN envelope e ON e.key = linked.key JOIN message m ON m.key = e.key"
    ).fetchall()
    names = {key: name for key, name, _ in messages}
    for key, message_id in ledger.execute("SELECT key, message_id FROM reference"):
        one, other = find_root(names.get(key, key)), find_root(message_id)
        if one != other:
            parents[one] = other
    return [(key, at, find_root(name)) for key, name, at in messages]
