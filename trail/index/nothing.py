"""Why a search found nothing: what each part alone finds, what quoted text has, which word was mistyped.

In: an index and the query as it was read. Out: an Explanation. Imported when there was no hit, and bounded: a few
counts, and some hundred words looked up for each unknown one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trail.index.analysis import fold
from trail.index.conditions import TEXT_FIELDS, And, Near, Node, Not, Or, Words
from trail.index.spelling import correct_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trail.index.query import Asked, Part
    from trail.index.store import SearchIndex

MAX_PARTS = 12
"""Parts that are counted one by one."""
MAX_CORRECTED = 4
"""Words for which a better spelling is looked for."""
_WORD = re.compile(r"[^\W_]+")


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
    index: SearchIndex, query: str, asked: Asked, beside: Sequence[Part] = ()
) -> Explanation:
    """Return why `query`, read as `asked`, finds nothing in `index`; `beside` are parts from outside, as of --client."""
    parts = [*asked.parts, *beside]
    counts = [(part.text, index.count_matching(part.node)) for part in parts[:MAX_PARTS]]
    whole = And((asked.node, *(part.node for part in beside)))
    wider = read_quotes(whole)
    return Explanation(
        parts=tuple(counts) if len(counts) > 1 else (),
        quoted=index.count_matching(wider) if wider != whole else 0,
        suggestion=_correct(index, query, asked, whole, dict(counts)),
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


def _respell(node: Node, corrected: Mapping[str, str]) -> Node:
    match node:
        case And(parts):
            return And(tuple(_respell(part, corrected) for part in parts))
        case Or(parts):
            return Or(tuple(_respell(part, corrected) for part in parts))
        case Not(part):
            return Not(_respell(part, corrected))
        case Words(terms=terms) | Near(terms=terms):
            return replace(node, terms=tuple(corrected.get(term) or term for term in terms))
    return node


def _correct(
    index: SearchIndex, query: str, asked: Asked, whole: Node, counts: dict[str, int]
) -> str:
    corrected: dict[str, str] = {}
    for part in asked.parts:
        node = part.node
        if (
            counts.get(part.text) != 0
            or isinstance(node, Not)
            or not isinstance(node, Words | Near)
        ):
            continue
        words = node.terms[:-1] if isinstance(node, Words) and node.prefix else node.terms
        for term in words:
            if term not in corrected and len(corrected) < MAX_CORRECTED:
                corrected[term] = correct_word(index, node.fields, term)
    if not any(corrected.values()) or not index.count_matching(_respell(whole, corrected)):
        return ""
    return _WORD.sub(lambda word: corrected.get(fold(word[0])) or word[0], query)
