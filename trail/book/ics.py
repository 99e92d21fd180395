"""Next actions as things to do in a calendar: iCalendar (RFC 5545), VTODO.

In: actions, and the names of their clients. Out: `Todo` values and content lines. An action has the same UID for ever, on
every machine its book is on. A `DUE` is a day, not a moment: it is that day wherever one is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from trail.book.actions import sort_key
from trail.content_lines import escape_value, fold_lines
from trail.model.book import Todo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from trail.model.book import Action

KEPT = timedelta(days=30)
"""How long an action that is done stays, so that every calendar sees that it is."""
DOMAIN = "book.trail.invalid"
"""What UIDs end in (RFC 2606: nobody's)."""


def list_current(actions: Iterable[Action], now: datetime) -> list[Action]:
    """The actions a calendar has: open, or done of late."""
    current = (a for a in actions if a.done_at is None or a.done_at > now - KEPT)
    return sorted(current, key=sort_key)


def name_uid(action_id: str) -> str:
    """The UID of an action."""
    return f"{action_id}@{DOMAIN}"


def describe(action: Action, names: Mapping[str, str]) -> Todo:
    """What a calendar says of an action; `names` are those of the clients by slug."""
    name = names.get(action.client, action.client)
    about = f"trail next: {action.id}"
    if action.source:
        about += f"\ntrail show {action.source[:12]}"
    return Todo(
        name_uid(action.id), f"{name}: {action.text}", about, action.due, action.done_at is not None
    )


def format_todo(
    action: Action, names: Mapping[str, str], message_ids: Mapping[str, str]
) -> Iterator[str]:
    """The lines of a VTODO, not folded; `message_ids` are Message-IDs by key."""
    todo = describe(action, names)
    yield "BEGIN:VTODO"
    yield f"UID:{todo.uid}"
    # without a METHOD, when it was last changed (section 3.8.7.2): the same book gives the same file
    yield f"DTSTAMP:{_moment(action.changed_at)}"
    yield f"CREATED:{_moment(action.created_at)}"
    yield f"LAST-MODIFIED:{_moment(action.changed_at)}"
    yield f"SEQUENCE:{max(0, int((action.changed_at - action.created_at).total_seconds()))}"
    yield f"SUMMARY:{escape_value(todo.summary)}"
    yield f"DESCRIPTION:{escape_value(todo.description)}"
    yield f"CATEGORIES:{escape_value(action.client)}"
    if todo.due is not None:
        yield f"DUE;VALUE=DATE:{todo.due.strftime('%Y%m%d').zfill(8)}"
    if action.private:
        yield "CLASS:PRIVATE"
    if action.done_at is None:
        yield "STATUS:NEEDS-ACTION"
    else:
        yield "STATUS:COMPLETED"
        yield f"COMPLETED:{_moment(action.done_at)}"
        yield "PERCENT-COMPLETE:100"
    if message_id := message_ids.get(action.source):
        yield f"URL:mid:{quote(message_id, safe='@')}"
    yield "END:VTODO"


def format_calendar(
    actions: Iterable[Action], names: Mapping[str, str], message_ids: Mapping[str, str]
) -> bytes:
    """A whole calendar."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//trail//next actions//EN"]
    for action in actions:
        lines += format_todo(action, names, message_ids)
    return fold_lines([*lines, "END:VCALENDAR"])


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")
