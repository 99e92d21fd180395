"""A letter is filled with what was gathered of the mail.

In: what was gathered of the mail, and the colophon. Out: a Letter. Never: a statement without the message it stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trail.handoff.papers.clean import plain_words
from trail.handoff.papers.letter.values import (
    Circumstances,
    Contact,
    Item,
    Letter,
    Listed,
    Matter,
    Plan,
    Side,
    Source,
    State,
    Waiting,
)
from trail.handoff.papers.open_items import STALE, find_asked, is_lately_past

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from trail.handoff.companions import Colophon
    from trail.handoff.papers.open_items import OpenItem
    from trail.handoff.papers.people import Person
    from trail.handoff.papers.planned import Planned
    from trail.handoff.papers.seen import Said, Seen
    from trail.handoff.papers.seen import Side as People
    from trail.handoff.papers.threads import Conversation

MATTERS = 25
ITEMS = 20
PASSED = 10
PEOPLE = 30
SHORT = 8
"""Letters of a digest that are told: as many as elsewhere in trail."""
_AWAITS: dict[People, State] = {
    "ours": "awaits us",
    "theirs": "awaits them",
    "other": "awaits others",
}


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was taken up from the mail."""

    first: datetime | None
    last: datetime | None
    messages: int
    attachments: int
    conversations: Sequence[Conversation]
    open_items: Sequence[OpenItem]
    dated: Sequence[Said]
    agreements: Sequence[Said]
    agreement_count: int
    invoices: Sequence[Said]
    invoice_count: int
    people: Sequence[Person]
    sides: Mapping[str, People]
    """Of each address."""
    planned: Sequence[tuple[Planned, Seen | None]] = ()
    """What the sender planned, and the message each comes from, where it is here."""


def name_sender(people: Sequence[Person], colophon: Colophon) -> str:
    """The name under which most was sent; else the first address."""
    if colophon.sender:
        return colophon.sender
    ours = [person for person in people if person.side == "ours" and person.name]
    best = max(ours, key=lambda p: (p.sent, p.address), default=None)
    if best and best.sent:
        return best.name
    return plain_words(next(iter(colophon.senders), "")) or "—"


def make_letter(gathered: Gathered, colophon: Colophon, today: date, *, pdfs: bool) -> Letter:
    """Fill a letter; `today` is the day of the hand-off, `pdfs` says whether each message is there as a PDF."""
    current = [i for i in gathered.open_items if not i.stale]
    waiting = [i for i in current if i.sort != "deadline"]
    us, them, others = (
        _gather([i for i in waiting if i.side == side]) for side in ("ours", "theirs", "other")
    )
    ahead = sorted((i for i in current if i.due and i.due >= today), key=lambda i: str(i.due))
    passed = [
        s for s in gathered.dated if s.statement.due and is_lately_past(s.statement.due, today)
    ]
    passed.sort(key=lambda said: str(said.statement.due), reverse=True)
    sides = {
        side: [p for p in gathered.people if p.side == side] for side in ("theirs", "ours", "other")
    }
    return Letter(
        client=plain_words(colophon.client),
        sender=name_sender(gathered.people, colophon),
        senders=tuple(plain_words(address) for address in colophon.senders),
        date=colophon.created_at,
        first=gathered.first,
        last=gathered.last,
        messages=gathered.messages,
        attachments=gathered.attachments,
        circumstances=_tell_circumstances(colophon),
        matters=tuple(
            _describe(c, today, gathered.sides) for c in gathered.conversations[:MATTERS]
        ),
        conversations=len(gathered.conversations),
        ahead=tuple(_open(i) for i in ahead[:ITEMS]),
        passed=tuple(_said(s) for s in passed[:PASSED]),
        on_us=tuple(us[:ITEMS]),
        on_them=tuple(them[:ITEMS]),
        on_others=tuple(others[:ITEMS]),
        more_on_us=max(0, len(us) - ITEMS),
        more_on_them=max(0, len(them) - ITEMS),
        more_on_others=max(0, len(others) - ITEMS),
        old=sum(i.stale for i in gathered.open_items),
        agreements=_list(gathered.agreements, gathered.agreement_count),
        invoices=_list(gathered.invoices, gathered.invoice_count),
        theirs=_introduce(sides["theirs"]),
        ours=_introduce(sides["ours"]),
        others=_introduce(sides["other"]),
        tasks=len(current) + len(gathered.planned),
        pdfs=pdfs,
        withheld=tuple(colophon.withheld.items()),
        mbox=colophon.mbox,
        completeness=colophon.completeness,
        fingerprint=colophon.fingerprint,
        version=colophon.version,
        planned=tuple(
            Plan(plain_words(one.text), one.due, _cite(seen) if seen else None)
            for one, seen in gathered.planned
        ),
    )


def _tell_circumstances(colophon: Colophon) -> Circumstances:
    filters = colophon.filters
    return Circumstances(
        since=colophon.since,
        until=colophon.until and colophon.until - timedelta(seconds=1),
        matter=plain_words(filters.matter),
        excluded=plain_words(", ".join(filters.excluded)),
        redacted=colophon.redacted,
        changed=colophon.changed,
        continues=tuple(
            (before.at, plain_words(before.bundle), before.messages, before.digest[:SHORT])
            for before in colophon.builds_on
        ),
        decisions=tuple(
            (count.messages, count.gives, plain_words(count.by), count.day)
            for count in colophon.decisions
        ),
    )


def _gather(items: Sequence[OpenItem]) -> list[Waiting]:
    """Bring together what one message says, in the order it says it."""
    groups: dict[tuple[str, str], list[OpenItem]] = {}
    for item in items:
        groups.setdefault((item.sort, item.said.seen.key), []).insert(0, item)
    return [
        Waiting(
            sort="promise" if group[0].sort == "promise" else "answer",
            sentences=tuple(item.said.statement.sentence for item in group),
            source=_cite(group[0].said.seen),
            due=min((item.due for item in group if item.due), default=None),
        )
        for group in groups.values()
    ]


def _describe(conversation: Conversation, today: date, sides: Mapping[str, People]) -> Matter:
    state: State = "at rest"
    if (today - conversation.last.at.date()).days > STALE:
        state = "quiet"
    elif conversation.asked:
        state = _AWAITS[find_asked(conversation.asked[-1], sides)]
    elif conversation.promised:
        state = "promised"
    return Matter(
        conversation.first.subject,
        conversation.first.at,
        _cite(conversation.last),
        conversation.messages,
        state,
    )


def _list(said: Sequence[Said], total: int) -> Listed:
    return Listed(tuple(_said(one) for one in list(reversed(said))[:ITEMS]), total)


def _introduce(people: Sequence[Person]) -> Side:
    contacts = (
        Contact(p.shown, p.address, p.job, p.first, p.last, p.sent + p.received, _cite(p.last_seen))
        for p in people[:PEOPLE]
    )
    return Side(tuple(contacts), len(people))


def _open(item: OpenItem) -> Item:
    return Item(item.said.statement.sentence, _cite(item.said.seen), item.due)


def _said(said: Said) -> Item:
    statement = said.statement
    return Item(statement.sentence, _cite(said.seen), statement.due, statement.detail)


def _cite(seen: Seen) -> Source:
    return Source(seen.who, seen.at, seen.subject, seen.link, seen.page)
