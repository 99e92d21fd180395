"""What a client's book holds: written by a person, about one client (a slug). See `trail.model`.

An `id` is six characters that stay the same for ever, also in another archive the book is copied to. `source` is the key
of the message something rests on, "" for none; the message may have been forgotten since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime

EntryKind = Literal["note", "action", "agreement", "request", "response"]
AgreementKind = Literal["contract", "rate", "scope", "response-time", "renewal", "expiry", "other"]
RequestState = Literal["open", "done", "declined"]


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote down, in Markdown. It never leaves the archive with a hand-off."""

    id: str
    client: str
    text: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done next for a client."""

    id: str
    client: str
    text: str
    created_at: datetime
    changed_at: datetime
    due: date | None = None
    """The day it is to be done by; None: no day was set."""
    private: bool = False
    """Whether it stays out of hand-offs."""
    source: str = ""
    origin: str = ""
    """The id of the agreement that it was made for, and follows; "" for none."""
    done_at: datetime | None = None
    """None: it is open."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with a client. It never leaves the archive with a hand-off."""

    id: str
    client: str
    kind: AgreementKind
    text: str
    created_at: datetime
    changed_at: datetime
    value: str = ""
    """As people write it: `95 EUR an hour`."""
    since: date | None = None
    until: date | None = None
    """The last day it holds; for a renewal the day on which it is renewed."""
    remind: str = ""
    """How long before `until` to be reminded, such as `30 days`; "" for never."""
    remark: str = ""
    source: str = ""
    file: str = ""
    """The name of a file it is written in."""
    digest: str = ""
    """SHA-256 of that file, in hex."""
    ended_at: datetime | None = None
    """When it was ended by hand; None: it was not."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something a client asked to have changed."""

    id: str
    client: str
    text: str
    created_at: datetime
    changed_at: datetime
    asked_on: date | None = None
    asked_by: str = ""
    source: str = ""
    state: RequestState = "open"


@dataclass(frozen=True, slots=True)
class Response:
    """What a client answered to the questionnaire of a review. It never leaves the archive with a hand-off."""

    id: str
    client: str
    text: str
    created_at: datetime
    changed_at: datetime
    file: str = ""
    """The name of the file it came in."""
    digest: str = ""
    """SHA-256 of that file, in hex."""


Entry = Note | Action | Agreement | Request | Response


@dataclass(frozen=True, slots=True)
class Struck:
    """An entry that was taken out for good, or (`kind` "suggestion") a suggestion that nobody wants to see again."""

    id: str
    client: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A next action that the mail suggests: the same id each time it is found."""

    id: str
    client: str
    kind: Literal["promise", "deadline"]
    sentence: str
    """As it stands in the message."""
    due: date | None
    source: str
    said_at: datetime
    said_by: str
    """Name or address of who said it."""
    ours: bool
    """Whether it was us who said it."""


@dataclass(frozen=True, slots=True)
class Todo:
    """An action as a calendar has it (RFC 5545, VTODO)."""

    uid: str
    summary: str
    description: str = ""
    due: date | None = None
    done: bool = False
