"""Which segments of an index are to become one.

In: the segments of a state. Out: groups of names. Works like carrying in a number: eight small ones become one, which
waits for seven of its like, so that there are few segments and no message is moved often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.index.generations import Listed

_TIER = 8
"""So many small segments are merged, or more."""
_MOST = 32
"""Segments beyond which the smallest are merged however large they are."""
_LEAST_SHARED = 20_000
"""Messages from which on a merge is parted among several processes."""


def choose_segments(segments: Sequence[Listed], groups: int = 1) -> list[list[str]]:
    """Return the segments that are to be merged, in up to so many groups; nothing when all is well.

    A segment half of which was removed is among them, if need be alone.
    """
    kept = [s for s in segments if s.left * 2 >= s.documents]
    hollow = [s for s in segments if s.left * 2 < s.documents]
    kept.sort(key=lambda s: s.left)
    chosen: list[Listed] = []
    total = 0
    for count, segment in enumerate(kept, 1):
        total += segment.left
        if count >= _TIER and segment.left * 2 <= total:
            chosen = kept[:count]
    if not chosen and len(segments) > _MOST:
        chosen = kept[:_TIER]
    chosen += hollow
    if groups > 1 and sum(s.left for s in chosen) >= _LEAST_SHARED:
        return _part(chosen, groups)
    return [[s.name for s in chosen]] if chosen else []


def _part(chosen: list[Listed], groups: int) -> list[list[str]]:
    """Part them into groups of about equal numbers of messages, neighbours in the list together."""
    total = sum(s.left for s in chosen)
    parted: list[list[str]] = [[] for _ in range(groups)]
    before = 0
    for segment in chosen:
        parted[min(groups - 1, before * groups // total)].append(segment.name)
        before += segment.left
    return [group for group in parted if group]
