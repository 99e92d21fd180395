"""What was read of attachments. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of an attachment whose decoded bytes have the SHA-256 `digest`."""

    digest: str
    text: str
    problem: str = ""
    """What kept it, or a part of it, from being read, in words without its content."""


MESSAGE_PROBLEMS = (
    "its message is missing or cannot be read",
    "its message is not what it was",
)
"""Problems of a Reading that are no fault of the attachment: gone with the damage to the archive."""


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of an attachment, as the index is told of it."""

    filename: str
    text: str
