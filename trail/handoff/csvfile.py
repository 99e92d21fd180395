"""The one way in which Mailbag 1.0 (section 5.5) writes CSV.

UTF-8 without BOM, CRLF, commas, every field in straight double quotes, a quote doubled, no other escape.
Ours also never has a line break inside a field. Never: guesses at a dialect.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, BinaryIO

from trail.handoff.plain import CELL_LIMIT, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MESSAGE_COLUMNS = (
    "Error",
    "Mailbag-Message-ID",
    "Message-ID",
    "Original-File",
    "Message-Path",
    "Derivatives-Path",
    "Attachments",
    "Date",
    "From",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Content-Type",
)
ATTACHMENT_COLUMNS = ("Original-Filename", "Mailbag-Filename", "MimeType", "Content-ID")
WITHHELD_COLUMNS = ("Reason", "Messages")

_ROW_LIMIT = 8 * len(MESSAGE_COLUMNS) * CELL_LIMIT
"""Bytes of a row at most: four a character, twice that for quotes."""


class CsvProblem(ValueError):
    """A row that breaks the rules; the text says how."""


def format_row(fields: Iterable[str]) -> bytes:
    """Return one row with its CRLF."""
    quoted = '","'.join([one_line(field).replace('"', '""') for field in fields])
    return f'"{quoted}"\r\n'.encode()


def parse_row(line: bytes) -> list[str]:
    """Return the fields of a row with its CRLF. Raises CsvProblem."""
    try:
        rows = list(csv.reader([line.decode()], strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise CsvProblem("cannot be read as CSV in UTF-8") from error
    # Written again it must be the same bytes: that is the whole dialect in one comparison.
    if len(rows) != 1 or format_row(rows[0]) != line:
        raise CsvProblem("is not quoted and ended as Mailbag 1.0 asks")
    return rows[0]


def read_rows(stream: BinaryIO, columns: tuple[str, ...]) -> Iterator[list[str] | CsvProblem]:
    """Yield each row, or what is wrong with it. Memory: one row."""
    while line := stream.readline(_ROW_LIMIT):
        try:
            row = parse_row(line)
        except CsvProblem as problem:
            yield problem
        else:
            yield (
                row
                if len(row) == len(columns)
                else CsvProblem(f"has {len(row)} fields where {len(columns)} belong")
            )
