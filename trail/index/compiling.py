"""Writes the terms of a field into a segment: what `trail.index.dictionary` reads.

In: terms in ascending order (as bytes), with their documents, and with counts and places where the field has any.
Out: blocks of terms in the file, and the field's section. See docs/formats/index.md.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from typing import TYPE_CHECKING

from trail.index.bitmaps import (
    RANGE,
    SPARSE,
    count_bytes,
    is_bitmap,
    iter_bits,
    pack_documents,
    pack_numbers,
)
from trail.index.dictionary import BETWEEN, WIDE
from trail.index.places import chunk_places, is_wide, pack_places

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trail.index.slabs import SlabWriter

BLOCK = 64
"""Terms of a block."""
_LEVEL = 6
_NARROW = 0xFFFF


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
            self._totals.append(len(places) | WIDE if wide else len(places))
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
            self._totals.append(total | WIDE if wide else total)
        if len(self._terms) == BLOCK:
            self._flush()

    def finish(self) -> bytes:
        """Return the field's section."""
        self._flush()
        columns = zip(*self._index, strict=True)
        numbers = b"".join(pack_numbers("Q", column) for column in columns)
        head = pack_numbers("I", [len(self._firsts)])
        return zlib.compress(head + numbers + BETWEEN.join(self._firsts), _LEVEL)

    def _flush(self) -> None:
        if not self._terms:
            return
        documents = b"".join(self._documents)
        documents_at = self._write(documents)
        head = pack_numbers("I", [len(self._terms), zlib.crc32(documents), *self._counts])
        totals = pack_numbers("I", self._totals)
        block = zlib.compress(head + totals + BETWEEN.join(self._terms), _LEVEL)
        self._index.append((self._write(block), len(block), documents_at, self._places_at))
        self._firsts.append(self._terms[0])
        for held in (self._terms, self._counts, self._totals, self._documents):
            held.clear()
