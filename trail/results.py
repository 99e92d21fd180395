"""What a search found, with two faces: lines for people, plain data for programs.

Comes in: hits, conversations and counts. Goes out: lines and JSON-ready dicts. It prints nothing.
The documents are described in docs/formats/json.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trail.render import count_of, format_day, format_time, name_person
from trail.terminal import (
    BOLD,
    ID,
    MATCH,
    NAME,
    Line,
    clean_text,
    fit_text,
    join_pieces,
    measure_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.model import ArchivedMessage, Attribution, SearchHit, Sighting

_BAR = 40
"""Columns of the longest bar, at most."""
_LABEL = 44
"""Columns of what a bar is about, at most."""
_NAMES = 30
"""Columns of names before a few words of a message, at least, where the line is short; of a file, at most."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in which something was found."""

    hit: SearchHit
    """The first of those found, in the order of the search."""
    keys: tuple[str, ...]
    """All its messages, also those that were not found, by date."""
    found: int
    subject: str
    """Of the first message, without marks of a reply."""
    people: tuple[str, ...]
    """Who wrote in it, in the order of their first message."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line from the text of an attachment, and start and end of the words in it that were asked for."""

    filename: str
    text: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of the messages found have a value: `label` is what people read."""

    value: str
    label: str
    count: int
    query: str
    """What finds them; "" for a name that no query can write."""


def hit_data(
    hit: SearchHit,
    short: str,
    message: ArchivedMessage,
    places: Sequence[Sighting],
    clients: Sequence[Attribution],
    root: Path,
) -> dict[str, Any]:
    """A hit for programs; `account` and `folder` are where the message was first seen."""
    ref = places[0].ref if places else None
    return {
        "id": short,
        "key": hit.key,
        "sent_at": format_time(hit.sent_at),
        "received_at": format_time(hit.received_at),
        "clients": [a.client for a in clients],
        "from": hit.sender,
        "to": list(hit.recipients),
        "subject": hit.subject,
        "subject_marks": [list(mark) for mark in hit.subject_marks],
        "snippet": hit.snippet,
        "snippet_of": hit.snippet_of,
        "snippet_file": "",
        "snippet_marks": [list(mark) for mark in hit.marks],
        "attachments": hit.attachments,
        "account": ref.account if ref else message.path.parts[1],
        "folder": ref.folder if ref else "",
        "path": str(root / message.path),
    }


def excerpt_data(excerpt: Excerpt | None) -> dict[str, Any]:
    """What stands in a hit's data, and a conversation's, where an attachment's text shows more than the message itself."""
    if excerpt is None:
        return {}
    return {
        "snippet": excerpt.text,
        "snippet_of": "content",
        "snippet_file": excerpt.filename,
        "snippet_marks": [list(mark) for mark in excerpt.marks],
    }


def hits_lines(
    hits: Sequence[dict[str, Any]], days: Sequence[datetime], width: int | None
) -> list[Line]:
    """Two lines a hit: when, whose, what; then who, and a few words. `width` is that of the terminal, None when there is none."""
    lines: list[Line] = []
    column = _widest(hits)
    for hit, day in zip(hits, days, strict=True):
        clip = f"  [{count_of(hit['attachments'], 'attachment')}]" if hit["attachments"] else ""
        subject = _mark(hit["subject"], hit["subject_marks"]) or "(no subject)"
        lines += [
            _fit_before(_head(hit, day, column, subject), clip, width),
            _second(hit, _describe_people(hit), width),
        ]
    return lines


def conversation_data(
    conversation: Conversation, short: str, clients: Sequence[Attribution]
) -> dict[str, Any]:
    """A conversation for programs; id, key, time, clients and snippet are those of its first hit."""
    hit = conversation.hit
    return {
        "id": short,
        "key": hit.key,
        "sent_at": format_time(hit.sent_at),
        "clients": [a.client for a in clients],
        "people": list(conversation.people),
        "subject": conversation.subject,
        "messages": len(conversation.keys),
        "found": conversation.found,
        "snippet": hit.snippet,
        "snippet_of": hit.snippet_of,
        "snippet_file": "",
        "snippet_marks": [list(mark) for mark in hit.marks],
        "keys": list(conversation.keys),
    }


def conversations_lines(
    rows: Sequence[dict[str, Any]], days: Sequence[datetime], width: int | None
) -> list[Line]:
    """Two lines a conversation."""
    lines: list[Line] = []
    column = _widest(rows)
    for row, day in zip(rows, days, strict=True):
        size = f"  [{count_of(row['messages'], 'message')}, {row['found']} found]"
        people = ", ".join(dict.fromkeys(name_person(person) for person in row["people"])) or "?"
        head = _head(row, day, column, row["subject"] or "(no subject)")
        lines += [_fit_before(head, size, width), _second(row, people, width)]
    return lines


