"""The hits of a search, sorted and cut to a page; or all of them, or what they have in common.

In: the segments of an index and a tree of conditions. Out: a SearchResult, hits, keys or counts. Reads the stored part of
those messages only that it returns; and, newest first, looks for rows of words no further than the page needs, unless
little is left.
"""

from __future__ import annotations

from heapq import merge, nlargest
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from trail.index.bitmaps import iter_bits, iter_first, iter_windows
from trail.index.conditions import Node, iter_words
from trail.index.matching import Finder, is_costly
from trail.index.recency import weigh_recency
from trail.index.schema import Stored, from_order, from_stored, to_moment
from trail.index.scoring import score_documents
from trail.index.snippets import SnippetMaker
from trail.model import SearchHit, SearchResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

Sort = Literal["date", "-date", "relevance"]
"""Newest first, oldest first, best first."""

ENOUGH = 3000
"""Candidates for a row of words that are looked at beyond the page, so that the total is exact."""
_FIRST = 64
_MOST = 4096
"""Candidates that are looked at together, to begin with and at most."""


def find_hits(
    finders: list[Finder],
    node: Node,
    sort: Sort,
    limit: int,
    offset: int,
    now: float,
    *,
    exact: bool = False,
) -> SearchResult:
    """Return the documents that meet `node`, from the `offset`-th on, at most `limit`.

    `now` is in seconds since 1970. With `exact`, the total is never an estimate.
    """
    best: list[Any]
    if sort == "date":
        searches = [_Newest(finder, node) for finder in finders]
        best = list(islice(merge(*(s.iter(i) for i, s in enumerate(searches))), offset + limit))
        total, exact = _count(searches, exact=exact)
    else:
        found = _find_all(finders, node)
        total, exact = sum(bits.bit_count() for bits in found), True
        best = nlargest(offset + limit, _rank(finders, node, sort, found, now))
    return SearchResult(total, tuple(_read_hits(finders, node, best[offset:])), exact)


def iter_hits(finders: list[Finder], node: Node, sort: Sort, now: float) -> Iterator[SearchHit]:
    """Yield all documents that meet `node`, in order."""
    return _read_hits(finders, node, _sort_all(finders, node, sort, now))


def list_keys(finders: list[Finder], node: Node, sort: Sort, now: float) -> list[str]:
    """Return the keys of all documents that meet `node`, in order."""
    return [finders[i].file.read_key(d) for *_, i, d in _sort_all(finders, node, sort, now)]


def find_span(finders: list[Finder], node: Node) -> tuple[datetime, datetime] | None:
    """Return when the first and the last document that meet `node` were sent; None where there is none."""
    ends: list[int] = []
    for finder in finders:
        if found := finder.find(node, finder.live):
            orders = finder.file.orders
            # the newest come first, and have the lowest numbers
            ends += (orders[found.bit_length() - 1], orders[next(iter_first(found))])
    if not ends:
        return None
    return to_moment(from_order(min(ends))), to_moment(from_order(max(ends)))


def count_each(finders: list[Finder], node: Node, nodes: Sequence[Node]) -> list[int]:
    """Return of the documents that meet `node` how many meet each of `nodes`."""
    counts = [0] * len(nodes)
    for finder in finders:
        found = finder.find(node, finder.live)
        for number, part in enumerate(nodes) if found else ():
            counts[number] += finder.find(part, found).bit_count()
    return counts


class _Newest:
    """The hits of a segment, the newest first, found as they are asked for."""

    def __init__(self, finder: Finder, node: Node) -> None:
        self.finder = finder
        self._node = node
        self.found = 0
        """Hits so far."""
        self.checked = 0
        """Candidates they are from."""
        _, self.rest = finder.bound(node)
        """Candidates that were not looked at."""
        if not is_costly(node):
            self.found = self.checked = self.rest.bit_count()
            self._sure, self.rest = self.rest, 0
        else:
            self._sure = 0

    def iter(self, number: int) -> Iterator[tuple[int, int, int]]:
        """Yield what sorts a hit, `number`, and the document."""
        orders = self.finder.file.orders
        for document in iter_first(self._sure):
            yield -orders[document], number, document
        at_once = _FIRST
        while self.rest:
            for document in iter_bits(self.look(at_once)):
                yield -orders[document], number, document
            at_once = min(2 * at_once, _MOST)

    def look(self, at_once: int) -> int:
        """Return the hits among the next so many candidates, as bits."""
        candidates = _take_first(self.rest, at_once)
        self.rest &= ~candidates
        hits = self.finder.find(self._node, candidates)
        self.checked += candidates.bit_count()
        self.found += hits.bit_count()
        return hits


def _take_first(bits: int, count: int) -> int:
    """Return the first `count` bits that are set."""
    for base, window in iter_windows(bits):
        held = window.bit_count()
        if held < count:
            count -= held
            continue
        last = next(islice(iter_bits(window), count - 1, None))
        return bits & (1 << base + last + 1) - 1
    return bits


def _count(searches: list[_Newest], *, exact: bool) -> tuple[int, bool]:
    """Return how many hits there are, and whether that is no estimate."""
    rest = sum(search.rest.bit_count() for search in searches)
    exact = exact or rest <= ENOUGH
    for search in searches:
        while search.rest and exact:
            search.look(_MOST)
    found = sum(search.found for search in searches)
    if exact:
        return found, True
    checked = sum(search.checked for search in searches)
    return found + round(rest * found / max(1, checked)), False


def _find_all(finders: list[Finder], node: Node) -> list[int]:
    return [finder.find(node, finder.live) for finder in finders]


def _rank(
    finders: list[Finder], node: Node, sort: Sort, found: list[int], now: float
) -> Iterable[tuple[Any, ...]]:
    """Give each document what it is sorted by (the highest first), then its segment and number."""
    orders = [finder.file.orders for finder in finders]
    if sort != "relevance":
        sign = -1 if sort == "-date" else 1
        return (
            (sign * orders[i][document], i, document)
            for i, bits in enumerate(found)
            for document in iter_bits(bits)
        )
    newest = max((orders[i][next(iter_first(bits))] for i, bits in enumerate(found) if bits), default=0)  # fmt: skip
    latest = min(from_order(newest), now)
    return (
        (weigh_recency(score, from_order(order), latest), order, i, document)
        for i, scored in enumerate(score_documents(finders, node, found))
        for document, score in scored.items()
        for order in (orders[i][document],)
    )


def _sort_all(finders: list[Finder], node: Node, sort: Sort, now: float) -> list[tuple[Any, ...]]:
    return sorted(_rank(finders, node, sort, _find_all(finders, node), now), reverse=True)


def _read_hits(
    finders: list[Finder], node: Node, best: Iterable[tuple[Any, ...]]
) -> Iterator[SearchHit]:
    snippets = SnippetMaker(iter_words(node))
    for *_, i, document in best:
        yield _to_hit(from_stored(finders[i].file.read_stored(document)), snippets)


def _to_hit(stored: Stored, snippets: SnippetMaker) -> SearchHit:
    text, where, marks = snippets.make(stored)
    return SearchHit(
        key=stored.key,
        sent_at=stored.sent_at,
        received_at=stored.received_at,
        clients=stored.clients,
        sender=stored.sender,
        recipients=stored.recipients,
        subject=stored.subject,
        snippet=text,
        attachments=len(stored.files),
        snippet_of=where,
        marks=marks,
        subject_marks=snippets.find_marks("subject", stored.subject),
    )
