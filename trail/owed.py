"""Who waits for whom, as a command shows it: rows of the ledger joined with what the headers say.

Comes in: an open archive, the moment. Goes out: what is owed, the most pressing first, each with whom it is about. It parses
nothing, and reads few rows however large the archive is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trail.book.suggestions import name_suggestion
from trail.book.waiting import LONG_AGO, Waiting, is_long_ago, list_waiting
from trail.model import Settled
from trail.model.book import Action

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.model import Awaited, Side


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that is owed, as it is shown."""

    waiting: Waiting
    id: str
    """Of the message that is waited upon: its key, as short as it may be."""
    name: str
    """Of whom it is with, as the message has it; "" where it has none."""
    address: str
    subject: str


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed, and what is not shown of it."""

    waiting: tuple[Waiting, ...]
    """The most pressing first."""
    snoozed: tuple[Waiting, ...]
    long_ago: tuple[Waiting, ...]
    """Only where all was asked for."""
    old: int
    """How many are long ago."""
    unread: int
    """Messages of clients that were not read for the book yet: what they ask is not known."""


def read_owed(
    archive: Archive,
    now: datetime,
    client: str | None = None,
    by: Side | None = None,
    *,
    everything: bool = False,
) -> Owed:
    """What is owed, by one client or all, by one side or both. `now` is in the user's time zone."""
    since = now - LONG_AGO
    awaited = archive.conversations.list_awaited(client, by, None if everything else since)
    settled = read_settled(archive, awaited)
    put_off = {(s.key, s.by) for s in settled if s.until}
    snoozed = [a for a in awaited if (a.key, a.by) in put_off]
    last_words = archive.conversations.read_last_words(snoozed)
    shown: list[Waiting] = []
    later: list[Waiting] = []
    long_ago: list[Waiting] = []
    for waiting in list_waiting(
        awaited, settled, last_words, now, _read_displeased(archive, awaited)
    ):
        # what somebody put off is wanted again
        old = is_long_ago(waiting, now) and all(
            (a.key, a.by) not in put_off for a in waiting.awaited
        )
        (long_ago if old else later if waiting.snoozed_until else shown).append(waiting)
    return Owed(
        tuple(shown),
        tuple(later),
        tuple(long_ago) if everything else (),
        archive.conversations.count_long_ago(since, client, by),
        archive.said.count_unheard(),
    )


def read_settled(archive: Archive, awaited: Sequence[Awaited]) -> list[Settled]:
    """What a person settled, and those of `awaited` of which an action was made that is done, and is not open again.

    The same of one message and side comes last where it counts.
    """
    done = {
        action.id: (action.source, action.done_at)
        for action in archive.book.list_entries(Action)
        if action.done_at and action.source
    }
    sources = {source for source, _ in done.values()}
    settled = archive.conversations.list_settled()
    message_ids = archive.facts.read_message_ids(sources)
    for a in awaited:
        if a.key in sources:
            message = message_ids.get(a.key) or a.key
            _, at = done.get(name_suggestion(a.client, message, a.sentence), ("", None))
            if at:
                settled.append(Settled(a.client, a.key, a.by, at, None, at))
    return _settle_copies(archive, awaited, settled)


def _read_displeased(
    archive: Archive, awaited: Sequence[Awaited]
) -> dict[tuple[str, int], tuple[datetime, str]]:
    """When somebody who waits for us was displeased last, and the sentence, by client and number of the conversation."""
    turns = archive.turns.list_displeased({a.conversation for a in awaited if a.by == "us"})
    return {
        (turn.client, turn.conversation): (turn.at, statement.sentence)
        for turn in turns
        for statement in turn.statements
        if statement.kind == "escalation"
    }


def _settle_copies(
    archive: Archive, awaited: Sequence[Awaited], settled: Sequence[Settled]
) -> list[Settled]:
    """What was settled of a message is settled of its copies, too: they have its Message-ID, and say the same."""
    decided = {(s.key, s.by): s for s in settled}
    told = [a for a in awaited if (a.key, a.by) in decided]
    places = {(a.client, a.conversation) for a in told}
    near = [a for a in awaited if (a.client, a.conversation) in places]
    message_ids = archive.facts.read_message_ids({a.key for a in near})

    def name(one: Awaited) -> tuple[str, Side, str, str]:
        return one.client, one.by, message_ids.get(one.key) or one.key, one.sentence

    named = {name(a): decided[a.key, a.by] for a in told}
    copies = [a for a in near if (a.key, a.by) not in decided and name(a) in named]
    return [*settled, *(replace(named[name(a)], key=a.key) for a in copies)]


def describe(archive: Archive, waiting: Sequence[Waiting]) -> list[Matter]:
    """Each with what its oldest message says."""
    keys = [one.first.key for one in waiting]
    people = archive.turns.read_people(keys)
    envelopes = archive.facts.read_envelopes(keys)
    matters = []
    for one, short in zip(waiting, archive.facts.shorten_keys(keys), strict=True):
        address = people.get(one.first.key, "")
        envelope = envelopes.get(one.first.key)
        named = envelope.addresses if envelope else ()
        name = next((a.name for a in named if a.address == address and a.name), "")
        matters.append(Matter(one, short, name, address, envelope.subject if envelope else ""))
    return matters
