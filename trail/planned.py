"""Which next actions a client gets with a hand-off: the open ones that are not private.

In: the book, and what is handed over. Out: what the papers say of it. What must never happen: that a private action, a note
or an agreement goes along, an action that names another client, or one that comes from a message the client does not get; in doubt one stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trail.handoff.leaks import Others
from trail.handoff.papers.planned import Planned
from trail.model.book import Action
from trail.parse.altered import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.selection import Selection

_MARK = re.compile(r"[\w.+-]+@[\w.-]+|(?:[\w-]+\.)+\w{2,}")
"""What may be an address or a domain."""


def list_planned(
    archive: Archive,
    config: Config,
    selection: Selection,
    patterns: Sequence[re.Pattern[str]] = (),
) -> tuple[Planned, ...]:
    """The actions that go along, the next ones due first. Of a part of the mail only those that come from a message of it."""
    others = Others(selection.client, config.clients, config.me)
    chosen = {message.key for message in selection.chosen}
    theirs = chosen.union(archive.handoffs.read_given(selection.client.slug), [""])
    theirs -= {held.message.key for held, _ in selection.regretted}
    found = []
    for action in archive.book.list_entries(Action, selection.client.slug):
        if action.done_at is not None or action.private or action.origin:
            continue
        if action.source not in (chosen if selection.filters.limits else theirs):
            continue  # its words may be those of a message that is withheld
        marks = (mark.rstrip(".") for mark in _MARK.findall(action.text))
        if others.are_named(action.text) or others.find_marks(marks):
            continue
        text = redact(action.text, tuple(patterns))
        found.append(Planned(f"{action.id}@handed-over.trail.invalid", text, action.due, action.created_at, action.source))  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.due is None, str(one.due), one.since, one.uid)))
