"""The book as one JSON file, and back: written whole, read strictly, merged by ids; what was settled in `trail waiting` by messages.

The format: docs/formats/book.md.

In: entries, or a text from somewhere. Out: a text; or entries, and what a merge with those that are there comes to. A
text that is no book is refused with the place that is wrong; nothing is guessed.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, astuple, dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from trail.book.fields import read_value
from trail.errors import UnusableBook
from trail.model.book import (
    Action,
    Agreement,
    Entry,
    Note,
    Request,
    Response,
    Struck,
)
from trail.model.waiting import Settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT = "trail-book"
VERSION = 1
KINDS: dict[str, type[Entry | Struck | Settled]] = {
    "notes": Note,
    "actions": Action,
    "agreements": Agreement,
    "requests": Request,
    "responses": Response,
    "struck": Struck,
    "settled": Settled,
}
"""The lists of a file."""
NOUNS = {
    Note: "note",
    Action: "action",
    Agreement: "agreement",
    Request: "request",
    Response: "response",
}
_SHOWN = 40
"""Characters of a wrong value that are shown."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is in a file."""

    entries: tuple[Entry, ...]
    struck: tuple[Struck, ...]
    settled: tuple[Settled, ...]
    places: Mapping[tuple[str, str], str]
    """Where an entry stands, by what it is and its id; what was settled, by its message, client and side."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge comes to."""

    added: tuple[Entry, ...]
    changed: tuple[Entry, ...]
    struck: tuple[Struck, ...]
    settled: tuple[Settled, ...]
    """What is new or newer of that."""
    same: int
    older: int
    """Entries that are here in a newer state, or were struck here."""


def format_book(
    entries: Iterable[Entry], struck: Iterable[Struck], settled: Iterable[Settled], now: datetime
) -> str:
    """A book as JSON. The same book gives the same text, but for the moment it is written."""
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in KINDS}
    names = {kind: name for name, kind in KINDS.items()}
    for entry in (*entries, *struck, *settled):
        values = {field.name: _show(getattr(entry, field.name)) for field in fields(entry)}
        lists[names[type(entry)]].append(values)
    head = {"format": FORMAT, "version": VERSION, "written_at": _show(now)}
    return json.dumps({**head, **lists}, ensure_ascii=False, indent=2) + "\n"


def read_book(text: str) -> Copy:
    """Read a book. Raises UnusableBook naming the place of the first thing that is wrong."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnusableBook(
            f"line {error.lineno}: is not JSON ({error.msg})",
            "give a file that `trail book export` wrote",
        ) from None
    except (RecursionError, ValueError):
        raise UnusableBook("is not JSON that can be read", "") from None
    _check_head(data)
    found: list[Entry | Struck | Settled] = []
    places: dict[tuple[str, str], str] = {}
    for name, kind in KINDS.items():
        rows = data.get(name, [])
        if not isinstance(rows, list):
            raise _refuse(name, "must be a list")
        for number, row in enumerate(rows):
            place = f"{name}[{number}]"
            one = _read_entry(kind, row, place)
            what, which, column = _identify(name, one)
            if (first := places.setdefault((what, which), place)) != place:
                raise _refuse(f"{place}.{column}", f"{which} is that of {first} too")
            found.append(one)
    return Copy(
        tuple(one for one in found if not isinstance(one, Struck | Settled)),
        tuple(one for one in found if isinstance(one, Struck)),
        tuple(one for one in found if isinstance(one, Settled)),
        places,
    )


def _identify(name: str, one: Entry | Struck | Settled) -> tuple[str, str, str]:
    """What it is, by what it is told from others of it, and in which column that stands."""
    if isinstance(one, Settled):
        return f"{name} {one.client} {one.by}", one.key, "key"
    return f"{name} {one.kind}" if isinstance(one, Struck) else name, one.id, "id"


def _check_head(data: Any) -> None:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UnusableBook(
            f'no book: it does not say "format": "{FORMAT}"',
            "give a file that `trail book export` wrote",
        )
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _refuse("version", "must be a whole number")
    if version > VERSION:
        raise UnusableBook(
            f"was written by a newer trail (version {version}, this one reads {VERSION})",
            "install the newer trail; nothing was changed",
        )
    known = {"format", "version", "written_at", *KINDS}
    if unknown := sorted(set(data) - known):
        raise _refuse(unknown[0], "unknown key")


def _read_entry(kind: type[Any], row: Any, place: str) -> Any:
    if not isinstance(row, dict):
        raise _refuse(place, "must be an object")
    values: dict[str, Any] = {}
    known = {field.name: field for field in fields(kind)}
    for name in row:
        if name not in known:
            raise _refuse(f"{place}.{name}", "unknown key")
    for name, field in known.items():
        if name in row:
            try:
                values[name] = read_value(
                    kind, name, row[name], optional=str(field.type).endswith("None")
                )
            except ValueError as error:
                raise _refuse(f"{place}.{name}", f"{error}{_quote(row[name])}") from None
        elif name == "changed_at":
            values[name] = values["created_at"]
        elif field.default is MISSING:
            raise _refuse(f"{place}.{name}", "is missing")
    return kind(**values)


def merge(
    copy: Copy, present: Iterable[Entry], struck: Iterable[Struck], settled: Iterable[Settled] = ()
) -> Merge:
    """Merge a copy with what is `present`: of two states the newer one stays, and what was struck on one side is gone.

    Raises UnusableBook when an id stands for an entry of another client here.
    """
    here = {(NOUNS[type(entry)], entry.id): entry for entry in present}
    gone = {(one.kind, one.id) for one in struck}
    known = gone.copy()
    gone |= {(one.kind, one.id) for one in copy.struck}
    added: list[Entry] = []
    changed: list[Entry] = []
    same = older = 0
    for entry in copy.entries:
        name = NOUNS[type(entry)]
        ours = here.get((name, entry.id))
        if ours is not None and ours.client != entry.client:
            place = copy.places[f"{name}s", entry.id]
            raise _refuse(f"{place}.id", f"{entry.id} is an entry of {ours.client} here")
        if ours == entry:
            same += 1
        elif (name, entry.id) in gone or (ours and _rank(ours) > _rank(entry)):
            older += 1
        elif ours is None:
            added.append(entry)
        else:
            changed.append(entry)
    new = tuple(one for one in copy.struck if (one.kind, one.id) not in known)
    decided = {(one.key, one.client, one.by): one for one in settled}
    taken: list[Settled] = []
    for one in copy.settled:
        known_as = decided.get((one.key, one.client, one.by))
        if known_as == one:
            same += 1
        elif known_as and _rank(known_as) > _rank(one):
            older += 1
        else:
            taken.append(one)
    return Merge(tuple(added), tuple(changed), new, tuple(taken), same, older)


def _rank(entry: Entry | Settled) -> tuple[datetime, str]:
    """The newer one is greater; of two that are equally new it is the same one on every machine."""
    newest = entry.at if isinstance(entry, Settled) else entry.changed_at
    return newest, repr(astuple(entry))


def _refuse(place: str, words: str) -> UnusableBook:
    return UnusableBook(f"{place}: {words}", "nothing was taken; docs/formats/book.md tells the format")  # fmt: skip


def _quote(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=True, default=str)
    return f" (is {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'})"


def _show(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value
