"""Which next actions a client gets with a hand-off: the open ones that are not private.

In: the book, and what is handed over. Out: what the papers say of it. What must never happen: that a private action, a note
or an agreement goes along, or an action that names another client; in doubt one stays.
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
    found = []
    for action in archive.book.list_entries(Action, selection.client.slug):
        if action.done_at is not None or action.private or action.origin:
            continue
        if selection.filters.limits and action.source not in chosen:
            continue
        marks = (mark.rstrip(".") for mark in _MARK.findall(action.text))
        if others.find_names([action.text]) or others.find_marks(marks):
            continue
        text = redact(action.text, tuple(patterns))
        found.append(Planned(f"{action.id}@handed-over.trail.invalid", text, action.due, action.created_at, action.source))  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.due is None, str(one.due), one.since, one.uid)))
