"""Documents of a segment as bits of a number, and as they stand in a file.

In: document numbers in ascending order. Out: an int whose n-th bit stands for document n, or packed bytes. Union,
intersection and count of such numbers run over whole machine words, so no document costs a step of Python.
The packed form depends on how many documents a term and the segment have, so no byte says which it is:

- at least a sixteenth of the segment: a bitmap, which then is the smallest;
- up to 65,536 documents in the segment: two bytes each;
- few documents in a larger one: four bytes each;
- else how many each range of 65,536 has, four bytes each, and then the lower two bytes of each.

All numbers are little-endian.
"""

from __future__ import annotations

import sys
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

RANGE = 1 << 16
"""Document numbers whose lower part fits two bytes."""
_FEW = 64
SPARSE = 16
"""A bitmap is taken where one document in so many has a term."""
_WINDOW = 1 << 13
"""Bits that are looked at together by who wants the first few."""


def pack_numbers(kind: str, numbers: Iterable[int]) -> bytes:
    """Return the bytes of an array of `kind`, little-endian on every machine."""
    if kind == "B":
        return bytes(numbers)
    packed = array(kind, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack_numbers(kind: str, content: Any) -> array[int]:
    """Return what `pack_numbers` was given."""
    numbers = array(kind)
    numbers.frombytes(content)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def count_bytes(size: int) -> int:
    """Return how many bytes a bitmap of `size` documents has."""
    return (size + 7) >> 3


def is_bitmap(count: int, size: int) -> bool:
    """Whether `count` documents in a segment of `size` are packed as a bitmap."""
    return count * SPARSE >= size


def measure_documents(count: int, size: int) -> int:
    """Return how many bytes `count` documents take in a segment of `size`."""
    if is_bitmap(count, size):
        return (size + 7) >> 3
    if size <= RANGE:
        return 2 * count
    if count < _FEW:
        return 4 * count
    return 4 * _count_ranges(size) + 2 * count


def pack_documents(documents: Sequence[int], size: int) -> bytes:
    """Return ascending documents of a segment of `size`, packed."""
    count = len(documents)
    if is_bitmap(count, size):
        return bytes(_set_bits(documents, size))
    if size <= RANGE:
        return pack_numbers("H", documents)
    if count < _FEW:
        return pack_numbers("I", documents)
    counts = [0] * _count_ranges(size)
    for document in documents:
        counts[document >> 16] += 1
    return pack_numbers("I", counts) + pack_numbers("H", [d & 0xFFFF for d in documents])


def read_bits(content: Any, count: int, size: int) -> int:
    """Return packed documents as bits."""
    if is_bitmap(count, size):
        return int.from_bytes(content, "little")
    return to_bits(_unpack(content, count, size), size)


def read_documents(content: Any, count: int, size: int) -> Sequence[int]:
    """Return packed documents in ascending order."""
    if is_bitmap(count, size):
        return list(iter_bits(int.from_bytes(content, "little")))
    return _unpack(content, count, size)


def to_bits(documents: Iterable[int], size: int) -> int:
    """Return documents as bits."""
    return int.from_bytes(_set_bits(documents, size), "little")


def iter_bits(bits: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, ascending."""
    digits = bin(bits)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


def iter_windows(bits: int) -> Iterator[tuple[int, int]]:
    """Yield (number of the first bit, some bits from there on) until none is left."""
    content = bits.to_bytes(count_bytes(bits.bit_length()), "little")
    for at in range(0, len(content), _WINDOW >> 3):
        window = int.from_bytes(content[at : at + (_WINDOW >> 3)], "little")
        if window:
            yield at << 3, window


def iter_first(bits: int) -> Iterator[int]:
    """Yield the same as `iter_bits`, cheaper for who stops early."""
    for base, window in iter_windows(bits):
        for bit in iter_bits(window):
            yield base + bit


def _set_bits(documents: Iterable[int], size: int) -> bytearray:
    content = bytearray((size + 7) >> 3)
    for document in documents:
        content[document >> 3] |= 1 << (document & 7)
    return content


def _unpack(content: Any, count: int, size: int) -> Sequence[int]:
    if size <= RANGE:
        return unpack_numbers("H", content)
    if count < _FEW:
        return unpack_numbers("I", content)
    ranges = _count_ranges(size)
    counts = unpack_numbers("I", content[: 4 * ranges])
    lows = unpack_numbers("H", content[4 * ranges :])
    ends = pairwise(accumulate(counts, initial=0))
    return [base << 16 | low for base, (start, end) in enumerate(ends) for low in lows[start:end]]


def _count_ranges(size: int) -> int:
    return (size + RANGE - 1) >> 16
