"""A tar comes in, piece by piece (POSIX.1, pax; GNU's long names); the names of its files, and what can be read of them, go out.

Own code: the standard library's takes what a header says of sizes and names as it comes, and on some headers spins. Names
are never used as paths, links never followed, and of what comes in no more is held than one file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from trail.parse.charsets import decode_text
from trail.parse.documents import read_into
from trail.parse.documents_budget import Unreadable
from trail.parse.documents_packed import one_of_many
from trail.parse.documents_text import BYTES
from trail.parse.kinds import HEAD, find_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.parse.documents_budget import Budget

_CHUNK = 1 << 16
_BLOCK = 512
_LONGEST = 1 << 16
"""Bytes of a name, or of the records about a file, that are looked at."""
_LONG_NAME, _RECORDS, _SPARSE = "L", ("x", "X"), "S"
_FILES = ("\0", "0", "7", _SPARSE)
_WITHOUT_DATA = ("1", "2", "3", "4", "5", "6")
"""Links, devices, folders: whatever size they claim."""
_NAME, _SIZE, _SUM, _KIND = slice(0, 100), slice(124, 136), slice(148, 156), 156
_MORE, _STILL_MORE = 482, 504
"""Where a sparse file (GNU) tells that its map goes on in the next block; and where that block does."""
_OCTAL = re.compile(rb"[ \0]*([0-7]+)[ \0]*")
_RECORD = re.compile(rb"(\d{1,9}) ([^=\n]+)=")
_ABOUT_NAME = (b"GNU.sparse.name", b"path")
_DIGITS = 18
"""Of a size that is believed to be one."""


class _Header(NamedTuple):
    kind: str
    name: bytes
    size: int
    """In bytes, of what follows."""
    has_map: bool


class _Told(NamedTuple):
    """What was told of the next file, before its header."""

    name: bytes = b""
    size: int = -1


class _Source:
    """Pieces, taken in whatever lengths are wanted."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """So many bytes, or as many as there are."""
        taken: list[memoryview] = []
        while size:
            if not self._rest:
                self._rest = memoryview(next(self._pieces, b""))
                if not self._rest:
                    break
            taken.append(self._rest[:size])
            self._rest = self._rest[size:]
            size -= len(taken[-1])
        return b"".join(taken)

    def skip(self, size: int) -> None:
        """Pass over so many bytes, or all there are."""
        while size and (passed := len(self.read(min(size, _CHUNK)))):
            size -= passed


def read_tar(budget: Budget, content: bytes) -> None:
    """Add the names of the files in a tar, and what can be read of them. Raises Unreadable."""
    with budget.deeper():
        read_members(budget, (content[i : i + _CHUNK] for i in range(0, len(content), _CHUNK)))


def read_members(budget: Budget, pieces: Iterable[bytes]) -> None:
    """Add what is in a tar that comes in pieces. Raises Unreadable."""
    source = _Source(pieces)
    told = _Told()
    while (header := _read_header(source.read(_BLOCK))) is not None:
        size, taken = header.size, 0
        if header.kind == _LONG_NAME or header.kind in _RECORDS:
            about = source.read(min(size, _LONGEST))
            taken = len(about)
            told = _listen(told, header.kind, about)
        elif header.kind in _WITHOUT_DATA:
            size, told = 0, _Told()
        elif header.kind in _FILES:
            more = header.has_map
            while more:
                more = source.read(_BLOCK)[_STILL_MORE : _STILL_MORE + 1] not in (b"", b"\0")
            size = size if told.size < 0 else told.size
            taken = _read_file(budget, source, told.name or header.name, size)
            told = _Told()
        source.skip(size - taken + -size % _BLOCK)


def _read_file(budget: Budget, source: _Source, within: bytes, size: int) -> int:
    """Add a file of which `size` bytes follow, and return how many of them were taken."""
    name = decode_text(within[:_LONGEST].rstrip(b"/").rpartition(b"/")[2], "utf-8")[0]
    budget.count_member()
    budget.add(f"{name}\n")
    content = source.read(min(size, HEAD))
    if kind := find_kind(name, "", content):
        wanted = min(size, BYTES + 1) if kind == "text" else size
        content += source.read(wanted - len(content))
        if len(content) < wanted:
            budget.note("it is cut short")
        with one_of_many(budget):
            read_into(budget, name, "", content)
    budget.add("\n")
    return len(content)


def _read_header(block: bytes) -> _Header | None:
    """Read a header; None at the end. Raises Unreadable."""
    if len(block) < _BLOCK or not block.strip(b"\0"):
        return None
    if sum(block) - sum(block[_SUM]) + 8 * ord(" ") != _read_octal(block[_SUM]):
        raise Unreadable("it is damaged")
    kind = chr(block[_KIND])
    has_map = kind == _SPARSE and block[_MORE] != 0
    return _Header(kind, block[_NAME].partition(b"\0")[0], _read_size(block[_SIZE]), has_map)


def _read_size(field: bytes) -> int:
    if not field[0] & 0x80:
        return _read_octal(field)
    if field[0] & 0x40:  # GNU's way for large numbers: of two's complement, a negative one
        raise Unreadable("it is damaged")
    return int.from_bytes(field, "big") - (1 << 95)


def _read_octal(field: bytes) -> int:
    if not field.strip(b" \0"):
        return 0
    found = _OCTAL.fullmatch(field)
    if found is None:
        raise Unreadable("it is damaged")
    return int(found[1], 8)


def _listen(told: _Told, kind: str, about: bytes) -> _Told:
    """What is told of the next file: its name alone, or records as `16 path=a/b.txt`. Raises Unreadable."""
    if kind == _LONG_NAME:
        return told._replace(name=about.partition(b"\0")[0])
    at = 0
    while found := _RECORD.match(about, at):
        end = at + int(found[1])
        value = about[found.end() : end].removesuffix(b"\n")
        if found[2] in _ABOUT_NAME:
            told = told._replace(name=value)
        elif found[2] == b"size":
            if not value.isdigit() or len(value) > _DIGITS:
                raise Unreadable("it is damaged")
            told = told._replace(size=int(value))
        at = max(end, found.end())
    return told
