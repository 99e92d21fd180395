"""A long run of bytes, compressed a slab at a time: any part of it can be read without the rest.

In: pieces of bytes, one after the other. Out: slabs in a file, a directory of them, and any part of the run. zlib's own
checksum stands in each slab. Slabs that were read are kept, up to a number of bytes for all files of a process together.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections import OrderedDict
from itertools import count
from typing import TYPE_CHECKING, Any

from trail.index.bitmaps import pack_numbers, unpack_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

SLAB = 1 << 14
"""Bytes of a slab before it is compressed, or a little more; a slab is as long as its longest whole piece."""
CACHED = 16 << 20
"""Bytes of slabs that are kept, of all files together."""


class SlabWriter:
    """Writes a run. `write` puts bytes into the file and returns where they begin there."""

    def __init__(self, write: Callable[[bytes], int], level: int) -> None:
        self._write = write
        self._level = level
        self._held: list[bytes] = []
        self._starts = [0]
        self._places: list[int] = []
        self._sizes: list[int] = []
        self.length = 0
        """Bytes so far; where the next piece begins."""

    @property
    def is_between(self) -> bool:
        """Whether the next piece begins a slab."""
        return not self._held

    def add_parted(self, piece: bytes) -> None:
        """Put a piece at the end, in several slabs if it is long."""
        if len(piece) <= SLAB:
            self.add(piece)
            return
        for start in range(0, len(piece), SLAB):
            self.add(piece[start : start + SLAB])

    def add(self, piece: bytes) -> None:
        """Put a piece at the end, all of it in one slab."""
        self._held.append(piece)
        self.length += len(piece)
        if self.length - self._starts[-1] >= SLAB:
            self._flush()

    def add_slab(self, slab: bytes, length: int) -> None:
        """Put a compressed slab of `length` bytes at the end."""
        self._flush()
        self.length += length
        self._note(slab)

    def finish(self) -> bytes:
        """Return the directory: where each slab begins in the run and in the file, and its size there."""
        self._flush()
        return pack_numbers("Q", [*self._starts, *self._places, *self._sizes])

    def _flush(self) -> None:
        if self._held:
            slab = zlib.compress(b"".join(self._held), self._level)
            self._held.clear()
            self._note(slab)

    def _note(self, slab: bytes) -> None:
        self._places.append(self._write(slab))
        self._sizes.append(len(slab))
        self._starts.append(self.length)


class SlabReader:
    """Reads parts of a run. Raises zlib.error, IndexError or ValueError where the file is damaged."""

    def __init__(self, content: Any, directory: Any) -> None:
        """Take the whole file, and what SlabWriter.finish gave."""
        numbers = unpack_numbers("Q", directory)
        self.count = len(numbers) // 3
        self.starts = numbers[: self.count + 1]
        """Where each slab begins in the run, and where the last one ends."""
        self._places = numbers[self.count + 1 : 2 * self.count + 1]
        self._sizes = numbers[2 * self.count + 1 :]
        self._content = content
        self._owner = next(_owners)

    def read(self, start: int, length: int) -> bytes:
        """Return `length` bytes of the run from `start` on."""
        number = bisect_right(self.starts, start) - 1
        begins = start - self.starts[number]
        piece = self.load(number)[begins : begins + length]
        while len(piece) < length:
            number += 1
            piece += self.load(number)[: length - len(piece)]
        return piece

    def load(self, number: int) -> bytes:
        """Return a slab."""
        slab = _cache.get(self._owner, number)
        if slab is None:
            slab = self.check(number)
            _cache.put(self._owner, number, slab)
        return slab

    def check(self, number: int) -> bytes:
        """Return a slab as it is on the disk."""
        slab = zlib.decompress(self.read_compressed(number))
        if len(slab) != self.starts[number + 1] - self.starts[number]:
            raise ValueError("a slab is damaged")
        return slab

    def read_compressed(self, number: int) -> bytes:
        """Return a slab as it stands in the file."""
        place = self._places[number]
        return bytes(self._content[place : place + self._sizes[number]])


class _Cache:
    """The slabs that were read last."""

    def __init__(self) -> None:
        self._size = 0
        self._slabs: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def get(self, owner: int, number: int) -> bytes | None:
        found = self._slabs.get((owner, number))
        if found is not None:
            self._slabs.move_to_end((owner, number))
        return found

    def put(self, owner: int, number: int, slab: bytes) -> None:
        self._slabs[owner, number] = slab
        self._size += len(slab)
        while self._size > CACHED:
            self._size -= len(self._slabs.popitem(last=False)[1])


_cache = _Cache()
_owners = count()
