"""Who took part: a number, a count, the first and the last date of every address.

In: envelopes. Out: rows of data, in the order of the numbers. Never: a person for an empty address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.handoff.plain import one_line, without_overrides

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.model import Address, Envelope

NAME_LIMIT = 200
"""Characters of a name or an address that are shown."""
ROLES = ("from", "to", "cc", "bcc")
"""As they stand at a message."""
_LISTED = ("from", "to", "cc")
"""A Bcc line tells of people whom the others were not to know of: they stand at the message, and in no list."""


class _Person:
    __slots__ = ("first", "last", "messages", "name", "seen_in")

    def __init__(self, at: int) -> None:
        self.name = ""
        self.messages = 0
        self.first = at
        self.last = at
        self.seen_in = -1


class People:
    """Everybody in From, To or Cc. `me` are the sender's own addresses."""

    def __init__(self, me: tuple[str, ...]) -> None:
        self._me = frozenset(address.strip().lower() for address in me)
        self._people: dict[str, _Person] = {}
        self._numbers: dict[str, int] = {}
        self._messages = 0

    def __len__(self) -> int:
        return len(self._people)

    def add(self, envelope: Envelope, at: int) -> tuple[int, list[int]]:
        """Count the people of one message, each once; return the number of the sender (-1: none) and of the others.

        `at` is in seconds since 1970.
        """
        self._messages += 1
        sender, others = -1, []
        for address in envelope.addresses:
            if address.role in _LISTED and address.address:
                number = self._count(address, at)
                if address.role == "from" and sender < 0:
                    sender = number
                else:
                    others.append(number)
        return sender, list(dict.fromkeys(others))

    def rows(self) -> Iterator[list[str | int]]:
        """Yield name, address, whether it is the sender's own (1), messages, first, last."""
        for address, person in self._people.items():
            yield [
                one_line(without_overrides(person.name), NAME_LIMIT),
                one_line(without_overrides(address), NAME_LIMIT),
                int(address in self._me),
                person.messages,
                person.first,
                person.last,
            ]

    def _count(self, address: Address, at: int) -> int:
        key = address.address.lower()
        person = self._people.get(key)
        if person is None:
            self._numbers[key] = len(self._people)
            person = self._people[key] = _Person(at)
        person.name = person.name or address.name
        if person.seen_in != self._messages:
            person.seen_in = self._messages
            person.messages += 1
            person.first = min(person.first, at)
            person.last = max(person.last, at)
        return self._numbers[key]
