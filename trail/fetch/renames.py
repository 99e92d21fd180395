"""Which folder is this one under its former name? Pure, without a network.

Comes in: what the server tells of a folder no epoch is known for, and what is known of the folders of its account.
Goes out: those it may have been, and whether a sample of messages agrees. A name is nothing to go by; what stays when
a folder is renamed is its MAILBOXID (RFC 8474, section 4) and, on almost every server, UIDVALIDITY and the UIDs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from trail.fetch.source import FolderState, RawHeader


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """A folder as it was last seen."""

    epoch: int
    folder: str
    uidvalidity: int
    least_uidnext: int
    """No UIDNEXT of it may be lower: the last one told, or one above the highest UID ever seen."""
    mailboxid: str | None


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """What a message must look like on the server if it is the one that was archived."""

    content: bytes
    received_at: datetime | None
    """None where the archive has the date of another place."""


def find_origins(name: str, state: FolderState, known: Iterable[KnownFolder]) -> list[KnownFolder]:
    """The folders that the one of that name may be, the surest first: by MAILBOXID if one has it, else by UIDVALIDITY and UIDNEXT."""
    known = list(known)
    certain = [k for k in known if is_certain(state, k)]
    if certain:
        return sorted(certain, key=lambda k: (k.uidvalidity != state.uidvalidity, -k.epoch))
    return [
        k
        for k in known
        if k.uidvalidity == state.uidvalidity
        # two with a MAILBOXID each are two folders, were they made in the same second and hold the same
        and (k.folder == name or None in (k.mailboxid, state.mailboxid))
        and (state.uidnext is None or state.uidnext >= k.least_uidnext)
    ]


def is_certain(state: FolderState, known: KnownFolder) -> bool:
    """Whether the server itself says that it is the same folder."""
    return state.mailboxid is not None and state.mailboxid == known.mailboxid


def has_left(known: KnownFolder, now: FolderState | None) -> bool:
    """Whether a folder is no longer under its name: `now` is what the name stands for, None when there is none."""
    if now is None:
        return True
    if now.mailboxid is not None and known.mailboxid is not None:
        return now.mailboxid != known.mailboxid
    return now.uidvalidity != known.uidvalidity


def agrees(shown: Sequence[RawHeader], archived: Mapping[int, KnownMessage]) -> bool:
    """Whether messages on the server, by UID, are those in the archive: in size, date and header. Nothing to compare proves nothing."""
    compared = [(header, archived[header.uid]) for header in shown if header.uid in archived]
    return bool(compared) and all(
        header.size == len(message.content)
        and message.received_at in (None, header.received_at)
        and message.content.startswith(header.content)
        for header, message in compared
    )
