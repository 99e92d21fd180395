"""Which messages of a bundle belong to one conversation.

In: the Message-IDs that each message has and refers to, in the order of their numbers. Out: a number of the conversation
for each. Never: says a word of messages that are not in the bundle, though they may be what holds two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trail.model import Envelope

_REFERENCES = 100
"""Of each message, the last so many are followed: nobody's thread is deeper, and no header shall cost more."""


class Conversations:
    """A union of everything that refers to each other."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._parents: list[int] = []
        self._messages: list[int] = []
        self._here: set[int] = set()

    def add(self, envelope: Envelope) -> None:
        """Take up the next message."""
        place = self._place(envelope.message_id) if envelope.message_id else self._new()
        self._messages.append(place)
        self._here.add(place)
        for reference in envelope.references[-_REFERENCES:]:
            one, other = self._root(place), self._root(self._place(reference))
            self._parents[max(one, other)] = min(one, other)

    def knows_parent(self, envelope: Envelope) -> bool:
        """Whether the message that this one answers was taken up before."""
        return self._places.get("".join(envelope.references[-1:])) in self._here

    def number(self) -> list[int]:
        """Return the conversation of each message: numbers from 0 on, in the order they began."""
        numbers: dict[int, int] = {}
        return [numbers.setdefault(self._root(place), len(numbers)) for place in self._messages]

    def _place(self, message_id: str) -> int:
        place = self._places.get(message_id)
        if place is None:
            place = self._places[message_id] = self._new()
        return place

    def _new(self) -> int:
        self._parents.append(len(self._parents))
        return len(self._parents) - 1

    def _root(self, place: int) -> int:
        parents = self._parents
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place
