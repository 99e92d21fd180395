"""The plan of what would be forgotten of a client, and by what a client is known.

Comes in: an open archive whose messages are all attributed, the configuration, a client. Goes out: a Plan. Nothing here
writes; `trail.forgetting` carries it out.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.erasing import list_named_places
from trail.archive.forgettable import (
    count_on_servers,
    list_own,
    list_shared,
    split_by_age,
)
from trail.archive.handovers import read_hand_overs
from trail.archive.leftovers import list_registers
from trail.attribute.rules import matches_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from trail.archive.erasing import Place
    from trail.archive.forgettable import Own
    from trail.archive.handovers import HandOver
    from trail.archive.holds import Hold
    from trail.archive.store import Archive
    from trail.config import Config
    from trail.config.spans import Span
    from trail.model import Client


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be forgotten of a client, and what not."""

    client: Client
    before: datetime | None
    """Only what is older; None: all of the client."""
    going: tuple[Own, ...]
    shared: dict[str, tuple[str, ...]]
    """Messages that stay because they are others' too: by key, whose."""
    ongoing: frozenset[str]
    """Messages that stay although they are old, because their conversation has gone on."""
    holds: tuple[Hold, ...]
    handed: tuple[HandOver, ...]
    given: frozenset[str]
    """Messages that any hand-off gave to the client."""
    registers: tuple[Path, ...]
    places: tuple[Place, ...]
    """Folders that name the client."""
    on_servers: dict[tuple[str, str], int]
    """Where the messages that go still lie."""

    @property
    def whole(self) -> bool:
        """Whether the client goes, too."""
        return self.before is None

    @property
    def newer(self) -> int:
        """Messages that go and were archived after the last hand-off; 0 when there was none."""
        last = self.handed[-1].at if self.handed else None
        return 0 if last is None else sum(own.archived_at > last for own in self.going)

    @property
    def never_given(self) -> tuple[str, ...]:
        """Keys of messages that go and were in no hand-off: withheld, or newer."""
        return tuple(own.key for own in self.going if own.key not in self.given)

    @property
    def digest(self) -> str:
        """SHA-256 of the keys, a line each: `go <key>` and `stay <key>`, each kind sorted."""
        lines = [f"go {own.key}\n" for own in self.going]
        lines += [f"stay {key}\n" for key in sorted({*self.shared, *self.ongoing})]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def make_plan(
    archive: Archive, config: Config, client: Client, now: datetime, span: Span | None = None
) -> Plan:
    """What would be forgotten: all of a client, or what is older than `span`. Everything must be attributed."""
    before = span.before(now) if span else None
    if before:
        own, ongoing = split_by_age(archive.ledger, client.slug, before)
    else:
        own, ongoing = list_own(archive.ledger, client.slug), set()
    handed = [one for one in read_hand_overs(archive) if one.client == client.slug]
    registers = (f"{one.bundle}-{one.digest[:8]}" for one in handed)
    names = name_places(client, config)
    return Plan(
        client,
        before,
        tuple(own),
        {} if before else list_shared(archive.ledger, client.slug),
        frozenset(ongoing),
        tuple(archive.holds.list_active(client.slug, now)),
        tuple(handed),
        frozenset(archive.handoffs.read_given(client.slug)),
        () if before else tuple(list_registers(archive.root, registers)),
        () if before else tuple(list_named_places(archive.ledger, names)),
        count_on_servers(archive.ledger, client.slug, {message.key for message in own}),
    )


def name_texts(client: Client) -> Callable[[str], bool]:
    """Whether a text names a client: by slug, name, address or domain, as whole words."""
    words = (client.slug, client.name, *client.addresses, *client.domains)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)
    return lambda text: pattern.search(text) is not None


def name_places(client: Client, config: Config) -> Callable[[str], bool]:
    """Whether the name of a folder or label names a client, or is theirs by a rule; never one that is another's by a rule."""
    named = name_texts(client)
    others = [rule for one in config.clients if one.slug != client.slug for rule in one.folders]

    def names(place: str) -> bool:
        if place.upper() == "INBOX" or any(matches_place(rule, place) for rule in others):
            return False
        return named(place) or any(matches_place(rule, place) for rule in client.folders)

    return names
