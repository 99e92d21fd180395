"""What clients and we asked, promised and complained of, with the words that followed: table `told`. And who wrote when.

Comes in: what was made of conversations. Goes out: the same, by client. All of it can be made again from `turn` and `said`; writing
methods are called inside a ledger transaction.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys, place_holders
from trail.archive.turns import chunk_numbers
from trail.model.review import Passed, Told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.archive.ledger import Ledger
    from trail.model import Side

_COLUMNS = (
    "client, at, key, kind, by, conversation, due, heard_at, heard_key, first, times, sentence"
)
_WORDS = "client = ? AND counts = 1 AND (sides = '*' OR ' ' || sides || ' ' LIKE '% * %')"
_LOOKED_AT = 5000
"""Of the latest words so many are looked at for the last thanks."""


class Tellings:
    """What was asked, promised and complained of in one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def list_open(self, client: str, since: int, until: int) -> list[Told]:
        """What was promised, complained of and told of departures in that time, and what was asked without an answer; the oldest first."""
        return self._select(
            "client = ? AND at BETWEEN ? AND ? AND (kind IN ('promise', 'escalation', 'departure') OR heard_at IS NULL OR heard_at > ?)"
            " ORDER BY at, key, kind",
            (client, since, until, until),
        )

    def find_asked(self, client: str, at: int, by: Side) -> Told | None:
        """What was asked by that side at that moment and answered, as `list_answered` has it."""
        found = self._select("client = ? AND at = ? AND by = ? AND first = 1 ORDER BY key LIMIT 1", (client, at, by))  # fmt: skip
        return found[0] if found else None

    def find_sentence(self, client: str, key: str) -> str:
        """What a message asks or promises, first of all; "" for nothing."""
        found = self._select("key = ? AND client = ? ORDER BY kind LIMIT 1", (key, client))
        return found[0].sentence if found else ""

    def _select(self, where: str, values: tuple[object, ...]) -> list[Told]:
        rows = self._ledger.execute(f"SELECT {_COLUMNS} FROM told WHERE {where}", values)
        return [
            Told(client, at, key, kind, by, number, date.fromisoformat(due) if due else None, heard_at, heard_key, bool(first), times, sentence)
            for client, at, key, kind, by, number, due, heard_at, heard_key, first, times, sentence in rows
        ]  # fmt: skip

    def list_answered(self, client: str, since: int, until: int) -> list[tuple[int, Side, int]]:
        """What was asked and answered in that time, once for each answer: when it was asked, by whom, and when it was answered."""
        return self._ledger.execute(
            "SELECT at, by, heard_at FROM told INDEXED BY told_answer WHERE client = ? AND first = 1"
            " AND at BETWEEN ? AND ? AND heard_at <= ? ORDER BY at",
            (client, since, until, until),
        ).fetchall()

    def list_passed(self, client: str, since: int, until: int) -> list[Passed]:
        """What was promised, complained of, and asked without an answer in that time; without texts."""
        rows = self._ledger.execute(
            "SELECT client, at, kind, by, due, heard_at, key FROM told WHERE client = ? AND at BETWEEN ? AND ?"
            " AND (kind IN ('promise', 'escalation') OR heard_at IS NULL OR heard_at > ?) ORDER BY at, key",
            (client, since, until, until),
        )
        return list(map(Passed._make, rows))

    def list_words(self, client: str, since: int, until: int) -> list[tuple[int, int, str]]:
        """Every word between us and a client in that time, the oldest first: when, whether it was ours (1 or 0), and whose or to whom."""
        return self._ledger.execute(
            f"SELECT at, outgoing, person FROM turn WHERE {_WORDS} AND at BETWEEN ? AND ? ORDER BY at",
            (client, since, until),
        ).fetchall()

    def find_last(self, client: str, since: int, until: int) -> int | None:
        """When the last word of that time was written."""
        row = self._ledger.execute(
            f"SELECT at FROM turn WHERE {_WORDS} AND at BETWEEN ? AND ? ORDER BY at DESC LIMIT 1",
            (client, since, until),
        ).fetchone()
        return row[0] if row else None

    def find_first(self) -> int | None:
        """When the first message of any client was written."""
        row = self._ledger.execute("SELECT min(first_at) FROM conversation").fetchone()
        return row[0] if row else None

    def find_key(self, client: str, at: int, *, outgoing: bool, person: str = "") -> str:
        """The message of that moment."""
        row = self._ledger.execute(
            f"SELECT key FROM turn WHERE {_WORDS} AND at = ? AND outgoing = ? AND ? IN ('', person) ORDER BY key LIMIT 1",
            (client, at, int(outgoing), person),
        ).fetchone()
        return str(row[0]) if row else ""

    def read_people(self, keys: Iterable[str]) -> list[tuple[str, str]]:
        """Who wrote each of these messages, or to whom it went first: key and address."""
        found: list[tuple[str, str]] = []
        for chunk in chunk_keys(keys):
            found += self._ledger.execute(
                f"SELECT key, person FROM turn WHERE key IN ({place_holders(chunk)})", chunk
            ).fetchall()
        return found

    def find_last_thanks(self, client: str, since: int, until: int) -> tuple[int, str] | None:
        """When they last wrote no more than thanks, and in which message."""
        row = self._ledger.execute(
            f"SELECT w.at, w.key FROM (SELECT at, key FROM turn WHERE {_WORDS} AND outgoing = 0 AND at BETWEEN ? AND ?"
            " ORDER BY at DESC, key LIMIT ?) w JOIN said s ON s.key = w.key WHERE s.why_not = 'thanks'"
            " ORDER BY w.at DESC, w.key LIMIT 1",
            (client, since, until, _LOOKED_AT),
        ).fetchone()
        return (row[0], row[1]) if row else None

    # what is made of turns

    def drop(self, numbers: Iterable[int]) -> None:
        """Take out what is known of these conversations."""
        for chunk in chunk_numbers(numbers):
            self._ledger.execute(
                f"DELETE FROM told WHERE conversation IN ({place_holders(chunk)})", chunk
            )

    def write(self, told: Iterable[Told]) -> None:
        """Keep what passed in conversations; `drop` them before."""
        self._ledger.execute_many(
            f"INSERT OR REPLACE INTO told ({_COLUMNS}) VALUES ({', '.join('?' * 12)})",
            (
                (t.client, t.at, t.key, t.kind, t.by, t.conversation, t.due and t.due.isoformat(), t.heard_at, t.heard_key, t.first, t.times, t.sentence)
                for t in told
            ),
        )  # fmt: skip
