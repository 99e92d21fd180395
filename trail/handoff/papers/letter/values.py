"""What a letter says, as values: a template needs no more than these (docs/formats/handoff.md lists them)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime

State = Literal["awaits us", "awaits them", "awaits others", "promised", "at rest", "quiet"]
"""`quiet`: nobody has written for half a year, whatever was asked then."""


@dataclass(frozen=True, slots=True)
class Source:
    """The message a statement stands in."""

    who: str
    at: datetime
    subject: str
    link: str
    """Relative URL of the .eml file."""
    page: str
    """Where START-HERE.html shows it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence somebody wrote."""

    sentence: str
    source: Source
    due: date | None = None
    detail: str = ""
    """Of an invoice its number and amount."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one message asks or promises, and nobody has answered or done in its conversation."""

    sort: Literal["answer", "promise"]
    sentences: tuple[str, ...]
    source: Source
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the sender planned to do."""

    text: str
    due: date | None = None
    source: Source | None = None
    """The message it comes from, where it is in the bundle."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A conversation."""

    subject: str
    first: datetime
    last: Source
    messages: int
    state: State


@dataclass(frozen=True, slots=True)
class Listed:
    """Some of something, newest first, and how many there are in all."""

    items: tuple[Item, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A person of one side."""

    name: str
    address: str
    job: str
    first: datetime
    last: datetime
    messages: int
    source: Source
    """The last message they are on."""


@dataclass(frozen=True, slots=True)
class Side:
    """People of one side, and how many there are in all."""

    people: tuple[Contact, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the bundle is limited to, what was done to its messages, and who decided."""

    since: datetime | None = None
    until: datetime | None = None
    """The last day."""
    matter: str = ""
    excluded: str = ""
    """Kinds of attachments that were left out, with commas."""
    redacted: int = 0
    """Messages in which passages were redacted."""
    changed: int = 0
    """Messages of which there is a changed copy."""
    continues: tuple[tuple[datetime, str, int, str], ...] = ()
    """Of each hand-off that this one adds to, the earliest first: when it was made, its bundle's name, messages, beginning of the digest."""
    decisions: tuple[tuple[int, bool, str, str], ...] = ()
    """How many messages, whether they were released, by whom, on which day."""


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a letter says."""

    client: str
    sender: str
    senders: tuple[str, ...]
    date: datetime
    first: datetime | None
    last: datetime | None
    messages: int
    attachments: int
    circumstances: Circumstances
    matters: tuple[Matter, ...]
    conversations: int
    ahead: tuple[Item, ...]
    passed: tuple[Item, ...]
    on_us: tuple[Waiting, ...]
    on_them: tuple[Waiting, ...]
    on_others: tuple[Waiting, ...]
    more_on_us: int
    more_on_them: int
    more_on_others: int
    old: int
    """Open items so old that nobody is likely to wait any more."""
    agreements: Listed
    invoices: Listed
    theirs: Side
    ours: Side
    others: Side
    tasks: int
    """Things to do in open-items.ics; without any there is no such file."""
    pdfs: bool
    """Whether each message is there as a PDF, too."""
    withheld: tuple[tuple[str, int], ...]
    mbox: str
    completeness: str
    fingerprint: str
    version: str
    planned: tuple[Plan, ...] = ()
