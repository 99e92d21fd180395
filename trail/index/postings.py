"""The postings of a commit, gathered by term: takes the place of Whoosh's own pool, which sorts and pickles each alone.

In: postings, the documents of a term in ascending order. Out: the same, sorted by field and term.
Beyond its limit of memory it puts what it has on the disk, in runs that are merged in the end.
"""

from __future__ import annotations

import heapq
import marshal
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    Posting = tuple[str, bytes, int, float, bytes | None]
    """Field, term, document, weight, and the encoded positions, where the field has them."""
    Value = int | float | bytes | None
    Row = tuple[tuple[str, bytes], list[Value]]
    """Field and term, then document, weight and positions of each posting, one after the other."""

_POSTING_BYTES = 100
"""What a posting takes in memory besides its positions: a number, a float, three pointers, the head of a bytes object."""
_TERM_BYTES = 350
_BLOCK = 20_000
"""Values that are read back at once, at least."""


class PostingPool:
    """What Whoosh's writer asks of a pool. Runs go to `folder`, which the writer removes; `limit` is in bytes, and rough."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._rows: dict[tuple[str, bytes], list[Value]] = {}
        self._size = 0
        self._runs: list[Path] = []

    def add(self, posting: Posting) -> None:
        """Take a posting in."""
        field, term, document, weight, positions = posting
        row = self._rows.get((field, term))
        if row is None:
            row = self._rows[field, term] = []
            self._size += _TERM_BYTES
        row += (document, weight, positions)
        self._size += _POSTING_BYTES + (len(positions) if positions else 0)
        if self._size > self._limit:
            self._save()

    def iter_postings(self) -> Iterator[Posting]:
        """Give all back, in order. Once."""
        rows = sorted(self._rows.items(), key=itemgetter(0))
        self._rows = {}
        # of equal terms, merge takes the earlier run first: documents stay in order
        for (field, term), row in heapq.merge(*map(_read_run, self._runs), rows, key=itemgetter(0)):
            values = iter(row)
            for document, weight, positions in zip(values, values, values, strict=True):
                yield field, term, document, weight, positions  # type: ignore[misc] # three kinds in one list

    def cleanup(self) -> None:
        """Nothing to do: the writer removes the folder with the runs."""

    def _save(self) -> None:
        path = self._folder / f"{len(self._runs)}.postings"
        with path.open("wb") as file:
            block: list[Row] = []
            held = 0
            for key in sorted(self._rows):
                row = self._rows.pop(key)
                block.append((key, row))
                held += len(row)
                if held >= _BLOCK:
                    _write_block(file, block)
                    block, held = [], 0
            _write_block(file, block)
        self._runs.append(path)
        self._size = 0


def _write_block(file: BinaryIO, block: list[Row]) -> None:
    content = marshal.dumps(block)
    file.write(len(content).to_bytes(8, "big") + content)


def _read_run(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        while length := file.read(8):
            yield from marshal.loads(file.read(int.from_bytes(length, "big")))  # noqa: S302 - written by this process, a moment ago
