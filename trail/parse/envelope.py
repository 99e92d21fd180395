"""A header block, or a whole message, comes in; an `Envelope` goes out.

Runs for every header fetched: imports little, reads only the header block. Must never raise, and
never give out a value that cannot be stored as UTF-8.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final

from trail.model import Address, Envelope, Role
from trail.parse.addresses import read_addresses
from trail.parse.headers import VALUE_LIMIT, Field, decode_words, find_charset, read_fields, unfold

_ROLES: Final[dict[str, Role]] = {
    "from": "from",
    "sender": "sender",
    "reply-to": "reply-to",
    "to": "to",
    "cc": "cc",
    "bcc": "bcc",
    "delivered-to": "delivered-to",
    "x-original-to": "delivered-to",
}
_WANTED = {*_ROLES, "message-id", "references", "in-reply-to", "subject", "date", "content-type"}
_BRACKETED = re.compile(r"<([^<>]+)>")
_SPACES = re.compile(r"\s+")
_REFERENCES_LIMIT = 500
# The standard library takes the year 0000 for 2000.
_NO_YEAR = re.compile(r"\b0\d{3}\b(?=\s+\d{1,2}:)")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_WIDEST_ZONE = timedelta(hours=15)


def parse_envelope(content: bytes) -> Envelope:
    """Read what the headers of `content` say. Missing or unreadable values are empty or None."""
    fields, _ = read_fields(content)
    return read_envelope(fields)


def read_envelope(fields: list[Field]) -> Envelope:
    """Read what `fields` say; of Message-ID, Subject and Date the first that says anything."""
    fields = [field for field in fields if field.name in _WANTED]
    charset = find_charset(fields)
    values: dict[str, list[str]] = {}
    addresses: dict[tuple[Role, str], Address] = {}
    for name, raw in fields:
        value = unfold(raw, charset)
        role = _ROLES.get(name)
        if role is None:
            values.setdefault(name, []).append(value[:VALUE_LIMIT])
            continue
        for person, address in read_addresses(value):
            addresses.setdefault((role, address), Address(role, person, address))
    identifiers = (_read_identifiers(value) for value in values.get("message-id", ()))
    dates = (_read_date(value) for value in values.get("date", ()))
    return Envelope(
        message_id=next((found[0] for found in identifiers if found), None),
        references=_merge_references(values),
        addresses=tuple(addresses.values()),
        subject=next((s for s in map(decode_words, values.get("subject", ())) if s), ""),
        sent_at=next((date for date in dates if date), None),
    )


def read_zone(content: bytes) -> timezone:
    """The zone in which a message says that it was sent; UTC where it does not say, or says what is none."""
    fields, _ = read_fields(content)
    for field in fields:
        if field.name == "date" and (parts := parsedate_tz(unfold(field.value)[:200])):
            zone = timedelta(seconds=parts[9] or 0)
            if _read_date(unfold(field.value)) and abs(zone) <= _WIDEST_ZONE:
                return timezone(zone)
    return UTC


def read_list_id(fields: list[Field]) -> str:
    """What the List-Id says (RFC 2919): name and identifier; "" where there is none."""
    for field in fields:
        if field.name == "list-id":
            return decode_words(unfold(field.value, find_charset(fields)))
    return ""


def _merge_references(values: dict[str, list[str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in ("references", "in-reply-to"):
        for value in values.get(name, ()):
            found.update(dict.fromkeys(_read_identifiers(value)))
    merged = tuple(found)
    if len(merged) > _REFERENCES_LIMIT:
        # The root and the nearest are what a thread is built from.
        merged = (merged[0], *merged[1 - _REFERENCES_LIMIT :])
    return merged


def _read_identifiers(value: str) -> list[str]:
    # RFC 5322, section 3.6.4; a fold inside the brackets is no part of it.
    bracketed = [_SPACES.sub("", found) for found in _BRACKETED.findall(value)]
    if any(bracketed):
        return [identifier for identifier in bracketed if identifier]
    bare = [word.strip("<>,;") for word in value.split()]
    return [word for word in bare if "@" in word] or [
        word for word in bare if word and len(bare) == 1
    ]


def _read_date(value: str) -> datetime | None:
    # RFC 5322, section 3.3; an unknown zone name counts as UTC (section 4.3).
    try:
        parts = parsedate_tz(value[:200])
        if parts is None or _NO_YEAR.search(value[:200]):
            return None
        if not _FIRST_YEAR <= parts[0] <= _LAST_YEAR:
            return None
        zone = timedelta(seconds=parts[9] or 0)
        if abs(zone) > _WIDEST_ZONE:
            return None
        # A leap second is the last second of its minute.
        local = datetime(*parts[:5], min(parts[5], 59), tzinfo=UTC)
        return local - zone
    except (ValueError, IndexError, OverflowError, TypeError):
        return None
