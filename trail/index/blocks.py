"""Postings of a term, a block at a time: Whoosh's matchers step through them one by one, which costs most of a search.

In: a matcher of Whoosh's, freshly made. Out: document numbers, and the encoded positions of some of them.
Whoosh's own steps are taken where a matcher has no blocks: it is wrapped because of deletions, or all is inline.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from whoosh.codec.whoosh3 import W3LeafMatcher

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# ruff: noqa: SLF001 - a block has no public face


def find_documents(matcher: Any) -> set[int]:
    """Return all documents of the matcher."""
    if not _has_blocks(matcher):
        return set(matcher.all_ids())
    found: set[int] = set()
    while matcher.is_active():
        matcher._read_ids()
        found.update(matcher._ids)
        matcher._next_block()
    return found


def read_values(matcher: Any, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Return what is kept with those of `wanted` (ascending) that the matcher has."""
    if not _has_blocks(matcher):
        yield from _step(matcher, wanted)
        return
    start = 0
    while start < len(wanted) and matcher.is_active():
        end = bisect_right(wanted, matcher.block_max_id(), start)
        if end > start:
            matcher._read_ids()
            matcher._read_values()
            values = dict(zip(matcher._ids, matcher._values, strict=True))
            for document in wanted[start:end]:
                if document in values:
                    yield document, values[document]
            start = end
        matcher._next_block()


def _has_blocks(matcher: Any) -> bool:
    return type(matcher) is W3LeafMatcher


def _step(matcher: Any, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    for document in wanted:
        if not matcher.is_active():
            return
        matcher.skip_to(document)
        if matcher.is_active() and matcher.id() == document:
            yield document, matcher.value()
