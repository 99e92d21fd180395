"""Bytes that wait in a file for their place in a bundle, written and hashed by whoever read them.

In: bytes, and a name that is nobody else's. Out: a Draft. The file is moved into the bag, so that what a worker process has
read needs not pass through another. Never: keeps the bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.handoff.building import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 1024
SMALL = 64 * 1024
"""Bytes that are quicker handed on than written to a file and moved."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A file with all of the bytes."""

    path: Path
    digest: str
    """SHA-256 in hex."""
    size: int
    head: bytes
    """How they begin: HEAD bytes at most."""


@dataclass(frozen=True, slots=True)
class Drafts:
    """A folder for drafts on the disk of the bundle `out`."""

    folder: Path
    out: Path

    def write(self, name: str, content: bytes, digest: str = "") -> bytes | Draft:
        """Write a draft anew, unless there is little of it; `digest` is its SHA-256 where that is known.

        Raises ArchiveFull, ArchiveReadOnly.
        """
        if len(content) <= SMALL:
            return content
        path = self.folder / name
        with disk_errors(self.out):
            path.write_bytes(content)
        digest = digest or hashlib.sha256(content).hexdigest()
        return Draft(path, digest, len(content), content[:HEAD])


def size_of(content: bytes | Draft) -> int:
    """Bytes, wherever they are."""
    return len(content) if isinstance(content, bytes) else content.size
