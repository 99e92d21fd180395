"""What is kept of a message for the papers: a few words, never its text."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from trail.handoff.papers.clean import plain_words

if TYPE_CHECKING:
    from datetime import datetime

    from trail.handoff.companions import Written
    from trail.model import Statement

Side = Literal["theirs", "ours", "other"]
"""The client's, the sender's, or a third party's."""
SUBJECT_LIMIT = 160
TO = 5
START_PAGE = "START-HERE.html"


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that the papers may link to."""

    mailbag_id: str
    path: str
    key: str
    at: datetime
    who: str
    """Name of the author; the address where there is none."""
    outgoing: bool
    subject: str
    message_id: str
    author: str
    """Address of the author."""
    to: tuple[str, ...]
    """Addresses it went to, without copies; at most `TO`."""

    @property
    def link(self) -> str:
        """Where the message lies, from the root of the bundle, as a relative URL."""
        return quote(self.path)

    @property
    def page(self) -> str:
        """Where START-HERE.html shows it."""
        return f"{START_PAGE}#{self.mailbag_id}"


@dataclass(frozen=True, slots=True)
class Said:
    """A statement and the message it stands in."""

    seen: Seen
    statement: Statement


def note(written: Written) -> Seen:
    """Keep what the papers need of a message."""
    sender = written.envelope.sender
    name = plain_words(sender.name or sender.address, 100) if sender else ""
    return Seen(
        mailbag_id=written.mailbag_id,
        path=written.path,
        key=written.key,
        at=written.at,
        who=name or "?",
        outgoing=written.outgoing,
        subject=plain_words(written.envelope.subject, SUBJECT_LIMIT),
        message_id=(written.envelope.message_id or "")[:250],
        author=intern(sender.address.lower()) if sender else "",
        to=tuple(intern(a.address.lower()) for a in written.envelope.addresses if a.role == "to")[
            :TO
        ],
    )
