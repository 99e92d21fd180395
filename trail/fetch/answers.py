"""Items of a server's answers as values of ours: dates, flags, labels, MAILBOXID, HIGHESTMODSEQ.

Comes in: what was read from the line. Goes out: values; what does not follow its grammar is as if it had not been told.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail.fetch.folder_names import decode_folder, to_bytes, to_text
from trail.fetch.wire import read_internaldate

if TYPE_CHECKING:
    from trail.fetch.wire import Item

_OBJECTID = re.compile(r"[A-Za-z0-9_-]{1,255}")
"""RFC 8474, section 7."""


def read_mailboxid(value: object) -> str | None:
    """MAILBOXID comes in parentheses (RFC 8474, section 4): in STATUS they are read, in EXAMINE they are not."""
    if isinstance(value, tuple | list) and len(value) == 1:
        value = value[0]
    text = to_text(value).strip("()") if isinstance(value, bytes | int) else ""
    # Cyrus 3.6 now and then answers STATUS with what happens to be in its memory
    return text if _OBJECTID.fullmatch(text) else None


def read_received_at(item: Item) -> datetime:
    """INTERNALDATE; a server that gives none leaves us the moment of archiving."""
    return read_internaldate(item.get("INTERNALDATE")) or datetime.now(UTC).replace(microsecond=0)


def read_modseq(value: Any) -> int | None:
    """HIGHESTMODSEQ; a folder without it says NOMODSEQ, or 0 (RFC 7162, section 3.1.2.2)."""
    return int(value or 0) or None


def read_flags(item: Item) -> tuple[str, ...]:
    """FLAGS, but for that of the session."""
    flags = item.get("FLAGS")
    if not isinstance(flags, list):
        return ()
    # \Recent is about sessions, not about the message (RFC 3501, section 2.3.2)
    return tuple(text for flag in flags if (text := to_text(flag)) and text.lower() != "\\recent")


def read_labels(item: Item) -> tuple[str, ...]:
    """X-GM-LABELS, decoded."""
    labels = item.get("X-GM-LABELS")
    return (
        tuple(decode_folder(to_bytes(label), None) for label in labels)
        if isinstance(labels, list)
        else ()
    )
