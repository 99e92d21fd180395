"""Messages shared out among those who read them side by side.

In: messages, in the order they are wanted. Out: lists of them, bounded by count and by bytes, so that memory stays flat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trail.model import ArchivedMessage


def share_out(
    messages: Iterable[ArchivedMessage], most: int, most_bytes: int
) -> Iterator[list[ArchivedMessage]]:
    """Yield lists of at most `most` messages and `most_bytes` bytes together; a larger message stands alone."""
    share: list[ArchivedMessage] = []
    size = 0
    for message in messages:
        if share and (len(share) >= most or size + message.size > most_bytes):
            yield share
            share, size = [], 0
        share.append(message)
        size += message.size
    if share:
        yield share
