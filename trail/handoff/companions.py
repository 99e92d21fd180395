"""What lies beside the mail in a bundle: pages to read, letters, tables.

Each companion is told of every message as it is written, in date order, and writes its files when all are there. In: Written,
then a Colophon. Out: files of the bag. Never: keeps a message's text in memory; a companion that needs it later spools it.
To add one: a class with these three methods, and its name in `transfer.hand_over`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trail.handoff.filters import NO_FILTERS, Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from trail.handoff.bag import Bag
    from trail.handoff.decisions import DecisionCount
    from trail.model import Client, Envelope, PastHandOff, Statement


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """An attachment as it lies in the bundle."""

    path: str
    name: str
    """As the sender named it; "" when nameless."""
    mime_type: str
    size: int
    digest: str = ""
    """SHA-256 of its bytes in hex."""
    text: str = ""
    """What can be read in it, as far as the archive has it; "" otherwise."""
    begins_as_markup: bool = False
    """Whether its first sign is a `<`: a browser that does not know its kind may take it for a page."""
    content_id: str = ""
    """By which the markup of its message may show it: `cid:…` there; "" when it has none."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it lies in the bundle, with what is known of it."""

    mailbag_id: str
    path: str
    at: datetime
    """When it was sent; where it does not say, when it was received."""
    envelope: Envelope
    text: str
    quoted: str
    outgoing: bool
    """Whether it is from one of the sender's own addresses."""
    files: tuple[WrittenFile, ...] = ()
    key: str = ""
    """SHA-256 of its bytes in hex."""
    original: str = ""
    """Key of the message as the archive has it, which is another where this is a changed copy; it is told nowhere in a bundle."""
    size: int = 0
    received_at: datetime | None = None
    folder: str = ""
    """Where it was first seen, as the server names it, with `/` between levels."""
    account: str = ""
    html: str = ""
    """The body as cleaned markup, safe to show; "" when it has none."""
    list_id: str = ""
    changes: tuple[str, ...] = ()
    """What was done to this copy, in words for the recipient; empty: it is the message to the byte."""
    language: str = ""
    """Of `text`, as in ISO 639-1; "" where it is not known."""
    automatic: str = ""
    """Why nobody waits for an answer to it; "" when a person wrote to people."""
    statements: tuple[Statement, ...] = ()
    """What its author appears to ask, promise, agree and bill."""
    job: str = ""
    """What its author signs as; "" where that is not plain."""
    words: tuple[str, bytes] | None = None
    """Its words, counted as `viewer.vocabulary.count_words` does; None: nobody has yet."""

    @property
    def month(self) -> str:
        """The month it stands under: `2024-03`."""
        return self.at.date().isoformat()[:7]


@dataclass(frozen=True, slots=True)
class Colophon:
    """What is said of the whole bundle once all messages are in it."""

    client: str
    """Their name."""
    senders: tuple[str, ...]
    """Who hands over: own addresses, the most three."""
    created_at: datetime
    since: datetime | None
    until: datetime | None
    withheld: Mapping[str, int]
    """Messages by public reason."""
    mbox: str
    """Path of the mbox file."""
    version: str
    completeness: str = ""
    """Path of what tells how complete the bundle is; "" when nothing does."""
    rules: Client | None = None
    """The client as configured: their addresses and domains."""
    me: tuple[str, ...] = ()
    """All own addresses."""
    fingerprint: str = ""
    """Of the key the bundle is signed with, as it is told over the phone; "" when it is not signed."""
    filters: Filters = NO_FILTERS
    """What the bundle is limited to, and what was taken out of messages."""
    builds_on: tuple[PastHandOff, ...] = ()
    """The hand-offs this one adds to, the earliest first: the client has their messages, and they are not here again. None: all are here."""
    decisions: tuple[DecisionCount, ...] = ()
    """How many messages somebody released or withheld, who, and on which day."""
    changed: int = 0
    """Messages of which there is a changed copy here."""
    redacted: int = 0
    """Those among them of which passages were redacted."""
    sender: str = ""
    """The name under which the sender wrote most; "" where there is none."""
    language: str = "en"
    """In which the bundle speaks to its recipient: one of `language.LANGUAGES`."""


class Companion(Protocol):
    """Something in the box beside the mail."""

    def add(self, written: Written) -> None:
        """Take up one message; they come in date order."""

    def write(self, bag: Bag, colophon: Colophon) -> None:
        """Write its files into the bag. No message may follow."""

    def abandon(self) -> None:
        """Close what is open whatever the disk says: it is about to be removed."""


if TYPE_CHECKING:
    MakeCompanion = Callable[[Path, tuple[str, ...]], Companion]
    """From an empty folder for drafts, two levels below the bundle's until it is sealed, and the sender's own addresses."""
