"""What is still open on the day of a hand-off: open-items.csv, and open-items.ics for a calendar (RFC 5545, VTODO).

In: conversations and days that were named, and the day of the hand-off. Out: items, newest first. Every item quotes the
sentence it rests on. A conversation in which nobody has written for `STALE` days is not counted as open, only listed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from trail.content_lines import fold_lines
from trail.handoff.papers.content_lines import escape_text
from trail.handoff.papers.sheet import format_cells, format_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime

    from trail.handoff.papers.seen import Said, Side
    from trail.handoff.papers.threads import Conversation

STALE = 180
"""Days without a word after which nobody is likely to wait any more."""
COLUMNS = (
    *("Kind", "On the side of", "Due", "State", "Since", "Days", "Who said it", "In these words"),
    *("Subject", "Message"),
)  # fmt: skip
Sort = Literal["answer", "promise", "deadline"]


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something that appears to be open."""

    sort: Sort
    side: Side
    """Whose turn it is."""
    said: Said
    due: date | None
    stale: bool = False

    def name_side(self, names: tuple[str, str]) -> str:
        """Who has to do something: of `names` the sender's or the client's, else whom it was said to or who said it."""
        if self.sort == "deadline":
            return ""
        if self.side != "other":
            return names[self.side == "theirs"]
        seen = self.said.seen
        return ", ".join(seen.to) if self.sort == "answer" else seen.who


def find_asked(said: Said, sides: Mapping[str, Side]) -> Side:
    """Whose answer a question awaits; `sides` has that of each address."""
    if not said.seen.outgoing:
        return "ours"
    asked = {sides.get(address, "other") for address in said.seen.to}
    return "theirs" if "theirs" in asked or "other" not in asked else "other"


def list_open(
    conversations: Iterable[Conversation],
    dated: Iterable[Said],
    today: date,
    sides: Mapping[str, Side],
) -> list[OpenItem]:
    """Return what is open on `today`: questions and requests without an answer, promises, days ahead."""
    items: list[OpenItem] = []
    for conversation in conversations:
        stale = (today - conversation.last.at.date()).days > STALE
        for said in reversed(conversation.asked):
            side = find_asked(said, sides)
            items.append(OpenItem("answer", side, said, said.statement.due, stale))
        for said in reversed(conversation.promised):
            side = "ours" if said.seen.outgoing else sides.get(said.seen.author, "other")
            items.append(OpenItem("promise", side, said, said.statement.due, stale))
    listed = {
        (item.said.seen.key, item.said.statement.sentence) for item in items if not item.stale
    }
    for said in dated:
        due = said.statement.due
        key = (said.seen.key, said.statement.sentence)
        if due and due >= today and key not in listed:
            listed.add(key)
            items.append(OpenItem("deadline", "other", said, due))
    return items


def format_table(items: Iterable[OpenItem], today: date, names: tuple[str, str]) -> Iterator[bytes]:
    """The lines of open-items.csv; `names` are the sender's and the client's."""
    yield format_head(COLUMNS)
    for item in items:
        seen = item.said.seen
        yield format_cells(
            (
                *(item.sort, item.name_side(names), item.due.isoformat() if item.due else ""),
                *("old" if item.stale else "open", f"{seen.at:%Y-%m-%d}"),
                *(str(max(0, (today - seen.at.date()).days)), seen.who),
                *(item.said.statement.sentence, seen.subject, seen.path),
            )
        )


def format_calendar(
    items: Iterable[OpenItem],
    at: datetime,
    names: tuple[str, str],
    words: Mapping[str, Any],
    more: Iterable[bytes] = (),
) -> Iterator[bytes]:
    """The lines of open-items.ics: what is not old, as things to do, in the language of `words` (words.json); and `more` tasks.

    An item has the same UID in every hand-off.
    """
    opened, closed = words["quotes"]
    yield fold_lines(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//trail//open items//EN"))
    for item in items:
        if item.stale:
            continue
        seen, statement = item.said.seen, item.said.statement
        side = item.name_side(names)
        summary = words["tasks"][item.sort] + (f" ({side})" if side else "")
        lines = [
            "BEGIN:VTODO",
            f"UID:{_identify(item)}@trail.invalid",
            f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{escape_text(f'{summary}: {seen.subject}')}",
            f"DESCRIPTION:{escape_text(f'{seen.who}, {seen.at:%Y-%m-%d}: {opened}{statement.sentence}{closed}', seen.path)}",
            f"CATEGORIES:{escape_text(item.sort)}",
            "STATUS:NEEDS-ACTION",
        ]
        if item.due:
            # DUE is later than DTSTART only (section 3.8.2.3), so there is none; a VALUE=DATE is the whole day.
            lines.append(f"DUE;VALUE=DATE:{item.due:%Y%m%d}")
        if seen.message_id:
            lines.append(f"URL:mid:{quote(seen.message_id, safe='@')}")
        yield fold_lines([*lines, "END:VTODO"])
    yield from more
    yield fold_lines(("END:VCALENDAR",))


def is_lately_past(due: date, today: date) -> bool:
    """Whether a day was passed so lately that it is worth a word."""
    return today - timedelta(days=60) <= due < today


def _identify(item: OpenItem) -> str:
    said = f"{item.sort}\n{item.said.seen.key}\n{item.said.statement.sentence}"
    return hashlib.sha256(said.encode()).hexdigest()[:40]
