"""What the archive knows about its messages: headers as read, whose they are, which are indexed.

Comes in: values read from messages. Goes out: the same, by key, client, thread or Message-ID. All of it can be
rebuilt from the Maildir and the rules. Writing methods are called inside a ledger transaction.
"""

from __future__ import annotations

from itertools import chain, pairwise
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING

from trail import model
from trail.archive.ledger import chunk_keys, from_seconds, place_holders, to_seconds
from trail.archive.shares import share_out
from trail.model import ArchivedMessage, Attribution

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from trail.archive.ledger import Ledger
    from trail.model import Address, Envelope, ParsedMessage


_FEW = 500
"""Keys that are shortened one by one."""


class Facts:
    """The facts of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    # messages

    def count_messages(self) -> tuple[int, int]:
        """How many messages there are, and their bytes."""
        count, size = self._ledger.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM message"
        ).fetchone()
        return int(count), int(size)

    def find_messages(self, keys: Iterable[str]) -> dict[str, ArchivedMessage]:
        """Those of `keys` that are archived."""
        found: dict[str, ArchivedMessage] = {}
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                f"SELECT key, path, size, received_at FROM message WHERE key IN ({place_holders(chunk)})",
                chunk,
            )
            found |= {row[0]: _message(row) for row in rows}
        return found

    def iter_messages(self, after: str = "") -> Iterator[ArchivedMessage]:
        """All messages, by key; those behind the key `after`."""
        for row in self._ledger.execute(
            "SELECT key, path, size, received_at FROM message WHERE key > ? ORDER BY key", (after,)
        ):
            yield _message(row)

    def sample_keys(self, count: int) -> list[str]:
        """So many messages at random; all, where there are no more."""
        rows = self._ledger.execute("SELECT key FROM message ORDER BY random() LIMIT ?", (count,))
        return sorted(row[0] for row in rows)

    def find_by_prefix(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`; two are enough to know that it is ambiguous."""
        rows = self._ledger.execute(
            "SELECT key FROM message WHERE key >= ? AND key < ? ORDER BY key LIMIT 2",
            (prefix, prefix + "g"),
        )
        return [row[0] for row in rows]

    def shorten_key(self, key: str) -> str:
        """The shortest prefix of `key`, at least 8 digits, that no other message has."""
        longest = 0
        for comparison, order in (("<", "DESC"), (">", "ASC")):
            row = self._ledger.execute(
                f"SELECT key FROM message WHERE key {comparison} ? ORDER BY key {order} LIMIT 1",
                (key,),
            ).fetchone()
            if row is not None:
                longest = max(longest, _count_shared(key, row[0]))
        return key[: max(8, longest + 1)]

    def shorten_keys(self, keys: Sequence[str]) -> list[str]:
        """`shorten_key` for many: all keys are read once where that is faster."""
        if len(keys) <= _FEW:
            return [self.shorten_key(key) for key in keys]
        wanted = set(keys)
        short: dict[str, str] = {}
        before = ""
        rows = self._ledger.execute("SELECT key FROM message ORDER BY key")
        for key, after in pairwise(chain((row[0] for row in rows), ("",))):
            if key in wanted:
                shared = max(_count_shared(key, before), _count_shared(key, after))
                short[key] = key[: max(8, shared + 1)]
            before = key
        return [short.get(key, key) for key in keys]

    # envelopes

    def write_envelope(self, key: str, envelope: Envelope) -> None:
        """Keep what the headers of a message say."""
        for table in ("reference", "address"):
            self._ledger.execute(f"DELETE FROM {table} WHERE key = ?", (key,))
        self._ledger.execute(
            "INSERT OR REPLACE INTO envelope VALUES (?, ?, ?, ?)",
            (
                key,
                envelope.message_id,
                envelope.subject,
                None if envelope.sent_at is None else to_seconds(envelope.sent_at),
            ),
        )
        self._ledger.execute_many(
            "INSERT INTO reference VALUES (?, ?, ?)",
            ((key, n, reference) for n, reference in enumerate(envelope.references)),
        )
        self._ledger.execute_many(
            "INSERT INTO address VALUES (?, ?, ?, ?, ?)",
            ((key, n, a.role, a.name, a.address) for n, a in enumerate(envelope.addresses)),
        )

    def read_message_ids(self, keys: Iterable[str]) -> dict[str, str]:
        """The Message-IDs of those of `keys` that have one."""
        found: dict[str, str] = {}
        for chunk in chunk_keys(keys):
            found |= dict(
                self._ledger.execute(
                    f"SELECT key, message_id FROM envelope WHERE key IN ({place_holders(chunk)}) AND message_id <> ''",
                    chunk,
                ).fetchall()
            )
        return found

    def read_envelopes(self, keys: Iterable[str]) -> dict[str, Envelope]:
        """The envelopes of those of `keys` that have one."""
        found: dict[str, Envelope] = {}
        for chunk in chunk_keys(keys):
            marks = place_holders(chunk)
            references: dict[str, list[str]] = {}
            for key, message_id in self._ledger.execute(
                f"SELECT key, message_id FROM reference WHERE key IN ({marks}) ORDER BY key, position",
                chunk,
            ):
                references.setdefault(key, []).append(message_id)
            addresses: dict[str, list[Address]] = {}
            for key, role, name, address in self._ledger.execute(
                f"SELECT key, role, name, address FROM address WHERE key IN ({marks}) ORDER BY key, position",
                chunk,
            ):
                addresses.setdefault(key, []).append(model.Address(role, name, address))
            for key, message_id, subject, sent_at in self._ledger.execute(
                f"SELECT key, message_id, subject, sent_at FROM envelope WHERE key IN ({marks})",
                chunk,
            ):
                found[key] = model.Envelope(
                    message_id,
                    tuple(references.get(key, ())),
                    tuple(addresses.get(key, ())),
                    subject,
                    None if sent_at is None else from_seconds(sent_at),
                )
        return found

    def read_subjects(self, keys: Iterable[str]) -> dict[str, tuple[datetime | None, str]]:
        """When they were sent, and their subjects, of those of `keys` that have an envelope: little memory for many."""
        found: dict[str, tuple[datetime | None, str]] = {}
        for chunk in chunk_keys(keys):
            for key, subject, sent_at in self._ledger.execute(
                f"SELECT key, subject, sent_at FROM envelope WHERE key IN ({place_holders(chunk)})",
                chunk,
            ):
                found[key] = None if sent_at is None else from_seconds(sent_at), subject
        return found

    def write_findings(self, parsed: Iterable[ParsedMessage]) -> None:
        """Keep what the parser found wrong."""
        self._ledger.execute_many(
            "UPDATE message SET defects = ?, unparsable = ? WHERE key = ?",
            (("\n".join(p.defects), int(p.unparsable), p.key) for p in parsed),
        )

    def iter_unparsable(self) -> Iterator[tuple[ArchivedMessage, str]]:
        """Messages that could not be parsed, with the first defect."""
        rows = self._ledger.execute(
            "SELECT key, path, size, received_at, defects FROM message WHERE unparsable = 1 ORDER BY received_at"
        )
        for row in rows:
            yield _message(row), str(row[4]).partition("\n")[0]

    def thread_keys(self, key: str, limit: int = 1000) -> list[str]:
        """The conversation around a message: all that answer each other, directly or through others."""
        found, queue = {key}, [key]
        while queue and len(found) < limit:
            chunk, queue = queue[:500], queue[500:]
            marks = place_holders(chunk)
            # parents and siblings share a referenced Message-ID, held or not; children refer to ours
            rows = self._ledger.execute(
                f"""
                WITH ids AS (SELECT message_id FROM envelope WHERE key IN ({marks}) AND message_id IS NOT NULL
                             UNION SELECT message_id FROM reference WHERE key IN ({marks}))
                SELECT key FROM envelope WHERE message_id IN ids UNION SELECT key FROM reference WHERE message_id IN ids
                """,
                chunk * 2,
            )
            new = [row[0] for row in rows if row[0] not in found]
            found.update(new)
            queue += new
        return sorted(found)

    # attributions

    def iter_unattributed(self, under: str, batch: int = 2000) -> Iterator[list[ArchivedMessage]]:
        """Messages not yet attributed under the present rules, in batches, the oldest first."""
        keys = [
            row[0]
            for row in self._ledger.execute(
                "SELECT key FROM message WHERE attributed_under IS NULL OR attributed_under <> ? ORDER BY received_at, key",
                (under,),
            )
        ]
        for chunk in chunk_keys(keys, batch):
            messages = self.find_messages(chunk)
            yield [messages[key] for key in chunk]

    def count_unattributed(self, under: str) -> int:
        """How many messages wait for `iter_unattributed`."""
        row = self._ledger.execute(
            "SELECT count(*) FROM message WHERE attributed_under IS NULL OR attributed_under <> ?",
            (under,),
        ).fetchone()
        return int(row[0])

    def write_attributions(self, key: str, attributions: Collection[Attribution]) -> None:
        """Replace whose message it is."""
        self._ledger.execute("DELETE FROM attribution WHERE key = ?", (key,))
        self._ledger.execute_many(
            "INSERT INTO attribution VALUES (?, ?, ?, ?)",
            ((key, a.client, a.reason, int(a.inherited)) for a in attributions),
        )

    def mark_attributed(self, keys: Iterable[str], under: str) -> None:
        """Note under which rules these were attributed."""
        self._ledger.execute_many(
            "UPDATE message SET attributed_under = ? WHERE key = ?", ((under, key) for key in keys)
        )

    def read_attributions(self, keys: Iterable[str]) -> dict[str, tuple[Attribution, ...]]:
        """Whose messages these are; keys without a client are left out."""
        found: dict[str, list[Attribution]] = {}
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                f"SELECT key, client, reason, inherited FROM attribution WHERE key IN ({place_holders(chunk)}) ORDER BY key, client",
                chunk,
            )
            for key, client, reason, inherited in rows:
                found.setdefault(key, []).append(Attribution(key, client, reason, bool(inherited)))
        return {key: tuple(attributions) for key, attributions in found.items()}

    def read_clients(self, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The slugs of the clients these belong to, sorted; keys without a client are left out."""
        found: dict[str, tuple[str, ...]] = {}
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                f"SELECT key, client FROM attribution WHERE key IN ({place_holders(chunk)}) ORDER BY key, client",
                chunk,
            )
            for key, client in rows:
                found[key] = (*found.get(key, ()), intern(client))
        return found

    def parents_of(
        self, message_ids: Collection[str], apart_from: str = ""
    ) -> dict[str, tuple[Attribution, ...]]:
        """For each client with an archived message of one of these Message-IDs, one such message and its attribution.

        One is enough: a sender may give thousands of messages the same Message-ID. `apart_from` is a key.
        """
        found: dict[str, tuple[Attribution, ...]] = {}
        for chunk in chunk_keys(message_ids):
            rows = self._ledger.execute(
                "SELECT min(a.key), a.client, a.reason, a.inherited FROM envelope e JOIN attribution a ON a.key = e.key"
                f" WHERE e.message_id IN ({place_holders(chunk)}) AND e.key <> ? GROUP BY a.client",
                (*chunk, apart_from),
            )
            for key, client, reason, inherited in rows:
                attribution = Attribution(key, client, reason, bool(inherited))
                found[key] = (*found.get(key, ()), attribution)
        return found

    def answers_to(self, message_id: str) -> list[str]:
        """Archived messages that refer to this Message-ID."""
        rows = self._ledger.execute(
            "SELECT DISTINCT key FROM reference WHERE message_id = ?", (message_id,)
        )
        return [row[0] for row in rows]

    def links_of(self, key: str) -> tuple[str | None, list[str]]:
        """A message's own Message-ID, and those it refers to."""
        own = self._ledger.execute(
            "SELECT message_id FROM envelope WHERE key = ?", (key,)
        ).fetchone()
        rows = self._ledger.execute("SELECT message_id FROM reference WHERE key = ?", (key,))
        return (own[0] if own else None), [row[0] for row in rows]

    def iter_client_message_ids(self) -> Iterator[str]:
        """The Message-IDs of all messages that belong to a client."""
        for row in self._ledger.execute(
            "SELECT DISTINCT e.message_id FROM attribution a JOIN envelope e ON e.key = a.key WHERE e.message_id IS NOT NULL"
        ):
            yield row[0]

    def client_keys(self, client: str) -> list[str]:
        """The messages of a client, in the order of their dates (of sending, else of receipt)."""
        rows = self._ledger.execute(
            "SELECT a.key FROM attribution a JOIN message m ON m.key = a.key LEFT JOIN envelope e ON e.key = a.key"
            " WHERE a.client = ? ORDER BY coalesce(e.sent_at, m.received_at), m.received_at, a.key",
            (client,),
        )
        return [row[0] for row in rows]

    def count_clients(self) -> dict[str, tuple[int, int, int]]:
        """Messages of each client, and the dates (seconds) of the first and the last."""
        rows = self._ledger.execute(
            "SELECT a.client, count(*), min(m.received_at), max(m.received_at) FROM attribution a JOIN message m ON m.key = a.key GROUP BY a.client"
        )
        return {client: (count, first, last) for client, count, first, last in rows}

    # index

    def forget_indexed(self, keys: Iterable[str]) -> None:
        """Note that what the index says of these is out of date."""
        self._ledger.execute_many(
            "UPDATE message SET indexed_in = NULL WHERE key = ?", ((key,) for key in keys)
        )

    def iter_unindexed(
        self, generation: str, share: Callable[[int], int], most_bytes: int
    ) -> Iterator[list[ArchivedMessage]]:
        """Messages that the index of this generation lacks, in its own order, the latest sent first, in batches.

        `share` tells how many make a batch, of so many that are left; it is parted where it has more than `most_bytes`.
        """
        keys = [
            row[0]
            for row in self._ledger.execute(
                "SELECT m.key FROM message m LEFT JOIN envelope e ON e.key = m.key"
                " WHERE m.indexed_in IS NULL OR m.indexed_in <> ?"
                " ORDER BY coalesce(e.sent_at, m.received_at) DESC, m.key DESC",
                (generation,),
            )
        ]
        return self.iter_bounded(keys, share, most_bytes)

    def iter_bounded(
        self, keys: Sequence[str], share: Callable[[int], int], most_bytes: int
    ) -> Iterator[list[ArchivedMessage]]:
        """Messages in batches in this order, as for `iter_unindexed`; those that are gone meanwhile are left out."""
        at = 0
        while chunk := keys[at : at + share(len(keys) - at)]:
            at += len(chunk)
            messages = self.find_messages(chunk)
            present = (messages[key] for key in chunk if key in messages)
            yield from share_out(present, len(chunk), most_bytes)

    def count_unindexed(self, generation: str) -> int:
        """How many messages the index of this generation lacks."""
        # as parts of the index on this column: they are short, where what is not equal would be looked for in all of it
        row = self._ledger.execute(
            "SELECT (SELECT count(*) FROM message WHERE indexed_in IS NULL)"
            " + (SELECT count(*) FROM message WHERE indexed_in < ?1)"
            " + (SELECT count(*) FROM message WHERE indexed_in > ?1)",
            (generation,),
        ).fetchone()
        return int(row[0])

    def list_indexed(self, generation: str) -> set[str]:
        """The messages of which the index of this generation has what is to be had."""
        rows = self._ledger.execute("SELECT key FROM message WHERE indexed_in = ?", (generation,))
        return {row[0] for row in rows}

    def mark_indexed(self, keys: Iterable[str], generation: str) -> None:
        """Note that the index of this generation has these."""
        self._ledger.execute_many(
            "UPDATE message SET indexed_in = ? WHERE key = ?", ((generation, key) for key in keys)
        )


def _message(row: tuple[str, str, int, int]) -> ArchivedMessage:
    return ArchivedMessage(row[0], Path(row[1]), row[2], from_seconds(row[3]))


def _count_shared(key: str, other: str) -> int:
    """How many digits two keys begin with alike."""
    pairs = enumerate(zip(key, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(key), len(other)))
