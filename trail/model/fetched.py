"""A message as it comes from a server. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from trail.model.messages import RemoteRef


@dataclass(frozen=True, slots=True)
class Spooled:
    """The bytes of a large message, which wait in a file: they were hashed while they came, and are never in memory."""

    path: Path
    key: str
    size: int
    head: bytes
    """Its beginning: the headers, unless they are absurdly long."""


def size_of(content: bytes | Spooled) -> int:
    """Bytes of a message, wherever they are."""
    return len(content) if isinstance(content, bytes) else content.size


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as a server sent it."""

    ref: RemoteRef
    content: bytes | Spooled
    received_at: datetime
    """INTERNALDATE."""
    flags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Gmail's labels; empty elsewhere."""
