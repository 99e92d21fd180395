"""How often each document has a term, and at which places: packed so that a few documents can be read alone.

In: the documents of a term, and their places in ascending order. Out: bytes, and for any document its places.
A chunk holds, for each of its documents, how often it has the term, and then the places of all, one document after
the other: one and two bytes, or four and four where something does not fit ("wide"). A term of many documents has a
chunk for every so many document numbers, and before the first a table of where each begins and the last one ends.
Places are their order in a field, from 0 on.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from trail.index.bitmaps import count_bytes, iter_bits, pack_numbers, unpack_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trail.index.slabs import SlabReader

_SINGLE = 256
"""Documents up to which a term has a single chunk."""
_OFTEN = 4
"""Documents of a chunk that are asked for before it is worth to know where the places of each begin."""
_FILL = 128
"""Documents of a chunk, on the average, at least."""


def is_single(having: int) -> bool:
    """Whether so many documents are a single chunk."""
    return having <= _SINGLE


def is_wide(counts: Sequence[int], places: Sequence[int]) -> bool:
    """Whether one of them needs four bytes."""
    return max(counts) > 0xFF or max(places) > 0xFFFF  # noqa: PLR2004 - what fits one byte, and two


def find_shift(count: int, size: int) -> int:
    """Return how many lower bits of document numbers a chunk covers, for `count` documents in a segment of `size`."""
    if count <= _SINGLE:
        return size.bit_length()
    shift = 8
    while count << shift < _FILL * size:
        shift += 1
    return shift


def measure_places(count: int, total: int, size: int, *, wide: bool) -> int:
    """Return how many bytes `total` places in `count` documents take in a segment of `size`."""
    shift = find_shift(count, size)
    table = 4 * ((size - 1 >> shift) + 2) if count > _SINGLE else 0
    return table + (4 * count + 4 * total if wide else count + 2 * total)


def pack_places(
    documents: Sequence[int], counts: Sequence[int], places: Sequence[int], size: int, *, wide: bool
) -> bytes:
    """Return them packed: `counts` for each of `documents`, and so many of `places` for each."""
    kinds = "II" if wide else "BH"
    if len(documents) <= _SINGLE:
        return pack_numbers(kinds[0], counts) + pack_numbers(kinds[1], places)
    shift = find_shift(len(documents), size)
    offset, first, begins = 0, 0, 0
    table = [0]
    pieces = []
    for chunk in range((size - 1 >> shift) + 1):
        last = bisect_left(documents, chunk + 1 << shift, first)
        held = counts[first:last]
        ends = begins + sum(held)
        pieces += [pack_numbers(kinds[0], held), pack_numbers(kinds[1], places[begins:ends])]
        offset += len(pieces[-2]) + len(pieces[-1])
        table.append(offset)
        first, begins = last, ends
    return pack_numbers("I", table) + b"".join(pieces)


def widen(kinds: str, content: bytes) -> bytes:
    """Return counts or places of one or two bytes (`kinds` "B" or "H") as numbers of four."""
    return pack_numbers("I", unpack_numbers(kinds, content))


def chunk_places(
    below: Callable[[int], int],
    having: int,
    counts: bytes,
    places: bytes,
    size: int,
    *,
    wide: bool,
) -> bytes:
    """Return the same as pack_places, of what is packed already; `below` tells how many documents there are below one."""
    if having <= _SINGLE:
        return counts + places
    shift = find_shift(having, size)
    count_width, place_width = (4, 4) if wide else (1, 2)
    first, begins = 0, 0
    table = [0]
    pieces = []
    for chunk in range((size - 1 >> shift) + 1):
        last = below(chunk + 1 << shift)
        held = counts[first * count_width : last * count_width]
        ends = begins + place_width * sum(unpack_numbers("I", held) if wide else held)
        pieces += [held, places[begins:ends]]
        table.append(table[-1] + len(held) + ends - begins)
        first, begins = last, ends
    return pack_numbers("I", table) + b"".join(pieces)


class Places:
    """The places of a term in the documents of a segment."""

    def __init__(
        self, slabs: SlabReader, start: int, bits: int, total: int, size: int, *, wide: bool
    ) -> None:
        """Take the run they are in, where they begin there, and the term's documents as bits."""
        count = bits.bit_count()
        self._slabs = slabs
        self._start = start
        self._bits = bits
        self._bitmap = bits.to_bytes(count_bytes(size), "little") if count > _SINGLE else b""
        self._kinds = "II" if wide else "BH"
        self._shift = find_shift(count, size)
        if count > _SINGLE:
            chunks = (size - 1 >> self._shift) + 1
            table = slabs.read(start, 4 * chunks + 4)
            self._table = [4 * chunks + 4 + at for at in unpack_numbers("I", table)]
        else:
            self._table = [0, measure_places(count, total, size, wide=wide)]
        self._chunk = -1
        self._here = 0
        self._asked = 0
        self._counts: Sequence[int] = b""
        self._ends: list[int] | None = None
        self._held: Sequence[int] = b""

    def find(self, document: int) -> Sequence[int]:
        """Return the places in a document, which must have the term, ascending."""
        chunk = document >> self._shift
        if chunk != self._chunk:
            self._chunk, self._asked, self._ends = chunk, 0, None
            self._here, self._counts, self._held = self._read(chunk)
        rank = (self._here & (1 << document - (chunk << self._shift)) - 1).bit_count()
        if self._ends is not None:
            return self._held[self._ends[rank] : self._ends[rank + 1]]
        start = sum(self._counts[:rank])
        self._asked += 1
        if self._asked == _OFTEN:
            self._ends = list(accumulate(self._counts, initial=0))
        return self._held[start : start + self._counts[rank]]

    def iter_chunks(self) -> Iterator[tuple[list[int], Sequence[int], Sequence[int]]]:
        """Yield documents, how often each has the term, and their places, a part of the documents at a time."""
        for chunk in range(len(self._table) - 1):
            if self._table[chunk] < self._table[chunk + 1]:
                yield self._load(chunk)

    def read_packed(self) -> tuple[bytes, bytes]:
        """Return the counts and the places of all documents as they are packed."""
        counts, places = [], []
        for chunk, (begins, ends) in enumerate(pairwise(self._table)):
            content = (
                self._slabs.read(self._start + begins, ends - begins) if ends > begins else b""
            )
            middle = self._window(chunk).bit_count() * (4 if self._kinds == "II" else 1)
            counts.append(content[:middle])
            places.append(content[middle:])
        return b"".join(counts), b"".join(places)

    def _load(self, chunk: int) -> tuple[list[int], Sequence[int], Sequence[int]]:
        base = chunk << self._shift
        here, counts, places = self._read(chunk)
        return [base + bit for bit in iter_bits(here)], counts, places

    def _read(self, chunk: int) -> tuple[int, Sequence[int], Sequence[int]]:
        """Return the documents of a chunk as bits from its first number on, their counts, and their places."""
        begins, ends = self._table[chunk : chunk + 2]
        content = self._slabs.read(self._start + begins, ends - begins)
        here = self._window(chunk)
        middle = here.bit_count() * (4 if self._kinds == "II" else 1)
        counts = content[:middle]
        return (
            here,
            unpack_numbers("I", counts) if self._kinds == "II" else counts,
            unpack_numbers(self._kinds[1], content[middle:]),
        )

    def _window(self, chunk: int) -> int:
        if len(self._table) <= 2:  # noqa: PLR2004 - a single chunk has all of them
            return self._bits
        # no number is as long as the segment here: a chunk begins with a byte
        base, length = chunk << self._shift - 3, 1 << self._shift - 3
        return int.from_bytes(self._bitmap[base : base + length], "little")
