"""The segments of the newest state of an index, open for reading.

In: the folder of an index. Out: a finder for each segment that is sound. A file that is open stays so, and serves, however
often another process publishes a newer state and takes files away. What is damaged or missing is set aside, and noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.index.failures import note_damage, read_damage
from trail.index.generations import State, find_newest, read_state
from trail.index.matching import Finder
from trail.index.segment import SUFFIX, Damaged, SegmentFile

if TYPE_CHECKING:
    from pathlib import Path

    from trail.index.generations import Listed

_TRIES = 8
"""Times the newest state is looked for when a writer takes files from under it."""


class OpenSegments:
    """What one process has open of an index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = State(-1)
        self._files: dict[str, SegmentFile] = {}
        self._aside: dict[str, int] = {}
        """Segments in doubt, and how many messages each has."""

    @property
    def damage(self) -> dict[str, int]:
        """All that is in doubt, of this state and of earlier ones."""
        return read_damage(self._folder) | self._aside

    def open(self) -> list[Finder]:
        """Return the sound segments of the newest state, each ready for one query. Raises OSError, and Damaged where none is."""
        tries, failed_at = _TRIES, -1
        while True:
            state = self.read_newest()
            if state.number != failed_at:
                tries, failed_at = _TRIES, state.number
            aside = self.damage
            files: dict[str, SegmentFile] = {}
            kept = [s for s in state.segments if s.name not in aside]
            if state.segments and not kept:
                raise Damaged("every segment")
            for segment in kept:
                try:
                    files[segment.name] = self._files.get(segment.name) or SegmentFile(
                        self._folder / f"{segment.name}{SUFFIX}"
                    )
                except FileNotFoundError:
                    # A commit shows its new state before it takes away files of the old one.
                    tries -= 1
                    if not tries:
                        self._set_aside(segment)
                    break
                except Damaged:
                    self._set_aside(segment)
                    break
            else:
                self._files = files
                return [Finder(files[segment.name], segment.removed) for segment in kept]

    def find_damage(self) -> bool:
        """Look through all segments for damage, which takes its time; whether there was more than was known."""
        from trail.index.checking import is_sound  # noqa: PLC0415 - most searches meet no damage

        known = self.damage
        found = [
            segment
            for segment in self.read_newest().segments
            if segment.name not in known and not is_sound(self._folder / f"{segment.name}{SUFFIX}")
        ]
        for segment in found:
            self._set_aside(segment)
        return bool(found)

    def _set_aside(self, segment: Listed) -> None:
        self._files.pop(segment.name, None)
        self._aside[segment.name] = segment.left
        note_damage(self._folder, segment.name, segment.left)

    def read_newest(self) -> State:
        """Return the newest state. Raises OSError and Damaged."""
        for attempt in range(1, _TRIES + 1):
            try:
                number = find_newest(self._folder)
                if number != self._state.number:
                    self._state = read_state(self._folder, number)
                break
            except FileNotFoundError:  # a newer one took its place
                if attempt == _TRIES:
                    raise
        return self._state

    def close(self) -> None:
        """Let go of all files; those that a search still reads close when it is done."""
        self._files.clear()
        self._state = State(-1)
