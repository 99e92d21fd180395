"""A segment of the index: one file, never changed, with everything about some messages, the newest first.

In: a file that `trail.index.recording` wrote. Out: its columns, keys, stored values and terms. Documents have numbers
from 0 on, in the order of their date, the newest first. See docs/formats/index.md.
Must never be written to, or know what a query is.
"""

from __future__ import annotations

import json
import mmap
import zlib
from array import array
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trail.index.bitmaps import unpack_numbers
from trail.index.dictionary import FieldReader
from trail.index.slabs import SlabReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FORMAT = 1
"""Of the file; must grow with every change of it."""
HEAD = b"TRAILSEG"
TAIL_BYTES = 20
"""Behind the footer: where it begins (8), its length (4), its CRC-32 (4), `SEGT`."""
TAIL = b"SEGT"
KEY_BYTES = 32
SUFFIX = ".seg"
WAITING = "new-"
"""Before the name, until the segment is published: Whoosh clears away segments that it does not know, but not these."""


class Damaged(Exception):
    """The file is not what was written."""


class _Unmapped:
    """A file that is read piece by piece, as if it were bytes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._size = path.stat().st_size

    def map(self) -> mmap.mmap:
        """Return it mapped, and close it."""
        with self._file:
            if not self._size:
                raise Damaged("the file is empty")
            return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        self._file.seek(start)
        return self._file.read(stop - start)

    def close(self) -> None:
        self._file.close()


class SegmentFile:
    """A segment, open for reading."""

    def __init__(self, path: Path, *, mapped: bool = True) -> None:
        """Raises OSError, or Damaged. Mapped is faster; to read all of it, what is not takes less memory."""
        self.name = path.stem.removeprefix(WAITING)
        self._content: Any = _Unmapped(path)
        if mapped:
            self._content = self._content.map()
        self._footer = self._read_footer()
        self.size: int = self._footer["documents"]
        """Documents, those that were removed since included."""
        self._fields: dict[str, FieldReader | None] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._content.close()

    @cached_property
    def orders(self) -> array[int]:
        """For each document the number that sorts it by date, descending."""
        return self.read_column("order")

    @property
    def columns(self) -> list[str]:
        """The names of the columns of numbers."""
        return list(self._footer["columns"])

    def read_column(self, name: str) -> array[int]:
        """Return a number for each document."""
        return unpack_numbers("q", self.read_section(f"column {name}"))

    @property
    def field_kinds(self) -> dict[str, str]:
        """The fields that have terms: "words" (with places) or "exact"."""
        return {name: field["kind"] for name, field in self._footer["fields"].items()}

    def open_field(self, name: str) -> FieldReader | None:
        """Return the terms of a field; None where no document has any."""
        if name not in self._fields:
            field = self._footer["fields"].get(name)
            self._fields[name] = field and FieldReader(
                self._content,
                self.read_section(f"field {name}"),
                self.places if field["kind"] == "words" else None,
                self.size,
            )
        return self._fields[name]

    def read_lengths(self, field: str) -> array[int]:
        """Return how many words each document has in `field`."""
        if f"lengths {field}" not in self._footer["sections"]:
            return array("I", bytes(4 * self.size))
        return unpack_numbers("I", zlib.decompress(self.read_section(f"lengths {field}")))

    def read_key(self, document: int) -> str:
        """Return the key of a document."""
        return bytes(self._keys[document * KEY_BYTES : (document + 1) * KEY_BYTES]).hex()

    def find_keys(self, beginning: str) -> list[int]:
        """Return the documents whose key begins so; hex digits."""
        if len(beginning) > 2 * KEY_BYTES:
            return []
        low = bytes.fromhex(beginning.ljust(2 * KEY_BYTES, "0"))
        high = bytes.fromhex(beginning.ljust(2 * KEY_BYTES, "f"))
        keys, sorted_ = self._keys, self._sorted
        at = bisect_left(
            range(self.size),
            low,
            key=lambda i: keys[sorted_[i] * KEY_BYTES : (sorted_[i] + 1) * KEY_BYTES],
        )
        found = []
        while at < self.size:
            document = sorted_[at]
            if keys[document * KEY_BYTES : (document + 1) * KEY_BYTES] > high:
                break
            found.append(document)
            at += 1
        return found

    def select_keys(self, keys: Iterable[str]) -> list[int]:
        """Return the documents that have one of many keys, ascending; such as are no whole keys are passed over."""
        wanted = {bytes.fromhex(key) for key in keys if len(key) == 2 * KEY_BYTES}
        held = bytes(self._keys)
        every = range(0, self.size * KEY_BYTES, KEY_BYTES)
        return [n for n, at in enumerate(every) if held[at : at + KEY_BYTES] in wanted]

    def read_stored(self, document: int) -> Any:
        """Return what was stored of a document."""
        return json.loads(self.read_stored_line(document))

    def read_stored_line(self, document: int) -> bytes:
        """Return the same as it stands in the file: JSON."""
        number = bisect_left(self._stored_firsts, document + 1) - 1
        lines = self.stored.load(number).split(b"\n")
        return lines[document - self._stored_firsts[number]]

    def iter_stored_slabs(self) -> Iterator[tuple[int, int]]:
        """Yield the number of each slab of stored values, and its first document."""
        yield from enumerate(self._stored_firsts)

    @cached_property
    def stored(self) -> SlabReader:
        """The run of stored values."""
        return SlabReader(self._content, self.read_section("stored"))

    @cached_property
    def _stored_firsts(self) -> array[int]:
        return unpack_numbers("I", self.read_section("stored firsts"))

    @cached_property
    def places(self) -> SlabReader:
        """The run of places."""
        return SlabReader(self._content, self.read_section("places"))

    @cached_property
    def _keys(self) -> bytes:
        return self.read_section("keys")

    @cached_property
    def _sorted(self) -> array[int]:
        return unpack_numbers("I", self.read_section("sorted keys"))

    @property
    def sections(self) -> list[str]:
        """The names of all sections."""
        return list(self._footer["sections"])

    def read_section(self, name: str) -> bytes:
        """Return a section as it stands in the file. Raises Damaged."""
        at, length, checksum = self._footer["sections"][name]
        section: bytes = self._content[at : at + length]
        if len(section) != length or zlib.crc32(section) != checksum:
            raise Damaged(f"section {name!r}")
        return section

    def _read_footer(self) -> Any:
        content = self._content
        tail = content[-TAIL_BYTES:]
        if content[: len(HEAD)] != HEAD or tail[16:] != TAIL:
            raise Damaged("not a segment, or cut off")
        at = unpack_numbers("Q", tail[:8])[0]
        length, checksum = unpack_numbers("I", tail[8:16])
        footer = content[at : at + length]
        if at + length + TAIL_BYTES != len(content) or zlib.crc32(footer) != checksum:
            raise Damaged("its footer")
        read = json.loads(footer)
        if read["format"] != FORMAT:
            raise Damaged(f"of format {read['format']}")
        return read
