"""Clients beside each other, to see where trouble begins: words and what passed come in, a line a client goes out. Pure.

The last half year up to the last word is compared with all before it. A sign is a fact that is often there when something goes
wrong; it says nothing about whose doing that was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from trail.book.looking_back import RECENT, owed_by
from trail.book.pace import list_answers, list_gaps, measure_pace
from trail.model.review import ASKING, Pace, Sides

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trail.book.hours import Timetable
    from trail.model import Side
    from trail.model.review import Passed, Spread

SLOWER = 1.5
"""So many times as long is slower,"""
BY = 3600
"""if it is by so many seconds of working time,"""
FEWEST = 3
"""and so many answers are compared on each side; or unanswered questions are there."""
PATIENCE = 5
"""Working days after which a question counts as not answered."""
_DAY = 86_400
SIGNS = {
    "slower-us": "our answers take longer",
    "slower-them": "their answers take longer",
    "silence": "longer silent than ever before",
    "unanswered": "more questions without an answer",
    "missed": "promises that were missed",
    "sharp": "sharp words",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A client in one line. All numbers but `earlier` are of the last half year up to the last word."""

    client: str
    name: str
    last: date | None
    earlier: Pace
    recent: Pace
    silences: Sides
    unanswered: Sides
    """What each side did not answer."""
    missed: Sides
    """Promises that each side missed."""
    sharp: Sides
    signs: tuple[str, ...]
    """Those of `SIGNS` that are there."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a line is made of."""

    slug: str
    name: str
    last: int | None
    """The last word."""
    words: Sequence[tuple[int, int, str]]
    """When, whether it was ours, and whose: in order, from before the last half year on as far as a rhythm rests on them."""
    answered: Sequence[tuple[int, Side, int]]
    """See `list_answers`."""
    passed: Sequence[Passed]
    """See `trail.archive.told`."""


def find_split(last: int) -> int:
    """When the last half year before the last word begins."""
    return last - RECENT * _DAY


def compare(
    material: Material, settled: Collection[tuple[str, str]], timetable: Timetable, end: int
) -> Compared:
    """The line of one client. `settled`: key, and by whom it was owed, where a person said that it is done."""
    split = find_split(end if material.last is None else material.last)
    answers = list_answers(material.answered, timetable)
    earlier, recent = (
        measure_pace(one for one in answers if one.at < split),
        measure_pace(one for one in answers if one.at >= split),
    )
    today = timetable.count_day(end)
    silences, longest = [], False
    for ours in (1, 0):
        count_day = timetable.count_day
        days = list(dict.fromkeys([count_day(at) for at, by, _ in material.words if by == ours]))
        # one counts that lasted into the last half year
        gaps = list_gaps(days, today, count_day(split))
        silences.append(len(gaps))
        longest |= any(gap.record for gap in gaps)
    unanswered, before, missed = [0, 0], [0, 0], [0, 0]
    day = date.fromordinal(today).isoformat()
    for one in material.passed:
        owes = owed_by(one)
        by = 0 if owes == "us" else 1
        if (one.key, owes) in settled:
            continue
        heard = one.heard_at is not None and one.heard_at <= end
        if one.kind in ASKING:
            waited = not heard and timetable.measure(one.at, end) > PATIENCE * timetable.day
            (unanswered if one.at >= split else before)[by] += waited
        elif one.kind == "promise" and one.due and one.due < day and one.at >= split:
            on = timetable.find_day(one.heard_at or end).isoformat() if heard else day
            missed[by] += on > one.due
    late = [one for one in material.passed if one.at >= split]
    sharp = Sides(
        *(sum(o.kind == "escalation" and o.by == side for o in late) for side in ("us", "them"))
    )
    signs = {
        "slower-us": _is_slower(earlier.ours, recent.ours),
        "slower-them": _is_slower(earlier.theirs, recent.theirs),
        "silence": longest,
        "unanswered": any(
            _is_more(unanswered[by], spread(recent), before[by], spread(earlier))
            for by, spread in enumerate((_of_us, _of_them))
        ),
        "missed": any(missed),
        "sharp": bool(sharp.us or sharp.them),
    }
    return Compared(
        material.slug,
        material.name,
        None if material.last is None else timetable.find_day(material.last),
        earlier,
        recent,
        Sides(*silences),
        Sides(*unanswered),
        Sides(*missed),
        sharp,
        tuple(name for name, there in signs.items() if there),
    )


def _is_slower(before: Spread | None, after: Spread | None) -> bool:
    if before is None or after is None or min(before.count, after.count) < FEWEST:
        return False
    return after.median >= before.median * SLOWER and after.median - before.median >= BY


def _is_more(
    after: int, answered_after: Spread | None, before: int, answered_before: Spread | None
) -> bool:
    """Whether of all that was asked a larger part was not answered."""
    asked_after = after + (answered_after.count if answered_after else 0)
    asked_before = before + (answered_before.count if answered_before else 0)
    return after >= FEWEST and after * asked_before > SLOWER * before * asked_after


def _of_us(pace: Pace) -> Spread | None:
    return pace.ours


def _of_them(pace: Pace) -> Spread | None:
    return pace.theirs
