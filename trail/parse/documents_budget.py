"""What one attachment may cost, with all that is packed in it: the limits, and the text that was read within them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MEBIBYTE = 1 << 20
CHARACTERS = 2_000_000
"""Of text that are kept."""
MEMBERS = 2000
"""Files that are unpacked."""
UNPACKED = 256 * MEBIBYTE
"""Bytes they may come to, all together."""
DEPTH = 5
"""Of packed things in packed things."""
RATIO = 400
"""Times its packed size a file of more than a mebibyte may have. Deflate reaches 1,032, documents seldom 100."""


class Unreadable(Exception):
    """Why a document, or a part of it, cannot be read: "it is encrypted". Nothing of its content."""


class Spent(Unreadable):
    """A limit of the whole attachment is reached: what was read so far is what is searched."""


class Budget:
    """What is left of the limits. The text read so far is `text`; `problem` is what kept some from being read."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._room = CHARACTERS
        self._members = MEMBERS
        self._unpacked = UNPACKED
        self._depth = 0
        self.problem = ""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._pieces)

    def note(self, problem: str) -> None:
        """Keep the first problem: it is mostly the cause of the others."""
        self.problem = self.problem or problem

    def add(self, text: str) -> None:
        """Take a piece of text. Raises Spent where there is no more room."""
        self._pieces.append(text[: self._room])
        self._room -= len(text)
        if self._room < 0:
            self._room = 0
            raise Spent(f"only its first {CHARACTERS:,} characters are searched")

    def count_member(self) -> None:
        """One more packed file. Raises Spent."""
        self._members -= 1
        if self._members < 0:
            raise Spent(f"only the first {MEMBERS:,} of the files in it are searched")

    def count_bytes(self, size: int, packed: int, so_far: int) -> None:
        """`size` more bytes were unpacked of a file: `so_far` with these, of `packed`. Raises Spent, or Unreadable."""
        self._unpacked -= size
        if self._unpacked < 0:
            raise Spent(f"unpacked, it has more than {UNPACKED // MEBIBYTE} MiB")
        if so_far > MEBIBYTE and so_far > RATIO * max(packed, 1):
            raise Unreadable(f"it unpacks to more than {RATIO} times its size")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """While what is packed in something is read. Raises Unreadable."""
        if self._depth == DEPTH:
            raise Unreadable(f"it is packed more than {DEPTH} times over")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
