"""The conversation around a message, as rows for programs and as a tree for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail import render
from trail.cli.tree import draw_branches
from trail.parse.envelope import parse_envelope
from trail.parse.threads import ThreadMember, build_thread
from trail.terminal import BOLD, DIM, ID, Line, clean_text, join_pieces

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.model import ArchivedMessage

_ROOM = 24
"""Columns of branches, at most; a third of a narrow terminal."""


def read_conversation(
    archive: Archive, archived: ArchivedMessage
) -> tuple[list[dict[str, Any]], list[datetime], bool]:
    """The messages in the order of the tree, when each was sent, and whether this one's headers are in the ledger."""
    keys = archive.facts.thread_keys(archived.key)
    messages = archive.facts.find_messages(keys)
    envelopes = archive.facts.read_envelopes(keys)
    complete = archived.key in envelopes
    if not complete:  # fetched by a round that did not get further
        envelopes[archived.key] = parse_envelope(archive.read(archived))
    attributions = archive.facts.read_attributions(keys)
    dates = {key: e.sent_at or messages[key].received_at for key, e in envelopes.items()}
    members = [
        ThreadMember(key, e.message_id, e.references, dates[key]) for key, e in envelopes.items()
    ]
    nodes = build_thread(members)
    rows = [
        {
            "id": archive.facts.shorten_key(node.key),
            "key": node.key,
            "depth": node.depth,
            "parent": node.parent,
            "sent_at": render.format_time(dates[node.key]),
            "clients": [a.client for a in attributions.get(node.key, ())],
            "from": render.person_text(envelopes[node.key].sender),
            "subject": envelopes[node.key].subject,
        }
        for node in nodes
    ]
    return rows, [dates[node.key] for node in nodes], complete


def tree_lines(
    rows: Sequence[dict[str, Any]],
    days: Sequence[datetime],
    marked: str,
    width: int | None,
    *,
    draws: bool,
) -> list[Line]:
    """A line a message, answers below what they answer; that with the key `marked` has a `*`."""
    room = min(_ROOM, width // 3) if width else _ROOM
    branches = draw_branches([row["depth"] for row in rows], draws=draws, room=room)
    lines = []
    for row, day, branch in zip(rows, days, branches, strict=True):
        who = clean_text(render.name_person(row["from"]) or "?")
        line = join_pieces(
            f"{'*' if row['key'] == marked else ' '} ",
            (row["id"], ID),
            f"  {render.format_day(day)}  ",
            (branch, DIM),
            (who, BOLD),
            ": " + clean_text(row["subject"]),
        )
        lines.append(line.fit(width))
    return lines
