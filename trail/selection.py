"""What would go to a client, and what would not: every message judged, decided about, and held against what was given before.

    ledger --keys, conversations--> filters -> leaks -> verdicts -> decisions -> what is new --+--> chosen
                                                                                              +--> withheld, with reasons

Comes in: an open archive whose messages are all attributed, a client, filters. Goes out: a Selection. It writes nothing but
the cache of phrases. In doubt a message is withheld.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.correspondence import find_ancestors
from trail.archive.ledger import chunk_keys
from trail.attribute.rules import matches_place
from trail.handoff.decisions import count_decisions, still_holds
from trail.handoff.filters import NO_FILTERS, Filters
from trail.handoff.select import (
    DECIDED,
    PROPOSABLE,
    Candidate,
    HeldBack,
    hold_back,
    judge_fully,
)
from trail.leakage import find_leaks
from trail.model import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from trail.archive.handoffs import Given
    from trail.archive.store import Archive
    from trail.config import Config
    from trail.handoff.decisions import DecisionCount
    from trail.handoff.leaks import Leak
    from trail.model import ArchivedMessage, Client, Decided, PastHandOff, Sighting
    from trail.workers import Crew

_AT_ONCE = 1000
"""Messages whose facts are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What would go to a client, in the order of dates, and what would not."""

    client: Client
    chosen: tuple[ArchivedMessage, ...]
    withheld: tuple[HeldBack, ...]
    filters: Filters = NO_FILTERS
    continues: PastHandOff | None = None
    """The hand-off this one adds to; None: this one has everything there is."""
    past: tuple[PastHandOff, ...] = ()
    """All hand-offs to this client, the latest last."""
    repeated: int = 0
    """Messages that may go and that the client has already: left out."""
    regretted: tuple[tuple[HeldBack, PastHandOff], ...] = ()
    """Messages that would be withheld now, and that the client was given before."""
    released: tuple[HeldBack, ...] = ()
    """Messages that somebody gave although something speaks against them: they are among the chosen, unless the client has them."""
    decisions: tuple[Decided, ...] = ()
    """Those that count here, of chosen and of withheld messages."""
    void: tuple[str, ...] = ()
    """Keys of messages that somebody gave, before something new spoke against them."""
    uncompared: int = 0
    """Messages, of whichever client, that could not be read to be compared."""
    unread: int = 0
    """Attachments of the chosen whose contents nobody could compare: the client's own, or released by decision."""

    @property
    def builds_on(self) -> tuple[PastHandOff, ...]:
        """The hand-offs whose messages are left out, the earliest first; none where everything is given."""
        return self.past if self.continues else ()

    @property
    def decision_counts(self) -> tuple[DecisionCount, ...]:
        """What the recipient is told of decisions."""
        return count_decisions(self.decisions)

    @property
    def decided(self) -> dict[str, Decided]:
        """The same, by key of the message."""
        return {decision.key: decision for decision in self.decisions}

    @property
    def undecided(self) -> tuple[HeldBack, ...]:
        """Withheld messages nobody has decided about."""
        return tuple(held for held in self.withheld if held.message.key not in self.decided)


