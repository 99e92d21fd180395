"""Tables for a spreadsheet: what a stranger wrote in a cell is shown there, and never worked out as a formula.

RFC 4180, UTF-8 with a byte order mark, without which Excel takes it for another charset. Every field is quoted. A field that
begins with a sign that begins a formula (`= + - @`, also after blanks, also full width) gets an apostrophe before it: the
sign by which spreadsheets mark text. Tables that Mailbag prescribes are written by `handoff.csvfile`, without.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trail.handoff.csvfile import format_row
from trail.handoff.papers.clean import plain_words
from trail.handoff.plain import CELL_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = b"\xef\xbb\xbf"
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]")


def format_cells(fields: Iterable[str]) -> bytes:
    """Return one row with its CRLF."""
    return format_row(map(_disarm, fields))


def format_head(columns: Iterable[str]) -> bytes:
    """Return the start of a file: the mark and the names of its columns."""
    return MARK + format_row(columns)


def _disarm(field: str) -> str:
    text = plain_words(field, CELL_LIMIT)
    return f"'{text}" if _FORMULA.match(text) else text
