"""Next actions: in the order in which they are due, by client who lacks one, and those that follow an agreement.

In: actions, agreements, a day. Out: the same, arranged; actions as they must become.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from trail.book.due import read_lead
from trail.book.ids import derive_id
from trail.model.book import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from trail.model.book import Agreement

COMING = 7
"""Days ahead that a list for today shows."""

REMIND = "30d"
"""How long before the end of an agreement one is reminded, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is open, on a day."""

    today: date
    actions: tuple[Action, ...]
    """As they are due, the overdue ones first; those without a day last."""
    later: int
    """Actions that are due later than is shown."""
    lacking: tuple[str, ...]
    """Clients (slugs) of whom nothing is open."""


def arrange(
    actions: Iterable[Action], clients: Sequence[str], today: date, ahead: int | None = COMING
) -> Agenda:
    """Return what is due up to so many days `ahead`; None: all. What has no day is shown with all."""
    still = sorted((a for a in actions if a.done_at is None), key=sort_key)
    busy = {action.client for action in still}
    shown = still
    if ahead is not None:
        last = today + timedelta(days=ahead)
        shown = [action for action in still if action.due is not None and action.due <= last]
    lacking = tuple(slug for slug in clients if slug not in busy)
    return Agenda(today, tuple(shown), len(still) - len(shown), lacking)


def sort_key(action: Action) -> tuple[date, datetime, str]:
    """By day, then as they were made."""
    return action.due or date.max, action.created_at, action.id


def describe_day(due: date | None, today: date) -> str:
    """A day as one says it: `2 days late`, `today`, `tomorrow`, `Friday`, else the date."""
    if due is None:
        return "no day"
    days = (due - today).days
    if days < 0:
        return f"{-days} day{'s' if days < -1 else ''} late"
    if days < 2:  # noqa: PLR2004 - these two have names
        return ("today", "tomorrow")[days]
    return f"{due:%A}" if days < COMING else due.isoformat()


def follow(agreement: Agreement, present: Action | None, now: datetime) -> Action | None:
    """Return the action that reminds of the end of an agreement, as it must be; None: there is none to be.

    `present` is what there is. One that is done is done, until the agreement names another day. Of an end that was past
    when it was written down nobody is reminded.
    """
    if agreement.until is None or not agreement.remind or agreement.ended_at is not None:
        return None
    due = remind_on(agreement)
    # written down later than it was to be thought of: due at once, and not late already
    begun = (present.created_at if present else now).astimezone().date()
    if agreement.until < begun:
        return None
    if due is not None and due < begun:
        due = begun
    text = describe_end(agreement)
    if present is None:
        return Action(
            derive_id("agreement", agreement.id),
            *(agreement.client, text, now, now, due),
            private=True,
            source=agreement.source,
            origin=agreement.id,
        )
    if (present.due, present.text, present.source) == (due, text, agreement.source):
        return present
    done_at = present.done_at if present.due == due else None
    return replace(
        present, text=text, due=due, source=agreement.source, done_at=done_at, changed_at=now
    )


def remind_on(agreement: Agreement) -> date | None:
    """The day to be reminded of the end of an agreement; None: never."""
    if agreement.until is None or not agreement.remind:
        return None
    try:
        return agreement.until - timedelta(days=read_lead(agreement.remind))
    except OverflowError:  # before there were days
        return date.min


def describe_end(agreement: Agreement) -> str:
    """What is to be done about the end of an agreement."""
    ends = "is renewed" if agreement.kind == "renewal" else "ends"
    return f"{agreement.text} ({agreement.kind}) {ends} on {agreement.until}"
