"""Content lines, as vCard (RFC 6350) and iCalendar (RFC 5545) both have them: escaped, folded, ended by CRLF."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

OCTETS = 75
"""Of a line at most, without its line end (RFC 6350, section 3.2; RFC 5545, section 3.1)."""
_INSIDE = 0x80
"""The two first bits of a byte inside a character of UTF-8."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def escape_value(text: str) -> str:
    """Escape a value of type TEXT (RFC 6350, section 3.4; RFC 5545, section 3.3.11), of one line or several."""
    clean = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    for sign in ("\\", ",", ";"):
        clean = clean.replace(sign, f"\\{sign}")
    return clean.replace("\n", "\\n")


def fold_line(line: str) -> bytes:
    """Break a line after so many octets, never inside a character; each further one begins with a blank."""
    rest = line.encode()
    pieces = []
    room = OCTETS
    while len(rest) > room:
        end = room
        while rest[end] & 0xC0 == _INSIDE:
            end -= 1
        pieces.append(rest[:end])
        rest = rest[end:]
        room = OCTETS - 1
    pieces.append(rest)
    return b"\r\n ".join(pieces) + b"\r\n"


def fold_lines(lines: Iterable[str]) -> bytes:
    """All of them."""
    return b"".join(map(fold_line, lines))
