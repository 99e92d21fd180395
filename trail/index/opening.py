"""The segments of the newest state of an index, open for reading.

In: the folder of an index. Out: a finder for each segment. A file that is open stays so, and serves, however often another
process publishes a newer state and takes files away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.index.generations import State, find_newest, read_state
from trail.index.matching import Finder
from trail.index.segment import SUFFIX, SegmentFile

if TYPE_CHECKING:
    from pathlib import Path

_TRIES = 8
"""Times the newest state is looked for when a writer takes files from under it."""


class OpenSegments:
    """What one process has open of an index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = State(-1)
        self._files: dict[str, SegmentFile] = {}

    def open(self) -> list[Finder]:
        """Return the segments of the newest state, each ready for one query. Raises OSError and Damaged."""
        for attempt in range(1, _TRIES + 1):
            try:
                state = self.read_newest()
                files = {
                    segment.name: self._files.get(segment.name)
                    or SegmentFile(self._folder / f"{segment.name}{SUFFIX}")
                    for segment in state.segments
                }
            except FileNotFoundError:
                # A commit shows its new state before it takes away files of the old one.
                if attempt == _TRIES:
                    raise
                continue
            self._files = files
            return [Finder(files[segment.name], segment.removed) for segment in state.segments]
        raise AssertionError

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
