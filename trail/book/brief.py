"""A brief as sections of rows, from which each of its faces is made: the terminal's, Markdown, a page.

Comes in: a Brief, a way to shorten keys. Goes out: plain texts, as people wrote them: whoever shows them makes them harmless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trail.book.actions import describe_day
from trail.book.health import tell_days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trail.book.standing import Brief
    from trail.book.waiting import Waiting
    from trail.model.book import Request

    Shorten = Callable[[str], str]

OPEN, ACTIONS, NOTES, AGREEMENTS, REQUESTS = 5, 6, 3, 6, 5
"""Rows of a section."""
_LONGEST = 280
"""Characters of a note."""


class Row(NamedTuple):
    """A line: when, what, and the message or entry it comes from."""

    when: str
    text: str
    more: str = ""
    """What may be left out where there is little room."""
    id: str = ""


class Section(NamedTuple):
    """Rows under a title. `left` more are not shown; `command` shows them."""

    title: str
    rows: tuple[Row, ...]
    left: int = 0
    command: str = ""


def describe_since(brief: Brief) -> str:
    """Since when there is contact, and how much of it."""
    contact = brief.standing.contact
    count = f"{contact.messages:,} message{'' if contact.messages == 1 else 's'}"
    if contact.first_at is None:
        return f"{count}, none of them from person to person"
    return f"since {_show_day(contact.first_at)}, {count}"


def list_sections(brief: Brief, shorten: Shorten) -> list[Section]:
    """Those that have something to say, what matters in a call first."""
    client = brief.standing.client
    sections = [
        _list_open(brief, shorten),
        Section(
            "On hold",
            tuple(Row(f"up to {_show_day(h.last_moment)}", h.why, f"by {h.by}") for h in brief.standing.holds),
        ),
        Section(
            "Next",
            tuple(Row(describe_day(a.due, brief.today), a.text, "", a.id) for a in brief.actions[:ACTIONS]),
            max(0, len(brief.actions) - ACTIONS),
            f"trail next {client}",
        ),
        Section(
            "Asked for",
            tuple(
                Row(r.asked_on.isoformat() if r.asked_on else "", r.text, _tell_request(r, brief.answered.get(r.id)), _tell_id(r.source, shorten) or r.id)
                for r in brief.requests[:REQUESTS]
            ),
            max(0, len(brief.requests) - REQUESTS),
            f"trail requests {client}",
        ),
        Section(
            "Agreed",
            tuple(
                Row(a.kind, f"{a.text}: {a.value}" if a.value else a.text, f"until {a.until}" if a.until else "", _tell_id(a.source, shorten) or a.id)
                for a in brief.agreements[:AGREEMENTS]
            ),
            max(0, len(brief.agreements) - AGREEMENTS),
            f"trail agree {client}",
        ),
        Section("People", tuple(_list_people(brief, shorten))),
        Section(
            "Last exchanges",
            tuple(
                Row(_show_day(e.at), f"{'to' if e.by == 'us' else 'from'} {e.who}: {e.subject or '(no subject)'}", e.begins, shorten(e.key))
                for e in brief.exchanges
            ),
        ),
        Section(
            "Files",
            tuple(
                Row(_show_day(f.at), f.filename, "from us" if f.by == "us" else "from them", shorten(f.key))
                for f in brief.files
            ),
        ),
        Section(
            "Notes",
            tuple(Row(_show_day(n.created_at), _cut(n.text), "", n.id) for n in brief.notes[:NOTES]),
            max(0, len(brief.notes) - NOTES),
            f"trail notes {client}",
        ),
    ]  # fmt: skip
    return [section for section in sections if section.rows]


def _tell_request(request: Request, answered: bool | None) -> str:  # noqa: FBT001 - as the Brief has it
    state = {True: "answered", False: "not answered", None: ""}[answered]
    return ", ".join(filter(None, (f"by {request.asked_by}" if request.asked_by else "", state)))


def _list_open(brief: Brief, shorten: Shorten) -> Section:
    both = (("we owe", brief.standing.on_us), ("they owe", brief.standing.on_them))
    rows = [
        Row(f"{words} {_tell_wait(one, brief)}", one.telling.sentence, "", shorten(one.telling.key))
        for words, waiting in both
        for one in waiting[:OPEN]
    ]
    left = sum(max(0, len(waiting) - OPEN) for _, waiting in both)
    return Section("Open", tuple(rows), left, f"trail waiting {brief.standing.client}")


def _tell_wait(waiting: Waiting, brief: Brief) -> str:
    if waiting.due:
        day = describe_day(waiting.due, brief.today)
        return day if waiting.overdue_days else f"by {day}"
    return f"for {tell_days(waiting.since_days)}" if waiting.since_days else "since today"


def _list_people(brief: Brief, shorten: Shorten) -> Iterator[Row]:
    for one in brief.people:
        named = f"{one.name} <{one.address}>" if one.name else one.address
        wrote = f"wrote {one.written:,}" if one.written else "never wrote"
        yield Row(f"{_show_day(one.last_at)} from {one.last_by}", named, f"{one.role}; {wrote}" if one.role else wrote, shorten(one.key))  # fmt: skip


def _tell_id(key: str, shorten: Shorten) -> str:
    return shorten(key) if key else ""


def _show_day(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def count_columns(section: Section) -> int:
    """Columns of the longest `when`."""
    return max(len(row.when) for row in section.rows)
