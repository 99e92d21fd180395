"""Tombstones: which messages were forgotten, so that nothing brings them back.

Comes in: keys, and the audit log, which has them too. Goes out: those of some keys that were forgotten. A tombstone is the
SHA-256 of a message's bytes, a date and a reason: it tells nobody whose it was. Writing methods are called inside a
ledger transaction.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trail.archive.ledger import chunk_keys, place_holders, to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from trail.archive.ledger import Ledger

EVENT = "forgotten"
_MARK = b'"event":"forgotten"'


class Tombstones:
    """The tombstones of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def find(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` that were forgotten."""
        found: set[str] = set()
        for chunk in chunk_keys(keys):
            found.update(
                row[0]
                for row in self._ledger.execute(
                    f"SELECT key FROM tombstone WHERE key IN ({place_holders(chunk)})", chunk
                )
            )
        return found

    def count(self) -> int:
        """How many messages were forgotten."""
        return int(self._ledger.execute("SELECT count(*) FROM tombstone").fetchone()[0])

    def place(self, keys: Iterable[str], at: datetime, reason: str) -> None:
        """Note that these were forgotten."""
        seconds = to_seconds(at)
        self._ledger.execute_many(
            "INSERT OR IGNORE INTO tombstone VALUES (?, ?, ?)",
            ((key, seconds, reason) for key in keys),
        )

    def restore(self, log: Path) -> list[str]:
        """Place again what the audit log tells of, for a ledger that was made anew, or put back from a copy. Returns all keys."""
        keys: list[str] = []
        for event in _iter_events(log):
            told = [str(key) for key in event["keys"]]
            self.place(told, datetime.fromisoformat(event["at"]), str(event["reason"]))
            keys += told
        return keys


def _iter_events(log: Path) -> Iterator[dict[str, Any]]:
    """The events that tell of forgotten messages, in order."""
    if not log.exists():
        return
    with log.open("rb") as file:
        for line in file:
            if _MARK not in line:
                continue
            try:
                event = json.loads(line)
                if event["event"] == EVENT and event["keys"] is not None and event["at"]:
                    yield event
            except (ValueError, KeyError, TypeError):
                continue  # half a line, or one that somebody wrote: `trail verify` names it
