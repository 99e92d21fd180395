"""Rows of words, and words close together: what only the places of words can tell.

In: a field of a segment, and words. Out: the documents that may have them so, as bits, and for each whether, or how often,
it does. Of a document nothing is read but the places of those words.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from trail.index.bitmaps import iter_bits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trail.index.dictionary import Entry, FieldReader
    from trail.index.places import Places

    Column = list[tuple[Entry, int]]
    """The terms that may stand at a place of the row, each with its documents."""


_PAIR = 2
"""Words of most phrases."""
_FEW = 12
"""Places among which one is found as fast one after the other."""


class Row:
    """Terms side by side in a field; where several may stand at a place, any of them."""

    def __init__(self, field: FieldReader, columns: Sequence[Column]) -> None:
        self._field = field
        self._columns = columns
        self._find: list[Callable[[int], Sequence[int]]] | None = None
        self.candidates = -1
        """The documents that have all the terms."""
        for column in columns:
            self.candidates &= join_bits(column)

    def select(self, documents: Iterable[int]) -> list[int]:
        """Return those of some candidates, ascending, that have the row."""
        columns = self._open_all()
        if len(columns) != _PAIR:
            return [document for document in documents if self.count(document)]
        first, second = columns
        having = []
        for document in documents:
            places = second(document)
            after = places if len(places) <= _FEW else set(places)
            for place in first(document):
                if place + 1 in after:
                    having.append(document)
                    break
        return having

    def count(self, document: int) -> int:
        """Return how often a candidate has the row."""
        first, *others = self._open_all()
        starts: Iterable[int] = first(document)
        for offset, find in enumerate(others, 1):
            places = set(find(document))
            starts = [start for start in starts if start + offset in places]
            if not starts:
                return 0
        return len(set(starts))

    def _open_all(self) -> list[Callable[[int], Sequence[int]]]:
        if self._find is None:
            self._find = [self._open(column) for column in self._columns]
        return self._find

    def _open(self, column: Column) -> Callable[[int], Sequence[int]]:
        opened = [(self._field.open_places(entry, bits), bits) for entry, bits in column]
        if len(opened) == 1:
            return opened[0][0].find
        having: dict[int, list[Places]] = {}
        for places, bits in opened:
            for document in iter_bits(bits & self.candidates):
                having.setdefault(document, []).append(places)
        return lambda document: [p for places in having[document] for p in places.find(document)]


class Vicinity:
    """Terms close together in a field, in any order."""

    def __init__(self, field: FieldReader, columns: Sequence[Column], distance: int) -> None:
        """Take one term in each column; one that comes twice must stand there twice."""
        self._field = field
        terms = {entry.term: (entry, bits) for column in columns for entry, bits in column}
        self._needed = Counter(entry.term for column in columns for entry, _ in column)
        self._terms = [terms[term] for term in self._needed]
        self._distance = distance
        self._places: list[Places] | None = None
        self.candidates = -1
        """The documents that have all the terms."""
        for _, bits in self._terms:
            self.candidates &= bits

    def select(self, documents: Iterable[int]) -> list[int]:
        """Return those of some candidates that have them so."""
        return [document for document in documents if self.count(document)]

    def count(self, document: int) -> int:
        """Return whether a candidate has them so, as 0 or 1."""
        if self._places is None:
            self._places = [self._field.open_places(*term) for term in self._terms]
        places = [place.find(document) for place in self._places]
        return int(are_near(places, tuple(self._needed.values()), self._distance))


def join_bits(column: Column) -> int:
    """Return the documents that have any of the terms."""
    joined = 0
    for _, bits in column:
        joined |= bits
    return joined


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
