"""The contact with a client: who wrote when, who they are, what was sent along, and what is to be said about it. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime

    from trail.model.waiting import Side

Health = Literal["steady", "look", "act", "unclear", "asleep"]
"""How it stands with a client.

steady: as always; look: something is worth a look; act: something is overdue, or longer silent than ever; unclear: too few
contacts to tell, and nothing else to say; asleep: silent for so long that nothing is expected any more.
"""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long a client is silent between two of their own messages. In days."""

    usual: int
    """Half of all time lay in silences up to this."""
    long: int
    """Nine tenths of it."""
    longest: int
    silences: int
    """How many silences these come from."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that bears on the health of a client."""

    kind: str
    """quiet, new, asleep, waiting-on-us, overdue, waiting-on-them, action, farewell."""
    health: Health
    """How it stands because of this alone."""
    text: str
    """With its figure."""
    days: int | None = None
    usual: int | None = None
    key: str = ""
    """The message it comes from; "" where it comes from none."""
    entry: str = ""
    """The entry of the book it comes from; "" where it comes from none."""


@dataclass(frozen=True, slots=True)
class LastWord:
    """The last message of one side in which a person wrote."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Farewell:
    """A message of theirs in which somebody leaves, or a contract ends."""

    at: datetime
    key: str
    sentence: str
    """The evidence."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What the ledger has of the contact with a client."""

    messages: int = 0
    first_at: datetime | None = None
    theirs: LastWord | None = None
    ours: LastWord | None = None
    days: tuple[int, ...] = ()
    """The days on which they wrote, in order: since 1970-01-01, where the user is."""
    farewell: Farewell | None = None
    """The last one of late."""


@dataclass(frozen=True, slots=True)
class Contacted:
    """Somebody of a client's."""

    name: str
    address: str
    role: str
    """What they sign as; "" where it is not known."""
    written: int
    """Messages they wrote."""
    last_at: datetime
    key: str
    """Of the last message from or to them."""
    last_by: Side = "them"
    """Who wrote that."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message between us and a client, in two lines."""

    key: str
    at: datetime
    by: Side
    who: str
    subject: str
    begins: str
    """The first words of its author's own."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that was sent along."""

    key: str
    at: datetime
    by: Side
    filename: str


@dataclass(frozen=True, slots=True)
class Held:
    """That nothing of a client may be forgotten, up to a day."""

    until: datetime
    """The first moment in which it no longer holds."""
    why: str
    by: str

    @property
    def last_moment(self) -> datetime:
        """The last moment in which it holds: what people call the day it ends on."""
        return self.until - timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Month:
    """Messages of a month."""

    first: date
    theirs: int = 0
    ours: int = 0
