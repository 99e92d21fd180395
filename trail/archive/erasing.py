"""Taking facts out of the ledger for good: of messages, of a client, of names; and wiping the file they were in.

Comes in: keys, a slug, a test for names. Goes out: nothing. What it must never do: take a UID away. Each stays, with the
decision 'forgotten'. Everything but `wipe` is called inside a ledger transaction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from trail.archive.ledger import to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from trail.archive.ledger import Ledger

    Names = Callable[[str], bool]
    """Whether a text names the client."""

NAMELESS = "(forgotten)"
"""What stands for the name of a folder that named a client."""
_KEPT = ("sighting", "tombstone", "given")
"""Tables with keys that are not simply taken out; what was given to a client goes with the client's hand-offs."""


class Place(NamedTuple):
    """A folder under one UIDVALIDITY, and how many messages of it are still held."""

    epoch: int
    account: str
    folder: str
    held: int


def erase_messages(ledger: Ledger, keys: Iterable[str]) -> None:
    """Take out every fact about these messages. The places they were seen at stay, as 'forgotten', without flags and labels."""
    ledger.execute("CREATE TEMP TABLE IF NOT EXISTS going (key TEXT PRIMARY KEY) WITHOUT ROWID")
    ledger.execute("DELETE FROM going")
    ledger.execute_many("INSERT OR IGNORE INTO going VALUES (?)", ((key,) for key in keys))
    ledger.execute(
        "DELETE FROM gmail WHERE EXISTS (SELECT 1 FROM sighting s WHERE s.epoch = gmail.epoch AND s.uid = gmail.uid"
        " AND s.key IN (SELECT key FROM going))"
    )
    ledger.execute(
        "UPDATE sighting SET decision = 'forgotten', key = NULL, reason = '', flags = '', labels = ''"
        " WHERE key IN (SELECT key FROM going)"
    )
    tables = [table for table in _list_tables(ledger, "key") if table not in (*_KEPT, "message")]
    for table in (*tables, "message"):  # to which the others refer
        ledger.execute(f"DELETE FROM {table} WHERE key IN (SELECT key FROM going)")
    ledger.execute("DELETE FROM reading WHERE digest NOT IN (SELECT digest FROM document)")
    ledger.execute("DROP TABLE going")


def find_gone_clients(ledger: Ledger) -> list[str]:
    """Clients that were forgotten, in a ledger of before: all messages that are theirs alone, and there are some, have a tombstone for it."""
    rows = ledger.execute(
        "SELECT a.client FROM attribution a LEFT JOIN tombstone t ON t.key = a.key AND t.reason = 'forgotten'"
        " WHERE NOT EXISTS (SELECT 1 FROM attribution o WHERE o.key = a.key AND o.client <> a.client)"
        " GROUP BY a.client HAVING count(*) = count(t.key)"
    )
    return [row[0] for row in rows]


def erase_client(ledger: Ledger, client: str) -> None:
    """Take a client's mark from messages that stay, and everything that is kept by the client's slug."""
    ledger.execute(
        "UPDATE message SET indexed_in = NULL WHERE key IN (SELECT key FROM attribution WHERE client = ?)",
        (client,),
    )
    for table in _list_tables(ledger, "client"):
        for child, column, parent in _list_references(ledger, table):
            ledger.execute(
                f"DELETE FROM {child} WHERE {column} IN (SELECT {parent} FROM {table} WHERE client = ?)",
                (client,),
            )
        ledger.execute(f"DELETE FROM {table} WHERE client = ?", (client,))


def _list_tables(ledger: Ledger, column: str) -> list[str]:
    """Every table with that column: what a later version adds is forgotten with the rest."""
    rows = ledger.execute(
        "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c ON c.name = ? WHERE t.type = 'table' ORDER BY t.name",
        (column,),
    )
    return [row[0] for row in rows]


def _list_references(ledger: Ledger, table: str) -> list[tuple[str, str, str]]:
    """The tables that refer to one: their names, by which column, and to which."""
    rows = ledger.execute(
        'SELECT t.name, f."from", f."to" FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f'
        " WHERE t.type = 'table' AND f.\"table\" = ?",
        (table,),
    )
    return [(name, column, parent) for name, column, parent in rows]


def list_named_places(ledger: Ledger, names: Names) -> list[Place]:
    """The folders that name the client, now or formerly, the present ones first."""
    former: dict[int, list[str]] = {}
    for epoch, folder in ledger.execute("SELECT epoch, folder FROM former_name"):
        former.setdefault(epoch, []).append(folder)
    rows = ledger.execute(
        "SELECT e.id, e.account, e.folder, count(s.key) FROM epoch e LEFT JOIN sighting s ON s.epoch = e.id"
        " GROUP BY e.id ORDER BY e.retired_at IS NOT NULL, e.account, e.folder, e.id"
    )
    return [
        Place(*row)
        for row in rows.fetchall()
        if any(names(name) for name in (row[2], *former.get(row[0], ())))
    ]