def select_messages(
    archive: Archive,
    config: Config,
    client: Client,
    filters: Filters = NO_FILTERS,
    *,
    full: bool = False,
    progress: Callable[[str, int, int], None] = lambda *_: None,
    crew: Crew | None = None,
) -> Selection:
    """Judge every message of the client within the filters, and leave out what they have, unless `full`.

    `crew` is who reads, where there is somebody already.
    """
    facts = _Facts(archive, client, filters)
    findings = find_leaks(
        archive, config, client, facts.keys, progress, crew, documents=bool(filters.redacted)
    )
    decided = archive.handoffs.read_decisions(client.slug)
    past = archive.handoffs.list_past(client.slug)
    given = archive.handoffs.read_given(client.slug)
    chosen, withheld, regretted, released = [], [], [], []
    counting, void = [], []
    repeated = 0
    for candidate in facts.describe_all(findings.leaks, findings.doubtful):
        key = candidate.key
        reasons = judge_fully(candidate, client, config.me)
        decision = decided.get(key)
        if (
            not candidate.clients
            and not decision
            and any(r.code not in PROPOSABLE for r in reasons)
        ):
            continue  # nobody's, and not to be proposed
        if decision and not still_holds(decision, reasons):
            void.append(key)
            decision = None
        had = given.get(key, ())
        if (decision and not decision.gives) or (reasons and not decision):
            held = hold_back(candidate, *(reasons or (DECIDED,)))
            if had:
                number = had[0].handoff
                regretted.append((held, next(p for p in past if p.number == number)))
            else:
                withheld.append(held)
                counting += [decision] if decision else []
            continue
        if decision and reasons:
            released.append(hold_back(candidate, *reasons))
        if not full and _has_it(had, filters, still_unread=key in findings.unread):
            repeated += 1
        else:
            chosen.append(facts.messages[key])
            counting += [decision] if decision and reasons else []
    unread = frozenset[str]().union(*(findings.unread.get(m.key, ()) for m in chosen))
    return Selection(
        client,
        tuple(chosen),
        tuple(withheld),
        filters,
        past[-1] if past and not full else None,
        tuple(past),
        repeated,
        tuple(regretted),
        tuple(released),
        tuple(counting),
        tuple(void),
        findings.uncompared,
        len(unread),
    )


def _has_it(had: Sequence[Given], filters: Filters, *, still_unread: bool) -> bool:
    """Whether the client has a message as whole as they would get it now."""
    enough = ["", filters.change, *([filters.partial_change] if still_unread else [])]
    return any(g.change in enough for g in had)


class _Facts:
    """What the ledger knows of the messages in question, in the order of their dates."""

    def __init__(self, archive: Archive, client: Client, filters: Filters) -> None:
        own = archive.facts.client_keys(client.slug)
        proposed = set(find_ancestors(archive.ledger, client.slug)) - set(own)
        keys = [*own, *proposed]
        self._archive = archive
        self._client = client
        self.messages = archive.facts.find_messages(keys)
        times: dict[str, datetime] = {}
        for some in chunk_keys(keys, _AT_ONCE):
            subjects = archive.facts.read_subjects(some)
            places = archive.sightings.places(some) if filters.matter else {}
            for key in some:
                sent_at, subject = subjects.get(key, (None, ""))
                at = sent_at or self.messages[key].received_at
                if _is_inside(at, subject, places.get(key, ()), filters):
                    times[key] = at
        self.keys = sorted(times, key=lambda k: (times[k], self.messages[k].received_at, k))

    def describe_all(
        self, leaks: Mapping[str, tuple[Leak, ...]], unreadable: Mapping[str, tuple[str, ...]]
    ) -> Iterator[Candidate]:
        """What is judged, in order; a few in memory at a time."""
        for some in chunk_keys(self.keys, _AT_ONCE):
            envelopes = self._archive.facts.read_envelopes(some)
            attributions = self._archive.facts.read_attributions(some)
            for key in some:
                whose = attributions.get(key, ())
                # a message of nobody is here because one of the client's answers it
                inherited = not whose or any(
                    a.inherited for a in whose if a.client == self._client.slug
                )
                clients = tuple(a.client for a in whose)
                envelope = envelopes.get(key, Envelope())
                against = leaks.get(key, ()), unreadable.get(key, ())
                yield Candidate(key, envelope, clients, inherited, *against)


def _is_inside(at: datetime, subject: str, places: Sequence[Sighting], filters: Filters) -> bool:
    if (filters.since and at < filters.since) or (filters.until and at >= filters.until):
        return False
    if not filters.matter or _fold(filters.matter) in _fold(subject):
        return True
    seen = (place for s in places for place in (s.ref.folder, *s.labels))
    return any(matches_place(filters.matter, place) for place in seen)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
