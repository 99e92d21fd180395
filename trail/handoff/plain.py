"""Text out of hostile mail, made fit for a line of a tag file or for a page.

In: any text. Out: text that encodes as UTF-8 and holds no control characters. Never: a line break in a line.
"""

from __future__ import annotations

import re

CELL_LIMIT = 32_000
"""Characters of a CSV field: spreadsheets cut at 32,767."""

# Also what str.splitlines takes for a line end: tag files are read with it.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROLS_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_OVERRIDES = re.compile("[\u202d\u202e]")
_KIB = 1024
_SURROGATES = re.compile("[\ud800-\udfff\ufffe\uffff]")


def one_line(text: str, limit: int = CELL_LIMIT) -> str:
    """Return `text` on one line, of at most `limit` characters ("…" marks a cut)."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text).strip())


def harmless_cell(text: str) -> str:
    """A cell on one line that no spreadsheet takes for a formula (CWE-1236): it gets an apostrophe before it."""
    text = one_line(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def without_overrides(text: str) -> str:
    """Return `text` in which nothing makes letters stand in another order than they are read: `exe.jpg` is no `gpj.exe`."""
    return _OVERRIDES.sub("\ufffd", text) if not text.isascii() else text


def count_of(number: int, noun: str) -> str:
    """`1 message`, `1,234 messages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def many_lines(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, its lines ended by LF."""
    text = text[:limit].replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\ufffd", _CONTROLS_IN_TEXT.sub("\ufffd", text)).strip("\n")


def format_size(size: int) -> str:
    """Return a size in words: `812 bytes`, `3.4 MB`."""
    if size < _KIB:
        return "1 byte" if size == 1 else f"{size} bytes"
    amount, units = size / _KIB, ["KB", "MB", "GB"]
    while amount >= _KIB and units[1:]:
        amount /= _KIB
        del units[0]
    return f"{amount:.{1 if amount < 10 else 0}f} {units[0]}"  # noqa: PLR2004  # two digits say enough
