"""What a question asks for in all: the query, what narrows it, and other forms of its words.

In: a query, or a tree of conditions, and what narrows it (`trail.index.protocol.Narrowed`). Out: conditions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.index.analysis import fold
from trail.index.conditions import And, Exact, sent_between
from trail.index.query import parse_query
from trail.index.stemming import choose_language, widen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trail.index.conditions import Node
    from trail.index.matching import Finder
    from trail.index.protocol import Narrowed


def read_asked(query: str | Node, asked: Narrowed) -> Node:
    """All conditions together. Raises InvalidQuery."""
    if isinstance(query, str):
        query = parse_query(query, now=asked["now"], clients=asked.get("clients", ()))
    parts = [query]
    if (client := asked.get("client")) is not None:
        parts.append(Exact("client", fold(client)))
    since, until = asked.get("since"), asked.get("until")
    if since is not None or until is not None:
        parts.append(sent_between(since, until))
    return And(tuple(parts))


def widen_asked(node: Node, stemming: Mapping[str, str] | None, segments: Sequence[Finder]) -> Node:
    """The conditions with other forms of their words, where there is a language for them."""
    language = choose_language(node, stemming) if stemming else ""
    if not language:
        return node
    return widen(
        node,
        language,
        lambda field, beginning: (
            term for s in segments for term, _ in s.iter_words(field, beginning)
        ),
    )
