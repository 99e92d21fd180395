"""Tables as others write them: what they say, and where they are not as Mailbag 1.0, section 5.5, asks.

In: a stream. Out: rows, each with what is wrong with its spelling. Never: keeps more than a row, or guesses beyond reading on.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELD = rb'"((?:[^"]|"")*+)"'
_STRICT = re.compile(_FIELD + rb"(?:," + _FIELD + rb")*+\r\n")
_FIELDS = re.compile(_FIELD)
_LONGEST = 16 << 20
"""Bytes of a row at most: beyond, a quote was opened and never closed."""
_BOM = b"\xef\xbb\xbf"


def read_any_rows(stream: BinaryIO) -> Iterator[tuple[list[str], str]]:
    """Yield the fields of each row, and what is wrong with how they are written ("" for nothing)."""
    lines: list[bytes] = []
    size = quotes = 0
    first = True
    while line := stream.readline(_LONGEST):
        line = line.removeprefix(_BOM) if first else line
        first = False
        lines.append(line)
        size, quotes = size + len(line), quotes + line.count(b'"')
        if quotes % 2 and size < _LONGEST:
            continue
        yield _read(b"".join(lines))
        lines, size, quotes = [], 0, 0
    if lines:
        yield _read(b"".join(lines))


def _read(record: bytes) -> tuple[list[str], str]:
    try:
        text = record.decode()
    except UnicodeDecodeError:
        text, problem = record.decode(errors="replace"), "is not UTF-8"
    else:
        if _STRICT.fullmatch(record):
            fields = [field.replace(b'""', b'"').decode() for field in _FIELDS.findall(record)]
            return fields, ""
        problem = "does not end in CRLF" if not record.endswith(b"\r\n") else ""
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        return [], f"cannot be read ({error})"
    fields = rows[0] if rows else []
    return fields, problem or "has fields that do not stand in double quotes, or other escapes"
