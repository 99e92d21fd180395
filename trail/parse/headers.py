"""A header block comes in as bytes; its fields go out, and their values as Unicode.

Own code, since this runs for every header fetched, and since the standard library gives up raw
8-bit names. Must never raise, and reads a block of a megabyte at most.
"""

from __future__ import annotations

import binascii
import re
from typing import NamedTuple

from trail.parse.charsets import clean, decode_word

BLOCK_LIMIT = 1 << 20
"""Bytes of a header block that are read; what is beyond is taken for the body."""
VALUE_LIMIT = 64 << 10
"""Characters of an unstructured value that are decoded."""

# RFC 5322, sections 2.2, 2.2.3 and 4.5; lines end in CRLF, LF or CR. A name never starts like a boundary.
_FIELD = re.compile(
    rb"(?!--)([!-9;-~]+)[ \t]*:([^\r\n]*+(?:(?:\r\n|\n|\r)[ \t][^\r\n]*+)*+)(?:\r\n|\n|\r|\Z)"
)
# A line of an mbox, a field without a name, a continuation of nothing: not fields, not the end either.
_STRAY = re.compile(rb"(?:>?From |:|[ \t]+[^ \t\r\n])[^\r\n]*(?:\r\n|\n|\r|\Z)")
_BLANK = re.compile(rb"[ \t]*(?:\r\n|\n|\r|\Z)")
# RFC 2047, section 2, and longer: many senders put whole sentences, spaces included, in one word.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?(.{0,2000}?)\?=", re.DOTALL)
_SPACES = re.compile(r"\s+")
_CHARSET = re.compile(rb"charset\s*=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


class Field(NamedTuple):
    """A header field: `name` in lower case, `value` as it stands, folds included."""

    name: str
    value: bytes


def read_fields(content: bytes, start: int = 0) -> tuple[list[Field], int]:
    """Read the header block at `start`; give its fields in order, and where the body starts.

    The block ends at the blank line, or before the first line that cannot be a field.
    """
    fields: list[Field] = []
    stop = min(len(content), start + BLOCK_LIMIT)
    at = start
    while at < stop:
        found = _FIELD.match(content, at, stop)
        if found:
            fields.append(Field(found[1].decode("ascii").lower(), found[2]))
        else:
            found = None if fields else _STRAY.match(content, at, stop)
            if not found:
                break
        at = found.end()
    blank = _BLANK.match(content, at)
    return fields, blank.end() if blank else at


def find_charset(fields: list[Field]) -> str:
    """The charset that the Content-Type declares, "" if none: raw 8-bit fields often are in it."""
    for name, value in fields:
        if name == "content-type":
            found = _CHARSET.search(value[:VALUE_LIMIT])
            return found[1].decode("ascii", "replace") if found else ""
    return ""


def unfold(value: bytes, charset: str = "") -> str:
    """Join a value's lines (RFC 5322, section 2.2.3) and read its bytes; encoded words stay."""
    value = value.translate(None, b"\r\n")
    if value.isascii() and b"\x1b" not in value:
        return clean(value.decode("ascii").strip())
    if b"\x1b$" in value or b"\x1b(" in value:
        return decode_word(value, "iso-2022-jp").strip()
    try:
        return clean(value.decode("utf-8").strip())
    except UnicodeDecodeError:
        return decode_word(value, charset).strip()


def decode_words(text: str) -> str:
    """Decode the encoded words of RFC 2047 in `text`, broken ones as far as can be; one line."""
    if "=?" in text:
        text = _join_words(text[:VALUE_LIMIT])
    return _SPACES.sub(" ", text[:VALUE_LIMIT]).strip()


def _join_words(text: str) -> str:
    out: list[str] = []
    held, held_charset, end = b"", "", 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        data = _decode_word_bytes(found[2], found[3])
        charset = found[1].lower()
        # Bytes of neighbours are joined before decoding: many senders split inside a character.
        if held and not between.strip() and charset == held_charset:
            held += data
        else:
            out.append(decode_word(held, held_charset) if held else "")
            # The blanks between two encoded words are not text (RFC 2047, section 6.2).
            out.append(between if not end or between.strip() else "")
            held, held_charset = data, charset
        end = found.end()
    out.append(decode_word(held, held_charset) if held else "")
    out.append(text[end:])
    return clean("".join(out))


def _decode_word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b" ", b"_"), header=True)
    digits = _NOT_BASE64.sub(b"", raw)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
