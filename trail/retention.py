"""What has been kept for as long as it was to be: proposed, and nothing more. Only a person forgets.

Comes in: an archive, the clients. Goes out: for each client with `keep` how many messages are older. Nothing here writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.forgettable import has_older, split_by_age
from trail.config.spans import read_span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.model import Client


@dataclass(frozen=True, slots=True)
class Due:
    """How many messages of a client are older than they are to be kept. A client on hold has none that are due."""

    client: str
    keep: str
    messages: int

    @property
    def command(self) -> str:
        """What forgets them."""
        return f"trail forget {self.client} --older-than '{self.keep}'"


def find_due(archive: Archive, clients: Sequence[Client], now: datetime) -> list[Due]:
    """What is due to be forgotten, by client; those without any are left out."""
    found = []
    for client in clients:
        if not client.keep or archive.holds.list_active(client.slug, now):
            continue
        before = read_span(client.keep).before(now)
        if has_older(archive.ledger, client.slug, before):
            old, _ = split_by_age(archive.ledger, client.slug, before)
            if old:
                found.append(Due(client.slug, client.keep, len(old)))
    return found
