"""What the index is told, and what it answers. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from trail.model.meaning import ParsedMessage
    from trail.model.readings import DocumentText


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """What the index is told of a message."""

    key: str
    received_at: datetime
    parsed: ParsedMessage
    clients: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """IMAP flags it bears in any of its places, in lower case: `\\flagged`, `\\answered` …"""
    size: int = 0
    """Bytes of the message."""
    documents: tuple[DocumentText, ...] = ()
    """Of its attachments, as far as they were read."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One answer of the index. The archive adds where it lies."""

    key: str
    sent_at: datetime
    """The Date header; `received_at` where there is none."""
    received_at: datetime
    clients: tuple[str, ...]
    sender: str
    """"Name <address>", or the bare address."""
    recipients: tuple[str, ...]
    subject: str
    snippet: str
    """A few words around the best match, on one line."""
    attachments: int
    snippet_of: str = "body"
    """The text the snippet is from: `body`, `file`, `content`, `quoted` or `subject`."""
    marks: tuple[tuple[int, int], ...] = ()
    """Start and end of the words in the snippet that were asked for."""
    subject_marks: tuple[tuple[int, int], ...] = ()
    """The same in the subject."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`total` messages match; `hits` are those asked for."""

    total: int
    hits: tuple[SearchHit, ...] = ()
    exact: bool = True
    """False when `total` is an estimate: to count all would have taken long."""
