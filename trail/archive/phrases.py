"""A cache of the numbers of messages' phrases (`trail.handoff.shingles`), so that a hand-off reads each message once.

In: records by key. Out: the same, in no order. On the disk: `cache/phrases/<version>/<kind>-<random>.bin`, records one
after the other, each with a checksum: key or digest (32 bytes), three lengths and a CRC-32 (4 bytes each, little-endian), two
lists of 64-bit numbers, UTF-8 text. Any of it may be deleted at any time; what is torn or altered is made anew.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import sys
import zlib
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trail.archive.disk import translate_disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

FOLDER = "cache/phrases"
Kind = Literal["own", "rest", "document"]
_HEAD = struct.Struct("<32s4I")
_MANY_FILES = 12
"""Files of a kind that are made one when there are more."""
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of one message or attachment."""

    key: str
    """SHA-256 of the message's bytes, or of the attachment's, in hex."""
    phrases: array[int]
    closing: array[int]
    """Those of `phrases` that stand in closing lines."""
    text: str = ""
    """Marks and names, one a line."""


class Phrases:
    """The cache of one archive, under one version of what is kept."""

    def __init__(self, root: Path, version: int) -> None:
        self._root = root
        self._folder = root / FOLDER / str(version)

    def list_keys(self, kind: Kind) -> set[bytes]:
        """The keys there are records of, as bytes. Merges files where they became many."""
        files = self._list_files(kind)
        keys = {record[0] for file in files for record in _iter_raw(file)}
        if len(files) > _MANY_FILES:
            with contextlib.suppress(OSError):
                self._merge(kind, files)
        return keys

    def iter_records(
        self, kind: Kind, wanted: Callable[[bytes], bool] = lambda _: True
    ) -> Iterator[Record]:
        """The records of a kind whose keys are wanted; one may come twice. Memory: one record."""
        for file in self._list_files(kind):
            for key, phrases, closing, text in _iter_raw(file, wanted):
                yield Record(key.hex(), _unpack(phrases), _unpack(closing), text.decode())

    def add(self, kind: Kind, records: Iterable[Record]) -> int:
        """Keep records. Returns how many. Raises ArchiveFull, ArchiveReadOnly."""
        count = 0
        with translate_disk_errors(self._root):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = self._folder / f".{secrets.token_hex(8)}.new"
            try:
                # Not made durable: what a power cut tears is found by its checksum.
                descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    for record in records:
                        file.write(_pack(record))
                        count += 1
                if count:
                    unfinished.replace(self._folder / f"{kind}-{secrets.token_hex(8)}.bin")
            finally:
                unfinished.unlink(missing_ok=True)
        return count

    def _merge(self, kind: Kind, files: list[Path]) -> None:
        self.add(kind, self.iter_records(kind))
        for file in files:
            file.unlink(missing_ok=True)

    def _list_files(self, kind: Kind) -> list[Path]:
        return sorted(self._folder.glob(f"{kind}-*.bin"))


def _pack(record: Record) -> bytes:
    parts = (_to_bytes(record.phrases), _to_bytes(record.closing), record.text.encode("utf-8", "replace"))  # fmt: skip
    body = b"".join(parts)
    key = bytes.fromhex(record.key)
    return _HEAD.pack(key, *map(len, parts), zlib.crc32(key + body)) + body


def _iter_raw(
    path: Path, wanted: Callable[[bytes], bool] = lambda _: True
) -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    """The records of a file that are wanted, up to the first that is not sound."""
    try:
        file = path.open("rb", buffering=_BUFFER)
    except OSError:
        return
    with file, contextlib.suppress(OSError):
        left = os.fstat(file.fileno()).st_size
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            key, one, two, three, checksum = _HEAD.unpack(head)
            left -= _HEAD.size
            if (size := one + two + three) > left or one % 8 or two % 8:
                return  # a record may be of any size, but not of more than there is
            left -= size
            body = file.read(size)
            if not wanted(key):
                continue
            if len(body) != size or zlib.crc32(key + body) != checksum:
                return
            yield key, body[:one], body[one : one + two], body[one + two :]


def _to_bytes(numbers: array[int]) -> bytes:
    return _swapped(numbers).tobytes()


def _unpack(raw: bytes) -> array[int]:
    numbers = array("Q")
    numbers.frombytes(raw)
    return _swapped(numbers)


def _swapped(numbers: array[int]) -> array[int]:
    """Between this machine's order of bytes and little-endian."""
    if sys.byteorder == "little":
        return numbers
    other = array("Q", numbers)
    other.byteswap()
    return other
