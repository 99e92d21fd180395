"""How it stands with a client, and why: a rhythm, open words, a next action and a day come in, reasons go out.

Each reason has a figure and, where there is one, the message it comes from. The words are neutral: they say what is, and
leave to the reader what it means. Equal facts give equal reasons.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from trail.model.overview import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trail.book.waiting import Waiting
    from trail.model.book import Action
    from trail.model.overview import Contact, Farewell, Health, Rhythm

NOTICED = 7
"""Days of silence below which nobody is called quiet: weeks have weekends, and people holidays."""
OFTEN = 4
"""A silence so many times the usual is one to tell of, whatever a single holiday was like."""
ASLEEP = 365
"""Days of silence after which somebody may be asleep,"""
ASLEEP_TIMES = 3
"""if it is so many times as long as any before."""
OWED = 3
"""Working days that somebody waits for us before it is worth a look."""
ASKED = 10
"""Working days that we wait for somebody before it is."""
OF_LATE = timedelta(days=92)
"""For how long a farewell is told of."""
_SHOWN = 90
"""Characters of its sentence."""
_ORDER: tuple[Health, ...] = ("act", "look", "asleep", "unclear", "steady")
"""What matters most first."""


def judge(
    contact: Contact,
    rhythm: Rhythm | None,
    on_us: Sequence[Waiting],
    on_them: Sequence[Waiting],
    action: Action | None,
    today: date,
) -> tuple[Health, tuple[Reason, ...]]:
    """How it stands, and the reasons, those that matter most first."""
    reasons = [
        *_judge_silence(contact, rhythm, today),
        *_judge_owed(on_us),
        *_judge_asked(on_them),
        *_judge_action(action, today),
        *_judge_farewell(contact.farewell, today),
    ]
    reasons.sort(key=lambda reason: _ORDER.index(reason.health))
    told = [reason.health for reason in reasons]
    if any(reason.kind == "asleep" for reason in reasons):
        return "asleep", tuple(reasons)  # what was left open then is history
    health = next((one for one in ("act", "look", "unclear") if one in told), "steady")
    return health, tuple(reasons)  # type: ignore[return-value]  # one of these


def rank_health(health: Health) -> int:
    """What is to be seen to first has the lowest number."""
    return ("act", "look", "unclear", "steady", "asleep").index(health)


def tell_days(days: int) -> str:
    """`1 day`, `12 days`, `5 weeks`, `8 months`, `3 years`: as precise as one says it."""
    if days < 60:  # noqa: PLR2004 - up to here days say more
        return f"{days} day{'' if days == 1 else 's'}"
    if days < 730:  # noqa: PLR2004 - the same of months
        return f"{round(days / 30.44)} months"
    return f"{days / 365.25:.0f} years"


def _judge_silence(contact: Contact, rhythm: Rhythm | None, today: date) -> list[Reason]:
    if contact.theirs is None:
        return [Reason("new", "unclear", "they have not written yet")]
    days = count_silence(contact, today)
    kind, health, text = _tell_silence(days, rhythm)
    return [Reason(kind, health, text, days, rhythm.usual if rhythm else None, contact.theirs.key)]


def _tell_silence(days: int, rhythm: Rhythm | None) -> tuple[str, Health, str]:
    """Kind, health, words."""
    since = tell_days(days)
    ago = f"{since} ago" if days else "today"
    longest = rhythm.longest if rhythm else 0
    usually = f", usually {tell_days(rhythm.usual)}" if rhythm else ""
    if days >= ASLEEP and days > ASLEEP_TIMES * longest:
        return "asleep", "asleep", f"no word from them for {since}{usually}"
    if rhythm is None:
        return "new", "unclear", f"too few messages to tell a rhythm; the last {ago}"
    if days > max(longest, 2 * rhythm.usual, NOTICED):
        text = f"the longest silence so far: {since}{usually}, at most {tell_days(longest)}"
        return "quiet", "act", text
    if days > max(min(rhythm.long, OFTEN * rhythm.usual), 1.5 * rhythm.usual, NOTICED):
        return "quiet", "look", f"quieter than usual: {since}{usually}"
    return "rhythm", "steady", f"wrote {ago}{usually}"


def count_silence(contact: Contact, today: date) -> int:
    """Days since they wrote last; 0 where they never did, or their clock is ahead."""
    return max(0, (today - date(1970, 1, 1)).days - contact.days[-1]) if contact.days else 0


def _judge_owed(on_us: Sequence[Waiting]) -> list[Reason]:
    """One reason: what is overdue longest, else what waits longest."""
    if not on_us:
        return []
    late = max(on_us, key=lambda one: one.overdue_days)
    if late.overdue_days:
        text = f"a word from us was due {tell_days(late.overdue_days)} ago"
        return [Reason("overdue", "act", text, late.overdue_days, None, late.telling.key)]
    return [_tell_wait("waiting-on-us", "they wait for us", on_us, OWED)]


def _judge_asked(on_them: Sequence[Waiting]) -> list[Reason]:
    return [_tell_wait("waiting-on-them", "we wait for them", on_them, ASKED)] if on_them else []


def _tell_wait(kind: str, words: str, waiting: Sequence[Waiting], patience: int) -> Reason:
    longest = max(waiting, key=lambda one: one.since_days)
    days = longest.since_days
    since = tell_days(days) if days else "since today"
    count = f", {len(waiting)} in all" if len(waiting) > 1 else ""
    health: Health = "look" if longest.working_days >= patience else "steady"
    return Reason(kind, health, f"{words}: {since}{count}", days, None, longest.first.key)


def _judge_action(action: Action | None, today: date) -> list[Reason]:
    if action is None or action.due is None or action.due >= today:
        return []
    days = (today - action.due).days
    return [Reason("action", "look", f"the next action was due {tell_days(days)} ago", days, None, action.source, action.id)]  # fmt: skip


def _judge_farewell(farewell: Farewell | None, today: date) -> list[Reason]:
    if farewell is None:
        return []
    days = count_days(farewell.at, today)
    ago = f"{tell_days(days)} ago" if days else "today"
    said = farewell.sentence
    said = said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1].rstrip()}…"
    text = f"somebody leaves, or a contract ends: “{said}”, {ago}"
    return [Reason("farewell", "look", text, days, None, farewell.key)]


def name_source(reason: Reason, shorten: Callable[[str], str]) -> str:
    """The id of the message that a reason comes from, or else of the entry of the book; "" where it comes from none."""
    return shorten(reason.key) if reason.key else reason.entry


def count_days(at: datetime, today: date) -> int:
    """Days from a moment to a day, as the calendar of this machine has them; not below 0."""
    return max(0, (today - at.astimezone().date()) // timedelta(days=1))
