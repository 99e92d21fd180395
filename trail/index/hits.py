"""The hits of a search, sorted and cut to a page.

In: the open segments of an index and a tree of conditions. Out: a SearchResult. Reads the stored part of those
messages only that it returns.
"""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Any, Literal

from trail.index.conditions import Node, iter_words
from trail.index.matching import Segment, score_documents
from trail.index.schema import Stored, from_stored
from trail.index.snippets import SnippetMaker
from trail.model import SearchHit, SearchResult

if TYPE_CHECKING:
    from collections.abc import Iterator

Sort = Literal["date", "relevance"]


def find_hits(
    segments: list[Segment], node: Node, sort: Sort, limit: int, offset: int
) -> SearchResult:
    """Return the documents of `segments` that meet `node`, from the `offset`-th on, at most `limit`."""
    found = [segment.find(node) for segment in segments]
    ranked: Iterator[tuple[Any, ...]]
    if sort == "relevance":
        scores = score_documents(segments, node, found)
        ranked = (
            (score, segments[i].order[document], i, document)
            for i, scored in enumerate(scores)
            for document, score in scored.items()
        )
    else:
        ranked = (
            (segments[i].order[document], i, document)
            for i, documents in enumerate(found)
            for document in documents
        )
    best = nlargest(offset + limit, ranked)[offset:]
    snippets = SnippetMaker(iter_words(node))
    hits = []
    for *_, i, document in best:
        stored = from_stored(segments[i].reader.stored_fields(document)["stored"])
        hits.append(_to_hit(stored, snippets.make(stored)))
    return SearchResult(sum(map(len, found)), tuple(hits))


def _to_hit(stored: Stored, snippet: str) -> SearchHit:
    return SearchHit(
        key=stored.key,
        sent_at=stored.sent_at,
        received_at=stored.received_at,
        clients=stored.clients,
        sender=stored.sender,
        recipients=stored.recipients,
        subject=stored.subject,
        snippet=snippet,
        attachments=len(stored.files),
    )