def erase_names(ledger: Ledger, names: Names, at: datetime) -> None:
    """Take the client's names from folders of which nothing is held, from labels, and from what was told of rounds.

    A folder without its name is history: if the server still has it, the next look begins it anew.
    """
    for place in list_named_places(ledger, names):
        if not place.held and names(place.folder):
            ledger.execute(
                "UPDATE epoch SET folder = ?, mailboxid = NULL, uidnext = NULL, modseq = NULL, on_server = 0,"
                " retired_at = coalesce(retired_at, ?) WHERE id = ?",
                (NAMELESS, to_seconds(at), place.epoch),
            )
    former = ledger.execute("SELECT epoch, folder FROM former_name").fetchall()
    ledger.execute_many(
        "DELETE FROM former_name WHERE epoch = ? AND folder = ?",
        [row for row in former if names(row[1])],
    )
    _erase_labels(ledger, names)
    _erase_told(ledger, names)
    _erase_decisions(ledger, names)


def _erase_labels(ledger: Ledger, names: Names) -> None:
    changed = []
    for epoch, uid, labels in ledger.execute(
        "SELECT epoch, uid, labels FROM sighting WHERE labels <> ''"
    ):
        kept = [label for label in labels.split("\n") if not names(label)]
        if "\n".join(kept) != labels:
            changed.append(("\n".join(kept), epoch, uid))
    ledger.execute_many("UPDATE sighting SET labels = ? WHERE epoch = ? AND uid = ?", changed)


def _erase_told(ledger: Ledger, names: Names) -> None:
    for name in ("listed", "refused"):
        told: dict[str, list[str]] = json.loads(ledger.read_meta(name) or "{}")
        if told:
            kept = {a: [f for f in folders if not names(f)] for a, folders in told.items()}
            ledger.write_meta(name, json.dumps(kept))
    rows = ledger.execute(
        "SELECT id, warnings, error FROM round WHERE warnings <> '' OR error <> ''"
    )
    for number, warnings, error in rows.fetchall():
        kept_lines = [line for line in warnings.split("\n") if not names(line)]
        ledger.execute(
            "UPDATE round SET warnings = ?, error = ? WHERE id = ?",
            ("\n".join(kept_lines), NAMELESS if error and names(error) else error, number),
        )


def _erase_decisions(ledger: Ledger, names: Names) -> None:
    """What was decided of other clients' mail stays, without reasons that are none any more; of a pattern only that there was one."""
    rows = ledger.execute("SELECT client, key, reasons, why FROM decision").fetchall()
    for client, key, reasons, why in rows:
        kept = json.dumps([reason for reason in json.loads(reasons) if not names(reason)])
        if kept != reasons or names(why):
            ledger.execute(
                "UPDATE decision SET reasons = ?, why = ? WHERE client = ? AND key = ?",
                (kept, "" if names(why) else why, client, key),
            )
    for number, filters in ledger.execute("SELECT id, filters FROM handoff").fetchall():
        told = json.dumps(_blank(json.loads(filters), names))
        ledger.execute("UPDATE handoff SET filters = ? WHERE id = ?", (told, number))


def _blank(value: Any, names: Names) -> Any:
    if isinstance(value, str):
        return NAMELESS if names(value) else value
    if isinstance(value, list):
        return [_blank(one, names) for one in value]
    if isinstance(value, dict):
        return {key: _blank(one, names) for key, one in value.items()}
    return value


def carry_over(ledger: Ledger, before: str, after: str) -> None:
    """Where `before` (a fingerprint of rules) decided, `after` would have decided the same: nothing needs another look."""
    ledger.execute(
        "UPDATE message SET attributed_under = ? WHERE attributed_under = ?", (after, before)
    )
    for scope in ("clients", "everything"):
        old, new = f"{scope}:{before}", f"{scope}:{after}"
        ledger.execute(
            "UPDATE sighting SET decided_under = ? || substr(decided_under, ?) WHERE decided_under IN (?, ?, ?)",
            (new, len(old) + 1, old, f"{old}:unsure", f"{old}:waiting"),
        )
        ledger.execute("UPDATE epoch SET looked_under = ? WHERE looked_under = ?", (new, old))


def wipe(ledger: Ledger) -> bool:
    """Write the ledger anew without its free pages, and empty its log. False: a reader keeps the log from being emptied."""
    ledger.execute("VACUUM")
    busy = ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy
