"""What is packed as one stream comes in: gzip, bzip2, xz; what can be read of it goes out.

Unpacked in memory, piece by piece, within the limits of the Budget: a tar in it is never held whole.
"""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from trail.parse.charsets import decode_text
from trail.parse.documents import read_into
from trail.parse.documents_budget import MEBIBYTE
from trail.parse.documents_tar import read_members
from trail.parse.documents_text import BYTES
from trail.parse.kinds import HEAD, find_kind

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from trail.parse.documents_budget import Budget

_CHUNK = 1 << 16
_SMALL = 1 << 12
_WINDOW = 128 * MEBIBYTE
"""Bytes that unpacking xz may take; its strongest preset takes 65 MiB."""
_GZIP, _BZIP, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ"
_NAMED = b"\x08"
_LONGEST = 1 << 16
"""Bytes of a name that are looked at."""
_PACKED_NAME = re.compile(r"\.(?:gz|gzip|bz2|xz)$", re.IGNORECASE)


class _Unpacking(Protocol):
    """What bz2 and lzma have, and gzip below."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether there is no more to be had of what it was given."""

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Unpack `data`, and what is left of earlier, to so many bytes at most."""


class _Gzip:
    """gzip (RFC 1952), as the others are used."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length and not self._zlib.unconsumed_tail
        return piece


def read_stream(budget: Budget, filename: str, content: bytes) -> None:
    """Add what is packed in one stream: a file, or a tar. Raises Unreadable."""
    name = _find_name(filename, content)
    with budget.deeper(), closing(_iter_unpacked(budget, content)) as chunks:
        start = b"".join(_take(chunks, HEAD))
        kind = find_kind(name, "", start)
        if not kind and name == filename:
            name = ""  # that of what it is packed in, which tells nothing of the file
            kind = find_kind(name, "", start)
        if kind == "tar":
            read_members(budget, chain((start,), chunks))
            return
        budget.count_member()
        budget.add(f"{name}\n")
        if kind:
            # What is beyond is not looked at, and need not be unpacked.
            rest = _take(chunks, BYTES) if kind == "text" else chunks
            read_into(budget, name, "", start + b"".join(rest))
            budget.add("\n")


def _iter_unpacked(budget: Budget, content: bytes) -> Generator[bytes]:
    """Unpack, piece by piece, all streams that follow each other, as far as they are sound. Raises Unreadable."""
    so_far = at = 0
    while stream := _open(content[at : at + 5]):
        # There may be a stream in every twenty bytes: what one leaves over is copied.
        size = _SMALL
        while not stream.eof:
            piece = b""
            if stream.needs_input:
                piece = content[at : at + size]
                at, size = at + len(piece), min(2 * size, _CHUNK)
                if not piece:
                    budget.note("it is cut short")
                    return
            try:
                unpacked = stream.decompress(piece, _CHUNK)
            except (zlib.error, OSError, lzma.LZMAError):
                budget.note("it is damaged")
                return
            so_far += len(unpacked)
            budget.count_bytes(len(unpacked), len(content), so_far)
            if unpacked:
                yield unpacked
        at -= len(stream.unused_data)


def _open(start: bytes) -> _Unpacking | None:
    """What unpacks a stream that begins so; None where none does: behind the last there may be anything."""
    if start.startswith(_GZIP):
        return _Gzip()
    if start.startswith(_BZIP):
        return bz2.BZ2Decompressor()
    if start.startswith(_XZ):
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_WINDOW)
    return None


def _find_name(filename: str, content: bytes) -> str:
    """What the packed file is called: as the attachment, or as gzip has it."""
    name, packed = _PACKED_NAME.subn("", filename)
    if not packed and content.startswith(_GZIP) and content[3:4] == _NAMED:
        within = content[10 : 10 + _LONGEST].partition(b"\0")[0]
        name = decode_text(within, "utf-8")[0] or name
    return name.replace("\\", "/").rpartition("/")[2]


def _take(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Pieces until they come to `size` bytes."""
    for chunk in chunks:
        yield chunk
        size -= len(chunk)
        if size <= 0:
            return
