"""Under which name a bundle is handed over: the same in the letter, on the first page, in bag-info.txt and on the receipt.

In: messages as they are written into the bundle. Out: the name under which the sender wrote most of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from trail.handoff.papers.clean import plain_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.handoff.companions import Written


class Signatures:
    """Counts the names on what the sender wrote."""

    def __init__(self) -> None:
        self._names: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, written: Written) -> None:
        """Take up one message."""
        sender = written.envelope.sender
        if written.outgoing and sender:
            self._names[sender.address.lower()][plain_words(sender.name, 100)] += 1

    def choose(self) -> str:
        """The name most used with the address most used; "" where that has none."""
        if not self._names:
            return ""
        _, names = max(self._names.items(), key=lambda pair: (pair[1].total(), pair[0]))
        named = [(count, name) for name, count in names.items() if name and "@" not in name]
        return max(named)[1] if named else ""


def introduce(name: str, addresses: Sequence[str]) -> str:
    """`Freja Holm (me@studio.example)`; what there is of it."""
    told = ", ".join(addresses)
    return f"{name} ({told})" if name and told else name or told