def counts_lines(counts: Sequence[Count], width: int | None, *, draws: bool) -> list[Line]:
    """A bar a value. `draws`: with a block, else with a #."""
    labels = [Line(clean_text(c.label) or "-").fit(_LABEL) for c in counts]
    column = max((measure_text(label.text) for label in labels), default=0)
    figures = [f"{c.count:,}" for c in counts]
    digits = max(map(len, figures), default=0)
    room = min(_BAR, max(1, (width or 80) - column - digits - 4))
    most = max((c.count for c in counts), default=0)
    lines = []
    for label, figure, count in zip(labels, figures, counts, strict=True):
        pad = " " * (column - measure_text(label.text) + 2)
        line = join_pieces(label, pad, figure.rjust(digits))
        if count.count:
            bar = ("█" if draws else "#") * max(1, round(count.count / most * room))
            line = join_pieces(line, "  ", (bar, NAME))
        lines.append(line)
    return lines


def _widest(rows: Iterable[dict[str, Any]]) -> int:
    return max((measure_text(_name_clients(row)) for row in rows), default=0)


def _name_clients(row: dict[str, Any]) -> str:
    return ",".join(row["clients"]) or "-"


def _head(row: dict[str, Any], day: datetime, column: int, what: Line | str) -> Line:
    client = _name_clients(row)
    pad = " " * (column - measure_text(client) + 2)
    return join_pieces((row["id"], ID), f"  {format_day(day)}  ", (client, NAME), pad, what)


def _fit_before(line: Line, tail: str, width: int | None) -> Line:
    # first cleaned, then measured: what is taken out has no width
    line = Line(clean_text(line.text), line.stretches)
    return join_pieces(line.fit(width and width - len(tail)), tail)


def _second(row: dict[str, Any], who: str, width: int | None) -> Line:
    lead = " " * len(row["id"]) + "  "
    # long names leave room for the words
    who = fit_text(clean_text(who), width and max(_NAMES, (width - len(lead)) // 2))
    line = join_pieces(lead, (who, BOLD))
    if row["snippet"].strip():
        line = join_pieces(line, ": ")
        line = join_pieces(line, snippet_line(row, width and width - measure_text(line.text)))
    return line.fit(width)


def snippet_line(row: dict[str, Any], width: int | None = None) -> Line:
    """A few words from a message, those that were asked for within so many columns, behind the name of the attachment they are from."""
    name = fit_text(clean_text(row["snippet_file"]), _NAMES)
    name = f"{name}: " if name else ""
    text = clean_text(row["snippet"])
    marks = [(start, end, MATCH) for start, end in row["snippet_marks"]]
    if width is not None and marks:
        text, marks = _move_to_marks(text, marks, max(1, width - measure_text(name)))
    return join_pieces(name, Line(text, tuple(marks)))


def _move_to_marks(
    text: str, marks: list[tuple[int, int, str]], width: int
) -> tuple[str, list[tuple[int, int, str]]]:
    """Cut the beginning of `text` where otherwise most of what is marked would be cut off behind `width` columns."""
    lead = width // 4
    words = [text[start:end].casefold() for start, end, _ in marks]

    def count_seen(at: int, room: int) -> int:
        """How many words are seen that begin at `at`, or later, within `room`; the ellipsis needs a column."""
        return len(
            {
                w
                for w, (a, b, _) in zip(words, marks, strict=True)
                if a >= at and measure_text(text[at:b]) < room
            }
        )

    best = max(range(len(marks)), key=lambda n: (count_seen(marks[n][0], width - lead), -n))
    if count_seen(marks[best][0], width - lead) <= count_seen(0, width):
        return text, marks
    start = at = marks[best][0]
    while start and measure_text(text[start - 1 : at]) < lead:
        start -= 1
    if start and (space := text.find(" ", start, at)) >= 0:
        start = space + 1
    by = start - 1  # the ellipsis stands before it
    return f"…{text[start:]}", [(a - by, b - by, look) for a, b, look in marks if a >= start]


def _mark(text: str, marks: Sequence[Sequence[int]]) -> Line | None:
    return Line(text, tuple((start, end, MATCH) for start, end in marks)) if text.strip() else None


def _describe_people(hit: dict[str, Any]) -> str:
    text = name_person(hit["from"]) or "?"
    if hit["to"]:
        text += f" → {name_person(hit['to'][0])}"
    if len(hit["to"]) > 1:
        text += f" +{len(hit['to']) - 1}"
    return text
