"""What the correspondence with a client was like, and where trouble began with which: joins the ledger with the book's measures.

Comes in: an open archive, the configuration, now where the user is. Goes out: a Review, or a line a client. It reads rows and no
message: what was asked, promised and complained of, and what followed, was computed in the sync.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from trail.archive.told import Tellings
from trail.book.absent import list_absent
from trail.book.chart import MOST, list_months
from trail.book.comparing import Compared, Material, compare, find_split
from trail.book.hours import Timetable
from trail.book.looking_back import (
    Finders,
    Review,
    choose_moments,
    list_missed,
    list_unanswered,
    tell_hours,
)
from trail.book.pace import list_answers, list_gaps, list_quarters, measure_pace, name_silence
from trail.book.rhythm import ENOUGH
from trail.book.rhythm import RECENT as RHYTHM
from trail.model.book import Response
from trail.model.review import Absence, Sides

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trail.archive.store import Archive
    from trail.model import Client, Hours, Side
    from trail.model.overview import Month
    from trail.model.review import Silence, Told

_DAY = 86_400


class Span(NamedTuple):
    """Days that are looked at, both counted; None: from the first word, until now."""

    since: date | None = None
    until: date | None = None

    def bound(self, now: datetime) -> tuple[int, int]:
        """Its first and its last second, where `now` is."""
        end = int(now.timestamp())
        if self.until:
            after = datetime.combine(self.until + timedelta(days=1), time(), now.tzinfo)
            end = min(end, int(after.timestamp()) - 1)
        if self.since is None:
            return -(1 << 62), end
        return int(datetime.combine(self.since, time(), now.tzinfo).timestamp()), end


def read_review(
    archive: Archive, client: Client, hours: Hours, now: datetime, span: Span
) -> Review:
    """The review of a client. `now` has the user's time zone."""
    tellings = Tellings(archive.ledger)
    begin, end = span.bound(now)
    words = tellings.list_words(client.slug, begin, end)
    told = tellings.list_open(client.slug, begin, end)
    settled = _list_settled(archive)
    timetable = Timetable(hours, now.tzinfo, words[0][0] if words else end, end)
    days = list(zip(timetable.count_days([at for at, _, _ in words]), [o for _, o, _ in words], strict=True))  # fmt: skip
    counts = Counter(days)
    answers = list_answers(tellings.list_answered(client.slug, begin, end), timetable)
    last = words[-1][0] if words else end
    split = find_split(last)
    unanswered = list_unanswered(told, settled, timetable, end)
    due, missed = list_missed(told, settled, timetable, end)
    silences = _list_silences(tellings, client.slug, words, days, timetable.count_day(end))
    ends = _find_ends(tellings, client.slug, words)
    moments = choose_moments(
        told, answers, silences, unanswered, missed, tellings.find_last_thanks(client.slug, begin, end), ends, timetable,
        Finders(
            lambda answer: tellings.find_asked(client.slug, answer.at, "them" if answer.by == "us" else "us"),
            lambda key: tellings.find_sentence(client.slug, key),
        ),
    )  # fmt: skip
    return Review(
        client.slug,
        client.name,
        now,
        span.since,
        span.until,
        date.fromordinal(days[0][0]) if days else None,
        date.fromordinal(days[-1][0]) if days else None,
        Sides(*(sum(n for (_, o), n in counts.items() if o == ours) for ours in (1, 0))),
        timetable.day,
        tell_hours(timetable),
        timetable.find_day(split) if words else None,
        measure_pace(answers),
        measure_pace(one for one in answers if one.at < split),
        measure_pace(one for one in answers if one.at >= split),
        list_quarters(answers, counts, timetable),
        _list_months(days),
        silences,
        unanswered,
        Sides(*(sum(one.by == side for one in due) for side in ("us", "them"))),
        missed,
        tuple(one for one in told if one.kind == "escalation"),
        tuple(_list_absences(tellings, client.slug, words, days, told, timetable)),
        moments,
        tuple(reversed(archive.book.list_entries(Response, client.slug))),
    )


