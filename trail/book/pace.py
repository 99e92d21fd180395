"""How long answers take on both sides, and silences by each side's own rhythm: words come in, measures go out. Pure.

An answer is the first word of one side after the other asked something in that conversation; it took the working time from the
first thing it answers. Both sides are measured alike.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from trail.book.health import NOTICED, OFTEN
from trail.book.rhythm import RECENT, measure_rhythm
from trail.model.review import Pace, Quarter, Silence, Spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trail.book.hours import Timetable
    from trail.model import Side


class Answer(NamedTuple):
    """One answer: when it was asked for, by whom it was given, and the working time it took."""

    at: int
    by: Side
    working: int


def list_answers(asked: Iterable[tuple[int, Side, int]], timetable: Timetable) -> list[Answer]:
    """The answers to what was asked: when, by whom, and when it was answered. In the same order."""
    measure = timetable.measure
    return [
        Answer(at, "them" if by == "us" else "us", measure(at, heard_at))
        for at, by, heard_at in asked
    ]


def measure_spread(seconds: Iterable[int]) -> Spread | None:
    """How they spread; None of nothing. The nearest rank: half, or nine tenths, are no greater."""
    ranked = sorted(seconds)
    if not ranked:
        return None
    count = len(ranked)
    return Spread(count, ranked[(count + 1) // 2 - 1], ranked[-(-count * 9 // 10) - 1])


def measure_pace(answers: Iterable[Answer]) -> Pace:
    """The pace of both sides."""
    taken: dict[Side, list[int]] = {"us": [], "them": []}
    for one in answers:
        taken[one.by].append(one.working)
    return Pace(measure_spread(taken["us"]), measure_spread(taken["them"]))


def list_quarters(
    answers: Iterable[Answer], words: Mapping[tuple[int, int], int], timetable: Timetable
) -> tuple[Quarter, ...]:
    """Every quarter from the first word to the last one. `words`: how many of each day (`date.toordinal`) and side (1: ours)."""
    counts: dict[int, list[int]] = {}
    for (day, ours), count in words.items():
        counts.setdefault(_count_quarter(date.fromordinal(day)), [0, 0])[ours] += count
    if not counts:
        return ()
    given: dict[int, list[Answer]] = defaultdict(list)
    for one in answers:
        given[_count_quarter(timetable.find_day(one.at))].append(one)
    quarters = []
    for number in range(min(counts), max(counts) + 1):
        theirs, ours = counts.get(number, (0, 0))
        first = date(number // 4, number % 4 * 3 + 1, 1)
        quarters.append(Quarter(first, measure_pace(given[number]), ours, theirs))
    return tuple(quarters)


def _count_quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


class Gap(NamedTuple):
    """A silence: between two days of writing (`date.toordinal`), or from the last one on."""

    since: int
    days: int
    usual: int
    over: bool
    record: bool
    """Whether it was longer than any before, and than twice the usual."""


def list_gaps(days: Sequence[int], end: int, since: int = 0) -> list[Gap]:
    """The silences that were longer than what was usual before them, of those that lasted into the day `since`.

    Longer as `trail clients` tells of it: than a week, than half as much again as usual, and than nine tenths of the time, or four
    times the usual. `days` are in order, each once; the last silence lasts until `end`.
    """
    found = []
    ends = [*days[1:], max(end, days[-1])] if days else []
    for place, (day, following) in enumerate(zip(days, ends, strict=True)):
        length = following - day
        if length <= NOTICED or following < since or place < 3:  # noqa: PLR2004 - fewer tell no rhythm
            continue
        rhythm = measure_rhythm(_find_recent(days, place))
        if rhythm is None:
            continue
        if length > max(min(rhythm.long, OFTEN * rhythm.usual), 1.5 * rhythm.usual, NOTICED):
            record = length > max(rhythm.longest, 2 * rhythm.usual)
            found.append(Gap(day, length, rhythm.usual, over=place + 1 < len(days), record=record))
    return found


def _find_recent(days: Sequence[int], place: int) -> Sequence[int]:
    """The days up to that one which a rhythm may rest on: no more than it looks at."""
    start = max(0, place - RECENT - 1)
    return days[start : place + 1]


def name_silence(gap: Gap, by: Side, at: int, key: str) -> Silence:
    """A gap as a silence of one side, after their message of that moment."""
    return Silence(by, date.fromordinal(gap.since), gap.days, gap.usual, gap.over, at, key)
