"""Clients' messages as turns of conversations: table `turn`.

Comes in: turns. Goes out: turns of a conversation or a client, and where each belongs. All of it can be made again from
`said`, `envelope`, `reference` and `address`; writing methods are called inside a ledger transaction.

A conversation is what refers to each other by Message-ID, directly or through others, held or not; and an answer that
names no message belongs to what was written within `SPAN` before to or by the same person of the same client under the same
subject. Whatever is already placed and shares a Message-ID is placed together: so one of each tells where a new one belongs.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys, from_seconds, place_holders, to_seconds
from trail.archive.said import unpack_asks, unpack_statements
from trail.model import Turn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from trail.archive.ledger import Ledger

SPAN = 30 * 86_400
"""Seconds after which an equal subject says nothing any more."""
_COLUMNS = "t.client, t.at, t.key, t.outgoing, t.counts, t.person, t.sides, t.words, t.conversation, t.topic, t.stray"


class Turns:
    """The turns of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    # reading

    def iter_client(
        self, client: str, *, since: int | None = None, statements: bool = False
    ) -> Iterator[Turn]:
        """A client's history, the oldest first; from `since` (seconds since 1970) on. One scan of what lies together."""
        more, joined = ("", "")
        if statements:
            more, joined = ", s.asks, s.statements", " LEFT JOIN said s ON s.key = t.key"
        rows = self._ledger.execute(
            f"SELECT {_COLUMNS}{more} FROM turn t{joined} WHERE t.client = ? AND t.at >= ? ORDER BY t.at, t.key",
            (client, -(1 << 62) if since is None else since),
        )
        return map(_turn, rows)

    def iter_saying(self, client: str, kind: str, since: int | None = None) -> Iterator[Turn]:
        """A client's turns in which something of that kind is said, with all their statements, the oldest first."""
        rows = self._ledger.execute(
            f"SELECT {_COLUMNS}, s.asks, s.statements FROM turn t JOIN said s ON s.key = t.key"
            " WHERE t.client = ? AND t.at >= ? AND instr(s.statements, ?) ORDER BY t.at, t.key",
            (client, -(1 << 62) if since is None else since, f'["{kind}",'),
        )
        return map(_turn, rows)

    def iter_conversations(self, numbers: Iterable[int]) -> Iterator[list[Turn]]:
        """The turns of conversations in order, with their statements: a list for each conversation and client."""
        for chunk in chunk_numbers(numbers):
            rows = self._ledger.execute(
                f"SELECT {_COLUMNS}, s.asks, s.statements FROM turn t LEFT JOIN said s ON s.key = t.key"
                f" WHERE t.conversation IN ({place_holders(chunk)}) ORDER BY t.conversation, t.client, t.at, t.key",
                chunk,
            )
            turns: list[Turn] = []
            for turn in map(_turn, rows):
                if turns and (turns[0].conversation, turns[0].client) != (turn.conversation, turn.client):  # fmt: skip
                    yield turns
                    turns = []
                turns.append(turn)
            if turns:
                yield turns

    def list_displeased(self, numbers: Iterable[int]) -> list[Turn]:
        """The incoming turns of conversations in which somebody is displeased, with all their statements, the oldest first."""
        found: list[Turn] = []
        for chunk in chunk_numbers(numbers):
            rows = self._ledger.execute(
                f"SELECT {_COLUMNS}, s.asks, s.statements FROM turn t JOIN said s ON s.key = t.key"
                f" WHERE t.conversation IN ({place_holders(chunk)}) AND t.outgoing = 0"
                " AND instr(s.statements, '[\"escalation\",') ORDER BY t.at, t.key",
                chunk,
            )
            found += map(_turn, rows)
        return found

    def read_people(self, keys: Iterable[str]) -> dict[str, str]:
        """The other person's address of each of these messages."""
        found: dict[str, str] = {}
        for chunk in chunk_keys(keys):
            found |= dict(
                self._ledger.execute(
                    f"SELECT key, person FROM turn WHERE key IN ({place_holders(chunk)})", chunk
                ).fetchall()
            )
        return found

    def read_places(self, client: str) -> dict[str, int]:
        """In which conversation each message of a client stands, where it has a place already."""
        return dict(
            self._ledger.execute(
                "SELECT key, conversation FROM turn WHERE client = ? AND conversation > 0",
                (client,),
            ).fetchall()
        )

    # writing

    def replace(self, keys: Collection[str], turns: Iterable[Turn]) -> None:
        """Keep these turns, not placed yet, instead of those that these messages had."""
        self._ledger.execute_many("DELETE FROM turn WHERE key = ?", ((key,) for key in keys))
        self._ledger.execute_many(
            "INSERT INTO turn VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)",
            (
                (t.client, to_seconds(t.at), t.key, t.outgoing, t.counts, t.person, " ".join(t.sides), t.words, t.topic, t.stray)
                for t in turns
            ),
        )  # fmt: skip

    def unplace(self, numbers: Iterable[int]) -> set[str]:
        """Take all turns out of these conversations. Returns their messages."""
        keys: set[str] = set()
        for chunk in chunk_numbers(numbers):
            marks = place_holders(chunk)
            rows = self._ledger.execute(
                f"SELECT key FROM turn WHERE conversation IN ({marks})", chunk
            )
            keys |= {row[0] for row in rows}
            self._ledger.execute(f"UPDATE turn SET conversation = 0 WHERE conversation IN ({marks})", chunk)  # fmt: skip
        return keys

    def place(self, keys: Collection[str]) -> dict[int, list[str]]:
        """Place the turns of these messages, which are not placed yet.

        Returns the conversations that were begun, or joined with others, or grew; of one that only grew the messages that came.
        """
        near = _Nearness()
        self._join_by_ids(keys, near)
        self._join_by_topics(keys, near)
        following = 1 + max(
            self._ledger.execute(
                "SELECT coalesce((SELECT max(conversation) FROM turn), 0), coalesce((SELECT max(id) FROM conversation), 0)"
            ).fetchone()
        )
        touched: dict[int, list[str]] = {}
        places: list[tuple[int, str]] = []
        for group, numbers in near.list_groups(keys):
            number = min(numbers, default=following)
            following += not numbers
            if others := sorted(numbers - {number}):
                self._merge(number, others)
            touched[number] = group if len(numbers) == 1 else []
            places += [(number, key) for key in group]
        self._ledger.execute_many("UPDATE turn SET conversation = ? WHERE key = ?", places)
        return touched

    def _merge(self, number: int, others: list[int]) -> None:
        for chunk in chunk_numbers(others):
            marks = place_holders(chunk)
            self._ledger.execute(f"UPDATE turn SET conversation = ? WHERE conversation IN ({marks})", (number, *chunk))  # fmt: skip
            self._ledger.execute(f"DELETE FROM conversation WHERE id IN ({marks})", chunk)
            self._ledger.execute(f"DELETE FROM awaited WHERE conversation IN ({marks})", chunk)
            self._ledger.execute(f"DELETE FROM told WHERE conversation IN ({marks})", chunk)

    def _join_by_ids(self, keys: Collection[str], near: _Nearness) -> None:
        message_ids: set[str] = set()
        for chunk in chunk_keys(keys):
            marks = place_holders(chunk)
            rows = self._ledger.execute(
                f"SELECT key, message_id FROM envelope WHERE key IN ({marks}) AND message_id IS NOT NULL"
                f" UNION ALL SELECT key, message_id FROM reference WHERE key IN ({marks})",
                chunk * 2,
            )
            for key, message_id in rows:
                near.join(key, f"<{message_id}")
                message_ids.add(message_id)
        for chunk in chunk_keys(sorted(message_ids)):
            values = ", ".join(["(?)"] * len(chunk))
            rows = self._ledger.execute(
                f"WITH wanted (id) AS (VALUES {values}) SELECT id,"
                " (SELECT t.conversation FROM envelope e JOIN turn t ON t.key = e.key AND t.conversation > 0 WHERE e.message_id = id LIMIT 1),"
                " (SELECT t.conversation FROM reference r JOIN turn t ON t.key = r.key AND t.conversation > 0 WHERE r.message_id = id LIMIT 1)"
                " FROM wanted",
                chunk,
            )
            for message_id, *numbers in rows:
                for number in filter(None, numbers):
                    near.join(f"<{message_id}", number)

    def _join_by_topics(self, keys: Collection[str], near: _Nearness) -> None:
        """Every answer that names no message, with all it may answer: whichever comes first."""
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                "SELECT t.key, o.key, o.conversation FROM turn t JOIN turn o ON o.client = t.client AND o.topic = t.topic"
                " AND o.at BETWEEN t.at - ?1 AND t.at + ?1 AND o.person = t.person AND o.key <> t.key"
                " AND ((t.stray AND o.at <= t.at) OR (o.stray AND t.at <= o.at))"
                f" WHERE t.topic <> 0 AND t.person <> '' AND t.key IN ({', '.join(f'?{n}' for n in range(2, len(chunk) + 2))})",
                (SPAN, *chunk),
            )
            for key, other, number in rows:
                near.join(key, number or other)


