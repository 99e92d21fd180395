"""How it stands with every client: joins what the ledger has of contacts, open words and next actions with the book's judgement.

Comes in: an open archive, the configuration, now where the user is. Goes out: a Standing a client. It reads a few rows a client and
no message: all it needs was computed in the sync.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from trail.archive.contacts import Contacts
from trail.archive.ledger import to_seconds
from trail.book.actions import sort_key
from trail.book.health import OF_LATE, judge
from trail.book.rhythm import ENOUGH, RECENT, measure_rhythm
from trail.book.standing import Standing
from trail.model.book import Action
from trail.model.overview import Held
from trail.owed import read_owed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.book.waiting import Waiting
    from trail.model import Client, Side
    from trail.owed import Owed


def read_standings(
    archive: Archive, clients: Sequence[Client], now: datetime, owed: Owed | None = None
) -> list[Standing]:
    """How it stands with each of these clients, in their order. `now` has the user's time zone; `owed` is what is, if it is known."""
    contacts = open_contacts(archive, now)
    one = clients[0].slug if len(clients) == 1 else None
    open_words: dict[tuple[str, Side], list[Waiting]] = defaultdict(list)
    for waiting in (owed or read_owed(archive, now, one)).waiting:
        open_words[waiting.first.client, waiting.first.by].append(waiting)
    actions: dict[str, list[Action]] = defaultdict(list)
    for action in archive.book.list_entries(Action, one):
        if action.done_at is None:
            actions[action.client].append(action)
    holds: dict[str, list[Held]] = defaultdict(list)
    for hold in archive.holds.list_all(one):
        if hold.is_active(now):
            holds[hold.client].append(Held(hold.until, hold.why, hold.by))
    standings = []
    for client in clients:
        slug, contact = client.slug, contacts.read(client.slug, RECENT, ENOUGH)
        contact = replace(contact, farewell=contacts.find_farewell(slug, to_seconds(now - OF_LATE)))
        rhythm = measure_rhythm(contact.days)
        on_us, on_them = (tuple(open_words[slug, side]) for side in ("us", "them"))
        following = min(actions[slug], key=sort_key, default=None)
        health, reasons = judge(contact, rhythm, on_us, on_them, following, now.date())
        standings.append(
            Standing(
                slug,
                client.name,
                contact,
                rhythm,
                on_us,
                on_them,
                following,
                health,
                reasons,
                tuple(holds[slug]),
            )
        )
    return standings


def open_contacts(archive: Archive, now: datetime) -> Contacts:
    """The contacts of an archive, with days as they are where `now` is."""
    offset = now.utcoffset()
    return Contacts(archive.ledger, int(offset.total_seconds()) if offset else 0)
