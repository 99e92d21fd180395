"""Messages in one mbox file (mboxrd), framed so that each one's exact bytes come out again.

    From <Mailbag-Message-ID>@mailbag.invalid Tue Mar  5 10:11:12 2024 LF
    the message's bytes; a line that matches `^>*From ` has one more `>` in front
    LF                     after a message that ends in LF
    LF LF                  after one that does not; its From_ line has `@unterminated.mailbag.invalid`

Lines end at LF only: CRLF, bare CR and zero bytes stay what they are. Never: reads a whole file into memory.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_TO_QUOTE = re.compile(rb"^(?=>*From )", re.MULTILINE)
_QUOTED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_FROM_LINE = re.compile(rb"^From [^\n]*\n?", re.MULTILINE)
_OUR_FROM_LINE = re.compile(rb"From (\S+)@(unterminated\.)?mailbag\.invalid ")
_LONGEST_FROM_LINE = 1 << 16


def frame_message(content: bytes, mailbag_id: str, received_at: datetime) -> tuple[bytes, ...]:
    """Return what is to be written of a message, in pieces."""
    from_line, last = _frame(content.endswith(b"\n"), mailbag_id, received_at)
    return from_line, quote(content), last


def _frame(whole: bool, mailbag_id: str, received_at: datetime) -> tuple[bytes, bytes]:  # noqa: FBT001 - of two callers here
    """What stands before and behind a message, which ends in LF when it is `whole`."""
    host = "mailbag.invalid" if whole else "unterminated.mailbag.invalid"
    from_line = f"From {mailbag_id}@{host} {received_at.ctime()}\n".encode()
    return from_line, b"\n" if whole else b"\n\n"


def frame_file(
    stream: BinaryIO, mailbag_id: str, received_at: datetime, block: int = 1 << 20
) -> Iterator[bytes]:
    """The same for a message in a file. Memory: a few blocks, or a line of nothing but `>`."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - 1))
    from_line, last = _frame(stream.read(1) == b"\n", mailbag_id, received_at)
    stream.seek(0)
    yield from_line
    yield from _iter_quoted(stream, block)
    yield last


def _iter_quoted(stream: BinaryIO, block: int) -> Iterator[bytes]:
    rest = b""
    inside_line = False
    while True:
        read = stream.read(block)
        rest += read
        ready = _count_ready(rest, inside_line=inside_line, is_mbox=False) if read else len(rest)
        lines, rest = rest[:ready], rest[ready:]
        start = (lines.find(b"\n") + 1 or len(lines)) if inside_line else 0
        yield lines[:start]
        yield quote(lines[start:])
        if lines:
            inside_line = not lines.endswith(b"\n")
        if not read:
            return


def quote(content: bytes) -> bytes:
    """Put one more `>` before every line that a reader could take for a From_ line or a quoted one."""
    return _TO_QUOTE.sub(b">", content) if b"From " in content else content


def unquote(content: bytes) -> bytes:
    """Take back what `quote` did."""
    return _QUOTED.sub(b"", content) if b">From " in content else content


def read_mbox(stream: BinaryIO, block: int = 1 << 16) -> Iterator[str | bytes]:
    """Yield a str for each From_ line (its Mailbag-Message-ID, "" if not ours), then the message's bytes in pieces.

    Bytes before the first From_ line come without a str. Memory: two blocks, or a line of nothing but `>`.
    """
    rest = b""
    inside_line = False
    tail = _Tail()
    while True:
        read = stream.read(block)
        rest += read
        ready = _count_ready(rest, inside_line=inside_line) if read else len(rest)
        lines, rest = rest[:ready], rest[ready:]
        position = 0
        if inside_line:
            position = lines.find(b"\n") + 1 or len(lines)
            yield from tail.push(lines[:position])
        for from_line in _FROM_LINE.finditer(lines):
            if from_line.start() < position:
                continue
            yield from tail.push(unquote(lines[position : from_line.start()]))
            yield from tail.close()
            ours = _OUR_FROM_LINE.match(from_line.group())
            tail = _Tail(2 if ours and ours[2] else 1)
            yield ours[1].decode("ascii", "replace") if ours else ""
            position = from_line.end()
        yield from tail.push(unquote(lines[position:]))
        if lines:
            inside_line = not lines.endswith(b"\n")
        if not read:
            yield from tail.close()
            return


def _count_ready(rest: bytes, *, inside_line: bool, is_mbox: bool = True) -> int:
    """Return how many bytes of `rest` can be understood without the bytes that follow: in an mbox a From_ line ends first."""
    complete = rest.rfind(b"\n") + 1
    if complete or inside_line:
        return complete or len(rest)
    start = rest.lstrip(b">")
    undecided = len(start) < len(b"From ")
    from_line = is_mbox and rest.startswith(b"From ") and len(rest) < _LONGEST_FROM_LINE
    return 0 if undecided or from_line else len(rest)


class _Tail:
    """Holds back the LFs that the framing put after a message."""

    def __init__(self, length: int = 0) -> None:
        self._length = length
        self._held = b""

    def push(self, piece: bytes) -> Iterator[bytes]:
        """Yield what surely belongs to the message."""
        self._held += piece
        sure = len(self._held) - self._length
        if sure > 0:
            yield self._held[:sure]
            self._held = self._held[sure:]

    def close(self) -> Iterator[bytes]:
        """Yield what is held when it is not the framing's: the message then differs, and that shows."""
        if self._held != b"\n" * self._length:
            yield self._held
