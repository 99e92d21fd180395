"""timeline.csv: a line a message in date order, with what it appears to ask, promise, agree and bill.

Drafted on the disk while messages come: it is the one paper that grows with the mail.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from trail.handoff.papers.sheet import format_cells, format_head

if TYPE_CHECKING:
    from pathlib import Path

    from trail.handoff.bag import Bag
    from trail.handoff.companions import Written
    from trail.handoff.papers.seen import Seen

NAME = "timeline.csv"
COLUMNS = (
    *("Date", "Time (UTC)", "From us", "From", "To", "Subject", "Attachments", "Automatic"),
    *("Appears to", "Due", "In these words", "Message"),
)  # fmt: skip
_PEOPLE = 10
_WORDS = {
    "question": "ask",
    "request": "request",
    "promise": "promise",
    "deadline": "set a day",
    "agreement": "agree",
    "invoice": "bill",
}
_CHUNK = 1 << 20


class Timeline:
    """Gathers the lines. `spool` is an empty folder for the draft."""

    def __init__(self, spool: Path) -> None:
        self._path = spool / NAME
        self._file = self._path.open("xb")
        self._file.write(format_head(COLUMNS))

    def add(self, written: Written, seen: Seen) -> None:
        """Take up one message."""
        to = [a.name or a.address for a in written.envelope.recipients]
        more = f" (+{len(to) - _PEOPLE})" if len(to) > _PEOPLE else ""
        statements = () if written.automatic else written.statements
        kinds = dict.fromkeys(_WORDS[s.kind] for s in statements)
        days = dict.fromkeys(s.due.isoformat() for s in statements if s.due)
        sentences = dict.fromkeys(s.sentence for s in statements)
        self._file.write(
            format_cells(
                (
                    *(f"{seen.at:%Y-%m-%d}", f"{seen.at:%H:%M}"),
                    *("yes" if seen.outgoing else "no", seen.who, ", ".join(to[:_PEOPLE]) + more),
                    *(seen.subject, str(len(written.files)), written.automatic),
                    *(", ".join(kinds), ", ".join(days), " | ".join(sentences), seen.path),
                )
            )
        )

    def write(self, bag: Bag) -> None:
        """Copy the draft into the bag."""
        self._file.close()
        target = bag.open_file(NAME)
        with self._path.open("rb") as draft:
            while piece := draft.read(_CHUNK):
                target.write(piece)
        bag.close_file(target)

    def abandon(self) -> None:
        """Close the draft whatever the disk says."""
        with contextlib.suppress(OSError):
            self._file.close()
