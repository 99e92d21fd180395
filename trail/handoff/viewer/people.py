"""Who took part: a count, the first and the last date of every address.

In: envelopes. Out: rows of a table, most frequent first. Never: more rows than a page can bear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.handoff.viewer import markup

if TYPE_CHECKING:
    from datetime import datetime

    from trail.model import Envelope

_SHOWN = 500


class _Person:
    __slots__ = ("first", "last", "messages", "name")

    def __init__(self, at: datetime) -> None:
        self.name = ""
        self.messages = 0
        self.first = at
        self.last = at


class People:
    """Everybody in From, To, Cc or Bcc. `me` are the sender's own addresses."""

    def __init__(self, me: tuple[str, ...]) -> None:
        self._me = frozenset(address.strip().lower() for address in me)
        self._people: dict[str, _Person] = {}

    def __len__(self) -> int:
        return len(self._people)

    def add(self, envelope: Envelope, at: datetime) -> None:
        """Count the people of one message, each once."""
        here = set()
        for address in envelope.addresses:
            if address.role not in ("from", "to", "cc", "bcc") or not address.address:
                continue
            key = address.address.lower()
            person = self._people.get(key)
            if person is None:
                person = self._people[key] = _Person(at)
            person.name = person.name or address.name
            if key not in here:
                here.add(key)
                person.messages += 1
                person.first = min(person.first, at)
                person.last = max(person.last, at)

    def rows(self) -> str:
        """Return the table's rows."""
        return "".join(self._row(address, person) for address, person in self._sorted()[:_SHOWN])

    def rest(self) -> str:
        """Return a word about those for whom there was no row."""
        rest = len(self._people) - _SHOWN
        return f"<p>{rest:,} more stand in mailbag.csv.</p>" if rest > 0 else ""

    def _sorted(self) -> list[tuple[str, _Person]]:
        return sorted(self._people.items(), key=lambda pair: (-pair[1].messages, pair[0]))

    def _row(self, address: str, person: _Person) -> str:
        own = ' class="own"' if address in self._me else ""
        return (
            f'<tr{own}><th scope="row">{markup.isolate(person.name, 80)}</th>'
            f'<td class="address">{markup.isolate(address, 200)}</td>'
            f'<td class="number">{person.messages:,}</td>'
            f"<td>{_day(person.first)}</td><td>{_day(person.last)}</td></tr>\n"
        )


def _day(at: datetime) -> str:
    day = at.date().isoformat()
    return f'<time datetime="{day}">{day}</time>'
