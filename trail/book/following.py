"""The turns of a conversation come in; what it comes to goes out: who had the last word, and who owes one, since when and why.

Pure. A message that asks is answered by the next word of those it asked, whatever it says; one that promises is made good by the
next word of who promised it. What a program wrote is no word, and neither is what went to none of them: a thread that we forward
to somebody else begins a matter of its own with that one, and answers nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trail.model import Awaited, Conversation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trail.model import Side, Statement, Turn

CLIENT = "*"
"""The client's side of a conversation: see `Turn.sides`."""
BRIEF = 60
"""Words of a message that does little more than promise: "I will get back to you"."""


@dataclass(slots=True)
class _Open:
    """Words that are owed by one side: each with the sides that may give it, or that it was promised to."""

    by: Side
    owed: list[tuple[Awaited, frozenset[str]]] = field(default_factory=list)

    def hear(self, sides: frozenset[str]) -> None:
        """A word between us and these sides, by whoever owes it."""
        self.owed = [(awaited, whose) for awaited, whose in self.owed if not whose & sides]

    def add(self, turn: Turn, said: Statement, sides: frozenset[str]) -> None:
        """From now on that is owed."""
        awaited = Awaited(
            turn.client, turn.key, self.by, turn.conversation, said.kind, turn.at, said.due, said.sentence
        )  # fmt: skip
        self.owed.append((awaited, sides))


def follow(turns: Sequence[Turn]) -> tuple[Conversation, tuple[Awaited, ...]]:
    """What one client's part of a conversation comes to. `turns`, at least one, are in order and have their statements."""
    first = turns[0]
    ours, theirs = _Open("us"), _Open("them")
    last: Turn | None = None
    last_theirs = last_ours = None
    for turn, sides in iter_words(turns):
        if turn.outgoing:
            ours.hear(sides)
        else:
            theirs.hear(sides)
        if turn.asks:
            (theirs if turn.outgoing else ours).add(turn, turn.asks, sides)
        if promise := find_promise(turn):
            (ours if turn.outgoing else theirs).add(turn, promise, sides)
        if CLIENT in sides:
            last = turn
            last_ours = turn.at if turn.outgoing else last_ours
            last_theirs = last_theirs if turn.outgoing else turn.at
    conversation = Conversation(
        first.conversation,
        first.client,
        first.key,
        len(turns),
        sum(turn.counts for turn in turns),
        first.at,
        turns[-1].at,
        last.key if last else "",
        ("us" if last.outgoing else "them") if last else "",
        last_theirs,
        last_ours,
    )
    return conversation, tuple(awaited for open_ in (ours, theirs) for awaited, _ in open_.owed)


def find_promise(turn: Turn) -> Statement | None:
    """The promise that a message leaves open: one with a day, or one in a message that says little else."""
    promises = [said for said in turn.statements if said.kind == "promise"]
    dated = next((said for said in promises if said.due), None)
    return dated or (promises[0] if promises and turn.words <= BRIEF else None)


def iter_words(turns: Sequence[Turn]) -> Iterator[tuple[Turn, frozenset[str]]]:
    """The turns that are a word between us and others, each with the sides it is to or from."""
    counting = [turn for turn in turns if turn.counts]
    has_client = any(CLIENT in turn.sides for turn in counting)
    known, aside = {CLIENT}, set[str]()
    for turn in counting:
        named = {side for side in turn.sides if not side.startswith("=")}
        if not named:  # to ourselves, or another client's people, in whose conversation it stands
            continue
        if not has_client:
            yield turn, frozenset((CLIENT,))
            continue
        if CLIENT not in named and not named & known and turn.outgoing:
            aside |= named  # whom we brought in, behind the client's back
        else:
            known |= named - aside
        yield turn, frozenset(side if side in aside else CLIENT for side in named)
