"""A review of the correspondence with a client: what it tells, and the five messages to read again. Pure.

Both sides are told of alike: what one did not answer and what the other did not, the promises of both, the sharp words of both.
Nothing is weighed, and nobody is judged; each fact has the message it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from trail.book.hours import tell_working
from trail.model.review import ASKING, Missed, Moment, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import date, datetime

    from trail.book.hours import Timetable
    from trail.book.pace import Answer
    from trail.model import Side
    from trail.model.book import Response
    from trail.model.overview import Month
    from trail.model.review import Absence, Pace, Passed, Quarter, Sides, Silence, Told

RECENT = 183
"""Days up to the last word that are compared with all before them."""
MOMENTS = 5


@dataclass(frozen=True, slots=True)
class Review:
    """All of it."""

    client: str
    name: str
    at: datetime
    """When it was made, with the user's time zone."""
    since: date | None
    until: date | None
    """Both as they were asked for."""
    first: date | None
    last: date | None
    """Days of the first and of the last word; None: there is none."""
    words: Sides
    working_day: int
    """Seconds."""
    hours: str
    """In words: `Monday to Friday, 9:00 to 17:00`."""
    split: date | None
    """The first day of the last half year."""
    pace: Pace
    earlier: Pace
    recent: Pace
    quarters: tuple[Quarter, ...]
    months: tuple[Month, ...]
    """The last two years up to the last word."""
    silences: tuple[Silence, ...]
    unanswered: tuple[Unanswered, ...]
    promises: Sides
    """How many named a day that has passed."""
    missed: tuple[Missed, ...]
    sharp: tuple[Told, ...]
    absences: tuple[Absence, ...]
    moments: tuple[Moment, ...]
    responses: tuple[Response, ...]
    """Answers to the questionnaire that were filed, the latest first."""


class Finders(NamedTuple):
    """Where what is needed of a few messages is found."""

    asked: Callable[[Answer], Told | None]
    """What an answer answers."""
    sentence: Callable[[str], str]
    """What the message with that key asks or promises; "" for nothing."""


def owed_by(told: Told | Passed) -> Side:
    """Who owed the word: whoever was asked, or who promised."""
    if told.kind not in ASKING:
        return told.by
    return "them" if told.by == "us" else "us"


def list_unanswered(
    told: Iterable[Told], settled: Collection[tuple[str, str]], timetable: Timetable, end: int
) -> tuple[Unanswered, ...]:
    """What was asked and not answered before `end`, the oldest first. `settled`: key and by whom it was owed, where a person said that it is done."""
    return tuple(
        Unanswered(one, timetable.count_day(end) - timetable.count_day(one.at), timetable.measure(one.at, end))
        for one in told
        if one.kind in ASKING and (one.heard_at is None or one.heard_at > end) and (one.key, owed_by(one)) not in settled
    )  # fmt: skip


def list_missed(
    told: Iterable[Told], settled: Collection[tuple[str, str]], timetable: Timetable, end: int
) -> tuple[list[Told], tuple[Missed, ...]]:
    """The promises whose day has passed, and those of them that were missed: no word by the end of that day."""
    today = timetable.find_day(end)
    due, missed = [], []
    for one in told:
        if (
            one.kind != "promise"
            or one.due is None
            or one.due >= today
            or (one.key, one.by) in settled
        ):
            continue  # fmt: skip
        due.append(one)
        heard = one.heard_at is not None and one.heard_at <= end
        on = timetable.find_day(one.heard_at or end) if heard else today
        if on > one.due:
            missed.append(Missed(one, one.due, (on - one.due).days))
    return due, tuple(missed)


