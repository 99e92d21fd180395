"""The sender's own list of what was withheld, in full. It stays with the archive and never goes into a bundle.

Comes in: what was held back, with reasons that may name other clients. Goes out: a CSV file only its owner can read.
"""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING

from trail.handoff.building import disk_errors
from trail.handoff.plain import harmless_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from trail.handoff.select import HeldBack
    from trail.model import Decided, PastHandOff

COLUMNS = (
    "key",
    "sent_at",
    "message_id",
    "subject",
    "reason",
    "decided_by",
    "decided_at",
    "why",
    "given_before",
)


def write_register(
    path: Path,
    withheld: Sequence[HeldBack],
    regretted: Sequence[tuple[HeldBack, PastHandOff]] = (),
    decided: Mapping[str, Decided] | None = None,
) -> None:
    """Write the register, also when nothing was withheld. Raises ArchiveFull, ArchiveReadOnly.

    `regretted` were given in an earlier hand-off, and would be withheld now.
    """
    listed = [
        *((held, "") for held in withheld),
        *((held, past.bundle) for held, past in regretted),
    ]
    text = io.StringIO(newline="")
    rows = csv.writer(text, quoting=csv.QUOTE_ALL)
    rows.writerow(COLUMNS)
    for held, before in listed:
        message = held.message
        decision = (decided or {}).get(message.key)
        sent_at = message.sent_at.isoformat() if message.sent_at else ""
        person = (decision.by, decision.at.isoformat(), decision.why) if decision else ("", "", "")
        facts = (message.key, sent_at, message.message_id or "", message.subject, message.reason)
        rows.writerow(map(harmless_cell, (*facts, *person, before)))
    with disk_errors(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text.getvalue())
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
