"""What an index lacks: the one that serves, and the one that is built to take its place.

Comes in: an open archive and an index. Goes out: batches of messages that the index is to have; and it is noted that it has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trail.archive.store import Archive
    from trail.index.store import WhooshIndex
    from trail.model import ArchivedMessage


class Work(Protocol):
    """Messages that an index is to have, and where it is noted that it has them."""

    def count(self) -> int:
        """How many it lacks."""

    def iter_batches(
        self, share: Callable[[int], int], most_bytes: int
    ) -> Iterator[list[ArchivedMessage]]:
        """Those, in batches: see `Facts.iter_unindexed`."""

    def claim(self, keys: Sequence[str]) -> None:
        """Called before what is known of a batch is read."""

    def replaces(self, keys: Sequence[str]) -> bool:
        """Whether the index may have another version of any of these."""

    def enter(self, keys: Sequence[str]) -> None:
        """Note that it has these. Called inside a transaction."""


class Lagging:
    """What the index that serves lacks. Only the archive's writer may work on it, so nothing needs to be claimed."""

    def __init__(self, archive: Archive, index: WhooshIndex) -> None:
        """Take both."""
        self._facts = archive.facts
        self._generation = index.generation
        # where there was nothing, no message can take the place of another
        self._fresh = index.count() == 0

    def count(self) -> int:
        """See Work."""
        return self._facts.count_unindexed(self._generation)

    def iter_batches(
        self, share: Callable[[int], int], most_bytes: int
    ) -> Iterator[list[ArchivedMessage]]:
        """See Work."""
        return self._facts.iter_unindexed(self._generation, share, most_bytes)

    def claim(self, keys: Sequence[str]) -> None:
        """See Work."""

    def replaces(self, keys: Sequence[str]) -> bool:
        """See Work."""
        del keys
        return not self._fresh

    def enter(self, keys: Sequence[str]) -> None:
        """See Work."""
        self._facts.mark_indexed(keys, self._generation)


class Building:
    """What the index lacks that is being built, beside the archive's writer: see `trail.archive.building`."""

    def __init__(self, archive: Archive, index: WhooshIndex) -> None:
        """Take both."""
        self._facts = archive.facts
        self._building = archive.building
        self._held = index.read_keys()

    def count(self) -> int:
        """See Work."""
        return self._building.count_missing()

    def iter_batches(
        self, share: Callable[[int], int], most_bytes: int
    ) -> Iterator[list[ArchivedMessage]]:
        """See Work."""
        return self._building.iter_missing(self._facts, share, most_bytes)

    def claim(self, keys: Sequence[str]) -> None:
        """See Work."""
        self._building.claim(keys)

    def replaces(self, keys: Sequence[str]) -> bool:
        """See Work."""
        known = not self._held.isdisjoint(keys)
        self._held.update(keys)
        return known

    def enter(self, keys: Sequence[str]) -> None:
        """See Work."""
        self._building.confirm(keys)
