"""The search index, with Whoosh and our own segments behind it: the writing half; `trail.index.reading` is the other.

In: SearchDocuments and keys. Out: states on the disk. Everything in it can be had again from the archive.

On the disk, in the folder of an index: segments, the list of them, and `trail.json`, `{"schema": 1, "generation": "…"}`.
The generation is a random name given to each fresh index, by which a ledger knows what is in it and what not yet. Several may lie
in one place, of which one serves: see `trail.index.serving`.
One process publishes at a time; searches go on meanwhile and see the state before or after a commit.

Must never leave a half-written state behind, or let an error of Whoosh's out. A search must never load Whoosh.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trail.errors import IndexUnavailable
from trail.index.bitmaps import iter_bits
from trail.index.failures import MARK, REBUILD, explaining
from trail.index.generations import State
from trail.index.protocol import Narrowed, SearchIndex
from trail.index.reading import IndexReader
from trail.index.schema import SCHEMA_VERSION, to_fields
from trail.index.serving import ABOUT, SERVING, About, write_about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from trail.index.writing import SegmentPublisher
    from trail.model import SearchDocument

    Merge = Callable[[Sequence[Sequence[str]], Path], Sequence[str | None]]
    """Takes groups of segments and their folder, and returns for each group the name of the one it became."""

__all__ = ["Narrowed", "SearchIndex", "WhooshIndex"]

_LOCK_SECONDS = 30.0


class WhooshIndex(IndexReader):
    """A SearchIndex in a folder, by Whoosh. See SearchIndex for the methods."""

    @classmethod
    def open(cls, folder: Path) -> WhooshIndex:
        """Return the index that serves in `folder`. Raises IndexUnavailable when there is none that this trail can use."""
        return cls(folder)

    @classmethod
    def create(cls, folder: Path, generation: str = "") -> WhooshIndex:
        """Make a fresh, empty index in `folder`, in place of the one that is there."""
        from trail.index.generations import write_state  # noqa: PLC0415 - see _publishing

        with explaining():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Without its state file a half-made index counts as none.
            for name in (ABOUT, MARK, SERVING):
                (folder / name).unlink(missing_ok=True)
            if any(folder.iterdir()):
                from trail.index.writing import clear_folder  # noqa: PLC0415 - see _publishing

                clear_folder(folder, timeout=_LOCK_SECONDS)
            write_state(folder, State(0))
            write_about(folder, About(SCHEMA_VERSION, generation or make_generation()))
            return cls(folder)

    @classmethod
    def begin(cls, place: Path, generation: str = "") -> WhooshIndex:
        """Make a fresh, empty index in a folder of its own in `place`, which does not serve yet."""
        generation = generation or make_generation()
        return cls.create(place / generation, generation)

    def add(self, documents: Iterable[SearchDocument]) -> int:
        """See SearchIndex."""
        from trail.index.building import build_segments  # noqa: PLC0415 - see _publishing

        with explaining():
            names = list(build_segments(self.folder, map(to_fields, documents)))
        return self.adopt(names)

    def adopt(self, names: Sequence[str], *, replacing: bool = True, tidying: bool = True) -> int:
        """Put the messages of segments that were built into the folder in, and return how many.

        In place of those with the same keys; `replacing` is False where it is known that there are none. Whoever is not
        `tidying` must `tidy` in the end.
        """
        if not names:
            return 0
        with self._publishing() as publisher:
            added = sum(publisher.add_segment(name, replacing=replacing) for name in names)
        if tidying:
            self.tidy()
        return added

    def remove(self, keys: Iterable[str]) -> int:
        """See SearchIndex."""
        with self._publishing() as publisher:
            return publisher.remove_keys(set(keys))

    def tidy(self, merge: Merge | None = None, *, groups: int = 1) -> None:
        """Merge segments where they are too many; where much is merged, in several groups."""
        from trail.index.tiers import choose_segments  # noqa: PLC0415 - see _publishing

        while chosen := choose_segments(self._list_segments(), groups):
            with self._publishing() as publisher:
                # another process may have been faster
                listed = [segment.listed for segment in publisher.segments]
                if chosen == choose_segments(listed, groups):
                    merged = (merge or _merge_here)(chosen, self.folder)
                    for names, name in zip(chosen, merged, strict=True):
                        publisher.replace(names, name)

    def purge(self) -> None:
        """Write every segment anew from which anything was removed: no file has it afterwards. Takes room for the largest of them."""
        for name in [segment.name for segment in self._list_segments() if segment.removed]:
            with self._publishing() as publisher:
                if any(s.listed.name == name for s in publisher.segments):
                    (merged,) = _merge_here([[name]], self.folder)
                    publisher.replace([name], merged)

    def drop_damaged(self) -> None:
        """Publish what is sound as the new state, so that messages can be added again. Raises IndexUnavailable where nothing is."""
        damage = self._segments.damage
        with explaining():
            state = self._segments.read_newest()
        names = [s.name for s in state.segments if s.name in damage]
        if names and len(names) == len(state.segments):
            raise IndexUnavailable("the search index is damaged", REBUILD)
        if names:
            with self._publishing() as publisher:
                publisher.replace(names, None)

    def read_keys(self) -> set[str]:
        """Return the keys of all messages that are in."""
        return self._answer(
            lambda segments: {
                s.file.read_key(document) for s in segments for document in iter_bits(s.live)
            }
        )

    def sweep(self) -> None:
        """Remove segments that were built and that nobody published. Nobody may be building."""
        from trail.index.writing import clear_waiting  # noqa: PLC0415 - see _publishing

        with explaining():
            clear_waiting(self.folder)

    @contextmanager
    def _publishing(self) -> Iterator[SegmentPublisher]:
        """Open a writer, commit what was done with it, or nothing if that raised."""
        from trail.index.writing import SegmentPublisher  # noqa: PLC0415 - searches start faster without it

        with explaining():
            publisher = SegmentPublisher(self.folder, timeout=_LOCK_SECONDS)
            try:
                yield publisher
            except BaseException:
                publisher.cancel()  # type: ignore[no-untyped-call] # Whoosh's
                raise
            publisher.publish()


def make_generation() -> str:
    """Return a name that no other index ever had."""
    return os.urandom(16).hex()


def _merge_here(groups: Sequence[Sequence[str]], folder: Path) -> list[str | None]:
    from trail.index.merging import merge_listed  # noqa: PLC0415 - searches start faster without it

    return [merge_listed(folder, names) for names in groups]
