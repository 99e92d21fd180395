"""Data of the pages in script files: a page opened from a disk may run scripts, and read nothing else.

In: rows of values, made of lists, texts and numbers. Out: files of the bag, each one call `trail("text",3,[…]);`.
Never: keeps more than one file's rows in memory, or writes what is not JSON and UTF-8.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from trail.handoff.bag import Bag

FOLDER = "pages"
_PIECE = 1 << 20
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# JSON allows these two in a text, scripts before ES2019 do not.
_LINE_ENDS = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})


class Chunks:
    """Rows of one kind on their way into files of about `limit` bytes and at most `rows` rows each."""

    def __init__(self, spool: Path, kind: str, limit: int, rows: int = 1_000_000) -> None:
        self._spool = spool
        self._kind = kind
        self._limit = limit
        self._most = rows
        self._rows: list[str] = []
        self._size = 0
        self.files = 0
        """How many there are, once `write` was called."""

    def add(self, row: Any) -> tuple[int, int]:
        """Take up a row; return the number of its file and its place there, both from 0."""
        text = write_json(row)
        if self._rows and (self._size + len(text) > self._limit or len(self._rows) >= self._most):
            self._spool_rows()
        self._rows.append(text)
        self._size += len(text)
        return self.files, len(self._rows) - 1

    def write(self, bag: Bag) -> None:
        """Write the files. No row may follow."""
        if self._rows:
            self._spool_rows()
        for number in range(self.files):
            file = bag.open_file(name_chunk(self._kind, number))
            with self._draft(number).open("rb") as draft:
                while piece := draft.read(_PIECE):
                    file.write(piece)
            bag.close_file(file)

    def _spool_rows(self) -> None:
        document = f"[{','.join(self._rows)}]"
        self._draft(self.files).write_bytes(format_chunk(self._kind, self.files, document))
        self.files += 1
        self._rows = []
        self._size = 0

    def _draft(self, number: int) -> Path:
        return self._spool / f"{self._kind}-{number}"


def name_chunk(kind: str, number: int) -> str:
    """Return a file's path: `pages/text-00003.js`."""
    return f"{FOLDER}/{kind}-{number:05d}.js"


def format_chunk(kind: str, number: int, document: str) -> bytes:
    """Return a file's content from its JSON."""
    return f'trail("{kind}",{number},{document});\n'.encode()


def write_json(value: Any) -> str:
    """Return JSON on one line that is also a script's expression."""
    text = _encode(value)
    return text.translate(_LINE_ENDS) if "\u2028" in text or "\u2029" in text else text
