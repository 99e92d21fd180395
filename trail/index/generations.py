"""Which segments make up the index: a small file, written anew with every commit.

In: a folder. Out: the newest state of the index in it, and new states, durably. `_MAIN_<number>.toc` is JSON of two
lines, the second of which is the CRC-32 of the first; see docs/formats/index.md.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.index.bitmaps import count_bytes
from trail.index.segment import Damaged

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
NAME = "MAIN"
_FILE = re.compile(rf"_{NAME}_([0-9]+)\.toc")


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment of a state: how many documents its file has, and which of them were removed since, as bits."""

    name: str
    documents: int
    removed: int = 0

    @property
    def left(self) -> int:
        """How many documents are there."""
        return self.documents - self.removed.bit_count()


@dataclass(frozen=True, slots=True)
class State:
    """A state of the index; `number` grows with every commit."""

    number: int
    segments: tuple[Listed, ...] = ()


def find_newest(folder: Path) -> int:
    """Return the number of the newest state. Raises OSError, FileNotFoundError where there is none."""
    numbers = [int(match[1]) for path in folder.iterdir() if (match := _FILE.fullmatch(path.name))]
    if not numbers:
        raise FileNotFoundError(folder)
    return max(numbers)


def read_state(folder: Path, number: int) -> State:
    """Return a state. Raises FileNotFoundError when a newer one took its place, OSError, and Damaged."""
    line, _, checksum = make_path(folder, number).read_bytes().partition(b"\n")
    try:
        if int(checksum, 16) != zlib.crc32(line):
            raise Damaged("the list of segments")
        read = json.loads(line)
        if read["format"] != FORMAT:
            raise Damaged(f"a list of segments of format {read['format']}")
        listed = [
            Listed(s["name"], s["documents"], _unpack_bits(s["removed"])) for s in read["segments"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged("the list of segments") from error
    return State(number, tuple(listed))


def write_state(folder: Path, state: State) -> None:
    """Publish a state: after this a search sees it, and so does one after a power cut."""
    segments = [
        {
            "name": segment.name,
            "documents": segment.documents,
            "removed": _pack_bits(segment.removed, segment.documents),
        }
        for segment in state.segments
    ]
    line = json.dumps({"format": FORMAT, "segments": segments}).encode()
    write_durably(make_path(folder, state.number), line + f"\n{zlib.crc32(line):08x}".encode())


def make_path(folder: Path, number: int) -> Path:
    """Return where the state of that number is."""
    return folder / f"_{NAME}_{number}.toc"


def write_durably(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all."""
    half = path.with_name(path.name + ".tmp")
    half.write_bytes(content)
    sync_path(half)
    half.replace(path)
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """Bring a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pack_bits(bits: int, size: int) -> str:
    return b64encode(zlib.compress(bits.to_bytes(count_bytes(size), "little"))).decode() * bool(
        bits
    )


def _unpack_bits(packed: str) -> int:
    return int.from_bytes(zlib.decompress(b64decode(packed)), "little") if packed else 0
