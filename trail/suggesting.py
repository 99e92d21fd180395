"""What the mail suggests for the book: next actions, and changes that clients asked for.

    turns, words that are owed --rules of the book--> suggestions --whoever is named in the headers--> with names

Comes in: an open archive, the moment. Goes out: values with ids that stay. Nothing is parsed: the sync has read the
messages before, and what it did not read yet is not known here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from trail.archive.ledger import to_seconds
from trail.book.ids import derive_id
from trail.book.suggestions import AGE, suggest
from trail.model.book import Action, Request
from trail.owed import read_owed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.model import Turn
    from trail.model.book import Suggestion

YEAR = timedelta(days=366)
"""How far change requests of all clients are looked for; those of one client are all listed."""


def read_suggestions(archive: Archive, clients: Collection[str], now: datetime) -> list[Suggestion]:
    """What the mail of these clients suggests; `now` is in the user's time zone."""
    wanted = frozenset(clients)
    only = next(iter(wanted)) if len(wanted) == 1 else None
    waiting = read_owed(archive, now, only).waiting
    awaited = [a for one in waiting for a in one.awaited if a.client in wanted]
    turns = [
        turn for client in clients for turn in _iter_said(archive, client, "deadline", now - AGE)
    ]
    taken = {action.id for action in archive.book.list_entries(Action, only)}
    taken |= {one.id for one in archive.book.list_struck(only)}
    message_ids = archive.facts.read_message_ids(
        {*(a.key for a in awaited), *(t.key for t in turns)}
    )
    return _name(archive, suggest(awaited, turns, taken, now.date(), message_ids))


def read_requests(
    archive: Archive, client: str | None, clients: Sequence[str], now: datetime
) -> list[Request]:
    """The change requests: those in the book, and those that the mail asks for and the book does not have yet."""
    booked = archive.book.list_entries(Request, client)
    known = {one.id for one in booked}
    known |= {one.id for one in archive.book.list_struck(client) if one.kind == "request"}
    found: dict[str, tuple[Request, Turn]] = {}
    for slug in [client] if client else clients:
        turns = _iter_said(archive, slug, "change", None if client else now - YEAR)
        theirs = [turn for turn in turns if not turn.outgoing]
        message_ids = archive.facts.read_message_ids({turn.key for turn in theirs})
        for turn in theirs:
            message = message_ids.get(turn.key) or turn.key
            for said in turn.statements:
                id_ = derive_id("request", slug, message, said.sentence)
                if said.kind == "change" and id_ not in known and id_ not in found:
                    day = turn.at.astimezone(now.tzinfo).date()
                    request = Request(id_, slug, said.sentence, turn.at, turn.at, day, turn.person, turn.key)  # fmt: skip
                    found[id_] = (request, turn)
    names = _find_names(archive, [turn.key for _, turn in found.values()])
    return [
        *booked,
        *(replace(r, asked_by=names.get(r.source) or r.asked_by) for r, _ in found.values()),
    ]


def find_answered(archive: Archive, requests: Iterable[Request]) -> dict[str, bool]:
    """Whether we wrote in the conversation of a request after it, by id; of those whose message is known."""
    return {
        one.id: answered
        for one in requests
        if one.source and (answered := archive.book.is_answered(one.client, one.source)) is not None
    }


def _iter_said(archive: Archive, client: str, kind: str, since: datetime | None) -> Iterator[Turn]:
    return archive.turns.iter_saying(client, kind, None if since is None else to_seconds(since))


def _name(archive: Archive, suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """Those with whoever said it; of our own words nobody."""
    names = _find_names(archive, [one.source for one in suggestions if not one.ours])
    return [
        one if one.ours else replace(one, said_by=names.get(one.source) or one.said_by)
        for one in suggestions
    ]


def _find_names(archive: Archive, keys: Sequence[str]) -> dict[str, str]:
    envelopes = archive.facts.read_envelopes(keys)
    return {
        key: envelope.sender.name or envelope.sender.address
        for key, envelope in envelopes.items()
        if envelope.sender
    }
