"""What a bundle says of itself as a whole, on its first page and in its tables.

In: a colophon. Out: plain sentences, and decisions.csv. Never: which messages were decided about, or what was redacted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.handoff import csvfile
from trail.handoff.filters import describe_filters
from trail.handoff.plain import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.handoff.companions import Colophon
    from trail.handoff.decisions import DecisionCount

DECISIONS = "decisions.csv"
DECISION_COLUMNS = ("Decision", "Messages", "By", "Date")


def describe_circumstances(colophon: Colophon) -> list[str]:
    """What limits the bundle, what it adds to, who decided, a sentence each."""
    told = []
    if before := colophon.continues:
        day = before.at.strftime("%Y-%m-%d")
        told.append(
            f"Continues the hand-off of {day} ({before.bundle}, digest {before.digest}): what was in it is not here again."
        )
    told += describe_filters(colophon.filters)
    if colophon.changed:
        copies = "copy" if colophon.changed == 1 else "copies"
        told.append(
            f"{count_of(colophon.changed, 'message')} here: changed {copies}, listed in changed.csv; the sender has the originals."
        )
    for count in colophon.decisions:
        done = "released" if count.gives else "withheld"
        told.append(
            f"{count_of(count.messages, 'message')} {done} by decision of {count.by} on {count.day}."
        )
    return told


def format_decisions(decisions: Sequence[DecisionCount]) -> bytes:
    """decisions.csv."""
    rows = [
        DECISION_COLUMNS,
        *(("released" if c.gives else "withheld", str(c.messages), c.by, c.day) for c in decisions),
    ]
    return b"".join(map(csvfile.format_row, rows))
