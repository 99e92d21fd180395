"""What a message means: derived from its bytes. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from trail.model.statements import Statement

Role = Literal["from", "sender", "reply-to", "to", "cc", "bcc", "delivered-to"]


@dataclass(frozen=True, slots=True)
class Address:
    """An address in a header: `role` is the header, `name` the display name ("" when none)."""

    role: Role
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers say of a message. Any of it may be missing or a lie."""

    message_id: str | None = None
    references: tuple[str, ...] = ()
    """Message-IDs of References, then In-Reply-To, without repetition: the last is the parent."""
    addresses: tuple[Address, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    """The Date header; None when missing or unreadable."""

    @property
    def sender(self) -> Address | None:
        """The first address of From."""
        return next((a for a in self.addresses if a.role == "from"), None)

    @property
    def recipients(self) -> tuple[Address, ...]:
        """The addresses of To, Cc and Bcc."""
        return tuple(a for a in self.addresses if a.role in ("to", "cc", "bcc"))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message that is not its text."""

    number: int
    """Position among the message's attachments, starting at 1."""
    filename: str
    """As the sender named it, decoded; "" when nameless. Never use it as a path."""
    safe_name: str
    """A name that is valid and harmless on every system, unique within the message (ignoring case)."""
    mime_type: str
    content_id: str
    size: int
    """Of the decoded bytes."""
    digest: str = ""
    """SHA-256 of the decoded bytes, in hex, where there may be text in them to be searched; else ""."""


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """What a message means: derived from its bytes, possibly wrong, always repeatable."""

    key: str
    envelope: Envelope
    text: str
    """What the author wrote."""
    quoted: str = ""
    """What the author quoted."""
    attachments: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()
    """What was wrong with the message, in words without its content."""
    unparsable: bool = False
    """True when no more than a part of the headers could be read."""
    list_id: str = ""
    """The List-Id header (RFC 2919), decoded: `Type Weekly <weekly.typeweekly.example>`."""
    language: str = ""
    """Of `text`, as in ISO 639-1: "da"; "" where it is not known."""
    beside: str = ""
    """Lines of the author's HTML that say what `text`, which was sent along with it, does not."""
    automatic: str = ""
    """Why nobody waits for an answer to it: `automatic answer`, `mailing list` …; "" when a person wrote to people."""
    statements: tuple[Statement, ...] = ()
    """What its author appears to ask, promise, agree and bill; only where it was looked for: `trail.parse.statements`."""
    job: str = ""
    """What its author signs as ("Head of Brand"); looked for together with the statements."""
