"""What a review tells of the correspondence with a client: both sides, by the same measures. See `trail.model`.

Moments are whole seconds since 1970. Working time is in seconds, too: those within the user's working hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from trail.model.statements import StatementKind
    from trail.model.waiting import Side

ASKING: tuple[StatementKind, ...] = ("question", "request", "deadline")
"""What the other side answers; a promise is made good by whoever made it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a message asks, promises, complains of or tells of somebody's leaving; and the word that it led to."""

    client: str
    at: int
    key: str
    kind: StatementKind
    """question, request, deadline, promise, escalation or departure."""
    by: Side
    """Who wrote it."""
    conversation: int
    due: date | None
    """The first day it names."""
    heard_at: int | None
    """When the next word came from whom it was due; None: it did not, or none is."""
    heard_key: str
    """The message with that word; "" for none."""
    first: bool
    """Whether it is the first of what that word answers: the answer took from here on."""
    times: int
    """Sentences of that kind."""
    sentence: str
    """The first of them."""


class Passed(NamedTuple):
    """What was asked or promised, without its text."""

    client: str
    at: int
    kind: str
    by: Side
    due: str | None
    heard_at: int | None
    key: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How long words were waited for, in working time. Each is a time that did occur."""

    count: int
    median: int
    """Half of them took no longer."""
    ninth: int
    """Nine tenths of them took no longer."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long answers took in some time: of ours to them, and of theirs to us. None: nobody answered."""

    ours: Spread | None = None
    theirs: Spread | None = None


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a year, by the day of the question; and the messages of it."""

    first: date
    pace: Pace
    from_us: int
    from_them: int


@dataclass(frozen=True, slots=True)
class Silence:
    """One side wrote nothing for longer than they used to before."""

    by: Side
    since: date
    """The day they wrote before it."""
    days: int
    usual: int
    """Days: see `Rhythm`."""
    over: bool
    """Whether they wrote again."""
    at: int
    key: str
    """Moment and key of their last message before it."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What one side asked and the other did not answer in mail."""

    told: Told
    days: int
    """Of the calendar, until the end of the review."""
    working: int


@dataclass(frozen=True, slots=True)
class Missed:
    """A promise whose day passed without a word in that conversation from who made it."""

    told: Told
    on: date
    """The day it was promised for."""
    days: int
    """After which the word came, or which have passed since."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody of theirs who left, or wrote no more while others did."""

    at: date
    """The day it was told, or on which they wrote last."""
    who: str
    """The address of who told it, or fell silent."""
    sentence: str
    """"" where it was not told."""
    written: int
    """Days on which they wrote; 0 where it was told."""
    usual: int | None
    key: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A message to read again, and why."""

    why: str
    at: int
    key: str
    by: Side
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Sides:
    """A number of each side."""

    us: int = 0
    them: int = 0
