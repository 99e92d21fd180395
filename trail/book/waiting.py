"""Words that are owed come in, with what was settled of them; what a person should see goes out, the most pressing first.

Pure: the moment and its time zone come in. Days are counted as the user's calendar has them, summer time or not; time that
counts is that of working days, Monday to Friday.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trail.model import Awaited, Settled, Side

LONG_AGO = timedelta(days=183)
"""What has been owed for longer, was settled otherwise: by telephone, or by not being done."""
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation in which one side owes a word."""

    awaited: tuple[Awaited, ...]
    """Every message that asks for it or promises it, the oldest first."""
    since_days: int
    """Midnights that passed since the oldest, where the user is."""
    working_days: int
    """Of those days, working days."""
    due: date | None
    """The first day that any of them names; None: none does."""
    overdue_days: int
    """Days by which that is past; 0: it is not."""
    snoozed_until: datetime | None = None
    """Set where it is not to be shown before."""
    displeased: str = ""
    """The latest sentence by which who waits for us is displeased; "" where none is."""

    @property
    def first(self) -> Awaited:
        """The oldest: the message that is waited upon."""
        return self.awaited[0]

    @property
    def telling(self) -> Awaited:
        """The one that says it best: that which names the day."""
        return next((a for a in self.awaited if a.due == self.due), self.first)


def list_waiting(
    awaited: Iterable[Awaited],
    settled: Iterable[Settled],
    last_words: Mapping[tuple[str, int], int],
    now: datetime,
    displeased: Mapping[tuple[str, int], tuple[datetime, str]] | None = None,
) -> list[Waiting]:
    """What is owed and not done: overdue first, then where they are displeased, then by working time; what is snoozed has `snoozed_until`.

    `last_words`: when the last word was said, in seconds since 1970, by client and number of the conversation; `displeased`:
    when they were displeased last, and the sentence, by the same. `now` is in the user's time zone.
    """
    # whoever's it was called then: a client may have another name now
    decided = {(s.key, s.by): s for s in settled}
    kept = [a for a in awaited if not _is_done(decided.get((a.key, a.by)))]
    kept.sort(key=lambda a: (*_conversation_of(a), a.at, a.key))
    found = []
    for _, group in groupby(kept, key=_conversation_of):
        several = tuple(group)
        snoozed = [
            until
            for a in several
            if (s := decided.get((a.key, a.by)))
            and (until := _snoozed_until(s, last_words.get((a.client, a.conversation)), now))
        ]
        # all of it was put off, or something of it was not there yet
        until = min(snoozed) if len(snoozed) == len(several) else None
        at, sentence = (displeased or {}).get(
            (several[0].client, several[0].conversation), (now, "")
        )
        since = several[0].by == "us" and at >= several[0].at
        found.append(replace(_describe(several, until, now), displeased=sentence if since else ""))
    return sorted(found, key=_press)


def count_working_days(since: date, until: date) -> int:
    """Working days after `since`, up to and with `until`; 0 where it is not later."""
    days = max(0, (until - since).days)
    weeks, rest = divmod(days, 7)
    some = sum((since + timedelta(days=n)).weekday() < _SATURDAY for n in range(1, rest + 1))
    return 5 * weeks + some


def is_long_ago(waiting: Waiting, now: datetime) -> bool:
    """Whether nobody waits for it any more, as far as one can tell: all of it was asked, and was due, that long ago."""
    since = now - LONG_AGO
    days = [a.due for a in waiting.awaited if a.due]
    return waiting.awaited[-1].at < since and (not days or max(days) < since.date())


def _conversation_of(awaited: Awaited) -> tuple[str, int, Side]:
    return awaited.client, awaited.conversation, awaited.by


def _is_done(settled: Settled | None) -> bool:
    return settled is not None and settled.until is None


def _snoozed_until(settled: Settled, last_word: int | None, now: datetime) -> datetime | None:
    """None where it has ended: its time is over, or another word was said."""
    woken = last_word is not None and last_word > settled.last_at.timestamp()
    return None if settled.until is None or settled.until <= now or woken else settled.until


def _describe(awaited: Sequence[Awaited], until: datetime | None, now: datetime) -> Waiting:
    today = now.date()
    since = awaited[0].at.astimezone(now.tzinfo).date()
    due = min((a.due for a in awaited if a.due), default=None)
    return Waiting(
        tuple(awaited),
        max(0, (today - since).days),
        count_working_days(since, today),
        due,
        max(0, (today - due).days) if due else 0,
        until,
    )


def _press(waiting: Waiting) -> tuple[bool, int, bool, int, float, str]:
    return (
        not waiting.overdue_days,
        -waiting.overdue_days,
        not waiting.displeased,
        -waiting.working_days,
        waiting.first.at.timestamp(),
        waiting.first.key,
    )
