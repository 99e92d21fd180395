"""FETCH responses, read strictly.

Comes in: what imaplib collected of untagged FETCH responses. Goes out: one dict an answer, only with what was said of
that very UID. It never guesses: an answer without a UID is no answer (RFC 9051, section 7.5.2: servers may send flag
updates at any time, numbered by sequence).

IMAPClient's own reader takes the sequence number for the UID there, and one bad token costs it the whole batch.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_START = re.compile(rb"\d+ \(")
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
_LONGEST_NUMBER = 20
"""Digits of the largest number IMAP has, a number64."""


class UnreadableResponse(ValueError):
    """A FETCH response that does not follow the grammar."""


def read_fetch(data: Iterable[bytes | tuple[bytes, bytes] | None]) -> tuple[dict[int, Item], int]:
    """Answers by UID, merged where a server splits them, and the number of responses that could not be read."""
    answers: dict[int, Item] = {}
    unreadable = 0
    for chunks in _split_responses(data):
        try:
            item = _read_items(chunks)
        except UnreadableResponse:
            unreadable += 1
            continue
        uid = item.get("UID")
        if isinstance(uid, int):
            answers.setdefault(uid, {}).update(item)
    return answers, unreadable


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


def _split_responses(
    data: Iterable[bytes | tuple[bytes, bytes] | None],
) -> Iterator[list[bytes | tuple[bytes, bytes]]]:
    """Undo the flat list that imaplib hands over: a response begins where a number and a parenthesis do."""
    current: list[bytes | tuple[bytes, bytes]] = []
    for chunk in data:
        if chunk is None:
            continue
        text = chunk[0] if isinstance(chunk, tuple) else chunk
        if _START.match(text) and current:
            yield current
            current = []
        current.append(chunk)
    if current:
        yield current


def _read_items(chunks: list[bytes | tuple[bytes, bytes]]) -> Item:
    tokens = _tokenise(chunks)
    if next(tokens, None) is None or next(tokens, None) != ("open", b"("):
        raise UnreadableResponse
    values = _read_list(tokens)
    item: Item = {}
    for name, value in zip(values[::2], values[1::2], strict=False):
        if not isinstance(name, bytes):
            raise UnreadableResponse
        item[name.decode("ascii", "replace").upper()] = value
    return item


def _read_list(tokens: Iterator[tuple[str, bytes]]) -> list[Any]:
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


def _tokenise(chunks: list[bytes | tuple[bytes, bytes]]) -> Iterator[tuple[str, bytes]]:
    for chunk in chunks:
        text, literal = chunk if isinstance(chunk, tuple) else (chunk, None)
        position, end = 0, len(text.rstrip())
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
