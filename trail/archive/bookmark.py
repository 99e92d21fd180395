"""Where a verification stopped, so that the next one goes on there; and when the last whole one was done.

Comes in: how far it is. Goes out: the same, to whoever comes next. It is a convenience: an archive that cannot be
written is verified all the same, from the start.
"""

from __future__ import annotations

import json
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trail.archive.ledger import Ledger
from trail.errors import TrailError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EVERY = 5.0
"""Seconds between two notes of the place: what a kill costs."""
_CURSOR, _DONE = "verify_cursor", "verified"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a verification came: every message up to the key `after`, of which those in `damaged` were not sound."""

    after: str
    started_at: datetime
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """The last verification that hashed every message."""

    at: datetime
    messages: int
    problems: int


class Bookmark:
    """The bookmark of one archive. It has a connection of its own for the moment of writing: verifying takes no lock."""

    def __init__(self, ledger: Ledger, *, from_start: bool = False) -> None:
        self._path: Path = ledger.path
        self._ledger = ledger
        self._noted_at = time.monotonic()
        self._began_at = datetime.now(UTC)
        self._place = None if from_start else self._load()

    def _load(self) -> Place | None:
        try:
            told = json.loads(self._ledger.read_meta(_CURSOR) or "null")
            return told and Place(
                str(told["after"]),
                datetime.fromisoformat(told["started_at"]),
                tuple(told["damaged"]),
            )
        except (ValueError, KeyError, TypeError, TrailError):
            return None

    def read(self) -> Place | None:
        """Where the last one stopped; None when it came to its end."""
        return self._place

    def advance(self, after: str, damaged: Sequence[str]) -> None:
        """Note the place now and then."""
        if time.monotonic() - self._noted_at >= EVERY:
            self.write(after, damaged)

    def write(self, after: str, damaged: Sequence[str]) -> None:
        """Note the place."""
        self._noted_at = time.monotonic()
        began = self._place.started_at if self._place else self._began_at
        told = {"after": after, "started_at": began.isoformat(), "damaged": list(damaged)}
        self._put({_CURSOR: json.dumps(told)})

    def finish(self, messages: int, problems: int) -> None:
        """Note that the whole archive was looked at."""
        done = {"at": self._began_at.isoformat(), "messages": messages, "problems": problems}
        self._put({_CURSOR: "null", _DONE: json.dumps(done)})

    def _put(self, values: dict[str, str]) -> None:
        with (
            suppress(TrailError),
            closing(Ledger(self._path, write=True)) as ledger,
            ledger.transaction(),
        ):
            for name, value in values.items():
                ledger.write_meta(name, value)


def read_verified(ledger: Ledger) -> Verified | None:
    """When the whole archive was last verified; None: never."""
    told = json.loads(ledger.read_meta(_DONE) or "null")
    return told and Verified(
        datetime.fromisoformat(told["at"]), int(told["messages"]), int(told["problems"])
    )