class _Nearness:
    """What belongs together: keys, Message-IDs (after a "<"), numbers of conversations."""

    def __init__(self) -> None:
        self._above: dict[str | int, str | int] = {}

    def join(self, one: str | int, other: str | int) -> None:
        self._above[self._find(one)] = self._find(other)

    def list_groups(self, keys: Collection[str]) -> list[tuple[list[str], set[int]]]:
        """The keys that belong together, and the numbers that belong to them."""
        groups: dict[str | int, list[str]] = defaultdict(list)
        for key in sorted(keys):
            groups[self._find(key)].append(key)
        numbers: dict[str | int, set[int]] = defaultdict(set)
        for name in list(self._above):
            if isinstance(name, int):
                numbers[self._find(name)].add(name)
        return [(group, numbers[root]) for root, group in groups.items()]

    def _find(self, name: str | int) -> str | int:
        root = self._above.setdefault(name, name)
        while (above := self._above[root]) != root:
            root = above
        while name != root:
            self._above[name], name = root, self._above[name]
        return root


def _turn(row: tuple) -> Turn:  # type: ignore[type-arg]  # as SQLite has it
    (
        client,
        at,
        key,
        outgoing,
        counts,
        person,
        sides,
        words,
        conversation,
        topic,
        stray,
        *more,
    ) = row
    return Turn(
        client,
        from_seconds(at),
        key,
        bool(outgoing),
        bool(counts),
        person,
        tuple(sides.split()),
        words,
        conversation,
        topic,
        bool(stray),
        unpack_asks(more[0] or "") if more else None,
        unpack_statements(more[1] or "[]") if more else (),
    )


def chunk_numbers(numbers: Iterable[int], size: int = 500) -> Iterator[list[int]]:
    """Split into lists short enough for one IN clause."""
    ordered = sorted(numbers)
    for at in range(0, len(ordered), size):
        yield ordered[at : at + size]
