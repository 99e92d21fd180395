"""What a hand-off is limited to, and what is taken out of its messages.

In: what was asked for. Out: the name of the bundle's folder, and plain sentences for its first page. Never: puts into
words what was redacted.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.handoff.plain import count_of

if TYPE_CHECKING:
    from datetime import datetime

_MATTER_LIMIT = 30
"""Characters of a matter in the name of a folder."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The limits of a hand-off; by default none."""

    since: datetime | None = None
    """From this moment on."""
    until: datetime | None = None
    """Before this moment."""
    matter: str = ""
    """What stands in the subject, or the folder."""
    excluded: tuple[str, ...] = ()
    """Kinds of attachments that are left out: `pdf`, `image`, `application/zip`."""
    redacted: tuple[str, ...] = ()
    """Patterns, as they were asked for."""

    @property
    def limits(self) -> bool:
        """Whether whole messages are left out for it."""
        return bool(self.since or self.until or self.matter)

    @property
    def changes(self) -> bool:
        """Whether messages may be changed for it."""
        return bool(self.excluded or self.redacted)

    @property
    def change(self) -> str:
        """A short name for what is done to messages, equal where the same is done; "" for nothing."""
        if not self.changes:
            return ""
        asked = json.dumps([sorted(self.excluded), sorted(self.redacted)])
        return hashlib.sha256(asked.encode()).hexdigest()[:16]

    @property
    def partial_change(self) -> str:
        """The same for a message that went without an attachment, as nobody could look into that."""
        return f"{self.change}+"

    def to_data(self) -> dict[str, object]:
        """For the sender's own records: what was redacted is in it."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "matter": self.matter,
            "exclude_attachments": list(self.excluded),
            "redact": list(self.redacted),
        }


NO_FILTERS = Filters()


def name_bundle(slug: str, at: datetime, filters: Filters, part: int = 1) -> str:
    """The name of a bundle's folder: `acme-2026-11-22-from-2024-01-01-to-2024-12-31-labels`, `acme-2026-11-22-part-2`."""
    words = [slug, f"{at:%Y-%m-%d}"]
    if filters.since:
        words.append(f"from-{format_day(filters.since)}")
    if filters.until:
        words.append(f"to-{format_last_day(filters.until)}")
    if filters.matter:
        words.append(_plain_name(filters.matter) or "matter")
    if part > 1:
        words.append(f"part-{part}")
    return "-".join(words)


def describe_filters(filters: Filters, redacted: int | None = None) -> list[str]:
    """What is told of the limits in English, a sentence each; `redacted` messages were, None before that is known."""
    told = []
    if filters.since and filters.until:
        first, last = format_day(filters.since), format_last_day(filters.until)
        told.append(
            f"Only messages of {first}."
            if first == last
            else f"Only messages from {first} to {last}."
        )
    elif filters.since:
        told.append(f"Only messages from {format_day(filters.since)} on.")
    elif filters.until:
        told.append(f"Only messages up to {format_last_day(filters.until)}.")
    if filters.matter:
        told.append(f"Only messages with \u201c{filters.matter}\u201d in the subject or as folder.")
    if filters.excluded:
        told.append(f"Without attachments of these kinds: {', '.join(filters.excluded)}.")
    if filters.redacted and redacted is None:
        told.append("Passages are redacted where they are found.")
    elif redacted:
        told.append(f"Passages were redacted in {count_of(redacted, 'message')}.")
    return told


def format_day(moment: datetime) -> str:
    """The day it falls on for the sender: `2024-03-05`."""
    return moment.astimezone().strftime("%Y-%m-%d")


def format_last_day(until: datetime) -> str:
    """The last day that is in: `until` is the first moment that is out."""
    return format_day(until.fromtimestamp(until.timestamp() - 1, until.tzinfo))


def _plain_name(text: str) -> str:
    """A text as a part of a folder's name: plain letters and hyphens."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded)[:_MATTER_LIMIT].strip("-")
