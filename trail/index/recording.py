"""Writes the file of a segment, from its beginning to its end, and brings it to the disk.

In: documents' columns, keys, stored values, and the terms of one field after the other, all in the order of the
segment. Out: a file as docs/formats/index.md has it, complete and synced, or none.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING, Any, Self

from trail.index.bitmaps import pack_numbers
from trail.index.compiling import FieldWriter
from trail.index.segment import FORMAT, HEAD, SUFFIX, TAIL, WAITING
from trail.index.slabs import SlabWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_STORED_LEVEL = 6
_PLACES_LEVEL = 1


class SegmentRecorder:
    """A segment being written. Leave it as a context manager: by an exception, the file goes."""

    def __init__(self, folder: Path, name: str, size: int) -> None:
        """Begin the segment `name` of `size` documents, one at least. It waits until it is published."""
        self.name = name
        self.size = size
        self._path = folder / f"{WAITING}{name}{SUFFIX}"
        self._file = self._path.open("xb")
        self._at = 0
        self._sections: dict[str, tuple[int, int, int]] = {}
        self._columns: list[str] = []
        self._fields: dict[str, dict[str, Any]] = {}
        self._stored = SlabWriter(self._write, _STORED_LEVEL)
        self._stored_firsts: list[int] = []
        self._stored_count = 0
        self._places = SlabWriter(self._write, _PLACES_LEVEL)
        self._write(HEAD)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._finish()
        self._file.close()
        if kind is not None:
            self._path.unlink(missing_ok=True)

    def add_column(self, name: str, numbers: Iterable[int]) -> None:
        """Put a number for each document in."""
        self._columns.append(name)
        self._add_section(f"column {name}", pack_numbers("q", numbers))

    def add_keys(self, keys: Sequence[bytes]) -> None:
        """Put the key of each document in."""
        self._add_section("keys", b"".join(keys))
        ascending = sorted(range(len(keys)), key=keys.__getitem__)
        self._add_section("sorted keys", pack_numbers("I", ascending))

    def add_stored(self, stored: bytes) -> None:
        """Put the stored value of the next document in: JSON, on one line."""
        if self._stored.is_between:
            self._stored_firsts.append(self._stored_count)
        self._stored.add(stored + b"\n")
        self._stored_count += 1

    def add_stored_slab(self, slab: bytes, length: int, documents: int) -> None:
        """Put a whole slab of stored values in, as it stands in another file."""
        self._stored_firsts.append(self._stored_count)
        self._stored.add_slab(slab, length)
        self._stored_count += documents

    def begin_field(self, name: str, kind: str) -> FieldWriter:
        """Return where the terms of a field are to be put."""
        self._fields[name] = {"kind": kind}
        return FieldWriter(self._write, self._places if kind == "words" else None, self.size)

    def end_field(self, name: str, terms: FieldWriter, lengths: Sequence[int] = ()) -> None:
        """End a field; `lengths` are the words of each document, where it has places."""
        self._add_section(f"field {name}", terms.finish())
        if self._fields[name]["kind"] == "words":
            packed = zlib.compress(pack_numbers("I", lengths), _PLACES_LEVEL)
            self._add_section(f"lengths {name}", packed)

    def _finish(self) -> None:
        assert self._stored_count == self.size
        self._add_section("stored", self._stored.finish())
        self._add_section("stored firsts", pack_numbers("I", self._stored_firsts))
        self._add_section("places", self._places.finish())
        footer = {
            "format": FORMAT,
            "documents": self.size,
            "columns": self._columns,
            "fields": self._fields,
            "sections": self._sections,
        }
        content = json.dumps(footer).encode()
        at = self._write(content)
        tail = pack_numbers("I", [len(content), zlib.crc32(content)])
        self._write(pack_numbers("Q", [at]) + tail + TAIL)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _add_section(self, name: str, content: bytes) -> None:
        self._sections[name] = (self._write(content), len(content), zlib.crc32(content))

    def _write(self, content: bytes) -> int:
        at = self._at
        self._file.write(content)
        self._at += len(content)
        return at
