"""The terms of a field in a segment, sorted, and where the documents and places of each stand in the file.

In: what `trail.index.compiling` wrote. Out: what is known of a term, and the terms that begin so. Terms are kept in compressed blocks; the first term of each
is in the field's section, so that a look reads one block. Where documents and places of a term begin follows from the
counts of the terms before it in its block.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from trail.index.bitmaps import (
    is_bitmap,
    measure_documents,
    read_bits,
    read_documents,
    to_bits,
    unpack_numbers,
)
from trail.index.places import Places, is_single, measure_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trail.index.slabs import SlabReader

BETWEEN = b"\xff"
"""Parts terms: no UTF-8 text has it."""
WIDE = 1 << 31
"""Set in the number of places of a term that is wide."""
_KEPT_BLOCKS = 8


class Entry(NamedTuple):
    """What is known of a term: how many documents have it, how often in all, and where that stands."""

    term: bytes
    having: int
    total: int
    wide: bool
    documents_at: int
    """In the file."""
    places_at: int
    """In the run of places."""


class FieldReader:
    """Reads the terms of one field. Raises zlib.error or ValueError where the file is damaged."""

    def __init__(self, content: Any, section: Any, places: SlabReader | None, size: int) -> None:
        """Take the whole file, what FieldWriter.finish gave, and the run of places, where the field has any."""
        self._content = content
        self._places = places
        self._size = size
        raw = zlib.decompress(section)
        blocks = unpack_numbers("I", raw[:4])[0]
        numbers = unpack_numbers("Q", raw[4 : 4 + 32 * blocks])
        self._index = [numbers[at : at + blocks] for at in range(0, 4 * blocks, blocks or 1)]
        self._firsts = raw[4 + 32 * blocks :].split(BETWEEN) if blocks else []
        self._load = lru_cache(_KEPT_BLOCKS)(self._load_block)

    def find(self, term: bytes) -> Entry | None:
        """Return what is known of a term; None where no document has it."""
        number = bisect_right(self._firsts, term) - 1
        if number < 0:
            return None
        terms, entries = self._load(number)
        at = bisect_left(terms, term)
        return entries[at] if at < len(terms) and terms[at] == term else None

    def iter_from(self, beginning: bytes = b"") -> Iterator[Entry]:
        """Yield the terms that begin so, ascending."""
        number = max(0, bisect_right(self._firsts, beginning) - 1)
        for block in range(number, len(self._firsts)):
            if self._firsts[block] > beginning and not self._firsts[block].startswith(beginning):
                return
            terms, entries = self._load(block)
            for at in range(bisect_left(terms, beginning) if block == number else 0, len(terms)):
                if not terms[at].startswith(beginning):
                    return
                yield entries[at]

    def read_bits(self, entry: Entry) -> int:
        """Return the documents that have a term, as bits."""
        return read_bits(self._read_packed(entry), entry.having, self._size)

    def is_bitmap(self, entry: Entry) -> bool:
        """Whether the documents of a term are so many that they stand there as bits."""
        return is_bitmap(entry.having, self._size)

    def unite(self, entries: Iterable[Entry]) -> int:
        """Return the documents that have any of several terms, as bits."""
        bits = 0
        few: set[int] = set()
        for entry in entries:
            if is_bitmap(entry.having, self._size):
                bits |= self.read_bits(entry)
            else:
                few.update(self.read_documents(entry))
        return bits | to_bits(few, self._size) if few else bits

    def read_documents(self, entry: Entry) -> Sequence[int]:
        """Return the documents that have a term, ascending."""
        return read_documents(self._read_packed(entry), entry.having, self._size)

    def open_places(self, entry: Entry, bits: int) -> Places:
        """Return the places of a term, of which `bits` are the documents; the field must have some."""
        assert self._places is not None
        return Places(self._places, entry.places_at, bits, entry.total, self._size, wide=entry.wide)

    def read_packed(self, entry: Entry) -> tuple[bytes, bytes]:
        """Return the counts and the places of a term as they are packed."""
        assert self._places is not None
        if is_single(entry.having):
            length = measure_places(entry.having, entry.total, self._size, wide=entry.wide)
            content = self._places.read(entry.places_at, length)
            middle = entry.having * (4 if entry.wide else 1)
            return content[:middle], content[middle:]
        return self.open_places(entry, self.read_bits(entry)).read_packed()

    def _read_packed(self, entry: Entry) -> bytes:
        length = measure_documents(entry.having, self._size)
        packed: bytes = self._content[entry.documents_at : entry.documents_at + length]
        if len(packed) != length:
            raise ValueError("the documents of a term are cut off")
        return packed

    def _load_block(self, number: int) -> tuple[list[bytes], list[Entry]]:
        at, length, documents_at, places_at = (column[number] for column in self._index)
        raw = zlib.decompress(self._content[at : at + length])
        count, checksum = unpack_numbers("I", raw[:8])
        middle = 8 + 4 * count
        counts = unpack_numbers("I", raw[8:middle])
        totals: Any = repeat(0)
        if self._places:
            totals = unpack_numbers("I", raw[middle : middle + 4 * count])
            middle += 4 * count
        terms = raw[middle:].split(BETWEEN)
        entries = []
        for term, having, total in zip(terms, counts, totals, strict=False):
            wide = total >= WIDE
            entries.append(Entry(term, having, total & WIDE - 1, wide, documents_at, places_at))
            documents_at += measure_documents(having, self._size)
            if self._places:
                places_at += measure_places(having, total & WIDE - 1, self._size, wide=wide)
        if zlib.crc32(self._content[entries[0].documents_at : documents_at]) != checksum:
            raise ValueError("the documents of a term are damaged")
        return terms, entries
