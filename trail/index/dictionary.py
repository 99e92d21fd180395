"""The terms of a field in a segment, sorted, and where the documents and places of each stand in the file.

In: terms in ascending order (as bytes), with their documents, and with counts and places where the field has any.
Out: what is known of a term, and the terms that begin so. Terms are kept in compressed blocks; the first term of each
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
    RANGE,
    SPARSE,
    count_bytes,
    is_bitmap,
    iter_bits,
    measure_documents,
    pack_documents,
    pack_numbers,
    read_bits,
    read_documents,
    to_bits,
    unpack_numbers,
)
from trail.index.places import (
    Places,
    chunk_places,
    is_single,
    is_wide,
    measure_places,
    pack_places,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from trail.index.slabs import SlabReader, SlabWriter

BLOCK = 64
"""Terms of a block."""
_LEVEL = 6
_BETWEEN = b"\xff"
"""Parts terms: no UTF-8 text has it."""
_WIDE = 1 << 31
_NARROW = 0xFFFF
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


class FieldWriter:
    """Writes the terms of one field. `write` puts bytes into the file and returns where they begin there."""

    def __init__(self, write: Callable[[bytes], int], places: SlabWriter | None, size: int) -> None:
        """Take a run of places where the field has any; `size` is how many documents the segment has."""
        self._write = write
        self._places = places
        self._size = size
        self._terms: list[bytes] = []
        self._counts: list[int] = []
        self._totals: list[int] = []
        self._documents: list[bytes] = []
        self._places_at = 0
        self._firsts: list[bytes] = []
        self._index: list[tuple[int, int, int, int]] = []

    def add(
        self,
        term: bytes,
        documents: Sequence[int],
        counts: Sequence[int] = (),
        places: Sequence[int] = (),
    ) -> None:
        """Put a term in, behind all before it."""
        if not self._terms and self._places:
            self._places_at = self._places.length
        self._terms.append(term)
        self._counts.append(len(documents))
        self._documents.append(pack_documents(documents, self._size))
        if self._places:
            wide = is_wide(counts, places)
            self._places.add_parted(pack_places(documents, counts, places, self._size, wide=wide))
            self._totals.append(len(places) | _WIDE if wide else len(places))
        if len(self._terms) == BLOCK:
            self._flush()

    def add_once(self, term: bytes, document: int, place: int) -> None:
        """Put a term in that stands at one place of one document, as most do; the same as `add`, but faster."""
        if self._places is None or self._size <= SPARSE or self._size > RANGE or place > _NARROW:
            self.add(term, (document,), (1,), (place,))
            return
        if not self._terms:
            self._places_at = self._places.length
        self._terms.append(term)
        self._counts.append(1)
        self._documents.append(document.to_bytes(2, "little"))
        self._places.add(b"\1" + place.to_bytes(2, "little"))
        self._totals.append(1)
        if len(self._terms) == BLOCK:
            self._flush()

    def add_packed(
        self,
        term: bytes,
        documents: Sequence[int] | int,
        counts: bytes,
        places: bytes,
        *,
        wide: bool,
    ) -> None:
        """Put a term in whose counts and places are packed, and whose documents may be given as bits."""
        if not self._terms and self._places:
            self._places_at = self._places.length
        if isinstance(documents, int):
            bits, having = documents, documents.bit_count()
            if not is_bitmap(having, self._size):
                documents = list(iter_bits(bits))
        if isinstance(documents, int):
            packed = bits.to_bytes(count_bytes(self._size), "little")

            def below(document: int) -> int:
                return (bits & (1 << document) - 1).bit_count()

        else:
            held, having = documents, len(documents)
            packed = pack_documents(held, self._size)

            def below(document: int) -> int:
                return bisect_left(held, document)

        self._terms.append(term)
        self._counts.append(having)
        self._documents.append(packed)
        if self._places:
            self._places.add_parted(
                chunk_places(below, having, counts, places, self._size, wide=wide)
            )
            total = len(places) // (4 if wide else 2)
            self._totals.append(total | _WIDE if wide else total)
        if len(self._terms) == BLOCK:
            self._flush()

    def finish(self) -> bytes:
        """Return the field's section."""
        self._flush()
        columns = zip(*self._index, strict=True)
        numbers = b"".join(pack_numbers("Q", column) for column in columns)
        head = pack_numbers("I", [len(self._firsts)])
        return zlib.compress(head + numbers + _BETWEEN.join(self._firsts), _LEVEL)

    def _flush(self) -> None:
        if not self._terms:
            return
        documents = b"".join(self._documents)
        documents_at = self._write(documents)
        head = pack_numbers("I", [len(self._terms), zlib.crc32(documents), *self._counts])
        totals = pack_numbers("I", self._totals)
        block = zlib.compress(head + totals + _BETWEEN.join(self._terms), _LEVEL)
        self._index.append((self._write(block), len(block), documents_at, self._places_at))
        self._firsts.append(self._terms[0])
        for held in (self._terms, self._counts, self._totals, self._documents):
            held.clear()


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
        self._firsts = raw[4 + 32 * blocks :].split(_BETWEEN) if blocks else []
        self._load = lru_cache(_KEPT_BLOCKS)(self._load_block)

    def find(self, term: bytes) -> Entry | None:
        """Return what is known of a term; None where no document has it."""
        number = bisect_right(self._firsts, term) - 1
        if number < 0:
            return None
        terms, entries, _ = self._load(number)
        at = bisect_left(terms, term)
        return entries[at] if at < len(terms) and terms[at] == term else None

    def iter_from(self, beginning: bytes = b"") -> Iterator[Entry]:
        """Yield the terms that begin so, ascending."""
        number = max(0, bisect_right(self._firsts, beginning) - 1)
        for block in range(number, len(self._firsts)):
            if self._firsts[block] > beginning and not self._firsts[block].startswith(beginning):
                return
            terms, entries, _ = self._load(block)
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

    def check(self) -> None:
        """Read the documents of all terms, which a search takes as they are. Raises ValueError where one is damaged."""
        for number in range(len(self._firsts)):
            _, entries, checksum = self._load(number)
            packed = b"".join(map(self._read_packed, entries))
            if zlib.crc32(packed) != checksum:
                raise ValueError("the documents of a term are damaged")

    def _read_packed(self, entry: Entry) -> bytes:
        length = measure_documents(entry.having, self._size)
        packed: bytes = self._content[entry.documents_at : entry.documents_at + length]
        if len(packed) != length:
            raise ValueError("the documents of a term are cut off")
        return packed

    def _load_block(self, number: int) -> tuple[list[bytes], list[Entry], int]:
        at, length, documents_at, places_at = (column[number] for column in self._index)
        raw = zlib.decompress(self._content[at : at + length])
        count, checksum = unpack_numbers("I", raw[:8])
        middle = 8 + 4 * count
        counts = unpack_numbers("I", raw[8:middle])
        totals: Any = repeat(0)
        if self._places:
            totals = unpack_numbers("I", raw[middle : middle + 4 * count])
            middle += 4 * count
        terms = raw[middle:].split(_BETWEEN)
        entries = []
        for term, having, total in zip(terms, counts, totals, strict=False):
            wide = total >= _WIDE
            entries.append(Entry(term, having, total & _WIDE - 1, wide, documents_at, places_at))
            documents_at += measure_documents(having, self._size)
            if self._places:
                places_at += measure_places(having, total & _WIDE - 1, self._size, wide=wide)
        return terms, entries, checksum
