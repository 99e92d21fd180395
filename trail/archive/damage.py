"""What a verification finds: damage of ten kinds, and how much was looked at. Values, and the hash of a file.

Comes in: nothing, or a file. Goes out: the same in words that people and programs are told.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

Kind = Literal[
    "altered", "missing", "unreadable", "misplaced", "unknown", "twice", "stranger",
    "ledger", "audit", "server",
]  # fmt: skip

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong: `place` is the file, relative to the archive's folder, or where on a server."""

    kind: Kind
    place: str
    text: str
    """For people, on one line."""
    key: str | None = None
    """The message, where it is one that the ledger knows."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at, and what is wrong with it."""

    checked: int
    """Messages that were hashed."""
    total: int
    checked_bytes: int
    total_bytes: int
    damage: tuple[Damage, ...] = ()
    resumed: tuple[int, datetime] | None = None
    """How many of the messages were hashed by an examination that was cut short, and when that began."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.damage

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, in words."""
        return tuple(damage.text for damage in self.damage)


def count_kinds(damage: Iterable[Damage]) -> Iterator[tuple[Kind, list[Damage]]]:
    """The damage by kind, in the order in which the kinds were first met."""
    found: dict[Kind, list[Damage]] = {}
    for one in damage:
        found.setdefault(one.kind, []).append(one)
    yield from found.items()


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hex, with flat memory."""
    return measure_file(path)[0]


def measure_file(path: Path) -> tuple[str, int]:
    """SHA-256 of a file, in hex, and its size."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
