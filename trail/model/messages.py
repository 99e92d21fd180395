"""Messages on a server and in the archive, what was decided of them, and whose they are. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

Decision = Literal["archived", "held", "left", "failed", "forgotten"]
"""What was decided of a message on a server.

archived: its bytes were new and are now in the Maildir; held: its bytes were already there;
left: nobody's client mail, stays on the server; failed: could not be fetched, is retried;
forgotten: was archived, and taken out of the archive by `trail forget`.
"""


@dataclass(frozen=True, slots=True, order=True)
class RemoteRef:
    """A message's place on a server (RFC 9051, section 2.3.1.1): never reused for other bytes."""

    account: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """A message in the Maildir."""

    key: str
    path: Path
    """Relative to the archive's folder."""
    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place where a message was seen, and what was decided."""

    ref: RemoteRef
    key: str | None
    """None where the message was left, failed or was forgotten."""
    decision: Decision
    seen_at: datetime
    reason: str = ""
    flags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    gone_at: datetime | None = None
    """When the server no longer had it."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose message it is, and why: `reason` reads like "domain acme.example in To"."""

    key: str
    client: str
    reason: str
    inherited: bool = False
    """True when only the thread says so, no rule."""
