"""Sets of UIDs, as ranges: what was seen, and what lies between.

Comes in: UIDs in ascending order. Goes out: ranges, and the gaps between them with why they are there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Why = Literal["never shown", "undecided", "lost"]
"""never shown: expunged, or moved away, before trail saw it; undecided: the last look did not come to its end;
lost: one of both, and the server cannot be asked any more."""


@dataclass(frozen=True, slots=True)
class UidSet:
    """UIDs as ascending ranges, both ends included."""

    ranges: tuple[tuple[int, int], ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(last - first + 1 for first, last in self.ranges)

    def __str__(self) -> str:
        """As a sequence set of IMAP (RFC 9051, section 9)."""
        return ",".join(
            str(first) if first == last else f"{first}:{last}" for first, last in self.ranges
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """UIDs from `first` to `last` that the server never showed."""

    first: int
    last: int
    why: Why


@dataclass(slots=True)
class Ranges:
    """UIDs that come in ascending order, as ranges."""

    ranges: list[tuple[int, int]] = field(default_factory=list)

    def add(self, uid: int) -> None:
        """Take the next."""
        if self.ranges and self.ranges[-1][1] >= uid - 1:
            self.ranges[-1] = (self.ranges[-1][0], uid)
        else:
            self.ranges.append((uid, uid))

    def freeze(self) -> UidSet:
        """All that came."""
        return UidSet(tuple(self.ranges))


def find_gaps(seen: Sequence[tuple[int, int]], highest: int, why: Why) -> tuple[Gap, ...]:
    """UIDs from 1 to `highest` that are in none of the ranges."""
    gaps: list[Gap] = []
    following = 1
    for first, last in (*seen, (highest + 1, highest + 1)):
        if first > following:
            gaps.append(Gap(following, first - 1, why))
        following = last + 1
    return tuple(gaps)
