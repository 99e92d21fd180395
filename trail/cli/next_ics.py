"""`trail next --ics`: the next actions as a calendar file, written whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trail.book.ics import format_calendar, list_current
from trail.cli.filing import CALENDAR, write_file
from trail.render import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trail.archive.store import Archive
    from trail.cli.app import Session
    from trail.model.book import Action


def write_calendar(
    session: Session, archive: Archive, actions: Sequence[Action], place: str
) -> None:
    """Write the actions that are open, or were done of late, to a file; to stdout for `-`."""
    current = list_current(actions, datetime.now(UTC))
    content = format_calendar(
        current,
        {client.slug: client.name for client in session.config.clients},
        find_message_ids(archive, (action.source for action in current)),
    )
    if place == "-":
        session.emit_bytes(content)
        return
    path = Path(place).expanduser()
    write_file(path, content, CALENDAR)
    open_ones = sum(action.done_at is None for action in current)
    told = f"{count_of(open_ones, 'action')} to do, {len(current) - open_ones} done, in {path}"
    data = {"file": str(path), "open": open_ones, "done": len(current) - open_ones}
    session.emit(data, told, is_note=True)


def find_message_ids(archive: Archive, keys: Iterable[str]) -> dict[str, str]:
    """The Message-IDs of messages that have one, by key."""
    envelopes = archive.facts.read_envelopes([key for key in set(keys) if key])
    return {key: e.message_id for key, e in envelopes.items() if e.message_id}
