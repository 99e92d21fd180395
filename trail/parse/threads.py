"""What messages say of their parents comes in; the conversation as a tree goes out.

After J. Zawinski's algorithm (https://www.jwz.org/doc/threading.html), by References only: equal
subjects never join strangers. Must never lose or double a member, nor follow a cycle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


_PREFIX = re.compile(
    r"(?:re|fw|fwd|sv|vs|vb|vl|aw|antw|antwort|antwoord|wg|tr|rif|res|rv|enc|odp|pd|ynt|ilt|r|i"
    r"|回复|回覆|答复|转发|轉寄|返信|転送)"
    r"\s*(?:[\[(]\d{1,4}[\])]|\^\d{1,3})?\s*[:\uff1a]\s*"
    r"|\[\d{1,4}\]\s*",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"fw|i|vs\b|vb|vl|wg|tr|rv|enc|pd|\[|转发|轉寄|転送", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ThreadMember:
    """A message of a conversation. `references` ends with the parent, as in `Envelope`."""

    key: str
    message_id: str | None
    references: tuple[str, ...]
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class ThreadNode:
    """A message's place: `depth` is 0 and `parent` None where no member before it is its parent."""

    key: str
    depth: int
    parent: str | None


@dataclass(eq=False, slots=True)
class _Place:
    """A message, or one that is only referred to (`member` is None)."""

    member: ThreadMember | None = None
    parent: _Place | None = None

    def adopt(self, child: _Place) -> None:
        """Take `child` from its parent, unless it is this one or above it."""
        above: _Place | None = self
        while above is not None:
            if above is child:
                return
            above = above.parent
        child.parent = self


def normalise_subject(subject: str) -> str:
    """Take reply and forward marks off the front (Re:, Fwd:, Sv:, AW:, TR:, Re[2]: ...), however many.

    Case and marks such as [ACME] stay; runs of blanks become one.
    """
    text = _SPACES.sub(" ", subject).strip()
    at = 0
    while found := _PREFIX.match(text, at):
        at = found.end()
    return text[at:].strip()


def is_answer(subject: str) -> bool:
    """Whether a subject begins with a reply mark; a forward mark is none."""
    found = _PREFIX.match(_SPACES.sub(" ", subject).strip())
    return found is not None and _FORWARDED.match(found[0]) is None


def build_thread(members: Sequence[ThreadMember]) -> list[ThreadNode]:
    """Order `members` as a tree: each after its parent, siblings by date, undated ones last.

    A member whose parent is missing hangs on the nearest one above it, or stands at depth 0.
    """
    ordered = sorted({member.key: member for member in members}.values(), key=_sort_key)
    places: dict[str, _Place] = {}
    for member in ordered:
        if member.message_id is not None and member.message_id not in places:
            places[member.message_id] = _Place(member)
    real: list[_Place] = []
    for member in ordered:
        place = places.get(member.message_id or "")
        if place is None or place.member is not member:
            # Without an id, or a second message with the same one: nobody's parent, but present.
            place = _Place(member)
        real.append(place)
    for place in real:
        _link(place, places)
    return _flatten(real)


def _link(place: _Place, places: dict[str, _Place]) -> None:
    assert place.member is not None
    above: _Place | None = None
    for identifier in place.member.references:
        referred = places.get(identifier)
        if referred is None:
            referred = places[identifier] = _Place()
        if above is not None and referred.parent is None:
            above.adopt(referred)
        above = referred
    if above is not None and place.parent is not above:
        # A message's own word on its parent counts more than another's.
        above.adopt(place)


def _flatten(real: list[_Place]) -> list[ThreadNode]:
    followers: dict[str, list[ThreadMember]] = {}
    roots: list[ThreadMember] = []
    for place in real:
        assert place.member is not None
        above = place.parent
        while above is not None and above.member is None:
            above = above.parent
        if above is None or above.member is None:
            roots.append(place.member)
        else:
            followers.setdefault(above.member.key, []).append(place.member)
    nodes: list[ThreadNode] = []
    waiting = [ThreadNode(member.key, 0, None) for member in reversed(roots)]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting += [
            ThreadNode(member.key, node.depth + 1, node.key)
            for member in reversed(followers.pop(node.key, []))
        ]
    return nodes


def _sort_key(member: ThreadMember) -> tuple[bool, float, str]:
    sent = member.sent_at
    return sent is None, sent.timestamp() if sent else 0.0, member.key
