"""Holds: of which clients nothing may be forgotten, until when, and why.

Comes in: holds that are placed and released. Goes out: those in force. A hold that ran out, or was released, stays on
record until its client is forgotten. Writing methods are called inside a ledger transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trail.archive.ledger import from_seconds, to_seconds

if TYPE_CHECKING:
    from datetime import datetime

    from trail.archive.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on a client (a slug). `until` is the first moment in which it no longer holds."""

    number: int
    client: str
    until: datetime
    why: str
    by: str
    placed_at: datetime
    released_at: datetime | None = None

    @property
    def last_moment(self) -> datetime:
        """The last moment in which it holds: what people call the day it ends on."""
        return self.until - timedelta(seconds=1)

    def is_active(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.released_at is None and self.until > now


class Holds:
    """The holds of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def list_all(self, client: str | None = None) -> list[Hold]:
        """Every hold on record (of a client), the oldest first."""
        rows = self._ledger.execute(
            "SELECT id, client, until, why, by, placed_at, released_at FROM hold"
            " WHERE ? IS NULL OR client = ? ORDER BY id",
            (client, client),
        )
        return [
            Hold(
                number,
                whose,
                from_seconds(until),
                why,
                by,
                from_seconds(placed),
                None if released is None else from_seconds(released),
            )
            for number, whose, until, why, by, placed, released in rows
        ]

    def list_active(self, client: str, now: datetime) -> list[Hold]:
        """The holds on a client that are in force."""
        return [hold for hold in self.list_all(client) if hold.is_active(now)]

    def place(self, client: str, until: datetime, why: str, by: str, now: datetime) -> int:
        """Place a hold. Returns its number."""
        row = self._ledger.execute(
            "INSERT INTO hold (client, until, why, by, placed_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (client, to_seconds(until), why, by, to_seconds(now)),
        ).fetchone()
        return int(row[0])

    def release(self, client: str, now: datetime) -> list[int]:
        """Release every hold on a client that is in force. Returns their numbers."""
        numbers = [hold.number for hold in self.list_active(client, now)]
        self._ledger.execute_many(
            "UPDATE hold SET released_at = ? WHERE id = ?",
            ((to_seconds(now), number) for number in numbers),
        )
        return numbers