def _list_months(days: Sequence[tuple[int, int]]) -> tuple[Month, ...]:
    if not days:
        return ()
    last = days[-1][0]
    late = (
        (date.fromordinal(day), bool(ours)) for day, ours in days if day > last - 31 * (MOST + 1)
    )
    return list_months(late, date.fromordinal(last))


def compare_clients(
    archive: Archive, clients: Sequence[Client], hours: Hours, now: datetime, span: Span
) -> list[Compared]:
    """A line for each of these clients, in their order; `now` has the user's time zone."""
    tellings = Tellings(archive.ledger)
    begin, end = span.bound(now)
    first = tellings.find_first()
    timetable = Timetable(hours, now.tzinfo, max(end if first is None else first, begin), end)
    settled = _list_settled(archive)
    return [
        compare(_gather(tellings, client, begin, end), settled, timetable, end)
        for client in clients
    ]


def _gather(tellings: Tellings, client: Client, begin: int, end: int) -> Material:
    last = tellings.find_last(client.slug, begin, end)
    split = max(begin, find_split(end if last is None else last))
    words = tellings.list_words(client.slug, max(begin, split - (RHYTHM + 1) * _DAY), end)
    if len(words) <= 2 * ENOUGH:  # a rhythm rests on older ones, too, where there are few
        words = tellings.list_words(client.slug, begin, end)
    answered = tellings.list_answered(client.slug, begin, end)
    passed = tellings.list_passed(client.slug, begin, end)
    return Material(client.slug, client.name, last, words, answered, passed)


def _list_settled(archive: Archive) -> set[tuple[str, str]]:
    """What a person said is done: key, and by whom it was owed."""
    found = archive.conversations.list_settled()
    return {(one.key, one.by) for one in found if one.until is None}


def _find_ends(
    tellings: Tellings, client: str, words: Sequence[tuple[int, int, str]]
) -> list[tuple[int, Side, str]]:
    """The last word of each side, the latest first."""
    ends: list[tuple[int, Side, str]] = []
    for ours, side in ((0, "them"), (1, "us")):
        at = next((word[0] for word in reversed(words) if word[1] == ours), None)
        if at is not None:
            ends.append((at, side, tellings.find_key(client, at, outgoing=bool(ours))))  # type: ignore[arg-type]  # one of the two
    return sorted(ends, reverse=True)


def _list_silences(
    tellings: Tellings,
    client: str,
    words: Sequence[tuple[int, int, str]],
    days: Sequence[tuple[int, int]],
    today: int,
) -> tuple[Silence, ...]:
    """Those of both sides, the earliest first."""
    found: list[Silence] = []
    for ours, side in ((0, "them"), (1, "us")):
        last: dict[int, int] = {}  # of each day its last word
        for (at, by, _), (day, _) in zip(words, days, strict=True):
            if by == ours:
                last[day] = at
        for gap in list_gaps(list(last), today):
            at = last[gap.since]
            found.append(name_silence(gap, side, at, tellings.find_key(client, at, outgoing=bool(ours))))  # type: ignore[arg-type]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.at, one.by)))


def _list_absences(
    tellings: Tellings,
    client: str,
    words: Sequence[tuple[int, int, str]],
    days: Sequence[tuple[int, int]],
    told: Iterable[Told],
    timetable: Timetable,
) -> list[Absence]:
    """Who left, as it was told, and who of theirs fell silent; the earliest first."""
    left = [one for one in told if one.kind == "departure"]
    people = dict(tellings.read_people(one.key for one in left))
    found = [
        Absence(timetable.find_day(one.at), people.get(one.key, "") if one.by == "them" else "", one.sentence, 0, None, one.key)
        for one in left
    ]  # fmt: skip
    theirs = [(word[2], day) for word, (day, ours) in zip(words, days, strict=True) if not ours]
    missing = list_absent(set(theirs))
    last: dict[str, int] = {}
    if missing:
        last = {person: at for at, ours, person in words if not ours}
    for one in missing:
        key = tellings.find_key(client, last[one.person], outgoing=False, person=one.person)
        if any(other.key == key for other in found):  # said farewell in it
            continue
        found.append(Absence(date.fromordinal(one.since), one.person, "", one.days, one.usual, key))
    return sorted(found, key=lambda one: (one.at, one.who, one.key))
