"""Who has the last word in each conversation, and what was asked or promised there and not answered.

In: messages in date order, with their statements. Out: conversations. A question or request stands until the other side
writes again in the conversation; a promise until the side that made it does. Automatic mail changes nothing.
Memory: two numbers a message, a few sentences a conversation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trail.handoff.papers.seen import Said

if TYPE_CHECKING:
    from trail.handoff.papers.seen import Seen
    from trail.model import Envelope, Statement

KEPT = 4
"""Statements of each sort that are kept of a conversation: the newest."""


@dataclass(slots=True)
class Conversation:
    """Messages that refer to each other."""

    first: Seen
    last: Seen
    messages: int = 0
    asked: list[Said] = field(default_factory=list)
    """What was asked since the other side last wrote."""
    promised: list[Said] = field(default_factory=list)
    """What either side said it would do, and has not written since."""

    def add(self, seen: Seen, statements: tuple[Statement, ...], *, automatic: bool) -> None:
        """Take up the next message."""
        self.messages += 1
        if automatic:
            return
        self.last = seen
        self.asked = [said for said in self.asked if said.seen.outgoing == seen.outgoing]
        self.promised = [said for said in self.promised if said.seen.outgoing != seen.outgoing]
        said = [Said(seen, statement) for statement in statements]
        self.asked += [s for s in said if s.statement.kind in ("question", "request")]
        self.promised += [s for s in said if s.statement.kind == "promise"]
        del self.asked[:-KEPT]
        del self.promised[:-KEPT]

    def join(self, other: Conversation) -> None:
        """Take up another that turns out to be the same."""
        early, late = sorted((self, other), key=lambda c: (c.last.at, c.last.mailbag_id))
        side = late.last.outgoing
        self.first = min(self.first, other.first, key=lambda seen: (seen.at, seen.mailbag_id))
        self.asked = [*(s for s in early.asked if s.seen.outgoing == side), *late.asked][-KEPT:]
        self.promised = [*(s for s in early.promised if s.seen.outgoing != side), *late.promised][
            -KEPT:
        ]
        self.last = late.last
        self.messages += other.messages


class Threads:
    """Gathers conversations by Message-ID and References, and by the numbers that the sender's book has for them."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._parents: list[int] = []
        self._conversations: dict[int, Conversation] = {}

    def add(
        self,
        envelope: Envelope,
        seen: Seen,
        statements: tuple[Statement, ...],
        *,
        automatic: bool,
        number: int | None = None,
    ) -> None:
        """Take up the next message; `number` is that of its conversation, where the book has it."""
        identifiers = [*envelope.references, envelope.message_id or seen.key]
        if number is not None:
            identifiers.append(f"\n{number}")  # no Message-ID has a line break
        root = self._find_root(identifiers)
        conversation = self._conversations.get(root)
        if conversation is None:
            conversation = self._conversations[root] = Conversation(seen, seen)
        conversation.add(seen, statements, automatic=automatic)

    def conversations(self) -> list[Conversation]:
        """Return them, that with the newest word first."""
        return sorted(
            self._conversations.values(),
            key=lambda c: (c.last.at, c.last.mailbag_id),
            reverse=True,
        )

    def _find_root(self, identifiers: list[str]) -> int:
        """The number of the conversation all these belong to; what was two becomes one."""
        root: int | None = None
        for identifier in identifiers:
            name = _shorten(identifier)
            number = self._numbers.get(name)
            if number is None:
                if root is None:
                    root = len(self._parents)
                    self._parents.append(root)
                self._numbers[name] = root
                continue
            number = self._numbers[name] = self._climb(number)
            if root is None:
                root = number
            elif number != root:
                root, gone = min(root, number), max(root, number)
                self._parents[gone] = root
                self._merge(root, gone)
        assert root is not None
        return root

    def _climb(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def _merge(self, root: int, gone: int) -> None:
        other = self._conversations.pop(gone, None)
        if other is None:
            return
        if root in self._conversations:
            self._conversations[root].join(other)
        else:
            self._conversations[root] = other


def _shorten(identifier: str) -> int:
    # A number of eight bytes takes a third of the memory of the text.
    digest = hashlib.blake2b(identifier.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
