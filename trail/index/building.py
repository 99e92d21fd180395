"""Messages become a segment: in a worker process, without a word of them going through a pipe.

In: the fields of messages, as `trail.index.schema.to_fields` gives them, in any order. Out: the file of a segment.
What a field is follows from its value: a str is the key, a tuple of values what is stored ("stored"), an int a number
for a column, a list of str whole values, a pair of lists words and addresses ("" among the words keeps rows apart).

A place is kept as document << PLACE_BITS | place, so that one list a term is all there is until the end.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

from trail.index.analysis import part_forms
from trail.index.recording import SegmentRecorder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from trail.index.compiling import FieldWriter

MOST_WORDS = 2_500_000
"""Words that wait in memory for their segment, about: 40 bytes each."""
PLACE_BITS = 22
_PLACE = (1 << PLACE_BITS) - 1
"""More words than that no field has: see MAX_INDEXED of the schema."""


def build_segments(folder: Path, documents: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Write segments of `documents` into `folder` and yield their names: one, unless there are very many words.

    Of a key that comes twice the last counts. Raises OSError.
    """
    batch = _Batch()
    for fields in documents:
        batch.add(fields)
        if batch.words >= MOST_WORDS:
            yield batch.write(folder)
            batch = _Batch()
    if batch.keys:
        yield batch.write(folder)


def make_name() -> str:
    """Return a name that no segment ever had."""
    return f"MAIN_{os.urandom(8).hex()}"


class _Batch:
    """Documents that wait for their segment, by the numbers in which they came."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.words = 0
        self._columns: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._stored: list[bytes] = []
        self._words: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._values: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, fields: dict[str, Any]) -> None:
        number = len(self.keys)
        for name, value in fields.items():
            if name == "stored":
                self._stored.append(
                    json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
                )
            elif isinstance(value, tuple):
                self._add_words(self._words[name], number << PLACE_BITS, *value)
                self.words += len(value[0])
            elif isinstance(value, list):
                terms = self._values[name]
                for term in set(value):
                    terms[term].append(number)
            elif isinstance(value, int):
                self._columns[name][number] = value
            else:
                self.keys.append(bytes.fromhex(value))

    @staticmethod
    def _add_words(
        terms: defaultdict[str, list[int]], base: int, words: list[str], addresses: list[str]
    ) -> None:
        for word, place in zip(words[:_PLACE], count(base), strict=False):
            terms[word].append(place)
        # No row of words ever contains a whole address, so its place says nothing.
        for address in addresses:
            terms[address].append(base)

    def write(self, folder: Path) -> str:
        """Write the segment, the newest document first."""
        last = {key: number for number, key in enumerate(self.keys)}
        orders = self._columns["order"]
        # The oldest of equals would otherwise depend on the order they came in.
        numbers = sorted(last.values(), key=lambda n: (-orders[n], self.keys[n]))
        renumbered = {number: new for new, number in enumerate(numbers)}
        moved = numbers != list(range(len(self.keys)))
        with SegmentRecorder(folder, make_name(), len(numbers)) as recorder:
            for number in numbers:
                recorder.add_stored(self._stored[number])
            recorder.add_keys([self.keys[number] for number in numbers])
            for name, column in self._columns.items():
                recorder.add_column(name, [column[number] for number in numbers])
            for name in sorted(self._values):
                field = recorder.begin_field(name, "exact")
                for term, documents in _encode(self._values.pop(name)):
                    kept = _renumber(documents, renumbered) if moved else documents
                    if kept:
                        field.add(term, kept)
                recorder.end_field(name, field)
            for name in sorted(self._words):
                field = recorder.begin_field(name, "words")
                lengths = [0] * len(numbers)
                terms = self._words.pop(name)
                terms.pop("", None)
                part_forms(terms)
                for term, places in _encode(terms):
                    kept = _move(places, renumbered) if moved else places
                    if kept:
                        _write_term(field, term, kept, lengths)
                recorder.end_field(name, field, lengths)
        return recorder.name


def _write_term(field: FieldWriter, term: bytes, places: list[int], lengths: list[int]) -> None:
    if len(places) == 1:
        document = places[0] >> PLACE_BITS
        lengths[document] += 1
        field.add_once(term, document, places[0] & _PLACE)
        return
    documents = [place >> PLACE_BITS for place in places]
    narrow = [place & _PLACE for place in places]
    if len(set(documents)) == len(documents):  # as most rare words have it
        for document in documents:
            lengths[document] += 1
        field.add(term, documents, [1] * len(documents), narrow)
        return
    counts = Counter(documents)
    for document, having in counts.items():
        lengths[document] += having
    field.add(term, list(counts), list(counts.values()), narrow)


def _encode(terms: dict[str, list[int]]) -> list[tuple[bytes, list[int]]]:
    """Sort terms as bytes. Halves of surrogate pairs all become one sign, and so may terms."""
    encoded: dict[bytes, list[int]] = {}
    for term, held in terms.items():
        term_bytes = term.encode("utf-8", "replace")
        if term_bytes in encoded:
            held = sorted({*encoded[term_bytes], *held})  # noqa: PLW2901 - the same, joined
        encoded[term_bytes] = held
    return sorted(encoded.items())


def _renumber(documents: list[int], renumbered: dict[int, int]) -> list[int]:
    return sorted(renumbered[number] for number in documents if number in renumbered)


def _move(places: list[int], renumbered: dict[int, int]) -> list[int]:
    return sorted(
        renumbered[place >> PLACE_BITS] << PLACE_BITS | place & _PLACE
        for place in places
        if place >> PLACE_BITS in renumbered
    )
