"""UID FETCH over a connection: commands sent ahead, answers read as they come, large messages streamed to the disk.

Comes in: UIDs and the items asked for. Goes out: answers by UID. It works below IMAPClient, on the imaplib connection
IMAPClient keeps: that collects a whole batch with every message in it before it gives any of it out.
"""

from __future__ import annotations

import re
from imaplib import IMAP4
from typing import TYPE_CHECKING, Any

from trail.fetch.wire import (
    UnreadableResponse,
    compress_uids,
    read_answer,
    read_plain_answer,
    read_size_answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from trail.fetch.source import Spool
    from trail.fetch.wire import Chunk, Item

SPOOL_FROM = 1024 * 1024
"""Bytes of a literal from which it goes to the disk while it comes."""
_PIECE = 256 * 1024
_LITERAL = re.compile(rb"\{(\d{1,19})\+?\}$")
_ANSWER = re.compile(rb"\* \d+ FETCH\b", re.IGNORECASE)
_MESSAGE = re.compile(rb"BODY\[\] ~?\{\d+\+?\}$", re.IGNORECASE)

Refusal = str
"""What the server said with its NO or BAD."""


class Exchange:
    """The FETCH commands under way on one connection. Raises imaplib's `abort` when the line breaks."""

    def __init__(self, imap: Any) -> None:
        self._imap = imap
        self._spool: Callable[[], Spool] | None = None
        self.answers: dict[int, Item] = {}
        """What came and was not taken yet; answers a server splits are merged."""
        self.unreadable = 0
        """Answers since the last command that could not be read."""

    def send(self, uids: Sequence[int], items: str) -> bytes:
        """Ask; returns the tag by which `receive` knows the end of the answer."""
        return self.send_set(compress_uids(uids), items)

    def send_set(self, uid_set: str, items: str) -> bytes:
        """The same of a sequence set, such as `5:900`."""
        tag: bytes = self._imap._new_tag()  # noqa: SLF001 - imaplib has no public way to send ahead
        self._imap.send(b"%s UID FETCH %s %s\r\n" % (tag, uid_set.encode(), items.encode()))
        return tag

    def receive(self, tag: bytes, spool: Callable[[], Spool] | None = None) -> Refusal | None:
        """Read up to the end of that command; what the server said where it refused. `spool` takes large messages."""
        self._spool = spool
        self.unreadable = 0
        while True:
            line = self._read_line()
            if line.startswith(b"* "):
                self._read_untagged(line)
                continue
            got, _, rest = line.partition(b" ")
            if got == tag:
                self._imap.tagged_commands.pop(tag, None)
                kind, _, text = rest.partition(b" ")
                return None if kind.upper() == b"OK" else text.decode("utf-8", "replace")
            if got != b"+":
                raise IMAP4.abort(f"unexpected answer: {line[:60]!r}")

    def take(self, uids: Collection[int]) -> dict[int, Item]:
        """The answers to these."""
        return {uid: self.answers.pop(uid) for uid in uids if uid in self.answers}

    def forget(self, coming: Collection[int] = ()) -> None:
        """Drop what nobody asked for (changed flags, say), but for messages still `coming`."""
        if self.answers:
            self.answers = {uid: item for uid, item in self.answers.items() if uid in coming}

    def _read_untagged(self, line: bytes) -> None:
        if _ANSWER.match(line):
            self._read_answer(line)
            return
        if line[:6].upper() == b"* BYE ":
            raise IMAP4.abort(line[6:].decode("utf-8", "replace"))
        while match := _LITERAL.search(line):  # in an answer to somebody else's question
            self._read_exactly(int(match[1]))
            line = self._read_line()

    def _read_answer(self, line: bytes) -> None:
        if match := _LITERAL.search(line):
            literal = self._read_literal(line, int(match[1]))
            rest = self._read_line()
            item = read_plain_answer(line, literal) if rest == b")" else None
            if item is None:
                chunks: list[Chunk] = [(line, literal)]
                while match := _LITERAL.search(rest):
                    chunks.append((rest, self._read_literal(rest, int(match[1]))))
                    rest = self._read_line()
                item = self._read_slowly([*chunks, (rest, None)])
        elif sized := read_size_answer(line):
            item = sized
        else:
            item = self._read_slowly([(line, None)])
        uid = item.get("UID") if item is not None else None
        if item is not None and isinstance(uid, int):
            before = self.answers.get(uid)
            self.answers[uid] = item if before is None else {**before, **item}

    def _read_slowly(self, chunks: list[Chunk]) -> Item | None:
        try:
            return read_answer(chunks)
        except UnreadableResponse:
            self.unreadable += 1
            return None

    def _read_literal(self, line: bytes, size: int) -> Any:
        if size < SPOOL_FROM or self._spool is None or not _MESSAGE.search(line):
            return self._read_exactly(size)
        spool = self._spool()
        try:
            left = size
            while left:
                piece = self._read_exactly(min(left, _PIECE))
                spool.write(piece)
                left -= len(piece)
            return spool.finish()
        except BaseException:
            spool.discard()
            raise

    def _read_exactly(self, size: int) -> bytes:
        content: bytes = self._imap.read(size)
        if len(content) != size:
            raise IMAP4.abort("socket error: EOF")
        return content

    def _read_line(self) -> bytes:
        try:
            line: bytes = self._imap._get_line()  # noqa: SLF001 - as above
        except IMAP4.abort:
            raise
        except IMAP4.error as error:  # a line without end
            raise IMAP4.abort(str(error)) from None
        return line
