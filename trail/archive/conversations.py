"""Conversations with clients, who waits for whom, and what a person settled of it: tables `conversation`, `awaited`, `settled`.

Comes in: what was made of turns, and what a person decided. Goes out: the same, by client. The first two can be made again;
`settled` cannot. Writing methods are called inside a ledger transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from trail.archive.ledger import from_seconds, place_holders, to_seconds
from trail.archive.turns import chunk_numbers
from trail.model import Awaited, Conversation, Settled

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trail.archive.ledger import Ledger
    from trail.model import Side, Turn

_COLUMNS = "id, client, first_key, messages, counting, first_at, last_at, last_key, last_word, last_theirs_at, last_ours_at"

_PUT_OFF = "EXISTS (SELECT 1 FROM settled s WHERE s.key = a.key AND s.by = a.by AND s.undone = 0 AND s.until IS NOT NULL)"
_LATE = " JOIN late l ON l.client = a.client AND l.conversation = a.conversation AND l.by = a.by"


class Conversations:
    """The conversations of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    # reading

    def list_of(self, client: str) -> list[Conversation]:
        """A client's conversations, the one with the latest message last."""
        rows = self._ledger.execute(
            f"SELECT {_COLUMNS} FROM conversation WHERE client = ? ORDER BY last_at, id", (client,)
        )
        return [_conversation(row) for row in rows]

    def find(self, client: str, number: int) -> Conversation | None:
        """A conversation by its number."""
        row = self._ledger.execute(
            f"SELECT {_COLUMNS} FROM conversation WHERE client = ? AND id = ?", (client, number)
        ).fetchone()
        return _conversation(row) if row else None

    def list_awaited(
        self, client: str | None = None, by: Side | None = None, since: datetime | None = None
    ) -> list[Awaited]:
        """Every word that is owed, the oldest first; a client's, and by one side, where that is asked for.

        With `since` only what is owed by a side in a conversation where something was asked, is due or was put off since then.
        """
        rows = self._ledger.execute(
            "WITH late AS (SELECT DISTINCT client, conversation, by FROM awaited a WHERE ?3 IS NULL OR at >= ?3 OR due >= ?4"
            f" OR {_PUT_OFF})"
            f" SELECT a.client, a.key, a.by, a.conversation, a.kind, a.at, a.due, a.sentence FROM awaited a{_LATE if since else ''}"
            f" WHERE {'a.client = ?1' if client is not None else '?1 IS NULL'} AND (?2 IS NULL OR a.by = ?2)"
            " ORDER BY a.at, a.key, a.by",
            (client, by, *_since(since)),
        )
        return [_awaited(row) for row in rows]

    def count_long_ago(
        self, since: datetime, client: str | None = None, by: Side | None = None
    ) -> int:
        """In how many conversations a side owes a word that was neither asked for nor due since then, and nothing of it was put off or done."""
        row = self._ledger.execute(
            "SELECT count(*) FROM (SELECT 1 FROM awaited a WHERE (?1 IS NULL OR a.client = ?1) AND (?2 IS NULL OR a.by = ?2)"
            " AND NOT EXISTS (SELECT 1 FROM settled s WHERE s.key = a.key AND s.by = a.by AND s.undone = 0 AND s.until IS NULL)"
            " GROUP BY a.client, a.conversation, a.by"
            f" HAVING max(a.at) < ?3 AND coalesce(max(a.due), '') < ?4 AND NOT max({_PUT_OFF}))",
            (client, by, *_since(since)),
        ).fetchone()
        return int(row[0])

    def list_awaited_around(self, key: str) -> list[Awaited]:
        """Every word that is owed in the conversation of a message, by whichever side."""
        rows = self._ledger.execute(
            "SELECT client, key, by, conversation, kind, at, due, sentence FROM awaited"
            " WHERE conversation IN (SELECT conversation FROM turn WHERE key = ?) ORDER BY at, key, by",
            (key,),
        )
        return [_awaited(row) for row in rows]

    def list_settled(self) -> list[Settled]:
        """What a person settled, and did not undo."""
        return self._list_decided("undone = 0")

    def list_decided(self, client: str | None = None) -> list[Settled]:
        """What a person settled, and what was undone of it, of a client or all."""
        return self._list_decided("? IS NULL OR client = ?", client, client)

    def _list_decided(self, where: str, *values: object) -> list[Settled]:
        rows = self._ledger.execute(
            f"SELECT client, key, by, at, until, last_at, undone FROM settled WHERE {where} ORDER BY key, by, client",
            values,
        )
        return [
            Settled(whose, key, by, from_seconds(at), None if until is None else from_seconds(until), from_seconds(last), bool(undone))
            for whose, key, by, at, until, last, undone in rows
        ]  # fmt: skip

    def read_last_words(self, awaited: Iterable[Awaited]) -> dict[tuple[str, int], int]:
        """When the last word was said in the conversations of these, in seconds since 1970, by client and number."""
        wanted = {(a.client, a.conversation) for a in awaited}
        found: dict[tuple[str, int], int] = {}
        for chunk in chunk_numbers({number for _, number in wanted}):
            rows = self._ledger.execute(
                "SELECT client, id, max(coalesce(last_theirs_at, first_at), coalesce(last_ours_at, first_at)) FROM conversation"
                f" WHERE id IN ({place_holders(chunk)})",
                chunk,
            )
            found |= {(client, number): at for client, number, at in rows}
        return found

    # what is made of turns

    def list_broken(self) -> set[int]:
        """Conversations of which a turn went or changed: they are to be made anew."""
        return {row[0] for row in self._ledger.execute("SELECT id FROM conversation WHERE broken = 1")}  # fmt: skip

    def drop(self, numbers: Iterable[int]) -> None:
        """Take out what is known of these conversations, but for what a person settled."""
        for chunk in chunk_numbers(numbers):
            marks = place_holders(chunk)
            self._ledger.execute(f"DELETE FROM conversation WHERE id IN ({marks})", chunk)
            self._ledger.execute(f"DELETE FROM awaited WHERE conversation IN ({marks})", chunk)

    def write(self, conversations: Iterable[Conversation], awaited: Iterable[Awaited]) -> None:
        """Keep what is known of conversations; `drop` them before."""
        self._ledger.execute_many(
            "INSERT INTO conversation (id, client, first_key, messages, counting, first_at, last_at, last_key, last_word,"
            " last_theirs_at, last_ours_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    c.number,
                    c.client,
                    c.first_key,
                    c.messages,
                    c.counting,
                    to_seconds(c.first_at),
                    to_seconds(c.last_at),
                    c.last_key,
                    c.last_word,
                    c.last_theirs_at and to_seconds(c.last_theirs_at),
                    c.last_ours_at and to_seconds(c.last_ours_at),
                )
                for c in conversations
            ),
        )
        self._ledger.execute_many(
            "INSERT INTO awaited VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(a.client, a.key, a.by, a.conversation, a.kind, to_seconds(a.at)),
                    a.due and a.due.isoformat(),
                    a.sentence,
                )
                for a in awaited
            ),
        )

    def grow(self, number: int, turn: Turn) -> bool:
        """Count one more message of which nothing follows, as an automatic answer. False: there is no such conversation."""
        at = to_seconds(turn.at)
        cursor = self._ledger.execute(
            "UPDATE conversation SET messages = messages + 1, first_at = min(first_at, ?1), last_at = max(last_at, ?1),"
            " first_key = CASE WHEN (?1, ?2) < (first_at, first_key) THEN ?2 ELSE first_key END WHERE client = ?3 AND id = ?4",
            (at, turn.key, turn.client, number),
        )
        return cursor.rowcount > 0

    # what a person decides

    def settle(self, settled: Iterable[Settled]) -> None:
        """Keep what a person decides now: it is newer than what was decided of it before, whatever the clocks say."""
        self._write(
            "INSERT INTO settled VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = max(excluded.at, at + 1),"
            " until = excluded.until, last_at = excluded.last_at, undone = excluded.undone",
            settled,
        )

    def unsettle(self, keys: Iterable[str], at: datetime) -> list[Settled]:
        """Wait again for what these messages wait for. Returns what was settled of it."""
        wanted = set(keys)
        found = [s for s in self.list_settled() if s.key in wanted]
        self.settle(replace(s, at=at, until=None, undone=True) for s in found)
        return found

    def take_decided(self, decided: Iterable[Settled]) -> None:
        """Keep what was decided elsewhere, as it was, in place of what was decided here."""
        self._write("INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?, ?, ?, ?)", decided)

    def _write(self, statement: str, settled: Iterable[Settled]) -> None:
        self._ledger.execute_many(
            statement,
            (
                (s.client, s.key, s.by, to_seconds(s.at), s.until and to_seconds(s.until), to_seconds(s.last_at), s.undone)
                for s in settled
            ),
        )  # fmt: skip


def _since(moment: datetime | None) -> tuple[int | None, str | None]:
    return (None, None) if moment is None else (to_seconds(moment), f"{moment:%Y-%m-%d}")


def _conversation(row: tuple) -> Conversation:  # type: ignore[type-arg]  # as SQLite has it
    number, client, first_key, messages, counting, first, last, last_key, word, theirs, ours = row
    return Conversation(
        number,
        client,
        first_key,
        messages,
        counting,
        from_seconds(first),
        from_seconds(last),
        last_key,
        word,
        None if theirs is None else from_seconds(theirs),
        None if ours is None else from_seconds(ours),
    )


def _awaited(row: tuple) -> Awaited:  # type: ignore[type-arg]  # the same
    client, key, by, conversation, kind, at, due, sentence = row
    day = date.fromisoformat(due) if due else None
    return Awaited(client, key, by, conversation, kind, from_seconds(at), day, sentence)
