"""Which documents of an index meet a query's conditions, and how well.

In: one segment of a Whoosh index and a tree of conditions. Out: sets of its document numbers, and scores.
Sets instead of Whoosh's own matchers: exact totals, newest first without scoring, phrases that decode the
positions of few documents only. The tests hold it against Whoosh's own queries.
Must never read stored fields, or know what a query looked like.
"""

# Whoosh has types in part only.
# mypy: allow-untyped-calls
from __future__ import annotations

import fnmatch
import math
import re
from collections import Counter, deque
from functools import cached_property
from typing import TYPE_CHECKING, Any

from whoosh.reading import TermNotFound

from trail.index.blocks import find_documents, read_values
from trail.index.conditions import (
    FIELD_WEIGHTS,
    And,
    Exact,
    Glob,
    Keys,
    Near,
    Node,
    Not,
    Or,
    Sent,
    Size,
    Words,
    iter_words,
)
from trail.index.schema import order_from

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator, Sequence

    from whoosh.reading import IndexReader

# The usual constants of BM25. Length says nothing of a subject or a file name.
_SATURATION = 1.2
_LENGTH_WEIGHT = {"body": 0.75, "quoted": 0.75, "content": 0.75}
_WILDCARD = re.compile(r"[*?]")


class Segment:
    """A segment of an index, open for reading, with at least one document.

    Opens every file at once: Whoosh would open columns when first needed, and take one that was removed
    meanwhile for one that never was. Raises FileNotFoundError when one that must be there is not.
    """

    def __init__(self, reader: IndexReader) -> None:
        self.reader = reader
        if not (reader.has_column("order") and reader.has_column("size")):
            raise FileNotFoundError("a column")
        reader.column_reader("order")
        reader.column_reader("size")
        for field in _LENGTH_WEIGHT:
            reader.doc_field_length(0, field)
        try:
            reader.stored_fields(0)
        except TypeError as error:
            raise FileNotFoundError("stored column") from error

    @cached_property
    def order(self) -> array[int]:
        """For each document the number that sorts it by date."""
        column: Any = self.reader.column_reader("order", translate=False)
        numbers: array[int] = column.load()
        return numbers

    @cached_property
    def sizes(self) -> array[int]:
        """For each document the bytes of its message."""
        column: Any = self.reader.column_reader("size", translate=False)
        numbers: array[int] = column.load()
        return numbers

    @cached_property
    def documents(self) -> set[int]:
        """All documents."""
        return set(self.reader.all_doc_ids())

    def find(self, node: Node) -> set[int]:  # noqa: C901, PLR0911 - one for each kind of node
        """Return the documents that meet `node`."""
        match node:
            case Words():
                return set().union(*(self.find_words(field, node) for field in node.fields))
            case Exact(field, value, prefix):
                if prefix:
                    return self._find_beginning(field, value)
                return self._find_terms(field, [_to_bytes(value)])
            case Glob(field, pattern):
                return self._find_terms(field, self._expand_pattern(field, pattern))
            case Sent():
                return self._select_sent(self.documents, node)
            case Near(fields):
                return set().union(*(self._find_near(field, node) for field in fields))
            case Size(low, high):
                top = math.inf if high is None else high
                return {d for d in self.documents if (low or 0) <= self.sizes[d] < top}
            case Keys(keys):
                return self._find_terms("key", map(_to_bytes, keys))
            case Or(parts):
                return set().union(*map(self.find, parts))
            case Not(part):
                return self.documents - self.find(part)
            case And(parts):
                return self._find_all(parts)

    def find_words(self, field: str, words: Words) -> set[int]:
        """Return the documents with that row of words in `field`."""
        if len(words.terms) > 1:
            return set(self.count_rows(field, words))
        term = words.terms[0]
        if words.prefix:
            return self._find_beginning(field, term)
        return self._find_terms(field, [_to_bytes(term)])

    def count_words(self, field: str, words: Words) -> dict[int, float]:
        """Return for each document with that row of words how often `field` has it."""
        if len(words.terms) > 1:
            return self.count_rows(field, words)
        term = words.terms[0]
        counts: Counter[int] = Counter()
        for expanded in self._expand(field, term) if words.prefix else [_to_bytes(term)]:
            matcher = self._read_postings(field, expanded)
            while matcher is not None and matcher.is_active():
                counts[matcher.id()] += matcher.weight()
                matcher.next()
        return dict(counts)

    def count_rows(self, field: str, words: Words) -> dict[int, float]:
        """Return for each document with several words side by side how often it has them."""
        columns = [[_to_bytes(term)] for term in words.terms]
        if words.prefix:
            columns[-1] = list(self._expand(field, words.terms[-1]))
        found: set[int] | None = None
        # A rare word first leaves little to do for the others.
        for terms in sorted(columns, key=lambda terms: self._estimate(field, terms)):
            found = (
                self._find_terms(field, terms)
                if found is None
                else found & self._find_terms(field, terms)
            )
            if not found:
                return {}
        wanted = sorted(found or ())
        counts: dict[int, float] = {}
        # Document by document: the places of all words in all documents would be a lot to hold.
        columns_places = (self._iter_places(field, terms, wanted) for terms in columns)
        for document, starts, *others in zip(wanted, *columns_places, strict=True):
            for offset, places in enumerate(others, 1):
                starts = {start for start in starts if start + offset in places}  # noqa: PLW2901 - ever fewer
            if starts:
                counts[document] = float(len(starts))
        return counts

    def list_terms(self, field: str) -> list[str]:
        """Return the terms of a field."""
        return [term.decode() for term in self.reader.lexicon(field)]

    def iter_frequencies(self, asked: Iterable[tuple[str, str]]) -> Iterator[tuple[str, int]]:
        """Yield the words that are in their field, and in how many documents."""
        for field, word in asked:
            if count := self.reader.doc_frequency(field, _to_bytes(word)):
                yield word, count

    def iter_words(self, field: str, beginning: str) -> Iterator[tuple[str, int]]:
        """Yield the terms of a field that begin so, and in how many documents they are."""
        for term, info in self.reader.iter_prefix(field, _to_bytes(beginning)):
            yield term.decode(), info.doc_frequency()

    def _find_near(self, field: str, near: Near) -> set[int]:
        needed = Counter(map(_to_bytes, near.terms))
        wanted = sorted(set.intersection(*(self._find_terms(field, [t]) for t in needed)))
        columns = (self._iter_places(field, [term], wanted) for term in needed)
        counts = tuple(needed.values())
        return {
            document
            for document, *places in zip(wanted, *columns, strict=True)
            if are_near(places, counts, near.distance)
        }

    def _find_all(self, parts: tuple[Node, ...]) -> set[int]:
        found: set[int] | None = None
        for part in parts:
            if not isinstance(part, Sent | Not):
                found = self.find(part) if found is None else found & self.find(part)
                if not found:
                    return set()
        found = self.documents if found is None else found
        for part in parts:
            if isinstance(part, Sent):
                found = self._select_sent(found, part)
            elif isinstance(part, Not):
                found = found - self.find(part.part)
        return found

    def _select_sent(self, documents: Iterable[int], sent: Sent) -> set[int]:
        order = self.order
        low = -math.inf if sent.since is None else order_from(sent.since)
        high = math.inf if sent.until is None else order_from(sent.until)
        return {document for document in documents if low <= order[document] < high}

    def _find_terms(self, field: str, terms: Iterable[bytes]) -> set[int]:
        found: set[int] = set()
        for term in terms:
            matcher = self._read_postings(field, term)
            if matcher is not None:
                found |= find_documents(matcher)
        return found

    def _find_beginning(self, field: str, beginning: str) -> set[int]:
        """Return the documents with a term that begins so."""
        found: set[int] = set()
        for term, info in self.reader.iter_prefix(field, _to_bytes(beginning)):
            if info.doc_frequency() <= 2 and not self.reader.has_deletions():  # noqa: PLR2004 - it names its first and last
                ends: tuple[Any, Any] = (info.min_id(), info.max_id())
                found.update(ends)
            else:
                found |= self._find_terms(field, [term])
        return found

    def _read_postings(self, field: str, term: bytes) -> Any:
        try:
            return self.reader.postings(field, term)
        except TermNotFound:
            return None

    def _iter_places(
        self, field: str, terms: list[bytes], wanted: Sequence[int]
    ) -> Iterator[set[int]]:
        """Yield for each of `wanted` (ascending) where in `field` it has one of the terms; each has at least one."""
        positions: Any = self.reader.schema[field].format
        decode = positions.decoder("positions")
        matchers = filter(None, (self._read_postings(field, term) for term in terms))
        if len(terms) == 1:
            for matcher in matchers:
                yield from (set(decode(value)) for _, value in read_values(matcher, wanted))
            return
        found: dict[int, set[int]] = {document: set() for document in wanted}
        for matcher in matchers:
            for document, value in read_values(matcher, wanted):
                found[document].update(decode(value))
        yield from found.values()

    def _estimate(self, field: str, terms: list[bytes]) -> int:
        return sum(self.reader.doc_frequency(field, term) for term in terms)

    def _expand(self, field: str, beginning: str) -> Iterator[bytes]:
        return iter(self.reader.expand_prefix(field, _to_bytes(beginning)))

    def _expand_pattern(self, field: str, pattern: str) -> Iterator[bytes]:
        begins = _WILDCARD.split(pattern, maxsplit=1)[0]
        # In a file name, brackets are brackets.
        fits = re.compile(fnmatch.translate(pattern.replace("[", "[[]"))).match
        return (term for term in self._expand(field, begins) if fits(term.decode()))


