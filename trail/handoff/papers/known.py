"""What the sender knows of conversations beyond the mail in a bundle: which belong together, and what of them is settled.

In: keys of messages as the archive has them. Out: whether something said in one is closed. None of it is written anywhere: it
only takes items out of what is open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trail.model import Side, Statement


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a client's messages, by key."""

    conversations: Mapping[str, int] = field(default_factory=dict)
    """The number of the conversation each belongs to; a message that is not in it belongs to what it names."""
    settled: frozenset[tuple[str, Side]] = frozenset()
    """Messages, and whoever owed a word because of them and owes none any more."""
    done: frozenset[tuple[str, str]] = frozenset()
    """Messages, and sentences of theirs of which the sender made an action that is done."""

    def is_closed(self, key: str, statement: Statement, *, outgoing: bool) -> bool:
        """Whether nobody waits any more for what a message says."""
        if (key, statement.sentence) in self.done:
            return True
        if statement.kind not in ("question", "request", "promise"):
            return False
        # a promise is owed by its author, an answer by the other side
        owed_by: Side = "us" if outgoing is (statement.kind == "promise") else "them"
        return (key, owed_by) in self.settled


NOTHING = Known()
