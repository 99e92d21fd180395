"""A BagIt bag (RFC 8493) that is written front to back: every file once, hashed on its way to the disk.

In: bytes and the path each belongs to, checked by `names` before. Out: files, and the manifests over them.
Never: reads a file again, or keeps more in memory than one line a tag file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from typing import TYPE_CHECKING, Self

from trail.handoff.drafts import Draft
from trail.handoff.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


class HashedFile:
    """A new file that knows the SHA-256 and the size of what was written to it."""

    def __init__(self, root: Path, path: str) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        target = root / path
        try:
            self._file = target.open("xb")
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = target.open("xb")

    def write(self, content: bytes) -> None:
        """Append `content`."""
        self._file.write(content)
        self._hash.update(content)
        self.size += len(content)

    def close(self) -> str:
        """Close the file and return its SHA-256 in hex."""
        self._file.close()
        return self._hash.hexdigest()

    def abandon(self) -> None:
        """Close the file whatever the disk says: it is about to be removed."""
        with contextlib.suppress(OSError):
            self._file.close()


class Bag:
    """A bag under construction in an empty folder. A context manager, so that no file stays open."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.payload_bytes = 0
        self.payload_files = 0
        self.info: list[tuple[str, str]] = []
        """Fields of bag-info.txt that whoever writes files has to say of them."""
        self._open: set[HashedFile] = set()
        self._tags: dict[str, str] = {}
        self._manifest = self.open_file("manifest-sha256.txt")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._open:
            file.abandon()

    def open_file(self, path: str) -> HashedFile:
        """Open a new file of the payload (`data/…`) or a tag file; `close_file` records it."""
        file = HashedFile(self.root, path)
        self._open.add(file)
        return file

    def close_file(self, file: HashedFile) -> str:
        """Close a file, list it in its manifest and return its SHA-256 in hex."""
        digest = file.close()
        self._open.discard(file)
        self._list(file.path, digest, file.size)
        return digest

    def _list(self, path: str, digest: str, size: int) -> None:
        if path.startswith("data/"):
            self.payload_files += 1
            self.payload_bytes += size
            self._manifest.write(f"{digest}  {path}\n".encode())
        else:
            self._tags[path] = digest

    def write_file(self, path: str, content: bytes | Draft) -> str:
        """Write a whole file, or move a draft there, list it in its manifest and return its SHA-256 in hex."""
        if isinstance(content, Draft):
            return self._take(path, content)
        file = self.open_file(path)
        file.write(content)
        return self.close_file(file)

    def _take(self, path: str, draft: Draft) -> str:
        target = self.root / path
        if target.exists():  # as in open_file: nothing is ever written over
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        try:
            draft.path.rename(target)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.path.rename(target)
        self._list(path, draft.digest, draft.size)
        return draft.digest

    def rename_tag_file(self, path: str, new_path: str) -> None:
        """Give a closed tag file its final name."""
        (self.root / path).rename(self.root / new_path)
        self._tags[new_path] = self._tags.pop(path)

    def write_info(self, fields: Iterable[tuple[str, str]]) -> None:
        """Write bag-info.txt, each field on one line; empty values are left out."""
        lines = [f"{name}: {one_line(value)}\n" for name, value in fields if value]
        self.write_file("bag-info.txt", "".join(lines).encode())

    def seal(self) -> tuple[str, bytes]:
        """Write what makes the folder a bag; return the SHA-256 of the tag manifest in hex, and the manifest itself."""
        self.write_file("bagit.txt", DECLARATION)
        self.close_file(self._manifest)
        tagmanifest = HashedFile(self.root, "tagmanifest-sha256.txt")
        self._open.add(tagmanifest)
        lines = "".join(f"{self._tags[path]}  {path}\n" for path in sorted(self._tags)).encode()
        tagmanifest.write(lines)
        self._open.discard(tagmanifest)
        return tagmanifest.close(), lines

    def add_unlisted(self, path: str, content: bytes) -> None:
        """Write what no manifest can list, for it follows from the tag manifest. Only after `seal`."""
        file = HashedFile(self.root, path)
        self._open.add(file)
        file.write(content)
        self._open.discard(file)
        file.close()
