"""A few header fields of a message as they stand, for the columns of mailbag.csv.

In: a message's bytes. Out: one decoded line a field, "" when absent. Never: raises on a malformed message.
"""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import decode_header, make_header

from trail.handoff.plain import CELL_LIMIT, one_line

COLUMNS = ("Date", "From", "To", "Cc", "Bcc", "Subject", "Content-Type")

_BLOCK_LIMIT = 1 << 20
_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(
    rb"\n(" + "|".join(COLUMNS).encode() + rb")[ \t]*:((?:[^\n]*)(?:\n[ \t][^\n]*)*)",
    re.IGNORECASE,
)
_FOLD = re.compile(r"\r?\n(?=[ \t])")


def read_headers(content: bytes) -> list[str]:
    """Return the fields of COLUMNS, in that order; a field that is repeated is joined with commas."""
    if content.startswith((b"\n", b"\r\n")):
        return [""] * len(COLUMNS)
    end = _END.search(content, 0, _BLOCK_LIMIT)
    block = b"\n" + content[: end.start() if end else _BLOCK_LIMIT]  # found by it, not sign by sign
    found: dict[bytes, list[str]] = {}
    for field in _FIELD.finditer(block):
        found.setdefault(field[1].lower(), []).append(_read(field[2]))
    return [", ".join(found.get(name.lower().encode(), [])) for name in COLUMNS]


def _read(raw: bytes) -> str:
    raw = raw[: 2 * CELL_LIMIT]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    text = one_line(_FOLD.sub("", text)).strip()
    if "=?" in text:
        try:
            text = str(make_header(decode_header(text)))
        except (MessageError, LookupError, ValueError):
            return text  # an encoded word nobody can read stays as it was sent
    return text
