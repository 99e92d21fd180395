"""What was handed over to whom, and what people decided about single messages.

Comes in: facts of a hand-off, decisions. Goes out: the same, by client. Writing methods are called inside a ledger
transaction. Nothing here can be derived again: the audit log tells of it, not in full.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from trail.archive.ledger import chunk_keys, from_seconds, place_holders, to_seconds
from trail.model import Decided, PastHandOff

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trail.archive.ledger import Ledger


class Given(NamedTuple):
    """A message as a client got it: in which hand-off, and what was done to the copy ("" for nothing)."""

    handoff: int
    change: str


_SENT = "id NOT IN (SELECT handoff FROM unsent)"


class HandOffs:
    """The hand-offs of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def list_past(self, client: str) -> list[PastHandOff]:
        """The hand-offs to a client, but for those that were never sent, the latest last."""
        rows = self._ledger.execute(
            "SELECT id, client, bundle, digest, at, by, messages, withheld FROM handoff WHERE client = ?"
            f" AND {_SENT} ORDER BY id",
            (client,),
        )
        return [
            PastHandOff(number, whose, bundle, digest, from_seconds(at), by, messages, withheld)
            for number, whose, bundle, digest, at, by, messages, withheld in rows
        ]

    def count(self, client: str) -> int:
        """How many hand-offs to a client were made, sent or not."""
        row = self._ledger.execute("SELECT count(*) FROM handoff WHERE client = ?", (client,))
        return int(row.fetchone()[0])

    def mark_unsent(self, digest: str, at: datetime) -> None:
        """Note that the hand-off of this digest was never sent: what was only in it is given no longer."""
        self._ledger.execute(
            "INSERT OR IGNORE INTO unsent SELECT id, ? FROM handoff WHERE digest = ?",
            (to_seconds(at), digest),
        )

    def mark_sent(self, digest: str) -> None:
        """Note that it was sent after all."""
        self._ledger.execute(
            "DELETE FROM unsent WHERE handoff IN (SELECT id FROM handoff WHERE digest = ?)",
            (digest,),
        )

    def read_given(self, client: str) -> dict[str, tuple[Given, ...]]:
        """Every message a client was given, the earliest time first; what was never sent gave nothing."""
        found: dict[str, tuple[Given, ...]] = {}
        for key, handoff, change in self._ledger.execute(
            "SELECT g.key, g.handoff, g.change FROM given g JOIN handoff h ON h.id = g.handoff"
            f" WHERE h.client = ? AND h.{_SENT} ORDER BY g.handoff",
            (client,),
        ):
            found[key] = (*found.get(key, ()), Given(handoff, change))
        return found

    def find_given(self, client: str, message_ids: Iterable[str]) -> set[str]:
        """Those of these Message-IDs that messages have which a client was given."""
        found: set[str] = set()
        for chunk in chunk_keys(message_ids):
            rows = self._ledger.execute(
                "SELECT e.message_id FROM envelope e JOIN given g ON g.key = e.key"
                " JOIN handoff h ON h.id = g.handoff"
                f" WHERE h.client = ? AND h.{_SENT} AND e.message_id IN ({place_holders(chunk)})",
                (client, *chunk),
            )
            found.update(row[0] for row in rows)
        return found

    def record(
        self,
        client: str,
        bundle: str,
        digest: str,
        at: datetime,
        by: str,
        filters: dict[str, object],
        given: dict[str, str],
        withheld: int,
        continues: int | None,
        salt: str,
    ) -> int:
        """Enter a hand-off; `given` are its messages, with what was done to each copy. Returns its number."""
        row = self._ledger.execute(
            "INSERT INTO handoff (client, bundle, digest, at, by, filters, messages, withheld, continues, salt)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (
                client,
                bundle,
                digest,
                to_seconds(at),
                by,
                json.dumps(filters),
                len(given),
                withheld,
                continues,
                salt,
            ),
        ).fetchone()
        number = int(row[0])
        self._ledger.execute_many(
            "INSERT INTO given VALUES (?, ?, ?)",
            ((number, key, change) for key, change in given.items()),
        )
        return number

    def read_decisions(self, client: str) -> dict[str, Decided]:
        """What was decided of a client's messages, by key."""
        rows = self._ledger.execute(
            "SELECT key, gives, reasons, why, by, at FROM decision WHERE client = ?", (client,)
        )
        return {
            key: Decided(key, bool(gives), tuple(json.loads(reasons)), why, by, from_seconds(at))
            for key, gives, reasons, why, by, at in rows
        }

    def write_decisions(self, client: str, decisions: Iterable[Decided]) -> None:
        """Remember decisions; a later one takes the place of an earlier."""
        self._ledger.execute_many(
            "INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (client, d.key, int(d.gives), json.dumps(d.reasons), d.why, d.by, to_seconds(d.at))
                for d in decisions
            ),
        )

    def forget_decisions(self, client: str, keys: Iterable[str]) -> None:
        """Take decisions back: what they were about is undecided again."""
        self._ledger.execute_many(
            "DELETE FROM decision WHERE client = ? AND key = ?", ((client, key) for key in keys)
        )
