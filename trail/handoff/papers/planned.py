"""Next actions that the sender planned, and hands over with the mail: in open-items.csv, open-items.ics and the letter.

In: what was planned, and which messages are in the bundle. Out: rows, tasks. Whoever hands them in has taken out what is not
meant for the client; here nothing is known of notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trail.content_lines import fold_lines
from trail.handoff.papers.clean import plain_words
from trail.handoff.papers.content_lines import escape_text
from trail.handoff.papers.sheet import format_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime

    from trail.handoff.papers.seen import Seen

_LONGEST = 500
"""Characters of a text that are shown."""


@dataclass(frozen=True, slots=True)
class Planned:
    """Something the sender planned to do. `uid` is the same in every hand-off."""

    uid: str
    text: str
    due: date | None
    since: datetime
    source: str = ""
    """Key of the message it comes from; "" for none."""


def format_rows(
    planned: Iterable[Planned], today: date, sender: str, seen: Mapping[str, Seen]
) -> Iterator[bytes]:
    """Their lines of open-items.csv; `seen` are messages of the bundle by key."""
    for one in planned:
        source = seen.get(one.source)
        yield format_cells(
            (
                *("planned", sender, one.due.isoformat() if one.due else "", "open"),
                *(f"{one.since:%Y-%m-%d}", str(max(0, (today - one.since.date()).days)), ""),
                *(plain_words(one.text, _LONGEST), source.subject if source else ""),
                source.path if source else "",
            )
        )


def format_tasks(
    planned: Iterable[Planned],
    at: datetime,
    sender: str,
    seen: Mapping[str, Seen],
    words: Mapping[str, Any],
) -> Iterator[bytes]:
    """Their tasks of open-items.ics, in the language of `words` (words.json)."""
    head = words["planned"].replace("{who}", sender)
    for one in planned:
        source = seen.get(one.source)
        about = (f"{sender}, {one.since:%Y-%m-%d}", *([source.path] if source else []))
        lines = [
            "BEGIN:VTODO",
            f"UID:{escape_text(one.uid)}",
            f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{escape_text(f'{head} {one.text}')}",
            f"DESCRIPTION:{escape_text(*about)}",
            "CATEGORIES:planned",
            "STATUS:NEEDS-ACTION",
        ]
        if one.due:
            lines.append(f"DUE;VALUE=DATE:{one.due.isoformat().replace('-', '')}")
        yield fold_lines([*lines, "END:VTODO"])
