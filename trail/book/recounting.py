"""What a conversation asked and promised, and the words it led to: turns come in, what a review rests on goes out.

Pure. As in `trail.book.following`: a message that asks is answered by the next word of those it asked, one that promises is made
good by the next word of who promised. There what is still owed is kept; here everything is, answered or not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trail.book.following import CLIENT, find_promise, iter_words
from trail.model.review import ASKING, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.model import Side, Statement, Turn
    from trail.model.statements import StatementKind

_TOLD: tuple[StatementKind, ...] = ("escalation", "departure")
"""What is told, and awaits nothing."""


def recount(turns: Sequence[Turn]) -> tuple[Told, ...]:
    """What passed between us and the client in one conversation, in order. `turns` are in order and have their statements."""
    found: list[Told] = []
    owed: dict[Side, list[int]] = {"us": [], "them": []}
    for turn, sides in iter_words(turns):
        if CLIENT not in sides:
            continue
        by: Side = "us" if turn.outgoing else "them"
        other: Side = "them" if turn.outgoing else "us"
        at = int(turn.at.timestamp())
        answers = True
        for place in owed[by]:
            first = answers and found[place].kind in ASKING
            answers = answers and not first
            found[place] = replace(found[place], heard_at=at, heard_key=turn.key, first=first)
        owed[by].clear()
        if turn.asks:
            kind = turn.asks.kind if turn.asks.kind in ASKING else "question"
            owed[other].append(len(found))
            found.append(_tell(turn, by, at, kind, [turn.asks]))
        if promise := find_promise(turn):
            owed[by].append(len(found))
            found.append(_tell(turn, by, at, "promise", [promise]))
        for what in _TOLD:
            said = [one for one in turn.statements if one.kind == what]
            found += [_tell(turn, by, at, what, said)] if said else []
    return tuple(found)


def _tell(turn: Turn, by: Side, at: int, kind: StatementKind, said: Sequence[Statement]) -> Told:
    first = said[0]
    return Told(turn.client, at, turn.key, kind, by, turn.conversation, first.due, None, "", False, len(said), first.sentence)  # fmt: skip
