"""The people in the mail, and contacts.csv and contacts.vcf of them.

In: the addresses of each message. Out: a person an address, whose they are, first and last contact, how often, as what they
sign. Nothing is said of anybody that no message says. vCard 4.0: RFC 6350.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trail.content_lines import fold_lines
from trail.handoff.papers.clean import plain_words
from trail.handoff.papers.content_lines import escape_text
from trail.handoff.papers.sheet import format_cells, format_head
from trail.handoff.select import belongs_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from trail.handoff.companions import Colophon, Written
    from trail.handoff.papers.seen import Seen, Side

COLUMNS = (
    *("Name", "Address", "Side", "Signs as", "Messages sent", "Messages received"),
    *("First contact", "Last contact", "Last message"),
)  # fmt: skip
_SIDES = {"theirs": "client", "ours": "sender", "other": "third party"}
_NAMESPACE = uuid.UUID("9f4d1f0e-62f5-5c0b-8e47-6f3a1d1c2b7a")
_NAME_LIMIT = 120


@dataclass(slots=True)
class Person:
    """Somebody who wrote or was written to."""

    address: str
    first: datetime
    last: datetime
    last_seen: Seen
    names: dict[str, int] = field(default_factory=dict)
    """Display names, with how often each stood there."""
    job: str = ""
    sent: int = 0
    received: int = 0
    side: Side = "other"

    @property
    def name(self) -> str:
        """The name used most; "" where there is none."""
        return max(self.names, key=lambda name: (self.names[name], name), default="")

    @property
    def shown(self) -> str:
        """Name, or address where there is none."""
        return self.name or self.address


class People:
    """Gathers them."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}

    def add(self, written: Written, seen: Seen) -> None:
        """Take up the people of one message; the same person counts once in it."""
        told: set[tuple[bool, str]] = set()
        sender = written.envelope.sender
        author = sender.address.lower() if sender else ""
        for address in written.envelope.addresses:
            if address.role not in ("from", "to", "cc"):
                continue  # a Bcc line tells of people whom the others were not to know of
            where = address.address.lower()
            is_author = address.role == "from"
            if "@" not in where or (is_author, where) in told:
                continue
            told.add((is_author, where))
            person = self._people.get(where)
            if person is None:
                person = self._people[where] = Person(where, written.at, written.at, seen)
            person.last, person.last_seen = written.at, seen
            person.sent += is_author
            person.received += not is_author
            name = plain_words(address.name, _NAME_LIMIT)
            if name and "@" not in name and (name in person.names or len(person.names) < 5):  # noqa: PLR2004 - spellings
                person.names[name] = person.names.get(name, 0) + 1
            if is_author and where == author and written.job:
                person.job = plain_words(written.job, _NAME_LIMIT)

    def sort_out(self, colophon: Colophon) -> list[Person]:
        """Return them, those of the client first, who wrote and were written to most before others."""
        own = {address.strip().lower() for address in colophon.me}
        for person in self._people.values():
            if person.address in own:
                person.side = "ours"
            elif colophon.rules and belongs_to(colophon.rules, person.address):
                person.side = "theirs"
        order = {"theirs": 0, "ours": 1, "other": 2}
        return sorted(
            self._people.values(),
            key=lambda p: (order[p.side], -(p.sent + p.received), p.address),
        )


def format_contacts(people: Iterable[Person]) -> Iterator[bytes]:
    """The lines of contacts.csv."""
    yield format_head(COLUMNS)
    for person in people:
        yield format_cells(
            (
                *(person.name, person.address, _SIDES[person.side], person.job),
                *(str(person.sent), str(person.received)),
                *(f"{person.first:%Y-%m-%d}", f"{person.last:%Y-%m-%d}", person.last_seen.path),
            )
        )


def format_cards(people: Iterable[Person], client: str) -> Iterator[bytes]:
    """The cards of contacts.vcf, one a person."""
    for person in people:
        lines = [
            "BEGIN:VCARD",
            "VERSION:4.0",
            f"UID:urn:uuid:{uuid.uuid5(_NAMESPACE, person.address)}",
            f"FN:{escape_text(person.shown)}",
            f"EMAIL:{escape_text(person.address)}",
        ]
        if person.job:
            lines.append(f"TITLE:{escape_text(person.job)}")
        if person.side == "theirs":
            lines.append(f"ORG:{escape_text(client)}")
        lines += [
            f"CATEGORIES:{escape_text(_SIDES[person.side])}",
            f"NOTE:{escape_text(_tell(person))}",
            f"REV:{person.last:%Y%m%dT%H%M%SZ}",
            "END:VCARD",
        ]
        yield fold_lines(lines)


def _tell(person: Person) -> str:
    return f"Wrote {person.sent}, received {person.received} messages from {person.first:%Y-%m-%d} to {person.last:%Y-%m-%d}"
