"""Who of theirs fell silent while others wrote on: words come in, absences go out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trail.book.pace import list_gaps

if TYPE_CHECKING:
    from collections.abc import Iterable

WROTE = 5
"""Days on which somebody wrote before they are missed."""
MISSED = 30
"""Days of silence before they are."""


class Absent(NamedTuple):
    """Somebody who wrote no more, since when (`date.toordinal`), on how many days they wrote, and their usual silence."""

    person: str
    since: int
    days: int
    usual: int


def list_absent(wrote: Iterable[tuple[str, int]]) -> list[Absent]:
    """Who wrote no more before the last day on which anybody did, and for longer than was usual for them. Pairs: person and day."""
    by_person: dict[str, dict[int, None]] = {}
    last = 0
    for person, day in wrote:
        if person:
            by_person.setdefault(person, {})[day] = None
            last = max(last, day)
    found = []
    for person, several in by_person.items():
        days = sorted(several)
        if len(days) < WROTE or last - days[-1] <= MISSED:
            continue
        gaps = list_gaps(days, last)
        if gaps and not gaps[-1].over:
            found.append(Absent(person, days[-1], len(days), gaps[-1].usual))
    return sorted(found, key=lambda one: (one.since, one.person))
