"""How well documents meet a query: BM25, the same whatever segments they are in.

In: the segments of an index, a tree of conditions, and documents that meet it. Out: a score for each. For each row of
words of the query and each field it is looked for in:

    rarity x weight of the field x count x (k + 1) / (count + k x (1 - b + b x length / average length))

with rarity = ln(1 + (N - n + 0.5) / (n + 0.5)), N all documents, n those that have the row in any of its fields,
k = 1.2, b = 0.75 for the fields whose length says something and 0 for the others. Removed documents count nowhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trail.index.bitmaps import iter_bits
from trail.index.conditions import FIELD_WEIGHTS, Node, Words, iter_words
from trail.index.matching import is_beginning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.index.matching import Finder

_SATURATION = 1.2
# Length says nothing of a subject or a file name.
_LENGTH_WEIGHT = {"body": 0.75, "quoted": 0.75, "content": 0.75}


def score_documents(
    finders: Sequence[Finder], node: Node, found: Sequence[int]
) -> list[dict[int, float]]:
    """Return for each segment the scores of the documents `found` in it, given as bits."""
    scores = [dict.fromkeys(iter_bits(bits), 0.0) for bits in found]
    total = max(1, sum(finder.size for finder in finders))
    for words in iter_words(node):
        having = [{f: count_words(finder, f, words) for f in words.fields} for finder in finders]
        count = sum(len(set().union(*fields.values())) for fields in having)
        rarity = math.log(1 + max(0.0, total - count + 0.5) / (count + 0.5))
        for field in words.fields:
            weight = rarity * FIELD_WEIGHTS.get(field, 1.0)
            lengths = _Lengths(finders, field, total)
            for number, (counts, scored) in enumerate(zip(having, scores, strict=True)):
                for document in counts[field].keys() & scored.keys():
                    times = counts[field][document]
                    drag = _SATURATION * lengths.weigh(number, document)
                    scored[document] += weight * times * (_SATURATION + 1) / (times + drag)
    return scores


def count_words(finder: Finder, field: str, words: Words) -> dict[int, int]:
    """Return for each document with that row of words how often `field` has it."""
    if len(words.terms) > 1:
        return finder.count_rows(field, words, finder.live)
    counts: dict[int, int] = {}
    terms = finder.file.open_field(field)
    for entry, bits in finder.read_terms(field, words.terms[0], prefix=is_beginning(words)):
        assert terms is not None
        for documents, times, _ in terms.open_places(entry, bits).iter_chunks():
            if not counts:
                counts = dict(zip(documents, times, strict=True))
                continue
            for document, more in zip(documents, times, strict=True):
                counts[document] = counts.get(document, 0) + more
    live = finder.live
    if live.bit_count() == finder.file.size:
        return counts
    return {document: times for document, times in counts.items() if live >> document & 1}


class _Lengths:
    """How long a field is in each document, against the average."""

    def __init__(self, finders: Sequence[Finder], field: str, total: int) -> None:
        self._weight = _LENGTH_WEIGHT.get(field, 0.0)
        if self._weight:
            self._lengths = [finder.file.read_lengths(field) for finder in finders]
            words = sum(
                sum(lengths)
                - sum(lengths[d] for d in iter_bits((1 << finder.file.size) - 1 & ~finder.live))
                for finder, lengths in zip(finders, self._lengths, strict=True)
            )
            self._average = max(1.0, words / total)

    def weigh(self, number: int, document: int) -> float:
        if not self._weight:
            return 1.0
        length = self._lengths[number][document] or 1
        return 1 - self._weight + self._weight * length / self._average
