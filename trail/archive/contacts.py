"""The contact with each client, as the ledger's turns have it: who wrote when, who they are, what was sent along.

Comes in: slugs. Goes out: values of `trail.model.overview`. Only reads. A turn is a word with a client where a person wrote to
people, and one of the client's own side wrote it or was written to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trail.archive.ledger import from_seconds, to_seconds
from trail.archive.said import unpack_statements
from trail.model.overview import Contact, Enclosed, Farewell, LastWord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.archive.ledger import Ledger

_WORDS = "client = ? AND counts = 1 AND (sides = '*' OR ' ' || sides || ' ' LIKE '% * %')"
_DAY = 86_400


class Met(NamedTuple):
    """An address of a client's side."""

    address: str
    written: int
    last_at: int
    key: str
    """Of the last message from them; "" where they never wrote."""
    last_key: str
    """Of the last message from or to them."""


class Word(NamedTuple):
    """A message between us and a client, at seconds since 1970."""

    key: str
    at: int
    outgoing: bool
    person: str


class Contacts:
    """The contacts of one archive. Days begin `offset` seconds before they do in UTC."""

    def __init__(self, ledger: Ledger, offset: int = 0) -> None:
        self._ledger = ledger
        self._offset = offset

    def read(self, client: str, recent: int, enough: int) -> Contact:
        """The contact with a client. Of the days on which they wrote, those of the last `recent` ones before they wrote last; all, if these are no more than `enough`."""
        count = self._ledger.execute(
            "SELECT count(*) FROM turn WHERE client = ?", (client,)
        ).fetchone()[0]
        first = self._ledger.execute(
            f"SELECT at FROM turn WHERE {_WORDS} ORDER BY at LIMIT 1", (client,)
        ).fetchone()
        theirs = self._find_last(client, outgoing=False)
        days: tuple[int, ...] = ()
        if theirs is not None:
            days = self._list_days(client, to_seconds(theirs.at) - (recent + 1) * _DAY)
            if len(days) <= enough:
                days = self._list_days(client, -(1 << 62))
        return Contact(
            count,
            from_seconds(first[0]) if first else None,
            theirs,
            self._find_last(client, outgoing=True),
            days,
        )

    def _list_days(self, client: str, since: int) -> tuple[int, ...]:
        rows = self._ledger.execute(
            f"SELECT DISTINCT (at + ?) / {_DAY} FROM turn WHERE {_WORDS} AND outgoing = 0 AND at >= ? ORDER BY 1",
            (self._offset, client, since),
        )
        return tuple([row[0] for row in rows])

    def count_messages(self) -> dict[str, tuple[int, int, int]]:
        """Messages of each client, and the dates (seconds) of the first and the last."""
        rows = self._ledger.execute(
            "SELECT client, count(*), min(at), max(at) FROM turn GROUP BY client"
        )
        return {client: (count, first, last) for client, count, first, last in rows}

    def list_words(self, client: str, most: int) -> list[Word]:
        """The last messages, the latest first."""
        rows = self._ledger.execute(
            f"SELECT key, at, outgoing, person FROM turn WHERE {_WORDS} ORDER BY at DESC, key LIMIT ?",
            (client, most),
        )
        return [Word(key, at, bool(outgoing), person) for key, at, outgoing, person in rows]

    def iter_moments(self, client: str, since: int) -> Iterator[tuple[int, bool]]:
        """When a message was sent, in seconds since 1970, and whether we sent it; from `since` on."""
        rows = self._ledger.execute(
            f"SELECT at, outgoing FROM turn WHERE {_WORDS} AND at >= ? ORDER BY at", (client, since)
        )
        return ((at, bool(outgoing)) for at, outgoing in rows)

    def list_people(self, client: str) -> list[Met]:
        """Everybody of theirs who wrote or was written to first, whoever did last before others."""
        met: dict[str, Met] = {}
        rows = self._ledger.execute(
            "SELECT person, outgoing, instr(' ' || sides, ' =') > 0 AS beside, count(*), max(at), key FROM turn"
            f" WHERE {_WORDS} AND person <> '' GROUP BY person, outgoing, beside ORDER BY outgoing, beside",
            (client,),
        )
        for person, outgoing, beside, count, last, key in rows:
            before = met.get(person)
            if before is None and outgoing and beside:
                continue  # it went to another client as well, whose person this may be
            if before is None:
                wrote = "" if outgoing else key
                met[person] = Met(person, 0 if outgoing else count, last, wrote, key)
                continue
            if not outgoing:  # to another client as well
                before = before._replace(written=before.written + count)
            if last > before.last_at:
                wrote = before.key if outgoing else key
                before = before._replace(last_at=last, key=wrote, last_key=key)
            met[person] = before
        return sorted(met.values(), key=lambda one: (-one.last_at, one.address))

    def iter_written(self, client: str, person: str, most: int) -> Iterator[str]:
        """The last messages that somebody wrote, the latest first."""
        rows = self._ledger.execute(
            f"SELECT key FROM turn WHERE {_WORDS} AND outgoing = 0 AND person = ? ORDER BY at DESC, key LIMIT ?",
            (client, person, most),
        )
        return (row[0] for row in rows.fetchall())

    def find_farewell(self, client: str, since: int) -> Farewell | None:
        """The last message of theirs since then (seconds since 1970) in which somebody leaves, or a contract ends."""
        row = self._ledger.execute(
            "SELECT t.at, t.key, s.statements FROM turn t JOIN said s ON s.key = t.key WHERE t.client = ? AND t.at >= ?"
            " AND t.outgoing = 0 AND (t.sides = '*' OR ' ' || t.sides || ' ' LIKE '% * %')"
            " AND instr(s.statements, '[\"departure\",') ORDER BY t.at DESC, t.key LIMIT 1",
            (client, since),
        ).fetchone()
        if row is None:
            return None
        said = (s for s in unpack_statements(row[2]) if s.kind == "departure")
        return Farewell(from_seconds(row[0]), row[1], next(said).sentence)

    def find_name(self, address: str, key: str) -> str:
        """What an address is called in a message; "" for nothing."""
        row = self._ledger.execute(
            "SELECT name FROM address WHERE key = ? AND address = ? AND name <> '' LIMIT 1",
            (key, address),
        ).fetchone()
        return str(row[0]) if row else ""

    def find_subject(self, key: str) -> str:
        """The subject of a message."""
        row = self._ledger.execute("SELECT subject FROM envelope WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def list_files(self, client: str, most: int) -> list[Enclosed]:
        """The files in which there may be text that were sent last, each once, the latest first."""
        rows = self._ledger.execute(
            "SELECT t.key, max(t.at), t.outgoing, d.filename FROM turn t JOIN document d ON d.key = t.key"
            " WHERE t.client = ? AND t.at >= (SELECT coalesce(min(at), 0) FROM (SELECT at FROM turn WHERE client = ?1"
            " ORDER BY at DESC LIMIT 2000)) GROUP BY d.digest ORDER BY 2 DESC, d.filename LIMIT ?",
            (client, most),
        )
        return [
            Enclosed(key, from_seconds(at), "us" if outgoing else "them", filename)
            for key, at, outgoing, filename in rows
        ]

    def _find_last(self, client: str, *, outgoing: bool) -> LastWord | None:
        row = self._ledger.execute(
            f"SELECT at, key FROM turn WHERE {_WORDS} AND outgoing = ? ORDER BY at DESC, key LIMIT 1",
            (client, int(outgoing)),
        ).fetchone()
        return LastWord(from_seconds(row[0]), row[1]) if row else None
