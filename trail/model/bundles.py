"""What a hand-off or a verification comes to. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Withheld:
    """A message that stays out of a bundle, and why."""

    key: str
    reason: str
    message_id: str | None = None
    sent_at: datetime | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether a message goes to a client, as a person decided it."""

    key: str
    gives: bool
    reasons: tuple[str, ...]
    """What spoke against it at the time, as `trail.handoff.decisions.name_reasons` has it."""
    why: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PastHandOff:
    """A hand-off that was made."""

    number: int
    client: str
    bundle: str
    """The name of its folder."""
    digest: str
    """As in Bundle."""
    at: datetime
    by: str
    messages: int
    withheld: int


class Kept(NamedTuple):
    """An attachment that was not asked to be left out, and stays behind because it cannot be redacted."""

    name: str
    unseen: bool
    """Whether nobody could look into it; else what is to be redacted stands in it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished hand-off (or the plan of one, when nothing was written)."""

    client: str
    path: Path
    messages: int
    attachments: int
    bytes: int
    """Of the payload."""
    withheld: tuple[Withheld, ...] = ()
    digest: str = ""
    """SHA-256 of tagmanifest-sha256.txt, in hex."""
    key: str = ""
    """Fingerprint of the key it is signed with; "" when it is not signed."""
    stamped: bool = False
    """Whether an authority's timestamp is in it."""
    changed: tuple[str, ...] = ()
    """Keys of messages of which a changed copy is in it."""
    notices: tuple[str, ...] = ()
    """Of these, the messages for which a notice stands: the client does not have them."""
    partial: tuple[str, ...] = ()
    """Of these, the messages that went without an attachment nobody could look into."""
    kept: tuple[Kept, ...] = ()
    """Attachments that stayed behind because they cannot be redacted, in the order of the messages."""


@dataclass(frozen=True, slots=True)
class Verification:
    """`checked` files were looked at; `problems` is empty when all was well."""

    checked: int
    problems: tuple[str, ...] = field(default=())
    advice: tuple[str, ...] = ()
    """What is allowed, and not recommended."""
    ours: bool = True
    """Whether it claims to be a hand-off of trail, which has to be signed."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems
