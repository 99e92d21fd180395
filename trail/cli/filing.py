"""Files that a command writes where a person says: whole or not at all, and never over what trail did not write.

In: a place, a content, how one knows a file that was written by the same command. Out: the file. A calendar file, a page or
a copy of the book is written again and again to the same place; a letter that happens to have its name is left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from typing import TYPE_CHECKING

from trail.errors import TrailError

if TYPE_CHECKING:
    from pathlib import Path

CALENDAR = re.compile(rb"BEGIN:VCALENDAR\r\nVERSION:2\.0\r\nPRODID:-//trail//")
"""How a calendar file begins; likewise a copy of the book, and the three faces of a brief and of a review."""
BOOK = re.compile(rb'\{\s*"format": "trail-book"')
BRIEF = re.compile(
    rb"<!doctype html>\n.{0,2000}: brief of \d{4}-\d\d-\d\d</title>"
    rb"|# [^\n]*\n\n[^\n]*; brief of \d{4}-\d\d-\d\d\n\nHealth: \*\*"
    rb"|[^\n]* \([\w-]+\), (?:since \d{4}-\d\d-\d\d, [\d,]+ messages?|[\d,]+ messages?, none of them from person to person)\n",
    re.DOTALL,
)
REVIEW = re.compile(
    rb"<!doctype html>\n.{0,2000}: review of \d{4}-\d\d-\d\d</title>"
    rb"|# [^\n]*\n\n[^\n]*; review of \d{4}-\d\d-\d\d\n"
    rb"|[^\n]* \([\w-]+\), (?:\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d: [\d,]+ messages from them|no word from person to person)",
    re.DOTALL,
)
NOTHING = re.compile(rb"(?!)")
"""For what may have been filled in since it was written, such as questions."""
_HEAD = 16 << 10
"""Bytes in which that stands."""


def write_file(path: Path, content: bytes, known: re.Pattern[bytes]) -> None:
    """Put a file in its place in one step, readable by its owner only.

    It takes the place of a file that is empty or begins as `known` says. Raises TrailError for any other, and where it
    cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        if _is_stream(path):
            path.write_bytes(content)
            return
        _refuse_foreign(path, known)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
    except OSError as error:
        raise TrailError(
            f"{path} cannot be written: {error.strerror}", "choose another place"
        ) from error


def _is_stream(path: Path) -> bool:
    """Whether it is a pipe, a terminal or the like, which keeps nothing that could be lost."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _refuse_foreign(path: Path, known: re.Pattern[bytes]) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return
    if head and not known.match(head):
        raise TrailError(
            f"{path} is already there, and trail did not write it",
            "choose another name; only what this command wrote before is written over",
        )
