"""The client's book in the ledger: notes, next actions, agreements, change requests; and what was struck from it.

Comes in: values of `trail.model.book`. Goes out: the same. A table has a column for each field of its value, under the same
name; days are kept as `2026-03-05`. Writing methods are called inside a ledger transaction. Nothing here can be derived again.
"""

from __future__ import annotations

from dataclasses import astuple, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from trail.archive.ledger import from_seconds, place_holders, to_seconds
from trail.model.book import Action, Agreement, Entry, Note, Request, Response, Struck

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.archive.ledger import Ledger

    _Row = TypeVar("_Row", Note, Action, Agreement, Request, Response, Struck)

TABLES: dict[type[Entry], str] = {
    Note: "note",
    Action: "action",
    Agreement: "agreement",
    Request: "request",
    Response: "response",
}
"""The table of each kind of entry; its name is also what the kind is called."""

_NAMES: dict[type[Any], str] = {**TABLES, Struck: "struck"}


class Book:
    """The book of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def list_entries(self, kind: type[_Row], client: str | None = None) -> list[_Row]:
        """The entries of a kind (of a client), in the order in which they were made."""
        return self._select(kind, "? IS NULL OR client = ? ORDER BY created_at, id", client, client)

    def list_struck(self, client: str | None = None) -> list[Struck]:
        """What was struck (of a client), the oldest first."""
        return self._select(Struck, "? IS NULL OR client = ? ORDER BY at, id", client, client)

    def find(self, kind: type[_Row], prefix: str) -> list[_Row]:
        """The entries of a kind whose ids begin so."""
        return self._select(kind, "substr(id, 1, ?) = ? ORDER BY id", len(prefix), prefix)

    def list_ids(self) -> set[str]:
        """Every id that stands for something, or stood."""
        tables = " UNION ALL ".join(
            f"SELECT id FROM {table}" for table in (*TABLES.values(), "struck")
        )
        return {row[0] for row in self._ledger.execute(tables)}

    def count(self, client: str) -> int:
        """How many entries there are of a client."""
        each = [f"SELECT count(*) FROM {table} WHERE client = ?1" for table in TABLES.values()]
        row = self._ledger.execute(f"SELECT ({') + ('.join(each)})", (client,)).fetchone()
        return int(row[0])

    def find_attached(self, client: str, digest: str) -> str:
        """The key of the client's earliest message with that file attached; "" for none, or none whose text is read."""
        row = self._ledger.execute(
            "SELECT m.key FROM document d JOIN message m ON m.key = d.key JOIN attribution a ON a.key = d.key"
            " WHERE d.digest = ? AND a.client = ? ORDER BY m.received_at, m.key LIMIT 1",
            (digest, client),
        ).fetchone()
        return str(row[0]) if row else ""

    def is_answered(self, client: str, key: str) -> bool | None:
        """Whether we wrote in the message's conversation after it; None where it is no turn of the client."""
        row = self._ledger.execute(
            "SELECT EXISTS (SELECT 1 FROM turn o WHERE o.conversation = t.conversation AND o.conversation > 0 AND o.client = t.client"
            " AND o.outgoing = 1 AND o.at > t.at) FROM turn t WHERE t.client = ? AND t.key = ?",
            (client, key),
        ).fetchone()
        return None if row is None else bool(row[0])

    def write(self, entries: Iterable[Entry]) -> None:
        """Enter entries, each in place of what had its id."""
        for entry in entries:
            values = [_store(value) for value in astuple(entry)]
            columns = ", ".join(_list_columns(type(entry)))
            self._ledger.execute(
                f"INSERT OR REPLACE INTO {TABLES[type(entry)]} ({columns}) VALUES ({place_holders(values)})",
                values,
            )

    def strike(self, struck: Iterable[Struck]) -> None:
        """Take entries out, leaving nothing but that they are gone."""
        for one in struck:
            if one.kind in TABLES.values():
                self._ledger.execute(
                    f"DELETE FROM {one.kind} WHERE id = ? AND client = ?", (one.id, one.client)
                )
            self._ledger.execute(
                "INSERT OR REPLACE INTO struck (id, client, kind, at) VALUES (?, ?, ?, ?)",
                (one.id, one.client, one.kind, to_seconds(one.at)),
            )

    def read_pushed(self) -> dict[str, bool]:
        """The actions that are in the calendar, and whether they were last put there as done."""
        rows = self._ledger.execute("SELECT action, done FROM pushed")
        return {action: bool(done) for action, done in rows}

    def write_pushed(self, pushed: Iterable[tuple[str, str, bool]]) -> None:
        """Remember what is in the calendar: id of the action, client, and whether it is done there."""
        self._ledger.execute_many("INSERT OR REPLACE INTO pushed VALUES (?, ?, ?)", pushed)

    def forget_pushed(self, actions: Iterable[str]) -> None:
        """Remember that these are in the calendar no longer."""
        self._ledger.execute_many("DELETE FROM pushed WHERE action = ?", ((a,) for a in actions))

    def _select(self, kind: type[_Row], where: str, *values: object) -> list[_Row]:
        table = _NAMES[kind]
        columns = _list_columns(kind)
        rows = self._ledger.execute(
            f"SELECT {', '.join(columns)} FROM {table} WHERE {where}", values
        )
        return [kind(*map(_load, columns, row)) for row in rows]


def _list_columns(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind)]


def _store(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_seconds(value)
    return value.isoformat() if isinstance(value, date) else value


def _load(column: str, value: Any) -> Any:
    if value is None:
        return None
    if column == "at" or column.endswith("_at"):
        return from_seconds(value)
    if column in ("due", "since", "until", "asked_on"):
        return date.fromisoformat(value)
    return bool(value) if column == "private" else value
