"""The hits of a search, sorted and cut to a page; or all of them, or what they have in common.

In: the open segments of an index and a tree of conditions. Out: a SearchResult, hits, keys or counts. Reads the stored
part of those messages only that it returns.
"""

from __future__ import annotations

from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING, Any, Literal

from trail.index.conditions import Node, iter_words
from trail.index.matching import Segment, score_documents
from trail.index.recency import weigh_recency
from trail.index.schema import Stored, from_order, from_stored
from trail.index.snippets import SnippetMaker
from trail.model import SearchHit, SearchResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Sort = Literal["date", "-date", "relevance"]
"""Newest first, oldest first, best first."""

_FEW = 500
"""Hits whose keys are read one by one: of more, it is faster to go through all keys of the index."""


def find_hits(
    segments: list[Segment], node: Node, sort: Sort, limit: int, offset: int, now: float
) -> SearchResult:
    """Return the documents of `segments` that meet `node`, from the `offset`-th on, at most `limit`.

    `now` is in seconds since 1970.
    """
    found = [segment.find(node) for segment in segments]
    ranked = _rank(segments, node, sort, found, now)
    first = nsmallest if sort == "-date" else nlargest
    best = first(offset + limit, ranked)[offset:]
    return SearchResult(sum(map(len, found)), tuple(_read_hits(segments, node, best)))


def iter_hits(segments: list[Segment], node: Node, sort: Sort, now: float) -> Iterator[SearchHit]:
    """Yield all documents that meet `node`, in order."""
    return _read_hits(segments, node, _sort_all(segments, node, sort, now))


def list_keys(segments: list[Segment], node: Node, sort: Sort, now: float) -> list[str]:
    """Return the keys of all documents that meet `node`, in order."""
    best = _sort_all(segments, node, sort, now)
    if len(best) <= _FEW:
        return [_read_stored(segments[i], document)[0] for *_, i, document in best]
    wanted: list[set[int]] = [set() for _ in segments]
    for *_, i, document in best:
        wanted[i].add(document)
    keys = [_read_keys(s, w) if w else {} for s, w in zip(segments, wanted, strict=True)]
    return [keys[i][document] for *_, i, document in best]


def count_types(segments: list[Segment], node: Node) -> dict[str, int]:
    """Return for each ending of a file name (`pdf`; "" for names without) how many documents that meet `node` have one such."""
    counts: dict[str, int] = {}
    for segment in segments:
        found = segment.find(node)
        having: dict[str, set[int]] = {}
        for term, info in segment.reader.iter_field("filename"):
            _, dot, ending = bytes(term).decode().rpartition(".")
            kind = ending if dot and ending.isalnum() else ""
            ends: set[Any] = {info.min_id(), info.max_id()}
            if info.doc_frequency() > len(ends):
                ends = set(segment.reader.postings("filename", term).all_ids())
            having.setdefault(kind, set()).update(ends & found)
        for kind, documents in having.items():
            if documents:
                counts[kind] = counts.get(kind, 0) + len(documents)
    return counts


def _rank(
    segments: list[Segment], node: Node, sort: Sort, found: list[set[int]], now: float
) -> Iterable[tuple[Any, ...]]:
    """Give each document what it is sorted by, then its segment and number."""
    if sort != "relevance":
        return (
            (segments[i].order[document], i, document)
            for i, documents in enumerate(found)
            for document in documents
        )
    newest = max((segments[i].order[d] for i, found_in in enumerate(found) for d in found_in), default=0)  # fmt: skip
    latest = min(from_order(newest), now)
    return (
        (weigh_recency(score, from_order(order), latest), order, i, document)
        for i, scored in enumerate(score_documents(segments, node, found))
        for document, score in scored.items()
        for order in (segments[i].order[document],)
    )


def _sort_all(segments: list[Segment], node: Node, sort: Sort, now: float) -> list[tuple[Any, ...]]:
    found = [segment.find(node) for segment in segments]
    return sorted(_rank(segments, node, sort, found, now), reverse=sort != "-date")


def _read_hits(
    segments: list[Segment], node: Node, best: Iterable[tuple[Any, ...]]
) -> Iterator[SearchHit]:
    snippets = SnippetMaker(iter_words(node))
    for *_, i, document in best:
        yield _to_hit(from_stored(_read_stored(segments[i], document)), snippets)


def _read_stored(segment: Segment, document: int) -> tuple[Any, ...]:
    stored: tuple[Any, ...] = segment.reader.stored_fields(document)["stored"]
    return stored


def _read_keys(segment: Segment, wanted: set[int]) -> dict[int, str]:
    keys: dict[int, str] = {}
    for term, info in segment.reader.iter_field("key"):
        ends: set[Any] = {info.min_id(), info.max_id()}
        for document in ends & wanted:
            keys[document] = bytes(term).decode()
    return keys


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
