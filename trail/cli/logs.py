"""How the log looks: lines for people, lines for the journal, lines of JSON.

Comes in: records of the logging module; some carry `facts`, the same as values. Goes out: lines, in which nothing steers
a terminal: they may name a folder of any name. Neither has subjects, addresses or bodies; that is seen to where they are
made.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail.terminal import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""From a level on, its number in syslog (sd-daemon(3)); 7 below them."""


class LogLines(logging.Formatter):
    """Lines of the log for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return clean_text(super().format(record), lines=True)


class JsonLines(logging.Formatter):
    """Each record as a JSON object on a line of its own: time, level, message, and its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC)
        document: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": clean_text(record.getMessage()),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return json.dumps(document)


class JournalLines(logging.Formatter):
    """What another formatter makes, each line with the priority the journal is to give it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """The lines."""
        number = next((n for level, n in _PRIORITIES if record.levelno >= level), 7)
        return "\n".join(f"<{number}>{line}" for line in self._inner.format(record).splitlines())


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream leads to systemd's journal: JOURNAL_STREAM names its device and inode (systemd.exec(5))."""
    try:
        place = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return environ.get("JOURNAL_STREAM") == f"{place.st_dev}:{place.st_ino}"


def choose_formatter(kind: str, *, journal: bool) -> logging.Formatter:
    """The formatter for `text` or `json`; the journal knows the time by itself."""
    if kind == "json":
        lines: logging.Formatter = JsonLines()
    else:
        lines = LogLines("%(message)s" if journal else "%(asctime)s %(levelname)s %(message)s")
    return JournalLines(lines) if journal else lines
