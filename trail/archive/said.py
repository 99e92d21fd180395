"""What clients' messages say, and which are still to be read for that: tables `said` and `unheard`.

Comes in: what was read of messages. Goes out: the same. All of it can be read again from the Maildir; writing methods are
called inside a ledger transaction. Triggers of the ledger enter into `unheard` whatever becomes a client's, or ceases to be.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys, place_holders
from trail.model import Said, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.archive.ledger import Ledger

UNDER = "book"
"""The value in `meta` that tells under which rules, clients and own addresses the turns were made."""


class Sayings:
    """What the messages of one archive say."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def begin_under(self, fingerprint: str) -> None:
        """Where turns were made under another fingerprint, all are to be made anew. What was read stays."""
        if self._ledger.read_meta(UNDER) == fingerprint:
            return
        for table in ("conversation", "awaited", "told", "turn"):
            self._ledger.execute(f"DELETE FROM {table}")
        self._ledger.execute("INSERT OR IGNORE INTO unheard SELECT key FROM attribution")
        self._ledger.write_meta(UNDER, fingerprint)

    def count_unheard(self) -> int:
        """How many messages the book lacks, or has otherwise than they are now."""
        return int(self._ledger.execute("SELECT count(*) FROM unheard").fetchone()[0])

    def list_unheard(self) -> list[str]:
        """Their keys, the latest sent first."""
        rows = self._ledger.execute(
            "SELECT u.key FROM unheard u LEFT JOIN message m ON m.key = u.key LEFT JOIN envelope e ON e.key = u.key"
            " ORDER BY coalesce(e.sent_at, m.received_at) DESC, u.key"
        )
        return [row[0] for row in rows]

    def mark_heard(self, keys: Iterable[str]) -> None:
        """Note that the turns of these are made."""
        self._ledger.execute_many("DELETE FROM unheard WHERE key = ?", ((key,) for key in keys))

    def write(self, said: Iterable[Said]) -> None:
        """Keep what was read."""
        self._ledger.execute_many(
            "INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    s.key,
                    s.rules,
                    s.automatic,
                    s.words,
                    _pack([s.asks])[1:-1] if s.asks else "",
                    s.why_not,
                    _pack(s.statements),
                )
                for s in said
            ),
        )

    def read(self, keys: Iterable[str]) -> dict[str, Said]:
        """What was read of those of `keys` that were read."""
        found: dict[str, Said] = {}
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                "SELECT key, automatic, words, asks, why_not, statements, rules FROM said"
                f" WHERE key IN ({place_holders(chunk)})",
                chunk,
            )
            for key, automatic, words, asks, why_not, statements, by in rows:
                found[key] = Said(
                    key,
                    automatic,
                    words,
                    unpack_asks(asks),
                    why_not,
                    unpack_statements(statements),
                    by,
                )
        return found

    def list_read(self, keys: Iterable[str], rules: str) -> set[str]:
        """Those of `keys` that were read by these rules."""
        found: set[str] = set()
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                f"SELECT key FROM said WHERE key IN ({place_holders(chunk)}) AND rules = ?",
                (*chunk, rules),
            )
            found |= {row[0] for row in rows}
        return found

    def drop(self, keys: Iterable[str]) -> None:
        """Take out what was read of messages that are no client's any more."""
        self._ledger.execute_many("DELETE FROM said WHERE key = ?", ((key,) for key in keys))


def _pack(statements: Iterable[Statement]) -> str:
    rows = [[s.kind, s.sentence, s.due and s.due.isoformat(), s.detail] for s in statements]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def unpack_asks(text: str) -> Statement | None:
    """The statement by which an answer is awaited, from what the ledger keeps."""
    return unpack_statements(f"[{text}]")[0] if text else None


def unpack_statements(text: str) -> tuple[Statement, ...]:
    """Statements from what the ledger keeps."""
    if text == "[]":
        return ()
    return tuple(
        Statement(kind, sentence, due and date.fromisoformat(due), detail)
        for kind, sentence, due, detail in json.loads(text)
    )
