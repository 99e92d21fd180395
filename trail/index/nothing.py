"""Why a search found nothing: what each part alone finds, what quoted text has, which word was mistyped.

In: an index and the query as it was read. Out: an Explanation. Imported when there was no hit, and bounded: a few
counts, and some hundred words looked up for each unknown one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trail.index.analysis import fold
from trail.index.conditions import TEXT_FIELDS, And, Near, Node, Or, Words
from trail.index.spelling import correct_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trail.index.query import Asked, Part
    from trail.index.store import SearchIndex

MAX_PARTS = 12
"""Parts that are counted one by one."""
MAX_CORRECTED = 4
"""Words for which a better spelling is looked for."""
_WORD = re.compile(r"([^\W_]+)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why nothing was found."""

    parts: tuple[tuple[str, int], ...] = ()
    """Each part of the query as typed, and how many messages it alone finds; empty for a query of one part."""
    quoted: int = 0
    """How many messages match if bare words may stand in quoted text too."""
    suggestion: str = ""
    """The query with mistyped words corrected; "" where nothing better is known."""


def explain_nothing(
    index: SearchIndex,
    query: str,
    asked: Asked,
    beside: Sequence[Part] = (),
    stemming: Mapping[str, str] | None = None,
) -> Explanation:
    """Return why `query`, read as `asked`, finds nothing in `index`; `beside` are parts from outside, as of --client.

    `stemming` as in `SearchIndex.search`.
    """
    parts = [*asked.parts, *beside]
    counts = [(part.text, index.count_matching(part.node, stemming)) for part in parts[:MAX_PARTS]]
    whole = And((asked.node, *(part.node for part in beside)))
    wider = read_quotes(whole)
    mistyped = [part for part, (_, count) in zip(asked.parts, counts, strict=False) if not count]
    correction = _correct(index, mistyped)
    found = correction and index.count_matching(_respell(whole, correction), stemming)
    return Explanation(
        parts=tuple(counts) if len(counts) > 1 else (),
        quoted=index.count_matching(wider, stemming) if wider != whole else 0,
        suggestion=_rewrite(query, mistyped, correction) if found else "",
    )


def read_quotes(node: Node) -> Node:
    """Return `node` with bare words looked for in quoted text too."""
    match node:
        case And(parts):
            return And(tuple(map(read_quotes, parts)))
        case Or(parts):
            return Or(tuple(map(read_quotes, parts)))
        case Words(fields) | Near(fields) if fields == TEXT_FIELDS:
            return replace(node, fields=(*fields, "quoted"))
    return node


def _correct(index: SearchIndex, parts: Sequence[Part]) -> dict[Node, dict[str, str]]:
    """Return for each of the conditions that has mistyped words what they may have been meant for."""
    corrected: dict[tuple[tuple[str, ...], str], str] = {}
    found: dict[Node, dict[str, str]] = {}
    for part in parts:
        node = part.node
        if not isinstance(node, Words | Near):
            continue
        words = node.terms[:-1] if isinstance(node, Words) and node.prefix else node.terms
        for term in words:
            if (node.fields, term) not in corrected and len(corrected) < MAX_CORRECTED:
                corrected[node.fields, term] = correct_word(index, node.fields, term)
            if better := corrected.get((node.fields, term)):
                found.setdefault(node, {})[term] = better
    return found


def _respell(node: Node, correction: Mapping[Node, Mapping[str, str]]) -> Node:
    match node:
        case And(parts):
            return And(tuple(_respell(part, correction) for part in parts))
        case Or(parts):
            return Or(tuple(_respell(part, correction) for part in parts))
        case Words(terms=terms) | Near(terms=terms):
            better = correction.get(node, {})
            return replace(node, terms=tuple(better.get(term, term) for term in terms))
    return node


def _rewrite(
    query: str, parts: Sequence[Part], correction: Mapping[Node, Mapping[str, str]]
) -> str:
    """Return the query with the words corrected where they were mistyped: elsewhere the same word may be another's value."""
    edits = [(place, correction.get(part.node, {})) for part in parts for place in part.places]
    for (start, end), better in sorted(edits, key=lambda edit: edit[0], reverse=True):
        words = _WORD.split(query[start:end])
        value = "".join(better.get(fold(word), word) for word in words)
        query = query[:start] + value + query[end:]
    return query
