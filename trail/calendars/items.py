"""Things to do in a calendar as `Todo` values, and changed without touching what is not ours.

In: iCalendar texts as a server has them. Out: values; texts in which summary, description, day and state are others and
everything else (alarms, colours, what another program keeps there) is as it was.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from icalendar import Calendar

from trail.model.book import Todo

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = ("SUMMARY", "DESCRIPTION", "DUE", "STATUS", "COMPLETED", "PERCENT-COMPLETE", "LAST-MODIFIED", "DTSTAMP")  # fmt: skip
"""Properties that are taken over from what is put there."""


def read_todo(text: str) -> Todo | None:
    """The thing to do in an item; None where there is none that can be read."""
    try:
        found = next(_iter_todos(Calendar.from_ical(text)), None)
    except ValueError:
        return None
    if found is None or "UID" not in found:
        return None
    due = found.get("DUE")
    day = getattr(due, "dt", None)
    if isinstance(day, datetime):
        day = day.date()
    return Todo(
        str(found["UID"]),
        str(found.get("SUMMARY", "")),
        _plain(str(found.get("DESCRIPTION", ""))),
        day if isinstance(day, date) else None,
        str(found.get("STATUS", "")).upper() == "COMPLETED",
    )


def change_item(text: str, wanted: str) -> str:
    """The item `text` with our properties as in the calendar `wanted`. Raises ValueError for what cannot be read."""
    calendar: Any = Calendar.from_ical(text)
    theirs = next(_iter_todos(calendar))
    ours = next(_iter_todos(Calendar.from_ical(wanted)))
    for name in (
        *_OURS,
        "DTSTART",
        "DURATION",
    ):  # a DTSTART would have to be of the kind of our DUE, and before it
        if name in theirs:
            del theirs[name]
    for name in _OURS:
        if name in ours:
            theirs[name] = ours[name]
    sequence = max(int(theirs.get("SEQUENCE", 0)) + 1, int(ours.get("SEQUENCE", 0)))
    theirs.pop("SEQUENCE", None)
    theirs.add("SEQUENCE", sequence)
    content: bytes = calendar.to_ical()
    return content.decode()


def _iter_todos(calendar: Any) -> Iterator[Any]:
    """The things to do, but for single occurrences of one that recurs."""
    return (todo for todo in calendar.walk("VTODO") if "RECURRENCE-ID" not in todo)


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()