def are_near(places: Sequence[Iterable[int]], needed: Sequence[int], distance: int) -> bool:
    """Whether `distance` places in a row have each column of places as often as needed."""
    window: deque[tuple[int, int]] = deque()
    held = [0] * len(needed)
    for place in sorted((place, i) for i, column in enumerate(places) for place in column):
        window.append(place)
        held[place[1]] += 1
        while place[0] - window[0][0] >= distance:
            held[window.popleft()[1]] -= 1
        if all(have >= need for have, need in zip(held, needed, strict=True)):
            return True
    return False


def score_documents(
    segments: Sequence[Segment], node: Node, found: Sequence[set[int]]
) -> list[dict[int, float]]:
    """Return for each segment the BM25 scores of the documents `found` in it.

    What a word counts for in each field: see FIELD_WEIGHTS.
    """
    scores = [dict.fromkeys(documents, 0.0) for documents in found]
    total = max(1, sum(segment.reader.doc_count() for segment in segments))
    for words in iter_words(node):
        counts = [{f: segment.count_words(f, words) for f in words.fields} for segment in segments]
        having = sum(len(set().union(*fields.values())) for fields in counts)
        rarity = math.log(1 + max(0.0, total - having + 0.5) / (having + 0.5))
        for field in words.fields:
            weight = rarity * FIELD_WEIGHTS.get(field, 1.0)
            length_weight = _LENGTH_WEIGHT.get(field, 0.0)
            average = max(1.0, sum(s.reader.field_length(field) for s in segments) / total)
            for segment, fields, scored in zip(segments, counts, scores, strict=True):
                for document in fields[field].keys() & scored.keys():
                    count, drag = fields[field][document], _SATURATION
                    if length_weight:
                        length = segment.reader.doc_field_length(document, field) or 1
                        drag *= 1 - length_weight + length_weight * length / average
                    scored[document] += weight * count * (_SATURATION + 1) / (count + drag)
    return scores


def _to_bytes(term: str) -> bytes:
    return term.encode("utf-8", "replace")
