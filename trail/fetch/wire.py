"""FETCH responses, read strictly.

Comes in: the lines and literals of an untagged FETCH response. Goes out: a dict, only with what was said of that very UID. It never guesses: an answer without a UID is no answer (RFC 9051, section 7.5.2: servers may send flag
updates at any time, numbered by sequence).

IMAPClient's own reader takes the sequence number for the UID there, and one bad token costs it the whole batch.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_START = re.compile(rb"\* \d+ FETCH ", re.IGNORECASE)
# What nearly every answer looks like, in whatever order: read ten times as fast as by its tokens
_PLAIN = re.compile(
    rb"\* \d+ FETCH \((?:UID (?P<uid>\d{1,19}) |FLAGS \((?P<flags>[^()\"{}]*)\) |INTERNALDATE \"(?P<date>[^\"\\]*)\" "
    rb"|RFC822\.SIZE (?P<size>\d{1,19}) |MODSEQ \(\d+\) )*(?P<what>BODY\[(?:HEADER)?\]) \{\d+\}"
)
_SIZE = re.compile(
    rb"\* \d+ FETCH \((?:UID (\d{1,19}) RFC822\.SIZE (\d{1,19})|RFC822\.SIZE (\d{1,19}) UID (\d{1,19}))\)"
)
_TOKEN = re.compile(
    rb'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<literal>~?\{\d+\+?\}$)|(?P<atom>(?i:BODY|BINARY|BINARY\.SIZE)\[[^\]]*\](?:<\d+>)?|[^\s()"{]+))'
)
_UNSAFE = re.compile(rb"\\(.)")
_MONTHS = {
    m: n
    for n, m in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_INTERNALDATE = re.compile(
    rb"\s*(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
)

Item = dict[str, Any]
"""Upper-case item name -> bytes, int, None (NIL) or a list of bytes and lists. `BODY[]`, `BODY[HEADER]`, `UID`, `FLAGS` …"""
Chunk = tuple[bytes, Any]
"""A line without its end, and the literal it announces (bytes, or what a spool made of it) or None."""
_LONGEST_NUMBER = 20
"""Digits of the largest number IMAP has, a number64."""


class UnreadableResponse(ValueError):
    """A FETCH response that does not follow the grammar."""


def read_answer(chunks: Sequence[Chunk]) -> Item:
    """One FETCH response, token by token. Raises UnreadableResponse."""
    tokens = _tokenise(chunks)
    if next(tokens, None) != ("open", b"("):
        raise UnreadableResponse
    values = _read_list(tokens)
    item: Item = {}
    for name, value in zip(values[::2], values[1::2], strict=False):
        if not isinstance(name, bytes):
            raise UnreadableResponse
        item[name.decode("ascii", "replace").upper()] = value
    return item


def read_plain_answer(line: bytes, literal: object) -> Item | None:
    """One FETCH response of the common kind: a single literal, and nothing but a parenthesis after it. None: of another kind."""
    match = _PLAIN.fullmatch(line)
    if match is None:
        return None
    uid, flags, date, size, what = match.group("uid", "flags", "date", "size", "what")
    item: Item = {what.decode(): literal}
    if uid is not None:
        item["UID"] = int(uid)
    if flags is not None:
        item["FLAGS"] = flags.split()
    if date is not None:
        item["INTERNALDATE"] = date
    if size is not None:
        item["RFC822.SIZE"] = int(size)
    return item


def read_size_answer(line: bytes) -> Item | None:
    """One FETCH response that tells nothing but UID and RFC822.SIZE. None: of another kind."""
    match = _SIZE.fullmatch(line)
    if match is None:
        return None
    uid, size, size_first, uid_last = match.groups()
    return {"UID": int(uid or uid_last), "RFC822.SIZE": int(size or size_first)}


def read_internaldate(value: object) -> datetime | None:
    """INTERNALDATE in UTC; None when missing or absurd."""
    match = _INTERNALDATE.fullmatch(value) if isinstance(value, bytes) else None
    if match is None:
        return None
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    try:
        zone = timezone(-offset if sign == b"-" else offset)
        moment = datetime(
            int(year),
            _MONTHS[month.decode().lower()],
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=zone,
        )
        return moment.astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        return None


def compress_uids(uids: Sequence[int]) -> str:
    """An IMAP sequence set (RFC 9051, section 9: sequence-set) of ascending UIDs: `1:3,7`."""
    parts: list[str] = []
    start = previous = -1
    for uid in [*uids, -1]:
        if uid == previous + 1 and start >= 0:
            previous = uid
            continue
        if start >= 0:
            parts.append(str(start) if start == previous else f"{start}:{previous}")
        start = previous = uid
    return ",".join(parts)


def _read_list(tokens: Iterator[tuple[str, Any]]) -> list[Any]:
    """Values up to the closing parenthesis; nesting is bounded by what a FETCH item can hold."""
    stack: list[list[Any]] = [[]]
    for kind, text in tokens:
        if kind == "open":
            stack.append([])
        elif kind == "close":
            done = stack.pop()
            if not stack:
                return done
            stack[-1].append(done)
        else:
            # inside a list `007` and `nil` are flags or labels of these names
            stack[-1].append(_read_atom(text) if kind == "atom" and len(stack) == 1 else text)
    raise UnreadableResponse


def _read_atom(text: bytes) -> int | bytes | None:
    if text.isdigit() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    return None if text.upper() == b"NIL" else text


def _tokenise(chunks: Sequence[Chunk]) -> Iterator[tuple[str, Any]]:
    for number, (text, literal) in enumerate(chunks):
        start = _START.match(text) if number == 0 else None
        position, end = start.end() if start else 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None or match.end() == position:
                raise UnreadableResponse
            position = match.end()
            kind = match.lastgroup
            if kind == "literal":
                if literal is None:
                    raise UnreadableResponse
                yield "literal", literal
            elif kind == "quoted":
                yield "quoted", _UNSAFE.sub(rb"\1", match["quoted"])
            else:
                yield kind, match[kind] if kind == "atom" else match[0].strip()
