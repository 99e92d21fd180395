"""What a search asks of the ledger, because it changes without the message: threads, answers, what was read.

Comes in: an open ledger. Goes out: sets of keys, true at this moment. Nothing here writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys, place_holders

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    # Read as they lie in the file, and joined here: most messages stand alone, and are left behind at once.
    rows = ledger.execute("SELECT message_id, key, sent_at FROM envelope").fetchall()
    bearers: dict[str | None, str] = {message_id: key for message_id, key, _ in rows}
    parents: dict[str, str] = {}
    if len(bearers) < len(rows):  # several bear the same
        for message_id, key, _ in rows:
            if message_id is not None and bearers[message_id] != key:
                _join(parents, bearers[message_id], key)
    for key, message_id in ledger.execute("SELECT key, message_id FROM reference"):
        # a message that is not held, known by its Message-ID alone, joins those that refer to it
        _join(parents, bearers.get(message_id, message_id), key)
    at: dict[str, int | None] = {key: sent_at for _, key, sent_at in rows if key in parents}
    last: dict[str, tuple[int, str]] = {}
    linked = {key: _find_root(parents, key) for key in at}
    received = _read_received(ledger, (key for key in linked if at[key] is None))
    moments = {key: (received[key] if (sent := at[key]) is None else sent, key) for key in linked}
    for key, root in linked.items():
        last[root] = max(last.get(root, moments[key]), moments[key])
    return frozenset(key for key, root in linked.items() if last[root][1] != key)


def _join(parents: dict[str, str], one: str, other: str) -> None:
    one, other = _find_root(parents, one), _find_root(parents, other)
    parents[one] = other


def _find_root(parents: dict[str, str], name: str) -> str:
    root = parents.setdefault(name, name)
    while (above := parents[root]) != root:
        root = above
    while name != root:
        parents[name], name = root, parents[name]
    return root


def _read_received(ledger: Ledger, keys: Iterable[str]) -> dict[str, int]:
    received: dict[str, int] = {}
    for chunk in chunk_keys(keys):
        received |= dict(
            ledger.execute(
                f"SELECT key, received_at FROM message WHERE key IN ({place_holders(chunk)})", chunk
            ).fetchall()
        )
    return received