def choose_moments(
    told: Sequence[Told],
    answers: Sequence[Answer],
    silences: Sequence[Silence],
    unanswered: Sequence[Unanswered],
    missed: Sequence[Missed],
    thanks: tuple[int, str] | None,
    ends: Sequence[tuple[int, Side, str]],
    timetable: Timetable,
    find: Finders,
) -> tuple[Moment, ...]:
    """The five messages to read again, in order of time, each once. `ends`: the last word of each side.

    First come the longest wait, the first sharp word, the longest silence of theirs, the last promise that was missed and the last thanks;
    where one of these is not there, a departure, the slowest answer, the last words.
    """
    found: dict[str, Moment] = {}
    candidates: list[Moment | None] = [
        _find_wait(unanswered, ends, timetable),
        next((Moment("the first sharp word", one.at, one.key, one.by, one.sentence) for one in told if one.kind == "escalation"), None),
        _find_silence(silences, find),
        _find_missed(missed),
        Moment("the last thanks from them", thanks[0], thanks[1], "them") if thanks else None,
        next((Moment("tells of somebody leaving", one.at, one.key, one.by, one.sentence) for one in told if one.kind == "departure"), None),
        *_find_slowest(answers, timetable, find),
        *(Moment(f"the last word from {side}", at, key, side) for at, side, key in ends),
    ]  # fmt: skip
    for moment in candidates:
        if moment and len(found) < MOMENTS:
            found.setdefault(moment.key, moment)
    return tuple(sorted(found.values(), key=lambda one: (one.at, one.key)))


def _find_wait(
    unanswered: Sequence[Unanswered], ends: Sequence[tuple[int, Side, str]], timetable: Timetable
) -> Moment | None:
    """Of what was not answered what waited longest; of the last half year, for what is older was mostly answered in another way."""
    split = ends[0][0] - RECENT * 86_400 if ends else 0
    unanswered = [one for one in unanswered if one.told.at >= split] or unanswered
    longest = max(unanswered, key=lambda one: (one.working, one.told.key), default=None)
    if longest is None:
        return None
    told = longest.told
    wait = tell_working(longest.working, timetable.day)
    why = f"the longest wait without an answer from {owed_by(told)}: {wait} of working time"
    return Moment(why, told.at, told.key, told.by, told.sentence)


def _find_silence(silences: Sequence[Silence], find: Finders) -> Moment | None:
    """The last word before their longest silence: where the rhythm changed."""
    theirs = [one for one in silences if one.by == "them"]
    longest = max(theirs, key=lambda one: (one.days, -one.at), default=None)
    if longest is None:
        return None
    sentence = find.sentence(longest.key)
    why = f"their last word before their longest silence: {longest.days} days, usually {longest.usual}"
    return Moment(why, longest.at, longest.key, "them", sentence)


def _find_missed(missed: Sequence[Missed]) -> Moment | None:
    last = max(missed, key=lambda one: (one.told.at, one.told.key), default=None)
    if last is None:
        return None
    told = last.told
    return Moment(f"the last promise whose day passed without a word, from {told.by}: {last.on}", told.at, told.key, told.by, told.sentence)  # fmt: skip


def _find_slowest(answers: Sequence[Answer], timetable: Timetable, find: Finders) -> list[Moment]:
    """The slowest answer of each side, the slower one first."""
    slowest = []
    for side in ("us", "them"):
        of_side = [one for one in answers if one.by == side]
        if of_side:
            slowest.append(max(of_side, key=lambda one: (one.working, -one.at)))
    slowest.sort(key=lambda one: -one.working)
    moments = []
    for answer in slowest:
        asked = find.asked(answer)
        if asked and answer.working:
            why = f"the slowest answer from {answer.by}: {tell_working(answer.working, timetable.day)} of working time"
            moments.append(Moment(why, asked.at, asked.key, asked.by, asked.sentence))
    return moments


NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def tell_hours(timetable: Timetable) -> str:
    """`Monday to Friday, 9:00 to 17:00`."""
    hours = timetable.hours
    days = list(hours.days)
    following = len(days) > 2 and days == list(range(days[0], days[-1] + 1))  # noqa: PLR2004 - two are no row
    named = f"{NAMES[days[0]]} to {NAMES[days[-1]]}" if following else ", ".join(NAMES[d] for d in days)  # fmt: skip
    opens, closes = (f"{m // 60}:{m % 60:02}" for m in (hours.opens, hours.closes))
    return f"{named}, {opens} to {closes}"
