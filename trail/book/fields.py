"""What each field of an entry may be in a file of the book: checked strictly, refused in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, get_args

from trail.book.due import read_lead
from trail.book.ids import is_id
from trail.errors import InvalidQuery
from trail.model.book import Agreement, AgreementKind, EntryKind, RequestState, Struck
from trail.model.waiting import Settled, Side

if TYPE_CHECKING:
    from collections.abc import Callable

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HEX = re.compile(r"(?:[0-9a-f]{64})?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def read_value(kind: type[Any], name: str, value: Any, *, optional: bool) -> Any:
    """The value of a field of a kind of entry; None where it is `optional`. Raises ValueError saying what it must be."""
    if value is None and optional:
        return None
    if name in ("private", "undone"):
        return _check(value, bool, "must be true or false")
    text = str(_check(value, str, "must be a text"))
    if name == "at" or name.endswith("_at") or (kind, name) == (Settled, "until"):
        return _read_moment(text)
    if name in ("due", "since", "until", "asked_on"):
        return _read_day(text)
    if read := _TEXTS.get((kind, name)) or _TEXTS.get((None, name)):
        read(text)
    text.encode()  # halves of characters are no text: UnicodeEncodeError is a ValueError
    return text


def _check(value: Any, kind: type, words: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(words)  # noqa: TRY004 - told to a person, with the others
    return value


def _read_moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError("must be a moment such as 2026-03-05T09:30:00Z")
    moment = datetime.fromisoformat(text)
    if moment < _EARLIEST:
        raise ValueError("must be no earlier than 1970")
    return moment


def _read_day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError("must be a day such as 2026-03-05")
    return date.fromisoformat(text)


def _one_of(*choices: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")

    return check


def _check_id(text: str) -> None:
    if not is_id(text):
        raise ValueError("must be an id: six of 0-9 and a-z without i, l, o, u")


def _check_slug(text: str) -> None:
    if not _SLUG.fullmatch(text):
        raise ValueError("must be the slug of a client")


def _check_hex(text: str) -> None:
    if not _HEX.fullmatch(text):
        raise ValueError("must be a SHA-256 in hex")


def _check_key(text: str) -> None:
    if not text:
        raise ValueError("must be the key of a message")
    _check_hex(text)


def _check_origin(text: str) -> None:
    if text:
        _check_id(text)


def _check_lead(text: str) -> None:
    try:
        if text:
            read_lead(text)
    except InvalidQuery:
        raise ValueError("must be a length of time such as 30d") from None


def _check_some(text: str) -> None:
    if not text.strip():
        raise ValueError("says nothing")


_TEXTS: dict[tuple[type[Any] | None, str], Callable[[str], None]] = {
    (None, "id"): _check_id,
    (None, "client"): _check_slug,
    (None, "text"): _check_some,
    (None, "source"): _check_hex,
    (None, "key"): _check_key,
    (None, "by"): _one_of(*get_args(Side)),
    (None, "digest"): _check_hex,
    (None, "origin"): _check_origin,
    (None, "remind"): _check_lead,
    (None, "state"): _one_of(*get_args(RequestState)),
    (Agreement, "kind"): _one_of(*get_args(AgreementKind)),
    (Struck, "kind"): _one_of(*get_args(EntryKind), "suggestion"),
}
