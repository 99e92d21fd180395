"""What a bundle says of itself as a whole, on its first page and in its tables.

In: a colophon. Out: sentences for every language of the page, and decisions.csv. Never: which messages were decided about, or what was redacted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trail.handoff import csvfile
from trail.handoff.filters import format_day, format_last_day
from trail.handoff.plain import one_line, without_overrides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.handoff.companions import Colophon
    from trail.handoff.decisions import DecisionCount
    from trail.handoff.filters import Filters

DECISIONS = "decisions.csv"
DECISION_COLUMNS = ("Decision", "Messages", "By", "Date")
DAYS = ("day", "from", "to")
"""Which values of a note are days."""
_LIMIT = 400


class Note(NamedTuple):
    """A sentence: `note.<name>` of the page's strings, filled with these values; a day is `2024-03-05`."""

    name: str
    values: dict[str, str | int]


def describe_circumstances(colophon: Colophon) -> list[Note]:
    """What limits the bundle, what it adds to, who decided."""
    told = []
    for before in colophon.builds_on:
        values = {"day": before.at.strftime("%Y-%m-%d"), "bundle": before.bundle}
        told.append(Note("continues", {**values, "n": before.messages, "digest": before.digest}))
    told += _describe_filters(colophon.filters)
    if colophon.redacted:
        told.append(Note("redacted", {"n": colophon.redacted}))
    if colophon.changed:
        told.append(Note("changed", {"n": colophon.changed}))
    told += [
        Note("released" if c.gives else "held", {"n": c.messages, "by": c.by, "day": c.day})
        for c in colophon.decisions
    ]
    return [Note(name, {k: _fit(v) for k, v in values.items()}) for name, values in told]


def _describe_filters(filters: Filters) -> list[Note]:
    told = []
    first = {"from": format_day(filters.since)} if filters.since else {}
    last = {"to": format_last_day(filters.until)} if filters.until else {}
    if first and last and first["from"] == last["to"]:
        told.append(Note("on", {"day": first["from"]}))
    elif first or last:
        name = "between" if first and last else "since" if first else "until"
        told.append(Note(name, {**first, **last}))
    if filters.matter:
        told.append(Note("matter", {"matter": filters.matter}))
    if filters.excluded:
        told.append(Note("excluded", {"kinds": ", ".join(filters.excluded)}))
    return told


def _fit(value: str | int) -> str | int:
    return value if isinstance(value, int) else one_line(without_overrides(value), _LIMIT)


def format_decisions(decisions: Sequence[DecisionCount]) -> bytes:
    """decisions.csv."""
    rows = [
        DECISION_COLUMNS,
        *(("released" if c.gives else "withheld", str(c.messages), c.by, c.day) for c in decisions),
    ]
    return b"".join(map(csvfile.format_row, rows))
