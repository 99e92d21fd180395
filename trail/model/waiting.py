"""What was said in conversations with clients, and who waits for whom. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime

    from trail.model.statements import Statement

Side = Literal["us", "them"]
"""Who: we, or the others. By whom a word is owed, or who had the last one."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the author of a message says, by rules: derived from its bytes, and from which addresses are our own."""

    key: str
    automatic: str = ""
    """Why nobody waits for an answer to it; "" when a person wrote to people."""
    words: int = 0
    """Of the author's own."""
    asks: Statement | None = None
    """What it awaits an answer by; None where it awaits none."""
    why_not: str = ""
    """Why it awaits none: `thanks`, `nothing is asked` …"""
    statements: tuple[Statement, ...] = ()
    rules: str = ""
    """Version of the rules; "" where the message could not be read."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of a client as a turn of a conversation."""

    client: str
    at: datetime
    """When it was sent; when it was received, where that is missing or cannot be."""
    key: str
    outgoing: bool
    """From one of our own addresses."""
    counts: bool
    """A person wrote to people: not an automatic answer, a newsletter or an invitation."""
    person: str
    """Address of who wrote; of an outgoing one, of whom it went to first; "" when nobody else is named."""
    sides: tuple[str, ...] = ()
    """Of an incoming one whose side wrote, of an outgoing one whose sides it went to.

    "*" is the client's; "=bolt" that of the client bolt, who is another; anything else a domain, or an address at a
    provider of free mail, of which no rule of a client tells whose it is.
    """
    words: int = 0
    conversation: int = 0
    """Number of the conversation, which may change with the next sync; 0: not placed yet."""
    topic: int = 0
    """Hash of the subject without Re: and the like; 0 where there is none."""
    stray: bool = False
    """An answer by its subject that names no message it answers."""
    asks: Statement | None = None
    """As of Said; this and the next only where they were asked for."""
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages that refer to each other, directly or through others, as far as they are one client's."""

    number: int
    """May change with the next sync; `first_key` stays as long as no earlier message is found."""
    client: str
    first_key: str
    messages: int
    counting: int
    """Of them, those by which a person wrote to people."""
    first_at: datetime
    last_at: datetime
    last_key: str = ""
    """Of the last word between us and the client; "" where there is none."""
    last_word: Side | Literal[""] = ""
    last_theirs_at: datetime | None = None
    last_ours_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Awaited:
    """A word that is owed, by the message that asked for it or promised it."""

    client: str
    key: str
    by: Side
    """Who owes it."""
    conversation: int
    kind: str
    """As of a statement: question, request, promise …"""
    at: datetime
    """Of that message."""
    due: date | None
    """The day it is due, as far as one is named."""
    sentence: str
    """The evidence."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What nobody waits for any more, or not now, as a person decided it; the message may not be in this archive."""

    client: str
    key: str
    by: Side
    at: datetime
    until: datetime | None
    """Snoozed until then; None: done."""
    last_at: datetime
    """Of the last word of the conversation at that time: a later one wakes it."""
    undone: bool = False
    """It is waited for again: kept so that a copy does not settle it anew."""
